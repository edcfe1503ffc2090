/* A book file. What was read is asked for, written and read again, and must come out the same. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "dns/book.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
read_lines(struct book *book, const char *data, size_t size, bool must_read)
{
	char reason[160];

	while (size > 0) {
		const char *end = memchr(data, '\n', size);
		size_t len = end != NULL ? (size_t)(end - data) : size;

		if (!book_read_line(book, data, len, reason, sizeof reason) && must_read)
			abort();
		len += end != NULL;
		data += len;
		size -= len;
	}
	book_close(book);
}

static void
ask(struct book *book)
{
	static const char *const names[] = {"example.com", "a.example", "www.example.com",
	    "mx1.example.com", "", "1.2.0.192.in-addr.arpa", "_25._tcp.mx1.example.com"};
	static const enum dns_type types[] = {
	    DNS_A, DNS_NS, DNS_CNAME, DNS_SOA, DNS_PTR, DNS_MX, DNS_TXT, DNS_AAAA, DNS_TLSA};

	for (size_t name = 0; name < sizeof names / sizeof *names; name++)
		for (size_t type = 0; type < sizeof types / sizeof *types; type++)
			if (book_ask(book, names[name], types[type]) == NULL)
				abort();
}

static void
write_all(const struct book *book, struct buf *out)
{
	for (size_t i = 0; i < book_used(book); i++)
		book_write_line(book_use(book, i), out);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct book *book = book_new(), *again = book_new();
	struct buf first, second;

	buf_init(&first, 16 << 20);
	buf_init(&second, 16 << 20);
	read_lines(book, (const char *)data, size, false);
	ask(book);
	write_all(book, &first);
	read_lines(again, first.data, first.len, true);
	ask(again);
	write_all(again, &second);
	if (!first.full &&
	    (first.len != second.len || memcmp(first.data, second.data, first.len) != 0))
		abort();
	buf_release(&first);
	buf_release(&second);
	book_free(book);
	book_free(again);
	return 0;
}
