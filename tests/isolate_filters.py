"""isolate with real content filters on loopback: Postfix with header, mime header and body checks, and behind its milter rspamd with rules, composites and sums, and ClamAV; before DATA Postfix by its restrictions. Each server is started once, with folders of its own, in a namespace of its own; each message has one trigger, and isolate has to find it."""
import os
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import isolated_mail
import namespace
import postfix_server
import tap
from isolated_mail import message, right

namespace.enter(['postfix', 'rspamd', 'clamd'])
POSTFIX, RSPAMD, CLAMD = 2525, 11332, 3310
home = tap.folder('isolate-filters')
os.chmod(home, 0o755)
VIRUS = b'mxwalk-test-signature-0123456789'
started = []


def write(name, text):
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    open(path, 'w').write(text)
    return path


def folder(name, owner):
    path = os.path.join(home, name)
    os.mkdir(path)
    shutil.chown(path, owner)
    return path


def listens(port, address='127.0.0.1'):
    try:
        socket.create_connection((address, port), 1).close()
        return True
    except OSError:
        return False


def start(name, command, port, address='127.0.0.1'):
    log = open(os.path.join(home, name + '.log'), 'w')
    p = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=home)
    started.append(p)
    return name, p, port, address, log.name


def await_all(servers):
    end = time.monotonic() + 60
    for name, p, port, address, log in servers:
        while not listens(port, address) and p.poll() is None and time.monotonic() < end:
            time.sleep(.05)
        if not listens(port, address):
            print(f'Bail out! {name} did not start:', open(log).read()[-1500:])
            sys.exit(1)


def clamd():
    data = os.path.join(home, 'clamd')
    write('clamd/own.ndb', f'Mxwalk.Test:0:*:{VIRUS.hex()}\n')
    conf = write('clamd.conf', f'DatabaseDirectory {data}\nTCPSocket {CLAMD}\nTCPAddr 127.0.0.1\nForeground yes\nTemporaryDirectory {data}\nMaxThreads 2\nUser root\n')
    return start('clamd', ['clamd', '-c', conf], CLAMD)


# What rspamd refuses from 15 points on.
RULES = '''
  ONE_SUBJECT { re = "Subject=/golden chance/i"; score = 20; }
  ONE_WORDS { re = "/wire the deposit/i{mime}"; score = 20; }
  ONE_URL { re = "/tracker-seven/i{url}"; score = 20; }
  EITHER_A { re = "/miracle diet/i{mime}"; score = 0.1; }
  EITHER_B { re = "/secret formula/i{mime}"; score = 0.1; }
  BOTH_A { re = "Subject=/quarterly gift/i"; score = 0.1; }
  BOTH_B { re = "/claim your voucher/i{mime}"; score = 0.1; }
  LINK_A { re = "/pair-host/i{url}"; score = 0.1; }
  LINK_B { re = "X-Batch=/nine/"; score = 0.1; }
  SUM_A { re = "/limited supply/i{mime}"; score = 8; }
  SUM_B { re = "/sum-host/i{url}"; score = 8; }
  EITHER_U { re = "/first-choice/i{url}"; score = 0.1; }
  EITHER_V { re = "/second choice/i{mime}"; score = 0.1; }
'''
COMPOSITES = '''
  EITHER { expression = "EITHER_A | EITHER_B"; score = 20; policy = "leave"; }
  BOTH { expression = "BOTH_A & BOTH_B"; score = 20; policy = "leave"; }
  LINKED { expression = "LINK_A & LINK_B"; score = 20; policy = "leave"; }
  EITHER_UV { expression = "EITHER_U | EITHER_V"; score = 20; policy = "leave"; }
'''


