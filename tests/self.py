"""`mxwalk self` as a whole, in the lab: who is good, and what is said of each who is not; the same in every format; nothing advised on what is not known; and all of it in time."""
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

# The private halves of lab._domainkey and ed._domainkey of signed.example (src/lab/names.c). They protect nothing.
RSA = """-----BEGIN RSA PRIVATE KEY-----
MIIEpAIBAAKCAQEA3Reci3EiuSfGw5QLrSwU5YHWeIYan3oktYwTnu6jrkAT3QtX
GQzERUP0zJvlKSG04k3EN+HcpXut5iBeynduvNQuoIaIUHdJtoyvcp6XKvAQJOPp
27RAvpQbWEVBb6RAJZSVvLmtTaB0IDyOsoY/g7NmBqIfGNLo1VTx5nbcN5DheAal
8KGd4wXJ4U4htdSyW55yT76LMD32Ng9KeFgiObJeJGTH84CldquLqfG1OY6mBOWy
rID1Wz9SZHxAdyMnVyrFIjlShlm2xxuSGfH0hEz3XE6/89MSK9mcDsj/gE8WQghg
eAH37kctpMoGGc89J4MGeblImINKOI2tZo533QIDAQABAoIBAG03iUMO9+a8YgFi
ZGQ+9vGrMn3mTUeDqJewY07rNxtQlx9mRzfeKSTIXaknx8wKVRdH8ErkvcFXt/+K
9RiSaDdKn9/3pWYOj3DozZDTC/0PiwIWPoOkZyld86YmzBzw6ClIXbHVjWlf/o2g
LKO/EqgmGpvjQXZbVd5wsHC3PbEKawx6dU+oWt5AbIU+6G5UO1sfP/8lvdX/i1qr
BZEvB4mWBFu3X04GHmplzhvsuMlsrhNBKk3howwx+/MEt5dcvet4ET2VLSa8p45k
Z1WaidC9le+iyacVaHmZ2C0LS0midNNxAJIn+KV7/ia+zDNXVb+SEGpPBG5D+jjs
4wfbyycCgYEA/CdjBmFdHdEVQI7ggHu+fxC7hxkJEPkeU30uFfF2QmkuhL+PGUq4
mZPu44uauFjrXKUrzBrQkWY31Vv6GJH5tX7+ZJS831qugPCKCbT1GZRpMoCjDrU9
E8s1MThSPieGwt6x2wtL/na3QsHJQH5wSg/2b9gso7L77B0F4Rw8CrMCgYEA4Hbv
Vr8xgJ1mr//+Wcb188jxOvkco2M3bSfHYas/eiCtLIv/nopv6hG+unlO+9kubiHc
Ov0exnIkC4iUizRNEcx8eV56GXoauhQCfzfDE3ki5I+wqfNrzIttTt2yC/VL/0Dk
+lfTsDVwXJsf52wMZiJnVSBt1bQBTf4vXYRJ+y8CgYEAwGjptl+rZ2o5dlbQVxqW
BW3mOzPOaEZAbuLxvMrRO+H5HlDySBFthbuNqdLIkG1BxCNBpXC8wIaoikWyNPeG
/YjXZDbfXOxchoWGP9v2v7sw/tmME1gXMDh68YERuN3+hkramtQm/BjoxKcNBAq3
crx1h2kEvzF/7O9Eoj8iTeMCgYEAicK09Yp2OTdhNJdqZXMktDAZTVZiayyTcdy+
E4VkefHgFrz9bzILqZ6mbg/Rl+QdCN6jKVj8MFMRKDr039KDkm7r3hlL2qMEEDwD
pEx231azQY+mn0eUW38e4Q5THd+4ero7TiHk+/pwMYXLON8pZO2seaRjhIrrWhCs
xTpRpWUCgYBWKS5paBjCTqZEYnL8CltGnE1gyHlEGEsT3KiNJPMHc7Gp+EMDR4Ka
g2lO7TDlOksqZr1qZeJCVfQ5sh0b4n2yEWtXPbquGB70cEXXyGOyXQIp9vF+aoPY
QunSwcahanRqNBSHHI3Ry5bOOtGQNXtxKWpo1xmRnTQyuHXTietZxg==
-----END RSA PRIVATE KEY-----
"""
ED = """-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIG1w6OlY5w2YbDPT83mY3Zn6bbqzNSf1MCpyW5pam0K8
-----END PRIVATE KEY-----
"""

