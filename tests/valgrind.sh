#!/bin/sh
# usage: valgrind.sh [ARGUMENT...]
# Runs a test program or, where no test program is named, the server that
# `make valgrind` builds, under valgrind, which ends with status 99 where it found anything.
case ${1-} in
*_test) ;;
*) set -- "$(dirname "$0")/../build/valgrind/server" "$@" ;;
esac
exec valgrind --quiet --error-exitcode=99 --leak-check=full \
	--show-leak-kinds=definite,indirect "$@"
