/* How long replies ask us to wait. */
#include <criterion/criterion.h>
#include <string.h>

#include "campaign/delay.h"

enum { S = 1000, M = 60 * S, H = 60 * M };

static const struct {
	const char *text;
	int64_t ms;
} rows[] = {
    {"450 4.2.0 Greylisted, see http://postgrey.schweikert.ch/help/example.org.html", 0},
    {"Greylisting in action, please come back in 00:04:32", 4 * M + 32 * S},
    {"Greylisted for 300 seconds", 300 * S},
    {"try again in 5 minutes", 5 * M},
    {"Try again in 5 min.", 5 * M},
    {"please retry in 1 hour", H},
    {"Too many connections, wait 90s", 90 * S},
    {"retry after 15m", 15 * M},
    {"Expected removal in 3.2 days", (int64_t)(3.2 * 24) * H + 48 * M},
    {"greylisted for 1 minute; try again in 5 minutes at the latest", 5 * M},
    {"bitte in 10 Minuten wieder", 10 * M},
    {"4.7.1 Greylisting in effect, please come back later", 0},
    {"451 4.7.1 Please try again later (TRY-SETUP)", 0},
    {"421 4.7.0 [192.0.2.7] Our system has detected 15 messages", 0},
    {"S3150 mx1.example.com 10.0.0.1 30 recipients", 0},
    {"at 10:44:32 on Monday", 0},
    {"max 100 connections/min", 0},
    {"5-minute limit", 5 * M},
    {"99999999999999999999 hours", 0},
    {"1.2.3 seconds", 0},
    {"0 seconds", 0},
    {"", 0},
    {"5", 0},
    {"5 ", 0},
    {"5.", 0},
    {"12:34", 0},
    {"wait 12:34:56:78", 0},
};

Test(delay, rows)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		cr_expect_eq(delay_named(rows[i].text, strlen(rows[i].text)), rows[i].ms,
		    "%s: %lld", rows[i].text,
		    (long long)delay_named(rows[i].text, strlen(rows[i].text)));
}
