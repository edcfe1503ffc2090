/* blocklist: DNS lists of addresses and domains (RFC 5782), asked so that no answer is believed that the list does not mean.
 *
 * A list is data (data/lists.conf, base/stanza.h). Before it is believed it must pass its own test points. */
#ifndef DNS_BLOCKLIST_H
#define DNS_BLOCKLIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/stanza.h"
#include "dns/answer.h"

struct arena;
struct book;
struct lists; /* all that is known about lists; immutable while in use */

enum list_state {
	LIST_UNKNOWN, /* no answer, or one that the list does not define */
	LIST_CLEAN, /* passed its test points and does not have it */
	LIST_LISTED,
	LIST_REFUSED, /* the list will not answer this resolver: public resolver, no key, over quota */
	LIST_BROKEN, /* failed its test points: dead, wildcarded, or answers rewritten on the way */
};

enum list_kind { LIST_BLACK, LIST_WHITE, LIST_INFO };

struct list { /* one zone */
	const char *zone; /* "zen.spamhaus.org": also its id */
	const char *name; /* "Spamhaus ZEN" */
	enum list_kind kind;
	bool ask_ip4, ask_ip6, ask_domain;
	bool on; /* asked by default */
	char weight; /* 'A' large receivers refuse on it … 'D' noise */
	const char *policy; /* a sentence on terms and limits */
	const char *key_zone; /* "%s.zen.dq.spamhaus.net": with --dnsbl-key; NULL if none */
	bool key_needed;
	const char *lookup, *delist; /* URL, "%s" = what is listed; NULL if none */
	const struct list_value *values;
	size_t value_count;
	bool bitmask; /* values are bits of the last octet */
	const char *positive, *negative; /* test points: names below the zone ("2.0.0.127") */
	const char *txt_must_have; /* a hit counts only if the TXT has this word (SpamCop) */
};

struct list_value {
	struct ip answer; /* or, with bitmask, the bit in bytes[3] */
	enum list_state state; /* LISTED, REFUSED, or CLEAN (e.g. a white answer in a mixed zone) */
	const char *meaning; /* "SBL: spam source", "open resolver" */
	const char *delist; /* of this sublist; NULL: the list's */
};

struct lists *lists_new(void);
void lists_free(struct lists *lists);
bool lists_add(struct lists *lists, const char *text, size_t len, struct stanza_error *error); /* a zone that is there already is replaced */
bool lists_drop(struct lists *lists, const char *zone); /* --no-list; false: no such zone */
bool lists_key(struct lists *lists, const char *zone, const char *key); /* --dnsbl-key; switches the list on; false: the zone takes no key */
size_t lists_count(const struct lists *lists);
const struct list *lists_at(const struct lists *lists, size_t i);
/* The list that a reply means by "zen.spamhaus.org", "Spamhaus", "pbl.spamhaus.org", a delisting URL's host…; NULL if we know none. Known names are the zones, their key zones and `alias` fields. */
const struct list *lists_find(const struct lists *lists, const char *name);
/* Lists that are gone or lie (blocklists.md section 3): why, or NULL. Never asked; a receiver that still does is misconfigured. */
const char *lists_dead(const struct lists *lists, const char *zone);

struct listing { /* one list's word on one thing */
	const struct list *list;
	const char *item; /* "192.0.2.1", "example.com" */
	const char *identity; /* "ip" "helo" "mail-from" "from" "dkim" "ptr" */
	enum list_state state;
	const struct ip *codes; /* answers, all of them */
	size_t code_count;
	const char *meaning; /* of the worst code, or why it is broken/refused/unknown; in the arena or static */
	const char *reason; /* the TXT, on a hit; NULL if none */
	const char *url; /* where to look or ask, made out for the item; never a key in it */
	const char *server; /* that answered */
};

/* Asks one list about one thing. False: pending. */
bool blocklist_look_up(struct book *book, struct arena *arena, const struct list *list, const struct ip *ip, const char *domain, const char *identity, struct listing *out);

const char *list_state_name(enum list_state state); /* "unknown" "clean" "listed" "refused" "broken" */

#endif
