#!/usr/bin/env python3
"""What is promised to others, counted at the server: one recipient a domain, nothing but questions from a list, a domain
walked once, opt-outs in every spelling and behind every route."""
import json
import os
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run

ADDRESS = '127.64.0.1'


class Server:
    """Takes everything, and notes it."""

    def __init__(self):
        self.heard, self.connections, self.lock = [], 0, threading.Lock()
        self.listener = socket.create_server((ADDRESS, 0), backlog=500)
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            peer, _ = self.listener.accept()
            threading.Thread(target=self.talk, args=(peer,), daemon=True).start()

    def talk(self, peer):
        with self.lock:
            self.connections += 1
        in_data = False
        try:
            lines = peer.makefile('rb')
            peer.sendall(b'220 mx ESMTP\r\n')
            for line in lines:
                line = line.strip()
                if in_data and line != b'.':
                    continue
                with self.lock:
                    self.heard.append(line)
                verb = line[:4].upper()
                in_data = verb == b'DATA'
                peer.sendall(b'354 go\r\n' if in_data else b'221 bye\r\n' if verb == b'QUIT' else b'250 ok\r\n')
                if verb == b'QUIT':
                    break
        except OSError:
            pass
        finally:
            peer.close()

    def reset(self):
        with self.lock:
            self.heard, self.connections = [], 0

    def count(self, verb):
        with self.lock:
            return sum(line[:4].upper() == verb for line in self.heard)


server = Server()
home = tap.folder('conduct')


def file(name, text):
    path = os.path.join(home, name)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


def answer(name, kind, data):
    return json.dumps({'name': name, 'type': kind, 'rcode': 'NOERROR', 'ttl': 60, 'data': [data]}) + '\n'


MAIL_DOMAINS = ['one.example', 'sub.one.example', 'one2.example', 'xn--bcher-kva.example'] + [f'd{i}.example' for i in range(40)]
BOOK = file('book', ''.join(answer(d, 'MX', '10 mx.hoster.example') for d in MAIL_DOMAINS) + answer('mx.hoster.example', 'A', ADDRESS))
USUAL = ['--dns-replay', BOOK, '--allow-private', '--port', str(server.port), '--ehlo', 'me.example', '--from', 'a@good.example',
         '--no-dnsbl', '--timeout', '5s', '--json']


def walk(*arguments):
    server.reset()
    return Run('probe', *USUAL, *arguments).ndjson()


def statuses(run):
    return [r['status'] for r in run.results()]


# One recipient a domain.
sweep = [f'u{i}@one.example' for i in range(60)]
run = walk('--quit-after', 'rcpt', *sweep)
tap.check('60 operands of one domain, asked at RCPT: one recipient', server.count(b'RCPT') == 1, server.heard)
tap.check('... and the others are skipped', sorted(statuses(run)) == ['accepted'] + ['skipped'] * 59, statuses(run))
walk('--quit-after', 'data', *sweep)
tap.check('the same at DATA', server.count(b'RCPT') == 1, server.heard)
walk('--quit-after', 'rcpt', *[a for address in sweep for a in ('--to', address)])
tap.check('the same by --to', server.count(b'RCPT') == 1, server.heard)
run = Run('probe', *USUAL, '--config', file('options', ''.join(f'to {a}\n' for a in sweep)))
tap.check('recipients have no place in a file of options', run.status == 64 and 'options:1: to: has no place in a file' in run.err, run.err)
walk('--quit-after', 'rcpt', '--input', file('list', '\n'.join(sweep)))
tap.check('the same as a list', server.count(b'RCPT') == 1, server.heard)
given = f'[{ADDRESS}]:{server.port}'
walk('--quit-after', 'rcpt', '--input', file('list', ''.join(f'u{i}@one.example@{given}\nv{i}@s{i}.one.example@{given}\nw{i}@[{ADDRESS}]\n' for i in range(20))))
tap.check('a list of addresses at one server: one a domain', server.count(b'RCPT') == 2, server.heard)
walk('u1@one.example', 'u2@one.example')
tap.check('two that are sent a message are sent two', server.count(b'DATA') == 2, server.heard)
run = walk('--source', '127.0.1.1', '--source', '127.0.1.2', '--quit-after', 'rcpt', 'u@one.example')
tap.check('one target from two addresses is walked twice', server.count(b'RCPT') == 2 and statuses(run) == ['accepted'] * 2, server.heard)

