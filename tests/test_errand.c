/* Where a target is asked, in which order, and who is left alone. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "campaign/errand.h"
#include "dns/book.h"

#define MX(data) "{\"name\":\"example.com\",\"type\":\"MX\",\"data\":[" data "]}"
#define HOST(name, type, data) "{\"name\":\"" name "\",\"type\":\"" type "\",\"data\":[" data "]}"
#define TWO                                                                                        \
	MX("\"10 mx1.example.com\",\"20 mx2.example.com\""),                                       \
	    HOST("mx1.example.com", "A", "\"192.0.2.1\",\"192.0.2.2\""),                           \
	    HOST("mx2.example.com", "A", "\"192.0.2.3\"")

static const char *
opted_out(const char *host, const struct ip *ip, struct arena *arena, void *arg)
{
	(void)ip;
	(void)arena;
	return strcmp(host, arg) == 0 ? "it has opted out" : NULL;
}

/* `answers`: what each destination that is asked says, a letter each: A accepted, D deferred, G
 * refused at the greeting, R refused later, U unreachable. `way`: the destinations that were asked,
 * and in brackets those that were passed over. */
static const struct {
	const char *what, *lines[4], *host, *source, *answers, *way;
	uint16_t port;
	bool all, public_only, other_source;
	size_t untried;
	enum walk_status status; /* without a way */
	const char *note, *left_alone;
	bool excused;
} rows[] = {
    {.what = "the first that takes mail ends it",
        .lines = {TWO},
        .answers = "A",
        .way = "192.0.2.1",
        .untried = 2},
    {.what = "a busy one does not",
        .lines = {TWO},
        .answers = "DUA",
        .way = "192.0.2.1 192.0.2.2 192.0.2.3"},
    {.what = "a refusal past the greeting does",
        .lines = {TWO},
        .answers = "R",
        .way = "192.0.2.1",
        .untried = 2},
    {.what = "a host that greets with 5yz is not asked at its other address",
        .lines = {TWO},
        .answers = "GA",
        .way = "192.0.2.1 192.0.2.3",
        .untried = 1},
    {.what = "unless all are asked for",
        .lines = {TWO},
        .answers = "GAD",
        .way = "192.0.2.1 192.0.2.2 192.0.2.3",
        .all = true},
    {.what = "nor is its address under another name",
        .lines = {MX("\"10 mx1.example.com\",\"20 mx2.example.com\""),
            HOST("mx1.example.com", "A", "\"192.0.2.1\""),
            HOST("mx2.example.com", "A", "\"192.0.2.1\"")},
        .answers = "G",
        .way = "192.0.2.1",
        .untried = 1},
    {.what = "all refuse",
        .lines = {TWO},
        .answers = "GG",
        .way = "192.0.2.1 192.0.2.3",
        .untried = 1},
    {.what = "private addresses are left alone",
        .lines = {MX("\"10 mx1.example.com\",\"20 mx2.example.com\""),
            HOST("mx1.example.com", "A", "\"10.0.0.1\""),
            HOST("mx2.example.com", "A", "\"8.8.8.8\"")},
        .answers = "A",
        .way = "[10.0.0.1] 8.8.8.8",
        .public_only = true},
    {.what = "and so is who opted out, by the name of the host",
        .lines = {TWO},
        .left_alone = "mx1.example.com",
        .answers = "A",
        .way = "[192.0.2.1] [192.0.2.2] 192.0.2.3"},
    {.what = "an IPv4 source asks IPv4 addresses",
        .lines = {MX("\"10 mx1.example.com\""), HOST("mx1.example.com", "AAAA", "\"2001:db8::1\""),
            HOST("mx1.example.com", "A", "\"192.0.2.1\"")},
        .source = "192.0.2.9",
        .answers = "D",
        .way = "192.0.2.1"},
    {.what = "that there is none is not the target's fault",
        .lines = {MX("\"10 mx1.example.com\""), HOST("mx1.example.com", "AAAA", "\"2001:db8::1\"")},
        .source = "192.0.2.9",
        .answers = "",
        .way = "",
        .status = WALK_LOCAL,
        .note = "it has IPv6 addresses only, and this source is of IPv4"},
    {.what = "and leaves nothing open where another source can ask",
        .lines = {MX("\"10 mx1.example.com\""), HOST("mx1.example.com", "AAAA", "\"2001:db8::1\"")},
        .source = "192.0.2.9",
        .other_source = true,
        .answers = "",
        .way = "",
        .status = WALK_SKIPPED,
        .note = "it has IPv6 addresses only, and this source is of IPv4",
        .excused = true},
    {.what = "a server that was given",
        .lines = {HOST("mx.example.net", "A", "\"192.0.2.7\"")},
        .host = "mx.example.net",
        .port = 26,
        .answers = "A",
        .way = "192.0.2.7"},
    {.what = "no such domain",
        .lines = {HOST("other.example", "A", "\"192.0.2.7\"")},
        .answers = "",
        .way = "",
        .status = WALK_UNDELIVERABLE,
        .note = "example.com does not exist (NXDOMAIN from replay)"},
};

