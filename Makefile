VERSION := 1.1.0

# CC, CPPFLAGS, CFLAGS and LDFLAGS are the caller's, and come last: what this
# file needs stands before them. A variant gets a folder of its own, by
# `make BUILD=build/x PROGRAM=build/x/server`.
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
MANDIR ?= $(PREFIX)/share/man
BUILD ?= build
PROGRAM ?= server
INSTALL ?= install
# No recipe depends on the caller's language.
export LC_ALL = C
# For the shell, whatever stands in it.
quote = '$(subst ','\'',$(1))'

WARNINGS := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes
DEFINES = -D_GNU_SOURCE -DVERSION='"$(VERSION)"' -DLINKED='"$(LINKED)"' \
	-Iinclude -I$(BUILD)
# FORTIFY works on optimised code only, and warns elsewhere.
OPTIMIZE := $(filter-out -O0,$(lastword $(filter -O%,$(CFLAGS))))
FORTIFY := $(if $(findstring _FORTIFY_SOURCE,$(CPPFLAGS) $(CFLAGS)),,$(if \
	$(OPTIMIZE),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
HARDEN_CFLAGS := -fPIE -fstack-protector-strong $(FORTIFY)
# The C library is linked in where it can be: a start has nothing to load then,
# and strace shows no more than the program does. Asked once, when first needed.
STATIC_PIE ?= $(eval STATIC_PIE := $(shell \
	echo 'int main(void) { return 0; }' | $(CC) $(CFLAGS) $(LDFLAGS) \
	-static-pie -o /dev/null -x c - 2>/dev/null && \
	echo -static-pie))$(STATIC_PIE)
HARDEN_LDFLAGS = $(or $(STATIC_PIE),-pie) -Wl,-z,relro,-z,now,-z,noexecstack
# For --version: static, static-pie or dynamic.
LINKED = $(patsubst -%,%,$(firstword \
	$(filter -static -static-pie,$(HARDEN_LDFLAGS) $(LDFLAGS)) -dynamic))
COMPILE = $(CC) -std=c11 $(WARNINGS) $(DEFINES)

SOURCES := $(sort $(wildcard src/*.c))
OBJECTS := $(SOURCES:src/%.c=$(BUILD)/%.o)
MODULES := $(filter-out $(BUILD)/main.o,$(OBJECTS))
# So few that each object depends on all: no compiler has to list them. This
# file has VERSION for them.
HEADERS := $(wildcard include/*.h) Makefile
TEST_HEADERS := $(HEADERS) $(wildcard tests/*/*.h)

# A test program per *_test.c of the folders tests/module and tests/program,
# linked with the helpers and the modules. WITHOUT names those that a variant
# can't run.
TEST_SOURCES := $(filter-out $(WITHOUT:%=tests/program/%.c), \
	$(wildcard tests/module/*_test.c tests/program/*_test.c))
TESTS := $(TEST_SOURCES:%.c=$(BUILD)/%)
# The slowest start first, so that none runs alone at the end.
LONGEST := $(foreach test,idle timeout refuse failure install, \
	$(filter %/$(test)_test,$(TESTS)))
TESTS := $(LONGEST) $(filter-out $(LONGEST),$(TESTS))
HELPERS := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
TEST_MODULES := $(MODULES:$(BUILD)/%=$(BUILD)/tests/src/%)
WRAP := socket setsockopt getsockopt bind listen getsockname accept recv \
	write close setitimer splice poll pipe fcntl ioctl $(WRAP_TOO)
$(BUILD)/tests/module/output_test: WRAP += mbrtowc tcgetattr
$(BUILD)/tests/module/clock_test: WRAP += clock_gettime
$(BUILD)/tests/module/silence_test: WRAP += clock_gettime
$(BUILD)/tests/module/environment_test: WRAP += getpid
$(BUILD)/tests/module/signals_test: WRAP += getpid
# glibc before 2.34 has timer_create in a library of its own.
TEST_LIBS := -lcmocka -lrt

all: $(PROGRAM)

$(PROGRAM): $(OBJECTS)
	$(CC) $(CFLAGS) $(HARDEN_LDFLAGS) $(LDFLAGS) -o $@ $^

$(BUILD)/%.o: src/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(COMPILE) $(HARDEN_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

# The names of the errnos, for -x, from the C library's own header.
$(BUILD)/trace.o $(BUILD)/tests/src/trace.o: $(BUILD)/errno_names.h
$(BUILD)/errno_names.h:
	@mkdir -p $(@D)
	echo '#include <errno.h>' | $(CC) $(CPPFLAGS) -E -dM -x c - | sort | \
		sed -n 's/^#define \(E[A-Z0-9]*\) [0-9][0-9]*$$/[\1] = "\1",/p' \
		>$@.new
	mv $@.new $@

# The tests' copy of the modules is built without FORTIFY, whose __recv_chk and
# the like --wrap does not see.
TEST_COMPILE = $(COMPILE) -Itests/support \
	$(CPPFLAGS) $(CFLAGS) -U_FORTIFY_SOURCE -c -o $@ $<
$(BUILD)/tests/src/%.o: src/%.c $(HEADERS)
	@mkdir -p $(@D)
	$(TEST_COMPILE)

# Tests compile faster without optimisation, unless the caller's CFLAGS ask for
# it. hardening_test takes from its own CFLAGS whether the program is optimised.
$(HELPERS) $(patsubst %,%.o,$(filter-out %/hardening_test,$(TESTS))): \
	TEST_COMPILE += $(if $(filter file,$(origin CFLAGS)),-O0)
# `make -j deps check` installs first.
$(BUILD)/tests/%.o: tests/%.c $(TEST_HEADERS) | $(filter deps,$(MAKECMDGOALS))
	@mkdir -p $(@D)
	$(TEST_COMPILE)

$(BUILD)/tests/%_test: $(BUILD)/tests/%_test.o $(HELPERS) $(TEST_MODULES)
	$(CC) $(CFLAGS) $(LDFLAGS) $(WRAP:%=-Wl,--wrap=%) -o $@ $^ $(TEST_LIBS)

# The assembly version, where the compiler makes x86-64. Elsewhere its tests are
# skipped.
ASSEMBLY := $(BUILD)/assembly
$(ASSEMBLY): tests/assembly/server.s
	@mkdir -p $(@D)
	case $$($(CC) -dumpmachine) in \
	x86_64-*) $(CC) -m64 -g -nostdlib -static -o $@ $< ;; \
	esac

ASSEMBLY_TESTS := $(patsubst %,$(BUILD)/tests/program/%_test,assembly readme)
$(ASSEMBLY_TESTS): | $(ASSEMBLY)
$(ASSEMBLY_TESTS:%=%.o): DEFINES += -DASSEMBLY='"$(ASSEMBLY)"'

check test: $(PROGRAM) $(TESTS)
	tests/run.sh $(PROGRAM) $(TESTS)

deps:
	tests/deps.sh

# $(MAKE) $(call variant,NAME) builds in a folder of that name.
variant = BUILD=$(BUILD)/$(1) PROGRAM=$(BUILD)/$(1)/server

# One small file that needs no other, for an empty container image. musl starts
# faster than glibc. Sorting the sections by name puts the large `received`
# behind all that a start touches, which so shares a page. It replaces ./server
# until `make clean`.
STATIC_CC = $(or $(shell command -v musl-gcc),$(CC))
static: static-program
	cp $(BUILD)/static/server $(PROGRAM)

static-program:
	$(MAKE) $(call variant,static) CC='$(STATIC_CC)' CFLAGS='-Os -fdata-sections' \
		HARDEN_CFLAGS='-fno-pie -fstack-protector-strong' \
		HARDEN_LDFLAGS='-static -no-pie -s -Wl,--sort-section=name \
			-Wl,-z,noseparate-code,-z,norelro,-z,noexecstack \
			-Wl,--build-id=none' all

# There is no cmocka for musl, so that the tests are built as ever. What they
# start is the static program.
check-static: static-program $(TESTS)
	tests/run.sh $(BUILD)/static/server \
		$(filter-out %/hardening_test,$(TESTS))

# The tests that look neither at system calls, whose numbers qemu changes, nor at
# locales, whose files have this machine's byte order.
CROSS_TESTS := $(addsuffix _test,eof family inherit limit line pairs print \
	ready skip_empty smoke timeout trace verbose)
cross: $(CROSS_TESTS:%=$(BUILD)/tests/program/%)
	BUILD=$(BUILD) tests/cross.sh $^

install: $(PROGRAM)
	$(INSTALL) -D -m 755 $(PROGRAM) $(call quote,$(DESTDIR)$(PREFIX)/bin/server)
	$(INSTALL) -D -m 644 src/server.1 \
		$(call quote,$(DESTDIR)$(MANDIR)/man1/server.1)

# Only what is committed, and the same to the byte whoever packs it.
dist:
	@mkdir -p $(BUILD)
	git diff --quiet HEAD || echo 'dist: what is not committed is left out'
	git -c tar.umask=022 archive --prefix=server-$(VERSION)/ \
		-o $(BUILD)/server-$(VERSION).tar HEAD
	gzip -nf $(BUILD)/server-$(VERSION).tar

# That, and static programs of it for three processors, with their sums.
release: dist
	BUILD=$(BUILD) VERSION=$(VERSION) CC='$(CC)' .ci/release

# The programs of the release are those that the tests drove, to the byte.
check-release:
	$(MAKE) check-static
	$(MAKE) cross
	$(MAKE) release $(BUILD)/tests/program/smoke_test
	BUILD=$(BUILD) VERSION=$(VERSION) tests/release.sh \
		$(BUILD)/tests/program/smoke_test

uninstall:
	rm -f $(call quote,$(DESTDIR)$(PREFIX)/bin/server) \
		$(call quote,$(DESTDIR)$(MANDIR)/man1/server.1)

# SOAK=500 takes seconds.
soak: $(PROGRAM) $(BUILD)/tests/soak/soak
	SERVER=$$(realpath $(PROGRAM)) $(BUILD)/tests/soak/soak $(or $(SOAK),10000)

$(BUILD)/tests/soak/soak: $(BUILD)/tests/soak/soak.o \
		$(patsubst %,$(BUILD)/tests/support/%.o,client needs process support)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(TEST_LIBS)

# strace sees the calls of the sanitizers, of valgrind and of gcov too.
UNTRACEABLE := strace_test refuse_test hardening_test assembly_test
SANITIZERS := -fsanitize=address,undefined -fno-sanitize-recover=all
# Here tests compute more than they wait: two at a time.
sanitize:
	AT_ONCE=2 $(MAKE) $(call variant,sanitize) CFLAGS='-O1 -g -fno-omit-frame-pointer $(SANITIZERS)' \
		WITHOUT='$(UNTRACEABLE)' check

# Two at a time here too. valgrind needs a C library that is loaded. The tests
# start a script beside the program, in which hardening_test would find nothing.
valgrind:
	$(MAKE) $(call variant,valgrind) STATIC_PIE= \
		WITHOUT='$(UNTRACEABLE)' valgrind-check

valgrind-check: $(PROGRAM) $(TESTS)
	cp tests/valgrind.sh $(BUILD)
	AT_ONCE=2 RUNNER=tests/valgrind.sh \
		tests/run.sh $(BUILD)/valgrind.sh $(TESTS)

# Starts clean, so that no old counts remain. Without STATIC_PIE= the compiler
# that tries it would leave its notes for gcov here.
coverage:
	rm -rf $(BUILD)/coverage
	$(MAKE) $(call variant,coverage) CC=gcc CFLAGS='-O0 -g --coverage' STATIC_PIE= \
		LDFLAGS=-Wl,--undefined=__gcov_dump WRAP_TOO=_exit \
		WITHOUT='$(UNTRACEABLE)' check
	tests/coverage.sh $(BUILD)/coverage

# libFuzzer is a part of clang that has a package of its own in some places.
FUZZ_SECONDS ?= 60
FUZZ_CC ?= clang
FUZZERS := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/*_fuzz.c))
fuzz:
	@echo 'int LLVMFuzzerTestOneInput(void) { return 0; }' | \
		$(FUZZ_CC) -fsanitize=fuzzer -o /dev/null -x c - || { \
		echo 'fuzz: not found: $(FUZZ_CC) with libFuzzer' \
			'(Debian: clang libclang-rt-dev)'; exit 1; }
	$(MAKE) $(call variant,fuzz) CC='$(FUZZ_CC)' fuzz-run \
		CFLAGS='-O1 -g -fsanitize=fuzzer-no-link $(SANITIZERS)'

fuzz-run: $(FUZZERS)
	tests/fuzz/fuzz.sh '$(FUZZ_SECONDS)' $^

$(BUILD)/tests/fuzz/%: $(BUILD)/tests/fuzz/%.o $(TEST_MODULES)
	$(CC) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -Wl,--wrap=write -o $@ $^

# For all arguments and all that the system may answer.
prove:
	@CC='$(CC)' VERSION='$(VERSION)' LINKED='$(LINKED)' \
		tests/prove/prove.sh $(BUILD)/prove

# SAMPLE=50 tries only so many, picked by SEED.
mutants:
	@tests/mutants/mutants.sh -n '$(or $(SAMPLE),0)' -s '$(or $(SEED),1)' \
		$(if $(JOBS),-j '$(JOBS)') $(MUTATE)

# The benchmark measures the static build too and, where its processor is
# known, a program of the bare system calls. BENCH_GB=0 leaves streams out.
BENCH_OBJECTS := $(patsubst %.c,$(BUILD)/%.o, \
	$(filter-out %/floor.c,$(wildcard tests/bench/*.c)))
FLOOR := $(if $(filter x86_64-%,$(MAKE_HOST)),$(BUILD)/tests/bench/floor)
bench: $(PROGRAM) $(BUILD)/tests/bench/bench $(FLOOR) static-program
	tests/bench/bench.sh $(BUILD)/tests/bench "$$(realpath $(PROGRAM))" \
		$(BUILD)/static/server

$(BUILD)/tests/bench/bench: $(BENCH_OBJECTS)
	$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $^

$(BUILD)/tests/bench/floor: tests/bench/floor.c tests/bench/port.h
	@mkdir -p $(@D)
	$(CC) -std=c11 $(WARNINGS) -O2 -ffreestanding -fno-stack-protector \
		-fno-pie -nostdlib -static -s -o $@ $<

# The checks are named, here and in .clang-tidy: the next release of a linter
# adds none. Whether the manuals that ours refers to are installed is no matter.
lint: $(BUILD)/errno_names.h
	clang-format --dry-run -Werror src/*.c include/*.h tests/*/*.[ch]
	for source in $(SOURCES); do \
		clang-tidy --quiet $$source -- -std=c11 $(DEFINES) && \
		$(CC) -std=c11 $(WARNINGS) $(DEFINES) -O2 -fanalyzer -Werror \
			-c -o /dev/null $$source || exit 1; \
	done
	cppcheck --quiet --error-exitcode=1 --std=c11 \
		--enable=warning,performance,portability \
		$$(cppcheck --check-level=exhaustive --version >/dev/null 2>&1 \
			&& echo --check-level=exhaustive) $(DEFINES) src
	! mandoc -Tlint -Wall src/server.1 | \
		grep -v 'referenced manual not found'
	shellcheck tests/*.sh tests/*/*.sh .ci/*
	python3 -c 'import sys, yaml; list(map(yaml.safe_load, \
		map(open, sys.argv[1:])))' .github/workflows/*.yml
	! grep -n 'uses:' .github/workflows/*.yml | \
		grep -v '@[0-9a-f]\{40\} # v'

clean:
	rm -rf $(BUILD) $(PROGRAM)

.PHONY: all check test deps static sanitize valgrind \
	coverage fuzz soak prove mutants bench lint install uninstall dist \
	clean check-static cross static-program valgrind-check fuzz-run \
	release check-release
.SECONDARY:
