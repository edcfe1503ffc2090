#include "base/shown.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"

/* Unicode's Cc, Cf, Zl, Zp, and what else is Default_Ignorable or blank without being a space;
 * sorted. Noncharacters are those whose last sixteen bits are FFFE or FFFF, beside U+FDD0. */
static const struct {
	uint32_t first, last;
} hidden[] = {
    {0x0000, 0x001f}, /* C0 */
    {0x007f, 0x009f}, /* DEL, C1 */
    {0x00ad, 0x00ad}, /* soft hyphen */
    {0x034f, 0x034f}, /* combining grapheme joiner */
    {0x0600, 0x0605}, /* Arabic number signs */
    {0x061c, 0x061c}, /* Arabic letter mark */
    {0x06dd, 0x06dd}, {0x070f, 0x070f}, {0x0890, 0x0891}, {0x08e2, 0x08e2},
    {0x115f, 0x1160}, /* Hangul fillers */
    {0x17b4, 0x17b5}, {0x180b, 0x180f}, /* Mongolian selectors */
    {0x200b, 0x200f}, /* zero-width, marks of direction */
    {0x2028, 0x202e}, /* line, paragraph; bidirectional embeddings, overrides */
    {0x2060, 0x206f}, /* word joiner, isolates */
    {0x3164, 0x3164}, /* Hangul filler */
    {0xfdd0, 0xfdef}, /* noncharacters */
    {0xfe00, 0xfe0f}, /* variation selectors */
    {0xfeff, 0xfeff}, /* zero-width no-break space, BOM */
    {0xffa0, 0xffa0}, {0xfff0, 0xfffb}, /* interlinear annotation */
    {0x110bd, 0x110bd}, {0x110cd, 0x110cd}, {0x13430, 0x1343f}, {0x1bca0, 0x1bca3},
    {0x1d173, 0x1d17a}, {0xe0000, 0xe0fff}, /* tags, variation selectors */
};

bool
shown_as_it_is(uint32_t code)
{
	size_t low = 0, high = sizeof hidden / sizeof *hidden;

	if (code >= 0x20 && code < 0x7f)
		return true;
	if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff) || (code & 0xfffe) == 0xfffe)
		return false;
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (code > hidden[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low == sizeof hidden / sizeof *hidden || code < hidden[low].first;
}

size_t
shown_next(const char *bytes, size_t left, char escape[SHOWN_ESCAPE])
{
	size_t len = utf8_len(bytes, left);
	uint32_t code = len > 0 ? utf8_code(bytes, len) : 0;

	*escape = '\0';
	if (len > 0 && shown_as_it_is(code))
		return len;
	if (len < 2)
		snprintf(escape, SHOWN_ESCAPE, "\\x%02x", (unsigned char)*bytes);
	else
		snprintf(escape, SHOWN_ESCAPE, "\\u{%04X}", (unsigned)code);
	return len > 0 ? len : 1;
}

void
shown_add(struct buf *out, const char *bytes, size_t len)
{
	char escape[SHOWN_ESCAPE];
	size_t good = 0; /* where those begin that stand for themselves */

	for (size_t i = 0; i < len;) {
		size_t n = shown_next(bytes + i, len - i, escape);

		if (*escape != '\0') {
			buf_add(out, bytes + good, i - good);
			buf_puts(out, escape);
			good = i + n;
		}
		i += n;
	}
	buf_add(out, bytes + good, len - good);
}

/* Octets at `bytes` that belong to the program's own layout: a line end, a tab, a colour. */
static size_t
own_layout(const char *bytes, size_t left)
{
	static const char *const own[] = {
	    "\n", "\t", "\033[0m", "\033[1m", "\033[31m", "\033[32m", "\033[33m"};

	for (size_t i = 0; i < sizeof own / sizeof *own; i++)
		if (strlen(own[i]) <= left && memcmp(own[i], bytes, strlen(own[i])) == 0)
			return strlen(own[i]);
	return 0;
}

/* Where the first character stands that must not pass; `len` if there is none. */
static size_t
good_length(const char *bytes, size_t len)
{
	char escape[SHOWN_ESCAPE];

	for (size_t i = 0, n; i < len; i += n) {
		if ((unsigned char)bytes[i] >= 0x20 && (unsigned char)bytes[i] < 0x7f) {
			n = 1;
			continue;
		}
		n = shown_next(bytes + i, len - i, escape);
		if (*escape != '\0' && (n = own_layout(bytes + i, len - i)) == 0)
			return i;
	}
	return len;
}

void
shown_guard(struct buf *text)
{
	size_t done = good_length(text->data, text->len);
	char escape[SHOWN_ESCAPE];
	struct buf safe;

	if (done == text->len)
		return;
	buf_init(&safe, SIZE_MAX);
	buf_add(&safe, text->data, done);
	while (done < text->len) {
		size_t good;

		done += shown_next(text->data + done, text->len - done, escape);
		buf_puts(&safe, escape);
		good = good_length(text->data + done, text->len - done);
		buf_add(&safe, text->data + done, good);
		done += good;
	}
	safe.max = text->max;
	buf_release(text);
	*text = safe;
}
