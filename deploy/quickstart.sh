#!/bin/bash
# One command from a fresh Debian 12 to live numbers: installs, builds and runs the agent.
set -u
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=deploy/packages.sh
. deploy/packages.sh

usage() {
	cat <<'TEXT'
usage: deploy/quickstart.sh [--with-prometheus] [--once] [--port N] [--prometheus-port N]

Installs the packages that building needs (apt; root or sudo; only what is missing), builds the agent, runs it
on what it finds on this machine and prints where to look, with three lines to check. Ctrl-C ends it.

  --with-prometheus    also run Debian's Prometheus on it (unpacked below build/, installed nowhere)
  --once               end after printing instead of waiting for Ctrl-C
  --port N             the agent's port on 127.0.0.1 (19100)
  --prometheus-port N  Prometheus' port on 127.0.0.1 (9090)
TEXT
}

port=19100 prometheus_port=9090 with_prometheus='' once=''
while [ $# -gt 0 ]; do
	case $1 in
	--with-prometheus) with_prometheus=1 ;;
	--once) once=1 ;;
	--port) port=${2-} && shift ;;
	--prometheus-port) prometheus_port=${2-} && shift ;;
	--help) usage && exit 0 ;;
	*) usage >&2 && exit 2 ;;
	esac
	shift || break
done
for number in "$port" "$prometheus_port"; do
	[[ $number =~ ^[0-9]{1,5}$ ]] || fail "a port is a number: --port 19100"
done

state=$PWD/build/quickstart
agent_pid='' prometheus_pid=''

finish() {
	trap - EXIT INT TERM HUP
	[ -z "$prometheus_pid" ] || kill "$prometheus_pid" 2>/dev/null
	[ -z "$agent_pid" ] || kill "$agent_pid" 2>/dev/null
	wait
	exit "$1"
}
trap 'finish $?' EXIT
trap 'echo; echo "Ended."; finish 0' INT TERM HUP

check_free() {
	if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then
		fail "port $1 is taken, perhaps by an earlier run; end that one, or choose another port with $2"
	fi
}

# wait_for SECONDS PID LOG WHAT COMMAND...: until the command succeeds; fails when the process ends before that.
wait_for() {
	local tries=$(($1 * 5)) pid=$2 log=$3 what=$4
	shift 4
	until "$@" >/dev/null 2>&1; do
		tries=$((tries - 1))
		if ! kill -0 "$pid" 2>/dev/null || [ $tries -le 0 ]; then
			tail -n 20 "$log" >&2
			fail "$what; its last words are above"
		fi
		sleep 0.2
	done
}

build() {
	local log=$state/build.log
	echo "Building (up to a minute the first time) ..."
	if ! { cmake --preset release && cmake --build build/release; } >"$log" 2>&1; then
		tail -n 40 "$log" >&2
		fail "the build failed; all of its output is in ${log#"$PWD"/}"
	fi
}

start_agent() {
	check_free "$port" --port
	build/release/vedette run --web.listen-address="127.0.0.1:$port" >"$state/agent.log" 2>&1 &
	agent_pid=$!
	wait_for 15 $agent_pid "$state/agent.log" "the agent did not become ready" \
		curl -fsS "http://127.0.0.1:$port/-/ready"
}

start_prometheus() {
	local root
	check_free "$prometheus_port" --prometheus-port
	root=$(tests/peers.sh "${prometheus_packages[@]}") || exit 1
	cat >"$state/prometheus.yml" <<YAML
global:
  scrape_interval: 5s
scrape_configs:
  - job_name: vedette
    http_sd_configs:
      - url: http://127.0.0.1:$port/sd
        refresh_interval: 5s
YAML
	"$root/usr/bin/prometheus" --config.file="$state/prometheus.yml" --storage.tsdb.path="$state/prometheus" \
		--web.local-assets="$root/usr/share/prometheus/web/" \
		--web.listen-address="127.0.0.1:$prometheus_port" >"$state/prometheus.log" 2>&1 &
	prometheus_pid=$!
	echo "Waiting for Prometheus' first scrape (about ten seconds) ..."
	wait_for 60 $prometheus_pid "$state/prometheus.log" "Prometheus has scraped nothing" has_scraped
}

# shellcheck disable=SC2317 # called by wait_for
has_scraped() {
	curl -fsS "http://127.0.0.1:$prometheus_port/api/v1/query?query=up" | grep -q '"value":\[[0-9.]*,"1"\]'
}

# Two scrapes, two seconds apart: processors are counters, all else is the second one's.
print_numbers() {
	local url=http://127.0.0.1:$port/metrics
	curl -fsS "$url" >"$state/first.prom" || fail "the agent is ready but $url does not answer"
	sleep 2
	curl -fsS "$url" >"$state/second.prom" || fail "$url answered once, but not twice"
	awk '
	function gib(bytes) { return sprintf("%.1f GiB", bytes / 1073741824) }
	function label(name,  text) {
		if (!match($0, name "=\"[^\"]*\""))
			return ""
		text = substr($0, RSTART, RLENGTH)
		return substr(text, length(name) + 3, length(text) - length(name) - 3)
	}
	/^node_cpu_seconds_total[{]/ {
		sign = NR == FNR ? -1 : 1
		all += sign * $NF
		if ($0 ~ /mode="(idle|iowait)"/)
			idle += sign * $NF
	}
	NR == FNR { next }
	/^node_memory_MemTotal_bytes / { total = $NF }
	/^node_memory_MemAvailable_bytes / { available = $NF }
	/^node_filesystem_size_bytes[{]/ { size[label("mountpoint")] = $NF }
	/^node_filesystem_free_bytes[{]/ { free[label("mountpoint")] = $NF }
	/^node_filesystem_avail_bytes[{]/ { avail[label("mountpoint")] = $NF }
	END {
		printf "  CPU     %.1f %% busy in the last two seconds   (compare with: top)\n", 100 * (all - idle) / (all + 1e-9)
		printf "  memory  %s available of %s   (compare with: free -h)\n", gib(available), gib(total)
		for (mount in size) {
			used = size[mount] - free[mount]
			if (used + avail[mount] > 0 && used / (used + avail[mount]) >= most) {
				most = used / (used + avail[mount])
				fullest = mount
			}
		}
		if (fullest != "")
			printf "  disk    %.1f %% of %s used on %s   (compare with: df -h %s)\n",
				100 * most, gib(size[fullest]), fullest, fullest
	}' "$state/first.prom" "$state/second.prom"
}

print_summary() {
	echo
	echo "The agent runs: http://127.0.0.1:$port/   (metrics: http://127.0.0.1:$port/metrics)"
	[ -z "$prometheus_pid" ] ||
		echo "Prometheus stores them: http://127.0.0.1:$prometheus_port/   (up == 1)"
	echo
	print_numbers
	echo
}

install_missing "${build_packages[@]}" "${run_packages[@]}"
mkdir -p "$state"
build
start_agent
[ -z "$with_prometheus" ] || start_prometheus
print_summary
[ -z "$once" ] || finish 0
echo "Ctrl-C ends it."
wait -n $agent_pid ${prometheus_pid:+"$prometheus_pid"}
tail -n 20 "$state/agent.log" >&2
fail "a program that should keep running has ended; its last words are above"
