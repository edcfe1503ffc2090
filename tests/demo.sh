#!/bin/sh
# demo.sh MXWALK: the main job, shown: the same domain from two addresses, then refusals at every stage. Runs in the lab.
set -eu
mxwalk=$1
[ -n "${MXWALK_LAB:-}" ] || MXWALK_LAB=1 exec "$mxwalk" lab -- sh "$0" "$mxwalk"
show() {
	printf '\n$ mxwalk %s\n' "$*"
	"$mxwalk" "$@" || true
}
show probe --source 127.0.1.1 greeting-554.lab.example
show probe --source 127.0.1.2 greeting-554.lab.example
show probe accept.lab.example rcpt-554-dnsbl.lab.example
show probe null-mx.lab.example nxdomain.lab.example servfail.lab.example
