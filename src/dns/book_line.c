/* A book's lines: JSON around presentation text. */
#include "dns/book.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "dns/name.h"

/* ---- one record and its text */

enum { WORDS_MAX = 8 };

/* Cuts `text` into its words; WORDS_MAX of them stand for that many or more. */
static size_t
split(char *text, char *word[WORDS_MAX])
{
	static const char blank[] = " \t";
	size_t count = 0;

	for (text += strspn(text, blank); *text != '\0' && count < WORDS_MAX;
	     text += strspn(text, blank)) {
		word[count++] = text;
		text += strcspn(text, blank);
		if (*text != '\0')
			*text++ = '\0';
	}
	return count;
}

static bool
read_number(const char *word, uint32_t max, uint32_t *number)
{
	uint64_t n = 0;
	size_t digits = strspn(word, "0123456789");

	if (digits == 0 || digits > 10 || word[digits] != '\0')
		return false;
	while (*word != '\0')
		n = n * 10 + (uint64_t)(*word++ - '0');
	*number = (uint32_t)n;
	return n <= max;
}

static const char *
read_name(const char *word, struct arena *arena) /* NULL: it is none */
{
	char name[NAME_TEXT];

	return name_normalise(word, name, NULL) ? arena_string(arena, name) : NULL;
}

static bool
read_a(char *text, struct arena *arena, struct dns_record *record)
{
	(void)arena;
	return strchr(text, ':') == NULL && ip_parse(&record->u.address, text);
}

static bool
read_aaaa(char *text, struct arena *arena, struct dns_record *record)
{
	(void)arena;
	return strchr(text, ':') != NULL && ip_parse(&record->u.address, text);
}

static bool
read_host(char *text, struct arena *arena, struct dns_record *record)
{
	record->u.name = read_name(text, arena);
	return record->u.name != NULL && *text != '\0';
}

static bool
read_mx(char *text, struct arena *arena, struct dns_record *record)
{
	char *word[WORDS_MAX];
	uint32_t preference;
	size_t words = split(text, word);

	if (words < 1 || words > 2 || !read_number(word[0], UINT16_MAX, &preference))
		return false;
	record->u.mx.preference = (uint16_t)preference;
	record->u.mx.host = read_name(
	    words == 2 ? word[1] : ".", arena); /* "0 " is how some tools write the root */
	return record->u.mx.host != NULL;
}

static bool
read_soa(char *text, struct arena *arena, struct dns_record *record)
{
	char *word[WORDS_MAX];
	uint32_t *number[] = {&record->u.soa.serial, &record->u.soa.refresh, &record->u.soa.retry,
	    &record->u.soa.expire, &record->u.soa.minimum};

	if (split(text, word) != 7)
		return false;
	for (size_t i = 0; i < 5; i++)
		if (!read_number(word[2 + i], UINT32_MAX, number[i]))
			return false;
	record->u.soa.mname = read_name(word[0], arena);
	record->u.soa.rname = read_name(word[1], arena);
	return record->u.soa.mname != NULL && record->u.soa.rname != NULL;
}

static int
hex_value(char c)
{
	const char *digits = "0123456789abcdef", *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

	return at != NULL ? (int)(at - digits) : -1;
}

static bool
read_hex(const char *word, struct arena *arena, struct dns_text *out)
{
	size_t len = strlen(word);
	char *bytes = arena_alloc(arena, len / 2 + 1);

	for (size_t i = 0; i + 1 < len; i += 2) {
		int high = hex_value(word[i]), low = hex_value(word[i + 1]);

		if (high < 0 || low < 0)
			return false;
		bytes[i / 2] = (char)(high * 16 + low);
	}
	*out = (struct dns_text){.bytes = bytes, .len = len / 2};
	return len % 2 == 0;
}

static bool
read_tlsa(char *text, struct arena *arena, struct dns_record *record)
{
	char *word[WORDS_MAX];
	uint32_t number[3];
	size_t words = split(text, word);

	if (words < 3 || words > 4)
		return false;
	for (size_t i = 0; i < 3; i++)
		if (!read_number(word[i], UINT8_MAX, &number[i]))
			return false;
	record->u.tlsa.usage = (uint8_t)number[0];
	record->u.tlsa.selector = (uint8_t)number[1];
	record->u.tlsa.matching = (uint8_t)number[2];
	return read_hex(words == 4 ? word[3] : "", arena,
	    &record->u.tlsa.data); /* none at all: useless, but such are published */
}

