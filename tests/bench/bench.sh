#!/bin/sh
# usage: bench.sh FOLDER SERVER STATIC_SERVER
# Runs the benchmark that was built in FOLDER and prints its tables. Those of a
# whole run are kept in results.md and drawn.
set -eu
here=$(dirname "$0")

"$1/bench" "$1" "$2" "$3" "$1/floor" >"$1/results.md"
cat "$1/results.md"
[ "${BENCH_GB:-4}" = 4 ] || exit 0
# The tables go where the last ones stand.
sed -e "/^<!-- bench -->/r $1/results.md" \
	-e '/^<!-- bench -->/,/^<!-- end -->/{//!d}' "$here/results.md" \
	>"$1/page.md"
cp "$1/page.md" "$here/results.md"

if command -v gnuplot >/dev/null; then
	gnuplot -e "folder='$1'" "$here/bench.gp" >"$1/bench.svg"
	cp "$1/bench.svg" "$here/bench.svg"
else
	echo 'not found: gnuplot, so no new drawing'
fi
