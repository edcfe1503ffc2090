/* What is said, joined with what the DNS shows: each row of the table in diagnosis.c is reached by
 * a case here. The sender is gathered from a book, as in a walk. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "dns/book.h"
#include "judge/diagnosis.h"
#include "rules/builtin.h"

enum { LINES = 12, NAMED = 3, EVIDENCE = 4, ALSO = 3 };

#define WELL                                                                                       \
	"2.0.0.127.zen.spamhaus.org A 127.0.0.2", "2.0.0.127.bl.spamcop.net A 127.0.0.2",          \
	    "dbltest.com.dbl.spamhaus.org A 127.0.1.2",                                            \
	    "2.0.0.127.dnsbl-1.uceprotect.net A 127.0.0.2",                                        \
	    "2.0.0.127.bl.mailspike.net A 127.0.0.2"
#define PTR_GOOD "10.2.0.192.in-addr.arpa PTR mail.example.net", "mail.example.net A 192.0.2.10"
#define PTR_STRAY "10.2.0.192.in-addr.arpa PTR mail.example.net", "mail.example.net A 192.0.2.99"
#define PTR_FAILS "10.2.0.192.in-addr.arpa PTR !SERVFAIL"
#define PTR_GENERIC                                                                                \
	"10.2.0.192.in-addr.arpa PTR 192-0-2-10.dyn.example.net",                                  \
	    "192-0-2-10.dyn.example.net A 192.0.2.10"
#define ZEN_SBL "10.2.0.192.zen.spamhaus.org A 127.0.0.2"
#define ZEN_PBL "10.2.0.192.zen.spamhaus.org A 127.0.0.10"
#define ZEN_REFUSED "2.0.0.127.zen.spamhaus.org A 127.255.255.254"
#define COP_HIT                                                                                    \
	"10.2.0.192.bl.spamcop.net A 127.0.0.2",                                                   \
	    "10.2.0.192.bl.spamcop.net TXT see https://www.spamcop.net/bl.shtml?192.0.2.10"
#define UCE_HIT "10.2.0.192.dnsbl-1.uceprotect.net A 127.0.0.2"
#define DBL_FROM "example.org.dbl.spamhaus.org A 127.0.1.2"
#define DBL_HELO "mail.example.net.dbl.spamhaus.org A 127.0.1.2"

enum looking { LOOK, NO_LOOK_UPS };

static const struct joint {
	const char *what;
	/* said */
	int code; /* 0: not a word */
	enum cause said;
	const char *named[NAMED], *listed, *said_url;
	enum listed_what about;
	const char *client;
	enum stage stage;
	/* looked up */
	enum looking looking;
	const char *ip, *helo; /* NULL: 192.0.2.10, mail.example.net */
	const char *book[LINES];
	/* so */
	enum cause cause;
	enum basis basis;
	enum who who;
	const char *url; /* NULL: none; "" is not looked at */
	const char *evidence[EVIDENCE]; /* each stands in some sentence; "!text": in none */
	const char *also; /* names, with spaces */
} cases[] = {
    /* a list is named */
    {
        .what = "named and there: SBL",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .said_url = "https://receiver.example/help",
        .about = LISTED_IP,
        .client = "192.0.2.10",
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONFIRMED,
        .who = WHO_HOST,
        .url = "https://check.spamhaus.org/results/?query=192.0.2.10",
        .evidence = {"zen.spamhaus.org lists the address 192.0.2.10: 127.0.0.2, SBL",
            "resolver 192.0.2.53", "!For information"},
        .also = "",
    },
    {
        .what = "named and there: PBL is nobody's fault",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"Spamhaus PBL"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, ZEN_PBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONFIRMED,
        .who = WHO_HOST,
        .url = "https://check.spamhaus.org/results/?query=192.0.2.10",
        .evidence = {"127.0.0.10, PBL", "a policy, no accusation"},
        .also = "",
    },
    {
        .what = "named and there, a list of weight C: what the receiver goes by counts",
        .code = 550,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dnsbl-1.uceprotect.net"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, UCE_HIT},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "https://www.uceprotect.net/en/rblcheck.php?ipr=192.0.2.10",
        .evidence = {"dnsbl-1.uceprotect.net lists"},
        .also = "",
    },
    {
        .what = "named and there, without saying which identity",
        .code = 550,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"SpamCop"},
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_GOOD, COP_HIT},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"The list says: \"see https://www.spamcop.net/bl.shtml?192.0.2.10\""},
        .also = "",
    },
    {
        .what = "two named: the telling one",
        .code = 550,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dnsbl.sorbs.net", "bl.spamcop.net", "zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONFIRMED,
        .who = WHO_HOST,
        .url = "",
        .evidence = {"zen.spamhaus.org lists"},
        .also = "",
    },
    {
        .what = "named, but clean",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .said_url = "https://www.spamhaus.org/query/ip/192.0.2.10",
        .about = LISTED_IP,
        .client = "192.0.2.10",
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_RECEIVER,
        .url = "",
        .evidence = {"zen.spamhaus.org does not list the address 192.0.2.10", "cache",
            "NAT, proxy, relay", "removed only lately"},
        .also = "",
    },
    {
        .what = "named, but it refused us",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .said_url = "https://www.spamhaus.org/query/ip/192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {ZEN_REFUSED, PTR_GOOD},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .url = "https://www.spamhaus.org/query/ip/192.0.2.10",
        .evidence = {"could not be checked", "127.255.255.254",
            "neither confirmed nor contradicted"},
        .also = "",
    },
    {
        .what = "named, but broken",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, "1.0.0.127.zen.spamhaus.org A 127.0.0.2", PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"could not be checked", "yes to everything"},
        .also = "",
    },
    {
        .what = "named, but no answer",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, "10.2.0.192.zen.spamhaus.org A !SERVFAIL", PTR_GOOD},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"could not be checked", "SERVFAIL"},
        .also = "",
    },
    {
        .what = "named, and not among ours",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"87.blocklist.zap"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence =
            {"87.blocklist.zap was not asked about 192.0.2.10 (it is no public list that we know)"},
        .also = "",
    },
    {
        .what = "named, known, and off",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"Barracuda Reputation"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .url = "https://www.barracudacentral.org/lookups/lookup-reputation",
        .evidence = {"was not asked"},
        .also = "",
    },
    {
        .what = "named, and nothing was looked up",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .looking = NO_LOOK_UPS,
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .url = "https://check.spamhaus.org/results/?query=192.0.2.10",
        .evidence = {"!asked"},
        .also = "",
    },
    {
        .what = "no list named, and one of weight has it",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_HOST,
        .url = "",
        .evidence = {"names no list and may mean one of its own, but: zen.spamhaus.org lists"},
        .also = "",
    },
    {
        .what = "no list named, and none has it",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "poor reputation, list named, and there",
        .code = 554,
        .said = CAUSE_IP_REPUTATION,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_REPUTATION,
        .basis = BASIS_CONFIRMED,
        .who = WHO_HOST,
        .url = "",
        .evidence = {"zen.spamhaus.org lists"},
        .also = "",
    },

    /* domains on lists */
    {
        .what = "MAIL FROM domain on the DBL",
        .code = 554,
        .said = CAUSE_SENDER_BLOCKED,
        .named = {"dbl.spamhaus.org"},
        .listed = "example.org",
        .about = LISTED_SENDER,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, DBL_FROM},
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "https://check.spamhaus.org/results/?query=example.org",
        .evidence = {"dbl.spamhaus.org lists the MAIL FROM domain example.org: 127.0.1.2"},
        .also = "",
    },
    {
        .what = "\"Spamhaus\" of a domain is the DBL",
        .code = 550,
        .said = CAUSE_SENDER_BLOCKED,
        .named = {"Spamhaus"},
        .about = LISTED_SENDER,
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_GOOD, DBL_FROM, ZEN_SBL},
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"dbl.spamhaus.org lists the MAIL FROM domain",
            "For information: zen.spamhaus.org lists"},
        .also = "",
    },
    {
        .what = "MAIL FROM domain said to be on the DBL, but clean",
        .code = 554,
        .said = CAUSE_SENDER_BLOCKED,
        .named = {"dbl.spamhaus.org"},
        .listed = "bounces@example.org",
        .about = LISTED_SENDER,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_RECEIVER,
        .url = "",
        .evidence = {"does not list the MAIL FROM domain example.org"},
        .also = "",
    },
    {
        .what = "another domain than ours is meant",
        .code = 554,
        .said = CAUSE_SENDER_BLOCKED,
        .named = {"dbl.spamhaus.org"},
        .listed = "other.example",
        .about = LISTED_SENDER,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"was not asked about other.example"},
        .also = "",
    },
    {
        .what = "HELO name on the DBL",
        .code = 550,
        .said = CAUSE_HELO,
        .named = {"Spamhaus"},
        .about = LISTED_HELO,
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_GOOD, DBL_HELO},
        .cause = CAUSE_HELO,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"dbl.spamhaus.org lists the HELO name mail.example.net"},
        .also = "",
    },
    {
        .what = "the PTR name is the HELO name, and was asked about once",
        .code = 550,
        .said = CAUSE_SENDER_BLOCKED,
        .named = {"dbl.spamhaus.org"},
        .about = LISTED_PTR,
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_GOOD, DBL_HELO},
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"mail.example.net: 127.0.1.2"},
        .also = "",
    },
    {
        .what = "a domain in the message, and ours is the one",
        .code = 550,
        .said = CAUSE_CONTENT_URL,
        .named = {"Spamhaus DBL"},
        .about = LISTED_URL,
        .stage = STAGE_MESSAGE,
        .book = {WELL, PTR_GOOD, DBL_FROM},
        .cause = CAUSE_CONTENT_URL,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"dbl.spamhaus.org lists"},
        .also = "",
    },
    {
        .what = "a domain in the message, and ours are clean",
        .code = 550,
        .said = CAUSE_CONTENT_URL,
        .named = {"Spamhaus DBL"},
        .about = LISTED_URL,
        .stage = STAGE_MESSAGE,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_CONTENT_URL,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"links to other domains"},
        .also = "",
    },

    {
        .what = "a list of domains, without saying which: ours is on it",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dbl.spamhaus.org"},
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, DBL_FROM, ZEN_SBL},
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"dbl.spamhaus.org lists the MAIL FROM domain"},
        .also = "",
    },
    {
        .what = "the same, and it is the HELO name",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dbl.spamhaus.org"},
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, DBL_HELO},
        .cause = CAUSE_HELO,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"dbl.spamhaus.org lists the HELO name"},
        .also = "",
    },
    {
        .what = "the same, and all are clean: ZEN does not stand in for the DBL",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dbl.spamhaus.org"},
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_RECEIVER,
        .url = "",
        .evidence = {"dbl.spamhaus.org does not list", "For information: zen"},
        .also = "",
    },

    /* another address */
    {
        .what = "the text speaks of another address",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "203.0.113.7",
        .about = LISTED_IP,
        .client = "203.0.113.7",
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_SENDER,
        .evidence = {"speaks of 203.0.113.7, but ours is 192.0.2.10", "NAT, a proxy or a relay"},
        .also = "",
    },
    {
        .what = "another address, known only as what is listed",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "203.0.113.7",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_SENDER,
        .evidence = {"speaks of 203.0.113.7"},
        .also = "",
    },
    {
        .what = "another address without reverse name",
        .code = 554,
        .said = CAUSE_REVERSE_DNS,
        .client = "2001:db8::7",
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_SENDER,
        .evidence = {"speaks of 2001:db8::7"},
        .also = "",
    },
    {
        .what = "a private address is no contradiction, and its PTR no evidence",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "203.0.113.7",
        .about = LISTED_IP,
        .client = "203.0.113.7",
        .stage = STAGE_RCPT,
        .ip = "192.168.1.5",
        .book = {WELL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"a private address that no receiver sees"},
        .also = "",
    },
    {
        .what = "a private address: what the DNS says of it is not held against it",
        .code = 554,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_GREETING,
        .ip = "192.168.1.5",
        .book = {WELL},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "another address matters nothing to a full mailbox",
        .code = 552,
        .said = CAUSE_MAILBOX_FULL,
        .client = "203.0.113.7",
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_MAILBOX_FULL,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"!203.0.113.7"},
        .also = "",
    },

    /* the receiver is at fault */
    {
        .what = "a dead list",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dnsbl.sorbs.net"},
        .listed = "192.0.2.10",
        .said_url = "http://www.sorbs.net/lookup.shtml?192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_RECEIVER,
        .evidence = {"dnsbl.sorbs.net, a list that is no more"},
        .also = "",
    },
    {
        .what = "a dead list, and nothing was looked up",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"NiXSpam"},
        .listed = "192.0.2.10",
        .said_url = "http://www.dnsbl.manitu.net/",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .looking = NO_LOOK_UPS,
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_RECEIVER,
        .evidence = {"NiX Spam was closed"},
        .also = "",
    },
    {
        .what = "a dead list, and a live one has us too: still no page to go to",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dnsbl.sorbs.net"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_RECEIVER,
        .evidence = {"no more", "For information: zen.spamhaus.org lists"},
        .also = "",
    },
    {
        .what = "the receiver's query was refused, and we are clean",
        .code = 554,
        .said = CAUSE_RECEIVER_MISCONFIGURED,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .said_url = "https://check.spamhaus.org/returnc/pub/192.0.2.54/",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_CONFIRMED,
        .who = WHO_RECEIVER,
        .evidence = {"declined the receiver's own query", "does not list the address"},
        .also = "",
    },
    {
        .what = "the same, known by its URL alone",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .said_url = "https://check.spamhaus.org/returnc/pub/192.0.2.54/",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_CONFIRMED,
        .who = WHO_RECEIVER,
        .evidence = {"declined the receiver's own query"},
        .also = "",
    },
    {
        .what = "the same, from URIBL, with nothing looked up",
        .code = 554,
        .said = CAUSE_CONTENT_URL,
        .named = {"multi.uribl.com"},
        .said_url = "http://uribl.com/refused.shtml",
        .about = LISTED_URL,
        .stage = STAGE_MESSAGE,
        .looking = NO_LOOK_UPS,
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_RECEIVER,
        .evidence = {"declined the receiver's own query"},
        .also = "",
    },
    {
        .what = "the receiver's query was refused, and so was ours",
        .code = 554,
        .said = CAUSE_RECEIVER_MISCONFIGURED,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {ZEN_REFUSED, PTR_GOOD},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_RECEIVER,
        .evidence = {"could not be checked"},
        .also = "",
    },
    {
        .what = "the receiver's query was refused, and yet we are listed",
        .code = 554,
        .said = CAUSE_RECEIVER_MISCONFIGURED,
        .named = {"zen.spamhaus.org"},
        .listed = "192.0.2.10",
        .about = LISTED_IP,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_RECEIVER,
        .evidence = {"zen.spamhaus.org lists", "both hold"},
        .also = "ip-blocklist",
    },
    {
        .what = "the receiver asks a list of domains about addresses",
        .code = 554,
        .said = CAUSE_IP_BLOCKLIST,
        .named = {"dbl.spamhaus.org"},
        .listed = "192.0.2.10",
        .said_url = "https://check.spamhaus.org/",
        .about = LISTED_IP,
        .client = "192.0.2.10",
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, DBL_FROM},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_RECEIVER,
        .evidence = {"a list of domains"},
        .also = "",
    },
    {
        .what = "misconfigured in some other way",
        .code = 451,
        .said = CAUSE_RECEIVER_MISCONFIGURED,
        .said_url = "https://receiver.example/",
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_RECEIVER_MISCONFIGURED,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .also = "",
    },

    /* reverse DNS */
    {
        .what = "no PTR, and it says so",
        .code = 550,
        .said = CAUSE_REVERSE_DNS,
        .client = "192.0.2.10",
        .stage = STAGE_RCPT,
        .book = {WELL},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_CONFIRMED,
        .who = WHO_HOST,
        .evidence = {"192.0.2.10 has no PTR record (NXDOMAIN"},
        .also = "",
    },
    {
        .what = "a PTR that does not lead back",
        .code = 550,
        .said = CAUSE_REVERSE_DNS,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_STRAY},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .evidence = {"does not lead back"},
        .also = "",
    },
    {
        .what = "said, but ours is in order",
        .code = 550,
        .said = CAUSE_REVERSE_DNS,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_RECEIVER,
        .evidence = {"has the PTR name mail.example.net, and that leads back to it"},
        .also = "",
    },
    {
        .what = "said, and ours is in order but generic",
        .code = 550,
        .said = CAUSE_REVERSE_DNS,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GENERIC},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_STATED,
        .who = WHO_HOST,
        .evidence = {"looks made by a machine"},
        .also = "",
    },
    {
        .what = "said, but the look-up failed",
        .code = 550,
        .said = CAUSE_REVERSE_DNS,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_FAILS},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"!no PTR record", "could not be looked up (SERVFAIL"},
        .also = "",
    },

    {
        .what = "said, ours is in order, and the PBL has the address",
        .code = 550,
        .said = CAUSE_REVERSE_DNS,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, ZEN_PBL},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_RECEIVER,
        .evidence = {"leads back", "PBL"},
        .also = "ip-blocklist",
    },

    /* HELO, SPF */
    {
        .what = "HELO refused, and it is no full name",
        .code = 550,
        .said = CAUSE_HELO,
        .stage = STAGE_RCPT,
        .helo = "localhost",
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_HELO,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .evidence = {"\"localhost\", which is no fully-qualified"},
        .also = "",
    },
    {
        .what = "HELO refused, and it looks well",
        .code = 550,
        .said = CAUSE_HELO,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_HELO,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "SPF said, and fails here too",
        .code = 550,
        .said = CAUSE_SPF,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, "example.org TXT v=spf1 -all"},
        .cause = CAUSE_SPF,
        .basis = BASIS_CONFIRMED,
        .who = WHO_SENDER,
        .evidence = {"SPF of example.org for 192.0.2.10 is fail, by \"-all\""},
        .also = "",
    },
    {
        .what = "SPF said, and passes here",
        .code = 550,
        .said = CAUSE_SPF,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, "example.org TXT v=spf1 ip4:192.0.2.10 -all"},
        .cause = CAUSE_SPF,
        .basis = BASIS_CONTRADICTED,
        .who = WHO_SENDER,
        .evidence = {"is pass", "forwarding"},
        .also = "",
    },
    {
        .what = "SPF said, and cannot be told",
        .code = 550,
        .said = CAUSE_SPF,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, "example.org TXT !SERVFAIL"},
        .cause = CAUSE_SPF,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "DMARC said",
        .code = 550,
        .said = CAUSE_DMARC,
        .stage = STAGE_MESSAGE,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_DMARC,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .also = "",
    },

    /* little said */
    {
        .what = "policy, and listed",
        .code = 554,
        .said = CAUSE_POLICY,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_POLICY,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"names no list, but: zen.spamhaus.org lists"},
        .also = "ip-blocklist",
    },
    {
        .what = "access denied, listed, and without PTR",
        .code = 554,
        .said = CAUSE_ACCESS_DENIED,
        .stage = STAGE_GREETING,
        .book = {WELL, ZEN_SBL},
        .cause = CAUSE_ACCESS_DENIED,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"zen.spamhaus.org lists", "no PTR record"},
        .also = "ip-blocklist reverse-dns",
    },
    {
        .what = "poor reputation, and the domain listed",
        .code = 550,
        .said = CAUSE_IP_REPUTATION,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, DBL_FROM},
        .cause = CAUSE_IP_REPUTATION,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"dbl.spamhaus.org lists the MAIL FROM domain"},
        .also = "sender-blocked",
    },
    {
        .what = "access denied at the greeting: nobody has heard the domain yet",
        .code = 554,
        .said = CAUSE_ACCESS_DENIED,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, DBL_FROM, DBL_HELO},
        .cause = CAUSE_ACCESS_DENIED,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"!names no list"},
        .also = "",
    },
    {
        .what = "policy, and a list of weight C only",
        .code = 554,
        .said = CAUSE_POLICY,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, UCE_HIT},
        .cause = CAUSE_POLICY,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence =
            {"For information: also on lists that few receivers refuse on: dnsbl-1.uceprotect.net "
             "(192.0.2.10)"},
        .also = "",
    },
    {
        .what = "no service here, and listed",
        .code = 554,
        .said = CAUSE_NO_SERVICE,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_NO_SERVICE,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"zen.spamhaus.org lists"},
        .also = "ip-blocklist",
    },

    /* nothing said */
    {
        .what = "bare at the greeting, and listed",
        .code = 554,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_INFERRED,
        .who = WHO_HOST,
        .url = "https://check.spamhaus.org/results/?query=192.0.2.10",
        .evidence = {"gives no reason", "zen.spamhaus.org lists"},
        .also = "",
    },
    {
        .what = "bare at RCPT, listed, and without PTR: the graver first",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_RCPT,
        .book = {WELL, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_INFERRED,
        .who = WHO_HOST,
        .url = "",
        .evidence = {"zen.spamhaus.org lists", "no PTR record"},
        .also = "reverse-dns",
    },
    {
        .what = "bare at EHLO, and without PTR",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_EHLO,
        .book = {WELL},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_INFERRED,
        .who = WHO_HOST,
        .evidence = {"no PTR record"},
        .also = "",
    },
    {
        .what = "bare at MAIL, and the PTR strays",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_STRAY},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_INFERRED,
        .who = WHO_SENDER,
        .evidence = {"does not lead back"},
        .also = "",
    },
    {
        .what = "bare, and the PTR could not be looked up: that is not absent",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_EHLO,
        .book = {WELL, PTR_FAILS},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"PTR record of 192.0.2.10 could not be looked up (SERVFAIL",
            "may be the reason", "!on zen.spamhaus.org is not known"},
        .also = "",
    },
    {
        .what = "bare, and no list answered: that is not clean",
        .code = 554,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_RCPT,
        .book = {WELL, "10.2.0.192.zen.spamhaus.org A !TIMEOUT",
            "10.2.0.192.bl.spamcop.net A !SERVFAIL", PTR_GOOD},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"Whether the address 192.0.2.10 is on zen.spamhaus.org is not known: it did "
                     "not answer (TIMEOUT)",
            "is on bl.spamcop.net is not known: it did not answer (SERVFAIL", "may be the reason"},
        .also = "",
    },
    {
        .what =
            "bare, no list answered, and no PTR: the likeliest, and what is not known beside it",
        .code = 554,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_RCPT,
        .book = {WELL, "10.2.0.192.zen.spamhaus.org A !TIMEOUT"},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_INFERRED,
        .who = WHO_HOST,
        .evidence = {"no PTR record", "is on zen.spamhaus.org is not known"},
        .also = "",
    },
    {
        .what = "access denied, and a list that did not answer",
        .code = 554,
        .said = CAUSE_ACCESS_DENIED,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD, "10.2.0.192.zen.spamhaus.org A !SERVFAIL"},
        .cause = CAUSE_ACCESS_DENIED,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"is on zen.spamhaus.org is not known"},
        .also = "",
    },
    {
        .what = "an unknown user: lists that do not answer have nothing to do with it",
        .code = 550,
        .said = CAUSE_RECIPIENT_UNKNOWN,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, "10.2.0.192.zen.spamhaus.org A !SERVFAIL"},
        .cause = CAUSE_RECIPIENT_UNKNOWN,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"!not known"},
        .also = "",
    },
    {
        .what = "bare, and the PTR's address could not be looked up",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_EHLO,
        .book = {WELL, "10.2.0.192.in-addr.arpa PTR mail.example.net",
            "mail.example.net A !TIMEOUT"},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "bare, and a list of weight C: never a cause",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_GOOD, UCE_HIT},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"For information"},
        .also = "",
    },
    {
        .what = "bare, and a list of weight B: a possibility",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_GOOD, COP_HIT},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"not enough to call it the cause: bl.spamcop.net lists"},
        .also = "ip-blocklist",
    },
    {
        .what = "bare, without PTR, and a list of weight B",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_MAIL,
        .book = {WELL, COP_HIT},
        .cause = CAUSE_REVERSE_DNS,
        .basis = BASIS_INFERRED,
        .who = WHO_HOST,
        .evidence = {"no PTR record"},
        .also = "ip-blocklist",
    },
    {
        .what = "bare, and the list refused us: nothing is concluded",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_MAIL,
        .book = {ZEN_REFUSED, "10.2.0.192.zen.spamhaus.org A 127.255.255.254", PTR_GOOD},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "bare at MAIL, and the domain listed",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_MAIL,
        .book = {WELL, PTR_GOOD, DBL_FROM},
        .cause = CAUSE_SENDER_BLOCKED,
        .basis = BASIS_INFERRED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"lists the MAIL FROM domain"},
        .also = "",
    },
    {
        .what = "bare at EHLO, and the HELO name listed",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_EHLO_TLS,
        .book = {WELL, PTR_GOOD, DBL_HELO},
        .cause = CAUSE_HELO,
        .basis = BASIS_INFERRED,
        .who = WHO_SENDER,
        .url = "",
        .evidence = {"lists the HELO name"},
        .also = "",
    },
    {
        .what = "bare at EHLO: the domain was not said yet",
        .code = 550,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_EHLO,
        .book = {WELL, PTR_GOOD, DBL_FROM},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"For information"},
        .also = "",
    },
    {
        .what = "bare at RCPT, but come again: greylisting as like as not",
        .code = 450,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD, ZEN_SBL},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"greylisting", "For information: zen.spamhaus.org"},
        .also = "greylist",
    },
    {
        .what = "bare after the dot, and listed: content is as likely",
        .code = 554,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_MESSAGE,
        .book = {WELL, ZEN_SBL},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"For information: zen.spamhaus.org"},
        .also = "",
    },
    {
        .what = "bare, and nothing found",
        .code = 554,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_GREETING,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "bare, and nothing looked up",
        .code = 554,
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_GREETING,
        .looking = NO_LOOK_UPS,
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "dropped without a word at the greeting, and listed",
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_GREETING,
        .book = {WELL, ZEN_SBL},
        .cause = CAUSE_IP_BLOCKLIST,
        .basis = BASIS_INFERRED,
        .who = WHO_HOST,
        .url = "",
        .evidence = {"dropped without a word", "zen.spamhaus.org lists"},
        .also = "",
    },
    {
        .what = "dropped without a word at the greeting, without PTR",
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_GREETING,
        .book = {WELL},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .also = "",
    },
    {
        .what = "dropped without a word later on, and listed",
        .said = CAUSE_UNKNOWN,
        .stage = STAGE_EHLO,
        .book = {WELL, ZEN_SBL},
        .cause = CAUSE_UNKNOWN,
        .basis = BASIS_UNKNOWN,
        .who = WHO_SENDER,
        .evidence = {"For information: zen.spamhaus.org"},
        .also = "",
    },

    /* what has nothing to do with the sender */
    {
        .what = "no such user, and listed",
        .code = 550,
        .said = CAUSE_RECIPIENT_UNKNOWN,
        .stage = STAGE_RCPT,
        .book = {WELL, ZEN_SBL},
        .cause = CAUSE_RECIPIENT_UNKNOWN,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"For information: zen.spamhaus.org lists", "!PTR"},
        .also = "",
    },
    {
        .what = "spam, and minor listings",
        .code = 554,
        .said = CAUSE_CONTENT_SPAM,
        .stage = STAGE_MESSAGE,
        .book = {WELL, UCE_HIT, DBL_HELO},
        .cause = CAUSE_CONTENT_SPAM,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .evidence = {"!information", "!uceprotect"},
        .also = "",
    },
    {
        .what = "greylisting",
        .code = 450,
        .said = CAUSE_GREYLIST,
        .stage = STAGE_RCPT,
        .book = {WELL, PTR_GOOD},
        .cause = CAUSE_GREYLIST,
        .basis = BASIS_STATED,
        .who = WHO_SENDER,
        .also = "",
    },
};
enum { CASES = sizeof cases / sizeof *cases };

