#include "auth/near_miss.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/buf.h"

enum { STEM_MAX = 16 }; /* letters and digits that tell what a text was meant as */

/* What stands before a record, and within it, that nobody sees. UTF-8 is listed before what its
 * first octet could be taken for. */
static const struct prefix {
	const char *octets, *why;
} prefixes[] = {
    {"\xef\xbb\xbf", "a byte order mark stands before it"},
    {"\xc2\xa0", "a no-break space stands before it"},
    {"\xe2\x80\x8b", "a zero-width space stands before it"},
    {"\xe2\x81\xa0", "a zero-width space stands before it"},
    {"\xe2\x80\x9c", "a typographic quotation mark stands before it"},
    {"\xe2\x80\x9d", "a typographic quotation mark stands before it"},
    {"\xe2\x80\x9e", "a typographic quotation mark stands before it"},
    {"\xe2\x80\x9f", "a typographic quotation mark stands before it"},
    {"\xe2\x80\x98", "a typographic quotation mark stands before it"},
    {"\xe2\x80\x99", "a typographic quotation mark stands before it"},
    {"\xe2\x80\x9a", "a typographic quotation mark stands before it"},
    {"\xc2\xab", "a typographic quotation mark stands before it"},
    {"\xc2\xbb", "a typographic quotation mark stands before it"},
    {"\x93", "a typographic quotation mark stands before it"},
    {"&quot;", "it stands in quotation marks, which were published with it"},
    {"\\\"", "it stands in quotation marks, which were published with it"},
    {"\"", "it stands in quotation marks, which were published with it"},
    {"'", "it stands in quotation marks, which were published with it"},
    {"`", "it stands in quotation marks, which were published with it"},
    {" ", "white space stands before it"},
    {"\t", "white space stands before it"},
    {"\r", "a line end stands before it"},
    {"\n", "a line end stands before it"},
    {"(", "a bracket stands before it"},
    {"TXT ", "the record's type was published with it"},
    {"TXT\t", "the record's type was published with it"},
    {"IN TXT ", "the record's type was published with it"},
};

static const struct near_form {
	const char *whole, *name; /* how it begins: "v=" and the name */
	const char *stem; /* of the name, without its number */
	const char
	    *slips[10]; /* letters and digits as they stand in what is often written instead */
	const char *behind; /* octets of which one has to follow */
	const char *follows; /* why not, when none does */
	const char *cased; /* why not, when the case is another; NULL: it does not matter */
} forms[] = {
    [NEAR_SPF] = {"v=spf1", "spf1", "spf",
        {"spfv", "vspf", "spf1", "vsfp", "vpsf", "sfpv", "version", NULL}, " ",
        "a space has to follow \"v=spf1\"", NULL},
    [NEAR_DMARC] = {"v=DMARC1", "DMARC1", "dmarc",
        {"dmarcv", "vdmarc", "dmarc1", "vdmrac", "vdamrc", "vdmark", "vdmacr", "vdcmar", NULL}, ";",
        "a semicolon has to follow \"v=DMARC1\"", "\"DMARC1\" is written in capitals"},
    [NEAR_STS] = {"v=STSv1", "STSv1", "stsv",
        {"vstsv", "stsv", "vsts1", "vmtasts", "mtastsv", "vstv1", "version", NULL}, ";",
        "a semicolon has to follow \"v=STSv1\"", "\"STSv1\" is written so: STS in capitals"},
    [NEAR_TLS_RPT] = {"v=TLSRPTv1", "TLSRPTv1", "tlsrptv",
        {"vtlsrpt", "tlsrpt", "vtlrpt", "vtsrpt", "vtlsprt", "version", NULL}, ";",
        "a semicolon has to follow \"v=TLSRPTv1\"",
        "\"TLSRPTv1\" is written so: TLSRPT in capitals"},
};

const char *
near_quote(struct slice text, size_t max, struct arena *arena)
{
	struct buf out;
	const char *copy;

	buf_init(&out, max * 4 + 4);
	for (size_t i = 0; i < text.len && i < max; i++) {
		unsigned char c = (unsigned char)text.at[i];

		if (c >= ' ' && c <= '~')
			buf_putc(&out, (char)c);
		else
			buf_printf(&out, "\\x%02x", c);
	}
	if (text.len > max)
		buf_puts(&out, "...");
	copy = arena_copy(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}

const char *
near_before(struct slice *text)
{
	const char *why = NULL;
	size_t i = 0;

	while (i < sizeof prefixes / sizeof *prefixes)
		if (slice_begins(*text, prefixes[i].octets)) {
			why = why == NULL ? prefixes[i].why : why;
			*text = slice_from(*text, strlen(prefixes[i].octets));
			i = 0;
		} else {
			i++;
		}
	return why;
}

/* The letters and digits at the beginning, in lower case, whatever stands between them. */
static void
take_stem(struct slice text, char stem[STEM_MAX + 1])
{
	size_t count = 0;

	for (size_t i = 0; i < text.len && i < 2 * STEM_MAX && count < STEM_MAX; i++) {
		if (is_alnum(text.at[i]))
			stem[count++] = to_lower(text.at[i]);
		else if (count > 0 && (text.at[i] == ';' || text.at[i] == ','))
			break;
	}
	stem[count] = '\0';
}

static bool
is_meant(const struct near_form *form, const char *stem)
{
	for (size_t i = 0; form->slips[i] != NULL; i++)
		if (strncmp(stem, form->slips[i], strlen(form->slips[i])) == 0)
			return strcmp(form->slips[i], "version") != 0 || strstr(stem, form->stem);
	return false;
}

/* `text` begins with "v=" and the name of the kind, without its number. */
static const char *
after_name(struct slice text, const struct near_form *form)
{
	struct slice rest = slice_from(text, 2 + strlen(form->stem));

	if (rest.len == 0 || rest.at[0] != '1')
		return rest.len > 0 && is_digit(rest.at[0])
		           ? "there is no such version"
		           : "the version, 1, is missing behind its name";
	rest = slice_from(rest, 1);
	if (rest.len > 0 && is_digit(rest.at[0]))
		return "there is no such version";
	if (form->cased != NULL && memcmp(text.at + 2, form->name, strlen(form->name)) != 0)
		return form->cased;
	return rest.len > 0 && strchr(form->behind, rest.at[0]) != NULL ? NULL : form->follows;
}

const char *
near_miss(struct slice text, enum near_kind kind)
{
	const struct near_form *form = &forms[kind];
	const char *before = near_before(&text), *why;
	char stem[STEM_MAX + 1];

	take_stem(text, stem);
	if (!is_meant(form, stem))
		return slice_find(text, form->whole) != NULL ? "something else stands before it"
		                                             : NULL;
	if (before != NULL)
		return before;
	if (slice_begins(text, "v=") && slice_begins(slice_from(text, 2), form->stem)) {
		why = after_name(text, form);
		return why != NULL ? why : "it is not written as it should";
	}
	if (slice_begins(text, form->stem))
		return strncmp(stem + strlen(form->stem), "v1", 2) == 0
		           ? "the sides of its \"=\" are swapped"
		           : "\"v=\" is missing";
	return "its beginning is misspelt";
}
