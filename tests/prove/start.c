/* The program's main, with any argument vector within the bounds. */

#include "__fc_builtin.h"

#include "calls.h"
#include "options.h"

int main(int argc, char *argv[]);

/* Of their own each, so that a read behind the end of one hits no other. */
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

int prove_main(void)
{
	/* What output.c bounds pending_len and the length to show by. */
	/*@ widen_hints global:"all", 15, 960; */
	for (int i = 0; i < ARGUMENTS; i++)
		Frama_C_make_unknown(vector[i], ARGUMENT_BYTES);
	if (Frama_C_interval(0, 1)) {
		prove_each_argc();
		return 0;
	}
	return main(Frama_C_interval(0, ARGUMENTS), vector);
}
