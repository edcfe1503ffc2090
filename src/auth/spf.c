/* One call evaluates from the beginning with the answers that the book has. A function that lacks
 * one returns false or WAIT; terms behind it are still tried, for their questions only. */
#include "auth/spf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/spf_lint.h"
#include "auth/spf_macro.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/notes.h"
#include "dns/book.h"
#include "dns/name.h"

enum {
	EXPANSION_MAX = 65536, /* octets of a name before its left labels are dropped (7.3) */
	SENTENCE_MAX = 8192, /* octets of what is said; two names and a quotation fit */
};

enum match_outcome { MISS, HIT, TEMP, PERM, WAIT };

/* one call */
struct spf_evaluation {
	struct book *book;
	struct arena *arena;
	const struct spf_query *query;
	const char *local, *sender, *sender_domain, *helo;
	struct spf *out;
	struct spf_step trail[SPF_LOOKUPS_MAX + 2];
};

/* where the evaluation is */
struct spf_place {
	const char *domain; /* whose record it is */
	struct slice term; /* of that record */
	bool void_found; /* a question of the term had no answer */
};

struct spf_verdict {
	enum spf_result result;
	const char *domain; /* whose record gave it */
	struct slice term; /* that gave it; empty: none did */
	struct spf_record *record; /* NULL: none could be read */
};

static const char *const result_names[] = {
    [SPF_NONE] = "none",
    [SPF_NEUTRAL] = "neutral",
    [SPF_PASS] = "pass",
    [SPF_FAIL] = "fail",
    [SPF_SOFTFAIL] = "softfail",
    [SPF_TEMPERROR] = "temperror",
    [SPF_PERMERROR] = "permerror",
};

const char *
spf_result_name(enum spf_result result)
{
	return result_names[result];
}

bool
spf_result_parse(const char *text, enum spf_result *result)
{
	for (size_t i = 0; i < sizeof result_names / sizeof *result_names; i++)
		if (strcasecmp(text, result_names[i]) == 0) {
			*result = (enum spf_result)i;
			return true;
		}
	return false;
}

/* ---- words for people */

