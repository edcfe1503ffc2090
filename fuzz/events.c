/* JSON of services, programs and our own: src/logs/events.c. The input is the JSON. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "expect.h"
#include "logs/events.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(const struct refusal *refusal, void *arg)
{
	long *told = arg;

	++*told;
	expect(refusal->text != NULL && strlen(refusal->text) == refusal->len);
	expect(refusal->stage < STAGE_COUNT && refusal->said_by <= SAID_BY_LIST);
	expect(refusal->code == 0 || (refusal->code >= 200 && refusal->code <= 599));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	long told = 0, result = events_read((const char *)data, size, arena, check, &told);

	expect(result == told || (result == -1 && told == 0));
	arena_free(arena);
	return 0;
}
