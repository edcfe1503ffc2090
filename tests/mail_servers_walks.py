"""mxwalk against a real Exim and a real OpenSMTPD on loopback, side by side with swaks: their own words at every stage, what we make of them, and the message in the queue or the mailbox."""
import glob
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import beside_swaks
import isolated_mail
import mail_servers_dialogue
import tap
from isolated_mail import message, right
from records import probe

PORT = 2525
CLEAN, LISTED, NAMELESS = '127.0.1.1', '127.0.1.2', '127.0.1.3'
UNPACKED = os.environ['UNPACKED']
home = tap.folder('mail')
os.chmod(home, 0o755)
servers = []


def write(name, text):
    path = os.path.join(home, name)
    with open(path, 'w') as f:
        f.write(text)
    return path


def start(name, address, *argv, env=None):
    """The server, once it greets; None when it does not start."""
    log = open(os.path.join(home, name + '.out'), 'w+')
    server = subprocess.Popen(argv, cwd=home, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=env)
    servers.append(server)
    for _ in range(100):
        try:
            with socket.create_connection((address, PORT), 1) as s:
                s.settimeout(5)
                if s.recv(3) == b'220':
                    return True
        except OSError:
            pass
        if server.poll() is not None:
            break
        time.sleep(0.05)
    log.seek(0)
    return tap.check(f'{name} starts', False, log.read()[-3000:])


# One address a set-up: what it is, and the ACL conditions that are in force there only.
EXIM = {'accepts': '127.0.10.1', 'dnsbl at connect': '127.0.10.2', 'bare deny at connect': '127.0.10.3', 'helo': '127.0.10.4', 'sender': '127.0.10.5', 'dnsbl at rcpt': '127.0.10.6', 'content': '127.0.10.7', 'isolate': '127.0.10.8'}


def found_in(where, what):
    return f'${{if match{{{where}}}{{{what}}}}}'


def both_in(one, what, other, too):
    return f'${{if and{{{{match{{{one}}}{{{what}}}}}{{match{{{other}}}{{{too}}}}}}}}}'


ACLS = (
    ('no such sender', found_in('$h_from:', 'banned')),
    ('no such subject', found_in('$h_subject:', 'golden chance')),
    ('no such tool', '${if def:h_x-tool:}'),
    ('no such words', found_in('$message_body', 'wire the deposit')),
    ('no such links', found_in('$message_body', 'tracker-seven')),
    ('no programs', found_in('$message_body', r'\N\.exe\N')),
    ('not this', found_in('$message_body', 'miracle diet|second-choice')),
    ('not both', both_in('$h_subject:', 'quarterly gift', '$message_body', 'claim your voucher')),
)
PLANTED = {
    'a subject': (dict(subject='Your golden chance'), 'one', 'subject'),
    'a field': (dict(field='X-Tool: any\n'), 'one', 'field X-Tool'),
    'words': (dict(words=('', 'Please wire the deposit.')), 'one', 'paragraph We have'),
    'a link': (dict(links=('one.example/a', 'tracker-seven.example/b')), 'one', 'link tracker-seven.example'),
    'the name of a file': (dict(file='prize.exe'), 'one', 'attachment-name prize.exe'),
    'either words or a link': (dict(words=('A miracle diet.', ''), links=('one.example/a', 'second-choice.example/b')), 'either', 'paragraph Dear', 'link second-choice.example'),
    'a subject and words together': (dict(subject='A quarterly gift', words=('', 'Now claim your voucher.')), 'both', 'subject', 'paragraph We have'),
}
MOST = 14


def isolate(text):
    run = isolated_mail.isolate(write('message', text), 'user@exim.test', f'{EXIM["isolate"]}:{PORT}', '--json', '--no-tls', '--source', CLEAN, '--ehlo', beside_swaks.EHLO, '--no-dnsbl').ndjson()
    return run, isolated_mail.last_of(run)


def isolates():
    """The parts that Exim's ACLs refuse are found."""
    run, last = isolate(message())
    tap.check('exim, isolate: the message without a trigger is taken', last['verdict'] == 'not-refused' and run.status == 0, run.out + run.err)
    for what, (planted, *want) in PLANTED.items():
        run, last = isolate(message(**planted))
        tap.check(f'exim, isolate: {what}: found and confirmed in at most {MOST} messages', right(last, *want) and last['confirmed'] and last['messages'] <= MOST and run.status == 1, run.out + run.err)
    run, last = isolate(message(domain='banned.example'))
    tap.check('exim, isolate: the sender is refused: exactly two messages', (last['verdict'], last['messages'], run.status) == ('not-content', 2, 1), run.out + run.err)


