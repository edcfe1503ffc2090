"""A domain whose servers say as much as they may, at many addresses: its record is one whole line and says what is left out, the records around it are whole, and memory stays bounded (8.4.2)."""
import json
import os
import resource
import socket
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, problems

HOSTS, EACH = 32, 16
WORK = tap.folder('record_max')


def reply(code, octet, lines=16, each=4000):
    return b''.join(b'%d-' % code + octet * each + b'\r\n' for _ in range(lines - 1)) + b'%d ' % code + octet * each + b'\r\n'


def serve(listener, octet):
    def play(connection):
        try:
            lines = connection.makefile('rb')
            connection.sendall(reply(220, octet))
            lines.readline()
            connection.sendall(reply(450, octet))
            lines.readline()
            connection.sendall(reply(221, octet))
            connection.close()
        except OSError:
            pass
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=play, args=(connection,), daemon=True).start()


def start(octet):
    """Servers at HOSTS x EACH addresses of one port: that port."""
    first = socket.create_server(('127.61.0.1', 0))
    port = first.getsockname()[1]
    for host in range(HOSTS):
        for i in range(1, EACH + 1):
            listener = first if (host, i) == (0, 1) else socket.create_server((f'127.61.{host}.{i}', port))
            threading.Thread(target=serve, args=(listener, octet), daemon=True).start()
    return port


book = os.path.join(WORK, 'book')
with open(book, 'w') as f:
    def question(name, type, *data):
        f.write(json.dumps({'name': name, 'type': type, 'rcode': 'NOERROR', 'ttl': 60, 'data': list(data)}) + '\n')
    question('evil.example', 'MX', *[f'10 mx{h}.evil.example' for h in range(HOSTS)])
    for h in range(HOSTS):
        question(f'mx{h}.evil.example', 'A', *[f'127.61.{h}.{i}' for i in range(1, EACH + 1)])
    question('fine.example', 'MX', '10 mx0.fine.example')
    question('mx0.fine.example', 'A', '127.61.0.1')


def walk(port, *args):
    out = os.path.join(WORK, 'out')
    command = [MXWALK, 'probe', '--dns-replay', book, '--allow-private', '--port', str(port), '--ehlo', 'me.example',
               '--from', 'a@good.example', '--no-dnsbl', '--timeout', '5s', '--concurrency', '1', *args, 'evil.example', 'fine.example']
    with open(out, 'wb') as file:
        child = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE)
        err = child.stderr.read()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    return child.returncode, open(out, 'rb').read(), err, usage.ru_maxrss / 1024


base = walk(1, '--json')[3]
for what, octet in (('control characters', b'\x01'), ('letters', b'x'), ('octets that are no UTF-8', b'\xff')):
    port = start(octet)
    for args in (['--json'], ['--json', '--all']):
        status, out, err, memory = walk(port, *args)
        lines = out.split(b'\n')
        records, broken = [], lines[-1] and ['no line end'] or []
        for line in lines[:-1]:
            try:
                records.append(json.loads(line))
            except ValueError as e:
                broken.append(f'{len(line)} octets: {e}')
        name = f'{what}, {" ".join(args)}'
        results = [r for r in records if r['type'] == 'result']
        tap.check(f'{name}: every line is a record', not broken and not any(problems(r) for r in records), broken)
        tap.check(f'{name}: one for each target', sorted(r['target'] for r in results) == ['evil.example', 'fine.example'] and records[-1]['type'] == 'summary', results)
        tap.check(f'{name}: none is over 8 MiB', max(map(len, lines)) <= 8 * 1024 * 1024, [len(line) for line in lines])
        evil = next(r for r in results if r['target'] == 'evil.example')
        tap.check(f'{name}: what decided is there', evil['status'] == 'deferred' and len(evil['reply']['lines']) == 16, evil['status'])
        tap.check(f'{name}: what does not decide is cut, and marked', all('cut' in a['greeting']['flags'] and sum(map(len, a['greeting']['lines'])) <= 4096 for a in evil['attempts']), '')
        tap.check(f'{name}: what was not asked is counted', len(evil['attempts']) + evil['untried'] == HOSTS * EACH or evil.get('cut'), (len(evil['attempts']), evil['untried']))
        tap.check(f'{name}: memory is bounded ({memory - base:.0f} MiB over that of an idle run)', memory - base < 40, memory)
        tap.check(f'{name}: status', status == 2, status)
    for args in (['--color', 'never'], ['-v', '--all'], ['--format', 'nagios', '--all']):
        status, out, err, memory = walk(port, *args)
        tap.check(f'{what}, {" ".join(args)}: both targets are told ({memory - base:.0f} MiB)', b'evil.example: deferred' in out and b'fine.example: deferred' in out and memory - base < 60, f'{status} {err} {memory} {out[:300]}')
tap.done()
