/* preflight: one good message, and some eighty changes of it: each changes what it is expected to
 * change, and nothing else. Mails that are none; what is large; dates and addresses by themselves.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "book_of.h"
#include "dkim_keys.h"
#include "evidence/lists.h"
#include "preflight/date.h"
#include "preflight/html.h"
#include "preflight/mailboxes.h"
#include "preflight/preflight.h"

enum { NOW = 1796054531, /* Mon, 30 Nov 2026 17:02:11 +0100 */ MAIL = 4 * 1024 * 1024 };

static const char mail[] =
    "From: Shop <news@shop.example>\r\n"
    "To: Ann <ann@rcpt.example>\r\n"
    "Subject: News of the week\r\n"
    "Date: Mon, 30 Nov 2026 17:02:11 +0100\r\n"
    "Message-ID: <20261130170211.1@shop.example>\r\n"
    "List-Unsubscribe: <https://www.shop.example/u/8f3a9c0d1e2b4a5f6071>\r\n"
    "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"
    "MIME-Version: 1.0\r\n"
    "Content-Type: multipart/mixed; boundary=\"outer-1\"\r\n"
    "\r\n"
    "--outer-1\r\n"
    "Content-Type: multipart/alternative; boundary=\"inner-2\"\r\n"
    "\r\n"
    "--inner-2\r\n"
    "Content-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "Dear Ann, this week the shop has boots, gloves and a warm hat for you.\r\n"
    "See all of it: https://www.shop.example/week\r\n"
    "Unsubscribe: https://www.shop.example/u/8f3a9c0d1e2b4a5f6071\r\n"
    "--inner-2\r\n"
    "Content-Type: text/html; charset=utf-8\r\n"
    "Content-Transfer-Encoding: quoted-printable\r\n"
    "\r\n"
    "<html><body><p>Dear Ann, this week the shop has boots, gloves and a warm\r\n"
    "hat for you.</p>\r\n"
    "<p><a href=3D\"https://www.shop.example/week\">See all of it</a></p>\r\n"
    "<p><a href=3D\"https://www.shop.example/u/8f3a9c0d1e2b4a5f6071\">Unsubscribe<=\r\n"
    "/a></p></body></html>\r\n"
    "--inner-2--\r\n"
    "--outer-1\r\n"
    "Content-Type: text/csv; name=\"prices.csv\"\r\n"
    "Content-Disposition: attachment; filename=\"prices.csv\"\r\n"
    "Content-Transfer-Encoding: base64\r\n"
    "\r\n"
    "Ym9vdHMsIDEwMApnbG92ZXMsIDIwCg==\r\n"
    "--outer-1--\r\n";

#define KEY "s1._domainkey.shop.example TXT v=DKIM1; k=rsa; p="
static const char zone[] = "2.0.0.127.ip.lists.example A 127.0.0.2\n"
                           "test.names.lists.example A 127.0.0.2\n"
                           "test.fresh.lists.example A 127.0.0.2\n"
                           "2.0.0.127.small.lists.example A 127.0.0.2\n"
                           "10.2.0.192.in-addr.arpa PTR mail.shop.example\n"
                           "mail.shop.example A 192.0.2.10\n"
                           "mail.shop.example TXT v=spf1 a -all\n"
                           "www.shop.example A 192.0.2.11\n"
                           "shop.example MX 10 mail.shop.example\n"
                           "shop.example SOA ns.shop.example h.shop.example 1 3600 600 86400 60\n"
                           "shop.example TXT v=spf1 ip4:192.0.2.10 -all\n"
                           "_dmarc.shop.example TXT v=DMARC1; p=none; rua=mailto:d@shop.example\n";

static const char lists_text[] =
    "[ip.lists.example]\nname = IP list\nask = ip4\non = yes\nweight = A\nvalue = 127.0.0.2 listed "
    "bad\n[names.lists.example]\nname = Name list\nask = domain\non = yes\nweight = A\n"
    "value = 127.0.0.2 listed bad\n"
    "[fresh.lists.example]\nname = Fresh list\nask = domain\non = yes\nweight = C\n"
    "value = 127.0.0.2 listed new\n"
    "[small.lists.example]\nname = Small list\nask = ip4 domain\non = yes\nweight = B\n"
    "positive = 2.0.0.127\nnegative = 1.0.0.127\nvalue = 127.0.0.2 listed bad\n";

