#include "logs/bounce.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"
#include "logs/dsn.h"
#include "logs/notice.h"
#include "mail/charset.h"
#include "mail/encoded_word.h"
#include "mail/header.h"
#include "mail/html.h"
#include "mail/parts.h"
#include "mail/transfer.h"

enum { NESTED_MAX = 3, TEXTS_MAX = 8 }; /* bounces within mails; texts that are read of one */

struct mail { /* one that is being read */
	struct arena *arena;
	refusal_take *take;
	json_take *take_json;
	void *arg;
	unsigned nested;
	unsigned long told;
	bool unread; /* parts were too many or too deep */

	struct parts parts;
	struct slice header;
	struct dsn dsn;
	struct notice notices[TEXTS_MAX];
	size_t notice_count;
	struct slice returned; /* the header of what was returned; empty: none was found */
	bool feedback, status_part; /* a report on spam or the like; a delivery status */
	bool tls_report;
	bool tls_mail; /* … as its header says */
	const char *failed, *all_failed; /* X-Failed-Recipients: the first, and all */
	const char *reporter, *date;
};

/* ---- what kind of mail it is */

static const char *const notice_senders[] = {"mailer-daemon", "mail delivery", "postmaster",
    "mail.delivery", "mail deliver", "system administrator", "no-reply@", "mailerdaemon",
    "mail system", "mdaemon", "delivery-status", "bounce"};
static const char *const notice_subjects[] = {"undeliver", "returned mail", "return mail",
    "delivery status", "delivery fail", "delivery notif", "failure notice", "mail failure",
    "mail delivery", "delivery problem", "delivery report", "delayed mail", "not delivered",
    "could not be delivered", "non recapitabile", "unzustellbar", "non remis",
    "no se puede entregar", "mail system error", "error sending your mail", "delivery error",
    "nondeliver", "non deliver", "non-deliver", "not member", "returned to sender", "bounced",
    "delivery has failed", "mail error", "message you sent blocked", "rejected",
    "unable to deliver", "failed mail", "errors from", "onbestelbaar", "niet bezorgd",
    "не доставлено"};
static const char *const notice_words[] = {"could not be delivered", "couldn't be delivered",
    "delivery to the following recipient", "was undeliverable", "unable to deliver",
    "could not deliver", "wasn't able to deliver", "delivery has failed", "failed permanently",
    "error while trying to deliver", "addresses had", "was not delivered", "wasn't delivered",
    "cannot be delivered", "rejected by a remote mail server", "could not be reached",
    "groups.google.com/support", "not a member of this mailing list", "was automatically rejected"};

static bool
has_one(const char *text, const char *const *words, size_t count)
{
	struct slice all = slice_of(text);

	for (size_t i = 0; text != NULL && i < count; i++)
		if (slice_find(all, words[i]) != NULL)
			return true;
	return false;
}

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *
field(struct mail *mail, const char *name)
{
	char *value = header_get(mail->header, name, mail->arena);

	return value != NULL ? encoded_words_read(value, mail->arena) : NULL;
}

/* Do sender and subject say that mail could not be delivered? */
static bool
is_notice(struct mail *mail)
{
	return mail->failed != NULL || mail->status_part ||
	       has_one(field(mail, "from"), notice_senders, COUNT(notice_senders)) ||
	       has_one(field(mail, "subject"), notice_subjects, COUNT(notice_subjects));
}

/* Of a mail within a mail, the sender alone says nothing: a postmaster writes to people, too. */
static bool
is_report(struct mail *mail)
{
	return mail->failed != NULL || mail->status_part ||
	       has_one(field(mail, "subject"), notice_subjects, COUNT(notice_subjects));
}

static bool
is_success(struct mail *mail)
{
	static const char *const words[] = {"successful mail delivery",
	    "delivery status notification (success)", "delivery receipt", "was delivered",
	    "successfully delivered"};

	return mail->dsn.count == 0 && has_one(field(mail, "subject"), words, COUNT(words));
}

/* ---- telling */

/* Are the words before the text's end the same, but for white space? */
static bool
continues(const char *whole, size_t len, const char *part)
{
	const char *end = whole + len;

	for (;;) {
		while (*part == ' ' || *part == '\n')
			part++;
		while (whole < end && (*whole == ' ' || *whole == '\n'))
			whole++;
		if (*part == '\0')
			return true;
		if (whole == end || *whole++ != *part++)
			return false;
	}
}

static const struct notice_entry *
find_entry(struct mail *mail, const char *recipient)
{
	const struct notice_entry *only = NULL;
	size_t count = 0;

	for (size_t i = 0; i < mail->notice_count; i++)
		for (size_t k = 0; k < mail->notices[i].count; k++) {
			const struct notice_entry *entry = &mail->notices[i].entries[k];

			if (recipient != NULL && entry->recipient != NULL &&
			    strcasecmp(entry->recipient, recipient) == 0 && entry->text != NULL)
				return entry;
			count += entry->text != NULL;
			if (entry->text != NULL)
				only = entry;
		}
	return count == 1 && mail->dsn.count <= 1 ? only : NULL;
}

static void
tell(struct mail *mail, struct refusal *refusal)
{
	if (refusal->reporter == NULL)
		refusal->reporter = mail->reporter;
	if (refusal->time == NULL)
		refusal->time = mail->date;
	if (refusal->said_by == SAID_BY_UNKNOWN && refusal->len > 0 &&
	    logline_code(refusal->text, refusal->len) == 0)
		refusal->said_by = SAID_BY_SENDER;
	mail->told++;
	mail->take(refusal, mail->arg);
}

static bool
is_refusing(const char *status)
{
	return status == NULL || *status == '4' || *status == '5' || *status == '0';
}

static void
take_entry(struct refusal *refusal, const struct notice_entry *entry)
{
	refusal->text = entry->text;
	refusal->len = entry->len;
	refusal->said_by = entry->said_by;
	if (refusal->enhanced == NULL)
		refusal->enhanced = entry->status;
}

/* The Diagnostic-Code: a reply as it is, one quoted in words ("host mx said: 554 …"), or words. */
static void
take_diagnostic(struct mail *mail, const struct dsn_recipient *recipient, struct refusal *refusal)
{
	const char *text = recipient->diagnostic;
	size_t len = strlen(text);
	struct refusal quoted;

	refusal->text = text;
	refusal->len = len;
	if (logline_code(text, len) != 0) {
		refusal->said_by = recipient->remote != NULL ? SAID_BY_SERVER : SAID_BY_UNKNOWN;
	} else if (logline_read(text, len, mail->arena, &quoted) == LOGLINE_REPLY &&
	           quoted.said_by == SAID_BY_SERVER) {
		refusal->text = quoted.text;
		refusal->len = quoted.len;
		refusal->said_by = SAID_BY_SERVER;
		refusal->stage = quoted.stage;
		if (refusal->relay == NULL)
			refusal->relay = quoted.relay;
		if (refusal->relay_ip == NULL)
			refusal->relay_ip = quoted.relay_ip;
	} else if (strcmp(recipient->type, "smtp") == 0 && recipient->remote != NULL) {
		refusal->said_by = SAID_BY_SERVER;
	}
}

/* A line that is nothing but a number ("X-Unix; 77") says nothing to people. */
static bool
is_mute(const char *diagnostic)
{
	return diagnostic == NULL || diagnostic[strspn(diagnostic, "0123456789 ")] == '\0';
}

/* What the words for people have that the status has not. */
static void
complete(const struct notice_entry *entry, bool mute, struct refusal *refusal)
{
	if (entry == NULL)
		return;
	if (mute ||
	    (entry->quoted && refusal->said_by != SAID_BY_SERVER &&
	        logline_code(refusal->text, refusal->len) == 0) ||
	    (entry->len > refusal->len && refusal->len > 0 &&
	        continues(entry->text, entry->len, refusal->text)))
		take_entry(refusal, entry);
	if (refusal->stage == STAGE_NONE)
		refusal->stage = entry->stage;
	if (refusal->relay == NULL) {
		refusal->relay = entry->relay;
		refusal->relay_ip = entry->relay_ip;
	} else if (refusal->relay_ip == NULL && entry->relay != NULL &&
	           strcasecmp(refusal->relay, entry->relay) == 0) {
		refusal->relay_ip = entry->relay_ip;
	}
}

/* Somebody was asked for; an address that only the returned message has, as a last resort. */
static const char *
returned_recipient(struct mail *mail)
{
	char *to = header_get(mail->returned, "to", mail->arena);
	struct slice address = notice_address(slice_of(to));

	return address.len > 0 ? slice_copy(address, mail->arena) : NULL;
}

