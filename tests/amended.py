#!/usr/bin/env python3
"""--header, --add-header, --body, --html, --attach, --attach-body on top of --data; what reaches the server is read by Python's email parser."""
import email
import email.policy
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from peer import Peer
from records import Run

home = tap.folder('amended')
BASE = ['--allow-private', '--no-dnsbl', '--dns-replay', '/dev/null', '--helo', 'me.example', '--from', 'me@me.example', '--timeout', '3s']


def keep(name, text):
    path = os.path.join(home, name)
    with open(path, 'wb') as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    return path


def take(connection, hear):
    connection.sendall(b'220 mx\r\n')
    lines = None
    while True:
        line = hear()
        if not line:
            return
        if lines is not None:
            if line == b'.\r\n':
                mails.append(b''.join(lines))
                lines = None
                connection.sendall(b'250 ok\r\n')
            else:
                lines.append(line[1:] if line.startswith(b'.') else line)
            continue
        verb = line[:4].upper()
        if verb == b'DATA':
            lines = []
        connection.sendall({b'EHLO': b'250-mx\r\n250 8BITMIME\r\n', b'DATA': b'354 go\r\n', b'QUIT': b'221 bye\r\n'}.get(verb, b'250 ok\r\n'))


mails = []
server = Peer(take)


def send(*args):
    """The message as it came, parsed; the run."""
    mails.clear()
    run = Run('probe', '--server', f'127.0.0.1:{server.port}', *BASE, *args, 'user@a.example')
    return (email.message_from_bytes(mails[0], policy=email.policy.default) if mails else None), run


def tree(part):
    """"mixed(alternative(plain html) pdf)"."""
    name = part.get_content_subtype()
    return name + '(' + ' '.join(tree(p) for p in part.iter_parts()) + ')' if part.is_multipart() and part.get_content_maintype() == 'multipart' else name


def faults(mail):
    return [str(d) for part in mail.walk() for d in part.defects + [d for h in part.values() for d in getattr(h, 'defects', ())]]


def case(name, data, args, shape, more=lambda mail, run: True):
    mail, run = send('--data', '@' + keep('mail.eml', data), *args)
    good = mail is not None and tree(mail) == shape and not faults(mail) and more(mail, run)
    tap.check(name, good, f'{mail and tree(mail)} {mail and faults(mail)}\n{run.err}\n{mails[0].decode("latin-1") if mails else run.out}')


def refuses(name, data, args, words, status=65):
    mail, run = send('--data', '@' + keep('mail.eml', data), *args)
    tap.check(name, mail is None and run.status == status and words in run.err, f'{run.status} {run.err} {mails}')


def text(mail, subtype='plain'):
    return [p.get_content().replace('\r\n', '\n') for p in mail.walk() if p.get_content_type() == 'text/' + subtype and not p.is_attachment()]


def files(mail):
    return [(p.get_filename(), p.get_payload(decode=True)) for p in mail.walk() if p.is_attachment()]


PLAIN = 'From: a@a.example\nTo: b@b.example\nSubject: old\n words\nX-Twice: 1\nx-twice: 2\nDate: Tue, 1 Dec 2026 03:00:00 +0000\nMessage-ID: <1@a.example>\n\nHello.\n.dot\n'
TYPED = PLAIN.replace('\n\nHello', '\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\nGr\u00fc\u00dfe.\nHello')
ALTERNATIVE = PLAIN.split('\n\n')[0] + '\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b1\n\npreamble\n--b1\n\nplain text\n--b1\nContent-Type: text/html\n\n<p>html text</p>\n--b1--\nepilogue\n'
MIXED = PLAIN.split('\n\n')[0] + '\nMIME-Version: 1.0\nContent-Type: multipart/mixed;\n boundary="b 2"\n\n--b 2\nContent-Type: text/plain\n\nplain text\n--b 2\nContent-Type: text/plain; name=log.txt\nContent-Disposition: attachment; filename=log.txt\n\na log\n--b 2--\n'
RELATED = PLAIN.split('\n\n')[0] + '\nMIME-Version: 1.0\nContent-Type: multipart/related; boundary=r\n\n--r\nContent-Type: text/html\n\n<img src="cid:1">\n--r\nContent-Type: image/png\nContent-ID: <1>\n\nx\n--r--\n'
SEALED = PLAIN.split('\n\n')[0] + '\nMIME-Version: 1.0\nContent-Type: multipart/signed; boundary=s\n\n--s\nContent-Type: text/plain\n\nsealed\n--s\nContent-Type: application/pgp-signature\n\nx\n--s--\n'
REPORT = b'%PDF-1.4\n\x00\xff binary'
f, g = keep('report.pdf', REPORT), keep('gr\u00fc\u00dfe.txt', 'hi\n')