static const char *
shown(const char *name)
{
	return *name != '\0' ? name : ".";
}

static void
write_address(const struct dns_record *record, enum dns_type type, struct buf *out)
{
	char text[IP_TEXT];

	if (type == DNS_AAAA && record->u.address.family == 4)
		buf_puts(out, "::ffff:"); /* an IPv4-mapped address is IPv4 to us, but was published
		                             as AAAA */
	buf_puts(out, ip_text(&record->u.address, text));
}

static void
write_host(const struct dns_record *record, enum dns_type type, struct buf *out)
{
	(void)type;
	buf_puts(out, shown(record->u.name));
}

static void
write_mx(const struct dns_record *record, enum dns_type type, struct buf *out)
{
	(void)type;
	buf_printf(out, "%u %s", record->u.mx.preference, shown(record->u.mx.host));
}

static void
write_soa(const struct dns_record *record, enum dns_type type, struct buf *out)
{
	(void)type;
	buf_printf(out, "%s %s %u %u %u %u %u", shown(record->u.soa.mname),
	    shown(record->u.soa.rname), record->u.soa.serial, record->u.soa.refresh,
	    record->u.soa.retry, record->u.soa.expire, record->u.soa.minimum);
}

static void
write_tlsa(const struct dns_record *record, enum dns_type type, struct buf *out)
{
	(void)type;
	buf_printf(out, "%u %u %u ", record->u.tlsa.usage, record->u.tlsa.selector,
	    record->u.tlsa.matching);
	for (size_t i = 0; i < record->u.tlsa.data.len; i++)
		buf_printf(out, "%02x", (unsigned char)record->u.tlsa.data.bytes[i]);
}

static const struct form {
	enum dns_type type;
	bool (*read)(
	    char *text, struct arena *arena, struct dns_record *record); /* may cut `text` up */
	void (*write)(const struct dns_record *record, enum dns_type type, struct buf *out);
} forms[] = {
    /* all but TXT, whose strings are JSON's */
    {DNS_A, read_a, write_address},
    {DNS_AAAA, read_aaaa, write_address},
    {DNS_NS, read_host, write_host},
    {DNS_CNAME, read_host, write_host},
    {DNS_PTR, read_host, write_host},
    {DNS_MX, read_mx, write_mx},
    {DNS_SOA, read_soa, write_soa},
    {DNS_TLSA, read_tlsa, write_tlsa},
};

static const struct form *
form_of(enum dns_type type) /* NULL for TXT */
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (forms[i].type == type)
			return &forms[i];
	return NULL;
}

/* ---- reading */

struct reader {
	struct arena *arena;
	char *reason;
	size_t reason_size;
};

static bool
wrong(struct reader *reader, const char *what)
{
	snprintf(reader->reason, reader->reason_size, "%s", what);
	return false;
}

/* A character-string: each code point up to U+00FF is a byte. Text that has others can only mean
 * its UTF-8. */
static struct dns_text
read_character_string(json_t *value, struct arena *arena)
{
	const unsigned char *s = (const unsigned char *)json_string_value(value);
	size_t len = json_string_length(value), count = 0;
	char *bytes = arena_copy(arena, (const char *)s, len);

	for (size_t i = 0; i < len; i++)
		if (s[i] >= 0xc4) /* leads U+0100 and above */
			return (struct dns_text){.bytes = bytes, .len = len};
	for (size_t i = 0; i < len; i++) {
		unsigned byte = s[i];

		if (byte >=
		    0x80) /* two bytes make one; jansson has seen to it that they are there */
			byte = (byte & 3) << 6 | (s[++i] & 0x3f);
		bytes[count++] = (char)byte;
	}
	bytes[count] = '\0';
	return (struct dns_text){.bytes = bytes, .len = count};
}

