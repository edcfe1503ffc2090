#include "judge/tls_advice.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "judge/tls_audit.h"

enum {
	RECORDS_MANY = 12, /* some senders take no more (reference: outbound of Microsoft, 2024) */
	DAY = 86400,
	DH_GOOD = 2048, /* bits */
	SHOWN = 100, /* characters of a record */
};

struct tls_inspection {
	const struct tls_review_query *query;
	struct arena *arena;
	struct values values;
	struct advice *found;
	size_t count;
};

/* `what` NULL: the row of the fact has the words. */
static struct advice *
add(struct tls_inspection *review, enum fact_id id, const char *what)
{
	const struct remedy *remedy = remedies_of(review->query->remedies, id);
	struct advice *advice =
	    arena_push(review->arena, &review->found, review->count++, sizeof *advice);

	*advice = (struct advice){.id = fact_name(id),
	    .topic = remedy->topic,
	    .severity = remedy->severity,
	    .what = what != NULL ? what : remedy_fill(remedy->what, &review->values, review->arena),
	    .refused_by = remedy->refusers,
	    .who = remedy->who,
	    .advice = remedy_fill(remedy->advice, &review->values, review->arena),
	    .url = remedy->url};
	return advice;
}

static int
graver_first(const void *left, const void *right)
{
	const struct advice *a = left, *b = right;

	return (int)a->severity - (int)b->severity;
}

static void
begin(struct tls_inspection *review, const struct tls_review_query *query, struct arena *arena)
{
	*review = (struct tls_inspection){.query = query, .arena = arena};
	review->values.of[VALUE_NAME] = query->host;
}

/* Few enough for sorting by insertion, which keeps equal ones as they came. */
static void
finish(struct tls_inspection *review, struct advice **out, size_t *count)
{
	for (size_t i = 1; i < review->count; i++)
		for (size_t k = i;
		     k > 0 && graver_first(&review->found[k - 1], &review->found[k]) > 0; k--) {
			struct advice swap = review->found[k];

			review->found[k] = review->found[k - 1];
			review->found[k - 1] = swap;
		}
	*out = review->found;
	*count = review->count;
}

/* ---- DANE: what records are */

/* "3 1 1 0123…" */
static const char *
shown(struct tls_inspection *review, const struct dane_record *record)
{
	const char *text = dane_record_text(record, review->arena);

	return strlen(text) <= SHOWN ? text : arena_printf(review->arena, "%.*s...", SHOWN, text);
}

static const char *
of_whom(struct tls_inspection *review, const struct dane_published *published)
{
	if (published->depth == 0)
		return "the server's own certificate";
	return arena_printf(
	    review->arena, "an issuer, %s", published->subject != NULL ? published->subject : "?");
}

/* What would be true of the record's data. */
static const char *
truth_of(struct tls_inspection *review, const struct dane_published *published)
{
	return arena_printf(review->arena, "%s of %s, as \"%u %u %u\"",
	    published->selector == 0 ? "the certificate" : "the key", of_whom(review, published),
	    published->usage, published->selector, published->matching);
}

static const struct published_row {
	enum published what;
	enum fact_id id;
	const char *words; /* behind the record; NULL: what it is made of */
} published_rows[] = {
    {PUBLISHED_UNKNOWN, FACT_DANE_STALE, "is of no certificate that the server sends"},
    {PUBLISHED_USAGE, FACT_DANE_WRONG_USAGE, NULL},
    {PUBLISHED_SELECTOR, FACT_DANE_WRONG_SELECTOR, NULL},
    {PUBLISHED_MATCHING, FACT_DANE_WRONG_MATCHING, NULL},
    {PUBLISHED_UNSENT, FACT_DANE_NOT_SENT, NULL},
    {PUBLISHED_CUT, FACT_DANE_CUT, "has the beginning of a digest, and not all of it"},
    {PUBLISHED_PEM, FACT_DANE_PEM, "is the digest of a PEM text, not of the DER within"},
    {PUBLISHED_BITS, FACT_DANE_BITS,
        "is the digest of the bare key, without the algorithm that belongs to it"},
    {PUBLISHED_EMPTY, FACT_DANE_EMPTY, "is the digest of nothing: whatever made it read no file"},
    {PUBLISHED_ZEROS, FACT_DANE_PLACEHOLDER, "is a placeholder: all its octets are the same"},
};

