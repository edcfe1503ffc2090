#include <string.h>

#include "base/buf.h"
#include "isolate/kinds.h"
#include "isolate/layout.h"
#include "isolate/pieces.h"
#include "mail/mime.h"

enum { SHORT = 64 }; /* octets of neutral words, where the size is not to be kept */

static const char neutral_host[] = "https://example.com/";

struct pieces_writer {
	const struct pieces_plan *plan;
	const struct layout *layout;
	struct buf *out;
};

static bool
is_sent(const struct pieces_writer *writer, int piece)
{
	return piece < 0 || (writer->plan->sent >> piece & 1) != 0;
}

/* ---- neutral words */

/* In the place of `old`: its line ends stay where they are. */
static void
put_words(const struct pieces_writer *writer, struct slice old, struct buf *out)
{
	const char *words = writer->plan->kinds->text;
	size_t len = strlen(words);

	for (size_t i = 0; i < old.len; i++)
		buf_putc(out, old.at[i] == '\n' || old.at[i] == '\r' ? old.at[i] : words[i % len]);
}

/* As many octets in lines, as base64. */
static void
put_file(const struct pieces_writer *writer, size_t len)
{
	const char *words = writer->plan->kinds->text;
	size_t words_len = strlen(words);
	struct buf file;

	if (!is_sent(writer, writer->layout->size_piece) && len > SHORT)
		len = SHORT;
	buf_init(&file, len);
	for (size_t i = 0; i < len; i++)
		buf_putc(&file, i % 72 == 71 ? '\n' : words[i % words_len]);
	mime_base64(file.data, file.len, writer->out);
	buf_release(&file);
}

/* ---- the header */

static void
put_subject(const struct pieces_writer *writer)
{
	buf_printf(writer->out, "Subject: %s", writer->plan->kinds->subject);
	if (writer->plan->tag != NULL)
		buf_printf(writer->out, " [mxwalk isolate %s]", writer->plan->tag);
	buf_puts(writer->out, "\r\n");
}

/* The address without its display name. */
static void
put_author(const struct pieces_writer *writer, const struct mail_field *field)
{
	struct slice value = slice_trim(field_value(field));
	const char *open = memchr(value.at, '<', value.len);

	buf_puts(writer->out, "From: ");
	buf_add(writer->out, open, (size_t)(value.at + value.len - open));
	buf_puts(writer->out, "\r\n");
}

static void
put_field(const struct pieces_writer *writer, size_t i)
{
	const struct layout *layout = writer->layout;
	const struct mail_field *field = &layout->fields.items[i];
	int piece = layout->field_piece[i];

	if (layout->field_dropped[i])
		return;
	if (field_is(field, "From") && !is_sent(writer, layout->author_piece)) {
		put_author(writer, field);
	} else if (is_sent(writer, piece)) {
		buf_add(writer->out, field->at, field->len);
		buf_puts(writer->out, "\r\n");
	} else if (field_is(field, "Subject")) {
		put_subject(writer);
	}
}

static void
put_own_fields(const struct pieces_writer *writer)
{
	const struct mail_fields *fields = &writer->layout->fields;

	if (writer->plan->message_id != NULL)
		buf_printf(writer->out, "Message-ID: %s\r\n", writer->plan->message_id);
	for (size_t i = 0; writer->plan->message_id == NULL && i < fields->count; i++)
		if (field_is(&fields->items[i], "Message-ID")) {
			buf_add(writer->out, fields->items[i].at, fields->items[i].len);
			buf_puts(writer->out, "\r\n");
		}
	if (writer->plan->tag != NULL)
		buf_printf(writer->out, "X-Mxwalk-Isolate: %s\r\n", writer->plan->tag);
}

/* ---- texts */

static void
put_link(const struct pieces_writer *writer, const struct layout_span *span, struct slice text,
    struct buf *out)
{
	if (!is_sent(writer, (int)span->piece)) {
		buf_puts(out, neutral_host);
	} else {
		buf_add(out, text.at, span->host_len);
		buf_putc(out, '/');
	}
}

