"""HACKING.md's recipes, followed in a copy of the tree: a rule, a list, an option, a lab domain and a
report format are added as it says, the copy is built, and each of them does what it should."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap

TOP = os.path.abspath(os.environ['TOP'])
for program in ('autoreconf', 'make'):
    if not shutil.which(program):
        tap.skip_all(f'no {program} here')
copy = os.path.join(tap.folder('recipes'), 'tree')
shutil.copytree(TOP, copy, symlinks=True, ignore=shutil.ignore_patterns('build*[!-]*', '.git', '*.o', '*.a', 'autom4te.cache'))


def edit(path, *changes):
    """Each change: (what stands there, what stands there instead); it must stand there once."""
    name = os.path.join(copy, path)
    text = open(name, encoding='utf-8').read()
    for old, new in changes:
        assert text.count(old) == 1, f'{path}: {old!r} stands there {text.count(old)} times'
        text = text.replace(old, new)
    open(name, 'w', encoding='utf-8').write(text)


def after(line, more):
    return line, line + more


def append(path, text):
    open(os.path.join(copy, path), 'a', encoding='utf-8').write(text)


# A rule.
append('data/rules.conf', '''
[recipe-tea]
cause = policy
pattern = tea is being served
example = 550 5.7.1 Tea is being served, come back never
''')
# A list.
append('data/lists.conf', '''
[tea.lists.example]
name = Tea
ask = ip4
on = yes
weight = D
value = 127.0.0.2 listed drinks coffee
''')
# An option.
edit('src/options/options.h', after('\tbool all;\n', '\tbool tea;\n'))
edit('src/options/option_table.c', ('    {\n        .names = "all",\n', '''    {
        .names = "tea",
        .help = "serve tea",
        .commands = P,
        .section = SECTION_TASK,
        FIELD(tea),
        .on = 1,
    },
    {
        .names = "all",
'''))
# A lab domain.
edit('src/lab/domains.c', after('\t{"accept", "takes mail, with STARTTLS"},\n',
                                '\t{"tea", "refuses all but tea",\n'
                                '\t\t{{STAGE_GREETING, 0, "554 5.7.1 Tea is being served"}}},\n'))
# A format of a run.
open(os.path.join(copy, 'src/report/tea.c'), 'w').write('''#include "report/sink.h"

static void
tea_result(struct sink *sink, const struct journey *journey)
{
	buf_printf(&sink->out, "tea with %s\\n", journey->target.domain);
}

static int
tea_exit(const struct sink *sink, const struct run_end *end)
{
	(void)end;
	return sink->tally.targets > 1;
}

const struct sink_format tea_format = {.result = tea_result, .exit = tea_exit};
''')
edit('Makefile.am', after('\tsrc/report/nagios.c \\\n', '\tsrc/report/tea.c \\\n'))
edit('src/report/sink.h', ('ndjson_format, nagios_format;', 'ndjson_format, nagios_format, tea_format;'))
edit('src/options/options.h', after('\tFORMAT_NAGIOS,\n', '\tFORMAT_TEA,\n'))
edit('src/options/option_table.c', after('static const struct option_word all_formats[] = {\n', '    {"tea", FORMAT_TEA, false},\n'))
edit('src/command/probe.c', ('[FORMAT_NAGIOS] = &nagios_format}', '[FORMAT_NAGIOS] = &nagios_format, [FORMAT_TEA] = &tea_format}'))

build = os.path.join(copy, 'build-recipes')
os.mkdir(build)
made = subprocess.run('cd .. && autoreconf -fi && cd build-recipes && ../configure -q CFLAGS=-O0 && '
                      'make -s -j2 mxwalk', shell=True, cwd=build, capture_output=True, text=True)
if not tap.check('the copy is built', made.returncode == 0, (made.stdout + made.stderr)[-3000:]):
    tap.done()
MXWALK = os.path.join(build, 'mxwalk')
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != 'MXWALK_CONFIG'}


def say(*args):
    run = subprocess.run([MXWALK, *args], capture_output=True, text=True, env=ENVIRONMENT, stdin=subprocess.DEVNULL)
    return run.stdout + run.stderr


words = say('explain', '550 5.7.1 Tea is being served')
tap.check('a rule decides', 'recipe-tea' in words and re.search(r'cause +policy', words), words)
words = say('lab', '--', MXWALK, 'check', 'dnsbl', '192.0.2.9', '--json')
tap.check('a list is asked', 'tea.lists.example' in words, words)
words = say('help', 'probe')
tap.check('an option is in --help', re.search(r'--tea +serve tea', words), words)
words = say('help', '--completion', 'bash')
tap.check('… and in the completions', '--tea' in words, words)
words = say('lab', '--', MXWALK, '--tea', 'tea.lab.example')
tap.check('a lab domain is walked, with the option', 'refused at greeting with 554 5.7.1' in words, words)
words = say('lab', '--', MXWALK, '--format', 'tea', 'tea.lab.example')
tap.check('a format of a run tells it', words == 'tea with tea.lab.example\n', words)
tap.done()
