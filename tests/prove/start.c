/* The program's main, with any argument vector within the bounds. */

#include "__fc_builtin.h"

#include "calls.h"

#include <limits.h>

#include "options.h"
#include "trace.h"

int main(int argc, char *argv[]);

enum {
	BYTES_TRACED = 32, /* BUFFER_SHOWN of trace.c */
};

/* Of their own each, so that a read after the end of one hits no other. */
static char text0[ARGUMENT_BYTES + 1], text1[ARGUMENT_BYTES + 1],
	text2[ARGUMENT_BYTES + 1], text3[ARGUMENT_BYTES + 1],
	text4[ARGUMENT_BYTES + 1], text5[ARGUMENT_BYTES + 1];
static char *vector[ARGUMENTS + 1] = { text0, text1, text2, text3,
				       text4, text5, NULL };

/*
 * Eva takes argc and the place of the NULL apart. So the one function that
 * looks at argv is run with each number of arguments by itself, too.
 */
static void prove_each_argc(void)
{
	struct options options;

	//@ loop unroll ARGUMENTS + 1;
	for (int argc = ARGUMENTS; argc >= 0; argc--) {
		vector[argc] = NULL;
		optind = 1;
		options_parse(&options, argc, vector);
	}
}

/*
 * As output_write calls it: with a rest of any length, of which no more may be
 * read than is shown.
 */
static void prove_trace_buffer(void)
{
	static char bytes[BYTES_TRACED];
	const int all = sizeof(bytes);

	trace_start();
	errno = Frama_C_interval(0, INT_MAX);
	Frama_C_make_unknown(bytes, sizeof(bytes));
	//@ loop unroll BYTES_TRACED;
	for (int used = 1; used < all; used++)
		trace_buffer("write", Frama_C_long_interval(-1, used), 1,
			     bytes + all - used, used, (size_t)used, "");
	trace_buffer("write", Frama_C_long_interval(-1, LONG_MAX), 1, bytes,
		     Frama_C_long_interval(all, LONG_MAX),
		     Frama_C_size_t_interval(1, SIZE_MAX), "");
}

int prove_main(void)
{
	/* What bounds the part of a character and the length to show. */
	/*@ widen_hints global:"all", 15, 959; */
	for (int i = 0; i < ARGUMENTS; i++)
		Frama_C_make_unknown(vector[i], ARGUMENT_BYTES);
	switch (Frama_C_interval(0, 2)) {
	case 0:
		prove_each_argc();
		return 0;
	case 1:
		prove_trace_buffer();
		return 0;
	}
	return main(Frama_C_interval(0, ARGUMENTS), vector);
}
