/* What is a target, and what is wrong with what is none. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "options/target.h"

Test(target, is_read_or_refused)
{
	static const struct {
		const char *text, *domain, *rcpt, *host;
		unsigned port;
	} good[] = {
	    {"example.com", "example.com"},
	    {"Example.COM.", "example.com"},
	    {"b\xc3\xbc"
	     "cher.example",
	        "xn--bcher-kva.example"},
	    {"_under.example", "_under.example"},
	    {"user@Example.com", "example.com", "user@example.com"},
	    {"User.Name+tag@example.com", "example.com", "User.Name+tag@example.com"},
	    {"\"a b\"@example.com", "example.com", "\"a b\"@example.com"},
	    {"[192.0.2.1]", "192.0.2.1", NULL, "192.0.2.1"},
	    {"[192.0.2.1]:2525", "192.0.2.1", NULL, "192.0.2.1", 2525},
	    {"[2001:db8::1]:25", "2001:db8::1", NULL, "2001:db8::1", 25},
	    {"[IPv6:2001:db8::1]", "2001:db8::1", NULL, "2001:db8::1"},
	    {"[mx.example.net]:65535", "mx.example.net", NULL, "mx.example.net", 65535},
	    {"user@example.com@[mx.example.net]:2525", "example.com", "user@example.com",
	        "mx.example.net", 2525},
	    {"user@[192.0.2.1]", "[192.0.2.1]", "user@[192.0.2.1]", "192.0.2.1"},
	};
	static const struct {
		const char *text, *why;
	} bad[] = {
	    {"", "it is empty"},
	    {"example.com\r\nQUIT", "a control character"},
	    {"exa\tmple.com", "a control character"},
	    {"a..b", "an empty label"},
	    {".", "the root is no mail domain"},
	    {"two words.example", "a character that no mail domain has"},
	    {"[192.0.2.1", "expected [host] or [host]:port"},
	    {"[]", "expected [host] or [host]:port"},
	    {"[192.0.2.1]x", "expected [host] or [host]:port"},
	    {"[192.0.2.1]:0", "the port is not a number from 1 to 65535"},
	    {"[192.0.2.1]:70000", "the port is not a number from 1 to 65535"},
	    {"[192.0.2.1]:+25", "the port is not a number from 1 to 65535"},
	    {"[192.0.2.1]:25x", "the port is not a number from 1 to 65535"},
	    {"@example.com", NULL},
	    {"user@", NULL},
	    {"us er@example.com", NULL},
	};
	struct arena *arena = arena_new();
	struct target t;
	const char *why;

	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		cr_assert(target_parse(good[i].text, arena, &t, &why), "%s: %s", good[i].text, why);
		cr_expect_str_eq(t.domain, good[i].domain);
		cr_expect_eq(t.rcpt == NULL, good[i].rcpt == NULL, "%s", good[i].text);
		if (t.rcpt != NULL && good[i].rcpt != NULL)
			cr_expect_str_eq(t.rcpt, good[i].rcpt);
		cr_expect_eq(t.host == NULL, good[i].host == NULL, "%s", good[i].text);
		if (t.host != NULL && good[i].host != NULL)
			cr_expect_str_eq(t.host, good[i].host);
		cr_expect_eq(t.port, good[i].port, "%s: port %u", good[i].text, t.port);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		cr_assert_not(
		    target_parse(bad[i].text, arena, &t, &why), "%s was taken", bad[i].text);
		if (bad[i].why != NULL)
			cr_expect_str_eq(why, bad[i].why, "%s: %s", bad[i].text, why);
	}
	arena_free(arena);
}

/* What people write, and how it is to be written: the error shows it. */
Test(target, is_shown_as_it_is_to_be_written)
{
	static const struct {
		const char *text, *better; /* NULL: nothing is shown */
	} cases[] = {
	    {"192.0.2.1", "[192.0.2.1]"},
	    {"192.0.2.1.", NULL},
	    {"192.0.2.1:25", "[192.0.2.1]:25"},
	    {"2001:db8::1", "[2001:db8::1]"},
	    {"mx.example.com:25", "[mx.example.com]:25"},
	    {"mx.example.com:smtp", NULL},
	    {"localhost:25", "[localhost]:25"},
	    {"user@192.0.2.1", "user@[192.0.2.1]"},
	    {"user@2001:db8::1", "user@[IPv6:2001:db8::1]"},
	    {"user@example.com@192.0.2.1", "user@example.com@[192.0.2.1]"},
	    {"user@example.com@mx.example.com:26", "user@example.com@[mx.example.com]:26"},
	    {"user@example.com:25",
	        "user@example.com and --port 25, or user@example.com@[SERVER]:25"},
	    {"http://example.com/", "example.com"},
	    {"https://example.com:8443/path?query", "example.com"},
	    {"smtp://mx.example.com:2525", "[mx.example.com]:2525"},
	    {"smtp://[192.0.2.1]:25/", "[192.0.2.1]:25"},
	    {"mailto:user@example.com?subject=x", "user@example.com"},
	    {"example.com/", "example.com"},
	    {"Jane Doe <jane@example.com>", "jane@example.com"},
	    {"300.1.2.3", NULL},
	    {"1.2.3", NULL},
	    {"word", NULL},
	    {"a b", NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *arena = arena_new();
		struct target target;
		const char *why, *write;

		cr_expect_not(target_parse(cases[i].text, arena, &target, &why), "%s was taken",
		    cases[i].text);
		write = strstr(why, ": write ");
		cr_expect_eq(write == NULL, cases[i].better == NULL, "%s: %s", cases[i].text, why);
		if (write != NULL && cases[i].better != NULL)
			cr_expect_str_eq(write + 8, cases[i].better, "%s: %s", cases[i].text, why);
		arena_free(arena);
	}
}

Test(target, what_stands_around_it_is_not_part_of_it)
{
	static const char *const texts[] = {" example.com", "example.com\xc2\xa0",
	    "\xe2\x80\x9c"
	    "example.com\xe2\x80\x9d",
	    "\"example.com\"", "<example.com>",
	    "\xef\xbb\xbf"
	    "example.com",
	    "\xe2\x80\x8b"
	    "example.com"};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct arena *arena = arena_new();
		struct target target;
		const char *why;

		cr_assert(target_parse(texts[i], arena, &target, &why), "%s: %s", texts[i], why);
		cr_expect_str_eq(target.domain, "example.com");
		cr_expect_str_eq(target.text, "example.com");
		arena_free(arena);
	}
}

Test(target, the_root_is_no_server)
{
	struct arena *arena = arena_new();
	const char *host, *why;
	uint16_t port;

	cr_expect_not(target_server(".", arena, &host, &port, &why));
	cr_expect_not(target_server(".:25", arena, &host, &port, &why));
	arena_free(arena);
}
