"""The practice internet, asked with plain sockets: not with mxwalk's own resolver and walk, which
other tests try on it. Every case of lab_cases.py is walked by a second, small walker, so that a slip
in the lab's tables is found here."""
import concurrent.futures
import json
import os
import random
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import lab_cases
import tap

MXWALK = os.environ['MXWALK']
if 'LAB_SERVERS' not in os.environ:  # into the lab
    scratch = tap.folder('lab-servers')
    sys.exit(subprocess.call([MXWALK, 'lab', '--log', scratch + '/log', '--', sys.executable, __file__],
                             env={**os.environ, 'LAB_SERVERS': scratch}))


def ok(good, name, why=''):
    tap.check(name, good, str(why)[:500])


config = {}
for line in open(os.environ["MXWALK_CONFIG"]):
    if not line.startswith("#"):
        name, _, value = line.strip().partition(" ")
        config[name] = value
dns_port = int(config["nameserver"].split(":")[1])
port = int(config["port"])

# ---- DNS

TYPES = {"A": 1, "NS": 2, "CNAME": 5, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}

def question(name, kind, edns=1232):
    out = struct.pack("!HHHHHH", random.randrange(65536), 0x0100, 1, 0, 0, 1 if edns else 0)
    for label in name.split("."):
        if label:
            out += bytes([len(label)]) + label.encode()
    out += b"\0" + struct.pack("!HH", TYPES[kind], 1)
    if edns:
        out += b"\0" + struct.pack("!HHIH", 41, edns, 0, 0)
    return out

def read_name(message, at):
    labels, end = [], None
    while message[at]:
        if message[at] >= 0xC0:
            end = end or at + 2
            at = struct.unpack("!H", message[at:at + 2])[0] & 0x3FFF
            continue
        labels.append(message[at + 1:at + 1 + message[at]].decode())
        at += 1 + message[at]
    return ".".join(labels), end or at + 1

class Answer:
    def __init__(self, message):
        ident, flags, questions, answers, authority, extra = struct.unpack("!HHHHHH", message[:12])
        self.rcode, self.tc, self.ra = flags & 15, bool(flags & 0x200), bool(flags & 0x80)
        self.records, self.authority, at = [], [], 12
        for _ in range(questions):
            at = read_name(message, at)[1] + 4
        for i in range(answers + authority + extra):
            owner, at = read_name(message, at)
            kind, _, ttl, size = struct.unpack("!HHIH", message[at:at + 10])
            data, at = message[at + 10:at + 10 + size], at + 10
            if kind == 1:
                value = socket.inet_ntop(socket.AF_INET, data)
            elif kind == 28:
                value = socket.inet_ntop(socket.AF_INET6, data)
            elif kind == 15:
                value = (struct.unpack("!H", data[:2])[0], read_name(message, at + 2)[0])
            elif kind in (2, 5, 12, 6):
                value = read_name(message, at)[0]
            elif kind == 16:
                value, rest = [], data
                while rest:
                    value.append(rest[1:1 + rest[0]].decode())
                    rest = rest[1 + rest[0]:]
            else:
                value = data
            at += size
            (self.records if i < answers else self.authority if i < answers + authority else []).append((owner, kind, value))
    def values(self, kind):
        return [value for _, k, value in self.records if k == TYPES[kind]]

def receive(sock, size):
    got = b""
    while len(got) < size:
        piece = sock.recv(size - len(got))
        if not piece:
            raise EOFError
        got += piece
    return got

def ask_tcp(*queries):
    with socket.create_connection(("127.0.0.1", dns_port), timeout=5) as sock:
        sock.sendall(b"".join(struct.pack("!H", len(query)) + query for query in queries))
        return [Answer(receive(sock, struct.unpack("!H", receive(sock, 2))[0])) for _ in queries]

def ask(name, kind, edns=1232, timeout=5, tcp=True):
    query = question(name, kind, edns)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(timeout)
        sock.sendto(query, ("127.0.0.1", dns_port))
        message = sock.recv(65535)
    assert message[:2] == query[:2]
    answer = Answer(message)
    return ask_tcp(query)[0] if answer.tc and tcp else answer

def reverse(ip, zone):
    return ".".join(reversed(ip.split("."))) + "." + zone

