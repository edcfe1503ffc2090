"""Every record that the lab's domains give rise to, read into values and written again (report/read.c): the same line."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK

AGAIN = os.path.join(os.path.dirname(os.path.abspath(MXWALK)), 'tests', 'read_again')


def again(records):
    p = subprocess.run([AGAIN], input=records, capture_output=True, timeout=120)
    return p.stdout, p.stderr.decode()


def written(*args, input=None):
    p = subprocess.run([MXWALK, *args], input=input, capture_output=True, timeout=300)
    return p.stdout


def names():
    p = subprocess.run([MXWALK, 'lab', '--list'], capture_output=True, timeout=30, check=True)
    return [line.split()[0] for line in p.stdout.decode().splitlines() if line.strip()]


def compare(what, records):
    out, words = again(records)
    before, after = records.splitlines(), out.splitlines()
    tap.check(f'{what}: {len(before)} records, each is read', len(before) == len(after) and before and words == '\n',
              f'{len(before)} {len(after)} {words}')
    for line, line_again in zip(before, after):
        # An octet that is no UTF-8 was written as the character of its value, and stays that.
        if line != line_again and json.loads(line) != json.loads(line_again):
            kind = json.loads(line)
            tap.check(f'{what}: {kind["type"]} {kind.get("target", "")} is the same line', False,
                      f'{line}\n{line_again}')
            return
    tap.check(f'{what}: written again, each is the same line', True)


ALL = names()
compare('every domain of the lab', written('lab', '--', MXWALK, 'probe', '--json', '--timeout', '3s', '--timeout-sts', '3s', *ALL))
compare('with recipients', written('lab', '--', MXWALK, 'probe', '--json', '--timeout', '3s', '--timeout-sts', '3s', '--quit-after', 'rcpt', *ALL[:40]))
compare('every address', written('lab', '--', MXWALK, 'probe', '--json', '--timeout', '3s', '--timeout-sts', '3s', '--all', *ALL[:40]))
compare('lines that the walk of another answers', written('lab', '--', MXWALK, 'probe', '--json', '--timeout', '3s', '--timeout-sts', '3s', *ALL, *[n.upper() for n in ALL]))
compare('self', written('lab', '--', MXWALK, 'self', '--json'))
compare('explain', written('explain', '--json', input=b'554 5.7.1 blocked using zen.spamhaus.org\n550 no such user \xe9\n'))
compare('check spf', written('lab', '--', MXWALK, 'check', 'spf', '--json', '--ip', '192.0.2.1', '--from', 'probe@clean.sender.example'))
compare('check mx', written('lab', '--', MXWALK, 'check', 'mx', '--json', 'accept.lab.example'))
out, words = again(b'{"type":"result","schema":1}\nnoise\n{"type":"novelty","schema":3}\n{"type":"resu')
tap.check('what is not taken is said', words == '1 line of another program or cut off, passed over; 1 line of a type that '
          'this version does not know, passed over; the last line is torn off, passed over\n', words)
tap.done()
