#include "campaign/served.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct kept_reply {
	const char *lines; /* each with its LF */
	unsigned len, flags;
	unsigned short count, code;
	char enhanced[12];
};

struct kept_attempt {
	const char *mx, *detail, *tls_version, *tls_problem;
	struct ip ip, source;
	struct kept_reply reply, greeting, starttls;
	enum walk_status status;
	enum stage stage;
	enum ending ending;
	bool tls_offered, tls_done;
};

struct kept_journey {
	const char *helo, *from, *note;
	const struct kept_attempt *decisive, *refusal; /* NULL: none */
	const struct diagnosis *diagnosis, *refusal_diagnosis; /* NULL: none */
	const struct ending_remedy *remedy; /* NULL: none */
	struct ip source, sender_ip;
	int64_t started;
	long ms;
	enum helo_origin helo_origin;
	enum walk_status status;
	enum stage stage, asked;
	bool uncertain, excused;
};

struct served_line {
	struct served_line *next;
	char *text, *domain, *rcpt;
	const char *served_by;
};

struct served_walk {
	const struct kept_journey *kept; /* NULL: not known yet */
	struct served_line *first, **last;
};

struct served {
	served_told *told;
	void *arg;
	struct served_walk *walks; /* by number */
	size_t room, waiting;
	struct arena *arena; /* what is kept */
	struct arena *scratch; /* what is told */
	void *words; /* tsearch tree of strings */
};

/* ---- keeping */

static int
compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Of what is said of many: once for all of them. */
static const char *
keep_word(struct served *served, const char *word)
{
	char **found, *new;

	if (word == NULL)
		return NULL;
	found = tfind(word, &served->words, compare);
	if (found != NULL)
		return *found;
	new = arena_string(served->arena, word);
	tsearch(new, &served->words, compare);
	return new;
}

/* What up to `max` octets of its lines take, each with its LF. */
static size_t
room_for(const struct reply *reply, size_t max)
{
	size_t octets = 0;

	for (size_t i = 0; i < reply->count; i++)
		octets += reply->lines[i].len;
	return (octets < max ? octets : max) + reply->count;
}

/* Up to `max` octets of its lines. */
static struct kept_reply
keep_reply(struct served *served, const struct reply *reply, size_t max)
{
	struct kept_reply kept = {.code = (unsigned short)reply->code, .flags = reply->flags};
	char *lines = arena_alloc(served->arena, room_for(reply, max));
	bool whole = true;

	memcpy(kept.enhanced, reply->enhanced, sizeof kept.enhanced);
	for (size_t i = 0; i < reply->count && whole; i++) {
		size_t len = reply->lines[i].len;

		whole = len <= max;
		len = whole ? len : max;
		memcpy(lines + kept.len, reply->lines[i].bytes, len);
		lines[kept.len + len] = '\n';
		kept.len += (unsigned)len + 1;
		max -= len;
		kept.count++;
	}
	if (!whole)
		kept.flags |= REPLY_CUT;
	kept.lines = lines;
	return kept;
}

static const struct kept_attempt *
keep_attempt(struct served *served, const struct attempt *attempt)
{
	struct kept_attempt *kept;

	if (attempt == NULL)
		return NULL;
	kept = arena_alloc(served->arena, sizeof *kept);
	*kept = (struct kept_attempt){.mx = arena_string(served->arena, attempt->mx),
	    .detail = arena_string(served->arena, attempt->detail),
	    .tls_version = keep_word(served, attempt->tls.version),
	    .tls_problem = keep_word(served, attempt->tls.problem),
	    .ip = attempt->ip,
	    .source = attempt->source,
	    .reply = keep_reply(served, &attempt->reply, SERVED_REPLY_MAX),
	    .greeting = keep_reply(served, &attempt->greeting, 0),
	    .starttls = keep_reply(served, &attempt->starttls, 0),
	    .status = attempt->status,
	    .stage = attempt->stage,
	    .ending = attempt->ending,
	    .tls_offered = attempt->tls_offered,
	    .tls_done = attempt->tls_done};
	return kept;
}

