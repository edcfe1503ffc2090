/* dmarc_lint: what the DNS besides says about a DMARC record: whether its reports can be sent, and
 * where a record stands that nobody finds. */
#ifndef AUTH_DMARC_LINT_H
#define AUTH_DMARC_LINT_H

#include <stdbool.h>

#include "auth/dmarc.h"
#include "auth/dmarc_record.h"

struct arena;
struct book;

struct dmarc_lint {
	struct book *book;
	struct arena *arena;
	struct notes *notes;
};

/* The record by itself: what is written as it may be, and is still unwise. */
void dmarc_lint_record(
    const struct dmarc_lint *lint, const char *at, const struct dmarc_record *record);
/* `org_domain` of the From domain, NULL: not known. `mail`: can those who are to get reports get
 * mail at all? False: pending. */
bool dmarc_lint_reports(const struct dmarc_lint *lint, const char *at, const char *org_domain,
    const struct dmarc_record *record, bool whole);
/* A record that was meant for `domain`. False: pending. */
bool dmarc_lint_elsewhere(const struct dmarc_lint *lint, const char *domain);

#endif
