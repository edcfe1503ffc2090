/* mailfile: a message as it lies in a file → as it was, or will be, on the wire: with CRLF line
 * ends (RFC 5321 section 2.3.8). Pure.
 *
 * Nothing else is mended, for that would change what was signed: a bare CR stays, a NUL stays. Of
 * an mbox only the first message is taken. */
#ifndef MAIL_MAILFILE_H
#define MAIL_MAILFILE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

struct mailfile { /* what the file was like; lines count from 1, in the message */
	bool mbox; /* it begins with an mbox "From " line … */
	size_t more; /* … and so many messages follow, which were left out */
	size_t lf, crlf; /* lines that end so */
	unsigned odd_line; /* the first that ends unlike most of the others; 0: none does */
	bool cut; /* the last line has no end */
};

/* Appends the message to `out`, which needs room for twice `len`. */
void mailfile_read(const char *bytes, size_t len, struct buf *out, struct mailfile *facts);

#endif
