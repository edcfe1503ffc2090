#include "evidence/blocklist.h"

#include <libpsl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

enum { TXT_RECORDS_MAX = 4 };

/* ---- what one answer says */

/* Of two codes the graver decides. A refusal outweighs a hit: a list that declines to answer says
 * nothing about the item. */
static const int gravity[] = {
    [LIST_CLEAN] = 0, [LIST_UNKNOWN] = 1, [LIST_LISTED] = 2, [LIST_REFUSED] = 3, [LIST_BROKEN] = 4};

/* 127.255.255.x speaks of the query, never of the item, in whatever zone: Spamhaus's convention,
 * taken over by others. */
static const struct {
	unsigned char last;
	const char *meaning;
} refusals[] = {
    {250, "answers that the key is not active (127.255.255.250)"},
    {251, "answers that it does not accept the key (127.255.255.251)"},
    {252, "answers that the zone's name is mistyped (127.255.255.252)"},
    {254, "does not answer public, shared or nameless resolvers (127.255.255.254): ask through a "
          "resolver of your own, or with a key"},
    {255, "has had too many queries from this resolver, or does not know it (127.255.255.255): ask "
          "through a resolver of your own, or with a key"},
};

struct listing_verdict {
	enum list_state state;
	const char *meaning; /* NULL when clean */
	const struct list_value *value; /* the gravest defined one */
	const char *server;
	uint32_t ttl;
};

static const char *
refusal(const struct ip *code)
{
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++)
		if (code->bytes[3] == refusals[i].last)
			return refusals[i].meaning;
	return "declines the query (127.255.255.x)";
}

static bool
value_in(const struct list *list, const struct list_value *value, const struct ip *code)
{
	if (list->bitmask)
		return memcmp(code->bytes, value->answer.bytes, 3) == 0 &&
		       (code->bytes[3] & value->answer.bytes[3]) != 0;
	return ip_equal(code, &value->answer);
}

static void
weigh(struct listing_verdict *verdict, enum list_state state, const char *meaning)
{
	if (gravity[state] < gravity[verdict->state])
		return;
	verdict->state = state;
	verdict->meaning = meaning;
}

/* What lies outside every list's table. False: the table decides. */
static bool
judge_beyond_table(const struct ip *code, struct arena *arena, struct listing_verdict *verdict)
{
	char text[IP_TEXT];

	if (code->family != 4 || code->bytes[0] != 127) {
		weigh(verdict, LIST_BROKEN,
		    arena_printf(arena,
		        "answers %s, which is outside 127.0.0.0/8: the zone is parked, or the "
		        "resolver rewrites answers",
		        ip_text(code, text)));
		return true;
	}
	if (code->bytes[1] == 255 && code->bytes[2] == 255) {
		weigh(verdict, LIST_REFUSED, refusal(code));
		return true;
	}
	return false;
}

static void
judge_by_table(const struct list *list, const struct ip *code, struct arena *arena,
    struct listing_verdict *verdict)
{
	bool defined = false;
	char text[IP_TEXT];

	for (size_t i = 0; i < list->value_count; i++)
		if (value_in(list, &list->values[i], code)) {
			defined = true;
			weigh(verdict, list->values[i].state, list->values[i].meaning);
		}
	if (!defined)
		weigh(verdict, LIST_UNKNOWN,
		    arena_printf(
		        arena, "answers %s, which it does not define", ip_text(code, text)));
}

/* The meanings of all that is listed, the gravest first, as the table has them. */
static void
collect_meanings(const struct list *list, const struct answer *answer, struct arena *arena,
    struct listing_verdict *verdict)
{
	verdict->meaning = NULL;
	for (size_t i = 0; i < list->value_count; i++) {
		const struct list_value *value = &list->values[i];
		bool has = false;

		for (size_t r = 0; r < answer->count && !has; r++)
			has = value_in(list, value, &answer->records[r].u.address);
		if (!has || value->state != LIST_LISTED)
			continue;
		if (verdict->meaning == NULL) {
			verdict->value = value;
			verdict->meaning = value->meaning;
		} else if (strstr(verdict->meaning, value->meaning) == NULL) {
			verdict->meaning =
			    arena_printf(arena, "%s; %s", verdict->meaning, value->meaning);
		}
	}
}

