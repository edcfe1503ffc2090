#!/usr/bin/env python3
"""Hostile TLSA records on the wire: no octets and too many, lengths that are wrong, hundreds of records. What can be read is judged, what cannot is never "none",
and the walk itself loses nothing."""
import hashlib
import os
import random
import socketserver
import ssl
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import Run

home = tap.folder('tlsa-wire')
subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', f'{home}/key.pem', '-out', f'{home}/cert.pem', '-days', '30',
                '-subj', '/CN=mx.example', '-addext', 'subjectAltName=DNS:*.mx.example'], check=True, capture_output=True)
DER = subprocess.run(['openssl', 'x509', '-in', f'{home}/cert.pem', '-outform', 'DER'], check=True, capture_output=True).stdout
SPKI = subprocess.run('openssl x509 -in cert.pem -noout -pubkey | openssl pkey -pubin -outform DER', shell=True, cwd=home, check=True, capture_output=True).stdout
RIGHT = b'\3\1\1' + hashlib.sha256(SPKI).digest()
chance = random.Random(1)


def wrong(n):
    return [b'\3\1\1' + chance.randbytes(32) for _ in range(n)]


def spread(records):
    records = list(records)
    chance.shuffle(records)
    return records


# label -> (data of its records, or (data, a length that is said in its place), the state, the result, words in a finding)
CASES = {
    'right': ([RIGHT], 'usable', 'good', ''),
    'nothing': ([b''], 'lookup-failed', 'unknown', 'gave no answer'),
    'one-octet': ([b'\3'], 'lookup-failed', 'unknown', 'gave no answer'),
    'two-octets': ([b'\3\1'], 'lookup-failed', 'unknown', 'gave no answer'),
    'no-data': ([b'\3\1\1'], 'unusable', 'warns', 'it has no data'),
    'short': ([RIGHT[:-1]], 'unusable', 'warns', 'wrong length'),
    'long': ([RIGHT + b'x'], 'unusable', 'warns', 'wrong length'),
    'huge': ([b'\3\0\0' + b'\x30' * 65000], 'unusable', 'warns', 'no certificate'),
    'huge-key': ([b'\2\1\0' + b'\x30\x83\xff\xff\xff' + b'\0' * 64000], 'unusable', 'warns', 'no public key'),
    'huge-digest': ([b'\3\1\1' + b'\0' * 65000], 'unusable', 'warns', 'wrong length'),
    'beyond': ([(RIGHT, 65535)], 'lookup-failed', 'unknown', 'gave no answer'),
    'beyond-by-one': ([(RIGHT, len(RIGHT) + 1)], 'lookup-failed', 'unknown', 'gave no answer'),
    'too-short-a-length': ([(RIGHT, len(RIGHT) - 1), RIGHT], 'lookup-failed', 'unknown', 'gave no answer'),
    'odd-numbers': ([b'\xff\xff\xff' + b'\0' * 32], 'unusable', 'warns', 'no such usage'),
    'three-hundred': (spread([*wrong(299), RIGHT]), 'usable', 'warns', 'There are 300 TLSA records'),
    'three-hundred-wrong': (wrong(300), 'usable', 'refuses', 'None of its TLSA records matches'),
    'as-many-as-go': (spread([*wrong(1200), RIGHT]), 'usable', 'warns', 'There are 1201 TLSA records'),
    'whole-ones': (spread([b'\2\1\0' + SPKI[:-1] + bytes([n]) for n in range(200)] + [RIGHT]), 'usable', 'warns', 'matches the server'),
    'a-whole-one': ([b'\3\0\0' + DER], 'usable', 'good', 'matches the server'),
}
COUNTS = {'more-than-there-are': 65535}
CASES['more-than-there-are'] = ([RIGHT], 'lookup-failed', 'unknown', 'gave no answer')


def name_wire(name):
    return b''.join(bytes([len(part)]) + part.encode() for part in name.split('.') if part) + b'\0'


