#!/usr/bin/env python3
"""What is this host's, or was asked for by its user, is never said of the receiver: the family that
was left out, certificates that are not here, a resolver that cannot be reached."""
import concurrent.futures
import json
import os
import subprocess

import records
import tap
from records import Run, probe

FOLDER = tap.folder('ours')


def book(name, *rows):
    path = os.path.join(FOLDER, name)
    with open(path, 'w') as f:
        for owner, kind, *rest in rows:
            answer = {'rcode': rest[0]} if rest and isinstance(rest[0], str) else {'data': rest[0]}
            f.write(json.dumps({'name': owner, 'type': kind, 'ad': True, **answer}) + '\n')
    return ['--dns-replay', path, '--allow-private']


# ---- the family that was left out

FAMILIES = book('families', ('six.example', 'MX', ['10 mx.six.example']), ('mx.six.example', 'AAAA', ['::1']), ('four.example', 'A', ['127.77.9.1']),
                ('half.example', 'MX', ['10 mx.half.example']), ('mx.half.example', 'A', []), ('mx.half.example', 'AAAA', 'SERVFAIL'),
                ('bare.example', 'TXT', ['x']), ('gone.example', 'MX', ['10 mx.gone.example']))
ONLY4, ONLY6 = 'and only IPv4 was to be asked', 'and only IPv6 was to be asked'
for option, target, status, kind, words, end in (
        ('-4', 'six.example', 'local', 'other-family', 'the mail exchangers of six.example have IPv6 addresses only, ' + ONLY4, 71),
        ('-6', 'four.example', 'local', 'other-family', 'four.example, which has no MX, has IPv4 addresses only, ' + ONLY6, 71),
        ('-4', '[mx.six.example]:2525', 'local', None, 'mx.six.example has IPv6 addresses only, ' + ONLY4, 71),
        ('-4', '[::1]:2525', 'local', None, '::1 is an IPv6 address, ' + ONLY4, 71),
        ('-6', '[127.77.9.1]:2525', 'local', None, '127.77.9.1 is an IPv4 address, ' + ONLY6, 71),
        ('-4', 'half.example', 'dns-error', 'dns-error', 'AAAA: SERVFAIL', 3),
        ('-4', 'bare.example', 'undeliverable', 'no-address', 'has no MX and no address', 3),
        ('-6', 'gone.example', 'undeliverable', 'no-address', 'no such name', 3)):
    run = probe(option, *FAMILIES, target)
    r = run.results()[0]
    tap.check(f'{option} {target}: {status}', (r['status'], (r['route'] or {}).get('kind'), run.status) == (status, kind, end) and words in r['note'] and
              not run.problems and (r['remedy']['id'] == 'local.left-out') == (status == 'local'), f'{run.status}{run.problems}\n{run.out}')

for option, operand, result, end in (('-4', 'six.example', 'other-family', 1), ('-6', 'six.example', 'ok', 0), ('-6', 'four.example', 'other-family', 1), ('-4', 'four.example', 'ok', 0),
                                     ('-4', 'half.example', 'dns-error', 3), ('-4', 'bare.example', 'no-address', 1)):
    run = Run('check', 'mx', option, '--json', *FAMILIES, operand).ndjson()
    tap.check(f'check mx {option} {operand}: {result}', run.records[0]['result'] == result and run.status == end and not run.problems, f'{run.status}{run.problems}\n{run.out}')
text = Run('check', 'mx', '-4', *FAMILIES, 'six.example')
tap.check('… in words', text.out.startswith('six.example: has no address of the family that was asked for\n') and ONLY4 in ' '.join(text.out.split()), text.out)
for kind in ('tls', 'dane'):
    run = Run('check', kind, '-4', *FAMILIES, 'six.example')
    tap.check(f'check {kind} -4: not known, and why', run.status == 3 and ONLY4 in run.out and 'remedy' not in run.out, f'{run.status}{run.out}')
    run = Run('check', kind, '-4', '--json', *FAMILIES, 'six.example').ndjson()
    tap.check('… and in records', run.status == 3 and not run.problems and 'other-family' in run.out, f'{run.status}{run.problems}{run.out}')

