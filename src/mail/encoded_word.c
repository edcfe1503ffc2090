#include "mail/encoded_word.h"

#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "mail/charset.h"
#include "mail/header.h"
#include "mail/transfer.h"

/* Behind the word, or NULL: there is none at `at`. */
static const char *
read_word(const char *at, struct arena *arena, struct slice *out)
{
	const char *set = at + 2, *kind, *text, *end;
	struct slice word;
	char *name;

	if (at[0] != '=' || at[1] != '?')
		return NULL;
	kind = set + strcspn(set, "? ");
	if (*kind != '?' || kind[1] == '\0' || kind[2] != '?')
		return NULL;
	text = kind + 3;
	end = text + strcspn(text, "? ");
	if (end[0] != '?' || end[1] != '=')
		return NULL;
	word = (struct slice){text, (size_t)(end - text)};
	name = arena_copy(arena, set, (size_t)(kind - set));
	name[strcspn(name, "*")] = '\0'; /* RFC 2231 section 5: the language */
	if (to_lower(kind[1]) == 'b')
		word = transfer_base64(word, arena);
	else if (to_lower(kind[1]) == 'q')
		word = transfer_quoted(word, true, arena);
	else
		return NULL;
	*out = charset_utf8(word, name, arena, NULL);
	return end + 2;
}

char *
encoded_words_read(const char *value, struct arena *arena)
{
	struct buf out;
	struct slice word;
	char *copy;

	if (strstr(value, "=?") == NULL)
		return arena_string(arena, value);
	buf_init(&out, HEADER_VALUE_MAX);
	for (const char *at = value; *at != '\0' && !out.full;) {
		const char *behind = read_word(at, arena, &word), *next;

		if (behind == NULL) {
			buf_putc(&out, *at++);
			continue;
		}
		buf_add(&out, word.at, word.len);
		next = behind + strspn(behind, " \t\r\n");
		at = next[0] == '=' && next[1] == '?' ? next : behind;
	}
	copy = arena_copy(arena, out.data, out.len);
	buf_release(&out);
	return copy;
}
