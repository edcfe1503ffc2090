/* hash: 64 bits of some octets, for tables and to tell files apart. No secret stands behind it. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `hash`, which is any number at first; the cuts between calls count. */
uint64_t hash_add(uint64_t hash, const void *octets, size_t len);

#endif
