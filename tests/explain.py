"""mxwalk explain, whole: texts, logs and bounces in; words and valid records out; no network unless it is asked for; what it refuses."""
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run

os.environ.pop('MXWALK_CONFIG', None)
home = tap.folder('explain')
LISTED = '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10'
POSTFIX = 'Nov 24 10:00:00 mail postfix/smtp[1]: 4A: to=<joe@%s>, relay=mx.%s[198.51.100.7]:25, delay=1, dsn=5.7.1, status=bounced (host mx.%s[198.51.100.7] said: %s (in reply to RCPT TO command))\n'


def file(name, text):
    path = os.path.join(home, name)
    with open(path, 'wb') as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def explain(*args, **kw):
    return Run('explain', *args, **kw)


def line(domain, text):
    return POSTFIX % (domain, domain, domain, text)


def same(name, got, wanted):
    tap.check(name, got == wanted, f'got {got!r}\nwanted {wanted!r}')


def refused(name, run, status, words):
    tap.check(name, run.status == status and words in run.err and run.err.count('\n') == 1, f'{run.status}\n{run.err}')


# ---- arguments
run = explain('--json', LISTED, '554-a\\n554 Bad DNS PTR', '554-a\n554 Bad DNS PTR', line('example.com', LISTED)).ndjson()
same('each argument is a reply', [r['cause'] for r in run.records], ['ip-blocklist', 'reverse-dns', 'reverse-dns', 'ip-blocklist'])
same('records are valid by the schema', run.problems, [])
same('\\n in an argument is a line end', run.records[1]['text'], '554-a\n554 Bad DNS PTR')
same('a log line in an argument is read as one', [run.records[3].get(k) for k in ('recipient_domain', 'relay', 'stage', 'text')], ['example.com', 'mx.example.com', 'rcpt', LISTED])
run = explain(LISTED)
for words in ('554 5.7.1: ', 'zen.spamhaus.org', 'cause ', 'rule ', 'who acts', 'remedy', 'see ', 'https://www.spamhaus.org/'):
    tap.check(f'the text form has "{words}"', run.status == 0 and words in run.out, run.out)
tap.check('no control byte goes to the terminal', '\x1b' not in explain('554 \x1b[31mred').out)
same('--stage and --mx', [explain('--json', '--stage', 'mail', '--mx', 'mx.x.example', '554 no').ndjson().records[0][k] for k in ('stage', 'relay')], ['mail', 'mx.x.example'])

# ---- standard input, all forms mixed
bounce = 'From: MAILER-DAEMON\nContent-Type: multipart/report; boundary=b\n\n--b\n\nFinal-Recipient: rfc822; joe@example.org\nDiagnostic-Code: smtp; 550 5.1.1 no such\n user here\n\n--b--\n'
mixed = line('example.com', LISTED) + '{"id":7,"text":"550 5.1.1 User unknown"}\n554-a\n554 Bad DNS PTR\nnoise\n' + bounce + 'x' * 70000 + '\n552 5.2.2 mailbox full\n'
run = explain('--json', input=mixed.encode()).ndjson()
same('mixed input', [(r['cause'], r.get('id'), r.get('recipient_domain')) for r in run.records],
     [('ip-blocklist', None, 'example.com'), ('recipient-unknown', '7', None), ('reverse-dns', None, None), ('recipient-unknown', None, 'example.org'), ('mailbox-full', None, None)])
