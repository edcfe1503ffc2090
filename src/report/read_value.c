#include "report/read_value.h"

#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "report/ndjson_fields.h"

const char *
read_word(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static struct slice
word_of(const json_t *object, const char *key)
{
	return slice_of(read_word(object, key));
}

unsigned long
read_number(const json_t *object, const char *key)
{
	json_int_t number = json_integer_value(json_object_get(object, key));

	return number > 0 ? (unsigned long)number : 0;
}

bool
read_bool(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

const char **
read_words(const json_t *object, const char *key, struct arena *arena, size_t *count)
{
	const json_t *array = json_object_get(object, key);
	const char **words = arena_alloc(arena, (json_array_size(array) + 1) * sizeof *words);

	*count = 0;
	for (size_t i = 0; i < json_array_size(array); i++)
		if (json_is_string(json_array_get(array, i)))
			words[(*count)++] = json_string_value(json_array_get(array, i));
	return words;
}

static void
read_ip(const json_t *value, struct ip *ip)
{
	const char *text = json_string_value(value);

	if (text != NULL)
		ip_parse(ip, text);
}

/* Days from 1970-01-01 to a date, with years that begin in March. */
static long long
days_of(int year, int month, int day)
{
	long long y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400,
	          of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "2026-11-24T10:00:00.000Z", or without the milliseconds. */
int64_t
read_time(struct slice text)
{
	static const char form[] = "0000-00-00T00:00:00.000Z", whole[] = "0000-00-00T00:00:00Z";
	const char *as = text.len == sizeof whole - 1 ? whole : form;
	int n[7] = {0}, part = 0;

	if (text.len != strlen(as))
		return 0;
	for (size_t i = 0; as[i] != '\0'; i++) {
		if (as[i] == '0' && !is_digit(text.at[i]))
			return 0;
		if (as[i] != '0' && text.at[i] != as[i])
			return 0;
		if (as[i] == '0')
			n[part] = n[part] * 10 + (text.at[i] - '0');
		else
			part++;
	}
	if (n[0] < 1970 || n[1] < 1 || n[1] > 12)
		return 0;
	return (((days_of(n[0], n[1], n[2]) * 24 + n[3]) * 60 + n[4]) * 60 + n[5]) * 1000 + n[6];
}

void
read_run(const json_t *record, struct arena *arena, struct run_facts *run)
{
	const char *given = read_word(record, "given");

	run->version = read_word(record, "version");
	run->started = read_time(word_of(record, "started"));
	run->options = read_words(record, "options", arena, &run->option_count);
	run->nameservers = read_words(record, "nameservers", arena, &run->nameserver_count);
	run->given_known = given != NULL;
	run->given = given != NULL ? strtoull(given, NULL, 16) : 0;
	run->resumed = json_is_true(json_object_get(record, "resumed"));
}

/* ---- words into values */

bool
read_status(struct slice word, enum walk_status *status)
{
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		if (slice_same(word, walk_status_name(s))) {
			*status = s;
			return true;
		}
	return false;
}

enum stage
read_stage(struct slice word)
{
	for (enum stage s = STAGE_NONE + 1; s < STAGE_COUNT; s++)
		if (slice_same(word, stage_name(s)))
			return s;
	return STAGE_NONE;
}

static enum ending
read_ending(const json_t *object)
{
	const char *word = read_word(object, "ending");

	for (enum ending e = END_NONE + 1; word != NULL && e < END_COUNT; e++)
		if (strcmp(ending_name(e), word) == 0)
			return e;
	return END_NONE;
}

static enum route_kind
read_route_kind(const char *word)
{
	for (enum route_kind k = ROUTE_MX; word != NULL && k <= ROUTE_DNS_ERROR; k++)
		if (strcmp(route_kind_name(k), word) == 0)
			return k;
	return ROUTE_DNS_ERROR;
}

enum basis
read_basis(struct slice word)
{
	for (enum basis b = 0; b < BASIS_COUNT; b++)
		if (slice_same(word, basis_name(b)))
			return b;
	return BASIS_UNKNOWN;
}

void
read_cause(struct slice word, enum cause *cause)
{
	for (enum cause c = 0; c < CAUSE_COUNT; c++)
		if (slice_same(word, cause_name(c)))
			*cause = c;
}

void
read_who(struct slice word, enum who *who)
{
	for (enum who w = WHO_NOBODY + 1; w < WHO_COUNT; w++)
		if (slice_same(word, who_name(w)))
			*who = w;
}

static unsigned
read_flag(const char *word)
{
	for (size_t i = 0; word != NULL && i < RECORD_FLAGS; i++)
		if (strcmp(record_flags[i].word, word) == 0)
			return record_flags[i].flag;
	return 0;
}

/* ---- the parts of a result */

static void
read_reply(const json_t *object, struct arena *arena, struct reply *reply)
{
	const json_t *lines = json_object_get(object, "lines"),
	             *flags = json_object_get(object, "flags");
	const char *enhanced = read_word(object, "enhanced");

	if (!json_is_object(object))
		return;
	reply->code = (int)read_number(object, "code");
	if (enhanced != NULL)
		strncpy(reply->enhanced, enhanced, sizeof reply->enhanced - 1);
	reply->text = read_word(object, "text");
	reply->lines = arena_alloc(arena, (json_array_size(lines) + 1) * sizeof *reply->lines);
	for (size_t i = 0; i < json_array_size(lines); i++) {
		const json_t *line = json_array_get(lines, i);

		if (json_is_string(line))
			reply->lines[reply->count++] =
			    (struct reply_line){json_string_value(line), json_string_length(line)};
	}
	for (size_t i = 0; i < json_array_size(flags); i++)
		reply->flags |= read_flag(json_string_value(json_array_get(flags, i)));
}

static void
read_transcript(const json_t *array, struct arena *arena, struct transcript *transcript)
{
	size_t count = json_array_size(array);

	transcript->entries = arena_alloc(arena, (count + 1) * sizeof *transcript->entries);
	transcript->count = count;
	for (size_t i = 0; i < count; i++) {
		const json_t *object = json_array_get(array, i);
		struct transcript_entry *entry = &transcript->entries[i];

		entry->stage = read_stage(word_of(object, "stage"));
		entry->sent = read_word(object, "sent");
		read_reply(object, arena, &entry->reply);
		entry->tls = read_bool(object, "tls");
		entry->ms = (long)read_number(object, "ms");
	}
}

static void
read_attempt(const json_t *object, struct arena *arena, struct attempt *attempt)
{
	const char *mx = read_word(object, "mx");

	attempt->mx = mx != NULL ? mx : "";
	attempt->preference = (uint16_t)read_number(object, "preference");
	read_ip(json_object_get(object, "ip"), &attempt->ip);
	attempt->port = (uint16_t)read_number(object, "port");
	read_ip(json_object_get(object, "source"), &attempt->source);
	attempt->status = WALK_SKIPPED;
	read_status(word_of(object, "status"), &attempt->status);
	attempt->stage = read_stage(word_of(object, "stage"));
	read_ip(json_object_get(object, "seen"), &attempt->ehlo.client);
	attempt->ending = read_ending(object);
	attempt->detail = read_word(object, "detail");
	read_reply(json_object_get(object, "greeting"), arena, &attempt->greeting);
	read_reply(json_object_get(object, "starttls"), arena, &attempt->starttls);
	attempt->message_id = read_word(object, "message_id");
	attempt->uncertain = read_bool(object, "uncertain");
	attempt->haste = (unsigned)read_number(object, "haste");
	attempt->transaction = (unsigned)read_number(object, "transaction");
	attempt->shared_from = read_word(object, "shared_from");
	attempt->shared_mx = read_word(object, "shared_mx");
	read_ip(json_object_get(object, "shared_ip"), &attempt->shared_ip);
	attempt->asked = read_stage(word_of(object, "asked"));
	read_tls(json_object_get(object, "tls"), arena, attempt);
	read_sts_effect(json_object_get(object, "mta_sts"), attempt);
	read_dane(json_object_get(object, "dane"), arena, attempt);
	attempt->policy = read_word(object, "policy");
	attempt->ehlo.requiretls = read_bool(json_object_get(object, "requiretls"), "offered");
	read_transcript(json_object_get(object, "transcript"), arena, &attempt->transcript);
	for (size_t i = 0; i < attempt->transcript.count; i++)
		if (attempt->transcript.entries[i].stage == attempt->stage)
			attempt->reply = attempt->transcript.entries[i].reply;
	attempt->ms = (long)read_number(object, "ms");
}

static void
read_route(const json_t *object, struct arena *arena, struct journey *journey)
{
	const json_t *hosts = json_object_get(object, "hosts");
	struct route *route = &journey->route;

	journey->fixed = !json_is_object(object);
	route->kind = journey->fixed ? ROUTE_FIXED : read_route_kind(read_word(object, "kind"));
	route->domain = journey->target.domain;
	route->canonical = read_word(object, "canonical");
	route->authentic = read_bool(object, "authentic");
	route->problem = read_word(object, "problem");
	route->host_count = json_array_size(hosts);
	route->hosts = arena_alloc(arena, (route->host_count + 1) * sizeof *route->hosts);
	for (size_t i = 0; i < route->host_count; i++) {
		const json_t *from = json_array_get(hosts, i);
		const json_t *addresses = json_object_get(from, "addresses");
		struct route_host *host = &route->hosts[i];
		size_t count = json_array_size(addresses);
		struct ip *ips = arena_alloc(arena, (count + 1) * sizeof *ips);

		for (size_t k = 0; k < count; k++)
			read_ip(json_array_get(addresses, k), &ips[k]);
		host->name = read_word(from, "mx");
		host->preference = (uint16_t)read_number(from, "preference");
		host->alias = read_bool(from, "alias");
		host->problem = read_word(from, "problem");
		host->addresses = ips;
		host->address_count = count;
	}
}

static void
read_diagnosis(const json_t *object, struct arena *arena, struct diagnosis *d)
{
	const json_t *also = json_object_get(object, "also");
	const char *cause = read_word(object, "cause"), *who = read_word(object, "who");

	if (cause != NULL)
		cause_parse(cause, &d->cause);
	d->basis = read_basis(word_of(object, "basis"));
	d->rule = read_word(object, "rule");
	d->list = read_word(object, "list");
	d->listed = read_word(object, "listed");
	d->provider = read_word(object, "provider");
	if (who != NULL)
		who_parse(who, &d->who);
	d->advice = read_word(object, "advice");
	d->url = read_word(object, "url");
	d->evidence = read_words(object, "evidence", arena, &d->evidence_count);
	d->also_count = json_array_size(also);
	d->also = arena_alloc(arena, (d->also_count + 1) * sizeof *d->also);
	for (size_t i = 0; i < d->also_count; i++) {
		const json_t *from = json_array_get(also, i);

		cause = read_word(from, "cause");
		if (cause != NULL)
			cause_parse(cause, &d->also[i].cause);
		d->also[i].rule = read_word(from, "rule");
	}
}

/* The record has the decisive reply, and its attempts; that which decided is the first with the
 * result's status and stage. A target that the walk of another answered has the reply alone. */
static void
find_decisive(const json_t *reply, struct arena *arena, struct journey *journey)
{
	if (journey->target.served_by != NULL && json_is_object(reply)) {
		struct attempt *elsewhere = arena_alloc(arena, sizeof *elsewhere);

		elsewhere->status = journey->status;
		elsewhere->stage = journey->stage;
		read_reply(reply, arena, &elsewhere->reply);
		journey->decisive = elsewhere;
		return;
	}
	for (size_t i = 0; i < journey->attempt_count; i++) {
		struct attempt *attempt = &journey->attempts[i];

		if (attempt->status != journey->status || attempt->stage != journey->stage)
			continue;
		attempt->reply = (struct reply){0};
		read_reply(reply, arena, &attempt->reply);
		journey->decisive = attempt;
		return;
	}
}

static void
read_refusal(const json_t *object, struct arena *arena, struct journey *journey)
{
	struct attempt *refusal = arena_alloc(arena, sizeof *refusal);
	struct diagnosis *diagnosis = arena_alloc(arena, sizeof *diagnosis);

	if (!json_is_object(object))
		return;
	read_attempt(object, arena, refusal);
	refusal->status = WALK_REFUSED;
	refusal->stage = STAGE_GREETING;
	read_reply(json_object_get(object, "reply"), arena, &refusal->reply);
	read_diagnosis(json_object_get(object, "diagnosis"), arena, diagnosis);
	journey->refusal = refusal;
	journey->refusal_diagnosis = diagnosis;
}

static void
read_remedy(const json_t *value, struct ending_remedy *remedy)
{
	const char *who = read_word(value, "who");

	remedy->id = read_word(value, "id");
	remedy->what = read_word(value, "what");
	remedy->advice = read_word(value, "advice");
	if (who != NULL)
		who_parse(who, &remedy->who);
}

void
read_result(const json_t *record, struct arena *arena, struct journey *journey)
{
	const json_t *sender = json_object_get(record, "sender"),
	             *attempts = json_object_get(record, "attempts"),
	             *diagnosis = json_object_get(record, "diagnosis");

	journey->target.text = read_word(record, "target");
	journey->target.domain = read_word(record, "domain");
	journey->target.place = read_number(record, "line");
	journey->target.rcpt = read_word(record, "rcpt");
	journey->target.served_by = read_word(record, "served_by");
	if (journey->target.text == NULL)
		journey->target.text = "";
	read_ip(json_object_get(record, "source"), &journey->source);
	read_ip(json_object_get(sender, "ip"), &journey->sender_ip);
	journey->helo = read_word(sender, "helo");
	journey->from = read_word(sender, "from");
	read_route(json_object_get(record, "route"), arena, journey);
	read_sts(json_object_get(record, "mta_sts"), arena, journey);
	journey->status = WALK_SKIPPED;
	read_status(word_of(record, "status"), &journey->status);
	journey->stage = read_stage(word_of(record, "stage"));
	journey->diagnosed = json_is_object(diagnosis);
	read_diagnosis(diagnosis, arena, &journey->diagnosis);
	read_remedy(json_object_get(record, "remedy"), &journey->remedy);
	journey->note = read_word(record, "note");
	journey->attempt_count = json_array_size(attempts);
	journey->attempts =
	    arena_alloc(arena, (journey->attempt_count + 1) * sizeof *journey->attempts);
	for (size_t i = 0; i < journey->attempt_count; i++)
		read_attempt(json_array_get(attempts, i), arena, &journey->attempts[i]);
	find_decisive(json_object_get(record, "reply"), arena, journey);
	read_refusal(json_object_get(record, "refusal"), arena, journey);
	journey->asked = read_stage(word_of(record, "asked"));
	journey->uncertain = read_bool(record, "uncertain");
	journey->again = (unsigned)read_number(record, "again");
	journey->site = read_word(record, "site");
	journey->untried = read_number(record, "untried");
	journey->started = read_time(word_of(record, "started"));
	journey->ms = (long)read_number(record, "ms");
}
