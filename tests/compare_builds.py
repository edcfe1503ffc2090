#!/usr/bin/env python3
"""compare_builds.py OLD NEW [WORD...]: does NEW say what OLD says? Walks every domain of the lab, judges
every sender of it and explains the texts of the manual with both, as text and as records, and shows
what differs, with times, ports and versions masked. A WORD limits it to command lines that have it.

Not a part of `make check`: for whoever moves things about and means to change nothing. Exit status 1
when something differs."""
import concurrent.futures
import difflib
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab_cases

WALKS = ['--timeout', '3s']
SENDERS = ['127.0.1.%d' % n for n in range(1, 30)]
TEXTS = [
    '554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using zen.spamhaus.org',
    '554 5.7.1 blocked using dnsbl.sorbs.net', '554 5.7.1 rejected', '550 5.1.1 User unknown',
    '550 5.7.26 This mail is unauthenticated', '450 4.7.1 cannot find your reverse hostname, [192.0.2.10]',
    '421 4.7.28 Our system has detected an unusual rate', '552 5.2.2 mailbox full',
    '550 5.7.1 SPF fail', '554 5.7.1 [CS] Message blocked. Please visit postmaster.yahoo.com',
    '554 5.7.1 Your address is on a list that is dead: cbl.abuseat.org',
    '550 5.7.606 Access denied, banned sending IP [192.0.2.10]',
]
MASKS = [
    (r'"(ms|started|time|ended|total_ms|elapsed|remaining)":\s*"?[-0-9:.TZ+]+"?', r'"\1":0'), (r'"(version)":\s*"[^"]*"', r'"\1":""'),
    (r'\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[ +-]*\d{4}| ?[+-]\d\d:\d\d)?', 'TIME'),
    (r'\w{3}, +\d+ \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}', 'TIME'), (r'\b\d+(\.\d+)? ?m?s\b', 'MS'),
    (r'<[^<>@ ]+@[^<>@ ]+>(?= *queued)', '<ID>'), (r'(queued as|id=|Message-ID: ?)\S+', r'\1 ID'),
    (r'"(sha256|serial)":\s*"[^"]*"', r'"\1":""'), (r'/[^ "]*/mxwalk', 'mxwalk'), (r'"port":\d+', '"port":0'), (r'([:=])\d{4,5}\b', r'\1PORT'),
    (r'mxwalk-lab\.\w+', 'mxwalk-lab'), (r'\b[0-9a-f]{32,}\b', 'HEX'), (r'\b_\d+\._tcp', '_PORT._tcp'),
]


def masked(text):
    for pattern, instead in MASKS:
        text = re.sub(pattern, instead, text)
    return text


def commands():
    for case in lab_cases.CASES:
        for form in ((), ('--json',)):
            yield ('probe', *WALKS, *form, *case.args, case.domain)
    for source in SENDERS:
        for form in ((), ('--json',)):
            yield ('self', '--allow-private', '--source', source, *form)
    for text in TEXTS:
        for form in ((), ('--json',), ('--json', '--source', '192.0.2.10')):
            yield ('explain', *form, text)
    yield ('explain', '--rules', '--json')


def said(program, command):
    p = subprocess.run([program, *command], capture_output=True, timeout=120)
    return settled(masked(f"{p.stdout.decode('utf-8', 'replace')}{p.stderr.decode('utf-8', 'replace')}status {p.returncode}\n"))


def in_order(value):
    """Exchangers of one preference come in any order."""
    if isinstance(value, dict):
        return {k: in_order(v) for k, v in value.items()}
    if isinstance(value, list):
        value = [in_order(v) for v in value]
        if all(isinstance(v, dict) and 'mx' in v for v in value):
            value.sort(key=lambda v: (v.get('preference', 0), v['mx'], str(v.get('ip'))))
    return value


def settled(text):
    lines = []
    for line in text.splitlines():
        try:
            lines.append(json.dumps(in_order(json.loads(line)), ensure_ascii=False))
        except ValueError:
            lines.append(line)
    if all(line.startswith('{') for line in lines[:-1]):
        lines[:-1] = sorted(lines[:-1])  # the sender's record comes when its answers are there
    return '\n'.join(lines)


def pretty(text):
    """Records a member a line, so that a difference shows where it is."""
    out = []
    for line in text.splitlines():
        try:
            out += json.dumps(json.loads(line), indent=0, ensure_ascii=False).splitlines()
        except ValueError:
            out.append(line)
    return out


def run_all(program, words):
    """In one lab of that program: {command line: what it says}."""
    chosen = [c for c in commands() if all(w in ' '.join(c) for w in words)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        return {' '.join(c): s for c, s in zip(chosen, pool.map(lambda c: said(program, c), chosen))}


def in_lab(program, words):
    out = subprocess.run([program, 'lab', '--', sys.executable, os.path.abspath(__file__), '--inside', program, *words],
                         stdout=subprocess.PIPE, check=True).stdout
    return json.loads(out)


def main(arguments):
    if arguments[:1] == ['--inside']:
        json.dump(run_all(arguments[1], arguments[2:]), sys.stdout)
        return 0
    if len(arguments) < 2:
        sys.exit(__doc__)
    old, new = (in_lab(os.path.abspath(p), arguments[2:]) for p in arguments[:2])
    different = 0
    for command in new:
        if old[command] == new[command]:
            continue
        different += 1
        print(f'==== mxwalk {command}')
        for line in difflib.unified_diff(pretty(old[command]), pretty(new[command]), 'old', 'new', lineterm='', n=1):
            print(line)
    print(f'{len(new)} command lines, {different} differ')
    return 1 if different else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
