/* What the command line and a file of options come to: a row each. tests/options.sh asks the
 * binary. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "options/config.h"
#include "options/option_table.h"
#include "options/options.h"
#include "options/take.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* Splits "--port 25 example.com" at its spaces; '' is an empty argument. */
static int
split(char *line, char **argv, int max)
{
	int argc = 0;

	for (char *word = strtok(line, " "); word != NULL && argc < max; word = strtok(NULL, " "))
		argv[argc++] = strcmp(word, "''") == 0 ? word + 2 : word;
	return argc;
}

static bool
parse(struct options *options, enum command_id command, const char *line, struct arena *arena,
    char error[OPTIONS_ERROR])
{
	char *argv[64];
	int argc = split(arena_string(arena, line), argv, (int)COUNT(argv));

	error[0] = '\0';
	return options_parse(options, command, argc, argv, NULL, arena, error);
}

static const struct {
	enum command_id command;
	const char *line, *error;
} refused[] = {
    {COMMAND_PROBE, "", "no target (try \"mxwalk help probe\")"},
    {COMMAND_PROBE, "--port 0 a.example", "--port 0: not a port (1 to 65535)"},
    {COMMAND_PROBE, "--port 65536 a.example", "--port 65536: not a port (1 to 65535)"},
    {COMMAND_PROBE, "--port a.example", "--port a.example: not a port (1 to 65535)"},
    {COMMAND_PROBE, "-p", "-p: needs a value (PORT)"},
    {COMMAND_PROBE, "--concurrency 0 a.example", "--concurrency 0: not a number from 1 to 20000"},
    {COMMAND_PROBE, "--all=yes a.example", "--all: takes no value"},
    {COMMAND_PROBE, "--frobnicate a.example", "--frobnicate: no such option"},
    {COMMAND_PROBE, "--summary a.example", "--summary: an option of \"explain\", not of \"probe\""},
    {COMMAND_PROBE, "--to u@a.example --input list",
        "--to: not with --input: a list is walked "
        "without recipients"},
    {COMMAND_PROBE, "--attach-type image/png --attach-body y u@a.example",
        "--attach-body y: the type before it (--attach-type) is that of no text"},
    {COMMAND_PROBE, "--data - --input -",
        "standard input can be read only once (--input, --data, --body, --html, --attach, "
        "--auth-...)"},
    {COMMAND_PROBE, "-6 --source 192.0.2.1 a.example",
        "--source 192.0.2.1: not an IPv6 address, and -6 asks for these only"},
    {COMMAND_PROBE, "--dkim-key k a.example",
        "a signature needs both --dkim-key and --dkim-selector"},
    {COMMAND_CHECK, "", "check: needs an argument: EVALUATOR [OPTION...] [ARGUMENT...]"},
    {COMMAND_SELF, "a.example", "a.example: \"self\" takes no such argument"},
};

Test(options, refused)
{
	for (size_t i = 0; i < COUNT(refused); i++) {
		struct arena *arena = arena_new();
		struct options options;
		char error[OPTIONS_ERROR];

		cr_expect(!parse(&options, refused[i].command, refused[i].line, arena, error), "%s",
		    refused[i].line);
		cr_expect_str_eq(error, refused[i].error, "%s: %s", refused[i].line, error);
		arena_free(arena);
	}
}

/* The times that stages get: connect, EHLO, message, and the look-ups. */
static const struct {
	enum command_id command;
	const char *line;
	long connect, ehlo, message, dns;
} times[] = {
    {COMMAND_PROBE, "--timeout 7 a.example", 7000, 7000, 7000, 10000},
    {COMMAND_PROBE, "--timeout rfc a.example", 300000, 300000, 600000, 10000},
    {COMMAND_PROBE, "--timeout 7 --timeout-connect 500ms a.example", 500, 7000, 7000, 10000},
    {COMMAND_PROBE, "--timeout-command 1m --timeout 9s a.example", 9000, 60000, 9000, 10000},
    {COMMAND_PROBE, "--timeout 1h --timeout-dns 2 a.example", 3600000, 3600000, 3600000, 2000},
    {COMMAND_CHECK, "--timeout 2 mx a.example", 0, 0, 0, 2000},
    {COMMAND_CHECK, "mx a.example", 0, 0, 0, 20000},
};

