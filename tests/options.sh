#!/bin/sh
# The command line: what it takes, what it refuses and how, and that help, manual and completions say the same as the table.
set -u
: "${MXWALK:=./mxwalk}" "${TOP:=.}"
unset MXWALK_CONFIG
. "$TOP/tests/tap.sh"
tap_folder
cr=$(printf 'a\rb')
long=$(printf '%0300d' 0)
longer=$(printf 'a.example.%.0s' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26)com # 263 octets

# refused WORDS ARGUMENT...: status 64, nothing on standard output, and this one line on standard error.
refused() {
	words=$1
	shift
	out=$("$MXWALK" "$@" 2>"$dir/err" </dev/null)
	is "refused: $words" "64|mxwalk: $words|" "$?|$(cat "$dir/err")|$out"
}

# taken ARGUMENT...: everything before --help is good.
taken() {
	"$MXWALK" "$@" --help >/dev/null 2>"$dir/err" </dev/null
	is "taken: $*" "0|" "$?|$(cat "$dir/err")"
}

# ---- what is refused, and with which words
refused '"frobnicate": neither a command nor a target (a target has a dot, an '"'@' or a '[')" frobnicate
refused '"2001:db8::1": not a target: a character that no mail domain has: write [2001:db8::1]' 2001:db8::1
refused '"localhost:25": not a target: a character that no mail domain has: write [localhost]:25' localhost:25
refused '"": not a target: it is empty' ''
refused '--frobnicate: no such option' --frobnicate example.com
refused '--frobnicate: no such option' probe --frobnicate=3 example.com
refused '-X: no such option of "probe"' -4X example.com
refused '--nameserv: no such option' --nameserv 127.0.0.1 example.com
refused '--dns-port: an option of "lab", not of "probe"' --dns-port 53 example.com
refused '--summary: an option of "explain", not of "self"' self --summary
refused '--port: needs a value (PORT)' example.com --port
refused '-p: needs a value (PORT)' example.com -vp
refused '--all: takes no value' --all=yes example.com
refused '--no-all: takes no value' --no-all=no example.com
refused '--no-port: no such option' --no-port example.com
refused '--no-help: no such option' --no-help example.com
refused '--port: the value is empty' --port= example.com
refused '--from: the value is empty' --from '' example.com
refused '--server: the value is empty' --server '' example.com
refused '--port 70000: not a port (1 to 65535)' --port 70000 example.com
refused '--port 0: not a port (1 to 65535)' --port 0 example.com
refused '--port -1: not a port (1 to 65535)' --port -1 example.com
refused '--port 25x: not a port (1 to 65535)' --port=25x example.com
refused '--port 99999999999999999999: not a port (1 to 65535)' --port 99999999999999999999 example.com
refused '-p 70000: not a port (1 to 65535)' -4p70000 example.com
refused '--dns-port smtp: not a port (1 to 65535)' lab --dns-port smtp
refused '--concurrency 0: not a number from 1 to 20000' --concurrency 0 example.com
refused '--concurrency 20001: not a number from 1 to 20000' --concurrency 20001 example.com
refused '--source 300.1.1.1: not an IP address' --source 300.1.1.1 example.com
refused '--source mail.example.com: not an IP address' --source mail.example.com example.com
refused '--public-ip 192.0.2.1/24: not an IP address' self --public-ip 192.0.2.1/24
refused '--public-ip 192.0.2.1: not an IPv6 address, and -6 asks for these only' self -6 --public-ip 192.0.2.1
refused '--source 192.0.2.1: not an IPv6 address, and -6 asks for these only' self -6 --source 192.0.2.1
refused '--ip 1.2.3: not an IP address' check spf --ip 1.2.3
refused '--nameserver ns.example.com: not ADDR, ADDR:PORT or [ADDR]:PORT' --nameserver ns.example.com example.com
refused '--nameserver 127.0.0.1:0: not ADDR, ADDR:PORT or [ADDR]:PORT' --nameserver 127.0.0.1:0 example.com
refused '--dnsbl-nameserver [::1: not ADDR, ADDR:PORT or [ADDR]:PORT' --dnsbl-nameserver '[::1' example.com
refused '--timeout soon: not a time from 10ms to 24h (500ms, 30s, 5m, 2h)' --timeout soon example.com
refused '--timeout 0: not a time from 10ms to 24h (500ms, 30s, 5m, 2h)' --timeout 0 example.com
refused '--timeout 25h: not a time from 10ms to 24h (500ms, 30s, 5m, 2h)' --timeout 25h example.com
refused '--timeout -1s: not a time from 10ms to 24h (500ms, 30s, 5m, 2h)' --timeout -1s example.com
refused '--timeout-data rfc: not a time from 10ms to 24h (500ms, 30s, 5m, 2h)' --timeout-data rfc example.com
refused '--timeout 99999999999999999999s: not a time from 10ms to 24h (500ms, 30s, 5m, 2h)' --timeout 99999999999999999999s example.com
refused '--quit-after lunch: not one of connect, greeting, ehlo, starttls, auth, mail, rcpt, data, message' --quit-after lunch example.com
refused '--format xml: not one of text, ndjson, nagios' --format xml example.com
refused '--format nagios: not one of text, ndjson' explain --format nagios x
refused '--color blue: not one of auto, always, never' --color blue example.com
refused '--stage lunch: not one of connect, greeting, ehlo, starttls, handshake, ehlo-tls, auth, mail, rcpt, data, message, quit' explain --stage lunch x
refused '--completion fish: not one of bash, zsh' help --completion fish
refused "--from nobody: not a mail address: no '@'" --from nobody example.com
refused '--from a\x0db@example.com: not a mail address: a control byte' --from "$cr@example.com" example.com
refused '--to user@a..b: not a mail address: the domain has an empty label' --to user@a..b
refused '--ehlo a\x0db: not a name: a space or a control character' --ehlo "$cr" example.com
refused '--helo two words: not a name: a space or a control character' --helo 'two words' example.com
refused '--ehlo [1.2.3.4: not an address literal' --ehlo '[1.2.3.4' example.com
refused '--header a\x0db: c: a control character' --header "$cr: c" example.com
refused '--header Subject: a\x0db: a control character' --header "Subject: $cr" example.com
refused '--header Subject: not a header line ("Name: value")' --header Subject example.com
refused '--header A b: c: not a header name before the colon' --header 'A b: c' example.com
refused '--server a\x0db: not HOST, HOST:PORT or [ADDRESS]:PORT: a control character' --server "$cr" example.com
refused '--server mx.example.com:70000: not HOST, HOST:PORT or [ADDRESS]:PORT: the port is not a number from 1 to 65535' --server mx.example.com:70000 example.com
refused '--mx a\x0db: not a name: a space or a control character' explain --mx "$cr" x
refused '--data @: no file is named' --data @ example.com
refused '--attach @: no file is named' --attach @ example.com
refused '--dnsbl-key: not ZONE=KEY' --dnsbl-key secret example.com
refused '--dnsbl-key: not ZONE=KEY' --dnsbl-key zen.spamhaus.org=two\ secrets example.com
refused '--spf example.com: not DOMAIN=RESULT' check dmarc --spf example.com
refused '--rules: needs a value (FILE)' --rules