def exim_config():
    def at(what):
        return 'condition = ${if eq{$received_ip_address}{' + EXIM[what] + '}}'
    listed = 'message = $sender_host_address is listed at $dnslist_domain ($dnslist_value: $dnslist_text)\n  dnslists = zen.spamhaus.org'
    denials = ''.join(f'  deny {at("isolate")}\n  message = {words}\n  condition = {condition}\n' for words, condition in ACLS)
    return f'''
primary_hostname = mx.exim.test
spool_directory = {home}/exim
log_file_path = {home}/exim/%slog
pid_file_path = {home}/exim/pid
keep_environment = LD_LIBRARY_PATH
disable_ipv6
queue_only
rfc1413_query_timeout = 0s
local_interfaces = {' : '.join(EXIM.values())}
daemon_smtp_ports = {PORT}
tls_advertise_hosts = ${{if eq{{$received_ip_address}}{{{EXIM['accepts']}}}{{*}}{{}}}}
tls_certificate = {home}/cert.pem
tls_privatekey = {home}/exim.pem
message_size_limit = 100K
message_body_visible = 20000
domainlist local_domains = exim.test
acl_smtp_connect = connect
acl_smtp_helo = helo
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
connect:
  deny {at('dnsbl at connect')}
  {listed}
  deny {at('bare deny at connect')}
  accept
helo:
  deny {at('helo')}
  !verify = helo
  accept
mail:
  accept !{at('sender')}
  require verify = sender
  accept
rcpt:
  require message = relay not permitted
  domains = +local_domains
  require verify = recipient
  deny {at('dnsbl at rcpt')}
  {listed}
  accept
data:
  deny {at('content')}
  message = This message contains a virus ($header_x-test:).
  condition = ${{if match{{$header_x-test:}}{{Eicar}}}}
  require verify = header_syntax
{denials}  accept
begin routers
users:
  driver = accept
  domains = +local_domains
  local_parts = user : postmaster
  transport = nowhere
others:
  driver = dnslookup
  domains = !+local_domains
  self = send
  transport = away
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
away:
  driver = smtp
'''


def handshakes(address):
    """Whether openssl gets through the handshake: OpenSMTPD 6.8, in Debian 12, does not with OpenSSL 3 (OpenSMTPD issue 1171)."""
    p = subprocess.run(['openssl', 's_client', '-starttls', 'smtp', '-brief', '-connect', f'{address}:{PORT}'], input='QUIT\r\n', capture_output=True, text=True, timeout=20)
    return p.returncode == 0


def accepts(name, address, recipient, found):
    """A walk to the end, under TLS where the server is able; and the message where the server keeps it."""
    def walk(*args):
        run = probe('--source', CLEAN, '--ehlo', beside_swaks.EHLO, *args, f'{recipient}@[{address}]:{PORT}')
        return run, run.results()[0] if run.results() else None
    run, r = walk()
    if not tap.check(f'{name}: a result', r is not None and not run.problems, run.out + run.err):
        return
    tap.check(f'{name}: the certificate is reported, not enforced', r['attempts'][0]['tls']['verify'] == 'certificate-not-trusted', r['attempts'][0]['tls'])
    tls = handshakes(address)
    if not tls:
        tap.check(f'{name}: a handshake that openssl, too, does not get through', (r['status'], r['stage'], r['attempts'][0]['ending'], run.status) == ('broken', 'handshake', 'tls-failed', 3), run.out)
        run, r = walk('--no-tls')
    tap.check(f'{name}: accepted at message', (r['status'], r['stage'], r['attempts'][0]['tls']['done'], run.status) == ('accepted', 'message', tls, 0), run.out)
    text = b''
    for _ in range(100):
        text = b''.join(open(path, 'rb').read() for path in found())
        if b'Auto-Submitted: auto-generated' in text:
            break
        time.sleep(0.05)
    tap.check(f'{name}: the message has arrived', b'Auto-Submitted: auto-generated' in text and b'mxwalk' in text, text[:500])
    run, r = walk('--tls-verify')
    tap.check(f'{name}: --tls-verify stops at the handshake', (r['status'], r['stage'], run.status) == ('broken', 'handshake', 3), run.out)


