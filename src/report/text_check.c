#include "report/text_check.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "report/ndjson_check.h"

enum { LINE_MAX = 4096 };

static void
say_notes(struct buf *out, const struct text_style *style, const struct notes *notes)
{
	for (size_t i = 0; i < notes->count; i++)
		text_field(out, style, "warning", notes->items[i].words);
}

/* ---- SPF */

static enum text_colour
spf_tone(enum spf_result result)
{
	return result == SPF_PASS                              ? TEXT_GREEN
	       : result == SPF_FAIL || result == SPF_PERMERROR ? TEXT_RED
	                                                       : TEXT_YELLOW;
}

/* What a result means for mail, where its name does not say it. */
static const char *
spf_meaning(enum spf_result result)
{
	switch (result) {
	case SPF_NONE:
		return "the domain says nothing about who may send for it";
	case SPF_NEUTRAL:
		return "the domain does not say whether this address may send for it; many "
		       "receivers count that as no SPF";
	case SPF_PASS:
		return "the domain says that this address may send for it";
	case SPF_FAIL:
		return "the domain says that this address may not send for it; receivers may "
		       "refuse the mail";
	case SPF_SOFTFAIL:
		return "the domain says that this address probably may not send for it; receivers "
		       "count it against the mail";
	case SPF_TEMPERROR:
		return "the DNS did not answer: the result is not known; receivers may defer the "
		       "mail";
	case SPF_PERMERROR:
		return "the record cannot be used as it is; receivers may refuse the mail";
	}
	return NULL;
}

static void
say_spf(struct buf *out, const struct text_style *style, const struct spf *spf)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	text_field(out, style, "meaning", spf_meaning(spf->result));
	text_field(out, style, "problem", spf->problem);
	for (size_t i = 0; i < spf->trail_count; i++) {
		buf_clear(&line);
		buf_printf(
		    &line, "%s, in the record of %s", spf->trail[i].term, spf->trail[i].domain);
		text_field(out, style, i == 0 ? "decided" : "", line.data);
	}
	text_field(out, style, "explained", spf->explanation);
	text_field(out, style, "record", spf->record);
	if (spf->record != NULL) {
		buf_clear(&line);
		buf_printf(&line, "%u of %d, %u of them void (%d are allowed)", spf->lookups,
		    SPF_LOOKUPS_MAX, spf->voids, SPF_VOIDS_MAX);
		text_field(out, style, "look-ups", line.data);
	}
	say_notes(out, style, &spf->warnings);
	buf_release(&line);
}

void
text_check_spf(struct buf *out, const struct text_style *style, const struct spf_query *query,
    const struct spf *spf, const struct spf *helo)
{
	char ip[IP_TEXT];
	struct buf head;

	buf_init(&head, LINE_MAX);
	buf_printf(&head, "SPF of %s for %s", spf->domain, ip_text(&query->ip, ip));
	text_head(out, style, head.data, spf_tone(spf->result), spf_result_name(spf->result),
	    spf->warnings.count);
	say_spf(out, style, spf);
	if (helo != NULL) {
		buf_clear(&head);
		buf_printf(&head, "SPF of the HELO name %s for %s", helo->domain, ip);
		text_head(out, style, head.data, spf_tone(helo->result),
		    spf_result_name(helo->result), 0);
		if (style->verbose)
			say_spf(out, style, helo);
		else
			text_field(out, style, "problem", helo->problem);
	}
	buf_release(&head);
}

static enum text_colour
lint_tone(const struct spf_lint *lint)
{
	if (lint->result == SPF_PERMERROR)
		return TEXT_RED;
	return lint->result == SPF_PASS && lint->warnings.count == 0 ? TEXT_GREEN : TEXT_YELLOW;
}