static struct requirements *requirements;
static struct lists *lists;
static char base[CHECK_COUNT];

/* ---- one message judged */

struct trial {
	const char *what;
	const char *from, *to; /* in the message, before it is signed; `to` is put for `from` */
	const char *late_from, *late_to; /* … after */
	const char *zone_from, *zone_to; /* in the zone */
	const char *expected; /* "hdr.date=fail …", against the good one */
	bool is_unsigned;
	bool signer; /* s1 will sign it at the server */
	const char *key; /* PEM */
	const char *key_record; /* of the selector s1; NULL: the key's own, with `key_tag` in it */
	const char *key_tag;
	const char *helo, *envelope;
	const char *seen; /* in the words of one of the findings */
	unsigned line; /* of the first expected */
	size_t octet;
};

static char *
replace(struct arena *arena, const char *text, const char *from, const char *to, const char *what)
{
	const char *at;

	if (from == NULL)
		return arena_string(arena, text);
	at = strstr(text, from);
	cr_assert_not_null(at, "%s: \"%s\" is not there", what, from);
	return arena_printf(
	    arena, "%.*s%s%s", (int)(at - text), text, to != NULL ? to : "", at + strlen(from));
}

static void
hand_in_html(struct message_facts *facts, struct arena *arena)
{
	for (size_t i = 0; i < facts->part_count; i++) {
		struct body_part *part = &facts->parts[i];
		struct buf out;

		if (!part->html_tried)
			continue;
		buf_init(&out, MAIL);
		html_digest(part->text, &out);
		part->html = (struct slice){arena_copy(arena, out.data, out.len), out.len};
		buf_release(&out);
	}
}

struct feeding {
	struct preflight_query *query;
	struct preflight *out;
	struct arena *arena;
};

static bool
step(struct book *book, void *arg)
{
	struct feeding *feeding = arg;

	return preflight_gather(book, feeding->arena, feeding->query, feeding->out);
}

static const char *
key_zone(const struct trial *trial, const struct dkim_signer *signer, struct arena *arena)
{
	const char *record =
	    trial->key_record != NULL ? trial->key_record : dkim_pair_record(signer->pair, arena);

	if (trial->key_tag != NULL)
		record = arena_printf(arena, "v=DKIM1; %s; %s", trial->key_tag, record + 9);

	return arena_printf(arena, "s1._domainkey.shop.example TXT %s\n", record);
}

static struct finding *
judge(const struct trial *trial, struct arena *arena)
{
	const char *key = trial->key != NULL ? trial->key : rsa2048_pkcs1, *why;
	struct dkim_signer_plan plan = {.key = key,
	    .key_len = strlen(key),
	    .selector = "s1",
	    .domain = "shop.example",
	    .header = DKIM_RELAXED,
	    .body = DKIM_RELAXED};
	struct dkim_signer *signer = dkim_signer_new(&plan, arena, &why);
	char *text = replace(arena, mail, trial->from, trial->to, trial->what);
	char *names = replace(arena, zone, trial->zone_from, trial->zone_to, trial->what);
	struct message_facts facts;
	struct preflight known;
	struct preflight_query query = {.facts = &facts,
	    .helo = trial->helo != NULL ? trial->helo : "mail.shop.example",
	    .from = trial->envelope != NULL ? trial->envelope : "news@shop.example",
	    .lists = lists,
	    .now = NOW};
	const struct sender_signer at_server = {"s1", "shop.example", NULL};
	struct feeding feeding = {&query, &known, arena};
	struct book *from, *book = book_new();
	struct finding *findings;
	struct buf copy;
	size_t questions;

	cr_assert_not_null(signer, "%s: %s", trial->what, why);
	buf_init(&copy, MAIL);
	if (!trial->is_unsigned)
		cr_assert(dkim_sign(signer, NULL, text, strlen(text), NOW, arena, &copy, &why),
		    "%s: %s", trial->what, why);
	text = replace(arena, arena_printf(arena, "%s%s", copy.data, text), trial->late_from,
	    trial->late_to, trial->what);
	from = book_of(arena_printf(arena, "%s%s", names, key_zone(trial, signer, arena)));
	message_facts_read(
	    &(struct facts_query){
	        .message = slice_of(text), .now = NOW, .requirements = requirements},
	    arena, &facts);
	hand_in_html(&facts, arena);
	message_facts_finish(&facts);
	ip_parse(&query.ip, "192.0.2.10");
	query.signers = &at_server;
	query.signer_count = trial->signer;
	book_of_feed(book, from, step, &feeding, &questions);
	findings = preflight_judge(&query, &known, arena);
	buf_release(&copy);
	book_free(book);
	book_free(from);
	dkim_signer_free(signer);
	return findings;
}

