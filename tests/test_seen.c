/* Which texts there were, by their fingerprints: none is forgotten, none is made up. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/seen.h"

enum { MANY = 300000 };

Test(seen, each_has_its_number)
{
	struct seen *seen = seen_new(42);
	char text[32];
	unsigned wrong = 0;

	cr_expect_eq(seen_number(seen, "a"), 0, "nothing is there");
	for (uint32_t i = 1; i <= MANY; i++) {
		snprintf(text, sizeof text, "d%u.example", i);
		wrong += seen_number(seen, text) != 0;
		seen_add(seen, text, i * 2);
		wrong += seen_number(seen, text) != i * 2;
	}
	for (uint32_t i = 1; i <= MANY; i++) {
		snprintf(text, sizeof text, "d%u.example", i);
		wrong += seen_number(seen, text) != i * 2;
		snprintf(text, sizeof text, "e%u.example", i);
		wrong += seen_number(seen, text) != 0;
	}
	cr_expect_eq(wrong, 0, "%u", wrong);
	seen_free(seen);
	seen_free(NULL);
}

Test(hash, lengths_and_cuts_count)
{
	static const char zeros[40];
	uint64_t seen[80];
	size_t count = 0;

	for (size_t len = 0; len <= sizeof zeros; len++)
		seen[count++] = hash_add(7, zeros, len);
	seen[count++] = hash_add(8, zeros, 0);
	seen[count++] = hash_add(7, "a", 1);
	seen[count++] = hash_add(hash_add(7, "a", 1), "b", 1);
	seen[count++] = hash_add(hash_add(7, "", 0), "ab", 2);
	seen[count++] = hash_add(7, "ab", 2);
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < i; k++)
			cr_expect_neq(seen[i], seen[k], "%zu %zu", i, k);
}
