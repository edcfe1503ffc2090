/* One evaluator by itself: a table of them, and one way of asking, waiting and telling for all.
 *
 * Exit status: 0 all is well · 1 it speaks against mail (SPF fail or permerror, DMARC fail, no
 * confirmed PTR, listed, a domain that takes no mail) · 2 it does not, but something is wanting
 * (softfail, neutral, none, warnings) · 3 it could not be told · 64 and up as everywhere. With
 * several operands the first of 1, 2, 3 that was met. */
#include <libpsl.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/author.h"
#include "auth/dkim.h"
#include "auth/dkim_sign.h"
#include "auth/spf_lint.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/veil.h"
#include "command/command.h"
#include "command/dkim_keys.h"
#include "command/message_file.h"
#include "command/output.h"
#include "command/own_host.h"
#include "command/policy_access.h"
#include "command/sources.h"
#include "dns/book.h"
#include "dns/name.h"
#include "io/loop.h"
#include "judge/seen.h"
#include "report/nagios.h"
#include "report/ndjson.h"
#include "report/ndjson_check.h"
#include "report/ndjson_tls_policy.h"
#include "report/text_check.h"
#include "report/text_tls_policy.h"

struct evaluator;

enum { AT_ONCE = 32 }; /* operands that are looked up at the same time */

/* one run of the command; and, in its copies, the results of one operand */
struct check {
	const struct options *options;
	const struct evaluator *evaluator;
	const char *operand; /* NULL: it takes none */
	int refusal; /* the exit status when `read` fails */
	struct dns_access dns;
	struct output output;
	struct text_style style;
	struct arena *question; /* what was asked */
	struct arena *arena; /* of an evaluation: emptied whenever it starts again */

	struct spf_query spf_query;
	struct spf spf, helo_spf;
	bool helo_too;
	struct spf_lint spf_lint;
	struct dkim_query dkim_query; /* message NULL: not read yet */
	struct dkim dkim;
	const struct received *seen; /* the hop at which a server saw the message come from its
	                                sender; NULL: it tells none */
	EVP_PKEY *pair; /* of --dkim-key; NULL: none given */
	struct dkim_pair dkim_pair;
	struct dkim_key dkim_key;
	struct dmarc_query dmarc_query;
	struct dmarc_identifier dmarc_spf, *dmarc_dkim;
	struct dmarc dmarc;
	struct ip ip; /* family 0: the operand is a domain */
	char domain[NAME_TEXT];
	struct ptr ptr;
	struct listing *listings;
	size_t listing_count;
	struct route route;
	uint64_t seed;
	struct policy_access policies; /* opened by who needs it */
	struct sts_entry *policy; /* held while `sts` is told; NULL: none */
	struct mta_sts sts;
	struct tls_rpt rpt;

	struct buf kept; /* --format nagios: what is told, of the gravest first */
	int kept_status;
	struct nagios_facts facts;
};

struct evaluator {
	const char *name, *usage;
	bool walks; /* mail servers are asked, too: check_tls.c does it all */
	bool takes_operands;
	bool (*fits)(const struct options *options); /* of several with one name: is it meant? NULL:
	                                                if none before it is */
	bool (*read)(struct check *check); /* the question out of the options, or out of one
	                                      operand; false after saying what is wrong with it */
	bool (*step)(struct book *book, void *check); /* false: pending */
	/* What is no look-up, behind those: begun for all, and then waited for. NULL: nothing. */
	void (*begin)(struct check *check);
	void (*fetch)(struct check *check);
	void (*write)(struct check *check, struct buf *out);
	int (*status)(const struct check *check);
};

static bool
refuse(const struct check *check, const char *why)
{
	if (check->operand != NULL)
		log_error("check %s %s: %s", check->evaluator->name, check->operand, why);
	else
		log_error("check %s: %s; usage: mxwalk check %s", check->evaluator->name, why,
		    check->evaluator->usage);
	return false;
}

static bool
is_ndjson(const struct check *check)
{
	return check->options->format == FORMAT_NDJSON;
}

/* The operand, or the domain of an address, in `domain`. */
static bool
read_mail_domain(struct check *check)
{
	const char *at = strrchr(check->operand, '@'), *text = at != NULL ? at + 1 : check->operand;
	const char *why;
	struct ip ip;

	if (ip_parse(&ip, text) || text[0] == '[')
		return refuse(check, "an IP address, not a domain");
	if (!name_normalise(text, check->domain, &why))
		return refuse(check, why);
	return check->domain[0] != '\0' || refuse(check, "not a domain");
}

/* ---- spf: a record by itself */

/* --from and --helo may stand in a configuration file, which knows no evaluators. */
static bool
is_about_record(const struct options *o)
{
	return o->operands.count > 1 && o->ip.family == 0;
}

