"""What a run of many targets does, and what it never does: one connection to an address at a time,
the next mail exchanger behind a 5yz greeting, whose fault it is when nobody answers, and what is
told when it is broken off."""
import ctypes
import errno
import json
import os
import platform
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from peer import Servers, takes_mail, talk
from records import MXWALK, Run, probe, problems

FOLDER = tap.folder('campaign')
BASE = ['--allow-private', '--no-dnsbl', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--source', '127.0.0.1']


def book(name, **domains):
    """domain=[(preference, host, address or None for a look-up that fails)...] → the file of a DNS."""
    path = os.path.join(FOLDER, name + '.book')
    with open(path, 'w') as file:
        hosts = {}
        for domain, servers in domains.items():
            domain = domain.replace('_', '.')
            file.write(json.dumps({'name': domain, 'type': 'MX', 'rcode': 'NOERROR', 'ttl': 60,
                                   'data': [f'{p} {h}' for p, h, _ in servers]}) + '\n')
            hosts.update({h: a for _, h, a in servers})
        for host, address in hosts.items():
            kind = 'AAAA' if ':' in (address or '') else 'A'
            file.write(json.dumps({'name': host, 'type': kind, 'rcode': 'NOERROR' if address else 'SERVFAIL',
                                   'ttl': 60, 'data': [address] if address else []}) + '\n')
    return ['--dns-replay', path]


def summary(run):
    return next((r for r in run.records if r['type'] == 'summary'), {})


# ---- a 5yz greeting is not the end

for code in (b'554 5.7.1 not today', b'521 5.3.2 this host takes no mail', b'550 5.3.2 no'):
    servers = Servers({'127.77.2.1': talk(code + b'\r\n', None, b'221 bye\r\n'), '127.77.2.2': takes_mail()})
    dns = book('two', example_com=[(10, 'mx1.example.com', '127.77.2.1'), (20, 'mx2.example.com', '127.77.2.2')])
    run = probe(*BASE, *dns, '--no-tls', '--port', str(servers.port), 'user@example.com')
    r = run.results()[0]
    name = f'greeting {code[:3].decode()}, the next takes mail'
    tap.check(f'{name}: accepted', (r['status'], r['stage'], run.status, r['attempts'][-1]['mx']) ==
              ('accepted', 'message', 0, 'mx2.example.com'), run.out)
    tap.check(f'{name}: the refusal is in the record, with a diagnosis', r.get('refusal', {}).get('mx') == 'mx1.example.com' and
              r['refusal']['reply']['code'] == int(code[:3]) and r['refusal']['diagnosis'] and r['diagnosis'] is None, run.out)
    tap.check(f'{name}: QUIT is what the first heard', servers.said('127.77.2.1')[0] == b'QUIT', servers.heard)
    tap.check(f'{name}: valid', not run.problems, run.problems)
    servers.close()

servers = Servers({'127.77.2.1': talk(b'554 no\r\n', None, b'221 bye\r\n'), '127.77.2.2': talk(b'550 5.7.1 nor here\r\n', None, b'221 bye\r\n')})
run = probe(*BASE, *dns, '--port', str(servers.port), 'example.com')
r = run.results()[0]
tap.check('all refuse: refused', (r['status'], run.status, len(r['attempts']), r['untried']) == ('refused', 1, 2, 0), run.out)
tap.check('all refuse: how far was asked', (r['asked'], r['not_asked']) == ('greeting', ['ehlo', 'mail', 'rcpt', 'data', 'message']), run.out)
servers.close()

servers = Servers({'127.77.2.1': takes_mail(), '127.77.2.2': takes_mail()})
run = probe(*BASE, *dns, '--port', str(servers.port), 'example.com')
r = run.results()[0]
tap.check('accepted at EHLO: what was not asked is said', (r['status'], r['asked'], r['not_asked']) ==
          ('accepted', 'ehlo', ['mail', 'rcpt', 'data', 'message']), run.out)
tap.check('accepted: the other exchanger was not tried', r['untried'] == 1 and r['site'] == 'example.com', run.out)
servers.close()

# ---- one connection to an address, two to a site, one past EHLO

def many(count, host, address):
    return {f'd{i}_example': [(10, host(i), address(i))] for i in range(count)}


def walk_list(servers, dns, count, *options):
    path = os.path.join(FOLDER, 'list')
    open(path, 'w').write(''.join(f'd{i}.example\n' for i in range(count)))
    return probe(*BASE, *dns, '--port', str(servers.port), '--input', path, '--concurrency', '40', *options)


servers = Servers({'127.77.3.1': takes_mail(0.02)})
run = walk_list(servers, book('one', **many(12, lambda i: f'mx.d{i}.co.uk', lambda i: '127.77.3.1')), 12)
tap.check('12 domains at one address: all walked, one connection at a time', len(run.results()) == 12 and servers.most_in_all == 1 and
          servers.connections == 12, f'{servers.most_in_all} at once\n{run.err}')
tap.check('… and 12 names under co.uk are 12 sites', len(summary(run)['mx_site']) == 12, summary(run))
servers.close()

ADDRESSES = {f'127.77.4.{i}': takes_mail(0.05) for i in range(1, 9)}
for options, most in (((), 2), (('--quit-after', 'rcpt'), 1), (('--site-concurrency', '4'), 4)):
    servers = Servers(ADDRESSES)
    run = walk_list(servers, book('site', **many(8, lambda i: f'mx{i}.mail.example.co.uk', lambda i: f'127.77.4.{i + 1}')), 8, *options)
    tap.check(f'8 addresses of one site {" ".join(options)}: {most} at once', len(run.results()) == 8 and servers.most_in_all == most and
              summary(run)['mx_site'] == {'example.co.uk': 8}, f'{servers.most_in_all}\n{summary(run)}\n{run.err}')
    servers.close()

servers = Servers(ADDRESSES)
run = walk_list(servers, book('sites', **many(8, lambda i: f'mx.site{i}.co.uk', lambda i: f'127.77.4.{i + 1}')), 8)
tap.check('8 sites: they do not wait for each other', len(run.results()) == 8 and servers.most_in_all >= 6, servers.most_in_all)
servers.close()

# ---- a source of the other family

servers = Servers({'127.77.2.1': takes_mail()})
dns = book('six', four_example=[(10, 'mx.four.example', '127.77.2.1')], six_example=[(10, 'mx.six.example', '::1')])
run = probe(*BASE, *dns, '--port', str(servers.port), 'six.example')
r = run.results()[0]
tap.check('an IPv4 source, an IPv6 target: this host could not, never unreachable', (r['status'], r['attempts'], run.status) == ('local', [], 71) and
          'IPv6' in r['note'] and r['remedy']['id'] == 'local.family', run.out)
run = probe(*BASE, '--source', '::1', *dns, '--port', str(servers.port), '--timeout', '2s', 'four.example')
found = {r['source']: (r['status'], r.get('note', '')) for r in run.results()}
tap.check('… and no status 3 where another source could ask', run.status == 0 and found['127.0.0.1'][0] == 'accepted' and
          found['::1'][0] == 'skipped', f'{run.status} {run.out}')
servers.close()

# ---- nobody answers, or this host cannot

closed = socket.create_server(('127.77.5.1', 0))
port = closed.getsockname()[1]
closed.close()
DEAD = 40
dns = book('dead', **many(DEAD, lambda i: f'mx.dead{i}.example', lambda i: f'127.77.5.{i + 1}'))
run = walk_list(type('dead', (), {'port': port}), dns, DEAD, '--concurrency', '5')
end = summary(run)
tap.check('ten sites that do not answer: the run is given up, 71', run.status == 71 and 10 <= len(run.results()) < DEAD, f'{run.status} {len(run.results())}')
tap.check('… said at once, and what was not asked is counted', f'no server answered on port {port}' in run.err and
          len(run.results()) + end['under_way'] + end['not_begun'] == DEAD, f'{run.err}{end}')
tap.check('… and the summary says it', (end.get('stopped'), end.get('no_answer_on_port')) == ('nobody-answers', port) and not run.problems, f'{end}{run.problems}')
words = Run('probe', *BASE, *dns, '--port', str(port), '--input', os.path.join(FOLDER, 'list'))
tap.check('… in words, too', 'given up' in words.out and f'no server answered this host on port {port}' in words.out, words.out[-600:])
quiet = walk_list(type('dead', (), {'port': port}), dns, DEAD, '--concurrency', '5', '-q')
tap.check('… with -q, too, for it is an error', quiet.status == 71 and f'no server answered on port {port}' in quiet.err, quiet.err)
run = walk_list(type('dead', (), {'port': port}), dns, DEAD, '--concurrency', '5', '--keep-going')
tap.check('… unless --keep-going', run.status == 3 and len(run.results()) == DEAD and 'no server answered' in run.err, f'{run.status} {run.err}')
servers = Servers({'127.77.5.3': talk(b'554 no\r\n', None, b'221 bye\r\n')}, port)
run = walk_list(type('dead', (), {'port': port}), dns, DEAD, '--concurrency', '5')
tap.check('one that answers, if by a refusal, and it goes on', run.status == 1 and len(run.results()) == DEAD and 'no server' not in run.err, run.err)
servers.close()


# A system call that fails by the kernel's own word (seccomp), for what no peer and no permission of
# a test's can bring about.
NUMBERS = {'x86_64': {'connect': [42], 'epoll': [232, 281, 441]}, 'aarch64': {'connect': [203], 'epoll': [22, 441]}}.get(platform.machine(), {})


def failing(calls, error):
    load, equal, give = 0x20, 0x15, 0x06  # of BPF: a word of the call's data; jump if it is that; the verdict
    steps = [(load, 0, 0, 0)]
    for number in NUMBERS[calls]:
        steps += [(equal, 0, 1, number), (give, 0, 0, 0x00050000 | error)]
    steps.append((give, 0, 0, 0x7fff0000))
    code = b''.join(struct.pack('HBBI', *step) for step in steps)

    def filter_it():
        libc = ctypes.CDLL(None, use_errno=True)
        program = ctypes.create_string_buffer(code)
        libc.prctl(38, 1, 0, 0, 0)
        libc.prctl(22, 2, ctypes.byref((ctypes.c_char * 16).from_buffer_copy(struct.pack('HxxxxxxP', len(steps), ctypes.addressof(program)))), 0, 0)
    return filter_it


def limited(number):
    return lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (number, number))


