/* What is said to a sender: each finding from a book, with what is to be published; and never a
 * word of advice on what is not known. The author of a message. */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "book_of.h"
#include "judge/advice.h"
#include "rules/builtin.h"

#define LISTS                                                                                      \
	"2.0.0.127.zen.spamhaus.org A 127.0.0.2\n2.0.0.127.bl.spamcop.net A "                      \
	"127.0.0.2\ndbltest.com.dbl.spamhaus.org A 127.0.1.2\n2.0.0.127.dnsbl-1.uceprotect.net A " \
	"127.0.0.2\n2.0.0.127.list.dnswl.org A 127.0.10.0\n"                                       \
	"2.0.0.127.bl.mailspike.net A 127.0.0.2\n2.0.0.127.psbl.surriel.com A "                    \
	"127.0.0.2\nsurbl-org-permanent-test-point.com.multi.surbl.org A "                         \
	"127.0.0.252\ntest.uribl.com.multi.uribl.com A 127.0.0.14\n"
#define PTR                                                                                        \
	"10.2.0.192.in-addr.arpa PTR mail.example.net\nmail.example.net A "                        \
	"192.0.2.10\nmail.example.net TXT v=spf1 a -all\n"
#define ORG                                                                                        \
	"example.org SOA ns.example.org hostmaster.example.org 1 3600 600 86400 60\nexample.org "  \
	"MX 10 mail.example.net\n"
#define SPF "example.org TXT v=spf1 ip4:192.0.2.10 -all\n"
#define DMARC "_dmarc.example.org TXT v=DMARC1; p=reject; rua=mailto:d@example.org\n"
#define FINE LISTS PTR ORG SPF DMARC
#define ED25519 "MC4CAQAwBQYDK2VwBCIEIG1w6OlY5w2YbDPT83mY3Zn6bbqzNSf1MCpyW5pam0K8"
#define ED25519_PUBLIC "LvWw44V/AIi6fqwVkcFCL7V97JxfAJTl5LQ9TYBzCuY="
#define UNSIGNED "From: me@example.org\r\n\r\nHello.\r\n"

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

TestSuite(advice, .init = open_remedies, .fini = close_remedies);

enum { SEEN = 3 };

