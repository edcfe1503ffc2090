"""mxwalk explain on what people have in hand: bounces of many systems, pieces of them, logs by
delivery, exports of services; hostile and broken input. Beside it the suite of bounce mails, where
that is to be had."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, TOP, Run

os.environ.pop('MXWALK_CONFIG', None)
home = tap.folder('bounces')


def explain(text, *args):
    """The records of what is read in the text, from standard input."""
    data = text if isinstance(text, bytes) else text.encode()
    return Run('explain', '--json', '-q', *args, input=data).ndjson()


def fields(record, names):
    return tuple(record.get(name) for name in names)


def reads(name, text, names, *wanted):
    run = explain(text)
    got = [fields(r, names) for r in run.records]
    tap.check(name, got == list(wanted) and not run.problems,
              f'got    {got}\nwanted {list(wanted)}\n{run.problems}\n{run.err}')


def silent(name, text):
    run = explain(text)
    tap.check(name, run.status == 65 and not run.records, f'{run.status} {run.out} {run.err}')


def file(name, data):
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, 'wb') as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    return path


HEAD = 'From: MAILER-DAEMON@out.example.org\nSubject: Undelivered Mail Returned to Sender\n'
WHO = ('recipient', 'code', 'enhanced', 'cause', 'said_by')


def report(status, words='see below', returned='To: x@example.net\n\nbody\n'):
    return (HEAD + 'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n--b\n\n'
            f'{words}\n\n--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; out.example.org\n'
            f'X-Postfix-Queue-ID: 4F3280D2B\n\n{status}\n\n--b\nContent-Type: message/rfc822\n\n{returned}\n--b--\n')


def group(recipient, *lines):
    return '\n'.join((f'Final-Recipient: rfc822; {recipient}', 'Action: failed') + lines)


# ---- RFC 3464, whole
reads('a status: who, what, by whom, when, where', report(group('joe@example.com', 'Status: 5.1.1', 'Remote-MTA: dns; MX.example.com. [192.0.2.1]', 'Diagnostic-Code: smtp; 550 5.1.1 no such user', 'Last-Attempt-Date: Mon, 30 Nov 2026 10:00:00 +0000')),
      WHO + ('relay', 'relay_ip', 'queue_id', 'time', 'line', 'direction'),
      ('joe@example.com', 550, '5.1.1', 'recipient-unknown', 'server', 'mx.example.com', '192.0.2.1', '4F3280D2B', 'Mon, 30 Nov 2026 10:00:00 +0000', 1, 'outbound'))
reads('each recipient is one', report('\n\n'.join(group(f'u{i}@example.com', 'Status: 5.2.2', 'Diagnostic-Code: smtp; 552 5.2.2 mailbox full') for i in range(3))), ('recipient', 'cause'),
      *((f'u{i}@example.com', 'mailbox-full') for i in range(3)))
reads('... also where the empty lines between them are lost', report('\n'.join(group(f'u{i}@example.com', 'Status: 5.2.2') for i in range(2))), ('recipient', 'cause'),
      ('u0@example.com', 'mailbox-full'), ('u1@example.com', 'mailbox-full'))
for status, cause in (('5.1.1', 'recipient-unknown'), ('5.1.2', 'recipient-domain'), ('5.2.2', 'mailbox-full'), ('5.3.4', 'message-size'), ('5.4.4', 'recipient-domain'), ('5.4.6', 'routing-loop'),
                      ('5.4.7', 'unreachable'), ('4.4.7', 'unreachable'), ('4.4.1', 'unreachable')):
    reads(f'Status {status} alone', report(group('joe@example.com', f'Status: {status}')), ('recipient', 'enhanced', 'cause'), ('joe@example.com', status, cause))
reads('Original-Recipient alone', report('Original-Recipient: <joe@example.com>\nAction: failed\nDiagnostic-Code: smtp; 550 Unknown user\nRemote-MTA: 192.0.2.192'), ('recipient', 'cause', 'relay'),
      ('joe@example.com', 'recipient-unknown', '192.0.2.192'))
reads('delivered and relayed recipients are none', report('Final-Recipient: rfc822; a@example.com\nAction: relayed\nStatus: 2.0.0\n\n' + group('b@example.com', 'Status: 5.2.2') + '\n\nFinal-Recipient: rfc822; c@example.com\nAction: delivered\nStatus: 2.1.5\nDiagnostic-Code: smtp; 250 ok'),
      ('recipient',), ('b@example.com',))
reads('the transcript completes a Diagnostic-Code', report(group('joe@example.com', 'Status: 5.0.0', 'Diagnostic-Code: SMTP; 550-mailbox unavailable'), '... while talking to mx.example.com.:\n<<< 550-mailbox unavailable\n<<< 550-Reject due to policy restrictions.\n<<< 550 see http://x.example/\n554 5.0.0 Service unavailable'),
      ('text', 'relay'), ('550-mailbox unavailable\n550-Reject due to policy restrictions.\n550 see http://x.example/', 'mx.example.com'))
reads('the same in two parts and two languages is one', report(group('joe@example.com', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 no such user'), 'Ваше письмо не может быть доставлено:\n\n  joe@example.com\n    host mx.example.com [192.0.2.1]: 550 5.1.1 no such user\n\nThis message could not be delivered:\n\n  joe@example.com\n    host mx.example.com [192.0.2.1]: 550 5.1.1 no such user'),
      ('recipient', 'code'), ('joe@example.com', 550))
for kind, words, cause, said_by in (
        ('X-Postfix', 'Host or domain name not found. Name service error for name=gone.example type=A: Host not found', 'recipient-domain', 'sender'),
        ('X-Postfix', 'connect to mx.example.com[192.0.2.1]:25: Connection timed out', 'unreachable', 'sender'),
        ('X-Postfix', 'host mx.example.com[192.0.2.1] said: 554 5.7.1 Client host [192.0.2.9] blocked using zen.spamhaus.org (in reply to RCPT TO command)', 'ip-blocklist', 'server'),
        ('X-Unix', 'Quota exceeded message delivery failed to /var/mail/joe', 'mailbox-full', 'sender'),
        ('X-Notes', 'User joe (joe@example.com) not listed in Domino Directory', 'recipient-unknown', 'sender'),
        ('unknown', 'No such domain.', 'recipient-domain', 'sender')):
    reads(f'Diagnostic-Code of type {kind}: {words[:30]}', report(group('joe@example.com', 'Status: 5.0.0', f'Diagnostic-Code: {kind}; {words}')), ('cause', 'said_by'), (cause, said_by))
reads('a wrapper loses to the reply that it quotes', report(group('joe@example.com', 'Status: 5.0.0', "Diagnostic-Code: smtp; 5.1.0 - Unknown address error 550-'5.7.1 <a@b.example>... Relaying denied' (delivery attempts: 0)")), ('code', 'enhanced', 'cause'), (550, '5.7.1', 'relay-denied'))

# ---- parts
PLAIN = '<joe@example.com>: host mx.example.com[192.0.2.1] said: 550 5.1.1 no such user (in reply to RCPT TO command)\n'
SAME = ('joe@example.com', 550, '5.1.1', 'recipient-unknown', 'server')
reads('base64', HEAD + 'Content-Type: text/plain\nContent-Transfer-Encoding: base64\n\n' + __import__('base64').encodebytes(PLAIN.encode()).decode(), WHO, SAME)
reads('quoted-printable', HEAD + 'Content-Type: text/plain\nContent-Transfer-Encoding: quoted-printable\n\n<joe=40example.com>: host mx.example.com[192.0.2.1] s=\naid: 550 5.1.1 no such us=65r (in reply to RCPT TO command)\n', WHO, SAME)
reads('HTML without a plain twin', HEAD + 'Content-Type: text/html\n\n<html><head><title>550 5.7.1 x</title></head><p>&lt;joe@example.com&gt;: host mx.example.com[192.0.2.1] said:<br>550 5.1.1 no such user</p></html>', WHO, SAME)
reads('ISO-2022-JP', (HEAD + 'Content-Type: text/plain; charset=iso-2022-jp\n\n').encode() + '送信できませんでした。\n'.encode('iso-2022-jp') + PLAIN.encode(), WHO, SAME)
reads('a charset that does not exist', HEAD + 'Content-Type: text/plain; charset="../../x//y"\n\n' + PLAIN, WHO, SAME)
reads('a boundary that the header does not name', HEAD + 'Content-Type: multipart/report; boundary="a"\n\n--zz\nContent-Type: text/plain\n\n' + PLAIN + '\n--zz--\n', WHO, SAME)
reads('no boundary at all', HEAD + 'Content-Type: multipart/report\n\n' + PLAIN, WHO, SAME)
reads('a header that was lost', HEAD + '\n--b\n\nwords\n\n--b\nContent-Type: message/delivery-status\n\n' + group('joe@example.com', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 no such user') + '\n--b--\n', WHO, SAME)
reads('a lone status part', 'Content-Type: message/delivery-status\n\nReporting-MTA: dns; m.example\n\n' + group('joe@example.com', 'Diagnostic-Code: smtp; 550 5.1.1 no such user'), WHO, SAME)
reads('cut off within its status', report(group('joe@example.com', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 no such user'))[:-75], WHO, SAME)
reads('a bounce that was sent on as an attachment', 'From: me@example.org\nSubject: look\nContent-Type: multipart/mixed; boundary=o\n\n--o\n\nwhat is this?\n\n--o\nContent-Type: message/rfc822\n\n' + report(group('joe@example.com', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 no such user')).replace('"b"', 'b') + '--o--\n', WHO, SAME)
QUOTING = 'To: bob@gone.example\n\nlast week they told us\n550 5.7.606 Access denied, banned sending IP [192.0.2.99].\n'
reads('nothing of the returned message: message/rfc822', report(group('bob@gone.example', 'Status: 5.1.2'), returned=QUOTING), ('cause', 'code'), ('recipient-domain', 0))
for mark in ('--- Below this line is a copy of the message.', '------ This is a copy of the message, including all the headers. ------', '    Below is a copy of the original message:', 'Original message headers:', 'Message headers follow.', '----- Original message -----',
             '   ----- Unsent message follows -----', '------- Returned Message --------', 'Received: from x by y; Mon, 30 Nov 2026 10:00:00 +0000', '--- The header of the original message is following. ---', '--- Enclosed is a copy of the message.', 'Original message follows.'):
    reads(f'nothing behind "{mark.strip()[:40]}"', HEAD + '\n<bob@gone.example>:\nHost or domain name not found.\n\n' + mark + '\n\n' + QUOTING, ('recipient', 'cause', 'code'), ('bob@gone.example', 'recipient-domain', 0))

# ---- what tells of no refusal
silent('a feedback report', 'From: fbl@example.com\nContent-Type: multipart/report; report-type=feedback-report; boundary=b\n\n--b\n\nabuse report: 550 5.7.1 x\n--b\nContent-Type: message/feedback-report\n\nFeedback-Type: abuse\n--b--\n')
silent('an automatic answer', 'From: joe@example.com\nSubject: Away\nAuto-Submitted: auto-replied\n\nI am away until May 5. Call +0-500-555-0100 or write to ann@example.com.\n')
silent('a report of success', 'From: MAILER-DAEMON@example.org\nSubject: Successful Mail Delivery Report\n\n<joe@example.com>: delivery via mx.example.com[192.0.2.1]:25: 250 2.0.0 Ok\n')
silent('a complaint in JSON', 'From: x@sns.example\nSubject: Notification\n\n{"notificationType":"Complaint","complaint":{"complainedRecipients":[{"emailAddress":"joe@example.com"}]}}\n')

# ---- several mails
two = 'From MAILER-DAEMON Mon Nov 30 10:00:00 2026\n' + report(group('a@example.com', 'Status: 5.1.1')) + '\nFrom MAILER-DAEMON Mon Nov 30 10:00:01 2026\n' + HEAD + '\n<b@example.com>:\nRemote host said: 552 mailbox full\n\nFrom x@example.com Mon Nov 30 10:00:02 2026\nFrom: x@example.com\nSubject: hello\n\nhello\n'
reads('an mbox', two, ('recipient', 'cause'), ('a@example.com', 'recipient-unknown'), ('b@example.com', 'mailbox-full'))
for i in range(3):
    file(f'maildir/{"new" if i else "cur"}/{i}', report(group(f'u{i}@example.com', 'Status: 5.2.2')))
file('maildir/cur/none', 'From: x\nSubject: hello\n\nhello\n')
run = Run('explain', '--json', '--input', home + '/maildir').ndjson()
tap.check('a maildir', run.status == 0 and sorted(r['recipient'] for r in run.records) == [f'u{i}@example.com' for i in range(3)] and not run.problems, f'{run.status} {run.out} {run.err}')
tap.check('... names the file of each, and counts what has none', all(r['file'].startswith(home + '/maildir/') for r in run.records) and '1 mail that tells of no refusal' in run.err, run.err)
os.makedirs(home + '/empty/cur')
run = Run('explain', '--input', home + '/empty', '-q')
tap.check('a folder without mails: 65', run.status == 65 and 'no file in it' in run.err, run.err)
file('noise/1', 'From: x\nSubject: hello\n\nhello\n')
run = Run('explain', '--input', home + '/noise', '-q')
tap.check('a folder without refusals: 65', run.status == 65 and 'no refusal in its 1 file' in run.err, run.err)

# ---- services
for name, event in (
        ('SES', {'notificationType': 'Bounce', 'bounce': {'bouncedRecipients': [{'emailAddress': 'joe@example.com', 'status': '5.1.1', 'diagnosticCode': 'smtp; 550 5.1.1 no such user'}], 'reportingMTA': 'dns; a.example', 'remoteMtaIp': '192.0.2.1', 'timestamp': 't'}}),
        ('SendGrid', {'email': 'joe@example.com', 'event': 'bounce', 'reason': '550 5.1.1 no such user', 'status': '5.1.1', 'timestamp': 1}),
        ('Mailgun', {'event-data': {'event': 'failed', 'severity': 'permanent', 'recipient': 'joe@example.com', 'delivery-status': {'code': 550, 'message': '550 5.1.1 no such user', 'mx-host': 'mx.example.com'}, 'timestamp': 1.5}}),
        ('Postmark', {'RecordType': 'Bounce', 'Type': 'HardBounce', 'TypeCode': 1, 'Email': 'joe@example.com', 'Details': 'smtp;550 5.1.1 no such user', 'BouncedAt': 't'}),
        ('SparkPost', {'msys': {'message_event': {'type': 'bounce', 'rcpt_to': 'joe@example.com', 'raw_reason': '550 5.1.1 no such user', 'error_code': '550', 'ip_address': '192.0.2.1', 'timestamp': '1'}}})):
    for form, text in (('on one line', json.dumps(event)), ('over several lines', json.dumps(event, indent=2)), ('in an array', json.dumps([event, {'event': 'open', 'email': 'x@example.com'}], indent=1))):
        reads(f'{name}, {form}', text + '\n', WHO[:4], SAME[:4])
reads('SES by SNS by mail', 'From: no-reply@sns.example\nSubject: AWS Notification Message\n\n' + json.dumps({'Type': 'Notification', 'Message': json.dumps({'notificationType': 'Bounce', 'bounce': {'bouncedRecipients': [{'emailAddress': 'joe@example.com', 'diagnosticCode': 'smtp; 550 5.1.1 no such user'}]}})}) + '\n\n--\nIf you wish to stop receiving\n', WHO[:4], SAME[:4])

# ---- pasted: put together first, the same for arguments, standard input and files
LISTED = '554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org'
for name, text, recipient in (
        ('indented', '    ' + LISTED, None), ('a tab', '\t' + LISTED, None), ('quoted', '> ' + LISTED, None), ('quoted twice', '> > ' + LISTED, None),
        ('HTML', f'<p><b>{LISTED.replace("<", "&lt;")}</b></p>', None), ('two lines', '554-5.7.1 Service unavailable;\n554 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org', None),
        ('two lines, indented', '  554-5.7.1 Service unavailable;\n  554 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org', None),
        ('a notice of Postfix', '<u@example.com>: host mx.example.com[192.0.2.1] said: 554 5.7.1 Service\n    unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org (in\n    reply to RCPT TO command)', 'u@example.com'),
        ('... quoted', '> <u@example.com>: host mx.example.com[192.0.2.1] said: 554 5.7.1 Service\n>     unavailable; Client host [198.51.100.7] blocked using zen.spamhaus.org (in\n>     reply to RCPT TO command)', 'u@example.com'),
        ('a notice of Exim', '  u@example.com\n    host mx.example.com [192.0.2.1]\n    SMTP error from remote mail server after RCPT TO:<u@example.com>:\n    554 5.7.1 Service unavailable; Client host [198.51.100.7] blocked using\n    zen.spamhaus.org', 'u@example.com'),
        ('a notice of qmail', '<u@example.com>:\n192.0.2.27 does not like recipient.\nRemote host said: 554 5.7.1 Client host [198.51.100.7] blocked using\nzen.spamhaus.org\nGiving up on 192.0.2.27.', 'u@example.com'),
        ('a notice of Sendmail', f'   ----- The following addresses had permanent fatal errors -----\n<u@example.com>\n    (reason: {LISTED})\n\n   ----- Transcript of session follows -----\n... while talking to mx.example.com.:\n>>> DATA\n<<< {LISTED}\n554 5.0.0 Service unavailable', 'u@example.com'),
        ('a Diagnostic-Code, folded and quoted', '> Diagnostic-Code: smtp; 554 5.7.1 Service unavailable; Client host\n>  [198.51.100.7] blocked using zen.spamhaus.org', None),
        ('a log line, wrapped', 'Nov 30 10:00:00 m postfix/smtp[1]: 4F3280D2B: to=<u@example.com>, relay=mx.example.com[192.0.2.1]:25,\n  dsn=5.7.1, status=bounced (host mx.example.com[192.0.2.1] said: 554 5.7.1 Client host\n  [198.51.100.7] blocked using zen.spamhaus.org (in reply to RCPT TO command))', 'u@example.com'),
        ('Python', "smtplib.SMTPRecipientsRefused: {'u@example.com': (554, b'5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org')}", None),
        ('.NET', 'System.Net.Mail.SmtpException: Transaction failed. The server response was: 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org', None),
        ('Java', 'com.sun.mail.smtp.SMTPAddressFailedException: 554 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org', None),
        ('msmtp', 'msmtp: server message: 554 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org', None),
        ('nodemailer', "{ code: 'EENVELOPE', response: '554 5.7.1 Client host [198.51.100.7] blocked using zen.spamhaus.org' }", None)):
    wanted = [('ip-blocklist', 'zen.spamhaus.org', recipient)]
    ways = {'standard input': explain(text + '\n').records, 'a file': Run('explain', '--json', '-q', '--input', file('pasted', text)).ndjson().records, 'an argument': Run('explain', '--json', text).ndjson().records}
    got = {way: [fields(r, ('cause', 'list', 'recipient')) for r in records] for way, records in ways.items()}
    tap.check(f'pasted: {name}', all(g == wanted for g in got.values()), got)
lines = '550-5.7.26 This mail has been blocked because the sender is unauthenticated.\n550-5.7.26\n550-5.7.26  DKIM = did not pass\n550 5.7.26  see https://support.google.com/mail/answer/81126 x - gsmtp'
tap.check('a reply on one line is read as with its line ends', explain(lines.replace('\n', ' ')).records[0]['text'] == lines, explain(lines.replace('\n', ' ')).out)

# ---- logs: direction, deliveries, own verdicts
P = 'Nov 30 10:00:0%d m postfix/smtp[1]: 4F3280D2B: to=<u@example.com>, relay=mx%d.example.com[192.0.2.%d]:25, delay=1, dsn=%s, status=%s (host mx%d.example.com[192.0.2.%d] said: %s (in reply to RCPT TO command))\n'
deferred = ''.join(P % (i, i, i, '4.2.0', 'deferred', i, i, '450 4.2.0 Greylisted') for i in range(1, 6))
bounced = P % (9, 9, 9, '5.1.1', 'bounced', 9, 9, '550 5.1.1 User unknown')
reads('deferred five times, then bounced: one', deferred + bounced, ('code', 'cause', 'relay', 'time', 'line'), (550, 'recipient-unknown', 'mx9.example.com', 'Nov 30 10:00:09', 6))
reads('deferred five times: one, the last', deferred, ('code', 'cause', 'relay'), (450, 'greylist', 'mx5.example.com'))
reads('two hosts of one attempt: one', 'Nov 30 10:00:00 m postfix/smtp[1]: 4F3280D2B: host mx1.example.com[192.0.2.1] said: 450 4.2.0 Greylisted (in reply to RCPT TO command)\n' + deferred[:deferred.index('\n') + 1], ('code', 'relay', 'recipient'), (450, 'mx1.example.com', 'u@example.com'))
silent('deferred, then sent', deferred + 'Nov 30 10:00:09 m postfix/smtp[1]: 4F3280D2B: to=<u@example.com>, relay=mx.example.com[192.0.2.1]:25, delay=1, dsn=2.0.0, status=sent (250 ok)\n')
reads('two recipients of one mail are two', bounced + bounced.replace('u@example.com', 'v@example.com'), ('recipient',), ('u@example.com',), ('v@example.com',))
O = 'Nov 30 10:00:00 m postfix/smtp[1]: 4F3280D2B: to=<u@example.com>, relay=none, delay=0.1, dsn=%s, status=%s (%s)\n'
for dsn, status, words, cause in (('5.4.6', 'bounced', 'mail for example.com loops back to myself', 'routing-loop'), ('5.3.4', 'bounced', 'message size 52428800 exceeds size limit 20480000 of server mx.example.com[192.0.2.1]', 'message-size'),
                                  ('5.6.7', 'bounced', 'SMTPUTF8 is required, but was not offered by host mx.example.com[192.0.2.1]', 'protocol'), ('4.7.4', 'deferred', 'TLS is required, but was not offered by host mx.example.com[192.0.2.1]', 'tls-required'),
                                  ('5.4.4', 'bounced', 'Host or domain name not found. Name service error for name=gone.example type=A: Host not found', 'recipient-domain'),
                                  ('4.4.3', 'deferred', 'Host or domain name not found. Name service error for name=example.com type=MX: Host not found, try again', 'unreachable'),
                                  ('4.4.1', 'deferred', 'connect to mx.example.com[192.0.2.1]:25: Connection timed out', 'unreachable'), ('5.4.4', 'SOFTBOUNCE', 'Host or domain name not found. Name service error for name=gone.example type=A: Host not found', 'recipient-domain'),
                                  ('5.1.0', 'bounced', 'Domain gone.example does not accept mail (nullMX)', 'recipient-domain')):
    reads(f'own verdict of Postfix: {words[:40]}', O % (dsn, status, words), ('cause', 'enhanced', 'said_by', 'queue_id', 'recipient'), (cause, dsn, 'sender', '4F3280D2B', 'u@example.com'))
reads('Stalwart', '2026-10-04T02:22:32Z INFO SMTP RCPT TO rejected (delivery.rcpt-to-rejected) queueId = 333, queueName = "remote", from = "a@example.org", to = ["u@example.com"], size = 5, total = 1, hostname = "mx.example.com", to = "u@example.com", code = 550, details = "No such user", elapsed = 0ms\n'
      '2026-10-04T02:22:32Z INFO DSN permanent failure notification (delivery.dsn-perm-fail) queueId = 333, queueName = "remote", from = "a@example.org", to = ["u@example.com"], size = 5, total = 1, to = "u@example.com", hostname = "mx.example.com", code = 550, details = "No such user", total = 0\n',
      ('recipient', 'code', 'cause', 'relay', 'queue_id'), ('u@example.com', 550, 'recipient-unknown', 'mx.example.com', '333'))
reads('maddy', 'queue: delivery attempt failed\t{"msg_id":"2f6f32e9","rcpt":"u@example.com","reason":"x","remote_server":"mx.example.com.","smtp_code":550,"smtp_enchcode":"5.1.1","smtp_msg":"mx.example.com. said: No such user"}\n', ('recipient', 'code', 'enhanced', 'relay', 'said_by'), ('u@example.com', 550, '5.1.1', 'mx.example.com', 'server'))
reads('... with a time before it and a code in its reason; what it said to a client', '2026-12-01T02:00:02.000Z queue: delivery attempt failed\t{"msg_id":"bb","rcpt":"u@example.com","reason":"550 5.1.1 No","remote_server":"mx.example.com.","smtp_code":550,"smtp_enchcode":"5.1.1","smtp_msg":"mx.example.com. said: No such user"}\n'
      '2026-12-01T02:00:03.000Z smtp: RCPT error\t{"msg_id":"aa","rcpt":"me@example.org","reason":"550 5.1.1 User does not exist","smtp_code":550,"smtp_enchcode":"5.1.1","smtp_msg":"User does not exist","src_ip":"203.0.113.9:51234"}\n',
      ('recipient', 'code', 'relay', 'direction', 'text'), ('u@example.com', 550, 'mx.example.com', 'outbound', 'No such user'), ('me@example.org', 550, None, 'inbound', 'User does not exist'))
reads('Stalwart to a client', '2026-12-01T02:00:02Z INFO RCPT TO rejected (smtp.rcpt-to-rejected) remoteIp = 203.0.113.9, to = "me@example.org", details = "550 5.1.1 no such user"\n', ('direction', 'recipient', 'code'), ('inbound', 'me@example.org', 550))
kumo = '{"type":"%s","id":"%s","recipient":"%s","response":{"code":%d,"content":"%s"},"peer_address":{"name":"mx.example.com.","addr":"192.0.2.1"},"timestamp":1796090402}\n'
run = explain(kumo % ('TransientFailure', 'a', 'u@example.com', 451, '4.7.1 Greylisted') + kumo % ('Delivery', 'a', 'u@example.com', 250, 'ok') + kumo % ('Rejection', 'b', 'me@example.org', 550, '5.7.1 no relaying')
              + kumo % ('Expiration', 'c', 'w@example.com', 551, 'Next delivery time would be at 2026-12-08 which exceeds the expiry time'), '--summary')
tap.check('KumoMTA: delivered after all, rejected a client, gave up', not run.problems and fields(run.records[0], ('explained', 'inbound', 'sent_later', 'cause')) == (1, 1, 1, {'unreachable': 1}), run.out)
reads('OpenSMTPD that reached nobody', '2026-12-01T02:21:00.000Z mail smtpd[1]: 00 mta delivery evpid=bb from=<me@example.org> to=<u@example.com> rcpt=<-> source="-" relay="example.com" delay=30s result="TempFail" stat="Network error on destination MXs"\n', ('relay', 'relay_ip', 'cause'), ('example.com', None, 'unreachable'))
run = explain('noise\n' + (O % ('5.4.6', 'bounced', 'mail for a.example loops back to myself')).rstrip(')\n') + '\n\n{"text":\n"550 no"}\n\n550 5.1.1 x\n')
tap.check('the line at which each begins', [r['line'] for r in run.records] == [2, 4, 7], [r['line'] for r in run.records])
inbound = ('Nov 30 10:00:00 m postfix/smtpd[1]: NOQUEUE: reject: RCPT from x.example.net[203.0.113.2]: 554 5.7.1 Client host [203.0.113.2] blocked using zen.spamhaus.org; from=<a@x.example.net> to=<user@example.org> proto=ESMTP helo=<x>\n'
           '2026-11-30 10:00:05 H=x.example.net [203.0.113.2] F=<e@x.example.net> rejected RCPT <user@example.org>: found in zen.spamhaus.org\n')
run = explain(inbound + bounced)
tap.check('inbound is told from outbound, and nothing advised on it', [(r['direction'], r['advice'] is None) for r in run.records] == [('inbound', True), ('inbound', True), ('outbound', False)] and not run.problems, run.out)
run = explain(inbound + bounced, '--summary')
tap.check('--summary is about outbound', fields(run.records[0], ('explained', 'inbound', 'cause')) == (1, 2, {'recipient-unknown': 1}) and not run.problems, run.out)
run = explain(inbound + bounced, '--summary', '--inbound')
tap.check('--inbound reads the others', fields(run.records[0], ('explained', 'inbound', 'cause')) == (2, 0, {'ip-blocklist': 2}), run.out)
run = explain(inbound, '--summary')
tap.check('a log of inbound lines alone is no refusal of ours', fields(run.records[0], ('explained', 'inbound')) == (0, 2) and not run.problems, run.out)
run = Run('explain', '--summary', input=(inbound + deferred.replace('4F3280D2B', '5F3280D2B') + bounced + 'noise\n').encode())
for words in ('2 refusals read: 1 for good, 1 for now; the first of Nov 30 10:00:05, the last of Nov 30 10:00:09', '2 refusals that this server gave to clients are not counted: --inbound reads them.', 'Passed over: 1 line of no known form.', 'What to do', 'recipient-unknown, 1 of 2; who acts: sender:', 'greylist, 1 of 2'):
    tap.check(f'the summary says "{words[:50]}"', words in run.out, run.out)
run = explain(bounced, '--redact')
tap.check('--redact', run.records[0]['recipient'] == 'redacted@example.com' and 'u@example.com' not in run.out.replace('redacted', ''), run.out)
run = explain(report(group('joe.doe@example.com', 'Diagnostic-Code: smtp; 550 5.1.1 <joe.doe@example.com>: no such user')), '--redact')
tap.check('... in the words, too', 'joe' not in run.out and run.records[0]['text'] == '550 5.1.1 <redacted@example.com>: no such user', run.out)

# ---- forms: which words stand before recipient, reason and host
MDAEMON = HEAD + """
Failed address: joe@example.com

