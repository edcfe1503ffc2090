#include "base/range.h"

#include <float.h>
#include <stdlib.h>
#include <string.h>

#include "base/slice.h"

/* A number of digits and at most one point; strtod would take "inf", "1e9" and "0x10", too. */
static bool
read_number(const char *text, size_t len, double *value)
{
	size_t digits = 0, points = 0;

	for (size_t i = 0; i < len; i++) {
		digits += is_digit(text[i]);
		points += text[i] == '.';
	}
	if (digits == 0 || points > 1 || digits + points != len || len > 15)
		return false;
	*value = strtod(text, NULL);
	return true;
}

bool
range_parse(struct alarm_range *range, const char *text)
{
	size_t len = strlen(text);
	const char *colon;

	*range = (struct alarm_range){.set = true, .low = 0, .high = DBL_MAX, .text = text};
	if (len > 0 && text[len - 1] == '%') {
		range->share = true;
		len--;
	}
	if (len > 0 && *text == '@') {
		range->within = true;
		text++;
		len--;
	}
	colon = memchr(text, ':', len);
	if (colon == NULL)
		return read_number(text, len, &range->high);
	if (colon == text + 1 && *text == '~')
		range->low = -DBL_MAX;
	else if (colon > text && !read_number(text, (size_t)(colon - text), &range->low))
		return false;
	len -= (size_t)(colon + 1 - text);
	return (len == 0 || read_number(colon + 1, len, &range->high)) && range->low <= range->high;
}

bool
range_alarms(const struct alarm_range *range, double value, double whole)
{
	bool within;

	if (!range->set || (range->share && whole <= 0))
		return false;
	value = range->share ? 100 * value / whole : value;
	within = value >= range->low && value <= range->high;
	return within == range->within;
}
