"""What the DNS and a message hold that people met and that tools read wrong: each kind with its right value, in words and records."""
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run

home = tap.folder('evidence')


def put(name, text):
    path = os.path.join(home, name)
    with open(path, 'w', encoding='utf-8', newline='') as f:
        f.write(text)
    return path


def book(*lines):
    """A file of DNS answers: (name, type, data...), a string for an rcode."""
    text = ''
    for name, kind, data in lines:
        rcode, data = (data, []) if isinstance(data, str) else ('NOERROR', data)
        text += json.dumps({'name': name, 'type': kind, 'rcode': rcode, 'data': data}) + '\n'
    return put(f'book{len(os.listdir(home))}', text)


def run(*args):
    r = Run(*args, env={k: v for k, v in os.environ.items() if k != 'MXWALK_CONFIG'})
    if '--json' in args:
        r.ndjson()
    return r


def say(r):
    """The text, with its line breaks and indents made one space."""
    return re.sub(r'\s+', ' ', r.out + r.err)


def both(name, status, words, ids, *args):
    """One check in both formats: status, what the text has to say, the ids of its findings (those and no others; None: any)."""
    text, record = run('check', *args), run('check', *args, '--json')
    missing = [w for w in words if w not in say(text)]
    found = sorted({f['id'] for r in record.records for f in r.get('findings', [])})
    good = text.status == record.status == status and not missing and not record.problems
    good = good and (ids is None or found == sorted(ids))
    tap.check(name, good, f'status {text.status}, {record.status}; missing {missing}; findings {found}\n{record.problems}\n{text.out}{text.err}')
    return record.records[-1] if record.records else {}


# ---- who the author is

OWN = book(('10.2.0.192.in-addr.arpa', 'PTR', ['mail.example.com']), ('mail.example.com', 'A', ['192.0.2.10']),
           ('mail.example.com', 'TXT', ['v=spf1 a -all']), ('example.com', 'MX', ['10 mail.example.com']), ('example.com', 'A', ['192.0.2.10']),
           ('example.com', 'TXT', ['v=spf1 ip4:192.0.2.10 -all']), ('_dmarc.example.com', 'TXT', ['v=DMARC1; p=reject; rua=mailto:d@example.com']),
           ('example.com', 'SOA', ['ns.example.com hostmaster.example.com 1 2 3 4 5']), ('example.net', 'MX', ['10 mail.example.net']),
           ('mail.example.net', 'A', ['198.51.100.1']), ('example.net', 'A', ['198.51.100.1']),
           ('_dmarc.example.net', 'TXT', ['v=DMARC1; p=quarantine; rua=mailto:d@example.net']))
REST = '\nTo: b@example.org\nSubject: x\nDate: Mon, 30 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.com>\n\nHi\n'


def author(field):
    path = put('author.eml', field + REST)
    args = ['self', '-4', '--allow-private', '--public-ip', '192.0.2.10', '--helo', 'mail.example.com', '--from', 'u@example.com', '--no-dnsbl',
            '--dns-replay', OWN, '--data', '@' + path]
    return run(*args)


one, other = author('From: A <a@example.com>, B <b@example.net>'), author('From: B <b@example.net>, A <a@example.com>')
tap.check('authors of two domains: the same in both orders', one.status == other.status == 1 and one.out == other.out, one.out + other.out)
tap.check('... and it is said', 'authors of several domains (example.com and example.net)' in say(one), one.out)
tap.check('... no DMARC of either is good or failing', 'DMARC of' not in one.out, one.out)
for what, field, word in [
        ('an address literal', 'From: u@[192.0.2.10]', 'address literal'),
        ('a semicolon between addresses', 'From: a@example.com; b@example.com', '";" divides no addresses'),
        ('an angle bracket that is not closed', 'From: A <u@example.com', '"<" is not closed'),
        ('an @ in a name without quotes', 'From: evil@example.net <u@example.com>', 'without quotes'),
        ('a comma in a name without quotes', 'From: Doe, John <u@example.com>', 'comma within a name'),
        ('a single label', 'From: u@localhost', 'no full domain'),
        ('a name alone', 'From: A User', 'no address'),
        ('no angle brackets', 'From: A u@example.com', 'needs "<>"'),
        ('two From fields', 'From: u@example.com\nFrom: u@example.com', 'more than one From')]:
    r = author(field)
    tap.check(f'From with {what} is a finding', r.status == 1 and word in say(r) and 'does not say whose it is' in say(r), r.out + r.err)
for field in ['From : u@example.com', 'From\t: u@example.com', 'From:\n u@example.com', 'from: "A, B" <u@example.com>, u@example.com',
              'From: G: u@example.com, v@example.com;', 'From: (c) u (d) @ example . com']:
    r = author(field)
    tap.check(f'{field!r} is read', 'whose it is' not in r.out and 'DMARC of example.com passes' in r.out, r.out + r.err)

# ---- fields above those that were signed

