#!/usr/bin/env python3
"""Sessions of TLS that a server gives are taken up where it is walked to again: what the record then says of certificates is what was seen first; records of DANE are tried anew; a server that does not
bear its own sessions is asked without, and no target learns of it."""
import hashlib
import json
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import shutil

import tap
from records import probe

if not shutil.which('openssl'):
    tap.skip_all('no openssl program here')
from certificates import Authority

home = tap.folder('resumption')
authority = Authority(home)
HOST = 'mx.hosts.example'
LEAF = authority.leaf('leaf', dns=[HOST])
NEXT_HOP = authority.leaf('next-hop', dns=['d0.example', 'd2.example', 'd3.example'])
BASE = ['--allow-private', '--no-dnsbl', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--source', '127.0.0.1', '--site-rate', 'none', '--quit-after', 'rcpt', '--tls-ca', authority.file]


def public_key_digest(certificate):
    der = subprocess.run(f'openssl x509 -in {certificate} -noout -pubkey | openssl pkey -pubin -outform DER', shell=True, capture_output=True, check=True).stdout
    return hashlib.sha256(der).hexdigest()


def server_context(leaf=LEAF, newest=None, tickets=None, plain_ids=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*leaf)
    with open(leaf[0]) as own, open(authority.file) as ca, open(leaf[0] + '.chain', 'w') as out:
        out.write(own.read() + ca.read())
    context.load_cert_chain(leaf[0] + '.chain', leaf[1])
    if newest:
        context.maximum_version = newest
    if tickets is not None:
        context.num_tickets = tickets
    if plain_ids:
        context.options |= ssl.OP_NO_TICKET
    return context


def offers_session(hello):
    """Has the ClientHello a pre-shared key, or a ticket that is not empty?"""
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    at += 2 + struct.unpack_from('>H', hello, at)[0]
    at += 1 + hello[at]
    end = at + 2 + struct.unpack_from('>H', hello, at)[0]
    at += 2
    while at + 4 <= min(end, len(hello)):
        kind, size = struct.unpack_from('>HH', hello, at)
        if kind == 41 or (kind == 35 and size > 0):
            return True
        at += 4 + size
    return False


def record(kind, body):
    return struct.pack('>BHH', kind, 0x0303, len(body)) + body


def false_resumption(hello):
    """A ServerHello that takes the first pre-shared key, and then nothing that belongs to it."""
    session = hello[5 + 4 + 2 + 32:][1:1 + hello[5 + 4 + 2 + 32]]
    extensions = struct.pack('>HHH', 43, 2, 0x0304) + struct.pack('>HHHH', 51, 36, 29, 32) + os.urandom(32) + struct.pack('>HHH', 41, 2, 0)
    body = b'\3\3' + os.urandom(32) + bytes([len(session)]) + session + b'\x13\x02\0' + struct.pack('>H', len(extensions)) + extensions
    return record(22, b'\2' + struct.pack('>I', len(body))[1:] + body) + record(20, b'\1') + record(23, os.urandom(80))


class Mail:
    """One mail at most in a connection. `context(n)`: of the nth; `harm(peer, hello)`: done to who offers a session."""

    def __init__(self, context, harm=None, at_ehlo=False):
        self.context, self.harm, self.at_ehlo = context, harm, at_ehlo
        self.resumed, self.held, self.offered, self.now, self.most = [], [], 0, 0, 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(('127.0.0.1', 0), backlog=50)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                peer, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def secure(self, peer):
        hello = peer.recv(4096, socket.MSG_PEEK)
        offered = offers_session(hello)
        self.offered += offered
        if offered and self.harm and not self.at_ehlo:
            self.harm(peer, hello)
            raise ConnectionAbortedError
        peer = self.context(len(self.resumed)).wrap_socket(peer, server_side=True)
        self.resumed.append(peer.session_reused)
        self.held.append(peer)  # else it is closed before it is counted as gone
        if offered and self.harm:
            peer.recv(4096)
            raise ConnectionAbortedError
        return peer

    def talk(self, peer):
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        left = False
        try:
            peer.sendall(b'220 mx ESMTP\r\n')
            file = peer.makefile('rb')
            while line := file.readline():
                verb = line[:4].upper()
                secured = isinstance(peer, ssl.SSLSocket)
                if verb == b'QUIT':
                    left = True
                    with self.lock:
                        self.now -= 1
                    peer.sendall(b'221 bye\r\n')
                    break
                peer.sendall({b'EHLO': b'250-mx\r\n' + (b'' if secured else b'250-STARTTLS\r\n') + b'250 LIMITS MAILMAX=1\r\n', b'STAR': b'220 go\r\n'}.get(verb, b'250 fine\r\n'))
                if verb == b'STAR':
                    peer = self.secure(peer)
                    file = peer.makefile('rb')
        except OSError:
            pass
        finally:
            with self.lock:
                self.now -= not left
            try:
                peer.unwrap()  # else its session counts as broken
            except (AttributeError, OSError):
                pass
            for held in {peer, *self.held}:
                held.close()
            self.held.clear()


def walk(name, server, *options, count=5, tlsa=None):
    path = os.path.join(home, 'book')
    with open(path, 'w') as file:
        for i in range(count):
            file.write(json.dumps({'name': f'd{i}.example', 'type': 'MX', 'ad': True, 'ttl': 60, 'data': [f'10 {HOST}']}) + '\n')
        file.write(json.dumps({'name': HOST, 'type': 'A', 'ad': True, 'ttl': 60, 'data': ['127.0.0.1']}) + '\n')
        if tlsa:
            file.write(json.dumps({'name': f'_{server.port}._tcp.{HOST}', 'type': 'TLSA', 'ad': True, 'ttl': 60, 'data': tlsa}) + '\n')
    targets = os.path.join(home, 'list')
    with open(targets, 'w') as file:
        file.writelines(f'd{i}.example\n' for i in range(count))
    run = probe(*BASE, '--dns-replay', path, '--port', str(server.port), '--input', targets, '--ordered', *options)
    results = run.results()
    tap.check(f'{name}: records are as the schema says, one a target', not run.problems and len(results) == count, run.problems or run.out[:500] + run.err)
    server.listener.close()
    return results


def tls_of(results):
    return [r['attempts'][0]['tls'] for r in results]


def dane_of(results):
    return [{k: v for k, v in r['attempts'][0]['dane'].items() if k != 'names'} for r in results]


def well(results):
    return all(r['status'] == 'accepted' and r['stage'] == 'rcpt' and len(r['attempts']) == 1 for r in results)


def bare(tls):
    return {k: v for k, v in tls.items() if k not in ('resumed', 'remaining', 'remaining_percent', 'group', 'sigalg', 'hybrid')}


# ---- servers that give sessions
for name, how in (('TLS 1.3', {}), ('TLS 1.2, tickets', {'newest': ssl.TLSVersion.TLSv1_2}), ('TLS 1.2, session numbers', {'newest': ssl.TLSVersion.TLSv1_2, 'plain_ids': True})):
    context = server_context(**how)
    server = Mail(lambda n, context=context: context)
    results = walk(name, server)
    tls = tls_of(results)
    resumed = [t.get('resumed', False) for t in tls]
    tap.check(f'{name}: all accepted, in one attempt', well(results), [(r['status'], r['stage'], r.get('reply')) for r in results])
    tap.check(f'{name}: all but the first took up the session, and the server says so, too', sorted(resumed) == [False] + [True] * 4 and sorted(server.resumed) == sorted(resumed), (resumed, server.resumed))
    tap.check(f'{name}: what is said of certificates is what was seen first', tls[0]['verify'] == 'ok' and len(tls[0]['chain']) == 2 and all(bare(t) == bare(tls[0]) for t in tls), [bare(t) for t in tls])

server = Mail(lambda n, context=server_context(): context)
results = walk('--tls-verify', server, '--tls-verify')
tap.check('--tls-verify: a session of a handshake that was verified is taken up', well(results) and sum(server.resumed) == 4, server.resumed)

# ---- and that do not, or not any more
server = Mail(lambda n, context=server_context(tickets=0): context)
results = walk('no tickets', server)
tap.check('no tickets: nothing is offered, all is well', well(results) and server.offered == 0 and not any(t.get('resumed') for t in tls_of(results)), server.resumed)
server = Mail(lambda n: server_context())
results = walk('another key each time', server)
tap.check('another key each time: offered, not taken, and the certificates are of each handshake', well(results) and server.offered == 4 and not any(server.resumed)
          and all(t['verify'] == 'ok' and not t.get('resumed') for t in tls_of(results)), (server.offered, server.resumed))
contexts = [server_context(), server_context(authority.leaf('other', dns=[HOST]))]
server = Mail(lambda n: contexts[min(n, 1)])
results = walk('another certificate', server)
shas = [t['sha256'] for t in tls_of(results)]
tap.check('another certificate: the new one is told from then on', well(results) and len(set(shas)) == 2 and shas.count(shas[0]) in (1, 4) and sum(server.resumed) == 3, (shas, server.resumed))

# ---- that do harm
context = server_context()
for name, harm, at_ehlo in (('a session taken with garbage', lambda peer, hello: (peer.sendall(false_resumption(hello)), peer.recv(9)), False), ('no TLS at all', lambda peer, hello: peer.sendall(b'oops\r\n' * 20), False),
                            ('closed at the session', lambda peer, hello: peer.close(), False),
                            ('reset at the session', lambda peer, hello: (peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0)), peer.close()), False),
                            ('closed behind the session', lambda peer, hello: None, True)):
    server = Mail(lambda n: context, harm, at_ehlo)
    results = walk(name, server)
    tap.check(f'{name}: all accepted all the same, in one attempt', well(results), [(r['status'], r['stage'], r.get('note'), r['attempts'][0].get('detail')) for r in results])
    tap.check(f'{name}: not offered on and on, and one connection at a time', server.offered <= 1 + at_ehlo and server.most == 1, (server.offered, server.most))

