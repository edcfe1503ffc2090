/* probe: the options → the plans of a campaign. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include "auth/author.h"
#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/shown.h"
#include "campaign/campaign.h"
#include "campaign/pace.h"
#include "campaign/senders.h"
#include "command/command.h"
#include "command/dkim_keys.h"
#include "command/login_open.h"
#include "command/output.h"
#include "command/own_host.h"
#include "command/policy_access.h"
#include "command/resume.h"
#include "command/sources.h"
#include "command/standard.h"
#include "command/status_file.h"
#include "dns/book.h"
#include "dns/name.h"
#include "io/loop.h"
#include "io/resolver.h"
#include "io/tls.h"
#include "options/skip.h"
#include "options/target.h"
#include "report/check_tls.h"
#include "rules/builtin.h"
#include "rules/rules.h"

enum {
	QUESTIONS_AT_A_TIME = 2, /* of a route: MX, then A and AAAA */
	PATIENCE_MS = 3000, /* until this host, which can connect to nobody, is given up … */
	PATIENCE_LIST_MS = 5 * 60 * 1000, /* … in the middle of a list */
	RETRIES = 2, /* of a target in a list whose site says that we are too fast */
	FEW = 4, /* targets */
	DESCRIPTORS_BESIDE = 256, /* the DNS's sockets, files, the loop's own */
};

struct run { /* all that lives as long as the command */
	const struct options *options;
	struct tls_review *review; /* of a check; NULL: it is none */
	struct arena *arena;
	struct dns_access dns;
	struct rulebook rulebook;
	struct tls_context *tls;
	struct open_login login;
	struct policy_access policies;
	struct dkim_keys keys;
	struct intake *intake;
	struct paces *paces;
	struct output output;
	bool status_failed; /* --status-file could not be written once, which was said */
	unsigned only; /* statuses that are told, as bits; 0: all */
	struct pipeline_plan pipeline;
	struct senders_plan senders;
};

/* For so few handshakes it does not pay to load all authorities. */
static bool
are_few(const struct options *options)
{
	return options->input == NULL && options->operands.count <= FEW;
}

static struct tls_context *
give_tls(void *arg)
{
	struct run *run = arg;
	const char *why;

	if (run->tls == NULL)
		run->tls = tls_context_new(run->options->tls_ca, are_few(run->options), &why);
	return run->tls;
}

static bool
keep(struct arena *arena, char *text, const char **bytes, const size_t *len)
{
	if (text == NULL)
		return false;
	*bytes = arena_copy(arena, text, *len);
	free(text);
	return true;
}

static bool
read_content(struct run *run, const struct content *content, const char **bytes, size_t *len)
{
	*bytes = content->text;
	*len = content->text != NULL ? strlen(content->text) : 0;
	return content->file == NULL ||
	       keep(run->arena, file_unpack(content->file, INPUT_TEXT, MESSAGE_MAX, len), bytes,
	           len);
}

/* --html, --attach-body; of the latter a plain text is the body, unless there is one. */
static bool
read_texts(struct run *run, struct message_plan *message)
{
	const struct options *o = run->options;
	struct message_text *texts = NULL, text = {.type = "text/html"};

	if (!read_content(run, &o->html, &text.bytes, &text.len))
		return false;
	if (text.bytes != NULL)
		*(struct message_text *)arena_push(
		    run->arena, &texts, message->text_count++, sizeof *texts) = text;
	for (size_t i = 0; i < o->attach.body_count; i++) {
		text.type = o->attach.bodies[i].type;
		if (!read_content(run, &o->attach.bodies[i].content, &text.bytes, &text.len))
			return false;
		if (message->body == NULL && strcmp(text.type, "text/plain") == 0) {
			message->body = text.bytes;
			message->body_len = text.len;
		} else {
			*(struct message_text *)arena_push(
			    run->arena, &texts, message->text_count++, sizeof *texts) = text;
		}
	}
	message->texts = texts;
	return true;
}

