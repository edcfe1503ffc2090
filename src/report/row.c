#include "report/row.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "report/ledger.h"
#include "report/read.h"
#include "report/read_value.h"

enum member_kind { PART_NONE, PART_STRING, PART_NUMBER, PART_RAW }; /* how a member is taken */

struct wanted {
	const char *key;
	size_t len; /* of the key */
	enum member_kind part;
	size_t at; /* in struct result_row */
};

#define STRING(key, field)                                                                         \
	{                                                                                          \
		key, sizeof key - 1, PART_STRING, offsetof(struct result_row, field)               \
	}
#define NUMBER(key, field)                                                                         \
	{                                                                                          \
		key, sizeof key - 1, PART_NUMBER, offsetof(struct result_row, field)               \
	}

static const struct wanted of_result[] = {STRING("target", target), STRING("domain", domain),
    STRING("rcpt", rcpt), STRING("source", source), STRING("site", site), STRING("note", note),
    STRING("started", started), NUMBER("ms", ms), {NULL, 0, PART_NONE, 0}};
static const struct wanted of_reply[] = {NUMBER("code", code), STRING("enhanced", enhanced),
    STRING("text", text), {NULL, 0, PART_NONE, 0}};
static const struct wanted of_diagnosis[] = {STRING("list", list), STRING("provider", provider),
    STRING("advice", advice), STRING("url", url), STRING("rule", rule),
    {"evidence", 8, PART_RAW, offsetof(struct result_row, evidence)}, {NULL, 0, PART_NONE, 0}};
static const struct wanted of_remedy[] = {
    STRING("what", meaning), STRING("advice", advice), {NULL, 0, PART_NONE, 0}};
static const struct wanted of_attempt[] = {STRING("mx", mx), STRING("ip", ip),
    STRING("ending", ending), STRING("detail", ending), {NULL, 0, PART_NONE, 0}};
static const struct wanted of_tls[] = {STRING("version", tls), STRING("verify", verify),
    STRING("not_after", not_after), {NULL, 0, PART_NONE, 0}};
static const struct wanted of_explanation[] = {STRING("recipient", target),
    STRING("recipient_domain", domain), STRING("relay", mx), STRING("relay_ip", ip),
    STRING("time", started), STRING("provider", provider), STRING("advice", advice),
    STRING("url", url), STRING("rule", rule), STRING("list", list), NUMBER("code", code),
    STRING("enhanced", enhanced), STRING("text", text), STRING("suppress", suppress),
    {NULL, 0, PART_NONE, 0}};

static void
take(struct result_row *row, const struct wanted *wanted, const struct json_member *member,
    struct arena *arena)
{
	void *at;

	while (wanted->key != NULL && (member->key.len != wanted->len ||
	                                  memcmp(member->key.at, wanted->key, wanted->len) != 0))
		wanted++;
	at = (char *)row + wanted->at;
	switch (wanted->part) {
	case PART_NONE:
		break;
	case PART_STRING:
		*(struct slice *)at = json_scan_string(member->value, arena);
		break;
	case PART_NUMBER:
		json_scan_number(member->value, at);
		break;
	case PART_RAW:
		*(struct slice *)at = member->value;
		break;
	}
}

/* The words of the closed sets, in any object. */
static void
take_word(struct result_row *row, const struct json_member *member)
{
	struct slice word = json_scan_word(member->value);

	if (slice_same(member->key, "cause"))
		read_cause(word, &row->cause);
	else if (slice_same(member->key, "basis"))
		row->basis = read_basis(word);
	else if (slice_same(member->key, "who"))
		read_who(word, &row->who);
}

static bool
is_object(struct slice value)
{
	return value.len > 0 && *value.at == '{';
}

static void
take_all(
    struct result_row *row, const struct wanted *wanted, struct slice object, struct arena *arena)
{
	struct json_scan scan = json_scan_begin(object);
	struct json_member member;

	while (is_object(object) && json_scan_next(&scan, &member)) {
		take_word(row, &member);
		take(row, wanted, &member, arena);
	}
}

/* ---- the attempt that decided: the first with the result's status and stage */

