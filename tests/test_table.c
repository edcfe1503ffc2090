/* base/table, and the hash that it is for */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/table.h"

enum { COUNT = 5000 };

static bool
is_number(const void *item, const void *key)
{
	return *(const int *)item == *(const int *)key;
}

/* `kinds`: how many hashes there are; few, and most stand where others belong. */
static void
fill_and_empty(uint64_t kinds)
{
	static int numbers[COUNT];
	struct table table = {0};
	size_t wrong = 0, at = 0, seen = 0;

	for (int i = 0; i < COUNT; i++) {
		numbers[i] = i;
		wrong += table_find(&table, (uint64_t)i % kinds, is_number, &i) != NULL;
		table_put(&table, (uint64_t)i % kinds, &numbers[i]);
	}
	while (table_next(&table, &at) != NULL)
		seen++;
	cr_expect_eq(seen, COUNT);
	for (int i = 0; i < COUNT; i += 2)
		table_take(&table, (uint64_t)i % kinds, &numbers[i]);
	for (int i = 0; i < COUNT; i++)
		wrong += (table_find(&table, (uint64_t)i % kinds, is_number, &i) != NULL) ==
		         (i % 2 == 0);
	cr_expect_eq(wrong, 0);
	cr_expect_eq(table.count, COUNT / 2);
	table_release(&table);
}

Test(table, what_is_put_is_found_until_it_is_taken)
{
	fill_and_empty(UINT64_MAX);
	fill_and_empty(97);
	fill_and_empty(1);
}

Test(table, a_hash_hangs_on_its_secret_and_on_each_octet)
{
	static const char text[] = "mx.example.com.and-more";

	for (size_t len = 0; len < sizeof text; len++) {
		char other[sizeof text];
		uint64_t hash = hash_secret(1, text, len);

		cr_expect_eq(hash, hash_secret(1, text, len));
		cr_expect_neq(hash, hash_secret(2, text, len));
		for (size_t i = 0; i < len; i++) {
			memcpy(other, text, sizeof text);
			other[i] ^= 1;
			cr_expect_neq(hash, hash_secret(1, other, len));
		}
	}
}
