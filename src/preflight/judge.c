/* The table of checks: what each comes to, by the facts of the message and what the DNS said. */
#include <stdio.h>
#include <string.h>

#include "auth/dkim_tags.h"
#include "base/arena.h"
#include "dns/name.h"
#include "mail/header.h"
#include "preflight/preflight.h"

enum { EXPIRES_SOON = 24 * 3600 }; /* seconds */

struct examination {
	const struct preflight_query *query;
	const struct message_facts *facts;
	const struct preflight *known;
	const struct sender *sender;
	struct arena *arena;
};

typedef void examine(const struct examination *x, struct finding *out);

/* ---- three values */

static void
settle(struct finding *out, enum finding_result result, const char *words)
{
	out->result = result;
	out->words = words;
}

static void
settle_truth(struct finding *out, enum truth truth, const char *fails, const char *unknown)
{
	if (truth == PRESENT)
		settle(out, FINDING_PASS, NULL);
	else if (truth == ABSENT)
		settle(out, FINDING_FAIL, fails);
	else
		settle(out, FINDING_UNKNOWN, unknown);
}

static enum truth
both(enum truth a, enum truth b)
{
	if (a == ABSENT || b == ABSENT)
		return ABSENT;
	return a == PRESENT && b == PRESENT ? PRESENT : UNKNOWN;
}

static enum truth
either(enum truth a, enum truth b)
{
	if (a == PRESENT || b == PRESENT)
		return PRESENT;
	return a == ABSENT && b == ABSENT ? ABSENT : UNKNOWN;
}

/* ---- SPF and DKIM */

static const char unsigned_words[] =
    "The message is not signed yet; what the server will add is not known.";

static const char *
ip_words(const struct examination *x)
{
	char ip[IP_TEXT];

	return arena_string(x->arena, ip_text(&x->query->ip, ip));
}

static enum truth
spf_truth(const struct examination *x)
{
	if (!x->sender->spf_known || x->sender->spf.result == SPF_TEMPERROR)
		return UNKNOWN;
	return x->sender->spf.result == SPF_PASS ? PRESENT : ABSENT;
}

static void
judge_spf(const struct examination *x, struct finding *out)
{
	const struct spf *spf = &x->sender->spf;
	const char *problem = spf->problem != NULL ? spf->problem : spf->matched;

	settle_truth(out, spf_truth(x),
	    arena_printf(x->arena, "SPF of %s from %s: %s%s%s.",
	        spf->domain != NULL ? spf->domain : "the envelope sender", ip_words(x),
	        spf_result_name(spf->result), problem != NULL ? ", " : "",
	        problem != NULL ? problem : ""),
	    arena_printf(x->arena, "SPF could not be looked up%s%s.",
	        spf->problem != NULL ? ": " : "", spf->problem != NULL ? spf->problem : ""));
}

/* Some refuse on that alone, whatever DKIM says. */
static void
judge_spf_forbids(const struct examination *x, struct finding *out)
{
	const struct spf *spf = &x->sender->spf;

	settle_truth(out,
	    !x->sender->spf_known || spf->result == SPF_TEMPERROR ? UNKNOWN
	    : spf->result == SPF_FAIL                             ? ABSENT
	                                                          : PRESENT,
	    arena_printf(x->arena, "The SPF record of %s says that %s may not send (-all).",
	        spf->domain != NULL ? spf->domain : "the envelope sender", ip_words(x)),
	    "SPF could not be looked up.");
}

static enum truth
dkim_truth(const struct examination *x)
{
	return sender_dkim(x->sender);
}

/* Why no signature, and no key that will sign, is good. */
static const char *
why_no_dkim(const struct examination *x)
{
	const struct sender *sender = x->sender;

	if (sender->dkim_known && sender->dkim.count > 0)
		return arena_printf(x->arena, "No DKIM signature is good; that of %s: %s.",
		    sender->dkim.signatures[0].signature.domain != NULL
		        ? sender->dkim.signatures[0].signature.domain
		        : "nobody",
		    sender->dkim.signatures[0].reason != NULL
		        ? sender->dkim.signatures[0].reason
		        : dkim_result_name(sender->dkim.signatures[0].result));
	for (size_t i = 0; i < sender->key_count; i++)
		return arena_printf(x->arena, "The key %s of %s cannot be used: %s.",
		    sender->keys[i].selector, sender->keys[i].domain,
		    sender->keys[i].matches == ABSENT
		        ? "what is published is another one"
		        : dkim_key_state_name(sender->keys[i].key.state));
	if (x->known->is_signed && sender->dkim.problem != NULL)
		return arena_printf(
		    x->arena, "No DKIM signature can be verified: %s.", sender->dkim.problem);
	return "There is no DKIM signature.";
}

static const char *
why_unknown_dkim(const struct examination *x)
{
	return x->known->is_signed || x->sender->key_count > 0
	           ? "The DKIM key could not be looked up."
	           : unsigned_words;
}

static void
judge_dkim(const struct examination *x, struct finding *out)
{
	settle_truth(out, dkim_truth(x), why_no_dkim(x), why_unknown_dkim(x));
}

