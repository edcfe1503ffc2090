/* All that is made from the table of options for the eye and for the shell: usage, --help, the
 * table itself, completions. */
#include "command/command.h"

#include <string.h>

#include "base/log.h"
#include "options/option_table.h"

enum { WIDTH = 80, COLUMN = 29 }; /* of the screen; where the words on an option begin */

static const struct {
	const char *line, *does;
} examples[] = {
    {"mxwalk example.com", "greeting, EHLO and STARTTLS of its first MX, then QUIT"},
    {"mxwalk --from me@example.org user@example.com", "the whole way: a test message is sent"},
    {"mxwalk --input domains.txt --json -o results.ndjson", "a list, politely"},
    {"mxwalk explain '554 5.7.1 Service unavailable; blocked using zen.spamhaus.org'",
        "what a reply means"},
    {"mxwalk self --from me@example.org", "what receivers could hold against this host"},
    {"mxwalk lab -- mxwalk greeting-554.lab.example", "try it in the practice internet"},
};

/* The next of the names: sets `len`, NULL at the end. */
static const char *
next_name(const char *names, const char *previous, size_t *len)
{
	const char *name = previous == NULL ? names : previous + *len + (previous[*len] == ' ');

	*len = strcspn(name, " ");
	return *len > 0 ? name : NULL;
}

static void
print_usage(FILE *out)
{
	fputs("usage: mxwalk [OPTION...] TARGET...\n", out);
	for (int i = 0; i < COMMAND_COUNT; i++)
		fprintf(out, "       mxwalk %s%s%s\n", commands[i].name,
		    *commands[i].operands != '\0' ? " " : "", commands[i].operands);
}

void
help_usage(FILE *out)
{
	print_usage(out);
	fputs("\"mxwalk help\" says more.\n", out);
}

/* ---- for the eye */