static void blame(struct spf_evaluation *eval, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void blame_term(struct spf_evaluation *eval, const struct spf_place *place,
    const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The first problem is the cause of what follows from it. */
static void
blame(struct spf_evaluation *eval, const char *format, ...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	if (eval->out->problem != NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	eval->out->problem = arena_string(eval->arena, text);
}

static void
blame_term(struct spf_evaluation *eval, const struct spf_place *place, const char *format, ...)
{
	char why[SENTENCE_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof why, format, ap);
	va_end(ap);
	blame(eval, "\"%s\" in the SPF record of %s: %s", spf_quote(place->term, eval->arena),
	    place->domain, why);
}

/* What is the matter elsewhere is the matter with this term. */
static void
blame_for(struct spf_evaluation *eval, const struct spf_place *place)
{
	const char *why = eval->out->problem;

	eval->out->problem = NULL;
	blame_term(eval, place, "%s", why);
}

/* ---- look-ups */

static const struct answer *
look_up(struct spf_evaluation *eval, struct spf_place *place, const char *name, enum dns_type type)
{
	const struct answer *answer = book_ask(eval->book, name, type);

	if (answer != NULL && answer_truth(answer) == ABSENT)
		place->void_found = true;
	return answer;
}

static enum dns_type
address_type(const struct spf_evaluation *eval)
{
	return eval->query->ip.family == 4 ? DNS_A : DNS_AAAA;
}

static bool
has_address(const struct answer *answer, const struct ip *ip, unsigned bits)
{
	for (size_t i = 0; i < answer->count; i++)
		if (ip_within(ip, &answer->records[i].u.address, bits))
			return true;
	return false;
}

static void
blame_look_up(
    struct spf_evaluation *eval, const struct spf_place *place, const struct answer *answer)
{
	blame_term(eval, place, "the look-up of %s %s failed: %s", dns_type_name(answer->type),
	    answer->name, dns_rcode_name(answer->rcode));
}

/* The names of the client that its PTR gives and that have its address (5.5): at most SPF_PTR_MAX
 * are tried; a look-up that fails drops its name. False: pending. */
static bool
validated_names(struct spf_evaluation *eval, struct spf_place *place,
    const char *names[SPF_PTR_MAX], size_t *count)
{
	const struct ip *ip = &eval->query->ip;
	const struct answer *pointers, *addresses;
	char reverse[80];
	bool pending = false;

	*count = 0;
	ip_reverse(ip, ip->family == 4 ? "in-addr.arpa" : "ip6.arpa", reverse, sizeof reverse);
	pointers = look_up(eval, place, reverse, DNS_PTR);
	if (pointers == NULL)
		return false;
	for (size_t i = 0; i < pointers->count && i < SPF_PTR_MAX; i++) {
		const char *name = pointers->records[i].u.name;

		addresses = book_ask(eval->book, name, address_type(eval));
		if (addresses == NULL)
			pending = true;
		else if (has_address(addresses, ip, ip_bits(ip)))
			names[(*count)++] = name;
	}
	return !pending;
}

/* %{p}: the domain itself if it is among the names, else one below it, else any (section 7.3).
 * False: pending. */
static bool
client_name(struct spf_evaluation *eval, const char *domain, const char **out)
{
	struct spf_place apart = {0}; /* its void look-ups are the client's, not the term's */
	const char *names[SPF_PTR_MAX];
	size_t count;

	if (!validated_names(eval, &apart, names, &count))
		return false;
	*out = count > 0 ? names[0] : "unknown";
	for (size_t i = count; i-- > 0;)
		if (name_within(names[i], domain) && !name_within(*out, domain))
			*out = names[i];
	for (size_t i = 0; i < count; i++)
		if (name_equal(names[i], domain))
			*out = names[i];
	return true;
}

/* ---- macros */

/* %{i}: dotted quad, or 32 nibbles with dots. */
static const char *
address_labels(struct spf_evaluation *eval)
{
	const struct ip *ip = &eval->query->ip;
	char text[80], *p = text;

	if (ip->family == 4)
		return arena_string(eval->arena, ip_text(ip, text));
	for (size_t i = 0; i < 16; i++)
		p += snprintf(p, 5, "%X.%X.", ip->bytes[i] >> 4, ip->bytes[i] & 15);
	p[-1] = '\0';
	return arena_string(eval->arena, text);
}

/* What the macros of `text` stand for in `domain`'s record. False: pending. */
static bool
macro_values(
    struct spf_evaluation *eval, const char *domain, struct slice text, struct spf_values *values)
{
	const struct spf_query *query = eval->query;
	char address[IP_TEXT];

	*values = (struct spf_values){{['s' - 'a'] = eval->sender,
	    ['l' - 'a'] = eval->local,
	    ['o' - 'a'] = eval->sender_domain,
	    ['d' - 'a'] = domain,
	    ['h' - 'a'] = eval->helo,
	    ['v' - 'a'] = query->ip.family == 4 ? "in-addr" : "ip6",
	    ['r' - 'a'] = query->receiver != NULL ? query->receiver : "unknown"}};
	values->of['i' - 'a'] = address_labels(eval);
	values->of['c' - 'a'] = arena_string(eval->arena, ip_text(&query->ip, address));
	values->of['t' - 'a'] = arena_printf(eval->arena, "%lld", query->now);
	return !spf_macro_uses(text, "p") || client_name(eval, domain, &values->of['p' - 'a']);
}

/* An expanded domain-spec as a name that book_ask takes: no trailing dot, labels dropped on the
 * left until 253 octets are left (7.3), odd octets as \DDD. */
static const char *
name_from_expansion(struct spf_evaluation *eval, const struct buf *expansion)
{
	const char *p = expansion->data, *end = p + expansion->len, *dot;
	struct buf out;
	const char *name;

	if (end > p && end[-1] == '.')
		end--;
	while (end - p > NAME_MAX_OCTETS && (dot = memchr(p, '.', (size_t)(end - p))) != NULL)
		p = dot + 1;
	buf_init(&out, EXPANSION_MAX * 4);
	for (; p < end; p++)
		if (*p == '\\' || *p < ' ' || *p > '~')
			buf_printf(&out, "\\%03u", (unsigned)(unsigned char)*p);
		else
			buf_putc(&out, *p);
	name = arena_copy(eval->arena, out.data, out.len);
	buf_release(&out);
	return name;
}

/* HIT: `*name` is what the domain-spec says. MISS: it can say nothing, as an address that is not
 * ASCII is in it (RFC 8616 section 4). */
static enum match_outcome
target_name(struct spf_evaluation *eval, const struct spf_place *place, struct slice target,
    const char **name)
{
	struct spf_values values;
	struct buf expansion;
	bool full;

	if (target.len == 0) {
		*name = place->domain;
		return HIT;
	}
	if (spf_macro_uses(target, "sl") && !text_is_ascii(eval->local))
		return MISS;
	if (!macro_values(eval, place->domain, target, &values))
		return WAIT;
	buf_init(&expansion, EXPANSION_MAX);
	spf_macro_expand(target, false, &values, eval->arena, &expansion);
	*name = name_from_expansion(eval, &expansion);
	full = expansion.full;
	buf_release(&expansion);
	if (!full)
		return HIT;
	blame_term(eval, place, "it expands to more than %d octets", EXPANSION_MAX);
	return PERM;
}

/* ---- mechanisms */

static bool check_host(
    struct spf_evaluation *eval, const char *domain, bool included, struct spf_verdict *out);

static unsigned
term_bits(const struct spf_evaluation *eval, const struct spf_term *term)
{
	return eval->query->ip.family == 4 ? term->bits4 : term->bits6;
}

static enum match_outcome
match_include(struct spf_evaluation *eval, struct spf_place *place, const struct spf_term *term,
    const char *name)
{
	struct spf_verdict inner;

	(void)term;
	if (!check_host(eval, name, true, &inner))
		return WAIT;
	switch (inner.result) {
	case SPF_PASS:
		return HIT;
	case SPF_FAIL:
	case SPF_SOFTFAIL:
	case SPF_NEUTRAL:
		return MISS;
	case SPF_TEMPERROR:
		return TEMP;
	case SPF_NONE:
		blame_for(eval, place);
		return PERM;
	case SPF_PERMERROR:
		break;
	}
	return PERM;
}

static enum match_outcome
match_a(struct spf_evaluation *eval, struct spf_place *place, const struct spf_term *term,
    const char *name)
{
	const struct answer *answer = look_up(eval, place, name, address_type(eval));

	if (answer == NULL)
		return WAIT;
	if (answer_truth(answer) == UNKNOWN) {
		blame_look_up(eval, place, answer);
		return TEMP;
	}
	return has_address(answer, &eval->query->ip, term_bits(eval, term)) ? HIT : MISS;
}

static enum match_outcome
match_mx(struct spf_evaluation *eval, struct spf_place *place, const struct spf_term *term,
    const char *name)
{
	const struct answer *answer = look_up(eval, place, name, DNS_MX);
	enum match_outcome outcome = MISS;

	if (answer == NULL)
		return WAIT;
	if (answer_truth(answer) == UNKNOWN) {
		blame_look_up(eval, place, answer);
		return TEMP;
	}
	if (answer->count > SPF_MX_MAX) {
		blame_term(eval, place,
		    "%s has %zu MX records, %d are allowed (RFC 7208 section 4.6.4)", name,
		    answer->count, SPF_MX_MAX);
		return PERM;
	}
	for (size_t i = 0; i < answer->count; i++) /* their addresses all at once */
		if (answer->records[i].u.mx.host[0] != '\0' &&
		    book_ask(eval->book, answer->records[i].u.mx.host, address_type(eval)) == NULL)
			outcome = WAIT;
	for (size_t i = 0; outcome == MISS && i < answer->count; i++)
		if (answer->records[i].u.mx.host[0] != '\0') /* null MX, RFC 7505 */
			outcome = match_a(eval, place, term, answer->records[i].u.mx.host);
	return outcome;
}

static enum match_outcome
match_ptr(struct spf_evaluation *eval, struct spf_place *place, const struct spf_term *term,
    const char *name)
{
	const char *names[SPF_PTR_MAX];
	size_t count;

	(void)term;
	if (!validated_names(eval, place, names, &count))
		return WAIT;
	for (size_t i = 0; i < count; i++)
		if (name_within(names[i], name))
			return HIT;
	return MISS;
}

static enum match_outcome
match_exists(struct spf_evaluation *eval, struct spf_place *place, const struct spf_term *term,
    const char *name)
{
	const struct answer *answer =
	    look_up(eval, place, name, DNS_A); /* A for IPv6 clients too (5.7) */

	(void)term;
	if (answer == NULL)
		return WAIT;
	if (answer_truth(answer) == UNKNOWN) {
		blame_look_up(eval, place, answer);
		return TEMP;
	}
	return answer->count > 0 ? HIT : MISS;
}

static enum match_outcome (*const matchers[])(
    struct spf_evaluation *, struct spf_place *, const struct spf_term *, const char *name) = {
    [SPF_INCLUDE] = match_include,
    [SPF_A] = match_a,
    [SPF_MX] = match_mx,
    [SPF_PTR] = match_ptr,
    [SPF_EXISTS] = match_exists,
};

/* ---- the evaluation */

static bool
spend(struct spf_evaluation *eval, const struct spf_place *place)
{
	if (++eval->out->lookups <= SPF_LOOKUPS_MAX)
		return true;
	blame_term(eval, place, "it is look-up %u, %d are allowed (RFC 7208 section 4.6.4)",
	    eval->out->lookups, SPF_LOOKUPS_MAX);
	return false;
}

static enum match_outcome
match_by_dns(struct spf_evaluation *eval, struct spf_place *place, const struct spf_term *term)
{
	enum match_outcome outcome;
	const char *name;

	if (!spend(eval, place))
		return PERM;
	outcome = target_name(eval, place, term->target, &name);
	if (outcome == HIT)
		outcome = matchers[term->kind](eval, place, term, name);
	if (place->void_found && ++eval->out->voids > SPF_VOIDS_MAX) {
		blame_term(eval, place,
		    "it is void look-up %u, %d are allowed (RFC 7208 section 4.6.4)",
		    eval->out->voids, SPF_VOIDS_MAX);
		return PERM;
	}
	return outcome;
}

static enum match_outcome
match(struct spf_evaluation *eval, struct spf_place *place, const struct spf_term *term)
{
	if (term->kind == SPF_ALL)
		return HIT;
	if (term->asks)
		return match_by_dns(eval, place, term);
	return ip_within(&eval->query->ip, &term->net, term_bits(eval, term)) ? HIT : MISS;
}

/* The record of a domain, read. False: pending. NULL: `*result` says why there is none. */
static bool
read_record(struct spf_evaluation *eval, const char *domain, bool included,
    struct spf_record **record, enum spf_result *result)
{
	struct spf *out = eval->out;
	struct spf_found found;

	*record = NULL;
	if (!spf_find(eval->book, eval->arena, domain, &found))
		return false;
	*record = found.record;
	*result = found.result;
	if (out->server == NULL) { /* the first that is asked is the domain's own */
		out->server = found.server;
		out->ttl = found.ttl;
	}
	if (out->record == NULL && found.text.len > 0)
		out->record = slice_copy(found.text, eval->arena);
	if (found.record != NULL)
		spf_lint_record(
		    &found, domain, included, eval->query->survey, eval->arena, &out->warnings);
	else if (out->problem == NULL)
		out->problem = found.problem;
	return true;
}

static void
step(struct spf_evaluation *eval, const char *domain, struct slice term)
{
	struct spf *out = eval->out;

	if (out->trail_count < sizeof eval->trail / sizeof *eval->trail)
		eval->trail[out->trail_count++] =
		    (struct spf_step){arena_copy(eval->arena, term.at, term.len), domain};
}

/* The first term that is not a MISS; WAIT when it cannot be known yet. */
static enum match_outcome
walk_terms(struct spf_evaluation *eval, const char *domain, const struct spf_record *record,
    const struct spf_term **decisive)
{
	enum match_outcome outcome = MISS, told;
	size_t depth = eval->out->trail_count;

	*decisive = NULL;
	for (size_t i = 0; i < record->count && *decisive == NULL; i++) {
		struct spf_place place = {domain, record->terms[i].text, false};

		step(eval, domain, place.term);
		told = match(eval, &place, &record->terms[i]);
		if (told == WAIT)
			outcome = WAIT;
		if (told == MISS || told == WAIT)
			eval->out->trail_count = depth;
		else
			*decisive = &record->terms[i];
		if (*decisive != NULL && outcome == MISS)
			outcome = told;
	}
	return outcome;
}

/* Section 6.1. */
static bool
follow_redirect(struct spf_evaluation *eval, const char *domain, const struct spf_record *record,
    bool included, struct spf_verdict *out)
{
	struct spf_place place = {domain, record->redirect.text, false};
	enum match_outcome outcome;
	const char *name;

	out->result = SPF_PERMERROR;
	step(eval, domain, place.term);
	if (!spend(eval, &place))
		return true;
	outcome = target_name(eval, &place, record->redirect.target, &name);
	if (outcome == WAIT)
		return false;
	if (outcome == PERM)
		return true;
	if (outcome == MISS) {
		blame_term(
		    eval, &place, "it names nothing for an address that is not ASCII (RFC 8616)");
		return true;
	}
	if (!check_host(eval, name, included, out))
		return false;
	if (out->result == SPF_NONE) {
		out->result = SPF_PERMERROR;
		blame_for(eval, &place);
	}
	return true;
}

/* Section 4: the policy of `domain` for the client. False: pending. */
static bool
check_host(struct spf_evaluation *eval, const char *domain, bool included, struct spf_verdict *out)
{
	const struct spf_term *decisive;
	enum match_outcome outcome;

	*out = (struct spf_verdict){.domain = domain};
	if (!read_record(eval, domain, included, &out->record, &out->result))
		return false;
	if (out->record == NULL)
		return true;
	outcome = walk_terms(eval, domain, out->record, &decisive);
	if (decisive == NULL && out->record->redirect.text.len > 0) {
		bool known = follow_redirect(eval, domain, out->record, included, out);

		return known && outcome != WAIT;
	}
	if (decisive != NULL)
		out->term = decisive->text;
	switch (outcome) {
	case WAIT:
		return false;
	case MISS:
		out->result = SPF_NEUTRAL; /* 4.7 */
		break;
	case HIT:
		out->result = decisive->qualifier;
		break;
	case TEMP:
		out->result = SPF_TEMPERROR;
		break;
	case PERM:
		out->result = SPF_PERMERROR;
		break;
	}
	return true;
}

/* ---- the explanation of a fail (6.2) */

/* Why the text at `name` is no explanation, NULL if it is one. */
static const char *
expand_explanation(
    struct spf_evaluation *eval, const struct answer *answer, const struct spf_values *values)
{
	struct slice text = {
	    answer->records[0].u.txt.joined.bytes, answer->records[0].u.txt.joined.len};
	struct spf_element element;
	struct buf out;
	const char *why;
	size_t at = 0;

	while (spf_macro_next(text, &at, true, &element, &why))
		;
	if (why != NULL)
		return why;
	buf_init(&out, SPF_EXPLANATION_MAX);
	spf_macro_expand(text, true, values, eval->arena, &out);
	if (out.full)
		why = "it expands to more than 4096 octets";
	else
		eval->out->explanation = arena_copy(eval->arena, out.data, out.len);
	buf_release(&out);
	return why;
}

/* Whatever goes wrong here leaves the result as it is. False: pending. */
static bool
explain(struct spf_evaluation *eval, const struct spf_verdict *verdict)
{
	const struct spf_modifier *exp = &verdict->record->exp;
	struct spf_place place = {verdict->domain, exp->text, false};
	const struct answer *answer;
	struct spf_values values;
	enum match_outcome outcome;
	const char *name, *why;

	outcome = target_name(eval, &place, exp->target, &name);
	if (outcome == WAIT)
		return false;
	if (outcome != HIT) {
		eval->out->problem = NULL;
		return true;
	}
	answer = book_ask(eval->book, name, DNS_TXT);
	if (answer == NULL)
		return false;
	if (answer->count != 1) {
		why = answer_truth(answer) == UNKNOWN ? dns_rcode_name(answer->rcode)
		      : answer->count == 0            ? "there is no TXT record"
		                                      : "there is more than one TXT record";
	} else {
		if (!macro_values(eval, verdict->domain,
		        (struct slice){answer->records[0].u.txt.joined.bytes,
		            answer->records[0].u.txt.joined.len},
		        &values))
			return false;
		why = expand_explanation(eval, answer, &values);
	}
	if (why != NULL)
		notes_add(&eval->out->warnings, eval->arena, "spf-explanation", verdict->domain,
		    "the explanation at %s is not used: %s", name, why);
	return true;
}

/* What an address would meet that nothing matches. False: pending. */
static bool
survey(struct spf_evaluation *eval)
{
	struct spf *out = eval->out;
	struct spf_found found;

	return spf_find(eval->book, eval->arena, out->domain, &found) &&
	       (found.record == NULL || spf_lint_reach(eval->book, eval->arena, out->domain,
	                                    found.record, &out->warnings));
}

/* ---- the check */

/* A name with U-labels in A-labels (RFC 8616 section 4); others as they are. */
static const char *
a_labels(struct spf_evaluation *eval, const char *domain)
{
	char name[NAME_TEXT];
	const char *why;

	return text_is_ascii(domain) || !name_normalise(domain, name, &why)
	           ? domain
	           : arena_string(eval->arena, name);
}

/* Who sends (2.4, 4.1, 4.3): a null reverse-path is postmaster of the HELO name; so is an empty
 * local-part, of its domain. */
static void
identify(struct spf_evaluation *eval)
{
	const struct spf_query *query = eval->query;
	const char *from = query->from != NULL ? query->from : "", *at = strrchr(from, '@');
	const char *domain = at != NULL ? at + 1 : from;

	eval->helo = a_labels(eval, query->helo != NULL ? query->helo : "");
	eval->sender_domain = from[0] == '\0' ? eval->helo : a_labels(eval, domain);
	eval->local = at != NULL && at > from ? arena_copy(eval->arena, from, (size_t)(at - from))
	                                      : "postmaster";
	eval->sender = arena_printf(eval->arena, "%s@%s", eval->local, eval->sender_domain);
}

static void
conclude(struct spf_evaluation *eval, const struct spf_verdict *verdict)
{
	struct spf *out = eval->out;
	bool error = verdict->result == SPF_NONE || verdict->result == SPF_TEMPERROR ||
	             verdict->result == SPF_PERMERROR;

	out->result = verdict->result;
	if (!error)
		out->problem = NULL;
	if (verdict->term.len > 0 && !error) {
		out->matched = arena_copy(eval->arena, verdict->term.at, verdict->term.len);
		out->matched_in = verdict->domain;
	}
	if (out->lookups >= SPF_LOOKUPS_WARN && out->lookups <= SPF_LOOKUPS_MAX &&
	    (error || !eval->query->survey))
		notes_add(&eval->out->warnings, eval->arena, "spf-lookups", out->domain,
		    "%u of the %d look-ups that are allowed were needed", out->lookups,
		    SPF_LOOKUPS_MAX);
}

bool
spf_check(struct book *book, struct arena *arena, const struct spf_query *query, struct spf *out)
{
	struct spf_evaluation eval = {.book = book, .arena = arena, .query = query, .out = out};
	struct spf_verdict verdict;
	bool known = true;
	size_t steps;

	memset(out, 0, sizeof *out);
	identify(&eval);
	out->domain = eval.sender_domain;
	if (!check_host(&eval, out->domain, false, &verdict))
		return false;
	conclude(&eval, &verdict);
	steps = out->trail_count;
	if (out->result == SPF_FAIL && verdict.record->exp.text.len > 0)
		known = explain(&eval, &verdict);
	if (query->survey && out->record != NULL && out->result != SPF_TEMPERROR &&
	    out->result != SPF_PERMERROR)
		known = survey(&eval) && known;
	out->trail =
	    memcpy(arena_alloc(arena, sizeof eval.trail), eval.trail, steps * sizeof *eval.trail);
	return known;
}