void
text_check_spf_record(struct buf *out, const struct text_style *style, const struct spf_lint *lint)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "SPF record of %s", lint->domain);
	text_head(out, style, line.data, lint_tone(lint),
	    lint->result == SPF_PASS && lint->warnings.count > 0
	        ? "valid"
	        : spf_lint_result_name(lint->result),
	    lint->warnings.count);
	text_field(out, style, "problem", lint->problem);
	buf_clear(&line);
	buf_add(&line, lint->found.text.at, lint->found.text.len);
	text_field(out, style, "record", line.data);
	if (lint->found.record != NULL) {
		buf_clear(&line);
		buf_printf(&line, "up to %u of %d, %u of them void (%d are allowed)",
		    lint->reach.lookups, SPF_LOOKUPS_MAX, lint->reach.voids, SPF_VOIDS_MAX);
		if (lint->reach.hidden > 0)
			buf_printf(&line, "; what %u of them ask for depends on the mail",
			    lint->reach.hidden);
		text_field(out, style, "look-ups", line.data);
		buf_clear(&line);
		buf_printf(&line, "%llu IPv4 address%s", lint->reach.addresses4,
		    lint->reach.addresses4 == 1 ? "" : "es");
		text_field(out, style, "pass", line.data);
	}
	say_notes(out, style, &lint->warnings);
	buf_release(&line);
}

/* ---- DKIM */

static enum text_colour
dkim_tone(enum dkim_result result)
{
	return result == DKIM_PASS ? TEXT_GREEN
	       : result == DKIM_FAIL || result == DKIM_PERMERROR || result == DKIM_POLICY
	           ? TEXT_RED
	           : TEXT_YELLOW;
}

static void
say_dkim_key(struct buf *out, const struct text_style *style, const struct dkim_key *key)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	if (key->typed) {
		buf_printf(
		    &line, "%s, %u bits, at %s", dkim_type_name(key->type), key->bits, key->name);
		text_field(out, style, "key", line.data);
	}
	if (key->state == DKIM_KEY_TESTING)
		text_field(out, style, "testing",
		    "t=y: the domain tries DKIM out; a failure counts as no signature, and some "
		    "receivers give a pass no credit");
	if (key->strict)
		text_field(out, style, "strict", "t=s: i= has to be the domain itself");
	text_field(out, style, "note", key->note);
	say_notes(out, style, &key->warnings);
	buf_release(&line);
}

static void
say_signature(struct buf *out, const struct text_style *style, const struct dkim_verdict *verdict)
{
	const struct dkim_signature *signature = &verdict->signature;
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "%s", dkim_result_name(verdict->result));
	if (signature->domain != NULL)
		buf_printf(&line, ", d=%.255s", signature->domain);
	if (signature->selector != NULL)
		buf_printf(&line, " s=%.255s", signature->selector);
	if (signature->algorithm != NULL)
		buf_printf(&line, " a=%.40s", signature->algorithm);
	text_field(out, style, "signature", line.data);
	text_field(out, style, "reason", verdict->reason);
	say_dkim_key(out, style, &verdict->key);
	say_notes(out, style, &verdict->warnings);
	if (style->verbose)
		text_field(out, style, "record", verdict->key.record);
	buf_release(&line);
}

/* `source` is what the user holds for the client's address; another one says that something stands
 * between. */
static void
say_seen(struct buf *out, const struct text_style *style, const struct received *seen,
    const struct ip *source)
{
	char client[IP_TEXT], ours[IP_TEXT];
	struct buf line;

	if (seen == NULL)
		return;
	buf_init(&line, LINE_MAX);
	buf_printf(&line, "from %s, as %s saw it", ip_text(&seen->client, client),
	    seen->by != NULL ? seen->by : "a server");
	if (seen->helo != NULL)
		buf_printf(&line, "; HELO %s", seen->helo);
	if (seen->ptr != NULL)
		buf_printf(&line, "; its name %s", seen->ptr);
	if (source->family != 0 && !ip_equal(source, &seen->client))
		buf_printf(&line,
		    "; not from %s: by another way, or NAT, a proxy or a relay stands between",
		    ip_text(source, ours));
	text_field(out, style, "came", line.data);
	buf_release(&line);
}

void
text_check_dkim(struct buf *out, const struct text_style *style, const char *file,
    const struct dkim *dkim, const struct received *seen, const struct ip *source)
{
	size_t notes = 0;
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "DKIM of %.2000s", strcmp(file, "-") == 0 ? "standard input" : file);
	for (size_t i = 0; i < dkim->count; i++)
		notes +=
		    dkim->signatures[i].warnings.count + dkim->signatures[i].key.warnings.count;
	text_head(
	    out, style, line.data, dkim_tone(dkim->result), dkim_result_name(dkim->result), notes);
	text_field(out, style, "problem", dkim->problem);
	if (dkim->total == 0 && dkim->problem == NULL)
		text_field(out, style, "meaning",
		    "the message has no DKIM signature; large receivers want one");
	for (size_t i = 0; i < dkim->count; i++)
		say_signature(out, style, &dkim->signatures[i]);
	say_seen(out, style, seen, source);
	buf_release(&line);
}

