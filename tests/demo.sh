#!/bin/sh
# demo.sh MXWALK: the main job, shown: the same domain from two addresses, refusals at other stages, what is no refusal, and a list. Runs in the lab.
set -eu
mxwalk=$1
[ -n "${MXWALK_CONFIG:-}" ] || exec "$mxwalk" lab -- sh "$0" "$mxwalk"
show() {
	printf '\n$ mxwalk %s\n' "$*"
	"$mxwalk" "$@" || true
}
echo '# The same domain, from two addresses: 220 to the one, 554 to the other.'
show --source 127.0.1.1 greeting-554.lab.example
show --source 127.0.1.2 greeting-554.lab.example
echo
echo '# Refused later, and for other reasons.'
show user@rcpt-554-dnsbl-claim.lab.example --source 127.0.1.1
show user@message-554-spam.lab.example
show greeting-554-no-ptr.lab.example --source 127.0.1.3
show greeting-554-unknown.lab.example --source 127.0.1.1
echo
echo '# What is no refusal must not look like one.'
show mx-null.lab.example mx-nxdomain.lab.example mx-servfail.lab.example mx-dead-first.lab.example drop-ehlo.lab.example
