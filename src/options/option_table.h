/* option_table: the rows that make the parser, the configuration file, --help, the completions and
 * the check of the manual. */
#ifndef OPTIONS_OPTION_TABLE_H
#define OPTIONS_OPTION_TABLE_H

#include "options/options.h"

struct command_row {
	const char *name, *operands,
	    *does; /* "probe", "[OPTION...] TARGET...", one line without a full stop */
	size_t min_operands, max_operands;
	bool operands_end_options; /* the first operand ends the options: what follows belongs to
	                              another command */
};

extern const struct command_row commands[COMMAND_COUNT];

enum option_section { /* of --help */
	SECTION_TASK,
	SECTION_SENDER,
	SECTION_TLS,
	SECTION_LOGIN,
	SECTION_MESSAGE,
	SECTION_TIME,
	SECTION_DNS,
	SECTION_JUDGE,
	SECTION_OUTPUT,
	SECTION_OTHER,
	SECTION_COUNT
};

extern const char *const section_titles[SECTION_COUNT];

struct option_word { /* a word that an option takes */
	const char *word; /* NULL ends the list */
	int value;
	bool alias; /* taken, not shown */
};

struct option;

/* Reads a value into `at` (options/take.h). Returns NULL, or what is wrong with it: "not a port (1
 * to 65535)" (static or in the arena). */
typedef const char *option_take(
    struct arena *arena, const struct option *option, const char *value, void *at);

struct option {
	const char
	    *names; /* without dashes; the first is the name, the others are aliases: "ehlo helo" */
	char letter; /* 0: none */
	const char *value; /* what --help calls it; NULL: a flag, that is set to `on`, and by its
	                      --no-… to `off` */
	const char *help; /* one line without a full stop */
	const char *preset; /* what holds when nobody says anything, as it would be written; of a
	                       flag "on" or "off"; NULL: nothing does */
	unsigned commands; /* bits 1 << command_id */
	enum option_section section;
	size_t at, size; /* in struct options; size 0: the option of the parser itself */
	option_take *take; /* NULL for a flag */
	int on, off;
	long min, max; /* of a number or a time */
	const struct option_word *words;
	const char *alone; /* the flag that is meant when the value is missing at the very end;
	                      NULL: that is an error */
	bool many; /* may be given several times */
	bool secret; /* the value is never shown */
	bool not_in_file;
	bool passing; /* says nothing of whom is asked, how far, as whom: a run that is resumed may
	                 have it otherwise */
	bool line_only; /* in a file the name is another command's option, and passed over for this
	                   one */
};

extern const struct option option_table[];
extern const size_t option_count;
enum { OPTION_MAX = 192 };

bool option_belongs(const struct option *option, enum command_id command);
bool command_find(const char *word, enum command_id *command);

/* The index of the first argument that is neither an option of any command nor the value of one;
 * `argc` if there is none before "--". */
int options_first_word(int argc, char **argv);

/* The option of that name (without dashes) for a command, NULL if it has none. `negated`: it was
 * its --no-… */
const struct option *option_find(
    const char *name, size_t len, enum command_id command, bool *negated);

#endif
