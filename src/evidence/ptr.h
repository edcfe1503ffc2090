/* ptr: the reverse name of an address and its forward confirmation (RFC 8601 section 3 "iprev", RFC
 * 7372 section 3.3). */
#ifndef EVIDENCE_PTR_H
#define EVIDENCE_PTR_H

#include <stdbool.h>
#include <stddef.h>

#include "dns/answer.h"

struct arena;
struct book;

enum {
	PTR_NAMES_MAX = 100, /* the rest is not looked at */
	PTR_NAMES_COMMON = 10 /* receivers may look at no more (RFC 7208 section 5.5) */
};

struct ptr_name {
	const char *name;
	enum truth confirmed; /* its A/AAAA has the address: PRESENT; it has not: ABSENT; its
	                         look-up failed: UNKNOWN */
	const char *problem; /* it is an alias that leads nowhere, or which look-up failed; else
	                        NULL */
	bool generic; /* looks made by a machine: digits of the address, or dyn, pool, dsl, dhcp,
	                 cable… */
};

struct ptr {
	struct ip ip;
	enum truth found; /* is there a PTR at all */
	enum dns_rcode rcode;
	const char *server; /* that answered; NULL if none did */
	uint32_t ttl; /* of its answer, seconds */
	struct ptr_name *names;
	size_t count;
	size_t total; /* names in the answer: more than PTR_NAMES_MAX is a finding of its own */
	const char *problem; /* an alias that leads nowhere (RFC 2317 has aliases here), names that
	                        were not looked at; else NULL */
	enum truth confirmed; /* at least one name is confirmed / none is / cannot be told: a
	                         look-up failed, or there are names that were not looked at */
	const char *confirmed_name; /* the confirmed name, of several one that is not generic; NULL
	                               if none */
};

bool ptr_look_up(struct book *book, struct arena *arena, const struct ip *ip,
    struct ptr *out); /* false: pending; `out` holds what is known, the rest UNKNOWN */

/* At least three octets of the address in a row (either way, decimal or hexadecimal, padded or
 * not), or a word such as "dyn" before the registered domain. A name that begins with "mail", "mx",
 * "smtp"… is judged by octets alone. A guess by appearance: what receivers go by, no fact. */
bool ptr_is_generic(const char *name, const struct ip *ip);
const char *ptr_fcrdns_word(
    const struct ptr *ptr); /* "pass" "fail" (a PTR, not confirmed) "none" (no PTR) "unknown" */

#endif
