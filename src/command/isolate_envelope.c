/* isolate --isolate envelope: what is refused before DATA: the walk to RCPT as it is, and again
 * with one thing changed at a time: reverse-path, HELO name, TLS, source. No message is sent. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/stanza.h"
#include "command/isolate_envelope.h"
#include "command/output.h"
#include "command/pinned.h"
#include "io/loop.h"
#include "report/enveloped.h"
#include "report/ndjson.h"
#include "report/sink.h"

struct envelope {
	struct pinned *pinned;
	struct enveloped said;
	struct kinds kinds;
	struct veil *veil; /* --redact: takes our own addresses */
	struct sender_entry own; /* as it is */
	enum tls_want tls;
	bool local; /* this machine could not */
	bool offers_tls; /* the server, as it is */
};

/* What else could be said in the place of this; false: nothing else. */
static bool
change(struct envelope *envelope, enum envelope_change what, const char **value)
{
	struct pinned *pinned = envelope->pinned;
	const struct options *o = pinned->options;
	struct sender_entry *sender = &pinned->sender;
	char ip[IP_TEXT];

	*value = NULL;
	switch (what) {
	case ENVELOPE_AS_IT_IS:
		return true;
	case ENVELOPE_NULL_SENDER:
		sender->from = "";
		return *envelope->own.from != '\0';
	case ENVELOPE_SENDER:
		*value = sender->from = arena_printf(pinned->arena, "postmaster@%s", sender->helo);
		return o->from != NULL && strcmp(o->from, sender->from) != 0 &&
		       sender->helo[0] != '[';
	case ENVELOPE_HELO:
		*value = sender->helo =
		    arena_printf(pinned->arena, sender->source.family == 4 ? "[%s]" : "[IPv6:%s]",
		        ip_text(&sender->source, ip));
		return envelope->own.helo[0] != '[';
	case ENVELOPE_TLS:
		pinned->plan.tls_want = envelope->tls == TLS_NEVER ? TLS_MUST : TLS_NEVER;
		*value = envelope->tls == TLS_NEVER ? "on" : "off";
		return envelope->offers_tls;
	case ENVELOPE_SOURCE:
		if (o->sources.count < 2 ||
		    o->sources.items[1].family != pinned->destination->ip.family)
			return false;
		sender->source = o->sources.items[1];
		*value = arena_string(pinned->arena, ip_text(&sender->source, ip));
		return true;
	case ENVELOPE_CHANGES:
		break;
	}
	return false;
}

static void
keep_walk(struct envelope *envelope, enum envelope_change what, const char *value,
    const struct journey *journey)
{
	struct enveloped_walk *walk = &envelope->said.walks[envelope->said.count];
	const struct attempt *attempt = journey->decisive;

	sink_note_own(envelope->veil, journey);
	if (journey->attempt_count == 0)
		return; /* a signal came first */
	envelope->said.count++;
	*walk = (struct enveloped_walk){
	    .change = what, .value = value, .outcome = pinned_outcome(journey)};
	envelope->local |= journey->status == WALK_LOCAL;
	if (attempt == NULL)
		return;
	if (what == ENVELOPE_AS_IT_IS)
		envelope->offers_tls = attempt->tls_offered;
	walk->stage = attempt->stage;
	walk->detail = arena_string(envelope->pinned->arena, attempt->detail);
	walk->reply = pinned_keep_reply(envelope->pinned, &attempt->reply);
	if (what == ENVELOPE_AS_IT_IS && journey->diagnosed)
		envelope->said.cause = cause_name(journey->diagnosis.cause);
}

static void
walk_with(struct envelope *envelope, enum envelope_change what)
{
	struct pinned *pinned = envelope->pinned;
	const char *value;
	struct errand *errand;

	pinned->sender = envelope->own;
	pinned->plan.tls_want = envelope->tls;
	if (!change(envelope, what, &value))
		return;
	if (envelope->said.count > 0)
		pinned_wait(pinned, pinned->options->isolate_interval);
	if (pinned->interrupted)
		return;
	errand = pinned_walk(pinned);
	keep_walk(envelope, what, value, &errand->journey);
	errand_free(errand);
}

static bool
tell(const struct envelope *envelope, struct output *output, const struct text_style *style)
{
	struct buf out;
	bool written;

	buf_init(&out, RECORD_MAX);
	if (envelope->pinned->options->format == FORMAT_NDJSON)
		record_enveloped(&out, &envelope->said);
	else
		text_enveloped(&out, style, &envelope->said, envelope->pinned->arena);
	written = output_write(output, &out);
	buf_release(&out);
	return written;
}

static int
status_of(const struct envelope *envelope)
{
	const struct enveloped *said = &envelope->said;

	if (envelope->pinned->interrupted)
		return EXIT_INTERRUPTED;
	if (envelope->local)
		return EXIT_LOCAL;
	if (said->count == 0 || said->walks[0].outcome == COURSE_UNKNOWN)
		return EXIT_UNDETERMINED;
	return said->walks[0].outcome == COURSE_ACCEPTED  ? EXIT_OK
	       : said->walks[0].outcome == COURSE_REFUSED ? EXIT_REFUSED
	                                                  : EXIT_DEFERRED;
}

int
isolate_envelope(struct pinned *pinned, struct output *output, const struct text_style *style)
{
	struct envelope envelope = {.pinned = pinned,
	    .veil = output->veil,
	    .own = pinned->sender,
	    .tls = pinned->plan.tls_want,
	    .said = {.recipient = pinned->target.rcpt,
	        .mx = pinned->destination->host,
	        .ip = pinned->destination->ip,
	        .port = pinned->route->port}};
	struct stanza_error error;

	if (!kinds_read(&envelope.kinds, pinned->arena, &error)) {
		log_error("isolate.conf:%u: %s", error.line, error.reason);
		return EXIT_INTERNAL;
	}
	envelope.said.kinds = &envelope.kinds;
	pinned->target.depth = STAGE_RCPT;
	for (int what = 0; what < ENVELOPE_CHANGES && !pinned->interrupted && !envelope.local;
	     what++) {
		walk_with(&envelope, (enum envelope_change)what);
		if (envelope.said.count == 0 || envelope.said.walks[0].outcome != COURSE_REFUSED)
			break; /* there is nothing to find */
	}
	return tell(&envelope, output, style) ? status_of(&envelope) : EXIT_WRITE;
}
