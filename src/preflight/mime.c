/* The parts of a message, by the letter of RFC 2045 and RFC 2046: one pass over its lines with a
 * stack of the boundaries that are open. */
#include <string.h>

#include "base/arena.h"
#include "mail/charset.h"
#include "mail/encoded_word.h"
#include "mail/header.h"
#include "mail/transfer.h"
#include "preflight/facts.h"

enum { PARTS_BOUNDARY_MAX = 70, BASE64_LINE_MAX = 76, PART_HEADER_MAX = 64 * 1024 };

struct open_part { /* an entity within which the line at hand lies */
	size_t part;
	struct slice boundary; /* len 0: none: a message within a message */
	bool begun, closed; /* its first boundary, its last one was seen */
};

struct mime_walk {
	struct message_facts *facts;
	struct open_part open[FACTS_DEPTH_MAX + 1];
	size_t depth; /* how many are open */
	size_t part; /* that the line at hand belongs to */
	bool in_header;
	bool skipping; /* too many parts, or too deep: until the next boundary */
};

/* ---- Content-Type */

static bool
is_token(struct slice slice)
{
	for (size_t i = 0; i < slice.len; i++)
		if (slice.at[i] <= ' ' || slice.at[i] >= 0x7f ||
		    strchr("()<>@,;:\\\"/[]?=", slice.at[i]) != NULL)
			return false;
	return slice.len > 0;
}

/* "; name=value" or "; name=\"value\"", once; comments are passed over. */
static const char *
read_one_parameter(struct slice *rest)
{
	struct slice name, value;

	*rest = slice_from(*rest, 1);
	*rest = slice_from(*rest, slice_span(*rest, " \t"));
	if (rest->len == 0)
		return "a semicolon with nothing behind it";
	name = (struct slice){rest->at, slice_until(*rest, "=; \t")};
	*rest = slice_from(*rest, name.len);
	if (!is_token(name) || rest->len == 0 || rest->at[0] != '=')
		return "a parameter is not of the form name=value";
	*rest = slice_from(*rest, 1);
	if (rest->len > 0 && rest->at[0] == '"') {
		size_t end = 1;

		while (end < rest->len && rest->at[end] != '"')
			end += rest->at[end] == '\\' ? 2 : 1;
		if (end >= rest->len)
			return "a quotation mark is not closed";
		*rest = slice_from(*rest, end + 1);
	} else {
		value = (struct slice){rest->at, slice_until(*rest, "; \t")};
		if (!is_token(value))
			return "a value needs quotation marks, or there is none";
		*rest = slice_from(*rest, value.len);
	}
	*rest = slice_from(*rest, slice_span(*rest, " \t"));
	return NULL;
}

/* Why a value such as Content-Type's breaks the grammar; NULL: it does not. */
static const char *
fault_of_type(const char *value, bool slash)
{
	struct slice rest = slice_trim(slice_of(value)), token;
	size_t n = slice_until(rest, "; \t("), middle;

	token = (struct slice){rest.at, n};
	middle = slice_until(token, "/");
	if (slash && (middle == token.len || !is_token((struct slice){token.at, middle}) ||
	                 !is_token(slice_from(token, middle + 1))))
		return "it is not of the form type/subtype";
	if (!slash && !is_token(token))
		return "it does not begin with a word";
	rest = slice_from(rest, n);
	rest = slice_from(rest, slice_span(rest, " \t"));
	while (rest.len > 0) {
		const char *why;

		if (rest.at[0] == '(') /* a comment: rare, and never nested */
			rest = slice_from(rest, slice_until(rest, ")") + 1);
		else if (rest.at[0] != ';')
			return "a semicolon is missing between two parameters";
		else if ((why = read_one_parameter(&rest)) != NULL)
			return why;
		rest = slice_from(rest, slice_span(rest, " \t"));
	}
	return NULL;
}

/* ---- the name of a file (RFC 2183, RFC 2231) */

static int
hex_of(char c)
{
	return is_digit(c)                                ? c - '0'
	       : to_lower(c) >= 'a' && to_lower(c) <= 'f' ? to_lower(c) - 'a' + 10
	                                                  : -1;
}

