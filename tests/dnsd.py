#!/usr/bin/env python3
"""A nameserver on loopback that misbehaves on request.

usage: dnsd.py LOG MODE...

Opens a nameserver (UDP and TCP) on a free port of 127.0.0.1 for each MODE, prints the ports on one line (0 if there can be none), and serves until standard
input ends.
Each query is logged as "SERVER PROTOCOL NAME TYPE FLAGS", SERVER counted from 1, FLAGS of "edns" and "ad";
one that cannot be read as "SERVER PROTOCOL malformed HEX".

MODE says what a nameserver does to every query:
  normal                          what the name asks for, see below
  six                             the same, on ::1
  servfail refused notimp formerr garbled noise silent
  oneshot                         as normal, but a TCP connection is closed after one answer
  notcp                           as normal, but TCP is not served
  lossy-N                         as normal, but every Nth query over UDP is lost
  loses-N                         as normal, but N of a hundred queries over UDP are lost, by chance
  fails-N                         as normal, but N of a hundred queries are answered by SERVFAIL, by chance
  late-N                          as normal, but every answer comes after N milliseconds
  closed                          nobody listens there

A label of the name says what becomes of a query for it: the first that is one of these words. A number stands after a hyphen.
  servfail refused notimp formerr SERVFAIL, … ; nx-N nodata-N: no, with a SOA of N seconds (60)
  silent, slow-N (milliseconds), ttl-N (seconds), secure (AD)
  garbled       a record that ends too early; noise: bytes with the right id; empty: a datagram of no bytes, then the answer
  wrongid wrongname wrongtype     somebody else's answer, and no other; spoof: the same three, then the answer
  tc            cut off over UDP; tcdead: over TCP there is nothing either; big-N: N strings of 200 octets, cut off if too large
  chain         two CNAMEs and a record; leaves: a CNAME to a name of another message; loop: CNAMEs in a circle
  plain         FORMERR to a query with EDNS
  once          SERVFAIL to the first query for it
  bare-N        a header with the rcode N and nothing else, not even the question
"""

import heapq
import itertools
import random
import selectors
import socket
import struct
import sys
import time

A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, OPT = 1, 2, 5, 6, 12, 15, 16, 28, 41
TYPES = {"A": A, "NS": NS, "CNAME": CNAME, "SOA": SOA, "PTR": PTR, "MX": MX, "TXT": TXT, "AAAA": AAAA}
TYPE_NAMES = {number: name for name, number in TYPES.items()}
RCODES = {"formerr": 1, "servfail": 2, "notimp": 4, "refused": 5}
UDP_LIMIT = 512
WORDS = set("nx nodata silent slow ttl secure garbled noise empty wrongid wrongname wrongtype spoof tc tcdead big chain leaves loop plain bare once".split()) | set(RCODES)


