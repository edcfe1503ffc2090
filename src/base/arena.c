/* Blocks in a chain, the newest first; a large request gets a block of its own. The first lies
 * behind the arena itself. They are small at first, for many thousand walks wait at the same time
 * that have heard little yet. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST = 1408, SMALL = 768, BLOCK = 4096, ALIGN = 16, LARGE = 128 * 1024 };

struct block {
	struct block *next;
	size_t used, size;
	_Alignas(ALIGN) char bytes[];
};

struct arena {
	_Alignas(ALIGN) struct block *blocks;
	size_t size; /* of all blocks */
	unsigned holds; /* beside the first */
};

static void
out_of_memory(void)
{
	static const char text[] = "mxwalk: out of memory\n";

	fwrite(text, 1, sizeof text - 1, stderr);
	exit(70);
}

/* Not calloc, where that of glibc before 2.41 passes by what was freed last; but for what comes
 * fresh from the kernel, as zeros that nobody need touch. */
void *
must_alloc(size_t size)
{
	void *p = size >= LARGE ? calloc(1, size) : malloc(size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return size >= LARGE ? p : memset(p, 0, size);
}

void *
must_realloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (p == NULL)
		out_of_memory();
	return p;
}

char *
must_string(const char *string)
{
	size_t len;

	if (string == NULL)
		return NULL;
	len = strlen(string) + 1;
	return memcpy(must_alloc(len), string, len);
}

static struct block *
first_of(struct arena *arena)
{
	return (struct block *)(void *)(arena + 1);
}

struct arena *
arena_new(void)
{
	struct arena *arena = must_realloc(NULL, sizeof *arena + sizeof(struct block) + FIRST);

	*first_of(arena) = (struct block){.size = FIRST};
	*arena = (struct arena){.blocks = first_of(arena), .size = FIRST};
	return arena;
}

static void
free_blocks(struct arena *arena)
{
	for (struct block *block = arena->blocks, *next; block != NULL; block = next) {
		next = block->next;
		if (block != first_of(arena))
			free(block);
	}
}

void
arena_free(struct arena *arena)
{
	if (arena == NULL || arena->holds-- > 0)
		return;
	free_blocks(arena);
	free(arena);
}

struct arena *
arena_hold(struct arena *arena)
{
	arena->holds++;
	return arena;
}

/* Keeps one block beside the first, the newest of usual size; a round that needed a giant must not
 * keep it for ever. */
void
arena_reset(struct arena *arena)
{
	struct block *first = first_of(arena), **link = &arena->blocks, *kept;

	while ((*link)->size > BLOCK)
		link = &(*link)->next;
	kept = *link;
	*link = kept->next;
	free_blocks(arena);
	first->next = NULL;
	if (kept != first)
		kept->next = first;
	kept->used = first->used = 0;
	arena->blocks = kept;
	arena->size = kept->size + (kept != first ? first->size : 0);
}

size_t
arena_size(const struct arena *arena)
{
	return arena->size;
}

static size_t
aligned(size_t size)
{
	return (size + ALIGN - 1) / ALIGN * ALIGN;
}

/* Not zeroed. */
static char *
take(struct arena *arena, size_t size)
{
	struct block *block = arena->blocks;
	char *p;

	if (size > SIZE_MAX - sizeof *block - ALIGN)
		out_of_memory();
	size = aligned(size);
	if (block->size - block->used < size) {
		size_t room = arena->size < BLOCK ? SMALL : BLOCK;

		if (room < size)
			room = size;
		block = malloc(sizeof *block + room);
		if (block == NULL)
			out_of_memory();
		block->used = 0;
		block->size = room;
		arena->size += room;
		if (size > BLOCK / 4) { /* the current block still has room for small things */
			block->next = arena->blocks->next;
			arena->blocks->next = block;
		} else {
			block->next = arena->blocks;
			arena->blocks = block;
		}
	}
	p = block->bytes + block->used;
	block->used += size;
	return p;
}

void *
arena_alloc(struct arena *arena, size_t size)
{
	return memset(take(arena, size), 0, size);
}

char *
arena_copy(struct arena *arena, const char *bytes, size_t len)
{
	char *p = take(arena, len + 1);

	if (len > 0)
		memcpy(p, bytes, len);
	p[len] = '\0';
	return p;
}

char *
arena_string(struct arena *arena, const char *string)
{
	return string == NULL ? NULL : arena_copy(arena, string, strlen(string));
}

/* Mostly the newest block has room for it, and the text is made but once. */
char *
arena_printf(struct arena *arena, const char *format, ...)
{
	struct block *block = arena->blocks;
	size_t room = block->size - block->used;
	va_list ap;
	int len;
	char *p;

	p = room > 0 ? block->bytes + block->used : NULL;
	va_start(ap, format);
	len = vsnprintf(p, room, format, ap);
	va_end(ap);
	if (len < 0)
		return arena_copy(arena, "", 0);
	if ((size_t)len < room) {
		block->used += aligned((size_t)len + 1);
		return p;
	}
	p = arena_alloc(arena, (size_t)len + 1);
	va_start(ap, format);
	vsnprintf(p, (size_t)len + 1, format, ap);
	va_end(ap);
	return p;
}

void *
arena_push(struct arena *arena, void *items, size_t count, size_t size)
{
	size_t first = size <= ALIGN ? 4 : 1; /* items there is room for at first */
	char *old, *grown;

	memcpy(&old, items, sizeof old);
	if (count == 0 || (count >= first && (count & (count - 1)) == 0)) {
		grown = arena_alloc(arena, (count < first ? first : count * 2) * size);
		if (count > 0)
			memcpy(grown, old, count * size);
		memcpy(items, &grown, sizeof grown);
		old = grown;
	}
	return memset(old + count * size, 0, size);
}
