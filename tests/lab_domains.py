"""Every domain of the lab, walked by the real binary as lab_cases.py foretells: status, stage, code,
cause, exit status, valid records; and nothing but QUIT behind a refused greeting."""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(__file__))
import lab_cases
import tap
from records import MXWALK, probe

if 'MXWALK_CONFIG' not in os.environ:  # into the lab
    log = tempfile.NamedTemporaryFile(suffix='.log', delete=False)
    status = subprocess.call([MXWALK, 'lab', '--log', log.name, '--', sys.executable, __file__],
                             env={**os.environ, 'LAB_LOG': log.name})
    os.unlink(log.name)
    sys.exit(status)

listed = subprocess.check_output([MXWALK, 'lab', '--list', '--json'], text=True).splitlines()
unusable = {d['domain']: d['skip'] for d in map(json.loads, listed) if 'skip' in d}


def walk(case):
    return case, case.domain not in unusable and probe('--timeout', '3s', *case.args, case.domain)


def outcome(run, result):
    diagnosis = result['diagnosis'] or {}
    return {'status': result['status'], 'stage': result['stage'], 'exit': run.status,
            'code': (result['reply'] or {}).get('code') or None,
            'refusal': result.get('refusal', {}).get('diagnosis', {}).get('cause'),
            **{k: diagnosis.get(k) for k in ('cause', 'basis', 'list')}}


with concurrent.futures.ThreadPoolExecutor(6) as pool:
    for case, run in pool.map(walk, lab_cases.CASES):
        name = ' '.join([case.domain, *case.args])
        if not run:
            tap.skip(name, unusable[case.domain])
            continue
        results = run.results()
        if not tap.check(f'{name}: one result', len(results) == 1, run.out + run.err):
            continue
        wrong = lab_cases.differences(case.expect, outcome(run, results[0]))
        tap.check(f"{name}: {case.expect['status']} at {case.expect.get('stage')}", not wrong,
                  f'wanted, got: {wrong}\n{run.err}')
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