static void
say_published(struct tls_inspection *review, const struct dane_record *record,
    const struct dane_published *published)
{
	for (size_t i = 0; i < sizeof published_rows / sizeof *published_rows; i++) {
		const struct published_row *row = &published_rows[i];

		if (row->what != published->what)
			continue;
		if (row->words != NULL)
			add(review, row->id,
			    arena_printf(review->arena, "The TLSA record %s %s.",
			        shown(review, record), row->words));
		else
			add(review, row->id,
			    arena_printf(review->arena, "The TLSA record %s is %s.",
			        shown(review, record), truth_of(review, published)));
	}
}

/* One that is not of use need not be a slip of what it is. */
static void
say_record(struct tls_inspection *review, size_t i)
{
	const struct dane *dane = review->query->meeting->dane;
	const struct dane_met *met = review->query->meeting->met;
	const struct dane_record *record = &dane->records[i];
	bool wrong = met->tried && !met->matches;

	if (record->fault != NULL)
		add(review, FACT_DANE_RECORD_UNUSABLE,
		    arena_printf(review->arena, "The TLSA record %s is of no use: %s.",
		        shown(review, record), record->fault));
	if (record->outranked)
		add(review, FACT_DANE_OUTRANKED,
		    arena_printf(review->arena,
		        "The TLSA record %s is passed over by most senders, for another of its "
		        "usage and selector has a stronger digest (RFC 7671 section 9).",
		        shown(review, record)));
	if (met->published != NULL && (wrong || record->fault != NULL))
		say_published(review, record, &met->published[i]);
	else if (met->published != NULL && met->published[i].what != PUBLISHED_RIGHT)
		add(review, FACT_DANE_SPARE,
		    arena_printf(review->arena,
		        "The TLSA record %s matches nothing that is in use.",
		        shown(review, record)));
}

/* Habits that break at the next renewal. */
static void
say_habits(struct tls_inspection *review)
{
	const struct dane *dane = review->query->meeting->dane;
	bool certificate = false, authority = false, whole = false;

	for (size_t i = 0; i < dane->record_count; i++) {
		const struct dane_record *record = &dane->records[i];

		certificate |= record->usage == 3 && record->selector == 0;
		authority |= record->usage == 2 && record->selector == 0;
		whole |= record->matching == 0;
	}
	if (certificate)
		add(review, FACT_DANE_CERTIFICATE, NULL);
	if (authority)
		add(review, FACT_DANE_AUTHORITY, NULL);
	if (whole)
		add(review, FACT_DANE_WHOLE, NULL);
	if (dane->record_total > RECORDS_MANY)
		add(review, FACT_DANE_MANY,
		    arena_printf(review->arena, "There are %zu TLSA records.", dane->record_total));
}

static void
say_records(struct tls_inspection *review)
{
	const struct dane *dane = review->query->meeting->dane;

	for (size_t i = 0; i < dane->record_count && i < RECORDS_MANY; i++)
		say_record(review, i);
	say_habits(review);
}

/* ---- DANE: whether a sender gets through */

static void
publish_now(struct tls_inspection *review, struct advice *advice)
{
	const struct dane *dane = review->query->meeting->dane;
	const struct dane_met *met = review->query->meeting->met;
	const char *base = dane->base != NULL ? dane->base : review->query->host;

	if (met->now == NULL)
		return;
	advice->records[0] =
	    arena_printf(review->arena, "_%u._tcp.%s. IN TLSA %s", dane->port, base, met->now);
	if (met->now_issuer != NULL)
		advice->records[1] = arena_printf(
		    review->arena, "_%u._tcp.%s. IN TLSA %s", dane->port, base, met->now_issuer);
}

static void
say_match(struct tls_inspection *review)
{
	const struct dane *dane = review->query->meeting->dane;
	const struct dane_met *met = review->query->meeting->met;

	if (met->record >= dane->record_count)
		return;
	add(review, FACT_DANE_GOOD,
	    arena_printf(review->arena, "The TLSA record %s matches %s%s%s.",
	        shown(review, &dane->records[met->record]),
	        met->depth == 0 ? "the server's own certificate" : "an issuer of its certificate",
	        met->name != NULL ? ", which is for " : "", met->name != NULL ? met->name : ""));
}

static void
say_mismatch(struct tls_inspection *review)
{
	const struct dane_met *met = review->query->meeting->met;
	struct advice *advice;

	if (met->reason != NULL && strcmp(met->reason, "X509_V_ERR_DANE_NO_MATCH") != 0) {
		add(review, FACT_DANE_CHAIN,
		    arena_printf(review->arena,
		        "A TLSA record matches an issuer, but the certificate fails: %s.",
		        met->words));
		return;
	}
	advice = add(review, FACT_DANE_MISMATCH, NULL);
	publish_now(review, advice);
}