static void
tell_recipient(struct mail *mail, const struct dsn_recipient *recipient)
{
	struct refusal refusal = {.stage = STAGE_NONE,
	    .recipient = recipient->final != NULL ? recipient->final : recipient->original,
	    .enhanced = recipient->status,
	    .relay = recipient->remote,
	    .relay_ip = recipient->remote_ip,
	    .queue_id = mail->dsn.queue_id,
	    .time = recipient->last_attempt != NULL ? recipient->last_attempt : mail->dsn.arrival,
	    .deferred = recipient->action == DSN_DELAYED,
	    .text = "",
	    .said_by = SAID_BY_UNKNOWN};
	bool mute = is_mute(recipient->diagnostic);

	if (recipient->action == DSN_NO_FAILURE || !is_refusing(recipient->status))
		return;
	if (refusal.recipient == NULL)
		refusal.recipient = mail->failed != NULL ? mail->failed : returned_recipient(mail);
	if (!mute)
		take_diagnostic(mail, recipient, &refusal);
	complete(find_entry(mail, refusal.recipient), mute, &refusal);
	if (refusal.len == 0 && recipient->comment != NULL) {
		refusal.text = recipient->comment;
		refusal.len = strlen(refusal.text);
	}
	if (refusal.len == 0 && refusal.enhanced == NULL)
		return;
	tell(mail, &refusal);
}

static void
tell_entry(struct mail *mail, const struct notice_entry *entry)
{
	struct refusal refusal = {.stage = entry->stage,
	    .recipient = entry->recipient,
	    .relay = entry->relay,
	    .relay_ip = entry->relay_ip,
	    .queue_id = mail->dsn.queue_id,
	    .deferred = entry->deferred,
	    .inbound = entry->inbound};

	take_entry(&refusal, entry);
	if (refusal.text == NULL)
		refusal.text = "";
	if (refusal.recipient == NULL)
		refusal.recipient = mail->failed != NULL ? mail->failed : returned_recipient(mail);
	if (refusal.recipient == NULL && !entry->quoted)
		return; /* nobody is named, and nobody quoted */
	if (refusal.len > 0 || refusal.enhanced != NULL)
		tell(mail, &refusal);
}

/* ---- parts */

static struct slice
decode(struct mail *mail, const struct mail_part *part)
{
	const char *set = header_parameter(part->content_type, "charset", mail->arena);
	struct slice body = transfer_decode(part->body, part->encoding, mail->arena);

	return charset_utf8(body, set, mail->arena, NULL);
}

/* Of lists and group services, whose words are no server's. */
static const char *const list_words[] = {"groups.google.com/support", "bin/topic.py?topic=25838",
    "not a member of this mailing list", "your message to the list was rejected",
    "rejected by the list", "rejected by a list moderator", "not allowed to post to this",
    "non-members are not allowed to post", "posting to this list is restricted",
    "only subscribers may post", "only members may post"};

static bool
is_list(struct slice text)
{
	for (size_t i = 0; i < COUNT(list_words); i++)
		if (slice_find(text, list_words[i]) != NULL)
			return true;
	return false;
}

/* "cats-owner@lists.example.org" is asked about cats@lists.example.org. */
static const char *
list_address(struct mail *mail, struct slice text)
{
	static const char *const desks[] = {"-owner", "-request", "-bounces", "-help"};
	struct slice address = notice_address(text), local;

	if (address.len == 0)
		return NULL;
	local = (struct slice){address.at, slice_until(address, "@")};
	for (size_t i = 0; i < COUNT(desks); i++)
		if (slice_ends(local, desks[i]) && local.len > strlen(desks[i]))
			return arena_printf(mail->arena, "%.*s%.*s",
			    (int)(local.len - strlen(desks[i])), local.at,
			    (int)(address.len - local.len), address.at + local.len);
	return slice_copy(address, mail->arena);
}

/* A list's or group's words are told as they are: their first paragraphs. */
static void
take_list(struct mail *mail, struct slice text, struct slice returned)
{
	struct notice *notice = &mail->notices[mail->notice_count++];
	struct notice_entry *entry;
	const char *address = list_address(mail, text);

	*notice = (struct notice){.returned = returned};
	text = slice_trim(text);
	entry = arena_push(mail->arena, &notice->entries, 0, sizeof *entry);
	notice->count = 1;
	if (text.len > NOTICE_WORDS_MAX)
		text.len = NOTICE_WORDS_MAX;
	*entry = (struct notice_entry){.text = text.at,
	    .len = text.len,
	    .recipient = mail->failed != NULL ? mail->failed : address,
	    .stage = STAGE_NONE,
	    .said_by = SAID_BY_LIST};
}