static enum text_colour
dkim_key_tone(const struct dkim_key *key, const struct dkim_pair *pair)
{
	if (key->state == DKIM_KEY_UNKNOWN)
		return TEXT_YELLOW;
	if (!dkim_key_usable(key) || (pair != NULL && !pair->matches))
		return TEXT_RED;
	return key->state == DKIM_KEY_OK && key->warnings.count == 0 ? TEXT_GREEN : TEXT_YELLOW;
}

/* What is published by others, or for another key, stays as it is. */
static void
say_publish(struct buf *out, const struct text_style *style, const struct dkim_key *key,
    const struct dkim_pair *pair)
{
	if (pair->matches)
		return;
	if (dkim_key_usable(key) || key->state == DKIM_KEY_REVOKED)
		text_field(out, style, "selector",
		    key->state == DKIM_KEY_REVOKED
		        ? "its key was revoked: take another selector, for which this is the record"
		        : "it is in use by another key, whose signatures need that record: leave "
		          "it, "
		          "and take another selector, for which this is the record");
	text_field(out, style, "publish", pair->record);
}

void
text_check_dkim_key(struct buf *out, const struct text_style *style, const struct dkim_key *key,
    const struct dkim_pair *pair)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "DKIM key %s", key->name);
	text_head(out, style, line.data, dkim_key_tone(key, pair), check_dkim_key_result(key, pair),
	    key->warnings.count);
	text_field(out, style, "problem", key->problem);
	say_dkim_key(out, style, key);
	if (pair != NULL) {
		buf_clear(&line);
		buf_printf(&line, "%s, %u bits: %s", dkim_type_name(pair->type), pair->bits,
		    pair->matches ? "it belongs to the published key"
		    : dkim_key_usable(key)
		        ? "it does not belong to the published key, so its signatures fail"
		        : "there is no usable key to compare it with");
		text_field(out, style, "private", line.data);
		say_publish(out, style, key, pair);
	}
	text_field(out, style, "record", key->record);
	buf_release(&line);
}

/* ---- DMARC */

static const char *
dmarc_meaning(const struct dmarc_view *view)
{
	static const char *const by_policy[] = {
	    [DMARC_UNSET] = "",
	    [DMARC_NONE] = "neither SPF nor DKIM speaks for the From domain; the policy asks for "
	                   "nothing but reports",
	    [DMARC_QUARANTINE] = "neither SPF nor DKIM speaks for the From domain; its policy asks "
	                         "receivers to treat the mail as suspicious",
	    [DMARC_REJECT] = "neither SPF nor DKIM speaks for the From domain; its policy asks "
	                     "receivers to refuse the mail",
	};
	static const char *const published[] = {
	    [DMARC_UNSET] = "",
	    [DMARC_NONE] =
	        "of mail that neither SPF nor DKIM speaks for the policy wants nothing but "
	        "reports",
	    [DMARC_QUARANTINE] =
	        "the policy asks receivers to treat mail that neither SPF nor DKIM "
	        "speaks for as suspicious",
	    [DMARC_REJECT] = "the policy asks receivers to refuse mail that neither SPF nor DKIM "
	                     "speaks for",
	};

	switch (view->result) {
	case DMARC_PUBLISHED:
		return published[view->policy];
	case DMARC_RESULT_NONE:
		return "there is no policy that could be applied; large receivers want one of all "
		       "who send much";
	case DMARC_PASS:
		return "SPF or DKIM speaks for the From domain";
	case DMARC_FAIL:
		return by_policy[view->policy];
	case DMARC_TEMPERROR:
		return "it cannot be told now";
	case DMARC_PERMERROR:
		return "there is no domain to judge by";
	}
	return NULL;
}

