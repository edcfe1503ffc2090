/* Reading is by a cursor whose error sticks: read, read, read, and ask once. Nothing is kept of a
 * record but its place, until it is known to be wanted. */
#include "dns/wire.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/name.h"

enum {
	HEADER = 12, /* octets */
	CLASS_IN = 1,
	TYPE_OPT = 41,
	OPT_OCTETS = 11,
	NAME_OCTETS = 255,
	HOPS_MAX = 128,
	LINKS_MAX = 8,
	STRING_MAX = 255,
};

enum { /* the header's flags, RFC 1035 section 4.1.1 and RFC 6840 section 5.7 */
	QR = 0x8000,
	OPCODE = 0x7800,
	AA = 0x0400,
	TC = 0x0200,
	RD = 0x0100,
	RA = 0x0080,
	AD = 0x0020,
	RCODE = 0x000f,
};

struct cursor {
	const unsigned char *base;
	size_t len, at;
	const char *why; /* what is wrong, the first time something was; NULL: nothing */
};

static bool
wrong(struct cursor *cursor, const char *why)
{
	if (cursor->why == NULL)
		cursor->why = why;
	return false;
}

static const unsigned char *
take(struct cursor *cursor, size_t octets) /* NULL: not there */
{
	if (cursor->why != NULL || octets > cursor->len - cursor->at) {
		wrong(cursor, "it ends too early");
		return NULL;
	}
	cursor->at += octets;
	return cursor->base + cursor->at - octets;
}

static unsigned
take_u8(struct cursor *cursor)
{
	const unsigned char *p = take(cursor, 1);

	return p != NULL ? p[0] : 0;
}

static unsigned
take_u16(struct cursor *cursor)
{
	const unsigned char *p = take(cursor, 2);

	return p != NULL ? (unsigned)p[0] << 8 | p[1] : 0;
}

static uint32_t
take_u32(struct cursor *cursor)
{
	uint32_t high = take_u16(cursor);

	return high << 16 | take_u16(cursor);
}

/* A pointer must lead to before the labels that it continues: that rules out loops and pointers
 * forward (RFC 1035 section 4.1.4 "a prior occurrence"). `out` is NULL where the name is passed
 * over. */
static bool
take_name(struct cursor *cursor, char *out)
{
	size_t at = cursor->at, run = at, after = 0, octets = 1, len = 0;
	unsigned hops = 0;

	if (out != NULL)
		out[0] = '\0';
	if (cursor->why != NULL)
		return false;
	for (;;) {
		unsigned head = at < cursor->len ? cursor->base[at] : 0;

		if (at >= cursor->len || (head >= 0xc0 ? 1 : head) > cursor->len - at - 1)
			return wrong(cursor, "a name runs over the end");
		if (head >= 0xc0) {
			after = after == 0 ? at + 2 : after;
			at = (head & 0x3f) << 8 | cursor->base[at + 1];
			if (at >= run || at < HEADER || ++hops > HOPS_MAX)
				return wrong(
				    cursor, "a compression pointer that does not lead back");
			run = at;
			continue;
		}
		if (head > LABEL_MAX_OCTETS)
			return wrong(cursor, "a label of unknown kind");
		at++;
		if (head == 0)
			break;
		octets += head + 1;
		if (octets > NAME_OCTETS)
			return wrong(cursor, "a name is longer than 255 octets");
		if (out != NULL && len > 0)
			out[len++] = '.';
		if (out != NULL)
			len += name_put_label(out + len, cursor->base + at, head);
		at += head;
	}
	if (out != NULL)
		out[len] = '\0';
	cursor->at = after == 0 ? at : after;
	return true;
}

/* ---- the kinds of records */

static void
take_a(struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record)
{
	const unsigned char *octets = take(cursor, 4);

	(void)end, (void)arena;
	record->u.address.family = 4;
	if (octets != NULL)
		memcpy(record->u.address.bytes, octets, 4);
}