static bool
read_files(struct run *run, struct message_plan *message)
{
	const struct attachments *attach = &run->options->attach;
	struct message_file *files = NULL;

	for (size_t i = 0; i < attach->count; i++) {
		const struct attachment *given = &attach->items[i];
		const char *name = given->file, *slash = strrchr(name, '/');
		struct message_file *file = arena_push(run->arena, &files, i, sizeof *file);

		file->name = given->name != NULL      ? given->name
		             : strcmp(name, "-") == 0 ? "attachment"
		             : slash != NULL          ? slash + 1
		                                      : name;
		file->type = given->type;
		if (!keep(run->arena, file_read(name, MESSAGE_MAX, &file->len), &file->bytes,
		        &file->len))
			return false;
	}
	message->files = files;
	message->file_count = attach->count;
	return true;
}

/* --data is kept as it is, for its tokens differ from target to target. */
static bool
read_own(struct run *run)
{
	const struct content *data = &run->options->data;
	struct letter_plan *letter = &run->pipeline.walk.letter;

	letter->own = data->text;
	letter->own_len = data->text != NULL ? strlen(data->text) : 0;
	return data->file == NULL ||
	       keep(run->arena,
	           file_unpack(data->file, INPUT_OCTETS, MESSAGE_MAX, &letter->own_len),
	           &letter->own, &letter->own_len);
}

static void
warn_of_signatures(const struct run *run, unsigned unfit)
{
	if (unfit > 0)
		log_warn("--data: %s not fit what is changed, and %s left out%s",
		    unfit == 1 ? "its DKIM signature does" : "its DKIM signatures do",
		    unfit == 1 ? "is" : "are",
		    run->keys.count > 0 ? "; it is signed again" : " (--dkim-key signs again)");
}

/* Of the user's own, before anything is replaced in it: which line could never be sent? */
static bool
try_lines(const struct letter_plan *letter, struct letter_faults *faults)
{
	struct buf text;
	bool good;

	if (letter->own == NULL)
		return true;
	buf_init(&text, MESSAGE_MAX);
	good = message_from_file(
	    letter->own, letter->own_len, NULL, &text, &faults->why, &faults->line);
	buf_release(&text);
	return good;
}

/* Tried once, so that what cannot be sent is said before anything is. */
static int
try_message(struct run *run)
{
	static const char nobody[] = "postmaster@localhost.localdomain";
	struct letter_plan plan = run->pipeline.walk.letter;
	const char *file = run->options->data.file != NULL ? run->options->data.file : "--data";
	struct letter_faults faults = {.why = NULL};
	struct arena *arena = arena_new();
	struct letter letter;
	int status = EXIT_OK;

	if (!try_lines(&plan, &faults) || !letter_write(&plan, nobody, nobody,
	                                      "localhost.localdomain", arena, &letter, &faults)) {
		status = plan.own != NULL ? EXIT_DATA : EXIT_USAGE;
		if (plan.own == NULL)
			log_error("the test message cannot be made: %s", faults.why);
		else if (faults.line > 0)
			log_error("%s:%u: %s", file, faults.line, faults.why);
		else
			log_error("%s: %s", file, faults.why);
	}
	warn_of_signatures(run, faults.unfit);
	arena_free(arena);
	return status;
}

static int
read_message(struct run *run)
{
	const struct options *o = run->options;
	struct message_plan *message = &run->pipeline.walk.letter.compose;

	run->pipeline.walk.letter.as_is = o->data_as_is;
	message->version = PACKAGE_NAME " " PACKAGE_VERSION;
	message->headers = o->headers.items;
	message->header_count = o->headers.count;
	message->added = o->added_headers.items;
	message->added_count = o->added_headers.count;
	if (!read_own(run) || !read_content(run, &o->body, &message->body, &message->body_len) ||
	    !read_texts(run, message) || !read_files(run, message))
		return EXIT_DATA;
	return try_message(run);
}

