"""TAP for the whole-program tests: check(name, good, detail), skip(name, why), done(); folder(name), which is gone when the test ends unless $KEEP is set."""
import atexit
import os
import shutil
import signal
import sys
import tempfile

count = failures = 0

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # below nohup it is ignored, as SIGINT is behind a shell's &, and so it would be by what we start
signal.signal(signal.SIGINT, signal.default_int_handler)


def _sanitized():
    """Is mxwalk built with AddressSanitizer, which needs memory and descriptors of its own?"""
    try:
        return b'__asan_init' in open(os.environ['MXWALK'], 'rb').read()
    except (KeyError, OSError):
        return False


SANITIZED = _sanitized()


def check(name, good, detail=''):
    global count, failures
    count += 1
    name = name.replace('#', '').replace('\n', ' ')
    print(f"{'ok' if good else 'not ok'} {count} - {name}")
    if not good:
        failures += 1
        for line in str(detail).splitlines()[:40]:
            print('# ' + line)
    sys.stdout.flush()
    return good


def skip(name, why):
    global count
    count += 1
    print(f'ok {count} - {name} # SKIP {why}')


def done():
    print(f'1..{count}')
    sys.exit(1 if failures else 0)


def folder(name):
    path = tempfile.mkdtemp(prefix=f'mxwalk-{name}-')
    if not os.environ.get('KEEP'):
        atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def skip_all(why):
    print(f'1..0 # SKIP {why}')
    sys.exit(0)