static const unsigned char mapped[12] = {
    [10] = 0xff, [11] = 0xff}; /* ::ffff:0:0/96, which is IPv4 to us (base/ip.h) */

static void
take_aaaa(struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record)
{
	const unsigned char *octets = take(cursor, 16);

	(void)end, (void)arena;
	if (octets == NULL)
		return;
	if (memcmp(octets, mapped, sizeof mapped) == 0) {
		record->u.address.family = 4;
		memcpy(record->u.address.bytes, octets + sizeof mapped, 4);
	} else {
		record->u.address.family = 6;
		memcpy(record->u.address.bytes, octets, 16);
	}
}

static const char *
take_kept_name(struct cursor *cursor, struct arena *arena)
{
	char name[NAME_TEXT];

	take_name(cursor, name);
	return arena_string(arena, name);
}

static void
take_host(struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record)
{
	(void)end;
	record->u.name = take_kept_name(cursor, arena);
}

static void
take_mx(struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record)
{
	(void)end;
	record->u.mx.preference = (uint16_t)take_u16(cursor);
	record->u.mx.host = take_kept_name(cursor, arena);
}

static void
take_soa(struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record)
{
	(void)end;
	record->u.soa.mname = take_kept_name(cursor, arena);
	record->u.soa.rname = take_kept_name(cursor, arena);
	record->u.soa.serial = take_u32(cursor);
	record->u.soa.refresh = take_u32(cursor);
	record->u.soa.retry = take_u32(cursor);
	record->u.soa.expire = take_u32(cursor);
	record->u.soa.minimum = take_u32(cursor);
}

/* How many character-strings there are up to `end`; 0: they do not end there. */
static size_t
count_strings(struct cursor cursor, size_t end)
{
	size_t count = 0;

	while (cursor.why == NULL && cursor.at < end) {
		take(&cursor, take_u8(&cursor));
		count++;
	}
	return cursor.why == NULL && cursor.at == end ? count : 0;
}

static void
take_txt(struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record)
{
	size_t count = count_strings(*cursor, end), room = end - cursor->at;
	struct dns_text *strings;
	char *each, *joined;

	if (count == 0) {
		wrong(cursor, "the strings of a TXT record do not fill it");
		return;
	}
	strings = arena_alloc(arena, count * sizeof *strings);
	each = arena_alloc(arena, room + 1); /* a NUL for each length octet */
	joined = arena_alloc(arena, room - count + 1);
	record->u.txt.strings = strings;
	record->u.txt.count = count;
	record->u.txt.joined = (struct dns_text){.bytes = joined, .len = room - count};
	for (size_t i = 0; i < count; i++) {
		size_t len = take_u8(cursor);
		const unsigned char *octets = take(cursor, len);

		memcpy(each, octets, len);
		memcpy(joined, octets, len);
		strings[i] = (struct dns_text){.bytes = each, .len = len};
		each += len + 1;
		joined += len;
	}
}

static void
take_tlsa(struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record)
{
	const unsigned char *octets;
	size_t len;

	record->u.tlsa.usage = (uint8_t)take_u8(cursor);
	record->u.tlsa.selector = (uint8_t)take_u8(cursor);
	record->u.tlsa.matching = (uint8_t)take_u8(cursor);
	len = cursor->at <= end ? end - cursor->at : 0;
	octets = take(cursor, len);
	if (octets != NULL)
		record->u.tlsa.data = (struct dns_text){
		    .bytes = arena_copy(arena, (const char *)octets, len), .len = len};
}

static int
compare_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

static int
compare_text(const struct dns_text *a, const struct dns_text *b)
{
	int order = memcmp(a->bytes, b->bytes, a->len < b->len ? a->len : b->len);

	return order != 0 ? order : (a->len > b->len) - (a->len < b->len);
}

