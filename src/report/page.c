#include "report/page.h"

#include <openssl/evp.h>
#include <string.h>

#include "base/buf.h"
#include "base/shown.h"
#include "report/page_parts.h"

void
page_text(struct buf *out, struct slice text)
{
	char escape[SHOWN_ESCAPE];

	for (size_t n; text.len > 0; text = slice_from(text, n)) {
		const char *entity = NULL;

		n = shown_next(text.at, text.len, escape);
		switch (*text.at) {
		case '<':
			entity = "&lt;";
			break;
		case '>':
			entity = "&gt;";
			break;
		case '&':
			entity = "&amp;";
			break;
		case '"':
			entity = "&quot;";
			break;
		case '\'':
			entity = "&#39;";
			break;
		case '\n':
			entity = " ";
			break;
		default:
			entity = escape[0] != '\0' ? escape : NULL;
		}
		if (entity != NULL)
			buf_puts(out, entity);
		else
			buf_add(out, text.at, n);
	}
}

void
page_words(struct buf *out, const char *words)
{
	page_text(out, slice_of(words));
}

void
page_advice(struct buf *out, const char *words)
{
	struct slice rest = slice_of(words), code;

	for (;;) {
		size_t n = slice_until(rest, "`");

		page_text(out, (struct slice){rest.at, n});
		rest = slice_from(rest, n);
		if (rest.len == 0)
			return;
		code = slice_from(rest, 1);
		n = slice_until(code, "`");
		if (n == code.len) {
			page_text(out, rest);
			return;
		}
		buf_puts(out, "<code>");
		page_text(out, (struct slice){code.at, n});
		buf_puts(out, "</code>");
		rest = slice_from(code, n + 1);
	}
}

/* No character is cut in two. */
void
page_some(struct buf *out, struct slice text, size_t max)
{
	bool cut = text.len > max;

	while (cut && max > 0 && ((unsigned char)text.at[max] & 0xc0) == 0x80)
		max--;
	page_text(out, (struct slice){text.at, cut ? max : text.len});
	if (cut)
		buf_puts(out, "\342\200\246");
}

void
page_link(struct buf *out, const char *url, const char *words)
{
	bool good = url != NULL && strncmp(url, "https://", 8) == 0;

	if (good) {
		buf_puts(out, "<a rel=\"noreferrer noopener\" href=\"");
		page_words(out, url);
		buf_puts(out, "\">");
	}
	page_words(out, words);
	if (good)
		buf_puts(out, "</a>");
}

/* What is there is seen, however little it is. */
void
page_bar(struct buf *out, const struct page_bar *parts, size_t count)
{
	unsigned long whole = 0;
	double at = 0;

	for (size_t i = 0; i < count; i++)
		whole += parts[i].count;
	buf_puts(
	    out, "<svg viewBox=\"0 0 100 10\" preserveAspectRatio=\"none\" role=\"img\"><title>");
	for (size_t i = 0; i < count; i++)
		if (parts[i].count > 0)
			buf_printf(out, "%lu %s ", parts[i].count, parts[i].words);
	buf_puts(out, "</title>");
	for (size_t i = 0; i < count && whole > 0; i++) {
		double width = 100 * (double)parts[i].count / (double)whole;

		if (parts[i].count > 0)
			buf_printf(out,
			    "<rect class=\"%s\" x=\"%.1f\" width=\"%.1f\" height=\"10\"/>",
			    parts[i].class, at, width < 0.6 ? 0.6 : width);
		at += width;
	}
	buf_puts(out, "</svg>");
}

/* ---- the frame of things */

void
page_section(struct buf *out, const char *id, const char *title)
{
	buf_printf(out, "\n<h2 id=\"%s\">%s</h2>\n", id, title);
}

void
page_table(struct buf *out, const char *class, const char *caption, const char *const *heads)
{
	buf_puts(out, "<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"");
	page_words(out, caption);
	buf_printf(out, "\"><table class=\"%s\"><caption>", class);
	page_words(out, caption);
	buf_puts(out, "</caption><thead><tr>");
	for (; *heads != NULL; heads++) {
		bool number = **heads == '#';

		buf_printf(out, "<th scope=\"col\"%s>", number ? " class=\"n\"" : "");
		page_words(out, *heads + number);
		buf_puts(out, "</th>");
	}
	buf_puts(out, "</tr></thead><tbody>\n");
}

void
page_table_end(struct buf *out)
{
	buf_puts(out, "</tbody></table></div>\n");
}

void
page_cell(struct buf *out, const char *words)
{
	buf_puts(out, "<td>");
	page_words(out, words);
	buf_puts(out, "</td>");
}

void
page_number(struct buf *out, unsigned long number)
{
	buf_printf(out, "<td class=\"n\">%lu</td>", number);
}

void
page_fact(struct buf *out, const char *term, const char *words)
{
	if (words == NULL || *words == '\0')
		return;
	buf_printf(out, "<dt>%s</dt><dd>", term);
	page_words(out, words);
	buf_puts(out, "</dd>\n");
}

/* ---- the page */

/* What stands between the tags, octet by octet. */
static void
add_hash(struct buf *out, const char *text, size_t len)
{
	unsigned char digest[32], base64[45];

	EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL);
	EVP_EncodeBlock(base64, digest, sizeof digest);
	buf_printf(out, "'sha256-%s'", (const char *)base64);
}

void
page_begin(struct buf *out, const char *title)
{
	buf_puts(out, "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
	              "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
	              "base-uri 'none'; form-action 'none'; style-src ");
	add_hash(out, data_page_style, data_page_style_size);
	buf_puts(out, "; script-src ");
	add_hash(out, data_page_script, data_page_script_size);
	buf_puts(out,
	    "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
	    "<meta name=\"referrer\" content=\"no-referrer\">\n<title>");
	page_words(out, title);
	buf_puts(out, "</title>\n<style>");
	buf_add(out, data_page_style, data_page_style_size);
	buf_puts(out,
	    "</style></head>\n<body><a class=\"skip\" href=\"#main\">Skip to the report</a>\n");
}

void
page_end(struct buf *out)
{
	buf_puts(out, "<script>");
	buf_add(out, data_page_script, data_page_script_size);
	buf_puts(out, "</script></body></html>\n");
}