Test(options, times)
{
	for (size_t i = 0; i < COUNT(times); i++) {
		struct arena *arena = arena_new();
		struct options options;
		char error[OPTIONS_ERROR];
		long ms[STAGE_COUNT];

		cr_assert(parse(&options, times[i].command, times[i].line, arena, error), "%s: %s",
		    times[i].line, error);
		options_deadlines(&options, ms);
		cr_expect_eq(options.timeout_dns, times[i].dns, "%s", times[i].line);
		if (times[i].connect != 0) {
			cr_expect_eq(ms[STAGE_CONNECT], times[i].connect, "%s", times[i].line);
			cr_expect_eq(ms[STAGE_EHLO], times[i].ehlo, "%s", times[i].line);
			cr_expect_eq(ms[STAGE_MESSAGE], times[i].message, "%s", times[i].line);
		}
		arena_free(arena);
	}
}

/* What is in force, as the record of the run lists it. */
static const struct {
	const char *file, *line, *given;
} merged[] = {
    {"", "a.example", ""},
    {"port 2525\n", "a.example", "port=2525"},
    {"port 2525\n", "--port 26 a.example", "port=26"},
    {"  --port=2525  \r\n# all\n\nall\n", "a.example", "port=2525 all"},
    {"all\n", "--no-all a.example", "no-all"},
    {"no-dnsbl\n", "--dnsbl a.example", "dnsbl"},
    {"source 192.0.2.1\nsource = 192.0.2.2\n", "a.example", "source=192.0.2.1 source=192.0.2.2"},
    {"source 192.0.2.1\n", "--source 192.0.2.9 a.example", "source=192.0.2.9"},
    {"summary\nmx x\n", "a.example", ""}, /* other commands' */
    {"dnsbl-key zen.example=secret\n", "a.example", "dnsbl-key=..."},
    {"frobnicate\n", "a.example", "!FILE:1: frobnicate: no such option"},
    {"all\nport\n", "a.example", "!FILE:2: port: needs a value (PORT)"},
    {"all yes\n", "a.example", "!FILE:1: all: takes no value"},
    {"help\n", "a.example", "!FILE:1: help: has no place in a file"},
    {"port 0\n", "--port 26 a.example", "!FILE:1: port 0: not a port (1 to 65535)"},
};

/* `text` in a file of its own, whose name goes to `name`. */
static void
write_file(char name[64], const char *text)
{
	FILE *file;

	snprintf(name, 64, "/tmp/mxwalk-test-options.XXXXXX");
	file = fdopen(mkstemp(name), "w");
	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

Test(options, file_and_line)
{
	for (size_t i = 0; i < COUNT(merged); i++) {
		struct arena *arena = arena_new();
		struct options options;
		char error[OPTIONS_ERROR], name[64], *argv[16];
		const char *got = "", *wanted = merged[i].given;
		int argc = split(arena_string(arena, merged[i].line), argv, (int)COUNT(argv));

		write_file(name, merged[i].file);
		if (!options_parse(&options, COMMAND_PROBE, argc, argv, name, arena, error)) {
			cr_assert_eq(strncmp(error, name, strlen(name)), 0, "%s", error);
			got = arena_printf(arena, "!FILE%s", error + strlen(name));
		} else {
			for (size_t k = 0; k < options.given.count; k++)
				got = arena_printf(
				    arena, "%s%s%s", got, k > 0 ? " " : "", options.given.items[k]);
		}
		cr_expect_str_eq(got, wanted, "%s: %s", merged[i].file, got);
		remove(name);
		arena_free(arena);
	}
}

/* Every row can be shown, found and, where it has a preset, read. */
Test(options, table)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option *option = &option_table[i];
		struct arena *arena = arena_new();
		struct options options = {0};

		cr_expect(option->help != NULL && option->names != NULL && option->commands != 0);
		cr_expect_eq(option->value == NULL, option->take == NULL, "%s", option->names);
		cr_expect(option->take != take_word || option->words != NULL, "%s", option->names);
		if (option->preset != NULL && option->take != NULL)
			cr_expect_null(option->take(arena, option, option->preset,
			                   (char *)&options + option->at),
			    "%s", option->names);
		for (int command = 0; command < COMMAND_COUNT; command++)
			for (size_t k = 0; k < i; k++)
				cr_expect(!option_belongs(option, (enum command_id)command) ||
				              !option_belongs(
				                  &option_table[k], (enum command_id)command) ||
				              option->letter == 0 ||
				              option->letter != option_table[k].letter,
				    "-%c twice", option->letter);
		arena_free(arena);
	}
}

