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
open(plain, 'w').write(Run('probe', '--json', '--quit-after', 'rcpt', TARGET).out + Run('self', '--json', '--source', '127.0.1.2').out)
for form in ('html', 'csv', 'markdown', 'prometheus', 'junit'):
    hidden(f'report {form}', 'report', '--redact', '--format', form, plain)
tap.check('hidden: report text', not OURS.search(Run('report', '--redact', plain).out))
redacted = Run('probe', '--redact', '--json', '--quit-after', 'rcpt', TARGET).ndjson()
result = redacted.results()[0]
tap.check('records are records still', not redacted.problems and result['target'] == 'redacted@rcpt-554-dnsbl.lab.example' and result['source'] == 'own-address' and result['attempts'][0]['ip'].startswith('127.10.'), f'{redacted.problems} {json.dumps(result)[:500]}')
tap.check('what is not ours stays', '198.51.100.7' in Run('explain', '--redact', '554 5.7.1 Client host [192.0.2.55] blocked using zen.spamhaus.org; see http://198.51.100.7/').out)
tap.done()
