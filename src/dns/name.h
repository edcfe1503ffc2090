/* name: domain names as text: lower case, no trailing dot ("" is the root), A-labels only. RFC 1035
 * section 2.3.4, RFC 5890. */
#ifndef DNS_NAME_H
#define DNS_NAME_H

#include <stdbool.h>
#include <stddef.h>

enum {
	NAME_TEXT = 1025
}; /* room for any name in presentation form (a byte may take four: \DDD) and its NUL */
enum { NAME_MAX_OCTETS = 253, LABEL_MAX_OCTETS = 63 };

/* Brings what a user or a record gives (any case, U-labels, one trailing dot) into our form. On
 * false `*why` is a static text: "a label is longer than 63 octets", "the name is longer than 253
 * octets", "an empty label", "a control character", "not valid in IDNA2008 (…)", … Underscores are
 * allowed: it is DNS, not host names. */
bool name_normalise(const char *in, char out[NAME_TEXT], const char **why);
bool name_is_host(
    const char *name); /* letters, digits, hyphens; no label begins or ends with a hyphen; the last
                          not all digits; two labels at least (RFC 5321 4.1.2, RFC 1123 2.1) */
bool name_equal(const char *a, const char *b); /* ASCII case and one trailing dot ignored */
bool name_within(
    const char *name, const char *ancestor); /* equal or below it, on a label boundary */
size_t name_labels(const char *name);
const char *name_last_labels(const char *name, size_t labels); /* points into `name` */
const char *name_parent(
    const char *name); /* without the leftmost label, "" at the top; points into `name` */

/* One byte of a label in and out of our form, for who cuts names up and puts them together: a dot
 * or a backslash in a label, or a byte outside '!'..'~', is \DDD. */
size_t name_put_byte(
    char *out, unsigned byte); /* lower-cased; how many characters it took: 1 or 4, no NUL behind */
size_t name_put_label(char *out, const unsigned char *octets, size_t count); /* all of a label */
size_t name_take_byte(const char *in,
    unsigned
        *byte); /* \DDD and \X undone; how many characters it took, 0 for an escape that is none */

#endif
