#ifndef MESSAGE_H
#define MESSAGE_H

/*
 * Measures of one short message: how long it takes, how much memory waits for
 * it, and how many system calls deliver it.
 */

void measure_messages(int rounds);

/* Of some rounds too, as the kernel counts the pages of a process roughly. */
void measure_waiting(int rounds);

/* With strace(1), which writes to the file log; does nothing without it. */
void measure_calls(const char *log);

#endif
