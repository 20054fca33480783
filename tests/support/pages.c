#include "pages.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

const struct option_fact option_facts[] = {
	{ 'a', "allow", "ADDRESS[/BITS]",
	  "accept only a sender of this network", NULL, "network",
	  "only a sender of" },
	{ 'b', "bind", "ADDRESS", "listen on this IP address", "0.0.0.0",
	  "numeric IPv6 address", "listen on" },
	{ 'e', "eof", NULL, "receive until the sender closes", NULL, NULL,
	  "until the sender closes" },
	{ 'h', "help", NULL, "print this help", NULL, NULL, "print" },
	{ 'l', "line", NULL, "receive up to the first newline", NULL, NULL,
	  "first newline" },
	{ 'n', "bytes", "BYTES", "take at most BYTES", "128; all with -e, -l",
	  "from 1 to 9223372036854775807", "at most" },
	{ 'p', "port", "PORT", "listen on PORT; 0 picks a free one", "8080",
	  "from 0 to 65535", "0 picks" },
	{ 'r', "ready", "FD", "once listening, write the port to descriptor FD",
	  NULL, "above 2", "write the port" },
	{ 't', "timeout", "SECONDS", "give up after SECONDS, with status 124",
	  NULL, "from 0.000001 to 999999999.999999", "status 124" },
	{ 'V', "version", NULL, "print the version", NULL, NULL,
	  "print the version" },
	{ 'v', "verbose", NULL, "report who connects and what was received",
	  NULL, NULL, "who connects" },
	{ 'w', "idle", "SECONDS",
	  "give up after SECONDS of silence, with status 124", NULL, "silence",
	  "silence" },
	{ 'x', "trace", NULL, "show each system call, name its man page", NULL,
	  NULL, "page" },
	{ 'z', "skip-empty", NULL, "ignore connections that send nothing", NULL,
	  NULL, "send nothing" },
	{ 0, NULL, NULL, NULL, NULL, NULL, NULL },
};

const struct status_fact status_facts[] = {
	{ 0, "delivered", "delivered", "" },
	{ 1, "failed", "a call failed, or the sender reset the connection",
	  "on standard error says which and why" },
	{ 2, "usage error", "command line", "listener" },
	{ 3, "nothing sent", "closed the connection without sending anything",
	  "with -e that is an empty message" },
	{ 124, "timed out", "the time set by -t ran out", "" },
	{ 0, NULL, NULL, NULL },
};

const char *const markdown_pages[] = { "README.md",
				       "src/README.md",
				       "tests/README.md",
				       ".github/CONTRIBUTING.md",
				       ".github/CHANGELOG.md",
				       "tests/bench/results.md",
				       NULL };

const char *usage_text(void)
{
	static char text[512];
	FILE *to = fmemopen(text, sizeof(text), "w");
	const struct option_fact *option;

	fputs("server [-", to);
	for (option = option_facts; option->letter != 0; option++)
		if (option->argument == NULL)
			fputc(option->letter, to);
	fputc(']', to);
	for (option = option_facts; option->letter != 0; option++)
		if (option->argument != NULL)
			fprintf(to, " [-%c %s]", option->letter,
				option->argument);
	fclose(to);
	return text;
}

static void put_option(FILE *to, const struct option_fact *option)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s", option->name,
		 option->argument == NULL ? "" : " ",
		 option->argument == NULL ? "" : option->argument);
	fprintf(to, "  -%c, --%-22s%s", option->letter, name, option->help);
	if (option->fallback != NULL)
		fprintf(to, " (default %s)", option->fallback);
	fputc('\n', to);
}

const char *help_text(void)
{
	static char text[4096];
	FILE *to = fmemopen(text, sizeof(text), "w");

	fprintf(to,
		"usage: %s\n"
		"Accept one TCP connection and write the message received to "
		"standard output.\n\n",
		usage_text());
	for (size_t i = 0; option_facts[i].letter != 0; i++)
		put_option(to, &option_facts[i]);
	fputs("\nWithout -e or -l the message is what one recv returns, "
	      "which may not be all.\nExit status:",
	      to);
	for (size_t i = 0; status_facts[i].help != NULL; i++)
		fprintf(to, "%s %d %s", i == 0 ? "" : ",",
			status_facts[i].status, status_facts[i].help);
	fputs(".\n", to);
	fclose(to);
	return text;
}

const char *version_text(void)
{
#ifdef __GLIBC__
	return "server " VERSION " (" LINKED ", glibc)\n";
#else
	return "server " VERSION " (" LINKED ", musl)\n";
#endif
}

char *read_whole(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t size = 0;

	if (file == NULL)
		return NULL;
	if (getdelim(&text, &size, '\0', file) == -1) {
		free(text);
		text = NULL;
	}
	fclose(file);
	return text;
}