def within(preexec, *args):
    p = subprocess.run([MXWALK, 'probe', '--json', *BASE, *args], capture_output=True, timeout=60, preexec_fn=preexec)
    records = [json.loads(line) for line in p.stdout.decode().splitlines()]
    return p.returncode, [r for r in records if r['type'] == 'result'], records[-1], p.stderr.decode()


servers = Servers(ADDRESSES)
dns = book('local', **many(8, lambda i: f'mx.site{i}.example', lambda i: f'127.77.4.{i + 1}'))
TARGETS = [f'd{i}.example' for i in range(8)]
if NUMBERS:
    nets = book('nets', **many(8, lambda i: f'mx.site{i}.example', lambda i: f'{("192.0.2", "198.51.100", "203.0.113")[i % 3]}.{i}'))  # the call fails: nothing goes there
    status, results, end, err = within(failing('connect', errno.EPERM), *nets, '--port', str(servers.port), *TARGETS, '--concurrency', '1')
    tap.check('no permission to connect: local, never the target, and the run stops', status == 71 and [r['status'] for r in results] == ['local'] * 3 and
              end.get('stopped') == 'this-host' and end['under_way'] + end['not_begun'] == 5 and 'this host cannot connect' in err, f'{status} {results} {end} {err}')
    status, results, end, err = within(failing('connect', errno.EPERM), *dns, '--port', str(servers.port), *TARGETS, '--keep-going')
    tap.check('… unless --keep-going', status == 71 and [r['status'] for r in results] == ['local'] * 8, f'{status} {end} {err}')
    status, results, end, err = within(failing('connect', errno.EPERM), *dns, '--port', str(servers.port), TARGETS[0])
    tap.check('one target: it has its verdict, and the run its words', status == 71 and [r['status'] for r in results] == ['local'] and
              end.get('stopped') == 'this-host' and err.count('this host cannot connect') == 1, f'{status} {results} {end} {err}')
    status, results, end, err = within(failing('connect', errno.ENOBUFS), *dns, '--port', str(servers.port), *TARGETS)
    tap.check('no buffers, not even for one: the same', status == 71 and results and {r['status'] for r in results} == {'local'}, f'{status} {end} {err}')
    status, results, end, err = within(failing('epoll', errno.EBADF), *dns, '--port', str(servers.port), *TARGETS)
    tap.check('the event loop breaks down: 70, and nothing is lost from the count', status == 70 and end['type'] == 'summary' and
              end['under_way'] + end['not_begun'] == 8, f'{status} {end} {err}')
