#include "auth/spf_lint.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

enum {
	RECORD_GOOD = 450, /* octets: what fits a plain UDP answer with its name (3.4) */
	RECORD_UDP = 512, /* octets: more never does */
	DUPLICATES_MAX = 300, /* terms that are compared with each other */
	BITS4_GOOD = 12, /* wider nets are larger than any sender */
	BITS6_GOOD = 32, /* wider than what a provider is given */
	NETS_MAX = 2000, /* that are added up */
};

#define ADDRESSES_GOOD (1ull << 22) /* all nets together: large providers have a tenth of that */

/* ---- one record */

/* A term without its qualifier, if that is the one that goes without saying. */
static struct slice
bare(const struct spf_term *term)
{
	return slice_from(term->text, term->text.at[0] == '+');
}

static bool
is_same(const struct spf_term *a, const struct spf_term *b)
{
	struct slice left = bare(a), right = bare(b);

	return left.len == right.len && strncasecmp(left.at, right.at, left.len) == 0;
}

struct record_lint {
	const struct spf_record *record;
	const char *domain;
	struct arena *arena;
	struct notes *notes;
	bool whole; /* all that is unwise, not only what this mail may meet */
};

static void
lint_size(const struct record_lint *lint, size_t octets, size_t others)
{
	if (octets > RECORD_UDP)
		notes_add(lint->notes, lint->arena, "spf-record-long", lint->domain,
		    "the SPF record of %s has %zu octets: more than 512 need TCP or EDNS, which "
		    "some receivers lack",
		    lint->domain, octets);
	else if (lint->whole && octets > RECORD_GOOD)
		notes_add(lint->notes, lint->arena, "spf-record-long", lint->domain,
		    "the SPF record of %s has %zu octets: with its name more than 450 may not fit "
		    "the 512 of a plain DNS answer (RFC 7208 section 3.4)",
		    lint->domain, octets);
	else if (lint->whole && octets + others > 2 * RECORD_UDP)
		notes_add(lint->notes, lint->arena, "spf-answer-long", lint->domain,
		    "%s has %zu octets of TXT records in all: a receiver that wants one gets all "
		    "of them, and that needs TCP or EDNS",
		    lint->domain, octets + others);
}

static void
lint_net(const struct record_lint *lint, const struct spf_term *term)
{
	bool net = term->kind == SPF_IP4 || term->kind == SPF_IP6,
	     wide4 = term->kind != SPF_IP6 && term->bits4 < BITS4_GOOD,
	     wide6 = term->kind != SPF_IP4 && term->bits6 < BITS6_GOOD;

	if (term->qualifier != SPF_PASS || !(wide4 || wide6))
		return;
	notes_add(lint->notes, lint->arena, "spf-net-wide", lint->domain,
	    "\"%s\" in the SPF record of %s lets %s pass that is far larger than any sender's "
	    "(wider than /%d)",
	    spf_quote(term->text, lint->arena), lint->domain,
	    net ? "a net" : "a net around each address", wide4 ? BITS4_GOOD : BITS6_GOOD);
}

static void
lint_term(const struct record_lint *lint, const struct spf_term *term)
{
	if (term->kind == SPF_PTR)
		notes_add(lint->notes, lint->arena, "spf-ptr", lint->domain,
		    "\"%s\" in the SPF record of %s: ptr is slow and unreliable and should "
		    "not be used (RFC 7208 section 5.5)",
		    spf_quote(term->text, lint->arena), lint->domain);
	if (!lint->whole)
		return;
	if (spf_macro_uses(term->target, "p"))
		notes_add(lint->notes, lint->arena, "spf-macro-p", lint->domain,
		    "\"%s\" in the SPF record of %s: the macro p is slow and unreliable and should "
		    "not be used (RFC 7208 section 7.2)",
		    spf_quote(term->text, lint->arena), lint->domain);
	if (term->kind != SPF_ALL && term->kind != SPF_INCLUDE && term->kind != SPF_PTR &&
	    term->kind != SPF_EXISTS)
		lint_net(lint, term);
}

static void
lint_all(const struct record_lint *lint, const struct spf_term *term, bool included)
{
	if (term->qualifier == SPF_PASS)
		notes_add(lint->notes, lint->arena, "spf-pass-all", lint->domain,
		    "\"%s\" in the SPF record of %s lets every host pass",
		    spf_quote(term->text, lint->arena), lint->domain);
	if (term->qualifier == SPF_NEUTRAL && !included)
		notes_add(lint->notes, lint->arena, "spf-neutral-all", lint->domain,
		    "\"?all\" in the SPF record of %s says nothing about other hosts: "
		    "receivers treat it as no policy",
		    lint->domain);
}

