/* A message, before it is sent: read, looked up, judged.
 *
 * Exit status: 0 nobody would refuse it · 1 somebody would · 2 with --strict: nobody would, but
 * somebody holds something against it · 3 it could not be told · 64 and up as everywhere. Of
 * several messages and sources the first of 1, 3, 2 that was met. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/seen.h"
#include "base/veil.h"
#include "command/command.h"
#include "command/dkim_keys.h"
#include "command/filters.h"
#include "command/live.h"
#include "command/message_file.h"
#include "command/output.h"
#include "command/own_host.h"
#include "command/parts_aside.h"
#include "command/sources.h"
#include "dns/book.h"
#include "evidence/identify.h"
#include "io/loop.h"
#include "report/ndjson.h"
#include "report/preflight_report.h"

enum {
	LIST_LINE_MAX = 4096,
	LIST_BATCH = 500 /* domains of a list that are asked about at once */
};

struct preflighting { /* all that lives as long as the command */
	const struct options *options;
	struct dns_access dns;
	struct requirements *requirements;
	struct output output;
	struct text_style style;
	struct arena *arena; /* of what was asked */
	const char *hostname;
	struct ip own[OWN_SOURCES];
	const struct ip *sources;
	size_t source_count;
	struct dkim_keys keys; /* that sign a copy */
	struct sender_signer *signers; /* that will sign at the server: without a private key */
	size_t signer_count;
	struct audience *audience; /* NULL: no --list */
	struct audience_share share;
	struct mailing mailing;
	struct seen *msgids; /* of the messages before; the number of its file */
	unsigned reports;
	int status;

	/* of the message and the source at hand */
	struct arena *mail, *work; /* the second is emptied whenever an evaluation starts again */
	const char *file;
	uint32_t number; /* of the operands, from 1 */
	struct message_facts facts;
	struct buf copy; /* with the signature that it will have; len 0: as it is */
	const char *signed_with;
	struct ip ip;
	struct preflight_query query;
	struct identity identity;
	struct preflight known;
};

/* ---- what was asked */

static int
open_requirements(struct preflighting *run)
{
	struct stanza_error error;

	run->requirements = requirements_new();
	if (requirements_add_builtin(run->requirements, &error))
		return EXIT_OK;
	log_error("data/preflight.conf:%u: %s", error.line, error.reason);
	return EXIT_INTERNAL;
}

/* Keys whose private half is at hand sign a copy; of the others what is published counts. */
static int
open_keys(struct preflighting *run)
{
	const struct signers *given = &run->options->signers;
	struct options private = *run->options;

	private.signers =
	    (struct signers){arena_alloc(run->arena, (given->count + 1) * sizeof *given->items), 0};
	run->signers = arena_alloc(run->arena, (given->count + 1) * sizeof *run->signers);
	for (size_t i = 0; i < given->count; i++)
		if (given->items[i].file != NULL)
	private.signers.items[private.signers.count++] = given->items[i];
	else run->signers[run->signer_count++] =
	    (struct sender_signer){given->items[i].selector, given->items[i].domain, NULL};
	return dkim_keys_open(&run->keys, &private, run->arena);
}

static int
find_sources(struct preflighting *run)
{
	const struct options *o = run->options;

	run->sources = o->sources.count > 0 ? o->sources.items : run->own;
	run->source_count = o->sources.count > 0 ? o->sources.count : own_sources(o, run->own);
	if (run->source_count > 0)
		return EXIT_OK;
	log_error("this host has no address that leads out: give the one that will send with "
	          "--source");
	return EXIT_UNDETERMINED;
}

/* ---- the list of recipients */

struct list_batch {
	struct audience *audience;
	size_t first, end;
};

static bool
look_up_batch(struct book *book, void *arg)
{
	struct list_batch *batch = arg;

	return audience_look_up(batch->audience, book, batch->first, batch->end);
}

static void
show(const struct preflighting *run, const char *what, size_t done, size_t total)
{
	char line[200];

	if (run->options->quiet || !isatty(STDERR_FILENO) || total < 2)
		return;
	snprintf(line, sizeof line, "%s: %zu of %zu", what, done, total);
	output_progress(line);
}

