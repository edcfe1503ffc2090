/* remedies: what is to be done, and by whom: about each cause of a refusal, and about each fact
 * that can be found out (facts.h). All words of advice are data: data/remedies.conf, whose top
 * documents the form, and stanzas of the same form in what --rules adds. Pure; immutable while in
 * use. */
#ifndef JUDGE_REMEDIES_H
#define JUDGE_REMEDIES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/stanza.h"
#include "judge/facts.h"
#include "rules/cause.h"

struct arena;
struct remedies;

enum severity {
	SEVERITY_REFUSES, /* receivers of weight refuse mail for it */
	SEVERITY_WARNS, /* some do, or it costs reputation, or it breaks easily */
	SEVERITY_UNKNOWN, /* it could not be found out, and may matter */
	SEVERITY_INFO,
	SEVERITY_GOOD,
	SEVERITY_COUNT
};

enum suppress { /* is an address to be taken off a list for it */
	SUPPRESS_NO, /* it is not the recipient's doing */
	SUPPRESS_RETRY, /* not yet: later it may be taken */
	SUPPRESS_YES
};
const char *suppress_name(enum suppress suppress); /* "no" "retry" "yes" */

const char *severity_name(enum severity severity); /* "refuses" "warns" "unknown" "info" "good" */

struct remedy { /* NULL where the row says nothing; {placeholders} not yet filled */
	const char *id; /* "ptr-missing", "cause/ip-blocklist" */
	const char *provider; /* holds at this one only; NULL: anywhere */
	enum who who; /* has to act */
	const char *advice, *url;
	const char *why; /* how it comes about: a sentence of the evidence */
	/* of what `self` reports */
	const char *topic, *refusers;
	const char *what; /* the finding in words, where those are always the same; what the end of
	                     a walk means */
	const char *signs; /* of the end of a walk */
	enum suppress suppress; /* of a cause */
	enum severity severity; /* SEVERITY_COUNT: it reports no such thing */
	const struct remedy *next; /* of the same cause, at another provider */
};

enum value { /* the placeholders; each has words that stand for a value that is not known */
	VALUE_IP, /* {ip}: the sender's address */
	VALUE_OTHER, /* {other}: the address that others saw */
	VALUE_DOMAIN, /* {domain}: the recipient's */
	VALUE_RECIPIENT, /* {recipient} */
	VALUE_LIST, /* {list} */
	VALUE_LISTED, /* {listed}: what is listed */
	VALUE_KIND, /* {kind}: of what is listed: address, name */
	VALUE_PROVIDER, /* {provider} */
	VALUE_NAME, /* {name}: a host's: HELO, PTR */
	VALUE_TYPE, /* {type}: of a record that leads back to {ip}: A, AAAA */
	VALUE_SENDER_DOMAIN, /* {sender-domain}: of MAIL FROM or From */
	VALUE_FROM, /* {from}: the reverse-path */
	VALUE_COUNT
};

struct values {
	const char *of[VALUE_COUNT]; /* NULL or "": not known */
};

struct remedies *remedies_new(void); /* empty */
void remedies_free(struct remedies *remedies); /* NULL is allowed */

/* Takes the stanzas "[remedy:ID]" of a file; others are not its business. A row replaces an earlier
 * one of its id and provider. False at the first fault, with line and reason: an id that nothing
 * has, an unknown key, severity or placeholder, a row that says nothing. */
bool remedies_add(
    struct remedies *remedies, const char *text, size_t len, struct stanza_error *error);

/* data/remedies.conf. False, too, when a fact or a cause has no row, or one stands twice. */
bool remedies_add_builtin(struct remedies *remedies, struct stanza_error *error);

const struct remedy *remedies_of(const struct remedies *remedies, enum fact_id id);
/* Of the end of a walk: the variant whose signs stand in `words` (ours, the system's or OpenSSL's
 * on it; may be NULL), else its own. */
const struct remedy *remedies_of_end(
    const struct remedies *remedies, enum fact_id id, const char *words);
/* The provider's own, else the general one. */
const struct remedy *remedies_of_cause(
    const struct remedies *remedies, enum cause cause, const char *provider);

/* With the values in the places of the placeholders; NULL stays NULL. Others are left as they are.
 */
const char *remedy_fill(const char *text, const struct values *values, struct arena *arena);

#endif
