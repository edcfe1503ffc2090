/* Whose turn it is: each row is a play of steps. "+name site address" adds a job (deep with a final
 * "deep"), ">name" begins the next one, and it must be that ("> -": none), "<name" ends it, "@ms"
 * is the time from then on, "hold site ms", "lower n", "when ms" what the last "> -" named. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/site.h"

enum { JOBS = 32, MANY = 20000 };

struct play {
	struct sites *sites;
	struct site_job jobs[JOBS];
	char names[JOBS][32];
	size_t count;
	int64_t now, when;
};

static const struct {
	const char *what;
	struct site_limits limits;
	const char *steps[24];
} plays[] = {
    {.what = "an address takes one connection at a time",
        .limits = {.walks = 9, .shallow = 9, .deep = 9, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", ">a", "> -", "<a", ">b",
            "> -", "when never"}},
    {.what = "whatever the sites are called",
        .limits = {.walks = 9, .shallow = 9, .deep = 9, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.1", ">a", "> -", "<a", ">b"}},
    {.what = "a site takes two up to EHLO",
        .limits = {.walks = 9, .shallow = 2, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2", "+c s.example 192.0.2.3",
            ">a", ">b", "> -", "<b", ">c"}},
    {.what = "and one past it",
        .limits = {.walks = 9, .shallow = 2, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1 deep", "+b s.example 192.0.2.2 deep", ">a", "> -", "<a",
            ">b"}},
    {.what = "a deep one waits for the shallow ones",
        .limits = {.walks = 9, .shallow = 2, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2 deep", ">a", "> -", "<a",
            ">b"}},
    {.what = "sites do not wait for each other",
        .limits = {.walks = 9, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.2", "+c t.example 192.0.2.3",
            ">a", ">c", "> -", "<a", ">b"}},
    {.what = "the run has a limit of its own",
        .limits = {.walks = 2, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b t.example 192.0.2.2", "+c u.example 192.0.2.3",
            ">a", ">b", "> -", "<a", ">c"}},
    {.what = "and it can be lowered, but not to nothing",
        .limits = {.walks = 3, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"lower 0", "+a s.example 192.0.2.1", "+b t.example 192.0.2.2", ">a", "> -", "<a",
            ">b"}},
    {.what = "a busy address does not hold up the rest of its site",
        .limits = {.walks = 9, .shallow = 2, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", "+c s.example 192.0.2.2",
            ">a", ">c", "> -"}},
    {.what = "nor does a full site hold up others at its address",
        .limits = {.walks = 9, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1", ">a", "+x u.example 192.0.2.9", ">x",
            "+b s.example 192.0.2.9", "+c t.example 192.0.2.9", "> -", "<x", ">c", "<a", "> -",
            "<c", ">b"}},
    {.what = "the addresses of a site take turns",
        .limits = {.walks = 9, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"+a s.example 192.0.2.1", "+b s.example 192.0.2.1", "+c s.example 192.0.2.1",
            "+d s.example 192.0.2.2", ">a", "<a", ">b", "<b", ">d", "<d", ">c"}},
    {.what = "nobody begins at a site before its time",
        .limits = {.walks = 9, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"hold s.example 500", "+a s.example 192.0.2.1", "+b t.example 192.0.2.2", ">b",
            "> -", "when 500", "@499", "> -", "@500", ">a"}},
    {.what = "nor when it was let in before that was known",
        .limits = {.walks = 1, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"+x t.example 192.0.2.9", ">x", "+a s.example 192.0.2.1",
            "+b s.example 192.0.2.2", "hold s.example 500", "<x", "> -", "when 500", "@500", ">a",
            "<a", ">b"}},
    {.what = "a time only moves on",
        .limits = {.walks = 9, .shallow = 1, .deep = 1, .address = 1},
        .steps = {"hold s.example 500", "hold s.example 300", "hold t.example 400",
            "hold u.example 100", "hold u.example 600", "+a s.example 192.0.2.1",
            "+b t.example 192.0.2.2", "+c u.example 192.0.2.3", "@300", "> -", "when 400", "@400",
            ">b", "> -", "when 500", "@500", ">a", "> -", "when 600", "@600", ">c"}},
    {.what = "families are told apart",
        .limits = {.walks = 9, .shallow = 9, .deep = 1, .address = 1},
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
	job->arg = play->names[play->count++];
	sites_add(play->sites, job, site, &ip, play->now);
}

static void
take(struct play *play, const char *what, const char *step, const char *name)
{
	char site[64];
	long long number = 0;
	struct site_job *job;

	sscanf(step, "%*s %63s %lld", site, &number);
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
		sites_hold(play->sites, site, number, play->now);
		break;
	case 'l':
		sites_lower(play->sites, (unsigned)atoi(site));
		break;
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
		struct play play = {.sites = sites_new(&plays[i].limits)};

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
	    .walks = 50, .shallow = 2, .deep = 1, .address = 1};
	static struct site_job jobs[MANY];
	static unsigned site_of[MANY], address_of[MANY], at_site[97], at_address[131];
	static struct site_job *running[50];
	struct sites *sites = sites_new(&limits);
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
			jobs[added].deep = (next_random(&random) >> 16) % 4 == 0;
			jobs[added].arg = &jobs[added];
			if (next_random(&random) >> 24 == 0)
				sites_hold(sites, site, now + 5, now);
			sites_add(sites, &jobs[added], site, &ip, now);
		}
		now++;
		while ((job = sites_next(sites, now, &when)) != NULL) {
			size_t i = (size_t)(job - jobs);

			running[live++] = job;
			at_site[site_of[i]]++;
			at_address[address_of[i]]++;
			cr_assert_leq(live, limits.walks);
			cr_assert_leq(at_address[address_of[i]], 1);
			cr_assert_leq(at_site[site_of[i]], job->deep ? 1 : 2);
		}
		cr_assert_eq(sites_running(sites), live);
		cr_assert_eq(sites_waiting(sites), added - ended - live);
		cr_assert_leq(sites_ready(sites), sites_waiting(sites));
		cr_assert(sites_ready(sites) == 0 || live == limits.walks);
		for (unsigned k = (next_random(&random) >> 24) % 50; k > 0 && live > 0; k--) {
			size_t which = (next_random(&random) >> 8) % live, i;

			i = (size_t)(running[which] - jobs);
			at_site[site_of[i]]--;
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

Test(site, names)
{
	static const struct {
		const char *host, *site;
	} rows[] = {
	    {"mx1.example.co.uk", "example.co.uk"},
	    {"mx2.other.co.uk", "other.co.uk"},
	    {"alt1.aspmx.l.google.com", "google.com"},
	    {"tenant-com.mail.protection.outlook.com", "outlook.com"},
	    {"example.com", "example.com"},
	    {"localhost", "localhost"},
	    {"co.uk", "co.uk"},
	    {"192.0.2.7", "192.0.2.1"},
	    {"", "192.0.2.1"},
	    {NULL, "192.0.2.1"},
	};
	struct arena *arena = arena_new();
	struct ip ip;

	ip_parse(&ip, "192.0.2.1");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_str_eq(site_name(rows[i].host, &ip, arena), rows[i].site, "%s",
		    rows[i].host != NULL ? rows[i].host : "(none)");
	arena_free(arena);
}

Test(site, depth)
{
	cr_expect_not(site_is_deep(STAGE_GREETING));
	cr_expect_not(site_is_deep(STAGE_STARTTLS));
	cr_expect_not(site_is_deep(STAGE_EHLO_TLS));
	cr_expect(site_is_deep(STAGE_MAIL));
	cr_expect(site_is_deep(STAGE_MESSAGE));
}
