/* charset: text of any character set → UTF-8, by iconv(3).
 *
 * What a set's table does not hold becomes U+FFFD. A set that iconv does not know, or of which the
 * system has no table, leaves ASCII as it is; other octets are taken for UTF-8 where they are that,
 * else for Latin-1. The outcome has no NUL, and CR LF is LF. */
#ifndef MAIL_CHARSET_H
#define MAIL_CHARSET_H

#include "base/slice.h"

struct arena;

enum { CHARSET_NAME_MAX = 40 };

/* `name`: of the set, NULL or "": not said. `*known` (may be NULL) false: iconv does not know it.
 */
struct slice charset_utf8(struct slice text, const char *name, struct arena *arena, bool *known);

#endif
