#!/usr/bin/env python3
"""Reports on TLS (RFC 8460) as others send them: JSON, compressed, in a mail, in folders, and broken in every way."""
import email.mime.application
import email.mime.multipart
import email.mime.text
import gzip
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run

home = tap.folder('tls-reports')


def report(day='2016-04-01', organization='Company-X', report_id='r1', details=None, policy=None, good=5326, bad=303, **more):
    return {'organization-name': organization, 'date-range': {'start-datetime': f'{day}T00:00:00Z', 'end-datetime': f'{day}T23:59:59Z'},
            'contact-info': 'sts-reporting@company-x.example', 'report-id': report_id,
            'policies': [{'policy': policy or {'policy-type': 'sts', 'policy-string': ['version: STSv1', 'mode: testing', 'mx: *.mail.company-y.example', 'max_age: 86400'],
                                               'policy-domain': 'company-y.example', 'mx-host': ['*.mail.company-y.example']},
                          'summary': {'total-successful-session-count': good, 'total-failure-session-count': bad}, 'failure-details': details if details is not None else [
                {'result-type': 'certificate-expired', 'sending-mta-ip': '2001:db8:abcd:0012::1', 'receiving-mx-hostname': 'mx1.mail.company-y.example', 'failed-session-count': 100},
                {'result-type': 'starttls-not-supported', 'sending-mta-ip': '2001:db8:abcd:0013::1', 'receiving-mx-hostname': 'mx2.mail.company-y.example',
                 'receiving-ip': '203.0.113.56', 'failed-session-count': 200, 'additional-information': 'https://reports.company-x.example/'},
                {'result-type': 'validation-failure', 'sending-mta-ip': '198.51.100.62', 'receiving-ip': '203.0.113.58',
                 'receiving-mx-hostname': 'mx-backup.mail.company-y.example', 'failed-session-count': 3, 'failure-reason-code': 'X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED'}]}], **more}


def in_mail(part, subtype):
    mail = email.mime.multipart.MIMEMultipart('report', **{'report-type': 'tlsrpt'})
    for name, value in (('From', 'tlsrpt@company-x.example'), ('To', 'tls@company-y.example'), ('Subject', 'Report Domain: company-y.example'),
                        ('TLS-Report-Domain', 'company-y.example'), ('TLS-Report-Submitter', 'company-x.example')):
        mail[name] = value
    mail.attach(email.mime.text.MIMEText('This is an aggregate TLS report. 550 5.7.1 is no refusal here.\n'))
    mail.attach(email.mime.application.MIMEApplication(part, subtype))
    return mail.as_bytes()


def explain(data, *args):
    path = os.path.join(home, 'input')
    with open(path, 'wb') as f:
        f.write(data if isinstance(data, bytes) else json.dumps(data).encode())
    return Run('explain', '--json', '--input', path, *args).ndjson()


def short(run):
    return [(r.get('mx'), r['result_type'], r['failed'], r['sessions']) for r in run.records]


EXPECTED = [('mx2.mail.company-y.example', 'starttls-not-supported', 200, 5629), ('mx1.mail.company-y.example', 'certificate-expired', 100, 5629),
            ('mx-backup.mail.company-y.example', 'validation-failure', 3, 5629)]
plain = json.dumps(report()).encode()
FORMS = {'one line': plain, 'over several lines': json.dumps(report(), indent=2).encode(), 'gzip': gzip.compress(plain), 'JSON in a mail': in_mail(plain, 'tlsrpt+json'),
         'gzip in a mail': in_mail(gzip.compress(plain), 'tlsrpt+gzip'), 'with a byte order mark': b'\xef\xbb\xbf' + plain}
for name, data in FORMS.items():
    run = explain(data)
    tap.check(f'the report of RFC 8460, {name}', short(run) == EXPECTED and run.status == 0 and not run.problems, run.out + run.err + str(run.problems))
first = explain(plain).records[0]
tap.check('since when, who says so, what to do', first['since'] == '2016-04-01' and first['reported_by'] == ['Company-X'] and first['who'] == 'receiver' and 'STARTTLS' in first['advice'], first)

