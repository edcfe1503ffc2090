"""isolate, what its messages are and what answers are worth: each test that is signed anew is good for python3-dkim; what a message without a key loses is said; refusals for size find the size; outcomes that tell nothing move no suspicion; Ctrl-C says what is known."""
import base64
import json
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from isolate_server import Server, essence, isolate, mail, refuses, words_of, write

try:
    import dkim
except ImportError:
    dkim = None

# ---- signatures
KEY = write('key.pem', '')
subprocess.run(['openssl', 'genrsa', '-out', KEY, '2048'], check=True, capture_output=True)
os.chmod(KEY, 0o600)
PUBLIC = base64.b64encode(subprocess.run(['openssl', 'rsa', '-in', KEY, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout)
SIGNED = mail(field='DKIM-Signature: v=1; a=rsa-sha256; d=own.example; s=old; h=from; bh=x; b=y\n')
server = Server(refuses('another street'))
run = isolate(server, '--json', '--dkim-key', KEY, '--dkim-selector', 's1', '--dkim-domain', 'own.example', text=SIGNED)
if dkim:
    good = [dkim.verify(m.encode(), dnsfunc=lambda name, timeout=5: b'v=DKIM1; k=rsa; p=' + PUBLIC) for m in server.messages]
    tap.check(f'with a key each of the {len(good)} messages, the control among them, has a signature that python3-dkim takes', all(good) and len(good) > 5, good)
    changed = dkim.verify(server.messages[0].replace('Dear', 'Fear').encode(), dnsfunc=lambda name, timeout=5: b'v=DKIM1; k=rsa; p=' + PUBLIC)
    tap.check('… and not when a word of it is changed', not changed)
else:
    tap.check('python3-dkim is not here # SKIP', True)
tap.check('the old signature is in none', not any('s=old' in m for m in server.messages))
text = words_of(isolate(server, '--dkim-key', KEY, '--dkim-selector', 's1', '--dkim-domain', 'own.example', text=SIGNED))
tap.check('with a key nothing is said of signatures', 'unsigned' not in text, text[:500])
server.messages.clear()
text = words_of(isolate(server, text=SIGNED))
tap.check('without one all go unsigned, and that is said, with what it means', not any('DKIM-Signature' in m for m in server.messages) and 'unsigned' in text and '--dkim-key' in text, text[:900])
text = words_of(isolate(server, text=mail()))
tap.check('of a message that has no signature it is not said', 'unsigned' not in text, text[:500])
server.close()

# ---- size
big = mail(contents='a,b,c\n' * 30000)
for code in ('552 5.3.4 Message size exceeds fixed limit', '554 5.7.1 Message rejected'):
    server = Server(lambda text, n: code if len(text) > 150000 else None)
    run = isolate(server, '--json', text=big)
    last = json.loads(run.out.splitlines()[-1])
    kinds = [last['parts'][i]['kind'] for i in last['likely'][0]['parts']] if last['verdict'] == 'found' else last['verdict']
    tap.check(f'{code[:3]}: too large: the size, or the file that makes it so', kinds and set(kinds) <= {'size', 'attachment'}, f'{kinds} {last["messages"]}')
    server.close()

# ---- what tells nothing
for reply in ('451 4.3.0 Temporary lookup failure', '550 5.1.1 no such user', None):
    server = Server(lambda text, n: reply if n in (4, 7) and reply else refuses('another street')(text, n), drops=(4, 7) if reply is None else ())
    told = isolate(Server(refuses('another street')), '--json')
    run = isolate(server, '--json')
    got = [json.loads(line) for line in run.out.splitlines()]
    tests = [r for r in got if r['type'] == 'isolate-test']
    want = [essence(r) for r in map(json.loads, told.out.splitlines()) if r['type'] == 'isolate-test']
    rest = [essence(t) for t in tests if t['outcome'] in ('refused', 'accepted')]
    tap.check(f'{reply or "a connection that is dropped"}: never evidence: the course is that without it', tests[3]['outcome'] not in ('refused', 'accepted') and rest == want and got[-1]['verdict'] == 'found',
              f'{[(t["number"], t["outcome"]) for t in tests]}\n{rest}\n{want}')
    server.close()

# ---- what is like others: few parts at a time
def parts_sent(reply):
    server = Server(lambda text, n: reply if 'another street' in text else None)
    got = [json.loads(line) for line in isolate(server, '--json').out.splitlines()]
    server.close()
    sent = [len(r['sent']) for r in got if r['type'] == 'isolate-test' and r['message'] == 'parts']
    return got[-1]['verdict'], sum(sent) / len(sent)


(plain, many), (alike, few) = parts_sent('554 5.7.1 Message rejected'), parts_sent('554 5.7.1 A similar message was reported as unwanted')
tap.check(f'a reply that speaks of similar messages: found, with fewer parts a message ({few:.1f}, else {many:.1f})', plain == alike == 'found' and few < many, (plain, alike, few, many))

# ---- Ctrl-C
server = Server(refuses('another street'))
p = subprocess.Popen([os.environ['MXWALK'], 'isolate', '--to', 'me@own.example', '--own-mailbox', '--data', '@' + write('mail', mail()), '--server', f'127.0.0.1:{server.port}', '--allow-private',
                      '--isolate-interval', '1s', '--ehlo', 'me.example', '--dns-replay', '/dev/null', '--no-tls'], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
end = time.monotonic() + 20
while len(server.messages) < 4 and time.monotonic() < end:
    time.sleep(.05)
p.send_signal(signal.SIGINT)
out, err = p.communicate(timeout=20)
tap.check('Ctrl-C: 130, what is known, with the likeliest parts', p.returncode == 130 and 'interrupted' in out and re.search(r'likeliest +\d+ %: ', out), out + err)
server.close()
tap.done()
