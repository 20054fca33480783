#!/bin/sh
# usage: [RUNNER=COMMAND] run.sh SERVER TEST...
# Runs the test programs against SERVER, each through RUNNER if there is one,
# shows what failed and which tests were skipped for want of what, and ends with
# a line that counts the tests. A test that the program has and that neither
# passed nor was skipped has failed, whether it ran or not. So has a program
# that takes longer than LIMIT seconds, 600. AT_ONCE programs run at a time, 4
# unless it is set, as most of them only wait.
set -u
export LC_ALL=C
SERVER=$(realpath "$1") || exit
export SERVER
shift
passed=0 failed=0 skipped=0
newline='
'
LIMIT=${LIMIT:-600}
# In the foreground, so that Ctrl-C reaches the test too.
bounded=
if timeout --foreground 1 true 2>/dev/null; then
	bounded="timeout --foreground -k 10 $LIMIT"
fi
export bounded RUNNER="${RUNNER-}"
# shellcheck disable=SC2016 # the inner sh's own variables
run='$bounded ${RUNNER:+"$RUNNER"} "$1" </dev/null >"$1.log" 2>&1
	echo $? >"$1.status"'

# Reads a log of cmocka, 1.1.5 to 2.0, by the lines that it writes as each test
# ends. Prints how many passed, were skipped and failed, on a line a skipped
# test and what it did not find before that.
count() {
	awk -v program="${1##*/}" '
	/^\[=+\] .*Running [0-9]+ test/ {
		tests = $(NF - 1)
		running = 1
	}
	/^\[=+\] .* run\.$/ { running = 0 }
	/GROUP TEARDOWN/ { broken = 1 }
	/^\[ RUN / { missing = "no reason" }
	/^not found: / { missing = $0 }
	running && /^\[ +OK \]/ { passed++ }
	running && /^\[  SKIPPED \]/ {
		skipped++
		print "skipped: " program ": " $4 ": " missing
	}
	END {
		failed = tests - passed - skipped
		if (failed == 0 && (broken || !tests))
			failed = 1
		print passed + 0, skipped + 0, failed
	}' "$2"
}

# The log of an earlier run must not be counted.
for test; do
	rm -f "$test.log" "$test.status" && : >"$test.log" || exit
done
printf '%s\0' "$@" | xargs -0 -n 1 -P "${AT_ONCE:-4}" sh -c "$run" sh
for test; do
	log=$test.log
	read -r status <"$test.status" || exit
	counts=$(count "$test" "$log")
	case $counts in
	*"$newline"*) echo "${counts%"$newline"*}" ;;
	esac
	read -r fine missed here <<-END
		${counts##*"$newline"}
	END
	[ -n "$here" ] || fine=0 missed=0 here=1
	passed=$((passed + fine))
	skipped=$((skipped + missed))
	[ "$status" -eq 0 ] || [ "$here" -gt 0 ] || here=1
	failed=$((failed + here))
	if [ "$here" -gt 0 ]; then
		cat "$log"
		[ "$status" -ne 124 ] || status="124, no end within $LIMIT seconds"
		echo "$test: status $status"
	fi
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
