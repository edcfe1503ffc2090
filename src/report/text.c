#include "report/text.h"

#include <string.h>

#include "base/buf.h"
#include "base/shown.h"

enum { LABEL = 13 }; /* columns: the longest label is "also tried" */

void
text_colour(struct buf *out, const struct text_style *style, enum text_colour colour)
{
	static const char *const codes[] = {[TEXT_PLAIN] = "\033[0m",
	    [TEXT_BOLD] = "\033[1m",
	    [TEXT_RED] = "\033[31m",
	    [TEXT_GREEN] = "\033[32m",
	    [TEXT_YELLOW] = "\033[33m"};

	if (style->colour)
		buf_puts(out, codes[colour]);
}

void
text_cstring(struct buf *out, const char *string)
{
	shown_add(out, string, strlen(string));
}

void
text_head(struct buf *out, const struct text_style *style, const char *what,
    enum text_colour colour, const char *words, size_t notes)
{
	text_cstring(out, what);
	buf_puts(out, ": ");
	text_colour(out, style, notes > 0 && colour == TEXT_GREEN ? TEXT_YELLOW : colour);
	text_cstring(out, words);
	if (notes > 0)
		buf_printf(out, ", with %zu warning%s", notes, notes == 1 ? "" : "s");
	text_colour(out, style, TEXT_PLAIN);
	buf_putc(out, '\n');
}

/* A word is what stands between spaces; it is never cut, so that a URL or a record can be copied.
 */
static void
wrap(struct buf *out, unsigned width, unsigned indent, const char *words)
{
	unsigned column = indent;

	while (*words != '\0') {
		size_t len = strcspn(words, " ");

		if (width > 0 && column > indent && column + 1 + len > width) {
			buf_printf(out, "\n%*s", (int)indent, "");
			column = indent;
		} else if (column > indent) {
			buf_putc(out, ' ');
			column++;
		}
		shown_add(out, words, len);
		column += (unsigned)len;
		words += len;
		words += strspn(words, " ");
	}
	buf_putc(out, '\n');
}

void
text_field(struct buf *out, const struct text_style *style, const char *label, const char *words)
{
	if (words == NULL || *words == '\0')
		return;
	buf_printf(out, "  %-*s", LABEL - 2, label);
	wrap(out, style->width, LABEL, words);
}

void
text_some(struct buf *out, const char *words, size_t max)
{
	size_t len = strlen(words);

	buf_add(out, words, len > max ? max : len);
	if (len > max)
		buf_puts(out, " ...");
}
