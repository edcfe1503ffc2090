#!/usr/bin/env python3
"""MTA-STS over HTTPS: policy hosts of every kind of misbehaviour, a real nginx, recording and replaying; what `check mta-sts` and `check tls-rpt` make of them."""
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run

if not shutil.which('openssl'):
    tap.skip_all('no openssl program here')
if '(none)' in Run('--version').out:
    tap.skip_all('built without libcurl')
from certificates import Authority

home = tap.folder('sts')
POLICY = b'version: STSv1\r\nmode: enforce\r\nmx: mx.good.example\r\nmx: *.wild.example\r\nmax_age: 604800\r\n'
OK = b'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n'


def whole(body, head=OK):
    return head + b'Content-Length: %d\r\nConnection: close\r\n\r\n' % len(body) + body


def send(*pieces):
    """A script: what is sent once the request was heard; a number sleeps, None says in TLS that this was all."""
    def script(connection):
        while b'\r\n\r\n' not in connection.heard:
            more = connection.recv(4096)
            if not more:
                return
            connection.heard += more
        for piece in pieces:
            if isinstance(piece, (int, float)):
                time.sleep(piece)
            elif piece is None:
                connection.tls.unwrap()
            else:
                connection.sendall(piece)
    return script


def endless(head, piece, pause=0.0):
    def script(connection):
        send(head)(connection)
        while True:
            connection.sendall(piece)
            time.sleep(pause)
    return script


# name -> (script, what is fetched, the state, the word of RFC 8460, words that are said)
HOSTS = {
    'good': (send(whole(POLICY)), 'ok', 'valid', None, ''),
    'lf': (send(whole(POLICY.replace(b'\r\n', b'\n'))), 'ok', 'valid', None, ''),
    'chunked': (send(OK + b'Transfer-Encoding: chunked\r\n\r\n', b'%x\r\n' % len(POLICY) + POLICY + b'\r\n0\r\n\r\n'), 'ok', 'valid', None, ''),
    'until-close': (send(OK + b'Connection: close\r\n\r\n' + POLICY, None), 'ok', 'valid', None, ''),
    'wildcard': (send(whole(POLICY)), 'ok', 'valid', None, ''),
    'html': (send(whole(b'<!DOCTYPE html>\n<html>not found</html>\n', b'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n')), 'ok', 'policy-invalid',
             'sts-policy-invalid', 'it is HTML'),
    'empty': (send(whole(b'')), 'ok', 'policy-invalid', 'sts-policy-invalid', 'it is empty'),
    'gzip': (send(whole(b'\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03', OK + b'Content-Encoding: gzip\r\n')), 'ok', 'policy-invalid', 'sts-policy-invalid',
             'compressed (gzip)'),
    'latin1': (send(whole(POLICY + b'note: gr\xfc\xdfe\r\n')), 'ok', 'policy-invalid', 'sts-policy-invalid', 'not in UTF-8'),
    'not-found': (send(whole(b'no', b'HTTP/1.1 404 Not Found\r\n')), 'http-status', 'fetch-failed', 'sts-policy-fetch-error', '404'),
    'no-content': (send(b'HTTP/1.1 204 No Content\r\n\r\n'), 'http-status', 'fetch-failed', 'sts-policy-fetch-error', '204'),
    'redirect': (send(b'HTTP/1.1 301 Moved\r\nLocation: https://mta-sts.good.example/x\r\nContent-Length: 0\r\n\r\n'), 'redirect', 'fetch-failed',
                 'sts-policy-fetch-error', '301 to https://mta-sts.good.example/x'),
    'loop': (send(b'HTTP/1.1 302 Found\r\nLocation: /.well-known/mta-sts.txt\r\nContent-Length: 0\r\n\r\n'), 'redirect', 'fetch-failed', 'sts-policy-fetch-error',
             'must not be followed'),
    'inside': (send(b'HTTP/1.1 307 Go\r\nLocation: http://169.254.169.254/latest/meta-data\r\nContent-Length: 0\r\n\r\n'), 'redirect', 'fetch-failed',
               'sts-policy-fetch-error', ''),
    'too-large': (send(whole(b'x' * 65537)), 'too-large', 'fetch-failed', 'sts-policy-fetch-error', '64 KiB'),
    'just-fits': (send(whole(POLICY + b'x: ' + b'y' * (65536 - len(POLICY) - 3))), 'ok', 'valid', None, ''),
    'chunked-endless': (endless(OK + b'Transfer-Encoding: chunked\r\n\r\n', b'1000\r\n' + b'a' * 4096 + b'\r\n'), 'too-large', 'fetch-failed',
                        'sts-policy-fetch-error', '64 KiB'),
    'chunked-slow': (endless(OK + b'Transfer-Encoding: chunked\r\n\r\n', b'1\r\na\r\n', 0.1), 'timeout', 'fetch-failed', 'sts-policy-fetch-error', 'in time'),
    'mute': (send(30), 'timeout', 'fetch-failed', 'sts-policy-fetch-error', 'in time'),
    'header-endless': (endless(OK, b'X-More: ' + b'a' * 4096 + b'\r\n'), 'not-http', 'fetch-failed', 'sts-policy-fetch-error', 'header is longer than 64 KiB'),
    'hundreds': (endless(b'', b'HTTP/1.1 100 Continue\r\n\r\n' * 100), 'not-http', 'fetch-failed', 'sts-policy-fetch-error', '64 KiB'),
    'cut': (send(OK + b'Content-Length: 1000\r\n\r\nversion: STSv1\r\n'), 'cut-short', 'fetch-failed', 'sts-policy-fetch-error', ''),
    'closes': (send(), 'cut-short', 'fetch-failed', 'sts-policy-fetch-error', ''),
    'no-http': (send(b'220 mail.example ESMTP\r\n'), 'not-http', 'fetch-failed', 'sts-policy-fetch-error', ''),
    'expired': (send(whole(POLICY)), 'certificate', 'fetch-failed', 'sts-webpki-invalid', 'expired'),
    'elsewhere': (send(whole(POLICY)), 'certificate', 'fetch-failed', 'sts-webpki-invalid', 'another name'),
    'subject-only': (send(whole(POLICY)), 'certificate', 'fetch-failed', 'sts-webpki-invalid', 'another name'),
    'self-signed': (send(whole(POLICY)), 'certificate', 'fetch-failed', 'sts-webpki-invalid', ''),
    'wild-below': (send(whole(POLICY)), 'certificate', 'fetch-failed', 'sts-webpki-invalid', 'another name'),
    'no-tls': (None, 'tls-failed', 'fetch-failed', 'sts-policy-fetch-error', ''),
}
FAULTS = {'expired': 'certificate-expired', 'elsewhere': 'certificate-host-mismatch', 'subject-only': 'certificate-host-mismatch',
          'wild-below': 'certificate-host-mismatch', 'self-signed': 'certificate-not-trusted'}
