#!/usr/bin/env python3
"""What is promised to others, counted at the server: one recipient a domain, nothing but questions from a list, a domain
walked once, opt-outs in every spelling and behind every route."""
import json
import os
import signal
import socket
import subprocess
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
ALIASES = [('cn.example', 'CNAME', 'one.example'), ('m1.example', 'MX', '10 alias.example'), ('alias.example', 'CNAME', 'mx.hoster.example'),
           ('nat.example', 'MX', '10 nat.mx.example'), ('nat.mx.example', 'AAAA', f'64:ff9b::{ADDRESS}'), ('six.example', 'AAAA', '2002:7f40:1::1')]
ALIASES += [(f'h{i}.my.example', 'A', ADDRESS) for i in range(9)] + [(f'c{i}.my.example', 'CNAME', 'mx.hoster.example') for i in range(9)]
BOOK = file('book', ''.join(answer(*alias) for alias in ALIASES) + ''.join(answer(d, 'MX', '10 mx.hoster.example') for d in MAIL_DOMAINS) + answer('mx.hoster.example', 'A', ADDRESS) + answer('slow.example', 'A', '127.64.0.2') +
            '{"name":"silent.example","type":"MX","rcode":"TIMEOUT","data":[]}\n')
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
IPV6 = ['IPv6:::ffff:' + ADDRESS, 'IPv6:::FFFF:7f40:1', 'IPv6:0:0:0:0:0:ffff:127.64.0.1']
ROUTES = {
    'messages that are sent': sweep[:9],
    'messages by --to': ['one.example'] + [a for address in sweep[:9] for a in ('--to', address)],
    'a server of many names': ['--quit-after', 'rcpt'] + [f'u{i}@one.example@[h{i}.my.example]:{server.port}' for i in range(9)],
    'a server of many aliases': ['--quit-after', 'rcpt'] + [f'u{i}@one.example@[c{i}.my.example]:{server.port}' for i in range(9)],
    'its own server, and one that is given': ['--quit-after', 'rcpt', 'u1@one.example', f'u2@one.example@{given}', f'u3@one.example@[mx.hoster.example]:{server.port}'],
    'an operand and a list': ['--quit-after', 'rcpt', '--input', file('list', 'u2@one.example\nu3@ONE.example\n'), 'u1@one.example'],
    'spellings of a literal': ['--quit-after', 'rcpt'] + [f'u{i}@[{a}]' for i, a in enumerate([ADDRESS] + IPV6)],
    'relays, by %': ['--quit-after', 'rcpt'] + [f'u{i}%one.example@d{i}.example' for i in range(9)],
    'relays, by !': ['--quit-after', 'rcpt'] + [f'one.example!u{i}@d{i}.example@{given}' for i in range(9)],
    'relays, by quotes': ['--quit-after', 'rcpt'] + [f'"u{i}@one.example"@d{i}.example' for i in range(9)],
    'sub-addresses': ['--quit-after', 'rcpt'] + [f'u+{i}@one.example' for i in range(9)],
}
for name, arguments in ROUTES.items():
    walk(*arguments)
    tap.check(f'one recipient by this route, too: {name}', server.count(b'RCPT') == 1, server.heard)
walk('--quit-after', 'rcpt', *[f'u@one.example@[h{i}.my.example]:{server.port}' for i in range(3)])
tap.check('the same recipient at three servers is asked for at each', server.count(b'RCPT') == 3, server.heard)
run = walk('--source', '127.0.1.1', '--source', '127.0.1.2', '--quit-after', 'rcpt', 'u@one.example')
tap.check('one target from two addresses is walked twice', server.count(b'RCPT') == 2 and statuses(run) == ['accepted'] * 2, server.heard)

# Nothing but questions from a list.
for depth in ('message', 'data'):
    run = walk('--quit-after', depth, '--input', file('list', 'u@one.example\nd1.example\n'))
    tap.check(f'a list is not walked to {depth}', server.count(b'DATA') == 0 and server.count(b'RCPT') == 2, server.heard)
    tap.check('... and that is said', 'a list is not walked beyond rcpt' in run.err, run.err)
