/* domains: the practice internet as tables: who sends (sources), who receives (domains), and what
 * the receivers say. Pure data.
 *
 * A domain is one row: its route in DNS, and its mail server's deviations from plain good behaviour
 * (turns). What a walk of it must come to is in tests/lab_cases.py. */
#ifndef LAB_DOMAINS_H
#define LAB_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "smtp/stage.h"

#define LAB_ZONE "lab.example"
#define LAB_CLEAN "127.0.1.1"
#define LAB_LISTED "127.0.1.2"
#define LAB_POLICY_HOST "127.0.1.53"

/* Where a source address stands. The servers act on it, the DNS of the lab (zones.c) bears it out.
 */
enum standing {
	CLEAN = 1,
	ON_ZEN = 2,
	ON_SPAMCOP = 4,
	ON_BARRACUDA = 8,
	NO_PTR = 16,
	UNCONFIRMED = 32, /* its PTR name does not lead back */
	GENERIC = 64, /* its PTR name is a dial-up customer's */
	PTR_FAILS = 128, /* the PTR look-up has no answer */
	UNTRUE = UNCONFIRMED | NO_PTR,
	IN_CLEAR = 256, /* not of the source: the session has no TLS … */
	STRANGER = 512, /* … or no login */
};

struct lab_source {
	const char *address, *name; /* name: its PTR, "" for none */
	unsigned standing;
	const char *does;
};

/* How a turn is said. */
enum manner {
	RAW = 1, /* the text brings its own line ends, good or bad */
	LATE = 2, /* after `ms` */
	DRIP = 4, /* an octet every `ms` */
	ENDLESS =
	    8, /* again and again, until the client leaves or SESSION_SAID_MAX octets are out */
	MUTE = 16, /* nothing more is said, whatever comes */
	FIN = 32, /* then the connection is closed */
	RESET = 64, /* then the connection is reset */
	UNHEARD = 128, /* CONNECT: the kernel takes the connection, the server never does */
	FULL = 256, /* CONNECT: the queue is full, no SYN is answered */
};

/* One deviation: at this stage, to these clients, if this was heard. The first that fits is taken;
 * where none does, the server says what a good one would. */
struct lab_turn {
	enum stage at;
	unsigned to; /* any of these standings; 0: everybody */
	const char
	    *says; /* lines end in \n; {ip} {host} {domain} {helo} {from} {rcpt} {pad} {long} stand
	              for what they say. NULL: the usual words, or none with FIN, RESET, MUTE */
	unsigned how;
	unsigned ms;
	const char *heard; /* NULL, or words (any case) in the command or the message */
};

enum lab_cert {
	CERT_GOOD,
	CERT_EXPIRED,
	CERT_ELSEWHERE,
	CERT_SELF_SIGNED,
	CERT_SHA1,
	CERT_NAMELESS,
	CERT_NONE,
	CERT_CHAINED,
	CERT_ELSEWHERE_CHAINED,
	CERT_SOON,
	CERT_EARLY,
	CERT_SMALL,
	CERT_CLIENT,
	CERT_OLD, /* with TLS 1.0 and 1.1, too */
	CERT_TWO, /* one of an RSA key beside it */
	CERT_TWO_EXPIRED, /* … that has expired */
	CERT_WEAK, /* with ciphers without forward secrecy */
	CERT_DH, /* with Diffie-Hellman in a group that is too small */
	CERT_POLICY, /* of all policy hosts */
	CERT_COUNT
};

enum { LAB_TURNS = 4 };

struct lab_policy { /* what the domain's policy host answers */
	const char *says; /* the policy, or all that is sent if it begins with "HTTP/"; NULL:
	                     nothing ever */
	const char *endless; /* and then this, again and again; NULL: nothing */
	enum lab_cert cert;
};

struct lab_domain {
	const char *name; /* label below lab.example */
	const char *does;
	struct lab_turn turns[LAB_TURNS];
	const char *zone; /* records as zone_add() reads them, `self` being its own mail server;
	                     NULL: one MX, its own */
	const char *offers; /* EHLO keywords, a line each; NULL: all that the lab knows */
	enum lab_cert cert;
	struct lab_policy policy; /* cert CERT_GOOD: it has no policy host */
	bool loose; /* a dot between line ends that are none ends a message, too */
	bool narrow; /* the connection is reset when the ClientHello is over a thousand octets */
	bool ip6; /* its server listens on ::1, which only one can */
};

extern const struct lab_source lab_sources[];
extern const size_t lab_source_count;
extern const struct lab_domain lab_domains[];
extern const size_t lab_domain_count;

unsigned lab_standing(const char *address); /* CLEAN for one that is not in the table */
bool lab_domain_serves(const struct lab_domain *domain); /* it has a mail server of its own */
/* "127.10.0.7": the address of the domain's own server; "::1" where ip6 is set. */
const char *lab_domain_address(const struct lab_domain *domain, char text[16]);
#endif
