#!/bin/sh
# mxwalk check: each evaluator over a book of answers: its line, its words, its exit status; what it refuses; what it does when nobody answers.
set -u
: "${MXWALK:=./mxwalk}" "${TOP:=.}"
unset MXWALK_CONFIG
. "$TOP/tests/tap.sh"
tap_folder

cat >"$dir/book" <<'END'
{"name":"good.example","type":"TXT","data":["v=spf1 ip4:192.0.2.1 include:_spf.good.example -all"]}
{"name":"_spf.good.example","type":"TXT","data":["v=spf1 a:mail.good.example ?all"]}
{"name":"mail.good.example","type":"A","data":["192.0.2.2"]}
{"name":"good.example","type":"MX","data":["10 mail.good.example"]}
{"name":"good.example","type":"A","data":["192.0.2.3"]}
{"name":"_dmarc.good.example","type":"TXT","data":["v=DMARC1; p=reject; rua=mailto:d@good.example"]}
{"name":"loose.example","type":"TXT","data":["v=spf1 +all"]}
{"name":"soft.example","type":"TXT","data":["v=spf1 ~all"]}
{"name":"neutral.example","type":"TXT","data":["v=spf1 ip4:192.0.2.9 ?all"]}
{"name":"broken.example","type":"TXT","data":["v=spf1 ipv4:192.0.2.1 -all"]}
{"name":"ill.example","type":"TXT","rcode":"SERVFAIL","data":[]}
{"name":"ill.example","type":"MX","rcode":"SERVFAIL","data":[]}
{"name":"escape.example","type":"TXT","data":["v=spf1 \u001b[31m -all"]}
{"name":"null.example","type":"MX","data":["0 ."]}
{"name":"implicit.example","type":"A","data":["192.0.2.4"]}
{"name":"alone.example","type":"TXT","data":["nothing"]}
{"name":"half.example","type":"MX","data":["5 gone.half.example","10 mail.good.example"]}
{"name":"2.2.0.192.in-addr.arpa","type":"PTR","data":["mail.good.example"]}
{"name":"3.2.0.192.in-addr.arpa","type":"PTR","data":["other.good.example"]}
{"name":"4.2.0.192.in-addr.arpa","type":"PTR","rcode":"TIMEOUT","data":[]}
{"name":"pct.example","type":"A","data":["192.0.2.5"]}
{"name":"_dmarc.pct.example","type":"TXT","data":["v=DMARC1; p=reject; pct=5; rua=mailto:d@pct.example"]}
{"name":"_dmarc.ill.example","type":"TXT","rcode":"SERVFAIL","data":[]}
{"name":"2.0.0.127.bl.test","type":"A","data":["127.0.0.2"]}
{"name":"1.2.0.192.bl.test","type":"A","data":["127.0.0.2"]}
{"name":"1.2.0.192.bl.test","type":"TXT","data":["seen sending spam"]}
{"name":"bad.example.bl.test","type":"A","data":["127.0.0.2"]}
{"name":"test.bl.test","type":"A","data":["127.0.0.2"]}
END
cat >"$dir/seed" <<'END'
nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=
END
chmod 600 "$dir/seed"
cat >>"$dir/book" <<'END'
{"name":"brisbane._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]}
{"name":"try._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; k=ed25519; t=y; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="]}
{"name":"other._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; k=ed25519; p=SWKbgEBDXhET9qiK8t/VECfusHbTCIhIMZ7LGEeYA14="]}
{"name":"gone._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; p="]}
{"name":"torn._domainkey.football.example.com","type":"TXT","data":["v=DKIM1; p=MIIB\" \"IjAN"]}
{"name":"ill._domainkey.football.example.com","type":"TXT","rcode":"SERVFAIL","data":[]}
END
cat >"$dir/signed" <<'END'
DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;
 d=football.example.com; i=@football.example.com;
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :
 subject : date : message-id : from : subject : date;
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==
From: Joe SixPack <joe@football.example.com>
To: Suzie Q <suzie@shopping.example.net>
Subject: Is dinner ready?
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)
Message-ID: <20030712040037.46341.5F8J@football.example.com>

Hi.

We lost the game. Are you hungry yet?

