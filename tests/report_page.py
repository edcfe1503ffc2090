"""The page of `mxwalk report --format html`: within its size, the same octets for the same records, no markup of a peer's, a policy that allows its own style and script alone; and, where there is a Chromium, drawn: at three
widths, light and dark, printed, with what peers say inert, and without violations where there is an axe-core ($AXE, or where bootstrap or npm put it)."""
import base64
import hashlib
import html
import html.parser
import json
import os
import random
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import tap
from report_records import NASTY, RUN, finding, hostile, result, sender, summary, write

MXWALK = os.environ['MXWALK']
home = tap.folder('page')


def path(name):
    return os.path.join(home, name)


def page(*files):
    p = subprocess.run([MXWALK, 'report', '--format', 'html', *files], capture_output=True, timeout=120, env=dict(os.environ, TZ='UTC'))
    return p.stdout.decode() if p.returncode == 0 else f'status {p.returncode}: {p.stderr}'


class Elements(html.parser.HTMLParser):
    """The elements of a page, and whether they are closed as they were opened."""
    VOID = {'meta', 'input', 'br', 'rect'}

    def __init__(self, text):
        super().__init__()
        self.all, self.open, self.wrong = [], [], []
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.all.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


# ---- made
TWO = dict(RUN, options=['source=192.0.2.1', 'source=192.0.2.2'])
write(path('old'), [TWO, *[result(f'd{i}.example', 'accepted') for i in range(30)], sender(listed=(), clean=('zen.spamhaus.org',)), summary()])
write(path('new'), [dict(TWO, started='2026-11-25T10:00:00.000Z'), *hostile(), *[result(f'd{i}.example', 'refused', cause='ip-blocklist', list='zen.spamhaus.org', site='big.example') for i in range(9)],
                    *[result(f'd{i}.example', 'accepted', source='192.0.2.2') for i in range(9)], result('late.example', 'deferred', cause='greylist'), result('gone.example', 'unreachable'), result('dns.example', 'dns-error'),
                    result('h.example', 'refused', source='<b>x</b>'), sender(), finding('listed', 'refuses', what='It is listed.', topic='blocklist'), finding('spf', 'good'), finding('ptr-missing', 'warns'),
                    *[finding(f'f{i}', 'refuses', what=words, advice=words) for i, words in enumerate(NASTY)], {'type': 'check', 'schema': 1, 'check': 'spf', 'domain': '<i>x', 'result': 'fail', 'problem': '"><script>'}, summary()])
text = page(path('old'), path('new'))
elements = Elements(text)
tap.check('the page is whole', text.startswith('<!DOCTYPE html>') and not elements.wrong, f'{elements.wrong}\n{text[:500]}')
tap.check('the same records give the same octets', page(path('old'), path('new')) == text)
sections = re.findall(r'<h2 id="(\w+)"', text)
tap.check('it has its sections', sections == ['result', 'runs', 'unknown', 'sites', 'causes', 'lists', 'senders', 'checks', 'sources', 'tls', 'changes', 'rows', 'words'], sections)
tap.check('… and names them all', re.findall(r'<li><a href="#(\w+)"', text) == sections)
tap.check('no element is a peer\'s', {t for t, _ in elements.all} <= {'html', 'head', 'meta', 'title', 'style', 'body', 'a', 'header', 'h1', 'nav', 'ul', 'li', 'main', 'h2', 'h3', 'div', 'table', 'caption', 'thead', 'tbody', 'tr', 'th', 'td', 'b', 'p', 'dl', 'dt',
                                                                      'dd', 'svg', 'rect', 'details', 'summary', 'pre', 'code', 'footer', 'script'}, sorted({t for t, _ in elements.all}))