static int
open_intake(struct run *run, struct intake_plan *plan)
{
	const struct options *o = run->options;
	int status;

	*plan = (struct intake_plan){.operands = o->operands.items,
	    .operand_count = o->operands.count,
	    .to = o->to.items,
	    .to_count = o->to.count,
	    .file = o->input,
	    .skip_file = o->skip_file,
	    .server = o->server.host,
	    .server_port = o->server.port,
	    .login = run->login.wanted,
	    .quit_after = o->quit_after,
	    .shuffled = !o->ordered && o->concurrency > 1,
	    .seed = loop_random()};
	run->intake = intake_open(plan, &status);
	return status;
}

static bool
has_choice(const struct tls_choice *choice)
{
	return choice->sni != NULL || choice->versions != 0 || choice->ciphers != NULL;
}

static int
open_tls(struct run *run)
{
	const struct options *o = run->options;
	const char *why, *key = o->tls_key != NULL ? o->tls_key : o->tls_cert;

	if (o->tls_ca == NULL && o->tls_cert == NULL && !has_choice(&o->tls_choice))
		return EXIT_OK;
	run->tls = tls_context_new(o->tls_ca, are_few(o), &why);
	if (run->tls == NULL) {
		log_error("--tls-ca %s: %s", o->tls_ca, why);
		return EXIT_DATA;
	}
	if (!tls_context_restrict(run->tls, &o->tls_choice, &why)) {
		log_error("--tls-cipher %s: %s", o->tls_choice.ciphers, why);
		return EXIT_USAGE;
	}
	if (o->tls_cert == NULL || tls_context_identify(run->tls, o->tls_cert, key, &why))
		return EXIT_OK;
	log_error("--tls-cert %s: %s", o->tls_cert, why);
	return EXIT_DATA;
}

/* What DMARC will be about, and who signs. Of a message of the user's own neither is known: tokens
 * are replaced in it later, and it may bring its signatures along. */
static void
tell_mail(struct run *run)
{
	const struct options *o = run->options;
	struct sender_signer *signers =
	    arena_alloc(run->arena, (run->keys.count + 1) * sizeof *signers);
	const char *why;

	if (run->pipeline.walk.letter.own != NULL) {
		run->senders.author = "";
		return;
	}
	for (size_t i = 0; i < o->headers.count; i++)
		if (strncasecmp(o->headers.items[i], "From:", 5) == 0 &&
		    !author_read(o->headers.items[i] + 5, strlen(o->headers.items[i] + 5),
		        run->arena, &run->senders.author, &why))
			run->senders.author = "";
	for (size_t i = 0; i < run->keys.count; i++)
		signers[i] = (struct sender_signer){run->keys.signers[i]->selector,
		    run->keys.signers[i]->domain, run->keys.signers[i]->pair};
	run->senders.signers = signers;
	run->senders.signer_count = run->keys.count;
	run->senders.mail_known = true;
}

/* A walk takes a socket, and a look-up may take some: more walks than the system gives descriptors
 * would end in failures of our own. */
static unsigned
possible_concurrency(unsigned wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
		getrlimit(RLIMIT_NOFILE, &limit);
	}
	if (limit.rlim_cur == RLIM_INFINITY || wanted + DESCRIPTORS_BESIDE <= limit.rlim_cur)
		return wanted;
	wanted = limit.rlim_cur > DESCRIPTORS_BESIDE
	             ? (unsigned)(limit.rlim_cur - DESCRIPTORS_BESIDE)
	             : 1;
	log_warn("--concurrency: %u walks at once, for the system allows %lu descriptors", wanted,
	    (unsigned long)limit.rlim_cur);
	return wanted;
}

/* To one address there is one connection, whatever is asked. */
static struct site_limits
limits_of(const struct options *o)
{
	return (struct site_limits){.walks = possible_concurrency(o->concurrency),
	    .rate = o->rate == RATE_NONE ? 0 : o->rate,
	    .address = 1,
	    .network =
	        o->net_concurrency > o->site_concurrency ? o->net_concurrency : o->site_concurrency,
	    .pause = o->site_pause};
}

