"""What a verdict says beside its status, in text and in records: how far was asked and what was not, when; a refused STARTTLS; who refuses beside the one that decides; dates and names of bad certificates; what finds a sent message again; names as the manual writes them."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run, probe

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

TIME = r', at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$'
AT_RCPT = 'most servers refuse listed clients only at RCPT: --quit-after rcpt asks, once a domain, for postmaster'
AT_THE_END = 'what is judged by the message (its content, DKIM, DMARC) is said only at its end: user@domain on the command line sends one'


def text(*args, **kw):
    run = Run('probe', '--color', 'never', *args, **kw)
    run.flat = re.sub(r'\s+', ' ', run.out)
    return run


# How far was asked, at each depth: --quit-after, the record's word, how people call it, what was not asked, what that leaves open.
DEPTHS = [
    ('connect', 'connect', 'the connection', 'the greeting, EHLO, MAIL, RCPT, DATA, the message', AT_RCPT),
    ('greeting', 'greeting', 'the greeting', 'EHLO, MAIL, RCPT, DATA, the message', AT_RCPT),
    ('ehlo', 'ehlo', 'EHLO', 'MAIL, RCPT, DATA, the message', AT_RCPT),
    ('starttls', 'ehlo-tls', 'EHLO under TLS', 'MAIL, RCPT, DATA, the message', AT_RCPT),
    (None, 'ehlo-tls', 'EHLO under TLS', 'MAIL, RCPT, DATA, the message', AT_RCPT),
    ('mail', 'mail', 'MAIL', 'RCPT, DATA, the message', AT_RCPT),
    ('rcpt', 'rcpt', 'RCPT', 'DATA, the message', AT_THE_END),
    ('data', 'data', 'DATA', 'the message', AT_THE_END),
    ('message', 'message', 'the end of the message', '', None),
]
for depth, word, words, not_asked, left_open in DEPTHS:
    option = ['--quit-after', depth] if depth else []
    one = text(*option, 'accept.lab.example')
    verdict = one.out.splitlines()[0]
    tap.check(f'{depth}: the verdict says how far that was', f': accepted up to {words}' in verdict, verdict)
    tap.check(f'{depth}: and what was not asked', (f'; not asked: {not_asked}, at' in verdict) if not_asked else 'not asked' not in verdict, verdict)
    tap.check(f'{depth}: and what that leaves open', (f'Went as far as {words}; {left_open}.' in one.flat) if left_open else 'Went as far' not in one.flat, one.flat)
    quiet = text('-q', *option, 'accept.lab.example')
    tap.check(f'{depth}, -q: the verdict alone', 'Went as far' not in quiet.out, quiet.out)
    two = text(*option, 'accept.lab.example', 'accept-plain.lab.example', 'mx-null.lab.example')
    plain = words.replace(' under TLS', '')
    want = [f'2 accepted went as far as {words}'] if plain == words else [f'1 accepted went as far as {plain}', f'1 accepted went as far as {words}']
    tap.check(f'{depth}: the summary says how far that was', all(w in two.flat for w in want), two.flat)
    tap.check(f'{depth}: and, once, what that leaves open', two.flat.count(left_open or 'nothing was left out') == 1 and
              (not not_asked or f'not asked: {not_asked}' in two.flat), two.flat)
    run = probe(*option, 'accept.lab.example')
    r, summary = run.results()[0], run.records[-1]
    asked = [s for s in ('greeting', 'ehlo', 'mail', 'rcpt', 'data', 'message') if s in r['not_asked']]
    names = {'greeting': 'the greeting', 'ehlo': 'EHLO', 'mail': 'MAIL', 'rcpt': 'RCPT', 'data': 'DATA', 'message': 'the message'}
    tap.check(f'{depth}: the record has both', (r['asked'], ', '.join(names[s] for s in asked)) == (word, not_asked) and not run.problems,
              f"{r['asked']} {r['not_asked']} {run.problems}")
    tap.check(f'{depth}: so has its summary', summary['asked'] == {word: 1}, summary)

# Of what was not accepted, nothing is claimed.
refused = text('greeting-554.lab.example')
tap.check('a refusal says where it was, not how far it went', 'refused at greeting' in refused.out and 'asked' not in refused.out, refused.out)

# When.
for target in ('accept.lab.example', 'greeting-554.lab.example', 'mx-null.lab.example', 'drop-starttls.lab.example'):
    verdict = text(target).out.splitlines()[0]
    tap.check(f'{target}: the verdict carries its time', re.search(TIME, verdict), verdict)
verdict = text('accept.lab.example', env=dict(os.environ, TZ='XXX-5:30')).out.splitlines()[0]
tap.check('the time is local, with its offset', verdict.endswith(' +0530'), verdict)
nagios = text('--format', 'nagios', 'accept.lab.example').out.splitlines()[0]
tap.check('nagios: too', re.search(TIME[:-1] + r' \| time=', nagios), nagios)

# STARTTLS offered, and then refused.
for name, code in (('starttls-454', '454 4.7.0'), ('starttls-554', '554 5.7.3')):
    run = text(f'{name}.lab.example')
    line = next(r for r in probe(f'{name}.lab.example').results())
    reply = line['attempts'][0]['starttls']
    code = f"{reply['code']} {reply['enhanced']}"
    tap.check(f'{name}: goes on in the clear, and says so', f'accepted up to EHLO (greeting 220, STARTTLS offered and then refused with {code}, the rest in the clear)' in run.out, run.out)
    tap.check(f'{name}: the reply is quoted', f'offers STARTTLS and then refuses it, so that the rest went in the clear:\n    {reply["lines"][0]}' in run.out, run.out)
    tap.check(f'{name}: status', run.status == 0, run.status)
    run = text('--tls', f'{name}.lab.example')
    r = probe('--tls', f'{name}.lab.example').results()[0]
    tap.check(f'{name}, --tls: ends there, and says so', f'broken at starttls with {code}' in run.out and
              f'without TLS the walk was not to go on:\n    {reply["lines"][0]}' in run.out, run.out)
    tap.check(f'{name}, --tls: the record quotes it at its stage', (r['status'], r['stage'], r['reply']['lines']) == ('broken', 'starttls', reply['lines']), r)
    tap.check(f'{name}, --tls: status', run.status == 3, run.status)

# One greets with 554, the next takes mail.
run = text('mx-554-first.lab.example')
tap.check('another exchanger refuses: both are named', re.search(
    r': accepted up to EHLO under TLS .*; greeting-554-anyone\.mx\.lab\.example greets with 554; mx-554-first\.mx\.lab\.example takes mail; '
    r'senders that stop at a 554 greeting would bounce, at', run.out.splitlines()[0]), run.out)
tap.check('and the refusal is quoted and explained', 'greeting-554-anyone.mx.lab.example [' in run.out and '\n  cause ' in run.out and run.status == 0, run.out)

# Certificates.
expired, wrong = text('cert-expired.lab.example'), text('cert-wrong-name.lab.example')
tap.check('an expired certificate shows its dates', re.search(r'\n  cert +valid from \d{4}-\d\d-\d\dT\S+Z to \d{4}-\d\d-\d\dT\S+Z\n', expired.out), expired.out)
tap.check('a wrong name shows the names that it has', re.search(r'\n  cert +for mail\.elsewhere\.example\n', wrong.out), wrong.out)
expired = text('--tls-verify', 'cert-expired.lab.example')
tap.check('so does one that ends the walk', re.search(r'broken at handshake.*\n  cert +valid from \S+ to \S+\n', expired.out), expired.out)
r = probe('--tls-verify', 'cert-wrong-name.lab.example').results()[0]
tap.check('and its record', r['attempts'][0]['tls']['names'] == ['mail.elsewhere.example'] and not r['attempts'][0]['tls']['done'], r['attempts'][0]['tls'])

# A message that was sent.
run = text('user@accept.lab.example')
tap.check('a sent message: our Message-ID and the server\'s reply', re.search(r'\n  message-id <[0-9a-f]{32}@\S+>\n  its reply  250 2\.0\.0 Ok: queued as \S+\n', run.out), run.out)
r = probe('user@accept.lab.example').results()[0]
tap.check('and in the record', re.fullmatch(r'<[0-9a-f]{32}@\S+>', r['message_id']) and r['attempts'][0]['message_id'] == r['message_id'] and 'queued as' in r['reply']['text'], r)
r = probe('--data', 'From: a@b.example\nMessage-Id: <mine@b.example>\n\nhello\n', 'user@accept.lab.example').results()[0]
tap.check('one of the user\'s own has its own', r['message_id'] == '<mine@b.example>', r.get('message_id'))
r = probe('--quit-after', 'data', 'user@accept.lab.example').results()[0]
tap.check('what was not sent has none', 'message_id' not in r and 'message_id' not in r['attempts'][0], r)

# Names are in lower case, without a dot at the end.
capitals = re.compile(r'"[a-z_]+":"[^"]*(?:[A-Z][^"]*\.[Ee]xample|\.example\.)"')
for args in (['probe', '--json', '--ehlo', 'LISTED.Sender.Example', '--from', 'Me@Clean.Sender.Example', 'User@ACCEPT.lab.Example'],
             ['probe', '--json', '--quit-after', 'rcpt', 'ACCEPT.lab.Example.'],
             ['self', '--json', '--ehlo', 'LISTED.Sender.Example', '--from', 'Me@Clean.Sender.Example'],
             ['check', 'spf', '--json', '--ip', '192.0.2.1', '--from', 'Me@Clean.Sender.Example', '--helo', 'LISTED.Sender.Example'],
             ['check', 'dmarc', '--json', '--from', 'Me@Clean.Sender.Example'],
             ['check', 'mx', '--json', 'ACCEPT.lab.Example.'],
             ['explain', '--json', 'status=bounced (host MX.Recipient.Example[192.0.2.7] said: 550 no such user <User@Recipient.Example>)']):
    run = Run(*args).ndjson()
    lines = [line for line in run.out.splitlines() if '"type":"run"' not in line]
    names = [m for line in lines for m in capitals.findall(re.sub(r'"(target|text|sent|lines|evidence|what|advice|refused_by|record|records|problem|matched|note|warnings)":("(\\.|[^"\\])*"|\[[^]]*\])', '', line))
             if not re.match(r'"(from|rcpt)":"(Me|User)@[a-z.]+"$', m)]
    tap.check(f'names of {" ".join(args[:2])} are as the manual writes them', lines and not names and not run.problems, f'{names} {run.problems} {run.err}')
tap.done()