static struct listing_verdict
judge_answer(const struct list *list, const struct answer *answer, struct arena *arena)
{
	struct listing_verdict verdict = {
	    .state = LIST_CLEAN, .server = answer->server, .ttl = answer->ttl};

	switch (answer_truth(answer)) {
	case UNKNOWN:
		verdict.state = LIST_UNKNOWN;
		verdict.meaning =
		    arena_printf(arena, "did not answer (%s)", dns_rcode_name(answer->rcode));
		break;
	case ABSENT:
		break;
	case PRESENT:
		for (size_t i = 0; i < answer->count; i++)
			if (!judge_beyond_table(&answer->records[i].u.address, arena, &verdict))
				judge_by_table(
				    list, &answer->records[i].u.address, arena, &verdict);
		if (verdict.state == LIST_LISTED)
			collect_meanings(list, answer, arena, &verdict);
		break;
	}
	return verdict;
}

/* ---- may the list be believed? RFC 5782 section 5 */

static bool
has_address(const struct answer *answer, const struct ip *ip)
{
	for (size_t i = 0; i < answer->count; i++)
		if (ip_equal(&answer->records[i].u.address, ip))
			return true;
	return false;
}

static struct listing_verdict
test_positive(const struct list *list, const struct answer *answer, struct arena *arena)
{
	struct listing_verdict verdict = judge_answer(list, answer, arena);
	bool exact = list->positive_answer.family != 0;

	if (answer_truth(answer) == ABSENT) {
		verdict.state = LIST_BROKEN;
		verdict.meaning = arena_printf(arena,
		    "does not have its own test entry (%s, %s): the list is gone, or the resolver "
		    "hides it",
		    list->positive, dns_rcode_name(answer->rcode));
	} else if (answer_truth(answer) == UNKNOWN) {
		verdict.meaning = arena_printf(
		    arena, "did not answer for its test entry (%s)", dns_rcode_name(answer->rcode));
	} else if (exact && has_address(answer, &list->positive_answer)) {
		verdict.state = LIST_LISTED;
	} else if (exact && verdict.state != LIST_REFUSED && verdict.state != LIST_BROKEN) {
		verdict.state = LIST_BROKEN;
		verdict.meaning = arena_printf(
		    arena, "does not answer as it should for its test entry (%s)", list->positive);
	} else if (verdict.state == LIST_UNKNOWN || verdict.state == LIST_CLEAN) {
		verdict.state = LIST_LISTED; /* alive: that our table lacks the code is our fault */
	}
	return verdict;
}

static struct listing_verdict
test_negative(const struct list *list, const struct answer *answer, struct arena *arena)
{
	struct listing_verdict verdict = judge_answer(list, answer, arena);

	if (answer_truth(answer) == UNKNOWN) {
		verdict.meaning = arena_printf(arena, "did not answer for what it never lists (%s)",
		    dns_rcode_name(answer->rcode));
	} else if (answer_truth(answer) == PRESENT && verdict.state != LIST_REFUSED &&
	           verdict.state != LIST_BROKEN) {
		verdict.state = LIST_BROKEN;
		verdict.meaning = arena_printf(arena,
		    "has an entry that no list has (%s): it says yes to everything",
		    list->negative);
	}
	return verdict;
}

/* The item's own answer counts only if both tests are passed; of what went wrong the gravest is
 * told. */
static struct listing_verdict
judge(const struct list *list, const struct answer *item, const struct answer *positive,
    const struct answer *negative, struct arena *arena)
{
	struct listing_verdict answer = judge_answer(list, item, arena);
	struct listing_verdict bad[] = {
	    answer, test_positive(list, positive, arena), test_negative(list, negative, arena)};
	struct listing_verdict *worst = NULL;

	bad[1].state = bad[1].state == LIST_LISTED ? LIST_CLEAN : bad[1].state; /* passed */
	for (size_t i = 0; i < 3; i++) {
		bool failed = bad[i].state != LIST_LISTED && bad[i].state != LIST_CLEAN;

		if (failed && (worst == NULL || gravity[bad[i].state] > gravity[worst->state]))
			worst = &bad[i];
	}
	if (worst == NULL)
		return answer;
	worst->value = NULL; /* whatever it was, it means nothing */
	return *worst;
}

/* ---- what is shown */

