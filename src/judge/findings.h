/* findings: what our look-ups show about a reply: facts only, no judgement. Pure. */
#ifndef JUDGE_FINDINGS_H
#define JUDGE_FINDINGS_H

#include "evidence/sender.h"
#include "rules/rules.h"

enum finding { /* bits: several may hold at once */
	FOUND_DEAD = 1 << 0, /* the reply names a list that is gone or lies, and no other */
	FOUND_RECEIVER_REFUSED =
	    1 << 1, /* the reply shows that a list refused the receiver's own query */
	FOUND_OTHER_ADDRESS = 1 << 2, /* the reply speaks of another address than ours */
	FOUND_HIDDEN_ADDRESS = 1 << 3, /* the same, and ours is a private one: NAT, certainly */
	FOUND_LISTED = 1 << 4, /* the named list has what the reply says it has */
	FOUND_CLEAN = 1 << 5, /* it has not */
	FOUND_NO_ANSWER = 1 << 6, /* it refused us, is broken, or did not answer */
	FOUND_NOT_ASKED = 1 << 7, /* a list is named that we did not ask */
	FOUND_GRAVE_IP = 1 << 8, /* whatever the reply says: a list that large receivers refuse on
	                            (weight A) has our address */
	FOUND_GRAVE_SENDER = 1 << 9, /* … the MAIL FROM domain */
	FOUND_GRAVE_HELO = 1 << 10, /* … the HELO name */
	FOUND_MINOR_IP = 1 << 11, /* a list of weight B has our address, none of weight A */
	FOUND_PTR_BAD =
	    1 << 12, /* the DNS says that there is no PTR, or that none of its names leads back */
	FOUND_PTR_GOOD = 1 << 13, /* confirmed, and no name looks generic */
	FOUND_PTR_GENERIC = 1 << 14, /* confirmed, but it looks generic */
	FOUND_LOOKS_AGREE = 1 << 20, /* the same, and that is what the reply complains of */
	FOUND_LOOKS_OPEN =
	    1 << 21, /* the reply complains of a generic name or dynamic address; ours is confirmed
	                and does not look so: their list, their taste */
	FOUND_SPF_BAD = 1 << 15, /* anything but pass, and not for lack of an answer */
	FOUND_SPF_GOOD = 1 << 16,
	FOUND_HELO_BAD =
	    1 << 17, /* no fully-qualified name, or one that the DNS says has no address */
	FOUND_LATER = 1 << 18, /* a 4yz: come again */
	FOUND_WRONG_KIND = 1 << 19, /* the receiver asked a list of domains about an address: such
	                               lists answer that with an error that looks like a hit */
	FOUND_HELO_ASTRAY = 1 << 22, /* a good name, that leads to other addresses than ours */
	FOUND_DMARC_BAD = 1 << 23, /* this mail, of which all is known, fails */
	FOUND_DMARC_GOOD = 1 << 24, /* it passes */
	FOUND_DMARC_OPEN =
	    1 << 25, /* SPF does not pass for it, and whether it is signed is not known; or there is
	                no record that counts; or RFC 9989 and RFC 7489 do not agree on it */
	FOUND_HELO_GOOD = 1 << 26, /* the reply complains that the name does not resolve, match or
	                              is not full; ours is full and leads to our address */
	FOUND_DKIM_BAD = 1 << 27, /* this mail, of which all is known, has no good signature */
	FOUND_DKIM_GOOD = 1 << 28,
	FOUND_DOMAIN_BAD =
	    1 << 29, /* MAIL FROM's or From's domain does not exist, has no address, or a null MX */
	FOUND_DOMAIN_GOOD = 1 << 30, /* all of them can take mail */
};

struct findings {
	unsigned set; /* of enum finding */
	const struct named_list *named; /* the list that the reply means, the telling one if there
	                                   are several; NULL: none */
	const struct listing *listing; /* its word on what it is said to list; NULL: not asked */
	const struct listing *grave_ip, *grave_sender, *grave_helo, *minor_ip;
	struct ip client; /* the address that the reply speaks of; family 0: none */
};

/* `reading` or `sender` may be NULL. */
void findings_make(
    const struct reading *reading, const struct sender *sender, struct findings *out);

const char *listing_describe(const struct listing *listing,
    struct arena *arena); /* a sentence: the fact, the list, the answer, and who gave it */
const struct sender_domain *findings_bad_domain(
    const struct sender *sender); /* of FOUND_DOMAIN_BAD; NULL: none */
const char *ptr_describe(const struct ptr *ptr, struct arena *arena); /* a sentence */

#endif
