/* extract: what stands in a reply besides its reason: addresses, links, ticket numbers. All in one
 * line of text (judge/unwrap.h). */
#ifndef RULES_EXTRACT_H
#define RULES_EXTRACT_H

#include <stddef.h>

#include "base/ip.h"

struct arena;
struct signs; /* rules/signs.h */

/* The client's address as the text has it, family 0 if it has none: `ours` (family 0: not known)
 * wherever it stands, else one in brackets or behind a word such as "from", "IP" or "host", else
 * the first that is not a section's or a version's number, else the first inside a URL. Loopback is
 * an answer code, not a client, unless it is ours; who is quoted ("host mx.example[192.0.2.1]
 * said:") is no client. */
struct ip extract_ip(
    const struct signs *signs, const char *text, size_t len, const struct ip *ours);
const char *extract_url(
    const char *text, size_t len, struct arena *arena); /* the first; NULL if none */
/* An address to write to; NULL if none. `asked_only`: one that the text asks to write to, not any
 * that has the name of a role. */
const char *extract_contact(
    const struct signs *signs, const char *text, size_t len, bool asked_only, struct arena *arena);
const char *extract_reference(const struct signs *signs, const char *text, size_t len,
    struct arena *arena); /* what stands behind id=, ref:, ticket …; NULL if none */
const char *extract_mailbox(
    const char *text, size_t len, struct arena *arena); /* the first mail address */

#endif
