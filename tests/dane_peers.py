"""DANE beside real senders: zones signed by ldns-signzone, served by NSD, validated by Unbound; posttls-finger and Postfix at the levels dane, dane-only and secure,
OpenSSL's s_client and ldns-dane come to the same verdict on every host as mxwalk does. Where one of them does not, it stands in a table, with the reason."""
import concurrent.futures
import datetime
import hashlib
import ipaddress
import os
import re
import socketserver
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace
import postfix_server
import tap
from records import Run, probe

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
except ImportError:
    tap.skip_all('no python3-cryptography here')

namespace.enter(['nsd', 'unbound', 'ldns-signzone', 'ldns-keygen', 'ldns-dane', 'openssl', 'posttls-finger'])
home = tap.folder('dane')
os.chmod(home, 0o755)
ZONES, RESOLVER = '127.0.53.1', '127.0.0.1'
PEM, DER = serialization.Encoding.PEM, serialization.Encoding.DER
SPKI = serialization.PublicFormat.SubjectPublicKeyInfo
NOW = datetime.datetime.utcnow()
servers = []


def path(name):
    return os.path.join(home, name)


def write(name, text):
    with open(path(name), 'w') as f:
        f.write(text)
    return path(name)


# ---- certificates
def certificate(name, key, issuer, issuer_key, ca=False, begins=-1, ends=30, names=None, usage=ExtendedKeyUsageOID.SERVER_AUTH, other_names=()):
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    day = datetime.timedelta(days=1)
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer.subject if issuer else subject).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(NOW + begins * day).not_valid_after(NOW + ends * day)
               .add_extension(x509.BasicConstraints(ca, None), True))
    if not ca:
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), False)
    if names or other_names:
        builder = builder.add_extension(x509.SubjectAlternativeName([*(x509.DNSName(n) for n in names or []), *other_names]), False)
    return builder.sign(issuer_key or key, hashes.SHA256())


root_key, sub_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
rsa_key = rsa.generate_private_key(65537, 2048)
small_key = rsa.generate_private_key(65537, 1024)
root = certificate('peers root', root_key, None, None, ca=True, ends=300)
sub = certificate('peers issuer', sub_key, root, root_key, ca=True, ends=300)
LABELS = '''key key512 whole-key cert whole-cert issuer issuer-cert root-sent root-not-sent root-in-full issuer-not-sent wrong rollover selector
usage-2-of-leaf usage-3-of-issuer agility agility-other-selector pkix pkix-and-wrong short no-cert odd-numbers expired-key expired-issuer early-issuer
name-key name-issuer inner-issuer self-key self-as-issuer small-key client-key client-issuer none no-starttls no-starttls-none unsigned bogus-tlsa
cert512 issuer512 issuer-cert512 root-key-in-full issuer-in-full wrong-and-issuer both-wrong issuer-rollover disordered many self-whole wild-tlsa tlsa-alias tlsa-aliases tlsa-alias-out tlsa-dname
host-alias host-alias-old host-alias-out host-dname domain-alias domain-alias-out no-mx upper ttl-0 xn--bcher-kva two-keys two-keys-other'''.split()
WILD = [f'*.{label}.{where}' for label in LABELS for where in ('example', 'plain')]


def leaf(**how):
    return certificate(how.pop('cn', 'mx'), how.pop('key', key), sub, sub_key, names=how.pop('names', WILD), **how)


