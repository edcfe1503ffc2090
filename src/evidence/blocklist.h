/* blocklist: asks DNS lists of addresses and domains (RFC 5782) so that no answer is believed that
 * the list does not mean.
 *
 * Before a list is believed it must pass its own test points, which are asked together with the
 * item. Whatever goes wrong is UNKNOWN, REFUSED or BROKEN, never CLEAN. */
#ifndef EVIDENCE_BLOCKLIST_H
#define EVIDENCE_BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/answer.h"
#include "evidence/lists.h"

struct arena;
struct book;

enum {
	LISTING_CODES_MAX = 16,
	LISTING_REASON_MAX = 500
}; /* all codes are weighed, so many are kept; octets of TXT */

struct listing { /* one list's word on one thing */
	const struct list *list;
	const char *item; /* "192.0.2.1", "example.com" */
	const char *identity; /* "ip" "helo" "mail-from" "from" "dkim" "ptr" */
	enum list_state state;
	const struct ip *codes; /* answers about the item, in the order received */
	size_t code_count;
	const struct list_value *value; /* of the gravest code; NULL if none is defined */
	const char *meaning; /* of the codes, the gravest first; or a predicate to "it" that says
	                        why it is broken, refused or unknown ("did not answer (TIMEOUT)");
	                        when clean, NULL or what a mixed zone says in its favour */
	const char *reason; /* the TXT, on a hit; NULL if none */
	const char *url; /* where to look or ask, made out for the item; NULL if none or if there is
	                    nothing to ask for; never a key in it */
	const char *server; /* that answered */
	uint32_t ttl; /* of its answer, seconds */
};

/* Asks one list about one thing: an address (`ip` not NULL) or a domain. False: pending; `out` then
 * holds what is known so far. What the list does not take (IPv6, domains), or what needs a key that
 * is missing, is not asked: UNKNOWN at once. `list` is borrowed by `out`. */
bool blocklist_look_up(struct book *book, struct arena *arena, const struct list *list,
    const struct ip *ip, const char *domain, const char *identity, struct listing *out);

const char *blocklist_registered(
    const char *domain); /* the part of it that one registers (Public Suffix List), or, where there
                            is none, all of it */
const char *blocklist_page(const struct list *list, const char *item,
    struct arena *arena); /* the list's look-up page about `item`; NULL if it has none */
/* What to do to get off it, and how long that takes: the list's words, or those of the sublist that
 * has it; where it says nothing of what to do, `otherwise` stands there. NULL: nothing at all. */
const char *blocklist_advice(
    const struct listing *listing, const char *otherwise, struct arena *arena);
bool blocklist_takes(const struct list *list, const struct ip *ip); /* NULL: a domain */

#endif
