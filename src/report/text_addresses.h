/* text_addresses: many addresses of one sender beside each other: which list has which, and what is
 * another with one than with most, and what to do about each kind of finding → words for people.
 * Pure. */
#ifndef REPORT_TEXT_ADDRESSES_H
#define REPORT_TEXT_ADDRESSES_H

#include "evidence/lists.h"
#include "judge/advice.h"
#include "report/text.h"

struct address_row {
	const char *ip;
	const char *helo, *ptr, *fcrdns, *spf, *dmarc; /* NULL: none, or not known */
	const struct advice *findings; /* that refuse, warn or are not known; the gravest first */
	size_t finding_count;
	const struct address_listing {
		const char *list;
		enum list_kind kind;
		enum list_state state;
	} * listings; /* of the address itself */
	size_t listing_count;
};

void text_addresses(
    struct buf *out, const struct text_style *style, const struct address_row *rows, size_t count);

#endif