/* The chain comes last, and is long. */
static void
take_tls(struct result_row *row, struct slice object, struct arena *arena)
{
	struct json_scan scan = json_scan_begin(object);
	struct json_member member;
	bool offered = false, done = false, hybrid = false, last = false;
	long long left = 0;

	while (is_object(object) && !last && json_scan_next(&scan, &member)) {
		take(row, of_tls, &member, arena);
		if (slice_same(member.key, "offered"))
			offered = json_scan_true(member.value);
		else if (slice_same(member.key, "done"))
			done = json_scan_true(member.value);
		else if (slice_same(member.key, "hybrid"))
			hybrid = json_scan_true(member.value);
		else if (slice_same(member.key, "remaining_percent"))
			last = json_scan_number(member.value, &left);
	}
	row->tls_class =
	    tally_tls_of(offered, done, row->tls, row->verify, row->stage > STAGE_EHLO);
	row->hybrid = done && hybrid;
	row->near_end = done && tally_near_end(left);
}

/* What it has of an attempt, as long as it may be the one that decided. Its transcript comes last
 * and is long: whoever has all that he wants looks no further. */
struct attempt_parts {
	struct json_member mx, ip, tls, dane, sts, ending;
	enum walk_status status;
	enum stage stage;
	unsigned found; /* of these, without the last two, which few have */
};

static void
take_part(struct attempt_parts *parts, const struct json_member *member)
{
	parts->found++;
	if (slice_same(member->key, "status"))
		read_status(json_scan_word(member->value), &parts->status);
	else if (slice_same(member->key, "stage"))
		parts->stage = read_stage(json_scan_word(member->value));
	else if (slice_same(member->key, "mx"))
		parts->mx = *member;
	else if (slice_same(member->key, "ip"))
		parts->ip = *member;
	else if (slice_same(member->key, "tls"))
		parts->tls = *member;
	else if (slice_same(member->key, "dane"))
		parts->dane = *member;
	else
		parts->found--;
	if (slice_same(member->key, "mta_sts"))
		parts->sts = *member;
	else if (slice_same(member->key, "ending") || slice_same(member->key, "detail"))
		parts->ending = *member;
}

static bool
is_decisive(const struct result_row *row, struct json_scan *members, struct attempt_parts *parts)
{
	struct json_member member;

	*parts = (struct attempt_parts){.status = WALK_COUNT};
	while (parts->found < 6 && json_scan_next(members, &member))
		take_part(parts, &member);
	return parts->status == row->status && parts->stage == row->stage;
}

static struct slice
member_word(struct slice object, const char *key)
{
	struct json_scan scan = json_scan_begin(object);
	struct json_member member;

	while (is_object(object) && json_scan_next(&scan, &member))
		if (slice_same(member.key, key))
			return json_scan_word(member.value);
	return (struct slice){NULL, 0};
}

static void
take_attempt(struct result_row *row, struct slice attempts, struct slice sts, struct arena *arena)
{
	struct json_scan scan = json_scan_begin(attempts), members;
	struct attempt_parts parts;

	while (json_scan_enter(&scan, &members)) {
		if (!is_decisive(row, &members, &parts)) {
			json_scan_leave(&scan, &members);
			continue;
		}
		take(row, of_attempt, &parts.mx, arena);
		take(row, of_attempt, &parts.ip, arena);
		take(row, of_attempt, &parts.ending, arena);
		take_tls(row, parts.tls.value, arena);
		row->dane = tally_dane_of(member_word(parts.dane.value, "state"),
		    member_word(parts.dane.value, "sender"));
		row->sts = tally_sts_of(member_word(sts, "state"), member_word(sts, "mode"),
		    member_word(parts.sts.value, "effect"));
		return;
	}
}

/* ---- all of it */

/* What tells which target it is about, and that it would be taken at all. */
static bool
read_key(struct result_row *row, const struct record *record, struct arena *arena)
{
	bool known = false;

	for (size_t i = 0; i < record->found_count; i++) {
		const struct json_member *member = &record->found[i];

		if (slice_same(member->key, "status"))
			known = read_status(json_scan_word(member->value), &row->status);
		else if (slice_same(member->key, "target"))
			row->target = json_scan_string(member->value, arena);
		else if (slice_same(member->key, "source"))
			row->source = json_scan_string(member->value, arena);
	}
	return known;
}

