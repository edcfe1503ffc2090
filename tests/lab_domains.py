"""Every domain of the lab, walked by the real binary: status, stage, code, cause, exit status, valid records; and nothing but QUIT behind a refused greeting."""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, probe

if 'MXWALK_CONFIG' not in os.environ:  # into the lab
    log = tempfile.NamedTemporaryFile(suffix='.log', delete=False)
    status = subprocess.call([MXWALK, 'lab', '--log', log.name, '--', sys.executable, __file__], env={**os.environ, 'LAB_LOG': log.name})
    os.unlink(log.name)
    sys.exit(status)

domains = [json.loads(line) for line in subprocess.check_output([MXWALK, 'lab', '--list', '--json'], text=True).splitlines()]
domains = [d for d in domains if 'domain' in d]


def walk(d):
    return d, probe('--timeout', '3s', *d.get('args', []), *([] if any(a.startswith('--to') for a in d.get('args', [])) and d.get('no_target') else [d['domain']]))


tap.check('the lab has at least 40 domains', len(domains) >= 40, len(domains))
with concurrent.futures.ThreadPoolExecutor(6) as pool:
    for d, run in pool.map(walk, domains):
        name, want = d['domain'], d['expect']
        results = run.results()
        if not tap.check(f'{name}: one result', len(results) == 1, run.out + run.err):
            continue
        r = results[0]
        got = {'status': r['status'], 'stage': r['stage'], 'code': (r['reply'] or {}).get('code') or None, 'cause': (r['diagnosis'] or {}).get('cause'), 'exit': run.status,
               'basis': (r['diagnosis'] or {}).get('basis'), 'list': (r['diagnosis'] or {}).get('list')}
        bad = {k: (want[k], got.get(k)) for k in want if want[k] is not None and want[k] != got.get(k)}
        tap.check(f"{name}: {want.get('status')} at {want.get('stage')}", not bad, f'wanted, got: {bad}\n{run.err}')
        tap.check(f'{name}: its records are valid', not run.problems, '\n'.join(run.problems))

# A refused greeting is answered with QUIT and nothing else: the lab's own log says so.
sessions = {}
for line in open(os.environ['LAB_LOG'], encoding='latin-1'):
    m = re.match(r'(?:\S+ )?(\d+) (\S+) (\S+) ([SC]): (.*)', line)
    if m:
        sessions.setdefault(m.group(1), []).append((m.group(4), m.group(5)))
refused = [s for s in sessions.values() if s[0][0] == 'S' and re.match(r'[45]', s[0][1])]
tap.check('the log shows refused greetings', len(refused) >= 5, f'{len(refused)} of {len(sessions)} sessions')
wrong = [s for s in refused if any(who == 'C' and said != 'QUIT' for who, said in s)]
tap.check('behind a refused greeting we say QUIT and nothing else', not wrong, wrong)
silent = [s for s in refused if not any(who == 'C' for who, said in s)]
tap.check('and QUIT is said each time', not silent, silent)
tap.done()
