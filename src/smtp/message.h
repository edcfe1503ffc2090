/* message: the test message, and a user's own, as bytes that may go on the wire (RFC 5322, RFC 5321 section 4.5.2).
 *
 * What leaves here has CRLF line ends only; a bare CR or LF never goes out. */
#ifndef SMTP_MESSAGE_H
#define SMTP_MESSAGE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;

enum { MESSAGE_MAX = 50 * 1024 * 1024 }; /* octets */

struct message_file { /* an attachment, read by the caller */
	const char *name; /* base name */
	const char *type; /* "application/pdf"; NULL: application/octet-stream */
	const char *bytes;
	size_t len;
};

struct message_plan {
	const char *from, *to; /* addresses; from "" : null reverse-path, the header then says postmaster@helo */
	const char *helo; /* domain for the Message-ID and for "who sent this" */
	long long now; /* seconds since the epoch, for Date */
	int zone; /* minutes east of UTC */
	unsigned long long random[2]; /* for Message-ID and MIME boundary */
	const char *version; /* "mxwalk 0.1" */
	const char *const *headers; /* "Name: value" of --header: replaces ours of the same name, else is added */
	size_t header_count;
	const char *body; /* NULL: our own words on what this is and how to stop it */
	size_t body_len;
	const struct message_file *files;
	size_t file_count;
};

/* Composes the test message: plain text, or multipart/mixed with attachments; Message-ID, Date, From, To, Subject, Auto-Submitted, X-Mailer, MIME headers. Header values are folded at 78; a non-ASCII body is
 * quoted-printable UTF-8. False with a static `*why`: a header with no colon, with a control byte, or too long. */
bool message_compose(const struct message_plan *plan, struct buf *out, const char **why);

/* Takes a user's message as it is and mends only its line ends: LF, CR and CRLF each become CRLF. The %FROM_ADDRESS% %TO_ADDRESS% %DATE% %MESSAGEID% tokens are replaced, in the headers only, when `tokens`. A last line gets its CRLF. */
void message_from_file(const char *bytes, size_t len, struct buf *out);

bool message_is_8bit(const char *bytes, size_t len); /* any byte ≥ 0x80 */

/* Dot-stuffing and the final dot (RFC 5321 4.5.2): `bytes` has CRLF ends. */
void message_stuff(const char *bytes, size_t len, struct buf *out);

/* RFC 5321 section 4.1.2 mailbox: local-part ≤ 64, domain in our form, no control bytes; quoted local parts and address literals allowed. On false, `*why` is static. `at` gets the offset of the '@'. */
bool message_address(const char *address, size_t *at, const char **why);

#endif
