"""Every command line of the manual and of the README is run. In the manual each example stands behind its exit statuses: '.\\" status 1', then '.Dl mxwalk ...'.
In the README what stands between ```console and ``` is a session: '$ ' before a command, and behind it what it says, to the letter but for ports and times."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, TOP

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

home = tap.folder('examples')
os.symlink(MXWALK, os.path.join(home, 'mxwalk'))
os.environ['PATH'] = home + ':' + os.environ['PATH']
os.environ.pop('NO_COLOR', None)
os.chdir(home)
open('mail.log', 'w').write('Nov 24 03:12:01 mx postfix/smtp[99]: 4D1: to=<a@b.example>, relay=mx.b.example[192.0.2.7]:25, delay=1, dsn=5.7.1, status=bounced '
                            '(host mx.b.example[192.0.2.7] said: 554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org (in reply to RCPT TO command))\n')
open('domains.txt', 'w').write('# before the campaign\naccept.lab.example\ngreeting-554.lab.example\nmx-null.lab.example\n')
open('reply.txt', 'w').write('554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org\n')


def run(command):
    return subprocess.run(['sh', '-c', command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def manual(page):
    wanted = []
    for line in open(os.path.join(TOP, 'man', page)):
        if line.startswith('.\\" status '):
            wanted = [int(word) for word in line.split()[2:]]
        elif line.startswith('.Dl '):
            command = line[4:].strip().replace('\\(aq', "'").replace('\\e', '\\').replace('\\&', '')
            p = run(command)
            tap.check(f'{page}: {command}', p.returncode in wanted and 'not built yet' not in p.stderr, f'status {p.returncode}, not {wanted}\n{p.stderr}{p.stdout[:500]}')
            wanted = []


def normal(text):
    text = re.sub(r'\[?([0-9.]+|[0-9a-f:]+)\]:\d+', r'[\1]:PORT', text)
    text = re.sub(r'127\.0\.0\.1:\d+', '127.0.0.1:PORT', text)
    text = re.sub(r'time=[0-9.]+s', 'time=T', text)
    text = re.sub(r'message-id <[0-9a-f]+@', 'message-id <ID@', text)
    text = re.sub(r'at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}', 'at TIME', text)
    return '\n'.join(sorted(line.rstrip() for line in text.strip().splitlines()))  # results come as they are found: in any order


def readme():
    text = open(os.path.join(TOP, 'README.md')).read()
    sessions = re.findall(r'```console\n(.*?)```', text, re.S)
    tap.check('the README has sessions', len(sessions) >= 3, len(sessions))
    for session in sessions:
        for step in re.split(r'^\$ ', session, flags=re.M)[1:]:
            command, _, said = step.partition('\n')
            if command.startswith(('./bootstrap', 'git ', 'make', './configure', 'autoreconf')):
                continue  # these were run, or no test would be
            p = run(command)
            tap.check(f'README: {command}', normal(p.stdout + p.stderr) == normal(said), f'{p.stdout}{p.stderr}')


for page in sorted(os.listdir(os.path.join(TOP, 'man'))):
    if page[-1].isdigit():
        manual(page)
readme()
tap.done()
