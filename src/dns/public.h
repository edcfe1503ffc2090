/* public: is a resolver one of the well-known open ones (data/resolvers.conf)? */
#ifndef DNS_PUBLIC_H
#define DNS_PUBLIC_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"

/* `text` is the file's; `*line`, of it, one that cannot be read, or 0: then nothing behind it was.
 */
bool public_resolver(const char *text, size_t len, const struct ip *ip, unsigned *line);

#endif
