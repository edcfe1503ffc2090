#!/usr/bin/env python3
"""A campaign against a real Postfix: one that takes few connections in a unit of time (anvil), where all are answered in the end and our haste is nobody else's fault; one that gives TLS sessions.
$DOMAINS, $LIMIT, $UNIT (seconds), $PAUSE: how many there are, how many connections it takes, in what time, and our --site-pause; bench/haste walks a thousand."""
import collections
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace
import tap
from records import probe

namespace.enter(['postfix', 'openssl'])
DOMAINS, LIMIT, UNIT, PAUSE, RATE = (os.environ.get(name, default) for name, default in (('DOMAINS', '60'), ('LIMIT', '10'), ('UNIT', '2'), ('PAUSE', '1s'), ('RATE', '600')))
PORT, HURRIED, TICKETS, NUMBERS, NEITHER = 2525, '127.0.9.1', '127.0.9.2', '127.0.9.3', '127.0.9.4'
home = tap.folder('sites-postfix')
os.chmod(home, 0o755)


def write(name, text):
    with open(os.path.join(home, name), 'w') as f:
        f.write(text)


def start():
    for d in ('queue', 'data'):
        os.mkdir(os.path.join(home, d))
    shutil.chown(os.path.join(home, 'data'), 'postfix')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{home}/key.pem', '-out', f'{home}/cert.pem', '-days', '2', '-subj', '/CN=mx.postfix.test'],
                   check=True, capture_output=True)
    tls = f'-o smtpd_tls_security_level=may -o smtpd_tls_cert_file={home}/cert.pem -o smtpd_tls_key_file={home}/key.pem'
    write('main.cf', f'''
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {home}/maillog
maillog_file_prefixes = /tmp, /var, /
inet_interfaces = 127.0.0.1
myhostname = mx.postfix.test
mydestination = static:all
local_recipient_maps =
alias_maps =
alias_database =
smtpd_recipient_restrictions = permit
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_event_limit_exceptions =
smtpd_tls_session_cache_database = btree:{home}/data/smtpd_scache
smtpd_tls_loglevel = 1
anvil_rate_time_unit = {UNIT}s
''')
    write('master.cf', f'''
{HURRIED}:{PORT} inet n - n - - smtpd -o smtpd_client_connection_rate_limit={LIMIT}
{TICKETS}:{PORT} inet n - n - - smtpd {tls}
{NUMBERS}:{PORT} inet n - n - - smtpd {tls} -o tls_ssl_options=NO_TICKET -o smtpd_tls_protocols=<=TLSv1.2
{NEITHER}:{PORT} inet n - n - - smtpd {tls} -o tls_ssl_options=NO_TICKET -o smtpd_tls_session_cache_database=
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
postlog unix-dgram n - n - 1 postlogd
''')
    server = subprocess.Popen(['postfix', '-c', home, 'start-fg'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    for _ in range(100):
        try:
            socket.create_connection((TICKETS, PORT), 1).close()
            return server
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    server.kill()
    print('Bail out! postfix did not start:', server.stdout.read().decode()[:2000], open(home + '/maillog').read() if os.path.exists(home + '/maillog') else '')
    sys.exit(1)


def walk(count, address, host, *options):
    """`count` domains, whose mail exchangers are host(i), all at that address."""
    hosts = {}
    with open(f'{home}/book', 'w') as file:
        for i in range(count):
            hosts[host(i)] = address
            file.write(json.dumps({'name': f'd{i}.example', 'type': 'MX', 'ttl': 60, 'data': [f'10 {host(i)}']}) + '\n')
        for name, ip in hosts.items():
            file.write(json.dumps({'name': name, 'type': 'A', 'ttl': 60, 'data': [ip]}) + '\n')
    write('list', ''.join(f'd{i}.example\n' for i in range(count)))
    return probe('--allow-private', '--no-dnsbl', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--source', '127.0.0.1', '--dns-replay', f'{home}/book', '--port', str(PORT),
                 '--input', f'{home}/list', *options, timeout=int(UNIT) * 60)


def sessions(name, address, options, resumes):
    run = walk(20, address, lambda i: 'mx.hosts.example', '--site-rate', 'none', '--quit-after', 'rcpt', *options)
    results = run.results()
    tls = [r['attempts'][0]['tls'] for r in results]
    good = len(results) == 20 and all(r['status'] == 'accepted' and r['stage'] == 'rcpt' and len(r['attempts']) == 1 for r in results)
    tap.check(f'{name}: all accepted', good and not run.problems, run.problems or [(r['status'], r['stage'], r.get('note')) for r in results])
    resumed, sha = sum(t.get('resumed', False) for t in tls), {t.get('sha256') for t in tls}
    tap.check(f'{name}: {"the second connection takes up the session of the first" if resumes else "no session is taken up"}', (resumed == 10) == resumes and (resumes or resumed == 0), resumed)
    tap.check(f'{name}: the certificate is told of each', len(sha) == 1 and None not in sha, sha)


server = start()
try:
    sessions('Postfix, tickets of TLS 1.3', TICKETS, [], True)
    sessions('Postfix, session numbers of TLS 1.2', NUMBERS, [], True)
    sessions('Postfix, neither', NEITHER, [], False)

    for depth, host in (('ehlo', lambda i: f'mx{i}.hosts.example'), ('rcpt', lambda i: f'mx.host{i}.example')):
        began = time.monotonic()
        run = walk(int(DOMAINS), HURRIED, host, '--no-tls', '--site-rate', RATE, '--site-concurrency', '20', '--site-pause', PAUSE, '--quit-after', depth)
        results = run.results()
        counts = collections.Counter((r['status'], (r.get('diagnosis') or {}).get('cause'), (r.get('diagnosis') or {}).get('who')) for r in results)
        said = len(re.findall(r'Connection rate limit exceeded', open(home + '/maillog').read()))
        print(f'# {depth}: {len(results)} results, {counts}, limit exceeded {said} times, {time.monotonic() - began:.1f} s')
        tap.check(f'{depth}: a result for each', len(results) == int(DOMAINS) and not run.problems, run.problems or run.err)
        tap.check(f'{depth}: Postfix did find us too fast', said > 0, said)
        tap.check(f'{depth}: all are answered in the end', set(counts) == {('accepted', None, None)}, counts)
finally:
    subprocess.run(['postfix', '-c', home, 'stop'], capture_output=True)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.send_signal(signal.SIGKILL)
tap.done()
