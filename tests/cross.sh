#!/bin/sh
# usage: BUILD=FOLDER cross.sh TEST...
# Builds the program for two other processors, the second of them big-endian,
# and has the tests, which stay this machine's, drive it under qemu-user. Where
# a compiler or qemu is missing, the tests of that processor are one, skipped.
set -u
export LC_ALL=C
failed=0
# Its -j is not for the make in here.
unset MAKEFLAGS

first_of() {
	for name; do
		command -v "$name" >/dev/null && echo "$name" && return
	done
	echo "skipped: cross: not found: $1" >&2
	return 1
}

try() {
	arch=$1
	shift
	folder=$BUILD/$arch
	if ! cc=$(first_of "$arch-linux-gnu-gcc") ||
		! qemu=$(first_of "qemu-$arch-static" "qemu-$arch"); then
		echo '0 passed, 0 failed, 1 skipped'
		return
	fi
	# Linked in, the C library need not be found at run time.
	make BUILD="$folder" PROGRAM="$folder/server" CC="$cc" \
		HARDEN_LDFLAGS=-static all || return
	# shellcheck disable=SC2016 # the script's own $0
	printf '#!/bin/sh\nexec %s "$(dirname "$0")/server" "$@"\n' "$qemu" \
		>"$folder/emulated"
	chmod +x "$folder/emulated"
	tests/run.sh "$folder/emulated" "$@"
}

for arch in aarch64 s390x; do
	echo "cross: $arch"
	try "$arch" "$@" || failed=1
done
exit "$failed"
