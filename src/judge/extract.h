/* extract: what stands in a reply besides its reason: addresses, links, ticket numbers. All in one line of text (judge/unwrap.h). */
#ifndef JUDGE_EXTRACT_H
#define JUDGE_EXTRACT_H

#include <stddef.h>

#include "base/ip.h"

struct arena;

struct ip extract_ip(const char *text, size_t len); /* the first address, one outside a URL before one inside; loopback is an answer code, not a client */
const char *extract_url(const char *text, size_t len, struct arena *arena); /* the first; NULL if none */
const char *extract_contact(const char *text, size_t len, struct arena *arena); /* an address to write to; NULL if none */
const char *extract_reference(const char *text, size_t len, struct arena *arena); /* what stands behind id=, ref:, ticket …; NULL if none */
const char *extract_mailbox(const char *text, size_t len, struct arena *arena); /* the first mail address */

#endif
