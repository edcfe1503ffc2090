#!/usr/bin/env python3
"""schema.py SCHEMA [FILE...]: without files, tries the schema itself: right records pass, and each of them with one thing wrong does not. With files of NDJSON (- is standard input), validates every line."""
import copy
import json
import sys

import jsonschema

SCHEMA = json.load(open(sys.argv[1], encoding='utf-8'))
jsonschema.Draft202012Validator.check_schema(SCHEMA)
validator = jsonschema.Draft202012Validator(SCHEMA)

REPLY = {'code': 554, 'enhanced': '5.7.1', 'lines': ['554 5.7.1 no'], 'text': '5.7.1 no'}
DIAGNOSIS = {'cause': 'ip-blocklist', 'basis': 'confirmed', 'rule': 'x', 'list': 'zen.spamhaus.org', 'listed': '192.0.2.1', 'provider': None, 'who': 'host', 'advice': 'ask', 'url': None,
             'evidence': ['it is listed'], 'also': [{'cause': 'policy', 'rule': None}]}
ENTRY = {'stage': 'greeting', 'sent': None, 'code': 554, 'enhanced': '5.7.1', 'lines': ['554 5.7.1 no'], 'flags': ['bare-lf'], 'tls': False, 'ms': 3}
ATTEMPT = {'mx': 'mx.example.com', 'preference': 10, 'ip': '192.0.2.25', 'port': 25, 'source': '192.0.2.1', 'status': 'refused', 'stage': 'greeting',
           'greeting': {'code': 554, 'enhanced': '5.7.1', 'lines': ['554 5.7.1 no']}, 'tls': {'offered': False, 'done': False}, 'transcript': [ENTRY], 'ms': 5}
RESULT = {'type': 'result', 'schema': 1, 'target': 'example.com', 'domain': 'example.com', 'rcpt': None, 'source': '192.0.2.1', 'sender': {'ip': '192.0.2.1', 'helo': 'a.example', 'from': ''},
          'route': {'kind': 'mx', 'canonical': 'example.com', 'authentic': False, 'hosts': [{'mx': 'mx.example.com', 'preference': 10, 'addresses': ['192.0.2.25', '2001:db8::1'], 'alias': False}]},
          'status': 'refused', 'stage': 'greeting', 'reply': REPLY, 'diagnosis': DIAGNOSIS, 'attempts': [ATTEMPT], 'asked': 'greeting', 'not_asked': ['ehlo'], 'untried': 0, 'started': '2026-11-24T10:00:00.000Z', 'ms': 9}
SENDER = {'type': 'sender', 'schema': 1, 'ip': '192.0.2.1', 'helo': 'a.example', 'helo_origin': 'ptr', 'from': 'postmaster@a.example', 'complete': True,
          'ptr': {'found': 'present', 'rcode': 'NOERROR', 'names': [{'name': 'a.example', 'confirmed': 'present', 'generic': False}], 'total': 1}, 'fcrdns': 'pass',
          'dnsbl': [{'list': 'zen.spamhaus.org', 'name': 'Spamhaus ZEN', 'item': '192.0.2.1', 'identity': 'ip', 'state': 'listed', 'codes': ['127.0.0.2'], 'meaning': 'SBL', 'kind': 'black'}],
          'helo_name': {'valid': True, 'literal': False, 'resolves': 'present', 'leads_back': 'present', 'is_ptr': 'present', 'server': '192.0.2.53'},
          'domains': [{'role': 'mail-from', 'domain': 'a.example', 'route': 'mx', 'soa': 'present', 'zone': 'a.example'}],
          'spf': None, 'spf_helo': None, 'dkim': None, 'dmarc': None}
FINDING = {'type': 'finding', 'schema': 1, 'sender': {'ip': '192.0.2.1', 'helo': 'a.example', 'from': ''}, 'id': 'ptr-missing', 'topic': 'ptr', 'severity': 'refuses', 'what': 'no PTR', 'evidence': None,
           'refused_by': None, 'who': 'host', 'advice': 'set one', 'records': ['1.2.0.192.in-addr.arpa. PTR a.example.'], 'url': None}