a = ask("accept.lab.example", "MX")
ok(a.rcode == 0 and a.ra and a.values("MX") == [(10, "accept.mx.lab.example")], "MX", a.records)
ok(ask("ACCEPT.lab.EXAMPLE", "MX").values("MX") == a.values("MX"), "names are taken in any case")
ok(ask("accept.mx.lab.example", "A").values("A")[0].startswith("127.10.0."), "A")
ok(ask("accept-ipv6.mx.lab.example", "AAAA").values("AAAA") == ["::1"], "AAAA")
ok(ask("lab.example", "NS").values("NS") == ["ns.lab.example"] and len(ask("lab.example", "SOA").values("SOA")) == 1, "NS and SOA")
a = ask("nobody.lab.example", "MX")
ok(a.rcode == 3 and not a.records and a.authority[0][:2] == ("lab.example", 6), "NXDOMAIN brings the SOA", (a.rcode, a.authority))
a = ask("accept.lab.example", "TXT")
ok(a.rcode == 0 and not a.records and a.authority[0][:2] == ("lab.example", 6), "a type that is not there brings the SOA")
ok(ask("mx.lab.example", "A").rcode == 0, "an empty non-terminal exists")
ok(ask("accept.lab.example", "MX", edns=0).rcode == 0, "a query without EDNS")
ok(ask("mx-servfail.lab.example", "MX").rcode == 2 and ask("deep.below.mx-servfail.lab.example", "A").rcode == 2, "SERVFAIL, below too")
ok(ask("mx-refused.lab.example", "MX").rcode == 5, "REFUSED")
try:
    ask("mx-silent.lab.example", "MX", timeout=0.3)
    ok(False, "silence")
except socket.timeout:
    ok(True, "silence")
a = ask("mx-alias.lab.example", "MX")
ok(a.values("CNAME") == ["accept.lab.example"] and len(a.values("MX")) == 1, "CNAME, and what is behind it")
ok(ask("mx-many.lab.example", "MX", tcp=False).tc and len(ask("mx-many.lab.example", "MX").values("MX")) == 61, "a large answer: TC by UDP, whole by TCP")
ok(ask("mx-null.lab.example", "MX").values("MX") == [(0, "")], "null MX")
ok([len(answer.values("A")) for answer in ask_tcp(question("ns.lab.example", "A"), question("accept.mx.lab.example", "A"))] == [1, 1], "two questions on one connection")
ok(ask("1.1.0.127.in-addr.arpa", "PTR").values("PTR") == ["clean.sender.example"], "PTR")
ok(ask("3.1.0.127.in-addr.arpa", "PTR").rcode == 3, "no PTR")
ok(ask("6.1.0.127.in-addr.arpa", "PTR").rcode == 2, "PTR that fails")
ok(len(ask("11.1.0.127.in-addr.arpa", "PTR").values("PTR")) == 12, "many PTRs")
for address, names in (("127.0.1.1", True), ("127.0.1.2", True), ("127.0.1.5", True), ("127.0.1.7", True), ("127.0.1.8", True), ("127.0.1.9", True), ("127.0.1.12", True), ("127.0.1.4", False)):
    found = any(address in ask(name, "A").values("A") for name in ask(reverse(address, "in-addr.arpa"), "PTR").values("PTR"))
    ok(found == names, "%s is %sconfirmed" % (address, "" if names else "not "))
lists, zone = {}, None
for line in open(os.environ.get("TOP", "..") + "/data/lists.conf"):
    key, _, value = line.strip().partition(" = ")
    if line.startswith("["):
        zone = lists.setdefault(line.strip()[1:-1], {})
    elif zone is not None and not line.startswith("#"):
        zone.setdefault(key, value)
asked = {zone: about for zone, about in lists.items() if about.get("on") == "yes"}
ok(len(asked) >= 8, "the lists that are asked by default are known", asked)
for zone, about in asked.items():
    names = "domain" in about["ask"]
    positive, _, exactly = about.get("positive", "test" if names else "2.0.0.127").partition(" ")
    hit = ask(positive + "." + zone, "A").values("A")
    ok(hit and all(value.startswith("127.") for value in hit) and exactly in hit + [""] and ask(about.get("negative", "invalid" if names else "1.0.0.127") + "." + zone, "A").rcode == 3, zone + " has its test points", hit)
