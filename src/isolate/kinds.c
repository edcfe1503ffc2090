#include "isolate/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/stanza.h"
#include "rules/builtin.h"

/* What the server's words make likelier, and by how much. */
#define SPOKEN_OF 20.

enum { NAMED_MIN = 4 }; /* octets: a shorter name is found in many a reply */

static const char *const names[PIECE_KINDS] = {[PIECE_SUBJECT] = "subject",
    [PIECE_AUTHOR_NAME] = "author-name",
    [PIECE_FIELD] = "field",
    [PIECE_PARAGRAPH] = "paragraph",
    [PIECE_LINK] = "link",
    [PIECE_CONSTRUCT] = "construct",
    [PIECE_ATTACHMENT_NAME] = "attachment-name",
    [PIECE_ATTACHMENT] = "attachment",
    [PIECE_SIZE] = "size"};

const char *
piece_kind_name(enum piece_kind kind)
{
	return names[kind];
}

static bool
fail(struct stanza_error *error, const struct stanza *stanza, const char *why)
{
	error->line = stanza != NULL ? stanza->line : 0;
	snprintf(error->reason, sizeof error->reason, "%.60s: %s",
	    stanza != NULL ? stanza->id : "isolate.conf", why);
	return false;
}

static bool
read_part(struct kinds *kinds, const struct stanza *stanza, struct stanza_error *error)
{
	const char *weight = stanza_get(stanza, "weight");
	unsigned kind = 0;

	while (kind < PIECE_KINDS && strcmp(stanza->id + strlen("part:"), names[kind]) != 0)
		kind++;
	if (kind == PIECE_KINDS)
		return fail(error, stanza, "no such kind of part");
	kinds->of[kind].what = stanza_get(stanza, "what");
	kinds->of[kind].advice = stanza_get(stanza, "advice");
	kinds->of[kind].weight = weight != NULL ? strtod(weight, NULL) : 0;
	return kinds->of[kind].what != NULL && kinds->of[kind].advice != NULL &&
	               kinds->of[kind].weight > 0
	           ? true
	           : fail(error, stanza, "no weight above 0, no what or no advice");
}

static void
read_neutral(struct kinds *kinds, const struct stanza *stanza, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < stanza->count; i++)
		if (strcmp(stanza->fields[i].key, "text") == 0)
			text = arena_printf(arena, "%s%s ", text, stanza->fields[i].value);
	kinds->subject = stanza_get(stanza, "subject");
	kinds->text = text;
}

bool
kinds_read(struct kinds *kinds, struct arena *arena, struct stanza_error *error)
{
	struct stanza *stanzas, *causes, *ends;
	size_t count;

	*kinds = (struct kinds){0};
	if (!stanza_read(data_isolate, data_isolate_size, arena, &stanzas, &count, error))
		return false;
	causes = arena_alloc(arena, (count + 1) * sizeof *causes);
	ends = arena_alloc(arena, (count + 1) * sizeof *ends);
	for (size_t i = 0; i < count; i++) {
		struct slice id = slice_of(stanzas[i].id);

		if (slice_begins(id, "part:") && !read_part(kinds, &stanzas[i], error))
			return false;
		if (slice_begins(id, "cause:"))
			causes[kinds->cause_count++] = stanzas[i];
		if (slice_begins(id, "end:"))
			ends[kinds->end_count++] = stanzas[i];
		if (slice_same(id, "neutral"))
			read_neutral(kinds, &stanzas[i], arena);
	}
	kinds->causes = causes;
	kinds->ends = ends;
	for (unsigned kind = 0; kind < PIECE_KINDS; kind++)
		if (kinds->of[kind].what == NULL)
			return fail(error, NULL, "a kind of part is missing");
	return kinds->subject != NULL && kinds->text != NULL && *kinds->text != '\0'
	           ? true
	           : fail(error, NULL, "no neutral words");
}

static bool
cause_names(const struct kinds *kinds, const char *cause, enum piece_kind kind)
{
	for (size_t i = 0; i < kinds->cause_count; i++) {
		struct slice rest = slice_of(stanza_get(&kinds->causes[i], "more")), word;

		if (strcmp(kinds->causes[i].id + strlen("cause:"), cause) != 0)
			continue;
		while (slice_word(&rest, " ", &word))
			if (slice_same(word, names[kind]))
				return true;
	}
	return false;
}

bool
kinds_is_about_sender(const struct kinds *kinds, const char *cause)
{
	for (size_t i = 0; i < kinds->cause_count; i++)
		if (strcmp(kinds->causes[i].id + strlen("cause:"), cause) == 0)
			return stanza_get(&kinds->causes[i], "about") != NULL;
	return false;
}

double *
kinds_weigh(const struct kinds *kinds, const struct pieces *pieces, const char *cause,
    const char *reply, struct arena *arena)
{
	double *weights = arena_alloc(arena, (pieces->count + 1) * sizeof *weights);
	struct slice words = slice_of(reply);

	for (size_t i = 0; i < pieces->count; i++) {
		const struct message_piece *piece = &pieces->items[i];

		weights[i] = kinds->of[piece->kind].weight;
		if (cause != NULL && cause_names(kinds, cause, piece->kind))
			weights[i] *= SPOKEN_OF;
		if (strlen(piece->name) >= NAMED_MIN && slice_find(words, piece->name) != NULL)
			weights[i] *= SPOKEN_OF;
	}
	return weights;
}

static const char *
fill_name(const char *words, const struct message_piece *piece, struct arena *arena)
{
	const char *place = strstr(words, "{name}");

	if (place == NULL)
		return words;
	return arena_printf(
	    arena, "%.*s%s%s", (int)(place - words), words, piece->name, place + strlen("{name}"));
}

const char *
kinds_tell(const struct kinds *kinds, const struct message_piece *piece, struct arena *arena)
{
	return fill_name(kinds->of[piece->kind].what, piece, arena);
}

const char *
kinds_advice(const struct kinds *kinds, const struct message_piece *piece, struct arena *arena)
{
	return fill_name(kinds->of[piece->kind].advice, piece, arena);
}

const char *
kinds_end_advice(const struct kinds *kinds, const char *end)
{
	for (size_t i = 0; i < kinds->end_count; i++)
		if (strcmp(kinds->ends[i].id + strlen("end:"), end) == 0)
			return stanza_get(&kinds->ends[i], "advice");
	return NULL;
}