RUN = {'type': 'run', 'schema': 1, 'version': '0.1.0', 'started': '2026-11-24T10:00:00.000Z', 'options': ['port=25'], 'nameservers': ['127.0.0.1']}
STATUSES = 'accepted refused deferred dropped broken unreachable undeliverable dns-error skipped local'.split()
SUMMARY = {'type': 'summary', 'schema': 1, 'targets': 1, 'served': 0, 'bad_input': 0, 'status': {s: int(s == 'refused') for s in STATUSES}, 'asked': {'ehlo-tls': 2}, 'cause': {'ip-blocklist': 1}, 'list': {'zen.spamhaus.org': 1},
           'basis': {'ip-blocklist': {'stated': 1}}, 'mx_site': {'example.com': 1},
           'tls_sites': dict.fromkeys(('seen', 'tls13', 'hybrid', 'certificate_near_end', 'dane', 'dane_fails', 'mta_sts', 'mta_sts_fails', 'mta_sts_testing'), 0), 'first': {'cause': 'ip-blocklist', 'targets': 1},
           'sites': [{'site': 'example.com', 'targets': 1, 'status': {'refused': 1}, 'cause': 'ip-blocklist', 'list': 'zen.spamhaus.org'}], 'sources': [{'source': None, 'targets': 1, 'status': {'refused': 1}}],
           'interrupted': False, 'under_way': 0, 'not_begun': 0, 'ms': 10}
EXPLANATION = {'type': 'explanation', 'schema': 1, 'code': 554, 'enhanced': '', 'text': '554 no', 'cause': 'unknown', 'rule': None, 'matched': None, 'list': None, 'lists': [], 'what': None, 'listed': None,
               'provider': None, 'client': None, 'url': None, 'who': None, 'advice': None, 'also': []}
SPF = {'result': 'pass', 'domain': 'example.com', 'record': 'v=spf1 a -all', 'matched': 'a', 'matched_in': 'example.com', 'trail': [{'term': 'a', 'domain': 'example.com'}], 'explanation': None,
       'lookups': 1, 'void': 0, 'problem': None, 'warnings': [], 'findings': []}
CHECK = dict(SPF, type='check', schema=1, check='spf', ip='192.0.2.1', helo='a.example', helo_identity=dict(SPF, domain='a.example'))
CHECK['from'] = 'me@example.com'
DMARC = {'result': 'pass', 'policy': 'reject', 'published': 'reject', 'tag': 'p', 'record': 'v=DMARC1; p=reject', 'at': 'example.com', 'org_domain': 'example.com', 'queries': 2,
         'aligned': {'spf': True, 'dkim': None}, 'identifiers': [{'kind': 'spf', 'domain': 'example.com', 'result': 'pass', 'aligned': True}], 'problem': None}
CHECK_DMARC = dict(DMARC, type='check', schema=1, check='dmarc', testing=False, warnings=['x'], findings=[{'id': 'dmarc-x', 'subject': None, 'words': 'x'}], note=None, rfc7489=dict(DMARC, pct=100))
CHECK_DMARC['from'] = 'example.com'
DKIM_KEY = {'name': 's._domainkey.example.com', 'state': 'ok', 'rcode': 'NOERROR', 'key_type': 'rsa', 'bits': 2048, 'strict': False, 'note': None, 'record': 'p=', 'problem': None, 'warnings': [], 'findings': []}
CHECK_DKIM = {'type': 'check', 'schema': 1, 'check': 'dkim', 'result': 'pass', 'file': '-', 'total': 1, 'problem': None, 'received': {'client': '192.0.2.1', 'helo': 'mail.example.com', 'ptr': None, 'by': 'mx.example.net'},
              'signatures': [{'result': 'pass', 'failed': None, 'reason': None, 'domain': 'example.com', 'selector': 's', 'algorithm': 'rsa-sha256', 'identity': '@example.com', 'expired': False,
                              'testing': False, 'unsigned': 0, 'warnings': [], 'findings': [], 'key': DKIM_KEY}]}
CHECK_DKIM_KEY = dict(DKIM_KEY, type='check', schema=1, check='dkim', result='mismatch', private={'file': 'key', 'key_type': 'rsa', 'bits': 2048, 'matches': False, 'record': 'p='})
CHECK_PTR = {'type': 'check', 'schema': 1, 'check': 'ptr', 'result': 'none', 'ip': '192.0.2.1', 'fcrdns': 'none', 'found': 'absent', 'rcode': 'NXDOMAIN', 'names': [], 'total': 0}
CHECK_DNSBL = dict(SENDER['dnsbl'][0], type='check', schema=1, check='dnsbl', result='listed', kind='black')
CHECK_MX = {'type': 'check', 'schema': 1, 'check': 'mx', 'result': 'ok', 'domain': 'example.com', 'canonical': 'example.com', 'kind': 'mx', 'authentic': False,
            'hosts': [{'mx': 'mx.example.com', 'preference': 10, 'addresses': ['192.0.2.25'], 'alias': False}], 'problem': None}
