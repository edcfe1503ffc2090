#!/usr/bin/env python3
"""isolate finds the part of a message that a filter refuses: planted triggers of every kind, filters that are none, and what it may do to others. The filters here are our own; tests/isolate_filters.py has real ones."""
import base64
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import isolate_server
import peer
import tap
from isolate_server import WORK, Server, plain
from isolated_mail import last_of
from records import MXWALK, Run

EICAR = base64.b64encode(b'X5O!P%@AP[4\\PZX54(P^)7CC)7}$').decode()
MESSAGE = f'''From: "Big Shop" <shop@example.org>
To: me@own.example
Subject: You have won
Date: Mon, 30 Nov 2026 12:00:00 +0000
Message-ID: <1@example.org>
X-Campaign: 17
List-Id: <shop.example.org>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

Dear friend, here is what you asked for.

Buy cheap pills today.

See http://shop.example/win?id=1 and wire the money at once.
--a
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<style>p {{color: red}}</style><p>Dear friend, here is what you asked for.</p>
<p>Buy <b>cheap</b> pills today.</p>
<form action=3D"/x"><input></form>
<p>See <a href=3D"http://shop.example/win?id=3D1">this</a> and wire the mon=
ey at once, or <a href=3D"https://other.example/x">that</a>.</p>
--a--
--m
Content-Type: application/x-msdownload; name=prize.exe
Content-Disposition: attachment; filename=prize.exe
Content-Transfer-Encoding: base64

{EICAR}
--m
Content-Type: text/csv; name=list.csv
Content-Disposition: attachment; filename=list.csv

a,b,c
--m--
'''
open(os.path.join(WORK, 'message'), 'w').write(MESSAGE)


REFUSED = '554 5.7.1 Message rejected'


def refuses(*words, reply=REFUSED, all_of=True):
    want = all if all_of else any
    return lambda text, n: reply if want(re.search(w, text) for w in words) else None


def isolate(server, *options, text=MESSAGE, **kw):
    return isolate_server.isolate(server, '--json', *options, text=text, **kw).ndjson()


def found(run):
    last = last_of(run)
    if last['verdict'] != 'found':
        return last['verdict']
    best = last['likely'][0]
    return best['kind'], *(f"{last['parts'][i]['kind']} {last['parts'][i]['name']}" for i in best['parts'])


# ---- planted triggers: what is found, with what the filter answers
BUY, SEE, DEAR = 'paragraph Buy cheap pills today.', 'paragraph See http://shop.example/win?id=1 and wir…', 'paragraph Dear friend, here is what you asked fo…'
PLANTED = {
    'a subject': (refuses('You have won'), ('one', 'subject You have won')),
    'a display name': (refuses('Big Shop'), ('one', 'author-name "Big Shop"')),
    'a header field': (refuses('X-Campaign: 17'), ('one', 'field X-Campaign')),
    'a list field': (refuses('List-Id'), ('one', 'field List-Id')),
    'a paragraph in both texts': (refuses('pills today'), ('one', BUY)),
    'words beside a link': (refuses('wire the money'), ('one', SEE)),
    'a host of links': (refuses('shop.example/', reply='554 5.7.1 URL listed'), ('one', 'link shop.example')),
    'a link in HTML only': (refuses('other.example'), ('one', 'link other.example')),
    'an HTML form': (refuses('<form'), ('one', 'construct form')),
    'a style': (refuses('<style'), ('one', 'construct style')),
    'the name of a file': (refuses('prize.exe', reply='552 5.7.0 This message was blocked because its content presents a potential security issue: attachment'),
                           ('one', 'attachment-name prize.exe')),
    'the contents of a file': (refuses(re.escape(EICAR[:20]), reply='554 5.7.1 Virus found: Eicar-Test-Signature'), ('one', 'attachment prize.exe')),
    'either of two': (refuses('pills today', 'other.example', all_of=False), ('either', BUY, 'link other.example')),
    'two together': (refuses('You have won', 'pills today'), ('both', 'subject You have won', BUY)),
    'a link with a file': (refuses('shop\\.example/', 'list.csv'), ('both', 'link shop.example', 'attachment-name list.csv')),
}
for what, (judge, want) in PLANTED.items():
    most = 14 if want[0] == 'one' else 15  # what is found beforehand (a program, a form) leads astray here
    server = Server(judge)
    run = isolate(server)
    last = last_of(run)
    got = found(run)
    tap.check(f'{what}: found, in at most {most} messages', got[:1] == want[:1] and set(got[1:]) == set(want[1:]) and last['messages'] <= most and last['confirmed'] and run.status == 1,
                     f'{got}, {last["messages"]} messages\n{json.dumps(last.get("likely"))[:900]}\n{run.err}')
    advice = ' '.join(last['advice'].split())
    tap.check(f'{what}: what to do', ('Both have to' in advice) == (want[0] == 'either') and ('one of the two' in advice) == (want[0] == 'both') and len(advice) > 20, advice)
    tap.check(f'{what}: a connection each, one at a time, QUIT each time', server.connections == last['messages'] == server.quits and server.most == 1 and not run.problems,
              f'{server.connections} {server.quits} {server.most} {run.problems}')
    server.close()

