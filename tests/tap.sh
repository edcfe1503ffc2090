# TAP for tests in sh. Source it: . "${TOP:?}/tests/tap.sh"; end with `tap_done`.
n=0 bad=0

# `$dir` is from now on a folder of the test's own, gone when it ends.
tap_folder() {
	dir=$(mktemp -d "${TMPDIR:-/tmp}/mxwalk-test.XXXXXX") || exit 99
	trap 'rm -rf "$dir"' EXIT
}

# ok NAME: the status of the last command decides. Failures explain themselves with `note`.
ok() {
	if [ "$?" -eq 0 ]; then r=ok; else r='not ok' bad=1; fi
	n=$((n + 1))
	printf '%s\n' "$r $n - $1"
}

# skip NAME WHY
skip() {
	n=$((n + 1))
	printf '%s\n' "ok $n - $1 # SKIP $2"
}

skip_all() {
	echo "1..0 # SKIP $*"
	exit 0
}

# note TEXT; note_file FILE: at most 40 lines
note() {
	printf '%s\n' "$1" | sed 's/^/# /'
}
note_file() {
	head -n 40 "$1" | sed 's/^/# /'
}

# is NAME WANTED GOT
is() {
	if [ "$2" = "$3" ]; then
		true
	else
		note "wanted: $2"
		note "got:    $3"
		false
	fi
	ok "$1"
}

tap_done() {
	echo "1..$n"
	exit $bad
}
