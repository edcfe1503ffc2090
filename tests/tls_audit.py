#!/usr/bin/env python3
"""--tls-audit: what one host takes beyond a usual handshake: over the lab, and beside a real Postfix with several settings; spaced, and never of a list."""
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
from records import Run

namespace.enter([], lab=[])
FAST = ('--tls-audit', '--audit-interval', '10ms')
NO = dict.fromkeys(('tls1.0', 'tls1.1', 'other-certificate', 'weak-ciphers', 'finite-field-dh'), 'no')


def audit(target, *args):
    run = Run('check', 'tls', '--json', *FAST, *args, target, timeout=20).ndjson()
    host = run.records[0]['hosts'][0] if run.records and run.records[0]['hosts'] else {}
    answers = {q['question']: q for q in host.get('audit', [])}
    return run, answers, {f['id'] for f in host.get('findings', [])} - {'tls-disordered', 'tls-hybrid'}


def says(answers):
    return {q: a['answer'] for q, a in answers.items()}


# ---- the lab
for domain, other, findings, result in (
        ('cert-good', {}, {'tls', 'tls-not-enforced'}, 'good'),
        ('audit-old', {'tls1.0': 'yes', 'tls1.1': 'yes'}, {'tls', 'tls-not-enforced', 'tls-old-offered'}, 'warns'),
        ('audit-two', {'other-certificate': 'yes'}, {'tls', 'tls-not-enforced', 'tls-second-certificate'}, 'good'),
        ('audit-two-expired', {'other-certificate': 'yes'}, {'tls', 'tls-not-enforced', 'tls-second-certificate', 'tls-second-certificate-bad'}, 'warns'),
        ('audit-two-dane', {'other-certificate': 'yes'}, {'tls', 'tls-not-enforced', 'tls-second-certificate', 'dane-second-certificate'}, 'refuses'),
        ('audit-weak', {'weak-ciphers': 'yes'}, {'tls', 'tls-not-enforced', 'tls-weak-cipher'}, 'warns'),
        ('audit-dh', {'finite-field-dh': 'yes'}, {'tls', 'tls-not-enforced', 'tls-weak-group'}, 'warns'),
        ('audit-enforced', {'mail-in-the-clear': 'no'}, {'tls', 'tls-enforced'}, 'good')):
    run, answers, ids = audit(f'{domain}.lab.example')
    tap.check(f'{domain}: {result}', says(answers) == {**NO, 'mail-in-the-clear': 'yes', **other} and ids == findings and run.records[0]['result'] == result and not run.problems,
              f'{says(answers)} {ids} {run.problems} {run.err}')
_, answers, _ = audit('audit-dh.lab.example')
tap.check('the size of the group', answers['finite-field-dh'].get('bits') == 1536, answers)
run, _, _ = audit('audit-two-dane.lab.example')
record = next(f for f in run.records[0]['hosts'][0]['findings'] if f['id'] == 'dane-second-certificate')['records']
tap.check('… and the record that is missing', len(record) == 1 and ' IN TLSA 3 1 1 ' in record[0] and record[0].split()[-1] != run.records[0]['hosts'][0]['dane']['tlsa_now'][0].split()[-1], record)
for domain, result in (('accept-plain', 'warns'), ('starttls-454', 'warns'), ('handshake-alert', 'warns')):
    run, answers, ids = audit(f'{domain}.lab.example')
    tap.check(f'{domain}: without a handshake the audit asks no more of it', run.records[0]['result'] == result and 'tls-audit-open' not in ids
              and all(answers[q]['answer'] == 'unknown' for q in NO), f'{says(answers)} {ids}')
run, answers, _ = audit('no-such.lab.example')
tap.check('nobody to ask', run.status == 3 and len(run.records) == 1 and not answers, run.out + run.err)

# ---- formats, and who may
text = Run('check', 'tls', *FAST, 'audit-old.lab.example').out
tap.check('in words', 'audit      tls1.0 yes, tls1.1 yes, other-certificate no' in text and 'It takes TLS 1.0 and 1.1.' in text and 'smtpd_tls_protocols' in text, text)
nagios = Run('check', 'tls', *FAST, '--format', 'nagios', 'audit-old.lab.example')
tap.check('for a monitor', nagios.status == 1 and nagios.out.startswith('MXWALK WARNING - audit-old.mx.lab.example: It takes TLS 1.0 and 1.1.'), nagios.out)
by_probe = Run('probe', '--json', *FAST, 'audit-weak.lab.example').ndjson()
tap.check('probe --tls-audit does the same', [r['check'] for r in by_probe.records] == ['tls'] and len(by_probe.records[0]['hosts'][0]['audit']) == 6 and not by_probe.problems, by_probe.out)
for args in (('check', 'tls', 'a.lab.example', 'b.lab.example'), ('check', 'dane', 'a.lab.example'), ('check', 'mta-sts', 'a.lab.example'), ('probe', 'a.lab.example', 'b.lab.example'),
             ('probe', 'a.lab.example', '--input', '/dev/null'), ('probe', 'a.lab.example', '--format', 'domains')):
    run = Run(*args[:2], '--tls-audit', *args[2:])
    tap.check(f'{" ".join(args)} --tls-audit: 64, and why', run.status == 64 and '--tls-audit' in run.err or run.status == 64 and 'format' in run.err, f'{run.status} {run.err}')
