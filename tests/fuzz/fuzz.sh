#!/bin/sh
# usage: fuzz.sh SECONDS FUZZER...
# Runs each fuzzer for that time, from its seeds and from what its last runs
# found. An input that fails is shown, and kept next to the fuzzer.
set -eu
seconds=$1
shift
here=$(dirname "$0")

# To libFuzzer 0 is for ever.
if ! [ "$seconds" -gt 0 ]; then
	echo "fuzz: FUZZ_SECONDS is $seconds" >&2
	exit 1
fi

for fuzzer; do
	name=$(basename "$fuzzer" _fuzz)
	mkdir -p "$fuzzer.corpus"
	rm -f "$fuzzer.failed"
	if "$fuzzer" -max_total_time="$seconds" -timeout=10 -max_len=4096 \
		-print_final_stats=1 -exact_artifact_path="$fuzzer.failed" \
		"$fuzzer.corpus" "$here/corpus/$name" \
		</dev/null >"$fuzzer.log" 2>&1; then
		awk -v name="$name" '/^stat::number_of_executed_units:/ {
			print name ": " $2 " inputs" }' "$fuzzer.log"
		continue
	fi
	grep -v '^#[0-9]' "$fuzzer.log" || :
	if [ -e "$fuzzer.failed" ]; then
		od -A d -t x1z -v "$fuzzer.failed"
		echo "fuzz: $name failed; the input: $fuzzer.failed" >&2
	else
		echo "fuzz: $name failed: $fuzzer.log" >&2
	fi
	exit 1
done