static int
compare_address(const struct dns_record *a, const struct dns_record *b)
{
	return memcmp(&a->u.address, &b->u.address, sizeof a->u.address);
}

static int
compare_host(const struct dns_record *a, const struct dns_record *b)
{
	return strcmp(a->u.name, b->u.name);
}

static int
compare_mx(const struct dns_record *a, const struct dns_record *b)
{
	int order = compare_u32(a->u.mx.preference, b->u.mx.preference);

	return order != 0 ? order : strcmp(a->u.mx.host, b->u.mx.host);
}

static int
compare_soa(const struct dns_record *a, const struct dns_record *b)
{
	int order = strcmp(a->u.soa.mname, b->u.soa.mname);

	return order != 0 ? order : compare_u32(a->u.soa.serial, b->u.soa.serial);
}

static int
compare_txt(const struct dns_record *a, const struct dns_record *b)
{
	int order = compare_text(&a->u.txt.joined, &b->u.txt.joined);

	return order != 0 ? order
	                  : (a->u.txt.count > b->u.txt.count) - (a->u.txt.count < b->u.txt.count);
}

static int
compare_tlsa(const struct dns_record *a, const struct dns_record *b)
{
	uint32_t left = (uint32_t)a->u.tlsa.usage << 16 | (uint32_t)a->u.tlsa.selector << 8 |
	                a->u.tlsa.matching;
	uint32_t right = (uint32_t)b->u.tlsa.usage << 16 | (uint32_t)b->u.tlsa.selector << 8 |
	                 b->u.tlsa.matching;
	int order = compare_u32(left, right);

	return order != 0 ? order : compare_text(&a->u.tlsa.data, &b->u.tlsa.data);
}

static void
put_u8(struct buf *out, unsigned value)
{
	buf_putc(out, (char)(value & 0xff));
}

static void
put_u16(struct buf *out, unsigned value)
{
	const char octets[] = {(char)(value >> 8 & 0xff), (char)(value & 0xff)};

	buf_add(out, octets, sizeof octets);
}

static void
put_u32(struct buf *out, uint32_t value)
{
	put_u16(out, value >> 16);
	put_u16(out, value & 0xffff);
}

static void
put_name(struct buf *out, const char *name)
{
	char label[LABEL_MAX_OCTETS];

	while (*name != '\0') {
		size_t len = 0, took;
		unsigned byte;

		while (*name != '\0' && *name != '.' && len < LABEL_MAX_OCTETS &&
		       (took = name_take_byte(name, &byte)) > 0) {
			label[len++] = (char)byte;
			name += took;
		}
		put_u8(out, (unsigned)len);
		buf_add(out, label, len);
		if (*name != '.')
			break;
		name++;
	}
	put_u8(out, 0);
}

static void
put_a(const struct dns_record *record, struct buf *out)
{
	buf_add(out, record->u.address.bytes, 4);
}

static void
put_aaaa(const struct dns_record *record, struct buf *out)
{
	if (record->u.address.family == 4) {
		buf_add(out, mapped, sizeof mapped);
		buf_add(out, record->u.address.bytes, 4);
	} else {
		buf_add(out, record->u.address.bytes, 16);
	}
}

static void
put_host(const struct dns_record *record, struct buf *out)
{
	put_name(out, record->u.name);
}

static void
put_mx(const struct dns_record *record, struct buf *out)
{
	put_u16(out, record->u.mx.preference);
	put_name(out, record->u.mx.host);
}

static void
put_soa(const struct dns_record *record, struct buf *out)
{
	put_name(out, record->u.soa.mname);
	put_name(out, record->u.soa.rname);
	put_u32(out, record->u.soa.serial);
	put_u32(out, record->u.soa.refresh);
	put_u32(out, record->u.soa.retry);
	put_u32(out, record->u.soa.expire);
	put_u32(out, record->u.soa.minimum);
}

