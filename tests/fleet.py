"""Many mail servers in one: one port, an address for each site, and a count of who was there. `list` and `book` say how
targets lead there."""
import asyncio
import collections
import json
import os
import subprocess
import threading


class Fleet:
    """Greets and says yes to all, each after `pause` seconds; counts connections by address, now and at most at once, and what
    recipients were named."""

    def __init__(self, sites, pause=0.005, net='127.90'):
        self.addresses = [f'{net}.{i // 250}.{i % 250 + 1}' for i in range(sites)]
        self.pause = pause
        self.connections, self.now, self.most = collections.Counter(), collections.Counter(), collections.Counter()
        self.quits, self.recipients = 0, []
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()
        self.ready.wait()

    def run(self):
        asyncio.set_event_loop(self.loop)
        self.loop.run_until_complete(self.open())
        self.loop.run_forever()

    async def open(self):
        self.port = 0
        for address in self.addresses:
            server = await asyncio.start_server(self.serve, address, self.port, backlog=1000)
            self.port = server.sockets[0].getsockname()[1]
        self.ready.set()

    async def serve(self, reader, writer):
        where = writer.get_extra_info('sockname')[0]
        self.connections[where] += 1
        self.now[where] += 1
        self.most[where] = max(self.most[where], self.now[where])
        try:
            await asyncio.sleep(self.pause)
            writer.write(b'220 mx ESMTP\r\n')
            while line := await reader.readline():
                await asyncio.sleep(self.pause)
                word = line[:4].upper()
                self.quits += word == b'QUIT'
                if word == b'RCPT':
                    self.recipients.append(line)
                writer.write(b'221 bye\r\n' if word == b'QUIT' else b'250 mx\r\n')
                if word == b'QUIT':
                    break
        except OSError:
            pass
        self.now[where] -= 1
        writer.close()

    def write(self, folder, targets):
        """The list of so many targets, and a book in which they are spread over the sites: the options for both."""
        names = [f'd{i}.example' for i in range(targets)]
        with open(os.path.join(folder, 'list'), 'w') as file:
            file.writelines(name + '\n' for name in names)
        with open(os.path.join(folder, 'book'), 'w') as file:
            for i, name in enumerate(names):  # an exchanger of its own at the site, for of one what it says is asked once
                k = i % len(self.addresses)
                host = f'mx{i}.site{k}.example'
                file.write(json.dumps({'name': name, 'type': 'MX', 'rcode': 'NOERROR', 'ttl': 60, 'data': [f'10 {host}']}) + '\n')
                file.write(json.dumps({'name': host, 'type': 'A', 'rcode': 'NOERROR', 'ttl': 60, 'data': [self.addresses[k]]}) + '\n')
        return names

    def options(self, folder):
        words = ['--allow-private', '--no-dnsbl', '--ehlo', 'me.example.org', '--from', 'me@example.org', '--port', str(self.port),
                 '--dns-replay', os.path.join(folder, 'book'), '--timeout', '20s']
        known = subprocess.run([os.environ['MXWALK'], 'help', 'probe'], capture_output=True, text=True).stdout
        return words + (['--site-rate', 'none'] if '--site-rate' in known else [])
