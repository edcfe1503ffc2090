/* address: mailboxes as text: one, as a command of SMTP takes it (RFC 5321), and a list of them, as
 * a header field has it (RFC 5322). */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct arena;

/* RFC 5321 section 4.1.2 mailbox: local part ≤ 64 octets, domain ≤ 255, both ≤ 254 (4.5.3.1.3, less
 * the brackets), no control bytes; quoted local parts and address literals allowed. What is not
 * ASCII has to be UTF-8 (RFC 6531): message_is_8bit (message.h) tells, and SMTPUTF8 is to be asked
 * for where the local part is. On false, `*why` is static. `at` gets the offset of the '@'. */
bool address_valid(const char *address, size_t *at, const char **why);

/* The mailbox that a relay would make of one: user@domain of user%domain@relay, of
 * domain!user@relay and of "user@domain"@relay. In the arena; NULL: none. */
const char *address_onward(const char *address, struct arena *arena);

struct mailbox { /* in the arena, without comments and the white space around its parts */
	const char *local; /* quotes kept */
	const char *domain; /* as written; a literal with its brackets */
};

struct mailbox_list {
	struct mailbox *items; /* those of groups as well */
	size_t count;
};

/* The value of a From, To … field, folded or not: mailboxes and groups, comments and obsolete forms
 * (RFC 5322 sections 3.4 and 4.4, RFC 6532, RFC 6854). False: it is no such list, and `*why` says
 * what breaks it; `out` then has the mailboxes before that. An empty list is one. */
bool address_list_read(
    struct slice value, struct arena *arena, struct mailbox_list *out, const char **why);

#endif