/* ---- the changes */

#define AFTER_TO "To: Ann <ann@rcpt.example>\r\n"
#define PLAIN_SAYS "Dear Ann, this week the shop has boots"
#define HTML_SAYS "<html><body>"
#define CSV "Ym9vdHMsIDEwMApnbG92ZXMsIDIwCg=="
#define X10 "xxxxxxxxxx"
#define X100 X10 X10 X10 X10 X10 X10 X10 X10 X10 X10
#define X1000 X100 X100 X100 X100 X100 X100 X100 X100 X100 X100

#define NOBODY                                                                                     \
	"auth.align=none auth.align.dkim=none auth.dmarc=none auth.dmarc.rua=none "                \
	"auth.dmarc.pass=none auth.dmarc.reject=none "
/* What cannot be told of signatures that are still to come. */
#define SIGNER_fail "auth.keysize.short=fail "
#define SIGNER_pass
#define TESTED_fail "auth.testing=fail "
#define TESTED_pass
#define SIGNER(size, test)                                                                         \
	SIGNER_##size "auth.length=none " TESTED_##test                                            \
	    "auth.expires=none auth.signed-fields=none hdr.listunsub.signed=unknown"
#define UNSIGNED                                                                                   \
	"auth.dkim=unknown auth.both=unknown auth.align.dkim=unknown auth.keysize=none "           \
	"auth.keysize.short=none auth.length=none auth.testing=none auth.expires=none "            \
	"auth.signed-fields=none hdr.listunsub.signed=unknown "

#include "preflight_trials.h"

static bool failed[CHECK_COUNT]; /* by one of the trials */

static const char *
differences(const struct finding *findings, struct arena *arena)
{
	const char *all = "";

	for (unsigned i = 0; i < CHECK_COUNT; i++)
		if ((char)findings[i].result != base[i])
			all = arena_printf(arena, "%s%s%s=%s", all, *all != '\0' ? " " : "",
			    check_name((enum check_id)i), finding_result_name(findings[i].result));
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		failed[i] |= findings[i].result == FINDING_FAIL;
	return all;
}

static void
open_all(void)
{
	struct stanza_error error;
	struct arena *arena = arena_new();
	static const struct trial good = {.what = "the good one"};
	struct finding *findings;

	requirements = requirements_new();
	cr_assert(
	    requirements_add_builtin(requirements, &error), "%u: %s", error.line, error.reason);
	lists = lists_new();
	cr_assert(lists_add(lists, lists_text, strlen(lists_text), &error), "%u: %s", error.line,
	    error.reason);
	findings = judge(&good, arena);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		base[i] = (char)findings[i].result;
	arena_free(arena);
}

static void
close_all(void)
{
	requirements_free(requirements);
	lists_free(lists);
}

TestSuite(preflight, .init = open_all, .fini = close_all);

Test(preflight, the_good_one)
{
	struct arena *arena = arena_new();
	static const struct trial good = {.what = "the good one"};
	struct finding *findings = judge(&good, arena);

	for (unsigned i = 0; i < CHECK_COUNT; i++)
		cr_expect(findings[i].result == FINDING_PASS || findings[i].result == FINDING_NONE,
		    "%s: %s: %s", check_name((enum check_id)i),
		    finding_result_name(findings[i].result),
		    findings[i].words != NULL ? findings[i].words : "");
	arena_free(arena);
}

