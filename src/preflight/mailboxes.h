/* mailboxes: the value of a From, To … field by the letter of RFC 5322 section 3.4: what the
 * grammar for sending does not have is a fault with its place, and nothing is guessed. (The lenient
 * reader, for mail of others, is mail/address.h.) Pure. */
#ifndef PREFLIGHT_MAILBOXES_H
#define PREFLIGHT_MAILBOXES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

enum { MAILBOXES_MAX = 2000 };

struct strict_mailbox {
	const char *name; /* as written, without quotes and comments; NULL: none */
	const char *local, *domain; /* as written, quotes and brackets kept */
	const char *at; /* where it begins */
};

struct strict_mailboxes {
	struct strict_mailbox *items; /* MAILBOXES_MAX at most; those of groups as well */
	size_t count, total;
	size_t groups;
	const char *fault_at; /* NULL: there is none */
	const char *fault; /* what is wrong there */
};

void mailboxes_read(struct slice value, struct arena *arena, struct strict_mailboxes *out);

#endif
