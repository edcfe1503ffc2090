"""contrib/: each file is taken by the program it is for, where that is here: promtool, systemd-analyze, icinga2; the dashboard asks for metrics that the rules' promtool can read and that `mxwalk report` writes."""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from report_records import RUN, finding, result, sender, summary, write

TOP = os.environ['TOP']
CONTRIB = os.path.join(TOP, 'contrib')
home = tap.folder('contrib')


def taken(name, program, *args, cwd=None):
    if not shutil.which(program):
        tap.skip(name, f'there is no {program}')
        return
    p = subprocess.run([program, *args], capture_output=True, text=True, cwd=cwd, timeout=100)
    tap.check(name, p.returncode == 0, p.stdout + p.stderr)


rules = os.path.join(CONTRIB, 'prometheus/mxwalk.rules.yml')
taken('promtool takes the rules', 'promtool', 'check', 'rules', rules)
for name in os.listdir(os.path.join(CONTRIB, 'prometheus')):
    shutil.copy(os.path.join(CONTRIB, 'prometheus', name), home)
taken('… and they raise the alarms that they are for', 'promtool', 'test', 'rules', 'mxwalk.rules.test.yml', cwd=home)
dashboard = json.load(open(os.path.join(CONTRIB, 'grafana/mxwalk.json')))
queries = [target['expr'] for panel in dashboard['panels'] for target in panel['targets']]
with open(os.path.join(home, 'dashboard.yml'), 'w') as f:
    f.write('groups:\n- name: dashboard\n  rules:\n' + ''.join(f'  - record: panel{i}\n    expr: {json.dumps(query)}\n' for i, query in enumerate(queries)))
taken('the questions of the dashboard can be asked', 'promtool', 'check', 'rules', os.path.join(home, 'dashboard.yml'))
manual = open(os.path.join(TOP, 'man/mxwalk-report.1')).read()
asked = set(re.findall(r'mxwalk_[a-z_]+', ' '.join(queries) + ' ' + ' '.join(re.findall(r'expr: (.*)', open(rules).read()))))
tap.check('… of metrics that there are', asked and not [metric for metric in asked if metric not in manual], [metric for metric in asked if metric not in manual])
# What mxwalk writes, as Prometheus reads it: each question of the dashboard and of the rules has an answer in it.
path = os.path.join(home, 'run')
with_policy = result('b.example', 'accepted', mta_sts={'state': 'none'})
with_policy['attempts'][0]['dane'] = {'state': 'none'}
write(path, [RUN, result('a.example', 'refused', cause='ip-blocklist', list='zen.spamhaus.org'), with_policy, sender(), finding('listed', 'refuses'), {'type': 'check', 'schema': 1, 'check': 'spf', 'domain': 'a.example', 'result': 'fail'}, summary()])
with open(path) as f:
    text = f.read().replace('"verify":"ok"', '"verify":"ok","not_after":"2026-12-24T10:00:00Z"')
with open(path, 'w') as f:
    f.write(text)
written = subprocess.run([os.environ['MXWALK'], 'report', '--format', 'prometheus', path], capture_output=True, text=True).stdout
if shutil.which('promtool'):
    p = subprocess.run(['promtool', 'check', 'metrics'], input=written, capture_output=True, text=True)
    tap.check('promtool takes our metrics, without a remark', p.returncode == 0 and not p.stdout + p.stderr, p.stdout + p.stderr)
    series = [line.rsplit(' ', 1) for line in written.splitlines() if not line.startswith('#')]
    asks = queries + [re.split(r' [=<>]+ ', q)[0] for q in re.findall(r'expr: (.*)', open(rules).read())]
    with open(os.path.join(home, 'answers.yml'), 'w') as f:
        json.dump({'evaluation_interval': '1m', 'tests': [{'interval': '1m', 'input_series': [{'series': name, 'values': value} for name, value in series],
                                                           'promql_expr_test': [{'expr': f'count({q}) > bool 0', 'eval_time': '0m', 'exp_samples': [{'labels': '{}', 'value': 1}]} for q in asks]}]}, f)
    taken(f'each of {len(asks)} questions has an answer in what mxwalk writes', 'promtool', 'test', 'rules', os.path.join(home, 'answers.yml'))
told = set(re.findall(r'^\.It Cm (mxwalk_.*)', manual, re.M))
told = {name for line in told for name in re.findall(r'mxwalk_[a-z_]+', line)}
tap.check('… and the manual has each metric that is written, and no other', told == set(re.findall(r'^# TYPE (mxwalk_[a-z_]+)', written, re.M)), told ^ set(re.findall(r'^# TYPE (mxwalk_[a-z_]+)', written, re.M)))
units = [os.path.join(CONTRIB, 'systemd', name) for name in ('mxwalk-self.service', 'mxwalk-self.timer')]
taken('systemd takes the unit and the timer', 'systemd-analyze', 'verify', '--man=no', *units)
if shutil.which('icinga2'):
    place = tempfile.mkdtemp(prefix='mxwalk-icinga-')  # of the user that icinga2 becomes
    os.chmod(place, 0o777)
    with open(os.path.join(place, 'main.conf'), 'w') as f:
        f.write(f'include <itl>\ninclude "{place}/mxwalk.conf"\nobject Endpoint NodeName {{ }}\nobject Zone ZoneName {{ endpoints = [ NodeName ] }}\nobject CheckerComponent "checker" {{ }}\n'
                'object Host "mail.example" { check_command = "dummy"; address = "192.0.2.1"; vars.mxwalk_from = "me@example.com" }\n'
                'object Service "out" { host_name = "mail.example"; check_command = "mxwalk-probe"; vars.mxwalk_target = "example.com" }\n')
    shutil.copy(os.path.join(CONTRIB, 'icinga2/mxwalk.conf'), place)
    os.chmod(os.path.join(place, 'mxwalk.conf'), 0o644)
    taken('Icinga takes the commands', 'icinga2', 'daemon', '-C', '-c', os.path.join(place, 'main.conf'), *[arg for name in ('DataDir', 'LogDir', 'CacheDir', 'SpoolDir', 'InitRunDir') for arg in ('-D', f'{name}={place}')],
          '-D', 'NodeName=a', '-D', 'ZoneName=a')
    shutil.rmtree(place, ignore_errors=True)
else:
    tap.skip('Icinga takes the commands', 'there is no icinga2')
options = open(os.path.join(TOP, 'man/mxwalk.1')).read() + manual
used = set(re.findall(r'"--([a-z-]+)"', open(os.path.join(CONTRIB, 'icinga2/mxwalk.conf')).read()))
tap.check('… of options that there are', not [o for o in used if f'Fl -{o}' not in options], [o for o in used if f'Fl -{o}' not in options])
tap.done()