static void
put(struct book *book, const char *text)
{
	char name[300], type[8], reason[160], line[1024];
	const char *data;
	int used = 0;

	cr_assert_eq(sscanf(text, "%299s %7s %n", name, type, &used), 2, "%s", text);
	data = text + used;
	if (*data == '!')
		snprintf(line, sizeof line,
		    "{\"name\":\"%s\",\"type\":\"%s\",\"rcode\":\"%s\",\"data\":[],\"server\":"
		    "\"192.0.2.53\"}",
		    name, type, data + 1);
	else
		snprintf(line, sizeof line,
		    "{\"name\":\"%s\",\"type\":\"%s\",\"rcode\":\"NOERROR\",\"ttl\":60,\"data\":["
		    "\"%s\"],\"server\":\"192.0.2.53\"}",
		    name, type, data);
	cr_assert(book_read_line(book, line, strlen(line), reason, sizeof reason), "%s: %s", line,
	    reason);
}

static struct remedies *remedies;

static void
open_remedies(void)
{
	struct stanza_error error;

	remedies = remedies_new();
	cr_assert(remedies_add_builtin(remedies, &error), "%u: %s", error.line, error.reason);
}

static void
close_remedies(void)
{
	remedies_free(remedies);
}

TestSuite(diagnosis, .init = open_remedies, .fini = close_remedies);

