/* self: what receivers could hold against this sender, asked of the DNS alone (but for --egress),
 * as one report for each source address. */
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/author.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/slice.h"
#include "base/veil.h"
#include "campaign/reach.h"
#include "campaign/senders.h"
#include "command/command.h"
#include "command/dkim_keys.h"
#include "command/message_file.h"
#include "command/output.h"
#include "command/own_host.h"
#include "command/sources.h"
#include "dns/book.h"
#include "dns/name.h"
#include "evidence/identify.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "judge/seen.h"
#include "mail/message.h"
#include "report/nagios.h"
#include "report/ndjson.h"
#include "report/progress.h"
#include "report/text_addresses.h"
#include "report/text_advice.h"

enum { AT_ONCE = 16 }; /* addresses that are asked about, of which each is some 30 questions */

struct self { /* all that lives as long as the command */
	const struct options *options;
	struct dns_access dns;
	struct rulebook rulebook;
	struct output output;
	struct text_style style;
	struct arena *question; /* what was asked */
	struct arena *arena; /* of an evaluation: emptied whenever it starts again */
	struct slice message; /* --data, with CRLF line ends; len 0: none */
	const char *author, *author_problem;
	struct received *trace; /* of the message */
	size_t trace_count;
	const char *hostname; /* NULL: this host has no full one */
	struct sender_signer *signers; /* whose pairs are ours to free */
	size_t signer_count;

	const struct ip *sources; /* all of them */
	size_t source_count;
	size_t some_from, some_to; /* those of them that are asked about at once */
	int64_t some_until; /* loop_ms: what is not known then is given up */
	bool answered[AT_ONCE]; /* which of them had all their answers before */
	struct address_row *rows; /* of many: what is told of them beside each other */
	size_t row_count;
	struct ip ip; /* the source at hand, as receivers see it */
	struct identity identity;
	struct sender sender;
	struct reach egress;
	const char *egress_tried; /* NULL: it was not asked for */
	struct neighbours neighbours;
	const struct list *sender_list; /* that they are asked about */
	struct arena *around; /* of them */

	unsigned reports;
	struct advice_count found; /* of all sources */
	struct buf report; /* nagios: what is said behind the first line */
	char verdict[400]; /* nagios: of the gravest source */
	int verdict_status;
	size_t judged,
	    refused; /* nagios: sources, and those with a finding that gets mail refused */
	bool lists_told; /* nagios: an answer of a blocklist came */
	unsigned long listed; /* on how many, each address by itself */
};

/* ---- what was asked */

/* As probe would send it: without a reverse-path nothing is known of that. */
static struct slice
with_tokens(const struct self *self, struct slice bytes)
{
	const char *from = self->options->from, *at = from != NULL ? strrchr(from, '@') : NULL;
	struct message_plan plan = {.from = from,
	    .to = from,
	    .helo = at != NULL ? at + 1 : "",
	    .version = PACKAGE_NAME " " PACKAGE_VERSION,
	    .now = time(NULL)};
	struct buf out;

	if (at == NULL || self->options->data_as_is || memchr(bytes.at, '%', bytes.len) == NULL)
		return bytes;
	buf_init(&out, MESSAGE_MAX);
	message_put_tokens(bytes, &plan, &out);
	if (!out.full)
		bytes = (struct slice){arena_copy(self->question, out.data, out.len), out.len};
	buf_release(&out);
	return bytes;
}

static int
read_message(struct self *self)
{
	const struct content *data = &self->options->data;
	struct read_message file;
	struct slice bytes;
	const char *name;

	if (data->file == NULL && data->text == NULL)
		return EXIT_OK;
	if (!message_file_content(data, self->question, &bytes, &name))
		return EXIT_DATA;
	message_file_take(&file, with_tokens(self, bytes), self->question);
	self->message = file.message;
	author_domain(self->message.at, self->message.len, self->question, &self->author,
	    &self->author_problem);
	if (self->author != NULL)
		self->author_problem = NULL;
	self->trace_count =
	    received_trace(self->message.at, self->message.len, self->question, &self->trace);
	return EXIT_OK;
}