# Every word of RFC 8460 has its own advice
WORDS = ['starttls-not-supported', 'certificate-host-mismatch', 'certificate-expired', 'certificate-not-trusted', 'validation-failure', 'tlsa-invalid', 'dnssec-invalid',
         'dane-required', 'sts-policy-fetch-error', 'sts-policy-invalid', 'sts-webpki-invalid']
run = explain(report(details=[{'result-type': w, 'failed-session-count': 1, 'receiving-mx-hostname': 'mx.example'} for w in [*WORDS, 'something-new']]))
advice = {r['result_type']: r['advice'] for r in run.records}
tap.check('every word has advice of its own', len(set(advice.values())) == 12 and not any('{' in a for a in advice.values()) and not run.problems, str(advice) + str(run.problems))

# What others write
odd = explain(report(policy={'policy-type': 'tlsa', 'policy-domain': 'mx.example', 'mx-host': 'mx.example'}, details=[{'result-type': 'tlsa-invalid', 'failed-session-count': '7'}]))
tap.check('mx-host as a string, a number as a string', short(odd) == [('mx.example', 'tlsa-invalid', 7, 5629)], odd.out)
zoneless = report()
zoneless['date-range'] = {'start-datetime': '2016-04-01T00:00:00', 'end-datetime': '2016-04-01T23:59:59.9999999'}
tap.check('times without a zone', explain(zoneless).records[0]['since'] == '2016-04-01')
good = explain(report(details=[], bad=0))
tap.check('nothing failed', short(good) == [(None, None, 0, 5326)] and good.status == 0 and not good.problems, good.out)
unsaid = explain(report(details=[], bad=9))
tap.check('failures without details', short(unsaid) == [(None, 'unknown', 9, 5335)], unsaid.out)

# Two of the same host in one report, and a folder
two = explain(report(details=[{'result-type': 'certificate-expired', 'receiving-mx-hostname': 'mx.example', 'failed-session-count': n, 'sending-mta-ip': f'192.0.2.{n}'} for n in (1, 2)]))
tap.check('sessions of a report count once', short(two) == [('mx.example', 'certificate-expired', 3, 5629)], two.out)
folder = os.path.join(home, 'folder')
os.mkdir(folder)
for name, data in (('1', in_mail(gzip.compress(plain), 'tlsrpt+gzip')), ('2.json', json.dumps(report('2016-04-03', 'Company-Z', 'r2')).encode()),
                   ('3.json.gz', gzip.compress(json.dumps(report('2016-04-02', 'Company-X', 'r3')).encode()))):
    with open(os.path.join(folder, name), 'wb') as f:
        f.write(data)
run = Run('explain', '--json', '--input', folder).ndjson()
tap.check('a folder is put together', short(run)[0] == ('mx2.mail.company-y.example', 'starttls-not-supported', 600, 3 * 5629) and len(run.records) == 3 and run.status == 0
          and (run.records[0]['since'], run.records[0]['until'], run.records[0]['reports']) == ('2016-04-01', '2016-04-03', 3)
          and sorted(run.records[0]['reported_by']) == ['Company-X', 'Company-Z'], run.out + run.err)
text = Run('explain', '--input', folder)
tap.check('in words', text.out.startswith('mx2.mail.company-y.example: starttls-not-supported, 600 of 16887 sessions, since 2016-04-01, last reported for 2016-04-03') and 'remedy' in text.out, text.out)

# The same report again, by another way
run = explain(in_mail(gzip.compress(plain), 'tlsrpt+gzip') + b'\nFrom a@b Mon Apr  4 00:00:00 2016\n' + in_mail(plain, 'tlsrpt+json'))
tap.check('a report that came twice counts once', short(run) == EXPECTED, run.out + run.err)
text = Run('explain', '--input', os.path.join(home, 'input'))
tap.check('… and that is said', '1 report came more than once, and counts once' in text.out, text.out)

# Large ones
half = [{'result-type': 'certificate-expired', 'sending-mta-ip': f'192.0.2.{n % 250}', 'receiving-mx-hostname': f'mx{n % 7}.example', 'failed-session-count': 1,
         'additional-information': f'https://reports.example/{n}'} for n in range(3500)]
