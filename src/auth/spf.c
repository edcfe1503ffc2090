/* One call evaluates from the beginning with the answers that the book has. A function that lacks
 * one returns false or WAIT; terms behind it are still tried, for their questions only. */
#include "auth/spf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "auth/spf_macro.h"
#include "auth/spf_record.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/notes.h"
#include "dns/book.h"
#include "dns/name.h"

enum {
	EXPANSION_MAX = 65536, /* octets of a name before its left labels are dropped (7.3) */
	LOOKUPS_WARN = 8,
	RECORD_WARN = 512, /* octets: more does not fit a plain UDP answer (3.4) */
	SURVEY_MAX = 30, /* look-ups after which a survey stops counting */
	SENTENCE_MAX = 8192, /* octets of what is said; two names and a quotation fit */
	QUOTE_MAX = 100, /* octets of a term that a sentence quotes */
};

enum outcome { MISS, HIT, TEMP, PERM, WAIT };

/* one call */
struct check {
	struct book *book;
	struct arena *arena;
	const struct spf_query *query;
	const char *local, *sender, *sender_domain, *helo;
	struct spf *out;
	struct spf_step trail[SPF_LOOKUPS_MAX + 2];
};

/* where the evaluation is */
struct place {
	const char *domain; /* whose record it is */
	struct slice term; /* of that record */
	bool void_found; /* a question of the term had no answer */
};

