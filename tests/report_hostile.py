"""Records in which every string, each by itself, is meant badly: no format of report or diff lets a control character, a line of its own or markup of theirs through, and none fails."""
import copy
import csv
import io
import json
import os
import re
import subprocess
import sys
import xml.dom.minidom

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import MXWALK, Run

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))
home = tap.folder('hostile')
EVIL = 'EVIL\x1b[31mred\x1b[0m\x1b]0;title\x07\x9b1m\x7f\x00\u202e\u2028\u200b\r\nINJECTED 1\n[x](javascript:a) |a=1;2|<script>alert(1)</script>" onload=\'x\' \t\\ \ufffe%s'
SHORT = 'EVIL\x00x'  # nothing else that would have it escaped
HIDDEN = re.compile('[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]')
MESSAGE = os.path.join(home, 'message.eml')
open(MESSAGE, 'w').write('From: a@accept.lab.example\r\nSubject: hello\r\nTo: b@accept.lab.example\r\n\r\nhello\r\n')


def recorded():
    """One record of each kind, as it is written."""
    runs = [('probe', '--json', '--quit-after', 'rcpt', 'someone@rcpt-554-dnsbl.lab.example', 'accept.lab.example', 'tls-selfsigned.lab.example', 'unreachable.lab.example', 'nxdomain.lab.example'),
            ('self', '--json', '--source', '127.0.1.2'), ('explain', '--json', '554 5.7.1 Client host [192.0.2.55] blocked using zen.spamhaus.org; <someone@example.net>'),
            ('preflight', '--json', MESSAGE), ('check', 'mx', '--json', 'accept.lab.example'), ('check', 'spf', '--json', '--ip', '127.0.1.2', '--from', 'a@clean.sender.example', '--helo', 'clean.sender.example'), ('check', 'spf', '--json', 'clean.sender.example'), ('check', 'dkim', '--json', MESSAGE), ('check', 'dmarc', '--json', 'accept.lab.example'),
            ('check', 'dnsbl', '--json', '127.0.1.2'), ('check', 'ptr', '--json', '127.0.1.2'), ('check', 'dane', '--json', 'accept.lab.example'), ('check', 'mta-sts', '--json', 'accept.lab.example'),
            ('check', 'tls-rpt', '--json', 'accept.lab.example'), ('check', 'tls', '--json', 'accept.lab.example')]
    found = []
    for args in runs:
        found += Run(*args).ndjson().records
    return found


def strings(value, path=()):
    if isinstance(value, str):
        yield path
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from strings(member, path + (key,))
    elif isinstance(value, list):
        for i, member in enumerate(value):
            yield from strings(member, path + (i,))


def poisoned(record, path, words):
    record = copy.deepcopy(record)
    at = record
    for part in path[:-1]:
        at = at[part]
    at[path[-1]] = words
    return record


def apart(record, number, path):
    """No record takes the place of another: it is about something else."""
    for key, value in (('target', f'h{number}.example'), ('domain', f'h{number}.example'), ('ip', f'192.0.2.{number}')):
        if path != (key,) and isinstance(record.get(key), str):
            record[key] = value
    return record


def kind(record):
    return f'{record["type"]} {record.get("check", "")}'.strip()


def nulls(value, path=()):
    """A null may be a string, too."""
    if value is None:
        yield path
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from nulls(member, path + (key,))


records, done, files = recorded(), set(), {}
for record in records:
    for path in [*strings(record), *nulls(record)]:
        name = kind(record), tuple(p for p in path if not isinstance(p, int))
        if path in (('type',),) or name in done:
            continue
        done.add(name)
        for i, words in enumerate((EVIL, SHORT)):
            files.setdefault(kind(record), []).append(apart(poisoned(record, path, words), 2 * len(done) + i, path))
tap.check('a record of each kind is there', {'run', 'result', 'sender', 'finding', 'summary', 'explanation', 'preflight', *(f'check {c}' for c in ('mx', 'spf', 'dmarc', 'dnsbl', 'ptr', 'dane', 'mta-sts', 'tls-rpt', 'tls'))} <= set(files), sorted(files))
FRAME = next(r for r in records if r['type'] == 'run'), next(r for r in records if r['type'] == 'result')
SELF = [r for r in records if r['type'] in ('sender', 'finding')][:2]


def write(name, rows):
    path = os.path.join(home, name.replace(' ', '-'))
    with open(path, 'w', encoding='utf-8') as f:
        for row in rows:
            f.write(json.dumps(row) + '\n')
    return path


def harm(form, out):
    """What is wrong with an output."""
    text = out.decode('utf-8', 'replace')
    wrong = []
    if '�' in text:
        wrong.append('no UTF-8')
    for m in HIDDEN.finditer(text.replace('\r\n', '\n') if form == 'csv' else text):
        wrong.append(f'{m.group()!r} in {text[max(0, m.start() - 60):m.end() + 20]!r}')
    if re.search(r'^\W*INJECTED', text, re.M):
        wrong.append('a line of its own: ' + repr(text[max(0, text.index('INJECTED') - 100):][:200]))
    if form == 'html' and ('<script>alert' in text or re.search(r'<[^>]*EVIL', text.replace('aria-label="', ''))):
        wrong.append('markup')
    if form == 'junit':
        try:
            xml.dom.minidom.parseString(out)
        except Exception as e:
            wrong.append(f'no XML: {e}')
    if form == 'csv' and {len(r) for r in csv.reader(io.StringIO(text, newline=''))} != {20}:
        wrong.append('columns')
    if form == 'nagios' and (text.count('|') != 1 or '|' not in text.split('\n')[0]):
        wrong.append('a bar: ' + text[:300])
    if form == 'markdown' and re.search(r'(?<!\\)(\[x\](?!\\)|<script)', text):
        wrong.append('markup')
    if form == 'tlsrpt':
        for line in text.splitlines():
            json.loads(line)
    return wrong


FORMATS = ('text', 'html', 'csv', 'domains', 'markdown', 'prometheus', 'junit', 'nagios', 'tlsrpt')
for name, rows in sorted(files.items()):
    given = write(name, [*(FRAME if name != 'run' else FRAME[1:]), *(SELF if name.startswith(('sender', 'finding')) else []), *rows])
    bad = []
    for form in FORMATS:
        p = subprocess.run([MXWALK, 'report', '--format', form, given], capture_output=True, timeout=60)
        if p.returncode > 3 and not (form == 'tlsrpt' and p.returncode == 65):
            bad.append(f'{form}: status {p.returncode} {p.stderr.decode()[:300]}')
        bad += [f'{form}: {w}' for w in harm(form, p.stdout)[:3]] + [f'{form}, warned: {w}' for w in harm('stderr', p.stderr)[:2]]
    plain = write('plain', [*FRAME, *SELF, *[r for r in records if kind(r) == name]])
    for args in ((), ('--json',)):
        for pair in ((plain, given), (given, plain)):
            p = subprocess.run([MXWALK, 'diff', *args, *pair], capture_output=True, timeout=60)
            if p.returncode > 1:
                bad.append(f'diff {args}: status {p.returncode} {p.stderr.decode()[:300]}')
            bad += [f'diff {args}: {w}' for w in harm('ndjson', p.stdout)[:3]]
    tap.check(f'{name}: {len(rows)} strings, {len(FORMATS)} formats and diff', not bad, '\n'.join(bad))
tap.done()
