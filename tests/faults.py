#!/usr/bin/env python3
"""What goes wrong around a long run, and is never told as a target's fault: a resolver that dies and comes back, one that never
does, a kernel that will not wait for us, too few descriptors, servers that say nothing, lists of junk and of doubles."""
import ctypes
import errno
import json
import os
import platform
import re
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from fleet import Fleet
from records import MXWALK

folder = tap.folder('faults')
fleet = Fleet(40)
names = fleet.write(folder, 400)
LIST = os.path.join(folder, 'list')
USUAL = ['probe', '--json', *fleet.options(folder), '--concurrency', '20']


def file(name, text):
    path = os.path.join(folder, name)
    with open(path, 'w') as out:
        out.write(text)
    return path


def run(*words, usual=USUAL, **more):
    p = subprocess.run([MXWALK, *usual, *words], capture_output=True, text=True, timeout=120, **more)
    return p, [json.loads(line) for line in p.stdout.splitlines()]


def statuses(records):
    count = {}
    for record in records:
        if record['type'] == 'result':
            count[record['status']] = count.get(record['status'], 0) + 1
    return count


# ---- a resolver that dies and comes back


class Resolver(threading.Thread):
    """Answers MX and A out of its head on a port of loopback; closed and opened again at will."""

    def __init__(self):
        super().__init__(daemon=True)
        self.heard = 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.start()

    def close(self):
        old, self.sock = self.sock, None
        old.close()

    def again(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', self.port))

    def run(self):
        while True:
            sock = self.sock
            if sock is None:
                time.sleep(0.01)
                continue
            try:
                sock.settimeout(0.05)
                query, client = sock.recvfrom(4096)
                sock.sendto(self.answer(query), client)
            except OSError:
                continue

    def answer(self, query):
        self.heard += 1
        time.sleep(0.001)
        at, labels = 12, []
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]])
            at += 1 + query[at]
        kind = struct.unpack('!H', query[at + 1:at + 3])[0]
        data, number = None, re.fullmatch(rb'[dm](\d+)', labels[0] if labels else b'')
        if number and kind == 1:
            data = socket.inet_aton(fleet.addresses[int(number[1]) % len(fleet.addresses)])
        if number and kind == 15:  # of d1.example m1.example, which points back to the question's "example"
            data = b'\0\x0a' + bytes([len(labels[0])]) + b'm' + labels[0][1:] + b'\xc0' + bytes([13 + len(labels[0])])
        record = b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 300, len(data)) + data if data else b''
        return query[:2] + b'\x81\x80' + b'\0\1' + (b'\0\1' if data else b'\0\0') + b'\0\0\0\0' + query[12:at + 5] + record


dns = Resolver()
asking = [word for word in USUAL if word not in ('--dns-replay', os.path.join(folder, 'book'))]
p = subprocess.Popen([MXWALK, *asking, '--nameserver', f'127.0.0.1:{dns.port}', '--dns-concurrency', '5', '--input', LIST], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
time.sleep(0.3)
heard = dns.heard
dns.close()
time.sleep(1.5)
dns.again()
out, err = p.communicate(timeout=120)
records = [json.loads(line) for line in out.splitlines()]
tap.check('a resolver that dies and comes back: nobody suffers by it', statuses(records) == {'accepted': 400} and 0 < heard < 800, f'{heard} {statuses(records)} {err[:300]}')
dns.close()
p, records = run('--nameserver', f'127.0.0.1:{dns.port}', '--timeout-dns', '2s', 'd1.example', 'd2.example', usual=asking)
tap.check('one that never does: dns-error, and whose it is', statuses(records) == {'dns-error': 2} and p.returncode == 3 and
          all('no name server has answered anything' in r['note'] for r in records if r['type'] == 'result'), p.stdout)

# ---- a kernel that will not wait for us: a run over a list that goes to a file

EPOLL = {'x86_64': [232, 281, 441], 'aarch64': [22, 441]}.get(platform.machine())


def without_epoll():
    load, equal, give = 0x20, 0x15, 0x06  # of BPF: a word of the call's data; jump if it is that; the verdict
    steps = [(load, 0, 0, 0)]
    for number in EPOLL:
        steps += [(equal, 0, 1, number), (give, 0, 0, 0x00050000 | errno.EBADF)]
    steps.append((give, 0, 0, 0x7fff0000))
    code = ctypes.create_string_buffer(b''.join(struct.pack('HBBI', *step) for step in steps))
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(38, 1, 0, 0, 0)
    program = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(steps), ctypes.addressof(code)))
    libc.prctl(22, 2, program, 0, 0)