names = {n for _, a in elements.all for n in a}
tap.check('… and no attribute', not {n for n in names if n.startswith('on')} and 'style' not in names and 'src' not in names, names)
tap.check('no control character, no bidirectional one', not [c for c in text if ord(c) < 32 and c not in '\n\t'] and '\u202e' not in text and '\\u{202E}' in text)
links = [a['href'] for t, a in elements.all if t == 'a' and not a['href'].startswith('#')]
tap.check('links lead to pages of our own tables alone', links and all(re.match(r'https://(\w+\.)*spamhaus\.org/', link) for link in links), links)
policy = next(a['content'] for t, a in elements.all if t == 'meta' and a.get('http-equiv') == 'Content-Security-Policy')
hashes = {name: "'sha256-" + base64.b64encode(hashlib.sha256(body.encode()).digest()).decode() + "'" for name, body in re.findall(r'<(style|script)>(.*?)</\1>', text, re.S)}
tap.check('the policy allows its own style and script, by their hashes, and nothing else', policy == f"default-src 'none'; base-uri 'none'; form-action 'none'; style-src {hashes['style']}; script-src {hashes['script']}", policy)
tap.check('it asks for nothing from elsewhere', not re.search(r'url\(|@import|https?://', re.search(r'<style>.*?</style>', text, re.S).group()))
header = html.unescape(re.sub('<[^>]*>', '', re.search(r'<header>(.*?)</header>', text, re.S).group(1)))
tap.check('the first words: how many, what for and where from, what to do', re.match(r'\d+ of \d+ targets took what was asked of them, \d+ refused it, 1 deferred it\nSee to this first: (\S+), for it holds up \d+', header) and 'What holds against the sender: below' in header, header)
tap.check('changes are told', 'newly refused (9)' in text and 'newly held against the sender' in text, re.findall('<h3>.*?</h3>', text))

random.seed(1)
causes = ['ip-blocklist', 'policy', 'greylist', 'recipient-unknown', 'spf', 'dmarc']
many = []
for i in range(20000):
    many.append(result(f'domain-number-{i:05d}.example.com', random.choice(['accepted'] * 5 + ['refused', 'refused', 'deferred', 'dropped', 'unreachable', 'dns-error', 'undeliverable', 'broken']), cause=random.choice(causes),
                       site=random.choice(['google.com'] * 7 + ['outlook.com'] * 5 + [f'site-{random.randrange(3000)}.example.net'] * 8), mx=f'mx{i}.example.net', list='zen.spamhaus.org', text='5.7.1 ' + 'words of a server that has a lot to say ' * 6))
write(path('many'), [RUN, *many, summary()])
large = page(path('many'))
tap.check('20,000 targets: at most 300 KB', 50000 < len(large.encode()) <= 300000 and not Elements(large).wrong, len(large.encode()))
tap.check('… and what is left out is said', 'more: <code>mxwalk report --format csv --only refused</code>' in large)

print_style = re.search(r'@media print \{.*', large, re.S).group()
shown = int(re.search(r'Printed are the first (\d+) of \d+ rows', large).group(1))
tap.check('… and what is not printed of the page', f'nth-child(n+{shown + 1}) {{ display: none' in print_style, shown)
for wanted, records in (('2 things get mail refused, of 1 sender that was judged', [sender(), finding('a', 'refuses'), finding('b', 'refuses'), finding('c', 'warns')]), ('Nothing gets mail refused, of 1 sender that was judged', [sender(), finding('a', 'good')]),
                        ('1 thing gets mail refused, of 2 checks', [{'type': 'check', 'schema': 1, 'check': 'spf', 'domain': f'{r}.example', 'result': r} for r in ('fail', 'pass')]), ('All 2 targets took what was asked of them', [result('a.example', 'accepted'), result('b.example', 'accepted')])):
    write(path('first'), [RUN, *records, summary()])
    title = re.search('<h1>(.*?)</h1>', page(path('first'))).group(1)
    tap.check(f'the first words: {wanted}', title == wanted, title)

# ---- drawn
chromium = shutil.which('chromium') or shutil.which('chromium-browser')
if not chromium:
    tap.skip('drawn by Chromium', 'there is no chromium')
    tap.done()


def draw(file, *args, time=8000):
    """What Chromium makes of a page, after so many milliseconds of its own time."""
    p = subprocess.run([chromium, '--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', f'--user-data-dir={path("profile")}', '--allow-file-access-from-files', f'--virtual-time-budget={time}', *args,
                        'file://' + file], capture_output=True, timeout=120)
    return p.stdout.decode('utf-8', 'replace')


