#include "judge/diagnosis.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "judge/facts.h"

struct trial {
	const struct diagnosis_query *query;
	const struct fact *fact; /* that the row goes by; NULL: none */
	enum fact_id remedy; /* of the row */
	struct facts facts;
	bool told_open; /* what no look-up answered is in the evidence */
	const struct listing **told; /* already in the evidence */
	size_t told_count;
	struct arena *arena;
	struct diagnosis *out;
};

/* ---- helpers of the rows */

static void
say(struct trial *trial, const char *sentence)
{
	const char **evidence = arena_push(
	    trial->arena, &trial->out->evidence, trial->out->evidence_count, sizeof *evidence);

	*evidence = sentence;
	trial->out->evidence_count++;
}

static void
note_told(struct trial *trial, const struct listing *listing)
{
	*(const struct listing **)arena_push(
	    trial->arena, &trial->told, trial->told_count, sizeof *trial->told) = listing;
	trial->told_count++;
}

static bool
is_told(const struct trial *trial, const struct listing *listing)
{
	for (size_t i = 0; i < trial->told_count; i++)
		if (trial->told[i] == listing)
			return true;
	return false;
}

/* `before`: words in front of its first sentence. */
static void
say_fact(struct trial *trial, const char *before, const struct fact *fact)
{
	if (fact->listing != NULL)
		note_told(trial, fact->listing);
	for (size_t i = 0; i < fact->evidence_count; i++)
		say(trial, i == 0 && *before != '\0'
		               ? arena_printf(trial->arena, "%s%s", before, fact->evidence[i])
		               : fact->evidence[i]);
}

static void
add_also(struct trial *trial, enum cause cause, const char *rule)
{
	struct also *also;

	if (cause == trial->out->cause)
		return;
	for (size_t i = 0; i < trial->out->also_count; i++)
		if (trial->out->also[i].cause == cause)
			return;
	also = arena_push(trial->arena, &trial->out->also, trial->out->also_count, sizeof *also);
	*also = (struct also){.cause = cause, .rule = rule};
	trial->out->also_count++;
}

static const struct fact *
grave(const struct trial *trial, const char *about)
{
	return facts_find(&trial->facts, FACT_LISTED_GRAVE, about);
}

static const struct fact *
bad_ptr(const struct trial *trial)
{
	const struct fact *missing = facts_find(&trial->facts, FACT_PTR_MISSING, NULL);

	return missing != NULL ? missing : facts_find(&trial->facts, FACT_PTR_STRAY, NULL);
}

/* ---- what is to be done */

static const char *
address(const struct trial *trial, const struct ip *ip)
{
	char text[IP_TEXT];

	return ip->family != 0 ? arena_string(trial->arena, ip_text(ip, text)) : NULL;
}

static void
fill_values(const struct trial *trial, struct values *values)
{
	const struct diagnosis_query *query = trial->query;
	const struct fact *fact = trial->fact;
	const char **of = values->of;

	*values = (struct values){0};
	of[VALUE_IP] =
	    address(trial, query->sender != NULL ? &query->sender->ip : &query->setting.client);
	of[VALUE_OTHER] = address(trial, &trial->facts.client);
	of[VALUE_DOMAIN] = query->setting.domain;
	of[VALUE_RECIPIENT] = query->setting.recipient;
	of[VALUE_LIST] = trial->out->list;
	of[VALUE_LISTED] = trial->out->listed;
	of[VALUE_PROVIDER] = trial->out->provider;
	if (query->sender != NULL) {
		of[VALUE_TYPE] = query->sender->ip.family == 6 ? "AAAA" : "A";
		of[VALUE_FROM] = query->sender->from;
	}
	if (fact == NULL)
		return;
	of[VALUE_NAME] = of[VALUE_SENDER_DOMAIN] = fact->subject;
	if (fact->listing == NULL)
		return;
	of[VALUE_LISTED] = fact->listing->item;
	of[VALUE_KIND] = strcmp(fact->about, "ip") == 0 ? "address (NAT, proxy, relay)" : "name";
}