KEY = put('key.book', '{"name": "sel._domainkey.example.com", "type": "TXT", "rcode": "NOERROR", "ad": false, "ttl": 300, "data": [["v=DKIM1; k=rsa; p=MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAvqX6lEA9VMUKUwgyClXQqDR2+KkmtLsnqJAQVxYaLZ5n1uicQllDBsTjPSiBxY0JAM/yP+hL2/6Z96h4dcIUSxFQyzA6k3EMrypr+8HjktoDK1neqH+hx7F8a3yZkP+VBc5zryKk57AvVghRGwmE5nRQ1PdP", "eAwm9M+MQGHM7VnxYvZimW2+3rr5TypNv2Y0VgurOjgrmf6dp3cVq14jfgfO/j1KH9k4wMCE4wJHyp6OcvNJTKJh+yZ5KvYWsVZOOurodc3n+QFuwcsz/lphbM+TGvRK28IhShcY/bB/JzJRLjYIU597d9qMjTY7iakcIJoO9CRK5tVo6zEQpYQ1UwIDAQAB"]]}\n')
SIGNED = 'DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=sel;\n\th=from:to:subject:date;\n\tbh=LaegeaE4sWd4l9K7YWNlAinmqUePEZwKG9dMjiYmLn8=;\n\tb=iRnPM7iAbhafbWZF/UtX48rN19E3sOtlFKbqaPv2YrIfb9ZkwEwk+b58Db4BY6e27ZoWUz\n\t G6jJh0aj7QECwq1E8cEJeIXGpuPC0Qv5lLj1IWV5chCUeqB1LNiLYhgDVph6irOMFml7Am\n\t noQGjntjlqBqHtVBN74JvZYNURpcuiW8k9k60HPpVghz3GQfCt/l8wa/W/n9Du+NmOFoVm\n\t x03mDlJrkpe7QA78bdDllTZoilHGfIJFrGsy2pQEkNbhqh0GjHUyJB3zykfeImKiTI/yAH\n\t fKlFKd1FbWlTSs00vrUpCCgamrsdG9xFxUm20c6epStt2LbU6FTc0NF+0rrKYA==\nFrom: A User <u@example.com>\nTo: b@example.net\nSubject: hello\nDate: Mon, 30 Nov 2026 10:00:00 +0000\nMessage-ID: <1@example.com>\n\nHi there\n'
both('a signed message', 0, [': pass'], [], 'dkim', put('signed.eml', SIGNED), '--dns-replay', KEY)
for top, name in [('From: evil@example.net', 'From'), ('Subject: You have won', 'Subject'), ('SUBJECT : You have won', 'Subject'), ('Date: Tue, 1 Dec 2026 10:00:00 +0000', 'Date')]:
    r = both(f'a second {name} above the signed one: pass, with a warning', 2, [': pass', f'2 {name} fields', 'RFC 6376 section 8.15'],
             None, 'dkim', put('added.eml', top + '\n' + SIGNED), '--dns-replay', KEY)
    tap.check('... by its id', [f['id'] for s in r.get('signatures', []) for f in s['findings']] == ['dkim-field-added'], r)
r = both('a second Message-ID, which nobody signed', 2, [': pass', '2 Message-ID fields'], None, 'dkim', put('added.eml', 'Message-ID: <2@example.com>\n' + SIGNED), '--dns-replay', KEY)
tap.check('... is a field too many', [f['id'] for s in r.get('signatures', []) for f in s['findings']] == ['dkim-field-repeated'], r)
both('a second X-field is nothing', 0, [': pass'], None, 'dkim', put('added.eml', 'X-A: 1\nX-A: 2\nReceived: from a\nReceived: from b\n' + SIGNED), '--dns-replay', KEY)

# ---- aliases that lead nowhere: named, with who holds the target

GONE = 'is an alias (CNAME) of {}, which {}: whoever holds example.net'
for how, lines, words in [
        ('NXDOMAIN', [('T', 'TXT', 'NXDOMAIN')], 'does not exist'),
        ('NODATA', [('T', 'A', ['192.0.2.3'])], 'has no TXT record'),
        ('NXDOMAIN behind two aliases', [('T', 'CNAME', ['U']), ('U', 'TXT', 'NXDOMAIN')], 'does not exist')]:
    def alias(name, *more):
        named = {'T': 't.example.net', 'U': 'u.example.net'}
        rows = [(named.get(n, n), k, [named.get(x, x) for x in d] if isinstance(d, list) else d) for n, k, d in lines]
        return book((name, 'CNAME', ['t.example.net']), *rows, *more)
    target = 'u.example.net' if 'two' in how else 't.example.net'
    gone = GONE.format(target, words)
    b = alias('sel._domainkey.example.com')
    r = both(f'DKIM key, {how}', 1, [gone], [], 'dkim', '--selector', 'sel', '--domain', 'example.com', '--dns-replay', b)
    tap.check('... is absent, and not said not to exist', r.get('state') == 'absent' and 'sel._domainkey.example.com does not exist' not in r['problem'], r)
    b = alias('_dmarc.example.com', ('example.com', 'A', ['192.0.2.1']))
    both(f'DMARC, {how}', 2, [gone], ['dmarc-alias-gone'], 'dmarc', '--from', 'a@example.com', '--dns-replay', b)
    b = alias('_dmarc.a.example.com', ('_dmarc.example.com', 'TXT', ['v=DMARC1; p=reject; rua=mailto:a@example.com']))
    both(f'DMARC of a name below, {how}', 2, [gone, ': pass'], ['dmarc-alias-gone'], 'dmarc', '--from', 'x@a.example.com', '--spf', 'a.example.com=pass', '--dns-replay', b)
    b = alias('_s.example.com', ('example.com', 'TXT', ['v=spf1 include:_s.example.com -all']))
    both(f'SPF include, {how}', 1, [gone, '"include:_s.example.com" in the SPF record of example.com'], [], 'spf', '--ip', '192.0.2.1', '--from', 'a@example.com', '--dns-replay', b)
    b = alias('example.com')
    both(f'SPF, {how}', 2, [gone], [], 'spf', '--ip', '192.0.2.1', '--from', 'a@example.com', '--dns-replay', b)