home = tap.folder('self')


def put(name, text):
    path = os.path.join(home, name)
    with open(path, 'wb') as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    os.chmod(path, 0o600)
    return path


rsa, ed = put('rsa.pem', RSA), put('ed.pem', ED)
GOOD = ('--source', '127.0.1.13', '--from', 'me@signed.example')


def message(author, sign=None):
    text = f'From: Me <{author}>\r\nTo: you@example.com\r\nSubject: hello\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\nMessage-ID: <1@x.example>\r\n\r\nHello.\r\n'.encode()
    if sign:
        import dkim
        text = dkim.sign(text, sign[0].encode(), sign[1].encode(), RSA.encode()) + text
    return text


def run(*args, **kw):
    return Run('self', '--json', *args, **kw).ndjson()


def ids(r, *severities):
    return [f['id'] for f in r.records if f['type'] == 'finding' and f['severity'] in severities]


# what, options, exit status, what refuses, what warns, what is not known; None: not looked at
CASES = [
    ('a good one', GOOD, 0, [], [], []),
    ('good, and its key', (*GOOD, '--dkim-key', rsa, '--dkim-selector', 'lab'), 0, [], [], []),
    ('good, and its ed25519 key', (*GOOD, '--dkim-key', ed, '--dkim-selector', 'ed'), 0, [], [], []),
    ('on ZEN', ('--source', '127.0.1.2', '--from', 'me@clean.sender.example'), 1, ['listed'], [], []),
    ('on smaller lists', ('--source', '127.0.1.8', '--from', 'me@clean.sender.example'), 2, [], ['listed-often'], []),
    ('no PTR', ('--source', '127.0.1.3', '--from', 'me@clean.sender.example'), 1, ['ptr-missing'], [], []),
    ('PTR astray', ('--source', '127.0.1.4', '--from', 'me@clean.sender.example'), 1, ['ptr-unconfirmed'], [], []),
    ('PTR generic', ('--source', '127.0.1.5', '--from', 'me@clean.sender.example'), 2, [], ['ptr-generic'], []),
    ('PTR look-up fails', ('--source', '127.0.1.6', '--from', 'me@clean.sender.example'), 3, [], [], ['ptr-unknown']),
    ('twelve PTR names', ('--source', '127.0.1.11', '--from', 'me@clean.sender.example'), 2, [], ['ptr-many'], []),
    ('HELO: one label', (*GOOD, '--ehlo', 'localhost'), 1, ['helo-invalid'], [], []),
    ('HELO: a literal', (*GOOD, '--ehlo', '[127.0.1.13]'), 2, [], ['helo-literal'], []),
    ('HELO: no such name', (*GOOD, '--ehlo', 'nowhere.sender.example'), 1, ['helo-unresolved'], [], []),
    ('HELO: another host', (*GOOD, '--ehlo', 'listed.sender.example'), 2, [], ['helo-elsewhere', 'spf-helo'], []),
    ('HELO: SERVFAIL', (*GOOD, '--ehlo', 'servfail.sender.example'), 3, [], [], ['helo-unknown']),
    ('SPF fails', ('--source', '127.0.1.1', '--from', 'me@spf-fail.sender.example'), 1, ['spf-fail'], None, []),
    ('SPF softfails', ('--source', '127.0.1.1', '--from', 'me@spf-softfail.sender.example'), 2, [], ['spf-weak', 'dmarc-by-dkim-alone'], []),
    ('SPF is broken', ('--source', '127.0.1.1', '--from', 'me@spf-broken.sender.example'), 1, ['spf-permerror'], None, []),
    ('SPF twice', ('--source', '127.0.1.1', '--from', 'me@spf-double.sender.example'), 1, ['spf-permerror'], None, []),
    ('SPF: SERVFAIL', ('--source', '127.0.1.1', '--from', 'me@spf-temp.sender.example'), 3, [], [], ['spf-unknown', 'dmarc-unknown']),
    ('no SPF, no DMARC', ('--source', '127.0.1.12', '--from', 'me@bare.example'), 1, ['dmarc-missing'], ['spf-missing'], []),
    ('DMARC is broken', ('--source', '127.0.1.1', '--from', 'me@dmarc-broken.example'), 1, ['dmarc-broken'], None, []),
    ('null MX', ('--source', '127.0.1.1', '--from', 'me@no-mail.sender.example'), 1, ['domain-null-mx'], None, []),
    ('no such domain: that, and nothing else', ('--source', '127.0.1.1', '--from', 'me@nowhere.sender.example'), 1, ['domain-missing'], [], []),
    ('domain without address', ('--source', '127.0.1.1', '--from', 'me@no-address.sender.example'), 1, ['domain-no-mail'], None, []),
    ('domain on the DBL', ('--source', '127.0.1.1', '--from', 'me@listed-domain.example'), 1, ['listed', 'dmarc-missing'], None, []),
    ('a selector alone', (*GOOD, '--dkim-selector', 'lab'), 0, [], [], []),
    ('key revoked', (*GOOD, '--dkim-key', rsa, '--dkim-selector', 'old'), 1, ['dkim-key-bad'], None, []),
    ('key gone', (*GOOD, '--dkim-key', rsa, '--dkim-selector', 'gone'), 1, ['dkim-key-missing'], None, []),
    ('another key', (*GOOD, '--dkim-key', ed, '--dkim-selector', 'lab'), 1, ['dkim-key-mismatch'], None, []),
    ('key in test', (*GOOD, '--dkim-key', rsa, '--dkim-selector', 'test'), 2, [], ['dkim-key-testing'], []),
    ('key: SERVFAIL', (*GOOD, '--dkim-key', rsa, '--dkim-selector', 'temp'), 3, [], [], ['dkim-key-unknown']),
    ('a message without signature', (*GOOD, '--data', '@' + put('unsigned', message('me@signed.example'))), 1, ['dkim-unsigned'], [], []),
    ('a message that fails DMARC', ('--source', '127.0.1.1', '--from', 'me@clean.sender.example', '--data', '@' + put('strict', message('me@strict.example'))), 1, ['dkim-unsigned', 'dmarc-reject'], [], []),
    ('nothing passes', ('--source', '127.0.1.1', '--from', 'me@strict.example', '--data', '@' + put('strict', message('me@strict.example'))), 1, ['spf-fail', 'unauthenticated', 'dkim-unsigned', 'dmarc-reject'], [], []),
    ('tokens of a message', (*GOOD, '--data', '@' + put('tokens', b'From: %FROM_ADDRESS%\nTo: %TO_ADDRESS%\nSubject: x\nDate: %DATE%\n\nx\n')), 1, ['dkim-unsigned'], [], []),
    ('tokens that are left alone', (*GOOD, '--no-data-fixup', '--data', '@' + put('tokens', b'From: %FROM_ADDRESS%\nSubject: x\n\nx\n')), 1, ['author', 'dkim-unsigned'], None, []),
    ('a message without author', (*GOOD, '--data', '@' + put('nobody', b'Subject: x\r\n\r\nx\r\n')), 1, ['author', 'dkim-unsigned'], None, []),
]
try:
    import dkim
    signed = put('signed', message('me@signed.example', ('lab', 'signed.example')))
    CASES += [
        ('a signed message', (*GOOD, '--data', '@' + signed), 0, [], [], []),
        ('a signed message, changed on the way', (*GOOD, '--data', '@' + put('changed', message('me@signed.example', ('lab', 'signed.example')).replace(b'Hello.', b'Hello!'))), 1, ['dkim-fail'], [], []),
        ('signed, but not in its own name', ('--source', '127.0.1.13', '--from', 'me@sender.example', '--data', '@' + put('other', message('me@sender.example', ('lab', 'signed.example')))), 2, [], ['dkim-unaligned'], []),
        ('saved by its signature', ('--source', '127.0.1.1', '--from', 'me@clean.sender.example', '--data', '@' + signed), 0, [], [], []),
        ('its key has no answer', (*GOOD, '--data', '@' + put('temp', message('me@signed.example', ('temp', 'signed.example')))), 3, [], [], ['dkim-unknown']),
    ]
