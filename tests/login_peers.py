#!/usr/bin/env python3
"""Logins at scripted servers: what a hostile one may do, what is kept of secrets, tokens, where secrets come from."""
import base64
import hashlib
import hmac
import json
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from peer import Peer
from records import MXWALK, Run, probe

SECRET, TOKEN = 'correct horse', 'ya29.token-' + 'x' * 20
home = tap.folder('login-peers')


def b64(text):
    return base64.b64encode(text if isinstance(text, bytes) else text.encode('latin-1')).decode()


def keep(name, text, mode=0o600):
    path = os.path.join(home, name)
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, mode), 'w') as f:
        f.write(text)
    return path


password, token = keep('password', SECRET + '\n'), keep('token', TOKEN + '\r\n')


def server(mechanisms, login, after=b'250 2.1.0 ok\r\n'):
    """Offers AUTH and lets `login(say, hear, line)` answer the command; then takes whatever comes."""
    def script(connection, hear):
        def say(text):
            connection.sendall(text.encode('latin-1') + b'\r\n')

        say('220 mx ESMTP')
        while line := hear().decode('latin-1').strip():
            verb = line.split()[0].upper()
            if verb == 'EHLO':
                say(f'250-mx\r\n250 AUTH {mechanisms}' if mechanisms else '250 mx')
            elif verb == 'AUTH':
                if login(say, lambda: hear().decode('latin-1').rstrip('\r\n'), line) == 'close':
                    return
            elif verb == 'QUIT':
                say(f'221 bye {SECRET}')
                return
            else:
                connection.sendall(after)
    return Peer(script)


def walk(peer, *args, secret=('--auth-password-file', password), user='me', target='a.example'):
    run = probe('--server', f'127.0.0.1:{peer.port}', '--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--helo', 'me.example', '--from', 'me@me.example', '--timeout', '3s',
                '--auth-insecure', '--auth-user', user, *secret, *args, target)
    results = run.results()
    return run, results[0] if results else {}


def case(name, mechanisms, login, status, stage, words='', *args, more=lambda r, run, peer: True, **kw):
    peer = server(mechanisms, login)
    run, r = walk(peer, *args, **kw)
    a = r['attempts'][-1] if r.get('attempts') else {}
    held = [SECRET, b64(SECRET), b64(f'\0me\0{SECRET}'), SECRET.upper(), b64(f'\0me\0{SECRET}').upper()] if password in kw.get('secret', (password,)) else [TOKEN]
    leak = [s for s in held if s in run.out + run.err]
    good = (r.get('status'), r.get('stage')) == (status, stage) and words in (a.get('detail') or '') + json.dumps(r.get('reply')) + json.dumps(r.get('diagnosis')) and not run.problems and not leak
    tap.check(name, good and more(r, run, peer), f'{r.get("status")} {r.get("stage")} {a.get("ending")} {a.get("detail")} {r.get("reply")} {r.get("diagnosis")} leak {leak} {peer.heard}\n{run.problems}\n{run.err}')


def says(*lines):
    """Answers AUTH and each response with the next of these."""
    def login(say, hear, _line):
        for i, line in enumerate(lines):
            if i > 0:
                hear()
            if line is None:
                return 'close'
            say(line)
        return None
    return login


def flood(say, hear, _line):
    for _ in range(100):
        say('334 ' + b64('again'))
        if hear() == '*':
            break
    say('501 5.7.0 cancelled')


