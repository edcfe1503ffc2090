#include "preflight/component.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "preflight/date.h"

enum { CHUNK = 64 * 1024, SYMBOLS_MAX = 200 };

static const struct {
	const char *name;
	unsigned port;
} kinds[COMPONENT_COUNT] = {
    [COMPONENT_RSPAMD] = {"rspamd", 11333},
    [COMPONENT_SPAMD] = {"spamd", 783},
    [COMPONENT_CLAMD] = {"clamd", 3310},
};

const char *
component_name(enum component_kind kind)
{
	return kinds[kind].name;
}

unsigned
component_port(enum component_kind kind)
{
	return kinds[kind].port;
}

/* ---- asking */

/* As a receiving server would have written it. */
static void
put_received(const struct component_plan *plan, struct buf *out)
{
	char ip[IP_TEXT], date[DATE_TEXT];

	date_write(plan->now, date);
	buf_printf(out,
	    "Received: from %s (%s [%s%s])\r\n\tby mx.invalid (Postfix) with ESMTP id 1\r\n\tfor "
	    "<postmaster@mx.invalid>; %s\r\n",
	    plan->helo, plan->hostname != NULL ? plan->hostname : "unknown",
	    plan->ip.family == 6 ? "IPv6:" : "", ip_text(&plan->ip, ip), date);
}

static void
put_message(const struct component_plan *plan, struct buf *out)
{
	put_received(plan, out);
	buf_add(out, plan->message.at, plan->message.len);
}

static void
ask_rspamd(const struct component_plan *plan, const struct buf *mail, struct buf *out)
{
	char ip[IP_TEXT];

	buf_printf(out,
	    "POST /checkv2 HTTP/1.0\r\nContent-Length: %zu\r\nIp: %s\r\nHelo: %s\r\nFrom: "
	    "%s\r\nPass: all\r\n",
	    mail->len, ip_text(&plan->ip, ip), plan->helo, plan->from);
	if (plan->hostname != NULL)
		buf_printf(out, "Hostname: %s\r\n", plan->hostname);
	buf_puts(out, "\r\n");
	buf_add(out, mail->data, mail->len);
}

static void
ask_clamd(const struct buf *mail, struct buf *out)
{
	buf_add(out, "zINSTREAM", sizeof "zINSTREAM");
	for (size_t at = 0; at < mail->len; at += CHUNK) {
		size_t len = mail->len - at < CHUNK ? mail->len - at : CHUNK;
		char size[4] = {0, (char)(len >> 16), (char)(len >> 8), (char)len};

		buf_add(out, size, sizeof size);
		buf_add(out, mail->data + at, len);
	}
	buf_add(out, "\0\0\0\0", 4);
}

void
component_ask(enum component_kind kind, const struct component_plan *plan, struct buf *out)
{
	struct buf mail;

	buf_init(&mail, plan->message.len + 4096);
	put_message(plan, &mail);
	switch (kind) {
	case COMPONENT_RSPAMD:
		ask_rspamd(plan, &mail, out);
		break;
	case COMPONENT_SPAMD:
		buf_printf(out, "REPORT SPAMC/1.5\r\nContent-length: %zu\r\n\r\n", mail.len);
		buf_add(out, mail.data, mail.len);
		break;
	case COMPONENT_CLAMD:
	case COMPONENT_COUNT:
		ask_clamd(&mail, out);
		break;
	}
	buf_release(&mail);
}

/* ---- is it all there? */

/* Behind the empty line; false: it has not come yet. */
static bool
body_of(struct slice answer, struct slice *header, struct slice *body)
{
	const char *end = slice_find(answer, "\r\n\r\n");

	if (end == NULL)
		return false;
	*header = (struct slice){answer.at, (size_t)(end - answer.at) + 2};
	*body = slice_from(answer, header->len + 2);
	return true;
}

static bool
length_of(struct slice header, unsigned long *length)
{
	struct slice line;

	while (slice_line(&header, &line))
		if (slice_begins(line, "content-length:"))
			return slice_number(slice_trim(slice_from(line, strlen("content-length:"))),
			    1UL << 30, length);
	return false;
}

bool
component_complete(enum component_kind kind, struct slice answer, bool ended)
{
	struct slice header, body;
	unsigned long length;

	if (kind == COMPONENT_CLAMD)
		return ended || memchr(answer.at, '\0', answer.len) != NULL;
	return ended || (body_of(answer, &header, &body) && length_of(header, &length) &&
	                    body.len >= length);
}

/* ---- reading */

static void
fail(struct component *out, const char *why)
{
	out->known = false;
	out->problem = why;
}

static void
add_symbol(struct component *out, struct arena *arena, const struct component_symbol *symbol)
{
	size_t at = out->symbol_count;

	if (symbol->score <= 0 || out->symbol_count == SYMBOLS_MAX)
		return;
	arena_push(arena, &out->symbols, out->symbol_count, sizeof *out->symbols);
	out->symbol_count++;
	for (; at > 0 && out->symbols[at - 1].score < symbol->score; at--)
		out->symbols[at] = out->symbols[at - 1];
	out->symbols[at] = *symbol;
}

