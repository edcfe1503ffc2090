/* lists: what is known about DNS lists of addresses and domains: data (data/lists.conf, which
 * documents the form; base/stanza.h), read once. How one is asked is in blocklist.h. */
#ifndef EVIDENCE_LISTS_H
#define EVIDENCE_LISTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/stanza.h"

struct lists; /* all that is known; immutable while in use */

enum list_state {
	LIST_UNKNOWN, /* no answer, or one that the list does not define */
	LIST_CLEAN, /* passed its test points and does not have it */
	LIST_LISTED,
	LIST_REFUSED, /* the list will not answer this resolver: public resolver, no key, over quota
	               */
	LIST_BROKEN, /* failed its test points: dead, wildcarded, or answers rewritten on the way */
};

enum list_kind { LIST_BLACK, LIST_WHITE, LIST_INFO };

struct list_value {
	struct ip answer; /* or, with bitmask, the bit in bytes[3] */
	enum list_state state; /* LISTED, REFUSED, or CLEAN (e.g. a white answer in a mixed zone) */
	const char *meaning; /* "SBL: a known source of spam" */
	const char *delist; /* of this sublist; NULL: the list's */
	const char *advice; /* what to do; NULL: the list's */
	const char *removal; /* how long it takes until it is gone; NULL: the list's */
	const char *who; /* has to act: "sender" or "host" */
};

struct list { /* one zone */
	const char *zone; /* "zen.spamhaus.org": also its id */
	const char *name, *operator; /* "Spamhaus ZEN", "Spamhaus"; operator may be NULL */
	enum list_kind kind;
	bool ask_ip4, ask_ip6, ask_domain;
	bool registered; /* domains are cut to the one that is registered before they are asked
	                    about */
	bool on; /* asked by default */
	char weight; /* 'A' large receivers refuse on it … 'D' noise */
	const char *policy; /* a sentence on terms and limits; may be NULL */
	const char *key_zone; /* "%s.zen.dq.spamhaus.net": with --dnsbl-key; NULL if none */
	bool key_needed; /* without a key_zone: never asked */
	const char *lookup, *delist; /* URLs, "%s" = what is listed; NULL if none */
	const char *advice, *removal; /* in sentences; NULL if none */
	const struct list_value *values; /* the gravest first */
	size_t value_count;
	bool bitmask; /* values are bits of the last octet */
	const char *positive, *negative; /* test points: names below the zone ("2.0.0.127") */
	struct ip positive_answer; /* what the positive one says; family 0: anything in 127.0.0.0/8
	                              that is no refusal */
	const char *declined_page; /* "example.org/refused": where it sends those whose query it
	                              declined; NULL: nowhere that we know */
	const char *txt_must_have; /* a hit counts only if the TXT has this word (SpamCop) */
	const char *key, *key_asked; /* SECRET: the key, and the zone that is really asked; NULL
	                                without. Never to be shown or logged */
};

struct lists *lists_new(void);
void lists_free(struct lists *lists);
/* A zone that is there already is replaced (by "on" alone, it is only switched), one that is
 * declared dead is dropped. On false nothing was added, and `error` says which line and why. */
bool lists_add(struct lists *lists, const char *text, size_t len, struct stanza_error *error);
bool lists_drop(struct lists *lists, const char *zone); /* --no-list; false: no such zone */
bool lists_key(struct lists *lists, const char *zone,
    const char *key); /* --dnsbl-key; switches the list on; false: no such zone, it takes no key, or
                         the key is no DNS label */
/* Before a zone that is asked with a key stands the receiver's, in a reply that names it: the name
 * without. */
const char *lists_without_key(const struct lists *lists, const char *name);
void lists_replay(struct lists *lists); /* the answers come from a book, in which no key stands:
                                           lists with one are asked by their own zone */
size_t lists_count(const struct lists *lists);
const struct list *lists_at(const struct lists *lists, size_t i);
/* The list that a reply means by "zen.spamhaus.org", "Spamhaus", "pbl.spamhaus.org", a delisting
 * URL …; NULL if we know none. Known names are the zones, their names, their key zones and `alias`
 * fields; the longest match wins. */
const struct list *lists_find(const struct lists *lists, const char *name);
/* Lists that are gone or lie: why, or NULL. Never asked; a receiver that still does is
 * misconfigured. */
const char *lists_dead(const struct lists *lists, const char *name);
/* The list that a DNS name is a question to (key zones included), NULL if none: for
 * --dnsbl-nameserver, and for hiding keys in what is written. */
const struct list *lists_asked(const struct lists *lists, const char *dns_name);

const char *list_zone_asked(const struct list *list); /* SECRET when it has a key */
const char *list_state_name(
    enum list_state state); /* "unknown" "clean" "listed" "refused" "broken" */
const char *list_kind_name(enum list_kind kind); /* "black" "white" "info" */

#endif
