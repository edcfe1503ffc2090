"""mxwalk's DNS against servers that the world runs: NSD for zones, rbldnsd for blocklists, Unbound between them and us; and resolvers that refuse, lie or are silent. A failed look-up is never "absent"."""
import concurrent.futures
import glob
import json
import os
import shutil
import signal
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace
import tap
from records import Run, probe

namespace.enter(['nsd', 'unbound', 'rbldnsd'])
ZONES, BLOCKLISTS, DEAD = '127.0.53.1', '127.0.53.2', '127.0.53.9'
RESOLVER, REFUSING, LYING, SILENT = '127.0.54.1', '127.0.54.2', '127.0.54.3', '127.0.54.4'
MAIL = '127.0.55.1'
PORT = 2525
home = tap.folder('dns')
os.chmod(home, 0o755)
servers = []

SOA = '@ 300 IN SOA ns.plain.example. hostmaster.plain.example. 1 3600 600 86400 60\n@ 300 IN NS ns.plain.example.\n'
# An SPF record of over 700 octets, in strings of 255 and less that are cut within a word; what decides stands at its end.
LONG = 'v=spf1 ' + ' '.join(f'ip4:192.0.2.{n}' for n in range(1, 46)) + ' ip4:127.0.55.1 -all'
STRINGS = [LONG[i:i + 250] for i in range(0, len(LONG), 250)]
MANY = ''.join(f'many 300 IN MX {n} exchanger-number-{n}.many\nexchanger-number-{n}.many 300 IN A 127.0.56.{n}\n' for n in range(1, 41))
ZONE_FILES = {
    # The delegation of lame.example is lame: rbldnsd, to which it leads, refuses to answer for it.
    'example': SOA + 'lame 300 IN NS lists.plain.example.\n',
    'plain.example': SOA + f'''
ns     300 IN A     {ZONES}
lists  300 IN A     {BLOCKLISTS}
@      300 IN MX    20 second
@      300 IN MX    10 first
@      300 IN MX    10 alias
first  300 IN A     {MAIL}
first  300 IN AAAA  ::1
second 300 IN A     127.0.55.2
second 300 IN A     127.0.55.3
alias  300 IN CNAME second
www    300 IN CNAME plain.example.
mail   300 IN MX    10 first
null   300 IN MX    0 .
implicit 300 IN A   {MAIL}
empty  300 IN TXT   "nothing here but words"
gone   300 IN MX    10 nowhere
sick   300 IN MX    10 host.lame.example.
half   300 IN MX    10 host.lame.example.
half   300 IN MX    20 first
loop   300 IN CNAME loop2
loop2  300 IN CNAME loop
long   300 IN TXT   {' '.join('"' + s + '"' for s in STRINGS)}
spf-lame 300 IN TXT "v=spf1 include:lame.example -all"
_dmarc 300 IN TXT   "v=DMARC1; p=reject; rua=mailto:d@plain.example"
{MANY}
''',
    'signed.example': SOA + f'@ 300 IN MX 10 mail\nmail 300 IN A {MAIL}\n',
    'bogus.example': SOA + f'@ 300 IN MX 10 mail\nmail 300 IN A {MAIL}\n@ 300 IN TXT "v=spf1 +all"\n',
    '55.0.127.in-addr.arpa': SOA + '1 300 IN PTR first.plain.example.\n2 300 IN PTR elsewhere.plain.example.\n4 300 IN PTR host.lame.example.\n',
}
KEY = 'k3y0fours'
# 127.0.0.2 is the test point of RFC 5782 in every zone that is well kept.
LISTS = {
    'good.bl.example': ('ip4set', ':127.0.0.2:$ was seen sending spam\n127.0.0.2\n192.0.2.1\n192.0.2.64/28 :127.0.0.3:Dynamic range\n!192.0.2.70\n'),
    'six.bl.example': ('ip6trie', ':127.0.0.2:$ is listed\n::ffff:7f00:2\n2001:db8:1::/48\n'),
    'names.bl.example': ('dnset', ':127.0.1.2:$ is in mail that nobody asked for\ntest\n.spammer.example\n'),
    'empty.bl.example': ('ip4set', ':127.0.0.2:nobody\n192.0.2.1\n'),
    'wide.bl.example': ('ip4set', ':127.0.0.2:everybody\n0.0.0.0/0\n'),
    # It quotes the question, key and all, as some do.
    f'{KEY}.keyed.example': ('ip4set', f':127.0.0.2:$ is listed, asked with {KEY}\n127.0.0.2\n192.0.2.1\n'),
}
MXWALK_LISTS = ''.join(f'''
[{zone}]
name = {zone.split('.')[0]}
ask = {ask}
on = yes
weight = C
value = 127.0.{value} listed a source of spam
value = 127.0.0.3 listed a dynamic address
''' for zone, ask, value in (('good.bl.example', 'ip4', '0.2'), ('six.bl.example', 'ip6', '0.2'), ('names.bl.example', 'domain', '1.2'), ('empty.bl.example', 'ip4', '0.2'),
                             ('wide.bl.example', 'ip4', '0.2'), ('bl.lame.example', 'ip4', '0.2')))
