#ifndef STATUS_H
#define STATUS_H

/* How a run ended: the exit status of the program. */
enum status {
	STATUS_OK = 0,
	STATUS_FAILED = 1, /* a call failed, or the sender reset */
	STATUS_USAGE = 2,
	STATUS_NOTHING_SENT = 3,
	STATUS_DEADLINE = 124, /* as in timeout(1) */
};

#endif