static void
say_policy(struct buf *out, const struct text_style *style, const struct dmarc_view *view)
{
	const char *name = dmarc_policy_name(view->policy);
	struct buf line;

	buf_init(&line, LINE_MAX);
	if (name != NULL) {
		buf_printf(&line, "%s, by the tag %s of the record at _dmarc.%s", name, view->tag,
		    view->at);
		if (view->policy != view->published)
			buf_printf(&line, " (%s, one step down for t=y)",
			    dmarc_policy_name(view->published));
		text_field(out, style, "policy", line.data);
	}
	text_field(out, style, "record", view->record);
	text_field(out, style, "org", view->org_domain);
	buf_release(&line);
}

static void
say_identifier(struct buf *out, const struct text_style *style, const char *kind,
    const struct dmarc_alignment *alignment, bool strict)
{
	static const char *const results[] = {[DMARC_AUTH_FAIL] = "did not pass",
	    [DMARC_AUTH_PASS] = "passed",
	    [DMARC_AUTH_TEMPERROR] = "not known"};
	static const char *const words[] = {[UNKNOWN] = "whether it is aligned is not known",
	    [ABSENT] = "not aligned",
	    [PRESENT] = "aligned"};
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "%s: %s, %s (%s)", alignment->domain, results[alignment->result],
	    words[alignment->aligned], strict ? "strict" : "relaxed");
	if (alignment->org_domain != NULL)
		buf_printf(&line, "; its organizational domain is %s", alignment->org_domain);
	text_field(out, style, kind, line.data);
	buf_release(&line);
}

static void
say_dmarc(struct buf *out, const struct text_style *style, const struct dmarc_view *view)
{
	text_field(out, style, "meaning", dmarc_meaning(view));
	text_field(out, style, "problem", view->problem);
	say_policy(out, style, view);
	if (view->spf.domain != NULL)
		say_identifier(out, style, "SPF", &view->spf, view->strict_spf);
	for (size_t i = 0; i < view->dkim_count; i++)
		say_identifier(out, style, "DKIM", &view->dkim[i], view->strict_dkim);
}

static enum text_colour
dmarc_tone(enum dmarc_result result)
{
	return result == DMARC_PASS                                ? TEXT_GREEN
	       : result == DMARC_FAIL || result == DMARC_PERMERROR ? TEXT_RED
	                                                           : TEXT_YELLOW;
}

/* The older reading is told in full only when it is another one. */
static void
say_old(struct buf *out, const struct text_style *style, const struct dmarc *dmarc)
{
	const char *policy = dmarc_policy_name(dmarc->old.policy);
	bool differs =
	    dmarc->old.result != dmarc->now.result || dmarc->old.policy != dmarc->now.policy;
	struct buf line;

	buf_init(&line, LINE_MAX);
	if (!differs && !style->verbose) {
		text_field(out, style, "RFC 7489", "the same");
	} else if (!style->verbose) {
		buf_printf(&line, "%s, policy %s, organizational domain %s",
		    dmarc_result_name(dmarc->old.result), policy != NULL ? policy : "none",
		    dmarc->old.org_domain);
		text_field(out, style, "RFC 7489", line.data);
	} else {
		buf_printf(&line, "DMARC of %s by RFC 7489", dmarc->from);
		text_head(out, style, line.data, dmarc_tone(dmarc->old.result),
		    dmarc_result_name(dmarc->old.result), 0);
		say_dmarc(out, style, &dmarc->old);
	}
	buf_release(&line);
}

void
text_check_dmarc(struct buf *out, const struct text_style *style, const struct dmarc *dmarc)
{
	const char *note = check_dmarc_note(dmarc), *policy = dmarc_policy_name(dmarc->now.policy);
	struct buf line, word;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "DMARC of %s", dmarc->from);
	buf_init(&word, LINE_MAX);
	buf_puts(&word, dmarc_result_name(dmarc->now.result));
	if (dmarc->now.result == DMARC_PUBLISHED && policy != NULL)
		buf_printf(&word, " %s", policy);
	text_head(out, style, line.data, note != NULL ? TEXT_GREEN : dmarc_tone(dmarc->now.result),
	    word.data, dmarc->warnings.count);
	buf_release(&word);
	text_field(out, style, "note", note);
	say_dmarc(out, style, &dmarc->now);
	say_notes(out, style, &dmarc->warnings);
	if (dmarc->old_known && dmarc->old.result != DMARC_PERMERROR)
		say_old(out, style, dmarc);
	buf_release(&line);
}

