#include "command/awaited.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"

static bool
is_standard(const char *file)
{
	return file != NULL && strcmp(file, "-") == 0;
}

static bool
has_operand(const struct options *o)
{
	for (size_t i = 0; i < o->operands.count; i++)
		if (is_standard(o->operands.items[i]))
			return true;
	return false;
}

/* NULL: nothing. */
static const char *
awaited(const struct options *o)
{
	static const char *const of_input[COMMAND_COUNT] = {
	    [COMMAND_PROBE] = "type targets, one a line",
	    [COMMAND_SELF] = "type addresses, one a line",
	    [COMMAND_EXPLAIN] = "paste replies, lines of a log or a bounce",
	};
	static const char *const of_operands[COMMAND_COUNT] = {
	    [COMMAND_EXPLAIN] = "paste replies, lines of a log or a bounce",
	    [COMMAND_PREFLIGHT] = "paste a message, with its header",
	    [COMMAND_REPORT] = "paste records of a run",
	    [COMMAND_DIFF] = "paste records of a run",
	};
	bool bare = o->command == COMMAND_EXPLAIN && o->operands.count == 0 && o->input == NULL &&
	            !o->list_rules;

	if (is_standard(o->input))
		return of_input[o->command];
	if (has_operand(o) || bare)
		return of_operands[o->command];
	if (is_standard(o->recipients))
		return "type recipients, one a line";
	if (is_standard(o->auth_password_file) || is_standard(o->auth_token_file))
		return "type the secret, which is shown as it is typed";
	if (is_standard(o->data.file))
		return "paste a message, with its header";
	return is_standard(o->body.file) || is_standard(o->html.file) ? "type the text" : NULL;
}

void
awaited_tell(const struct options *options)
{
	const char *what = isatty(STDIN_FILENO) ? awaited(options) : NULL;

	if (what != NULL)
		log_note("%s; Ctrl-D on a line of its own ends it", what);
}