class Scram:
    """A server of SCRAM-SHA-256 (RFC 5802), whose ways may be bent."""

    def __init__(self, secret=SECRET, rounds=4096, nonce=None, proof=None, silent=False):
        self.secret, self.rounds, self.nonce, self.proof, self.silent, self.verified = secret, rounds, nonce, proof, silent, None

    def __call__(self, say, hear, line):
        first = base64.b64decode(line.split()[2]).decode()
        bare = first.split(',', 2)[2]
        nonce = self.nonce or dict(x.split('=', 1) for x in bare.split(','))['r'] + 'server'
        answer = f'r={nonce},s={b64("salty")},i={self.rounds}'
        say('334 ' + b64(answer))
        reply = hear()
        if reply == '*':
            say('501 5.7.0 cancelled')
            return
        final = base64.b64decode(reply).decode()
        without, proof = final.rsplit(',p=', 1)
        salted = hashlib.pbkdf2_hmac('sha256', self.secret.encode(), b'salty', self.rounds)
        message = ','.join([bare, answer, without]).encode()
        client = hmac.digest(salted, b'Client Key', 'sha256')
        signature = hmac.digest(hashlib.sha256(client).digest(), message, 'sha256')
        self.verified = bytes(x ^ y for x, y in zip(base64.b64decode(proof), signature)) == client
        if self.silent:
            say('235 2.7.0 in')
            return
        server_key = hmac.digest(salted, b'Server Key', 'sha256')
        say('334 ' + b64('v=' + (self.proof or b64(hmac.digest(server_key, message, 'sha256')))))
        if hear() == '*':
            say('501 5.7.0 cancelled')
        else:
            say('235 2.7.0 in')


good = Scram()
case('SCRAM by the book', 'SCRAM-SHA-256', good, 'accepted', 'auth', '', more=lambda r, run, peer: good.verified)
broken = dict(status='broken', stage='auth')
for name, login, words in (('a wrong proof of the server', Scram(proof=b64('x' * 32)), 'proof or its nonce is wrong'), ('no proof of the server', Scram(silent=True), 'without proof'),
                           ('a server that knows another password', Scram(secret='another'), 'proof or its nonce is wrong'), ('a nonce that is not ours', Scram(nonce='foreign'), 'nonce is wrong'),
                           ('hours of work', Scram(rounds=2147483647), 'million rounds'), ('rounds that are no number', Scram(rounds='x'), 'million rounds')):
    case(f'SCRAM: {name}', 'SCRAM-SHA-256', login, words=words, more=lambda r, run, peer: r['attempts'][0]['ending'] == 'auth-failed' and r['remedy']['id'] == 'auth-failed' if 'remedy' in r else True, **broken)
case('challenges without an end', 'LOGIN', flood, 'broken', 'auth', 'more than the mechanism', more=lambda r, run, peer: b'*\r\n' in peer.heard)
case('… behind a mechanism that has none', 'PLAIN', flood, 'broken', 'auth', 'more than the mechanism')
case('… of CRAM-MD5', 'CRAM-MD5', flood, 'broken', 'auth', 'more than the mechanism')
case('… of a token', 'XOAUTH2', flood, 'broken', 'auth', 'more than the mechanism', secret=('--auth-token-file', token))
for name, text in (('words', '334 What is your name?'), ('a cut one', '334 VXNlcm5hbWU'), ('padding in its middle', '334 VX==cm5hbWU='), ('too much of it', '334 VXNlcm5hbWU6=')):
    case(f'a challenge that is not base64: {name}', 'LOGIN', says(text, '501 5.5.2 cancelled'), 'broken', 'auth', 'not base64')
case('… and then nothing', 'LOGIN', says('334 ???', None), 'broken', 'auth', 'not base64')
case('354 to AUTH', 'PLAIN', says('354 go'), 'broken', 'auth')
case('closed within', 'LOGIN', says('334 ' + b64('Username:'), None), 'dropped', 'auth')
case('421 within', 'LOGIN', says('334 ' + b64('Username:'), '421 4.3.2 closing'), 'deferred', 'auth')
case('taken at once', 'LOGIN', says('235 2.7.0 come in'), 'accepted', 'auth')
case('LOGIN with other prompts', 'LOGIN', says('334 ' + b64('Login?'), '334 ' + b64('Word?'), '235 in'), 'accepted', 'auth',
     more=lambda r, run, peer: [h.strip().decode() for h in peer.heard[1:4]] == ['AUTH LOGIN', b64('me'), b64(SECRET)])
