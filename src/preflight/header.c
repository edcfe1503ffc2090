/* The header of a message: RFC 5322 sections 2.2 and 3.6, RFC 2047, RFC 2369, RFC 8058. */
#include <string.h>

#include "auth/author.h"
#include "base/arena.h"
#include "base/ip.h"
#include "base/utf8.h"
#include "dns/name.h"
#include "mail/charset.h"
#include "mail/encoded_word.h"
#include "mail/header.h"
#include "preflight/date.h"
#include "preflight/facts.h"
#include "preflight/mailboxes.h"
#include "preflight/requirements.h"

enum {
	HEADER_WARN = 64 * 1024,
	HEADER_HUGE = 256 * 1024,
	ENCODED_WORD_MAX = 75, /* RFC 2047 section 2 */
	MSGID_MAX = 998,
	RECIPIENTS_MAX = 100, /* shown in To and Cc */
	OPAQUE_MIN = 16
};

/* ---- cutting it into fields */

static bool
is_field_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f)
			return false;
	return len > 0;
}

/* False: it is not kept, nor are its folds. */
static bool
add_field(struct message_facts *facts, struct slice line, unsigned number)
{
	const char *colon = memchr(line.at, ':', line.len);
	size_t name = colon != NULL ? (size_t)(colon - line.at) : 0;
	struct mail_field *field;

	facts->field_total++;
	while (name > 0 && is_blank(line.at[name - 1]))
		name--;
	if (!is_field_name(line.at, name)) {
		fault_at(facts, CHECK_HDR_SYNTAX, line.at, "A line of the header is no field: %s.",
		    colon == NULL ? "it has no colon"
		    : name == 0   ? "there is nothing before its colon"
		                  : "its name has octets that no name has");
		return false;
	}
	if (line.at + name < colon)
		fault_at(facts, CHECK_HDR_SYNTAX, line.at + name,
		    "There is white space between the name of a field and its colon.");
	if (facts->field_count == FACTS_FIELDS_MAX)
		return false;
	field = arena_push(facts->arena, &facts->fields, facts->field_count, sizeof *field);
	facts->field_count++;
	*field = (struct mail_field){.at = line.at,
	    .len = line.len,
	    .name_len = name,
	    .colon = (size_t)(colon - line.at),
	    .line = number};
	return true;
}

/* A fold of nothing but blanks is obsolete (RFC 5322 section 4.2), and servers take it for the end
 * of the header. */
static void
add_fold(struct message_facts *facts, struct slice line, bool kept)
{
	struct mail_field *field;

	if (slice_trim(line).len == 0)
		fault_at(facts, CHECK_HDR_SYNTAX, line.at,
		    "A line of the header has nothing but blanks in it.");
	if (!kept)
		return;
	field = &facts->fields[facts->field_count - 1];
	field->len = (size_t)(line.at + line.len - field->at);
}

static void
cut_header(struct message_facts *facts)
{
	struct slice rest = facts->message, line;
	unsigned number = 0;
	bool kept = false; /* the field at hand is */

	facts->header = facts->message;
	facts->body = (struct slice){facts->message.at + facts->message.len, 0};
	while (slice_line(&rest, &line)) {
		number++;
		if (line.len == 0) {
			facts->header.len = (size_t)(line.at - facts->message.at);
			facts->body = rest;
			break;
		}
		if (is_blank(line.at[0]) && number > 1) {
			add_fold(facts, line, kept);
			continue;
		}
		kept = add_field(facts, line, number);
	}
	if (facts->field_total > FACTS_FIELDS_MAX)
		fault_at(facts, CHECK_HDR_SIZE, NULL,
		    "The header has %zu fields; the first %d were looked at.", facts->field_total,
		    FACTS_FIELDS_MAX);
	if (facts->header.len > HEADER_HUGE)
		fault_at(facts, CHECK_HDR_SIZE_HUGE, NULL, "The header has %zu octets.",
		    facts->header.len);
	else if (facts->header.len > HEADER_WARN)
		fault_at(
		    facts, CHECK_HDR_SIZE, NULL, "The header has %zu octets.", facts->header.len);
}

