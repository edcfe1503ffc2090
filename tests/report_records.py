"""Records for the tests of report and diff, as mxwalk writes them."""
import json

RUN = {'type': 'run', 'schema': 1, 'version': '0.1.0', 'started': '2026-11-24T10:00:00.000Z', 'options': ['json'], 'nameservers': ['127.0.0.1']}


def summary(**more):
    return dict({'type': 'summary', 'schema': 1, 'targets': 1, 'status': {}, 'cause': {}, 'interrupted': False, 'ms': 1500}, **more)


def result(target, status, cause=None, basis='stated', list=None, site='s.example', source='192.0.2.1', text='No, thanks', code=None, rcpt=None, domain=None, mx='mx.s.example', tls='TLSv1.3', verify='ok', who='sender', **more):
    decided = status in ('refused', 'deferred')
    code = code or {'refused': 554, 'deferred': 450}.get(status)
    record = {'type': 'result', 'schema': 1, 'target': target, 'domain': domain or target.split('@')[-1], 'rcpt': rcpt, 'source': source, 'sender': {'ip': source, 'helo': 'me.example', 'from': 'me@me.example'}, 'route': None,
              'status': status, 'stage': 'rcpt' if decided else 'ehlo-tls' if status == 'accepted' else None,
              'reply': {'code': code, 'enhanced': '5.7.1' if code == 554 else '', 'lines': [f'{code} {text}'], 'text': text} if decided else None,
              'diagnosis': {'cause': cause or 'policy', 'basis': basis, 'rule': 'r', 'list': list, 'listed': None, 'provider': None, 'who': who, 'advice': 'Do this.', 'url': None, 'evidence': ['It says so.'], 'also': []} if decided else None,
              'asked': 'rcpt' if decided else 'ehlo-tls' if status == 'accepted' else None, 'not_asked': ['data'], 'site': site,
              'attempts': [{'mx': mx, 'preference': 10, 'ip': '192.0.2.25', 'port': 25, 'source': source, 'status': status, 'stage': 'rcpt' if decided else 'ehlo-tls' if status == 'accepted' else None, 'greeting': None,
                            'tls': {'offered': True, 'done': True, 'version': tls, 'verify': verify}, 'transcript': [], 'ms': 5}],
              'untried': 0, 'started': '2026-11-24T10:00:01.000Z', 'ms': 12}
    if status in ('dns-error', 'unreachable', 'undeliverable', 'skipped', 'local', 'broken', 'dropped'):
        record['remedy'] = {'id': status, 'what': f'It is {status}.', 'who': 'sender', 'advice': 'See to it.'}
    return dict(record, **more)


def sender(ip='192.0.2.1', listed=('zen.spamhaus.org',), clean=('bl.example',), unknown=('unknown.example',)):
    states = [(z, 'listed') for z in listed] + [(z, 'clean') for z in clean] + [(z, 'unknown') for z in unknown]
    return {'type': 'sender', 'schema': 1, 'ip': ip, 'helo': 'me.example', 'helo_origin': 'ptr', 'from': 'me@me.example', 'complete': True,
            'ptr': {'found': 'present', 'rcode': 'NOERROR', 'names': [{'name': 'me.example', 'confirmed': 'present', 'generic': False}], 'total': 1}, 'fcrdns': 'pass',
            'dnsbl': [{'list': z, 'name': z.split('.')[0], 'item': ip, 'identity': 'ip', 'state': s, 'codes': [], 'meaning': 'x', 'url': f'https://{z}/'} for z, s in states],
            'helo_name': {}, 'domains': [], 'spf': {'result': 'pass'}, 'spf_helo': None, 'dkim': None, 'dmarc': {'result': 'pass'}}


def finding(id, severity, ip='192.0.2.1', what='It is so.', advice='Do that.', topic='ptr'):
    return {'type': 'finding', 'schema': 1, 'sender': {'ip': ip, 'helo': 'me.example', 'from': 'me@me.example'}, 'id': id, 'topic': topic, 'severity': severity, 'what': what, 'evidence': None, 'refused_by': None,
            'who': 'sender', 'advice': advice, 'records': [], 'url': None}


NASTY = ['</script><script>alert(1)</script>', '<img src=x onerror=alert(1)>', '"><svg/onload=alert(1)>', '=cmd|\' /C calc\'!A0', '+1', '-1+1', '@SUM(A1)', '\t=1', '\r=1', '＝1+1', '\u202eevil\u202c', 'a\x00b\x1b[31m\x07', '&lt;b&gt; &amp;',
         '|a|b| `x` *y* [z](javascript:alert(1)) <b>', ']]>', '\ufffe\uffff', 'line\r\nline\n=2', '\'; DROP TABLE', '{{7*7}} ${7*7}', '🎉 ünïcödé', '%s%n', '\\"', 'https://evil.example/']


def hostile():
    """Results of which every word of a peer is meant badly."""
    return [result(f'h{i}.example', 'refused', cause='policy', text=words, mx=words, list=words, site=words, evidence=words) for i, words in enumerate(NASTY)]


def write(path, records):
    with open(path, 'w', encoding='utf-8') as f:
        for record in records:
            f.write(json.dumps(record, ensure_ascii=True, separators=(',', ':')) + '\n')