static int
open_paces(struct run *run)
{
	const struct options *o = run->options;
	const struct pace_wish wish = {.connections = o->site_concurrency,
	    .rate_given = o->site_rate > 0,
	    .rate = o->site_rate == RATE_NONE ? 0 : o->site_rate};
	struct stanza_error error;

	run->paces = paces_new(&wish);
	if (paces_add(run->paces, data_sites, data_sites_size, &error))
		return EXIT_OK;
	log_error("built-in sites, line %u: %s", error.line, error.reason);
	return EXIT_INTERNAL;
}

/* By the name or the address of a server, which nobody knew before the DNS was asked. */
static const char *
opted_out(const char *host, const struct ip *ip, struct arena *arena, void *arg)
{
	const char *where = skip_ip(arg, ip);

	if (where == NULL)
		where = strchr(host, '@') != NULL ? skip_address(arg, host) : skip_host(arg, host);
	return where != NULL ? arena_printf(arena, "it has opted out (%s)", where) : NULL;
}

static void
plan_errands(const struct options *o, struct skip_list *skip, struct errand_rules *rules)
{
	rules->opted_out = skip != NULL ? opted_out : NULL;
	rules->arg = skip;
	rules->family = o->family;
	rules->all = o->all;
	rules->allow_private = o->allow_private;
	rules->level = o->tls_level;
	rules->require_tls = o->require_tls;
	rules->trust_ad = o->trust_ad;
	rules->socket = o->socket;
	rules->private_only = o->raw_eol != RAW_NONE;
	rules->target_ms = o->timeout_target;
	for (size_t i = 0; i < o->sources.count; i++)
		rules->sources[o->sources.items[i].family == 6] = true;
}

/* A secret goes to nobody who is not known, unless that is said. */
static void
plan_login(struct run *run)
{
	struct walk_plan *walk = &run->pipeline.walk;

	if (!run->login.wanted || run->login.login.in_clear)
		return;
	walk->tls_want = TLS_MUST;
	walk->must_verify = true;
}

static void
plan_pipeline(struct run *run)
{
	const struct options *o = run->options;
	struct pipeline_plan *plan = &run->pipeline;
	struct walk_plan *walk = &plan->walk;

	plan->who = run->dns.who;
	plan->origin = dns_origin(&run->dns, run->arena);
	plan->dns_ms = o->timeout_dns;
	plan->routes = o->dns_concurrency / QUESTIONS_AT_A_TIME + 1;
	plan->port = (uint16_t)o->port;
	plan->rules = run->rulebook.rules;
	plan->remedies = run->rulebook.remedies;
	plan->policies = run->policies.policies;
	plan->policy_first = o->tls_level == LEVEL_MTA_STS || o->require_tls;
	plan->limits = limits_of(o);
	plan->patience_ms = o->input != NULL ? PATIENCE_LIST_MS : PATIENCE_MS;
	plan->retries = o->retries > 0 ? o->retries - 1 : o->input != NULL ? RETRIES : 0;
	plan->retry_greylisted = o->retry_greylisted;
	plan_errands(o, intake_skip(run->intake), &plan->errands);
	plan->errands.paces = run->paces;
	walk->base = run->dns.base;
	walk->tls = give_tls;
	walk->tls_arg = run;
	walk->tls_want = o->tls;
	walk->must_verify = o->tls_verify;
	walk->tls_name = o->tls_name;
	walk->resumes = !run->login.wanted;
	plan_login(run);
	walk->say = (struct plan){.tls_at_once = o->tls_on_connect,
	    .protocol = o->protocol,
	    .chunking = o->chunking,
	    .pipeline = o->pipeline,
	    .raw_eol = o->raw_eol,
	    .login = run->login.wanted ? &run->login.login : NULL,
	    .notify = o->dsn_notify,
	    .ret = o->dsn_ret,
	    .envid = o->dsn_envid,
	    .orcpt = o->dsn_orcpt};
	walk->letter.signers = run->keys.signers;
	walk->letter.signer_count = run->keys.count;
	options_deadlines(o, walk->ms);
}

