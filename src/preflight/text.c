/* What a reader gets to see: text, links, and what was forgotten in them. */
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "preflight/facts.h"
#include "preflight/html.h"
#include "preflight/requirements.h"

enum {
	CLIP = 102 * 1024, /* octets of HTML that Gmail shows */
	SIZE_MAX_LARGE = 25 * 1024 * 1024,
	HIDDEN_MAX = 2000, /* words that differ are looked for among so many */
	MARK_MAX = 60, /* characters between the marks of a placeholder */
	SHOWN_MAX = 4 * 1024 * 1024
};

/* ---- the line of an offset in the text of a part */

struct text_place {
	const struct body_part *part;
	struct slice raw; /* what of the body is not passed yet */
	size_t offset; /* of the text, as far as it was gone */
	unsigned line;
};

/* Text and body have the same lines, but for the soft breaks of quoted-printable; of base64 the
 * first line is all that can be said. */
static unsigned
text_line(struct text_place *place, const char *text, size_t offset)
{
	bool quoted = strcmp(place->part->encoding, "quoted-printable") == 0;
	const char *at = text + place->offset, *end = text + offset, *lf;
	struct slice line;

	if (strcmp(place->part->encoding, "base64") == 0)
		return place->part->line;
	for (; at < end && (lf = memchr(at, '\n', (size_t)(end - at))) != NULL; at = lf + 1) {
		bool soft = true;

		while (soft && slice_line(&place->raw, &line)) {
			place->line++;
			soft = quoted && line.len > 0 && line.at[line.len - 1] == '=';
		}
	}
	if (offset > place->offset)
		place->offset = offset;
	return place->line;
}

static struct text_place
place_of(const struct body_part *part)
{
	return (struct text_place){.part = part, .raw = part->body, .line = part->line};
}

/* ---- placeholders */

static const struct {
	const char *open, *close;
	bool free; /* anything may stand between them, not just a name */
} marks[] = {{"{{", "}}", true}, {"*|", "|*", false}, {"%%", "%%", false}, {"[[", "]]", false},
    {"${", "}", false}, {"<%=", "%>", true}, {"{%", "%}", true}, {"%7B%7B", "%7D%7D", true},
    {"%7b%7b", "%7d%7d", true}, {"[unsub", "]", true}, {"{unsub", "}", true}};

static bool
is_name_of(const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(at[i]) && strchr("_.- :|", at[i]) == NULL)
			return false;
	return len > 0 && is_alpha(at[0]);
}

/* The first placeholder in the text, its length in `*len`; NULL: none. */
static const char *
find_placeholder(struct slice text, size_t *len)
{
	const char *first = NULL;

	for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
		size_t open = strlen(marks[i].open), close = strlen(marks[i].close);
		const char *at = text.at, *end = text.at + text.len, *stop;

		for (; (at = memchr(at, marks[i].open[0], (size_t)(end - at))) != NULL; at++) {
			if (first != NULL && at >= first)
				break;
			if ((size_t)(end - at) < open + close ||
			    memcmp(at, marks[i].open, open) != 0)
				continue;
			for (stop = at + open;
			     stop < end - close + 1 && (size_t)(stop - at) < MARK_MAX &&
			     *stop != '\n' && memcmp(stop, marks[i].close, close) != 0;
			     stop++)
				;
			if (stop > end - close || memcmp(stop, marks[i].close, close) != 0 ||
			    (!marks[i].free && !is_name_of(at + open, (size_t)(stop - at) - open)))
				continue;
			first = at;
			*len = (size_t)(stop - at) + close;
			break;
		}
	}
	return first;
}

static void
look_for_placeholder(
    struct message_facts *facts, struct slice text, const char *where, unsigned line)
{
	size_t len;
	const char *at = text.len > 0 ? find_placeholder(text, &len) : NULL;

	if (at != NULL)
		fault_on_line(facts, CHECK_URL_PLACEHOLDER, line,
		    "A placeholder was left in %s: %.*s", where, (int)len, at);
}

/* ---- text/plain */

static bool
ends_url(char c)
{
	return (unsigned char)c <= ' ' || c == 0x7f || strchr("<>\"{}|^`", c) != NULL;
}