static void
print_wrapped(const char *words, size_t column)
{
	size_t indent = column;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (column > indent && column + 1 + len > WIDTH) {
			printf("\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		printf("%.*s", (int)len, words);
		column += len;
		words += len;
		words += *words == ' ';
	}
}

/* The preset as people read it: that of a flag is worth a word when the flag is the preset. */
static const char *
shown_preset(const struct option *option)
{
	if (option->preset == NULL || option->value != NULL)
		return option->preset;
	return strcmp(option->preset, "on") == 0 ? "this is the default" : NULL;
}

static void
print_option(const struct option *option)
{
	const char *name = NULL, *shown = shown_preset(option);
	char words[256];
	size_t len = 0;
	int column = option->letter != 0 ? printf("  -%c", option->letter) : printf("    ");

	while ((name = next_name(option->names, name, &len)) != NULL)
		column += printf(
		    "%s --%.*s", column > 4 || option->letter != 0 ? "," : " ", (int)len, name);
	if (option->value != NULL)
		column += printf(" %s", option->value);
	if (column + 2 > COLUMN)
		printf("\n%*s", COLUMN, "");
	else
		printf("%*s", COLUMN - column, "");
	snprintf(words, sizeof words, "%s%s%s%s%s", option->help, shown != NULL ? " (" : "",
	    shown != NULL ? shown : "", shown != NULL ? ")" : "", option->many ? " (*)" : "");
	print_wrapped(words, COLUMN);
	puts("");
}

static bool
print_section(int section, int command)
{
	bool any = false, many = false;

	for (size_t i = 0; i < option_count; i++) {
		if (!option_belongs(&option_table[i], (enum command_id)command) ||
		    option_table[i].section != (enum option_section)section)
			continue;
		if (!any)
			printf("\n%s:\n", section_titles[section]);
		any = true;
		many |= option_table[i].many;
		print_option(&option_table[i]);
	}
	return many;
}

static void
print_command(int command)
{
	const struct command_row *row = &commands[command];
	bool many = false;

	printf(
	    "Usage: mxwalk %s%s%s\n", row->name, *row->operands != '\0' ? " " : "", row->operands);
	print_wrapped(row->does, 0);
	puts("");
	for (size_t i = 0; command == COMMAND_CHECK && check_form(i) != NULL; i++)
		printf("  %s\n", check_form(i));
	for (int section = 0; section < SECTION_COUNT; section++)
		many |= print_section(section, command);
	puts(many ? "\n(*) may be given several times. --no-NAME undoes the flag --NAME. See "
	            "mxwalk(1)."
	          : "\nSee mxwalk(1).");
}

static void
print_overview(void)
{
	puts("mxwalk walks a domain's mail exchangers and says why mail is refused.\n");
	print_usage(stdout);
	puts("\nA target is domain, user@domain, [host]:port or "
	     "user@domain@[host]:port.\n\nCommands:");
	for (int i = 0; i < COMMAND_COUNT; i++)
		printf("  %-10s%s\n", commands[i].name, commands[i].does);
	puts("\n\"mxwalk help COMMAND\" shows the options of one.\n\nExamples:");
	for (size_t i = 0; i < sizeof examples / sizeof *examples; i++)
		printf("  %s\n      %s\n", examples[i].line, examples[i].does);
	puts("\nExit status: 0 all went as far as asked, 1 some were refused, 2 some deferred,\n3 "
	     "some could not be told, 64 usage, 65 bad input, 70 internal error, 71 this\nhost "
	     "could not connect, 73 and 74 output, 130 interrupted. See mxwalk(1).");
}

/* ---- for programs */

static void
print_row(int command, const struct option *option, const char *name, int len)
{
	printf("%s\t--%.*s\t", commands[command].name, len, name);
	if (option->letter != 0)
		putchar('-');
	printf("%c\t%s\t--%.*s\t%c\n", option->letter != 0 ? option->letter : '-',
	    option->value != NULL ? option->value : "-", (int)strcspn(option->names, " "),
	    option->names, option->many ? '*' : '-');
}

/* A line for each command and name: command, --name, -letter, value, the option's first name, "*"
 * if it may be given several times; tabs between, "-" for what there is not. */
static void
print_table(void)
{
	for (int command = 0; command < COMMAND_COUNT; command++)
		for (size_t i = 0; i < option_count; i++) {
			const struct option *option = &option_table[i];
			const char *name = NULL;
			size_t len = 0;

			if (!option_belongs(option, (enum command_id)command))
				continue;
			while ((name = next_name(option->names, name, &len)) != NULL)
				print_row(command, option, name, (int)len);
		}
}

/* The words that a command's first operand is one of. */
static void
print_operand_words(int command, const char *between)
{
	const char *form;

	if (command == COMMAND_HELP)
		for (int i = 0; i < COMMAND_COUNT; i++)
			printf("%s%s", i > 0 ? between : "", commands[i].name);
	else if (command == COMMAND_CHECK)
		for (size_t i = 0; (form = check_form(i)) != NULL; i++)
			printf("%s%.*s", i > 0 ? between : "", (int)strcspn(form, " "), form);
}

static void
print_words(const struct option *option)
{
	for (const struct option_word *word = option->words; word->word != NULL; word++)
		if (!word->alias)
			printf("%s%s", word == option->words ? "" : " ", word->word);
}

/* "probe:--input|probe:-i|explain:--input": where the option takes its value. */
static void
print_bash_pattern(const struct option *option)
{
	const char *between = "";

	for (int command = 0; command < COMMAND_COUNT; command++) {
		const char *name = NULL;
		size_t len = 0;

		if (!option_belongs(option, (enum command_id)command))
			continue;
		while ((name = next_name(option->names, name, &len)) != NULL) {
			printf("%s%s:--%.*s", between, commands[command].name, (int)len, name);
			between = "|";
		}
		if (option->letter != 0)
			printf("%s%s:-%c", between, commands[command].name, option->letter);
	}
}

static void
print_bash_value(const struct option *option)
{
	fputs("\t", stdout);
	print_bash_pattern(option);
	fputs(") ", stdout);
	if (option->words != NULL) {
		fputs("_mxwalk_reply -W '", stdout);
		print_words(option);
		fputs("'", stdout);
	} else if (strcmp(option->value, "FILE") == 0) {
		fputs("_mxwalk_files", stdout);
	} else if (strcmp(option->value, "TEXT|@FILE") == 0) {
		fputs("[[ $cur == @* ]] && cur=${cur#@} _mxwalk_files -P @", stdout);
	} else if (strncmp(option->value, "HOST", 4) == 0) {
		fputs("_mxwalk_reply -A hostname", stdout);
	} else {
		fputs(":", stdout);
	}
	fputs("; return ;;\n", stdout);
}

static void
print_bash_command(int command)
{
	const char *between = "";

	printf("\t%s)\n\t\toptions='", commands[command].name);
	for (size_t i = 0; i < option_count; i++) {
		if (!option_belongs(&option_table[i], (enum command_id)command))
			continue;
		printf("%s--%.*s", between, (int)strcspn(option_table[i].names, " "),
		    option_table[i].names);
		between = " ";
	}
	fputs("'\n\t\twords='", stdout);
	print_operand_words(command, " ");
	fputs("' ;;\n", stdout);
}

static void
print_bash(void)
{
	fputs("# bash completion for mxwalk. Made by \"mxwalk help --completion bash\"; do not "
	      "edit.\n\n"
	      "_mxwalk_reply()\n{\n\tmapfile -t COMPREPLY < <(compgen \"$@\" -- \"$cur\")\n}\n\n"
	      "_mxwalk_files()\n{\n\tcompopt -o filenames 2>/dev/null\n\t_mxwalk_reply -f "
	      "\"$@\"\n}\n\n"
	      "_mxwalk()\n{\n"
	      "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} "
	      "command=probe at=0 commands options words i\n\n"
	      "\tCOMPREPLY=()\n"
	      "\tif [[ $cur == = ]]; then\n\t\tcur=\n"
	      "\telif [[ $prev == = && COMP_CWORD -gt 2 ]]; "
	      "then\n\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n",
	    stdout);
	fputs("\tcommands='", stdout);
	for (int i = 0; i < COMMAND_COUNT; i++)
		printf("%s%s", i > 0 ? " " : "", commands[i].name);
	fputs("'\n\tfor ((i = 1; i < COMP_CWORD; i++)); do # options may stand before it\n"
	      "\t\tif [[ \" $commands \" == *\" ${COMP_WORDS[i]} \"* ]]; then\n"
	      "\t\t\tcommand=${COMP_WORDS[i]} at=$i\n\t\t\tbreak\n\t\tfi\n\tdone\n"
	      "\tif [[ $command == lab ]]; then # what follows -- is another command\n"
	      "\t\tfor ((i = at + 1; i < COMP_CWORD; i++)); do\n"
	      "\t\t\t[[ ${COMP_WORDS[i]} == -- ]] || continue\n"
	      "\t\t\tif ((i + 1 == COMP_CWORD)); then _mxwalk_reply -c; else _mxwalk_files; fi\n"
	      "\t\t\treturn\n\t\tdone\n\tfi\n"
	      "\tcase $command:$prev in\n",
	    stdout);
	for (size_t i = 0; i < option_count; i++)
		if (option_table[i].value != NULL)
			print_bash_value(&option_table[i]);
	fputs("\tesac\n\tcase $command in\n", stdout);
	for (int i = 0; i < COMMAND_COUNT; i++)
		print_bash_command(i);
	fputs("\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n\t\t_mxwalk_reply -W \"$options\"\n"
	      "\telif ((at == 0)); then\n\t\t_mxwalk_reply -W \"$commands\"\n"
	      "\telif ((COMP_CWORD == at + 1)); then\n\t\t_mxwalk_reply -W \"$words\"\n\tfi\n"
	      "}\n\ncomplete -F _mxwalk mxwalk\n",
	    stdout);
}

/* Inside '…[here]…' of an _arguments specification. */
static void
print_zsh_text(const char *text)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			fputs("'\\'", stdout);
		else if (strchr("[]:\\", *text) != NULL)
			putchar('\\');
		putchar(*text);
	}
}