static void
put_string(const struct dns_text *string, struct buf *out)
{
	size_t at = 0;

	do {
		size_t len = string->len - at < STRING_MAX ? string->len - at : STRING_MAX;

		put_u8(out, (unsigned)len);
		buf_add(out, string->bytes + at, len);
		at += len;
	} while (at < string->len);
}

static void
put_txt(const struct dns_record *record, struct buf *out)
{
	for (size_t i = 0; i < record->u.txt.count; i++)
		put_string(&record->u.txt.strings[i], out);
	if (record->u.txt.count == 0)
		put_u8(out, 0); /* there must be one (RFC 1035 section 3.3.14) */
}

static void
put_tlsa(const struct dns_record *record, struct buf *out)
{
	put_u8(out, record->u.tlsa.usage);
	put_u8(out, record->u.tlsa.selector);
	put_u8(out, record->u.tlsa.matching);
	buf_add(out, record->u.tlsa.data.bytes, record->u.tlsa.data.len);
}

static const struct kind {
	enum dns_type type;
	void (*take)(
	    struct cursor *cursor, size_t end, struct arena *arena, struct dns_record *record);
	int (*compare)(const struct dns_record *a, const struct dns_record *b);
	void (*put)(const struct dns_record *record, struct buf *out);
} kinds[] = {
    {DNS_A, take_a, compare_address, put_a},
    {DNS_NS, take_host, compare_host, put_host},
    {DNS_CNAME, take_host, compare_host, put_host},
    {DNS_SOA, take_soa, compare_soa, put_soa},
    {DNS_PTR, take_host, compare_host, put_host},
    {DNS_MX, take_mx, compare_mx, put_mx},
    {DNS_TXT, take_txt, compare_txt, put_txt},
    {DNS_AAAA, take_aaaa, compare_address, put_aaaa},
    {DNS_TLSA, take_tlsa, compare_tlsa, put_tlsa},
};

static const struct kind *
kind_of(unsigned type) /* NULL: not one of ours */
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if ((unsigned)kinds[i].type == type)
			return &kinds[i];
	return NULL;
}

/* ---- a message and its sections */

struct header {
	unsigned id, flags, questions, answers, authorities, additionals;
};

static void
take_header(struct cursor *cursor, struct header *header)
{
	header->id = take_u16(cursor);
	header->flags = take_u16(cursor);
	header->questions = take_u16(cursor);
	header->answers = take_u16(cursor);
	header->authorities = take_u16(cursor);
	header->additionals = take_u16(cursor);
}

struct entry { /* a record, not looked into */
	char owner[NAME_TEXT];
	unsigned type, class;
	uint32_t ttl;
	size_t data, end; /* where its data begins and ends */
};

static bool
take_rest(struct cursor *cursor, struct entry *entry)
{
	size_t len;

	entry->type = take_u16(cursor);
	entry->class = take_u16(cursor);
	entry->ttl = take_u32(cursor);
	len = take_u16(cursor);
	entry->data = cursor->at;
	take(cursor, len);
	entry->end = cursor->at;
	return cursor->why == NULL;
}

static bool
take_entry(struct cursor *cursor, struct entry *entry)
{
	take_name(cursor, entry->owner);
	return take_rest(cursor, entry);
}

static bool
pass_entry(struct cursor *cursor, struct entry *entry) /* its owner is not looked at */
{
	take_name(cursor, NULL);
	return take_rest(cursor, entry);
}

static uint32_t
ttl_of(uint32_t ttl) /* RFC 2181 section 8 */
{
	return ttl > INT32_MAX ? 0 : ttl;
}

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Looks into a record. Its data must end where its length says. */
static bool
open_entry(struct cursor *cursor, const struct entry *entry, const struct kind *kind,
    struct arena *arena, struct dns_record *record)
{
	struct cursor inner = *cursor;

