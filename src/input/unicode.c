#include "input/unicode.h"

#include <string.h>

#include "base/buf.h"

void
unicode_put(struct buf *out, unsigned c)
{
	if (c < 0x80) {
		buf_putc(out, (char)c);
	} else if (c < 0x800) {
		buf_putc(out, (char)(0xc0 | c >> 6));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else if (c < 0x10000) {
		buf_putc(out, (char)(0xe0 | c >> 12));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	} else {
		buf_putc(out, (char)(0xf0 | c >> 18));
		buf_putc(out, (char)(0x80 | (c >> 12 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (c & 0x3f)));
	}
}

/* A code unit; half a pair without the other is U+FFFD. */
static void
take_unit(struct unicode *unicode, unsigned unit, struct buf *out)
{
	unsigned high = unicode->high;

	unicode->high = 0;
	if (high != 0 && unit >= 0xdc00 && unit < 0xe000) {
		unicode_put(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
		return;
	}
	if (high != 0)
		unicode_put(out, 0xfffd);
	if (unit >= 0xd800 && unit < 0xdc00)
		unicode->high = unit;
	else
		unicode_put(out, unit >= 0xdc00 && unit < 0xe000 ? 0xfffd : unit);
}

/* By the mark, or by the NULs that ASCII has in UTF-16. How many octets the mark takes. */
static size_t
find_form(struct unicode *unicode, const char *at, size_t len)
{
	unicode->form = UNICODE_OCTETS;
	if (len >= 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0)
		return 3;
	if (len >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0)) {
		unicode->form = *at == '\xff' ? UNICODE_LITTLE : UNICODE_BIG;
		return 2;
	}
	if (len >= 4 && at[0] != '\0' && at[1] == '\0' && at[2] != '\0' && at[3] == '\0')
		unicode->form = UNICODE_LITTLE;
	else if (len >= 4 && at[0] == '\0' && at[1] != '\0' && at[2] == '\0' && at[3] != '\0')
		unicode->form = UNICODE_BIG;
	return 0;
}

static void
convert(struct unicode *unicode, struct slice text, bool whole, struct buf *out)
{
	size_t i = 0;

	if (unicode->form == UNICODE_OCTETS) {
		buf_add(out, text.at, text.len);
		return;
	}
	for (; i + 2 <= text.len; i += 2) {
		unsigned a = (unsigned char)text.at[i], b = (unsigned char)text.at[i + 1];

		take_unit(unicode, unicode->form == UNICODE_BIG ? a << 8 | b : b << 8 | a, out);
	}
	if (i < text.len)
		unicode->kept[unicode->kept_len++] = text.at[i];
	if (whole && (unicode->high != 0 || unicode->kept_len > 0))
		unicode_put(out, 0xfffd);
}

void
unicode_add(struct unicode *unicode, struct slice piece, bool whole, struct buf *out)
{
	char head[sizeof unicode->kept];
	size_t wanted = unicode->form == UNICODE_NEW ? sizeof head : 2, len = unicode->kept_len;

	/* What was kept is made whole first. */
	if (len > 0 || unicode->form == UNICODE_NEW) {
		size_t more = wanted - len < piece.len ? wanted - len : piece.len;

		memcpy(head, unicode->kept, len);
		if (more > 0)
			memcpy(head + len, piece.at, more);
		piece = slice_from(piece, more);
		len += more;
		memcpy(unicode->kept, head, len);
		unicode->kept_len = len;
		/* A line that somebody typed is not kept waiting: four octets tell, or a line end.
		 */
		if (len < wanted && !whole && memchr(head, '\n', len) == NULL)
			return;
		unicode->kept_len = 0;
		more = unicode->form == UNICODE_NEW ? find_form(unicode, head, len) : 0;
		convert(
		    unicode, (struct slice){head + more, len - more}, whole && piece.len == 0, out);
	}
	convert(unicode, piece, whole, out);
}