/* '(-t --to)'{-t+,--to=}'[words]:ADDRESS:' and the like. */
static void
print_zsh_option(const struct option *option)
{
	const char *name = NULL;
	size_t len = 0;

	while ((name = next_name(option->names, name, &len)) != NULL || len == 0) {
		bool letter = name == NULL;

		if (letter && option->letter == 0)
			return;
		fputs(" \\\n\t\t\t'", stdout);
		if (option->many)
			putchar('*');
		if (letter)
			printf("-%c%s[", option->letter, option->value != NULL ? "+" : "");
		else
			printf("--%.*s%s[", (int)len, name, option->value != NULL ? "=" : "");
		print_zsh_text(option->help);
		putchar(']');
		if (option->value != NULL) {
			putchar(':');
			print_zsh_text(option->value);
			putchar(':');
			if (option->words != NULL) {
				putchar('(');
				print_words(option);
				putchar(')');
			} else if (strcmp(option->value, "FILE") == 0) {
				fputs("_files", stdout);
			} else if (strncmp(option->value, "HOST", 4) == 0) {
				fputs("_hosts", stdout);
			}
		}
		putchar('\'');
		if (letter)
			return;
	}
}

static void
print_zsh_command(int command)
{
	printf("\t%s)\n\t\t_arguments -s", commands[command].name);
	for (size_t i = 0; i < option_count; i++)
		if (option_belongs(&option_table[i], (enum command_id)command))
			print_zsh_option(&option_table[i]);
	if (command == COMMAND_HELP || command == COMMAND_CHECK) {
		fputs(" \\\n\t\t\t'1:what:(", stdout);
		print_operand_words(command, " ");
		fputs(")'", stdout);
	}
	if (commands[command].operands_end_options)
		fputs(" \\\n\t\t\t'*::command:_normal'", stdout);
	else if (command == COMMAND_PROBE)
		fputs(" \\\n\t\t\t'*:target:_hosts'", stdout);
	fputs(" ;;\n", stdout);
}