/* A key that names no domain signs for the From field's, else for the reverse-path's. */
static const char *
signing_domain(const struct self *self, const struct signer *given)
{
	const char *at = self->options->from != NULL ? strrchr(self->options->from, '@') : NULL;

	if (given->domain != NULL)
		return given->domain;
	return self->author != NULL ? self->author : at != NULL ? at + 1 : NULL;
}

static int
read_keys(struct self *self)
{
	const struct signers *given = &self->options->signers;

	self->signers = arena_alloc(self->question, (given->count + 1) * sizeof *self->signers);
	for (; self->signer_count < given->count; self->signer_count++) {
		const struct signer *one = &given->items[self->signer_count];
		struct sender_signer *signer = &self->signers[self->signer_count];

		*signer = (struct sender_signer){one->selector, signing_domain(self, one), NULL};
		if (signer->domain == NULL) {
			log_error("--dkim-selector %s: whose key is it? --dkim-domain or --from is "
			          "missing",
			    one->selector);
			return EXIT_USAGE;
		}
		if (one->file != NULL &&
		    (signer->pair = dkim_pair_open(one->file, self->question)) == NULL)
			return EXIT_DATA;
	}
	return EXIT_OK;
}

static void
forget_keys(struct self *self)
{
	for (size_t i = 0; i < self->signer_count; i++)
		EVP_PKEY_free((struct evp_pkey_st *)self->signers[i].pair);
}

enum {
	MANY = 2, /* more addresses are told in a table */
	ADDRESSES_MAX = 1 << 20, /* octets of --input */
};

/* --input: addresses and ranges, one a line. */
static int
read_addresses(struct self *self, struct addresses *addresses)
{
	const char *name = self->options->input, *why = NULL;
	size_t len;
	char *text = file_unpack(name, INPUT_TEXT, ADDRESSES_MAX, &len);
	struct slice rest = {text, len}, line;
	unsigned number = 0;

	if (text == NULL)
		return EXIT_DATA;
	while (why == NULL && slice_line(&rest, &line)) {
		number++;
		line = slice_trim((struct slice){line.at, slice_until(line, "#")});
		if (line.len > 0)
			why = addresses_add(
			    addresses, slice_copy(line, self->question), self->question);
	}
	free(text);
	if (why == NULL)
		return EXIT_OK;
	log_error("%s:%u: %s", name, number, why);
	return EXIT_DATA;
}

/* ---- one sender */

static bool
step(struct book *book, void *arg)
{
	struct self *self = arg;
	struct sender_query query = {.ip = self->ip,
	    .author = self->author_problem != NULL ? "" : self->author,
	    .now = time(NULL),
	    .signers = self->signers,
	    .signer_count = self->signer_count,
	    .survey = true};
	const struct identity_query who = {.ip = self->ip,
	    .helo = self->options->ehlo,
	    .from = self->options->from,
	    .author = self->author,
	    .hostname = self->hostname};
	bool identified;

	arena_reset(self->arena);
	identified = identify(book, self->arena, &who, &self->identity);
	query.helo = self->identity.helo;
	query.from = self->identity.from;
	query.lists = self->options->dnsbl ? self->dns.lists : NULL;
	query.message = self->message.len > 0 ? self->message.at : NULL;
	query.message_len = self->message.len;
	return sender_gather(book, self->arena, &query, &self->sender) && identified;
}

static int
status_of(const struct advice_count *count)
{
	if (count->of[SEVERITY_REFUSES] > 0)
		return EXIT_REFUSED;
	if (count->of[SEVERITY_WARNS] > 0)
		return EXIT_DEFERRED;
	return count->of[SEVERITY_UNKNOWN] > 0 ? EXIT_UNDETERMINED : EXIT_OK;
}

static void
count_listings(struct self *self)
{
	for (size_t i = 0; i < self->sender.listing_count; i++) {
		const struct listing *listing = &self->sender.listings[i];

		if (listing->list->kind != LIST_BLACK)
			continue;
		self->lists_told |= listing->state == LIST_LISTED || listing->state == LIST_CLEAN;
		self->listed += listing->state == LIST_LISTED;
	}
}