CERTIFICATES = {
    'expired': dict(dns=['mta-sts.expired.example'], days=-1),
    'elsewhere': dict(dns=['mta-sts.good.example']),
    'subject-only': dict(subject='mta-sts.subject-only.example'),
    'wildcard': dict(dns=['*.wildcard.example']),
    'wild-below': dict(dns=['*.example']),
}


class Connection:
    def __init__(self, tls):
        self.tls, self.heard = tls, b''
        self.recv, self.sendall = tls.recv, tls.sendall


class Hosts:
    """All policy hosts on one port, told apart by SNI."""

    def __init__(self):
        self.authority, self.requests, self.names = Authority(home), {}, []
        self.other = Authority(home, 'other')
        self.contexts = {name: self.context(name) for name in HOSTS}
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=200)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def context(self, name):
        signer = self.other if name == 'self-signed' else self.authority
        plain = {'dns': [f'mta-sts.{n}.example' for n in HOSTS if n not in CERTIFICATES]}
        key = name if name in CERTIFICATES or name == 'self-signed' else 'plain'
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        made = self.__dict__.setdefault('made', {})
        if key not in made:
            made[key] = signer.leaf(key, **CERTIFICATES.get(name, plain))
        context.load_cert_chain(*made[key])
        return context

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.play, args=(peer,), daemon=True).start()

    def play(self, peer):
        asked = []
        first = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        first.load_cert_chain(*self.made['plain'])

        def choose(tls, name, _context):
            asked.append(name)
            if name and name.startswith('mta-sts.'):
                tls.context = self.contexts[name.split('.')[1]]
        first.sni_callback = choose
        try:
            head = peer.recv(4096, socket.MSG_PEEK)
            if b'mta-sts.no-tls.example' in head:
                peer.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
                peer.close()
                return
            with first.wrap_socket(peer, server_side=True) as tls:
                self.names.append(asked[0])
                connection = Connection(tls)
                try:
                    HOSTS[asked[0].split('.')[1]][0](connection)
                finally:
                    self.requests[asked[0]] = connection.heard
        except (OSError, KeyError, IndexError):
            pass


