#include "campaign/served.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/table.h"

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
	struct kept_journey *next; /* of its bucket */
	unsigned long walk;
	const char *text; /* of the target */
	const char *helo, *from, *note, *site;
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
	unsigned long walk;
	struct target target;
};

enum { BUCKETS = 4096 };

struct era { /* verdicts that are forgotten together */
	struct arena *arena;
	struct table words;
	struct kept_journey *buckets[BUCKETS];
	size_t count;
};

struct served {
	served_told *told;
	void *arg;
	struct era young, old;
	struct verdicts *verdicts;
	uint64_t secret;
	struct served_line *lines[BUCKETS]; /* that wait, by walk, the latest first */
	size_t waiting;
	struct arena *scratch; /* what is told */
};

/* ---- keeping */

static bool
is_word(const void *kept, const void *word)
{
	return strcmp(kept, word) == 0;
}

/* Of what is said of many: once for all of them. */
static const char *
keep_word(struct served *served, const char *word)
{
	uint64_t hash;
	char *kept;

	if (word == NULL)
		return NULL;
	hash = hash_secret(served->secret, word, strlen(word));
	kept = table_find(&served->young.words, hash, is_word, word);
	if (kept != NULL)
		return kept;
	kept = arena_string(served->young.arena, word);
	table_put(&served->young.words, hash, kept);
	return kept;
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
	char *lines = arena_alloc(served->young.arena, room_for(reply, max));
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
	kept = arena_alloc(served->young.arena, sizeof *kept);
	*kept = (struct kept_attempt){.mx = arena_string(served->young.arena, attempt->mx),
	    .detail = arena_string(served->young.arena, attempt->detail),
	    .tls_version = keep_word(served, attempt_tls(attempt)->version),
	    .tls_problem = keep_word(served, attempt_tls(attempt)->problem),
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
	struct diagnosis *kept = arena_alloc(served->young.arena, sizeof *kept);

	*kept = *diagnosis;
	kept->rule = keep_word(served, diagnosis->rule);
	kept->list = keep_word(served, diagnosis->list);
	kept->listed = keep_word(served, diagnosis->listed);
	kept->provider = keep_word(served, diagnosis->provider);
	kept->advice = keep_word(served, diagnosis->advice);
	kept->url = keep_word(served, diagnosis->url);
	kept->evidence =
	    arena_alloc(served->young.arena, kept->evidence_count * sizeof *kept->evidence);
	for (size_t i = 0; i < kept->evidence_count; i++)
		kept->evidence[i] = keep_word(served, diagnosis->evidence[i]);
	kept->also = arena_alloc(served->young.arena, kept->also_count * sizeof *kept->also);
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
	kept = arena_alloc(served->young.arena, sizeof *kept);
	*kept = (struct ending_remedy){.id = keep_word(served, remedy->id),
	    .what = keep_word(served, remedy->what),
	    .who = remedy->who,
	    .advice = keep_word(served, remedy->advice)};
	return kept;
}

static struct kept_journey *
keep(struct served *served, const struct journey *journey)
{
	struct kept_journey *kept = arena_alloc(served->young.arena, sizeof *kept);

	*kept = (struct kept_journey){.walk = journey->target.walk,
	    .text = arena_string(served->young.arena, journey->target.text),
	    .helo = keep_word(served, journey->helo),
	    .from = keep_word(served, journey->from),
	    .note = arena_string(served->young.arena, journey->note),
	    .site = keep_word(served, journey->site),
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
	struct tls_facts *tls;

	if (kept == NULL)
		return NULL;
	tls = arena_alloc(arena, sizeof *tls);
	*tls = (struct tls_facts){
	    .done = kept->tls_done, .version = kept->tls_version, .problem = kept->tls_problem};
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
	    .tls = tls,
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
	    .site = kept->site,
	    .diagnosed = kept->diagnosis != NULL,
	    .refusal = attempt_again(kept->refusal, arena),
	    .refusal_diagnosis = kept->refusal_diagnosis};

	if (kept->diagnosis != NULL)
		journey.diagnosis = *kept->diagnosis;
	if (kept->remedy != NULL)
		journey.remedy = *kept->remedy;
	return journey;
}

/* ---- eras */

static void
era_release(struct era *era)
{
	table_release(&era->words);
	arena_free(era->arena);
	*era = (struct era){0};
}

/* Before what is new is kept: nothing that was found before is looked at any more. */
static void
turn(struct served *served)
{
	if (served->young.count < SERVED_KEPT / 2 &&
	    arena_size(served->young.arena) < SERVED_OCTETS / 2)
		return;
	era_release(&served->old);
	served->old = served->young;
	served->young = (struct era){.arena = arena_new()};
}

static const struct kept_journey *
find_in(const struct era *era, unsigned long walk)
{
	const struct kept_journey *kept = era->buckets[walk % BUCKETS];

	while (kept != NULL && kept->walk != walk)
		kept = kept->next;
	return kept;
}

static const struct kept_journey *
find(const struct served *served, unsigned long walk)
{
	const struct kept_journey *kept = find_in(&served->young, walk);

	return kept != NULL ? kept : find_in(&served->old, walk);
}

/* ---- lines */

/* False: there is no verdict. */
static bool
tell_bare(struct served *served, const struct target *target)
{
	struct journey journey = {.target = *target,
	    .fixed = true, /* the way is told of the walk */
	    .note = "another target, long before, asked the same; its reply is there"};

	if (!verdicts_get(served->verdicts, target->walk, &journey))
		return false;
	journey.target.served_by = target->domain;
	served->told(&journey, served->arg);
	return true;
}

static void
wait_for(struct served *served, const struct target *target)
{
	struct served_line *line = must_alloc(sizeof *line),
	                   **first = &served->lines[target->walk % BUCKETS];

	line->walk = target->walk;
	line->target = *target;
	line->target.text = must_string(target->text);
	line->target.domain = must_string(target->domain);
	line->target.rcpt = must_string(target->rcpt);
	line->target.host = NULL;
	line->next = *first;
	*first = line;
	served->waiting++;
}

/* Those that wait for the walk, in the order in which they came. */
static struct served_line *
take_lines(struct served *served, unsigned long walk)
{
	struct served_line **at = &served->lines[walk % BUCKETS], *taken = NULL, *line;

	while ((line = *at) != NULL) {
		if (line->walk != walk) {
			at = &line->next;
			continue;
		}
		*at = line->next;
		line->next = taken;
		taken = line;
		served->waiting--;
	}
	return taken;
}

static void
free_line(struct served_line *line)
{
	free((char *)line->target.text);
	free((char *)line->target.domain);
	free((char *)line->target.rcpt);
	free(line);
}

static void
tell(struct served *served, struct journey *journey, const struct target *target, const char *by)
{
	journey->target = *target;
	journey->target.served_by = by;
	served->told(journey, served->arg);
}

void
served_ask(struct served *served, const struct target *target)
{
	const struct kept_journey *kept = find(served, target->walk);

	if (kept != NULL) {
		struct journey journey = journey_again(kept, served->scratch);

		tell(served, &journey, target, kept->text);
		arena_reset(served->scratch);
	} else if (!tell_bare(served, target)) {
		wait_for(served, target);
	}
}

void
served_know(struct served *served, const struct journey *journey)
{
	struct kept_journey *kept, **bucket;
	struct served_line *line, *next;
	struct journey told;

	turn(served);
	verdicts_put(served->verdicts, journey->target.walk, journey);
	kept = keep(served, journey);
	bucket = &served->young.buckets[kept->walk % BUCKETS];
	kept->next = *bucket;
	*bucket = kept;
	served->young.count++;
	line = take_lines(served, kept->walk);
	if (line == NULL)
		return;
	told = journey_again(kept, served->scratch);
	for (; line != NULL; line = next) {
		next = line->next;
		tell(served, &told, &line->target, kept->text);
		free_line(line);
	}
	arena_reset(served->scratch);
}

unsigned long
served_drop(struct served *served, unsigned long walk)
{
	unsigned long count = 0;
	struct served_line *next;

	for (struct served_line *line = take_lines(served, walk); line != NULL; line = next) {
		next = line->next;
		free_line(line);
		count++;
	}
	return count;
}

struct served *
served_new(struct verdicts *verdicts, uint64_t secret, served_told *told, void *arg)
{
	struct served *served = must_alloc(sizeof *served);

	served->verdicts = verdicts;
	served->secret = secret;
	served->told = told;
	served->arg = arg;
	served->young.arena = arena_new();
	served->scratch = arena_new();
	return served;
}

void
served_free(struct served *served)
{
	if (served == NULL)
		return;
	for (size_t i = 0; i < BUCKETS; i++)
		while (served->lines[i] != NULL)
			served_drop(served, served->lines[i]->walk);
	era_release(&served->young);
	era_release(&served->old);
	arena_free(served->scratch);
	free(served);
}

size_t
served_waiting(const struct served *served)
{
	return served->waiting;
}