# ---- DANE
for name, tlsa, resumes in (('a record of the key', [f'3 1 1 {public_key_digest(LEAF[0])}'], 4), ('a record of the issuer', [f'2 1 1 {public_key_digest(authority.file)}'], 4), ('a record of nothing', ['3 1 1 ' + '00' * 31 + '01'], 0)):
    server = Mail(lambda n, context=server_context(): context)
    results = walk(name, server, tlsa=tlsa)
    dane = dane_of(results)
    tap.check(f'{name}: the same is said of each', well(results) and all(d == dane[0] for d in dane) and dane[0]['matches'] == (resumes > 0), dane)
    tap.check(f'{name}: taken up where it matches', sum(server.resumed) == resumes, server.resumed)
server = Mail(lambda n, context=server_context(NEXT_HOP): context)
results = walk('a name of some domains', server, tlsa=[f'2 1 1 {public_key_digest(authority.file)}'])
matches = [r['attempts'][0]['dane']['matches'] for r in results]
tap.check('a name of some domains: each is judged by its own names', well(results) and matches == [True, False, True, True, False], matches)
tap.check('a name of some domains: taken up only for those that match', all(m for r, m in zip(results, matches) if r['attempts'][0]['tls'].get('resumed')) and any(server.resumed), server.resumed)

tap.done()
