#!/usr/bin/env python3
"""Other ways to say it, against scripted peers: TLS at once, client certificates, HELO alone, LMTP, BDAT, DSN, --h-NAME."""
import email
import json
import os
import shutil
import socket
import ssl
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run, probe

if not shutil.which('openssl'):
    tap.skip_all('no openssl program here')
from certificates import Authority

home = tap.folder('ways')
authority = Authority(home)
certificate = authority.leaf('mx', dns=['mx.example'], ip=['127.71.0.1'])
client = authority.leaf('client', dns=['me.example'], subject='me.example')
LOCKED = os.path.join(home, 'locked.key')
os.system(f'openssl ec -in {client[1]} -aes256 -passout pass:x -out {LOCKED} 2>/dev/null')


class Server:
    """Takes mail, and notes what it heard; `offers` EHLO keywords."""

    def __init__(self, offers=(), tls=False, asks=False, lmtp=False, no_ehlo=False):
        self.offers, self.lmtp, self.no_ehlo = list(offers), lmtp, no_ehlo
        self.heard, self.message, self.peer_subject, self.tls_at = [], b'', None, None
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*certificate)
            if asks:
                self.context.verify_mode = ssl.CERT_REQUIRED
                self.context.load_verify_locations(authority.file)
        self.at_once = tls == 'at once'
        self.listener = socket.create_server(('127.71.0.1', 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            peer, _ = self.listener.accept()
            self.heard, self.message, self.peer_subject = [], b'', None
            try:
                self.talk(peer)
            except OSError as e:
                self.heard.append(f'({e})')
            finally:
                peer.close()

    def secure(self, peer):
        tls = self.context.wrap_socket(peer, server_side=True)
        if self.context.verify_mode != ssl.CERT_NONE:
            self.peer_subject = dict(x[0] for x in tls.getpeercert()['subject'])['commonName']
        return tls

    def talk(self, peer):
        if self.at_once:
            peer = self.secure(peer)
        peer.sendall(b'220 mx.example ready\r\n')
        file = peer.makefile('rb')
        while line := file.readline():
            self.heard.append(line.decode('latin-1').rstrip('\r\n'))
            verb = line[:4].upper().strip()
            offers = self.offers + (['STARTTLS'] if self.context and not isinstance(peer, ssl.SSLSocket) else [])
            if verb == (b'LHLO' if self.lmtp else b'EHLO') and not self.no_ehlo:
                peer.sendall('\r\n'.join(['250-mx.example'] + [f'250-{o}' for o in offers] + ['250 HELP']).encode() + b'\r\n')
            elif verb in (b'EHLO', b'LHLO') or (verb == b'HELO' and self.lmtp):
                peer.sendall(b'500 5.5.1 what?\r\n')
            elif verb == b'STAR':
                peer.sendall(b'220 go\r\n')
                peer = self.secure(peer)
                file = peer.makefile('rb')
            elif verb == b'DATA':
                peer.sendall(b'354 go\r\n')
                while (line := file.readline()) not in (b'.\r\n', b''):
                    self.message += line[1:] if line.startswith(b'.') else line
                peer.sendall(b'250 2.0.0 taken by DATA\r\n')
            elif verb == b'BDAT':
                self.message += file.read(int(line.split()[1]))
                peer.sendall(b'250 2.0.0 taken by BDAT\r\n')
            elif verb == b'QUIT':
                peer.sendall(b'221 bye\r\n')
                return
            else:
                peer.sendall(b'250 2.1.0 ok\r\n')


def walk(server, *args, target='user@a.example'):
    run = probe('--server', '127.71.0.1', '--port', str(server.port), '--allow-private', '--helo', 'me.example', '--from', 'me@me.example', '--no-dnsbl', '--dns-replay', '/dev/null',
                '--tls-ca', authority.file, *args, target)
    result = run.results()[0] if run.results() else {}
    return run, result, server.heard


def accepted(run, result):
    return result.get('status') == 'accepted' and not run.problems


# TLS at once
server = Server(tls='at once')
run, r, heard = walk(server, '--tls-on-connect', '--tls-verify')
tap.check('TLS at once, and the message goes through it', accepted(run, r) and heard[0] == 'EHLO me.example' and 'STARTTLS' not in heard and b'Subject:' in server.message
          and r['attempts'][0]['tls']['done'] and r['attempts'][0]['tls']['verify'] == 'ok', json.dumps(r)[:1500] + run.err)
stages = [(e['stage'], e['tls']) for e in r['attempts'][0]['transcript']]
tap.check('… the transcript begins with the handshake', [s for s, _ in stages[:4]] == ['connect', 'handshake', 'greeting', 'ehlo'] and all(t for s, t in stages[2:]), stages)
run, r, heard = walk(server, '--tls-on-connect', target='a.example')
tap.check('… a bare domain goes as far as EHLO', accepted(run, r) and heard == ['EHLO me.example', 'QUIT'] and r['stage'] == 'ehlo', json.dumps(r)[:800])
run, r, heard = walk(Server(), '--tls-on-connect', '--timeout', '2s')
tap.check('… where a server speaks in the clear it fails', r.get('status') in ('broken', 'dropped') and r['stage'] == 'handshake', json.dumps(r)[:800] + run.err)
run, r, heard = walk(server, '--timeout', '1s')
tap.check('… and in the clear there is no greeting', r.get('status') in ('dropped', 'broken') and r['stage'] == 'greeting', json.dumps(r)[:800])
tap.check('--tls-on-connect and --no-tls', Run('probe', '--tls-on-connect', '--no-tls', 'a.example').status == 64)
for args, port in ((['--tls-on-connect'], 465), (['--protocol', 'lmtp'], 24), (['--tls-on-connect', '--port', '25'], 25), ([], 25)):
    run = probe('--dns-replay', '/dev/null', '--server', '127.71.0.9', '--allow-private', '--timeout', '1s', '--no-dnsbl', '--quit-after', 'connect', *args, 'a.example')
    tap.check(f'port {port}: {" ".join(args)}', run.results()[0]['attempts'][0]['port'] == port, run.out[:500] + run.err)

# Client certificates
server = Server(tls=True, asks=True)
run, r, heard = walk(server, '--tls-cert', client[0], '--tls-key', client[1])
tap.check('a certificate is shown to who asks', accepted(run, r) and server.peer_subject == 'me.example', json.dumps(r)[:1500] + str(heard))
run, r, heard = walk(server)
tap.check('… without one the handshake, or what follows it, fails', r.get('status') in ('broken', 'dropped'), json.dumps(r)[:800])
both = os.path.join(home, 'both.pem')
with open(both, 'w') as f:
    f.write(open(client[0]).read() + open(client[1]).read())
run, r, heard = walk(server, '--tls-cert', both)
tap.check('… key and certificate in one file', accepted(run, r), run.err)
for name, args in {'a key that is locked': ['--tls-cert', client[0], '--tls-key', LOCKED], 'a key of another': ['--tls-cert', client[0], '--tls-key', certificate[1]],
                   'no certificate': ['--tls-cert', '/dev/null'], 'no such file': ['--tls-cert', '/nonexistent']}.items():
    run = Run('probe', '--dns-replay', '/dev/null', *args, 'a.example')
    tap.check(f'{name} is said before anything is asked', run.status == 65 and '--tls-cert' in run.err, run.err)
tap.check('--tls-key alone', Run('probe', '--tls-key', client[1], 'a.example').status == 64)

# Protocols
server = Server(offers=['8BITMIME'])
run, r, heard = walk(server, '--protocol', 'SMTP')
tap.check('HELO alone', accepted(run, r) and heard[0] == 'HELO me.example' and not any(h.startswith('EHLO') for h in heard), heard)
server = Server(offers=['8BITMIME', 'CHUNKING'], lmtp=True)
run, r, heard = walk(server, '--protocol', 'lmtp')
tap.check('LMTP', accepted(run, r) and heard[0] == 'LHLO me.example' and b'Subject:' in server.message, heard)
run, r, heard = walk(Server(), '--protocol', 'lmtp')
tap.check('LMTP that is not spoken: no HELO', r.get('status') == 'refused' and heard == ['LHLO me.example', 'QUIT'], heard)

# BDAT
server = Server(offers=['CHUNKING', '8BITMIME'])
body = os.path.join(home, 'message')
with open(body, 'wb') as f:
    f.write(b'Subject: dots\n\n.\n..two\n.end\n')
run, r, heard = walk(server, '--chunking', '--data', '@' + body)
tap.check('BDAT, octet by octet, without stuffing', accepted(run, r) and server.message == b'Subject: dots\r\n\r\n.\r\n..two\r\n.end\r\n' and heard[3] == f'BDAT {len(server.message)} LAST'
          and 'DATA' not in heard and r['reply']['text'] == '2.0.0 taken by BDAT', str(heard) + str(server.message))
run, r, heard = walk(Server(), '--chunking', '--data', '@' + body)
tap.check('… DATA where it is not offered', accepted(run, r) and 'DATA' in heard, heard)
run, r, heard = walk(server, '--chunking', '--data', '@' + body, '--quit-after', 'data')
tap.check('… and where only the reply to DATA is asked for', 'DATA' in heard and not server.message, heard)

# DSN
server = Server(offers=['DSN'])
run, r, heard = walk(server, '--dsn-notify', 'success,Failure', '--dsn-ret', 'hdrs', '--dsn-envid', 'a b+c=d')
tap.check('DSN', accepted(run, r) and 'MAIL FROM:<me@me.example> RET=HDRS ENVID=a+20b+2Bc+3Dd' in heard and 'RCPT TO:<user@a.example> NOTIFY=SUCCESS,FAILURE' in heard, heard)
run, r, heard = walk(Server(), '--dsn-notify', 'never')
tap.check('… not where it is not offered', r.get('status') == 'skipped' and 'DSN' in json.dumps(r) and not any(h.startswith('MAIL') for h in heard), json.dumps(r)[:800])
for option, value in (('notify', 'never,success'), ('notify', 'success,success'), ('notify', 'success,'), ('notify', 'now'), ('notify', ','), ('ret', 'all'), ('envid', 'x' * 101), ('envid', 'ä')):
    tap.check(f'--dsn-{option} {value[:20]}', Run('probe', f'--dsn-{option}', value, 'a.example').status == 64)

# --h-NAME
server = Server()
run, r, heard = walk(server, '--h-Subject', 'a swaks user', '--header-X-One', '1', '--h-X-Two=2')
tap.check('--h-NAME is --header', accepted(run, r) and b'Subject: a swaks user\r\n' in server.message and b'X-One: 1\r\n' in server.message and b'X-Two: 2\r\n' in server.message, server.message)

# Text and HTML, names and types of attachments
def parts(message):
    return [(p.get_content_type(), p.get_filename(), p.get_payload(decode=True).decode().strip()) for p in email.message_from_bytes(message).walk() if not p.is_multipart()]


def tree(message):
    return [p.get_content_type() for p in email.message_from_bytes(message).walk()]


for name, text in (('a.txt', 'one'), ('b.bin', 'two')):
    with open(os.path.join(home, name), 'w') as f:
        f.write(text)
run, r, heard = walk(server, '--body', 'hällo', '--html', '<p>hällo</p>')
tap.check('--html: text and HTML', accepted(run, r) and tree(server.message) == ['multipart/alternative', 'text/plain', 'text/html'] and [p[2] for p in parts(server.message)] == ['hällo', '<p>hällo</p>'], server.message)
run, r, heard = walk(server, '--html', '<p>x</p>', '--attach-type', 'text/plain', '--attach-name', 'other name.txt', '--attach', os.path.join(home, 'a.txt'), '--attach', '@' + os.path.join(home, 'b.bin'))
tap.check('… and attachments, with name and type', accepted(run, r) and tree(server.message) == ['multipart/mixed', 'multipart/alternative', 'text/plain', 'text/html', 'text/plain', 'text/plain']
          and parts(server.message)[2:] == [('text/plain', 'other name.txt', 'one'), ('text/plain', 'b.bin', 'two')], server.message)
for args, words in ((['--attach-name', 'x'], '--attach'), (['--attach-type', 'text'], 'not a type')):
    tap.check(f'an error: {" ".join(args)}', (e := Run('probe', *args, 'u@a.example')).status == 64 and words in e.err, e.err)
run, r, heard = walk(server, '--data', 'From: %FROM_ADDRESS%%NEWLINE%To: %TO_ADDRESS%\\nX-Mailer: %SWAKS_VERSION%\\n%NEW_HEADERS%\\nto %TO_ADDRESS%: %BODY%')
tap.check('the tokens of swaks, wherever they stand', accepted(run, r) and server.message.startswith(b'From: me@me.example\r\nTo: user@a.example\r\nX-Mailer: mxwalk ') and b'\r\n\r\nto user@a.example: This is an automatic test' in server.message, server.message)
tap.check('--h-NAME without a value', Run('probe', '--h-Subject').status == 64 and Run('explain', '--h-Subject', 'x').status == 64)
tap.done()