except ImportError:
    tap.skip('signed messages', 'python3-dkim is not installed')

for name, args, status, refuses, warns, unknown in CASES:
    r = run(*args)
    got = (r.status, ids(r, 'refuses'), ids(r, 'warns') if warns is not None else None, ids(r, 'unknown'))
    tap.check(name, got == (status, refuses, warns, unknown), f'wanted {(status, refuses, warns, unknown)}\ngot {got}\n{r.err}')
    tap.check(f'{name}: records valid, one sender', not r.problems and [x['type'] for x in r.records].count('sender') == 1, r.problems)
    bad = [f for f in r.records if f['type'] == 'finding' and f['severity'] == 'unknown' and (f['records'] or f['url'])]
    order = [f['severity'] for f in r.records if f['type'] == 'finding']
    tap.check(f'{name}: nothing advised on what is not known; the gravest first', not bad and order == sorted(order, key=['refuses', 'warns', 'unknown', 'info', 'good'].index), f'{bad} {order}')


def finding(r, name):
    return next((f for f in r.records if f['type'] == 'finding' and f['id'] == name), {})


f = finding(run('--source', '127.0.1.3', '--from', 'me@clean.sender.example', '--ehlo', 'clean.sender.example'), 'ptr-missing')
tap.check('no PTR: the record to publish, and who publishes it', f.get('records') == ['3.1.0.127.in-addr.arpa. PTR clean.sender.example.', 'clean.sender.example. A 127.0.1.3'] and f.get('who') == 'host' and '5.7.25' in f.get('refused_by', ''), f)
f = finding(run('--source', '127.0.1.2', '--from', 'me@clean.sender.example'), 'listed')
tap.check('listed: the answer, who gave it, and the page to visit', '127.0.0.4' in f.get('evidence', '') and 'resolver 127.0.0.1' in f.get('evidence', '') and f.get('url', '').endswith('127.0.1.2'), f)
f = finding(run('--source', '127.0.1.1', '--from', 'me@spf-fail.sender.example'), 'spf-fail')
tap.check('SPF fails: the term, and the record mended', '"-all"' in f.get('evidence', '') and f.get('records') == ['spf-fail.sender.example. TXT "v=spf1 ip4:127.0.1.1 ip4:192.0.2.0/24 -all"'], f)
r = run('--source', '127.0.1.12', '--from', 'me@bare.example')
tap.check('no SPF, no DMARC: the records', finding(r, 'spf-missing').get('records') == ['bare.example. TXT "v=spf1 ip4:127.0.1.12 -all"']
          and finding(r, 'dmarc-missing').get('records') == ['_dmarc.bare.example. TXT "v=DMARC1; p=none; rua=mailto:dmarc-reports@bare.example"'], r.records)
