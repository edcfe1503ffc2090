#include "report/text_tls_policy.h"

#include <string.h>

#include "base/buf.h"
#include "journey.h"

enum { LINE_MAX = 8192 };

static void
say_notes(
    struct buf *out, const struct text_style *style, const struct notes *notes, const char *but)
{
	for (size_t i = 0; i < notes->count; i++)
		if (but == NULL || strcmp(notes->items[i].id, but) != 0)
			text_field(out, style, "warning", notes->items[i].words);
}

static void
say_record(struct buf *out, const struct text_style *style, const char *record, size_t len)
{
	struct buf text;

	if (record == NULL)
		return;
	buf_init(&text, LINE_MAX);
	buf_add(&text, record, len < LINE_MAX ? len : LINE_MAX);
	for (size_t i = 0; i < text.len; i++)
		text.data[i] = text.data[i] == '\0' ? ' ' : text.data[i];
	text_field(out, style, "record", text.data);
	buf_release(&text);
}

/* ---- MTA-STS */

static const char *
sts_verdict(const struct mta_sts *sts)
{
	if (sts->undeliverable)
		return "undeliverable: senders that enforce the policy can send to none of its "
		       "mail exchangers";
	switch (sts->state) {
	case STS_ABSENT:
		return "no policy: there is no MTA-STS record";
	case STS_RECORD_BAD:
		return "no policy: the MTA-STS record is not valid";
	case STS_FETCH_FAILED:
		return "no policy for senders that hold none yet: it cannot be fetched";
	case STS_POLICY_BAD:
		return "no policy for senders that hold none yet: it is not valid";
	case STS_HELD:
		return sts->policy.mode == STS_MODE_ENFORCE   ? "MTA-STS is enforced"
		       : sts->policy.mode == STS_MODE_TESTING ? "MTA-STS is being tested"
		                                              : "MTA-STS is switched off (mode "
		                                                "none)";
	case STS_UNASKED:
	case STS_UNKNOWN:
	case STS_TO_FETCH:
	case STS_STATE_COUNT:
		break;
	}
	return "not known";
}

static enum text_colour
sts_colour(const struct mta_sts *sts)
{
	if (sts->undeliverable || sts->state == STS_RECORD_BAD || sts->state == STS_FETCH_FAILED ||
	    sts->state == STS_POLICY_BAD)
		return TEXT_RED;
	return sts->state == STS_HELD && sts->policy.mode == STS_MODE_ENFORCE ? TEXT_GREEN
	                                                                      : TEXT_YELLOW;
}

static void
say_policy(struct buf *out, const struct text_style *style, const struct mta_sts *sts)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	buf_printf(
	    &line, "mode %s, kept for %lu s", sts_mode_name(sts->policy.mode), sts->policy.max_age);
	for (size_t i = 0; i < sts->policy.mx_count; i++)
		buf_printf(&line, "%s%s", i == 0 ? ", for " : ", ", sts->policy.mx[i]);
	text_field(out, style, "policy", line.data);
	buf_release(&line);
}

static void
say_hosts(struct buf *out, const struct text_style *style, const struct mta_sts *sts,
    const struct route *route)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	for (size_t i = 0; i < route->host_count && sts->hosts > 0; i++) {
		buf_clear(&line);
		buf_printf(&line, "%u %s: %s", route->hosts[i].preference, route->hosts[i].name,
		    sts_policy_covers(&sts->policy, route->hosts[i].name)
		        ? "the policy covers it"
		        : "the policy does not cover it");
		text_field(out, style, "host", line.data);
	}
	if (route->problem != NULL && sts->state == STS_HELD)
		text_field(out, style, "hosts", route->problem);
	buf_release(&line);
}

