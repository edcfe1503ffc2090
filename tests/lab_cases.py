"""What a walk of each domain of the lab must come to: the practice internet is in src/lab/domains.c,
what is expected of mxwalk is here. A row names the domain (below lab.example), the status with the
stage that it is decided at, and what else is foretold: code, cause, basis, list, refusal (the cause
of one beside). What a row leaves out is not foretold; None: there is none. `options`: what the walk
is asked; {domain} stands for the domain. A recipient is added where the stage needs one."""
import collections
import tempfile

ZONE = 'lab.example'
ANY = object()
EXIT = {'accepted': 0, 'refused': 1, 'deferred': 2}  # every other status: 3
STATUSES = ('accepted refused deferred dropped broken unreachable undeliverable dns-error skipped '
            'local withheld').split()
PAST_EHLO = {'mail', 'rcpt', 'data', 'message'}

Case = collections.namedtuple('Case', 'domain args expect')
CASES = []


def case(name, options='', **want):
    status = next(s for s in STATUSES if s.replace('-', '_') in want)
    stage = want.pop(status.replace('-', '_'))
    domain = f'{name}.{ZONE}'
    args = options.replace('{domain}', domain).split()
    if stage in PAST_EHLO and '--to' not in args:
        args += ['--to', f'user@{domain}']
    expect = {'status': status, 'exit': EXIT.get(status, 3), **want}
    if stage is not ANY:
        expect['stage'] = stage
    CASES.append(Case(domain, args, expect))


def differences(expect, got):
    """What is foretold and came otherwise: {member: (wanted, got)}."""
    return {k: (v, got.get(k)) for k, v in expect.items() if v != got.get(k)}


case('accept', accepted='ehlo-tls', code=250)
case('accept', accepted='message', code=250)
case('accept', accepted='message', code=250, options='--source 127.0.1.1')
case('accept-plain', accepted='ehlo', code=250)
case('accept-plain', accepted='message', code=250)
case('accept-plain', broken=ANY, options='--tls')
case('accept-7bit', accepted='message', code=250)
case('accept-bare', accepted='message', code=250)
case('accept-helo', accepted='ehlo', code=250)
case('accept-helo', accepted='message', code=250)
case('accept-ipv6', accepted='ehlo-tls', code=250, options='--source ::1')
case('accept-ipv6', accepted='message', code=250, options='--source ::1')
case('accept-both', accepted='ehlo-tls', code=250, options='-4')
case('accept-both', accepted='ehlo-tls', code=250, options='-6 --source ::1')
case('accept-late', accepted='ehlo-tls', code=250)
case('accept-drip', accepted='ehlo-tls', code=250)
case('accept-drip-ehlo', accepted='ehlo-tls', code=250)
case('accept-lines', accepted='ehlo-tls', code=250)
case('accept-long-line', accepted='ehlo-tls', code=250)
case('accept-bare-lf', accepted='ehlo', code=250)
case('accept-mixed-codes', accepted='ehlo', code=250)
case('accept-no-text', accepted='ehlo', code=250)
case('accept-8bit-text', accepted='ehlo-tls', code=250)
case('accept-no-quit', accepted='ehlo-tls', code=250)
case('greeting-554', refused='greeting', code=554,
     cause='ip-blocklist', basis='confirmed', list='zen.spamhaus.org')
case('greeting-554', accepted='ehlo-tls', code=250, options='--source 127.0.1.1')
case('greeting-554', refused='greeting', code=554,
     cause='ip-blocklist', basis='confirmed', list='zen.spamhaus.org',
     options='--source 127.0.1.7')
case('greeting-554-anyone', refused='greeting', code=554, cause='no-service')
case('greeting-554-anyone', refused='greeting', code=554, cause='no-service',
     options='--source 127.0.1.1')
case('greeting-521', refused='greeting', code=521, cause='no-service')
case('greeting-421', deferred='greeting', code=421, cause='rate-limit')
case('greeting-450', deferred='greeting', code=450, cause='system-error')
case('greeting-220-421', deferred='ehlo', code=421, cause='system-error')
case('greeting-554-no-ptr', refused='greeting', code=554, cause='reverse-dns', basis='confirmed',
     options='--source 127.0.1.3')