static void
try_one(const struct trial *trial)
{
	struct arena *arena = arena_new();
	struct finding *findings = judge(trial, arena);
	const char *got = differences(findings, arena);
	const struct finding *first = NULL;
	bool seen = trial->seen == NULL, placed = trial->line == 0;

	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		if ((char)findings[i].result == base[i])
			continue;
		if (first == NULL)
			first = &findings[i];
		seen |= trial->seen != NULL && findings[i].words != NULL &&
		        strstr(findings[i].words, trial->seen) != NULL;
		placed |= findings[i].line == trial->line &&
		          (trial->octet == 0 || findings[i].octet == trial->octet);
		if (findings[i].result == FINDING_FAIL)
			first = &findings[i];
	}
	cr_expect(strcmp(got, trial->expected) == 0, "%s\n  wanted %s\n  got    %s%s%s",
	    trial->what, trial->expected, got, first != NULL && first->words ? "\n  " : "",
	    first != NULL && first->words ? first->words : "");
	cr_expect(seen, "%s: \"%s\" is not said, but %s", trial->what, trial->seen,
	    first && first->words ? first->words : "nothing");
	cr_expect(placed, "%s: line %u, octet %zu", trial->what, first ? first->line : 0,
	    first ? first->octet : 0);
	arena_free(arena);
}

/* Those that no change of this message can make fail: tests of their own do (below,
 * tests/preflight.py, tests/preflight_live.py). What a file cannot show is tls. */
static const char elsewhere[] = "tls hdr.msgid.repeated url.live hdr.listunsub.live html.unread "
                                "mime.deep mime.size mime.clip hdr.size.huge "
                                "att.archive att.encrypted att.encrypted.archive hdr.size mime.nul";

Test(preflight, each_change_changes_what_it_should)
{
	for (size_t i = 0; i < sizeof trials / sizeof *trials; i++)
		try_one(&trials[i]);
	for (unsigned i = 0; i < CHECK_COUNT; i++)
		cr_expect(failed[i] || strstr(elsewhere, check_name((enum check_id)i)) != NULL,
		    "no change makes %s fail", check_name((enum check_id)i));
}

/* ---- who refuses on what, and with which code: by the senders' pages of each */

