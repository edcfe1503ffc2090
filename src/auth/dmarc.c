/* One call evaluates from the beginning with the answers that the book has, asking for all that is
 * missing before it gives up. */
#include "auth/dmarc.h"

#include <string.h>
#include <strings.h>

#include "auth/alias.h"
#include "auth/dmarc_lint.h"
#include "auth/near_miss.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

enum { QUOTE_MAX = 60 }; /* octets of a quotation */

struct dmarc_evaluation {
	struct book *book;
	struct arena *arena;
	const struct dmarc_query *query;
	struct dmarc *out;
	const char *from,
	    *sender_org; /* sender_org: of From, by the standard at hand; NULL: not known */
	bool pending;
};

/* what is at _dmarc.DOMAIN */
struct dmarc_lookup {
	const char *domain;
	enum dns_rcode rcode; /* of a look-up that failed, else NOERROR */
	size_t count; /* records; one that is not alone counts for nothing */
	struct dns_text text; /* of the only one */
	const char *server; /* that answered */
	uint32_t ttl;
	const char
	    *alias; /* why there is no record, where the name is an alias that leads nowhere */
};

/* RFC 9989 section 4.10 */
struct tree_walk {
	struct dmarc_lookup
	    found[DMARC_WALK_MAX]; /* in the order asked; the last has failed, or ends the walk */
	char psd[DMARC_WALK_MAX];
	unsigned count;
	const char *org_domain; /* NULL: a look-up failed */
};

/* the record that speaks for the From domain */
struct policy {
	const char *at; /* whose it is; NULL: there is none */
	struct dns_text text;
	struct dmarc_record record;
};

const char *
dmarc_result_name(enum dmarc_result result)
{
	static const char *const names[] = {[DMARC_RESULT_NONE] = "none",
	    [DMARC_PASS] = "pass",
	    [DMARC_FAIL] = "fail",
	    [DMARC_TEMPERROR] = "temperror",
	    [DMARC_PERMERROR] = "permerror",
	    [DMARC_PUBLISHED] = "policy"};

	return names[result];
}

/* ---- looking for records */

static void
warn_of_near_miss(struct dmarc_evaluation *eval, const char *domain, struct dns_text text)
{
	struct slice slice = {text.bytes, text.len};
	const char *why = near_miss(slice, NEAR_DMARC);

	if (why != NULL)
		notes_add(&eval->out->warnings, eval->arena, "dmarc-near-miss", domain,
		    "\"%s\" at _dmarc.%s is no DMARC record: %s; it must begin with "
		    "\"v=DMARC1;\"",
		    near_quote(slice, QUOTE_MAX, eval->arena), domain, why);
}

/* False: pending. */
static bool
look_up(struct dmarc_evaluation *eval, const char *domain, struct dmarc_lookup *out)
{
	const struct answer *answer =
	    book_ask(eval->book, arena_printf(eval->arena, "_dmarc.%s", domain), DNS_TXT);

	*out = (struct dmarc_lookup){.domain = domain};
	if (answer == NULL) {
		eval->pending = true;
		return false;
	}
	out->server = answer->server;
	out->ttl = answer->ttl;
	if (answer_truth(answer) == UNKNOWN)
		out->rcode = answer->rcode;
	out->alias = alias_gone(answer, eval->arena);
	if (out->alias != NULL)
		notes_add(&eval->out->warnings, eval->arena, "dmarc-alias-gone", domain,
		    "_dmarc.%s: %s", domain, out->alias);
	for (size_t i = 0; i < answer->count; i++) {
		struct dns_text text = answer->records[i].u.txt.joined;

		if (!dmarc_record_is(text))
			warn_of_near_miss(eval, domain, text);
		else if (++out->count == 1)
			out->text = text;
	}
	if (out->count > 1)
		notes_add(&eval->out->warnings, eval->arena, "dmarc-several", domain,
		    "_dmarc.%s has %zu DMARC records: none of them counts; receivers by RFC 7489 "
		    "look no further, those by RFC 9989 go on upwards",
		    domain, out->count);
	return true;
}

static const char *
failure(struct dmarc_evaluation *eval, const struct dmarc_lookup *finding)
{
	return arena_printf(eval->arena, "the look-up of TXT _dmarc.%s failed: %s", finding->domain,
	    dns_rcode_name(finding->rcode));
}

/* The next name of a walk, "" after the last: one label fewer, but from eight labels or more
 * straight to seven. */