def refuses(rows, prefix, addresses, domain):
    for what, source, who, code, stage, cause, basis, args, swaks_args in rows:
        recipient = who if '@' in who else f'{who}@{domain}'
        r = beside_swaks.both(f'{prefix}, {what}', addresses[what.split(',')[0]], PORT, source, recipient, code, stage, *args, swaks_args=swaks_args)
        if r and r['diagnosis']:
            d = r['diagnosis']
            tap.check(f'{prefix}, {what}: {cause}, {basis}', d['cause'] == cause and d['basis'] in basis.split('|'), f"{r['reply']['lines']}\n{d}")


def exim():
    os.mkdir(home + '/exim')
    shutil.chown(home + '/exim', 'Debian-exim', 'Debian-exim')
    root = f'{UNPACKED}/exim4-daemon-light'
    libraries = ':'.join(sorted({os.path.dirname(path) for path in glob.glob(root + '/usr/lib/**/*.so*', recursive=True)}))
    if not start('exim', EXIM['accepts'], f'{root}/usr/sbin/exim4', '-C', write('exim.conf', exim_config()), '-bdf', env={**os.environ, 'LD_LIBRARY_PATH': libraries}):
        tap.check('exim: its log', False, ''.join(open(path).read() for path in glob.glob(home + '/exim/*log'))[-2000:])
        return
    accepts('exim', EXIM['accepts'], 'user@exim.test', lambda: glob.glob(f'{home}/exim/input/**/*-[DH]', recursive=True))
    refuses((
        ('dnsbl at connect', LISTED, 'user', 550, 'greeting', 'ip-blocklist', 'confirmed', (), ()),
        ('bare deny at connect', CLEAN, 'user', 550, 'greeting', 'unknown', 'unknown', (), ()),
        ('helo', NAMELESS, 'user', 550, 'ehlo', 'reverse-dns', 'inferred', (), ()),  # the words give no reason; the address has no name, and so no HELO name could be right
        ('sender', CLEAN, 'user', 550, 'mail', 'sender-domain', 'confirmed', ('--from=a@nothing.lab.example',), ('--from', 'a@nothing.lab.example')),
        ('sender', CLEAN, 'user', 550, 'mail', 'sender-domain', 'confirmed', ('--from=a@no-mail.sender.example',), ('--from', 'a@no-mail.sender.example')),
        ('accepts, unknown user', CLEAN, 'nobody', 550, 'rcpt', 'recipient-unknown', 'stated', ('--no-tls',), ()),
        ('accepts, relay', CLEAN, 'user@elsewhere.example', 550, 'rcpt', 'relay-denied', 'stated', ('--no-tls',), ()),
        ('dnsbl at rcpt', LISTED, 'user', 550, 'rcpt', 'ip-blocklist', 'confirmed', (), ()),
        ('content', CLEAN, 'user', 550, 'message', 'content-malware', 'stated', ('--header=X-Test: Eicar-Signature',), ('--header', 'X-Test: Eicar-Signature')),
        ('accepts, header syntax', CLEAN, 'user', 550, 'message', 'unknown', 'unknown', ('--no-tls', '--header=Reply-To: a@b@c'), ('--header', 'Reply-To: a@b@c')),
    ), 'exim', EXIM, 'exim.test')
    isolates()
    # swaks does not say SIZE, and hears of it only after the message.
    run = probe('--source', CLEAN, '--ehlo', beside_swaks.EHLO, '--no-tls', f'--body={"x " * 60000}', f'user@exim.test@[{EXIM["accepts"]}]:{PORT}')
    tap.check('exim, size: refused at MAIL', [(r['status'], r['stage'], r['reply']['code'], r['diagnosis']['cause']) for r in run.results()] == [('refused', 'mail', 552, 'message-size')], run.out)


OPENSMTPD = {'accepts': '127.0.11.1', 'no name': '127.0.11.2', 'helo': '127.0.11.3', 'sender': '127.0.11.4', 'rcpt': '127.0.11.5', 'data': '127.0.11.6', 'message': '127.0.11.7', 'tls': '127.0.11.8',
             'three': '127.0.11.9'}


