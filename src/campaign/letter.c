#include "campaign/letter.h"

#include <string.h>
#include <time.h>

#include "auth/dkim_sign.h"
#include "auth/dkim_signature.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "io/loop.h"
#include "mail/amend.h"
#include "mail/fields.h"
#include "mail/part_write.h"

/* The signatures, each over the message as it was made, and the message behind them. */
static bool
sign(const struct letter_plan *plan, const struct message_plan *message, const struct buf *text,
    struct arena *arena, struct buf *out, const char **why)
{
	const char *at = strrchr(message->from, '@'), *domain = at != NULL ? at + 1 : message->helo;

	for (size_t i = 0; i < plan->signer_count; i++)
		if (!dkim_sign(plan->signers[i], domain, text->data, text->len, message->now, arena,
		        out, why)) {
			*why = arena_printf(arena, "the message cannot be signed: %s", *why);
			return false;
		}
	buf_add(out, text->data, text->len);
	if (out->full)
		*why = "the message is too large";
	return !out->full;
}

/* ---- a message of the user's own */

/* Does the signature cover a field that is another, or one more? */
static bool
covers_change(const struct dkim_signature *signature, const struct message_plan *plan)
{
	for (size_t i = 0; i < signature->name_count; i++) {
		for (size_t k = 0; k < plan->header_count; k++)
			if (part_given_is(plan->headers[k], signature->names[i]))
				return true;
		for (size_t k = 0; k < plan->added_count; k++)
			if (part_given_is(plan->added[k], signature->names[i]))
				return true;
	}
	return false;
}

/* Signatures that will not fit any more; one that cannot be read never did. */
static unsigned
find_unfit(const struct mail_fields *fields, const struct message_plan *plan, struct arena *arena,
    bool *unfit)
{
	struct dkim_signature signature;
	unsigned count = 0;
	const char *why;

	for (size_t i = 0; i < fields->count; i++) {
		unfit[i] = field_is(&fields->items[i], "DKIM-Signature") &&
		           dkim_signature_read(
		               DKIM_OF_MESSAGE, &fields->items[i], arena, &signature, &why) &&
		           (amend_touches_body(plan) || covers_change(&signature, plan));
		count += unfit[i];
	}
	return count;
}

static bool
amend(struct slice message, const struct message_plan *plan, struct arena *arena, struct buf *out,
    unsigned *unfit, const char **why)
{
	struct mail_fields fields;
	bool *dropped;

	if (!fields_read(message.at, message.len, arena, &fields, why))
		return false;
	dropped = arena_alloc(arena, (fields.count + 1) * sizeof *dropped);
	*unfit = find_unfit(&fields, plan, arena, dropped);
	return message_amend(message, plan, dropped, arena, out, why);
}

/* As it was read, and what is to be another in it. */
static bool
take_own(const struct letter_plan *plan, const struct message_plan *message, struct arena *arena,
    struct buf *out, struct letter_faults *faults)
{
	const size_t token = strlen(MESSAGE_BODY_TOKEN);
	const struct message_plan *tokens = plan->as_is ? NULL : message;
	struct message_plan changes = *message;
	struct buf whole;
	bool good;

	if (tokens != NULL && memmem(plan->own, plan->own_len, MESSAGE_BODY_TOKEN, token) != NULL)
		changes.body = NULL; /* it stands there already */
	if (!amend_is_asked(&changes))
		return message_from_file(
		    plan->own, plan->own_len, tokens, out, &faults->why, &faults->line);
	buf_init(&whole, MESSAGE_MAX);
	good = message_from_file(
	    plan->own, plan->own_len, tokens, &whole, &faults->why, &faults->line);
	if (good) {
		faults->line = 0;
		good = amend((struct slice){whole.data, whole.len}, &changes, arena, out,
		    &faults->unfit, &faults->why);
	}
	buf_release(&whole);
	return good;
}

static const char *
message_id_of(const struct letter *letter, struct arena *arena)
{
	struct mail_fields fields;
	const char *why;

	fields_read(letter->bytes, letter->len, arena, &fields, &why);
	for (size_t i = 0; i < fields.count; i++)
		if (field_is(&fields.items[i], "Message-ID"))
			return slice_copy(slice_trim(field_value(&fields.items[i])), arena);
	return NULL;
}

static void
date(struct message_plan *message)
{
	time_t now = (time_t)(loop_wall_ms() / 1000);
	struct tm local;

	localtime_r(&now, &local);
	message->now = now;
	message->zone = (int)(local.tm_gmtoff / 60);
	message->random[0] = loop_random();
	message->random[1] = loop_random();
}

bool
letter_write(const struct letter_plan *plan, const char *from, const char *to, const char *helo,
    struct arena *arena, struct letter *letter, struct letter_faults *faults)
{
	struct message_plan message = plan->compose;
	struct buf text, whole, *out = plan->signer_count > 0 ? &whole : &text;
	bool good;

	*faults = (struct letter_faults){.why = NULL};
	message.from = from;
	message.to = to;
	message.helo = helo;
	date(&message);
	buf_init(&text, MESSAGE_MAX);
	buf_init(&whole, MESSAGE_MAX);
	good = plan->own != NULL ? take_own(plan, &message, arena, &text, faults)
	                         : message_compose(&message, &text, &faults->why);
	good = good && (out == &text || sign(plan, &message, &text, arena, out, &faults->why));
	if (good) {
		*letter = (struct letter){
		    .bytes = arena_copy(arena, out->data, out->len), .len = out->len};
		letter->message_id = message_id_of(letter, arena);
	}
	buf_release(&text);
	buf_release(&whole);
	return good;
}