else:
    tap.skip('calls that fail', f'not on {platform.machine()}')
few = 16
status, results, end, err = within(limited(few), *dns, '--port', str(servers.port), *TARGETS)
tap.check(f'{few} descriptors: fewer walks at once, and all of them', status == 0 and {r['status'] for r in results} == {'accepted'} and len(results) == 8, f'{status} {end} {err}')
servers.close()

# ---- one address that a route forbids

if os.getuid() == 0 and not subprocess.call(['unshare', '--net', 'true'], stderr=subprocess.DEVNULL):
    PROHIBITED = '''import os, subprocess, sys, json
sys.path.insert(0, os.path.join(os.environ['TOP'], 'tests'))
from peer import Servers, takes_mail
subprocess.run('ip link set lo up; ip addr add 198.41.5.1/24 dev lo; ip route add prohibit 198.41.0.0/24', shell=True, check=True)
servers = Servers({f'198.41.5.{i + 1}': takes_mail(0) for i in range(30)})
p = subprocess.run([os.environ['MXWALK'], 'probe', '--json', *sys.argv[1:], '--port', str(servers.port)], capture_output=True, text=True, timeout=60)
print(json.dumps([p.returncode, [json.loads(line) for line in p.stdout.splitlines()], p.stderr]))
servers.close()
'''
    here = ['--allow-private', '--no-dnsbl', '--ehlo', 'me.example.org', '--from', 'me@example.org']

    def prohibited(*words):
        p = subprocess.run(['unshare', '--net', sys.executable, '-c', PROHIBITED, *here, *words], capture_output=True, text=True, timeout=90)
        status, records, err = json.loads(p.stdout or 'null') or (None, [{'type': p.stderr}], '')
        return status, [r['status'] for r in records if r['type'] == 'result'], records[-1], err

    dns = book('prohibited', forbidden_example=[(10, 'mx.away.example', '198.41.0.4')], both_example=[(10, 'mx.away.example', '198.41.0.4'), (20, 'mx.b.example', '198.41.5.30')],
               **{f'd{i}_example': [(10, f'mx.site{i}.example', f'198.41.5.{i + 1}')] for i in range(29)})
    status, results, end, err = prohibited(*dns, 'both.example')
    tap.check('a route forbids the first exchanger: the second is asked', status == 0 and results == ['accepted'], f'{status} {results} {end} {err}')
    status, results, end, err = prohibited(*dns, '--concurrency', '1', 'forbidden.example', *(f'd{i}.example' for i in range(29)))
    tap.check('… one target of thirty: the others are asked', status == 71 and sorted(results) == ['accepted'] * 29 + ['local'] and 'stopped' not in end, f'{status} {results} {end} {err}')
    dns = book('network', **{f'away{i}_example': [(10, f'mx.away{i}.example', f'198.41.0.{4 + i}')] for i in range(8)},
               **{f'd{i}_example': [(10, f'mx.site{i}.example', f'198.41.5.{i + 1}')] for i in range(10)})
    status, results, end, err = prohibited(*dns, '--concurrency', '1', *(f'away{i}.example' for i in range(8)), *(f'd{i}.example' for i in range(10)))
    tap.check('… the first eight lie in one network that is prohibited: the ten behind it are asked', status == 71 and sorted(results) == ['accepted'] * 10 + ['local'] * 8 and
              'stopped' not in end, f'{status} {results} {end} {err}')
    status, results, end, err = prohibited(*dns, '--concurrency', '1', *(f'away{i}.example' for i in range(8)))
    tap.check('… nothing but those: said', status == 71 and results == ['local'] * 8 and 'this host cannot connect' in err, f'{status} {results} {end} {err}')
    status, results, end, err = prohibited(*dns, 'away0.example')
    tap.check('… the only one: its verdict, 71', status == 71 and results == ['local'] and 'Permission denied' in err, f'{status} {results} {end} {err}')