static void
keep_for_nagios(struct self *self, const struct advice_count *count, const struct advice *advice,
    size_t advice_count)
{
	int status = status_of(count);
	struct buf line;

	self->judged++;
	self->refused += count->of[SEVERITY_REFUSES] > 0;
	buf_init(&line, sizeof self->verdict - 1);
	text_advice_verdict(&line, &self->sender, count);
	if (self->verdict[0] == '\0' ||
	    exit_graver(self->verdict_status, status) != self->verdict_status) {
		memcpy(self->verdict, line.data, line.len + 1);
		self->verdict_status = status;
	}
	buf_release(&line);
	count_listings(self);
	for (size_t i = 0; i < advice_count && advice[i].severity < SEVERITY_INFO; i++) {
		buf_printf(&self->report, "%s: ", severity_name(advice[i].severity));
		text_cstring(&self->report, advice[i].what);
		buf_putc(&self->report, '\n');
	}
}

/* Each by itself would be a long read. */
static bool
is_many(const struct self *self)
{
	return self->source_count > MANY && !self->options->verbose;
}

static void
keep_row(struct self *self, const struct advice *advice, size_t count)
{
	const struct sender *sender = &self->sender;
	struct arena *arena = self->question;
	struct address_row *row = arena_push(arena, &self->rows, self->row_count++, sizeof *row);
	struct address_listing *listings =
	    arena_alloc(arena, (sender->listing_count + 1) * sizeof *listings);
	struct advice *findings = arena_alloc(arena, (count + 1) * sizeof *findings);
	char ip[IP_TEXT];

	*row = (struct address_row){.ip = arena_string(arena, ip_text(&sender->ip, ip)),
	    .helo = arena_string(arena, sender->helo),
	    .ptr = sender->ptr.count > 0 ? arena_string(arena, sender->ptr.names[0].name) : NULL,
	    .fcrdns = ptr_fcrdns_word(&sender->ptr),
	    .spf = sender->spf_known ? spf_result_name(sender->spf.result) : NULL,
	    .dmarc = sender->dmarc_known ? dmarc_result_name(sender->dmarc.now.result) : NULL,
	    .findings = findings,
	    .listings = listings};
	for (size_t i = 0; i < count && advice[i].severity < SEVERITY_INFO; i++)
		findings[row->finding_count++] = advice_copy(arena, &advice[i]);
	for (size_t i = 0; i < sender->listing_count; i++)
		if (strcmp(sender->listings[i].identity, "ip") == 0)
			listings[row->listing_count++] =
			    (struct address_listing){sender->listings[i].list->zone,
			        sender->listings[i].list->kind, sender->listings[i].state};
}

/* By which address the message went, if a server has noted it; NULL, too, when that is another of
 * those that are judged: then it stands in the other report. */
static const struct received *
who_saw(const struct self *self)
{
	const struct sender *sender = &self->sender;
	struct seen_query query = {self->trace, self->trace_count, self->ip,
	    {sender->helo, sender->ptr.confirmed_name, sender->from_domain.name, sender->author}};
	const struct received *seen = seen_by_others(&query);

	for (size_t i = 0; seen != NULL && i < self->source_count; i++)
		if (!ip_equal(&self->sources[i], &self->ip) &&
		    ip_equal(&self->sources[i], &seen->client))
			return NULL;
	return seen;
}

static void
show_egress(const struct run_progress *progress, void *arg)
{
	static const struct tally none;
	struct buf line;

	(void)arg;
	buf_init(&line, 1024);
	progress_line(&line, progress, &none);
	log_progress(line.data);
	buf_release(&line);
}

