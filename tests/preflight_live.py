"""`mxwalk preflight --live`: HTTPS servers on loopback with good and bad certificates, and answers of every kind: what is made of them, and that nothing but HEAD is ever sent."""
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run

if shutil.which('openssl') is None:
    tap.skip_all('no openssl here')
home = tap.folder('live')
os.chdir(home)


def openssl(*args):
    subprocess.run(['openssl', *args], check=True, capture_output=True)


openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '30', '-subj', '/CN=test CA')
open('ext', 'w').write('subjectAltName=DNS:good.example\nextendedKeyUsage=serverAuth\n')
openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'leaf.key', '-out', 'leaf.csr', '-subj', '/CN=good.example')
openssl('x509', '-req', '-in', 'leaf.csr', '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', 'leaf.pem', '-days', '20', '-extfile', 'ext')
heard = []


def serve(answer, tls=True):
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(8)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain('leaf.pem', 'leaf.key')

    def run():
        while True:
            peer, _ = listener.accept()
            try:
                if tls:
                    peer = context.wrap_socket(peer, server_side=True)
                heard.append(peer.recv(4000))
                peer.sendall(answer)
                peer.close()
            except (OSError, ssl.SSLError):
                pass
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


with open('book', 'w') as f:
    for name in ('good.example', 'other.example'):
        f.write('{"name":"%s","type":"A","rcode":"NOERROR","data":["127.0.0.1"]}\n' % name)
os.environ['SSL_CERT_FILE'] = os.path.join(home, 'ca.pem')
os.environ['SSL_CERT_DIR'] = os.path.join(home, 'none')


def result(url, image=None, *more):
    open('m.eml', 'w').write(f'From: a@b.example\nSubject: x\nList-Unsubscribe: <{url}>\nMIME-Version: 1.0\nContent-Type: text/html\n\n<img src="{image or url}">text\n')
    r = Run('preflight', '--json', '--dns-replay', 'book', '--source', '192.0.2.10', '--no-dnsbl', 'm.eml', '--live', *more).ndjson()
    checks = {c['id']: c for c in r.records[0]['checks']} if r.records else {}
    return r, {i: checks.get(i, {}).get('result', 'none') for i in ('hdr.listunsub.live', 'url.live')}, checks


closed = socket.socket()
closed.bind(('127.0.0.1', 0))
refused = closed.getsockname()[1]
ok, gone, odd, plain = serve(b'HTTP/1.1 200 OK\r\n\r\n'), serve(b'HTTP/1.1 404 Not Found\r\n\r\n'), serve(b'220 mx.example ESMTP\r\n'), serve(b'HTTP/1.1 200 OK\r\n\r\n', tls=False)
moved, shy = serve(b'HTTP/1.1 302 Found\r\nLocation: https://good.example/\r\n\r\n'), serve(b'HTTP/1.1 405 No\r\n\r\n')
for what, host, port, wanted in (('200', 'good.example', ok, 'pass'), ('a redirect is an answer', 'good.example', moved, 'pass'), ('405', 'good.example', shy, 'pass'), ('404', 'good.example', gone, 'fail'),
                                 ('no HTTP', 'good.example', odd, 'fail'), ('no TLS', 'good.example', plain, 'fail'), ('a certificate of another name', 'other.example', ok, 'fail'),
                                 ('no connection is not known', 'good.example', refused, 'unknown'), ('no such host is not known', 'nowhere.example', ok, 'unknown')):
    r, got, checks = result(f'https://{host}:{port}/u/8f3a9c0d1e2b?a=b c', None, '--allow-private')
    tap.check(f'live: {what}', set(got.values()) == {wanted} and not r.problems, (got, checks.get('url.live'), r.problems, r.err))
asked = len(heard)
r, got, _ = result(f'https://good.example:{ok}/u')
tap.check('private addresses are not asked, and then nothing is known', set(got.values()) == {'unknown'} and len(heard) == asked, (got, len(heard) - asked))
r = Run('preflight', '--json', '--dns-replay', 'book', '--source', '192.0.2.10', '--no-dnsbl', 'm.eml', '--allow-private').ndjson()
tap.check('without --live nobody is asked', len(heard) == asked and not {'url.live', 'hdr.listunsub.live'} & {c['id'] for c in r.records[0]['checks']}, len(heard) - asked)
https = [h for h in heard if h[:1] != b'\x16']
tap.check('HEAD is all that was sent, with no body behind it', https and all(h.startswith(b'HEAD /u/8f3a9c0d1e2b?a=b%20c HTTP/1.1\r\nHost: ') and h.endswith(b'\r\n\r\n') for h in https), https[:3])
tap.done()