static void
say_why(struct trial *trial, enum fact_id id)
{
	const struct remedy *remedy = remedies_of(trial->query->remedies, id);
	struct values values;

	fill_values(trial, &values);
	if (remedy->why != NULL)
		say(trial, remedy_fill(remedy->why, &values, trial->arena));
}

static void
act(struct trial *trial, enum fact_id id)
{
	const struct remedy *remedy = remedies_of(trial->query->remedies, id);
	struct values values;

	if (remedy->advice == NULL)
		return;
	fill_values(trial, &values);
	trial->out->who = remedy->who;
	trial->out->advice = remedy_fill(remedy->advice, &values, trial->arena);
}

/* What the list itself says about getting off, of the sublist that has us. */
static void
act_on_listing(struct trial *trial, const struct listing *listing)
{
	const struct list_value *value = listing->value;
	enum who who = trial->out->who;

	if (trial->out->advice == NULL)
		act(trial, FACT_SAYS_LISTED);
	trial->out->advice = blocklist_advice(listing, trial->out->advice, trial->arena);
	trial->out->who = who != WHO_NOBODY ? who : WHO_SENDER;
	if (value != NULL && value->who != NULL)
		who_parse(value->who, &trial->out->who);
	if (listing->url != NULL)
		trial->out->url = listing->url;
}

static void
blame_listing(struct trial *trial, const struct fact *fact)
{
	say_fact(trial, "", fact);
	if (trial->out->list == NULL)
		trial->out->list = fact->listing->list->zone;
	if (trial->out->listed == NULL)
		trial->out->listed = fact->listing->item;
	act_on_listing(trial, fact->listing);
}

/* ---- the rows' words: each finds the diagnosis filled from the reading, and adds what the fact
 * tells */

/* The fact, how it comes about, and its remedy. */
static void
tell_fact(struct trial *trial)
{
	say_fact(trial, "", trial->fact);
	say_why(trial, trial->remedy);
	act(trial, trial->remedy);
}

/* … and the remedy is the cause's. */
static void
tell_only(struct trial *trial)
{
	say_fact(trial, "", trial->fact);
	say_why(trial, trial->fact->id);
}

static void
tell_nothing(struct trial *trial)
{
	(void)trial;
}

static void
tell_declined(struct trial *trial)
{
	say_why(trial, FACT_SAYS_LIST_DECLINED);
	if (trial->fact->listing != NULL)
		say_fact(trial, "", trial->fact);
	act(trial, FACT_SAYS_LIST_DECLINED);
}

static void
tell_declined_but_listed(struct trial *trial)
{
	tell_declined(trial);
	say_why(trial, FACT_SAYS_LIST_DECLINED_TOO);
	add_also(trial, CAUSE_IP_BLOCKLIST, NULL);
}

static void
tell_receiver(struct trial *trial)
{
	if (trial->out->who == WHO_NOBODY)
		trial->out->who = WHO_RECEIVER;
}

static void
tell_listed(struct trial *trial)
{
	blame_listing(trial, trial->fact);
}

static void
tell_clean(struct trial *trial)
{
	tell_fact(trial);
	trial->out->url = trial->fact->listing->url;
}

static void
tell_not_asked(struct trial *trial)
{
	const struct reading *reading = trial->query->reading;
	const char *listed = trial->out->listed;

	for (size_t i = 0; i < reading->list_count; i++)
		if (trial->out->url == NULL && reading->lists[i].list != NULL && listed != NULL &&
		    strcmp(reading->lists[i].name, trial->fact->subject) == 0)
			trial->out->url =
			    blocklist_page(reading->lists[i].list, listed, trial->arena);
	if (trial->query->sender != NULL)
		tell_only(trial);
}

static void
tell_unnamed(struct trial *trial)
{
	const char *advice = trial->out->advice, *url = trial->out->url;

	say_fact(trial, "The reply names no list and may mean one of its own, but: ", trial->fact);
	act_on_listing(trial, trial->fact->listing);
	if (advice != NULL)
		trial->out->advice = advice;
	if (url != NULL)
		trial->out->url = url;
}

/* What the reverse DNS does not show, a list may: "dynamic address" is as well said of a PBL entry.
 */