# header fields
case('--header replaces', PLAIN, ['--header', 'Subject: new'], 'plain', lambda m, r: m.get_all('Subject') == ['new'] and m['X-Twice'] == '1' and m.keys().index('Subject') == 2)
case('… all of that name, in any case, folded or not', PLAIN, ['--header', 'X-TWICE: 3'], 'plain', lambda m, r: m.get_all('X-Twice') == ['3'])
case('… with several of the name', PLAIN, ['--h-X-Twice', '3', '--header', 'x-twice: 4'], 'plain', lambda m, r: m.get_all('X-Twice') == ['3', '4'])
case('… or adds, behind the others', PLAIN, ['--header', 'X-New: gr\u00fcn'], 'plain', lambda m, r: m['X-New'] == 'gr\u00fcn' and m.keys()[-1] == 'X-New')
case('--add-header adds', PLAIN, ['--add-header', 'X-Twice: 3', '--add-header', 'X-New: 1\\nX-Newer: 2'], 'plain', lambda m, r: m.get_all('X-Twice') == ['1', '2', '3'] and m['X-Newer'] == '2')
case('nothing else is changed', PLAIN, ['--header', 'Subject: new'], 'plain', lambda m, r: mails[0] == PLAIN.replace('old\n words', 'new').replace('\n', '\r\n').encode())
case('a header in place of one of MIME', TYPED, ['--header', 'Content-Type: text/plain; charset=utf-8; format=flowed'], 'plain', lambda m, r: m.get_content_type() == 'text/plain' and m['Content-Type'].params.get('format') == 'flowed')
case('no body', 'Subject: x\n', ['--add-header', 'X-New: 1'], 'plain', lambda m, r: mails[0] == b'Subject: x\r\nX-New: 1\r\n\r\n')
case('tokens stay tokens', 'From: %FROM_ADDRESS%\nSubject: x\n%NEW_HEADERS%\n%BODY%\n', ['--body', 'mine', '--header', 'Subject: to %TO_ADDRESS%', '--add-header', 'X-New: 1'], 'plain',
     lambda m, r: m['From'] == 'me@me.example' and m['X-New'] == '1' and text(m) == ['mine\n'])
mail, run = send('--header', 'Subject: one', '--add-header', 'Comments: a', '--add-header', 'Subject: two', '--body', 'x')
tap.check('--add-header of the test message', mails and mails[0].count(b'Subject: ') == 2 and b'Comments: a\r\n' in mails[0], mails)

# files
case('a file beside a text', PLAIN, ['--attach', f], 'mixed(plain octet-stream)', lambda m, r: files(m) == [('report.pdf', REPORT)] and text(m) == ['Hello.\n.dot\n'] and m['MIME-Version'] == '1.0')
case('… of eight bits', TYPED, ['--attach-type', 'application/pdf', '--attach-name', '\u00fc.pdf', '--attach', f, '--attach', g], 'mixed(plain pdf pdf)',
     lambda m, r: m['Content-Transfer-Encoding'] == '8bit' and files(m)[0] == ('\u00fc.pdf', REPORT) and files(m)[1][0] == 'gr\u00fc\u00dfe.txt' and 'Gr\u00fc\u00dfe.' in text(m)[0] and m.get_all('MIME-Version') == ['1.0'])
