#!/usr/bin/env python3
"""The resolver and the book's driver (tests/resolver_driver) against nameservers that misbehave (tests/dnsd.py), all on loopback.

The scenes wait most of their time, so they run side by side.
"""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import tap

DRIVER = os.environ.get("DRIVER", "tests/resolver_driver")

MODES = ["normal", "silent", "servfail", "refused", "notimp", "formerr", "garbled", "noise", "oneshot", "notcp", "lossy-30", "closed", "normal", "six", "loses-60"]
scratch = tempfile.TemporaryDirectory()
log_path = os.path.join(scratch.name, "log")
daemon = subprocess.Popen([sys.executable, os.path.join(os.environ["TOP"], "tests/dnsd.py"), log_path] + MODES, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
ports = daemon.stdout.readline().split()
SERVERS = {}
for i, mode in enumerate(MODES):
    SERVERS["second" if mode in SERVERS else mode] = f"[::1]:{ports[i]}" if mode == "six" else f"127.0.0.1:{ports[i]}"
NAMES = {address: name for name, address in SERVERS.items()}

class Run:
    """One run of the driver: what it wrote."""
    bad = []
    def __init__(self, servers, script, options=(), environment=None):
        addresses = [SERVERS.get(server, server) for server in servers]
        options = [SERVERS.get(option, option) for option in options]
        done = subprocess.run([DRIVER, *options, *addresses], input="\n".join(script) + "\n", capture_output=True, text=True, timeout=120, env={**os.environ, **(environment or {})})
        self.status = done.returncode
        if done.returncode != 0 or done.stderr or '"fault"' in done.stdout:
            Run.bad.append((script, done.returncode, done.stdout[-200:], done.stderr[:3000]))
        self.lines = [json.loads(line) for line in done.stdout.splitlines()]
        for line in self.lines:
            if line.get("server"):
                line["server"] = NAMES.get(line["server"], line["server"])
        self.answers = self.of("answer")

    def of(self, kind):
        return [line for line in self.lines if line.get("kind") == kind]

    def answer(self, name):
        return next((line for line in self.answers if line["name"] == name), {})

def queries(name, server=None):
    """How often a nameserver was asked for the name; those of this run of the script, as each scene has names of its own."""
    with open(log_path) as log:
        return [line.split() for line in log if line.split()[2] == name and (server is None or MODES[int(line.split()[0]) - 1] == server)]

SCENES = []
def scene(function):
    SCENES.append(function)
    return function

def say(answer, *keys):
    return tuple(answer.get(key) for key in keys)

@scene
def an_answer():
    run = Run(["normal"], ["ask a1.test A", "ask a1.test MX", "ask secure.a1.test A", "ask a1.test PTR", "wait"])
    yield "an A record", say(run.answer("a1.test"), "rcode", "data", "ttl", "server", "canonical", "ad"), ("NOERROR", ["192.0.2.1"], 300, "normal", "a1.test", False)
    yield "MX records in order", [a["data"] for a in run.answers if a["type"] == "MX"], [["mx1.a1.test", "mx2.a1.test"]]
    yield "the AD bit", run.answer("secure.a1.test").get("ad"), True
    yield "asked by UDP with EDNS and AD", queries("secure.a1.test"), [["1", "udp", "secure.a1.test", "A", "edns", "ad"]]

@scene
def over_ipv6():
    if SERVERS["six"].endswith(":0"):
        yield "no ::1 here # SKIP", True, True
        return
    run = Run(["six"], ["ask a30.test A", "ask tc.a30.test A", "wait"])
    yield "by UDP and TCP", [say(a, "rcode", "server") for a in run.answers], [("NOERROR", "six")] * 2

@scene
def absence():
    run = Run(["normal"], ["ask nx.a2.test A", "ask nodata.a2.test A", "ask no..name A", "wait", "counts"])
    yield "NXDOMAIN with the SOA's TTL", say(run.answer("nx.a2.test"), "rcode", "ttl", "data"), ("NXDOMAIN", 60, [])
    yield "no data with the SOA's TTL", say(run.answer("nodata.a2.test"), "rcode", "ttl", "data"), ("NOERROR", 60, [])
    yield "what is no name does not exist, and nobody is asked", say(run.answer("no..name"), "rcode", "server"), ("NXDOMAIN", None)
    yield "absence is no failure", say(run.of("counts")[0], "asked", "failed"), (2, 0)

@scene
def aliases():
    run = Run(["normal"], ["ask chain.a3.test A", "ask leaves.a3.test A", "ask loop.a3.test A", "wait"])
    yield "CNAMEs in the message are followed", say(run.answer("chain.a3.test"), "rcode", "data", "canonical", "ttl"), ("NOERROR", ["192.0.2.1"], "c.test", 50)
    yield "a CNAME out of the message ends there", say(run.answer("leaves.a3.test"), "rcode", "data", "canonical"), ("NOERROR", [], "elsewhere.test")
    yield "a CNAME loop is a failure", run.answer("loop.a3.test").get("rcode"), "SERVFAIL"

@scene
def truncation():
    run = Run(["normal"], ["ask tc.a4.test A", "ask big-40.a4.test TXT", "ask big-5.a4.test TXT", "wait"])
    yield "what is cut off is asked again over TCP", say(run.answer("tc.a4.test"), "rcode", "data"), ("NOERROR", ["192.0.2.1"])
    yield "once by UDP, once by TCP", [query[1] for query in queries("tc.a4.test")], ["udp", "tcp"]
    yield "8,000 octets of TXT", len(run.answer("big-40.a4.test").get("data", [])), 40
    yield "1,000 octets need no TCP", [query[1] for query in queries("big-5.a4.test")], ["udp"]

@scene
def poor_tcp():
    run = Run(["oneshot"], [f"ask tc.n{i}.a5.test A" for i in range(12)] + ["wait"])
    yield "a server that closes after each answer over TCP", [a["rcode"] for a in run.answers], ["NOERROR"] * 12
    run = Run(["notcp", "normal"], ["ask tc.a5.test A", "ask big-3.a5.test TXT", "wait"])
    yield "no TCP there: the next server", say(run.answer("tc.a5.test"), "rcode", "server"), ("NOERROR", "normal")
    yield "… and its UDP goes on meanwhile", run.answer("big-3.a5.test").get("server"), "notcp"
    run = Run(["notcp"], ["ask tc.b5.test A", "wait"])
    yield "no TCP anywhere is no answer", say(run.answer("tc.b5.test"), "rcode", "server", "data"), ("TIMEOUT", None, [])

@scene
def tcp_that_dies():
    run = Run(["normal"], ["ask tcdead.a6.test A", "many 300 slow-300.a6.test A", "wait"])
    yield "a TCP connection that breaks takes no UDP question along", run.of("waited")[0].get("NOERROR"), 300
    yield "and is no answer", run.answer("tcdead.a6.test").get("rcode"), "TIMEOUT"
    yield "each question was sent once", len(queries("n7.slow-300.a6.test")), 1

@scene
def failures_without_a_question():
    run = Run(["normal"], ["ask bare-5.a40.test A", "ask bare-2.a40.test MX", "ask bare-4.a40.test A", "ask bare-1.a40.test TXT", "ask bare-3.a40.test A", "ask bare-0.a40.test A", "wait"])
    yield "a header alone: REFUSED is heard", say(run.answer("bare-5.a40.test"), "rcode", "server"), ("REFUSED", "normal")
    yield "SERVFAIL, of another type", say(run.answer("bare-2.a40.test"), "rcode", "server"), ("SERVFAIL", "normal")
    yield "NOTIMP", run.answer("bare-4.a40.test").get("rcode"), "NOTIMP"
    yield "FORMERR, after trying without EDNS", (run.answer("bare-1.a40.test").get("rcode"), len(queries("bare-1.a40.test")) in (2, 3)), ("FORMERR", True)  # c-ares 1.18 tries by itself, too
    yield "but not NXDOMAIN, nor that there is no data", [run.answer(f"bare-{n}.a40.test").get("rcode") in ("TIMEOUT", "GARBLED") for n in (3, 0)], [True, True]
    run = Run(["normal", "second"], ["many 200 bare-5.b40.test A", "wait"])
    yield "many at once", run.of("waited")[0].get("REFUSED"), 200

for mode, rcode in (("servfail", "SERVFAIL"), ("refused", "REFUSED"), ("notimp", "NOTIMP"), ("formerr", "FORMERR"), ("garbled", "GARBLED"), ("noise", "TIMEOUT")):
    def failing(mode=mode, rcode=rcode):
        rcodes = {"GARBLED", "TIMEOUT"} if mode in ("garbled", "noise") else {rcode}  # c-ares 1.34 does not hand on what it cannot read, and what 1.18 cannot assign is not there
        run = Run([mode, "normal"], [f"ask a.{mode}7.test A", "wait"])
        yield f"{mode}: the next server is asked", say(run.answer(f"a.{mode}7.test"), "rcode", "server", "data"), ("NOERROR", "normal", ["192.0.2.1"])
        run = Run([mode], [f"ask b.{mode}7.test A", "wait", "counts"])
        yield f"{mode}: is the answer when nobody else is there", run.answer(f"b.{mode}7.test").get("rcode") in rcodes, True
        yield f"{mode}: by that server", run.answer(f"b.{mode}7.test").get("server") in ({mode} if rcode == "SERVFAIL" else {mode, None}), True
        yield f"{mode}: counts as failed", run.of("counts")[0]["failed"], 1
    SCENES.append(failing)

@scene
def most_telling():
    run = Run(["refused", "servfail", "formerr"], ["ask a8.test A", "wait"])
    yield "SERVFAIL tells more than REFUSED and FORMERR", say(run.answer("a8.test"), "rcode", "server"), ("SERVFAIL", "servfail")
    run = Run(["closed", "refused"], ["ask b8.test A", "wait"])
    yield "REFUSED tells more than nothing", say(run.answer("b8.test"), "rcode", "server"), ("REFUSED", "refused")
    run = Run(["silent", "servfail"], ["ask c8.test A", "wait"])
    yield "SERVFAIL tells more than silence", say(run.answer("c8.test"), "rcode", "server"), ("SERVFAIL", "servfail")
    run = Run(["silent", "servfail"], ["many 3 d8.test A", "wait"])
    yield "nobody waits for the dead then", (run.of("waited")[0].get("SERVFAIL"), run.of("waited")[0]["ms"] < 5000), (3, True)

@scene
def silence():
    run = Run(["silent", "normal"], ["many 3 a9.test A", "wait", "ask b9.test A", "wait"])
    first, then = run.of("waited")
    yield "a silent server: the next one is asked after 1.5 s", (first.get("NOERROR"), 1400 <= first["ms"] < 4000), (3, True)
    yield "after three in a row nobody waits for it", (run.answer("b9.test").get("server"), then["ms"] < 1000), ("normal", True)
    yield "nor is it asked", queries("b9.test", "silent"), []

@scene
def silence_before_many():
    run = Run(["silent", "normal"], ["many 2500 d9.test A", "wait"])
    yield "who stands in line at a dead server is sent to the next", (run.of("waited")[0].get("NOERROR"), run.of("waited")[0]["ms"] < 4500), (2500, True)

@scene
def silence_everywhere():
    run = Run(["silent"], ["many 3 a10.test A", "wait", "ask b10.test A", "wait"])
    first, then = run.of("waited")
    yield "nobody answers: TIMEOUT after about 10 s", (first.get("TIMEOUT"), 9000 <= first["ms"] < 14000), (3, True)
    yield "by nobody", say(run.answer("b10.test"), "rcode", "server"), ("TIMEOUT", None)
    yield "all are dead: asked all the same", len(queries("b10.test", "silent")) > 0, True

@scene
def lateness():
    run = Run(["normal"], ["ask slow-2500.a11.test A", "wait"])
    yield "a late answer counts", say(run.answer("slow-2500.a11.test"), "rcode", "server"), ("NOERROR", "normal")
    run = Run(["normal", "second"], ["ask slow-2500.b11.test A", "ask slow-500.b11.test A", "wait"])
    yield "the second was asked meanwhile", sorted({query[0] for query in queries("slow-2500.b11.test")}), ["1", "13"]
    yield "but not for what was in time", [query[0] for query in queries("slow-500.b11.test")], ["1"]

@scene
def lateness_before_failure():
    run = Run(["normal", "servfail"], ["ask slow-2500.c11.test A", "wait"])
    yield "a late answer is better than another's failure", say(run.answer("slow-2500.c11.test"), "rcode", "server"), ("NOERROR", "normal")

@scene
def failure_is_not_believed_at_once():
    run = Run(["normal"], ["ask once.a31.test A", "ask refused.a31.test A", "ask servfail.a31.test A", "wait"])
    yield "a SERVFAIL is asked again, and the answer counts", (run.answer("once.a31.test").get("rcode"), len(queries("once.a31.test"))), ("NOERROR", 2)
    yield "REFUSED is meant", (run.answer("refused.a31.test").get("rcode"), len(queries("refused.a31.test"))), ("REFUSED", 1)
    yield "four times SERVFAIL is one", (run.answer("servfail.a31.test").get("rcode"), len(queries("servfail.a31.test"))), ("SERVFAIL", 4)
    run = Run(["servfail", "refused"], ["ask b31.test A", "wait"])
    yield "the other one is asked first, each time", [query[0] for query in queries("b31.test")], ["3", "4"] * 4
    run = Run(["loses-60"], ["many 100 c31.test A", "wait"])
    yield "what is lost is sent again and again", run.of("waited")[0].get("NOERROR", 0) >= 95, True

@scene
def own_line():
    run = Run(["normal"], ["many 3000 slow-300.a32.test A", "consult 800 seq b32.test/A c32.test/A", "wait"])
    yield "a question in our own line does not age", run.of("consulted")[0]["complete"], True
    run = Run(["normal"], ["consult 300 seq slow-200.d32.test/A slow-200.e32.test/A", "sleep 300"])
    yield "what is sent does, from one question to the next", run.of("consulted")[0]["complete"], False

@scene
def nobody_there():
    run = Run(["closed"], ["many 1000 a12.test A", "wait"])
    yield "nobody listens: TIMEOUT, after three attempts, and soon", (run.of("waited")[0].get("TIMEOUT"), 700 <= run.of("waited")[0]["ms"] < 6000), (1000, True)
    run = Run(["closed", "normal"], ["many 1000 b12.test A", "wait"])
    yield "… or the next one", (run.of("waited")[0].get("NOERROR"), run.of("waited")[0]["ms"] < 4000), (1000, True)

@scene
def strangers():
    run = Run(["normal"], ["ask wrongid.a13.test A", "ask wrongname.a13.test A", "ask wrongtype.a13.test A", "ask spoof.a13.test A", "wait"])
    for name in ("wrongid", "wrongname", "wrongtype"):
        yield f"{name}: not believed", run.answer(name + ".a13.test").get("rcode"), "TIMEOUT"
    yield "the right answer after three wrong ones", say(run.answer("spoof.a13.test"), "rcode", "data"), ("NOERROR", ["192.0.2.1"])

@scene
def a_hostile_answer():
    run = Run(["normal"], ["many 20 slow-200.a29.test A", "ask noise.a29.test A", "ask garbled.a29.test A", "many 300 slow-300.a29.test A", "wait"])
    yield "what cannot be read harms no other question", run.of("waited")[0].get("NOERROR"), 320
    yield "and is no answer", [a["rcode"] in ("GARBLED", "TIMEOUT") and a["data"] == [] for a in run.answers], [True, True]

@scene
def an_empty_datagram():
    run = Run(["normal"], ["ask empty.a14.test A", "wait", "ask b14.test A", "wait"])
    yield "an empty datagram is survived", (len(run.answers), run.answer("b14.test").get("rcode")), (2, "NOERROR")

@scene
def without_edns():
    run = Run(["normal"], ["ask plain.a15.test A", "ask plain.b15.test A", "ask plain.c15.test A", "wait", "ask big-4.a15.test TXT", "wait"])
    yield "FORMERR to EDNS: without it", [a["rcode"] for a in run.answers[:3]], ["NOERROR"] * 3
    yield "asked with, then without", [query[4:] for query in queries("plain.b15.test")], [["edns", "ad"], ["ad"]]
    yield "large answers are whole all the same", len(run.answer("big-4.a15.test").get("data", [])), 4

@scene
def many_at_once():
    run = Run(["normal"], ["many 2000 a16.test MX", "wait", "counts"])
    yield "2,000 questions at once", run.of("waited")[0].get("NOERROR"), 2000
    yield "are 2,000 questions", say(run.of("counts")[0], "asked", "cached", "joined", "failed"), (2000, 0, 0, 0)
    with open(log_path) as log:
        sent = sum(".a16.test" in line for line in log)
    yield "and (almost) none is sent twice", 2000 <= sent <= 2400, True

@scene
def losses():
    run = Run(["lossy-30"], ["many 400 a17.test A", "wait"])
    yield "every thirtieth is lost: all are answered", run.of("waited")[0].get("NOERROR"), 400
    run = Run(["normal", "second"], [f"ask slow-2500.n{i}.b17.test A" for i in range(4)] + ["ask b17.test A", "sleep 1900", "ask c17.test A", "wait"])
    yield "who answers others meanwhile is not dead", run.answer("c17.test").get("server"), "normal"

@scene
def the_cache():
    run = Run(["normal"], ["ask a18.test A", "wait", "ask A18.Test. A", "wait", "ask a18.test MX", "wait", "counts"])
    yield "an answer is kept, for its type", say(run.of("counts")[0], "asked", "cached"), (2, 1)
    yield "… and the same", run.answers[1]["data"], ["192.0.2.1"]
    run = Run(["normal"], ["ask ttl-1.b18.test A", "ask nx-1.b18.test A", "wait", "sleep 1300", "ask ttl-1.b18.test A", "ask nx-1.b18.test A", "wait"])
    yield "for its TTL, and no longer", len(queries("ttl-1.b18.test")), 2
    yield "absence too", len(queries("nx-1.b18.test")), 2
    run = Run(["normal"], ["ask ttl-0.c18.test A", "wait", "ask ttl-0.c18.test A", "wait"])
    yield "not without a TTL", len(queries("ttl-0.c18.test")), 2
    run = Run(["normal"], ["ask ttl-10.d18.test A", "wait", "sleep 2200", "ask ttl-10.d18.test A", "wait"])
    yield "the TTL is what is left of it", (run.answers[0]["ttl"], run.answers[1]["ttl"] in (7, 8)), (10, True)
    run = Run(["normal"], ["ask servfail.e18.test A", "wait", "ask servfail.e18.test A", "wait", "sleep 5300", "ask servfail.e18.test A", "wait"])
    yield "a failure is kept for five seconds", (len(run.answers), len(queries("servfail.e18.test"))), (3, 8)

@scene
def a_full_cache():
    path = os.path.join(scratch.name, "empty")
    open(path, "w").close()
    asks = ["ask n249999.x.test A", "wait", "counts", "ask n0.x.test A", "wait", "counts"]
    run = Run([], ["bench 250000 1000 x.test A", *asks], options=["-r", path])
    late, early = run.of("counts")
    yield "keeps the latest", say(late, "asked", "cached"), (250000, 1)
    yield "and has forgotten the oldest", say(early, "asked", "cached"), (250001, 1)

    often = ["ask hot.y.test A", "wait"]
    run = Run([], [*often, "bench 30000 1000 x.test A", *often, "bench 30000 1000 z.test A", *often, "counts"], options=["-r", path])
    yield "what is asked for again stays", say(run.of("counts")[0], "asked", "cached"), (60001, 2)
    run = Run(["normal"], ["ask m18.test MX", "wait", "ask m18.test MX", "wait", "counts"])
    yield "mail exchangers take no place in it", say(run.of("counts")[0], "asked", "cached"), (2, 0)

@scene
def joining():
    run = Run(["normal"], ["ask slow-300.a19.test A", "ask SLOW-300.a19.test. A", "ask slow-300.a19.test A", "ask slow-300.a19.test MX", "wait", "counts"])
    yield "the same question in flight is asked once", (len(run.answers), len([q for q in queries("slow-300.a19.test") if q[3] == "A"])), (4, 1)
    yield "and counted", say(run.of("counts")[0], "asked", "joined"), (2, 2)

@scene
def observing():
    run = Run(["normal"], ["ask a20.test A", "ask a20.test A", "ask servfail.a20.test A", "wait", "ask a20.test A", "wait"], environment={"OBSERVE": "1"})
    yield "each answer is observed once", sorted(line["name"] for line in run.of("observed")), ["a20.test", "servfail.a20.test"]

@scene
def forgetting():
    run = Run(["normal"], ["ask slow-300.a21.test A", "ask a21.test A", "sleep 100", "forget", "sleep 600", "ask b21.test A", "wait"])
    yield "what is forgotten is not told", [a["name"] for a in run.answers], ["a21.test", "b21.test"]
    run = Run(["normal"], ["then forget", "ask c21.test A", "ask d21.test A", "ask c21.test A", "wait", "ask e21.test A", "wait"])
    yield "within a callback too", (len(run.answers), run.status), (2, 0)
    run = Run(["silent"], ["many 3000 f21.test A", "sleep 100", "forget", "sleep 2000", "ask g21.test A", "sleep 100"])
    with open(log_path) as log:
        sent = sum(".f21.test" in line for line in log)
    yield "what stands in line is not sent any more", sent < 1000, True

@scene
def freeing():
    run = Run(["normal", "silent"], ["ask slow-500.a22.test A", "ask tc.a22.test A", "many 1000 b22.test A", "ask silent.a22.test A", "sleep 20", "free", "sleep 100"])
    yield "with questions open", run.status, 0
    run = Run(["normal"], ["ask slow-500.c22.test A", "free", "sleep 700"])
    yield "before anything was sent", (run.status, run.answers), (0, [])
    run = Run(["normal"], ["then free", "many 100 slow-100.d22.test A", "ask d22.test A", "ask d22.test A", "wait", "sleep 300"])
    yield "within a callback", (run.status, len(run.answers)), (0, 1)

@scene
def asking_within():
    run = Run(["normal"], ["then ask b23.test A", "ask a23.test A", "wait", "then ask a23.test A", "ask b23.test A", "wait"])
    yield "a callback may ask", [a["name"] for a in run.answers], ["a23.test", "b23.test", "b23.test", "a23.test"]
    run = Run(["normal"], ["then ask ttl-0.c23.test A", "ask ttl-0.c23.test A", "wait"])
    yield "the same again, too: that is a new question", (len(run.answers), len(queries("ttl-0.c23.test"))), (2, 2)

@scene
def consulting():
    run = Run(["normal"], ["consult 5000 par a24.test/A a24.test/MX nx.a24.test/A a24.test/A", "consult 5000 seq b24.test/A c24.test/A chain.b24.test/A", "consult 5000 seq leaves.d24.test/A"])
    first, second, third = run.of("consulted")
    yield "all at once", say(first, "complete", "used"), (True, 3)
    yield "one after the other", say(second, "complete", "used", "steps"), (True, 3, 4)
    yield "the book follows an alias out of its message", [line["data"] for line in run.of("used") if line["name"] == "leaves.d24.test"], [["192.0.2.1"]]
    run = Run(["normal"], ["consult 700 par a25.test/A silent.a25.test/A", "consult 700 seq silent.b25.test/A c25.test/A"])
    first, second = run.of("waited")
    yield "the deadline", (first["done"], 600 <= first["ms"] < 2000, [line["complete"] for line in run.of("consulted")]), (True, True, [False, False])
    used = {line["name"]: say(line, "rcode", "server") for line in run.of("used")}
    yield "what came counts", used["a25.test"], ("NOERROR", "normal")
    yield "what did not is a TIMEOUT by nobody", used["silent.a25.test"], ("TIMEOUT", None)
    yield "what would come next is not asked any more", (used["c25.test"], queries("c25.test")), (("TIMEOUT", None), [])

@scene
def consulting_for_ever():
    run = Run(["normal"], ["consult 60000 stuck", "consult 60000 endless"])
    stuck, endless = run.of("consulted")
    yield "an evaluation that waits for nothing", (stuck["complete"], run.of("waited")[0]["ms"] < 5000), (False, True)
    yield "an evaluation that never ends", (endless["complete"], endless["used"] <= 5000), (False, True)
    run = Run(["normal"], ["cancel 50 slow-200.a26.test/A silent.a26.test/A", "cancel 0 a26.test/A", "ask b26.test A", "wait"])
    yield "cancelled", ([line["done"] for line in run.of("waited")[:2]], run.answer("b26.test").get("rcode")), ([False, False], "NOERROR")

@scene
def lists_apart():
    run = Run(["normal"], ["consult 5000 par a27.test/A 2.0.0.127.list.test/A", "consult 5000 par b27.test/A"], options=["-l", "second"])
    yield "names below a list go to the lists' resolver", {line["name"]: line["server"] for line in run.of("used")}, {"a27.test": "normal", "2.0.0.127.list.test": "second", "b27.test": "normal"}

@scene
def replaying():
    path = os.path.join(scratch.name, "book")
    with open(path, "w") as book:
        book.write('{"name":"a28.test","type":"A","rcode":"NOERROR","ad":true,"ttl":5,"data":["192.0.2.9"]}\n{"name":"b28.test","type":"A","rcode":"SERVFAIL","ad":false,"ttl":0,"data":[]}\n')
    run = Run([], ["ask a28.test A", "ask b28.test A", "ask a28.test MX", "ask c28.test A", "wait", "ask c28.test A", "wait", "consult 1000 par a28.test/A", "servers"], options=["-r", path], environment={"OBSERVE": "1"})
    yield "answers from a book", [say(a, "rcode", "data", "ad") for a in run.answers], [("NOERROR", ["192.0.2.9"], True), ("SERVFAIL", [], False), ("NOERROR", [], False), ("NXDOMAIN", [], False), ("NXDOMAIN", [], False)]
    yield "are observed once, too", sorted(line["name"] + " " + line["type"] for line in run.of("observed")), ["a28.test A", "a28.test MX", "b28.test A", "c28.test A"]
    yield "and serve a consultation", run.of("consulted")[0]["complete"], True

@scene
def addresses():
    run = Run(["127.0.0.1", "127.0.0.2:5300", "::1", "[::1]", "[2001:db8::5]:5300", "192.0.2.1:53"], ["servers"])
    yield "nameservers by address", [line["server"] for line in run.of("server")], ["127.0.0.1", "127.0.0.2:5300", "::1", "::1", "[2001:db8::5]:5300", "192.0.2.1"]
    for text in ("nonsense", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:5x", "[::1", "[::1]5", "[]:53", "1.2.3", ""):
        yield f"no nameserver: '{text}'", [say(line, "kind", "why") for line in Run([text], []).lines], [("no resolver", text)]
    yield "nine are too many", [line["kind"] for line in Run(["127.0.0.1"] * 9, []).lines], ["no resolver"]
    run = Run([], ["servers"])
    yield "those of resolv.conf", len(run.of("server")) > 0 or run.of("no resolver") != [], True

def play(function):
    try:
        return [(function.__name__, *result) for result in function()]
    except Exception as error:
        return [(function.__name__, "the scene was played to its end", repr(error), None)]

with concurrent.futures.ThreadPoolExecutor(8) as pool:
    for results in pool.map(play, SCENES):
        for where, name, got, expected in results:
            tap.check(f"{where.replace('_', ' ')}: {name}", got == expected, f"got      {str(got)[:600]}\nexpected {str(expected)[:600]}")
for bad, name in ((queries("malformed"), "no query was malformed"), (Run.bad, "no run of the driver had anything to complain of")):
    tap.check(name, not bad, "\n".join(str(line)[:4000] for line in bad))
daemon.stdin.close()
daemon.wait()
tap.done()
