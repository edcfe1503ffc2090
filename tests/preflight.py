"""`mxwalk preflight` as a whole, in the lab: verdicts, places and exit statuses; every format; the list of recipients; what is no message; attachments; the examples of its manual page."""
import gzip
import io
import json
import os
import re
import subprocess
import sys
import time
import xml.etree.ElementTree
import zipfile

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, TOP, Run

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

home = tap.folder('preflight')
os.chdir(home)
NOW = time.time()
DATE = time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(NOW))
RSA = re.search(r'RSA = """(.*?)"""', open(os.path.join(TOP, 'tests/self.py')).read(), re.S).group(1)
UNSUB = 'https://clean.sender.example/u/8f3a9c0d1e2b4a5f6071'
HEAD = f"""From: Shop <me@signed.example>
To: Ann <you@example.com>
Subject: News of the week
Date: {DATE}
Message-ID: <1.2.3@signed.example>
List-Unsubscribe: <{UNSUB}>
List-Unsubscribe-Post: List-Unsubscribe=One-Click
MIME-Version: 1.0
"""
TEXT = f"""Dear Ann, this week the shop has boots, gloves and a warm hat.
Unsubscribe: {UNSUB}
"""
GOOD = HEAD + 'Content-Type: text/plain; charset=utf-8\n\n' + TEXT
WHO = ('--source', '127.0.1.13', '--from', 'me@signed.example')
KEY = ('--dkim-key', 's1.pem', '--dkim-selector', 'lab')


def put(name, content):
    with open(name, 'wb') as f:
        f.write(content if isinstance(content, bytes) else content.encode())
    os.chmod(name, 0o600)
    return name


def with_file(name, content, extra=''):
    import base64
    body = base64.encodebytes(content).decode()
    return (HEAD + 'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\n' + TEXT +
            f'--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename="{name}"\n'
            f'Content-Transfer-Encoding: base64\n\n{body}--b--\n')


def run(*args, **kw):
    return Run('preflight', '--json', *args, **kw).ndjson()


def checks(r, number=0):
    return {c['id']: c for c in r.records[number]['checks']} if r.records else {}


def failing(r):
    return {i for i, c in checks(r).items() if c['result'] == 'fail'}


put('s1.pem', RSA)
good = put('newsletter.eml', GOOD)

