/* resolver: asks nameservers (c-ares on the loop; UDP with TCP fallback, EDNS). Not an evaluator: it waits, it does not decide.
 *
 * Same questions in flight are asked once; answers are kept for their TTL, at most RESOLVER_CACHE_MAX of them; a nameserver that does not answer is passed over for 60 s. */
#ifndef IO_RESOLVER_H
#define IO_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/answer.h"

struct book;
struct event_base;
struct resolver;

enum { RESOLVER_CACHE_MAX = 200000, RESOLVER_TRY_MS = 1500, RESOLVER_TRIES = 3 };

typedef void resolver_done(const struct answer *answer, void *arg); /* the answer is valid during the call */

/* `servers`: "ADDR", "ADDR:PORT", "[ADDR6]:PORT"; none: /etc/resolv.conf. NULL with `*why` (static or borrowed) when one is no address or none is configured. */
struct resolver *resolver_new(struct event_base *base, const char *const *servers, size_t count, const char **why);
struct resolver *resolver_replay(struct event_base *base, struct book *closed); /* answers from a book; takes it */
void resolver_free(struct resolver *resolver);

void resolver_on_answer(struct resolver *resolver, resolver_done *observe, void *arg); /* each answer once, as it comes (--dns-record) */
void resolver_ask(struct resolver *resolver, const char *name, enum dns_type type, resolver_done *done, void *arg); /* never calls back from within */
void resolver_forget(struct resolver *resolver, void *arg); /* no more callbacks for this arg */

struct resolver_counts {
	unsigned long asked, cached, joined, failed; /* sent out; served from the cache; joined one in flight; ended in TIMEOUT, SERVFAIL, … */
};
struct resolver_counts resolver_counts(const struct resolver *resolver);
size_t resolver_servers(const struct resolver *resolver);
const char *resolver_server(const struct resolver *resolver, size_t i); /* "127.0.0.1" or "127.0.0.1:5300" */

#endif