b = book(('example.com', 'CNAME', ['t.example.net']))
both('a mail domain that is an alias of nothing', 1, [GONE.format('t.example.net', 'does not exist')], None, 'mx', 'example.com', '--dns-replay', b)
b = book(('example.com', 'MX', ['10 m.example.com']), ('m.example.com', 'CNAME', ['t.example.net']))
both('an MX host that is an alias of nothing', 1, [GONE.format('t.example.net', 'does not exist')], None, 'mx', 'example.com', '--dns-replay', b)
b = book(('1.2.0.192.in-addr.arpa', 'CNAME', ['1.0-63.2.0.192.in-addr.arpa']), ('0-63.2.0.192.in-addr.arpa', 'SOA', ['a b 1 2 3 4 5']))
both('a reverse name that is an alias of nothing', 1, ['is an alias (CNAME) of 1.0-63.2.0.192.in-addr.arpa, which does not exist'], None, 'ptr', '192.0.2.1', '--dns-replay', b)

def judged(b, *args):
    return run('self', '-4', '--allow-private', '--public-ip', '192.0.2.1', '--from', 'u@example.com', '--no-dnsbl', '--dns-replay', b, *args)


b = book(('sel._domainkey.example.com', 'CNAME', ['t.example.net']), ('mail.example.com', 'CNAME', ['t.example.net']), ('1.2.0.192.in-addr.arpa', 'CNAME', ['t.example.net']))
r = judged(b, '--helo', 'mail.example.com', '--dkim-selector', 'sel', '--dkim-domain', 'example.com')
for what in ['sel._domainkey.example.com TXT: NXDOMAIN; it', 'mail.example.com A: NXDOMAIN; it', 'no PTR record (NXDOMAIN; resolver replay); it']:
    tap.check(f'self: {what.split(":")[0]}: the alias is named', GONE.format('t.example.net', 'does not exist').replace('is an', what + ' is an', 1) in say(r), r.out)

# ---- SPF records that are none

for record, why in [
        ('\ufeffv=spf1 -all', 'a byte order mark'), (' v=spf1 -all', 'white space stands before it'), ('\u00a0v=spf1 -all', 'no-break space'),
        ('"v=spf1 -all"', 'quotation marks'), ('\u201cv=spf1 -all\u201d', 'typographic'), ('\u2018v=spf1 -all\u2019', 'typographic'), ("'v=spf1 -all'", 'quotation marks'),
        ('spf=v1 -all', 'swapped'), ('spf1 -all', '"v=" is missing'), ('v=spf -all', 'version, 1, is missing'), ('v=spf1; -all', 'a space has to follow'),
        ('v=spf1,include:example.net', 'a space has to follow'), ('v=spf10 -all', 'no such version'), ('v=spf2 -all', 'no such version'),
        ('v= spf1 -all', 'misspelt'), ('v:spf1 -all', 'misspelt'), ('v=sfp1 -all', 'misspelt'), ('TXT v=spf1 -all', 'type was published'),
        ('google-site-verification=x v=spf1 -all', 'something else')]:
    # In a book a byte from 0x80 on is \\u00XX.
    b = book(('example.com', 'TXT', [record.encode().decode('latin-1'), 'other=1']))
    both(f'SPF near miss {record!r}', 2, [f'{why}' if why != 'no such version' else 'there is no such version', 'is none'], [], 'spf', '--ip', '192.0.2.1', '--from', 'a@example.com', '--dns-replay', b)
b = book(('example.com', 'TXT', ['spf2.0/pra -all', 'hello spf', 'v=DKIM1; p=']))
r = run('check', 'spf', '--ip', '192.0.2.1', '--from', 'a@example.com', '--dns-replay', b)
tap.check('what was not meant as an SPF record is not quoted', r.status == 2 and 'is none' not in r.out, r.out)