static void
conclude(const struct reading *reading, const struct sender *sender, enum stage stage,
    struct arena *arena, struct diagnosis *out)
{
	const struct diagnosis_query query = {
	    .remedies = remedies, .reading = reading, .sender = sender, .stage = stage};

	diagnose(&query, arena, out);
}

struct bench {
	struct lists *lists;
	struct arena *arena;
	struct book *book;
	struct named_list named[NAMED];
	struct reading reading;
	struct sender sender;
	const struct reading *said; /* NULL: not a word */
	const struct sender *seen;
};

static size_t
row_of(const struct bench *bench, enum stage stage)
{
	const struct diagnosis_query query = {
	    .remedies = remedies, .reading = bench->said, .sender = bench->seen, .stage = stage};

	return diagnosis_row(&query, bench->arena);
}

static void
set_up_mail(struct bench *bench, const struct joint *joint, const char *message)
{
	struct stanza_error error;
	struct sender_query query = {.helo = joint->helo != NULL ? joint->helo : "mail.example.net",
	    .from = "bounces@example.org",
	    .message = message,
	    .message_len = message != NULL ? strlen(message) : 0};
	struct reading *reading = &bench->reading;

	*bench = (struct bench){.lists = lists_new(), .arena = arena_new(), .book = book_new()};
	cr_assert(lists_add(bench->lists, data_lists, data_lists_size, &error), "%u: %s",
	    error.line, error.reason);
	*reading = (struct reading){.code = joint->code,
	    .enhanced = "",
	    .cause = joint->said,
	    .lists = bench->named,
	    .what = joint->about,
	    .listed = joint->listed,
	    .url = joint->said_url,
	    .who = WHO_SENDER,
	    .rule = "a-rule"};
	for (; reading->list_count < NAMED && joint->named[reading->list_count] != NULL;
	     reading->list_count++) {
		const char *name = joint->named[reading->list_count];

		bench->named[reading->list_count] = (struct named_list){
		    name, lists_find(bench->lists, name), lists_dead(bench->lists, name)};
	}
	reading->list = joint->named[0];
	if (joint->client != NULL)
		cr_assert(ip_parse(&reading->client, joint->client));
	bench->said = joint->code != 0 ? reading : NULL;
	if (joint->looking == NO_LOOK_UPS)
		return;
	for (size_t i = 0; i < LINES && joint->book[i] != NULL; i++)
		put(bench->book, joint->book[i]);
	book_close(bench->book);
	cr_assert(ip_parse(&query.ip, joint->ip != NULL ? joint->ip : "192.0.2.10"));
	query.lists = bench->lists;
	cr_assert(sender_gather(bench->book, bench->arena, &query, &bench->sender));
	bench->seen = &bench->sender;
}

