/* Who has opted out, and in how many ways that can be written; what is no opt-out stops the start.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "options/entry.h"
#include "options/skip.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const struct {
	const char *line, *entry;
} entries[] = {
    {"", ""},
    {"  example.com \r", "example.com"},
    {"# all of it", ""},
    {"example.com # why", "example.com"},
    {"example.com\t#why", "example.com"},
    {"a#b@example.com", "a#b@example.com"},
    {"\"a # b\"@example.com # why", "\"a # b\"@example.com"},
    {"\xc2\xa0"
     "example.com\xc2\xa0# why",
        "example.com"},
    {"\xef\xbb\xbf"
     "example.com",
        "example.com"},
    {"\xe2\x80\x9c"
     "example.com\xe2\x80\x9d",
        "example.com"},
    {"\xe2\x80\x98 example.com \xe2\x80\x99", "example.com"},
    {"\xc2\xab\xc2\xa0"
     "example.com\xc2\xa0\xc2\xbb",
        "example.com"},
    {"\"example.com\"", "example.com"},
    {"'example.com'", "example.com"},
    {"<user@example.com>", "user@example.com"},
    {"\"<user@example.com>\"", "user@example.com"},
    {"\"a b\"@example.com", "\"a b\"@example.com"},
    {"\x93"
     "example.com\x94\xa0",
        "example.com"},
    {"\xe2\x80\x8b"
     "example.com\xe2\x80\x8b",
        "example.com"},
    {"b\xc3\xbc"
     "cher.example",
        "b\xc3\xbc"
        "cher.example"},
    {"\"", "\""},
    {"\"\"", "\"\""},
};

Test(entry, of_a_line)
{
	for (size_t i = 0; i < COUNT(entries); i++) {
		struct slice entry = entry_of(slice_of(entries[i].line));

		cr_expect(slice_same(entry, entries[i].entry), "%s: %.*s", entries[i].line,
		    (int)entry.len, entry.at);
	}
}

/* Whether `entry` keeps from walking `asked`, by the verb of the column. */
static const struct {
	const char *entry;
	char verb; /* d: domain, a: address, h: host, i: IP address */
	const char *asked;
	bool skipped;
} cases[] = {
    {"example.com", 'd', "example.com", true},
    {"EXAMPLE.com.", 'd', "example.com", true},
    {"example.com", 'd', "sub.example.com", true},
    {"example.com", 'd', "notexample.com", false},
    {"sub.example.com", 'd', "example.com", false},
    {"*.example.com", 'd', "sub.example.com", true},
    {"*.example.com", 'd', "example.com", true},
    {".example.com", 'd', "sub.example.com", true},
    {"@example.com", 'd', "example.com", true},
    {"*@example.com", 'd', "example.com", true},
    {"b\xc3\xbc"
     "cher.example",
        'd', "xn--bcher-kva.example", true},
    {"xn--bcher-kva.example", 'd', "xn--bcher-kva.example", true},
    {"com.", 'd', "example.com", true},
    {"john@example.com", 'a', "john@example.com", true},
    {"john@example.com", 'a', "John@Example.COM", true},
    {"JOHN@example.com", 'a', "john@example.com", true},
    {"john@example.com", 'a', "\"john\"@example.com", true},
    {"john@example.com", 'a', "\"jo\\hn\"@example.com", true},
    {"\"John\"@example.com", 'a', "john@example.com", true},
    {"<john@example.com>", 'a', "john@example.com", true},
    {"john@example.com", 'a', "john+x@example.com", false},
    {"john@example.com", 'a', "jane@example.com", false},
    {"john@example.com", 'd', "example.com", false},
    {"john@b\xc3\xbc"
     "cher.example",
        'a', "john@xn--bcher-kva.example", true},
    {"john@[192.0.2.1]", 'a', "john@[192.0.2.1]", true},
    {"john@[IPv6:2001:db8:0::1]", 'a', "john@[IPv6:2001:DB8::1]", true},
    {"192.0.2.1", 'i', "192.0.2.1", true},
    {"192.0.2.1", 'i', "::ffff:192.0.2.1", true},
    {"[192.0.2.1]", 'i', "192.0.2.1", true},
    {"192.0.2.1", 'i', "192.0.2.2", false},
    {"192.0.2.0/24", 'i', "192.0.2.200", true},
    {"192.0.2.77/24", 'i', "192.0.2.200", true},
    {"192.0.2.0/24", 'i', "192.0.3.1", false},
    {"2001:db8::/32", 'i', "2001:db8:1::1", true},
    {"2001:db8::/32", 'i', "2001:db9::1", false},
    {"0.0.0.0/0", 'i', "198.51.100.1", true},
    {"0.0.0.0/0", 'i', "2001:db8::1", false},
    {"mx.example.net", 'h', "MX.example.net", true},
    {"mx.example.net", 'h', "mx2.example.net", false},
    {"example.net", 'h', "mx2.example.net", true},
    {"192.0.2.1", 'h', "192.0.2.1", true},
    {"192.0.2.1", 'h', "[192.0.2.1]", true},
    {"192.0.2.1", 'h', "[IPv6:::ffff:192.0.2.1]", true},
};

static const char *
ask(const struct skip_list *list, char verb, const char *asked)
{
	struct ip ip;

	if (verb == 'd')
		return skip_domain(list, asked);
	if (verb == 'a')
		return skip_address(list, asked);
	if (verb == 'h')
		return skip_host(list, asked);
	cr_assert(ip_parse(&ip, asked));
	return skip_ip(list, &ip);
}

Test(skip, cases)
{
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct skip_list *list = skip_new("skip.txt");
		const char *why, *where;

		cr_assert(skip_add(list, slice_of(cases[i].entry), 3, &why), "%s", cases[i].entry);
		where = ask(list, cases[i].verb, cases[i].asked);
		cr_expect_eq(
		    where != NULL, cases[i].skipped, "%s: %s", cases[i].entry, cases[i].asked);
		if (where != NULL)
			cr_expect_eq(strncmp(where, "skip.txt:3: ", 12), 0, "%s", where);
		skip_free(list);
	}
}

Test(skip, what_is_none)
{
	static const char *const lines[] = {"..", "a..b", "two words.example", "example",
	    "http://example.com/", "192.0.2.0/33", "192.0.2.0/", "192.0.2.0/x", "192.0.2.*",
	    "192.0.2.1-9", "[192.0.2.1]:25", "@", "*", "*.", "user@", "user@two words",
	    "example.com, example.org", "a\x01.example", "example.com why not", "/24",
	    "ex*mple.com", "*.*.example.com"};
	const char *why;

	for (size_t i = 0; i < COUNT(lines); i++) {
		struct skip_list *list = skip_new("skip.txt");

		cr_expect_not(
		    skip_add(list, slice_of(lines[i]), 1, &why), "%s was taken", lines[i]);
		skip_free(list);
	}
}

Test(skip, nothing)
{
	struct skip_list *list = skip_new("skip.txt");
	const char *why;

	cr_expect(skip_add(list, slice_of("  # example.com"), 1, &why));
	cr_expect(skip_add(list, slice_of(""), 2, &why));
	cr_expect_null(skip_domain(list, "example.com"));
	skip_free(list);
}
