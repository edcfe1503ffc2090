"""mxwalk against a real Postfix on loopback, side by side with swaks: the same code, stage and text; and the message is in the queue."""
import glob
import json
import os
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import beside_swaks
import namespace
import postfix_server
import tap
from records import probe

namespace.enter(['postfix', 'swaks'], lab=[])
PORT = 2525
CLEAN, LISTED = '127.0.1.1', '127.0.1.2'
home = tap.folder('postfix')
os.chmod(home, 0o755)


def write(name, text):
    path = os.path.join(home, name)
    with open(path, 'w') as f:
        f.write(text)
    return path


def start():
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{home}/key.pem', '-out', f'{home}/cert.pem', '-days', '2', '-subj', '/CN=mx.postfix.test'],
                   check=True, capture_output=True)
    write('header_checks', '/^X-Forbidden:/ REJECT no such header here\n')
    plain = '-o smtpd_tls_security_level=none'
    server = postfix_server.start(home, f'''
myhostname = mx.postfix.test
mydestination = postfix.test
smtputf8_enable = yes
smtpd_tls_security_level = may
smtpd_tls_cert_file = {home}/cert.pem
smtpd_tls_key_file = {home}/key.pem
smtpd_recipient_restrictions = check_client_access static:HOLD, permit
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
mynetworks = 127.0.99.0/24
''', f'''
127.0.9.1:{PORT} inet n - n - - smtpd
127.0.9.2:{PORT} inet n - n - - smtpd {plain} -o smtpd_recipient_restrictions=reject_rbl_client,zen.spamhaus.org,permit
127.0.9.3:{PORT} inet n - n - - smtpd {plain} -o smtpd_delay_reject=no -o smtpd_client_restrictions=reject_rbl_client,zen.spamhaus.org
127.0.9.4:{PORT} inet n - n - - smtpd {plain} -o cleanup_service_name=cleanup-checks
127.0.9.5:{PORT} inet n - n - - smtpd {plain} -o cleanup_service_name=cleanup-hops
127.0.9.6:{PORT} inet n - n - - smtpd {plain} -o smtpd_helo_required=yes -o smtpd_helo_restrictions=reject_unknown_helo_hostname -o smtpd_client_restrictions=reject_unknown_client_hostname
127.0.9.7:{PORT} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
127.0.9.9:{PORT} inet n - n - - smtpd {plain} -o smtpd_forbid_bare_newline=no -o smtpd_forbid_unauth_pipelining=no
127.0.9.10:{PORT} inet n - n - - smtpd {plain} -o smtpd_forbid_bare_newline=yes
127.0.9.8:{PORT} inet n - n - - smtpd -o smtpd_data_restrictions=reject_unauth_pipelining
cleanup-checks unix n - n - 0 cleanup -o header_checks=regexp:{home}/header_checks
cleanup-hops unix n - n - 0 cleanup -o hopcount_limit=1
''', open(f'{home}/log', 'w'))
    if postfix_server.listens('127.0.9.1', PORT, server):
        return server
    server.kill()
    print('Bail out! postfix did not start:', open(f'{home}/log').read()[:2000], postfix_server.maillog(home))
    sys.exit(1)


def both(name, address, source, want_code, want_stage, *args, swaks_args=()):
    return beside_swaks.both(name, address, PORT, source, 'user@postfix.test', want_code, want_stage, *args, swaks_args=swaks_args)