static void
look_up_list(struct preflighting *run)
{
	struct list_batch batch = {.audience = run->audience};
	size_t total = audience_domains(run->audience);

	for (; batch.first < total; batch.first = batch.end) {
		struct book *book = book_new();

		batch.end = batch.first + LIST_BATCH;
		show(run, "domains of the list", batch.first, total);
		dns_consult(&run->dns, book, look_up_batch, &batch, run->options->timeout_dns);
		book_free(book);
	}
	log_progress(NULL);
}

static int
read_list(struct preflighting *run)
{
	const char *name = run->options->recipients;
	struct input *input = input_open(name, INPUT_TEXT);
	enum input_state state;
	struct slice line;

	if (input == NULL) {
		log_error("%s: cannot be opened", name);
		return EXIT_DATA;
	}
	run->audience = audience_new(run->requirements);
	while ((state = input_line(input, LIST_LINE_MAX, &line)) <= INPUT_WAIT)
		if (state == INPUT_WAIT)
			input_wait(input);
		else if (line.at != NULL)
			audience_add(run->audience, line);
	if (state == INPUT_BROKEN)
		log_error("%s: %s", name, input_why(input));
	input_close(input);
	if (state == INPUT_BROKEN)
		return EXIT_DATA;
	look_up_list(run);
	run->share = audience_shares(run->audience);
	run->mailing.audience = &run->share;
	if (run->share.bad > 0)
		log_warn("%s: passed over, for it is no address: %lu line%s", name, run->share.bad,
		    run->share.bad == 1 ? "" : "s");
	return EXIT_OK;
}

/* ---- the message */

/* One that is signed already is judged as it is. */
static bool
sign_copy(struct preflighting *run, long long now)
{
	const struct message_facts *facts = &run->facts;
	const char *why = NULL;
	bool good = true;

	buf_clear(&run->copy);
	run->signed_with = NULL;
	if (run->keys.count == 0 || facts_field(facts, "DKIM-Signature") != NULL)
		return true;
	for (size_t i = 0; i < run->keys.count && good; i++) {
		const struct dkim_signer *signer = run->keys.signers[i];

		if (signer->domain == NULL && facts->author == NULL) {
			log_warn("%s: the key %s signs nothing: there is no author whose domain it "
			         "could sign for; say which with --dkim-domain",
			    run->file, signer->selector);
			continue;
		}
		good = dkim_sign(signer, signer->domain != NULL ? signer->domain : facts->author,
		    facts->message.at, facts->message.len, now, run->mail, &run->copy, &why);
		run->signed_with = signer->selector;
	}
	if (run->copy.len > 0)
		buf_add(&run->copy, facts->message.at, facts->message.len);
	if (!good)
		log_warn("%s: cannot be signed: %s", run->file, why);
	return true;
}

/* A Message-ID is for one message: receivers count, and one that stands in a template comes with
 * each. */
static void
compare_msgid(struct preflighting *run)
{
	const struct mail_field *field = facts_field(&run->facts, "Message-ID");
	const char *id = facts_value(&run->facts, "Message-ID");
	uint32_t number = id != NULL && *id != '\0' ? seen_number(run->msgids, id) : 0;

	if (number > 0 && strcmp(run->options->operands.items[number - 1], run->file) != 0)
		fault_at(&run->facts, CHECK_HDR_MSGID_REPEATED, field->at,
		    "The Message-ID is that of another message, %s.",
		    run->options->operands.items[number - 1]);
	else if (number == 0 && id != NULL && *id != '\0')
		seen_add(run->msgids, id, run->number);
}

static bool
read_message(struct preflighting *run, long long now)
{
	struct facts_query query = {.now = now, .requirements = run->requirements};
	struct read_message file;

	if (!message_file_read(&file, run->file, run->mail))
		return false;
	query.message = file.message;
	query.file = file.facts;
	message_facts_read(&query, run->mail, &run->facts);
	parts_look_into(&run->facts, run->mail);
	message_facts_finish(&run->facts);
	compare_msgid(run);
	return sign_copy(run, now);
}

