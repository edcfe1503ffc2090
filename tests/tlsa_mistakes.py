#!/usr/bin/env python3
"""What people publish by mistake as TLSA records: each, over a real handshake, is a finding with a remedy, and what is right stands ready to be published. The zones are a book; the servers show a leaf and
its issuer, the issuer in two certificates of one key (signed by itself, and by another root)."""
import datetime
import hashlib
import json
import os
import socketserver
import ssl
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import Run

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID
except ImportError:
    tap.skip_all('no python3-cryptography here')

home = tap.folder('tlsa-mistakes')
PEM, DER, SPKI = serialization.Encoding.PEM, serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
NOW, DAY = datetime.datetime.utcnow(), datetime.timedelta(days=1)


def named(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(name, key, issuer, issuer_key, ca=True):
    builder = (x509.CertificateBuilder().subject_name(named(name)).issuer_name(named(issuer)).public_key(key.public_key()).serial_number(x509.random_serial_number())
               .not_valid_before(NOW - DAY).not_valid_after(NOW + 60 * DAY).add_extension(x509.BasicConstraints(ca, None), True))
    return (builder if ca else builder.add_extension(x509.SubjectAlternativeName([x509.DNSName('*.mx.example')]), False)).sign(issuer_key, hashes.SHA256())


root_key, sub_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
root = certificate('old root', root_key, 'old root', root_key)
alone = certificate('issuer', sub_key, 'issuer', sub_key)
crossed = certificate('issuer', sub_key, 'old root', root_key)
leaf = certificate('mx', key, 'issuer', sub_key, False)
for name, parts in (('server', [leaf, crossed]), ('ca', [root, alone])):
    with open(f'{home}/{name}.pem', 'wb') as f:
        f.write((key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()) if name == 'server' else b'') + b''.join(c.public_bytes(PEM) for c in parts))
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(f'{home}/server.pem')


def spki(of):
    return of.public_key().public_bytes(DER, SPKI)


def sha(data, how=hashlib.sha256):
    return how(data).hexdigest()


def der(of):
    return of.public_bytes(DER)


RIGHT, WRONG = f'3 1 1 {sha(spki(leaf))}', sha(b'the key before')
# label -> (records, what becomes of the mail of a sender that goes by DANE, findings that must be there)
CASES = {
    'right': ([RIGHT], 'deliver', 'dane'),
    'renewed': (['3 1 1 ' + WRONG], 'defer', 'dane-mismatch dane-stale'),
    'renewed-certificate': (['3 0 1 ' + WRONG], 'defer', 'dane-mismatch dane-stale dane-certificate-digest'),
    'pinned-issuer': (['2 1 1 ' + WRONG], 'defer', 'dane-mismatch dane-stale'),
    'root-not-sent': ([f'2 1 1 {sha(spki(root))}'], 'defer', 'dane-mismatch dane-not-sent'),
    'crossed': ([f'2 0 1 {sha(der(alone))}'], 'defer', 'dane-mismatch dane-not-sent dane-authority-digest'),
    'crossed-right': ([f'2 0 1 {sha(der(crossed))}'], 'deliver', 'dane dane-authority-digest'),
    'crossed-key': ([f'2 1 1 {sha(spki(alone))}'], 'deliver', 'dane'),
    'certificate': ([f'3 0 1 {sha(der(leaf))}'], 'deliver', 'dane dane-certificate-digest'),
    'pkix-0': ([f'0 0 1 {sha(der(root))}'], 'deliver-unauthenticated', 'dane-unusable dane-record-unusable dane-wrong-usage'),
    'pkix-1': ([f'1 1 1 {sha(spki(leaf))}'], 'deliver-unauthenticated', 'dane-unusable dane-record-unusable dane-wrong-usage'),
    'stale-stronger': ([RIGHT, f'3 1 2 {sha(b"x", hashlib.sha512)}'], 'defer', 'dane-mismatch dane-outranked dane-stale'),
    'stale-other-selector': ([RIGHT, f'3 0 2 {sha(b"x", hashlib.sha512)}'], 'deliver', 'dane dane-spare dane-certificate-digest'),
    'rollover': ([RIGHT, '3 1 1 ' + WRONG], 'deliver', 'dane dane-spare'),
    'selector': ([f'3 0 1 {sha(spki(leaf))}'], 'defer', 'dane-mismatch dane-wrong-selector dane-certificate-digest'),
    'selector-2': ([f'3 1 1 {sha(der(leaf))}'], 'defer', 'dane-mismatch dane-wrong-selector'),
    'usage-of-leaf': ([f'2 1 1 {sha(spki(leaf))}'], 'defer', 'dane-mismatch dane-wrong-usage'),
    'usage-of-issuer': ([f'3 1 1 {sha(spki(crossed))}'], 'defer', 'dane-mismatch dane-wrong-usage'),
    'matching': (['3 1 1 ' + sha(spki(leaf), hashlib.sha512)], 'deliver-unauthenticated', 'dane-unusable dane-record-unusable dane-wrong-matching-type'),
    'pem': (['3 0 1 ' + sha(leaf.public_bytes(PEM))], 'defer', 'dane-mismatch dane-of-pem-text dane-certificate-digest'),
    'pem-key': (['3 1 1 ' + sha(leaf.public_key().public_bytes(PEM, SPKI))], 'defer', 'dane-mismatch dane-of-pem-text'),
    'bare-key': (['3 1 1 ' + sha(leaf.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint))], 'defer', 'dane-mismatch dane-of-bare-key'),
    'nothing': (['3 1 1 ' + sha(b'')], 'defer', 'dane-mismatch dane-of-nothing'),
    'zeros': (['3 1 1 ' + '00' * 32], 'defer', 'dane-mismatch dane-placeholder'),
    'cut-short': ([RIGHT[:-8]], 'deliver-unauthenticated', 'dane-unusable dane-record-unusable dane-cut-short'),
    'whole': ([f'3 0 0 {der(leaf).hex()}'], 'deliver', 'dane dane-whole dane-certificate-digest'),
    'many': ([RIGHT] + [f'3 1 1 {n:064x}' for n in range(14)], 'deliver', 'dane dane-many dane-spare'),
    'unsigned-host': ([RIGHT], 'deliver-unauthenticated', 'dane-unsigned'),
    'broken-servers': (None, 'defer', 'dane-lookup-failed'),
    'bogus-host': ([RIGHT], None, ''),
    'none': ([], 'deliver-unauthenticated', 'dane-none'),
}
PUBLISHED = {'dane-mismatch', 'dane-unusable', 'dane-none'}  # what is right stands below them


