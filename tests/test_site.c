/* Whose turn it is: each row is a play of steps. "+name site address" adds a job (deep with a final
 * "deep"), ">name" begins the next one, and it must be that ("> -": none), "<name" ends it, "@ms"
 * is the time from then on, "hold site ms", "lower n ms" (rest until), "when ms" what the last ">
 * -" named, "slow site ms address" (0: none named; no address: none) and "until ms", "expect site
 * n", "follow a b" (or -), "minute n site", "z site ms": the slowest. A job that ends in "on" goes
 * on. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/pace.h"
#include "campaign/site.h"
#include "campaign/window.h"
#include "evidence/route.h"
#include "rules/builtin.h"

enum { JOBS = 32, MANY = 20000 };

struct play {
	struct sites *sites;
	struct site_job jobs[JOBS];
	char names[JOBS][32];
	size_t count;
	struct pace pace;
	int64_t now, when, until;
};

static const struct {
	const char *what;
	struct site_limits limits;
	struct pace pace; /* of every site */
	const char *steps[32];
} plays[] = {
    {.what = "an address takes one connection at a time",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 9, .deep = 9},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", ">a", "> -", "<a", ">b",
            "> -", "when never"}},
    {.what = "whatever the sites are called",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 9, .deep = 9},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.1", ">a", "> -", "<a", ">b"}},
    {.what = "a site takes two up to EHLO",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2", "+c s.example 192.0.2.3",
            ">a", ">b", "> -", "<b", ">c"}},
    {.what = "and one past it",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 1},
        .steps = {"+a s.example 192.0.2.1 deep", "+b s.example 192.0.2.2 deep", ">a", "> -", "<a",
            ">b"}},
    {.what = "a deep one waits for the shallow ones",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2 deep", ">a", "> -", "<a",
            ">b"}},
    {.what = "sites do not wait for each other",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2", "+c t.example 192.0.2.3",
            ">a", ">c", "> -", "<a", ">b"}},
    {.what = "the run has a limit of its own",
        .limits = {.walks = 2, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.2", "+c u.example 192.0.2.3",
            ">a", ">b", "> -", "<a", ">c"}},
    {.what = "and it can be lowered, but not to nothing",
        .limits = {.walks = 3, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"lower 0 0", "+a s.example 192.0.2.1", "+b t.example 192.0.2.2", ">a", "> -",
            "<a", ">b"}},
    {.what = "nobody begins while this host rests",
        .limits = {.walks = 3, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"lower 2 300", "+a s.example 192.0.2.1", "+b t.example 192.0.2.2",
            "+c u.example 192.0.2.3", "> -", "when 300", "@299", "> -", "@300", ">a", ">b", "> -"}},
    {.what = "a busy address does not hold up the rest of its site",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", "+c s.example 192.0.2.2",
            ">a", ">c", "> -"}},
    {.what = "nor does a full site hold up others at its address",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", ">a", "+x u.example 192.0.2.9", ">x",
            "+b s.example 192.0.2.9", "+c t.example 192.0.2.9", "> -", "<x", ">c", "<a", "> -",
            "<c", ">b"}},
    {.what = "the addresses of a site take turns",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", "+c s.example 192.0.2.1",
            "+d s.example 192.0.2.2", ">a", "<a", ">b", "<b", ">d", "<d", ">c"}},
    {.what = "nobody begins at a site before its time",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"hold s.example 500", "+a s.example 192.0.2.1", "+b t.example 192.0.2.2", ">b",
            "> -", "when 500", "@499", "> -", "@500", ">a"}},
    {.what = "nor when it was let in before that was known",
        .limits = {.walks = 1, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"+x t.example 192.0.2.9", ">x", "+a s.example 192.0.2.1",
            "+b s.example 192.0.2.2", "hold s.example 500", "<x", "> -", "when 500", "@500", ">a",
            "<a", ">b"}},
    {.what = "a time only moves on",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"hold s.example 500", "hold s.example 300", "hold t.example 400",
            "hold u.example 100", "hold u.example 600", "+a s.example 192.0.2.1",
            "+b t.example 192.0.2.2", "+c u.example 192.0.2.3", "@300", "> -", "when 400", "@400",
            ">b", "> -", "when 500", "@500", ">a", "> -", "when 600", "@600", ">c"}},
    {.what = "a network takes so many, whatever their sites and addresses",
        .limits = {.walks = 9, .address = 1, .network = 2, .pause = 1000},
        .pace = {.shallow = 2, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.2", "+c u.example 192.0.2.3",
            "+d v.example 192.0.3.1", "+e w.example 2001:db8::1", "+f x.example 2001:db8:0:1::1",
            "+g y.example 2001:db8:0:2::1", "+h z.example 2001:db8:1::1", ">a", ">b", ">d", ">e",
            ">f", ">h", "> -", "<b", ">c", "<e", ">g"}},
    {.what = "half of a minute's connections may come at once, the others are spread",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 9, .deep = 1, .rate = 4},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2", "+c s.example 192.0.2.3",
            "+d s.example 192.0.2.4", "+e s.example 192.0.2.5", ">a", ">b", "> -", "when 15000",
            "@14999", "> -", "@15000", ">c", "> -", "when 30000", "@30000", ">d", "> -",
            "when 60000", "@59999", "> -", "@60000", ">e", "minute 3 s.example"}},
    {.what = "an address feels all names at it",
        .limits = {.walks = 9, .address = 9, .network = 99, .pause = 1000},
        .pace = {.shallow = 9, .deep = 1, .rate = 2},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.1", "+c u.example 192.0.2.1",
            ">a", "> -", "when 30000", "@30000", ">b", "> -", "when 60000", "@60000", ">c"}},
    {.what = "the run has a rate, too",
        .limits = {.walks = 9, .rate = 2, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 9, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.2", "+c u.example 192.0.2.3",
            ">a", "> -", "when 30000", "@30000", ">b", "> -", "when 60000", "@60000", ">c"}},
    {.what = "the largest site begins first",
        .limits = {.walks = 1, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"+x s.example 192.0.2.1", ">x", "+a t.example 192.0.2.2",
            "+b u.example 192.0.2.3", "expect u.example 5", "+c v.example 192.0.2.4",
            "+d w.example 192.0.2.5", "expect w.example 7", "<x", ">d", "<d", ">b", "<b", ">a",
            "<a", ">c"}},
    {.what = "a site that complains is left alone, then slower, then as before",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 2, .rate = 4},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2", ">a", ">b",
            "slow s.example 0", "until 1000", "slow s.example 0", "until 1000", "<a", "<b",
            "+c s.example 192.0.2.1", "+d s.example 192.0.2.2", "@59999", "> -", "@60000", ">c",
            "> -", "<c", "slow s.example 0", "until 62000", "@119999", "> -", "@120000", ">d",
            "slow s.example 7000", "until 127000", "slow s.example 99999999", "until 3720000",
            "@9999999", "minute 0 s.example"}},
    {.what = "so is an address that complains, whatever other sites are there",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 2, .rate = 4},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.1", "+c t.example 192.0.2.2",
            ">c", ">a", "slow s.example 0 192.0.2.1", "until 1000", "<a", "<c", "> -", "when 30000",
            "@30000", ">b", "<b", "+d u.example 192.0.2.1", "+e u.example 192.0.2.3", ">e", "> -",
            "when 60000", "@60000", ">d"}},
    {.what = "also one that was let in already",
        .limits = {.walks = 1, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 2},
        .steps = {"+x v.example 192.0.2.9", ">x", "+a s.example 192.0.2.1",
            "slow t.example 0 192.0.2.1", "<x", "> -", "when 1000", "@1000", ">a"}},
    {.what = "the slowest is a site, by how many a connection serves",
        .limits = {.walks = 1, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1, .rate = 2},
        .steps = {"z - 0", "+a s.example 192.0.2.1", "+b s.example 192.0.2.1",
            "+c s.example 192.0.2.1", "+d t.example 192.0.2.2", "z s.example 90000", ">a",
            "z s.example 60000", "follow a b", "z t.example 30000", "<b", ">d", "<d",
            "z s.example 15000"}},
    {.what = "or an address at which many sites are",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1, .rate = 2},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.1", "+c u.example 192.0.2.1",
            ">a", "<a", "> -", "z 192.0.2.1 60000"}},
    {.what = "its target is asked on, for a pause is for others",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 2, .deep = 2},
        .steps = {"+a s.example 192.0.2.1", ">a", "slow s.example 0", "<a",
            "+b s.example 192.0.2.2", "+c s.example 192.0.2.3 on", ">c", "<c", "> -", "when 4000"}},
    {.what = "a connection serves the next at the same site and address",
        .limits = {.walks = 1, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1, .rate = 2},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", "+c s.example 192.0.2.2",
            ">a", "follow a b", "> -", "follow b -", "minute 1 s.example", "<b", "> -",
            "when 30000", "@30000", ">c"}},
    {.what = "but not past a pause",
        .limits = {.walks = 1, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 1, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", ">a", "hold s.example 500",
            "follow a -", "<a", "> -", "when 500", "@500", ">b"}},
    {.what = "families are told apart",
        .limits = {.walks = 9, .address = 1, .network = 99, .pause = 1000},
        .pace = {.shallow = 9, .deep = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 2001:db8::1", ">a", ">b"}},
};

static struct site_job *
the(struct play *play, const char *name)
{
	for (size_t i = 0; i < play->count; i++)
		if (strcmp(play->names[i], name) == 0)
			return &play->jobs[i];
	cr_assert_fail("no job %s", name);
	return NULL;
}

static void
add(struct play *play, const char *step)
{
	struct site_job *job = &play->jobs[play->count];
	char site[64], address[IP_TEXT], deep[8] = "";
	struct ip ip;

	sscanf(step, "%31s %63s %45s %7s", play->names[play->count], site, address, deep);
	cr_assert(ip_parse(&ip, address), "%s", step);
	job->deep = strcmp(deep, "deep") == 0;
	job->goes_on = strcmp(deep, "on") == 0;
	play->pace.site = site;
	job->arg = play->names[play->count++];
	sites_add(play->sites, job, &play->pace, &ip, play->now);
}

static bool
any(const struct site_job *next, const struct site_job *job)
{
	return next != job;
}

static void
follow(struct play *play, const char *what, const char *step)
{
	char job[32], next[32];
	struct site_job *found;

	sscanf(step, "%*s %31s %31s", job, next);
	found = sites_follow(play->sites, the(play, job), any, play->now);
	cr_assert_str_eq(found != NULL ? found->arg : "-", next, "%s: %s", what, step);
}

static void
count_minute(struct play *play, const char *what, const char *step)
{
	unsigned number, found;
	char site[64];

	sscanf(step, "%*s %u %63s", &number, site);
	play->pace.site = site;
	found = sites_minute(play->sites, &play->pace, play->now);
	cr_assert_eq(found, number, "%s: %s: %u", what, step, found);
}

static void
take(struct play *play, const char *what, const char *step, const char *name)
{
	char site[64], address[IP_TEXT] = "";
	long long number = 0;
	struct site_job *job;
	struct ip ip;

	sscanf(step, "%*s %63s %lld", site, &number);
	play->pace.site = site;
	switch (*step) {
	case '+':
		add(play, name);
		break;
	case '>':
		job = sites_next(play->sites, play->now, &play->when);
		name = *name == ' ' ? "-" : name;
		cr_assert_str_eq(job != NULL ? job->arg : "-", name, "%s: %s", what, step);
		break;
	case '<':
		sites_done(play->sites, the(play, name), play->now);
		break;
	case '@':
		play->now = atoll(name);
		break;
	case 'h':
		sites_hold(play->sites, &play->pace, number, play->now);
		break;
	case 's':
		sscanf(step, "%*s %*s %*s %45s", address);
		play->until = sites_slow(play->sites, &play->pace,
		    ip_parse(&ip, address) ? &ip : NULL, number, play->now);
		break;
	case 'u':
		cr_assert_eq(
		    play->until, atoll(site), "%s: %s: %lld", what, step, (long long)play->until);
		break;
	case 'e':
		sites_expect(play->sites, site, (long)number, play->now);
		break;
	case 'f':
		follow(play, what, step);
		break;
	case 'm':
		count_minute(play, what, step);
		break;
	case 'l':
		sites_rest(play->sites, (unsigned)atoi(site), number);
		break;
	case 'z': {
		const char *slowest = "-";
		int64_t ms;

		sites_slowest(play->sites, play->now, &slowest, &ms);
		cr_assert(strcmp(slowest, site) == 0 && ms == number, "%s: %s: %s %lld", what, step,
		    slowest, (long long)ms);
		break;
	}
	case 'w':
		cr_assert_eq(play->when,
		    strcmp(site, "never") == 0 ? SITES_NEVER : (int64_t)atoll(site), "%s: %s: %lld",
		    what, step, (long long)play->when);
		break;
	default:
		cr_assert_fail("%s: what is \"%s\"?", what, step);
	}
}

Test(site, plays)
{
	for (size_t i = 0; i < sizeof plays / sizeof *plays; i++) {
		struct play play = {.sites = sites_new(&plays[i].limits, 1), .pace = plays[i].pace};

		for (size_t s = 0; plays[i].steps[s] != NULL; s++)
			take(&play, plays[i].what, plays[i].steps[s], plays[i].steps[s] + 1);
		sites_free(play.sites);
	}
}

static uint32_t
next_random(uint32_t *state)
{
	return *state = *state * 1664525u + 1013904223u;
}

/* Whatever comes in whatever order: no limit is passed, and everybody has a turn. */
Test(site, limits_hold_and_everybody_has_a_turn)
{
	static const struct site_limits limits = {
	    .walks = 50, .address = 1, .network = 99, .pause = 1000};
	struct pace pace = {.shallow = 2, .deep = 1};
	static struct site_job jobs[MANY];
	static unsigned site_of[MANY], address_of[MANY], at_site[97], deep_at_site[97],
	    at_address[131];
	static struct site_job *running[50];
	struct sites *sites = sites_new(&limits, 1);
	uint32_t random = 1;
	size_t added = 0, ended = 0, live = 0;
	int64_t when, now = 0;

	while (ended < MANY) {
		struct site_job *job;

		for (unsigned k = next_random(&random) >> 24; k > 0 && added < MANY; k--, added++) {
			char site[32];
			struct ip ip = {.family = 4, .bytes = {192, 0, 2}};

			site_of[added] = (next_random(&random) >> 16) % 97;
			address_of[added] = (next_random(&random) >> 16) % 131;
			ip.bytes[3] = (unsigned char)address_of[added];
			snprintf(site, sizeof site, "s%u.example", site_of[added]);
			pace.site = site;
			jobs[added].deep = (next_random(&random) >> 16) % 4 == 0;
			jobs[added].arg = &jobs[added];
			if (next_random(&random) >> 24 == 0)
				sites_hold(sites, &pace, now + 5, now);
			sites_add(sites, &jobs[added], &pace, &ip, now);
		}
		now++;
		while ((job = sites_next(sites, now, &when)) != NULL) {
			size_t i = (size_t)(job - jobs);

			running[live++] = job;
			at_site[site_of[i]]++;
			at_address[address_of[i]]++;
			cr_assert_leq(live, limits.walks);
			cr_assert_leq(at_address[address_of[i]], 1);
			deep_at_site[site_of[i]] += job->deep;
			cr_assert_leq(at_site[site_of[i]], 2);
			cr_assert_leq(deep_at_site[site_of[i]], 1);
		}
		cr_assert_eq(sites_running(sites), live);
		cr_assert_eq(sites_waiting(sites), added - ended - live);
		cr_assert_leq(sites_ready(sites), sites_waiting(sites));
		cr_assert(sites_ready(sites) == 0 || live == limits.walks);
		for (unsigned k = (next_random(&random) >> 24) % 50; k > 0 && live > 0; k--) {
			size_t which = (next_random(&random) >> 8) % live, i;

			i = (size_t)(running[which] - jobs);
			at_site[site_of[i]]--;
			deep_at_site[site_of[i]] -= running[which]->deep;
			at_address[address_of[i]]--;
			sites_done(sites, running[which], now);
			running[which] = running[--live];
			ended++;
		}
	}
	cr_assert_eq(sites_waiting(sites), 0);
	cr_assert_eq(sites_ready(sites), 0);
	sites_free(sites);
}

Test(site, paces)
{
	static const char operators[] =
	    "[google.com]\nmx = google.com googlemail.com\nconnections = 5\n"
	    "transactions = 50\nsource = x\n"
	    "[mail.protection.outlook.com]\nmx = mail.protection.outlook.com\n"
	    "rate = 100\nsource = y\n"
	    "[parts.example]\nmx = parts.example parts.example.org\nregions = hyphen\n"
	    "connections = 4\nsource = z\n";
	static const struct {
		const char *host;
		struct pace pace;
	} rows[] = {
	    {"mx1.example.co.uk", {"example.co.uk", 2, 1, 30, 10, NULL}},
	    {"mx2.other.co.uk", {"other.co.uk", 2, 1, 30, 10, NULL}},
	    {"alt1.aspmx.l.google.com", {"google.com", 5, 5, 30, 50, NULL}},
	    {"aspmx2.googlemail.com", {"google.com", 5, 5, 30, 50, NULL}},
	    {"notgoogle.com", {"notgoogle.com", 2, 1, 30, 10, NULL}},
	    {"google.com.example.org", {"example.org", 2, 1, 30, 10, NULL}},
	    {"tenant-com.mail.protection.outlook.com",
	        {"mail.protection.outlook.com", 2, 1, 100, 10, NULL}},
	    {"other.outlook.com", {"outlook.com", 2, 1, 30, 10, NULL}},
	    {"example.com", {"example.com", 2, 1, 30, 10, NULL}},
	    {"localhost", {"localhost", 2, 1, 30, 10, NULL}},
	    {"co.uk", {"co.uk", 2, 1, 30, 10, NULL}},
	    {"eu-smtp-inbound-1.parts.example", {"eu.parts.example", 4, 4, 30, 10, NULL}},
	    {"us-smtp-inbound-2.parts.example.org", {"us.parts.example", 4, 4, 30, 10, NULL}},
	    {"a.us-smtp-inbound-2.parts.example", {"us.parts.example", 4, 4, 30, 10, NULL}},
	    {"mx.parts.example", {"parts.example", 4, 4, 30, 10, NULL}},
	    {"parts.example", {"parts.example", 4, 4, 30, 10, NULL}},
	    {"-x.parts.example", {"parts.example", 4, 4, 30, 10, NULL}},
	    {"a-b.mx.parts.example", {"parts.example", 4, 4, 30, 10, NULL}},
	    {"192.0.2.7", {"192.0.2.1", 2, 1, 30, 10, NULL}},
	    {"", {"192.0.2.1", 2, 1, 30, 10, NULL}},
	    {NULL, {"192.0.2.1", 2, 1, 30, 10, NULL}},
	};
	struct paces *paces = paces_new(&(struct pace_wish){.connections = 0});
	struct arena *arena = arena_new();
	struct stanza_error error;
	struct ip ip;

	ip_parse(&ip, "192.0.2.1");
	cr_assert(paces_add(paces, operators, sizeof operators - 1, &error), "%s", error.reason);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *host = rows[i].host != NULL ? rows[i].host : "(none)";
		const struct pace *right = &rows[i].pace;
		struct pace pace;

		pace_find(paces, rows[i].host, &ip, arena, &pace);
		cr_expect_str_eq(pace.site, right->site, "%s", host);
		cr_expect(pace.shallow == right->shallow && pace.deep == right->deep &&
		              pace.rate == right->rate && pace.transactions == right->transactions,
		    "%s", host);
	}
	paces_free(paces);
	arena_free(arena);
}