/* ---- one source */

static bool
step(struct book *book, void *arg)
{
	struct preflighting *run = arg;
	const struct identity_query who = {.ip = run->ip,
	    .helo = run->options->ehlo,
	    .from = run->options->from,
	    .author = run->facts.author,
	    .hostname = run->hostname};
	bool identified;

	arena_reset(run->work);
	identified = identify(book, run->work, &who, &run->identity);
	run->query.helo = run->identity.helo;
	run->query.from = run->identity.from;
	return preflight_gather(book, run->work, &run->query, &run->known) && identified;
}

static int
graver(int a, int b)
{
	static const int order[] = {
	    [EXIT_OK] = 0, [EXIT_DEFERRED] = 1, [EXIT_UNDETERMINED] = 2, [EXIT_REFUSED] = 3};

	if (a > EXIT_UNDETERMINED || b > EXIT_UNDETERMINED)
		return a > b ? a : b;
	return order[a] >= order[b] ? a : b;
}

static int
status_of(const struct preflighting *run, const struct preflight_report *report)
{
	switch (preflight_status_of(report)) {
	case PREFLIGHT_REFUSED:
		return EXIT_REFUSED;
	case PREFLIGHT_UNKNOWN:
		return EXIT_UNDETERMINED;
	case PREFLIGHT_WARNS:
		return run->options->strict ? EXIT_DEFERRED : EXIT_OK;
	case PREFLIGHT_GOOD:
		break;
	}
	return EXIT_OK;
}

static int
tell(struct preflighting *run, const struct preflight_report *report, const struct book *book)
{
	struct buf out;
	bool written;

	buf_init(&out, RECORD_MAX);
	if (run->options->format == FORMAT_NDJSON) {
		record_preflight(&out, report);
	} else if (run->options->format == FORMAT_JUNIT) {
		junit_preflight(&out, report);
	} else {
		if (run->reports > 0)
			buf_putc(&out, '\n');
		text_preflight(&out, &run->style, report);
		if (run->options->verbose)
			dns_tell_answers(&run->dns, book, &run->style, &out);
	}
	run->reports++;
	written = output_write(&run->output, &out);
	buf_release(&out);
	return written ? status_of(run, report) : EXIT_WRITE;
}

static int
judge(struct preflighting *run, const struct book *book)
{
	size_t receivers = requirements_receivers(run->requirements);
	struct forecast *forecasts = arena_alloc(run->work, receivers * sizeof *forecasts);
	struct preflight_report report = {.file = run->file,
	    .requirements = run->requirements,
	    .facts = &run->facts,
	    .known = &run->known,
	    .origin = run->identity.origin,
	    .forecasts = forecasts,
	    .mailing = &run->mailing,
	    .signed_with = run->signed_with};
	struct component_plan plan = {
	    .message = run->query.signed_copy.len > 0 ? run->query.signed_copy : run->facts.message,
	    .ip = run->ip,
	    .helo = run->query.helo,
	    .from = run->query.from,
	    .hostname = run->known.sender.ptr.confirmed_name,
	    .now = run->query.now};
	struct ranked *ranked;

	report.findings = preflight_judge(&run->query, &run->known, run->work);
	for (size_t i = 0; i < receivers; i++)
		preflight_forecast(
		    run->requirements, report.findings, i, &run->mailing, run->work, &forecasts[i]);
	report.ranked_count =
	    preflight_rank(run->requirements, report.findings, &run->mailing, run->work, &ranked);
	report.ranked = ranked;
	report.component_count =
	    filters_ask(run->options, run->dns.base, &plan, run->work, &report.components);
	return tell(run, &report, book);
}

/* Of an address that nobody sees, nothing that the DNS says is worth a word. */
static int
pass_over(const struct preflighting *run, const char *special)
{
	char ip[IP_TEXT];

	log_error("%s is a %s address, which no receiver sees: give the one that they see with "
	          "--source or --public-ip",
	    ip_text(&run->ip, ip), special);
	return EXIT_UNDETERMINED;
}

