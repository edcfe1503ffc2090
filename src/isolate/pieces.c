#include "isolate/pieces.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "isolate/layout.h"
#include "mail/header.h"
#include "mail/transfer.h"

enum {
	NAMING_MAX = 40, /* octets of a paragraph that name it */
	WORDS_MAX = 40, /* words of it by which its like is known */
	ALIKE = 75, /* … of 100 that are the same */
	FIELD_PIECES = 12,
	LINK_PIECES = 14,
	PARAGRAPH_PIECES = 16,
	ATTACHMENT_PIECES = 6, /* each may be two */
	SIZE_COUNTS = 100000 /* octets: a smaller message is refused by nobody for it */
};

/* By its words the same paragraph is known in plain text and in HTML, where a link has other words.
 */
struct words {
	unsigned hashes[WORDS_MAX];
	unsigned count;
};

struct pieces_reader {
	struct arena *arena;
	struct pieces *pieces;
	struct layout *layout;
	unsigned of[PIECE_KINDS]; /* how many there are */
	struct words *words; /* by piece: of a paragraph, to find its like */
	struct message_leaf *leaf; /* being read */
	size_t link_count,
	    link_at; /* its links are its first spans; those before `link_at` are passed */
};

static const unsigned most[PIECE_KINDS] = {[PIECE_SUBJECT] = 1,
    [PIECE_AUTHOR_NAME] = 1,
    [PIECE_FIELD] = FIELD_PIECES,
    [PIECE_PARAGRAPH] = PARAGRAPH_PIECES,
    [PIECE_LINK] = LINK_PIECES,
    [PIECE_CONSTRUCT] = 4,
    [PIECE_ATTACHMENT_NAME] = ATTACHMENT_PIECES,
    [PIECE_ATTACHMENT] = ATTACHMENT_PIECES,
    [PIECE_SIZE] = 1};

/* ---- pieces */

static unsigned
line_of(const struct pieces_reader *reader, const char *at)
{
	unsigned line = 1;

	for (const char *c = reader->layout->message.at; c < at; c++)
		line += *c == '\n';
	return line;
}

/* The piece of this kind and name; a new one, or, where there are enough of its kind, the last. */
static unsigned
piece_for(struct pieces_reader *reader, enum piece_kind kind, const char *name, const char *at)
{
	struct pieces *pieces = reader->pieces;
	unsigned last = 0;

	for (unsigned i = 0; i < pieces->count; i++)
		if (pieces->items[i].kind == kind) {
			last = i;
			if (kind != PIECE_PARAGRAPH &&
			    slice_is(slice_of(name), pieces->items[i].name))
				return i;
		}
	if (reader->of[kind] == most[kind]) {
		pieces->items[last].name = arena_printf(reader->arena, "%.*s and others",
		    (int)(strstr(pieces->items[last].name, " and others") != NULL
		              ? strlen(pieces->items[last].name) - strlen(" and others")
		              : strlen(pieces->items[last].name)),
		    pieces->items[last].name);
		return last;
	}
	reader->of[kind]++;
	pieces->items[pieces->count] =
	    (struct message_piece){.kind = kind, .name = name, .line = line_of(reader, at)};
	return (unsigned)pieces->count++;
}

static void
add_span(struct pieces_reader *reader, struct layout_span span)
{
	struct message_leaf *leaf = reader->leaf;
	struct layout_span *new =
	    arena_push(reader->arena, &leaf->spans, leaf->span_count++, sizeof *new);

	*new = span;
}

/* Where the octets of this leaf stand in the message: to the line, if they are as they were sent.
 */
static const char *
place_of(const struct message_leaf *leaf, size_t at)
{
	return leaf->body.at == leaf->part->body.at ? leaf->body.at + at : leaf->part->header.at;
}

/* ---- the header */