/* Only those whom X-Failed-Recipients names, where that field is there. */
static void
keep_failed(struct mail *mail, struct notice *notice)
{
	struct slice failed = slice_of(mail->all_failed);
	size_t n = 0;

	for (size_t i = 0; i < notice->count; i++)
		if (notice->entries[i].recipient != NULL &&
		    slice_find(failed, notice->entries[i].recipient) != NULL)
			n++;
	if (n == 0)
		return;
	n = 0;
	for (size_t i = 0; i < notice->count; i++)
		if (notice->entries[i].recipient != NULL &&
		    slice_find(failed, notice->entries[i].recipient) != NULL)
			notice->entries[n++] = notice->entries[i];
	notice->count = n;
}

/* What stands above a status that is quoted in a text. */
static struct slice
before_status(struct slice text)
{
	static const char *const words[] = {
	    "Reporting-MTA:", "Final-Recipient:", "Original-Recipient:", "Action:"};
	struct slice rest = text, line;

	while (slice_line(&rest, &line))
		for (size_t i = 0; i < COUNT(words); i++)
			if (slice_begins(line, words[i]))
				return (struct slice){text.at, (size_t)(line.at - text.at)};
	return text;
}

static struct slice
without_ends(struct mail *mail, struct slice text)
{
	char *out = arena_copy(mail->arena, text.at, text.len);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] != '\n' && text.at[i] != '\r')
			out[n++] = text.at[i];
	out[n] = '\0';
	return (struct slice){out, n};
}

static void
take_text(struct mail *mail, struct slice text)
{
	struct slice start = slice_trim(text), returned;
	struct notice *notice;
	bool sure;

	if (start.len == 0 || mail->notice_count == TEXTS_MAX)
		return;
	if (*start.at == '{' && mail->take_json != NULL && mail->notice_count == 0) {
		long told = mail->take_json(start, mail->arg);

		if (told < 0) /* wrapped on its way, within a string */
			told = mail->take_json(without_ends(mail, start), mail->arg);
		mail->told += told > 0 ? (unsigned long)told : 0;
		if (told >= 0)
			return;
	}
	text = notice_cut(text, &returned);
	if (is_list(text)) {
		take_list(mail, text, returned);
		return;
	}
	if (!mail->status_part && dsn_is(text)) {
		dsn_read(text, mail->arena, &mail->dsn);
		text = before_status(text);
	}
	sure = is_notice(mail) ||
	       has_one(slice_copy(text, mail->arena), notice_words, COUNT(notice_words));
	notice = &mail->notices[mail->notice_count++];
	notice_read(text, sure, mail->arena, notice);
	if (mail->all_failed != NULL)
		keep_failed(mail, notice);
	if (mail->returned.len == 0 && returned.len > 0) {
		struct slice line;

		slice_line(&returned, &line);
		while (returned.len > 0 && (*returned.at == '\n' || *returned.at == '\r'))
			returned = slice_from(returned, 1);
		parts_split(returned, &mail->returned, &returned);
	}
}

/* Is there a text/plain beside this HTML? */
static bool
has_plain_twin(const struct mail *mail, const struct mail_part *html)
{
	for (size_t i = 0; i < mail->parts.count; i++)
		if (mail->parts.items[i].parent == html->parent &&
		    strcmp(mail->parts.items[i].type, "text/plain") == 0 &&
		    &mail->parts.items[i] != html && i != html->parent)
			return true;
	return false;
}

static void read_mail(struct mail *mail, struct slice text);

/* A bounce that somebody sent on as an attachment. */
static void
take_nested(struct mail *mail, const struct mail_part *part)
{
	struct mail inner = {.arena = mail->arena,
	    .take = mail->take,
	    .take_json = mail->take_json,
	    .arg = mail->arg,
	    .nested = mail->nested + 1};
	struct slice body = transfer_decode(part->body, part->encoding, mail->arena);

	if (mail->nested == NESTED_MAX) {
		mail->unread = true;
		return;
	}
	read_mail(&inner, body);
	mail->told += inner.told;
	mail->unread |= inner.unread;
}

