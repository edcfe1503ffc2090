"""What people are told where something is not known, not asked, or only inferred: it has to say so."""
import concurrent.futures
import fcntl
import os
import pty
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from peer import Peer, talk
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


POOL = concurrent.futures.ThreadPoolExecutor(40)  # most of what is run here waits


def soon(*args):
    return POOL.submit(run, *args)


def told(name, r, *words, status=None):
    """`words` are in its text, or, with ! before them, are not."""
    r = r.result() if isinstance(r, concurrent.futures.Future) else r
    text = say(r)
    wrong = [w for w in words if (w.lstrip('!') in text) == w.startswith('!')]
    tap.check(name, not wrong and (status is None or r.status == status), f'{wrong}; status {r.status}\n{r.out}{r.err}')


# ---- a look-up that failed, or was not made, is not absent

bare, ptr, unknown, allowed = (soon('explain', '--source', *args) for args in (
    ('192.0.2.1', *DEAD, '554 5.7.1 rejected'), ('192.0.2.1', *DEAD, '550 no PTR'), ('192.0.2.1', *DEAD, '550 5.1.1 user unknown'),
    ('192.168.1.5', '--allow-private', *DEAD, '554 5.7.1 rejected')))
private = [(ip, kind, reply, soon('explain', '--source', ip, *DEAD, reply)) for ip, kind in (('192.168.1.5', 'private'), ('127.0.0.1', 'loopback'), ('fe80::1', 'link-local'), ('100.64.0.1', 'shared'))
           for reply in ('554 5.7.1 rejected', '550 5.7.1 blocked using zen.spamhaus.org', '550 no PTR', '554 5.7.1 access denied')]
told('a bare refusal whose look-ups all fail: it is said', bare,
     'Whether the address 192.0.2.1 is on zen.spamhaus.org', 'is not known', 'The PTR record of 192.0.2.1 could not be looked up', 'may be the reason')
told('... and a refusal for reverse DNS', ptr, 'The PTR record of 192.0.2.1 could not be looked up')
told('... not for an unknown user', unknown, '!not known', '!looked up')
for ip, kind, reply, r in private:
    told(f'explain --source {ip}: why it is not asked about ({reply})', r, f'{ip} is a {kind} address, so nothing was looked up about it', '--allow-private asks about this one all the same')
told('... with --allow-private it is asked about', allowed,
     'Whether the address 192.168.1.5 is on zen.spamhaus.org', '!nothing was looked up')
# ---- what was probably meant

def refused(name, words, *args):
    told(name, run(*args), *words, status=64)


for target, words in [('user@example.com:25', 'write user@example.com and --port 25'), ('user@[192.0.2.1]:2525', 'write user@[192.0.2.1] and --port 2525'),
                      ('a@b@c', 'write a@b@[c]'), ('a@b.example@mx.b.example', 'write a@b.example@[mx.b.example]'), ('example.com:25', 'write [example.com]:25'),
                      ('a@example.com,b@example.com', 'several in one'), ('a.example;b.example', 'several in one'), ('2001:db8::1', 'write [2001:db8::1]')]:
    refused(f'the target {target}', [words], 'probe', target)
os.makedirs(os.path.join(home, 'shut'), exist_ok=True)
with open(os.path.join(home, 'body'), 'w', encoding='ascii') as f:
    f.write('hello')
refused('--body with the name of a file', ['@', 'sends what is in it'], 'probe', '--body', os.path.join(home, 'body'), 'user@example.com')
refused('... of one that is not there', ['No such file', 'sends what is in it'], 'probe', '--body', os.path.join(home, 'missing'), 'user@example.com')
refused('... below a file, which cannot be looked at', ['sends what is in it'], 'probe', '--body', os.path.join(home, 'body', 'x'), 'user@example.com')


def skips(line, *targets, also=()):
    path = os.path.join(home, 'skip')
    with open(path, 'wb') as f:
        f.write(line)
    r = run('probe', '--dns-replay', ALIASES, '--allow-private', '--no-dnsbl', '--timeout', '2s', '--port', '9', '--skip-file', path, '--json', *also, *targets)
    return r, [x['status'] for x in r.results()]