walk('--input', file('list', 'u@one.example\nd1.example\n'))
tap.check('without --quit-after no sender is named', server.count(b'MAIL') == 0 and server.connections == 1, server.heard)

# A domain is walked once, its result serves all its lines.
run = walk('--input', file('list', 'one.example\nONE.example\none.example.\nu@One.Example\nbücher.example\nxn--bcher-kva.example\n'))
tap.check('six lines of two domains, whose mail exchanger is one: it is asked once', server.connections == 1, server.connections)
tap.check('... and the exit status is theirs', run.status == 0, run.status)
tap.check('... and each line has its record', sorted(r['target'] for r in run.results()) == sorted(['one.example', 'ONE.example', 'one.example.', 'u@One.Example', 'bücher.example', 'xn--bcher-kva.example']) and
          statuses(run) == ['accepted'] * 6 and not run.problems, run.out)
SAID = ('status', 'stage', 'reply', 'diagnosis', 'source', 'sender', 'asked', 'not_asked', 'started', 'ms')


def as_its_walk(run):
    """Does each line that was served say what the walk says, and nothing of its own?"""
    walks = {(r['target'], r['source']): r for r in run.results() if 'served_by' not in r}
    return all([r[k] for k in SAID] == [walks[r['served_by'], r['source']][k] for k in SAID] and r['attempts'] == []
               for r in run.results() if 'served_by' in r)


tap.check('... that of the walk', as_its_walk(run) and [r['rcpt'] for r in run.results() if r['target'] == 'u@One.Example'] == ['u@one.example'], run.out)
end = run.records[-1]
tap.check('... and the summary counts lines, and says how many walks there were', (end['targets'], end['served'], end['status']['accepted'], end['asked'], end['mx_site']) ==
          (6, 4, 6, {'ehlo': 6}, {'hoster.example': 6}), end)
run = walk('--input', file('list', ''.join('one.example\n' if i % 2 else f'u{i}@ONE.example\n' for i in range(1000))))
tap.check('1,000 lines of one domain: one connection, 1,000 results', server.connections == 1 and statuses(run) == ['accepted'] * 1000, f'{server.connections} {len(run.results())}')
run = walk('--source', '127.0.1.1', '--source', '127.0.1.2', 'one.example', 'ONE.example', 'one.example.')
tap.check('from two addresses: one walk and one result each', server.connections == 2 and len({(r['target'], r['source']) for r in run.results()}) == 6 and
          as_its_walk(run) and (run.records[-1]['targets'], run.records[-1]['served']) == (6, 4), run.out)
run = walk('--source', '127.0.1.1', '--source', '127.0.1.1', 'one.example', 'ONE.example')
tap.check('one address given twice: nobody waits for ever', len(run.results()) == 4, run.out)
run = walk('u@one.example', 'one.example', 'U@one.example', 'ONE.example', '--quit-after', 'rcpt')
tap.check('at RCPT the same question is served, another recipient is not', server.count(b'RCPT') == 1 and sorted(statuses(run)) == ['accepted'] + ['skipped'] * 3 and
          not any('served_by' in r for r in run.results()), run.out)
run = walk('u@one.example', 'u@ONE.example', 'one.example', '--quit-after', 'rcpt')
tap.check('... the same address in another spelling', server.count(b'RCPT') == 1 and [(r['status'], r.get('served_by')) for r in run.results() if r['target'] == 'u@ONE.example'] ==
          [('accepted', 'u@one.example')], run.out)