Joe.
END
{ echo 'From joe Fri Jul 11 21:00:37 2003' && sed 's/$/\r/' "$dir/signed"; } >"$dir/mbox"
sed 's/hungry/thirsty/' "$dir/signed" >"$dir/changed"
sed 's/^Subject: /&Re: /' "$dir/signed" >"$dir/header"
sed '/^DKIM/,/^ Fa3/d' "$dir/signed" >"$dir/unsigned"
sed 's/s=brisbane/s=ill/' "$dir/signed" >"$dir/later"
{ cat "$dir/signed" && sed 1d "$dir/signed"; } >"$dir/twice"
sed 's/a=ed25519-sha256/a=rsa-sha1/' "$dir/signed" >"$dir/sha1"
cat >"$dir/lists" <<'END'
[bl.test]
name = Test list
kind = black
ask = ip4 domain
on = yes
weight = A
positive = 2.0.0.127
negative = 1.0.0.127
value = 127.0.0.2 listed a source of spam
END

# run STATUS PART ARGUMENT...: the status, and what must stand in the output (standard error too).
run() {
	want=$1 part=$2
	shift 2
	"$MXWALK" check "$@" --dns-replay "$dir/book" >"$dir/out" 2>&1
	st=$?
	[ $st -eq "$want" ] || printf '# status %s\n' $st
	grep -qF -- "$part" "$dir/out" || { printf '# no "%s" in\n' "$part" && sed 's/^/#   /' "$dir/out"; }
	[ $st -eq "$want" ] && grep -qF -- "$part" "$dir/out"
	ok "check $*"
}

run 0 'DKIM of' dkim "$dir/signed"
run 0 '"domain":"football.example.com","selector":"brisbane"' dkim "$dir/signed" --json
run 0 '"result":"pass"' dkim "$dir/mbox" --json
run 1 '"failed":"body-hash"' dkim "$dir/changed" --json
run 1 '"failed":"body-hash"' dkim "$dir/twice" --json
run 1 '"failed":"signature"' dkim "$dir/header" --json
run 1 'a=rsa-sha1 must not be used any more' dkim "$dir/sha1"
{ printf 'Received: from mail.football.example.com (unknown [203.0.113.7])\n\tby mx.shopping.example.net (Postfix) with ESMTPS id 1; Fri, 27 Nov 2026 10:00:00 +0000\n' && cat "$dir/signed"; } >"$dir/received"
run 0 '"received":null' dkim "$dir/signed" --json
run 0 '"received":{"client":"203.0.113.7","helo":"mail.football.example.com","ptr":null,"by":"mx.shopping.example.net"}' dkim "$dir/received" --json
run 0 'came       from 203.0.113.7, as mx.shopping.example.net saw it; HELO mail.football.example.com' dkim "$dir/received"
run 0 'not from 192.0.2.1' dkim "$dir/received" --ip 192.0.2.1
printf '%s\n' '{"name":"told.example","type":"TXT","ttl":120,"data":["v=spf1 -all"],"server":"192.0.2.53"}' '{"name":"_dmarc.told.example","type":"TXT","ttl":77,"data":["v=DMARC1; p=none; rua=mailto:d@told.example"],"server":"192.0.2.53"}' \
	'{"name":"told.example","type":"MX","ttl":60,"data":["0 ."],"server":"192.0.2.53"}' '{"name":"9.2.0.192.in-addr.arpa","type":"PTR","ttl":30,"data":["told.example"],"server":"192.0.2.53"}' \
	'{"name":"s._domainkey.told.example","type":"TXT","ttl":20,"data":["v=DKIM1; p="],"server":"192.0.2.53"}' >>"$dir/book"
