#!/bin/bash
# Installs what the tests need, builds, and runs them all; or only the tiers that are named.
set -u
cd "$(dirname "$0")/.." || exit 2
# shellcheck source=deploy/packages.sh
. deploy/packages.sh

usage() {
	cat <<'TEXT'
usage: tests/run.sh [--lint] [--unit] [--sanitize] [--integration] [--fuzz] [--bench] [--long]

Installs the test packages with apt where they are missing (Debian 12; root or sudo), builds and tests.
With no tier named, all of them run:

  --lint          layers, headers, sizes, format, scripts, documents
  --unit          unit and golden tests, debug build
  --sanitize      unit, golden and integration tests under ASan and UBSan; unit tests and what is concurrent under TSan
  --integration   the release program against real servers and hanging ones; rules, dashboards and drills
  --fuzz          each fuzz target for 10 seconds
  --bench         the benchmarks with few rounds; only a figure that is missed beyond any noise fails

  --long          fuzz for 60 seconds each, 100 rounds of whatever befalls a database, longer faults of logs and Loki,
                  each alert rule changed in all its parts, every drill and an hour of quiet, the newest Prometheus and
                  Alertmanager too, and the benchmarks in full
  --help

Full outputs are in build/results. The last line is `N passed, N failed, N skipped`; the exit code is 0 when none
failed. Everything that a run starts ends with it.
TEXT
}

tiers=() long=
for arg in "$@"; do
	case $arg in
	--lint | --unit | --sanitize | --integration | --fuzz | --bench) tiers+=("${arg#--}") ;;
	--long) long=1 ;;
	--help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
done
[ ${#tiers[@]} -gt 0 ] || tiers=(lint unit sanitize integration fuzz bench)

exec </dev/null
results=$PWD/build/results
rm -rf "$results"
mkdir -p "$results"
passed=0 failed=0 skipped=0
skips=() faults=() times=() wrapper=()

# Every process of this run carries this in its environment, so that none is overlooked at the end.
export VEDETTE_TEST_RUN="$$-$RANDOM"
export VEDETTE_LONG=$long LC_ALL=C.UTF-8 PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS="detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:log_path=$results/sanitizer"
export UBSAN_OPTIONS="print_stacktrace=1:log_path=$results/sanitizer"
export TSAN_OPTIONS="halt_on_error=0:second_deadlock_stack=1:log_path=$results/sanitizer"

ours() {
	env -u VEDETTE_TEST_RUN grep -lzxs "VEDETTE_TEST_RUN=$VEDETTE_TEST_RUN" /proc/[0-9]*/environ
}

# Ends what is left of the run; prints its command lines.
end_ours() {
	local file pid
	for file in $(ours); do
		pid=${file//[!0-9]/}
		echo "$pid $(cat "/proc/$pid/comm")"
		kill -KILL "$pid"
	done 2>/dev/null
}
trap 'end_ours >/dev/null; [ -z "${peers_build:-}" ] || kill -- "-$peers_build" 2>/dev/null' EXIT
trap 'echo "interrupted"; exit 130' INT TERM HUP

good() { passed=$((passed + 1)); }
bad() {
	failed=$((failed + 1))
	faults+=("$1")
	echo "FAILED $1"
}
skip() {
	skipped=$((skipped + 1))
	skips+=("$1")
}

# step NAME COMMAND...: runs it with its output in build/results/NAME.log; in the background, so that traps work.
step() {
	local name=$1
	shift
	"$@" >"$results/$name.log" 2>&1 &
	wait $!
}

# one NAME COMMAND...: a step that counts as one test.
one() {
	if step "$@"; then
		good
	else
		bad "$1"
		tail -n 60 "$results/$1.log"
	fi
}

# count NAME STATUS: adds up build/results/NAME.xml, which a runner that ended with STATUS wrote.
count() {
	local name=$1 status=$2 kind text before=$failed
	while IFS=$'\t' read -r kind text; do
		case $kind in
		passed) passed=$((passed + text)) ;;
		failed) bad "$name: $text" ;;
		skipped) skip "$name: $text" ;;
		esac
	done < <(/usr/bin/python3 tests/junit.py "$results/$name.xml")
	[ "$status" -eq 0 ] || [ "$failed" -gt "$before" ] || bad "$name: the runner itself ended with $status"
	[ "$failed" -eq "$before" ] || tail -n 150 "$results/$name.log"
}

