#!/bin/sh
# NSD, Unbound and rbldnsd, in a network namespace of their own, so that they have port 53 and nothing leaves this machine.
. "${TOP:?}/tests/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip_all "a network namespace and port 53 are root's"
for program in nsd unbound rbldnsd python3; do
	command -v "$program" >/dev/null || skip_all "no $program here"
done
unshare --net --mount true 2>/dev/null || skip_all "no network namespaces here"
unset MXWALK_CONFIG
exec unshare --net --mount sh -c '
	ip link set lo up 2>/dev/null || ifconfig lo up
	exec "${PYTHON:-python3}" "$1/dns_servers.py"
' dns_servers "$here"
