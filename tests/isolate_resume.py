"""isolate before and between its messages: what preflight and local filters find is looked at first; a run that was broken off at any place is gone on with from its own records, with no message sent twice; another message, recipient, source or option is refused."""
import json
import os
import re
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from isolate_server import WORK, Server, essence, isolate, mail, refuses, words_of, write


def tests_of(path):
    return [r for r in map(json.loads, open(path)) if r['type'] == 'isolate-test']


# ---- one run to its end; then each beginning of its file is gone on with
for what, judge in (('one part', refuses('another street')), ('two together', refuses('two.example', 'X-Campaign'))):
    server = Server(judge)
    whole = write('whole', '')
    os.unlink(whole)
    run = isolate(server, '--json', '--output', whole)
    lines = open(whole, 'rb').read().splitlines(keepends=True)
    first, last = json.loads(lines[0]), json.loads(lines[-1])
    tap.check(f'{what}: the plan comes first, the verdict last', first['type'] == 'isolate-plan' and last['verdict'] == 'found' and run.status == 1, run.err)
    tap.check(f'{what}: the records are as the schema has them', not isolate(server, '--json').ndjson().problems)
    sent, bad = len(server.messages), []
    want = [essence(t) for t in tests_of(whole)]
    for cut in range(1, len(lines)):
        for torn in (b'', lines[cut][:len(lines[cut]) // 2]):
            part = write('part', b''.join(lines[:cut]) + torn)
            before = len(server.messages)
            run = isolate(server, '--json', '--resume', '--output', part)
            got = tests_of(part)
            if [essence(t) for t in got] != want or len(server.messages) - before != len(want) - (cut - 1) or run.status != 1 or [t['number'] for t in got] != list(range(1, len(got) + 1)) \
                    or len({t['run'] for t in got}) != 1:
                bad.append((cut, len(torn), run.status, run.err, len(server.messages) - before))
    tap.check(f'{what}: broken off after any record, or within one: the missing messages are sent, no other, in the same course', not bad, bad[:3])
    before, size = len(server.messages), os.path.getsize(whole)
    run = isolate(server, '--json', '--resume', '--output', whole)
    tap.check(f'{what}: a run that is at its end sends nothing, and its file stays', len(server.messages) == before and run.status == 1 and os.path.getsize(whole) == size and 'found' in run.err, run.err)

    # ---- what is another run
    part = write('part', b''.join(lines[:5]))
    for why, words, options, kw in (('another message', 'message', (), {'text': mail().replace('17', '18')}), ('another recipient', 'recipient', (), {'to': 'you@own.example'}),
                                    ('another HELO name', 'ehlo', ('--ehlo', 'you.example'), {}), ('another source', 'source', ('--source', '127.0.0.9'), {})):
        before, bytes_before = len(server.messages), open(part, 'rb').read()
        run = isolate(server, '--json', '--resume', '--output', part, *options, **kw)
        tap.check(f'{what}: {why} is refused, nothing is sent, the file stays', run.status == 65 and words in run.err and len(server.messages) == before and open(part, 'rb').read() == bytes_before, f'{run.status} {run.err}')
    server.close()

server = Server(refuses('another street'))
for what, text in (('another file', b'hello\n'), ('records of a probe', b'{"type":"run","schema":1}\n'), ('two runs', lines[0] + lines[0].replace(b'"run":"', b'"run":"f')), ('a test before the plan', lines[1]),
                   ('a part that is none', lines[0] + lines[1].replace(b'"sent":[0', b'"sent":[77'))):
    part = write('bad', text)
    run = isolate(server, '--json', '--resume', '--output', part)
    tap.check(f'{what} is no run to go on with: 65, and it stays', run.status == 65 and open(part, 'rb').read() == text and not server.messages, f'{run.status} {run.err}')
for what, options in (('no file', ('--json', '--resume')), ('text', ('--resume', '--output', os.path.join(WORK, 'x'))), ('envelope', ('--json', '--resume', '--isolate', 'envelope', '--output', os.path.join(WORK, 'x')))):
    run = isolate(server, *options)
    tap.check(f'--resume with {what}: 64', run.status == 64 and 'resume' in run.err, f'{run.status} {run.err}')
fresh = os.path.join(WORK, 'fresh')
run = isolate(server, '--json', '--resume', '--output', fresh)
tap.check('--resume of a file that is not there begins a run', run.status == 1 and json.loads(open(fresh).readlines()[-1])['verdict'] == 'found', run.err)
server.close()

# ---- what ended a run may be over
server = Server(lambda text, n: '421 4.7.0 too many messages from you, slow down' if n == 4 else refuses('another street')(text, n))
limited = os.path.join(WORK, 'limited')
run = isolate(server, '--json', '--output', limited)
again = isolate(server, '--json', '--resume', '--output', limited)
tap.check('a limit ends it, --resume goes on', run.status == 2 and again.status == 1 and json.loads(open(limited).readlines()[-1])['verdict'] == 'found', f'{run.status} {again.status} {again.err}')
server.close()
server = Server(refuses('two.example', 'X-Campaign'))
spent = os.path.join(WORK, 'spent')
run = isolate(server, '--json', '--output', spent, '--isolate-max', '5')
again = isolate(server, '--json', '--resume', '--output', spent)
tap.check('spent: --resume with a larger --isolate-max goes on', run.status == 3 and again.status == 1 and json.loads(open(spent).readlines()[-1])['verdict'] == 'found' and len(server.messages) <= 20, f'{run.status} {again.status} {again.err}')
server.close()

# ---- what is found beforehand
def filter_of(answer):
    sock = socket.create_server(('127.0.0.1', 0))

    def serve():
        while True:
            try:
                connection, _ = sock.accept()
            except OSError:
                return
            with connection:
                got = b''
                while b'another street' not in got and b'list.exe' not in got:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    got += piece
                connection.sendall(answer)
    threading.Thread(target=serve, daemon=True).start()
    return f'127.0.0.1:{sock.getsockname()[1]}'


body = json.dumps({'score': 20.0, 'required_score': 15.0, 'action': 'reject', 'symbols': {'URIBL_BLACK': {'name': 'URIBL_BLACK', 'score': 7.5, 'description': 'two.example is black'},
                                                                                       'SUBJ_ALL_CAPS': {'name': 'SUBJ_ALL_CAPS', 'score': 0.5}}}).encode()
rspamd = filter_of(b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s' % (len(body), body))
clamd = filter_of(b'stream: Eicar-Test-Signature FOUND\0')
server = Server(refuses('two.example'))
run = isolate(server, '--json', '--rspamd', rspamd, '--clamd', clamd).ndjson()
plan, last = run.records[0], run.records[-1]
names = {(f"{plan['parts'][s['part']]['kind']} {plan['parts'][s['part']]['name']}", s['by'], s['times']) for s in plan['suspected']}
tap.check('preflight, rspamd and ClamAV name parts beforehand, each of its kind; a symbol of few points does not',
          {('link two.example', 'URIBL_BLACK', 10), ('attachment list.exe', 'clamd', 10), ('attachment-name list.exe', 'att.type', 10)} <= names and not any('subject' in n for n, _, _ in names), names)
with_it = last['messages']
without = isolate(server, '--json').ndjson().records[-1]['messages']
tap.check(f'what the filter names takes fewer messages ({with_it}, else {without})', last['verdict'] == 'found' and with_it < without and not run.problems, run.problems)
run = isolate(server, '--rspamd', rspamd)
tap.check('the plan that is printed says what is suspected, and by whom', re.search(r'suspected +.*two\.example.*\(URIBL_BLACK\)', words_of(run)), run.out[:900])
run = isolate(server, '--json', '--rspamd', '127.0.0.1:1').ndjson()
tap.check('a filter that does not answer is said, and nothing else', 'rspamd' in run.err and run.records[-1]['verdict'] == 'found', run.err)
tap.done()
