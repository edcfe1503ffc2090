#include "command/audit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"
#include "campaign/verdict.h"
#include "command/command.h"
#include "command/pinned.h"

struct auditing {
	struct pinned pinned;
	struct tls_audit *audit;
	struct arena *arena;
	long pause;
	unsigned asked; /* connections so far */
	unsigned planned;
};

/* ---- one connection */

static void
show_wait(long seconds, void *arg)
{
	const struct auditing *auditing = arg;
	char line[100];

	snprintf(line, sizeof line, "audit: question %u of %u in %ld s", auditing->asked + 1,
	    auditing->planned, seconds);
	log_progress(line);
}

/* NULL: interrupted. To be freed. */
static struct errand *
walk(struct auditing *auditing, enum tls_trial trial, enum tls_want want, enum stage depth)
{
	struct pinned *pinned = &auditing->pinned;
	struct errand *errand;

	if (auditing->asked++ > 0)
		pinned_wait(pinned, auditing->pause);
	if (pinned->interrupted)
		return NULL;
	pinned->plan.trial = trial;
	pinned->plan.tls_want = want;
	pinned->target.depth = depth;
	errand = pinned_walk(pinned);
	if (!pinned->interrupted)
		return errand;
	errand_free(errand);
	return NULL;
}

static const struct attempt *
last_of(const struct errand *errand)
{
	const struct journey *journey = &errand->journey;

	return journey->attempt_count > 0 ? &journey->attempts[journey->attempt_count - 1] : NULL;
}

/* ---- what it says */

/* A handshake that was begun and did not come about is a no, where the server ended it; whoever
 * says nothing may be slow. One that never left this host is our library's. */
static enum audit_answer
answer_of(const struct attempt *attempt)
{
	const struct tls_facts *tls = attempt_tls(attempt);

	if (tls->done)
		return AUDIT_YES;
	if (attempt->stage != STAGE_HANDSHAKE || tls->hello == 0)
		return AUDIT_UNKNOWN;
	return attempt->ending == END_TLS_FAILED || attempt->ending == END_CLOSED ||
	               attempt->ending == END_RESET
	           ? AUDIT_NO
	           : AUDIT_UNKNOWN;
}

static void
take_handshake(struct auditing *auditing, const struct attempt *attempt, struct audit_item *item)
{
	const struct tls_facts *tls = attempt_tls(attempt);
	const struct dane_met *met = attempt_met(attempt);
	struct arena *arena = auditing->arena;

	item->answer = answer_of(attempt);
	item->detail = arena_string(arena, tls->error != NULL ? tls->error : attempt->detail);
	if (!tls->done)
		return;
	item->version = arena_string(arena, tls->version);
	item->cipher = arena_string(arena, tls->cipher);
	item->verify = arena_string(arena, tls->verify);
	item->dh_bits = tls->dh_bits;
	if (tls->chain_count > 0)
		item->key = arena_string(arena, tls->chain[0].key);
	auditing->audit->renegotiates |= tls->renegotiates;
	if (met->tried && !met->matches && met->now != NULL)
		item->unmatched = arena_printf(arena, "_%u._tcp.%s. IN TLSA %s",
		    attempt->dane->port, attempt->dane->base, met->now);
}

static int
ask_handshake(struct auditing *auditing, enum audit_question question, enum tls_trial trial)
{
	struct errand *errand = walk(auditing, trial, TLS_MAY, STAGE_STARTTLS);

	if (errand == NULL)
		return EXIT_INTERRUPTED;
	if (last_of(errand) != NULL)
		take_handshake(auditing, last_of(errand), &auditing->audit->items[question]);
	errand_free(errand);
	return EXIT_OK;
}