/* ---- what holds for every field */

static void
check_octets(struct message_facts *facts)
{
	for (size_t i = 0; i < facts->header.len; i++)
		if ((unsigned char)facts->header.at[i] >= 0x80) {
			fault_at(facts, CHECK_HDR_8BIT, facts->header.at + i,
			    "There is an octet 0x%02x in the header, which is for ASCII and "
			    "encoded "
			    "words.",
			    (unsigned char)facts->header.at[i]);
			return;
		}
}

static void
check_once(struct message_facts *facts)
{
	const struct requirements *r = facts->requirements;

	for (size_t w = 0; w < requirements_words(r, WORDS_ONCE); w++) {
		const char *name = requirements_word(r, WORDS_ONCE, w);
		size_t count = 0;

		for (size_t i = 0; i < facts->field_count; i++)
			if (field_is(&facts->fields[i], name) && ++count == 2)
				fault_at(facts, CHECK_HDR_SINGLE, facts->fields[i].at,
				    "There is more than one %s field.", name);
	}
}

static void
check_trace(struct message_facts *facts)
{
	for (size_t i = 0; i < facts->field_count; i++) {
		const struct mail_field *field = &facts->fields[i];

		if (requirements_has(
		        facts->requirements, WORDS_TRACE, field->at, field->name_len) ||
		    slice_begins((struct slice){field->at, field->name_len}, "X-Google-"))
			fault_at(facts, CHECK_HDR_FORGED, field->at,
			    "The field %.*s is for those who receive a message to write.",
			    (int)(field->name_len < 60 ? field->name_len : 60), field->at);
		if (field_is(field, "X-Mailer") && slice_trim(field_value(field)).len == 0)
			fault_at(facts, CHECK_HDR_FORGED, field->at,
			    "The X-Mailer field is empty, as nobody's program writes it.");
	}
}

/* ---- encoded words */

struct encoded_word {
	struct slice charset, text;
	char encoding;
	size_t len; /* of all of it */
};

/* "=?charset*language?B?text?=" at the beginning of `slice`. */
static bool
read_encoded_word(struct slice slice, struct encoded_word *out)
{
	struct slice rest = slice_from(slice, 2);
	size_t n = slice_until(rest, "? \t\r\n");

	if (slice.len < 8 || memcmp(slice.at, "=?", 2) != 0 || n == 0 || n + 3 > rest.len ||
	    rest.at[n] != '?' || rest.at[n + 2] != '?' || !is_alpha(rest.at[n + 1]))
		return false;
	out->charset = (struct slice){rest.at, slice_until((struct slice){rest.at, n}, "*")};
	out->encoding = to_lower(rest.at[n + 1]);
	rest = slice_from(rest, n + 3);
	n = slice_until(rest, "? \t\r\n");
	out->text = (struct slice){rest.at, n};
	if (n + 1 >= rest.len || rest.at[n] != '?' || rest.at[n + 1] != '=')
		return false;
	out->len = (size_t)(rest.at + n + 2 - slice.at);
	return true;
}

static const char *
fault_of_word(struct message_facts *facts, const struct encoded_word *word)
{
	bool known;

	if (word->len > ENCODED_WORD_MAX)
		return arena_printf(
		    facts->arena, "has %zu octets; %d are allowed", word->len, ENCODED_WORD_MAX);
	if (word->encoding != 'b' && word->encoding != 'q')
		return "is neither B nor Q";
	charset_utf8(slice_of("x"), slice_copy(word->charset, facts->arena), facts->arena, &known);
	if (!known)
		return arena_printf(facts->arena, "has a character set that nobody knows: %.*s",
		    (int)(word->charset.len < 40 ? word->charset.len : 40), word->charset.at);
	if (word->encoding == 'b' &&
	    (word->text.len % 4 != 0 ||
	        slice_span(word->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	                               "0123456789+/=") < word->text.len))
		return "is no base64";
	return NULL;
}