def book(path, lines):
    with open(path, 'w') as f:
        for name, kind, *data in lines:
            record = {'name': name, 'type': kind, 'data': data}
            if data and data[0].startswith('!'):
                record.update(rcode=data[0][1:], data=[])
            f.write(json.dumps(record) + '\n')
    return path


def domain_lines(domain, mx='mx.good.example', address='127.0.0.1'):
    return [(f'_mta-sts.{domain}', 'TXT', 'v=STSv1; id=a1'), (f'mta-sts.{domain}', 'A', address), (domain, 'MX', f'10 {mx}'), (mx, 'A', '192.0.2.1')]


hosts = Hosts()
lines = [line for name in HOSTS for line in domain_lines(f'{name}.example')]
lines += domain_lines('refused.example', address='127.0.0.2')
lines += [('_mta-sts.nohost.example', 'TXT', 'v=STSv1; id=a'), ('nohost.example', 'MX', '10 mx.good.example')]
lines += [('_mta-sts.two.example', 'TXT', 'v=STSv1; id=a', 'v=STSv1; id=b'), ('_mta-sts.failing.example', 'TXT', '!SERVFAIL')]
lines += [('mta-sts.onlyhost.example', 'A', '127.0.0.1'), ('onlyhost.example', 'MX', '10 mx.good.example')]
dns = book(os.path.join(home, 'dns'), lines)
record = os.path.join(home, 'policies')
COMMON = ['--dns-replay', dns, '--sts-ca', hosts.authority.file, '--sts-port', str(hosts.port), '--timeout-sts', '1s', '--json']


def check(*args):
    return Run('check', 'mta-sts', *COMMON, *args, env={**os.environ, 'https_proxy': 'http://127.0.0.1:9', 'ALL_PROXY': 'http://127.0.0.1:9'}).ndjson()


# Every host, each by its words
run = check('--allow-private', '--sts-record', record, *[f'{name}.example' for name in HOSTS])
found = {r['domain']: r for r in run.records}
tap.check('every host has its record, and each is as the schema says', len(found) == len(HOSTS) and not run.problems, '\n'.join(run.problems) + run.err)
for name, (_, how, state, word, words) in HOSTS.items():
    r = found.get(f'{name}.example', {})
    fetch = r.get('fetch', {})
    said = (r.get('problem') or '')
    tap.check(f'{name}: {how}, {state}', (fetch.get('how'), r.get('state'), r.get('result_type'), fetch.get('fault')) == (how, state, word, FAULTS.get(name)) and words in said,
              json.dumps(r))
tap.check('a sender names itself, and asks for no compression', all(b'GET /.well-known/mta-sts.txt HTTP/1.1\r\n' in h and b'User-Agent: mxwalk/' in h and b'Accept-Encoding' not in h
          for n, h in hosts.requests.items() if n == 'mta-sts.good.example'), hosts.requests.get('mta-sts.good.example'))
tap.check('no redirect was followed', hosts.names.count('mta-sts.good.example') == 1, hosts.names)
tap.check('statuses: the gravest counts', run.status == 1, run.status)

# The same from the file
again = Run('check', 'mta-sts', '--json', '--dns-replay', dns, '--allow-private', '--sts-replay', record, *[f'{name}.example' for name in HOSTS]).ndjson()


def settled(records):
    return [{k: ({**v, 'ms': 0} if k == 'fetch' else v) for k, v in r.items()} for r in records]


tap.check('a replay says what the run said', settled(run.records) == settled(again.records),
          '\n'.join(f'{a}\n{b}' for a, b in zip(settled(run.records), settled(again.records)) if a != b))
bare = Run('check', 'mta-sts', '--json', '--dns-replay', dns, '--sts-replay', record, 'good.example').ndjson()
tap.check('… also where the addresses would be left alone', bare.records[0]['state'] == 'valid', bare.out)
lost = Run('check', 'mta-sts', '--json', '--dns-replay', dns, '--allow-private', '--sts-replay', '/dev/null', 'good.example').ndjson()
tap.check('what the file does not hold is not known', lost.records[0]['state'] == 'unknown' and lost.status == 3, lost.out)

