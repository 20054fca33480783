#!/bin/sh
# usage: valgrind.sh [ARGUMENT...]
# Runs a test program or, where the first argument is none, the server beside
# this script under valgrind, which ends with status 99 if it found anything.
case ${1-} in
*_test) ;;
*) set -- "$(dirname "$0")/server" "$@" ;;
esac
exec valgrind --quiet --error-exitcode=99 --leak-check=full \
	--show-leak-kinds=definite,indirect "$@"
