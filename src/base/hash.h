/* hash: 64 bits of some octets. */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* To tell files and texts apart. Goes on from `hash`, which is any number at first; the cuts
 * between calls count. */
uint64_t hash_add(uint64_t hash, const void *octets, size_t len);
/* For tables of what strangers name (base/table.h): who does not know the secret cannot choose
 * octets that collide. A hash may be the secret of what goes on from it. SipHash-1-3. */
uint64_t hash_secret(uint64_t secret, const void *octets, size_t len);

#endif
