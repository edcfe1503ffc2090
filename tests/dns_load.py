#!/usr/bin/env python3
"""Many domains through nameservers that are slow, lose or fail: what waits in our own queue does not time out, and a failure is not believed at first."""
import os
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, TOP

folder = tap.folder('dns-load')
COUNT = int(os.environ.get('COUNT', 0))


def walk(name, modes, count, most, seconds):
    """All of so many domains, whose mail exchangers have addresses that are left alone; `most` of them may end as dns-error."""
    daemon = subprocess.Popen([sys.executable, os.path.join(TOP, 'tests/dnsd.py'), os.devnull, *modes], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    ports = daemon.stdout.readline().split()
    path = os.path.join(folder, 'domains')
    with open(path, 'w') as file:
        file.writelines(f'd{i}.{name}.test\n' for i in range(count))
    servers = [word for port in ports for word in ('--nameserver', f'127.0.0.1:{port}')]
    began = time.time()
    run = subprocess.run([MXWALK, 'probe', *servers, '--ehlo', 'me.example', '--from', 'a@me.example', '--no-dnsbl', '--json', '--input', path, '--concurrency', str(count)], capture_output=True, text=True, timeout=600)
    took = time.time() - began
    daemon.stdin.close()
    daemon.wait()
    statuses = {}
    for line in run.stdout.splitlines():
        if '"type":"result"' in line:
            status = line.split('"status":"', 1)[1].split('"', 1)[0]
            statuses[status] = statuses.get(status, 0) + 1
    said = f'{statuses} in {took:.1f} s, exit {run.returncode}\n{run.stderr[:500]}'
    print('#', name, said.split('\n')[0])
    tap.check(f'{name}: each of {count} has a result', sum(statuses.values()) == count, said)
    tap.check(f'{name}: at most {most} end as dns-error', statuses.get('dns-error', 0) <= most, said)
    tap.check(f'{name}: in {seconds} s', took < seconds, said)


CASES = [
    # name, nameservers, domains, dns-errors at most, seconds at most
    ('late', ['late-200'], 6000, 0, 90),
    ('fails', ['fails-10'], 2000, 10, 60),
    ('loses', ['loses-30'], 2000, 10, 60),
    ('two-lose', ['loses-30', 'loses-30'], 2000, 10, 60),
    ('one-fails', ['servfail', 'normal'], 2000, 0, 60),
]
for name, modes, count, most, seconds in CASES:
    if len(sys.argv) < 2 or name in sys.argv[1:]:
        walk(name, modes, COUNT or count, most, seconds)
tap.done()