static void
judge_either(const struct examination *x, struct finding *out)
{
	settle_truth(out, either(spf_truth(x), dkim_truth(x)), "Neither SPF nor DKIM passes.",
	    why_unknown_dkim(x));
}

static void
judge_both(const struct examination *x, struct finding *out)
{
	enum truth spf = spf_truth(x), dkim = dkim_truth(x);

	settle_truth(out, both(spf, dkim),
	    spf == ABSENT && dkim == ABSENT ? "Neither SPF nor DKIM passes."
	    : spf == ABSENT                 ? "SPF does not pass."
	                                    : "DKIM does not pass.",
	    dkim == UNKNOWN ? why_unknown_dkim(x) : "SPF could not be looked up.");
}

/* ---- DMARC */

/* By both standards: the tree walk, and the Public Suffix List. */
static enum truth
aligned_by_record(const struct dmarc *dmarc, bool dkim)
{
	enum truth now = dkim ? dmarc->now.dkim_aligned : dmarc->now.spf_aligned;
	enum truth old = dkim ? dmarc->old.dkim_aligned : dmarc->old.spf_aligned;

	return dmarc->old_known ? both(now, old) : now;
}

/* The same name is aligned whatever a record says; of another one in the same organization a record
 * may say that it is not. */
static enum truth
aligned_with(const struct examination *x, const char *domain, bool dkim)
{
	const struct dmarc *dmarc = &x->sender->dmarc;
	const char *author = x->facts->author;

	if (domain != NULL && name_equal(domain, author))
		return PRESENT;
	if (!x->sender->dmarc_known || dmarc->now.result == DMARC_TEMPERROR)
		return UNKNOWN;
	if (dmarc->now.record != NULL)
		return aligned_by_record(dmarc, dkim);
	return domain != NULL &&
	               name_equal(blocklist_registered(domain), blocklist_registered(author))
	           ? PRESENT
	           : ABSENT;
}

static enum truth
aligned_spf(const struct examination *x)
{
	const char *domain = x->sender->from_domain.name;

	return domain == NULL ? ABSENT : both(spf_truth(x), aligned_with(x, domain, false));
}

/* One signature, or key, is enough. */
static enum truth
aligned_dkim(const struct examination *x)
{
	const struct sender *sender = x->sender;
	enum truth truth = dkim_truth(x) == UNKNOWN ? UNKNOWN : ABSENT;

	for (size_t i = 0; sender->dkim_known && i < sender->dkim.count; i++) {
		const struct dkim_verdict *one = &sender->dkim.signatures[i];

		if (one->result == DKIM_PASS)
			truth = either(truth, aligned_with(x, one->signature.domain, true));
	}
	for (size_t i = 0; i < sender->key_count; i++)
		if (sender_key_passes(&sender->keys[i]))
			truth = either(truth, aligned_with(x, sender->keys[i].domain, true));
	return truth;
}

static const char *
alignment_words(const struct examination *x)
{
	const struct sender *sender = x->sender;
	const char *spf = sender->from_domain.name, *dkim = NULL;

	if (sender->dkim_known && sender->dkim.count > 0)
		dkim = sender->dkim.signatures[0].signature.domain;
	else if (sender->key_count > 0)
		dkim = sender->keys[0].domain;
	return arena_printf(x->arena, "The author's domain is %s; SPF speaks for %s, DKIM for %s.",
	    x->facts->author != NULL ? x->facts->author : "not to be told",
	    spf != NULL ? spf : "nobody", dkim != NULL ? dkim : "nobody");
}

/* Without an author there is nobody to speak for: hdr.from says what is wrong. */
static void
judge_align(const struct examination *x, struct finding *out)
{
	if (x->facts->author == NULL)
		return;
	settle_truth(out, either(aligned_spf(x), aligned_dkim(x)), alignment_words(x),
	    dkim_truth(x) == UNKNOWN ? why_unknown_dkim(x)
	                             : "What speaks for the author could not be looked up.");
}

static void
judge_align_dkim(const struct examination *x, struct finding *out)
{
	if (x->facts->author == NULL)
		return;
	settle_truth(out, aligned_dkim(x), alignment_words(x),
	    dkim_truth(x) == UNKNOWN ? why_unknown_dkim(x)
	                             : "What speaks for the author could not be looked up.");
}

static void
judge_dmarc(const struct examination *x, struct finding *out)
{
	const struct dmarc *dmarc = &x->sender->dmarc;
	enum truth truth;

	if (x->facts->author == NULL)
		return;
	truth = !x->sender->dmarc_known                ? UNKNOWN
	        : dmarc->now.result == DMARC_TEMPERROR ? UNKNOWN
	        : dmarc->records > 1                   ? ABSENT
	        : dmarc->now.record == NULL            ? ABSENT
	        : dmarc->now.published == DMARC_UNSET  ? ABSENT
	        : dmarc->now.result == DMARC_PERMERROR ? ABSENT
	                                               : PRESENT;
	settle_truth(out, truth,
	    dmarc->records > 1 ? arena_printf(x->arena, "%s has %zu DMARC records; one counts.",
	                             x->facts->author, dmarc->records)
	                       : arena_printf(x->arena, "%s has no DMARC record that counts%s%s.",
	                             x->facts->author, dmarc->now.problem != NULL ? ": " : "",
	                             dmarc->now.problem != NULL ? dmarc->now.problem : ""),
	    "The DMARC record could not be looked up.");
}

