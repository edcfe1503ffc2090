#include "report/isolated.h"

#include <string.h>

#include "base/arena.h"

const char *
course_end_name(enum course_end end)
{
	static const char *const names[] = {[COURSE_GOES_ON] = "interrupted",
	    [COURSE_FOUND] = "found",
	    [COURSE_NOT_REFUSED] = "not-refused",
	    [COURSE_NOT_REACHED] = "not-reached",
	    [COURSE_NOT_CONTENT] = "not-content",
	    [COURSE_NOT_NEEDED] = "not-needed",
	    [COURSE_NO_PART] = "no-part",
	    [COURSE_SPENT] = "spent",
	    [COURSE_UNTOLD] = "untold",
	    [COURSE_TOO_FAST] = "too-fast",
	    [COURSE_DRIFTED] = "drifted"};

	return names[end];
}

const char *
course_outcome_name(enum course_outcome outcome)
{
	static const char *const names[] = {[COURSE_REFUSED] = "refused",
	    [COURSE_ACCEPTED] = "accepted",
	    [COURSE_UNKNOWN] = "unknown",
	    [COURSE_OTHERWISE] = "refused-otherwise",
	    [COURSE_EARLIER] = "refused-earlier",
	    [COURSE_GREYLISTED] = "greylisted",
	    [COURSE_LIMITED] = "rate-limited"};

	return names[outcome];
}

const char *
course_say_name(enum course_say say)
{
	static const char *const names[] = {[COURSE_WHOLE] = "whole",
	    [COURSE_CONTROL] = "control",
	    [COURSE_PARTS] = "parts",
	    [COURSE_BARE] = "bare"};

	return names[say];
}

const char *
isolated_suspect(
    const struct isolated *isolated, const struct suspect *suspect, struct arena *arena)
{
	const struct message_piece *pieces = isolated->pieces->items;
	const char *first, *second;

	if (suspect->kind == SUSPICION_SUM)
		return "no single part, nor two: their sum, or what all of them share";
	first = kinds_tell(isolated->kinds, &pieces[suspect->first], arena);
	if (suspect->kind == SUSPICION_ONE)
		return first;
	second = kinds_tell(isolated->kinds, &pieces[suspect->second], arena);
	return suspect->kind == SUSPICION_EITHER
	           ? arena_printf(arena, "either of %s and %s", first, second)
	           : arena_printf(arena, "%s and %s together", first, second);
}

const char *
isolated_advice(const struct isolated *isolated, struct arena *arena)
{
	const struct suspect *best = &isolated->likely[0];
	const char *first, *second;

	if (isolated->end != COURSE_FOUND)
		return kinds_end_advice(isolated->kinds, course_end_name(isolated->end));
	first = kinds_advice(isolated->kinds, &isolated->pieces->items[best->first], arena);
	if (best->kind == SUSPICION_ONE)
		return first;
	second = kinds_advice(isolated->kinds, &isolated->pieces->items[best->second], arena);
	return arena_printf(arena, "%s %s%s%s",
	    kinds_end_advice(isolated->kinds, best->kind == SUSPICION_EITHER ? "either" : "both"),
	    first, strcmp(first, second) != 0 ? " " : "", strcmp(first, second) != 0 ? second : "");
}