static const struct one {
	const char *what, *book, *helo, *from, *author, *selector, *message, *resolver;
	const char *ids; /* all that are neither good nor a mere note, in order */
	const char *record; /* one that is to be published, NULL: none at all */
	const char *seen[SEEN]; /* stands somewhere in what is said; "!text": in no record that is
	                           to be published */
} cases[] = {
    {"all is well", FINE, NULL, NULL, NULL, NULL, NULL, NULL, "", NULL,
        {"192.0.2.10 is not on zen.spamhaus.org",
            "DMARC of example.org passes, by SPF; its policy is reject"}},
    {"known as good", FINE "10.2.0.192.list.dnswl.org A 127.0.5.2\n", NULL, NULL, NULL, NULL, NULL,
        NULL, "", NULL, {"known as good to DNSWL"}},
    {"the null reverse-path", FINE, NULL, "", NULL, NULL, NULL, NULL, "dmarc-missing",
        "_dmarc.example.net. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.net\"",
        {"SPF of mail.example.net passes"}},

    {"listed gravely", FINE "10.2.0.192.zen.spamhaus.org A 127.0.0.2\n", NULL, NULL, NULL, NULL,
        NULL, NULL, "listed", NULL,
        {"check.spamhaus.org/results/?query=192.0.2.10", "resolver replay"}},
    {"listed by some",
        FINE "10.2.0.192.bl.spamcop.net A 127.0.0.2\n10.2.0.192.bl.spamcop.net TXT see "
             "https://www.spamcop.net/bl.shtml?192.0.2.10\n",
        NULL, NULL, NULL, NULL, NULL, NULL, "listed-often", NULL, {"SpamCop"}},
    {"listed by few: information", FINE "10.2.0.192.dnsbl-1.uceprotect.net A 127.0.0.2\n", NULL,
        NULL, NULL, NULL, NULL, NULL, "", NULL, {"UCEPROTECT"}},
    {"a grave list does not answer", FINE "10.2.0.192.zen.spamhaus.org A !SERVFAIL\n", NULL, NULL,
        NULL, NULL, NULL, NULL, "list-unknown", NULL,
        {"Whether 192.0.2.10 is on zen.spamhaus.org could not be found out"}},
    {"a public resolver is refused", FINE "10.2.0.192.zen.spamhaus.org A 127.255.255.254\n", NULL,
        NULL, NULL, NULL, NULL, "8.8.8.8", "public-resolver list-unknown", NULL,
        {"8.8.8.8, an open resolver", "--dnsbl-nameserver",
            "Who may ask: Free for low, non-commercial use"}},
    {"a public resolver that does well", FINE, NULL, NULL, NULL, NULL, NULL, "8.8.8.8", "", NULL,
        {0}},
    {"one registered domain in two roles is listed once",
        FINE "example.org.multi.uribl.com A 127.0.0.2\n", "mail.example.org", NULL, NULL, NULL,
        NULL, NULL, "helo-unresolved listed-often", "mail.example.org. A 192.0.2.10",
        {"The domain example.org is on the blocklist URIBL"}},
    {"the resolver makes addresses up", FINE "no-such-name-mxwalk.example.com A 198.51.100.80\n",
        NULL, NULL, NULL, NULL, NULL, NULL, "resolver-lies", NULL,
        {"no-such-name-mxwalk.example.com A 198.51.100.80 (resolver replay)"}},
    {"… for the HELO name",
        FINE "no-such-name-mxwalk.example.com A 198.51.100.80\ngone.example.net A 198.51.100.80\n",
        "gone.example.net", NULL, NULL, NULL, NULL, NULL, "resolver-lies helo-unknown", NULL, {0}},
    {"… for the domain",
        LISTS PTR
        "no-such-name-mxwalk.example.com A 198.51.100.80\nexample.org A 198.51.100.80\n" SPF DMARC,
        NULL, NULL, NULL, NULL, NULL, NULL, "resolver-lies domain-unknown", NULL, {0}},
    {"the domain is listed", FINE "example.org.dbl.spamhaus.org A 127.0.1.2\n", NULL, NULL, NULL,
        NULL, NULL, NULL, "listed", NULL, {"The MAIL FROM domain example.org is on the blocklist"}},

    {"no PTR", LISTS ORG SPF DMARC "mail.example.net A 192.0.2.10\n", NULL, NULL, NULL, NULL, NULL,
        NULL, "ptr-missing", "10.2.0.192.in-addr.arpa. PTR mail.example.net.", {"5.7.25"}},
    {"the PTR strays",
        LISTS ORG SPF DMARC "10.2.0.192.in-addr.arpa PTR a.example.com\na.example.com A "
                            "192.0.2.11\nmail.example.net A 192.0.2.10\n",
        NULL, NULL, NULL, NULL, NULL, NULL, "ptr-unconfirmed helo-not-ptr",
        "a.example.com. A 192.0.2.10", {0}},
    {"two PTR names, and the second looks generic",
        LISTS ORG SPF DMARC "10.2.0.192.in-addr.arpa PTR mail.example.net\n10.2.0.192.in-addr.arpa "
                            "PTR 192-0-2-10.dyn.example.net\n192-0-2-10.dyn.example.net A "
                            "192.0.2.10\nmail.example.net A 192.0.2.10\n",
        NULL, NULL, NULL, NULL, NULL, NULL, "ptr-generic ptr-many",
        "10.2.0.192.in-addr.arpa. PTR mail.example.net.",
        {"The PTR name 192-0-2-10.dyn.example.net leads back"}},
    {"the PTR fails: not known, no advice",
        LISTS ORG SPF DMARC "10.2.0.192.in-addr.arpa PTR !SERVFAIL\nmail.example.net A "
                            "192.0.2.10\nmail.example.net TXT v=spf1 a -all\n",
        NULL, NULL, NULL, NULL, NULL, NULL, "ptr-unknown", NULL, {"nothing is known"}},
    {"the PTR's address fails",
        LISTS ORG SPF DMARC "10.2.0.192.in-addr.arpa PTR a.example.com\na.example.com A "
                            "!TIMEOUT\nmail.example.net A 192.0.2.10\n",
        "[192.0.2.10]", NULL, NULL, NULL, NULL, NULL, "helo-literal ptr-unknown", NULL, {0}},

    {"HELO is one label", FINE, "localhost", NULL, NULL, NULL, NULL, NULL, "helo-invalid", NULL,
        {"\"localhost\" is no full host name"}},
    {"HELO has no address", FINE, "gone.example.net", NULL, NULL, NULL, NULL, NULL,
        "helo-unresolved", "gone.example.net. A 192.0.2.10", {"NXDOMAIN", "!v=spf1 a"}},
    {"HELO is elsewhere", FINE "b.example.net A 192.0.2.99\n", "b.example.net", NULL, NULL, NULL,
        NULL, NULL, "helo-elsewhere", "b.example.net. TXT \"v=spf1 a -all\"",
        {"Say mail.example.net in EHLO"}},
    {"HELO is another name of it",
        FINE "b.example.net A 192.0.2.10\nb.example.net TXT v=spf1 a -all\n", "b.example.net", NULL,
        NULL, NULL, NULL, NULL, "helo-not-ptr", "10.2.0.192.in-addr.arpa. PTR b.example.net.", {0}},
    {"HELO could not be looked up", FINE "b.example.net A !SERVFAIL\nb.example.net TXT !SERVFAIL\n",
        "b.example.net", NULL, NULL, NULL, NULL, NULL, "helo-unknown", NULL, {0}},

    {"the domain does not exist", LISTS PTR, NULL, NULL, NULL, NULL, NULL, NULL, "domain-missing",
        NULL, {"does not exist"}},
    {"… and is to be signed for", LISTS PTR, NULL, NULL, NULL, "s", NULL, NULL, "domain-missing",
        NULL, {0}},
    {"… nor is a message of it signed", LISTS PTR, NULL, NULL, NULL, NULL, UNSIGNED, NULL,
        "domain-missing dkim-unsigned", NULL, {0}},
    {"… and a domain above it refuses such mail",
        LISTS PTR "example.org MX 10 mail.example.net\n_dmarc.example.org TXT v=DMARC1; p=none; "
                  "np=reject; rua=mailto:d@example.org\n",
        NULL, "me@gone.example.org", NULL, NULL, "From: me@gone.example.org\r\n\r\nHello.\r\n",
        NULL, "domain-missing dkim-unsigned dmarc-reject dmarc-odd", NULL,
        {"receivers do not agree"}},
    {"the From domain does not exist, the reverse-path's does", FINE, NULL, NULL, "x@example.com",
        NULL, NULL, NULL, "domain-missing", NULL, {"The From domain example.com does not exist"}},
    {"the reverse-path has no full domain", FINE, NULL, "root@localhost", NULL, NULL, NULL, NULL,
        "domain-invalid", NULL, {"<root@localhost>"}},
    {"the reverse-path is no address", FINE, NULL, "root", NULL, NULL, NULL, NULL, "domain-invalid",
        NULL, {0}},
    {"the reverse-path has an address for domain", FINE, NULL, "me@[192.0.2.10]", NULL, NULL, NULL,
        NULL, "domain-literal", NULL, {0}},
    {"the domain has a null MX", LISTS PTR SPF DMARC "example.org MX 0 .\n", NULL, NULL, NULL, NULL,
        NULL, NULL, "domain-null-mx", NULL, {"RFC 7505"}},
    {"the domain is in no zone", LISTS PTR SPF DMARC "example.org MX 10 mail.example.net\n", NULL,
        NULL, NULL, NULL, NULL, NULL, "domain-no-soa", NULL, {"Yahoo"}},
    {"the domain's MX fails",
        LISTS PTR SPF DMARC "example.org MX !SERVFAIL\nexample.org SOA !SERVFAIL\n", NULL, NULL,
        NULL, NULL, NULL, NULL, "domain-unknown", NULL, {0}},
    {"the From domain is another, and has a null MX",
        FINE
        "example.com MX 0 .\n_dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:d@example.com\n",
        NULL, NULL, "x@example.com", NULL, NULL, NULL, "domain-null-mx dmarc-by-dkim-alone", NULL,
        {"The From domain example.com"}},

    {"SPF fails", LISTS PTR ORG DMARC "example.org TXT v=spf1 ip4:192.0.2.99 -all\n", NULL, NULL,
        NULL, NULL, NULL, NULL, "spf-fail dmarc-by-dkim-alone",
        "example.org. TXT \"v=spf1 ip4:192.0.2.10 ip4:192.0.2.99 -all\"",
        {"decided by \"-all\"", "5.7.26"}},
    {"SPF softfails", LISTS PTR ORG DMARC "example.org TXT v=spf1 ~all\n", NULL, NULL, NULL, NULL,
        NULL, NULL, "spf-weak dmarc-by-dkim-alone",
        "example.org. TXT \"v=spf1 ip4:192.0.2.10 ~all\"", {0}},
    {"SPF is broken: no guess at what is meant",
        LISTS PTR ORG DMARC "example.org TXT v=spf1 ip4:192.0.2.0/33 -all\n", NULL, NULL, NULL,
        NULL, NULL, NULL, "spf-permerror dmarc-by-dkim-alone", NULL, {"/33"}},
    {"SPF twice", LISTS PTR ORG DMARC SPF "example.org TXT v=spf1 mx -all\n", NULL, NULL, NULL,
        NULL, NULL, NULL, "spf-permerror dmarc-by-dkim-alone", NULL,
        {"one record in the place of the several"}},
    {"SPF has no answer: not known", LISTS PTR ORG DMARC "example.org TXT !SERVFAIL\n", NULL, NULL,
        NULL, NULL, NULL, NULL, "spf-unknown dmarc-unknown", NULL, {0}},
    {"SPF lets everybody pass", LISTS PTR ORG DMARC "example.org TXT v=spf1 +all\n", NULL, NULL,
        NULL, NULL, NULL, NULL, "spf-fragile", NULL, {"lets every host pass"}},

    {"the key is there",
        FINE "s._domainkey.example.org TXT v=DKIM1; k=ed25519; p=" ED25519_PUBLIC "\n", NULL, NULL,
        NULL, "s", NULL, NULL, "", NULL,
        {"is the other half of the private key", "by SPF and DKIM"}},
    {"the key is not there", FINE, NULL, NULL, NULL, "s", NULL, NULL, "dkim-key-missing",
        "s._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; p=" ED25519_PUBLIC "\"", {"5.7.30"}},
    {"the key is revoked", FINE "s._domainkey.example.org TXT v=DKIM1; p=\n", NULL, NULL, NULL, "s",
        NULL, NULL, "dkim-key-bad",
        "ANOTHER-SELECTOR._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; p=" ED25519_PUBLIC "\"",
        {"revoked"}},
    {"another key is there",
        FINE "s._domainkey.example.org TXT v=DKIM1; k=ed25519; "
             "p=AAAA44V/AIi6fqwVkcFCL7V97JxfAJTl5LQ9TYBzCuY=\n",
        NULL, NULL, NULL, "s", NULL, NULL, "dkim-key-mismatch",
        "ANOTHER-SELECTOR._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; p=" ED25519_PUBLIC "\"",
        {0}},
    {"the key could not be looked up", FINE "s._domainkey.example.org TXT !TIMEOUT\n", NULL, NULL,
        NULL, "s", NULL, NULL, "dkim-key-unknown", NULL, {"TIMEOUT"}},
    {"the message is not signed", FINE, NULL, NULL, NULL, NULL, UNSIGNED, NULL, "dkim-unsigned",
        NULL, {"GMX"}},
    {"nothing passes, and it is known", LISTS PTR ORG DMARC "example.org TXT v=spf1 -all\n", NULL,
        NULL, NULL, NULL, UNSIGNED, NULL, "spf-fail unauthenticated dkim-unsigned dmarc-reject",
        "example.org. TXT \"v=spf1 ip4:192.0.2.10 -all\"",
        {"SPF is fail; there is no DKIM signature", "5.7.9"}},
    {"nothing passes, SPF not known", LISTS PTR ORG DMARC "example.org TXT !SERVFAIL\n", NULL, NULL,
        NULL, NULL, UNSIGNED, NULL, "dkim-unsigned spf-unknown dmarc-unknown", NULL, {0}},

    {"no DMARC", LISTS PTR ORG SPF, NULL, NULL, NULL, NULL, NULL, NULL, "dmarc-missing",
        "_dmarc.example.org. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org\"",
        {"5.7.40"}},
    {"no DMARC of a subdomain: it is put above",
        LISTS PTR ORG "news.example.org MX 10 mail.example.net\nnews.example.org TXT v=spf1 "
                      "ip4:192.0.2.10 -all\n",
        NULL, "a@news.example.org", NULL, NULL, NULL, NULL, "dmarc-missing",
        "_dmarc.example.org. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org\"", {0}},
    {"two DMARC records",
        LISTS PTR ORG SPF "_dmarc.example.org TXT v=DMARC1; p=none; "
                          "rua=mailto:a@example.org\n_dmarc.example.org TXT v=DMARC1; p=reject\n",
        NULL, NULL, NULL, NULL, NULL, NULL, "dmarc-broken dmarc-odd",
        "_dmarc.example.org. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org\"",
        {"_dmarc.example.org has 2 DMARC records, so none of them counts, and no"}},
    {"DMARC has no answer: not absent", LISTS PTR ORG SPF "_dmarc.example.org TXT !SERVFAIL\n",
        NULL, NULL, NULL, NULL, NULL, NULL, "dmarc-unknown", NULL, {0}},
    {"DMARC: SPF passes for another domain",
        FINE
        "_dmarc.example.com TXT v=DMARC1; p=quarantine; rua=mailto:d@example.com\nexample.com MX "
        "10 mail.example.net\nexample.com SOA ns.example.com h.example.com 1 3600 600 86400 60\n",
        NULL, NULL, "x@example.com", NULL, UNSIGNED, NULL, "dkim-unsigned dmarc-quarantine", NULL,
        {"SPF passes for example.org, which is not aligned with example.com"}},
};
enum { CASES = sizeof cases / sizeof *cases };

