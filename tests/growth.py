"""No input that may hold refusals costs more to take apart than its length: each hostile shape, ten
times as long, takes about ten times the instructions (counted by valgrind, so that a busy machine
changes nothing). The program is the fuzz target fuzz/logline, which replays a file."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap

TARGET = os.path.join(os.path.dirname(os.path.abspath(os.environ['MXWALK'])), 'fuzz/logline')
if not shutil.which('valgrind'):
    tap.skip_all('no valgrind here')
if tap.SANITIZED:
    tap.skip_all('valgrind and sanitizers do not go together')
home = tap.folder('growth')
folder = os.path.join(home, 'fuzz/corpus/logline')
os.makedirs(folder)
SMALL, TIMES, MOST = 6000, 10, 14  # the long ones stay below the longest line that is read
HEAD = 'From: MAILER-DAEMON@example.org\nSubject: Undelivered Mail\n'
SHAPES = {
    'comments of HTML that do not end': (HEAD + 'Content-Type: text/html\n\n', '<!-- '),
    'tags that do not end': (HEAD + 'Content-Type: text/html\n\n', '<a '),
    'entities within entities': ('', '&amp;lt;b&gt; '),
    'delimiters': (HEAD + 'Content-Type: multipart/mixed; boundary=b\n\n', '--b\n\nx\n'),
    'delimiters that are none': (HEAD + 'Content-Type: multipart/mixed; boundary=b\n\n', '--c\nContent-\n'),
    'parts within parts': (HEAD, 'Content-Type: multipart/mixed; boundary=b\n\n--b\n'),
    'addresses': (HEAD + '\n', 'a@b.example '),
    'signs of addresses': (HEAD + '\n', '@'),
    'recipients': (HEAD + '\n', '<a@b.example>: no\n'),
    'codes': (HEAD + '\n', ': 550 5.1.1 '),
    'lines with codes': ('', '550-5.1.1 a\n'),
    'said': (HEAD + '\n', 'host mx.example[192.0.2.1] said: '),
    'in reply to': (HEAD + '\n', ' (in reply to '),
    'hosts': (HEAD + '\n<a@b.example>: 550 x\n', ' by mx. (x) host '),
    'a dialogue': (HEAD + '\n', '>>> RCPT To:<a@b.example>\n<<< 550 no\n'),
    'encoded words': ('From: x\nSubject: ', '=?utf-8?q?=41?= '),
    'encoded words that do not end': ('From: x\nSubject: ', '=?utf-8?q?'),
    'fields': ('From: x\n', 'X: y\n'),
    'folds': ('From: x\nSubject: y', '\n z'),
    'groups of a status': (HEAD + 'Content-Type: message/delivery-status\n\n', 'Final-Recipient: rfc822; a@b.example\nStatus: 5.1.1\n\n'),
    'quoted-printable': (HEAD + 'Content-Transfer-Encoding: quoted-printable\n\n', '= \t'),
    'base64': (HEAD + 'Content-Transfer-Encoding: base64\n\n', '= A'),
    'quoting marks': ('', '> > > x\n'),
    'brackets': ('', '[{'),
    'broken JSON': ('', '{"a":\n'),
    'brackets with codes': ('', '(554, '),
    'a reply on one line': ('550-5.7.1 a', ' 550-5.7.1 b'),
    'wrapped replies': ('', "550-'<421 "),
    'a log line': ('Nov 30 10:00:00 m postfix/smtp[1]: 4A: to=<a@b>, status=bounced (', 'host x said: (in reply to '),
}


def cost(text):
    with open(os.path.join(folder, 'input'), 'w') as f:
        f.write(text)
    p = subprocess.run(['valgrind', '--tool=callgrind', f'--callgrind-out-file={home}/out', TARGET], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       text=True, timeout=300, env={**os.environ, 'TOP': home})
    if p.returncode != 0 or 'ok' not in p.stdout:
        tap.skip_all('fuzz/logline does not replay here')
    return int(re.search(r'refs: *([0-9,]+)', p.stderr).group(1).replace(',', ''))


for name, (head, piece) in SHAPES.items():
    costs = [cost(head + piece * (n // len(piece)) + '\n') for n in (SMALL, 2 * SMALL, TIMES * SMALL)]
    more = (costs[2] - costs[0]) / max(costs[1] - costs[0], 200000)  # what is the same for all inputs is left out
    tap.check(f'{name}: nine times as much more costs {more:.1f} times as much', more < MOST, costs)
tap.done()
