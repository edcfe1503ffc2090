#!/bin/sh
# Each real fuzzer for FUZZ_RUNS inputs, from its corpus. The seed and the number are fixed, so that one
# tree has one answer, whatever the machine does beside it. To look for more: FUZZ_SECONDS=600 FUZZ_SEED=0
# (by time, and another seed each time). What is found is left in ./fuzz-found.
: "${FUZZ_TARGETS:?}" "${TOP:?}"
. "$TOP/tests/tap.sh"
tap_folder
mkdir -p fuzz-found
for target in $FUZZ_TARGETS; do
	name=${target#fuzz/}
	mkdir "$dir/$name"
	case $name in
	report) runs=1500 ;; # an input is a run of records through every format
	book | bounce | logline | records | rules) runs=5000 ;;
	*) runs=20000 ;;
	esac
	limit=-runs=${FUZZ_RUNS:-$runs}
	[ -z "${FUZZ_SECONDS:-}" ] || limit=-max_total_time=$FUZZ_SECONDS
	"./$target" -seed="${FUZZ_SEED:-1}" "$limit" -rss_limit_mb=2048 -timeout=20 \
		-artifact_prefix="fuzz-found/$name-" -verbosity=0 -print_final_stats=1 \
		"$dir/$name" "$TOP/fuzz/corpus/$name" >"$dir/out" 2>&1 || {
		note_file "$dir/out"
		false
	}
	ok "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/out") inputs"
done
tap_done
