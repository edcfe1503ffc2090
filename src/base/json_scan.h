/* json_scan: looks at one JSON text without making a tree of it: its members are gone through in
 * order, and what nobody asks for is stepped over, octet by octet, not understood. For texts of our
 * own by the million; where every fault of the text matters, jansson reads it.
 *
 * Values are slices of the text. Pure; nothing is allocated but by json_scan_string. */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include "base/slice.h"

struct arena;

struct json_member {
	struct slice key; /* as it is written, without its quotes; empty in an array */
	struct slice value; /* as it is written: "{…}", "\"text\"", "12", "null" */
};

struct json_scan {
	const char *at, *end; /* what has not been gone through */
	bool object; /* else an array */
	bool begun;
	bool inner; /* entered: its end is that of what it is in */
	bool bad; /* the text broke off, or is none */
};

/* Of an object or an array. Anything else has no members, and is bad. */
struct json_scan json_scan_begin(struct slice text);
bool json_scan_next(struct json_scan *scan, struct json_member *member); /* false: no more */

/* Goes through the members of an array's next object in place, without looking for its end first;
 * false: no more, or it is no object. Then leave it, however far it was gone through, for the next.
 */
bool json_scan_enter(struct json_scan *scan, struct json_scan *object);
void json_scan_leave(struct json_scan *scan, struct json_scan *object);

/* Without its quotes and escapes; `at` is NULL when it is no string. It is in the arena, or, where
 * it has no escape, still the text's own. */
struct slice json_scan_string(struct slice value, struct arena *arena);
struct slice json_scan_word(struct slice value); /* a string without escapes, of a closed set */
bool json_scan_number(struct slice value, long long *number); /* a whole one */
bool json_scan_true(struct slice value);

#endif
