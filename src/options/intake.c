#include "options/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/seen.h"
#include "dns/name.h"
#include "evidence/blocklist.h"
#include "exit_status.h"
#include "input/input.h"
#include "mail/address.h"
#include "options/entry.h"
#include "options/skip.h"

enum {
	DIGEST_PIECE = 64 * 1024,
	BAD_TOLD = 1000, /* lines that are no target: of more only the number is told */
};

struct intake {
	const struct intake_plan *plan;
	struct arena *arena; /* for the life of the run: operands, and what is walked already */
	struct arena *line_arena; /* for one line */
	struct target *given; /* operands, ready */
	size_t given_count, given_next;
	struct seen *walks; /* what is walked already, */
	struct seen *domains, *recipients; /* which domains had a recipient, and which had which */
	struct skip_list *skip;
	struct input *list; /* NULL: none */
	struct list_block { /* of its entries, read ahead and shuffled */
		struct arena *arena;
		struct entry_line {
			const char *text;
			unsigned long number;
		} * lines;
		size_t count, next;
		enum intake_state behind; /* what comes after it */
	} block;
	bool failed;
	unsigned long line, bad, total, good;
	uint64_t digest; /* of all that was given */
	bool is_known; /* the digest is: the list can be read twice */
};

/* The default: to the end with a recipient on the command line, else to the EHLO under TLS; never
 * past that for a list. Whatever is asked of a list, no message comes of it: this is the one place
 * that says how far a target is walked. */