# ---- what is no part
server = Server(lambda text, n: REFUSED)
run = isolate(server)
tap.check('a control that is refused: exactly two messages, and it is not the content', (last_of(run)['verdict'], server.connections, run.status) == ('not-content', 2, 1), run.out)
server.close()
server = Server(lambda text, n: '554 5.7.1 spam content')
run = isolate(server)
tap.check('what the control has refuted is no cause', last_of(run)['verdict'] == 'not-content' and last_of(run)['cause'] == 'unknown', run.out)
server.close()
server = Server(lambda text, n: None)
run = isolate(server)
tap.check('a message that is taken: one message, nothing to isolate', (last_of(run)['verdict'], server.connections, run.status) == ('not-refused', 1, 0), run.out)
server.close()
server = Server(lambda text, n: None, rcpt='550 5.7.1 Client host blocked using zen.spamhaus.org')
run = isolate(server)
tap.check('refused at RCPT: it is not the message', (last_of(run)['verdict'], server.connections, run.status) == ('not-reached', 1, 1), run.out)
server.close()
server = Server(lambda text, n: REFUSED if 'multipart' in text else None)
run = isolate(server)
tap.check('what all parts share is no part', last_of(run)['verdict'] == 'no-part' and last_of(run)['messages'] <= 20, run.out[-600:])
server.close()
seen = []
server = Server(lambda text, n: REFUSED if 'pills today' in text or len(seen) > 2 or seen.append(n) else None)
run = isolate(server)
tap.check('a receiver that begins to refuse: void', last_of(run)['verdict'] in ('drifted', 'no-part', 'spent') and last_of(run)['verdict'] != 'found', run.out[-600:])
server.close()
for what, reply in (('DMARC', "550 5.7.26 Unauthenticated email from me.example is not accepted due to domain's DMARC policy"), ('SPF', '550 5.7.23 SPF validation failed'), ('DKIM', '550 5.7.20 No passing DKIM signature found')):
    server = Server(lambda text, n: reply)
    run = isolate(server)
    tap.check(f'a refusal that names {what}: one message, no part is looked for', (last_of(run)['verdict'], server.connections, run.status) == ('not-needed', 1, 1), run.out)
    server.close()
# ---- greylisting: the time that the reply names is waited out
server = Server(lambda text, n: '450 4.2.0 Greylisted, please try again in 2 seconds' if n == 1 else REFUSED if 'pills today' in text else None)
run = isolate(server)
tap.check('greylisted: the named time is waited out', found(run)[:2] == ('one', BUY) and 2 <= server.times[1] - server.times[0] < 6, f'{run.out[-500:]} {server.times[:3]}')
server.close()
# ---- 4yz is never evidence
server = Server(lambda text, n: '450 4.3.0 busy' if n in (3, 6) else REFUSED if 'pills today' in text else None)
run = isolate(server)
tap.check('4yz between: found all the same', found(run)[:2] == ('one', BUY) and [r['outcome'] for r in run.records if r['type'] == 'isolate-test'][2] == 'unknown', run.out[-500:])
server.close()
server = Server(lambda text, n: '421 4.7.0 too many messages from your address, slow down' if n == 4 else REFUSED if 'pills' in text else None)
run = isolate(server)
tap.check('a limit ends it at once', (last_of(run)['verdict'], server.connections, run.status) == ('too-fast', 4, 2), run.out[-500:])
server.close()

# ---- what a server says reaches the terminal as words on one line
server = Server(lambda text, n: '554-5.7.1 spam \x1b[31m\r\n554-me@own.example: the whole message was taken\r\n554 5.7.1 no')
run = Run('isolate', '--to', 'me@own.example', '--own-mailbox', '--data', '@' + os.path.join(WORK, 'message'), '--server', f'127.0.0.1:{server.port}', '--allow-private',
          '--isolate-interval', '10ms', '--ehlo', 'me.example', '--dns-replay', '/dev/null')
tap.check('no octet of a reply controls the terminal, no line of it looks like ours', '\x1b' not in run.out and '\nme@own.example: the whole' not in run.out and 'spam' in run.out, repr(run.out))
server.close()
run = isolate(Server(lambda text, n: None), '--save-clean', '/nowhere/at/all')
tap.check('a file that cannot be made is told before anything is sent', run.status == 73 and 'isolate-test' not in run.out, f'{run.status} {run.out}{run.err}')

# ---- the link: host or path
for what, words, want in (('its host', 'shop.example/', 'host'), ('its path', 'win.id', 'path')):
    server = Server(refuses(words))
    run = isolate(server)
    tap.check(f'a link refused for {what}', found(run) == ('one', 'link shop.example') and last_of(run).get('link') == want, run.out[-700:])
    server.close()