began = time.monotonic()
Run('check', 'tls', '--tls-audit', '--audit-interval', '150ms', 'cert-good.lab.example')
took = time.monotonic() - began
tap.check('seven pauses between eight connections', 1.0 <= took < 5, took)

# ---- a real Postfix
home = tap.folder('tls-audit')
os.chmod(home, 0o755)
PORT = 2525


def make(name, *key):
    subprocess.run(['openssl', 'req', '-x509', *key, '-nodes', '-keyout', f'{home}/{name}.key', '-out', f'{home}/{name}.pem', '-days', '30', '-subj', '/CN=mx.postfix.test'],
                   check=True, capture_output=True)


make('ec', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256')
make('rsa', '-newkey', 'rsa:2048')
EC = f'-o smtpd_tls_eccert_file={home}/ec.pem -o smtpd_tls_eckey_file={home}/ec.key'
RSA = f'-o smtpd_tls_cert_file={home}/rsa.pem -o smtpd_tls_key_file={home}/rsa.key'
ANY = '-o smtpd_tls_protocols=>=TLSv1 -o tls_medium_cipherlist=ALL:@SECLEVEL=0 -o tls_high_cipherlist=ALL:@SECLEVEL=0'
SETTINGS = {  # options of smtpd, what is other than in a careful one
    '127.0.9.1': (f'{EC} -o smtpd_tls_protocols=>=TLSv1.2 -o tls_preempt_cipherlist=yes -o smtpd_tls_exclude_ciphers=kRSA,kDHE', {}),
    '127.0.9.2': (f'{EC} {RSA} -o smtpd_tls_protocols=>=TLSv1.2 -o smtpd_tls_exclude_ciphers=kRSA,kDHE', {'other-certificate': 'yes'}),
    '127.0.9.3': (f'{EC} {ANY} -o smtpd_tls_exclude_ciphers=kRSA,kDHE', {'tls1.0': 'yes', 'tls1.1': 'yes'}),
    '127.0.9.4': (f'{RSA} -o smtpd_tls_protocols=>=TLSv1.2 -o smtpd_tls_exclude_ciphers=kDHE', {'weak-ciphers': 'yes'}),
    '127.0.9.5': (f'{EC} -o smtpd_tls_security_level=encrypt -o smtpd_tls_mandatory_protocols=>=TLSv1.2 -o smtpd_tls_mandatory_exclude_ciphers=kRSA,kDHE', {'mail-in-the-clear': 'no'}),
    '127.0.9.6': (f'{RSA} -o smtpd_tls_protocols=>=TLSv1.2 -o smtpd_tls_exclude_ciphers=kRSA', {'finite-field-dh': 'yes'}),
    '127.0.9.7': (f'{EC} {RSA} {ANY} -o smtpd_tls_security_level=may', {'tls1.0': 'yes', 'tls1.1': 'yes', 'other-certificate': 'yes', 'weak-ciphers': 'yes', 'finite-field-dh': 'yes'}),
}
server = postfix_server.start(home, """
myhostname = mx.postfix.test
smtpd_tls_security_level = may
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject_unauth_destination
""", ''.join(f'{ip}:{PORT} inet n - n - - smtpd {options}\n' for ip, (options, _) in SETTINGS.items()), open(f'{home}/log', 'w'))
if server is None:
    tap.skip('a real Postfix', 'no postfix here')
else:
    try:
        for _ in range(100):
            try:
                socket.create_connection((list(SETTINGS)[-1], PORT), 1).close()
                break
            except OSError:
                time.sleep(0.1)
        for ip, (options, other) in SETTINGS.items():
            run, answers, ids = audit(f'[{ip}]:{PORT}', '--allow-private')
            want = {**NO, 'mail-in-the-clear': 'yes', **other}
            tap.check(f'Postfix: {", ".join(other) or "a careful one"}', says(answers) == want and not run.problems, f'{json.dumps(answers)} {run.err}')
    finally:
        postfix_server.stop(home, server)
tap.done()
