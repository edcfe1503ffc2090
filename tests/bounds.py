#!/usr/bin/env python3
"""What must stay bounded, or be put right, when something goes wrong: the work of one key exchange, a reader of replies that gets no memory, an installation that is interrupted."""
import base64
import json
import os
import re
import resource
import secrets
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run

TOP = os.environ['TOP']
home = tap.folder('bounds')
book = os.path.join(home, 'empty.book')
open(book, 'w', encoding='ascii').close()


def path(name, text, mode=0o644):
    where = os.path.join(home, name)
    with open(where, 'w', encoding='ascii') as f:
        f.write(text)
    os.chmod(where, mode)
    return where


# ---- one DHE handshake, in a group of any size

def integer(n):
    octets = n.to_bytes(n.bit_length() // 8 + 1, 'big')
    return b'\2' + (bytes([len(octets)]) if len(octets) < 128 else b'\x82' + struct.pack('>H', len(octets))) + octets


def group(bits):
    body = integer(1 << bits - 1 | secrets.randbits(bits - 1) | 1) + integer(2)
    text = base64.b64encode(b'\x30\x82' + struct.pack('>H', len(body)) + body).decode()
    return path(f'dh{bits}.pem', '-----BEGIN DH PARAMETERS-----\n' + '\n'.join(re.findall('.{1,64}', text)) + '\n-----END DH PARAMETERS-----\n')


subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=mx', '-keyout', os.path.join(home, 'key'), '-out', os.path.join(home, 'cert')],
               check=True, capture_output=True)


def server(bits):
    """One that takes TLS 1.2 with a key exchange in such a group alone: its port, or why there is none."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers('DHE:@SECLEVEL=0')
    context.load_cert_chain(os.path.join(home, 'cert'), os.path.join(home, 'key'))
    context.load_dh_params(group(bits))
    listener = socket.create_server(('127.0.0.1', 0))

    def serve():
        peer = listener.accept()[0]
        try:
            peer.sendall(b'220 mx\r\n')
            peer.recv(999)
            peer.sendall(b'250-mx\r\n250 STARTTLS\r\n')
            peer.recv(999)
            peer.sendall(b'220 go\r\n')
            peer = context.wrap_socket(peer, server_side=True)
            peer.recv(999)
            peer.sendall(b'250 mx\r\n')
            peer.recv(999)
        except OSError:
            pass
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


MOST = 3 if tap.SANITIZED else .5  # seconds of CPU, of the whole program
for bits, taken in ((2048, True), (4096, True), (6144, False), (8192, False), (10000, False)):
    try:
        port = server(bits)
    except ssl.SSLError as e:
        tap.skip(f'a group of {bits} bits', f'no server can have one here: {e}')
        continue
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    run = Run('probe', '--json', '--dns-replay', book, '--allow-private', '--no-dnsbl', '--ehlo', 'a.example', '--from', 'a@a.example', '--timeout', '20s', f'[127.0.0.1]:{port}').ndjson()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cost = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    attempt = run.results()[0]['attempts'][0]
    print(f'# {bits} bits: {cost:.2f} s of CPU')
    tap.check(f'a Diffie-Hellman group of {bits} bits is {"taken" if taken else "not"}, and costs little', cost < MOST and attempt['tls']['done'] == taken and
              (taken or f'group of {bits} bits' in attempt['detail']), f'{cost:.2f} s\n{run.out}')

# ---- a reader of replies that gets no memory

REPLIES = {'550 5.1.1 <u@x.example>: User unknown': 'recipient-unknown', '554 5.7.1 Service unavailable; Client host [192.0.2.7] blocked using zen.spamhaus.org': 'ip-blocklist',
           '552 5.2.2 mailbox full': 'mailbox-full', '550 5.7.1 SPF check failed': 'spf', '451 4.7.1 Greylisting in action, please come back later': 'greylist'}
FEED = ''.join(json.dumps({'text': text}) + '\n' for text in list(REPLIES) * 40)


def explained(kilobytes):
    """Status and causes within so much memory; -1: not even the program could be loaded."""
    p = subprocess.run([MXWALK, 'explain', '--json'], input=FEED, capture_output=True, text=True, timeout=60,
                       preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (kilobytes << 10, kilobytes << 10)))
    return p.returncode, [json.loads(line)['cause'] for line in p.stdout.splitlines() if line.endswith('}')], p.stderr


if tap.SANITIZED:
    tap.skip('a reader of replies without memory', 'the sanitizer needs its own')
else:
    enough = 4096
    while explained(enough)[0] != 0 and enough < 1 << 22:
        enough *= 2
    wrong, ends = [], set()
    for step in range(48):
        kilobytes = enough // 2 + enough // 2 * step // 48
        status, causes, err = explained(kilobytes)
        right = causes == [list(REPLIES.values())[i % len(REPLIES)] for i in range(len(causes))]
        whole = len(causes) == 40 * len(REPLIES)
        ends.add(status)
        if not (status == 0 and right and whole or status == 70 and right and 'out of memory' in err or status in (127, -11) and not causes):  # the loader's word
            wrong.append(f'{kilobytes} kB: {status}, {len(causes)} told, right: {right}; {err[-200:]}')
    tap.check('explain with too little memory: 70 and said, or all of it; never "unknown" with 0', not wrong and 70 in ends and 0 in ends, f'{ends}\n' + '\n'.join(wrong))

# ---- an installation that is interrupted: what keeps services from being started is taken away

text = open(os.path.join(TOP, 'bootstrap'), encoding='utf-8').read()
function = re.search(r'(?ms)^install_packages\(\) \{.*?^\}', text).group(0)
policy = os.path.join(home, 'policy-rc.d')
started = os.path.join(home, 'started')
tools = os.path.join(home, 'tools')
os.mkdir(tools)
path('tools/id', '#!/bin/sh\necho 0\n', 0o755)
path('tools/apt-get', f'#!/bin/sh\n: >{started}\n[ -z "$FAIL" ] || exit 100\nsleep 20\n', 0o755)
script = path('install', 'set -eu\nsay() { :; }\nmissing_packages() { echo package; }\n' + function.replace('/usr/sbin/policy-rc.d', policy) + '\ninstall_packages package\n')
tap.check('bootstrap has the function that is tried here', function.count('policy-rc.d') == 1 and policy in open(script, encoding='utf-8').read())
for name, sent, status, fail in (('Ctrl-C', signal.SIGINT, 130, ''), ('SIGTERM', signal.SIGTERM, 143, ''), ('SIGHUP', signal.SIGHUP, 129, ''), ('a failure', None, 100, 'yes')):
    if os.path.exists(started):
        os.remove(started)
    p = subprocess.Popen(['sh', script], env={'PATH': f'{tools}:{os.environ["PATH"]}', 'FAIL': fail}, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while not os.path.exists(started) and p.poll() is None:
        time.sleep(.02)
    there = os.path.exists(policy)
    if sent is not None:
        os.killpg(p.pid, sent)
    p.wait(10)
    tap.check(f'bootstrap, {name}: nothing is left behind', (there or fail) and not os.path.exists(policy) and p.returncode == status, f'{there} {os.path.exists(policy)} {p.returncode}')

tap.done()