	*record = (struct dns_record){.ttl = ttl_of(entry->ttl)};
	inner.at = entry->data;
	kind->take(&inner, entry->end, arena, record);
	if (inner.why == NULL && inner.at != entry->end)
		wrong(&inner, "a record's data do not end where its length says");
	cursor->why = inner.why;
	return cursor->why == NULL;
}

struct section {
	size_t at; /* offset of its first record */
	unsigned count;
};

struct message {
	struct cursor cursor;
	struct section answers, authorities;
	bool authoritative, recursive, edns;
	unsigned payload, rcode_high; /* of OPT */
};

/* The next record of a section that is `type` of `owner`. `*at` is where to look on, `*left` how
 * many records are left there. */
static bool
find(const struct message *message, size_t *at, unsigned *left, const char *owner, unsigned type,
    struct entry *entry)
{
	struct cursor cursor = message->cursor;

	cursor.at = *at;
	while (*left > 0 && take_entry(&cursor, entry)) {
		*at = cursor.at;
		--*left;
		if (entry->type == type && entry->class == CLASS_IN &&
		    strcmp(entry->owner, owner) == 0)
			return true;
	}
	return false;
}

static struct section
pass_section(struct message *message, unsigned count)
{
	struct section section = {.at = message->cursor.at, .count = count};
	struct entry entry;

	while (count-- > 0 && pass_entry(&message->cursor, &entry))
		continue;
	return section;
}

/* All records but OPT are passed over (RFC 6891 section 6.1.1: at most one OPT). */
static void
take_additionals(struct message *message, unsigned count)
{
	struct entry entry;

	while (count-- > 0 && pass_entry(&message->cursor, &entry)) {
		if (entry.type != TYPE_OPT)
			continue;
		if (message->edns)
			wrong(&message->cursor, "two OPT records");
		message->edns = true;
		message->payload = entry.class;
		message->rcode_high = entry.ttl >> 24;
	}
}

/* Every octet up to the end of the last record is accounted for here; what comes later cannot run
 * over the end. */
static bool
take_sections(struct message *message, const struct header *header)
{
	message->answers = pass_section(message, header->answers);
	message->authorities = pass_section(message, header->authorities);
	take_additionals(message, header->additionals);
	return message->cursor.why == NULL;
}

static bool
take_question(struct cursor *cursor, const char *name, enum dns_type type)
{
	char asked[NAME_TEXT];
	unsigned asked_type, asked_class;

	take_name(cursor, asked);
	asked_type = take_u16(cursor);
	asked_class = take_u16(cursor);
	if (cursor->why == NULL &&
	    (!name_equal(asked, name) || asked_type != (unsigned)type || asked_class != CLASS_IN))
		wrong(cursor, "it answers another question");
	return cursor->why == NULL;
}

/* ---- a response */

/* The name behind the CNAMEs of the message; NULL: too many of them, or garbled. */
static const char *
follow(struct message *message, const char *name, struct arena *arena, uint32_t *ttl)
{
	for (unsigned links = 0; links <= LINKS_MAX; links++) {
		size_t at = message->answers.at;
		unsigned left = message->answers.count;
		struct entry entry;
		struct dns_record record;

		if (!find(message, &at, &left, name, DNS_CNAME, &entry))
			return name;
		if (!open_entry(&message->cursor, &entry, kind_of(DNS_CNAME), arena, &record))
			return NULL;
		*ttl = least(*ttl, record.ttl);
		name = record.u.name;
	}
	return NULL;
}

struct sorted {
	const struct dns_record *record;
	const struct kind *kind;
};

static int
by_content(const void *left, const void *right)
{
	const struct sorted *a = left, *b = right;
	int order = a->kind->compare(a->record, b->record);

	return order != 0 ? order : (a->record > b->record) - (a->record < b->record);
}

/* Leaves one of each content, in the order received; sorted on the side, for a hostile set may have
 * thousands. Returns how many are left. */
