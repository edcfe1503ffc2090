"""Scripted hostile peers: whatever they send, there is a result with a named outcome, in time, in bounded memory, and nothing of theirs moves the terminal."""
import os
import json
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from peer import Peer, talk
from records import MXWALK, Run, probe


def has_ipv6():
    try:
        socket.create_server(('::1', 0), family=socket.AF_INET6).close()
        return True
    except OSError:
        return False


def flood(line, before=b'', hear_first=0):
    def script(connection, hear):
        connection.sendall(before)
        for _ in range(hear_first):
            hear()
        while True:
            connection.sendall(line)
    return script


def drip(connection, hear):
    for byte in b'220-' + b'x' * 1000:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


HELO = ['--ehlo', 'probe.sender.example', '--from', 'probe@sender.example', '--no-dnsbl', '--nameserver', '127.0.0.1:9', '--timeout-dns', '300ms', '--allow-private']


def walk(script, *args, limit=20, to=True):
    peer = Peer(script)
    began = time.time()
    target = f'user@peer.example@[127.0.0.1]:{peer.port}' if to else f'[127.0.0.1]:{peer.port}'
    run = probe(*HELO, '--timeout', '1500ms', *args, target, timeout=limit)
    run.seconds = time.time() - began
    run.heard = peer.heard
    peer.sock.close()
    return run


OK = b'250 fine\r\n'
CASES = [
    # name, script, status, stage, ending, code
    ('closes at once', talk(), 'dropped', 'greeting', 'closed', None),
    ('resets at once', talk('rst'), 'dropped', 'greeting', 'reset', None),
    ('never greets', talk(30), 'dropped', 'greeting', 'timeout', None),
    ('a greeting byte by byte', drip, 'dropped', 'greeting', 'timeout', None),
    ('a line without an end', flood(b'x' * 65536, b'220 '), 'broken', 'greeting', 'reply-too-long', None),
    ('a reply without an end', flood(b'220-more\r\n' * 4096), 'broken', 'greeting', 'reply-too-long', None),
    ('EHLO reply without an end', flood(b'250-X\r\n' * 4096, b'220 hi\r\n', 1), 'broken', 'ehlo', 'reply-too-long', None),
    ('speaks HTTP', talk(b'HTTP/1.1 400 Bad Request\r\n\r\n'), 'broken', 'greeting', 'not-smtp', None),
    ('code 999', talk(b'999 hello\r\n'), 'broken', 'greeting', 'not-smtp', None),
    ('half a reply, then closed', talk(b'554-go away\r\n554-really'), 'dropped', 'greeting', 'closed', None),
    ('NUL bytes in the greeting', talk(b'554 no\0mail\0here\r\n', None), 'refused', 'greeting', None, 554),
    ('bytes that are no UTF-8', talk(b'554 caf\xe9 \xff\xfe \xc3\x28\r\n', None), 'refused', 'greeting', None, 554),
    ('bare LF line ends', talk(b'554-no\n554 way\n', None), 'refused', 'greeting', None, 554),
    ('codes that differ: the last decides', talk(b'220-hello\r\n554 no\r\n', None), 'refused', 'greeting', None, 554),
    ('a bare code', talk(b'554\r\n', None), 'refused', 'greeting', None, 554),
    ('closes after EHLO', talk(b'220 hi\r\n', None), 'dropped', 'ehlo', 'closed', None),
    ('421 before EHLO is answered', talk(b'220 hi\r\n421 too busy\r\n', None), 'deferred', 'ehlo', None, 421),
    ('two greetings at once', talk(b'220 hi\r\n220 hi again\r\n', None), 'broken', 'ehlo', 'unexpected-reply', 220),
    ('502 before EHLO is sent', talk(b'220 hi\r\n502 what\r\n', None), 'broken', 'ehlo', 'unexpected-reply', 502),
    ('554 before EHLO is sent', talk(b'220 hi\r\n554 no\r\n', None), 'refused', 'ehlo', None, 554),
    ('220 before STARTTLS is sent', talk(b'220 hi\r\n', None, b'250-x\r\n250 STARTTLS\r\n220 go\r\n', None), 'broken', 'starttls', 'unexpected-reply', 220),
    ('takes the message before it is sent', talk(b'220 hi\r\n', None, OK, None, OK, None, OK, None, b'354 go\r\n250 fine\r\n', None), 'broken', 'message', 'unexpected-reply', 250),
    ('closes after MAIL', talk(b'220 hi\r\n', None, OK, None), 'dropped', 'mail', 'closed', None),
    ('closes after RCPT', talk(b'220 hi\r\n', None, OK, None, OK, None), 'dropped', 'rcpt', 'closed', None),
    ('354 to RCPT', talk(b'220 hi\r\n', None, OK, None, OK, None, b'354 go\r\n'), 'broken', 'rcpt', 'unexpected-reply', 354),
    ('250 to DATA', talk(b'220 hi\r\n', None, OK, None, OK, None, OK, None, OK, None), 'broken', 'data', 'unexpected-reply', 250),
    ('closes after the dot', talk(b'220 hi\r\n', None, OK, None, OK, None, OK, None, b'354 go\r\n', 0.3, 'rst'), 'dropped', 'message', 'reset', None),
    ('bytes behind STARTTLS, same segment', talk(b'220 hi\r\n', None, b'250-x\r\n250 STARTTLS\r\n', None, b'220 go\r\n250 injected\r\n', 1), 'broken', 'starttls', 'starttls-injection', 220),
    ('TLS that is none', talk(b'220 hi\r\n', None, b'250-x\r\n250 STARTTLS\r\n', None, b'220 go\r\n', 0.3, b'I know no TLS\r\n', 1), 'broken', 'handshake', 'tls-failed', None),
    ('silent in the handshake', talk(b'220 hi\r\n', None, b'250-x\r\n250 STARTTLS\r\n', None, b'220 go\r\n', 30), 'dropped', 'handshake', 'timeout', None),
    ('closes in the handshake', talk(b'220 hi\r\n', None, b'250-x\r\n250 STARTTLS\r\n', None, b'220 go\r\n'), 'dropped', 'handshake', 'closed', None),
]

