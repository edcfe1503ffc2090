#include "auth/dkim_tags.h"

#include <openssl/evp.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"

static bool
is_blank(char c) /* what folding white space is made of */
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool
is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool
is_control(char c)
{
	return ((unsigned char)c < ' ' && !is_blank(c)) || c == 0x7f;
}

/* A byte as it can be shown in a sentence. */
static const char *
show(struct arena *arena, char c)
{
	return c > ' ' && c < 0x7f ? arena_printf(arena, "'%c'", c)
	                           : arena_printf(arena, "the octet 0x%02x", (unsigned char)c);
}

static bool
name_is_good(const char *name, size_t len)
{
	if (len == 0 || !is_alnum(name[0]) || (name[0] >= '0' && name[0] <= '9'))
		return false;
	for (size_t i = 1; i < len; i++)
		if (!is_alnum(name[i]) && name[i] != '_')
			return false;
	return true;
}

/* One "name=value", which stands at text[start..end). */
static bool
read_tag(const char *text, size_t start, size_t end, struct arena *arena, struct dkim_tags *out,
    const char **why)
{
	size_t equals, name_end, from, to;
	struct dkim_tag *tag;
	const char *name;

	while (start < end && is_blank(text[start]))
		start++;
	for (equals = start; equals < end && text[equals] != '='; equals++)
		;
	for (name_end = equals; name_end > start && is_blank(text[name_end - 1]); name_end--)
		;
	if (start == end) {
		*why = arena_printf(arena, "an empty tag at octet %zu", start + 1);
		return false;
	}
	if (equals == end || !name_is_good(text + start, name_end - start)) {
		*why = arena_printf(arena,
		    equals == end ? "no \"=\" in the tag at octet %zu" : "no tag name at octet %zu",
		    start + 1);
		return false;
	}
	name = arena_copy(arena, text + start, name_end - start);
	if (dkim_tags_find(out, name) != NULL) {
		*why =
		    arena_printf(arena, "%.40s= stands there twice (octet %zu)", name, start + 1);
		return false;
	}
	if (out->count == DKIM_TAGS_MAX) {
		*why = "too many tags";
		return false;
	}
	for (size_t i = equals + 1; i < end; i++)
		if (is_control(text[i])) {
			*why = arena_printf(
			    arena, "%s in %.40s=, at octet %zu", show(arena, text[i]), name, i + 1);
			return false;
		}
	for (from = equals + 1; from < end && is_blank(text[from]); from++)
		;
	for (to = end; to > from && is_blank(text[to - 1]); to--)
		;
	tag = arena_push(arena, &out->items, out->count, sizeof *tag);
	out->count++;
	*tag = (struct dkim_tag){.name = name,
	    .value = arena_copy(arena, text + from, to - from),
	    .start = equals + 1,
	    .end = end};
	return true;
}

static bool
only_blanks(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_blank(text[i]))
			return false;
	return true;
}

bool
dkim_tags_parse(
    const char *text, size_t len, struct arena *arena, struct dkim_tags *out, const char **why)
{
	size_t at = 0;

	*out = (struct dkim_tags){0};
	if (only_blanks(text, len)) {
		*why = "it is empty";
		return false;
	}
	while (at < len &&
	       !only_blanks(text + at, len - at)) { /* a last ";" may have nothing behind it */
		const char *semicolon = memchr(text + at, ';', len - at);
		size_t end = semicolon != NULL ? (size_t)(semicolon - text) : len;

		if (!read_tag(text, at, end, arena, out, why))
			return false;
		at = end + 1;
	}
	return true;
}

const struct dkim_tag *
dkim_tags_find(const struct dkim_tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->count; i++)
		if (strcmp(tags->items[i].name, name) == 0)
			return &tags->items[i];
	return NULL;
}

const char *
dkim_tags_value(const struct dkim_tags *tags, const char *name)
{
	const struct dkim_tag *tag = dkim_tags_find(tags, name);

	return tag != NULL ? tag->value : NULL;
}

bool
dkim_list_next(const char **at, struct arena *arena, const char **word)
{
	const char *start = *at;
	size_t len, end;

	if (start == NULL)
		return false;
	len = end = strcspn(start, ":");
	*at = start[len] == ':' ? start + len + 1 : NULL;
	while (end > 0 && is_blank(*start)) {
		start++;
		end--;
	}
	while (end > 0 && is_blank(start[end - 1]))
		end--;
	*word = arena_copy(arena, start, end);
	return true;
}

bool
dkim_list_has(const char *list, struct arena *arena, const char *word)
{
	const char *item;

	while (dkim_list_next(&list, arena, &item))
		if (strcasecmp(item, word) == 0)
			return true;
	return false;
}

/* ---- base64 */

static int
digit_of(char c)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *at = c != '\0' ? strchr(digits, c) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

bool
dkim_base64_decode(const char *text, struct arena *arena, const unsigned char **bytes, size_t *len,
    const char **why)
{
	unsigned char *out = arena_alloc(arena, strlen(text) / 4 * 3 + 3);
	size_t count = 0, digits = 0, pads = 0;
	unsigned bits = 0;

	for (size_t i = 0; text[i] != '\0'; i++) {
		int digit = digit_of(text[i]);

		if (is_blank(text[i]))
			continue;
		if (text[i] == '=') {
			pads++;
			continue;
		}
		if (digit < 0 || pads > 0) {
			*why = arena_printf(arena,
			    digit < 0 ? "%s at octet %zu is not base64"
			              : "%s at octet %zu stands behind the end of the base64",
			    show(arena, text[i]), i + 1);
			return false;
		}
		bits = bits << 6 | (unsigned)digit;
		if (++digits % 4 != 1)
			out[count++] = (unsigned char)(bits >> (6 - 2 * ((digits - 1) % 4)));
	}
	if (digits % 4 == 1 || pads != (4 - digits % 4) % 4) {
		*why = arena_printf(
		    arena, "the base64 is cut short: %zu digits and %zu \"=\"", digits, pads);
		return false;
	}
	*bytes = out;
	*len = count;
	return true;
}

char *
dkim_base64_encode(const unsigned char *bytes, size_t len, struct arena *arena)
{
	char *out = arena_alloc(arena, (len + 2) / 3 * 4 + 1);

	EVP_EncodeBlock((unsigned char *)out, bytes, (int)len);
	return out;
}
