#!/usr/bin/env python3
"""What people who know swaks type: every option of the installed swaks has a row in src/options/swaks.c, with its
names and arity; each spelling means the same here, or is refused with the words of the row."""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

import tap

TOP, MXWALK = os.environ['TOP'], os.environ['MXWALK']

VALUES = {'config': os.devnull, 'from': 'me@example.org', 'to': 'you@example.com', 'helo': 'mail.example.org', 'ehlo': 'mail.example.org',
          'server': 'mx.example.com', 'port': '26', 'p': '26', 'f': 'me@example.org', 't': 'you@example.com', 's': 'mx.example.com',
          'data': '@file', 'timeout': '30s', 'quit-after': 'MAIL', 'local-interface': '192.0.2.1', 'tls-ca-path': '/etc/ssl',
          'output': '/dev/null', 'body': 'hallo', 'attach': '@file', 'header': 'Subject: x', 'protocol': 'LMTP', 'auth': 'LOGIN', 'attach-type': 'text/plain', 'attach-name': 'x', 'add-header': 'Subject: x', 'attach-body': 'hallo', 'tls-sni': 'mx.example.com', 'tls-verify-target': 'mx.example.com', 'tls-protocol': 'tlsv1_2', 'tls-cipher': 'HIGH'}
ARITY = {'OP_ARG_NONE': 'SWAKS_NONE', 'OP_ARG_OPT': 'SWAKS_MAY', 'OP_ARG_REQ': 'SWAKS_MUST'}

NEWER = {'cc', 'bcc', 'tls-chain', 'tls-get-peer-chain', 'tls-verify-ca', 'tls-verify-host',
         'tls-verify-target'}  # that came between the swaks of Debian 12 and 13


def our_rows():
    text = open(os.path.join(TOP, 'src/options/swaks.c'), encoding='utf-8').read()
    words = dict(re.findall(r'static const char (\w+)\[\] =\s*"([^"]*)";', text))
    table = re.sub(r'"\s*\n\s*"', '', text[text.index('swaks_table[] = {'):text.index('\n};')])
    table = table.replace('\\"', '\x01')
    for names, value, ours, why in re.findall(r'\{"([^"]*)",\s*(\w+),\s*(NULL|"[^"]*"),\s*(\w+|"[^"]*")\}', table):
        why = words.get(why, why.strip('"').replace('\x01', '"'))
        yield names.split(), value, None if ours == 'NULL' else ours.strip('"'), why


def their_rows(path):
    text = open(path, encoding='latin-1').read()
    text = re.sub(r'(?m)^\s*#.*$', '', text[text.index('@G::raw_option_data = ('):])
    for names, cfgs in re.findall(r"\{ opts\s*=> \[(.*?)\],.*?cfgs\s*=> ([A-Z_|]+)", text[:text.index(');')], re.S):
        yield re.findall(r"'([^']*)'", names), ARITY[cfgs.split('|')[0]]


def run(*arguments):
    env = {k: v for k, v in os.environ.items() if k != 'MXWALK_CONFIG'}
    done = subprocess.run([MXWALK, *arguments], capture_output=True, text=True, stdin=subprocess.DEVNULL, env=env)
    return done.returncode, done.stderr.strip()


def wrong_rows(theirs, ours):
    table = {tuple(sorted(names)): value for names, value, *_ in ours}
    for names, value in theirs:
        if tuple(sorted(names)) not in table:
            yield f'no row: {" ".join(names)}'
        elif table[tuple(sorted(names))] != value:
            yield f'{" ".join(names)}: {table[tuple(sorted(names))]}, in swaks {value}'
    known = {tuple(sorted(names)) for names, _ in theirs} | {('g',)} | {(name,) for name in NEWER}
    yield from (f'not in swaks: {" ".join(k)}' for k in table if k not in known)


def our_names():
    """name or letter -> the option's first name, for probe."""
    names = {}
    for line in subprocess.run([MXWALK, 'help', '--options'], capture_output=True, text=True).stdout.splitlines():
        command, name, letter, _, first, _ = line.split('\t')
        if command == 'probe':
            names[name[2:]] = first
            names[letter[1:]] = first
    return names


def judge(spelling, name, value, ours, why, names):
    """Why this spelling is not treated right, None when it is."""
    arguments = [spelling] + ([VALUES.get(name, 'x')] if value != 'SWAKS_NONE' else [])
    status, said = run('probe', *arguments, '--help')
    if status == 0:
        means = names.get(name)
        if ours is None or means is None or not any(names.get(w.lstrip('-')) == means for w in ours.split()):
            return f'{spelling}: taken, and means {means}'
        return None
    by_name = f'write -{spelling}' in said and names.get(name) or (ours or why).split()[0] in said
    if status != 64 or not by_name:
        return f'{spelling}: {status} {said}'
    return None


