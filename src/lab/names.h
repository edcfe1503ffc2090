/* names: the static part of the lab's DNS, as text for zone_add(). Pure data. */
#ifndef LAB_NAMES_H
#define LAB_NAMES_H

#include <stddef.h>

struct lab_name {
	const char *origin, *text;
};

extern const struct lab_name lab_names[];
extern const size_t lab_name_count;

#endif
