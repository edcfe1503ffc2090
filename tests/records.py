"""Running mxwalk and reading its records, each line checked against the JSON Schema."""
import json
import os
import subprocess

import tap

try:
    import jsonschema
except ImportError:
    tap.skip_all('no python3-jsonschema here')

MXWALK = os.environ['MXWALK']
TOP = os.environ['TOP']
_validators = None


def problems(record):
    """What is wrong with a record by man/mxwalk-record.schema.json: a list of sentences."""
    global _validators
    if _validators is None:
        schema = json.load(open(os.path.join(TOP, 'man/mxwalk-record.schema.json')))
        kind = jsonschema.validators.validator_for(schema)
        kind.check_schema(schema)
        _validators = kind(schema)
    return [f"{'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in _validators.iter_errors(record)]


class Run:
    def __init__(self, *args, input=None, timeout=120, env=None):
        p = subprocess.run([MXWALK, *args], input=input, capture_output=True, timeout=timeout, env=env)
        self.status = p.returncode
        self.out = p.stdout.decode('utf-8', 'strict')
        self.err = p.stderr.decode('utf-8', 'replace')
        self.records = []
        self.problems = []

    def ndjson(self):
        for number, line in enumerate(self.out.splitlines(), 1):
            try:
                record = json.loads(line)
            except ValueError as e:
                self.problems.append(f'line {number} is no JSON: {e}: {line[:100]}')
                continue
            self.records.append(record)
            self.problems += [f'line {number} ({record.get("type")}): {p}' for p in problems(record)]
        return self

    def results(self):
        return [r for r in self.records if r['type'] == 'result']


def probe(*args, **kw):
    return Run('probe', '--json', *args, **kw).ndjson()
