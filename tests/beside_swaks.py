"""mxwalk and swaks at the same mail server, side by side: the same stage, the same words."""
import re
import subprocess

import tap
from records import probe

STAGE = {21: 'greeting', 22: 'ehlo', 23: 'mail', 24: 'rcpt', 25: 'data', 26: 'message'}  # of swaks's exit statuses
EHLO, SENDER = 'clean.sender.example', 'probe@clean.sender.example'


def swaks(address, port, source, recipient, *args):
    """The lines of the reply that swaks got and did not expect, and its exit status."""
    p = subprocess.run(['swaks', '--server', address, '--port', str(port), '--local-interface', source, '--helo', EHLO, '--from', SENDER, '--to', recipient, *args],
                       capture_output=True, text=True, timeout=60)
    return [line[4:] for line in p.stdout.splitlines() if line.startswith(('<** ', '<~* '))], p.returncode


def without_ids(lines):
    """A queue id differs from session to session; nothing else may."""
    return [re.sub(r'\b([0-9A-Fa-f]{8,16}|\w{6}-\w{6,11}-\w{2,4})\b', 'ID', line) for line in lines]


def both(name, address, port, source, recipient, want_code, want_stage, *args, swaks_args=(), status='refused'):
    """The result of mxwalk's walk to the end; its code, stage and text checked against what swaks heard."""
    run = probe('--source', source, '--ehlo', EHLO, '--from', SENDER, *args, f'{recipient}@[{address}]:{port}')
    results = run.results()
    if not tap.check(f'{name}: a result', len(results) == 1, run.out + run.err):
        return None
    r = results[0]
    tap.check(f'{name}: valid records', not run.problems, '\n'.join(run.problems))
    lines, swaks_status = swaks(address, port, source, recipient, *swaks_args)
    ours = r['reply']['lines'] if r['reply'] else []
    have = (r['status'], r['reply'] and r['reply']['code'], r['stage'])
    tap.check(f'{name}: {want_code} at {want_stage}', have == (status, want_code, want_stage), f'{have} {ours} {run.err}')
    behind = ['ehlo', 'mail', 'rcpt', 'data', 'message']
    behind = behind[1 + behind.index('ehlo' if r['stage'] == 'ehlo-tls' else r['stage']):] if r['stage'] != 'greeting' else behind
    tap.check(f'{name}: what was not asked is what comes behind {want_stage}', r['not_asked'] == behind, r['not_asked'])
    tap.check(f'{name}: swaks stopped at the same stage', STAGE.get(swaks_status) == r['stage'], f'swaks {swaks_status}, mxwalk {r["stage"]}')
    # After a refused EHLO swaks tries HELO: the last words count.
    tap.check(f'{name}: swaks heard the same words', ours != [] and without_ids(lines[-len(ours):]) == without_ids(ours), f'swaks:  {lines}\nmxwalk: {ours}')
    want_exit = 2 if status == 'deferred' else 1
    tap.check(f'{name}: exit status {want_exit}', run.status == want_exit, run.status)
    return r
