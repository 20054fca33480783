#ifndef PAGES_H
#define PAGES_H

#include <stdio.h>

/*
 * What the help, the manual and the READMEs say of the program: the one source
 * that tests compare them all with; and the text of these pages.
 */

struct option_fact {
	char letter;
	const char *name;
	const char *argument; /* NULL where it takes none */
	const char *help;
	const char *fallback; /* its default, NULL for none */
	const char *range;    /* what it can be, in the manual; NULL for any */
	const char *says;     /* every page, in whatever words around it */
};

/* In the order of every list; ended by a letter of 0. */
extern const struct option_fact option_facts[];

struct status_fact {
	int status;
	const char *help;
	const char *says; /* every page, in whatever words around it */
	const char *also;
};

/* In the order of every list; ended by a help of NULL. */
extern const struct status_fact status_facts[];

/* What stands after "usage: ". */
const char *usage_text(void);

/* All that -h prints. */
const char *help_text(void);

/* All that -V prints, of the modules that a test is linked with. */
const char *version_text(void);

/* The READMEs and the like, whether they are there or not; ended by NULL. */
extern const char *const markdown_pages[];

/* A file's whole text, for the caller to free; NULL where it is not there. */
char *read_whole(const char *path);

/*
 * The manual as text. Each paragraph is a line, and the lines of an example
 * stay; .Sh and .Ss with their name, .It with its head, .Dl with its line, and
 * .El, .Bd and .Ed have lines of their own.
 */
const char *manual_text(void);

/*
 * What stands below the line `.Sh NAME` or `.It HEAD` up to the next .Sh or,
 * for .It, the next .It or .El; for the caller to free. It fails the test where
 * there is no such line.
 */
char *manual_part(const char *line);

#endif