struct verdict {
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

/* `text`, shortened and without bytes that are not printable. */
static const char *
quote(struct check *check, struct slice text)
{
	struct buf out;
	const char *copy;

	buf_init(&out, QUOTE_MAX * 4 + 4);
	for (size_t i = 0; i < text.len && i < QUOTE_MAX; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= ' ' && c <= '~')
			buf_putc(&out, (char)c);
		else
			buf_printf(&out, "\\x%02X", c);
	}
	if (text.len > QUOTE_MAX)
		buf_puts(&out, "...");
	copy = arena_copy(check->arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

static void blame(struct check *check, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void blame_term(struct check *check, const struct place *place, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The first problem is the cause of what follows from it. */
static void
blame(struct check *check, const char *format, ...)
{
	char text[SENTENCE_MAX];
	va_list ap;

	if (check->out->problem != NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	check->out->problem = arena_string(check->arena, text);
}

static void
blame_term(struct check *check, const struct place *place, const char *format, ...)
{
	char why[SENTENCE_MAX];
	va_list ap;

	va_start(ap, format);
	vsnprintf(why, sizeof why, format, ap);
	va_end(ap);
	blame(check, "\"%s\" in the SPF record of %s: %s", quote(check, place->term), place->domain,
	    why);
}

/* What is the matter elsewhere is the matter with this term. */
static void
blame_for(struct check *check, const struct place *place)
{
	const char *why = check->out->problem;

	check->out->problem = NULL;
	blame_term(check, place, "%s", why);
}

static void
warn_of_record(struct check *check, const char *domain, struct slice text,
    const struct spf_record *record, bool included)
{
	bool ends = record->redirect.text.len > 0;

	if (text.len > RECORD_WARN)
		notes_add(&check->out->warnings, check->arena, "spf-record-long", domain,
		    "the SPF record of %s has %zu octets: more than 512 need TCP or EDNS, which "
		    "some receivers lack",
		    domain, text.len);
	if (record->misread.len > 0)
		notes_add(&check->out->warnings, check->arena, "spf-misread", domain,
		    "\"%s\" in the SPF record of %s has no effect: with \"=\" it is an unknown "
		    "modifier, a mechanism needs \":\"",
		    quote(check, record->misread), domain);
	for (size_t i = 0; i < record->count; i++) {
		const struct spf_term *term = &record->terms[i];

		if (term->kind == SPF_PTR)
			notes_add(&check->out->warnings, check->arena, "spf-ptr", domain,
			    "\"%s\" in the SPF record of %s: ptr is slow and unreliable and should "
			    "not be used (RFC 7208 section 5.5)",
			    quote(check, term->text), domain);
		if (term->kind != SPF_ALL)
			continue;
		ends = true;
		if (term->qualifier == SPF_PASS)
			notes_add(&check->out->warnings, check->arena, "spf-pass-all", domain,
			    "\"%s\" in the SPF record of %s lets every host pass",
			    quote(check, term->text), domain);
		if (term->qualifier == SPF_NEUTRAL && !included)
			notes_add(&check->out->warnings, check->arena, "spf-neutral-all", domain,
			    "\"?all\" in the SPF record of %s says nothing about other hosts: "
			    "receivers treat it as no policy",
			    domain);
		break; /* what follows is never looked at */
	}
	if (!ends && !included)
		notes_add(&check->out->warnings, check->arena, "spf-no-end", domain,
		    "the SPF record of %s ends in no \"all\" and no redirect: other hosts are "
		    "neutral, as with \"?all\"",
		    domain);
}

/* ---- look-ups */

static const struct answer *
look_up(struct check *check, struct place *place, const char *name, enum dns_type type)
{
	const struct answer *answer = book_ask(check->book, name, type);

	if (answer != NULL && answer_truth(answer) == ABSENT)
		place->void_found = true;
	return answer;
}

static enum dns_type
address_type(const struct check *check)
{
	return check->query->ip.family == 4 ? DNS_A : DNS_AAAA;
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
blame_look_up(struct check *check, const struct place *place, const struct answer *answer)
{
	blame_term(check, place, "the look-up of %s %s failed: %s", dns_type_name(answer->type),
	    answer->name, dns_rcode_name(answer->rcode));
}

/* The names of the client that its PTR gives and that have its address (5.5): at most SPF_PTR_MAX
 * are tried; a look-up that fails drops its name. False: pending. */
static bool
validated_names(
    struct check *check, struct place *place, const char *names[SPF_PTR_MAX], size_t *count)
{
	const struct ip *ip = &check->query->ip;
	const struct answer *pointers, *addresses;
	char reverse[80];
	bool pending = false;

	*count = 0;
	ip_reverse(ip, ip->family == 4 ? "in-addr.arpa" : "ip6.arpa", reverse, sizeof reverse);
	pointers = look_up(check, place, reverse, DNS_PTR);
	if (pointers == NULL)
		return false;
	for (size_t i = 0; i < pointers->count && i < SPF_PTR_MAX; i++) {
		const char *name = pointers->records[i].u.name;

		addresses = book_ask(check->book, name, address_type(check));
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
client_name(struct check *check, const char *domain, const char **out)
{
	struct place apart = {0}; /* its void look-ups are the client's, not the term's */
	const char *names[SPF_PTR_MAX];
	size_t count;

	if (!validated_names(check, &apart, names, &count))
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
address_labels(struct check *check)
{
	const struct ip *ip = &check->query->ip;
	char text[80], *p = text;

	if (ip->family == 4)
		return arena_string(check->arena, ip_text(ip, text));
	for (size_t i = 0; i < 16; i++)
		p += snprintf(p, 5, "%X.%X.", ip->bytes[i] >> 4, ip->bytes[i] & 15);
	p[-1] = '\0';
	return arena_string(check->arena, text);
}

/* What the macros of `text` stand for in `domain`'s record. False: pending. */
static bool
macro_values(struct check *check, const char *domain, struct slice text, struct spf_values *values)
{
	const struct spf_query *query = check->query;
	char address[IP_TEXT];

	*values = (struct spf_values){{['s' - 'a'] = check->sender,
	    ['l' - 'a'] = check->local,
	    ['o' - 'a'] = check->sender_domain,
	    ['d' - 'a'] = domain,
	    ['h' - 'a'] = check->helo,
	    ['v' - 'a'] = query->ip.family == 4 ? "in-addr" : "ip6",
	    ['r' - 'a'] = query->receiver != NULL ? query->receiver : "unknown"}};
	values->of['i' - 'a'] = address_labels(check);
	values->of['c' - 'a'] = arena_string(check->arena, ip_text(&query->ip, address));
	values->of['t' - 'a'] = arena_printf(check->arena, "%lld", query->now);
	return !spf_macro_uses(text, "p") || client_name(check, domain, &values->of['p' - 'a']);
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text & 0x80)
			return false;
	return true;
}

/* An expanded domain-spec as a name that book_ask takes: no trailing dot, labels dropped on the
 * left until 253 octets are left (7.3), odd octets as \DDD. */
static const char *
name_from_expansion(struct check *check, const struct buf *expansion)
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
	name = arena_copy(check->arena, out.data, out.len);
	buf_release(&out);
	return name;
}

/* HIT: `*name` is what the domain-spec says. MISS: it can say nothing, as an address that is not
 * ASCII is in it (RFC 8616 section 4). */
static enum outcome
target_name(struct check *check, const struct place *place, struct slice target, const char **name)
{
	struct spf_values values;
	struct buf expansion;
	bool full;

	if (target.len == 0) {
		*name = place->domain;
		return HIT;
	}
	if (spf_macro_uses(target, "sl") && !is_ascii(check->local))
		return MISS;
	if (!macro_values(check, place->domain, target, &values))
		return WAIT;
	buf_init(&expansion, EXPANSION_MAX);
	spf_macro_expand(target, false, &values, check->arena, &expansion);
	*name = name_from_expansion(check, &expansion);
	full = expansion.full;
	buf_release(&expansion);
	if (!full)
		return HIT;
	blame_term(check, place, "it expands to more than %d octets", EXPANSION_MAX);
	return PERM;
}

/* ---- mechanisms */

static bool check_host(struct check *check, const char *domain, bool included, struct verdict *out);

static unsigned
term_bits(const struct check *check, const struct spf_term *term)
{
	return check->query->ip.family == 4 ? term->bits4 : term->bits6;
}

static enum outcome
match_include(
    struct check *check, struct place *place, const struct spf_term *term, const char *name)
{
	struct verdict inner;

	(void)term;
	if (!check_host(check, name, true, &inner))
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
		blame_for(check, place);
		return PERM;
	case SPF_PERMERROR:
		break;
	}
	return PERM;
}

static enum outcome
match_a(struct check *check, struct place *place, const struct spf_term *term, const char *name)
{
	const struct answer *answer = look_up(check, place, name, address_type(check));

	if (answer == NULL)
		return WAIT;
	if (answer_truth(answer) == UNKNOWN) {
		blame_look_up(check, place, answer);
		return TEMP;
	}
	return has_address(answer, &check->query->ip, term_bits(check, term)) ? HIT : MISS;
}

static enum outcome
match_mx(struct check *check, struct place *place, const struct spf_term *term, const char *name)
{
	const struct answer *answer = look_up(check, place, name, DNS_MX);
	enum outcome outcome = MISS;

	if (answer == NULL)
		return WAIT;
	if (answer_truth(answer) == UNKNOWN) {
		blame_look_up(check, place, answer);
		return TEMP;
	}
	if (answer->count > SPF_MX_MAX) {
		blame_term(check, place,
		    "%s has %zu MX records, %d are allowed (RFC 7208 section 4.6.4)", name,
		    answer->count, SPF_MX_MAX);
		return PERM;
	}
	for (size_t i = 0; i < answer->count; i++) /* their addresses all at once */
		if (answer->records[i].u.mx.host[0] != '\0' &&
		    book_ask(check->book, answer->records[i].u.mx.host, address_type(check)) ==
		        NULL)
			outcome = WAIT;
	for (size_t i = 0; outcome == MISS && i < answer->count; i++)
		if (answer->records[i].u.mx.host[0] != '\0') /* null MX, RFC 7505 */
			outcome = match_a(check, place, term, answer->records[i].u.mx.host);
	return outcome;
}

static enum outcome
match_ptr(struct check *check, struct place *place, const struct spf_term *term, const char *name)
{
	const char *names[SPF_PTR_MAX];
	size_t count;

	(void)term;
	if (!validated_names(check, place, names, &count))
		return WAIT;
	for (size_t i = 0; i < count; i++)
		if (name_within(names[i], name))
			return HIT;
	return MISS;
}

static enum outcome
match_exists(
    struct check *check, struct place *place, const struct spf_term *term, const char *name)
{
	const struct answer *answer =
	    look_up(check, place, name, DNS_A); /* A for IPv6 clients too (5.7) */

	(void)term;
	if (answer == NULL)
		return WAIT;
	if (answer_truth(answer) == UNKNOWN) {
		blame_look_up(check, place, answer);
		return TEMP;
	}
	return answer->count > 0 ? HIT : MISS;
}

static enum outcome (*const matchers[])(
    struct check *, struct place *, const struct spf_term *, const char *name) = {
    [SPF_INCLUDE] = match_include,
    [SPF_A] = match_a,
    [SPF_MX] = match_mx,
    [SPF_PTR] = match_ptr,
    [SPF_EXISTS] = match_exists,
};

/* ---- the evaluation */

static bool
spend(struct check *check, const struct place *place)
{
	if (++check->out->lookups <= SPF_LOOKUPS_MAX)
		return true;
	blame_term(check, place, "it is look-up %u, %d are allowed (RFC 7208 section 4.6.4)",
	    check->out->lookups, SPF_LOOKUPS_MAX);
	return false;
}

static enum outcome
match_by_dns(struct check *check, struct place *place, const struct spf_term *term)
{
	enum outcome outcome;
	const char *name;

	if (!spend(check, place))
		return PERM;
	outcome = target_name(check, place, term->target, &name);
	if (outcome == HIT)
		outcome = matchers[term->kind](check, place, term, name);
	if (place->void_found && ++check->out->voids > SPF_VOIDS_MAX) {
		blame_term(check, place,
		    "it is void look-up %u, %d are allowed (RFC 7208 section 4.6.4)",
		    check->out->voids, SPF_VOIDS_MAX);
		return PERM;
	}
	return outcome;
}

static enum outcome
match(struct check *check, struct place *place, const struct spf_term *term)
{
	if (term->kind == SPF_ALL)
		return HIT;
	if (term->asks)
		return match_by_dns(check, place, term);
	return ip_within(&check->query->ip, &term->net, term_bits(check, term)) ? HIT : MISS;
}

/* Section 4.3. */
static bool
is_checkable(const char *domain)
{
	char name[NAME_TEXT];
	const char *why;

	return domain[0] != '[' && name_normalise(domain, name, &why) && name_labels(name) > 1;
}

/* TXT records that were meant as SPF records, perhaps. */
static const char *
near_miss(struct check *check, const struct answer *answer)
{
	for (size_t i = 0; i < answer->count; i++) {
		struct dns_text text = answer->records[i].u.txt.joined;
		size_t start = strspn(text.bytes, " \t\"'");

		if (text.len >= start + 5 && strncasecmp(text.bytes + start, "v=spf", 5) == 0)
			return arena_printf(check->arena,
			    " (\"%s\" is none: it must begin with \"v=spf1\" and a space)",
			    quote(check, (struct slice){text.bytes, text.len}));
	}
	return "";
}

/* Sections 4.4 and 4.5: the one SPF record of a domain. False: pending. Without a record, `*result`
 * is none, temperror or permerror. */
static bool
find_record(struct check *check, const char *domain, struct slice *record, enum spf_result *result)
{
	const struct answer *answer;
	size_t found = 0;

	*record = (struct slice){0};
	*result = SPF_NONE;
	if (!is_checkable(domain)) {
		blame(check, "\"%s\" is no domain name of two labels or more",
		    quote(check, (struct slice){domain, strlen(domain)}));
		return true;
	}
	answer = book_ask(check->book, domain, DNS_TXT);
	if (answer == NULL)
		return false;
	if (check->out->server == NULL) { /* the first that is asked is the domain's own */
		check->out->server = answer->server;
		check->out->ttl = answer->ttl;
	}
	if (answer_truth(answer) == UNKNOWN) {
		*result = SPF_TEMPERROR;
		blame(check, "the look-up of TXT %s failed: %s", domain,
		    dns_rcode_name(answer->rcode));
		return true;
	}
	for (size_t i = 0; i < answer->count; i++) {
		struct slice text = {
		    answer->records[i].u.txt.joined.bytes, answer->records[i].u.txt.joined.len};

		if (spf_record_is(text) && ++found == 1)
			*record = text;
	}
	if (found == 1)
		return true;
	*record = (struct slice){0};
	if (found > 1) {
		*result = SPF_PERMERROR;
		blame(check, "%s has %zu SPF records, there may be one (RFC 7208 section 4.5)",
		    domain, found);
	} else {
		blame(check, "%s has no SPF record%s", domain, near_miss(check, answer));
	}
	return true;
}

/* The record of a domain, read. False: pending. NULL: `*result` says why there is none. */
static bool
read_record(struct check *check, const char *domain, bool included, struct spf_record **record,
    enum spf_result *result)
{
	struct spf_fault fault;
	struct slice text;

	*record = NULL;
	if (!find_record(check, domain, &text, result))
		return false;
	if (text.len == 0)
		return true;
	if (check->out->record == NULL)
		check->out->record = arena_copy(check->arena, text.at, text.len);
	*record = arena_alloc(check->arena, sizeof **record);
	if (spf_record_parse(text, check->arena, *record, &fault)) {
		warn_of_record(check, domain, text, *record, included);
		return true;
	}
	blame_term(check, &(struct place){.domain = domain, .term = fault.term}, "%s", fault.why);
	*record = NULL;
	*result = SPF_PERMERROR;
	return true;
}

static void
step(struct check *check, const char *domain, struct slice term)
{
	struct spf *out = check->out;

	if (out->trail_count < sizeof check->trail / sizeof *check->trail)
		check->trail[out->trail_count++] =
		    (struct spf_step){arena_copy(check->arena, term.at, term.len), domain};
}

/* The first term that is not a MISS; WAIT when it cannot be known yet. */
static enum outcome
walk_terms(struct check *check, const char *domain, const struct spf_record *record,
    const struct spf_term **decisive)
{
	enum outcome outcome = MISS, told;
	size_t depth = check->out->trail_count;

	*decisive = NULL;
	for (size_t i = 0; i < record->count && *decisive == NULL; i++) {
		struct place place = {domain, record->terms[i].text, false};

		step(check, domain, place.term);
		told = match(check, &place, &record->terms[i]);
		if (told == WAIT)
			outcome = WAIT;
		if (told == MISS || told == WAIT)
			check->out->trail_count = depth;
		else
			*decisive = &record->terms[i];
		if (*decisive != NULL && outcome == MISS)
			outcome = told;
	}
	return outcome;
}

/* Section 6.1. */
static bool
follow_redirect(struct check *check, const char *domain, const struct spf_record *record,
    bool included, struct verdict *out)
{
	struct place place = {domain, record->redirect.text, false};
	enum outcome outcome;
	const char *name;

	out->result = SPF_PERMERROR;
	step(check, domain, place.term);
	if (!spend(check, &place))
		return true;
	outcome = target_name(check, &place, record->redirect.target, &name);
	if (outcome == WAIT)
		return false;
	if (outcome == PERM)
		return true;
	if (outcome == MISS) {
		blame_term(
		    check, &place, "it names nothing for an address that is not ASCII (RFC 8616)");
		return true;
	}
	if (!check_host(check, name, included, out))
		return false;
	if (out->result == SPF_NONE) {
		out->result = SPF_PERMERROR;
		blame_for(check, &place);
	}
	return true;
}

/* Section 4: the policy of `domain` for the client. False: pending. */
static bool
check_host(struct check *check, const char *domain, bool included, struct verdict *out)
{
	const struct spf_term *decisive;
	enum outcome outcome;

	*out = (struct verdict){.domain = domain};
	if (!read_record(check, domain, included, &out->record, &out->result))
		return false;
	if (out->record == NULL)
		return true;
	outcome = walk_terms(check, domain, out->record, &decisive);
	if (decisive == NULL && out->record->redirect.text.len > 0) {
		bool known = follow_redirect(check, domain, out->record, included, out);

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
    struct check *check, const struct answer *answer, const struct spf_values *values)
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
	spf_macro_expand(text, true, values, check->arena, &out);
	if (out.full)
		why = "it expands to more than 4096 octets";
	else
		check->out->explanation = arena_copy(check->arena, out.data, out.len);
	buf_release(&out);
	return why;
}

/* Whatever goes wrong here leaves the result as it is. False: pending. */
static bool
explain(struct check *check, const struct verdict *verdict)
{
	const struct spf_modifier *exp = &verdict->record->exp;
	struct place place = {verdict->domain, exp->text, false};
	const struct answer *answer;
	struct spf_values values;
	enum outcome outcome;
	const char *name, *why;

	outcome = target_name(check, &place, exp->target, &name);
	if (outcome == WAIT)
		return false;
	if (outcome != HIT) {
		check->out->problem = NULL;
		return true;
	}
	answer = book_ask(check->book, name, DNS_TXT);
	if (answer == NULL)
		return false;
	if (answer->count != 1) {
		why = answer_truth(answer) == UNKNOWN ? dns_rcode_name(answer->rcode)
		      : answer->count == 0            ? "there is no TXT record"
		                                      : "there is more than one TXT record";
	} else {
		if (!macro_values(check, verdict->domain,
		        (struct slice){answer->records[0].u.txt.joined.bytes,
		            answer->records[0].u.txt.joined.len},
		        &values))
			return false;
		why = expand_explanation(check, answer, &values);
	}
	if (why != NULL)
		notes_add(&check->out->warnings, check->arena, "spf-explanation", verdict->domain,
		    "the explanation at %s is not used: %s", name, why);
	return true;
}

/* ---- the survey: what an address would meet that nothing matches */

static bool survey_record(
    struct check *check, const char *domain, const struct spf_record *record, unsigned *lookups);

/* A record that is included or redirected to. False: pending. */
static bool
survey_target(struct check *check, const char *domain, struct slice term, struct slice target,
    bool included, unsigned *lookups)
{
	struct place place = {domain, term, false};
	const char *name, *problem = check->out->problem;
	struct spf_record *record;
	enum spf_result result;
	bool known;

	if (spf_macro_uses(target, NULL) ||
	    target_name(check, &place, target, &name) != HIT) /* it depends on the message */
		return true;
	check->out->problem = NULL;
	known = read_record(check, name, included, &record, &result);
	if (known && result == SPF_NONE && record == NULL)
		notes_add(&check->out->warnings, check->arena, "spf-include", domain,
		    "\"%s\" in the SPF record of %s: %s has no SPF record, so an address that gets "
		    "this far ends in permerror",
		    quote(check, term), domain, name);
	else if (known && result == SPF_PERMERROR)
		notes_add(&check->out->warnings, check->arena, "spf-include", domain,
		    "%s, so an address that gets this far ends in permerror", check->out->problem);
	check->out->problem = problem;
	if (!known || record == NULL)
		return known;
	return survey_record(check, name, record, lookups);
}

static bool
survey_record(
    struct check *check, const char *domain, const struct spf_record *record, unsigned *lookups)
{
	bool known = true;

	for (size_t i = 0; i < record->count && *lookups < SURVEY_MAX; i++) {
		const struct spf_term *term = &record->terms[i];

		if (term->kind == SPF_ALL)
			return known;
		*lookups += term->asks;
		if (term->kind == SPF_INCLUDE &&
		    !survey_target(check, domain, term->text, term->target, true, lookups))
			known = false;
	}
	if (record->redirect.text.len == 0 || *lookups >= SURVEY_MAX)
		return known;
	++*lookups;
	return survey_target(
	           check, domain, record->redirect.text, record->redirect.target, false, lookups) &&
	       known;
}

/* False: pending. */
static bool
survey(struct check *check)
{
	struct spf *out = check->out;
	struct spf_record *record;
	unsigned lookups = 0;
	enum spf_result result;

	if (!read_record(check, out->domain, false, &record, &result) ||
	    (record != NULL && !survey_record(check, out->domain, record, &lookups)))
		return false;
	if (lookups > SPF_LOOKUPS_MAX)
		notes_add(&check->out->warnings, check->arena, "spf-lookups", out->domain,
		    "the SPF record of %s needs %s%u look-ups before an address that nothing "
		    "matches is told so: after %d a receiver stops with permerror",
		    out->domain, lookups >= SURVEY_MAX ? "at least " : "", lookups,
		    SPF_LOOKUPS_MAX);
	else if (lookups >= LOOKUPS_WARN && out->lookups < LOOKUPS_WARN)
		notes_add(&check->out->warnings, check->arena, "spf-lookups", out->domain,
		    "the SPF record of %s needs up to %u of the %d look-ups that are allowed",
		    out->domain, lookups, SPF_LOOKUPS_MAX);
	return true;
}

/* ---- the check */

/* A name with U-labels in A-labels (RFC 8616 section 4); others as they are. */
static const char *
a_labels(struct check *check, const char *domain)
{
	char name[NAME_TEXT];
	const char *why;

	return is_ascii(domain) || !name_normalise(domain, name, &why)
	           ? domain
	           : arena_string(check->arena, name);
}

/* Who sends (2.4, 4.1, 4.3): a null reverse-path is postmaster of the HELO name; so is an empty
 * local-part, of its domain. */
static void
identify(struct check *check)
{
	const struct spf_query *query = check->query;
	const char *from = query->from != NULL ? query->from : "", *at = strrchr(from, '@');
	const char *domain = at != NULL ? at + 1 : from;

	check->helo = a_labels(check, query->helo != NULL ? query->helo : "");
	check->sender_domain = from[0] == '\0' ? check->helo : a_labels(check, domain);
	check->local = at != NULL && at > from ? arena_copy(check->arena, from, (size_t)(at - from))
	                                       : "postmaster";
	check->sender = arena_printf(check->arena, "%s@%s", check->local, check->sender_domain);
}

static void
conclude(struct check *check, const struct verdict *verdict)
{
	struct spf *out = check->out;
	bool error = verdict->result == SPF_NONE || verdict->result == SPF_TEMPERROR ||
	             verdict->result == SPF_PERMERROR;

	out->result = verdict->result;
	if (!error)
		out->problem = NULL;
	if (verdict->term.len > 0 && !error) {
		out->matched = arena_copy(check->arena, verdict->term.at, verdict->term.len);
		out->matched_in = verdict->domain;
	}
	if (out->lookups >= LOOKUPS_WARN && out->lookups <= SPF_LOOKUPS_MAX)
		notes_add(&check->out->warnings, check->arena, "spf-lookups", out->domain,
		    "%u of the %d look-ups that are allowed were needed", out->lookups,
		    SPF_LOOKUPS_MAX);
}

bool
spf_check(struct book *book, struct arena *arena, const struct spf_query *query, struct spf *out)
{
	struct check check = {.book = book, .arena = arena, .query = query, .out = out};
	struct verdict verdict;
	bool known = true;
	size_t steps;

	memset(out, 0, sizeof *out);
	identify(&check);
	out->domain = check.sender_domain;
	if (!check_host(&check, out->domain, false, &verdict))
		return false;
	conclude(&check, &verdict);
	steps = out->trail_count;
	if (out->result == SPF_FAIL && verdict.record->exp.text.len > 0)
		known = explain(&check, &verdict);
	if (query->survey && out->record != NULL && out->result != SPF_TEMPERROR &&
	    out->result != SPF_PERMERROR)
		known = survey(&check) && known;
	out->trail = memcpy(
	    arena_alloc(arena, sizeof check.trail), check.trail, steps * sizeof *check.trail);
	return known;
}