SAME = [  # each alone means in swaks what the second says here
    (['-q', 'MAIL'], 'write --quit-after MAIL'), (['-q', 'rcpt'], 'write --quit-after rcpt'), (['-4q', 'CONNECT'], 'write --quit-after CONNECT'),
    (['-h', 'mail.example.org'], 'write -H or --ehlo'), (['-header-Subject', 'x'], 'write --header'),
    (['--data', 'message.eml'], 'a file is named with an @'), (['--body', 'file'], 'sends what is in it'), (['-g'], 'write --data -'),
    (['--protocol', 'ESMTPSA'], 'write --tls and --auth any'), (['--protocol', 'ssmtp'], 'write --tls-on-connect'), (['--protocol', 'LMTPS'], 'write --protocol lmtp and --tls'), (['-no-tls'], 'write --no-tls'), (['-lhlo=x'], 'write -H NAME'),
]


STOPS = ['CONNECT', 'BANNER', 'FIRST-EHLO', 'FIRST-HELO', 'FIRST-LHLO', 'HELO', 'EHLO', 'LHLO', 'STARTTLS', 'MAIL', 'FROM', 'RCPT', 'TO']
REFUSED = {'XCLIENT': 'no XCLIENT', 'DOT': 'message'}


def verbs(text):
    """What was said, and under TLS (~) or not; swaks's own "STARTTLS" point has no EHLO behind it, ours does."""
    return [mark + line.split()[0].upper() for mark, line in re.findall(r'(?m)^ ([-~])> (.*)$', text)]


def stops():
    """Within the lab: where both end. A line each: what differs."""
    at = ['--helo', 'x.example.com', '--from', 'a@clean.sender.example', '--to', 'user@accept.lab.example']
    port = re.search(r'(?m)^port (\d+)', open(os.environ['MXWALK_CONFIG'], encoding='utf-8').read())[1]
    ip = re.search(r'Trying accept\S+ \[([\d.]+)', subprocess.run([MXWALK, '-v', '--quit-after', 'connect', 'accept.lab.example'], capture_output=True, text=True).stdout)
    ip = ip[1] if ip else '127.0.1.2'

    def both(pair):
        word, tls = pair
        theirs = subprocess.run(['swaks', '--server', ip, '--port', port, *at, '--quit-after', word, *tls], capture_output=True, text=True).stdout
        mine = subprocess.run([MXWALK, 'probe', '-v', '--no-dnsbl', *at, '--server', f'{ip}:{port}', *(tls or ['--no-tls']), '--quit-after', word],
                              capture_output=True, text=True)
        want, have = verbs(theirs), verbs(mine.stdout)
        if word == 'STARTTLS' and tls:
            want.insert(-1, '~EHLO')
        if mine.returncode == 64:
            have = want if 'ends before STARTTLS' in mine.stderr or '--no-tls' in mine.stderr else [mine.stderr]
        return [] if want == have and want else [f'{word} {tls}: swaks {want}, mxwalk {have}']

    pairs = [(word, tls) for word in STOPS for tls in ([], ['--tls'], ['--tls-optional'])]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        wrong = sum(pool.map(both, pairs), [])
    print('\n'.join(wrong + [f'{len(pairs)} compared']))


def main():
    if sys.argv[1:] == ['--stops']:
        return stops()
    ours, names = list(our_rows()), our_names()
    swaks = shutil.which('swaks')
    if swaks:
        theirs = list(their_rows(swaks))
        wrong = list(wrong_rows(theirs, ours))
        tap.check(f'each of the {len(theirs)} options of swaks has its row', len(theirs) > 90 and not wrong, '\n'.join(wrong))
    else:
        tap.skip('each option of swaks has its row', 'swaks is not installed')
    os.chdir(tap.folder('swaks'))
    open('file', 'w', encoding='ascii').close()
    wrong, count = [], 0
    for row_names, value, our, why in ours:
        for name in row_names:
            for spelling in {'-' + name, '-' + name if len(name) == 1 else '--' + name}:
                count += 1
                found = judge(spelling, name, value, our, why, names) if spelling not in ('-q', '-h') else None
                wrong += [found] if found else []
    tap.check('each spelling means the same or is refused by name', count > 200 and not wrong, '\n'.join(wrong) or count)
    for arguments, words in SAME:
        status, said = run(*arguments, 'user@example.com')
        tap.check(f'{" ".join(arguments)} is refused by name', status == 64 and words in said, f'{status} {said}')
    for word, stage in (('CONNECT', 'greeting'), ('LHLO', 'ehlo'), ('BANNER', 'greeting'), ('FIRST-EHLO', 'ehlo'), ('HELO', 'ehlo'), ('TLS', 'starttls'),
                        ('STARTTLS', 'starttls'), ('MAIL', 'mail'), ('FROM', 'mail'), ('RCPT', 'rcpt'), ('TO', 'rcpt'), ('DATA', 'data')):
        status, said = run('probe', '--quit-after', word, '--help')
        tap.check(f'--quit-after {word} ({stage})', status == 0, said)
    for word, words in REFUSED.items():
        status, said = run('probe', '--quit-after', word, 'user@example.com')
        tap.check(f'--quit-after {word} is refused with what is meant', status == 64 and words in said, f'{status} {said}')
    if swaks:
        said = subprocess.run([MXWALK, 'lab', '--', sys.executable, os.path.abspath(__file__), '--stops'], capture_output=True, text=True).stdout
        tap.check('--quit-after ends where it does in swaks', said == f'{len(STOPS) * 3} compared\n', said)
    else:
        tap.skip('--quit-after ends where it does in swaks', 'swaks is not installed')
    tap.done()


sys.exit(main())
