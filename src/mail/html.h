/* html: the words of an HTML text, line by line, as a browser would show them; what is not shown
 * (head, style, script, comments) is left out. */
#ifndef MAIL_HTML_H
#define MAIL_HTML_H

#include "base/slice.h"

struct arena;

struct slice html_text(struct slice html, struct arena *arena);
/* Does it have a tag or an entity of HTML? */
bool html_is(struct slice text);

#endif
