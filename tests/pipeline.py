#!/usr/bin/env python3
"""PIPELINING (RFC 2920): which commands go out together, whose replies are whose, peers that answer too little or too much."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from peer import Peer
from records import probe


class Server:
    """Answers a group of commands at once with `replies`; `pieces`: what each read of the socket brought."""

    def __init__(self, *replies, offers='PIPELINING', dot=b'250 2.0.0 queued\r\n', apart=False):
        self.replies, self.offers, self.dot, self.apart, self.pieces = list(replies), offers, dot, apart, []
        self.peer = Peer(self.script)

    def script(self, connection, hear):
        connection.sendall(b'220 mx\r\n')
        hear()
        connection.sendall(f'250-mx\r\n250 {self.offers}\r\n'.encode())
        while True:
            piece = connection.recv(65536)
            if not piece:
                return
            self.pieces.append(piece)
            if piece.startswith(b'QUIT'):
                connection.sendall(b'221 bye\r\n')
                return
            if piece.endswith(b'.\r\n') and (piece == b'.\r\n' or piece.startswith(b'Date:')):
                connection.sendall(self.dot)
                continue
            count = len(self.replies) if not self.apart else 1
            if self.replies:
                connection.sendall(b''.join(r.encode() + b'\r\n' for r in self.replies[:count]))
            del self.replies[:count]


def walk(server, *args, target='user@a.example'):
    run = probe('--server', f'127.0.0.1:{server.peer.port}', '--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--helo', 'me.example', '--from', 'me@me.example', '--timeout', '1s',
                '--pipeline', *args, target)
    return run, run.results()[0] if run.results() else {}


def case(name, server, status, stage, code, *args, pieces=None, more=lambda r: True):
    run, r = walk(server, *args)
    attempt = r.get('attempts', [{}])[-1]
    said = [p.split(b'\r\n')[0].split(b' ')[0].decode() + (f'+{p.count(chr(10).encode()) - 1}' if p.startswith(b'MAIL') and p.count(b'\n') > 1 else '') for p in server.pieces]
    said = ['message' if s == 'Date:' else s for s in said]
    have = (r.get('status'), r.get('stage'), (r.get('reply') or {}).get('code'))
    tap.check(name, have == (status, stage, code) and not run.problems and (pieces is None or said == pieces.split()) and more(r), f'{have} {said} {attempt.get("ending")} {attempt.get("detail")}\n{json.dumps(attempt.get("transcript"))}\n{run.problems} {run.err}')


GROUP = ('250 2.1.0 sender ok', '250 2.1.5 recipient ok', '354 go on')
run, r = walk(s := Server(*GROUP))
entries = [(e['stage'], (e['sent'] or '').split(' ')[0], e['code']) for e in r['attempts'][0]['transcript'] if e['sent']]
tap.check('in one piece, each reply its own', r['status'] == 'accepted' and r['attempts'][0]['pipelined'] is True and not run.problems and s.pieces[0].count(b'\r\n') == 3
          and entries == [('ehlo', 'EHLO', 250), ('mail', 'MAIL', 250), ('rcpt', 'RCPT', 250), ('data', 'DATA', 354), ('message', '(message,', 250), ('quit', 'QUIT', 221)], f'{entries} {s.pieces} {run.problems}')
case('up to RCPT', Server(*GROUP[:2]), 'accepted', 'rcpt', 250, '--quit-after', 'rcpt', pieces='MAIL+1 QUIT')
case('up to MAIL: one alone', Server(GROUP[0]), 'accepted', 'mail', 250, '--quit-after', 'mail', pieces='MAIL QUIT')
case('MAIL refused, the others read', Server('550 5.7.1 not you', '503 5.5.1 need MAIL', '503 5.5.1 need RCPT'), 'refused', 'mail', 550, pieces='MAIL+2 QUIT')
case('RCPT refused, DATA too', Server(GROUP[0], '550 5.1.1 nobody', '554 5.5.1 no valid recipients'), 'refused', 'rcpt', 550, pieces='MAIL+2 QUIT')
case('RCPT refused, and 354 all the same: a lone dot', Server(GROUP[0], '550 5.1.1 nobody', '354 go on', dot=b'554 5.5.1 no valid recipients\r\n'), 'refused', 'rcpt', 550, pieces='MAIL+2 . QUIT')
case('… that is taken', Server(GROUP[0], '450 4.2.1 later', '354 go on'), 'deferred', 'rcpt', 450, pieces='MAIL+2 . QUIT')
case('MAIL refused, RCPT taken, 354: a lone dot', Server('550 5.7.1 not you', '250 ok', '354 go on', dot=b'503 no\r\n'), 'refused', 'mail', 550, pieces='MAIL+2 . QUIT')
case('DATA refused', Server(*GROUP[:2], '451 4.3.0 later'), 'deferred', 'data', 451, pieces='MAIL+2 QUIT')
case('fewer replies: one', Server(GROUP[0]), 'dropped', 'rcpt', None, pieces='MAIL+2')
case('fewer replies: two', Server(*GROUP[:2]), 'dropped', 'data', None, pieces='MAIL+2')
case('fewer replies behind a refusal', Server('550 5.7.1 not you'), 'refused', 'mail', 550, pieces='MAIL+2')
case('more replies', Server(*GROUP, '250 2.0.0 queued already'), 'broken', 'message', 250)
case('more replies behind a refusal', Server('550 5.7.1 not you', '503 no', '503 no', '250 and more'), 'refused', 'mail', 550)
case('354 to RCPT', Server(GROUP[0], '354 go on', '354 go on'), 'broken', 'rcpt', 354, pieces='MAIL+2')
case('250 to DATA', Server(*GROUP[:2], '250 what?'), 'broken', 'data', 250)
case('421 within', Server(GROUP[0], '421 4.3.2 closing'), 'deferred', 'rcpt', 421)
case('421 behind a refusal', Server('550 5.7.1 not you', '421 4.3.2 closing'), 'refused', 'mail', 550)
case('not offered: each waits', Server(*GROUP, offers='8BITMIME', apart=True), 'accepted', 'message', 250, pieces='MAIL RCPT DATA message QUIT', more=lambda r: r['attempts'][0]['pipelined'] is False)
tap.done()
