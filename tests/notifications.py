#!/usr/bin/env python3
"""DSN (RFC 3461) at a real Postfix: the notifications that are asked for are made, say what was given for them, and are read by explain."""
import email
import glob
import json
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace
import postfix_server
import tap
from peer import Peer, talk
from records import Run, probe

namespace.enter(['postfix'], lab=[])
PORT = 2525
home = tap.folder('notifications')
os.chmod(home, 0o755)
os.mkdir(f'{home}/mail')
os.chmod(f'{home}/mail', 0o777)
nowhere = Peer(talk(b'220 mx\r\n', None, b'250 mx\r\n', None, b'250 ok\r\n', None, b'550 5.1.1 no such user here\r\n', None, b'250 ok\r\n', None), '127.0.0.77')
busy = Peer(talk(b'220 mx\r\n', None, b'250 mx\r\n', None, b'250 ok\r\n', None, b'451 4.3.2 the machine rests\r\n', None, b'250 ok\r\n', None), '127.0.0.77')
postfix = postfix_server.start(home, f'''
myhostname = mx.postfix.test
relay_domains = good.test, bad.test, slow.test
transport_maps = inline:{{ {{ good.test = discard: }} {{ bad.test = smtp:[127.0.0.77]:{nowhere.port} }} {{ slow.test = smtp:[127.0.0.77]:{busy.port} }} }}
virtual_mailbox_domains = me.test
virtual_mailbox_maps = static:box/
virtual_mailbox_base = {home}/mail
virtual_uid_maps = static:65534
virtual_gid_maps = static:65534
delay_warning_time = 1s
queue_run_delay = 1s
minimal_backoff_time = 1s
maximal_backoff_time = 1s
''', f'''
127.0.9.1:{PORT} inet n - n - - smtpd
virtual unix - n n - - virtual
''')
if not postfix_server.listens('127.0.9.1', PORT, postfix):
    print('Bail out! postfix did not start:', postfix_server.maillog(home))
    sys.exit(1)


def arrived(seconds):
    """What comes for the sender; the mail is taken away."""
    for _ in range(int(seconds * 20)):
        found = glob.glob(f'{home}/mail/box/new/*')
        if found:
            text = open(found[0], 'rb').read()
            os.rename(found[0], f'{home}/mail/notice')
            return text
        time.sleep(0.05)
    return b''


def fields(text):
    """Of the message/delivery-status part (RFC 3464)."""
    status = next((p for p in email.message_from_bytes(text).walk() if p.get_content_type() == 'message/delivery-status'), None)
    return {k: v for block in (status.get_payload() if status else []) for k, v in block.items()}


def returned(text):
    types = [p.get_content_type() for p in email.message_from_bytes(text).walk()]
    return 'full' if 'message/rfc822' in types else 'hdrs' if 'text/rfc822-headers' in types or 'message/rfc822-headers' in types else None


def walk(recipient, *args):
    run = probe('--server', f'127.0.9.1:{PORT}', '--allow-private', '--no-dnsbl', '--helo', 'me.example', '--from', 'me@me.test', *args, recipient)
    r = run.results()[0] if run.results() else {}
    return r, run, [e['sent'] for e in r['attempts'][-1]['transcript'] if e['stage'] == 'rcpt'] if r else []


try:
    for what, recipient, action, status, ret, seconds in (('success', 'you@good.test', 'delivered', '2.0.0', 'hdrs', 10), ('failure', 'you@bad.test', 'failed', '5.1.1', 'full', 10), ('delay', 'you@slow.test', 'delayed', '4.3.2', 'hdrs', 15)):
        r, run, sent = walk(recipient, '--dsn-notify', what, '--dsn-ret', ret, '--dsn-envid', f'id+{what}=1', '--dsn-orcpt', 'first+tag@list.test')
        text = arrived(seconds)
        have = fields(text)
        tap.check(f'{what}: a notification of it', r['status'] == 'accepted' and have.get('Action') in (action, 'relayed') and have.get('Status', '').startswith(status[0]), f'{have} {run.err} {json.dumps(r)[:1500]}\n{postfix_server.maillog(home)[-2500:]}')
        tap.check(f'{what}: it repeats what was given', have.get('Original-Envelope-Id') == f'id+{what}=1' and have.get('Original-Recipient') == 'rfc822;first+tag@list.test' and returned(text) == ret,
                  f'{have} {returned(text)} {sent}')
        if what == 'delay':
            os.system(f'postsuper -c {home} -d ALL >/dev/null 2>&1')
        if not text:
            continue
        run = Run('explain', '--json', '--input', f'{home}/mail/notice')
        rows = [row for row in map(json.loads, run.out.splitlines()) if row['type'] == 'explanation']
        if what == 'success':
            tap.check('success: explain has nothing to explain, and says so', run.status in (0, 65) and not [row for row in rows if row['code'] and row['code'] >= 400], run.out + run.err)
        else:
            tap.check(f'{what}: explain reads it', rows and rows[0]['enhanced'] == status and (rows[0].get('cause') == ('recipient-unknown' if what == 'failure' else rows[0].get('cause'))), run.out + run.err)
    r, run, sent = walk('you@bad.test', '--dsn-notify', 'never')
    tap.check('never: none', r['status'] == 'accepted' and sent == ['RCPT TO:<you@bad.test> NOTIFY=NEVER'] and not arrived(1.5), sent)
    r, run, sent = walk('you@good.test', '--dsn-notify', 'failure')
    tap.check('failure, and it was none: none', r['status'] == 'accepted' and not arrived(1.5), sent)
finally:
    postfix_server.stop(home, postfix)
for args, words in ((['--dsn-orcpt', 'nobody'], 'not an address'), (['--dsn-orcpt', 'j\u00fc@a.example'], 'printable ASCII'), (['--dsn-envid', 'x' * 101], 'longer than 100')):
    run = Run('probe', *args, 'a.example')
    tap.check(f'an error: {args[0]} {args[1][:10]}', run.status == 64 and words in run.err, run.err)
tap.done()
