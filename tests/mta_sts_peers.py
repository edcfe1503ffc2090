#!/usr/bin/env python3
"""MTA-STS beside a real sender: Postfix with postfix-mta-sts-resolver in front of the lab's domains does what a walk at --tls-level mta-sts says. Where it does not, it stands in a table, with the reason."""
import os
import re
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace
import postfix_server
import tap
from records import MXWALK, Run, probe

namespace.enter(['postfix', 'mta-sts-daemon'], lab=['--port', '25'])
if '(none)' in Run('--version').out:
    tap.skip_all('built without libcurl')
home = tap.folder('sts-peers')
os.chmod(home, 0o755)
LAB = dict(line.split(' ', 1) for line in open(os.environ['MXWALK_CONFIG']).read().splitlines() if line.startswith(('sts-', 'tls-')))
POLICY_HOST = '127.0.1.53'
NAMES = [line.split()[0] for line in subprocess.run([MXWALK, 'lab', '--list'], capture_output=True, text=True).stdout.splitlines()]
DOMAINS = [n for n in NAMES if n.startswith('sts-') and n != 'sts-silent.lab.example'] + [f'{n}.lab.example' for n in ('accept', 'accept-plain', 'cert-expired', 'accept-both')]
UNLIKE = {
    'sts-syntax': 'it takes a policy with a line that no host can match, and then no host is covered',
    'sts-dane': 'it knows nothing of TLSA records, which come before a policy (RFC 8461 section 2)',
}


def forward():
    """Port 443 of the policy host, where real senders ask."""
    listener = socket.create_server((POLICY_HOST, 443), backlog=50)

    def pump(source, to):
        try:
            while data := source.recv(65536):
                to.sendall(data)
            to.shutdown(socket.SHUT_WR)
        except OSError:
            source.close()
            to.close()
    while True:
        peer, _ = listener.accept()
        behind = socket.create_connection((POLICY_HOST, int(LAB['sts-port'])))
        for pair in ((peer, behind), (behind, peer)):
            threading.Thread(target=pump, args=pair, daemon=True).start()


def mail(domains):
    """What Postfix does with a mail to each: {domain: (status, line of the log)}."""
    config = f'{home}/daemon.yml'
    with open(config, 'w') as f:
        f.write('host: 127.0.0.1\nport: 8461\ncache:\n  type: internal\ndefault_zone:\n  strict_testing: false\n  timeout: 4\n')
    daemon = subprocess.Popen(['mta-sts-daemon', '-c', config], env={**os.environ, 'SSL_CERT_FILE': LAB['sts-ca']}, stdout=open(f'{home}/daemon.log', 'w'), stderr=subprocess.STDOUT)
    server = postfix_server.start(f'{home}/postfix', f'''
myhostname = sender.example
smtp_tls_security_level = may
smtp_tls_policy_maps = socketmap:inet:127.0.0.1:8461:postfix
smtp_tls_CAfile = {LAB['tls-ca']}
smtp_tls_loglevel = 1
bounce_queue_lifetime = 0
smtp_connect_timeout = 5s
''')
    try:
        postfix_server.listens('127.0.0.1', 8461, daemon)
        for _ in range(100):
            if os.path.exists(f'{home}/postfix/queue/public/pickup'):
                break
            time.sleep(0.1)
        subprocess.run(['sendmail', '-C', f'{home}/postfix', '-f', 'probe@clean.sender.example', *(f'user@{domain}' for domain in domains)], input='Subject: x\n\nx\n', text=True)
        end, log = time.monotonic() + 30, ''
        while time.monotonic() < end and len(set(re.findall(r'to=<(\S+?)>.*status=', log))) < len(domains):
            time.sleep(0.2)
            log = postfix_server.maillog(f'{home}/postfix')
    finally:
        postfix_server.stop(f'{home}/postfix', server)
        daemon.terminate()
    return {domain: next(((m[1], m[0]) for m in re.finditer(rf'to=<user@{re.escape(domain)}>.* status=(\w+) .*', log)), (None, log[-500:])) for domain in domains}


threading.Thread(target=forward, daemon=True).start()
sent = mail(DOMAINS)
run = probe('--tls-level', 'mta-sts', *DOMAINS)
walks = {r['domain']: r for r in run.results()}
tap.check('every record is valid', len(walks) == len(DOMAINS) and not run.problems, run.problems[:3])
for domain in DOMAINS:
    walk, (status, line) = walks.get(domain, {}), sent[domain]
    why = UNLIKE.get(domain.partition('.')[0])
    told = f'{walk.get("status")} {walk.get("mta_sts", {}).get("state")} {[a.get("detail") for a in walk.get("attempts", [])]}'
    tap.check(f'{domain}: {walk.get("status")}, {"not " * bool(why)}as Postfix{", for " + why if why else ""}',
              (walk.get('status') == 'accepted') == (status == 'sent') ^ bool(why) and walk.get('status') in ('accepted', 'withheld') and status in ('sent', 'deferred', 'bounced'), f'{told}\n{line}')
tap.done()