/* RFC 3207 section 4: 530 to all but NOOP, EHLO, STARTTLS and QUIT. */
static int
ask_clear(struct auditing *auditing)
{
	struct audit_item *item = &auditing->audit->items[AUDIT_CLEAR];
	struct errand *errand = walk(auditing, TRIAL_NONE, TLS_NEVER, STAGE_MAIL);
	const struct journey *journey;
	const struct attempt *attempt;

	if (errand == NULL)
		return EXIT_INTERRUPTED;
	journey = &errand->journey;
	attempt = last_of(errand);
	if (attempt != NULL) {
		bool wants_tls =
		    journey->diagnosed && journey->diagnosis.cause == CAUSE_TLS_REQUIRED;

		item->answer = attempt->status == WALK_ACCEPTED ? AUDIT_YES
		               : wants_tls                      ? AUDIT_NO
		                                                : AUDIT_UNKNOWN;
		item->detail = attempt->reply.count > 0 && item->answer != AUDIT_YES
		                   ? arena_string(auditing->arena, attempt->reply.text)
		                   : arena_string(auditing->arena, attempt->detail);
	}
	errand_free(errand);
	return EXIT_OK;
}

/* The usual handshake: which kind of key is the other one? */
static int
ask_usual(struct auditing *auditing)
{
	struct errand *errand = walk(auditing, TRIAL_NONE, TLS_MAY, STAGE_STARTTLS);
	const struct attempt *attempt;

	if (errand == NULL)
		return EXIT_INTERRUPTED;
	attempt = last_of(errand);
	auditing->audit->usual = attempt != NULL && attempt_tls(attempt)->done;
	if (auditing->audit->usual && attempt_tls(attempt)->chain_count > 0)
		auditing->audit->key =
		    arena_string(auditing->arena, attempt_tls(attempt)->chain[0].key);
	errand_free(errand);
	return EXIT_OK;
}

static void
skip_handshakes(struct tls_audit *audit)
{
	for (int i = 0; i < AUDIT_QUESTIONS; i++)
		if (i != AUDIT_CLEAR)
			audit->items[i].detail = "the usual handshake does not come about";
}

static int
ask_all(struct auditing *auditing)
{
	static const struct {
		enum audit_question question;
		enum tls_trial trial;
	} trials[] = {{AUDIT_TLS10, TRIAL_TLS10}, {AUDIT_TLS11, TRIAL_TLS11},
	    {AUDIT_CERTIFICATE, TRIAL_RSA}, {AUDIT_CIPHERS, TRIAL_CIPHERS}, {AUDIT_DH, TRIAL_DH}};
	const struct tls_audit *audit = auditing->audit;
	int status = ask_usual(auditing);

	if (status == EXIT_OK && !audit->usual)
		skip_handshakes(auditing->audit);
	for (size_t i = 0; i < sizeof trials / sizeof *trials && status == EXIT_OK && audit->usual;
	     i++) {
		bool rsa = audit->key != NULL && slice_begins(slice_of(audit->key), "RSA");

		status = ask_handshake(auditing, trials[i].question,
		    trials[i].trial == TRIAL_RSA && rsa ? TRIAL_ECDSA : trials[i].trial);
	}
	return status == EXIT_OK ? ask_clear(auditing) : status;
}

int
audit_ask(
    const struct options *options, const char *target, struct arena *arena, struct tls_audit *out)
{
	struct options own = *options;
	struct auditing auditing = {
	    .audit = out, .arena = arena, .pause = options->audit_interval, .planned = 8};
	int status;

	*out = (struct tls_audit){.host = NULL};
	own.to = (struct strings){.items = &target, .count = 1};
	own.dns_record = NULL; /* the walk that follows asks the same, and writes it */
	own.tls = TLS_MAY;
	status = pinned_open(&auditing.pinned, &own, NULL, arena);
	if (status == EXIT_OK) {
		auditing.pinned.wait_shown =
		    options->quiet || !isatty(STDERR_FILENO) ? NULL : show_wait;
		auditing.pinned.arg = &auditing;
		out->host = arena_string(arena, auditing.pinned.destination->host);
		out->ip = auditing.pinned.destination->ip;
		out->port = auditing.pinned.route->port;
		status = ask_all(&auditing);
	}
	if (status == EXIT_OK) /* that which follows is one more */
		pinned_wait(&auditing.pinned, auditing.pause);
	return pinned_close(&auditing.pinned, status == EXIT_UNDETERMINED ? EXIT_OK : status);
}
