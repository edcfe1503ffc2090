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
	const struct stanza *causes, *ends; /* "cause:…", "end:…" */
	size_t cause_count, end_count;
	const char *subject, *text; /* neutral */
};

/* What is built in; false with `*error` where it is not whole. */
bool kinds_read(struct kinds *kinds, struct arena *arena, struct stanza_error *error);

/* The weights at first: of their kind, 20 times that where the cause that the server states speaks
 * of it, or where the reply names it. One for each piece, in the arena. `cause`: NULL, none. */
double *kinds_weigh(const struct kinds *kinds, const struct pieces *pieces, const char *cause,
    const char *reply, struct arena *arena);

/* The cause that the server states leaves nothing to look for in the message. */
bool kinds_is_about_sender(const struct kinds *kinds, const char *cause);

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
