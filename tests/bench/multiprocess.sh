#!/bin/bash
# What merging the files of a thousand Python workers costs, beside prometheus_client's own collector and beside only
# reading the same files.
# usage: tests/bench/multiprocess.sh [--full]      --full: more blocks
#
# Fails when the agent needs more than twice what reading the files needs, in every one of the blocks.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release -DVEDETTE_BENCH=ON >/dev/null
cmake --build build/release >/dev/null
exec /usr/bin/python3 tests/bench/multiprocess.py "$@"