# targets
refused 'no target (try "mxwalk help probe")' probe
refused 'no target (try "mxwalk help probe")' --json
refused '"": not a target: it is empty' probe ''
refused '"a\x0db": not a target: a control character' probe "$cr"
refused '"user@a\x0db": not a target: a control character' "user@$cr"
refused '"a..b": not a target: an empty label' a..b
refused "\"$(printf '%064d' 0).example\": not a target: a label is longer than 63 octets" "$(printf '%064d' 0).example"
refused "\"$(printf '%080d' 0)...\": not a target: a label is longer than 63 octets" "$long.example"
refused "\"$(printf '%.80s' "$longer")...\": not a target: the name is longer than 253 octets" "$longer"
refused '"[mx.example.com": not a target: expected [host] or [host]:port' '[mx.example.com'
refused '"[mx.example.com]:70000": not a target: the port is not a number from 1 to 65535' '[mx.example.com]:70000'
refused '-: not a target (--input - reads targets from standard input)' example.com -

# what does not go together
refused '--to: not with --input: a list is walked without recipients' --to user@example.com --input list
refused 'user@example.com: has a recipient of its own: --to has no place here' --to a@example.com user@example.com
refused 'standard input can be read only once (--input, --data, --body, --html, --attach, --auth-...)' --input - --data -
refused 'standard input can be read only once (--input, --data, --body, --html, --attach, --auth-...)' --data - --attach - example.com
refused 'a signature needs both --dkim-key and --dkim-selector' --dkim-key file example.com
refused 'a signature needs both --dkim-key and --dkim-selector' self --dkim-key a --dkim-selector a --dkim-key b
refused '--source 2001:db8::1: not an IPv4 address, and -4 asks for these only' -4 --source 2001:db8::1 example.com
refused '--source 192.0.2.1: not an IPv6 address, and -6 asks for these only' -6 --source 192.0.2.1 example.com
refused 'example.com: "self" takes no such argument' self example.com
refused 'probe: "version" takes no such argument' version probe
refused 'check: needs an argument: EVALUATOR [OPTION...] [ARGUMENT...]' check --json

