/* names: each different name once, with a number: for tables whose rows would otherwise hold it
 * again and again. Bounded: beyond `max` names a new one has the number 0. */
#ifndef BASE_NAMES_H
#define BASE_NAMES_H

#include <stdint.h>

#include "base/slice.h"

struct names;
struct names *names_new(size_t max, uint64_t secret); /* base/table.h */
void names_free(struct names *names); /* NULL is allowed */

unsigned names_number(struct names *names, struct slice name); /* from 1 */
const char *names_at(const struct names *names, unsigned number); /* NULL: 0, or none has it */
size_t names_count(const struct names *names);

#endif