/* "utf-8'de'na%CC%88me": *cut is true of what comes first of several pieces. */
static char *
decode_extended(const char *value, struct arena *arena)
{
	const char *quote = strchr(value, '\''),
	           *text = quote != NULL ? strchr(quote + 1, '\'') : NULL;
	char *out = arena_alloc(arena, strlen(value) + 1), *end = out;
	struct slice utf8;

	for (text = text != NULL ? text + 1 : value; *text != '\0'; text++)
		if (*text == '%' && hex_of(text[1]) >= 0 && hex_of(text[2]) >= 0) {
			*end++ = (char)(hex_of(text[1]) * 16 + hex_of(text[2]));
			text += 2;
		} else {
			*end++ = *text;
		}
	utf8 = charset_utf8((struct slice){out, (size_t)(end - out)},
	    quote != NULL ? arena_copy(arena, value, (size_t)(quote - value)) : NULL, arena, NULL);
	return slice_copy(utf8, arena);
}

/* name*0="…"; name*1="…" */
static char *
join_pieces(const char *value, const char *name, struct arena *arena)
{
	char *all = NULL;
	bool extended = false;

	for (unsigned i = 0; i < 50; i++) {
		char *piece = header_parameter(value, arena_printf(arena, "%s*%u", name, i), arena);
		char *coded = piece == NULL ? header_parameter(value,
		                                  arena_printf(arena, "%s*%u*", name, i), arena)
		                            : NULL;

		if (piece == NULL && coded == NULL)
			break;
		extended |= coded != NULL;
		all = arena_printf(
		    arena, "%s%s", all != NULL ? all : "", piece != NULL ? piece : coded);
	}
	return all != NULL && extended ? decode_extended(all, arena) : all;
}

static char *
file_name(const char *value, const char *name, struct arena *arena)
{
	char *plain = header_parameter(value, name, arena);
	char *extended = header_parameter(value, arena_printf(arena, "%s*", name), arena);

	if (extended != NULL)
		return decode_extended(extended, arena);
	if (plain != NULL)
		return encoded_words_read(plain, arena);
	return join_pieces(value, name, arena);
}

/* ---- one part */

static void
check_version(struct message_facts *facts)
{
	const char *value = facts_value(facts, "MIME-Version");
	const struct mail_field *content = NULL;
	struct slice words;

	for (size_t i = 0; i < facts->field_count && content == NULL; i++)
		if (slice_begins(
		        (struct slice){facts->fields[i].at, facts->fields[i].name_len}, "content-"))
			content = &facts->fields[i];
	if (value == NULL) {
		if (content != NULL)
			fault_at(facts, CHECK_MIME_VERSION, content->at,
			    "There are Content- fields, and no MIME-Version field.");
		return;
	}
	words = slice_trim((struct slice){value, slice_until(slice_of(value), "(")});
	if (!slice_same(words, "1.0"))
		fault_at(facts, CHECK_MIME_VERSION, facts_field(facts, "MIME-Version")->at,
		    "MIME-Version is not 1.0.");
}

static void
check_encoding(struct message_facts *facts, const struct body_part *part)
{
	static const char *const known[] = {
	    "7bit", "8bit", "binary", "quoted-printable", "base64", ""};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (strcmp(part->encoding, known[i]) == 0) {
			if ((part->multipart || part->message) && i >= 3 && i < 5)
				fault_on_line(facts, CHECK_MIME_ENCODING, part->line,
				    "A part that holds others is encoded as %s (RFC 2045 section "
				    "6.4).",
				    part->encoding);
			return;
		}
	fault_on_line(facts, CHECK_MIME_ENCODING, part->line,
	    "Content-Transfer-Encoding is %.40s, which nobody knows.", part->encoding);
}

static void
check_charset(struct message_facts *facts, const struct body_part *part)
{
	bool known = true;

	if (part->charset == NULL)
		return;
	charset_utf8(slice_of("x"), part->charset, facts->arena, &known);
	if (!known)
		fault_on_line(facts, CHECK_MIME_CHARSET, part->line,
		    "The character set is %.40s, which nobody knows.", part->charset);
}