for record, why in [('\ufeffv=DKIM1; p=', 'byte order mark'), ('\u201cv=DKIM1; p=\u201d', 'typographic'), ('"v=DKIM1; p="', 'quotation marks'), (' v=DKIM1; p=', 'revoked')]:
    b = book(('s._domainkey.example.com', 'TXT', [record.encode().decode('latin-1')]))
    both(f'a key record {record!r}', 1, [why], [], 'dkim', '--selector', 's', '--domain', 'example.com', '--dns-replay', b)

# ---- many PTR names

def names(count, *good):
    return book(('5.2.0.192.in-addr.arpa', 'PTR', [f'h{i}.example.com' for i in range(count)]), *((f'h{i}.example.com', 'A', ['192.0.2.5']) for i in good))


r = both('25 names, of which the last leads back', 2, ['a name of the address leads back to it', 'there are 25 PTR records'], None, 'ptr', '192.0.2.5', '--dns-replay', names(25, 24))
tap.check('... all looked at', r.get('total') == len(r.get('names', [])) == 25 and r['fcrdns'] == 'pass', r)
r = both('25 names, none leads back', 1, ['no name of the address leads back to it'], None, 'ptr', '192.0.2.5', '--dns-replay', names(25))
r = both('150 names, none of the first 100 leads back', 3, ['100 of 150 names were looked at', 'too many'], None, 'ptr', '192.0.2.5', '--dns-replay', names(150))
tap.check('... the DNS did answer', 'did not answer' not in r.get('problem', 'did not answer'), r)

r = judged(names(150), '--helo', 'mail.example.com', '--public-ip', '192.0.2.5')
tap.check('... and self says so', 'could not be looked up (' not in r.out and '100 of 150 names were looked at' in say(r), r.out)

# ---- mail exchangers that cannot be looked up beside others

b = book(('example.com', 'MX', ['10 a.example.com', '20 b.example.com']), ('a.example.com', 'A', 'SERVFAIL'), ('a.example.com', 'AAAA', 'SERVFAIL'), ('b.example.com', 'A', ['127.77.1.2']))
r = both('the best MX cannot be looked up', 2, ['a.example.com: A: SERVFAIL, AAAA: SERVFAIL', '20 b.example.com: 127.77.1.2'], None, 'mx', 'example.com', '--dns-replay', b)
tap.check('... in the record', 'a.example.com' in (r.get('problem') or '') and r['hosts'][0]['problem'] == 'A: SERVFAIL, AAAA: SERVFAIL', r)
b = book(('example.com', 'MX', ['10 a.example.com']), ('a.example.com', 'A', 'SERVFAIL'), ('a.example.com', 'AAAA', ['2001:db8::25']))
r = both('A fails, AAAA is there', 2, ['2001:db8::25', 'A: SERVFAIL'], None, 'mx', 'example.com', '--dns-replay', b)
tap.check('... in the record', r.get('result') == 'ok' and r['hosts'][0]['problem'] == 'A: SERVFAIL', r)

# ---- records by themselves: a lint

GOOD = 'v=spf1 ip4:192.0.2.0/24 -all'
EIGHTS = ' '.join(f'ip4:{n}.0.0.0/8' for n in range(20, 60))
TWELVES = ' '.join(f'ip4:{n}.16.0.0/12' for n in range(20, 40))
OTHERS = [('i.example.net', 'TXT', ['v=spf1 ip4:198.51.100.0/24 ?all']), ('mail.example.com', 'A', ['192.0.2.1']), ('example.com', 'MX', ['10 mail.example.com']),
          ('example.com', 'A', ['192.0.2.2'])] + [(f'l{n}.example.net', 'TXT', [f'v=spf1 include:l{n + 1}.example.net -all']) for n in range(12)] + [
          ('l12.example.net', 'TXT', ['v=spf1 -all']), ('loop.example.net', 'TXT', ['v=spf1 include:example.com -all']), ('bad.example.net', 'TXT', ['v=spf1 ipv4:1.2.3.4 -all']),
          ('all.example.net', 'TXT', ['v=spf1 +all'])]
