/* pattern: the regular expressions of the rule base. Perl's syntax without what can run away or
 * surprise: no back-references, no recursion, no inline options; a repetition that holds another is
 * refused unless it ends after eight. Matching is bytewise, ASCII letters without case, under a
 * limit on steps and depth.
 *
 * From each pattern choices are taken: sets of words, of each of which at least one must stand in
 * any text that matches. They choose the candidates (rules/words.h), so that most patterns are
 * never run on most texts; one that never is, is never compiled. What is compiled is the matcher's:
 * a pattern itself is only read, for those that are built in are constants. */
#ifndef RULES_PATTERN_H
#define RULES_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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

struct pattern {
	const char *source; /* borrowed */
	const char *words; /* of its choices, in lower case, three letters or more, each with its
	                      NUL; an empty one ends a choice */
	uint32_t number; /* given by whoever keeps it; no two that one matcher gets have the same */
	uint32_t choice_count; /* 0: no word is sure */
};

struct text_span {
	size_t start, end; /* start == end: nothing */
};

struct match {
	struct text_span all, group[GROUP_COUNT];
};

/* Reads the pattern and finds its choices; their words live in the arena. False with a static
 * `*why`. The number is left 0. */
bool pattern_read(
    struct pattern *pattern, const char *source, struct arena *arena, const char **why);
/* "a|b|c" at the outermost level is "a", "b" and "c": each has choices of its own. `source` must
 * have passed pattern_read. */
size_t pattern_split(const char *source, struct arena *arena, const char ***parts);

/* Room that matches are made in, and what patterns were compiled to: never for two threads. */
struct matcher;
struct matcher *matcher_new(void);
void matcher_free(struct matcher *matcher); /* NULL is allowed */
/* Nothing to do if it is compiled already. */
bool pattern_compile(const struct pattern *pattern, struct matcher *matcher, const char **why);
/* A match that runs into a limit is no match. */
bool pattern_match(const struct pattern *pattern, struct matcher *matcher, const char *text,
    size_t len, struct match *match);

#endif
