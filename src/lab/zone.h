/* zone: the names of the practice internet and what the DNS says to them: data and look-up, no
 * socket.
 *
 * The data is text, a record a line: `owner TYPE data`, `@` for the origin, names relative to it
 * unless they end in a dot; a TXT goes to the end of its line and is cut into strings of 255
 * octets. Lines that begin with ';' are comments. Unlike a master file it has no TTL and no class,
 * and it knows more: `self` as an owner or host is the domain's own mail server, as the data of an
 * A its address; `FATE x` makes x of the owner and all below it; `SIGNED yes|no` says whether
 * answers about these are authentic, as if by DNSSEC; a TLSA stands at the port of the lab's mail
 * servers, and its data may be a word of struct zone_values; `MANY n MX p host` is n records,
 * host-1 … host-n. `*` is a wildcard (RFC 4592). */
#ifndef LAB_ZONE_H
#define LAB_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/answer.h"

struct arena;
struct zone;

enum fate { FATE_ANSWER, FATE_SERVFAIL, FATE_REFUSED, FATE_SILENT, FATE_GARBLED };

struct zone_values { /* what is known only when the lab runs; hex */
	unsigned port; /* of the mail servers */
	const char *key; /* SHA-256 of the key of all mail servers */
	const char *ca, *ca_key; /* of the lab's authority and of its key */
	const char *pem; /* of the mail servers' key, as PEM text */
};

struct zone *zone_new(const struct zone_values *
        values); /* with all that the lab knows; a fault in the lab's own tables ends the program */
void zone_free(struct zone *zone);

/* `self` and `address`: the domain's own mail server, may be NULL. */
bool zone_add(struct zone *zone, const char *origin, const char *text, const char *self,
    const char *address, const char **why);

struct zone_apex { /* for the authority section of a negative answer */
	const char *name;
	const struct dns_record *soa;
};

/* The answer to a question; `out` borrows from the zone and from `name`, and lives in `arena` where
 * it must be made. */
enum fate zone_look_up(const struct zone *zone, const char *name, uint16_t type,
    struct arena *arena, struct answer *out, struct zone_apex *apex);

#endif
