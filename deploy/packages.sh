# shellcheck shell=bash disable=SC2034
# The Debian 12 packages that the project needs, in one place; sourced by deploy/quickstart.sh and tests/run.sh.

# To build and run the agent.
build_packages=(
	build-essential cmake cmark ninja-build pkg-config
	libcrypt-dev libcurl4-openssl-dev libgnutls28-dev libjansson-dev libmicrohttpd-dev libpcre2-dev libpq-dev
	libprotobuf-c-dev libsnappy-dev libssl-dev libsystemd-dev libyaml-dev protobuf-c-compiler zlib1g-dev
)

# To talk to it from a script.
run_packages=(ca-certificates curl procps)

# To test it, on top of those.
test_packages=(
	clang clang-format clang-tidy libclang-rt-14-dev libcmocka-dev pyflakes3 shellcheck
	fuse3 git gnutls-bin iproute2 openssl python3 python3-fusepy python3-prometheus-client python3-pytest python3-pytest-xdist python3-venv python3-yaml
	faketime strace systemd-journal-remote tzdata util-linux
)

# Real databases to test with; the newer ones come from Maven Central where mvn is there (tests/postgres.py).
database_packages=(postgresql-15 postgresql-client-15)

# Debian's Prometheus and what its pages need; unpacked, not installed (tests/peers.sh).
prometheus_packages=(
	prometheus fonts-glyphicons-halflings libjs-bootstrap4 libjs-d3 libjs-eonasdan-bootstrap-datetimepicker libjs-jquery
	libjs-jquery-hotkeys libjs-moment libjs-moment-timezone libjs-mustache libjs-popper.js libjs-rickshaw
)

fail() {
	printf '%s: %s\n' "$(basename "$0")" "$1" >&2
	exit 1
}

# install_missing PACKAGE...: installs with apt what is not there yet; does nothing, and needs no rights, otherwise.
install_missing() {
	local missing=() package as_root=()

	type dpkg-query apt-get >/dev/null 2>&1 ||
		fail "this script installs packages with apt and knows Debian 12 only; elsewhere install what README.md lists and build with cmake"
	for package in "$@"; do
		dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
	done
	[ ${#missing[@]} -gt 0 ] || return 0
	if [ "$(id -u)" -ne 0 ]; then
		command -v sudo >/dev/null ||
			fail "these packages are missing and need root to install: ${missing[*]}; run this as root, or install sudo"
		as_root=(sudo)
	fi
	printf 'Installing %d packages with apt (a minute or two on a fresh machine): %s\n' "${#missing[@]}" "${missing[*]}"
	"${as_root[@]}" apt-get update -qq || fail "apt-get update failed; is there a network and a package mirror?"
	"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
		-o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "${missing[@]}" >/dev/null </dev/null ||
		fail "apt could not install: ${missing[*]}"
}
