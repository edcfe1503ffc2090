"""mxwalk-rules(5): each example is a file of rules that is taken, whose replies are read by the rules
that they stand in; the keys are those of the program; what it says of faults and of order is so."""
import os
import re
import shlex
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import TOP, Run

home = tap.folder('rules_manual')
page = open(os.path.join(TOP, 'man/mxwalk-rules.5'), encoding='utf-8').read()
blocks = [b.replace('\\e', '\\') for b in re.findall(r'^\.Bd -literal[^\n]*\n(.*?)^\.Ed$', page, re.M | re.S)]
files = [b for b in blocks if b.lstrip('#\n abcdefghijklmnopqrstuvwxyz:').startswith('[')]


def load(name, text):
    path = os.path.join(home, name)
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
    return path


def explain(path, text):
    records = Run('explain', '--json', '--rules', path, text).ndjson().records
    return records[0] if records else {}


tap.check('there are examples', len(files) >= 4, len(files))
for n, text in enumerate(files):
    path = load(f'{n}.conf', text)
    rule, wrong = None, []
    for line in text.split('\n'):
        if line.startswith('['):
            rule = line[1:-1]
        elif line.startswith('example = '):
            got = explain(path, line[len('example = '):])
            if got.get('rule') != rule:
                wrong.append(f'{rule}: {line} by {got.get("rule")}')
    tap.check(f'example {n + 1} is taken, and its replies are read by its rules', not wrong and Run('explain', '--list-rules', '--rules', path).status == 0, '\n'.join(wrong))
    run = Run('explain', '--list-rules', '--contested', '--json', '--rules', path).ndjson()
    tap.check('... and nothing hangs on the order', not [r for r in run.records if r['type'] == 'explanation'], run.out)
for n, command in enumerate(b for b in blocks if b.startswith('mxwalk ')):
    load('my.conf', files[2])
    load('ido.conf', files[3])
    for line in command.strip().split('\n'):
        run = Run(*(os.path.join(home, w) if w.endswith('.conf') else w for w in shlex.split(line)[1:]))
        tap.check(line, run.status == 0, f'{run.status} {run.err}')
tap.check('words of another language are read as those that patterns know', explain(os.path.join(home, 'ido.conf'), '554 Message refuzita: spamajo').get('cause') == 'content-spam')

# ---- keys
source = open(os.path.join(TOP, 'src/rules/rules_load.c'), encoding='utf-8').read()
table = re.search(r'\} keys\[\] = \{(.*?)\n\};', source, re.S)[1]
keys = set(re.findall(r'\{"([a-z]+)"', table))
told = set(re.findall(r'^\.It Cm ([a-z]+)$', page, re.M)) | set(re.findall(r'^\.Cm ([a-z]+)', page, re.M)) | {'class'}
tap.check('each key of a rule is told of', keys and keys <= told, sorted(keys - told))

# ---- faults, with file and line
GOOD = '[a]\ncause = policy\npattern = hooray\nexample = hooray\n'
for name, text, line in (('a yields to no rule', GOOD + 'yields = nobody\n', 5), ('a key that does not exist', GOOD + 'luck = bad\n', 5), ('an example that does not match', GOOD + 'example = no\n', 1),
                         ('an id twice', GOOD + GOOD, 5), ('a pattern that could run away', GOOD + 'pattern = (?:h+o*)+y\n', 5), ('no words of such a class', GOOD + 'pattern = {nobody} cheers\n', 5)):
    path = load('bad.conf', text)
    run = Run('explain', '--rules', path, 'hooray')
    tap.check(f'{name}: 65, and where', run.status == 65 and f'{path}:{line}: ' in run.err, f'{run.status} {run.err}')

# ---- order
first = load('first.conf', GOOD)
later = load('later.conf', GOOD.replace('[a]', '[b]').replace('policy', 'greylist'))
run = Run('explain', '--json', '--rules', first, '--rules', later, 'hooray').ndjson()
tap.check('of two files the later one goes first', run.records[0]['rule'] == 'b', run.out)
yielding = load('yielding.conf', GOOD.replace('[a]', '[b]').replace('policy', 'greylist') + 'yields = a\n')
run = Run('explain', '--json', '--rules', first, '--rules', yielding, 'hooray').ndjson()
tap.check('... but for who yields', run.records[0]['rule'] == 'a', run.out)
aside = load('aside.conf', '[aside:mine]\nwords = mind you\n\n' + GOOD)
tap.check('an aside is asked last', explain(aside, '550 Mailbox full. Mind you, hooray').get('cause') == 'mailbox-full' and explain(aside, '550 Mind you, hooray').get('rule') == 'a')
tap.done()