for name, record, status, ids, words in [
        ('good', GOOD, 0, [], ['256 IPv4 addresses', 'up to 0 of 10']),
        ('good with look-ups', 'v=spf1 a mx include:i.example.net ~all', 0, [], ['up to 3 of 10', '258 IPv4 addresses']),
        ('sends nothing', 'v=spf1 -all', 0, [], ['0 IPv4 addresses']),
        ('terms behind all', 'v=spf1 -all ip4:192.0.2.1 a', 2, ['spf-behind-all'], ['"ip4:192.0.2.1 a"']),
        ('redirect beside all', 'v=spf1 -all redirect=i.example.net', 2, ['spf-redirect-ignored'], ['redirect=i.example.net']),
        ('redirect before all', 'v=spf1 redirect=i.example.net -all', 2, ['spf-redirect-ignored'], []),
        ('all of IPv4', 'v=spf1 ip4:0.0.0.0/0 -all', 2, ['spf-net-wide', 'spf-nets-wide'], ['100.0 %']),
        ('two halves', 'v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all', 2, ['spf-net-wide', 'spf-nets-wide'], ['4294967296 IPv4 addresses pass']),
        ('many /8s', f'v=spf1 {EIGHTS} -all'[:440].rsplit(' ', 1)[0] + ' -all', 2, ['spf-net-wide', 'spf-nets-wide'], []),
        ('many /12s', f'v=spf1 {TWELVES} -all', 2, ['spf-nets-wide'], ['20971520 IPv4 addresses']),
        ('a net around an address', 'v=spf1 a:mail.example.com/3 -all', 2, ['spf-net-wide', 'spf-nets-wide'], []),
        ('IPv6 too wide', 'v=spf1 ip6:2000::/3 -all', 2, ['spf-net-wide'], []),
        ('a large provider', 'v=spf1 ip4:40.92.0.0/15 ip4:52.100.0.0/14 ip6:2a01:111:f400::/48 -all', 0, [], []),
        ('a private net', 'v=spf1 ip4:10.1.0.0/16 ip4:192.0.2.1 -all', 2, ['spf-net-private'], ['private']),
        ('ptr', 'v=spf1 ptr -all', 2, ['spf-ptr'], []),
        ('+all', 'v=spf1 +all', 2, ['spf-pass-all'], []),
        ('all', 'v=spf1 all', 2, ['spf-pass-all'], []),
        ('+all in an include', 'v=spf1 include:all.example.net -all', 2, ['spf-pass-all'], ['all.example.net']),
        ('?all', 'v=spf1 ip4:192.0.2.1 ?all', 2, ['spf-neutral-all'], []),
        ('no end', 'v=spf1 ip4:192.0.2.1', 2, ['spf-no-end'], []),
        ('duplicates', 'v=spf1 ip4:192.0.2.1 +IP4:192.0.2.1 -all', 2, ['spf-duplicate'], []),
        ('a duplicate include', 'v=spf1 include:i.example.net include:i.example.net -all', 2, ['spf-duplicate'], ['costs a look-up']),
        ('over 450', 'v=spf1 ' + ' '.join(f'ip4:192.0.2.{n}' for n in range(31)) + ' -all', 2, ['spf-record-long'], ['more than 450']),
        ('over 512', 'v=spf1 ' + ' '.join(f'ip4:192.0.2.{n}' for n in range(40)) + ' -all', 2, ['spf-record-long'], ['more than 512']),
        ('too many look-ups', 'v=spf1 include:l0.example.net -all', 1, ['spf-lookups'], ['permerror', '13 look-ups']),
        ('void look-ups', 'v=spf1 a:x.example.com a:y.example.com mx:z.example.com exists:w.example.com -all', 1, ['spf-void', 'spf-voids'], ['permerror', '4 of them void']),
        ('the macro p', 'v=spf1 exists:%{p}.example.com -all', 2, ['spf-macro-p'], []),
        ('other macros', 'v=spf1 exists:%{i}.x.example.com include:i.example.net -all', 0, [], ['what 1 of them ask for depends on the mail']),
        ('capitals', 'V=SPF1 -all', 2, ['spf-version-case'], []),
        ('= for :', 'v=spf1 ip4=192.0.2.1 -all', 2, ['spf-misread'], []),
        ('a term that is none', 'v=spf1 ipv4:192.0.2.1 -all', 1, [], ['it is written ip4']),
        ('a loop', 'v=spf1 include:loop.example.net -all', 1, ['spf-loop'], []),
        ('an include without a record', 'v=spf1 include:none.example.net -all', 1, ['spf-include'], []),
        ('an include that is broken', 'v=spf1 include:bad.example.net -all', 1, ['spf-include'], [])]:
    b = book(('example.com', 'TXT', [record, 'other=1']), *OTHERS)
    r = both(f'SPF lint: {name}', status, words, ids, 'spf', 'example.com', '--dns-replay', b)
    tap.check('... the record', r.get('record') == record and r['result'] == ('permerror' if status == 1 else 'ok'), r)
b = book(('example.com', 'TXT', [['v=spf1 ip4:192.0.2.1', 'ip4:192.0.2.2 -all']]))
both('SPF lint: strings without a space between', 1, ['one lacks its space'], [], 'spf', 'example.com', '--dns-replay', b)
b = book(('example.com', 'TXT', [GOOD, GOOD]))
both('SPF lint: two records', 1, ['example.com has 2 SPF records'], [], 'spf', 'example.com', '--dns-replay', b)
for where in ['_spf.example.com', 'example.com.example.com', '_dmarc.example.com', 'spf.example.com']:
    b = book((where, 'TXT', [GOOD]), ('example.com', 'A', ['192.0.2.1']))
    both(f'SPF lint: a record at {where}', 2, [f'there is an SPF record at {where}'], ['spf-elsewhere'], 'spf', 'example.com', '--dns-replay', b)