struct bench {
	struct lists *lists;
	struct arena *arena;
	struct book *book;
	struct evp_pkey_st *pair;
	struct sender sender;
	struct advice *advice;
	size_t count;
};

static void
set_up(struct bench *bench, const struct one *one)
{
	struct sender_query query = {.helo = one->helo != NULL ? one->helo : "mail.example.net",
	    .from = one->from != NULL ? one->from : "me@example.org",
	    .author = one->author,
	    .message = one->message,
	    .survey = true};
	struct advice_query asked = {.remedies = remedies,
	    .sender = &bench->sender,
	    .helo_given = true,
	    .from_given = true,
	    .public_resolver = one->resolver};
	struct sender_signer signer = {one->selector, "example.org", NULL};
	struct stanza_error error;
	const char *why;

	*bench =
	    (struct bench){.lists = lists_new(), .arena = arena_new(), .book = book_of(one->book)};
	cr_assert(lists_add(bench->lists, data_lists, data_lists_size, &error));
	cr_assert(ip_parse(&query.ip, "192.0.2.10"));
	query.lists = bench->lists;
	query.message_len = one->message != NULL ? strlen(one->message) : 0;
	if (one->selector != NULL) {
		static const char pem[] =
		    "-----BEGIN PRIVATE KEY-----\n" ED25519 "\n-----END PRIVATE KEY-----\n";

		signer.pair = bench->pair = dkim_pair_read(pem, sizeof pem - 1, bench->arena, &why);
		cr_assert_not_null(bench->pair);
		query.signers = &signer;
		query.signer_count = 1;
	}
	cr_assert(
	    sender_gather(bench->book, bench->arena, &query, &bench->sender), "%s", one->what);
	advise(&asked, bench->arena, &bench->advice, &bench->count);
}

