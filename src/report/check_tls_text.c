#include "base/arena.h"
#include "base/buf.h"
#include "report/check_tls.h"
#include "report/text_advice.h"
#include "report/text_words.h"

struct host_counts { /* of the addresses that were walked */
	size_t asked, sessions, deferred, insecure;
};

static struct host_counts
count_hosts(const struct domain_review *review)
{
	struct host_counts tally = {0};

	for (size_t i = 0; i < review->host_count; i++) {
		const struct attempt *attempt = review->hosts[i].attempt;
		const struct dane_meeting meeting = attempt_meeting(attempt);
		const char *word;

		tally.asked += meeting.asked;
		tally.sessions += attempt->tls_done;
		tally.deferred += dane_sender(&meeting, &word) == EFFECT_DEFER;
		tally.insecure += attempt->dane != NULL && attempt->dane->state == DANE_INSECURE_MX;
	}
	return tally;
}

static const char *
unasked_words(
    const struct domain_review *review, enum tls_review_kind kind, struct host_counts tally)
{
	if (tally.asked == 0)
		return "no mail exchanger could be asked";
	if (tally.asked < review->host_count)
		return "not every mail exchanger could be asked";
	if (kind == REVIEW_TLS && tally.sessions == review->host_count)
		return "TLS is good; the dialogue broke off behind it";
	return "the dialogue broke off";
}

static const char *
verdict_words(
    const struct domain_review *review, enum tls_review_kind kind, struct host_counts tally)
{
	static const char *const dane[] = {
	    [SEVERITY_REFUSES] = "mail of senders that go by DANE does not come through",
	    [SEVERITY_WARNS] = "DANE, with something amiss",
	    [SEVERITY_UNKNOWN] = "what DANE comes to cannot be told",
	};
	static const char *const tls[] = {
	    [SEVERITY_REFUSES] = "senders that insist on a good certificate are kept out",
	    [SEVERITY_WARNS] = "TLS, with something amiss",
	    [SEVERITY_UNKNOWN] = "what its TLS comes to cannot be told",
	};

	if (kind == REVIEW_TLS && review->worst == SEVERITY_WARNS && tally.sessions == 0 &&
	    tally.asked > 0 && tally.asked == review->host_count)
		return "no TLS";
	if (review->worst <= SEVERITY_UNKNOWN)
		return kind == REVIEW_DANE ? dane[review->worst] : tls[review->worst];
	if (*review->result == 'u')
		return unasked_words(review, kind, tally);
	if (kind == REVIEW_TLS)
		return "good";
	if (*review->result == 'n')
		return "no DANE";
	return tally.insecure > 0 ? "TLSA records are right, but the MX is not signed"
	                          : "DANE is in order";
}

static void
say_verdict(struct buf *out, const struct domain_review *review, enum tls_review_kind kind)
{
	struct host_counts tally = count_hosts(review);

	buf_puts(out, verdict_words(review, kind, tally));
	if (kind == REVIEW_DANE && review->worst == SEVERITY_REFUSES && tally.deferred > 0 &&
	    tally.deferred < review->host_count)
		buf_printf(out, " at %zu of %zu hosts", tally.deferred, review->host_count);
}

static enum text_colour
colour_of(const struct domain_review *review)
{
	return *review->result == 'g'   ? TEXT_GREEN
	       : *review->result == 'r' ? TEXT_RED
	                                : TEXT_YELLOW;
}

static void
say_session(struct buf *out, const struct text_style *style, const struct tls_facts *tls)
{
	struct buf line;

	if (tls->version == NULL)
		return;
	buf_init(&line, 1024);
	buf_printf(&line, "%s, %s", tls->version, tls->cipher);
	if (tls->group != NULL)
		buf_printf(&line, ", %s", tls->group);
	if (tls->sigalg != NULL)
		buf_printf(&line, ", signed with %s", tls->sigalg);
	text_field(out, style, "session", line.data);
	buf_release(&line);
}

