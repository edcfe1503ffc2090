#!/usr/bin/env python3
"""A campaign against a real Postfix: one that takes few connections in a unit of time (anvil), where all are answered in the end and our haste is nobody else's fault; one that gives TLS sessions.
$DOMAINS, $LIMIT, $UNIT (seconds), $PAUSE, $RATE: how many there are, how many connections it takes, in what time, our --site-pause and --site-rate; bench/haste walks a thousand."""
import collections
import json
import os
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace
import postfix_server
import tap
from records import probe

namespace.enter(['postfix', 'openssl'])
DOMAINS, LIMIT, UNIT, PAUSE, RATE = (os.environ.get(name, default) for name, default in (('DOMAINS', '30'), ('LIMIT', '10'), ('UNIT', '1'), ('PAUSE', '1s'), ('RATE', '1000')))
PORT, HURRIED, TICKETS, NUMBERS = 2525, '127.0.9.1', '127.0.9.2', '127.0.9.3'
home = tap.folder('sites-postfix')
os.chmod(home, 0o755)


def write(name, text):
    with open(os.path.join(home, name), 'w') as f:
        f.write(text)


def start():
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', f'{home}/key.pem', '-out', f'{home}/cert.pem', '-days', '2', '-subj', '/CN=mx.postfix.test'],
                   check=True, capture_output=True)
    tls = f'-o smtpd_tls_security_level=may -o smtpd_tls_cert_file={home}/cert.pem -o smtpd_tls_key_file={home}/key.pem'
    server = postfix_server.start(home, f'''
myhostname = mx.postfix.test
mydestination = static:all
smtpd_relay_restrictions = reject_unauth_destination
smtpd_client_event_limit_exceptions =
smtpd_tls_session_cache_database = btree:{home}/data/smtpd_scache
anvil_rate_time_unit = {UNIT}s
''', f'''
{HURRIED}:{PORT} inet n - n - - smtpd -o smtpd_client_connection_rate_limit={LIMIT}
{TICKETS}:{PORT} inet n - n - - smtpd {tls}
{NUMBERS}:{PORT} inet n - n - - smtpd {tls} -o tls_ssl_options=NO_TICKET -o smtpd_tls_protocols=<=TLSv1.2
''')
    for _ in range(100):
        try:
            with socket.create_connection((TICKETS, PORT), 1) as peer:
                peer.settimeout(5)
                if peer.recv(9):
                    return server
        except OSError:
            time.sleep(0.1)
    postfix_server.stop(home, server)
    print('Bail out! postfix did not start:', postfix_server.maillog(home)[-2000:])
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
                 '--input', f'{home}/list', *options, timeout=60 * int(UNIT) + 60)


def sessions(name, address):
    run = walk(20, address, lambda i: 'mx.hosts.example', '--site-rate', 'none', '--quit-after', 'rcpt')
    results = run.results()
    tls = [r['attempts'][0]['tls'] for r in results]
    good = len(results) == 20 and all(r['status'] == 'accepted' and r['stage'] == 'rcpt' and len(r['attempts']) == 1 for r in results)
    tap.check(f'{name}: all accepted', good and not run.problems, run.problems or [(r['status'], r['stage'], r.get('note')) for r in results])
    resumed, sha = sum(t.get('resumed', False) for t in tls), {t.get('sha256') for t in tls}
    tap.check(f'{name}: the second connection takes up the session of the first', resumed == 10, resumed)
    tap.check(f'{name}: the certificate is told of each', len(sha) == 1 and None not in sha, sha)


server = start()
try:
    sessions('Postfix, tickets of TLS 1.3', TICKETS)
    sessions('Postfix, session numbers of TLS 1.2', NUMBERS)

    # Many names of one site; and a site for each domain, all at one address.
    for depth, host in (('ehlo', lambda i: f'mx{i}.hosts.example'), ('rcpt', lambda i: f'mx.host{i}.example')):
        if depth not in os.environ.get('DEPTHS', 'ehlo rcpt'):
            continue
        began = time.monotonic()
        run = walk(int(DOMAINS), HURRIED, host, '--no-tls', '--site-rate', RATE, '--site-concurrency', '20', '--site-pause', PAUSE, '--quit-after', depth)
        results = run.results()
        counts = collections.Counter((r['status'], (r.get('diagnosis') or {}).get('cause'), (r.get('diagnosis') or {}).get('who')) for r in results)
        said = len(re.findall(r'Connection rate limit exceeded', postfix_server.maillog(home)))
        print(f'# {depth}: {len(results)} results, {counts}, limit exceeded {said} times, {time.monotonic() - began:.1f} s')
        tap.check(f'{depth}: a result for each', len(results) == int(DOMAINS) and not run.problems, run.problems or run.err)
        tap.check(f'{depth}: Postfix did find us too fast', said > 0, said)
        tap.check(f'{depth}: all are answered in the end', set(counts) == {('accepted', None, None)}, counts)
finally:
    postfix_server.stop(home, server)
tap.done()
