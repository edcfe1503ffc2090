"""mxwalk report: of each target the last record counts; every format says the same numbers; what peers say does no harm in any of them; what is no record is counted and passed over; output is replaced at a stroke."""
import csv
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import xml.dom.minidom

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from report_records import RUN, finding, hostile, result, sender, summary, write

MXWALK = os.environ['MXWALK']
home = tap.folder('report')


def report(*args, input=None):
    p = subprocess.run([MXWALK, 'report', *args], input=input, capture_output=True, timeout=60)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def path(name):
    return os.path.join(home, name)


# ---- one file, and several
old = [result(f'd{i}.example', 'refused' if i < 6 else 'accepted', site='big.example' if i % 2 else f's{i}.example', cause='ip-blocklist', list='zen.spamhaus.org') for i in range(14)]
write(path('old'), [RUN, *old, summary()])
new = [result('d0.example', 'accepted'), result('d1.example', 'deferred', cause='greylist'), result('new.example', 'refused', cause='spf', basis='contradicted')]
write(path('new'), [RUN, *new, summary()])
status, out, err = report(path('old'))
tap.check('the summary again, of one file', status == 0 and '14 targets: 8 accepted, 6 refused\n' in out and not err, out + err)
tap.check('… causes with their basis', '     6  ip-blocklist: stated\n' in out and '     6  zen.spamhaus.org\n' in out, out)
tap.check('… how the list is spread, few with an interval', '64 % of the list sits behind 3 of 8 sites: big.example 50 % (23-77 %)' in ' '.join(out.split()), out)
tap.check('… who refuses whom', 'big.example refuses 192.0.2.1: ip-blocklist (zen.spamhaus.org); 3 of 7 targets, 43 % (10-82 %).' in ' '.join(out.split()), out)
tap.check('… and what to see to first', '  first      ip-blocklist, which holds up 6.' in out, out)
status, out, err = report(path('old'), path('new'))
tap.check('later wins', '15 targets: 9 accepted, 5 refused, 1 deferred\n' in out and '2 results replaced by a later one' in out, out + err)
status, out, err = report(path('new'), path('old'))
tap.check('… in the order of the files', '15 targets: 8 accepted, 7 refused\n' in out, out + err)
tap.check('a file given twice is one', report(path('old'), path('old'))[1].splitlines()[1:] == report(path('old'))[1].splitlines()[1:])
write(path('two'), [dict(RUN, options=['source=192.0.2.1', 'source=192.0.2.2']), result('a.example', 'accepted'), result('a.example', 'refused', source='192.0.2.2'), summary()])
status, out, err = report(path('two'))
tap.check('sources that were given are told apart', '2 targets: 1 accepted, 1 refused\n' in out and '  sources    192.0.2.1: 1 accepted\n             192.0.2.2: 1 refused\n' in out, out + err)
with gzip.open(path('packed.gz'), 'wb') as f:
    f.write(open(path('old'), 'rb').read())
tap.check('packed by gzip', report(path('packed.gz'))[1] == report(path('old'))[1])
if shutil.which('zstd'):
    subprocess.run(['zstd', '-q', path('old'), '-o', path('packed.zst')], check=True)
    tap.check('packed by zstd', report(path('packed.zst'))[1] == report(path('old'))[1])
else:
    tap.skip('packed by zstd', 'there is no zstd')
tap.check('from standard input', report('-', input=open(path('old'), 'rb').read())[1] == report(path('old'))[1])

# ---- what is no record
torn = open(path('old'), 'rb').read()
junk = b'{"type":"result","schema":1,"target":"x"\nnot json\n{"a":1}\n[1,2]\n"type"\n\xff\xfe\x00\n\n{"type":"later","schema":1}\n' + b'{' * 100000 + b'\n'
open(path('junk'), 'wb').write(junk + torn[:-20])
status, out, err = report(path('junk'))
tap.check('junk, torn lines and foreign JSON are counted and passed over', status == 0 and '14 targets: 8 accepted' in out and 'lines of another program or cut off' in err and 'the last line is torn off' in err
          and '1 line of a type that this version does not know' in err, out + err)