# ---- verdicts and statuses
r = run(good, *WHO, *KEY)
bad = {i: c for i, c in checks(r).items() if c['result'] != 'pass'}
tap.check('a good message: nothing fails; the record is valid', not r.problems and not failing(r) and len(r.records) == 1, f'{r.status} {r.problems} {bad} {r.err}')
tap.check('a good message: status 0, every receiver takes it', r.status == 0 and {v['outlook'] for v in r.records[0]['verdicts']} <= {'takes', 'warns'}, f"{r.status} {r.records[0]['verdicts'] if r.records else r.err}")
r = run(good, *WHO)
tap.check('unsigned: not known, and why; status 3', r.status == 3 and checks(r)['auth.dkim']['result'] == 'unknown' and 'not signed yet' in checks(r)['auth.dkim']['what'], (r.status, checks(r).get('auth.dkim')))
r = run(good, *WHO, '--dkim-selector', 'lab', '--dkim-domain', 'signed.example')
tap.check('the key that will sign counts', checks(r)['auth.dkim']['result'] == 'pass' and checks(r)['auth.align.dkim']['result'] == 'pass', checks(r))
r = run(good, *WHO, '--dkim-selector', 'gone', '--dkim-domain', 'signed.example')
tap.check('a key that is gone: it would be refused', r.status == 1 and checks(r)['auth.dkim']['result'] == 'fail', (r.status, checks(r).get('auth.dkim')))
r = run(put('two.eml', GOOD.replace('To: Ann', 'Subject: twice\nTo: Ann')), *WHO, *KEY)
v = {v['provider']: v for v in r.records[0]['verdicts']}
tap.check('two subjects: refused by Gmail with its code, at the line', r.status == 1 and failing(r) == {'hdr.single'} and '550 5.7.1' in v['gmail']['codes'] and v['gmx']['outlook'] != 'refuses' and checks(r)['hdr.single']['line'] == 4, (r.status, failing(r), v, checks(r).get('hdr.single')))
r = run(put('warn.eml', GOOD.replace('News of the week', 'News for {{name}}')), *WHO, *KEY)
tap.check('a warning alone: status 0', r.status == 0 and 'url.placeholder' in failing(r), (r.status, failing(r)))
r = run('warn.eml', *WHO, *KEY, '--strict')
tap.check('… and 2 with --strict', r.status == 2, r.status)
r = run(good, '--source', '127.0.1.3', '--from', 'me@signed.example', *KEY)
tap.check('no PTR: refused', r.status == 1 and 'ip.ptr' in failing(r), (r.status, failing(r)))
r = run(good, '--source', '127.0.1.6', '--from', 'me@signed.example', *KEY)
tap.check('PTR has no answer: unknown, and never advised upon', checks(r)['ip.ptr']['result'] == 'unknown' and checks(r)['ip.ptr']['advice'] is None and r.status in (1, 3), (r.status, checks(r).get('ip.ptr')))
tap.check('a Message-ID that two messages have: a warning that names the other', checks(run(good, 'warn.eml', *WHO, *KEY), 1).get('hdr.msgid.repeated', {}).get('what') == 'The Message-ID is that of another message, newsletter.eml.')
r = run(put('nobody.eml', GOOD.replace('To: Ann', 'From: <x@other.example>\nTo: Ann')), *WHO, *KEY)
tap.check('a key without a domain signs nothing where there is no author, and that is said', 'signs nothing' in r.err and '--dkim-domain' in r.err and r.status == 1, (r.status, r.err))
r = run(good, 'warn.eml', '--source', '127.0.1.13', '--source', '127.0.1.3', '--from', 'me@signed.example', *KEY)
tap.check('two messages, two sources: four records, the gravest status', len(r.records) == 4 and r.status == 1 and not r.problems, (r.status, len(r.records), r.problems))
r = run(good, *WHO, *KEY, '--volume', '100')
tap.check('few messages: no rules for bulk mail', not any(v['bulk'] for v in r.records[0]['verdicts']), r.records[0]['verdicts'])

# ---- how it is handed over
for what, content in (('CRLF', GOOD.replace('\n', '\r\n')), ('gzip', gzip.compress(GOOD.encode())), ('an mbox', 'From x Mon Nov 30 17:02:11 2026\n' + GOOD + '\nFrom y Mon Nov 30 17:02:12 2026\nSubject: other\n\nx\n')):
    r = run(put('handed', content), *WHO, *KEY)
    tap.check(f'{what}: the same', r.status == 0 and not failing(r), (r.status, failing(r), r.err))
tap.check('an mbox: a note says that the first was taken', '2 messages' in r.err, r.err)
r = run('-', *WHO, *KEY, input=GOOD.encode())
tap.check('standard input', r.status == 0 and r.records[0]['file'] == '-', (r.status, r.err))
r = run(put('mixed.eml', GOOD.replace('\n', '\r\n').replace('hat.\r\n', 'hat.\n')), *WHO, *KEY)
tap.check('a mixture of line ends', failing(r) == {'mime.bare'} and checks(r)['mime.bare']['line'] == 11, (failing(r), checks(r).get('mime.bare')))
for what, args, status, words in (('no such file', ('no.eml',), 65, 'no.eml'), ('a folder', ('.',), 65, ''), ('no message', (), 64, 'needs an argument'), ('standard input twice', ('-', '-'), 64, 'only once'),
                                  ('a bad address of a filter', (good, '--rspamd', 'localhost'), 64, 'rspamd'), ('a key that is none', (good, '--dkim-key', good, '--dkim-selector', 'x'), 65, good)):
    r = Run('preflight', *args)
    tap.check(f'{what}: status {status}', r.status == status and words in r.err and 'Traceback' not in r.err, (r.status, r.err))
