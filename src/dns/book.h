/* book: the answers that an evaluation may look at, and the questions that it still has.
 *
 * An evaluator is a plain function over a book. book_ask gives the answer or NULL; a NULL has put
 * the question on the list of what is wanted, and the evaluator then returns false ("pending") as
 * soon as it cannot go on. It should ask all that it can know it needs before it gives up, so that
 * the questions are resolved in parallel. The driver (io/consult.h, or a test) puts answers in and
 * calls the evaluator again from the start until it returns true. The same book read from NDJSON is
 * --dns-replay, a test's DNS and a bug report's DNS.
 *
 * CNAMEs: a line or answer of type CNAME is followed by book_ask, up to 8 links; a loop or a longer
 * chain is SERVFAIL. */
#ifndef DNS_BOOK_H
#define DNS_BOOK_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/answer.h"

struct buf;
struct book;

struct question {
	const char *name;
	enum dns_type type;
};

struct book *book_new(void);
void book_free(struct book *book);

/* A closed book has no questions: a name that it does not hold is NXDOMAIN, one that it holds with
 * other types has no data (a name above one that it holds exists, too: RFC 8020). */
void book_close(struct book *book);

/* `name` is normalised first; a name that is none (label too long, empty label) is answered
 * NXDOMAIN without asking. Valid until the book is freed. */
const struct answer *book_ask(struct book *book, const char *name, enum dns_type type);

/* Files a copy. A second answer to the same question replaces the first for later asks; pointers to
 * the first stay valid. */
void book_put(struct book *book, const struct answer *answer);

size_t book_wanted(const struct book *book); /* how many questions wait: each once, until it is
                                                answered (book_put) or forgotten */
struct question book_want(
    const struct book *book, size_t i); /* `i` counts until book_put or book_forget_wants; the name
                                           stays valid as long as the book */
void book_forget_wants(struct book *book);

/* The answers that evaluations have really looked at, in the order of first use: what --dns-record
 * writes, and the questions-asked count. */
size_t book_used(const struct book *book);
const struct answer *book_use(const struct book *book, size_t i);

/* One line of a book file (DESIGN.md section 4), and back. On false, `reason` says what is wrong:
 * "no \"type\"", "data[1]: \"10\" is no MX", … The line has no newline. "name" and "type" must be
 * there. A type that we do not know is passed over, but makes the name one that the book holds. An
 * answer's server is "replay" if the line names none. */
bool book_read_line(
    struct book *book, const char *line, size_t len, char *reason, size_t reason_size);
/* With the newline; {"name","type","rcode","ad","ttl","data"[,"canonical"][,"server"]}.
 * "canonical": the answer is about that name, behind CNAMEs of "name". */
void book_write_line(const struct answer *answer, struct buf *out);

#endif
