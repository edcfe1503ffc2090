#include "base/notes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

void
notes_add(struct notes *notes, struct arena *arena, const char *id, const char *subject,
    const char *format, ...)
{
	char text[NOTE_MAX];
	va_list ap;

	if (notes->count == NOTES_MAX)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	for (size_t i = 0; i < notes->count; i++)
		if (strcmp(notes->items[i].words, text) == 0)
			return;
	*(struct note *)arena_push(arena, &notes->items, notes->count, sizeof *notes->items) =
	    (struct note){id, subject, arena_string(arena, text)};
	notes->count++;
}