case('greeting-554-no-ptr', accepted='ehlo-tls', code=250)
case('greeting-554-ptr-claim', refused='greeting', code=554,
     cause='reverse-dns', basis='contradicted',
     options='--source 127.0.1.1')
case('greeting-554-ptr-claim', refused='greeting', code=554, cause='reverse-dns', basis='confirmed',
     options='--source 127.0.1.3')
case('greeting-554-ptr-claim', refused='greeting', code=554, cause='reverse-dns', basis='stated',
     options='--source 127.0.1.6')
case('greeting-554-dynamic', refused='greeting', code=554, cause='reverse-dns', basis='confirmed',
     options='--source 127.0.1.5')
case('greeting-554-dynamic', accepted='ehlo-tls', code=250)
case('greeting-554-reputation', refused='greeting', code=554, cause='ip-reputation')
case('greeting-554-vendor', refused='greeting', code=554, cause='ip-blocklist')
case('greeting-554-access', refused='greeting', code=554, cause='access-denied')
case('greeting-554-unknown', refused='greeting', code=554, cause='unknown', basis='unknown',
     options='--source 127.0.1.1')
case('greeting-554-unknown', refused='greeting', code=554, cause='ip-blocklist', basis='inferred')
case('greeting-554-spamcop', refused='greeting', code=554,
     cause='ip-blocklist', basis='confirmed', list='bl.spamcop.net',
     options='--source 127.0.1.8')
case('greeting-554-spamcop', accepted='ehlo-tls', code=250)
case('greeting-554-barracuda', refused='greeting', code=554, cause='ip-blocklist',
     options='--source 127.0.1.8')
case('greeting-554-barracuda', accepted='ehlo-tls', code=250, options='--source 127.0.1.1')
case('greeting-554-dead-list', refused='greeting', code=554, cause='receiver-misconfigured',
     options='--source 127.0.1.1')
case('ehlo-554', refused='ehlo', code=554,
     cause='ip-blocklist', basis='confirmed', list='zen.spamhaus.org')
case('ehlo-554', accepted='ehlo-tls', code=250, options='--source 127.0.1.1')
case('ehlo-550-helo', refused='ehlo', code=550, cause='helo')
case('ehlo-421', deferred='ehlo', code=421, cause='rate-limit')
case('ehlo-tls-554', refused='ehlo-tls', code=554,
     cause='ip-blocklist', basis='confirmed', list='zen.spamhaus.org')
case('ehlo-tls-554', accepted='ehlo-tls', code=250, options='--source 127.0.1.1')
case('mail-550-blocklist', refused='mail', code=550, cause='ip-blocklist')
case('mail-421-reputation', deferred='mail', code=421, cause='ip-reputation')
case('mail-553-sender-blocked', refused='mail', code=553, cause='sender-blocked')
case('mail-554-dbl', refused='mail', code=554, cause='sender-blocked', list='dbl.spamhaus.org')
case('mail-550-sender-domain', refused='mail', code=550, cause='sender-domain')
case('mail-550-spf', refused='mail', code=550, cause='spf')
case('mail-530-tls', refused='mail', code=530, cause='tls-required', options='--no-tls')
case('mail-530-tls', accepted='message', code=250)
secrets = []


def secret(text):
    """The name of a file that has it, as long as this program runs."""
    secrets.append(tempfile.NamedTemporaryFile('w', prefix='mxwalk-secret-'))
    secrets[-1].write(text)
    secrets[-1].flush()
    return secrets[-1].name


def login(name, password='practice', **want):
    case(name, options=f'--server {name}.mx.{ZONE} --auth-user lab --auth-password-file ' + secret(password), **want)


case('login', accepted='ehlo-tls', code=250)
case('login', refused='mail', code=530, cause='auth-required')
login('login', accepted='message', code=250)
login('login', 'wrong', refused='auth', code=535, cause='auth-required')
login('login-liar', broken='auth')
case('smuggle', accepted='message', code=250)
case('smuggle', accepted='message', code=250, exit=1, options='--raw-eol lf-dot-lf --allow-private')
case('smuggle', accepted='message', code=250, exit=1, options='--raw-eol crlf-dot-lf --allow-private')
case('smuggle', accepted='message', code=250, options='--raw-eol cr-dot-cr --allow-private')
case('accept', refused='message', code=554, options='--raw-eol lf-dot-lf --allow-private')
case('mail-530-auth', refused='mail', code=530, cause='auth-required')
case('mail-554-helo', refused='mail', code=554, cause='helo')
case('mail-552-size', refused='mail', code=552, cause='message-size')
case('mail-552-small', refused='mail', code=552, cause='message-size')
case('mail-451-rate', deferred='mail', code=451, cause='rate-limit')
case('mail-250-421', deferred='rcpt', code=421, cause='system-error')
case('rcpt-554-dnsbl', refused='rcpt', code=554,
     cause='ip-blocklist', basis='confirmed', list='zen.spamhaus.org')