static void
judge_dmarc_rua(const struct examination *x, struct finding *out)
{
	const struct dmarc_view *now = &x->sender->dmarc.now;
	struct dmarc_record record;

	if (x->facts->author == NULL)
		return;
	if (!x->sender->dmarc_known || now->result == DMARC_TEMPERROR)
		settle(out, FINDING_UNKNOWN, "The DMARC record could not be looked up.");
	if (!x->sender->dmarc_known || now->record == NULL)
		return;
	dmarc_record_parse((struct dns_text){now->record, strlen(now->record)}, x->arena, &record);
	settle(out, record.rua_count > 0 ? FINDING_PASS : FINDING_FAIL,
	    record.rua_count > 0
	        ? NULL
	        : arena_printf(x->arena, "The DMARC record of %s names nobody for reports (rua=).",
	              now->at != NULL ? now->at : x->facts->author));
}

static enum truth
dmarc_passes(const struct examination *x)
{
	const struct dmarc *dmarc = &x->sender->dmarc;

	if (!x->sender->dmarc_known || dmarc->now.result == DMARC_TEMPERROR)
		return UNKNOWN;
	if (dmarc->now.record == NULL)
		return ABSENT;
	return either(aligned_spf(x), aligned_dkim(x));
}

static void
judge_dmarc_pass(const struct examination *x, struct finding *out)
{
	if (x->facts->author == NULL)
		return;
	settle_truth(out, dmarc_passes(x),
	    x->sender->dmarc.now.record == NULL
	        ? "DMARC does not pass: there is no record."
	        : arena_printf(x->arena, "DMARC does not pass: %s", alignment_words(x)),
	    dkim_truth(x) == UNKNOWN ? why_unknown_dkim(x) : "DMARC could not be looked up.");
}

static void
judge_dmarc_reject(const struct examination *x, struct finding *out)
{
	const struct dmarc_view *now = &x->sender->dmarc.now;
	enum truth passes = dmarc_passes(x);
	bool strict = x->sender->dmarc_known && now->record != NULL && now->policy == DMARC_REJECT;

	if (x->facts->author == NULL)
		return;
	if (passes == PRESENT ||
	    (x->sender->dmarc_known && !strict && now->result != DMARC_TEMPERROR))
		settle(out, FINDING_PASS, NULL);
	else if (passes == ABSENT && strict)
		settle(out, FINDING_FAIL,
		    arena_printf(x->arena,
		        "DMARC does not pass, and %s asks receivers to reject such mail.",
		        now->at != NULL ? now->at : x->facts->author));
	else
		settle(out, FINDING_UNKNOWN, why_unknown_dkim(x));
}

/* ---- signatures */

/* The signature, or the key of one to come, for which `wrong` has words. */
typedef const char *wrong_signature(const struct examination *x, const struct dkim_verdict *one);

static void
judge_signatures(const struct examination *x, struct finding *out, wrong_signature *wrong)
{
	const struct dkim *dkim = &x->sender->dkim;
	enum finding_result result = FINDING_NONE;

	if (!x->known->is_signed)
		return;
	if (!x->sender->dkim_known) {
		settle(out, FINDING_UNKNOWN, "The DKIM key could not be looked up.");
		return;
	}
	for (size_t i = 0; i < dkim->count; i++) {
		const struct dkim_verdict *one = &dkim->signatures[i];
		const char *words = wrong(x, one);

		if (words != NULL) {
			settle(out, FINDING_FAIL, words);
			return;
		}
		result = one->key.name != NULL && one->key.state == DKIM_KEY_UNKNOWN
		             ? FINDING_UNKNOWN
		         : result == FINDING_NONE ? FINDING_PASS
		                                  : result;
	}
	settle(
	    out, result, result == FINDING_UNKNOWN ? "The DKIM key could not be looked up." : NULL);
}

static const char *
is_weak(const struct examination *x, const struct dkim_verdict *one)
{
	const char *algorithm = one->signature.algorithm;

	if (algorithm != NULL && slice_is(slice_of(algorithm), "rsa-sha1"))
		return "A signature is made with SHA-1, which no receiver takes any more (RFC "
		       "8301).";
	if (one->key.typed && one->key.weak)
		return arena_printf(x->arena, "The key %s has %u bits; less than 1024 is refused.",
		    one->key.name, one->key.bits);
	return NULL;
}

static const char *
is_short(const struct examination *x, const struct dkim_verdict *one)
{
	if (one->key.typed && one->key.type == DKIM_RSA && one->key.bits < DKIM_RSA_GOOD)
		return arena_printf(
		    x->arena, "The key %s has %u bits.", one->key.name, one->key.bits);
	return NULL;
}

static const char *
has_length(const struct examination *x, const struct dkim_verdict *one)
{
	if (one->signature.limit == NULL)
		return NULL;
	return arena_printf(x->arena,
	    "A signature covers the first %llu octets of the body alone (l=).",
	    *one->signature.limit);
}