static void
check_encoded(struct message_facts *facts, const struct mail_field *field)
{
	struct slice rest = field_value(field);
	struct encoded_word word;
	const char *at, *why;
	size_t found = 0;

	while (found < 100 && (at = memchr(rest.at, '=', rest.len)) != NULL) {
		rest = slice_from(rest, (size_t)(at - rest.at));
		if (!read_encoded_word(rest, &word)) {
			if (rest.len > 2 && rest.at[1] == '?' && is_alpha(rest.at[2]))
				fault_at(facts, CHECK_HDR_ENCODED, at,
				    "Something begins like an encoded word and is none.");
			rest = slice_from(rest, 1);
			continue;
		}
		found++;
		why = fault_of_word(facts, &word);
		if (why != NULL)
			fault_at(facts, CHECK_HDR_ENCODED, at, "An encoded word %s.", why);
		rest = slice_from(rest, word.len);
	}
}

/* ---- addresses */

static const char *
domain_name(struct message_facts *facts, const char *domain)
{
	char name[NAME_TEXT];
	const char *why;

	if (domain[0] == '[' || !name_normalise(domain, name, &why) || !name_is_host(name))
		return NULL;
	return arena_string(facts->arena, name);
}

/* The faults of an address field go to the check that is for it. */
static void
check_mailboxes(struct message_facts *facts, const struct mail_field *field, enum check_id id,
    struct strict_mailboxes *list)
{
	mailboxes_read(field_value(field), facts->arena, list);
	if (list->fault != NULL)
		fault_at(facts, id, list->fault_at, "The %.*s field breaks the grammar: %s.",
		    (int)field->name_len, field->at, list->fault);
}

static bool
same_mailbox(const struct strict_mailbox *box, const char *local, size_t local_len,
    const char *domain, size_t domain_len)
{
	return strlen(box->local) == local_len && strncmp(box->local, local, local_len) == 0 &&
	       slice_is((struct slice){domain, domain_len}, box->domain);
}

/* "ceo@bank.example" <x@elsewhere.example>: an address of another domain as a name. */
static void
check_display(struct message_facts *facts, const struct strict_mailbox *box)
{
	const char *name = box->name != NULL ? encoded_words_read(box->name, facts->arena) : NULL;
	const char *at = name != NULL ? strchr(name, '@') : NULL, *start, *end;

	if (at == NULL || at == name)
		return;
	for (start = at; start > name && (is_alnum(start[-1]) || strchr("._+-", start[-1]));
	     start--)
		;
	for (end = at + 1; is_alnum(*end) || *end == '.' || *end == '-'; end++)
		;
	if (start == at || memchr(at, '.', (size_t)(end - at)) == NULL ||
	    same_mailbox(box, start, (size_t)(at - start), at + 1, (size_t)(end - at - 1)))
		return;
	fault_at(facts, CHECK_HDR_FROM_DISPLAY, box->at,
	    "The display name shows an address that is not the sender's: %.80s.", name);
}

static void
take_authors(struct message_facts *facts, const struct strict_mailboxes *list)
{
	facts->from = arena_alloc(facts->arena, (list->count + 1) * sizeof *facts->from);
	facts->from_count = list->count;
	for (size_t i = 0; i < list->count; i++) {
		const struct strict_mailbox *box = &list->items[i];

		facts->from[i] = (struct sender_address){
		    .name = box->name != NULL ? encoded_words_read(box->name, facts->arena) : NULL,
		    .local = box->local,
		    .domain = domain_name(facts, box->domain)};
		if (facts->from[i].domain == NULL)
			fault_at(facts, CHECK_HDR_FROM, box->at,
			    "The author's domain is no full domain name: %.80s.", box->domain);
		check_display(facts, box);
	}
}

