"""Scripted peers for the whole-program tests: Peer listens on a port of its own, talk(...) is a script for it."""
import collections
import socket
import struct
import threading
import time


class Peer:
    """Listens on a port of its own and plays `script(connection, hear)` for each client."""

    def __init__(self, script, address='127.0.0.1'):
        self.script = script
        self.heard = []
        self.sock = socket.create_server((address, 0), family=socket.AF_INET6 if ':' in address else socket.AF_INET)
        self.port = self.sock.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.sock.accept()
            except OSError:
                return
            threading.Thread(target=self.play, args=(connection,), daemon=True).start()

    def close(self):
        self.sock.close()

    def play(self, connection):
        file = connection.makefile('rb')

        def hear():
            line = file.readline()
            self.heard.append(line)
            return line

        try:
            self.script(connection, hear)
            connection.shutdown(socket.SHUT_WR)
            while hear():
                pass
        except OSError:
            pass
        finally:
            file.close()
            connection.close()


def talk(*steps):
    """A script: bytes are sent; None hears a line; a number sleeps; 'rst' resets."""
    def script(connection, hear):
        for step in steps:
            if step is None:
                hear()
            elif step == 'rst':
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
                raise ConnectionResetError
            elif isinstance(step, (int, float)):
                time.sleep(step)
            else:
                connection.sendall(step)
    return script


class Servers:
    """One script on several addresses and one port; counts who is connected to what at once."""

    def __init__(self, scripts, port=0):
        self.now, self.most, self.heard = collections.Counter(), collections.Counter(), []
        self.in_all = self.most_in_all = self.connections = 0
        self.lock, self.socks = threading.Lock(), []
        for address, script in scripts.items():
            sock = socket.create_server((address, port), backlog=100)
            port = sock.getsockname()[1]
            self.socks.append(sock)
            threading.Thread(target=self.serve, args=(sock, address, script), daemon=True).start()
        self.port = port

    def serve(self, sock, address, script):
        while True:
            try:
                connection, _ = sock.accept()
            except OSError:
                return
            threading.Thread(target=self.play, args=(connection, address, script), daemon=True).start()

    def count(self, address, by):
        with self.lock:
            self.now[address] += by
            self.in_all += by
            self.connections += by > 0
            self.most[address] = max(self.most[address], self.now[address])
            self.most_in_all = max(self.most_in_all, self.in_all)

    def play(self, connection, address, script):
        self.count(address, 1)
        file = connection.makefile('rb')
        there = True

        def hear():  # who says QUIT, or is gone, is no client any more
            nonlocal there
            line = file.readline()
            self.heard.append((address, line))
            if there and line[:4] in (b'', b'QUIT'):
                there = False
                self.count(address, -1)
            return line
        try:
            script(connection, hear)
            while hear():
                pass
        except OSError:
            pass
        if there:
            self.count(address, -1)
        file.close()
        connection.close()

    def close(self):
        for sock in self.socks:
            sock.close()

    def said(self, address):
        return [line.strip() for where, line in self.heard if where == address]


def takes_mail(pause=0.0, final=b'250 2.0.0 queued as 1\r\n'):
    def script(connection, hear):
        connection.sendall(b'220 mx ESMTP\r\n')
        while True:
            verb = hear().split(b' ')[0].strip().upper()
            time.sleep(pause)
            if verb == b'DATA':
                connection.sendall(b'354 go on\r\n')
                while hear() != b'.\r\n':
                    pass
                if final is None:
                    time.sleep(60)
                connection.sendall(final)
            elif verb == b'QUIT':
                connection.sendall(b'221 bye\r\n')
                return
            elif not verb:
                return
            else:
                connection.sendall(b'250 fine\r\n')
    return script
