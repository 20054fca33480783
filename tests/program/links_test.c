/* Where the links of the READMEs go. */
#include <ctype.h>
#include <fnmatch.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pages.h"
#include "support.h"

/* Whether the file defines the function, as the style has it. */
static bool defines(const char *text, const char *function)
{
	const size_t len = strlen(function);

	for (const char *at = text; (at = strstr(at, function)) != NULL; at++) {
		const char *line = at;

		while (line > text && line[-1] != '\n')
			line--;
		if (at[len] == '(' && isalpha((unsigned char)*line))
			return true;
	}
	return false;
}

/* Whether a page has the heading that an anchor names, as GitHub makes it. */
static bool has_heading(const char *text, const char *anchor)
{
	for (const char *at = text; (at = strstr(at, "\n#")) != NULL; at++) {
		const char *letter = at + 1 + strspn(at + 1, "# ");
		const char *want = anchor;

		for (; *letter != '\n'; letter++) {
			if (isalnum((unsigned char)*letter) ||
			    strchr("-_ ", *letter) != NULL)
				if (*want++ !=
				    (*letter == ' ' ? '-' : tolower(*letter)))
					break;
		}
		if (*letter == '\n' && *want == '\0')
			return true;
	}
	return false;
}

/*
 * The label of a link to a source is the name of its module, or of a function
 * that is there. A link into a page is to a heading: a line number would have
 * to be renumbered.
 */
static void assert_resolves(const char *page, const char *label, char *target)
{
	char *anchor = strchr(target, '#'), path[256], folder[128];
	char module[80], *text;

	if (anchor != NULL)
		*anchor++ = '\0';
	snprintf(folder, sizeof(folder), "%s", page);
	snprintf(path, sizeof(path), "%s/%s", dirname(folder), target);
	if (*target == '\0')
		snprintf(path, sizeof(path), "%s", page);
	if (access(path, F_OK) == -1)
		fail_msg("%s has a link to %s, which is not there", page,
			 target);
	text = read_whole(path);
	if (anchor != NULL && (text == NULL || !has_heading(text, anchor)))
		fail_msg("%s: %s has no heading #%s", page, path, anchor);
	snprintf(module, sizeof(module), "%s.c", label);
	if (fnmatch("*.c", path, 0) == 0 &&
	    strcmp(basename(path), module) != 0 &&
	    (text == NULL || !defines(text, label)))
		fail_msg("%s: %s is not in %s", page, label, target);
	free(text);
}

static int follow_links(const char *page, const char *text)
{
	int links = 0;

	for (const char *at = text; (at = strstr(at, "](")) != NULL; at++) {
		char label[64] = "", target[128] = "";
		const char *begin = at;

		while (begin > text && begin[-1] != '[')
			begin--;
		snprintf(label, sizeof(label), "%.*s", (int)(at - begin),
			 begin);
		snprintf(target, sizeof(target), "%.*s",
			 (int)strcspn(at + 2, ")"), at + 2);
		if (strstr(target, "://") == NULL)
			assert_resolves(page, label, target);
		links++;
	}
	return links;
}

static void test_readme_links_to_what_is_there(void **state)
{
	int links = 0;

	(void)state;
	for (size_t i = 0; markdown_pages[i] != NULL; i++) {
		char *text = read_whole(markdown_pages[i]);

		if (text != NULL)
			links += follow_links(markdown_pages[i], text);
		free(text);
	}
	assert_between(links, 1, 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_readme_links_to_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