UNBOUND = '''
server:
	interface: {address}
	port: 53
	username: ""
	chroot: ""
	directory: "{home}"
	pidfile: ""
	use-syslog: no
	logfile: "{home}/unbound.log"
	num-threads: 1
	do-ip6: no
	do-not-query-localhost: no
	module-config: "validator iterator"
	{anchors}
	local-zone: "127.in-addr.arpa." nodefault
	{server}
remote-control:
	control-enable: no
{stubs}
'''


def path(name):
    return os.path.join(home, name)


def write(name, text):
    with open(path(name), 'w') as f:
        f.write(text)
    return path(name)


def sign():
    """The trust anchors for Unbound. bogus.example is signed, and then says something else."""
    anchors = []
    for zone in ('signed.example', 'bogus.example'):
        keys = [subprocess.run(['ldns-keygen', '-a', 'ECDSAP256SHA256', *flags, zone], cwd=home, capture_output=True, text=True, check=True).stdout.strip() for flags in (['-k'], [])]
        subprocess.run(['ldns-signzone', '-o', zone, '-f', path(zone), path(zone), *keys], cwd=home, capture_output=True, check=True)
        anchors.append(open(path(keys[0] + '.key')).read().strip())
    signed = open(path('bogus.example')).read()
    write('bogus.example', signed.replace(MAIL, '127.0.55.66').replace('+all', '?all').replace('10 mail', '11 mail'))
    return [f'trust-anchor: "{" ".join(anchor.split())}"' for anchor in anchors]


def spawn(*argv):
    servers.append(subprocess.Popen(argv, cwd=home, stdout=open(path('servers.log'), 'a'), stderr=subprocess.STDOUT))


def ask(address, name, type_, tries=1, size=1232):
    """A question of our own over UDP, to know what mxwalk has been given: (rcode, truncated, answers) or None."""
    question = b''.join(bytes([len(label)]) + label.encode() for label in name.split('.')) + b'\0' + struct.pack('>HH', type_, 1)
    query = struct.pack('>HHHHHH', 4711, 0x0100, 1, 0, 0, 1) + question + b'\0' + struct.pack('>HHIH', 41, size, 0, 0)
    for _ in range(tries):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.settimeout(0.2)
            s.connect((address, 53))
            try:
                s.send(query)
                answer = s.recv(4096)
                flags, _, count = struct.unpack('>HHH', answer[2:8])
                return flags & 15, bool(flags & 0x0200), count
            except OSError:
                time.sleep(0.05)
    return None


