#ifndef TABLE_H
#define TABLE_H

/*
 * What was found, as text that is Markdown too, and as data for gnuplot(1).
 */

void print_machine(void);
void print_missing(void);
void print_messages(void);
void print_streams(void);
void print_lengths(void);
void print_goals(void);

/* Writes folder/message.dat and folder/stream.dat. */
void write_data(const char *folder);

#endif