static int
judge_source(struct preflighting *run, const struct ip *source, long long now)
{
	const struct options *o = run->options;
	const char *special;
	struct book *book;
	int status;

	run->ip = o->public_ip.family == source->family ? o->public_ip : *source;
	special = ip_special(&run->ip);
	if (special != NULL && !ip_is_public(&run->ip) && !o->allow_private)
		return pass_over(run, special);
	run->query = (struct preflight_query){.facts = &run->facts,
	    .ip = run->ip,
	    .signed_copy = {run->copy.data, run->copy.len},
	    .signers = run->signers,
	    .signer_count = run->signer_count,
	    .lists = o->dnsbl ? run->dns.lists : NULL,
	    .now = now};
	book = book_new();
	run->known.complete = dns_consult(&run->dns, book, step, run, o->timeout_dns);
	if (o->live)
		run->known.live_count =
		    live_ask(o, run->dns.base, book, &run->facts, run->work, &run->known.live);
	status = judge(run, book);
	book_free(book);
	return status;
}

static int
judge_message(struct preflighting *run)
{
	long long now = (long long)time(NULL);
	int status = EXIT_OK;

	arena_reset(run->mail);
	if (!read_message(run, now))
		return EXIT_DATA;
	for (size_t i = 0; i < run->source_count && status != EXIT_WRITE; i++)
		status = graver(status, judge_source(run, &run->sources[i], now));
	return status;
}

static int
judge_all(struct preflighting *run)
{
	const struct strings *files = &run->options->operands;
	int status = EXIT_OK;

	for (size_t i = 0; i < files->count && status != EXIT_WRITE; i++) {
		show(run, "messages", i, files->count);
		run->file = files->items[i];
		run->number = (uint32_t)i + 1;
		status = graver(status, judge_message(run));
	}
	log_progress(NULL);
	return status;
}

/* ---- the run */

static bool
put(struct preflighting *run, void (*say)(struct buf *out))
{
	struct buf out;
	bool written;

	if (run->options->format != FORMAT_JUNIT)
		return true;
	buf_init(&out, RECORD_MAX);
	say(&out);
	written = output_write(&run->output, &out);
	buf_release(&out);
	return written;
}

static int
work_through(struct preflighting *run)
{
	int status = dns_open(&run->dns, run->options), closed;

	if (status == EXIT_OK)
		status = find_sources(run);
	for (size_t i = 0; run->output.veil != NULL && i < run->source_count; i++)
		veil_add(run->output.veil, &run->sources[i]);
	if (status == EXIT_OK && run->options->recipients != NULL)
		status = read_list(run);
	if (status == EXIT_OK && !put(run, junit_begin))
		status = EXIT_WRITE;
	if (status == EXIT_OK) {
		status = judge_all(run);
		if (!put(run, junit_end))
			status = EXIT_WRITE;
		dns_warn_if_dead(&run->dns);
	}
	closed = dns_close(&run->dns);
	return closed != EXIT_OK ? closed : status;
}

int
command_preflight(const struct options *options)
{
	struct preflighting run = {
	    .options = options, .arena = arena_new(), .mail = arena_new(), .work = arena_new()};
	int status;

	run.msgids = seen_new(0);
	buf_init(&run.copy, 2 * (size_t)MESSAGE_FILE_MAX);
	run.hostname = own_hostname(run.arena);
	run.mailing.volume = options->volume;
	status = open_requirements(&run);
	if (status == EXIT_OK)
		status = open_keys(&run);
	if (status == EXIT_OK)
		status = output_open(&run.output, options);
	if (status == EXIT_OK) {
		run.style = output_style(&run.output, options);
		output_redact(&run.output, options);
		status = work_through(&run);
		status = output_close(&run.output, status);
	}
	dkim_keys_close(&run.keys, false);
	audience_free(run.audience);
	requirements_free(run.requirements);
	buf_release(&run.copy);
	seen_free(run.msgids);
	arena_free(run.work);
	arena_free(run.mail);
	arena_free(run.arena);
	return status;
}