def start(signing):
    for zone, text in ZONE_FILES.items():
        write(zone, f'$ORIGIN {zone}.\n$TTL 300\n{text}')
    anchors = sign() if signing else []
    write('nsd.conf', f'''
server:
	ip-address: {ZONES}
	username: root
	chroot: ""
	zonesdir: "{home}"
	zonelistfile: "{home}/zone.list"
	xfrdfile: "{home}/xfrd.state"
	xfrdir: "{home}"
	pidfile: ""
	logfile: "{home}/nsd.log"
	server-count: 1
	minimal-responses: no
remote-control:
	control-enable: no
''' + ''.join(f'zone:\n\tname: {zone}\n\tzonefile: {path(zone)}\n' for zone in ZONE_FILES))
    spawn('nsd', '-d', '-c', path('nsd.conf'))
    for zone, (_, text) in LISTS.items():
        write(zone, text)
    spawn('rbldnsd', '-n', '-b', f'{BLOCKLISTS}/53', '-u', 'nobody', '-w', home, '-s', '/dev/null', '-t', '60', *(f'{zone}:{kind}:{zone}' for zone, (kind, _) in LISTS.items()))
    stubs = {zone: ZONES for zone in ZONE_FILES}
    stubs.update({zone: BLOCKLISTS for zone in LISTS})
    stubs['57.0.127.in-addr.arpa'] = stubs['dead.example'] = DEAD
    stub_text = ''.join(f'stub-zone:\n\tname: "{zone}"\n\tstub-addr: {address}\n' for zone, address in stubs.items())
    lies = ''.join(f'local-zone: "{zone}." redirect\n\tlocal-data: "{zone}. A {address}"\n\t' for zone, address in (('good.bl.example', '192.0.2.66'), ('names.bl.example', '127.0.1.2'), ('six.bl.example', '192.0.2.66')))
    for address, line in ((RESOLVER, ''), (REFUSING, 'access-control: 127.0.0.0/8 refuse'), (LYING, lies), (SILENT, 'access-control: 127.0.0.0/8 deny')):
        spawn('unbound', '-d', '-c', write(f'unbound-{address}', UNBOUND.format(address=address, home=home, anchors='\n\t'.join(anchors), server=line, stubs=stub_text)))
    # It is up, and knows its way to each server; the silent one can only be believed in.
    up = [ask(address, name, 1, 100) for address, name in ((RESOLVER, 'first.plain.example'), (RESOLVER, '2.0.0.127.good.bl.example'), (REFUSING, 'plain.example'), (LYING, 'plain.example'))]
    if [answer and answer[0] for answer in up] != [0, 0, 5, 0] or any(server.poll() is not None for server in servers):
        logs = ''.join(open(name).read() for name in glob.glob(path('*.log')))
        print('Bail out! the servers did not start:', up, logs[-3000:].replace('\n', ' | '))
        sys.exit(1)


class Mail(socketserver.StreamRequestHandler):
    """As much of a mail server as a walk without a recipient needs."""

    def handle(self):
        self.wfile.write(b'220 first.plain.example ESMTP\r\n')
        for line in self.rfile:
            self.wfile.write(b'221 bye\r\n' if line.upper().startswith(b'QUIT') else b'250 first.plain.example\r\n')


def serve_mail():
    socketserver.ThreadingTCPServer.allow_reuse_address = True
    server = socketserver.ThreadingTCPServer((MAIL, PORT), Mail)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()


def check(kind, *args, nameserver=RESOLVER):
    """The run of a check, every record valid; the first record as .r, all by their list as .lists"""
    nameservers = nameserver if isinstance(nameserver, tuple) else (nameserver,)
    begun = time.monotonic()
    run = Run('check', kind, '--json', *args, *(f'--nameserver={n}' for n in nameservers)).ndjson()
    run.seconds = time.monotonic() - begun
    run.r = run.records[0] if run.records else {}
    run.lists = {r.get('list'): r for r in run.records}
    if run.problems or not run.records:
        tap.check(f'check {kind} {" ".join(args)}: valid records', False, '\n'.join(run.problems) + run.out + run.err)
    return run


def equal(name, have, want):
    return tap.check(name, have == want, f'have {have}\nwant {want}')


