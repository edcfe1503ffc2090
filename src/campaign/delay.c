#include "campaign/delay.h"

#include "base/slice.h"

enum { SECOND = 1000, DIGITS_MAX = 9 };

static const struct {
	const char *word; /* that begins so */
	int64_t ms;
} units[] = {
    {"milliseconds", 1},
    {"seconds", SECOND},
    {"second", SECOND},
    {"secs", SECOND},
    {"sec", SECOND},
    {"sekunden", SECOND},
    {"secondes", SECOND},
    {"segundos", SECOND},
    {"minutes", 60 * SECOND},
    {"minute", 60 * SECOND},
    {"minuten", 60 * SECOND},
    {"minutos", 60 * SECOND},
    {"mins", 60 * SECOND},
    {"min", 60 * SECOND},
    {"hours", 3600 * SECOND},
    {"hour", 3600 * SECOND},
    {"hrs", 3600 * SECOND},
    {"hr", 3600 * SECOND},
    {"stunden", 3600 * SECOND},
    {"stunde", 3600 * SECOND},
    {"heures", 3600 * SECOND},
    {"heure", 3600 * SECOND},
    {"horas", 3600 * SECOND},
    {"hora", 3600 * SECOND},
    {"days", 24 * 3600 * (int64_t)SECOND},
    {"day", 24 * 3600 * (int64_t)SECOND},
    {"s", SECOND},
    {"m", 60 * SECOND},
    {"h", 3600 * SECOND},
    {"d", 24 * 3600 * (int64_t)SECOND},
};

/* The unit that the word is; 0: it is none. "s" is one only behind a number without a space. */
static int64_t
unit_of(struct slice word, bool apart)
{
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (slice_is(word, units[i].word) && !(apart && units[i].word[1] == '\0'))
			return units[i].ms;
	return 0;
}

/* "5", "3.2" in thousandths; what is too long for a time is none. */
static bool
read_number(struct slice *rest, int64_t *thousandths)
{
	size_t whole = 0, part = 0;
	int64_t scale = 1000;

	*thousandths = 0;
	for (; whole < rest->len && is_digit(rest->at[whole]); whole++)
		if (whole < DIGITS_MAX)
			*thousandths = *thousandths * 10 + (rest->at[whole] - '0') * 1000;
	*rest = slice_from(*rest, whole);
	if (whole > DIGITS_MAX)
		return false;
	if (rest->len < 2 || rest->at[0] != '.' || !is_digit(rest->at[1]))
		return true;
	for (part = 1; part < rest->len && is_digit(rest->at[part]); part++) {
		scale /= 10;
		*thousandths += (rest->at[part] - '0') * scale;
	}
	*rest = slice_from(*rest, part);
	return rest->len == 0 || rest->at[0] != '.'; /* "5.7.1" is no time */
}

static struct slice
letters(struct slice rest)
{
	size_t len = 0;

	while (len < rest.len && is_alpha(rest.at[len]))
		len++;
	return (struct slice){rest.at, len};
}

/* "00:04:32", "04:32" behind the number that is read already, in seconds. */
static bool
read_clock(struct slice *rest, int64_t first, int64_t *seconds)
{
	size_t parts = 1;

	*seconds = first;
	while (rest->len >= 3 && rest->at[0] == ':' && is_digit(rest->at[1]) &&
	       is_digit(rest->at[2]) && (rest->len == 3 || !is_digit(rest->at[3])) && parts < 3) {
		*seconds = *seconds * 60 + (rest->at[1] - '0') * 10 + (rest->at[2] - '0');
		*rest = slice_from(*rest, 3);
		parts++;
	}
	return parts > 1 && (rest->len == 0 || rest->at[0] != ':');
}

/* Words behind which a time of the clock is one that is to be waited for. */
static bool
is_waited_for(struct slice before)
{
	static const char *const words[] = {
	    "again in ", "retry in ", "wait ", "for ", "within ", "after ", "come back in "};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_ends(before, words[i]))
			return true;
	return false;
}

static int64_t
time_at(struct slice before, struct slice *rest)
{
	int64_t thousandths, seconds, unit;
	struct slice behind;
	bool apart;

	if (!read_number(rest, &thousandths))
		return 0;
	if (thousandths % 1000 == 0 && read_clock(rest, thousandths / 1000, &seconds))
		return is_waited_for(before) && seconds < 1000000 ? seconds * SECOND : 0;
	behind = *rest;
	apart = behind.len > 0 && (is_blank(behind.at[0]) || behind.at[0] == '-');
	if (apart)
		behind = slice_from(behind, 1);
	unit = unit_of(letters(behind), apart);
	return thousandths / 1000 * unit + thousandths % 1000 * unit / 1000;
}

int64_t
delay_named(const char *text, size_t len)
{
	struct slice whole = {text, len}, rest = whole;
	int64_t longest = 0;

	while (rest.len > 0) {
		size_t at = whole.len - rest.len;
		bool begins = is_digit(rest.at[0]) &&
		              (at == 0 || !(is_alnum(whole.at[at - 1]) || whole.at[at - 1] == '.'));
		int64_t ms;

		if (!begins) {
			rest = slice_from(rest, 1);
			continue;
		}
		ms = time_at((struct slice){whole.at, at}, &rest);
		if (ms > longest)
			longest = ms;
		while (rest.len > 0 && is_digit(rest.at[0])) /* of what was no number */
			rest = slice_from(rest, 1);
	}
	return longest;
}