# build PRESET: configures and builds it; what depends on it is not run otherwise.
build() {
	echo "  building $1"
	local werror=ON
	[ "$1" != fuzz ] || werror=OFF # clang warns of other things than gcc, which is the compiler that decides
	step "build-$1" sh -c "cmake --preset $1 -DVEDETTE_WERROR=$werror && cmake --build build/$1" && return 0
	bad "build $1"
	grep -E 'error|Error|FAILED|warning' "$results/build-$1.log" | head -n 40
	return 1
}

run_ctest() {
	local preset=$1
	step "ctest-$preset" "${wrapper[@]}" ctest --test-dir "build/$preset" --output-junit "$results/ctest-$preset.xml" \
		--output-on-failure --timeout 120 -j 2
	count "ctest-$preset" $?
}

# run_pytest PRESET NAME ARGUMENT...: with that preset's program. In front of it stands what $wrapper holds.
run_pytest() {
	local preset=$1 name=pytest-$1-$2
	shift 2
	VEDETTE=$PWD/build/$preset/vedette VEDETTE_PRESET=$preset step "$name" timeout -k 10 \
		"$([ "$long" ] && echo 5400 || echo 1800)" \
		"${wrapper[@]}" /usr/bin/python3 -m pytest -p no:cacheprovider -ra -q --durations 10 \
		--junitxml "$results/$name.xml" "$@"
	count "$name" $?
}

# These see the whole machine, or measure: nothing may run beside them.
alone=(tests/integration/test_containers.py tests/integration/test_memory.py)

# run_suite PRESET: most tests wait most of the time, so two run at once on each processor.
run_suite() {
	run_pytest "$1" alone "${alone[@]}"
	run_pytest "$1" suite -n $((2 * $(nproc))) "${alone[@]/#/--ignore=}" tests/integration tests/hang
}

