/* parts: a mail → its parts (RFC 2045, RFC 2046), in the order in which they stand. Slices of the
 * mail: nothing is decoded here (transfer.h, charset.h).
 *
 * Lenient, for what is read has gone through many hands: where the boundary that the header names
 * is nowhere in the body, the one that the body shows is taken; a part whose end is missing goes on
 * to the end of what holds it. Time grows with the length of the mail times PARTS_DEPTH_MAX. */
#ifndef MAIL_PARTS_H
#define MAIL_PARTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

enum {
	PARTS_MAX = 200, /* more are left out */
	PARTS_DEPTH_MAX = 12, /* multiparts within multiparts: deeper ones are not opened */
	BOUNDARY_MAX = 200 /* octets; RFC 2046 section 5.1.1 has 70 */
};

struct mail_part {
	const char *type; /* "text/plain", in lower case; that where the header has none */
	const char *content_type; /* the whole field, "" if there is none: for header_parameter */
	const char *encoding; /* of Content-Transfer-Encoding, in lower case; "" */
	struct slice header, body;
	unsigned depth; /* 0: the mail itself */
	bool multipart; /* the parts behind it that are deeper are its own */
	const char *boundary; /* of a multipart, as it was found */
	const char *end; /* its last delimiter; NULL: there is none */
	unsigned parent; /* the number of the part that holds it; its own for the mail itself */
};

struct parts {
	struct mail_part *items; /* the mail itself first */
	size_t count;
	bool too_many, too_deep; /* something was left out, or left unopened */
	bool guessed; /* a boundary was not where the header says */
};

void parts_read(struct slice mail, struct arena *arena, struct parts *out);
/* The header (with its empty line) and what is behind it. */
void parts_split(struct slice mail, struct slice *header, struct slice *body);

#endif
