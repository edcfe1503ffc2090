#!/usr/bin/env python3
"""Hours of a run in seconds, by a clock that runs fast (shim.c): pauses that grow from a minute to an hour, a time that is named, greylisting, the line that is told every minute; nobody is asked for ever."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from peer import Servers
from records import MXWALK, TOP, problems

folder = tap.folder('hours')
SHIM = os.path.join(folder, 'shim.so')
compiler = shutil.which(os.environ.get('CC', 'cc').split()[0])
if not compiler or subprocess.run([compiler, '-shared', '-fPIC', '-o', SHIM, os.path.join(TOP, 'tests/shim.c'), '-ldl'], capture_output=True).returncode:
    tap.skip_all('no C compiler here')
USUAL = ['--allow-private', '--no-dnsbl', '--no-tls', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--timeout', '60m']
MINUTE = 60


class Site:
    """Servers at as many addresses, which say `greet(source, n)` and `rcpt(n)`, the n-th from there at that address, and note when."""

    def __init__(self, addresses, greet=lambda source, n: b'220 mx', rcpt=lambda n: b'250 fine'):
        self.greet, self.rcpt, self.lock = greet, rcpt, threading.Lock()
        self.times, self.asked, self.quits = {}, [], 0
        self.servers = Servers({a: lambda c, hear, a=a: self.talk(a, c, hear) for a in addresses})

    def talk(self, address, connection, hear):
        source = connection.getpeername()[0]
        with self.lock:
            times = self.times.setdefault(source, [])
            times.append(time.monotonic())
            n = len(times)
        connection.sendall(self.greet(source, n) + b'\r\n')
        while line := hear():
            reply = b'250 fine'
            if line[:4] == b'RCPT':
                with self.lock:
                    self.asked.append((source, address))
                    k = self.asked.count((source, address))
                reply = self.rcpt(k)
            self.quits += line[:4] == b'QUIT'
            connection.sendall(b'221 bye\r\n' if line[:4] == b'QUIT' else reply + b'\r\n')
            if line[:4] == b'QUIT':
                return

    def gaps(self, speed, source='127.0.0.1'):
        """Minutes between connections."""
        times = self.times[source]
        return [(b - a) * speed / MINUTE for a, b in zip(times, times[1:])]


def book(hosts):
    """[(exchanger, address)...] of d0.example …; several for one in a list."""
    path = os.path.join(folder, 'book')
    with open(path, 'w') as file:
        for i, host in enumerate(hosts):
            several = host if isinstance(host, list) else [host]
            file.write(json.dumps({'name': f'd{i}.example', 'type': 'MX', 'ttl': 60, 'data': [f'10 {name}' for name, _ in several]}) + '\n')
            for name, ip in several:
                file.write(json.dumps({'name': name, 'type': 'A', 'ttl': 60, 'data': [ip]}) + '\n')
    with open(os.path.join(folder, 'list'), 'w') as file:
        file.writelines(f'd{i}.example\n' for i in range(len(hosts)))
    return ['--dns-replay', path, '--input', os.path.join(folder, 'list')]


def run(speed, site, *words, ask=0.0, sources=('127.0.0.1',)):
    environment = {**os.environ, 'LD_PRELOAD': SHIM, 'SPEED': str(speed), 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'}
    p = subprocess.Popen([MXWALK, 'probe', '--json', *USUAL, *(w for s in sources for w in ('--source', s)), '--port', str(site.servers.port), *words],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    if ask:
        time.sleep(ask)
        p.send_signal(signal.SIGUSR1)
    p.out, p.err = p.communicate(timeout=90)
    p.records = [json.loads(line) for line in p.out.splitlines()]
    p.results = [r for r in p.records if r['type'] == 'result']
    p.kinds = sorted({(r['status'], (r['diagnosis'] or {}).get('cause'), r['source']) for r in p.results}, key=str)
    p.lines = [line[len('mxwalk: '):] for line in p.err.splitlines() if line.startswith('mxwalk: ')]
    p.wrong = [x for r in p.records for x in problems(r)]
    site.servers.close()
    return p


# ---- a site that finds one source too fast, whatever the pause, and the other never

SPEED, COUNT = 2400, 20
ADDRESSES = [f'127.82.1.{i + 1}' for i in range(COUNT)]
site = Site(ADDRESSES, greet=lambda source, n: b'421 4.7.0 too many connections' if source == '127.0.0.1' else b'220 mx')
p = run(SPEED, site, *book([(f't{i}.a-hoster.example', ADDRESSES[i]) for i in range(COUNT)]))
gaps = [gap for gap in site.gaps(SPEED) if gap > 0.5]
tap.check('a site that is always busy: pauses of 1, 2, 4, 8, 16, 32 and 60 minutes', len(gaps) == 7 and all(w - 0.5 < gap < w + 6 for gap, w in zip(gaps, (1, 2, 4, 8, 16, 32, 60))), gaps)
tap.check('... after which the others are not asked', len(site.times['127.0.0.1']) < 12 and site.quits == len(site.times['127.0.0.1']), f'{len(site.times["127.0.0.1"])} {site.quits}')
tap.check('... but told what it said', p.returncode == 2 and p.kinds == [('deferred', 'rate-limit', '127.0.0.1')] and len(p.results) == COUNT and sum('shared_from' in r for r in p.results) == COUNT - 1 and not p.wrong,
          f'{p.returncode} {p.kinds} {p.wrong}')
tap.check('... none was asked again more than twice', max(r.get('again', 0) for r in p.results) <= 2, [r.get('again') for r in p.results])
told = [line for line in p.lines if 'under way' in line]
tap.check('not on a terminal: a line a minute, within 100 columns', 60 <= len(told) <= 140 and all(len(line) <= 100 for line in told), f'{len(told)} {told[:3]}')
tap.check('... with who is left alone, for how long, and the time that is left', any(re.search(r', \d+h\d\dm left for a-hoster.example, 1 backed off \(a-hoster.example (5\d|60)m\)$', line) for line in told), told[-5:])
p = run(SPEED, Site(ADDRESSES[:2], greet=lambda source, n: b'421 4.7.0 too many connections' if n < 3 else b'220 mx'), *book([(f't{i}.a-hoster.example', ADDRESSES[i]) for i in range(2)]), '-q')
tap.check('-q: none', p.kinds == [('accepted', None, '127.0.0.1')] and p.err == '', f'{p.kinds} {p.err}')

# ---- a time that it names

for words, least, again in ((b'try again in 20 minutes', 20, True), (b'come back in 1 hour', 60, True), (b'Expected removal in 3.2 days', None, False)):
    site = Site(ADDRESSES[:1], greet=lambda source, n: b'421 4.7.0 ' + words if n == 1 else b'220 mx')
    p = run(SPEED, site, *book([('mx.a-hoster.example', ADDRESSES[0])]))
    if again:
        tap.check(f'"{words.decode()}": it waits so long', p.kinds == [('accepted', None, '127.0.0.1')] and least - 0.5 < site.gaps(SPEED)[0] < least + 8, f'{p.kinds} {site.gaps(SPEED)}')
    else:
        tap.check(f'"{words.decode()}": it is not waited for', p.kinds[0][:2] == ('deferred', p.kinds[0][1]) and len(site.times['127.0.0.1']) == 1 and 'again' not in p.results[0], f'{p.kinds} {site.times}')

# ---- greylisting: the same exchanger of two is asked again, from the same address

SPEED = 600
for words, least in ((b'Greylisted, please try again later', 5), (b'Greylisted for 720 seconds', 12)):
    site = Site(ADDRESSES[:2], rcpt=lambda n: b'450 4.7.1 ' + words if n == 1 else b'250 fine')
    p = run(SPEED, site, *book([[('mx1.a-hoster.example', ADDRESSES[0]), ('mx2.a-hoster.example', ADDRESSES[1])]]), '--quit-after', 'rcpt', '--retry-greylisted', ask=0.25, sources=('127.0.0.1', '127.0.0.3'))
    gaps = {source: site.gaps(SPEED, source) for source in site.times}
    hosts = {(r['source'], a['mx']) for r in p.results for a in r['attempts']}
    tap.check(f'{words.decode()}: asked again after {least} minutes, where it was asked before', [k[:2] for k in p.kinds] == [('accepted', None)] * 2 and all(len(g) == 1 and least - 0.5 < g[0] < least + 6 for g in gaps.values()) and
              all(r['again'] == 1 for r in p.results) and len(hosts) == 2 and not p.wrong, f'{p.kinds} {gaps} {hosts} {p.wrong}')
    tap.check('... which is told meanwhile', any(re.search(r'^0/2 0%, 0 under way, 0.0/s, 2 again in \d+(m|s)', line) for line in p.lines), p.lines)
site = Site(ADDRESSES[:1], rcpt=lambda n: b'450 4.7.1 Greylisted, come back in 12 hours')
p = run(SPEED, site, *book([('mx.a-hoster.example', ADDRESSES[0])]), '--quit-after', 'rcpt', '--retry-greylisted')
tap.check('a time of more than an hour is not waited for', p.kinds == [('deferred', 'greylist', '127.0.0.1')] and len(site.asked) == 1, f'{p.kinds} {site.asked}')
site = Site(ADDRESSES[:1], rcpt=lambda n: b'450 4.7.1 Greylisted, try later')
p = run(SPEED, site, *book([('mx.a-hoster.example', ADDRESSES[0])]), '--quit-after', 'rcpt', '--retry-greylisted')
tap.check('greylisted again: so it stays', p.kinds == [('deferred', 'greylist', '127.0.0.1')] and len(site.asked) == 2 and p.results[0]['again'] == 1, f'{p.kinds} {site.asked}')
tap.done()
