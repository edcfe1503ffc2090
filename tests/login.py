#!/usr/bin/env python3
"""Logins against a real Postfix whose SASL is a real Dovecot's, beside swaks: each mechanism, refusals, what is kept of secrets."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import dovecot
import namespace
import postfix_server
import tap
from certificates import Authority
from records import Run, probe

namespace.enter(['postfix', 'dovecot', 'swaks', 'openssl'], lab=[])
PORT, SECRET = 2525, 'ge,he=im "Wort"'
home = tap.folder('login')
os.chmod(home, 0o755)
authority = Authority(home)
certificate = authority.leaf('mx', dns=['mx.postfix.test'], ip=['127.0.9.1', '127.0.9.2', '127.0.9.3', '127.0.9.4'])
password = os.path.join(home, 'password')
wrong = os.path.join(home, 'wrong')
for name, text in ((password, SECRET + '\n'), (wrong, 'wrong secret')):
    with open(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600), 'w') as f:
        f.write(text)

sasl = '-o smtpd_sasl_auth_enable=yes -o smtpd_sasl_type=dovecot -o smtpd_sasl_path=private/auth -o smtpd_recipient_restrictions=permit_sasl_authenticated,reject'
postfix = postfix_server.start(home, f'''
myhostname = mx.postfix.test
mydestination = postfix.test
smtpd_tls_security_level = may
smtpd_tls_cert_file = {certificate[0]}
smtpd_tls_key_file = {certificate[1]}
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_sender_restrictions = check_sender_access static:HOLD
''', f'''
127.0.9.1:{PORT} inet n - n - - smtpd {sasl} -o smtpd_sasl_security_options=noanonymous
127.0.9.2:{PORT} inet n - n - - smtpd {sasl} -o smtpd_tls_auth_only=yes
127.0.9.3:{PORT} inet n - n - - smtpd
127.0.9.5:{PORT} inet n - n - - smtpd {sasl} -o smtpd_tls_security_level=none
''')
if not postfix_server.listens('127.0.9.1', PORT, postfix):
    print('Bail out! postfix did not start:', postfix_server.maillog(home))
    sys.exit(1)
auth = dovecot.Dovecot(home, {'user': SECRET}, socket=f'{home}/queue/private/auth')


def walk(server, *args, target='user@postfix.test', secret=password, user='user'):
    run = probe('--server', f'{server}:{PORT}', '--allow-private', '--no-dnsbl', '--helo', 'me.example', '--from', 'me@me.example', '--tls-ca', authority.file,
                '--auth-user', user, '--auth-password-file', secret, *args, target)
    results = run.results()
    return run, results[0] if results else {}


def sent(result, stage='auth'):
    return [e['sent'] for e in result['attempts'][-1]['transcript'] if e['stage'] == stage]


def leaks(text):
    import base64
    raw = [SECRET, 'wrong secret', base64.b64encode(SECRET.encode()).decode(), base64.b64encode(f'\0user\0{SECRET}'.encode()).decode(), base64.b64encode(b'\0user\0wrong secret').decode()]
    return [r for r in raw if r in text]


try:
    for mechanism in ('plain', 'login', 'cram-md5', 'scram-sha-1', 'scram-sha-256'):
        run, r = walk('127.0.9.1', '--auth', mechanism)
        tap.check(f'{mechanism}: logged in, and the message is taken', (r.get('status'), r.get('stage')) == ('accepted', 'message') and not run.problems
                  and sent(r)[0].split()[:2] == ['AUTH', mechanism.upper()], json.dumps(r)[:1500] + run.err)
        tap.check(f'{mechanism}: no secret in the record', not leaks(run.out + run.err), leaks(run.out + run.err))
    run, r = walk('127.0.9.1')
    tap.check('the strongest that is offered', sent(r)[0] == 'AUTH SCRAM-SHA-256 (hidden)', json.dumps(sent(r)))
    run, r = walk('127.0.9.1', '--auth', 'login,plain')
    tap.check('… or of those that are named', sent(r) == ['AUTH PLAIN (hidden)'], json.dumps(sent(r)))
    run, r = walk('127.0.9.1', target='postfix.test')
    tap.check('without a recipient it ends behind AUTH', (r['status'], r['stage'], r['asked']) == ('accepted', 'auth', 'auth') and not run.problems, json.dumps(r)[:1500])
    run, r = walk('127.0.9.1', '--quit-after', 'auth')
    tap.check('--quit-after auth', (r['status'], r['stage']) == ('accepted', 'auth') and not sent(r, 'mail'), json.dumps(r)[:1500])
    run, r = walk('127.0.9.2', '--auth', 'any')
    tap.check('AUTH offered under TLS alone', (r['status'], r['stage']) == ('accepted', 'message'), json.dumps(r)[:1500])

    for mechanism in ('plain', 'scram-sha-256', 'cram-md5'):
        run, r = walk('127.0.9.1', '--auth', mechanism, secret=wrong)
        d = r.get('diagnosis') or {}
        tap.check(f'{mechanism}: a wrong password', (r.get('status'), r.get('stage'), run.status) == ('refused', 'auth', 1) and r['reply']['code'] == 535
                  and (d.get('cause'), d.get('basis'), d.get('who')) == ('auth-required', 'stated', 'sender') and 'password' in d.get('advice', '') and not run.problems
                  and not leaks(run.out + run.err), json.dumps(r)[:2000] + run.err)
    text = Run('probe', '--server', f'127.0.9.1:{PORT}', '--allow-private', '--no-dnsbl', '--tls-ca', authority.file, '--auth-user', 'user', '--auth-password-file', wrong, '-v', 'postfix.test')
    tap.check('… in words', 'refused at auth with 535' in text.out and 'the login is refused' in text.out and '~> AUTH SCRAM-SHA-256 (hidden)' in text.out and not leaks(text.out), text.out)
    run, r = walk('127.0.9.1', '--auth-optional', secret=wrong)
    tap.check('--auth-optional: refused, and on without it', r.get('stage') == 'rcpt' and r['reply']['code'] == 554 and 535 in [e['code'] for e in r['attempts'][0]['transcript']], json.dumps(r)[:1500])
    run, r = walk('127.0.9.3')
    tap.check('a server without AUTH', (r['status'], run.status) == ('skipped', 3) and 'does not offer AUTH' in r['attempts'][0]['detail'] and not sent(r, 'mail'), json.dumps(r)[:1500])
    for option in ('--auth-optional', '--auth-optional-strict'):
        run, r = walk('127.0.9.3', option)
        tap.check(f'{option}: … and on without it', (r['status'], r['stage']) == ('accepted', 'message'), json.dumps(r)[:1500])
    run, r = walk('127.0.9.1', '--auth', 'xoauth2', secret=password)
    tap.check('a mechanism without its secret is an error', run.status == 64, run.err)
    run, r = walk('127.0.9.1', '--auth', 'scram-sha-1', '--no-tls')
    tap.check('--no-tls and no more said: an error', run.status == 64 and '--auth-insecure' in run.err, run.err)
    run, r = walk('127.0.9.5')
    tap.check('no STARTTLS: no login', (r['status'], r['stage']) == ('broken', 'ehlo') and r['attempts'][0]['ending'] == 'tls-missing' and not sent(r), json.dumps(r)[:1500])
    run, r = walk('127.0.9.5', '--auth-insecure')
    tap.check('… but when it is allowed', (r['status'], r['stage']) == ('accepted', 'message'), json.dumps(r)[:1500])
    run = probe('--server', f'127.0.9.1:{PORT}', '--allow-private', '--no-dnsbl', '--auth-user', 'user', '--auth-password-file', password, 'postfix.test')
    r = run.results()[0]
    tap.check('a certificate that is not good: no login', (r['status'], r['stage']) == ('broken', 'handshake') and not sent(r), json.dumps(r)[:1500])
    run = probe('--server', f'127.0.9.1:{PORT}', '--allow-private', '--no-dnsbl', '--auth-insecure', '--auth-user', 'user', '--auth-password-file', password, 'postfix.test')
    tap.check('… but when it is allowed', run.results()[0]['status'] == 'accepted', json.dumps(r)[:1500])
finally:
    auth.stop()
    postfix_server.stop(home, postfix)
tap.done()
