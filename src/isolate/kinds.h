/* kinds: data/isolate.conf: how much each kind of part is suspected, what a stated cause makes
 * likelier, and the words that stand in a part's place. */
#ifndef ISOLATE_KINDS_H
#define ISOLATE_KINDS_H

#include <stdbool.h>

#include "isolate/pieces.h"

struct arena;
struct stanza_error;

struct kinds {
	struct {
		double weight;
		const char *what, *advice; /* with {name} */
	} of[PIECE_KINDS];
	const struct stanza *causes, *ends, *clues; /* "cause:…", "end:…", "clue:…" */
	size_t cause_count, end_count, clue_count;
	const char *subject, *text; /* neutral */
	const char *likeness; /* words of replies, separated by commas */
	const char *unsigned_words; /* what it means that no message is signed */
};

/* What is built in; false with `*error` where it is not whole. */
bool kinds_read(struct kinds *kinds, struct arena *arena, struct stanza_error *error);

/* What was found in the message before anything is sent. */
struct clue {
	const char *by; /* a check of preflight, a filter or its symbol: "url.lists", "clamd" */
	const char *words;
	unsigned line; /* of the message; 0: about no line */
	bool grave; /* somebody refuses on it */
};

struct hint { /* it speaks against this piece */
	unsigned piece;
	unsigned times; /* so much more it is suspected */
	const char *by, *words;
};

struct hints {
	struct hint *items;
	size_t count;
};

/* Adds the pieces that a clue is about: those of its kinds that it names, else the one at its line,
 * else all, where the file says so. A clue of which the file says nothing adds none. In the arena;
 * strings are borrowed. */
void kinds_hint(const struct kinds *kinds, const struct pieces *pieces, const struct clue *clue,
    struct hints *hints, struct arena *arena);

/* What is known of a refusal that makes parts likelier. */
struct spoken {
	const struct hints *hints;
	const char *cause; /* that the server states; NULL: none */
	const char *reply; /* "" : none */
};

/* The weights at first: of their kind, some times that where a hint names it (the strongest
 * counts), and 20 times where the cause that the server states speaks of it, or where the reply
 * names it. One for each piece, in the arena. */
double *kinds_weigh(const struct kinds *kinds, const struct pieces *pieces,
    const struct spoken *spoken, struct arena *arena);

/* The cause that the server states leaves nothing to look for in the message. */
bool kinds_is_about_sender(const struct kinds *kinds, const char *cause);

/* The reply says that the message is like others: filters of that kind remember what they refuse.
 */
bool kinds_is_about_likeness(const struct kinds *kinds, const char *reply);

/* The piece in words, in the arena. */
const char *kinds_tell(
    const struct kinds *kinds, const struct message_piece *piece, struct arena *arena);

/* What to do about it; in the arena. */
const char *kinds_advice(
    const struct kinds *kinds, const struct message_piece *piece, struct arena *arena);
/* … about another end ("not-content"); NULL: nothing. */
const char *kinds_end_advice(const struct kinds *kinds, const char *end);

const char *piece_kind_name(enum piece_kind kind); /* as in the file and in records */

#endif