ok(ask("2.1.0.127.zen.spamhaus.org", "A").values("A") == ["127.0.0.4"] and ask("1.1.0.127.zen.spamhaus.org", "A").rcode == 3, "zen lists the one and not the other")
ok("spamcop" in ask("8.1.0.127.bl.spamcop.net", "TXT").values("TXT")[0][0], "spamcop's TXT")
ok(ask("4.3.2.127.dbl.spamhaus.org", "A").values("A") == ["127.0.1.255"], "dbl does not take addresses")
ok(ask("1.0.0.127.wild.dnsbl.example", "A").values("A") == ["127.0.0.2"] and ask("1.2.3.4.refuses.dnsbl.example", "A").values("A") == ["127.255.255.254"], "lists that cannot be believed")
texts = ask("big.sender.example", "TXT")
ok(len(texts.values("TXT")) == 8, "TXT by TCP")
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
    for _ in range(300):
        sock.sendto(os.urandom(random.randrange(0, 80)), ("127.0.0.1", dns_port))
with socket.create_connection(("127.0.0.1", dns_port)) as sock:
    sock.sendall(os.urandom(4000))
ok(ask("accept.lab.example", "MX").rcode == 0, "rubbish does it no harm")

# ---- SMTP

class Lost(Exception):
    pass
class NotSmtp(Exception):
    pass

class Server:
    def __init__(self, ip, source=None, timeout=20):
        self.sock = socket.create_connection((ip, port), timeout, (source, 0) if source else None)
        self.left, self.deadline = b"", time.time() + timeout
    def fill(self):
        try:
            self.sock.settimeout(max(0.01, self.deadline - time.time()))
            got = self.sock.recv(4096)
        except (OSError, ssl.SSLError) as error:
            raise Lost(str(error))
        if not got:
            raise Lost("closed")
        self.left += got
    def reply(self):
        lines = []
        while True:
            while b"\n" not in self.left[:4098]:
                if len(self.left) > 4096:
                    raise NotSmtp("line too long")
                self.fill()
            line, _, self.left = self.left.partition(b"\n")
            line = line.rstrip(b"\r").decode("latin-1")
            if not re.match("[2-5][0-9][0-9]([ -]|$)", line):
                raise NotSmtp(line)
            lines.append(line)
            if len(lines) > 128:
                raise NotSmtp("too many lines")
            if line[3:4] != "-":
                self.lines = lines
                return int(line[:3])
    def say(self, line):
        self.send(line.encode() + b"\r\n")
        return self.reply()
    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Lost(str(error))
    def starttls(self, verify, host):
        context = ssl.create_default_context(cafile=config["tls-ca"])
        context.hostname_checks_common_name = False  # RFC 9525
        if not verify:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.sock = context.wrap_socket(self.sock, server_hostname=host)
    def close(self):
        self.sock.close()

def address(name, kinds=("A",)):
    return [ip for kind in kinds for ip in ask(name, kind, timeout=1).values(kind)]
def server(label, **how):
    return Server(address(label + ".mx.lab.example")[0], **how)

CLEAN, LISTED = "127.0.1.1", "127.0.1.2"
s = server("greeting-554", source=LISTED)
ok(s.reply() == 554 and "zen.spamhaus.org" in s.lines[0] and LISTED in s.lines[0], "554 to the listed address", s.lines)
ok(s.say("EHLO x.example") == 503 and s.say("MAIL FROM:<a@b.example>") == 503 and s.say("QUIT") == 221, "after a 554 greeting only QUIT is taken")
s.close()
s = server("greeting-554", source=CLEAN)
ok(s.reply() == 220, "220 to the clean one")
s.close()
s = server("accept")
s.reply()
ok(s.say("MAIL FROM:<a@b.example>") == 503 and s.say("RCPT TO:<a@b.example>") == 503 and s.say("DATA") == 503 and s.say("HELLO") == 500, "the order of commands is kept")
ok(s.say("EHLO") == 501 and s.say("EHLO x.example") == 250 and "250-STARTTLS" in " ".join(s.lines) + s.lines[-1].replace(" ", "-"), "EHLO", s.lines)
ok(s.say("MAIL FROM: <a@b.example>") == 501 and s.say("MAIL FROM:<a@b.example> FOO=1") == 555 and s.say("MAIL FROM:<a@b.example> SIZE=99999999") == 552, "MAIL is read strictly")
ok(s.say("MAIL FROM:<> SIZE=100 BODY=8BITMIME") == 250 and s.say("MAIL FROM:<>") == 503 and s.say("RCPT TO:a@b") == 501 and s.say("RCPT TO:<a@b.example>") == 250, "MAIL and RCPT")
def send_message(s, body, mail="MAIL FROM:<a@b.example>"):
    s.say("RSET"); s.say(mail); s.say("RCPT TO:<a@b.example>"); s.say("DATA")
    s.send(body)
    return s.reply()