static const char *
next_name(const char *name)
{
	return name_labels(name) > DMARC_WALK_MAX ? name_last_labels(name, DMARC_WALK_MAX - 1)
	                                          : name_parent(name);
}

/* Section 4.10.2: psd=n is the organizational domain; psd=y is right above it (or is itself the
 * start: it has no more labels); else it is the highest name with a record; else the first. */
static const char *
choose_org_domain(const struct tree_walk *walk)
{
	const char *start = walk->found[0].domain, *org = start;

	for (unsigned i = 0; i < walk->count; i++) {
		const struct dmarc_lookup *finding = &walk->found[i];

		if (finding->count != 1)
			continue;
		if (walk->psd[i] == 'y')
			return name_last_labels(start, name_labels(finding->domain) + 1);
		org = finding->domain;
	}
	return org;
}

/* False: pending; all names have been asked then. */
static bool
walk_up(struct dmarc_evaluation *eval, const char *start, struct tree_walk *out)
{
	bool known = true, failed = false;

	memset(out, 0, sizeof *out);
	for (const char *name = start; *name != '\0' && out->count < DMARC_WALK_MAX;
	     name = next_name(name)) {
		struct dmarc_lookup *finding = &out->found[out->count];
		struct dmarc_record record;

		if (!look_up(eval, name, finding))
			known = false;
		if (!known)
			continue;
		out->count++;
		failed = finding->rcode != DNS_NOERROR;
		if (failed)
			break;
		if (finding->count != 1)
			continue;
		dmarc_record_parse(finding->text, eval->arena, &record);
		out->psd[out->count - 1] = record.psd;
		if (record.psd != 'u')
			break;
	}
	if (known && !failed)
		out->org_domain = choose_org_domain(out);
	return known;
}

/* ---- alignment */

static bool
tree_org_domain(struct dmarc_evaluation *eval, const char *name, const char **org)
{
	struct tree_walk walk;

	*org = NULL;
	if (!walk_up(eval, name, &walk))
		return false;
	*org = walk.org_domain;
	return true;
}

static bool
list_org_domain(struct dmarc_evaluation *eval, const char *name, const char **org)
{
	const char *registered = eval->query->org_domain(name, eval->query->org_domain_arg);

	*org = registered != NULL ? registered : name;
	return true;
}

typedef bool org_domain_finder(struct dmarc_evaluation *eval, const char *name,
    const char **org); /* false: pending; `*org` NULL: not known */

/* An identifier that is not below the organizational domain of From cannot have the same one: its
 * own need not be looked for. */
static void
align(struct dmarc_evaluation *eval, const struct dmarc_identifier *identifier, bool strict,
    org_domain_finder *find, struct dmarc_alignment *out)
{
	char name[NAME_TEXT];
	const char *why;

	*out = (struct dmarc_alignment){
	    .domain = identifier->domain, .result = identifier->result, .aligned = ABSENT};
	if (!name_normalise(identifier->domain, name, &why))
		return;
	out->domain = arena_string(eval->arena, name);
	if (strcmp(out->domain, eval->from) == 0)
		out->aligned = PRESENT;
	if (out->aligned == PRESENT || strict)
		return;
	out->aligned = UNKNOWN;
	if (eval->sender_org == NULL)
		return;
	if (!name_within(out->domain, eval->sender_org))
		out->aligned = ABSENT;
	else if (find(eval, out->domain, &out->org_domain) && out->org_domain != NULL)
		out->aligned = strcmp(out->org_domain, eval->sender_org) == 0 ? PRESENT : ABSENT;
}

static void
align_all(struct dmarc_evaluation *eval, struct dmarc_view *view, org_domain_finder *find)
{
	const struct dmarc_query *query = eval->query;

	eval->sender_org = view->org_domain;
	if (query->spf != NULL)
		align(eval, query->spf, view->strict_spf, find, &view->spf);
	view->dkim = arena_alloc(eval->arena, (query->dkim_count + 1) * sizeof *view->dkim);
	view->dkim_count = query->dkim_count;
	for (size_t i = 0; i < query->dkim_count; i++)
		align(eval, &query->dkim[i], view->strict_dkim, find, &view->dkim[i]);
}

