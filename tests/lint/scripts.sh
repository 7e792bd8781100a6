#!/bin/bash
# Neither shellcheck nor pyflakes finds anything in the scripts; each script that has a first line #! can be executed.
cd "$(dirname "$0")/../.." || exit 1
status=0
shell=() python=()
while IFS= read -r -d '' file; do
	[ -f "$file" ] || continue
	read -r first <"$file" || true
	case $file,$first in
	*.py,*) python+=("$file") ;;
	*.sh,* | *,'#!'*sh) shell+=("$file") ;;
	*) continue ;;
	esac
	if [[ $first = '#!'* && ! -x $file ]]; then
		echo "$file: has a #! line but may not be executed: chmod +x"
		status=1
	fi
done < <(git -c safe.directory='*' ls-files -z --cached --others --exclude-standard -- . ':!tests/golden' ':!tests/fuzz/corpus')
shellcheck -x "${shell[@]}" || status=1
[ ${#python[@]} -eq 0 ] || /usr/bin/python3 -m pyflakes "${python[@]}" || status=1
exit $status