static bool
step_spf_record(struct book *book, void *arg)
{
	struct check *check = arg;

	arena_reset(check->arena);
	return spf_lint(
	    book, check->arena, check->domain, check->options->allow_private, &check->spf_lint);
}

static void
write_spf_record(struct check *check, struct buf *out)
{
	if (is_ndjson(check))
		record_check_spf_record(out, &check->spf_lint);
	else
		text_check_spf_record(out, &check->style, &check->spf_lint);
}

static int
status_spf_record(const struct check *check)
{
	enum spf_result result = check->spf_lint.result;

	if (result == SPF_PERMERROR)
		return EXIT_REFUSED;
	if (result == SPF_TEMPERROR)
		return EXIT_UNDETERMINED;
	return result == SPF_PASS && check->spf_lint.warnings.count == 0 ? EXIT_OK : EXIT_DEFERRED;
}

/* ---- spf: an address and a sender */

static bool
read_spf(struct check *check)
{
	const struct options *o = check->options;

	if (o->ip.family == 0)
		return refuse(check, "--ip is missing");
	if (o->from == NULL && o->ehlo == NULL)
		return refuse(check, "--from or --helo is missing");
	if ((o->from == NULL || *o->from == '\0') && o->ehlo == NULL)
		return refuse(check, "the null reverse-path needs --helo");
	check->spf_query = (struct spf_query){
	    .ip = o->ip, .from = o->from, .helo = o->ehlo, .now = time(NULL), .survey = true};
	check->helo_too =
	    o->from != NULL && *o->from != '\0' && o->ehlo != NULL && name_is_host(o->ehlo);
	return true;
}

/* RFC 7208 section 2.3: receivers may check the HELO name as well as the reverse-path. */
static bool
step_spf(struct book *book, void *arg)
{
	struct check *check = arg;
	struct spf_query helo = check->spf_query;
	bool known;

	arena_reset(check->arena);
	check->spf_query.receiver = own_hostname(check->arena);
	known = spf_check(book, check->arena, &check->spf_query, &check->spf);
	helo.from = "";
	return (!check->helo_too || spf_check(book, check->arena, &helo, &check->helo_spf)) &&
	       known;
}

static void
write_spf(struct check *check, struct buf *out)
{
	const struct spf *helo = check->helo_too ? &check->helo_spf : NULL;

	if (is_ndjson(check))
		record_check_spf(out, &check->spf_query, &check->spf, helo);
	else
		text_check_spf(out, &check->style, &check->spf_query, &check->spf, helo);
}

static int
status_spf(const struct check *check)
{
	static const int statuses[] = {
	    [SPF_PASS] = EXIT_OK,
	    [SPF_FAIL] = EXIT_REFUSED,
	    [SPF_PERMERROR] = EXIT_REFUSED,
	    [SPF_SOFTFAIL] = EXIT_DEFERRED,
	    [SPF_NEUTRAL] = EXIT_DEFERRED,
	    [SPF_NONE] = EXIT_DEFERRED,
	    [SPF_TEMPERROR] = EXIT_UNDETERMINED,
	};
	int status = statuses[check->spf.result];

	return status == EXIT_OK && check->spf.warnings.count > 0 ? EXIT_DEFERRED : status;
}

/* ---- dkim: the signatures of a message */

/* The address by which the message reached the first server that is not its author's. */
static void
find_seen(struct check *check)
{
	const struct dkim_query *message = &check->dkim_query;
	struct seen_query query = {.source = check->options->ip};
	struct received *trace;
	const char *why;

	author_domain(message->message, message->len, check->question, &query.own[0], &why);
	query.count = received_trace(message->message, message->len, check->question, &trace);
	query.trace = trace;
	check->seen = seen_by_others(&query);
}

static bool
read_message(struct check *check)
{
	struct dkim_query *query = &check->dkim_query;
	struct read_message file;

	if (check->options->operands.count > 2)
		return refuse(check, "one FILE at a time");
	if (query->message != NULL)
		return true;
	if (!message_file_read(&file, check->operand, check->question)) {
		check->refusal = EXIT_DATA;
		return false;
	}
	*query = (struct dkim_query){
	    .message = file.message.at, .len = file.message.len, .now = time(NULL)};
	find_seen(check);
	return true;
}

static bool
step_message(struct book *book, void *arg)
{
	struct check *check = arg;

	arena_reset(check->arena);
	return dkim_verify(book, check->arena, &check->dkim_query, &check->dkim);
}

static void
write_message(struct check *check, struct buf *out)
{
	if (is_ndjson(check))
		record_check_dkim(out, check->operand, &check->dkim, check->seen);
	else
		text_check_dkim(out, &check->style, check->operand, &check->dkim, check->seen,
		    &check->options->ip);
}

