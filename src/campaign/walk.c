#include "campaign/walk.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/senders.h"
#include "campaign/verdict.h"
#include "io/talk.h"

enum { HELLO_SMALL = 1000 }; /* octets of a ClientHello that fits into a packet, with room */

struct walk {
	const struct walk_plan *plan;
	struct errand *errand;
	struct destination *destination;
	struct talk *talk;
	struct talk_plan talk_plan;
	struct talk_result result;
	struct plan say;
	struct tls_decision decision;
	const char *message_id; /* of the message that is to be sent; NULL: none */
	struct arena *session; /* of the first errand, when others follow; NULL: none does */
	bool idle; /* there is no attempt to put */
	struct walk_calls calls;
	void *arg;
};

static void on_talk_done(void *arg);

static void
release(struct walk *walk)
{
	arena_free(walk->session);
	free(walk);
}

/* The message went out whole, and then there was no whole reply. */
static bool
is_uncertain(const struct walk *walk)
{
	const struct dialogue *d = &walk->result.dialogue;
	bool lost = d->ending == END_CLOSED || d->ending == END_RESET || d->ending == END_TIMEOUT ||
	            d->ending == END_STOPPED;

	return lost && d->decisive_stage == STAGE_MESSAGE && !walk->result.unsent;
}

static bool
was_sent(const struct attempt *attempt)
{
	for (size_t i = 0; i < attempt->transcript.count; i++)
		if (attempt->transcript.entries[i].stage == STAGE_MESSAGE)
			return true;
	return false;
}

static struct attempt *
put_attempt(struct walk *walk)
{
	struct errand *errand = walk->errand;
	struct attempt *attempt = errand_attempt(errand, walk->destination);

	attempt->met = walk->result.dane;
	attempt->policy = walk->decision.policy;
	verdict_take(attempt, &walk->result.dialogue, walk->result.tls);
	attempt->source = walk->result.source;
	attempt->error = walk->result.error;
	attempt->ms = walk->result.ms;
	attempt->uncertain = is_uncertain(walk);
	if (was_sent(attempt))
		attempt->message_id = walk->message_id;
	errand->spent += attempt->ms;
	return attempt;
}

static void
finish(struct walk *walk, walk_done *done)
{
	void *arg = walk->arg;

	release(walk);
	done(arg);
}

/* What is in between cannot take a first message of more than one packet, as newer versions of
 * OpenSSL send it: it was lost before the server had said a word of TLS. */
static bool
is_by_size(const struct walk *walk)
{
	const struct dialogue *d = &walk->result.dialogue;
	const struct tls_facts *tls = walk->result.tls;

	return d->decisive_stage == STAGE_HANDSHAKE && tls != NULL && !tls->done && !tls->offered &&
	       tls->heard == 0 && tls->hello > HELLO_SMALL && !walk->talk_plan.small_hello &&
	       (d->ending == END_CLOSED || d->ending == END_RESET || d->ending == END_TIMEOUT);
}

/* What the errand's other walks have left; 0: as much as it likes. */
static long
time_left(const struct walk *walk)
{
	long most = walk->errand->rules->target_ms, left = most - walk->errand->spent;

	return most == 0 ? 0 : left > 0 ? left : 1;
}

static void
begin_talk(struct walk *walk)
{
	walk->talk_plan.small_hello = walk->destination->small_hello;
	walk->talk_plan.anew = walk->destination->anew;
	walk->talk_plan.left = time_left(walk);
	walk->talk =
	    talk_start(&walk->talk_plan, walk->errand->arena, &walk->result, on_talk_done, walk);
}

/* It was lost at a session that it had given itself, or at the first word behind that. */
static bool
is_by_session(const struct walk *walk)
{
	const struct dialogue *d = &walk->result.dialogue;
	const struct tls_facts *tls = walk->result.tls;
	enum stage next = walk->say.tls_at_once ? STAGE_GREETING : STAGE_EHLO_TLS;
	bool lost = d->ending == END_CLOSED || d->ending == END_RESET || d->ending == END_TIMEOUT ||
	            d->ending == END_FLOOD || d->ending == END_TLS_FAILED;

	return tls != NULL && tls->offered && lost &&
	       (tls->done ? tls->resumed && d->decisive_stage == next
	                  : d->decisive_stage == STAGE_HANDSHAKE);
}

/* It is to be begun again, in another way. */
static bool
goes_another_way(struct walk *walk)
{
	struct destination *destination = walk->destination;
	bool small = is_by_size(walk), anew = is_by_session(walk);

	destination->small_hello |= small;
	destination->anew |= anew;
	return small || anew;
}

static void
on_talk_done(void *arg)
{
	struct walk *walk = arg;

	if (goes_another_way(walk)) {
		walk->errand->spent += walk->result.ms;
		if (walk->calls.again != NULL)
			finish(walk, walk->calls.again);
		else
			begin_talk(walk);
		return;
	}
	if (walk->result.tls != NULL)
		walk->result.tls->small = walk->talk_plan.small_hello && walk->result.tls->done;
	if (!walk->idle)
		put_attempt(walk);
	finish(walk, walk->calls.done);
}

