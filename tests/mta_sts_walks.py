#!/usr/bin/env python3
"""MTA-STS beside walks: what a policy makes of each mail exchanger; once a domain, whatever is walked; no walk waits for a policy host."""
import json
import os
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import shutil

import tap
from records import Run, probe

if not shutil.which('openssl'):
    tap.skip_all('no openssl program here')
if '(none)' in Run('--version').out:
    tap.skip_all('built without libcurl')
from certificates import Authority

home = tap.folder('sts-walks')
authority = Authority(home)
walked = []


class Mail:
    """A mail server of one address, with a certificate or without STARTTLS."""

    def __init__(self, address, certificate=None, refuses=False, garbled=False):
        self.address, self.refuses, self.garbled = address, refuses, garbled
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
        self.listener = socket.create_server((address, Mail.port))
        Mail.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        walked.append((self.address, time.monotonic()))
        try:
            peer.sendall(b'220 mx ESMTP\r\n')
            file = peer.makefile('rb')
            while line := file.readline():
                verb = line[:8].strip().upper()
                if verb.startswith(b'EHLO'):
                    peer.sendall(b'250-mx\r\n250 STARTTLS\r\n' if self.context and not isinstance(peer, ssl.SSLSocket) else b'250 mx\r\n')
                elif verb == b'STARTTLS' and self.refuses:
                    peer.sendall(b'454 4.7.0 not now\r\n')
                elif verb == b'STARTTLS':
                    peer.sendall(b'220 go\r\n')
                    if self.garbled:
                        peer.recv(4096)
                        peer.sendall(b'no TLS at all\r\n' * 10)
                        break
                    peer = self.context.wrap_socket(peer, server_side=True)
                    file = peer.makefile('rb')
                else:
                    peer.sendall(b'221 bye\r\n')
                    break
        except OSError:
            pass
        finally:
            peer.close()


Mail.port = 0
GOOD = authority.leaf('good', dns=['mx.good.example', 'mx1.many.example'])
servers = {
    'good': Mail('127.70.0.1', GOOD),
    'plain': Mail('127.70.0.2'),
    'expired': Mail('127.70.0.3', authority.leaf('expired', dns=['mx.expired.example'], days=-1)),
    'elsewhere': Mail('127.70.0.4', GOOD),
    'untrusted': Mail('127.70.0.5', Authority(home, 'other').leaf('untrusted', dns=['mx.untrusted.example'])),
    'nameless': Mail('127.70.0.6', authority.leaf('nameless', subject='mx.nameless.example')),
    'refusing': Mail('127.70.0.7', GOOD, refuses=True),
    'garbled': Mail('127.70.0.8', GOOD, garbled=True),
}
lines, policies = [], []


def domain(name, server, pattern=None, mode='enforce', **more):
    lines.append({'name': f'{name}.example', 'type': 'MX', 'data': [f'10 mx.{name}.example']})
    lines.append({'name': f'mx.{name}.example', 'type': 'A', 'data': [servers[server].address]})
    lines.append({'name': f'_mta-sts.{name}.example', 'type': 'TXT', 'data': ['v=STSv1; id=a']})
    lines.append({'name': f'mta-sts.{name}.example', 'type': 'A', 'data': ['127.0.0.1']})
    body = f'version: STSv1\nmode: {mode}\nmx: {pattern or f"mx.{name}.example"}\nmax_age: 86400\n'
    policies.append({'domain': f'{name}.example', **(more or {'fetch': 'ok', 'status': 200, 'type': 'text/plain', 'body': body})})


for name in servers:
    domain(name, name)
domain('uncovered', 'good', pattern='mx.other.example')
domain('testing', 'plain', mode='testing')
domain('off', 'plain', mode='none')
domain('broken', 'plain', fetch='timeout')
domain('unsaid', 'plain', fetch='ok')
policies[-1] = {'domain': 'elsewhere.invalid', 'fetch': 'timeout'}
lines.append({'name': 'none.example', 'type': 'MX', 'data': ['10 mx.plain.example']})


def write(name, records):
    path = os.path.join(home, name)
    with open(path, 'w') as f:
        f.writelines(json.dumps(r) + '\n' for r in records)
    return path


