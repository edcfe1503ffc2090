#!/bin/sh
# One walk to the end under TLS, one refused greeting and one list under valgrind: no error, no leak.
command -v valgrind >/dev/null || { echo '1..0 # SKIP no valgrind here'; exit 0; }
if [ -z "${MXWALK_CONFIG:-}" ]; then
	exec "$MXWALK" lab -- sh "$0"
fi
log=$(mktemp)
trap 'rm -f "$log"' EXIT
n=0 bad=0
try() { # try NAME STATUS ARGUMENTS
	name=$1 want=$2
	shift 2
	n=$((n + 1))
	valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect --log-file="$log" "$MXWALK" "$@" >/dev/null 2>&1
	status=$?
	if [ "$status" = "$want" ] && [ ! -s "$log" ]; then
		echo "ok $n - $name"
	else
		echo "not ok $n - $name"
		echo "# status $status, not $want"
		sed 's/^/# /' "$log" | head -n 40
		bad=1
	fi
}
try 'a walk to the end, under TLS' 0 --json user@accept.lab.example
try 'a refused greeting, and why' 1 -v greeting-554.lab.example
try 'several at once: a dead first MX, a reset, a broken handshake' 3 --json mx-dead-first.lab.example reset-ehlo.lab.example handshake-alert.lab.example
try 'a reply explained' 0 explain '554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org'
try 'SPF checked' 0 check spf --ip 127.0.1.1 --from me@clean.sender.example --helo clean.sender.example
echo "1..$n"
exit $bad
