#!/bin/sh
# The published test suite of RFC 7208, through the program, where it is to be had.
shared=${TOP:-$(dirname "$0")/..}/../shared
suite=$shared/suites/spf/rfc7208-tests.yml
score=$shared/tools/score_spf.py
python=${PYTHON:-python3}
. "${TOP:?}/tests/tap.sh"
[ -r "$suite" ] && [ -r "$score" ] || skip_all "no SPF suite beside the source"
"$python" -c 'import yaml' 2>/dev/null || skip_all "no python3-yaml here"
out=$("$python" "$score" "${MXWALK:-./mxwalk}" "$suite" --show)
status=$?
echo "$out" | sed 's/^/# /'
[ $status = 0 ]
ok 'all tests of the suite'
tap_done
