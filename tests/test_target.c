/* What is a target, and what is wrong with what is none. */
#include <criterion/criterion.h>

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