static int
status_message(const struct check *check)
{
	static const int statuses[] = {
	    [DKIM_PASS] = EXIT_OK,
	    [DKIM_FAIL] = EXIT_REFUSED,
	    [DKIM_PERMERROR] = EXIT_REFUSED,
	    [DKIM_POLICY] = EXIT_REFUSED,
	    [DKIM_NEUTRAL] = EXIT_DEFERRED,
	    [DKIM_NONE] = EXIT_DEFERRED,
	    [DKIM_TEMPERROR] = EXIT_UNDETERMINED,
	};
	const struct dkim *dkim = &check->dkim;
	bool wanting = dkim->problem != NULL;

	for (size_t i = 0; i < dkim->count; i++)
		wanting |= dkim->signatures[i].result != DKIM_PASS ||
		           dkim->signatures[i].warnings.count > 0 ||
		           dkim->signatures[i].key.warnings.count > 0 ||
		           dkim->signatures[i].key.state == DKIM_KEY_TESTING;
	return dkim->result == DKIM_PASS && wanting ? EXIT_DEFERRED : statuses[dkim->result];
}

/* ---- dkim: a published key */

static bool
has_signer(const struct options *o)
{
	return o->signers.count > 0;
}

static bool
read_key(struct check *check)
{
	const struct signers *signers = &check->options->signers;
	const struct signer *signer = &signers->items[0];

	if (signers->count > 1)
		return refuse(check, "one key at a time");
	if (signer->selector == NULL || signer->domain == NULL)
		return refuse(check,
		    signer->selector == NULL ? "--selector is missing" : "--domain is missing");
	if (signer->file == NULL)
		return true;
	check->pair = dkim_pair_open(signer->file, check->question);
	if (check->pair == NULL)
		check->refusal = EXIT_DATA;
	return check->pair != NULL;
}

static bool
step_key(struct book *book, void *arg)
{
	struct check *check = arg;
	const struct signer *signer = &check->options->signers.items[0];
	bool known;

	arena_reset(check->arena);
	known = dkim_key_look_up(
	    book, check->arena, signer->selector, signer->domain, &check->dkim_key);
	if (check->pair != NULL)
		dkim_pair_describe(check->pair, &check->dkim_key, check->arena, &check->dkim_pair);
	check->dkim_pair.file = signer->file;
	return known;
}

static void
write_key(struct check *check, struct buf *out)
{
	const struct dkim_pair *pair = check->pair != NULL ? &check->dkim_pair : NULL;

	if (is_ndjson(check))
		record_check_dkim_key(out, &check->dkim_key, pair);
	else
		text_check_dkim_key(out, &check->style, &check->dkim_key, pair);
}

static int
status_key(const struct check *check)
{
	const struct dkim_key *key = &check->dkim_key;

	if (key->state == DKIM_KEY_UNKNOWN)
		return EXIT_UNDETERMINED;
	if (!dkim_key_usable(key) || (check->pair != NULL && !check->dkim_pair.matches))
		return EXIT_REFUSED;
	return key->state == DKIM_KEY_TESTING || key->warnings.count > 0 ? EXIT_DEFERRED : EXIT_OK;
}

/* ---- dmarc */

/* Of SPF and DKIM (RFC 8601 section 2.7): only a pass counts, and what may have been one. */
static bool
read_identifier(
    struct check *check, const char *option, const struct pair *pair, struct dmarc_identifier *out)
{
	static const struct {
		const char *word;
		enum dmarc_auth auth;
	} words[] = {
	    {"pass", DMARC_AUTH_PASS},
	    {"temperror", DMARC_AUTH_TEMPERROR},
	    {"fail", DMARC_AUTH_FAIL},
	    {"softfail", DMARC_AUTH_FAIL},
	    {"neutral", DMARC_AUTH_FAIL},
	    {"none", DMARC_AUTH_FAIL},
	    {"policy", DMARC_AUTH_FAIL},
	    {"permerror", DMARC_AUTH_FAIL},
	};
	char name[NAME_TEXT];
	const char *why;

	if (!name_normalise(pair->name, name, &why)) {
		log_error("check dmarc: %s %s=%s: %s", option, pair->name, pair->value, why);
		return false;
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, pair->value) == 0) {
			*out = (struct dmarc_identifier){
			    arena_string(check->question, name), words[i].auth};
			return true;
		}
	log_error("check dmarc: %s %s=%s: not a result (pass, fail, softfail, neutral, none, "
	          "policy, temperror or permerror)",
	    option, pair->name, pair->value);
	return false;
}

static const char *
registrable_domain(const char *name, const void *list)
{
	return psl_registrable_domain(list, name);
}

