#!/usr/bin/env python3
"""What the summary says of sites and their TLS: a site counts once, whatever its targets are; the last record of a target is what counts; a run and a report of it say the same."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from report_records import RUN, result, write
from records import Run, probe

if 'MXWALK_CONFIG' not in os.environ:  # into the lab
    sys.exit(subprocess.call([os.environ['MXWALK'], 'lab', '--', sys.executable, __file__]))
home = tap.folder('tls-summary')
LINE = re.compile(r'^  tls +(.*(?:\n {10,}.*)*)', re.M)


def said(text):
    found = LINE.search(text)
    return ' '.join(found[1].split()) if found else None


def report(name, records, *args):
    write(os.path.join(home, name), [RUN, *records])
    return Run('report', *args, os.path.join(home, name)).out


def target(name, site, tls=None, dane=None, sts=None, effect=None):
    r = result(f'{name}.example', 'accepted', site=f'{site}.example', mta_sts=sts or {'state': 'none'})
    r['attempts'][0].update(**({'mta_sts': {'effect': effect}} if effect else {}), tls={'offered': True, 'done': True, 'version': 'TLSv1.2', 'verify': 'ok', **(tls or {})} if tls is not False else {'offered': False, 'done': False},
                            dane=dane or {'state': 'none'})
    return r


NEW, GOOD, WRONG, DARK = {'version': 'TLSv1.3'}, {'state': 'usable', 'sender': 'deliver'}, {'state': 'usable', 'sender': 'defer'}, {'state': 'usable', 'sender': 'unknown'}
ENFORCED, TESTED = {'state': 'valid', 'mode': 'enforce'}, {'state': 'valid', 'mode': 'testing'}
TARGETS = [
    target('a1', 'a', NEW, GOOD), target('a2', 'a', NEW, GOOD, ENFORCED, 'deliver'),
    target('b1', 'b', {**NEW, 'hybrid': True}, GOOD), target('b2', 'b', None, WRONG),
    target('c1', 'c', False, DARK, ENFORCED, 'refuse'),
    target('d1', 'd', {'remaining_percent': 24}, None, TESTED, 'refuse'), target('d2', 'd', {'remaining_percent': 25}),
    target('e1', 'e', {'remaining_percent': 0}, {'state': 'insecure-mx', 'sender': 'deliver'}, ENFORCED, 'unknown'),
    target('f1', 'f', None, {'state': 'lookup-failed', 'sender': 'defer'}, {'state': 'fetch-failed'})]
WORDS = '6 sites: 2 with TLS 1.3, 1 with a hybrid key exchange, 1 with a certificate near its end, 3 with DANE, 1 with DANE that fails, 3 with MTA-STS, 1 with MTA-STS that fails, 1 with MTA-STS in testing.'
tap.check('sites by what is seen of TLS', said(report('sites', TARGETS)) == WORDS, report('sites', TARGETS))
OLD = [target(name, site, {**NEW, 'hybrid': True, 'remaining_percent': 1}, WRONG, TESTED) for name, site in (('c1', 'c'), ('d1', 'd'), ('f1', 'f'), ('e1', 'e'))]
tap.check('what an earlier record said of a target is taken back', said(report('again', OLD + TARGETS)) == WORDS, said(report('again', OLD + TARGETS)))
tap.check('none that was seen: not a word', said(report('none', [target('x', 'x', {'done': False, 'offered': True}), dict(result('y.example', 'unreachable'), attempts=[])])) is None)
prometheus = dict(re.findall(r'^mxwalk_tls_sites\{trait="(.*)"\} (\d+)$', report('sites', TARGETS, '--format', 'prometheus'), re.M))
COUNTS = {'seen': 6, 'tls13': 2, 'hybrid': 1, 'certificate_near_end': 1, 'dane': 3, 'dane_fails': 1, 'mta_sts': 3, 'mta_sts_fails': 1, 'mta_sts_testing': 1}
tap.check('for Prometheus', {k: int(v) for k, v in prometheus.items()} == COUNTS, prometheus)
tap.check('in Markdown', '| DANE that fails | 1 | 17 %' in report('sites', TARGETS, '--format', 'markdown'), report('sites', TARGETS, '--format', 'markdown'))
page = report('sites', TARGETS, '--format', 'html')
tap.check('on the page', re.search(r'MTA-STS in testing</th><td[^>]*>1</td>', page), page[page.find('id="tls"'):][:3000])

# ---- a run, and the report of it
DOMAINS = [f'{d}.lab.example' for d in ('dane-good', 'dane-mismatch', 'dane-requiretls', 'sts-good', 'sts-testing', 'sts-expired', 'cert-soon', 'accept-plain', 'greeting-554', 'no-such')]
run = probe(*DOMAINS)
summary = dict(run.records[-1].get('tls_sites', {}))
tap.check('the summary of a run', summary.pop('tls13') == 1 and summary.pop('hybrid') in (0, 1) and summary == {'seen': 1, 'certificate_near_end': 1, 'dane': 1, 'dane_fails': 1, 'mta_sts': 1, 'mta_sts_fails': 1, 'mta_sts_testing': 1}
          and not run.problems, f'{summary} {run.problems}')
with open(os.path.join(home, 'run'), 'w') as f:
    f.write(run.out)
metrics = dict(re.findall(r'^mxwalk_tls_sites\{trait="(.*)"\} (\d+)$', Run('report', '--format', 'prometheus', os.path.join(home, 'run')).out, re.M))
tap.check('… and the same by a report', {k: int(v) for k, v in metrics.items()} == run.records[-1].get('tls_sites'), metrics)
tap.done()
