/* What becomes of the mail of three kinds of sender: RFC 7435, RFC 7672; measured beside Postfix.
 */
#include <string.h>

#include "evidence/dane.h"

const char *
dane_effect_name(enum dane_effect effect)
{
	static const char *const names[] = {[EFFECT_UNKNOWN] = "unknown",
	    [EFFECT_DELIVER] = "deliver",
	    [EFFECT_UNAUTHENTICATED] = "deliver-unauthenticated",
	    [EFFECT_CLEAR] = "deliver-cleartext",
	    [EFFECT_CLEAR_LATER] = "defer-then-cleartext",
	    [EFFECT_DEFER] = "defer"};

	return names[effect];
}

enum dane_effect
dane_opportunistic(const struct dane_meeting *meeting)
{
	if (!meeting->asked)
		return EFFECT_UNKNOWN;
	if (meeting->done)
		return EFFECT_UNAUTHENTICATED;
	return meeting->offered && !meeting->refused ? EFFECT_CLEAR_LATER : EFFECT_CLEAR;
}

/* Senders that authenticate do without what RFC 8996 has put to rest. */
static bool
is_old(const char *version)
{
	return version != NULL &&
	       (strcmp(version, "TLSv1") == 0 || strcmp(version, "TLSv1.1") == 0);
}

/* Where the MX is not signed, the names prove nothing, and Postfix does not insist on them. */
static bool
is_half(const struct dane_meeting *meeting)
{
	return meeting->dane->state == DANE_INSECURE_MX && meeting->met->word != NULL &&
	       strcmp(meeting->met->word, "certificate-host-mismatch") == 0;
}

static enum dane_effect
defer(const char *why, const char **word)
{
	*word = why;
	return EFFECT_DEFER;
}

static enum dane_effect
by_records(const struct dane_meeting *meeting, const char **word)
{
	const struct dane_met *met = meeting->met;

	if (!meeting->asked && !meeting->offered)
		return EFFECT_UNKNOWN;
	if (!meeting->offered || meeting->refused)
		return defer("starttls-not-supported", word);
	if (met->tried && !met->matches && is_half(meeting))
		return EFFECT_UNAUTHENTICATED;
	if (met->tried && !met->matches && meeting->dane->unseen > 0)
		return EFFECT_UNKNOWN;
	if (met->tried && !met->matches)
		return defer(met->word != NULL ? met->word : "tlsa-invalid", word);
	if (!meeting->done || is_old(meeting->version))
		return defer("validation-failure", word);
	return met->matches ? EFFECT_DELIVER : EFFECT_UNAUTHENTICATED;
}

enum dane_effect
dane_sender(const struct dane_meeting *meeting, const char **word)
{
	const struct dane *dane = meeting->dane;

	*word = NULL;
	if (dane == NULL || dane->state == DANE_NOT_EVALUABLE || dane->state == DANE_UNASKED ||
	    dane->unanswered)
		return EFFECT_UNKNOWN;
	if (dane->host == DANE_LOOKUP_FAILED || dane->host == DANE_DNS_ERROR)
		return defer("dnssec-invalid", word);
	return dane_demands_tls(dane) ? by_records(meeting, word) : dane_opportunistic(meeting);
}

const char *
dane_defers_why(const struct dane_meeting *meeting)
{
	if (meeting->dane->host == DANE_LOOKUP_FAILED)
		return "the look-up of its TLSA records fails";
	if (meeting->dane->host == DANE_DNS_ERROR)
		return "the look-up of its addresses fails";
	if (!meeting->offered || meeting->refused)
		return "it has TLSA records and no STARTTLS";
	if (meeting->met->tried && !meeting->met->matches)
		return meeting->met->words != NULL ? meeting->met->words
		                                   : "no TLSA record matches its certificates";
	return meeting->done ? "it has TLSA records and an old version of TLS"
	                     : "it has TLSA records and the handshake fails";
}
