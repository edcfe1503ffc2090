/* audit: --tls-audit: one host is asked what a usual walk does not show, a connection a question,
 * with pauses between. Never of a list. */
#ifndef COMMAND_AUDIT_H
#define COMMAND_AUDIT_H

#include "judge/tls_audit.h"
#include "options/options.h"

struct arena;

/* The first address that a sender would try. EXIT_OK, and `*out` (host NULL: there was nobody to
 * ask, which the walk that follows tells); or the exit status after saying why. Strings are in the
 * arena. */
int audit_ask(
    const struct options *options, const char *target, struct arena *arena, struct tls_audit *out);

#endif
