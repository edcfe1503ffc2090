/* redact: a text that may be shown to others: of each mail address the local part is left out
 * ("…@example.com" becomes "redacted@example.com"). Its domain stays: refusals are about domains.
 */
#ifndef LOGS_REDACT_H
#define LOGS_REDACT_H

#include "base/slice.h"

struct arena;

struct slice redact(struct slice text, struct arena *arena); /* uncopied when it has no address */

#endif
