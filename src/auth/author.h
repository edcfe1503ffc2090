/* author: whose mail it says it is: the domain of a message's From field, which DMARC speaks about
 * (RFC 9989 section 5.3.1, RFC 5322 section 3.6.2). */
#ifndef AUTH_AUTHOR_H
#define AUTH_AUTHOR_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* `message` has CRLF line ends. False: there is no domain that one could go by, `*domain` is NULL,
 * and `*why` says so: no From field or several, one that is no list of addresses, none in it,
 * authors of several domains (in whatever order, the same words). `*domain` is in the form of
 * name.h. */
bool author_domain(
    const char *message, size_t len, struct arena *arena, const char **domain, const char **why);

/* The same out of a From field's value; comments, display names and groups are passed over. */
bool author_read(
    const char *value, size_t len, struct arena *arena, const char **domain, const char **why);

#endif
