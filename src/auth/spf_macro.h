/* spf_macro: macro-strings (RFC 7208 section 7): their grammar and their expansion. */
#ifndef AUTH_SPF_MACRO_H
#define AUTH_SPF_MACRO_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;
struct buf;

struct spf_element { /* of a macro-string: some text that stands for itself, or a macro */
	struct slice literal; /* when letter is 0 */
	char letter; /* lower case */
	bool escape; /* written in upper case: the value is URL-escaped (7.3) */
	bool reverse;
	unsigned keep; /* right-hand parts to keep, 0: all */
	struct slice delimiters; /* empty: "." */
	bool expands; /* "%…", and no plain text */
};

struct spf_values { /* by letter: of["d" - 'a'] is what %{d} stands for; NULL: "" */
	const char *of[26];
};

/* The element at `*at`, which moves behind it; at the end false with `*why` NULL. False with a
 * static reason is a syntax error. Spaces and the letters c, r, t belong into an explanation only.
 */
bool spf_macro_next(
    struct slice text, size_t *at, bool explanation, struct spf_element *out, const char **why);

/* For texts that spf_macro_next has found well formed. */
bool spf_macro_uses(
    struct slice text, const char *letters); /* one of the letters, or any macro for NULL */
void spf_macro_expand(struct slice text, bool explanation, const struct spf_values *values,
    struct arena *arena, struct buf *out);

#endif
