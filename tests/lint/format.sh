#!/bin/sh
# All C files are as clang-format 14 writes them.
cd "$(dirname "$0")/../.." || exit 1
git -c safe.directory='*' ls-files -z --cached --others --exclude-standard '*.c' '*.h' |
	xargs -0 -n 20 clang-format --dry-run -Werror 2>&1 | grep '^[^ ]*:[0-9]*:[0-9]*: ' | cut -d: -f1 | sort | uniq -c |
	while read -r count file; do
		echo "$file: $count places; mend it with: clang-format -i $file"
	done | { ! grep .; }
