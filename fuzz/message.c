/* Messages, addresses and trace fields: src/mail/message.c, amend.c, mime.c,
 * received.c, address.c, fields.c, src/auth/author.c. The first byte says
 * what the rest is; what comes out must be fit for the wire. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "auth/author.h"
#include "base/arena.h"
#include "base/buf.h"
#include "expect.h"
#include "mail/address.h"
#include "mail/amend.h"
#include "mail/message.h"
#include "mail/received.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_fit(const struct buf *message)
{
	size_t line = 0;

	expect(message->len == 0 || message->data[message->len - 1] == '\n');
	for (size_t i = 0; i < message->len; i++) {
		expect(message->data[i] != '\0');
		expect(message->data[i] != '\r' || message->data[i + 1] == '\n');
		expect(message->data[i] != '\n' || (i > 0 && message->data[i - 1] == '\r'));
		line = message->data[i] == '\n' ? 0 : line + 1;
		expect(line <= 999);
	}
}

/* The receiver's side of RFC 5321 section 4.5.2: the dot that ends it comes once, at the end, and
 * taking the others off gives the message back. */
static void
check_stuffed(const struct buf *message)
{
	struct buf wire, back;
	const char *at, *end;

	buf_init(&wire, MESSAGE_WIRE_MAX);
	buf_init(&back, MESSAGE_MAX);
	message_stuff(message->data, message->len, &wire);
	for (at = wire.data; strncmp(at, ".\r\n", 3) != 0; at = end + 2) {
		end = strstr(at, "\r\n");
		expect(end != NULL);
		at += *at == '.';
		buf_add(&back, at, (size_t)(end + 2 - at));
	}
	expect(at + 3 == wire.data + wire.len);
	expect(back.len == message->len && memcmp(back.data, message->data, back.len) == 0);
	buf_release(&wire);
	buf_release(&back);
}

/* A copy with a NUL behind it, for what takes strings; NULs within become spaces. */
static char *
string_of(const char *bytes, size_t len)
{
	char *string = malloc(len + 1);

	expect(string != NULL);
	for (size_t i = 0; i < len; i++)
		string[i] = bytes[i] == '\0' ? ' ' : bytes[i];
	string[len] = '\0';
	return string;
}

static void
compose(struct message_plan *plan, int kind, const char *bytes, size_t len, struct buf *out,
    const char **why)
{
	char *string = string_of(bytes, len);
	struct message_file file = {.name = "a", .bytes = bytes, .len = len};
	const char *header = string;

	plan->body = bytes;
	plan->body_len = len;
	if (kind & 1) {
		plan->headers = &header;
		plan->header_count = 1;
	}
	if (kind & 2) {
		file.name = string;
		plan->files = &file;
		plan->file_count = 1;
	}
	if (kind & 4)
		plan->from = string;
	if (message_compose(plan, out, why))
		check_fit(out);
	else
		expect(*why != NULL);
	free(string);
}

/* Another text, one more form of it, a field and a file, on top of a message that is there. */
static void
amend(const struct message_plan *base, int kind, const struct buf *message)
{
	static const char *const headers[] = {"Subject: x", "X-A: b"};
	const struct message_text text = {"text/html", "<p>x", 4};
	const struct message_file file = {.name = "a", .bytes = "x", .len = 1};
	struct message_plan plan = *base;
	struct arena *arena = arena_new();
	const char *why = NULL;
	struct buf out;

	plan.headers = plan.added = headers;
	plan.header_count = plan.added_count = 2;
	plan.body = kind & 1 ? "x" : NULL;
	plan.body_len = kind & 1;
	plan.texts = &text;
	plan.text_count = kind >> 1 & 1;
	plan.files = &file;
	plan.file_count = kind >> 2 & 1;
	buf_init(&out, MESSAGE_MAX);
	if (message_amend(
	        (struct slice){message->data, message->len}, &plan, NULL, arena, &out, &why))
		check_fit(&out);
	else
		expect(why != NULL);
	buf_release(&out);
	arena_free(arena);
}

static void
check_address(const char *bytes, size_t len)
{
	char *string = string_of(bytes, len);
	const char *why = NULL;
	size_t at;

	if (address_valid(string, &at, &why)) {
		expect(string[at] == '@' && at > 0 && at <= 64 && strlen(string) <= 254);
		expect(strpbrk(string, "\r\n\t\033") == NULL);
	} else {
		expect(why != NULL);
	}
	free(string);
}

/* Who wrote it: a domain or a reason, never both. */
static void
check_author(const char *bytes, size_t len)
{
	struct arena *arena = arena_new();
	const char *domain, *why = NULL;
	struct mailbox_list list;
	bool good = author_domain(bytes, len, arena, &domain, &why);

	expect(good == (domain != NULL) && (good || why != NULL));
	good = author_read(bytes, len, arena, &domain, &why);
	expect(good == (domain != NULL) && (good || why != NULL));
	why = NULL;
	if (!address_list_read((struct slice){bytes, len}, arena, &list, &why))
		expect(why != NULL);
	for (size_t i = 0; i < list.count; i++)
		expect(*list.items[i].local != '\0' && *list.items[i].domain != '\0');
	arena_free(arena);
}

static void
check_name(const char *name)
{
	expect(name == NULL || (*name != '\0' && strlen(name) <= RECEIVED_NAME_MAX));
	for (; name != NULL && *name != '\0'; name++)
		expect(*name > ' ' && *name < 0x7f);
}

static void
check_trace(const char *bytes, size_t len)
{
	struct arena *arena = arena_new();
	struct received *trace, one;
	size_t count = received_trace(bytes, len, arena, &trace);

	expect(count <= RECEIVED_FIELDS_MAX);
	received_read(bytes, len, arena, &one);
	check_name(one.by);
	for (size_t i = 0; i < count; i++) {
		check_name(trace[i].helo);
		check_name(trace[i].ptr);
		check_name(trace[i].by);
	}
	arena_free(arena);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_plan plan = {.from = "a@example.org",
	    .to = "b@example.com",
	    .helo = "mail.example.org",
	    .version = "mxwalk"};
	const char *bytes = (const char *)data + 1, *why = NULL;
	unsigned line = 0;
	struct buf out;

	if (size == 0)
		return 0;
	size--;
	check_address(bytes, size);
	check_trace(bytes, size);
	check_author(bytes, size);
	buf_init(&out, MESSAGE_MAX);
	if (data[0] < 64) {
		compose(&plan, data[0], bytes, size, &out, &why);
	} else if (message_from_file(bytes, size, data[0] & 1 ? &plan : NULL, &out, &why, &line)) {
		check_fit(&out);
		check_stuffed(&out);
		amend(&plan, data[0] >> 1, &out);
	} else {
		expect(why != NULL && line > 0);
	}
	buf_release(&out);
	return 0;
}