static bool
read_result_row(struct result_row *row, const struct record *record, struct arena *arena)
{
	struct slice attempts = {NULL, 0}, sts = {NULL, 0};
	bool known = false;

	for (size_t i = 0; i < record->found_count; i++) {
		const struct json_member *member = &record->found[i];
		struct slice value = member->value;

		take(row, of_result, member, arena);
		if (slice_same(member->key, "status"))
			known = read_status(json_scan_word(value), &row->status);
		else if (slice_same(member->key, "stage"))
			row->stage = read_stage(json_scan_word(value));
		else if (slice_same(member->key, "asked"))
			row->asked = read_stage(json_scan_word(value));
		else if (slice_same(member->key, "reply"))
			take_all(row, of_reply, value, arena);
		else if (slice_same(member->key, "remedy"))
			take_all(row, of_remedy, value, arena);
		else if (slice_same(member->key, "served_by"))
			row->served = *value.at == '"';
		else if (slice_same(member->key, "uncertain"))
			row->uncertain = json_scan_true(value);
		else if (slice_same(member->key, "attempts"))
			attempts = value;
		else if (slice_same(member->key, "mta_sts"))
			sts = value;
		else if (slice_same(member->key, "diagnosis") && is_object(value)) {
			row->diagnosed = true;
			take_all(row, of_diagnosis, value, arena);
		}
	}
	if (attempts.at != NULL)
		take_attempt(row, attempts, sts, arena);
	return known;
}

static bool
read_explained_row(struct result_row *row, const struct record *record, struct arena *arena)
{
	row->explained = row->diagnosed = true;
	for (size_t i = 0; i < record->found_count; i++) {
		take_word(row, &record->found[i]);
		take(row, of_explanation, &record->found[i], arena);
	}
	row->status = row->code / 100 == 4 ? WALK_DEFERRED : WALK_REFUSED;
	return true;
}

bool
row_read(struct result_row *row, const struct record *record, enum row_detail detail,
    struct arena *arena)
{
	*row = (struct result_row){.status = WALK_SKIPPED};
	if (record->type == RECORD_RESULT && detail == ROW_KEY)
		return read_key(row, record, arena);
	if (record->type == RECORD_RESULT)
		return read_result_row(row, record, arena);
	return record->type == RECORD_EXPLANATION && read_explained_row(row, record, arena);
}

struct tally_entry
row_entry(const struct result_row *row)
{
	return (struct tally_entry){.status = row->status,
	    .stage = row->status == WALK_ACCEPTED ? row->asked : row->stage,
	    .diagnosed = row->diagnosed,
	    .cause = row->cause,
	    .basis = row->basis,
	    .who = row->who,
	    .served = row->served,
	    .explained = row->explained,
	    .tls = row->tls_class,
	    .hybrid = row->hybrid,
	    .near_end = row->near_end,
	    .dane = row->dane,
	    .sts = row->sts,
	    .site = row->site,
	    .source = row->explained ? (struct slice){NULL, 0} : row->source,
	    .list = row->list};
}

uint64_t
row_key(const struct result_row *row, bool by_source)
{
	uint64_t key = ledger_key(0, row->target);

	return by_source ? ledger_key(key, row->source) : key;
}

/* Advice and evidence are long, and the same for many: who shows a row says where the rest is. */
void
row_copy(struct result_row *to, const struct result_row *from, struct arena *arena)
{
	struct slice *const kept[] = {&to->target, &to->source, &to->site, &to->note, &to->list,
	    &to->meaning, &to->mx, &to->ending};

	*to = *from;
	to->domain = to->rcpt = to->enhanced = to->provider = to->advice = to->url = to->rule =
	    to->evidence = to->suppress = to->started = to->ip = to->tls = to->verify =
	        to->not_after = (struct slice){NULL, 0};
	to->text.len = to->text.len > ROW_TEXT ? ROW_TEXT : to->text.len;
	if (to->text.at != NULL)
		to->text.at = slice_copy(to->text, arena);
	for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++)
		if (kept[i]->at != NULL)
			kept[i]->at = slice_copy(*kept[i], arena);
}