many = report(details=half + half)
line = json.dumps(many).encode()
for name, data in {'on one line': line, 'on one line, with an end': line + b'\n', 'over several lines': json.dumps(many, indent=1).encode(), 'gzip': gzip.compress(line),
                   'gzip in a mail': in_mail(gzip.compress(line), 'tlsrpt+gzip'), 'JSON in a mail': in_mail(json.dumps(report(details=half)).encode(), 'tlsrpt+json')}.items():
    run = explain(data)
    tap.check(f'a report of {len(data)} octets, {name}', len(run.records) == 7 and run.status == 0 and {r['result_type'] for r in run.records} == {'certificate-expired'}, run.out[:300] + run.err)
raw = in_mail(json.dumps(report(details=half)).encode(), 'tlsrpt+json').decode()
head, body = raw.split('\nMIME-Version: 1.0\nContent-Transfer-Encoding: base64\n\n', 1)
encoded, tail = body.split('\n\n--', 1)
run = explain((head + '\nContent-Transfer-Encoding: base64\n\n' + encoded.replace('\n', '') + '\n\n--' + tail).encode())
tap.check('base64 that nobody wrapped', len(run.records) == 7, run.out[:300] + run.err)
run = explain((head + '\nContent-Transfer-Encoding: 8bit\n\n' + json.dumps(report(details=half)) + '\n\n--' + tail).encode())
tap.check('JSON as it is', len(run.records) == 7, run.out[:300] + run.err)
for subtype in ('gzip', 'x-gzip', 'octet-stream'):
    run = explain(in_mail(gzip.compress(plain), subtype))
    tap.check(f'a mail of a report whose part is application/{subtype}', short(run) == EXPECTED, run.out + run.err)
run = explain(in_mail(plain, 'json'))
tap.check('a mail of a report whose part is application/json', short(run) == EXPECTED, run.out + run.err)
named = email.mime.multipart.MIMEMultipart()
named['From'], named['To'], named['Subject'] = 'a@b.example', 'c@d.example', 'Report'
part = email.mime.application.MIMEApplication(gzip.compress(plain), 'gzip')
part.add_header('Content-Disposition', 'attachment', filename='company-x.example!company-y.example!1459468800!1459555199.json.gz')
named.attach(part)
run = explain(named.as_bytes())
tap.check('… by the name of its file', short(run) == EXPECTED, run.out + run.err)
for name, data in {'a long line of brackets': b'{' * 200000 + b'\n', 'a long line of no JSON': b'{"a":"' + b'x' * 200000 + b'\n550 5.1.1 no such user\n', 'NULs': b'{' + b'\0' * 3000000 + b'\n'}.items():
    run = explain(data)
    tap.check(f'{name}', run.status in (0, 65) and 'ERROR: Addr' not in run.err, run.err[:300])

# Hostile
bomb = gzip.compress(b'{"organization-name":"x","policies":[' + b' ' * (40 << 20) + b']}')
run = explain(in_mail(bomb, 'tlsrpt+gzip'))
tap.check('a bomb of 40 MB', run.status in (0, 65) and not run.records and 'longer than 20 MB' in run.err, run.err)
for name, data in {'torn gzip': gzip.compress(plain)[:-20], 'no gzip': b'PK\x03\x04junk', 'no JSON': gzip.compress(b'hello'), 'empty': b''}.items():
    run = explain(in_mail(data, 'tlsrpt+gzip'))
    tap.check(f'{name} in a mail is said', run.status in (0, 65) and (run.err or not data) and 'ERROR: Addr' not in run.err, run.err + run.out)
for name, data in {'policies are no objects': {**report(), 'policies': [1, None, 'x', []]}, 'everything is null': {'policies': [{'policy': None, 'summary': None, 'failure-details': None}], 'report-id': None},
                   'numbers beyond all': report(details=[{'result-type': 'x', 'failed-session-count': 1 << 62}, {'result-type': 'x', 'failed-session-count': -5}]),
                   'controls': report(organization='\x1b[31mred\u202e', details=[{'result-type': '\x1b]0;x\x07', 'receiving-mx-hostname': '\x1b[2J', 'failed-session-count': 1}])}.items():
    run = explain(data)
    words = Run('explain', '--input', os.path.join(home, 'input'))
    tap.check(f'{name}', run.status in (0, 65) and not run.problems and '\x1b' not in words.out, run.out + run.err + str(run.problems))
tap.done()
