/* dkim_canon: a message as its signatures see it: header fields, body, and the two ways to write
 * each down (RFC 6376 section 3.4). Messages have CRLF line ends; a bare CR or LF is a byte like
 * others. */
#ifndef AUTH_DKIM_CANON_H
#define AUTH_DKIM_CANON_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };
const char *dkim_canon_name(enum dkim_canon canon); /* "simple" "relaxed" */

enum { DKIM_FIELDS_MAX = 1000 };
enum { DKIM_HASH = 32 }; /* octets of SHA-256, the one hash that is left (RFC 8301) */

struct dkim_field { /* points into the message */
	const char *at;
	size_t len; /* with its folded lines, without the last CRLF */
	size_t name_len; /* without white space before the colon */
	size_t colon;
};

struct dkim_message {
	struct dkim_field *fields;
	size_t count;
	const char *body; /* behind the empty line; body_len 0: none */
	size_t body_len;
};

/* Appends a message from a file, whose line ends may be LF, as it was on the wire: with CRLF. An
 * mbox "From " line at its start is dropped; nothing else is mended, for that would change what was
 * signed. */
void dkim_message_mend(const char *bytes, size_t len, struct buf *out);

/* Borrows `bytes`. On false `*why` says which line of the header is no field, or that there are too
 * many. */
bool dkim_message_split(
    const char *bytes, size_t len, struct arena *arena, struct dkim_message *out, const char **why);
bool dkim_field_is(const struct dkim_field *field, const char *name); /* any case */

/* Appends a field of `len` octets (without its last CRLF) to `out`, without a CRLF behind it. It
 * never grows. */
void dkim_canon_field(enum dkim_canon canon, const char *field, size_t len, struct buf *out);
void dkim_canon_body(enum dkim_canon canon, const char *body, size_t len,
    struct buf *out); /* grows by two octets at most */

/* bh=: of the first `*limit` octets (l=) of the canonical body, of all with NULL. `*total` is how
 * many it has; less than `*limit` is the caller's to see. Both hashes are false only when libcrypto
 * has no SHA-256. */
bool dkim_hash_body(const struct dkim_message *message, enum dkim_canon canon,
    const unsigned long long *limit, unsigned char hash[DKIM_HASH], unsigned long long *total);

/* What is signed (section 3.7): the fields that `names` say, each time the last one that was not
 * yet taken, an absent one as nothing; then `own`, the signature field itself with b= empty and
 * without CRLF. `skip` (or NULL) is that field within the message: it does not sign itself. */
bool dkim_hash_header(const struct dkim_message *message, enum dkim_canon canon,
    const char *const *names, size_t count, const struct dkim_field *skip, const char *own,
    size_t own_len, unsigned char hash[DKIM_HASH]);

#endif
