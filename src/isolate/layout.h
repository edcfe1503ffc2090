/* layout: where the pieces of a message stand in it: what pieces.c writes a test message from. */
#ifndef ISOLATE_LAYOUT_H
#define ISOLATE_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "mail/fields.h"
#include "mail/parts.h"

enum span_fill {
	FILL_WORDS, /* neutral words, of the same length, in the same lines */
	FILL_LINK, /* another host, nothing behind it */
	FILL_NOTHING
};

struct layout_span { /* octets of a part's text */
	size_t start, end;
	unsigned piece;
	enum span_fill fill;
	size_t host_len; /* of FILL_LINK: from the scheme to the end of the host */
};

struct message_leaf { /* a part that is no multipart, in the order in which they stand */
	const struct mail_part *part;
	bool text; /* its words are shown: spans; else an attachment */
	bool html;
	struct slice body; /* of a text: without its transfer encoding */
	struct layout_span *spans; /* by where they start, the outer ones first */
	size_t span_count;
	int name_piece, bytes_piece; /* of an attachment; -1: it has none */
};

struct layout {
	struct slice message;
	struct mail_fields fields;
	int *field_piece; /* by field: the piece that it is, or -1 */
	bool *field_dropped; /* by field: never sent */
	int author_piece, size_piece;
	struct message_leaf *leaves;
	size_t leaf_count;
	bool single; /* the message has one part, the body */
};

#endif
