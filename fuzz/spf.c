/* Exercises auth/spf.c, spf_find.c, spf_lint.c, spf_record.c and spf_macro.c: the input's lines are
 * the TXT records of a small hostile internet, in which names are given records by their hash; the
 * evaluation waits for each answer. The first two bytes choose the client's family and the sender.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/spf.h"
#include "auth/spf_lint.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 16, ROUNDS = 64, RECORDS = 12 };

static const char *const senders[] = {"", "user@start.example", "a.b-c+d@start.example",
    "\"odd\\ @ local\"@start.example", "\303\266@start.example", "@start.example", "start.example",
    "x@y"};

static unsigned
hash(const char *name)
{
	unsigned h = 2166136261u;

	for (; *name != '\0'; name++)
		h = (h ^ (unsigned char)*name) * 16777619u;
	return h;
}

static void
answer_one(struct book *book, struct question question, struct dns_text *lines, size_t count)
{
	static struct dns_record records[RECORDS];
	struct answer answer = {.name = question.name,
	    .type = question.type,
	    .canonical = question.name,
	    .records = records};
	unsigned h =
	    strcmp(question.name, "start.example") == 0 ? 64u * LINES * 5 : hash(question.name);

	if (h % 11 == 0)
		answer.rcode = DNS_SERVFAIL;
	else if (h % 7 == 0)
		answer.rcode = DNS_NXDOMAIN;
	else
		answer.count = question.type == DNS_TXT ? 1 : h / 64 % RECORDS;
	for (size_t i = 0; i < answer.count; i++) {
		struct dns_record *record = &records[i];

		memset(record, 0, sizeof *record);
		if (question.type == DNS_A)
			record->u.address = (struct ip){4, {192, 0, 2, (unsigned char)(h + i)}};
		else if (question.type == DNS_AAAA)
			record->u.address =
			    (struct ip){6, {0x20, 1, 0xd, 0xb8, [15] = (unsigned char)(h + i)}};
		else if (question.type == DNS_MX)
			record->u.mx.host = i % 3 == 0   ? ""
			                    : i % 3 == 1 ? "mail.example"
			                                 : question.name;
		else if (question.type == DNS_TXT) {
			record->u.txt.strings = &lines[h / 64 % count];
			record->u.txt.count = 1;
			record->u.txt.joined = lines[h / 64 % count];
		} else
			record->u.name = i % 2 == 0 ? "host.start.example" : "start.example";
	}
	book_put(book, &answer);
}

static void
feed(struct book *book, struct dns_text *lines, size_t count)
{
	struct question wants[1024];
	size_t wanted = book_wanted(book);

	if (wanted == 0 || wanted > sizeof wants / sizeof *wants)
		abort();
	for (size_t i = 0; i < wanted; i++)
		wants[i] = book_want(book, i);
	for (size_t i = 0; i < wanted; i++)
		answer_one(book, wants[i], lines, count);
	book_forget_wants(book);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct spf_query query = {.helo = "helo.example", .ip = {4, {192, 0, 2, 1}}};
	struct dns_text lines[LINES] = {{"", 0}};
	struct arena *arena = arena_new();
	struct book *book = book_new();
	size_t count = 1, rounds = 0;
	struct spf_lint lint;
	struct spf spf;
	char *text;

	if (size >= 2) {
		if (data[0] & 1)
			query.ip = (struct ip){6, {0x20, 1, 0xd, 0xb8, [15] = 1}};
		query.from = senders[data[1] % (sizeof senders / sizeof *senders)];
		query.survey = data[0] & 2;
		data += 2;
		size -= 2;
	}
	text = arena_copy(arena, (const char *)data, size);
	lines[0].bytes = text;
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n' && count < LINES) {
			text[i] = '\0';
			lines[count++] = (struct dns_text){text + i + 1, 0};
		} else {
			lines[count - 1].len++;
		}
	}
	while (!spf_check(book, arena, &query, &spf)) {
		if (++rounds > ROUNDS)
			abort();
		feed(book, lines, count);
	}
	if (spf.result > SPF_PERMERROR || spf.lookups > SPF_LOOKUPS_MAX + 1 ||
	    spf.voids > SPF_VOIDS_MAX + 1)
		abort();
	if ((spf.result == SPF_PERMERROR || spf.result == SPF_TEMPERROR) !=
	    (spf.problem != NULL && spf.result != SPF_NONE))
		abort();
	for (rounds = 0; !spf_lint(book, arena, "start.example", false, &lint);) {
		if (++rounds > ROUNDS)
			abort();
		feed(book, lines, count);
	}
	if (lint.reach.lookups > SPF_REACH_MAX ||
	    (lint.result == SPF_PASS) != (lint.problem == NULL))
		abort();
	book_free(book);
	arena_free(arena);
	return 0;
}