static void
make_plans(struct run *run)
{
	const struct options *o = run->options;

	run->senders = (struct senders_plan){.base = run->dns.base,
	    .who = run->dns.who,
	    .lists = o->dnsbl ? run->dns.lists : NULL,
	    .helo = o->ehlo,
	    .from = o->from,
	    .public_ip = o->public_ip,
	    .allow_private = o->allow_private,
	    .hostname = own_hostname(run->arena),
	    .dns_ms = o->timeout_dns};
	tell_mail(run);
	plan_pipeline(run);
}

static bool
write_line(struct buf *bytes, void *arg)
{
	return output_write(arg, bytes);
}

static bool
flush_lines(void *arg)
{
	return output_flush(arg);
}

/* The results go to a file: what they come to is for whoever sits at the terminal. */
static bool
show_summary(struct buf *words, void *arg)
{
	(void)arg;
	log_progress(NULL);
	shown_guard(words);
	return fwrite(words->data, 1, words->len, isatty(STDOUT_FILENO) ? stdout : stderr) ==
	       words->len;
}

static bool
wants_summary(const struct options *o)
{
	return o->output != NULL && strcmp(o->output, "-") != 0 && !o->quiet &&
	       (isatty(STDOUT_FILENO) || isatty(STDERR_FILENO));
}

/* Once it could be written; later trouble is no reason to stop. */
static void
write_status(const struct buf *record, void *arg)
{
	struct run *run = arg;
	const char *name = run->options->status_file;

	if (!status_file_write(name, record) && !run->status_failed) {
		log_error("%s: %s", name, strerror(errno));
		run->status_failed = true;
	}
}

static int
check_status_file(const struct options *o)
{
	if (o->status_file == NULL || status_file_try(o->status_file))
		return EXIT_OK;
	log_error("%s: %s", o->status_file, strerror(errno));
	return EXIT_CREATE;
}

static const struct sink_format *
format_of(const struct run *run)
{
	static const struct sink_format *const formats[] = {[FORMAT_TEXT] = &text_format,
	    [FORMAT_NDJSON] = &ndjson_format,
	    [FORMAT_NAGIOS] = &nagios_format};
	static const struct sink_format *const checks[] = {[FORMAT_TEXT] = &check_tls_text,
	    [FORMAT_NDJSON] = &check_tls_ndjson,
	    [FORMAT_NAGIOS] = &check_tls_nagios};

	return (run->review != NULL ? checks : formats)[run->options->format];
}

static struct run_facts
facts_of(const struct run *run)
{
	const struct options *o = run->options;
	size_t count = resolver_servers(run->dns.resolver);
	const char **servers = NULL;
	struct run_facts facts = {.version = PACKAGE_VERSION,
	    .started = loop_wall_ms(),
	    .options = o->given.items,
	    .option_count = o->given.count,
	    .nameserver_count = count,
	    .resumed = o->resume};

	for (size_t i = 0; i < count; i++)
		*(const char **)arena_push(run->arena, &servers, i, sizeof *servers) =
		    resolver_server(run->dns.resolver, i);
	facts.nameservers = servers;
	facts.given_known = intake_digest(run->intake, &facts.given);
	return facts;
}

static struct sink_plan
plan_sink(struct run *run, int64_t now)
{
	const struct options *o = run->options;

	return (struct sink_plan){.write = write_line,
	    .review = run->review,
	    .flush = flush_lines,
	    .write_arg = &run->output,
	    .show = output_progress,
	    .tell = log_answer,
	    .status = o->status_file != NULL ? write_status : NULL,
	    .status_arg = run,
	    .sum_up = wants_summary(o) ? show_summary : NULL,
	    .ordered = o->ordered,
	    .only = run->only,
	    .remedies = run->rulebook.remedies,
	    .thresholds = &o->thresholds,
	    .veil = run->output.veil,
	    .now = now,
	    .style = output_style(&run->output, o),
	    .quiet = o->quiet,
	    .secret = loop_random()};
}

