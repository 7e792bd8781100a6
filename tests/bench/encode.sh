#!/bin/bash
# Nanoseconds per sample from 1,000 to 1,000,000 samples: linear, and at most 200 to write, is what we want.
# usage: tests/bench/encode.sh [--full]
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release -DVEDETTE_BENCH=ON >/dev/null
cmake --build build/release --target encode >/dev/null
sizes=(1000 10000)
[ "${1-}" != --full ] || sizes+=(100000 1000000)
build/release/tests/bench/encode "${sizes[@]}"
