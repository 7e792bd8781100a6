#!/bin/bash
# What a scrape of 50 containers costs, beside only reading the same files.
# usage: tests/bench/containers.sh [CONTAINERS [SCRAPES]]
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release -DVEDETTE_BENCH=ON >/dev/null
cmake --build build/release >/dev/null
ulimit -n "$(ulimit -Hn)"
PYTHONPATH=tests exec /usr/bin/python3 tests/bench/containers.py "$@"