static int
walk_all(struct run *run)
{
	const struct options *o = run->options;
	struct run_facts facts = facts_of(run);
	struct sink_plan telling = plan_sink(run, facts.started);
	struct sink sink;
	struct campaign_plan plan = {.pipeline = &run->pipeline,
	    .senders = &run->senders,
	    .intake = run->intake,
	    .sources = o->sources.items,
	    .source_count = o->sources.count,
	    .sink = &sink,
	    .progress = !o->quiet && isatty(STDERR_FILENO),
	    .minutes = !o->quiet && !isatty(STDERR_FILENO),
	    .verdicts = verdicts_new(),
	    .paced = o->site_rate != RATE_NONE,
	    .other_list = o->force,
	    .watch_ms = o->watch_lists,
	    .keep_going = o->keep_going,
	    .run = &facts};
	struct resume_plan earlier = {.options = o,
	    .run = &facts,
	    .verdicts = plan.verdicts,
	    .sink = &sink,
	    .output = &run->output,
	    .ended = &plan.earlier};
	int status = EXIT_OK;

	sink_init(&sink, format_of(run), &telling);
	if (o->resume)
		status = resume_read(&earlier);
	if (status == EXIT_OK)
		status = campaign_run(&plan);
	log_progress(NULL);
	verdicts_free(plan.verdicts);
	sink_release(&sink);
	return status;
}

/* An address that is not ours is a slip of the hand, and no word on any target. */
static int
check_sources(const struct options *o)
{
	for (size_t i = 0; i < o->sources.count; i++) {
		int error = senders_bind(&o->sources.items[i]);
		char text[IP_TEXT];

		if (error == 0)
			continue;
		log_error("--source %s: %s", ip_text(&o->sources.items[i], text),
		    error == EADDRNOTAVAIL ? "this host does not have that address"
		                           : strerror(error));
		return error == EADDRNOTAVAIL ? EXIT_USAGE : EXIT_LOCAL;
	}
	return EXIT_OK;
}

/* Without --only, -q with a list tells what went wrong. */
static int
read_only(struct run *run)
{
	const struct options *o = run->options;
	int status = output_only(o, &run->only);

	if (run->only == 0 && o->quiet && o->input != NULL && o->format == FORMAT_TEXT)
		run->only = ~(1u << WALK_ACCEPTED);
	return status;
}

/* A run that is gone on with is a log: all of it, as records. */
static int
check_resume(const struct options *o)
{
	const char *why = NULL;

	if (!o->resume)
		return EXIT_OK;
	if (o->output == NULL || strcmp(o->output, "-") == 0)
		why = "the file is missing (--output FILE)";
	else if (o->format != FORMAT_NDJSON)
		why = "only records can be read again (--json)";
	else if (o->only.count > 0)
		why = "what --only leaves out would be asked again";
	if (why == NULL)
		return EXIT_OK;
	log_error("--resume: %s", why);
	return EXIT_USAGE;
}

/* Does the resolver look, and does it refuse what is signed and broken? */
static bool
resolver_step(struct book *book, void *arg)
{
	struct tls_review *review = arg;
	const struct answer *root = book_ask(book, "", DNS_SOA),
	                    *bogus = book_ask(book, "dnssec-failed.org", DNS_A);

	if (root == NULL || bogus == NULL)
		return false;
	review->validates = answer_truth(root) != PRESENT ? RESOLVER_UNKNOWN
	                    : root->authentic             ? RESOLVER_YES
	                                                  : RESOLVER_NO;
	review->refuses = bogus->count > 0               ? RESOLVER_NO
	                  : bogus->rcode == DNS_SERVFAIL ? RESOLVER_YES
	                                                 : RESOLVER_UNKNOWN;
	return true;
}

static void
try_resolver(struct run *run)
{
	struct book *book = book_new();

	dns_consult(&run->dns, book, resolver_step, run->review, run->options->timeout_dns);
	book_free(book);
}

static int
show_mail(const struct letter *letter)
{
	struct slice rest = {letter->bytes, letter->len}, line;
	struct buf text;
	bool good;

	buf_init(&text, SIZE_MAX);
	if (!isatty(STDOUT_FILENO))
		buf_add(&text, letter->bytes, letter->len);
	else
		while (slice_line(&rest, &line)) {
			shown_add(&text, line.at, line.len);
			buf_putc(&text, '\n');
		}
	good = standard_write(STDOUT_FILENO, text.data, text.len);
	if (!good)
		log_error("standard output: %s", strerror(errno));
	buf_release(&text);
	return good ? EXIT_OK : EXIT_WRITE;
}