static const struct diagnosis *
keep_diagnosis(struct served *served, const struct diagnosis *diagnosis)
{
	struct diagnosis *kept = arena_alloc(served->arena, sizeof *kept);

	*kept = *diagnosis;
	kept->rule = keep_word(served, diagnosis->rule);
	kept->list = keep_word(served, diagnosis->list);
	kept->listed = keep_word(served, diagnosis->listed);
	kept->provider = keep_word(served, diagnosis->provider);
	kept->advice = keep_word(served, diagnosis->advice);
	kept->url = keep_word(served, diagnosis->url);
	kept->evidence = arena_alloc(served->arena, kept->evidence_count * sizeof *kept->evidence);
	for (size_t i = 0; i < kept->evidence_count; i++)
		kept->evidence[i] = keep_word(served, diagnosis->evidence[i]);
	kept->also = arena_alloc(served->arena, kept->also_count * sizeof *kept->also);
	for (size_t i = 0; i < kept->also_count; i++) {
		kept->also[i] = diagnosis->also[i];
		kept->also[i].rule = keep_word(served, diagnosis->also[i].rule);
	}
	return kept;
}

static const struct ending_remedy *
keep_remedy(struct served *served, const struct ending_remedy *remedy)
{
	struct ending_remedy *kept;

	if (remedy->id == NULL)
		return NULL;
	kept = arena_alloc(served->arena, sizeof *kept);
	*kept = (struct ending_remedy){.id = keep_word(served, remedy->id),
	    .what = keep_word(served, remedy->what),
	    .who = remedy->who,
	    .advice = keep_word(served, remedy->advice)};
	return kept;
}

static const struct kept_journey *
keep(struct served *served, const struct journey *journey)
{
	struct kept_journey *kept = arena_alloc(served->arena, sizeof *kept);

	*kept = (struct kept_journey){.helo = keep_word(served, journey->helo),
	    .from = keep_word(served, journey->from),
	    .note = arena_string(served->arena, journey->note),
	    .decisive = keep_attempt(served, journey->decisive),
	    .refusal = keep_attempt(served, journey->refusal),
	    .diagnosis = journey->diagnosed ? keep_diagnosis(served, &journey->diagnosis) : NULL,
	    .refusal_diagnosis = journey->refusal_diagnosis != NULL
	                             ? keep_diagnosis(served, journey->refusal_diagnosis)
	                             : NULL,
	    .remedy = keep_remedy(served, &journey->remedy),
	    .source = journey->source,
	    .sender_ip = journey->sender_ip,
	    .started = journey->started,
	    .ms = journey->ms,
	    .helo_origin = journey->helo_origin,
	    .status = journey->status,
	    .stage = journey->stage,
	    .asked = journey->asked,
	    .uncertain = journey->uncertain,
	    .excused = journey->excused};
	return kept;
}

/* ---- telling */

static struct reply
reply_again(const struct kept_reply *kept, struct arena *arena)
{
	struct reply reply = {.code = kept->code, .flags = kept->flags, .count = kept->count};
	const char *at = kept->lines;

	memcpy(reply.enhanced, kept->enhanced, sizeof reply.enhanced);
	reply.lines = arena_alloc(arena, kept->count * sizeof *reply.lines);
	for (size_t i = 0; i < kept->count; i++) {
		const char *end = memchr(at, '\n', kept->len - (size_t)(at - kept->lines));
		size_t len = (size_t)(end - at);

		reply.lines[i] = (struct reply_line){arena_copy(arena, at, len), len};
		at = end + 1;
	}
	reply.text = reply_join(reply.lines, reply.count, arena);
	return reply;
}

static const struct attempt *
attempt_again(const struct kept_attempt *kept, struct arena *arena)
{
	struct attempt *attempt;

	if (kept == NULL)
		return NULL;
	attempt = arena_alloc(arena, sizeof *attempt);
	*attempt = (struct attempt){.mx = kept->mx,
	    .ip = kept->ip,
	    .source = kept->source,
	    .status = kept->status,
	    .stage = kept->stage,
	    .greeting = reply_again(&kept->greeting, arena),
	    .reply = reply_again(&kept->reply, arena),
	    .starttls = reply_again(&kept->starttls, arena),
	    .tls_offered = kept->tls_offered,
	    .tls_done = kept->tls_done,
	    .tls = {.done = kept->tls_done,
	        .version = kept->tls_version,
	        .problem = kept->tls_problem},
	    .ending = kept->ending,
	    .detail = kept->detail};
	return attempt;
}

