"""What is advised fits who said what: replies joined with the DNS by explain as by a walk, ends
without a reply, mailboxes that are refused; and the words of advice are data, none is in C."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.dirname(__file__))
import tap
from records import MXWALK, TOP, Run, probe

if 'MXWALK_CONFIG' not in os.environ:  # into the lab
    sys.exit(subprocess.call([MXWALK, 'lab', '--', sys.executable, __file__]))


def explain(*args):
    run = Run('explain', '--json', *args).ndjson()
    return next((r for r in run.records if r['type'] == 'explanation'), {}), run


# ---- explain --source, as a walk from there does it
LISTED, CLEAN, NO_PTR = '127.0.1.2', '127.0.1.1', '127.0.1.3'
for source, text, cause, basis in [
        (LISTED, '554 5.7.1 rejected', 'ip-blocklist', 'inferred'),
        (NO_PTR, '554 5.7.1 rejected', 'reverse-dns', 'inferred'),
        (CLEAN, '554 5.7.1 rejected', 'unknown', 'unknown'),
        (LISTED, '554 5.7.1 blocked using zen.spamhaus.org', 'ip-blocklist', 'confirmed'),
        (CLEAN, '554 5.7.1 blocked using zen.spamhaus.org', 'ip-blocklist', 'contradicted'),
        (NO_PTR, '550 5.7.25 no PTR record', 'reverse-dns', 'confirmed'),
        (CLEAN, '550 5.7.25 no PTR record', 'reverse-dns', 'contradicted'),
        (LISTED, '550 5.1.1 user unknown', 'recipient-unknown', 'stated')]:
    record, run = explain('--allow-private', '--source', source, text)
    tap.check(f'explain --source {source}: {text}: {basis}',
              (record.get('cause'), record.get('basis')) == (cause, basis), run.out + run.err)
    tap.check('… and says what to do', record.get('advice') and record.get('who'), run.out)

# ---- words of the sending system, in its log, are not taken for a receiver's
for words, cause, advice in [
        ('the flux capacitor is cold', 'unknown', 'not of the receiver'),
        ('mail for example.com loops back to myself', 'routing-loop', 'mydestination'),
        ('SMTPUTF8 is required, but was not offered by host mx.example.com[192.0.2.1]', 'protocol', 'not plain ASCII'),
        ('SASL authentication failed; cannot authenticate to server smtp.example.com[192.0.2.1]: no mechanism available',
         'auth-required', 'was set up to log in')]:
    line = (f'Nov 30 10:00:00 mx postfix/smtp[1]: 4F3280D2B: to=<u@example.com>, relay=none, delay=1, '
            f'dsn=5.0.0, status=bounced ({words})')
    for args in ((), ('--allow-private', '--source', LISTED)):
        record, run = explain(*args, line)
        tap.check(f"{words}: {cause}, {' '.join(args)}", (record.get('cause'), record.get('said_by')) == (cause, 'sender')
                  and advice in (record.get('advice') or ''), run.out + run.err)
        tap.check('… and no list is blamed', not record.get('list'), run.out)
    text = Run('explain', line).out
    tap.check('… nor a server in the text', 'the server does not say' not in text and 'The server gives no reason' not in text, text)

# ---- who acts, and whose words they are taken for
for text, who, provider in [
        ('450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.1]', 'host', None),
        ('550 5.7.1 your PTR looks generic', 'host', None),
        ('550 5.7.26 This mail has been blocked because the sender is unauthenticated.', 'sender', None),
        ('550 5.7.9 This mail has been blocked because the sender is unauthenticated. Yahoo requires all', 'sender', 'Yahoo')]:
    record, run = explain(text)
    tap.check(f'{text}: {who} acts, provider {provider}', (record.get('who'), record.get('provider')) == (who, provider), run.out)

# ---- a refused mailbox is nobody to write to
for text, contact in [
        ('550 5.1.1 <postmaster@example.net>: Recipient address rejected: User unknown', None),
        ('550 5.1.1 postmaster@example.net... User unknown', None),
        ('550 <abuse@example.org>: Sender address rejected: Domain not found', None),
        ('550 5.1.1 <u@example.net>: user unknown, contact postmaster@example.net', 'postmaster@example.net'),
        ('554 5.7.1 blocked; postmaster@example.net', 'postmaster@example.net')]:
    run = Run('explain', text)
    found = re.search(r'write to +(\S+)', run.out)
    tap.check(f'{text}: write to {contact}', (found and found.group(1)) == contact, run.out)

run = probe('--quit-after', 'rcpt', 'rcpt-550-unknown.lab.example')  # asks for postmaster
diagnosis = run.results()[0]['diagnosis'] or {}
tap.check('that postmaster is refused is told as what it is', 'every domain has to take' in (diagnosis.get('advice') or '')
          and 'postmaster@rcpt-550-unknown' in diagnosis['advice'], run.out)

# ---- ends without a reply: each has its remedy, and a silence is not called a reply
for domain, args, remedy in [
        ('mx-dead', (), 'unreachable.refused'), ('connect-timeout', ('--timeout', '1'), 'unreachable.silent'),
        ('mx-null', (), 'null-mx'), ('mx-nxdomain', (), 'no-domain'), ('mx-servfail', (), 'dns-error'),
        ('talk-http', (), 'not-smtp'), ('talk-too-long', (), 'reply-too-long'),
        ('handshake-alert', (), 'tls-failed.'), ('handshake-garbage', (), 'tls-failed.no-tls'),
        ('starttls-injected', (), 'starttls-injection'), ('accept-plain', ('--tls',), 'tls-missing'),
        ('cert-expired', ('--tls-verify',), 'tls-failed.certificate')]:
    run = probe(*args, f'{domain}.lab.example')
    result = run.results()[0]
    got = result.get('remedy') or {}
    tap.check(f"{domain}: {result['status']}, remedy {remedy}",
              got.get('id', '').startswith(remedy) and got.get('advice') and got.get('who'), run.out + run.err)
    tap.check('… its record is valid', not run.problems, run.problems)
for domain in ('drop-greeting', 'drop-mid-greeting', 'silent-greeting', 'drop-ehlo', 'drop-handshake'):
    run = probe('--timeout', '1', '--source', CLEAN, f'{domain}.lab.example')
    diagnosis = run.results()[0]['diagnosis'] or {}
    tap.check(f'{domain}: a silence is not said to give no reason',
              diagnosis.get('advice') and 'gives no reason' not in diagnosis['advice']
              and 'quote this reply' not in diagnosis['advice'], run.out)

# ---- self --egress: what could not be tried is not closed
for hosts, want in [(['mx-null.lab.example'], 'egress-unknown'), (['127.10.0.1'], 'egress-closed'), ([], None)]:
    run = Run('self', '--json', '--source', CLEAN, *(w for h in hosts for w in ('--egress', h))).ndjson()
    got = [f['id'] for f in run.records if f.get('id', '').startswith('egress')]
    tap.check(f"self --egress {' '.join(hosts)}: {want}", got == ([want] if want else []) and not run.problems,
              run.out + run.err + str(run.problems))

# ---- words of advice are data
VERBS = ('Ask Add Change Check Do Find Give Have Install Leave Let Look Make Mend Move Publish Put Register Remove '
         'Repair Reach Run Say Scan Send Set Show Sign Slow Take Tell Try Use Wait Walk Write').split()
advice = re.compile(r'(?:^|[.:;] )(?:%s)(?:,| [a-z])' % '|'.join(VERBS))
wrong = []
for room in ('judge', 'report', 'campaign', 'rules'):
    folder = os.path.join(TOP, 'src', room)
    for name in sorted(os.listdir(folder)):
        text = open(os.path.join(folder, name), encoding='utf-8').read()
        text = re.sub(r'/\*.*?\*/', '', text, flags=re.S)
        for literal in re.findall(r'"((?:[^"\\]|\\.)*)"', re.sub(r'"\s*\n\s*"', '', text)):
            if advice.search(literal) and len(literal.split()) > 3:
                wrong.append(f'src/{room}/{name}: {literal}')
tap.check('no C file gives advice: that is in data/remedies.conf', not wrong, '\n'.join(wrong))
ids = re.findall(r'X\(\w+, "([^"]+)"\)', open(os.path.join(TOP, 'src/judge/facts.h'), encoding='utf-8').read())
facts = re.findall(r'X\((\w+), "', open(os.path.join(TOP, 'src/judge/facts.h'), encoding='utf-8').read())
used = ''.join(open(os.path.join(TOP, 'src', room, name), encoding='utf-8').read()
               for room in ('judge', 'campaign', 'report') for name in os.listdir(os.path.join(TOP, 'src', room))
               if name != 'facts.h')
by_name = {'unreachable', 'undeliverable', 'dns-error', 'skipped', 'local', 'not-smtp', 'reply-too-long', 'flood',
           'starttls-injection', 'tls-missing', 'auth-failed', 'tls-failed', 'unexpected-reply', 'not-sendable', 'withheld'}
idle = [i for i, f in zip(ids, facts) if f'FACT_{f}' not in used and i.split('.')[0] not in by_name and not i.startswith('tlsrpt-')]  # by the report's own word
tap.check('no fact is there that nothing makes', not idle, idle)
# ---- mxwalk-causes(7) says what the program says
page = open(os.path.join(TOP, 'man/mxwalk-causes.7'), encoding='utf-8').read()
fresh = subprocess.run(['awk', '-f', 'man/causes.awk', 'src/rules/cause.c', 'data/remedies.conf', 'man/mxwalk-causes.7'],
                       cwd=TOP, capture_output=True, text=True, check=True).stdout
tap.check('the table of causes is current (make update-causes)', fresh == page)
data = open(os.path.join(TOP, 'data/remedies.conf'), encoding='utf-8').read()
acts = dict(re.findall(r'^\[remedy:cause/([\w-]+)\]\n(?:(?!\[|who).*\n)*who = (\w+)', data, re.M))
told = dict(re.findall(r'^\.It Cm ([\w-]+)$(?:(?!^\.It Cm )[\s\S])*?^\.Em Who acts :\n(\w+)', page, re.M))
tap.check('every cause has its part in the page', set(told) == set(acts), set(told) ^ set(acts))
wrong = {c: (told[c], acts[c]) for c in told if told[c] != acts.get(c)}
tap.check('who acts: the page and the program agree', not wrong, wrong)
tap.done()
