#!/bin/bash
# Fetches other programs to compare with, as Debian packages, and unpacks them below build/peers/root. Nothing is
# installed and no service is started. What is there already is not fetched again.
#
# usage: tests/peers.sh PACKAGE...        such as prometheus prometheus-node-exporter
# Prints the directory of the unpacked files: its usr/bin/ holds the programs.
set -euo pipefail
cd "$(dirname "$0")/.."
peers=$PWD/build/peers

mkdir -p "$peers/packages" "$peers/root"
exec 9>"$peers/lock"
flock 9
cd "$peers/packages"
for package in "$@"; do
	[ ! -e "$peers/$package.unpacked" ] || continue
	echo "Fetching $package from the Debian mirror ..." >&2
	if ! apt-get download -qq -o APT::Sandbox::User=root "$package" >&2; then
		if [ "$(id -u)" -eq 0 ]; then
			apt-get update -qq >&2
		elif command -v sudo >/dev/null; then
			sudo apt-get update -qq >&2
		fi
		apt-get download -qq -o APT::Sandbox::User=root "$package" >&2 || {
			echo "peers.sh: apt-get could not download $package; is there a network and a package mirror?" >&2
			exit 1
		}
	fi
	dpkg-deb -x "$package"_*.deb "$peers/root"
	touch "$peers/$package.unpacked"
done
echo "$peers/root"
