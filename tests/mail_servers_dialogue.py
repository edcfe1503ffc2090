"""How a dialogue is held with a real Exim and a real OpenSMTPD: BDAT, PIPELINING, DSN, TLS at once, logins by certificate and by password; and what is said where a server offers none of it."""
import glob
import json
import os
import shutil

import beside_swaks
import tap
from certificates import Authority
from records import probe

ADDRESS, SMTPS = '127.0.13.1', 2465


def exim_config(home, port, authority, certificate):
    return f'''
primary_hostname = mx.exim.test
spool_directory = {home}/talk
log_file_path = {home}/talk/%slog
pid_file_path = {home}/talk/pid
keep_environment = LD_LIBRARY_PATH
disable_ipv6
queue_only
rfc1413_query_timeout = 0s
local_interfaces = {ADDRESS}
daemon_smtp_ports = {port} : {SMTPS}
tls_on_connect_ports = {SMTPS}
tls_advertise_hosts = *
tls_certificate = {certificate[0]}
tls_privatekey = {certificate[1]}
tls_try_verify_hosts = *
tls_verify_certificates = {authority.file}
chunking_advertise_hosts = *
pipelining_advertise_hosts = *
dsn_advertise_hosts = *
prdr_enable = true
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
rcpt:
  deny message = log in first
  !authenticated = *
  local_parts = private
  accept local_parts = user : private
  deny message = no such user here
data:
  deny message = bad words
  condition = ${{if match{{$h_subject:}}{{bad}}}}
  accept
begin routers
all:
  driver = accept
  transport = nowhere
begin transports
nowhere:
  driver = appendfile
  file = /dev/null
begin authenticators
certificate:
  driver = external
  public_name = EXTERNAL
  server_advertise_condition = ${{if eq{{$tls_in_certificate_verified}}{{1}}}}
  server_param2 = ${{certextract{{subject,CN}}{{$tls_in_peercert}}}}
  server_condition = ${{if eq{{$auth1}}{{$auth2}}}}
  server_set_id = $auth1
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_advertise_condition = ${{if def:tls_in_cipher}}
  server_condition = ${{if and{{{{eq{{$auth2}}{{user}}}}{{eq{{$auth3}}{{secret}}}}}}}}
  server_set_id = $auth2
'''


def walk(address, port, *args, user='user', domain='exim.test'):
    run = probe('--server', f'{address}:{port}', '--allow-private', '--no-dnsbl', '--ehlo', beside_swaks.EHLO, '--from', beside_swaks.SENDER, *args, f'{user}@{domain}')
    r = run.results()[0] if run.results() else {}
    sent = [e['sent'] or '' for e in (r.get('attempts') or [{'transcript': []}])[-1]['transcript']]
    return run, r, sent


def taken(name, run, r, sent, more):
    tap.check(name, (r.get('status'), r.get('stage')) == ('accepted', 'message') and not run.problems and more, f'{sent} {json.dumps(r)[:2500]} {run.problems} {run.err}')