same('valid', run.problems, [])
tap.check('lines passed over are counted', 'passed over: 1 line of no known form, 1 line that is too long' in run.err, run.err)
same('--quiet says nothing of them', explain('--json', '-q', input=mixed.encode()).err, '')
named = explain('--json', '--input', file('mixed', mixed)).ndjson().records
same('--input FILE: the same, and its name', named, [dict(r, file=home + '/mixed') for r in run.records])
again = explain('--json', input=run.out.encode()).ndjson()
same('its own records explain to the same', [r['cause'] for r in again.records], [r['cause'] for r in run.records])
refused('nothing to explain: 65', explain('-q', input=b'hello\n'), 65, 'standard input: nothing to explain: no reply of a mail server in it')
refused('empty input: 65', explain(input=b''), 65, 'standard input: nothing to explain: it is empty')
refused('a file that is not there: 65', explain('--input', home + '/none'), 65, home + '/none: No such file')
os.mkdir(home + '/empty')
refused('a folder without files: 65', explain('--input', home + '/empty', '-q'), 65, home + '/empty: nothing to explain: no file in it')

# ---- summary
log = ''.join(line(f'd{i % 7}.example', LISTED) for i in range(62)) + ''.join(line('other.example', '450 4.2.0 greylisted, try again later') for i in range(38))
run = explain('--summary', '--input', file('log', log))
same('the summary opens with one sentence', run.out.splitlines()[0], '62 % of your refusals are one Spamhaus listing of 192.0.2.10.')
tap.check('counts by cause, list, domain', all(w in run.out for w in ('62  62.0 %  ip-blocklist', '62  62.0 %  zen.spamhaus.org', '38  38.0 %  other.example')), run.out)
run = explain('--summary', '--json', '--input', home + '/log').ndjson()
same('the summary is one valid record', (len(run.records), run.problems), (1, []))
same('its counts', [run.records[0][k] for k in ('explained', 'deferred', 'cause', 'list')], [100, 38, {'ip-blocklist': 62, 'greylist': 38}, {'zen.spamhaus.org': 62}])

# ---- the rules
run = explain('--list-rules', '--json').ndjson()
tap.check('--list-rules: all, valid', run.status == 0 and len(run.records) > 300 and not run.problems, run.problems)
same('a bare --rules is the same', explain('--rules').out, explain('--list-rules').out)
rules = file('rules', '[ours]\nclass = specific\ncause = policy\npattern = the cat said no\nexample = 554 the cat said no\n')
run = explain('--json', '--rules', rules, '554 The cat said no').ndjson()
same('--rules FILE adds', [run.records[0][k] for k in ('rule', 'cause')], ['ours', 'policy'])
for name, text, words in (('no cause', '[ours]\npattern = the cat said\nexample = 554 the cat said\n', ':1: '), ('cause', '[ours]\ncause = cat\n', ':2: '), ('nested quantifiers', '[ours]\ncause = policy\npattern = (cat+)+x\n', ':3: '),
                          ('example', '[ours]\ncause = policy\npattern = the cat said\nexample = 554 dog\n', ':1: ')):
    path = file('broken', text)
    refused(f'a broken rule ({name}): 65 with its line', explain('--rules', path, '554 no'), 65, path + words)

# ---- the DNS, only when it is asked for
replay = file('book', ''.join(json.dumps({'name': n, 'type': 'A', 'data': d}) + '\n' for n, d in (('2.0.0.127.zen.spamhaus.org', ['127.0.0.2', '127.0.0.4', '127.0.0.10']), ('10.2.0.192.zen.spamhaus.org', ['127.0.0.2']))))
run = explain('--json', '--source', '192.0.2.10', '--dns-replay', replay, LISTED, '550 5.1.1 User unknown').ndjson()
same('--source: what the list says confirms it', [(r['cause'], r['basis']) for r in run.records], [('ip-blocklist', 'confirmed'), ('recipient-unknown', 'stated')])
tap.check('with its evidence, valid', any('zen.spamhaus.org lists' in e for e in run.records[0]['evidence']) and not run.problems, f"{run.problems} {run.records[0]['evidence']}")
run = explain('--json', '--source', '192.0.2.11', '--dns-replay', replay, LISTED.replace('192.0.2.10', '192.0.2.11')).ndjson()
same('... or contradicts it', run.records[0]['basis'], 'contradicted')
NO_NAME = '450 4.7.1 Client host rejected: cannot find your reverse hostname, [%s]'
names = file('names', ''.join(json.dumps(o) + '\n' for o in (
    {'name': '12.2.0.192.in-addr.arpa', 'type': 'PTR', 'data': ['mail.example.net']}, {'name': 'mail.example.net', 'type': 'A', 'data': ['192.0.2.12']}, {'name': '13.2.0.192.in-addr.arpa', 'type': 'PTR', 'rcode': 'SERVFAIL', 'data': []})))
