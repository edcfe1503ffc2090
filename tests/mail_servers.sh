#!/bin/sh
# Real Exim and OpenSMTPD. Debian's packages of them exclude Postfix, so they are not installed: they are fetched, unpacked under the build folder and run from there, in a namespace of their own, with the lab's DNS on port 53.
# Without a network they are left out; with CI set, only a network that is not there excuses that.
. "${TOP:?}/tests/tap.sh"
here=$(cd "$(dirname "$0")" && pwd)
PATH=$PATH:/usr/sbin:/sbin
[ "$(id -u)" = 0 ] || skip_all "a namespace and mail servers are root's"
for program in apt-get dpkg swaks openssl python3; do
	command -v "$program" >/dev/null || skip_all "no $program here"
done
unshare --net --mount true 2>/dev/null || skip_all "no network namespaces here"
unpacked=$PWD/tests/mail-servers
case $unpacked in
/var/lib/* | /var/spool/* | /run/*) skip_all "the build folder is where the servers' own folders are put: $unpacked" ;;
esac

# fetch PACKAGE: it and what it needs that is not installed, into $unpacked/PACKAGE
fetch() {
	[ ! -e "$unpacked/$1/done" ] || return 0
	rm -rf "$unpacked/$1" && mkdir -p "$unpacked/$1/debs" || return 1
	(
		cd "$unpacked/$1/debs" || exit
		needs=$(apt-get -q -y --print-uris --no-install-recommends install "$1" 2>/dev/null | sed -n "s/^'[^']*' \([^_]*\)_.*/\1/p" | grep -vx "$1")
		# shellcheck disable=SC2086
		apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=2 -o Acquire::http::Timeout=10 download "$1" $needs || exit
		for deb in *.deb; do
			dpkg -x "$deb" .. || exit
		done
	) >"$unpacked/$1.log" 2>&1 && touch "$unpacked/$1/done"
}
for package in exim4-daemon-light opensmtpd; do
	fetch "$package" || { [ -n "${CI-}" ] && apt-get -q update >/dev/null 2>&1 && fetch "$package"; } || {
		why=$(grep -E '^(E|W|Err)' "$unpacked/$package.log" | tail -n 1)
		[ -z "${CI-}" ] || grep -qE 'resolv|onnect|unreachable|timed out' "$unpacked/$package.log" || {
			echo "Bail out! $package could not be fetched: $why"
			exit 1
		}
		skip_all "$package could not be fetched: $why"
	}
done

exec unshare --net --mount sh -c '
	set -e
	unpacked=$1 here=$2
	ip link set lo up 2>/dev/null || ifconfig lo up
	# The folders and users that are built into the servers, seen only in here.
	resolv=$(readlink -m /etc/resolv.conf)
	for folder in /run /var/spool /var/lib; do mount -t tmpfs tmpfs "$folder"; done
	mount --bind "$unpacked/opensmtpd/usr/libexec" /usr/libexec
	mkdir -p /var/lib/opensmtpd/empty /var/spool/smtpd /run/etc "$(dirname "$resolv")"
	chmod 711 /var/lib/opensmtpd/empty /var/spool/smtpd
	echo "nameserver 127.0.0.1" >/run/etc/resolv.conf
	grep -vE "^(Debian-exim|opensmtpd|opensmtpq|user):" /etc/passwd >/run/etc/passwd
	grep -vE "^(Debian-exim|opensmtpd|opensmtpq|user):" /etc/group >/run/etc/group
	id=64100
	for name in Debian-exim opensmtpd opensmtpq user; do
		id=$((id + 1))
		echo "$name:x:$id:$id::/var/lib/opensmtpd/empty:/bin/false" >>/run/etc/passwd
		echo "$name:x:$id:" >>/run/etc/group
	done
	mount --bind /run/etc/passwd /etc/passwd
	mount --bind /run/etc/group /etc/group
	[ -e "$resolv" ] || : >"$resolv"
	mount --bind /run/etc/resolv.conf "$resolv"
	export UNPACKED="$unpacked"
	exec "$MXWALK" lab --dns-port 53 -- "${PYTHON:-python3}" "$here/mail_servers_walks.py"
' mail_servers "$unpacked" "$here"