static void
set_up(struct bench *bench, const struct joint *joint)
{
	set_up_mail(bench, joint, NULL);
}

static void
tear_down(struct bench *bench)
{
	book_free(bench->book);
	arena_free(bench->arena);
	lists_free(bench->lists);
}

static bool
some_sentence_has(const struct diagnosis *diagnosis, const char *text)
{
	for (size_t i = 0; i < diagnosis->evidence_count; i++)
		if (strstr(diagnosis->evidence[i], text) != NULL)
			return true;
	return false;
}

static void
check_evidence(const struct joint *joint, const struct diagnosis *diagnosis)
{
	for (size_t i = 0; i < EVIDENCE && joint->evidence[i] != NULL; i++) {
		const char *text = joint->evidence[i];
		bool absent = text[0] == '!';

		cr_expect_neq(some_sentence_has(diagnosis, text + absent), absent,
		    "%s: %s (first: %s)", joint->what, text,
		    diagnosis->evidence_count > 0 ? diagnosis->evidence[0] : "none");
	}
}

static void
check_case(const struct joint *joint)
{
	struct diagnosis diagnosis;
	struct bench bench;
	char also[200] = "";

	set_up(&bench, joint);
	conclude(bench.said, bench.seen, joint->stage, bench.arena, &diagnosis);
	cr_expect_eq(
	    diagnosis.cause, joint->cause, "%s: %s", joint->what, cause_name(diagnosis.cause));
	cr_expect_eq(
	    diagnosis.basis, joint->basis, "%s: %s", joint->what, basis_name(diagnosis.basis));
	cr_expect_eq(diagnosis.who, joint->who, "%s: %s", joint->what,
	    who_name(diagnosis.who) != NULL ? who_name(diagnosis.who) : "nobody");
	if (joint->url == NULL)
		cr_expect_null(diagnosis.url, "%s: %s", joint->what, diagnosis.url);
	else if (joint->url[0] != '\0')
		cr_expect(diagnosis.url != NULL && strcmp(diagnosis.url, joint->url) == 0, "%s: %s",
		    joint->what, diagnosis.url != NULL ? diagnosis.url : "NULL");
	check_evidence(joint, &diagnosis);
	for (size_t i = 0; i < diagnosis.also_count; i++)
		snprintf(also + strlen(also), sizeof also - strlen(also), "%s%s", i > 0 ? " " : "",
		    cause_name(diagnosis.also[i].cause));
	cr_expect_str_eq(also, joint->also, "%s", joint->what);
	if (diagnosis.basis == BASIS_CONFIRMED || diagnosis.basis == BASIS_CONTRADICTED ||
	    diagnosis.basis == BASIS_INFERRED) {
		cr_expect_gt(diagnosis.evidence_count, 0, "%s: says what it rests on", joint->what);
		cr_expect(diagnosis.advice != NULL || joint->cause == CAUSE_SPF,
		    "%s: says what to do", joint->what);
	}
	tear_down(&bench);
}

