#include "preflight/html.h"

#include <gumbo.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"

enum { WORDS_MAX = 400, FEW = 3 };

struct html_walk {
	struct buf *out;
	struct buf shown; /* all words */
	struct buf words; /* of the link that is open */
	struct buf held; /* what was met within it: items stand in the order of their tags */
	const GumboNode *link, *hidden; /* the outermost that is open; NULL: none */
	const char *why_hidden;
	struct buf unseen; /* words within `hidden` */
};

static void
put(struct html_walk *walk, enum html_item_kind kind, size_t offset, const char *first,
    const char *second)
{
	struct buf *out = walk->link != NULL ? &walk->held : walk->out;

	buf_printf(out, "%c%zu:", (int)kind, offset);
	buf_add(out, first, strlen(first) + 1);
	buf_add(out, second, strlen(second) + 1);
}

static const char *
attribute(const GumboNode *node, const char *name)
{
	const GumboAttribute *found = gumbo_get_attribute(&node->v.element.attributes, name);

	return found != NULL ? found->value : NULL;
}

static const char *
tag_name(const GumboNode *node, char name[32])
{
	GumboStringPiece piece = node->v.element.original_tag;
	const char *known = gumbo_normalized_tagname(node->v.element.tag);
	size_t n = 0;

	if (known[0] != '\0')
		return known;
	gumbo_tag_from_original_text(&piece);
	while (n < 31 && n < piece.length) {
		name[n] = to_lower(piece.data[n]);
		n++;
	}
	name[n] = '\0';
	return name;
}

/* ---- text */

static bool
is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r' || c == '\f';
}

/* Runs of white space are one. */
static void
add_words(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++)
		if (!is_space(*text))
			buf_putc(out, *text);
		else if (out->len > 0 && out->data[out->len - 1] != ' ' &&
		         out->data[out->len - 1] != '\n')
			buf_putc(out, ' ');
}

static void
take_text(struct html_walk *walk, const char *text)
{
	if (walk->hidden != NULL) {
		add_words(&walk->unseen, text);
		return;
	}
	add_words(&walk->shown, text);
	if (walk->link != NULL)
		add_words(&walk->words, text);
}

static bool
is_block(GumboTag tag)
{
	static const GumboTag blocks[] = {GUMBO_TAG_P, GUMBO_TAG_DIV, GUMBO_TAG_BR, GUMBO_TAG_TR,
	    GUMBO_TAG_TABLE, GUMBO_TAG_LI, GUMBO_TAG_UL, GUMBO_TAG_OL, GUMBO_TAG_H1, GUMBO_TAG_H2,
	    GUMBO_TAG_H3, GUMBO_TAG_H4, GUMBO_TAG_HR, GUMBO_TAG_TD, GUMBO_TAG_BLOCKQUOTE};

	for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
		if (tag == blocks[i])
			return true;
	return false;
}

/* ---- what is hidden */

/* The value of a property in a style attribute, up to `;`, in lower case and without blanks. */
static void
style_of(const char *style, const char *property, char value[40])
{
	struct slice rest = slice_of(style), one;
	size_t n = 0;

	value[0] = '\0';
	while (slice_part(&rest, ';', &one)) {
		size_t colon = slice_until(one, ":");
		struct slice name = slice_trim((struct slice){one.at, colon});

		if (!slice_is(name, property) || colon == one.len)
			continue;
		for (n = 0, colon++; colon < one.len && n < 39; colon++)
			if (!is_space(one.at[colon]))
				value[n++] = to_lower(one.at[colon]);
		value[n] = '\0';
	}
}

static bool
is_zero(const char *value)
{
	return value[0] == '0' && value[strcspn(value, "123456789")] == '\0';
}

static const char *
why_hidden(const GumboNode *node)
{
	const char *style = attribute(node, "style");
	char value[40];

	if (attribute(node, "hidden") != NULL)
		return "hidden";
	if (style == NULL)
		return NULL;
	style_of(style, "display", value);
	if (strncmp(value, "none", 4) == 0)
		return "display:none";
	style_of(style, "visibility", value);
	if (strncmp(value, "hidden", 6) == 0)
		return "visibility:hidden";
	style_of(style, "font-size", value);
	if (is_zero(value))
		return "font-size:0";
	style_of(style, "opacity", value);
	if (is_zero(value))
		return "opacity:0";
	return NULL;
}