case('… beside an alternative', ALTERNATIVE, ['--attach', f], 'mixed(alternative(plain html) octet-stream)', lambda m, r: text(m, 'html') == ['<p>html text</p>'])
case('… among others', MIXED, ['--attach', f], 'mixed(plain plain octet-stream)', lambda m, r: [x[0] for x in files(m)] == ['log.txt', 'report.pdf'] and files(m)[1][1] == REPORT)
case('… beside what is sealed', SEALED, ['--attach', f], 'mixed(signed(plain pgp-signature) octet-stream)', lambda m, r: text(m) == ['sealed'])

mails.clear()
run = Run('probe', '--server', f'127.0.0.1:{server.port}', *BASE, '--attach', '-', 'user@a.example', input=b'from a pipe\n')
mail = email.message_from_bytes(mails[0], policy=email.policy.default) if mails else None
tap.check('--attach -', mail is not None and files(mail) == [('attachment', b'from a pipe\n')], run.err)

# texts
case('--body in the place of a text', TYPED, ['--body', 'new \u00e4'], 'plain', lambda m, r: text(m) == ['new \u00e4\n'] and m['Content-Transfer-Encoding'] == 'quoted-printable')
case('… of one among others', ALTERNATIVE, ['--body', 'new'], 'alternative(plain html)', lambda m, r: text(m) == ['new\n'] and text(m, 'html') == ['<p>html text</p>'])
case('… not of an attachment', MIXED, ['--body', 'new'], 'mixed(plain plain)', lambda m, r: text(m) == ['new\n'] and files(m) == [('log.txt', b'a log')])
case('--body beside HTML alone', PLAIN.replace('\n\n', '\nMIME-Version: 1.0\nContent-Type: text/html\n\n', 1), ['--body', 'new'], 'alternative(plain html)', lambda m, r: text(m) == ['new\n'] and 'Hello' in text(m, 'html')[0])
case('… and its pictures', RELATED, ['--body', 'new'], 'alternative(plain related(html png))')
case('--html beside a text', PLAIN, ['--html', '<p>new'], 'alternative(plain html)', lambda m, r: text(m) == ['Hello.\n.dot\n'] and text(m, 'html') == ['<p>new\n'])
case('… in a mixed', MIXED, ['--html', '<p>new'], 'mixed(alternative(plain html) plain)', lambda m, r: text(m) == ['plain text'] and files(m) == [('log.txt', b'a log')])
case('--html in the place of the other', ALTERNATIVE, ['--html', '<p>new'], 'alternative(plain html)', lambda m, r: text(m, 'html') == ['<p>new\n'])
case('--attach-body: one more form', ALTERNATIVE, ['--attach-type', 'text/calendar; method=REQUEST', '--attach-body', 'BEGIN:VCALENDAR\\nEND:VCALENDAR', '--attach', f], 'mixed(alternative(plain html calendar) octet-stream)',
     lambda m, r: [p['Content-Type'].params['method'] for p in m.walk() if p.get_content_subtype() == 'calendar'] == ['REQUEST'])
case('all of them', PLAIN, ['--body', 'b', '--html', '<p>h', '--attach', f, '--header', 'Subject: s'], 'mixed(alternative(plain html) octet-stream)', lambda m, r: text(m) == ['b\n'] and m['Subject'] == 's')
mail, run = send('--attach-body', 'plain words', '--attach-type', 'text/html', '--attach-body', '<p>html', '--attach', f)
tap.check('swaks\'s --attach-body without --data', mail is not None and tree(mail) == 'mixed(alternative(plain html) octet-stream)' and text(mail) == ['plain words\n'], run.err)

