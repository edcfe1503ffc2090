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
    {
        .what = "all is well",
        .book = FINE,
        .ids = "",
        .seen = {"192.0.2.10 is not on zen.spamhaus.org",
            "DMARC of example.org passes, by SPF; its policy is reject"},
    },
    {
        .what = "known as good",
        .book = FINE "10.2.0.192.list.dnswl.org A 127.0.5.2\n",
        .ids = "",
        .seen = {"known as good to DNSWL"},
    },
    {
        .what = "the null reverse-path",
        .book = FINE,
        .from = "",
        .ids = "dmarc-missing",
        .record =
            "_dmarc.example.net. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.net\"",
        .seen = {"SPF of mail.example.net passes"},
    },

    {
        .what = "listed gravely",
        .book = FINE "10.2.0.192.zen.spamhaus.org A 127.0.0.2\n",
        .ids = "listed",
        .seen = {"check.spamhaus.org/results/?query=192.0.2.10", "resolver replay"},
    },
    {
        .what = "listed by some",
        .book = FINE "10.2.0.192.bl.spamcop.net A 127.0.0.2\n10.2.0.192.bl.spamcop.net TXT see "
                     "https://www.spamcop.net/bl.shtml?192.0.2.10\n",
        .ids = "listed-often",
        .seen = {"SpamCop"},
    },
    {
        .what = "listed by few: information",
        .book = FINE "10.2.0.192.dnsbl-1.uceprotect.net A 127.0.0.2\n",
        .ids = "",
        .seen = {"UCEPROTECT"},
    },
    {
        .what = "a grave list does not answer",
        .book = FINE "10.2.0.192.zen.spamhaus.org A !SERVFAIL\n",
        .ids = "list-unknown",
        .seen = {"Whether 192.0.2.10 is on zen.spamhaus.org could not be found out"},
    },
    {
        .what = "a public resolver is refused",
        .book = FINE "10.2.0.192.zen.spamhaus.org A 127.255.255.254\n",
        .resolver = "8.8.8.8",
        .ids = "public-resolver list-unknown",
        .seen = {"8.8.8.8, an open resolver", "--dnsbl-nameserver",
            "Who may ask: Free for low, non-commercial use"},
    },
    {
        .what = "a public resolver that does well",
        .book = FINE,
        .resolver = "8.8.8.8",
        .ids = "",
    },
    {
        .what = "one registered domain in two roles is listed once",
        .book = FINE "example.org.multi.uribl.com A 127.0.0.2\n",
        .helo = "mail.example.org",
        .ids = "helo-unresolved listed-often",
        .record = "mail.example.org. A 192.0.2.10",
        .seen = {"The domain example.org is on the blocklist URIBL"},
    },
    {
        .what = "the resolver makes addresses up",
        .book = FINE "no-such-name-mxwalk.example.com A 198.51.100.80\n",
        .ids = "resolver-lies",
        .seen = {"no-such-name-mxwalk.example.com A 198.51.100.80 (resolver replay)"},
    },
    {
        .what = "… for the HELO name",
        .book = FINE
        "no-such-name-mxwalk.example.com A 198.51.100.80\ngone.example.net A 198.51.100.80\n",
        .helo = "gone.example.net",
        .ids = "resolver-lies helo-unknown",
    },
    {
        .what = "… for the domain",
        .book = LISTS PTR
        "no-such-name-mxwalk.example.com A 198.51.100.80\nexample.org A 198.51.100.80\n" SPF DMARC,
        .ids = "resolver-lies domain-unknown",
    },
    {
        .what = "the domain is listed",
        .book = FINE "example.org.dbl.spamhaus.org A 127.0.1.2\n",
        .ids = "listed",
        .seen = {"The MAIL FROM domain example.org is on the blocklist"},
    },

    {
        .what = "no PTR",
        .book = LISTS ORG SPF DMARC "mail.example.net A 192.0.2.10\n",
        .ids = "ptr-missing",
        .record = "10.2.0.192.in-addr.arpa. PTR mail.example.net.",
        .seen = {"5.7.25"},
    },
    {
        .what = "the PTR strays",
        .book = LISTS ORG SPF DMARC "10.2.0.192.in-addr.arpa PTR a.example.com\na.example.com A "
                                    "192.0.2.11\nmail.example.net A 192.0.2.10\n",
        .ids = "ptr-unconfirmed helo-not-ptr",
        .record = "a.example.com. A 192.0.2.10",
    },
    {
        .what = "two PTR names, and the second looks generic",
        .book = LISTS ORG SPF DMARC
        "10.2.0.192.in-addr.arpa PTR mail.example.net\n10.2.0.192.in-addr.arpa "
        "PTR 192-0-2-10.dyn.example.net\n192-0-2-10.dyn.example.net A "
        "192.0.2.10\nmail.example.net A 192.0.2.10\n",
        .ids = "ptr-generic ptr-many",
        .record = "10.2.0.192.in-addr.arpa. PTR mail.example.net.",
        .seen = {"The PTR name 192-0-2-10.dyn.example.net leads back"},
    },
    {
        .what = "the PTR fails: not known, no advice",
        .book = LISTS ORG SPF DMARC "10.2.0.192.in-addr.arpa PTR !SERVFAIL\nmail.example.net A "
                                    "192.0.2.10\nmail.example.net TXT v=spf1 a -all\n",
        .ids = "ptr-unknown",
        .seen = {"nothing is known"},
    },
    {
        .what = "the PTR's address fails",
        .book = LISTS ORG SPF DMARC "10.2.0.192.in-addr.arpa PTR a.example.com\na.example.com A "
                                    "!TIMEOUT\nmail.example.net A 192.0.2.10\n",
        .helo = "[192.0.2.10]",
        .ids = "helo-literal ptr-unknown",
    },

    {
        .what = "HELO is one label",
        .book = FINE,
        .helo = "localhost",
        .ids = "helo-invalid",
        .seen = {"\"localhost\" is no full host name"},
    },
    {
        .what = "HELO has no address",
        .book = FINE,
        .helo = "gone.example.net",
        .ids = "helo-unresolved",
        .record = "gone.example.net. A 192.0.2.10",
        .seen = {"NXDOMAIN", "!v=spf1 a"},
    },
    {
        .what = "HELO is elsewhere",
        .book = FINE "b.example.net A 192.0.2.99\n",
        .helo = "b.example.net",
        .ids = "helo-elsewhere",
        .record = "b.example.net. TXT \"v=spf1 a -all\"",
        .seen = {"Say mail.example.net in EHLO"},
    },
    {
        .what = "HELO is another name of it",
        .book = FINE "b.example.net A 192.0.2.10\nb.example.net TXT v=spf1 a -all\n",
        .helo = "b.example.net",
        .ids = "helo-not-ptr",
        .record = "10.2.0.192.in-addr.arpa. PTR b.example.net.",
    },
    {
        .what = "HELO could not be looked up",
        .book = FINE "b.example.net A !SERVFAIL\nb.example.net TXT !SERVFAIL\n",
        .helo = "b.example.net",
        .ids = "helo-unknown",
    },

    {
        .what = "the domain does not exist",
        .book = LISTS PTR,
        .ids = "domain-missing",
        .seen = {"does not exist"},
    },
    {
        .what = "… and is to be signed for",
        .book = LISTS PTR,
        .selector = "s",
        .ids = "domain-missing",
    },
    {
        .what = "… nor is a message of it signed",
        .book = LISTS PTR,
        .message = UNSIGNED,
        .ids = "domain-missing dkim-unsigned",
    },
    {
        .what = "… and a domain above it refuses such mail",
        .book = LISTS PTR
        "example.org MX 10 mail.example.net\n_dmarc.example.org TXT v=DMARC1; p=none; "
        "np=reject; rua=mailto:d@example.org\n",
        .from = "me@gone.example.org",
        .message = "From: me@gone.example.org\r\n\r\nHello.\r\n",
        .ids = "domain-missing dkim-unsigned dmarc-reject dmarc-odd",
        .seen = {"receivers do not agree"},
    },
    {
        .what = "the From domain does not exist, the reverse-path's does",
        .book = FINE,
        .author = "x@example.com",
        .ids = "domain-missing",
        .seen = {"The From domain example.com does not exist"},
    },
    {
        .what = "the reverse-path has no full domain",
        .book = FINE,
        .from = "root@localhost",
        .ids = "domain-invalid",
        .seen = {"<root@localhost>"},
    },
    {
        .what = "the reverse-path is no address",
        .book = FINE,
        .from = "root",
        .ids = "domain-invalid",
    },
    {
        .what = "the reverse-path has an address for domain",
        .book = FINE,
        .from = "me@[192.0.2.10]",
        .ids = "domain-literal",
    },
    {
        .what = "the domain has a null MX",
        .book = LISTS PTR SPF DMARC "example.org MX 0 .\n",
        .ids = "domain-null-mx",
        .seen = {"RFC 7505"},
    },
    {
        .what = "the domain is in no zone",
        .book = LISTS PTR SPF DMARC "example.org MX 10 mail.example.net\n",
        .ids = "domain-no-soa",
        .seen = {"Yahoo"},
    },
    {
        .what = "the domain's MX fails",
        .book = LISTS PTR SPF DMARC "example.org MX !SERVFAIL\nexample.org SOA !SERVFAIL\n",
        .ids = "domain-unknown",
    },
    {
        .what = "the From domain is another, and has a null MX",
        .book = FINE
        "example.com MX 0 .\n_dmarc.example.com TXT v=DMARC1; p=none; rua=mailto:d@example.com\n",
        .author = "x@example.com",
        .ids = "domain-null-mx dmarc-by-dkim-alone",
        .seen = {"The From domain example.com"},
    },

    {
        .what = "SPF fails",
        .book = LISTS PTR ORG DMARC "example.org TXT v=spf1 ip4:192.0.2.99 -all\n",
        .ids = "spf-fail dmarc-by-dkim-alone",
        .record = "example.org. TXT \"v=spf1 ip4:192.0.2.10 ip4:192.0.2.99 -all\"",
        .seen = {"decided by \"-all\"", "5.7.26"},
    },
    {
        .what = "SPF softfails",
        .book = LISTS PTR ORG DMARC "example.org TXT v=spf1 ~all\n",
        .ids = "spf-weak dmarc-by-dkim-alone",
        .record = "example.org. TXT \"v=spf1 ip4:192.0.2.10 ~all\"",
    },
    {
        .what = "SPF is broken: no guess at what is meant",
        .book = LISTS PTR ORG DMARC "example.org TXT v=spf1 ip4:192.0.2.0/33 -all\n",
        .ids = "spf-permerror dmarc-by-dkim-alone",
        .seen = {"/33"},
    },
    {
        .what = "SPF twice",
        .book = LISTS PTR ORG DMARC SPF "example.org TXT v=spf1 mx -all\n",
        .ids = "spf-permerror dmarc-by-dkim-alone",
        .seen = {"one record in the place of the several"},
    },
    {
        .what = "SPF has no answer: not known",
        .book = LISTS PTR ORG DMARC "example.org TXT !SERVFAIL\n",
        .ids = "spf-unknown dmarc-unknown",
    },
    {
        .what = "SPF lets everybody pass",
        .book = LISTS PTR ORG DMARC "example.org TXT v=spf1 +all\n",
        .ids = "spf-fragile",
        .seen = {"lets every host pass"},
    },

    {
        .what = "the key is there",
        .book = FINE "s._domainkey.example.org TXT v=DKIM1; k=ed25519; p=" ED25519_PUBLIC "\n",
        .selector = "s",
        .ids = "",
        .seen = {"is the other half of the private key", "by SPF and DKIM"},
    },
    {
        .what = "the key is not there",
        .book = FINE,
        .selector = "s",
        .ids = "dkim-key-missing",
        .record = "s._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; p=" ED25519_PUBLIC "\"",
        .seen = {"5.7.30"},
    },
    {
        .what = "the key is revoked",
        .book = FINE "s._domainkey.example.org TXT v=DKIM1; p=\n",
        .selector = "s",
        .ids = "dkim-key-bad",
        .record =
            "ANOTHER-SELECTOR._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; p=" ED25519_PUBLIC
            "\"",
        .seen = {"revoked"},
    },
    {
        .what = "another key is there",
        .book = FINE "s._domainkey.example.org TXT v=DKIM1; k=ed25519; "
                     "p=AAAA44V/AIi6fqwVkcFCL7V97JxfAJTl5LQ9TYBzCuY=\n",
        .selector = "s",
        .ids = "dkim-key-mismatch",
        .record =
            "ANOTHER-SELECTOR._domainkey.example.org. TXT \"v=DKIM1; k=ed25519; p=" ED25519_PUBLIC
            "\"",
    },
    {
        .what = "the key could not be looked up",
        .book = FINE "s._domainkey.example.org TXT !TIMEOUT\n",
        .selector = "s",
        .ids = "dkim-key-unknown",
        .seen = {"TIMEOUT"},
    },
    {
        .what = "the message is not signed",
        .book = FINE,
        .message = UNSIGNED,
        .ids = "dkim-unsigned",
        .seen = {"GMX"},
    },
    {
        .what = "nothing passes, and it is known",
        .book = LISTS PTR ORG DMARC "example.org TXT v=spf1 -all\n",
        .message = UNSIGNED,
        .ids = "spf-fail unauthenticated dkim-unsigned dmarc-reject",
        .record = "example.org. TXT \"v=spf1 ip4:192.0.2.10 -all\"",
        .seen = {"SPF is fail; there is no DKIM signature", "5.7.9"},
    },
    {
        .what = "nothing passes, SPF not known",
        .book = LISTS PTR ORG DMARC "example.org TXT !SERVFAIL\n",
        .message = UNSIGNED,
        .ids = "dkim-unsigned spf-unknown dmarc-unknown",
    },

    {
        .what = "no DMARC",
        .book = LISTS PTR ORG SPF,
        .ids = "dmarc-missing",
        .record =
            "_dmarc.example.org. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org\"",
        .seen = {"5.7.40"},
    },
    {
        .what = "no DMARC of a subdomain: it is put above",
        .book =
            LISTS PTR ORG "news.example.org MX 10 mail.example.net\nnews.example.org TXT v=spf1 "
                          "ip4:192.0.2.10 -all\n",
        .from = "a@news.example.org",
        .ids = "dmarc-missing",
        .record =
            "_dmarc.example.org. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org\"",
    },
    {
        .what = "two DMARC records",
        .book = LISTS PTR ORG SPF
        "_dmarc.example.org TXT v=DMARC1; p=none; "
        "rua=mailto:a@example.org\n_dmarc.example.org TXT v=DMARC1; p=reject\n",
        .ids = "dmarc-broken dmarc-odd",
        .record =
            "_dmarc.example.org. TXT \"v=DMARC1; p=none; rua=mailto:dmarc-reports@example.org\"",
        .seen = {"_dmarc.example.org has 2 DMARC records, so none of them counts, and no"},
    },
    {
        .what = "DMARC has no answer: not absent",
        .book = LISTS PTR ORG SPF "_dmarc.example.org TXT !SERVFAIL\n",
        .ids = "dmarc-unknown",
    },
    {
        .what = "DMARC: SPF passes for another domain",
        .book = FINE
        "_dmarc.example.com TXT v=DMARC1; p=quarantine; rua=mailto:d@example.com\nexample.com MX "
        "10 mail.example.net\nexample.com SOA ns.example.com h.example.com 1 3600 600 86400 60\n",
        .author = "x@example.com",
        .message = UNSIGNED,
        .ids = "dkim-unsigned dmarc-quarantine",
        .seen = {"SPF passes for example.org, which is not aligned with example.com"},
    },
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
