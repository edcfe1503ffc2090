/* pieces: what a message is made of, as parts that may be sent or left out one by one: subject,
 * display name, header fields, paragraphs (the same one in plain text and in HTML is one part),
 * the links to a host, HTML constructs, attachments (name, contents), size.
 *
 * In the place of a part that is left out stand neutral words of the same length, so that nothing
 * else changes with it; what is sent goes octet for octet as it was, in its own encoding. From, To,
 * Date and the MIME skeleton stay; the Message-ID is new each time; signatures are dropped, for
 * they would not hold: sign what is written anew. Pure. */
#ifndef ISOLATE_PIECES_H
#define ISOLATE_PIECES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "isolate/suspects.h"

struct arena;
struct buf;
struct kinds;

enum piece_kind {
	PIECE_SUBJECT,
	PIECE_AUTHOR_NAME,
	PIECE_FIELD,
	PIECE_PARAGRAPH,
	PIECE_LINK,
	PIECE_CONSTRUCT,
	PIECE_ATTACHMENT_NAME,
	PIECE_ATTACHMENT,
	PIECE_SIZE,
	PIECE_KINDS
};

struct message_piece {
	enum piece_kind kind;
	const char *name; /* of the field, the host, the file; the first words of a paragraph */
	unsigned line; /* of the message, from 1, where it begins */
};

struct pieces {
	struct message_piece *items;
	size_t
	    count; /* at most SUSPECTS_MAX: where there are more, neighbours are taken together */
	bool was_signed; /* it has a DKIM-Signature, which is never sent */
	struct layout *layout;
};

/* `message` has CRLF line ends (mail/message.h) and is borrowed. False: it has no header, or
 * nothing that could be left out; `*why` says which. */
bool pieces_read(
    struct slice message, struct arena *arena, struct pieces *pieces, const char **why);

struct pieces_plan {
	part_set sent;
	part_set bare; /* links of which the host is sent, and nothing behind it */
	bool control; /* a plain message instead, of nothing but neutral words */
	const char *to; /* the recipient: of a control's To field */
	const char *message_id; /* with its brackets; NULL: the message's own */
	const char *tag; /* for X-Mxwalk-Isolate, and behind a neutral subject: "9c1e 7/20"; NULL:
	                    none */
	const struct kinds *kinds; /* for the neutral words */
};

void pieces_write(const struct pieces *pieces, const struct pieces_plan *plan, struct buf *out);

#endif