f = finding(run(*GOOD, '--dkim-key', rsa, '--dkim-selector', 'gone'), 'dkim-key-missing')
text = ''.join(re.findall('"([^"]*)"', (f.get('records') or [''])[0]))
tap.check('key gone: its record, in strings of 255 octets', (f.get('records') or [''])[0].startswith('gone._domainkey.signed.example. TXT "v=DKIM1;') and text.endswith('IDAQAB') and max(map(len, re.findall('"([^"]*)"', f['records'][0]))) <= 255, f)

# ---- whom the lists are asked about
def asked(*args):
    return {(entry['list'], entry['item']) for entry in run(*args).records[0]['dnsbl'] if entry['identity'] == 'dkim'}


tap.check('lists are asked about the domain of a key', ('dbl.spamhaus.org', 'signed.example') in asked('--source', '127.0.1.1', '--from', 'me@sender.example', '--dkim-selector', 'lab', '--dkim-domain', 'signed.example'))
if os.path.exists(os.path.join(home, 'other')):
    tap.check('… and of a signature', ('dbl.spamhaus.org', 'signed.example') in asked('--source', '127.0.1.1', '--from', 'me@sender.example', '--data', '@' + os.path.join(home, 'other')))
    tap.check('… but not of one that does not verify', not asked('--source', '127.0.1.1', '--from', 'me@sender.example', '--data', '@' + put('broken', open(os.path.join(home, 'other'), 'rb').read().replace(b'Hello.', b'Hello!'))))