static void
say_usable(struct tls_inspection *review)
{
	const struct dane_meeting *meeting = review->query->meeting;
	const char *word;
	enum dane_effect effect = dane_sender(meeting, &word);

	if (effect == EFFECT_UNKNOWN && meeting->met->tried)
		add(review, FACT_DANE_UNSEEN,
		    arena_printf(review->arena,
		        "Of its %zu TLSA records those with whole certificates or keys were not "
		        "all "
		        "looked at (%zu were not), and none of the others matches.",
		        meeting->dane->record_total, meeting->dane->unseen));
	else if (effect == EFFECT_UNKNOWN)
		add(review, FACT_DANE_UNTRIED, NULL);
	else if (!meeting->offered || meeting->refused)
		add(review, FACT_DANE_NO_STARTTLS, NULL);
	else if (meeting->met->tried && !meeting->met->matches)
		say_mismatch(review);
	else if (effect == EFFECT_DEFER)
		add(review, FACT_DANE_HANDSHAKE,
		    review->query->tls->error != NULL
		        ? arena_printf(review->arena,
		              "It has TLSA records, and the TLS handshake fails: %s.",
		              review->query->tls->error)
		        : NULL);
	else if (meeting->dane->host == DANE_UNUSABLE)
		publish_now(review, add(review, FACT_DANE_UNUSABLE, NULL));
	else
		say_match(review);
}

static void
say_state(struct tls_inspection *review)
{
	static const enum fact_id facts[DANE_STATE_COUNT] = {
	    [DANE_NOT_APPLICABLE] = FACT_DANE_NOT_APPLICABLE,
	    [DANE_NOT_EVALUABLE] = FACT_DANE_NOT_EVALUABLE,
	    [DANE_DNS_ERROR] = FACT_DANE_DNS_ERROR,
	    [DANE_INSECURE_MX] = FACT_DANE_INSECURE_MX,
	    [DANE_NONE] = FACT_DANE_NONE,
	    [DANE_LOOKUP_FAILED] = FACT_DANE_LOOKUP_FAILED,
	};
	const struct dane *dane = review->query->meeting->dane;
	enum fact_id fact =
	    dane->state == DANE_NONE && !dane->signable ? FACT_DANE_UNSIGNED : facts[dane->state];
	struct advice *advice;

	if (dane->state == DANE_INSECURE_MX && dane->host == DANE_LOOKUP_FAILED &&
	    !dane->unanswered)
		add(review, FACT_DANE_LOOKUP_FAILED, NULL)->evidence = dane->why;
	if (dane->unanswered)
		add(review, FACT_DANE_UNANSWERED, NULL)->evidence = dane->why;
	if (fact == FACT_NONE || (dane->unanswered && dane->state == dane->host))
		return;
	advice = add(review, fact, NULL);
	advice->evidence = dane->why;
	if (dane->state == DANE_NONE && dane->signable)
		publish_now(review, advice);
}

void
dane_advise(
    const struct tls_review_query *query, struct arena *arena, struct advice **out, size_t *count)
{
	struct tls_inspection review;

	begin(&review, query, arena);
	if (query->meeting->dane != NULL) {
		say_state(&review);
		if (dane_demands_tls(query->meeting->dane)) {
			say_usable(&review);
			say_records(&review);
		}
	}
	finish(&review, out, count);
}

void
dane_advise_domain(const struct remedies *remedies, const struct dane *danes, size_t hosts,
    bool lax, struct arena *arena, struct advice **out, size_t *count)
{
	const struct tls_review_query query = {.remedies = remedies};
	struct tls_inspection review;
	size_t bound = 0;

	begin(&review, &query, arena);
	for (size_t i = 0; i < hosts; i++)
		bound += danes[i].state == DANE_USABLE;
	if (bound > 0 && bound < hosts)
		add(&review, FACT_DANE_PARTIAL, NULL);
	if (lax)
		add(&review, FACT_DANE_RESOLVER_LAX, NULL);
	finish(&review, out, count);
}

/* ---- certificates and sessions */