/* The results of SPF and DKIM that the mail has; without any, only the policy is asked about. */
static bool
read_results(struct check *check)
{
	const struct options *o = check->options;
	struct dmarc_query *query = &check->dmarc_query;

	if (o->spf_results.count > 1)
		return refuse(check, "--spf may be given once: a message has one reverse-path");
	if (o->spf_results.count > 0 &&
	    !read_identifier(check, "--spf", &o->spf_results.items[0], &check->dmarc_spf))
		return false;
	query->spf = o->spf_results.count > 0 ? &check->dmarc_spf : NULL;
	check->dmarc_dkim =
	    arena_alloc(check->question, (o->dkim_results.count + 1) * sizeof *check->dmarc_dkim);
	for (size_t i = 0; i < o->dkim_results.count; i++)
		if (!read_identifier(
		        check, "--dkim", &o->dkim_results.items[i], &check->dmarc_dkim[i]))
			return false;
	query->dkim = check->dmarc_dkim;
	query->dkim_count = o->dkim_results.count;
	query->policy_only = query->spf == NULL && query->dkim_count == 0;
	return true;
}

static bool
read_dmarc_of(struct check *check, const char *from, const char *problem)
{
	struct dmarc_query *query = &check->dmarc_query;

	*query = (struct dmarc_query){
	    .from = from, .problem = problem, .survey = true, .org_domain_arg = psl_builtin()};
	query->org_domain = query->org_domain_arg != NULL ? registrable_domain : NULL;
	return read_results(check);
}

/* The address of a From field, or a domain. */
static bool
read_from(struct check *check)
{
	const char *from = check->options->from, *domain, *why;

	if (from == NULL || *from == '\0')
		return refuse(
		    check, "a domain, or --from with the address in the From field, is missing");
	if (strchr(from, '@') == NULL)
		return read_dmarc_of(check, from, NULL);
	return author_read(from, strlen(from), check->question, &domain, &why)
	           ? read_dmarc_of(check, domain, NULL)
	           : read_dmarc_of(check, from, why);
}

/* "_dmarc.example.com" is where the record of example.com stands. */
static bool
read_dmarc_domain(struct check *check)
{
	static const char label[] = "_dmarc.";

	if (!read_mail_domain(check))
		return false;
	if (strncmp(check->domain, label, strlen(label)) == 0)
		memmove(check->domain, check->domain + strlen(label),
		    strlen(check->domain + strlen(label)) + 1);
	return read_dmarc_of(check, check->domain, NULL);
}

static bool
has_domain(const struct options *o)
{
	return o->operands.count > 1;
}

static bool
step_dmarc(struct book *book, void *arg)
{
	struct check *check = arg;

	arena_reset(check->arena);
	return dmarc_check(book, check->arena, &check->dmarc_query, &check->dmarc);
}

static void
write_dmarc(struct check *check, struct buf *out)
{
	if (is_ndjson(check))
		record_check_dmarc(out, &check->dmarc);
	else
		text_check_dmarc(out, &check->style, &check->dmarc);
}

static int
status_dmarc(const struct check *check)
{
	static const int statuses[] = {
	    [DMARC_PASS] = EXIT_OK,
	    [DMARC_FAIL] = EXIT_REFUSED,
	    [DMARC_PERMERROR] = EXIT_REFUSED,
	    [DMARC_RESULT_NONE] = EXIT_DEFERRED,
	    [DMARC_TEMPERROR] = EXIT_UNDETERMINED,
	    [DMARC_PUBLISHED] = EXIT_OK,
	};
	int status = statuses[check->dmarc.now.result];

	return status == EXIT_OK && check->dmarc.warnings.count > 0 ? EXIT_DEFERRED : status;
}

/* ---- ptr */

static bool
read_address(struct check *check)
{
	return ip_parse(&check->ip, check->operand) || refuse(check, "not an IP address");
}

static bool
step_ptr(struct book *book, void *arg)
{
	struct check *check = arg;

	arena_reset(check->arena);
	return ptr_look_up(book, check->arena, &check->ip, &check->ptr);
}

static void
write_ptr(struct check *check, struct buf *out)
{
	if (is_ndjson(check))
		record_check_ptr(out, &check->ptr);
	else
		text_check_ptr(out, &check->style, &check->ptr);
}

static int
status_ptr(const struct check *check)
{
	const struct ptr *ptr = &check->ptr;

	if (ptr->found == ABSENT || (ptr->found == PRESENT && ptr->confirmed == ABSENT))
		return EXIT_REFUSED;
	if (ptr->found == UNKNOWN || ptr->confirmed == UNKNOWN)
		return EXIT_UNDETERMINED;
	for (size_t i = 0; i < ptr->count; i++)
		if (ptr->names[i].generic)
			return EXIT_DEFERRED;
	return ptr->total > 1 ? EXIT_DEFERRED : EXIT_OK;
}

/* ---- dnsbl */

static bool
read_item(struct check *check)
{
	if (ip_parse(&check->ip, check->operand))
		return true;
	return read_mail_domain(check) &&
	       (name_is_host(check->domain) ||
	           refuse(check, "neither an IP address nor a domain of two labels or more"));
}

