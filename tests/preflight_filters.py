"""`mxwalk preflight --rspamd --spamd --clamd` with the real daemons, each on loopback with folders of its own, started here and ended by its process: what they say of a clean message and of one that they know; and hostile peers in their place."""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import Run

home = tap.folder('filters')
os.chmod(home, 0o755)
book = os.path.join(home, 'book')
open(book, 'w').write('{"name":"10.2.0.192.in-addr.arpa","type":"PTR","rcode":"NOERROR","data":["mail.shop.example"]}\n{"name":"mail.shop.example","type":"A","rcode":"NOERROR","data":["192.0.2.10"]}\n')
MAIL = 'From: Shop <news@shop.example>\nTo: Ann <ann@rcpt.example>\nSubject: {}\nDate: Mon, 30 Nov 2026 17:02:11 +0100\nMessage-ID: <1@shop.example>\n\n{}\n'
GTUBE = 'XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X'
VIRUS = 'mxwalk-test-signature-0123456789'
started = []


def put(name, text):
    path = os.path.join(home, name)
    open(path, 'w').write(text)
    return path


clean, spam, ill = put('clean.eml', MAIL.format('hello', 'Good morning.')), put('spam.eml', MAIL.format('hello', GTUBE)), put('ill.eml', MAIL.format('hello', VIRUS))


def port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


def start(command, number, seconds=60):
    """Runs it until the test ends; True when it listens."""
    log = open(os.path.join(home, f'{number}.log'), 'w')
    p = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=home, start_new_session=True)
    started.append(p)
    end = time.monotonic() + seconds
    while time.monotonic() < end and p.poll() is None:
        try:
            socket.create_connection(('127.0.0.1', number), 0.2).close()
            return True
        except OSError:
            time.sleep(0.1)
    print('# ' + open(log.name).read()[-600:].replace('\n', '\n# '))
    return False


def folder(name, owner=None):
    path = os.path.join(home, name)
    os.makedirs(path, exist_ok=True)
    if owner is not None and os.getuid() == 0:
        shutil.chown(path, owner)
    return path


def start_rspamd():
    number, data = port(), folder('rspamd', '_rspamd' if os.getuid() == 0 else None)
    conf = put('rspamd.conf', f'''
options {{ pidfile = "{data}/pid"; tempdir = "{data}"; filters = ""; control_socket = "{data}/control mode=0600"; rrd = "{data}/rrd"; stats_file = "{data}/stats"; history_file = "{data}/history"; words_decay = 600;
  dns {{ nameserver = "127.0.0.1:1"; timeout = 0.1s; retransmits = 1; }} }}
logging {{ type = "console"; level = "warning"; }}
metric {{ name = "default"; actions {{ reject = 15; add_header = 6; greylist = 4; }} }}
worker "normal" {{ bind_socket = "127.0.0.1:{number}"; count = 1; mime = true; }}
''')
    user = ['-u', '_rspamd', '-g', '_rspamd'] if os.getuid() == 0 else []
    return number if start(['rspamd', '-f', '-c', conf, *user, '--var', f'DBDIR={data}', '--var', f'RUNDIR={data}', '--var', f'LOGDIR={data}'], number) else None


def start_spamd():
    number, data = port(), folder('spamd', 'nobody' if os.getuid() == 0 else None)
    rules = folder('spamd-rules')
    open(os.path.join(rules, 'a.cf'), 'w').write('''
body MIME_HTML_ONLY /Good morning/
score MIME_HTML_ONLY 0.5
describe MIME_HTML_ONLY one that we know, too
body MXWALK_TEST /Good morning/
describe MXWALK_TEST a word that the test looks for
score MXWALK_TEST 1.5
body __GTUBE eval:check_for_gtube()
required_score 5
use_bayes 0
skip_rbl_checks 1
loadplugin Mail::SpamAssassin::Plugin::Check
report Content analysis details:   (_SCORE_ points, _REQD_ required)
report _SUMMARY_
''')
    user = ['-u', 'nobody'] if os.getuid() == 0 else []
    return number if start(['spamd', '--local', '--nouser-config', '--port', str(number), '--listen', '127.0.0.1', '--max-children', '1', '--min-children', '1', '--min-spare', '1', '--max-spare', '1', '--configpath', rules, '--siteconfigpath', rules,
                            '--helper-home-dir', data, '--syslog', 'stderr', *user], number) else None


def start_clamd():
    number, data = port(), folder('clamd')
    open(os.path.join(data, 'own.ndb'), 'w').write(f'Mxwalk.Test:0:*:{VIRUS.encode().hex()}\n')
    conf = put('clamd.conf', f'DatabaseDirectory {data}\nTCPSocket {number}\nTCPAddr 127.0.0.1\nForeground yes\nTemporaryDirectory {data}\nStreamMaxLength 5M\nMaxThreads 2\nUser {"root" if os.getuid() == 0 else os.environ.get("USER", "nobody")}\n')
    return number if start(['clamd', '-c', conf], number) else None