static size_t
fold(struct dns_record *records, size_t count, const struct kind *kind, struct arena *arena)
{
	struct sorted *sorted = arena_alloc(arena, count * sizeof *sorted);
	bool *again = arena_alloc(arena, count * sizeof *again);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		sorted[i] = (struct sorted){&records[i], kind};
	qsort(sorted, count, sizeof *sorted, by_content);
	for (size_t i = 1; i < count; i++)
		again[sorted[i].record - records] =
		    kind->compare(sorted[i - 1].record, sorted[i].record) == 0;
	for (size_t i = 0; i < count; i++)
		if (!again[i])
			records[kept++] = records[i];
	return kept;
}

static void
take_records(
    struct message *message, const struct kind *kind, struct arena *arena, struct answer *out)
{
	size_t at = message->answers.at, count = 0;
	unsigned left = message->answers.count;
	struct dns_record *records = NULL;
	struct entry entry;

	while (find(message, &at, &left, out->canonical, kind->type, &entry)) {
		struct dns_record *record = arena_push(arena, &records, count, sizeof *records);

		if (!open_entry(&message->cursor, &entry, kind, arena, record))
			return;
		out->ttl = least(out->ttl, record->ttl);
		count++;
	}
	out->records = records;
	out->count = count > 1 ? fold(records, count, kind, arena) : count;
}

/* How long a negative answer may be kept: RFC 2308 section 5. 0 when no SOA says. */
static uint32_t
negative_ttl(struct message *message, const char *name, struct arena *arena)
{
	struct cursor cursor = message->cursor;
	struct entry entry;
	struct dns_record soa;

	cursor.at = message->authorities.at;
	for (unsigned left = message->authorities.count; left > 0 && take_entry(&cursor, &entry);
	     left--)
		if (entry.type == DNS_SOA && entry.class == CLASS_IN &&
		    name_within(name, entry.owner))
			return open_entry(&message->cursor, &entry, kind_of(DNS_SOA), arena, &soa)
			           ? least(soa.ttl, ttl_of(soa.u.soa.minimum))
			           : 0;
	return 0;
}

/* A server that does not recurse points to others: it does not say that there is nothing (RFC 2308
 * section 2.2, RFC 1034 section 4.3.1). */
static bool
is_referral(const struct message *message)
{
	struct cursor cursor = message->cursor;
	struct entry entry;
	bool points = false;

	if (message->authoritative || message->recursive)
		return false;
	cursor.at = message->authorities.at;
	for (unsigned left = message->authorities.count; left > 0 && take_entry(&cursor, &entry);
	     left--) {
		if (entry.type == DNS_SOA)
			return false;
		points |= entry.type == DNS_NS;
	}
	return points;
}

static bool
is_failure(enum dns_rcode rcode)
{
	return rcode != DNS_NOERROR && rcode != DNS_NXDOMAIN;
}

/* Fills in what a message that was accounted for says. */
static void
take_answer(struct message *message, struct arena *arena, struct answer *out)
{
	const struct kind *kind = kind_of((unsigned)out->type);
	uint32_t ttl = UINT32_MAX;
	const char *end;
	bool open;

	if (is_failure(out->rcode))
		return;
	end = out->type == DNS_CNAME ? out->name : follow(message, out->name, arena, &ttl);
	if (end == NULL) {
		out->rcode = DNS_SERVFAIL;
		out->authentic = false;
		return;
	}
	out->canonical = end;
	out->ttl = ttl;
	if (kind != NULL && out->rcode == DNS_NOERROR)
		take_records(message, kind, arena, out);
	if (out->count > 0 || message->cursor.why != NULL)
		return;
	if (out->rcode == DNS_NOERROR && end == out->name && is_referral(message)) {
		*out = (struct answer){.name = out->name,
		    .type = out->type,
		    .rcode = DNS_REFUSED,
		    .canonical = out->name};
		return;
	}
	open =
	    out->rcode == DNS_NOERROR &&
	    end !=
	        out->name; /* the end may be yet to be asked for: then the chain's own TTL counts */
	ttl = negative_ttl(message, end, arena);
	out->ttl = open && ttl == 0 ? out->ttl : least(out->ttl, ttl);
}

