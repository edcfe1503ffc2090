/* sts_grammar: the record and the policy of MTA-STS, exactly as RFC 8461 sections 3.1 and 3.2 have
 * them, and which hosts a policy covers (section 4.1). Pure. */
#ifndef EVIDENCE_STS_GRAMMAR_H
#define EVIDENCE_STS_GRAMMAR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "base/slice.h"

struct arena;

enum {
	STS_ID_MAX = 32,
	STS_POLICY_MAX = 64 * 1024, /* octets of a policy (section 3.3) */
	STS_AGE_MAX = 31557600, /* seconds: a year */
	STS_MX_MAX = 1024, /* patterns that are kept */
};

bool sts_record_is(struct slice text); /* begins with "v=STSv1;": all others are passed over */
/* Of a text that begins so: NULL and its id, or what is wrong with it. */
const char *sts_record_parse(struct slice text, struct arena *arena, char id[STS_ID_MAX + 1]);
enum sts_mode { STS_MODE_NONE, STS_MODE_TESTING, STS_MODE_ENFORCE };
const char *sts_mode_name(enum sts_mode mode); /* "none" "testing" "enforce" */

struct sts_policy { /* strings in the arena */
	enum sts_mode mode;
	unsigned long max_age; /* seconds */
	const char **mx; /* patterns, in lower case */
	size_t mx_count, mx_total; /* kept, and published */
};

/* False: line `*line` (0: the whole) is wrong, and `*why` says how. What is odd, but valid, becomes
 * a note. */
bool sts_policy_parse(struct slice text, struct arena *arena, struct sts_policy *policy,
    struct notes *notes, unsigned *line, const char **why);

/* "*." stands for one label. Both are in the form of dns/name.h. */
bool sts_pattern_covers(const char *pattern, const char *host);
bool sts_policy_covers(const struct sts_policy *policy, const char *host);

#endif