static const char *
is_testing(const struct examination *x, const struct dkim_verdict *one)
{
	return one->key.state == DKIM_KEY_TESTING
	           ? arena_printf(x->arena, "The key %s is said to be a test (t=y).", one->key.name)
	           : NULL;
}

static const char *
expires(const struct examination *x, const struct dkim_verdict *one)
{
	const unsigned long long *end = one->signature.expires;

	if (end == NULL || *end > (unsigned long long)(x->query->now + EXPIRES_SOON))
		return NULL;
	return *end <= (unsigned long long)x->query->now
	           ? "A signature is out of date (x=)."
	           : "A signature is good for less than a day (x=): mail that waits in a queue "
	             "will fail.";
}

static bool
covers(const struct dkim_verdict *one, const char *name)
{
	for (size_t i = 0; i < one->signature.name_count; i++)
		if (slice_is(slice_of(one->signature.names[i]), name))
			return true;
	return false;
}

/* RFC 6376 section 5.4.1, and what receivers show. */
static const char *
leaves_out(const struct examination *x, const struct dkim_verdict *one)
{
	static const char *const names[] = {"Date", "Subject", "To", "Reply-To"};

	if (one->result != DKIM_PASS)
		return NULL;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (facts_field(x->facts, names[i]) != NULL && !covers(one, names[i]))
			return arena_printf(x->arena, "The signature of %s does not cover %s.",
			    one->signature.domain, names[i]);
	return NULL;
}

/* A key that will sign is judged like one that has signed. */
static void
judge_keys(const struct examination *x, struct finding *out, wrong_signature *wrong)
{
	judge_signatures(x, out, wrong);
	for (size_t i = 0; i < x->sender->key_count && out->result != FINDING_FAIL; i++) {
		const struct dkim_verdict one = {.key = x->sender->keys[i].key};

		if (!x->sender->keys[i].known || !one.key.typed)
			continue;
		out->words = wrong(x, &one);
		out->result = out->words != NULL ? FINDING_FAIL : FINDING_PASS;
	}
}

static void
judge_keysize(const struct examination *x, struct finding *out)
{
	judge_keys(x, out, is_weak);
}

static void
judge_keysize_short(const struct examination *x, struct finding *out)
{
	judge_keys(x, out, is_short);
}

static void
judge_length(const struct examination *x, struct finding *out)
{
	judge_signatures(x, out, has_length);
}

static void
judge_testing(const struct examination *x, struct finding *out)
{
	judge_keys(x, out, is_testing);
}

static void
judge_expires(const struct examination *x, struct finding *out)
{
	judge_signatures(x, out, expires);
}

static void
judge_signed_fields(const struct examination *x, struct finding *out)
{
	judge_signatures(x, out, leaves_out);
}

/* RFC 8058 section 4: both fields have to be signed. */
static void
judge_unsubscribe_signed(const struct examination *x, struct finding *out)
{
	const struct dkim *dkim = &x->sender->dkim;

	if (!x->facts->has_unsubscribe || !x->facts->has_unsubscribe_post)
		return;
	if (!x->known->is_signed || !x->sender->dkim_known || dkim->result == DKIM_TEMPERROR) {
		settle(out, FINDING_UNKNOWN, why_unknown_dkim(x));
		return;
	}
	for (size_t i = 0; i < dkim->count; i++)
		if (dkim->signatures[i].result == DKIM_PASS &&
		    covers(&dkim->signatures[i], "List-Unsubscribe") &&
		    covers(&dkim->signatures[i], "List-Unsubscribe-Post")) {
			settle(out, FINDING_PASS, NULL);
			return;
		}
	settle(out, FINDING_FAIL,
	    "No signature that is good covers both List-Unsubscribe and "
	    "List-Unsubscribe-Post.");
}

/* ---- ARC */

static void
judge_arc(const struct examination *x, struct finding *out)
{
	const struct arc *arc = &x->known->arc;
	static const enum finding_result results[] = {[ARC_NONE] = FINDING_NONE,
	    [ARC_PASS] = FINDING_PASS,
	    [ARC_FAIL] = FINDING_FAIL,
	    [ARC_UNKNOWN] = FINDING_UNKNOWN};

	settle(out, results[arc->state],
	    arc->state == ARC_PASS
	        ? arena_printf(x->arena, "The ARC chain is good: %u set%s, the last by %s.",
	              arc->sets, arc->sets == 1 ? "" : "s", arc->signer)
	        : arc->reason);
	out->line = arc->line;
}

/* ---- the address */

static void
judge_ptr(const struct examination *x, struct finding *out)
{
	const struct ptr *ptr = &x->sender->ptr;

	if (ptr->found == ABSENT)
		settle(
		    out, FINDING_FAIL, arena_printf(x->arena, "%s has no PTR name.", ip_words(x)));
	else
		settle_truth(out, ptr->found == PRESENT ? ptr->confirmed : UNKNOWN,
		    arena_printf(x->arena, "No PTR name of %s leads back to it.", ip_words(x)),
		    arena_printf(x->arena, "The PTR of %s could not be looked up.", ip_words(x)));
}

