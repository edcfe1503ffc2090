"""The manual: mandoc finds nothing wrong with it, pages and schema name the same things, and the
schema takes right records and no wrong ones."""
import glob
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap

TOP = os.environ['TOP']
SCHEMA = os.path.join(TOP, 'man/mxwalk-record.schema.json')
# Where mxwalk.1 lists a closed set: the opening line of its list.
LISTS = {
    'cause': '.Bl -tag -width receiver-misconfigured -compact',
    'status': '.Bl -tag -width undeliverable',
    'basis': '.Bl -tag -width contradicted',
}


def page(name):
    return open(os.path.join(TOP, 'man', name), encoding='utf-8').read()


def listed(opening):
    """The words of a list's .It lines: ".It Cm refused , deferred" has two."""
    lines = page('mxwalk.1').splitlines()
    words, at = set(), lines.index(opening) + 1
    while not lines[at].startswith('.El'):
        m = re.match(r'\.It (?:Cm )?(.*)', lines[at])
        if m:
            words.update(m.group(1).split(' , '))
        at += 1
    return words


def properties(schema):
    """The names of all members that the schema knows."""
    if isinstance(schema, list):
        return {name for x in schema for name in properties(x)}
    if not isinstance(schema, dict):
        return set()
    own = set(schema['properties']) if isinstance(schema.get('properties'), dict) else set()
    return own | {name for x in schema.values() for name in properties(x)}


def same(name, in_schema, in_manual):
    wrong = [f'in the schema only: {w}' for w in sorted(in_schema - in_manual)]
    wrong += [f'in the manual only: {w}' for w in sorted(in_manual - in_schema)]
    tap.check(name, not wrong, '\n'.join(wrong))


for path in sorted(glob.glob(os.path.join(TOP, 'man/*.[1-9]'))):
    name = f'mandoc has nothing against {os.path.basename(path)}'
    if not shutil.which('mandoc'):
        tap.skip(name, 'there is no mandoc')
        continue
    lint = subprocess.run(['mandoc', '-T', 'lint', '-W', 'warning', path], capture_output=True, text=True)
    tap.check(name, lint.returncode == 0 and not lint.stdout + lint.stderr, lint.stdout + lint.stderr)

schema = json.load(open(SCHEMA))
# A field: a word of .Va or .It Va that is a name.
fields = {w for words in re.findall(r'Va ([a-z][a-z0-9_ ,-]*)', page('mxwalk-ndjson.5'))
          for w in re.split(r'[ ,]+', words) if w}
same('mxwalk-ndjson(5) names the fields of the schema, and no others', properties(schema), fields)
for what, opening in LISTS.items():
    same(f'mxwalk(1) and the schema agree on every {what}', set(schema['$defs'][what]['enum']), listed(opening))

try:
    from jsonschema import Draft202012Validator  # noqa: F401
except ImportError:
    tap.skip('the schema takes right records and no wrong ones',
             'there is no python3-jsonschema that knows draft 2020-12')
else:
    run = subprocess.run([sys.executable, os.path.join(TOP, 'tests/schema.py'), SCHEMA], capture_output=True, text=True)
    tap.check('the schema takes right records and no wrong ones', run.returncode == 0, run.stdout + run.stderr)
tap.done()
