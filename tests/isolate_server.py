"""A mail server that refuses what a test says, and mxwalk isolate against it."""
import os
import re
import time

import isolated_mail
import peer
import tap

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


def plain(text):
    """As the filters here read it: lines end with LF, soft line breaks are undone."""
    return text.replace('\r\n', '\n').replace('=\n', '')


class Server(peer.Peer):
    """Answers the dot as `judge(plain(text), n)` says of the n-th message, 250 where that is None; `drops`: those at whose dot the connection is lost."""

    def __init__(self, judge, rcpt='250 2.1.5 ok', drops=()):
        self.judge, self.rcpt, self.drops = judge, rcpt, drops
        self.messages, self.times = [], []
        self.connections = self.quits = self.now = self.most = 0
        super().__init__(self.converse)

    def converse(self, connection, hear):
        self.connections += 1
        self.now += 1
        self.most = max(self.most, self.now)
        self.times.append(time.monotonic())
        try:
            self.answer(lambda line: connection.sendall(line.encode() + b'\r\n'), hear)
        finally:
            self.now -= 1

    def answer(self, say, hear):
        say('220 mx ESMTP')
        while verb := hear()[:4].upper():
            if verb == b'DATA':
                say('354 go')
                text = b''
                while (line := hear()) not in (b'.\r\n', b''):
                    text += line[line.startswith(b'.'):]
                self.messages.append(text.decode('utf-8', 'replace'))
                if len(self.messages) in self.drops:
                    return
                say(self.judge(plain(self.messages[-1]), len(self.messages)) or '250 2.0.0 ok')
            elif verb == b'QUIT':
                self.quits += 1
                say('221 bye')
                return
            else:
                say(self.rcpt if verb == b'RCPT' else '250 mx')


def refuses(*words):
    return lambda text, n: '554 5.7.1 Message rejected' if all(w in text for w in words) else None


def isolate(server, *options, text=None, to='me@own.example', **kw):
    return isolated_mail.isolate(write('mail', text or mail()), to, f'127.0.0.1:{server.port}', '--ehlo', 'me.example', '--from', 'a@me.example', '--dns-replay', '/dev/null', *options, **kw)


def essence(test):
    return test['message'], test['sent'], test['outcome']


def words_of(run):
    return re.sub(r'\s+', ' ', run.out)
