"""A mail server that refuses what a test says, and mxwalk isolate against it."""
import os
import re
import socket
import threading

import tap
from records import Run

WORK = tap.folder('isolate')


def mail(field='', contents='a,b,c\n'):
    return f'''From: "Shop" <shop@own.example>
To: me@own.example
Subject: News
Date: Mon, 30 Nov 2026 12:00:00 +0000
Message-ID: <1@own.example>
X-Campaign: 17
{field}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: text/plain

Dear friend, here is what you asked for.

We have moved to another street.

See https://one.example/a and https://two.example/b today.
--m
Content-Type: application/octet-stream; name=list.exe
Content-Disposition: attachment; filename=list.exe

{contents}--m--
'''


def write(name, text):
    path = os.path.join(WORK, name)
    with open(path, 'wb') as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


class Server:
    """Answers the dot as `judge(text, n)` says of the n-th message, 250 where that is None; `drops`: those at whose dot the connection is lost."""

    def __init__(self, judge, drops=()):
        self.judge, self.drops, self.messages = judge, drops, []
        self.sock = socket.create_server(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            with connection, connection.makefile('rwb') as file:
                self.play(file)

    def play(self, file):
        def say(line):
            file.write(line.encode() + b'\r\n')
            file.flush()
        say('220 mx')
        for line in file:
            if line[:4].upper() == b'DATA':
                say('354 go')
                text = b''
                for line in file:
                    if line == b'.\r\n':
                        break
                    text += line[line.startswith(b'.'):]
                self.messages.append(text.decode('utf-8', 'replace'))
                if len(self.messages) in self.drops:
                    return
                say(self.judge(self.messages[-1], len(self.messages)) or '250 2.0.0 ok')
            elif line[:4].upper() == b'QUIT':
                say('221 bye')
                return
            else:
                say('250 mx')


def refuses(*words):
    return lambda text, n: '554 5.7.1 Message rejected' if all(w in text for w in words) else None


def isolate(server, *options, text=None, to='me@own.example', **kw):
    return Run('isolate', '--to', to, '--own-mailbox', '--data', '@' + write('mail', text or mail()), '--server', f'127.0.0.1:{server.port}', '--allow-private', '--isolate-interval', '10ms',
               '--ehlo', 'me.example', '--from', 'a@me.example', '--dns-replay', '/dev/null', *options, **kw)


def essence(test):
    return test['message'], test['sent'], test['outcome']


def words_of(run):
    return re.sub(r'\s+', ' ', run.out)
