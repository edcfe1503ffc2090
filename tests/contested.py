"""Which readings hang on a rule's place in its file, and no other reason: only those named here, and none is added. Each has its reason beside it."""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import TOP, Run

# (rule, rival): why no clause, no yields and no wider match tells them apart.
KNOWN = {
}


def contested(run):
    return {(r['rule'], r['rival']) for r in run.records if r['type'] == 'explanation'}


examples = Run('explain', '--list-rules', '--contested', '--json').ndjson()
tap.check('it ends well, and the records are valid', examples.status == 0 and not examples.problems, f'{examples.status} {examples.problems}')
found = contested(examples)
for name in ('replies.ndjson', 'fresh.ndjson'):
    path = os.path.join(TOP, '../shared/corpus', name)
    if os.path.exists(path):
        rows = [json.loads(line) for line in open(path, encoding='utf-8')]
        found |= contested(Run('explain', '--contested', '--json', input=''.join(json.dumps({'id': r['id'], 'text': r['text'], 'stage': r['stage'] or None}) + '\n' for r in rows).encode()).ndjson())
    else:
        tap.skip(name, 'not beside the source')
tap.check('no reading hangs on the order of rules but those that are known', found <= KNOWN.keys(), '\n'.join(f'{rule} before {rival}' for rule, rival in sorted(found - KNOWN.keys())))
if os.path.exists(os.path.join(TOP, '../shared/corpus/fresh.ndjson')):
    tap.check('those that are known still do; else take them off the list', found >= KNOWN.keys(), sorted(KNOWN.keys() - found))
tap.done()