/* Whom receivers take for the author, for all that is wrong with the field. */
static void
find_author(struct message_facts *facts, const struct mail_field *field,
    const struct strict_mailboxes *list)
{
	struct slice value = field_value(field);
	const char *why;

	if (list->total == 1)
		facts->author = facts->from[0].domain;
	else if (!author_read(value.at, value.len, facts->arena, &facts->author, &why))
		facts->author = NULL;
	for (size_t i = 0; i < facts->field_count; i++)
		if (&facts->fields[i] != field && field_is(&facts->fields[i], "From"))
			facts->author = NULL;
}

static void
check_from(struct message_facts *facts)
{
	const struct mail_field *field = facts_field(facts, "From");
	struct strict_mailboxes list;

	if (field == NULL) {
		fault_at(facts, CHECK_HDR_FROM, NULL, "There is no From field.");
		return;
	}
	check_mailboxes(facts, field, CHECK_HDR_FROM, &list);
	take_authors(facts, &list);
	if (list.fault == NULL && list.total == 0)
		fault_at(facts, CHECK_HDR_FROM, field->at, "The From field has no address.");
	if (list.total > 1)
		fault_at(facts, CHECK_HDR_FROM, field->at, "The From field has %zu addresses%s.",
		    list.total,
		    facts_field(facts, "Sender") == NULL ? ", and there is no Sender field" : "");
	if (list.groups > 0)
		fault_at(facts, CHECK_HDR_FROM, field->at, "The From field has a group.");
	find_author(facts, field, &list);
}

static void
check_sender(struct message_facts *facts)
{
	const struct mail_field *field = facts_field(facts, "Sender");
	struct strict_mailboxes list;

	if (field == NULL)
		return;
	check_mailboxes(facts, field, CHECK_HDR_FROM, &list);
	if (list.fault == NULL && list.total != 1)
		fault_at(facts, CHECK_HDR_FROM, field->at,
		    "The Sender field has %zu addresses; it is for one.", list.total);
}

static void
check_reply_to(struct message_facts *facts)
{
	const struct mail_field *field = facts_field(facts, "Reply-To");
	struct strict_mailboxes list;

	if (field == NULL)
		return;
	check_mailboxes(facts, field, CHECK_HDR_REPLY_TO, &list);
	if (list.count > 0)
		facts->reply_domain = domain_name(facts, list.items[0].domain);
	if (list.count > 0 && facts->reply_domain == NULL)
		fault_at(facts, CHECK_HDR_REPLY_TO, list.items[0].at,
		    "The domain of Reply-To is no full domain name: %.80s.", list.items[0].domain);
}

static void
check_to(struct message_facts *facts)
{
	static const char *const names[] = {"To", "Cc", "Bcc"};
	size_t total = 0, fields = 0;

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct mail_field *field = facts_field(facts, names[i]);
		struct strict_mailboxes list;

		if (field == NULL)
			continue;
		fields++;
		if (i == 2 && slice_trim(field_value(field)).len == 0)
			continue; /* Bcc may be empty */
		check_mailboxes(facts, field, CHECK_HDR_TO, &list);
		total += list.total;
	}
	if (fields == 0)
		fault_at(facts, CHECK_HDR_TO, NULL, "There is neither a To field nor a Cc field.");
	if (total > RECIPIENTS_MAX)
		fault_at(facts, CHECK_HDR_TO, NULL, "To and Cc name %zu recipients to each other.",
		    total);
}

/* ---- Message-ID, Date, Subject */

