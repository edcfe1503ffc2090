#!/usr/bin/env python3
"""SCRAM bound to the TLS session (RFC 5802, RFC 9266): at a small server of ours that takes the binding from its own end of the session, and at a Dovecot of 2.4 with its submission service, where that is."""
import base64
import hashlib
import hmac
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from certificates import Authority
from peer import Peer
from records import probe

try:
    from OpenSSL import SSL
except ImportError:
    SSL = None
SECRET = 'correct horse'
home = tap.folder('login-bound')
os.chmod(home, 0o755)
authority = Authority(home)
certificate = authority.leaf('mx', dns=['mx.example'], ip=['127.0.0.1'])
password = os.path.join(home, 'password')
with open(os.open(password, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
    f.write(SECRET)


def b64(data):
    return base64.b64encode(data.encode() if isinstance(data, str) else data).decode()


class Server:
    """STARTTLS and SCRAM-…-PLUS; `shift`: its binding is that of another session, as where somebody stands between."""

    def __init__(self, mechanism='SCRAM-SHA-256-PLUS', version=None, shift=False, offers=None):
        self.mechanism, self.version, self.shift, self.offers, self.said = mechanism, version, shift, offers or mechanism, []
        self.hash = 'sha256' if '256' in mechanism else 'sha1'
        self.peer = Peer(self.script)

    def script(self, connection, hear):
        for step in (b'220 mx ESMTP\r\n', b'250-mx\r\n250 STARTTLS\r\n', b'220 go\r\n'):
            connection.sendall(step)
            if step != b'220 go\r\n':
                hear()
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_max_proto_version(self.version or SSL.TLS1_3_VERSION)
        context.use_certificate_chain_file(certificate[0])
        context.use_privatekey_file(certificate[1])
        self.tls = SSL.Connection(context, connection)
        connection.setblocking(True)
        self.tls.set_accept_state()
        self.tls.do_handshake()
        self.binding = self.tls.export_keying_material(b'EXPORTER-Channel-Binding', 32, b'')
        if self.shift:
            self.binding = bytes(32)
        while line := self.line():
            verb = line.split()[0].upper()
            if verb == 'EHLO':
                self.say(f'250-mx\r\n250 AUTH {self.offers}')
            elif verb == 'AUTH':
                self.login(line)
            else:
                self.say('221 bye' if verb == 'QUIT' else '250 ok')
        raise OSError

    def say(self, text):
        self.tls.sendall(text.encode() + b'\r\n')

    def line(self):
        data = b''
        while not data.endswith(b'\r\n'):
            try:
                data += self.tls.recv(4096)
            except SSL.Error:
                return ''
        self.said.append(data.decode().strip())
        return self.said[-1]

    def login(self, line):
        first = base64.b64decode(line.split()[2]).decode()
        header, bare = first.split('n=', 1)
        bare = 'n=' + bare
        answer = f'r={dict(x.split("=", 1) for x in bare.split(","))["r"]}server,s={b64("salty")},i=4096'
        self.say('334 ' + b64(answer))
        reply = self.line()
        without, proof = base64.b64decode(reply).decode().rsplit(',p=', 1)
        bound = base64.b64decode(dict(x.split('=', 1) for x in without.split(','))['c'])
        want = header.encode() + (self.binding if header.startswith('p=') else b'')
        salted = hashlib.pbkdf2_hmac(self.hash, SECRET.encode(), b'salty', 4096)
        message = ','.join([bare, answer, without]).encode()
        client = hmac.digest(salted, b'Client Key', self.hash)
        signature = hmac.digest(hashlib.new(self.hash, client).digest(), message, self.hash)
        proven = bytes(x ^ y for x, y in zip(base64.b64decode(proof), signature)) == client
        self.header = header
        if not proven or bound != want:
            self.say('535 5.7.8 channel bindings do not match' if proven else '535 5.7.8 wrong password')
            return
        self.say('334 ' + b64('v=' + b64(hmac.digest(hmac.digest(salted, b'Server Key', self.hash), message, self.hash))))
        self.line()
        self.say('235 2.7.0 in')


def walk(address, port, *args):
    run = probe('--server', f'{address}:{port}', '--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--helo', 'me.example', '--from', 'me@me.example', '--timeout', '5s', '--tls-ca', authority.file,
                '--auth-user', 'user', '--auth-password-file', password, *args, 'a.example')
    r = run.results()[0] if run.results() else {}
    return run, r, [e['sent'] for e in (r.get('attempts') or [{'transcript': []}])[-1]['transcript'] if e['stage'] == 'auth']


def case(name, server, status, first, *args, more=lambda s, r: True):
    run, r, sent = walk('127.0.0.1', server.peer.port, *args)
    tap.check(name, (r.get('status'), r.get('stage')) == (status, 'auth') and sent[:1] == [first] and not run.problems and more(server, r), f'{sent} {getattr(server, "header", None)} {json.dumps(r)[:1500]} {run.problems} {run.err}')


PLUS, PLAIN = 'AUTH SCRAM-SHA-256-PLUS (hidden)', 'AUTH SCRAM-SHA-256 (hidden)'
if SSL:
    case('bound under TLS 1.3', Server(), 'accepted', PLUS, more=lambda s, r: s.header == 'p=tls-exporter,,' and r['attempts'][0]['tls']['version'] == 'TLSv1.3')
    case('… with SHA-1', Server('SCRAM-SHA-1-PLUS'), 'accepted', 'AUTH SCRAM-SHA-1-PLUS (hidden)')
    case('… before the one that is not bound', Server(offers='SCRAM-SHA-256 SCRAM-SHA-256-PLUS PLAIN'), 'accepted', PLUS)
    case('somebody stands between: refused', Server(shift=True), 'refused', PLUS, more=lambda s, r: r['reply']['code'] == 535)
    case('bound under TLS 1.2', Server(version=SSL.TLS1_2_VERSION), 'accepted', PLUS, more=lambda s, r: r['attempts'][0]['tls']['version'] == 'TLSv1.2')
else:
    tap.skip('a server of ours', 'no OpenSSL module of Python, which gives the server\'s end of a binding')

# A real server
new = shutil.which('dovecot') and subprocess.run(['dovecot', '--version'], capture_output=True, text=True).stdout.startswith('2.4')
if not new or not os.path.exists('/usr/lib/dovecot/submission-login') or os.getuid() != 0:
    tap.skip('a real Dovecot', 'no Dovecot 2.4 with its submission service, which Debian 12 does not have, or not root')
    tap.done()
import dovecot

relay = Peer(lambda connection, hear: [connection.sendall(b'220 relay\r\n')] + [connection.sendall(b'250 relay\r\n') for _ in iter(hear, b'')])
server = dovecot.Dovecot(home, {'user': SECRET}, socket=f'{home}/auth', submission=(2587, certificate, relay.port))
try:
    for mechanism in ('scram-sha-256-plus', 'scram-sha-1-plus', 'scram-sha-256', 'plain'):
        run, r, sent = walk('127.0.0.1', 2587, '--auth', mechanism)
        tap.check(f'Dovecot: {mechanism}', (r.get('status'), r.get('stage')) == ('accepted', 'auth') and sent[0] == f'AUTH {mechanism.upper()} (hidden)' and not run.problems, f'{sent} {json.dumps(r)[:2500]} {run.err} {open(home + "/dovecot.log").read()[-2000:]}')
    run, r, sent = walk('127.0.0.1', 2587)
    tap.check('Dovecot: the strongest is the bound one', sent[:1] == [PLUS], f'{sent} {json.dumps(r)[:1500]}')
finally:
    server.stop()
tap.done()
