/* shown: which characters may be shown to people as they are, and how the others are shown.
 *
 * A terminal obeys control characters (C0, DEL, C1 raw or as U+0080-9F), and a reader is deceived
 * by those that are not seen or turn the order of others: bidirectional controls, zero-width and
 * other format characters, line and paragraph separators, fillers, variation selectors, tags. All
 * these, and octets that are no UTF-8, are shown as \xNN (one octet) or \u{NNNN}. */
#ifndef BASE_SHOWN_H
#define BASE_SHOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum { SHOWN_ESCAPE = 12 }; /* room for "\u{10FFFF}" and its NUL */

bool shown_as_it_is(uint32_t code); /* of a code point */
/* The next character: how many octets it takes (at least 1), and "" in `escape` when it may be
 * shown as it is. `left` is not 0. */
size_t shown_next(const char *bytes, size_t left, char escape[SHOWN_ESCAPE]);
void shown_add(struct buf *out, const char *bytes, size_t len);
/* The last door before a terminal: what got into words for people unseen is made visible there.
 * Line ends, tabs and the colours that the program itself uses pass. */
void shown_guard(struct buf *text);

#endif