static bool
step_dnsbl(struct book *book, void *arg)
{
	struct check *check = arg;
	const struct lists *lists = check->dns.lists;
	const struct ip *ip = check->ip.family != 0 ? &check->ip : NULL;
	bool known = true;

	arena_reset(check->arena);
	check->listings = NULL;
	check->listing_count = 0;
	for (size_t i = 0; i < lists_count(lists); i++) {
		const struct list *list = lists_at(lists, i);
		struct listing *listing;

		if (!list->on || !blocklist_takes(list, ip))
			continue;
		listing = arena_push(
		    check->arena, &check->listings, check->listing_count, sizeof *listing);
		check->listing_count++;
		if (!blocklist_look_up(book, check->arena, list, ip,
		        ip == NULL ? check->domain : NULL, ip != NULL ? "ip" : "domain", listing))
			known = false;
	}
	return known;
}

/* Whose fault it is when they do not answer. */
static void
warn_of_public_resolver(const struct check *check)
{
	const char *server = dns_public_resolver(&check->dns);
	bool answered = true;

	for (size_t i = 0; i < check->listing_count; i++)
		answered &= check->listings[i].state == LIST_LISTED ||
		            check->listings[i].state == LIST_CLEAN;
	if (server != NULL && !answered)
		log_warn("the lists were asked through %s, an open resolver, which many of them do "
		         "not answer or mislead; --dnsbl-nameserver names a resolver of your own, "
		         "--dnsbl-key takes a key",
		    server);
}

static void
write_dnsbl(struct check *check, struct buf *out)
{
	warn_of_public_resolver(check);
	if (!is_ndjson(check))
		text_check_listings(
		    out, &check->style, check->operand, check->listings, check->listing_count);
	else
		for (size_t i = 0; i < check->listing_count; i++)
			record_check_listing(out, &check->listings[i]);
}

/* A list that did not answer leaves a doubt, not a verdict; when none did, nothing can be told. */
static int
status_dnsbl(const struct check *check)
{
	size_t asked = 0, clean = 0;

	for (size_t i = 0; i < check->listing_count; i++) {
		const struct listing *listing = &check->listings[i];

		if (listing->list->kind != LIST_BLACK)
			continue;
		if (listing->state == LIST_LISTED)
			return EXIT_REFUSED;
		asked++;
		clean += listing->state == LIST_CLEAN;
	}
	return clean == 0 ? EXIT_UNDETERMINED : clean < asked ? EXIT_DEFERRED : EXIT_OK;
}

/* ---- mx */

static bool
step_mx(struct book *book, void *arg)
{
	struct check *check = arg;

	arena_reset(check->arena);
	return route_find(
	    book, check->arena, check->domain, check->options->family, check->seed, &check->route);
}

static void
write_mx(struct check *check, struct buf *out)
{
	if (is_ndjson(check))
		record_check_mx(out, &check->route);
	else
		text_check_mx(out, &check->style, &check->route);
}

static int
status_mx(const struct check *check)
{
	const struct route *route = &check->route;

	if (route->kind == ROUTE_DNS_ERROR)
		return EXIT_UNDETERMINED;
	if (route->kind != ROUTE_MX && route->kind != ROUTE_IMPLICIT)
		return EXIT_REFUSED;
	for (size_t i = 0; i < route->host_count; i++)
		if (route->hosts[i].alias || route->hosts[i].problem != NULL)
			return EXIT_DEFERRED;
	return route->problem != NULL ? EXIT_DEFERRED : EXIT_OK;
}

/* ---- mta-sts */

/* "_mta-sts.example.com" is where the record of example.com stands. */
static bool
read_domain_below(struct check *check, const char *label)
{
	size_t len = strlen(label);

	if (!read_mail_domain(check))
		return false;
	if (strncmp(check->domain, label, len) == 0)
		memmove(check->domain, check->domain + len, strlen(check->domain + len) + 1);
	return check->domain[0] != '\0' || refuse(check, "not a domain");
}

static bool
read_sts_domain(struct check *check)
{
	return read_domain_below(check, "_mta-sts.");
}

/* The policy is looked up by who fetches it; here for what was looked up to be told, too. */
static bool
step_sts(struct book *book, void *arg)
{
	struct check *check = arg;
	bool known;

	arena_reset(check->arena);
	known = sts_look_up(book, check->arena, check->domain, check->options->allow_private,
	            &check->sts) &&
	        sts_note_lone_host(book, check->arena, &check->sts);
	known = tls_rpt_look_up(book, check->arena, check->domain, &check->rpt) && known;
	return route_find(
	           book, check->arena, check->domain, ROUTE_BOTH, check->seed, &check->route) &&
	       known;
}

static void
on_policy(void *arg)
{
	struct check *check = arg;

	loop_stop(check->dns.base);
}

static void
begin_sts(struct check *check)
{
	if (check->sts.state != STS_ABSENT)
		check->policy = policies_hold(check->policies.policies, check->domain);
}

