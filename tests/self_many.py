"""`mxwalk self` with many addresses: ranges and files, each once, a table of them, records of each; how many neighbours are on the same list."""
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import MXWALK, Run

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))
home = tap.folder('many')
FROM = ('--from', 'me@clean.sender.example')
run = Run('self', '--source', '127.0.1.0/28', *FROM)
lines = run.out.splitlines()
tap.check('a network: a table with a row each', run.status == 1 and lines[0] == '16 addresses: 4 with nothing against them' and len([line for line in lines if line.startswith('  127.0.1.')]) == 16, run.out + run.err)
tap.check('… which list has which', 'zen.spamhaus.org has 2 of 16, 12 % (2-38 %)' in run.out and 'list.dnswl.org has 1 of 16, 6 % (0-30 %) (a list of good senders)' in run.out, run.out)
tap.check('… and what is another', '127.0.1.4: the confirmation of its PTR is fail, with most it is pass' in run.out, run.out)
tap.check('… a finding of several once, in the words of the first, with what to do', run.out.count(' has no PTR record, so no name.') == 1 and '  REFUSES    127.0.1.0 has no PTR record' in run.out and '  also       127.0.1.3, 127.0.1.14, 127.0.1.15\n' in run.out and 'remedy     Have the owner of the network' in run.out, run.out)
tap.check('… but not where the list says another thing of each', run.out.count('is on the blocklist Spamhaus ZEN') == 2 and '127.0.0.4, XBL' in run.out and '127.0.0.11, PBL' in run.out, run.out)
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
    silent.bind(('127.0.0.1', 0))
    where = '127.0.0.1:%d' % silent.getsockname()[1]
    nobody = Run('self', '--source', '127.0.1.1-127.0.1.3', '--nameserver', where, '--timeout', '1s', *FROM)
tap.check('a resolver that is silent: said once', nobody.status == 3 and nobody.out.count(f'No name server has answered anything: {where} (--nameserver)') == 1 and '  also       127.0.1.2, 127.0.1.3\n' in nobody.out, nobody.out + nobody.err)
one = {ip: Run('self', '--json', '--source', ip, *FROM).ndjson() for ip in ('127.0.1.1', '127.0.1.2', '127.0.1.4')}
all_of = Run('self', '--json', '--source', '127.0.1.1-127.0.1.4', *FROM).ndjson()
tap.check('records: those of each alone', all_of.status == 1 and not all_of.problems and [r['ip'] for r in all_of.records if r['type'] == 'sender'] == [f'127.0.1.{i}' for i in (1, 2, 3, 4)], all_of.out[:500] + all_of.err)
for ip, alone in one.items():
    def findings(run):
        return [(r['id'], r['severity'], r['what']) for r in run.records if r['type'] == 'finding' and r['sender']['ip'] == ip]
    tap.check(f'… {ip}', findings(alone) == findings(all_of) and len(findings(alone)) > 3, f'{findings(alone)}\n{findings(all_of)}')
with open(os.path.join(home, 'addresses'), 'w') as f:
    f.write('# ours\r\n127.0.1.1\n\n 127.0.1.2 # the old one\n127.0.1.4-127.0.1.5\n')
run = Run('self', '--input', os.path.join(home, 'addresses'), *FROM)
tap.check('a file of addresses and ranges', run.out.startswith('4 addresses: 1 with nothing against them\n'), run.out + run.err)
with open(os.path.join(home, 'bad'), 'w') as f:
    f.write('127.0.1.1\nmail.example\n')
run = Run('self', '--input', os.path.join(home, 'bad'))
tap.check('… a bad line is named', run.status == 65 and f'{home}/bad:2: not an IP address' in run.err, run.err)
for bad in ('127.0.1.0/23', '127.0.1.1/24', '127.0.1.9-127.0.1.1', '127.0.1.1-::1', '192.0.2.0/33', '10.0.0.0-10.0.1.0', '1.2.3.4/', '1.2.3.4-', '-1.2.3.4'):
    tap.check(f'no range: {bad}', Run('self', f'--source={bad}').status == 64)
tap.check('a range by its last number alone', Run('self', '--source', '127.0.1.1-4', '--json', *FROM).ndjson().out.count('"type":"sender"') == 4)
for bad in ('127.0.1.4-1', '127.0.1.1-256', '::1-4'):
    tap.check(f'no range: {bad}', Run('self', f'--source={bad}').status == 64)
run = Run('self', '--source', '127.0.1.1-3', '--format', 'nagios', *FROM)
tap.check('nagios: how many of them, and the gravest', run.status == 2 and run.out.startswith('MXWALK CRITICAL - 2 of 3 addresses get mail refused; 127.0.1.2: 1 finding gets mail refused, 10 good | '), run.out)
run = Run('self', '--source', '127.0.1.16-40', *FROM)
tap.check('many that say the same are one row', run.out.startswith('25 addresses: ') and run.out.count('127.0.1.16  ') == 1 and '  … and 24 more, up to 127.0.1.40, the same\n' in run.out, run.out)
run = Run('self', '--source', '127.0.1.1', '--source', '127.0.1.10', '--timeout-dns', '1500ms', '--json', *FROM).ndjson()
tap.check('one whose look-ups ran out of time is told so, and no other', [r['sender']['ip'] for r in run.records if r.get('id') == 'time-out'] == ['127.0.1.10'] and [(r['ip'], r['complete']) for r in run.records if r['type'] == 'sender'] == [('127.0.1.1', True), ('127.0.1.10', False)], run.out)
run = Run('self', '--neighbours', '--source', '127.0.1.2', *FROM, '--json').ndjson()
found = [r for r in run.records if r.get('id', '').startswith('neighbours')]
tap.check('neighbours of a listed address', [r['id'] for r in found] == ['neighbours-clean'] and found[0]['what'] == 'Of 32 other addresses of 127.0.1.0/24, a sample, 0 are on zen.spamhaus.org, too.' and not run.problems, f'{found} {run.problems}')
tap.check('… of one that is not listed none are asked', 'neighbours' not in Run('self', '--neighbours', '--source', '127.0.1.1', *FROM, '--json').out)
tap.done()