write(path('later'), [dict(old[0], schema=2, novelty={'x': [1]}), dict(old[7], status='levitating')])
status, out, err = report(path('later'))
tap.check('a later schema: what is known of it is taken', status == 0 and '1 target: 1 refused' in out and '1 line of a later version' in err, out + err)
with gzip.open(path('long.gz'), 'wb') as f:
    for i in range(3000):
        f.write(json.dumps(result(f'd{i}.example', 'refused', text=os.urandom(200).hex())).encode() + b'\n')
open(path('cut.gz'), 'wb').write(open(path('long.gz'), 'rb').read()[:400000])
status, out, err = report(path('cut.gz'))
tap.check('a compressed file that breaks off gives what is in it', status == 0 and 'truncated' in err and 500 < int(out.split(' ')[0]) < 3000, out + err)
lines = open(path('old'), 'rb').read().splitlines(keepends=True)
packers = {'gz': gzip.compress}
if shutil.which('zstd'):
    packers['zst'] = lambda text: subprocess.run(['zstd', '-qc'], input=text, capture_output=True).stdout
for suffix, pack in packers.items():
    one, each = pack(b''.join(lines)), [pack(line) for line in lines]
    for name, octets, wanted, said in (('its last octet is missing', one[:-1], 14, 'truncated'), ('a member each, the last torn off', b''.join(each)[:-20], 14, 'truncated'),
                                       ('… and the one before it', b''.join(each[:-1])[:-20], 13, 'truncated'), ('nulls behind it', one + bytes(5000), 14, ''), ('something else behind it', one + b'x' * 99, 14, 'warning'),
                                       ('packed twice', pack(one), 14, '')):
        open(path('torn.' + suffix), 'wb').write(octets)
        status, out, err = report(path('torn.' + suffix))
        tap.check(f'.{suffix}, {name}: all that can be read', status == 0 and f'{wanted} targets: ' in out and said in err and bool(said) == bool(err), out + err)
for name, content in (('empty', b''), ('foreign', b'{"a":1}\n' * 10), ('binary', bytes(range(256)) * 50)):
    open(path(name), 'wb').write(content)
    status, out, err = report(path(name))
    tap.check(f'no record at all: {name}', status == 65 and not out and err.startswith('mxwalk: '), f'{status} {out}{err}')
tap.check('no such file', report(path('nowhere'))[0] == 65 and report(path('old'), home)[0] == 65)

# ---- formats
write(path('peers'), [RUN, *hostile(), sender(), finding('listed', 'refuses'), finding('ptr', 'good'), summary()])
status, out, err = report('--format', 'csv', path('old'), path('new'))
rows = list(csv.reader(io.StringIO(out, newline='')))
tap.check('CSV: a row each target, the last one', status == 0 and len(rows) == 16 and rows[0][0] == 'target' and {r[0]: r[2] for r in rows}['d0.example'] == 'accepted', out + err)
tap.check('… of as many columns, in CRLF', {len(r) for r in rows} == {20} and out.count('\r\n') == 16 == out.count('\n'), out)
ends = [result('dane.example', 'accepted'), result('sts.example', 'accepted', mta_sts={'state': 'held', 'mode': 'enforce'}), result('none.example', 'accepted', mta_sts={'state': 'none'}), result('seen.example', 'accepted'), result('silent.example', 'dropped')]
for i, more in enumerate([{'dane': {'state': 'usable', 'sender': 'defer'}}, {'mta_sts': {'effect': 'refuse'}, 'dane': {'state': 'none'}}, {'dane': {'state': 'none'}}, {}, {'ending': 'timeout', 'detail': 'no whole reply within 3 s'}]):
    ends[i]['attempts'][0].update(more)
