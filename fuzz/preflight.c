/* A message as preflight reads it: mail/mailfile.c, preflight/{facts,header,mailboxes,date,mime,
 * html,links,attachments,text}.c; what filters answer: preflight/component.c. The input is the
 * message; its last octets stand for a listing of an archive, and for an answer, too. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "expect.h"
#include "mail/mailfile.h"
#include "preflight/component.h"
#include "preflight/facts.h"
#include "preflight/html.h"
#include "preflight/requirements.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1796054531, DIGEST_MAX = 1024 * 1024 };

static const struct requirements *
what_is_required(void)
{
	static struct requirements *requirements;
	struct stanza_error error;

	if (requirements == NULL) {
		requirements = requirements_new();
		expect(requirements_add_builtin(requirements, &error));
	}
	return requirements;
}

static void
hand_in(struct message_facts *facts, struct slice tail, struct arena *arena)
{
	for (size_t i = 0; i < facts->part_count; i++) {
		struct body_part *part = &facts->parts[i];
		struct buf digest;

		if (part_is_archive(part))
			part->listing = tail;
		if (!part->html_tried)
			continue;
		buf_init(&digest, DIGEST_MAX);
		html_digest(part->text, &digest);
		part->html = (struct slice){arena_copy(arena, digest.data, digest.len), digest.len};
		buf_release(&digest);
	}
}

static void
check_facts(const struct message_facts *facts)
{
	const char *start = facts->message.at, *end = start + facts->message.len;

	expect(facts->part_count >= 1 && facts->part_count <= FACTS_PARTS_MAX);
	expect(facts->field_count <= FACTS_FIELDS_MAX && facts->link_count <= FACTS_LINKS_MAX);
	for (size_t i = 0; i < facts->part_count; i++) {
		const struct body_part *part = &facts->parts[i];

		expect(part->depth <= FACTS_DEPTH_MAX && part->parent <= i);
		expect(part->header.at >= start && part->body.at >= part->header.at &&
		       part->body.at + part->body.len <= end);
	}
	for (unsigned i = 0; i < CHECK_COUNT; i++) {
		const struct finding *fault = &facts->faults[i];

		expect(fault->result == FINDING_NONE || fault->result == FINDING_FAIL);
		expect(fault->result == FINDING_NONE || fault->words != NULL);
		expect(fault->octet == 0 || fault->line > 0);
	}
}

static void
check_answers(struct slice answer, struct arena *arena)
{
	for (unsigned kind = 0; kind < COMPONENT_COUNT; kind++) {
		struct component component = {.kind = (enum component_kind)kind};

		component_complete((enum component_kind)kind, answer, false);
		component_read((enum component_kind)kind, answer, arena, &component);
		expect(component.known || component.problem != NULL);
		for (size_t i = 0; i < component.symbol_count; i++)
			expect(component.symbols[i].name != NULL && component.symbols[i].score > 0);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct facts_query query = {.now = NOW, .requirements = what_is_required()};
	struct arena *arena = arena_new();
	struct message_facts facts;
	struct slice tail;
	struct buf message;
	char *exact;

	buf_init(&message, 2 * size + 1);
	mailfile_read((const char *)data, size, &message, &query.file);
	expect(!message.full);
	exact = malloc(message.len + 1); /* and no octet more */
	memcpy(exact, message.data, message.len + 1);
	query.message = (struct slice){exact, message.len};
	message_facts_read(&query, arena, &facts);
	tail = slice_from(query.message, message.len / 2);
	hand_in(&facts, tail, arena);
	message_facts_finish(&facts);
	check_facts(&facts);
	check_answers(query.message, arena);
	free(exact);
	buf_release(&message);
	arena_free(arena);
	return 0;
}
