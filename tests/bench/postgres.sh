#!/bin/bash
# What a scrape of a PostgreSQL with 500 tables costs, side by side with postgres_exporter, and what one of 20,000 does.
# usage: tests/bench/postgres.sh [--full]      --full: more scrapes, and 2,000 to see growth
#
# Fails when a figure that is wanted is missed in every one of the blocks that it was measured in.
set -euo pipefail
cd "$(dirname "$0")/../.."
cmake --preset release >/dev/null
cmake --build build/release >/dev/null
tests/peers.sh prometheus-postgres-exporter pgbouncer libc-ares2 >/dev/null

# Debian's reports no tables: today's is built from its pinned module, where there is Go.
go=$(command -v go || echo /usr/local/go/bin/go)
version=$(sed -n 's#.*/postgres_exporter v\([0-9.]*\).*#\1#p' tests/peers/postgres_exporter/go.mod)
built=$PWD/build/peers/postgres_exporter-$version
if [ ! -x "$built" ] && [ -x "$go" ]; then
	(cd tests/peers/postgres_exporter && "$go" build -trimpath -o "$built" \
		github.com/prometheus-community/postgres_exporter/cmd/postgres_exporter) ||
		echo "today's postgres_exporter could not be built; is there a Go module proxy?"
fi
exec /usr/bin/python3 tests/bench/postgres.py "$@"