case('rcpt-554-dnsbl', accepted='message', code=250, options='--source 127.0.1.1')
case('rcpt-554-dnsbl-claim', refused='rcpt', code=554,
     cause='ip-blocklist', basis='contradicted', list='zen.spamhaus.org',
     options='--source 127.0.1.1')
case('rcpt-554-dnsbl-claim', refused='rcpt', code=554,
     cause='ip-blocklist', basis='confirmed', list='zen.spamhaus.org')
case('rcpt-554-open-resolver', refused='rcpt', code=554,
     cause='receiver-misconfigured', list='zen.spamhaus.org')
case('rcpt-554-uribl-refused', refused='rcpt', code=554,
     cause='receiver-misconfigured', list='multi.uribl.com')
case('rcpt-450-no-ptr', deferred='rcpt', code=450, cause='reverse-dns', basis='confirmed',
     options='--source 127.0.1.3')
case('rcpt-450-no-ptr', deferred='rcpt', code=450, cause='reverse-dns', basis='confirmed',
     options='--source 127.0.1.4')
case('rcpt-554-relay', refused='rcpt', code=554, cause='relay-denied')
case('rcpt-554-access', refused='rcpt', code=554, cause='access-denied')
case('rcpt-550-unknown', refused='rcpt', code=550, cause='recipient-unknown')
case('rcpt-554-unknown-user', refused='rcpt', code=554, cause='recipient-unknown')
case('rcpt-550-disabled', refused='rcpt', code=550, cause='recipient-disabled')
case('rcpt-552-full', refused='rcpt', code=552, cause='mailbox-full')
case('rcpt-452-full', deferred='rcpt', code=452, cause='mailbox-full')
case('rcpt-450-greylist', deferred='rcpt', code=450, cause='greylist')
case('rcpt-450-rate', deferred='rcpt', code=450, cause='rate-limit')
case('rcpt-554-policy', refused='rcpt', code=554, cause='policy', options='--source 127.0.1.1')
case('rcpt-554-spf', refused='rcpt', code=554, cause='spf')
case('rcpt-451-system', deferred='rcpt', code=451, cause='system-error')
case('rcpt-users', accepted='message', code=250)
case('rcpt-users', refused='rcpt', code=552, cause='mailbox-full', options='--to full@{domain}')
case('rcpt-users', refused='rcpt', code=550, cause='recipient-unknown',
     options='--to gone@{domain}')
case('rcpt-users', refused='rcpt', code=550, cause='recipient-disabled',
     options='--to old@{domain}')
case('rcpt-354', broken='rcpt', code=354)
case('data-554-no-recipients', refused='data', code=554, cause='protocol')
case('data-554-dnsbl', refused='data', code=554,
     cause='ip-blocklist', basis='confirmed', list='zen.spamhaus.org')
case('data-451-system', deferred='data', code=451, cause='system-error')
case('data-250', broken='data', code=250)
case('message-554-spam', refused='message', code=554, cause='content-spam')
case('message-554-gtube', accepted='message', code=250)
case('message-554-malware', refused='message', code=554, cause='content-malware')
case('message-554-url', refused='message', code=554, cause='content-url')
case('message-554-header', refused='message', code=554, cause='content-header')
case('message-552-attachment', refused='message', code=552, cause='content-attachment')
case('message-554-size', refused='message', code=554, cause='message-size')
case('message-554-dmarc', refused='message', code=554, cause='dmarc')
case('message-550-dkim', refused='message', code=550, cause='dkim')
case('message-550-spf', refused='message', code=550, cause='spf')
case('message-554-loop', refused='message', code=554, cause='routing-loop')
case('message-554-policy', refused='message', code=554, cause='policy')
case('message-554-unknown', refused='message', code=554, cause='unknown', basis='unknown',
     options='--source 127.0.1.1')