static void
on_late(void *arg)
{
	struct walk *walk = arg;

	talk_break(walk->talk, END_TIMEOUT,
	    arena_printf(walk->errand->arena, "%g s were over for this target (--timeout-target)",
	        (double)walk->errand->rules->target_ms / 1000));
	if (!walk->idle)
		put_attempt(walk);
	finish(walk, walk->calls.done);
}

/* What is to be said; false with `*why` when it cannot be. */
static bool
prepare(struct walk *walk, const struct sender_entry *sender, const char **why)
{
	const struct target *target = &walk->errand->journey.target;
	const struct walk_plan *plan = walk->plan;
	struct plan *say = &walk->say;
	struct letter_faults faults;
	struct letter letter;

	*say = plan->say;
	say->helo = sender->helo;
	say->from = sender->from;
	say->rcpt = target->rcpt;
	say->depth = target->depth;
	say->tls = plan->tls_want;
	if (walk->decision.demand >= DEMAND_TLS)
		say->tls = TLS_MUST;
	say->require_tls = walk->errand->rules->require_tls;
	say->ms = plan->ms;
	if (say->depth >= STAGE_RCPT && say->rcpt == NULL)
		say->rcpt = arena_printf(walk->errand->arena, "postmaster@%s", target->domain);
	walk->errand->recipient = say->rcpt;
	if (say->depth != STAGE_MESSAGE)
		return true;
	if (!letter_write(&plan->letter, say->from, say->rcpt, say->helo, walk->errand->arena,
	        &letter, &faults)) {
		*why = faults.why;
		return false;
	}
	walk->message_id = letter.message_id;
	say->message = letter.bytes;
	say->message_len = walk->errand->message_len = letter.len;
	return true;
}

static bool
wants_tls(const struct walk *walk)
{
	return walk->say.tls_at_once ||
	       (walk->say.tls != TLS_NEVER && walk->say.depth >= STAGE_STARTTLS);
}

static void
on_rest(void *arg)
{
	struct walk *walk = arg;

	walk->calls.rest(walk->arg);
}

struct walk *
walk_start(const struct walk_plan *plan, struct errand *errand, struct destination *destination,
    const struct sender_entry *sender, const struct walk_calls *calls, void *arg)
{
	struct walk *walk = must_alloc(sizeof *walk);
	const char *why;

	walk->plan = plan;
	walk->errand = errand;
	walk->destination = destination;
	walk->calls = *calls;
	walk->arg = arg;
	walk->decision = errand_decide(errand, destination);
	if (!prepare(walk, sender, &why)) {
		errand_pass_over(errand, destination, WALK_SKIPPED, why);
		free(walk);
		return NULL;
	}
	walk->talk_plan = (struct talk_plan){.base = plan->base,
	    .tls = wants_tls(walk) ? plan->tls(plan->tls_arg) : NULL,
	    .source = errand->journey.source,
	    .address = destination->ip,
	    .port = errand->port,
	    .name = plan->tls_name != NULL          ? plan->tls_name
	            : errand->rules->socket != NULL ? "localhost"
	                                            : destination->host,
	    .socket = errand->rules->socket,
	    .must_verify = plan->must_verify || walk->decision.demand == DEMAND_CERTIFICATE,
	    .must_match = walk->decision.demand == DEMAND_MATCH,
	    .trial = plan->trial,
	    .resumes = plan->resumes,
	    .dane = destination->dane,
	    .plan = &walk->say,
	    .late = on_late,
	    .ready = calls->rest != NULL ? on_rest : NULL};
	begin_talk(walk);
	return walk;
}

const struct dialogue *
walk_dialogue(const struct walk *walk)
{
	return &walk->result.dialogue;
}

/* What was said on the way there is in the first errand's arena, and told in each record. */
static void
keep_way(struct walk *walk, struct errand *next)
{
	if (walk->session == NULL)
		walk->session = arena_hold(walk->errand->arena);
	errand_hold(next, walk->session);
}

bool
walk_follow(struct walk *walk, struct errand *errand, struct destination *destination,
    const struct sender_entry *sender, void *arg)
{
	const char *why;
	bool good;

	put_attempt(walk);
	keep_way(walk, errand);
	walk->errand = errand;
	walk->destination = destination;
	walk->arg = arg;
	walk->decision = errand_decide(errand, destination);
	walk->talk_plan.left = time_left(walk);
	good = prepare(walk, sender, &why) && talk_next(walk->talk, &walk->say, errand->arena);
	if (good)
		return true;
	walk->idle = true;
	talk_quit(walk->talk);
	return false;
}

void
walk_quit(struct walk *walk)
{
	talk_quit(walk->talk);
}

bool
walk_stop(struct walk *walk)
{
	enum stage stage = walk_stage(walk);
	bool tells;

	talk_break(walk->talk, END_STOPPED, NULL);
	tells = stage == STAGE_QUIT || (stage == STAGE_MESSAGE && !walk->result.unsent);
	tells = tells && !walk->idle;
	if (tells)
		put_attempt(walk);
	release(walk);
	return tells;
}

enum stage
walk_stage(const struct walk *walk)
{
	return walk->result.dialogue.stage;
}
