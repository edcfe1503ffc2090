/* What RFC 8617 section 5.2 asks for, in its order: the sets are whole and numbered without a gap,
 * no seal says that the chain was broken, the signature of the last set holds for the message as it
 * is now, and every seal for the sets up to its own. */
#include "auth/arc.h"

#include <string.h>
#include <strings.h>

#include "auth/dkim_check.h"
#include "base/arena.h"

enum arc_field { ARC_RESULTS, ARC_MESSAGE, ARC_SEAL, ARC_FIELDS }; /* in the order of sealing */

static const char *const names[ARC_FIELDS] = {
    "ARC-Authentication-Results", "ARC-Message-Signature", "ARC-Seal"};

struct arc_set {
	const struct mail_field *fields[ARC_FIELDS]; /* the first of that number */
	unsigned count[ARC_FIELDS];
	struct dkim_verdict verdicts[ARC_FIELDS]; /* of the results none */
};

struct arc_reading {
	struct arena *arena;
	struct mail_fields message;
	struct arc_set *sets; /* [1] … [top] */
	unsigned top;
	struct arc *out;
};

/* The first thing that is wrong is what counts. */
static void
break_chain(struct arc_reading *arc, const struct mail_field *field, const char *reason)
{
	if (arc->out->state == ARC_FAIL)
		return;
	arc->out->state = ARC_FAIL;
	arc->out->reason = reason;
	arc->out->line = field != NULL ? field->line : 0;
}

/* ---- reading the sets */

/* "i=2; mx.example; …": the number comes first (section 4.1.1). 0: there is none. */
static unsigned
set_of_results(const struct mail_field *field)
{
	struct slice rest = slice_trim(field_value(field));
	unsigned long set;

	if (rest.len == 0 || rest.at[0] != 'i')
		return 0;
	rest = slice_trim(slice_from(rest, 1));
	if (rest.len == 0 || rest.at[0] != '=')
		return 0;
	rest = slice_trim(slice_from(rest, 1));
	rest.len = slice_span(rest, "0123456789");
	return slice_number(rest, ARC_SETS_MAX, &set) ? (unsigned)set : 0;
}

static bool
read_set_field(struct arc_reading *arc, const struct mail_field *field, enum arc_field kind)
{
	struct dkim_verdict verdict = {0};
	const char *why = "it does not say which set it belongs to (i=, from 1 to 50)";
	struct arc_set *set;
	unsigned number;
	bool good = true;

	if (kind == ARC_RESULTS) {
		number = set_of_results(field);
	} else {
		good = dkim_signature_read(kind == ARC_SEAL ? DKIM_ARC_SEAL : DKIM_ARC_MESSAGE,
		    field, arc->arena, &verdict.signature, &why);
		number = verdict.signature.set;
	}
	if (number == 0 || !good)
		break_chain(arc, field,
		    arena_printf(arc->arena, "An %s field cannot be used: %s.", names[kind], why));
	if (number == 0)
		return false;
	set = &arc->sets[number];
	arc->top = number > arc->top ? number : arc->top;
	if (set->count[kind]++ == 0) {
		set->fields[kind] = field;
		set->verdicts[kind] = verdict;
	}
	return good;
}

/* False: the chain is broken by what it says. */
static bool
read_sets(struct arc_reading *arc)
{
	bool good = true;

	arc->sets = arena_alloc(arc->arena, (ARC_SETS_MAX + 1) * sizeof *arc->sets);
	for (size_t i = 0; i < arc->message.count; i++)
		for (enum arc_field kind = ARC_RESULTS; kind < ARC_FIELDS; kind++)
			if (field_is(&arc->message.items[i], names[kind]))
				good &= read_set_field(arc, &arc->message.items[i], kind);
	return good;
}

static bool
check_set(struct arc_reading *arc, unsigned number)
{
	const struct arc_set *set = &arc->sets[number];
	const char *chain, *wanted = number == 1 ? "none" : "pass";

	for (enum arc_field kind = ARC_RESULTS; kind < ARC_FIELDS; kind++)
		if (set->count[kind] != 1) {
			break_chain(arc, set->fields[kind],
			    arena_printf(arc->arena, "The ARC set %u has %u %s fields, not one.",
			        number, set->count[kind], names[kind]));
			return false;
		}
	chain = set->verdicts[ARC_SEAL].signature.chain;
	if (strcasecmp(chain, wanted) == 0)
		return true;
	break_chain(arc, set->fields[ARC_SEAL],
	    strcasecmp(chain, "fail") == 0
	        ? arena_printf(arc->arena,
	              "The seal of ARC set %u says that the chain was broken before it (cv=fail).",
	              number)
	        : arena_printf(
	              arc->arena, "The seal of ARC set %u does not say cv=%s.", number, wanted));
	return false;
}