def opensmtpd_config():
    listeners = ''.join(f'listen on {address} port {PORT} hostname mx.opensmtpd.test {rest}\n' for address, rest in (
        (OPENSMTPD['accepts'], 'tls pki "mx"'), (OPENSMTPD['no name'], 'filter "no_name"'), (OPENSMTPD['helo'], 'filter "hello"'), (OPENSMTPD['sender'], 'filter "sender"'), (OPENSMTPD['rcpt'], 'filter "rcpt"'),
        (OPENSMTPD['data'], 'filter "data"'), (OPENSMTPD['message'], 'filter "message"'), (OPENSMTPD['tls'], 'tls-require pki "mx"'), (OPENSMTPD['three'], '')))
    many = ', '.join(f'"d{i}.example"' for i in range(20))
    return f'''
pki "mx" cert "{home}/cert.pem"
pki "mx" key "{home}/key.pem"
smtp max-message-size 100K
smtp limit max-mails 3
filter "no_name" phase connect match !rdns disconnect "550 no rDNS is so 80s"
filter "helo" phase ehlo match helo {{ "{beside_swaks.EHLO}" }} reject "554 5.7.1 bad HELO name"
filter "helo too" phase helo match helo {{ "{beside_swaks.EHLO}" }} reject "554 5.7.1 bad HELO name"
filter "hello" chain {{ "helo", "helo too" }}
filter "sender" phase mail-from match mail-from {{ "{beside_swaks.SENDER}" }} reject "550 5.1.8 sender blocked"
filter "rcpt" phase rcpt-to match !fcrdns reject "550 5.7.25 reverse DNS validation failed"
filter "data" phase data match rdns reject "451 4.7.1 try again later"
filter "message" phase commit match rdns reject "554 5.7.1 message considered spam"
{listeners}
action "users" maildir "{home}/maildir"
action "all" maildir "{home}/maildir" virtual {{ "@" = "user" }}
match from any for domain "opensmtpd.test" action "users"
match from any for domain {{ {many} }} action "all"
'''


def opensmtpd():
    os.mkdir(home + '/maildir')
    shutil.chown(home + '/maildir', 'user')
    os.chmod(home + '/key.pem', 0o600)
    if not start('opensmtpd', OPENSMTPD['accepts'], f'{UNPACKED}/opensmtpd/usr/sbin/smtpd', '-d', '-f', write('smtpd.conf', opensmtpd_config())):
        return
    accepts('opensmtpd', OPENSMTPD['accepts'], 'user@opensmtpd.test', lambda: glob.glob(f'{home}/maildir/new/*'))
    refuses((
        ('no name', NAMELESS, 'user', 550, 'greeting', 'reverse-dns', 'confirmed', (), ()),
        ('helo', CLEAN, 'user', 554, 'ehlo', 'helo', 'stated', (), ()),
        ('sender', CLEAN, 'user', 550, 'mail', 'sender-blocked', 'stated', (), ()),
        ('rcpt', NAMELESS, 'user', 550, 'rcpt', 'reverse-dns', 'confirmed', (), ()),
        ('accepts, unknown user', CLEAN, 'nosuchuser', 550, 'rcpt', 'recipient-unknown', 'stated', ('--no-tls',), ()),
        ('accepts, relay', CLEAN, 'user@elsewhere.example', 550, 'rcpt', 'recipient-unknown', 'stated', ('--no-tls',), ()),
        ('message', CLEAN, 'user', 554, 'message', 'content-spam', 'stated', (), ()),
        ('tls', CLEAN, 'user', 530, 'mail', 'tls-required', 'stated', ('--no-tls',), ()),
    ), 'opensmtpd', OPENSMTPD, 'opensmtpd.test')
    mail_servers_dialogue.opensmtpd(OPENSMTPD['accepts'], PORT)
    walk_many('opensmtpd, three messages in a connection, of which it counts those that are sent', 20, [OPENSMTPD['three']], 'rcpt', '--site-rate', 'none')
    r = beside_swaks.both('opensmtpd, data', OPENSMTPD['data'], PORT, CLEAN, 'user@opensmtpd.test', 451, 'data', status='deferred')


# ---- servers that bear only so much at once, in a time, in a connection: our haste is nobody's fault, and all are answered in the end

HURRIED = [f'127.0.12.{i}' for i in range(1, 7)]  # one Exim, and a limit on all of its connections from one client
PACED, SLOWED = '127.0.12.11', '127.0.12.12'