/* What stands behind "all" is never looked at. */
static void
lint_behind_all(const struct record_lint *lint, size_t all)
{
	const struct spf_record *record = lint->record;
	const char *text = "";

	for (size_t i = all + 1; i < record->count && strlen(text) < SPF_QUOTE_MAX; i++)
		text = arena_printf(lint->arena, "%s%s%s", text, i > all + 1 ? " " : "",
		    spf_quote(record->terms[i].text, lint->arena));
	if (*text != '\0')
		notes_add(lint->notes, lint->arena, "spf-behind-all", lint->domain,
		    "\"%s\" in the SPF record of %s has no effect: it stands behind \"%s\", which "
		    "matches every address",
		    text, lint->domain, spf_quote(record->terms[all].text, lint->arena));
	if (record->redirect.text.len > 0)
		notes_add(lint->notes, lint->arena, "spf-redirect-ignored", lint->domain,
		    "\"%s\" in the SPF record of %s has no effect: beside \"all\" a redirect is "
		    "passed over (RFC 7208 section 6.1)",
		    spf_quote(record->redirect.text, lint->arena), lint->domain);
}

static void
lint_duplicates(const struct record_lint *lint)
{
	const struct spf_record *record = lint->record;
	size_t count = record->count < DUPLICATES_MAX ? record->count : DUPLICATES_MAX;

	for (size_t i = 1; i < count; i++)
		for (size_t k = 0; k < i; k++)
			if (is_same(&record->terms[i], &record->terms[k])) {
				notes_add(lint->notes, lint->arena, "spf-duplicate", lint->domain,
				    "\"%s\" stands more than once in the SPF record of %s%s",
				    spf_quote(record->terms[i].text, lint->arena), lint->domain,
				    record->terms[i].asks ? ", and each costs a look-up" : "");
				break;
			}
}

void
spf_lint_record(const struct spf_found *found, const char *domain, bool included, bool whole,
    struct arena *arena, struct notes *notes)
{
	const struct spf_record *record = found->record;
	const struct record_lint lint = {record, domain, arena, notes, whole};
	bool ends = record->redirect.text.len > 0;

	lint_size(&lint, found->text.len, found->other_octets);
	if (record->misread.len > 0)
		notes_add(notes, arena, "spf-misread", domain,
		    "\"%s\" in the SPF record of %s has no effect: with \"=\" it is an unknown "
		    "modifier, a mechanism needs \":\"",
		    spf_quote(record->misread, arena), domain);
	if (whole)
		lint_duplicates(&lint);
	for (size_t i = 0; i < record->count; i++) {
		lint_term(&lint, &record->terms[i]);
		if (record->terms[i].kind != SPF_ALL)
			continue;
		ends = true;
		lint_all(&lint, &record->terms[i], included);
		if (whole)
			lint_behind_all(&lint, i);
		break; /* what follows is never looked at */
	}
	if (!ends && !included)
		notes_add(notes, arena, "spf-no-end", domain,
		    "the SPF record of %s ends in no \"all\" and no redirect: other hosts are "
		    "neutral, as with \"?all\"",
		    domain);
}

/* ---- all that it leads to */

struct span4 { /* of IPv4 addresses, both ends within */
	uint32_t first, last;
};

struct spf_walk {
	struct book *book;
	struct arena *arena;
	struct notes *notes;
	struct spf_reach *out;
	bool names, allow_private, known;
	const char *path[SPF_REACH_MAX + 2]; /* domains whose records lead here */
	size_t depth;
	struct span4 *nets;
	size_t net_count;
};

static void
add_net(struct spf_walk *reach, const struct ip *ip, unsigned bits)
{
	uint32_t first, mask = bits == 0 ? 0 : UINT32_MAX << (32 - bits);
	struct span4 *net;

	if (ip->family != 4 || reach->net_count == NETS_MAX)
		return;
	first = (uint32_t)ip->bytes[0] << 24 | (uint32_t)ip->bytes[1] << 16 |
	        (uint32_t)ip->bytes[2] << 8 | ip->bytes[3];
	net = arena_push(reach->arena, &reach->nets, reach->net_count, sizeof *net);
	reach->net_count++;
	*net = (struct span4){first & mask, first | ~mask};
}

