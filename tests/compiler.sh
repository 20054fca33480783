#!/bin/sh
# usage: [CC=COMPILER] compiler.sh ARCH
# Prints the first C compiler that makes static programs for the processor ARCH:
# musl's, which makes small ones, or else glibc's.
set -u

for cc in musl-gcc "${CC:-cc}" "$1-linux-musl-gcc" "$1-linux-gnu-gcc"; do
	case $($cc -dumpmachine 2>/dev/null) in
	"$1"-*) ;;
	*) continue ;;
	esac
	printf '#include <stdio.h>\nint main(void) { return 0; }\n' |
		$cc -static -o /dev/null -x c - 2>/dev/null || continue
	echo "$cc"
	exit
done
echo "not found: $1-linux-gnu-gcc, and its static C library" >&2
exit 1
