#!/usr/bin/env python3
"""What servers may expect of a run, counted there and at every connect(2), by a clock that runs fast (shim.c): connections at once and in any minute, for each site and each address; QUIT always; one
recipient a domain. Whatever the run is asked for: several sources, one family, retries, several transactions in a connection, a run that is killed and gone on with at once."""
import asyncio
import collections
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import MXWALK, TOP, problems

folder = tap.folder('limits')
SHIM, CONNECTS = os.path.join(folder, 'shim.so'), os.path.join(folder, 'connects')
compiler = shutil.which(os.environ.get('CC', 'cc').split()[0])
if not compiler or subprocess.run([compiler, '-shared', '-fPIC', '-o', SHIM, os.path.join(TOP, 'tests/shim.c'), '-ldl'], capture_output=True).returncode:
    tap.skip_all('no C compiler here')
SPEED = 240

# Domain → exchangers with their addresses; address → site. A hoster's tenants at five addresses; an address with twenty sites, whose names say nothing of each other; an operator of the table, where
# five are borne; a site of both families.
DOMAINS, SITE = {}, {}
for i in range(60):
    DOMAINS[f'h{i}.example'] = [(f't{i}.hoster.example', f'127.83.1.{i % 5 + 1}')]
for i in range(20):
    DOMAINS[f'v{i}.example'] = [(f'mx.vanity{i}.example', '127.83.2.1')]
for i in range(20):
    DOMAINS[f'g{i}.example'] = [(f'alt{i % 8}.aspmx.l.google.com', f'127.83.3.{i % 8 + 1}')]
for i in range(12):
    DOMAINS[f'b{i}.example'] = [(f'mx{i}.both.example', '127.83.4.1'), (f'mx{i}.both.example', '::1')]
ADDRESSES = {a for hosts in DOMAINS.values() for _, a in hosts}
NAMES = {'127.83.1': 'hoster', '127.83.2': 'vanity', '127.83.3': 'google', '127.83.4': 'both', '::1': 'both'}
SITE = {a: NAMES[a if ':' in a else a.rsplit('.', 1)[0]] for a in ADDRESSES}


class World:
    """All servers. `busy`: each address says so at every seventh greeting; `limit`: transactions that a connection bears."""

    def __init__(self, port, busy=False, limit=None):
        self.port, self.busy, self.limit = port, busy, limit
        self.clear()
        self.loop, ready = asyncio.new_event_loop(), threading.Event()
        self.ready = ready
        threading.Thread(target=self.run, daemon=True).start()
        ready.wait(20)

    def clear(self):
        self.now, self.most, self.greeted = collections.Counter(), collections.Counter(), collections.Counter()
        self.recipients, self.connections, self.quits, self.transactions = collections.Counter(), 0, 0, []

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.open())
        self.loop.run_forever()

    async def open(self):
        for address in sorted(ADDRESSES):
            server = await asyncio.start_server(self.serve, address, self.port, backlog=1000)
            self.port = server.sockets[0].getsockname()[1]
        self.ready.set()

    def count(self, address, by):
        for key in (address, SITE[address]):
            self.now[key] += by
            self.most[key] = max(self.most[key], self.now[key])

    async def serve(self, reader, writer):
        address, source = writer.get_extra_info('sockname')[0], writer.get_extra_info('peername')[0]
        self.connections += 1
        self.greeted[address] += 1
        self.count(address, 1)
        there, mails = True, 0
        try:
            writer.write(b'421 4.7.0 too many connections, slow down\r\n' if self.busy and self.greeted[address] % 7 == 3 else b'220 mx ESMTP\r\n')
            while line := await reader.readline():
                word, reply = line[:4].upper(), b'250 mx\r\n'
                if word == b'QUIT':
                    self.quits += 1
                    self.count(address, -1)
                    there = False
                    writer.write(b'221 bye\r\n')
                    break
                if word == b'EHLO' and self.limit:
                    reply = b'250-mx\r\n250 LIMITS RCPTMAX=1 MAILMAX=%d\r\n' % self.limit
                mails += word == b'MAIL'
                if word == b'RCPT':
                    self.recipients[line.split(b'@')[1].split(b'>')[0].decode(), source] += 1
                await asyncio.sleep(0.003)
                writer.write(reply)
        except OSError:
            pass
        if there:
            self.count(address, -1)
        self.transactions.append(mails)
        writer.close()


def write(name, text):
    path = os.path.join(folder, name)
    with open(path, 'w') as file:
        file.write(text)
    return path


BOOK = ''.join(json.dumps({'name': d, 'type': 'MX', 'ttl': 60, 'data': [f'10 {hosts[0][0]}']}) + '\n' for d, hosts in DOMAINS.items())
BOOK += ''.join(json.dumps({'name': h, 'type': 'AAAA' if ':' in a else 'A', 'ttl': 60, 'data': [a]}) + '\n' for h, a in {x for hosts in DOMAINS.values() for x in hosts})
book, targets = write('book', BOOK), write('list', '\n'.join(DOMAINS) + '\n')
ENVIRONMENT = {**os.environ, 'LD_PRELOAD': SHIM, 'SPEED': str(SPEED), 'SPEED_FROM': str(int(time.time())), 'CONNECTS': CONNECTS, 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}