def answer(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    kind, = struct.unpack('!H', query[at + 1:at + 3])
    question, name = query[12:at + 5], '.'.join(labels)
    label = labels[2] if len(labels) > 2 and labels[1] == '_tcp' else labels[0] if labels else ''
    data = {1: [socket_bytes('127.0.0.1')], 15: [b'\0\x0a' + name_wire(f'{label}.mx.example')] if not name.endswith('.mx.example') and labels else [],
            52: CASES.get(label, ([],))[0], 6: [name_wire('a') + name_wire('b') + struct.pack('!5I', 1, 2, 3, 4, 5)] if not labels else []}.get(kind, [])
    body = b''.join(b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 300, d[1] if isinstance(d, tuple) else len(d)) + (d[0] if isinstance(d, tuple) else d) for d in data)
    count = COUNTS.get(label, len(data)) if kind == 52 else len(data)
    if name.endswith('dnssec-failed.org'):  # as by a resolver that validates
        return query[:2] + struct.pack('!5H', 0x8182, 1, 0, 0, 0) + question
    return query[:2] + struct.pack('!5H', 0x81a0, 1, count, 0, 0) + question + body


def socket_bytes(address):
    return bytes(int(part) for part in address.split('.'))


class Datagram(socketserver.BaseRequestHandler):
    def handle(self):
        query, connection = self.request
        whole = answer(query)
        if len(whole) > 1232:
            end = 12 + whole[12:].index(b'\0') + 5
            whole = whole[:2] + b'\x83\xa0' + b'\0\1' + b'\0' * 6 + whole[12:end]
        connection.sendto(whole, self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self):
        while len(head := self.rfile.read(2)) == 2:
            whole = answer(self.rfile.read(int.from_bytes(head, 'big')))
            self.wfile.write(struct.pack('!H', len(whole)) + whole)


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(f'{home}/cert.pem', f'{home}/key.pem')
        connection, secure = self.request, False
        connection.sendall(b'220 mx.example ESMTP\r\n')
        heard = b''
        try:
            while more := connection.recv(4096):
                heard += more
                while b'\r\n' in heard:
                    line, _, heard = heard.partition(b'\r\n')
                    word = line[:4].upper()
                    if word == b'EHLO':
                        connection.sendall(b'250 mx.example\r\n' if secure else b'250-mx.example\r\n250 STARTTLS\r\n')
                    elif word == b'STAR':
                        connection.sendall(b'220 go\r\n')
                        connection, secure, heard = context.wrap_socket(connection, server_side=True), True, b''
                    else:
                        connection.sendall(b'221 bye\r\n' if word == b'QUIT' else b'250 ok\r\n')
        except OSError:
            pass


def serve(kind, server, port=0):
    server.allow_reuse_address = server.daemon_threads = True
    made = server(('127.0.0.1', port), kind)
    threading.Thread(target=made.serve_forever, daemon=True).start()
    return made.server_address[1]


dns = serve(Stream, socketserver.ThreadingTCPServer)
serve(Datagram, socketserver.ThreadingUDPServer, dns)
mail = serve(Mail, socketserver.ThreadingTCPServer)
with open(f'{home}/config', 'w') as f:
    f.write('site-rate none\nsite-pause none\n')
run = Run('check', 'dane', '--json', '--nameserver', f'127.0.0.1:{dns}', '--allow-private', '--port', str(mail), '--timeout-dns', '3s', '--helo', 'me.example', '--from', 'me@me.example',
          *[f'{label}.example' for label in CASES], env={**os.environ, 'MXWALK_CONFIG': f'{home}/config'}).ndjson()
found = {r['domain'].partition('.')[0]: r for r in run.records}
tap.check('every target has its record, and each is as the schema says', list(found) == list(CASES) and not run.problems, f'{list(found)} {run.problems[:3]} {run.err[:500]}')
for label, (_, state, result, words) in CASES.items():
    r = found.get(label, {'hosts': [{}]})
    host = r['hosts'][0] if r['hosts'] else {}
    told = ' '.join(f['what'] for f in host.get('findings', []))
    seen = host.get('dane', {}).get('state'), r.get('result')
    if label == 'no-data' and seen == ('lookup-failed', 'unknown'):  # c-ares of 2024 on takes no answer that holds such a record
        state, result, words = *seen, 'gave no answer'
    tap.check(f'{label}: {state}, {result}', seen == (state, result) and words in told, f'{host.get("dane")} {r.get("result")} {told}'[:1500])
    tap.check(f'{label}: the walk goes to its end', host.get('status') == 'accepted' and host.get('tls', {}).get('done'), str(host)[:500])
tap.done()