Test(diagnosis, each_joint_of_words_and_evidence)
{
	for (size_t i = 0; i < CASES; i++)
		check_case(&cases[i]);
}

/* What the reply complains of: a record that is missing, how the address looks, or whether the HELO
 * name leads anywhere. */
static const struct look {
	enum cause said;
	unsigned about;
	const char *matched, *book[LINES];
	enum basis basis;
	enum who who;
} looks[] = {
    {CAUSE_REVERSE_DNS, ABOUT_LOOKS, "generic reverse DNS", {WELL, PTR_GENERIC}, BASIS_CONFIRMED,
        WHO_HOST},
    {CAUSE_REVERSE_DNS, ABOUT_LOOKS, "Dynamic IP", {WELL, PTR_GOOD}, BASIS_STATED, WHO_SENDER},
    {CAUSE_REVERSE_DNS, ABOUT_LOOKS, "dialup", {WELL}, BASIS_CONFIRMED, WHO_HOST},
    {CAUSE_REVERSE_DNS, 0, "no PTR record", {WELL, PTR_GENERIC}, BASIS_STATED, WHO_HOST},
    {CAUSE_REVERSE_DNS, 0, "no PTR record", {WELL, PTR_GOOD}, BASIS_CONTRADICTED, WHO_RECEIVER},
    {CAUSE_REVERSE_DNS, 0, "no PTR record", {WELL, PTR_GOOD, ZEN_SBL}, BASIS_CONTRADICTED,
        WHO_RECEIVER},
    {CAUSE_HELO, ABOUT_RESOLVING, "Host not found", {WELL, PTR_GOOD}, BASIS_CONTRADICTED,
        WHO_RECEIVER},
    {CAUSE_HELO, ABOUT_RESOLVING, "Host not found", {WELL, PTR_STRAY}, BASIS_STATED, WHO_SENDER},
    {CAUSE_HELO, ABOUT_RESOLVING, "does not match", {WELL, "mail.example.net A !SERVFAIL"},
        BASIS_STATED, WHO_SENDER},
    {CAUSE_HELO, 0, "that is my own name", {WELL, PTR_GOOD}, BASIS_STATED, WHO_SENDER},
};
enum { LOOKS = sizeof looks / sizeof *looks };

static void
set_up_look(struct bench *bench, const struct look *look)
{
	struct joint joint = {
	    .what = look->matched, .code = 550, .said = look->said, .stage = STAGE_GREETING};

	memcpy(joint.book, look->book, sizeof joint.book);
	set_up(bench, &joint);
	bench->reading.matched = look->matched;
	bench->reading.about = look->about;
}

