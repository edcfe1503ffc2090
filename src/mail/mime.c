#include "mail/mime.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "base/utf8.h"

enum {
	BASE64_BYTES = 57,
	QP_LINE = 76,
	WORD_BYTES = 39
}; /* octets in a base64 line of 76; octets in an encoded word, which then fits behind "Subject: "
    */

static const char upper_hex[] = "0123456789ABCDEF";

/* At most BASE64_BYTES. */
static void
add_base64(const char *bytes, size_t len, struct buf *out)
{
	unsigned char text[BASE64_BYTES / 3 * 4 + 1];
	int written = EVP_EncodeBlock(text, (const unsigned char *)bytes, (int)len);

	buf_add(out, text, (size_t)written);
}

void
mime_base64(const char *bytes, size_t len, struct buf *out)
{
	for (size_t n; len > 0; bytes += n, len -= n) {
		n = len < BASE64_BYTES ? len : BASE64_BYTES;
		add_base64(bytes, n, out);
		buf_puts(out, "\r\n");
	}
}

static void
add_escaped(char escape, unsigned char c, struct buf *out)
{
	char three[3] = {escape, upper_hex[c >> 4], upper_hex[c & 15]};

	buf_add(out, three, sizeof three);
}

void
mime_quoted_printable(const char *line, size_t len, struct buf *out)
{
	size_t column = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];
		bool plain = (c > ' ' && c < 0x7f && c != '=') ||
		             (is_blank(line[i]) &&
		                 i + 1 < len); /* a blank at the end of a line may get lost */
		size_t width = plain ? 1 : 3;

		if (column + width > QP_LINE - 1) {
			buf_puts(out, "=\r\n");
			column = 0;
		}
		if (plain)
			buf_putc(out, line[i]);
		else
			add_escaped('=', c, out);
		column += width;
	}
	buf_puts(out, "\r\n");
}

/* ---- encoded words */

struct word {
	const char *start;
	size_t len;
	bool quoted; /* all of it is one quoted-string */
};

/* The word at `s`, which is not blank. In addresses, a quoted-string may have blanks in it. False:
 * one has no end. */
static bool
word_at(const char *s, enum mime_field field, struct word *word)
{
	bool inside = false;
	size_t i, closed = 0;

	for (i = 0; s[i] != '\0' && (inside || !is_blank(s[i])); i++) {
		if (field != MIME_ADDRESSES)
			continue;
		if (inside && s[i] == '\\' && s[i + 1] != '\0') {
			i++;
		} else if (s[i] == '"') {
			if (inside && closed == 0)
				closed = i;
			inside = !inside;
		}
	}
	*word = (struct word){
	    .start = s, .len = i, .quoted = s[0] == '"' && closed > 0 && closed + 1 == i};
	return !inside;
}

/* An addr-spec, in angle brackets or not. */
static bool
is_address(const struct word *word)
{
	size_t skip = word->start[0] == '<';

	return !word->quoted && memchr(word->start, '@', word->len) != NULL &&
	       memchr(word->start + skip, '<', word->len - skip) == NULL;
}

static bool
needs_encoding(const struct word *word, enum mime_field field)
{
	return !slice_is_ascii((struct slice){word->start, word->len}) &&
	       (field != MIME_ADDRESSES || !is_address(word));
}

/* May the word become an encoded word without a change of what the field means (RFC 2047 section 5,
 * rule 3)? */
static bool
is_encodable(const struct word *word, enum mime_field field)
{
	if (field != MIME_ADDRESSES || word->quoted)
		return true;
	for (size_t i = 0; i < word->len; i++)
		if (strchr("()<>[]:;@\\,\"", word->start[i]) != NULL)
			return false;
	return true;
}

static void
add_plain(const struct word *word, struct buf *out)
{
	if (!word->quoted) {
		buf_add(out, word->start, word->len);
		return;
	}
	for (size_t i = 1; i + 1 < word->len; i++) {
		if (word->start[i] == '\\')
			i++;
		buf_putc(out, word->start[i]);
	}
}

