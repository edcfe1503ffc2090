/* resolver: asks nameservers, and waits for what they say (UDP with EDNS, TCP for what does not
 * fit). Not an evaluator: it waits, it does not decide.
 *
 * The first live nameserver is asked. The next one is asked, too, when that has not answered for
 * NAMESERVER_TRY_MS (a late answer still counts; when there is no next, it is asked once more
 * itself), and at once when it failed: SERVFAIL, REFUSED, every other rcode but NOERROR and
 * NXDOMAIN, an answer that cannot be read, nobody there. A SERVFAIL of all is not believed at
 * once: they are asked again after a while, RESOLVER_ROUNDS times in all, if they did not take
 * long to say so. If all fail, the most telling failure is the answer. A dead nameserver
 * (io/nameserver.h) is passed over, as long as another one is left.
 *
 * What waits in our own line, for there is only so much that a nameserver is asked at a time, does
 * not age.
 *
 * Same questions in flight are asked once; answers, but for those of type MX, are kept for their
 * TTL (an hour at most; 15 minutes "no"; 5 seconds a failure), RESOLVER_CACHE_MAX of them or what
 * resolver_limit says: the latest, and those that are asked for again. A CNAME chain that
 * ends outside its message is not followed here: `canonical` says where to ask on, and the book
 * does. */
#ifndef IO_RESOLVER_H
#define IO_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/answer.h"

struct book;
struct event_base;
struct lookup; /* somebody's, who waits for an answer */
struct resolver;

enum {
	RESOLVER_SERVERS_MAX = 8,
	RESOLVER_QUESTION_MS = 10000, /* from the first time it is sent until it is a TIMEOUT */
	RESOLVER_ROUNDS = 4,
	RESOLVER_CACHE_MAX = 50000,
};

/* The answer is valid during the call. */
typedef void resolver_done(const struct answer *answer, void *arg);

/* `servers`: "ADDR", "ADDR:PORT", "ADDR6", "[ADDR6]:PORT"; none: those of /etc/resolv.conf, and
 * this machine if that names none. NULL with `*why` (static, or the one that is no address) when
 * there are too many, or one is no address. */
struct resolver *resolver_new(
    struct event_base *base, const char *const *servers, size_t count, const char **why);
struct resolver *resolver_replay(
    struct event_base *base, struct book *closed); /* answers from a book; takes it */
void resolver_free(
    struct resolver *resolver); /* at any time, also within a callback: open questions are dropped
                                   without a word. NULL is allowed */

/* At once, and right after it was made: how many questions a nameserver is asked at a time at most
 * (0: as many as is good for it), and how many answers are kept. */
void resolver_limit(struct resolver *resolver, unsigned at_once, size_t kept);

void resolver_on_answer(struct resolver *resolver, resolver_done *observe,
    void *arg); /* each answer once, as it comes: not what the cache gives (--dns-record) */
/* Never calls back from within. `sent`, which may be NULL, is called when the question leaves the
 * line, unless an answer is there before; `done` is called once. */
struct lookup *resolver_ask(struct resolver *resolver, const char *name, enum dns_type type,
    resolver_done *done, void (*sent)(void *arg), void *arg);
bool lookup_waits(const struct lookup *lookup); /* in line; only before `done` */
void lookup_forget(struct lookup *lookup); /* before `done`: nothing more is called */

struct resolver_counts {
	unsigned long asked; /* questions put to nameservers, or the book */
	unsigned long cached, joined; /* answered from the cache; by one in flight */
	unsigned long failed; /* of those asked: TIMEOUT, SERVFAIL, … */
	unsigned long answered; /* … to which a nameserver said something, if only that it failed */
};
struct resolver_counts resolver_counts(const struct resolver *resolver);
/* Nothing was ever answered, for this machine cannot ask: why (an errno); 0: that is not so. */
int resolver_error(const struct resolver *resolver);
/* Whom it asks: "127.0.0.1, [::1]:5300: Connection refused", with what a system says in their
 * place. */
const char *resolver_names(const struct resolver *resolver, struct arena *arena);
size_t resolver_servers(const struct resolver *resolver);
const char *resolver_server(
    const struct resolver *resolver, size_t i); /* "127.0.0.1", "127.0.0.1:5300", "[::1]:5300" */

#endif