out=$("$MXWALK" 2>"$dir/err" </dev/null)
is 'no arguments: status 64, usage on standard error' "64||usage: mxwalk [OPTION...] TARGET..." "$?|$out|$(sed -n 1p "$dir/err")"

"$MXWALK" --source "$long" example.com 2>"$dir/err" </dev/null
is 'a long value is cut short' "mxwalk: --source $(printf '%080d' 0)...: not an IP address" "$(cat "$dir/err")"

"$MXWALK" --dnsbl-key 'zone.example= k3y' example.com 2>"$dir/err" </dev/null
! grep -q k3y "$dir/err"
ok 'a key is not shown'

# ---- what is taken
taken probe -46v -p25 -p 25 --port=25 --port 25 --no-all --all --dnsbl --no-dnsbl --no-tls --tls --no-ipv4
taken --timeout 500ms --timeout 30s --timeout 5m --timeout 2h --timeout 30 --timeout rfc --timeout-connect=10ms
taken -f '<>' -f '<me@example.com>' -f me@example.com --from 'me@müller.example' --from '"a b"@example.com' --from 'me@[192.0.2.1]'
taken -H mail.example.com -H localhost --helo '[192.0.2.1]' --ehlo '[IPv6:2001:db8::1]' --ehlo müller.example
taken -s mx.example.com -s mx.example.com:25 -s 2001:db8::1 -s '[2001:db8::1]:25' --server=192.0.2.1
taken --source 192.0.2.1 --local-interface 2001:db8::1 --public-ip 192.0.2.1
taken --nameserver 127.0.0.1 --nameserver 127.0.0.1:5300 --nameserver ::1 --nameserver '[::1]:53'
taken --quit-after banner --quit-after helo --quit-after tls --quit-after message
taken --body '' --body @file --body @@text --body - --data 'A: b\n\n--port' --attach @file --attach -file
taken --tls-ca-path dir --tls-ca file --header 'Subject: a value: with colons' --header X-Empty:
taken --dkim-key a --dkim-selector s --dkim-key b --dkim-selector s --dkim-domain example.com
taken explain --rules file --list-rules --stage banner --ip 192.0.2.1 --source ::1 -i -
taken check --helo x --ehlo 'anything goes' --from 'no address' --selector s --domain d --dkim-key f
taken check dmarc --spf example.com=PASS --dkim d.example=fail
taken lab --port 1 -p 65535 --log x --list --no-list

"$MXWALK" lab -- "$MXWALK" --frobnicate 2>"$dir/err" >/dev/null </dev/null
st=$?
if grep -q 'lab: not built yet' "$dir/err"; then
	skip 'what follows -- is not for lab' 'there is no lab'
	skip 'the first argument ends the options of lab' 'there is no lab'
