#include "auth/dkim.h"

#include <string.h>
#include <strings.h>

#include "auth/dkim_check.h"
#include "base/arena.h"

/* ---- words */

static const char *const result_names[] = {
    [DKIM_NONE] = "none",
    [DKIM_NEUTRAL] = "neutral",
    [DKIM_PERMERROR] = "permerror",
    [DKIM_POLICY] = "policy",
    [DKIM_FAIL] = "fail",
    [DKIM_TEMPERROR] = "temperror",
    [DKIM_PASS] = "pass",
};

const char *
dkim_result_name(enum dkim_result result)
{
	return result_names[result];
}

bool
dkim_result_parse(const char *text, enum dkim_result *result)
{
	for (*result = DKIM_NONE; *result <= DKIM_PASS; ++*result)
		if (strcasecmp(text, result_names[*result]) == 0)
			return true;
	return false;
}

const char *
dkim_step_name(enum dkim_step step)
{
	static const char *const names[] = {
	    [DKIM_STEP_NONE] = NULL,
	    [DKIM_STEP_SYNTAX] = "syntax",
	    [DKIM_STEP_KEY] = "key",
	    [DKIM_STEP_BODY_HASH] = "body-hash",
	    [DKIM_STEP_SIGNATURE] = "signature",
	    [DKIM_STEP_EXPIRED] = "expired",
	};

	return names[step];
}

/* ---- one signature */

struct verification {
	struct arena *arena;
	const struct dkim_query *query;
	struct mail_fields message;
};

static void
check_times(struct verification *eval, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	unsigned long long now = eval->query->now > 0 ? (unsigned long long)eval->query->now : 0;

	if (signature->time != NULL && *signature->time > now + DKIM_CLOCK_SKEW)
		notes_add(&verdict->warnings, eval->arena, "dkim-time-ahead", signature->domain,
		    "t= lies %llu seconds ahead: a verifier may ignore the signature",
		    *signature->time - now);
	verdict->expired = signature->expires != NULL && now > *signature->expires;
	if (verdict->expired && verdict->result == DKIM_PASS)
		dkim_conclude(verdict, DKIM_FAIL, DKIM_STEP_EXPIRED,
		    arena_printf(eval->arena, "the signature expired %llu seconds ago (x=)",
		        now - *signature->expires));
}

static size_t
count_signed(const struct dkim_signature *signature, const char *name)
{
	size_t count = 0;

	for (size_t i = 0; i < signature->name_count; i++)
		count += strcasecmp(name, signature->names[i]) == 0;
	return count;
}

static void
note_repeated(struct verification *eval, struct dkim_verdict *verdict, const char *name,
    size_t there, size_t covered)
{
	if (covered > 0 && covered < there)
		notes_add(&verdict->warnings, eval->arena, "dkim-field-added", name,
		    "the message has %zu %s fields, and the signature covers only %zu, "
		    "from the last upwards: the first, which people are shown, may be "
		    "anybody's (RFC 6376 section 8.15); one is allowed (RFC 5322 section "
		    "3.6)",
		    there, name, covered);
	else
		notes_add(&verdict->warnings, eval->arena, "dkim-field-repeated", name,
		    "the message has %zu %s fields; one is allowed (RFC 5322 section 3.6), "
		    "and many receivers refuse more",
		    there, name);
}

/* A field that stands once more than it may, or than it was signed: a signature takes the lowest,
 * people are shown the first (RFC 6376 section 8.15). */
static void
check_repeated(struct verification *eval, struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;

	for (size_t i = 0; i < eval->message.count; i++) {
		const char *name = field_single(&eval->message.items[i]);
		size_t there = name != NULL ? fields_count(&eval->message, name) : 0;

		if (there > 1)
			note_repeated(eval, verdict, name, there, count_signed(signature, name));
	}
}

static void
check_signature(
    struct verification *eval, const struct mail_field *field, struct dkim_verdict *verdict)
{
	const struct dkim_check check = {eval->arena, &eval->message};

	dkim_check_signature(&check, field, verdict);
	check_times(eval, verdict);
	check_repeated(eval, verdict);
}

/* ---- the message */

/* Reads the signatures and asks for all their keys at once. False: pending. */
static bool
read_signatures(struct verification *eval, struct book *book,
    const struct mail_field *fields[DKIM_SIGNATURES_MAX], struct dkim *out)
{
	bool pending = false;
	const char *why;

	for (size_t i = 0; i < eval->message.count; i++) {
		struct dkim_verdict *verdict = &out->signatures[out->count];
		const struct mail_field *field = &eval->message.items[i];

		if (!field_is(field, "DKIM-Signature") || out->total++ >= DKIM_SIGNATURES_MAX)
			continue;
		fields[out->count++] = field;
		if (!dkim_signature_read(
		        DKIM_OF_MESSAGE, field, eval->arena, &verdict->signature, &why))
			dkim_conclude(verdict, DKIM_PERMERROR, DKIM_STEP_SYNTAX, why);
		else if (!dkim_key_look_up(book, eval->arena, verdict->signature.selector,
		             verdict->signature.domain, &verdict->key))
			pending = true;
	}
	return !pending;
}

bool
dkim_verify(
    struct book *book, struct arena *arena, const struct dkim_query *query, struct dkim *out)
{
	const struct mail_field *fields[DKIM_SIGNATURES_MAX];
	struct verification eval = {.arena = arena, .query = query};
	bool known;

	*out = (struct dkim){
	    .signatures = arena_alloc(arena, DKIM_SIGNATURES_MAX * sizeof *out->signatures)};
	if (!fields_read(query->message, query->len, arena, &eval.message, &out->problem)) {
		out->result = DKIM_PERMERROR;
		return true;
	}
	known = read_signatures(&eval, book, fields, out);
	for (size_t i = 0; i < out->count; i++) {
		if (out->signatures[i].failed != DKIM_STEP_SYNTAX)
			check_signature(&eval, fields[i], &out->signatures[i]);
		if (out->signatures[i].result > out->result)
			out->result = out->signatures[i].result;
	}
	if (out->total > out->count)
		out->problem =
		    arena_printf(arena, "%zu signatures; only the first %d are looked at",
		        out->total, DKIM_SIGNATURES_MAX);
	return known;
}
