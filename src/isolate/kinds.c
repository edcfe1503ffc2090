#include "isolate/kinds.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/stanza.h"
#include "rules/builtin.h"

/* What the server's words make likelier, and by how much. */
#define SPOKEN_OF 20.

/* … and what was found before anything was sent. */
enum { HINTED_GRAVELY = 10, HINTED = 3, HINTED_MAX = 100 };

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
	struct stanza *stanzas, *causes, *ends, *clues;
	size_t count;

	*kinds = (struct kinds){0};
	if (!stanza_read(data_isolate, data_isolate_size, arena, &stanzas, &count, error))
		return false;
	causes = arena_alloc(arena, (count + 1) * sizeof *causes);
	ends = arena_alloc(arena, (count + 1) * sizeof *ends);
	clues = arena_alloc(arena, (count + 1) * sizeof *clues);
	for (size_t i = 0; i < count; i++) {
		struct slice id = slice_of(stanzas[i].id);

		if (slice_begins(id, "part:") && !read_part(kinds, &stanzas[i], error))
			return false;
		if (slice_begins(id, "cause:"))
			causes[kinds->cause_count++] = stanzas[i];
		if (slice_begins(id, "end:"))
			ends[kinds->end_count++] = stanzas[i];
		if (slice_begins(id, "clue:"))
			clues[kinds->clue_count++] = stanzas[i];
		if (slice_same(id, "unsigned"))
			kinds->unsigned_words = stanza_get(&stanzas[i], "words");
		if (slice_same(id, "likeness"))
			kinds->likeness = stanza_get(&stanzas[i], "words");
		if (slice_same(id, "neutral"))
			read_neutral(kinds, &stanzas[i], arena);
	}
	kinds->causes = causes;
	kinds->ends = ends;
	kinds->clues = clues;
	for (unsigned kind = 0; kind < PIECE_KINDS; kind++)
		if (kinds->of[kind].what == NULL)
			return fail(error, NULL, "a kind of part is missing");
	if (kinds->unsigned_words == NULL || kinds->likeness == NULL)
		return fail(error, NULL, "no words on what is unsigned, or on likeness");
	return kinds->subject != NULL && kinds->text != NULL && *kinds->text != '\0'
	           ? true
	           : fail(error, NULL, "no neutral words");
}

/* Does this stanza name that kind? */
static bool
names_kind(const struct stanza *stanza, enum piece_kind kind)
{
	struct slice rest = slice_of(stanza_get(stanza, "more")), word;

	while (slice_word(&rest, " ", &word))
		if (slice_same(word, names[kind]))
			return true;
	return false;
}

static bool
cause_names(const struct kinds *kinds, const char *cause, enum piece_kind kind)
{
	for (size_t i = 0; i < kinds->cause_count; i++)
		if (strcmp(kinds->causes[i].id + strlen("cause:"), cause) == 0 &&
		    names_kind(&kinds->causes[i], kind))
			return true;
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

bool
kinds_is_about_likeness(const struct kinds *kinds, const char *reply)
{
	struct slice rest = slice_of(kinds->likeness), word;

	while (slice_word(&rest, ",", &word)) {
		word = slice_trim(word);
		for (struct slice at = slice_of(reply); at.len >= word.len && word.len > 0;
		     at = slice_from(at, 1))
			if (strncasecmp(at.at, word.at, word.len) == 0)
				return true;
	}
	return false;
}

/* ---- what was found beforehand */

/* "URIBL_*" is all that begins so. */
static const struct stanza *
clue_stanza(const struct kinds *kinds, const char *by)
{
	for (size_t i = 0; i < kinds->clue_count; i++) {
		struct slice id = slice_from(slice_of(kinds->clues[i].id), strlen("clue:"));

		if (id.len > 0 && id.at[id.len - 1] == '*' ? strncmp(by, id.at, id.len - 1) == 0
		                                           : slice_same(id, by))
			return &kinds->clues[i];
	}
	return NULL;
}

static bool
is_of_header(enum piece_kind kind)
{
	return kind == PIECE_SUBJECT || kind == PIECE_AUTHOR_NAME || kind == PIECE_FIELD;
}

static bool
names_piece(const char *words, const struct message_piece *piece)
{
	return words != NULL && strlen(piece->name) >= NAMED_MIN &&
	       slice_find(slice_of(words), piece->name) != NULL;
}

/* Of what is in the body, the last that begins at or before the line; of the header, the one that
 * does. `count`: none is. */
static size_t
piece_at(const struct pieces *pieces, const struct stanza *stanza, unsigned line)
{
	size_t best = pieces->count;

	for (size_t i = 0; i < pieces->count; i++) {
		const struct message_piece *piece = &pieces->items[i];

		if (!names_kind(stanza, piece->kind) || piece->line > line ||
		    (is_of_header(piece->kind) && piece->line != line))
			continue;
		if (best == pieces->count || piece->line >= pieces->items[best].line)
			best = i;
	}
	return best;
}

static void
add_hint(struct hints *hints, size_t piece, const struct clue *clue, struct arena *arena)
{
	struct hint *new = arena_push(arena, &hints->items, hints->count++, sizeof *new);

	*new = (struct hint){.piece = (unsigned)piece,
	    .times = clue->grave ? HINTED_GRAVELY : HINTED,
	    .by = clue->by,
	    .words = clue->words};
}

void
kinds_hint(const struct kinds *kinds, const struct pieces *pieces, const struct clue *clue,
    struct hints *hints, struct arena *arena)
{
	const struct stanza *stanza = clue_stanza(kinds, clue->by);
	size_t before = hints->count, at;

	if (stanza == NULL)
		return;
	for (size_t i = 0; i < pieces->count; i++)
		if (names_kind(stanza, pieces->items[i].kind) &&
		    names_piece(clue->words, &pieces->items[i]))
			add_hint(hints, i, clue, arena);
	if (hints->count > before)
		return;
	if (clue->line == 0) {
		for (size_t i = 0; i < pieces->count; i++)
			if (stanza_get(stanza, "all") != NULL &&
			    names_kind(stanza, pieces->items[i].kind))
				add_hint(hints, i, clue, arena);
		return;
	}
	at = piece_at(pieces, stanza, clue->line);
	if (at < pieces->count)
		add_hint(hints, at, clue, arena);
}

/* ---- weights */

static unsigned
hinted(const struct hints *hints, size_t piece)
{
	unsigned times = 1;

	for (size_t i = 0; i < hints->count; i++)
		if (hints->items[i].piece == piece && hints->items[i].times > times)
			times = hints->items[i].times;
	return times < HINTED_MAX ? times : HINTED_MAX;
}

double *
kinds_weigh(const struct kinds *kinds, const struct pieces *pieces, const struct spoken *spoken,
    struct arena *arena)
{
	double *weights = arena_alloc(arena, (pieces->count + 1) * sizeof *weights);

	for (size_t i = 0; i < pieces->count; i++) {
		const struct message_piece *piece = &pieces->items[i];

		weights[i] = kinds->of[piece->kind].weight * hinted(spoken->hints, i);
		if (spoken->cause != NULL && cause_names(kinds, spoken->cause, piece->kind))
			weights[i] *= SPOKEN_OF;
		if (names_piece(spoken->reply, piece))
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