Test(site, a_domain_is_an_operators_when_all_of_its_exchangers_are)
{
	static const char operators[] =
	    "[big.example]\nmx = big.example other.example\nsource = x\n"
	    "[edge.big.example]\nmx = edge.big.example\nsource = x\n";
	static const struct {
		const char *hosts[3], *site;
	} rows[] = {
	    {{"a.big.example", "b.other.example"}, "big.example"},
	    {{"t.edge.big.example"}, "edge.big.example"},
	    {{"t.edge.big.example", "mx.own.example.org"}, "big.example"},
	    {{"t.edge.big.example", "a.big.example"}, "big.example"},
	    {{"mx.own.example.org", "a.big.example"}, "example.org"},
	    {{"a.other.example", "mx.own.example.org"}, "other.example"},
	    {{"mx.own.example.org"}, "example.org"},
	};
	struct paces *paces = paces_new(&(struct pace_wish){.connections = 0});
	struct arena *arena = arena_new();
	struct stanza_error error;
	struct ip ip = {.family = 4};

	cr_assert(paces_add(paces, operators, sizeof operators - 1, &error), "%s", error.reason);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct route_host hosts[3] = {{.name = NULL}};
		struct route route = {.hosts = hosts};
		struct pace pace;

		for (; route.host_count < 3 && rows[i].hosts[route.host_count] != NULL;
		     route.host_count++)
			hosts[route.host_count].name = rows[i].hosts[route.host_count];
		pace_find(paces, hosts[0].name, &ip, arena, &pace);
		cr_expect_str_eq(pace_site(paces, &pace, &route), rows[i].site, "row %zu", i);
	}
	paces_free(paces);
	arena_free(arena);
}

