#!/bin/bash
# What the agent costs with every exporter on, against the whole platform, scraped over TLS.
# usage: tests/bench/whole.sh [--full]      --full: more scrapes
#
# Fails when a figure that is wanted is missed by a fifth in every one of the blocks that it was measured in.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release >/dev/null
cmake --build build/release >/dev/null
tests/peers.sh pgbouncer libc-ares2 caddy >/dev/null
for name in minio mc; do
	[ -x "build/peers/$name" ] || tests/peers/go_build.sh "$name"
done
exec /usr/bin/python3 tests/bench/whole.py "$@"
