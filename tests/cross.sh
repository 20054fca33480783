#!/bin/sh
# usage: BUILD=FOLDER cross.sh TEST...
# Builds the static program for two other processors, the second of them
# big-endian, and has the tests, which stay this machine's, drive it under
# qemu-user. Where a compiler or qemu is missing, the tests of that processor
# are one, skipped.
set -u
export LC_ALL=C
failed=0
# Its -j is not for the make in here.
unset MAKEFLAGS

skip() {
	echo "skipped: cross: $1"
	echo '0 passed, 0 failed, 1 skipped'
}

try() {
	arch=$1
	shift
	folder=$BUILD/$arch/static
	cc=$(tests/compiler.sh "$arch" 2>&1) || {
		skip "$cc"
		return
	}
	qemu=$(command -v "qemu-$arch-static" || command -v "qemu-$arch") || {
		skip "not found: qemu-$arch-static"
		return
	}
	make BUILD="$BUILD/$arch" STATIC_CC="$cc" static-program || return
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
