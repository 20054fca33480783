#ifndef USAGE_H
#define USAGE_H

/*
 * The help, the version, and the refusal of a wrong command line.
 */

/* What -h and -V print, with newlines. */
extern const char usage_help[];
extern const char usage_version[];

/*
 * Reports the problem with option and its value, NULL if it has none, and then
 * the usage: two lines on standard error. Returns -1.
 */
int usage_refuse(const char *option, const char *value, const char *problem);

#endif