def start(world, *words):
    return subprocess.Popen([MXWALK, 'probe', '--json', '--allow-private', '--no-dnsbl', '--no-tls', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--timeout', '10m', '--dns-replay', book,
                             '--port', str(world.port), '--input', targets, '-q', *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT)


def most_in_a_minute(times):
    """50 seconds of it: what is due at one look at the clock takes its time to be begun, on a busy machine many seconds of this clock."""
    times, first, most = sorted(times), 0, 0
    for i, at in enumerate(times):
        while times[first] <= at - 50000:
            first += 1
        most = max(most, i - first + 1)
    return most


def judge(name, world, deep, sources=1, killed=0):
    """Nobody had more than it is to have."""
    begun = collections.defaultdict(list)
    for line in open(CONNECTS):
        at, address = line.split()
        begun[address].append(int(at))
        begun[SITE[address]].append(int(at))
    rates = {key: most_in_a_minute(times) for key, times in begun.items()}
    site = 1 if deep else 2
    over = {k: n for k, n in world.most.items() if n > (1 if k in ADDRESSES else 5 if k == 'google' else site)}
    tap.check(f'{name}: at once: one connection to an address, {site} to a site, 5 where that is borne', not over and world.most['google'] > 1, f'{over} {world.most}')
    over = {k: n for k, n in rates.items() if n > (100 if SITE.get(k, k) == 'google' else 30) + (killed and site)}
    # What was under way at a kill left no word.
    tap.check(f'{name}: in a minute: 30 to a site and to an address, 100 where that is borne', not over and max(rates.values()) > 5, f'{over} {rates}')
    tap.check(f'{name}: QUIT to each', world.quits >= world.connections - killed, f'{world.quits} of {world.connections}')
    if deep:
        names = set(DOMAINS)
        tap.check(f'{name}: one recipient a domain and source', {d for d, _ in world.recipients} <= names and (killed or set(world.recipients.values()) == {1}) and
                  len(world.recipients) == len(names) * sources, f'{len(world.recipients)} {[x for x in world.recipients.items() if x[1] > 1][:5]}')


def whole(name, p, count, statuses=('accepted',)):
    out, err = p.communicate(timeout=100)
    results = [json.loads(line) for line in out.splitlines() if '"type":"result"' in line]
    tap.check(f'{name}: a result for each', len(results) == count and {r['status'] for r in results} <= set(statuses) and not problems(results[0]), f'{len(results)} {collections.Counter(r["status"] for r in results)} {err[:500]}')
    return results


quiet = World(0)
hurried = World(0, busy=True)
several = World(0, limit=3)
ALL = len(DOMAINS)
for name, world, words, deep, sources, count, statuses in (
        ('to EHLO', quiet, [], False, 1, ALL, ('accepted',)),
        ('to RCPT', quiet, ['--quit-after', 'rcpt'], True, 1, ALL, ('accepted',)),
        ('two sources', quiet, ['--source', '127.0.0.1', '--source', '127.0.0.2', '--quit-after', 'rcpt'], True, 2, 2 * ALL, ('accepted',)),
        ('-6', quiet, ['-6'], False, 1, ALL, ('accepted', 'local')),
        ('-4', quiet, ['-4', '--quit-after', 'rcpt'], True, 1, ALL, ('accepted',)),
        ('busy servers, asked again', hurried, ['--quit-after', 'rcpt', '--site-pause', '5s', '--retries', '4'], True, 1, ALL, ('accepted',)),
        ('three transactions in a connection', several, ['--quit-after', 'rcpt'], True, 1, ALL, ('accepted',))):
    world.clear()
    write('connects', '')
    p = start(world, *words)
    results = whole(name, p, count, statuses)
    if name == '-6':
        tap.check('-6: who has IPv6, and over that', world.connections > 0 and set(world.most) == {'::1', 'both'} and world.quits == world.connections, world.most)
        continue
    judge(name, world, deep, sources)
    if world is hurried:
        tap.check(f'{name}: they did find us too fast', any(r.get('again') for r in results), results[:1])
    if world is several:
        tap.check(f'{name}: and no more, in few connections', max(world.transactions) == 3 and world.connections < ALL, f'{max(world.transactions)} {world.connections}')

# Killed twice, and gone on with at once: what a minute may have is not more by that.
for depth in ('ehlo', 'rcpt'):
    name = f'killed and gone on with, to {depth.upper()}'
    quiet.clear()
    write('connects', '')
    out = os.path.join(folder, depth)
    for kill in range(2):
        p = start(quiet, '--quit-after', depth, '-o', out, '--resume')
        time.sleep(0.2)
        p.send_signal(signal.SIGKILL)
        p.communicate()
    p = start(quiet, '--quit-after', depth, '-o', out, '--resume')
    _, err = p.communicate(timeout=100)
    done = [json.loads(line)['target'] for line in open(out) if '"type":"result"' in line]
    tap.check(f'{name}: each once', p.returncode == 0 and sorted(done) == sorted(DOMAINS), f'{p.returncode} {len(done)} {err}')
    judge(name, quiet, depth == 'rcpt', killed=2 * 10)
tap.done()