/* Did an identifier pass, aligned: PRESENT; may one have, as far as we know: UNKNOWN. */
static enum truth
passes(const struct dmarc_alignment *alignment)
{
	if (alignment->domain == NULL || alignment->result == DMARC_AUTH_FAIL ||
	    alignment->aligned == ABSENT)
		return ABSENT;
	return alignment->result == DMARC_AUTH_PASS ? alignment->aligned : UNKNOWN;
}

static void
judge(const struct dmarc_evaluation *eval, struct dmarc_view *view)
{
	if (eval->query->policy_only) {
		view->result = DMARC_PUBLISHED;
		return;
	}
	view->spf_aligned = passes(&view->spf);
	view->dkim_aligned = ABSENT;
	for (size_t i = 0; i < view->dkim_count; i++) {
		enum truth one = passes(&view->dkim[i]);

		if (one == PRESENT || view->dkim_aligned == ABSENT)
			view->dkim_aligned = one;
	}
	if (view->spf_aligned == PRESENT || view->dkim_aligned == PRESENT)
		view->result = DMARC_PASS;
	else
		view->result = view->spf_aligned == UNKNOWN || view->dkim_aligned == UNKNOWN
		                   ? DMARC_TEMPERROR
		                   : DMARC_FAIL;
}

/* ---- the policy */

/* The record that was found, and what it says to the From domain when the tag `tag` speaks for
 * that. False: it is no use (RFC 9989 section 4.10.1, RFC 7489 section 6.6.3). */
static bool
apply(struct dmarc_evaluation *eval, struct dmarc_view *view, const struct policy *policy,
    const char *tag, enum dmarc_policy published, bool bad)
{
	const struct dmarc_record *record = &policy->record;

	view->record = arena_copy(eval->arena, policy->text.bytes, policy->text.len);
	view->at = policy->at;
	if (bad && record->rua_count == 0) {
		view->problem = arena_printf(eval->arena,
		    "the DMARC record of %s has no policy that is valid, and no address for "
		    "reports: receivers act as if there was none",
		    view->at);
		return false;
	}
	view->tag = bad ? "p" : tag;
	view->published = bad ? DMARC_NONE : published;
	view->policy = view->published;
	view->strict_spf = record->strict_spf;
	view->strict_dkim = record->strict_dkim;
	return true;
}

static bool
is_own(const struct dmarc_evaluation *eval, const struct policy *policy)
{
	return strcmp(policy->at, eval->from) == 0;
}

static void
read_policy(struct dmarc_evaluation *eval, const struct dmarc_lookup *finding, struct policy *out)
{
	out->at = finding->domain;
	out->text = finding->text;
	dmarc_record_parse(finding->text, eval->arena, &out->record);
}

/* Section 4.10.1: the record of the From domain, else of its organizational domain, else of the
 * public suffix above that. NULL: none, or not to be known. */
static const struct dmarc_lookup *
discover(const struct tree_walk *walk)
{
	const struct dmarc_lookup *suffix = NULL;

	if (walk->found[0].count == 1)
		return &walk->found[0];
	for (unsigned i = 1; i < walk->count && walk->org_domain != NULL; i++) {
		const struct dmarc_lookup *finding = &walk->found[i];

		if (finding->count == 1 && strcmp(finding->domain, walk->org_domain) == 0)
			return finding;
		if (finding->count == 1 && walk->psd[i] == 'y')
			suffix = finding;
	}
	return suffix;
}

/* Which tag speaks (4.7): np for a name that does not exist (3.2.13: NXDOMAIN), sp for other names
 * below, p. False: pending, or not to be known: then `problem` says why. */
static bool
choose_tag(struct dmarc_evaluation *eval, struct dmarc_view *view, const struct policy *policy,
    const char **tag, enum dmarc_policy *published)
{
	const struct dmarc_record *record = &policy->record;
	bool below = !is_own(eval, policy);

	*tag = below && record->sp != DMARC_UNSET ? "sp" : "p";
	*published = below && record->sp != DMARC_UNSET ? record->sp : record->p;
	if (below && record->np != DMARC_UNSET && record->np != *published) {
		const struct answer *answer = book_ask(eval->book, eval->from, DNS_A);

		if (answer == NULL) {
			eval->pending = true;
			return false;
		}
		if (answer_truth(answer) == UNKNOWN) {
			view->problem = arena_printf(eval->arena,
			    "whether %s exists is not known: the look-up of A failed: %s",
			    eval->from, dns_rcode_name(answer->rcode));
			return false;
		}
		if (answer->rcode == DNS_NXDOMAIN) {
			*tag = "np";
			*published = record->np;
		}
	}
	return true;
}