out = os.path.join(folder, 'out')
if EPOLL:
    p, _ = run('-o', out, '--input', LIST, '--status-file', out + '.status', preexec_fn=without_epoll)
    told = [json.loads(line) for line in open(out)]
    tap.check('the event loop breaks down over a list: 70, said, all counted', p.returncode == 70 and 'event loop' in p.stderr and told[-1]['type'] == 'summary' and
              told[-1]['targets'] + told[-1]['under_way'] + told[-1]['not_begun'] == 400, f'{p.returncode} {p.stderr} {told[-1]}')
    tap.check('... the status file, too', json.load(open(out + '.status')).get('exit') == 70, open(out + '.status').read())
    p, _ = run('-o', out, '--resume', '--input', LIST)
    told = [json.loads(line) for line in open(out)]
    tap.check('... and can be gone on with', p.returncode == 0 and statuses(told) == {'accepted': 400}, f'{p.returncode} {p.stderr} {statuses(told)}')
else:
    tap.skip('an event loop that breaks down', f'not on {platform.machine()}')

# ---- too few descriptors; no socket for the DNS

if tap.SANITIZED:
    tap.skip('few descriptors', 'a sanitizer wants some of its own')
else:
    p, records = run('--input', LIST, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (16, 30)))
    tap.check('30 descriptors, 16 of them at first: all are asked, fewer at once', p.returncode == 0 and statuses(records) == {'accepted': 400}, f'{p.returncode} {p.stderr} {statuses(records)}')
    for words in (['check', 'mx', 'x.example'], ['check', 'dnsbl', '198.51.100.1', '--allow-private'], ['self', '--source', '127.0.0.1', '--allow-private', '--from', 'a@x.example']):
        p = subprocess.run([MXWALK, *words, '--nameserver', '127.0.0.1:9', '--timeout-dns', '1s'], capture_output=True, text=True, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (6, 6)))
        tap.check(f'no socket to ask the DNS with: {" ".join(words[:2])}: 71, said', p.returncode == 71 and 'no socket' in p.stderr, f'{p.returncode} {p.stderr}')

# ---- servers that accept and say nothing