/* Takes the next word of a line of mdoc(7), which may stand in quotes. */
static char *next_word(char **line)
{
	char *word = *line + strspn(*line, " ");
	const bool quoted = *word == '"';
	char *end;

	word += quoted;
	end = word + strcspn(word, quoted ? "\"" : " ");
	if (*word == '\0')
		return NULL;
	*line = *end == '\0' ? end : end + 1;
	*end = '\0';
	return word;
}

static void put_escaped(FILE *to, const char *text)
{
	for (; *text != '\0'; text++)
		if (text[0] == '\\' && (text[1] == '&' || text[1] == 'e'))
			fputs(*++text == 'e' ? "\\" : "", to);
		else
			fputc(*text, to);
}

static bool is_one_of(const char *word, const char *const list[])
{
	for (size_t i = 0; list[i] != NULL; i++)
		if (strcmp(word, list[i]) == 0)
			return true;
	return false;
}

/* The words of a line, and what its macros make of them. */
static void put_words(FILE *to, char *line)
{
	static const char *const plain[] = { "Ar", "Ql", "Li", "Ic", "Ev",
					     "Pa", "Sx", "Dv", "Nd", NULL };
	static const char *const points[] = { ",", ".", ";", ":", ")", NULL };
	const char *blank = "", *dash = "", *closing = "", *word;

	while ((word = next_word(&line)) != NULL) {
		if (is_one_of(word, points)) {
			fprintf(to, "%s%s", closing, word);
			closing = "";
			blank = " ";
		} else if (strcmp(word, "Fl") == 0) {
			dash = "-";
		} else if (is_one_of(word, plain)) {
			dash = "";
		} else if (strcmp(word, "Op") == 0 || strcmp(word, "Dq") == 0) {
			closing = *word == 'O' ? "]" : "\"";
			fprintf(to, "%s%s", blank, *word == 'O' ? "[" : "\"");
			blank = "";
		} else if (strcmp(word, "Xr") == 0) {
			fprintf(to, "%s%s", blank, next_word(&line));
			fprintf(to, "(%s)", next_word(&line));
		} else if (strcmp(word, "Nm") == 0) {
			fprintf(to, "%sserver", blank);
			line += strcspn(line, ",.;:)");
			blank = " ";
		} else {
			fprintf(to, "%s%s", blank, dash);
			put_escaped(to, word);
			blank = " ";
		}
	}
	fputs(closing, to);
}

static void put_line(FILE *to, char *line, bool *literal)
{
	static const char *const structure[] = { "Sh", "Ss", "It", "El",
						 "Bd", "Ed", NULL };
	static const char *const breaks[] = {
		"Pp", "Bl", "Dd", "Dt", "Os", NULL
	};
	char macro[3] = "";

	snprintf(macro, sizeof(macro), "%s", line + (line[0] == '.'));
	if (line[0] != '.') {
		put_escaped(to, line);
		fputc(*literal ? '\n' : ' ', to);
	} else if (strcmp(macro, "Dl") == 0) {
		fputc('\n', to);
		put_escaped(to, line);
		fputc('\n', to);
	} else if (is_one_of(macro, structure)) {
		*literal = strcmp(macro, "Bd") == 0;
		fprintf(to, "\n.%s ", macro);
		put_words(to, line + 3);
		fputc('\n', to);
	} else if (is_one_of(macro, breaks)) {
		fputc('\n', to);
	} else {
		put_words(to, line + 1);
		fputc(' ', to);
	}
}

const char *manual_text(void)
{
	static char text[65536];
	char *source, *line;
	bool literal = false;
	FILE *to;

	if (text[0] != '\0')
		return text;
	source = line = read_whole("src/server.1");
	assert_non_null(source);
	to = fmemopen(text, sizeof(text), "w");
	while (*line != '\0') {
		char *end = strchr(line, '\n');

		*end = '\0';
		put_line(to, line, &literal);
		line = end + 1;
	}
	fclose(to);
	free(source);
	return text;
}

char *manual_part(const char *line)
{
	static const char *const ends[] = { "\n.Sh ", "\n.It ", "\n.El " };
	const size_t count = strncmp(line, ".Sh", 3) == 0 ? 1 : 3;
	const char *begin, *end;
	char whole[256];

	snprintf(whole, sizeof(whole), "\n%s\n", line);
	begin = strstr(manual_text(), whole);
	if (begin == NULL)
		fail_msg("the manual has no line: %s", line);
	begin += strlen(whole);
	end = begin + strlen(begin);
	for (size_t i = 0; i < count; i++) {
		const char *other = strstr(begin - 1, ends[i]);

		if (other != NULL && other < end)
			end = other;
	}
	return strndup(begin, end < begin ? 0 : (size_t)(end - begin));
}
