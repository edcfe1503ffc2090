/* dkim_tags: "name=value; name=value", the form of a DKIM-Signature field and of a key record (RFC
 * 6376 section 3.2), and the lists and the base64 that their values hold. */
#ifndef AUTH_DKIM_TAGS_H
#define AUTH_DKIM_TAGS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum { DKIM_TAGS_MAX = 100 }; /* more are an error */

struct dkim_tag {
	const char *name, *value; /* in the arena; the value without the white space around it, that
	                             within it kept */
	size_t start,
	    end; /* offsets of the value in the text, the white space around it included */
};

struct dkim_tags {
	struct dkim_tag *items; /* in the order written; no name comes twice */
	size_t count;
};

/* On false `*why` says what is wrong and where; `out` has the tags before it. Octets from 0x80 on
 * are let through (RFC 8616 section 5). */
bool dkim_tags_parse(
    const char *text, size_t len, struct arena *arena, struct dkim_tags *out, const char **why);
const struct dkim_tag *dkim_tags_find(
    const struct dkim_tags *tags, const char *name); /* NULL: not there. Names are case-sensitive */
const char *dkim_tags_value(const struct dkim_tags *tags, const char *name); /* NULL: not there */

/* Walks a list divided by colons: the next word, without the white space around it, in the arena;
 * false at the end. An empty list has one empty word. Begin with `*at` = the value. */
bool dkim_list_next(const char **at, struct arena *arena, const char **word);
bool dkim_list_has(const char *list, struct arena *arena, const char *word); /* any case */

/* base64 (RFC 4648 section 4, padded) with white space anywhere. On false `*why` says what is wrong
 * and where. */
bool dkim_base64_decode(const char *text, struct arena *arena, const unsigned char **bytes,
    size_t *len, const char **why);
char *dkim_base64_encode(const unsigned char *bytes, size_t len, struct arena *arena);

#endif
