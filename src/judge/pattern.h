/* pattern: the regular expressions of the rule base. Perl's syntax without what can run away or surprise: no back-references, no recursion, no
 * inline options; a repetition that holds another is refused unless it ends after eight. Matching is bytewise, ASCII letters without case, under a limit on steps and depth.
 *
 * From each pattern the words are taken of which at least one must stand in any text it matches; they choose the candidates (judge/words.h). */
#ifndef JUDGE_PATTERN_H
#define JUDGE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum pattern_group { GROUP_LIST, GROUP_ITEM, GROUP_REF, GROUP_COUNT }; /* (?<list>…) (?<item>…) (?<ref>…) */

struct pattern {
	const char *source; /* borrowed */
	void *code; /* pcre2_code */
	int group[GROUP_COUNT]; /* number of the named group, 0 if there is none */
	const char **words; /* in lower case; count 0: no word is sure */
	size_t word_count;
};

struct span {
	size_t start, end; /* start == end: nothing */
};

struct match {
	struct span all, group[GROUP_COUNT];
};

/* False with a static `*why`. Words live in the arena; pattern_release(pattern->code) frees the rest. */
bool pattern_compile(struct pattern *pattern, const char *source, struct arena *arena, const char **why);
void pattern_release(void *code);

/* Room that matches are made in; one for all patterns, never for two threads. */
struct matcher;
struct matcher *matcher_new(void);
void matcher_free(struct matcher *matcher);
/* A match that runs into a limit is no match. */
bool pattern_match(const struct pattern *pattern, struct matcher *matcher, const char *text, size_t len, struct match *match);

#endif