write(path('ends'), [RUN, *ends, summary()])
rows = {r['target']: r for r in csv.DictReader(io.StringIO(report('--format', 'csv', path('ends'))[1], newline=''))}
tap.check('CSV: what makes TLS a must, and whether it fails', [rows[f'{name}.example']['policy'] for name in ('dane', 'sts', 'none', 'seen')] == ['DANE, and it fails', 'MTA-STS, and it fails', 'none', ''], rows)
tap.check('… how it ended without a reply', rows['silent.example']['text'] == 'no whole reply within 3 s', rows['silent.example'])
status, out, err = report('--format', 'csv', path('peers'))
rows = list(csv.reader(io.StringIO(out, newline='')))
tap.check('CSV: formulas are none, control characters are escaped', not [c for r in rows for c in r if c[:1] in tuple('=+-@\t\r＝＋－＠')] and not [c for c in out if ord(c) < 32 and c not in '\r\n'] and '‮' not in out, out)
tap.check('CSV: only what is asked for', [r[2] for r in csv.reader(io.StringIO(report('--format', 'csv', '--only', 'deferred', path('old'), path('new'))[1]))] == ['status', 'deferred'])
status, out, err = report('--format', 'domains', '--only', 'refused', path('old'), path('new'))
tap.check('domains: a plain list, by the last word on each', out.split() == ['d2.example', 'd3.example', 'd4.example', 'd5.example', 'new.example'], out + err)
write(path('rcpt'), [RUN, result('me@a.example', 'refused', rcpt='me@a.example'), result('A.example', 'refused', domain='a.example'), result('a.example', 'refused')])
tap.check('… a recipient where one was given, each once', report('--format', 'domains', path('rcpt'))[1].split() == ['me@a.example', 'a.example'])
tap.check('what is read twice is no pipe', report('--format', 'csv', '-', input=b'')[0] == 64)
status, out, err = report('--format', 'junit', path('peers'))
try:
    suite = xml.dom.minidom.parseString(out).getElementsByTagName('testsuite')[0]
    cases = suite.getElementsByTagName('testcase')
    good = int(suite.getAttribute('tests')) == len(cases) == len(hostile()) + 2 and int(suite.getAttribute('failures')) == len(suite.getElementsByTagName('failure'))
except Exception as e:
    good, err = False, str(e)
tap.check('JUnit is XML, whatever peers say, and its numbers are right', good, err + out[:3000])
status, out, err = report('--format', 'prometheus', path('old'), path('peers'))
if shutil.which('promtool'):
    p = subprocess.run(['promtool', 'check', 'metrics'], input=out.encode(), capture_output=True)
    tap.check('Prometheus takes the metrics', p.returncode == 0, p.stdout + p.stderr + out.encode())
else:
    tap.skip('Prometheus takes the metrics', 'there is no promtool')
tap.check('… what is not known is not 0', 'mxwalk_sender_list_unknown{ip="192.0.2.1",list="unknown.example",item="192.0.2.1"} 1\n' in out and 'mxwalk_sender_listed{ip="192.0.2.1",list="zen.spamhaus.org",item="192.0.2.1"} 1\n' in out
          and 'listed{ip="192.0.2.1",list="unknown' not in out, out)
tap.check('… no series stands twice, no line has a time', len({line.split(' ')[0] if '{' not in line else line[:line.rindex('}')] for line in out.splitlines() if line[0] != '#'}) == len([line for line in out.splitlines() if line[0] != '#']), out)

# ---- checks and preflight: their words are of many sets
CHECKS = [({'check': 'spf', 'domain': 'a', 'result': 'ok'}, 'good'), ({'check': 'dmarc', 'from': 'a', 'result': 'none', 'problem': 'no record'}, 'doubt'), ({'check': 'dmarc', 'from': 'b', 'result': 'published'}, 'good'),
          ({'check': 'ptr', 'ip': '192.0.2.1', 'result': 'none'}, 'bad'), ({'check': 'dnsbl', 'item': '192.0.2.1', 'list': 'a', 'kind': 'black', 'result': 'listed'}, 'bad'), ({'check': 'dnsbl', 'item': '192.0.2.1', 'list': 'w', 'kind': 'white', 'result': 'listed'}, 'good'),
          ({'check': 'dnsbl', 'item': '192.0.2.1', 'list': 'r', 'kind': 'black', 'result': 'refused'}, 'unknown'), ({'check': 'dane', 'domain': 'a', 'result': 'refuses', 'hosts': [{'mx': 'mx.a', 'findings': [{'id': 'x', 'severity': 'refuses', 'what': 'None matches.', 'advice': 'Mend it.'}]}]}, 'bad'),
          ({'check': 'mta-sts', 'domain': 'a', 'result': 'valid', 'findings': [{'id': 'x', 'subject': 'y', 'words': 'kept a day'}]}, 'doubt'), ({'check': 'tls-rpt', 'domain': 'a', 'result': 'valid', 'findings': []}, 'good'), ({'check': 'tls', 'domain': 'b', 'result': 'unknown'}, 'unknown'),
          ({'check': 'mx', 'domain': 'c', 'result': 'no-address'}, 'bad'), ({'type': 'preflight', 'file': 'm.eml', 'ip': '192.0.2.1', 'result': 'refuses', 'verdicts': [{'provider': 'g', 'name': 'Gee', 'outlook': 'refuses', 'codes': ['550 5.7.26']}],
           'checks': [{'id': 'ok', 'result': 'pass'}, {'id': 'auth.x', 'result': 'fail', 'severity': 'refuses', 'about': 'y', 'what': 'Not signed.', 'providers': [{'provider': 'g', 'severity': 'refuses', 'code': '550'}], 'advice': 'Sign it.'}]}, 'bad')]