static void
answer(struct errand *errand, const struct destination *destination, char letter)
{
	struct attempt *attempt = errand_attempt(errand, destination);

	attempt->status = letter == 'A'   ? WALK_ACCEPTED
	                  : letter == 'D' ? WALK_DEFERRED
	                  : letter == 'U' ? WALK_UNREACHABLE
	                                  : WALK_REFUSED;
	attempt->stage = letter == 'R' || letter == 'A' ? STAGE_RCPT
	                 : letter == 'U'                ? STAGE_CONNECT
	                                                : STAGE_GREETING;
	attempt->ms = 1; /* it was asked */
}

static void
run(size_t i, struct errand *errand, struct buf *way)
{
	const struct destination *destination;
	const char *letter = rows[i].answers;
	char text[IP_TEXT];

	while ((destination = errand_next(errand)) != NULL) {
		cr_assert_neq(*letter, '\0', "%s: one too many", rows[i].what);
		answer(errand, destination, *letter++);
	}
	cr_expect_eq(*letter, '\0', "%s: one too few", rows[i].what);
	for (size_t k = 0; k < errand->journey.attempt_count; k++) {
		const struct attempt *attempt = &errand->journey.attempts[k];
		const char *ip = ip_text(&attempt->ip, text);

		buf_printf(way, attempt->ms > 0 ? "%s%s" : "%s[%s]", k > 0 ? " " : "", ip);
	}
}

Test(errand, ways)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct errand_rules rules = {.all = rows[i].all,
		    .allow_private = !rows[i].public_only,
		    .sources = {true, rows[i].other_source},
		    .opted_out = rows[i].left_alone != NULL ? opted_out : NULL,
		    .arg = (void *)rows[i].left_alone};
		struct ip source = {0};
		struct target target = {.text = "example.com",
		    .domain = "example.com",
		    .host = rows[i].host,
		    .port = rows[i].port};
		struct errand *errand;
		char reason[120];
		struct buf way;

		buf_init(&way, 1000);
		if (rows[i].source != NULL)
			ip_parse(&source, rows[i].source);
		errand = errand_new(&rules, &target, &source, 25, 1);
		for (size_t k = 0; k < 4 && rows[i].lines[k] != NULL; k++)
			cr_assert(book_read_line(errand->book, rows[i].lines[k],
			    strlen(rows[i].lines[k]), reason, sizeof reason));
		book_close(errand->book);
		cr_assert(errand_route(errand));
		errand_routed(errand, true);
		run(i, errand, &way);
		cr_expect_str_eq(way.data, rows[i].way, "%s: %s", rows[i].what, way.data);
		cr_expect_eq(errand->journey.untried, rows[i].untried, "%s: %zu untried",
		    rows[i].what, errand->journey.untried);
		if (*rows[i].way == '\0') {
			cr_expect_eq(errand->journey.status, rows[i].status, "%s", rows[i].what);
			cr_expect_str_eq(errand->journey.note, rows[i].note, "%s: %s", rows[i].what,
			    errand->journey.note);
			cr_expect_eq(errand->journey.excused, rows[i].excused, "%s", rows[i].what);
		}
		cr_expect_eq(errand->port, target.port != 0 ? target.port : 25);
		buf_release(&way);
		errand_free(errand);
	}
}

Test(errand, has_a_bound)
{
	struct errand_rules rules = {.allow_private = true};
	struct target target = {.text = "example.com", .domain = "example.com"};
	struct errand *errand = errand_new(&rules, &target, &(struct ip){0}, 25, 1);
	const struct destination *destination;
	struct route_host hosts[64];
	struct ip address;

	ip_parse(&address, "192.0.2.1");
	for (size_t i = 0; i < 64; i++) {
		struct ip *own = arena_alloc(errand->arena, sizeof *own);

		*own = address;
		own->bytes[3] = (unsigned char)i;
		hosts[i] = (struct route_host){.name = arena_printf(errand->arena, "m%zu", i),
		    .addresses = own,
		    .address_count = 1};
	}
	errand->journey.route = (struct route){.hosts = hosts, .host_count = 64};
	errand_routed(errand, true);
	while ((destination = errand_next(errand)) != NULL)
		answer(errand, destination, 'U');
	cr_expect_eq(errand->journey.attempt_count, ERRAND_ATTEMPTS);
	cr_expect_eq(errand->journey.untried, 64 - ERRAND_ATTEMPTS);
	errand_free(errand);
}
