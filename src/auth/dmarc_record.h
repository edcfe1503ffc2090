/* dmarc_record: the grammar of a DMARC record (RFC 9989 sections 4.7 and 4.8; the tags that RFC
 * 7489 had besides). Reads; asks nothing. */
#ifndef AUTH_DMARC_RECORD_H
#define AUTH_DMARC_RECORD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/notes.h"
#include "dns/answer.h"

struct arena;

enum dmarc_policy { DMARC_UNSET, DMARC_NONE, DMARC_QUARANTINE, DMARC_REJECT };

enum { DMARC_PCT_UNSET = -1, DMARC_URIS_MAX = 20 };

struct dmarc_record {
	enum dmarc_policy p, sp, np;
	bool bad_policy; /* p is missing, or one of p, sp, np has a value that is none */
	bool bad_policy_old; /* the same as RFC 7489 sees it: np is unknown to it */
	bool strict_spf, strict_dkim; /* aspf=s, adkim=s */
	char psd; /* 'y', 'n', 'u' */
	bool testing; /* t=y */
	int pct; /* RFC 7489 */
	const char *rua[DMARC_URIS_MAX]; /* the URIs that are well formed, without "!size" */
	size_t rua_count;
	struct notes warnings; /* each names its tag */
};

bool dmarc_record_is(struct dns_text text); /* begins with the tag v=DMARC1 */
/* Reads a text for which dmarc_record_is holds. It never fails: what is wrong counts as not there,
 * and is warned of. */
void dmarc_record_parse(struct dns_text text, struct arena *arena, struct dmarc_record *out);

const char *dmarc_policy_name(
    enum dmarc_policy policy); /* "none" "quarantine" "reject"; NULL for DMARC_UNSET */

#endif
