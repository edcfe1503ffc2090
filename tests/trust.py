#!/usr/bin/env python3
"""Whom a probe trusts: the system's authorities, whether they are all loaded or each is looked up by name."""
import json
import os
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import certificates
import peer
import records
import tap

folder = tap.folder('trust')
authority, other = certificates.Authority(folder), certificates.Authority(folder, 'other')
good, strange = authority.leaf('good', dns=['mx.example.com']), other.leaf('strange', dns=['mx.example.com'])


def server(pem, key):
    def script(connection, hear):
        for step in (b'220 mx ESMTP\r\n', b'250-mx\r\n250 STARTTLS\r\n', b'220 go\r\n'):
            connection.sendall(step)
            if step != b'220 go\r\n':
                hear()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, key)
        secure = context.wrap_socket(connection, server_side=True)
        for reply in (b'250 mx\r\n', b'221 bye\r\n'):
            secure.recv(1000)
            secure.sendall(reply)
        secure.close()
        raise OSError
    return script


def trust(name, links):
    """A folder with a bundle of one authority, and links by name: (name, what it leads to)."""
    path = os.path.join(folder, name)
    os.mkdir(path)
    bundle = os.path.join(path, 'all.crt')
    with open(authority.file) as one, open(bundle, 'w') as all_:
        all_.write(one.read())
    digest = subprocess.run(['openssl', 'x509', '-noout', '-hash', '-in', authority.file], check=True, stdout=subprocess.PIPE, text=True).stdout.strip()
    for link, to in links:
        os.symlink(to, os.path.join(path, link.replace('HASH', digest)))
    return bundle


def verify(bundle, pem, **environment):
    servers = peer.Peer(server(*pem))
    book = os.path.join(folder, 'book')
    with open(book, 'w') as file:
        for kind, data in (('A', ['127.0.0.1']), ('AAAA', [])):
            file.write(json.dumps({'name': 'mx.example.com', 'type': kind, 'rcode': 'NOERROR', 'ttl': 60, 'data': data}) + '\n')
    env = {key: value for key, value in os.environ.items() if key not in ('SSL_CERT_DIR', 'MXWALK_CONFIG')}
    run = records.probe('--allow-private', '--ehlo', 'me.example', '--dns-replay', book, '--no-dnsbl', '--quit-after', 'starttls', f'u@example.com@[mx.example.com]:{servers.port}',
                        env={**env, 'SSL_CERT_FILE': bundle, **environment})
    result = run.results()[0]
    return result['attempts'][-1]['tls']['verify'], result


for name, links, environment in (('all are loaded', (), {}), ('by name', (('HASH.0', 'all.crt'),), {}), ('a link that leads nowhere', (('HASH.0', 'gone'),), {}),
                                 ('no name of a certificate', (('HASH.x', 'all.crt'), ('HASH', 'all.crt')), {}), ('by name, and the folder named', (('HASH.0', 'all.crt'),), {'SSL_CERT_DIR': ''})):
    bundle = trust(name, links)
    if environment:
        environment = {'SSL_CERT_DIR': os.path.dirname(bundle)}
    verdict, result = verify(bundle, good, **environment)
    tap.check(f'{name}: a good certificate is', verdict == 'ok', result)
    verdict, result = verify(bundle, strange, **environment)
    tap.check(f'{name}: another authority is not trusted', verdict == 'certificate-not-trusted', result)
tap.done()