static struct journey
journey_again(const struct kept_journey *kept, struct arena *arena)
{
	struct journey journey = {.source = kept->source,
	    .started = kept->started,
	    .ms = kept->ms,
	    .fixed = true, /* the way is told of the walk */
	    .sender_ip = kept->sender_ip,
	    .helo = kept->helo,
	    .from = kept->from,
	    .helo_origin = kept->helo_origin,
	    .status = kept->status,
	    .stage = kept->stage,
	    .decisive = attempt_again(kept->decisive, arena),
	    .asked = kept->asked,
	    .uncertain = kept->uncertain,
	    .excused = kept->excused,
	    .note = kept->note,
	    .diagnosed = kept->diagnosis != NULL,
	    .refusal = attempt_again(kept->refusal, arena),
	    .refusal_diagnosis = kept->refusal_diagnosis};

	if (kept->diagnosis != NULL)
		journey.diagnosis = *kept->diagnosis;
	if (kept->remedy != NULL)
		journey.remedy = *kept->remedy;
	return journey;
}

/* ---- walks and lines */

static struct served_walk *
walk_of(struct served *served, unsigned long number)
{
	size_t room = served->room > 0 ? served->room : 64;

	while (room <= number)
		room *= 2;
	if (room > served->room) {
		served->walks = must_realloc(served->walks, room * sizeof *served->walks);
		memset(
		    served->walks + served->room, 0, (room - served->room) * sizeof *served->walks);
		served->room = room;
	}
	return &served->walks[number];
}

static struct served_line *
take_first(struct served *served, struct served_walk *walk)
{
	struct served_line *line = walk->first;

	if (line != NULL) {
		walk->first = line->next;
		served->waiting--;
	}
	return line;
}

static void
free_line(struct served_line *line)
{
	free(line->text);
	free(line->domain);
	free(line->rcpt);
	free(line);
}

void
served_ask(struct served *served, const struct target *target)
{
	struct served_walk *walk = walk_of(served, target->walk);
	struct served_line *line;

	if (walk->kept != NULL) {
		struct journey journey = journey_again(walk->kept, served->scratch);

		journey.target = *target;
		served->told(&journey, served->arg);
		arena_reset(served->scratch);
		return;
	}
	line = must_alloc(sizeof *line);
	line->text = must_string(target->text);
	line->domain = must_string(target->domain);
	line->rcpt = must_string(target->rcpt);
	line->served_by = target->served_by;
	*(walk->first != NULL ? walk->last : &walk->first) = line;
	walk->last = &line->next; /* of the heap: walks may move */
	served->waiting++;
}

void
served_know(struct served *served, const struct journey *journey)
{
	struct served_walk *walk = walk_of(served, journey->target.walk);
	struct served_line *line;
	struct journey told;

	walk->kept = keep(served, journey);
	if (walk->first == NULL)
		return;
	told = journey_again(walk->kept, served->scratch);
	while ((line = take_first(served, walk)) != NULL) {
		told.target.text = line->text;
		told.target.domain = line->domain;
		told.target.rcpt = line->rcpt;
		told.target.served_by = line->served_by;
		served->told(&told, served->arg);
		free_line(line);
	}
	arena_reset(served->scratch);
}

unsigned long
served_drop(struct served *served, unsigned long number)
{
	struct served_walk *walk = walk_of(served, number);
	unsigned long count = 0;
	struct served_line *line;

	while ((line = take_first(served, walk)) != NULL) {
		free_line(line);
		count++;
	}
	return count;
}

struct served *
served_new(served_told *told, void *arg)
{
	struct served *served = must_alloc(sizeof *served);

	served->told = told;
	served->arg = arg;
	served->arena = arena_new();
	served->scratch = arena_new();
	return served;
}

static void
leave_word(void *word)
{
	(void)word; /* the arena's */
}

void
served_free(struct served *served)
{
	if (served == NULL)
		return;
	for (size_t i = 0; i < served->room; i++)
		served_drop(served, i);
	free(served->walks);
	tdestroy(served->words, leave_word);
	arena_free(served->scratch);
	arena_free(served->arena);
	free(served);
}

size_t
served_waiting(const struct served *served)
{
	return served->waiting;
}