else:
    tap.skip('a route that forbids', "a network namespace is root's")

# ---- self --egress

empty = book('empty')
servers = Servers({'127.77.8.1': talk(b'220 mx\r\n', None, b'221 bye\r\n')})
SELF = ['self', '--json', *BASE, *empty]
run = Run(*SELF, '--egress', f'127.77.8.2:{servers.port}', '--egress', f'[127.77.8.1]:{servers.port}').ndjson()
found = {r['id']: r for r in run.records if r['type'] == 'finding'}
tap.check('self --egress: one that takes the connection is enough', 'egress' in found and '127.77.8.1' in found['egress']['what'] and
          'egress-closed' not in found and not run.problems, run.out)
tap.check('… and hears QUIT and nothing else', servers.said('127.77.8.1')[0] == b'QUIT', servers.heard)
run = Run(*SELF, '--egress', f'127.77.8.2:{servers.port}', '--egress', f'127.77.8.3:{servers.port}').ndjson()
found = {r['id']: r for r in run.records if r['type'] == 'finding'}
tap.check('none does: found before a campaign begins', found.get('egress-closed', {}).get('severity') == 'refuses' and run.status == 1 and
          '127.77.8.3' in found['egress-closed']['evidence'] and not run.problems, run.out)
run = Run(*SELF).ndjson()
tap.check('nothing is connected to without being asked', not any(r.get('id', '').startswith('egress') for r in run.records) and
          len(servers.said('127.77.8.1')) == 2, servers.heard)
