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

struct sip {
	uint64_t v0, v1, v2, v3;
};

static uint64_t
turned(uint64_t x, unsigned bits)
{
	return x << bits | x >> (64 - bits);
}

static inline void
sip_round(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = turned(s->v1, 13) ^ s->v0;
	s->v0 = turned(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = turned(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = turned(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = turned(s->v1, 17) ^ s->v2;
	s->v2 = turned(s->v2, 32);
}

static void
sip_add(struct sip *s, uint64_t word)
{
	s->v3 ^= word;
	sip_round(s);
	s->v0 ^= word;
}

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012); the second half of the key is
 * made of the first. */
uint64_t
hash_secret(uint64_t secret, const void *octets, size_t len)
{
	const uint64_t other = mix(secret + 0x9e3779b97f4a7c15u);
	struct sip s = {secret ^ 0x736f6d6570736575u, other ^ 0x646f72616e646f6du,
	    secret ^ 0x6c7967656e657261u, other ^ 0x7465646279746573u};
	const unsigned char *at = octets;
	uint64_t word, last = (uint64_t)len << 56;

	for (; len >= sizeof word; at += sizeof word, len -= sizeof word) {
		memcpy(&word, at, sizeof word);
		sip_add(&s, word);
	}
	for (size_t i = 0; i < len; i++)
		last |= (uint64_t)at[i] << 8 * i;
	sip_add(&s, last);
	s.v2 ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&s);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