def axe_core():
    for name in (os.environ.get('AXE', ''), os.path.join(os.environ['TOP'], 'build/node/node_modules/axe-core/axe.min.js'), '/usr/share/javascript/axe-core/axe.min.js', '/usr/share/nodejs/axe-core/axe.min.js', '/usr/lib/node_modules/axe-core/axe.min.js', '/usr/local/lib/node_modules/axe-core/axe.min.js'):
        if name and os.path.exists(name):
            return open(name).read()
    return None


open(path('page.html'), 'w').write(text)
drawn = draw(path('page.html'), '--dump-dom')
tap.check('its own script runs', 'aria-label' in drawn and drawn.count('<button type="button">') > 10, drawn[:500])
tap.check('… and no other: what peers say is inert', not re.search(r'<(img|iframe|svg[^>]* on\w+=|b>x|i>x)', drawn) and drawn.count('<script') == 1)
# The page in frames of three widths, with what looks at it: the copy has no policy, which would forbid that.
probe = '''<script>
addEventListener('load', async () => {
	const of = frame => { const d = frame.contentDocument, e = d.documentElement, s = frame.contentWindow.getComputedStyle(d.body);
		return {width: frame.width, scroll: e.scrollWidth, ground: s.backgroundColor, small: [...d.querySelectorAll('button,input')].filter(x => x.getClientRects().length && (x.getBoundingClientRect().height < 20)).length}; };
	const frames = [...document.querySelectorAll('iframe')], out = {frames: frames.map(of), violations: null};
	for (const frame of frames)
		if (frame.contentWindow.axe && (frame.width == 1400 || (frame.width == 320 && matchMedia('(prefers-color-scheme: light)').matches)))
			out.violations = (out.violations || []).concat((await frame.contentWindow.axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']})).violations.map(
				v => `${v.id} at ${frame.width}: ${v.nodes[0].html.slice(0, 200)} ${v.nodes[0].failureSummary}`));
	document.getElementById('found').textContent = JSON.stringify(out);
});
</script>'''
axe = axe_core()
copy = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', '', text)
open(path('copy.html'), 'w').write(copy.replace('</body>', f'<script>{axe}</script></body>') if axe else copy)
open(path('frames.html'), 'w').write('<!DOCTYPE html><html lang="en"><title>x</title><pre id="found"></pre>' + ''.join(f'<iframe width="{w}" height="900" src="copy.html"></iframe>' for w in (320, 800, 1400)) + probe)
for mode, setting, ground in (('light', 1, 'rgb(255, 255, 255)'), ('dark', 0, 'rgb(13, 17, 23)')):
    drawn = draw(path('frames.html'), '--dump-dom', f'--blink-settings=preferredColorScheme={setting}', time=60000)
    found = re.search(r'<pre id="found">(.*?)</pre>', drawn, re.S)
    found = json.loads(html.unescape(found.group(1))) if found and found.group(1) else {'frames': [], 'violations': ['nothing was drawn']}
    tap.check(f'{mode}: no wider than the window at 320, 800 and 1400 px', [f for f in found['frames'] if int(f['scroll']) <= int(f['width'])] == found['frames'] and len(found['frames']) == 3, found)
    tap.check(f'{mode}: its ground is {ground}, nothing to press is too small', {f['ground'] for f in found['frames']} == {ground} and not sum(f['small'] for f in found['frames']), found)
    if axe:
        tap.check(f'{mode}: axe-core finds no violation', found['violations'] == [], '\n'.join(found['violations'] or ['it did not run']))
    else:
        tap.skip(f'{mode}: axe-core finds no violation', 'there is no axe-core')
draw(path('page.html'), f'--print-to-pdf={path("page.pdf")}')
tap.check('it can be printed', os.path.exists(path('page.pdf')) and open(path('page.pdf'), 'rb').read(5) == b'%PDF-')
tap.done()