/* ---- elements */

static void
put_resource(
    struct html_walk *walk, const GumboNode *node, const char *name, const char *tag, size_t at)
{
	const char *url = attribute(node, name);

	if (url != NULL && *url != '\0')
		put(walk, HTML_RESOURCE, at, url, tag);
}

static bool
is_external_style(const GumboNode *node)
{
	const char *rel = attribute(node, "rel");

	return rel != NULL && slice_find(slice_of(rel), "stylesheet") != NULL;
}

static void
enter_element(struct html_walk *walk, const GumboNode *node, size_t at)
{
	static const GumboTag noted[] = {GUMBO_TAG_SCRIPT, GUMBO_TAG_IFRAME, GUMBO_TAG_OBJECT,
	    GUMBO_TAG_EMBED, GUMBO_TAG_APPLET, GUMBO_TAG_FORM, GUMBO_TAG_FRAME, GUMBO_TAG_BASE};
	GumboTag tag = node->v.element.tag;
	char buffer[32];
	const char *name = tag_name(node, buffer), *detail, *url;

	if (tag == GUMBO_TAG_IMG || tag == GUMBO_TAG_IMAGE) {
		url = attribute(node, "src");
		detail = attribute(node, "alt");
		put(walk, HTML_IMAGE, at, url != NULL ? url : "", detail != NULL ? detail : "");
		return;
	}
	for (size_t i = 0; i < sizeof noted / sizeof *noted; i++)
		if (tag == noted[i])
			put(walk, HTML_ELEMENT, at, name, "");
	if (tag == GUMBO_TAG_LINK && is_external_style(node))
		put(walk, HTML_ELEMENT, at, "link", "stylesheet");
	detail = attribute(node, "http-equiv");
	if (tag == GUMBO_TAG_META && detail != NULL && slice_is(slice_of(detail), "refresh"))
		put(walk, HTML_ELEMENT, at, "meta", "refresh");
	if (tag != GUMBO_TAG_A && tag != GUMBO_TAG_AREA)
		put_resource(walk, node, "href", name, at);
	put_resource(walk, node, "src", name, at);
	put_resource(walk, node, "action", name, at);
	put_resource(walk, node, "data", name, at);
	put_resource(walk, node, "background", name, at);
}

static size_t
offset_of(const GumboNode *node)
{
	return node->v.element.start_pos.offset;
}

static void
enter(struct html_walk *walk, const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;
	const char *why;

	if (is_block(tag) && walk->shown.len > 0 && walk->shown.data[walk->shown.len - 1] != '\n')
		buf_putc(&walk->shown, '\n');
	if (walk->hidden == NULL && (why = why_hidden(node)) != NULL) {
		walk->hidden = node;
		walk->why_hidden = why;
		buf_clear(&walk->unseen);
	}
	enter_element(walk, node, offset_of(node));
	if (walk->link == NULL && (tag == GUMBO_TAG_A || tag == GUMBO_TAG_AREA) &&
	    attribute(node, "href") != NULL) {
		walk->link = node;
		buf_clear(&walk->words);
	}
}

static void
leave(struct html_walk *walk, const GumboNode *node)
{
	if (walk->link == node) {
		walk->link = NULL;
		put(walk, HTML_LINK, offset_of(node), attribute(node, "href"), walk->words.data);
		buf_add(walk->out, walk->held.data, walk->held.len);
		buf_clear(&walk->held);
	}
	if (walk->hidden == node) {
		if (walk->unseen.len > FEW)
			put(walk, HTML_HIDDEN, offset_of(node), walk->unseen.data,
			    walk->why_hidden);
		walk->hidden = NULL;
	}
}

