/* clauses: a reply cut into what each part of it does. A reason is what the reply says happened;
 * an aside is an instruction, a courtesy or a pointer ("Please be sure that SPF is set up", "To
 * protect our users", "see http://…"), whose words are not the reason's. Which words begin an aside
 * is data: the [aside:…] stanzas of data/words.conf. */
#ifndef RULES_CLAUSES_H
#define RULES_CLAUSES_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct phrases;

enum { CLAUSES_MAX = 64 }; /* of one reply; the last takes what is left */

struct clause {
	size_t start, end; /* octets of the text */
	bool aside;
};

struct clauses {
	struct clause list[CLAUSES_MAX];
	size_t count, asides;
};

/* A phrase that begins a clause: it stands between ends of words, at a place where a clause may
 * begin. Lower case. */
enum opening {
	OPENS_ASIDE, /* all of the clause, up to the end of its sentence */
	OPENS_ANYWHERE, /* the same, wherever in a sentence it stands: "please" */
	OPENS_PURPOSE, /* up to its first comma: "To protect our users, your mail was refused" */
	OPENS_STOCK, /* no more than the phrase itself: what a standard gives for any reason */
	OPENS_REASON, /* none, though it looks like one: "please try again" */
	SAYS_NOTHING /* a word of refusal or courtesy; it opens nothing */
};

/* Octets of a word in the phrases that clauses_cut gets. */
extern const char openings_inner[];

/* `text` has PATTERN_DOT for the dots within names (rules/unwrap.h): a dot ends a sentence. */
void clauses_cut(const struct phrases *openings, const char *text, size_t len, struct clauses *out);
/* Nothing but words that say nothing stands outside of the asides. */
bool clauses_say_nothing(
    const struct phrases *openings, const struct clauses *clauses, const char *text);
/* Which of them the octet at `at` is in. */
size_t clauses_at(const struct clauses *clauses, size_t at);
enum hidden { HIDE_NAMES = 1, HIDE_LINKS = 2, HIDE_ASIDES = 4 };

/* The text with the asides, the letters of links and of host names put out of sight, as the set
 * `hide` says; of the same length, in the arena. NULL: nothing of that stands there. */
const char *clauses_hide(const struct clauses *clauses, const char *text, size_t len, unsigned hide,
    struct arena *arena);

#endif
