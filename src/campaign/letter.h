/* letter: the message of an errand: the user's own or one that is composed, and the signatures on
 * it. */
#ifndef CAMPAIGN_LETTER_H
#define CAMPAIGN_LETTER_H

#include <stdbool.h>
#include <stddef.h>

#include "mail/message.h"

struct arena;
struct dkim_signer;

struct letter_plan { /* one for the run; borrowed */
	const char *own; /* the user's own, as it was read; NULL: composed for each errand */
	size_t own_len;
	bool as_is; /* nothing in it is a token */
	struct message_plan compose; /* or what is to be another in the user's own; from, to, helo,
	                                now and random are filled in here */
	struct dkim_signer *const *signers; /* each signs it, whichever it is */
	size_t signer_count;
};

struct letter { /* in the arena; CRLF line ends, not stuffed */
	const char *bytes;
	size_t len;
	const char *message_id; /* with its brackets; NULL: it has none */
};

struct letter_faults {
	const char *why; /* it cannot be made: static or in the arena */
	unsigned line; /* … of the user's own, from 1; 0: none in particular */
	unsigned unfit; /* DKIM signatures of the user's own that were left out: they cover what is
	                   another */
};

/* False: it cannot be made. */
bool letter_write(const struct letter_plan *plan, const char *from, const char *to,
    const char *helo, struct arena *arena, struct letter *letter, struct letter_faults *faults);

#endif