case('message-554-full', refused='message', code=554, cause='mailbox-full')
case('content-word', accepted='message', code=250)
case('content-link', accepted='message', code=250)
case('content-attachment', accepted='message', code=250)
case('message-451-system', deferred='message', code=451, cause='system-error')
case('message-450-rate', deferred='message', code=450, cause='rate-limit')
case('starttls-454', accepted='message', code=250)
case('starttls-454', broken=ANY, options='--tls')
case('starttls-554', accepted='message', code=250)
case('starttls-injected', broken='starttls')
case('handshake-alert', broken='handshake')
case('handshake-garbage', broken='handshake')
case('handshake-narrow', accepted='ehlo-tls', code=250)
case('cert-expired', accepted='ehlo-tls', code=250)
case('cert-expired', broken='handshake', options='--tls-verify')
case('cert-wrong-name', accepted='ehlo-tls', code=250)
case('cert-wrong-name', broken='handshake', options='--tls-verify')
case('cert-self-signed', accepted='ehlo-tls', code=250)
case('cert-self-signed', broken='handshake', options='--tls-verify')
case('cert-sha1', accepted='ehlo-tls', code=250)
case('cert-sha1', broken='handshake', options='--tls-verify')
case('cert-common-name', accepted='ehlo-tls', code=250)
case('cert-common-name', broken='handshake', options='--tls-verify')
case('cert-good', accepted='ehlo-tls', code=250, options='--tls-verify')
case('cert-soon', accepted='ehlo-tls', code=250, options='--tls-verify')
for name in ('early', 'small', 'client'):
    case(f'cert-{name}', accepted='ehlo-tls', code=250)
    case(f'cert-{name}', broken='handshake', options='--tls-level secure')
for name in ('good', 'issuer', 'self-signed', 'expired', 'rollover', 'alias', 'partial', 'first-wrong'):
    case(f'dane-{name}', accepted='ehlo-tls', code=250, options='--tls-level dane-only')
for name in ('mismatch', 'selector', 'usage', 'root', 'name', 'agility', 'pem'):
    case(f'dane-{name}', accepted='ehlo-tls', code=250)
    case(f'dane-{name}', withheld='handshake', options='--tls-level dane')
for name in ('pkix', 'short', 'none', 'insecure-mx', 'insecure-host'):
    case(f'dane-{name}', accepted='ehlo-tls', code=250, options='--tls-level dane')
    case(f'dane-{name}', withheld='connect', options='--tls-level dane-only')
for name in ('old', 'two', 'two-expired', 'two-dane', 'weak', 'dh', 'enforced'):
    case(f'audit-{name}', accepted='ehlo-tls', code=250)
case('audit-two-dane', accepted='ehlo-tls', code=250, options='--tls-level dane-only')
case('audit-enforced', refused='mail', code=530, cause='tls-required', options='--no-tls')
case('dane-requiretls', accepted='message', code=250, options='--require-tls')
case('sts-requiretls', accepted='message', code=250, options='--require-tls')
case('sts-requiretls-testing', withheld='connect', options='--require-tls')
case('dane-requiretls-mismatch', withheld='handshake', options='--require-tls')
for name in ('expired', 'other-name'):
    case(f'sts-{name}', withheld='handshake', options='--require-tls')
case('dane-good', skipped=ANY, options='--require-tls --to user@{domain}')
case('dane-insecure-host', skipped=ANY, options='--require-tls --to user@{domain}')
case('dane-mismatch', withheld='handshake', options='--require-tls')
case('dane-name', withheld='handshake', options='--require-tls')
case('accept', withheld='connect', options='--require-tls')
case('dane-no-starttls', withheld='ehlo', options='--tls-level dane')
case('dane-starttls-454', withheld='starttls', code=454, options='--tls-level dane')
case('dane-lookup-failed', withheld='connect', options='--tls-level dane')
STS = '--timeout-sts 1s --tls-level mta-sts'
for name in ('good', 'testing', 'none', 'syntax', 'html', '404', 'redirect', 'silent', 'endless', 'host-expired', 'host-other-name', 'host-self-signed', 'no-host', 'two-records', 'dane'):
    case(f'sts-{name}', accepted='ehlo' if name == 'testing' else 'ehlo-tls', code=250, options=STS)