/* --egress, from the source at hand. */
static void
try_egress(struct self *self, const struct ip *source)
{
	const struct options *o = self->options;
	const struct reach_plan plan = {.base = self->dns.base,
	    .who = self->dns.who,
	    .dns_ms = o->timeout_dns,
	    .source = o->sources.count > 0 ? *source : (struct ip){0},
	    .allow_private = o->allow_private,
	    .hosts = o->egress.items,
	    .count = o->egress.count,
	    .life = o->quiet || !isatty(STDERR_FILENO) ? NULL : show_egress};

	self->egress_tried = NULL;
	for (size_t i = 0; i < o->egress.count; i++)
		self->egress_tried = arena_printf(self->question, "%s%s%s",
		    i > 0 ? self->egress_tried : "", i > 0 ? ", " : "", o->egress.items[i]);
	reach_any(&plan, self->question, &self->egress);
	log_progress(NULL);
}

/* The gravest of the lists that have the address: of blocklists, the first. */
static const struct list *
first_list(const struct sender *sender)
{
	for (size_t i = 0; i < sender->listing_count; i++) {
		const struct listing *listing = &sender->listings[i];

		if (listing->state == LIST_LISTED && listing->list->kind == LIST_BLACK &&
		    strcmp(listing->identity, "ip") == 0)
			return listing->list;
	}
	return NULL;
}

static bool
step_neighbours(struct book *book, void *arg)
{
	struct self *self = arg;

	return neighbours_look_up(
	    book, self->around, self->sender_list, &self->ip, &self->neighbours);
}

static void
ask_neighbours(struct self *self, struct book *book)
{
	self->neighbours = (struct neighbours){.list = NULL};
	self->sender_list = first_list(&self->sender);
	if (!self->options->neighbours || self->sender_list == NULL)
		return;
	arena_reset(self->around);
	dns_consult(&self->dns, book, step_neighbours, self, self->options->timeout_dns);
}

/* Returns the exit status of this sender. */
static int
report(struct self *self, const struct book *book)
{
	struct advice_query query = {.remedies = self->rulebook.remedies,
	    .sender = &self->sender,
	    .helo_given = self->identity.origin == HELO_GIVEN,
	    .from_given = self->options->from != NULL,
	    .helo_is_ptr = self->identity.origin == HELO_PTR,
	    .silent_resolver = dns_is_dead(&self->dns) ? dns_whose(&self->dns, self->arena) : NULL,
	    .public_resolver = dns_public_resolver(&self->dns),
	    .seen = who_saw(self),
	    .egress_tried = self->egress_tried,
	    .egress_answered = self->egress.answered,
	    .egress_refused = self->egress.tried,
	    .egress_problem = self->egress.why,
	    .neighbours = self->options->neighbours ? &self->neighbours : NULL,
	    .author_problem = self->author_problem};
	struct advice_count found;
	struct advice *advice;
	size_t count;
	struct buf out;
	bool written;

	advise(&query, self->arena, &advice, &count);
	found = advice_count(advice, count);
	for (size_t i = 0; i < SEVERITY_COUNT; i++)
		self->found.of[i] += found.of[i];
	buf_init(&out, RECORD_MAX);
	if (self->options->format == FORMAT_NAGIOS) {
		keep_for_nagios(self, &found, advice, count);
	} else if (self->options->format == FORMAT_NDJSON) {
		record_sender(&out, &self->sender, self->identity.origin);
		for (size_t i = 0; i < count; i++)
			record_finding(&out, &self->sender, &advice[i]);
	} else if (is_many(self)) {
		keep_row(self, advice, count);
	} else {
		if (self->reports++ > 0)
			buf_putc(&out, '\n');
		text_advice(
		    &out, &self->style, &self->sender, self->identity.origin, advice, count);
		if (self->options->verbose)
			dns_tell_answers(&self->dns, book, &self->style, &out);
	}
	written = output_write(&self->output, &out);
	buf_release(&out);
	return written ? status_of(&found) : EXIT_WRITE;
}

/* Nothing that the DNS says of an address which nobody sees is worth reporting. Where the user has
 * told the public one of the other family, this one is only mentioned: it may be a way that no mail
 * takes. */
