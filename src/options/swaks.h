/* swaks: what people who know swaks type, and how to say it here. Every option of swaks has a row;
 * tests/swaks.py compares the rows with the swaks that is installed. */
#ifndef OPTIONS_SWAKS_H
#define OPTIONS_SWAKS_H

#include <stdbool.h>
#include <stddef.h>

enum swaks_value { SWAKS_NONE, SWAKS_MAY, SWAKS_MUST }; /* does the option take a value? */

struct swaks_option {
	const char *names; /* without dashes */
	enum swaks_value value;
	const char *ours; /* what to write for the same meaning; NULL: there is nothing like it */
	const char *why; /* there is not, or what differs; NULL: nothing to say */
};

extern const struct swaks_option swaks_table[];
extern const size_t swaks_count;

const struct swaks_option *swaks_find(const char *name, size_t len); /* NULL: not swaks's */
/* Of "h-NAME" or "header-NAME" the NAME; NULL: it is no such thing. */
const char *swaks_header(const char *name, size_t len);
bool swaks_stage(const char *word); /* a word of swaks's --quit-after, in its upper case */

#endif
