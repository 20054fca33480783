#!/bin/sh
# usage: [PROGRAM=./server] valgrind.sh [ARGUMENT...]
# Runs a test program or, where no test program is named, $PROGRAM, under
# valgrind, which ends with status 99 where it found anything.
case ${1-} in
*_test) ;;
*) set -- "$PROGRAM" "$@" ;;
esac
exec valgrind --quiet --error-exitcode=99 --leak-check=full \
	--show-leak-kinds=definite,indirect "$@"