def name_wire(name):
    labels = [label.encode() for label in name.split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record(name, rtype, ttl, data):
    return name_wire(name) + struct.pack("!HHIH", rtype, 1, ttl, len(data)) + data


class Query:
    def __init__(self, message):
        self.id, flags, _, _, _, extra = struct.unpack("!6H", message[:12])
        labels, at = [], 12
        while message[at]:
            labels.append(message[at + 1 : at + 1 + message[at]].decode())
            at += 1 + message[at]
        self.name = ".".join(labels)
        self.type, _ = struct.unpack("!HH", message[at + 1 : at + 5])
        self.question = message[12 : at + 5]
        self.edns = extra == 1 and message[at + 5 : at + 8] == b"\0\0\x29"
        if len(message) < at + 5 or (len(message) > at + 5) != self.edns or extra != self.edns:
            raise ValueError("what is behind the question is not one OPT record, or nothing")
        self.limit = struct.unpack("!H", message[at + 8 : at + 10])[0] if self.edns else UDP_LIMIT
        self.ad = bool(flags & 0x20)
        asked = [label.partition("-") for label in labels if label.partition("-")[0] in WORDS]
        self.what, _, number = asked[0] if asked else ("", "", "")
        self.number = int(number) if number.isdigit() else None


def response(query, rcode=0, answers=(), authority=(), flags=0, query_id=None, question=None):
    opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0" if query.edns and query.what != "plain" else b""
    head = struct.pack("!6H", query.id if query_id is None else query_id, 0x8180 | flags | rcode, 1, len(answers), len(authority), 1 if opt else 0)
    return head + (query.question if question is None else question) + b"".join(answers) + b"".join(authority) + opt


def data_for(query):
    """Some data of the type that is asked for."""
    if query.type == A:
        return [socket.inet_aton("192.0.2.1")]
    if query.type == AAAA:
        return [socket.inet_pton(socket.AF_INET6, "2001:db8::1")]
    if query.type == MX:
        return [struct.pack("!H", 10) + name_wire("mx1." + query.name), struct.pack("!H", 20) + name_wire("mx2." + query.name)]
    if query.type == TXT:
        return [b"\x05hello"]
    return [name_wire("host.test")]


def soa(query):
    ttl = 60 if query.number is None else query.number
    return record("test", SOA, ttl, name_wire("ns.test") + name_wire("root.test") + struct.pack("!5I", 1, 2, 3, 4, ttl))


def whole(query):
    """The answer to an ordinary question."""
    what, ttl = query.what, 300
    if what in RCODES:
        return response(query, RCODES[what])
    if what == "plain" and query.edns:
        return response(query, RCODES["formerr"])
    if what == "nx":
        return response(query, 3, authority=[soa(query)])
    if what == "nodata":
        return response(query, 0, authority=[soa(query)])
    if what == "ttl":
        ttl = query.number
    if what == "leaves":
        return response(query, answers=[record(query.name, CNAME, ttl, name_wire("elsewhere.test"))])
    if what == "loop":
        return response(query, answers=[record(query.name, CNAME, ttl, name_wire("b.test")), record("b.test", CNAME, ttl, name_wire(query.name))])
    if what == "chain":
        links = [record(query.name, CNAME, 100, name_wire("b.test")), record("b.test", CNAME, 50, name_wire("c.test"))]
        return response(query, answers=links + [record("c.test", query.type, ttl, data) for data in data_for(query)])
    if what == "big":
        return response(query, answers=[record(query.name, TXT, ttl, b"\xc8%04d" % i + b"x" * 196) for i in range(query.number)])
    return response(query, answers=[record(query.name, query.type, ttl, data) for data in data_for(query)], flags=0x20 if what == "secure" else 0)


def cut(query):
    return response(query, flags=0x200)


def strangers(query):
    """Answers that are not to this query."""
    return {
        "wrongid": response(query, answers=[record(query.name, query.type, 300, data_for(query)[0])], query_id=query.id ^ 0x5555),
        "wrongname": response(query, question=name_wire("other.test") + query.question[-4:]),
        "wrongtype": response(query, question=query.question[:-4] + struct.pack("!HH", NS, 1)),
    }


def messages(query, mode, tcp):
    """What is sent back, as (delay in seconds, bytes)."""
    what = mode if mode in RCODES or mode in ("garbled", "noise", "silent") else query.what
    if mode in RCODES:
        return [(0, response(query, RCODES[mode]))]
    if what == "silent":
        return []
    if what == "slow":
        return [(query.number / 1000, whole(query))]
    if what == "garbled":
        return [(0, response(query, answers=[record(query.name, query.type, 300, b"\0" * 20)[:-15]]))]
    if what == "noise":
        return [(0, struct.pack("!H", query.id) + random.randbytes(60))]
    if what in ("wrongid", "wrongname", "wrongtype"):
        return [(0, strangers(query)[what])]
    if what == "spoof":
        return [(0, message) for message in strangers(query).values()] + [(0.05, whole(query))]
    if what == "bare":
        return [(0, struct.pack("!6H", query.id, 0x8180 | query.number, 0, 0, 0, 0))]
    if what == "empty" and not tcp:
        return [(0, b""), (0.05, whole(query))]
    if what in ("tc", "tcdead") and not tcp:
        return [(0, cut(query))]
    if what == "tcdead":
        return [(0, None)]
    message = whole(query)
    return [(0, message if tcp or len(message) <= query.limit else cut(query))]


class Server:
    def __init__(self, number, mode):
        self.number, self.seen = number, 0
        self.mode, _, parameter = mode.partition("-")
        self.parameter = int(parameter) if parameter else 0
        family, host = (socket.AF_INET6, "::1") if self.mode == "six" else (socket.AF_INET, "127.0.0.1")
        self.udp = socket.socket(family, socket.SOCK_DGRAM)
        self.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        # What asks a closed port must not come by that port for its own.
        self.udp.bind((host, random.randrange(20000, 30000) if self.mode == "closed" else 0))
        self.port = self.udp.getsockname()[1]
        self.tcp = None
        if self.mode == "closed":
            self.udp.close()
            return
        self.udp.setblocking(False)
        if self.mode != "notcp":
            self.tcp = socket.socket(family)
            self.tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            self.tcp.bind((host, self.port))
            self.tcp.listen(100)
            self.tcp.setblocking(False)

    def loses(self):
        self.seen += 1
        if self.mode == "loses":
            return random.randrange(100) < self.parameter
        return self.mode == "lossy" and self.seen % self.parameter == 0

    def fails(self):
        return self.mode == "fails" and random.randrange(100) < self.parameter

    def delay(self):
        return self.parameter / 1000 if self.mode == "late" else 0


class Daemon:
    def __init__(self, log, modes):
        self.log = open(log, "w", buffering=1)
        self.selector = selectors.DefaultSelector()
        self.later = []  # a heap of (when, number, send, bytes)
        self.ticket = itertools.count()
        self.seen = set()  # questions that were answered by SERVFAIL once
        self.servers = []
        for number, mode in enumerate(modes, 1):
            self.servers.append(self.open(number, mode))

    def open(self, number, mode):
        server = None
        for _ in range(50):  # a port that is free for UDP may be taken for TCP
            try:
                server = Server(number, mode)
                break
            except OSError:
                continue
        if server is None:
            return None
        if server.mode != "closed":
            self.selector.register(server.udp, selectors.EVENT_READ, lambda: self.read_udp(server))
        if server.tcp:
            self.selector.register(server.tcp, selectors.EVENT_READ, lambda: self.accept(server))
        return server

    def read(self, server, protocol, message):
        try:
            query = Query(message)
        except (IndexError, struct.error, ValueError):
            self.log.write(f"{server.number} {protocol} malformed {message.hex()}\n")
            return None
        self.note(server, protocol, query)
        return query

    def note(self, server, protocol, query):
        flags = " ".join(flag for flag, is_set in (("edns", query.edns), ("ad", query.ad)) if is_set)
        self.log.write(f"{server.number} {protocol} {query.name} {TYPE_NAMES.get(query.type, query.type)} {flags}\n")

    def answer(self, query, server, tcp, send):
        if server.fails() or (query.what == "once" and (query.name, query.type) not in self.seen):
            self.seen.add((query.name, query.type))
            send(response(query, RCODES["servfail"]))
            return
        for delay, message in messages(query, server.mode, tcp):
            delay += server.delay()
            if delay:
                heapq.heappush(self.later, (time.monotonic() + delay, next(self.ticket), send, message))
            else:
                send(message)

    def read_udp(self, server):
        for _ in range(100):
            try:
                message, peer = server.udp.recvfrom(65535)
            except BlockingIOError:
                return
            query = self.read(server, "udp", message)
            if query is None:
                continue
            if not server.loses():
                self.answer(query, server, False, lambda message, peer=peer: server.udp.sendto(message, peer))

    def accept(self, server):
        connection, _ = server.tcp.accept()
        connection.setblocking(False)
        held = bytearray()
        self.selector.register(connection, selectors.EVENT_READ, lambda: self.read_tcp(server, connection, held))

    def close(self, connection):
        if connection.fileno() >= 0:
            self.selector.unregister(connection)
            connection.close()

    def read_tcp(self, server, connection, held):
        def send(message):
            try:
                if message is not None:
                    connection.sendall(struct.pack("!H", len(message)) + message)
                if message is None or server.mode == "oneshot":
                    self.close(connection)
            except OSError:
                self.close(connection)

        try:
            got = connection.recv(65535)
        except OSError:
            got = b""
        if not got:
            self.close(connection)
            return
        held += got
        while len(held) >= 2 and len(held) >= 2 + (held[0] << 8 | held[1]) and connection.fileno() >= 0:
            length = held[0] << 8 | held[1]
            query = self.read(server, "tcp", bytes(held[2 : 2 + length]))
            del held[: 2 + length]
            if query is not None:
                self.answer(query, server, True, send)

    def wait(self):
        if not self.later:
            return None
        return max(0, self.later[0][0] - time.monotonic())

    def run(self):
        self.selector.register(sys.stdin, selectors.EVENT_READ, sys.exit)
        print(*(server.port if server else 0 for server in self.servers), flush=True)
        while True:
            for key, _ in self.selector.select(self.wait()):
                key.data()
            while self.later and self.later[0][0] <= time.monotonic():
                _, _, send, message = heapq.heappop(self.later)
                send(message)


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    Daemon(sys.argv[1], sys.argv[2:]).run()
