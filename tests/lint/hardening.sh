#!/bin/sh
# The release program is hardened, and links no library that it does not use. Needs build/release.
cd "$(dirname "$0")/../.." || exit 1
program=build/release/vedette
status=0
fault() {
	echo "$program: $1"
	status=1
}
# need READELF-OPTION PATTERN WHAT
need() { readelf "$1" $program | grep -q "$2" || fault "has no $3"; }

need -hW 'Type: *DYN' 'position-independent code'
need -dW 'FLAGS_1.*PIE' 'PIE flag'
need -lW 'GNU_RELRO' 'read-only relocations'
need -dW 'FLAGS_1.*NOW' 'immediate binding'
need -lW 'GNU_STACK.* RW ' 'stack that is not executable'
need -sW '__stack_chk_fail' 'stack protector'
need -sW '_chk@' 'fortified call'
unused=$(ldd -u -r $program 2>/dev/null | sed -n 's/^[[:space:]]*\//\//p')
[ -z "$unused" ] || fault "links what it does not use: $unused"
exit $status