static void
judge_generic(const struct examination *x, struct finding *out)
{
	const struct ptr *ptr = &x->sender->ptr;

	if (ptr->found != PRESENT) {
		if (ptr->found == UNKNOWN)
			settle(out, FINDING_UNKNOWN,
			    arena_printf(
			        x->arena, "The PTR of %s could not be looked up.", ip_words(x)));
		return;
	}
	settle(out, FINDING_PASS, NULL);
	for (size_t i = 0; i < ptr->count; i++)
		if (ptr->names[i].generic &&
		    (ptr->confirmed_name == NULL ||
		        name_equal(ptr->names[i].name, ptr->confirmed_name)))
			settle(out, FINDING_FAIL,
			    arena_printf(x->arena,
			        "The PTR name of %s looks made by a machine: %s.", ip_words(x),
			        ptr->names[i].name));
}

static void
judge_helo(const struct examination *x, struct finding *out)
{
	const struct sender_helo *helo = &x->sender->helo_facts;

	if (helo->literal || !helo->valid)
		settle(out, FINDING_FAIL,
		    arena_printf(
		        x->arena, "The EHLO name %s is no full host name.", x->query->helo));
	else
		settle_truth(out, helo->resolves == PRESENT ? helo->leads_back : helo->resolves,
		    arena_printf(x->arena, "The EHLO name %s does not lead to %s.", x->query->helo,
		        ip_words(x)),
		    arena_printf(
		        x->arena, "The EHLO name %s could not be looked up.", x->query->helo));
}

/* The first that is listed on lists of that weight (A: large receivers refuse on it, B: many
 * smaller ones do); else the first of them that did not say. */
static void
judge_listings(const struct examination *x, const struct listing *listings, size_t count,
    bool (*counts)(const struct listing *listing), char weight, struct finding *out)
{
	const struct listing *silent = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct listing *one = &listings[i];

		if (!counts(one) || one->list->kind != LIST_BLACK || one->list->weight != weight)
			continue;
		if (one->state == LIST_LISTED) {
			out->count += out->result == FINDING_FAIL ? 1 + (out->count == 0) : 0;
			if (out->result != FINDING_FAIL)
				settle(out, FINDING_FAIL,
				    arena_printf(x->arena, "%s (%s) is on %s: %s.", one->item,
				        one->identity, one->list->name,
				        one->meaning != NULL ? one->meaning : "listed"));
		} else if (one->state == LIST_CLEAN) {
			if (out->result == FINDING_NONE)
				out->result = FINDING_PASS;
		} else if (silent == NULL) {
			silent = one;
		}
	}
	if (silent != NULL && out->result != FINDING_FAIL)
		settle(out, FINDING_UNKNOWN,
		    arena_printf(x->arena, "%s %s.", silent->list->name,
		        silent->meaning != NULL ? silent->meaning : "did not answer"));
}

static bool
is_about_ip(const struct listing *listing)
{
	return strcmp(listing->identity, "ip") == 0;
}

static bool
is_about_name(const struct listing *listing)
{
	return strcmp(listing->identity, "from") == 0 ||
	       strcmp(listing->identity, "mail-from") == 0 ||
	       strcmp(listing->identity, "dkim") == 0;
}

static bool
is_about_any(const struct listing *listing)
{
	(void)listing;
	return true;
}

static char
weight_of(enum check_id id)
{
	return id == CHECK_IP_LISTS || id == CHECK_DOM_LISTS || id == CHECK_URL_LISTS ? 'A' : 'B';
}

static void
judge_ip_lists(const struct examination *x, struct finding *out)
{
	judge_listings(
	    x, x->sender->listings, x->sender->listing_count, is_about_ip, weight_of(out->id), out);
}

static void
judge_names(const struct examination *x, struct finding *out)
{
	struct finding other = {.id = out->id};
	char weight = weight_of(out->id);

	judge_listings(
	    x, x->sender->listings, x->sender->listing_count, is_about_name, weight, out);
	judge_listings(x, x->known->names, x->known->name_count, is_about_any, weight, &other);
	if (out->result != FINDING_FAIL &&
	    (other.result == FINDING_FAIL || other.result == FINDING_UNKNOWN))
		*out = other;
}

static bool
is_of_new_names(const struct listing *listing)
{
	return strstr(listing->list->zone, "zrd.") != NULL ||
	       strstr(listing->list->zone, "fresh") != NULL;
}

static void
judge_new(const struct examination *x, struct finding *out)
{
	for (size_t i = 0; i < x->sender->listing_count; i++) {
		const struct listing *one = &x->sender->listings[i];

		if (!is_of_new_names(one) || !is_about_name(one))
			continue;
		if (one->state == LIST_LISTED)
			settle(out, FINDING_FAIL,
			    arena_printf(x->arena,
			        "%s was seen for the first time not long ago (%s).", one->item,
			        one->list->name));
		else if (out->result != FINDING_FAIL)
			settle(out, one->state == LIST_CLEAN ? FINDING_PASS : FINDING_UNKNOWN,
			    one->state == LIST_CLEAN ? NULL
			                             : "The list of new domains did not answer.");
	}
}

