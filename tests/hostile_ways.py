#!/usr/bin/env python3
"""Other ways to say it in hostile hands: BDAT that is refused in its middle, replies that come too early, twice or after the end, challenges without measure, LMTP that answers for nobody. Each has a named outcome, in time."""
import base64
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from peer import Peer, talk
from records import probe

home = tap.folder('hostile-ways')
SECRET = 'correct horse'
password = os.path.join(home, 'password')
with open(os.open(password, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
    f.write(SECRET)
large = os.path.join(home, 'large.eml')
with open(large, 'w') as f:
    f.write('Subject: large\n\n' + ('x' * 70 + '\n') * 150000)  # more than all buffers on the way
OK, LOGIN = b'250 ok\r\n', ('--auth-insecure', '--auth-user', 'me', '--auth-password-file', password)


def walk(script, *args, target='user@a.example'):
    peer = Peer(script)
    began = time.time()
    run = probe('--server', f'127.0.0.1:{peer.port}', '--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--helo', 'me.example', '--from', 'me@me.example', '--timeout', '1s', *args, target)
    return run, run.results()[0] if run.results() else {}, time.time() - began


def case(name, script, args, status, stage, code=None, ending=None, more=lambda r: True):
    run, r, seconds = walk(script, *args)
    a = (r.get('attempts') or [{}])[-1]
    have = (r.get('status'), r.get('stage'), (r.get('reply') or {}).get('code'), a.get('ending'))
    leak = [s for s in (SECRET, base64.b64encode(SECRET.encode()).decode()) if s in run.out + run.err]
    tap.check(name, have == (status, stage, code, ending) and not run.problems and seconds < 8 and not leak and more(r),
              f'{have} {a.get("detail")} {seconds:.1f} s leak {leak}\n{[(e["stage"], e["sent"], e["code"]) for e in a.get("transcript", [])]}\n{run.problems} {run.err}')


def bdat(*steps, offers=b'250-mx\r\n250 CHUNKING\r\n'):
    return talk(b'220 mx\r\n', None, offers, None, OK, None, OK, *steps)


# BDAT
BIG = ('--chunking', '--data', '@' + large)
case('BDAT refused in the middle of the message', bdat(None, 0.2, b'552 5.3.4 too large\r\n', 1), BIG, 'refused', 'message', 552)
case('… and the connection closed', bdat(None, 0.2, b'554 5.7.1 no\r\n'), BIG, 'refused', 'message', 554)
case('… deferred', bdat(None, 0.2, b'452 4.3.1 disk full\r\n', 1), BIG, 'deferred', 'message', 452)
case('… taken before it is there', bdat(None, 0.2, b'250 2.0.0 queued\r\n', 1), BIG, 'broken', 'message', 250, 'unexpected-reply')
case('… reset', bdat(None, 0.2, 'rst'), BIG, 'dropped', 'message', None, 'reset')
case('… never read', bdat(None, 20), BIG, 'dropped', 'message', None, 'timeout')
SMALL = ('--chunking', '--data', 'Subject: x\\n\\nx')
case('354 to BDAT', bdat(None, None, None, None, b'354 go on\r\n'), SMALL, 'broken', 'message', 354, 'unexpected-reply')
case('500 to BDAT that is offered', bdat(None, None, None, None, b'500 5.5.1 what?\r\n'), SMALL, 'refused', 'message', 500)
case('421 to BDAT', bdat(None, None, None, None, b'421 4.3.2 closing\r\n'), SMALL, 'deferred', 'message', 421)
case('no reply to BDAT', bdat(None, None, None, None, 5), SMALL, 'dropped', 'message', None, 'timeout')
case('503 for each line of it, as by one who knows no BDAT', bdat(None, b'503 5.5.1 RCPT first\r\n', b'500 5.5.1 what?\r\n' * 3), SMALL, 'refused', 'message', 503)
case('in one piece, RCPT refused: no BDAT', talk(b'220 mx\r\n', None, b'250-mx\r\n250-CHUNKING\r\n250 PIPELINING\r\n', None, None, OK + b'550 5.1.1 nobody\r\n', None, b'221 bye\r\n'), ('--pipeline', *SMALL), 'refused', 'rcpt', 550,
     more=lambda r: not any((e['sent'] or '').startswith('BDAT') for e in r['attempts'][0]['transcript']))

# More than was asked
case('two replies to EHLO: the second is none to MAIL', talk(b'220 mx\r\n', None, b'250 mx\r\n250 mx\r\n', None, OK), (), 'broken', 'mail', 250, 'unexpected-reply')
case('two replies to the dot', talk(b'220 mx\r\n', None, b'250 mx\r\n', None, OK, None, OK, None, b'354 go\r\n', *[None] * 20, b'250 queued\r\n250 queued again\r\n'), (), 'accepted', 'message', 250)
case('LMTP: more replies than recipients', talk(b'220 mx\r\n', None, b'250 mx\r\n', None, OK, None, OK, None, b'354 go\r\n', *[None] * 20, b'250 one\r\n550 5.1.1 two\r\n'), ('--protocol', 'lmtp'), 'accepted', 'message', 250)
case('LMTP: 503 to the dot, for no recipient is left', talk(b'220 mx\r\n', None, b'250 mx\r\n', None, OK, None, OK, None, b'354 go\r\n', *[None] * 20, b'503 5.5.1 no valid recipients\r\n'), ('--protocol', 'lmtp'), 'refused', 'message', 503)

# AUTH
def auth(*steps):
    return talk(b'220 mx\r\n', None, b'250-mx\r\n250 AUTH LOGIN PLAIN\r\n', None, *steps)


def challenge(size):
    return b'334 ' + base64.b64encode(b'u' * size) + b'\r\n'


case('a challenge of 8 kB', auth(challenge(8000), None, challenge(8), None, b'235 in\r\n', None, b'250 ok\r\n'), (*LOGIN, '--auth', 'login', '--quit-after', 'auth'), 'accepted', 'auth', 235)
case('a challenge of 64 kB', auth(challenge(65536), None, b'501 cancelled\r\n'), (*LOGIN, '--auth', 'login'), 'broken', 'auth', 0, 'reply-too-long')
case('a challenge that does not end', auth(b'334 ' + b'A' * 300000, 5), (*LOGIN, '--auth', 'login'), 'broken', 'auth', 0, 'reply-too-long')
case('a challenge of several lines', auth(b'334-VXNlcm5hbWU6\r\n334 VXNlcm5hbWU6\r\n', None, challenge(8), None, b'235 in\r\n', None, OK), (*LOGIN, '--auth', 'login', '--quit-after', 'auth'), 'accepted', 'auth', 235)
case('334 behind the success', auth(b'235 in\r\n334 VXNlcm5hbWU6\r\n', None, OK), (*LOGIN, '--auth', 'plain'), 'broken', 'mail', 334, 'unexpected-reply')
case('235 and then 535', auth(b'235 in\r\n535 5.7.8 out\r\n', None, OK), (*LOGIN, '--auth', 'plain'), 'refused', 'mail', 535)
case('235 before the password', auth(b'334 VXNlcm5hbWU6\r\n', None, b'235 in\r\n', None, OK, None, OK, None, b'354 go\r\n', *[None] * 20, OK), (*LOGIN, '--auth', 'login'), 'accepted', 'message', 250)
case('two challenges at once', auth(b'334 VXNlcm5hbWU6\r\n334 UGFzc3dvcmQ6\r\n', None, None, b'235 in\r\n', None, OK), (*LOGIN, '--auth', 'login'), 'broken', 'auth', 334, 'unexpected-reply')
case('250 to AUTH: taken for what it says', auth(b'250 whatever\r\n', None, OK), (*LOGIN, '--auth', 'plain', '--quit-after', 'auth'), 'accepted', 'auth', 250)
case('silence', auth(5), (*LOGIN, '--auth', 'plain'), 'dropped', 'auth', None, 'timeout')
case('text in the clear behind the reply to STARTTLS: no login', talk(b'220 mx\r\n', None, b'250-mx\r\n250 STARTTLS\r\n', None, b'220 go\r\n250-mx\r\n250 AUTH PLAIN\r\n', 2), (*LOGIN, '--auth', 'plain'), 'broken', 'starttls', 220, 'starttls-injection')
tap.done()
