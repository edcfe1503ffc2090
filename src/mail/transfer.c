#include "mail/transfer.h"

#include <string.h>

#include "base/arena.h"

static int
base64_digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (is_digit(c))
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

struct slice
transfer_base64(struct slice text, struct arena *arena)
{
	char *out = arena_alloc(arena, text.len / 4 * 3 + 4);
	unsigned bits = 0, group = 0;
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		int digit = base64_digit(text.at[i]);

		if (text.at[i] == '=') { /* what comes behind the padding is another piece */
			bits = 0;
			continue;
		}
		if (digit < 0)
			continue;
		group = (group << 6 | (unsigned)digit) & 0xffffff;
		bits += 6;
		if (bits >= 8) {
			bits -= 8;
			out[n++] = (char)(group >> bits & 0xff);
		}
	}
	return (struct slice){out, n};
}

static int
hex_digit(char c)
{
	if (is_digit(c))
		return c - '0';
	c = to_lower(c);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Octets of the line end at `at`, with blanks before it: a soft line break's rest. */
static size_t
soft_break(struct slice at)
{
	size_t blanks = slice_span(at, " \t");

	at = slice_from(at, blanks);
	if (at.len > 0 && *at.at == '\n')
		return blanks + 1;
	return at.len > 1 && at.at[0] == '\r' && at.at[1] == '\n' ? blanks + 2 : 0;
}

struct slice
transfer_quoted(struct slice text, bool underscores, struct arena *arena)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = text.at[i];
		struct slice behind = slice_from(text, i + 1);

		if (c == '=' && behind.len >= 2 && hex_digit(behind.at[0]) >= 0 &&
		    hex_digit(behind.at[1]) >= 0) {
			out[n++] = (char)(hex_digit(behind.at[0]) * 16 + hex_digit(behind.at[1]));
			i += 2;
		} else if (c == '=' && !underscores && soft_break(behind) > 0) {
			i += soft_break(behind);
		} else {
			out[n++] = underscores && c == '_' ? ' ' : c;
		}
	}
	return (struct slice){out, n};
}

struct slice
transfer_decode(struct slice body, const char *encoding, struct arena *arena)
{
	if (strcmp(encoding, "base64") == 0)
		return transfer_base64(body, arena);
	if (strcmp(encoding, "quoted-printable") == 0)
		return transfer_quoted(body, false, arena);
	return body;
}
