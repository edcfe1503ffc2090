/* report_html: the sections of the page, in two files. Pure. */
#ifndef REPORT_REPORT_HTML_H
#define REPORT_REPORT_HTML_H

#include "report/report.h"

enum {
	HTML_SITES_LARGE = 20, /* that are told of one by one, however they fared */
	HTML_SITES = 100, /* … all in all */
	HTML_MATRIX = 40,
	HTML_PAGE_MAX = 290000, /* octets, of which the rows take what the rest leaves */
};

/* "accepted" "refused" "deferred" "open": the classes of the page. */
const char *html_class(enum walk_status status);
/* Where a blocklist is asked about `item`: a page of our own tables; NULL: none. */
const char *html_list_page(struct report *report, const char *list, const char *item);

void html_senders(struct report *report); /* what holds against them, and their lists */
void html_checks(struct report *report);
void html_changes(struct report *report);
void html_rows(struct report *report); /* that need somebody */

#endif