/* options_first_word rests on it; --list is the lab's where no command stands before it. */
Test(options, a_name_takes_a_value_everywhere_or_nowhere)
{
	for (size_t i = 0; i < option_count; i++)
		for (size_t k = 0; k < i; k++) {
			const struct option *a = &option_table[i], *b = &option_table[k];
			struct slice names = slice_of(a->names), name;

			while (slice_word(&names, " ", &name)) {
				struct slice others = slice_of(b->names), other;

				while (slice_word(&others, " ", &other))
					cr_expect(name.len != other.len ||
					              memcmp(name.at, other.at, name.len) != 0 ||
					              slice_same(name, "list") ||
					              (a->value == NULL) == (b->value == NULL),
					    "%.*s", (int)name.len, name.at);
			}
			cr_expect(a->letter == 0 || a->letter != b->letter ||
			              (a->value == NULL) == (b->value == NULL),
			    "-%c", a->letter);
		}
}

static const struct {
	const char *line;
	int word;
} first_words[] = {
    {"check mx a.example", 0},
    {"-v check mx a.example", 1},
    {"--json --timeout 3 explain x", 3},
    {"--list lab", 1},
    {"--timeout=3 explain x", 1},
    {"--output check a.example", 2}, /* "check" is a file */
    {"-vo check a.example", 2},
    {"-vp26 lab", 1},
    {"-v -- check", 3},
    {"-v", 1},
    {"-i - a.example", 2},
};

Test(options, first_word)
{
	for (size_t i = 0; i < COUNT(first_words); i++) {
		struct arena *arena = arena_new();
		char *argv[16];
		int argc = split(arena_string(arena, first_words[i].line), argv, (int)COUNT(argv));

		cr_expect_eq(options_first_word(argc, argv), first_words[i].word, "%s: %d",
		    first_words[i].line, options_first_word(argc, argv));
		arena_free(arena);
	}
}

/* The texts of explain, with "|" between; "!": refused. */
static const struct {
	const char *line; /* "_" stands for a blank inside an argument */
	const char *texts;
} texts[] = {
    {"554", "554"},
    {"554 5.7.1 rejected", "554 5.7.1 rejected"},
    {"554_5.7.1_rejected", "554 5.7.1 rejected"},
    {"554_5.7.1_rejected 550_no", "554 5.7.1 rejected|550 no"},
    {"554 5.7.1_rejected", "554 5.7.1 rejected"},
    {"550_no 554 5.7.1_rejected", "550 no|554 5.7.1 rejected"},
    {"rejected by policy", "rejected by policy"},
    {"554 550", "554|550"},
    {"--stage rcpt 554 rejected", "554 rejected"},
    {"-", "-"},
    {"/etc/passwd", "!"},
    {"554 /etc/passwd", "!"},
    {"--input /etc/passwd 554", "!"},
};

Test(options, texts_to_explain)
{
	for (size_t i = 0; i < COUNT(texts); i++) {
		struct arena *arena = arena_new();
		struct options options;
		char error[OPTIONS_ERROR], *argv[16];
		int argc = split(arena_string(arena, texts[i].line), argv, (int)COUNT(argv));
		const char *got = "";

		for (int k = 0; k < argc; k++)
			for (char *s = argv[k]; *s != '\0'; s++)
				*s = *s == '_' ? ' ' : *s;
		if (!options_parse(&options, COMMAND_EXPLAIN, argc, argv, NULL, arena, error))
			got = "!";
		else
			for (size_t k = 0; k < options.operands.count; k++)
				got = arena_printf(arena, "%s%s%s", got, k > 0 ? "|" : "",
				    options.operands.items[k]);
		cr_expect_str_eq(got, texts[i].texts, "%s: %s", texts[i].line, got);
		arena_free(arena);
	}
}
