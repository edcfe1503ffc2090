/* entry: what stands in a line of a list that people write: without the comment, the blanks of
 * every kind and the quotes around it. Pure. */
#ifndef OPTIONS_ENTRY_H
#define OPTIONS_ENTRY_H

#include "base/slice.h"

/* A part of `line`; empty when there is nothing but a comment. "#" begins one at the beginning of
 * the line and behind a blank. Blanks are those of Unicode, too, quotes also typographic ones and
 * angle brackets. */
struct slice entry_of(struct slice line);
/* The same of a text that stands alone, where "#" has no meaning. */
struct slice entry_trim(struct slice text);

#endif
