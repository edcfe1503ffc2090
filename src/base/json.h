/* json: writes one JSON text into a buffer.
 *
 * Reading is jansson's; writing is here because a record is built straight into its line: no tree,
 * no allocation a field (HACKING.md). The output is valid UTF-8 whatever the bytes: a byte that is
 * part of no valid sequence becomes \u00XX of the same value, so it can be told and restored; what
 * base/shown.h would not show as it is, is escaped, so that a record may be looked at as it is. A
 * key of NULL is for elements of an array. Commas are the writer's business. No name here is one of
 * jansson's: a program has one symbol of a name, and the library would call ours. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct json {
	struct buf *out; /* borrowed */
	size_t start; /* where this text begins in it */
	bool comma; /* the next thing needs a comma before it */
};

void json_start(struct json *json, struct buf *out);
void json_object_begin(struct json *json, const char *key);
void json_object_end(struct json *json);
void json_array_begin(struct json *json, const char *key);
void json_array_end(struct json *json);
void json_bytes(struct json *json, const char *key, const char *bytes, size_t len);
void json_cstring(struct json *json, const char *key, const char *string); /* NULL: null */
void json_text(
    struct json *json, const char *key, const char *string); /* left out when NULL or "" */
void json_strings(struct json *json, const char *key, const char *const *strings,
    size_t count); /* an array of them */
void json_number(struct json *json, const char *key, long long number);
void json_decimal(struct json *json, const char *key, double number); /* two decimals */
void json_bool(struct json *json, const char *key, bool value);
void json_none(struct json *json, const char *key);

#endif
