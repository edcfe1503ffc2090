"""How well `mxwalk explain` reads labelled replies: by cause, with what is taken for what; lists; and how often it is wrong though it is sure. Another file of the same form can be named as an argument."""
import collections
import json
import os
import re
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import TOP, Run

path = sys.argv[1] if len(sys.argv) > 1 else os.path.join(TOP, '../shared/corpus/replies.ndjson')
if not os.path.exists(path):
    tap.skip_all('no labelled replies beside the source')
UNSURE = ('unknown', 'policy')
NAMES_LISTS = ('ip-blocklist', 'sender-blocked', 'content-url', 'helo', 'receiver-misconfigured')


def plain(name):
    return re.sub(r'[^a-z0-9.]', '', (name or '').lower())


def same_list(a, b):
    """zen.spamhaus.org, Spamhaus and Spamhaus XBL name one operator's."""
    a, b = plain(a), plain(b)
    families = ('spamhaus', 'barracuda', 'spamcop', 'cloudmark', 'proofpoint', 'microsoft', 'senderscore', 'sorbs', 'trend', 'surbl', 'uribl')
    return bool(a) and bool(b) and (a in b or b in a or any(f in a and f in b for f in families))


rows = [json.loads(line) for line in open(path, encoding='utf-8')]
run = Run('explain', '--json', input=''.join(json.dumps({'id': r['id'], 'text': r['text'], 'stage': r['stage'] or None}) + '\n' for r in rows).encode()).ndjson()
got = {r['id']: r for r in run.records if r['type'] == 'explanation'}
tap.check('each reply is explained, by a valid record', len(got) == len(rows) and not run.problems, f'{len(got)} of {len(rows)}\n' + '\n'.join(run.problems))

by_cause = collections.defaultdict(lambda: [0, 0, 0])
confused = collections.Counter()
sure = wrong = named = rightly = falsely = 0
for r in rows:
    is_, list_ = got.get(r['id'], {}).get('cause'), got.get(r['id'], {}).get('list')
    right = is_ == r['cause']
    near = right or is_ in r['also']
    for total in by_cause[r['cause']], by_cause['all']:
        total[0] += 1
        total[1] += right
        total[2] += near
    if not near:
        confused[r['cause'], is_] += 1
    if is_ not in UNSURE:
        sure += 1
        wrong += not near
    if r['list']:
        named += 1
        rightly += same_list(list_, r['list'])
    elif list_ and r['cause'] not in NAMES_LISTS:
        falsely += 1

print(f'# {"cause":24} {"replies":>7} {"strict":>7} {"lenient":>7}')
for cause, (n, strict, lenient) in sorted(by_cause.items(), key=lambda item: (-item[1][0], item[0])):
    print(f'# {cause:24} {n:7} {strict / n:7.3f} {lenient / n:7.3f}')
for (want, is_), n in confused.most_common():
    print(f'# {n} {want} taken for {is_}')
n, strict, lenient = by_cause['all']
tap.check(f'lenient {lenient / n:.3f}, of .97', lenient >= .97 * n)
tap.check(f'strict {strict / n:.3f}, of .93', strict >= .93 * n)
tap.check(f'the list is named: {rightly} of {named}', rightly >= .97 * named)
tap.check('no list where there is none', falsely == 0, falsely)
tap.check(f'wrong though sure: {wrong} of {sure}', wrong <= .02 * sure)
tap.done()