static bool
is_kept(const struct pieces_writer *writer, const struct layout_span *span)
{
	return is_sent(writer, (int)span->piece) &&
	       !(span->fill == FILL_LINK && (writer->plan->bare >> span->piece & 1) != 0);
}

static void
fill(const struct pieces_writer *writer, const struct message_leaf *leaf, struct buf *out)
{
	size_t at = 0;

	for (size_t i = 0; i < leaf->span_count; i++) {
		const struct layout_span *span = &leaf->spans[i];
		struct slice text = {leaf->body.at + span->start, span->end - span->start};

		if (span->start < at || is_kept(writer, span))
			continue; /* within one that is left out, or sent */
		buf_add(out, leaf->body.at + at, span->start - at);
		at = span->end;
		if (span->fill == FILL_WORDS)
			put_words(writer, text, out);
		else if (span->fill == FILL_LINK)
			put_link(writer, span, text, out);
	}
	buf_add(out, leaf->body.at + at, leaf->body.len - at);
}

static bool
is_whole(const struct pieces_writer *writer, const struct message_leaf *leaf)
{
	for (size_t i = 0; i < leaf->span_count; i++)
		if (!is_kept(writer, &leaf->spans[i]))
			return false;
	return is_sent(writer, leaf->name_piece) && is_sent(writer, leaf->bytes_piece);
}

/* In the encoding that the part has. */
static void
put_text(const struct pieces_writer *writer, const struct message_leaf *leaf)
{
	struct slice encoding = slice_of(leaf->part->encoding), rest, line;
	struct buf text;

	buf_init(&text, writer->out->max);
	fill(writer, leaf, &text);
	if (slice_same(encoding, "base64")) {
		mime_base64(text.data, text.len, writer->out);
	} else if (slice_same(encoding, "quoted-printable")) {
		rest = (struct slice){text.data, text.len};
		while (slice_line(&rest, &line))
			mime_quoted_printable(line.at, line.len, writer->out);
	} else {
		buf_add(writer->out, text.data, text.len);
	}
	buf_release(&text);
}

/* ---- attachments */

static void
put_attachment_header(const struct pieces_writer *writer, const struct message_leaf *leaf)
{
	bool named = is_sent(writer, leaf->name_piece);

	if (named && is_sent(writer, leaf->bytes_piece)) {
		buf_add(writer->out, leaf->part->header.at, leaf->part->header.len);
		return;
	}
	if (named && leaf->name_piece >= 0) {
		struct slice rest = leaf->part->header, line;
		bool skip = false;

		/* as it was, but for the encoding */
		while (slice_line(&rest, &line) && line.len > 0) {
			if (!is_blank(*line.at))
				skip = slice_begins(line, "Content-Transfer-Encoding:");
			if (skip)
				continue;
			buf_add(writer->out, line.at, line.len);
			buf_puts(writer->out, "\r\n");
		}
	} else {
		const char *name = is_sent(writer, leaf->bytes_piece) ? "a.bin" : "a.txt";
		const char *type =
		    is_sent(writer, leaf->bytes_piece) ? "application/octet-stream" : "text/plain";

		buf_printf(writer->out,
		    "Content-Type: %s; name=\"%s\"\r\nContent-Disposition: attachment; "
		    "filename=\"%s\"\r\n",
		    type, name, name);
	}
	if (is_sent(writer, leaf->bytes_piece))
		buf_printf(writer->out, "%s%s%s",
		    *leaf->part->encoding != '\0' ? "Content-Transfer-Encoding: " : "",
		    leaf->part->encoding, *leaf->part->encoding != '\0' ? "\r\n" : "");
	else
		buf_puts(writer->out, "Content-Transfer-Encoding: base64\r\n");
	buf_puts(writer->out, "\r\n");
}

