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
WHOM = 'friend%d@example.org'  # in whole mails and logs, the number of the reply
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
    ('underscores for blanks', lambda text, stage: text.replace(' ', '_')),
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


def mail(body, subject='Undelivered Mail Returned to Sender', kind='text/plain; charset=utf-8'):
    return f'From MAILER-DAEMON Mon Nov 30 10:00:00 2026\nFrom: MAILER-DAEMON@out.example.org\nTo: me@example.com\nSubject: {subject}\nMIME-Version: 1.0\nContent-Type: {kind}\n\n{body}\n\n'


def status(text, words, remote=f'Remote-MTA: dns; {HOST} ({ADDRESS})\n'):
    return mail(f'--b\n\n{words}\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; out.example.org\n\nFinal-Recipient: rfc822; {RCPT}\nAction: failed\nStatus: 5.0.0\n{remote}'
                f'Diagnostic-Code: smtp; {fold(one_line(text), 70)}\n\n--b--\n', kind='multipart/report; report-type=delivery-status; boundary=b')


POSTFIX = {'greeting': f'host {HOST}[{ADDRESS}] refused to talk to me: %s', None: f'host {HOST}[{ADDRESS}] said: %s', 'other': f'host {HOST}[{ADDRESS}] said: %s (in reply to {{}} command)'}


def postfix(text, stage):
    form = POSTFIX.get(stage or None, POSTFIX['other']).replace('{}', {'mail': 'MAIL FROM', 'data': 'DATA', 'message': 'end of DATA', 'ehlo': 'EHLO'}.get(stage, 'RCPT TO'))
    return form.replace('%s', one_line(text))


def at_command(stage):
    return stage if stage in COMMANDS else 'rcpt'


# Whole mails and log lines, which name the recipient and the host: name, what is made of text and stage, the host as it is told,
# and the stage that they tell of.
WHOLE = [
    ('a mail of Postfix', lambda text, stage: mail(f'This is the mail system at host out.example.org.\n\n<{RCPT}>: ' + fold(postfix(text, stage), 70)), (HOST, ADDRESS), lambda stage: stage),
    ('a mail of Exim', lambda text, stage: mail(f'This message was created automatically by mail delivery software.\n\n  {RCPT}\n    host {HOST} [{ADDRESS}]\n    SMTP error from remote mail server after {command(stage)}:<{RCPT}>:\n    ' + text.replace('\n', '\n    ')), (HOST, ADDRESS), at_command),
    ('a mail of Sendmail', lambda text, stage: mail(f'   ----- The following addresses had permanent fatal errors -----\n<{RCPT}>\n\n   ----- Transcript of session follows -----\n... while talking to {HOST}.:\n>>> {command(stage)}:<{RCPT}>\n' + '\n'.join('<<< ' + line for line in text.split('\n'))), (HOST, None), at_command),
    ('a mail of qmail', lambda text, stage: mail(f"Hi. This is the qmail-send program at out.example.org.\n\n<{RCPT}>:\n{ADDRESS} does not like recipient.\nRemote host said: {text}\nGiving up on {ADDRESS}."), (ADDRESS, ADDRESS), lambda stage: 'rcpt'),
    ('a mail of Exchange', lambda text, stage: mail(f"Delivery has failed to these recipients or groups:\n\n{RCPT}\n\nDiagnostic information for administrators:\n\nGenerating server: out.example.org\n\n{RCPT}\n{HOST}\nRemote Server returned '{one_line(text)}'"), (HOST, None), lambda stage: None),
    ('a mail of OpenSMTPD', lambda text, stage: mail(f'    Hi!\n\n    This is the MAILER-DAEMON, please DO NOT REPLY to this email.\n\n    An error has occurred while attempting to deliver a message for\n    the following list of recipients:\n\n{RCPT}: {one_line(text)}\n\n    Below is a copy of the original message:\n\nReceived: from x', 'Delivery status notification: error'), (None, None), lambda stage: None),
    ('a mail of Gmail', lambda text, stage: mail(f'Delivery to the following recipient failed permanently:\n\n     {RCPT}\n\nTechnical details of permanent failure:\nGoogle tried to deliver your message, but it was rejected by the server for the recipient domain example.org by {HOST}. [{ADDRESS}].\n\nThe error that the other server returned was:\n{text}\n\n----- Original message -----\n\nSubject: x', 'Delivery Status Notification (Failure)'), (HOST, ADDRESS), lambda stage: None),
    ('a delivery status', lambda text, stage: status(text, 'It could not be delivered.'), (HOST, ADDRESS), lambda stage: None),
    ('a log line of Postfix', lambda text, stage: f'Nov 30 10:00:00 m postfix/smtp[1]: %s: to=<{RCPT}>, relay={HOST}[{ADDRESS}]:25, delay=1, dsn=5.0.0, status=bounced ({postfix(text, stage)})\n', (HOST, ADDRESS), lambda stage: stage),
    ('a log line of OpenSMTPD', lambda text, stage: f'2026-11-30T10:00:00+0000 m smtpd[1]: 0123456789abcdef mta delivery evpid=%s from=<me@example.com> to=<{RCPT}> rcpt=<-> source="192.0.2.5" relay="{ADDRESS} ({HOST})" delay=1s result="PermFail" stat="{one_line(text)}"\n', (HOST, ADDRESS), lambda stage: None),
    ('a log line of Exim', lambda text, stage: f'2026-11-30 10:00:00 %s ** {RCPT} R=dnslookup T=remote_smtp H={HOST} [{ADDRESS}]: SMTP error from remote mail server after {command(stage)}:<{RCPT}>: {one_line(text)}\n', (HOST, ADDRESS), at_command),
]