def routes(signing):
    r = check('mx', 'plain.example').r
    hosts = r['hosts']
    equal('MX by preference', ([h['preference'] for h in hosts], sorted(h['mx'] for h in hosts[:2]), hosts[2]['mx']),
          ([10, 10, 20], ['alias.plain.example', 'first.plain.example'], 'second.plain.example'))
    by_name = {h['mx']: h for h in hosts}
    equal('A and AAAA', sorted(by_name['first.plain.example']['addresses']), [MAIL, '::1'])
    equal('two A records', sorted(by_name['second.plain.example']['addresses']), ['127.0.55.2', '127.0.55.3'])
    equal('an MX that is an alias is followed and said', (by_name['alias.plain.example']['alias'], sorted(by_name['alias.plain.example']['addresses'])), (True, ['127.0.55.2', '127.0.55.3']))
    equal('nothing here is signed', r['authentic'], False)
    r = check('mx', 'www.plain.example').r
    equal('a domain that is an alias', (r['result'], r['canonical'], len(r['hosts'])), ('ok', 'plain.example', 3))
    for nameserver, what in ((RESOLVER, 'Unbound'), (ZONES, 'NSD')):
        equal(f'40 MX are too many for a datagram of {what}', ask(nameserver, 'many.plain.example', 15)[1], True)
        r = check('mx', 'many.plain.example', nameserver=nameserver).r
        equal(f'40 MX come by TCP from {what}', [(h['preference'], h['addresses']) for h in r['hosts']], [(n, [f'127.0.56.{n}']) for n in range(1, 41)])
    for domain, result, status in (('null.plain.example', 'null-mx', 1), ('nothing.plain.example', 'nxdomain', 1), ('empty.plain.example', 'no-address', 1), ('gone.plain.example', 'no-address', 1),
                                   ('implicit.plain.example', 'ok', 0), ('lame.example', 'dns-error', 3), ('dead.example', 'dns-error', 3), ('sick.plain.example', 'dns-error', 3), ('loop.plain.example', 'dns-error', 3)):
        run = check('mx', domain, '--timeout=3')
        equal(f'check mx {domain}', (run.r['result'], run.status), (result, status))
    run = check('mx', 'lame.example', nameserver=ZONES)
    equal('a server that only points to others has not said that there is nothing', (run.r['result'], run.status), ('dns-error', 3))
    run = check('mx', 'half.plain.example')
    equal('half of the hosts are unknown', [(h['mx'], h['addresses'] != [], h.get('problem') is not None) for h in run.r['hosts']], [('host.lame.example', False, True), ('first.plain.example', True, False)])
    tap.check('what failed is called a failure', 'SERVFAIL' in run.out and 'no address' not in run.out, run.out)
    if signing:
        r = check('mx', 'signed.example').r
        equal('a signed zone is authentic', (r['result'], r['authentic']), ('ok', True))
        equal('a bogus zone is a failure, not a domain without mail', (check('mx', 'bogus.example').r['result'], check('spf', '--ip=192.0.2.1', '--from=a@bogus.example').r['result']), ('dns-error', 'temperror'))
    else:
        tap.skip('a signed zone, and a bogus one', 'no ldns-signzone here')


def texts():
    run = check('spf', f'--ip={MAIL}', '--from=a@long.plain.example')
    equal('TXT of several strings', (run.r['result'], run.r['record'], run.r['matched']), ('pass', LONG, 'ip4:127.0.55.1'))
    equal('no record is none', check('spf', '--ip=192.0.2.1', '--from=a@empty.plain.example').r['result'], 'none')
    equal('no domain is none', check('spf', '--ip=192.0.2.1', '--from=a@nothing.plain.example').r['result'], 'none')
    run = check('spf', '--ip=192.0.2.1', '--from=a@spf-lame.plain.example')
    equal('an include that cannot be looked up', (run.r['result'], run.status), ('temperror', 3))
    r = check('dmarc', '--from=a@mail.plain.example', '--spf=plain.example=pass').r
    equal('DMARC of the organizational domain', (r['result'], r['policy'], r['at']), ('pass', 'reject', 'plain.example'))
    equal('DMARC that cannot be looked up', check('dmarc', '--from=a@lame.example').r['result'], 'temperror')


def reverse():
    for ip, word, status in (('127.0.55.1', 'pass', 0), ('127.0.55.2', 'fail', 1), ('127.0.55.3', 'none', 1), ('127.0.55.4', 'unknown', 3), ('127.0.57.1', 'unknown', 3)):
        run = check('ptr', ip, '--timeout=3')
        equal(f'check ptr {ip}', (run.r['fcrdns'], run.status), (word, status))


