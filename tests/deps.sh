#!/bin/sh
# Installs what `make check` needs, with the system's package manager and only
# what is missing: cmocka, and an nc for the tests that type the README's
# commands. Those are skipped without it, so that only cmocka has to be had.
set -eu

has_cmocka() {
	printf '%s\n' '#include <stdarg.h>' '#include <stddef.h>' \
		'#include <stdint.h>' '#include <setjmp.h>' \
		'#include <cmocka.h>' |
		${CC:-cc} -E -o /dev/null -x c - 2>/dev/null
}

# Prints how to install, on this system, cmocka, its $1, and nc, its $2.
if command -v apt-get; then
	cmocka=libcmocka-dev nc=netcat-openbsd
	install='apt-get install -y --no-install-recommends'
elif command -v dnf; then
	cmocka=libcmocka-devel nc=netcat
	install='dnf install -y --setopt=install_weak_deps=False'
elif command -v apk; then
	cmocka=cmocka-dev nc=netcat-openbsd install='apk add'
elif command -v pacman; then
	cmocka=cmocka nc=openbsd-netcat
	install='pacman -S --noconfirm --needed'
elif command -v zypper; then
	cmocka=libcmocka-devel nc=netcat-openbsd
	install='zypper --non-interactive install --no-recommends'
else
	cmocka=cmocka nc=nc install=
fi >/dev/null

missing=
has_cmocka || missing=$cmocka
command -v nc >/dev/null || missing="$missing${missing:+ }$nc"
[ -n "$missing" ] || exit 0

as_root=
[ "$(id -u)" -eq 0 ] || as_root=sudo
if [ -z "$install" ] || ! command -v ${as_root:-true} >/dev/null; then
	echo "deps: install by hand${install:+, as root: $install} $missing" >&2
	has_cmocka
	exit
fi
case $install in
apt-get*) $as_root apt-get update ;;
esac
# shellcheck disable=SC2086 # a command and packages, word by word
$as_root $install $missing
