VERSION := 1.0.0

# CC, CPPFLAGS, CFLAGS and LDFLAGS are the caller's: what this file needs is
# added to them. A variant goes to a folder of its own: `make BUILD=build/x`.
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
BUILD ?= build
PROGRAM ?= server
INSTALL ?= install

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
DEFINES := -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -Iinclude -I$(BUILD)
# FORTIFY works on optimised code only, and warns elsewhere.
FORTIFY := $(if $(filter -O1 -O2 -O3 -Os,$(CFLAGS)),-D_FORTIFY_SOURCE=2)
HARDEN_CFLAGS := -fPIE -fstack-protector-strong $(FORTIFY)
# Where the C library can be linked in, it is: no loader has to find and bind
# it at each start, and strace shows no more than the program does.
STATIC_PIE ?= $(shell echo 'int main(void) { return 0; }' | \
	$(CC) $(CFLAGS) $(LDFLAGS) -static-pie -o /dev/null -x c - 2>/dev/null \
	&& echo -static-pie)
HARDEN_LDFLAGS := $(or $(STATIC_PIE),-pie) -Wl,-z,relro,-z,now,-z,noexecstack
COMPILE = $(CC) -std=c11 $(WARNINGS) $(DEFINES) -MMD -MP $(CPPFLAGS) $(CFLAGS)