r = run('no.eml', good, *WHO, *KEY)
tap.check('one that cannot be read: the others are told', r.status == 65 and len(r.records) == 1, (r.status, len(r.records)))
for what, content in (('nothing', b''), ('octets', bytes(range(256)) * 40), ('NULs', b'\0' * 5000), ('a header alone', HEAD.encode())):
    r = run(put('odd', content), *WHO)
    tap.check(f'{what}: a valid record', len(r.records) == 1 and not r.problems and r.status in (1, 3), (r.status, r.problems, r.err))

# ---- attachments
def zipped(**files):
    out = io.BytesIO()
    with zipfile.ZipFile(out, 'w') as z:
        for name, content in files.items():
            z.writestr(name.replace('_', '.'), content)
    return out.getvalue()


inner = zipped(run_exe=b'MZ' + bytes(100))
lying = bytearray(zipped(good_txt=b'hello'))
lying[lying.index(b'good.txt')] = ord('f')
locked = bytearray(zipped(a_txt=b'secret'))
nest = bytearray(zipped(inner_zip=inner))
for mark, at in ((b'PK\x03\x04', 6), (b'PK\x01\x02', 8)):
    for archive in (locked, nest):
        archive[archive.index(mark) + at] |= 1
for what, name, content, wanted in (
        ('a zip with text', 'a.zip', zipped(a_txt=b'hello'), set()), ('a zip with a program', 'a.zip', inner, {'att.type'}), ('a program in a zip in a zip', 'a.zip', zipped(inner_zip=inner), {'att.type'}),
        ('a program without its ending, in a zip', 'a.zip', zipped(readme=b'MZ' + bytes(100)), {'att.type'}), ('macros', 'a.docx', zipped(vbaProject_bin=b'x'), {'att.macro'}),
        ('a zip that lies', 'a.zip', bytes(lying), {'att.archive'}), ('a password', 'a.zip', bytes(locked), {'att.encrypted'}), ('an archive in one with a password', 'a.zip', bytes(nest), {'att.encrypted', 'att.encrypted.archive'}), ('half a zip', 'a.zip', inner[:60], {'att.archive', 'att.type'}),
        ('a program', 'a.exe', b'x', {'att.type'}), ('a gzip', 'a.gz', gzip.compress(b'hello'), set())):
    r = run(put('att.eml', with_file(name, content)), *WHO, *KEY)
    got = {i for i in failing(r) if i.startswith('att.')}
    tap.check(f'attachment: {what}', got == wanted and not r.problems, (got, [c for i, c in checks(r).items() if i.startswith('att.') and c['result'] == 'fail']))

# ---- what takes long is not waited for
nasty = HEAD + 'Content-Type: text/html\n\n' + '<span>' * 150000 + '</x>' * 150000
many = HEAD + 'Content-Type: multipart/mixed; boundary=a\n\n' + ('--a\nContent-Type: text/html\n\n' + '<span>' * 90000 + '</x>' * 90000 + '\n') * 12 + '--a--\n'
start = time.monotonic()
r = run(put('many.eml', many), *WHO, *KEY)
took = time.monotonic() - start
tap.check('nor is that of many parts', took < (30 if tap.SANITIZED else 5) and checks(r).get('html.unread', {}).get('result') == 'fail', f"{took:.1f} s {checks(r).get('html.unread')}")
start = time.monotonic()
r = run(put('nasty.eml', nasty), *WHO, *KEY)
took = time.monotonic() - start
tap.check('HTML without end is not waited for: not known, not clean', took < (30 if tap.SANITIZED else 4) and checks(r).get('html.unread', {}).get('result') == 'fail' and checks(r).get('html.active', {}).get('result') == 'unknown', f"{took:.1f} s {checks(r).get('html.unread')}")
put('big.eml', HEAD + 'Content-Type: text/plain\n\n' + ('x' * 70 + '\n') * 1400)
Run('preflight', 'big.eml', *WHO, *KEY)

