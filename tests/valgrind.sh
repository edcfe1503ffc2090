#!/bin/sh
# One walk to the end under TLS, one refused greeting and one list under valgrind: no error, no leak.
if [ -z "${MXWALK_CONFIG:-}" ]; then
	exec "$MXWALK" lab -- sh "$0"
fi
. "${TOP:?}/tests/tap.sh"
tap_folder
command -v valgrind >/dev/null || skip_all 'no valgrind here'
log=$dir/log
try() { # try NAME STATUS ARGUMENTS
	name=$1 want=$2
	shift 2
	valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect --log-file="$log" "$MXWALK" "$@" >/dev/null 2>&1
	status=$?
	[ "$status" = "$want" ] && [ ! -s "$log" ] || {
		note "status $status, not $want"
		note_file "$log"
		false
	}
	ok "$name"
}
try 'a walk to the end, under TLS' 0 --json user@accept.lab.example
try 'a refused greeting, and why' 1 -v greeting-554.lab.example
try 'several at once: a dead first MX, a reset, a broken handshake' 3 --json mx-dead-first.lab.example reset-ehlo.lab.example handshake-alert.lab.example
try 'a reply explained' 0 explain '554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using zen.spamhaus.org'
try 'SPF checked' 0 check spf --ip 127.0.1.1 --from me@clean.sender.example --helo clean.sender.example
tap_done