static void
or_else_listed(struct trial *trial)
{
	const struct fact *listed = grave(trial, "ip");

	if (listed == NULL)
		return;
	say_fact(trial, "", listed);
	add_also(trial, CAUSE_IP_BLOCKLIST, NULL);
}

static void
tell_ptr_open(struct trial *trial)
{
	say_fact(trial, "", trial->fact);
	or_else_listed(trial);
}

static void
tell_ptr_good(struct trial *trial)
{
	tell_fact(trial);
	or_else_listed(trial);
}

static void
add_suspect(struct trial *trial, const char *about, enum cause cause)
{
	const struct fact *fact = grave(trial, about);

	if (fact == NULL || is_told(trial, fact->listing))
		return;
	say_fact(trial, "The reply names no list, but: ", fact);
	add_also(trial, cause, NULL);
}

/* The reply has not said why: what it may have been goes into also[]. A greeting has not heard the
 * HELO name yet, nor EHLO the sender. */
static void
tell_suspect(struct trial *trial)
{
	const struct fact *named = facts_find(&trial->facts, FACT_SAYS_LISTED, NULL),
	                  *ptr = bad_ptr(trial);
	enum stage stage = trial->query->stage;

	if (named != NULL) {
		say_fact(trial, "", named);
		if (strcmp(named->about, "ip") == 0)
			add_also(trial, CAUSE_IP_BLOCKLIST, NULL);
	}
	add_suspect(trial, "ip", CAUSE_IP_BLOCKLIST);
	if (stage >= STAGE_MAIL)
		add_suspect(trial, "mail-from", CAUSE_SENDER_BLOCKED);
	if (stage >= STAGE_EHLO)
		add_suspect(trial, "helo", CAUSE_HELO);
	if (ptr != NULL && stage <= STAGE_RCPT) {
		say_fact(trial, "", ptr);
		add_also(trial, CAUSE_REVERSE_DNS, NULL);
	}
}

static void
say_inferred(struct trial *trial, enum fact_id why)
{
	const struct diagnosis_query *query = trial->query;

	say(trial, query->reading == NULL
	               ? "The connection was dropped without a word at the greeting."
	           : query->end != REPLY_IS_WHOLE
	               ? "The connection was dropped in the middle of the greeting."
	               : "The reply gives no reason.");
	say_why(trial, why);
}

static void
infer_listing(struct trial *trial)
{
	const struct fact *ptr = bad_ptr(trial);

	say_inferred(trial, FACT_SAYS_LITTLE_GRAVE);
	trial->out->advice = NULL; /* the cause that was none has nothing to say any more */
	trial->out->who = WHO_NOBODY;
	blame_listing(trial, trial->fact);
	if (trial->query->reading != NULL && ptr != NULL) {
		say_fact(trial, "", ptr);
		add_also(trial, CAUSE_REVERSE_DNS, NULL);
	}
}

static void
infer_ptr(struct trial *trial)
{
	say_inferred(trial, FACT_SAYS_LITTLE_PTR);
	tell_fact(trial);
	if (facts_find(&trial->facts, FACT_LISTED_OFTEN, "ip") != NULL)
		add_also(trial, CAUSE_IP_BLOCKLIST, NULL);
}

static void
tell_minor(struct trial *trial)
{
	say_fact(trial,
	    "Some smaller receivers refuse on this, which is not enough to call it the cause: ",
	    trial->fact);
	add_also(trial, CAUSE_IP_BLOCKLIST, NULL);
}

/* The reason may be what no look-up could show. */
static void
tell_open(struct trial *trial)
{
	trial->told_open = true;
	tell_fact(trial);
}

static void
tell_later(struct trial *trial)
{
	tell_only(trial);
	add_also(trial, CAUSE_GREYLIST, NULL);
}

