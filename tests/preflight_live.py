"""`mxwalk preflight --live`: a real nginx with certificates that are good, expired, and of another name, that answers 200, 404, 405, 503 and redirects, on IPv4 and IPv6; and on ports of their own what no web server says: what is made of them, and that nothing but HEAD is ever sent."""
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from certificates import Authority
from records import Run

os.environ['PATH'] += ':/usr/sbin'
for program in ('openssl', 'nginx'):
    if shutil.which(program) is None:
        tap.skip_all(f'no {program} here')
home = tap.folder('live')
os.chdir(home)
authority = Authority(home)
good, expired, stranger = authority.leaf('good', dns=['good.example']), authority.leaf('old', dns=['old.example'], days=-1), Authority(home, 'another').leaf('stranger', dns=['stranger.example'])
heard = []


def free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def serve(answer, tls=True):
    """What no web server says: on a port of its own, the same to all."""
    listener = socket.create_server(('127.0.0.1', 0))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*good)

    def run():
        while True:
            peer, _ = listener.accept()
            try:
                if tls:
                    peer = context.wrap_socket(peer, server_side=True)
                heard.append(peer.recv(4000))
                if answer is None:
                    time.sleep(20)
                peer.sendall(answer or b'')
                peer.close()
            except (OSError, ssl.SSLError):
                pass
    threading.Thread(target=run, daemon=True).start()
    return listener.getsockname()[1]


def start_nginx(port):
    def host(name, certificate):
        return f'server {{ listen 127.0.0.1:{port} ssl; listen [::1]:{port} ssl; server_name {name}; ssl_certificate {certificate[0]}; ssl_certificate_key {certificate[1]}; location / {{ return 200 "yes"; }}\n'
    with open('nginx.conf', 'w') as f:
        f.write(f'''daemon off; pid {home}/nginx.pid; error_log {home}/nginx.err; user root;
events {{}}
http {{ log_format who '$request_method $request_uri $content_length $status'; access_log {home}/access.log who;
  client_body_temp_path {home}/b; proxy_temp_path {home}/p; fastcgi_temp_path {home}/f; uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
  {host('good.example', good)}
    location /gone {{ return 404; }} location /moved {{ return 302 https://nowhere.example/; }} location /busy {{ return 503; }}
    location /shy {{ if ($request_method = HEAD) {{ return 405; }} return 200; }} location /no {{ return 403; }} }}
  {host('old.example', expired)} }}
  {host('stranger.example', stranger)} }} }}
''')
    p = subprocess.Popen(['nginx', '-p', home, '-c', f'{home}/nginx.conf'], stderr=subprocess.DEVNULL)
    for _ in range(100):
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return p
        except OSError:
            time.sleep(.05)
    print('Bail out! nginx did not start:', open('nginx.err').read()[-600:])
    sys.exit(1)


with open('book', 'w') as f:
    for name in ('good.example', 'old.example', 'stranger.example', 'other.example'):
        f.write('{"name":"%s","type":"A","rcode":"NOERROR","data":["127.0.0.1"]}\n' % name)
    f.write('{"name":"six.example","type":"A","rcode":"NOERROR","data":[]}\n{"name":"six.example","type":"AAAA","rcode":"NOERROR","data":["::1"]}\n')
os.environ['SSL_CERT_FILE'] = authority.file
os.environ['SSL_CERT_DIR'] = os.path.join(home, 'none')


def result(url, *more, file='m.eml'):
    with open(file, 'w') as f:
        f.write(f'From: a@b.example\nSubject: x\nList-Unsubscribe: <{url}>\nMIME-Version: 1.0\nContent-Type: text/html\n\n<img src="{url}">text\n')
    r = Run('preflight', '--json', '--dns-replay', 'book', '--source', '192.0.2.10', '--no-dnsbl', file, '--live', *more).ndjson()
    checks = {c['id']: c for c in r.records[0]['checks']} if r.records else {}
    return r, {i: checks.get(i, {}).get('result', 'none') for i in ('hdr.listunsub.live', 'url.live')}, checks


port, refused = free_port(), free_port()
silence = []  # takes ten seconds, beside the others
silent = threading.Thread(target=lambda: silence.append(result(f'https://good.example:{serve(None)}/', '--allow-private', file='silent.eml')))
silent.start()
nginx = start_nginx(port)
try:
    for what, url, wanted, words in (
            ('200', f'https://good.example:{port}/u/8f3a9c0d1e2b?a=b c', 'pass', ''), ('a redirect is an answer', f'https://good.example:{port}/moved', 'pass', ''), ('HEAD refused with 405 is an answer', f'https://good.example:{port}/shy', 'pass', ''),
            ('404', f'https://good.example:{port}/gone', 'fail', '404'), ('503 is not known', f'https://good.example:{port}/busy', 'unknown', '503'), ('an expired certificate', f'https://old.example:{port}/', 'fail', 'expired'),
            ('a certificate of nobody known', f'https://stranger.example:{port}/', 'fail', 'trusted'), ('a certificate of another name', f'https://other.example:{port}/', 'fail', 'name'), ('IPv6: a certificate of another name', f'https://six.example:{port}/', 'fail', 'name'),
            ('no connection is not known', f'https://good.example:{refused}/', 'unknown', 'refused'), ('no such host is not known', f'https://nowhere.example:{port}/', 'unknown', ''),
            ('no HTTP', f'https://good.example:{serve(b"220 mx.example ESMTP" + bytes((13, 10)))}/', 'fail', ''), ('no TLS', f'https://good.example:{serve(b"HTTP/1.1 200 OK", tls=False)}/', 'fail', ''),
            ('it hangs up', f'https://good.example:{serve(b"")}/', 'unknown', '')):
        r, got, checks = result(url, '--allow-private')
        tap.check(f'live: {what}', set(got.values()) == {wanted} and not r.problems and words in checks.get('url.live', {}).get('what', '') and (wanted == 'pass' or (checks['url.live']['line'], checks['hdr.listunsub.live']['line']) == (7, 3)), (got, checks.get('url.live'), r.problems, r.err))
    asked = len(open('access.log').readlines())
    r, got, _ = result(f'https://good.example:{port}/')
    tap.check('private addresses are not asked, and then nothing is known', set(got.values()) == {'unknown'} and len(open('access.log').readlines()) == asked, got)
    r = Run('preflight', '--json', '--dns-replay', 'book', '--source', '192.0.2.10', '--no-dnsbl', 'm.eml', '--allow-private').ndjson()
    tap.check('without --live nobody is asked', len(open('access.log').readlines()) == asked and not {'url.live', 'hdr.listunsub.live'} & {c['id'] for c in r.records[0]['checks']}, asked)
    silent.join(30)
    tap.check('live: who says nothing is not known', silence and set(silence[0][1].values()) == {'unknown'} and 'in time' in silence[0][2]['url.live']['what'], silence)
    lines = open('access.log').read().splitlines()
    tap.check(f'HEAD is all that nginx got ({len(lines)} times), with no body behind it', len(lines) >= 5 and all(line.startswith('HEAD /') and line.split()[-2] == '-' for line in lines), lines)
    raw = [h for h in heard if h[:1] != b'\x16']
    tap.check('and all that others got', raw and all(h.startswith(b'HEAD / HTTP/1.1\r\nHost: ') and h.endswith(b'\r\n\r\n') for h in raw), raw[:3])
finally:
    nginx.terminate()
    nginx.wait()
tap.done()