def rspamd():
    data = folder('rspamd', '_rspamd')
    write('tld', 'example\ntest\n')  # rspamd compiles the list when it starts: the whole one takes it ten seconds
    conf = write('rspamd.conf', f'''
options {{ pidfile = "{data}/pid"; tempdir = "{data}"; filters = "regexp"; control_socket = "{data}/control mode=0600"; rrd = "{data}/rrd"; stats_file = "{data}/stats"; history_file = "{data}/history";
  hs_cache_dir = "{data}"; url_tld = "{home}/tld"; local_addrs = []; dns {{ nameserver = "127.0.0.1:1"; timeout = 0.1s; retransmits = 1; }} }}
logging {{ type = "console"; level = "warning"; }}
metric {{ name = "default"; actions {{ reject = 15; add_header = 14; greylist = null; }} }}
regexp {{ {RULES} }}
composites {{ {COMPOSITES} }}
modules {{ path = "/usr/share/rspamd/plugins/antivirus.lua"; }}
antivirus {{ clamav {{ type = "clamav"; servers = "127.0.0.1:{CLAMD}"; symbol = "CLAM_VIRUS"; action = "reject"; scan_mime_parts = true; message = "a virus was found: ${{VIRUS}}"; }} }}
worker "rspamd_proxy" {{ bind_socket = "127.0.0.1:{RSPAMD}"; milter = true; timeout = 20s; count = 1; upstream "local" {{ default = true; self_scan = true; }} }}
''')
    return start('rspamd', ['rspamd', '-f', '-c', conf, '-u', '_rspamd', '-g', '_rspamd', *(x for v in ('DBDIR', 'RUNDIR', 'LOGDIR') for x in ('--var', f'{v}={data}'))], RSPAMD)


def postfix():
    conf = f'{home}/postfix'
    write('checks/header_checks', '/^Subject:.*lottery winner/ REJECT no such subject\n/^X-Tool:/ REJECT no such tool\n/^From:.*Casino/ REJECT no such sender\n/^From:.*banned\\.example/ REJECT banned\n')
    write('checks/mime_header_checks', '/name="?[^"]*\\.exe/ REJECT no programs\n')
    write('checks/body_checks', '/cheap pills/ REJECT no pills\n/bad-host\\.example/ REJECT no such link\n/<form/ REJECT no forms\n')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '9', '-subj', '/CN=mx.filter.test', '-keyout', f'{home}/tls.pem', '-out', f'{home}/tls.crt'], check=True, capture_output=True)
    with open(f'{home}/tls.pem', 'a') as f:
        f.write(open(f'{home}/tls.crt').read())
    log = open(f'{home}/postfix.log', 'w')
    started.append(postfix_server.start(conf, f'''
myhostname = mx.filter.test
mydestination = filter.test
smtpd_peername_lookup = no
smtpd_recipient_restrictions = check_client_access static:HOLD, permit
smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_chain_files = {home}/tls.pem
smtpd_milters = inet:127.0.0.1:{RSPAMD}
milter_default_action = tempfail
header_checks = regexp:{home}/checks/header_checks
mime_header_checks = regexp:{home}/checks/mime_header_checks
nested_header_checks =
body_checks = regexp:{home}/checks/body_checks
''', f'127.0.9.1:{POSTFIX} inet n - n - - smtpd\n' + ''.join(
        f'{address}:{POSTFIX} inet n - n - - smtpd\n -o {{ {restriction} }}\n' for address, restriction, *_ in ENVELOPES.values()), log))
    return 'postfix', started[-1], POSTFIX, '127.0.9.1', log.name