# ---- files, interruption
server = Server(refuses('pills today'))
culprit, clean = os.path.join(WORK, 'culprit'), os.path.join(WORK, 'clean')
run = isolate(server, '--save-culprit', culprit, '--save-clean', clean)
one, rest = open(culprit, newline='').read(), open(clean, newline='').read()
tap.check('--save-culprit and --save-clean', 'pills today' in one and 'other.example' not in one and 'pills' not in rest and 'other.example' in rest, one + rest)
tap.check('… have the Message-ID of the message, and nothing of a test', all('Message-ID: <1@example.org>' in saved and 'mxwalk' not in saved.lower() for saved in (one, rest)), one + rest)
run = isolate(server, '--save-culprit', culprit)
tap.check('… not over what is there', run.status == 73 and 'culprit' in run.err, f'{run.status} {run.err}')
tap.check('each message says which of how many it is, and has a Message-ID of its own', len({re.search('Message-ID: (.*)', m)[1] for m in server.messages}) == len(server.messages) and
          all(re.search(r'^X-Mxwalk-Isolate: [0-9a-f]{8} \d+/20$', plain(m), re.M) for m in server.messages))
server.close()

server = Server(refuses('pills today'))
child = subprocess.Popen([MXWALK, 'isolate', '--json', '--to', 'me@own.example', '--own-mailbox', '--data', '@' + os.path.join(WORK, 'message'), '--server', f'127.0.0.1:{server.port}',
                          '--allow-private', '--isolate-interval', '1s', '--ehlo', 'me.example', '--dns-replay', '/dev/null'], stdout=subprocess.PIPE)
while len(server.messages) < 3:
    time.sleep(.05)
time.sleep(.2)
child.send_signal(signal.SIGINT)
out = child.communicate(timeout=20)[0].decode().splitlines()
tap.check('Ctrl-C: what is known so far, status 130', child.returncode == 130 and json.loads(out[-1])['verdict'] == 'interrupted' and json.loads(out[-1])['messages'] >= 3, f'{child.returncode} {out}')
gaps = [b - a for a, b in zip(server.times, server.times[1:])]
tap.check('the messages keep their distance', all(.6 < gap < 3 for gap in gaps), gaps)
server.close()

# ---- what it may do to others
server = Server(lambda text, n: None)
for what, args, words in (('without consent', ['--data', '@' + os.path.join(WORK, 'message')], '--own-mailbox'),
                          ('without a message', ['--own-mailbox'], '--data'),
                          ('with a second recipient', ['--own-mailbox', '--to', 'b@own.example', '--data', 'Subject: x'], '--to'),
                          ('too fast', ['--own-mailbox', '--data', 'Subject: x', '--isolate-interval', '1s'], 'at least 10s'),
                          ('31 messages', ['--own-mailbox', '--data', 'Subject: x', '--isolate-max', '31'], '--isolate-max')):
    run = Run('isolate', '--to', 'me@own.example', '--server', f'127.0.0.1:{server.port}', *args)
    tap.check(f'{what}: refused, nothing is sent', run.status == 64 and words in run.err and server.connections == 0, f'{run.status} {run.err}')
server.close()
for what, text, words in (('no header', 'no field here\n', ''), ('nothing to leave out', 'From: a@b.example\n\n', 'left out')):
    run = isolate(Server(lambda text, n: None), text=text)
    tap.check(f'a message with {what}: 65', run.status == 65 and 'mail:' in run.err and words in run.err, f'{run.status} {run.err}')

# ---- the envelope
LISTENERS = {
    'a reverse-path': (lambda line: line.startswith(b'MAIL') and b'<a@me.example>' in line, 'null-sender'),
    'a HELO name': (lambda line: line.startswith(b'EHLO me.example') or line.startswith(b'HELO me.example'), 'helo'),
    'the recipient': (lambda line: line.startswith(b'RCPT'), 'envelope-none'),
    'mail without TLS, and has none': (lambda line: line.startswith(b'MAIL') or line.startswith(b'STARTTLS'), 'envelope-unclear', '--no-tls'),
}
for what, (hates, want, *options) in LISTENERS.items():
    walks = []

    def script(connection, hear, hates=hates, walks=walks, options=options):
        walks.append(connection)
        connection.sendall(b'220 mx\r\n')
        while line := hear():
            connection.sendall(b'250-mx\r\n250 STARTTLS\r\n' if line[:4] == b'EHLO' and '--no-tls' in options and not hates(line) else b'550 5.7.1 no\r\n' if hates(line) else b'221 bye\r\n' if line[:4] == b'QUIT' else b'250 ok\r\n')
    server = peer.Peer(script)
    run = Run('isolate', '--json', '--isolate', 'envelope', '--to', 'me@own.example', '--own-mailbox', '--server', f'127.0.0.1:{server.port}', '--allow-private',
              '--isolate-interval', '10ms', '--ehlo', 'me.example', '--from', 'a@me.example', '--dns-replay', '/dev/null', *options).ndjson()
    tap.check(f'envelope: {what}: {want}, in at most 6 walks', [r['verdict'] for r in run.records] == [want] and len(walks) <= 6 and run.status == 1 and not run.problems,
              f'{run.out}{run.err}{run.problems}')
    server.close()
tap.done()