static void
find_links(struct message_facts *facts, const struct body_part *part)
{
	static const char *const schemes[] = {"http://", "https://"};
	struct text_place place = place_of(part);
	struct slice text = part->text;

	for (size_t i = 0; i + 8 < text.len && facts->link_count < FACTS_LINKS_MAX; i++) {
		struct slice rest = slice_from(text, i);
		size_t n = 0;

		if (to_lower(text.at[i]) != 'h' ||
		    (!slice_begins(rest, schemes[0]) && !slice_begins(rest, schemes[1])))
			continue;
		while (n < rest.len && n < 4096 && !ends_url(rest.at[n]))
			n++;
		while (n > 8 && strchr(".,;:!?)'", rest.at[n - 1]) != NULL)
			n--;
		facts_add_link(facts, LINK_TEXT, (struct slice){rest.at, n}, NULL,
		    text_line(&place, text.at, i));
		i += n;
	}
}

/* ---- HTML */

static bool
is_of_page(const char *url)
{
	struct slice slice = slice_of(url);

	return slice_begins(slice, "http:") || slice_begins(slice, "https:") ||
	       slice_begins(slice, "//");
}

static void
take_item(
    struct message_facts *facts, struct buf *shown, const struct html_item *item, unsigned line)
{
	switch (item->kind) {
	case HTML_LINK:
		facts_add_link(facts, LINK_HREF, slice_of(item->first), item->second, line);
		break;
	case HTML_IMAGE:
		facts->html.images++;
		if (is_of_page(item->first))
			facts_add_link(facts, LINK_IMAGE, slice_of(item->first), NULL, line);
		break;
	case HTML_RESOURCE:
		facts_add_link(facts, LINK_RESOURCE, slice_of(item->first), NULL, line);
		break;
	case HTML_ELEMENT:
		if (strcmp(item->second, "stylesheet") == 0)
			fault_on_line(facts, CHECK_HTML_STYLE, line,
			    "A style sheet is to be loaded from elsewhere.");
		else if (strcmp(item->first, "meta") == 0 || strcmp(item->first, "base") == 0)
			fault_on_line(facts, CHECK_HTML_REDIRECT, line,
			    "There is a <%s> element%s.", item->first,
			    item->first[0] == 'm' ? " that leads on by itself" : "");
		else
			fault_on_line(facts, CHECK_HTML_ACTIVE, line, "There is a <%s> element.",
			    item->first);
		break;
	case HTML_HIDDEN:
		fault_on_line(facts, CHECK_HTML_HIDDEN, line, "Text is hidden (%s): %.80s",
		    item->second, item->first);
		break;
	case HTML_TEXT:
		buf_puts(shown, item->first);
		buf_putc(shown, '\n');
		break;
	case HTML_END:
		break;
	}
}

static void
read_digest(struct message_facts *facts, struct body_part *part, struct buf *shown)
{
	struct text_place place = place_of(part);
	struct slice rest = part->html;
	struct html_item item;
	bool ended = false;

	facts->html.any = true;
	while (html_item_next(&rest, &item)) {
		size_t offset = item.offset < part->text.len ? item.offset : 0;

		ended = item.kind == HTML_END;
		if (item.kind == HTML_HIDDEN) /* said when it ends, of where it began */
			place = place_of(part);
		take_item(facts, shown, &item, text_line(&place, part->text.at, offset));
	}
	if (ended)
		return;
	facts->html.unread = true;
	fault_on_line(facts, CHECK_HTML_UNREAD, part->line,
	    "The HTML could not be read to its end within the limits of time and memory.");
}

static size_t
count_words(struct slice text)
{
	struct slice word;
	size_t count = 0;

	while (slice_word(&text, " \t\r\n", &word))
		count++;
	return count;
}

void
facts_read_html(struct message_facts *facts)
{
	struct buf shown;

	buf_init(&shown, SHOWN_MAX);
	for (size_t i = 0; i < facts->part_count; i++) {
		struct body_part *part = &facts->parts[i];

		if (part->html_tried)
			read_digest(facts, part, &shown);
		if (part->html_tried && part->decoded.len > CLIP)
			fault_on_line(facts, CHECK_MIME_CLIP, part->line,
			    "The HTML has %zu octets; Gmail shows the first %d.", part->decoded.len,
			    CLIP);
	}
	facts->html.words_shown = count_words((struct slice){shown.data, shown.len});
	if (facts->html.any && !facts->html.unread && facts->html.images > 0 &&
	    facts->html.words_shown < 20 * (facts->html.images < 10 ? facts->html.images : 10))
		fault_at(facts, CHECK_HTML_IMAGES, NULL, "The HTML has %zu image%s and %zu word%s.",
		    facts->html.images, facts->html.images == 1 ? "" : "s", facts->html.words_shown,
		    facts->html.words_shown == 1 ? "" : "s");
	facts->shown = (struct slice){arena_copy(facts->arena, shown.data, shown.len), shown.len};
	buf_release(&shown);
}

