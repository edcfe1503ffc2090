"""suppress and hardbounce of `explain`: is a recipient to be taken off a list? A reply of each cause, as 5yz and as 4yz, against the table here and that of mxwalk-causes(7).

What list managers do: they take off at once who does not exist or takes no mail, count what may pass (full, not reachable, a loop, a domain that its server does not know), and must not count what the sender, the message or the sender's address is refused for: one listing would empty the list."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, TOP, problems

POSTFIX = 'Nov 30 10:00:00 mx postfix/smtp[1]: 4F1: '

TABLE = {
    'ip-blocklist': ('no', '554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org'),
    'ip-reputation': ('no', '550 5.7.1 Your IP address has a poor reputation'),
    'reverse-dns': ('no', '550 5.7.25 The IP address sending this message does not have a PTR record'),
    'no-service': ('retry', '554 No SMTP service here'),
    'access-denied': ('no', '554 5.7.1 You are not allowed to connect'),
    'auth-required': ('no', '530 5.7.0 Authentication required'),
    'relay-denied': ('retry', '554 5.7.1 <u@example.net>: Relay access denied'),
    'dmarc': ('no', '550 5.7.1 Unauthenticated email from example.org is not accepted due to domain\'s DMARC policy'),
    'spf': ('no', '550 5.7.23 SPF validation failed'),
    'dkim': ('no', '550 5.7.20 No passing DKIM signature found'),
    'content-spam': ('no', '554 5.7.1 Message rejected as spam'),
    'content-malware': ('no', '554 5.7.1 Virus found in message'),
    'content-url': ('no', '554 5.7.1 Blocked by SURBL: link shop.example in the message body'),
    'content-header': ('no', '550 5.6.0 Missing Message-ID header'),
    'content-attachment': ('no', '552 5.7.0 This attachment type is not allowed'),
    'message-size': ('no', '552 5.3.4 Message size exceeds fixed limit'),
    'sender-domain': ('no', '550 5.1.8 <a@example.org>: Sender address rejected: Domain not found'),
    'sender-blocked': ('no', '550 5.7.1 <a@example.org>: Sender address is blacklisted'),
    'helo': ('no', '550 5.7.1 <localhost>: Helo command rejected: invalid name'),
    'tls-required': ('no', '530 5.7.0 Must issue a STARTTLS command first'),
    'rate-limit': ('retry', '550 5.7.1 Too many messages from your host, sending rate exceeded'),
    'greylist': ('retry', '550 5.7.1 Greylisted, please try again in 300 seconds'),
    'recipient-unknown': ('yes', '550 5.1.1 <u@example.net>: User unknown'),
    'recipient-disabled': ('yes', '550 5.2.1 The email account that you tried to reach is disabled'),
    'mailbox-full': ('retry', '552 5.2.2 Mailbox full'),
    'protocol': ('no', '503 5.5.1 Bad sequence of commands'),
    'routing-loop': ('retry', '554 5.4.6 Too many hops'),
    'system-error': ('retry', '554 5.3.0 Local error in processing'),
    'receiver-misconfigured': ('retry', '550 5.7.1 multi.uribl.com; 127.0.0.1 -> Query Refused. See http://uribl.com/refused.shtml'),
    'policy': ('no', '550 5.7.1 Rejected for policy reasons'),
    'unknown': ('no', '550 5.7.1 Go away'),
    # what only the sending system says
    'recipient-domain': ('yes', POSTFIX + 'to=<u@nosuch.example>, relay=none, dsn=5.4.4, status=bounced (Host or domain name not found. Name service error for name=nosuch.example type=A: Host not found)'),
    'unreachable': ('retry', POSTFIX + 'to=<u@example.net>, relay=none, dsn=4.4.1, status=bounced (connect to mx.example.net[192.0.2.7]:25: Connection timed out)'),
}


def explain(*args, input):
    p = subprocess.run([MXWALK, 'explain', *args], input=input, capture_output=True, text=True, timeout=60)
    return p.stdout


def read(text, *args):
    records = [json.loads(line) for line in explain('--json', *args, input=text + '\n').splitlines()]
    record = next(r for r in records if r['type'] == 'explanation')
    faults = problems(record)
    if faults:
        tap.check(f'the schema: {text}', False, faults)
    return record


def put_off(text):
    return re.sub(r'\b5(\.\d+\.\d+)', r'4\1', '4' + text[1:] if text[0] == '5' else text)


def manual():
    page = open(os.path.join(TOP, 'man/mxwalk-causes.7')).read()
    rows = re.findall(r'^\.It Cm (\S+) Ta (\S+) Ta (yes|no|retry) Ta ', page, re.M)
    return {cause: off for cause, _, off in rows}


for cause, (wanted, text) in TABLE.items():
    record = read(text)
    tap.check(f'{cause}: {wanted}', (record['cause'], record['suppress'], record['hardbounce']) == (cause, wanted, wanted == 'yes'), record)
    if text[0] != '5':
        continue
    later = read(put_off(text))
    tap.check(f'{cause}, put off: retry', (later['suppress'], later['hardbounce']) == ('retry', False), later)
tap.check('mxwalk-causes(7) says the same of each cause', manual() == {cause: wanted for cause, (wanted, _) in TABLE.items()}, manual())

OTHERS = [
    ('postmaster is no mailbox of a list', POSTFIX + 'to=<postmaster@example.net>, relay=mx.example.net[192.0.2.7]:25, dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.7] said: 550 5.1.1 User unknown)', (), 'no'),
    ('a list that is gone lists nobody', '554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using bl.spamcannibal.org', (), 'no'),
    ('what our server refused to others is no recipient of ours', 'Nov 30 10:00:00 mx postfix/smtpd[1]: NOQUEUE: reject: RCPT from mx.example.org[192.0.2.9]: 550 5.1.1 <u@example.net>: Recipient address rejected: User unknown; from=<a@example.org> to=<u@example.net> proto=ESMTP helo=<mx.example.org>', ('--inbound',), 'no'),
]
for name, text, args, wanted in OTHERS:
    record = read(text, *args)
    tap.check(f'{name}: {wanted}', (record['suppress'], record['hardbounce']) == (wanted, wanted == 'yes'), record)

text = explain('550 5.1.1 <u@example.net>: User unknown', input='')
tap.check('in words for people', re.search(r'^  suppress +yes: a hard bounce$', text, re.M), text)
tap.check('and retry', re.search(r'^  suppress +retry$', explain('452 4.2.2 Mailbox full', input=''), re.M), '')
tap.done()