static bool
take_response(struct message *message, struct arena *arena, struct answer *out, bool *truncated)
{
	struct cursor *cursor = &message->cursor;
	struct header header;
	enum dns_rcode rcode;

	take_header(cursor, &header);
	if (cursor->why == NULL && (header.flags & (QR | OPCODE)) != QR)
		return wrong(cursor, "it is no response");
	rcode = (enum dns_rcode)(header.flags & RCODE);
	if (header.questions > 1 || (header.questions == 0 && !is_failure(rcode)))
		return wrong(cursor, "it has not one question");
	if (header.questions == 1 && !take_question(cursor, out->name, out->type))
		return false;
	*truncated = (header.flags & TC) != 0;
	if (cursor->why != NULL || *truncated)
		return cursor->why == NULL;
	if (!take_sections(message, &header))
		return false;
	out->rcode = (enum dns_rcode)(message->rcode_high << 4 | (unsigned)rcode);
	if (out->rcode >= DNS_TIMEOUT)
		out->rcode = DNS_SERVFAIL; /* IANA has assigned none so high, and our own values
		                              begin here */
	out->authentic = (header.flags & AD) != 0;
	message->authoritative = (header.flags & AA) != 0;
	message->recursive = (header.flags & RA) != 0;
	take_answer(message, arena, out);
	return cursor->why == NULL;
}

bool
wire_response(const void *message, size_t len, const char *name, enum dns_type type,
    struct arena *arena, struct answer *out, bool *truncated, const char **why)
{
	struct message reading = {.cursor = {.base = message, .len = len}};
	struct answer unread = {.type = type, .rcode = DNS_GARBLED};
	char text[NAME_TEXT];

	if (!name_normalise(name, text, NULL))
		wrong(&reading.cursor, "no name was asked for");
	unread.name = unread.canonical = arena_string(arena, text);
	*out = unread;
	*truncated = false;
	if (!take_response(&reading, arena, out, truncated))
		*out = unread;
	if (why != NULL)
		*why = reading.cursor.why;
	return reading.cursor.why == NULL;
}

/* ---- a query */

static void
put_header(struct buf *out, const struct header *header)
{
	put_u16(out, header->id);
	put_u16(out, header->flags);
	put_u16(out, header->questions);
	put_u16(out, header->answers);
	put_u16(out, header->authorities);
	put_u16(out, header->additionals);
}

static void
put_opt(struct buf *out, unsigned rcode)
{
	put_name(out, "");
	put_u16(out, TYPE_OPT);
	put_u16(out, WIRE_UDP_PAYLOAD);
	put_u8(out, rcode >> 4);
	put_u8(out, 0); /* version */
	put_u16(out, 0);
	put_u16(out, 0);
}

bool
wire_query(struct buf *out, uint16_t id, const char *name, enum dns_type type)
{
	char text[NAME_TEXT];

	if (!name_normalise(name, text, NULL))
		return false;
	put_header(
	    out, &(struct header){.id = id, .flags = RD | AD, .questions = 1, .additionals = 1});
	put_name(out, text);
	put_u16(out, (unsigned)type);
	put_u16(out, CLASS_IN);
	put_opt(out, 0);
	return !out->full;
}

