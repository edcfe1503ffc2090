/* part_write: what a message is written of: header fields, texts, files, and what divides them.
 *
 * As in message.h: CRLF line ends, no NUL, no line over 998 octets; a false comes with a static
 * `*why`. */
#ifndef MAIL_PART_WRITE_H
#define MAIL_PART_WRITE_H

#include <stdbool.h>

#include "base/slice.h"

struct buf;
struct message_file;
struct message_text;

/* A text's own, unless the header vouches for it: then it goes as it is. */
enum part_encoding { PART_AS_GIVEN, PART_7BIT, PART_QUOTED };
enum part_encoding part_encoding_of(struct slice text);
const char *part_encoding_name(enum part_encoding encoding);

bool part_is_full(const struct buf *out, const char **why);

/* The next line, without its LF, CR or CRLF; false at the end. */
bool part_line_next(struct slice *rest, struct slice *line);
bool part_line_write(struct slice line, struct buf *out, const char **why);

/* A field of our own or of the user's: encoded words where it is not ASCII, folded. */
bool part_field_write(const char *name, const char *value, struct buf *out, const char **why);
bool part_given_check(const char *header, const char **why); /* "Name: value" */
bool part_given_write(const char *header, struct buf *out, const char **why); /* once checked */
bool part_given_is(const char *header, const char *name); /* of that name? */

bool part_body_write(
    struct slice text, enum part_encoding encoding, struct buf *out, const char **why);

/* A whole part: its header, an empty line, its body. */
bool part_text_check(const struct message_text *text, const char **why);
bool part_text_write(const struct message_text *text, struct buf *out, const char **why);
bool part_file_check(const struct message_file *file, const char **why);
bool part_file_write(const struct message_file *file, struct buf *out, const char **why);

/* What divides the parts of a multipart, and of one within it. */
enum part_level { PART_OUTER, PART_INNER };
void part_boundary_write(
    const unsigned long long random[2], enum part_level level, struct buf *out);
void part_delimiter_write(
    const unsigned long long random[2], enum part_level level, const char *end, struct buf *out);

#endif