/* ---- PTR */

static const char *
ptr_meaning(const struct ptr *ptr)
{
	if (ptr->found == UNKNOWN)
		return "the DNS did not answer: whether there is a PTR is not known";
	if (ptr->found == ABSENT)
		return "the address has no PTR; large receivers refuse mail from such addresses. "
		       "Its owner (often the hosting provider) sets it";
	if (ptr->confirmed == PRESENT)
		return "a name of the address leads back to it";
	if (ptr->confirmed == UNKNOWN)
		return ptr->problem != NULL
		           ? "whether a name leads back to the address is not known: there are too "
		             "many"
		           : "the DNS did not answer: whether a name leads back to the address is "
		             "not known";
	return "no name of the address leads back to it; large receivers refuse mail from such "
	       "addresses. The name needs an A or AAAA record with the address";
}

void
text_check_ptr(struct buf *out, const struct text_style *style, const struct ptr *ptr)
{
	static const char *const words[] = {[UNKNOWN] = "not known whether it leads back",
	    [ABSENT] = "does not lead back",
	    [PRESENT] = "leads back"};
	enum text_colour tone = ptr->confirmed == PRESENT                          ? TEXT_GREEN
	                        : ptr->found == ABSENT || ptr->confirmed == ABSENT ? TEXT_RED
	                                                                           : TEXT_YELLOW;
	char ip[IP_TEXT];
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "PTR of %s", ip_text(&ptr->ip, ip));
	text_head(out, style, line.data, tone, ptr_fcrdns_word(ptr), 0);
	text_field(out, style, "meaning", ptr_meaning(ptr));
	text_field(out, style, "problem", ptr->problem);
	if (ptr->found == UNKNOWN)
		text_field(out, style, "answer", dns_rcode_name(ptr->rcode));
	for (size_t i = 0; i < ptr->count; i++) {
		buf_clear(&line);
		buf_printf(&line, "%s: %s%s", ptr->names[i].name, words[ptr->names[i].confirmed],
		    ptr->names[i].generic ? "; looks made by a machine, as those of home "
		                            "connections do: some receivers refuse it"
		                          : "");
		if (ptr->names[i].problem != NULL)
			buf_printf(&line, " (%s)", ptr->names[i].problem);
		text_field(out, style, i == 0 ? "names" : "", line.data);
	}
	if (ptr->total > 1) {
		buf_clear(&line);
		buf_printf(&line, "there are %zu PTR records; one is right", ptr->total);
		if (ptr->total > PTR_NAMES_COMMON)
			buf_printf(
			    &line, ", and receivers may look at %d at most", PTR_NAMES_COMMON);
		if (ptr->total > ptr->count)
			buf_printf(&line, "; %zu were looked at here", ptr->count);
		text_field(out, style, "warning", line.data);
	}
	buf_release(&line);
}

/* ---- blocklists */

static bool
speaks_against(const struct listing *listing)
{
	return listing->state == LIST_LISTED && listing->list->kind == LIST_BLACK;
}

static void
say_listing(struct buf *out, const struct text_style *style, const struct listing *listing)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "%s (%s): %s", listing->list->zone, listing->list->name,
	    list_state_name(listing->state));
	for (size_t i = 0; i < listing->code_count; i++) {
		char ip[IP_TEXT];

		buf_printf(&line, "%s %s", i == 0 ? "" : ",", ip_text(&listing->codes[i], ip));
	}
	if (listing->meaning != NULL)
		buf_printf(&line, ", %s", listing->meaning);
	text_field(out, style,
	    listing->list->kind == LIST_WHITE  ? "allowlist"
	    : listing->list->kind == LIST_INFO ? "for info"
	                                       : "list",
	    line.data);
	text_field(out, style, "", listing->reason);
	text_field(out, style, "", listing->url);
	if (style->verbose || (listing->state != LIST_LISTED && listing->state != LIST_CLEAN)) {
		buf_clear(&line);
		buf_printf(&line, "Who may ask: %s",
		    listing->list->policy != NULL ? listing->list->policy : "");
		text_field(out, style, "", listing->list->policy != NULL ? line.data : NULL);
	}
	buf_release(&line);
}