ALIASES = os.path.join(home, 'aliases')
with open(ALIASES, 'w', encoding='ascii') as f:
    f.write('{"name":"alias.example","type":"MX","rcode":"NOERROR","canonical":"real.example","data":["10 mx.real.example"]}\n'
            '{"name":"real.example","type":"MX","rcode":"NOERROR","data":["10 mx.real.example"]}\n'
            '{"name":"mx.real.example","type":"A","rcode":"NOERROR","data":["127.77.9.9"]}\n')
RCPT = ('--quit-after', 'rcpt')
for line, target in [('ÜSER@real.example', 'üser@real.example'), ('δοκιμή@real.example', 'ΔΟΚΙΜΉ@real.example'), ('Чёрт@real.example', 'чЁРТ@REAL.example'),
                     ('john@real.example', 'John@alias.example')]:
    r, have = skips(line.encode() + b'\n', target, also=RCPT)
    tap.check(f'{line} has opted out, and {target} is left alone', have == ['skipped'], f'{have} {r.out} {r.err}')
r, have = skips(b'john@real.example\n', 'jane@alias.example', also=RCPT)
tap.check('... and no other', have == ['unreachable'], f'{have} {r.out} {r.err}')
r, have = skips(b'a.example\0b\n', 'x.example')
told('a NUL in a skip file is named', r, 'a NUL octet is in it', status=65)

# ---- a headline is as sure as what it rests on

def lab(*args):
    return run('lab', '--', MXWALK, *args)


for domain, words in [('greeting-554-unknown', 'inferred, not said: the client'), ('greeting-554-ptr-claim', 'said, but not so as seen from here: the client'),
                      ('greeting-554', ': the client')]:
    first = lab(f'{domain}.lab.example').out.split('\n')[0]
    tap.check(f'{domain}: {words}', words in first and (words != ': the client' or 'inferred' not in first and 'not so' not in first), first)
first = lab('explain', '--source', '127.0.1.2', '554 5.7.1 rejected').out.split('\n')[0]
tap.check('explain: inferred, not said', 'inferred, not said' in first, first)
r = lab('self', '--source', '127.0.1.2', '--egress', '127.0.0.1:9')
told('self --egress: no way out is no refusal', r, 'no server takes a connection from here; 1 finding gets mail refused', 'CLOSED No server took a connection', status=1)

# ---- a slow reader behind a pipe that is non-blocking

def trickle(*command, which=1):
    """All that comes through a small pipe whose other end is non-blocking, and the status."""
    ours, theirs = os.pipe()
    os.set_blocking(theirs, False)
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    child = subprocess.Popen([MXWALK, *command], stdin=subprocess.DEVNULL, **{'stdout' if which == 1 else 'stderr': theirs,
                                                                             'stderr' if which == 1 else 'stdout': subprocess.DEVNULL})
    os.close(theirs)
    time.sleep(0.3)
    with os.fdopen(ours, 'rb') as pipe:
        text = pipe.read()
    return child.wait(), text


SLOWLY = [['lab', '--list'], ['help'], ['help', 'probe'], ['help', '--options'], ['help', '--completion', 'bash'], ['help', '--completion', 'zsh'], ['--version'],
          ['version'], ['explain', '--list-rules'], ['explain', '--list-rules', '--json']]
for command, trickled in [(c, POOL.submit(trickle, *c)) for c in SLOWLY]:
    whole = subprocess.run([MXWALK, *command], capture_output=True)
    status, text = trickled.result()
    tap.check(f'{" ".join(command)} into a slow non-blocking pipe is whole', status == whole.returncode == 0 and text == whole.stdout, f'{status}, {len(text)} of {len(whole.stdout)}')
status, text = trickle('explain', '--input', '/dev/null', *['--rules=/nonexistent/' + 'x' * 200] * 40, which=2)
tap.check('what is said of errors is whole, too', status == 65 and text.endswith(b'\n') and text.startswith(b'mxwalk: '), f'{status} {text[-200:]}')

# ---- what is wrong with TLS, in words of our own

