"""Certificates for tests, made with the openssl program: Authority(folder).leaf(name, ...) -> (certificate file, key file)."""
import os
import subprocess


def _openssl(*args, **kw):
    subprocess.run(['openssl', *args], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **kw)


class Authority:
    def __init__(self, folder, name='ca'):
        self.folder, self.name = folder, name
        self.file, self.key = self._path(name + '.pem'), self._path(name + '.key')
        _openssl('req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', f'/CN=test {name}',
                 '-addext', 'basicConstraints=critical,CA:TRUE', '-keyout', self.key, '-out', self.file)

    def _path(self, name):
        return os.path.join(self.folder, name)

    def leaf(self, name, dns=(), days=10, subject='x', ip=()):
        """`dns`: the names in subjectAltName; days < 0: it has expired."""
        request, key, out, ext = (self._path(f'{name}.{end}') for end in ('csr', 'key', 'pem', 'ext'))
        _openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', f'/CN={subject}', '-keyout', key, '-out', request)
        names = [f'DNS:{n}' for n in dns] + [f'IP:{n}' for n in ip]
        with open(ext, 'w') as f:
            f.write('basicConstraints=CA:FALSE\n' + (f'subjectAltName={",".join(names)}\n' if names else ''))
        if days >= 0:
            _openssl('x509', '-req', '-in', request, '-CA', self.file, '-CAkey', self.key, '-CAcreateserial', '-days', str(days), '-extfile', ext, '-out', out)
        else:
            self._expired(request, out, ext)
        return out, key

    def _expired(self, request, out, ext):
        """x509 cannot sign what has expired; ca can."""
        config = self._path('ca.cnf')
        for name, text in (('index.txt', ''), ('serial', '1000\n')):
            with open(self._path(name), 'w') as f:
                f.write(text)
        with open(config, 'w') as f:
            f.write(f'[ca]\ndefault_ca=d\n[d]\ndatabase={self._path("index.txt")}\nserial={self._path("serial")}\nnew_certs_dir={self.folder}\n'
                    f'default_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName=supplied\n')
        _openssl('ca', '-batch', '-config', config, '-cert', self.file, '-keyfile', self.key, '-in', request, '-out', out, '-notext', '-extfile', ext,
                 '-startdate', '20200101000000Z', '-enddate', '20200201000000Z')