class Mail(socketserver.StreamRequestHandler):
    def handle(self):
        connection = self.request
        try:
            connection.sendall(b'220 mx ESMTP\r\n')
            lines = self.rfile
            while line := lines.readline():
                word = line[:4].upper()
                if word == b'STAR':
                    connection.sendall(b'220 go\r\n')
                    connection = context.wrap_socket(connection, server_side=True)
                    lines = connection.makefile('rb')
                else:
                    connection.sendall({b'EHLO': b'250-mx\r\n250 STARTTLS\r\n', b'QUIT': b'221 bye\r\n'}.get(word, b'250 ok\r\n'))
        except OSError:
            pass


socketserver.ThreadingTCPServer.allow_reuse_address = True
server = socketserver.ThreadingTCPServer(('127.0.0.1', 0), Mail)
server.daemon_threads, PORT = True, server.server_address[1]
threading.Thread(target=server.serve_forever, daemon=True).start()
with open(f'{home}/book', 'w') as f:
    for label, (records, _, _) in CASES.items():
        signed, failing = label != 'unsigned-host', label == 'bogus-host'
        for name, kind, data, rcode, ad in ((f'{label}.example', 'MX', [f'10 {label}.mx.example'], 'NOERROR', True),
                                            (f'{label}.mx.example', 'A', ['127.0.0.1'] if not failing else [], 'SERVFAIL' if failing else 'NOERROR', signed),
                                            (f'{label}.mx.example', 'AAAA', [], 'SERVFAIL' if failing else 'NOERROR', signed),
                                            (f'_{PORT}._tcp.{label}.mx.example', 'TLSA', records or [], 'SERVFAIL' if records is None else 'NOERROR', signed)):
            f.write(json.dumps({'name': name, 'type': kind, 'rcode': rcode, 'ad': ad, 'data': data}) + '\n')
with open(f'{home}/config', 'w') as f:
    f.write('site-rate none\nsite-pause none\n')
run = Run('check', 'dane', '--json', '--dns-replay', f'{home}/book', '--allow-private', '--port', str(PORT), '--helo', 'me.example', '--tls-ca', f'{home}/ca.pem', *[f'{label}.example' for label in CASES],
          env={**os.environ, 'MXWALK_CONFIG': f'{home}/config'}).ndjson()
found = {r['domain'].partition('.')[0]: r for r in run.records}
tap.check('every record is valid', list(found) == list(CASES) and not run.problems, f'{run.problems[:3]} {run.err[:500]}')
for label, (_, sender, ids) in CASES.items():
    r = found.get(label, {'hosts': []})
    findings = [f for h in r['hosts'] for f in h['findings'] if f['id'].startswith('dane')] + [f for f in r.get('findings', []) if f['id'].startswith('dane')]
    dane = r['hosts'][0].get('dane', {}) if r['hosts'] else {}
    tap.check(f'{label}: {sender}, {ids}', dane.get('sender') == sender and {f['id'] for f in findings} == set(ids.split()), f'{dane} {[(f["id"], f["what"]) for f in findings]}'[:1500])
    grave = [f for f in findings if f['severity'] in ('refuses', 'warns')]
    tap.check(f'{label}: … with a remedy', all(f.get('advice') and f.get('who') for f in grave) and
              all(RIGHT in ' '.join(f.get('records') or []) for f in findings if f['id'] in PUBLISHED), [(f['id'], f.get('advice'), f.get('records')) for f in findings])
tap.check('signatures that fail on the way to the host are no word on DANE', (found['bogus-host']['result'], found['bogus-host']['kind']) == ('unknown', 'dns-error') and 'SERVFAIL' in found['bogus-host']['note'], found['bogus-host'])
tap.done()