static void
fetch_sts(struct check *check)
{
	struct sts_entry *policy = check->policy; /* held as long as what is shared is told */

	if (policy == NULL)
		return;
	if (policy_known(policy) == NULL) {
		policy_await(policy, on_policy, check);
		while (policy_known(policy) == NULL)
			loop_run(check->dns.base);
		policy_forget(policy, check);
	}
	sts_share(&check->sts, policy_known(policy), check->arena);
	sts_match(&check->sts, &check->route, check->arena);
	sts_note_reports(&check->sts, &check->rpt, check->arena);
}

static void
write_sts(struct check *check, struct buf *out)
{
	if (is_ndjson(check))
		record_check_sts(out, &check->sts, &check->route);
	else
		text_check_sts(out, &check->style, &check->sts, &check->route);
}

/* Without a record nothing is asked of senders, and nothing is wrong; a record that leads to no
 * policy was meant to protect, and does not. */
static int
status_sts(const struct check *check)
{
	const struct mta_sts *sts = &check->sts;

	if (sts->undeliverable || sts->state == STS_RECORD_BAD || sts->state == STS_FETCH_FAILED ||
	    sts->state == STS_POLICY_BAD)
		return EXIT_REFUSED;
	/* Of mail exchangers that are not known it cannot be told whether the policy covers them.
	 */
	if ((sts->state != STS_HELD && sts->state != STS_ABSENT) ||
	    (sts->state == STS_HELD && check->route.kind == ROUTE_DNS_ERROR))
		return EXIT_UNDETERMINED;
	return sts->state == STS_ABSENT || sts->findings.count > 0 ? EXIT_DEFERRED : EXIT_OK;
}

/* ---- tls-rpt */

static bool
read_rpt_domain(struct check *check)
{
	return read_domain_below(check, "_smtp._tls.");
}

static bool
step_rpt(struct book *book, void *arg)
{
	struct check *check = arg;

	arena_reset(check->arena);
	return tls_rpt_look_up(book, check->arena, check->domain, &check->rpt);
}

static void
write_rpt(struct check *check, struct buf *out)
{
	if (is_ndjson(check))
		record_check_rpt(out, &check->rpt);
	else
		text_check_rpt(out, &check->style, &check->rpt);
}

static int
status_rpt(const struct check *check)
{
	const struct tls_rpt *rpt = &check->rpt;

	if (rpt->state == TLS_RPT_BAD)
		return EXIT_REFUSED;
	if (rpt->state == TLS_RPT_UNKNOWN)
		return EXIT_UNDETERMINED;
	return rpt->state == TLS_RPT_ABSENT || rpt->findings.count > 0 ? EXIT_DEFERRED : EXIT_OK;
}

/* ---- the table */

#define SPF_USAGE "spf DOMAIN..., or spf --ip IP --from ADDRESS|<> [--helo NAME]"
#define DKIM_USAGE "dkim FILE [--ip IP], or dkim --selector NAME --domain DOMAIN [--dkim-key FILE]"
#define DMARC_USAGE "dmarc DOMAIN...|--from ADDRESS [--spf DOMAIN=RESULT] [--dkim DOMAIN=RESULT]..."

static const struct evaluator evaluators[] = {
    {.name = "spf",
        .usage = SPF_USAGE,
        .takes_operands = true,
        .fits = is_about_record,
        .read = read_mail_domain,
        .step = step_spf_record,
        .write = write_spf_record,
        .status = status_spf_record},
    {.name = "spf",
        .usage = SPF_USAGE,
        .read = read_spf,
        .step = step_spf,
        .write = write_spf,
        .status = status_spf},
    {.name = "dkim",
        .usage = DKIM_USAGE,
        .fits = has_signer,
        .read = read_key,
        .step = step_key,
        .write = write_key,
        .status = status_key},
    {.name = "dkim",
        .usage = DKIM_USAGE,
        .takes_operands = true,
        .read = read_message,
        .step = step_message,
        .write = write_message,
        .status = status_message},
    {.name = "dmarc",
        .usage = DMARC_USAGE,
        .takes_operands = true,
        .fits = has_domain,
        .read = read_dmarc_domain,
        .step = step_dmarc,
        .write = write_dmarc,
        .status = status_dmarc},
    {.name = "dmarc",
        .usage = DMARC_USAGE,
        .read = read_from,
        .step = step_dmarc,
        .write = write_dmarc,
        .status = status_dmarc},
    {.name = "ptr",
        .usage = "ptr IP...",
        .takes_operands = true,
        .read = read_address,
        .step = step_ptr,
        .write = write_ptr,
        .status = status_ptr},
    {.name = "dnsbl",
        .usage = "dnsbl IP|DOMAIN...",
        .takes_operands = true,
        .read = read_item,
        .step = step_dnsbl,
        .write = write_dnsbl,
        .status = status_dnsbl},
    {.name = "mx",
        .usage = "mx DOMAIN...",
        .takes_operands = true,
        .read = read_mail_domain,
        .step = step_mx,
        .write = write_mx,
        .status = status_mx},
    {.name = "mta-sts",
        .usage = "mta-sts DOMAIN...",
        .takes_operands = true,
        .read = read_sts_domain,
        .step = step_sts,
        .begin = begin_sts,
        .fetch = fetch_sts,
        .write = write_sts,
        .status = status_sts},
    {.name = "tls-rpt",
        .usage = "tls-rpt DOMAIN...",
        .takes_operands = true,
        .read = read_rpt_domain,
        .step = step_rpt,
        .write = write_rpt,
        .status = status_rpt},
    {.name = "dane", .usage = "dane DOMAIN|HOST[:PORT]...", .walks = true},
    {.name = "tls", .usage = "tls DOMAIN|HOST[:PORT]...", .walks = true},
};

