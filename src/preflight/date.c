#include "preflight/date.h"

#include <stdio.h>

static const char day_names[] = "sunmontuewedthufrisat";
static const char month_names[] = "janfebmaraprmayjunjulaugsepoctnovdec";

/* The index of a name of three letters; -1: it is none of them. */
static int
name_index(struct slice word, const char *names)
{
	if (word.len != 3)
		return -1;
	for (int i = 0; names[3 * i] != '\0'; i++)
		if (to_lower(word.at[0]) == names[3 * i] &&
		    to_lower(word.at[1]) == names[3 * i + 1] &&
		    to_lower(word.at[2]) == names[3 * i + 2])
			return i;
	return -1;
}

/* Days since the epoch, in the proleptic Gregorian calendar. */
static long long
days_of(long long year, int month, int day)
{
	long long y = month <= 2 ? year - 1 : year, era = y / 400, of_era = y - era * 400;
	long long of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int
days_in(long long year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* "17:02:11" or "17:02" */
static bool
read_clock(struct slice word, long long *seconds)
{
	struct slice part;
	unsigned long number[3] = {0, 0, 0};
	size_t count = 0;

	while (slice_part(&word, ':', &part)) {
		if (count == 3 || part.len != 2 || !slice_number(part, 60, &number[count]))
			return false;
		count++;
	}
	*seconds = (long long)(number[0] * 3600 + number[1] * 60 + number[2]);
	return count >= 2 && number[0] < 24 && number[1] < 60;
}

/* "+0100", or a name of old */
static bool
read_zone(struct slice word, long long *seconds)
{
	static const struct {
		const char *name;
		int hours;
	} old[] = {{"UT", 0}, {"GMT", 0}, {"UTC", 0}, {"Z", 0}, {"EST", -5}, {"EDT", -4},
	    {"CST", -6}, {"CDT", -5}, {"MST", -7}, {"MDT", -6}, {"PST", -8}, {"PDT", -7}};
	unsigned long number;

	for (unsigned i = 0; i < sizeof old / sizeof *old; i++)
		if (slice_is(word, old[i].name)) {
			*seconds = old[i].hours * 3600;
			return true;
		}
	if (word.len != 5 || (word.at[0] != '+' && word.at[0] != '-') ||
	    !slice_number(slice_from(word, 1), 9959, &number) || number % 100 > 59)
		return false;
	*seconds = (long long)(number / 100 * 3600 + number % 100 * 60);
	if (word.at[0] == '-')
		*seconds = -*seconds;
	return true;
}

/* Comments behind it are passed over: "(CET)". */
static struct slice
without_comment(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] == '(')
			value.len = i;
	return slice_trim(value);
}

static bool
fail(const char **why, const char *words)
{
	*why = words;
	return false;
}

bool
date_read(struct slice value, long long *time, const char **why)
{
	struct slice rest = without_comment(value), word;
	unsigned long day, year;
	long long clock, zone, days;
	int weekday = -1, month;

	if (!slice_word(&rest, " \t\r\n", &word))
		return fail(why, "it is empty");
	if (word.at[word.len - 1] == ',') {
		word.len--;
		weekday = name_index(word, day_names);
		if (weekday < 0)
			return fail(why, "no such day of the week");
		if (!slice_word(&rest, " \t\r\n", &word))
			return fail(why, "there is no day");
	}
	if (word.len > 2 || !slice_number(word, 31, &day) || day == 0)
		return fail(why, "no such day of a month");
	month = slice_word(&rest, " \t\r\n", &word) ? name_index(word, month_names) + 1 : 0;
	if (month == 0)
		return fail(why, "no such month");
	if (!slice_word(&rest, " \t\r\n", &word) || word.len < 4 ||
	    !slice_number(word, 9999, &year) || year < 1900)
		return fail(why, "the year does not have four digits");
	if ((int)day > days_in((long long)year, month))
		return fail(why, "the month does not have so many days");
	if (!slice_word(&rest, " \t\r\n", &word) || !read_clock(word, &clock))
		return fail(why, "there is no time of day");
	if (!slice_word(&rest, " \t\r\n", &word) || !read_zone(word, &zone))
		return fail(why, "there is no time zone, such as +0100");
	if (slice_trim(rest).len > 0)
		return fail(why, "something stands behind the time zone");
	days = days_of((long long)year, month, (int)day);
	if (weekday >= 0 && weekday != (int)(((days + 4) % 7 + 7) % 7))
		return fail(why, "the day of the week is another one's");
	*time = days * 86400 + clock - zone;
	return true;
}

void
date_write(long long time, char text[DATE_TEXT])
{
	static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
	static const char *const months[] = {
	    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
	long long day = time / 86400, year = 1970;
	unsigned second = (unsigned)(time % 86400);
	int month = 1;

	while (days_of(year + 1, 1, 1) <= day)
		year++;
	while (month < 12 && days_of(year, month + 1, 1) <= day)
		month++;
	snprintf(text, DATE_TEXT, "%s, %02lld %s %lld %02u:%02u:%02u +0000", days[(day + 4) % 7],
	    day - days_of(year, month, 1) + 1, months[month - 1], year, second / 3600,
	    second / 60 % 60, second % 60);
}