static void
check_msgid(struct message_facts *facts)
{
	const struct mail_field *field = facts_field(facts, "Message-ID");
	struct slice id = field != NULL ? slice_trim(field_value(field)) : (struct slice){0};
	const char *at, *why = NULL, *domain;

	if (field == NULL) {
		fault_at(facts, CHECK_HDR_MSGID, NULL, "There is no Message-ID field.");
		return;
	}
	at = id.len > 0 ? memchr(id.at, '@', id.len) : NULL;
	if (id.len < 5 || id.at[0] != '<' || id.at[id.len - 1] != '>')
		why = "it does not stand between < and >";
	else if (at == NULL || at == id.at + 1 || at == id.at + id.len - 2 ||
	         memchr(at + 1, '@', (size_t)(id.at + id.len - at - 1)) != NULL)
		why = "it has no left and right side with one @ between them";
	else if (slice_until(id, " \t\r\n") < id.len)
		why = "there is white space in it";
	else if (id.len > MSGID_MAX)
		why = "it is longer than a line may be";
	if (why == NULL) {
		struct slice right = {at + 1, (size_t)(id.at + id.len - at - 2)};

		domain = slice_copy(right, facts->arena);
		facts->msgid_domain = domain_name(facts, domain);
		if (right.at[0] != '[' &&
		    (facts->msgid_domain == NULL || name_within(facts->msgid_domain, "local") ||
		        name_within(facts->msgid_domain, "localdomain") ||
		        name_within(facts->msgid_domain, "localhost")))
			why = "its right side is no domain that anybody else knows";
	}
	if (why != NULL)
		fault_at(facts, CHECK_HDR_MSGID, field->at + field->colon + 1,
		    "The Message-ID is not as it should be: %s.", why);
}

static void
check_date(struct message_facts *facts, long long now)
{
	const struct mail_field *field = facts_field(facts, "Date");
	const char *why;
	long long time;

	if (field == NULL) {
		fault_at(facts, CHECK_HDR_DATE, NULL, "There is no Date field.");
		return;
	}
	if (!date_read(field_value(field), &time, &why)) {
		fault_at(facts, CHECK_HDR_DATE, field->at + field->colon + 1,
		    "The Date field is none: %s.", why);
		return;
	}
	if (time > now + 24 * 3600)
		fault_at(facts, CHECK_HDR_DATE, field->at, "The Date lies %lld hours ahead.",
		    (time - now) / 3600);
	else if (time < now - 7 * 24 * 3600)
		fault_at(facts, CHECK_HDR_DATE, field->at, "The Date is %lld days old.",
		    (now - time) / (24 * 3600));
}

static void
check_subject(struct message_facts *facts)
{
	const struct mail_field *field = facts_field(facts, "Subject");
	struct slice words;

	if (field == NULL) {
		fault_at(facts, CHECK_HDR_SUBJECT, NULL, "There is no Subject field.");
		return;
	}
	facts->subject =
	    encoded_words_read(header_unfold(field_value(field), facts->arena), facts->arena);
	words = slice_trim(slice_of(facts->subject));
	if (words.len == 0)
		fault_at(facts, CHECK_HDR_SUBJECT, field->at, "The Subject is empty.");
	else if ((slice_begins(words, "re:") || slice_begins(words, "fwd:") ||
	             slice_begins(words, "fw:")) &&
	         facts_field(facts, "References") == NULL &&
	         facts_field(facts, "In-Reply-To") == NULL)
		fault_at(facts, CHECK_HDR_SUBJECT, field->at,
		    "The Subject is that of a reply, and nothing says to what: there is neither "
		    "References nor In-Reply-To.");
}

/* ---- leaving a list */

/* "<https://…>, <mailto:…>": each becomes a link. Blanks within the brackets are to be ignored (RFC
 * 2369 section 2). */
static void
read_unsubscribe(struct message_facts *facts, const struct mail_field *field, size_t *https)
{
	struct slice rest = field_value(field);
	unsigned line = field->line;

	for (;;) {
		const char *open = memchr(rest.at, '<', rest.len), *close;
		struct slice gap = rest, url;

		gap.len = open != NULL ? (size_t)(open - rest.at) : rest.len;
		if (slice_span(gap, " \t\r\n,") < gap.len)
			fault_at(facts, CHECK_HDR_LISTUNSUB, gap.at + slice_span(gap, " \t\r\n,"),
			    "Something stands outside the angle brackets of List-Unsubscribe.");
		if (open == NULL)
			return;
		rest = slice_from(rest, (size_t)(open - rest.at) + 1);
		close = memchr(rest.at, '>', rest.len);
		if (close == NULL) {
			fault_at(facts, CHECK_HDR_LISTUNSUB, open,
			    "An angle bracket of List-Unsubscribe is not closed.");
			return;
		}
		url = (struct slice){rest.at, (size_t)(close - rest.at)};
		facts_add_link(facts, LINK_UNSUBSCRIBE, url, NULL, line);
		*https += slice_begins(slice_trim(url), "https://");
		rest = slice_from(rest, url.len + 1);
		gap = slice_trim(rest);
		if (gap.len > 0 && gap.at[0] == '<')
			fault_at(facts, CHECK_HDR_LISTUNSUB, gap.at,
			    "There is no comma between two addresses of List-Unsubscribe.");
	}
}