write(path('checks'), [{'type': 'check', 'schema': 1, **record} for record, _ in CHECKS])
count = {word: sum(w == word for _, w in CHECKS) for word in ('good', 'bad', 'doubt', 'unknown')}
status, out, err = report('--format', 'nagios', path('checks'))
tap.check('checks: what each came to', status == 2 and out.startswith('MXWALK CRITICAL - %(good)d good, %(bad)d refused, %(doubt)d deferred, %(unknown)d undetermined |' % count) and not err, out + err)
status, out, err = report('--format', 'junit', path('checks'))
tap.check('… as JUnit: a doubt is no failure', out.count('<failure') == count['bad'] and out.count('<error') == count['unknown'] and f'tests="{len(CHECKS)}"' in out, out)
status, out, err = report(path('checks'))
tap.check('… in words', '  dane a: refuses: mx.a: None matches.\n' in out and '  preflight m.eml from 192.0.2.1: refuses: Not signed.\n' in out and '  mta-sts a: valid: kept a day\n' in out, out)
tap.check('… as Markdown and on the page', '| dane | a | refuses |' in report('--format', 'markdown', path('checks'))[1] and all(w in report('--format', 'html', path('checks'))[1] for w in ('Gee', '550 5.7.26', 'Sign it.', 'Mend it.', 'Not signed.')))
policies = []
for name, dane, sts, effect in (('a', {'state': 'usable', 'sender': 'deliver'}, {'state': 'none'}, None), ('b', {'state': 'usable', 'sender': 'defer'}, {'state': 'none'}, None), ('c', {'state': 'insecure-mx'}, {'state': 'valid', 'mode': 'enforce'}, 'deliver'),
                                ('d', {'state': 'none'}, {'state': 'valid', 'mode': 'enforce'}, 'refuse'), ('e', {'state': 'none'}, {'state': 'valid', 'mode': 'testing'}, 'refuse'), ('f', {'state': 'none'}, {'state': 'none'}, None), ('g', {'state': 'lookup-failed'}, {'state': 'none'}, None),
                                ('h', {'state': 'none'}, {'state': 'fetch-failed'}, None)):
    r = result(f'{name}.example', 'accepted', mta_sts=sts)
    r['attempts'][0].update(**({'mta_sts': {'effect': effect}} if effect else {}), dane=dane)
    policies += [dict(r, mta_sts={'state': 'none'}), r]
write(path('policies'), [RUN, *policies])
out = report('--format', 'prometheus', path('policies'))[1]
tap.check('policies that make TLS a must: the last word on each; what was not seen is not none', [line.rsplit(' ', 1)[1] for line in out.splitlines() if line.startswith('mxwalk_tls_policy_targets{policy=') and 'not tried' not in line] == ['1'] * 6, out)

# ---- thresholds
for args, wanted in (((), 2), (('--warn-refused', '2'), 1), (('--warn-refused', '10', '--crit-refused', '20'), 0), (('--crit-refused', '40%'), 2), (('--crit-refused', '50%'), 0), (('--warn-refused', '@6:6'), 1),
                     (('--warn-refused', '~:6'), 0), (('--crit-refused', '7:'), 2), (('--crit-refused', '9', '--warn-time', '0.1'), 1), (('--crit-refused', '9', '--crit-days', '30'), 3)):
    status, out, err = report('--format', 'nagios', *args, path('old'))
    first = out.split('\n')[0]
    word = ['OK', 'WARNING', 'CRITICAL', 'UNKNOWN'][wanted]
    tap.check(f'nagios {" ".join(args)}: {word}', status == wanted and first.startswith(f'MXWALK {word} - ') and first.count('|') == 1 and out.count('|') == 1, f'{status} {out}{err}')
