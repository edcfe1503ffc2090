"""mxwalk check: each evaluator over a book of answers: its line, its words, its exit status; what it refuses; what it does when nobody answers."""
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run

os.environ.pop('MXWALK_CONFIG', None)
home = tap.folder('check')


def put(name, text, mode=0o644):
    path = os.path.join(home, name)
    with open(path, 'w', encoding='utf-8', newline='') as f:
        f.write(text)
    os.chmod(path, mode)
    return path


BOOK = put('book', r'''{"name":"good.example","type":"TXT","data":["v=spf1 ip4:192.0.2.1 include:_spf.good.example -all"]}
{"name":"_spf.good.example","type":"TXT","data":["v=spf1 a:mail.good.example ?all"]}
{"name":"mail.good.example","type":"A","data":["192.0.2.2"]}
{"name":"good.example","type":"MX","data":["10 mail.good.example"]}
{"name":"good.example","type":"A","data":["192.0.2.3"]}
{"name":"_dmarc.good.example","type":"TXT","data":["v=DMARC1; p=reject; rua=mailto:d@good.example"]}
{"name":"loose.example","type":"TXT","data":["v=spf1 +all"]}
{"name":"soft.example","type":"TXT","data":["v=spf1 ~all"]}
{"name":"neutral.example","type":"TXT","data":["v=spf1 ip4:192.0.2.9 ?all"]}
{"name":"broken.example","type":"TXT","data":["v=spf1 ipv4:192.0.2.1 -all"]}
{"name":"ill.example","type":"TXT","rcode":"SERVFAIL","data":[]}
{"name":"ill.example","type":"MX","rcode":"SERVFAIL","data":[]}
{"name":"escape.example","type":"TXT","data":["v=spf1 \u001b[31m -all"]}
{"name":"null.example","type":"MX","data":["0 ."]}
{"name":"implicit.example","type":"A","data":["192.0.2.4"]}
{"name":"alone.example","type":"TXT","data":["nothing"]}
{"name":"half.example","type":"MX","data":["5 gone.half.example","10 mail.good.example"]}
{"name":"2.2.0.192.in-addr.arpa","type":"PTR","data":["mail.good.example"]}
{"name":"3.2.0.192.in-addr.arpa","type":"PTR","data":["other.good.example"]}
{"name":"4.2.0.192.in-addr.arpa","type":"PTR","rcode":"TIMEOUT","data":[]}
{"name":"pct.example","type":"A","data":["192.0.2.5"]}
{"name":"_dmarc.pct.example","type":"TXT","data":["v=DMARC1; p=reject; pct=5; rua=mailto:d@pct.example"]}
{"name":"_dmarc.ill.example","type":"TXT","rcode":"SERVFAIL","data":[]}
{"name":"2.0.0.127.bl.test","type":"A","data":["127.0.0.2"]}
{"name":"1.2.0.192.bl.test","type":"A","data":["127.0.0.2"]}
{"name":"1.2.0.192.bl.test","type":"TXT","data":["seen sending spam"]}
{"name":"bad.example.bl.test","type":"A","data":["127.0.0.2"]}
{"name":"test.bl.test","type":"A","data":["127.0.0.2"]}
{"name":"brisbane._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]}
{"name":"try._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; k=ed25519; t=y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]}
{"name":"other._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; k=ed25519; p=SWKbgEBDXhET9qiK8t/VECfusHbTCIhIMZ7LGEeYA14="]}
{"name":"gone._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; p="]}
{"name":"torn._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; p=MIIB\" \"IjAN"]}
{"name":"ill._domainkey.football.example.com","type":"TXT","rcode":"SERVFAIL","data":[]}
{"name":"told.example","type":"TXT","ttl":120,"data":["v=spf1 -all"],"server":"192.0.2.53"}
{"name":"_dmarc.told.example","type":"TXT","ttl":77,"data":["v=DMARC1; p=none; rua=mailto:d@told.example"],"server":"192.0.2.53"}
{"name":"told.example","type":"MX","ttl":60,"data":["0 ."],"server":"192.0.2.53"}
{"name":"9.2.0.192.in-addr.arpa","type":"PTR","ttl":30,"data":["told.example"],"server":"192.0.2.53"}
{"name":"s._domainkey.told.example","type":"TXT","ttl":20,"data":["v=DKIM1; p="],"server":"192.0.2.53"}
''')
SEED = put('seed', 'nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=\n', 0o600)
SIGNED = '''DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
'''
LISTS = put('lists', '''[bl.test]
name = Test list
kind = black
ask = ip4 domain
on = yes
weight = A
positive = 2.0.0.127
negative = 1.0.0.127
value = 127.0.0.2 listed a source of spam
''')
put('signed', SIGNED)
put('mbox', 'From joe Fri Jul 11 21:00:37 2003\n' + SIGNED.replace('\n', '\r\n'))
put('changed', SIGNED.replace('hungry', 'thirsty'))
put('header', SIGNED.replace('\nSubject: ', '\nSubject: Re: '))
put('unsigned', SIGNED[SIGNED.index('From: Joe'):])
put('later', SIGNED.replace('s=brisbane', 's=ill'))
put('twice', SIGNED + SIGNED.split('\n', 1)[1])
put('sha1', SIGNED.replace('a=ed25519-sha256', 'a=rsa-sha1'))
put('received', 'Received: from mail.football.example.com (unknown [203.0.113.7])\n\tby mx.shopping.example.net (Postfix) with ESMTPS id 1; Fri, 27 Nov 2026 10:00:00 +0000\n' + SIGNED)


