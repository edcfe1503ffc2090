#!/usr/bin/env python3
"""A run that ends before its end, however it does, is gone on with: nothing is missing then, nothing is there twice, and
no more is asked again than what was under way.

Heavier: TARGETS=5000 SITES=50 KILLS=100 (bench/kill).
"""
import errno
import gzip
import json
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from fleet import Fleet
from records import MXWALK, problems

TARGETS, SITES, KILLS = (int(os.environ.get(name, usual)) for name, usual in (('TARGETS', 160), ('SITES', 10), ('KILLS', 6)))
SEED = int(os.environ.get('SEED', time.time()))
AT_ONCE = 20
random.seed(SEED)
folder = tap.folder('resume')
fleet = Fleet(SITES)
names = fleet.write(folder, TARGETS)
LIST = os.path.join(folder, 'list')
# So deep that no target's outcome is another's.
USUAL = ['probe', '--json', *fleet.options(folder), '--concurrency', str(AT_ONCE), '--site-concurrency', str(AT_ONCE), '--quit-after', 'rcpt']


def path(name, text=None):
    where = os.path.join(folder, name)
    if text is not None:
        with open(where, 'w') as file:
            file.write(text)
    return where


def start(out, *words, **more):
    return subprocess.Popen([MXWALK, *USUAL, '-o', out, '--resume', *words], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more)


def until(out, results):
    """Waits until so many results are there."""
    for _ in range(2000):
        if os.path.exists(out) and unpacked(out).count(b'"type":"result"') >= results:
            return
        time.sleep(0.005)


def run(out, *words, input=None, **more):
    return subprocess.run([MXWALK, *USUAL, '-o', out, '--resume', *words], input=input, capture_output=True, text=True, timeout=120, **more)


def unpacked(out):
    if out.endswith('.gz'):
        return gzip.open(out).read()
    if out.endswith('.zst'):
        return subprocess.run(['zstd', '-dc', out], capture_output=True, check=True).stdout
    with open(out, 'rb') as file:
        return file.read()


def records(out):
    return [json.loads(line) for line in unpacked(out).splitlines()]


def results(out):
    return [r for r in records(out) if r['type'] == 'result']


def is_whole(out, wanted, what):
    """Every line of the list has its result, once."""
    every = records(out)
    told = [(r['line'], r['target']) for r in every if r['type'] == 'result']
    missing, twice = set(wanted) - set(told), {t for t in told if told.count(t) > 1} if len(told) != len(set(told)) else ()
    good = not missing and not twice and len(told) == len(wanted)
    tap.check(f'{what}: none is missing, none is there twice', good, f'missing {sorted(missing)[:5]} twice {sorted(twice)[:5]} {len(told)} of {len(wanted)}')
    end = every[-1] if every else {}
    tap.check(f'{what}: the last summary is of all', end.get('type') == 'summary' and end['targets'] == len(wanted) and not end['interrupted'], end)
    wrong = [problem for record in every[:50] + every[-5:] for problem in problems(record)]
    tap.check(f'{what}: as the schema has it', not wrong, wrong[:5])
    return every


NUMBERED = list(enumerate(names, 1))

# ---- kill -9 at any moment; now and then the file is torn, too

