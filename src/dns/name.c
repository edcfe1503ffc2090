/* A name has one text: lower case; a dot inside a label, a backslash and every byte outside
 * '!'..'~' as \DDD (RFC 4343 section 2.1). So two names are equal when their texts are, and every
 * dot in a text divides labels. */
#include "dns/name.h"

#include <idn2.h>
#include <string.h>
#include <strings.h>

#include "base/slice.h"

size_t
name_take_byte(const char *in, unsigned *byte)
{
	if (in[0] != '\\') {
		*byte = (unsigned char)in[0];
		return 1;
	}
	if (is_digit(in[1]) && is_digit(in[2]) && is_digit(in[3])) {
		*byte = (unsigned)((in[1] - '0') * 100 + (in[2] - '0') * 10 + (in[3] - '0'));
		return *byte <= 255 ? 4 : 0;
	}
	*byte = (unsigned char)in[1];
	return in[1] == '\0' || is_digit(in[1]) ? 0 : 2;
}

/* What an octet is in our form; 0: it is written as a number. */
static const char plain[256] = "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                               "!\"#$%&'()*+,-\0/0123456789:;<=>?@abcdefghijklmnopqrstuvwxyz["
                               "\0]^_`abcdefghijklmnopqrstuvwxyz{|}~";

size_t
name_put_byte(char *out, unsigned byte)
{
	if (plain[byte] != '\0') {
		out[0] = plain[byte];
		return 1;
	}
	out[0] = '\\';
	out[1] = (char)('0' + byte / 100);
	out[2] = (char)('0' + byte / 10 % 10);
	out[3] = (char)('0' + byte % 10);
	return 4;
}

size_t
name_put_label(char *out, const unsigned char *octets, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		out[len] = plain[octets[i]];
		len += out[len] != '\0' ? 1 : name_put_byte(out + len, octets[i]);
	}
	return len;
}

/* All of it but IDNA: `in` is ASCII. */
static const char *
normalise_ascii(const char *in, char out[NAME_TEXT])
{
	size_t label = 0, octets = 0, len = 0;

	if (strcmp(in, ".") == 0)
		in++;
	while (*in != '\0') {
		unsigned byte;
		size_t took;

		if (*in == '.') {
			if (label == 0)
				return "an empty label";
			label = 0;
			if (*++in == '\0')
				break;
			out[len++] = '.';
			octets++;
			continue;
		}
		byte = (unsigned char)*in;
		if (byte < ' ' || byte == 0x7f)
			return "a control character";
		took = plain[byte] != '\0' ? 1 : name_take_byte(in, &byte);
		if (took == 0)
			return "a backslash that escapes nothing";
		if (++label > LABEL_MAX_OCTETS)
			return "a label is longer than 63 octets";
		if (++octets > NAME_MAX_OCTETS)
			return "the name is longer than 253 octets";
		len += name_put_byte(out + len, byte);
		in += took;
	}
	out[len] = '\0';
	return NULL;
}

static const struct {
	int code;
	const char *why;
} idna_errors[] = {
    {IDN2_TOO_BIG_DOMAIN, "the name is longer than 253 octets"},
    {IDN2_TOO_BIG_LABEL, "a label is longer than 63 octets"},
    {IDN2_ENCODING_ERROR, "not UTF-8"},
    {IDN2_ICONV_FAIL, "not UTF-8"},
    {IDN2_DISALLOWED, "not valid in IDNA2008 (a character that is not allowed)"},
    {IDN2_UNASSIGNED, "not valid in IDNA2008 (an unassigned character)"},
    {IDN2_NOT_NFC, "not valid in IDNA2008 (not in normal form C)"},
    {IDN2_2HYPHEN, "not valid in IDNA2008 (hyphens in the third and fourth place)"},
    {IDN2_HYPHEN_STARTEND, "not valid in IDNA2008 (a hyphen begins or ends a label)"},
    {IDN2_LEADING_COMBINING, "not valid in IDNA2008 (a combining mark begins a label)"},
    {IDN2_CONTEXTJ, "not valid in IDNA2008 (a joiner out of place)"},
    {IDN2_CONTEXTO, "not valid in IDNA2008 (a character out of place)"},
    {IDN2_BIDI, "not valid in IDNA2008 (mixed writing directions)"},
    {IDN2_DOT_IN_LABEL, "not valid in IDNA2008 (a dot inside a label)"},
};

static const char *
idna_error(int code)
{
	for (size_t i = 0; i < sizeof idna_errors / sizeof *idna_errors; i++)
		if (idna_errors[i].code == code)
			return idna_errors[i].why;
	return "not valid in IDNA2008 (an A-label cannot be made)";
}

bool
name_normalise(const char *in, char out[NAME_TEXT], const char **why)
{
	uint8_t *labels = NULL;
	const char *error;
	int code;

	if (strlen(in) > 4 * NAME_TEXT) {
		error = "the name is longer than 253 octets"; /* however it is written */
	} else if (text_is_ascii(in)) {
		error = normalise_ascii(in, out);
	} else {
		code = idn2_lookup_u8(
		    (const uint8_t *)in, &labels, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL);
		error =
		    code == IDN2_OK ? normalise_ascii((const char *)labels, out) : idna_error(code);
		idn2_free(labels);
	}
	if (error != NULL)
		out[0] = '\0';
	if (why != NULL)
		*why = error;
	return error == NULL;
}

/* One label of a host name; `*digits`: it is nothing but digits. Returns its length, 0 if it is
 * none. */
static size_t
host_label(const char *label, bool *digits)
{
	size_t len = strcspn(label, ".");

	*digits = true;
	if (len == 0 || len > LABEL_MAX_OCTETS || label[0] == '-' || label[len - 1] == '-')
		return 0;
	for (size_t i = 0; i < len; i++) {
		char c = to_lower(label[i]);

		if (!is_digit(c) && c != '-' && (c < 'a' || c > 'z'))
			return 0;
		if (!is_digit(c))
			*digits = false;
	}
	return len;
}

bool
name_is_host(const char *name)
{
	size_t labels = 0;

	if (strlen(name) > NAME_MAX_OCTETS)
		return false;
	for (;;) {
		bool digits;
		size_t len = host_label(name, &digits);

		if (len == 0)
			return false;
		labels++;
		name += len;
		if (*name == '\0')
			return labels >= 2 && !digits;
		name++;
	}
}

/* Length without one trailing dot. */
static size_t
name_len(const char *name)
{
	size_t len = strlen(name);

	return len > 0 && name[len - 1] == '.' ? len - 1 : len;
}

bool
name_equal(const char *a, const char *b)
{
	size_t len = name_len(a);

	return len == name_len(b) && strncasecmp(a, b, len) == 0;
}

bool
name_within(const char *name, const char *ancestor)
{
	size_t len = name_len(name), above = name_len(ancestor);

	if (above == 0)
		return true;
	if (above > len || strncasecmp(name + len - above, ancestor, above) != 0)
		return false;
	return above == len || name[len - above - 1] == '.';
}

size_t
name_labels(const char *name)
{
	size_t len = name_len(name), labels = len > 0;

	for (size_t i = 0; i < len; i++)
		if (name[i] == '.')
			labels++;
	return labels;
}

const char *
name_last_labels(const char *name, size_t labels)
{
	for (size_t have = name_labels(name); have > labels; have--)
		name = name_parent(name);
	return name;
}

const char *
name_parent(const char *name)
{
	const char *dot = strchr(name, '.');

	return dot != NULL ? dot + 1 : name + strlen(name);
}
