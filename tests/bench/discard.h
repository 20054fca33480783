#ifndef DISCARD_H
#define DISCARD_H

/*
 * A receiver without an output, the limit of the others: the kernel throws away
 * what comes. Returns its exit status.
 */
int discard(void);

#endif