# ---- no certificate authorities here

BLIND = 'grep -v ^tls-ca "$MXWALK_CONFIG" >"$0"; export MXWALK_CONFIG="$0" SSL_CERT_FILE=/nonexistent SSL_CERT_DIR=/nonexistent; exec "$@"'


def blind(*args):
    return Run('lab', '--', 'sh', '-c', BLIND, os.path.join(FOLDER, 'blind'), records.MXWALK, *args)


OURS = 'this host has no list of certificate authorities'
for domain, result, own, status in (('accept', 'unknown', None, 3), ('cert-good', 'unknown', None, 3), ('cert-expired', 'refuses', 'tls-expired', 1), ('cert-self-signed', 'refuses', 'tls-self-signed', 1),
                                    ('cert-wrong-name', 'refuses', 'tls-other-name', 1)):
    run = blind('check', 'tls', '--json', f'{domain}.lab.example').ndjson()
    r = run.records[0]
    found = {f['id']: f for f in r['hosts'][0]['findings']}
    tap.check(f'check tls without authorities, {domain}: {result}', (r['result'], run.status) == (result, status) and 'tls-no-authorities' in found and
              not {'tls-untrusted', 'tls-issuer-missing'} & set(found) and (own is None or own in found) and not run.problems, f'{run.status}{run.problems}{run.out}')
run = blind('check', 'tls', 'accept.lab.example')
tap.check('… in words: not known, and whose it is', run.out.startswith('accept.lab.example: what its TLS comes to cannot be told\n') and OURS in ' '.join(run.out.split()) and
          'who acts   sender' in run.out and 'receiver' not in run.out, run.out)
run = blind('check', 'tls', '--format', 'nagios', 'accept.lab.example')
tap.check('… and for a monitoring system', run.status == 3 and run.out.startswith('MXWALK UNKNOWN - ') and OURS in run.out, run.out)
run = blind('check', 'dane', 'dane-issuer.lab.example')
tap.check('check dane needs none', run.status == 0 and 'DANE is in order' in run.out, run.out)
run = blind('probe', '--tls-verify', 'cert-expired.lab.example')
tap.check('probe --tls-verify: local', run.status == 71 and 'local' in run.out and 'receiver' not in run.out, run.out)

# ---- the resolver that cannot be reached: what the system says, this host's or that of the resolver

AWAY = ['unshare', '--net', 'sh', '-c', 'ip link set lo up; exec "$@"', 'sh']
ROOT = os.getuid() == 0 and not subprocess.call(['unshare', '--net', 'true'], stderr=subprocess.DEVNULL)


def ask(case):
    where, server, command = case
    p = subprocess.run([*where, records.MXWALK, *command, '--nameserver', server], capture_output=True, text=True, timeout=60,
                       env={**os.environ, 'MXWALK_CONFIG': '/dev/null'})
    return p.returncode, ' '.join((p.stdout + p.stderr).split())


COMMANDS = (['probe', 'a.example'], ['check', 'mx', 'a.example'], ['self', '--source', '127.0.0.1', '--allow-private', '--no-dnsbl'])
SERVERS = [([], '127.77.9.9:1', 'Connection refused', 3)] + ([(AWAY, '192.0.2.1', 'Network is unreachable', 71), (AWAY, '2001:db8::1', 'Network is unreachable', 71)] if ROOT else [])
CASES = [(where, server, command, words, status) for where, server, words, status in SERVERS for command in COMMANDS]
with concurrent.futures.ThreadPoolExecutor(len(CASES)) as pool:
    for (_, server, command, words, status), (end, out) in zip(CASES, pool.map(ask, (case[:3] for case in CASES))):
        tap.check(f'{" ".join(command[:2])} --nameserver {server}: {words}', end == status and f'{server}: {words}' in out, f'{end} {out}')
        if command[0] == 'probe':
            tap.check('… whose it is', ('dns-error' in out and 'Start it' in out) if status == 3 else ('local: this host cannot ask a name server' in out and 'ip route get' in out), out)
if not ROOT:
    tap.skip('a resolver that there is no way to', "a network namespace is root's")

tap.done()