void
text_check_listings(struct buf *out, const struct text_style *style, const char *item,
    const struct listing *listings, size_t count)
{
	size_t asked = 0, against = 0, clean = 0, answered;
	struct buf line;

	for (size_t i = 0; i < count; i++) {
		asked += listings[i].list->kind == LIST_BLACK;
		against += speaks_against(&listings[i]);
		clean += listings[i].list->kind == LIST_BLACK && listings[i].state == LIST_CLEAN;
	}
	answered = against + clean;
	buf_init(&line, LINE_MAX);
	if (answered == 0)
		buf_printf(&line,
		    "not known: none of %zu blocklists gave an answer that can be used", asked);
	else if (against > 0)
		buf_printf(&line, "on %zu of ", against);
	else
		buf_puts(&line, "on none of ");
	if (answered == asked && asked > 0)
		buf_printf(&line, "%zu blocklists", asked);
	else if (answered > 0)
		buf_printf(&line,
		    "the %zu blocklist%s that answered; %zu gave no answer that can be used",
		    answered, answered == 1 ? "" : "s", asked - answered);
	text_head(out, style, item,
	    against > 0                   ? TEXT_RED
	    : clean == asked && asked > 0 ? TEXT_GREEN
	                                  : TEXT_YELLOW,
	    line.data, 0);
	buf_release(&line);
	for (int pass = 0; pass < 2; pass++) /* what speaks against it comes first */
		for (size_t i = 0; i < count; i++)
			if (speaks_against(&listings[i]) == (pass == 0) &&
			    (style->verbose || listings[i].state != LIST_CLEAN))
				say_listing(out, style, &listings[i]);
}

/* ---- MX */

static const char *
mx_word(const struct route *route)
{
	switch (route->kind) {
	case ROUTE_MX:
		return "has mail exchangers";
	case ROUTE_IMPLICIT:
		return "has no MX record; mail goes to its own address";
	case ROUTE_NULL_MX:
		return "takes no mail (null MX)";
	case ROUTE_NO_DOMAIN:
		return strcmp(route->canonical, route->domain) == 0
		           ? "does not exist"
		           : "is an alias of a name that does not exist";
	case ROUTE_NO_ADDRESS:
		return "has no host that could take mail";
	case ROUTE_OTHER_FAMILY:
		return "has no address of the family that was asked for";
	case ROUTE_FIXED:
		return "is not looked up";
	case ROUTE_DNS_ERROR:
		return "not known: the DNS did not answer";
	}
	return "";
}

static void
say_host(struct buf *out, const struct text_style *style, const struct route_host *host)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(&line, "%u %s:", host->preference, host->name);
	for (size_t i = 0; i < host->address_count; i++) {
		char ip[IP_TEXT];

		buf_printf(&line, " %s", ip_text(&host->addresses[i], ip));
	}
	if (host->problem != NULL)
		buf_printf(&line, "%s %s", host->address_count > 0 ? ";" : "", host->problem);
	if (host->alias)
		buf_puts(&line, " (the name is an alias, which RFC 5321 section 5.1 forbids)");
	text_field(out, style, "host", line.data);
	buf_release(&line);
}

void
text_check_mx(struct buf *out, const struct text_style *style, const struct route *route)
{
	enum text_colour tone = route->kind == ROUTE_MX || route->kind == ROUTE_IMPLICIT
	                            ? TEXT_GREEN
	                        : route->kind == ROUTE_DNS_ERROR ? TEXT_YELLOW
	                                                         : TEXT_RED;
	size_t faults = 0;
	bool of_hosts = false; /* the route's problem repeats theirs */

	for (size_t i = 0; i < route->host_count && tone == TEXT_GREEN; i++) {
		faults += route->hosts[i].alias || route->hosts[i].problem != NULL;
		of_hosts = of_hosts || route->hosts[i].problem != NULL;
	}
	faults +=
	    tone == TEXT_GREEN && route->problem != NULL && (!of_hosts || route->null_mx_mixed);
	text_head(out, style, route->domain, tone, mx_word(route), faults);
	if (route->canonical != NULL && strcmp(route->canonical, route->domain) != 0)
		text_field(out, style, "alias of", route->canonical);
	for (size_t i = 0; i < route->host_count; i++)
		say_host(out, style, &route->hosts[i]);
	text_field(out, style, "problem", route->problem);
}
