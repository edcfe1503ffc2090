"""The rules of the house, checked over every file of src/: who may include whom (src/rooms), what
is kept out of the pure rooms, how wide a line is, how it is laid out, and that no tag has two
meanings."""
import collections
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap

TOP = os.environ.get('TOP', os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
SRC = os.path.join(TOP, 'src')
COLUMNS, FENCED_COLUMNS = 100, 120
FORMATTER = '14'  # the version of clang-format whose layout is ours; others differ in details
# What a pure room keeps out: calls, and headers. base/log and a failed malloc speak for all.
IMPURE_HEADERS = re.compile(r'<(sys/socket|unistd|time|signal|poll|netdb|sys/time|fcntl|pthread)\.h>')
IMPURE_CALLS = re.compile(r'(?<![\w.>])(printf|fprintf|fopen|fwrite|fputs|puts|getenv|time|clock_gettime|'
                          r'gettimeofday|rand|random|localtime|localtime_r) *\(')
MAY_SPEAK = {'base/log.c', 'base/arena.c'}
# Pure files of rooms that are not.
ALSO_PURE = {'options/target', 'campaign/site', 'campaign/errand', 'campaign/verdict', 'campaign/verdicts', 'campaign/pulse', 'campaign/egress'}
MAY_TELL_TIME = {'report/ndjson_fields.c'}  # gmtime_r: a value into a value


def read_rooms():
    rooms = {}
    for number, line in enumerate(open(os.path.join(SRC, 'rooms')), 1):
        line = line.split('#')[0].strip()
        if line:
            room, _, may = line.partition(':')
            assert room not in rooms, f'src/rooms:{number}: {room} stands twice'
            rooms[room] = may.split()
    return rooms


def room_of(path):
    return path.split('/')[0] if '/' in path else path.rsplit('.', 1)[0]


def sources():
    for folder, folders, files in os.walk(SRC):
        folders.sort()
        for name in sorted(files):
            if name.endswith(('.c', '.h')):
                path = os.path.join(folder, name)
                yield os.path.relpath(path, SRC), open(path, encoding='utf-8').read()


def without_comments(text):
    text = re.sub(r'/\*.*?\*/', lambda m: re.sub(r'[^\n]', ' ', m.group()), text, flags=re.S)
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', text)


def includes(rooms, files):
    wrong, homeless, guarded = [], [], sorted({w for may in rooms.values() for w in may if w[0] == '<'})
    for path, text in files:
        room = room_of(path)
        if room not in rooms:
            homeless.append(path)
            continue
        may = rooms[room]
        for number, line in enumerate(text.splitlines(), 1):
            m = re.match(r'# *include *"([^"]+)"', line)
            if m and room_of(m.group(1)) not in may and room_of(m.group(1)) != room:
                wrong.append(f'src/{path}:{number}: {m.group(1)}')
            m = re.match(r'# *include *(<[^>]+>)', line)
            for header in guarded:
                if m and m.group(1).startswith(header.rstrip('>')) and header not in may:
                    wrong.append(f'src/{path}:{number}: {m.group(1)}')
    tap.check('every file of src/ has a room in src/rooms', not homeless, '\n'.join(homeless))
    tap.check('every room includes only what src/rooms says', not wrong, '\n'.join(wrong))


def no_circles(rooms):
    below, circles = {}, []

    def visit(room, way):
        if room in way:
            circles.append(' → '.join(way[way.index(room):] + [room]))
        elif room not in below:
            for other in rooms.get(room, []):
                if other in rooms:
                    visit(other, way + [room])
            below[room] = True
    for room in rooms:
        visit(room, [])
    tap.check('the arrows of src/rooms make no circle', not circles, '\n'.join(circles))
    unknown = [f'{room}: {w}' for room, may in rooms.items() for w in may
               if w not in rooms and w != 'pure' and w[0] != '<']
    tap.check('src/rooms names only rooms that it has', not unknown, '\n'.join(unknown))


def purity(rooms, files):
    pure = [r for r, may in rooms.items() if 'pure' in may]
    upward = [f'{r}: {w}' for r in pure for w in rooms[r] if w in rooms and w not in pure and w != 'options']
    tap.check('a pure room stands on pure rooms', not upward, '\n'.join(upward))
    wrong = []
    for path, text in files:
        if room_of(path) not in pure and path.rsplit('.', 1)[0] not in ALSO_PURE:
            continue
        for number, line in enumerate(without_comments(text).splitlines(), 1):
            if IMPURE_HEADERS.search(line) and not (path in MAY_TELL_TIME and '<time.h>' in line):
                wrong.append(f'src/{path}:{number}: {line.strip()}')
            if IMPURE_CALLS.search(line) and path not in MAY_SPEAK:
                wrong.append(f'src/{path}:{number}: {line.strip()}')
    tap.check('a pure room has no socket, clock, stdio or environment', not wrong, '\n'.join(wrong))


def columns(files):
    wrong = []
    for path, text in files:
        limit = COLUMNS
        for number, line in enumerate(text.splitlines(), 1):
            if 'clang-format off' in line:
                limit = FENCED_COLUMNS
            if 'clang-format on' in line:
                limit = COLUMNS
            if len(line.expandtabs(8)) > limit:
                wrong.append(f'src/{path}:{number}: {len(line.expandtabs(8))} columns')
    tap.check(f'no line is over {COLUMNS} columns, {FENCED_COLUMNS} in a fenced table', not wrong, '\n'.join(wrong))


def tags(files):
    homes = collections.defaultdict(set)
    for path, text in files:
        for kind, tag in re.findall(r'\b(struct|union|enum)\s+(\w+)\s*\{', without_comments(text)):
            homes[tag].add(path)
            homes[tag, kind].add(path)
    twice = [f'{tag}: {", ".join(sorted(paths))}' for tag, paths in sorted((t, p) for t, p in homes.items()
             if isinstance(t, str)) if len(paths) > 1]
    tap.check('no struct, union or enum tag stands twice', not twice, '\n'.join(twice))


def layout():
    program = shutil.which('clang-format-' + FORMATTER) or shutil.which('clang-format')
    version = program and re.search(r'version (\d+)', subprocess.run([program, '--version'],
                                                                      capture_output=True, text=True).stdout)
    if not version or version.group(1) != FORMATTER:
        tap.skip('the formatter changes nothing', f'no clang-format {FORMATTER} here')
        return
    wrong = []
    for folder in ('src', 'tests', 'fuzz', 'bench'):
        paths = [os.path.join(d, f) for d, _, fs in os.walk(os.path.join(TOP, folder)) for f in sorted(fs)
                 if f.endswith(('.c', '.h'))]
        for path in paths:
            run = subprocess.run([program, '--dry-run', '-Werror', '--style=file', path], capture_output=True, text=True)
            if run.returncode:
                wrong.append(os.path.relpath(path, TOP) + ': ' + run.stderr.split('\n')[0][-60:])
    tap.check('the formatter changes nothing', not wrong, '\n'.join(wrong))


def names(files):
    wrong = [p for p, _ in files if re.search(r'(^|/)(private|common|utils?|helpers?|misc)\.[ch]$', p)]
    tap.check('no private.h, common.h or util.c', not wrong, '\n'.join(wrong))


rooms = read_rooms()
files = list(sources())
includes(rooms, files)
no_circles(rooms)
purity(rooms, files)
columns(files)
tags(files)
layout()
names(files)
tap.done()