CHAINS = {
    'good': ([leaf(), sub], key), 'whole': ([leaf(), sub, root], key), 'alone': ([leaf()], key), 'expired': ([leaf(begins=-90, ends=-2), sub], key),
    'early': ([leaf(begins=5), sub], key), 'name': ([leaf(names=['elsewhere.example']), sub], key),
    'self': ([certificate('self', key, None, None, names=WILD)], key), 'small': ([leaf(key=small_key), sub], small_key),
    'client': ([leaf(usage=ExtendedKeyUsageOID.CLIENT_AUTH), sub], key), 'nameless': ([leaf(names=None), sub], key),
    'next-hop': ([leaf(names=['next-hop.example']), sub], key), 'disordered': ([leaf(), root, sub], key),
    'inner': ([leaf(names=['m*.inner-issuer.example']), sub], key),
    'cn': ([leaf(cn='mx.cn.example', names=None), sub], key), 'cn-and-other': ([leaf(cn='mx.cn-and-other.example', names=['elsewhere.example']), sub], key),
    'ip': ([leaf(names=None, other_names=[x509.IPAddress(ipaddress.ip_address('127.0.80.1'))]), sub], key), 'two-labels': ([leaf(names=['*.example']), sub], key),
    'mail-name': ([leaf(cn='mx.mail-name.example', names=None, other_names=[x509.RFC822Name('user@mx.mail-name.example')]), sub], key),
    'domain-name': ([leaf(names=['domain-alias.example']), sub], key), 'real-name': ([leaf(names=['real.example']), sub], key), 'upper': ([leaf(names=['MX.UPPER.EXAMPLE']), sub], key),
    'alias-name': ([leaf(names=['mx.host-alias-old.example']), sub], key), 'rsa': ([leaf(key=rsa_key), sub], rsa_key), 'expanded': ([leaf(names=['there.example']), sub], key),
}


def tlsa(usage, selector, matching, of):
    data = of.public_bytes(DER) if selector == 0 else of.public_key().public_bytes(DER, SPKI)
    data = data if matching == 0 else (hashlib.sha256, hashlib.sha512)[matching - 1](data).digest()
    return f'{usage} {selector} {matching} {data.hex()}'


