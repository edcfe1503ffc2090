/* target: what the user wants walked, as text → value (DESIGN.md section 1). Pure. */
#ifndef OPTIONS_TARGET_H
#define OPTIONS_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/ip.h"
#include "smtp/stage.h"

struct arena;

struct target {
	const char *text; /* as given */
	const char *domain; /* in the form of dns/name.h; for "[host]:port" the host or address */
	const char *rcpt; /* recipient, NULL: none given */
	const char *host; /* fixed server: name or address, NULL: by MX */
	uint16_t port; /* of the fixed server; 0: the run's */
	enum stage depth; /* how far to go: set by intake.h */
	unsigned long place; /* among all that the run was given, from 1: set by intake.h */
	unsigned long walk; /* number of the walk that answers it: the place of the first target
	                       that asks the same; 0: none does. Set by intake.h */
	const char *served_by; /* text of the target whose walk that is; NULL: its own */
};

/* domain | user@domain | [host-or-ip] | [host-or-ip]:port | user@domain@[host-or-ip]:port. On false
 * `*why` is static or in the arena. Control bytes are refused; blanks and quotes around it,
 * typographic ones too, are not part of it. */
bool target_parse(const char *text, struct arena *arena, struct target *out, const char **why);

/* "host", "[host]", "host:port", "[address]:port", "address" (--server). */
bool target_server(
    const char *text, struct arena *arena, const char **host, uint16_t *port, const char **why);

#endif
