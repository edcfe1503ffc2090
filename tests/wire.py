#!/usr/bin/env python3
"""TLS as it is judged: certificates by their chain, whom this host trusts, Diffie-Hellman groups; what is said when time is up; several mails in one session."""
import base64
import json
import os
import random
import shutil
import ssl
import struct
import subprocess
import sys
import time
import warnings

sys.path.insert(0, os.path.dirname(__file__))
import tap
from peer import Peer, talk
from records import MXWALK, Run, probe

if not shutil.which('openssl'):
    tap.skip_all('no openssl program to make certificates')
warnings.simplefilter('ignore', DeprecationWarning)
folder = tap.folder('wire')
NAME, ADDRESS = 'mx.good.example', '127.66.0.2'
os.environ.pop('SSL_CERT_FILE', None)
os.environ.pop('SSL_CERT_DIR', None)


def path(name):
    return os.path.join(folder, name)


def openssl(*args):
    subprocess.run(['openssl', *args], check=True, capture_output=True)


def sequence(*items):
    body = b''.join(items)
    size = bytes([len(body)]) if len(body) < 128 else b'\x82' + struct.pack('>H', len(body))
    return b'\x30' + size + body


def raw_names(*names):
    """A subjectAltName of DNS names with whatever octets."""
    return 'DER:' + sequence(*(b'\x82' + bytes([len(name)]) + name for name in names)).hex(':')


openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', path('ca.key'), '-out', path('ca.pem'), '-days', '30', '-subj', '/CN=Test CA', '-addext', 'basicConstraints=critical,CA:true')


def leaf(name, san=None, key='rsa:2048', digest='sha256', subject=NAME):
    more = ['-addext', f'subjectAltName={san}'] if san else []
    openssl('req', '-x509', '-newkey', key, '-nodes', '-keyout', path(name + '.key'), '-out', path(name + '.crt'), '-CA', path('ca.pem'), '-CAkey', path('ca.key'), '-days', '20', '-' + digest, '-subj', '/CN=' + subject, '-addext', 'basicConstraints=CA:false', *more)
    with open(path(name + '.pem'), 'w') as out:
        out.write(open(path(name + '.key')).read() + open(path(name + '.crt')).read())


def server(pem, change=None):
    """A server that does STARTTLS with that certificate."""
    def script(connection, hear):
        for step in (b'220 mx ESMTP\r\n', b'250-mx\r\n250 STARTTLS\r\n', b'220 go\r\n'):
            connection.sendall(step)
            if step != b'220 go\r\n':
                hear()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers('DEFAULT@SECLEVEL=0')
        if change:
            change(context)
        context.load_cert_chain(path(pem + '.pem'))
        secure = context.wrap_socket(connection, server_side=True)
        for reply in (b'250 mx\r\n', b'221 bye\r\n'):
            secure.recv(1000)
            secure.sendall(reply)
        secure.close()
        raise OSError
    return script


with open(path('book'), 'w') as out:
    out.write(json.dumps({'name': NAME, 'type': 'A', 'rcode': 'NOERROR', 'ttl': 60, 'data': [ADDRESS]}) + '\n')
BASE = ['--dns-replay', path('book'), '--allow-private', '--ehlo', 'me.example', '--from', 'a@good.example', '--no-dnsbl', '--timeout', '5s']


def walk(pem, *args, env=None, change=None, trust=True):
    peer = Peer(server(pem, change), ADDRESS)
    run = probe(*BASE, *(['--tls-ca', path('ca.pem')] if trust else []), *args, f'[{NAME}]:{peer.port}', env={**os.environ, **(env or {})})
    peer.sock.close()
    results = run.results()
    run.result = results[0] if results else {'status': None}
    attempts = run.result.get('attempts') or [{}]
    run.detail = attempts[0].get('detail')
    run.tls = attempts[0].get('tls', {})
    return run


