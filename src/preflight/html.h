/* html: what a message's HTML holds, read by gumbo as a browser would read it (HTML5), and written
 * down in a form that goes through a pipe: links, resources, elements of note, hidden text, and all
 * text that is shown. Pure, but not bounded: gumbo's time may grow with the square of what it
 * reads; for what comes from outside it runs in a process of its own (input/aside.h). */
#ifndef PREFLIGHT_HTML_H
#define PREFLIGHT_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/slice.h"

struct buf;

enum html_item_kind {
	HTML_LINK = 'A', /* url, words shown for it */
	HTML_IMAGE = 'I', /* url, alternative words */
	HTML_RESOURCE = 'R', /* url, element: what is loaded or led to by anything else */
	HTML_ELEMENT = 'E', /* name, detail: script, iframe, form … */
	HTML_HIDDEN = 'H', /* words, why */
	HTML_TEXT = 'T', /* words, "" */
	HTML_END = '.' /* "", "": nothing is missing */
};

struct html_item {
	enum html_item_kind kind;
	size_t offset; /* of its tag, in the HTML */
	const char *first, *second;
};

/* `out` is filled as far as it has room: what is missing then is missing at the end. */
void html_digest(struct slice html, struct buf *out);
/* The next item; false at the end, or where it is cut. */
bool html_item_next(struct slice *digest, struct html_item *item);

#endif