for end in ('ndjson', 'ndjson.gz', 'ndjson.zst'):
    if end == 'ndjson.zst' and shutil.which('zstd') is None:
        tap.skip('zstd', 'not installed')
        continue
    out, kills, torn = path('killed.' + end), max(1, KILLS // 3), 0
    before = len(fleet.recipients)
    span = TARGETS * 0.02 / min(AT_ONCE, SITES) + (0 if end == 'ndjson' else kills)
    for kill in range(kills):
        p = start(out, '--input', LIST)
        time.sleep(0.05 + random.random() * 2 * span / kills)
        p.send_signal(signal.SIGKILL)
        p.communicate()
        size = os.path.getsize(out) if os.path.exists(out) else 0
        if kill % 3 == 1 and size > 3000:
            os.truncate(out, size - random.randrange(1, 1500))
            torn += 1
    done = run(out, '--input', LIST)
    tap.check(f'{end}: killed {kills} times (seed {SEED}): goes on to the end', done.returncode == 0, done.stderr)
    every = is_whole(out, NUMBERED, end)
    asked = len(fleet.recipients) - before
    most = TARGETS + kills * AT_ONCE + torn * 4 if end == 'ndjson' else (kills + 1) * TARGETS
    tap.check(f'{end}: what was told was not asked again', asked <= most, f'{asked} asked, {most} at most')
    print(f'# {end}: {TARGETS} targets, {kills} kills, {torn} torn, {asked} asked, {sum(r["type"] == "run" for r in every)} runs')
    size = os.path.getsize(out)
    before = len(fleet.recipients)
    done = run(out, '--input', LIST)
    tap.check(f'{end}: all is done: nobody is asked', done.returncode == 0 and len(fleet.recipients) == before and len(results(out)) == TARGETS, done.stderr)
connections = sum(fleet.connections.values())
tap.check('all but what a kill cut off heard QUIT', fleet.quits >= connections - (KILLS + 3) * AT_ONCE, f'{fleet.quits} of {connections}')

# ---- a kill loses a second at most, packed or not

slow = Fleet(4, pause=0.05)
os.mkdir(path('slow'))
slow.write(path('slow'), 400)
both = []
for end in ['ndjson', 'gz'] + (['zst'] if shutil.which('zstd') else []):
    out = path('lost.' + end)
    words = ['probe', '--json', *slow.options(path('slow')), '--quit-after', 'rcpt', '--input', os.path.join(path('slow'), 'list'), '-o', out, '--status-file', out + '.status', '-q']
    both.append((end, out, subprocess.Popen([MXWALK, *words], stdin=subprocess.DEVNULL)))
time.sleep(2)
known = [json.load(open(out + '.status'))['done'] for _, out, _ in both]
time.sleep(1.1)
for (end, out, p), done in zip(both, known):
    p.kill()
    p.wait()
    there = len(re.findall(rb'"type":"result".*\n', unpacked(out) if end == 'ndjson' else subprocess.run([{'gz': 'gzip', 'zst': 'zstd'}[end], '-dcq'], stdin=open(out, 'rb'), capture_output=True).stdout))
    tap.check(f'{end}: killed: what was known a second ago is in the file', 0 < done <= there < 400, f'{done} {there}')

# ---- other ends than by a kill

few = path('few', ''.join(name + '\n' for name in names[:60]))
FEW = NUMBERED[:60]
many = path('many', ''.join(name + '\n' for name in names))  # not done before the signal, however slow this is
for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGHUP, 130)):
    out = path(f'signal{number}')
    p = start(out, '--input', many)
    until(out, 5)
    p.send_signal(number)
    p.communicate()
    first = len(results(out))
    tap.check(f'signal {number}: {status}', p.returncode == status and first < TARGETS, f'{p.returncode} {first}')
    run(out, '--input', many)
    is_whole(out, NUMBERED, f'signal {number}')

out = path('stopped')
p = start(out, '--input', few)
until(out, 5)
p.send_signal(signal.SIGSTOP)
time.sleep(1)
p.send_signal(signal.SIGCONT)
p.communicate()
tap.check('stopped and continued: goes on', p.returncode == 0, p.returncode)
is_whole(out, FEW, 'stopped and continued')

out = path('full')
done = run(out, '--input', few, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40000, resource.RLIM_INFINITY)))
tap.check('no more room: 74', done.returncode == 74 and 'File too large' in done.stderr, f'{done.returncode} {done.stderr}')
tap.check('no more room: what is there is whole', 0 < len(results(out)) < 60 and unpacked(out).endswith(b'}\n'), unpacked(out)[-100:])
run(out, '--input', few)
is_whole(out, FEW, 'no more room')
out = path('full.gz')
done = run(out, '--input', few, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY)))
tap.check('no more room, packed: 74', done.returncode == 74, f'{done.returncode} {done.stderr}')
run(out, '--input', few)
is_whole(out, FEW, 'no more room, packed')

