/* Blocklists over a book: each trap that a list's answer can be is a row here, and none of them may
 * come out as "listed" or "clean" by mistake. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "dns/book.h"
#include "evidence/blocklist.h"
#include "rules/builtin.h"

static struct lists *
built_in(void)
{
	struct lists *lists = lists_new();
	struct stanza_error error;

	cr_assert(lists_add(lists, data_lists, data_lists_size, &error), "data/lists.conf:%u: %s",
	    error.line, error.reason);
	return lists;
}

static const struct list *
the(const struct lists *lists, const char *zone)
{
	for (size_t i = 0; i < lists_count(lists); i++)
		if (strcmp(lists_at(lists, i)->zone, zone) == 0)
			return lists_at(lists, i);
	cr_assert_fail("no list %s", zone);
	return NULL;
}

/* "NAME A 127.0.0.2,127.0.0.4", "NAME TXT some words", "NAME A !SERVFAIL" */
static void
put(struct book *book, const char *text)
{
	char name[300], type[8], reason[160], line[2048];
	const char *data;
	int used = 0;

	cr_assert_eq(sscanf(text, "%299s %7s %n", name, type, &used), 2, "%s", text);
	data = text + used;
	if (*data == '!') {
		snprintf(line, sizeof line,
		    "{\"name\":\"%s\",\"type\":\"%s\",\"rcode\":\"%s\",\"data\":[],\"server\":"
		    "\"192.0.2.53\"}",
		    name, type, data + 1);
	} else if (strcmp(type, "TXT") == 0) {
		snprintf(line, sizeof line,
		    "{\"name\":\"%s\",\"type\":\"TXT\",\"rcode\":\"NOERROR\",\"ttl\":60,\"data\":["
		    "\"%s\"],\"server\":\"192.0.2.53\"}",
		    name, data);
	} else {
		size_t len = (size_t)snprintf(line, sizeof line,
		    "{\"name\":\"%s\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ttl\":60,\"server\":"
		    "\"192.0.2.53\",\"data\":[",
		    name);

		for (const char *comma = ""; *data != '\0'; comma = ",") {
			size_t word = strcspn(data, ",");

			len += (size_t)snprintf(
			    line + len, sizeof line - len, "%s\"%.*s\"", comma, (int)word, data);
			data += word + (data[word] == ',');
		}
		snprintf(line + len, sizeof line - len, "]}");
	}
	cr_assert(book_read_line(book, line, strlen(line), reason, sizeof reason), "%s: %s", line,
	    reason);
}

enum { ROWS = 6 };

static struct listing
look_up(const struct list *list, struct arena *arena, struct book *book, const char *item)
{
	struct listing listing;
	struct ip ip;
	bool is_ip = ip_parse(&ip, item);

	cr_assert(blocklist_look_up(book, arena, list, is_ip ? &ip : NULL, is_ip ? NULL : item,
	              is_ip ? "ip" : "helo", &listing),
	    "%s: a closed book leaves nothing pending", item);
	return listing;
}

#define ZEN "zen.spamhaus.org"
#define ZEN_WELL "2.0.0.127." ZEN " A 127.0.0.2,127.0.0.4,127.0.0.10"
#define COP "bl.spamcop.net"
#define COP_WELL "2.0.0.127." COP " A 127.0.0.2"
#define DBL "dbl.spamhaus.org"
#define DBL_WELL "dbltest.com." DBL " A 127.0.1.2"
#define SURBL "multi.surbl.org"
#define SURBL_WELL "surbl-org-permanent-test-point.com." SURBL " A 127.0.0.254"
#define URIBL "multi.uribl.com"
#define URIBL_WELL "test.uribl.com." URIBL " A 127.0.0.14"
#define DNSWL "list.dnswl.org"
#define DNSWL_WELL "2.0.0.127." DNSWL " A 127.0.10.0"
#define ME "1.2.0.192."

