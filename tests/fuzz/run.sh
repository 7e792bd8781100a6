#!/bin/bash
# Runs each fuzz target on its committed corpus for some seconds. What it finds is written to build/fuzz/found.
#
# usage: tests/fuzz/run.sh [SECONDS] [TARGET...]     10 seconds and all targets where nothing is said
# Needs: cmake --preset fuzz && cmake --build build/fuzz
set -u
cd "$(dirname "$0")/../.." || exit 2
seconds=${1:-10}
[ $# -eq 0 ] || shift
built=build/fuzz/tests/fuzz
found=build/fuzz/found
mkdir -p "$found"

targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
	for source in tests/fuzz/fuzz_*.c; do
		[ -e "$source" ] && targets+=("$(basename "$source" .c)")
	done
fi

status=0
for target in "${targets[@]}"; do
	corpus=tests/fuzz/corpus/${target#fuzz_}
	log=$found/$target.log
	new=$(mktemp -d "$found/$target.XXXXXX")
	if [ ! -d "$corpus" ]; then
		echo "$target: tests/fuzz/corpus/${target#fuzz_} is missing: a target starts from real inputs"
		status=1
	elif ! "$built/$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -print_final_stats=1 \
		-artifact_prefix="$found/$target-" "$new" "$corpus" >"$log" 2>&1 </dev/null; then
		echo "$target: failed; from $log:"
		grep -m 1 -A 30 -E '^(==.*ERROR|.*runtime error)' "$log" || tail -n 40 "$log"
		grep '^artifact_prefix' "$log"
		status=1
	else
		echo "$target: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") inputs, nothing found"
	fi
	rm -rf "$new"
done
exit $status