def read_whole(texts):
    """One after the other, as an mbox or a log."""
    run = Run('explain', '--json', '-q', input=''.join(texts).encode()).ndjson()
    return [r for r in run.records if r['type'] == 'explanation']


rows = [json.loads(line) for path in PATHS for line in open(path, encoding='utf-8')]
plain = read([(r['text'], r['stage']) for r in rows])
rows = [(r, p) for r, p in zip(rows, plain) if p.get('cause') == r['cause'] or p.get('cause') in r['also']]
tap.check('most are read right to begin with', len(rows) > .9 * len(plain), f'{len(rows)} of {len(plain)}')
for name, make in CARRIERS:
    got = read([(make(r['text'], r['stage']), r['stage']) for r, _ in rows])
    bad = [(r, p, g) for (r, p), g in zip(rows, got) if (g.get('cause'), g.get('code')) != (p['cause'], p['code']) and not (name == 'upper case' and RAN_ON.search(r['text']))]
    tap.check(f'{name}: {len(rows) - len(bad)} of {len(rows)} keep their reading', not bad, '\n'.join(f'{r["id"]} {p["cause"]} ({p["rule"]}) {p["code"]} -> {g.get("cause")} ({g.get("rule")}) {g.get("code")}: {r["text"][:90]!r}' for r, p, g in bad[:None if SHOW else 3]))
own = [(r, p) for r, p in rows if not r['text'].startswith('host ')]  # those name a host themselves
plain_at = {stage: read([(r['text'], stage) for r, _ in own]) for stage in (None, 'rcpt')}
for name, make, (relay, address), told_at in WHOLE:
    rows = [(r, p if told_at(r['stage']) == r['stage'] else plain_at[told_at(r['stage'])][i]) for i, (r, p) in enumerate(own)]
    texts = [make(r['text'], r['stage']) for r, _ in rows]
    if not texts[0].startswith('From '):
        texts = [text.replace('%s', f'4F{i:06X}' if 'postfix' in text else f'1aBc{i % 60:02}-{i // 60:06}-00', 1) for i, text in enumerate(texts)]
    texts = [text.replace(RCPT, WHOM % i) for i, text in enumerate(texts)]
    all_read = read_whole(texts)
    by_recipient = {g.get('recipient'): g for g in all_read}
    got = [by_recipient.get(WHOM % i, {}) for i in range(len(rows))]
    told = [(g.get('cause'), g.get('code'), g.get('relay'), g.get('relay_ip')) for g in got]
    bad = [(r, p, g) for (r, p), g in zip(rows, told) if g != (p['cause'], p['code'], relay, address)]
    tap.check(f'{name}: {len(rows) - len(bad)} of {len(rows)} keep reading, recipient and host', len(all_read) == len(rows) and not bad, f'{len(all_read)} read\n' + '\n'.join(f'{r["id"]} {p["cause"]} ({p["rule"]}) {p["code"]} {r["stage"]} -> {g}: {r["text"][:90]!r}' for r, p, g in bad[:None if SHOW else 3]))
for tail in TAILS:
    got = read([(r['text'].rstrip('.') + '. ' + tail, r['stage']) for r, _ in rows])
    bad = [(r, p, g) for (r, p), g in zip(rows, got) if g.get('cause') != p['cause']]
    tap.check(f'"{tail}" changes {len(bad)} of {len(rows)}, of 2 %', len(bad) <= .02 * len(rows), '\n'.join(f'{r["id"]} {p["cause"]} ({p["rule"]}) -> {g.get("cause")} ({g.get("rule")}): {r["text"][:90]!r}' for r, p, g in bad[:None if SHOW else 3]))
tap.done()