/* ---- the two forms of one text */

static const struct body_part *
find_alternative(const struct message_facts *facts, const char *type)
{
	for (size_t i = 0; i < facts->part_count; i++) {
		const struct body_part *part = &facts->parts[i];

		if (!part->multipart && !part->attachment && strcmp(part->type, type) == 0)
			return part;
	}
	return NULL;
}

struct word_bag { /* the first words of a text, each once, by their hash */
	unsigned hashes[2 * HIDDEN_MAX];
	size_t count;
};

static bool
bag_find(struct word_bag *bag, unsigned hash, bool add)
{
	size_t at = hash % (2 * HIDDEN_MAX);

	for (; bag->hashes[at] != 0; at = (at + 1) % (2 * HIDDEN_MAX))
		if (bag->hashes[at] == hash)
			return true;
	if (add && bag->count < HIDDEN_MAX) {
		bag->hashes[at] = hash;
		bag->count++;
	}
	return false;
}

/* Only words of three letters and more; addresses of pages are not compared. */
static bool
next_hash(struct slice *rest, unsigned *hash)
{
	struct slice word;

	while (slice_word(rest, " \t\r\n.,;:!?()[]\"'*<>|=-_", &word)) {
		if (word.len < 3 || slice_begins(word, "http") || slice_find(word, "/") != NULL)
			continue;
		*hash = 2166136261u;
		for (size_t i = 0; i < word.len; i++)
			*hash = (*hash ^ (unsigned char)to_lower(word.at[i])) * 16777619u;
		*hash += *hash == 0;
		return true;
	}
	return false;
}

/* Of the words of the shorter one: how many of a hundred does the other have? */
static unsigned
overlap(struct slice a, struct slice b, struct arena *arena)
{
	struct word_bag *bag = arena_alloc(arena, sizeof *bag);
	size_t words = 0, common = 0;
	unsigned hash;

	if (count_words(a) < count_words(b)) {
		struct slice other = a;

		a = b;
		b = other;
	}
	while (next_hash(&a, &hash))
		bag_find(bag, hash, true);
	while (words < HIDDEN_MAX && next_hash(&b, &hash)) {
		words++;
		common += bag_find(bag, hash, false);
	}
	return words == 0 ? 100 : (unsigned)(common * 100 / words);
}

static void
compare_forms(struct message_facts *facts)
{
	const struct body_part *plain = find_alternative(facts, "text/plain"),
	                       *html = find_alternative(facts, "text/html");
	unsigned same;

	if (html == NULL)
		return;
	if (plain == NULL) {
		fault_on_line(facts, CHECK_MIME_ALT, html->line,
		    "There is HTML, and no text/plain beside it.");
		return;
	}
	if (facts->html.unread)
		return;
	same = overlap(plain->text, facts->shown, facts->arena);
	if (same < 50)
		fault_on_line(facts, CHECK_MIME_ALT_DIFFERS, plain->line,
		    "Of the words of the shorter form %u %% are in the other.", same);
}

/* ---- the words of it */

enum { HEADS = 256, WORDS_FOUND_MAX = 400 };

/* A list of words in lower case, by their first octets. */
struct word_finder {
	const struct requirements *requirements;
	enum preflight_words list;
	unsigned short head[HEADS], next[WORDS_FOUND_MAX + 1];
};

static void
word_finder_init(
    struct word_finder *finder, const struct message_facts *facts, enum preflight_words list)
{
	size_t count = requirements_words(facts->requirements, list);

	*finder = (struct word_finder){.requirements = facts->requirements, .list = list};
	for (size_t i = 1; i <= count && i <= WORDS_FOUND_MAX; i++) {
		const char *word = requirements_word(facts->requirements, list, i - 1);
		unsigned char first = (unsigned char)to_lower(word[0]);

		finder->next[i] = finder->head[first];
		finder->head[first] = (unsigned short)i;
	}
}

/* One pass for all words: those that begin with the two octets at hand are compared. */
static bool
finds_any(const struct word_finder *finder, struct slice text)
{
	for (size_t at = 0; at + 1 < text.len; at++) {
		char first = text.at[at], second = text.at[at + 1];
		unsigned short i;

		first = (char)(first >= 'A' && first <= 'Z' ? first | ' ' : first);
		second = (char)(second >= 'A' && second <= 'Z' ? second | ' ' : second);
		for (i = finder->head[(unsigned char)first]; i != 0; i = finder->next[i]) {
			const char *word =
			    requirements_word(finder->requirements, finder->list, i - 1u);

			if (word[1] == second && slice_begins(slice_from(text, at), word))
				return true;
		}
	}
	return false;
}

