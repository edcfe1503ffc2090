"""DKIM against other implementations, both ways: python3-dkim, and OpenDKIM's library (opendkim-testmsg, in a network namespace of its own with a nameserver that has the keys).

What they signed, `mxwalk check dkim` verifies; what we signed (tests/dkim_tool, and a walk that ends at a mail server here), they verify. And each side refuses what was changed on the way."""
import base64
import ctypes
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap  # noqa: E402

MXWALK = os.environ.get('MXWALK', './mxwalk')
TOOL = os.path.join(os.path.dirname(os.path.abspath(MXWALK)), 'tests', 'dkim_tool')
TESTMSG = shutil.which('opendkim-testmsg', path=os.environ.get('PATH', '') + ':/usr/sbin:/sbin')
DOMAIN = 'signer.example'
CANONS = [(a, b) for a in ('simple', 'relaxed') for b in ('simple', 'relaxed')]
HEADER = 'From: =?utf-8?q?J=C3=B6?= <jo@signer.example>\nTo: a@example.net,\n\t b@example.net  \nSubject:  Blanks  and\n \t a fold\nDate: Sat, 08 Sep 2001 21:46:40 -0400\nMessage-ID: <1@signer.example>\n'
MESSAGES = {
    'plain': HEADER + '\nOne.\n\nTwo.\n',
    'empty body': HEADER + '\n',
    'empty lines at the end': HEADER + '\nOne.\n\n\n\n',
    'blanks in the body': HEADER + '\n One  and\ttwo \t \n\t\n  \n',
    'no last line end': HEADER + '\nOne.',
    'dots': HEADER + '\n.\n..\n.x\n',
    'eight bits': HEADER + 'MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGr\u00fc\u00dfe\n',
    'a list': HEADER + 'Reply-To: r@signer.example\nCc: c@example.net\nList-Unsubscribe: <https://signer.example/u>\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n\nNews.\n',
    'repeated fields': HEADER + 'Received: from a\nReceived: from b\nCc: c@example.net\nCc: d@example.net\n\nx\n',
}


def crlf(text):
    return text.encode().replace(b'\n', b'\r\n')


