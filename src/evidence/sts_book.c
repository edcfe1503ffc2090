#include "evidence/sts_book.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "base/utf8.h"
#include "dns/name.h"

/* A string, as the octets that base/json.h wrote; NULL: there is none. An octet that was part of no
 * character stands as the character of its number: a policy that is not in UTF-8 comes back as one
 * that is, and is marked ("octets"). */
static const char *
string_of(const json_t *line, const char *key, struct arena *arena, size_t *len)
{
	const json_t *value = json_object_get(line, key);

	if (!json_is_string(value))
		return NULL;
	*len = json_string_length(value);
	return arena_copy(arena, json_string_value(value), *len);
}

static const char *
word_of(const json_t *line, const char *key, struct arena *arena)
{
	size_t len;

	return string_of(line, key, arena, &len);
}

/* Of "octets": each character up to U+00FF is an octet. */
static void
restore_octets(struct sts_fetched *fetched, struct arena *arena)
{
	char *octets = arena_alloc(arena, fetched->len + 1);
	size_t count = 0;

	for (size_t i = 0, n; i < fetched->len; i += n) {
		uint32_t code;

		n = utf8_len(fetched->body + i, fetched->len - i);
		if (n == 0)
			return;
		code = utf8_code(fetched->body + i, n);
		if (code > 0xff)
			return;
		octets[count++] = (char)code;
	}
	fetched->body = octets;
	fetched->len = count;
}

/* What no fetch comes to (RFC 8461 section 3.3); a status that is left out is the one that fits. */
static const char *
contradiction(const struct sts_fetched *fetched)
{
	bool redirects = fetched->status >= 300 && fetched->status < 400;

	if (fetched->how == STS_FETCHED && fetched->status != 0 && fetched->status != 200)
		return "\"fetch\" is \"ok\", and \"status\" is not 200";
	if (fetched->how == STS_FETCHED && fetched->body == NULL)
		return "no \"body\"";
	if (fetched->how == STS_FETCHED && fetched->len > STS_POLICY_MAX)
		return "\"fetch\" is \"ok\", and \"body\" is longer than 64 KiB";
	if (fetched->how == STS_FETCH_REDIRECT && fetched->status != 0 && !redirects)
		return "\"fetch\" is \"redirect\", and \"status\" is none of 300 to 399";
	if (fetched->how == STS_FETCH_STATUS && (fetched->status == 200 || redirects))
		return "\"fetch\" is \"http-status\", and \"status\" is another word's";
	return NULL;
}

static const char *
take_line(const json_t *line, struct arena *arena, struct sts_book_entry *entry)
{
	const char *domain = word_of(line, "domain", arena), *how = word_of(line, "fetch", arena),
	           *ip = word_of(line, "ip", arena), *why;
	struct sts_fetched *fetched = &entry->fetched;
	char name[NAME_TEXT];

	if (domain == NULL || !name_normalise(domain, name, &why))
		return domain == NULL ? "no \"domain\"" : why;
	if (how == NULL || !sts_fetch_named(how, &fetched->how))
		return how == NULL ? "no \"fetch\"" : "\"fetch\" is none of the words for it";
	entry->domain = arena_string(arena, name);
	fetched->detail = word_of(line, "detail", arena);
	fetched->fault = word_of(line, "fault", arena);
	fetched->type = word_of(line, "type", arena);
	fetched->status = (long)json_integer_value(json_object_get(line, "status"));
	fetched->body = string_of(line, "body", arena, &fetched->len);
	if (json_is_true(json_object_get(line, "octets")) && fetched->body != NULL)
		restore_octets(fetched, arena);
	fetched->id = word_of(line, "id", arena);
	if (ip != NULL && !ip_parse(&fetched->ip, ip))
		return "\"ip\" is no address";
	return contradiction(fetched);
}

bool
sts_book_read_line(
    struct sts_book *book, struct arena *arena, struct slice line, char *reason, size_t reason_size)
{
	struct sts_book_entry entry = {.line = 0}, *known;
	json_error_t error;
	json_t *json = json_loadb(line.at, line.len, JSON_ALLOW_NUL, &error);
	const char *why = "no JSON object";

	if (json_is_object(json))
		why = take_line(json, arena, &entry);
	json_decref(json);
	if (why != NULL) {
		snprintf(reason, reason_size, "%s", why);
		return false;
	}
	known = arena_push(arena, &book->entries, book->count, sizeof *known);
	entry.line = book->count++;
	*known = entry;
	return true;
}

static int
by_domain(const void *left, const void *right)
{
	const struct sts_book_entry *a = left, *b = right;
	int order = strcmp(a->domain, b->domain);

	return order != 0 ? order : (a->line > b->line) - (a->line < b->line);
}

void
sts_book_close(struct sts_book *book)
{
	size_t kept = 0;

	if (book->count > 0)
		qsort(book->entries, book->count, sizeof *book->entries, by_domain);
	for (size_t i = 0; i < book->count; i++) {
		kept += kept == 0 ||
		        strcmp(book->entries[kept - 1].domain, book->entries[i].domain) != 0;
		book->entries[kept - 1] = book->entries[i];
	}
	book->count = kept;
}

static int
of_domain(const void *domain, const void *entry)
{
	return strcmp(domain, ((const struct sts_book_entry *)entry)->domain);
}

const struct sts_fetched *
sts_book_find(const struct sts_book *book, const char *domain)
{
	const struct sts_book_entry *entry =
	    book->count == 0
	        ? NULL
	        : bsearch(domain, book->entries, book->count, sizeof *book->entries, of_domain);

	return entry != NULL ? &entry->fetched : NULL;
}

/* Each octet as the character of its number, where the whole is not in UTF-8. */
static void
write_octets(struct json *json, const struct sts_fetched *fetched)
{
	struct buf text;

	buf_init(&text, 2 * fetched->len);
	for (size_t i = 0; i < fetched->len; i++) {
		unsigned char c = (unsigned char)fetched->body[i];

		if (c >= 0x80)
			buf_putc(&text, (char)(0xc0 | c >> 6));
		buf_putc(&text, (char)(c >= 0x80 ? 0x80 | (c & 0x3f) : c));
	}
	json_bytes(json, "body", text.data, text.len);
	json_bool(json, "octets", true);
	buf_release(&text);
}

void
sts_book_write_line(const char *domain, const struct sts_fetched *fetched, struct buf *out)
{
	struct json json;
	char text[IP_TEXT];

	json_start(&json, out);
	json_object_begin(&json, NULL);
	json_cstring(&json, "domain", domain);
	json_text(&json, "id", fetched->id);
	json_cstring(&json, "fetch", sts_fetch_name(fetched->how));
	json_text(&json, "detail", fetched->detail);
	json_text(&json, "fault", fetched->fault);
	if (fetched->status != 0)
		json_number(&json, "status", fetched->status);
	json_text(&json, "type", fetched->type);
	if (fetched->ip.family != 0)
		json_cstring(&json, "ip", ip_text(&fetched->ip, text));
	if (fetched->body != NULL && utf8_valid(fetched->body, fetched->len))
		json_bytes(&json, "body", fetched->body, fetched->len);
	else if (fetched->body != NULL)
		write_octets(&json, fetched);
	json_object_end(&json);
	buf_putc(out, '\n');
}
