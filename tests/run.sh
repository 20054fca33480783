#!/bin/sh
# usage: [RUNNER=COMMAND] run.sh SERVER TEST...
# Runs the test programs against SERVER, each through RUNNER if there is one,
# shows what failed and what was skipped, and ends with a line that counts the
# tests. A test program that takes longer than LIMIT seconds, 300, has failed.
set -u
SERVER=$1
export SERVER
shift
passed=0 failed=0 skipped=0
LIMIT=${LIMIT:-300}

# In the foreground, so that Ctrl-C reaches the test too.
bounded() {
	if timeout --foreground 1 true 2>/dev/null; then
		timeout --foreground -k 10 "$LIMIT" "$@"
	else
		"$@"
	fi
}

# The number of tests in the closing lines of that kind.
count() {
	sed -n "s/^\[  $1 *\] \(tests: \)*\([0-9]*\) test.*/\2/p" "$log" |
		awk '{ n += $1 } END { print n + 0 }'
}

for test; do
	log=$test.log
	bounded ${RUNNER:+"$RUNNER"} "$test" </dev/null >"$log" 2>&1
	status=$?
	ending="status $status"
	[ "$status" -ne 124 ] || ending="no end within $LIMIT seconds"
	passed=$((passed + $(count PASSED)))
	skipped=$((skipped + $(count SKIPPED)))
	here=$(count FAILED)
	# A program that died did not count its failure.
	[ "$status" -eq 0 ] || [ "$here" -gt 0 ] || here=1
	failed=$((failed + here))
	if [ "$here" -gt 0 ]; then
		cat "$log"
		echo "$test: $ending"
	else
		grep 'not found:' "$log"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