static void
say_chain(struct buf *out, const struct text_style *style, const struct tls_facts *tls)
{
	struct buf line;

	buf_init(&line, 4096);
	for (size_t i = 0; i < tls->chain_count; i++) {
		const struct tls_certificate *certificate = &tls->chain[i];

		buf_clear(&line);
		text_cstring(&line, certificate->subject != NULL ? certificate->subject : "?");
		buf_printf(&line, "; %s%s%s; until %s",
		    certificate->key != NULL ? certificate->key : "?",
		    certificate->signature != NULL ? ", " : "",
		    certificate->signature != NULL ? certificate->signature : "",
		    certificate->not_after != NULL ? certificate->not_after : "?");
		text_field(out, style, i == 0 ? "cert" : "issuer", line.data);
	}
	buf_release(&line);
}

/* "tls1.0 no, tls1.1 yes, …" */
static void
say_audit(struct buf *out, const struct text_style *style, const struct tls_audit *audit)
{
	struct buf line;

	if (audit == NULL)
		return;
	buf_init(&line, 1024);
	for (int i = 0; i < AUDIT_QUESTIONS; i++)
		buf_printf(&line, "%s%s %s", i > 0 ? ", " : "",
		    audit_question_name((enum audit_question)i),
		    audit_answer_name(audit->items[i].answer));
	text_field(out, style, "audit", line.data);
	buf_release(&line);
}

static void
say_host(struct buf *out, const struct text_style *style, const struct host_review *host,
    enum tls_review_kind kind)
{
	const struct attempt *attempt = host->attempt;
	const struct dane_meeting meeting = attempt_meeting(attempt);
	const char *word;

	text_server(out, attempt);
	if (kind == REVIEW_DANE)
		buf_printf(out, ": %s; an opportunistic sender: %s; one that goes by DANE: %s\n",
		    attempt->dane != NULL && dane_state_name(attempt->dane->state) != NULL
		        ? dane_state_name(attempt->dane->state)
		        : "not known",
		    dane_effect_name(dane_opportunistic(&meeting)),
		    dane_effect_name(dane_sender(&meeting, &word)));
	else
		buf_printf(out, ": %s\n",
		    attempt->tls_done      ? attempt_tls(attempt)->verify != NULL
		                                 ? attempt_tls(attempt)->verify
		                                 : "no certificate"
		    : attempt->tls_offered ? "STARTTLS offered, and no TLS came about"
		    : meeting.asked        ? "no STARTTLS"
		                           : walk_status_name(attempt->status));
	if (attempt->detail != NULL)
		text_field(out, style, "note", attempt->detail);
	if (kind == REVIEW_TLS || style->verbose) {
		say_session(out, style, attempt_tls(attempt));
		say_chain(out, style, attempt_tls(attempt));
	}
	say_audit(out, style, host->audit);
	for (size_t i = 0; i < host->count; i++)
		text_advice_one(out, style, &host->found[i]);
}

static void
say_now(struct buf *out, const struct text_style *style, const struct host_review *host)
{
	struct text_style whole = *style;

	whole.width = 0; /* what is to be copied stays on its line */
	if (attempt_met(host->attempt)->now != NULL && style->verbose) {
		text_field(out, &whole, "tlsa now", attempt_met(host->attempt)->now);
		text_field(out, &whole, "", attempt_met(host->attempt)->now_issuer);
	}
}

static void
text_review(struct sink *sink, const struct journey *journey)
{
	const struct text_style *style = &sink->plan->style;
	enum tls_review_kind kind = sink->plan->review->kind;
	struct arena *arena = arena_new();
	struct domain_review review;

	tls_review_journey(sink, journey, arena, &review);
	text_cstring(&sink->out, journey->target.text);
	buf_puts(&sink->out, ": ");
	text_colour(&sink->out, style, colour_of(&review));
	say_verdict(&sink->out, &review, kind);
	text_colour(&sink->out, style, TEXT_PLAIN);
	if (journey->note != NULL) {
		buf_puts(&sink->out, ": ");
		text_cstring(&sink->out, journey->note);
	}
	buf_putc(&sink->out, '\n');
	for (size_t i = 0; i < review.count; i++)
		text_advice_one(&sink->out, style, &review.found[i]);
	for (size_t i = 0; i < review.host_count; i++) {
		say_host(&sink->out, style, &review.hosts[i], kind);
		if (kind == REVIEW_DANE)
			say_now(&sink->out, style, &review.hosts[i]);
	}
	arena_free(arena);
}

const struct sink_format check_tls_text = {
    .result = text_review, .finish = tls_review_finish, .exit = tls_review_exit};
