"""--redact: nobody's local part and none of our own addresses in anything that is written, in any format of any command; what is left is as it was."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import MXWALK, Run

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))
home = tap.folder('redact')
OURS = re.compile(r'127\.0\.1\.2(?!\d)|(?<![\d.])2\.1\.0\.127|192\.0\.2\.55|someone@|probe@', re.I)


def hidden(name, *args):
    run = Run(*args)
    found = OURS.search(run.out)
    return tap.check(f'hidden: {name}', run.status < 64 and run.out and not found and ('own-address' in run.out or 'redacted@' in run.out), f'{found} {run.status} {run.err}\n{run.out[:2000]}') and run


TARGET = 'someone@rcpt-554-dnsbl.lab.example'
records, plain = os.path.join(home, 'records'), os.path.join(home, 'plain')
for args in ((), ('-v',), ('--json',), ('--format', 'nagios')):
    hidden(f'probe {" ".join(args)}', 'probe', '--redact', '--quit-after', 'rcpt', *args, TARGET)
for args in ((), ('-v',), ('--json',), ('--format', 'nagios')):
    hidden(f'self {" ".join(args)}', 'self', '--redact', '--source', '127.0.1.2', *args)
for args in ((), ('--json',)):
    hidden(f'explain {" ".join(args)}', 'explain', '--redact', *args, '554 5.7.1 Client host [192.0.2.55] blocked using zen.spamhaus.org; <someone@example.net>')
message = os.path.join(home, 'message.eml')
open(message, 'w').write('From: someone@clean.sender.example\nTo: someone@accept.lab.example\nSubject: x\nReceived: from x (x [127.0.1.2]) by y; Mon, 30 Nov 2026 10:00:00 +0000\n\nbuy cheap pills.\n')
FROM = '--from', 'someone@clean.sender.example'
for args in (('check', 'spf', '--ip', '127.0.1.2', *FROM, '--helo', 'clean.sender.example'), ('check', 'ptr', '127.0.1.2'), ('check', 'dnsbl', '127.0.1.2'), ('preflight', message, *FROM), ('preflight', message, *FROM, '--source', '127.0.1.2'),
             ('isolate', '--data', '@' + message, *FROM, '--own-mailbox', '--isolate-interval', '10ms', '--to', 'someone@content-word.lab.example'), ('isolate', '--isolate', 'envelope', '--own-mailbox', '--isolate-interval', '10ms', *FROM, '--source', '127.0.1.2', '--to', 'someone@rcpt-554-dnsbl.lab.example')):
    for form in ((), ('--json',)):
        run = Run(*args, '--redact', *form)
        found = OURS.search(run.out)
        tap.check(f'hidden: {" ".join(args[:2]).replace(home, "")} {" ".join(form)}', run.status < 64 and run.out and not found, f'{found} {run.status} {run.err}\n{run.out[:1500]}')
for args in (('check', 'dkim', message), ('check', 'tls', *FROM, 'accept.lab.example')):
    tap.check(f'hidden: {args[1]}', not OURS.search(Run(*args, '--redact', '--json').out))
open(plain, 'w').write(Run('probe', '--json', '--quit-after', 'rcpt', TARGET).out + Run('self', '--json', '--source', '127.0.1.2').out)
for form in ('html', 'csv', 'markdown', 'prometheus', 'junit'):
    hidden(f'report {form}', 'report', '--redact', '--format', form, plain)
open(records, 'w').write(Run('probe', '--json', '--quit-after', 'rcpt', 'someone@accept.lab.example').out)
for form in ((), ('--json',)):
    run = Run('diff', '--redact', *form, plain, records)
    tap.check(f'hidden: diff {" ".join(form)}', run.status < 2 and run.out and not OURS.search(run.out), run.out + run.err)
tap.check('hidden: report text', not OURS.search(Run('report', '--redact', plain).out))
six = json.loads(next(line for line in open(records) if '"type":"result"' in line))
six.update(source='2001:db8::5', status='refused', stage='rcpt', reply={'code': 550, 'enhanced': '', 'lines': [], 'text': f'listed: {".".join("2001:0db8:0000:0000:0000:0000:0000:0005".replace(":", "")[::-1])}.zen.example, 2001:DB8:0::5'})
open(records, 'w').write(json.dumps(six) + '\n')
out = Run('report', '--redact', '--format', 'csv', records).out
tap.check('hidden: IPv6, in any spelling and back to front', 'listed: own-address.zen.example, own-address' in out, out)
redacted = Run('probe', '--redact', '--json', '--quit-after', 'rcpt', TARGET).ndjson()
result = redacted.results()[0]
tap.check('records are records still', not redacted.problems and result['target'] == 'redacted@rcpt-554-dnsbl.lab.example' and result['source'] == 'own-address' and result['attempts'][0]['ip'].startswith('127.10.'), f'{redacted.problems} {json.dumps(result)[:500]}')
tap.check('what is not ours stays', '198.51.100.7' in Run('explain', '--redact', '554 5.7.1 Client host [192.0.2.55] blocked using zen.spamhaus.org; see http://198.51.100.7/').out)
tap.done()
