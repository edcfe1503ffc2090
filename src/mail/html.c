#include "mail/html.h"

#include <string.h>

#include "base/arena.h"

static const char *const line_tags[] = {"br", "p", "/p", "div", "/div", "tr", "/tr", "li", "/li",
    "h1", "/h1", "h2", "/h2", "h3", "/h3", "hr", "table", "/table", "pre", "/pre", "ul", "/ul",
    "td", "/td", "blockquote", "/blockquote"};
static const char *const hidden_tags[] = {"style", "script", "head", "title"};
static const char *const other_tags[] = {"html", "/html", "body", "b", "/b", "i", "/i", "span",
    "/span", "font", "a", "/a", "strong", "code", "/code", "tt", "/tt", "em", "center", "img",
    "meta", "tbody", "th", "/strong", "/em"};
static const struct {
	const char *name, *text;
} entities[] = {
    {"&lt;", "<"},
    {"&gt;", ">"},
    {"&amp;", "&"},
    {"&quot;", "\""},
    {"&#39;", "'"},
    {"&#34;", "\""},
    {"&#64;", "@"},
    {"&apos;", "'"},
    {"&nbsp;", " "},
    {"&#160;", " "},
    {"&#xa0;", " "},
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static bool
is_one_of(struct slice name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (slice_is(name, names[i]))
			return true;
	return false;
}

/* "<a href=…>" → "a"; empty: it is no tag. */
static struct slice
tag_name(struct slice at)
{
	size_t n = 1;

	if (at.len < 3 || *at.at != '<')
		return (struct slice){"", 0};
	while (n < at.len && n < 14 && (is_alnum(at.at[n]) || (n == 1 && at.at[n] == '/')))
		n++;
	if (n == at.len || strchr("> \t\r\n/", at.at[n]) == NULL)
		return (struct slice){"", 0};
	return (struct slice){at.at + 1, n - 1};
}

static bool
is_tag(struct slice name)
{
	return is_one_of(name, line_tags, COUNT(line_tags)) ||
	       is_one_of(name, hidden_tags, COUNT(hidden_tags)) ||
	       is_one_of(name, other_tags, COUNT(other_tags));
}

bool
html_is(struct slice text)
{
	for (const char *p; text.len > 0 && (p = memchr(text.at, '<', text.len)) != NULL;) {
		text = slice_from(text, (size_t)(p - text.at));
		if (is_tag(tag_name(text)))
			return true;
		text = slice_from(text, 1);
	}
	return false;
}

struct page {
	char *out;
	size_t len;
	unsigned hidden; /* within an element that is not shown: its row + 1 */
	bool endless; /* no comment that begins from here on has an end */
};

static void
put(struct page *page, char c)
{
	bool white = c == ' ' || c == '\n';

	if (page->hidden > 0 || (white && page->len == 0))
		return;
	if (white && (page->out[page->len - 1] == ' ' || page->out[page->len - 1] == '\n')) {
		if (c == '\n')
			page->out[page->len - 1] = c;
		return;
	}
	page->out[page->len++] = c;
}

/* Octets of the tag. */
static size_t
take_tag(struct page *page, struct slice at, struct slice name)
{
	const char *end = memchr(at.at, '>', at.len);

	if (page->hidden > 0) {
		if (*name.at == '/' && slice_is(slice_from(name, 1), hidden_tags[page->hidden - 1]))
			page->hidden = 0;
	} else {
		for (unsigned i = 0; i < COUNT(hidden_tags); i++)
			if (slice_is(name, hidden_tags[i]))
				page->hidden = i + 1;
		if (is_one_of(name, line_tags, COUNT(line_tags)))
			put(page, '\n');
	}
	return end != NULL ? (size_t)(end - at.at) + 1 : at.len;
}

static size_t
take_entity(struct page *page, struct slice at)
{
	for (size_t i = 0; i < COUNT(entities); i++)
		if (slice_begins(at, entities[i].name)) {
			put(page, *entities[i].text);
			return strlen(entities[i].name);
		}
	put(page, '&');
	return 1;
}

struct slice
html_text(struct slice html, struct arena *arena)
{
	struct page page = {.out = arena_alloc(arena, html.len + 1)};

	while (html.len > 0) {
		struct slice name = tag_name(html);
		size_t n = 1;

		if (!page.endless && slice_begins(html, "<!--")) {
			const char *end = slice_find(html, "-->");

			page.endless = end == NULL;
			n = end != NULL ? (size_t)(end - html.at) + 3 : 4;
		} else if (name.len > 0 && (is_alpha(*name.at) || *name.at == '/')) {
			n = take_tag(&page, html, name);
		} else if (*html.at == '&') {
			n = take_entity(&page, html);
		} else {
			put(&page, strchr("\r\n\t", *html.at) != NULL ? ' ' : *html.at);
		}
		html = slice_from(html, n);
	}
	return (struct slice){page.out, page.len};
}