def check(*args):
    """One run over the book; a record that the schema does not know is a failure of whatever is tested."""
    r = Run('check', *args, '--dns-replay', BOOK)
    return r.ndjson() if '--json' in args else r


ONLY = ['--lists', LISTS]
for record in check('dnsbl', '192.0.2.9', '--json').records:
    ONLY += ['--no-list', record['list']]

# Exit status, what has to stand in the output (standard error too), arguments.
for row in [
    (0, 'DKIM of', 'dkim', f'{home}/signed'),
    (0, '"domain":"football.example.com","selector":"brisbane"', 'dkim', f'{home}/signed', '--json'),
    (0, '"result":"pass"', 'dkim', f'{home}/mbox', '--json'),
    (1, '"failed":"body-hash"', 'dkim', f'{home}/changed', '--json'),
    (1, '"failed":"body-hash"', 'dkim', f'{home}/twice', '--json'),
    (1, '"failed":"signature"', 'dkim', f'{home}/header', '--json'),
    (1, 'a=rsa-sha1 must not be used any more', 'dkim', f'{home}/sha1'),
    (0, '"received":null', 'dkim', f'{home}/signed', '--json'),
    (0, '"received":{"client":"203.0.113.7","helo":"mail.football.example.com","ptr":null,"by":"mx.shopping.example.net"}', 'dkim', f'{home}/received', '--json'),
    (0, 'came       from 203.0.113.7, as mx.shopping.example.net saw it; HELO mail.football.example.com', 'dkim', f'{home}/received'),
    (0, 'not from 192.0.2.1', 'dkim', f'{home}/received', '--ip', '192.0.2.1'),
    (1, '"server":"192.0.2.53","ttl":120', 'spf', '--ip', '192.0.2.1', '--from', 'a@told.example', '--json'),
    (2, '"queries":2,"server":"192.0.2.53","ttl":77', 'dmarc', '--from', 'a@told.example', '--json'),
    (1, '"server":"192.0.2.53","ttl":60', 'mx', 'told.example', '--json'),
    (1, '"server":"192.0.2.53","ttl":30', 'ptr', '192.0.2.9', '--json'),
    (1, '"server":"192.0.2.53","ttl":20', 'dkim', '--selector', 's', '--domain', 'told.example', '--json'),
    (1, 'look-up    TXT told.example: NOERROR, 1 record, for 120 s, said 192.0.2.53', 'spf', '--ip', '192.0.2.1', '--from', 'a@told.example', '-v'),
    (2, 'has no DKIM signature', 'dkim', f'{home}/unsigned'),
    (3, '"result":"temperror"', 'dkim', f'{home}/later', '--json'),
    (65, 'No such file', 'dkim', f'{home}/nowhere'),
    (64, 'one FILE at a time', 'dkim', f'{home}/signed', f'{home}/signed'),
    (64, 'an argument is missing', 'dkim'),
    (64, '--domain is missing', 'dkim', '--selector', 'brisbane'),
    (64, '--selector is missing', 'dkim', '--dkim-key', f'{home}/seed', '--domain', 'football.example.com'),
    (0, '"result":"ok","name":"brisbane._domainkey.football.example.com","state":"ok","rcode":"NOERROR","key_type":"ed25519","bits":256', 'dkim', '--selector', 'brisbane', '--domain', 'football.example.com', '--json'),
    (0, 'it belongs to the published key', 'dkim', '--selector', 'brisbane', '--domain', 'football.example.com', '--dkim-key', f'{home}/seed'),
    (1, '"result":"mismatch"', 'dkim', '--selector', 'other', '--domain', 'football.example.com', '--dkim-key', f'{home}/seed', '--json'),
    (2, 'testing    t=y', 'dkim', '--selector', 'try', '--domain', 'football.example.com'),
    (1, 'the key was revoked', 'dkim', '--selector', 'gone', '--domain', 'football.example.com'),
    (1, 'the quotes between its strings were published', 'dkim', '--selector', 'torn', '--domain', 'football.example.com'),
    (1, 'does not exist', 'dkim', '--selector', 'none', '--domain', 'football.example.com'),
    (3, 'failed: SERVFAIL', 'dkim', '--selector', 'ill', '--domain', 'football.example.com'),
    (65, 'neither a PEM private key', 'dkim', '--selector', 'brisbane', '--domain', 'football.example.com', '--dkim-key', f'{home}/signed'),
    ('chmod', 0o640),
    (0, 'the private key can be read by its group; chmod 600 is advised', 'dkim', '--selector', 'brisbane', '--domain', 'football.example.com', '--dkim-key', f'{home}/seed'),
    ('chmod', 0o604),
    (0, 'the private key can be read by everybody', 'dkim', '--selector', 'brisbane', '--domain', 'football.example.com', '--dkim-key', f'{home}/seed'),
    (0, '"result":"pass"', 'spf', '--ip', '192.0.2.1', '--from', 'a@good.example', '--helo', 'mail.good.example', '--json'),
    (0, '"matched":"include:_spf.good.example","matched_in":"good.example"', 'spf', '--ip', '192.0.2.2', '--from', 'a@good.example', '--json'),
    (0, 'SPF of good.example for 192.0.2.2: pass', 'spf', '--ip', '::ffff:192.0.2.2', '--from', 'a@good.example'),
    (1, 'decided    -all, in the record of good.example', 'spf', '--ip', '192.0.2.3', '--from', 'a@good.example'),
    (1, '"result":"permerror"', 'spf', '--ip', '192.0.2.1', '--from', 'a@broken.example', '--json'),
    (1, 'no such mechanism', 'spf', '--ip', '192.0.2.1', '--from', 'a@broken.example'),
    (2, 'softfail', 'spf', '--ip', '192.0.2.1', '--from', 'a@soft.example'),
    (2, 'neutral', 'spf', '--ip', '192.0.2.1', '--from', 'a@neutral.example'),
    (2, 'nothing.example has no SPF record', 'spf', '--ip', '192.0.2.1', '--from', 'a@nothing.example'),
    (2, 'lets every host pass', 'spf', '--ip', '192.0.2.1', '--from', 'a@loose.example'),
    (3, 'the look-up of TXT ill.example failed: SERVFAIL', 'spf', '--ip', '192.0.2.1', '--from', 'a@ill.example'),
    (0, '"from":"","helo":"good.example"', 'spf', '--ip', '192.0.2.1', '--from', '<>', '--helo', 'good.example', '--json'),
    (0, 'look-up    TXT good.example: NOERROR, 1 record', 'spf', '--ip', '192.0.2.1', '--from', 'a@good.example', '-v'),
    (1, '\\x1b[31m', 'spf', '--ip', '192.0.2.1', '--from', 'a@escape.example'),
    (0, '"aligned":{"spf":true,"dkim":false}', 'dmarc', '--from', 'a@good.example', '--spf', 'bounce.good.example=pass', '--dkim', 'mailer.example=pass', '--json'),
    (0, 'DMARC of good.example: pass', 'dmarc', '--from', 'good.example', '--dkim', 'good.example=pass'),
    (1, 'policy     reject, by the tag p of the record at _dmarc.good.example', 'dmarc', '--from', 'a@good.example', '--spf', 'mailer.example=pass'),
    (1, '"rfc7489":{"result":"fail","policy":"reject"', 'dmarc', '--from', 'a@good.example', '--spf', 'good.example=softfail', '--json'),
    (1, '"note":null', 'dmarc', '--from', 'a@good.example', '--spf', 'mailer.example=fail', '--json'),
    (0, '"note":"no result of SPF or DKIM was given', 'dmarc', '--from', 'a@good.example', '--json'),
    (0, 'DMARC of good.example: policy', 'dmarc', '--from', 'a@good.example'),
    (2, '"pct=5" is gone from DMARC', 'dmarc', '--from', 'a@pct.example', '--spf', 'pct.example=pass'),
    (2, 'nothing.example has no DMARC record', 'dmarc', '--from', 'a@nothing.example'),
    (3, 'failed: SERVFAIL', 'dmarc', '--from', 'a@ill.example', '--spf', 'ill.example=pass'),
    (0, '"from":"good.example"', 'dmarc', '--from', 'Me (of a@b) <a@good.example>', '--spf', 'good.example=pass', '--json'),
    (1, '"b..example" is no domain', 'dmarc', '--from', 'a@b..example'),
    (0, '"fcrdns":"pass"', 'ptr', '192.0.2.2', '--json'),
    (0, 'mail.good.example: leads back', 'ptr', '192.0.2.2'),
    (1, 'does not lead back', 'ptr', '192.0.2.3'),
    (1, 'the address has no PTR', 'ptr', '2001:db8::1'),
    (3, 'TIMEOUT', 'ptr', '192.0.2.4'),
    (1, 'PTR of 192.0.2.2: pass', 'ptr', '192.0.2.3', '192.0.2.2'),
    (0, '"result":"ok"', 'mx', 'good.example', '--json'),
    (0, 'mail goes to its own address', 'mx', 'implicit.example'),
    (1, 'null MX', 'mx', 'null.example'),
    (1, 'does not exist', 'mx', 'gone.example'),
    (1, '"result":"no-address"', 'mx', 'alone.example', '--json'),
    (2, 'gone.half.example: no such name', 'mx', 'half.example'),
    (2, 'has mail exchangers, with 1 warning\n', 'mx', 'half.example'),
    (3, 'not known', 'mx', 'ill.example'),
    (1, '192.0.2.1: on 1 of 1 blocklists', 'dnsbl', '192.0.2.1', *ONLY),
    (1, '"result":"listed"', 'dnsbl', '192.0.2.1', *ONLY, '--json'),
    (0, '192.0.2.2: on none of 1 blocklists', 'dnsbl', '192.0.2.2', *ONLY),
    (1, '"item":"192.0.2.1"', 'dnsbl', '192.0.2.2', '192.0.2.1', *ONLY, '--json'),
    (3, 'gave an answer that can be used', 'dnsbl', '192.0.2.2'),
    (3, 'Who may ask: Free for low, non-commercial use', 'dnsbl', '192.0.2.2'),
    (3, '"kind":"black","policy":"Free for low, non-commercial use', 'dnsbl', '192.0.2.2', '--json'),
    (64, 'check rdns: no such check; there are spf', 'rdns', '192.0.2.1'),
    (64, 'check spf: --ip is missing; usage: mxwalk check spf', 'spf', '--from', 'a@good.example'),
    (64, 'check spf: --from or --helo is missing', 'spf', '--ip', '192.0.2.1'),
    (64, 'the null reverse-path needs --helo', 'spf', '--ip', '192.0.2.1', '--from', '<>'),
    (64, '--ip 192.0.2: not an IP address', 'spf', '--ip', '192.0.2', '--from', 'a@good.example'),
    (64, 'takes no argument "x"', 'spf', 'x', '--ip', '192.0.2.1', '--from', 'a@good.example'),
    (64, 'check ptr: an argument is missing', 'ptr'),
    (64, 'check ptr 192.0.2.1.4: not an IP address', 'ptr', '192.0.2.1.4'),
    (64, 'check ptr mail.example: not an IP address', 'ptr', '192.0.2.2', 'mail.example'),
    (64, 'check mx a..example: an empty label', 'mx', 'a..example'),
    (64, 'check dnsbl localhost: neither an IP address nor a domain', 'dnsbl', 'localhost'),
    (64, 'check dmarc: a domain, or --from', 'dmarc'),
    (64, '--spf good.example=maybe: not a result', 'dmarc', '--from', 'a@good.example', '--spf', 'good.example=maybe'),
    (64, '--spf may be given once', 'dmarc', '--from', 'a@good.example', '--spf', 'good.example=pass', '--spf', 'good.example=fail'),
]:
    if row[0] == 'chmod':
        os.chmod(SEED, row[1])
        continue
    status, part, *args = row
    r = check(*args)
    tap.check(f'check {" ".join(args)}'.replace(home, ''), r.status == status and part in r.out + r.err and not r.problems,
              f'status {r.status}, not {status}; or no {part!r} in\n{r.out}{r.err}\n{r.problems}')

