#!/usr/bin/env python3
"""A machine in trouble of its own while a run goes on, by a library that is preloaded (shim.c): the time of day is set forth and back, the kernel is short of buffers; and files that a run may not take for
two things. No target learns of it."""
import gzip
import json
import os
import shutil
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from fleet import Fleet
from records import MXWALK, TOP, problems

folder = tap.folder('shims')
compiler = shutil.which(os.environ.get('CC', 'cc').split()[0])
fleet = Fleet(40)
names = fleet.write(folder, 400)
LIST = os.path.join(folder, 'list')
USUAL = ['probe', '--json', *fleet.options(folder), '--concurrency', '20']
SHIM = os.path.join(folder, 'shim.so')


def run(*words, **environment):
    more = {'LD_PRELOAD': SHIM, 'ASAN_OPTIONS': os.environ.get('ASAN_OPTIONS', '') + ':verify_asan_link_order=0'} if environment else {}
    p = subprocess.run([MXWALK, *words], capture_output=True, text=True, timeout=120, env={**os.environ, **more, **environment})
    return p, [json.loads(line) for line in p.stdout.splitlines()]


def statuses(records):
    count = {}
    for record in records:
        if record['type'] == 'result':
            count[record['status']] = count.get(record['status'], 0) + 1
    return count


def spent(records):
    return [r['ms'] for r in records if r['type'] == 'result'] + [a['ms'] for r in records if r['type'] == 'result' for a in r['attempts']]


if compiler and subprocess.run([compiler, '-shared', '-fPIC', '-o', SHIM, os.path.join(TOP, 'tests/shim.c'), '-ldl'], capture_output=True).returncode == 0:
    for step in ('86400', '-86400', '1000000000'):
        began = time.monotonic()
        p, records = run(*USUAL, '--timeout', '5s', '--input', LIST, STEP=step)
        wrong = [x for r in records for x in problems(r)]
        tap.check(f'the clock jumps by {step} s and back: all accepted, in their own time', p.returncode == 0 and statuses(records) == {'accepted': 400} and not wrong and
                  all(0 <= ms < 30000 for ms in spent(records)) and time.monotonic() - began < 30, f'{p.returncode} {statuses(records)} {wrong[:3]} {max(spent(records) or [0])} {p.stderr[:300]}')
        path = os.path.join(folder, f'out{step}')
        p, _ = run(*USUAL, '--input', LIST, '-o', path + '.gz', '--status-file', path + '.status', STEP=step)
        records = [json.loads(line) for line in gzip.open(path + '.gz', 'rt')]
        tap.check('... packed, with a status file: whole', p.returncode == 0 and statuses(records) == {'accepted': 400} and json.load(open(path + '.status'))['done'] == 400, f'{p.returncode} {statuses(records)} {p.stderr[:300]}')
    lab = ['lab', '--', MXWALK, 'probe', '--json', 'good.example', 'starttls.example', 'expired.example']
    for name, got in (('as it is', run(*lab)), ('jumping', run(*lab, STEP='1000'))):
        p, records = got
        tap.check(f'resolver and TLS, the clock {name}: {statuses(records)}', len(records) > 3 and 'dns-error' not in statuses(records) and 'dropped' not in statuses(records), p.stdout[:500] + p.stderr[:500])
    for what, environment in (('5 of a hundred connections', {'SHORT': '40-44'}), ('the first connections of a hundred', {'SHORT': '0-2'}), ('20 of a hundred writes', {'SHORT_WRITES': '40-59'})):
        p, records = run(*USUAL, '--input', LIST, **environment)
        tap.check(f'no buffers for {what}: all accepted in the end', p.returncode == 0 and statuses(records) == {'accepted': 400}, f'{p.returncode} {statuses(records)} {p.stderr[:500]}')
    # Every connection, for a while and for ever, by a clock that runs fast.
    p, records = run(*USUAL, '--timeout', '5m', '--input', LIST, SHORT='0-14', SPEED='100')
    tap.check('no buffers for 15 connections one after the other, whatever the rest: all accepted in the end', p.returncode == 0 and statuses(records) == {'accepted': 400}, f'{p.returncode} {statuses(records)} {p.stderr[:500]}')
    out = os.path.join(folder, 'short')
    began = time.monotonic()
    p, _ = run(*USUAL, '--timeout', '5m', '--input', LIST, '-o', out, SHORT='0-99', SPEED='100')
    told = [json.loads(line) for line in open(out)]
    tap.check('... for any, for 5 minutes: given up, 71', p.returncode == 71 and told[-1]['stopped'] == 'this-host' and 'this host cannot connect: No buffer space available' in p.stderr and 2.9 < time.monotonic() - began < 15,
              f'{p.returncode} {told[-1]} {p.stderr[:500]} {time.monotonic() - began}')
    tap.check('... and no target is blamed', set(statuses(told)) <= {'local'} and told[-1]['targets'] + told[-1]['under_way'] + told[-1]['not_begun'] == 400, told[-1])
    began = time.monotonic()
    p, records = run(*USUAL, 'd1.example', SHORT='0-99')
    tap.check('... of one target, for 3 seconds', p.returncode == 71 and statuses(records) == {'local': 1} and 2.9 < time.monotonic() - began < 10, f'{p.returncode} {statuses(records)} {time.monotonic() - began}')
else:
    tap.skip('a clock that is set, a kernel short of buffers', 'no C compiler here')

# ---- files

os.chdir(folder)
os.mkfifo('pipe')
open('list2', 'w').write('d1.example\n')
for words, status in ((('--resume', '-o', 'pipe'), 73), (('-o', 'a', '--dns-record', './a'), 64), (('-o', 'a', '--status-file', f'../{os.path.basename(folder)}/a'), 64), (('-o', 'list2', '--force', '--input', 'list2'), 64),
                      (('--dns-record', 'b', '--sts-record', 'b', '--mta-sts'), 64), (('--dns-record', 'b', '--status-file', 'b'), 64)):
    try:
        p = subprocess.run([MXWALK, *USUAL, 'd1.example', *words], capture_output=True, text=True, timeout=20)
        tap.check(f'{" ".join(words)}: {status}, and nothing is touched', p.returncode == status and p.stderr.count('\n') == 1 and open('list2').read() == 'd1.example\n' and not os.path.exists('a') and not os.path.exists('b'),
                  f'{p.returncode} {p.stderr}')
    except subprocess.TimeoutExpired:
        tap.check(f'{" ".join(words)}: ends', False)
p = subprocess.run([MXWALK, *USUAL, 'd1.example', '-o', '/dev/null', '--dns-record', '/dev/null'], capture_output=True, text=True, timeout=20)
tap.check('one device for two: well', p.returncode == 0, f'{p.returncode} {p.stderr}')
tap.done()