static void
take_returned(struct mail *mail, const struct mail_part *part)
{
	struct slice body = transfer_decode(part->body, part->encoding, mail->arena);

	if (mail->returned.len == 0)
		parts_split(body, &mail->returned, &body);
}

static const struct {
	const char *type;
	enum { STATUS, RETURNED, FEEDBACK, TEXT, HTML, TLS_REPORT, PACKED } kind;
} types[] = {
    {"message/delivery-status", STATUS},
    {"message/global-delivery-status", STATUS},
    {"message/feedback-report", FEEDBACK},
    {"message/disposition-notification", FEEDBACK},
    {"message/rfc822", RETURNED},
    {"message/global", RETURNED},
    {"message/partial", RETURNED},
    {"text/rfc822-headers", RETURNED},
    {"text/rfc822-header", RETURNED},
    {"message/rfc822-headers", RETURNED},
    {"message/global-headers", RETURNED},
    {"text/plain", TEXT},
    {"text/html", HTML},
    {"application/tlsrpt+json", TLS_REPORT},
    {"application/tlsrpt+gzip", PACKED},
};

/* Types under which reports on TLS come that should have one of their own. */
static const char *const report_types[] = {"application/gzip", "application/x-gzip",
    "application/x-gunzip", "application/octet-stream", "application/json"};

/* By the mail that it is in, or by the name of its file: "sender!domain!begin!end.json.gz" (RFC
 * 8460 section 5.1). */
static bool
is_report_file(const struct mail *mail, const struct mail_part *part)
{
	const char *file = header_parameter(part->content_type, "name", mail->arena), *disposition;

	if (mail->tls_mail)
		return true;
	disposition = header_get(part->header, "content-disposition", mail->arena);
	if (file == NULL && disposition != NULL)
		file = header_parameter(disposition, "filename", mail->arena);
	return file != NULL && strchr(file, '!') != NULL && strstr(file, ".json") != NULL;
}

static int
kind_of(const struct mail *mail, const struct mail_part *part)
{
	for (size_t i = 0; i < COUNT(types); i++)
		if (strcmp(part->type, types[i].type) == 0)
			return (int)types[i].kind;
	for (size_t i = 0; i < COUNT(report_types); i++)
		if (strcmp(part->type, report_types[i]) == 0 && is_report_file(mail, part))
			return PACKED;
	return -1;
}

/* A report on TLS (RFC 8460 section 5.3); the words beside it are for people. */
static void
take_tls_report(struct mail *mail, const struct mail_part *part, bool packed)
{
	struct slice body = transfer_decode(part->body, part->encoding, mail->arena);
	long told = 1;

	if (packed)
		mail->take(&(const struct refusal){.text = "", .packed = body}, mail->arg);
	else
		told = mail->take_json != NULL ? mail->take_json(body, mail->arg) : 0;
	mail->told += told > 0 ? (unsigned long)told : 0;
}

static void
take_part(struct mail *mail, const struct mail_part *part, int kind)
{
	if (kind == TLS_REPORT || kind == PACKED)
		take_tls_report(mail, part, kind == PACKED);
	else if (kind == RETURNED)
		take_returned(mail, part);
	else if (kind == TEXT)
		take_text(mail, decode(mail, part));
	else if (kind == HTML && !has_plain_twin(mail, part))
		take_text(mail, html_text(decode(mail, part), mail->arena));
}

/* Google's trace fields have addresses of its own network. */
static bool
is_name(const char *host)
{
	return strchr(host, ':') == NULL;
}

/* Who first passed the notice on: "by mx.example.com" of the oldest trace field that names a host.
 */
static const char *
first_hop(struct mail *mail)
{
	struct slice rest = mail->header, name, value;
	const char *host = NULL, *next, *ip;

	while (header_next(&rest, &name, &value)) {
		struct slice text = value;
		const char *by = NULL;

		if (!slice_is(name, "received"))
			continue;
		if (slice_begins(slice_trim(text), "by "))
			by = slice_trim(text).at;
		else
			by = slice_find(text, " by ");
		if (by == NULL)
			by = slice_find(text, "\tby ");
		if (by == NULL)
			continue;
		text = slice_from(text, (size_t)(by - text.at));
		text = slice_trim(slice_from(text, 3 + (is_blank(*by) ? 1 : 0)));
		text.len = slice_until(text, " \t\r\n;(");
		next = text.len > 0 ? host_read(text, mail->arena, &ip) : NULL;
		if (next != NULL && strcmp(next, "m-filter") == 0)
			continue; /* a program */
		if (next != NULL && (host == NULL || is_name(next) || !is_name(host)))
			host = next;
	}
	return host;
}