# as it is, and as it would be
case('--no-data-fixup', PLAIN + '%DATE% 100%BODY%\n', ['--no-data-fixup', '--header', 'Subject: %DATE%'], 'plain', lambda m, r: '%DATE% 100%BODY%' in text(m)[0] and m['Subject'] == '%DATE%')
mail, run = send('--data', '@' + keep('mail.eml', PLAIN), '--header', 'Subject: new', '--dump-mail')
tap.check('--dump-mail', mail is None and run.status == 0 and not run.err and run.out.replace('\r\n', '\n') == PLAIN.replace('old\n words', 'new'), run.out + run.err)
mail, run = send('--dump-mail', '--attach', f)
dumped = email.message_from_string(run.out, policy=email.policy.default)
tap.check('… of the test message', mail is None and run.status == 0 and tree(dumped) == 'mixed(plain octet-stream)' and (dumped['From'], dumped['To']) == ('me@me.example', 'user@a.example'), run.out + run.err)
tap.check('… not of a list', Run('probe', '--dump-mail', '-i', '/dev/null').status == 64)

# what cannot be done
refuses('a boundary that is not there', ALTERNATIVE.replace('=b1', '=b9'), ['--attach', f], 'nowhere in its body')
refuses('no end to put it at', ALTERNATIVE.replace('--b1--\n', ''), ['--attach-type', 'text/calendar', '--attach-body', 'x'], 'no end')
refuses('another text for what is sealed', SEALED, ['--body', 'x'], 'signed or encrypted')
refuses('no text', PLAIN.replace('\n\n', '\nContent-Type: application/pdf\n\n', 1), ['--body', 'x'], 'no text')
refuses('a header that is none', 'Subject: x\nno field\n\nx\n', ['--header', 'Subject: y'], 'line 2 of the header')
refuses('MIME of the user\'s', PLAIN, ['--attach', f, '--header', 'Content-Type: text/html'], 'its own MIME headers')
refuses('201 parts', PLAIN.split('\n\n')[0] + '\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n' + '--b\n\nx\n' * 201 + '--b--\n', ['--attach', f], 'more parts')
refuses('an attachment of a type that is no text as text', PLAIN, ['--attach-type', 'image/png', '--attach-body', 'x'], 'no text', 64)
mail, run = send('--attach', f, '--data', '-', '--body', '-')
tap.check('standard input twice', run.status == 64 and 'only once' in run.err, run.err)

# signatures
try:
    import dkim
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa
except ImportError:
    tap.skip('signatures that do not fit any more', 'no dkim module of Python')
    tap.done()
key = rsa.generate_private_key(65537, 2048)
pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
public = __import__('base64').b64encode(key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo))
raw = TYPED.replace('\n', '\r\n').encode()
SIGNED = dkim.sign(raw, b's', b'a.example', pem, include_headers=[b'From', b'Subject', b'Date']) + raw


def verifies():
    return dkim.verify(mails[0], dnsfunc=lambda name, timeout=5: b'v=DKIM1; p=' + public)


case('a field that is not signed: the signature stays', SIGNED, ['--add-header', 'X-New: 1'], 'plain', lambda m, r: 'DKIM' not in r.err and verifies())
case('one that is: it goes, and that is said', SIGNED, ['--header', 'Subject: new'], 'plain', lambda m, r: 'DKIM-Signature' not in m and 'its DKIM signature does not fit' in r.err and '--dkim-key' in r.err)
case('a file: it goes', SIGNED, ['--attach', f], 'mixed(plain octet-stream)', lambda m, r: 'DKIM-Signature' not in m and 'DKIM' in r.err)
case('signed again', SIGNED, ['--attach', f, '--dkim-key', keep('key.pem', pem), '--dkim-selector', 's', '--dkim-domain', 'a.example'], 'mixed(plain octet-stream)',
     lambda m, r: len(m.get_all('DKIM-Signature')) == 1 and 'it is signed again' in r.err and verifies())
mail, run = send('--data', '@' + keep('mail.eml', SIGNED))
tap.check('nothing changed: as it was', mails and mails[0] == SIGNED and verifies() and 'DKIM' not in run.err, run.err)
tap.done()