const char *
check_form(size_t i)
{
	for (size_t k = 0; k < sizeof evaluators / sizeof *evaluators; k++)
		if ((k == 0 || strcmp(evaluators[k].name, evaluators[k - 1].name) != 0) &&
		    i-- == 0) /* some have two rows, and one form names both */
			return evaluators[k].usage;
	return NULL;
}

static const struct evaluator *
find_evaluator(const struct options *options)
{
	const char *name = options->operands.items[0];

	for (size_t i = 0; i < sizeof evaluators / sizeof *evaluators; i++)
		if (strcmp(evaluators[i].name, name) == 0 &&
		    (evaluators[i].fits == NULL || evaluators[i].fits(options)))
			return &evaluators[i];
	return NULL;
}

/* Everything that the user gave is looked at before anything is asked. */
static int
read_all(struct check *check)
{
	const struct strings *operands = &check->options->operands;

	if (!check->evaluator->takes_operands) {
		if (operands->count > 1) {
			log_error("check %s: takes no argument \"%s\"; usage: mxwalk check %s",
			    check->evaluator->name, operands->items[1], check->evaluator->usage);
			return EXIT_USAGE;
		}
		return check->evaluator->read(check) ? EXIT_OK : check->refusal;
	}
	if (operands->count < 2) {
		refuse(check, "an argument is missing");
		return EXIT_USAGE;
	}
	for (size_t i = 1; i < operands->count; i++) {
		check->operand = operands->items[i];
		if (!check->evaluator->read(check))
			return check->refusal;
	}
	return EXIT_OK;
}

static void
count_for_nagios(struct check *check, int status)
{
	static const enum walk_status as[] = {[EXIT_OK] = WALK_ACCEPTED,
	    [EXIT_REFUSED] = WALK_REFUSED,
	    [EXIT_DEFERRED] = WALK_DEFERRED,
	    [EXIT_UNDETERMINED] = WALK_DNS_ERROR};

	check->facts.targets++;
	check->facts.status[as[status]]++;
}

/* What is gravest comes first: its first line is the line that is looked at. */
static void
keep_for_nagios(struct check *check, const struct buf *told, int status)
{
	struct buf *kept = &check->kept, whole;
	bool first =
	    kept->len == 0 || exit_graver(check->kept_status, status) != check->kept_status;

	buf_init(&whole, RECORD_MAX);
	buf_puts(&whole, first ? told->data : kept->data);
	buf_puts(&whole, first ? kept->data : told->data);
	if (first)
		check->kept_status = status;
	buf_release(kept);
	*kept = whole;
	count_for_nagios(check, status);
}

/* Each question is a target. */
static int
tell_nagios(struct check *check, int status, int64_t ms)
{
	static const struct nagios_labels labels = {"good", "bad", "doubtful", "unknown"};
	const struct thresholds *thresholds = &check->options->thresholds;
	const char *text = check->kept.data;
	struct buf out, line;

	if (status > EXIT_UNDETERMINED)
		return status;
	check->facts.labels = &labels;
	check->facts.seconds = (double)ms / 1000;
	buf_init(&out, RECORD_MAX);
	buf_init(&line, TEXT_LINE);
	buf_add(&line, text, strcspn(text, "\n"));
	if (dns_is_dead(&check->dns))
		buf_printf(&line, "; no name server has answered: %s",
		    dns_whose(&check->dns, check->question));
	nagios_line(&out, &check->facts, thresholds, line.data);
	text += strcspn(text, "\n");
	if (*text != '\0')
		nagios_text(&out, text + 1, strlen(text + 1));
	status = output_write(&check->output, &out) ? (int)nagios_status(&check->facts, thresholds)
	                                            : EXIT_WRITE;
	buf_release(&line);
	buf_release(&out);
	return status;
}

/* `operand` NULL: it takes none, and its question is read. */
static void
begin(struct check *asked, const struct check *check, const char *operand)
{
	*asked = *check;
	asked->arena = arena_new();
	asked->operand = operand;
	if (operand != NULL)
		asked->evaluator->read(asked);
}