def blocklists():
    lists = '--lists=' + write('lists', MXWALK_LISTS)
    # The lists that are built in are not to be had here: they are lame, and say so.
    bl = check('dnsbl', '192.0.2.1', lists)
    r = bl.lists['good.bl.example']
    equal('listed, with the words of the list', (r['state'], r['codes'], r['reason'], bl.status), ('listed', ['127.0.0.2'], '192.0.2.1 was seen sending spam', 1))
    bl = check('dnsbl', '192.0.2.65', lists)
    equal('a range has its own code', [bl.lists['good.bl.example'][k] for k in ('state', 'codes', 'meaning', 'reason')], ['listed', ['127.0.0.3'], 'a dynamic address', 'Dynamic range'])
    bl = check('dnsbl', '192.0.2.70', lists)
    equal('an exception is clean', bl.lists['good.bl.example']['state'], 'clean')
    equal('a list without its test point is broken', bl.lists['empty.bl.example']['state'], 'broken')
    equal('a list of everybody is broken', bl.lists['wide.bl.example']['state'], 'broken')
    equal('a list that fails is unknown', bl.lists['bl.lame.example']['state'], 'unknown')
    equal('and the whole is in doubt', bl.status, 2)
    bl = check('dnsbl', '2001:db8:1:2::3', lists)
    equal('IPv6 by nibbles', (bl.lists['six.bl.example']['state'], bl.status), ('listed', 1))
    equal('IPv6, clean', check('dnsbl', '2001:db8:2::1', lists).lists['six.bl.example']['state'], 'clean')
    bl = check('dnsbl', 'mail.spammer.example', 'friend.example', lists)
    equal('domains', [(r['item'], r['state'], r['codes']) for r in bl.records if r['list'] == 'names.bl.example'],
          [('mail.spammer.example', 'listed', ['127.0.1.2']), ('friend.example', 'clean', [])])
    bl = check('dnsbl', '192.0.2.1', lists, nameserver=LYING)
    equal('a resolver that answers for everything makes no list listed', (bl.lists['good.bl.example']['state'], bl.status), ('broken', 3))
    equal('nor for domains', check('dnsbl', 'friend.example', lists, nameserver=LYING).lists['names.bl.example']['state'], 'broken')


# One line each: what was asked, and the word for "could not be found out".
QUESTIONS = (
    (('mx', 'plain.example'), 'dns-error'),
    (('mx', 'nothing.plain.example'), 'dns-error'),
    (('spf', '--ip=192.0.2.1', '--from=a@plain.example'), 'temperror'),
    (('dmarc', '--from=a@plain.example', '--spf=plain.example=pass'), 'temperror'),
    (('ptr', '127.0.55.1'), 'unknown'),
)


def keys():
    lists = write('keyed', '[bl.keyed.example]\nname = Keyed\nask = ip4\nweight = C\nkey-zone = %s.keyed.example\nkey-needed = yes\nvalue = 127.0.0.2 listed a source of spam\n')
    args = ('192.0.2.1', f'--lists={lists}', f'--dnsbl-key=bl.keyed.example={KEY}')
    run = check('dnsbl', *args, f'--dns-record={path("keyed-book")}')
    equal('a list that is asked with a key', (run.lists['bl.keyed.example']['state'], run.status), ('listed', 1))
    book = open(path('keyed-book')).read()
    text = Run('check', 'dnsbl', '-v', *args, f'--nameserver={RESOLVER}')
    report = Run('self', '-v', '--allow-private', '--source=192.0.2.1', f'--lists={lists}', f'--dnsbl-key=bl.keyed.example={KEY}', f'--nameserver={RESOLVER}')
    tap.check('the words name the question, the key they do not', '1.2.0.192.bl.keyed.example' in text.out and '1.2.0.192.bl.keyed.example' in report.out and 'asked with' in text.out, text.out + report.out)
    for what, said in (('the records', run.out + run.err), ('the words', text.out + text.err), ('the report', report.out + report.err), ('the book', book)):
        tap.check(f'the key is not in {what}', KEY not in said.lower(), said)
    for what, more in (('with the key', args), ('with another', (*args[:2], '--dnsbl-key=bl.keyed.example=another'))):
        again = check('dnsbl', *more, f'--dns-replay={path("keyed-book")}')
        equal(f'the book replays {what}', {r['list']: r['state'] for r in again.records}, {r['list']: r['state'] for r in run.records})


def two_resolvers():
    lists = '--lists=' + path('lists')
    bl = check('dnsbl', '192.0.2.1', lists, f'--dnsbl-nameserver={RESOLVER}', '--timeout=3', nameserver=REFUSING)
    equal('lists are asked through a resolver of their own', (bl.lists['good.bl.example']['state'], bl.lists['good.bl.example']['server']), ('listed', RESOLVER))
    equal('… and nothing else is', check('ptr', '127.0.55.1', f'--dnsbl-nameserver={RESOLVER}', '--timeout=3', nameserver=REFUSING).r['result'], 'unknown')


def open_resolver():
    for server, said in (('8.8.8.8', True), (REFUSING, False)):  # in this namespace there is no way to that address
        p = Run('check', 'dnsbl', '192.0.2.1', '--timeout=1', f'--nameserver={server}')
        tap.check(f'lists asked through {server}: {"an open resolver, and that is said" if said else "none of those"}', p.status == (71 if said else 3) and (f'asked through {server}, an open resolver' in p.err) == said, p.err)