Test(preflight, demands)
{
	static const struct {
		const char *id, *who, *code; /* R: refuses; B: refuses bulk mail; w: warns; - */
	} rows[] = {
	    {"auth.spf", "gmail", "B 550 5.7.27"},
	    {"auth.spf", "outlook", "B 550 5.7.515"},
	    {"auth.spf", "yahoo", "B 550 5.7.9"},
	    {"auth.spf", "icloud", "B 554 5.7.1"},
	    {"auth.spf", "laposte", "w"},
	    {"auth.spf.forbids", "laposte", "R 550 5.7.1"},
	    {"auth.dkim", "gmail", "B 550 5.7.30"},
	    {"auth.dkim", "outlook", "B 550 5.7.515"},
	    {"auth.dkim", "gmx", "R 554"},
	    {"auth.dkim", "icloud", "B 554 5.7.1"},
	    {"auth.either", "gmail", "R 550 5.7.26"},
	    {"auth.either", "icloud", "R 554 5.7.1 [HME1]"},
	    {"auth.either", "laposte", "R 550 5.7.1"},
	    {"auth.align", "gmail", "B 550 5.7.32"},
	    {"auth.align", "outlook", "B 550 5.7.515"},
	    {"auth.align", "yahoo", "B 550 5.7.9"},
	    {"auth.align", "laposte", "R 550 5.7.1"},
	    {"auth.align.dkim", "gmx", "R 554"},
	    {"auth.dmarc", "gmail", "B 550 5.7.40"},
	    {"auth.dmarc", "outlook", "B 550 5.7.515"},
	    {"auth.dmarc", "yahoo", "B 550 5.7.9"},
	    {"auth.dmarc", "laposte", "w"},
	    {"auth.dmarc.rua", "laposte", "w"},
	    {"auth.dmarc.rua", "gmail", "-"},
	    {"auth.dmarc.pass", "yahoo", "B 554 5.7.9"},
	    {"auth.dmarc.reject", "outlook", "R 550 5.7.509"},
	    {"auth.both", "outlook", "B 550 5.7.515"},
	    {"auth.both", "gmail", "B 550 5.7.27"},
	    {"auth.keysize", "gmail", "B"},
	    {"auth.keysize.short", "gmail", "w"},
	    {"auth.length", "outlook", "w"},
	    {"ip.ptr", "gmail", "R 550 5.7.25"},
	    {"ip.ptr", "gmx", "R 554"},
	    {"ip.ptr.generic", "gmx", "R 554"},
	    {"ip.helo", "gmx", "R 554"},
	    {"ip.lists", "yahoo", "R 553 5.7.1 [BL21]"},
	    {"ip.lists", "t-online", "R 554"},
	    {"dom.soa", "yahoo", "R 554"},
	    {"dom.receives", "yahoo", "R 554"},
	    {"dom.receives", "gmx", "R 550"},
	    {"dom.receives", "outlook", "w"},
	    {"dom.lists", "icloud", "R 554 5.7.1"},
	    {"hdr.from", "gmail", "R 550 5.7.1"},
	    {"hdr.from.freemail", "yahoo", "w"},
	    {"hdr.single", "gmail", "R 550 5.7.1"},
	    {"hdr.single", "yahoo", "R 554 5.7.9"},
	    {"hdr.single", "outlook", "R 550 5.7.512"},
	    {"hdr.msgid", "gmail", "R 550 5.7.1"},
	    {"hdr.date", "yahoo", "R 554"},
	    {"hdr.to", "yahoo", "w"},
	    {"hdr.8bit", "t-online", "R 550 5.6.7"},
	    {"hdr.forged", "gmail", "w"},
	    {"hdr.size", "yahoo", "R 554"},
	    {"hdr.listunsub", "gmail", "bw"},
	    {"hdr.listunsub", "gmx", "bw"},
	    {"hdr.listunsub", "t-online", "-"},
	    {"hdr.csa", "gmx", "-"},
	    {"mime.parse", "gmail", "R 554 5.6.0"},
	    {"mime.line", "laposte", "R 550 5.6.0"},
	    {"mime.bare", "gmail", "R 550 5.5.2"},
	    {"mime.cte", "gmail", "w"},
	    {"mime.size", "gmail", "R 552 5.3.4"},
	    {"att.type", "gmail", "R 552 5.7.0"},
	    {"att.type.outlook", "outlook", "w"},
	    {"att.macro", "gmail", "R 552 5.7.0"},
	    {"att.encrypted", "gmail", "w"},
	    {"att.encrypted.archive", "gmail", "R 552 5.7.0"},
	    {"url.lists", "icloud", "R 554 5.7.1"},
	    {"url.form.http", "gmail", "w"},
	    {"url.placeholder", "gmx", "w"},
	    {"body.imprint", "gmx", "bw"},
	    {"bimi", "gmail", "-"},
	    {"tls", "gmail", "R 550 5.7.29"},
	};
	static const char letters[] = {
	    [DEMAND_INFO] = '-', [DEMAND_WARNS] = 'w', [DEMAND_REFUSES] = 'R'};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		enum check_id id = check_named(rows[i].id, strlen(rows[i].id));
		size_t who = 0;
		struct demand all, bulk;
		char got[80];

		while (who < requirements_receivers(requirements) &&
		       strcmp(requirements_receiver(requirements, who)->id, rows[i].who) != 0)
			who++;
		cr_assert(id < CHECK_COUNT && who < requirements_receivers(requirements), "%s %s",
		    rows[i].id, rows[i].who);
		all = requirements_demand(requirements, id, who, false);
		bulk = requirements_demand(requirements, id, who, true);
		snprintf(got, sizeof got, "%s%s%s",
		    bulk.weight == all.weight       ? (char[]){letters[all.weight], '\0'}
		    : bulk.weight == DEMAND_REFUSES ? "B"
		                                    : "bw",
		    bulk.code != NULL ? " " : "", bulk.code != NULL ? bulk.code : "");
		cr_expect(strcmp(got, rows[i].code) == 0, "%s at %s: %s, wanted %s", rows[i].id,
		    rows[i].who, got, rows[i].code);
	}
}

/* ---- mails that are hardly any */

static bool
finds(const char *bytes, size_t len, enum check_id id, unsigned *line)
{
	struct arena *arena = arena_new();
	struct message_facts facts;
	bool found;

	message_facts_read(
	    &(struct facts_query){
	        .message = {bytes, len}, .now = NOW, .requirements = requirements},
	    arena, &facts);
	hand_in_html(&facts, arena);
	message_facts_finish(&facts);
	found = facts.faults[id].result == FINDING_FAIL;
	*line = facts.faults[id].line;
	cr_expect(facts.part_count >= 1 && facts.part_count <= FACTS_PARTS_MAX);
	cr_expect(facts.link_count <= FACTS_LINKS_MAX);
	arena_free(arena);
	return found;
}

#define HEAD "From: a@b.example\r\nMIME-Version: 1.0\r\n"
#define MIXED(boundary) HEAD "Content-Type: multipart/mixed; boundary=\"" boundary "\"\r\n\r\n"

