"""A test in a network namespace of its own: it has port 53, and nothing leaves this machine."""
import os
import shutil
import subprocess
import sys
import tempfile

import tap

IN_THERE = 'MXWALK_TEST_NAMESPACE'
os.environ['PATH'] += ':/usr/sbin:/sbin'


def enter(programs, lab=None):
    """Runs the calling script again within; returns only there. Skips all where that cannot be.
    `lab`: within `mxwalk lab` with these options, whose DNS is the resolver of everything in the namespace."""
    if IN_THERE in os.environ:
        return
    if os.getuid() != 0:
        tap.skip_all("a network namespace and its ports are root's")
    for program in ['ip', *programs]:
        if not shutil.which(program):
            tap.skip_all(f'no {program} here')
    if subprocess.call(['unshare', '--net', '--mount', 'true'], stderr=subprocess.DEVNULL):
        tap.skip_all('no network namespaces here')
    script = 'ip link set lo up && exec "$@"'
    command = [sys.executable, os.path.abspath(sys.argv[0])]
    environment = {**os.environ, IN_THERE: '1'}
    environment.pop('MXWALK_CONFIG', None)
    if lab is not None:
        resolver = tempfile.NamedTemporaryFile('w', prefix='mxwalk-resolv-')
        resolver.write('nameserver 127.0.0.1\n')
        resolver.flush()
        environment['RESOLVER'] = resolver.name
        script = 'mount --bind "$RESOLVER" "$(readlink -f /etc/resolv.conf)" && ' + script
        command = [os.environ['MXWALK'], 'lab', '--dns-port', '53', *lab, '--', *command]
    sys.exit(subprocess.call(['unshare', '--net', '--mount', 'sh', '-c', script, 'namespace', *command], env=environment))
