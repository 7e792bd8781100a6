#!/bin/bash
# What a scrape costs, side by side with Debian's node_exporter and with only reading the same files.
# usage: tests/bench/scrape.sh [--full]      --full: 1,000 scrapes timed, and 10,000 to see growth
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release -DVEDETTE_BENCH=ON >/dev/null
cmake --build build/release >/dev/null
tests/peers.sh prometheus-node-exporter >/dev/null
exec /usr/bin/python3 tests/bench/scrape.py "$@"
