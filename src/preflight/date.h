/* date: the value of a Date field (RFC 5322 section 3.3) → seconds since the epoch. Pure. */
#ifndef PREFLIGHT_DATE_H
#define PREFLIGHT_DATE_H

#include <stdbool.h>

#include "base/slice.h"

/* On false `*why` is a static text. Zones by name are those of section 4.3. */
bool date_read(struct slice value, long long *time, const char **why);

enum { DATE_TEXT = 100 };

/* "Mon, 30 Nov 2026 16:02:11 +0000" */
void date_write(long long time, char text[DATE_TEXT]);

#endif
