#include "base/hash.h"

#include <string.h>

/* The finisher of MurmurHash3 (public domain): each bit of it hangs on each bit of `x`. */
static uint64_t
mix(uint64_t x)
{
	x = (x ^ x >> 33) * 0xff51afd7ed558ccdu;
	x = (x ^ x >> 33) * 0xc4ceb9fe1a85ec53u;
	return x ^ x >> 33;
}

uint64_t
hash_add(uint64_t hash, const void *octets, size_t len)
{
	const unsigned char *at = octets;
	uint64_t word;

	hash = mix(hash + 0x9e3779b97f4a7c15u + len);
	for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
		memcpy(&word, at, sizeof word);
		hash = mix(hash ^ word) + 0x9e3779b97f4a7c15u;
	}
	if (len == 0)
		return hash;
	word = 0;
	memcpy(&word, at, len);
	return mix(hash ^ word);
}
