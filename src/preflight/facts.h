/* message_facts: what there is to see in a message itself: one strict pass over its octets, which
 * mends nothing and notes each fault with its place. Pure.
 *
 * Time and memory grow with the size of the message; beyond the limits below nothing is looked at,
 * and that is a finding. Two things are done by others, in a process of their own, because the
 * libraries for them cannot be bounded from within: HTML is read (preflight/html.h), and archives
 * are listed (input/archive.h). They are handed in between the two halves. */
#ifndef PREFLIGHT_FACTS_H
#define PREFLIGHT_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"
#include "mail/fields.h"
#include "mail/mailfile.h"
#include "preflight/checks.h"

struct arena;
struct requirements;

enum {
	FACTS_FIELDS_MAX = 1000, /* header fields that are looked at; all are counted */
	FACTS_PARTS_MAX = 100,
	FACTS_DEPTH_MAX = 20, /* entities within entities */
	FACTS_LINKS_MAX = 1000,
	FACTS_TEXT_MAX = 2 * 1024 * 1024, /* octets of a decoded text that are looked at */
	FACTS_DOMAINS_MAX = 20 /* that lists are asked about */
};

struct sender_address { /* a mailbox of a From, Reply-To … field */
	const char *name; /* decoded; NULL: none */
	const char *local, *domain; /* as written; the domain in the form of name.h, or with
	                               brackets; NULL where it is no domain */
};

struct body_part { /* a leaf or a multipart, in the order of the message; the message itself first
	            */
	const char *type; /* "text/plain", lower case */
	const char *content_type; /* unfolded, "" if there is none */
	const char *charset; /* NULL: not said */
	const char *encoding; /* lower case, "" */
	const char *name; /* of a file, decoded; NULL: none */
	bool attachment; /* Content-Disposition says so */
	bool multipart, message; /* holds others */
	unsigned depth, parent;
	unsigned line; /* of its first body line */
	struct slice header, body; /* of the message */
	struct slice decoded; /* without its transfer encoding; empty for those that hold others */
	struct slice text; /* text/…: as UTF-8 */
	struct slice html; /* what html_digest wrote of it, handed in; at NULL: it was not read */
	struct slice listing; /* what archive_list wrote of it, handed in; at NULL: none was made */
	bool html_tried, archive; /* is there something to hand in */
};

enum link_kind { LINK_HREF, LINK_IMAGE, LINK_RESOURCE, LINK_TEXT, LINK_UNSUBSCRIBE, LINK_FIELD };

struct message_link {
	enum link_kind kind;
	const char *url; /* as it is meant: entities and white space gone */
	const char *scheme; /* lower case, without colon; "" */
	const char *host; /* in the form of name.h, or an address; NULL: it has none that is one */
	const char *raw_host; /* as written; NULL: none */
	const char *words; /* what is shown for it; NULL: nothing */
	bool user; /* something stands before an @ */
	unsigned line;
};

struct html_facts { /* of all HTML together */
	bool any, unread;
	size_t images, words_shown; /* words of text */
};

struct message_facts {
	struct slice message, header, body; /* CRLF line ends */
	struct mailfile file;
	const struct requirements *requirements;
	struct arena *arena;
	struct mail_field *fields;
	size_t field_count, field_total;
	struct sender_address *from;
	size_t from_count;
	const char *author; /* domain of the author; NULL: none to go by */
	const char *reply_domain; /* of Reply-To; NULL */
	const char *msgid_domain; /* NULL */
	bool has_unsubscribe, has_unsubscribe_post; /* fields */
	const char *subject; /* decoded; NULL: none */
	struct body_part *parts;
	size_t part_count;
	struct message_link *links;
	size_t link_count, link_total;
	struct html_facts html;
	struct slice shown; /* all text that a reader gets to see, UTF-8, one after the other */
	struct finding faults[CHECK_COUNT]; /* what the reading found: FAIL or NONE */
	struct {
		size_t at;
		unsigned line;
	} * marks; /* where lines stand, every so often */
	size_t mark_count;
	const char *last_at, *last_start; /* where a place was asked for last */
	unsigned last_line;
};

struct facts_query {
	struct slice message; /* CRLF line ends; borrowed as long as the facts */
	struct mailfile file;
	long long now; /* seconds since the epoch */
	const struct requirements *requirements; /* lists of words */
};

void message_facts_read(
    const struct facts_query *query, struct arena *arena, struct message_facts *out);
/* The second half, once `html` and `listing` of the parts are handed in. */
void message_facts_finish(struct message_facts *facts);

/* ---- for those who read a message */

/* Notes a fault at that octet of the message (NULL: nowhere in particular). The first of a kind is
 * kept, the others are counted. */
void fault_at(struct message_facts *facts, enum check_id id, const char *at, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
/* The same at a line that is known. */
void fault_on_line(struct message_facts *facts, enum check_id id, unsigned line, const char *format,
    ...) __attribute__((format(printf, 4, 5)));
unsigned line_of(struct message_facts *facts, const char *at); /* from 1 */

void facts_read_lines(struct message_facts *facts);
void facts_read_header(struct message_facts *facts, long long now);
void facts_read_parts(struct message_facts *facts);
void facts_read_attachments(struct message_facts *facts);
void facts_read_html(struct message_facts *facts);
void facts_read_text(struct message_facts *facts);
void facts_add_link(struct message_facts *facts, enum link_kind kind, struct slice url,
    const char *words, unsigned line);

bool part_is_archive(
    const struct body_part *part); /* by its first octets: is there a listing to make? */

/* The field of that name, the first; NULL: none. Its value unfolded. */
const struct mail_field *facts_field(const struct message_facts *facts, const char *name);
const char *facts_value(const struct message_facts *facts, const char *name);

#endif
