"""Bad files, bad lists, output that cannot be written: one line that names the thing and its place, the documented status, and nothing lost that was learnt."""
import bz2
import fcntl
import gzip
import json
import lzma
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run, probe

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

home = tap.folder('bad')


def file(name, text):
    path = os.path.join(home, name)
    with open(path, 'wb') as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def refuses(name, status, words, *args, **kw):
    run = Run(*args, **kw)
    lines = run.err.strip().splitlines()
    tap.check(f'{name}: status {status}', run.status == status, f'{run.status}\n{run.err}')
    tap.check(f'{name}: says so', any(words in line for line in lines), f'wanted: {words}\n{run.err}')
    tap.check(f'{name}: one line', len(lines) == 1 and lines[0].startswith('mxwalk: '), run.err)
    return run


GOOD = 'accept.lab.example'
refuses('no such list', 65, 'nothing.txt: No such file', 'probe', '--input', home + '/nothing.txt')
refuses('a folder as list', 65, f'{home}: Is a directory', 'probe', '--input', home)
refuses('an empty list', 65, 'empty.txt: no targets in it', 'probe', '--input', file('empty.txt', ''))
refuses('a list of comments', 65, 'comments.txt: no targets in it', 'probe', '--input', file('comments.txt', '# one\n\n   # two\n'))
refuses('a target with a line end in it', 64, 'a control character', 'probe', 'example.com\r\nQUIT')
refuses('an over-long domain', 64, 'longer than 253 octets', 'probe', '.'.join(['a' * 60] * 5) + '.example')
refuses('an over-long label', 64, 'longer than 63 octets', 'probe', 'a' * 64 + '.example')
refuses('a book with a broken line', 65, 'book.ndjson:2:', 'probe', '--dns-replay', file('book.ndjson', '{"name":"a.example","type":"A","rcode":"NOERROR","data":[]}\n{"name":\n'), GOOD)
refuses('a rule file that is broken', 65, 'rules.conf:2:', 'probe', '--rules', file('rules.conf', '[one]\nthis is no rule\n'), GOOD)
refuses('a list file that is broken', 65, 'lists.conf:1:', 'probe', '--lists', file('lists.conf', 'nonsense\n'), GOOD)
refuses('output in a folder that is not there', 73, 'no/such: No such file', 'probe', '--output', home + '/no/such', GOOD)
refuses('a CA file without certificates', 65, 'ca.pem: no PEM', 'probe', '--tls-ca', file('ca.pem', 'x'), GOOD)
refuses('a message with an over-long line', 65, 'long.eml:3: ', 'probe', '--data', '@' + file('long.eml', 'Subject: x\n\n' + 'x' * 1200 + '\n'), GOOD)
refuses('an attachment that is not there', 65, 'nothing.pdf: No such file', 'probe', '--attach', home + '/nothing.pdf', GOOD)
refuses('a skip file with a broken line', 65, 'skip.txt:2: ', 'probe', '--skip-file', file('skip.txt', 'example.com\n..\n'), GOOD)

for source in ('192.0.2.77', '2001:db8::77'):
    refuses(f'--source {source}, which is not ours', 64, f'--source {source}: this host does not have that address', 'probe', '--source', '127.0.1.2', '--source', source, GOOD)
refuses('a zip as list', 65, 'list.zip: a zip archive', 'probe', '--input', file('list.zip', b'PK\x03\x04' + bytes(100)))
refuses('a zip as message', 65, 'mail.zip: a zip archive', 'probe', '--data', '@' + file('mail.zip', b'PK\x03\x04' + bytes(100)), 'user@' + GOOD)
refuses('a truncated gzip file as skip file', 65, 'cut.gz: ', 'probe', '--skip-file', file('cut.gz', gzip.compress(os.urandom(10000).hex().encode())[:5000]), GOOD)

