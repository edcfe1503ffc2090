/* delay: how long a reply asks us to wait: "try again in 5 minutes", "greylisted for 300 seconds",
 * "expected removal in 3.2 days". Pure. */
#ifndef CAMPAIGN_DELAY_H
#define CAMPAIGN_DELAY_H

#include <stddef.h>
#include <stdint.h>

/* Milliseconds, the longest that it names; 0: it names none. */
int64_t delay_named(const char *text, size_t len);

#endif
