/* unicode: pieces of text in UTF-8 or UTF-16, with or without a byte order mark, into UTF-8. Text
 * of no known kind passes as it is. Pure. */
#ifndef INPUT_UNICODE_H
#define INPUT_UNICODE_H

#include "base/slice.h"

struct buf;

struct unicode {
	enum { UNICODE_NEW, UNICODE_OCTETS, UNICODE_LITTLE, UNICODE_BIG } form;
	char kept[4]; /* of the last piece, too few to be understood */
	size_t kept_len;
	unsigned high; /* the first half of a pair of surrogates; 0: none */
};

void unicode_put(struct buf *out, unsigned code); /* of a character, in UTF-8 */
/* Adds what `piece` comes to; `whole`: nothing follows it. */
void unicode_add(struct unicode *unicode, struct slice piece, bool whole, struct buf *out);

#endif