static int
by_first(const void *left, const void *right)
{
	const struct span4 *a = left, *b = right;

	return (a->first > b->first) - (a->first < b->first);
}

/* How many addresses are in at least one. */
static unsigned long long
add_up(struct spf_walk *reach)
{
	unsigned long long total = 0, next = 0;

	if (reach->net_count > 0)
		qsort(reach->nets, reach->net_count, sizeof *reach->nets, by_first);
	for (size_t i = 0; i < reach->net_count; i++) {
		unsigned long long first = reach->nets[i].first, last = reach->nets[i].last;

		first = first < next ? next : first;
		if (last + 1 > first)
			total += last + 1 - first;
		next = last + 1 > next ? last + 1 : next;
	}
	return total;
}

/* The name that a term speaks of. False: it depends on the mail. */
static bool
target_of(struct spf_walk *reach, const char *domain, struct slice target, const char **name)
{
	*name = domain;
	if (target.len == 0)
		return true;
	if (memchr(target.at, '%', target.len) != NULL) {
		reach->out->hidden++;
		return false;
	}
	*name =
	    arena_copy(reach->arena, target.at, target.len - (target.at[target.len - 1] == '.'));
	return true;
}

static void
lint_private(struct spf_walk *reach, const char *domain, const struct spf_term *term)
{
	const char *special = ip_special(&term->net);
	unsigned bits = term->kind == SPF_IP4 ? term->bits4 : term->bits6;

	if (reach->names && !reach->allow_private && special != NULL && bits >= 7 &&
	    !ip_is_public(&term->net))
		notes_add(reach->notes, reach->arena, "spf-net-private", domain,
		    "\"%s\" in the SPF record of %s has no effect: no receiver sees %s addresses",
		    spf_quote(term->text, reach->arena), domain, special);
}

static const struct answer *
ask(struct spf_walk *reach, const char *name, enum dns_type type)
{
	const struct answer *answer = book_ask(reach->book, name, type);

	reach->known &= answer != NULL;
	if (answer != NULL && answer_truth(answer) == UNKNOWN && reach->out->failed == NULL)
		reach->out->failed = arena_printf(reach->arena, "the look-up of %s %s failed: %s",
		    dns_type_name(type), name, dns_rcode_name(answer->rcode));
	return answer;
}

/* Is there an address; UNKNOWN, too, while it is asked for. */
static enum truth
look_up_addresses(struct spf_walk *reach, const struct spf_term *term, const char *name)
{
	const struct answer *four = ask(reach, name, DNS_A), *six = ask(reach, name, DNS_AAAA);

	if (four == NULL || six == NULL)
		return UNKNOWN;
	for (size_t i = 0; i < four->count && term->qualifier == SPF_PASS; i++)
		add_net(reach, &four->records[i].u.address, term->bits4);
	if (answer_truth(four) == PRESENT || answer_truth(six) == PRESENT)
		return PRESENT;
	return answer_truth(four) == ABSENT && answer_truth(six) == ABSENT ? ABSENT : UNKNOWN;
}

static enum truth
look_up_exchangers(struct spf_walk *reach, const struct spf_term *term, const char *name)
{
	const struct answer *mx = ask(reach, name, DNS_MX);
	enum truth truth = mx != NULL ? answer_truth(mx) : UNKNOWN;

	for (size_t i = 0; truth == PRESENT && i < mx->count && i < SPF_MX_MAX; i++)
		if (mx->records[i].u.mx.host[0] != '\0')
			look_up_addresses(reach, term, mx->records[i].u.mx.host);
	return truth;
}

static void
look_up_names(struct spf_walk *reach, const char *domain, const struct spf_term *term)
{
	const struct answer *answer;
	enum truth truth = UNKNOWN;
	const char *name;

	if (!target_of(reach, domain, term->target, &name))
		return;
	if (term->kind == SPF_A) {
		truth = look_up_addresses(reach, term, name);
	} else if (term->kind == SPF_MX) {
		truth = look_up_exchangers(reach, term, name);
	} else {
		answer = ask(reach, name, DNS_A);
		truth = answer != NULL ? answer_truth(answer) : UNKNOWN;
	}
	if (truth != ABSENT)
		return;
	reach->out->voids++;
	notes_add(reach->notes, reach->arena, "spf-void", domain,
	    "\"%s\" in the SPF record of %s finds nothing: %s has no %s",
	    spf_quote(term->text, reach->arena), domain, name,
	    term->kind == SPF_MX ? "MX record" : "address");
}

