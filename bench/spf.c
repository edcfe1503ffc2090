/* How many SPF evaluations a second one core does from a closed book: a table, one row a kind of
 * policy. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "auth/spf.h"
#include "base/arena.h"
#include "dns/book.h"

static const char *const lines[] = {
    "{\"name\":\"plain.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 ip4:192.0.2.0/24 "
    "ip4:198.51.100.0/24 -all\"]}",
    "{\"name\":\"include.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 include:_a.example "
    "include:_b.example include:_c.example ~all\"]}",
    "{\"name\":\"_a.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 ip4:203.0.113.0/26 "
    "ip4:203.0.113.64/26 ip6:2001:db8:1::/48 ip6:2001:db8:2::/48 ?all\"]}",
    "{\"name\":\"_b.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 ip4:203.0.113.128/26 "
    "ip4:198.18.0.0/15 ip6:2001:db8:3::/48 ?all\"]}",
    "{\"name\":\"_c.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 ip4:192.0.2.0/24 ?all\"]}",
    "{\"name\":\"hosts.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 a mx a:mail.example "
    "mx:plain.example -all\"]}",
    "{\"name\":\"hosts.example\",\"type\":\"A\",\"data\":[\"203.0.113.1\"]}",
    "{\"name\":\"hosts.example\",\"type\":\"MX\",\"data\":[\"10 mx1.example\",\"10 "
    "mx2.example\",\"20 mx3.example\"]}",
    "{\"name\":\"plain.example\",\"type\":\"MX\",\"data\":[\"10 mail.example\"]}",
    "{\"name\":\"mx1.example\",\"type\":\"A\",\"data\":[\"203.0.113.2\"]}",
    "{\"name\":\"mx2.example\",\"type\":\"A\",\"data\":[\"203.0.113.3\"]}",
    "{\"name\":\"mx3.example\",\"type\":\"A\",\"data\":[\"203.0.113.4\"]}",
    "{\"name\":\"mail.example\",\"type\":\"A\",\"data\":[\"203.0.113.5\"]}",
    "{\"name\":\"macro.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 "
    "exists:%{ir}.%{l1r-}._spf.%{d2} redirect=%{d2}.on.example\"]}",
    "{\"name\":\"macro.example.on.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 ptr -all "
    "exp=why.example\"]}",
    "{\"name\":\"why.example\",\"type\":\"TXT\",\"data\":[\"%{i} is no host of %{o} (%{p})\"]}",
    "{\"name\":\"10.2.0.192.in-addr.arpa\",\"type\":\"PTR\",\"data\":[\"mx1.example\"]}",
    "{\"name\":\"loop.example\",\"type\":\"TXT\",\"data\":[\"v=spf1 include:loop.example -all\"]}",
};

static const struct {
	const char *name, *from;
} rows[] = {
    {"addresses only", "user@plain.example"},
    {"three includes", "user@include.example"},
    {"a and mx, no match", "user@hosts.example"},
    {"macros, redirect, ptr, exp", "first.last@macro.example"},
    {"include loop (permerror)", "user@loop.example"},
    {"no such domain", "user@gone.example"},
};

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
run(struct book *book, struct arena *arena, const char *name, const char *from, double length)
{
	struct spf_query query = {.from = from, .helo = "mx1.example", .ip = {4, {192, 0, 2, 10}}};
	double start = seconds(), took;
	unsigned long count = 0;
	struct spf spf;

	do {
		for (int i = 0; i < 100; i++) {
			arena_reset(arena);
			if (!spf_check(book, arena, &query, &spf))
				exit(1);
		}
		count += 100;
		took = seconds() - start;
	} while (took < length);
	printf("%-28s %-10s %8u %14.0f\n", name, spf_result_name(spf.result), spf.lookups,
	    (double)count / took);
}

int
main(int argc, char **argv)
{
	double length = argc > 1 ? atof(argv[1]) : 1.0;
	struct arena *arena = arena_new();
	struct book *book = book_new();
	char reason[200];

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (!book_read_line(book, lines[i], strlen(lines[i]), reason, sizeof reason)) {
			fprintf(stderr, "%s: %s\n", lines[i], reason);
			return 1;
		}
	book_close(book);
	printf("%-28s %-10s %8s %14s\n", "SPF policy", "result", "look-ups", "evaluations/s");
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		run(book, arena, rows[i].name, rows[i].from, length);
	book_free(book);
	arena_free(arena);
	return 0;
}
