/* notice: the words for people in a message that a mail system sent back → whom it could not reach,
 * and what was said. What was returned is cut off first: none of it is read.
 *
 * There is no reader for each system: what they write differs in the words that stand before a
 * recipient, a reason, a host, a stage and the returned message, and these are the rows of the
 * tables in notice.c. */
#ifndef LOGS_NOTICE_H
#define LOGS_NOTICE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "logs/logline.h"

struct arena;

enum {
	NOTICE_LINES_MAX = 2000, /* of the words for people; what is behind is left unread */
	NOTICE_ENTRIES_MAX = 200,
	NOTICE_WORDS_MAX = 2000, /* octets of an own verdict */
};

struct notice_entry { /* strings in the arena; NULL: not said */
	const char *recipient;
	const char *text; /* NULL: only the recipient was named */
	size_t len;
	bool quoted; /* the text is a server's reply */
	bool deferred;
	bool inbound; /* what the notice's own system refused to a client */
	const char *status; /* "(#4.4.1)" of qmail */
	const char *relay, *relay_ip;
	enum stage stage;
	enum said_by said_by;
};

struct notice {
	struct notice_entry *entries;
	size_t count;
	struct slice returned; /* behind the mark that ends the words; empty: there was none */
};

/* `text`: UTF-8, LF line ends. `sure`: the mail is known to be a notice, so own words count, too;
 * else only what quotes a server does. */
void notice_read(struct slice text, bool sure, struct arena *arena, struct notice *out);
/* The words of the text, without what was returned. */
struct slice notice_cut(struct slice text, struct slice *returned);
/* "550 5.1.1 …" anywhere in a line, where nothing but a reply can be meant; NULL: none. */
const char *notice_reply(struct slice line);
/* Does the line name a recipient, as notices do? `*after`: what stands behind it. */
bool notice_recipient(struct slice line, struct slice *address, struct slice *after);
/* The first mail address in the text; its length is 0 if there is none. */
struct slice notice_address(struct slice text);

#endif