/* What its header says, once that is over. */
static void
read_part_header(struct message_facts *facts, struct body_part *part)
{
	struct slice header = part->header;
	const char *type, *encoding, *disposition, *why;

	if (header.len > PART_HEADER_MAX)
		header.len = PART_HEADER_MAX;
	type = header_get(header, "Content-Type", facts->arena);
	encoding = header_get(header, "Content-Transfer-Encoding", facts->arena);
	disposition = header_get(header, "Content-Disposition", facts->arena);
	part->content_type = type != NULL ? type : "";
	part->type = type != NULL ? header_token(type, facts->arena) : part->type;
	part->encoding = encoding != NULL ? header_token(encoding, facts->arena) : "";
	part->charset = type != NULL ? header_parameter(type, "charset", facts->arena) : NULL;
	part->multipart = slice_begins(slice_of(part->type), "multipart/");
	part->message = strcmp(part->type, "message/rfc822") == 0;
	if (disposition != NULL) {
		part->attachment = slice_begins(slice_of(disposition), "attachment");
		part->name = file_name(disposition, "filename", facts->arena);
	}
	if (part->name == NULL && type != NULL)
		part->name = file_name(type, "name", facts->arena);
	why = type != NULL ? fault_of_type(type, true) : NULL;
	if (why != NULL)
		fault_on_line(facts, CHECK_MIME_TYPE, line_of(facts, part->header.at),
		    "A Content-Type breaks the grammar: %s: %.120s.", why, type);
	why = disposition != NULL ? fault_of_type(disposition, false) : NULL;
	if (why != NULL)
		fault_on_line(facts, CHECK_MIME_TYPE, line_of(facts, part->header.at),
		    "A Content-Disposition breaks the grammar: %s: %.120s.", why, disposition);
	if (encoding != NULL)
		check_encoding(facts, part);
	check_charset(facts, part);
}

/* ---- the walk */

static struct body_part *
begin_part(struct mime_walk *walk, const char *at)
{
	struct message_facts *facts = walk->facts;
	struct body_part *part;

	if (facts->part_count == FACTS_PARTS_MAX) {
		fault_at(
		    facts, CHECK_MIME_DEEP, at, "There are more than %d parts.", FACTS_PARTS_MAX);
		walk->skipping = true;
		return NULL;
	}
	part = arena_push(facts->arena, &facts->parts, facts->part_count, sizeof *part);
	walk->part = facts->part_count++;
	part->header = part->body = (struct slice){at, 0};
	part->depth = (unsigned)walk->depth;
	part->parent = walk->depth > 0 ? (unsigned)walk->open[walk->depth - 1].part : 0;
	part->type = "text/plain";
	part->content_type = part->encoding = "";
	if (walk->depth > 0 && strcmp(facts->parts[part->parent].type, "multipart/digest") == 0)
		part->type = "message/rfc822";
	walk->in_header = true;
	walk->skipping = false;
	return part;
}

static bool
may_open(struct mime_walk *walk, const char *at)
{
	if (walk->depth < FACTS_DEPTH_MAX)
		return true;
	fault_at(walk->facts, CHECK_MIME_DEEP, at, "Parts lie more than %d deep within each other.",
	    FACTS_DEPTH_MAX);
	walk->skipping = true;
	return false;
}

static void
open_multipart(struct mime_walk *walk, struct body_part *part)
{
	struct message_facts *facts = walk->facts;
	const char *boundary = header_parameter(part->content_type, "boundary", facts->arena);
	size_t len = boundary != NULL ? strlen(boundary) : 0;

	if (len == 0) {
		fault_on_line(facts, CHECK_MIME_PARSE, line_of(facts, part->header.at),
		    "A %s part names no boundary.", part->type);
		part->multipart = false;
		return;
	}
	if (len > PARTS_BOUNDARY_MAX)
		fault_on_line(facts, CHECK_MIME_PARSE, line_of(facts, part->header.at),
		    "A boundary has %zu characters; %d are allowed.", len, PARTS_BOUNDARY_MAX);
	if (!may_open(walk, part->body.at))
		return;
	walk->open[walk->depth++] =
	    (struct open_part){.part = walk->part, .boundary = {boundary, len}};
}

/* The empty line behind the header of a part. */
static void
end_header(struct mime_walk *walk, const char *body)
{
	size_t number = walk->part;
	struct body_part *part = &walk->facts->parts[number];

	walk->in_header = false;
	part->body = (struct slice){body, 0};
	part->line = line_of(walk->facts, body);
	read_part_header(walk->facts, part);
	if (part->multipart) {
		open_multipart(walk, part);
	} else if (part->message && may_open(walk, body)) {
		walk->open[walk->depth++] = (struct open_part){.part = number};
		begin_part(walk, body);
	}
}

/* Ends at `end`, behind the CRLF before a boundary, which belongs to that. */
static void
end_body(struct mime_walk *walk, size_t part, const char *end)
{
	struct body_part *one = &walk->facts->parts[part];

	if (one->body.len == 0 && end > one->body.at)
		one->body.len = (size_t)(end - one->body.at);
}