static void
put_attachment(const struct pieces_writer *writer, const struct message_leaf *leaf)
{
	size_t len = leaf->part->body.len;

	if (is_sent(writer, leaf->bytes_piece))
		buf_add(writer->out, leaf->part->body.at, len);
	else
		put_file(writer, strcmp(leaf->part->encoding, "base64") == 0 ? len / 4 * 3 : len);
}

/* ---- the message */

static void
put_leaf(const struct pieces_writer *writer, const struct message_leaf *leaf)
{
	const struct mail_part *part = leaf->part;

	if (is_whole(writer, leaf)) {
		buf_add(writer->out, part->header.at, part->header.len);
		buf_add(writer->out, part->body.at, part->body.len);
	} else if (leaf->text) {
		buf_add(writer->out, part->header.at, part->header.len);
		put_text(writer, leaf);
	} else {
		put_attachment_header(writer, leaf);
		put_attachment(writer, leaf);
	}
}

/* The header of the message is written field by field; what is between parts goes as it is. */
static void
put_parts(const struct pieces_writer *writer)
{
	const struct layout *layout = writer->layout;
	struct slice message = layout->message;
	const char *at =
	    layout->fields.body_len > 0 ? layout->fields.body : message.at + message.len;

	for (size_t i = 0; i < layout->leaf_count; i++) {
		const struct message_leaf *leaf = &layout->leaves[i];
		const struct mail_part *part = leaf->part;

		if (part->header.at < at)
			continue;
		buf_add(writer->out, at, (size_t)(part->header.at - at));
		put_leaf(writer, leaf);
		at = part->body.at + part->body.len;
	}
	buf_add(writer->out, at, (size_t)(message.at + message.len - at));
}

/* A message of one part: its fields are those of the message. */
static void
put_single(const struct pieces_writer *writer)
{
	const struct layout *layout = writer->layout;
	const struct message_leaf *leaf = layout->leaves;

	if (layout->leaf_count == 0) /* a multipart of nothing */
		buf_add(writer->out, layout->fields.body, layout->fields.body_len);
	else if (leaf->text && !is_whole(writer, leaf))
		put_text(writer, leaf);
	else if (!leaf->text && !is_sent(writer, leaf->bytes_piece))
		put_words(writer, leaf->part->body, writer->out);
	else
		buf_add(writer->out, leaf->part->body.at, leaf->part->body.len);
}

static void
put_control(const struct pieces_writer *writer)
{
	const struct layout *layout = writer->layout;
	const struct kinds *kinds = writer->plan->kinds;
	size_t len = strlen(kinds->text);

	for (size_t i = 0; i < layout->fields.count; i++) {
		const struct mail_field *field = &layout->fields.items[i];

		if (field_is(field, "From") && layout->author_piece >= 0) {
			put_author(writer, field);
		} else if (field_is(field, "From") || field_is(field, "Date")) {
			buf_add(writer->out, field->at, field->len);
			buf_puts(writer->out, "\r\n");
		}
	}
	buf_printf(writer->out, "To: <%s>\r\n", writer->plan->to);
	put_subject(writer);
	put_own_fields(writer);
	buf_puts(writer->out, "MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n");
	for (size_t i = 0; i < len; i += 72) {
		buf_add(writer->out, kinds->text + i, len - i < 72 ? len - i : 72);
		buf_puts(writer->out, "\r\n");
	}
}

void
pieces_write(const struct pieces *pieces, const struct pieces_plan *plan, struct buf *out)
{
	const struct pieces_writer writer = {plan, pieces->layout, out};

	if (plan->control) {
		put_control(&writer);
		return;
	}
	put_own_fields(&writer);
	for (size_t i = 0; i < pieces->layout->fields.count; i++)
		put_field(&writer, i);
	buf_puts(out, "\r\n");
	if (pieces->layout->single)
		put_single(&writer);
	else
		put_parts(&writer);
	/* what was left out may have gone to the very end */
	if (out->len < 2 || memcmp(out->data + out->len - 2, "\r\n", 2) != 0)
		buf_puts(out, "\r\n");
}
