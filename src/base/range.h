/* range: when a value is to raise an alarm, in the form of the monitoring plugins: "10" outside of
 * 0 to 10, "10:" below 10, "~:10" above 10, "10:20" outside of these, "@10:20" within them. With a
 * "%" behind it, it is about the share of the whole. */
#ifndef BASE_RANGE_H
#define BASE_RANGE_H

#include <stdbool.h>

struct alarm_range {
	bool set, within, share;
	double low, high;
	const char *text; /* as it was given */
};

enum measure { /* what a run is measured by */
	MEASURE_REFUSED,
	MEASURE_DEFERRED,
	MEASURE_UNDETERMINED,
	MEASURE_LISTED, /* listings of the sender on blocklists */
	MEASURE_TIME, /* seconds */
	MEASURE_DAYS, /* until the first certificate ends */
	MEASURE_COUNT
};

struct thresholds {
	struct alarm_range warn[MEASURE_COUNT], crit[MEASURE_COUNT];
};

bool range_parse(struct alarm_range *range, const char *text); /* `text` is kept */
bool range_alarms(const struct alarm_range *range, double value, double whole);

#endif
