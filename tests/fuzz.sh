#!/bin/sh
# Each real fuzzer for some seconds (FUZZ_SECONDS), from its corpus. The seed is fixed, so that one
# tree has one answer; FUZZ_SEED=0 takes another each time. What it finds is left in ./fuzz-found.
: "${FUZZ_TARGETS:?}" "${TOP:?}"
n=0 bad=0
scratch=$(mktemp -d) || exit 99
trap 'rm -rf "$scratch"' EXIT
mkdir -p fuzz-found
for target in $FUZZ_TARGETS; do
	n=$((n + 1))
	name=${target#fuzz/}
	mkdir "$scratch/$name"
	if "./$target" -seed="${FUZZ_SEED:-1}" -max_total_time="${FUZZ_SECONDS:-5}" -rss_limit_mb=2048 -timeout=20 \
		-artifact_prefix="fuzz-found/$name-" -verbosity=0 -print_final_stats=1 \
		"$scratch/$name" "$TOP/fuzz/corpus/$name" >"$scratch/out" 2>&1; then
		echo "ok $n - $target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$scratch/out") inputs"
	else
		echo "not ok $n - $target"
		tail -n 40 "$scratch/out" | sed 's/^/# /'
		bad=1
	fi
done
echo "1..$n"
exit $bad
