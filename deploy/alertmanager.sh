#!/bin/bash
# Makes Alertmanager's configuration for the receivers whose secrets are there.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."
# shellcheck source=deploy/packages.sh
. deploy/packages.sh

usage() {
	cat <<'TEXT'
usage: deploy/alertmanager.sh SECRETS OUTPUT [SEEN]

Writes alertmanager.yml (readable by its owner only) and its templates to the directory OUTPUT. SECRETS is a directory
with one value per file; what is not there is not used. SEEN is where Alertmanager finds that directory, where that is
another place, as in a container. Run it again after a change.

  pagerduty_routing_key   pages to PagerDuty (Events API v2)
  slack_url               pages and tickets to Slack: an incoming webhook's URL
  email_to                pages and tickets by e-mail; with it: email_from, smtp_smarthost (host:port), smtp_username,
                          smtp_password
  webhook_url             pages and tickets as JSON to any URL
  deadman_url             a heartbeat each minute to a service elsewhere that tells you when it stops
  drill_url               alerts with drill="true"

Alertmanager 0.25 writes the last three to its log when they do not answer; later versions do not.
TEXT
}

case ${1-} in --help) usage && exit 0 ;; esac
[ $# -eq 2 ] || [ $# -eq 3 ] || { usage >&2 && exit 2; }
absolute() { case $1 in /*) echo "$1" ;; *) echo "$here/$1" ;; esac }
secrets=$(absolute "$1") output=$(absolute "$2") seen=${3-$(absolute "$1")}

[ -d "$secrets" ] || fail "$secrets is no directory; make it, and put one file per secret into it (see --help)"
for name in "$secrets"/*; do
	[ ! -f "$name" ] || [ -r "$name" ] || fail "$name may not be read; run this as its owner"
done
umask 077
mkdir -p "$output/templates"
install -m 644 alertmanager/templates/*.tmpl "$output/templates/"
new=$(mktemp "$output/.alertmanager.yml.XXXXXX")
trap 'rm -f "$new"' EXIT

# Values travel by file only: what is an argument can be seen by every user of the machine.
SECRETS=$secrets SEEN=$seen awk '
	function value_of(name,  text) {
		if ((getline text <(ENVIRON["SECRETS"] "/" name)) < 0) {
			missing = missing " " name
			return ""
		}
		close(ENVIRON["SECRETS"] "/" name)
		sub(/[ \t\r]+$/, "", text)
		gsub(/\047/, "\047\047", text)
		return "\047" text "\047"
	}
	function there(name,  text, rc) {
		rc = (getline text <(ENVIRON["SECRETS"] "/" name))
		close(ENVIRON["SECRETS"] "/" name)
		return rc > 0 && text != ""
	}
	/^ *# with / { left_out = !there($3); next }
	/^ *# end$/ { left_out = 0; next }
	left_out { next }
	/^ *#/ { print; next }
	/ # from / {
		name = $NF
		sub(/(_file)?: .*/, ": ")
		print $0 value_of(name)
		next
	}
	match($0, /\/run\/secrets\//) {
		name = substr($0, RSTART + RLENGTH)
		if (!there(name))
			missing = missing " " name
		$0 = substr($0, 1, RSTART - 1) "\047" ENVIRON["SEEN"] "/" name "\047"
	}
	{ print }
	END {
		if (missing != "") {
			print "missing in " ENVIRON["SECRETS"] ":" missing >"/dev/stderr"
			exit 1
		}
	}' alertmanager/alertmanager.yml >"$new"
mv "$new" "$output/alertmanager.yml"

has() { [ -n "$(head -n 1 "$secrets/$1" 2>/dev/null)" ]; }
has pagerduty_routing_key || has slack_url || has email_to || has webhook_url ||
	echo "Nobody will be paged: none of pagerduty_routing_key, slack_url, email_to, webhook_url is in $secrets" >&2
has deadman_url ||
	echo "Nobody will notice when this machine dies: deadman_url is not in $secrets" >&2