ACCEPTED = dict(RESULT, status='accepted', stage='connect', reply=None, diagnosis=None)
EXPLAINED = {'type': 'summary', 'schema': 1, 'explained': 2, 'deferred': 0, 'passed_over': 1, 'too_long': 0, 'inbound': 0, 'sent_later': 0, 'passed': {'silent_lines': 1}, 'remedies': [], 'sentence': 'All …', 'cause': {'spf': 2}, 'list': {}, 'provider': {}, 'domain': {'example.com': 2}}
RULE = {'type': 'rule', 'schema': 1, 'id': 'x', 'cause': 'spf', 'examples': ['550 no'], 'who': None}
CHECKED = dict(EXPLANATION, stage='rcpt', recipient_domain='example.com', relay='mx.example.com', basis='confirmed', evidence=['it is listed'])
RIGHT = [RUN, SENDER, dict(SENDER, spf=SPF, spf_helo=SPF, dmarc={k: v for k, v in CHECK_DMARC.items() if k not in ('type', 'schema', 'check', 'note')}, dkim={'keys': [], 'signatures': []}), FINDING, RESULT, ACCEPTED, SUMMARY, EXPLANATION, EXPLAINED, RULE, CHECK, CHECK_DKIM, CHECK_DKIM_KEY, CHECK_DMARC, CHECK_PTR, CHECK_DNSBL, CHECK_MX]

