"""mxwalk diff: what got worse and what got better between two runs; what could not be told this time never overwrites what was known; text, NDJSON, exit status."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from records import Run
from report_records import RUN, finding, result, sender, summary, write

MXWALK = os.environ['MXWALK']
home = tap.folder('diff')


def diff(old, new, *args):
    for name, records in (('old', old), ('new', new)):
        write(os.path.join(home, name), [RUN, *records, summary()])
    return Run('diff', *args, os.path.join(home, 'old'), os.path.join(home, 'new'))


def kinds(old, new):
    run = diff(old, new, '--json').ndjson()
    return run, [(r['kind'], r['worse']) for r in run.records if r['type'] == 'change']


A, R, D = (lambda **m: result('x.example', 'accepted', **m)), (lambda **m: result('x.example', 'refused', **m)), (lambda **m: result('x.example', 'deferred', **m))
for name, old, new, wanted, status in (
        ('the same', [A()], [A()], [], 0),
        ('newly refused', [A()], [R()], [('newly-refused', True)], 1),
        ('newly deferred', [A()], [D()], [('newly-deferred', True)], 1),
        ('deferred, then refused', [D()], [R()], [('newly-refused', True)], 1),
        ('newly unreachable', [A()], [result('x.example', 'unreachable')], [('newly-failed', True)], 1),
        ('refused, then deferred', [R()], [D()], [('better', False)], 0),
        ('refused, then unreachable: no better', [R()], [result('x.example', 'unreachable')], [('newly-failed', True)], 1),
        ('refused, then dropped', [R()], [result('x.example', 'dropped')], [('newly-failed', True)], 1),
        ('deferred, then undeliverable', [D()], [result('x.example', 'undeliverable')], [('newly-failed', True)], 1),
        ('unreachable, then refused', [result('x.example', 'unreachable')], [R()], [('newly-refused', True)], 1),
        ('unreachable, then deferred', [result('x.example', 'unreachable')], [D()], [('better', False)], 0),
        ('not known before, deferred now', [result('x.example', 'local')], [D()], [('newly-deferred', True)], 1),
        ('cleared', [R()], [A(asked='rcpt')], [('cleared', False)], 0),
        ('accepted, but asked less far than it was refused', [R()], [A()], [('not-told', False)], 0),
        ('another cause', [R(cause='spf')], [R(cause='dkim')], [('cause', False)], 0),
        ('another list', [R(cause='ip-blocklist', list='a.example')], [R(cause='ip-blocklist', list='b.example')], [('list', False)], 0),
        ('other words', [R(text='Go away')], [R(text='Come back never')], [('text', False)], 0),
        ('the same words with another id', [R(text='No (id 4XYZ12 at 10:22)')], [R(text='No (id 9ABC34 at 11:00)')], [], 0),
        ('worse TLS', [A()], [A(tls='TLSv1.2')], [('tls', True)], 1),
        ('better TLS', [A(verify='certificate-expired')], [A()], [('tls', False)], 0),
        ('a look-up that failed: nothing is known', [R()], [result('x.example', 'dns-error')], [('not-told', False)], 0),
        ('… of one that was good', [A()], [result('x.example', 'dns-error')], [('not-told', False)], 0),
        ('this host could not', [A()], [result('x.example', 'local')], [('not-told', False)], 0),
        ('a failed look-up behind a verdict, in the later run', [A()], [R(), result('x.example', 'dns-error')], [('newly-refused', True)], 1),
        ('… in the earlier one', [R(), result('x.example', 'local')], [R()], [], 0),
        ('not known before, refused now', [result('x.example', 'dns-error')], [R()], [('newly-refused', True)], 1),
        ('not known before, good now', [result('x.example', 'dns-error')], [A()], [('cleared', False)], 0),
        ('never known', [result('x.example', 'dns-error')], [result('x.example', 'skipped')], [], 0),
        ('a new one', [A()], [A(), result('y.example', 'refused')], [('new', False)], 0),
        ('one that is gone', [A(), result('y.example', 'refused')], [A()], [('gone', False)], 0),
        ('later wins, in each', [R(), A()], [A(), R()], [('newly-refused', True)], 1),
        ('newly listed', [sender(listed=(), clean=('z.example',))], [sender(listed=('z.example',), clean=())], [('newly-found', True)], 1),
        ('delisted', [sender(listed=('z.example',), clean=())], [sender(listed=(), clean=('z.example',))], [('cleared', False)], 0),
        ('a list that does not answer', [sender(listed=('z.example',))], [sender(listed=(), unknown=('z.example',))], [('not-told', False)], 0),
        ('… of one that was clean', [sender(clean=('z.example',), listed=())], [sender(clean=(), listed=(), unknown=('z.example', 'unknown.example'))], [('not-told', False)], 0),
        ('… and answers again', [sender(clean=(), listed=(), unknown=('z.example',))], [sender(clean=('z.example',), listed=(), unknown=())], [], 0),
        ('a list that was not asked before', [sender(listed=(), clean=())], [sender(listed=('z.example',), clean=())], [('new', False)], 0),
        ('another sender', [sender(listed=(), clean=())], [sender(ip='192.0.2.9')], [('new', False), ('gone', False)], 0),
        ('no sender in one of them', [A()], [A(), sender(ip='192.0.2.9')], [], 0),
        ('a new finding', [sender(), finding('ptr', 'good')], [sender(), finding('ptr-missing', 'refuses')], [('newly-found', True)], 1),
        ('a finding that is gone', [sender(), finding('ptr-missing', 'refuses')], [sender(), finding('ptr', 'good')], [('cleared', False)], 0),
        ('… for nobody answered', [sender(), finding('ptr-missing', 'refuses')], [sender(), finding('ptr-unknown', 'unknown')], [('not-told', False)], 0),
        ('a check that fails', [{'type': 'check', 'schema': 1, 'check': 'mx', 'domain': 'x.example', 'result': 'ok'}], [{'type': 'check', 'schema': 1, 'check': 'mx', 'domain': 'x.example', 'result': 'no-address'}], [('newly-found', True)], 1),
        ('another check', [{'type': 'check', 'schema': 1, 'check': 'mx', 'domain': 'x.example', 'result': 'ok'}], [{'type': 'check', 'schema': 1, 'check': 'mx', 'domain': 'y.example', 'result': 'no-address'}], [('new', False), ('gone', False)], 0),
        ('… or cannot be told', [{'type': 'check', 'schema': 1, 'check': 'spf', 'domain': 'x.example', 'result': 'pass'}], [{'type': 'check', 'schema': 1, 'check': 'spf', 'domain': 'x.example', 'result': 'temperror'}], [('not-told', False)], 0)):
    run, found = kinds(old, new)
    tap.check(name, found == wanted and run.status == status and not run.problems, f'{found} {run.status} {run.problems}\n{run.out}{run.err}')
run = diff([A(), result('y.example', 'refused')], [R(text='a\x1b[31m\u202eb'), result('y.example', 'dns-error')])
tap.check('in words', run.status == 1 and run.out == '1 change, 1 for the worse; 1 could not be told this time\nnewly refused (1)\n  x.example: accepted, now refused, policy: 554 a\\x1b[31m\\u{202E}b\n'
          'could not be told this time (1)\n  y.example: refused, policy, now dns-error\n', run.out + run.err)
run = diff([A()], [A()], '-q')
tap.check('-q: silent when nothing changed', (run.status, run.out, run.err) == (0, '', ''), run.out + run.err)
tap.check('… and not without', diff([A()], [A()]).out == 'no change; the same: 1 target\n')
everything = [A(), sender(), finding('ptr-missing', 'warns'), {'type': 'check', 'schema': 1, 'check': 'mx', 'domain': 'x.example', 'result': 'ok'}]
tap.check('what is the same is told by what it is', diff(everything, everything).out == 'no change; the same: 1 target, 3 listings, 1 finding, 1 check\n', diff(everything, everything).out)
tap.check('… in records, too', diff(everything, everything, '--json').ndjson().records[-1]['same'] == {'target': 1, 'listing': 3, 'finding': 1, 'check': 1})
p = subprocess.run([MXWALK, 'diff', os.path.join(home, 'old'), '/dev/null'], capture_output=True)
tap.check('no records: 65', p.returncode == 65 and b'no record of mxwalk' in p.stderr, p.stderr)
two = dict(RUN, options=['source=192.0.2.1', 'source=192.0.2.2'])
run, found = kinds([two, A(), A(source='192.0.2.2')], [two, A(), R(source='192.0.2.2')])
tap.check('sources are told apart', found == [('newly-refused', True)] and run.records[0]['source'] == '192.0.2.2', run.out)
tap.done()