static const char *
before_line_end(const char *at, const char *from)
{
	at -= at > from && at[-1] == '\n';
	return at - (at > from && at[-1] == '\r');
}

/* Those within the one at `level` are over. */
static void
close_down_to(struct mime_walk *walk, size_t level, const char *at)
{
	const char *end = before_line_end(at, walk->facts->message.at);

	if (walk->in_header) {
		fault_at(walk->facts, CHECK_MIME_PARSE, at, "A part ends within its header.");
		end_header(walk, at);
	}
	if (!walk->skipping)
		end_body(walk, walk->part, end);
	while (walk->depth > level + 1) {
		const struct open_part *inner = &walk->open[walk->depth - 1];

		if (inner->boundary.len > 0 && !inner->closed)
			fault_at(walk->facts, CHECK_MIME_PARSE, at,
			    inner->begun ? "The parts of boundary \"%.70s\" have no end."
			                 : "The boundary \"%.70s\" is never used.",
			    inner->boundary.at);
		end_body(walk, inner->part, end);
		walk->depth--;
	}
}

static void
meet_boundary(struct mime_walk *walk, size_t level, struct slice line, const char *next, bool last)
{
	struct open_part *open = &walk->open[level];

	close_down_to(walk, level, line.at);
	if (open->closed) {
		fault_at(walk->facts, CHECK_MIME_PARSE, line.at,
		    "The boundary \"%.70s\" comes again behind its end.", open->boundary.at);
		return;
	}
	open->begun = true;
	if (last) {
		open->closed = true;
		walk->part = open->part;
		walk->skipping = true; /* what is behind is no part */
	} else {
		begin_part(walk, next);
	}
}

/* A line "--boundary" or "--boundary--", with nothing but blanks behind. RFC 2046 section 5.1.1
 * compares the beginning of the line: a boundary that another one begins with is a fault. */
static bool
is_boundary(struct mime_walk *walk, struct slice line, const char *next)
{
	for (size_t level = walk->depth; level-- > 0;) {
		struct slice boundary = walk->open[level].boundary, rest;
		bool last;

		if (boundary.len == 0 || line.len < boundary.len + 2 ||
		    memcmp(line.at + 2, boundary.at, boundary.len) != 0)
			continue;
		rest = slice_from(line, boundary.len + 2);
		last = rest.len >= 2 && rest.at[0] == '-' && rest.at[1] == '-';
		if (last)
			rest = slice_from(rest, 2);
		if (slice_span(rest, " \t") == rest.len) {
			meet_boundary(walk, level, line, next, last);
			return true;
		}
		fault_at(walk->facts, CHECK_MIME_PARSE, line.at,
		    "A line begins with the boundary \"%.70s\" and goes on: many take it for that.",
		    boundary.at);
	}
	return false;
}

static void
walk_lines(struct mime_walk *walk)
{
	struct slice rest = walk->facts->message, line;

	begin_part(walk, rest.at);
	while (slice_line(&rest, &line)) {
		struct body_part *part = &walk->facts->parts[walk->part];

		if (line.len > 2 && line.at[0] == '-' && line.at[1] == '-' &&
		    is_boundary(walk, line, rest.at))
			continue;
		if (!walk->in_header || walk->skipping)
			continue;
		if (line.len == 0)
			end_header(walk, rest.at);
		else
			part->header.len = (size_t)(line.at + line.len - part->header.at);
	}
}

static void
finish_walk(struct mime_walk *walk)
{
	struct message_facts *facts = walk->facts;
	const char *end = facts->message.at + facts->message.len;

	if (walk->in_header && walk->depth == 0)
		end_header(walk, end);
	else if (walk->in_header)
		fault_at(facts, CHECK_MIME_PARSE, NULL, "The last part ends within its header.");
	if (!walk->skipping)
		end_body(walk, walk->part, end);
	while (walk->depth > 0) {
		const struct open_part *open = &walk->open[walk->depth - 1];

		if (open->boundary.len > 0 && !open->closed)
			fault_on_line(facts, CHECK_MIME_PARSE, facts->parts[open->part].line,
			    open->begun ? "The parts of boundary \"%.70s\" have no end."
			                : "The boundary \"%.70s\" is never used.",
			    open->boundary.at);
		end_body(walk, open->part, end);
		walk->depth--;
	}
}

/* ---- what the parts hold */

