#!/bin/sh
# usage: mutants.sh [-j JOBS] [-n SAMPLE] [-s SEED] [SOURCE...]
# Changes the sources, one operator, constant, condition or statement at a
# time, and lists the changes that no test notices. -n tries only that many,
# picked by SEED. What every mutant came to is in build/mutants.txt.
#
# A change that does not compile, or that compiles to the same object as the
# original or as another change, does not count. Those that can't be noticed
# are explained in tests/mutants/mutants.equivalent. Unchanged copies run among the
# mutants: a test that fails on one of them makes the whole result void.
# Fails if fewer than MINIMUM, 97, of 100 were noticed.
set -eu

# Seconds for a test program; one that hangs has noticed. Unchanged, a program
# has to do with half of that.
BOUND=${BOUND:-30}
MINIMUM=${MINIMUM:-97}

# Writes each mutant to a folder of its own: the source, and a label.
generate() {
	perl - "$@" <<'EOF'
use strict;
use warnings;

my ($work, $sample, $seed, @sources) = @ARGV;
my %swap = qw(
	== != != == < <= <= < > >= >= > && || || && << >> >> << ++ -- -- ++
	+= -= -= += *= /= /= *= + - - + * / / * % * & | | & ^ &
	true false false true
);
my $parens = qr/(\((?:[^()]++|(?-1))*+\))/;
my $braces = qr/(\{(?:[^{}]++|(?-1))*+\})/;
my $operand = qr/(?!true|false)[A-Za-z_]\w*
	(?:(?:->|\.)\w+|\[[^][]*\]|$parens)*+/x;
my @mutants;

# Same length, same lines, but nothing in it looks like code.
sub mask {
	my ($text) = @_;
	return $1 . "_" x (length($text) - 2) . $1 if $text =~ /^(["'])/;
	return $text =~ s/[^\n]/ /gr;
}

sub number {
	my ($n, $before) = @_;
	return "0" if $n eq "-1";
	return "-1" if $n eq "0" && $before =~ /return $/;
	# One more makes no difference to a large number that a test could see.
	my $value = oct($n =~ /^0/ ? $n : 0) || $n;
	return $value < 1000 ? $value + 1 : $value * 2;
}

sub negated {
	my ($condition) = @_;
	# A lone comparison or ! has this from the rules for operators.
	return undef if $condition !~ /&&|\|\|/ && $condition =~ /[=!]= |^\(!/;
	return "(!$condition)";
}

# Rules, as pairs: where it matches the mask, what the text becomes there.
my @rules = (
	# The formatter has blanks around what takes two operands.
	[qr/(?<=\s)(?:[=!<>]=|&&|\|\||<<|>>|[-+*\/]=|[-+*\/%&|^<>])(?=\s)/,
		sub { $swap{$_[0]} }],
	[qr/\+\+|--|\b(?:true|false)\b/, sub { $swap{$_[0]} }],
	[qr/(?<![\w.-])(?:-1|0x[0-9a-f]+|\d+)\b/, \&number],
	[qr/L?'_+'/, sub { "($_[0] + 1)" }],
	[qr/!(?=[\w(*])/, sub { "" }],
	[qr/\b(?:if|while) \K$parens/, sub { negated($_[0]) }],
	[qr/\bfor \([^;]*; \K[^;]+(?=;)/, sub { negated("($_[0])") }],
	# An operand that is a truth value by itself.
	[qr/(?:&&|\|\||\breturn)\s+\K$operand(?=\s*(?:&&|\|\||\)|;))/,
		sub { "!$_[0]" }],
	[qr/(?<![\w.>!&*"])(?<!(?:[=!<>]=|.[-+*\/<>%&|])[ ])
		$operand(?=\s*(?:&&|\|\||\?))/x, sub { "!$_[0]" }],
	# A statement, but no declaration and no function's last return.
	[qr/(?:[;{}):]|\belse|\bdo)\s*\n\t++\K(?![ ?:;])
		(?!(?:if|for|while|do|switch|case|default|else)\b|\w+:)
		(?!(?!return\b)\w+\s+[\w*]|return[^;]*;\n\})
		(?:[^;(){}]++|$parens|$braces)++(?=;)/x, sub { "" }],
);

for my $source (@sources) {
	open(my $file, "<", $source) or die "$source: $!\n";
	my $text = do { local $/; <$file> };
	my $mask = $text =~ s{/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"|
		'(?:[^'\\\n]|\\.)*'|^\#(?:[^\n\\]|\\.)*}{mask($&)}gmsxer;
	my %known;

	# Declarations without a value: their numbers are sizes of arrays.
	$mask =~ s/^\t+(?!return |else )\w+ [^=(;]*(?=;$)/mask($&)/gme;
	for my $rule (@rules) {
		while ($mask =~ /$rule->[0]/g) {
			my ($from, $len) = ($-[0], $+[0] - $-[0]);
			my $before = substr($text, 0, $from);
			my $old = substr($text, $from, $len);
			my $new = $rule->[1]->($old, $before);
			next unless defined $new;
			my $mutant = $text;
			substr($mutant, $from, $len) = $new;
			next if $known{$mutant}++;
			my $line = 1 + ($before =~ tr/\n//);
			my $in = substr($mask, 0, $from) =~
				/.*^\w[^\n;={}]*\b(\w+)\(/ms ? " in $1" : "";
			my $label = "$source:$line: '$old' -> '$new'$in: " .
				(split /\n/, $mutant)[$line - 1];
			push @mutants, [$source, $line, $from, $mutant,
				$label =~ s/\s+/ /gr];
		}
	}
}

srand($seed);
my @picked = map { $_->[1] } sort { $a->[0] <=> $b->[0] }
	map { [rand, $_] } @mutants;
splice(@picked, $sample) if $sample > 0 && $sample < @picked;
@picked = sort { $a->[0] cmp $b->[0] || $a->[2] <=> $b->[2] } @picked;

my $number = 0;
sub put {
	my ($source, $label, $text) = @_;
	my $folder = sprintf("%s/%05d", $work, ++$number);
	mkdir($folder) or die "$folder: $!\n";
	for (["label", $label], ["source", $source], ["text", $text]) {
		open(my $file, ">", "$folder/$_->[0]") or die "$folder: $!\n";
		print $file $_->[1];
		close($file) or die "$folder: $!\n";
	}
}
for my $i (0 .. $#picked) {
	my ($source, undef, undef, $text, $label) = @{$picked[$i]};
	if ($i % 25 == 0) {
		open(my $file, "<", $source) or die "$source: $!\n";
		put($source, "control", do { local $/; <$file> });
	}
	put($source, $label, $text);
}
EOF
}

# Builds in a copy. No -g: line numbers would make all objects differ.
build() {
	tree=$1
	shift
	make -C "$tree" BUILD=build PROGRAM=server CFLAGS=-O1 STATIC_PIE= \
		CPPFLAGS="${CPPFLAGS-} -DWAIT_MS=3000" "$@" >"$tree.log" 2>&1
}

# Runs a test program until its first failure, which it prints: to go on would
# wait for every other test that hangs.
first_failure() {
	tree=$1 bound=$2 program=$3
	(
		cd "$tree"
		{
			SERVER=$tree/server timeout -s KILL "$bound" \
				"$program" </dev/null
			echo "$program: status $?"
		} 2>&1 | sed -n -e '/^\[  FAILED  \] [a-z]/{s/.*\] //p;q;}' \
			-e '/: status [1-9]/{p;q;}'
	)
	# What a test program that was killed may have left.
	find /proc/[0-9]*/cwd -prune -lname "$tree*" 2>/dev/null |
		while IFS=/ read -r _ _ pid _; do
			kill -KILL "$pid" 2>/dev/null || :
		done
}

# Lists the test programs, those with the module in their name first: it is
# mostly they that notice.
order_for() {
	grep "/$1[a-z_]*_test\$" "$work/order" || :
	grep -v "/$1[a-z_]*_test\$" "$work/order"
}

# Prints what a mutant came to: number, verdict, object, who noticed, label.
try() {
	folder=$work/$1 copy=$work/$1/tree by='' verdict=survived
	source=$(cat "$folder/source") label=$(cat "$folder/label")
	module=$(basename "$source" .c)
	object=build/$module.o
	cp -Rp "$work/tree" "$copy"
	cat "$folder/text" >"$copy/$source"
	if ! build "$copy" "$object"; then
		verdict=invalid
	elif [ "$label" != control ] &&
		cmp -s "$work/tree/$object" "$copy/$object"; then
		verdict=same
	else
		order_for "$module" >"$folder/order"
		while read -r program; do
			by=
			build "$copy" server "$program" || verdict=invalid
			[ "$verdict" = invalid ] ||
				by=$(first_failure "$copy" "$BOUND" "$program")
			[ -z "$by" ] || verdict=noticed
			[ "$verdict" = survived ] || break
		done <"$folder/order"
	fi
	printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$verdict" \
		"$source $(cksum 2>/dev/null <"$copy/$object")" "$by" "$label"
	rm -rf "$copy"
}

milliseconds() {
	perl -MTime::HiRes=time -e 'printf "%d\n", time * 1000'
}

# Makes the copy that all others are made of, and lists the test programs, the
# fastest first.
prepare() {
	mkdir "$work/tree"
	cp -Rp .github LICENSE Makefile README.md src include tests "$work/tree"
	for test in tests/*/*_test.c; do
		program=build/${test%.c}
		if ! build "$work/tree" server "$program"; then
			cat "$work/tree.log"
			fail 'the sources do not build'
		fi
		start=$(milliseconds)
		by=$(first_failure "$work/tree" "$((BOUND / 2))" "$program")
		[ -z "$by" ] || fail "fails without a change: $by"
		echo "$(($(milliseconds) - start)) $program" >>"$work/times"
	done
	sort -n "$work/times" | cut -d ' ' -f 2 >"$work/order"
}

# Counts what try printed: each object of a source once, the explained apart.
summarize() {
	awk -F '\t' -v minimum="$MINIMUM" -v whole="$whole" '
	FILENAME != "-" {
		sub(/:[0-9]+:/, ":")
		if (/^[^#]/)
			explained[$0] = 1
		next
	}
	$5 == "control" {
		if ($2 == "survived")
			next
		print "fails without a change: " $4
		void = 1
	}
	$2 == "invalid" || $2 == "same" || seen[$3]++ { next }
	{
		entry = $5
		sub(/:[0-9]+:/, ":", entry)
	}
	$2 == "survived" && entry in explained {
		equivalent++
		used[entry] = 1
		next
	}
	{ total++ }
	$2 == "noticed" { noticed++; next }
	{ print $5 }
	END {
		for (entry in explained)
			if (whole && !(entry in used))
				print "explained, but did not survive: " entry
		if (equivalent)
			print "equivalent: " equivalent
		if (void || !total) {
			print "mutants: no result"
			exit 2
		}
		printf "mutants: %d of %d noticed (%d%%)\n", noticed, total,
			100 * noticed / total
		exit(100 * noticed < minimum * total)
	}' tests/mutants/mutants.equivalent -
}

fail() {
	echo "mutants: $*" >&2
	exit 2
}

jobs=$(nproc) sample=0 seed=1 work=
while getopts j:n:s:w: option; do
	case $option in
	j) jobs=$OPTARG ;;
	n) sample=$OPTARG ;;
	s) seed=$OPTARG ;;
	w) work=$OPTARG ;; # for this script's own use: try what is in there
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))

cd "$(dirname "$0")/../.."
if [ -n "$work" ]; then
	try "$1"
	exit
fi

# Test programs that have to share the machine's port 8080 go one by one.
unshare -n true 2>/dev/null || unshare -rn true 2>/dev/null || jobs=1
whole=0
[ $# -gt 0 ] || [ "$sample" -gt 0 ] || whole=1
[ $# -gt 0 ] || set -- src/*.c

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
prepare
generate "$work" "$sample" "$seed" "$@"
mkdir -p build
(cd "$work" && ls -d [0-9]*) |
	xargs -n 1 -P "$jobs" tests/mutants/mutants.sh -w "$work" \
		>build/mutants.txt || fail 'some were not tried'
sort -n -o build/mutants.txt build/mutants.txt
summarize <build/mutants.txt