--- Session Transcript ---
 Mon 2026-11-02 09:59:57: [1234] *  From: ann@example.org
 Mon 2026-11-02 09:59:58: [1234] Attempting SMTP connection to mx.example.com
 Mon 2026-11-02 09:59:58: [1234] <-- 220 mx.example.com ESMTP
 Mon 2026-11-02 09:59:58: [1234] --> EHLO mail.example.org
 Mon 2026-11-02 09:59:58: [1234] <-- 250 SIZE 1000000
 Mon 2026-11-02 09:59:58: [1234] --> MAIL From:<ann@example.org> SIZE=2345678
 Mon 2026-11-02 09:59:59: [1234] <-- 552 5.3.4 Message size exceeds fixed limit
 Mon 2026-11-02 09:59:59: [1234] --> QUIT
--- End Transcript ---
"""
FORM = ('recipient', 'relay', 'code', 'stage', 'cause', 'text')
reads('a dialogue behind dates', MDAEMON, FORM, ('joe@example.com', 'mx.example.com', 552, 'mail', 'message-size', '552 5.3.4 Message size exceeds fixed limit'))
reads('CMD and RSP behind dates', MDAEMON.replace('<--', 'RSP:').replace('-->', 'CMD:'), FORM, ('joe@example.com', 'mx.example.com', 552, 'mail', 'message-size', '552 5.3.4 Message size exceeds fixed limit'))
for name, text, relay in (
        ('Remote server (address)', 'joe@example.com\n   Error Type: SMTP\n   Remote server (192.0.2.1) issued an error.\n   sent: RCPT TO:<joe@example.com>\n   Remote server replied: 550 5.1.1 User unknown\n', '192.0.2.1'),
        ('Recipient: [SMTP:address]', 'The following recipient(s) could not be reached:\n\n   Recipient: [SMTP:joe@example.com]\n   Reason: Remote SMTP Server Returned: 550 5.1.1 User unknown\n\nMessage headers follow:\n\nFrom: ann@example.org\n', None),
        ('rejected by HOST:', "Failed to deliver to 'joe@example.com'\nSMTP module(domain example.com) reports:\n return-path rejected by mx.example.com:\n 550 5.1.1 User unknown\n", 'mx.example.com'),
        ('... and no list', "Failed to deliver to 'joe@example.com'\n 550 5.1.1 User unknown, rejected by db.example.com: see there\n", None)):
    reads(name, HEAD + '\n' + text, ('recipient', 'relay', 'code', 'cause'), ('joe@example.com', relay, 550, 'recipient-unknown'))
reads('what is folded below a recipient is its own, whatever address stands there', HEAD + '\n<joe@example.com>: host mx.example.com[192.0.2.1] said: 554 5.7.1\n    <ann@example.org>: Sender address rejected: Access denied (in reply to RCPT\n    TO command)\n', FORM[:5],
      ('joe@example.com', 'mx.example.com', 554, 'rcpt', 'sender-blocked'))
reads('a host within the reply is not who says it', HEAD + "\nDiagnostic information for administrators:\n\njoe@example.com\nmx.example.com\nRemote Server returned '550 5.7.1 Client host [192.0.2.99] blocked using zen.spamhaus.org'\n", FORM[:3] + FORM[4:5], ('joe@example.com', 'mx.example.com', 550, 'ip-blocklist'))
reads('a hop without a name says nothing of who tells', 'Received: by mail-1.example.org with SMTP id 1\nReceived: by 2002:a17:902:9a94:: with SMTP id 2\n' + HEAD + '\njoe@example.com\n\n550 5.1.1 User unknown\n', ('relay',), ('mail-1.example.org',))

# ---- lists
reads('Google Groups', 'From: mailer-daemon@googlemail.com\nX-Failed-Recipients: cats@googlegroups.com\nSubject: Delivery Status Notification (Failure)\n\nHola:\n\nel grupo (cats) quizás no exista. https://groups.google.com/support/.\n\n----- Original message -----\n\nReceived: x\n', ('recipient', 'cause', 'said_by'), ('cats@googlegroups.com', 'access-denied', 'list'))
reads('a list of members', 'From: cats-admin@example.org\nSubject: You are not member\n\nYou are not a member of this mailing list <cats@example.org>.\n', ('recipient', 'cause', 'said_by'), ('cats@example.org', 'access-denied', 'list'))
reads('a moderator', 'From: cats-bounces@example.org\nSubject: Request to mailing list "cats" rejected\n\nYour request to the Cats mailing list\n\n    Posting of your message titled "Offer"\n\nhas been rejected by the list moderator.  The moderator gave the following reason:\n\n"No offers here."\n\nAny questions should be directed to the list administrator at:\n\n    cats-owner@example.org\n',
      ('recipient', 'cause', 'said_by'), ('cats@example.org', 'access-denied', 'list'))
silent('held for a moderator', 'From: cats-bounces@example.org\nSubject: Your message to cats awaits moderator approval\n\nYour mail to the list is being held until the list moderator can review it for approval.\n')

# ---- broken and hostile: read what can be read, bounded, documented status
GOOD = group('joe@example.com', 'Status: 5.1.1', 'Diagnostic-Code: smtp; 550 5.1.1 no such user')
nested = ''.join(f'Content-Type: multipart/mixed; boundary=b{i}\n\n--b{i}\n' for i in range(1000))
for name, data, status in (('binary', b'\0\xff\xfe' * 30000, 65), ('1,000 nested parts', HEAD + nested + GOOD, 65), ('an endless header', HEAD + 'X: ' + 'y' * 60000 + '\n' * 3, 65), ('only fields', HEAD * 1000, 65), ('an endless part', report(GOOD)[:-6] + 'x' * 70 * 60000, 0),
                           ('many parts', HEAD + 'Content-Type: multipart/mixed; boundary=b\n\n' + '--b\n\nx\n' * 20000, 65), ('broken JSON', '{"text": ' * 500 + '\n', 65), ('open brackets', '[' * 5000 + '\n', 65), ('a mail of quotes', HEAD + '\n' + '> ' * 30000 + '\n', 65)):
    run = Run('explain', '--json', '-q', input=data if isinstance(data, bytes) else data.encode(), timeout=20)
    tap.check(f'{name}: status {status}', run.status == status, f'{run.status} {run.out[:300]} {run.err}')
for name, data in (('1,000 nested parts', nested), ('many parts', 'Content-Type: multipart/mixed; boundary=b\n\n' + '--b\n\nx\n' * 20000)):
    run = Run('explain', input=(HEAD + data).encode())
    tap.check(f'{name}: said', 'passed over: 1 mail that tells of no refusal, 1 mail with parts that are too many, or too deep' in run.err, run.err)
path = os.path.join(home, 'huge')
with open(path, 'wb') as f:
    f.write(two.encode())
    f.truncate(300 << 20)
script = 'import resource,subprocess,sys; p=subprocess.run(sys.argv[1:],stdout=subprocess.PIPE); print(p.stdout.count(b"\\n"), resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)'
out = subprocess.run([sys.executable, '-c', script, MXWALK, 'explain', '--json', '-q', '--input', path], capture_output=True, text=True).stdout.split()
tap.check('an mbox of 300 MB: its mails, within 64 MB of memory', out[0] == '2' and (int(out[1]) < 64000 or tap.SANITIZED), out)
os.remove(path)

# ---- mails of systems that the suite has none of
notices = os.path.join(TOP, 'tests/notices')
wrong = []
for mail in map(json.loads, open(os.path.join(notices, 'expect.ndjson'), encoding='utf-8')):
    records = Run('explain', '--json', '-q', '--input', os.path.join(notices, mail['file'])).ndjson().records
    due = [e for e in mail['entries'] if e['refusal']]
    wrong += [mail['file']] * (len(records) != len(due))
    for got, e in zip(records, due):
        wrong += [f'{mail["file"]} {key}: {got.get(key)}' for key in ('recipient', 'code', 'enhanced', 'relay') if e[key] is not None and got.get(key) != e[key]]
        wrong += [f'{mail["file"]}: {got["cause"]}'] * (got['cause'] not in e['causes'])
tap.check('mails of 62 systems, and six that tell of no refusal', not wrong, '\n'.join(wrong))

# ---- the suite
suite = os.path.join(TOP, '../shared/suites/bounces')
score = os.path.join(TOP, '../shared/tools/score_bounces.py')
if os.path.exists(suite) and os.path.exists(score):
    p = subprocess.run([sys.executable, score, MXWALK, suite, '.98', '.98', '.98', '.93'], capture_output=True, text=True)
    print('#', p.stdout.strip())
    tap.check('the suite of bounce mails', p.returncode == 0 and 'due 0/' in p.stdout, p.stdout)
else:
    tap.skip('the suite of bounce mails', 'not beside the source')
tap.done()