case('a secret that is repeated', 'PLAIN', lambda say, hear, line: say(f'535 5.7.8 no: {line} {line.upper()} {SECRET} {SECRET.upper()}'), 'refused', 'auth', '*****')
case('… in a challenge', 'LOGIN', says('334 ' + b64('Username:'), '334 ' + b64(SECRET), f'535-5.7.8 {b64(SECRET)}\r\n535 5.7.8 {SECRET}'), 'refused', 'auth', '*****')
for code, cause, who, status in (('535 5.7.8 wrong', 'auth-required', 'sender', 'refused'), ('535 no', 'auth-required', 'sender', 'refused'), ('534 5.7.9 Application-specific password required', 'auth-required', 'sender', 'refused'),
                                 ('530 5.7.0 Must issue a STARTTLS command first', 'tls-required', 'sender', 'refused'), ('538 5.7.11 Encryption required for requested authentication mechanism', 'tls-required', 'sender', 'refused'),
                                 ('454 4.7.0 Temporary authentication failure', 'system-error', 'receiver', 'deferred'), ('432 4.7.12 A password transition is needed', 'auth-required', 'sender', 'deferred'),
                                 ('451 4.3.0 later', 'system-error', 'receiver', 'deferred'), ('500 5.5.1 what?', 'protocol', 'sender', 'refused'), ('504 5.7.4 Unrecognized authentication type', 'auth-required', 'sender', 'refused'), ('421 4.7.0 Too many login attempts', 'rate-limit', 'sender', 'deferred')):
    case(code, 'PLAIN', says(code), status, 'auth', more=lambda r, run, peer, cause=cause, who=who: (r['diagnosis']['cause'], r['diagnosis']['who']) == (cause, who))
case('no mechanism of ours', 'GSSAPI NTLM', says(), 'skipped', 'ehlo', 'GSSAPI NTLM')
case('none at all', '', says(), 'skipped', 'ehlo', 'does not offer AUTH')

# Tokens
case('XOAUTH2', 'PLAIN XOAUTH2', lambda say, hear, line: say('235 in'), 'accepted', 'auth', secret=('--auth-token-file', token),
     more=lambda r, run, peer: peer.heard[1].strip().decode() == 'AUTH XOAUTH2 ' + b64(f'user=me\1auth=Bearer {TOKEN}\1\1'))
case('OAUTHBEARER before XOAUTH2', 'XOAUTH2 OAUTHBEARER', lambda say, hear, line: say('235 in'), 'accepted', 'auth', secret=('--auth-token-file', token), user='a,b=c',
     more=lambda r, run, peer: peer.heard[1].strip().decode() == 'AUTH OAUTHBEARER ' + b64(f'n,a=a=2Cb=3Dc,\1host=127.0.0.1\1port={peer.port}\1auth=Bearer {TOKEN}\1\1'))
refusal = '{"status":"400","schemes":"Bearer","token":"' + TOKEN + '"}'
case('a token that is refused, in the words of the server', 'OAUTHBEARER', says('334 ' + b64(refusal), '535 5.7.8 no'), 'refused', 'auth', secret=('--auth-token-file', token),
     more=lambda r, run, peer: peer.heard[2] == b'AQ==\r\n' and any('"status":"400"' in line for e in r['attempts'][0]['transcript'] for line in e['lines']))
LONG = keep('long', 'x' * 2000)
case('a long token waits for its challenge', 'XOAUTH2', says('334 ', '235 in'), 'accepted', 'auth', secret=('--auth-token-file', LONG),
     more=lambda r, run, peer: peer.heard[1] == b'AUTH XOAUTH2\r\n' and len(peer.heard[2]) > 2000)
