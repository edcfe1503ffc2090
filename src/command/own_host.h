/* own_host: what this host is to others: the addresses by which its mail leaves, and its name. */
#ifndef COMMAND_OWN_HOST_H
#define COMMAND_OWN_HOST_H

#include <stddef.h>

#include "options/options.h"

struct arena;

enum { OWN_SOURCES = 2 };

/* One of each family that there is a way out with, as --public-ip and -4 or -6 have it. */
size_t own_sources(const struct options *options, struct ip out[OWN_SOURCES]);
const char *own_hostname(struct arena *arena); /* NULL: it has no full one */

#endif