static void
read_header(struct mail *mail)
{
	const char *failed;

	mail->header = mail->parts.items[0].header;
	mail->date = field(mail, "date");
	mail->tls_mail = field(mail, "tls-report-domain") != NULL;
	failed = field(mail, "x-failed-recipients");
	if (failed != NULL)
		mail->failed = arena_copy(mail->arena, failed, strcspn(failed, " ,\t"));
}

/* The words come after the status: whether there is one decides how they are read. What comes
 * behind a returned message is its attachment, or a list's footer. */
static void
read_parts(struct mail *mail)
{
	bool returned = false;

	for (size_t i = 0; i < mail->parts.count; i++) {
		const struct mail_part *part = &mail->parts.items[i];
		int kind = part->multipart ? -1 : kind_of(mail, part);

		mail->feedback = mail->feedback || kind == FEEDBACK;
		mail->tls_report = mail->tls_report || kind == TLS_REPORT || kind == PACKED;
		if (kind != STATUS)
			continue;
		mail->status_part = true;
		dsn_read(decode(mail, part), mail->arena, &mail->dsn);
	}
	for (size_t i = 0; i < mail->parts.count && !mail->feedback; i++) {
		const struct mail_part *part = &mail->parts.items[i];
		int kind = part->multipart ? -1 : kind_of(mail, part);

		if (mail->tls_report && kind != TLS_REPORT && kind != PACKED)
			continue;
		if (!returned || kind == RETURNED)
			take_part(mail, part, kind);
		returned = returned || kind == RETURNED;
	}
}

static bool
has_quoted(const struct mail *mail)
{
	for (size_t i = 0; i < mail->notice_count; i++)
		for (size_t k = 0; k < mail->notices[i].count; k++)
			if (mail->notices[i].entries[k].quoted)
				return true;
	return false;
}

static void
tell_all(struct mail *mail)
{
	for (size_t i = 0; i < mail->dsn.count; i++)
		tell_recipient(mail, &mail->dsn.recipients[i]);
	if (mail->told > 0 || mail->dsn.count > 0)
		return;
	for (size_t i = 0; i < mail->parts.count && mail->told == 0 && !has_quoted(mail); i++)
		if (strcmp(mail->parts.items[i].type, "message/rfc822") == 0)
			take_nested(mail, &mail->parts.items[i]);
	for (size_t i = 0; i < mail->notice_count && mail->told == 0; i++)
		for (size_t k = 0; k < mail->notices[i].count; k++)
			tell_entry(mail, &mail->notices[i].entries[k]);
}

static void
read_mail(struct mail *mail, struct slice text)
{
	parts_read(text, mail->arena, &mail->parts);
	mail->unread |= mail->parts.too_many || mail->parts.too_deep;
	read_header(mail);
	read_parts(mail);
	if (!mail->status_part && mail->dsn.count == 0 && dsn_is(mail->header))
		dsn_read(text, mail->arena, &mail->dsn); /* the fields alone, without their mail */
	if (mail->feedback || is_success(mail))
		return;
	mail->reporter = mail->dsn.reporter != NULL ? mail->dsn.reporter : first_hop(mail);
	if (mail->nested == 0 || is_report(mail))
		tell_all(mail);
}

unsigned long
bounce_read(struct slice text, refusal_take *take, json_take *take_json, void *arg, bool *unread)
{
	struct mail mail = {.arena = arena_new(), .take = take, .take_json = take_json, .arg = arg};

	read_mail(&mail, text);
	*unread = mail.unread;
	arena_free(mail.arena);
	return mail.told;
}

/* ---- line by line */

struct bounce {
	refusal_take *take;
	json_take *take_json;
	void *arg;
	struct buf text;
	char boundary[BOUNDARY_MAX + 1]; /* of the outermost multipart, "" if there is none */
	bool body; /* the header is over */
	bool parted; /* a delimiter was seen */
};