/* Words and addresses can be guessed; what is drawn at random has digits, or letters of both sizes
 * in no order. */
static bool
is_hard_to_guess(struct slice run)
{
	bool digit = false, mixed = false;

	if (run.len < OPAQUE_MIN || memchr(run.at, '@', run.len) != NULL)
		return false;
	for (size_t i = 0; i < run.len; i++) {
		digit |= is_digit(run.at[i]);
		mixed |= i > 0 && run.at[i] >= 'A' && run.at[i] <= 'Z' && is_alnum(run.at[i - 1]);
	}
	return digit || mixed;
}

/* A run of letters, digits and what base64 and addresses have besides, in what follows the host:
 * what tells recipients apart must not be guessed (RFC 8058 section 3.1). "%40" is an @. */
static bool
is_opaque(const char *url)
{
	const char *path = strstr(url, "://");
	struct slice rest;

	path = path != NULL ? strchr(path + 3, '/') : NULL;
	rest = slice_of(path != NULL ? path : "");
	while (rest.len > 0) {
		struct slice run = {rest.at, 0};

		while (run.len < rest.len &&
		       (is_alnum(rest.at[run.len]) || strchr("-_%~.+@", rest.at[run.len]) != NULL))
			run.len++;
		if (is_hard_to_guess(run) && slice_find(run, "%40") == NULL)
			return true;
		rest = slice_from(rest, run.len + (run.len < rest.len));
	}
	return false;
}

static void
check_opaque(struct message_facts *facts, size_t first)
{
	for (size_t i = first; i < facts->link_count; i++) {
		const struct message_link *link = &facts->links[i];

		if (strcmp(link->scheme, "https") == 0 && !is_opaque(link->url))
			fault_on_line(facts, CHECK_HDR_LISTUNSUB_OPAQUE, link->line,
			    "Nothing in the address to unsubscribe is long enough to be hard to "
			    "guess: %.120s.",
			    link->url);
	}
}

static void
check_unsubscribe(struct message_facts *facts)
{
	const struct mail_field *field = facts_field(facts, "List-Unsubscribe");
	const struct mail_field *post = facts_field(facts, "List-Unsubscribe-Post");
	size_t https = 0, first = facts->link_count;
	struct slice words;

	facts->has_unsubscribe = field != NULL;
	facts->has_unsubscribe_post = post != NULL;
	if (field == NULL) {
		fault_at(facts, CHECK_HDR_LISTUNSUB, NULL, "There is no List-Unsubscribe field.");
		return;
	}
	read_unsubscribe(facts, field, &https);
	if (https == 0)
		fault_at(facts, CHECK_HDR_LISTUNSUB, field->at,
		    "List-Unsubscribe has no https address.");
	if (post == NULL) {
		fault_at(facts, CHECK_HDR_LISTUNSUB, field->at,
		    "There is no List-Unsubscribe-Post field.");
	} else {
		words = slice_trim(field_value(post));
		if (!slice_same(words, "List-Unsubscribe=One-Click"))
			fault_at(facts, CHECK_HDR_LISTUNSUB, post->at,
			    "List-Unsubscribe-Post is not List-Unsubscribe=One-Click.");
	}
	check_opaque(facts, first);
}