# ---- the address that a server noted when it received the message
def received(hop):
    return '@' + put('received', f'Received: {hop}; Fri, 27 Nov 2026 10:00:00 +0000\r\n'.encode() + message('me@signed.example'))


for hop, name, severity, status in (
    ('from a.signed.example (a.signed.example [127.0.1.13]) by mx.receiver.example (Postfix) with ESMTP id 1', 'seen', 'good', 1),
    ('from a.signed.example (unknown [192.0.2.77]) by mx.receiver.example (Postfix) with ESMTP id 1', 'seen-elsewhere', 'warns', 1),
    ('from a.signed.example (a.signed.example [IPv6:2001:db8::77]) by mx.receiver.example (Postfix) with ESMTP id 1', 'seen-other-family', 'info', 1),
    ('from desk.signed.example (unknown [192.0.2.77]) by mail.signed.example (Postfix) with ESMTP id 1', None, None, 1),
    ('by mail.signed.example (Postfix, from userid 0) id 1', None, None, 1),
):
    r = run(*GOOD, '--data', received(hop))
    seen = [(f['id'], f['severity']) for f in r.records if f['type'] == 'finding' and f['id'].startswith('seen')]
    tap.check(f'Received: {hop}', seen == ([(name, severity)] if name else []) and r.status == status and not r.problems, f'{seen} {r.status} {r.problems}')
f = finding(run(*GOOD, '--data', received('from a.signed.example (unknown [192.0.2.77]) by mx.receiver.example with ESMTP id 1')), 'seen-elsewhere')
tap.check('another address was seen: which, by whom, and what to do', all(word in f['what'] for word in ('192.0.2.77', '127.0.1.13', 'mx.receiver.example')) and '--public-ip 192.0.2.77' in f['advice'] and 'a.signed.example' in f['evidence'], f)
r = run('--source', '127.0.1.13', '--source', '127.0.1.2', '--from', 'me@signed.example', '--data', received('from a.signed.example (a.signed.example [127.0.1.2]) by mx.receiver.example with ESMTP id 1'))
tap.check('seen from another of our sources: that one says so, the other is silent', [(f['id'], f['sender']['ip']) for f in r.records if f['type'] == 'finding' and f['id'].startswith('seen')] == [('seen', '127.0.1.2')], r.records)

