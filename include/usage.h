#ifndef USAGE_H
#define USAGE_H

/*
 * What the program says of its use.
 */

/* What -h and -V print. */
extern const char usage_help[];
extern const char usage_version[];

/*
 * Says what is wrong with an option, or with its value unless that is NULL, and
 * then the usage, in two lines. Returns -1.
 */
int usage_refuse(const char *option, const char *value, const char *problem);

#endif
