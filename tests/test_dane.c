/* The table of RFC 7672 section 2, a row a state: what the DNS says → what is to be made of it. A
 * zone is written a record a line: "name TYPE +data" is authentic, "name TYPE -data" is not;
 * "name TYPE !SERVFAIL" a failure; "name TYPE +" is authentic, and there is none. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "dns/book.h"
#include "evidence/dane.h"
#include "evidence/route.h"
#include "tests/book_of.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define DIGEST "8cb0fc6c527506a053f4f14c8464bebbd6dede2738d11468dd953d7d6a3021f1"
#define OTHER "0cb0fc6c527506a053f4f14c8464bebbd6dede2738d11468dd953d7d6a3021f1"
#define MX_GOOD "d.example MX +10 mx.d.example\n"
#define A_GOOD "mx.d.example A +192.0.2.1\n"
#define TLSA_GOOD "_25._tcp.mx.d.example TLSA +3 1 1 " DIGEST "\n"

/* Consecutive lines of one name and type are one answer. */
static void
put_line(struct json *json, struct buf *out, char *line, const char *server, bool more)
{
	char name[256], type[8];
	int used = 0;
	const char *data;

	cr_assert(sscanf(line, "%255s %7s %n", name, type, &used) == 2, "%s", line);
	data = line + used;
	if (!more) {
		buf_clear(out);
		json_start(json, out);
		json_object_begin(json, NULL);
		json_cstring(json, "name", name);
		json_cstring(json, "type", type);
		json_cstring(json, "rcode", *data == '!' ? data + 1 : "NOERROR");
		json_bool(json, "ad", *data == '+');
		json_cstring(json, "server", server);
		json_array_begin(json, "data");
	}
	if (*data != '!' && data[1] != '\0')
		json_cstring(json, NULL, data + 1);
}

static bool
same_question(const char *a, const char *b)
{
	char names[2][256], types[2][8];

	return a != NULL && b != NULL && sscanf(a, "%255s %7s", names[0], types[0]) == 2 &&
	       sscanf(b, "%255s %7s", names[1], types[1]) == 2 && strcmp(names[0], names[1]) == 0 &&
	       strcmp(types[0], types[1]) == 0;
}

static struct book *
zone_of(const char *text, const char *server)
{
	static char copy[200000];
	struct book *book = book_new();
	char *lines[1500] = {NULL}, reason[200];
	size_t count = 0;
	struct json json;
	struct buf out;

	snprintf(copy, sizeof copy, "%s", text);
	for (char *line = strtok(copy, "\n"); line != NULL; line = strtok(NULL, "\n"))
		lines[count++] = line;
	buf_init(&out, 400000);
	for (size_t i = 0; i < count; i++) {
		put_line(
		    &json, &out, lines[i], server, i > 0 && same_question(lines[i - 1], lines[i]));
		if (same_question(lines[i], lines[i + 1]))
			continue;
		json_array_end(&json);
		json_object_end(&json);
		cr_assert(book_read_line(book, out.data, out.len, reason, sizeof reason), "%s: %s",
		    out.data, reason);
	}
	buf_release(&out);
	book_close(book);
	return book;
}

struct dane_trial {
	struct arena *arena;
	struct route route;
	struct dane dane;
	bool fixed, trust_ad;
	const char *target;
	uint16_t port;
};

static bool
step(struct book *book, void *arg)
{
	struct dane_trial *trial = arg;

	if (trial->fixed
	        ? !route_fixed(book, trial->arena, trial->target, ROUTE_BOTH, &trial->route)
	        : !route_find(book, trial->arena, trial->target, ROUTE_BOTH, 1, &trial->route))
		return false;
	if (trial->route.host_count == 0)
		return true;
	return dane_find(book, trial->arena, &trial->route, &trial->route.hosts[0], trial->port,
	    trial->trust_ad, &trial->dane);
}

static void
judge(struct dane_trial *trial, const char *zone, const char *server, struct buf *asked)
{
	struct book *from = zone_of(zone, server), *book = book_new();
	size_t questions;

	trial->arena = arena_new();
	book_of_feed(book, from, step, trial, &questions);
	for (size_t i = 0; i < book_used(book); i++)
		buf_printf(asked, "%s%s %s", i > 0 ? "," : "", book_use(book, i)->name,
		    dns_type_name(book_use(book, i)->type));
	book_free(book);
	book_free(from);
}