# ---- formats
p = Run('self', '--source', '127.0.1.2', '--from', 'me@clean.sender.example')
tap.check('text: the verdict, the reason, the remedy, the page', p.status == 1 and all(w in p.out for w in ('127.0.1.2: 1 finding gets mail refused', 'REFUSES', 'evidence', 'refusers', 'who acts', 'remedy', 'see', 'good')), p.out)
tap.check('text: no line is too long, but those to copy', all(len(line) <= 100 for line in p.out.splitlines() if not line.startswith(('  publish', '  see'))), p.out)
for args, status, word in ((GOOD, 0, 'OK'), (('--source', '127.0.1.5', '--from', 'me@clean.sender.example'), 1, 'WARNING'), (('--source', '127.0.1.2', '--from', 'me@clean.sender.example'), 2, 'CRITICAL'), (('--source', '127.0.1.6', '--from', 'me@clean.sender.example'), 3, 'UNKNOWN')):
    p = Run('self', '--format', 'nagios', *args)
    tap.check(f'nagios: {word}', p.status == status and p.out.startswith(f'MXWALK {word} - ') and p.out.splitlines()[0].count('|') == 1, f'{p.status} {p.out}')
p = Run('self', '--source', '127.0.1.2', '--output', '/dev/full')
tap.check('a full disk', p.status == 74 and '/dev/full' in p.err, p.err)
r = run('--source', '127.0.1.13', '--source', '127.0.1.2', '--from', 'me@signed.example')
tap.check('two sources: two reports, the worse decides', r.status == 1 and [x['ip'] for x in r.records if x['type'] == 'sender'] == ['127.0.1.13', '127.0.1.2'], r.records)

# ---- who is it
config = open(os.environ['MXWALK_CONFIG']).read()
server = re.search(r'^nameserver (\S+)', config, re.M).group(1)
bare = dict(os.environ)
del bare['MXWALK_CONFIG']
for address, word in (('192.168.1.5', 'private'), ('127.0.1.1', 'loopback'), ('100.64.0.1', 'shared')):
    p = Run('self', '--nameserver', server, '--source', address, env=bare)
    tap.check(f'{address} is no public address: asked for, and nothing made up', p.status == 3 and word in p.err and '--public-ip' in p.err and p.out == '', p.err + p.out)
p = Run('self', '--nameserver', server, '--source', '192.168.1.5', '--public-ip', '203.0.113.9', '--allow-private', '--json', env=bare).ndjson()
tap.check('--public-ip is what is judged', p.records and p.records[0]['ip'] == '203.0.113.9', p.out)
p = Run('self', '--dkim-key', rsa, '--dkim-selector', 'lab', '--source', '127.0.1.1', env={**bare})
tap.check('a key of nobody', p.status == 64 and '--dkim-domain' in p.err, p.err)

# ---- without --source: what this host would send from, tried in a network namespace of its own, whose ways lead nowhere
V4, V6 = '193.0.6.139', '2001:67c:2e8:22::c100:68b'
SPACE = ['unshare', '--net'] if os.getuid() == 0 else ['unshare', '--user', '--map-root-user', '--net']
UP = 'ip link set lo up'
WAYS = {
    '4': f'ip addr add {V4}/32 dev lo && ip route add default dev lo src {V4}',
    '6': f'ip -6 addr add {V6}/128 dev lo nodad && ip -6 route add default dev lo',
    'private 4': 'ip addr add 10.9.8.7/32 dev lo && ip route add default dev lo src 10.9.8.7',
    'private 6': 'ip -6 addr add fd00::7/128 dev lo nodad && ip -6 route add default dev lo',
}
book = put('book', '')


def alone(ways, *args):
    """self on a host that has these ways out."""
    script = ' && '.join([UP, *(WAYS[way] for way in ways)]) + ' && exec "$0" "$@"'
    p = subprocess.run([*SPACE, 'sh', '-c', script, MXWALK, 'self', '--json', '--dns-replay', book, '--no-dnsbl', *args], capture_output=True, text=True, env=bare)
    return p, [json.loads(line)['ip'] for line in p.stdout.splitlines() if '"type":"sender"' in line]


