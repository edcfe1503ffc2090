/* Exercises dns/dmarc.c and dmarc_record.c: the input's lines are the TXT records at _dmarc names,
 * which get theirs by their hash; the evaluation waits for each answer. The first two bytes choose
 * the message. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/dmarc.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 8, ROUNDS = 8 };

static const char *const names[] = {"example.com", "a.example.com", "b.a.example.com",
    "1.2.3.4.5.6.7.8.9.example.com", "com", "other.net", "x..y", ""};

static const char *
org_domain(const char *name, const void *arg)
{
	(void)arg;
	return name_labels(name) > 1 ? name_last_labels(name, 2) : NULL;
}

static void
answer_one(struct book *book, struct question question, struct dns_text *lines, size_t count)
{
	struct dns_record records[2] = {0};
	struct answer answer = {.name = question.name,
	    .type = question.type,
	    .canonical = question.name,
	    .records = records};
	unsigned h = 2166136261u;

	for (const char *p = question.name; *p != '\0'; p++)
		h = (h ^ (unsigned char)*p) * 16777619u;
	h /= 64;
	if (question.type != DNS_TXT || h % 5 == 0)
		answer.rcode = h % 2 ? DNS_NXDOMAIN : DNS_NOERROR;
	else
		answer.count = 1 + (h % 7 == 0);
	for (size_t i = 0; i < answer.count; i++)
		records[i].u.txt.strings = &lines[(h + i) % count], records[i].u.txt.count = 1,
		records[i].u.txt.joined = lines[(h + i) % count];
	book_put(book, &answer);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dmarc_identifier spf = {"a.example.com", DMARC_AUTH_PASS},
	                        dkim[2] = {{"c.example.com", DMARC_AUTH_PASS},
	                            {"x.a.example.com", DMARC_AUTH_TEMPERROR}};
	struct dmarc_query query = {.from = names[0],
	    .spf = &spf,
	    .dkim = dkim,
	    .dkim_count = 2,
	    .org_domain = org_domain,
	    .survey = true};
	struct dns_text lines[LINES] = {{"", 0}};
	struct arena *arena = arena_new();
	struct book *book = book_new();
	size_t count = 1, rounds = 0;
	struct dmarc dmarc;
	char *text;

	if (size >= 2) {
		query.from = names[data[0] % 8];
		spf.domain = names[data[1] % 8];
		query.dkim_count = data[1] / 8 % 3;
		query.policy_only = data[1] >= 128;
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
	while (!dmarc_check(book, arena, &query, &dmarc)) {
		struct question wants[64];
		size_t wanted = book_wanted(book);

		if (++rounds > ROUNDS || wanted == 0 || wanted > 64)
			abort();
		for (size_t i = 0; i < wanted; i++)
			wants[i] = book_want(book, i);
		for (size_t i = 0; i < wanted; i++)
			answer_one(book, wants[i], lines, count);
		book_forget_wants(book);
	}
	if (dmarc.now.queries > DMARC_WALK_MAX || dmarc.now.policy > DMARC_REJECT ||
	    dmarc.now.result > DMARC_PUBLISHED)
		abort();
	if ((dmarc.now.result == DMARC_PASS || dmarc.now.result == DMARC_FAIL ||
	        dmarc.now.result == DMARC_PUBLISHED) != (dmarc.now.problem == NULL))
		abort();
	book_free(book);
	arena_free(arena);
	return 0;
}
