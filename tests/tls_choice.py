#!/usr/bin/env python3
"""--tls-sni, --tls-verify-target, --tls-protocol, --tls-cipher: what the server is offered, and what comes of it, beside swaks where it is installed."""
import json
import os
import shutil
import ssl
import subprocess
import sys
import warnings

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from certificates import Authority
from peer import Peer
from records import probe

if not shutil.which('openssl'):
    tap.skip_all('no openssl program to make certificates')
warnings.simplefilter('ignore', DeprecationWarning)
home = tap.folder('tls-choice')
authority = Authority(home)
certificate = authority.leaf('mx', dns=['mx.good.example'])
asked = []


def server(change=lambda context: None):
    def script(connection, hear):
        for step in (b'220 mx ESMTP\r\n', b'250-mx\r\n250 STARTTLS\r\n', b'220 go\r\n'):
            connection.sendall(step)
            if step != b'220 go\r\n':
                hear()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers('DEFAULT@SECLEVEL=0')
        context.sni_callback = lambda sock, name, ctx: asked.append(name)
        context.load_cert_chain(*certificate)
        change(context)
        secure = context.wrap_socket(connection, server_side=True)
        while line := secure.recv(1000):
            secure.sendall(b'221 bye\r\n' if line.startswith(b'QUIT') else b'250 mx\r\n')
        raise OSError
    return Peer(script)


def walk(peer, *args):
    asked.clear()
    run = probe('--server', f'127.0.0.1:{peer.port}', '--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--helo', 'me.example', '--timeout', '3s', '--tls-ca', authority.file, *args, 'a.example')
    r = run.results()[0] if run.results() else {}
    return run, r, ((r.get('attempts') or [{}])[-1].get('tls') or {})


def case(name, peer, args, want):
    run, r, tls = walk(peer, *args)
    have = {'status': r.get('status'), 'version': tls.get('version'), 'cipher': tls.get('cipher'), 'verify': tls.get('verify'), 'sni': asked[-1] if asked else None, 'exit': run.status}
    tap.check(name, not run.problems and {k: have[k] for k in want} == want, f'{have}\n{run.problems} {run.err}')


any_version = server()
old = server(lambda c: setattr(c, 'maximum_version', ssl.TLSVersion.TLSv1_2))
case('an address has no SNI', any_version, [], {'status': 'accepted', 'version': 'TLSv1.3', 'sni': None, 'verify': 'certificate-host-mismatch'})
case('--tls-sni', any_version, ['--tls-sni', 'other.example'], {'sni': 'other.example', 'verify': 'certificate-host-mismatch', 'status': 'accepted'})
case('--tls-verify-target', any_version, ['--tls-verify-target', 'mx.good.example', '--tls-verify'], {'sni': 'mx.good.example', 'verify': 'ok', 'status': 'accepted'})
case('… of another', any_version, ['--tls-verify-target', 'mx.bad.example', '--tls-verify'], {'sni': 'mx.bad.example', 'status': 'broken'})
case('both', any_version, ['--tls-verify-target', 'MX.Good.Example', '--tls-sni', 'b\u00fccher.example', '--tls-verify'], {'sni': 'xn--bcher-kva.example', 'verify': 'ok', 'status': 'accepted'})
for word, version in (('tlsv1', 'TLSv1'), ('tlsv1_1', 'TLSv1.1'), ('tlsv1_2', 'TLSv1.2'), ('TLSv1_3', 'TLSv1.3'), ('no_tlsv1_3', 'TLSv1.2'), ('no_sslv2,no_sslv3,no_tlsv1_3,no_tlsv1_2', 'TLSv1.1'), ('tlsv1_1,tlsv1_2', 'TLSv1.2')):
    case(f'--tls-protocol {word}', any_version, ['--tls-protocol', word], {'version': version, 'status': 'accepted'})
case('a version that the server does not take', old, ['--tls-protocol', 'tlsv1_3'], {'status': 'broken', 'version': None})
for cipher, have, version in (('ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES128-GCM-SHA256', 'ECDHE-', 'TLSv1.2'), ('TLS_CHACHA20_POLY1305_SHA256', 'TLS_CHACHA20_POLY1305_SHA256', 'TLSv1.3'),
                              ('TLS_AES_128_GCM_SHA256:HIGH', 'TLS_AES_128_GCM_SHA256', 'TLSv1.3')):
    run, r, tls = walk(any_version, '--tls-cipher', cipher)
    tap.check(f'--tls-cipher {cipher}', (r.get('status'), tls.get('version')) == ('accepted', version) and tls.get('cipher', '').startswith(have), json.dumps(tls) + run.err)
case('a cipher that the server does not take', any_version, ['--tls-cipher', 'AECDH-NULL-SHA:@SECLEVEL=0'], {'status': 'broken', 'cipher': None})
for args, words in ((['--tls-cipher', 'nonsense'], 'none of these ciphers'), (['--tls-cipher', 'TLS_NONSENSE'], 'none of these ciphers'), (['--tls-cipher', 'TLS_AES_128_GCM_SHA256', '--tls-protocol', 'tlsv1_2'], 'goes with a version'),
                    (['--tls-protocol', 'sslv3'], 'tlsv1_1'), (['--tls-protocol', 'tlsv1,no_tlsv1_1'], 'either'), (['--tls-protocol', 'no_tlsv1,no_tlsv1_1,no_tlsv1_2,no_tlsv1_3'], 'leaves none'), (['--tls-protocol', ''], 'empty'), (['--tls-protocol', 'tlsv1,tlsv1_2'], 'in the middle'),
                    (['--tls-sni', 'a b'], 'not a name'), (['--tls-audit', '--tls-cipher', 'HIGH'], '--tls-audit')):
    run = probe('--server', '127.0.0.1:1', *args, 'a.example')
    tap.check(f'an error: {" ".join(args)}', run.status == 64 and words in run.err, f'{run.status} {run.err}')
if shutil.which('swaks'):
    for args in (['--tls-protocol', 'tlsv1_2'], ['--tls-protocol', 'no_tlsv1_3'], ['--tls-sni', 'other.example']):
        asked.clear()
        theirs = subprocess.run(['swaks', '--server', '127.0.0.1', '--port', str(any_version.port), '--helo', 'me', '--to', 'a@a.example', '--quit-after', 'EHLO', '--tls', *args], capture_output=True, text=True).stdout
        sni = asked[-1] if asked else None
        run, r, tls = walk(any_version, *args)
        tap.check(f'swaks with {" ".join(args)}: the same', f'{tls["version"]}:' in theirs and (asked[-1] if asked else None) == sni, f'{theirs} {tls} {sni} {asked}')
else:
    tap.skip('the same as swaks', 'swaks is not installed')
tap.done()