case('sts-uncovered', withheld='connect', options=STS)
case('sts-uncovered', accepted='ehlo-tls', code=250)
case('sts-no-starttls', withheld='ehlo', options=STS)
for name in ('expired', 'other-name'):
    case(f'sts-{name}', withheld='handshake', options=STS)
case('connect-silent', dropped='greeting', code=None, options='--timeout 1')
case('connect-timeout', unreachable='connect', code=None, options='--timeout 1')
case('silent-greeting', dropped='greeting', code=None, options='--timeout 1')
case('silent-ehlo', dropped='ehlo', code=None, options='--timeout 1')
case('silent-starttls', dropped='starttls', code=None, options='--timeout 1')
case('silent-handshake', dropped='handshake', options='--timeout 1')
case('silent-mail', dropped='mail', code=None, options='--timeout 1')
case('silent-rcpt', dropped='rcpt', code=None, options='--timeout 1')
case('silent-data', dropped='data', code=None, options='--timeout 1')
case('silent-message', dropped='message', code=None, options='--timeout 1')
case('silent-quit', accepted='ehlo-tls', code=250, options='--timeout 1')
case('tarpit', dropped='greeting', code=None, options='--timeout 2')
case('drop-greeting', dropped='greeting', code=None)
case('drop-mid-greeting', dropped='greeting')
case('drop-ehlo', dropped='ehlo', code=None)
case('drop-starttls', dropped='starttls', code=None)
case('drop-handshake', dropped='handshake')
case('drop-ehlo-tls', dropped='ehlo-tls', code=None)
case('drop-mail', dropped='mail', code=None)
case('drop-rcpt', dropped='rcpt', code=None)
case('drop-data', dropped='data', code=None)
case('drop-message', dropped='message', code=None)
case('reset-greeting', dropped='greeting', code=None)
case('reset-ehlo', dropped='ehlo', code=None)
case('reset-starttls', dropped='starttls', code=None)
case('reset-handshake', dropped='handshake')
case('reset-ehlo-tls', dropped='ehlo-tls', code=None)
case('reset-mail', dropped='mail', code=None)
case('reset-rcpt', dropped='rcpt', code=None)
case('reset-data', dropped='data', code=None)
case('reset-message', dropped='message', code=None)
case('reset-quit', accepted='ehlo-tls', code=250)
case('talk-http', broken='greeting', code=None)
case('talk-ssh', broken='greeting', code=None)
case('talk-binary', broken='greeting', code=None)
case('talk-too-long', broken='greeting', code=None)
case('talk-endless-line', broken='greeting', code=None)
case('talk-endless-greeting', broken='greeting')
case('talk-endless-ehlo', broken='ehlo')
case('mx-null', undeliverable=ANY, code=None)
case('mx-implicit', accepted='ehlo-tls', code=250)
case('mx-nxdomain', undeliverable=ANY, code=None)
case('mx-no-address', undeliverable=ANY, code=None)
case('mx-servfail', dns_error=ANY, code=None)
case('mx-refused', dns_error=ANY, code=None)
case('mx-silent', dns_error=ANY, code=None)
case('mx-garbled', dns_error=ANY, code=None)
case('mx-missing', undeliverable=ANY, code=None)
case('mx-addressless', undeliverable=ANY, code=None)
case('mx-host-servfail', dns_error=ANY, code=None)
case('mx-cname', accepted='ehlo-tls', code=250)
case('mx-alias', accepted='ehlo-tls', code=250)
case('mx-dead', unreachable='connect', code=None)
case('mx-dead-first', accepted='ehlo-tls', code=250)
case('mx-dead-address', accepted='ehlo-tls', code=250)
case('mx-missing-first', accepted='ehlo-tls', code=250)
case('mx-421-first', accepted='ehlo-tls', code=250)
case('mx-450-first', accepted='ehlo-tls', code=250)
case('mx-554-first', accepted='ehlo-tls', code=250, refusal='no-service')
case('mx-equal', accepted='ehlo-tls', code=250)
case('mx-many', accepted='ehlo-tls', code=250)