static void
judge_links(const struct examination *x, struct finding *out)
{
	judge_listings(
	    x, x->known->links, x->known->link_count, is_about_any, weight_of(out->id), out);
	for (size_t i = 0; i < x->known->host_count && out->result == FINDING_FAIL; i++) {
		const struct checked_host *host = &x->known->hosts[i];

		if (strncmp(out->words, host->name, strlen(host->name)) == 0 ||
		    strncmp(out->words, host->registered, strlen(host->registered)) == 0) {
			out->line = host->link->line;
			break;
		}
	}
}

/* ---- domains */

static enum truth
domain_receives(const struct sender_domain *domain)
{
	if (domain->name == NULL)
		return PRESENT;
	if (!domain->known || domain->route.kind == ROUTE_DNS_ERROR)
		return UNKNOWN;
	return domain->route.kind == ROUTE_MX || domain->route.kind == ROUTE_IMPLICIT ? PRESENT
	                                                                              : ABSENT;
}

static void
judge_soa(const struct examination *x, struct finding *out)
{
	const struct sender_domain *domains[] = {
	    &x->sender->from_domain, &x->sender->author_domain};

	for (size_t i = 0; i < 2; i++) {
		if (domains[i]->name == NULL || out->result == FINDING_FAIL)
			continue;
		if (domains[i]->soa == PRESENT && out->result == FINDING_NONE)
			out->result = FINDING_PASS;
		else if (domains[i]->soa == ABSENT)
			settle(out, FINDING_FAIL,
			    arena_printf(x->arena, "There is no SOA record at or above %s.",
			        domains[i]->name));
		else if (domains[i]->soa == UNKNOWN)
			settle(out, FINDING_UNKNOWN,
			    arena_printf(x->arena, "The SOA record of %s could not be looked up.",
			        domains[i]->name));
	}
}

static void
judge_receives(const struct examination *x, struct finding *out)
{
	const struct sender_domain *domains[] = {
	    &x->sender->from_domain, &x->sender->author_domain, &x->known->reply};

	for (size_t i = 0; i < 3; i++) {
		enum truth truth = domain_receives(domains[i]);

		if (domains[i]->name == NULL || out->result == FINDING_FAIL)
			continue;
		if (truth == ABSENT && i == 2 && x->known->reply_org_receives)
			truth = PRESENT; /* as some receivers have it */
		if (truth == ABSENT)
			settle(out, FINDING_FAIL,
			    arena_printf(x->arena, "%s takes no mail (%s).", domains[i]->name,
			        route_kind_name(domains[i]->route.kind)));
		else if (truth == UNKNOWN)
			settle(out, FINDING_UNKNOWN,
			    arena_printf(x->arena, "Whether %s takes mail could not be looked up.",
			        domains[i]->name));
		else if (out->result == FINDING_NONE)
			out->result = FINDING_PASS;
	}
}

static bool
is_https(const char *url)
{
	return url != NULL && slice_begins(slice_of(url), "https://");
}

static const char *
fault_of_bimi(const struct examination *x, const struct dkim_tags *tags)
{
	const struct dmarc_view *now = &x->sender->dmarc.now;
	const char *logo = dkim_tags_value(tags, "l");

	if (logo == NULL || *logo == '\0')
		return "it names no logo (l=)";
	if (!is_https(logo))
		return "its logo is not at an https address";
	if (!is_https(dkim_tags_value(tags, "a")))
		return "it names no certificate (a=), without which Gmail and Apple show nothing";
	if (!x->sender->dmarc_known)
		return NULL;
	if (now->policy != DMARC_REJECT && now->policy != DMARC_QUARANTINE)
		return "the DMARC policy is not quarantine or reject";
	return now->testing || now->pct < 100 ? "the DMARC policy is a test (t=y, pct)" : NULL;
}

/* "l=" and "a=" without values: the domain wants no logo. */
static bool
declines_bimi(const struct dkim_tags *tags)
{
	const char *logo = dkim_tags_value(tags, "l"), *mark = dkim_tags_value(tags, "a");

	return logo != NULL && *logo == '\0' && (mark == NULL || *mark == '\0');
}

static void
judge_bimi(const struct examination *x, struct finding *out)
{
	struct dkim_tags tags;
	const char *why;

	if (x->known->bimi_found == UNKNOWN && x->facts->author != NULL)
		settle(out, FINDING_UNKNOWN, "The BIMI record could not be looked up.");
	if (x->known->bimi_found != PRESENT)
		return;
	if (dkim_tags_parse(x->known->bimi, strlen(x->known->bimi), x->arena, &tags, &why)) {
		if (declines_bimi(&tags))
			return;
		why = fault_of_bimi(x, &tags);
	}
	settle(out, why != NULL ? FINDING_FAIL : FINDING_PASS,
	    why != NULL
	        ? arena_printf(x->arena, "The BIMI record at %s: %s.", x->known->bimi_at, why)
	        : NULL);
}

