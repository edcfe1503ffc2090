#include "mail/mailfile.h"

#include <string.h>

#include "base/buf.h"
#include "base/slice.h"
#include "mail/fields.h"

/* A "From " line within an mbox stands behind an empty one, and ends with a time: "From a@example
 * Mon Nov 30 17:02:11 2026". Text that begins so is quoted by who writes an mbox. */
static bool
is_next_message(struct slice line)
{
	struct slice word, rest = line;
	size_t words = 0, colons = 0;

	if (line.len < 5 || memcmp(line.at, "From ", 5) != 0)
		return false;
	while (slice_word(&rest, " \t", &word))
		words++;
	for (size_t i = 0; i < line.len; i++)
		colons += line.at[i] == ':' && i > 0 && is_digit(line.at[i - 1]);
	return words >= 7 && colons >= 1;
}

struct mailfile_lines { /* the first line of each kind */
	unsigned first_lf, first_crlf;
};

static void
count_line(struct mailfile *facts, struct mailfile_lines *first, bool crlf, unsigned number)
{
	if (crlf) {
		facts->crlf++;
		first->first_crlf = first->first_crlf > 0 ? first->first_crlf : number;
	} else {
		facts->lf++;
		first->first_lf = first->first_lf > 0 ? first->first_lf : number;
	}
}

void
mailfile_read(const char *bytes, size_t len, struct buf *out, struct mailfile *facts)
{
	const char *end = bytes + len, *lf;
	size_t skip = fields_mbox_line(bytes, len);
	struct mailfile_lines first = {0, 0};
	unsigned number = 0;
	bool empty = false, over = false;

	*facts = (struct mailfile){.mbox = skip > 0};
	for (bytes += skip; (lf = memchr(bytes, '\n', (size_t)(end - bytes))) != NULL;
	     bytes = lf + 1) {
		size_t line = (size_t)(lf - bytes);
		bool crlf = line > 0 && bytes[line - 1] == '\r';
		struct slice text = {bytes, crlf ? line - 1 : line};

		if (facts->mbox && empty && is_next_message(text)) {
			facts->more++;
			over = true;
		}
		empty = text.len == 0;
		if (over)
			continue;
		buf_add(out, text.at, text.len);
		buf_puts(out, "\r\n");
		count_line(facts, &first, crlf, ++number);
	}
	if (!over && bytes < end) {
		buf_add(out, bytes, (size_t)(end - bytes));
		facts->cut = true;
	}
	facts->odd_line = facts->lf <= facts->crlf ? first.first_lf : first.first_crlf;
	if (facts->lf == 0 || facts->crlf == 0)
		facts->odd_line = 0;
}