static const struct certificate_row {
	const char *reason;
	enum fact_id id;
} certificate_rows[] = {
    {"X509_V_ERR_CERT_HAS_EXPIRED", FACT_TLS_EXPIRED},
    {"X509_V_ERR_CERT_NOT_YET_VALID", FACT_TLS_EARLY},
    {"X509_V_ERR_HOSTNAME_MISMATCH", FACT_TLS_NAME},
    {"X509_V_ERR_IP_ADDRESS_MISMATCH", FACT_TLS_ADDRESS},
    {"X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT", FACT_TLS_SELF_SIGNED},
    {"X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN", FACT_TLS_UNTRUSTED},
    {"X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT", FACT_TLS_UNTRUSTED},
    {"X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY", FACT_TLS_UNTRUSTED},
    {"X509_V_ERR_CERT_UNTRUSTED", FACT_TLS_UNTRUSTED},
    {"X509_V_ERR_EE_KEY_TOO_SMALL", FACT_TLS_WEAK},
    {"X509_V_ERR_CA_KEY_TOO_SMALL", FACT_TLS_WEAK},
    {"X509_V_ERR_CA_MD_TOO_WEAK", FACT_TLS_WEAK},
    {"X509_V_ERR_INVALID_PURPOSE", FACT_TLS_PURPOSE},
};

/* That the leaf cannot be verified follows from a missing issuer, and is not said twice. Where this
 * host has nobody to trust, that a chain leads to nobody is no word on the chain. */
static void
say_fault(struct tls_inspection *review, const struct tls_fault *fault)
{
	const struct tls_facts *tls = review->query->tls;
	enum fact_id id = FACT_TLS_OTHER;
	const char *end = tls->not_after != NULL ? tls->not_after : "?";

	for (size_t i = 0; i < sizeof certificate_rows / sizeof *certificate_rows; i++)
		if (strcmp(certificate_rows[i].reason, fault->reason) == 0)
			id = certificate_rows[i].id;
	if (strcmp(fault->reason, "X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE") == 0 ||
	    (id == FACT_TLS_UNTRUSTED && tls->blind))
		return;
	if (id == FACT_TLS_UNTRUSTED && tls->issuer_missing)
		id = FACT_TLS_NO_ISSUER;
	if (id == FACT_TLS_EXPIRED && fault->depth == 0)
		add(review, id, arena_printf(review->arena, "Its certificate expired on %s.", end));
	else if (id == FACT_TLS_OTHER || fault->depth > 0)
		add(review, id,
		    arena_printf(review->arena, "Its chain fails at depth %d: %s.", fault->depth,
		        fault->words));
	else
		add(review, id, NULL)->evidence =
		    id == FACT_TLS_NAME || id == FACT_TLS_ADDRESS || id == FACT_TLS_UNTRUSTED
		        ? tls->subject
		        : NULL;
}

static const char *
left_words(struct tls_inspection *review)
{
	const struct tls_facts *tls = review->query->tls;
	long days = tls->remaining / DAY;

	return arena_printf(review->arena,
	    "Its certificate ends on %s: %ld days are left of %ld (%ld %%).", tls->not_after, days,
	    tls->lifetime / DAY, tls->lifetime > 0 ? tls->remaining * 100 / tls->lifetime : 0);
}

static void
say_end(struct tls_inspection *review)
{
	const struct tls_review_query *query = review->query;
	const struct tls_facts *tls = query->tls;

	if (tls->not_after == NULL || tls->remaining <= 0)
		return;
	if (query->ends_soon)
		add(review, FACT_TLS_ENDS_SOON, left_words(review));
	else if (query->near_end)
		add(review, FACT_TLS_NEAR_END, left_words(review));
}

static void
say_session(struct tls_inspection *review)
{
	const struct tls_facts *tls = review->query->tls;

	if (tls->version != NULL &&
	    (strcmp(tls->version, "TLSv1") == 0 || strcmp(tls->version, "TLSv1.1") == 0))
		add(review, FACT_TLS_OLD,
		    arena_printf(review->arena, "%s is the best that it speaks.", tls->version));
	if (tls->small)
		add(review, FACT_TLS_HANDSHAKE_SIZE, NULL);
	if (tls->hybrid)
		add(review, FACT_TLS_HYBRID,
		    arena_printf(review->arena,
		        "The key exchange is %s: what is recorded today cannot be read by a "
		        "quantum computer of tomorrow.",
		        tls->group));
	if (tls->disordered)
		add(review, FACT_TLS_DISORDERED, NULL);
	if (tls->root_sent)
		add(review, FACT_TLS_ROOT_SENT, NULL);
}

/* ---- an audit */

static void
say_versions(struct tls_inspection *review)
{
	const struct audit_item *items = review->query->audit->items;
	bool old[] = {
	    items[AUDIT_TLS10].answer == AUDIT_YES, items[AUDIT_TLS11].answer == AUDIT_YES};

	if (old[0] || old[1])
		add(review, FACT_TLS_OLD_OFFERED,
		    arena_printf(review->arena, "It takes TLS %s.",
		        old[0] && old[1] ? "1.0 and 1.1"
		        : old[0]         ? "1.0"
		                         : "1.1"));
}