static const char *const first_fields[] = {"return-path", "received", "delivered-to",
    "x-original-to", "date", "from", "to", "subject", "mime-version", "message-id",
    "auto-submitted", "content-type", "x-failed-recipients", "reporting-mta", "final-recipient",
    "original-recipient", "diagnostic-code", "remote-mta", "arrival-date", "envelope-to",
    "authentication-results", "arc-seal", "arc-message-signature", "arc-authentication-results",
    "dkim-signature", "reply-to", "sender", "x-gm-message-state", "x-received", "received-spf",
    "x-mozilla-status", "x-account-key", "original-envelope-id", "message-id",
    "content-transfer-encoding", "mailing-list", "list-id", "x-mailer", "errors-to", "priority"};

struct bounce *
bounce_new(refusal_take *take, json_take *take_json, void *arg)
{
	struct bounce *bounce = must_alloc(sizeof *bounce);

	*bounce = (struct bounce){.take = take, .take_json = take_json, .arg = arg};
	buf_init(&bounce->text, BOUNCE_MAX);
	return bounce;
}

void
bounce_free(struct bounce *bounce)
{
	if (bounce == NULL)
		return;
	buf_release(&bounce->text);
	free(bounce);
}

/* "From joe@example.com Thu Nov 26 10:00:00 2026" */
bool
bounce_from(const char *line, size_t len)
{
	struct slice rest = {line, len}, word;
	bool clock = false, year = false;

	if (len < 10 || memcmp(line, "From ", 5) != 0)
		return false;
	for (unsigned i = 0; i < 12 && slice_word(&rest, " \t", &word); i++) {
		clock = clock || (word.len >= 5 && word.at[2] == ':' && is_digit(word.at[3]));
		year = year || (slice_span(word, "0123456789") == 4 &&
		                   (word.len == 4 || word.at[4] == '-'));
	}
	return clock && year;
}

bool
bounce_begins(const char *line, size_t len)
{
	struct slice name = {line, header_name((struct slice){line, len})};

	if (bounce_from(line, len))
		return true;
	if (name.len == 0 || (name.len + 1 < len && !is_blank(line[name.len + 1])))
		return false;
	if (slice_begins(name, "X-") && !slice_is(name, "x-supplementary-info"))
		return true;
	for (size_t i = 0; i < COUNT(first_fields); i++)
		if (slice_is(name, first_fields[i]))
			return true;
	return false;
}

/* The header is over: which boundary will end the mail? */
static void
end_header(struct bounce *bounce)
{
	struct arena *arena = arena_new();
	struct slice header = {bounce->text.data, bounce->text.len};
	char *type = header_get(header, "content-type", arena);
	char *boundary = type != NULL ? header_parameter(type, "boundary", arena) : NULL;

	if (boundary != NULL && strlen(boundary) <= BOUNDARY_MAX)
		strcpy(bounce->boundary, boundary);
	bounce->body = true;
	arena_free(arena);
}

static bool
is_last(struct bounce *bounce, struct slice line)
{
	size_t len = strlen(bounce->boundary);

	if (len == 0 || line.len < len + 2 || line.at[0] != '-' || line.at[1] != '-' ||
	    memcmp(line.at + 2, bounce->boundary, len) != 0)
		return false;
	bounce->parted = true;
	return slice_same(slice_trim(slice_from(line, len + 2)), "--");
}

bool
bounce_line(struct bounce *bounce, const char *line, size_t len)
{
	bool last = bounce->body && is_last(bounce, (struct slice){line, len});

	if (bounce->text.len == 0 && bounce_from(line, len))
		return false;
	if (len == 0 && !bounce->body)
		end_header(bounce);
	if (!bounce->text.full) { /* all of a line, or no more of the mail */
		buf_add(&bounce->text, line, len);
		if (!bounce->text.full)
			buf_putc(&bounce->text, '\n');
	}
	return last;
}

bool
bounce_open(const struct bounce *bounce)
{
	return bounce->parted;
}

unsigned long
bounce_end(struct bounce *bounce, bool *unread)
{
	unsigned long told = bounce_read((struct slice){bounce->text.data, bounce->text.len},
	    bounce->take, bounce->take_json, bounce->arg, unread);

	buf_clear(&bounce->text);
	memset(bounce->boundary, 0, sizeof bounce->boundary);
	bounce->body = bounce->parted = false;
	return told;
}