static void walk(struct spf_walk *reach, const char *domain, const struct spf_record *record,
    bool included, bool passing);

static bool
is_on_path(const struct spf_walk *reach, const char *name)
{
	for (size_t i = 0; i < reach->depth; i++)
		if (name_equal(reach->path[i], name))
			return true;
	return false;
}

/* A record that is included or redirected to. */
static void
follow(struct spf_walk *reach, const char *domain, struct slice term, struct slice target,
    bool included, bool passing)
{
	struct spf_found found;
	const char *name;

	if (!target_of(reach, domain, target, &name))
		return;
	if (is_on_path(reach, name)) {
		reach->out->broken = true;
		notes_add(reach->notes, reach->arena, "spf-loop", domain,
		    "\"%s\" in the SPF record of %s leads back to a record that led here: an "
		    "address that gets this far ends in permerror",
		    spf_quote(term, reach->arena), domain);
		return;
	}
	if (!spf_find(reach->book, reach->arena, name, &found)) {
		reach->known = false;
		return;
	}
	if (found.record != NULL) {
		spf_lint_record(&found, name, included, true, reach->arena, reach->notes);
		walk(reach, name, found.record, included, passing);
	} else if (found.result == SPF_TEMPERROR) {
		reach->out->failed =
		    reach->out->failed == NULL ? found.problem : reach->out->failed;
	} else {
		reach->out->broken = true;
		notes_add(reach->notes, reach->arena, "spf-include", domain,
		    "\"%s\" in the SPF record of %s: %s, so an address that gets this far ends in "
		    "permerror",
		    spf_quote(term, reach->arena), domain, found.problem);
	}
}

static void
walk_term(struct spf_walk *reach, const char *domain, const struct spf_term *term, bool passing)
{
	passing = passing && term->qualifier == SPF_PASS;
	reach->out->lookups += term->asks;
	switch (term->kind) {
	case SPF_INCLUDE:
		follow(reach, domain, term->text, term->target, true, passing);
		break;
	case SPF_IP4:
		if (passing)
			add_net(reach, &term->net, term->bits4);
		lint_private(reach, domain, term);
		break;
	case SPF_IP6:
		lint_private(reach, domain, term);
		break;
	case SPF_A:
	case SPF_MX:
	case SPF_EXISTS:
		if (reach->names)
			look_up_names(reach, domain, term);
		break;
	case SPF_ALL:
	case SPF_PTR:
		break;
	}
}

static void
walk(struct spf_walk *reach, const char *domain, const struct spf_record *record, bool included,
    bool passing)
{
	reach->path[reach->depth++] = domain;
	for (size_t i = 0; i < record->count && reach->out->lookups < SPF_REACH_MAX; i++) {
		if (record->terms[i].kind == SPF_ALL) {
			reach->depth--;
			return;
		}
		walk_term(reach, domain, &record->terms[i], passing);
	}
	if (record->redirect.text.len > 0 && reach->out->lookups < SPF_REACH_MAX) {
		reach->out->lookups++;
		follow(reach, domain, record->redirect.text, record->redirect.target, included,
		    passing);
	}
	reach->depth--;
}

static void
lint_totals(
    const char *domain, const struct spf_reach *out, struct arena *arena, struct notes *notes)
{
	if (out->addresses4 > ADDRESSES_GOOD)
		notes_add(notes, arena, "spf-nets-wide", domain,
		    "the SPF record of %s lets %llu IPv4 addresses pass, %.1f %% of all: that is "
		    "no list of its senders",
		    domain, out->addresses4, (double)out->addresses4 * 100 / 4294967296.0);
	if (out->lookups > SPF_LOOKUPS_MAX)
		notes_add(notes, arena, "spf-lookups", domain,
		    "the SPF record of %s needs %s%u look-ups before an address that nothing "
		    "matches is told so: after %d a receiver stops with permerror",
		    domain, out->lookups >= SPF_REACH_MAX ? "at least " : "", out->lookups,
		    SPF_LOOKUPS_MAX);
	else if (out->lookups >= SPF_LOOKUPS_WARN)
		notes_add(notes, arena, "spf-lookups", domain,
		    "the SPF record of %s needs up to %u of the %d look-ups that are allowed",
		    domain, out->lookups, SPF_LOOKUPS_MAX);
	if (out->voids > SPF_VOIDS_MAX)
		notes_add(notes, arena, "spf-voids", domain,
		    "the SPF record of %s has up to %u look-ups that find nothing: after %d a "
		    "receiver stops with permerror",
		    domain, out->voids, SPF_VOIDS_MAX);
}