Test(preflight, odd_mails)
{
	static const struct {
		const char *what, *text;
		enum check_id id;
		unsigned line; /* 0: it is no fault */
	} odd[] = {
	    {"nothing", "", CHECK_HDR_SYNTAX, 1},
	    {"one octet", "x", CHECK_HDR_SYNTAX, 1},
	    {"an empty line", "\r\n", CHECK_HDR_SYNTAX, 1},
	    {"no boundary", HEAD "Content-Type: multipart/mixed\r\n\r\nx\r\n", CHECK_MIME_PARSE, 1},
	    {"a boundary that begins another",
	        MIXED("a") "--a\r\nContent-Type: multipart/mixed; boundary=ab\r\n\r\n--ab\r\n\r\n"
	                   "x\r\n--ab--\r\n--a--\r\n",
	        CHECK_MIME_PARSE, 0},
	    {"a line that goes on behind the boundary", MIXED("a") "--a\r\n\r\n--abc\r\n--a--\r\n",
	        CHECK_MIME_PARSE, 7},
	    {"blanks behind a boundary", MIXED("a") "--a \t\r\n\r\nx\r\n--a-- \r\n",
	        CHECK_MIME_PARSE, 0},
	    {"an epilogue", MIXED("a") "pre\r\n--a\r\n\r\nx\r\n--a--\r\npost\r\n", CHECK_MIME_PARSE,
	        0},
	    {"a boundary behind the end", MIXED("a") "--a\r\n\r\nx\r\n--a--\r\n--a\r\n\r\ny\r\n",
	        CHECK_MIME_PARSE, 9},
	    {"the outer one ends the inner one",
	        MIXED(
	            "a") "--a\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n"
	                 "--a--\r\n",
	        CHECK_MIME_PARSE, 11},
	    {"a part that ends in its header",
	        MIXED("a") "--a\r\nContent-Type: text/plain\r\n--a--\r\n", CHECK_MIME_PARSE, 7},
	    {"base64 with the boundary in it",
	        MIXED("a") "--a\r\nContent-Transfer-Encoding: base64\r\n\r\n--YWJj\r\n--a--\r\n",
	        CHECK_MIME_ENCODING, 8},
	    {"UTF-16 declared", HEAD "Content-Type: text/plain; charset=utf-16\r\n\r\nabc\r\n",
	        CHECK_MIME_CHARSET, 0},
	    {"a message within", HEAD "Content-Type: message/rfc822\r\n\r\nFrom: x\r\n\r\nbody\r\n",
	        CHECK_MIME_PARSE, 0},
	    {"an encoded multipart",
	        MIXED("a") "--a\r\nContent-Type: multipart/mixed; boundary=b\r\n"
	                   "Content-Transfer-Encoding: "
	                   "base64\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--a--\r\n",
	        CHECK_MIME_ENCODING, 9},
	};

	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		unsigned line;
		bool found = finds(odd[i].text, strlen(odd[i].text), odd[i].id, &line);

		cr_expect(found == (odd[i].line > 0 || i < 3), "%s: %d", odd[i].what, found);
		cr_expect(!found || i < 4 || line == odd[i].line, "%s: line %u", odd[i].what, line);
	}
}

/* ---- what is large ends soon */

static double
seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
fill(struct buf *out, const char *text, size_t times)
{
	for (size_t i = 0; i < times; i++)
		buf_puts(out, text);
}