def why_not(way):
    if not shutil.which('unshare') or not shutil.which('ip'):
        return 'no unshare or ip here'
    p = subprocess.run([*SPACE, 'sh', '-c', f'{UP} && {WAYS[way]}'], capture_output=True, text=True)
    return p.returncode and (p.stderr.strip().replace('\n', ' ') or 'no network namespaces here')


if why_not('4') or why_not('6'):
    tap.skip('the families of this host', why_not('4') or why_not('6'))
else:
    for ways, args, status, seen, said in (
        (('4', '6'), (), 1, [V4, V6], ''),
        (('4', '6'), ('-4',), 1, [V4], ''),
        (('4', '6'), ('-6',), 1, [V6], ''),
        (('4',), (), 1, [V4], ''),
        (('6',), (), 1, [V6], ''),
        (('4',), ('-6',), 3, [], 'no IPv6 address that leads out'),
        ((), (), 3, [], 'no address that leads out'),
        (('private 4', '6'), (), 1, [V6], '10.9.8.7 is a private address, which no receiver sees: give the one that they see with --public-ip, or leave this family out with -6'),
        (('private 4', '6'), ('--public-ip', V4), 1, [V4, V6], ''),
        (('private 4', 'private 6'), ('--public-ip', V4), 1, [V4], 'fd00::7, from which this host reaches IPv6, is a private address and was not judged'),
        (('private 4', 'private 6'), ('-4', '--public-ip', V4), 1, [V4], ''),
        (('private 4',), (), 3, [], '--public-ip'),
        ((), ('--public-ip', V4), 1, [V4], ''),
        ((), ('--public-ip', '10.1.1.1'), 3, [], '10.1.1.1 is a private address'),
        (('4', '6'), ('--source', V6), 1, [V6], ''),
    ):
        p, ips = alone(ways, *args)
        tap.check(f'a host with ways out by {" and ".join(ways) or "nothing"}, {" ".join(args)}', p.returncode == status and ips == seen and said in p.stderr and (said or not p.stderr), f'{p.returncode} {ips} {p.stderr}')

# ---- silence
hush = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
hush.bind(('127.0.0.1', 0))
silent = f'127.0.0.1:{hush.getsockname()[1]}'


def timed(*args):
    began = time.monotonic()
    r = run(*args, '--timeout', '3s')
    return r, time.monotonic() - began


r, took = timed(*GOOD, '--nameserver', silent, '--nameserver', server)
tap.check(f'half the servers are silent: all is found out, in time ({took:.1f} s)', took < 7 and r.status == 0 and not ids(r, 'unknown', 'refuses', 'warns'), f'{r.status} {took} {ids(r, "unknown", "refuses", "warns")}')
r, took = timed(*GOOD, '--nameserver', silent)
tap.check(f'all are silent: in time, not known, and nothing advised ({took:.1f} s)', took < 7 and r.status == 3 and not ids(r, 'refuses', 'warns') and not r.problems, f'{r.status} {took} {ids(r, "refuses", "warns")} {r.problems}')
r, took = timed('--source', '127.0.1.10', '--from', 'me@clean.sender.example')
tap.check(f'only the PTR is silent: the rest is found out ({took:.1f} s)', took < 7 and r.status == 3 and 'ptr-unknown' in ids(r, 'unknown') and 'spf' in ids(r, 'good') and 'lists-clean' in ids(r, 'good'), f'{r.status} {took} {[f.get("id") for f in r.records]}')
r, took = timed('--source', '127.0.1.1', '--from', 'me@slow.example')
tap.check(f'SPF and DMARC of a domain are silent ({took:.1f} s)', took < 7 and r.status == 3 and not ids(r, 'refuses', 'warns') and {'spf-unknown', 'dmarc-unknown'} <= set(ids(r, 'unknown')), f'{r.status} {took} {ids(r, "refuses", "warns", "unknown")}')
tap.done()