static void
tear_down(struct bench *bench)
{
	EVP_PKEY_free(bench->pair);
	book_free(bench->book);
	lists_free(bench->lists);
	arena_free(bench->arena);
}

static bool
says(const struct advice *advice, const char *words)
{
	const char *parts[] = {
	    advice->what, advice->evidence, advice->refused_by, advice->advice, advice->url};

	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (parts[i] != NULL && strstr(parts[i], words) != NULL)
			return true;
	return false;
}

static bool
some_says(const struct bench *bench, const char *words)
{
	for (size_t i = 0; i < bench->count; i++)
		if (says(&bench->advice[i], words))
			return true;
	return false;
}

/* Is that record to be published, or one that has that part? "": anything at all. */
static bool
publishes(const struct bench *bench, const char *record, const char *part)
{
	for (size_t i = 0; i < bench->count; i++)
		for (size_t k = 0; k < ADVICE_RECORDS; k++)
			if (bench->advice[i].records[k] != NULL &&
			    (record != NULL ? strcmp(bench->advice[i].records[k], record) == 0
			                    : strstr(bench->advice[i].records[k], part) != NULL))
				return true;
	return false;
}

Test(advice, of_each_kind)
{
	for (size_t i = 0; i < CASES; i++) {
		struct bench bench;
		char ids[400] = "";

		set_up(&bench, &cases[i]);
		for (size_t k = 0; k < bench.count && bench.advice[k].severity < SEVERITY_INFO; k++)
			snprintf(ids + strlen(ids), sizeof ids - strlen(ids), "%s%s",
			    ids[0] != '\0' ? " " : "", bench.advice[k].id);
		cr_expect_str_eq(ids, cases[i].ids, "%s: %s", cases[i].what, ids);
		for (size_t k = 0; k < SEEN && cases[i].seen[k] != NULL; k++)
			if (cases[i].seen[k][0] == '!')
				cr_expect_not(publishes(&bench, NULL, cases[i].seen[k] + 1),
				    "%s: publishes \"%s\"", cases[i].what, cases[i].seen[k] + 1);
			else
				cr_expect(some_says(&bench, cases[i].seen[k]),
				    "%s: nothing says \"%s\"", cases[i].what, cases[i].seen[k]);
		if (cases[i].record != NULL)
			cr_expect(publishes(&bench, cases[i].record, NULL), "%s: %s", cases[i].what,
			    cases[i].record);
		else
			cr_expect_not(publishes(&bench, NULL, ""), "%s", cases[i].what);
		tear_down(&bench);
	}
}

