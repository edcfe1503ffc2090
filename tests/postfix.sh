#!/bin/sh
# A real Postfix, in a network namespace of its own, so that its look-ups go to the lab's DNS on port 53 and nothing leaves this machine.
. "${TOP:?}/tests/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || skip_all "Postfix can only be started by root"
command -v postfix >/dev/null || [ -x /usr/sbin/postfix ] || skip_all "no postfix here"
command -v swaks >/dev/null || skip_all "no swaks here"
unshare --net --mount true 2>/dev/null || skip_all "no network namespaces here"
exec unshare --net --mount sh -c '
	ip link set lo up 2>/dev/null || ifconfig lo up
	echo "nameserver 127.0.0.1" > "$1" && mount --bind "$1" "$(readlink -f /etc/resolv.conf)" && rm -f "$1"
	exec "$MXWALK" lab --dns-port 53 -- "${PYTHON:-python3}" "$2/postfix.py"
' postfix "$(mktemp)" "$here"
