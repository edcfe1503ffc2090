#include "options/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "dns/name.h"
#include "exit_status.h"

struct intake {
	const struct intake_plan *plan;
	struct arena *arena; /* for the life of the run: operands */
	struct arena *line_arena; /* for one line */
	struct target *given; /* operands, ready */
	size_t given_count, given_next;
	void *seen; /* domains that had their recipient: tsearch tree of strings */
	void *skip; /* opt-outs */
	int fd; /* of the list, -1: none */
	const char *name; /* of the list, for messages */
	struct buf bytes; /* read and not yet used */
	size_t used;
	bool at_end, failed, overlong;
	unsigned long line, bad, total, good;
};

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static bool
known(void *const *tree, const char *string)
{
	return tfind(string, tree, compare) != NULL;
}

static void
remember(void **tree, const char *string)
{
	if (!known(tree, string))
		tsearch(must_string(string), tree, compare);
}

/* The default: to the end with a recipient on the command line, else to the EHLO under TLS; never
 * past that for a list. */
static enum stage
depth_of(const struct intake *intake, const struct target *target, bool from_list)
{
	if (intake->plan->quit_after != STAGE_NONE)
		return intake->plan->quit_after;
	return target->rcpt != NULL && !from_list ? STAGE_MESSAGE : STAGE_STARTTLS;
}

static void
fix_server(const struct intake *intake, struct target *target)
{
	if (intake->plan->server == NULL || target->host != NULL)
		return;
	target->host = intake->plan->server;
	target->port = (uint16_t)intake->plan->server_port;
}

static void
give(struct intake *intake, const struct target *target)
{
	struct target *slot =
	    arena_push(intake->arena, &intake->given, intake->given_count, sizeof *slot);

	intake->given_count++;
	*slot = *target;
	slot->depth = depth_of(intake, target, false);
	fix_server(intake, slot);
}

/* A bare domain with --to: one walk for each address. */
static bool
give_with_recipients(struct intake *intake, const struct target *target)
{
	const struct intake_plan *plan = intake->plan;

	for (size_t i = 0; i < plan->to_count; i++) {
		struct target to;
		const char *why;

		if (!target_parse(plan->to[i], intake->arena, &to, &why)) {
			log_error("--to %s: %s", plan->to[i], why);
			return false;
		}
		if (target != NULL) {
			to.text = target->text;
			to.domain = target->domain;
			to.host = target->host;
			to.port = target->port;
		}
		give(intake, &to);
	}
	return true;
}

static bool
take_operands(struct intake *intake)
{
	const struct intake_plan *plan = intake->plan;

	for (size_t i = 0; i < plan->operand_count; i++) {
		struct target target;
		const char *why;

		if (!target_parse(plan->operands[i], intake->arena, &target, &why)) {
			log_error("target %s: %s", plan->operands[i], why);
			return false;
		}
		if (plan->to_count == 0) {
			give(intake, &target);
			continue;
		}
		if (target.rcpt != NULL) {
			log_error(
			    "target %s: it has a recipient of its own, so --to is one too many",
			    plan->operands[i]);
			return false;
		}
		if (!give_with_recipients(intake, &target))
			return false;
	}
	return plan->operand_count > 0 || plan->to_count == 0 || give_with_recipients(intake, NULL);
}

static bool
load_skip_file(struct intake *intake)
{
	const char *name = intake->plan->skip_file;
	FILE *file = fopen(name, "re");
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (file == NULL) {
		log_error("%s: %s", name, strerror(errno));
		return false;
	}
	for (unsigned number = 1; (len = getline(&line, &size, file)) >= 0; number++) {
		char *start = line + strspn(line, " \t"), normal[NAME_TEXT];
		const char *why, *at;

		start[strcspn(start, "#\r\n \t")] = '\0';
		if (*start == '\0')
			continue;
		at = strrchr(start, '@');
		if (!name_normalise(at != NULL ? at + 1 : start, normal, &why)) {
			log_error("%s:%u: %s: %s", name, number, start, why);
			free(line);
			fclose(file);
			return false;
		}
		remember(&intake->skip, at != NULL ? arena_printf(intake->arena, "%.*s@%s",
		                                         (int)(at - start), start, normal)
		                                   : normal);
	}
	free(line);
	if (ferror(file)) {
		log_error("%s: %s", name, strerror(errno));
		fclose(file);
		return false;
	}
	fclose(file);
	return true;
}