Test(advice, none_on_what_is_not_known_and_the_gravest_first)
{
	for (size_t i = 0; i < CASES; i++) {
		struct bench bench;

		set_up(&bench, &cases[i]);
		for (size_t k = 0; k < bench.count; k++) {
			const struct advice *advice = &bench.advice[k];

			cr_expect(k == 0 || bench.advice[k - 1].severity <= advice->severity, "%s",
			    cases[i].what);
			if (advice->severity == SEVERITY_UNKNOWN)
				cr_expect(advice->records[0] == NULL && advice->url == NULL &&
				              (advice->advice == NULL ||
				                  strcmp(advice->id, "public-resolver") == 0 ||
				                  strcmp(advice->id, "resolver-lies") == 0),
				    "%s: %s", cases[i].what, advice->id);
			if (advice->severity == SEVERITY_REFUSES)
				cr_expect(advice->advice != NULL && advice->who != WHO_NOBODY &&
				              advice->refused_by != NULL,
				    "%s: %s", cases[i].what, advice->id);
		}
		tear_down(&bench);
	}
}

/* While nothing has come, and when the time is over with nothing there. */
Test(advice, nothing_is_known)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct sender_query query = {.helo = "mail.example.net",
	    .from = "me@example.org",
	    .message = UNSIGNED,
	    .message_len = sizeof UNSIGNED - 1,
	    .survey = true};
	struct sender sender;
	struct advice_query asked = {
	    .remedies = remedies, .sender = &sender, .helo_given = true, .from_given = true};
	struct advice *advice;
	size_t count;

	ip_parse(&query.ip, "192.0.2.10");
	cr_expect_not(sender_gather(book, arena, &query, &sender));
	advise(&asked, arena, &advice, &count);
	for (size_t i = 0; i < count; i++)
		cr_expect(advice[i].severity == SEVERITY_UNKNOWN ||
		              strcmp(advice[i].id, "dkim-unsigned") == 0,
		    "%s: %s", advice[i].id, advice[i].what);
	cr_expect_str_eq(advice[count > 1].id, "time-out");
	book_free(book);
	arena_free(arena);
}

Test(sender, asks_all_that_it_can_at_once)
{
	struct arena *arena = arena_new();
	struct book *book = book_new();
	struct sender_query query = {
	    .helo = "mail.example.net", .from = "me@example.org", .survey = true};
	struct sender sender;
	static const char *const wanted[] = {
	    "10.2.0.192.in-addr.arpa", "mail.example.net", "example.org", "_dmarc.example.org"};

	ip_parse(&query.ip, "192.0.2.10");
	cr_expect_not(sender_gather(book, arena, &query, &sender));
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		bool found = false;

		for (size_t k = 0; k < book_wanted(book); k++)
			found |= strcmp(book_want(book, k).name, wanted[i]) == 0;
		cr_expect(found, "%s", wanted[i]);
	}
	book_free(book);
	arena_free(arena);
}