Test(site, wishes_go_before_tables)
{
	static const char operators[] =
	    "[a.example]\nmx = a.example\nconnections = 5\nrate = 9\nsource = x\n";
	const struct pace_wish wish = {.connections = 7, .rate_given = true, .rate = 0};
	struct paces *paces = paces_new(&wish);
	struct arena *arena = arena_new();
	struct stanza_error error;
	struct ip ip = {.family = 4};

	cr_assert(paces_add(paces, operators, sizeof operators - 1, &error));
	for (int i = 0; i < 2; i++) {
		struct pace pace;

		pace_find(paces, i == 0 ? "mx.a.example" : "mx.b.example", &ip, arena, &pace);
		cr_expect(pace.shallow == 7 && pace.deep == 7 && pace.rate == 0);
	}
	paces_free(paces);
	arena_free(arena);
}

Test(site, tables_that_are_refused)
{
	static const char *const tables[] = {"[a]\nmx = a.example\n", "[a]\nsource = x\n",
	    "[a]\nmx = a.example\nsource = x\nconnections = 0\n",
	    "[a]\nmx = a.example\nsource = x\nrate = many\n",
	    "[a]\nmx = a.example\nsource = x\nregions = yes\n",
	    "[a]\nmx = a.example\nsource = x\ncolour = red\n"};
	struct paces *paces = paces_new(&(struct pace_wish){.connections = 0});
	struct stanza_error error;

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		cr_expect_not(
		    paces_add(paces, tables[i], strlen(tables[i]), &error), "%s", tables[i]);
	paces_free(paces);
}

