/* utf8: is it valid UTF-8 (RFC 3629)? No overlong forms, no surrogates, nothing above U+10FFFF. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t utf8_len(const char *bytes,
    size_t left); /* octets of the character at `bytes`; 0: no valid one within `left` */
uint32_t utf8_code(const char *bytes, size_t len); /* of a character that utf8_len found */
bool utf8_valid(const char *bytes, size_t len);

#endif