both('SPF lint: a record to be included', 0, [], [], 'spf', '_spf.example.com', '--dns-replay', book(('_spf.example.com', 'TXT', ['v=spf1 ip4:192.0.2.1'])))
both('SPF lint: the DNS fails', 3, ['SERVFAIL'], [], 'spf', 'example.com', '--dns-replay', book(('example.com', 'TXT', 'SERVFAIL')))
for record in ['v=spf1 include:ill.example.net -all', 'v=spf1 a:ill.example.net -all', 'v=spf1 mx:ill.example.net -all', 'v=spf1 redirect=ill.example.net']:
    b = book(('example.com', 'TXT', [record]), *(('ill.example.net', t, 'SERVFAIL') for t in ['TXT', 'A', 'MX']))
    r = both(f'SPF lint: {record}, and the DNS fails', 3, ['ill.example.net failed: SERVFAIL'], [], 'spf', 'example.com', '--dns-replay', b)
    tap.check('... temperror', r.get('result') == 'temperror' and r['record'] == record, r)
both('SPF lint: the domain of an address', 0, [], [], 'spf', 'a@example.com', '--dns-replay', book(('example.com', 'TXT', [GOOD])))

RUA = 'rua=mailto:d@example.com'
for name, record, status, ids, words in [
        ('good', f'v=DMARC1; p=reject; {RUA}', 0, [], ['refuse mail', 'no verdict on yours']),
        ('none', f'v=DMARC1; p=none; {RUA}', 0, [], ['nothing but reports']),
        ('sp weaker', f'v=DMARC1; p=reject; sp=none; {RUA}', 2, ['dmarc-sp-weaker'], []),
        ('sp stronger', f'v=DMARC1; p=none; sp=reject; {RUA}', 0, [], []),
        ('np weaker', f'v=DMARC1; p=quarantine; np=none; {RUA}', 2, ['dmarc-np-weaker'], []),
        ('np weaker than sp', f'v=DMARC1; p=none; sp=reject; np=quarantine; {RUA}', 2, ['dmarc-np-weaker'], []),
        ('pct', f'v=DMARC1; p=reject; pct=50; {RUA}', 2, ['dmarc-pct'], ['RFC 9989']),
        ('rf and ri', f'v=DMARC1; p=reject; rf=afrf; ri=3600; {RUA}', 2, ['dmarc-rf', 'dmarc-ri'], []),
        ('no rua', 'v=DMARC1; p=reject', 2, ['dmarc-no-rua'], []),
        ('rua without mailto', 'v=DMARC1; p=reject; rua=d@example.com', 2, ['dmarc-no-rua', 'dmarc-tag-value', 'dmarc-uri-bad'], []),
        ('rua by https', f'v=DMARC1; p=reject; {RUA},https://example.com/d', 2, ['dmarc-rua-scheme'], []),
        ('rua with a size', f'v=DMARC1; p=reject; {RUA}!10m', 2, ['dmarc-uri-size'], []),
        ('rua too many', f'v=DMARC1; p=reject; {RUA},mailto:e@example.com,mailto:f@example.com', 2, ['dmarc-rua-many'], []),
        ('rua elsewhere, not agreed', 'v=DMARC1; p=reject; rua=mailto:d@reports.example', 2, ['dmarc-rua-external'], ['example.com._report._dmarc.reports.example']),
        ('rua elsewhere, agreed', 'v=DMARC1; p=reject; rua=mailto:d@agreed.example', 0, [], []),
        ('rua to nobody', 'v=DMARC1; p=reject; rua=mailto:d@gone.example.com', 2, ['dmarc-rua-no-mail'], ['does not exist']),
        ('rua to a null MX', 'v=DMARC1; p=reject; rua=mailto:d@null.example.com', 2, ['dmarc-rua-no-mail'], ['null MX']),
        ('a tag twice', f'v=DMARC1; p=reject; p=none; {RUA}', 2, ['dmarc-tag-repeated'], []),
        ('a tag that is none', f'v=DMARC1; p=reject; policy=x; {RUA}', 2, ['dmarc-tag-unknown'], []),
        ('a value that is none', f'v=DMARC1; p=block; {RUA}', 2, ['dmarc-tag-value'], [])]:
    b = book(('_dmarc.example.com', 'TXT', [record]), ('example.com', 'MX', ['10 m.example.com']), ('null.example.com', 'MX', ['0 .']), ('reports.example', 'MX', ['10 m.reports.example']),
             ('agreed.example', 'MX', ['10 m.agreed.example']), ('example.com._report._dmarc.agreed.example', 'TXT', ['v=DMARC1']))
    r = both(f'DMARC lint: {name}', status, words, ids, 'dmarc', 'example.com', '--dns-replay', b)
    tap.check('... a policy, no verdict', r.get('result') == 'policy' and r['note'] and r['rfc7489']['result'] == 'policy', r)