Test(diagnosis, how_an_address_looks_is_another_thing_than_a_missing_record)
{
	for (size_t i = 0; i < LOOKS; i++) {
		struct diagnosis diagnosis;
		struct bench bench;

		set_up_look(&bench, &looks[i]);
		conclude(bench.said, bench.seen, STAGE_GREETING, bench.arena, &diagnosis);
		cr_expect_eq(diagnosis.basis, looks[i].basis, "%s (%zu): %s", looks[i].matched, i,
		    basis_name(diagnosis.basis));
		cr_expect_eq(diagnosis.who, looks[i].who, "%s (%zu)", looks[i].matched, i);
		tear_down(&bench);
	}
}

/* What a message is judged by, when it is known and when it is not. */
#define ORG "example.org MX 10 mail.example.net"
#define SPF_PASSES "example.org TXT v=spf1 ip4:192.0.2.10 -all"
#define SPF_FAILS "example.org TXT v=spf1 -all"
#define REJECT "_dmarc.example.org TXT v=DMARC1; p=reject"
#define UNSIGNED "From: a@example.org\r\n\r\nx\r\n"

static const struct mail {
	const char *what;
	enum cause cause;
	const char *message;
	const char *book[LINES];
	enum basis basis;
	enum who who;
	const char *evidence[EVIDENCE];
} mails[] = {
    {"DMARC said, and it fails here too", CAUSE_DMARC, UNSIGNED,
        {WELL, PTR_GOOD, SPF_FAILS, REJECT}, BASIS_CONFIRMED, WHO_SENDER,
        {"policy reject", "SPF of example.org is fail, and there is no good DKIM signature",
            "fails DMARC as seen from here"}},
    {"DMARC said, and it passes here", CAUSE_DMARC, UNSIGNED, {WELL, PTR_GOOD, SPF_PASSES, REJECT},
        BASIS_CONTRADICTED, WHO_SENDER,
        {"passes DMARC as seen from here", "forwarded", "old record"}},
    {"DMARC said, SPF passes, and of the mail nothing is known", CAUSE_DMARC, NULL,
        {WELL, PTR_GOOD, SPF_PASSES, REJECT}, BASIS_CONTRADICTED, WHO_SENDER,
        {"passes DMARC as seen from here"}},
    {"DMARC said, SPF fails, and whether it is signed is not known", CAUSE_DMARC, NULL,
        {WELL, PTR_GOOD, SPF_FAILS, REJECT}, BASIS_STATED, WHO_SENDER,
        {"of DKIM nothing is known"}},
    {"DMARC said, and there is no record", CAUSE_DMARC, UNSIGNED, {WELL, PTR_GOOD, SPF_FAILS},
        BASIS_STATED, WHO_SENDER, {"no DMARC record that counts"}},
    {"DMARC said, and it could not be looked up", CAUSE_DMARC, UNSIGNED,
        {WELL, PTR_GOOD, SPF_FAILS, "_dmarc.example.org TXT !SERVFAIL"}, BASIS_STATED, WHO_SENDER,
        {"!DMARC"}},
    {"DKIM said, and there is none", CAUSE_DKIM, UNSIGNED, {WELL, PTR_GOOD, SPF_PASSES},
        BASIS_CONFIRMED, WHO_SENDER, {"carries no DKIM signature"}},
    {"DKIM said, and of the mail nothing is known", CAUSE_DKIM, NULL, {WELL, PTR_GOOD, SPF_PASSES},
        BASIS_STATED, WHO_SENDER, {"!DKIM"}},
    {"DKIM said, and the signature is bad here too", CAUSE_DKIM,
        "DKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=gone; h=from; bh=AA==; "
        "b=AA==\r\n" UNSIGNED,
        {WELL, PTR_GOOD, SPF_PASSES}, BASIS_CONFIRMED, WHO_SENDER,
        {"does not verify here, either"}},
    {"sender's domain said, and it does not exist", CAUSE_SENDER_DOMAIN, NULL, {WELL, PTR_GOOD},
        BASIS_CONFIRMED, WHO_SENDER, {"example.org can take no mail (nxdomain)"}},
    {"sender's domain said, and it has a null MX", CAUSE_SENDER_DOMAIN, NULL,
        {WELL, PTR_GOOD, "example.org MX 0 ."}, BASIS_CONFIRMED, WHO_SENDER,
        {"example.org can take no mail (null-mx)"}},
    {"sender's domain said, and it is in order", CAUSE_SENDER_DOMAIN, NULL, {WELL, PTR_GOOD, ORG},
        BASIS_CONTRADICTED, WHO_RECEIVER, {"can take mail as seen from here", "a callout"}},
    {"sender's domain said, and not known here", CAUSE_SENDER_DOMAIN, NULL,
        {WELL, PTR_GOOD, "example.org MX !SERVFAIL"}, BASIS_STATED, WHO_SENDER,
        {"!as seen from here"}},
    {"HELO refused, and it has no address", CAUSE_HELO, NULL, {WELL}, BASIS_CONFIRMED, WHO_SENDER,
        {"mail.example.net has no address (NXDOMAIN"}},
    {"HELO refused, and it leads elsewhere", CAUSE_HELO, NULL, {WELL, PTR_STRAY}, BASIS_STATED,
        WHO_SENDER, {"leads to other addresses than 192.0.2.10"}},
    {"HELO refused, and its address is not known", CAUSE_HELO, NULL,
        {WELL, "mail.example.net A !TIMEOUT"}, BASIS_STATED, WHO_SENDER, {"!address"}},
};
enum { MAILS = sizeof mails / sizeof *mails };

static void
set_up_of(struct bench *bench, const struct mail *mail)
{
	struct joint joint = {
	    .what = mail->what, .code = 550, .said = mail->cause, .stage = STAGE_MESSAGE};

	memcpy(joint.book, mail->book, sizeof joint.book);
	set_up_mail(bench, &joint, mail->message);
}

/* A signature that is good takes a key: here one is given, whose published half is as it should be.
 */
static void
set_good_key(struct sender *sender, struct sender_key *key)
{
	*key = (struct sender_key){.selector = "s",
	    .domain = "example.org",
	    .known = true,
	    .key = {.state = DKIM_KEY_OK},
	    .matches = PRESENT};
	sender->mail_known = true;
	sender->keys = key;
	sender->key_count = 1;
}

Test(diagnosis, mail_is_judged_as_receivers_judge_it)
{
	for (size_t i = 0; i < MAILS; i++) {
		struct diagnosis diagnosis;
		struct bench bench;

		set_up_of(&bench, &mails[i]);
		conclude(bench.said, bench.seen, STAGE_MESSAGE, bench.arena, &diagnosis);
		cr_expect_eq(diagnosis.cause, mails[i].cause, "%s", mails[i].what);
		cr_expect_eq(diagnosis.basis, mails[i].basis, "%s: %s", mails[i].what,
		    basis_name(diagnosis.basis));
		cr_expect_eq(diagnosis.who, mails[i].who, "%s", mails[i].what);
		for (size_t k = 0; k < EVIDENCE && mails[i].evidence[k] != NULL; k++) {
			bool absent = mails[i].evidence[k][0] == '!';

			cr_expect_eq(some_sentence_has(&diagnosis, mails[i].evidence[k] + absent),
			    !absent, "%s: %s", mails[i].what, mails[i].evidence[k]);
		}
		tear_down(&bench);
	}
}