static void
note_source(struct dmarc_view *view, const struct dmarc_lookup *finding)
{
	view->server = finding->server;
	view->ttl = finding->ttl;
}

/* RFC 9989. */
static void
view_now(struct dmarc_evaluation *eval, struct policy *policy)
{
	struct dmarc_view *view = &eval->out->now;
	const struct dmarc_lookup *found, *last;
	enum dmarc_policy published;
	struct tree_walk walk;
	const char *tag;

	if (!walk_up(eval, eval->from, &walk))
		return;
	view->queries = walk.count;
	eval->out->records = walk.found[0].count;
	view->org_domain = walk.org_domain;
	found = discover(&walk);
	last = &walk.found[walk.count - 1];
	note_source(view, found != NULL ? found : walk.org_domain == NULL ? last : &walk.found[0]);
	if (found == NULL && walk.org_domain == NULL) {
		view->result = DMARC_TEMPERROR;
		view->problem = failure(eval, last);
		return;
	}
	if (found == NULL) {
		view->problem =
		    walk.found[0].alias != NULL
		        ? arena_printf(eval->arena, "%s has no DMARC record: _dmarc.%s: %s",
		              eval->from, eval->from, walk.found[0].alias)
		    : walk.found[0].count > 1
		        ? arena_printf(eval->arena,
		              "_dmarc.%s has %zu DMARC records, so none of them counts, and no "
		              "domain above it has one",
		              eval->from, walk.found[0].count)
		        : arena_printf(eval->arena,
		              "%s has no DMARC record, nor has a domain above it", eval->from);
		return;
	}
	read_policy(eval, found, policy);
	if (!choose_tag(eval, view, policy, &tag, &published)) {
		view->result = DMARC_TEMPERROR;
		return;
	}
	if (!apply(eval, view, policy, tag, published, policy->record.bad_policy))
		return;
	view->testing = policy->record.testing;
	if (view->testing && view->policy > DMARC_NONE)
		view->policy--;
	align_all(eval, view, tree_org_domain);
	judge(eval, view);
	if (view->result == DMARC_TEMPERROR && walk.org_domain == NULL)
		view->problem = failure(eval, last);
	else if (view->result == DMARC_TEMPERROR)
		view->problem =
		    "a result of SPF or DKIM, or the organizational domain of one, is not known";
}

/* RFC 7489 section 6.6.3. */
static void
view_old(struct dmarc_evaluation *eval, struct policy *policy)
{
	struct dmarc_view *view = &eval->out->old;
	struct dmarc_lookup found;
	bool below;

	list_org_domain(eval, eval->from, &view->org_domain);
	if (!look_up(eval, eval->from, &found))
		return;
	view->queries = 1;
	if (found.rcode == DNS_NOERROR && found.count == 0 &&
	    strcmp(view->org_domain, eval->from) != 0) {
		if (!look_up(eval, view->org_domain, &found))
			return;
		view->queries = 2;
	}
	eval->out->records = found.count;
	note_source(view, &found);
	if (found.rcode != DNS_NOERROR) {
		view->result = DMARC_TEMPERROR;
		view->problem = failure(eval, &found);
		return;
	}
	if (found.count != 1) {
		view->problem =
		    found.count > 1
		        ? arena_printf(eval->arena,
		              "_dmarc.%s has more than one DMARC record: none counts", found.domain)
		        : arena_printf(eval->arena, "%s has no DMARC record%s", eval->from,
		              view->queries > 1 ? ", nor has its organizational domain" : "");
		return;
	}
	read_policy(eval, &found, policy);
	below = !is_own(eval, policy) && policy->record.sp != DMARC_UNSET;
	view->pct = policy->record.pct == DMARC_PCT_UNSET ? 100 : policy->record.pct;
	if (!apply(eval, view, policy, below ? "sp" : "p",
	        below ? policy->record.sp : policy->record.p, policy->record.bad_policy_old))
		return;
	align_all(eval, view, list_org_domain);
	judge(eval, view);
	if (view->result == DMARC_TEMPERROR)
		view->problem = "a result of SPF or DKIM is not known";
}

/* ---- warnings */