static const struct row {
	const char *what, *zone;
	enum dane_state state, host;
	const char *base, *names; /* "a b": in their order */
	size_t records, usable;
} rows[] = {
    {"insecure MX, unsigned host", "d.example MX -10 mx.d.example\nmx.d.example A -192.0.2.1\n",
        DANE_INSECURE_MX, DANE_NONE, NULL, "", 0, 0},
    {"insecure MX, signed host with TLSA: half DANE",
        "d.example MX -10 mx.d.example\n" A_GOOD TLSA_GOOD, DANE_INSECURE_MX, DANE_USABLE,
        "mx.d.example", "mx.d.example", 1, 1},
    {"an insecure alias to a signed MX",
        "d.example CNAME -e.example\ne.example MX +10 mx.d.example\n" A_GOOD TLSA_GOOD,
        DANE_INSECURE_MX, DANE_USABLE, "mx.d.example", "mx.d.example", 1, 1},
    {"insecure host", MX_GOOD "mx.d.example A -192.0.2.1\n" TLSA_GOOD, DANE_NONE, DANE_NONE, NULL,
        "", 0, 0},
    {"one family of the host's is insecure",
        MX_GOOD A_GOOD "mx.d.example AAAA -2001:db8::1\n" TLSA_GOOD, DANE_NONE, DANE_NONE, NULL, "",
        0, 0},
    {"one family fails, the other is secure",
        MX_GOOD A_GOOD "mx.d.example AAAA !SERVFAIL\n" TLSA_GOOD, DANE_USABLE, DANE_USABLE,
        "mx.d.example", "mx.d.example d.example", 1, 1},
    {"alias, insecure from the start",
        MX_GOOD "mx.d.example CNAME -h.example\nh.example A -192.0.2.1\n" TLSA_GOOD, DANE_NONE,
        DANE_NONE, NULL, "", 0, 0},
    {"alias, secure, to an insecure end: TLSA at the original",
        MX_GOOD "mx.d.example CNAME +h.example\nh.example A -192.0.2.1\n"
                "_25._tcp.h.example TLSA +3 1 1 " OTHER "\n" TLSA_GOOD,
        DANE_USABLE, DANE_USABLE, "mx.d.example", "mx.d.example d.example", 1, 1},
    {"alias, secure at first, to an insecure end, and TLSA fails",
        MX_GOOD "mx.d.example CNAME +h.example\nh.example CNAME -i.example\ni.example A "
                "-192.0.2.1\n_25._tcp.mx.d.example TLSA !SERVFAIL\n",
        DANE_LOOKUP_FAILED, DANE_LOOKUP_FAILED, NULL, "", 0, 0},
    {"alias, all secure: TLSA at the expanded name",
        MX_GOOD "mx.d.example CNAME +h.example\nh.example A +192.0.2.1\n"
                "_25._tcp.h.example TLSA +3 1 1 " OTHER "\n" TLSA_GOOD,
        DANE_USABLE, DANE_USABLE, "h.example", "h.example d.example", 1, 1},
    {"alias, all secure, TLSA at the original alone",
        MX_GOOD "mx.d.example CNAME +h.example\nh.example A +192.0.2.1\n" TLSA_GOOD, DANE_USABLE,
        DANE_USABLE, "mx.d.example", "mx.d.example d.example", 1, 1},
    {"a chain of aliases: those between are never asked",
        MX_GOOD "mx.d.example CNAME +m.example\nm.example CNAME +h.example\nh.example A "
                "+192.0.2.1\n_25._tcp.m.example TLSA +3 1 1 " DIGEST "\n",
        DANE_NONE, DANE_NONE, NULL, "", 0, 0},
    {"no TLSA, secure", MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA +\n", DANE_NONE, DANE_NONE, NULL,
        "", 0, 0},
    {"no TLSA, NXDOMAIN", MX_GOOD A_GOOD, DANE_NONE, DANE_NONE, NULL, "", 0, 0},
    {"TLSA insecure", MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA -3 1 1 " DIGEST "\n", DANE_NONE,
        DANE_NONE, NULL, "", 0, 0},
    {"TLSA look-up SERVFAIL (bogus)", MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA !SERVFAIL\n",
        DANE_LOOKUP_FAILED, DANE_LOOKUP_FAILED, NULL, "", 0, 0},
    {"TLSA look-up without an answer", MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA !TIMEOUT\n",
        DANE_LOOKUP_FAILED, DANE_LOOKUP_FAILED, NULL, "", 0, 0},
    {"TLSA refused", MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA !REFUSED\n", DANE_LOOKUP_FAILED,
        DANE_LOOKUP_FAILED, NULL, "", 0, 0},
    {"usable", MX_GOOD A_GOOD TLSA_GOOD, DANE_USABLE, DANE_USABLE, "mx.d.example",
        "mx.d.example d.example", 1, 1},
    {"usages of the PKIX alone",
        MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA +0 0 1 " DIGEST
                       "\n_25._tcp.mx.d.example TLSA +1 1 1 " DIGEST "\n",
        DANE_UNUSABLE, DANE_UNUSABLE, "mx.d.example", "mx.d.example d.example", 2, 0},
    {"one is usable",
        MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA +255 1 1 " DIGEST
                       "\n_25._tcp.mx.d.example TLSA +2 0 1 " DIGEST "\n",
        DANE_USABLE, DANE_USABLE, "mx.d.example", "mx.d.example d.example", 2, 1},
    {"a CNAME at the TLSA name does not change the base",
        MX_GOOD A_GOOD "_25._tcp.mx.d.example CNAME +t.example\nt.example TLSA +3 1 1 " DIGEST "\n",
        DANE_USABLE, DANE_USABLE, "mx.d.example", "mx.d.example d.example", 1, 1},
    {"a CNAME at the TLSA name, to an insecure end",
        MX_GOOD A_GOOD "_25._tcp.mx.d.example CNAME +t.example\nt.example TLSA -3 1 1 " DIGEST "\n",
        DANE_NONE, DANE_NONE, NULL, "", 0, 0},
    {"no MX: the domain itself",
        "d.example MX +\nd.example A +192.0.2.1\n_25._tcp.d.example TLSA +3 1 1 " DIGEST "\n",
        DANE_USABLE, DANE_USABLE, "d.example", "d.example", 1, 1},
    {"a signed alias of a domain: its end is a name, too",
        "d.example CNAME +e.example\ne.example MX +10 mx.d.example\n" A_GOOD TLSA_GOOD, DANE_USABLE,
        DANE_USABLE, "mx.d.example", "mx.d.example d.example e.example", 1, 1},
    {"the mail exchanger is an address", "d.example MX +10 192.0.2.1\n", DANE_NOT_APPLICABLE,
        DANE_NOT_APPLICABLE, NULL, "", 0, 0},
    {"nothing is signed, and the resolver validates",
        "d.example MX -10 mx.d.example\nmx.d.example A -192.0.2.1\n. SOA +a.example b.example 1 2 "
        "3 4 5\n",
        DANE_INSECURE_MX, DANE_NONE, NULL, "", 0, 0},
    {"nothing is signed, for the resolver does not validate",
        "d.example MX -10 mx.d.example\nmx.d.example A -192.0.2.1\n. SOA -a.example b.example 1 2 "
        "3 4 5\n",
        DANE_NOT_EVALUABLE, DANE_NOT_EVALUABLE, NULL, "", 0, 0},
    {"its addresses cannot be looked up",
        MX_GOOD "mx.d.example A !SERVFAIL\nmx.d.example AAAA !SERVFAIL\n", DANE_DNS_ERROR,
        DANE_DNS_ERROR, NULL, "", 0, 0},
};

