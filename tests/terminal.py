"""What a stranger can put on the terminal: by replies, certificates, names, input lines and files; on standard output and standard error, in every format. And what is left of it in a record."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from peer import Peer, talk
from records import MXWALK, Run, probe

WORK = tap.folder('terminal')
EMPTY = os.path.join(WORK, 'empty.book')
open(EMPTY, 'w').close()
BASE = ['--dns-replay', EMPTY, '--allow-private', '--ehlo', 'me.example', '--from', 'a@good.example', '--no-dnsbl',
        '--timeout', '5s']


def is_hidden(c):
    return (c < 0x20 and c != 10) or 0x7f <= c <= 0x9f or c == 0x61c or 0x200b <= c <= 0x200f or \
        0x2028 <= c <= 0x202e or 0x2060 <= c <= 0x2069 or c == 0xfeff or 0xe0000 <= c <= 0xe0fff


def unsafe(octets):
    """What is wrong with what was written: a list."""
    try:
        text = octets.decode('utf-8')
    except UnicodeDecodeError as e:
        return [str(e)]
    return sorted({f'U+{ord(c):04X}' for c in text if is_hidden(ord(c))})


def run(*args, input=None):
    p = subprocess.run([MXWALK, *args], input=input, capture_output=True, timeout=60,
                       stdin=subprocess.DEVNULL if input is None else None)
    return p


EVERY = ''.join(chr(c) for c in range(0x110000) if is_hidden(c) and c not in (13, 0) and not 0xd800 <= c <= 0xdfff
                and (c < 0xe0000 or c in (0xe0001, 0xe0020, 0xe0041, 0xe007f, 0xe0100)))
REPLIES = {
    'C0 and escape sequences': b'\x1b[31mred\x1b]0;own\x07 \x08\x08 \x0c',
    'C1 in UTF-8': b'\xc2\x9b31m \xc2\x90 \xc2\x85',
    'C1 raw': b'\x9b31m raw \x90 \x9d0;x\x9c',
    'bidirectional controls': '\u202egnp.exe\u202c \u2066x\u2069 \u200e\u200f\u061c'.encode(),
    'zero-width, separators, tags': 'a\u200bb\u2028c\u2029\ufeff\U000e0041\u2060'.encode(),
    'a carriage return': b'fine\rOVERWRITE',
    'broken UTF-8': b'\xc3 \xe2\x80 \xff\xfe \xed\xa0\x80',
    'every class': EVERY.encode(),
}
for name, words in REPLIES.items():
    for stage, script in (('greeting', talk(b'554 5.7.1 ' + words + b'\r\n', None)),
                          ('EHLO', talk(b'220 ' + words + b'\r\n', None, b'550 5.7.1 ' + words + b'\r\n', None))):
        peer = Peer(script)
        target = f'[127.0.0.1]:{peer.port}'
        for form in (['--color', 'never'], ['-v', '--color', 'never'], ['--json'], ['--format', 'nagios']):
            p = run('probe', *BASE, *form, target)
            bad = unsafe(p.stdout) + unsafe(p.stderr)
            tap.check(f'{name} at {stage}, {form[0]}: nothing reaches the terminal', not bad and p.returncode in (1, 2),
                      f'{bad}\n{p.returncode} {p.stdout}')
    record = probe(*BASE, target)
    tap.check(f'{name}: the record is whole', not record.problems and record.results(), record.problems)

for name, words in REPLIES.items():
    if b'\r' in words or b'\n' in words:
        continue
    for command in (['probe', *BASE, '--input', '-'], ['explain', '--input', '-'], ['explain', '--json', '--input', '-']):
        p = run(*command, input=b'550 5.7.1 ' + words + b' blocked\n' + words + b'..x\n')
        bad = unsafe(p.stdout) + unsafe(p.stderr)
        tap.check(f'{name} in a list of {command[0]} {command[-3]}: nothing reaches the terminal', not bad, f'{bad} {p}')
    path = os.path.join(os.fsencode(WORK), b'file ' + words.replace(b'/', b'')[:80])
    for command in (['probe', *BASE, '--input', path], ['explain', '--input', path], ['probe', *BASE, '--rules', path],
                    ['probe', *BASE, '--skip-file', path], ['probe', *BASE, b'a@example.com', '--data', b'@' + path]):
        p = run(*command)
        bad = unsafe(p.stdout) + unsafe(p.stderr)
        tap.check(f'{name} in the name of a file, {command[-2]}: nothing reaches the terminal',
                  not bad and p.returncode != 0, f'{bad} {p}')
    path = os.path.join(WORK, 'content')
    open(path, 'wb').write(b'[' + words + b']\n' + words + b' = ' + words + b'\n')
    for command in (['probe', *BASE, '--rules', path, 'x.example'], ['probe', *BASE, '--config', path, 'x.example'],
                    ['probe', *BASE, '--skip-file', path, 'x.example'], ['probe', '--dns-replay', path, 'x.example'],
                    ['check', 'dkim', '--no-dnsbl', '--dns-replay', EMPTY, path]):
        p = run(*command)
        bad = unsafe(p.stdout) + unsafe(p.stderr)
        tap.check(f'{name} in what a file holds, {command[-2]}: nothing reaches the terminal', not bad, f'{bad} {p}')

# The DNS: names and texts.
book = os.path.join(WORK, 'dns.book')


def question(name, type, *data):
    return json.dumps({'name': name, 'type': type, 'rcode': 'NOERROR', 'ttl': 60, 'data': list(data)}) + '\n'


with open(book, 'w') as f:
    f.write(question('1.2.0.192.in-addr.arpa', 'PTR', 'host\\155\\027.example.com'))
    f.write(question('x.example', 'TXT', 'v=spf1 include:\u009b31m\u202e exp=e.x.example -all \u200b'))
    f.write(question('e.x.example', 'TXT', 'no \u009b31m\u202e'))
    f.write(question('_dmarc.x.example', 'TXT', 'v=DMARC1; p=none; rua=mailto:\u009b\u202e@x'))
    f.write(question('s._domainkey.x.example', 'TXT', 'v=DKIM1; n=\u009b\u202e; p=AAAA'))
    f.write(question('x.example', 'MX', '10 m\\155\\027x.example'))
for command in (['check', 'ptr', '192.0.2.1'], ['check', 'spf', '--ip', '192.0.2.1', '--from', 'a@x.example'],
                ['check', 'dmarc', 'x.example'], ['check', 'dkim', '--selector', 's', '--domain', 'x.example'],
                ['check', 'mx', 'x.example'], ['probe', '--ehlo', 'a.example', 'x.example']):
    for form in ([], ['-v'], ['--json']):
        p = run(*command, '--no-dnsbl', '--dns-replay', book, *form)
        bad = unsafe(p.stdout) + unsafe(p.stderr)
        tap.check(f'the DNS of {" ".join(command[:2])} {form}: nothing reaches the terminal', not bad, f'{bad} {p}')

# Words of the command line.
for word in (b'\x9b31m.example', 'a\u202e.example'.encode(), b'[\xc2\x9b]', b'--\xc2\x9b', b'--port=\xc2\x9b'):
    for command in ([], ['probe'], ['check', 'mx'], ['explain'], ['self']):
        p = run(*command, word)
        bad = unsafe(p.stdout) + unsafe(p.stderr)
        tap.check(f'{command} {word!r}: nothing reaches the terminal', not bad, f'{bad} {p}')
tap.done()