run 1 '"server":"192.0.2.53","ttl":120' spf --ip 192.0.2.1 --from a@told.example --json
run 2 '"queries":2,"server":"192.0.2.53","ttl":77' dmarc --from a@told.example --json
run 1 '"server":"192.0.2.53","ttl":60' mx told.example --json
run 1 '"server":"192.0.2.53","ttl":30' ptr 192.0.2.9 --json
run 1 '"server":"192.0.2.53","ttl":20' dkim --selector s --domain told.example --json
run 1 'look-up    TXT told.example: NOERROR, 1 record, for 120 s, said 192.0.2.53' spf --ip 192.0.2.1 --from a@told.example -v
run 2 'has no DKIM signature' dkim "$dir/unsigned"
run 3 '"result":"temperror"' dkim "$dir/later" --json
run 65 'No such file' dkim "$dir/nowhere"
run 64 'one FILE at a time' dkim "$dir/signed" "$dir/signed"
run 64 'an argument is missing' dkim
run 64 '--domain is missing' dkim --selector brisbane
run 64 '--selector is missing' dkim --dkim-key "$dir/seed" --domain football.example.com
run 0 '"result":"ok","name":"brisbane._domainkey.football.example.com","state":"ok","rcode":"NOERROR","key_type":"ed25519","bits":256' dkim --selector brisbane --domain football.example.com --json
run 0 'it belongs to the published key' dkim --selector brisbane --domain football.example.com --dkim-key "$dir/seed"
run 1 '"result":"mismatch"' dkim --selector other --domain football.example.com --dkim-key "$dir/seed" --json
run 2 'testing    t=y' dkim --selector try --domain football.example.com
run 1 'the key was revoked' dkim --selector gone --domain football.example.com
run 1 'the quotes between its strings were published' dkim --selector torn --domain football.example.com
run 1 'does not exist' dkim --selector none --domain football.example.com
run 3 'failed: SERVFAIL' dkim --selector ill --domain football.example.com
run 65 'neither a PEM private key' dkim --selector brisbane --domain football.example.com --dkim-key "$dir/signed"
chmod 640 "$dir/seed"
run 0 'the private key can be read by its group; chmod 600 is advised' dkim --selector brisbane --domain football.example.com --dkim-key "$dir/seed"
chmod 604 "$dir/seed"
run 0 'the private key can be read by everybody' dkim --selector brisbane --domain football.example.com --dkim-key "$dir/seed"

run 0 '"result":"pass"' spf --ip 192.0.2.1 --from a@good.example --helo mail.good.example --json
run 0 '"matched":"include:_spf.good.example","matched_in":"good.example"' spf --ip 192.0.2.2 --from a@good.example --json
run 0 'SPF of good.example for 192.0.2.2: pass' spf --ip ::ffff:192.0.2.2 --from a@good.example
run 1 'decided    -all, in the record of good.example' spf --ip 192.0.2.3 --from a@good.example
run 1 '"result":"permerror"' spf --ip 192.0.2.1 --from a@broken.example --json
run 1 'no such mechanism' spf --ip 192.0.2.1 --from a@broken.example
run 2 'softfail' spf --ip 192.0.2.1 --from a@soft.example
run 2 'neutral' spf --ip 192.0.2.1 --from a@neutral.example
run 2 'nothing.example has no SPF record' spf --ip 192.0.2.1 --from a@nothing.example
run 2 'lets every host pass' spf --ip 192.0.2.1 --from a@loose.example
run 3 'the look-up of TXT ill.example failed: SERVFAIL' spf --ip 192.0.2.1 --from a@ill.example
run 0 '"from":"","helo":"good.example"' spf --ip 192.0.2.1 --from '<>' --helo good.example --json
run 0 'look-up    TXT good.example: NOERROR, 1 record' spf --ip 192.0.2.1 --from a@good.example -v
run 1 '\x1B[31m' spf --ip 192.0.2.1 --from a@escape.example
! tr -d '\n' <"$dir/out" | LC_ALL=C grep -q '[[:cntrl:]]'
ok 'no control byte of a record reaches the terminal'

run 0 '"aligned":{"spf":true,"dkim":false}' dmarc --from a@good.example --spf bounce.good.example=pass --dkim mailer.example=pass --json
run 0 'DMARC of good.example: pass' dmarc --from good.example --dkim good.example=pass
run 1 'policy     reject, by the tag p of the record at _dmarc.good.example' dmarc --from a@good.example --spf mailer.example=pass
run 1 '"rfc7489":{"result":"fail","policy":"reject"' dmarc --from a@good.example --spf good.example=softfail --json
run 1 '"note":null' dmarc --from a@good.example --spf mailer.example=fail --json
run 0 '"note":"no result of SPF or DKIM was given' dmarc --from a@good.example --json
run 0 'DMARC of good.example: policy' dmarc --from a@good.example
tr -s ' \n' ' ' <"$dir/out" | grep -qF 'no result of SPF or DKIM was given (--spf, --dkim): this is the policy as it is published'
ok 'without a result it is no verdict on the mail, in words, too'
run 2 '"pct=5" is gone from DMARC' dmarc --from a@pct.example --spf pct.example=pass
run 2 'nothing.example has no DMARC record' dmarc --from a@nothing.example
run 3 'failed: SERVFAIL' dmarc --from a@ill.example --spf ill.example=pass
run 0 '"from":"good.example"' dmarc --from 'Me (of a@b) <a@good.example>' --spf good.example=pass --json
run 1 '"b..example" is no domain' dmarc --from a@b..example

