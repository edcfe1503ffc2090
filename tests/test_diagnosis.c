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
    {"named and there: SBL", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"}, "192.0.2.10",
        "https://receiver.example/help", LISTED_IP, "192.0.2.10", STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST, BASIS_CONFIRMED, WHO_HOST,
        "https://check.spamhaus.org/results/?query=192.0.2.10",
        {"zen.spamhaus.org lists the address 192.0.2.10: 127.0.0.2, SBL", "resolver 192.0.2.53",
            "!For information"},
        ""},
    {"named and there: PBL is nobody's fault", 554, CAUSE_IP_BLOCKLIST, {"Spamhaus PBL"},
        "192.0.2.10", NULL, LISTED_IP, NULL, STAGE_GREETING, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, ZEN_PBL}, CAUSE_IP_BLOCKLIST, BASIS_CONFIRMED, WHO_HOST,
        "https://check.spamhaus.org/results/?query=192.0.2.10",
        {"127.0.0.10, PBL", "a policy, no accusation"}, ""},
    {"named and there, a list of weight C: what the receiver goes by counts", 550,
        CAUSE_IP_BLOCKLIST, {"dnsbl-1.uceprotect.net"}, "192.0.2.10", NULL, LISTED_IP, NULL,
        STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, UCE_HIT}, CAUSE_IP_BLOCKLIST,
        BASIS_CONFIRMED, WHO_SENDER, "https://www.uceprotect.net/en/rblcheck.php?ipr=192.0.2.10",
        {"dnsbl-1.uceprotect.net lists"}, ""},
    {"named and there, without saying which identity", 550, CAUSE_IP_BLOCKLIST, {"SpamCop"}, NULL,
        NULL, LISTED_NOTHING, NULL, STAGE_MAIL, LOOK, NULL, NULL, {WELL, PTR_GOOD, COP_HIT},
        CAUSE_IP_BLOCKLIST, BASIS_CONFIRMED, WHO_SENDER, "",
        {"The list says: \"see https://www.spamcop.net/bl.shtml?192.0.2.10\""}, ""},
    {"two named: the telling one", 550, CAUSE_IP_BLOCKLIST,
        {"dnsbl.sorbs.net", "bl.spamcop.net", "zen.spamhaus.org"}, "192.0.2.10", NULL, LISTED_IP,
        NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST,
        BASIS_CONFIRMED, WHO_HOST, "", {"zen.spamhaus.org lists"}, ""},
    {"named, but clean", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"}, "192.0.2.10",
        "https://www.spamhaus.org/query/ip/192.0.2.10", LISTED_IP, "192.0.2.10", STAGE_RCPT, LOOK,
        NULL, NULL, {WELL, PTR_GOOD}, CAUSE_IP_BLOCKLIST, BASIS_CONTRADICTED, WHO_RECEIVER, "",
        {"zen.spamhaus.org does not list the address 192.0.2.10", "cache", "NAT, proxy, relay",
            "removed only lately"},
        ""},
    {"named, but it refused us", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"}, "192.0.2.10",
        "https://www.spamhaus.org/query/ip/192.0.2.10", LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL,
        NULL, {ZEN_REFUSED, PTR_GOOD}, CAUSE_IP_BLOCKLIST, BASIS_STATED, WHO_SENDER,
        "https://www.spamhaus.org/query/ip/192.0.2.10",
        {"could not be checked", "127.255.255.254", "neither confirmed nor contradicted"}, ""},
    {"named, but broken", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"}, "192.0.2.10", NULL,
        LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, "1.0.0.127.zen.spamhaus.org A 127.0.0.2", PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST,
        BASIS_STATED, WHO_SENDER, NULL, {"could not be checked", "yes to everything"}, ""},
    {"named, but no answer", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"}, "192.0.2.10", NULL,
        LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, "10.2.0.192.zen.spamhaus.org A !SERVFAIL", PTR_GOOD}, CAUSE_IP_BLOCKLIST,
        BASIS_STATED, WHO_SENDER, NULL, {"could not be checked", "SERVFAIL"}, ""},
    {"named, and not among ours", 554, CAUSE_IP_BLOCKLIST, {"87.blocklist.zap"}, "192.0.2.10", NULL,
        LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD}, CAUSE_IP_BLOCKLIST,
        BASIS_STATED, WHO_SENDER, NULL,
        {"87.blocklist.zap was not asked about 192.0.2.10 (it is no public list that we know)"},
        ""},
    {"named, known, and off", 554, CAUSE_IP_BLOCKLIST, {"Barracuda Reputation"}, "192.0.2.10", NULL,
        LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD}, CAUSE_IP_BLOCKLIST,
        BASIS_STATED, WHO_SENDER, "https://www.barracudacentral.org/lookups/lookup-reputation",
        {"was not asked"}, ""},
    {"named, and nothing was looked up", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"},
        "192.0.2.10", NULL, LISTED_IP, NULL, STAGE_RCPT, NO_LOOK_UPS, NULL, NULL, {0},
        CAUSE_IP_BLOCKLIST, BASIS_STATED, WHO_SENDER,
        "https://check.spamhaus.org/results/?query=192.0.2.10", {"!asked"}, ""},
    {"no list named, and one of weight has it", 554, CAUSE_IP_BLOCKLIST, {0}, "192.0.2.10", NULL,
        LISTED_IP, NULL, STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GOOD, ZEN_SBL},
        CAUSE_IP_BLOCKLIST, BASIS_STATED, WHO_HOST, "",
        {"names no list and may mean one of its own, but: zen.spamhaus.org lists"}, ""},
    {"no list named, and none has it", 554, CAUSE_IP_BLOCKLIST, {0}, "192.0.2.10", NULL, LISTED_IP,
        NULL, STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GOOD}, CAUSE_IP_BLOCKLIST, BASIS_STATED,
        WHO_SENDER, NULL, {0}, ""},
    {"poor reputation, list named, and there", 554, CAUSE_IP_REPUTATION, {"zen.spamhaus.org"},
        "192.0.2.10", NULL, LISTED_IP, NULL, STAGE_GREETING, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_REPUTATION, BASIS_CONFIRMED, WHO_HOST, "",
        {"zen.spamhaus.org lists"}, ""},

    /* domains on lists */
    {"MAIL FROM domain on the DBL", 554, CAUSE_SENDER_BLOCKED, {"dbl.spamhaus.org"}, "example.org",
        NULL, LISTED_SENDER, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_FROM},
        CAUSE_SENDER_BLOCKED, BASIS_CONFIRMED, WHO_SENDER,
        "https://check.spamhaus.org/results/?query=example.org",
        {"dbl.spamhaus.org lists the MAIL FROM domain example.org: 127.0.1.2"}, ""},
    {"\"Spamhaus\" of a domain is the DBL", 550, CAUSE_SENDER_BLOCKED, {"Spamhaus"}, NULL, NULL,
        LISTED_SENDER, NULL, STAGE_MAIL, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_FROM, ZEN_SBL},
        CAUSE_SENDER_BLOCKED, BASIS_CONFIRMED, WHO_SENDER, "",
        {"dbl.spamhaus.org lists the MAIL FROM domain", "For information: zen.spamhaus.org lists"},
        ""},
    {"MAIL FROM domain said to be on the DBL, but clean", 554, CAUSE_SENDER_BLOCKED,
        {"dbl.spamhaus.org"}, "bounces@example.org", NULL, LISTED_SENDER, NULL, STAGE_RCPT, LOOK,
        NULL, NULL, {WELL, PTR_GOOD}, CAUSE_SENDER_BLOCKED, BASIS_CONTRADICTED, WHO_RECEIVER, "",
        {"does not list the MAIL FROM domain example.org"}, ""},
    {"another domain than ours is meant", 554, CAUSE_SENDER_BLOCKED, {"dbl.spamhaus.org"},
        "other.example", NULL, LISTED_SENDER, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD},
        CAUSE_SENDER_BLOCKED, BASIS_STATED, WHO_SENDER, "", {"was not asked about other.example"},
        ""},
    {"HELO name on the DBL", 550, CAUSE_HELO, {"Spamhaus"}, NULL, NULL, LISTED_HELO, NULL,
        STAGE_MAIL, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_HELO}, CAUSE_HELO, BASIS_CONFIRMED,
        WHO_SENDER, "", {"dbl.spamhaus.org lists the HELO name mail.example.net"}, ""},
    {"the PTR name is the HELO name, and was asked about once", 550, CAUSE_SENDER_BLOCKED,
        {"dbl.spamhaus.org"}, NULL, NULL, LISTED_PTR, NULL, STAGE_MAIL, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, DBL_HELO}, CAUSE_SENDER_BLOCKED, BASIS_CONFIRMED, WHO_SENDER, "",
        {"mail.example.net: 127.0.1.2"}, ""},
    {"a domain in the message, and ours is the one", 550, CAUSE_CONTENT_URL, {"Spamhaus DBL"}, NULL,
        NULL, LISTED_URL, NULL, STAGE_MESSAGE, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_FROM},
        CAUSE_CONTENT_URL, BASIS_CONFIRMED, WHO_SENDER, "", {"dbl.spamhaus.org lists"}, ""},
    {"a domain in the message, and ours are clean", 550, CAUSE_CONTENT_URL, {"Spamhaus DBL"}, NULL,
        NULL, LISTED_URL, NULL, STAGE_MESSAGE, LOOK, NULL, NULL, {WELL, PTR_GOOD},
        CAUSE_CONTENT_URL, BASIS_STATED, WHO_SENDER, NULL, {"links to other domains"}, ""},

    {"a list of domains, without saying which: ours is on it", 554, CAUSE_IP_BLOCKLIST,
        {"dbl.spamhaus.org"}, NULL, NULL, LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, DBL_FROM, ZEN_SBL}, CAUSE_SENDER_BLOCKED, BASIS_CONFIRMED, WHO_SENDER, "",
        {"dbl.spamhaus.org lists the MAIL FROM domain"}, ""},
    {"the same, and it is the HELO name", 554, CAUSE_IP_BLOCKLIST, {"dbl.spamhaus.org"}, NULL, NULL,
        LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_HELO}, CAUSE_HELO,
        BASIS_CONFIRMED, WHO_SENDER, "", {"dbl.spamhaus.org lists the HELO name"}, ""},
    {"the same, and all are clean: ZEN does not stand in for the DBL", 554, CAUSE_IP_BLOCKLIST,
        {"dbl.spamhaus.org"}, NULL, NULL, LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST, BASIS_CONTRADICTED, WHO_RECEIVER, "",
        {"dbl.spamhaus.org does not list", "For information: zen"}, ""},

    /* another address */
    {"the text speaks of another address", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"},
        "203.0.113.7", NULL, LISTED_IP, "203.0.113.7", STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST, BASIS_CONTRADICTED, WHO_SENDER, NULL,
        {"speaks of 203.0.113.7, but ours is 192.0.2.10", "NAT, a proxy or a relay"}, ""},
    {"another address, known only as what is listed", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"},
        "203.0.113.7", NULL, LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD},
        CAUSE_IP_BLOCKLIST, BASIS_CONTRADICTED, WHO_SENDER, NULL, {"speaks of 203.0.113.7"}, ""},
    {"another address without reverse name", 554, CAUSE_REVERSE_DNS, {0}, NULL, NULL,
        LISTED_NOTHING, "2001:db8::7", STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD},
        CAUSE_REVERSE_DNS, BASIS_CONTRADICTED, WHO_SENDER, NULL, {"speaks of 2001:db8::7"}, ""},
    {"a private address is no contradiction, and its PTR no evidence", 554, CAUSE_IP_BLOCKLIST,
        {"zen.spamhaus.org"}, "203.0.113.7", NULL, LISTED_IP, "203.0.113.7", STAGE_RCPT, LOOK,
        "192.168.1.5", NULL, {WELL}, CAUSE_IP_BLOCKLIST, BASIS_STATED, WHO_SENDER, NULL,
        {"a private address that no receiver sees"}, ""},
    {"a private address: what the DNS says of it is not held against it", 554, CAUSE_UNKNOWN, {0},
        NULL, NULL, LISTED_NOTHING, NULL, STAGE_GREETING, LOOK, "192.168.1.5", NULL, {WELL},
        CAUSE_UNKNOWN, BASIS_UNKNOWN, WHO_SENDER, NULL, {0}, ""},
    {"another address matters nothing to a full mailbox", 552, CAUSE_MAILBOX_FULL, {0}, NULL, NULL,
        LISTED_NOTHING, "203.0.113.7", STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD},
        CAUSE_MAILBOX_FULL, BASIS_STATED, WHO_SENDER, NULL, {"!203.0.113.7"}, ""},

    /* the receiver is at fault */
    {"a dead list", 554, CAUSE_IP_BLOCKLIST, {"dnsbl.sorbs.net"}, "192.0.2.10",
        "http://www.sorbs.net/lookup.shtml?192.0.2.10", LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL,
        NULL, {WELL, PTR_GOOD}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED, WHO_RECEIVER, NULL,
        {"dnsbl.sorbs.net, a list that is no more"}, ""},
    {"a dead list, and nothing was looked up", 554, CAUSE_IP_BLOCKLIST, {"NiXSpam"}, "192.0.2.10",
        "http://www.dnsbl.manitu.net/", LISTED_IP, NULL, STAGE_RCPT, NO_LOOK_UPS, NULL, NULL, {0},
        CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED, WHO_RECEIVER, NULL, {"NiX Spam was closed"},
        ""},
    {"a dead list, and a live one has us too: still no page to go to", 554, CAUSE_IP_BLOCKLIST,
        {"dnsbl.sorbs.net"}, "192.0.2.10", NULL, LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED, WHO_RECEIVER, NULL,
        {"no more", "For information: zen.spamhaus.org lists"}, ""},
    {"the receiver's query was refused, and we are clean", 554, CAUSE_RECEIVER_MISCONFIGURED,
        {"zen.spamhaus.org"}, "192.0.2.10", "https://check.spamhaus.org/returnc/pub/192.0.2.54/",
        LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD},
        CAUSE_RECEIVER_MISCONFIGURED, BASIS_CONFIRMED, WHO_RECEIVER, NULL,
        {"declined the receiver's own query", "does not list the address"}, ""},
    {"the same, known by its URL alone", 554, CAUSE_IP_BLOCKLIST, {"zen.spamhaus.org"},
        "192.0.2.10", "https://check.spamhaus.org/returnc/pub/192.0.2.54/", LISTED_IP, NULL,
        STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD}, CAUSE_RECEIVER_MISCONFIGURED,
        BASIS_CONFIRMED, WHO_RECEIVER, NULL, {"declined the receiver's own query"}, ""},
    {"the same, from URIBL, with nothing looked up", 554, CAUSE_CONTENT_URL, {"multi.uribl.com"},
        NULL, "http://uribl.com/refused.shtml", LISTED_URL, NULL, STAGE_MESSAGE, NO_LOOK_UPS, NULL,
        NULL, {0}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED, WHO_RECEIVER, NULL,
        {"declined the receiver's own query"}, ""},
    {"the receiver's query was refused, and so was ours", 554, CAUSE_RECEIVER_MISCONFIGURED,
        {"zen.spamhaus.org"}, "192.0.2.10", NULL, LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {ZEN_REFUSED, PTR_GOOD}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED, WHO_RECEIVER, NULL,
        {"could not be checked"}, ""},
    {"the receiver's query was refused, and yet we are listed", 554, CAUSE_RECEIVER_MISCONFIGURED,
        {"zen.spamhaus.org"}, "192.0.2.10", NULL, LISTED_IP, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED, WHO_RECEIVER, NULL,
        {"zen.spamhaus.org lists", "both hold"}, "ip-blocklist"},
    {"the receiver asks a list of domains about addresses", 554, CAUSE_IP_BLOCKLIST,
        {"dbl.spamhaus.org"}, "192.0.2.10", "https://check.spamhaus.org/", LISTED_IP, "192.0.2.10",
        STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_FROM}, CAUSE_RECEIVER_MISCONFIGURED,
        BASIS_STATED, WHO_RECEIVER, NULL, {"a list of domains"}, ""},
    {"misconfigured in some other way", 451, CAUSE_RECEIVER_MISCONFIGURED, {0}, NULL,
        "https://receiver.example/", LISTED_NOTHING, NULL, STAGE_RCPT, LOOK, NULL, NULL,
        {WELL, PTR_GOOD}, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED, WHO_SENDER, NULL, {0}, ""},

    /* reverse DNS */
    {"no PTR, and it says so", 550, CAUSE_REVERSE_DNS, {0}, NULL, NULL, LISTED_NOTHING,
        "192.0.2.10", STAGE_RCPT, LOOK, NULL, NULL, {WELL}, CAUSE_REVERSE_DNS, BASIS_CONFIRMED,
        WHO_HOST, NULL, {"192.0.2.10 has no PTR record (NXDOMAIN"}, ""},
    {"a PTR that does not lead back", 550, CAUSE_REVERSE_DNS, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_STRAY}, CAUSE_REVERSE_DNS, BASIS_CONFIRMED,
        WHO_SENDER, NULL, {"does not lead back"}, ""},
    {"said, but ours is in order", 550, CAUSE_REVERSE_DNS, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GOOD}, CAUSE_REVERSE_DNS, BASIS_CONTRADICTED,
        WHO_RECEIVER, NULL, {"has the PTR name mail.example.net, and that leads back to it"}, ""},
    {"said, and ours is in order but generic", 550, CAUSE_REVERSE_DNS, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GENERIC},
        CAUSE_REVERSE_DNS, BASIS_STATED, WHO_HOST, NULL, {"looks made by a machine"}, ""},
    {"said, but the look-up failed", 550, CAUSE_REVERSE_DNS, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_FAILS}, CAUSE_REVERSE_DNS, BASIS_STATED,
        WHO_SENDER, NULL, {"!no PTR record"}, ""},

    {"said, ours is in order, and the PBL has the address", 550, CAUSE_REVERSE_DNS, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GOOD, ZEN_PBL},
        CAUSE_REVERSE_DNS, BASIS_CONTRADICTED, WHO_RECEIVER, NULL, {"leads back", "PBL"},
        "ip-blocklist"},

    /* HELO, SPF */
    {"HELO refused, and it is no full name", 550, CAUSE_HELO, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_RCPT, LOOK, NULL, "localhost", {WELL, PTR_GOOD}, CAUSE_HELO, BASIS_CONFIRMED,
        WHO_SENDER, NULL, {"\"localhost\", which is no fully-qualified"}, ""},
    {"HELO refused, and it looks well", 550, CAUSE_HELO, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD}, CAUSE_HELO, BASIS_STATED, WHO_SENDER, NULL,
        {0}, ""},
    {"SPF said, and fails here too", 550, CAUSE_SPF, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, "example.org TXT v=spf1 -all"}, CAUSE_SPF,
        BASIS_CONFIRMED, WHO_SENDER, NULL,
        {"SPF of example.org for 192.0.2.10 is fail, by \"-all\""}, ""},
    {"SPF said, and passes here", 550, CAUSE_SPF, {0}, NULL, NULL, LISTED_NOTHING, NULL, STAGE_RCPT,
        LOOK, NULL, NULL, {WELL, PTR_GOOD, "example.org TXT v=spf1 ip4:192.0.2.10 -all"}, CAUSE_SPF,
        BASIS_CONTRADICTED, WHO_SENDER, NULL, {"is pass", "forwarding"}, ""},
    {"SPF said, and cannot be told", 550, CAUSE_SPF, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, "example.org TXT !SERVFAIL"}, CAUSE_SPF,
        BASIS_STATED, WHO_SENDER, NULL, {0}, ""},
    {"DMARC said", 550, CAUSE_DMARC, {0}, NULL, NULL, LISTED_NOTHING, NULL, STAGE_MESSAGE, LOOK,
        NULL, NULL, {WELL, PTR_GOOD}, CAUSE_DMARC, BASIS_STATED, WHO_SENDER, NULL, {0}, ""},

    /* little said */
    {"policy, and listed", 554, CAUSE_POLICY, {0}, NULL, NULL, LISTED_NOTHING, NULL, STAGE_RCPT,
        LOOK, NULL, NULL, {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_POLICY, BASIS_STATED, WHO_SENDER, NULL,
        {"names no list, but: zen.spamhaus.org lists"}, "ip-blocklist"},
    {"access denied, listed, and without PTR", 554, CAUSE_ACCESS_DENIED, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_GREETING, LOOK, NULL, NULL, {WELL, ZEN_SBL},
        CAUSE_ACCESS_DENIED, BASIS_STATED, WHO_SENDER, NULL,
        {"zen.spamhaus.org lists", "no PTR record"}, "ip-blocklist reverse-dns"},
    {"poor reputation, and the domain listed", 550, CAUSE_IP_REPUTATION, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_FROM},
        CAUSE_IP_REPUTATION, BASIS_STATED, WHO_SENDER, NULL,
        {"dbl.spamhaus.org lists the MAIL FROM domain"}, "sender-blocked"},
    {"access denied at the greeting: nobody has heard the domain yet", 554, CAUSE_ACCESS_DENIED,
        {0}, NULL, NULL, LISTED_NOTHING, NULL, STAGE_GREETING, LOOK, NULL, NULL,
        {WELL, PTR_GOOD, DBL_FROM, DBL_HELO}, CAUSE_ACCESS_DENIED, BASIS_STATED, WHO_SENDER, NULL,
        {"!names no list"}, ""},
    {"policy, and a list of weight C only", 554, CAUSE_POLICY, {0}, NULL, NULL, LISTED_NOTHING,
        NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, UCE_HIT}, CAUSE_POLICY, BASIS_STATED,
        WHO_SENDER, NULL,
        {"For information: also on lists that few receivers refuse on: dnsbl-1.uceprotect.net "
         "(192.0.2.10)"},
        ""},
    {"no service here, and listed", 554, CAUSE_NO_SERVICE, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_NO_SERVICE, BASIS_STATED,
        WHO_SENDER, NULL, {"zen.spamhaus.org lists"}, "ip-blocklist"},

    /* nothing said */
    {"bare at the greeting, and listed", 554, CAUSE_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GOOD, ZEN_SBL}, CAUSE_IP_BLOCKLIST,
        BASIS_INFERRED, WHO_HOST, "https://check.spamhaus.org/results/?query=192.0.2.10",
        {"gives no reason", "zen.spamhaus.org lists"}, ""},
    {"bare at RCPT, listed, and without PTR: the graver first", 550, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, ZEN_SBL}, CAUSE_IP_BLOCKLIST,
        BASIS_INFERRED, WHO_HOST, "", {"zen.spamhaus.org lists", "no PTR record"}, "reverse-dns"},
    {"bare at EHLO, and without PTR", 550, CAUSE_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_EHLO, LOOK, NULL, NULL, {WELL}, CAUSE_REVERSE_DNS, BASIS_INFERRED, WHO_HOST, NULL,
        {"no PTR record"}, ""},
    {"bare at MAIL, and the PTR strays", 550, CAUSE_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_MAIL, LOOK, NULL, NULL, {WELL, PTR_STRAY}, CAUSE_REVERSE_DNS, BASIS_INFERRED,
        WHO_SENDER, NULL, {"does not lead back"}, ""},
    {"bare, and the PTR could not be looked up: that is not absent", 550, CAUSE_UNKNOWN, {0}, NULL,
        NULL, LISTED_NOTHING, NULL, STAGE_EHLO, LOOK, NULL, NULL, {WELL, PTR_FAILS}, CAUSE_UNKNOWN,
        BASIS_UNKNOWN, WHO_SENDER, NULL, {"!PTR"}, ""},
    {"bare, and the PTR's address could not be looked up", 550, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_EHLO, LOOK, NULL, NULL,
        {WELL, "10.2.0.192.in-addr.arpa PTR mail.example.net", "mail.example.net A !TIMEOUT"},
        CAUSE_UNKNOWN, BASIS_UNKNOWN, WHO_SENDER, NULL, {0}, ""},
    {"bare, and a list of weight C: never a cause", 550, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_MAIL, LOOK, NULL, NULL, {WELL, PTR_GOOD, UCE_HIT},
        CAUSE_UNKNOWN, BASIS_UNKNOWN, WHO_SENDER, NULL, {"For information"}, ""},
    {"bare, and a list of weight B: a possibility", 550, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_MAIL, LOOK, NULL, NULL, {WELL, PTR_GOOD, COP_HIT},
        CAUSE_UNKNOWN, BASIS_UNKNOWN, WHO_SENDER, NULL,
        {"not enough to call it the cause: bl.spamcop.net lists"}, "ip-blocklist"},
    {"bare, without PTR, and a list of weight B", 550, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_MAIL, LOOK, NULL, NULL, {WELL, COP_HIT}, CAUSE_REVERSE_DNS,
        BASIS_INFERRED, WHO_HOST, NULL, {"no PTR record"}, "ip-blocklist"},
    {"bare, and the list refused us: nothing is concluded", 550, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_MAIL, LOOK, NULL, NULL,
        {ZEN_REFUSED, "10.2.0.192.zen.spamhaus.org A 127.255.255.254", PTR_GOOD}, CAUSE_UNKNOWN,
        BASIS_UNKNOWN, WHO_SENDER, NULL, {0}, ""},
    {"bare at MAIL, and the domain listed", 550, CAUSE_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING,
        NULL, STAGE_MAIL, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_FROM}, CAUSE_SENDER_BLOCKED,
        BASIS_INFERRED, WHO_SENDER, "", {"lists the MAIL FROM domain"}, ""},
    {"bare at EHLO, and the HELO name listed", 550, CAUSE_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING,
        NULL, STAGE_EHLO_TLS, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_HELO}, CAUSE_HELO,
        BASIS_INFERRED, WHO_SENDER, "", {"lists the HELO name"}, ""},
    {"bare at EHLO: the domain was not said yet", 550, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_EHLO, LOOK, NULL, NULL, {WELL, PTR_GOOD, DBL_FROM},
        CAUSE_UNKNOWN, BASIS_UNKNOWN, WHO_SENDER, NULL, {"For information"}, ""},
    {"bare at RCPT, but come again: greylisting as like as not", 450, CAUSE_UNKNOWN, {0}, NULL,
        NULL, LISTED_NOTHING, NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, PTR_GOOD, ZEN_SBL},
        CAUSE_UNKNOWN, BASIS_UNKNOWN, WHO_SENDER, NULL,
        {"greylisting", "For information: zen.spamhaus.org"}, "greylist"},
    {"bare after the dot, and listed: content is as likely", 554, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_MESSAGE, LOOK, NULL, NULL, {WELL, ZEN_SBL}, CAUSE_UNKNOWN,
        BASIS_UNKNOWN, WHO_SENDER, NULL, {"For information: zen.spamhaus.org"}, ""},
    {"bare, and nothing found", 554, CAUSE_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_GREETING, LOOK, NULL, NULL, {WELL, PTR_GOOD}, CAUSE_UNKNOWN, BASIS_UNKNOWN,
        WHO_SENDER, NULL, {0}, ""},
    {"bare, and nothing looked up", 554, CAUSE_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_GREETING, NO_LOOK_UPS, NULL, NULL, {0}, CAUSE_UNKNOWN, BASIS_UNKNOWN, WHO_SENDER,
        NULL, {0}, ""},
    {"dropped without a word at the greeting, and listed", 0, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_GREETING, LOOK, NULL, NULL, {WELL, ZEN_SBL}, CAUSE_IP_BLOCKLIST,
        BASIS_INFERRED, WHO_HOST, "", {"dropped without a word", "zen.spamhaus.org lists"}, ""},
    {"dropped without a word at the greeting, without PTR", 0, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_GREETING, LOOK, NULL, NULL, {WELL}, CAUSE_UNKNOWN,
        BASIS_UNKNOWN, WHO_SENDER, NULL, {0}, ""},
    {"dropped without a word later on, and listed", 0, CAUSE_UNKNOWN, {0}, NULL, NULL,
        LISTED_NOTHING, NULL, STAGE_EHLO, LOOK, NULL, NULL, {WELL, ZEN_SBL}, CAUSE_UNKNOWN,
        BASIS_UNKNOWN, WHO_SENDER, NULL, {"For information: zen.spamhaus.org"}, ""},

    /* what has nothing to do with the sender */
    {"no such user, and listed", 550, CAUSE_RECIPIENT_UNKNOWN, {0}, NULL, NULL, LISTED_NOTHING,
        NULL, STAGE_RCPT, LOOK, NULL, NULL, {WELL, ZEN_SBL}, CAUSE_RECIPIENT_UNKNOWN, BASIS_STATED,
        WHO_SENDER, NULL, {"For information: zen.spamhaus.org lists", "!PTR"}, ""},
    {"spam, and minor listings", 554, CAUSE_CONTENT_SPAM, {0}, NULL, NULL, LISTED_NOTHING, NULL,
        STAGE_MESSAGE, LOOK, NULL, NULL, {WELL, UCE_HIT, DBL_HELO}, CAUSE_CONTENT_SPAM,
        BASIS_STATED, WHO_SENDER, NULL, {"!information", "!uceprotect"}, ""},
    {"greylisting", 450, CAUSE_GREYLIST, {0}, NULL, NULL, LISTED_NOTHING, NULL, STAGE_RCPT, LOOK,
        NULL, NULL, {WELL, PTR_GOOD}, CAUSE_GREYLIST, BASIS_STATED, WHO_SENDER, NULL, {0}, ""},
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
		struct stanza_error error;
		struct rules *rules;
		struct bench bench;

		memcpy(joint.book, replies[i].book, sizeof joint.book);
		set_up(&bench, &joint);
		rules = rules_new(bench.lists);
		cr_assert(rules_add_builtin(rules, &error), "%u: %s", error.line, error.reason);
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