static void
print_zsh(void)
{
	fputs("#compdef mxwalk\n# zsh completion for mxwalk. Made by \"mxwalk help --completion "
	      "zsh\"; do not edit.\n\n"
	      "_mxwalk()\n{\n\tlocal command=probe i\n\tlocal -a commands\n\n\tcommands=(\n",
	    stdout);
	for (int i = 0; i < COMMAND_COUNT; i++) {
		printf("\t\t'%s:", commands[i].name);
		print_zsh_text(commands[i].does);
		fputs("'\n", stdout);
	}
	fputs("\t)\n"
	      "\tif (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then\n\t\t_describe -t commands "
	      "command commands\n\t\t_hosts\n\t\treturn\n\tfi\n"
	      "\tfor (( i = 2; i < CURRENT; i++ )); do # options may stand before it\n"
	      "\t\tif (( ${commands[(I)${words[i]}:*]} )); then\n\t\t\tcommand=$words[i]\n"
	      "\t\t\twords[i]=()\n\t\t\t(( CURRENT-- ))\n\t\t\tbreak\n\t\tfi\n\tdone\n"
	      "\tcase $command in\n",
	    stdout);
	for (int i = 0; i < COMMAND_COUNT; i++)
		print_zsh_command(i);
	fputs("\tesac\n}\n\n_mxwalk \"$@\"\n", stdout);
}

int
command_help(const struct options *options)
{
	enum command_id command = options->command;
	const char *topic = command == COMMAND_HELP && options->operands.count > 0
	                        ? options->operands.items[0]
	                        : NULL;

	if (options->table)
		print_table();
	else if (options->completion == SHELL_BASH)
		print_bash();
	else if (options->completion == SHELL_ZSH)
		print_zsh();
	else if (topic == NULL && !options->help)
		print_overview();
	else if (topic == NULL || command_find(topic, &command))
		print_command(command);
	else {
		log_error("help: %s: no such command", topic);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}