tier_lint() {
	local lint
	build debug && build release || return
	for lint in tests/lint/*; do
		if [ -f "$lint" ] && [ -x "$lint" ]; then
			one "lint-$(basename "${lint%.*}")" "$lint"
		fi
	done
}

tier_unit() {
	build debug && run_ctest debug
}

# Tests of a server that could not be built are skipped; with CI=true they fail.
wait_for_peers() {
	[ -n "$peers_build" ] || return 0
	wait "$peers_build" || echo "not all servers of the tests could be built: see $results/build-peers.log"
	peers_build=
}

build_peers() {
	local name failed=0
	# shellcheck disable=SC2086
	for name in minio mc loki ${long:+prometheus promtool alertmanager amtool}; do
		tests/peers/go_build.sh "$name" || failed=1
	done
	return $failed
}

tier_sanitize() {
	wait_for_peers
	build debug || return # some tests read what its golden program wrote
	if build asan; then
		run_ctest asan
		run_suite asan
	fi
	# ThreadSanitizer needs its memory where address randomisation may have put something else
	setarch -R true 2>/dev/null && wrapper=(setarch -R)
	if build tsan; then
		run_ctest tsan
		run_pytest tsan suite tests/integration/test_concurrency.py \
			tests/integration/test_log_flow.py::test_scrapes_while_shipping \
			tests/integration/test_logs.py::test_{rotated_twice_while_loki_is_down,loki_killed_and_back}
	fi
	wrapper=()
}

# Each change of a rule is another run of all its tests: that is for --long.
run_rules() {
	local chosen=()
	[ -n "$long" ] || chosen=(-k "not noticed")
	run_pytest release rules -n 2 "${chosen[@]}" tests/rules
	run_pytest release dashboards -n 2 tests/dashboards
	run_pytest release drills -n 3 tests/drills
	[ -n "$long" ] || return 0
	VEDETTE_NEWER=1 run_pytest release rules-newer -n 2 -k "not noticed" tests/rules
	VEDETTE_NEWER=1 run_pytest release drills-newer -n 3 tests/drills
}

tier_integration() {
	wait_for_peers
	build debug && build release && run_suite release && run_rules
	sed -n '/what came of log lines/,/^[^|]/{/^|/s/^/  /p}' "$results/pytest-release-suite.log"
	sed -n '/which Meilisearch the tests ran against/,/^===/{/^[^=]/s/^/  Meilisearch: /p}' "$results/pytest-release-suite.log"
}

tier_fuzz() {
	local source
	build fuzz || return
	compgen -G 'tests/fuzz/fuzz_*.c' >/dev/null || { skip "fuzz: no targets" && return; }
	for source in tests/fuzz/fuzz_*.c; do
		one "$(basename "$source" .c)" tests/fuzz/run.sh "$([ "$long" ] && echo 60 || echo 10)" "$(basename "$source" .c)"
	done
}

tier_bench() {
	build release || return
	one bench-encode tests/bench/encode.sh ${long:+--full}
	one bench-scrape tests/bench/scrape.sh ${long:+--full}
	one bench-postgres tests/bench/postgres.sh ${long:+--full}
	one bench-containers tests/bench/containers.sh
	one bench-multiprocess tests/bench/multiprocess.sh ${long:+--full}
	one bench-logs tests/bench/logs.sh ${long:+--full}
	one bench-whole tests/bench/whole.sh ${long:+--full}
	[ -z "$long" ] || cat "$results"/bench-*.log
}

sanitizer_reports() {
	local report
	for report in "$results"/sanitizer.*; do
		[ -e "$report" ] || continue
		bad "$1: a sanitizer's report"
		head -n 60 "$report"
		mv "$report" "$results/reported-$(basename "$report")"
	done
}

# The programs of PostgreSQL are wanted, not a server that runs
no_main_cluster() {
	dpkg-query -W -f '${db:Status-Status}\n' postgresql-15 2>/dev/null | grep -qx installed && return
	[ "$(id -u)" -eq 0 ] || return 0
	mkdir -p /etc/postgresql-common
	[ -e /etc/postgresql-common/createcluster.conf ] ||
		echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
}

no_main_cluster
install_missing "${build_packages[@]}" "${run_packages[@]}" "${test_packages[@]}" "${database_packages[@]}"

# The real Loki and MinIO take a quarter of an hour the first time: they are built beside the first tiers.
peers_build=
case " ${tiers[*]} " in
*" integration "* | *" sanitize "*)
	export long
	export -f build_peers
	env -u VEDETTE_TEST_RUN setsid bash -c build_peers >"$results/build-peers.log" 2>&1 &
	peers_build=$!
	;;
esac

for tier in "${tiers[@]}"; do
	echo "== $tier"
	start=$(date +%s)
	before=$passed
	"tier_$tier"
	sanitizer_reports "$tier"
	left=$(end_ours)
	[ -z "$left" ] || bad "$tier: left processes behind: $left"
	seconds=$(($(date +%s) - start))
	echo "  $((passed - before)) passed"
	times+=("$(printf '%-12s %d:%02d min' "$tier" $((seconds / 60)) $((seconds % 60)))")
done

echo
printf 'skipped: %s\n' "${skips[@]+"${skips[@]}"}" | grep -v '^skipped: $'
printf 'failed: %s\n' "${faults[@]+"${faults[@]}"}" | grep -v '^failed: $'
printf '%s\n' "${times[@]}"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
