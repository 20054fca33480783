#ifndef TABLE_H
#define TABLE_H

/*
 * What was found, as text that is Markdown too, and as data for gnuplot(1).
 */

void print_machine(void);

/* Says that the machine was busy if its load is more than that. */
void print_load(const char *when, double most);
void print_missing(void);
void print_messages(void);
void print_streams(int length);
void print_memory(void);
void print_goals(void);

/* A block for each chart: what a message takes, and each target at 1 GiB. */
void write_data(const char *path);

#endif