Test(site, built_in_table)
{
	struct paces *paces = paces_new(&(struct pace_wish){.connections = 0});
	struct stanza_error error;

	static const struct {
		const char *host, *site;
		unsigned connections, rate, transactions;
	} rows[] = {
	    {"gmail-smtp-in.l.google.com", "google.com", 5, 100, 50},
	    {"aspmx.l.google.com", "google.com", 5, 100, 50},
	    {"x-com.mail.protection.outlook.com", "mail.protection.outlook.com", 5, 100, 50},
	    {"hotmail-com.olc.protection.outlook.com", "olc.protection.outlook.com", 5, 100, 50},
	    {"x-com.a-v1.mx.microsoft", "mx.microsoft", 5, 100, 50},
	    {"smtp-in.orange.fr", "orange.fr", 2, 30, 10},
	    {"mta7.am0.yahoodns.net", "yahoodns.net", 10, 100, 20},
	    {"mx01.mail.icloud.com", "icloud.com", 10, 100, 5},
	    {"mx00.gmx.net", "gmx.net", 4, 30, 20},
	    {"mx-ha02.web.de", "gmx.net", 4, 30, 20},
	};
	struct arena *arena = arena_new();
	const struct ip ip = {.family = 4, .bytes = {192, 0, 2, 1}};

	cr_expect(paces_add(paces, data_sites, data_sites_size, &error), "line %u: %s", error.line,
	    error.reason);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct pace pace;

		pace_find(paces, rows[i].host, &ip, arena, &pace);
		cr_expect_str_eq(pace.site, rows[i].site, "%s", rows[i].host);
		cr_expect(pace.shallow == rows[i].connections && pace.deep == rows[i].connections &&
		              pace.rate == rows[i].rate &&
		              pace.transactions == rows[i].transactions,
		    "%s: %u %u %u", rows[i].host, pace.deep, pace.rate, pace.transactions);
	}
	arena_free(arena);
	paces_free(paces);
}

