#!/usr/bin/env python3
"""Small inputs that were read wrong once, beside the source: each row of shared/cases/README.md has its right value here. (With a peer: f07 and f08 in verdicts.py, f09 in wire.py, f26 in evidence.py.)"""
import glob
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import TOP, Run

CASES = os.path.join(TOP, '../shared/cases')
if not os.path.isdir(CASES):
    tap.skip_all('no cases beside the source')


def case(name):
    return os.path.join(CASES, name)


def words(run):
    return ' '.join((run.out + run.err).split())


# ---- what is explained: each file has one explanation with these members

ZEN, SPAMCOP = 'zen.spamhaus.org', 'bl.spamcop.net'
EXPLAINED = {
    'f01-one-noqueue.log': {'cause': 'ip-blocklist', 'direction': 'inbound', 'advice': None},
    'f02-code-alone-on-the-line.txt': {'cause': 'dmarc', 'enhanced': '5.7.509'},
    'f02-exim-notice-wrapped.txt': {'cause': 'ip-blocklist', 'list': SPAMCOP, 'stage': 'rcpt'},
    'f02-multi-line-reply-wrapped.txt': {'cause': 'content-spam'},
    'f02-postfix-notice-wrapped.txt': {'cause': 'ip-blocklist', 'list': ZEN, 'stage': 'rcpt'},
    'f02-quoted-by-a-mail-program.txt': {'cause': 'ip-blocklist', 'list': ZEN, 'stage': 'rcpt'},
    'f02-quoted-dsn-folded.txt': {'cause': 'ip-blocklist', 'list': ZEN},
    'f03-continuation-without-code.txt': {'cause': 'recipient-unknown', 'relay': None},
    'f03-qmail-notice-one-line.txt': {'cause': 'ip-blocklist', 'list': ZEN},
    'f03-qmail-notice.txt': {'cause': 'dmarc', 'relay': '192.0.2.27'},
    'f04-exim-greeting-indented.txt': {'cause': 'ip-reputation', 'stage': 'greeting'},
    'f04-indented-one-line.txt': {'cause': 'ip-reputation'},
    'f04-indented-two-lines-with-codes.txt': {'cause': 'ip-blocklist', 'list': ZEN},
    'f04-quoted-two-lines.txt': {'cause': 'ip-reputation'},
    'f04-tab-indented.txt': {'cause': 'ip-blocklist', 'list': ZEN},
    'r01-returned-message.eml': {'cause': 'recipient-domain', 'said_by': 'sender'},
    'r03-sendmail-multi-line.eml': {'cause': 'policy', 'code': 550},
    'r04-folded-lines.txt': {'cause': 'spf', 'enhanced': '5.7.26'},
    'r04-folded-one-line.txt': {'cause': 'spf', 'enhanced': '5.7.26'},
    'f12-dsn-status-only.eml': {'cause': 'mailbox-full'},
    'f12-dsn-x-postfix.eml': {'cause': 'routing-loop'},
    'f12-postfix-loop.log': {'cause': 'routing-loop'},
    'f12-postfix-size.log': {'cause': 'message-size'},
    'f12-postfix-smtputf8.log': {'cause': 'protocol'},
    'f15-dotnet.txt': {'cause': 'relay-denied'},
    'f15-html.txt': {'cause': 'relay-denied', 'code': 554},
    'f15-phpmailer.txt': {'cause': 'relay-denied', 'code': 554},
    'f15-python-data.txt': {'cause': 'content-spam', 'code': 554},
    'f15-python-recipients.txt': {'cause': 'relay-denied', 'code': 554},
    'f15-thunderbird.txt': {'cause': 'relay-denied'},
    'f16-plain.txt': {'cause': 'recipient-unknown', 'code': 550},
    'f16-quoted-text.txt': {'cause': 'recipient-unknown', 'code': 550},
    'f16-supplementary.txt': {'cause': 'recipient-unknown', 'code': 550},
    'f28-one-delivery-two-lines.log': {'cause': 'greylist'},
    'f28-sendmail-notice.txt': {'cause': 'ip-blocklist', 'list': ZEN},
}
for name, want in EXPLAINED.items():
    run = Run('explain', '--json', '--input', case(name)).ndjson()
    tap.check(name, [{k: r.get(k) for k in want} for r in run.records] == [want] and not run.problems, f'{run.problems}\n{run.out}{run.err}')
here = {os.path.basename(p) for pattern in ('f0[1234]*', 'r0[134]*', 'f12*', 'f15*', 'f16*', 'f28*') for p in glob.glob(case(pattern))}
tap.check('no file of these is left out', here - {'f01-inbound.log'} == set(EXPLAINED), here ^ set(EXPLAINED))
run = Run('explain', '--json', '--summary', '--input', case('f01-inbound.log')).ndjson()
tap.check('f01: the summary is of what others refused us', (run.records[0]['explained'], run.records[0]['inbound']) == (1, 6) and not run.problems, run.out)
with open(case('r05-replies.ndjson'), encoding='utf-8') as f:
    labels = [json.loads(line) for line in f]
