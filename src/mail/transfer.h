/* transfer: the body of a part without its Content-Transfer-Encoding (RFC 2045 section 6).
 *
 * Lenient: octets that have no place in the encoding are passed over (base64) or stand for
 * themselves (quoted-printable). Never longer than what was encoded. */
#ifndef MAIL_TRANSFER_H
#define MAIL_TRANSFER_H

#include "base/slice.h"

struct arena;

/* `encoding`: "base64", "quoted-printable", in lower case; whatever else leaves the body as it is,
 * and uncopied. */
struct slice transfer_decode(struct slice body, const char *encoding, struct arena *arena);

struct slice transfer_base64(struct slice text, struct arena *arena);
/* `underscores`: an _ is a space (RFC 2047 section 4.2) */
struct slice transfer_quoted(struct slice text, bool underscores, struct arena *arena);

#endif