/* False: pending. */
static bool
reach_all(struct spf_walk *reach, const char *domain, const struct spf_record *record)
{
	*reach->out = (struct spf_reach){0};
	reach->known = true;
	walk(reach, domain, record, false, true);
	if (!reach->known)
		return false;
	reach->out->addresses4 = add_up(reach);
	lint_totals(domain, reach->out, reach->arena, reach->notes);
	return true;
}

bool
spf_lint_reach(struct book *book, struct arena *arena, const char *domain,
    const struct spf_record *record, struct notes *notes)
{
	struct spf_reach out;
	struct spf_walk reach = {.book = book, .arena = arena, .notes = notes, .out = &out};

	return reach_all(&reach, domain, record);
}

/* ---- a domain's record */

/* Where a record is found that was meant for the domain itself: what zone editors make of a name
 * that was given in full, and what looks like a convention and is none. */
static bool
look_elsewhere(struct book *book, struct arena *arena, struct spf_lint *out)
{
	static const char *const before[] = {"_spf", "spf", "_dmarc"};
	bool known = true;

	for (size_t i = 0; i <= sizeof before / sizeof *before; i++) {
		const char *name = arena_printf(arena, "%s.%s",
		    i < sizeof before / sizeof *before ? before[i] : out->domain, out->domain);
		const struct answer *answer = book_ask(book, name, DNS_TXT);

		known &= answer != NULL;
		for (size_t k = 0; answer != NULL && k < answer->count; k++)
			if (spf_record_is((struct slice){answer->records[k].u.txt.joined.bytes,
			        answer->records[k].u.txt.joined.len}))
				notes_add(&out->warnings, arena, "spf-elsewhere", name,
				    "there is an SPF record at %s, where nobody looks for that of "
				    "%s",
				    name, out->domain);
	}
	return known;
}

bool
spf_lint(struct book *book, struct arena *arena, const char *domain, bool allow_private,
    struct spf_lint *out)
{
	struct spf_walk reach = {.book = book,
	    .arena = arena,
	    .notes = &out->warnings,
	    .out = &out->reach,
	    .names = true,
	    .allow_private = allow_private};

	*out = (struct spf_lint){.domain = domain};
	if (!spf_find(book, arena, domain, &out->found))
		return false;
	out->problem = out->found.problem;
	out->result = out->found.record != NULL ? SPF_PASS : out->found.result;
	if (out->result == SPF_NONE)
		return look_elsewhere(book, arena, out);
	if (out->result != SPF_PASS)
		return true;
	if (memcmp(out->found.text.at, "v=spf1", 6) != 0)
		notes_add(&out->warnings, arena, "spf-version-case", domain,
		    "the SPF record of %s begins with \"%.6s\": it is written \"v=spf1\", and not "
		    "all receivers take capitals for that",
		    domain, out->found.text.at);
	spf_lint_record(&out->found, domain, domain[0] == '_', true, arena, &out->warnings);
	if (!reach_all(&reach, domain, out->found.record))
		return false;
	if (out->reach.broken || out->reach.lookups > SPF_LOOKUPS_MAX ||
	    out->reach.voids > SPF_VOIDS_MAX) {
		out->result = SPF_PERMERROR;
		out->problem =
		    out->reach.broken
		        ? "a record that it leads to is none, or cannot be used: an address that "
		          "gets this far ends in permerror"
		    : out->reach.lookups > SPF_LOOKUPS_MAX
		        ? "too many look-ups: an address that gets as far as the eleventh ends in "
		          "permerror"
		        : "too many look-ups that find nothing: an address that gets as far as "
		          "the third ends in permerror";
	} else if (out->reach.failed != NULL) {
		out->result = SPF_TEMPERROR;
		out->problem = out->reach.failed;
	}
	return true;
}

const char *
spf_lint_result_name(enum spf_result result)
{
	return result == SPF_PASS ? "ok" : spf_result_name(result);
}