static void
check_unsubscribe_once(struct message_facts *facts)
{
	static const char *const names[] = {"List-Unsubscribe", "List-Unsubscribe-Post"};

	for (size_t n = 0; n < 2; n++) {
		size_t count = 0;

		for (size_t i = 0; i < facts->field_count; i++)
			if (field_is(&facts->fields[i], names[n]) && ++count == 2)
				fault_at(facts, CHECK_HDR_LISTUNSUB, facts->fields[i].at,
				    "There is more than one %s field.", names[n]);
	}
}

/* The other fields of RFC 2369, and that of RFC 5064: addresses in brackets, which are links like
 * those of the body: filters and lists look at them all the same. */
static void
read_list_fields(struct message_facts *facts)
{
	static const char *const names[] = {"List-Help", "List-Subscribe", "List-Post",
	    "List-Owner", "List-Archive", "Archived-At"};

	for (size_t i = 0; i < facts->field_count; i++) {
		const struct mail_field *field = &facts->fields[i];
		struct slice rest = field_value(field);
		const char *open, *close;
		size_t n = 0;

		while (n < sizeof names / sizeof *names && !field_is(field, names[n]))
			n++;
		if (n == sizeof names / sizeof *names)
			continue;
		while ((open = memchr(rest.at, '<', rest.len)) != NULL) {
			rest = slice_from(rest, (size_t)(open - rest.at) + 1);
			close = memchr(rest.at, '>', rest.len);
			if (close == NULL)
				break;
			facts_add_link(facts, LINK_FIELD,
			    (struct slice){rest.at, (size_t)(close - rest.at)}, NULL, field->line);
			rest = slice_from(rest, (size_t)(close - rest.at) + 1);
		}
	}
}

/* ---- others */

/* Google: four parts, a:b:c:sender, the last never empty. */
static void
check_feedback(struct message_facts *facts)
{
	const char *value = facts_value(facts, "Feedback-ID");
	size_t colons = 0;

	if (value == NULL)
		return;
	for (const char *p = value; *p != '\0'; p++)
		colons += *p == ':';
	if (colons != 3 || value[strlen(value) - 1] == ':')
		fault_at(facts, CHECK_HDR_FEEDBACK, facts_field(facts, "Feedback-ID")->at,
		    "The Feedback-ID does not have its four parts.");
}

/* The Certified Senders Alliance: who is in it says so, and complaints go there. */
static void
check_csa(struct message_facts *facts)
{
	const struct mail_field *field = facts_field(facts, "X-CSA-Complaints");
	struct strict_mailboxes list;

	if (field == NULL)
		return;
	check_mailboxes(facts, field, CHECK_HDR_CSA, &list);
	if (list.fault == NULL && list.total != 1)
		fault_at(facts, CHECK_HDR_CSA, field->at,
		    "The X-CSA-Complaints field has %zu addresses; it is for one.", list.total);
}

static void
check_precedence(struct message_facts *facts)
{
	const char *value = facts_value(facts, "Precedence");

	if (value != NULL &&
	    (slice_is(slice_of(value), "bulk") || slice_is(slice_of(value), "junk")) &&
	    !facts->has_unsubscribe)
		fault_at(facts, CHECK_HDR_PRECEDENCE, facts_field(facts, "Precedence")->at,
		    "It calls itself %s mail, and has no List-Unsubscribe field.", value);
}

void
facts_read_header(struct message_facts *facts, long long now)
{
	cut_header(facts);
	if (facts->field_total == 0)
		fault_at(facts, CHECK_HDR_SYNTAX, NULL, "There is no header.");
	check_octets(facts);
	check_once(facts);
	check_trace(facts);
	for (size_t i = 0; i < facts->field_count; i++)
		check_encoded(facts, &facts->fields[i]);
	check_from(facts);
	check_sender(facts);
	check_reply_to(facts);
	check_to(facts);
	check_msgid(facts);
	check_date(facts, now);
	check_subject(facts);
	check_unsubscribe(facts);
	check_unsubscribe_once(facts);
	read_list_fields(facts);
	check_feedback(facts);
	check_csa(facts);
	check_precedence(facts);
}
