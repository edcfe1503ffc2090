#!/usr/bin/env python3
"""What a hostile peer may try on the wire: floods that keep OpenSSL busy, addresses that lead home, this machine at its limits. Every deadline holds, other walks and signals are not touched, and each has a named outcome."""
import hashlib
import hmac
import json
import os
import resource
import select
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import namespace

namespace.enter(['openssl'])

import tap
from peer import Peer, talk
from records import MXWALK, Run, probe

try:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM
except ImportError:
    AESGCM = None

folder = tap.folder('attacks')
pem = os.path.join(folder, 'peer.pem')
subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', pem, '-out', pem + '.crt', '-subj', '/CN=peer.example'], check=True, capture_output=True)
with open(pem, 'a') as out:
    out.write(open(pem + '.crt').read())
open(os.path.join(folder, 'book'), 'w').close()
BASE = ['--dns-replay', os.path.join(folder, 'book'), '--allow-private', '--ehlo', 'me.example', '--from', 'a@me.example', '--no-dnsbl']
FLOOD = 8


def starttls(connection, hear):
    for step in (b'220 mx ESMTP\r\n', b'250-mx\r\n250 STARTTLS\r\n'):
        connection.sendall(step)
        hear()
    connection.sendall(b'220 go\r\n')


def expand(secret, label, length, context=b''):
    """HKDF-Expand-Label of RFC 8446 section 7.1, with SHA-384."""
    info = struct.pack('>HB', length, 6 + len(label)) + b'tls13 ' + label + bytes([len(context)]) + context
    octets = block = b''
    while len(octets) < length:
        block = hmac.new(secret, block + info + bytes([len(octets) // 48 + 1]), hashlib.sha384).digest()
        octets += block
    return octets[:length]


class Sealer:
    """Writes records of a TLS 1.3 server, past its library."""

    def __init__(self, secret):
        self.rekey(secret)

    def rekey(self, secret):
        self.secret, self.number = secret, 0
        self.key, self.iv = AESGCM(expand(secret, b'key', 32)), int.from_bytes(expand(secret, b'iv', 12), 'big')

    def seal(self, content, kind):
        header = b'\x17\3\3' + struct.pack('>H', len(content) + 17)
        record = header + self.key.encrypt((self.iv ^ self.number).to_bytes(12, 'big'), content + bytes([kind]), header)
        self.number += 1
        return record

    def tickets(self):
        body = struct.pack('>II', 7200, 0) + b'\1\0' + struct.pack('>H', 1) + b'x' + b'\0\0'
        return self.seal((b'\4' + len(body).to_bytes(3, 'big') + body) * 700, 22)

    def empty(self):
        return self.seal(b'', 23)

    def key_update(self):
        record = self.seal(b'\x18\0\0\1\1', 22)
        self.rekey(expand(self.secret, b'traffic upd', 48))
        return record


def pour(connection, make, chunk=65536):
    """Sends what `make` gives for FLOOD seconds, or until the peer is gone."""
    end, waiting = time.time() + FLOOD, b''
    connection.settimeout(1)
    while time.time() < end:
        while len(waiting) < chunk:
            waiting += make()
        try:
            waiting = waiting[connection.send(waiting):]
        except TimeoutError:
            continue


def after_handshake(way):
    def script(connection, hear):
        starttls(connection, hear)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.num_tickets = 0
        context.keylog_filename = os.path.join(folder, f'keys-{threading.get_ident()}')
        context.load_cert_chain(pem)
        secure = context.wrap_socket(connection, server_side=True)
        secure.recv(1000)
        with open(context.keylog_filename) as keys:
            secret = next(line.split()[2] for line in keys if line.startswith('SERVER_TRAFFIC_SECRET_0'))
        sealer = Sealer(bytes.fromhex(secret))
        raw = socket.socket(fileno=os.dup(secure.fileno()))
        pour(raw, getattr(sealer, way))
        raw.close()
        raise OSError
    return script


def in_handshake(record):
    def script(connection, hear):
        starttls(connection, hear)
        connection.recv(5000)
        pour(connection, lambda: record * 64)
    return script


def record(kind, body):
    return bytes([kind]) + b'\3\3' + struct.pack('>H', len(body)) + body


FLOODS = [
    ('HelloRequests in place of the ServerHello', in_handshake(record(22, b'\0\0\0\0' * 4000))),
    ('one HelloRequest a record', in_handshake(record(22, b'\0\0\0\0'))),
    ('empty handshake records', in_handshake(record(22, b''))),
    ('ChangeCipherSpec without an end', in_handshake(record(20, b'\1'))),
    ('warnings without an end', in_handshake(record(21, b'\1\0'))),
    ('a handshake message without an end', in_handshake(record(22, b'\2\xff\xff\xff' + b'x' * 16000))),
    ('a certificate without an end', in_handshake(record(22, b'\x0b\xff\xff\xff' + b'x' * 16000))),
    ('lines without an end, in the clear', lambda c, hear: pour(c, lambda: b'250-x\r\n' * 1000)),
    ('NULs without an end, in the clear', lambda c, hear: pour(c, lambda: bytes(4000))),
]
if AESGCM is None:
    tap.skip('floods after the handshake', 'no python3-cryptography here')
else:
    FLOODS += [
        ('session tickets', after_handshake('tickets')),
        ('empty records of data', after_handshake('empty')),
        ('key updates', after_handshake('key_update')),
    ]

def patient():
    return Peer(talk(b'220 hi\r\n', None, 1.5, b'250 x\r\n', None, b'221 bye\r\n'), '127.62.0.5')


# How much slower than it should this machine is by itself: sanitizers, other work.
slow = patient()
SLACK = 4 * max(0, probe(*BASE, '--timeout', '9s', f'[127.62.0.5]:{slow.port}').results()[0]['ms'] - 1510)
slow.sock.close()
for name, script in FLOODS:
    peer = Peer(script, '127.62.0.3')
    slow = patient()
    began = time.time()
    run = probe(*BASE, '--timeout', '3s', f'[127.62.0.3]:{peer.port}', f'[127.62.0.5]:{slow.port}', timeout=60)
    took = time.time() - began
    results = {result['target']: result for result in run.results()}
    hostile, good = results.get(f'[127.62.0.3]:{peer.port}', {}), results.get(f'[127.62.0.5]:{slow.port}', {})
    endings = [attempt.get('ending') for attempt in hostile.get('attempts', [])]
    tap.check(f'{name}: a named outcome', hostile.get('status') in ('broken', 'dropped') and endings and endings[-1], f'{hostile.get("status")} {endings} {run.out[:1000]}')
    tap.check(f'{name}: the deadline holds', hostile.get('ms', 99999) < 4000 + SLACK, f'{hostile.get("ms")} ms, {took:.1f} s')
    tap.check(f'{name}: the other walk is not touched', good.get('status') == 'accepted' and good['ms'] < 3000 + SLACK, f'{good.get("status")} {good.get("ms")} ms')
    tap.check(f'{name}: valid records', not run.problems, run.problems)
    peer.sock.close()
    slow.sock.close()


# One that is slow enough to go on for long: a signal is heard all the same.
def trickle(connection, hear):
    for _ in range(100):
        connection.sendall(b'220-and one more\r\n')
        time.sleep(0.05)


peer = Peer(trickle, '127.62.0.3')
process = subprocess.Popen([MXWALK, 'probe', *BASE, '--timeout', '20s', f'[127.62.0.3]:{peer.port}'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
time.sleep(1.5)
process.send_signal(signal.SIGINT)
began = time.time()
process.communicate(timeout=30)
tap.check('a signal while a peer talks on', process.returncode == 130 and time.time() - began < 1, f'exit {process.returncode} after {time.time() - began:.1f} s')
peer.sock.close()

# Addresses that lead home, or nowhere: left alone without --allow-private.
HOME = '''127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 0.1.2.3 192.0.0.8 192.88.99.1 198.18.0.1
    224.0.0.1 240.0.0.1 255.255.255.255 192.0.2.1 ::1 :: ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::127.0.0.1 ::10.0.0.1 ::8.8.8.8 64:ff9b::127.0.0.1 64:ff9b::10.0.0.1
    64:ff9b::169.254.169.254 64:ff9b:1::10.0.0.1 64:ff9b:1::8.8.8.8 2002:7f00:1::1 2002:a00:1::1 2002:c0a8:101::1 2001::1 2001:0:a00:1::1 fe80::1 fec0::1 fc00::1
    fd00::1 ff02::1 ::ffff:0:127.0.0.1 ::ffff:0:10.0.0.1 2001:10::1 2001:20::1 2001:db8::1 3fff::1 5f00::1 100::1 fe80::5efe:127.0.0.1 2001:470:1:1:0:5efe:10.0.0.1
    2001:470:1:1:200:5efe:127.0.0.1 ::2 1::1 4000::1 8000::1 fe00::1'''.split()
book = os.path.join(folder, 'home.book')
with open(book, 'w') as out:
    def answer(name, kind, data):
        out.write(json.dumps({'name': name, 'type': kind, 'rcode': 'NOERROR', 'ttl': 60, 'data': [data]}) + '\n')
    for number, address in enumerate(HOME):
        answer(f'd{number}.example', 'MX', f'10 mx{number}.example')
        answer(f'mx{number}.example', 'AAAA' if ':' in address else 'A', address)
    answer('implicit.example', 'A', '127.0.0.1')
targets = {f'd{number}.example': address for number, address in enumerate(HOME)}
targets.update({'implicit.example': 'the domain itself', '[127.0.0.1]:25': 'a literal', '[::1]:25': 'a literal of IPv6', 'x@[127.0.0.1]': 'a mailbox at a literal'})
run = probe('--dns-replay', book, '--ehlo', 'me.example', '--from', 'a@me.example', '--no-dnsbl', '--timeout', '1s', *targets, timeout=120)
statuses = {result['target']: (result['status'], [attempt['status'] for attempt in result['attempts']]) for result in run.results()}
for target, address in targets.items():
    tap.check(f'left alone: {address}', statuses.get(target) == ('skipped', ['skipped']), statuses.get(target))

run = Run('probe', '--dns-replay', book, '--server', '.', 'x.example')
tap.check('the root is no server', run.status == 64, f'{run.status} {run.out} {run.err}')

# This machine at its limits is never the peer's fault.
subprocess.run(['ip', 'route', 'add', 'prohibit', '198.41.0.4'], check=True)
peer = Peer(talk(b'220 hi\r\n', None, b'250 x\r\n', None, b'221 bye\r\n'), '127.62.0.5')
run = probe(*BASE, '--timeout', '2s', '--source', '127.0.0.1', '[198.41.0.4]:25')
got = [(result['status'], [(attempt['status'], attempt.get('ending'), attempt.get('detail')) for attempt in result['attempts']]) for result in run.results()]
tap.check('not permitted: local', bool(got) and got[0][0] == 'local' and run.status == 71, f'{got} exit {run.status} {run.err}')
done = None
for limit in range(8, 40):
    done = subprocess.run([MXWALK, 'probe', '--json', *BASE, '--timeout', '2s', f'[127.62.0.5]:{peer.port}'], capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
    result = next((json.loads(line) for line in done.stdout.splitlines() if '"type":"result"' in line), None)
    if result is None:
        continue
    if not tap.check(f'{limit} descriptors: accepted, or local', (result['status'], done.returncode) in (('accepted', 0), ('local', 71)), f'{result["status"]} exit {done.returncode} {done.stderr}'):
        break
    if result['status'] == 'accepted':
        break
if tap.SANITIZED:
    tap.skip('4 to 6 descriptors', 'a sanitizer wants some of its own')
for limit in () if tap.SANITIZED else (4, 5, 6):
    for command in (['probe', *BASE, f'[127.62.0.5]:{peer.port}'], ['check', 'mx', '--nameserver', '127.0.0.1:9', '--timeout-dns', '300ms', 'x.example'], ['lab', '--', 'true']):
        done = subprocess.run([MXWALK, *command], capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        tap.check(f'{limit} descriptors: {command[0]} does not end as if somebody had refused or deferred, or nothing could be told', done.returncode in (0, 65, 70, 71, 127) and done.stderr, f'exit {done.returncode} {done.stderr}')
with open(os.path.join(folder, 'small'), 'w') as out:
    done = subprocess.run([MXWALK, '--help'], stdout=out, stderr=subprocess.PIPE, text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)))
tap.check('a file that may not grow: 74', done.returncode == 74 and 'File too large' in done.stderr, f'exit {done.returncode} {done.stderr}')

# Short of memory, the lab ends with a word. A sanitizer wants more of it than could be given.
ends = {}
for kilobytes in range(40000, 90000, 1000):
    done = subprocess.run([MXWALK, 'lab', '--', 'true'], capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (kilobytes << 10, kilobytes << 10)))
    ends[kilobytes] = done.returncode
    if done.returncode == 0 or tap.SANITIZED:
        break
if tap.SANITIZED:
    tap.skip('the lab, short of memory: 70', 'built with sanitizers')
else:
    tap.check('the lab, short of memory: 70', set(ends.values()) <= {0, 70, 127}, ends)
tap.done()