MISMATCH = ('certificate-host-mismatch', 'for another name')
CASES = [
    # name, arguments of leaf, verify, problem, names
    ('plain', {'san': 'DNS:' + NAME}, 'ok', None, [NAME]),
    ('wildcard', {'san': 'DNS:*.good.example', 'subject': 'x'}, 'ok', None, ['*.good.example']),
    ('upper case', {'san': 'DNS:MX.GOOD.EXAMPLE', 'subject': 'x'}, 'ok', None, [NAME]),
    ('EC key', {'san': 'DNS:' + NAME, 'key': 'ec', }, 'ok', None, [NAME]),
    ('common name alone', {}, *MISMATCH, None),
    ('common name beside an address', {'san': 'IP:192.0.2.1'}, *MISMATCH, ['192.0.2.1']),
    ('part of a label', {'san': 'DNS:m*.good.example', 'subject': 'x'}, *MISMATCH, ['m*.good.example']),
    ('two labels', {'san': 'DNS:*.example', 'subject': 'x'}, *MISMATCH, ['*.example']),
    ('signed with SHA-1', {'san': 'DNS:' + NAME, 'digest': 'sha1'}, 'validation-failure', 'signed with RSA and SHA-1, which is too weak', [NAME]),
    ('signed with MD5', {'san': 'DNS:' + NAME, 'digest': 'md5'}, 'validation-failure', 'signed with RSA and MD5, which is too weak', [NAME]),
    ('RSA of 1024 bits', {'san': 'DNS:' + NAME, 'key': 'rsa:1024'}, 'validation-failure', 'for a key of 1024 bits, which is too short', [NAME]),
    ('weak, and for another', {'san': 'DNS:other.example', 'key': 'rsa:1024', 'subject': 'x'}, 'certificate-host-mismatch', 'for another name; for a key of 1024 bits, which is too short', ['other.example']),
    ('NUL in a name', {'san': raw_names(b'evil.example', NAME.encode() + b'\0.evil.example', b'after.example'), 'subject': 'x'}, *MISMATCH, ['evil.example', NAME + '\\000.evil.example', 'after.example']),
    ('blank in a name', {'san': raw_names(b'evil.example ' + NAME.encode()), 'subject': 'x'}, *MISMATCH, ['evil.example\\032' + NAME]),
    ('controls in a name', {'san': raw_names(b'mx\x1b[31m\\.example', b'\xc2\x9bx\n"'), 'subject': 'x'}, *MISMATCH, ['mx\\027[31m\\092.example', '\\194\\155x\\010"']),
    ('many names', {'san': ','.join(f'DNS:n{i}.example' for i in range(200)) + ',DNS:' + NAME, 'subject': 'x'}, 'ok', None, [f'n{i}.example' for i in range(32)]),
]
openssl('ecparam', '-name', 'prime256v1', '-out', path('curve'))
for number, (name, made, verify, problem, names) in enumerate(CASES):
    if made.get('key') == 'ec':
        made['key'] = 'ec:' + path('curve')
    leaf(str(number), **made)
    run = walk(str(number))
    got = (run.tls.get('verify'), run.tls.get('problem'), run.tls.get('names'))
    tap.check(f'certificate: {name}: {problem or "good"}', got == (verify, problem, names) and run.status == 0, f'{got}\n{run.out[:1500]}{run.err}')
    tap.check(f'certificate: {name}: valid records', not run.problems, run.problems)
    run = walk(str(number), '--tls-verify')
    good = run.result['status'] == 'accepted' if problem is None else run.result['status'] == 'broken' and run.detail == f'the certificate is not good: {problem}'
    tap.check(f'certificate: {name}: --tls-verify {"takes" if problem is None else "refuses"} it', good, f'{run.result["status"]} {run.detail}')

# Whom this host trusts.
os.mkdir(path('folder'))
shutil.copy(path('ca.pem'), path('folder/mine.crt'))
os.mkdir(path('empty'))
NOBODY = 'unknown: this host has no CA certificates'
for name, env, args, verify, problem in (
        ('SSL_CERT_FILE', {'SSL_CERT_FILE': path('ca.pem')}, [], 'ok', None),
        ('SSL_CERT_DIR', {'SSL_CERT_DIR': path('empty') + ':' + path('folder')}, [], 'ok', None),
        ('a folder', {}, ['--tls-ca', path('folder')], 'ok', None),
        ('nobody: SSL_CERT_FILE', {'SSL_CERT_FILE': '/dev/null'}, [], 'unknown', NOBODY),
        ('nobody: SSL_CERT_DIR', {'SSL_CERT_DIR': path('empty')}, [], 'unknown', NOBODY)):
    run = walk('0', *args, env=env, trust=False)
    got = (run.tls.get('verify'), run.tls.get('problem'))
    tap.check(f'trust: {name}', got == (verify, problem) and not run.problems, f'{got} {run.problems} {run.err}')
run = walk('11', env={'SSL_CERT_FILE': '/dev/null'}, trust=False)
tap.check('trust: nobody, and for another name', (run.tls.get('verify'), run.tls.get('problem')) == ('certificate-host-mismatch', NOBODY + '; ' + CASES[11][3]), run.tls)
run = walk('0', '--tls-verify', env={'SSL_CERT_FILE': '/dev/null'}, trust=False)
tap.check('trust: nobody, and --tls-verify: our own fault', run.result['status'] == 'local' and run.status == 71 and 'no CA certificates' in (run.detail or ''), f'{run.result["status"]} {run.detail} exit {run.status}')
run = Run('probe', *BASE, '--tls-ca', path('empty'), f'[{NAME}]:9')
tap.check('trust: --tls-ca with a folder of none', run.status in (64, 65) and path('empty') in run.err, f'{run.status} {run.err}')