run 0 '"fcrdns":"pass"' ptr 192.0.2.2 --json
run 0 'mail.good.example: leads back' ptr 192.0.2.2
run 1 'does not lead back' ptr 192.0.2.3
run 1 'the address has no PTR' ptr 2001:db8::1
run 3 'TIMEOUT' ptr 192.0.2.4
run 1 'PTR of 192.0.2.2: pass' ptr 192.0.2.3 192.0.2.2

run 0 '"result":"ok"' mx good.example --json
run 0 'mail goes to its own address' mx implicit.example
run 1 'null MX' mx null.example
run 1 'does not exist' mx gone.example
run 1 '"result":"no-address"' mx alone.example --json
run 2 'gone.half.example: no such name' mx half.example
run 3 'not known' mx ill.example

only='--lists '$dir'/lists'
for zone in $("$MXWALK" check dnsbl 192.0.2.9 --dns-replay "$dir/book" --json | sed 's/.*"list":"\([^"]*\)".*/\1/'); do
	only="$only --no-list $zone"
done
# shellcheck disable=SC2086
{
	run 1 '192.0.2.1: on 1 of 1 blocklists' dnsbl 192.0.2.1 $only
	run 1 '"result":"listed"' dnsbl 192.0.2.1 $only --json
	run 0 '192.0.2.2: on none of 1 blocklists' dnsbl 192.0.2.2 $only
	run 1 '"item":"192.0.2.1"' dnsbl 192.0.2.2 192.0.2.1 $only --json
	[ "$(wc -l <"$dir/out")" -eq 2 ]
	ok 'a line for each list and thing'
}
run 3 'gave an answer that can be used' dnsbl 192.0.2.2
run 3 'Who may ask: Free for low, non-commercial use' dnsbl 192.0.2.2
run 3 '"kind":"black","policy":"Free for low, non-commercial use' dnsbl 192.0.2.2 --json

"$MXWALK" check --help >"$dir/out"
[ "$(grep -cE '^  (spf|dkim|dmarc|ptr|dnsbl|mx) ' "$dir/out")" -eq 6 ]
ok 'the help shows what each evaluator takes'
run 64 'check rdns: no such check; there are spf' rdns 192.0.2.1
run 64 'check spf: --ip is missing; usage: mxwalk check spf' spf --from a@good.example
run 64 'check spf: --from or --helo is missing' spf --ip 192.0.2.1
run 64 'the null reverse-path needs --helo' spf --ip 192.0.2.1 --from '<>'
run 64 '--ip 192.0.2: not an IP address' spf --ip 192.0.2 --from a@good.example
run 64 'takes no argument "x"' spf x --ip 192.0.2.1 --from a@good.example
run 64 'check ptr: an argument is missing' ptr
run 64 'check ptr 192.0.2.1.4: not an IP address' ptr 192.0.2.1.4
run 64 'check ptr mail.example: not an IP address' ptr 192.0.2.2 mail.example
[ "$(wc -l <"$dir/out")" -eq 1 ]
ok 'nothing is asked before all arguments are seen to be good'
run 64 'check mx a..example: an empty label' mx a..example
run 64 'check dnsbl localhost: neither an IP address nor a domain' dnsbl localhost
run 64 'check dmarc: a domain, or --from' dmarc
run 64 '--spf good.example=maybe: not a result' dmarc --from a@good.example --spf good.example=maybe
run 64 '--spf may be given once' dmarc --from a@good.example --spf good.example=pass --spf good.example=fail

