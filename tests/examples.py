"""Every command line of the manual, of the README and of `mxwalk help` is run, in an empty folder: a file that one needs is made by one before. In the manual each example stands behind its exit statuses: '.\\" status 1', then '.Dl mxwalk ...'.
In the README what stands between ```console and ``` is a session: '$ ' before a command, and behind it what it says, to the letter but for ports and times."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, TOP

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

home = tap.folder('examples')
os.environ.pop('NO_COLOR', None)
os.chdir(home)
tap.check('a command in the lab finds mxwalk', os.path.realpath(shutil.which('mxwalk') or '') == os.path.realpath(MXWALK), shutil.which('mxwalk'))


def duckdb():
    """Debian has no DuckDB: where bootstrap has put npm's, a script of its name stands for the program."""
    modules = os.path.join(TOP, 'build/node/node_modules')
    if shutil.which('duckdb') or not shutil.which('node') or not os.path.isdir(os.path.join(modules, '@duckdb')):
        return
    folder = tap.folder('duckdb')
    with open(os.path.join(folder, 'duckdb'), 'w') as f:
        f.write(f'#!/bin/sh\nexec node {TOP}/tests/duckdb.mjs {modules} "$@"\n')
    os.chmod(f.name, 0o755)
    os.environ['PATH'] += ':' + folder


duckdb()


def run(command):
    return subprocess.run(['sh', '-c', command], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120)


def plain(line):
    return line.replace('\\(aq', "'").replace('\\e', '\\').replace('\\&', '').replace('\\-', '-')


def tried(what, command, wanted):
    p = run(command)
    tap.check(f'{what}: {command}', p.returncode in wanted, f'status {p.returncode}, not {wanted}\n{p.stderr}{p.stdout[:500]}')


def manual(page):
    wanted, text = [], open(os.path.join(TOP, 'man', page)).read()
    for line in text.splitlines():
        if line.startswith('.\\" status '):
            wanted = [int(word) for word in line.split()[2:]]
        elif line.startswith('.Dl '):
            tried(page, plain(line[4:].strip()), wanted)
            wanted = []
    for command in sorted(set(re.findall(r'^\.(?:Ic|Dl) (mxwalk .*?)(?: [.,:;])?$', text, re.M) if page.endswith('1') else [])):
        if text.count(f'.Dl {command}\n') == 0:  # in a sentence
            tried(f'{page}, in the text', plain(command).replace('lab -- sh', 'lab -- sh -c true'), [0, 65])
    for query in re.findall(r'^(jq .*?)\n\.Ed', text, re.M | re.S):
        if not shutil.which('jq'):
            tap.skip(f'{page}: jq', 'there is no jq here')
            continue
        tried(page, 'mxwalk --json -o results.ndjson greeting-554.lab.example', [1])
        p = run(plain(query))
        os.unlink('results.ndjson')
        tap.check(f'{page}: {query.split()[0]}', p.returncode == 0 and p.stdout.split('\t') == ['greeting-554.lab.example', '554', 'ip-blocklist\n'], p.stdout + p.stderr)


def helped():
    """The examples of `mxwalk help`, with names that the lab has."""
    text = run('mxwalk help').stdout
    lines = re.findall(r'^  (mxwalk .*)\n      ', text, re.M)
    tap.check('mxwalk help has examples', len(lines) >= 5, text)
    run("echo accept.lab.example >domains.txt; rm -f results.ndjson")
    for line in lines:
        for name, lab in (('@example.com', '@accept.lab.example'), (' example.com', ' accept.lab.example'), ('me@example.org', 'me@clean.sender.example --source 127.0.1.1')):
            line = line.replace(name, lab)
        tried('mxwalk help', line, [1] if 'greeting-554' in line else [0])


# What the manual says of errors: a line that has it, and how it ends.
DIAGNOSTICS = {
    '--port 70000: not a port (1 to 65535)': ('mxwalk --port 70000 accept.lab.example', 64),
    'mxwalk.conf:3: frobnicate: no such option': ("printf '#\\n#\\nfrobnicate\\n' >mxwalk.conf; mxwalk --config mxwalk.conf accept.lab.example", 64),
    'targets.txt:17: a..b: ...': ("{ yes accept.lab.example | head -n 16; echo a..b; } >targets.txt; mxwalk --input targets.txt", 65),
    'standard output: Broken pipe': ('{ mxwalk -v accept.lab.example; echo "status $?" >&2; } | :', None)}


def diagnostics():
    text = open(os.path.join(TOP, 'man', 'mxwalk.1')).read()
    said = re.findall(r'^\.It "(.*)"$', text[text.index('.Sh DIAGNOSTICS'):], re.M)
    tap.check('mxwalk.1, DIAGNOSTICS: each is tried', sorted(said) == sorted(DIAGNOSTICS), said)
    for words, (command, status) in DIAGNOSTICS.items():
        p = run(command)
        right = 'status 74' in p.stderr if status is None else p.returncode == status
        tap.check(f'mxwalk.1, DIAGNOSTICS: {words}', right and f"mxwalk: {words.removesuffix('...')}" in p.stderr, f'status {p.returncode}\n{p.stderr}')


def normal(text):
    text = re.sub(r'\[?([0-9.]+|[0-9a-f:]+)\]:\d+', r'[\1]:PORT', text)
    text = re.sub(r'127\.0\.0\.1:\d+', '127.0.0.1:PORT', text)
    text = re.sub(r'127\.10\.\d+\.\d+', '127.10.N.N', text)  # moves with each domain that the lab gets
    text = re.sub(r'time=[0-9.]+s', 'time=T', text)
    text = re.sub(r'message-id <[0-9a-f]+@', 'message-id <ID@', text)
    text = re.sub(r'at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}', 'at TIME', text)
    return '\n'.join(sorted(line.rstrip() for line in text.strip().splitlines()))  # results come as they are found: in any order


def readme():
    text = open(os.path.join(TOP, 'README.md')).read()
    run('rm -f domains.txt')
    sessions = re.findall(r'```console\n(.*?)```', text, re.S)
    tap.check('the README has sessions', len(sessions) >= 3, len(sessions))
    for session in sessions:
        for step in re.split(r'^\$ ', session, flags=re.M)[1:]:
            command, _, said = step.partition('\n')
            if command.startswith(('./bootstrap', 'git ', 'make', './configure', 'autoreconf')):
                continue  # these were run, or no test would be
            missing = [tool for tool in ('jq', 'sqlite3', 'duckdb') if tool in command.split() and not shutil.which(tool)]
            if missing:
                tap.skip(f'README: {command}', f'there is no {missing[0]} here')
                continue
            p = run(command)
            tap.check(f'README: {command}', normal(p.stdout + p.stderr) == normal(said), f'{p.stdout}{p.stderr}')


    for option in sorted(set(re.findall(r'`[^`]*?(--[a-z][a-z-]*)', re.sub(r'```.*?```', '', text, flags=re.S)))):
        tap.check(f'README: {option} is an option', f'\t{option}\t' in run('mxwalk help --options').stdout or option == '--list', option)
    steps = re.findall(r'^(\./bootstrap \w+)', text, re.M)
    usage = open(os.path.join(TOP, 'bootstrap')).read()
    tap.check('README: each step of bootstrap is in its head', steps and all(f'#   {step} ' in usage for step in steps), steps)


for page in sorted(os.listdir(os.path.join(TOP, 'man'))):
    if page[-1].isdigit():
        manual(page)
helped()
diagnostics()
readme()
tap.done()