# An earlier run beside it: another policy under the same id is noticed by nobody
lines = [json.loads(line) for line in open(record)]
good = next(line for line in lines if line['domain'] == 'good.example')
tap.check('a recorded policy has the id of its record', good.get('id'), good)
for what, change, finding in (('the same', {}, False), ('other line ends and keys', {'body': good['body'].replace('\r\n', '\n') + 'extra: x\n'}, False),
                              ('another mode', {'body': good['body'].replace('enforce', 'testing')}, True), ('another max_age', {'body': good['body'].replace('max_age: ', 'max_age: 1')}, True),
                              ('another host', {'body': good['body'].replace('max_age', 'mx: other.example\r\nmax_age')}, True),
                              ('another mode and id', {'body': good['body'].replace('enforce', 'testing'), 'id': 'earlier'}, False),
                              ('no id', {'body': good['body'].replace('enforce', 'testing'), 'id': None}, False), ('one that was not fetched', {'fetch': 'timeout', 'status': 0, 'body': None}, False)):
    before = os.path.join(home, 'before')
    with open(before, 'w') as f:
        f.write(json.dumps({k: v for k, v in {**good, **change}.items() if v is not None}) + '\n')
    run = Run('check', 'mta-sts', '--json', '--dns-replay', dns, '--allow-private', '--sts-replay', record, '--sts-before', before, 'good.example').ndjson()
    ids = [f['id'] for r in run.records for f in r.get('findings', [])]
    tap.check(f'--sts-before, {what}', run.records and ('sts-id' in ids) == finding and not run.problems, run.out + run.err)

# What no fetch comes to is no policy
for what, change in (('ok and 404', {'status': 404}), ('ok and 301', {'status': 301}), ('ok and 70,000 octets', {'body': good['body'] + 'x: ' + 'y' * 70000}), ('a redirect with 200', {'fetch': 'redirect'}),
                     ('a status that is 200', {'fetch': 'http-status'})):
    with open(before, 'w') as f:
        f.write(json.dumps({**good, **change}) + '\n')
    run = Run('check', 'mta-sts', '--dns-replay', dns, '--allow-private', '--sts-replay', before, 'good.example')
    tap.check(f'--sts-replay, {what}: exit status 65, and why', run.status == 65 and f'{before}:1: ' in run.err and not run.out, run.out + run.err)

# What never comes to a fetch
for domain, state, how, word, args in (
        ('good.example', 'fetch-failed', 'private-address', 'sts-policy-fetch-error', []),
        ('refused.example', 'fetch-failed', 'unreachable', 'sts-policy-fetch-error', ['--allow-private']),
        ('nohost.example', 'fetch-failed', 'no-address', 'sts-policy-fetch-error', ['--allow-private']),
        ('two.example', 'record-invalid', None, 'sts-policy-invalid', ['--allow-private']),
        ('failing.example', 'unknown', None, None, ['--allow-private']),
        ('onlyhost.example', 'none', None, None, ['--allow-private'])):
    r = check(*args, domain).records[0]
    tap.check(f'{domain}: {state}', (r['state'], r.get('fetch', {}).get('how'), r.get('result_type')) == (state, how, word), json.dumps(r))
before = len(hosts.names)
check('good.example')
tap.check('a private address is not connected to', len(hosts.names) == before, hosts.names[before:])
r = check('--allow-private', 'onlyhost.example').records[0]
tap.check('a policy host without a record is noticed', any(f['id'] == 'sts-host-alone' for f in r.get('findings', [])), json.dumps(r))

# Trust
wrong = check('--allow-private', '--sts-ca', hosts.other.file, 'good.example').records[0]
tap.check('another CA is no CA', wrong['fetch']['how'] == 'certificate' and wrong['fetch']['fault'] == 'certificate-not-trusted', json.dumps(wrong))
public = Run('check', 'mta-sts', '--dns-replay', dns, '--allow-private', '--sts-port', str(hosts.port), '--json', 'good.example',
             env={**os.environ, 'SSL_CERT_FILE': hosts.authority.file}).ndjson().records[0]
tap.check("the system's: SSL_CERT_FILE", public['state'] == 'valid', json.dumps(public))
tap.check('--sts-ca that is none', Run('check', 'mta-sts', '--sts-ca', dns, '--dns-replay', dns, 'good.example').status == 65)

