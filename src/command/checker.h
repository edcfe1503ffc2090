/* checker: does the DNS bear out what replies say of one address? (explain --source.) The lists
 * that a reply names are asked, and, where one leaves the reason open, all lists and the address's
 * reverse name: each about each thing once a run. */
#ifndef COMMAND_CHECKER_H
#define COMMAND_CHECKER_H

#include "command/sources.h"
#include "judge/diagnosis.h"

enum { CHECKER_LOOKUPS_MAX = 1000 }; /* things asked about; what comes beyond is judged without */

struct checker;

struct checker *checker_new(
    struct dns_access *dns, const struct options *options); /* both borrowed */
void checker_free(struct checker *checker); /* NULL is allowed */

/* The query comes without a sender; the reading is not NULL. `out` is in `arena`, or lives as long
 * as the checker. */
void checker_diagnose(struct checker *checker, const struct diagnosis_query *query,
    struct arena *arena, struct diagnosis *out);

#endif
