/* wire: one DNS message ↔ values (RFC 1035 section 4, RFC 6891). Bounded: no message makes it read outside `len`, loop, or allocate more than a small multiple of `len`. */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"

struct arena;
struct buf;

enum { WIRE_UDP_PAYLOAD = 1232, WIRE_MAX = 65535 };

/* A query with RD and AD set (we want to know about validation, RFC 6840 section 5.7) and an OPT record of exactly 11 octets at the end. False: the name does not fit. */
bool wire_query(struct buf *out, uint16_t id, const char *name, enum dns_type type);

/* Reads a response. False with a static `*why` when it is garbled (truncated record, compression loop or forward pointer, label too long, counts that lie …); records of other types and classes are passed over. CNAMEs within
 * the answer section are followed from the question's name; records that belong to another owner are ignored. A chain that ends outside the message gives NOERROR, count 0 and `canonical` = its end, and the caller asks again there.
 * `name`/`type` are those asked: a response to another question is garbled. */
bool wire_response(const void *message, size_t len, const char *name, enum dns_type type, struct arena *arena, struct answer *out, bool *truncated, const char **why);

/* The other side, for the lab and for round-trip tests. */
struct wire_question {
	uint16_t id;
	char name[1025]; /* NAME_TEXT */
	uint16_t type;
	bool rd, ad, edns;
	uint16_t payload; /* what the client can take by UDP: 512 without EDNS */
};
bool wire_question_read(const void *message, size_t len, struct wire_question *out);
/* Appends a response with `answer` (CNAME chain first when canonical differs from name: one link), the negative SOA left out. `limit` octets at most, else TC is set and the records are left out. */
void wire_answer(struct buf *out, const struct wire_question *question, const struct answer *answer, size_t limit);

#endif
