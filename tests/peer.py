"""Scripted peers for the whole-program tests: Peer listens on a port of its own, talk(...) is a script for it."""
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
