"""What servers see of a run over many targets: connections at once, and transactions, never over the limits; QUIT always; one recipient a domain; what is the same for all asked once; throttled is
not refused. The sites are loopback addresses; pauses are short by --site-pause, and what a minute may have is counted by test_site."""
import json
import os
import re
import socket
import struct
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from peer import Servers, talk
from records import Run, probe, problems

FOLDER = tap.folder('sites')
BASE = ['--allow-private', '--no-dnsbl', '--no-tls', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--source', '127.0.0.1']


def book(count, host, address):
    """`count` domains d0.example …, each with one mail exchanger."""
    path = os.path.join(FOLDER, 'book')
    with open(path, 'w') as file:
        hosts = {}
        for i in range(count):
            hosts[host(i)] = address(i)
            file.write(json.dumps({'name': f'd{i}.example', 'type': 'MX', 'rcode': 'NOERROR', 'ttl': 60, 'data': [f'10 {host(i)}']}) + '\n')
        for name, ip in hosts.items():
            file.write(json.dumps({'name': name, 'type': 'A', 'rcode': 'NOERROR', 'ttl': 60, 'data': [ip]}) + '\n')
    return ['--dns-replay', path]


class Server:
    """A script for Servers, which counts: what a connection hears, how many transactions it takes."""

    def __init__(self, greet=lambda n: b'220 mx ESMTP', ehlo=b'250 mx', most=1000, rcpt=lambda domain, n: b'250 fine', objection=b'421 4.7.0 too many messages in this session', pause=0.0):
        self.greet, self.ehlo, self.most, self.rcpt, self.objection, self.pause = greet, ehlo, most, rcpt, objection, pause
        self.lock = threading.Lock()
        self.connections, self.transactions, self.recipients, self.times, self.quits, self.asked = 0, [], [], [], 0, {}

    def __call__(self, connection, hear):
        with self.lock:
            self.connections += 1
            number = self.connections
            self.times.append(time.monotonic())
        greeting = self.greet(number)
        connection.sendall(greeting + b'\r\n')
        mails = 0
        while True:
            line = hear()
            verb = line.split(b' ')[0].strip().upper()
            time.sleep(self.pause)
            reply = b'250 fine'
            if not verb:
                break
            if verb == b'QUIT':
                with self.lock:
                    self.quits += 1
                connection.sendall(b'221 bye\r\n')
                break
            if verb == b'EHLO':
                reply = self.ehlo
            elif verb == b'MAIL':
                mails += 1
                if mails > self.most:
                    reply = self.objection
            elif verb == b'RCPT':
                domain = line.split(b'@')[1].split(b'>')[0].decode()
                with self.lock:
                    self.recipients.append(domain)
                    self.asked[domain] = self.asked.get(domain, 0) + 1
                    n = self.asked[domain]
                reply = self.rcpt(domain, n)
            connection.sendall(reply.replace(b'\n', b'\r\n') + b'\r\n')
            if reply[:3] == b'421':
                hear_quit = hear()
                with self.lock:
                    self.quits += hear_quit[:4] == b'QUIT'
                connection.sendall(b'221 bye\r\n')
                break
        with self.lock:
            self.transactions.append(mails)


def walk(scripts, dns, count, *options):
    servers = Servers(scripts)
    path = os.path.join(FOLDER, 'list')
    open(path, 'w').write(''.join(f'd{i}.example\n' for i in range(count)))
    began = time.monotonic()
    run = probe(*BASE, *dns, '--port', str(servers.port), '--input', path, '--concurrency', '50', *options)
    run.seconds = time.monotonic() - began
    run.of = {r['target']: r for r in run.results()}
    run.kinds = sorted({(r['status'], (r['diagnosis'] or {}).get('cause')) for r in run.results()}, key=str)
    servers.close()
    return run, servers


def good(name, run, count):
    tap.check(f'{name}: each of {count} has one record, and it is valid', len(run.results()) == len(run.of) == count and not run.problems, f'{len(run.results())} {run.problems}\n{run.err}')


ONE = '127.78.1.1'


def one_mx(count):
    return book(count, lambda i: 'mx.hoster.example', lambda i: ONE)


# ---- what is the same for all

server = Server()
run, servers = walk({ONE: server}, one_mx(60), 60)
good('60 domains of one mail exchanger', run, 60)
shared = [r for r in run.results() if 'shared_from' in r]
tap.check('… it is asked once', server.connections == 1 and server.quits == 1 and len(shared) == 59 and run.kinds == [('accepted', None)], f'{server.connections} {run.kinds}')
tap.check('… and the others say in whose walk', len({r['shared_from'] for r in shared}) == 1 and all(r['attempts'][0]['shared_from'] == r['shared_from'] and
          'transcript' not in r['attempts'][0] and r['route'] and r['asked'] == 'ehlo' for r in shared), run.out[:2000])

server = Server(greet=lambda n: b'554 5.7.1 not from there')
run, servers = walk({ONE: server}, one_mx(30), 30)
good('30 domains whose one exchanger refuses', run, 30)
tap.check('… it is asked once', server.connections == 1 and {r['status'] for r in run.results()} == {'refused'} and run.status == 1, f'{server.connections} {run.kinds}')

refusing = {f'127.78.2.{i + 1}': Server(greet=lambda n: b'554 5.7.1 your address is not welcome') for i in range(40)}
run, servers = walk(refusing, book(40, lambda i: f't{i}.mail.hoster.example', lambda i: f'127.78.2.{i + 1}'), 40)
good('40 exchangers of a site that refuses this source', run, 40)
tap.check('… three are asked, and who was on the way', 3 <= servers.connections <= 5 and {r['status'] for r in run.results()} == {'refused'}, f'{servers.connections} {run.kinds}')
others = [a for r in run.results() for a in r['attempts'] if 'shared_from' in a]
tap.check('… each of the others says who said it, and to whom', len(others) >= 35 and all(a['shared_mx'] == 't' + a['shared_from'][1:].split('.')[0] + '.mail.hoster.example' != a['mx'] and a['shared_ip'] != a['ip'] for a in others), others[:1])
tap.check('… QUIT is said to each', sum(s.quits for s in refusing.values()) == servers.connections, servers.connections)
servers = Servers(refusing)
text = Run('probe', *BASE, *book(40, lambda i: f't{i}.mail.hoster.example', lambda i: f'127.78.2.{i + 1}'), '--port', str(servers.port), '--concurrency', '1', *(f'd{i}.example' for i in range(6))).out
tap.check('… in words, too', re.search(r'  (t[012])\.mail\.hoster\.example \[127\.78\.2\.\d\]:\d+ said:\n.*\n  shared +t5\.mail\.hoster\.example \[127\.78\.2\.6\]:\d+ was not asked: its site says the same to\s+this\s+source\s+each\s+time,\s+as\s+in\s+the\s+walk\s+of\s+d[012]\.example', text), text[-3000:])
servers.close()
mixed = {f'127.78.3.{i + 1}': Server(greet=lambda n, i=i: b'554 5.7.1 your address is not welcome' if i % 2 else b'220 mx') for i in range(12)}
reasons = ['554 5.7.1 your address is not welcome', '554 No SMTP service here', '554 5.7.1 your host has no reverse DNS', '521 mx does not accept mail']
run, servers = walk(mixed, book(12, lambda i: f't{i}.mail.hoster.example', lambda i: f'127.78.3.{i + 1}'), 12)
tap.check('a site of which some refuse: each is asked, from the first that takes mail on', servers.connections == 12 and sorted(r['status'] for r in run.results()) == ['accepted'] * 6 + ['refused'] * 6, f'{servers.connections} {run.kinds}')

differing = {f'127.78.3.{i + 1}': Server(greet=lambda n, i=i: reasons[i % 4].encode()) for i in range(12)}
run, servers = walk(differing, book(12, lambda i: f't{i}.mail.hoster.example', lambda i: f'127.78.3.{i + 1}'), 12)
tap.check('a site whose hosts refuse for differing reasons: each is asked', servers.connections == 12 and len(run.results()) == 12, f'{servers.connections} {run.kinds}')
closed = {f'127.78.3.{i + 1}': Server(greet=lambda n: b'521 this host does not accept mail') for i in range(12)}
run, servers = walk(closed, book(12, lambda i: f't{i}.mail.hoster.example', lambda i: f'127.78.3.{i + 1}'), 12)
tap.check('… and of those that take no mail from anybody, too', servers.connections == 12, f'{servers.connections} {run.kinds}')

# ---- several transactions in a connection

for name, options, connections in (('the table says', {}, 3), ('LIMITS says', {'ehlo': b'250-mx\n250 LIMITS MAILMAX=4 RCPTMAX=100'}, 6), ('LIMITS says how many domains', {'ehlo': b'250-mx\n250 LIMITS RCPTDOMAINMAX=3'}, 8), ('it bears 5, and says 421', {'most': 5}, 6),
                                   ('it bears 5, and says 452', {'most': 5, 'objection': b'452 4.5.3 enough'}, 6), ('it bears one', {'most': 1}, 22)):
    server = Server(**options)
    run, servers = walk({ONE: server}, one_mx(24), 24, '--quit-after', 'rcpt', '--site-rate', 'none')
    good(f'24 recipients, {name}', run, 24)
    tap.check('… all are answered', run.kinds == [('accepted', None)], run.kinds)
    tap.check('… each domain has one recipient', sorted(server.asked.values()) == [1] * 24, server.asked)
    tap.check('… no connection has more than it takes, one at a time', max(server.transactions) <= min(10, options.get('most', 10) + 1, *[int(n) for n in re.findall(rb'MAX=(\d+)', options.get('ehlo', b''))]) and servers.most_in_all == 1, server.transactions)
    tap.check('… and few are made', server.connections <= connections + 3, server.connections)
    tap.check('… QUIT is said to each', server.quits == server.connections, f'{server.quits} {server.connections}')
server = Server(rcpt=lambda domain, n: b'550 5.1.1 no such user' if int(domain[1:].split('.')[0]) % 3 else b'250 fine')
run, servers = walk({ONE: server}, one_mx(24), 24, '--quit-after', 'rcpt')
tap.check('a recipient that is refused does not end it', server.connections <= 4 and sorted(r['status'] for r in run.results()) == ['accepted'] * 8 + ['refused'] * 16, f'{server.connections} {run.kinds}')
second = [a for r in run.results() for a in r['attempts'] if a.get('transaction', 1) > 1]
tap.check('… and each record tells the way there', len(second) >= 20 and all([e['stage'] for e in a['transcript']][:2] == ['connect', 'greeting'] for a in second), second[:1])

# ---- throttled is not refused

busy = b'421 4.7.0 mx Error: too many connections from 127.0.0.1'
server = Server(greet=lambda n: busy if n in (5, 6, 9) else b'220 mx')
run, servers = walk({ONE: server}, one_mx(24), 24, '--quit-after', 'rcpt', '--site-pause', '200ms', '--site-rate', '60/s')
good('a server that is busy now and then', run, 24)
tap.check('… all are answered in the end', run.kinds == [('accepted', None)] and run.status == 0, f'{run.kinds} {run.err}')
server = Server(most=1, greet=lambda n: busy if n in (5, 6, 9) else b'220 mx')
run, servers = walk({ONE: server}, one_mx(24), 24, '--quit-after', 'rcpt', '--site-pause', '200ms', '--site-rate', '600/s')
tap.check('… and if it takes one recipient a connection, too', run.kinds == [('accepted', None)] and any(r.get('again') for r in run.results()), run.kinds)
gaps = [b - a for a, b in zip(server.times[4:6], server.times[5:7])]
tap.check('… it is left alone for the pause', all(gap > 0.15 for gap in gaps), gaps)
server = Server(greet=lambda n: b'421 4.3.2 try again in 1 second' if n == 2 else b'220 mx', most=1)
run, servers = walk({ONE: server}, one_mx(4), 4, '--quit-after', 'rcpt', '--site-pause', '50ms', '--site-rate', '600/s')
tap.check('a time that is named is kept', run.kinds == [('accepted', None)] and server.times[2] - server.times[1] > 0.95, server.times)
server = Server(greet=lambda n: busy if n > 3 else b'220 mx', most=1)
run, servers = walk({ONE: server}, one_mx(5), 5, '--quit-after', 'rcpt', '--site-pause', '10ms', '--site-rate', '6000/s')
late = [r for r in run.results() if r['status'] == 'deferred']
tap.check('one that stays busy: deferred, rate-limit, asked again twice', len(late) >= 2 and all(r['diagnosis']['cause'] == 'rate-limit' and r['again'] == 2 for r in late), run.out[-3000:])
tap.check('… and it is our doing, nobody else\'s', all(r['diagnosis']['who'] is None and 'mxwalk itself' in str(r['diagnosis']['evidence']) and '--site-rate' in r['diagnosis']['advice'] and
          r['attempts'][-1]['haste'] > 1 for r in late) and not run.problems, f'{late[0]["diagnosis"]} {run.problems}')
server = Server(greet=lambda n: busy)
run, servers = walk({ONE: server}, one_mx(50), 50, '--site-pause', '50ms', '--site-rate', '6000/s')
tap.check('busy from the first on, 50 domains: it is not asked for each of them', server.connections == 3 and len(run.results()) == 50 and {r['status'] for r in run.results()} == {'deferred'}, server.connections)
run = probe(*BASE, *one_mx(1), '--port', str(Servers({ONE: Server(greet=lambda n: busy)}).port), 'd0.example')
r = run.results()[0]
tap.check('a single target is not made to wait', r['status'] == 'deferred' and 'again' not in r and r['diagnosis']['who'] == 'sender' and r['ms'] < 1000, run.out)


def speechless(n):
    if n in (3, 4):
        raise ConnectionResetError  # what it says then is the end of the connection
    return b'220 mx'


server = Server(greet=speechless, most=1)
run, servers = walk({ONE: server}, one_mx(6), 6, '--quit-after', 'rcpt', '--site-pause', '200ms', '--site-rate', '600/s')
tap.check('a server that takes no connection where it took some is too busy, too', run.kinds == [('accepted', None)] and any(r.get('again') for r in run.results()), f'{run.kinds} {run.err}')
gaps = [server.times[3] - server.times[2], server.times[4] - server.times[3]]
tap.check('… and left alone', min(gaps) > 0.15 and gaps[1] > 0.35, gaps)

# ---- several sources, of which some sites refuse one


class Choosy(Server):
    """Has another greeting for 127.0.0.9."""

    def __call__(self, connection, hear):
        self.greet = lambda n, ours=connection.getpeername()[0] == '127.0.0.9': b'554 5.7.1 Client host [127.0.0.9] blocked using zen.spamhaus.org' if ours else b'220 mx'
        super().__call__(connection, hear)


three = {'127.78.7.1': Choosy(), '127.78.7.2': Server(), '127.78.7.3': Server()}
run, servers = walk(three, book(12, lambda i: f'mx{i}.{"abc"[i % 3]}-hoster.example', lambda i: f'127.78.7.{i % 3 + 1}'), 12, '--source', '127.0.0.9', '-o', os.path.join(FOLDER, 'matrix'))
end = json.loads(open(os.path.join(FOLDER, 'matrix')).read().splitlines()[-1])
site = {s['site']: {x['source']: (x['status'], x.get('cause'), x.get('list')) for x in s['sources']} for s in end['sites']}
tap.check('two sources, three sites: the summary says who is refused where', site == {
    'a-hoster.example': {'127.0.0.1': ({'accepted': 4}, None, None), '127.0.0.9': ({'refused': 4}, 'ip-blocklist', 'zen.spamhaus.org')},
    **{f'{x}-hoster.example': {s: ({'accepted': 4}, None, None) for s in ('127.0.0.1', '127.0.0.9')} for x in 'bc'}} and not problems(end), site)
tap.check('… and each source, and what to see to first', [(s['source'], s['status']) for s in end['sources']] == [('127.0.0.1', {'accepted': 12}), ('127.0.0.9', {'accepted': 8, 'refused': 4})] and
          end['first'] == {'cause': 'ip-blocklist', 'targets': 4}, f'{end["sources"]} {end["first"]}')
text = Run('report', os.path.join(FOLDER, 'matrix')).out
tap.check('… and so does a report', 'a-hoster.example refuses 127.0.0.9: ip-blocklist (zen.spamhaus.org); all its 4' in text and '127.0.0.9: 8 accepted, 4 refused' in text and 'first      ip-blocklist, which holds up 4.' in text, text)
page = re.sub(r'<[^>]+>', ' ', Run('report', '--format', 'html', os.path.join(FOLDER, 'matrix')).out)
tap.check('… with a table of both', re.search(r'Which site takes mail from which source\s+Site\s+127.0.0.1\s+127.0.0.9\s', page) and re.search(r'a-hoster.example\s+[^\n]*ip-blocklist', page), page[:2000])

# ---- greylisting

server = Server(rcpt=lambda domain, n: b'450 4.7.1 Greylisted for 1 seconds' if n == 1 else b'250 fine')
run, servers = walk({ONE: server}, one_mx(5), 5, '--quit-after', 'rcpt', '--retry-greylisted', '--site-rate', '6000/s')
good('greylisted, with --retry-greylisted', run, 5)
tap.check('… asked once more, and taken', run.kinds == [('accepted', None)] and sorted(server.asked.values()) == [2] * 5 and all(r['again'] == 1 for r in run.results()) and 0.9 < run.seconds < 6, f'{run.kinds} {server.asked} {run.seconds}')
server = Server(rcpt=lambda domain, n: b'450 4.7.1 Greylisted for 1 seconds')
run, servers = walk({ONE: server}, one_mx(2), 2, '--quit-after', 'rcpt', '--retry-greylisted', '--site-rate', '6000/s')
tap.check('… and no more than once', run.kinds == [('deferred', 'greylist')] and sorted(server.asked.values()) == [2] * 2, f'{run.kinds} {server.asked}')
server = Server(rcpt=lambda domain, n: b'450 4.7.1 Greylisted for 1 seconds')
run, servers = walk({ONE: server}, one_mx(2), 2, '--quit-after', 'rcpt')
tap.check('… without the option not at all', run.kinds == [('deferred', 'greylist')] and sorted(server.asked.values()) == [1] * 2, f'{run.kinds} {server.asked}')

# ---- a large site holds up nobody, and its limits are those of all sources

COUNT = 250


def host(i):
    return f't{i}.large.example' if i < COUNT - 50 else f'mx.small{i}.example'


def address(i):
    return f'127.78.4.{i % 20 + 1}' if i < COUNT - 50 else f'127.78.{5 + i % 5}.{i % 50 + 1}'


scripts = {address(i): Server(pause=0.002) for i in range(COUNT)}
run, servers = walk(scripts, book(COUNT, host, address), COUNT, '--site-rate', 'none', '--source', '127.0.0.2')
order = [r['target'] for r in run.results()]
small = [k for k, name in enumerate(order) if int(name[1:].split('.')[0]) >= COUNT - 50]
tap.check(f'{COUNT} targets, {COUNT - 50} of one site, from two sources: all are walked', len(order) == 2 * COUNT and run.kinds == [('accepted', None)], run.kinds)
large = {f'127.78.4.{i + 1}' for i in range(20)}
tap.check('… no address has two connections at once', max(servers.most.values()) == 1, servers.most)
tap.check('… nobody waits for the large site', max(small) < COUNT, max(small))
tap.check('… QUIT is said to each', sum(s.quits for s in scripts.values()) == servers.connections, servers.connections)

# ---- a source comes onto a list in the middle of a run


class Names:
    """A DNS of its own: dN.example with a mail exchanger each, and a list that has 127.0.0.9 from the third time on that it is asked."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind(('127.0.0.1', 0))
        self.port = self.sock.getsockname()[1]
        self.looks = 0
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            query, client = self.sock.recvfrom(2000)
            labels, at = [], 12
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode())
                at += 1 + query[at]
            kind, name = struct.unpack('!H', query[at + 1:at + 3])[0], '.'.join(labels).lower()
            data = None
            self.looks += name == '9.0.0.127.bl.test' and kind == 1
            if name in ('2.0.0.127.bl.test', '9.0.0.127.bl.test') and kind == 1 and (name[0] == '2' or self.looks > 2):
                data = bytes([127, 0, 0, 2])
            elif kind == 15 and name.endswith('.example') and name.startswith('d'):
                data = b'\0\x0a\x02mx' + query[12:at + 1]
            elif kind == 1 and name.startswith('mx.d'):
                data = bytes([127, 78, 6, int(labels[1][1:]) % 200 + 1])
            head = query[:2] + struct.pack('!5H', 0x8180 | (0 if data or not name.endswith('.bl.test') else 3), 1, 1 if data else 0, 0, 0)
            answer = b'\xc0\x0c' + struct.pack('!HHIH', kind, 1, 0, len(data)) + data if data else b''
            self.sock.sendto(head + query[12:at + 5] + answer, client)


names = Names()
lists = os.path.join(FOLDER, 'lists')
open(lists, 'w').write('[bl.test]\nname = Test list\nask = ip4\non = yes\nweight = B\npolicy = none\nvalue = 127.0.0.2 listed it is on it\n')
servers = Servers({f'127.78.6.{i + 1}': Server(pause=0.02) for i in range(200)})
path = os.path.join(FOLDER, 'list')
open(path, 'w').write(''.join(f'd{i}.example\n' for i in range(120)))
for extra in ((), ('--keep-going',)):
    names.looks = 0
    run = probe('--allow-private', '--no-tls', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--source', '127.0.0.9', '--nameserver', f'127.0.0.1:{names.port}', '--port', str(servers.port), '--input', path,
                '--concurrency', '5', '--site-rate', 'none', '--lists', lists, '--watch-lists', '100ms', '--timeout-dns', '2s', *extra)
    end = next((r for r in run.records if r['type'] == 'summary'), {})
    told = re.search(r'^mxwalk: (?:warning: )?20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ: 127.0.0.9 has come onto bl.test, after (\d+) results', run.err, re.M)
    listed = end.get('listed') or {}
    tap.check('... the summary says which, where, when and after how many', told and (listed['source'], listed['list'], listed['results']) == ('127.0.0.9', 'bl.test', int(told[1])) and
              run.records[0]['started'] < listed['time'] and not run.problems, f'{run.err} {listed} {run.problems}')
    if extra:
        tap.check('… with --keep-going it is told, and the run goes on', told and len(run.results()) == 120 and 'stopped' not in end, f'{run.status} {run.err} {str(end)[:300]}')
    else:
        tap.check('a source that comes onto a list: the run stops, and says when', told and end.get('stopped') == 'listed' and 0 < len(run.results()) < 120 and run.status == 71, f'{run.status} {run.err} {str(end)[:300]}')
servers.close()
tap.done()
