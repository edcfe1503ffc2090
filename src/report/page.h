/* page: pieces of a page. What is put in as text may be anything that a peer says: it is escaped,
 * and what may not be shown to people is made visible (base/shown.h). Pure. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/slice.h"

struct buf;

void page_text(struct buf *out, struct slice text);
void page_words(struct buf *out, const char *words); /* NULL: nothing */
void page_some(struct buf *out, struct slice text, size_t max); /* that many octets, and "…" */
void page_advice(struct buf *out, const char *words); /* what stands in `…` as code */
/* A link, if it is https:, to a page that is ours to name; else its words alone. */
void page_link(struct buf *out, const char *url, const char *words);

struct page_bar { /* a part of a bar: its class and what it means */
	const char *class, *words;
	unsigned long count;
};
void page_bar(struct buf *out, const struct page_bar *parts, size_t count);

/* A section with a heading; a table in it, which is scrolled where it is too wide. `heads`: "Site",
 * or "#Targets" for numbers; NULL ends them. `class`: "sorted", "sorted found". */
void page_section(struct buf *out, const char *id, const char *title);
void page_table(struct buf *out, const char *class, const char *caption, const char *const *heads);
void page_table_end(struct buf *out);
void page_cell(struct buf *out, const char *words); /* … */
void page_number(struct buf *out, unsigned long number);
void page_fact(struct buf *out, const char *term, const char *words); /* of a <dl>; NULL: none */

/* The page's beginning and end, with style, script and a policy that allows these and no other
 * (CSP Level 3, by their hashes). */
void page_begin(struct buf *out, const char *title);
void page_end(struct buf *out);

#endif