static int
pass_over(const struct self *self, const char *special)
{
	char ip[IP_TEXT];
	const char *other = self->ip.family == 6 ? "-4" : "-6";
	bool choice = self->options->sources.count == 0 && self->options->family == ROUTE_BOTH;

	if (self->options->sources.count == 0 && self->options->public_ip.family != 0 &&
	    self->options->public_ip.family != self->ip.family) {
		log_note("%s, from which this host reaches IPv%u, is a %s address and was not "
		         "judged (%s leaves it out)",
		    ip_text(&self->ip, ip), self->ip.family, special, other);
		return EXIT_OK;
	}
	log_error("%s is a %s address, which no receiver sees: give the one that they see with "
	          "--public-ip%s%s",
	    ip_text(&self->ip, ip), special, choice ? ", or leave this family out with " : "",
	    choice ? other : "");
	return EXIT_UNDETERMINED;
}

static struct ip
as_seen(const struct self *self, const struct ip *source)
{
	const struct ip *public = &self->options->public_ip;

	return public->family == source->family ? *public : *source;
}

static bool
is_passed_over(const struct self *self, const struct ip *ip)
{
	return ip_special(ip) != NULL && !self->options->allow_private;
}

/* All that is asked about some addresses, at once: what they have in common, such as the lists'
 * test points and the SPF record, is asked once. */
static bool
step_some(struct book *book, void *arg)
{
	struct self *self = arg;
	bool whole = true;

	for (size_t i = self->some_from; i < self->some_to; i++) {
		self->ip = as_seen(self, &self->sources[i]);
		if (!is_passed_over(self, &self->ip) && !step(book, self))
			whole = false;
		else if (loop_ms() < self->some_until)
			self->answered[i - self->some_from] = true;
	}
	return whole;
}

/* The book has all the answers that there are to be. */
static int
judge_one(struct self *self, const struct ip *source, struct book *book, bool complete)
{
	self->ip = as_seen(self, source);
	if (self->output.veil != NULL)
		veil_add(self->output.veil, &self->ip);
	if (is_passed_over(self, &self->ip))
		return pass_over(self, ip_special(&self->ip));
	try_egress(self, source);
	self->sender.complete =
	    dns_consult(&self->dns, book, step, self, 0) && complete && self->sender.complete;
	ask_neighbours(self, book);
	return report(self, book);
}

/* With -v each is told with the answers that were used for it. */
static int
judge_some(struct self *self, int status)
{
	struct book *book = book_new();
	bool complete;

	memset(self->answered, 0, sizeof self->answered);
	/* The loop's clock may be a little ahead of this one: who comes last counts as late. */
	self->some_until = loop_ms() + self->options->timeout_dns * 9 / 10;
	complete = dns_consult(&self->dns, book, step_some, self, self->options->timeout_dns);
	for (size_t i = self->some_from; i < self->some_to && status != EXIT_WRITE; i++) {
		int one = judge_one(
		    self, &self->sources[i], book, complete || self->answered[i - self->some_from]);

		status = one == EXIT_WRITE ? one : exit_graver(status, one);
	}
	book_free(book);
	return status;
}

static int
judge_each(struct self *self)
{
	size_t at_once = self->options->verbose ? 1 : AT_ONCE;
	int status = EXIT_OK;

	for (size_t i = 0; i < self->source_count && status != EXIT_WRITE; i = self->some_to) {
		self->some_from = i;
		self->some_to = i + at_once < self->source_count ? i + at_once : self->source_count;
		status = judge_some(self, status);
	}
	return status;
}

static int
write_table(struct self *self, int status)
{
	struct buf out;

	if (self->row_count == 0 || status == EXIT_WRITE)
		return status;
	buf_init(&out, RECORD_MAX);
	text_addresses(&out, &self->style, self->rows, self->row_count);
	if (!output_write(&self->output, &out))
		status = EXIT_WRITE;
	buf_release(&out);
	return status;
}

/* How many are left: each once, in their order. */
static size_t
without_repeats(struct addresses *addresses)
{
	size_t kept = 0;

	for (size_t i = 0; i < addresses->count; i++) {
		size_t k = 0;

		while (k < kept && !ip_equal(&addresses->items[k], &addresses->items[i]))
			k++;
		if (k == kept)
			addresses->items[kept++] = addresses->items[i];
	}
	return kept;
}