def ask(message, **ports):
    args = [x for name, number in ports.items() for x in (f'--{name}', f'127.0.0.1:{number}')]
    r = Run('preflight', '--json', '--dns-replay', book, '--source', '192.0.2.10', '--no-dnsbl', message, *args).ndjson()
    return r, {c['name']: c for c in r.records[0]['components']} if r.records else {}


def hostile(answer, wait=0.0):
    """A peer that says this to whatever it hears."""
    listener = socket.socket()
    listener.bind(('127.0.0.1', 0))
    listener.listen(5)

    def serve():
        while True:
            try:
                peer, _ = listener.accept()
            except OSError:
                return
            try:
                peer.recv(1000)
                time.sleep(wait)
                peer.sendall(answer)
                peer.close()
            except OSError:
                pass
    threading.Thread(target=serve, daemon=True).start()
    return listener.getsockname()[1]


try:
    ports = {}
    for name, begin, program in (('rspamd', start_rspamd, 'rspamd'), ('spamd', start_spamd, 'spamd'), ('clamd', start_clamd, 'clamd')):
        if shutil.which(program) is None:
            tap.skip(f'{name} judges', f'{program} is not installed')
            continue
        number = begin()
        tap.check(f'{name} has been started', number is not None)
        if number is not None:
            ports[name] = number
    r, clean_words = ask(clean, **ports)
    tap.check('the record is valid', not r.problems, f'{r.problems} {r.err}')
    _, spam_words = ask(spam, **{k: v for k, v in ports.items() if k != 'clamd'})
    if 'rspamd' in ports:
        c, s = clean_words['rspamd'], spam_words['rspamd']
        tap.check('rspamd: a clean message: no action, and its threshold', c['problem'] is None and c['action'] == 'no action' and not c['spam'] and c['threshold'] == 15, c)
        tap.check('rspamd: GTUBE is rejected', s['problem'] is None and s['spam'] and s['action'] == 'reject', s)
    if 'spamd' in ports:
        c, s = clean_words['spamd'], spam_words['spamd']
        tap.check('spamd: a clean message: score, threshold, and the rule that hit, with its words', c['problem'] is None and not c['spam'] and c['threshold'] == 5 and [(x['name'], x['score'], x['check']) for x in c['symbols']] == [('MXWALK_TEST', 1.5, None), ('MIME_HTML_ONLY', 0.5, 'mime.alt')] and 'looks for' in (c['symbols'][0]['description'] or ''), c)
    if 'clamd' in ports:
        c = clean_words['clamd']
        tap.check('clamd: nothing found', c['problem'] is None and not c['spam'], c)
        r, words = ask(ill, clamd=ports['clamd'])
        tap.check('clamd: what it knows is found by its name', words['clamd']['spam'] and words['clamd']['action'].startswith('Mxwalk.Test'), words)
        big = put('big.eml', MAIL.format('big', ('x' * 70 + '\n') * 90000))
        r, words = ask(big, clamd=ports['clamd'])
        tap.check('clamd: a message beyond its limit is not known', words['clamd']['problem'] is not None, words)
    t = Run('preflight', '--dns-replay', book, '--source', '192.0.2.10', '--no-dnsbl', clean, *[x for name, number in ports.items() for x in (f'--{name}', f'127.0.0.1:{number}')])
    tap.check('text has them, too', all(name in t.out for name in ports), t.out[-800:])

    # ---- others in their place
    for what, answer in (('nothing', b''), ('rubbish', b'\x00\xff' * 50), ('HTTP 500', b'HTTP/1.1 500 no\r\nContent-Length: 2\r\n\r\nno'), ('half an answer', b'HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n{"score":'),
                         ('JSON of another kind', b'HTTP/1.1 200 OK\r\n\r\n[1]'), ('SPAMD with an error', b'SPAMD/1.0 76 Bad header line: x\r\n\r\n'), ('a flood', b'A' * 3000000)):
        number = hostile(answer)
        r, words = ask(clean, rspamd=number, spamd=number, clamd=number)
        known = [n for n, c in words.items() if c['problem'] is None]
        tap.check(f'a peer that says {what}: not known', len(words) == 3 and not known and not r.problems, (r.status, words, r.err))
finally:
    for p in started:
        p.terminate()
    for p in started:
        try:
            p.wait(8)
        except subprocess.TimeoutExpired:
            pass
        try:  # its own children, too: those that rspamd has for its patterns stay long
            os.killpg(p.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
tap.done()