static bool
read_txt(json_t *value, struct arena *arena, struct dns_record *record)
{
	size_t count = json_is_array(value) ? json_array_size(value) : 1, len = 0;
	struct dns_text *strings = arena_alloc(arena, count * sizeof *strings);
	char *joined;

	for (size_t i = 0; i < count; i++) {
		json_t *string = json_is_array(value) ? json_array_get(value, i) : value;

		if (!json_is_string(string))
			return false;
		strings[i] = read_character_string(string, arena);
		len += strings[i].len;
	}
	joined = arena_alloc(arena, len + 1);
	record->u.txt.joined = (struct dns_text){.bytes = joined, .len = len};
	for (size_t i = 0; i < count; i++) {
		memcpy(joined, strings[i].bytes, strings[i].len);
		joined += strings[i].len;
	}
	record->u.txt.strings = strings;
	record->u.txt.count = count;
	return true;
}

static bool
read_record(json_t *value, enum dns_type type, struct arena *arena, struct dns_record *record)
{
	const struct form *form = form_of(type);
	const char *text = json_string_value(value);

	if (form == NULL)
		return read_txt(value, arena, record);
	if (text == NULL || strlen(text) != json_string_length(value))
		return false;
	return form->read(arena_string(arena, text), arena, record);
}

static bool
read_data(struct reader *reader, json_t *data, uint32_t ttl, struct answer *answer)
{
	struct dns_record *records;

	answer->count = json_array_size(data);
	if (answer->count == 0)
		return true;
	if (answer->rcode != DNS_NOERROR)
		return wrong(reader, "\"data\" with an \"rcode\" other than NOERROR");
	answer->records = records = arena_alloc(reader->arena, answer->count * sizeof *records);
	for (size_t i = 0; i < answer->count; i++) {
		json_t *value = json_array_get(data, i);
		const char *text = json_string_value(value);

		records[i].ttl = ttl;
		if (!read_record(value, answer->type, reader->arena, &records[i])) {
			snprintf(reader->reason, reader->reason_size,
			    "data[%zu]: \"%.60s\" is no %s", i, text != NULL ? text : "…",
			    dns_type_name(answer->type));
			return false;
		}
	}
	return true;
}

/* A string without NUL; NULL, with the reason given, if it is something else or is missing. */
static const char *
read_member(struct reader *reader, json_t *line, const char *key)
{
	json_t *value = json_object_get(line, key);
	const char *text = json_string_value(value);

	if (value == NULL)
		snprintf(reader->reason, reader->reason_size, "no \"%s\"", key);
	else if (text == NULL || strlen(text) != json_string_length(value))
		snprintf(reader->reason, reader->reason_size, "\"%s\" is no text", key);
	else
		return text;
	return NULL;
}

static bool
read_rcode(struct reader *reader, json_t *line, enum dns_rcode *rcode)
{
	const char *text;

	*rcode = DNS_NOERROR;
	if (json_object_get(line, "rcode") == NULL)
		return true;
	text = read_member(reader, line, "rcode");
	if (text == NULL)
		return false;
	if (dns_rcode_parse(text, rcode))
		return true;
	snprintf(reader->reason, reader->reason_size, "\"rcode\": there is no \"%.40s\"", text);
	return false;
}

/* The plain members, each of which may be missing. */
static bool
read_facts(struct reader *reader, json_t *line, struct answer *answer)
{
	json_t *ttl = json_object_get(line, "ttl"), *ad = json_object_get(line, "ad"),
	       *data = json_object_get(line, "data"), *server = json_object_get(line, "server");

	if (!read_rcode(reader, line, &answer->rcode))
		return false;
	if (ttl != NULL && (!json_is_integer(ttl) || json_integer_value(ttl) < 0 ||
	                       json_integer_value(ttl) > INT32_MAX))
		return wrong(reader, "\"ttl\" is no number of seconds");
	if (ad != NULL && !json_is_boolean(ad))
		return wrong(reader, "\"ad\" is neither true nor false");
	if (data != NULL && !json_is_array(data))
		return wrong(reader, "\"data\" is no array");
	answer->authentic = json_is_true(ad);
	answer->ttl = (uint32_t)json_integer_value(ttl);
	answer->server =
	    json_is_null(server) || server == NULL ? "replay" : read_member(reader, line, "server");
	return answer->server != NULL;
}

static bool
read_canonical(struct reader *reader, json_t *line, struct answer *answer)
{
	const char *text, *why;
	char name[NAME_TEXT];

	if (json_object_get(line, "canonical") == NULL)
		return true;
	text = read_member(reader, line, "canonical");
	if (text == NULL)
		return false;
	if (!name_normalise(text, name, &why)) {
		snprintf(reader->reason, reader->reason_size, "\"canonical\": %s", why);
		return false;
	}
	answer->canonical = arena_string(reader->arena, name);
	return true;
}

