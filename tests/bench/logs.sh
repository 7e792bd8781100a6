#!/bin/bash
# What shipping logs costs, side by side with the least that it can cost, and with Promtail.
# usage: tests/bench/logs.sh [--full]      --full: 1 GiB at once, more blocks, and a Promtail, where one can be built
#
# Fails when a figure that is wanted is missed in every one of the blocks that it was measured in.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release -DVEDETTE_BENCH=ON >/dev/null
cmake --build build/release >/dev/null
if [ "${1-}" = --full ]; then
	tests/peers/go_build.sh promtail >build/peers/promtail.log 2>&1 ||
		echo "no Promtail to compare with, because it could not be built: see build/peers/promtail.log"
fi
exec /usr/bin/python3 tests/bench/logs.py "$@"
