#!/bin/sh
# Installs cmocka with the system's package manager, unless it is there.
set -eu

if printf '%s\n' '#include <stdarg.h>' '#include <stddef.h>' \
	'#include <stdint.h>' '#include <setjmp.h>' '#include <cmocka.h>' |
	${CC:-cc} -E -o /dev/null -x c - 2>/dev/null; then
	exit 0
fi

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo

if command -v apt-get >/dev/null; then
	$as_root apt-get update
	$as_root apt-get install -y libcmocka-dev
elif command -v dnf >/dev/null; then
	$as_root dnf install -y libcmocka-devel
elif command -v apk >/dev/null; then
	$as_root apk add cmocka-dev
elif command -v pacman >/dev/null; then
	$as_root pacman -S --noconfirm --needed cmocka
elif command -v zypper >/dev/null; then
	$as_root zypper --non-interactive install libcmocka-devel
else
	echo 'deps: no package manager found: install cmocka by hand' >&2
	exit 1
fi
