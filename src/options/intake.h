/* intake: where the targets come from: operands, --to, a list in a file or on standard input; who
 * is left out; and how far each is walked (DESIGN.md section 1).
 *
 * What is promised to others is kept here, whatever is asked: nothing that comes from a list goes
 * past RCPT; a domain gets one recipient, unless its message is really sent; what one walk answers
 * is not walked twice. */
#ifndef OPTIONS_INTAKE_H
#define OPTIONS_INTAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options/target.h"

struct intake;
struct skip_list;

enum {
	INTAKE_LINE_MAX = 4096,
	INTAKE_BLOCK = 100000, /* entries that are shuffled among themselves */
	INTAKE_FEW = 50, /* so few are not */
};

struct intake_plan { /* borrowed */
	const char *const *operands;
	size_t operand_count;
	const char *const *to; /* addresses; a bare domain among the operands gets those of them
	                          that are in it, or all when there is one domain */
	size_t to_count;
	const char *file; /* list, "-": standard input, NULL: none */
	const char *skip_file; /* opt-outs (options/skip.h); NULL: none */
	bool shuffled; /* the list, in blocks: one that is sorted hammers nobody */
	const char *server; /* host of --server, NULL */
	unsigned server_port;
	bool login; /* who has no recipient is walked to the end of AUTH */
	enum stage quit_after; /* STAGE_NONE: the default */
	uint64_t seed; /* any number that nobody who makes lists knows */
};

enum intake_state {
	INTAKE_TARGET, /* a target to walk */
	INTAKE_SERVED, /* a target that the walk of another answers: target.walk */
	INTAKE_SKIP, /* a target that is not to be walked; `why` says why */
	INTAKE_WAIT, /* standard input has nothing yet: watch intake_fd */
	INTAKE_END,
};

/* NULL: an operand, --to or a file cannot be used; said with log_error, and `*status` is the exit
 * status. */
struct intake *intake_open(const struct intake_plan *plan, int *status);
void intake_close(struct intake *intake);

enum intake_state intake_next(struct intake *intake, struct target *target,
    const char **why); /* strings are valid until the next call */
int intake_fd(const struct intake *intake); /* -1: all is there */
struct skip_list *intake_skip(const struct intake *intake); /* opt-outs; NULL: none */
unsigned long intake_bad_lines(const struct intake *intake); /* reported and passed over so far */
bool intake_failed(const struct intake *intake); /* reading broke off: said already */
/* A number that all that was given makes up, operands and the list. False: the list cannot be read
 * twice, and the number is that of the rest. */
bool intake_digest(const struct intake *intake, uint64_t *digest);
unsigned long intake_total(const struct intake *intake); /* targets in all, 0: not known */

#endif