# ---- what stands at the end of the file

out = path('torn')
done = run(out, '--input', few)
whole = unpacked(out).splitlines(keepends=True)
for what, text in (('half a record', b''.join(whole[:30]) + whole[30][:200]), ('no line end', b''.join(whole[:30])[:-1]), ('an empty line', b''.join(whole[:30]) + b'\n'),
                   ('zeros, as a crash of the machine leaves them', b''.join(whole[:30]) + bytes(3000)), ('an older summary in the middle', b''.join(whole[:20]) + whole[-1] + b''.join(whole[20:30]))):
    with open(out, 'wb') as file:
        file.write(text)
    done = run(out, '--input', few)
    tap.check(f'{what}: goes on', done.returncode == 0, done.stderr)
    told = sorted((r['line'], r['target']) for r in map(json.loads, (line for line in unpacked(out).splitlines() if line.strip(b'\0'))) if r['type'] == 'result')
    tap.check(f'{what}: all are there, once', told == FEW, told)
for size in ([1, 9, 40] if TARGETS < 1000 else range(1, 60)):
    out = path('cut.gz')
    with open(path('torn'), 'rb') as file:
        packed = b''.join(gzip.compress(piece) for piece in (b''.join(whole[:10]), b''.join(whole[10:20])))
    with open(out, 'wb') as file:
        file.write(packed[:-size])
    done = run(out, '--input', few)
    is_whole(out, FEW, f'a member of gzip that lacks {size} octets')

# ---- another list, other options, another file

out = path('other')
run(out, '--input', few)
content = unpacked(out)
changed = path('changed', ''.join(name + '\n' for name in names[1:61]))


def refused(what, status, words, *more, out=out):
    kept = unpacked(out)
    done = run(out, *more)
    tap.check(f'{what}: {status}, and nothing is touched', done.returncode == status and words in done.stderr and unpacked(out) == kept, f'{done.returncode} {done.stderr}')


refused('another list', 65, 'other targets', '--input', changed)
refused('other targets', 65, 'other targets', 'a.example', '--input', few)
refused('other options', 65, 'other options', '--input', few, '--quit-after', 'mail')
refused('... one more', 65, 'there no more, here --all', '--input', few, '--all')
done = run(out, '--input', few, '--concurrency', '3', '-q', '--dns-concurrency', '9')
tap.check('options that change no question may differ', done.returncode == 0, done.stderr)
refused('no records', 65, 'no run in it', '--input', few, out=path('foreign', 'precious\n'))
refused('no records, and no end of a line', 65, 'no run in it', '--input', few, out=path('foreign-line', 'precious'))
for number in (9223372036854775807, 4000000000):
    refused(f'a result of line {number}', 65, 'of which line', '--input', few, out=path(f'line-{number}', open(out).readline() + json.dumps({'type': 'result', 'schema': 1, 'target': 'x.example', 'line': number}) + '\n'))
refused('of a later version', 65, 'a later version (9.0)', '--input', few, out=path('later', '{"type":"run","schema":7,"version":"9.0","started":"2030-01-01T00:00:00.000Z","options":[],"nameservers":[]}\n'))
refused('without lines', 65, 'an earlier version', '--input', few, out=path('earlier', content.decode().splitlines()[0] + '\n' +
                                                                            json.dumps({k: v for k, v in json.loads(whole[5]).items() if k != 'line'}) + '\n'))
done = run(out, '--input', changed, '--force')
told = {(r['line'], r['target']) for r in results(out)}
tap.check('--force: of another list, what is the same in the same place is done', done.returncode == 0 and set(enumerate(names[1:61], 1)) <= told and len(results(out)) == 120, f'{done.returncode} {done.stderr} {len(told)}')
for what, words in (('no file', ['probe', '--json', '--resume', names[0]]), ('no records', ['probe', '--resume', '-o', path('x'), names[0]]),
                    ('a part', ['probe', '--json', '--resume', '-o', path('x'), '--only', 'refused', names[0]])):
    done = subprocess.run([MXWALK, *words], capture_output=True, text=True)
    tap.check(f'--resume, {what}: 64', done.returncode == 64 and '--resume: ' in done.stderr, done.stderr)
