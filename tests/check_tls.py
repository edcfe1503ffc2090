"""check dane and check tls over the lab: what each domain comes to, which findings, exit status; text and monitoring; and that nothing of it needs more than the book."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run, probe

if 'MXWALK_CONFIG' not in os.environ:  # into the lab
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

# (domain, check, result, exit status, findings that must be there, and no others of weight)
CASES = [
    ('dane-good', 'dane', 'good', 0, 'dane'),
    ('dane-issuer', 'dane', 'good', 0, 'dane'),
    ('dane-self-signed', 'dane', 'good', 0, 'dane'),
    ('dane-expired', 'dane', 'good', 0, 'dane'),
    ('dane-alias', 'dane', 'good', 0, 'dane'),
    ('dane-rollover', 'dane', 'good', 0, 'dane dane-spare'),
    ('dane-mismatch', 'dane', 'refuses', 1, 'dane-mismatch dane-stale'),
    ('dane-selector', 'dane', 'refuses', 1, 'dane-mismatch dane-wrong-selector dane-certificate-digest'),
    ('dane-usage', 'dane', 'refuses', 1, 'dane-mismatch dane-wrong-usage'),
    ('dane-root', 'dane', 'refuses', 1, 'dane-mismatch dane-not-sent'),
    ('dane-pem', 'dane', 'refuses', 1, 'dane-mismatch dane-of-pem-text'),
    ('dane-name', 'dane', 'refuses', 1, 'dane-chain'),
    ('dane-agility', 'dane', 'refuses', 1, 'dane-mismatch dane-outranked dane-stale'),
    ('dane-pkix', 'dane', 'warns', 2, 'dane-unusable dane-record-unusable dane-wrong-usage'),
    ('dane-short', 'dane', 'warns', 2, 'dane-unusable dane-record-unusable dane-stale'),
    ('dane-no-starttls', 'dane', 'refuses', 1, 'dane-no-starttls'),
    ('dane-starttls-454', 'dane', 'refuses', 1, 'dane-no-starttls'),
    ('dane-none', 'dane', 'none', 2, 'dane-none'),
    ('dane-insecure-host', 'dane', 'none', 2, 'dane-unsigned'),
    ('dane-lookup-failed', 'dane', 'refuses', 1, 'dane-lookup-failed'),
    ('dane-insecure-mx', 'dane', 'good', 0, 'dane-insecure-mx dane'),
    ('dane-partial', 'dane', 'warns', 2, 'dane dane-unsigned dane-partial'),
    ('dane-first-wrong', 'dane', 'refuses', 1, 'dane dane-mismatch dane-stale'),
    ('mx-null', 'dane', 'unknown', 3, ''),
    ('mx-servfail', 'dane', 'unknown', 3, ''),
    ('mx-dead', 'dane', 'unknown', 3, 'dane-insecure-mx'),
    ('cert-good', 'tls', 'good', 0, 'tls'),
    ('cert-soon', 'tls', 'warns', 2, 'tls tls-near-end'),
    ('cert-expired', 'tls', 'refuses', 1, 'tls-expired'),
    ('cert-early', 'tls', 'refuses', 1, 'tls-not-yet-valid'),
    ('cert-wrong-name', 'tls', 'refuses', 1, 'tls-other-name'),
    ('cert-common-name', 'tls', 'refuses', 1, 'tls-other-name'),
    ('cert-self-signed', 'tls', 'refuses', 1, 'tls-self-signed'),
    ('cert-small', 'tls', 'refuses', 1, 'tls-weak'),
    ('cert-sha1', 'tls', 'refuses', 1, 'tls-weak'),
    ('cert-client', 'tls', 'refuses', 1, 'tls-purpose'),
    ('accept-plain', 'tls', 'warns', 2, 'tls-none'),
    ('starttls-454', 'tls', 'warns', 2, 'tls-refused'),
    ('handshake-alert', 'tls', 'warns', 2, 'tls-handshake'),
    ('dane-issuer', 'tls', 'good', 0, 'tls tls-root-sent'),
    ('connect-silent', 'tls', 'unknown', 3, ''),
]


def names(record):
    return {f['id'] for h in record['hosts'] for f in h['findings']} | {f['id'] for f in record['findings']}


port = next(line.split()[1] for line in open(os.environ['MXWALK_CONFIG']) if line.startswith('port '))
address = Run('check', 'tls', '--json', f'[cert-good.mx.lab.example]:{port}').ndjson().records[0]['hosts'][0]['ip']
run = Run('check', 'tls', '--json', f'[{address}]:{port}').ndjson()
tap.check('of an address it is not said that its certificate is for another name than that in the MX record', run.records[0]['result'] == 'good' and {f['id'] for f in run.records[0]['hosts'][0]['findings']} - {'tls-hybrid'}
          == {'tls-no-name'} and not run.problems, run.out)
tap.check('… nor in a walk', 'certificate not good: not for this address' in Run('probe', f'[{address}]:{port}').out)
for kind in ('dane', 'tls'):
    wanted = {f'{d}.lab.example': (result, status, set(ids.split())) for d, k, result, status, ids in CASES if k == kind and d != 'connect-silent'}
    run = Run('check', kind, '--json', *wanted).ndjson()
    tap.check(f'check {kind}: every record is valid', not run.problems, '\n'.join(run.problems[:5]))
    got = {r['domain']: r for r in run.records}
    tap.check(f'check {kind}: one record a domain, in their order', list(got) == list(wanted), f'{list(got)}\n{run.err}')
    for domain, (result, _, ids) in wanted.items():
        r = got.get(domain)
        tap.check(f'check {kind} {domain}: {result}', r and (r['result'], names(r) - {'tls-disordered', 'tls-hybrid'}) == (result, ids), r and (r['result'], names(r)))
for domain in ('dane-good', 'dane-none', 'dane-mismatch', 'mx-servfail', 'cert-soon', 'cert-expired'):
    kind = next(k for d, k, *_ in CASES if d == domain)
    status = next(s for d, _, _, s, _ in CASES if d == domain)
    run = Run('check', kind, f'{domain}.lab.example')
    tap.check(f'check {kind} {domain}: exit status {status}', run.status == status, f'{run.status} {run.out}')
    tap.check(f'check {kind} {domain}: a line of words first', run.out.startswith(f'{domain}.lab.example: '), run.out[:200])

run = Run('check', 'dane', 'dane-mismatch.lab.example')
r = Run('check', 'dane', '--json', 'dane-mismatch.lab.example').ndjson().records[0]
now = r['hosts'][0]['dane']['tlsa_now'][0]
tap.check('what to publish is there to be copied, on one line', any(line.startswith('  publish ') and line.rstrip().endswith(r['hosts'][0]['findings'][0]['records'][0].split()[-1])
                                                                  for line in Run('check', 'dane', 'dane-mismatch.lab.example', env={**os.environ, 'COLUMNS': '60'}).out.splitlines())
          or now.startswith('3 1 1 '), run.out)
tap.check('… and is of the key that the server has', r['hosts'][0]['tls']['chain'][0]['spki_sha256'] == now.split()[3], now)

# ---- the head says what stands below it
for kind, domain, head in (('tls', 'accept-plain', 'no TLS'), ('tls', 'starttls-454', 'no TLS'), ('tls', 'handshake-garbage', 'no TLS'),
                           ('dane', 'dane-insecure-mx', 'TLSA records are right, but the MX is not signed'),
                           ('dane', 'dane-first-wrong', 'mail of senders that go by DANE does not come through at 1 of 2 hosts'),
                           ('dane', 'dane-mismatch', 'mail of senders that go by DANE does not come through'),
                           ('tls', 'drop-ehlo-tls', 'TLS is good; the dialogue broke off behind it'), ('tls', 'mx-no-address', 'no mail exchanger could be asked')):
    line = Run('check', kind, f'{domain}.lab.example').out.split('\n')[0]
    tap.check(f'check {kind} {domain}: head', (line + ': ').startswith(f'{domain}.lab.example: {head}: '), line)

# ---- monitoring
for args, status, word in ((('dane', 'dane-good'), 0, 'OK'), (('dane', 'dane-none'), 1, 'WARNING'), (('dane', 'dane-mismatch'), 2, 'CRITICAL'), (('dane', 'mx-servfail'), 3, 'UNKNOWN'),
                           (('tls', 'cert-soon'), 1, 'WARNING'), (('tls', 'cert-soon', '--crit-days', '7'), 2, 'CRITICAL'), (('tls', 'cert-soon', '--warn-lifetime', '1%'), 0, 'OK'),
                           (('tls', 'cert-soon', '--warn-lifetime', '0', '--warn-days', '14'), 1, 'WARNING'), (('tls', 'cert-good', '--warn-days', '14'), 0, 'OK')):
    run = Run('check', args[0], f'{args[1]}.lab.example', '--format', 'nagios', *args[2:])
    tap.check(f'nagios: {" ".join(args)}: {word}', run.status == status and run.out.startswith(f'MXWALK {word} - {args[1]}') and ' | time=' in run.out.split('\n')[0], f'{run.status} {run.out}')
    tap.check(f'nagios: {" ".join(args)}: days of the certificate', 'mx-servfail' in args or ' days=' in run.out.split('\n')[0], run.out)

# ---- targets, and what is none
port = next(line.split()[1] for line in open(os.environ['MXWALK_CONFIG']) if line.startswith('port '))
for operand, result in ((f'dane-good.mx.lab.example:{port}', 'good'), (f'[dane-good.mx.lab.example]:{port}', 'good'), (f'[127.10.0.1]:{port}', 'none')):
    run = Run('check', 'dane', '--json', operand).ndjson()
    tap.check(f'check dane {operand}: {result}', run.records and run.records[0]['result'] == result and run.records[0]['kind'] == 'fixed' and not run.problems, f'{run.out} {run.err} {run.problems}')
for args in (('dane',), ('tls', '[x'), ('tls', 'a..b'), ('dane', 'x.example', '--format', 'csv'), ('dane', 'x.example', '--warn-lifetime', '101%')):
    run = Run('check', *args)
    tap.check(f'check {" ".join(args)}: exit status 64, and why', run.status == 64 and run.err.startswith('mxwalk: '), f'{run.status} {run.err}')

# ---- probe: what would stop others stands in its line, and not where nothing does
line = Run('probe', 'dane-mismatch.lab.example').out.split('\n')[0]
tap.check('probe says what a DANE sender does', '; a DANE sender defers: no TLSA record matches its certificates' in line, line)
line = Run('probe', 'dane-first-wrong.lab.example').out.split('\n')[0]
tap.check('probe: of two hosts one is passed over', '; a DANE sender passes dane-first-wrong.mx.lab.example over: ' in line, line)
run = Run('probe', 'dane-good.lab.example', 'accept.lab.example', 'dane-none.lab.example')
tap.check('probe says nothing of it where nothing stops', 'DANE sender' not in run.out, run.out)
run = Run('probe', '--tls-level', 'dane', 'dane-mismatch.lab.example')
tap.check('--tls-level dane: withheld, exit status 3, with a remedy', run.status == 3 and ': withheld at handshake' in run.out and '  remedy ' in run.out, f'{run.status} {run.out}')

# ---- with a library that sends two packets at first: what stands between takes one
r = Run('check', 'tls', '--json', 'handshake-narrow.lab.example', 'cert-good.lab.example').ndjson().records
narrow, usual = (x['hosts'][0]['tls'] for x in r)
tap.check('a ClientHello of one packet is tried where a longer one is lost, and told', narrow['done'] and narrow.get('handshake_size', False) == usual.get('hybrid', False)
          and ('tls-handshake-size' in names(r[0])) == usual.get('hybrid', False), r)

# ---- the book has the answers, with their flags
book = os.path.join(tap.folder('check-tls'), 'book')
domains = [f'dane-{d}.lab.example' for d in ('good', 'insecure-mx', 'insecure-host', 'lookup-failed', 'alias', 'none')]
live = probe('--dns-record', book, *domains)
again = probe('--dns-replay', book, *domains)
states = [{r['domain']: r['attempts'][0]['dane']['state'] for r in x.results()} for x in (live, again)]
tap.check('a replay comes to the same states', states[0] == states[1] and len(states[0]) == len(domains), states)
text = open(book).read()
tap.check('the book has TLSA records, and says what is authentic', '"type":"TLSA"' in text and '"ad":true' in text and '"ad":false' in text, text[:500])
elsewhere = book + '.elsewhere'
open(elsewhere, 'w').write(text.replace('"server":"127.0.0.1', '"server":"192.0.2.1'))
for args, want in (((), 'not-evaluable'), (('--trust-ad',), 'usable')):
    r = probe('--dns-replay', elsewhere, *args, 'dane-good.lab.example').results()[0]
    tap.check(f'a resolver elsewhere {" ".join(args)}: {want}', r['attempts'][0]['dane']['state'] == want, r['attempts'][0]['dane'])
blind = book + '.blind'
open(blind, 'w').write(text.replace('"ad":true', '"ad":false'))
r = probe('--dns-replay', blind, 'dane-good.lab.example').results()[0]
tap.check('a resolver that does not validate: not-evaluable', r['attempts'][0]['dane']['state'] == 'not-evaluable', r['attempts'][0]['dane'])
dotted = Run('check', 'dane', 'dane-issuer.lab.example.', '--json').ndjson()
tap.check('a final dot is none of the base domain (usage 2 looks at names)', dotted.status == 0 and not dotted.problems, dotted.out + dotted.err)
tap.done()
