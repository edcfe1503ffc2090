"""Life on the terminal: what is being tried, for how long, within 2 s, for one target and for many; on standard error, only on a terminal, never wider than it, and gone before anything else is said."""
import fcntl
import os
import pty
import re
import select
import socket
import struct
import subprocess
import sys
import termios
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))


def on_terminal(*args, columns=100, input=None, both=True, command='probe', typed=None):
    """Runs mxwalk with standard error (and output) on a terminal: (what came, [(seconds, bytes)], what went to the pipe)."""
    main, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', 40, columns, 0, 0))
    attributes = termios.tcgetattr(terminal)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(terminal, termios.TCSANOW, attributes)
    began = time.monotonic()
    p = subprocess.Popen([MXWALK, command, '--color', 'never', *args], stdin=terminal if typed is not None else subprocess.DEVNULL if input is None else subprocess.PIPE,
                         stdout=terminal if both else subprocess.PIPE, stderr=terminal)
    os.close(terminal)
    if typed is not None:
        os.write(main, typed)
    if input is not None:
        p.stdin.write(input)
        p.stdin.close()
    pieces = []
    while True:
        ready, _, _ = select.select([main], [], [], 20)
        try:
            piece = os.read(main, 65536) if ready else b''
        except OSError:
            piece = b''
        if not piece:
            break
        pieces.append((time.monotonic() - began, piece))
    out = b'' if both else p.stdout.read()
    p.wait(20)
    os.close(main)
    return b''.join(piece for _, piece in pieces).decode(), pieces, out.decode()


def screen(text):
    """What is left to be seen of it."""
    lines, column = [''], 0
    for part in re.split(r'(\r|\n|\x1b\[K)', text):
        if part == '\r':
            column = 0
        elif part == '\n':
            lines.append('')
            column = 0
        elif part == '\x1b[K':
            lines[-1] = lines[-1][:column]
        else:
            lines[-1] = lines[-1][:column] + part + lines[-1][column + len(part):]
            column += len(part)
    return lines


text, pieces, _ = on_terminal('--timeout', '3s', 'silent-greeting.lab.example')
first = pieces[0] if pieces else (99, b'')
tap.check('one target: the first sign of life comes within 2 s', first[0] < 2 and first[1].startswith(b'\r\x1b[K'), first)
tap.check('it says what is being tried, and for how long', re.search(
    r'\r\x1b\[Ksilent-greeting\.lab\.example: silent-greeting\.mx\.lab\.example \[127\.[0-9.]+\]:\d+, greeting, [12] s', text), repr(text))
lines = screen(text)
tap.check('it is gone before the verdict', lines[0].startswith('silent-greeting.lab.example from 127.0.1.2: dropped at greeting') and
          not any('greeting, ' in line for line in lines[1:]), lines)

text, pieces, _ = on_terminal('--timeout', '2s', 'silent-greeting.lab.example', columns=40)
shown = [line for line in re.findall(r'\r\x1b\[K([^\r\n]*)', text) if line and 'dropped' not in line]
tap.check('it is never wider than the terminal', shown and all(len(line) < 40 for line in shown), shown)

text, pieces, out = on_terminal('--timeout', '2s', 'silent-greeting.lab.example', both=False)
tap.check('results elsewhere: it is on standard error alone', '\x1b' not in out and 'greeting, 1 s' in text and screen(text)[-1] == '', (repr(text), out))

text, pieces, _ = on_terminal('--timeout', '2s', '--input', '-', input=b'silent-greeting.lab.example\naccept.lab.example\nmx-null.lab.example\n')
tap.check('a list: how many are done, and at what rate', re.search(r'\r\x1b\[K2(/3 66%)?, 1 accepted, 1 undetermined, 1 under way, [0-9.]+/s', text), repr(text))
lines = screen(text)
tap.check('a list: it is gone before results', sum('lab.example from' in line for line in lines) == 3 and not any('under way' in line for line in lines), lines)

text, pieces, _ = on_terminal('-q', '--timeout', '2s', 'silent-greeting.lab.example')
tap.check('-q: none', '\x1b' not in text, repr(text))

# ---- self --egress, and what is typed


def slow(seconds):
    listener = socket.create_server(('127.77.6.1', 0))

    def serve():
        with listener.accept()[0] as peer:
            time.sleep(seconds)
            peer.sendall(b'220 x\r\n')
            peer.recv(100)
    threading.Thread(target=serve, daemon=True).start()
    return f'127.77.6.1:{listener.getsockname()[1]}'


SELF = ('--source', '127.0.1.1', '--allow-private', '--no-dnsbl', '--egress')
server = slow(2.5)
text, pieces, _ = on_terminal(*SELF, server, command='self')
tap.check('self --egress: what is tried, and for how long, within 2 s', pieces[0][0] < 2 and re.search(
    rf'\r\x1b\[K{re.escape(server)}: 127\.77\.6\.1 \[127\.77\.6\.1\]:\d+, greeting, [12] s', text), repr(text[:300]))
tap.check('… and it is gone before the report', screen(text)[0].startswith('127.0.1.1: ') and not any('greeting, ' in line for line in screen(text)), screen(text))
END = 'Ctrl-D on a line of its own ends it'
for command, args, words in (('probe', ('-i', '-'), 'type targets, one a line'), ('self', ('-i', '-'), 'type addresses, one a line'), ('preflight', ('-',), 'paste a message, with its header'),
                             ('explain', (), 'paste replies'), ('explain', ('-i', '-'), 'paste replies'), ('explain', ('-',), 'paste replies'), ('report', ('-',), 'paste records of a run'),
                             ('preflight', ('--list', '-', __file__), 'type recipients, one a line'), ('probe', ('--data', '@-', 'a@mx-null.lab.example'), 'paste a message')):
    text, pieces, _ = on_terminal(*args, command=command, typed=b'\x04')
    tap.check(f'{command} {" ".join(args[:2])} on a terminal: what is awaited, and how it ends', words in text and END in text, repr(text))
text, pieces, _ = on_terminal('-q', '-i', '-', typed=b'\x04')
tap.check('-q: not a word of it', END not in text, repr(text))

p = subprocess.run([MXWALK, 'probe', '--timeout', '2s', 'silent-greeting.lab.example'], capture_output=True, timeout=30)
tap.check('no terminal: none', b'\x1b' not in p.stdout + p.stderr, p)
tap.done()