static void
judge_freemail(const struct examination *x, struct finding *out)
{
	const char *author = x->facts->author;

	if (author == NULL)
		return;
	if (!requirements_has(x->facts->requirements, WORDS_FREEMAIL, author, strlen(author)))
		settle(out, FINDING_PASS, NULL);
	else
		settle_truth(out, dmarc_passes(x),
		    arena_printf(x->arena,
		        "The author's address is of %s, and nothing shows that "
		        "the mail comes from there.",
		        author),
		    why_unknown_dkim(x));
}

/* ---- links */

static void
judge_dead(const struct examination *x, struct finding *out)
{
	for (size_t i = 0; i < x->known->host_count; i++) {
		const struct checked_host *host = &x->known->hosts[i];

		if (host->resolves == ABSENT) {
			settle(out, FINDING_FAIL,
			    arena_printf(
			        x->arena, "The host of a link has no address: %s.", host->name));
			out->line = host->link->line;
			return;
		}
		if (host->resolves == UNKNOWN)
			settle(out, FINDING_UNKNOWN,
			    arena_printf(x->arena, "The host of a link could not be looked up: %s.",
			        host->name));
		else if (out->result == FINDING_NONE)
			out->result = FINDING_PASS;
	}
}

static void
judge_live_kind(const struct examination *x, bool unsubscribe, struct finding *out)
{
	for (size_t i = 0; i < x->known->live_count; i++) {
		const struct live_answer *one = &x->known->live[i];

		if (one->unsubscribe != unsubscribe || out->result == FINDING_FAIL)
			continue;
		if (one->bad)
			settle(out, FINDING_FAIL,
			    arena_printf(x->arena, "%.120s: %s.", one->url, one->words));
		else if (!one->good)
			settle(out, FINDING_UNKNOWN,
			    arena_printf(x->arena, "%.120s: %s.", one->url, one->words));
		else if (out->result == FINDING_NONE)
			out->result = FINDING_PASS;
		if (!one->good)
			out->line = one->line;
	}
}

static void
judge_live(const struct examination *x, struct finding *out)
{
	judge_live_kind(x, false, out);
}

static void
judge_unsubscribe_live(const struct examination *x, struct finding *out)
{
	judge_live_kind(x, true, out);
}

/* ---- what the reading found */

static void
judge_fault(const struct examination *x, struct finding *out)
{
	const struct finding *fault = &x->facts->faults[out->id];

	if (fault->result == FINDING_FAIL)
		*out = *fault;
	else
		out->result = FINDING_PASS;
}

/* Where there is HTML that was not read, what was not found in it is not known. */
static void
judge_html(const struct examination *x, struct finding *out)
{
	if (!x->facts->html.any && x->facts->faults[out->id].result == FINDING_NONE)
		return;
	judge_fault(x, out);
	if (out->result == FINDING_PASS && x->facts->html.unread)
		settle(out, FINDING_UNKNOWN, "The HTML could not be read to its end.");
}

static void
judge_shown(const struct examination *x, struct finding *out)
{
	judge_fault(x, out);
	if (out->result == FINDING_PASS && x->facts->html.unread)
		settle(out, FINDING_UNKNOWN, "The HTML could not be read to its end.");
}

/* A field that is worth something where it is signed. */
static void
judge_signed_field(const struct examination *x, const char *name, struct finding *out)
{
	const struct mail_field *field = facts_field(x->facts, name);
	const struct dkim *dkim = &x->sender->dkim;
	bool signed_by_some = false;

	if (field == NULL)
		return;
	judge_fault(x, out);
	if (out->result == FINDING_FAIL || !x->known->is_signed || !x->sender->dkim_known ||
	    dkim->result != DKIM_PASS)
		return;
	for (size_t i = 0; i < dkim->count; i++)
		signed_by_some |=
		    dkim->signatures[i].result == DKIM_PASS && covers(&dkim->signatures[i], name);
	if (signed_by_some)
		return;
	settle(out, FINDING_FAIL,
	    arena_printf(x->arena, "No signature that is good covers %s.", name));
	out->line = field->line;
}

static void
judge_feedback(const struct examination *x, struct finding *out)
{
	judge_signed_field(x, "Feedback-ID", out);
}

static void
judge_csa(const struct examination *x, struct finding *out)
{
	judge_signed_field(x, "X-CSA-Complaints", out);
}

static void
judge_reply_to(const struct examination *x, struct finding *out)
{
	if (facts_field(x->facts, "Reply-To") != NULL)
		judge_fault(x, out);
}

static void
judge_opaque(const struct examination *x, struct finding *out)
{
	if (x->facts->has_unsubscribe)
		judge_fault(x, out);
}

static void
judge_attachment(const struct examination *x, struct finding *out)
{
	bool any = false;

	for (size_t i = 0; i < x->facts->part_count; i++)
		any |= x->facts->parts[i].attachment || x->facts->parts[i].name != NULL;
	if (any || x->facts->faults[out->id].result == FINDING_FAIL)
		judge_fault(x, out);
}

/* From a file it cannot be seen how the mail will travel. */
static void
judge_nothing(const struct examination *x, struct finding *out)
{
	(void)x;
	(void)out;
}