/* Lines that look like targets, for the progress line: counted only where reading twice costs
 * nothing. */
static unsigned long
count_lines(int fd)
{
	unsigned long count = 0;
	char bytes[65536];
	bool start = true, counts = false;
	ssize_t n;

	while ((n = read(fd, bytes, sizeof bytes)) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (start && bytes[i] != '\n' && bytes[i] != ' ' && bytes[i] != '\t' &&
			    bytes[i] != '\r') {
				counts = bytes[i] != '#';
				start = false;
			}
			if (bytes[i] == '\n') {
				count += counts;
				counts = false;
				start = true;
			}
		}
	lseek(fd, 0, SEEK_SET);
	return count + counts;
}

static bool
open_list(struct intake *intake)
{
	const char *file = intake->plan->file;
	struct stat st;

	if (strcmp(file, "-") == 0) {
		intake->fd = STDIN_FILENO;
		intake->name = "standard input";
	} else {
		intake->fd = open(file, O_RDONLY | O_CLOEXEC);
		intake->name = file;
	}
	if (intake->fd < 0 || fstat(intake->fd, &st) != 0) {
		log_error("%s: %s", intake->name, strerror(errno));
		return false;
	}
	if (S_ISDIR(st.st_mode)) {
		log_error("%s: %s", intake->name, strerror(EISDIR));
		return false;
	}
	if (S_ISREG(st.st_mode))
		intake->total = count_lines(intake->fd);
	return true;
}

struct intake *
intake_open(const struct intake_plan *plan, int *status)
{
	struct intake *intake = must_alloc(sizeof *intake);

	intake->plan = plan;
	intake->arena = arena_new();
	intake->line_arena = arena_new();
	intake->fd = -1;
	buf_init(&intake->bytes, 65536 + INTAKE_LINE_MAX);
	*status = EXIT_OK;
	if (!take_operands(intake))
		*status = EXIT_USAGE;
	else if ((plan->skip_file != NULL && !load_skip_file(intake)) ||
	         (plan->file != NULL && !open_list(intake)))
		*status = EXIT_DATA;
	if (*status != EXIT_OK) {
		intake_close(intake);
		return NULL;
	}
	return intake;
}

void
intake_close(struct intake *intake)
{
	if (intake == NULL)
		return;
	tdestroy(intake->seen, free);
	tdestroy(intake->skip, free);
	if (intake->fd > STDIN_FILENO)
		close(intake->fd);
	buf_release(&intake->bytes);
	arena_free(intake->line_arena);
	arena_free(intake->arena);
	free(intake);
}

static bool
opted_out(const struct intake *intake, const struct target *target)
{
	if (target->rcpt != NULL && known(&intake->skip, target->rcpt))
		return true;
	for (const char *name = target->domain; *name != '\0'; name = name_parent(name))
		if (known(&intake->skip, name))
			return true;
	return false;
}

static enum intake_state
admit(struct intake *intake, struct target *target, bool from_list, const char **why)
{
	if (opted_out(intake, target)) {
		*why = arena_printf(intake->line_arena, "it is in %s", intake->plan->skip_file);
		return INTAKE_SKIP;
	}
	if (from_list && target->depth >= STAGE_RCPT) {
		if (known(&intake->seen, target->domain)) {
			*why = "this domain had its one recipient already";
			return INTAKE_SKIP;
		}
		remember(&intake->seen, target->domain);
	}
	return INTAKE_TARGET;
}

static void
bad_line(struct intake *intake, const char *text, const char *why)
{
	intake->bad++;
	log_error(
	    "%s:%lu: %s%s%s", intake->name, intake->line, text, *text != '\0' ? ": " : "", why);
}

