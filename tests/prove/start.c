/* The program's main, with any argument vector within the bounds. */

#include "__fc_builtin.h"

#include "calls.h"

int main(int argc, char *argv[]);

/* Of their own each, so that a read behind the end of one hits no other. */
static char text0[ARGUMENT_BYTES + 1], text1[ARGUMENT_BYTES + 1],
	text2[ARGUMENT_BYTES + 1], text3[ARGUMENT_BYTES + 1],
	text4[ARGUMENT_BYTES + 1], text5[ARGUMENT_BYTES + 1];
static char *vector[ARGUMENTS + 1] = { text0, text1, text2, text3,
				       text4, text5, NULL };

int prove_main(void)
{
	/*@ widen_hints global:"all", 15, 960; */
	for (int i = 0; i < ARGUMENTS; i++)
		Frama_C_make_unknown(vector[i], ARGUMENT_BYTES);
	return main(Frama_C_interval(0, ARGUMENTS), vector);
}