ok(send_message(s, b"Subject: x\r\n\r\nhello\r\n..\r\n.\r\n") == 250, "a message is taken")
ok(send_message(s, b"Subject: x\r\n\nhello\r\n.\r\n") == 554, "a bare LF is not")
ok(send_message(s, b"Subject: x\r\n\r\nhel\rlo\r\n.\r\n") == 554, "nor a bare CR")
ok(send_message(s, b"Subject: x\r\n\r\nh\xe9\r\n.\r\n") == 554 and send_message(s, b"Subject: x\r\n\r\nh\xe9\r\n.\r\n", "MAIL FROM:<> BODY=8BITMIME") == 250, "8-bit data only as declared")
ok(send_message(s, (b"x" * 70000 + b"\r\n") * 3 + b".\r\n") == 250, "very long lines are taken whole")
ok(send_message(s, b"x" * 70 + b"\r\n" + b"y" * 16383 + b"\r\n" * 3 + b".\r\n") == 250, "a line end at a chunk's edge is not taken for bare")
ok(send_message(s, (b"x" * 998 + b"\r\n") * 11000 + b".\r\n") == 552, "a message over SIZE is refused")
s.send(b"NOOP\r\nRSET\r\nNOOP\r\nQUIT\r\n")
ok([s.reply() for _ in range(4)] == [250, 250, 250, 221], "pipelined commands")
s.close()
s = server("accept")
s.reply(); s.send(b"x" * 3000 + b"\r\n")
ok(s.reply() == 500, "a command line has its limit")
s.close()
s = server("message-554-gtube")
s.reply(); s.say("EHLO x.example")
ok(send_message(s, b"\r\nXJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X\r\n.\r\n") == 554 and send_message(s, b"\r\nharmless\r\n.\r\n") == 250, "only the test text is spam")
s.close()
started = time.time()
s = server("accept-late"); s.reply(); s.close()
ok(time.time() - started > 0.35, "a late greeting is late")
s = server("starttls-injected")
s.reply(); s.say("EHLO x.example"); s.say("STARTTLS")
ok(s.left.startswith(b"250-"), "bytes behind the reply to STARTTLS come in one piece", s.left)
s.close()

# Clients that come and go, in the middle of everything.
labels = ["accept", "tarpit", "talk-endless-greeting", "talk-endless-line", "silent-ehlo", "drop-mail", "handshake-garbage", "accept-drip", "reset-ehlo"]
for i in range(240):
    try:
        s = Server(address(labels[i % len(labels)] + ".mx.lab.example")[0], timeout=2)
        if i % 3 == 0:
            s.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        for line in (b"EHLO x\r\nMAIL FROM:<a@b>\r\n", b"STARTTLS\r\n", os.urandom(500), b"DATA\r\nx")[:i % 5]:
            s.sock.sendall(line)
        s.close()
    except OSError:
        pass
s = server("accept"); ok(s.reply() == 220, "it survives clients that vanish"); s.close()

# ---- every case that the lab foretells

def route(domain, kinds):
    try:
        a = ask(domain, "MX", timeout=1)
        if a.rcode == 3:
            return "undeliverable", []
        if a.rcode != 0:
            return "dns-error", []
        exchangers = sorted(a.values("MX")) or [(0, domain)]
        if exchangers == [(0, "")]:
            return "undeliverable", []
        hosts, failed = [], False
        for _, host in exchangers:
            for kind in kinds:
                b = ask(host, kind, timeout=1)
                failed = failed or b.rcode not in (0, 3)
                hosts += [(host, ip) for ip in b.values(kind)]
        return ("" if hosts else "dns-error" if failed else "undeliverable"), hosts
    except (socket.timeout, struct.error, IndexError):
        return "dns-error", []

def judge(code):
    return "accepted" if code < 400 else "deferred" if code < 500 else "refused"

