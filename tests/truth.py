"""What people are told where something is not known, not asked, or only inferred: it has to say so."""
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run

home = tap.folder('truth')
DEAD = ['--nameserver', '127.0.0.1:9', '--timeout-dns', '1']


def run(*args, **how):
    how.setdefault('env', {k: v for k, v in os.environ.items() if k != 'MXWALK_CONFIG'})
    r = Run(*args, **how)
    if '--json' in args:
        r.ndjson()
    return r


def say(r):
    """The text, with its line breaks and indents made one space."""
    return re.sub(r'\s+', ' ', r.out + r.err)


def told(name, r, *words, status=None):
    """`words` are in its text, or, with ! before them, are not."""
    text = say(r)
    wrong = [w for w in words if (w.lstrip('!') in text) == w.startswith('!')]
    tap.check(name, not wrong and (status is None or r.status == status), f'{wrong}; status {r.status}\n{r.out}{r.err}')


# ---- a look-up that failed, or was not made, is not absent

told('a bare refusal whose look-ups all fail: it is said', run('explain', '--source', '192.0.2.1', *DEAD, '554 5.7.1 rejected'),
     'Whether the address 192.0.2.1 is on zen.spamhaus.org', 'is not known', 'The PTR record of 192.0.2.1 could not be looked up', 'may be the reason')
told('... and a refusal for reverse DNS', run('explain', '--source', '192.0.2.1', *DEAD, '550 no PTR'), 'The PTR record of 192.0.2.1 could not be looked up')
told('... not for an unknown user', run('explain', '--source', '192.0.2.1', *DEAD, '550 5.1.1 user unknown'), '!not known', '!looked up')
for ip, kind in [('192.168.1.5', 'private'), ('127.0.0.1', 'loopback'), ('fe80::1', 'link-local'), ('100.64.0.1', 'shared')]:
    for reply in ['554 5.7.1 rejected', '550 5.7.1 blocked using zen.spamhaus.org', '550 no PTR', '554 5.7.1 access denied']:
        told(f'explain --source {ip}: why it is not asked about ({reply})', run('explain', '--source', ip, *DEAD, reply),
             f'{ip} is a {kind} address, so nothing was looked up about it', '--allow-private asks about this one all the same')
told('... with --allow-private it is asked about', run('explain', '--source', '192.168.1.5', '--allow-private', *DEAD, '554 5.7.1 rejected'),
     'Whether the address 192.168.1.5 is on zen.spamhaus.org', '!nothing was looked up')
tap.done()