own = CHAINS['good'][0][0]
wrong = '3 1 1 ' + hashlib.sha256(b'another').hexdigest()
# (label, chain, TLSA records, zone, STARTTLS, what a sender that goes by DANE does)
HOSTS = [
    ('key', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('key512', 'good', [tlsa(3, 1, 2, own)], 'example', True, 'deliver'),
    ('whole-key', 'good', [tlsa(3, 1, 0, own)], 'example', True, 'deliver'),
    ('cert', 'good', [tlsa(3, 0, 1, own)], 'example', True, 'deliver'),
    ('whole-cert', 'good', [tlsa(3, 0, 0, own)], 'example', True, 'deliver'),
    ('issuer', 'good', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('issuer-cert', 'good', [tlsa(2, 0, 1, sub)], 'example', True, 'deliver'),
    ('root-sent', 'whole', [tlsa(2, 0, 1, root)], 'example', True, 'deliver'),
    ('root-not-sent', 'good', [tlsa(2, 0, 1, root)], 'example', True, 'defer'),
    ('root-in-full', 'good', [tlsa(2, 0, 0, root)], 'example', True, 'deliver'),
    ('issuer-not-sent', 'alone', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('wrong', 'good', [wrong], 'example', True, 'defer'),
    ('rollover', 'good', [wrong, tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('selector', 'good', [tlsa(3, 1, 1, own).replace('3 1 1', '3 0 1')], 'example', True, 'defer'),
    ('usage-2-of-leaf', 'good', [tlsa(2, 1, 1, own)], 'example', True, 'defer'),
    ('usage-3-of-issuer', 'good', [tlsa(3, 1, 1, sub)], 'example', True, 'defer'),
    ('agility', 'good', [tlsa(3, 1, 1, own), '3 1 2 ' + hashlib.sha512(b'x').hexdigest()], 'example', True, 'defer'),
    ('agility-other-selector', 'good', [tlsa(3, 1, 1, own), '3 0 2 ' + hashlib.sha512(b'x').hexdigest()], 'example', True, 'deliver'),
    ('pkix', 'good', [tlsa(1, 1, 1, own)], 'example', True, 'deliver-unauthenticated'),
    ('pkix-and-wrong', 'good', [tlsa(1, 1, 1, own), wrong], 'example', True, 'defer'),
    ('short', 'good', ['3 1 1 0123456789abcdef'], 'example', True, 'deliver-unauthenticated'),
    ('no-cert', 'good', ['3 0 0 0123456789abcdef'], 'example', True, 'deliver-unauthenticated'),
    ('odd-numbers', 'good', ['3 5 1 ' + wrong[6:], '3 1 7 ' + wrong[6:], '255 1 1 ' + wrong[6:]], 'example', True, 'deliver-unauthenticated'),
    ('expired-key', 'expired', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('expired-issuer', 'expired', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('early-issuer', 'early', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('name-key', 'name', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('name-issuer', 'name', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('inner-issuer', 'inner', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('self-key', 'self', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('self-as-issuer', 'self', [tlsa(2, 1, 1, own)], 'example', True, 'defer'),
    ('small-key', 'small', [tlsa(3, 1, 1, CHAINS['small'][0][0])], 'example', True, 'deliver'),
    ('client-key', 'client', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('client-issuer', 'client', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('none', 'good', [], 'example', True, 'deliver-unauthenticated'),
    ('no-starttls', 'good', [tlsa(3, 1, 1, own)], 'example', False, 'defer'),
    ('no-starttls-none', 'good', [], 'example', False, 'deliver-cleartext'),
    ('unsigned', 'good', [wrong], 'plain', True, 'deliver-unauthenticated'),
    ('bogus-tlsa', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'defer'),
    ('cert512', 'good', [tlsa(3, 0, 2, own)], 'example', True, 'deliver'),
    ('issuer512', 'good', [tlsa(2, 1, 2, sub)], 'example', True, 'deliver'),
    ('issuer-cert512', 'good', [tlsa(2, 0, 2, sub)], 'example', True, 'deliver'),
    ('root-key-in-full', 'good', [tlsa(2, 1, 0, root)], 'example', True, 'deliver'),
    ('issuer-in-full', 'alone', [tlsa(2, 0, 0, sub)], 'example', True, 'deliver'),
    ('wrong-and-issuer', 'good', [wrong, tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('both-wrong', 'good', [wrong, '2' + wrong[1:]], 'example', True, 'defer'),
    ('issuer-rollover', 'good', ['2' + wrong[1:], tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('next-hop', 'next-hop', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('disordered', 'disordered', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('many', 'good', [tlsa(3, 1, 1, own)] + [f'3 1 1 {n:064x}' for n in range(20)], 'example', True, 'deliver'),
    ('self-whole', 'self', [tlsa(3, 0, 0, CHAINS['self'][0][0])], 'example', True, 'deliver'),
    # certificates out of the way
    ('cn', 'cn', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('cn-and-other', 'cn-and-other', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('ip', 'ip', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('two-labels', 'two-labels', [tlsa(2, 1, 1, sub)], 'example', True, 'defer'),
    ('mail-name', 'mail-name', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('two-keys', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('two-keys-other', 'good', [tlsa(3, 1, 1, CHAINS['rsa'][0][0])], 'example', True, 'defer'),
    # zones out of the way: see ZONES_OF
    ('wild-tlsa', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('tlsa-alias', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('tlsa-aliases', 'good', [wrong], 'example', True, 'defer'),
    ('tlsa-alias-out', 'good', [wrong], 'example', True, 'deliver-unauthenticated'),
    ('tlsa-dname', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('host-alias', 'expanded', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('host-alias-old', 'alias-name', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('host-alias-out', 'good', [wrong], 'example', True, 'defer'),
    ('host-dname', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('domain-alias', 'domain-name', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('domain-alias-end', 'real-name', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('domain-alias-out', 'good', [wrong], 'example', True, 'defer'),
    ('no-mx', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('upper', 'upper', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
    ('ttl-0', 'good', [tlsa(3, 1, 1, own)], 'example', True, 'deliver'),
    ('xn--bcher-kva', 'good', [tlsa(2, 1, 1, sub)], 'example', True, 'deliver'),
]
BOTH_KEYS = {'two-keys', 'two-keys-other'}  # servers with an RSA certificate beside the other
# label -> (lines of the zone example, lines of plain); A: its address, T: its first record
ZONES_OF = {
    'wild-tlsa': ('wild-tlsa MX 10 mx.wild-tlsa\nmx.wild-tlsa A A\n*._tcp.mx.wild-tlsa TLSA T\n', ''),
    'tlsa-alias': ('tlsa-alias MX 10 mx.tlsa-alias\nmx.tlsa-alias A A\n_25._tcp.mx.tlsa-alias CNAME _dane.tlsa-alias\n_dane.tlsa-alias TLSA T\n', ''),
    'tlsa-aliases': ('tlsa-aliases MX 10 mx.tlsa-aliases\nmx.tlsa-aliases A A\n_25._tcp.mx.tlsa-aliases CNAME a.tlsa-aliases\na.tlsa-aliases CNAME b.tlsa-aliases\nb.tlsa-aliases CNAME c.tlsa-aliases\n'
                     'c.tlsa-aliases TLSA T\n', ''),
    'tlsa-alias-out': ('tlsa-alias-out MX 10 mx.tlsa-alias-out\nmx.tlsa-alias-out A A\n_25._tcp.mx.tlsa-alias-out CNAME _dane.tlsa-alias-out.plain.\n', '_dane.tlsa-alias-out TLSA T\n'),
    'tlsa-dname': ('tlsa-dname MX 10 mx.tlsa-dname\nmx.tlsa-dname A A\n_tcp.mx.tlsa-dname DNAME _tcp.tlsa-dname\n_25._tcp.tlsa-dname TLSA T\n', ''),
    'host-alias': ('host-alias MX 10 mx.host-alias\nmx.host-alias CNAME there\nthere A A\n_25._tcp.there TLSA T\n', ''),
    'host-alias-old': ('host-alias-old MX 10 mx.host-alias-old\nmx.host-alias-old CNAME there.host-alias-old\nthere.host-alias-old A A\n_25._tcp.mx.host-alias-old TLSA T\n', ''),
    'host-alias-out': ('host-alias-out MX 10 mx.host-alias-out\nmx.host-alias-out CNAME there.host-alias-out.plain.\n_25._tcp.mx.host-alias-out TLSA T\n', 'there.host-alias-out A A\n'),
    'host-dname': ('host-dname MX 10 mx.old.host-dname\nold.host-dname DNAME new.host-dname\nmx.new.host-dname A A\n_25._tcp.mx.new.host-dname TLSA T\n', ''),
    'domain-alias': ('domain-alias CNAME real.domain-alias\nreal.domain-alias MX 10 mx.domain-alias\nmx.domain-alias A A\n_25._tcp.mx.domain-alias TLSA T\n', ''),
    'domain-alias-end': ('domain-alias-end CNAME real\nreal MX 10 mx.domain-alias-end\nmx.domain-alias-end A A\n_25._tcp.mx.domain-alias-end TLSA T\n', ''),
    'domain-alias-out': ('domain-alias-out CNAME domain-alias-out.plain.\nmx.domain-alias-out A A\n_25._tcp.mx.domain-alias-out TLSA T\n', 'domain-alias-out MX 10 mx.domain-alias-out.example.\n'),
    'no-mx': ('no-mx A A\n_25._tcp.no-mx TLSA T\n', ''),
    'upper': ('UPPER MX 10 MX.Upper\nmx.upper A A\n_25._TCP.mX.upper TLSA T\n', ''),
    'ttl-0': ('ttl-0 0 MX 10 mx.ttl-0\nmx.ttl-0 0 A A\n_25._tcp.mx.ttl-0 0 TLSA T\n', ''),
}
RECORDS = {label: records for label, _, records, *_ in HOSTS}
ADDRESS = {label: f'127.0.80.{n}' for n, (label, *_) in enumerate(HOSTS, 1)}


# ---- mail servers: one chain an address
class Mail(socketserver.BaseRequestHandler):
    def handle(self):
        label = self.server.label
        chain, starttls = next((c, s) for name, c, _, _, s, _ in HOSTS if name == label)
        sock = self.request
        sock.settimeout(10)
        try:
            sock.sendall(b'220 mx ESMTP\r\n')
            reader = sock.makefile('rb')
            while line := reader.readline():
                verb = line.strip().upper().split(b' ')[0]
                if verb == b'EHLO':
                    offers = [b'mx'] + [b'STARTTLS'] * (starttls and not isinstance(sock, ssl.SSLSocket)) + [b'8BITMIME']
                    sock.sendall(b''.join(b'250%s%s\r\n' % (b'-' if o is not offers[-1] else b' ', o) for o in offers))
                elif verb == b'STARTTLS':
                    sock.sendall(b'220 go\r\n')
                    sock = contexts[label if label in BOTH_KEYS else chain].wrap_socket(sock, server_side=True)
                    reader = sock.makefile('rb')
                elif verb == b'DATA':
                    sock.sendall(b'354 go\r\n')
                    while reader.readline() not in (b'.\r\n', b''):
                        pass
                    sock.sendall(b'250 taken\r\n')
                elif verb == b'QUIT':
                    sock.sendall(b'221 bye\r\n')
                    return
                else:
                    sock.sendall(b'250 ok\r\n')
        except (OSError, ValueError):
            pass


def context(name):
    chain, private = CHAINS['good' if name in BOTH_KEYS else name]
    with open(path(f'{name}.pem'), 'wb') as f:
        f.write(private.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        f.write(b''.join(c.public_bytes(PEM) for c in chain))
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.set_ciphers('DEFAULT:@SECLEVEL=0')
    made.load_cert_chain(path(f'{name}.pem'))
    if name in BOTH_KEYS:
        made.load_cert_chain(path('rsa.pem'))
    return made


with open(path('root.pem'), 'wb') as f:
    f.write(root.public_bytes(PEM))
contexts = {name: context(name) for name in [*CHAINS, *BOTH_KEYS]}


def serve():
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    for label, address in ADDRESS.items():
        server = socketserver.ThreadingTCPServer((address, 25), Mail)
        server.daemon_threads, server.label = True, label
        threading.Thread(target=server.serve_forever, daemon=True).start()


# ---- the DNS
def zone(name):
    lines = [f'$ORIGIN {name}.\n$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A {ZONES}\n']
    for label, _, records, where, _, _ in HOSTS:
        if label in ZONES_OF:
            text = ZONES_OF[label][name == 'plain']
            lines.append(re.sub(r'\bT$', records[0], re.sub(r'\bA A$', f'A {ADDRESS[label]}', text, flags=re.M), flags=re.M))
        elif where == name:
            lines.append(f'{label} IN MX 10 mx.{label}\nmx.{label} IN A {ADDRESS[label]}\n')
            lines += [f'_25._tcp.mx.{label} IN TLSA {record}\n' for record in records]
    return ''.join(lines)


def sign(name, file):
    keys = [subprocess.run(['ldns-keygen', '-a', 'ECDSAP256SHA256', *flags, name], cwd=home, capture_output=True, text=True, check=True).stdout.strip()
            for flags in (['-k'], [])]
    subprocess.run(['ldns-signzone', '-o', name, '-f', path(file), path(file), *keys], cwd=home, capture_output=True, check=True)
    return ' '.join(open(path(keys[0] + '.key')).read().split())


def spawn(*argv):
    servers.append(subprocess.Popen(argv, cwd=home, stdout=open(path('servers.log'), 'a'), stderr=subprocess.STDOUT))


def start():
    for name in ('example', 'plain'):
        write(name, zone(name))
    write('root', f'$ORIGIN .\n$TTL 300\n@ IN SOA ns. hostmaster. 1 3600 600 86400 60\n@ IN NS ns.\nns. IN A {ZONES}\n'
          + ''.join(f'{n}. IN NS ns.{n}.\nns.{n}. IN A {ZONES}\n' for n in ('example', 'plain')))
    write('hints', f'. 3600 IN NS ns.\nns. 3600 IN A {ZONES}\n')
    anchors = sign('.', 'root'), sign('example', 'example')
    signed = open(path('example')).read()  # one record is then another than was signed
    good = tlsa(3, 1, 1, own).split()[3]
    write('example', re.sub(r'(_25\._tcp\.mx\.bogus-tlsa\S*\s+\d+\s+IN\s+TLSA\s+3 1 1 )\w+', r'\g<1>' + good[::-1], signed))
    write('nsd.conf', f'server:\n\tip-address: {ZONES}\n\tusername: root\n\tchroot: ""\n\tzonesdir: "{home}"\n\tzonelistfile: "{home}/zone.list"\n'
          f'\txfrdfile: "{home}/xfrd"\n\txfrdir: "{home}"\n\tpidfile: ""\n\tserver-count: 1\nremote-control:\n\tcontrol-enable: no\n'
          + ''.join(f'zone:\n\tname: {n}\n\tzonefile: {path(f)}\n' for n, f in (('.', 'root'), ('example', 'example'), ('plain', 'plain'))))
    spawn('nsd', '-d', '-c', path('nsd.conf'))
    spawn('unbound', '-d', '-c', write('unbound.conf', f'server:\n\tinterface: {RESOLVER}\n\tusername: ""\n\tchroot: ""\n\tdirectory: "{home}"\n\tpidfile: ""\n'
          f'\tuse-syslog: no\n\tdo-ip6: no\n\tdo-not-query-localhost: no\n\tmodule-config: "validator iterator"\n\troot-hints: "{home}/hints"\n'
          + ''.join(f'\ttrust-anchor: "{anchor}"\n' for anchor in anchors)
          + '\tlocal-zone: "127.in-addr.arpa." nodefault\nremote-control:\n\tcontrol-enable: no\n'))
    write('resolv.conf', f'nameserver {RESOLVER}\noptions trust-ad\n')
    subprocess.run(['mount', '--bind', path('resolv.conf'), os.path.realpath('/etc/resolv.conf')], check=True)
    for _ in range(100):
        if '"result":"ok"' in subprocess.run([os.environ['MXWALK'], 'check', 'mx', 'key.example', '--json'], capture_output=True, text=True).stdout:
            return
        time.sleep(0.1)
    print('Bail out! the servers did not start', open(path('servers.log')).read()[-2000:].replace('\n', ' | '))
    sys.exit(1)


# ---- the verdicts of others: of each (what becomes of the mail, its words)
def finger(domain, level='dane'):
    secure = ['-F', path('root.pem'), domain, 'hostname'] if level == 'secure' else [domain]
    run = subprocess.run(['posttls-finger', '-c', '-l', level, '-t', '5', '-T', '5', '-L', 'summary,verbose', *secure], capture_output=True, text=True)
    text = run.stdout + run.stderr
    if 'Verified TLS connection established' in text:
        return 'deliver', text
    if level == 'dane' and 'TLS connection established' in text and ('DNSSEC-signed TLSA record' not in text or 'all TLSA records unusable' in text):
        return 'deliver-unauthenticated', text
    return 'defer', text


def s_client(domain):
    """It is given the records, and looks at nothing else in the DNS; names that it is to take are not asked for."""
    label = domain.partition('.')[0]
    records = [option for record in RECORDS[label] for option in ('-dane_tlsa_rrdata', record)]
    run = subprocess.run(['openssl', 's_client', '-starttls', 'smtp', '-connect', f'{ADDRESS[label]}:25', '-dane_tlsa_domain', f'mx.{domain}', '-dane_ee_no_namechecks',
                          '-cipher', 'DEFAULT:@SECLEVEL=0', *records], input='', capture_output=True, text=True)
    return ('deliver' if 'Verification: OK' in run.stdout else 'defer'), run.stdout + run.stderr


def ldns(domain):
    """It has no STARTTLS, and is given the chain."""
    chain = next(h[1] for h in HOSTS if h[0] == domain.partition('.')[0])
    run = subprocess.run(['ldns-dane', '-c', path(f'{chain}.pem'), '-f', path('root.pem'), 'verify', f'mx.{domain}', '25'], capture_output=True, text=True)
    text = run.stdout + run.stderr
    return ('deliver' if ' dane-validated successfully' in text else 'deliver-unauthenticated' if 'PKIX-validated' in text else 'defer'), text


UNSEEN = 'it does not look into the DNS'
UNLIKE = {  # (witness, label): why it says otherwise
    **{('s_client', label): UNSEEN for label in ('bogus-tlsa', 'no-starttls')},
    **{(witness, 'next-hop'): "it knows the host's name alone, not the domain's" for witness in ('s_client', 'ldns-dane')},
    **{(witness, 'inner-issuer'): 'it takes a wildcard that is part of a label' for witness in ('s_client', 'ldns-dane')},
    ('secure', 'small-key'): 'it takes RSA keys of 1024 bits',
    **{('secure', label): 'it takes the common name where there are no DNS names' for label in ('cn', 'mail-name')},
    ('ldns-dane', 'pkix-and-wrong'): 'it goes by usages 0 and 1, which are not for mail', ('ldns-dane', 'pkix'): '…',
    ('ldns-dane', 'name-key'): 'it looks at names under usage 3, as RFC 6698 has it', ('ldns-dane', 'small-key'): 'it cannot load that certificate',
    ('ldns-dane', 'issuer-in-full'): 'it wants the issuer to be sent',  ('ldns-dane', 'no-starttls'): 'it does not connect',
}


def postfix(domains):
    """What becomes of a mail at each level: {(level, domain): (effect, line of the log)}; the effect is None where there is no Postfix."""
    senders = {'dane': 'smtp', 'dane-only': 'only', 'secure': 'secure'}
    write('transport', '/^only@/ only:\n/^secure@/ secure:\n')
    server = postfix_server.start(path('postfix'), f'''
myhostname = sender.example
transport_maps = regexp:{path('transport')}
smtp_tls_security_level = dane
smtp_dns_support_level = dnssec
smtp_tls_CAfile = {path('root.pem')}
smtp_tls_secure_cert_match = hostname
smtp_tls_loglevel = 1
smtp_host_lookup = dns
smtp_destination_concurrency_limit = 20
default_process_limit = 50
bounce_queue_lifetime = 0
smtp_connect_timeout = 5s
''', '''pickup unix n - n 1 1 pickup
only unix - - n - - smtp -o smtp_tls_security_level=dane-only -o syslog_name=postfix/only
secure unix - - n - - smtp -o smtp_tls_security_level=secure -o syslog_name=postfix/secure
''')
    try:
        for _ in range(100):
            if os.path.exists(path('postfix/queue/public/pickup')):
                break
            time.sleep(0.1)
        subprocess.run(['sendmail', '-C', path('postfix'), '-f', 'probe@sender.example', *(f'{user}@{domain}' for domain in domains for user in senders.values())],
                       input='Subject: x\n\nx\n', text=True)
        end, log = time.monotonic() + 40, ''
        while time.monotonic() < end and len(set(re.findall(r'to=<(\S+?)>.*status=', log))) < len(domains) * len(senders):
            time.sleep(0.3)
            log = postfix_server.maillog(path('postfix'))
    finally:
        postfix_server.stop(path('postfix'), server)
    verdicts = {}
    for level, user in senders.items():
        for domain in domains:
            m = re.search(rf'/smtp\[(\d+)\]: \w+: to=<{user}@{re.escape(domain)}>.* status=(\w+) \((.*)\)', log)
            how = re.findall(rf'postfix/smtp\[\d+\]: (\w+) TLS connection established to \S+\[{re.escape(ADDRESS[domain.partition(".")[0]])}\]', log)
            verdicts[level, domain] = (None, log[-500:]) if not m else (
                'defer' if m[2] != 'sent' else 'deliver' if level != 'dane' or 'Verified' in how else 'deliver-unauthenticated' if how else 'deliver-cleartext', m[0])
    return verdicts


start()
serve()
domains = {f'{label}.{where}': want for label, _, _, where, _, want in HOSTS}
try:
    run = Run('check', 'dane', '--json', '--allow-private', *domains).ndjson()
    tap.check('every record is valid', not run.problems, '\n'.join(run.problems[:5]))
    checks = {r['domain']: r for r in run.records if r['type'] == 'check'}
    witnesses = {'posttls-finger': finger, 's_client': s_client, 'ldns-dane': ldns, 'finger dane-only': lambda d: finger(d, 'dane-only'), 'finger secure': lambda d: finger(d, 'secure')}
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        beside = pool.submit(postfix, list(domains))
        said = {name: dict(zip(domains, pool.map(ask, domains))) for name, ask in witnesses.items()}
        beside = beside.result()
    for domain, want in domains.items():
        label = domain.partition('.')[0]
        hosts = checks.get(domain, {}).get('hosts', [])
        dane = hosts[0].get('dane', {}) if hosts else {}
        tap.check(f'{domain}: {want}', dane.get('sender') == want, f'{dane}\n{run.err}')
        for name in ('posttls-finger', *(() if label in ZONES_OF else ('s_client', 'ldns-dane'))):
            if name == 'posttls-finger' and 'starttls' in label:
                continue  # it says nothing of these
            theirs, words = said[name][domain]
            differs = (theirs == want) if name == 'posttls-finger' else ((theirs == 'deliver') == (want == 'deliver'))
            tap.check(f'{domain}: as {name}' if (name, label) not in UNLIKE else f'{domain}: not as {name}, for {UNLIKE[name, label]}', differs == ((name, label) not in UNLIKE), f'{theirs}: {words[-600:]}')
        sent, line = beside['dane', domain]
        tap.check(f'{domain}: as Postfix', sent == dane.get('sender'), f'{sent}: {line}')

    # A walk at a level goes as far as Postfix's mail does.
    for level in ('dane', 'dane-only', 'secure'):
        walks = {r['domain']: r for r in probe('--tls-level', level, '--tls-ca', path('root.pem'), '--allow-private', *domains).results()}
        for domain in domains:
            walk, label = walks.get(domain, {}), domain.partition('.')[0]
            told = f'{walk.get("status")} {walk.get("note")} {[a.get("detail") for a in walk.get("attempts", [])]}'
            differs, why = (level, label) in UNLIKE, UNLIKE.get((level, label))
            goes = walk.get('status') == 'accepted'
            sent, line = beside[level, domain]
            tap.check(f'{domain}: --tls-level {level}, {"not " * differs}as Postfix{", for " + why if why else ""}', goes == (sent != 'defer') ^ differs, f'{told}\n{line}')
            if level != 'dane' and 'starttls' not in domain:
                theirs, words = said[f'finger {level}'][domain]
                tap.check(f'{domain}: … {"nor" if differs else "and"} as posttls-finger', goes == (theirs == 'deliver') ^ differs, f'{told}, {theirs}: {words[-600:]}')

    # The book of a run has all that its verdict on the DNS rests on.
    book = path('book')
    live = probe('--dns-record', book, '--allow-private', 'key.example', 'unsigned.plain', 'bogus-tlsa.example')
    again = probe('--dns-replay', book, '--allow-private', 'key.example', 'unsigned.plain', 'bogus-tlsa.example')
    states = [{r['domain']: r['attempts'][0]['dane']['state'] for r in x.results()} for x in (live, again)]
    tap.check('a replay comes to the same states', states[0] == states[1] == {
        'key.example': 'usable', 'unsigned.plain': 'insecure-mx', 'bogus-tlsa.example': 'lookup-failed'}, states)
    unbelieved = write('unbelieved', open(book).read().replace('"127.0.0.1', '"192.0.2.53'))
    for args, want in (((), 'not-evaluable'), (('--trust-ad',), 'usable')):
        r = probe('--dns-replay', unbelieved, '--allow-private', *args, 'key.example').results()[0]
        tap.check(f'answers of a resolver elsewhere {" ".join(args)}: {want}', r['attempts'][0]['dane']['state'] == want, r['attempts'][0]['dane'])
finally:
    for server in servers:
        server.terminate()
tap.done()