for name, script, status, stage, ending, code in CASES:
    run = walk(script)
    results = run.results()
    if not tap.check(f'{name}: a result', len(results) == 1, run.out + run.err):
        continue
    r = results[0]
    last = r['attempts'][-1]
    got = (r['status'], r['stage'], last.get('ending'), r['reply']['code'] if r['reply'] and code is not None else None)
    tap.check(f'{name}: {status} at {stage}', got == (status, stage, ending, code), f'{got}\n{run.out[:2000]}')
    tap.check(f'{name}: valid records', not run.problems, '\n'.join(run.problems))
    tap.check(f'{name}: in time', run.seconds < 10, run.seconds)

run = walk(talk(b'554-a\r\n554 b\r\n', None))
tap.check('554 is answered with QUIT and nothing else', run.heard[:2] in ([b'QUIT\r\n'], [b'QUIT\r\n', b'']), run.heard)

# Two families: the record's sender is that of the walk which decided, not of the last one.
peer = Peer(talk(b'421 busy\r\n', None), '::1') if has_ipv6() else None
if peer is not None:
    book = tempfile.mkstemp()[1]
    open(book, 'w').write('\n'.join(json.dumps({'name': 'both.example', 'type': t, 'rcode': 'NOERROR', 'ttl': 60, 'data': [a]}) for t, a in (('AAAA', '::1'), ('A', '127.0.0.1'))))
    run = probe('--dns-replay', book, '--no-dnsbl', '--allow-private', '--timeout', '2s', f'[both.example]:{peer.port}')
    r = run.results()[0] if run.results() else {}
    tap.check('two families: the sender is the one that was deferred', r.get('status') == 'deferred' and len(r['attempts']) == 2 and r['sender']['ip'] == '::1', run.out[:2000] + run.err)
    os.unlink(book)
