/* tls_level: what a sender asks of TLS before it hands mail to a host: its own wish, and what the
 * receiver publishes (DANE, MTA-STS). The words are those of Postfix. Pure. */
#ifndef EVIDENCE_TLS_LEVEL_H
#define EVIDENCE_TLS_LEVEL_H

#include <stdbool.h>

struct dane;
struct mta_sts;

enum tls_level {
	LEVEL_NONE, /* none was named */
	LEVEL_MAY, /* TLS where it is offered, whoever is there */
	LEVEL_ENCRYPT, /* TLS, whoever is there */
	LEVEL_DANE, /* what TLSA records ask for, else as may */
	LEVEL_DANE_ONLY, /* a match of TLSA records */
	LEVEL_SECURE, /* TLS, and a good certificate */
	LEVEL_MTA_STS, /* what an MTA-STS policy asks for, unless DANE does; else as may */
};

enum tls_demand {
	DEMAND_NOTHING,
	DEMAND_TLS,
	DEMAND_CERTIFICATE, /* … and a certificate of a trusted authority, for the host's name */
	DEMAND_MATCH, /* … and a match of a TLSA record */
	DEMAND_ELSEWHERE, /* nothing may be sent to this host */
};

struct tls_decision {
	enum tls_demand demand;
	const char
	    *policy; /* "dane" "mta-sts": whose demand it is; NULL: the user's own, or none */
	const char *why; /* static: for ELSEWHERE */
};

/* RFC 8689 section 2: what MAIL with REQUIRETLS needs beyond `decision`: a way to the host that is
 * authenticated, and a certificate that is. `fixed`: the server was given. */
struct tls_decision tls_level_require(struct tls_decision decision, const struct dane *dane,
    const struct mta_sts *sts, const char *mx, bool fixed);

/* `dane`, `sts`: what was found out; NULL: nothing. `mx`: the host, for the policy. */
struct tls_decision tls_level_decide(
    enum tls_level level, const struct dane *dane, const struct mta_sts *sts, const char *mx);

/* Is it authentic that the domain's mail goes to this host: by DNSSEC, or by a policy? */
bool tls_way_is_known(const struct dane *dane, const struct mta_sts *sts, const char *mx);

const char *tls_level_name(enum tls_level level);

#endif
