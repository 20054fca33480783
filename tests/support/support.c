#include "support.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

struct CMUnitTest *free_test(struct CMUnitTest tests[MOST_TESTS])
{
	for (size_t i = 0; i < MOST_TESTS; i++)
		if (tests[i].test_func == NULL)
			return &tests[i];
	fputs("more tests than MOST_TESTS\n", stderr);
	exit(1);
}

long long now_ms(void)
{
	struct timespec now;

	assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/* Line by line, as fnmatch(3) would have `*` match newlines too. */
static bool matches(const char *text, const char *pattern)
{
	char line[CAUGHT_BYTES], like[CAUGHT_BYTES];
	size_t len, like_len;

	do {
		len = strcspn(text, "\n");
		like_len = strcspn(pattern, "\n");
		assert_between(len, 0, sizeof(line) - 1);
		assert_between(like_len, 0, sizeof(like) - 1);
		snprintf(line, sizeof(line), "%.*s", (int)len, text);
		snprintf(like, sizeof(like), "%.*s", (int)like_len, pattern);
		text += len;
		pattern += like_len;
		if (fnmatch(like, line, 0) != 0 || *text != *pattern)
			return false;
		pattern++;
	} while (*text++ != '\0');
	return true;
}

bool is_like(const char *text, const char *pattern)
{
	const bool like = matches(text, pattern);

	if (!like)
		print_error("this: %s is not like: %s", text, pattern);
	return like;
}

void assert_like(const char *text, const char *pattern)
{
	if (!is_like(text, pattern))
		fail();
}

bool is_between(intmax_t number, intmax_t least, intmax_t most)
{
	const bool between = least <= number && number <= most;

	if (!between)
		print_error("%jd is not from %jd to %jd\n", number, least,
			    most);
	return between;
}

bool under_valgrind(void)
{
	const char *server = getenv("SERVER");
	const char *name = server == NULL ? NULL : strrchr(server, '/');

	return name != NULL && strcmp(name, "/valgrind.sh") == 0;
}

int open_descriptors(void)
{
	DIR *listing = opendir("/proc/self/fd");
	int count = -1; /* the listing's own */

	assert_non_null(listing);
	for (struct dirent *entry = readdir(listing); entry != NULL;
	     entry = readdir(listing))
		count += entry->d_name[0] != '.';
	closedir(listing);
	return count;
}

/* A name that is to be made unique, as mkstemp(3) does. */
static void name_temporary(char name[PATH_MAX])
{
	const char *parent = getenv("TMPDIR");

	if (parent == NULL || parent[0] == '\0')
		parent = "/tmp";
	snprintf(name, PATH_MAX, "%s/server-XXXXXX", parent);
}

int temporary_file(int flags)
{
	char name[PATH_MAX];
	int fd;

	name_temporary(name);
	fd = mkostemp(name, flags);
	if (fd == -1)
		fail_msg("%s: %s", name, strerror(errno));
	assert_int_equal(unlink(name), 0);
	return fd;
}

int make_folder(void **state)
{
	char name[PATH_MAX], folder[PATH_MAX];

	(void)state;
	name_temporary(name);
	if (mkdtemp(name) == NULL || realpath(name, folder) == NULL) {
		print_error("%s: %s\n", name, strerror(errno));
		return -1;
	}
	return setenv("FOLDER", folder, 1);
}

int copy_project(void **state)
{
	if (make_folder(state) == -1)
		return -1;
	return system("cp -R Makefile src include tests \"$FOLDER\" && "
		      "cd \"$FOLDER\" && "
		      "printf '#!/bin/sh\\nexec \"$SERVER\" \"$@\"\\n' "
		      ">server && "
		      "chmod +x server");
}

/* What was copied may have been of a tree that nobody may write to. */
int remove_folder(void **state)
{
	(void)state;
	return system("chmod -R u+w \"$FOLDER\" && rm -r \"$FOLDER\"");
}

void forget_make(void)
{
	static const char *const names[] = {
		"MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS",
		"BUILD",     "PROGRAM",	      "CPPFLAGS",  "CFLAGS",
		"LDFLAGS",   "STATIC_PIE",    "WITHOUT",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

void open_terminal(int pty[2])
{
	struct termios raw;

	pty[0] = posix_openpt(O_RDWR | O_NOCTTY);
	assert_int_not_equal(pty[0], -1);
	assert_int_equal(grantpt(pty[0]), 0);
	assert_int_equal(unlockpt(pty[0]), 0);
	pty[1] = open(ptsname(pty[0]), O_RDWR | O_NOCTTY);
	assert_int_not_equal(pty[1], -1);
	assert_int_equal(tcgetattr(pty[1], &raw), 0);
	cfmakeraw(&raw);
	assert_int_equal(tcsetattr(pty[1], TCSANOW, &raw), 0);
}

size_t read_screen(const int pty[2], char *text, size_t size)
{
	size_t len = 0;

	assert_int_equal(write(pty[1], "", 1), 1);
	do {
		assert_between(len, 0, size - 1);
		len += read_some(pty[0], text + len, size - len, "screen");
	} while (text[len - 1] != '\0');
	return len - 1;
}

void close_terminal(const int pty[2])
{
	close(pty[0]);
	close(pty[1]);
}