for address, basis in (('192.0.2.11', 'confirmed'), ('192.0.2.12', 'contradicted'), ('192.0.2.13', 'stated')):
    run = explain('--json', '--source', address, '--dns-replay', names, NO_NAME % address).ndjson()
    same(f'--source: a reverse name that is missed, {basis}', [(r['cause'], r['basis']) for r in run.records], [('reverse-dns', basis)])
record = os.path.join(home, 'record')
explain('--summary', '--source', '192.0.2.10', '--dns-replay', replay, '--dns-record', record, '--input', home + '/log')
asked = [json.loads(text)['name'] for text in open(record)]
tap.check('each thing is asked once a run', asked.count('10.2.0.192.zen.spamhaus.org') in (1, 2), asked)  # A, and TXT on a hit
run = explain('--json', '--source', '192.0.2.10', '--nameserver', '127.0.0.1:9', '--timeout-dns', '500ms', LISTED).ndjson()
same('a list that does not answer confirms nothing', [r['basis'] for r in run.records], ['stated'])
if shutil.which('strace') and subprocess.run(['strace', '-f', '-o', '/dev/null', 'true'], stderr=subprocess.DEVNULL).returncode == 0:
    trace = os.path.join(home, 'trace')
    subprocess.run(['strace', '-f', '-e', 'trace=network', '-o', trace, MXWALK, 'explain', '--summary', '--input', home + '/log'], stdout=subprocess.DEVNULL, check=True,
                   env={**os.environ, 'ASAN_OPTIONS': 'detect_leaks=0'})  # that one cannot work beside strace
    tap.check('without --source: no call to the network', 'socket(' not in open(trace).read(), open(trace).read())
else:
    tap.skip('without --source: no call to the network', 'strace cannot be used here')
same('without --source: a nameserver that does not exist is not missed', explain('--json', '--nameserver', '127.0.0.1:9', LISTED).status, 0)

# ---- what is no refusal
refused('an empty text: 65', explain(''), 65, 'text 1: it is empty')
refused('a reply that agrees: 65', explain('250 OK'), 65, 'text 1: 250 is no refusal')

# ---- blanks and quotes of word processors hide no reply
for pasted in ('554\u00a05.7.1\u00a0Relay access denied', '554\u202f5.7.1 Relay access denied', 'host said: 554\u00a05.7.1 Relay access denied', '\u201c554 5.7.1 Relay access denied\u201d',
               'said: \u201e554 5.7.1 Relay access denied\u201c', '\u00ab554 5.7.1 Relay access denied\u00bb', '\u00bb554 5.7.1 Relay access denied\u00ab.', "'554 5.7.1 Relay access denied'",
               '"554 5.7.1 Relay access denied"', 'It said: "554 5.7.1 Relay access denied".'):
    for run in (Run('explain', '--json', input=(pasted + '\n').encode()).ndjson(), Run('explain', '--json', pasted).ndjson()):
        tap.check(f'{pasted.encode("unicode_escape").decode()}: read', [(r['code'], r['enhanced'], r['cause'], r.get('relay'), r['text']) for r in run.records] ==
                  [(554, '5.7.1', 'relay-denied', None, '554 5.7.1 Relay access denied')], run.out + run.err)

# ---- what is passed over is counted by its kind
STAMPED = ('Dec  1 10:00:02 mx postfix/qmgr[1]: 4ABC: removed', 'Dec  1 10:00:00 mx postfix/qmgr[1]: 4ABC: from=<a@b.example>, size=1000, nrcpt=1 (queue active)',
           'Dec  1 10:00:00 mx postfix/smtpd[1]: connect from a.example[192.0.2.9]', 'Dec  1 10:00:02 mx systemd[1]: Started x.', '2026-12-01T10:00:02+00:00 mx postfix/anvil[1]: statistics: max cache size 1',
           '2026-12-01 10:00:02 1wQabc-0001-AB Completed', '@400000006565c5f01234abcd end msg 123', '2026-12-01 10:00:02 [1] INFO something')
for line_ in STAMPED:
    run = explain('--json', input=(line_ + '\n' + LISTED + '\n').encode())
    tap.check(f'{line_[:60]}: a line of a log', 'passed over: 1 line of a log that tells of no refusal' in run.err and 'no known form' not in run.err, run.err)
run = explain('--summary', input=('\n'.join(STAMPED) + '\nnoise\n' + LISTED + '\n').encode())
tap.check('… and the summary tells both kinds', '8 lines of a log that tell of no refusal' in run.out and '1 line of no known form' in run.out, run.out)

# ---- greylisting is stated where the words say it, and nowhere else
for text, cause in (('451 4.3.0 Try again later', 'system-error'), ('451 4.3.0 Temporary lookup failure', 'system-error'), ('450 4.1.8 <a@b.example>: Temporary lookup failure', 'system-error'),
                    ('450 4.3.0 please try again in 300 seconds', 'system-error'), ('451 4.3.2 Please try again later', 'system-error'), ('450 4.4.3 please retry later', 'system-error'),
                    ('451 try again later', 'unknown'), ('450 4.7.1 Try again later', 'unknown'), ('421 Try again later', 'unknown'), ('450 4.2.0 <u@x.example>: Recipient address rejected: Try again later', 'unknown'),
                    ('450 please come back later', 'unknown'), ('451 4.7.1 Please try again in 300 seconds', 'greylist'), ('451 4.3.0 Greylisted, try again later', 'greylist'),
                    ('450 4.2.0 <u@x.example>: Recipient address rejected: Greylisted', 'greylist'), ('451 4.7.1 First time we see you, please try again later', 'greylist')):
    same(text, explain('--json', text).ndjson().records[0]['cause'], cause)

# ---- a name is no reply
for name in ('bounce.eml', './bounce', '/no/such/mail.log', 'mail.log.1', 'C:\\mail\\x.msg', 'logs/2026-12-01', 'user@example.com'):
    refused(f'{name}, which is not there: 64', explain(name), 64, f'{name}: no such file, and no reply: a file is read with --input FILE')
refused('two of them', explain('a.eml', 'b.eml'), 64, 'a.eml: no such file')
for word in ('550', '5.7.1', 'rejected.', 'blocked', '550-5.7.1', '550.x', 'over.quota: 552', 'https://x.example/y'):
    same(f'{word} is no name', explain(word).status, 0)

# ---- output
run = explain('--output', '/dev/full', LISTED)
refused('a full disk: 74', run, 74, '/dev/full: No space left on device')
refused('a place that is not there: 73', explain('--output', home + '/no/such', LISTED), 73, 'No such file')

# ---- memory does not grow with the input
sizes = []
for n in (2000, 40000):
    path = file('many', ''.join(line('d%d.example' % (i % 500), LISTED) for i in range(n)))
    script = 'import resource,subprocess,sys; subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL); print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)'
    sizes.append(int(subprocess.run([sys.executable, '-c', script, MXWALK, 'explain', '--json', '--input', path], capture_output=True, text=True,
                                    env={**os.environ, 'ASAN_OPTIONS': 'quarantine_size_mb=1'}).stdout))  # what a sanitizer keeps of freed memory is not ours
tap.check('twenty times the input, the same memory', sizes[1] < sizes[0] * 1.15 + 1024, sizes)
tap.done()
