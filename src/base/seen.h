/* seen: which of many texts there were before, and the number that each had. Of a text some 17
 * octets are kept, however long it is: two of a million are taken for one with a probability of one
 * in forty million. */
#ifndef BASE_SEEN_H
#define BASE_SEEN_H

#include <stdint.h>

struct seen;

struct seen *seen_new(uint64_t seed);
void seen_free(struct seen *seen); /* NULL is allowed */

uint32_t seen_number(const struct seen *seen, const char *text); /* 0: it is not there */
void seen_add(struct seen *seen, const char *text, uint32_t number); /* one that is not there */

/* The same of a text in pieces, by its hash (base/hash.h), which begins with the seed. */
uint64_t seen_seed(const struct seen *seen);
uint32_t seen_print(const struct seen *seen, uint64_t print);
void seen_add_print(struct seen *seen, uint64_t print, uint32_t number);

#endif
