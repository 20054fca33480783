#ifndef LIMIT_H
#define LIMIT_H

/*
 * A receiver that shows the limit of the others: the kernel splices what comes
 * into standard output if that is a pipe, and else throws it away. Returns its
 * exit status.
 */
int limit(void);

#endif
