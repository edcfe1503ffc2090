#include "campaign/letter.h"

#include <string.h>
#include <time.h>

#include "auth/dkim_sign.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "io/loop.h"
#include "mail/fields.h"

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

bool
letter_write(const struct letter_plan *plan, const char *from, const char *to, const char *helo,
    struct arena *arena, struct letter *letter, const char **why)
{
	struct message_plan message = plan->compose;
	time_t now = (time_t)(loop_wall_ms() / 1000);
	struct tm local;
	struct buf text, whole;
	unsigned line;
	bool good;

	localtime_r(&now, &local);
	message.from = from;
	message.to = to;
	message.helo = helo;
	message.now = now;
	message.zone = (int)(local.tm_gmtoff / 60);
	message.random[0] = loop_random();
	message.random[1] = loop_random();
	buf_init(&text, MESSAGE_MAX);
	buf_init(&whole, MESSAGE_MAX);
	good = plan->own != NULL
	           ? message_from_file(plan->own, plan->own_len, &message, &text, why, &line)
	           : message_compose(&message, &text, why);
	good = good && sign(plan, &message, &text, arena, &whole, why);
	if (good) {
		*letter = (struct letter){
		    .bytes = arena_copy(arena, whole.data, whole.len), .len = whole.len};
		letter->message_id = message_id_of(letter, arena);
	}
	buf_release(&text);
	buf_release(&whole);
	return good;
}