SOURCES := $(wildcard src/*.c)
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o)
ROOMS := $(filter-out $(BUILD)/main.o,$(OBJECTS))

# A test program per tests/*_test.c, linked with the helpers and the rooms.
# WITHOUT names those that a variant can't run: hardening_test where the
# compiler's or the linker's options are not those of the default build.
TEST_SOURCES := $(filter-out $(WITHOUT:%=tests/%.c),$(wildcard tests/*_test.c))
TESTS := $(TEST_SOURCES:tests/%.c=$(BUILD)/tests/%)
HELPERS := $(BUILD)/tests/support.o $(BUILD)/tests/fault.o
TEST_ROOMS := $(ROOMS:$(BUILD)/%=$(BUILD)/tests/rooms/%)
WRAP := socket setsockopt getsockopt bind listen getsockname accept recv \
	write close setitimer splice pipe fcntl ioctl
$(BUILD)/tests/output_test: WRAP += mbrtowc

all: $(PROGRAM)

run: $(PROGRAM)
	./$(PROGRAM)

$(PROGRAM): $(OBJECTS)
	$(CC) $(CFLAGS) $(HARDEN_LDFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/%.o: src/%.c | $(BUILD)
	$(COMPILE) $(HARDEN_CFLAGS) -c -o $@ $<

# The C library's own list of its errors, for the names that -x shows.
$(BUILD)/report.o $(BUILD)/tests/rooms/report.o: $(BUILD)/errno_names.h
$(BUILD)/errno_names.h: | $(BUILD)
	echo '#include <errno.h>' | $(CC) $(CPPFLAGS) -E -dM -x c - | sort | \
		sed -n 's/^#define \(E[A-Z0-9]*\) [0-9][0-9]*$$/[\1] = "\1",/p' \
		>$@.new
	mv $@.new $@

# The tests' own copy of the rooms goes without FORTIFY, which calls recv and
# the others by names that --wrap does not see.
$(BUILD)/tests/rooms/%.o: src/%.c | $(BUILD)/tests/rooms
	$(COMPILE) -c -o $@ $<

# make deps check also holds under -j.
$(BUILD)/tests/%.o: tests/%.c | $(BUILD)/tests/rooms $(filter deps,$(MAKECMDGOALS))
	$(COMPILE) -Itests -c -o $@ $<

$(BUILD)/tests/%_test: $(BUILD)/tests/%_test.o $(HELPERS) $(TEST_ROOMS)
	$(CC) $(CFLAGS) $(LDFLAGS) $(WRAP:%=-Wl,--wrap=%) -o $@ $^ -lcmocka

$(BUILD) $(BUILD)/tests/rooms $(BUILD)/tests/soak $(BUILD)/bench $(BUILD)/fuzz:
	mkdir -p $@

check test: $(PROGRAM) $(TESTS)
	tests/run.sh $(abspath $(PROGRAM)) $(TESTS)

deps:
	tests/deps.sh

# One small file that needs no other: for an empty container image. musl spares
# it the work that glibc does at each start. Sorted by name the payload comes
# last in memory, so that all that a start touches shares a page. Where this
# one is wanted it is ./server, until the next `make clean`.
STATIC_CC := $(if $(shell command -v musl-gcc),musl-gcc,$(CC))
STATIC := BUILD=build/static PROGRAM=build/static/server CC='$(STATIC_CC)' \
	CFLAGS='-Os -fdata-sections' \
	HARDEN_CFLAGS='-fno-pie -fstack-protector-strong' \
	HARDEN_LDFLAGS='-static -no-pie -s -Wl,--sort-section=name \
		-Wl,-z,noseparate-code,-z,norelro,-z,noexecstack'
static: static-program
	cp build/static/server server

static-program:
	@echo "static: $(STATIC_CC)"
	$(MAKE) $(STATIC) all

# The tests, which musl has no cmocka for, are built as ever; what they start is
# the static program.
check-static: static-program $(TESTS)
	tests/run.sh $(abspath build/static/server) \
		$(filter-out %/hardening_test,$(TESTS))

# The tests that look for no system call, whose numbers qemu changes, and for no
# locale, whose files have this machine's byte order.
CROSS_TESTS := inherit_test modes_test smoke_test
cross: $(CROSS_TESTS:%=$(BUILD)/tests/%)
	tests/cross.sh $^

install: $(PROGRAM)
	$(INSTALL) -D -m 755 $(PROGRAM) '$(DESTDIR)$(PREFIX)/bin/server'
	$(INSTALL) -D -m 644 src/server.1 '$(DESTDIR)$(MANDIR)/man1/server.1'

# What is committed, and nothing else.
dist: | $(BUILD)
	git diff --quiet HEAD || echo 'dist: what is not committed is left out'
	git archive --prefix=server-$(VERSION)/ \
		-o $(BUILD)/server-$(VERSION).tar.gz HEAD

uninstall:
	rm -f '$(DESTDIR)$(PREFIX)/bin/server' \
		'$(DESTDIR)$(MANDIR)/man1/server.1'

# SOAK=500 is over in seconds.
soak: $(PROGRAM) $(BUILD)/tests/soak/soak
	SERVER=$(abspath $(PROGRAM)) $(BUILD)/tests/soak/soak $(or $(SOAK),10000)

$(BUILD)/tests/soak/soak.o: | $(BUILD)/tests/soak
$(BUILD)/tests/soak/soak: $(BUILD)/tests/soak/soak.o $(BUILD)/tests/support.o
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka

# strace sees the calls of the sanitizers and of valgrind too.
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
sanitize:
	$(MAKE) BUILD=build/sanitize PROGRAM=build/sanitize/server \
		CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZERS)' \
		WITHOUT='strace_test hardening_test' check

# valgrind knows the C library only where it is not linked in. It is started by
# a script, in which hardening_test finds no program.
valgrind:
	$(MAKE) BUILD=build/valgrind PROGRAM=build/valgrind/server STATIC_PIE= \
		valgrind-check

valgrind-check: $(PROGRAM) $(TESTS)
	RUNNER=tests/valgrind.sh tests/run.sh $(abspath tests/valgrind.sh) \
		$(filter-out %/strace_test %/hardening_test,$(TESTS))

# Begins afresh, so that no count of an older build is left. gcov's own calls
# come between those that strace_test knows. Without STATIC_PIE= the compiler
# that tries it would leave its notes for gcov here.
coverage:
	rm -rf build/coverage
	$(MAKE) BUILD=build/coverage PROGRAM=build/coverage/server CC=gcc \
		CFLAGS='-O0 -g --coverage' STATIC_PIE= \
		WITHOUT='strace_test hardening_test' \
		LDFLAGS='-Wl,--wrap=_exit,--undefined=__gcov_dump' check
	tests/coverage.sh build/coverage

# libFuzzer is a part of clang that has a package of its own in some places.
FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
FUZZERS := $(patsubst tests/%.c,$(BUILD)/%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz:
	@echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
		$(FUZZ_CC) -fsanitize=fuzzer -o /dev/null -x c - || { \
		echo 'fuzz: not found: $(FUZZ_CC) with libFuzzer' \
			'(Debian: clang libclang-rt-dev)'; exit 1; }
	$(MAKE) BUILD=build/fuzz CC='$(FUZZ_CC)' fuzz-run \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link $(SANITIZERS)'

fuzz-run: $(FUZZERS)
	tests/fuzz/fuzz.sh '$(FUZZ_SECONDS)' $^

$(BUILD)/fuzz/%: $(BUILD)/fuzz/%.o $(TEST_ROOMS)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -Wl,--wrap=write -o $@ $^

$(BUILD)/fuzz/%.o: tests/fuzz/%.c | $(BUILD)/fuzz
	$(COMPILE) -c -o $@ $<

# For all arguments and all that the system may answer.
prove:
	@CC='$(CC)' VERSION='$(VERSION)' tests/prove/prove.sh $(BUILD)/prove

# SAMPLE=50 tries only so many, picked by SEED.
mutants:
	@tests/mutants.sh -n '$(or $(SAMPLE),0)' -s '$(or $(SEED),1)' \
		$(if $(JOBS),-j '$(JOBS)') $(MUTATE)

# The benchmark measures the static build too and, where its processor is
# known, a program of the bare system calls. BENCH_GB=0 leaves streams out.
BENCH_OBJECTS := $(patsubst tests/bench/%.c,$(BUILD)/bench/%.o, \
	$(filter-out %/floor.c,$(wildcard tests/bench/*.c)))
FLOOR := $(if $(filter x86_64-%,$(shell $(CC) -dumpmachine)),\
	$(BUILD)/bench/floor)

bench: $(PROGRAM) $(BUILD)/bench/bench $(FLOOR) static-program
	tests/bench/bench.sh $(BUILD)/bench ./$(PROGRAM) build/static/server

$(BUILD)/bench/bench: $(BENCH_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^

$(BUILD)/bench/floor: tests/bench/floor.c tests/bench/port.h | $(BUILD)/bench
	$(CC) -std=c11 $(WARNINGS) -O2 -ffreestanding -fno-stack-protector \
		-fno-pie -nostdlib -static -s -o $@ $<

$(BUILD)/bench/%.o: tests/bench/%.c | $(BUILD)/bench
	$(COMPILE) -pthread -c -o $@ $<

# Off: of cppcheck, that it does not find the system's headers, which it says it
# needs not; of clang-tidy, what .clang-tidy names.
lint: $(BUILD)/errno_names.h
	clang-format --dry-run -Werror src/*.c include/*.h tests/*.[ch] \
		tests/bench/*.[ch] tests/fuzz/*.c tests/prove/*.[ch] \
		tests/soak/*.c
	for source in $(SOURCES); do \
		clang-tidy --quiet $$source -- -std=c11 $(DEFINES) && \
		$(CC) -std=c11 $(WARNINGS) $(DEFINES) -O2 -fanalyzer -Werror \
			-c -o /dev/null $$source || exit 1; \
	done
	cppcheck --quiet --error-exitcode=1 --std=c11 --enable=all \
		--suppress=missingIncludeSystem \
		$(DEFINES) src
	mandoc -Tlint -Wall src/server.1
	shellcheck tests/*.sh tests/bench/*.sh tests/fuzz/*.sh \
		tests/prove/*.sh .ci/run

clean:
	rm -rf build server

.PHONY: all run check test deps static sanitize valgrind \
	coverage fuzz soak prove mutants bench lint install uninstall dist \
	clean check-static cross static-program valgrind-check fuzz-run
.SECONDARY:
-include $(wildcard $(BUILD)/*.d $(BUILD)/tests/*.d $(BUILD)/tests/rooms/*.d \
	$(BUILD)/tests/soak/*.d $(BUILD)/bench/*.d $(BUILD)/fuzz/*.d)