static int
judge_all(struct self *self)
{
	const struct options *o = self->options;
	struct addresses given = o->sources;
	struct ip own[OWN_SOURCES];
	int status = EXIT_OK;

	if (o->input != NULL)
		status = read_addresses(self, &given);
	if (status != EXIT_OK)
		return status;
	given.count = without_repeats(&given);
	self->sources = given.count > 0 ? given.items : own;
	self->source_count = given.count > 0 ? given.count : own_sources(o, own);
	if (self->source_count == 0) {
		log_error("this host has no %saddress that leads out: give one with --source or "
		          "--public-ip",
		    o->family == ROUTE_V4   ? "IPv4 "
		    : o->family == ROUTE_V6 ? "IPv6 "
		                            : "");
		return EXIT_UNDETERMINED;
	}
	return write_table(self, judge_each(self));
}

/* ---- nagios */

/* What was found counts as targets do in a run. An address that was not judged is one more thing
 * that is not known. */
static struct nagios_facts
nagios_facts_of(const struct self *self, int status, double seconds)
{
	static const struct nagios_labels labels = {"good", "refuses", "warns", "unknown"};
	const size_t *found = self->found.of;
	struct nagios_facts facts = {.labels = &labels,
	    .seconds = seconds,
	    .lists = self->lists_told,
	    .listed = self->listed};

	facts.status[WALK_REFUSED] = found[SEVERITY_REFUSES];
	facts.status[WALK_DEFERRED] = found[SEVERITY_WARNS];
	facts.status[WALK_DNS_ERROR] =
	    found[SEVERITY_UNKNOWN] + (status == EXIT_UNDETERMINED && found[SEVERITY_UNKNOWN] == 0);
	facts.status[WALK_ACCEPTED] = found[SEVERITY_GOOD];
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		facts.targets += facts.status[s];
	return facts;
}

static int
write_nagios(struct self *self, int status, double seconds)
{
	const struct nagios_facts facts = nagios_facts_of(self, status, seconds);
	const struct thresholds *thresholds = &self->options->thresholds;
	struct buf out, words;

	if (status > EXIT_UNDETERMINED)
		return status;
	buf_init(&out, RECORD_MAX);
	buf_init(&words, TEXT_LINE);
	if (self->judged > 1)
		buf_printf(
		    &words, "%zu of %zu addresses get mail refused; ", self->refused, self->judged);
	buf_puts(&words, self->judged > 0 ? self->verdict : "no address to judge");
	nagios_line(&out, &facts, thresholds, words.data);
	buf_release(&words);
	nagios_text(&out, self->report.data, self->report.len);
	status =
	    output_write(&self->output, &out) ? (int)nagios_status(&facts, thresholds) : EXIT_WRITE;
	buf_release(&out);
	return status;
}

static int
run(struct self *self)
{
	int64_t began = loop_ms();
	int status = dns_open(&self->dns, self->options), closed;

	if (status == EXIT_OK)
		status = rulebook_open(&self->rulebook, self->options, self->dns.lists);
	if (status == EXIT_OK)
		status = judge_all(self);
	if (self->options->format == FORMAT_NAGIOS)
		status = write_nagios(self, status, (double)(loop_ms() - began) / 1000);
	else
		status = dns_status(&self->dns, status);
	rulebook_close(&self->rulebook);
	closed = dns_close(&self->dns);
	return closed != EXIT_OK ? closed : status;
}

int
command_self(const struct options *options)
{
	struct self self = {.options = options,
	    .question = arena_new(),
	    .arena = arena_new(),
	    .around = arena_new()};
	int status;

	buf_init(&self.report, RECORD_MAX);
	self.hostname = own_hostname(self.question);
	status = read_message(&self);
	if (status == EXIT_OK)
		status = read_keys(&self);
	if (status == EXIT_OK) {
		status = output_open(&self.output, options);
		if (status == EXIT_OK) {
			self.style = output_style(&self.output, options);
			output_redact(&self.output, options);
			status = run(&self);
		}
		status = output_close(&self.output, status);
	}
	forget_keys(&self);
	buf_release(&self.report);
	arena_free(self.arena);
	arena_free(self.around);
	arena_free(self.question);
	return status;
}