/* As many characters a word as fit, never a part of one (RFC 2047 section 5). */
static void
add_encoded(const char *text, size_t len, struct buf *out)
{
	for (size_t n; len > 0; text += n, len -= n) {
		for (n = 0; n < len && n + utf8_len(text + n, len - n) <= WORD_BYTES;)
			n += utf8_len(text + n, len - n);
		buf_puts(out, "=?UTF-8?B?");
		add_base64(text, n, out);
		buf_puts(out, n < len ? "?= " : "?=");
	}
}

/* Encodes the word and those that follow and need it too: blanks between encoded words are not
 * shown, so they go in with them. Returns where it stopped. */
static const char *
encode_run(struct word word, enum mime_field field, struct buf *out, const char **why)
{
	struct buf text;
	const char *end;

	buf_init(&text,
	    strlen(
	        word.start)); /* what is encoded is never longer than what is left of the value */
	for (;;) {
		size_t blanks;

		if (!is_encodable(&word, field))
			*why = "a name that is not ASCII has to be plain words or in quotes, with "
			       "a space before the address";
		add_plain(&word, &text);
		end = word.start + word.len;
		for (blanks = 0; is_blank(end[blanks]);)
			blanks++;
		if (end[blanks] == '\0' || !word_at(end + blanks, field, &word) ||
		    !needs_encoding(&word, field))
			break;
		buf_add(&text, end, blanks);
	}
	add_encoded(text.data, text.len, out);
	buf_release(&text);
	return end;
}

bool
mime_is_plain(const char *value, enum mime_field field)
{
	return text_is_ascii(value) && (field != MIME_ADDRESSES || strchr(value, '"') == NULL);
}

bool
mime_words(const char *value, enum mime_field field, struct buf *out, const char **why)
{
	struct word word;

	*why = NULL;
	if (field == MIME_TOKENS && !text_is_ascii(value))
		*why = "this header takes ASCII only";
	while (*value != '\0' && *why == NULL) {
		if (is_blank(*value)) {
			buf_putc(out, *value++);
		} else if (!word_at(value, field, &word)) {
			*why = "a quoted string has no end";
		} else if (needs_encoding(&word, field)) {
			value = encode_run(word, field, out, why);
		} else {
			buf_add(out, word.start, word.len);
			value += word.len;
		}
	}
	return *why == NULL;
}

/* ---- header fields */

bool
mime_fold(const char *name, const char *value, struct buf *out, const char **why)
{
	size_t column = strlen(name) + 1;

	buf_puts(out, name);
	buf_puts(out, ":");
	for (bool first = true; *value != '\0'; first = false) {
		const char *blanks = first ? " " : value;
		size_t blank = first ? 1 : strspn(value, " \t");
		const char *word = first ? value : value + blank;
		size_t len = strcspn(word, " \t");

		if (column + blank + len > MIME_LINE_GOOD) {
			buf_puts(out, "\r\n");
			column = 0;
		}
		buf_add(out, blanks, blank);
		buf_add(out, word, len);
		column += blank + len;
		if (column > MIME_LINE_MAX) {
			*why = "a word in a header is longer than a line may be (998 octets)";
			return false;
		}
		value = word + len;
	}
	buf_puts(out, "\r\n");
	return true;
}

static bool
is_attribute_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '.' || c == '_';
}

void
mime_parameter(const char *name, const char *value, struct buf *out)
{
	buf_puts(out, name);
	if (text_is_ascii(value)) {
		buf_puts(out, "=\"");
		for (; *value != '\0'; value++) {
			if (*value == '"' || *value == '\\')
				buf_putc(out, '\\');
			buf_putc(out, *value);
		}
		buf_putc(out, '"');
		return;
	}
	buf_puts(out, "*=UTF-8''");
	for (; *value != '\0'; value++)
		if (is_attribute_char(*value))
			buf_putc(out, *value);
		else
			add_escaped('%', (unsigned char)*value, out);
}