Test(preflight, what_is_large)
{
	struct buf text;
	unsigned line;
	double start = seconds();

	buf_init(&text, 64 * 1024 * 1024);
	buf_puts(&text, HEAD "\r\n");
	fill(&text, "0123456789 http://a.example/x ", 350000); /* one line of 10 MB */
	cr_expect(finds(text.data, text.len, CHECK_MIME_LINE, &line) && line == 4);
	cr_expect(seconds() - start < 3, "a long line: %.1f s", seconds() - start);

	start = seconds();
	buf_clear(&text);
	fill(&text, "X: y\r\n", 1000000);
	cr_expect(finds(text.data, text.len, CHECK_HDR_SIZE, &line));
	cr_expect(seconds() - start < 3, "a million fields: %.1f s", seconds() - start);

	start = seconds();
	buf_clear(&text);
	buf_puts(&text, "From: a@b.example");
	fill(&text, ", (c) \"x\" <a@b.example>", 100000);
	buf_puts(&text, "\r\n\r\n");
	cr_expect(finds(text.data, text.len, CHECK_HDR_FROM, &line));
	cr_expect(seconds() - start < 3, "a hundred thousand authors: %.1f s", seconds() - start);

	start = seconds();
	buf_clear(&text);
	buf_puts(&text, HEAD);
	for (unsigned i = 0; i < 30; i++)
		buf_printf(
		    &text, "Content-Type: multipart/mixed; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
	fill(&text, "\r\n--x--x", 1000000);
	cr_expect(finds(text.data, text.len, CHECK_MIME_DEEP, &line));
	cr_expect(seconds() - start < 3, "thirty nestings: %.1f s", seconds() - start);
	buf_release(&text);
}

/* ---- parts by themselves */

Test(preflight, symbols_of_filters)
{
	cr_expect(requirements_symbol(requirements, "MISSING_MID") == CHECK_HDR_MSGID);
	cr_expect(requirements_symbol(requirements, "MIME_HTML_ONLY") == CHECK_MIME_ALT);
	cr_expect(requirements_symbol(requirements, "MISSING") == CHECK_COUNT);
	cr_expect(requirements_symbol(requirements, "") == CHECK_COUNT);
}

Test(preflight, dates)
{
	static const struct {
		const char *text;
		long long time; /* -1: none */
	} dates[] = {{"Mon, 30 Nov 2026 17:02:11 +0100", 1796054531},
	    {"30 Nov 2026 16:02 +0000", 1796054520},
	    {" Mon, 30 Nov 2026\r\n 17:02:11 +0100 (CET)", 1796054531},
	    {"Thu, 1 Jan 1970 00:00:00 GMT", 0}, {"29 Feb 2024 00:00:00 +0000", 1709164800},
	    {"29 Feb 2026 00:00:00 +0000", -1}, {"Tue, 30 Nov 2026 17:02:11 +0100", -1},
	    {"30 Nov 26 17:02:11 +0100", -1}, {"2026-11-30T17:02:11Z", -1},
	    {"30 Nov 2026 25:02:11 +0100", -1}, {"30 Nov 2026 17:02:11", -1},
	    {"30 Nov 2026 17:02:11 CET", -1}, {"30 Nov 2026 17:02:11 +0175", -1}, {"", -1},
	    {",", -1}, {"30 Nov 2026 17:02:11 +0100 x", -1}};

	for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
		long long time = -1;
		const char *why;
		bool good = date_read(slice_of(dates[i].text), &time, &why);

		cr_expect(good == (dates[i].time >= 0) && (!good || time == dates[i].time),
		    "%s: %lld", dates[i].text, time);
	}
}

Test(preflight, mailboxes)
{
	static const struct {
		const char *text;
		size_t total;
		bool fault;
	} lists_of[] = {{"a@b.example", 1, false}, {"A B <a@b.example>", 1, false},
	    {"\"A. B, C\" <a@b.example> (x (y))", 1, false}, {"\"a b\"@c.example", 1, false},
	    {"a@[192.0.2.1]", 1, false}, {"x: a@b.example, c@d.example;, e@f.example", 3, false},
	    {"undisclosed-recipients:;", 0, false}, {"\xc3\x84 <a@b.example>", 1, false},
	    {"", 0, true}, {"a@b.example,", 1, true}, {"a@b.example c@d.example", 1, true},
	    {"a@", 0, true}, {"a b@c.example", 0, true}, {"<>", 0, true}, {"a", 0, true},
	    {"<a@b.example", 0, true}, {"a@b..example", 0, true}, {"a@b.example.", 0, true},
	    {".a@b.example", 0, true}, {"\"a@b.example", 0, true}, {"x: a@b.example", 1, true},
	    {"(((", 0, true}, {"a@[192.0.2.1", 0, true}};

	for (size_t i = 0; i < sizeof lists_of / sizeof *lists_of; i++) {
		struct arena *arena = arena_new();
		struct strict_mailboxes list;

		mailboxes_read(slice_of(lists_of[i].text), arena, &list);
		cr_expect(
		    list.total == lists_of[i].total && (list.fault != NULL) == lists_of[i].fault,
		    "%s: %zu, %s", lists_of[i].text, list.total,
		    list.fault != NULL ? list.fault : "good");
		arena_free(arena);
	}
}
