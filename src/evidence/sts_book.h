/* sts_book: fetched policies as lines of NDJSON, as the book of dns/book.h is for the DNS:
 * --sts-record writes them, --sts-replay, a test and a bug report read them. Pure.
 *
 *     {"domain":"example.com","fetch":"ok","status":200,"type":"text/plain","body":"version: …"}
 *     {"domain":"example.net","fetch":"certificate","fault":"certificate-expired"}
 */
#ifndef EVIDENCE_STS_BOOK_H
#define EVIDENCE_STS_BOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "evidence/mta_sts.h"

struct arena;
struct buf;

struct sts_book {
	struct sts_book_entry {
		const char *domain;
		size_t line; /* in the order of reading */
		struct sts_fetched fetched;
	} * entries; /* in the arena */
	size_t count;
};

/* One line, without its end. On false, `reason` says what is wrong. */
bool sts_book_read_line(struct sts_book *book, struct arena *arena, struct slice line, char *reason,
    size_t reason_size);
/* All lines are read: what the last one says of a domain counts. */
void sts_book_close(struct sts_book *book);
/* Of a closed book; NULL: it does not hold the domain. */
const struct sts_fetched *sts_book_find(const struct sts_book *book, const char *domain);
void sts_book_write_line(const char *domain, const struct sts_fetched *fetched, struct buf *out);

#endif