/* Those that are not named here are faults of the message, found when it was read. */
static examine *const table[CHECK_COUNT] = {
    [CHECK_AUTH_SPF] = judge_spf,
    [CHECK_AUTH_SPF_FORBIDS] = judge_spf_forbids,
    [CHECK_AUTH_DKIM] = judge_dkim,
    [CHECK_AUTH_EITHER] = judge_either,
    [CHECK_AUTH_BOTH] = judge_both,
    [CHECK_AUTH_ALIGN] = judge_align,
    [CHECK_AUTH_ALIGN_DKIM] = judge_align_dkim,
    [CHECK_AUTH_DMARC] = judge_dmarc,
    [CHECK_AUTH_DMARC_RUA] = judge_dmarc_rua,
    [CHECK_AUTH_DMARC_PASS] = judge_dmarc_pass,
    [CHECK_AUTH_DMARC_REJECT] = judge_dmarc_reject,
    [CHECK_AUTH_KEYSIZE] = judge_keysize,
    [CHECK_AUTH_KEYSIZE_SHORT] = judge_keysize_short,
    [CHECK_AUTH_LENGTH] = judge_length,
    [CHECK_AUTH_TESTING] = judge_testing,
    [CHECK_AUTH_EXPIRES] = judge_expires,
    [CHECK_AUTH_SIGNED_FIELDS] = judge_signed_fields,
    [CHECK_AUTH_ARC] = judge_arc,
    [CHECK_IP_PTR] = judge_ptr,
    [CHECK_IP_PTR_GENERIC] = judge_generic,
    [CHECK_IP_HELO] = judge_helo,
    [CHECK_IP_LISTS] = judge_ip_lists,
    [CHECK_IP_LISTS_MINOR] = judge_ip_lists,
    [CHECK_DOM_SOA] = judge_soa,
    [CHECK_DOM_RECEIVES] = judge_receives,
    [CHECK_DOM_LISTS] = judge_names,
    [CHECK_DOM_LISTS_MINOR] = judge_names,
    [CHECK_DOM_NEW] = judge_new,
    [CHECK_BIMI] = judge_bimi,
    [CHECK_HDR_FROM_FREEMAIL] = judge_freemail,
    [CHECK_HDR_REPLY_TO] = judge_reply_to,
    [CHECK_HDR_LISTUNSUB_SIGNED] = judge_unsubscribe_signed,
    [CHECK_HDR_LISTUNSUB_OPAQUE] = judge_opaque,
    [CHECK_HDR_LISTUNSUB_LIVE] = judge_unsubscribe_live,
    [CHECK_HDR_FEEDBACK] = judge_feedback,
    [CHECK_HDR_CSA] = judge_csa,
    [CHECK_MIME_ALT] = judge_html,
    [CHECK_MIME_ALT_DIFFERS] = judge_html,
    [CHECK_MIME_CLIP] = judge_html,
    [CHECK_ATT_TYPE] = judge_attachment,
    [CHECK_ATT_TYPE_OUTLOOK] = judge_attachment,
    [CHECK_ATT_MACRO] = judge_attachment,
    [CHECK_ATT_ENCRYPTED] = judge_attachment,
    [CHECK_ATT_ENCRYPTED_ARCHIVE] = judge_attachment,
    [CHECK_ATT_ARCHIVE] = judge_attachment,
    [CHECK_ATT_NAME] = judge_attachment,
    [CHECK_URL_LISTS] = judge_links,
    [CHECK_URL_LISTS_MINOR] = judge_links,
    [CHECK_URL_FORM_IP] = judge_shown,
    [CHECK_URL_FORM_USER] = judge_shown,
    [CHECK_URL_FORM_SCRIPT] = judge_shown,
    [CHECK_URL_FORM_HOST] = judge_shown,
    [CHECK_URL_FORM_TEXT] = judge_shown,
    [CHECK_URL_FORM_SHORT] = judge_shown,
    [CHECK_URL_FORM_HTTP] = judge_shown,
    [CHECK_URL_FORM_DEAD] = judge_dead,
    [CHECK_URL_LIVE] = judge_live,
    [CHECK_URL_PLACEHOLDER] = judge_shown,
    [CHECK_HTML_ACTIVE] = judge_html,
    [CHECK_HTML_REDIRECT] = judge_html,
    [CHECK_HTML_STYLE] = judge_html,
    [CHECK_HTML_HIDDEN] = judge_html,
    [CHECK_HTML_IMAGES] = judge_html,
    [CHECK_HTML_UNREAD] = judge_html,
    [CHECK_BODY_EMPTY] = judge_shown,
    [CHECK_BODY_UNSUB] = judge_shown,
    [CHECK_BODY_IMPRINT] = judge_shown,
    [CHECK_TLS] = judge_nothing,
};

struct finding *
preflight_judge(
    const struct preflight_query *query, const struct preflight *known, struct arena *arena)
{
	const struct examination x = {.query = query,
	    .facts = query->facts,
	    .known = known,
	    .sender = &known->sender,
	    .arena = arena};
	struct finding *findings = arena_alloc(arena, CHECK_COUNT * sizeof *findings);

	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		findings[i].id = (enum check_id)i;
		if (table[i] != NULL)
			table[i](&x, &findings[i]);
		else
			judge_fault(&x, &findings[i]);
	}
	return findings;
}
