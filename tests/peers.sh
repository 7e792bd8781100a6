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

download() { apt-get download -qq -o APT::Sandbox::User=root "$@" >&2; }

update_lists() {
	if [ "$(id -u)" -eq 0 ]; then
		apt-get update -qq >&2
	elif command -v sudo >/dev/null; then
		sudo apt-get update -qq >&2
	fi
}

missing=()
for package in "$@"; do
	[ -e "$peers/$package.unpacked" ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
	echo "Fetching from the Debian mirror: ${missing[*]}" >&2
	if ! download "${missing[@]}" && ! { update_lists && download "${missing[@]}"; }; then
		echo "peers.sh: apt-get could not download them; is there a network and a package mirror?" >&2
		exit 1
	fi
fi
for package in "${missing[@]}"; do
	dpkg-deb -x "$package"_*.deb "$peers/root"
	touch "$peers/$package.unpacked"
done
# links that mean the installed place of a file mean the unpacked one
find "$peers/root" -type l -lname '/*' ! -lname "$peers/*" -print0 |
	while IFS= read -r -d '' link; do
		ln -sfn "$peers/root$(readlink "$link")" "$link"
	done
echo "$peers/root"
