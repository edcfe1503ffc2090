/* wire: one DNS message ↔ values (RFC 1035 section 4, RFC 6891). Bounded: no message makes it read
 * outside `len`, loop, or allocate more than 128 times `len` (a compressed name of two octets may
 * stand for a text of a thousand; without compression it is a few times). */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/answer.h"

struct arena;
struct buf;

enum { WIRE_UDP_PAYLOAD = 1232, WIRE_MAX = 65535 };

/* A query with RD and AD set (we want to know about validation, RFC 6840 section 5.7) and an OPT
 * record of exactly 11 octets at the end. False: the name does not fit. */
bool wire_query(struct buf *out, uint16_t id, const char *name, enum dns_type type);

/* Reads a response. False with a static `*why` when it is garbled (truncated record, compression
 * loop or forward pointer, label too long, counts that lie …); `out` is then an answer of
 * DNS_GARBLED. Records of other types and classes are passed over, and so are those that belong to
 * another owner, and octets behind the last record. `name`/`type` are those asked: a response to
 * another question is garbled. A failure may come without its question (RFC 1035 4.1.1 servers that
 * could not read ours).
 *
 * CNAMEs within the answer section are followed from the question's name, up to 8; a loop or more
 * of them is DNS_SERVFAIL, as in book.h. A chain that ends outside the message gives NOERROR, count
 * 0 and `canonical` = its end, and the caller asks again there; NXDOMAIN is about the end of the
 * chain (RFC 6604). A referral (no records, NS and no SOA in the authority section, neither AA nor
 * RA) is DNS_REFUSED: that server does not look it up for us. The rcode has its upper bits from OPT
 * (RFC 6891 6.1.3): BADVERS and the like are themselves, that is UNKNOWN, never mistaken for their
 * low four bits. A TTL with the top bit set is 0 (RFC 2181 section 8). Records of equal content are
 * one (RFC 2181 section 5). With TC set, `*truncated`, nothing behind the question is read, and
 * `out` is an answer of DNS_GARBLED: half a set is no set. */
bool wire_response(const void *message, size_t len, const char *name, enum dns_type type,
    struct arena *arena, struct answer *out, bool *truncated, const char **why);

/* The other side, for the lab and for round-trip tests. */
struct wire_question {
	uint16_t id;
	char name[1025]; /* NAME_TEXT */
	uint16_t type;
	bool rd, ad, edns;
	uint16_t payload; /* what the client can take by UDP: 512 without EDNS */
};
/* False: no query of class IN with one question that can be read. */
bool wire_question_read(const void *message, size_t len, struct wire_question *out);
/* Appends a response with `answer` (CNAME chain first when canonical differs from name: one link),
 * the negative SOA left out. `limit` octets at most, else TC is set and the records are left out.
 * Names are in our form. A character-string of more than 255 octets goes out as several. A failure
 * that has no code on the wire (DNS_TIMEOUT …) is SERVFAIL. AD only for who asked with it. */
void wire_answer(struct buf *out, const struct wire_question *question, const struct answer *answer,
    size_t limit);

#endif