for bad in ('', 'x', '5:3', '1e9', '0x10', '@', '10:%:', '-5', '1.2.3'):
    tap.check(f'no range: "{bad}"', report('--format', 'nagios', '--warn-refused', bad, path('old'))[0] == 64)

# ---- where it goes
target = path('out')
tap.check('a report is written to a file', report('-o', target, path('old'))[0] == 0 and '14 targets' in open(target).read())
tap.check('… and replaced, with its mode', os.chmod(target, 0o640) is None and report('-o', target, path('two'))[0] == 0 and '2 targets' in open(target).read() and os.stat(target).st_mode & 0o777 == 0o640)
before = open(target).read()
tap.check('… but not by one that cannot be made', report('-o', target, path('empty'))[0] == 65 and open(target).read() == before)
tap.check('records are not replaced', report('-o', path('old'), path('new'))[0] == 73 and open(path('old'), 'rb').read() == torn)
tap.check('… nor are packed ones', report('-o', path('packed.gz'), path('new'))[0] == 73)
tap.check('a link is followed', os.symlink(target, path('link')) is None and report('-o', path('link'), path('old'))[0] == 0 and os.path.islink(path('link')) and '14 targets' in open(target).read())
for ms in ('2147483648', '99999999999999', '-1'):
    write(path('times'), [RUN] + [{**result('t.example', 'accepted'), 'ms': int(ms)}])
    tap.check(f'a walk of {ms} ms is counted', all(report('--format', f, path('times'))[0] == 0 for f in ('text', 'prometheus', 'csv')))
tap.check('no such folder: 73', report('-o', path('no/such'), path('old'))[0] == 73)
if os.path.exists('/dev/full'):
    tap.check('a full disk: 74', report('-o', '/dev/full', path('old'))[0] == 74)
small = subprocess.run(['sh', '-c', f'ulimit -f 1; exec "$MXWALK" report --format csv -o {target} {path("big")}'], capture_output=True) if write(path('big'), [RUN] + [result(f'd{i}.example', 'refused') for i in range(200)]) is None else None
tap.check('a file that may not grow: 74, and the old one is as it was', small.returncode == 74 and '14 targets' in open(target).read(), small.stderr)
if os.getuid() == 0 and not subprocess.call(['unshare', '--mount', 'true'], stderr=subprocess.DEVNULL):
    # a disk that is full while the report is written: the old one stands, and nothing else is left
    full = 'mount -t tmpfs -o size=32k none "$0" && printf "the old one\\n" >"$0/out" && "$MXWALK" report --format csv -o "$0/out" "$1"; echo $?; cat "$0/out"; ls -A "$0"'
    os.mkdir(path('disk'))
    p = subprocess.run(['unshare', '--mount', 'sh', '-c', full, path('disk'), path('big')], capture_output=True, text=True)
    tap.check('a disk that is full: 74, the old file as it was, nothing beside it', p.stdout == '74\nthe old one\nout\n' and 'No space left' in p.stderr, p.stdout + p.stderr)
else:
    tap.skip('a disk that is full', "mounting is root's")
line = (json.dumps(result('a.example', 'refused', text='x' * 3000)) + '\n').encode()
pipe = subprocess.Popen([MXWALK, 'report', '-'], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
for i in range(200):
    pipe.stdin.write(line.replace(b'a.example', b'd%d.example' % i) * 100)
pipe.stdin.close()
said = pipe.stdout.read().decode()
_, status, used = os.wait4(pipe.pid, 0)
tap.check('100 MB through a pipe take no more memory than a few', status == 0 and '200 targets: 200 refused' in said and '19800 results replaced' in said and (tap.SANITIZED or used.ru_maxrss < 48000), f'{used.ru_maxrss} kB\n{said}')
tap.check('nothing is left lying about', not [f for f in os.listdir(home) if f.startswith('out.')], os.listdir(home))
tap.done()
