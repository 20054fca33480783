#!/bin/sh
# usage: coverage.sh FOLDER
# What the tests ran of src/, by the counts that a build with --coverage left
# in FOLDER. Lists the lines and the branches that no test took, ends with the
# two totals, and fails if one is below 100.
set -eu
counts=$1/coverage.json
report=$1/coverage.txt

if ! command -v gcovr >/dev/null; then
	echo 'coverage: not found: gcovr' >&2
	exit 1
fi
# The option for branches: before version 6 of gcovr, and since.
case $(gcovr --help) in
*--txt-metric*) branches='--txt-metric=branch' ;;
*) branches=--branches ;;
esac
status=0
gcovr --root . --filter src/ --json "$counts" "$1"
gcovr --root . --add-tracefile "$counts"
gcovr --root . --add-tracefile "$counts" "$branches" --print-summary \
	--fail-under-line 100 --fail-under-branch 100 >"$report" || status=$?
sed '/^lines: /,$d' "$report"
sed -nE 's/^(lines|branches): *([0-9.]+%).*/\1: \2/p' "$report"
exit "$status"
