/* pasted: lines that are no log's and no mail's: replies as servers give them, a notice copied out
 * of a mail program, what a program prints of an SMTP error → what was said.
 *
 * First they are put together: quoting marks ("> "), common indentation and HTML are taken off, a
 * reply's lines and those that a mail program wrapped are joined. Pure. */
#ifndef LOGS_PASTED_H
#define LOGS_PASTED_H

#include "base/slice.h"
#include "logs/bounce.h"

struct arena;

struct pasted_counts {
	unsigned long told, passed_over; /* refusals; lines that are part of none */
};

/* `line`: the number of the text's first line. */
struct pasted_counts pasted_read(
    struct slice text, unsigned long line, struct arena *arena, refusal_take *take, void *arg);

/* A reply whose lines a server's log wrote on one line ("550-5.7.26 This … 550-5.7.26 Gmail … 550
 * 5.7.26 …") with its line ends again; any other text as it is, uncopied. */
struct slice reply_unjoin(struct slice text, struct arena *arena);
/* The reply that a wrapper quotes: Cisco's "5.1.0 - Unknown address error 550-'5.1.1 …'", Amazon's
 * "554 4.4.7 Message expired: …<421 4.4.2 …>"; else the text as it is, uncopied. */
struct slice reply_inner(struct slice text, struct arena *arena);
/* Without the quotation marks around it, and without the closing one whose opening one stood before
 * the code and was left out with what is there. */
struct slice reply_bare(struct slice text);
/* Octets of the quotation mark, of any sort, that a text begins with; 0: it does with none. */
size_t quote_begins(struct slice text);

#endif