/* Not a word, or half of one: what can be told is only what to try. No stage makes a cause. */
static void
tell_silence(struct trial *trial)
{
	static const enum fact_id at[STAGE_COUNT] = {
	    [STAGE_GREETING] = FACT_SILENT_GREETING,
	    [STAGE_STARTTLS] = FACT_SILENT_STARTTLS,
	    [STAGE_HANDSHAKE] = FACT_SILENT_HANDSHAKE,
	};
	const struct diagnosis_query *query = trial->query;
	enum fact_id id = query->end == REPLY_IS_LEFT     ? FACT_SILENT_LEFT
	                  : query->stage == STAGE_MESSAGE ? FACT_SILENT_MESSAGE
	                  : query->end == REPLY_IS_LATE   ? FACT_SILENT_SLOW
	                  : query->reading != NULL        ? FACT_SILENT_HALF
	                                                  : at[query->stage];

	act(trial, id != FACT_NONE ? id : FACT_SILENT);
}

/* ---- the table */

#define CAUSE(name) (UINT64_C(1) << CAUSE_##name)
#define STAGE(name) (1u << STAGE_##name)

enum { WHEN_MAX = 4 };

enum utterance { SPOKE = 1, SILENT = 2 }; /* was there a whole reply, or any that refuses? */

/* Groups of causes. */
#define ANY_CAUSE ((UINT64_C(1) << CAUSE_COUNT) - 1)
#define BY_LIST (CAUSE(IP_BLOCKLIST) | CAUSE(SENDER_BLOCKED) | CAUSE(HELO))
#define ON_A_LIST_PERHAPS                                                                          \
	(BY_LIST | CAUSE(IP_REPUTATION) | CAUSE(REVERSE_DNS) | CAUSE(ACCESS_DENIED) |              \
	    CAUSE(CONTENT_URL) | CAUSE(POLICY) | CAUSE(UNKNOWN) | CAUSE(RECEIVER_MISCONFIGURED))
#define OF_THE_ADDRESS                                                                             \
	(CAUSE(IP_BLOCKLIST) | CAUSE(IP_REPUTATION) | CAUSE(REVERSE_DNS) | CAUSE(ACCESS_DENIED))
#define WITHOUT_A_REASON (CAUSE(IP_REPUTATION) | CAUSE(ACCESS_DENIED) | CAUSE(POLICY))
/* Groups of stages; none given is any. */
#define EARLY                                                                                      \
	(STAGE(NONE) | STAGE(GREETING) | STAGE(EHLO) | STAGE(HELO) | STAGE(EHLO_TLS) |             \
	    STAGE(MAIL) | STAGE(RCPT)) /* where receivers judge the address, or it may be so */
#define WITH_HELO (EARLY & ~STAGE(GREETING) & ~STAGE(NONE))
#define WITH_SENDER (STAGE(MAIL) | STAGE(RCPT))

