#include "dns/answer.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"

static const struct {
	enum dns_type type;
	const char *name;
} types[] = {
    {DNS_A, "A"},
    {DNS_NS, "NS"},
    {DNS_CNAME, "CNAME"},
    {DNS_SOA, "SOA"},
    {DNS_PTR, "PTR"},
    {DNS_MX, "MX"},
    {DNS_TXT, "TXT"},
    {DNS_AAAA, "AAAA"},
    {DNS_TLSA, "TLSA"},
};

/* The IANA registry as far as a question can meet it, extended codes included (RFC 6891
 * section 6.1.3), and our own. The last row stands for every other code. */
static const struct {
	unsigned code;
	const char *name;
} rcodes[] = {
    {DNS_NOERROR, "NOERROR"},
    {DNS_FORMERR, "FORMERR"},
    {DNS_SERVFAIL, "SERVFAIL"},
    {DNS_NXDOMAIN, "NXDOMAIN"},
    {DNS_NOTIMP, "NOTIMP"},
    {DNS_REFUSED, "REFUSED"},
    {6, "YXDOMAIN"},
    {7, "YXRRSET"},
    {8, "NXRRSET"},
    {9, "NOTAUTH"},
    {10, "NOTZONE"},
    {16, "BADVERS"},
    {23, "BADCOOKIE"},
    {DNS_TIMEOUT, "TIMEOUT"},
    {DNS_GARBLED, "GARBLED"},
    {4095, "RCODE"},
};

enum { TYPES = sizeof types / sizeof *types, RCODES = sizeof rcodes / sizeof *rcodes };

enum truth
answer_truth(const struct answer *answer)
{
	if (answer->rcode == DNS_NXDOMAIN)
		return ABSENT;
	if (answer->rcode != DNS_NOERROR)
		return UNKNOWN;
	return answer->count > 0 ? PRESENT : ABSENT;
}

const char *
dns_type_name(enum dns_type type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (types[i].type == type)
			return types[i].name;
	return "TYPE";
}

bool
dns_type_parse(const char *text, enum dns_type *type)
{
	for (size_t i = 0; i < TYPES; i++)
		if (strcasecmp(types[i].name, text) == 0) {
			*type = types[i].type;
			return true;
		}
	return false;
}

const char *
dns_rcode_name(enum dns_rcode rcode)
{
	size_t i = 0;

	while (i < RCODES - 1 && rcodes[i].code != (unsigned)rcode)
		i++;
	return rcodes[i].name;
}

bool
dns_rcode_parse(const char *text, enum dns_rcode *rcode)
{
	for (size_t i = 0; i < RCODES; i++)
		if (strcasecmp(rcodes[i].name, text) == 0) {
			*rcode = (enum dns_rcode)rcodes[i].code;
			return true;
		}
	return false;
}

/* ---- copies */

static struct dns_text
copy_text(struct arena *arena, struct dns_text text)
{
	return (struct dns_text){.bytes = arena_copy(arena, text.bytes, text.len), .len = text.len};
}

static void
copy_txt(struct arena *arena, struct dns_record *record)
{
	struct dns_text *strings = arena_alloc(arena, record->u.txt.count * sizeof *strings);

	for (size_t i = 0; i < record->u.txt.count; i++)
		strings[i] = copy_text(arena, record->u.txt.strings[i]);
	record->u.txt.strings = strings;
	record->u.txt.joined = copy_text(arena, record->u.txt.joined);
}

/* What the record borrows becomes the arena's. */
static void
copy_record(struct arena *arena, enum dns_type type, struct dns_record *record)
{
	switch (type) {
	case DNS_A:
	case DNS_AAAA:
		break;
	case DNS_NS:
	case DNS_CNAME:
	case DNS_PTR:
		record->u.name = arena_string(arena, record->u.name);
		break;
	case DNS_MX:
		record->u.mx.host = arena_string(arena, record->u.mx.host);
		break;
	case DNS_SOA:
		record->u.soa.mname = arena_string(arena, record->u.soa.mname);
		record->u.soa.rname = arena_string(arena, record->u.soa.rname);
		break;
	case DNS_TXT:
		copy_txt(arena, record);
		break;
	case DNS_TLSA:
		record->u.tlsa.data = copy_text(arena, record->u.tlsa.data);
		break;
	}
}

const struct dns_record *
answer_records(const struct answer *answer, struct arena *arena)
{
	struct dns_record *records;

	if (answer->count == 0)
		return NULL;
	records = arena_alloc(arena, answer->count * sizeof *records);
	memcpy(records, answer->records, answer->count * sizeof *records);
	for (size_t i = 0; i < answer->count; i++)
		copy_record(arena, answer->type, &records[i]);
	return records;
}
