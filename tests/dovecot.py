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
SUBMISSION24 = '''
protocols = submission
ssl = yes
ssl_server_cert_file = {certificate[0]}
ssl_server_key_file = {certificate[1]}
submission_relay_host = 127.0.0.1
submission_relay_port = {relay}
service submission-login {{
  inet_listener submission {{
    listen = 127.0.0.1
    port = {submission}
  }}
  inet_listener submissions {{
    port = 0
  }}
}}
'''


class Dovecot:
    """`tokens`: the URL of whom to ask about OAuth tokens; `submission` (2.4): its port, its certificate and key, the port on loopback of the relay behind it."""

    def __init__(self, home, users, socket, lmtp=False, tokens=None, submission=None):
        new = subprocess.run(['dovecot', '--version'], capture_output=True, text=True).stdout.startswith('2.4')
        os.makedirs(f'{home}/mail', exist_ok=True)
        os.chmod(f'{home}/mail', 0o777)
        with open(f'{home}/users', 'w') as f:
            for user, password in users.items():
                f.write(f'{user}:{{PLAIN}}{password}:65534:65534::{home}/mail/{user}::\n')
        os.chmod(f'{home}/users', 0o644)
        with open(f'{home}/oauth2.conf', 'w') as f:
            f.write(f'introspection_url = {tokens}\nintrospection_mode = auth\nusername_attribute = username\nactive_attribute = active\nactive_value = true\n')
        port, certificate, relay = submission or (0, None, 0)
        mechanisms = 'plain login cram-md5 scram-sha-1 scram-sha-256' + (' xoauth2 oauthbearer' if tokens else '') + (' scram-sha-1-plus scram-sha-256-plus' if submission else '')
        with_tokens = (TOKENS24 if new else TOKENS23) if tokens else ''
        text = (V24 if new else '') + (COMMON.replace('ssl = no\n', '') if submission else COMMON) + with_tokens + ('' if new else V23) + (LMTP if lmtp else SUBMISSION24 if submission else 'protocols =\n')
        with open(f'{home}/dovecot.conf', 'w') as f:
            f.write(text.format(home=home, socket=socket, mechanisms=mechanisms, tokens=tokens, submission=port, certificate=certificate or ('', ''), relay=relay, address='listen' if new else 'address'))
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
