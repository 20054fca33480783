#!/bin/sh
# usage: [RUNNER=COMMAND] run.sh SERVER TEST...
# Runs the test programs against SERVER, each through RUNNER if there is one,
# shows what failed and what was skipped, and ends with a line that counts the
# tests.
set -u
SERVER=$1
export SERVER
shift
passed=0 failed=0 skipped=0

# The number of tests in the closing lines of that kind.
count() {
	sed -n "s/^\[  $1 *\] \(tests: \)*\([0-9]*\) test.*/\2/p" "$log" |
		awk '{ n += $1 } END { print n + 0 }'
}

for test; do
	log=$test.log
	${RUNNER:-} "$test" </dev/null >"$log" 2>&1
	status=$?
	passed=$((passed + $(count PASSED)))
	skipped=$((skipped + $(count SKIPPED)))
	here=$(count FAILED)
	# A program that died did not count its failure.
	[ "$status" -eq 0 ] || [ "$here" -gt 0 ] || here=1
	failed=$((failed + here))
	if [ "$here" -gt 0 ]; then
		cat "$log"
		echo "$test: status $status"
	else
		grep 'not found:' "$log"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