def undetermined():
    """Resolvers that refuse or say nothing: nothing is absent, and no wait is longer than it was allowed."""
    limit, control = 3, 2  # before our resolver is blamed it is asked for the servers of the root
    lists = '--lists=' + write('lists', MXWALK_LISTS)
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        runs = [(name, args, want, pool.submit(check, *args, f'--timeout={limit}', nameserver=server))
                for name, server in (('refused', REFUSING), ('silence', SILENT), ('both', (REFUSING, SILENT))) for args, want in QUESTIONS]
        listed = [(name, pool.submit(check, 'dnsbl', '192.0.2.1', lists, f'--timeout={limit}', nameserver=server)) for name, server in (('refused', REFUSING), ('silence', SILENT))]
        second = [(name, pool.submit(check, 'mx', 'plain.example', nameserver=(server, RESOLVER))) for name, server in (('refused', REFUSING), ('silence', SILENT), ('dead', DEAD))]
    for name, args, want, future in runs:
        run = future.result()
        equal(f'{name}: check {" ".join(args)}', (run.r.get('result'), run.status), (want, 3))
        tap.check(f'{name}: in time', run.seconds < limit + control + 2, run.seconds)
    for name, future in listed:
        run = future.result()
        equal(f'{name}: no list is clean, none listed', (set(r['state'] for r in run.records) & {'clean', 'listed'}, run.status), (set(), 3))
        tap.check(f'{name}: lists in time', run.seconds < limit + control + 2, run.seconds)
    for name, future in second:
        run = future.result()
        equal(f'{name}, and another that answers', (run.r['result'], len(run.r['hosts'])), ('ok', 3))
        tap.check(f'{name}, and another: in time', run.seconds < 8, run.seconds)


def walks():
    options = ['--allow-private', f'--port={PORT}', f'--source={MAIL}', '--ehlo=first.plain.example', '--timeout-dns=3', '--lists=' + path('lists')]
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        def walk(domain, *args, nameserver=RESOLVER):
            return pool.submit(probe, *options, f'--nameserver={nameserver}', *args, domain)
        found, absent, nothing, lame, refused, silent = (walk('mail.plain.example', f'--dns-record={path("book")}'), walk('nothing.plain.example'), walk('null.plain.example'), walk('lame.example'),
                                                         walk('mail.plain.example', nameserver=REFUSING), walk('mail.plain.example', nameserver=SILENT))
    run = found.result()
    r = run.results()[0]
    equal('a walk by the route that Unbound gave', (r['status'], r['attempts'][-1]['mx'], r['attempts'][-1]['ip'], run.status), ('accepted', 'first.plain.example', MAIL, 0))
    sender = next(s for s in run.records if s['type'] == 'sender')
    equal('our PTR is confirmed', sender['fcrdns'], 'pass')
    states = {entry['list']: entry['state'] for entry in sender['dnsbl']}
    tap.check('lists that the resolver cannot reach are not clean', states.get('zen.spamhaus.org') not in ('clean', 'listed'), states)
    equal('the list that can be reached is clean', states.get('good.bl.example'), 'clean')
    for run, what, status in ((absent, 'NXDOMAIN', 'undeliverable'), (nothing, 'null MX', 'undeliverable'), (lame, 'a lame delegation', 'dns-error'), (refused, 'a resolver that refuses', 'dns-error'), (silent, 'a silent resolver', 'dns-error')):
        run = run.result()
        equal(f'a walk, {what}', ([r['status'] for r in run.results()], run.status, run.problems), ([status], 3, []))
    for run in (refused.result(), silent.result()):
        s = next((s for s in run.records if s['type'] == 'sender'), None)
        tap.check('the sender, too, is unknown and not without names', s is None or s['fcrdns'] == 'unknown', s)
    again = probe(*options, '--nameserver=127.0.54.9', f'--dns-replay={path("book")}', 'mail.plain.example')
    equal('the recorded book leads the same way', [(r['status'], r['attempts'][-1]['ip']) for r in again.results()], [('accepted', MAIL)])


signing = shutil.which('ldns-signzone') is not None and shutil.which('ldns-keygen') is not None
try:
    start(signing)
    serve_mail()
    routes(signing)
    texts()
    reverse()
    blocklists()
    keys()
    two_resolvers()
    open_resolver()
    undetermined()
    walks()
finally:
    for server in servers:
        server.terminate()
    for server in servers:
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:
            server.send_signal(signal.SIGKILL)
tap.done()
