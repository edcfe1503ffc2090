/* read_value: what records say of one thing, from a JSON tree into our values. Pure. What is
 * missing or of another kind is left as it is: a file may be of any version, and by anybody.
 * Strings are the tree's. */
#ifndef REPORT_READ_VALUE_H
#define REPORT_READ_VALUE_H

#include <jansson.h>
#include <stdint.h>

#include "base/slice.h"
#include "journey.h"
#include "report/run.h"

struct arena;

const char *read_word(const json_t *object, const char *key); /* NULL: none */
unsigned long read_number(const json_t *object, const char *key); /* 0: none, or negative */
int64_t read_time(struct slice text); /* milliseconds since the epoch; 0: none, or before it */
/* Words of the closed sets; one that is not known leaves things as they are, or is the none of its
 * set. */
bool read_status(struct slice word, enum walk_status *status);
enum stage read_stage(struct slice word);
enum basis read_basis(struct slice word);
void read_cause(struct slice word, enum cause *cause);
void read_who(struct slice word, enum who *who);
bool read_bool(const json_t *object, const char *key); /* false: none */
const char **read_words(const json_t *object, const char *key, struct arena *arena, size_t *count);

/* read_tls.c */
void read_tls(const json_t *object, struct arena *arena, struct attempt *attempt);
void read_dane(const json_t *object, struct arena *arena, struct attempt *attempt);

void read_run(const json_t *record, struct arena *arena, struct run_facts *run);
void read_result(const json_t *record, struct arena *arena, struct journey *journey);

/* in read_tls_policy.c: of a result whose route is read, and of an attempt */
void read_sts(const json_t *object, struct arena *arena, struct journey *journey);
void read_sts_effect(const json_t *object, struct attempt *attempt);

#endif