server = start()
try:
    run = probe('--source', CLEAN, '--ehlo', 'clean.sender.example', f'user@postfix.test@[127.0.9.1]:{PORT}')
    r = run.results()[0] if run.results() else None
    if tap.check('accepts: a result', r is not None, run.out + run.err):
        tap.check('accepts: accepted at message, under TLS', (r['status'], r['stage'], r['attempts'][0]['tls']['done']) == ('accepted', 'message', True), run.out)
        tap.check('accepts: the certificate is reported, not enforced', r['attempts'][0]['tls']['verify'] == 'certificate-not-trusted', r['attempts'][0]['tls'])
        tap.check('accepts: exit status 0', run.status == 0, run.status)
        m = re.search(r'queued as (\w+)', r['reply']['text'])
        held = glob.glob(f'{home}/queue/hold/{m.group(1)}') if m else []
        text = open(held[0], 'rb').read() if held else b''
        tap.check('accepts: the message is in the queue', b'Auto-Submitted: auto-generated' in text and b'user@postfix.test' in text, f'{r["reply"]} {os.listdir(home + "/queue/hold")}')

    run = probe('--source', LISTED, '--data', 'Subject: dots\n\n.\n..two\nend', f'user@postfix.test@[127.0.9.1]:{PORT}')
    r = run.results()[0]
    m = re.search(r'queued as (\w+)', (r['reply'] or {}).get('text', ''))
    shown = subprocess.run(['postcat', '-c', home, '-bq', m.group(1)], capture_output=True, text=True).stdout if m else ''
    tap.check('dots and LF line ends arrive as they were', shown.lstrip('\n').split('\n')[:3] == ['.', '..two', 'end'], shown + run.out)

    envelope = ('--chunking', '--dsn-notify', 'success,delay', '--dsn-ret', 'hdrs', '--dsn-envid', 'a+b')
    for name, address, more in (('BDAT and DSN', '127.0.9.1', ()), ('BDAT and DSN, TLS at once', '127.0.9.7', ('--tls-on-connect',))):
        run = probe('--source', CLEAN, *envelope, *more, '--data', 'Subject: dots\n\n.\n..two\nend', f'user@postfix.test@[{address}]:{PORT}')
        r = run.results()[0]
        sent = [e['sent'] for e in r['attempts'][0]['transcript']]
        m = re.search(r'queued as (\w+)', (r['reply'] or {}).get('text', ''))
        shown = subprocess.run(['postcat', '-c', home, '-q', m.group(1)], capture_output=True, text=True).stdout if m else ''
        tap.check(f'{name}: a real Postfix takes it', r['status'] == 'accepted' and r['attempts'][0]['tls']['done'] and any(s and s.startswith('BDAT ') for s in sent)
                  and '.\n..two\nend\n' in shown and {'envelope_id=a+b', 'notify_flags=10', 'ret_flags=2'} <= set(re.findall(r'named_attribute: (\S+)', shown)), shown[:1500] + run.out[:1500])

    run = probe('--source', CLEAN, '--pipeline', '--data', 'Subject: dots\n\n.\n..two\nend', f'user@postfix.test@[127.0.9.8]:{PORT}')
    r = run.results()[0]
    tap.check('--pipeline: taken, by one that rejects what is out of turn', (r['status'], r['stage'], r['attempts'][0]['pipelined']) == ('accepted', 'message', True) and not run.problems, run.out)
    r = probe('--source', LISTED, '--pipeline', '--no-tls', f'user@postfix.test@[127.0.9.2]:{PORT}').results()[0]
    theirs, _ = beside_swaks.swaks('127.0.9.2', PORT, LISTED, 'user@postfix.test', '--pipeline')
    tap.check('--pipeline, refused at RCPT: the words that swaks heard', (r['status'], r['stage'], r['reply']['lines']) == ('refused', 'rcpt', theirs[:1]), f'{r["reply"]} {theirs}')
    r = probe('--source', CLEAN, '--pipeline', '--no-tls', f'user@elsewhere.test@[127.0.9.1]:{PORT}').results()[0]
    said = [(e['stage'], e['code']) for e in r['attempts'][0]['transcript'] if e['sent']][1:]
    tap.check('--pipeline, no recipient is left: each reply its own', (r['status'], r['stage']) == ('refused', 'rcpt') and said == [('mail', 250), ('rcpt', 554), ('data', 554), ('quit', 221)], said)

    for end, open_to in (('lf-dot-lf', True), ('lf-dot-crlf', True), ('crlf-dot-lf', True), ('cr-dot-cr', False), ('cr-dot-crlf', False), ('crlf-dot-cr', False)):
        for address, careful in (('127.0.9.9', False), ('127.0.9.10', True)):
            run = probe('--source', CLEAN, '--raw-eol', end, f'user@postfix.test@[{address}]:{PORT}')
            r = run.results()[0]
            taken = (r['attempts'][0].get('smuggling') or {}).get('taken')
            tap.check(f'--raw-eol {end}: {"smtpd_forbid_bare_newline = yes" if careful else "no"}', taken == ('message' if open_to and not careful else 'nothing') and (taken != 'message' or run.status == 1), f'{taken} {r["status"]} {json.dumps(r["attempts"][0]["transcript"])}')

    run = probe('--source', CLEAN, '--tls-verify', f'user@postfix.test@[127.0.9.1]:{PORT}')
    r = run.results()[0]
    tap.check('--tls-verify stops at the handshake', (r['status'], r['stage'], run.status) == ('broken', 'handshake', 3), run.out)

    r = both('dnsbl at RCPT', '127.0.9.2', LISTED, 554, 'rcpt', '--no-tls')
    if r:
        d = r['diagnosis']
        tap.check('dnsbl at RCPT: ip-blocklist, confirmed by our own look-up', (d['cause'], d['basis'], d['list']) == ('ip-blocklist', 'confirmed', 'zen.spamhaus.org'), d)
    r = both('dnsbl at the greeting', '127.0.9.3', LISTED, 554, 'greeting')
    if r:
        d = r['diagnosis']
        tap.check('dnsbl at the greeting: ip-blocklist, confirmed', (d['cause'], d['basis']) == ('ip-blocklist', 'confirmed'), d)
    clean = probe('--source', CLEAN, f'[127.0.9.3]:{PORT}')
    tap.check('the same server greets the clean address with 220', clean.results() and clean.results()[0]['attempts'][0]['greeting']['code'] == 220 and clean.status == 0, clean.out + clean.err)
    # Postfix answers header_checks with 550, whatever the table says: 554 after the dot is had from the limit on hops.
    both('header_checks', '127.0.9.4', CLEAN, 550, 'message', '--no-tls', '--header', 'X-Forbidden: yes', swaks_args=['--header', 'X-Forbidden: yes'])
    hops = 'Received: from a by b; Tue, 24 Nov 2026 00:00:00 +0000'
    r = both('hop count', '127.0.9.5', CLEAN, 554, 'message', '--no-tls', '--header', hops, swaks_args=['--add-header', hops])
    if r:
        tap.check('hop count: routing-loop', r['diagnosis']['cause'] == 'routing-loop', r['diagnosis'])
finally:
    postfix_server.stop(home, server)
tap.done()
