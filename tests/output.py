#!/usr/bin/env python3
"""Where results go and which: files that hold something, slow pipes, the terminal beside a file, --only, -q with a list."""
import fcntl
import json
import os
import pty
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run, probe

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

home = tap.folder('output')
GOOD, BAD = 'accept.lab.example', 'greeting-554.lab.example'


def path(name, text=None):
    where = os.path.join(home, name)
    if text is not None:
        with open(where, 'w', encoding='utf-8') as f:
            f.write(text)
    return where


def content(where):
    with open(where, encoding='utf-8') as f:
        return f.read()


# What is there is not wiped.
old = path('old.ndjson', 'precious\n')
run = Run('probe', '--json', '-o', old, GOOD)
tap.check('a file that holds something: status 73', run.status == 73, run.status)
tap.check('... is named, and how to write over it', f'{old}: ' in run.err and '--force' in run.err, run.err)
tap.check('... is as it was', content(old) == 'precious\n', content(old))
run = Run('probe', '--json', '--force', '-o', old, GOOD)
tap.check('--force writes over it', run.status == 0 and 'precious' not in content(old) and json.loads(content(old).splitlines()[0])['type'] == 'run', content(old))
for command in (['self'], ['explain', '554 no'], ['check', 'mx', GOOD]):
    run = Run(*command, '-o', old)
    tap.check(f'{command[0]} does not write over it either', run.status == 73, run.err)
run = Run('probe', '-o', path('empty', ''), GOOD)
tap.check('an empty file is written', run.status == 0 and GOOD in content(path('empty')), run.err)
run = Run('probe', '-o', path('new'), GOOD)
tap.check('a new one, too', run.status == 0 and GOOD in content(path('new')), run.err)
for device in ('/dev/null', '/dev/stdout'):
    run = Run('probe', '-o', device, GOOD)
    tap.check(f'{device} is no file that could hold something', run.status == 0, run.err)
os.mkfifo(path('fifo'))
reader = subprocess.Popen(['cat', path('fifo')], stdout=subprocess.PIPE)
run = Run('probe', '-o', path('fifo'), GOOD)
tap.check('nor is a pipe with a name', run.status == 0 and GOOD.encode() in reader.communicate()[0], run.err)

for command in (['probe', GOOD], ['self', '--from', 'a@sender.example'], ['check', 'mx', GOOD]):
    book = path('book-' + command[0], 'precious\n')
    run = Run(*command, '--dns-record', book)
    tap.check(f'{command[0]} --dns-record: a file that holds something: status 73', run.status == 73 and f'{book}: ' in run.err and '--force' in run.err, (run.status, run.err))
    tap.check('... is as it was', content(book) == 'precious\n', content(book))
    run = Run(*command, '--dns-record', book, '--force')
    tap.check('... but for --force', run.status < 64 and 'precious' not in content(book) and content(book), (run.status, run.err))

# A slow pipe that somebody made non-blocking.
receive, send = os.pipe()
fcntl.fcntl(send, fcntl.F_SETFL, fcntl.fcntl(send, fcntl.F_GETFL) | os.O_NONBLOCK)
p = subprocess.Popen([MXWALK, 'explain', '--json', '--list-rules'], stdout=send, stderr=subprocess.PIPE)
os.close(send)
time.sleep(0.5)
got = b''
while piece := os.read(receive, 4096):
    got += piece
    if len(got) < 65536:
        time.sleep(0.01)
tap.check('a slow pipe that does not block is waited for', p.wait() == 0 and len(got) > 65536 and got.endswith(b'}\n'), (p.returncode, len(got), p.stderr.read()))


def on_terminal(*arguments):
    """What a terminal shows of it, standard error and output alike."""
    ours, theirs = pty.openpty()
    p = subprocess.Popen([MXWALK, *arguments], stdout=theirs, stderr=theirs, stdin=subprocess.DEVNULL)
    os.close(theirs)
    shown = b''
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:
        pass
    p.wait()
    return shown.decode('utf-8', 'replace')


names = path('list', f'{GOOD}\n{BAD}\n{GOOD.upper()}\n')
shown = on_terminal('probe', '--input', names, '--json', '-o', path('o1'))
tap.check('with -o the terminal has the summary', '3 targets: 2 accepted, 1 refused; 1 of them by the walk of another\n' in shown.replace('\r', ''), shown)
shown = on_terminal('probe', '--input', names, '-q', '--json', '-o', path('o2'))
tap.check('... but for -q', shown == '', shown)

# Which are told.
run = probe('--input', names, '--only', 'refused,deferred')
tap.check('--only: NDJSON', [r['target'] for r in run.results()] == [BAD], run.out)
tap.check('--only: all are counted', run.records[-1]['targets'] == 3, run.records[-1])
tap.check('--only: the exit status is that of all', run.status == 1, run.status)
run = probe('--input', names, '--only', 'accepted', '--only', 'SKIPPED')
tap.check('--only, twice', sorted(r['target'] for r in run.results()) == sorted([GOOD, GOOD.upper()]), run.out)
run = Run('probe', '--input', names, '--only', 'accepted')
tap.check('--only: text', f'{GOOD} ' in run.out and f'{BAD} ' not in run.out, run.out)
run = Run('probe', '--input', names, '--only', 'fine')
tap.check('--only fine', run.status == 64 and 'accepted, refused' in run.err, run.err)
run = Run('probe', '-q', '--input', names)
tap.check('-q with a list: trouble, and nothing else', run.out.startswith(BAD) and f'{GOOD} ' not in run.out and 'targets' not in run.out, run.out)
run = Run('probe', '-q', GOOD)
tap.check('-q with a target: its verdict', run.out.startswith(GOOD), run.out)
run = Run('probe', '-q', '--json', '--input', names).ndjson()
tap.check('-q with a list, for programs: all', len(run.results()) == 3, run.out)
tap.done()
