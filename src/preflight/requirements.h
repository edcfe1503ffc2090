/* requirements: what the large receivers ask of a message, who refuses on what, and what is to be
 * done: data/preflight.conf, whose top documents the form. Pure; immutable while in use. */
#ifndef PREFLIGHT_REQUIREMENTS_H
#define PREFLIGHT_REQUIREMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/stanza.h"
#include "preflight/checks.h"

struct requirements;

enum { PROVIDERS_MAX = 16 };

enum demand_weight { DEMAND_INFO, DEMAND_WARNS, DEMAND_REFUSES }; /* the graver the higher */
const char *demand_weight_name(enum demand_weight weight); /* "info" "warns" "refuses" */

struct demand { /* what one provider makes of a check that fails */
	enum demand_weight weight;
	bool bulk; /* of bulk mail only */
	const char *code; /* that it answers with: "550 5.7.27"; NULL: not known */
};

struct requirement { /* of one check */
	const char *about; /* "SPF of the envelope sender" */
	const char *advice, *url; /* NULL: none */
	const char
	    *symbols; /* of filters that are about the same, with blanks between; NULL: none */
	struct demand *of[PROVIDERS_MAX]; /* by provider, its list ends with `counts` */
	size_t counts[PROVIDERS_MAX];
	struct demand general; /* of receivers at large */
};

struct receiver { /* a large provider */
	const char *id, *name; /* "gmail", "Gmail" */
	const char *const *domains, *const *hosts; /* of recipients, of mail exchangers; NULL at
	                                              the end */
	unsigned long bulk; /* messages a day from which on it takes mail for bulk; 0: no rule of
	                       its own */
};

enum preflight_words {
	WORDS_UNSUBSCRIBE,
	WORDS_IMPRINT,
	WORDS_SHORTENERS, /* hosts */
	WORDS_FREEMAIL, /* domains of mailboxes for anybody, whose DMARC policy is strict */
	WORDS_EXTENSIONS, /* of files that are refused */
	WORDS_EXTENSIONS_OUTLOOK, /* … that are delivered, and that Outlook does not open */
	WORDS_ARCHIVES, /* extensions of archives */
	WORDS_MACRO_EXTENSIONS,
	WORDS_DOUBLE, /* extensions that are put before a real one, to deceive */
	WORDS_TRACE, /* fields that only a receiver writes */
	WORDS_ONCE, /* fields that a message has once at most */
	WORDS_COUNT
};

struct requirements *requirements_new(void);
void requirements_free(struct requirements *requirements); /* NULL is allowed */

/* data/preflight.conf. False at the first fault: also when a check or a list of words is missing,
 * or stands twice. */
bool requirements_add_builtin(struct requirements *requirements, struct stanza_error *error);
bool requirements_add(
    struct requirements *requirements, const char *text, size_t len, struct stanza_error *error);

const struct requirement *requirements_of(
    const struct requirements *requirements, enum check_id id);
/* The check that is about the same as that symbol of a filter (rspamd, SpamAssassin); CHECK_COUNT:
 * none is. */
enum check_id requirements_symbol(const struct requirements *requirements, const char *symbol);
size_t requirements_receivers(const struct requirements *requirements);
const struct receiver *requirements_receiver(const struct requirements *requirements, size_t i);

/* What that provider makes of a failed check; the general word where it has none of its own. */
struct demand requirements_demand(
    const struct requirements *requirements, enum check_id id, size_t provider, bool bulk);

/* Does the list have it, whatever the case? */
bool requirements_has(const struct requirements *requirements, enum preflight_words list,
    const char *word, size_t len);
size_t requirements_words(const struct requirements *requirements, enum preflight_words list);
const char *requirements_word(
    const struct requirements *requirements, enum preflight_words list, size_t i);

#endif
