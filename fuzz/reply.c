/* The reply reader and EHLO: src/smtp/reply.c, src/smtp/ehlo.c. The first byte says in what pieces
 * the rest comes; pieces must make no difference. */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "expect.h"
#include "smtp/ehlo.h"
#include "smtp/reply.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct reply
feed(struct arena *arena, const char *bytes, size_t len, size_t step, enum reply_state *state,
    size_t *taken)
{
	struct reply_reader *reader = reply_reader_new(arena);
	struct reply reply;
	size_t n;

	*taken = 0;
	do {
		*state = reply_feed(
		    reader, bytes + *taken, len - *taken < step ? len - *taken : step, &n);
		*taken += n;
	} while (*state == REPLY_MORE && *taken < len);
	expect(reply_pending(reader) == (*state == REPLY_DONE ? 0 : *taken));
	reply = reply_take(reader);
	expect(reply_pending(reader) == 0);
	return reply;
}

static void
check(const struct reply *reply, enum reply_state state)
{
	expect(reply->count <= REPLY_LINES_MAX);
	expect(strlen(reply->text) <= REPLY_MAX);
	expect(reply->code == 0 || (reply->code >= 200 && reply->code <= 599));
	expect((state == REPLY_DONE) == ((reply->flags & REPLY_UNFINISHED) == 0));
	expect(state != REPLY_DONE || reply->code != 0);
	expect(strlen(reply->enhanced) < sizeof reply->enhanced);
	for (size_t i = 0; i < reply->count; i++) {
		expect(reply->lines[i].len <= REPLY_LINE_MAX);
		expect(reply->lines[i].bytes[reply->lines[i].len] == '\0');
		expect(memchr(reply->lines[i].bytes, '\n', reply->lines[i].len) == NULL);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *bytes = (const char *)data + 1;
	enum reply_state whole_state, state;
	size_t whole_taken, taken;
	struct reply whole, pieces;
	struct arena *arena;
	struct ehlo ehlo;

	if (size == 0)
		return 0;
	arena = arena_new();
	whole = feed(arena, bytes, size - 1, size, &whole_state, &whole_taken);
	pieces = feed(arena, bytes, size - 1, 1 + data[0] % 16, &state, &taken);
	check(&whole, whole_state);
	expect(state == whole_state && taken == whole_taken);
	expect(pieces.code == whole.code && pieces.count == whole.count &&
	       pieces.flags == whole.flags);
	expect(
	    strcmp(pieces.text, whole.text) == 0 && strcmp(pieces.enhanced, whole.enhanced) == 0);
	ehlo_read(&whole, arena, &ehlo);
	expect(ehlo.keyword_count <= EHLO_KEYWORDS_MAX);
	arena_free(arena);
	return 0;
}