dns, book = write('dns', lines), write('policies', policies)
COMMON = ['--dns-replay', dns, '--allow-private', '--port', str(Mail.port), '--helo', 'me.example', '--no-dnsbl', '--tls-ca', authority.file]
run = probe(*COMMON, '--sts-replay', book, *[f'{n}.example' for n in [*servers, 'uncovered', 'testing', 'off', 'broken', 'unsaid', 'none']])
results = {r['domain'].split('.')[0]: r for r in run.results()}
tap.check('records are as the schema says', not run.problems, '\n'.join(run.problems) + run.err)
for name, state, effect, word in (
        ('good', 'valid', 'deliver', None),
        ('plain', 'valid', 'refuse', 'starttls-not-supported'),
        ('expired', 'valid', 'refuse', 'certificate-expired'),
        ('elsewhere', 'valid', 'refuse', 'certificate-host-mismatch'),
        ('untrusted', 'valid', 'refuse', 'certificate-not-trusted'),
        ('nameless', 'valid', 'refuse', 'certificate-host-mismatch'),
        ('refusing', 'valid', 'refuse', 'starttls-not-supported'),
        ('garbled', 'valid', 'refuse', 'validation-failure'),
        ('uncovered', 'valid', 'refuse', 'mx-not-in-policy'),
        ('testing', 'valid', 'refuse', 'starttls-not-supported'),
        ('off', 'valid', None, None),
        ('broken', 'fetch-failed', None, None),
        ('unsaid', 'unknown', 'unknown', None),
        ('none', 'none', None, None)):
    r = results.get(name, {})
    met = r.get('attempts', [{}])[0].get('mta_sts', {})
    tap.check(f'{name}: {state}, {effect}', (r.get('mta_sts', {}).get('state'), met.get('effect'), met.get('word')) == (state, effect, word), json.dumps(r)[:3000])
tap.check('what none covers is undeliverable', results['uncovered']['mta_sts']['undeliverable'] and not results['good']['mta_sts']['undeliverable'])
tap.check('the walk is what it was', results['plain']['status'] == 'accepted' and results['garbled']['status'] == 'broken', json.dumps(results['plain'])[:300])


def verdict(name, *args):
    return Run('probe', *COMMON, '--sts-replay', book, *args, f'{name}.example').out.splitlines()[0]


tap.check('the verdict says what would stop mail', 'an MTA-STS sender defers: its certificate has expired' in verdict('expired'), verdict('expired'))
tap.check('… and that nothing can be delivered', 'an MTA-STS sender can deliver nothing' in verdict('uncovered'), verdict('uncovered'))
tap.check('a policy that is tried out stops nothing', 'MTA-STS' not in verdict('testing'), verdict('testing'))
off = probe(*COMMON, '--no-mta-sts', 'good.example').results()[0]
tap.check('--no-mta-sts', 'mta_sts' not in off, json.dumps(off)[:500])
given = probe(*COMMON, '--sts-replay', book, '--server', '127.70.0.1', 'good.example').results()[0]
tap.check('a server that was given is walked without', 'mta_sts' not in given, json.dumps(given)[:500])


# A report on TLS from these records, and read again
records = os.path.join(home, 'records')
with open(records, 'w') as f:
    f.write(run.out)
tlsrpt = Run('report', '--format', 'tlsrpt', records)
documents = {d['policies'][0]['policy']['policy-domain'].split('.')[0]: d for d in map(json.loads, tlsrpt.out.splitlines())}


def told(name):
    policy = documents[name]['policies'][0]
    summary, details = policy['summary'], policy['failure-details']
    return (policy['policy']['policy-type'], summary['total-successful-session-count'], summary['total-failure-session-count'], [d['result-type'] for d in details],
            [d.get('failure-reason-code') for d in details])


for name, expected in (('good', ('sts', 1, 0, [], [])), ('plain', ('sts', 0, 1, ['starttls-not-supported'], [None])),
                       ('expired', ('sts', 0, 1, ['certificate-expired'], ['X509_V_ERR_CERT_HAS_EXPIRED'])), ('uncovered', ('sts', 0, 1, ['validation-failure'], ['mx-not-in-policy'])),
                       ('broken', ('sts', 0, 1, ['sts-policy-fetch-error'], ['timeout'])), ('none', ('no-policy-found', 0, 1, ['starttls-not-supported'], [None]))):
    tap.check(f'report --format tlsrpt: {name}', name in documents and told(name) == expected, documents.get(name))
