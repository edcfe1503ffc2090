#!/usr/bin/env python3
"""Walks that --tls-level or --require-tls ended: the status, who has to act, and words that are true of what was asked and of what the receiver publishes. And the record's word on REQUIRETLS is what the walk does."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import Run, probe

if 'MXWALK_CONFIG' not in os.environ:  # into the lab
    sys.exit(subprocess.call([os.environ['MXWALK'], 'lab', '--', sys.executable, __file__]))
STS = '(none)' not in Run('--version').out
LEVEL, REQUIRE = '--tls-level', ('--require-tls', '--quit-after', 'rcpt')
NO_ROUTE = 'only go where the MX record is signed or an MTA-STS policy is enforced'
ROWS = [  # domain, options, status, who acts, words
    ('accept-plain', (LEVEL, 'encrypt'), 'broken', 'receiver', 'TLS was asked for'),
    ('accept-plain', (LEVEL, 'secure'), 'broken', 'receiver', 'TLS was asked for'),
    ('starttls-454', (LEVEL, 'encrypt'), 'broken', 'receiver', 'TLS was asked for'),
    ('handshake-alert', (LEVEL, 'may'), 'broken', 'receiver', 'broke the handshake off'),
    ('cert-expired', (LEVEL, 'secure'), 'broken', 'receiver', 'A good certificate was asked for'),
    ('dane-none', (LEVEL, 'dane-only'), 'withheld', 'sender', 'asks for TLSA records that can be matched, and there are none'),
    ('accept', (LEVEL, 'dane-only'), 'withheld', 'sender', "The domain's MX record is not signed"),
    ('dane-pkix', (LEVEL, 'dane-only'), 'withheld', 'sender', 'asks for TLSA records that can be matched, and there are none'),
    ('dane-insecure-mx', (LEVEL, 'dane-only'), 'withheld', 'sender', 'whatever TLSA records that has'),
    ('dane-lookup-failed', (LEVEL, 'dane-only'), 'withheld', 'receiver', 'The name servers fail'),
    *[(d, (LEVEL, level), 'withheld', 'receiver', words) for level in ('dane', 'dane-only', 'mta-sts') for d, words in (
        ('dane-mismatch', 'match none'), ('dane-agility', 'match none'), ('dane-no-starttls', 'makes TLS a must'), ('dane-starttls-454', 'makes TLS a must'), ('dane-name', 'for another name'))],
    ('accept', REQUIRE, 'withheld', 'receiver', NO_ROUTE), ('dane-insecure-mx', REQUIRE, 'withheld', 'receiver', NO_ROUTE), ('dane-mismatch', REQUIRE, 'withheld', 'receiver', 'match none'),
    ('dane-good', REQUIRE, 'skipped', 'sender', '5.7.30'), ('dane-no-starttls', REQUIRE, 'withheld', 'receiver', 'makes TLS a must'), ('dane-requiretls', REQUIRE, 'accepted', None, ''),
]
if STS:
    ROWS += [
        ('sts-uncovered', (LEVEL, 'mta-sts'), 'withheld', 'receiver', 'does not cover this mail exchanger'), ('sts-no-starttls', (LEVEL, 'mta-sts'), 'withheld', 'receiver', 'makes TLS a must'),
        ('sts-expired', (LEVEL, 'mta-sts'), 'withheld', 'receiver', 'The MTA-STS policy of the domain asks for a good certificate'), ('sts-expired', (LEVEL, 'dane'), 'accepted', None, ''),
        ('sts-other-name', (LEVEL, 'mta-sts'), 'withheld', 'receiver', 'check tls sts-other-name.lab.example'), ('sts-dane', (LEVEL, 'mta-sts'), 'accepted', None, ''),
        ('sts-uncovered', REQUIRE, 'withheld', 'receiver', 'does not cover this mail exchanger'), ('sts-expired', REQUIRE, 'withheld', 'receiver', 'The MTA-STS policy of the domain asks for a good certificate'),
        ('sts-no-starttls', REQUIRE, 'withheld', 'receiver', 'makes TLS a must'), ('sts-testing', REQUIRE, 'withheld', 'receiver', NO_ROUTE), ('sts-html', REQUIRE, 'withheld', 'receiver', NO_ROUTE),
        ('sts-good', REQUIRE, 'skipped', 'sender', '5.7.30'), ('sts-requiretls', REQUIRE, 'accepted', None, '')]
for options in dict.fromkeys(row[1] for row in ROWS):
    rows = [row for row in ROWS if row[1] == options]
    run = probe(*options, *(f'{row[0]}.lab.example' for row in rows))
    walks = {r['domain']: r for r in run.results()}
    tap.check(f'{" ".join(options)}: every record is valid', len(walks) == len(rows) and not run.problems, run.problems[:3])
    for domain, _, status, who, words in rows:
        r = walks.get(f'{domain}.lab.example', {})
        remedy = r.get('remedy') or {}
        said = ' '.join(filter(None, [remedy.get('what'), remedy.get('advice'), *(a.get('detail') for a in r.get('attempts', []))]))
        tap.check(f'{" ".join(options)} {domain}: {status}', (r.get('status'), remedy.get('who')) == (status, who) and words in said and '--tls-verify asks' not in said, f'{r.get("status")} {remedy} {said}')

# ---- what the record says of REQUIRETLS without it, and what the walk with it does
DOMAINS = ['dane-requiretls', 'dane-requiretls-mismatch', 'dane-good', *(['sts-requiretls', 'sts-requiretls-testing'] if STS else [])]
WHY = {'dane-requiretls': None, 'dane-requiretls-mismatch': 'certificate', 'dane-good': 'not-offered', 'sts-requiretls': None, 'sts-requiretls-testing': 'mx-not-authenticated'}
said = {r['domain'].partition('.')[0]: r['attempts'][0].get('requiretls', {}) for r in probe(*(f'{d}.lab.example' for d in DOMAINS)).results()}
done = {r['domain'].partition('.')[0]: r['status'] for r in probe(*REQUIRE, *(f'{d}.lab.example' for d in DOMAINS)).results()}
for domain in DOMAINS:
    tap.check(f'{domain}: REQUIRETLS is {WHY[domain] or "possible"}', said.get(domain, {}).get('why') == WHY[domain] and said[domain]['possible'] == (WHY[domain] is None) == (done[domain] == 'accepted'),
              f'{said.get(domain)} {done.get(domain)}')
tap.done()