else
	grep -q -e '--frobnicate: no such option' "$dir/err" && [ $st -eq 64 ]
	ok 'what follows -- is not for lab'
	"$MXWALK" lab "$MXWALK" --frobnicate 2>"$dir/err" >/dev/null </dev/null
	[ $? -eq 64 ] && grep -q -e '--frobnicate: no such option' "$dir/err"
	ok 'the first argument ends the options of lab'
fi

# ---- configuration files. The record of a run says what is in force.
: >"$dir/book"

# force WANTED ARGUMENT...: "options" of the run record, as one line; answers of an empty book, so that nobody is asked.
force() {
	name=$1 want=$2
	shift 2
	got=$("$MXWALK" probe --json --dns-replay "$dir/book" "$@" x.example 2>"$dir/err" </dev/null | sed -n 's/.*"type":"run".*"options":\[\([^]]*\)\].*/\1/p')
	if grep -q 'probe: not built yet' "$dir/err"; then
		skip "$name" 'there is no probe'
	else
		is "$name" "$want" "$(printf '%s' "$got" | sed "s#\"dns-replay=$dir/book\",*##; s/\"json\",*//; s/,\$//")"
	fi
}

cat >"$dir/one.conf" <<'END'
# a comment
port 2525

  --concurrency = 7
source=127.0.0.1
all
tls
summary
dns-port 5353
header X-One: 1 # not a comment
END
printf 'port=26\r\nno-all\r\nsource 127.0.0.9' >"$dir/two.conf"
force 'a file is read' '"port=2525","concurrency=7","source=127.0.0.1","all","tls","header=X-One: 1 # not a comment"' --config "$dir/one.conf"
force 'the command line wins, wherever it stands' '"port=25","source=127.0.0.2","source=127.0.0.3","no-tls","concurrency=7","all","header=X-One: 1 # not a comment"' \
	--port 25 --source 127.0.0.2 --source 127.0.0.3 --no-tls --config "$dir/one.conf"
force 'a later file wins' '"concurrency=7","tls","header=X-One: 1 # not a comment","port=26","no-all","source=127.0.0.9"' --config "$dir/one.conf" --config "$dir/two.conf"
MXWALK_CONFIG=$dir/one.conf
export MXWALK_CONFIG
force '--config wins over $MXWALK_CONFIG' '"port=26","no-all","source=127.0.0.9","concurrency=7","tls","header=X-One: 1 # not a comment"' --config "$dir/two.conf"
MXWALK_CONFIG=
force 'an empty $MXWALK_CONFIG is none' '"port=26"' -p 26
unset MXWALK_CONFIG
force 'a key is not in the record' '"dnsbl-key=..."' --dnsbl-key zen.spamhaus.org=k3y

# broken LINE WORDS: line 2 of a file.
broken() {
	printf '# one\n%s\n' "$1" >"$dir/broken.conf"
	refused "$dir/broken.conf:2: $2" --config "$dir/broken.conf" example.com
}
broken 'port 70000' 'port 70000: not a port (1 to 65535)'
broken 'port=' 'port: the value is empty'
broken 'port' 'port: needs a value (PORT)'
broken 'all yes' 'all: takes no value'
broken '  frobnicate=1' 'frobnicate: no such option'
broken '=1' ': no such option'
broken 'config other' 'config: has no place in a file'
broken 'help' 'help: has no place in a file'
broken "helo $cr" 'helo a\x0db: not a name: a space or a control character'
refused "$dir/none: cannot be read: No such file or directory" --config "$dir/none" example.com
refused "$dir: cannot be read: Is a directory" --config "$dir" example.com
printf 'all\0' >"$dir/nul.conf"
refused "$dir/nul.conf: holds a NUL byte: not a configuration file" --config "$dir/nul.conf" example.com
refused '/dev/zero: larger than 1048576 octets' --config /dev/zero example.com
MXWALK_CONFIG=$dir/broken.conf
export MXWALK_CONFIG
refused "$dir/broken.conf:2: helo a\\x0db: not a name: a space or a control character" example.com
"$MXWALK" help >/dev/null 2>&1
ok 'help does not read $MXWALK_CONFIG'
"$MXWALK" probe --help >/dev/null 2>&1
ok '--help does not read $MXWALK_CONFIG'
unset MXWALK_CONFIG

