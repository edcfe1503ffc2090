/* The header of a message: fields, lists of addresses, and the author's domain that DMARC goes by:
 * what no list of addresses is has a reason, and the order of authors changes nothing. */
#include <criterion/criterion.h>
#include <string.h>

#include "auth/author.h"
#include "base/arena.h"
#include "mail/address.h"
#include "mail/fields.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

Test(fields, mbox_line)
{
	static const struct {
		const char *message;
		size_t len;
	} cases[] = {
	    {"From a@b Mon Nov 30\nTo: x\n", 20},
	    {"From a@b\r\nTo: x\r\n", 10},
	    {"From a@b\rTo: x\r", 9},
	    {"From a@b", 8},
	    {"From : a@b\r\n", 0},
	    {"From \t: a@b\r\n", 0},
	    {"From: a@b\r\n", 0},
	    {"from a@b\r\n", 0},
	    {"From", 0},
	    {"", 0},
	};

	for (size_t i = 0; i < COUNT(cases); i++)
		cr_expect_eq(fields_mbox_line(cases[i].message, strlen(cases[i].message)),
		    cases[i].len, "%s", cases[i].message);
}

Test(fields, lines_and_names)
{
	static const char text[] = "From : a\r\n b\r\nfrom: c\r\nSubject:\r\n\r\nFrom: d\r\n";
	struct arena *arena = arena_new();
	struct mail_fields fields;
	const char *why;

	cr_assert(fields_read(text, strlen(text), arena, &fields, &why));
	cr_expect_eq(fields.count, 3);
	cr_expect_eq(fields_count(&fields, "FROM"), 2);
	cr_expect_eq(fields.items[1].line, 3);
	cr_expect(slice_same(field_value(&fields.items[0]), " a\r\n b"));
	cr_expect_eq(field_value(&fields.items[2]).len, 0);
	cr_expect_str_eq(field_single(&fields.items[1]), "From");
	cr_expect_eq(fields.body_len, 9);
	arena_free(arena);
}

