"""A Dovecot of a test's own, in a folder: logins for Postfix over a socket, and LMTP. Its settings are written as 2.3 or 2.4 wants them."""
import os
import subprocess
import sys
import time

COMMON = '''
base_dir = {home}/dovecot
log_path = {home}/dovecot.log
auth_mechanisms = {mechanisms}
ssl = no
auth_failure_delay = 0
default_internal_user = dovecot
default_login_user = dovenull
service auth {{
  unix_listener {socket} {{
    mode = 0666
  }}
}}
'''
LMTP = '''
protocols = lmtp
service lmtp {{
  unix_listener {home}/lmtp {{
    mode = 0666
  }}
  inet_listener lmtp {{
    {address} = 127.0.9.9
    port = 24
  }}
}}
'''
V23 = '''
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
mail_location = maildir:{home}/mail/%u
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%n {home}/users
}}
userdb {{
  driver = passwd-file
  args = username_format=%n {home}/users
}}
'''
V24 = '''
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
auth_username_format = %{{user|username|lower}}
mail_driver = maildir
mail_path = {home}/mail/%{{user | username}}
passdb passwd-file {{
  passwd_file_path = {home}/users
  default_password_scheme = PLAIN
}}
userdb passwd-file {{
  passwd_file_path = {home}/users
}}
'''

TOKENS23 = '''
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {home}/oauth2.conf
}}
'''
TOKENS24 = '''
oauth2 {{
  introspection_url = {tokens}
  introspection_mode = auth
  username_attribute = username
  active_attribute = active
  active_value = true
}}
passdb oauth2 {{
  mechanisms_filter = xoauth2 oauthbearer
}}
'''


class Dovecot:
    """`tokens`: the URL of whom to ask about OAuth tokens."""

    def __init__(self, home, users, socket, lmtp=False, tokens=None):
        new = subprocess.run(['dovecot', '--version'], capture_output=True, text=True).stdout.startswith('2.4')
        os.makedirs(f'{home}/mail', exist_ok=True)
        os.chmod(f'{home}/mail', 0o777)
        with open(f'{home}/users', 'w') as f:
            for user, password in users.items():
                f.write(f'{user}:{{PLAIN}}{password}:65534:65534::{home}/mail/{user}::\n')
        os.chmod(f'{home}/users', 0o644)
        with open(f'{home}/oauth2.conf', 'w') as f:
            f.write(f'introspection_url = {tokens}\nintrospection_mode = auth\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n')
        mechanisms = 'plain login cram-md5 scram-sha-1 scram-sha-256' + (' xoauth2 oauthbearer' if tokens else '')
        with_tokens = (TOKENS24 if new else TOKENS23) if tokens else ''
        text = (V24 if new else '') + COMMON + with_tokens + ('' if new else V23) + (LMTP if lmtp else 'protocols =\n')
        with open(f'{home}/dovecot.conf', 'w') as f:
            f.write(text.format(home=home, socket=socket, mechanisms=mechanisms, tokens=tokens, address='listen' if new else 'address'))
        self.process = subprocess.Popen(['dovecot', '-F', '-c', f'{home}/dovecot.conf'], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        for _ in range(100):
            if os.path.exists(socket) and (not lmtp or os.path.exists(f'{home}/lmtp')):
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.1)
        self.process.kill()
        log = f'{home}/dovecot.log'
        print('Bail out! dovecot did not start:', self.process.stdout.read().decode()[:2000], open(log).read() if os.path.exists(log) else '')
        sys.exit(1)

    def stop(self):
        self.process.terminate()
        self.process.wait(10)
