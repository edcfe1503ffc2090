#!/usr/bin/env python3
"""LMTP at a real Dovecot, over its Unix socket and over TCP; Unix sockets of others; who speaks the other protocol."""
import glob
import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dovecot
import namespace
import tap
from records import Run, probe

namespace.enter(['dovecot'])
home = tap.folder('lmtp')
os.chmod(home, 0o755)
server = dovecot.Dovecot(home, {'user': 'x'}, socket=f'{home}/auth', lmtp=True)


def walk(*args, target='user@a.example'):
    run = probe('--no-dnsbl', '--dns-replay', '/dev/null', '--helo', 'me.example', '--from', 'me@me.example', '--allow-private', '--timeout', '5s', *args, target)
    return run, run.results()[0] if run.results() else {}


def mails():
    return [open(m).read() for m in glob.glob(f'{home}/mail/*/new/*')]


try:
    run, r = walk('--socket', f'{home}/lmtp', '--protocol', 'lmtp', '--header', 'Subject: over a socket')
    a = r['attempts'][0]
    tap.check('LMTP over a Unix socket: delivered', (r['status'], r['stage'], a['mx'], a['ip']) == ('accepted', 'message', f'{home}/lmtp', None) and not run.problems
              and any('Subject: over a socket' in m for m in mails()), f'{json.dumps(r)[:1500]} {run.problems} {run.err} {mails()}')
    run, r = walk('--server', '127.0.9.9', '--protocol', 'lmtp', '--pipeline', '--header', 'Subject: over TCP')
    tap.check('LMTP over TCP, port 24, in one piece', (r['status'], r['stage'], r['attempts'][0]['pipelined']) == ('accepted', 'message', True) and any('Subject: over TCP' in m for m in mails()), json.dumps(r)[:1500] + run.err)
    run, r = walk('--socket', f'{home}/lmtp', '--protocol', 'lmtp', target='nobody@a.example')
    tap.check('nobody there', (r['status'], r['stage'], r['diagnosis']['cause']) == ('refused', 'rcpt', 'recipient-unknown'), json.dumps(r)[:1500])
    run, r = walk('--socket', f'{home}/lmtp')
    tap.check('SMTP at an LMTP server, in words', r['status'] == 'refused' and '--protocol lmtp' in r['attempts'][0]['detail'], json.dumps(r)[:1500])

    def smtp(listener):
        while True:
            peer, _ = listener.accept()
            peer.sendall(b'220 mx\r\n')
            for line in peer.makefile('rb'):
                peer.sendall({b'LHLO': b'500 5.5.1 what?\r\n', b'QUIT': b'221 bye\r\n', b'EHLO': b'250 mx\r\n'}.get(line[:4], b'250 ok\r\n'))

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(f'{home}/smtp')
    listener.listen()
    threading.Thread(target=smtp, args=(listener,), daemon=True).start()
    run, r = walk('--socket', f'{home}/smtp', '--protocol', 'lmtp')
    tap.check('LMTP at an SMTP server, in words', r['status'] == 'refused' and '--protocol esmtp' in r['attempts'][0]['detail'], json.dumps(r)[:1500])
    run, r = walk('--socket', f'{home}/smtp', '--quit-after', 'rcpt')
    tap.check('SMTP over a Unix socket', (r['status'], r['stage']) == ('accepted', 'rcpt') and not run.problems, json.dumps(r)[:1500])
    for name, path, status in (('nobody listens', f'{home}/users', 'unreachable'), ('no such path', f'{home}/none', 'unreachable')):
        run, r = walk('--socket', path)
        tap.check(name, r.get('status') == status and not run.problems, f'{json.dumps(r)[:1500]} {run.err}')
    text = Run('probe', '--no-dnsbl', '--dns-replay', '/dev/null', '--socket', f'{home}/lmtp', '--protocol', 'lmtp', '-v', 'nobody@a.example')
    tap.check('the words', f'Trying {home}/lmtp...' in text.out and 'LHLO' in text.out, text.out)
    for args in (['--server', 'x.example'], ['--source', '127.0.0.1', '--source', '127.0.0.2'], ['-i', '/dev/null'], ['b.example']):
        tap.check(f'--socket with {args[0]}', Run('probe', '--socket', '/x', *args, 'a.example').status == 64)
    tap.check('--socket with a path that is too long', Run('probe', '--socket', '/' * 108, 'a.example').status == 64)
finally:
    server.stop()
tap.done()
