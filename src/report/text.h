/* text: words for people, into a buffer, so that they are tested like any other value: how they are
 * laid out. What must not reach a terminal is shown as base/shown.h has it. */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum { TEXT_TIME = 40, TEXT_LINE = 32768 }; /* room for a time; for the words of a field */

struct text_style {
	bool colour;
	bool verbose; /* with transcript and every piece of evidence */
	unsigned width; /* columns to wrap at; 0: never */
	/* A time in milliseconds since the epoch as people here write it: "2026-11-30 17:02:11
	 * +0100". NULL: times are left out. */
	void (*time)(int64_t ms, char text[TEXT_TIME]);
};

enum text_colour { TEXT_PLAIN, TEXT_BOLD, TEXT_RED, TEXT_GREEN, TEXT_YELLOW };
void text_colour(struct buf *out, const struct text_style *style, enum text_colour colour);

void text_cstring(struct buf *out, const char *string); /* as base/shown.h has it */
void text_some(struct buf *out, const char *words, size_t max); /* … that many octets, and "..." */
/* "WHAT: WORDS", these in their colour; `notes`: so many warnings follow, which
 * is said, and what is green is yellow then. */
void text_head(struct buf *out, const struct text_style *style, const char *what,
    enum text_colour colour, const char *words, size_t notes);
void text_field(struct buf *out, const struct text_style *style, const char *label,
    const char *words); /* "  label     words", wrapped; nothing when words is NULL or "" */

#endif