good = documents['good']
tap.check('… with the policy, and whole days', good['policies'][0]['policy']['policy-string'][0] == 'version: STSv1' and good['policies'][0]['policy']['mx-host'] == ['mx.good.example']
          and good['date-range']['start-datetime'].endswith('T00:00:00.000Z') and good['contact-info'] == 'postmaster@me.example', good)
with open(os.path.join(home, 'reports'), 'w') as f:
    f.write(tlsrpt.out)
read = Run('explain', '--json', '--input', os.path.join(home, 'reports')).ndjson()
tap.check('explain reads our own', {r['policy_domain'].split('.')[0]: r['result_type'] for r in read.records}.get('expired') == 'certificate-expired' and not read.problems, read.out[:2000] + read.err)

# --tls-level mta-sts
run = probe(*COMMON, '--sts-replay', book, '--tls-level', 'mta-sts', *[f'{n}.example' for n in [*servers, 'uncovered', 'testing', 'off', 'broken', 'unsaid', 'none']])
levels = {r['domain'].split('.')[0]: r for r in run.results()}
for name, status in (('good', 'accepted'), ('plain', 'withheld'), ('expired', 'withheld'), ('elsewhere', 'withheld'), ('untrusted', 'withheld'), ('nameless', 'withheld'),
                     ('refusing', 'withheld'), ('uncovered', 'withheld'), ('testing', 'accepted'), ('off', 'accepted'), ('broken', 'accepted'), ('unsaid', 'accepted'), ('none', 'accepted')):
    r = levels.get(name, {})
    tap.check(f'--tls-level mta-sts, {name}: {status}', r.get('status') == status and r.get('attempts', [{}])[0].get('policy') == (None if status == 'accepted' and name != 'good' else 'mta-sts'),
              json.dumps(r)[:3000])
tap.check('… and what to do', 'mta-sts' in (levels['uncovered']['remedy'] or {}).get('advice', '') and not run.problems, json.dumps(levels['uncovered'])[:1500] + str(run.problems))


# A policy host that never answers
class Slow:
    def __init__(self):
        self.listener, self.connections = socket.create_server(('127.0.0.1', 0), backlog=100), []
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            self.connections.append((self.listener.accept()[0], time.monotonic()))


slow = Slow()
many = [{'name': f'd{i}.many.example', 'type': 'MX', 'data': ['10 mx1.many.example']} for i in range(30)]
many += [{'name': f'_mta-sts.d{i}.many.example', 'type': 'TXT', 'data': ['v=STSv1; id=a']} for i in range(30)]
many += [{'name': f'mta-sts.d{i}.many.example', 'type': 'A', 'data': ['127.0.0.1']} for i in range(30)]
many.append({'name': 'mx1.many.example', 'type': 'A', 'data': ['127.70.0.1']})
targets = [f'd{i}.many.example' for i in range(30)]
del walked[:]
began = time.monotonic()
SLOW = ['--dns-replay', write('many', many), '--allow-private', '--port', str(Mail.port), '--helo', 'me.example', '--no-dnsbl', '--tls-ca', authority.file,
        '--site-rate', '60000', '--site-concurrency', '50', '--sts-port', str(slow.port), '--timeout-sts', '1s']
run = probe(*SLOW, *targets)
last_walk = max(t for _, t in walked) - began
tap.check('policy hosts that never answer hold up no walk', len(walked) >= 1 and last_walk < 0.9 * (time.monotonic() - began) and last_walk < 3, f'{last_walk:.2f} of {time.monotonic() - began:.2f} s, {len(walked)} walks')
tap.check('… and each target has its result', len(run.results()) == 30 and all(r['status'] == 'accepted' and r['mta_sts']['fetch']['how'] == 'timeout' for r in run.results()) and not run.problems,
          run.err + str(run.problems[:3]))
starts = sorted(t for _, t in slow.connections)
tap.check('no more than ten are fetched at once', len(starts) == 30 and all(starts[i + 10] - starts[i] > 0.8 for i in range(20)), [round(t - starts[0], 2) for t in starts])

# Once a domain
del slow.connections[:]
run = probe(*SLOW, '--source', '127.0.0.1', '--source', '127.0.0.2', '--source', '127.0.0.3', 'd0.many.example')
tap.check('one fetch for all walks of a domain', len(run.results()) == 3 and len(slow.connections) == 1, f'{len(run.results())} results, {len(slow.connections)} fetches')
tap.done()