def dialogue(ip, host, options):
    stage, code = "connect", None
    try:
        s = Server(ip, options["source"], options["timeout"])
    except OSError:
        return "unreachable", stage, None
    try:
        stage = "greeting"; code = s.reply()
        if code != 220:
            return judge(code), stage, code
        stage = "ehlo"; code = s.say("EHLO probe.sender.example")
        offered, sized = any("STARTTLS" in line for line in s.lines), any("SIZE" in line for line in s.lines)
        if code in (500, 502):
            code, offered = s.say("HELO probe.sender.example"), False
        if code >= 400:
            return judge(code), stage, code
        if offered and options["tls"]:
            stage = "starttls"; code = s.say("STARTTLS")
            if code == 421:
                return judge(code), stage, code
            if code == 220:
                if s.left:
                    return "broken", stage, code
                stage = "handshake"
                try:
                    s.starttls(options["verify"], host)
                except (ConnectionResetError, ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError, socket.timeout, TimeoutError, BrokenPipeError):
                    return "dropped", stage, None
                except ssl.SSLError as error:  # which of these an end of the connection is depends on when it comes
                    return ("dropped" if any(words in str(error).lower() for words in ("timed out", "eof", "closed")) else "broken"), stage, None
                except OSError:
                    return "dropped", stage, None
                stage = "ehlo-tls"; code = s.say("EHLO probe.sender.example")
                if code >= 400:
                    return judge(code), stage, code
        elif options["must"]:
            return "broken", stage, code
        if options["must"] and stage == "starttls":
            return "broken", stage, code
        if options["to"]:
            for stage, line, good in (("mail", "MAIL FROM:<probe@clean.sender.example>" + (" SIZE=500" if sized else ""), 250), ("rcpt", "RCPT TO:<%s>" % options["to"], 250), ("data", "DATA", 354),
                                      ("message", "From: <probe@clean.sender.example>\r\nSubject: test\r\n\r\ntest\r\n.", 250)):
                code = s.say(line)
                if code // 100 != good // 100:
                    return (judge(code) if code >= 400 else "broken"), stage, code
        result = "accepted", stage, code
        try:
            s.say("QUIT")
        except (Lost, NotSmtp):
            pass
        return result
    except Lost:
        return "dropped", stage, None
    except NotSmtp:
        return "broken", stage, None
    finally:
        try:
            s.send(b"QUIT\r\n")
        except (Lost, ValueError):
            pass
        s.close()

def walk(case):
    options = {"source": LISTED, "timeout": 20, "tls": True, "verify": False, "must": False, "to": None}
    kinds, args = ("A",), iter(case.args)
    for arg in args:
        if arg == "--source":
            options["source"] = next(args)
            kinds = ("AAAA",) if ":" in options["source"] else ("A",)
        elif arg == "--to":
            options["to"] = next(args)
        elif arg == "--timeout":
            options["timeout"] = float(next(args))
        elif arg == "--tls":
            options["must"] = True
        elif arg == "--no-tls":
            options["tls"] = False
        elif arg == "--tls-verify":
            options["verify"] = True
        elif arg not in ("-4", "-6"):
            raise ValueError(arg)
    status, hosts = route(case.domain, kinds)
    if status:
        return status, None, None
    for host, ip in hosts:
        result = dialogue(ip, host, options)
        if not (result[0] == "unreachable" or (result[0] in ("deferred", "refused") and result[1] == "greeting")):
            break
    return result

# The sending system's own words: no server says them, so no domain of the lab does.
SENDING_SYSTEM = {"recipient-domain", "unreachable"}
schema = json.load(open(os.path.join(os.environ["TOP"], "man/mxwalk-record.schema.json")))
CAUSES = set(schema["$defs"]["cause"]["enum"]) - SENDING_SYSTEM
BASES = set(schema["$defs"]["basis"]["enum"])
cases = lab_cases.CASES
ok(len({case.domain for case in cases}) >= 60, "at least 60 domains")
missing = CAUSES - {case.expect.get("cause") for case in cases}
ok(not missing, "every cause has a domain", missing)
ok(all(case.expect.get("cause") in CAUSES | {None} for case in cases), "causes are words of the closed set")
ok(all(case.expect.get("basis") in BASES | {None} for case in cases), "bases are words of the closed set")
listed = [json.loads(line) for line in subprocess.check_output([MXWALK, "lab", "--list", "--json"], text=True).splitlines()]
unusable = {domain["domain"]: domain["skip"] for domain in listed if "skip" in domain}
strays = {domain["domain"] for domain in listed} ^ {case.domain for case in cases}
ok(not strays, "every domain of the lab has a case, and nothing else has", strays)
with concurrent.futures.ThreadPoolExecutor(24) as pool:
    # The small walker knows no policies and no logins, and hides nothing.
    cases = [case for case in cases if not {"--tls-level", "--require-tls", "--auth-user", "--raw-eol"} & set(case.args)]
    results = list(pool.map(lambda case: None if case.domain in unusable else walk(case), cases))
