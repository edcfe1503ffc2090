/* The nodes are kept sorted by name and found by halving. Every ancestor of a name is a node too,
 * so that an empty non-terminal is told from a name that does not exist (RFC 8020). */
#include "lab/zone.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/name.h"
#include "lab/domains.h"
#include "lab/names.h"

enum { TTL = 300, NEGATIVE_TTL = 60, STRING_MAX = 255 };

struct zone_record {
	enum dns_type type;
	struct dns_record data;
};

struct node {
	const char *name;
	enum fate fate;
	enum { SIGNED_UNSAID, SIGNED_YES, SIGNED_NO } is_signed;
	struct zone_record *records;
	size_t count;
};

struct zone {
	struct arena *arena;
	const struct zone_values *values; /* while it is made */
	struct node *nodes;
	size_t count;
};

struct line { /* being read */
	const char *origin, *self, *address;
	char owner[NAME_TEXT], type[16];
	const char *data;
};

/* ---- nodes */

static size_t
position(const struct zone *zone, const char *name)
{
	size_t low = 0, high = zone->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (strcmp(zone->nodes[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct node *
find(const struct zone *zone, const char *name)
{
	size_t i = position(zone, name);

	return i < zone->count && strcmp(zone->nodes[i].name, name) == 0 ? &zone->nodes[i] : NULL;
}

static void
insert(struct zone *zone, const char *name)
{
	size_t i = position(zone, name);

	if (i < zone->count && strcmp(zone->nodes[i].name, name) == 0)
		return;
	arena_push(zone->arena, &zone->nodes, zone->count, sizeof *zone->nodes);
	memmove(&zone->nodes[i + 1], &zone->nodes[i], (zone->count - i) * sizeof *zone->nodes);
	zone->nodes[i] = (struct node){.name = arena_string(zone->arena, name)};
	zone->count++;
}

static struct node *
make(struct zone *zone, const char *name)
{
	for (const char *ancestor = name; *ancestor != '\0'; ancestor = name_parent(ancestor))
		insert(zone, ancestor);
	insert(zone, "");
	return find(zone, name);
}

static void
keep(struct zone *zone, const char *name, enum dns_type type, const struct dns_record *data)
{
	struct node *node = make(zone, name);
	struct zone_record *record =
	    arena_push(zone->arena, &node->records, node->count, sizeof *record);

	*record = (struct zone_record){type, *data};
	record->data.ttl = TTL;
	node->count++;
}

/* ---- reading the text */

/* A name as written → absolute, in the arena. `self` is the domain's own mail server. */
static const char *
absolute(const struct line *line, const char *written, struct arena *arena)
{
	size_t len = strlen(written);

	if (strcmp(written, "@") == 0)
		return line->origin;
	if (strcmp(written, "self") == 0 && line->self != NULL)
		return line->self;
	if (len > 5 && strcmp(written + len - 5, ".self") == 0 && line->self != NULL)
		return arena_printf(arena, "%.*s.%s", (int)(len - 5), written, line->self);
	if (len > 0 && written[len - 1] == '.')
		return arena_copy(arena, written, len - 1);
	return *line->origin != '\0' ? arena_printf(arena, "%s.%s", written, line->origin)
	                             : arena_string(arena, written);
}

static bool
read_address(
    struct zone *zone, const struct line *line, enum dns_type type, struct dns_record *record)
{
	const char *text =
	    strcmp(line->data, "self") == 0 && line->address != NULL ? line->address : line->data;

	(void)zone;
	return ip_parse(&record->u.address, text) &&
	       (record->u.address.family == 4) == (type == DNS_A);
}

static bool
read_name(struct zone *zone, const struct line *line, enum dns_type type, struct dns_record *record)
{
	(void)type;
	record->u.name = absolute(line, line->data, zone->arena);
	return true;
}

static bool
read_mx(struct zone *zone, const struct line *line, enum dns_type type, struct dns_record *record)
{
	char host[512];
	unsigned preference;

	(void)type;
	if (sscanf(line->data, "%u %511s", &preference, host) != 2)
		return false;
	record->u.mx.preference = (uint16_t)preference;
	record->u.mx.host = absolute(line, host, zone->arena);
	return true;
}

static bool
read_txt(struct zone *zone, const struct line *line, enum dns_type type, struct dns_record *record)
{
	size_t len = strlen(line->data), count = len == 0 ? 1 : (len + STRING_MAX - 1) / STRING_MAX;
	struct dns_text *strings = arena_alloc(zone->arena, count * sizeof *strings);
	const char *text = arena_copy(zone->arena, line->data, len);

	(void)type;
	for (size_t i = 0; i < count; i++) {
		size_t rest = len - i * STRING_MAX;

		strings[i].len = rest < STRING_MAX ? rest : STRING_MAX;
		strings[i].bytes = arena_copy(zone->arena, text + i * STRING_MAX, strings[i].len);
	}
	record->u.txt.strings = strings;
	record->u.txt.count = count;
	record->u.txt.joined = (struct dns_text){text, len};
	return true;
}

static bool
read_soa(struct zone *zone, const struct line *line, enum dns_type type, struct dns_record *record)
{
	(void)type;
	record->u.soa.mname = "ns." LAB_ZONE;
	record->u.soa.rname = "hostmaster." LAB_ZONE;
	record->u.soa.serial = (uint32_t)strtoul(line->data, NULL, 10);
	record->u.soa.refresh = 3600;
	record->u.soa.retry = 600;
	record->u.soa.expire = 86400;
	record->u.soa.minimum = NEGATIVE_TTL;
	(void)zone;
	return true;
}

static bool
read_fate(struct zone *zone, const struct line *line)
{
	static const char *const words[] = {[FATE_SERVFAIL] = "SERVFAIL",
	    [FATE_REFUSED] = "REFUSED",
	    [FATE_SILENT] = "SILENT",
	    [FATE_GARBLED] = "GARBLED"};

	for (unsigned i = FATE_SERVFAIL; i <= FATE_GARBLED; i++)
		if (strcmp(line->data, words[i]) == 0) {
			make(zone, line->owner)->fate = (enum fate)i;
			return true;
		}
	return false;
}

static bool
read_signed(struct zone *zone, const struct line *line)
{
	make(zone, line->owner)->is_signed =
	    strcmp(line->data, "yes") == 0 ? SIGNED_YES : SIGNED_NO;
	return true;
}

/* A digest of something of the lab's, or hex. */
static const char *
tlsa_hex(const struct zone *zone, const char *word)
{
	const struct zone_values *values = zone->values;
	const struct {
		const char *word, *hex;
	} words[] = {{"key", values->key}, {"ca", values->ca}, {"ca-key", values->ca_key},
	    {"pem", values->pem}};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i].word, word) == 0)
			return words[i].hex;
	return word;
}

static bool
read_tlsa(struct zone *zone, const struct line *line, enum dns_type type, struct dns_record *record)
{
	unsigned usage, selector, matching, octet;
	char word[520], *bytes;
	const char *hex;
	size_t len = 0;

	(void)type;
	if (sscanf(line->data, "%u %u %u %519s", &usage, &selector, &matching, word) != 4)
		return false;
	hex = tlsa_hex(zone, word);
	bytes = arena_alloc(zone->arena, strlen(hex) / 2 + 1);
	while (sscanf(hex + 2 * len, "%2x", &octet) == 1)
		bytes[len++] = (char)octet;
	record->u.tlsa.usage = (uint8_t)usage;
	record->u.tlsa.selector = (uint8_t)selector;
	record->u.tlsa.matching = (uint8_t)matching;
	record->u.tlsa.data = (struct dns_text){bytes, len};
	return true;
}

static bool
read_many(struct zone *zone, const struct line *line)
{
	unsigned count, preference;
	char host[256];

	if (sscanf(line->data, "%u MX %u %255s", &count, &preference, host) != 3)
		return false;
	for (unsigned i = 1; i <= count; i++) {
		struct dns_record record = {
		    .u.mx = {(uint16_t)preference,
		        arena_printf(zone->arena, "%s-%u.%s", host, i, line->origin)}};

		keep(zone, line->owner, DNS_MX, &record);
	}
	return true;
}

static const struct {
	const char *word;
	enum dns_type type;
	bool (*read)(struct zone *zone, const struct line *line, enum dns_type type,
	    struct dns_record *record);
} types[] = {
    {"A", DNS_A, read_address},
    {"AAAA", DNS_AAAA, read_address},
    {"MX", DNS_MX, read_mx},
    {"TXT", DNS_TXT, read_txt},
    {"PTR", DNS_PTR, read_name},
    {"CNAME", DNS_CNAME, read_name},
    {"NS", DNS_NS, read_name},
    {"SOA", DNS_SOA, read_soa},
    {"TLSA", DNS_TLSA, read_tlsa},
};

static bool
read_record(struct zone *zone, const struct line *line)
{
	struct dns_record record = {0};

	if (strcmp(line->type, "FATE") == 0)
		return read_fate(zone, line);
	if (strcmp(line->type, "MANY") == 0)
		return read_many(zone, line);
	if (strcmp(line->type, "SIGNED") == 0)
		return read_signed(zone, line);
	for (size_t i = 0; i < sizeof types / sizeof *types; i++)
		if (strcmp(line->type, types[i].word) == 0) {
			if (!types[i].read(zone, line, types[i].type, &record))
				return false;
			keep(zone, line->owner, types[i].type, &record);
			return true;
		}
	return false;
}

static bool
read_line(
    struct zone *zone, const char *origin, const char *text, const char *self, const char *address)
{
	struct line line = {.origin = origin, .self = self, .address = address};
	char owner[512];
	int at = 0;

	if (*text == ';' || *text == '\0')
		return true;
	if (sscanf(text, "%511s %15s %n", owner, line.type, &at) != 2)
		return false;
	line.data = text + at;
	snprintf(line.owner, sizeof line.owner, "%s", absolute(&line, owner, zone->arena));
	if (strcmp(line.type, "TLSA") == 0)
		snprintf(line.owner, sizeof line.owner, "_%u._tcp.%s", zone->values->port,
		    absolute(&line, owner, zone->arena));
	return read_record(zone, &line);
}

bool
zone_add(struct zone *zone, const char *origin, const char *text, const char *self,
    const char *address, const char **why)
{
	for (const char *at = text; *at != '\0';) {
		size_t len = strcspn(at, "\n");
		const char *line = arena_copy(zone->arena, at, len);

		if (!read_line(zone, origin, line, self, address)) {
			*why = line;
			return false;
		}
		at += len + (at[len] == '\n');
	}
	return true;
}

/* ---- all that the lab knows */

static void
must_add(
    struct zone *zone, const char *origin, const char *text, const char *self, const char *address)
{
	const char *why;

	if (zone_add(zone, origin, text, self, address, &why))
		return;
	fprintf(stderr, "mxwalk: the lab's own zone %s has a line that cannot be read: %s\n",
	    origin, why);
	abort();
}

static void
add_domain(struct zone *zone, const struct lab_domain *domain)
{
	const char *name = arena_printf(zone->arena, "%s." LAB_ZONE, domain->name);
	const char *host = arena_printf(zone->arena, "%s.mx." LAB_ZONE, domain->name);
	char address[16];

	lab_domain_address(domain, address);
	must_add(zone, name, domain->zone != NULL ? domain->zone : "@ MX 10 self\nself A self",
	    host, address);
}

struct zone *
zone_new(const struct zone_values *values)
{
	struct zone *zone = must_alloc(sizeof *zone);

	zone->arena = arena_new();
	zone->values = values;
	make(zone, "");
	for (size_t i = 0; i < lab_name_count; i++)
		must_add(zone, lab_names[i].origin, lab_names[i].text, NULL, NULL);
	for (size_t i = 0; i < lab_domain_count; i++)
		add_domain(zone, &lab_domains[i]);
	return zone;
}

void
zone_free(struct zone *zone)
{
	if (zone == NULL)
		return;
	arena_free(zone->arena);
	free(zone);
}

/* ---- looking up */

static const struct zone_record *
first(const struct node *node, unsigned type)
{
	for (size_t i = 0; i < node->count; i++)
		if (node->records[i].type == type)
			return &node->records[i];
	return NULL;
}

static enum fate
fate_of(const struct zone *zone, const char *name)
{
	for (;; name = name_parent(name)) {
		const struct node *node = find(zone, name);

		if (node != NULL && node->fate != FATE_ANSWER)
			return node->fate;
		if (*name == '\0')
			return FATE_ANSWER;
	}
}

/* As the name or what is above it says; of the root it says nothing to others. */
static bool
is_signed(const struct zone *zone, const char *name)
{
	for (bool itself = true;; name = name_parent(name), itself = false) {
		const struct node *node = find(zone, name);

		if (*name == '\0' && !itself)
			return false;
		if (node != NULL && node->is_signed != SIGNED_UNSAID)
			return node->is_signed == SIGNED_YES;
		if (*name == '\0')
			return false;
	}
}

static void
find_apex(const struct zone *zone, const char *name, struct zone_apex *apex)
{
	for (;; name = name_parent(name)) {
		const struct node *node = find(zone, name);
		const struct zone_record *soa = node != NULL ? first(node, DNS_SOA) : NULL;

		if (soa != NULL || *name == '\0') {
			*apex = (struct zone_apex){name, soa != NULL ? &soa->data : NULL};
			return;
		}
	}
}

/* The node of a name, or the wildcard below its closest ancestor that exists (RFC 4592
 * section 3.3.1); NULL: there is no such name. */
static const struct node *
match(const struct zone *zone, const char *name)
{
	char wild[NAME_TEXT + 2];
	const struct node *node = find(zone, name);

	while (node == NULL) {
		name = name_parent(name);
		if (find(zone, name) == NULL)
			continue;
		snprintf(wild, sizeof wild, "*.%s", name);
		return find(zone, wild);
	}
	return node;
}

static void
take(const struct node *node, uint16_t type, struct arena *arena, struct answer *out)
{
	struct dns_record *records = NULL;

	out->ttl = NEGATIVE_TTL;
	for (size_t i = 0; i < node->count; i++)
		if (node->records[i].type == type) {
			*(struct dns_record *)arena_push(
			    arena, &records, out->count, sizeof *records) = node->records[i].data;
			out->count++;
			out->ttl = TTL;
		}
	out->records = records;
}

enum fate
zone_look_up(const struct zone *zone, const char *name, uint16_t type, struct arena *arena,
    struct answer *out, struct zone_apex *apex)
{
	const struct node *node = match(zone, name);
	const struct zone_record *alias;

	*out = (struct answer){.name = name,
	    .type = (enum dns_type)type,
	    .canonical = name,
	    .rcode = node == NULL ? DNS_NXDOMAIN : DNS_NOERROR,
	    .authentic = is_signed(zone, name),
	    .ttl = NEGATIVE_TTL};
	find_apex(zone, name, apex);
	if (fate_of(zone, name) != FATE_ANSWER || node == NULL)
		return fate_of(zone, name);
	alias = type != DNS_CNAME ? first(node, DNS_CNAME) : NULL;
	if (alias == NULL) {
		take(node, type, arena, out);
		return FATE_ANSWER;
	}
	/* One link: where the alias leads to another alias, the client asks again there. */
	out->canonical = alias->data.u.name;
	out->authentic = out->authentic && is_signed(zone, out->canonical);
	node = match(zone, out->canonical);
	if (node == NULL)
		out->rcode = DNS_NXDOMAIN;
	else
		take(node, type, arena, out);
	return FATE_ANSWER;
}
