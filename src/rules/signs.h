/* signs: the words by which what stands in a reply is known for what it is: an address behind
 * "from" is the client's, one behind "section" is none. Data: the [sign:…] stanzas of
 * data/words.conf. */
#ifndef RULES_SIGNS_H
#define RULES_SIGNS_H

#include <stdbool.h>
#include <stddef.h>

enum sign {
	SIGN_NUMBER, /* before a number that looks like an address: "section", "version" */
	SIGN_CLIENT, /* before the client's address: "from", "your ip" */
	SIGN_HELO, /* before what the client called itself */
	SIGN_DESK, /* how the mailboxes begin that one may write to: "postmaster@" */
	SIGN_ASK, /* before a mailbox that one is asked to write to: "contact" */
	SIGN_TICKET, /* before a number to quote: "ticket", "ref" */
	SIGN_COUNT
};

struct signs;
struct signs *signs_new(void);
void signs_free(struct signs *signs); /* NULL is allowed */
/* Borrows `phrase`, in lower case. False: there is no sort of that name ("number", "client" …). */
bool signs_add(struct signs *signs, const char *sort, const char *phrase);

/* How long the first phrase is that the text begins with, but for case; 0: with none. */
size_t signs_begin(const struct signs *signs, enum sign sort, const char *text, size_t len);
/* A phrase ends right before text + at, and is a word of its own. */
bool signs_end(const struct signs *signs, enum sign sort, const char *text, size_t at);

#endif