static const struct row {
	const char *what, *zone, *item;
	const char *book[ROWS];
	enum list_state state;
	const char *meaning; /* the meaning has this; NULL: there is none */
	const char *url; /* exactly; "" is not looked at */
} rows[] = {
    {"not there", ZEN, "192.0.2.1", {ZEN_WELL}, LIST_CLEAN, NULL,
        "https://check.spamhaus.org/results/?query=192.0.2.1"},
    {"SBL", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.2"}, LIST_LISTED, "SBL",
        "https://check.spamhaus.org/results/?query=192.0.2.1"},
    {"CSS", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.3"}, LIST_LISTED, "CSS", ""},
    {"XBL, first", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.4"}, LIST_LISTED, "XBL", ""},
    {"XBL, last", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.7"}, LIST_LISTED, "XBL", ""},
    {"DROP", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.9"}, LIST_LISTED, "DROP", ""},
    {"PBL is a policy", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.10"}, LIST_LISTED,
        "a policy, no accusation", ""},
    {"PBL, kept by Spamhaus", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.11"}, LIST_LISTED,
        "a policy, no accusation", ""},
    {"several: the gravest first", ZEN, "192.0.2.1",
        {ZEN_WELL, ME ZEN " A 127.0.0.11,127.0.0.4,127.0.0.2"}, LIST_LISTED,
        "SBL: a known source of spam, listed by hand; XBL", ""},
    {"several codes of one meaning", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.4,127.0.0.5"},
        LIST_LISTED, "XBL: something at this address is infected, hijacked or an open proxy", ""},
    {"a hit beside an unknown code", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.77,127.0.0.3"},
        LIST_LISTED, "CSS", ""},
    {"a code that the list does not define", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.77"},
        LIST_UNKNOWN, "127.0.0.77, which it does not define", ""},
    {"127.0.0.1 is no listing", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.1"}, LIST_UNKNOWN,
        "127.0.0.1", ""},
    {"mistyped zone", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.255.255.252"}, LIST_REFUSED,
        "mistyped", NULL},
    {"public resolver", ZEN, "192.0.2.1",
        {"2.0.0.127." ZEN " A 127.255.255.254", "1.0.0.127." ZEN " A 127.255.255.254",
            ME ZEN " A 127.255.255.254"},
        LIST_REFUSED, "resolver of your own", NULL},
    {"public resolver, test points only", ZEN, "192.0.2.1", {"2.0.0.127." ZEN " A 127.255.255.254"},
        LIST_REFUSED, "127.255.255.254", NULL},
    {"too many queries", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.255.255.255"}, LIST_REFUSED,
        "too many queries", NULL},
    {"a key that is not active", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.255.255.250"},
        LIST_REFUSED, "key", NULL},
    {"another code of that range", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.255.255.7"},
        LIST_REFUSED, "declines", NULL},
    {"refused in any zone", "psbl.surriel.com", "192.0.2.1",
        {"2.0.0.127.psbl.surriel.com A 127.0.0.2", ME "psbl.surriel.com A 127.255.255.254"},
        LIST_REFUSED, "127.255.255.254", NULL},
    {"a refusal beside a hit", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.2,127.255.255.255"},
        LIST_REFUSED, "127.255.255.255", NULL},
    {"a registered-only list", "bl.score.senderscore.com", "192.0.2.1",
        {"2.0.0.127.bl.score.senderscore.com A 127.255.255.255",
            "1.0.0.127.bl.score.senderscore.com A 127.255.255.255",
            ME "bl.score.senderscore.com A 127.255.255.255"},
        LIST_REFUSED, "does not know it", NULL},
    {"parked", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 203.0.113.80"}, LIST_BROKEN,
        "203.0.113.80, which is outside 127.0.0.0/8", NULL},
    {"a resolver's block page", ZEN, "192.0.2.1",
        {"2.0.0.127." ZEN " A 146.112.61.108", "1.0.0.127." ZEN " A 146.112.61.108",
            ME ZEN " A 146.112.61.108"},
        LIST_BROKEN, "146.112.61.108", NULL},
    {"parked beside a hit", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A 127.0.0.2,203.0.113.80"},
        LIST_BROKEN, "203.0.113.80", NULL},
    {"block page at the test point only", ZEN, "192.0.2.1", {"2.0.0.127." ZEN " A 146.112.61.108"},
        LIST_BROKEN, "146.112.61.108", NULL},
    {"NXDOMAIN for everything", ZEN, "192.0.2.1", {"spamhaus.org A 192.0.2.200"}, LIST_BROKEN,
        "does not have its own test entry (2.0.0.127, NXDOMAIN)", NULL},
    {"no data for everything", ZEN, "192.0.2.1", {"2.0.0.127." ZEN " TXT hello"}, LIST_BROKEN,
        "does not have its own test entry (2.0.0.127, NOERROR)", NULL},
    {"a hit, but the list has not its own entry", ZEN, "192.0.2.1", {ME ZEN " A 127.0.0.2"},
        LIST_BROKEN, "test entry", NULL},
    {"wildcarded", ZEN, "192.0.2.1",
        {ZEN_WELL, "1.0.0.127." ZEN " A 127.0.0.2", ME ZEN " A 127.0.0.2"}, LIST_BROKEN,
        "says yes to everything", NULL},
    {"wildcarded, and yet not there", ZEN, "192.0.2.1", {ZEN_WELL, "1.0.0.127." ZEN " A 127.0.0.2"},
        LIST_BROKEN, "1.0.0.127", NULL},
    {"SERVFAIL", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A !SERVFAIL"}, LIST_UNKNOWN, "SERVFAIL", ""},
    {"time-out", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A !TIMEOUT"}, LIST_UNKNOWN, "TIMEOUT", ""},
    {"REFUSED", ZEN, "192.0.2.1", {ZEN_WELL, ME ZEN " A !REFUSED"}, LIST_UNKNOWN, "REFUSED", ""},
    {"test point: SERVFAIL", ZEN, "192.0.2.1", {"2.0.0.127." ZEN " A !SERVFAIL"}, LIST_UNKNOWN,
        "test entry (SERVFAIL)", ""},
    {"test point: time-out, and a hit", ZEN, "192.0.2.1",
        {"2.0.0.127." ZEN " A !TIMEOUT", ME ZEN " A 127.0.0.2"}, LIST_UNKNOWN,
        "test entry (TIMEOUT)", ""},
    {"the other test point: time-out", ZEN, "192.0.2.1", {ZEN_WELL, "1.0.0.127." ZEN " A !TIMEOUT"},
        LIST_UNKNOWN, "never lists (TIMEOUT)", ""},
    {"a test code that we do not know is alive", "psbl.surriel.com", "192.0.2.1",
        {"2.0.0.127.psbl.surriel.com A 127.0.0.99"}, LIST_CLEAN, NULL, ""},
    {"IPv6 by nibbles", ZEN, "2001:db8::25",
        {ZEN_WELL,
            "5.2.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2." ZEN " A 127.0.0.3"},
        LIST_LISTED, "CSS", "https://check.spamhaus.org/results/?query=2001:db8::25"},
    {"IPv6, not there", ZEN, "2001:db8::25", {ZEN_WELL}, LIST_CLEAN, NULL, ""},
    {"IPv6 where there is none", COP, "2001:db8::25", {COP_WELL}, LIST_UNKNOWN, "no IPv6", NULL},
    {"an address asked of a domain list", DBL, "192.0.2.1", {DBL_WELL}, LIST_UNKNOWN, "no IPv4",
        NULL},
    {"a domain asked of an address list", ZEN, "example.net", {ZEN_WELL}, LIST_UNKNOWN,
        "no domains", NULL},
    {"SpamCop, in its own words", COP, "192.0.2.1",
        {COP_WELL, ME COP " A 127.0.0.2",
            ME COP " TXT Blocked - see https://www.SpamCop.net/bl.shtml?192.0.2.1"},
        LIST_LISTED, "SpamCop", "https://www.spamcop.net/w3m?action=checkblock&ip=192.0.2.1"},
    {"SpamCop, parked", COP, "192.0.2.1",
        {COP_WELL, ME COP " A 127.0.0.2", ME COP " TXT This domain may be for sale"}, LIST_BROKEN,
        "own words", NULL},
    {"SpamCop without TXT", COP, "192.0.2.1", {COP_WELL, ME COP " A 127.0.0.2"}, LIST_BROKEN,
        "own words", NULL},
    {"SpamCop, the TXT fails", COP, "192.0.2.1",
        {COP_WELL, ME COP " A 127.0.0.2", ME COP " TXT !SERVFAIL"}, LIST_UNKNOWN, "not believed",
        ""},
    {"SpamCop, the TXT says which list it would be elsewhere", "psbl.surriel.com", "192.0.2.1",
        {"2.0.0.127.psbl.surriel.com A 127.0.0.2", ME "psbl.surriel.com A 127.0.0.2"}, LIST_LISTED,
        "spam trap", "https://psbl.org/remove?ip=192.0.2.1"},
    {"DBL: spam", DBL, "mail.example.net", {DBL_WELL, "mail.example.net." DBL " A 127.0.1.2"},
        LIST_LISTED, "low reputation",
        "https://check.spamhaus.org/results/?query=mail.example.net"},
    {"DBL: abused, not abusing", DBL, "example.net",
        {DBL_WELL, "example.net." DBL " A 127.0.1.102"}, LIST_LISTED, "broken into", ""},
    {"DBL: asked about an address", DBL, "example.net",
        {DBL_WELL, "example.net." DBL " A 127.0.1.255"}, LIST_REFUSED, "127.0.1.255", NULL},
    {"DBL: ZEN's code is not DBL's", DBL, "example.net",
        {DBL_WELL, "example.net." DBL " A 127.0.0.2"}, LIST_UNKNOWN, "127.0.0.2", ""},
    {"DBL: no address literals", DBL, "[192.0.2.1]", {DBL_WELL}, LIST_UNKNOWN, "", NULL},
    {"SURBL: one bit", SURBL, "example.net", {SURBL_WELL, "example.net." SURBL " A 127.0.0.64"},
        LIST_LISTED, "ABUSE", ""},
    {"SURBL: two bits", SURBL, "example.net", {SURBL_WELL, "example.net." SURBL " A 127.0.0.80"},
        LIST_LISTED, "MW: spreads malware; ABUSE: seen in spam", ""},
    {"SURBL: cut to the registered domain", SURBL, "mail.example.co.uk",
        {SURBL_WELL, "example.co.uk." SURBL " A 127.0.0.64"}, LIST_LISTED, "ABUSE", ""},
    {"SURBL: refused", SURBL, "example.net",
        {"surbl-org-permanent-test-point.com." SURBL " A 127.0.0.1",
            "invalid." SURBL " A 127.0.0.1", "example.net." SURBL " A 127.0.0.1"},
        LIST_REFUSED, "declines", NULL},
    {"SURBL: a bit that is not defined", SURBL, "example.net",
        {SURBL_WELL, "example.net." SURBL " A 127.0.0.2"}, LIST_UNKNOWN, "127.0.0.2", ""},
    {"SURBL: no bits at all", SURBL, "example.net",
        {SURBL_WELL, "example.net." SURBL " A 127.0.0.0"}, LIST_UNKNOWN, "127.0.0.0", ""},
    {"SURBL: bits in the wrong place", SURBL, "example.net",
        {SURBL_WELL, "example.net." SURBL " A 127.0.64.64"}, LIST_UNKNOWN, "127.0.64.64", ""},
    {"URIBL: black", URIBL, "example.net", {URIBL_WELL, "example.net." URIBL " A 127.0.0.2"},
        LIST_LISTED, "black", ""},
    {"URIBL: refused", URIBL, "example.net",
        {"test.uribl.com." URIBL " A 127.0.0.1", "invalid." URIBL " A 127.0.0.1",
            "example.net." URIBL " A 127.0.0.1"},
        LIST_REFUSED, "declines", NULL},
    {"URIBL: refused beside a bit", URIBL, "example.net",
        {URIBL_WELL, "example.net." URIBL " A 127.0.0.3"}, LIST_REFUSED, "declines", NULL},
    {"dnswl: trusted", DNSWL, "192.0.2.1", {DNSWL_WELL, ME DNSWL " A 127.0.3.3"}, LIST_LISTED,
        "trust high", ""},
    {"dnswl: known", DNSWL, "192.0.2.1", {DNSWL_WELL, ME DNSWL " A 127.0.15.0"}, LIST_LISTED,
        "no trust", ""},
    {"dnswl: not there", DNSWL, "192.0.2.1", {DNSWL_WELL}, LIST_CLEAN, NULL, ""},
    {"dnswl: blocked", DNSWL, "192.0.2.1",
        {"2.0.0.127." DNSWL " A 127.0.0.255", "1.0.0.127." DNSWL " A 127.0.0.255",
            ME DNSWL " A 127.0.0.255"},
        LIST_REFUSED, "127.0.0.255", NULL},
    {"dnswl: a made-up HIGH for all", DNSWL, "192.0.2.1",
        {"2.0.0.127." DNSWL " A 127.0.10.3", "1.0.0.127." DNSWL " A 127.0.10.3",
            ME DNSWL " A 127.0.10.3"},
        LIST_REFUSED, "made-up", NULL},
    {"dnswl: a made-up HIGH for the item", DNSWL, "192.0.2.1",
        {DNSWL_WELL, ME DNSWL " A 127.0.10.3"}, LIST_REFUSED, "made-up", NULL},
    {"dnswl: another test answer", DNSWL, "192.0.2.1", {"2.0.0.127." DNSWL " A 127.0.5.1"},
        LIST_BROKEN, "as it should", NULL},
    {"hostkarma: white", "hostkarma.junkemailfilter.com", "192.0.2.1",
        {"2.0.0.127.hostkarma.junkemailfilter.com A 127.0.0.2",
            ME "hostkarma.junkemailfilter.com A 127.0.0.1"},
        LIST_CLEAN, "white", ""},
    {"hostkarma: do not list", "hostkarma.junkemailfilter.com", "192.0.2.1",
        {"2.0.0.127.hostkarma.junkemailfilter.com A 127.0.0.2",
            ME "hostkarma.junkemailfilter.com A 127.0.0.5"},
        LIST_CLEAN, "no list", ""},
    {"hostkarma: black", "hostkarma.junkemailfilter.com", "192.0.2.1",
        {"2.0.0.127.hostkarma.junkemailfilter.com A 127.0.0.2",
            ME "hostkarma.junkemailfilter.com A 127.0.0.2"},
        LIST_LISTED, "black", ""},
    {"a list with test names of its own", "uribl.spameatingmonkey.net", "example.net",
        {"_dnsbl_.test.uribl.spameatingmonkey.net A 127.0.0.2",
            "example.net.uribl.spameatingmonkey.net A 127.0.0.2"},
        LIST_LISTED, "spam traps", ""},
    {"without the key that it needs", "all.spamrats.com", "192.0.2.1",
        {"2.0.0.127.all.spamrats.com A 127.0.0.38"}, LIST_UNKNOWN, "wants a key", NULL},
    {"subscribers only", "sip.invaluement.com", "192.0.2.1",
        {"2.0.0.127.sip.invaluement.com A 127.0.0.2"}, LIST_UNKNOWN, "subscribers", NULL},
};

Test(look_up, each_answer_is_what_the_list_means)
{
	struct lists *lists = built_in();

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *row = &rows[i];
		struct arena *arena = arena_new();
		struct book *book = book_new();
		struct listing listing;

		for (size_t b = 0; b < ROWS && row->book[b] != NULL; b++)
			put(book, row->book[b]);
		book_close(book);
		listing = look_up(the(lists, row->zone), arena, book, row->item);
		cr_expect_eq(listing.state, row->state, "%s: %s (%s)", row->what,
		    list_state_name(listing.state), listing.meaning != NULL ? listing.meaning : "");
		if (row->meaning == NULL)
			cr_expect_null(listing.meaning, "%s: %s", row->what, listing.meaning);
		else
			cr_expect(listing.meaning != NULL &&
			              strstr(listing.meaning, row->meaning) != NULL,
			    "%s: %s", row->what,
			    listing.meaning != NULL ? listing.meaning : "NULL");
		if (row->url == NULL)
			cr_expect_null(listing.url, "%s: %s", row->what, listing.url);
		else if (row->url[0] != '\0')
			cr_expect(listing.url != NULL && strcmp(listing.url, row->url) == 0,
			    "%s: %s", row->what, listing.url != NULL ? listing.url : "NULL");
		cr_expect_eq(listing.value != NULL, listing.state == LIST_LISTED,
		    "%s: a hit has its value", row->what);
		book_free(book);
		arena_free(arena);
	}
	lists_free(lists);
}

Test(look_up, the_listing_is_whole)
{
	struct lists *lists = built_in();
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct listing listing;
	char text[IP_TEXT];

	put(book, ZEN_WELL);
	put(book, ME ZEN " A 127.0.0.10,127.0.0.4");
	put(book, ME ZEN " TXT Listed by XBL, see https://check.spamhaus.org/");
	book_close(book);
	listing = look_up(the(lists, ZEN), arena, book, "192.0.2.1");
	cr_expect_str_eq(listing.item, "192.0.2.1");
	cr_expect_str_eq(listing.identity, "ip");
	cr_assert_eq(listing.code_count, 2);
	cr_expect_str_eq(ip_text(&listing.codes[1], text), "127.0.0.4");
	cr_expect_str_eq(listing.reason, "Listed by XBL, see https://check.spamhaus.org/");
	cr_expect_str_eq(listing.server, "192.0.2.53");
	cr_expect_str_eq(listing.value->who, "sender");
	cr_expect(strstr(listing.value->advice, "infected machine") != NULL);
	book_free(book);
	arena_free(arena);
	lists_free(lists);
}

static bool
wants(const struct book *book, const char *name, enum dns_type type)
{
	for (size_t i = 0; i < book_wanted(book); i++)
		if (strcmp(book_want(book, i).name, name) == 0 && book_want(book, i).type == type)
			return true;
	return false;
}

Test(look_up, asks_all_in_one_round_and_the_text_only_on_a_hit)
{
	struct lists *lists = built_in();
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct listing listing;
	struct ip ip;

	ip_parse(&ip, "192.0.2.1");
	cr_assert_not(blocklist_look_up(book, arena, the(lists, ZEN), &ip, NULL, "ip", &listing));
	cr_expect_eq(listing.state, LIST_UNKNOWN);
	cr_expect_str_eq(listing.item, "192.0.2.1");
	cr_expect_not_null(listing.meaning);
	cr_expect_eq(book_wanted(book), 3);
	cr_expect(wants(book, ME ZEN, DNS_A));
	cr_expect(wants(book, "2.0.0.127." ZEN, DNS_A));
	cr_expect(wants(book, "1.0.0.127." ZEN, DNS_A));
	book_forget_wants(book);

	put(book, ZEN_WELL);
	put(book, "1.0.0.127." ZEN " A !NXDOMAIN");
	put(book, ME ZEN " A 127.0.0.2");
	cr_assert_not(blocklist_look_up(book, arena, the(lists, ZEN), &ip, NULL, "ip", &listing));
	cr_expect_eq(book_wanted(book), 1);
	cr_expect(wants(book, ME ZEN, DNS_TXT));
	cr_expect_eq(
	    listing.state, LIST_LISTED, "what is known stands, even if the time runs out now");
	book_forget_wants(book);

	put(book, ME ZEN " A !NXDOMAIN");
	cr_assert(blocklist_look_up(book, arena, the(lists, ZEN), &ip, NULL, "ip", &listing));
	cr_expect_eq(book_wanted(book), 0);
	book_free(book);
	arena_free(arena);
	lists_free(lists);
}

Test(look_up, what_a_list_does_not_take_is_not_asked)
{
	struct lists *lists = built_in();
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct listing listing;
	char endless[300];
	struct ip ip;

	ip_parse(&ip, "2001:db8::1");
	cr_expect(blocklist_look_up(book, arena, the(lists, COP), &ip, NULL, "ip", &listing));
	cr_expect(
	    blocklist_look_up(book, arena, the(lists, ZEN), NULL, "example.net", "helo", &listing));
	cr_expect(
	    blocklist_look_up(book, arena, the(lists, DBL), NULL, "192.0.2.1", "helo", &listing));
	cr_expect(blocklist_look_up(
	    book, arena, the(lists, "all.spamrats.com"), &ip, NULL, "ip", &listing));
	for (size_t i = 0; i < 240; i++)
		endless[i] = i % 40 == 39 ? '.' : 'a';
	memcpy(endless + 240, "net", 4);
	cr_expect(blocklist_look_up(book, arena, the(lists, DBL), NULL, endless, "helo", &listing));
	cr_expect_eq(listing.state, LIST_UNKNOWN, "too long to ask about is not clean");
	cr_expect_eq(book_wanted(book), 0);
	book_free(book);
	arena_free(arena);
	lists_free(lists);
}

/* ---- keys */

static const char key[] = "s3cr3tk3ys3cr3tk3ys3cr3tk3";

static void
expect_no_key(const char *what, const char *text)
{
	cr_expect(
	    text == NULL || strstr(text, key) == NULL, "%s gives the key away: %s", what, text);
}

Test(keys, go_into_the_question_and_nowhere_else)
{
	struct lists *lists = built_in();
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct listing listing;
	char name[200], line[400];
	struct ip ip;

	cr_expect(lists_key(lists, ZEN, key));
	ip_parse(&ip, "192.0.2.1");
	cr_expect_not(blocklist_look_up(book, arena, the(lists, ZEN), &ip, NULL, "ip", &listing));
	snprintf(name, sizeof name, ME "%s.zen.dq.spamhaus.net", key);
	cr_expect(wants(book, name, DNS_A));
	snprintf(name, sizeof name, "2.0.0.127.%s.zen.dq.spamhaus.net", key);
	cr_expect(wants(book, name, DNS_A));
	for (size_t i = 0; i < book_wanted(book); i++)
		cr_expect_null(
		    strstr(book_want(book, i).name, ZEN), "the public zone is left alone");

	snprintf(line, sizeof line, "2.0.0.127.%s.zen.dq.spamhaus.net A 127.0.0.2", key);
	put(book, line);
	snprintf(line, sizeof line, ME "%s.zen.dq.spamhaus.net A 127.0.0.4", key);
	put(book, line);
	snprintf(line, sizeof line,
	    ME "%s.zen.dq.spamhaus.net TXT https://example.org/?q=192.0.2.1&k=%s and "
	       "S3CR3TK3YS3CR3TK3YS3CR3TK3",
	    key, key);
	put(book, line);
	book_close(book);
	listing = look_up(the(lists, ZEN), arena, book, "192.0.2.1");
	cr_expect_eq(listing.state, LIST_LISTED);
	cr_expect_str_eq(listing.list->zone, ZEN);
	expect_no_key("item", listing.item);
	expect_no_key("meaning", listing.meaning);
	expect_no_key("url", listing.url);
	expect_no_key("reason", listing.reason);
	cr_expect_null(strcasestr(listing.reason, key), "in whatever case: %s", listing.reason);
	cr_expect_not_null(strstr(listing.reason, "https://example.org/?q=192.0.2.1&k=***"));
	cr_expect_str_eq(
	    lists_asked(lists, name)->zone, ZEN, "a question with a key in it is known for one");
	book_free(book);
	arena_free(arena);
	lists_free(lists);
}

Test(keys, switch_on_and_are_checked)
{
	struct lists *lists = built_in();

	cr_expect_not(the(lists, "all.spamrats.com")->on);
	cr_expect(lists_key(lists, "all.spamrats.com", key));
	cr_expect(the(lists, "all.spamrats.com")->on);
	cr_expect_not(lists_key(lists, COP, key), "takes none");
	cr_expect_not(lists_key(lists, "nowhere.example", key));
	cr_expect_not(lists_key(lists, ZEN, "two.labels"));
	cr_expect_not(lists_key(lists, ZEN, ""));
	cr_expect_not(lists_key(lists, ZEN, "with space"));
	cr_expect_null(the(lists, ZEN)->key);
	lists_free(lists);
}

/* A list that wants a registration and no key; one that somebody does not want. */
Test(data, a_later_file_switches_lists)
{
	static const char more[] =
	    "[b.barracudacentral.org]\non = yes\n[" COP
	    "]\non = no\n[psbl.surriel.com]\non = no\n[dead:psbl.surriel.com]\nwhy = gone\n";
	struct lists *lists = built_in();
	struct stanza_error error;

	cr_expect_not(the(lists, "b.barracudacentral.org")->on);
	cr_assert(lists_add(lists, more, strlen(more), &error), "%u: %s", error.line, error.reason);
	cr_expect(the(lists, "b.barracudacentral.org")->on);
	cr_expect_str_eq(the(lists, "b.barracudacentral.org")->name,
	    "Barracuda Reputation Block List", "the rest is as it was");
	cr_expect_not(the(lists, COP)->on);
	cr_expect_str_eq(lists_dead(lists, "psbl.surriel.com"), "gone");
	lists_free(lists);
}

/* ---- the data */

Test(data, on_by_default)
{
	static const char *const expected[] = {ZEN, COP, "bl.mailspike.net", "psbl.surriel.com",
	    "dnsbl-1.uceprotect.net", DNSWL, DBL, SURBL, URIBL};
	struct lists *lists = built_in();
	size_t on = 0;

	for (size_t i = 0; i < lists_count(lists); i++)
		on += lists_at(lists, i)->on;
	cr_expect_eq(on, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		cr_expect(the(lists, expected[i])->on, "%s", expected[i]);
	lists_free(lists);
}

Test(data, each_list_is_sane)
{
	struct lists *lists = built_in();

	for (size_t i = 0; i < lists_count(lists); i++) {
		const struct list *list = lists_at(lists, i);
		bool listed = false;

		cr_expect_null(lists_dead(lists, list->zone), "%s is asked, and dead", list->zone);
		cr_expect_str_eq(lists_find(lists, list->zone)->zone, list->zone);
		cr_expect_eq(lists_find(lists, list->name), list, "%s is found as %s", list->name,
		    lists_find(lists, list->name)->zone);
		cr_expect_str_neq(list->positive, list->negative, "%s", list->zone);
		cr_expect_not_null(list->policy, "%s", list->zone);
		for (size_t v = 0; v < list->value_count; v++) {
			listed = listed || list->values[v].state == LIST_LISTED;
			for (size_t w = 0; w < v; w++)
				cr_expect_not(
				    ip_equal(&list->values[v].answer, &list->values[w].answer),
				    "%s defines an answer twice: %s", list->zone,
				    list->values[v].meaning);
		}
		cr_expect(listed, "%s can list nothing", list->zone);
	}
	lists_free(lists);
}

Test(data, lists_are_found_by_what_replies_call_them)
{
	static const struct {
		const char *said, *zone;
	} names[] = {
	    {"zen.spamhaus.org", ZEN},
	    {"ZEN.Spamhaus.ORG.", ZEN},
	    {"Spamhaus", ZEN},
	    {"Spamhaus ZEN", ZEN},
	    {"Spamhaus PBL", ZEN},
	    {"SPAMHAUS-XBL", ZEN},
	    {"SPL-XBL", ZEN},
	    {"SpamHaus SBL-XBL", ZEN},
	    {"Spamhaus (S8002)", ZEN},
	    {"Spamhaus's", ZEN},
	    {"pbl.spamhaus.org", ZEN},
	    {"cbl.abuseat.org", ZEN},
	    {"https://www.spamhaus.org/query/ip/192.0.2.193", ZEN},
	    {"http://www.spamhaus.org/query/bl?ip=192.0.2.193", ZEN},
	    {"https://check.spamhaus.org/results/?query=192.0.2.1", ZEN},
	    {"www.spamhaus.org/query", ZEN},
	    {"https://spamhaus.org/zen", ZEN},
	    {"abcdefghij.zen.dq.spamhaus.net", ZEN},
	    {"1.2.0.192.zen.spamhaus.org", ZEN},
	    {"Spamhaus DBL", DBL},
	    {"https://www.spamhaus.org/dbl/", DBL},
	    {"https://www.spamhaus.org/query/domain/example.com", DBL},
	    {"abcdefghij.dbl.dq.spamhaus.net", DBL},
	    {"Barracuda Reputation", "b.barracudacentral.org"},
	    {"http://www.barracudanetworks.com/reputation/?pr=1&ip=192.0.2.1",
	        "b.barracudacentral.org"},
	    {"SpamCop", COP},
	    {"https://www.spamcop.net/bl.shtml?192.0.2.1", COP},
	    {"Senderscore", "bl.score.senderscore.com"},
	    {"UCEPROTECT-Level2", "dnsbl-2.uceprotect.net"},
	    {"UCEPROTECT", "dnsbl-1.uceprotect.net"},
	    {"dnsbl-3.uceprotect.net", "dnsbl-3.uceprotect.net"},
	    {"HOSTKARMA/JUNKEMAILFILTER", "hostkarma.junkemailfilter.com"},
	    {"Invaluement", "sip.invaluement.com"},
	    {"http://www.invaluement.com/research/", "sip.invaluement.com"},
	    {"multi.uribl.com", URIBL},
	    {"http://uribl.com/refused.shtml", URIBL},
	    {"psbl.org", "psbl.surriel.com"},
	    {"87.blocklist.zap", NULL},
	    {"spamhausen.example", NULL},
	    {"spamhaus.org.example.com", NULL},
	    {"Mimecast", NULL},
	    {"", NULL},
	    {"...", NULL},
	};
	struct lists *lists = built_in();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct list *list = lists_find(lists, names[i].said);

		if (names[i].zone == NULL)
			cr_expect_null(list, "%s is %s", names[i].said, list->zone);
		else
			cr_expect(list != NULL && strcmp(list->zone, names[i].zone) == 0,
			    "%s is %s", names[i].said, list != NULL ? list->zone : "not known");
	}
	lists_free(lists);
}

Test(data, the_dead_are_known)
{
	static const struct {
		const char *said;
		bool dead;
	} names[] = {
	    {"dnsbl.sorbs.net", true},
	    {"spam.dnsbl.SORBS.net.", true},
	    {"sorbs.net", true},
	    {"SORBS", true},
	    {"http://www.sorbs.net/lookup.shtml?192.0.2.1", true},
	    {"ix.dnsbl.manitu.net", true},
	    {"NiXSpam", true},
	    {"bl.spamcannibal.org", true},
	    {"dnsbl.ahbl.org", true},
	    {"dnsbl.njabl.org", true},
	    {"combined.njabl.org", true},
	    {"relays.ordb.org", true},
	    {"list.dsbl.org", true},
	    {"db.wpbl.info", true},
	    {"dnsbl.inps.de", true},
	    {"spamsources.dnsbl.info", true},
	    {"notsorbs.net", false},
	    {"sorbs.net.example.com", false},
	    {"dnsbl.info", false},
	    {"zen.spamhaus.org", false},
	    {"cbl.abuseat.org", false},
	    {"Spamhaus", false},
	    {"", false},
	};
	struct lists *lists = built_in();

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		cr_expect_eq(
		    lists_dead(lists, names[i].said) != NULL, names[i].dead, "%s", names[i].said);
	lists_free(lists);
}

#define LIST(zone)                                                                                 \
	"[" zone "]\nname = A list\nask = ip4\nweight = C\nvalue = 127.0.0.2 listed spam\n"

Test(data, a_later_file_adds_replaces_and_drops)
{
	static const char more[] = LIST("bl.example.org") "alias = our list\n" LIST(
	    "zen.spamhaus.org") "[dead:*.spamcop.net]\nwhy = gone\n";
	struct lists *lists = built_in();
	size_t before = lists_count(lists);
	struct stanza_error error;

	cr_assert(lists_add(lists, more, strlen(more), &error), "%u: %s", error.line, error.reason);
	cr_expect_eq(lists_count(lists), before, "one more, one replaced, one less");
	cr_expect_str_eq(the(lists, ZEN)->name, "A list");
	cr_expect_eq(the(lists, ZEN)->weight, 'C');
	cr_expect_null(lists_find(lists, "Spamhaus PBL"), "the aliases went with the list");
	cr_expect_str_eq(lists_find(lists, "Our List")->zone, "bl.example.org");
	cr_expect_null(lists_find(lists, COP));
	cr_expect_str_eq(lists_dead(lists, COP), "gone");
	cr_expect(lists_drop(lists, "bl.example.org"));
	cr_expect_null(lists_find(lists, "our list"));
	cr_expect_not(lists_drop(lists, "bl.example.org"));
	cr_expect_eq(lists_count(lists), before - 1);
	lists_free(lists);
}

Test(data, defaults_of_a_small_stanza)
{
	static const char more[] =
	    LIST("bl.example.org") "[rhs.example.org]\nname = B\nask = domain\nweight = D\nvalue = "
	                           "127.0.0-1.2-3 listed x\nwho = host\nurl = "
	                           "https://example.org/%s\nadvice = wait\n"
	                           "[six.example.org]\nname = C\nask = ip6\nweight = D\nadvice = "
	                           "for all\nvalue = 127.0.0.2 listed x\n";
	struct lists *lists = lists_new();
	struct stanza_error error;
	const struct list *list;

	cr_assert(lists_add(lists, more, strlen(more), &error), "%u: %s", error.line, error.reason);
	list = the(lists, "bl.example.org");
	cr_expect_str_eq(list->positive, "2.0.0.127");
	cr_expect_str_eq(list->negative, "1.0.0.127");
	cr_expect_not(list->on);
	cr_expect_str_eq(list->values[0].who, "sender");
	list = the(lists, "rhs.example.org");
	cr_expect_str_eq(list->positive, "test");
	cr_expect_str_eq(list->negative, "invalid");
	cr_assert_eq(list->value_count, 4);
	for (size_t i = 0; i < 4; i++) {
		cr_expect_str_eq(list->values[i].who, "host", "of the whole range");
		cr_expect_str_eq(list->values[i].delist, "https://example.org/%s");
		cr_expect_str_eq(list->values[i].advice, "wait");
	}
	list = the(lists, "six.example.org");
	cr_expect_str_eq(
	    list->positive, "2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0");
	cr_expect_str_eq(list->advice, "for all");
	cr_expect_null(list->values[0].advice);
	lists_free(lists);
}

Test(data, a_broken_file_is_refused_whole)
{
	static const struct {
		const char *text;
		unsigned line;
		const char *reason;
	} files[] = {
	    {LIST("ok.example.org") "colour = red\n", 6, "no such key"},
	    {LIST("ok.example.org") "name = again\n", 6, "twice"},
	    {LIST("ok.example.org") "value = 192.0.2.1 listed x\n", 6, "127.0.0.0/8"},
	    {LIST("ok.example.org") "value = 127.0.0.300 listed x\n", 6, "127.0.0.0/8"},
	    {LIST("ok.example.org") "value = 127.0.0.7-4 listed x\n", 6, "127.0.0.0/8"},
	    {LIST("ok.example.org") "value = 127.0.0 listed x\n", 6, "127.0.0.0/8"},
	    {LIST("ok.example.org") "value = 127.0.0.3\n", 6, "127.0.0.0/8"},
	    {LIST("ok.example.org") "value = 127.0.0.3 bad x\n", 6, "listed, clean or refused"},
	    {LIST("ok.example.org") "value = 127.0.0.3 listed\n", 6, "meaning"},
	    {LIST("ok.example.org") "value = 127.0-255.0-255.0-255 listed x\n", 6, "too many"},
	    {LIST("ok.example.org") "on = maybe\n", 6, "yes or no"},
	    {LIST("ok.example.org") "kind = grey\n", 6, "black, white or info"},
	    {LIST("ok.example.org") "lookup = ftp://example.org/\n", 6, "https://"},
	    {LIST("ok.example.org") "lookup = https://example.org/%d\n", 6, "%s"},
	    {LIST("ok.example.org") "lookup = https://example.org/%s/%s\n", 6, "%s"},
	    {LIST("ok.example.org") "url = https://example.org/%n\n", 6, "%s"},
	    {LIST("ok.example.org") "key-zone = zen.dq.example.org\n", 6, "%s."},
	    {LIST("ok.example.org") "key-zone = %s.%s.example.org%n..\n", 6, "%s."},
	    {LIST("ok.example.org") "positive = 2.0.0.127 hello\n", 6, "address"},
	    {LIST("ok.example.org") "positive = a..b\n", 6, "domain name"},
	    {LIST("ok.example.org") "who = receiver\n", 6, "sender or host"},
	    {LIST("ok.example.org") "bitmask = yes\nvalue = 127.0.0.3 listed x\n", 1, "one bit"},
	    {LIST("ok.example.org") "key-needed = yes\non = yes\n", 1, "key"},
	    {"[bl.example.org]\nask = ip4\nweight = C\nvalue = 127.0.0.2 listed x\n", 1, "name"},
	    {"[bl.example.org]\nname = x\nweight = C\nvalue = 127.0.0.2 listed x\n", 1, "ask"},
	    {"[bl.example.org]\nname = x\nask = ip4\nvalue = 127.0.0.2 listed x\n", 1, "weight"},
	    {"[bl.example.org]\nname = x\nask = ip4\nweight = C\n", 1, "value"},
	    {"[bl.example.org]\nname = x\nask = ip5\n", 3, "ip4, ip6"},
	    {"[bl.example.org]\nweight = E\n", 2, "A, B, C or D"},
	    {"[bl.example.org]\nwho = host\n", 2, "no value above"},
	    {"[bl.example.org]\nurl = https://example.org/\n", 2, "no value above"},
	    {"[dead:x.example.org]\n", 1, "why"},
	    {"[dead:x.example.org]\nwhy = y\nname = z\n", 3, "no such key"},
	    {"[dead:*.]\nwhy = y\n", 1, "zone"},
	    {LIST("com"), 1, "zone"},
	    {"[zen.spamhaus.org]\non = maybe\n", 2, "yes or no"},
	    {"[all.spamrats.com]\non = yes\n", 2, "with a key only"},
	    {"[sip.invaluement.com]\non = yes\n", 2, "with a key only"},
	    {"[unheard.example.org]\non = yes\n", 1, "name"},
	    {LIST("dnsbl.sorbs.net"), 1, "SORBS was switched off"},
	    {LIST("a.example.org") LIST("b.example.org") "nonsense\n", 11, "key = value"},
	};
	struct lists *lists = built_in();
	size_t before = lists_count(lists);

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct stanza_error error = {0};

		cr_expect_not(lists_add(lists, files[i].text, strlen(files[i].text), &error),
		    "taken: %s", files[i].text);
		cr_expect_eq(error.line, files[i].line, "line %u: %s", error.line, files[i].text);
		cr_expect_not_null(
		    strstr(error.reason, files[i].reason), "%s: %s", files[i].text, error.reason);
		cr_expect_eq(lists_count(lists), before, "nothing was added: %s", files[i].text);
	}
	lists_free(lists);
}

/* How long it takes is said of each list that speaks against somebody, or that it is not known. */
Test(blocklist, each_says_how_long_an_entry_stays)
{
	struct arena *arena = arena_new();
	struct lists *lists = built_in();

	for (size_t i = 0; i < lists_count(lists); i++) {
		const struct list *list = lists_at(lists, i);

		for (size_t k = 0; k < list->value_count; k++) {
			const struct listing listing = {.list = list, .value = &list->values[k]};
			const char *own = list->values[k].removal != NULL ? list->values[k].removal
			                                                  : list->removal;
			const char *advice = blocklist_advice(&listing, "Mend it.", arena);

			if (list->kind == LIST_WHITE || list->values[k].state != LIST_LISTED)
				continue;
			cr_assert_not_null(own, "%s: %s", list->zone, list->values[k].meaning);
			cr_expect_eq(own[strlen(own) - 1], '.', "%s: %s", list->zone, own);
			cr_expect_str_eq(advice + strlen(advice) - strlen(own), own);
			cr_expect_gt(strlen(advice), strlen(own) + 1, "%s", advice);
		}
	}
	lists_free(lists);
	arena_free(arena);
}