# Nothing but questions from a list.
for depth in ('message', 'data'):
    run = walk('--quit-after', depth, '--input', file('list', 'u@one.example\nd1.example\n'))
    tap.check(f'a list is not walked to {depth}', server.count(b'DATA') == 0 and server.count(b'RCPT') == 2, server.heard)
    tap.check('... and that is said', 'a list is not walked beyond rcpt' in run.err, run.err)
walk('--input', file('list', 'u@one.example\nd1.example\n'))
tap.check('without --quit-after no sender is named', server.count(b'MAIL') == 0 and server.connections == 2, server.heard)

# A domain is walked once, its result serves all its lines.
run = walk('--input', file('list', 'one.example\nONE.example\none.example.\nu@One.Example\nbücher.example\nxn--bcher-kva.example\n'))
tap.check('six lines of two domains are two walks', server.connections == 2, server.connections)
tap.check('... and the exit status is theirs', run.status == 0, run.status)
tap.check('... and each line has its record', [r.get('served_by') for r in sorted(run.results(), key=lambda r: r['target'])].count(None) == 2 and len(run.results()) == 6, run.out)

# Opt-outs.
SKIP = file('skip.txt', 'john@one.example # he wrote\npostmaster@one.example\nbücher.example\n"ONE2.example."\n\n# a network\n10.0.0.0/8\n')
for target, asked in (('john@one.example', False), ('John@one.example', False), ('JOHN@ONE.EXAMPLE', False), ('"john"@one.example', False),
                      ('john+x@one.example', True), ('one.example --quit-after rcpt', False), ('one.example', True),
                      ('x@xn--bcher-kva.example', False), ('bücher.example', False), ('sub.bücher.example', False), ('one2.example', False),
                      (f'x@one2.example@{given}', False)):
    run = walk('--skip-file', SKIP, *target.split())
    tap.check(f'{target}: {"walked" if asked else "left alone"}', (server.connections > 0) == asked, run.out + run.err)
    if not asked:
        tap.check('... and the line is named', 'skip.txt:' in run.results()[0]['note'], run.out)
for line in (ADDRESS, '127.64.0.0/16', f'[{ADDRESS}]', 'mx.hoster.example', '*.hoster.example', 'HOSTER.example'):
    skip = file('skip2.txt', line + '\n')
    run = walk('--skip-file', skip, 'one.example', 'd1.example')
    tap.check(f'opt-out {line}: its domains are left alone', server.connections == 0 and statuses(run) == ['skipped'] * 2, run.out)
for line in (ADDRESS, f'[IPv6:::ffff:{ADDRESS}]'):
    skip = file('skip2.txt', line + '\n')
    for target in (f'[{ADDRESS}]:{server.port}', f'x@[{ADDRESS}]', f'x@[IPv6:::ffff:{ADDRESS}]', f'd1.example --server {ADDRESS}'):
        run = walk('--skip-file', skip, *target.split())
        tap.check(f'opt-out {line}: {target} is left alone', server.connections == 0 and statuses(run) == ['skipped'], run.out)
for name, text, words in (('a range', '192.0.2.1-9\n', ':1: 192.0.2.1-9: not a domain'), ('a URL', '# x\nhttp://one.example/\n', ':2: '),
                          ('an endless line', 'x' * 100000, ':1: the line is over 4096 octets'), ('no file', None, 'No such file')):
    path = file('bad.txt', text) if text else os.path.join(home, 'nothing')
    run = walk('--skip-file', path, 'one.example')
    tap.check(f'a skip file with {name} lets nobody start', run.status == 65 and server.connections == 0 and words in run.err, run.err)

tap.done()