/* What every message has or every relay adds, and what is written anew. */
static bool
is_skeleton(const struct mail_field *field)
{
	static const char *const names[] = {"From", "Sender", "To", "Cc", "Date", "MIME-Version",
	    "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-Language"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (field_is(field, names[i]))
			return true;
	return false;
}

static bool
is_dropped(const struct mail_field *field)
{
	static const char *const names[] = {"DKIM-Signature", "Message-ID", "Bcc", "Return-Path",
	    "X-Mxwalk-Isolate", "ARC-Seal", "ARC-Message-Signature", "ARC-Authentication-Results",
	    "Authentication-Results"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (field_is(field, names[i]))
			return true;
	return false;
}

static void
read_author(struct pieces_reader *reader, const struct mail_field *field)
{
	struct slice value = slice_trim(field_value(field));
	const char *open = memchr(value.at, '<', value.len);
	struct slice name = {value.at, open != NULL ? (size_t)(open - value.at) : 0};

	name = slice_trim(name);
	/* a list of authors is left alone */
	if (name.len > 0 && memchr(value.at, ',', value.len) == NULL)
		reader->layout->author_piece = (int)piece_for(
		    reader, PIECE_AUTHOR_NAME, slice_copy(name, reader->arena), field->at);
}

static void
read_field(struct pieces_reader *reader, size_t i)
{
	struct layout *layout = reader->layout;
	const struct mail_field *field = &layout->fields.items[i];

	layout->field_piece[i] = -1;
	layout->field_dropped[i] = is_dropped(field);
	if (field_is(field, "DKIM-Signature"))
		reader->pieces->was_signed = true;
	if (layout->field_dropped[i])
		return;
	if (field_is(field, "From"))
		read_author(reader, field);
	if (is_skeleton(field))
		return;
	if (field_is(field, "Subject"))
		layout->field_piece[i] = (int)piece_for(reader, PIECE_SUBJECT,
		    header_unfold(slice_trim(field_value(field)), reader->arena), field->at);
	else
		layout->field_piece[i] = (int)piece_for(reader, PIECE_FIELD,
		    slice_copy((struct slice){field->at, field->name_len}, reader->arena),
		    field->at);
}

static void
read_header(struct pieces_reader *reader)
{
	struct layout *layout = reader->layout;
	size_t count = layout->fields.count;

	layout->field_piece = arena_alloc(reader->arena, (count + 1) * sizeof *layout->field_piece);
	layout->field_dropped =
	    arena_alloc(reader->arena, (count + 1) * sizeof *layout->field_dropped);
	for (size_t i = 0; i < count; i++)
		read_field(reader, i);
}

/* ---- links, all of one host together: what is listed is mostly the host */

static bool
ends_link(char c)
{
	return (unsigned char)c <= ' ' || strchr("\"'<>()[]{}|\\^`", c) != NULL;
}

static void
read_link(struct pieces_reader *reader, size_t start, size_t scheme)
{
	struct slice body = reader->leaf->body;
	size_t host = start + scheme, end = host, host_end;

	while (end < body.len && !ends_link(body.at[end]))
		end++;
	while (end > host && strchr(".,;:!?", body.at[end - 1]) != NULL)
		end--;
	host_end = host;
	while (host_end < end && strchr("/?#:&", body.at[host_end]) == NULL)
		host_end++;
	if (host_end == host)
		return;
	add_span(reader,
	    (struct layout_span){.start = start,
	        .end = end,
	        .fill = FILL_LINK,
	        .host_len = host_end - start,
	        .piece = piece_for(reader, PIECE_LINK,
	            slice_copy((struct slice){body.at + host, host_end - host}, reader->arena),
	            place_of(reader->leaf, start))});
}

static void
read_links(struct pieces_reader *reader)
{
	struct slice body = reader->leaf->body;

	for (size_t i = 0; i + 8 < body.len; i++) {
		struct slice at = {body.at + i, body.len - i};

		if (to_lower(*at.at) != 'h')
			continue;
		if (slice_begins(at, "https://"))
			read_link(reader, i, strlen("https://"));
		else if (slice_begins(at, "http://"))
			read_link(reader, i, strlen("http://"));
	}
}

/* ---- paragraphs */

static void
read_words(struct slice text, struct words *words)
{
	struct slice word;

	words->count = 0;
	while (words->count < WORDS_MAX && slice_word(&text, " \t\r\n,.;:!?()\"'", &word)) {
		unsigned hash = 5381;

		if (slice_begins(word, "http")) {
			text = slice_from(text, slice_until(text, " \t\r\n"));
			continue;
		}
		for (size_t i = 0; i < word.len; i++)
			hash = hash * 33 + (unsigned char)to_lower(word.at[i]);
		words->hashes[words->count++] = hash;
	}
}

/* Most words of the shorter one, in any order. */
static bool
are_alike(const struct words *one, const struct words *other)
{
	unsigned shared = 0, least = one->count < other->count ? one->count : other->count;

	for (unsigned i = 0; i < one->count; i++) {
		unsigned j = 0;

		while (j < other->count && other->hashes[j] != one->hashes[i])
			j++;
		shared += j < other->count;
	}
	return least > 0 && shared >= (least * ALIKE + 99) / 100;
}

/* The paragraph of another part that has these words. */
static int
find_paragraph(const struct pieces_reader *reader, const struct words *words)
{
	for (unsigned i = 0; i < reader->pieces->count; i++)
		if (reader->pieces->items[i].kind == PIECE_PARAGRAPH &&
		    reader->words[i].count > 0 && are_alike(&reader->words[i], words))
			return (int)i;
	return -1;
}

static const char *
first_words(struct slice text, struct arena *arena)
{
	char *name;
	size_t len;

	text = slice_trim(text);
	len = text.len < NAMING_MAX ? text.len : NAMING_MAX;
	while (len < text.len && len > 0 && ((unsigned char)text.at[len] & 0xc0) == 0x80)
		len--; /* no half of a character */
	name = slice_copy((struct slice){text.at, len}, arena);
	for (char *c = name; *c != '\0'; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
	return len < text.len ? arena_printf(arena, "%s…", name) : name;
}

/* Text between `start` and `end` belongs to a paragraph; what is a link in it does not. Called in
 * the order of the text. */
static void
add_words(struct pieces_reader *reader, size_t start, size_t end, unsigned piece)
{
	struct message_leaf *leaf = reader->leaf;

	for (; reader->link_at < reader->link_count && start < end; reader->link_at++) {
		const struct layout_span link = leaf->spans[reader->link_at];

		if (link.start >= end)
			break;
		if (link.start > start)
			add_span(reader, (struct layout_span){
			                     .start = start, .end = link.start, .piece = piece});
		start = link.end > start ? link.end : start;
	}
	if (start < end)
		add_span(reader, (struct layout_span){.start = start, .end = end, .piece = piece});
}

struct runs { /* of one paragraph: text between tags */
	struct slice *items;
	size_t count;
	size_t len;
};

static void
end_paragraph(struct pieces_reader *reader, struct runs *runs)
{
	struct slice body = reader->leaf->body, whole;
	char *text = arena_alloc(reader->arena, runs->len + 1);
	struct words words;
	size_t len = 0;
	int piece;

	for (size_t i = 0; i < runs->count; i++) {
		memcpy(text + len, runs->items[i].at, runs->items[i].len);
		len += runs->items[i].len;
		text[len++] = ' ';
	}
	whole = (struct slice){text, len};
	read_words(whole, &words);
	if (words.count > 0) {
		piece = find_paragraph(reader, &words);
		if (piece < 0)
			piece = (int)piece_for(reader, PIECE_PARAGRAPH,
			    first_words(whole, reader->arena),
			    place_of(reader->leaf, (size_t)(runs->items[0].at - body.at)));
		if (reader->words[piece].count == 0)
			reader->words[piece] = words;
		for (size_t i = 0; i < runs->count; i++)
			add_words(reader, (size_t)(runs->items[i].at - body.at),
			    (size_t)(runs->items[i].at - body.at) + runs->items[i].len,
			    (unsigned)piece);
	}
	runs->count = runs->len = 0;
}

static void
add_run(struct pieces_reader *reader, struct runs *runs, struct slice text)
{
	struct slice *new;

	if (text.len == 0)
		return;
	new = arena_push(reader->arena, &runs->items, runs->count++, sizeof *new);
	*new = text;
	runs->len += text.len + 1;
}

static void
read_plain(struct pieces_reader *reader)
{
	struct slice rest = reader->leaf->body, line;
	struct runs runs = {0};

	while (slice_line(&rest, &line)) {
		if (slice_trim(line).len == 0)
			end_paragraph(reader, &runs);
		else
			add_run(reader, &runs, line);
	}
	end_paragraph(reader, &runs);
}

/* ---- HTML: tags are stepped over; some of them begin a paragraph, some are parts of their own */

static bool
is_one_of(struct slice name, const char *words)
{
	struct slice rest = slice_of(words), word;

	while (slice_word(&rest, " ", &word))
		if (word.len == name.len && strncasecmp(word.at, name.at, name.len) == 0)
			return true;
	return false;
}

struct html_tag {
	size_t start, end; /* of "<…>" in the body */
	struct slice name; /* without the slash */
	bool closes;
};

/* The tag or comment at `at`; one that does not end goes to the end of the text. */
static struct html_tag
read_tag(struct slice body, size_t at)
{
	struct html_tag tag = {.start = at, .end = at + 1};
	const char *end;
	char quote = 0;

	if (slice_begins(slice_from(body, at), "<!--")) {
		end = slice_find(slice_from(body, at), "-->");
		tag.end = end != NULL ? (size_t)(end - body.at) + strlen("-->") : body.len;
		return tag;
	}
	tag.closes = tag.end < body.len && body.at[tag.end] == '/';
	tag.name = slice_from(body, tag.end + tag.closes);
	tag.name.len = slice_until(tag.name, " \t\r\n/>");
	for (; tag.end < body.len; tag.end++) {
		char c = body.at[tag.end];

		if (quote != 0)
			quote = c == quote ? 0 : quote;
		else if (c == '"' || c == '\'')
			quote = c;
		else if (c == '>')
			break;
	}
	tag.end = tag.end < body.len ? tag.end + 1 : body.len;
	return tag;
}

/* Where the element that this tag opens ends: behind its closing tag, else behind the tag. */
static size_t
end_of_element(struct slice body, const struct html_tag *tag, struct arena *arena)
{
	const char *close = arena_printf(arena, "</%.*s", (int)tag->name.len, tag->name.at);
	const char *found = slice_find(slice_from(body, tag->end), close);

	return found != NULL ? read_tag(body, (size_t)(found - body.at)).end : tag->end;
}

/* Is what it opens hidden from the reader? */
static bool
hides(struct slice body, const struct html_tag *tag)
{
	static const char *const signs[] = {"display:none", "display: none", "visibility:hidden",
	    "visibility: hidden", "font-size:0", "font-size: 0"};
	struct slice text = {body.at + tag->start, tag->end - tag->start};

	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
		if (slice_find(text, signs[i]) != NULL)
			return true;
	return false;
}

/* A script, a form, hidden text: a part of its own. Returns where its own text is over. */
static size_t
read_construct(struct pieces_reader *reader, const struct html_tag *tag)
{
	struct slice body = reader->leaf->body;
	bool own = is_one_of(tag->name, "script style form iframe object embed");
	const char *name = own ? slice_copy(tag->name, reader->arena) : "hidden text";
	size_t end;

	if (tag->closes || tag->name.len == 0 || (!own && !hides(body, tag)))
		return tag->end;
	end = end_of_element(body, tag, reader->arena);
	add_span(reader, (struct layout_span){.start = tag->start,
	                     .end = end,
	                     .fill = FILL_NOTHING,
	                     .piece = piece_for(reader, PIECE_CONSTRUCT, name,
	                         place_of(reader->leaf, tag->start))});
	return is_one_of(tag->name, "script style") ? end : tag->end;
}

static void
read_html(struct pieces_reader *reader)
{
	struct slice body = reader->leaf->body;
	struct runs runs = {0};
	size_t at = 0;

	while (at < body.len) {
		size_t text = slice_until(slice_from(body, at), "<");
		struct html_tag tag;

		add_run(reader, &runs, (struct slice){body.at + at, text});
		at += text;
		if (at == body.len)
			break;
		tag = read_tag(body, at);
		if (is_one_of(tag.name, "p div br td th tr li ul ol table h1 h2 h3 h4 h5 h6 body "
		                        "html head title blockquote pre hr script style form"))
			end_paragraph(reader, &runs);
		at = read_construct(reader, &tag);
	}
	end_paragraph(reader, &runs);
}

/* ---- parts */

static int
by_start(const void *a, const void *b)
{
	const struct layout_span *one = a, *other = b;

	if (one->start != other->start)
		return one->start < other->start ? -1 : 1;
	return (one->end < other->end) - (one->end > other->end);
}

static void
read_text(struct pieces_reader *reader)
{
	struct message_leaf *leaf = reader->leaf;

	leaf->body = transfer_decode(leaf->part->body, leaf->part->encoding, reader->arena);
	read_links(reader);
	reader->link_count = leaf->span_count;
	reader->link_at = 0;
	if (leaf->html)
		read_html(reader);
	else
		read_plain(reader);
	if (leaf->span_count > 0)
		qsort(leaf->spans, leaf->span_count, sizeof *leaf->spans, by_start);
}

static void
read_attachment(struct pieces_reader *reader)
{
	struct message_leaf *leaf = reader->leaf;
	const struct mail_part *part = leaf->part;
	const char *field = header_get(part->header, "Content-Disposition", reader->arena);
	const char *name =
	    field != NULL ? header_parameter(field, "filename", reader->arena) : NULL;

	if (name == NULL)
		name = header_parameter(part->content_type, "name", reader->arena);
	if (name != NULL)
		leaf->name_piece =
		    (int)piece_for(reader, PIECE_ATTACHMENT_NAME, name, part->header.at);
	leaf->bytes_piece = (int)piece_for(
	    reader, PIECE_ATTACHMENT, name != NULL ? name : part->type, part->header.at);
}

static bool
is_text(const struct mail_part *part, struct arena *arena)
{
	const char *disposition = header_get(part->header, "Content-Disposition", arena);

	return (strcmp(part->type, "text/plain") == 0 || strcmp(part->type, "text/html") == 0) &&
	       (disposition == NULL || !slice_begins(slice_of(disposition), "attachment"));
}

static void
read_part(struct pieces_reader *reader, const struct mail_part *part)
{
	struct layout *layout = reader->layout;
	struct message_leaf *leaf;

	leaf = arena_push(reader->arena, &layout->leaves, layout->leaf_count++, sizeof *leaf);
	*leaf = (struct message_leaf){.part = part, .name_piece = -1, .bytes_piece = -1};
	leaf->text = is_text(part, reader->arena);
	leaf->html = leaf->text && strcmp(part->type, "text/html") == 0;
	reader->leaf = leaf;
	if (leaf->text)
		read_text(reader);
	else
		read_attachment(reader);
}

static void
read_body(struct pieces_reader *reader)
{
	struct layout *layout = reader->layout;
	struct parts parts;

	parts_read(layout->message, reader->arena, &parts);
	layout->single = parts.count == 1;
	for (size_t i = 0; i < parts.count; i++)
		if (!parts.items[i].multipart)
			read_part(reader, &parts.items[i]);
}

bool
pieces_read(struct slice message, struct arena *arena, struct pieces *pieces, const char **why)
{
	struct layout *layout = arena_alloc(arena, sizeof *layout);
	struct pieces_reader reader = {.arena = arena, .pieces = pieces, .layout = layout};

	*layout = (struct layout){.message = message, .author_piece = -1, .size_piece = -1};
	pieces->items = arena_alloc(arena, SUSPECTS_MAX * sizeof *pieces->items);
	pieces->count = 0;
	pieces->was_signed = false;
	pieces->layout = layout;
	reader.words = arena_alloc(arena, SUSPECTS_MAX * sizeof *reader.words);
	if (!fields_read(message.at, message.len, arena, &layout->fields, why))
		return false;
	read_header(&reader);
	read_body(&reader);
	if (message.len > SIZE_COUNTS)
		layout->size_piece = (int)piece_for(&reader, PIECE_SIZE, "", message.at);
	*why = "there is nothing in it that could be left out";
	return pieces->count > 0;
}
