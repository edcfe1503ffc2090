#include "mail/charset.h"

#include <errno.h>
#include <iconv.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/utf8.h"

enum { GROWTH = 4 }; /* no octet of any set becomes more octets of UTF-8 than this */

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

/* Names that are in use and that iconv does not have. */
static const struct {
	const char *name, *known;
} aliases[] = {
    {"unicode-1-1-utf-7", "utf-7"},
    {"x-sjis", "cp932"},
    {"shift_jis", "cp932"},
    {"gb2312", "gb18030"},
    {"ks_c_5601-1987", "cp949"},
    {"iso-8859-8-i", "iso-8859-8"},
    {"cp-850", "cp850"},
    {"x-unknown", "us-ascii"},
    {"unknown-8bit", "us-ascii"},
};

static bool
is_plain(const char *name)
{
	return name == NULL || *name == '\0' || strcasecmp(name, "utf-8") == 0 ||
	       strcasecmp(name, "us-ascii") == 0 || strcasecmp(name, "utf8") == 0;
}

/* Only letters, digits and what stands in names of sets: iconv would take "//" for an order. */
static bool
is_name(const char *name)
{
	size_t len =
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:()+");

	return name[len] == '\0' && len <= CHARSET_NAME_MAX;
}

/* Octets that are no UTF-8 are those of Latin-1. */
static struct slice
mend(struct slice text, struct arena *arena)
{
	char *out;
	size_t n = 0;

	if (utf8_valid(text.at, text.len))
		return text;
	out = arena_alloc(arena, text.len * 2 + 1);
	for (size_t i = 0; i < text.len; i++) {
		unsigned char c = (unsigned char)text.at[i];
		size_t len = c >= 0x80 ? utf8_len(text.at + i, text.len - i) : 1;

		if (len > 0) {
			memcpy(out + n, text.at + i, len);
			n += len;
			i += len - 1;
			continue;
		}
		out[n++] = (char)(0xc0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3f));
	}
	return (struct slice){out, n};
}

static struct slice
convert(iconv_t set, struct slice text, struct arena *arena)
{
	size_t left = text.len, room = text.len * GROWTH + 16, size = room;
	char *in = (char *)text.at, *out = arena_alloc(arena, room + 1), *start = out;

	while (left > 0 && room > sizeof replacement) {
		if (iconv(set, &in, &left, &out, &room) != (size_t)-1 || errno == E2BIG)
			break;
		if (left == 0)
			break;
		in++; /* EILSEQ, or EINVAL: it ends within a character */
		left--;
		memcpy(out, replacement, sizeof replacement - 1);
		out += sizeof replacement - 1;
		room -= sizeof replacement - 1;
	}
	return (struct slice){start, size - room};
}

static struct slice
tidy(struct slice text, struct arena *arena)
{
	char *out;
	size_t n = 0;

	if (text.len == 0 ||
	    (memchr(text.at, '\r', text.len) == NULL && memchr(text.at, '\0', text.len) == NULL))
		return text;
	out = arena_alloc(arena, text.len + 1);
	for (size_t i = 0; i < text.len; i++)
		if (text.at[i] == '\0')
			out[n++] = ' ';
		else if (text.at[i] != '\r' || i + 1 == text.len || text.at[i + 1] != '\n')
			out[n++] = text.at[i];
	return (struct slice){out, n};
}

struct slice
charset_utf8(struct slice text, const char *name, struct arena *arena, bool *known)
{
	iconv_t set = (iconv_t)-1;
	bool plain = is_plain(name);

	for (size_t i = 0; !plain && i < sizeof aliases / sizeof aliases[0]; i++)
		if (strcasecmp(name, aliases[i].name) == 0)
			name = aliases[i].known;
	if (!plain && is_name(name))
		set = iconv_open("UTF-8", name);
	if (known != NULL)
		*known = plain || set != (iconv_t)-1;
	if (set == (iconv_t)-1)
		return tidy(mend(text, arena), arena);
	text = convert(set, text, arena);
	iconv_close(set);
	return tidy(mend(text, arena), arena);
}