Test(address, no_list)
{
	static const struct {
		const char *value, *why;
	} cases[] = {
	    {"a@example.com; b@example.com", "\";\""},
	    {"A <u@example.com", "\"<\" is not closed"},
	    {"A <u@example.com, B <b@example.com>", "\"<\" is not closed"},
	    {"evil@example.net <u@example.com>", "without quotes"},
	    {"Doe, John <j@example.com>", "comma within a name takes quotes"},
	    {"A u@example.com", "needs \"<>\""},
	    {"\"A\" u@example.com", "needs \"<>\""},
	    {"u@example.com B <b@example.com>", "no domain"},
	    {"<a@example.com> <b@example.com>", "something other than a comma"},
	    {"<a@example.com> b@example.com", "something other than a comma"},
	    {"a@b@example.com", "something other than a comma"},
	    {"<a@b@example.com>", "more than one address"},
	    {"@example.com", "no local part"},
	    {"<>", "empty"},
	    {"A <>", "empty"},
	    {"<u>", "no \"@\""},
	    {"a..b@example.com", "dot"},
	    {".a@example.com", "dot"},
	    {"u@example..com", "no domain"},
	    {"u@example.com.", "no domain"},
	    {"u@", "no domain"},
	    {"u at example.com", "no address"},
	    {"u@[192.0.2.1", "\"[\" is not closed"},
	    {"\"open <u@example.com>", "quotation mark"},
	    {"(open u@example.com", "\"(\" is not closed"},
	    {"Group: a@example.com", "no \";\""},
	    {"u@example.com>", "something other"},
	    {"A u>", "no \"<\""},
	    {"One: Two: a@example.com;;", "\":\""},
	    {"mailto:u@example.com", "no \";\""},
	    {"u@example.com\001", "control"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new();
		struct mailbox_list list;
		const char *why = NULL;

		cr_expect(!address_list_read(slice_of(cases[i].value), arena, &list, &why) &&
		              why != NULL && strstr(why, cases[i].why) != NULL,
		    "%s: %s", cases[i].value, why != NULL ? why : "good");
		arena_free(arena);
	}
}

Test(address, list)
{
	static const struct {
		const char *value;
		size_t count;
		const char *local, *domain; /* of the first */
	} cases[] = {
	    {"u@example.com", 1, "u", "example.com"},
	    {"a@example.com,\r\n b@example.net", 2, "a", "example.com"},
	    {" , a@example.com , , ", 1, "a", "example.com"},
	    {"\"a b\" @ example (x) . com", 1, "\"a b\"", "example.com"},
	    {"Dr. J. (\\)) Doe <j.d@example.com> (y)", 1, "j.d", "example.com"},
	    {"<@one.example,@two.example:u@example.com>", 1, "u", "example.com"},
	    {"=?utf-8?Q?a=40b?= <u@example.com>", 1, "u", "example.com"},
	    {"G: a@example.com, <b@example.net>; , c@example.org", 3, "a", "example.com"},
	    {"u@[IPv6:2001:db8::1]", 1, "u", "[IPv6:2001:db8::1]"},
	    {"J\xc3\xb6rg <j\xc3\xb6rg@example.com>", 1, "j\xc3\xb6rg", "example.com"},
	    {"undisclosed:;", 0, NULL, NULL},
	    {"", 0, NULL, NULL},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new();
		struct mailbox_list list;
		const char *why = NULL;

		cr_expect(address_list_read(slice_of(cases[i].value), arena, &list, &why), "%s: %s",
		    cases[i].value, why);
		cr_expect_eq(list.count, cases[i].count, "%s", cases[i].value);
		if (list.count == 0)
			continue;
		cr_expect_str_eq(list.items[0].local, cases[i].local);
		cr_expect_str_eq(list.items[0].domain, cases[i].domain);
		arena_free(arena);
	}
}

Test(author, of_several_domains) /* the same words whatever the order */
{
	static const char *const froms[] = {"A <a@example.com>, B <b@example.net>",
	    "B <b@example.net>, A <a@example.com>",
	    "G: b@EXAMPLE.net, b@example.net; , a@example.com"};
	struct arena *arena = arena_new();
	const char *first = NULL, *domain, *why;

	for (size_t i = 0; i < COUNT(froms); i++) {
		cr_expect_not(author_read(froms[i], strlen(froms[i]), arena, &domain, &why));
		cr_expect_null(domain);
		cr_expect_not_null(strstr(why, "example.com and example.net"), "%s", why);
		first = first == NULL ? why : first;
		cr_expect_str_eq(why, first);
	}
	arena_free(arena);
}

Test(author, that_is_none)
{
	static const char *const froms[] = {"u@[192.0.2.10]", "u@localhost", "u@192.0.2.10",
	    "a@a.example, b@b.example, c@c.example, d@d.example, e@e.example, f@f.example"};
	struct arena *arena = arena_new();
	const char *domain, *why;

	for (size_t i = 0; i < COUNT(froms); i++)
		cr_expect_not(author_read(froms[i], strlen(froms[i]), arena, &domain, &why));
	cr_expect_not_null(strstr(why, "d.example and more"), "%s", why);
	arena_free(arena);
}

Test(author, of_a_from_field)
{
	static const struct {
		const char *value, *domain; /* NULL: none */
	} froms[] = {
	    {"me@example.org", "example.org"},
	    {" Me <me@Example.ORG>\r\n", "example.org"},
	    {"\"me@example.com\" <me@example.org>", "example.org"},
	    {"\"a \\\" b, <x@example.com>\" <me@example.org>", "example.org"},
	    {"(x@example.com (y@example.net)) me@example.org (z@example.com)", "example.org"},
	    {"a@example.org, B <b@example.org>", "example.org"},
	    {"a@example.org, b@example.com", NULL},
	    {"Group: a@example.org, b@example.org;", "example.org"},
	    {"\"odd@local\"@example.org", "example.org"},
	    {"x@example.com <me@example.org>", NULL},
	    {"me @ example . org", "example.org"},
	    {"me@b\xc3\xbc"
	     "cher.example",
	        "xn--bcher-kva.example"},
	    {"undisclosed:;", NULL},
	    {"", NULL},
	    {"me", NULL},
	    {"me@", NULL},
	    {"me@a..b", NULL},
	    {"\"open", NULL},
	    {"(open (", NULL},
	    {"\\", NULL},
	    {"\"\\", NULL},
	};

	for (size_t i = 0; i < sizeof froms / sizeof *froms; i++) {
		struct arena *arena = arena_new();
		const char *domain, *why = NULL;
		bool good =
		    author_read(froms[i].value, strlen(froms[i].value), arena, &domain, &why);

		cr_expect_eq(good, froms[i].domain != NULL, "%s: %s", froms[i].value,
		    why != NULL ? why : "");
		if (good && froms[i].domain != NULL)
			cr_expect_str_eq(domain, froms[i].domain, "%s: %s", froms[i].value, domain);
		else
			cr_expect_not_null(why);
		arena_free(arena);
	}
}

Test(author, of_a_message)
{
	static const struct {
		const char *message, *domain, *why;
	} messages[] = {
	    {"Subject: x\r\nFrom: a@example.org\r\n\r\nFrom: b@example.com\r\n", "example.org",
	        NULL},
	    {"FROM:\r\n a@example.org\r\n\r\n", "example.org", NULL},
	    {"Subject: x\r\n\r\n", NULL, "no From"},
	    {"From: a@example.org\r\nfrom: a@example.org\r\n\r\n", NULL, "more than one From"},
	    {"From: nobody\r\n\r\n", NULL, "no address"},
	};

	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		struct arena *arena = arena_new();
		const char *domain, *why = NULL;
		bool good = author_domain(
		    messages[i].message, strlen(messages[i].message), arena, &domain, &why);

		cr_expect_eq(good, messages[i].domain != NULL);
		if (good)
			cr_expect_str_eq(domain, messages[i].domain);
		else
			cr_expect_not_null(strstr(why, messages[i].why), "%s", why);
		arena_free(arena);
	}
}