/* "%s" in an URL becomes the item, percent-encoded (RFC 3986 section 2). */
static const char *
fill_url(const char *url, const char *item, struct arena *arena)
{
	const char *percent = url != NULL ? strstr(url, "%s") : NULL;
	char encoded[3 * NAME_TEXT], *p = encoded;

	if (percent == NULL)
		return url;
	for (; *item != '\0' && p < encoded + sizeof encoded - 4; item++) {
		bool plain = (*item >= '0' && *item <= '9') ||
		             ((*item | 32) >= 'a' && (*item | 32) <= 'z') ||
		             strchr("-._:", *item) != NULL;

		if (plain)
			*p++ = *item;
		else
			p += snprintf(p, 4, "%%%02X", (unsigned char)*item);
	}
	*p = '\0';
	return arena_printf(arena, "%.*s%s%s", (int)(percent - url), url, encoded, percent + 2);
}

const char *
blocklist_page(const struct list *list, const char *item, struct arena *arena)
{
	return fill_url(list->lookup, item, arena);
}

const char *
blocklist_advice(const struct listing *listing, const char *otherwise, struct arena *arena)
{
	const struct list_value *value = listing->value;
	const char *advice = value != NULL && value->advice != NULL ? value->advice
	                     : listing->list->advice != NULL        ? listing->list->advice
	                                                            : otherwise,
	           *removal = value != NULL && value->removal != NULL ? value->removal
	                                                              : listing->list->removal;

	if (advice == NULL || removal == NULL)
		return advice != NULL ? advice : removal;
	return arena_printf(arena, "%s %s", advice, removal);
}

static const char *
url_of(const struct listing *listing, struct arena *arena)
{
	const struct list *list = listing->list;
	const char *url = list->lookup;

	if (listing->state == LIST_REFUSED || listing->state == LIST_BROKEN)
		return NULL; /* nothing was learnt that one could ask the list about */
	if (listing->state == LIST_LISTED && listing->value != NULL &&
	    listing->value->delist != NULL)
		url = listing->value->delist;
	else if (listing->state == LIST_LISTED && list->delist != NULL)
		url = list->delist;
	return fill_url(url, listing->item, arena);
}

/* Some lists quote the question in their TXT: whatever they say, the key does not get out. */
static void
hide_key(char *text, const char *key)
{
	size_t len = key != NULL ? strlen(key) : 0;

	for (char *p = text; len > 0 && *p != '\0'; p++)
		if (strncasecmp(p, key, len) == 0)
			memset(p, '*', len);
}

static char *
join_txt(const struct answer *txt, const struct list *list, struct arena *arena)
{
	char *text = arena_alloc(arena, LISTING_REASON_MAX + 1);
	size_t len = 0;

	/* The key may lie across the cut, so it is hidden in each record before. */
	for (size_t i = 0; i < txt->count && i < TXT_RECORDS_MAX; i++) {
		const struct dns_text *joined = &txt->records[i].u.txt.joined;
		char *record = arena_copy(arena, joined->bytes, joined->len);

		for (size_t b = 0; b < joined->len; b++)
			if (record[b] == '\0')
				record[b] = ' ';
		hide_key(record, list->key);
		len += (size_t)snprintf(
		    text + len, LISTING_REASON_MAX + 1 - len, "%s%s", i > 0 ? " | " : "", record);
		if (len > LISTING_REASON_MAX)
			len = LISTING_REASON_MAX;
	}
	return len > 0 ? text : NULL;
}

static bool
has_word(const char *text, const char *word)
{
	size_t len = strlen(word);

	for (; text != NULL && *text != '\0'; text++)
		if (strncasecmp(text, word, len) == 0)
			return true;
	return false;
}

/* A hit's TXT. False: pending. */
static bool
add_reason(struct book *book, struct arena *arena, const char *question, struct listing *out)
{
	const char *word = out->list->txt_must_have;
	const struct answer *txt = book_ask(book, question, DNS_TXT);

	if (txt != NULL && answer_truth(txt) == PRESENT)
		out->reason = join_txt(txt, out->list, arena);
	if (word == NULL || has_word(out->reason, word))
		return txt != NULL;
	out->value = NULL;
	if (txt == NULL || answer_truth(txt) == UNKNOWN) {
		out->state = LIST_UNKNOWN;
		out->meaning = "says yes, but not why, and its yes alone is not believed";
	} else {
		out->state = LIST_BROKEN;
		out->meaning = arena_printf(arena,
		    "says yes, but not in its own words (a TXT with \"%s\"): the zone may be "
		    "parked",
		    word);
	}
	return txt != NULL;
}