b = book(('_dmarc.example.com', 'TXT', ['v=DMARC1; p=reject; rua=mailto:d@r.example']), ('example.com._report._dmarc.r.example', 'TXT', 'SERVFAIL'), ('r.example', 'MX', 'SERVFAIL'))
both('DMARC lint: the DNS about reports fails', 2, ['is not known: the look-up of'], ['dmarc-rua-unknown'], 'dmarc', 'example.com', '--dns-replay', b)
for record, why in [('v=DMARC p=none', 'version, 1, is missing'), ('v=DMARC1 p=none', 'a semicolon has to follow'), ('v=dmarc1; p=none', 'in capitals'), ('v=DMARC1, p=none', 'a semicolon'),
                    (' v=DMARC1; p=none', 'white space'), ('"v=DMARC1; p=none"', 'quotation marks'), ('\u201cv=DMARC1; p=none\u201d', 'typographic'), ('\ufeffv=DMARC1; p=none', 'byte order mark'),
                    ('DMARC=v1; p=none', 'swapped'), ('DMARC1; p=none', '"v=" is missing'), ('p=none; v=DMARC1', 'something else'), ('v=DMARC2; p=none', 'no such version')]:
    b = book(('_dmarc.example.com', 'TXT', [record.encode().decode('latin-1')]), ('example.com', 'A', ['192.0.2.1']))
    both(f'DMARC near miss {record!r}', 2, [why, 'is no DMARC record'], ['dmarc-near-miss'], 'dmarc', 'example.com', '--dns-replay', b)
for where in ['example.com', '_dmarc.example.com.example.com', '_dmarc._dmarc.example.com', 'dmarc.example.com', '_dmarc.www.example.com']:
    b = book((where, 'TXT', [f'v=DMARC1; p=reject; {RUA}']), ('example.com', 'A', ['192.0.2.1']))
    both(f'DMARC lint: a record at {where}', 2, [f'there is a DMARC record at {where}'], ['dmarc-elsewhere'], 'dmarc', 'example.com', '--dns-replay', b)
b = book(('_dmarc.example.com', 'TXT', [f'v=DMARC1; p=reject; {RUA}', 'v=DMARC1; p=none']), ('example.com', 'A', ['192.0.2.1']))
both('DMARC lint: two records', 2, ['has 2 DMARC records'], ['dmarc-several'], 'dmarc', 'example.com', '--dns-replay', b)
b = book(('_dmarc.example.com', 'TXT', [f'v=DMARC1; p=reject; {RUA}']), ('example.com', 'MX', ['10 m.example.com']), ('m.example.com', 'A', ['192.0.2.1']))
for args in [['dmarc', '_dmarc.example.com'], ['dmarc', 'a@example.com'], ['dmarc', '--from', 'a@example.com'], ['dmarc', '--from', 'example.com'], ['mx', 'a@example.com']]:
    both(f'check {" ".join(args)}', 0, ['example.com'], None, *args, '--dns-replay', b)
r = both('a From with authors of two domains', 1, ['authors of several domains (example.com and example.net)'], [], 'dmarc', '--from', 'A <a@example.net>, B <b@example.com>', '--dns-replay', b)
tap.check('... is permerror', r.get('result') == 'permerror', r)
for args in [['mx', '192.0.2.1'], ['spf', '192.0.2.1'], ['dmarc', '2001:db8::1'], ['mx', '[192.0.2.1]']]:
    r = run('check', *args, '--dns-replay', b)
    tap.check(f'check {" ".join(args)}: a usage error', r.status == 64 and 'an IP address, not a domain' in r.err, r.err)

# ---- lists that give no answer, selectors that are taken

LISTS = put('lists', ''.join(f'[{z}.test]\nname = {z}\nkind = black\nask = ip4\non = yes\nweight = A\npositive = 2.0.0.127\nnegative = 1.0.0.127\nvalue = 127.0.0.2 listed x\n\n' for z in 'abc'))
ONLY = ['--lists', LISTS]
for z in {r['list'] for r in run('check', 'dnsbl', '192.0.2.9', '--dns-replay', KEY, '--json').records}:
    ONLY += ['--no-list', z]


def lists(*states):
    rows = []
    for zone, state in zip('abc', states):
        rows += [(f'2.0.0.127.{zone}.test', 'A', 'SERVFAIL' if state == 'silent' else ['127.0.0.2'])]
        rows += [(f'1.2.0.192.{zone}.test', 'A', ['127.0.0.2'])] if state == 'listed' else []
        rows += [(f'1.2.0.192.{zone}.test', 'A', 'SERVFAIL')] if state == 'silent' else []
    return ['dnsbl', '192.0.2.1', '--dns-replay', book(*rows), *ONLY]