/* RFC 2045 sections 6.7 and 6.8: only the first fault is looked for. */
static void
check_base64(struct message_facts *facts, const struct body_part *part)
{
	struct slice rest = part->body, line;
	size_t digits = 0;
	bool padded = false;

	while (slice_line(&rest, &line)) {
		size_t good =
		    slice_span(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		                     "0123456789+/");

		if (line.len > BASE64_LINE_MAX) {
			fault_at(facts, CHECK_MIME_ENCODING, line.at + BASE64_LINE_MAX,
			    "A line of base64 has %zu characters; %d are allowed.", line.len,
			    BASE64_LINE_MAX);
			return;
		}
		digits += line.len;
		if (padded && line.len > 0) {
			fault_at(facts, CHECK_MIME_ENCODING, line.at,
			    "Something stands behind the end of base64.");
			return;
		}
		if (good == line.len)
			continue;
		padded = line.at[good] == '=';
		good += slice_span(slice_from(line, good), "=");
		if (good < line.len) {
			fault_at(facts, CHECK_MIME_ENCODING, line.at + good,
			    "There is something in base64 that does not belong there.");
			return;
		}
	}
	if (digits % 4 != 0)
		fault_on_line(facts, CHECK_MIME_ENCODING, part->line,
		    "The base64 has %zu characters, which are no fours.", digits);
}

static void
check_quoted(struct message_facts *facts, const struct body_part *part)
{
	struct slice rest = part->body, line;

	while (slice_line(&rest, &line)) {
		if (line.len > BASE64_LINE_MAX) {
			fault_at(facts, CHECK_MIME_ENCODING, line.at + BASE64_LINE_MAX,
			    "A line of quoted-printable has %zu characters; %d are allowed.",
			    line.len, BASE64_LINE_MAX);
			return;
		}
		for (size_t i = 0; i < line.len; i++) {
			bool soft = line.at[i] == '=' &&
			            slice_span(slice_from(line, i + 1), " \t") == line.len - i - 1;

			if ((unsigned char)line.at[i] >= 0x80) {
				fault_at(facts, CHECK_MIME_ENCODING, line.at + i,
				    "There is an octet above 127 in quoted-printable.");
				return;
			}
			if (line.at[i] == '=' && !soft &&
			    (i + 2 >= line.len || hex_of(line.at[i + 1]) < 0 ||
			        hex_of(line.at[i + 2]) < 0)) {
				fault_at(facts, CHECK_MIME_ENCODING, line.at + i,
				    "There is an = in quoted-printable that no two digits follow.");
				return;
			}
		}
	}
}

static void
check_octets(struct message_facts *facts, const struct body_part *part)
{
	for (size_t i = 0; i < part->body.len; i++)
		if ((unsigned char)part->body.at[i] >= 0x80) {
			if (strcmp(part->encoding, "8bit") == 0 ||
			    strcmp(part->encoding, "binary") == 0)
				fault_at(facts, CHECK_MIME_CTE, part->body.at + i,
				    "A part is sent as %s.", part->encoding);
			else
				fault_at(facts, CHECK_MIME_ENCODING, part->body.at + i,
				    "There is an octet above 127 in a part that is said to have "
				    "none.");
			return;
		}
}

static void
decode_part(struct message_facts *facts, struct body_part *part)
{
	bool text = slice_begins(slice_of(part->type), "text/");
	bool base64 = strcmp(part->encoding, "base64") == 0;
	bool quoted = strcmp(part->encoding, "quoted-printable") == 0;
	struct slice cut;

	if (base64)
		check_base64(facts, part);
	else if (quoted)
		check_quoted(facts, part);
	else
		check_octets(facts, part);
	part->decoded = transfer_decode(part->body, part->encoding, facts->arena);
	if (!text)
		return;
	cut = part->decoded;
	if (cut.len > FACTS_TEXT_MAX)
		cut.len = FACTS_TEXT_MAX;
	part->text = charset_utf8(cut, part->charset, facts->arena, NULL);
	part->html_tried = strcmp(part->type, "text/html") == 0;
}

void
facts_read_parts(struct message_facts *facts)
{
	struct mime_walk walk = {.facts = facts};

	check_version(facts);
	walk_lines(&walk);
	finish_walk(&walk);
	for (size_t i = 0; i < facts->part_count; i++) {
		struct body_part *part = &facts->parts[i];

		if (!part->multipart && !part->message)
			decode_part(facts, part);
	}
}