/* More of the list into `bytes`, or its end; false: nothing has come yet: a slow producer must not
 * hold up the walks. Not by O_NONBLOCK, which all that share the open file would get, such as the
 * terminal that the results go to. Apart from next_line, for a hardened build clears the whole
 * buffer at every call. */
static bool
read_some(struct intake *intake)
{
	char bytes[65536];
	struct pollfd poll_fd = {.fd = intake->fd, .events = POLLIN};
	ssize_t n;

	if (poll(&poll_fd, 1, 0) == 0)
		return false;
	n = read(intake->fd, bytes, sizeof bytes);
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return false;
	if (n < 0 && errno == EINTR)
		return true;
	if (n < 0) {
		log_error("%s: %s", intake->name, strerror(errno));
		intake->failed = true;
	}
	if (n <= 0)
		intake->at_end = true;
	else
		buf_add(&intake->bytes, bytes, (size_t)n);
	return true;
}

/* The next line into `*line` (NUL-terminated, in the line's arena). INTAKE_TARGET stands for "there
 * is one". */
static enum intake_state
next_line(struct intake *intake, char **line)
{
	for (;;) {
		char *start = intake->bytes.data + intake->used, *newline;
		size_t left = intake->bytes.len - intake->used;

		newline = memchr(start, '\n', left);
		if (newline != NULL || (intake->at_end && left > 0)) {
			size_t len = newline != NULL ? (size_t)(newline - start) : left;
			bool skip = intake->overlong;

			intake->used += len + (newline != NULL);
			intake->overlong = false;
			intake->line++;
			if (skip || len > INTAKE_LINE_MAX) {
				bad_line(intake, "", "the line is over 4096 octets");
				continue;
			}
			if (memchr(start, '\0', len) != NULL) {
				bad_line(intake, "", "a NUL byte");
				continue;
			}
			*line = arena_copy(intake->line_arena, start, len);
			return INTAKE_TARGET;
		}
		if (intake->at_end)
			return INTAKE_END;
		buf_drop(&intake->bytes, intake->used);
		intake->used = 0;
		if (intake->bytes.len > INTAKE_LINE_MAX) { /* what does not end is not kept, only
			                                      counted as a bad line when it does */
			buf_clear(&intake->bytes);
			buf_putc(&intake->bytes, 'x');
			intake->overlong = true;
		}
		if (!read_some(intake))
			return INTAKE_WAIT;
	}
}

enum intake_state
intake_next(struct intake *intake, struct target *target, const char **why)
{
	arena_reset(intake->line_arena);
	if (intake->given_next < intake->given_count) {
		*target = intake->given[intake->given_next++];
		return admit(intake, target, false, why);
	}
	while (intake->fd >= 0) {
		char *line;
		enum intake_state state = next_line(intake, &line);

		if (state != INTAKE_TARGET) {
			if (state == INTAKE_END && intake->good + intake->bad == 0 &&
			    !intake->failed) {
				log_error("%s: no targets in it", intake->name);
				intake->failed = true;
			}
			return state;
		}
		line += strspn(line, " \t");
		if (*line == '#')
			continue;
		for (size_t len = strlen(line); len > 0 && strchr(" \t\r", line[len - 1]) != NULL;
		     len--)
			line[len - 1] = '\0';
		if (*line == '\0')
			continue;
		if (!target_parse(line, intake->line_arena, target, why)) {
			bad_line(intake, line, *why);
			continue;
		}
		intake->good++;
		target->depth = depth_of(intake, target, true);
		fix_server(intake, target);
		return admit(intake, target, true, why);
	}
	return INTAKE_END;
}

int
intake_fd(const struct intake *intake)
{
	return intake->fd;
}

unsigned long
intake_bad_lines(const struct intake *intake)
{
	return intake->bad;
}

bool
intake_failed(const struct intake *intake)
{
	return intake->failed;
}

unsigned long
intake_total(const struct intake *intake)
{
	return intake->fd >= 0 ? (intake->total > 0 ? intake->total + intake->given_count : 0)
	                       : intake->given_count;
}
