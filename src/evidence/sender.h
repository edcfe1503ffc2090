/* sender: all that a receiver could hold against one sender, found by our own look-ups: the
 * `sender` record. Gathered once per (source, helo, from). */
#ifndef EVIDENCE_SENDER_H
#define EVIDENCE_SENDER_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/dkim.h"
#include "auth/dkim_key.h"
#include "auth/dmarc.h"
#include "auth/spf.h"
#include "evidence/blocklist.h"
#include "evidence/ptr.h"
#include "evidence/route.h"

struct arena;
struct book;
struct evp_pkey_st;

struct sender_signer { /* a key that signs this sender's mail */
	const char *selector, *domain; /* domain NULL: the author's */
	const struct evp_pkey_st *pair; /* NULL: the private half is not at hand */
};

struct sender_query {
	struct ip ip; /* the address that receivers see; whether it is one to ask lists about
	                 (ip_special) is the caller's business */
	const char *helo, *from; /* from: "" is the null reverse-path */
	const char *author; /* address or domain of the From field; NULL: not known, or the same as
	                       `from`; the HELO name for the null reverse-path; "": there is none */
	const char *const *dkim; /* d= of the signatures, NULL at the end; NULL: none. Those of
	                            `signers` and `message` need not be repeated */
	const struct lists *lists; /* NULL: ask none */
	long long now; /* for SPF macros and signatures, seconds since the epoch */
	const struct sender_signer *signers;
	size_t signer_count;
	const char *message; /* a message as it leaves, with CRLF line ends; NULL: none */
	size_t message_len;
	bool mail_known; /* `author`, `signers` and `message` are all there is to know of the mail:
	                    without either of the last two it goes unsigned. Set by itself when
	                    there is one of them */
	bool survey; /* look beyond what decides on this mail: SPF terms behind the one that
	                matched, who is to get DMARC reports, SOA. Costs look-ups */
};

struct sender_helo { /* the HELO name (RFC 5321 section 4.1.4) */
	bool literal; /* an address in brackets */
	bool valid; /* a full host name */
	enum truth resolves; /* it has addresses of the sender's family */
	enum truth leads_back; /* … among them the sender's */
	enum truth is_ptr; /* it is a PTR name of the address */
	enum dns_rcode rcode;
	const char *alias; /* why it does not resolve, where it is an alias that leads nowhere; else
	                      NULL */
	const char *server; /* that answered; NULL if none did */
	uint32_t ttl; /* of its answer, seconds */
};

struct sender_domain { /* a domain that mail is sent in the name of */
	const char *name; /* NULL: there is none (null reverse-path, address literal) */
	bool known; /* `route` is */
	struct route route; /* can it take mail? */
	enum truth soa; /* is there a zone: a SOA record at the name, or above it, below the top.
	                   UNKNOWN, too, without `survey` */
	const char *zone; /* where; NULL: nowhere, or not known */
};

/* A name that is not there, and that nobody but IANA could put there (RFC 2606 section 3): who has
 * an address for it makes them up. */
#define SENDER_NO_NAME "no-such-name-mxwalk.example.com"

struct sender_key { /* what is published for a signer */
	const char *selector, *domain;
	bool known;
	struct dkim_key key;
	enum truth matches; /* is it the public half of the signer's pair; UNKNOWN without a pair or
	                       a readable key */
	const char *wanted; /* the record that fits the pair; NULL without one */
};

struct sender {
	struct ip ip;
	const char *helo, *from;
	const char *author; /* domain of the From field, in the form of name.h; NULL: none */
	struct ptr ptr;
	struct listing
	    *listings; /* every list that is on and takes the thing, whatever it said: first about
	                  the address, then about each name ("helo" "mail-from" "from" "dkim" "ptr";
	                  a PTR name that is the HELO name is asked about once) */
	size_t listing_count;
	struct sender_helo helo_facts;
	struct sender_domain from_domain,
	    author_domain; /* the second has no name when it is the first */
	struct spf spf; /* of MAIL FROM, or of postmaster@helo for the null reverse-path */
	bool spf_known;
	struct spf helo_spf; /* of the HELO name, for the bounces of this host; not asked
	                        (helo_spf_known is false) when `spf` is that */
	bool helo_spf_known;
	struct sender_key *keys;
	size_t key_count;
	bool mail_known; /* as above */
	struct dkim dkim; /* the signatures of `message` */
	bool dkim_known; /* there is a message, and they are verified */
	struct dmarc dmarc; /* of this mail from this source: SPF as above; DKIM by the signatures,
	                       or by the keys as if they signed */
	bool dmarc_known; /* false, too: there is no author domain */
	const char *made_up; /* the resolver that has addresses for a name that is not there; NULL:
	                        none has, or, without `survey`, it was not asked */
	struct ip made_up_ip; /* … the first of them */
	bool complete; /* false: the time for it ran out; what is missing is UNKNOWN */
	const char
	    *unasked; /* a sentence: why nothing was looked up about the address; NULL: it was */
	bool exposed; /* receivers see the address, though it is a private one */
};

/* False: pending; `out` then holds what is known so far, the rest UNKNOWN, so that a deadline can
 * cut it short with nothing lost. All that can be asked at once is. */
bool sender_gather(
    struct book *book, struct arena *arena, const struct sender_query *query, struct sender *out);

enum truth sender_dkim(const struct sender
        *sender); /* is there a signature that is good, or a key whose signatures will be; UNKNOWN
                     when nothing is known of the mail, or a look-up failed */
bool sender_key_passes(
    const struct sender_key *key); /* what it signs will pass, as far as the key goes */

#endif