/* In what is shown, or in the address of a link. */
static bool
has_unsubscribe(const struct message_facts *facts, struct slice plain)
{
	struct word_finder finder;

	word_finder_init(&finder, facts, WORDS_UNSUBSCRIBE);
	if (finds_any(&finder, plain) || finds_any(&finder, facts->shown))
		return true;
	for (size_t i = 0; i < facts->link_count; i++) {
		const struct message_link *link = &facts->links[i];

		if ((link->kind == LINK_HREF || link->kind == LINK_TEXT) &&
		    finds_any(&finder, slice_of(link->url)))
			return true;
	}
	return false;
}

static bool
has_imprint(const struct message_facts *facts, struct slice plain)
{
	struct word_finder finder;

	word_finder_init(&finder, facts, WORDS_IMPRINT);
	return finds_any(&finder, plain) || finds_any(&finder, facts->shown);
}

static bool
is_for_germany(const struct message_facts *facts, struct slice text)
{
	static const char *const words[] = {" und ", " der ", " die ", " nicht ", " sie "};
	size_t found = 0;

	if (facts->author != NULL && slice_ends(slice_of(facts->author), ".de"))
		return true;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		found += slice_find(text, words[i]) != NULL;
	return found >= 4;
}

static struct slice
all_text(struct message_facts *facts)
{
	struct buf all;
	struct slice out;

	buf_init(&all, SHOWN_MAX);
	for (size_t i = 0; i < facts->part_count; i++) {
		const struct body_part *part = &facts->parts[i];

		if (!part->multipart && !part->attachment && strcmp(part->type, "text/plain") == 0)
			buf_add(&all, part->text.at, part->text.len);
	}
	out = (struct slice){arena_copy(facts->arena, all.data, all.len), all.len};
	buf_release(&all);
	return out;
}

static void
check_words(struct message_facts *facts)
{
	struct slice plain = all_text(facts);
	struct slice all = facts->shown.len > plain.len ? facts->shown : plain;

	if (slice_trim(all).len == 0 && facts->html.images == 0 && !facts->html.unread)
		fault_at(facts, CHECK_BODY_EMPTY, NULL, "There is no text in the message.");
	if (facts->html.unread)
		return;
	if (!has_unsubscribe(facts, plain))
		fault_at(facts, CHECK_BODY_UNSUB, NULL,
		    "There is no word of how to unsubscribe in the text.");
	if (is_for_germany(facts, all) && !has_imprint(facts, plain))
		fault_at(facts, CHECK_BODY_IMPRINT, NULL, "There is no imprint in the text.");
}

static void
check_placeholders(struct message_facts *facts)
{
	const struct mail_field *subject = facts_field(facts, "Subject");

	if (facts->subject != NULL)
		look_for_placeholder(facts, slice_of(facts->subject), "the subject", subject->line);
	for (size_t i = 0; i < facts->from_count; i++)
		if (facts->from[i].name != NULL)
			look_for_placeholder(facts, slice_of(facts->from[i].name),
			    "the author's name", facts_field(facts, "From")->line);
	for (size_t i = 0; i < facts->link_count; i++)
		look_for_placeholder(
		    facts, slice_of(facts->links[i].url), "a link", facts->links[i].line);
	for (size_t i = 0; i < facts->part_count; i++) {
		const struct body_part *part = &facts->parts[i];
		size_t len;
		const char *at;

		if (part->multipart || part->attachment || strcmp(part->type, "text/plain") != 0 ||
		    part->text.len == 0 || (at = find_placeholder(part->text, &len)) == NULL)
			continue;
		struct text_place place = place_of(part);

		look_for_placeholder(facts, part->text, "the text",
		    text_line(&place, part->text.at, (size_t)(at - part->text.at)));
	}
	look_for_placeholder(facts, facts->shown, "the text", 0);
}

void
facts_read_text(struct message_facts *facts)
{
	for (size_t i = 0; i < facts->part_count; i++) {
		const struct body_part *part = &facts->parts[i];

		if (!part->multipart && !part->attachment && strcmp(part->type, "text/plain") == 0)
			find_links(facts, part);
	}
	if (facts->message.len > SIZE_MAX_LARGE)
		fault_at(facts, CHECK_MIME_SIZE, NULL,
		    "The message has %zu octets; most receivers take %d at most.",
		    facts->message.len, SIZE_MAX_LARGE);
	compare_forms(facts);
	check_words(facts);
	check_placeholders(facts);
}