/* Members that are left out ask for nothing and change nothing. */
static const struct row {
	uint64_t causes; /* stated */
	unsigned about; /* enum about: what the reply complains of */
	struct {
		enum fact_id id;
		const char *about; /* which identity; NULL: any */
	} when[WHEN_MAX]; /* one of these holds */
	unsigned stages;
	unsigned words;
	bool changes; /* … the cause that was stated, to `cause` */
	enum cause cause;
	enum basis basis;
	bool no_page; /* nobody is sent to a list because of a receiver's fault */
	enum fact_id remedy; /* NONE: the fact's own */
	void (*tell)(struct trial *trial);
} table[] = {
    /* The receiver is at fault: never send anybody to a list because of it. */
    {
        .causes = ON_A_LIST_PERHAPS,
        .when = {{.id = FACT_SAYS_WRONG_LIST}, {.id = FACT_SAYS_DEAD_LIST}},
        .words = SPOKE,
        .changes = true,
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .no_page = true,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(RECEIVER_MISCONFIGURED),
        .when = {{.id = FACT_SAYS_LISTED}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .no_page = true,
        .tell = tell_declined_but_listed,
    },
    {
        .causes = CAUSE(RECEIVER_MISCONFIGURED),
        .when = {{.id = FACT_SAYS_LISTED_CLEAN}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .no_page = true,
        .tell = tell_declined,
    },
    {
        .causes = CAUSE(RECEIVER_MISCONFIGURED),
        .when = {{.id = FACT_SAYS_LISTED_UNKNOWN}, {.id = FACT_SAYS_LISTED_UNASKED},
            {.id = FACT_SAYS_LIST_DECLINED}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .no_page = true,
        .tell = tell_declined,
    },
    {
        .causes = CAUSE(RECEIVER_MISCONFIGURED),
        .words = SPOKE,
        .basis = BASIS_STATED,
        .no_page = true,
        .tell = tell_receiver,
    },

    /* What is held against the address is held against another one. */
    {
        .causes = OF_THE_ADDRESS,
        .when = {{.id = FACT_SAYS_OTHER_ADDRESS}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .tell = tell_fact,
    },
    {
        .causes = OF_THE_ADDRESS,
        .when = {{.id = FACT_SAYS_HIDDEN_ADDRESS}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_fact,
    },

    /* A list is named: it has us, has us not, or would not tell us. */
    {
        .causes = BY_LIST | CAUSE(CONTENT_URL) | CAUSE(IP_REPUTATION),
        .when = {{.id = FACT_SAYS_LISTED}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .tell = tell_listed,
    },
    {
        .causes = BY_LIST,
        .when = {{.id = FACT_SAYS_LISTED_CLEAN}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .tell = tell_clean,
    },
    {
        .causes = CAUSE(CONTENT_URL),
        .when = {{.id = FACT_SAYS_LISTED_CLEAN}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .remedy = FACT_SAYS_LISTED_LINK,
        .tell = tell_fact,
    },
    {
        .causes = BY_LIST | CAUSE(CONTENT_URL),
        .when = {{.id = FACT_SAYS_LISTED_UNKNOWN}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_only,
    },
    {
        .causes = BY_LIST | CAUSE(CONTENT_URL),
        .when = {{.id = FACT_SAYS_LISTED_UNASKED}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_not_asked,
    },
    {
        .causes = CAUSE(IP_BLOCKLIST),
        .when = {{FACT_LISTED_GRAVE, "ip"}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_unnamed,
    },

    /* Reverse DNS, HELO, SPF, DKIM, DMARC, the sender's domain: we see what they see, or not. */
    {
        .causes = CAUSE(REVERSE_DNS),
        .when = {{.id = FACT_PTR_MISSING}, {.id = FACT_PTR_STRAY}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(REVERSE_DNS),
        .about = ABOUT_LOOKS,
        .when = {{.id = FACT_PTR_GENERIC}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(REVERSE_DNS), /* it does not look so to us: their list, their taste */
        .about = ABOUT_LOOKS,
        .when = {{.id = FACT_PTR_GOOD}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_ptr_open,
    },
    {
        .causes = CAUSE(REVERSE_DNS),
        .when = {{.id = FACT_PTR_GENERIC}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(REVERSE_DNS),
        .when = {{.id = FACT_PTR_GOOD}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .remedy = FACT_SAYS_PTR_GOOD,
        .tell = tell_ptr_good,
    },
    {
        .causes = CAUSE(REVERSE_DNS),
        .when = {{.id = FACT_PTR_UNKNOWN}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_only,
    },
    {
        .causes = CAUSE(HELO),
        .when = {{.id = FACT_HELO_INVALID}, {.id = FACT_HELO_LITERAL}, {.id = FACT_HELO_NOWHERE}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(HELO), /* of tastes and lists the DNS knows nothing */
        .about = ABOUT_RESOLVING,
        .when = {{.id = FACT_HELO_GOOD}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .remedy = FACT_SAYS_HELO_GOOD,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(HELO),
        .when = {{.id = FACT_HELO_ASTRAY}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_only,
    },
    {
        .causes = CAUSE(SPF),
        .when = {{.id = FACT_SPF_FAIL}, {.id = FACT_SPF_WEAK}, {.id = FACT_SPF_MISSING},
            {.id = FACT_SPF_BROKEN}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .tell = tell_only,
    },
    {
        .causes = CAUSE(SPF),
        .when = {{.id = FACT_SPF_GOOD}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .remedy = FACT_SAYS_SPF_GOOD,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(DMARC),
        .when = {{.id = FACT_DMARC_FAIL}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .remedy = FACT_SAYS_DMARC_BAD,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(DMARC),
        .when = {{.id = FACT_DMARC_GOOD}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .remedy = FACT_SAYS_DMARC_GOOD,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(DMARC),
        .when = {{.id = FACT_DMARC_BY_DKIM_ALONE}, {.id = FACT_DMARC_MISSING},
            {.id = FACT_DMARC_DIFFERS}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_only,
    },
    {
        .causes = CAUSE(DKIM),
        .when = {{.id = FACT_DKIM_BROKEN}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .remedy = FACT_SAYS_DKIM_BAD,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(DKIM),
        .when = {{.id = FACT_DKIM_GOOD}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .remedy = FACT_SAYS_DKIM_GOOD,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(SENDER_DOMAIN),
        .when = {{.id = FACT_DOMAIN_MISSING}, {.id = FACT_DOMAIN_MUTE},
            {.id = FACT_DOMAIN_NULL_MX}},
        .words = SPOKE,
        .basis = BASIS_CONFIRMED,
        .tell = tell_fact,
    },
    {
        .causes = CAUSE(SENDER_DOMAIN),
        .when = {{.id = FACT_DOMAIN_GOOD}},
        .words = SPOKE,
        .basis = BASIS_CONTRADICTED,
        .remedy = FACT_SAYS_DOMAIN_GOOD,
        .tell = tell_fact,
    },

    /* Refused, and little said: what was said stands, what we found is shown beside it. */
    {
        .causes = WITHOUT_A_REASON,
        .when = {{.id = FACT_SAYS_LISTED}, {.id = FACT_LISTED_GRAVE}, {.id = FACT_PTR_MISSING},
            {.id = FACT_PTR_STRAY}},
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_suspect,
    },
    {
        .causes = CAUSE(NO_SERVICE),
        .when = {{FACT_LISTED_GRAVE, "ip"}, {.id = FACT_PTR_MISSING}, {.id = FACT_PTR_STRAY}},
        .stages = STAGE(GREETING),
        .words = SPOKE,
        .basis = BASIS_STATED,
        .tell = tell_suspect,
    },

    /* Nothing said. Only what receivers are known to refuse on, only where they do, and only what
       the DNS really says (never a look-up that failed). */
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{.id = FACT_SAYS_LATER}},
        .stages = STAGE(RCPT) | STAGE(NONE),
        .words = SPOKE,
        .basis = BASIS_UNKNOWN,
        .tell = tell_later,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{FACT_LISTED_GRAVE, "ip"}},
        .stages = EARLY,
        .words = SPOKE,
        .changes = true,
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_INFERRED,
        .tell = infer_listing,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{FACT_LISTED_GRAVE, "ip"}},
        .stages = STAGE(GREETING),
        .words = SILENT,
        .changes = true,
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_INFERRED,
        .tell = infer_listing,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{FACT_LISTED_GRAVE, "mail-from"}},
        .stages = WITH_SENDER,
        .words = SPOKE,
        .changes = true,
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_INFERRED,
        .tell = infer_listing,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{FACT_LISTED_GRAVE, "helo"}},
        .stages = WITH_HELO,
        .words = SPOKE,
        .changes = true,
        .cause = CAUSE_HELO,
        .basis = BASIS_INFERRED,
        .tell = infer_listing,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{.id = FACT_PTR_MISSING}, {.id = FACT_PTR_STRAY}},
        .stages = EARLY,
        .words = SPOKE,
        .changes = true,
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_INFERRED,
        .tell = infer_ptr,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{FACT_LISTED_OFTEN, "ip"}},
        .stages = EARLY,
        .words = SPOKE,
        .basis = BASIS_UNKNOWN,
        .tell = tell_minor,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .when = {{.id = FACT_SAYS_NOTHING_OPEN}, {.id = FACT_SAYS_NOTHING_UNASKED}},
        .stages = EARLY,
        .words = SPOKE,
        .basis = BASIS_UNKNOWN,
        .tell = tell_open,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .words = SPOKE,
        .basis = BASIS_UNKNOWN,
        .tell = tell_nothing,
    },
    {
        .causes = CAUSE(UNKNOWN),
        .words = SILENT,
        .basis = BASIS_UNKNOWN,
        .tell = tell_silence,
    },

    /* All else is as the server says: content, recipients, sizes, systems have nothing to do with
       our look-ups. */
    {
        .causes = ANY_CAUSE,
        .words = SPOKE | SILENT,
        .basis = BASIS_STATED,
        .tell = tell_nothing,
    },
};

enum { ROWS = sizeof table / sizeof *table };

static enum cause
stated_cause(const struct diagnosis_query *query, const struct facts *facts)
{
	const struct reading *reading = query->reading;
	const struct fact *named = facts_find(facts, FACT_SAYS_LISTED, NULL);

	if (reading == NULL)
		return CAUSE_UNKNOWN;
	/* A list of domains has no addresses: what it has of ours is what was refused. */
	if (reading->cause == CAUSE_IP_BLOCKLIST && named != NULL &&
	    strcmp(named->about, "ip") != 0)
		return strcmp(named->about, "helo") == 0 || strcmp(named->about, "ptr") == 0
		           ? CAUSE_HELO
		           : CAUSE_SENDER_BLOCKED;
	if (facts_find(facts, FACT_SAYS_LIST_DECLINED, NULL) != NULL &&
	    (ON_A_LIST_PERHAPS >> reading->cause & 1) != 0)
		return CAUSE_RECEIVER_MISCONFIGURED;
	return reading->cause;
}

/* A reply of which only the beginning came has its say when that gives a reason, and is else as
 * good as none. */
static unsigned
words_of(const struct diagnosis_query *query)
{
	bool whole = query->end == REPLY_IS_WHOLE;

	return query->reading != NULL && (whole || query->reading->cause != CAUSE_UNKNOWN) ? SPOKE
	                                                                                   : SILENT;
}

static unsigned
complaint(const struct reading *reading)
{
	unsigned about = reading != NULL ? reading->about : 0;

	for (size_t i = 0; reading != NULL && i < reading->also_count; i++)
		about |= reading->also[i].about & ABOUT_LOOKS; /* said beside other words */
	return about;
}

/* False: none holds. `*fact`: the first that does; NULL: the row asks for none. */
static bool
has_fact(const struct row *row, const struct facts *facts, const struct fact **fact)
{
	*fact = NULL;
	if (row->when[0].id == FACT_NONE)
		return true;
	for (size_t i = 0; i < WHEN_MAX && *fact == NULL && row->when[i].id != FACT_NONE; i++)
		*fact = facts_find(facts, row->when[i].id, row->when[i].about);
	return *fact != NULL;
}

static const struct row *
find_row(const struct diagnosis_query *query, enum cause cause, const struct facts *facts,
    const struct fact **fact)
{
	/* Slow is not refused: from a deadline of ours nothing is inferred. */
	enum stage stage =
	    query->end == REPLY_IS_LATE || query->end == REPLY_IS_LEFT ? STAGE_NONE : query->stage;
	unsigned words = words_of(query), about = complaint(query->reading);
	const struct row *row = table;

	while ((row->causes >> cause & 1) == 0 || (row->about & ~about) != 0 ||
	       (row->stages != 0 && (row->stages >> stage & 1) == 0) || (row->words & words) == 0 ||
	       !has_fact(row, facts, fact))
		row++;
	return row; /* the last rows take all */
}

size_t
diagnosis_rows(void)
{
	return ROWS;
}

size_t
diagnosis_row(const struct diagnosis_query *query, struct arena *arena)
{
	const struct fact *fact;
	struct facts facts;

	facts_gather(query->reading, query->sender, arena, &facts);
	return (size_t)(find_row(query, stated_cause(query, &facts), &facts, &fact) - table);
}

/* ---- what is added as information: never a cause */

static bool
is_minor(const struct listing *listing)
{
	return listing->state == LIST_LISTED && listing->list->kind != LIST_WHITE &&
	       (listing->list->kind == LIST_INFO || listing->list->weight > 'B');
}

static void
inform_of(struct trial *trial, const char *about)
{
	const struct fact *fact = grave(trial, about);

	if (fact != NULL && !is_told(trial, fact->listing))
		say_fact(trial, "For information: ", fact);
}

/* Where a list or the reverse DNS may be behind it, and nothing proves that: what could not be
 * looked up is no sign that all is well. */
static void
inform_of_open(struct trial *trial)
{
	const struct fact *open = facts_find(&trial->facts, FACT_SAYS_NOTHING_OPEN, NULL);
	enum stage stage = trial->query->stage;
	bool early =
	    words_of(trial->query) == SPOKE ? (EARLY >> stage & 1) != 0 : stage == STAGE_GREETING;

	if (open == NULL || trial->told_open || !early || trial->out->list != NULL ||
	    trial->out->basis == BASIS_CONFIRMED)
		return;
	if (((CAUSE(IP_BLOCKLIST) | WITHOUT_A_REASON | CAUSE(UNKNOWN)) >> trial->out->cause & 1) !=
	        0 ||
	    trial->out->basis == BASIS_INFERRED)
		say_fact(trial, "", open);
}

static void
inform_of_unasked(struct trial *trial)
{
	const struct fact *unasked = facts_find(&trial->facts, FACT_SAYS_NOTHING_UNASKED, NULL);

	if (unasked != NULL && !trial->told_open &&
	    facts_find(&trial->facts, FACT_SAYS_HIDDEN_ADDRESS, NULL) == NULL &&
	    facts_find(&trial->facts, FACT_SAYS_OTHER_ADDRESS, NULL) == NULL)
		say_fact(trial, "", unasked);
}

/* Listings that nothing was said about yet. Where the cause has nothing to do with who sends, only
 * a grave one is worth a line. */
static void
inform(struct trial *trial)
{
	const struct sender *sender = trial->query->sender;
	bool about_sender =
	    ((BY_LIST | OF_THE_ADDRESS | WITHOUT_A_REASON | CAUSE(UNKNOWN)) >> trial->out->cause &
	        1) != 0;
	const char *minor = NULL;

	inform_of(trial, "ip");
	if (!about_sender)
		return;
	inform_of(trial, "mail-from");
	inform_of(trial, "helo");
	inform_of_open(trial);
	inform_of_unasked(trial);
	for (size_t i = 0; i < sender->listing_count; i++) {
		const struct listing *listing = &sender->listings[i];

		if (is_minor(listing) && !is_told(trial, listing))
			minor =
			    arena_printf(trial->arena, "%s%s%s (%s)", minor != NULL ? minor : "",
			        minor != NULL ? ", " : "", listing->list->zone, listing->item);
	}
	if (minor != NULL)
		say(trial,
		    arena_printf(trial->arena,
		        "For information: also on lists that few receivers refuse on: %s.", minor));
}

static void
copy_reading(const struct diagnosis_query *query, struct arena *arena, struct diagnosis *out)
{
	const struct reading *reading = query->reading;
	struct counsel counsel;

	counsel_make(query->remedies, reading, &query->setting, arena, &counsel);
	out->rule = reading->rule;
	out->list = reading->list;
	out->listed = reading->listed;
	out->provider = reading->provider;
	out->who = counsel.who;
	out->advice = counsel.advice;
	out->url = counsel.url;
}

void
diagnose(const struct diagnosis_query *query, struct arena *arena, struct diagnosis *out)
{
	struct trial trial = {.query = query, .arena = arena, .out = out};
	const struct reading *reading = query->reading;
	const struct row *row;
	enum cause cause;

	*out = (struct diagnosis){0};
	facts_gather(reading, query->sender, arena, &trial.facts);
	cause = stated_cause(query, &trial.facts);
	row = find_row(query, cause, &trial.facts, &trial.fact);
	trial.remedy =
	    row->remedy != FACT_NONE || trial.fact == NULL ? row->remedy : trial.fact->id;
	if (reading != NULL)
		copy_reading(query, arena, out);
	out->cause = row->changes ? row->cause : cause;
	out->basis = row->basis;
	row->tell(&trial);
	if (row->no_page)
		out->url = NULL;
	for (size_t i = 0; reading != NULL && i < reading->also_count; i++)
		add_also(&trial, reading->also[i].cause, reading->also[i].rule);
	if (query->sender != NULL)
		inform(&trial);
}