# Text and nagios
undeliverable = book(os.path.join(home, 'dns2'), domain_lines('good.example', mx='mx.other.example'))
text = Run('check', 'mta-sts', '--dns-replay', undeliverable, '--sts-replay', record, 'good.example')
tap.check('a policy that makes mail undeliverable is said first', text.out.startswith('good.example: undeliverable') and text.status == 1, text.out)
nagios = Run('check', 'mta-sts', '--dns-replay', undeliverable, '--sts-replay', record, '--format', 'nagios', 'good.example')
tap.check('… as CRITICAL', nagios.out.startswith('MXWALK CRITICAL - good.example: undeliverable') and nagios.status == 2, nagios.out)
text = Run('check', 'mta-sts', '--dns-replay', dns, '--allow-private', '--sts-replay', record, 'html.example')
tap.check('a policy that is not valid may be enforced all the same', 'some senders pass over what is wrong and enforce the rest' in text.out, text.out)
rpt = book(os.path.join(home, 'dns3'), [('_smtp._tls.a.example', 'TXT', 'v=TLSRPTv1; rua=mailto:tls@a.example'), ('_smtp._tls.b.example', 'TXT', 'v=TLSRPTv1; rua=tls@b.example')])
run = Run('check', 'tls-rpt', '--dns-replay', rpt, '--json', 'a.example', 'b.example', 'c.example').ndjson()
tap.check('tls-rpt', [r['result'] for r in run.records] == ['valid', 'invalid', 'none'] and run.status == 1 and not run.problems, run.out + str(run.problems))
nagios = Run('check', 'tls-rpt', '--dns-replay', rpt, '--format', 'nagios', 'a.example', 'b.example')
tap.check('tls-rpt: the gravest is on the first line', nagios.out.startswith('MXWALK CRITICAL - b.example:') and nagios.status == 2 and 'a.example' in nagios.out, nagios.out)


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def with_nginx():
    """A real policy host."""
    port, root = free_port(), os.path.join(home, 'www')
    os.makedirs(os.path.join(root, '.well-known'))
    with open(os.path.join(root, '.well-known', 'mta-sts.txt'), 'wb') as f:
        f.write(POLICY)
    certificate, key = hosts.authority.leaf('nginx', dns=['mta-sts.nginx.example', 'mta-sts.moved.example'])
    config = os.path.join(home, 'nginx.conf')
    with open(config, 'w') as f:
        f.write(f'''daemon off; pid {home}/nginx.pid; error_log {home}/nginx.err; user root;
events {{}}
http {{
  access_log off; gzip on; gzip_types text/plain; gzip_min_length 1;
  types {{ text/plain txt; }}
  client_body_temp_path {home}/t1; proxy_temp_path {home}/t2; fastcgi_temp_path {home}/t3; uwsgi_temp_path {home}/t4; scgi_temp_path {home}/t5;
  ssl_certificate {certificate}; ssl_certificate_key {key};
  server {{ listen 127.0.0.1:{port} ssl http2; server_name mta-sts.nginx.example; root {root}; }}
  server {{ listen 127.0.0.1:{port} ssl http2; server_name mta-sts.moved.example; return 301 https://www.moved.example$request_uri; }}
}}
''')
    nginx = subprocess.Popen(['nginx', '-p', home, '-c', config], stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        dns = book(os.path.join(home, 'dns4'), domain_lines('nginx.example') + domain_lines('moved.example'))
        run = Run('check', 'mta-sts', '--dns-replay', dns, '--sts-ca', hosts.authority.file, '--sts-port', str(port), '--allow-private', '--json', 'nginx.example',
                  'moved.example').ndjson()
        good, moved = run.records
        tap.check('nginx: a policy', good['state'] == 'valid' and good['fetch']['media_type'] == 'text/plain' and good['patterns'] == ['mx.good.example', '*.wild.example'], json.dumps(good))
        tap.check('nginx: a redirect', moved['fetch']['how'] == 'redirect' and 'https://www.moved.example/' in moved['problem'], json.dumps(moved))
    finally:
        nginx.terminate()
        nginx.wait()


if shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin'):
    os.environ['PATH'] += ':/usr/sbin'
    with_nginx()
else:
    tap.skip('a real policy host', 'no nginx here')
tap.done()