Test(diagnosis, where_the_two_dmarcs_differ_nothing_is_concluded)
{
	for (size_t i = 0; i < 2; i++) { /* fails, passes: by RFC 9989 */
		struct diagnosis diagnosis;
		struct bench bench;

		set_up_of(&bench, &mails[i]);
		cr_assert(bench.sender.dmarc.old_known);
		bench.sender.dmarc.old.result = i == 0 ? DMARC_PASS : DMARC_FAIL;
		conclude(bench.said, bench.seen, STAGE_MESSAGE, bench.arena, &diagnosis);
		cr_expect_eq(diagnosis.basis, BASIS_STATED, "%s", mails[i].what);
		cr_expect(some_sentence_has(&diagnosis, "by RFC 7489"));
		tear_down(&bench);
	}
}

Test(diagnosis, a_good_key_contradicts_dkim)
{
	struct diagnosis diagnosis;
	struct sender_key key;
	struct bench bench;

	set_up_of(&bench, &mails[7]);
	set_good_key(&bench.sender, &key);
	conclude(bench.said, bench.seen, STAGE_MESSAGE, bench.arena, &diagnosis);
	cr_expect_eq(diagnosis.cause, CAUSE_DKIM);
	cr_expect_eq(diagnosis.basis, BASIS_CONTRADICTED);
	cr_expect(some_sentence_has(&diagnosis, "changes the message"));
	tear_down(&bench);
}

Test(diagnosis, each_row_is_reached)
{
	size_t hits[64] = {0};

	cr_assert_leq(diagnosis_rows(), sizeof hits / sizeof *hits);
	for (size_t i = 0; i < CASES; i++) {
		struct bench bench;

		set_up(&bench, &cases[i]);
		hits[row_of(&bench, cases[i].stage)]++;
		tear_down(&bench);
	}
	for (size_t i = 0; i < LOOKS; i++) {
		struct bench bench;

		set_up_look(&bench, &looks[i]);
		hits[row_of(&bench, STAGE_GREETING)]++;
		tear_down(&bench);
	}
	for (size_t i = 0; i < MAILS; i++) {
		struct sender_key key;
		struct bench bench;

		set_up_of(&bench, &mails[i]);
		hits[row_of(&bench, STAGE_MESSAGE)]++;
		set_good_key(&bench.sender, &key);
		hits[row_of(&bench, STAGE_MESSAGE)]++;
		tear_down(&bench);
	}
	for (size_t i = 0; i < diagnosis_rows(); i++)
		cr_expect_gt(hits[i], 0, "no case for row %zu", i);
}

Test(diagnosis, every_cause_at_every_stage_has_a_row)
{
	for (unsigned cause = 0; cause < CAUSE_COUNT; cause++)
		for (unsigned stage = 0; stage < STAGE_COUNT; stage++) {
			struct reading reading = {.code = 554,
			    .enhanced = "",
			    .cause = (enum cause)cause,
			    .url = "https://receiver.example/"};
			struct arena *arena = arena_new();
			struct diagnosis diagnosis;

			conclude(&reading, NULL, (enum stage)stage, arena, &diagnosis);
			cr_expect_eq(diagnosis.cause, cause);
			cr_expect_eq(
			    diagnosis.basis, cause == CAUSE_UNKNOWN ? BASIS_UNKNOWN : BASIS_STATED);
			conclude(NULL, NULL, (enum stage)stage, arena, &diagnosis);
			cr_expect_eq(diagnosis.cause, CAUSE_UNKNOWN);
			arena_free(arena);
		}
}

Test(diagnosis, white_and_informative_lists_are_never_a_cause)
{
	static const char data[] = "[white.example.org]\nname = W\nkind = white\nask = ip4\non = "
	                           "yes\nweight = A\nvalue = 127.0.0.2 listed trusted\n"
	                           "[info.example.org]\nname = I\nkind = info\nask = ip4\non = "
	                           "yes\nweight = A\nvalue = 127.0.0.2 listed new\n";
	struct lists *lists = lists_new();
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct sender_query query = {.helo = "mail.example.net", .from = "", .lists = lists};
	struct reading reading = {.code = 554, .enhanced = "", .cause = CAUSE_UNKNOWN};
	struct stanza_error error;
	struct diagnosis diagnosis;
	struct sender sender;

	cr_assert(lists_add(lists, data, strlen(data), &error));
	ip_parse(&query.ip, "192.0.2.10");
	put(book, "10.2.0.192.in-addr.arpa PTR mail.example.net");
	put(book, "mail.example.net A 192.0.2.10");
	put(book, "2.0.0.127.white.example.org A 127.0.0.2");
	put(book, "2.0.0.127.info.example.org A 127.0.0.2");
	put(book, "10.2.0.192.white.example.org A 127.0.0.2");
	put(book, "10.2.0.192.info.example.org A 127.0.0.2");
	book_close(book);
	cr_assert(sender_gather(book, arena, &query, &sender));
	cr_assert_eq(sender.listings[0].state, LIST_LISTED);
	cr_assert_eq(sender.listings[1].state, LIST_LISTED);
	conclude(&reading, &sender, STAGE_GREETING, arena, &diagnosis);
	cr_expect_eq(diagnosis.cause, CAUSE_UNKNOWN);
	cr_expect(some_sentence_has(&diagnosis, "info.example.org"));
	cr_expect_not(some_sentence_has(&diagnosis, "white.example.org"));
	book_free(book);
	arena_free(arena);
	lists_free(lists);
}

Test(diagnosis, what_the_reading_says_is_kept)
{
	struct also also[] = {{CAUSE_POLICY, "p", 0}, {CAUSE_GREYLIST, "g", 0}};
	struct reading reading = {.code = 450,
	    .enhanced = "4.7.1",
	    .cause = CAUSE_POLICY,
	    .rule = "r",
	    .list = "l",
	    .listed = "i",
	    .provider = "P",
	    .advice = "a",
	    .url = "u",
	    .who = WHO_RECEIVER,
	    .also = also,
	    .also_count = 2};
	struct arena *arena = arena_new();
	struct diagnosis diagnosis;

	conclude(&reading, NULL, STAGE_RCPT, arena, &diagnosis);
	cr_expect_str_eq(diagnosis.rule, "r");
	cr_expect_str_eq(diagnosis.list, "l");
	cr_expect_str_eq(diagnosis.listed, "i");
	cr_expect_str_eq(diagnosis.provider, "P");
	cr_expect_str_eq(diagnosis.advice, "a");
	cr_expect_str_eq(diagnosis.url, "u");
	cr_expect_eq(diagnosis.who, WHO_RECEIVER);
	cr_assert_eq(diagnosis.also_count, 1, "the cause itself is no other reading");
	cr_expect_eq(diagnosis.also[0].cause, CAUSE_GREYLIST);
	arena_free(arena);
}

/* From the words of a reply to the diagnosis, by the built-in rules: the joints that matter most.
 */