out = path('locked')
p = start(out, '--input', LIST)
until(out, 1)
done = run(out, '--input', LIST)
tap.check('two at once: the second does nothing', done.returncode == 73 and 'another run' in done.stderr, f'{done.returncode} {done.stderr}')
p.kill()
p.communicate()

# ---- lists of other kinds

out = path('piped')
lines = ''.join(name + '\n' for name in names[:60])
done = run(out, '--input', '-', input=lines, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (40000, resource.RLIM_INFINITY)))
first = len(results(out))
done = run(out, '--input', '-', input=lines)
tap.check('a pipe: goes on when it says the same again', 0 < first < 60 and done.returncode == 0, f'{first} {done.returncode} {done.stderr}')
is_whole(out, FEW, 'a pipe')
done = run(out, '--input', '-', input=''.join(name + '\n' for name in names[1:61]))
tap.check('... and stops when it says something else', done.returncode == 65 and re.search(r'target \d+ is d\d+\.example, and was another', done.stderr) and len(results(out)) == 60 and records(out)[-1].get('stopped') == 'other-list', f'{done.returncode} {done.stderr}')

junk = path('junk', '# a list\n\nd0.example\nnot a target\nD0.EXAMPLE\nd1.example\n' + 'x' * 5000 + '\nd0.example.\nd2.example\n')
JUNK = [(3, 'd0.example'), (5, 'D0.EXAMPLE'), (6, 'd1.example'), (8, 'd0.example.'), (9, 'd2.example')]
for keep in range(6):
    out = path(f'junk{keep}')
    done = run(out, '--input', junk)
    lines = [line for line in unpacked(out).splitlines(keepends=True) if b'"type":"result"' in line or b'"type":"run"' in line]
    with open(out, 'wb') as file:
        file.write(b''.join(lines[:1 + keep]))
    before = len(fleet.recipients)
    done = run(out, '--input', junk)
    told = sorted((r['line'], r['target']) for r in results(out))
    tap.check(f'junk and doubles, of which {keep} were told: each once', told == JUNK and {r['status'] for r in results(out)} == {'accepted'}, told)
    tap.check('... and no domain is walked twice', len(fleet.recipients) - before <= 3 - len({r['domain'] for r in map(json.loads, lines[1:1 + keep])}), before)

# ---- --ordered

mixed = path('mixed', open(junk).read() + ''.join(name + '\n' for name in names[:60]))
out = path('ordered')
done = run(out, '--input', mixed, '--ordered')
told = [r['line'] for r in results(out)]
tap.check('--ordered: in the order of the list', told == sorted(told) and len(told) == 65, f'{done.returncode} {told}')
p = start(out + '2', '--input', mixed, '--ordered')
until(out + '2', 8)
p.send_signal(signal.SIGINT)
p.communicate()
told = [r['line'] for r in results(out + '2')]
tap.check('... broken off, too', told == sorted(told), told)
done = run(out + '2', '--input', mixed, '--ordered')
tap.check('... and gone on with: each once', sorted(r['line'] for r in results(out + '2')) == sorted(r['line'] for r in results(out)), done.stderr)

two = ['--source', '127.0.0.1', '--source', '127.0.0.2', '--source', '127.0.0.1']
out = path('sources')
p = start(out, '--input', few, *two)
until(out, 20)
p.kill()
p.communicate()
done = run(out, '--input', few, *two)
told = [(r['line'], r['source']) for r in results(out)]
tap.check('from several addresses: each from each', done.returncode == 0 and sorted(told) == sorted((line, source) for line, _ in FEW for source in ('127.0.0.1', '127.0.0.2', '127.0.0.1')), f'{done.returncode} {len(told)} {done.stderr}')
tap.done()