printf '%s\n' '{"name":"a.example","type":"A","data":["192.0.2.1"]}' '' '{"name":"a.example","type":"MX","data":["ten mail.example"]}' >"$dir/bad"
"$MXWALK" check spf --ip 192.0.2.1 --from a@good.example --dns-replay "$dir/bad" >"$dir/out" 2>&1
[ $? -eq 65 ] && grep -qF "$dir/bad:3: " "$dir/out" && [ "$(wc -l <"$dir/out")" -eq 1 ]
ok 'a book with a broken line: 65, file, line and reason'
"$MXWALK" check spf --ip 192.0.2.1 --from a@good.example --dns-replay "$dir/none" >"$dir/out" 2>&1
[ $? -eq 65 ] && grep -qF "$dir/none: No such file" "$dir/out"
ok 'a book that is not there: 65'
if [ -w /dev/full ]; then
	"$MXWALK" check spf --ip 192.0.2.1 --from a@good.example --dns-replay "$dir/book" --output /dev/full 2>"$dir/out"
	[ $? -eq 74 ] && grep -qF '/dev/full: No space left' "$dir/out"
	ok 'a full disk: 74'
	"$MXWALK" check spf --ip 192.0.2.1 --from a@good.example --dns-replay "$dir/book" >/dev/full 2>"$dir/out"
	[ $? -eq 74 ] && [ "$(wc -l <"$dir/out")" -eq 1 ]
	ok 'standard output that cannot be written: 74'
fi

# Nobody answers: unknown, within the time limit.
start=$(date +%s)
"$MXWALK" check spf --ip 192.0.2.1 --from a@good.example --nameserver 127.0.0.1:9 --timeout 1s --json >"$dir/out" 2>/dev/null
[ $? -eq 3 ] && grep -qF '"result":"temperror"' "$dir/out"
ok 'SPF when nobody answers: temperror'
"$MXWALK" check ptr 192.0.2.1 192.0.2.2 --nameserver 127.0.0.1:9 --timeout 1s --json >"$dir/out" 2>/dev/null
[ $? -eq 3 ] && [ "$(grep -cF '"result":"unknown"' "$dir/out")" -eq 2 ]
ok 'PTR when nobody answers: unknown'
[ $(($(date +%s) - start)) -le 4 ]
ok 'within the time limit'

# What was recorded replays to the same line.
"$MXWALK" check spf --ip 192.0.2.2 --from a@good.example --dns-replay "$dir/book" --dns-record "$dir/record" --json >"$dir/one" &&
	"$MXWALK" check spf --ip 192.0.2.2 --from a@good.example --dns-replay "$dir/record" --json >"$dir/two" && cmp "$dir/one" "$dir/two" && [ -s "$dir/record" ]
ok 'a record replays to the same line'

# Every line that check can write is as the schema says.
if python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
	for arguments in 'spf --ip 192.0.2.2 --from a@good.example --helo mail.good.example' 'spf --ip 192.0.2.2 --from a@ill.example' 'spf --ip 192.0.2.2 --helo x --from <>' 'dmarc --from a@good.example --spf x.good.example=pass --dkim b.example=fail' \
		'dmarc --from a@good.example' 'dmarc --from a@ill.example' 'dmarc --from a@b..c' 'dmarc --from a@nothing.example' 'ptr 192.0.2.2 192.0.2.3 192.0.2.4' 'mx good.example half.example null.example gone.example ill.example alone.example' \
		"dnsbl 192.0.2.1 good.example --lists $dir/lists" "dkim $dir/signed" "dkim $dir/changed" "dkim $dir/unsigned" "dkim $dir/later" "dkim $dir/sha1" "dkim $dir/received" \
		'dkim --selector torn --domain football.example.com' 'dkim --selector none --domain football.example.com' "dkim --selector other --domain football.example.com --dkim-key $dir/seed"; do
		# shellcheck disable=SC2086
		"$MXWALK" check $arguments --dns-replay "$dir/book" --json
	done >"$dir/lines" 2>/dev/null
	python3 "$TOP/tests/schema.py" "$TOP/man/mxwalk-record.schema.json" "$dir/lines" >"$dir/out" 2>&1
	st=$?
	sed 's/^/# /' "$dir/out"
	[ $st -eq 0 ] && [ "$(wc -l <"$dir/lines")" -gt 15 ]
	ok 'all lines are valid by the schema'
fi
tap_done
