"""--format nagios of self, check and report: the statuses, thresholds for what is found, performance data that the plugins' guidelines take, and an end before the monitoring system's."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import MXWALK, Run
from report_records import RUN, finding, sender, write

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))
home = tap.folder('nagios')
WORDS = ('OK', 'WARNING', 'CRITICAL', 'UNKNOWN')
DATUM = re.compile(r"^('[^'=]+'|[^ '=]+)=-?[0-9.]+(s|%|B|c)?(;[^; ]*){0,4}$")


def alarm(name, wanted, *args):
    run = Run(*args)
    first = run.out.split('\n')[0]
    data = first.partition(' | ')[2].split(' ')
    tap.check(f'{name}: {WORDS[wanted]}', run.status == wanted and first.startswith(f'MXWALK {WORDS[wanted]} - ') and run.out.count('|') == 1 and all(DATUM.match(d) for d in data), f'{run.status} {run.out[:600]}{run.err}')
    return dict(d.split('=') for d in data if '=' in d)


LISTED = ('self', '--format', 'nagios', '--source', '127.0.1.2', '--from', 'a@clean.sender.example')
found = alarm('an address on a list', 2, *LISTED)
refuses, warns = int(found['refuses'].split(';')[0]), int(found['warns'].split(';')[0])
tap.check('… how many lists, and what else', found['listed'] == '1;;' and refuses > 0, found)
for args, wanted in ((('--crit-refused', '100', '--warn-refused', '100'), 1 if warns else 0), (('--crit-refused', str(refuses - 1)), 2), (('--warn-refused', '0', '--crit-refused', '50'), 1),
                     (('--warn-refused', '90', '--warn-deferred', '90', '--warn-undetermined', '90', '--crit-listed', '0'), 2), (('--warn-refused', '90', '--warn-deferred', '90', '--warn-undetermined', '90', '--warn-listed', '0', '--crit-listed', '3'), 1),
                     (('--warn-refused', '90', '--warn-deferred', '90', '--warn-undetermined', '90', '--warn-listed', '1'), 0), (('--warn-refused', '90', '--warn-deferred', '90', '--warn-undetermined', '90', '--crit-time', '0.000001'), 2)):
    alarm(f'self {" ".join(args)}', wanted, *LISTED, *args)
alarm('lists that were not asked', 3, *LISTED, '--no-dnsbl', '--warn-refused', '90', '--warn-deferred', '90', '--warn-undetermined', '90', '--warn-listed', '1')
alarm('check: a good one', 0, 'check', 'mx', '--format', 'nagios', 'accept.lab.example')
alarm('check: a bad one', 2, 'check', 'mx', '--format', 'nagios', 'accept.lab.example', 'nxdomain.lab.example')
alarm('check: one of two may be bad', 0, 'check', 'mx', '--format', 'nagios', '--crit-refused', '1', 'accept.lab.example', 'nxdomain.lab.example')
alarm('check: half of them may not', 2, 'check', 'mx', '--format', 'nagios', '--crit-refused', '49%', 'accept.lab.example', 'nxdomain.lab.example')
alarm('check: slow', 1, 'check', 'mx', '--format', 'nagios', '--warn-time', '@0:9', 'accept.lab.example')

# ---- of records
path = os.path.join(home, 'records')
white = sender(listed=('zen.example', 'bl.example'), clean=())
white['dnsbl'].append(dict(white['dnsbl'][0], list='white.example', kind='white'))
write(path, [RUN, white, finding('ptr', 'good')])
tap.check('report: blocklists alone are counted', alarm('report --warn-listed 1', 1, 'report', '--format', 'nagios', '--warn-listed', '1', path)['listed'] == '2;1;')
alarm('report --warn-listed 2', 0, 'report', '--format', 'nagios', '--warn-listed', '2', path)
write(path, [RUN, sender(listed=(), clean=()), finding('ptr', 'good')])
alarm('report: no list answered', 3, 'report', '--format', 'nagios', '--warn-listed', '2', path)

# ---- an end in time
begun = time.monotonic()
fifo = os.path.join(home, 'fifo')
os.mkfifo(fifo)
held = os.open(fifo, os.O_RDWR)
for name, args in (('a server that is silent', ('probe', 'silent-greeting.lab.example')), ('records that never come', ('report', fifo)), ('a name server that is silent', ('check', 'mx', '--timeout-dns', '20s', 'mx-silent.lab.example'))):
    run = Run(*args, '--format', 'nagios', '--timeout-plugin', '1s')
    tap.check(f'{name}: UNKNOWN', (run.status, run.out) == (3, 'MXWALK UNKNOWN - there was no result in time (--timeout-plugin)\n'), f'{run.status} {run.out}{run.err}')
tap.check('… and each ended in time', time.monotonic() - begun < 8)
tap.done()