void
text_check_sts(struct buf *out, const struct text_style *style, const struct mta_sts *sts,
    const struct route *route)
{
	static const char keeps[] = "a sender that still holds an earlier policy goes on enforcing "
	                            "that until it expires",
	                  lenient[] = "some senders pass over what is wrong and enforce the rest";

	text_head(out, style, sts->domain, sts_colour(sts), sts_verdict(sts),
	    sts->state == STS_HELD && !sts->undeliverable ? sts->findings.count : 0);
	text_field(out, style, "problem", sts->problem);
	if (sts->state == STS_FETCH_FAILED || sts->state == STS_POLICY_BAD ||
	    sts->state == STS_RECORD_BAD)
		text_field(out, style, "but", keeps);
	if (sts->state == STS_POLICY_BAD)
		text_field(out, style, "", lenient);
	text_field(out, style, "report as", sts->result_type);
	if (sts->state == STS_HELD)
		say_policy(out, style, sts);
	say_hosts(out, style, sts, route);
	say_record(out, style, sts->record, sts->record_len);
	say_notes(out, style, &sts->findings, "sts-undeliverable");
}

/* ---- … of a domain that was walked */

void
text_sts_stops(struct buf *out, const struct journey *journey)
{
	const struct mta_sts *sts = journey->sts;
	const struct attempt *decisive = journey->decisive;

	if (sts == NULL || sts->state != STS_HELD || sts->policy.mode != STS_MODE_ENFORCE)
		return;
	if (sts->undeliverable) {
		buf_puts(out, "; an MTA-STS sender can deliver nothing: the policy covers none of "
		              "its mail exchangers");
		return;
	}
	if (decisive == NULL || decisive->sts != STS_REFUSES)
		return;
	if (journey->route.host_count > 1) {
		buf_puts(out, "; an MTA-STS sender passes ");
		text_cstring(out, decisive->mx);
		buf_puts(out, " over: ");
	} else {
		buf_puts(out, "; an MTA-STS sender defers: ");
	}
	buf_puts(out, sts_word_means(decisive->sts_word));
}

void
text_sts(struct buf *out, const struct text_style *style, const struct journey *journey)
{
	const struct mta_sts *sts = journey->sts;
	struct buf line;

	if (sts == NULL || (!style->verbose && sts->state != STS_HELD && sts->problem == NULL))
		return;
	buf_init(&line, LINE_MAX);
	buf_puts(&line, sts_state_name(sts->state));
	if (sts->problem != NULL) {
		buf_puts(&line, ": ");
		text_cstring(&line, sts->problem);
	}
	if (sts->state == STS_HELD)
		buf_printf(&line, ", mode %s, kept for %lu s; it covers %zu of %zu host%s",
		    sts_mode_name(sts->policy.mode), sts->policy.max_age, sts->covered, sts->hosts,
		    sts->hosts == 1 ? "" : "s");
	text_field(out, style, "mta-sts", line.data);
	buf_release(&line);
	for (size_t i = 0; i < sts->findings.count; i++)
		if (style->verbose || strcmp(sts->findings.items[i].id, "sts-mx-uncovered") == 0)
			text_field(out, style, "", sts->findings.items[i].words);
}

/* ---- TLS-RPT */

void
text_check_rpt(struct buf *out, const struct text_style *style, const struct tls_rpt *rpt)
{
	static const struct {
		const char *words;
		enum text_colour colour;
	} heads[] = {
	    [TLS_RPT_ABSENT] = {"no TLS-RPT record: nobody reports how TLS fares", TEXT_YELLOW},
	    [TLS_RPT_UNKNOWN] = {"not known", TEXT_YELLOW},
	    [TLS_RPT_BAD] = {"the TLS-RPT record is not valid: nobody reports", TEXT_RED},
	    [TLS_RPT_GOOD] = {"reports on TLS are asked for", TEXT_GREEN},
	};

	text_head(out, style, rpt->domain, heads[rpt->state].colour, heads[rpt->state].words,
	    rpt->state == TLS_RPT_GOOD ? rpt->findings.count : 0);
	text_field(out, style, "problem", rpt->problem);
	for (size_t i = 0; i < rpt->rua_count && rpt->state == TLS_RPT_GOOD; i++)
		text_field(out, style, "to", rpt->rua[i]);
	say_record(out, style, rpt->record, rpt->record_len);
	say_notes(out, style, &rpt->findings, NULL);
}