/* Any minute, wherever it begins. */
Test(site, no_minute_has_more_than_the_rate)
{
	enum { BEGUN = 3000 };
	static int64_t times[BEGUN];
	uint32_t random = 7;

	for (unsigned rate = 1; rate < 70; rate += 3) {
		struct window window = {0};
		int64_t now = 0;

		for (size_t i = 0; i < BEGUN; i++) {
			int64_t at = window_opens(&window, rate, 0, i % 700 > 600, now);

			now = at > now ? at : now;
			now +=
			    (next_random(&random) >> 24) % 5 == 0 ? next_random(&random) >> 16 : 0;
			if (window_opens(&window, rate, 0, false, now) > now)
				now = window_opens(&window, rate, 0, false, now);
			window_note(&window, times[i] = now);
			cr_assert(
			    i < rate || times[i] - times[i - rate] >= WINDOW_MS, "rate %u", rate);
		}
		window_release(&window);
	}
}

Test(site, depth)
{
	cr_expect_not(site_is_deep(STAGE_GREETING));
	cr_expect_not(site_is_deep(STAGE_STARTTLS));
	cr_expect_not(site_is_deep(STAGE_EHLO_TLS));
	cr_expect(site_is_deep(STAGE_MAIL));
	cr_expect(site_is_deep(STAGE_MESSAGE));
}