for case, result in zip(cases, results):
    name = " ".join([case.domain] + case.args)
    if result is None:
        tap.skip(name, unusable[case.domain])
        continue
    got = {**case.expect, "status": result[0], "stage": result[1], "code": result[2]}
    wrong = lab_cases.differences(case.expect, got)
    ok(not wrong, name, "wanted, got: %s" % wrong)

# ---- the log of all that


time.sleep(0.2)
sessions = {}
for line in open(os.environ["MXWALK_LAB_LOG"]):
    session, ip, domain, side, text = (line.rstrip("\n").split(" ", 4) + [""])[:5]
    sessions.setdefault(session, []).append((domain, side, text))
    assert side in ("S:", "C:", "--"), line
ok(all(lines[0][1:] == ("--", "connected") for lines in sessions.values()), "the log tells sessions apart")
ok(any(lines[0][0] == "greeting-554.lab.example" and ("C:", "QUIT") in [line[1:] for line in lines] for lines in sessions.values()), "the log has both sides")
ok(any(text.startswith("TLSv1") for lines in sessions.values() for _, side, text in lines if side == "--"), "and TLS")
# ---- the command

mxwalk, scratch = MXWALK, os.environ["LAB_SERVERS"]
def lab(*args, **how):
    how.setdefault("stdin", subprocess.DEVNULL)
    return subprocess.run([mxwalk, "lab", *args], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, env=dict(os.environ, TMPDIR=scratch), **how)
for name, args, status in (("the command's exit status", ["--", "sh", "-c", "exit 7"], 7), ("128 and the signal", ["--", "sh", "-c", "kill -TERM $$"], 143), ("127 for no such command", ["--", "/nowhere/at/all"], 127),
                           ("126 for one that cannot be run", ["--", scratch], 126), ("73 for a log that cannot be made", ["--log", "/nowhere/log", "--", "true"], 73),
                           ("70 for a mail port that is taken", ["--port", str(port), "--", "true"], 70), ("70 for a DNS port that is taken", ["--dns-port", str(dns_port), "--", "true"], 70)):
    done = lab(*args)
    ok(done.returncode == status and (status in (7, 143)) == (done.stderr == "") and done.stderr.count("\n") <= 1, name, (done.returncode, done.stderr))
done = subprocess.run([mxwalk, "lab", "--", "sh", "-c", "cat; ls -ld $(dirname $MXWALK_CONFIG)"], input="hello\n", stdout=subprocess.PIPE, text=True, timeout=60)
ok(done.stdout.startswith("hello\ndrwx------"), "the command's input is its own, the directory is private", done.stdout)
ok(lab("--list").stdout.count("\n") >= 60, "--list")
alone = subprocess.Popen([mxwalk, "lab"], stdout=subprocess.PIPE, text=True, env=dict(os.environ, TMPDIR=scratch))
path = None
for line in alone.stdout:
    if "MXWALK_CONFIG=" in line:
        path = line.strip().split("=", 1)[1]
    if "until it is interrupted" in line:
        break
there = path is not None and os.path.exists(path)
sockets = {os.readlink("/proc/%d/fd/%s" % (alone.pid, fd)) for fd in os.listdir("/proc/%d/fd" % alone.pid)}
bound = []
for table in ("tcp", "tcp6", "udp", "udp6"):
    for row in (line.split() for line in open("/proc/net/" + table).readlines()[1:]):
        if "socket:[%s]" % row[9] in sockets:
            bound.append(row[1].split(":")[0])
ok(len(bound) > 60 and all(where.endswith("7F") if len(where) == 8 else where == "00000000000000000000000001000000" for where in bound), "it listens on loopback only", bound)
alone.send_signal(signal.SIGTERM)
ok(alone.wait(10) == 0 and there and not os.path.exists(os.path.dirname(path)), "without a command it runs until it is stopped, and leaves nothing behind", path)
ok(not [name for name in os.listdir(scratch) if name.startswith("mxwalk-lab.")], "no directory is left")
tap.done()