# A line that comes when the walk is over is told at once; nothing is walked again.
server.reset()
late = subprocess.Popen([os.environ['MXWALK'], 'probe', *USUAL, '--input', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
late.stdin.write(b'one.example\n')
late.stdin.flush()
before = [json.loads(late.stdout.readline()) for _ in range(3)]
late.stdin.write(b'ONE.example\n')
late.stdin.flush()
behind = json.loads(late.stdout.readline())
late.stdin.close()
late.wait(10)
tap.check('a line behind the verdict is told at once', {r['type'] for r in before} == {'run', 'sender', 'result'} and
          (behind['target'], behind['served_by'], behind['status']) == ('ONE.example', 'one.example', 'accepted') and server.connections == 1, f'{before} {behind}')

many = subprocess.Popen([os.environ['MXWALK'], 'probe', *USUAL, '--input', file('many', 'one.example\n' * 300000)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
for _ in range(2000):
    many.stdout.readline()
many.send_signal(signal.SIGINT)
out = many.stdout.read()
many.wait(60)
end = json.loads(out.splitlines()[-1])
tap.check('a list of many lines of one domain is interrupted at once', many.returncode == 130 and end['targets'] < 100000 and
          end['targets'] + end['under_way'] + end['not_begun'] == 300000 and end['targets'] == 1998 + out.count(b'\n') - 1, f'{out.count(10)} {end}')

# As text and as a check of a monitoring system.
text = [o for o in USUAL if o != '--json']
run = Run('probe', *text, 'one.example', 'ONE.example.')
tap.check('text: one line, which names the walk', 'ONE.example.: as one.example: accepted up to EHLO ' in run.out and '2 targets: 2 accepted; 1 of them by the walk of another' in run.out, run.out)
run = Run('probe', *text, '--format', 'nagios', 'one.example', 'ONE.example.')
tap.check('nagios: both are counted', run.status == 0 and '2 accepted, 0 refused' in run.out and 'as one.example: accepted' in run.out, run.out)
for domain, status in (('nothing.example', 3), ('silent.example', 3)):
    run = walk(domain, domain.upper())
    tap.check(f'{domain}: the exit status is that of its walk', run.status == status and as_its_walk(run) and len({r['note'] for r in run.results()}) == 1, run.out)

# Interrupted: what waits for a walk is counted as that is.
slow = socket.create_server(('127.64.0.2', server.port), backlog=5)
stopped = subprocess.Popen([os.environ['MXWALK'], 'probe', *USUAL, '--input', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
stopped.stdin.write(b'slow.example\nSLOW.example\nslow.example.\n')
stopped.stdin.flush()
peer, _ = slow.accept()
stopped.send_signal(signal.SIGINT)
out, _ = stopped.communicate(timeout=20)
end = json.loads(out.splitlines()[-1])
tap.check('interrupted: lines are under way as their walk is', (end['interrupted'], end['targets'], end['under_way'] + end['not_begun'], stopped.returncode) == (True, 0, 3, 130) and end['under_way'] == 3, end)

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
for line, target in (('john@one.example', 'john%one.example@d1.example'), ('one.example', 'john%one.example@d1.example'), ('john@one.example', 'a!one.example!john@d1.example'),
                     ('john@one.example', 'john%one.example%d2.example@d1.example'), ('john@one.example', '"John@one.example"@d1.example'), ('one.example', 'cn.example'),
                     ('hoster.example', 'm1.example'), ('mx.hoster.example', '[alias.example]:25'), ('alias.example', 'm1.example'), (ADDRESS, 'nat.example'), (ADDRESS, 'six.example')):
    run = walk('--skip-file', file('skip2.txt', line + '\n'), '--quit-after', 'rcpt', target)
    tap.check(f'opt-out {line}: {target} is left alone', server.connections == 0 and statuses(run) == ['skipped'] and 'opted out' in run.out, run.out)
for line in ('mailto:x@one.example', 'x@one.example, y@one.example', 'X <x@one.example>', '-one.example', '--to x@one.example', 'one.example:25', '127.64.0.0/255.255.0.0', '*.*.example', '*'):
    run = walk('--skip-file', file('bad.txt', line + '\n'), 'one.example')
    tap.check(f'a skip file with {line} lets nobody start', run.status == 65 and server.connections == 0 and ':1: ' in run.err, run.err)
for name, text, words in (('a range', '192.0.2.1-9\n', ':1: 192.0.2.1-9: not a domain'), ('a URL', '# x\nhttp://one.example/\n', ':2: '),
                          ('an endless line', 'x' * 100000, ':1: the line is over 4096 octets'), ('no file', None, 'No such file')):
    path = file('bad.txt', text) if text else os.path.join(home, 'nothing')
    run = walk('--skip-file', path, 'one.example')
    tap.check(f'a skip file with {name} lets nobody start', run.status == 65 and server.connections == 0 and words in run.err, run.err)

tap.done()