class Key:
    def __init__(self, folder, selector, kind):
        self.selector, self.kind, self.file = selector, kind, os.path.join(folder, selector)
        make = ['openssl', 'genpkey', '-algorithm', kind, '-out', self.file] + (['-pkeyopt', 'rsa_keygen_bits:2048'] if kind == 'rsa' else [])
        subprocess.run(make, check=True, capture_output=True)
        os.chmod(self.file, 0o600)
        public = subprocess.run(['openssl', 'pkey', '-in', self.file, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout
        private = subprocess.run(['openssl', 'pkey', '-in', self.file, '-outform', 'DER'], check=True, capture_output=True).stdout
        self.record = 'v=DKIM1; k=%s; p=%s' % (kind, base64.b64encode(public if kind == 'rsa' else public[-32:]).decode())
        self.theirs = open(self.file, 'rb').read() if kind == 'rsa' else base64.b64encode(private[-32:])  # python3-dkim takes the seed of an ed25519 key
        self.name = '%s._domainkey.%s' % (selector, DOMAIN)


def our_sign(key, header, body, text):
    run = subprocess.run([TOOL, key.file, key.selector, DOMAIN, header, body, '1000000000'], input=text.encode(), capture_output=True)
    return run.stdout if run.returncode == 0 else None


def our_verify(folder, message):
    """The result, and the whole line."""
    file = os.path.join(folder, 'message')
    with open(file, 'wb') as out:
        out.write(message)
    run = subprocess.run([MXWALK, 'check', 'dkim', file, '--dns-replay', os.path.join(folder, 'book'), '--json'], capture_output=True, text=True)
    return run.stdout.partition('"result":"')[2].partition('"')[0], run.stdout + run.stderr


def change(message):
    """The body, changed; where there is none, the header."""
    head, _, body = message.partition(b'\r\n\r\n')
    return head + b'\r\n\r\nX' + body


# ---- python3-dkim

def their_verify(dkim, keys, message, index=0):
    records = {key.name: key.record for key in keys}
    try:
        return dkim.DKIM(message).verify(idx=index, dnsfunc=lambda name, timeout=5: records.get((name.decode() if isinstance(name, bytes) else name).rstrip('.'), '').encode())
    except dkim.DKIMException as error:
        return repr(error)


def try_python(folder, keys):
    try:
        import dkim
        import nacl.signing  # noqa: F401 (without it python3-dkim knows no ed25519)
    except ImportError as error:
        tap.skip('python3-dkim', str(error))
        return
    for key in keys:
        algorithm = key.kind.encode() + b'-sha256'
        for header, body in CANONS:
            wrong = []
            for name, text in MESSAGES.items():
                signed = our_sign(key, header, body, text)
                if not signed or their_verify(dkim, keys, signed) is not True:
                    wrong.append(f'{name}: {signed and their_verify(dkim, keys, signed)}\n{signed}')
                elif their_verify(dkim, keys, change(signed)) is True:
                    wrong.append(f'{name}: takes what was changed')
            tap.check(f'python3-dkim verifies what we signed, {key.kind} {header}/{body}', not wrong, '\n'.join(wrong))
            wrong = []
            for name, text in MESSAGES.items():
                message = crlf(text)
                field = dkim.sign(message, key.selector.encode(), DOMAIN.encode(), key.theirs, canonicalize=(header.encode(), body.encode()), signature_algorithm=algorithm)
                result, line = our_verify(folder, field + message)
                if result != 'pass':
                    wrong.append(f'{name}: {line}')
                elif our_verify(folder, change(field + message))[0] != 'fail':
                    wrong.append(f'{name}: takes what was changed')
            tap.check(f'we verify what python3-dkim signed, {key.kind} {header}/{body}', not wrong, '\n'.join(wrong))
    try_walk(dkim, keys)
    try_arc(dkim, folder, keys[0])


# ---- ARC (RFC 8617): chains that python3-dkim seals, whole and changed; it and preflight say the same of each

def seal(dkim, key, message, state):
    """One more set on top: the message as a forwarder passes it on, its results without which there is nothing to seal on top of all."""
    results = b'Authentication-Results: relay.example; spf=pass smtp.mailfrom=jo@signer.example' + (b'; arc=pass' if state == 'pass' else b'') + b'\r\n'
    fields = dkim.arc_sign(results + message, key.selector.encode(), DOMAIN.encode(), key.theirs, b'relay.example', include_headers=[b'from', b'to', b'subject', b'date'])
    return b''.join(fields) + message


def our_chain(folder, message):
    file = os.path.join(folder, 'message')
    with open(file, 'wb') as out:
        out.write(message)
    run = subprocess.run([MXWALK, 'preflight', file, '--source', '192.0.2.1', '--helo', 'mail.example', '--no-dnsbl', '--dns-replay', os.path.join(folder, 'book'), '--json'], capture_output=True, text=True)
    return next((c['result'] for record in run.stdout.splitlines() for c in json.loads(record).get('checks', ()) if c['id'] == 'auth.arc'), run.stderr or 'none')


def their_chain(dkim, key, message):
    records = {key.name: key.record}
    state = dkim.arc_verify(message, dnsfunc=lambda name, timeout=5: records.get((name.decode() if isinstance(name, bytes) else name).rstrip('.'), '').encode())[0]
    return {b'pass': 'pass', b'none': 'none'}.get(state, 'fail')


def try_arc(dkim, folder, key):
    try:
        import authres  # noqa: F401 (python3-dkim seals nothing without it)
    except ImportError as error:
        tap.skip('ARC by python3-dkim', str(error))
        return
    wrong, states = [], []
    for name, text in MESSAGES.items():
        one = seal(dkim, key, crlf(text), 'none')
        two = seal(dkim, key, one, 'pass')
        three = seal(dkim, key, b'Received: from a by b; Sat, 08 Sep 2001 21:46:40 -0400\r\n' + two, 'pass')
        chains = [('unsealed', crlf(text)), ('one set', one), ('two sets', two), ('three sets', three), ('another body', change(two)), ('another subject', two.replace(b'Subject:', b'Subject: Re:')),
                  ('other results in set 1', three.replace(b'smtp.mailfrom=jo', b'smtp.mailfrom=jim')), ('another time in seal 1', three.replace(b't=', b't=1', 3)), ('another cv', two.replace(b'cv=none', b'cv=pass')), ('set 1 is gone', two[:len(two) - len(one)] + crlf(text))]
        for what, message in chains:
            ours, theirs = our_chain(folder, message), their_chain(dkim, key, message)
            states.append(ours)
            if ours != theirs:
                wrong.append(f'{name}, {what}: we say {ours}, python3-dkim {theirs}')
    tap.check(f'{len(states)} ARC chains, good and broken: preflight and python3-dkim say the same', not wrong and states.count('pass') >= 3 * len(MESSAGES) and states.count('fail') >= 5 * len(MESSAGES), '\n'.join(wrong) + str({s: states.count(s) for s in set(states)}))


# ---- a walk that ends at a mail server here

def serve(listener, got):
    connection, _ = listener.accept()
    lines = connection.makefile('rb')
    connection.sendall(b'220 here\r\n')
    for line in lines:
        verb = line[:4].upper()
        if verb == b'DATA':
            connection.sendall(b'354 go on\r\n')
            message = b''
            for line in lines:
                if line == b'.\r\n':
                    break
                message += line[1:] if line.startswith(b'.') else line
            got.append(message)
        connection.sendall(b'221 bye\r\n' if verb == b'QUIT' else b'250 ok\r\n')
        if verb == b'QUIT':
            break
    connection.close()


def walk(keys, *options):
    got = []
    with socket.create_server(('127.0.0.1', 0)) as listener:
        thread = threading.Thread(target=serve, args=(listener, got), daemon=True)
        thread.start()
        command = [MXWALK, 'probe', 'b@example.net@[127.0.0.1]:%d' % listener.getsockname()[1], '--allow-private', '--from', 'jo@' + DOMAIN, '--helo', 'mail.' + DOMAIN, '--no-dnsbl', '--dns-replay', os.devnull]
        for key in keys:
            command += ['--dkim-key', key.file, '--dkim-selector', key.selector]
        run = subprocess.run(command + list(options), capture_output=True, text=True, timeout=60)
        thread.join(10)
    return got[0] if got else b'', run.stdout + run.stderr


def try_walk(dkim, keys):
    for name, options in {'our message': [], 'a message with dots and 8 bits': ['--header', 'Subject: Gr\u00fc\u00dfe', '--body', '.\n..\nGr\u00fc\u00dfe \n\n\n'],
                          "the user's message": ['--data', MESSAGES['a list'].replace('\\', '')]}.items():
        message, said = walk(keys, *options)
        results = [their_verify(dkim, keys, message, i) for i in range(len(keys))] if message else []
        tap.check(f'a walk signs {name} with every key', message.count(b'DKIM-Signature:') == len(keys) and all(result is True for result in results), f'{results}\n{said}\n{message}')


# ---- OpenDKIM

def answer(query, keys):
    """TXT of a key, or NXDOMAIN; UDP, names not compressed, long records as several strings."""
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    question = query[12:at + 5]
    record = {key.name: key.record for key in keys}.get('.'.join(labels).lower())
    if record is None:
        return query[:2] + struct.pack('>HHHHH', 0x8583, 1, 0, 0, 0) + question
    strings = b''.join(bytes([len(record[i:i + 255])]) + record[i:i + 255].encode() for i in range(0, len(record), 255))
    return query[:2] + struct.pack('>HHHHH', 0x8580, 1, 1, 0, 0) + question + b'\xc0\x0c' + struct.pack('>HHIH', 16, 1, 300, len(strings)) + strings


def enter_namespace(folder):
    """A network of our own, root in it, and a nameserver on 127.0.0.1 that all programs ask. None, or why not."""
    libc = ctypes.CDLL(None, use_errno=True)
    newuser, newnet, newns, bind, private = 0x10000000, 0x40000000, 0x20000, 0x1000, 0x44000
    ids = (os.getuid(), os.getgid())
    if libc.unshare(newuser | newnet | newns) != 0:
        return 'no namespace can be made: ' + os.strerror(ctypes.get_errno())
    try:
        for name, text in (('setgroups', 'deny'), ('uid_map', '0 %d 1' % ids[0]), ('gid_map', '0 %d 1' % ids[1])):
            with open('/proc/self/' + name, 'w') as out:
                out.write(text)
        with socket.socket() as control:
            import fcntl
            fcntl.ioctl(control, 0x8914, struct.pack('16sH14s', b'lo', 1, b''))  # SIOCSIFFLAGS: up
    except OSError as error:
        return f'the namespace cannot be set up: {error}'
    resolv = os.path.join(folder, 'resolv.conf')
    with open(resolv, 'w') as out:
        out.write('nameserver 127.0.0.1\noptions timeout:1 attempts:1\n')
    if libc.mount(None, b'/', None, private, None) != 0 or libc.mount(resolv.encode(), os.path.realpath('/etc/resolv.conf').encode(), None, bind, None) != 0:
        return 'resolv.conf cannot be replaced: ' + os.strerror(ctypes.get_errno())
    return None


def serve_names(keys):
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(('127.0.0.1', 53))

    def loop():
        while True:
            query, peer = server.recvfrom(4096)
            server.sendto(answer(query, keys), peer)
    threading.Thread(target=loop, daemon=True).start()


def opendkim_verify(message):
    run = subprocess.run([TESTMSG], input=message.replace(b'\r\n', b'\n'), capture_output=True, timeout=30)
    return run.returncode == 0, (run.stdout + run.stderr).decode(errors='replace')


def try_opendkim(folder, keys):
    rsa = [key for key in keys if key.kind == 'rsa'][0]  # OpenDKIM 2.11 knows no ed25519
    if TESTMSG is None:
        tap.skip('OpenDKIM', 'no opendkim-testmsg')
        return
    strict = {name: text for name, text in MESSAGES.items() if name != 'repeated fields'}  # a second Cc is a syntax error to it, as it is to RFC 5322
    wrong = []
    for name, text in strict.items():
        run = subprocess.run([TESTMSG, '-C', '-d', DOMAIN, '-s', rsa.selector, '-k', rsa.file], input=text.encode(), capture_output=True)
        result, line = our_verify(folder, run.stdout)
        if b'a=rsa-sha1' in run.stdout:  # what Debian's signs with, whatever the key
            if result != 'permerror' or 'rsa-sha1 must not be used' not in line:
                wrong.append(f'{name}: {line}')
        elif run.returncode != 0 or result != 'pass':
            wrong.append(f'{name}: {run.stderr} {line}')
        elif our_verify(folder, change(run.stdout.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')))[0] != 'fail':
            wrong.append(f'{name}: takes what was changed')
    tap.check('we verify what OpenDKIM signed, or refuse its rsa-sha1', not wrong, '\n'.join(wrong))
    signed = {(canon, name): our_sign(rsa, canon[0], canon[1], text) for canon in CANONS for name, text in strict.items()}
    why = enter_namespace(folder)
    if why is not None:
        tap.skip('OpenDKIM verifies what we signed', why)
        return
    serve_names(keys)
    for canon in CANONS:
        wrong = []
        for name in strict:
            good, said = opendkim_verify(signed[canon, name])
            if not good:
                wrong.append(f'{name}: {said}\n{signed[canon, name]}')
            elif opendkim_verify(change(signed[canon, name]))[0]:
                wrong.append(f'{name}: takes what was changed')
        tap.check('OpenDKIM verifies what we signed, rsa %s/%s' % canon, not wrong, '\n'.join(wrong))


def main():
    if not os.path.exists(TOOL):
        tap.skip_all('tests/dkim_tool is not built')
    if shutil.which('openssl') is None:
        tap.skip_all('no openssl to make keys with')
    with tempfile.TemporaryDirectory() as folder:
        keys = [Key(folder, 'one', 'rsa'), Key(folder, 'two', 'ed25519')]
        with open(os.path.join(folder, 'book'), 'w') as book:
            for key in keys:
                book.write('{"name":"%s","type":"TXT","data":["%s"]}\n' % (key.name, key.record))
        try_python(folder, keys)
        try_opendkim(folder, keys)
    tap.done()


main()