/* Returns the exit status of this one question. */
static int
tell(struct check *check, struct check *asked, const struct dns_case *about)
{
	const struct evaluator *evaluator = check->evaluator;
	struct buf out;
	int status;

	if (!about->complete)
		log_warn("check %s%s%s: the time limit has passed; what is missing counts as not "
		         "known",
		    evaluator->name, asked->operand != NULL ? " " : "",
		    asked->operand != NULL ? asked->operand : "");
	if (evaluator->fetch != NULL)
		evaluator->fetch(asked);
	buf_init(&out, RECORD_MAX);
	evaluator->write(asked, &out);
	if (check->options->verbose && !is_ndjson(check))
		dns_tell_answers(&check->dns, about->book, &check->style, &out);
	status = evaluator->status(asked);
	if (check->options->format == FORMAT_NAGIOS)
		keep_for_nagios(check, &out, status);
	else if (!check->output.failed && !output_write(&check->output, &out))
		status = EXIT_WRITE;
	buf_release(&out);
	return status;
}

/* All of these at once; `operands` NULL: it takes none, and its question is read. */
static int
answer(struct check *check, const char *const *operands, size_t count)
{
	struct check *asked = must_alloc(count * sizeof *asked);
	struct dns_case *cases = must_alloc(count * sizeof *cases);
	int status = EXIT_OK;

	for (size_t i = 0; i < count; i++) {
		begin(&asked[i], check, operands != NULL ? operands[i] : NULL);
		cases[i] = (struct dns_case){.book = book_new(), .arg = &asked[i]};
	}
	dns_consult_all(
	    &check->dns, cases, count, check->evaluator->step, check->options->timeout_dns);
	for (size_t i = 0; i < count && check->evaluator->begin != NULL; i++)
		check->evaluator->begin(&asked[i]);
	for (size_t i = 0; i < count; i++)
		status = exit_graver(status, tell(check, &asked[i], &cases[i]));
	for (size_t i = 0; i < count; i++) {
		policy_release(asked[i].policy);
		book_free(cases[i].book);
		arena_free(asked[i].arena);
	}
	free(cases);
	free(asked);
	return status;
}

static int
answer_all(struct check *check)
{
	const struct strings *operands = &check->options->operands;
	int64_t began = loop_ms();
	int status = EXIT_OK;

	if (!check->evaluator->takes_operands)
		status = answer(check, NULL, 1);
	for (size_t i = 1; i < operands->count && !check->output.failed; i += AT_ONCE)
		status = exit_graver(
		    status, answer(check, &operands->items[i],
		                operands->count - i < AT_ONCE ? operands->count - i : AT_ONCE));
	status = dns_status(&check->dns, status);
	if (check->options->format != FORMAT_NAGIOS)
		dns_warn_if_dead(&check->dns);
	return check->options->format == FORMAT_NAGIOS
	           ? tell_nagios(check, status, loop_ms() - began)
	           : status;
}

int
command_check(const struct options *options)
{
	struct check check = {.options = options,
	    .refusal = EXIT_USAGE,
	    .question = arena_new(),
	    .arena = arena_new(),
	    .seed = loop_random()};
	int status, closed;

	buf_init(&check.kept, RECORD_MAX);
	check.evaluator = find_evaluator(options);
	if (check.evaluator == NULL)
		log_error("check %s: no such check; there are spf, dkim, dmarc, ptr, dnsbl, mx, "
		          "mta-sts, tls-rpt, dane and tls",
		    options->operands.items[0]);
	if (check.evaluator != NULL && options->tls_audit && !check.evaluator->walks) {
		log_error("check %s: --tls-audit is of check tls alone", check.evaluator->name);
		check.evaluator = NULL;
	}
	status = check.evaluator == NULL  ? EXIT_USAGE
	         : check.evaluator->walks ? command_check_tls(options)
	                                  : read_all(&check);
	if (status == EXIT_OK && !check.evaluator->walks) {
		status = output_open(&check.output, options);
		if (status == EXIT_OK) {
			check.style = output_style(&check.output, options);
			output_redact(&check.output, options);
			for (size_t i = 1; check.output.veil != NULL && i < options->operands.count;
			     i++)
				veil_add_text(
				    check.output.veil, slice_of(options->operands.items[i]));
			status = dns_open(&check.dns, options);
			if (status == EXIT_OK && check.evaluator->fetch != NULL)
				status = policy_access_open(&check.policies, &check.dns, options);
			if (status == EXIT_OK)
				status = answer_all(&check);
			closed = policy_access_close(&check.policies);
			status = closed != EXIT_OK ? closed : status;
			closed = dns_close(&check.dns);
			status = closed != EXIT_OK ? closed : status;
		}
		status = output_close(&check.output, status);
	}
	EVP_PKEY_free(check.pair);
	buf_release(&check.kept);
	arena_free(check.arena);
	arena_free(check.question);
	return status;
}
