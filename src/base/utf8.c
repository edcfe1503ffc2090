#include "base/utf8.h"

#include <string.h>

/* The first octet says how many follow, and bounds the second (RFC 3629 section 4). */
static const struct {
	unsigned char first, last; /* of the first octet */
	unsigned char low, high; /* of the second */
	size_t len;
} forms[] = {
    {0x00, 0x7f, 0, 0, 1},
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t
utf8_len(const char *bytes, size_t left)
{
	const unsigned char *s = (const unsigned char *)bytes;
	size_t form = 0, len;

	if (left == 0)
		return 0;
	if (s[0] <= forms[0].last) /* nearly always */
		return 1;
	while (form < sizeof forms / sizeof *forms &&
	       (s[0] < forms[form].first || s[0] > forms[form].last))
		form++;
	if (form == sizeof forms / sizeof *forms)
		return 0;
	len = forms[form].len;
	if (left < len || (len > 1 && (s[1] < forms[form].low || s[1] > forms[form].high)))
		return 0;
	for (size_t i = 2; i < len; i++)
		if (s[i] < 0x80 || s[i] > 0xbf)
			return 0;
	return len;
}

uint32_t
utf8_code(const char *bytes, size_t len)
{
	static const unsigned char lead[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
	uint32_t code = (unsigned char)*bytes & lead[len];

	for (size_t i = 1; i < len; i++)
		code = code << 6 | ((unsigned char)bytes[i] & 0x3f);
	return code;
}

/* How many octets of ASCII it begins with, counted by eight. */
static size_t
leading_ascii(const char *bytes, size_t len)
{
	const uint64_t high = UINT64_C(0x8080808080808080);
	uint64_t eight;
	size_t n = 0;

	for (; n + sizeof eight <= len; n += sizeof eight) {
		memcpy(&eight, bytes + n, sizeof eight);
		if (eight & high)
			break;
	}
	return n;
}

bool
utf8_valid(const char *bytes, size_t len)
{
	for (size_t i = leading_ascii(bytes, len), n; i < len; i += n)
		if ((n = utf8_len(bytes + i, len - i)) == 0)
			return false;
	return true;
}
