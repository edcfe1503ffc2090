"""A reply ten times as long takes some ten times the work, whatever its shape: counted in instructions (callgrind), not in time."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap

if not shutil.which('valgrind'):
    tap.skip_all('no valgrind here')
if tap.SANITIZED:
    tap.skip_all('valgrind and sanitizers do not go together')
MXWALK = os.environ['MXWALK']
SHORT = 1_500  # octets; ten times as many are still read (UNWRAP_MAX)
SHAPES = {
    'colons': ':', 'hexadecimal digits': 'a1', 'colons and blanks': ':: ', 'addresses': '192.0.2.1 ', 'brackets': '[(<', 'at signs': 'a@', 'mailboxes': 'a@b.example ',
    'signs of tickets': 'id.', 'codes': '550 5.1.1 ', 'codes with hyphens': '550-a ', 'quoted codes': 'said: 550 ', 'marks before a code': '(550 ', 'underscores': '550_a_', 'short sentences': 'Please see. ',
    'commas': 'to protect,', 'one word': 'mailbox ', 'words of refusal': 'user unknown ', 'host names': 'a.b.example ', 'links': 'http://a/ ', 'lines': '550-a\n', 'carriers': 'recipient address rejected: ',
    'lists': 'blocked using ', 'dashes': ' - ', 'words in other languages': 'abgelehnt ',
}


def instructions(text):
    run = subprocess.run(['valgrind', '--tool=callgrind', '--callgrind-out-file=/dev/null', '--toggle-collect=rules_read', MXWALK, 'explain', '--json', '550 ' + text], capture_output=True, text=True)
    found = re.search(r'Collected : (\d+)', run.stderr)
    return int(found.group(1)) if found else None


for name, piece in SHAPES.items():
    short, long = (instructions((piece * (size // len(piece) + 1))[:size]) for size in (SHORT, 10 * SHORT))
    if not short or not long:
        tap.skip(name, 'not counted here')
        continue
    tap.check(f'{name}: {short / 1e6:.1f} and {long / 1e6:.1f} million instructions', long <= 15 * short, f'{long / short:.1f} times')
tap.done()