static void
say_other_certificate(struct tls_inspection *review)
{
	const struct tls_audit *audit = review->query->audit;
	const struct audit_item *item = &audit->items[AUDIT_CERTIFICATE];
	const char *key = item->key != NULL ? item->key : "?";

	if (item->answer != AUDIT_YES)
		return;
	add(review, FACT_TLS_SECOND,
	    arena_printf(review->arena, "Beside its certificate of a key %s it has one of %s.",
	        audit->key, key));
	if (item->verify != NULL && strcmp(item->verify, "ok") != 0 &&
	    strcmp(item->verify, "unknown") != 0)
		add(review, FACT_TLS_SECOND_BAD,
		    arena_printf(review->arena, "Its other certificate (%s) is not good: %s.", key,
		        item->verify));
	if (item->unmatched == NULL)
		return;
	add(review, FACT_DANE_SECOND,
	    arena_printf(review->arena, "No TLSA record matches its other certificate (%s).", key))
	    ->records[0] = item->unmatched;
}

static void
say_weak(struct tls_inspection *review)
{
	const struct tls_audit *audit = review->query->audit;
	const struct audit_item *ciphers = &audit->items[AUDIT_CIPHERS],
	                        *dh = &audit->items[AUDIT_DH];

	if (ciphers->answer == AUDIT_YES)
		add(review, FACT_TLS_WEAK_CIPHER,
		    arena_printf(review->arena, "It takes %s, %s.", ciphers->cipher,
		        strstr(ciphers->cipher, "NULL") != NULL
		            ? "which does not encrypt"
		            : "which has no forward secrecy: who records a session can read it "
		              "when the key becomes known"));
	if (dh->answer == AUDIT_YES && dh->dh_bits > 0 && dh->dh_bits < DH_GOOD)
		add(review, FACT_TLS_WEAK_GROUP,
		    arena_printf(review->arena,
		        "It exchanges keys in a Diffie-Hellman group of %d bits.", dh->dh_bits));
	if (audit->renegotiates)
		add(review, FACT_TLS_RENEGOTIATION, NULL);
}

static void
say_audit(struct tls_inspection *review)
{
	const struct tls_audit *audit = review->query->audit;
	const struct audit_item *clear = &audit->items[AUDIT_CLEAR];
	const char *open = NULL;

	say_versions(review);
	say_other_certificate(review);
	say_weak(review);
	if (clear->answer != AUDIT_UNKNOWN)
		add(review, clear->answer == AUDIT_NO ? FACT_TLS_ENFORCED : FACT_TLS_NOT_ENFORCED,
		    NULL)
		    ->evidence = clear->detail;
	for (int i = 0; i < AUDIT_QUESTIONS; i++)
		if (audit->items[i].answer == AUDIT_UNKNOWN && (audit->usual || i == AUDIT_CLEAR))
			open = arena_printf(review->arena, "%s%s%s%s%s%s", open != NULL ? open : "",
			    open != NULL ? ", " : "", audit_question_name((enum audit_question)i),
			    audit->items[i].detail != NULL ? " (" : "",
			    audit->items[i].detail != NULL ? audit->items[i].detail : "",
			    audit->items[i].detail != NULL ? ")" : "");
	if (open != NULL)
		add(review, FACT_TLS_AUDIT_OPEN, NULL)->evidence = open;
}

void
tls_advise(
    const struct tls_review_query *query, struct arena *arena, struct advice **out, size_t *count)
{
	const struct dane_meeting *meeting = query->meeting;
	struct tls_inspection review;

	begin(&review, query, arena);
	if (meeting->asked && !meeting->offered)
		add(&review, FACT_TLS_NONE, NULL);
	else if (meeting->refused)
		add(&review, FACT_TLS_REFUSED, NULL);
	else if (meeting->offered && !meeting->done)
		add(&review, FACT_TLS_HANDSHAKE,
		    query->tls->error != NULL
		        ? arena_printf(arena, "The TLS handshake fails: %s.", query->tls->error)
		        : NULL);
	for (size_t i = 0; i < query->tls->fault_count; i++)
		say_fault(&review, &query->tls->faults[i]);
	if (query->tls->blind)
		add(&review, FACT_TLS_BLIND, NULL);
	say_end(&review);
	say_session(&review);
	if (query->audit != NULL)
		say_audit(&review);
	if (meeting->done && query->tls->verify != NULL && strcmp(query->tls->verify, "ok") == 0)
		add(&review, FACT_TLS_GOOD, NULL);
	finish(&review, out, count);
}