/* ---- asking */

bool
blocklist_takes(const struct list *list, const struct ip *ip)
{
	if (ip == NULL)
		return list->ask_domain;
	return ip->family == 4 ? list->ask_ip4 : ip->family == 6 && list->ask_ip6;
}

const char *
blocklist_registered(const char *domain)
{
	const psl_ctx_t *psl = psl_builtin();
	const char *registered = psl != NULL ? psl_registrable_domain(psl, domain) : NULL;

	return registered != NULL ? registered : domain;
}

/* Address literals and other things that a HELO may be are no domains. */
static bool
is_domain(const char *name)
{
	return name[0] != '\0' &&
	       name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-_.")] == '\0';
}

/* What is asked about, and the labels that stand for it below the zone. Returns why it cannot be
 * asked, or NULL. */
static const char *
make_item(struct arena *arena, const struct list *list, const struct ip *ip, const char *domain,
    const char **item, const char **labels)
{
	char name[NAME_TEXT], text[IP_TEXT];
	const char *why;
	struct ip address;

	if (ip != NULL) {
		*item = arena_string(arena, ip_text(ip, text));
		if (ip->family == 0 || !ip_reverse(ip, "", name, sizeof name))
			return "is not asked: no address";
		name[strlen(name) - 1] = '\0'; /* the dot before the empty suffix */
		*labels = arena_string(arena, name);
	} else {
		*item = arena_string(arena, domain);
		if (ip_parse(&address, domain) || !name_normalise(domain, name, &why) ||
		    !is_domain(name))
			return "is not asked: no domain name";
		*labels = *item =
		    arena_string(arena, list->registered ? blocklist_registered(name) : name);
	}
	return strlen(*labels) + 1 + strlen(list_zone_asked(list)) > NAME_MAX_OCTETS
	           ? "is not asked: the name is too long"
	           : NULL;
}

static const char *
why_not_asked(const struct list *list, const struct ip *ip)
{
	if (!blocklist_takes(list, ip))
		return ip == NULL        ? "is not asked: it knows no domains"
		       : ip->family == 6 ? "is not asked: it knows no IPv6 addresses"
		                         : "is not asked: it knows no IPv4 addresses";
	if (list->key_needed && list->key == NULL)
		return list->key_zone != NULL ? "is not asked: it wants a key"
		                              : "is not asked: it answers subscribers only";
	return NULL;
}

static void
take_codes(struct listing *out, const struct answer *answer, struct arena *arena)
{
	size_t count = answer->count < LISTING_CODES_MAX ? answer->count : LISTING_CODES_MAX;
	struct ip *codes = arena_alloc(arena, count * sizeof *codes);

	for (size_t i = 0; i < count; i++)
		codes[i] = answer->records[i].u.address;
	out->codes = codes;
	out->code_count = count;
}

bool
blocklist_look_up(struct book *book, struct arena *arena, const struct list *list,
    const struct ip *ip, const char *domain, const char *identity, struct listing *out)
{
	const struct answer *item, *positive, *negative;
	const char *zone = list_zone_asked(list), *labels = NULL, *question;
	struct listing_verdict verdict;
	bool done = true;

	*out = (struct listing){.list = list, .identity = identity, .state = LIST_UNKNOWN};
	out->meaning = make_item(arena, list, ip, domain, &out->item, &labels);
	if (out->meaning == NULL)
		out->meaning = why_not_asked(list, ip);
	if (out->meaning != NULL)
		return true;

	question = arena_printf(arena, "%s.%s", labels, zone);
	item = book_ask(book, question, DNS_A);
	positive = book_ask(book, arena_printf(arena, "%s.%s", list->positive, zone), DNS_A);
	negative = book_ask(book, arena_printf(arena, "%s.%s", list->negative, zone), DNS_A);
	out->meaning = "did not answer in time";
	if (item == NULL || positive == NULL || negative == NULL)
		return false;

	verdict = judge(list, item, positive, negative, arena);
	out->state = verdict.state;
	out->meaning = verdict.meaning;
	out->value = verdict.value;
	out->server = verdict.server;
	out->ttl = verdict.ttl;
	take_codes(out, item, arena);
	if (out->state == LIST_LISTED)
		done = add_reason(book, arena, question, out);
	out->url = url_of(out, arena);
	return done;
}
