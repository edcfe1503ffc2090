"""What was asked of a receiver and what was not, at each depth: as the transcript of its walk has it, in the record, in the verdict and in the summary; of
every receiver of the practice internet that answers."""
import concurrent.futures
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, Run

if 'MXWALK_CONFIG' not in os.environ:
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))

STEPS = ['greeting', 'ehlo', 'mail', 'rcpt', 'data', 'message']
WORDS = {'starttls': 'EHLO', 'connect': 'the connection', 'greeting': 'the greeting', 'ehlo': 'EHLO', 'ehlo-tls': 'EHLO under TLS', 'mail': 'MAIL', 'rcpt': 'RCPT'}
OPEN = {'greeting': 'the greeting', 'ehlo': 'EHLO', 'mail': 'MAIL', 'rcpt': 'RCPT', 'data': 'DATA', 'message': 'the message'}
SLOW = re.compile(r'^(connect-timeout|tarpit|silent|mx-dead|slow|hang|late|flood|drip|unreachable|sts-|dane-)|-(late|drip|hang|silent|slow)')
domains = [line.split()[0] for line in Run('lab', '--list').out.splitlines()]
domains = [d for d in domains if not SLOW.search(d)]
listed = os.path.join(tap.folder('asked'), 'list')
with open(listed, 'w', encoding='ascii') as f:
    f.write('\n'.join(domains))


def walk(depth, *args):
    return Run('probe', '--no-dnsbl', '--timeout', '3s', '--timeout-dns', '3s', '--quit-after', depth, '--input', listed, *args)


def said(entry):
    return {'helo': 'ehlo', 'starttls': 'ehlo', 'handshake': 'ehlo'}.get(entry['stage'], entry['stage'])


def wrong(result):
    """What is wrong with a record, by the transcript of its last walk."""
    walks = [a for a in result['attempts'] if a.get('transcript')]
    if not walks or result['status'] not in ('accepted', 'refused', 'deferred'):
        return None
    stages = [said(entry) for entry in walks[-1]['transcript'] if entry['stage'] != 'quit']
    last = stages[-1]
    behind = STEPS[STEPS.index('ehlo' if last == 'ehlo-tls' else last) + 1:] if last != 'connect' else STEPS
    asked = 'ehlo' if result['asked'] == 'starttls' else result['asked']  # it was refused
    if result['status'] == 'accepted' and (asked, result['not_asked']) != (last, behind):
        return f'{result["target"]}: asked {result["asked"]}, not {result["not_asked"]}; the transcript: {stages}'
    if result['not_asked'] is not None and set(result['not_asked']) & set(stages):
        return f'{result["target"]}: not asked {result["not_asked"]}; the transcript: {stages}'
    return None


DEPTHS = ['connect', 'greeting', 'ehlo', 'starttls', 'mail', 'rcpt']
with concurrent.futures.ThreadPoolExecutor(12) as pool:
    runs = {(depth, form): pool.submit(walk, depth, *form) for depth in DEPTHS for form in ((), ('--json',))}
for depth in DEPTHS:
    record, text = runs[depth, ('--json',)].result().ndjson(), runs[depth, ()].result()
    results = record.results()
    faults = [w for w in map(wrong, results) if w]
    counted = [r for r in results if r['status'] in ('accepted', 'refused', 'deferred')]
    tap.check(f'--quit-after {depth}: {len(counted)} receivers, each record as its transcript', len(counted) > 40 and not faults and not record.problems,
              '\n'.join(faults + record.problems))
    lines = {line.split(' ', 1)[0]: line for line in text.out.split('\n') if line and line[0] != ' '}
    faults = []
    for r in results:
        line = lines.get(r['target'], '')
        if r['status'] != 'accepted' or 'accepted' not in line:
            continue
        tail = ', '.join(OPEN[s] for s in r['not_asked'])
        if f'accepted up to {WORDS[r["asked"]]}' not in line or f'not asked: {tail}' not in line:
            faults.append(f'{r["asked"]} {r["not_asked"]}: {line}')
    tap.check('... each verdict says the same', not faults, '\n'.join(faults))
    end = record.records[-1]
    by_stage = {}
    for r in results:
        if r['status'] == 'accepted':
            by_stage[r['asked']] = by_stage.get(r['asked'], 0) + 1
    tap.check('... and the summary counts it so', end['asked'] == by_stage and end['status']['accepted'] == sum(by_stage.values()), f'{end["asked"]} {by_stage}')
    summed = re.sub(r'\s+', ' ', text.out[text.out.rindex(' targets: '):])
    tap.check('... in words, too', all(f'accepted went as far as {WORDS[s]}' in summed for s in by_stage), f'{by_stage}\n{summed}')
tap.done()