else:
    tap.skip('two families: the sender is the one that was deferred', 'no IPv6 here')

# What a peer may put on a terminal: nothing.
peer = Peer(talk(b'554 \x1b[2J\x1b]0;owned\x07 \xc2\x9b31m red\r\n', None))
run = Run('probe', *HELO, '-v', '--timeout', '2s', f'[127.0.0.1]:{peer.port}')
tap.check('no control byte of a peer reaches the terminal', '\x1b' not in run.out and '\x9b' not in run.out and '\x07' not in run.out and '\\x1b' in run.out, repr(run.out))

# A reply before the message was sent whole: it is heard, and nothing more is said.
big = 'x' * 60 + '\n'
path = tempfile.mkstemp()[1]
open(path, 'w').write('Subject: big\n\n' + big * 300000)
run = walk(talk(b'220 hi\r\n', None, OK, None, OK, None, OK, None, b'354 go\r\n', 0.2, b'552 5.3.4 enough\r\n', 0.5), '--data', '@' + path, '--no-tls')
r = run.results()[0] if run.results() else {}
tap.check('refused in the middle of the message', r.get('status') == 'refused' and r['reply']['code'] == 552, run.out[:1500] + run.err)

# The same under TLS, by a peer that then drops the connection with our message unread: its word still counts.
def refuse_and_drop(connection, hear):
    connection.sendall(b'220 hi\r\n')
    for reply in (b'250-x\r\n250 STARTTLS\r\n', b'220 go\r\n'):
        while not connection.recv(1) == b'\n':
            pass
        connection.sendall(reply)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with context.wrap_socket(connection, server_side=True) as secure, secure.makefile('rb') as file:
        for reply in (OK, OK, OK, b'354 go\r\n'):
            file.readline()
            secure.sendall(reply)
        time.sleep(0.3)
        secure.sendall(b'552 5.3.4 enough\r\n')


pem = tempfile.mkstemp()[1]
try:
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', pem, '-out', pem + '.crt', '-subj', '/CN=peer.example'], check=True, capture_output=True)
    open(pem, 'a').write(open(pem + '.crt').read())
    os.unlink(pem + '.crt')
    run = walk(refuse_and_drop, '--data', '@' + path)
    r = run.results()[0] if run.results() else {}
    tap.check('refused in the middle of the message under TLS, and dropped', r.get('status') == 'refused' and r['reply']['code'] == 552, run.out[:1500] + run.err)
except FileNotFoundError:
    tap.skip('refused in the middle of the message under TLS, and dropped', 'no openssl program to make a certificate')
os.unlink(pem)
os.unlink(path)

# Memory does not grow with what a peer sends: many floods at once.
peers = [Peer(flood(b'220-more\r\n' * 6553)) for _ in range(20)]
# In a small process between: what a child has at most includes what its parent had when it forked.
between = 'import os, sys; p = os.spawnv(os.P_NOWAIT, sys.argv[1], sys.argv[1:]); _, _, u = os.wait4(p, 0); print(u.ru_maxrss, file=sys.stderr)'
p = subprocess.run([sys.executable, '-S', '-c', between, MXWALK, 'probe', '--json', *HELO, '--timeout', '3s', *[f'[127.0.0.1]:{p.port}' for p in peers]], capture_output=True)
out, peak = p.stdout, int(p.stderr.split()[-1])
endings = [r['attempts'][0].get('ending') for r in map(json.loads, out.splitlines()) if r['type'] == 'result']
tap.check('20 endless replies: all of them named', endings == ['reply-too-long'] * 20, out[:1000])
limit = 400 if 'sanitizers' in MXWALK else 40  # MiB; sanitizers take memory of their own
tap.check(f'20 endless replies: peak memory below {limit} MiB', peak < limit * 1024, f'{peak} KiB')
tap.done()
