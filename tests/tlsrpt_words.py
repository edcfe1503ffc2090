#!/usr/bin/env python3
"""Reports on TLS that are made of walks: every word of RFC 8460 section 4.3 comes from a walk of the lab, each document is as section 4.4 has it (names, types, and no others), and explain reads it back."""
import gzip
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import Run, probe

if 'MXWALK_CONFIG' not in os.environ:  # into the lab
    sys.exit(subprocess.call([os.environ['MXWALK'], 'lab', '--', sys.executable, __file__]))
if '(none)' in Run('--version').out:
    tap.skip_all('built without libcurl')
import jsonschema

home = tap.folder('tlsrpt')
TEXT, COUNT, TIME, IP = {'type': 'string', 'minLength': 1}, {'type': 'integer', 'minimum': 0}, {'type': 'string', 'pattern': r'^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$'}, {'type': 'string', 'pattern': r'^[0-9a-f:.]+$'}
WORDS = ['starttls-not-supported', 'certificate-host-mismatch', 'certificate-expired', 'certificate-not-trusted', 'validation-failure', 'tlsa-invalid', 'dnssec-invalid', 'dane-required',
         'sts-policy-fetch-error', 'sts-policy-invalid', 'sts-webpki-invalid']


def members(required, **optional):
    return {'type': 'object', 'properties': {**required, **optional}, 'required': list(required), 'additionalProperties': False}


RFC8460 = members({
    'organization-name': TEXT, 'contact-info': TEXT, 'report-id': TEXT, 'date-range': members({'start-datetime': TIME, 'end-datetime': TIME}),
    'policies': {'type': 'array', 'minItems': 1, 'items': members({
        'policy': members({'policy-type': {'enum': ['tlsa', 'sts', 'no-policy-found']}, 'policy-domain': TEXT}, **{'policy-string': {'type': 'array', 'items': TEXT}, 'mx-host': {'type': 'array', 'items': TEXT}}),
        'summary': members({'total-successful-session-count': COUNT, 'total-failure-session-count': COUNT})}, **{
            'failure-details': {'type': 'array', 'items': members({'result-type': {'enum': WORDS}, 'failed-session-count': COUNT}, **{
                'sending-mta-ip': IP, 'receiving-mx-hostname': TEXT, 'receiving-mx-helo': TEXT, 'receiving-ip': IP, 'additional-information': TEXT, 'failure-reason-code': TEXT})}})}})
valid = jsonschema.Draft202012Validator(RFC8460)
# word -> (domain, options, type of the policy)
WALKS = {
    'starttls-not-supported': ('dane-no-starttls', (), 'tlsa'), 'certificate-host-mismatch': ('sts-other-name', (), 'sts'), 'certificate-expired': ('sts-expired', (), 'sts'),
    'certificate-not-trusted': ('sts-good', ('--tls-ca', 'OTHER'), 'sts'), 'validation-failure': ('handshake-garbage', (), 'no-policy-found'), 'tlsa-invalid': ('dane-mismatch', (), 'tlsa'),
    'dnssec-invalid': ('dane-lookup-failed', (), 'tlsa'), 'dane-required': ('dane-none', ('--tls-level', 'dane-only'), 'no-policy-found'), 'sts-policy-fetch-error': ('sts-404', (), 'sts'),
    'sts-policy-invalid': ('sts-html', (), 'sts'), 'sts-webpki-invalid': ('sts-host-expired', (), 'sts'),
}
other = os.path.join(home, 'other.pem')
subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', os.devnull, '-out', other, '-days', '2', '-subj', '/CN=other'], check=True, capture_output=True)
records = ''
for options in dict.fromkeys(walk[1] for walk in WALKS.values()):
    domains = [f'{domain}.lab.example' for domain, o, _ in WALKS.values() if o == options] + (['cert-good.lab.example', 'dane-good.lab.example', 'sts-requiretls.lab.example'] if not options else [])
    run = probe(*(other if o == 'OTHER' else o for o in options), *domains)
    tap.check(f'walks {" ".join(options)}', len(run.results()) == len(domains) and not run.problems, run.problems[:3])
    records += run.out
path = os.path.join(home, 'records')
with open(path, 'w') as f:
    f.write(records)
made = Run('report', '--format', 'tlsrpt', path)
documents = {}
for line in made.out.splitlines():
    document = json.loads(line)
    documents[document['report-id'].partition('.')[2].partition('.')[0]] = document
    wrong = [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in valid.iter_errors(document)]
    tap.check(f'{document["report-id"]}: as RFC 8460 has it', not wrong, f'{wrong} {line[:1500]}')
for word, (domain, _, kind) in WALKS.items():
    policies = documents.get(domain, {}).get('policies', [{}])
    found = [(p.get('policy', {}).get('policy-type'), d['result-type'], p['summary']['total-failure-session-count']) for p in policies for d in p.get('failure-details', [])]
    tap.check(f'{word}: {domain}', found == [(kind, word, 1)], policies)
for domain, kind in (('cert-good', 'no-policy-found'), ('dane-good', 'tlsa'), ('sts-requiretls', 'sts')):
    p = documents.get(domain, {}).get('policies', [{}])[0]
    tap.check(f'{domain}: good under {kind}', (p.get('policy', {}).get('policy-type'), p.get('summary')) == (kind, {'total-successful-session-count': 1, 'total-failure-session-count': 0}), p)
tap.check('who reports is known from the other walks, where one came to no connection', documents['dane-none']['organization-name'] == documents['dane-good']['organization-name'] != 'localhost')
tap.check('TLSA records are named by their host, and stand one a string', documents['dane-mismatch']['policies'][0]['policy']['policy-domain'] == 'dane-mismatch.mx.lab.example'
          and all(s.split()[:3] == ['3', '1', '1'] for s in documents['dane-mismatch']['policies'][0]['policy']['policy-string']), documents['dane-mismatch'])
for name, data in (('as it is', made.out.encode()), ('packed', gzip.compress(made.out.splitlines()[0].encode()))):
    with open(os.path.join(home, 'reports'), 'wb') as f:
        f.write(data)
    read = Run('explain', '--json', '--input', os.path.join(home, 'reports')).ndjson()
    words = {r['result_type'] for r in read.records if r['result_type']}
    tap.check(f'explain reads it back, {name}', (words == set(WORDS) if name == 'as it is' else len(read.records) == 1) and not read.problems and not read.err, f'{words} {read.err} {read.problems}')
tap.done()