# One that breaks off: the lines that are whole are used, and half a message never is.
BOOK = file('empty.book', '')
ASK = ('--dns-replay', BOOK, '--no-dnsbl', '--ehlo', 'a.example', '--from', 'a@a.example')
NAMES = [f'd{i}.{os.urandom(30).hex()}.example' for i in range(3500)]
LIST = '\n'.join(NAMES).encode()
LOG = b''.join(b'{"text":"550 5.1.1 <u%d@%s> User unknown"}\n' % (i, name.encode()) for i, name in enumerate(NAMES))
MAIL = b'From: a@a.example\nSubject: x\n\n' + os.urandom(20000).hex().encode().replace(b'0', b'\n')
PACKERS = {'gz': gzip.compress, 'bz2': bz2.compress, 'xz': lzma.compress}
if shutil.which('zstd'):
    PACKERS['zst'] = lambda octets: subprocess.run(['zstd', '-qc'], input=octets, capture_output=True, check=True).stdout
for kind, pack in PACKERS.items():
    cut = {name: file(f'{name}.{kind}', pack(octets)[:len(pack(octets)) * 2 // 3]) for name, octets in (('list', LIST), ('log', LOG), ('mail', MAIL))}
    none = kind == 'bz2'  # whose blocks are of 900 kB
    run = Run('probe', '--json', *ASK, '--ordered', '--input', cut['list'])
    names = re.findall(r'"type":"result","schema":1,"target":"([^"]*)"', run.out)
    tap.check(f'a list in .{kind} that breaks off: what is whole of it', run.status == 65 and f'list.{kind}: truncated' in run.err and names == NAMES[:len(names)] and
              (len(names) > 500) != none, f'{run.status} {run.err} {len(names)} {names[-1:]}')
    run = Run('explain', '--json', '--input', cut['log'])
    told = run.out.count('"recipient-unknown"')
    tap.check('… a log', run.status == 65 and f'log.{kind}: truncated' in run.err and (told > 500) != none, f'{run.status} {run.err} {told}')
    for command in (['probe', *ASK, '--data', '@' + cut['mail'], 'a@d.example'], ['preflight', '--dns-replay', BOOK, cut['mail']]):
        run = Run(*command)
        tap.check(f'… a message, {command[0]}', run.status == 65 and f'mail.{kind}: truncated' in run.err and run.out == '', f'{run.status} {run.err} {run.out}')

# Compressed, and in UTF-16: as if it were not.
targets = f'{GOOD} # the first\r\n\u201caccept-plain.lab.example\u201d\r\n'
for name, packed in (('gzip', gzip.compress(targets.encode())), ('bzip2', bz2.compress(targets.encode())), ('xz', lzma.compress(targets.encode())),
                     ('UTF-16', targets.encode('utf-16')), ('UTF-16 without a mark', targets.encode('utf-16-be')), ('a mark', targets.encode('utf-8-sig')),
                     ('gzip of UTF-16', gzip.compress(targets.encode('utf-16')))):
    for form in ('file', 'standard input'):
        run = probe('--input', '-', input=packed) if form != 'file' else probe('--input', file('packed', packed))
        tap.check(f'a list, {name}, {form}', run.status == 0 and len(run.results()) == 2, run.out + run.err)
for pack in (gzip.compress, bz2.compress, lzma.compress):
    run = probe('--data', '@' + file('mail.packed', pack(b'Subject: packed\n\nhello\n')), f'user@{GOOD}')
    tap.check(f'a message, {pack.__module__}', run.status == 0 and run.results()[0]['stage'] == 'message', run.out + run.err)
run = probe('--input', file('bomb.gz', gzip.compress(bytes(200_000_000), 1)), timeout=60)
tap.check('200 MB without a line end: one bad line', run.status == 65 and run.err.count('\n') <= 2, run.err)

# A bad line is told with its number and stops nobody else.
mixed = file('mixed.txt', f'# my list\n{GOOD}\nbad..name\n\n  accept-plain.lab.example  # a comment\nx{"y" * 5000}\na\0b\naccept-plain.lab.example\r\n')
run = probe('--input', mixed)
domains = sorted(r['domain'] for r in run.results() if 'served_by' not in r)
tap.check('a mixed list: the good ones are walked', domains == ['accept-plain.lab.example', GOOD], run.out + run.err)
for number in (3, 6, 7):
    tap.check(f'a mixed list: line {number} is named', f'mixed.txt:{number}: ' in run.err, run.err)
tap.check('a mixed list: bad lines are counted', run.records[-1]['type'] == 'summary' and run.records[-1]['bad_input'] == 3, run.records[-1:])
tap.check('a mixed list: status 65', run.status == 65, run.status)
tap.check('a mixed list: valid records', not run.problems, run.problems)

run = probe('--input', '-', input=f'{GOOD}\naccept-plain.lab.example'.encode())
tap.check('standard input, no line end at the end', len(run.results()) == 2 and run.status == 0, run.out + run.err)

ours, theirs = socket.socketpair()
p = subprocess.Popen([MXWALK, 'probe', '--input', '-'], stdin=theirs, stdout=theirs)
theirs.setblocking(True)
time.sleep(1)
flags = fcntl.fcntl(theirs, fcntl.F_GETFL)
ours.sendall(f'{GOOD}\n'.encode())
ours.shutdown(socket.SHUT_WR)
tap.check('a list that comes late, where the results go: walked', p.wait(30) == 0 and GOOD.encode() in ours.recv(65536), p.returncode)
tap.check('a list that comes late: what we share is not made non-blocking', not flags & os.O_NONBLOCK, flags)

run = probe('--input', file('deep.txt', f'user@{GOOD}\n'))
tap.check('a list never goes past EHLO by itself', run.results()[0]['stage'] in ('ehlo', 'ehlo-tls'), run.out)
run = probe('--input', file('two.txt', f'a@{GOOD}\nb@{GOOD}\n'), '--quit-after', 'rcpt')
tap.check('one recipient a domain', sorted(r['status'] for r in run.results()) == ['accepted', 'skipped'], run.out)
run = probe('--skip-file', file('optout.txt', '# no mail for\nlab.example\n'), GOOD)
tap.check('opt-outs are obeyed', run.results()[0]['status'] == 'skipped' and run.status == 3, run.out)

with open('/dev/full', 'wb') as full:
    p = subprocess.run([MXWALK, 'probe', '--json', GOOD], stdout=full, stderr=subprocess.PIPE)
tap.check('a full disk: status 74, said once', p.returncode == 74 and p.stderr.decode().count('\n') == 1 and 'standard output: No space left' in p.stderr.decode(), (p.returncode, p.stderr))
p = subprocess.run([MXWALK, 'probe', '--output', '/dev/full', GOOD], capture_output=True)
tap.check('a full disk behind --output: status 74', p.returncode == 74 and b'/dev/full: No space left' in p.stderr, (p.returncode, p.stderr))
p = subprocess.run(['sh', '-c', f'"$MXWALK" probe {GOOD} >&-'], capture_output=True)
tap.check('standard output closed: status 74', p.returncode == 74 and b'standard output' in p.stderr, (p.returncode, p.stderr))
p = subprocess.run(['bash', '-c', f'set -o pipefail; "$MXWALK" probe {GOOD} | true; echo ${{PIPESTATUS[0]}}'], capture_output=True)
tap.check('a reader that leaves kills nobody', p.stdout.strip() in (b'0', b'74'), (p.stdout, p.stderr))
p = subprocess.run([MXWALK, 'probe', '--json', '--dns-record', '/dev/full', GOOD], capture_output=True)
tap.check('--dns-record on a full disk: the result is there, status 74', p.returncode == 74 and b'"result"' in p.stdout, (p.returncode, p.stderr))

# Ctrl-C: what is known is written, and the summary says that it was interrupted.
p = subprocess.Popen([MXWALK, 'probe', '--json', GOOD, 'tarpit.lab.example'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
time.sleep(2)
p.send_signal(signal.SIGINT)
out, err = p.communicate(timeout=20)
records = [json.loads(line) for line in out.decode().splitlines()]
tap.check('Ctrl-C: status 130', p.returncode == 130, (p.returncode, err))
tap.check('Ctrl-C: what was known is there', [r['domain'] for r in records if r['type'] == 'result'] == [GOOD], out)
tap.check('Ctrl-C: the summary says so', records[-1]['type'] == 'summary' and records[-1]['interrupted'] is True, out)

# A recorded book replays to the same verdict.
book = os.path.join(home, 'recorded.ndjson')
first = probe('--dns-record', book, 'greeting-554.lab.example')
again = probe('--dns-replay', book, 'greeting-554.lab.example')
tap.check('a recorded book replays', first.results()[0]['diagnosis'] == again.results()[0]['diagnosis'] and os.path.getsize(book) > 0, f"{first.results()[0]['diagnosis']}\n{again.results()[0]['diagnosis']}")
tap.done()
