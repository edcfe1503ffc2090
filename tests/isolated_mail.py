"""isolate for tests: how it is run, what it said last; a message of eleven parts, with a trigger planted in it, and whether that was found."""
import base64

from records import Run


def isolate(path, to, server, *options, **kw):
    """The message in that file, to that recipient, by that server (ADDR:PORT), with no more than a moment between two messages."""
    return Run('isolate', '--to', to, '--own-mailbox', '--data', '@' + path, '--server', server, '--allow-private', '--isolate-interval', '10ms', *options, **kw)


def last_of(run):
    return next((r for r in run.records if r['type'] == 'isolate'), {'verdict': run.err, 'likely': [], 'parts': [], 'messages': 0, 'confirmed': False})


def message(name='Shop', domain='sender.example', subject='News of November', field='', words=('', ''), links=('one.example/a', 'two.example/b'), html='', file='list.csv', contents=b'a,b,c'):
    text = [f'{a} {b}'.strip() for a, b in zip(('Dear customer, here is what you asked for.', 'We have moved to another street.'), words)]
    shown = ''.join(f'<p>{p}</p>\n' for p in text)
    return f'''From: "{name}" <news@{domain}>
To: me@filter.test
Subject: {subject}
Date: Mon, 30 Nov 2026 12:00:00 +0000
Message-ID: <1@sender.example>
List-Id: <news.sender.example>
{field}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=m

--m
Content-Type: multipart/alternative; boundary=a

--a
Content-Type: text/plain; charset=utf-8

{text[0]}

{text[1]}

More: https://{links[0]}
--a
Content-Type: text/html; charset=utf-8

{shown}{html}<p>More: <a href="https://{links[0]}">here</a> or <a href="https://{links[1]}">there</a></p>
--a--
--m
Content-Type: application/octet-stream; name={file}
Content-Disposition: attachment; filename={file}
Content-Transfer-Encoding: base64

{base64.b64encode(contents).decode()}
--m--
'''


def right(last, kind, *parts):
    best = last['likely'][0] if last['likely'] else {'kind': None, 'parts': []}
    named = [f"{last['parts'][i]['kind']} {last['parts'][i]['name']}" for i in best['parts']]
    return last['verdict'] == 'found' and best['kind'] == kind and len(named) == len(parts) and all(any(n.startswith(p) for n in named) for p in parts)
