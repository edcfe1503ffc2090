/* book_of: a zone written as text → a book. One record a line:
 *
 *     example.com TXT v=spf1 -all
 *     example.com MX 10 mail.example.com
 *     gone.example TXT !SERVFAIL        (an rcode instead of data)
 *     empty.example TXT !               (the name is there, this type is not)
 */
#ifndef TESTS_BOOK_OF_H
#define TESTS_BOOK_OF_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "dns/book.h"

enum { BOOK_OF_LINES = 400 };

struct book_of_line {
	char name[256], type[8];
	const char *data;
	size_t len;
	bool done;
};

static void
book_of_put(struct book *book, struct book_of_line *lines, size_t count, size_t first)
{
	const struct book_of_line *line = &lines[first];
	const char *rcode = line->len > 1 && line->data[0] == '!' ? line->data + 1 : "NOERROR";
	int rcode_len = line->len > 1 && line->data[0] == '!' ? (int)line->len - 1 : 7;
	struct json json;
	struct buf out;
	char reason[256];

	buf_init(&out, 200000);
	json_start(&json, &out);
	json_object_begin(&json, NULL);
	json_cstring(&json, "name", line->name);
	json_cstring(&json, "type", line->type);
	json_bytes(&json, "rcode", rcode, (size_t)rcode_len);
	json_number(&json, "ttl", 300);
	json_array_begin(&json, "data");
	for (size_t i = first; i < count; i++) {
		if (strcmp(lines[i].name, line->name) != 0 ||
		    strcmp(lines[i].type, line->type) != 0)
			continue;
		lines[i].done = true;
		if (lines[i].len == 0 || lines[i].data[0] != '!')
			json_bytes(&json, NULL, lines[i].data, lines[i].len);
	}
	json_array_end(&json);
	json_object_end(&json);
	cr_assert(book_read_line(book, out.data, out.len, reason, sizeof reason), "%s: %s",
	    out.data, reason);
	buf_release(&out);
}

static inline struct book *
book_of(const char *zone)
{
	static struct book_of_line lines[BOOK_OF_LINES];
	struct book *book = book_new();
	size_t count = 0;

	while (*zone != '\0') {
		size_t len = strcspn(zone, "\n");
		int used = 0;

		if (len > 0) {
			struct book_of_line *line = &lines[count++];

			cr_assert(count < BOOK_OF_LINES && sscanf(zone, "%255s %7s%n", line->name,
			                                       line->type, &used) == 2,
			    "%.*s", (int)len, zone);
			line->done = false;
			line->data = zone + used + (zone[used] == ' ');
			line->len = len - (size_t)(line->data - zone);
		}
		zone += len + (zone[len] == '\n');
	}
	for (size_t i = 0; i < count; i++)
		if (!lines[i].done)
			book_of_put(book, lines, count, i);
	book_close(book);
	return book;
}

/* Runs `step` over the new, open `book`, which is fed from the closed one `from` as a live
 * evaluation is: all that is wanted at once. Returns the rounds it took. */
typedef bool book_of_step(struct book *book, void *arg);

static inline unsigned
book_of_feed(struct book *book, struct book *from, book_of_step *step, void *arg, size_t *questions)
{
	unsigned rounds = 1;

	*questions = 0;
	while (!step(book, arg)) {
		size_t count = book_wanted(book);
		struct question wants[256];

		cr_assert(count > 0 && count <= 256, "pending, and %zu questions", count);
		cr_assert(++rounds < 100);
		for (size_t i = 0; i < count; i++)
			wants[i] = book_want(book, i);
		for (size_t i = 0; i < count; i++)
			book_put(book, book_ask(from, wants[i].name, wants[i].type));
		*questions += count;
		book_forget_wants(book);
	}
	return rounds;
}

#endif
