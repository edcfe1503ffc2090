"""A reply that is read right keeps its reading whatever carries it: another mail server's notice or log line, folds, letter case, CRLF, the advice and the footers that servers put behind their reasons."""
import json
import os
import re
import sys
import textwrap

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import TOP, Run

PATHS = sys.argv[1:] or [os.path.join(TOP, '../shared/corpus', name) for name in ('replies.ndjson', 'fresh.ndjson')]
if not all(os.path.exists(path) for path in PATHS):
    tap.skip_all('no labelled replies beside the source')
SHOW = bool(os.environ.get('SHOW'))

RAN_ON = re.compile('[a-z][.][A-Z][a-z]')  # "error.Mailbox": in capitals nobody could tell it from a name
HOST, ADDRESS, RCPT = 'mx.example.net', '198.51.100.25', 'friend@example.org'
COMMANDS = {'mail': 'MAIL FROM', 'rcpt': 'RCPT TO', 'data': 'DATA', 'message': 'end of DATA'}


def one_line(text):
    return ' '.join(text.split('\n'))


def command(stage):
    return COMMANDS.get(stage, 'RCPT TO')


def fold(text, width):
    return '\n'.join(part for line in text.split('\n') for part in textwrap.wrap(line, width, subsequent_indent='    ', break_long_words=False, break_on_hyphens=False) or [''])


# What carries a reply: name, and what it makes of text and stage.
CARRIERS = [
    ('CRLF', lambda text, stage: text.replace('\n', '\r\n')),
    ('upper case', lambda text, stage: text.upper()),
    ('all in one line, as Postfix logs it', lambda text, stage: one_line(text)),
    ('folded at 60 columns', lambda text, stage: fold(text, 60)),
    ('folded at 38 columns', lambda text, stage: fold(text, 38)),
    ('Postfix', lambda text, stage: f'host {HOST}[{ADDRESS}] said: {one_line(text)} (in reply to {command(stage)} command)'),
    ('Exim', lambda text, stage: f'SMTP error from remote mail server after {command(stage)}:<{RCPT}>:\nhost {HOST} [{ADDRESS}]: {text}'),
    ('Sendmail', lambda text, stage: f'   ----- Transcript of session follows -----\n... while talking to {HOST}.:\n>>> {command(stage)}:<{RCPT}>\n' + '\n'.join('<<< ' + line for line in text.split('\n'))),
    ('qmail', lambda text, stage: f'{ADDRESS} does not like recipient.\nRemote host said: {text}\nGiving up on {ADDRESS}.'),
    ('qmail log', lambda text, stage: ('failure: ' + f'{ADDRESS} does not like recipient./Remote host said: {text}/Giving up on {ADDRESS}./').replace('\n', '/').replace(' ', '_')),
    ('Exchange', lambda text, stage: f"Remote Server at {HOST} ({ADDRESS}) returned '{one_line(text)}'"),
    ('Exchange Online', lambda text, stage: f'{HOST} gave this error:\n{text}'),
    ('OpenSMTPD', lambda text, stage: f'result=PermFail stat="{one_line(text)}"'),
    ('Google', lambda text, stage: f'The response from the remote server was:\n\n{text}'),
    ('Google of old', lambda text, stage: f'The error that the other server returned was: {one_line(text)}'),
    ('Diagnostic-Code', lambda text, stage: f'Diagnostic-Code: smtp; {fold(one_line(text), 70)}'),
]

# What stands behind reasons in life.
TAILS = [
    'Set up SPF records for your sending domain if you have not done so already.',
    'Please be sure your mailserver is configured correctly (spf, HELO, PTR) or try using an alternative email or smtp.',
    'To protect our users from spam, we check each message.',
    'Please log in to https://portal.example.net/ to see why.',
    'Your IP: 192.0.2.99',
    'For more information, see https://postmaster.example.net/spam/blacklist/reputation.html',
    'If you believe that this is an error, contact postmaster@spam-filter.example.net.',
    'mx7.spamfilter.example.net - gsmtp',
    'Visit https://www.example.net/dmarc/dkim/spf for instructions on how to authenticate your mail.',
    'Contact your mail administrator if the mailbox is full or the message is too large.',
]


def read(texts):
    feed = ''.join(json.dumps({'id': str(i), 'text': text, 'stage': stage or None}) + '\n' for i, (text, stage) in enumerate(texts))
    run = Run('explain', '--json', input=feed.encode()).ndjson()
    got = {r['id']: r for r in run.records if r['type'] == 'explanation'}
    return [got.get(str(i), {}) for i in range(len(texts))]


rows = [json.loads(line) for path in PATHS for line in open(path, encoding='utf-8')]
plain = read([(r['text'], r['stage']) for r in rows])
rows = [(r, p) for r, p in zip(rows, plain) if p.get('cause') == r['cause'] or p.get('cause') in r['also']]
tap.check('most are read right to begin with', len(rows) > .9 * len(plain), f'{len(rows)} of {len(plain)}')
for name, make in CARRIERS:
    got = read([(make(r['text'], r['stage']), r['stage']) for r, _ in rows])
    bad = [(r, p, g) for (r, p), g in zip(rows, got) if (g.get('cause'), g.get('code')) != (p['cause'], p['code']) and not (name == 'upper case' and RAN_ON.search(r['text']))]
    tap.check(f'{name}: {len(rows) - len(bad)} of {len(rows)} keep their reading', not bad, '\n'.join(f'{r["id"]} {p["cause"]} ({p["rule"]}) {p["code"]} -> {g.get("cause")} ({g.get("rule")}) {g.get("code")}: {r["text"][:90]!r}' for r, p, g in bad[:None if SHOW else 3]))
for tail in TAILS:
    got = read([(r['text'].rstrip('.') + '. ' + tail, r['stage']) for r, _ in rows])
    bad = [(r, p, g) for (r, p), g in zip(rows, got) if g.get('cause') != p['cause']]
    tap.check(f'"{tail}" changes {len(bad)} of {len(rows)}, of 2 %', len(bad) <= .02 * len(rows), '\n'.join(f'{r["id"]} {p["cause"]} ({p["rule"]}) -> {g.get("cause")} ({g.get("rule")}): {r["text"][:90]!r}' for r, p, g in bad[:None if SHOW else 3]))
tap.done()