static bool
read_question(struct reader *reader, json_t *line, char name[NAME_TEXT], enum dns_type *type)
{
	const char *text = read_member(reader, line, "name"), *kind, *why;

	if (text == NULL)
		return false;
	if (!name_normalise(text, name, &why)) {
		snprintf(reader->reason, reader->reason_size, "\"name\": %s", why);
		return false;
	}
	kind = read_member(reader, line, "type");
	if (kind == NULL)
		return false;
	if (!dns_type_parse(kind, type))
		*type = 0;
	return true;
}

static bool
read_line(struct reader *reader, json_t *line, struct book *book)
{
	char name[NAME_TEXT];
	struct answer answer = {.name = name, .canonical = name};

	if (!json_is_object(line))
		return wrong(reader, "no JSON object");
	if (!read_question(reader, line, name, &answer.type) ||
	    !read_facts(reader, line, &answer) || !read_canonical(reader, line, &answer))
		return false;
	/* A type that we do not know is passed over, but the name exists: it is filed under type 0,
	 * which nobody asks for. */
	if (answer.type != 0 &&
	    !read_data(reader, json_object_get(line, "data"), answer.ttl, &answer))
		return false;
	book_put(book, &answer);
	return true;
}

bool
book_read_line(struct book *book, const char *line, size_t len, char *reason, size_t reason_size)
{
	struct reader reader = {.reason = reason, .reason_size = reason_size};
	json_error_t error;
	json_t *json = json_loadb(line, len, JSON_ALLOW_NUL, &error);
	bool ok;

	if (json == NULL) {
		snprintf(
		    reason, reason_size, "no JSON: %s, near byte %d", error.text, error.position);
		return false;
	}
	reader.arena = arena_new();
	ok = read_line(&reader, json, book);
	arena_free(reader.arena);
	json_decref(json);
	return ok;
}

/* ---- writing */

static void
write_string(struct buf *out, const char *bytes, size_t len)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];

		if (c < ' ' || c >= 0x7f)
			buf_printf(out, "\\u00%02x", c);
		else if (c == '"' || c == '\\')
			buf_printf(out, "\\%c", c);
		else
			buf_putc(out, (char)c);
	}
	buf_putc(out, '"');
}

static void
write_txt(const struct dns_record *record, struct buf *out)
{
	const struct dns_text *strings = record->u.txt.strings;

	if (record->u.txt.count == 1) {
		write_string(out, strings[0].bytes, strings[0].len);
		return;
	}
	buf_putc(out, '[');
	for (size_t i = 0; i < record->u.txt.count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		write_string(out, strings[i].bytes, strings[i].len);
	}
	buf_putc(out, ']');
}

static void
write_record(const struct dns_record *record, enum dns_type type, struct buf *out)
{
	const struct form *form = form_of(type);
	struct buf text;

	if (form == NULL) {
		write_txt(record, out);
		return;
	}
	buf_init(&text, out->max);
	form->write(record, type, &text);
	write_string(out, text.data, text.len);
	buf_release(&text);
}

void
book_write_line(const struct answer *answer, struct buf *out)
{
	buf_puts(out, "{\"name\":");
	write_string(out, answer->name, strlen(answer->name));
	buf_printf(out, ",\"type\":\"%s\",\"rcode\":\"%s\",\"ad\":%s,\"ttl\":%u,\"data\":[",
	    dns_type_name(answer->type), dns_rcode_name(answer->rcode),
	    answer->authentic ? "true" : "false", answer->ttl);
	for (size_t i = 0; i < answer->count; i++) {
		if (i > 0)
			buf_putc(out, ',');
		write_record(&answer->records[i], answer->type, out);
	}
	buf_putc(out, ']');
	if (strcmp(answer->canonical, answer->name) != 0) {
		buf_puts(out, ",\"canonical\":");
		write_string(out, answer->canonical, strlen(answer->canonical));
	}
	if (answer->server != NULL) {
		buf_puts(out, ",\"server\":");
		write_string(out, answer->server, strlen(answer->server));
	}
	buf_puts(out, "}\n");
}
