/* ptr_words: data/ptr_words.conf as it was when the program was built (data/ptr_words.awk). */
#ifndef EVIDENCE_PTR_WORDS_H
#define EVIDENCE_PTR_WORDS_H

#include <stddef.h>

enum ptr_word_kind { /* what else a word needs to count, the most first */
	PTR_WORD_NONE,
	PTR_WORD_MAIL,
	PTR_WORD_WITH_OCTETS,
	PTR_WORD_WITH_DIGITS,
	PTR_WORD_ALONE
};

struct ptr_word {
	const char *text;
	enum ptr_word_kind kind;
};

extern const struct ptr_word ptr_words[]; /* the last has no text */

#endif
