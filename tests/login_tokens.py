#!/usr/bin/env python3
"""OAuth tokens (XOAUTH2, OAUTHBEARER) at a real Postfix whose Dovecot asks a small introspection server of ours whether a token is good."""
import base64
import http.server
import json
import os
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dovecot
import namespace
import postfix_server
import tap
from certificates import Authority
from records import Run, probe

namespace.enter(['postfix', 'dovecot', 'openssl'], lab=[])
PORT, TOKEN, EXPIRED = 2525, 'ya29.good~token+/=', 'ya29.expired-token'
home = tap.folder('login-tokens')
os.chmod(home, 0o755)
asked = []


class Introspection(http.server.BaseHTTPRequestHandler):
    """RFC 7662, as far as Dovecot asks: of a token in the Authorization field."""

    def do_GET(self):
        token = self.headers.get('Authorization', '').removeprefix('Bearer ')
        asked.append(token)
        body = json.dumps({'active': True, 'username': 'user'} if token == TOKEN else {'active': False}).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


introspection = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Introspection)
threading.Thread(target=introspection.serve_forever, daemon=True).start()
authority = Authority(home)
certificate = authority.leaf('mx', dns=['mx.postfix.test'], ip=['127.0.9.1'])
files = {}
for name, text in (('good', TOKEN + '\n'), ('expired', EXPIRED), ('password', 'secret')):
    files[name] = os.path.join(home, name)
    with open(os.open(files[name], os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
        f.write(text)
postfix = postfix_server.start(home, f'''
myhostname = mx.postfix.test
mydestination = postfix.test
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate[0]}
smtpd_tls_key_file = {certificate[1]}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = check_sender_access static:HOLD
''', f'''
127.0.9.1:{PORT} inet n - n - - smtpd -o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=dovecot -o smtpd_sasl_path=private/auth -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject
''')
if not postfix_server.listens('127.0.9.1', PORT, postfix):
    print('Bail out! postfix did not start:', postfix_server.maillog(home))
    sys.exit(1)
auth = dovecot.Dovecot(home, {'user': 'secret'}, socket=f'{home}/queue/private/auth', tokens=f'http://127.0.0.1:{introspection.server_address[1]}/introspect')


def walk(*args, token='good', user='user'):
    run = probe('--server', f'127.0.9.1:{PORT}', '--allow-private', '--no-dnsbl', '--helo', 'me.example', '--from', 'me@me.example', '--tls-ca', authority.file,
                '--auth-user', user, '--auth-token-file', files[token], *args, 'user@postfix.test')
    results = run.results()
    return run, results[0] if results else {}


def leaks(text):
    return [s for t in (TOKEN, EXPIRED) for s in (t, base64.b64encode(t.encode()).decode(), base64.b64encode(f'user=user\1auth=Bearer {t}\1\1'.encode()).decode()) if s in text]


try:
    for mechanism in ('xoauth2', 'oauthbearer'):
        run, r = walk('--auth', mechanism)
        sent = [e['sent'] for e in r['attempts'][-1]['transcript'] if e['stage'] == 'auth'] if r else []
        tap.check(f'{mechanism}: logged in, and the message is taken', (r.get('status'), r.get('stage')) == ('accepted', 'message') and not run.problems and sent == [f'AUTH {mechanism.upper()} (hidden)'],
                  json.dumps(r)[:1500] + run.err + postfix_server.maillog(home)[-1500:] + open(f'{home}/dovecot.log').read()[-1500:])
        tap.check(f'{mechanism}: the token was asked about', asked[-1:] == [TOKEN], asked)
        run, r = walk('--auth', mechanism, token='expired')
        d = r.get('diagnosis') or {}
        tap.check(f'{mechanism}: a token that is not good', (r.get('status'), r.get('stage'), run.status, d.get('cause'), d.get('who')) == ('refused', 'auth', 1, 'auth-required', 'sender') and not run.problems, json.dumps(r)[:2500] + run.err)
        tap.check(f'{mechanism}: what the server says of it is shown, the token is not', (mechanism == 'xoauth2' or 'invalid_token' in json.dumps(r)) and not leaks(run.out + run.err) and asked[-1] == EXPIRED, json.dumps(r)[:2500])
    run, r = walk()
    sent = [e['sent'] for e in r['attempts'][-1]['transcript'] if e['stage'] == 'auth'] if r else []
    tap.check('a token alone: OAUTHBEARER comes first', sent == ['AUTH OAUTHBEARER (hidden)'] and r['status'] == 'accepted', json.dumps(sent) + run.err)
    run, r = walk('--auth', 'any', '--auth-password-file', files['password'])
    sent = [e['sent'] for e in r['attempts'][-1]['transcript'] if e['stage'] == 'auth'] if r else []
    tap.check('a password as well: SCRAM does', sent[:1] == ['AUTH SCRAM-SHA-256 (hidden)'] and r['status'] == 'accepted', json.dumps(sent) + run.err)
    text = Run('probe', '-v', '--server', f'127.0.9.1:{PORT}', '--allow-private', '--no-dnsbl', '--tls-ca', authority.file, '--auth-user', 'user', '--auth-token-file', files['expired'], 'postfix.test')
    tap.check('… in words', 'refused at auth' in text.out and 'token' in text.out and not leaks(text.out + text.err), text.out)
finally:
    auth.stop()
    postfix_server.stop(home, postfix)
tap.done()