run = Run('explain', '--json', input=''.join(json.dumps({'id': r['id'], 'text': r['text'], 'stage': r['stage'] or None}) + '\n' for r in labels).encode()).ndjson()
tap.check('r05: the labels in the file', [r['cause'] for r in run.records] == [r['cause'] for r in labels], run.out)

# ---- what is checked: words that are in it, or, with ! before them, are not

CHECKED = [
    ('f10-spf-include-cname', ['check', 'spf', 'example.com'], '_s.example.net', 'has to put'),
    ('f10-dmarc-cname', ['check', 'dmarc', 'example.com'], 'alias (CNAME) of example.com._d.example.net, which does not exist', 'whoever holds example.net'),
    ('f10-dkim-cname', ['check', 'dkim', '--selector', 'sel', '--domain', 'example.com'], 'alias (CNAME) of m3.dkim.example.net, which does not exist', 'whoever holds example.net'),
    ('f10-dkim-cname-nodata', ['check', 'dkim', '--selector', 'sel', '--domain', 'example.com'], 'm3.dkim.example.net, which has no TXT record', 'whoever holds example.net'),
    ('f21-spf-bom', ['check', 'spf', 'example.com'], 'v=spf1 ip4:192.0.2.10 -all', 'a byte order mark stands before it'),
    ('f21-spf-leading-space', ['check', 'spf', 'example.com'], 'white space stands before it'),
    ('f21-spf-quotes', ['check', 'spf', 'example.com'], 'quotation marks, which were published with it'),
    ('f21-spf-smart-quotes', ['check', 'spf', 'example.com'], 'a typographic quotation mark stands before it'),
    ('f21-spf-swapped', ['check', 'spf', 'example.com'], '"spf=v1 include:example.net ~all" is none', 'swapped'),
    ('f25-ptr-25-names', ['check', 'ptr', '192.0.2.5'], '!did not answer', 'h0.example.com', 'PTR of 192.0.2.5: pass'),
    ('f26-a-servfail-aaaa-ok', ['check', 'mx', 'example.com'], '2001:db8::25; A: SERVFAIL', '1 warning'),
    ('f26-best-mx-servfail', ['check', 'mx', 'example.com'], '10 a.example.com: A: SERVFAIL, AAAA: SERVFAIL', '20 b.example.com: 127.77.1.2', '1 warning'),
    ('f22', ['check', 'dkim', case('f22-second-from-on-top.eml')], 'pass, with 1 warning', '2 From fields', 'covers only 1'),
    ('f22', ['check', 'dkim', case('f22-second-subject-on-top.eml')], 'pass, with 1 warning', '2 Subject fields', 'covers only 1'),
]
for book, command, *said in CHECKED:
    run = Run(*command, '--dns-replay', case(f'{book}.book.ndjson'))
    text = words(run)
    wrong = [w for w in said if (w.lstrip('!') in text) == w.startswith('!')]
    tap.check(f'{book}: {" ".join(os.path.basename(word) for word in command[:3])}', not wrong, f'{wrong}\n{run.out}{run.err}')


def judged(name):
    return Run('preflight', '--json', '--source', '192.0.2.10', '--dns-replay', case('f05-f23.book.ndjson'), case(name)).ndjson()


def findings(run):
    return sorted((r.get('id') or '', r.get('severity') or '') for r in run.records)


one, other = judged('f05-two-author-domains.eml'), judged('f05-two-author-domains-swapped.eml')
tap.check('f05: authors of two domains come to the same in both orders', findings(one) == findings(other) and one.records and not one.problems + other.problems, f'{findings(one)}\n{findings(other)}')
tap.check('… and a finding names it', 'From field' in words(Run('preflight', '--source', '192.0.2.10', '--dns-replay', case('f05-f23.book.ndjson'), case('f05-two-author-domains.eml'))), one.out)
for name, said in (('domain-literal', 'no full domain name: [192.0.2.10]'), ('unclosed-angle', 'an angle bracket that is not closed'), ('semicolon', 'From field'), ('unquoted-at', 'From field'), ('space-before-colon', '!no From field')):
    run = Run('preflight', '-v', '--source', '192.0.2.10', '--dns-replay', case('f05-f23.book.ndjson'), case(f'f23-{name}.eml'))
    tap.check(f'f23: {name}', (said.lstrip('!') in words(run)) != said.startswith('!'), run.out + run.err)

tap.done()
