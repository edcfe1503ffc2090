/* encoded_word: "=?utf-8?B?…?=" in a field's value → UTF-8 (RFC 2047). What is no encoded word
 * stays as it is; blanks between two of them are dropped. */
#ifndef MAIL_ENCODED_WORD_H
#define MAIL_ENCODED_WORD_H

struct arena;

char *encoded_words_read(const char *value, struct arena *arena);

#endif
