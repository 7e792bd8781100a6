#!/bin/sh
# runbooks_as_c.sh OUTPUT FILE.md...: the runbooks as HTML in a table of C, sorted by name, for agent/web/runbook.c.
set -eu

output=$1
shift
: >"$output.html"
trap 'rm -f "$output.html" "$output.new"' EXIT
{
	echo '#include "web/runbook.h"'
	echo
	echo 'const struct runbook runbooks[] = {'
	for file; do
		cmark "$file" >"$output.html"
		echo "{\"$(basename "$file" .md)\","
		# ?? would be a trigraph to some compilers
		sed 's/[\\"]/\\&/g; s/??/?\\?/g; s/.*/"&\\n"/' "$output.html"
		echo '},'
	done
	echo '};'
	echo "const size_t n_runbooks = $#;"
} >"$output.new"
mv "$output.new" "$output"