bool
wire_question_read(const void *message, size_t len, struct wire_question *out)
{
	struct message reading = {.cursor = {.base = message, .len = len}};
	struct header header;
	unsigned class;

	*out = (struct wire_question){.payload = 512};
	take_header(&reading.cursor, &header);
	if (reading.cursor.why != NULL || (header.flags & (QR | OPCODE)) != 0 ||
	    header.questions != 1)
		return false;
	take_name(&reading.cursor, out->name);
	out->type = (uint16_t)take_u16(&reading.cursor);
	class = take_u16(&reading.cursor);
	if (!take_sections(&reading, &header) || class != CLASS_IN)
		return false;
	out->id = (uint16_t)header.id;
	out->rd = (header.flags & RD) != 0;
	out->ad = (header.flags & AD) != 0;
	out->edns = reading.edns;
	if (reading.payload > out->payload)
		out->payload =
		    (uint16_t)
		        reading.payload; /* less than 512 means 512 (RFC 6891 section 6.2.3) */
	return true;
}

/* ---- an answer to one */

enum { RECORD_HEAD = 12 }; /* octets from a record's start to its data, the owner being a pointer */

/* One record; `owner` is the offset of its owner's name. False: there is no room for it, or its
 * data are too long for any message. */
static bool
put_record(struct buf *out, size_t owner, const struct dns_record *record, const struct kind *kind)
{
	size_t data, len;

	put_u16(out, 0xc000 | (unsigned)owner);
	put_u16(out, (unsigned)kind->type);
	put_u16(out, CLASS_IN);
	put_u32(out, record->ttl);
	put_u16(out, 0); /* the length, when it is known */
	data = out->len;
	kind->put(record, out);
	len = out->len - data;
	if (out->full || len > WIRE_MAX)
		return false;
	out->data[data - 2] = (char)(len >> 8);
	out->data[data - 1] = (char)(len & 0xff);
	return true;
}

/* The answer section of the message that begins at `start` and may have `limit` octets. False: it
 * does not fit. */
static bool
put_records(
    struct buf *out, size_t start, const struct answer *answer, size_t limit, unsigned *count)
{
	struct dns_record link = {.ttl = answer->ttl, .u.name = answer->canonical};
	const struct kind *kind = kind_of((unsigned)answer->type);
	size_t owner = HEADER, alias = out->len - start + RECORD_HEAD;

	*count = 0;
	if (answer->type != DNS_CNAME && strcmp(answer->canonical, answer->name) != 0) {
		if (!put_record(out, owner, &link, kind_of(DNS_CNAME)))
			return false;
		owner = alias;
		++*count;
	}
	for (size_t i = 0; kind != NULL && i < answer->count; i++) {
		if (!put_record(out, owner, &answer->records[i], kind) || out->len - start > limit)
			return false;
		++*count;
	}
	return out->len - start <= limit;
}

static unsigned
sent_rcode(enum dns_rcode rcode, bool edns)
{
	return (unsigned)rcode <= (edns ? 0xfff : RCODE) && rcode != DNS_TIMEOUT &&
	               rcode != DNS_GARBLED
	           ? (unsigned)rcode
	           : DNS_SERVFAIL;
}

void
wire_answer(struct buf *out, const struct wire_question *question, const struct answer *answer,
    size_t limit)
{
	unsigned rcode = sent_rcode(answer->rcode, question->edns), count;
	size_t start = out->len, body, opt = question->edns ? OPT_OCTETS : 0;
	struct header header = {.id = question->id,
	    .flags = QR | RA | (rcode & RCODE),
	    .questions = 1,
	    .additionals = question->edns};
	bool full = out->full;

	if (question->rd)
		header.flags |= RD;
	if (question->ad && answer->authentic)
		header.flags |= AD;
	put_header(out, &header);
	put_name(out, question->name);
	put_u16(out, question->type);
	put_u16(out, CLASS_IN);
	body = out->len;
	if (out->full)
		return; /* not even the question: the buffer says so */
	if (!put_records(out, start, answer, limit > opt ? limit - opt : 0, &count)) {
		count = 0;
		out->len = body;
		out->full = full;
		out->data[start + 2] |= (char)(TC >> 8);
	}
	out->data[start + 6] = (char)(count >> 8);
	out->data[start + 7] = (char)(count & 0xff);
	if (question->edns)
		put_opt(out, rcode);
}
