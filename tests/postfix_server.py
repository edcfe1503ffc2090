"""A Postfix of the test's own: in the foreground, with all its files below one folder, ended by its process."""
import os
import shutil
import socket
import subprocess
import time

# What every Postfix needs; a line of the same name in a test's own takes its place.
MAIN = '''
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {home}/maillog
maillog_file_prefixes = /tmp, /var, /
inet_interfaces = 127.0.0.1
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
'''
SERVICES = '''
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
postlog unix-dgram n - n - 1 postlogd
'''


def start(home, main='', services='', log=subprocess.DEVNULL):
    """Below `home`, which all may enter: `main` are lines of main.cf, `services` of master.cf ("127.0.9.1:25 inet n - n - - smtpd").
    Returns the process before the server listens; None where there is no Postfix."""
    if shutil.which('postfix') is None:
        return None
    os.makedirs(os.path.join(home, 'queue'))
    os.makedirs(os.path.join(home, 'data'))
    shutil.chown(os.path.join(home, 'data'), 'postfix')
    for name, text in (('main.cf', MAIN.format(home=home) + main), ('master.cf', SERVICES + services)):
        with open(os.path.join(home, name), 'w') as f:
            f.write(text)
    return subprocess.Popen(['postfix', '-c', home, 'start-fg'], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def listens(address, port, server):
    """Waits until somebody does; False: the server has ended, or does not within ten seconds."""
    for _ in range(100):
        try:
            socket.create_connection((address, port), 1).close()
            return True
        except OSError:
            if server.poll() is not None:
                break
            time.sleep(0.1)
    return False


def stop(home, server):
    subprocess.run(['postfix', '-c', home, 'stop'], capture_output=True)
    try:
        server.wait(10)
    except subprocess.TimeoutExpired:
        server.kill()


def maillog(home):
    try:
        return open(os.path.join(home, 'maillog'), errors='replace').read()
    except FileNotFoundError:
        return ''