Test(diagnosis, from_real_words)
{
	static const struct {
		const char *text;
		enum stage stage;
		const char *book[LINES];
		enum cause cause;
		enum basis basis;
	} replies[] = {
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using "
	     "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10",
	        STAGE_RCPT, {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST, BASIS_CONFIRMED},
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using "
	     "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10",
	        STAGE_RCPT, {WELL, PTR_GOOD}, CAUSE_IP_BLOCKLIST, BASIS_CONTRADICTED},
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using "
	     "zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.10",
	        STAGE_RCPT, {ZEN_REFUSED, PTR_GOOD}, CAUSE_IP_BLOCKLIST, BASIS_STATED},
	    {"554 5.7.1 Service unavailable; Client host [203.0.113.7] blocked using "
	     "zen.spamhaus.org; https://www.spamhaus.org/query/ip/203.0.113.7",
	        STAGE_RCPT, {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST, BASIS_CONTRADICTED},
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using "
	     "zen.spamhaus.org; Error: open resolver; "
	     "https://check.spamhaus.org/returnc/pub/192.0.2.54/",
	        STAGE_RCPT, {WELL, PTR_GOOD}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_CONFIRMED},
	    {"554 5.7.1 Service unavailable; Client host [192.0.2.10] blocked using "
	     "dnsbl.sorbs.net; Currently Sending Spam See: "
	     "http://www.sorbs.net/lookup.shtml?192.0.2.10",
	        STAGE_RCPT, {WELL, PTR_GOOD}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED},
	    {"554 5.7.1 Service unavailable; Sender address [bounces@example.org] blocked using "
	     "dbl.spamhaus.org; https://www.spamhaus.org/query/domain/example.org",
	        STAGE_RCPT, {WELL, PTR_GOOD, DBL_FROM}, CAUSE_SENDER_BLOCKED, BASIS_CONFIRMED},
	    {"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.10]",
	        STAGE_RCPT, {WELL}, CAUSE_REVERSE_DNS, BASIS_CONFIRMED},
	    {"450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.10]",
	        STAGE_RCPT, {WELL, PTR_GOOD}, CAUSE_REVERSE_DNS, BASIS_CONTRADICTED},
	    {"554 5.7.1 Rejected", STAGE_GREETING, {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST,
	        BASIS_INFERRED},
	    {"550 5.1.1 <user@example.com>: Recipient address rejected: User unknown in local "
	     "recipient table",
	        STAGE_RCPT, {WELL, ZEN_SBL}, CAUSE_RECIPIENT_UNKNOWN, BASIS_STATED},
	};

	for (size_t i = 0; i < sizeof replies / sizeof *replies; i++) {
		struct joint joint = {.what = replies[i].text, .code = 554};
		struct said said = {.text = replies[i].text,
		    .len = strlen(replies[i].text),
		    .stage = replies[i].stage};
		struct diagnosis diagnosis;
		struct rules *rules;
		struct bench bench;

		memcpy(joint.book, replies[i].book, sizeof joint.book);
		set_up(&bench, &joint);
		rules = rules_builtin(bench.lists);
		rules_read(rules, &said, bench.arena, &bench.reading);
		conclude(&bench.reading, bench.seen, said.stage, bench.arena, &diagnosis);
		cr_expect_eq(diagnosis.cause, replies[i].cause, "%s: %s", said.text,
		    cause_name(diagnosis.cause));
		cr_expect_eq(diagnosis.basis, replies[i].basis, "%s: %s", said.text,
		    basis_name(diagnosis.basis));
		if (diagnosis.cause == CAUSE_RECEIVER_MISCONFIGURED)
			cr_expect_null(diagnosis.url, "%s: nobody is sent to a list", said.text);
		rules_free(rules);
		tear_down(&bench);
	}
}

Test(sender, partial_results_when_the_time_runs_out)
{
	struct lists *lists = lists_new();
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct sender_query query = {.helo = "mail.example.net", .from = "", .lists = lists};
	struct stanza_error error;
	struct sender sender;

	cr_assert(lists_add(lists, data_lists, data_lists_size, &error));
	ip_parse(&query.ip, "192.0.2.10");
	cr_expect_not(sender_gather(book, arena, &query, &sender));
	cr_expect_not(sender.complete);
	cr_expect_eq(sender.ptr.found, UNKNOWN);
	cr_expect_eq(sender.listing_count, 6 + 3,
	    "six lists of addresses, three of domains for the HELO name, none for <>");
	for (size_t i = 0; i < sender.listing_count; i++) {
		cr_expect_eq(sender.listings[i].state, LIST_UNKNOWN);
		cr_expect_not_null(sender.listings[i].meaning);
	}
	cr_expect_geq(book_wanted(book), 1 + 9 * 3, "all at once");

	put(book, "2.0.0.127.zen.spamhaus.org A 127.0.0.2");
	put(book, "1.0.0.127.zen.spamhaus.org A !NXDOMAIN");
	put(book, "10.2.0.192.zen.spamhaus.org A 127.0.0.2");
	cr_expect_not(sender_gather(book, arena, &query, &sender));
	cr_expect_eq(sender.listings[0].state, LIST_LISTED, "what came stands");
	cr_expect_eq(sender.listings[1].state, LIST_UNKNOWN);

	book_close(book);
	cr_expect(sender_gather(book, arena, &query, &sender));
	cr_expect(sender.complete);
	cr_expect(sender.spf_known);
	book_free(book);
	arena_free(arena);
	lists_free(lists);
}

Test(sender, asks_each_name_once_and_no_literals)
{
	static const struct {
		const char *what, *ip, *helo, *from, *author, *dkim, *ptr;
		const char *identities; /* with the number of listings of each */
	} senders[] = {
	    {"all the same", "192.0.2.10", "mail.example.net", "a@example.org", NULL, NULL,
	        "mail.example.net", "ip 6 helo 3 mail-from 3"},
	    {"the PTR name is another", "192.0.2.10", "mail.example.net", "a@example.org", NULL,
	        NULL, "other.example.net", "ip 6 helo 3 mail-from 3 ptr 3"},
	    {"From and signature", "192.0.2.10", "mail.example.net", "a@example.org",
	        "b@example.com", "example.edu", "mail.example.net",
	        "ip 6 helo 3 mail-from 3 from 3 dkim 3"},
	    {"null reverse-path", "192.0.2.10", "mail.example.net", "", NULL, NULL,
	        "mail.example.net", "ip 6 helo 3"},
	    {"literals", "192.0.2.10", "[192.0.2.10]", "a@[192.0.2.10]", NULL, NULL, NULL, "ip 6"},
	    {"single labels", "192.0.2.10", "localhost", "root", NULL, NULL, NULL, "ip 6"},
	    {"IPv6: only lists that have it", "2001:db8::1", "mail.example.net", "", NULL, NULL,
	        NULL, "ip 2 helo 3"},
	};

	for (size_t i = 0; i < sizeof senders / sizeof *senders; i++) {
		struct lists *lists = lists_new();
		struct arena *arena = arena_new();
		struct book *book = book_new();
		const char *dkim[] = {senders[i].dkim, NULL};
		struct sender_query query = {.helo = senders[i].helo,
		    .from = senders[i].from,
		    .author = senders[i].author,
		    .dkim = dkim,
		    .lists = lists};
		struct stanza_error error;
		struct sender sender;
		char seen[200] = "", line[200];

		cr_assert(lists_add(lists, data_lists, data_lists_size, &error));
		ip_parse(&query.ip, senders[i].ip);
		if (senders[i].ptr != NULL) {
			snprintf(
			    line, sizeof line, "10.2.0.192.in-addr.arpa PTR %s", senders[i].ptr);
			put(book, line);
			snprintf(line, sizeof line, "%s A 192.0.2.10", senders[i].ptr);
			put(book, line);
		}
		book_close(book);
		cr_assert(sender_gather(book, arena, &query, &sender));
		for (size_t k = 0, run = 1; k < sender.listing_count; k++, run++)
			if (k + 1 == sender.listing_count ||
			    strcmp(sender.listings[k].identity, sender.listings[k + 1].identity) !=
			        0) {
				snprintf(seen + strlen(seen), sizeof seen - strlen(seen),
				    "%s%s %zu", seen[0] != '\0' ? " " : "",
				    sender.listings[k].identity, run);
				run = 0;
			}
		cr_expect_str_eq(seen, senders[i].identities, "%s: %s", senders[i].what, seen);
		book_free(book);
		arena_free(arena);
		lists_free(lists);
	}
}
