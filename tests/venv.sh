#!/bin/bash
# Installs what tests/platform/requirements.txt pins into a virtual environment below build/, once; prints its python.
set -eu
cd "$(dirname "$0")/.."

requirements=tests/platform/requirements.txt
venv=$PWD/build/venv
mkdir -p build
exec 9>build/venv.lock
flock 9 # tests may run side by side
if ! cmp -s "$requirements" "$venv/requirements.txt"; then
	rm -rf "$venv"
	/usr/bin/python3 -m venv "$venv" >&2 || {
		echo "there is no virtual environment (apt install python3-venv)" >&2
		exit 1
	}
	"$venv/bin/pip" install --quiet --disable-pip-version-check --no-input --only-binary :all: --retries 2 --timeout 20 \
		-r "$requirements" >&2
	cp "$requirements" "$venv/requirements.txt"
fi
echo "$venv/bin/python"