# ---- the list
put('recipients.txt', '# a list\nann@gmail.com\nbob@GMAIL.com, Bob\n\ncy@plain.example\nno address\ndan@web.de\n')
r = run(good, *WHO, *KEY, '--list', 'recipients.txt', '--volume', '20000')
v = {v['provider']: v for v in r.records[0]['verdicts']} if r.records else {}
tap.check('the list: each receiver has its share', not r.problems and v['gmail']['recipients'] == 2 and v['gmx']['recipients'] == 1 and r.records[0]['list']['recipients'] == 4 and r.records[0]['list']['bad'] == 1, (r.records[0]['list'] if r.records else r.err, v))
tap.check('the list: the volume is shared out', v['gmail']['bulk'] and not v['outlook']['bulk'], v)

# ---- formats
t = Run('preflight', 'two.eml', *WHO, *KEY)
tap.check('text: the verdict of each, the place, who refuses, what to do', t.status == 1 and 'Gmail, bulk' in t.out and 'would refuse it, 550 5.7.1' in t.out and 'two.eml:4:1' in t.out and 'remedy' in t.out, t.out)
j = Run('preflight', 'two.eml', 'warn.eml', *WHO, *KEY, '--format', 'junit')
suites = list(xml.etree.ElementTree.fromstring(j.out))
tap.check('junit: a suite for each message; what is refused is a failure', j.status == 1 and len(suites) == 2 and [c.get('name') for c in suites[0] if c.find('failure') is not None] == ['hdr.single'] and suites[0].get('failures') == '1' and suites[1].get('failures') == '0', j.out[:1500])
j = Run('preflight', put('ctrl.eml', GOOD.replace('News of', 'News \x1b[2J<&"\x01 of')), *WHO, *KEY, '--format', 'junit')
tap.check('junit: control characters and marks do no harm', xml.etree.ElementTree.fromstring(j.out) is not None and '\x1b' not in j.out, j.out[:500])
t = Run('preflight', 'ctrl.eml', *WHO, *KEY, '-v')
tap.check('text: control characters do not reach the terminal', '\x1b' not in t.out and '\x01' not in t.out, t.out[:500])

# ---- filters that are not there
r = run(good, *WHO, *KEY, '--rspamd', '127.0.0.1:1', '--spamd', '127.0.0.1:1', '--clamd', '127.0.0.1:1')
tap.check('filters that do not answer are not known, and change nothing', r.status == 0 and [c['problem'] is not None for c in r.records[0]['components']] == [True] * 3, (r.status, r.records[0]['components'] if r.records else r.err))

# ---- the manual page
page = open(os.path.join(TOP, 'man/mxwalk-preflight.1')).read()
ids = set(re.findall(r'^\.It Cm ([a-z]\S*)$', page, re.M))
known = set(re.findall(r'X\(\w+, "([^"]+)"\)', open(os.path.join(TOP, 'src/preflight/checks.h')).read()))
tap.check('the manual has every check', known == ids, sorted(known ^ ids))
os.makedirs('mails', exist_ok=True)
put('mails/a.eml', GOOD)
statuses = {'strict': (0, 2, 3)}
for block in re.findall(r'\.Bd -literal[^\n]*\n(.*?)\.Ed', page, re.S):
    command = block.replace('\\e\n', '').strip()
    p = subprocess.run(['sh', '-c', command], capture_output=True, text=True, timeout=60)
    tap.check(f'the manual: {command[:60]}', p.returncode in (0, 1, 2, 3) and not re.search(r'no such option|usage', p.stderr), f'{p.returncode} {p.stderr}')
tap.done()
