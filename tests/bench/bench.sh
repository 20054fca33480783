#!/bin/sh
# usage: bench.sh FOLDER SERVER STATIC_SERVER
# Runs the benchmark that was built in FOLDER and prints its tables. Those of a
# whole run are kept, drawn, and shown in the README.
set -eu
here=$(dirname "$0")

"$1/bench" "$1" "$2" "$3" "$1/floor" >"$1/results.md"
cat "$1/results.md"
[ "${BENCH_GB:-4}" = 4 ] || exit 0
cp "$1/results.md" "$here/results.md"

# The first two tables go where the last ones stand.
sed '/^| by length/,$d' "$1/results.md" >"$1/first.md"
sed -e "/^<!-- bench -->/r $1/first.md" \
	-e '/^<!-- bench -->/,/^<!-- end -->/{//!d}' README.md >"$1/README.md"
cp "$1/README.md" README.md

if command -v gnuplot >/dev/null; then
	gnuplot -e "folder='$1'" "$here/bench.gp" >"$1/bench.svg"
	cp "$1/bench.svg" "$here/bench.svg"
else
	echo 'not found: gnuplot, so no new drawing'
fi
