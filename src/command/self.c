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
#include "report/ndjson.h"
#include "report/text_advice.h"

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
	struct ip ip; /* the source at hand, as receivers see it */
	struct identity identity;
	struct sender sender;
	struct reach egress;
	const char *egress_tried; /* NULL: it was not asked for */

	unsigned reports;
	struct advice_count found; /* of all sources */
	struct buf report; /* nagios: what is said behind the first line */
	char verdict[400]; /* nagios: of the gravest source */
	int verdict_status;
};

/* ---- what was asked */

static int
read_message(struct self *self)
{
	const struct content *data = &self->options->data;
	struct read_message file;

	if (data->file == NULL && data->text == NULL)
		return EXIT_OK;
	if (data->file == NULL)
		message_file_take(&file, slice_of(data->text), self->question);
	else if (!message_file_read(&file, data->file, self->question))
		return EXIT_DATA;
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

static int
graver(int a, int b)
{
	return a == EXIT_OK || (b != EXIT_OK && b < a) ? b : a;
}

static void
keep_for_nagios(struct self *self, const struct advice_count *count, const struct advice *advice,
    size_t advice_count)
{
	int status = status_of(count);
	struct buf line;

	buf_init(&line, sizeof self->verdict - 1);
	text_advice_verdict(&line, &self->sender, count);
	if (self->verdict[0] == '\0' ||
	    graver(self->verdict_status, status) != self->verdict_status) {
		memcpy(self->verdict, line.data, line.len + 1);
		self->verdict_status = status;
	}
	buf_release(&line);
	for (size_t i = 0; i < advice_count && advice[i].severity < SEVERITY_INFO; i++) {
		buf_printf(&self->report, "%s: ", severity_name(advice[i].severity));
		text_cstring(&self->report, advice[i].what);
		buf_putc(&self->report, '\n');
	}
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
	    .count = o->egress.count};

	self->egress_tried = NULL;
	for (size_t i = 0; i < o->egress.count; i++)
		self->egress_tried = arena_printf(self->question, "%s%s%s",
		    i > 0 ? self->egress_tried : "", i > 0 ? ", " : "", o->egress.items[i]);
	reach_any(&plan, self->question, &self->egress);
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
	    .public_resolver = dns_public_resolver(&self->dns),
	    .seen = who_saw(self),
	    .egress_tried = self->egress_tried,
	    .egress_answered = self->egress.answered,
	    .egress_refused = self->egress.tried,
	    .egress_problem = self->egress.why,
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

static int
judge_one(struct self *self, const struct ip *source, long ms)
{
	const struct ip *public = &self->options->public_ip;
	const char *special;
	struct book *book;
	int status;

	self->ip = public->family == source->family ? *public : *source;
	special = ip_special(&self->ip);
	if (special != NULL && !self->options->allow_private)
		return pass_over(self, special);
	try_egress(self, source);
	book = book_new();
	self->sender.complete =
	    dns_consult(&self->dns, book, step, self, ms) && self->sender.complete;
	status = report(self, book);
	book_free(book);
	return status;
}

/* The sources share the time. */
static int
judge_all(struct self *self)
{
	const struct options *o = self->options;
	struct ip own[OWN_SOURCES];
	const struct ip *sources = o->sources.count > 0 ? o->sources.items : own;
	size_t count = o->sources.count > 0 ? o->sources.count : own_sources(o, own);
	int64_t end = loop_ms() + o->timeout_dns;
	int status = EXIT_OK;

	if (count == 0) {
		log_error("this host has no %saddress that leads out: give one with --source or "
		          "--public-ip",
		    o->family == ROUTE_V4   ? "IPv4 "
		    : o->family == ROUTE_V6 ? "IPv6 "
		                            : "");
		return EXIT_UNDETERMINED;
	}
	self->sources = sources;
	self->source_count = count;
	for (size_t i = 0; i < count && status != EXIT_WRITE; i++) {
		int64_t left = (end - loop_ms()) / (int64_t)(count - i);
		int one = judge_one(self, &sources[i], left > 0 ? (long)left : 0);

		status = one == EXIT_WRITE ? one : graver(status, one);
	}
	return status;
}

/* ---- nagios */

static int
write_nagios(struct self *self, int status, double seconds)
{
	static const struct {
		const char *word;
		int status;
	} words[] = {[EXIT_OK] = {"OK", NAGIOS_OK},
	    [EXIT_REFUSED] = {"CRITICAL", NAGIOS_CRITICAL},
	    [EXIT_DEFERRED] = {"WARNING", NAGIOS_WARNING},
	    [EXIT_UNDETERMINED] = {"UNKNOWN", NAGIOS_UNKNOWN}};
	const struct advice_count *found = &self->found;
	struct buf out;
	bool written;

	if (status > EXIT_UNDETERMINED)
		return status;
	buf_init(&out, RECORD_MAX);
	buf_printf(&out,
	    "MXWALK %s - %s | time=%.3fs refuses=%zu;;0 warns=%zu;0 unknown=%zu good=%zu\n",
	    words[status].word, self->verdict[0] != '\0' ? self->verdict : "no address to judge",
	    seconds, found->of[SEVERITY_REFUSES], found->of[SEVERITY_WARNS],
	    found->of[SEVERITY_UNKNOWN], found->of[SEVERITY_GOOD]);
	for (size_t i = 0; i < self->report.len; i++)
		buf_putc(&out, self->report.data[i] == '|'
		                   ? '/'
		                   : self->report.data[i]); /* a bar would begin perfdata */
	written = output_write(&self->output, &out);
	buf_release(&out);
	return written ? words[status].status : EXIT_WRITE;
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
	struct self self = {.options = options, .question = arena_new(), .arena = arena_new()};
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
			status = run(&self);
		}
		status = output_close(&self.output, status);
	}
	forget_keys(&self);
	buf_release(&self.report);
	arena_free(self.arena);
	arena_free(self.question);
	return status;
}