WRONG = [  # record, path, value (... is: left out)
    (RESULT, 'type', 'results'), (RESULT, 'schema', 2), (RESULT, 'schema', ...), (RESULT, 'status', 'rejected'), (RESULT, 'status', 'deferred'), (RESULT, 'status', 'accepted'), (RESULT, 'stage', 'banner'),
    (RESULT, 'stage', None), (RESULT, 'reply', None), (RESULT, 'diagnosis', None), (RESULT, 'attempts', None), (RESULT, 'ms', -1), (RESULT, 'ms', 1.5), (RESULT, 'ms', '9'), (RESULT, 'source', 'a.example'),
    (RESULT, 'source', ''), (RESULT, 'started', '2026-11-24 10:00:00'), (RESULT, 'surprise', 1), (RESULT, 'sender', {}), (RESULT, 'route.kind', 'MX'), (RESULT, 'route.hosts.0.addresses.0', 'mx'),
    (RESULT, 'route.hosts.0.surprise', 1), (RESULT, 'reply.code', 5540), (RESULT, 'reply.code', 450), (RESULT, 'reply.enhanced', None), (RESULT, 'reply.enhanced', '5.7'), (RESULT, 'reply.lines', []),
    (RESULT, 'reply.flags', []), (RESULT, 'reply.flags', ['odd']), (RESULT, 'diagnosis.cause', 'blocklist'), (RESULT, 'diagnosis.cause', 'unknown'), (RESULT, 'diagnosis.basis', 'likely'),
    (RESULT, 'diagnosis.confidence', 0.9), (RESULT, 'diagnosis.who', 'you'), (RESULT, 'diagnosis.evidence', [1]), (RESULT, 'diagnosis.also.0.cause', 'x'), (RESULT, 'attempts.0.port', 0),
    (RESULT, 'attempts.0.mx', None), (RESULT, 'attempts.0.ending', 'lost'), (RESULT, 'attempts.0.tls.verify', 'good'), (RESULT, 'attempts.0.tls.sha256', 'AB'), (RESULT, 'attempts.0.transcript.0.stage', None),
    (RESULT, 'attempts.0.transcript.0.code', 99), (RESULT, 'attempts.0.transcript.0.tls', None), (RESULT, 'attempts.0.transcript.0.text', 'x'), (SENDER, 'ip', None), (SENDER, 'fcrdns', 'ok'),
    (SENDER, 'dnsbl.0.state', 'maybe'), (SENDER, 'dnsbl.0.identity', 'url'), (SENDER, 'dnsbl.0.codes.0', '2'), (SENDER, 'ptr.found', True), (SENDER, 'ptr.rcode', 'nxdomain'), (SENDER, 'helo_origin', 'dns'),
    (SENDER, 'spf', {'result': 'pass'}), (SENDER, 'dmarc', 'pass'), (SENDER, 'dkim', {}), (SENDER, 'domains.0.route', 'MX'), (SENDER, 'helo_name.valid', 'yes'),
    (FINDING, 'severity', 'bad'), (FINDING, 'severity', 'unknown'), (FINDING, 'id', 'PTR'), (FINDING, 'topic', 'x'), (FINDING, 'records', None), (FINDING, 'surprise', 1),
    (RUN, 'options', {}), (SUMMARY, 'status.refused', ...), (SUMMARY, 'status.lost', 1), (SUMMARY, 'cause.blocklist', 1), (SUMMARY, 'list.x', '1'), (SUMMARY, 'bad_input', None),
    (EXPLAINED, 'cause.blocklist', 1), (EXPLAINED, 'explained', -1), (EXPLAINED, 'domain.x', 0), (RULE, 'examples', []), (RULE, 'cause', 'x'), (CHECKED, 'basis', 'likely'), (CHECKED, 'stage', 'lunch'),
    (EXPLANATION, 'cause', None), (EXPLANATION, 'what', 'body'), (EXPLANATION, 'confidence', 1), (CHECK, 'check', 'rdns'), (CHECK, 'result', None),
    (CHECK, 'result', 'ok'), (CHECK, 'trail.0.in', 'x'), (CHECK, 'lookups', 12), (CHECK, 'surprise', 1), (CHECK, 'helo_identity.void', '0'), (CHECK_DMARC, 'policy', 'discard'), (CHECK_DMARC, 'queries', 9),
    (CHECK_DMARC, 'aligned.spf', 'yes'), (CHECK_DMARC, 'rfc7489.pct', ...), (CHECK_DMARC, 'identifiers.0.kind', 'arc'), (CHECK_DMARC, 'surprise', 1), (CHECK_DMARC, 'note', ...), (CHECK_DKIM, 'result', 'softfail'), (CHECK_DKIM, 'file', ...), (CHECK_DKIM, 'received', ...), (CHECK_DKIM, 'received.client', None), (CHECK_DKIM, 'signatures.0.failed', 'x'),
    (CHECK_DKIM, 'signatures.0.key.state', 'good'), (CHECK_DKIM, 'signatures.0.surprise', 1), (CHECK_DKIM_KEY, 'result', 'pass'), (CHECK_DKIM_KEY, 'private.matches', None), (CHECK_DKIM_KEY, 'surprise', 1),
    (CHECK_DKIM_KEY, 'key_type', 'ec'), (CHECK_PTR, 'result', 'ok'), (CHECK_PTR, 'names', None),
    (CHECK_DNSBL, 'state', 'maybe'), (CHECK_DNSBL, 'kind', ...), (CHECK_DNSBL, 'surprise', 1), (CHECK_MX, 'hosts.0.mx', ...), (CHECK_MX, 'kind', 'MX'),
]


def change(record, path, value):
    record = copy.deepcopy(record)
    at = record
    *way, last = [int(p) if p.isdigit() else p for p in path.split('.')]
    for step in way:
        at = at[step]
    if value is ...:
        del at[last]
    else:
        at[last] = value
    return record


def try_schema():
    bad = sum(1 for _ in validator.iter_errors(CHECKED))
    for record in RIGHT:
        for error in validator.iter_errors(record):
            print(f"right, but refused: {record['type']}: {error.json_path}: {error.message[:200]}")
            bad += 1
        if record['type'] != 'check':
            for field in record:
                if validator.is_valid(change(record, field, ...)):
                    print(f"taken without its {field}: {record['type']}")
                    bad += 1
    for record, path, value in WRONG:
        if validator.is_valid(change(record, path, value)):
            print(f"wrong, but taken: {record['type']}: {path}: {value!r}")
            bad += 1
    return bad


def try_files(names):
    bad = count = 0
    for name in names:
        for number, line in enumerate(sys.stdin.buffer if name == '-' else open(name, 'rb'), 1):
            count += 1
            try:
                record = json.loads(line.decode('utf-8'))
            except ValueError as error:
                print(f'{name}:{number}: {error}')
                bad += 1
                continue
            for error in validator.iter_errors(record):
                print(f'{name}:{number}: {error.json_path}: {error.message[:200]}')
                bad += 1
    if count == 0:
        print('no records')
    return bad + (count == 0)


sys.exit((try_files(sys.argv[2:]) if len(sys.argv) > 2 else try_schema()) > 0)