# ---- output that goes nowhere
"$MXWALK" help >&- 2>"$dir/err"
is 'closed standard output' '74|mxwalk: standard output: Bad file descriptor' "$?|$(cat "$dir/err")"
if [ -c /dev/full ]; then
	"$MXWALK" help >/dev/full 2>"$dir/err"
	is 'full disk' '74|mxwalk: standard output: No space left on device' "$?|$(cat "$dir/err")"
else
	skip 'full disk' 'there is no /dev/full'
fi
"$MXWALK" help 2>&- >"$dir/out" <&- && [ -s "$dir/out" ]
ok 'closed standard input and standard error do no harm'
mkfifo "$dir/pipe"
(exec <"$dir/pipe") &
{ sleep 1; "$MXWALK" help; echo $? >"$dir/status"; } >"$dir/pipe" 2>"$dir/err"
wait
is 'a reader that went away' '74|mxwalk: standard output: Broken pipe' "$(cat "$dir/status")|$(cat "$dir/err")"

# ---- help
"$MXWALK" help --options >"$dir/table" && [ -s "$dir/table" ]
ok 'help --options'
for command in $(cut -f 1 "$dir/table" | sort -u); do
	"$MXWALK" "$command" --help >"$dir/help" 2>"$dir/err" && [ ! -s "$dir/err" ]
	ok "$command --help"
	awk -F '\t' -v c="$command" '$1 == c { print $2 }' "$dir/table" | while read -r name; do
		grep -q -e "^ .*$name\\( \\|,\\|\$\\)" "$dir/help" || note "not in \"$command --help\": $name"
	done >"$dir/missing"
	cat "$dir/missing"
	[ ! -s "$dir/missing" ]
	ok "$command --help names every option"
	[ "$(awk 'length > 80' "$dir/help")" = '' ]
	ok "$command --help is 80 columns wide"
	"$MXWALK" help "$command" | cmp -s - "$dir/help"
	ok "help $command is the same"
done
"$MXWALK" help lunch >/dev/null 2>"$dir/err"
is 'help for what is no command' '64|mxwalk: help: lunch: no such command' "$?|$(cat "$dir/err")"
"$MXWALK" --version | grep -q '^mxwalk [0-9]'
ok '--version'
[ "$("$MXWALK" --version)" = "$("$MXWALK" version)" ]
ok 'version is the same'

# ---- the manual says what the table says
# Commands may have a page of their own (man/mxwalk-COMMAND.1); their options need not stand in mxwalk.1.
man=$dir/man
cat "$TOP"/man/mxwalk.1 "$TOP"/man/mxwalk-*.1 >"$man"
own=$(ls "$TOP/man" | sed -n 's/^mxwalk-\([a-z]*\)\.1$/\1/p' | tr '\n' '|')diff
cut -f 2 "$dir/table" | sort -u >"$dir/in.table"
grep -o 'Fl -[a-z0-9][a-z0-9-]*' "$man" | sed 's/^Fl -/--/' | sort -u >"$dir/in.man"
comm -23 "$dir/in.table" "$dir/in.man" | sed 's/^/# not in the manual: /' >"$dir/missing"
comm -13 "$dir/in.table" "$dir/in.man" | sed 's/^/# in the manual, but no option: /' >>"$dir/missing"
cat "$dir/missing"
[ ! -s "$dir/missing" ] && [ -s "$dir/in.man" ]
ok 'the manual has every option, and no other'
grep '^\.It Fl' "$man" >"$dir/items"
while IFS="$(printf '\t')" read -r command name letter value first many; do
	long=${name#--}
	grep -q "Fl -$long\\( \\|\$\\)" "$dir/items" || note "no paragraph for $name"
	[ "$letter" = - ] || grep -q "^\\.It.*Fl ${letter#-} .*Fl -${first#--}\\( \\|\$\\)" "$dir/items" || note "$letter is not given with $first"
	[ "$value" != - ] || ! grep -q "Fl -$long Ar" "$dir/items" || note "$name takes no value ($command)"
done <"$dir/table" >"$dir/missing"
cat "$dir/missing"
[ ! -s "$dir/missing" ]
ok 'every option has its paragraph, with its letter'
# The words in brackets behind an option: its commands, and "repeatable".
while IFS= read -r item; do
	names=$(printf '%s\n' "$item" | grep -o 'Fl -[a-z0-9][a-z0-9-]*' | sed 's/^Fl //; s/^/-/')
	said=$(printf '%s\n' "$item" | sed -n 's/.* Pq //p' | sed 's/all but help and version/probe, self, explain, check, lab/')
	for name in $names; do
		awk -F '\t' -v n="$name" '$2 == n' "$dir/table"
	done >"$dir/rows"
	many=$(grep -c '\*$' "$dir/rows")
	case $said in
	*repeatable) [ "$many" -gt 0 ] || note "not repeatable: $item" ;;
	*) [ "$many" -eq 0 ] || note "repeatable: $item" ;;
	esac
	said=$(printf '%s\n' "$said" | sed 's/;* *repeatable//; s/, */\n/g' | sort)
	for name in $names; do # each of them, in each of these
		[ -z "$said" ] || [ "$said" = "$(awk -F '\t' -v n="$name" '$2 == n' "$dir/table" | cut -f 1 | grep -vEx "$own" | sort -u)" ] || note "other commands take $name: $item"
	done
