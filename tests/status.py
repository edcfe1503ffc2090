#!/usr/bin/env python3
"""What a person sees of a long run: SIGUSR1, a line now and then where there is no terminal, --status-file; and a run within
slow pipes, clocks that step, and lists full of junk."""
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from fleet import Fleet
from records import MXWALK, problems

folder = tap.folder('status')
fleet = Fleet(6, pause=0.04)
names = fleet.write(folder, 120)
USUAL = ['probe', '--json', *fleet.options(folder), '--concurrency', '6', '--quit-after', 'rcpt', '--input', os.path.join(folder, 'list')]
STATUS = os.path.join(folder, 'status')
LINE = re.compile(r'mxwalk: (\d+)/120 \d+%(, [0-9.]+k? (accepted|refused|deferred|undetermined))*, \d+ under way, [0-9.]+/s(, \d+[smh]\w* left.*)?$')


def start(*words, **more):
    return subprocess.Popen([MXWALK, *USUAL, *words], **{'stdin': subprocess.DEVNULL, 'stdout': subprocess.PIPE, 'stderr': subprocess.PIPE, 'text': True, **more})


# SIGUSR1, and the file.
p = start('-o', os.path.join(folder, 'out'), '--status-file', STATUS)
seen, broken, asked = [], [], 0
while p.poll() is None:
    try:
        text = open(STATUS).read()
        seen.append(json.loads(text))
    except FileNotFoundError:
        pass
    except ValueError:
        broken.append(text)
    if seen and len(seen) % 40 == 1 and asked < 5:
        p.send_signal(signal.SIGUSR1)
        asked += 1
    time.sleep(0.01)
_, err = p.communicate()
lines = err.splitlines()
tap.check('SIGUSR1: where it stands, a line each time', 1 <= len(lines) <= asked and all(LINE.match(line) and len(line) <= 100 + len('mxwalk: ') for line in lines), err)
tap.check('--status-file: whole at any time', not broken and len(seen) > 20, broken[:3])
tap.check('... as the schema has it', not [p for s in seen for p in problems(s)], [p for s in seen for p in problems(s)][:3])
done = [s['done'] for s in seen]
tap.check('... goes on', done == sorted(done) and len(set(done)) > 2, done)
last = json.load(open(STATUS))
tap.check('... and says in the end that it is one', last['done'] == last['total'] == 120 and last['exit'] == 0 and last['status']['accepted'] == 120 and last['under_way'] == 0, last)
tap.check('... before, it does not', all('exit' not in s for s in seen if s['done'] < 120), seen[0])
tap.check('nothing is left beside it', sorted(os.listdir(folder)) == ['book', 'list', 'out', 'status'], os.listdir(folder))
done = subprocess.run([MXWALK, *USUAL, '--status-file', '/nonexistent/status'], capture_output=True, text=True)
tap.check('a file that cannot be made: 73, before anybody is asked', done.returncode == 73 and '/nonexistent/status' in done.stderr and not done.stdout, done.stderr)
p = start('-q', '-o', os.path.join(folder, 'out2'), '--status-file', STATUS)
time.sleep(0.5)
p.send_signal(signal.SIGINT)
_, err = p.communicate()
last = json.load(open(STATUS))
tap.check('broken off: so it says', last['exit'] == 130 == p.returncode and last['done'] < 120 and not err, f'{last} {err}')

# What is somebody else's is left alone: files, pipes, links, and what lies beside.
other, pipe, link = (os.path.join(folder, name) for name in ('other', 'pipe', 'link'))
open(other, 'w').write('precious')
os.mkfifo(pipe)
os.symlink(other, link)
os.symlink(other, os.path.join(folder, 'fresh.new'))
for name in (other, pipe, link, folder):
    done = subprocess.run([MXWALK, 'probe', '--status-file', name, '[127.0.0.1]:1'], capture_output=True, text=True)
    tap.check(f'--status-file {os.path.basename(name)}: 73, and it is as it was', done.returncode == 73 and os.path.basename(name) in done.stderr and open(other).read() == 'precious' and os.path.islink(link) and not os.path.isfile(pipe), f'{done.returncode} {done.stderr}')
subprocess.run([MXWALK, 'probe', '--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--status-file', os.path.join(folder, 'fresh'), '[127.0.0.1]:1'], capture_output=True)
tap.check('what lies beside it is not written', open(other).read() == 'precious' and '"progress"' in open(os.path.join(folder, 'fresh')).read())

# A pipe whose reader is slow, and one whose reader goes away.
p = start(stdout=subprocess.PIPE, text=False)
got = b''
while piece := os.read(p.stdout.fileno(), 3000):
    got += piece
    time.sleep(0.002)
p.wait()
tap.check('a slow reader: all comes', p.returncode == 0 and got.count(b'"type":"result"') == 120, f'{p.returncode} {len(got)}')
p = start()
p.stdout.readline()
p.stdout.close()
began = time.time()
p.wait(30)
tap.check('the reader goes away: 74, soon', p.returncode == 74 and time.time() - began < 5, f'{p.returncode} {time.time() - began}')
tap.done()