Test(dane, rows)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct dane_trial trial = {.target = "d.example", .port = 25};
		const struct dane *dane = &trial.dane;
		struct buf names, asked;

		buf_init(&names, 1000);
		buf_init(&asked, 5000);
		judge(&trial, row->zone, "127.0.0.1", &asked);
		for (size_t k = 0; k < dane->name_count; k++)
			buf_printf(&names, "%s%s", k > 0 ? " " : "", dane->names[k]);
		cr_expect_eq(dane->state, row->state, "%s: %s (%s)", row->what,
		    dane_state_name(dane->state), dane->why);
		cr_expect_eq(
		    dane->host, row->host, "%s: host %s", row->what, dane_state_name(dane->host));
		cr_expect_str_eq(dane->base != NULL ? dane->base : "",
		    row->base != NULL ? row->base : "", "%s: %s", row->what, dane->base);
		cr_expect_str_eq(names.data, row->names, "%s: %s", row->what, names.data);
		cr_expect_eq(dane->record_count, row->records, "%s", row->what);
		cr_expect_eq(dane->usable, row->usable, "%s", row->what);
		cr_expect(dane->why != NULL || dane->state == DANE_UNASKED, "%s", row->what);
		buf_release(&names);
		buf_release(&asked);
		arena_free(trial.arena);
	}
}

