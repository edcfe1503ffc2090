#!/bin/sh
# The manual: that mandoc finds nothing wrong with it, that pages and schema name the same things, that the schema takes right records and no wrong ones.
set -u
: "${TOP:=.}"
TOP=$(cd "$TOP" && pwd)
dir=$(mktemp -d) || exit 99
trap 'rm -rf "$dir"' EXIT
n=0

ok() {
	if [ "$?" -eq 0 ]; then r=ok; else r='not ok'; fi
	n=$((n + 1))
	printf '%s\n' "$r $n - $1"
}

skip() {
	n=$((n + 1))
	printf '%s\n' "ok $n - $1 # SKIP $2"
}

# same NAME FILE FILE
same() {
	if diff "$2" "$3" >"$dir/diff"; then true; else sed 's/^/# /' "$dir/diff" && false; fi
	ok "$1"
}

# ---- mandoc
for page in "$TOP"/man/*.[1-9]; do
	if command -v mandoc >/dev/null; then
		mandoc -T lint -W warning "$page" >"$dir/lint" 2>&1
		st=$?
		sed 's/^/# /' "$dir/lint"
		[ $st -eq 0 ] && [ ! -s "$dir/lint" ]
		ok "mandoc has nothing against ${page##*/}"
	else
		skip "mandoc has nothing against ${page##*/}" 'there is no mandoc'
	fi
done

# ---- pages and sources name the same things
# words FILE NAME: the names that a closed set has in mxwalk.1, by the width of its list.
words() {
	awk -v start="$1" '$0 == start { on = 1; next } on && $1 == ".El" { exit } on && $1 == ".It" { sub(/^\.It Cm /, ""); gsub(/ , /, "\n"); print }' "$TOP/man/mxwalk.1" | sort
}
man1_causes() { words '.Bl -tag -width receiver-misconfigured -compact'; }
man1_statuses() { words '.Bl -tag -width undeliverable'; }
man1_bases() { words '.Bl -tag -width contradicted'; }

schema=$TOP/man/mxwalk-record.schema.json
if command -v python3 >/dev/null; then
	python3 - "$schema" "$dir" <<'END'
import json, sys
schema, out = json.load(open(sys.argv[1])), sys.argv[2]
names = set()
def walk(x):
    if isinstance(x, dict):
        if isinstance(x.get('properties'), dict):
            names.update(x['properties'])
        for v in x.values():
            walk(v)
    elif isinstance(x, list):
        for v in x:
            walk(v)
walk(schema)
def write(name, words):
    open(f'{out}/{name}', 'w').write(''.join(w + '\n' for w in sorted(words)))
write('schema.fields', names)
for name in ('cause', 'status', 'basis', 'stage'):
    write('schema.' + name, schema['$defs'][name]['enum'])
END
	ok 'the schema is JSON'
	LC_ALL=C
	export LC_ALL
	sort -o "$dir/schema.fields" "$dir/schema.fields"
	# A field: a word of .Va or .It Va that is a name.
	grep -o 'Va [a-z][a-z0-9_ ,-]*' "$TOP/man/mxwalk-ndjson.5" | sed 's/^Va //; s/[ ,][ ,]*/\n/g' | grep -v '^$' | sort -u >"$dir/man.fields"
	same 'mxwalk-ndjson(5) names the fields of the schema, and no others' "$dir/schema.fields" "$dir/man.fields"
	for set in cause status basis; do
		case $set in
		cause) man1_causes ;;
		status) man1_statuses ;;
		basis) man1_bases ;;
		esac >"$dir/man.$set"
		same "mxwalk(1) and the schema agree on every $set" "$dir/schema.$set" "$dir/man.$set"
	done
else
	skip 'mxwalk-ndjson(5) names the fields of the schema, and no others' 'there is no python3'
fi

# ---- the schema takes right records and no wrong ones
if ! command -v python3 >/dev/null || ! python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2>/dev/null; then
	skip 'the schema takes right records and no wrong ones' 'there is no python3-jsonschema that knows draft 2020-12'
else
	python3 "$TOP/tests/schema.py" "$schema" >"$dir/out" 2>&1
	st=$?
	sed 's/^/# /' "$dir/out"
	[ $st -eq 0 ]
	ok 'the schema takes right records and no wrong ones'
fi

echo "1..$n"
