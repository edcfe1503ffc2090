#!/usr/bin/env python3
"""A real Postfix behind postscreen: whom it does not know yet it puts off, with words that tell nobody so; who comes back is let in; who stands on its own list is refused."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import namespace
import postfix_server
import tap
from records import probe

namespace.enter(['postfix'], lab=[])
WHERE, PORT = '127.0.9.1', 2525
home = tap.folder('postscreen')
os.chmod(home, 0o755)
with open(os.path.join(home, 'access'), 'w') as f:
    f.write('127.0.1.9 reject\n')
server = postfix_server.start(home, f'''
myhostname = mx.postscreen.test
mydestination = static:all
local_transport = discard:
smtpd_relay_restrictions = reject_unauth_destination
postscreen_greet_wait = 1s
postscreen_greet_banner = wait a moment
postscreen_greet_action = enforce
postscreen_pipelining_enable = yes
postscreen_bare_newline_enable = yes
postscreen_access_list = cidr:{home}/access
postscreen_denylist_action = enforce
postscreen_cache_map = btree:{home}/data/postscreen_cache
postscreen_upstream_proxy_protocol =
''', f'''
{WHERE}:{PORT} inet n - n - 1 postscreen
smtpd pass - - n - - smtpd
dnsblog unix - - n - 0 dnsblog
tlsproxy unix - - n - 0 tlsproxy
''')
if not tap.check('postscreen starts', server is not None and postfix_server.listens(WHERE, PORT, server), postfix_server.maillog(home)):
    tap.done()


def walk(source):
    run = probe(f'user@taken.test@[{WHERE}]:{PORT}', '--source', source, '--from', 'me@sender.test', '--no-dnsbl', '--quit-after', 'rcpt')
    return run, run.results()[0]


run, put_off = walk('127.0.1.1')
tap.check('a client that it does not know is put off: greylisting, not a fault of the server', put_off['status'] == 'deferred' and put_off['reply']['lines'] == ['450 4.3.2 Service currently unavailable'] and put_off['diagnosis']['cause'] == 'greylist', run.out)
run, let_in = walk('127.0.1.1')
tap.check('… and let in when it comes back', let_in['status'] == 'accepted', run.out)
run, denied = walk('127.0.1.9')
tap.check('a client on its own list: a rule on who may connect', denied['status'] == 'refused' and denied['reply']['lines'] == ['550 5.3.2 Service currently unavailable'] and denied['diagnosis']['cause'] == 'access-denied', run.out)
greetings = [reply['lines'] for reply in put_off['attempts'][-1]['transcript'] if reply['stage'] == 'greeting']
tap.check('its greeting of two lines, the second a second later, is one', greetings == [['220-wait a moment', '220 mx.postscreen.test ESMTP Postfix']], str(put_off['attempts'])[:700])
postfix_server.stop(home, server)
tap.done()