done <"$dir/items" >"$dir/missing"
cat "$dir/missing"
[ ! -s "$dir/missing" ]
ok 'the manual says of which commands an option is, and whether it is repeatable'
awk -F '\t' '{ print $1, $2 }' "$dir/table" | sort | uniq -d >"$dir/missing"
sed 's/^/# twice: /' "$dir/missing"
[ ! -s "$dir/missing" ]
ok 'no name means two things in one command'
awk -F '\t' '$3 != "-" { print $1, $3, $5 }' "$dir/table" | sort -u | awk '{ print $1, $2 }' | uniq -d >"$dir/missing"
sed 's/^/# twice: /' "$dir/missing"
[ ! -s "$dir/missing" ]
ok 'no letter means two things in one command'

# ---- completions
for shell in bash zsh; do
	file=$TOP/completions/mxwalk
	[ $shell = bash ] || file=$TOP/completions/_mxwalk
	"$MXWALK" help --completion $shell | cmp - "$file" >"$dir/err" 2>&1
	st=$?
	note "$(cat "$dir/err")" | grep -v '^# $'
	[ $st -eq 0 ]
	ok "the completion for $shell is up to date (else: make update-completions)"
	if command -v $shell >/dev/null; then
		$shell -n "$file"
		ok "$shell can read it"
	else
		skip "$shell can read it" "there is no $shell"
	fi
done

# completes NAME WANTED WORD...: what bash offers for the last word.
completes() {
	name=$1 want=$2
	shift 2
	is "bash completes: $name" "$want" "$(bash -c '. "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _mxwalk; echo "${COMPREPLY[*]}"' "$TOP/completions/mxwalk" "$@" 2>/dev/null)"
}
if command -v bash >/dev/null; then
	completes 'commands' 'probe self explain check report diff preflight isolate lab help version' mxwalk ''
	completes 'options' '--quit-after --quiet' mxwalk --qui
	completes 'options of a command' '--list --log' mxwalk lab --l
	completes 'words' 'ndjson nagios' mxwalk probe --format n
	completes 'words of another command' 'ndjson' mxwalk explain --format n
	completes 'words behind =' 'mail message' mxwalk --quit-after = m
	completes 'evaluators' 'spf' mxwalk check s
	completes 'evaluators behind options' 'spf' mxwalk -v --json check s
	completes 'commands behind options' 'check' mxwalk -v ch
	completes 'files' "$dir/one.conf" mxwalk --config "$dir/on"
	completes 'files behind @' "@$dir/one.conf" mxwalk --body "@$dir/on"
fi

tap_done
