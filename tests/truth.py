"""What people are told where something is not known, not asked, or only inferred: it has to say so."""
import concurrent.futures
import os
import pty
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run

home = tap.folder('truth')
DEAD = ['--nameserver', '127.0.0.1:9', '--timeout-dns', '1']


def run(*args, **how):
    how.setdefault('env', {k: v for k, v in os.environ.items() if k != 'MXWALK_CONFIG'})
    r = Run(*args, **how)
    if '--json' in args:
        r.ndjson()
    return r


def say(r):
    """The text, with its line breaks and indents made one space."""
    return re.sub(r'\s+', ' ', r.out + r.err)


def told(name, r, *words, status=None):
    """`words` are in its text, or, with ! before them, are not."""
    text = say(r)
    wrong = [w for w in words if (w.lstrip('!') in text) == w.startswith('!')]
    tap.check(name, not wrong and (status is None or r.status == status), f'{wrong}; status {r.status}\n{r.out}{r.err}')


# ---- a look-up that failed, or was not made, is not absent

told('a bare refusal whose look-ups all fail: it is said', run('explain', '--source', '192.0.2.1', *DEAD, '554 5.7.1 rejected'),
     'Whether the address 192.0.2.1 is on zen.spamhaus.org', 'is not known', 'The PTR record of 192.0.2.1 could not be looked up', 'may be the reason')
told('... and a refusal for reverse DNS', run('explain', '--source', '192.0.2.1', *DEAD, '550 no PTR'), 'The PTR record of 192.0.2.1 could not be looked up')
told('... not for an unknown user', run('explain', '--source', '192.0.2.1', *DEAD, '550 5.1.1 user unknown'), '!not known', '!looked up')
for ip, kind in [('192.168.1.5', 'private'), ('127.0.0.1', 'loopback'), ('fe80::1', 'link-local'), ('100.64.0.1', 'shared')]:
    for reply in ['554 5.7.1 rejected', '550 5.7.1 blocked using zen.spamhaus.org', '550 no PTR', '554 5.7.1 access denied']:
        told(f'explain --source {ip}: why it is not asked about ({reply})', run('explain', '--source', ip, *DEAD, reply),
             f'{ip} is a {kind} address, so nothing was looked up about it', '--allow-private asks about this one all the same')
told('... with --allow-private it is asked about', run('explain', '--source', '192.168.1.5', '--allow-private', *DEAD, '554 5.7.1 rejected'),
     'Whether the address 192.168.1.5 is on zen.spamhaus.org', '!nothing was looked up')
# ---- whose resolver is silent

def terminal(*command):
    """When the first word came on a terminal, in seconds, and all of it."""
    began, first, all_of_it = time.monotonic(), None, b''
    fd, their = pty.openpty()
    child = subprocess.Popen([MXWALK, *command], stdin=their, stdout=their, stderr=their)
    os.close(their)
    while True:
        try:
            piece = os.read(fd, 4096)
        except OSError:
            break
        if not piece:
            break
        first = first if first is not None else time.monotonic() - began
        all_of_it += piece
    child.wait()
    os.close(fd)
    return first, all_of_it.decode()


daemon = subprocess.Popen([sys.executable, os.path.join(os.environ['TOP'], 'tests/dnsd.py'), os.devnull, 'normal', 'silent', 'servfail'],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
alive, silent, broken = (f'127.0.0.1:{port}' for port in daemon.stdout.readline().split())
config = os.path.join(home, 'config')
with open(config, 'w', encoding='ascii') as f:
    f.write('nameserver 127.0.0.1:9\n')
MARK = 'o name server has answered'
COMMANDS = {
    'probe': ['probe', '--no-dnsbl', 'silent.example'],
    'check mx': ['check', 'mx', 'silent.example'],
    'check spf': ['check', 'spf', 'silent.example'],
    'check dmarc': ['check', 'dmarc', 'silent.example'],
    'check ptr': ['check', 'ptr', '192.0.2.1'],
    'check dnsbl': ['check', 'dnsbl', '192.0.2.1'],
    'check mx, nagios': ['check', 'mx', '--format', 'nagios', 'silent.example'],
    'check mx, JSON': ['check', 'mx', '--json', 'silent.example'],
    'self': ['self', '--public-ip', '8.8.8.8'],
    'self, JSON': ['self', '--public-ip', '8.8.8.8', '--json'],
    'explain': ['explain', '--source', '192.0.2.1', '554 5.7.1 rejected'],
}
WATCHED = [['check', 'mx', 'a.example'], ['self', '--public-ip', '8.8.8.8'], ['explain', '--source', '192.0.2.1', '554 no']]
jobs = {}
with concurrent.futures.ThreadPoolExecutor(40) as pool:
    servfail = pool.submit(run, 'check', 'mx', 'a.example', '--nameserver', broken, '--timeout-dns', '2')
    for what, command in COMMANDS.items():
        jobs[what, 'given'] = pool.submit(run, *command, '--nameserver', silent, '--timeout-dns', '1')
        jobs[what, 'file'] = pool.submit(run, *command, '--config', config, '--timeout-dns', '1')
        jobs[what, 'own'] = pool.submit(run, *command, '--nameserver', alive, '--timeout-dns', '1')
    for command in WATCHED:
        jobs[command[0], 'watched'] = pool.submit(terminal, *command, '--nameserver', silent, '--timeout-dns', '2')
for what in COMMANDS:
    told(f'{what}: a silent resolver is named, and where it is from', jobs[what, 'given'].result(), MARK, f'{silent} (--nameserver)', status=0 if what == 'explain' else 3)
    told(f'{what}: ... as a file names it', jobs[what, 'file'].result(), MARK, f'127.0.0.1:9 (nameserver, in {config})', '!--nameserver)')
    if 'silent.example' in COMMANDS[what]:
        told(f'{what}: ... and is not blamed for a domain whose own servers are silent', jobs[what, 'own'].result(), '!' + MARK, status=3)
    else:
        told(f'{what}: ... and not blamed where it answers', jobs[what, 'own'].result(), '!' + MARK)
told('a resolver that answers by SERVFAIL alone is not silent', servfail.result(), '!' + MARK, 'SERVFAIL')

for command in WATCHED:
    first, text = jobs[command[0], 'watched'].result()
    tap.check(f'{" ".join(command[:2])}: life on the terminal within 2 s', first is not None and first < 2 and 'waiting for the DNS' in text
              and f'{silent} (--nameserver)' in text, f'{first}\n{text}')
daemon.stdin.close()
tap.done()