static enum stage
depth_of(const struct intake *intake, const struct target *target, bool from_list)
{
	enum stage asked = intake->plan->quit_after;

	if (asked == STAGE_NONE)
		return target->rcpt != NULL && !from_list ? STAGE_MESSAGE
		       : intake->plan->login              ? STAGE_AUTH
		                                          : STAGE_STARTTLS;
	return from_list && asked > STAGE_RCPT ? STAGE_RCPT : asked;
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

/* ---- what was given, as a number */

static uint64_t
digest_operands(const struct intake *intake, uint64_t digest)
{
	for (size_t i = 0; i < intake->given_count; i++) {
		const struct target *target = &intake->given[i];
		const char *rcpt = target->rcpt != NULL ? target->rcpt : "";

		digest = hash_add(digest, target->text, strlen(target->text));
		digest = hash_add(digest, rcpt, strlen(rcpt));
	}
	return digest;
}

/* As it lies there, packed or not. A pipe can be read once only. */
static void
digest_file(struct intake *intake, const char *name)
{
	int fd = strcmp(name, "-") == 0 ? -1 : open(name, O_RDONLY | O_CLOEXEC);
	char piece[DIGEST_PIECE];
	struct stat st;
	size_t have = 0;
	ssize_t n;

	intake->is_known = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	while (intake->is_known && (n = read(fd, piece + have, sizeof piece - have)) != 0) {
		intake->is_known = n > 0 || errno == EINTR;
		have += n > 0 ? (size_t)n : 0;
		if (have < sizeof piece)
			continue;
		intake->digest = hash_add(intake->digest, piece, have);
		have = 0;
	}
	intake->digest = hash_add(intake->digest, piece, have);
	if (fd >= 0)
		close(fd);
}

/* ---- opt-outs and the list */

/* To its end, or not at all. */
static bool
load_skip_file(struct intake *intake)
{
	const char *name = intake->plan->skip_file, *why = NULL;
	struct input *input = input_open(name, INPUT_TEXT);
	enum input_state state = INPUT_BROKEN;
	unsigned long number = 0;
	struct slice line;

	if (input == NULL) {
		log_error("%s: %s", name, strerror(errno));
		return false;
	}
	intake->skip = skip_new(name);
	while (why == NULL && (state = input_line(input, INTAKE_LINE_MAX, &line)) != INPUT_END) {
		number += state == INPUT_SOME;
		if (state == INPUT_WAIT)
			input_wait(input);
		else if (state == INPUT_BROKEN)
			why = input_why(input);
		else if (line.at == NULL)
			why = "the line is over 4096 octets";
		else
			skip_add(intake->skip, line, number, &why); /* says why not */
	}
	if (state == INPUT_BROKEN)
		log_error("%s: %s", name, why);
	else if (why != NULL)
		log_error("%s:%lu: %s", name, number, why);
	input_close(input);
	return why == NULL;
}

/* Lines that look like targets, for the progress line: counted only where reading twice costs
 * nothing. */
static unsigned long
count_lines(const char *name)
{
	struct input *input = input_open(name, INPUT_TEXT);
	unsigned long count = 0;
	struct slice line;

	while (input != NULL && input_line(input, INTAKE_LINE_MAX, &line) == INPUT_SOME)
		count += line.at != NULL && entry_of(line).len > 0;
	if (input != NULL && !input_is_plain(input))
		count = 0;
	input_close(input);
	return count;
}

static bool
open_list(struct intake *intake)
{
	const char *file = intake->plan->file;

	intake->list = input_open(file, INPUT_TEXT);
	if (intake->list == NULL) {
		log_error(
		    "%s: %s", strcmp(file, "-") == 0 ? "standard input" : file, strerror(errno));
		return false;
	}
	if (strcmp(file, "-") != 0 && input_is_plain(intake->list))
		intake->total = count_lines(file);
	digest_file(intake, file);
	if (intake->plan->quit_after != STAGE_NONE && intake->plan->quit_after > STAGE_RCPT)
		log_warn("%s: a list is not walked beyond rcpt, whatever --quit-after says",
		    input_name(intake->list));
	return true;
}

struct intake *
intake_open(const struct intake_plan *plan, int *status)
{
	struct intake *intake = must_alloc(sizeof *intake);

	intake->plan = plan;
	intake->arena = arena_new();
	intake->line_arena = arena_new();
	intake->block.arena = arena_new();
	intake->walks = seen_new(plan->seed);
	intake->domains = seen_new(plan->seed);
	intake->recipients = seen_new(plan->seed);
	intake->is_known = true;
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
	seen_free(intake->walks);
	seen_free(intake->domains);
	seen_free(intake->recipients);
	skip_free(intake->skip);
	input_close(intake->list);
	arena_free(intake->line_arena);
	arena_free(intake->block.arena);
	arena_free(intake->arena);
	free(intake);
}

/* ---- who is walked */

/* The recipient that a walk of this depth names; NULL: none. */
static const char *
recipient_of(struct intake *intake, const struct target *target)
{
	if (target->depth < STAGE_RCPT || target->rcpt != NULL)
		return target->rcpt;
	return arena_printf(intake->line_arena, "postmaster@%s", target->domain);
}

/* What is known before the way to its servers is; the campaign asks again then. */
static const char *
opted_out(struct intake *intake, const struct target *target)
{
	const char *rcpt = recipient_of(intake, target), *where;

	if (intake->skip == NULL)
		return NULL;
	where = skip_host(intake->skip, target->domain);
	if (where == NULL && rcpt != NULL)
		where = skip_address(intake->skip, rcpt);
	if (where == NULL && target->host != NULL)
		where = skip_host(intake->skip, target->host);
	return where;
}

/* Two walks to one place that ask the same come to the same: a domain's mail exchangers, or a
 * server that was given. */
static uint64_t
walk_key(struct intake *intake, const struct target *target)
{
	const char *rcpt = target->depth >= STAGE_RCPT ? recipient_of(intake, target) : NULL;
	const char *words[] = {target->domain, target->host, rcpt};
	unsigned numbers[] = {target->host != NULL ? target->port : 0, target->depth};
	uint64_t key = seen_seed(intake->walks);

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		key = hash_add(
		    key, words[i] != NULL ? words[i] : "", words[i] != NULL ? strlen(words[i]) : 0);
	return hash_add(key, numbers, sizeof numbers);
}

/* Which target had a recipient of this domain before, and not this one; 0: none. */
static unsigned long
taken(struct intake *intake, const char *domain, const char *rcpt, unsigned long place)
{
	const char *pair = arena_printf(intake->line_arena, "%s %s", domain, rcpt);
	unsigned long first = seen_number(intake->domains, domain);

	if (first != 0)
		return seen_number(intake->recipients, pair) != 0 ? 0 : first;
	seen_add(intake->domains, domain, (uint32_t)place);
	seen_add(intake->recipients, pair, (uint32_t)place);
	return 0;
}

/* Who says yes and no to many recipients of one domain is an address verifier, wherever they come
 * from, and whoever is asked: its mail exchangers, a server that was given (which is asked for one
 * of a registered domain, for any name below it leads there), or a relay. */
static unsigned long
other_recipient(struct intake *intake, const struct target *target)
{
	const char *rcpt = recipient_of(intake, target), *domain = target->domain;
	unsigned long first;
	struct ip ip;

	if (target->depth < STAGE_RCPT)
		return 0;
	if (*domain == '[')
		domain = target->host; /* of all its spellings, one */
	first = taken(intake, domain, rcpt, target->place);
	if (first == 0 && target->host != NULL && !ip_parse(&ip, domain))
		first = taken(intake, blocklist_registered(domain), rcpt, target->place);
	for (const char *on = rcpt; first == 0 && on != NULL;) {
		on = address_onward(on, intake->line_arena);
		if (on != NULL)
			first = taken(intake, strrchr(on, '@') + 1, rcpt, target->place);
	}
	return first;
}

static enum intake_state
admit(struct intake *intake, struct target *target, const char **why)
{
	const char *where = opted_out(intake, target);
	unsigned long first;
	uint64_t key;

	target->walk = 0;
	target->served_by = NULL;
	if (where != NULL) {
		*why = arena_printf(intake->line_arena, "it has opted out (%s)", where);
		return INTAKE_SKIP;
	}
	key = walk_key(intake, target);
	target->walk = seen_print(intake->walks, key);
	if (target->walk != 0)
		return INTAKE_SERVED;
	first = other_recipient(intake, target);
	if (first != 0) {
		*why = arena_printf(intake->line_arena,
		    "this domain had its one recipient already (that of target %lu)", first);
		return INTAKE_SKIP;
	}
	target->walk = target->place;
	seen_add_print(intake->walks, key, (uint32_t)target->place);
	return INTAKE_TARGET;
}

/* ---- lines */

static void
bad_line(struct intake *intake, unsigned long number, const char *text, const char *why)
{
	if (++intake->bad <= BAD_TOLD)
		log_error("%s:%lu: %s%s%s", input_name(intake->list), number, text,
		    *text != '\0' ? ": " : "", why);
	if (intake->bad == BAD_TOLD)
		log_error(
		    "%s: of more lines that are no target only the number is told, in the end",
		    input_name(intake->list));
}

/* The next entry of the list, in the line's arena. INTAKE_TARGET stands for "there is one". */
static enum intake_state
next_entry(struct intake *intake, const char **text)
{
	enum input_state state;
	struct slice line;

	while ((state = input_line(intake->list, INTAKE_LINE_MAX, &line)) == INPUT_SOME) {
		intake->line++;
		if (line.at == NULL)
			bad_line(intake, intake->line, "", "the line is over 4096 octets");
		else if (memchr(line.at, '\0', line.len) != NULL)
			bad_line(intake, intake->line, "", "a NUL byte");
		else if ((line = entry_of(line)).len > 0) {
			*text = slice_copy(line, intake->line_arena);
			return INTAKE_TARGET;
		}
	}
	if (state == INPUT_WAIT)
		return INTAKE_WAIT;
	if (state == INPUT_BROKEN && !intake->failed)
		log_error("%s: %s", input_name(intake->list), input_why(intake->list));
	else if (intake->good + intake->bad + intake->block.count == 0 && !intake->failed)
		log_error("%s: no targets in it", input_name(intake->list));
	intake->failed |=
	    state == INPUT_BROKEN || intake->good + intake->bad + intake->block.count == 0;
	return INTAKE_END;
}

/* As much as is there, but no more than a block. */
static void
read_block(struct intake *intake)
{
	struct list_block *block = &intake->block;
	const char *text;

	arena_reset(block->arena);
	block->lines = NULL;
	block->count = block->next = 0;
	while (block->count < INTAKE_BLOCK &&
	       (block->behind = next_entry(intake, &text)) == INTAKE_TARGET) {
		struct entry_line *line =
		    arena_push(block->arena, &block->lines, block->count++, sizeof *block->lines);

		*line = (struct entry_line){arena_string(block->arena, text), intake->line};
		arena_reset(intake->line_arena);
	}
}

/* In the same order in each run of the same list. What begins at once anyway stays as it is. */
static void
shuffle_block(struct list_block *block)
{
	uint64_t state = 88172645463325252u; /* xorshift */

	if (block->count < INTAKE_FEW)
		return;
	for (size_t i = block->count - 1; i > 0; i--) {
		struct entry_line line = block->lines[i];
		size_t other;

		state ^= state << 13;
		state ^= state >> 7;
		state ^= state << 17;
		other = (size_t)(state % (i + 1));
		block->lines[i] = block->lines[other];
		block->lines[other] = line;
	}
}

/* The same as next_entry, but from all over a block. */
static enum intake_state
shuffled_entry(struct intake *intake, const char **text, unsigned long *number)
{
	struct list_block *block = &intake->block;

	if (block->next == block->count) {
		read_block(intake);
		shuffle_block(block);
		if (block->count == 0)
			return block->behind;
	}
	*text = block->lines[block->next].text;
	*number = block->lines[block->next++].number;
	return INTAKE_TARGET;
}

static enum intake_state
any_entry(struct intake *intake, const char **text, unsigned long *number)
{
	enum intake_state state;

	if (intake->plan->shuffled)
		return shuffled_entry(intake, text, number);
	state = next_entry(intake, text);
	*number = intake->line;
	return state;
}

enum intake_state
intake_next(struct intake *intake, struct target *target, const char **why)
{
	const char *text;
	enum intake_state state;
	unsigned long number = 0;

	arena_reset(intake->line_arena);
	if (intake->given_next < intake->given_count) {
		*target = intake->given[intake->given_next++];
		target->place = intake->given_next;
		return admit(intake, target, why);
	}
	if (intake->list == NULL)
		return INTAKE_END;
	while ((state = any_entry(intake, &text, &number)) == INTAKE_TARGET) {
		if (!target_parse(text, intake->line_arena, target, why)) {
			bad_line(intake, number, text, *why);
			continue;
		}
		intake->good++;
		target->place = intake->given_count + number;
		target->depth = depth_of(intake, target, true);
		fix_server(intake, target);
		return admit(intake, target, why);
	}
	return state;
}

int
intake_fd(const struct intake *intake)
{
	return intake->list != NULL ? input_fd(intake->list) : -1;
}

struct skip_list *
intake_skip(const struct intake *intake)
{
	return intake->skip;
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
	return intake->list != NULL ? (intake->total > 0 ? intake->total + intake->given_count : 0)
	                            : intake->given_count;
}

bool
intake_digest(const struct intake *intake, uint64_t *digest)
{
	*digest = digest_operands(intake, intake->digest);
	return intake->is_known;
}