# A Diffie-Hellman group that would hold up everything else.
def group(bits):
    def integer(n):
        octets = n.to_bytes(n.bit_length() // 8 + 1, 'big')
        return b'\2' + (bytes([len(octets)]) if len(octets) < 128 else b'\x82' + struct.pack('>H', len(octets))) + octets

    with open(path(f'dh{bits}'), 'w') as out:
        text = base64.encodebytes(sequence(integer(1 << bits - 1 | random.getrandbits(bits - 2) | 1), integer(2))).decode()
        out.write(f'-----BEGIN DH PARAMETERS-----\n{text}-----END DH PARAMETERS-----\n')

    def change(context):
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers('DHE:@SECLEVEL=0')
        context.load_dh_params(path(f'dh{bits}'))
    return change


run = walk('0', change=group(3072))
tap.check('a group of 3072 bits is taken', run.result['status'] == 'accepted' and run.tls.get('done'), f'{run.result["status"]} {run.detail}')
run = walk('0', change=group(8000))
tap.check('a group of 8000 bits is not, and that is said', run.result['status'] == 'broken' and '8000 bits' in (run.detail or ''), f'{run.result["status"]} {run.detail}')

# When time is up, QUIT is said where a command may stand.
OK = b'250 fine\r\n'
for stage, steps, quits in (
        ('greeting', [3], False),
        ('ehlo', [b'220 hi\r\n', None, 3], True),
        ('mail', [b'220 hi\r\n', None, OK, None, 3], True),
        ('rcpt', [b'220 hi\r\n', None, OK, None, OK, None, 3], True),
        ('data', [b'220 hi\r\n', None, OK, None, OK, None, OK, None, 3], False),
        ('starttls', [b'220 hi\r\n', None, b'250-x\r\n250 STARTTLS\r\n', None, 3], False)):
    peer = Peer(talk(*steps))
    run = probe(*BASE, '--timeout', '700ms', f'user@good.example@[127.0.0.1]:{peer.port}')
    result = run.results()[0]
    for _ in range(40):
        if b'' in peer.heard:
            break
        time.sleep(0.1)
    heard = [line for line in peer.heard if line.startswith(b'QUIT')]
    tap.check(f'time is up at {stage}: {"QUIT" if quits else "not a word"}', result['status'] == 'dropped' and result['stage'] == stage and bool(heard) == quits, f'{result["status"]} {result["stage"]} {peer.heard}')


# Header fields that are not ASCII (RFC 6531 section 3.4).
with open(path('utf8.eml'), 'w') as out:
    out.write('From: me@good.example\nTo: user@good.example\nSubject: Grüße\nDate: Mon, 30 Nov 2026 10:00:00 +0000\nMessage-ID: <1@good.example>\n\nHello\n')
for offer, status, mail in ((b'250-SMTPUTF8\r\n', 'accepted', b'MAIL FROM:<a@good.example> BODY=8BITMIME SMTPUTF8\r\n'), (b'', 'skipped', None)):
    peer = Peer(talk(b'220 hi\r\n', None, b'250-mx\r\n' + offer + b'250 8BITMIME\r\n', None, OK, None, OK, None, b'354 go\r\n', *[None] * 8, OK, None, b'221 bye\r\n'))
    run = probe(*BASE, '--data', '@' + path('utf8.eml'), f'user@good.example@[127.0.0.1]:{peer.port}')
    result = run.results()[0]
    said = [line for line in peer.heard if line.startswith(b'MAIL')]
    tap.check(f'a header that is not ASCII, SMTPUTF8 {"offered" if offer else "not offered"}', result['status'] == status and said == ([mail] if mail else []), f'{result["status"]} {said} {run.out[:1500]}')


# Several mails in one session.
DRIVER = os.environ.get('TALK_DRIVER', 'tests/talk_driver')


def session(*steps, lines, transactions=2):
    peer = Peer(talk(*steps))
    done = subprocess.run([DRIVER, str(peer.port), str(transactions)], capture_output=True, text=True, timeout=30)
    peer.sock.close()
    late = time.time() + 3  # the peer hears the last of it after its own pauses
    while len(peer.heard) < lines and time.time() < late:
        time.sleep(0.02)
    return done.stdout.split('\n'), [line.decode().split()[0] for line in peer.heard if line.strip()]


def mail(*replies):
    return [step for reply in replies for step in (None, reply)]


WAY = [b'220 hi\r\n', *mail(OK)]
BOTH = ['EHLO', 'MAIL', 'RCPT', 'RSET', 'MAIL', 'RCPT']
for name, steps, said, heard in (
        ('two taken', [*mail(OK, OK, OK, OK, OK), *mail(b'221 bye\r\n')], ['rest 250 rcpt done', 'rest 250 rcpt done', 'over', ''], [*BOTH, 'QUIT']),
        ('the first is refused', [*mail(OK, b'550 no\r\n', OK, OK, OK), *mail(b'221 bye\r\n')], ['rest 550 rcpt', 'rest 250 rcpt done', 'over', ''], [*BOTH, 'QUIT']),
        ('421 between them', [*mail(OK, OK), b'421 enough\r\n', 0.2], ['rest 250 rcpt done', 'over 421 rset', ''], [*BOTH[:4], 'QUIT']),
        ('closed within the second', [*mail(OK, OK), *mail(OK, OK)], ['rest 250 rcpt done', 'over 0 rcpt closed', ''], BOTH)):
    got = session(*WAY, *steps, lines=len(heard))
    tap.check(f'a session of two mails: {name}', got == (said, heard), got)
tap.done()
