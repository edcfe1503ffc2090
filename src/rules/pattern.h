/* pattern: the regular expressions of the rule base. Perl's syntax without what can run away or
 * surprise: no back-references, no recursion, no inline options; a repetition that holds another is
 * refused unless it ends after eight. Matching is bytewise, ASCII letters without case, under a
 * limit on steps and depth.
 *
 * From each pattern choices are taken: sets of words, of each of which at least one must stand in
 * any text that matches. They choose the candidates (rules/words.h), so that most patterns are
 * never run on most texts; one that never is, is never compiled. */
#ifndef RULES_PATTERN_H
#define RULES_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum pattern_group {
	GROUP_LIST,
	GROUP_ITEM,
	GROUP_REF,
	GROUP_COUNT
}; /* (?<list>…) (?<item>…) (?<ref>…) */

enum { CHOICES_MAX = 4 };

/* Stands in texts for a dot inside a name or number ("mx.example.com", "192.0.2.1"), so that [^.]
 * means "within the sentence". A pattern's \. and [.] match both. */
enum { PATTERN_DOT = 1 };

struct word_choice {
	const char **words; /* in lower case, three letters or more */
	size_t count;
};

struct pattern {
	const char *source; /* borrowed */
	struct word_choice choices[CHOICES_MAX];
	size_t choice_count; /* 0: no word is sure */
	void *code; /* pcre2_code, made when first needed */
	unsigned asked; /* how often, up to where it is worth machine code */
	int group[GROUP_COUNT]; /* number of the named group, 0 if there is none */
};

struct text_span {
	size_t start, end; /* start == end: nothing */
};

struct match {
	struct text_span all, group[GROUP_COUNT];
};

/* Reads the pattern and finds its choices. False with a static `*why`. Words live in the arena;
 * pattern_release() frees the rest. */
bool pattern_read(
    struct pattern *pattern, const char *source, struct arena *arena, const char **why);
bool pattern_compile(
    struct pattern *pattern, const char **why); /* nothing to do if it is compiled already */
void pattern_release(struct pattern *pattern);
/* "a|b|c" at the outermost level is "a", "b" and "c": each has choices of its own. `source` must
 * have passed pattern_read. */
size_t pattern_split(const char *source, struct arena *arena, const char ***parts);

/* Room that matches are made in; one for all patterns, never for two threads. */
struct matcher;
struct matcher *matcher_new(void);
void matcher_free(struct matcher *matcher);
/* A match that runs into a limit is no match. */
bool pattern_match(struct pattern *pattern, struct matcher *matcher, const char *text, size_t len,
    struct match *match);

#endif