def exim(home, port, write, start, unpacked):
    os.mkdir(home + '/talk')
    shutil.chown(home + '/talk', 'Debian-exim', 'Debian-exim')
    authority = Authority(home, 'talk-ca')
    certificate = authority.leaf('talk', dns=['mx.exim.test'], ip=[ADDRESS])
    shutil.chown(certificate[1], 'Debian-exim')
    root = f'{unpacked}/exim4-daemon-light'
    libraries = ':'.join(sorted({os.path.dirname(path) for path in glob.glob(root + '/usr/lib/**/*.so*', recursive=True)}))
    if not start('exim that talks', ADDRESS, f'{root}/usr/sbin/exim4', '-C', write('talk.conf', exim_config(home, port, authority, certificate)), '-bdf', env={**os.environ, 'LD_LIBRARY_PATH': libraries}):
        return
    ca = ('--tls-ca', authority.file)
    run, r, sent = walk(ADDRESS, port, '--chunking')
    taken('exim, BDAT', run, r, sent, any(s.startswith('BDAT ') for s in sent) and 'DATA' not in sent)
    run, r, sent = walk(ADDRESS, port, '--chunking', '--header', 'Subject: bad')
    tap.check('exim, BDAT that is refused', (r['status'], r['stage'], r['reply']['code']) == ('refused', 'message', 550) and sent[-1] == 'QUIT' and not run.problems, f'{sent} {json.dumps(r)[:1500]}')
    run, r, sent = walk(ADDRESS, port, '--pipeline')
    taken('exim, in one piece', run, r, sent, r['attempts'][0]['pipelined'])
    run, r, sent = walk(ADDRESS, port, '--pipeline', '--chunking', '--dsn-notify', 'failure', '--dsn-ret', 'full', '--dsn-envid', 'x')
    taken('exim, in one piece, BDAT, DSN', run, r, sent, r['attempts'][0]['pipelined'] and any(s.endswith('RET=FULL ENVID=x') for s in sent) and any('NOTIFY=FAILURE' in s for s in sent))
    run, r, sent = walk(ADDRESS, port, '--pipeline', user='nobody')
    tap.check('exim, in one piece, no recipient', (r['status'], r['stage'], r['reply']['code']) == ('refused', 'rcpt', 550) and not run.problems, f'{sent} {json.dumps(r)[:1500]}')
    run, r, sent = walk(ADDRESS, SMTPS, '--tls-on-connect', '--tls-verify', *ca)
    taken('exim, TLS at once', run, r, sent, r['attempts'][0]['tls']['verify'] == 'ok' and 'STARTTLS' not in sent)
    run, r, sent = walk(ADDRESS, SMTPS, '--timeout', '2s')
    tap.check('exim, TLS at once where STARTTLS is expected: no greeting', (r['status'], r['stage']) == ('dropped', 'greeting') and not run.problems, json.dumps(r)[:1500])
    run, r, sent = walk(ADDRESS, port, '--tls-on-connect', '--timeout', '3s')
    tap.check('exim, STARTTLS where TLS at once is expected', (r['status'], r['stage']) == ('broken', 'handshake') and not run.problems, json.dumps(r)[:1500])
    logins(port, ca, write, authority)


def logins(port, ca, write, authority):
    good, bad = write('password', 'secret\n'), write('wrong', 'wrong\n')
    for path in (good, bad):
        os.chmod(path, 0o600)
    user = authority.leaf('user', subject='user')
    other = authority.leaf('other', subject='other')
    shown = ('--tls-cert', user[0], '--tls-key', user[1])
    run, r, sent = walk(ADDRESS, port, user='private')
    tap.check('exim, without a login', (r['status'], r['stage']) == ('refused', 'rcpt'), json.dumps(r)[:1500])
    run, r, sent = walk(ADDRESS, port, *ca, '--auth', 'plain', '--auth-user', 'user', '--auth-password-file', good, user='private')
    taken('exim, PLAIN', run, r, sent, 'AUTH PLAIN (hidden)' in sent)
    run, r, sent = walk(ADDRESS, port, *ca, '--auth', 'plain', '--auth-user', 'user', '--auth-password-file', bad, user='private')
    tap.check('exim, PLAIN, a wrong password', (r['status'], r['stage'], r['reply']['code'], r['diagnosis']['cause']) == ('refused', 'auth', 535, 'auth-required'), json.dumps(r)[:1500])
    run, r, sent = walk(ADDRESS, port, *ca, *shown, '--auth', 'external', '--auth-user', 'user', user='private')
    taken('exim, EXTERNAL by the certificate', run, r, sent, 'AUTH EXTERNAL (hidden)' in sent)
    run, r, sent = walk(ADDRESS, port, *ca, '--tls-cert', other[0], '--tls-key', other[1], '--auth', 'external', '--auth-user', 'user', user='private')
    tap.check('exim, EXTERNAL, as somebody else', (r['status'], r['stage'], r['diagnosis']['cause']) == ('refused', 'auth', 'auth-required') and not run.problems, json.dumps(r)[:2500])
    run, r, sent = walk(ADDRESS, port, *ca, '--auth', 'external', '--auth-user', 'user', user='private')
    tap.check('exim, EXTERNAL without a certificate: not offered', r['status'] == 'skipped' and 'EXTERNAL is asked for' in r['attempts'][0]['detail'] and 'MAIL' not in ' '.join(sent), json.dumps(r)[:1500])


def opensmtpd(address, port):
    run, r, sent = walk(address, port, '--no-tls', '--chunking', '--pipeline', domain='opensmtpd.test')
    taken('opensmtpd offers neither BDAT nor PIPELINING: DATA, one by one', run, r, sent, 'DATA' in sent and r['attempts'][0]['pipelined'] is False)
    run, r, sent = walk(address, port, '--no-tls', '--dsn-notify', 'success', domain='opensmtpd.test')
    taken('opensmtpd, DSN', run, r, sent, any('NOTIFY=SUCCESS' in s for s in sent))