servers.close()

# ---- the resolver is ours

run = probe(*BASE, '--nameserver', '127.0.0.1:9', '--timeout-dns', '1s', 'example.com')
r = run.results()[0]
tap.check('a resolver that never answers is named', r['status'] == 'dns-error' and 'no name server has answered anything: 127.0.0.1:9' in r['note'] and
          not run.problems, run.out)

# ---- the time of one target

servers = Servers({f'127.77.6.{i}': talk() for i in range(1, 9)})
dns = book('slow', slow_example=[(i, f'mx{i}.slow.example', f'127.77.6.{i}') for i in range(1, 9)])
began = time.time()
run = probe(*BASE, *dns, '--port', str(servers.port), '--timeout', '1s', '--timeout-target', '2500ms', 'slow.example')
r = run.results()[0]
tap.check('--timeout-target ends all attempts of a target', time.time() - began < 4 and r['ms'] < 3500 and r['untried'] > 0 and
          r['attempts'][-1]['ending'] == 'timeout' and '--timeout-target' in r['attempts'][-1]['detail'], run.out)
servers.close()

# ---- broken off

def interrupted(*args, number=signal.SIGINT, after=0.6, wait=10):
    process = subprocess.Popen([MXWALK, 'probe', '--json', *BASE, *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(after)
    process.send_signal(number)
    out, err = process.communicate(timeout=wait)
    records = [json.loads(line) for line in out.decode().splitlines()]
    return process.returncode, records, err.decode(), [p for r in records for p in problems(r)]


servers = Servers({'127.77.7.1': talk(b'220 hi\r\n'), '127.77.7.2': talk()})
dns = book('mute', a_example=[(10, 'mx.a.example', '127.77.7.1')], b_example=[(10, 'mx.b.example', '127.77.7.2')],
           c_example=[(10, 'mx.a.example', '127.77.7.1')])
for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    servers.heard.clear()
    status, records, err, wrong = interrupted(*dns, '--port', str(servers.port), 'a.example', 'b.example', 'c.example', number=number)
    end = records[-1]
    time.sleep(0.2)
    tap.check(f'{number.name}: 130, a summary, what was under way and what was not begun', status == 130 and end['type'] == 'summary' and
              end['interrupted'] and (end['under_way'], end['not_begun']) == (2, 1) and not wrong, f'{status} {records[2:]} {err} {wrong}')
    tap.check(f'{number.name}: QUIT to who listens', servers.said('127.77.7.1') == [b'EHLO me.example.org', b'QUIT', b''] and
              servers.said('127.77.7.2') == [b''], servers.heard)
servers.close()

ignoring = subprocess.Popen(['sh', '-c', 'trap "" HUP; exec "$@"', 'sh', MXWALK, 'probe', '--json', *BASE, *dns, '--timeout', '1500ms', '--port',
                             str(servers.port), 'a.example'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
time.sleep(0.4)
ignoring.send_signal(signal.SIGHUP)
out, _ = ignoring.communicate(timeout=10)
tap.check('nohup: SIGHUP that was ignored stays so', ignoring.returncode == 3, f'{ignoring.returncode} {out}')

servers = Servers({'127.77.7.1': takes_mail(final=None)})
dns = book('sent', a_example=[(10, 'mx.a.example', '127.77.7.1')])
status, records, err, wrong = interrupted(*dns, '--no-tls', '--port', str(servers.port), 'user@a.example')
r = next((r for r in records if r['type'] == 'result'), {})
tap.check('a message that was sent and has no reply is told', status == 130 and r.get('uncertain') is True and
          (r['status'], r['stage'], r['attempts'][-1]['ending']) == ('dropped', 'message', 'interrupted') and not wrong, f'{records[2:]} {wrong} {err}')
run = probe(*BASE, *dns, '--no-tls', '--port', str(servers.port), '--timeout', '1s', 'user@a.example')
r = run.results()[0]
tap.check('… also when the time for it runs out', r.get('uncertain') is True and r['status'] == 'dropped' and run.status == 3, run.out)
tap.check('… it is not among what was not asked, and is not to be sent again unseen', r['not_asked'] == [] and 'mailbox first' in r['diagnosis']['advice'], f'{r["not_asked"]} {r["diagnosis"]}')
servers.close()


def never_says_goodbye(connection, hear):
    connection.sendall(b'554 5.7.1 no\r\n')
    hear()
    time.sleep(30)


servers = Servers({'127.77.7.1': never_says_goodbye})
status, records, err, wrong = interrupted(*dns, '--port', str(servers.port), 'a.example')
r = next((r for r in records if r['type'] == 'result'), {})
tap.check('only the reply to QUIT is missing: the verdict is told', status == 130 and r.get('status') == 'refused' and r['diagnosis'] and not wrong,
          f'{records[2:]} {err} {wrong}')
servers.close()
tap.done()
