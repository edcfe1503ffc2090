#!/bin/sh
# Each real fuzzer for some seconds (FUZZ_SECONDS), from its corpus. The seed is fixed, so that one
# tree has one answer; FUZZ_SEED=0 takes another each time. What it finds is left in ./fuzz-found.
: "${FUZZ_TARGETS:?}" "${TOP:?}"
. "$TOP/tests/tap.sh"
tap_folder
mkdir -p fuzz-found
for target in $FUZZ_TARGETS; do
	name=${target#fuzz/}
	mkdir "$dir/$name"
	"./$target" -seed="${FUZZ_SEED:-1}" -max_total_time="${FUZZ_SECONDS:-5}" -rss_limit_mb=2048 -timeout=20 \
		-artifact_prefix="fuzz-found/$name-" -verbosity=0 -print_final_stats=1 \
		"$dir/$name" "$TOP/fuzz/corpus/$name" >"$dir/out" 2>&1 || {
		note_file "$dir/out"
		false
	}
	ok "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/out") inputs"
done
tap_done