# What one Postfix each refuses before DATA, by which restriction; what isolate is to find.
ENVELOPES = {
    'the HELO name': ('127.0.9.2', 'smtpd_helo_restrictions = check_helo_access inline:{ { me.example = REJECT not by that name } }', 'helo'),
    'the reverse-path': ('127.0.9.3', 'smtpd_sender_restrictions = check_sender_access inline:{ { a@me.example = REJECT not from there } }', 'null-sender'),
    'the source': ('127.0.9.4', 'smtpd_client_restrictions = check_client_access inline:{ { 127.0.0.1 = REJECT not from that address } }', 'source'),
    'mail without TLS': ('127.0.9.5', 'smtpd_tls_security_level = encrypt', 'tls'),
    'the recipient': ('127.0.9.6', 'smtpd_recipient_restrictions = check_recipient_access inline:{ { me@filter.test = REJECT not to me } }', 'envelope-none'),
    'nothing': ('127.0.9.7', 'smtpd_milters =', 'envelope-taken'),
}
PLANTED = {
    'Postfix header_checks, subject': (dict(subject='A lottery winner'), 'one', 'subject'),
    'Postfix header_checks, a field': (dict(field='X-Tool: any\n'), 'one', 'field X-Tool'),
    'Postfix header_checks, display name': (dict(name='Casino'), 'one', 'author-name'),
    'Postfix body_checks, words': (dict(words=('Buy cheap pills.', '')), 'one', 'paragraph Dear'),
    'Postfix body_checks, a link': (dict(links=('one.example/a', 'bad-host.example/b')), 'one', 'link bad-host.example'),
    'Postfix body_checks, a form': (dict(html='<form action="/x"><input></form>\n'), 'one', 'construct form'),
    'Postfix mime_header_checks, a name': (dict(file='prize.exe'), 'one', 'attachment-name prize.exe'),
    'rspamd, subject': (dict(subject='Your golden chance'), 'one', 'subject'),
    'rspamd, words': (dict(words=('', 'Please wire the deposit.')), 'one', 'paragraph We have'),
    'rspamd, a link': (dict(links=('tracker-seven.example/a', 'two.example/b')), 'one', 'link tracker-seven.example'),
    'ClamAV, a file': (dict(contents=VIRUS), 'one', 'attachment list.csv'),
    'rspamd, either of two paragraphs': (dict(words=('A miracle diet.', 'The secret formula.')), 'either', 'paragraph Dear', 'paragraph We have'),
    'rspamd, either a link or words': (dict(words=('', 'A second choice.'), links=('one.example/a', 'first-choice.example/b')), 'either', 'paragraph We have', 'link first-choice.example'),
    'rspamd, subject and words together': (dict(subject='A quarterly gift', words=('', 'Now claim your voucher.')), 'both', 'subject', 'paragraph We have'),
    'rspamd, a link and a field together': (dict(field='X-Batch: nine\n', links=('one.example/a', 'pair-host.example/b')), 'both', 'field X-Batch', 'link pair-host.example'),
    'rspamd, the points of two': (dict(words=('Limited supply.', ''), links=('one.example/a', 'sum-host.example/b')), 'both', 'paragraph Dear', 'link sum-host.example'),
}
MOST = 14


def isolate(text):
    run = isolated_mail.isolate(write('message', text), 'me@filter.test', f'127.0.9.1:{POSTFIX}', '--json', '--no-tls', '--ehlo', 'me.example', '--from', 'a@me.example', '--dns-replay', '/dev/null').ndjson()
    return run, isolated_mail.last_of(run)


try:
    await_all([clamd(), rspamd(), postfix()])
    run, last = isolate(message())
    tap.check('the message without a trigger is taken', last['verdict'] == 'not-refused' and run.status == 0, run.out + run.err)
    for what, (planted, *want) in PLANTED.items():
        run, last = isolate(message(**planted))
        tap.check(f'{what}: found and confirmed in at most {MOST} messages ({last["messages"]})', right(last, *want) and last['confirmed'] and last['messages'] <= MOST and run.status == 1, run.out + run.err)
    run, last = isolate(message(domain='banned.example'))
    tap.check('the sender is refused: exactly two messages', (last['verdict'], last['messages'], run.status) == ('not-content', 2, 1), run.out + run.err)
    for what, (address, _, want) in ENVELOPES.items():
        run = isolated_mail.isolate('/dev/null', 'me@filter.test', f'{address}:{POSTFIX}', '--isolate', 'envelope', '--json', '--no-tls', '--source', '127.0.0.1', '--source', '127.0.0.8', '--ehlo', 'me.example',
                                    '--from', 'a@me.example', '--dns-replay', '/dev/null').ndjson()
        said = run.records[-1] if run.records else {}
        tap.check(f'envelope: a Postfix that refuses {what}: {want}, in at most six walks', said.get('verdict') == want and len(said['walks']) <= 6 and not run.problems, run.out + run.err)
finally:
    for p in reversed(started):
        p.terminate()
    for p in started:
        try:
            p.wait(8)
        except subprocess.TimeoutExpired:
            p.kill()
tap.done()