static bool
is_element(const GumboNode *node)
{
	return node->type == GUMBO_NODE_ELEMENT || node->type == GUMBO_NODE_TEMPLATE;
}

static const GumboVector *
children_of(const GumboNode *node)
{
	return node->type == GUMBO_NODE_DOCUMENT ? &node->v.document.children
	                                         : &node->v.element.children;
}

/* Not shown, whatever is in it. */
static bool
is_silent(const GumboNode *node)
{
	GumboTag tag = node->v.element.tag;

	return is_element(node) && (tag == GUMBO_TAG_STYLE || tag == GUMBO_TAG_SCRIPT ||
	                               tag == GUMBO_TAG_TITLE || tag == GUMBO_TAG_NOSCRIPT);
}

/* Without recursion: what is nested is as deep as its author likes. */
static void
walk_tree(struct html_walk *walk, const GumboNode *root)
{
	const GumboNode *node = root;

	for (;;) {
		const GumboVector *children = NULL;

		if (is_element(node))
			enter(walk, node);
		if (node->type == GUMBO_NODE_TEXT || node->type == GUMBO_NODE_CDATA ||
		    node->type == GUMBO_NODE_WHITESPACE)
			take_text(walk, node->v.text.text);
		if (is_element(node) || node->type == GUMBO_NODE_DOCUMENT)
			children = children_of(node);
		if (children != NULL && children->length > 0 && !is_silent(node)) {
			node = children->data[0];
			continue;
		}
		for (;;) {
			const GumboNode *parent = node->parent;

			if (is_element(node))
				leave(walk, node);
			if (node == root || parent == NULL)
				return;
			children = children_of(parent);
			if (node->index_within_parent + 1 < children->length) {
				node = children->data[node->index_within_parent + 1];
				break;
			}
			node = parent;
		}
	}
}

/* The tree is thrown away in one stroke: gumbo itself takes it apart node by node, and calls itself
 * for each that lies within another. */
static void *
take_memory(void *arena, size_t size)
{
	return arena_alloc(arena, size > 0 ? size : 1);
}

static void
leave_memory(void *arena, void *memory)
{
	(void)arena;
	(void)memory;
}

void
html_digest(struct slice html, struct buf *out)
{
	struct arena *arena = arena_new();
	struct html_walk walk = {.out = out};
	GumboOptions options = kGumboDefaultOptions;
	GumboOutput *output;

	options.max_errors = 0;
	options.allocator = take_memory;
	options.deallocator = leave_memory;
	options.userdata = arena;
	buf_init(&walk.shown, html.len + 1);
	buf_init(&walk.words, WORDS_MAX);
	buf_init(&walk.held, out->max);
	buf_init(&walk.unseen, WORDS_MAX);
	output = gumbo_parse_with_options(&options, html.len > 0 ? html.at : "", html.len);
	if (output != NULL) {
		walk_tree(&walk, output->document);
		put(&walk, HTML_TEXT, 0, walk.shown.data, "");
		put(&walk, HTML_END, 0, "", "");
	}
	buf_release(&walk.unseen);
	buf_release(&walk.held);
	buf_release(&walk.words);
	buf_release(&walk.shown);
	arena_free(arena);
}

static bool
take_string(struct slice *digest, const char **string)
{
	const char *end = digest->len > 0 ? memchr(digest->at, '\0', digest->len) : NULL;

	if (end == NULL)
		return false;
	*string = digest->at;
	*digest = slice_from(*digest, (size_t)(end - digest->at) + 1);
	return true;
}

bool
html_item_next(struct slice *digest, struct html_item *item)
{
	size_t n = 1;

	if (digest->len == 0)
		return false;
	item->kind = (enum html_item_kind)digest->at[0];
	item->offset = 0;
	while (n < digest->len && n < 12 && is_digit(digest->at[n]))
		item->offset = item->offset * 10 + (size_t)(digest->at[n++] - '0');
	if (n == digest->len || digest->at[n] != ':')
		return false;
	*digest = slice_from(*digest, n + 1);
	return take_string(digest, &item->first) && take_string(digest, &item->second);
}