case('EXTERNAL', 'EXTERNAL', says('235 in'), 'accepted', 'auth', '', '--auth', 'external', secret=(), user='<>', more=lambda r, run, peer: peer.heard[1] == b'AUTH EXTERNAL =\r\n')
case('… never unasked', 'EXTERNAL', says('235 in'), 'skipped', 'ehlo')

# Where secrets come from
peer = server('PLAIN', says('235 in'))
base = ('probe', '--server', f'127.0.0.1:{peer.port}', '--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--auth-insecure', '--auth-user', 'me')
for name, text in (('an empty file', ''), ('two lines', 'a\nb\n'), ('a NUL', 'a\0b'), ('a line end alone', '\n'), ('too much', 'x' * 9000)):
    run = Run(*base, '--auth-password-file', keep('odd', text), 'a.example')
    tap.check(f'{name} is no password', run.status == 65 and not peer.heard, run.err)
run = Run(*base, '--auth-password-file', keep('open', SECRET, 0o644), 'a.example')
tap.check('a file that others can read is warned of', 'chmod 600' in run.err and run.status == 0, run.err)
r, w = os.pipe()
os.write(w, SECRET.encode())
os.close(w)
done = subprocess.run([MXWALK, *base, '--auth-password-fd', str(r), 'a.example'], capture_output=True, text=True, pass_fds=[r])
tap.check('--auth-password-fd', done.returncode == 0 and b'AUTH PLAIN ' + b64(f'\0me\0{SECRET}').encode() + b'\r\n' in peer.heard[-4:], done.stderr + str(peer.heard))
done = subprocess.run([MXWALK, *base, '--auth-password-fd', '0', 'a.example'], capture_output=True, text=True, input=SECRET)
tap.check('… of standard input', done.returncode == 0, done.stderr)
for name, args, words in (
        ('swaks\'s way', ['-ap', SECRET], '--auth-password-file'), ('… long', [f'--auth-password={SECRET}'], '--auth-password-file'), ('both sources', ['--auth-password-file', password, '--auth-password-fd', '0'], '--auth-password-fd'),
        ('two targets', ['--auth-password-file', password, 'b.example'], 'one'), ('a list', ['--auth-password-file', password, '-i', '/dev/null'], '--input'),
        ('no such mechanism', ['--auth', 'rot13', '--auth-password-file', password], 'SCRAM-SHA-256'), ('a depth before AUTH', ['--auth-password-file', password, '--quit-after', 'ehlo'], 'ends before AUTH'),
        ('HELO alone', ['--auth-password-file', password, '--protocol', 'smtp'], 'no AUTH'), ('stdin twice', ['--auth-password-file', '-', '--data', '-'], 'only once')):
    run = Run(*base, *args, 'user@a.example')
    tap.check(f'an error: {name}', run.status == 64 and words in run.err and SECRET not in run.err, run.err)
run = Run('probe', '--auth-user', 'me', '--auth-password-file', password, 'a.example')
tap.check('an error: no server', run.status == 64 and '--server' in run.err, run.err)

# While a secret is held, nobody looks into our memory
if os.getuid() == 0:
    silent = Peer(lambda connection, hear: time.sleep(5))
    os.chmod(home, 0o755)
    os.chown(password, 65534, 65534)
    program = os.path.join(home, 'mxwalk')
    subprocess.run(['cp', MXWALK, program], check=True)
    p = subprocess.Popen([program, *base[:2], f'127.0.0.1:{silent.port}', *base[3:], '--auth-password-file', password, 'a.example'], user=65534, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(50):
        owner = os.stat(f'/proc/{p.pid}/environ').st_uid
        if owner == 0:
            break
        time.sleep(0.05)
    tap.check('no core, and no look into it', owner == 0 and os.stat(f'/proc/{p.pid}').st_uid in (0, 65534), owner)
    p.send_signal(signal.SIGKILL)
    p.wait()
else:
    tap.skip('no core, and no look into it', 'needs root')
tap.done()
