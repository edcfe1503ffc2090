/* record_fields: what several records say of one thing (man/mxwalk-ndjson.5), into an object that
 * is open. Pure. */
#ifndef REPORT_NDJSON_FIELDS_H
#define REPORT_NDJSON_FIELDS_H

#include <stddef.h>
#include <stdint.h>

#include "auth/dkim.h"
#include "auth/dkim_key.h"
#include "auth/dmarc.h"
#include "auth/spf.h"
#include "base/notes.h"
#include "evidence/blocklist.h"
#include "evidence/ptr.h"
#include "evidence/route.h"

struct advice;
struct also;
struct buf;
struct counter;
struct json;

void record_begin(struct json *json, struct buf *out, const char *type);
/* With the end of its line. A record for which there is no room is taken back whole, and in its
 * place stands one of that type that says so ("cut"). */
void record_end(struct json *json, const char *type);

/* The peculiarities of a reply, as words, for writing and for reading. */
enum { RECORD_FLAGS = 7 };
extern const struct record_flag {
	unsigned flag;
	const char *word;
} record_flags[RECORD_FLAGS];

void record_ip(
    struct json *json, const char *key, const struct ip *ip); /* null where there is none */
/* Names are in lower case, without a dot at the end, in their ASCII form; so is the domain of an
 * address. NULL: null. */
void record_name(struct json *json, const char *key, const char *name);
void record_name_if(
    struct json *json, const char *key, const char *name); /* left out when NULL or "" */
void record_names(struct json *json, const char *key, const char *const *names, size_t count);
const char *record_truth(enum truth truth); /* "unknown" "absent" "present" */
void record_source(struct json *json, const char *server,
    unsigned ttl); /* "server" and "ttl" of an answer; neither, where nobody answered */

void record_time(struct json *json, const char *key, int64_t ms); /* since the epoch */
void record_also(struct json *json, const struct also *also, size_t count);
void record_counter(struct json *json, const char *key, struct counter *counter);
void record_route_hosts(struct json *json, const struct route *route);
void record_signature_fields(struct json *json, const struct dkim_verdict *verdict);
void record_notes(struct json *json,
    const struct notes *notes); /* "warnings": their words; "findings": id, subject and words */
void record_advice_fields(struct json *json, const struct advice *advice);
void record_ptr_fields(struct json *json, const struct ptr *ptr);
void record_listing_fields(struct json *json, const struct listing *listing);
void record_spf_fields(struct json *json, const struct spf *spf);
void record_dkim_key_fields(struct json *json, const struct dkim_key *key);
void record_dmarc_fields(struct json *json, const struct dmarc *dmarc);

#endif