both('listed by one of three', 1, ['192.0.2.1: on 1 of 3 blocklists'], None, *lists('listed', 'clean', 'clean'))
both('listed by the one that answers', 1, ['on 1 of the 1 blocklist that answered; 2 gave no answer'], None, *lists('listed', 'silent', 'silent'))
both('on none of two that answer', 2, ['on none of the 2 blocklists that answered; 1 gave no answer'], None, *lists('clean', 'clean', 'silent'))
both('on none', 0, ['on none of 3 blocklists'], None, *lists('clean', 'clean', 'clean'))
both('no answers', 3, ['not known: none of 3 blocklists'], None, *lists('silent', 'silent', 'silent'))
SEED = put('seed', 'nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n')
os.chmod(SEED, 0o600)
for state, record, want in [('in use', 'v=DKIM1; k=ed25519; p=SWKbgEBDXhET9qiK8t/VECfusHbTCIhIMZ7LGEeYA14=', 'in use by another key'), ('revoked', 'v=DKIM1; p=', 'take another selector'), ('free', None, None)]:
    b = book(*([('s._domainkey.example.com', 'TXT', [record])] if record else []), ('example.com', 'A', ['192.0.2.1']))
    r = run('check', 'dkim', '--selector', 's', '--domain', 'example.com', '--dkim-key', SEED, '--dns-replay', b)
    tap.check(f'a selector that is {state}', r.status == 1 and ((want or 'publish') in say(r)) and (want is not None or 'another' not in r.out), r.out + r.err)

# ---- explain --source: a reply without a reason, as a walk would read it


def explained(*args, text='554 5.7.1 go away'):
    r = run('explain', '--json', '--lists', LISTS, *ONLY[2:], *args, text)
    return r.records[-1] if r.records else {}


def facts(ptr, *states):
    rows = [('1.2.0.192.in-addr.arpa', 'PTR', ptr)] + ([('mail.example.com', 'A', ['192.0.2.1'])] if ptr == ['mail.example.com'] else [])
    for zone, state in zip('abc', states):
        rows += [(f'2.0.0.127.{zone}.test', 'A', ['127.0.0.2'])] + ([(f'1.2.0.192.{zone}.test', 'A', ['127.0.0.2'])] if state == 'listed' else [])
    return ['--source', '192.0.2.1', '--dns-replay', book(*rows)]


for name, args, want in [
        ('listed', facts(['mail.example.com'], 'listed', 'clean', 'clean') + ['--stage', 'greeting'], ('ip-blocklist', 'inferred')),
        ('without PTR', facts('NXDOMAIN', 'clean', 'clean', 'clean') + ['--stage', 'rcpt'], ('reverse-dns', 'inferred')),
        ('clean', facts(['mail.example.com'], 'clean', 'clean', 'clean') + ['--stage', 'greeting'], ('unknown', 'unknown')),
        ('the DNS fails', facts('SERVFAIL', 'clean', 'clean', 'clean') + ['--stage', 'greeting'], ('unknown', 'unknown')),
        ('behind the message', facts(['mail.example.com'], 'listed', 'clean', 'clean') + ['--stage', 'message'], ('unknown', 'unknown'))]:
    r = explained(*args)
    tap.check(f'explain --source, no reason given: {name}', (r.get('cause'), r.get('basis')) == want, r)
PRIVATE = book(('2.1.0.127.a.test', 'A', ['127.0.0.2']), ('2.0.0.127.a.test', 'A', ['127.0.0.2']))
for more, want in [([], 'unknown'), (['--allow-private'], 'inferred')]:
    r = explained('--source', '127.0.1.2', '--dns-replay', PRIVATE, '--stage', 'greeting', *more)
    tap.check(f'explain --source 127.0.1.2 {more}', r.get('basis') == want, r)
r = run('lab', '--', os.environ['MXWALK'], 'explain', '--source', '127.0.1.2', '--stage', 'greeting', '554 go away')
tap.check('in the lab it infers by itself', 'ip-blocklist, inferred' in r.out, r.out + r.err)

for args, words in [(['spf', 'clean.sender.example'], 'SPF record of clean.sender.example: ok'), (['dmarc', 'clean.sender.example'], 'DMARC of clean.sender.example: policy')]:
    r = run('lab', '--', os.environ['MXWALK'], 'check', *args)
    tap.check(f'in the lab, whose configuration names a sender: check {" ".join(args)}', r.status == 0 and words in r.out, r.out + r.err)

# ---- the manual has every id, and no other

TOP = os.environ['TOP']
source = ''.join(open(os.path.join(TOP, 'src/auth', name), encoding='utf-8').read() for name in os.listdir(os.path.join(TOP, 'src/auth')) if name.endswith('.c'))
used = set(re.findall(r'"((?:spf|dkim|dmarc)-[a-z0-9-]+)"', source)) - {'dkim-signature'}
manual = open(os.path.join(TOP, 'man/mxwalk-ndjson.5'), encoding='utf-8').read()
told = set(re.findall(r'^\.It Cm ((?:spf|dkim|dmarc)-[a-z0-9-]+)$', manual, re.M))
tap.check('the ids of the manual are those of the source', told == used, f'not told: {sorted(used - told)}; not used: {sorted(told - used)}')

tap.done()