COUNT = int(os.environ.get('SILENT', 500))
silent = [socket.create_server(('0.0.0.0', 0), backlog=4096) for _ in range(COUNT // 2000 + 1)]  # the kernel accepts for us, so many each
targets = file('silent', ''.join(f'[127.{80 + i // 200}.{i % 200}.1]:{silent[i // 2000].getsockname()[1]}\n' for i in range(COUNT)))
began = time.time()
p, records = run('--timeout', '2s', '--concurrency', str(COUNT), '--input', targets)
tap.check(f'{COUNT} servers that say nothing: each is dropped, and the run ends', statuses(records) == {'dropped': COUNT} and time.time() - began < 20, f'{statuses(records)} {time.time() - began:.1f} {p.stderr[:300]}')
for listener in silent:
    listener.close()

# ---- lists

junk = ['', '#', '# d1.example', 'a b', '@', 'x@', '@x', '[', '[127.0.0.1', 'a' * 64 + '.example', '\x01.example', '-', '.', '..', 'd1..example', '"', '<>', 'http://d1.example/', '*.example', '\ufeff']
lines = []
for i in range(100):
    lines += [names[i]] + junk
p, records = run('--input', file('junk', '\n'.join(lines) + '\n'))
told = [r for r in records if r['type'] == 'result' and r['target'] in names]
tap.check('a list of much junk: what is a target is asked', len(told) == 100 and {r['status'] for r in told} == {'accepted'} and records[-1]['bad_input'] > 1000, f'{len(told)} {records[-1]}')
tap.check('... and each result says its line', all(lines[r['line'] - 1] == r['target'] for r in told), told[:2])
# $LINES lines (1,000,000 by hand), of which a tenth are junk.
LINES = int(os.environ.get('LINES', 100000))
with open(os.path.join(folder, 'long'), 'w') as out:
    for i in range(LINES):
        out.write((junk[8 + i % 10] if i % 10 == 3 else names[i % 300] if i % 2 else names[i % 300].upper()) + '\n')
bad, began = sum(1 for i in range(LINES) if i % 10 == 3), time.time()
p = subprocess.Popen([MXWALK, *USUAL, '-o', os.devnull, '--status-file', os.path.join(folder, 'long.status'), '--input', os.path.join(folder, 'long')], stderr=open(os.path.join(folder, 'long.err'), 'w'))
most = 0
while os.waitid(os.P_PID, p.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
    most = max([most] + [int(line.split()[1]) for line in open(f'/proc/{p.pid}/status') if line.startswith('VmHWM')])
    time.sleep(0.02)
_, status, usage = os.wait4(p.pid, 0)
told, said = json.load(open(os.path.join(folder, 'long.status'))), open(os.path.join(folder, 'long.err')).read()
tap.check(f'{LINES} lines, a tenth of them junk: all others are told, 65', os.waitstatus_to_exitcode(status) == 65 and told['status']['accepted'] == told['done'] == LINES - bad, f'{status} {told}')
tap.check('... the first thousand bad lines are named, and that there are more', len(re.findall(r'/long:\d', said)) == 1000 and 'only the number is told' in said, said[-300:])
tap.check('... in 40 us of CPU each, and 40 MB', tap.SANITIZED or (usage.ru_utime + usage.ru_stime < 1 + LINES * 40e-6 and most < 40000), f'{usage.ru_utime} {usage.ru_stime} {most}')
print(f'# {LINES} lines: {usage.ru_utime + usage.ru_stime:.2f} s of CPU, {time.time() - began:.1f} s, {most} KB')
spellings = ['d5.example', 'D5.example', 'd5.EXAMPLE', 'd5.example.', '"d5.example"', '  d5.example  ', 'd5.example\t', 'u@d5.example', 'v@D5.example', '<w@d5.example>',
             "'d5.example'", 'D5.EXAMPLE.', 'd5.Example', 'y@D5.EXAMPLE', 't@d5.example', 'd5.exampLE', 'd5.ExAmPlE', 'z@d5.example', 'D5.Example.', 'd5.example']
before = sum(fleet.connections.values())
p, records = run('--input', file('same', '\n'.join(spellings) + '\n'))
tap.check('one target in twenty spellings: one connection, twenty results', sum(fleet.connections.values()) - before == 1 and statuses(records) == {'accepted': len(spellings)}, f'{statuses(records)} {p.stderr}')

# ---- --resume over a file of another schema, and one that is no file

p, _ = run('--resume', '-o', file('later', json.dumps({'type': 'run', 'schema': 2, 'version': '9', 'started': '2030-01-01T00:00:00.000Z', 'options': [], 'nameservers': []}) + '\n'), 'd1.example')
tap.check('--resume over a file of another schema: 65', p.returncode == 65 and 'a later version' in p.stderr, f'{p.returncode} {p.stderr}')
p, _ = run('--resume', '-o', folder, 'd1.example')
tap.check('--resume over a folder: 73', p.returncode == 73, f'{p.returncode} {p.stderr}')
tap.done()
