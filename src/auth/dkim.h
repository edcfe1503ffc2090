/* dkim: are the signatures of a message good? (RFC 6376 section 6, RFC 8301, RFC 8463; the words
 * are those of RFC 8601 section 2.7.1.) Keys come from the book, "now" is a value. */
#ifndef AUTH_DKIM_H
#define AUTH_DKIM_H

#include <stdbool.h>
#include <stddef.h>

#include "auth/dkim_key.h"
#include "auth/dkim_signature.h"

struct arena;
struct book;

enum dkim_result {
	DKIM_NONE,
	DKIM_NEUTRAL,
	DKIM_PERMERROR,
	DKIM_POLICY,
	DKIM_FAIL,
	DKIM_TEMPERROR,
	DKIM_PASS
}; /* the better the higher: the message's is the highest of its signatures' */
const char *dkim_result_name(enum dkim_result result); /* "pass" "fail" … */
bool dkim_result_parse(const char *text, enum dkim_result *result); /* any case */

enum dkim_step { /* where a signature failed */
	DKIM_STEP_NONE,
	DKIM_STEP_SYNTAX, /* the field cannot be used */
	DKIM_STEP_KEY, /* the key is absent, revoked, bad, too weak, not to be had, or not for this
	                  signature */
	DKIM_STEP_BODY_HASH, /* the body was changed (or cut, or the wrong one was signed) */
	DKIM_STEP_SIGNATURE, /* the body is as signed; a signed header field was changed, or the key
	                        is another */
	DKIM_STEP_EXPIRED /* all is right, but x= is over */
};
const char *dkim_step_name(
    enum dkim_step step); /* "syntax" "key" "body-hash" "signature" "expired"; NULL for none */

enum { DKIM_SIGNATURES_MAX = 10 }; /* the rest is counted, not looked at */
enum { DKIM_CLOCK_SKEW = 300 }; /* seconds that t= may lie ahead before it is warned of */

struct dkim_query {
	const char *message; /* CRLF line ends */
	size_t len;
	long long now; /* seconds since the epoch */
};

struct dkim_verdict { /* one signature, from the top of the message down */
	enum dkim_result result;
	enum dkim_step failed;
	const char *reason; /* for people; NULL for pass */
	struct dkim_signature signature; /* what could be read of it */
	struct dkim_key key; /* name NULL: it was not looked at */
	bool expired;
	unsigned long long unsigned_octets; /* of the body, behind l= */
	struct notes warnings; /* of the signature; the key has its own */
};

struct dkim {
	enum dkim_result result; /* NONE: no signature */
	const char *problem; /* why the message cannot be read as one, or which signatures were not
	                        looked at; NULL if nothing */
	struct dkim_verdict *signatures;
	size_t count; /* at most DKIM_SIGNATURES_MAX */
	size_t total; /* in the message */
};

bool dkim_verify(struct book *book, struct arena *arena, const struct dkim_query *query,
    struct dkim
        *out); /* false: pending; the signatures whose key is missing are TEMPERROR so far */

#endif