WORDS = open(os.path.join(os.environ['TOP'], 'data/tls_words.conf'), encoding='utf-8').read()
ALERTS = {int(number): (name, words) for number, name, words in re.findall(r'(?m)^(\d+) (\S+) (.+)$', WORDS)}
EMPTY = os.path.join(home, 'empty.book')
open(EMPTY, 'w', encoding='ascii').close()


def meets(record):
    """A server that answers the ClientHello so."""
    peer = Peer(talk(b'220 mx.example\r\n', None, b'250-mx.example\r\n250 STARTTLS\r\n', None, b'220 go\r\n', 0.1, record))
    return run('probe', '--dns-replay', EMPTY, '--allow-private', '--no-dnsbl', '--ehlo', 'a.example', '--from', 'a@a.example', '--timeout', '5s',
               f'[127.0.0.1]:{peer.port}')


heard = {number: POOL.submit(meets, b'\x15\x03\x03\x00\x02\x02' + bytes([number])) for number in [*ALERTS, 99, 255]}
wrong = [f'{number} {ALERTS[number]}: {r.out}' for number, r in ((n, h.result()) for n, h in heard.items())
         if number in ALERTS and number != 0 and (f'alert {ALERTS[number][0]}: {ALERTS[number][1]}' not in say(r) or 'OpenSSL says' in r.out)]
tap.check(f'each of {len(ALERTS)} alerts in words of our own', len(ALERTS) > 30 and not wrong, '\n'.join(wrong))
told('an alert that nobody knows, by its number', heard[99].result(), 'an alert of the number 99')
told('HTTP where TLS was agreed on', meets(b'HTTP/1.1 400 Bad Request\r\n\r\n'), 'what came is', '!wrong version', '!http request')
told('no TLS where TLS was agreed on', meets(b'250 mx.example greets you, stranger\r\n'), 'what came is no TLS', 'did not speak TLS')
header = '/usr/include/openssl/x509_vfy.h'
if os.path.exists(header):
    names = set(re.findall(r'define (X509_V_ERR_\w+)', open(header, encoding='utf-8').read()))
    tap.check(f'each of {len(names)} faults of a certificate has words', len(names) > 80 and not names - set(re.findall(r'(?m)^(X509\w+) ', WORDS)),
              names - set(re.findall(r'(?m)^(X509\w+) ', WORDS)))
else:
    tap.skip('each fault of a certificate has words', 'no header of OpenSSL here')

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
servfail = soon('check', 'mx', 'a.example', '--nameserver', broken, '--timeout-dns', '2')
jobs = {(command[0], 'watched'): POOL.submit(terminal, *command, '--nameserver', silent, '--timeout-dns', '2') for command in WATCHED}
concurrent.futures.wait(jobs.values())  # nothing else is to keep them from a sign of life
for what, command in COMMANDS.items():
    jobs[what, 'given'] = soon(*command, '--nameserver', silent, '--timeout-dns', '1')
    jobs[what, 'file'] = soon(*command, '--config', config, '--timeout-dns', '1')
    jobs[what, 'own'] = soon(*command, '--nameserver', alive, '--timeout-dns', '1')
for what in COMMANDS:
    told(f'{what}: a silent resolver is named, and where it is from', jobs[what, 'given'], MARK, f'{silent} (--nameserver)', status=0 if what == 'explain' else 3)
    told(f'{what}: ... as a file names it', jobs[what, 'file'], MARK, f'127.0.0.1:9: Connection refused (nameserver, in {config})', '!--nameserver)')
    if 'silent.example' in COMMANDS[what]:
        told(f'{what}: ... and is not blamed for a domain whose own servers are silent', jobs[what, 'own'], '!' + MARK, status=3)
    else:
        told(f'{what}: ... and not blamed where it answers', jobs[what, 'own'], '!' + MARK)
told('a resolver that answers by SERVFAIL alone is not silent', servfail, '!' + MARK, 'SERVFAIL')

for command in WATCHED:
    first, text = jobs[command[0], 'watched'].result()
    tap.check(f'{" ".join(command[:2])}: life on the terminal within 2 s', first is not None and first < 2 and 'waiting for the DNS' in text
              and f'{silent} (--nameserver)' in text, f'{first}\n{text}')
daemon.stdin.close()
tap.done()
