/* record_tls: what a walk found out about TLS, into the attempt that is open (man/mxwalk-ndjson.5).
 * Pure. */
#ifndef REPORT_NDJSON_TLS_H
#define REPORT_NDJSON_TLS_H

#include <stdbool.h>

struct attempt;
struct json;
struct mta_sts;

void record_tls(struct json *json, const struct attempt *attempt); /* "tls" */
void record_dane(struct json *json, const struct attempt *attempt); /* "dane", "policy" */
/* "requiretls", where there was TLS; fixed: the server was given. */
void record_requiretls(
    struct json *json, const struct attempt *attempt, const struct mta_sts *sts, bool fixed);

#endif