/* As the first recipient would get it; of the sender nothing is found out for that. */
static int
write_mail(struct run *run)
{
	const struct options *o = run->options;
	const struct letter_plan *plan = &run->pipeline.walk.letter;
	const char *helo = o->ehlo != NULL ? o->ehlo : own_hostname(run->arena), *why,
	           *to = o->to.count > 0 ? o->to.items[0] : NULL;
	struct letter_faults faults;
	struct letter letter;
	struct target target = {0};

	if (helo == NULL)
		helo = "localhost.localdomain";
	if (to == NULL && target_parse(o->operands.items[0], run->arena, &target, &why))
		to = target.rcpt != NULL ? target.rcpt
		                         : arena_printf(run->arena, "postmaster@%s", target.domain);
	if (!letter_write(plan,
	        o->from != NULL ? o->from : arena_printf(run->arena, "postmaster@%s", helo), to,
	        helo, run->arena, &letter, &faults)) {
		log_error("the message cannot be made: %s", faults.why);
		return EXIT_DATA;
	}
	return show_mail(&letter);
}

static int
dump_mail(const struct options *options)
{
	struct run run = {.options = options, .arena = arena_new()};
	int status = dkim_keys_open(&run.keys, options, run.arena);

	if (status == EXIT_OK)
		status = read_message(&run);
	if (status == EXIT_OK)
		status = write_mail(&run);
	dkim_keys_close(&run.keys, false);
	arena_free(run.arena);
	return status;
}

int
command_probe(const struct options *options)
{
	if (options->dump_mail)
		return dump_mail(options);
	return options->tls_audit ? command_probe_audit(options) : probe_as(options, NULL);
}

int
probe_as(const struct options *options, struct tls_review *review)
{
	struct run run = {.options = options, .review = review, .arena = arena_new()};
	struct intake_plan intake;
	int status, closed;

	status = read_only(&run);
	if (status == EXIT_OK)
		status = check_resume(options);
	if (status == EXIT_OK)
		status = check_status_file(options);
	if (status == EXIT_OK)
		status = check_sources(options);
	if (status == EXIT_OK)
		status = dns_open(&run.dns, options);
	if (status == EXIT_OK)
		status = rulebook_open(&run.rulebook, options, run.dns.lists);
	if (status == EXIT_OK)
		status = open_paces(&run);
	if (status == EXIT_OK)
		status = open_tls(&run);
	if (status == EXIT_OK && (options->mta_sts || options->tls_level == LEVEL_MTA_STS))
		status = policy_access_open(&run.policies, &run.dns, options);
	if (status == EXIT_OK)
		status = dkim_keys_open(&run.keys, options, run.arena);
	if (status == EXIT_OK)
		status = read_message(&run);
	if (status == EXIT_OK)
		status = login_open(&run.login, options);
	if (status == EXIT_OK)
		status = open_intake(&run, &intake);
	if (status == EXIT_OK)
		status = output_open(&run.output, options);
	if (status == EXIT_OK && review != NULL && review->kind == REVIEW_DANE)
		try_resolver(&run);
	if (status == EXIT_OK) {
		output_redact(&run.output, options);
		make_plans(&run);
		status = walk_all(&run);
	}
	status = output_close(&run.output, status);
	intake_close(run.intake);
	login_close(&run.login);
	dkim_keys_close(&run.keys, run.login.wanted);
	tls_context_free(run.tls);
	paces_free(run.paces);
	rulebook_close(&run.rulebook);
	closed = policy_access_close(&run.policies);
	status = closed != EXIT_OK && status != EXIT_WRITE ? closed : status;
	closed = dns_close(&run.dns);
	arena_free(run.arena);
	return closed != EXIT_OK && status != EXIT_WRITE ? closed : status;
}