static void
warn_of_record(struct dmarc_evaluation *eval, const struct policy *policy)
{
	const char *at = policy->at;

	for (size_t i = 0; i < policy->record.warnings.count; i++)
		notes_add(&eval->out->warnings, eval->arena, policy->record.warnings.items[i].id,
		    policy->record.warnings.items[i].subject, "DMARC record of %s: %s", at,
		    policy->record.warnings.items[i].words);
	if (policy->record.rua_count == 0)
		notes_add(&eval->out->warnings, eval->arena, "dmarc-no-rua", "rua",
		    "DMARC record of %s: no rua: nobody will tell you whose mail fails", at);
}

static const char *
policy_words(const struct dmarc_view *view)
{
	const char *name = dmarc_policy_name(view->policy);

	return name != NULL ? name : "none";
}

static const char *
reason_of_difference(struct dmarc_evaluation *eval)
{
	const struct dmarc_view *now = &eval->out->now, *old = &eval->out->old;

	if (now->at == NULL || old->at == NULL || now->org_domain == NULL ||
	    strcmp(now->at, old->at) != 0 || strcmp(now->org_domain, old->org_domain) != 0)
		return arena_printf(eval->arena,
		    ". A record of its own at %s, and strict alignment, would leave no doubt",
		    eval->from);
	if (now->testing)
		return ": they do not know t=y";
	return now->tag != NULL && strcmp(now->tag, "np") == 0 ? ": they do not know np" : "";
}

static void
warn_of_difference(struct dmarc_evaluation *eval)
{
	const struct dmarc_view *now = &eval->out->now, *old = &eval->out->old;

	if (now->result == DMARC_TEMPERROR || old->result == DMARC_TEMPERROR)
		return;
	if (now->result != old->result || now->policy != old->policy)
		notes_add(&eval->out->warnings, eval->arena, "dmarc-standards-differ", eval->from,
		    "receivers do not agree: by RFC 9989 it is %s, policy %s; by RFC 7489 %s, "
		    "policy %s%s",
		    dmarc_result_name(now->result), policy_words(now),
		    dmarc_result_name(old->result), policy_words(old), reason_of_difference(eval));
	else if (now->org_domain != NULL && now->record != NULL &&
	         strcmp(now->org_domain, old->org_domain) != 0)
		notes_add(&eval->out->warnings, eval->arena, "dmarc-standards-differ", eval->from,
		    "the organizational domain of %s is %s by RFC 9989, but %s by RFC 7489: other "
		    "mail may be judged differently",
		    eval->from, now->org_domain, old->org_domain);
}

/* What the survey asks. */
static void
survey(struct dmarc_evaluation *eval, const struct policy *now)
{
	const struct dmarc_lint lint = {eval->book, eval->arena, &eval->out->warnings};

	if (now->at != NULL && !dmarc_lint_reports(&lint, now->at, eval->out->now.org_domain,
	                           &now->record, eval->query->policy_only))
		eval->pending = true;
	if (now->at != NULL && eval->query->policy_only)
		dmarc_lint_record(&lint, now->at, &now->record);
	if (now->at == NULL && eval->out->now.result == DMARC_RESULT_NONE &&
	    eval->query->policy_only && !dmarc_lint_elsewhere(&lint, eval->from))
		eval->pending = true;
}

bool
dmarc_check(
    struct book *book, struct arena *arena, const struct dmarc_query *query, struct dmarc *out)
{
	struct dmarc_evaluation eval = {.book = book, .arena = arena, .query = query, .out = out};
	struct policy now = {0}, old = {0};
	char from[NAME_TEXT];
	const char *why;

	memset(out, 0, sizeof *out);
	out->now.pct = out->old.pct = 100;
	out->old_known = query->org_domain != NULL;
	out->from = query->from;
	if (query->problem != NULL || !name_normalise(query->from, from, &why) || from[0] == '\0') {
		out->now.result = out->old.result = DMARC_PERMERROR;
		out->now.problem = out->old.problem =
		    query->problem != NULL ? query->problem : "the From domain is no domain name";
		return true;
	}
	out->from = eval.from = arena_string(arena, from);
	view_now(&eval, &now);
	if (out->old_known)
		view_old(&eval, &old);
	if (now.at != NULL)
		warn_of_record(&eval, &now);
	if (old.at != NULL && (now.at == NULL || strcmp(now.at, old.at) != 0))
		warn_of_record(&eval, &old);
	if (query->survey)
		survey(&eval, &now);
	if (out->old_known)
		warn_of_difference(&eval);
	return !eval.pending;
}