def hurried_exim_config():
    return f'''
primary_hostname = mx.exim.test
spool_directory = {home}/hurried
log_file_path = {home}/hurried/%slog
pid_file_path = {home}/hurried/pid
keep_environment = LD_LIBRARY_PATH
disable_ipv6
queue_only
rfc1413_query_timeout = 0s
local_interfaces = {' : '.join(HURRIED + [PACED, SLOWED])}
daemon_smtp_ports = {PORT}
tls_advertise_hosts =
smtp_accept_max_per_host = 2
smtp_accept_max_nonmail_hosts =
smtp_ratelimit_hosts = ${{if eq{{$received_ip_address}}{{{SLOWED}}}{{*}}{{}}}}
smtp_ratelimit_mail = 3,0.1s,1.05,1s
acl_smtp_connect = connect
acl_smtp_rcpt = accept
begin acl
connect:
  defer condition = ${{if eq{{$received_ip_address}}{{{PACED}}}}}
  message = Too many connections: $sender_rate in $sender_rate_period, not more than $sender_rate_limit
  ratelimit = 10 / 4s / per_conn / leaky
  accept
'''


def walk_many(what, count, addresses, depth, *options):
    """`count` domains of one site at those addresses: each is accepted in the end."""
    hosts = {f'mx{i}.hoster.example': addresses[i % len(addresses)] for i in range(count if depth == 'ehlo' else len(addresses))}
    names = list(hosts)
    book = write('book', ''.join(f'{{"name":"d{i}.example","type":"MX","ttl":60,"data":["10 {names[i % len(names)]}"]}}\n' for i in range(count)) +
                 ''.join(f'{{"name":"{name}","type":"A","ttl":60,"data":["{ip}"]}}\n' for name, ip in hosts.items()))
    run = probe('--source', CLEAN, '--ehlo', beside_swaks.EHLO, '--no-tls', '--no-dnsbl', '--dns-replay', book, '--allow-private', '--port', str(PORT), '--quit-after', depth, '--site-pause', '300ms', '--retries', '2', '--net-concurrency', '20', *options,
                '--input', write('many', ''.join(f'd{i}.example\n' for i in range(count))))
    results = run.results()
    kinds = sorted({(r['status'], (r['diagnosis'] or {}).get('cause'), (r['diagnosis'] or {}).get('who')) for r in results}, key=str)
    tap.check(f'{what}: all {count} are answered in the end', len(results) == count and kinds == [('accepted', None, None)] and not run.problems, f'{len(results)} {kinds} {run.problems} {run.err}\n{run.out[-1500:]}')
    return results


def hurried():
    os.mkdir(home + '/hurried')
    shutil.chown(home + '/hurried', 'Debian-exim', 'Debian-exim')
    root = f'{UNPACKED}/exim4-daemon-light'
    libraries = ':'.join(sorted({os.path.dirname(path) for path in glob.glob(root + '/usr/lib/**/*.so*', recursive=True)}))
    if not start('hurried', HURRIED[0], f'{root}/usr/sbin/exim4', '-C', write('hurried.conf', hurried_exim_config()), '-bdf', env={**os.environ, 'LD_LIBRARY_PATH': libraries}):
        return

    def said(words):
        return sum(open(path).read().count(words) for path in glob.glob(home + '/hurried/*log'))
    # Several domains an address, and recipients, so that connections last.
    results = walk_many('exim, two connections from one client', 40, HURRIED, 'rcpt', '--site-concurrency', '6', '--site-rate', '1200')
    tap.check('... it did find us too many', said('too many connections from that IP address') > 0 and any(r.get('again') for r in results), f'{said("too many connections")}')
    results = walk_many('exim, 10 connections in 4 s', 18, [PACED], 'ehlo', '--site-rate', '600')
    tap.check('... it did find us too fast', said('not more than 10') > 0 and any(r.get('again') for r in results), f'{said("rejected")}')
    results = walk_many('exim, MAIL is answered later and later', 20, [SLOWED], 'rcpt', '--site-rate', 'none')
    tap.check('... several in a connection all the same', max(a.get('transaction', 1) for r in results for a in r['attempts']) == 10, results[-1:])


subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{home}/key.pem', '-out', f'{home}/cert.pem', '-days', '2', '-subj', '/CN=mx.mail.test'], check=True, capture_output=True)
shutil.copy(f'{home}/key.pem', f'{home}/exim.pem')
shutil.chown(f'{home}/exim.pem', 'Debian-exim')
try:
    exim()
    hurried()
    mail_servers_dialogue.exim(home, PORT, write, start, UNPACKED)
    opensmtpd()
finally:
    for server in servers:
        server.terminate()
    for server in servers:
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGKILL)
tap.done()
