#include "auth/dkim_canon.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

const char *
dkim_canon_name(enum dkim_canon canon)
{
	return canon == DKIM_RELAXED ? "relaxed" : "simple";
}

static size_t
skip_line_end(size_t at, size_t len)
{
	return len - at >= 2 ? at + 2 : len;
}

/* ---- the header */

/* ---- canonical forms */

/* Each run of white space becomes one space; what stands at the end goes. */
static void
squeeze(const char *text, size_t len, struct buf *out)
{
	size_t from;

	while (len > 0 && is_blank(text[len - 1]))
		len--;
	for (size_t at = 0; at < len;) {
		for (from = at; at < len && !is_blank(text[at]); at++)
			;
		buf_add(out, text + from, at - from);
		if (at < len)
			buf_putc(out, ' ');
		while (at < len && is_blank(text[at]))
			at++;
	}
}

static void
relax_field(const char *field, size_t len, struct buf *out)
{
	const char *colon = memchr(field, ':', len);
	size_t at = colon != NULL ? (size_t)(colon - field) : len, name = at;
	struct buf line;

	while (name > 0 && is_blank(field[name - 1]))
		name--;
	for (size_t i = 0; i < name; i++)
		buf_putc(out, to_lower(field[i]));
	if (colon == NULL)
		return;
	buf_putc(out, ':');
	buf_init(&line, len);
	for (at++; at < len;) { /* unfolding: the CRLF goes, the white space behind it stays */
		size_t end = at + until_crlf(field + at, len - at);

		buf_add(&line, field + at, end - at);
		at = skip_line_end(end, len);
	}
	for (at = 0; at < line.len && is_blank(line.data[at]); at++)
		;
	squeeze(line.data + at, line.len - at, out);
	buf_release(&line);
}

void
dkim_canon_field(enum dkim_canon canon, const char *field, size_t len, struct buf *out)
{
	if (canon == DKIM_SIMPLE)
		buf_add(out, field, len);
	else
		relax_field(field, len, out);
}

static void
simple_body(const char *body, size_t len, struct buf *out)
{
	while (len >= 2 && body[len - 2] == '\r' && body[len - 1] == '\n')
		len -= 2;
	buf_add(out, body, len);
	buf_puts(out, "\r\n"); /* an empty body, too, becomes one line end (3.4.3) */
}

static void
relaxed_body(const char *body, size_t len, struct buf *out)
{
	size_t empty = 0;

	for (size_t at = 0; at < len;) {
		size_t line = until_crlf(body + at, len - at), used = line;

		while (used > 0 && is_blank(body[at + used - 1]))
			used--;
		if (used == 0) {
			empty++;
		} else {
			for (; empty > 0; empty--) /* those at the end never come here */
				buf_puts(out, "\r\n");
			squeeze(body + at, used, out);
			buf_puts(out, "\r\n");
		}
		at = skip_line_end(at + line, len);
	}
}

void
dkim_canon_body(enum dkim_canon canon, const char *body, size_t len, struct buf *out)
{
	if (canon == DKIM_SIMPLE)
		simple_body(body, len, out);
	else
		relaxed_body(body, len, out);
}

/* ---- hashes */

static bool
sha256(const char *bytes, size_t len, unsigned char hash[DKIM_HASH])
{
	return EVP_Digest(bytes, len, hash, NULL, EVP_sha256(), NULL) == 1;
}

bool
dkim_hash_body(const struct mail_fields *message, enum dkim_canon canon,
    const unsigned long long *limit, unsigned char hash[DKIM_HASH], unsigned long long *total)
{
	struct buf body;
	bool done;

	buf_init(&body, message->body_len + 2);
	dkim_canon_body(canon, message->body, message->body_len, &body);
	*total = body.len;
	done =
	    sha256(body.data, limit != NULL && *limit < body.len ? (size_t)*limit : body.len, hash);
	buf_release(&body);
	return done;
}

static const struct mail_field *
take_last(const struct mail_fields *message, const char *name, bool taken[FIELDS_MAX])
{
	for (size_t i = message->count; i-- > 0;)
		if (!taken[i] && field_is(&message->items[i], name)) {
			taken[i] = true;
			return &message->items[i];
		}
	return NULL;
}

bool
dkim_hash_header(const struct mail_fields *message, enum dkim_canon canon, const char *const *names,
    size_t count, const struct mail_field *skip, const char *own, size_t own_len,
    unsigned char hash[DKIM_HASH])
{
	bool taken[FIELDS_MAX] = {false};
	size_t max = own_len;
	struct buf text;
	bool done;

	if (skip != NULL)
		taken[skip - message->items] = true;
	for (size_t i = 0; i < message->count; i++)
		max += message->items[i].len + 2;
	buf_init(&text, max);
	for (size_t i = 0; i < count; i++) {
		const struct mail_field *field = take_last(message, names[i], taken);

		if (field == NULL)
			continue;
		dkim_canon_field(canon, field->at, field->len, &text);
		buf_puts(&text, "\r\n");
	}
	dkim_canon_field(canon, own, own_len, &text);
	done = sha256(text.data, text.len, hash);
	buf_release(&text);
	return done;
}
