/*
 * Eva relates no pointer to the length that is left from there. So where the
 * rest of buf is written, its index is checked, which comes to the same: the
 * texts of the arguments are compared to what that takes for granted. That len
 * is above done follows where prove_count is called, from their difference.
 */

#undef write
#define write(fd, from, count)                                                 \
	prove_rest(#from, #count, buf, done, len, prove_count(count))

#include "../../src/output.c"