/* ---- verifying */

static bool
look_up_key(struct arc_reading *arc, struct book *book, struct dkim_verdict *verdict)
{
	return dkim_key_look_up(book, arc->arena, verdict->signature.selector,
	    verdict->signature.domain, &verdict->key);
}

/* The keys of all seals and of the last message signature, at once. */
static bool
look_up_keys(struct arc_reading *arc, struct book *book)
{
	bool known = look_up_key(arc, book, &arc->sets[arc->top].verdicts[ARC_MESSAGE]);

	for (unsigned i = 1; i <= arc->top; i++)
		known &= look_up_key(arc, book, &arc->sets[i].verdicts[ARC_SEAL]);
	return known;
}

static void
weigh(struct arc_reading *arc, const struct dkim_verdict *verdict, unsigned number,
    enum arc_field kind)
{
	const struct mail_field *field = arc->sets[number].fields[kind];
	const char *what = kind == ARC_SEAL ? "seal" : "message signature";

	if (verdict->result == DKIM_PASS)
		return;
	if (verdict->result != DKIM_TEMPERROR)
		break_chain(arc, field,
		    verdict->failed == DKIM_STEP_SIGNATURE
		        ? arena_printf(arc->arena,
		              "The %s of ARC set %u is not good: a field that it covers was "
		              "changed, or the key at %s is not the signer's.",
		              what, number, verdict->key.name)
		        : arena_printf(arc->arena, "The %s of ARC set %u is not good: %s.", what,
		              number, verdict->reason));
	else if (arc->out->state != ARC_FAIL)
		*arc->out = (struct arc){.state = ARC_UNKNOWN,
		    .reason =
		        arena_printf(arc->arena, "The %s of ARC set %u could not be verified: %s.",
		            what, number, verdict->reason),
		    .line = field->line};
}

/* A field is taken for its name from below (RFC 6376 section 5.4.2), so the first set lies lowest.
 */
static void
check_seal(struct arc_reading *arc, unsigned number)
{
	struct dkim_verdict *verdict = &arc->sets[number].verdicts[ARC_SEAL];
	size_t count = (size_t)number * ARC_FIELDS;
	struct mail_fields chain = {
	    .items = arena_alloc(arc->arena, count * sizeof *chain.items), .count = count};
	const char **order = arena_alloc(arc->arena, count * sizeof *order);
	const struct dkim_check check = {arc->arena, &chain};

	for (size_t i = 0; i < count; i++) {
		order[i] = names[i % ARC_FIELDS];
		chain.items[count - 1 - i] = *arc->sets[i / ARC_FIELDS + 1].fields[i % ARC_FIELDS];
	}
	verdict->signature.names = order;
	verdict->signature.name_count = count - 1; /* itself comes last, by itself */
	dkim_check_signature(&check, &chain.items[0], verdict);
	weigh(arc, verdict, number, ARC_SEAL);
}

static void
check_message(struct arc_reading *arc, long long now)
{
	struct arc_set *last = &arc->sets[arc->top];
	struct dkim_verdict *verdict = &last->verdicts[ARC_MESSAGE];
	const struct dkim_check check = {arc->arena, &arc->message};
	const unsigned long long *end = verdict->signature.expires;

	dkim_check_signature(&check, last->fields[ARC_MESSAGE], verdict);
	if (verdict->result == DKIM_PASS && end != NULL && now > 0 &&
	    (unsigned long long)now > *end)
		dkim_conclude(verdict, DKIM_FAIL, DKIM_STEP_EXPIRED, "it is out of date (x=)");
	weigh(arc, verdict, arc->top, ARC_MESSAGE);
}

bool
arc_verify(struct book *book, struct arena *arena, const struct dkim_query *query, struct arc *out)
{
	struct arc_reading arc = {.arena = arena, .out = out};
	const char *why;
	bool known = true, whole, good;

	*out = (struct arc){.state = ARC_NONE};
	whole = fields_read(query->message, query->len, arena, &arc.message, &why);
	good = read_sets(&arc) && whole;
	if (!whole && arc.top > 0)
		break_chain(
		    &arc, NULL, arena_printf(arena, "No ARC set can be verified: %s.", why));
	for (unsigned i = 1; good && i <= arc.top; i++)
		good = check_set(&arc, i);
	if (good && arc.top > 0) {
		known = look_up_keys(&arc, book);
		out->state = ARC_PASS;
		out->line = arc.sets[arc.top].fields[ARC_SEAL]->line;
		check_message(&arc, query->now);
		for (unsigned i = arc.top; i > 0; i--)
			check_seal(&arc, i);
		out->signer = arc.sets[arc.top].verdicts[ARC_SEAL].signature.domain;
	}
	out->sets = arc.top;
	return known;
}