static double
number_of(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

static void
take_rspamd(const json_t *root, struct arena *arena, struct component *out)
{
	const char *action = json_string_value(json_object_get(root, "action"));
	json_t *symbols = json_object_get(root, "symbols"), *symbol;
	const char *name;

	if (action == NULL || !json_is_number(json_object_get(root, "score"))) {
		fail(out, "its answer has no score");
		return;
	}
	out->known = true;
	out->action = arena_string(arena, action);
	out->score = number_of(root, "score");
	out->threshold = number_of(root, "required_score");
	out->spam = strcmp(action, "no action") != 0 && strcmp(action, "greylist") != 0;
	json_object_foreach(symbols, name, symbol)
	{
		const char *words = json_string_value(json_object_get(symbol, "description"));

		add_symbol(out, arena,
		    &(struct component_symbol){.name = arena_string(arena, name),
		        .description = arena_string(arena, words),
		        .score = number_of(symbol, "score")});
	}
}

static void
read_rspamd(struct slice answer, struct arena *arena, struct component *out)
{
	struct slice header, body, line;
	json_t *root;

	if (!body_of(answer, &header, &body)) {
		fail(out, "its answer is no HTTP");
		return;
	}
	slice_line(&header, &line);
	if (slice_find(line, " 200 ") == NULL) {
		fail(out, arena_printf(arena, "it says %s", slice_copy(line, arena)));
		return;
	}
	root = json_loadb(body.at, body.len, 0, NULL);
	if (json_is_object(root))
		take_rspamd(root, arena, out);
	else
		fail(out, "its answer is no JSON");
	json_decref(root);
}

/* " 1.2 RULE_NAME  what it is": a row of the table */
static void
take_row(struct slice line, struct arena *arena, struct component *out)
{
	struct component_symbol symbol = {0};
	struct slice rest = line, number, name;
	char *end, *text;

	if (!slice_word(&rest, " ", &number) || !slice_word(&rest, " ", &name) || name.len < 3)
		return;
	text = slice_copy(number, arena);
	symbol.score = strtod(text, &end);
	if (*end != '\0' || !(is_alpha(name.at[0]) || name.at[0] == '_'))
		return;
	for (size_t i = 0; i < name.len; i++)
		if (!is_alnum(name.at[i]) && name.at[i] != '_')
			return;
	symbol.name = slice_copy(name, arena);
	symbol.description = slice_copy(slice_trim(rest), arena);
	add_symbol(out, arena, &symbol);
}

/* "Spam: True ; 7.1 / 5.0" */
static bool
take_score(struct slice line, struct arena *arena, struct component *out)
{
	struct slice rest = slice_from(line, strlen("spam:")), word;
	char *end;

	if (!slice_word(&rest, " ", &word))
		return false;
	out->spam = slice_is(word, "true") || slice_is(word, "yes");
	if (!slice_word(&rest, " ;", &word))
		return false;
	out->score = strtod(slice_copy(word, arena), &end);
	if (*end != '\0' || !slice_word(&rest, " /", &word))
		return false;
	out->threshold = strtod(slice_copy(word, arena), &end);
	return *end == '\0';
}

static void
read_spamd(struct slice answer, struct arena *arena, struct component *out)
{
	struct slice header, body, line;

	if (!body_of(answer, &header, &body) || !slice_line(&header, &line) ||
	    !slice_begins(line, "spamd/")) {
		fail(out, "its answer is not spamd's");
		return;
	}
	if (slice_find(line, " 0 ") == NULL) {
		fail(out, arena_printf(arena, "it says %s", slice_copy(line, arena)));
		return;
	}
	while (slice_line(&header, &line))
		if (slice_begins(line, "spam:"))
			out->known = take_score(line, arena, out);
	while (slice_line(&body, &line))
		take_row(line, arena, out);
	if (!out->known)
		fail(out, "its answer has no score");
}

/* "stream: NAME FOUND" */
static void
read_clamd(struct slice answer, struct arena *arena, struct component *out)
{
	struct slice line = {answer.at, slice_until(answer, "\n")};
	const char *nul = memchr(line.at, '\0', line.len);

	line.len = nul != NULL ? (size_t)(nul - line.at) : line.len;
	line = slice_trim(line);
	if (slice_begins(line, "stream: "))
		line = slice_from(line, strlen("stream: "));
	if (slice_same(line, "OK")) {
		out->known = true;
	} else if (slice_ends(line, " FOUND")) {
		line.len -= strlen(" FOUND");
		out->known = out->spam = true;
		out->action = slice_copy(line, arena);
	} else {
		fail(out, line.len > 0
		              ? arena_printf(arena, "it says %.150s", slice_copy(line, arena))
		              : "it closed without an answer");
	}
}

void
component_read(
    enum component_kind kind, struct slice answer, struct arena *arena, struct component *out)
{
	out->kind = kind;
	if (answer.len == 0)
		fail(out, "it closed without an answer");
	else if (kind == COMPONENT_RSPAMD)
		read_rspamd(answer, arena, out);
	else if (kind == COMPONENT_SPAMD)
		read_spamd(answer, arena, out);
	else
		read_clamd(answer, arena, out);
}
