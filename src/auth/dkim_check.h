/* dkim_check: one signature over a message, by what its field says and the key that is published:
 * that of a DKIM-Signature field (auth/dkim.h), and the two of an ARC set (auth/arc.h). */
#ifndef AUTH_DKIM_CHECK_H
#define AUTH_DKIM_CHECK_H

#include "auth/dkim.h"
#include "mail/fields.h"

struct dkim_check {
	struct arena *arena;
	const struct mail_fields *message; /* what h= names is looked for here */
};

/* Fills the result, where it failed, and why, of a verdict whose signature and key are there. The
 * times are the caller's to look at. `field` is one of the message, unless it is a seal. */
void dkim_check_signature(
    const struct dkim_check *check, const struct mail_field *field, struct dkim_verdict *verdict);
void dkim_conclude(struct dkim_verdict *verdict, enum dkim_result result, enum dkim_step failed,
    const char *reason);

#endif