r = check('spf', '--ip', '192.0.2.1', '--from', 'a@escape.example')
tap.check('no control byte of a record reaches the terminal', not re.search(r'[\x00-\x09\x0b-\x1f\x7f-\x9f]', r.out), r.out)
r = check('dmarc', '--from', 'a@good.example')
tap.check('without a result it is no verdict on the mail, in words, too', 'this is the policy as it is published' in re.sub(r'\s+', ' ', r.out), r.out)
tap.check('a line for each list and thing', len(check('dnsbl', '192.0.2.2', '192.0.2.1', *ONLY, '--json').records) == 2)
r = check('ptr', '192.0.2.2', 'mail.example')
tap.check('nothing is asked before all arguments are seen to be good', r.err.count('\n') == 1 and r.out == '', r.out + r.err)
r = Run('check', '--help')
tap.check('the help shows what each evaluator takes', re.findall(r'^  (spf|dkim|dmarc|ptr|dnsbl|mx|mta-sts|tls-rpt) ', r.out, re.M) == ['spf', 'dkim', 'dmarc', 'ptr', 'dnsbl', 'mx', 'mta-sts', 'tls-rpt'], r.out)

SPF = ['check', 'spf', '--ip', '192.0.2.1', '--from', 'a@good.example']
bad = put('bad', '{"name":"a.example","type":"A","data":["192.0.2.1"]}\n\n{"name":"a.example","type":"MX","data":["ten mail.example"]}\n')
r = Run(*SPF, '--dns-replay', bad)
tap.check('a book with a broken line: 65, file, line and reason', r.status == 65 and f'{bad}:3: ' in r.err and r.err.count('\n') == 1, r.err)
r = Run(*SPF, '--dns-replay', home + '/none')
tap.check('a book that is not there: 65', r.status == 65 and f'{home}/none: No such file' in r.err, r.err)
if os.access('/dev/full', os.W_OK):
    r = Run(*SPF, '--dns-replay', BOOK, '--output', '/dev/full')
    tap.check('a full disk: 74', r.status == 74 and '/dev/full: No space left' in r.err, r.err)
    with open('/dev/full', 'w') as full:
        p = subprocess.run([MXWALK, *SPF, '--dns-replay', BOOK], stdout=full, stderr=subprocess.PIPE)
    tap.check('standard output that cannot be written: 74', p.returncode == 74 and p.stderr.count(b'\n') == 1, p.stderr)

# Nobody answers: unknown, within the time limit.
start = time.monotonic()
LATE = ['--nameserver', '127.0.0.1:9', '--timeout', '1s', '--json']
r = Run(*SPF, *LATE).ndjson()
tap.check('SPF when nobody answers: temperror', r.status == 3 and [x['result'] for x in r.records] == ['temperror'], r.out + r.err)
r = Run('check', 'ptr', '192.0.2.1', '192.0.2.2', *LATE).ndjson()
tap.check('PTR when nobody answers: unknown', r.status == 3 and [x['result'] for x in r.records] == ['unknown', 'unknown'], r.out + r.err)
tap.check('within the time limit', time.monotonic() - start < 4, time.monotonic() - start)

# What was recorded replays to the same line.
SECOND = ['check', 'spf', '--ip', '192.0.2.2', '--from', 'a@good.example', '--json']
one = Run(*SECOND, '--dns-replay', BOOK, '--dns-record', home + '/record')
two = Run(*SECOND, '--dns-replay', home + '/record')
tap.check('a record replays to the same line', one.out == two.out and one.out != '' and os.path.getsize(home + '/record') > 0, one.out + two.out)
tap.done()
