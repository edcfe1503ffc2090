#include "campaign/verdicts.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"

enum { STATUS = 0, STAGE = 4, ASKED = 8, UNCERTAIN = 12, EXCUSED = 13, FIELD = 15 };
enum { ROOM_MIN = 1024 };

struct verdicts {
	uint16_t *walks; /* 0: none */
	size_t walk_room;
	uint32_t *texts; /* fingerprints; 0: not known */
	size_t text_room;
};

struct verdicts *
verdicts_new(void)
{
	return must_alloc(sizeof(struct verdicts));
}

void
verdicts_free(struct verdicts *verdicts)
{
	if (verdicts == NULL)
		return;
	free(verdicts->walks);
	free(verdicts->texts);
	free(verdicts);
}

/* Room for index `i` in a list of elements of that size, zeroed where it is new. */
static void *
grow(void *items, size_t *room, size_t size, unsigned long i)
{
	size_t wanted = *room > 0 ? *room : ROOM_MIN;

	while (wanted <= i)
		wanted *= 2;
	if (wanted == *room)
		return items;
	items = must_realloc(items, wanted * size);
	memset((char *)items + *room * size, 0, (wanted - *room) * size);
	*room = wanted;
	return items;
}

void
verdicts_put(struct verdicts *verdicts, unsigned long walk, const struct journey *journey)
{
	verdicts->walks =
	    grow(verdicts->walks, &verdicts->walk_room, sizeof *verdicts->walks, walk);
	verdicts->walks[walk] =
	    (uint16_t)(((unsigned)journey->status + 1) << STATUS |
	               (unsigned)journey->stage << STAGE | (unsigned)journey->asked << ASKED |
	               (unsigned)journey->uncertain << UNCERTAIN |
	               (unsigned)journey->excused << EXCUSED);
}

void
verdicts_drop(struct verdicts *verdicts, unsigned long walk)
{
	if (walk < verdicts->walk_room)
		verdicts->walks[walk] = 0;
}

bool
verdicts_has(const struct verdicts *verdicts, unsigned long walk)
{
	return walk < verdicts->walk_room && verdicts->walks[walk] != 0;
}

bool
verdicts_get(const struct verdicts *verdicts, unsigned long walk, struct journey *out)
{
	unsigned verdict;

	if (!verdicts_has(verdicts, walk))
		return false;
	verdict = verdicts->walks[walk];
	out->status = (enum walk_status)((verdict >> STATUS & FIELD) - 1);
	out->stage = (enum stage)(verdict >> STAGE & FIELD);
	out->asked = (enum stage)(verdict >> ASKED & FIELD);
	out->uncertain = verdict >> UNCERTAIN & 1;
	out->excused = verdict >> EXCUSED & 1;
	return true;
}

static uint32_t
print_of(const char *text)
{
	return (uint32_t)hash_add(0, text, strlen(text)) | 1;
}

void
verdicts_put_text(struct verdicts *verdicts, unsigned long place, const char *text)
{
	verdicts->texts =
	    grow(verdicts->texts, &verdicts->text_room, sizeof *verdicts->texts, place);
	verdicts->texts[place] = print_of(text);
}

bool
verdicts_is_text(const struct verdicts *verdicts, unsigned long place, const char *text)
{
	return place >= verdicts->text_room || verdicts->texts[place] == 0 ||
	       verdicts->texts[place] == print_of(text);
}