/* Load balancers answer TLSA with SERVFAIL: where the host is not signed, none is asked for. */
Test(dane, questions)
{
	static const struct {
		const char *what, *zone, *asked;
	} cases[] = {
	    {"an unsigned host", "d.example MX -10 mx.d.example\nmx.d.example A -192.0.2.1\n",
	        "d.example MX,mx.d.example A,mx.d.example AAAA, SOA"},
	    {"a signed one", MX_GOOD A_GOOD TLSA_GOOD,
	        "d.example MX,mx.d.example A,mx.d.example AAAA,_25._tcp.mx.d.example TLSA"},
	    {"a signed alias of an unsigned one",
	        MX_GOOD "mx.d.example CNAME +h.example\nh.example A -192.0.2.1\n" TLSA_GOOD,
	        "d.example MX,mx.d.example A,mx.d.example AAAA,mx.d.example CNAME,"
	        "_25._tcp.mx.d.example TLSA"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dane_trial trial = {.target = "d.example", .port = 25};
		struct buf asked;

		buf_init(&asked, 5000);
		judge(&trial, cases[i].zone, "127.0.0.1", &asked);
		cr_expect_str_eq(asked.data, cases[i].asked, "%s: %s", cases[i].what, asked.data);
		buf_release(&asked);
		arena_free(trial.arena);
	}
}

Test(dane, whom_to_believe)
{
	static const struct {
		const char *server;
		bool trust_ad;
		enum dane_state state;
	} cases[] = {
	    {"127.0.0.1", false, DANE_USABLE},
	    {"127.0.0.53:5300", false, DANE_USABLE},
	    {"::1", false, DANE_USABLE},
	    {"[::1]:5300", false, DANE_USABLE},
	    {"replay", false, DANE_USABLE},
	    {"9.9.9.9", false, DANE_NOT_EVALUABLE},
	    {"192.168.1.1:53", false, DANE_NOT_EVALUABLE},
	    {"[2620:fe::fe]:53", false, DANE_NOT_EVALUABLE},
	    {"9.9.9.9", true, DANE_USABLE},
	    {"not an address", false, DANE_NOT_EVALUABLE},
	    {"127.0.0.1.example", false, DANE_NOT_EVALUABLE},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dane_trial trial = {
		    .target = "d.example", .port = 25, .trust_ad = cases[i].trust_ad};
		struct buf asked;

		buf_init(&asked, 5000);
		judge(&trial, MX_GOOD A_GOOD TLSA_GOOD, cases[i].server, &asked);
		cr_expect_eq(trial.dane.state, cases[i].state, "%s: %s", cases[i].server,
		    dane_state_name(trial.dane.state));
		buf_release(&asked);
		arena_free(trial.arena);
	}
}

Test(dane, given_servers)
{
	static const struct {
		const char *target, *zone;
		uint16_t port;
		enum dane_state state;
		const char *names;
	} cases[] = {
	    {"mx.d.example", A_GOOD TLSA_GOOD, 25, DANE_USABLE, "mx.d.example"},
	    {"mx.d.example", A_GOOD TLSA_GOOD, 2525, DANE_NONE, ""},
	    {"mx.d.example", A_GOOD "_2525._tcp.mx.d.example TLSA +2 1 1 " DIGEST "\n", 2525,
	        DANE_USABLE, "mx.d.example"},
	    {"192.0.2.1", "", 25, DANE_NOT_APPLICABLE, ""},
	    {"mx.d.example", "mx.d.example A -192.0.2.1\n" TLSA_GOOD, 25, DANE_NONE, ""},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dane_trial trial = {
		    .target = cases[i].target, .port = cases[i].port, .fixed = true};
		struct buf asked, names;

		buf_init(&asked, 5000);
		buf_init(&names, 1000);
		judge(&trial, cases[i].zone, "127.0.0.1", &asked);
		for (size_t k = 0; k < trial.dane.name_count; k++)
			buf_printf(&names, "%s%s", k > 0 ? " " : "", trial.dane.names[k]);
		cr_expect_eq(trial.dane.state, cases[i].state, "%s %u: %s", cases[i].target,
		    cases[i].port, dane_state_name(trial.dane.state));
		cr_expect_str_eq(names.data, cases[i].names, "%zu: %s", i, names.data);
		buf_release(&asked);
		buf_release(&names);
		arena_free(trial.arena);
	}
}

Test(dane, records)
{
	static const struct {
		const char *record, *fault; /* a part of it; NULL: none */
	} cases[] = {
	    {"3 1 1 " DIGEST, NULL},
	    {"3 0 1 " DIGEST, NULL},
	    {"2 0 2 " DIGEST DIGEST, NULL},
	    {"0 0 1 " DIGEST, "usages 0 and 1"},
	    {"1 1 1 " DIGEST, "usages 0 and 1"},
	    {"4 1 1 " DIGEST, "no such usage"},
	    {"255 1 1 " DIGEST, "no such usage"},
	    {"3 2 1 " DIGEST, "no such selector"},
	    {"3 255 1 " DIGEST, "no such selector"},
	    {"3 1 3 " DIGEST, "no such matching type"},
	    {"3 1 1", "no data"},
	    {"3 1 0", "no data"},
	    {"3 1 1 abcd", "wrong length"},
	    {"3 1 1 " DIGEST "00", "wrong length"},
	    {"3 1 2 " DIGEST, "wrong length"},
	    {"3 0 0 " DIGEST, "no certificate"},
	    {"3 1 0 " DIGEST, "no public key"},
	    /* an Ed25519 key, whole and with an octet behind it */
	    {"3 1 0 "
	     "302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad"
	     "703166e1",
	        NULL},
	    {"3 1 0 "
	     "302a300506032b657003210019bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad"
	     "703166e100",
	        "no public key"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dane_trial trial = {.target = "d.example", .port = 25};
		const struct dane *dane = &trial.dane;
		struct buf zone, asked;

		buf_init(&asked, 5000);
		buf_init(&zone, 5000);
		buf_printf(
		    &zone, MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA +%s\n", cases[i].record);
		judge(&trial, zone.data, "127.0.0.1", &asked);
		cr_assert_eq(dane->record_count, 1, "%s", cases[i].record);
		if (cases[i].fault == NULL)
			cr_expect_null(dane->records[0].fault, "%s: %s", cases[i].record,
			    dane->records[0].fault);
		else
			cr_expect(dane->records[0].fault != NULL &&
			              strstr(dane->records[0].fault, cases[i].fault) != NULL,
			    "%s: %s", cases[i].record, dane->records[0].fault);
		cr_expect_eq(dane->state, cases[i].fault == NULL ? DANE_USABLE : DANE_UNUSABLE);
		buf_release(&asked);
		buf_release(&zone);
		arena_free(trial.arena);
	}
}

/* RFC 7671 section 9: within a usage and selector the strongest digest alone counts. */
Test(dane, digest_agility)
{
	struct dane_trial trial = {.target = "d.example", .port = 25};
	struct buf asked;
	size_t outranked = 0;

	buf_init(&asked, 5000);
	judge(&trial,
	    MX_GOOD A_GOOD "_25._tcp.mx.d.example TLSA +3 1 1 " DIGEST
	                   "\n_25._tcp.mx.d.example TLSA +3 1 2 " DIGEST DIGEST
	                   "\n_25._tcp.mx.d.example TLSA +3 0 1 " DIGEST
	                   "\n_25._tcp.mx.d.example TLSA +3 0 2 " DIGEST
	                   "\n_25._tcp.mx.d.example TLSA +2 1 1 " DIGEST "\n",
	    "127.0.0.1", &asked);
	cr_assert_eq(trial.dane.record_count, 5);
	cr_expect_eq(trial.dane.usable, 4); /* the 3 0 2 has a wrong length */
	for (size_t i = 0; i < trial.dane.record_count; i++)
		if (trial.dane.records[i].outranked) {
			outranked++;
			cr_expect_str_eq(
			    dane_record_text(&trial.dane.records[i], trial.arena), "3 1 1 " DIGEST);
		}
	cr_expect_eq(outranked, 1);
	buf_release(&asked);
	arena_free(trial.arena);
}

/* As many as a message may hold: all of them are looked at, in whatever order they come. */
Test(dane, many_records)
{
	struct dane_trial trial = {.target = "d.example", .port = 25};
	struct buf zone, asked;

	buf_init(&asked, 5000);
	buf_init(&zone, 200000);
	buf_puts(&zone, MX_GOOD A_GOOD);
	for (unsigned i = 0; i < 1394; i++)
		buf_printf(&zone, "_25._tcp.mx.d.example TLSA +3 1 1 %04x%s\n", i * 7919 % 1394,
		    &DIGEST[4]);
	judge(&trial, zone.data, "127.0.0.1", &asked);
	cr_expect_eq(trial.dane.record_total, 1394);
	cr_expect_eq(trial.dane.unseen, 0);
	cr_assert_eq(trial.dane.record_count, 1394);
	for (unsigned i = 0; i < 1394; i++)
		cr_expect_eq((unsigned char)trial.dane.records[i].data.bytes[1], i & 0xff);
	buf_release(&asked);
	buf_release(&zone);
	arena_free(trial.arena);
}

/* A whole key costs a verification, so that not all are looked at, which is said. */
Test(dane, many_whole_records)
{
	struct dane_trial trial = {.target = "d.example", .port = 25};
	struct buf zone, asked;

	buf_init(&asked, 5000);
	buf_init(&zone, 200000);
	buf_puts(&zone, MX_GOOD A_GOOD TLSA_GOOD);
	for (unsigned i = 0; i < 40; i++)
		buf_printf(&zone,
		    "_25._tcp.mx.d.example TLSA +2 1 0 302a300506032b65700321%04x"
		    "bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1\n",
		    i);
	judge(&trial, zone.data, "127.0.0.1", &asked);
	cr_expect_eq(trial.dane.record_total, 41);
	cr_expect_eq(trial.dane.usable, DANE_WHOLE_MAX + 1);
	cr_expect_eq(trial.dane.record_count, DANE_WHOLE_MAX + 1);
	cr_expect_eq(trial.dane.unseen, 40 - DANE_WHOLE_MAX);
	buf_release(&asked);
	buf_release(&zone);
	arena_free(trial.arena);
}

/* A failure says something of the host only where the resolver says that it looked. */
Test(dane, whose_failure)
{
	static const struct {
		const char *zone;
		bool unanswered;
		enum dane_effect effect;
		const char *why;
	} cases[] = {
	    {A_GOOD "_25._tcp.mx.d.example TLSA !SERVFAIL\n", false, EFFECT_DEFER, "in SERVFAIL"},
	    {A_GOOD "_25._tcp.mx.d.example TLSA !TIMEOUT\n", true, EFFECT_UNKNOWN,
	        "had no answer in time"},
	    {A_GOOD "_25._tcp.mx.d.example TLSA !REFUSED\n", true, EFFECT_UNKNOWN,
	        "our resolver 127.0.0.1 met the TLSA look-up of _25._tcp.mx.d.example with "
	        "REFUSED"},
	    {A_GOOD "_25._tcp.mx.d.example TLSA !NOTIMP\n", true, EFFECT_UNKNOWN, "with NOTIMP"},
	    {A_GOOD "_25._tcp.mx.d.example TLSA !FORMERR\n", true, EFFECT_UNKNOWN, "with FORMERR"},
	    {"mx.d.example CNAME +h.example\nh.example A -192.0.2.1\n"
	     "_25._tcp.mx.d.example TLSA !REFUSED\n",
	        true, EFFECT_UNKNOWN, "with REFUSED"},
	    {"mx.d.example A !SERVFAIL\nmx.d.example AAAA !SERVFAIL\n", false, EFFECT_DEFER,
	        "address look-up of mx.d.example ended in SERVFAIL"},
	    {"mx.d.example A !REFUSED\nmx.d.example AAAA !REFUSED\n", true, EFFECT_UNKNOWN,
	        "with REFUSED"},
	};

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct dane_trial trial = {.target = "d.example", .port = 25};
		const struct dane_met met = {0};
		struct dane_meeting meeting = {
		    .dane = &trial.dane, .met = &met, .asked = true, .offered = true, .done = true};
		struct buf zone, asked;
		const char *word;

		buf_init(&asked, 5000);
		buf_init(&zone, 5000);
		buf_printf(&zone, MX_GOOD "%s", cases[i].zone);
		judge(&trial, zone.data, "127.0.0.1", &asked);
		cr_expect_eq(trial.dane.unanswered, cases[i].unanswered, "%zu", i);
		cr_expect_eq(dane_sender(&meeting, &word), cases[i].effect, "%zu", i);
		cr_expect(trial.dane.why != NULL && strstr(trial.dane.why, cases[i].why) != NULL,
		    "%zu: %s", i, trial.dane.why);
		buf_release(&zone);
		buf_release(&asked);
		arena_free(trial.arena);
	}
}

Test(dane, words)
{
	enum dane_state state;

	for (int i = DANE_UNASKED + 1; i < DANE_STATE_COUNT; i++) {
		const char *name = dane_state_name((enum dane_state)i);

		cr_assert_not_null(name);
		cr_expect(
		    dane_state_named(name, &state) && state == (enum dane_state)i, "%s", name);
	}
	cr_expect_null(dane_state_name(DANE_UNASKED));
	cr_expect(!dane_state_named("good", &state));
}
