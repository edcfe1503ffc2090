/* The message is cut in two: the fields that are the mail's, and the entity (RFC 2045 section 2.4)
 * that it carries, its Content- fields and its body. What is done to the body is done to that. */
#include "mail/amend.h"

#include "base/arena.h"
#include "base/buf.h"
#include "mail/fields.h"
#include "mail/header.h"
#include "mail/message.h"
#include "mail/part_write.h"
#include "mail/parts.h"

struct amendment {
	const struct message_plan *plan;
	const bool *dropped;
	struct mail_fields fields;
	bool entity; /* its fields are written with the body */
	struct arena *arena;
	const char **why;
};

bool
amend_touches_body(const struct message_plan *plan)
{
	return plan->body != NULL || plan->text_count > 0 || plan->file_count > 0;
}

bool
amend_is_asked(const struct message_plan *plan)
{
	return plan->header_count > 0 || plan->added_count > 0 || amend_touches_body(plan);
}

static bool
fail(const struct amendment *a, const char *why)
{
	*a->why = why;
	return false;
}

/* ---- the header */

static bool
is_content(const struct mail_field *field)
{
	return slice_begins((struct slice){field->at, field->name_len}, "Content-");
}

static const char *
name_of(const struct amendment *a, const struct mail_field *field)
{
	return slice_copy((struct slice){field->at, field->name_len}, a->arena);
}

static bool
put_named(const struct amendment *a, const char *name, struct buf *out)
{
	for (size_t i = 0; i < a->plan->header_count; i++)
		if (part_given_is(a->plan->headers[i], name) &&
		    !part_given_write(a->plan->headers[i], out, a->why))
			return false;
	return true;
}

static bool
is_replaced(const struct amendment *a, const char *name)
{
	for (size_t i = 0; i < a->plan->header_count; i++)
		if (part_given_is(a->plan->headers[i], name))
			return true;
	return false;
}

/* Is field `i` the first of its name? */
static bool
is_first(const struct amendment *a, size_t i, const char *name)
{
	for (size_t k = 0; k < i; k++)
		if (field_is(&a->fields.items[k], name))
			return false;
	return true;
}

static bool
put_field(const struct amendment *a, size_t i, struct buf *out)
{
	const struct mail_field *field = &a->fields.items[i];
	const char *name = name_of(a, field);

	if ((a->dropped != NULL && a->dropped[i]) ||
	    (a->entity && (is_content(field) || field_is(field, "MIME-Version"))))
		return true;
	if (is_replaced(a, name))
		return !is_first(a, i, name) || put_named(a, name, out);
	buf_add(out, field->at, field->len);
	buf_puts(out, "\r\n");
	return true;
}

static bool
is_there(const struct amendment *a, const char *header)
{
	for (size_t i = 0; i < a->fields.count; i++)
		if (part_given_is(header, name_of(a, &a->fields.items[i])))
			return true;
	return false;
}

static bool
put_header(const struct amendment *a, struct buf *out)
{
	const struct message_plan *plan = a->plan;

	for (size_t i = 0; i < a->fields.count; i++)
		if (!put_field(a, i, out))
			return false;
	for (size_t i = 0; i < plan->header_count; i++)
		if (!is_there(a, plan->headers[i]) &&
		    !part_given_write(plan->headers[i], out, a->why))
			return false;
	for (size_t i = 0; i < plan->added_count; i++)
		if (!part_given_write(plan->added[i], out, a->why))
			return false;
	return true;
}

/* ---- parts of the entity */

static bool
read_parts(const struct amendment *a, const struct buf *entity, struct parts *parts)
{
	parts_read((struct slice){entity->data, entity->len}, a->arena, parts);
	if (parts->guessed)
		return fail(a,
		    "a boundary that its header names is nowhere in its body: nothing can be "
		    "added to it");
	return (!parts->too_many && !parts->too_deep) ||
	       fail(a, "it has more parts, or deeper ones, than are looked into");
}

/* Up to the line end that belongs to the delimiter behind it. */
static struct slice
span_of(const struct mail_part *part)
{
	size_t len = part->header.len + part->body.len;

	if (part->depth > 0 && len >= 2 &&
	    memcmp(part->body.at + part->body.len - 2, "\r\n", 2) == 0)
		len -= 2;
	return (struct slice){part->header.at, len};
}

static bool
is_attached(const struct amendment *a, const struct mail_part *part)
{
	const char *disposition = header_get(part->header, "content-disposition", a->arena);

	return (disposition != NULL &&
	           strcmp(header_token(disposition, a->arena), "attachment") == 0) ||
	       header_parameter(part->content_type, "name", a->arena) != NULL;
}

/* The first text that is read as such; of this type, or of any ("text/"). NULL: there is none. */
static const struct mail_part *
find_text(const struct amendment *a, const struct parts *parts, const char *type)
{
	for (size_t i = 0; i < parts->count; i++) {
		const struct mail_part *part = &parts->items[i];
		const struct slice is = slice_of(part->type);

		if (!part->multipart && !is_attached(a, part) &&
		    (slice_same(is, type) ||
		        (slice_ends(slice_of(type), "/") && slice_begins(is, type))))
			return part;
	}
	return NULL;
}

static bool
is_sealed(const struct parts *parts, const struct mail_part *part)
{
	for (; part->depth > 0; part = &parts->items[part->parent])
		if (strcmp(parts->items[part->parent].type, "multipart/signed") == 0 ||
		    strcmp(parts->items[part->parent].type, "multipart/encrypted") == 0)
			return true;
	return false;
}

/* An HTML text and its pictures are one (RFC 2387). */
static const struct mail_part *
with_related(const struct parts *parts, const struct mail_part *part)
{
	while (part->depth > 0 && strcmp(parts->items[part->parent].type, "multipart/related") == 0)
		part = &parts->items[part->parent];
	return part;
}

/* What holds eight-bit text says so (RFC 2045 section 6.4). */
static void
put_multipart(const struct amendment *a, const char *type, enum part_level level,
    struct slice content, struct buf *out)
{
	buf_printf(out, "Content-Type: multipart/%s; boundary=\"", type);
	part_boundary_write(a->plan->random, level, out);
	buf_puts(out, "\"\r\n");
	if (!slice_is_ascii(content))
		buf_puts(out, "Content-Transfer-Encoding: 8bit\r\n");
}

/* ---- texts */

static void
put_before(const struct buf *entity, const char *at, struct buf *out)
{
	buf_add(out, entity->data, (size_t)(at - entity->data));
}

static void
put_behind(const struct buf *entity, const char *at, struct buf *out)
{
	buf_add(out, at, (size_t)(entity->data + entity->len - at));
}

static bool
put_in_place(const struct amendment *a, const struct buf *entity, struct slice old,
    const struct message_text *text, struct buf *out)
{
	put_before(entity, old.at, out);
	if (!part_text_write(text, out, a->why))
		return false;
	put_behind(entity, old.at + old.len, out);
	return true;
}

/* The plainest comes first (RFC 2046 section 5.1.4). */
static bool
is_plain(const struct message_text *text)
{
	return slice_begins(slice_of(text->type), "text/plain");
}

/* One more in a multipart/alternative: before the others, or behind them. */
static bool
put_among(const struct amendment *a, const struct buf *entity, const struct mail_part *first,
    const struct mail_part *holder, const struct message_text *text, struct buf *out)
{
	const char *at = is_plain(text) ? span_of(first).at : holder->end;

	if (at == NULL)
		return fail(a, "a multipart has no end: nothing can be added to it");
	put_before(entity, at, out);
	if (!is_plain(text))
		buf_printf(out, "--%s\r\n", holder->boundary);
	if (!part_text_write(text, out, a->why))
		return false;
	buf_puts(out, "\r\n");
	if (is_plain(text))
		buf_printf(out, "--%s\r\n", holder->boundary);
	put_behind(entity, at, out);
	return true;
}

/* The text that is there and the new one become a multipart/alternative. */
static bool
put_beside(const struct amendment *a, const struct buf *entity, struct slice old,
    const struct message_text *text, struct buf *out)
{
	bool good = true;

	put_before(entity, old.at, out);
	put_multipart(a, "alternative", PART_INNER, old, out);
	part_delimiter_write(a->plan->random, PART_INNER, "\r\n", out);
	if (is_plain(text))
		good = part_text_write(text, out, a->why);
	else
		buf_add(out, old.at, old.len);
	part_delimiter_write(a->plan->random, PART_INNER, "\r\n", out);
	if (is_plain(text))
		buf_add(out, old.at, old.len);
	else
		good = part_text_write(text, out, a->why);
	part_delimiter_write(a->plan->random, PART_INNER,
	    old.at + old.len == entity->data + entity->len ? "--\r\n" : "--", out);
	put_behind(entity, old.at + old.len, out);
	return good;
}

static bool
put_text(const struct amendment *a, const struct buf *entity, const struct message_text *text,
    struct buf *out)
{
	const struct mail_part *old, *beside, *holder;
	struct parts parts;

	if (!read_parts(a, entity, &parts))
		return false;
	old = find_text(a, &parts, header_token(text->type, a->arena));
	beside = old != NULL ? old : find_text(a, &parts, "text/");
	if (beside == NULL)
		return fail(a, "it has no text that another could stand for, or beside");
	if (is_sealed(&parts, beside))
		return fail(
		    a, "its text is signed or encrypted (S/MIME, PGP): it cannot be another");
	if (old != NULL)
		return put_in_place(a, entity, span_of(old), text, out);
	beside = with_related(&parts, beside);
	holder = &parts.items[beside->parent];
	if (holder != beside && strcmp(holder->type, "multipart/alternative") == 0)
		return put_among(a, entity, beside, holder, text, out);
	return put_beside(a, entity, span_of(beside), text, out);
}

/* ---- files */

static bool
put_files(const struct amendment *a, const struct buf *entity, struct buf *out)
{
	const struct slice whole = {entity->data, entity->len};
	const struct mail_part *top;
	struct parts parts;
	bool good = true, mixed;

	if (!read_parts(a, entity, &parts))
		return false;
	top = parts.items;
	mixed = top->multipart && strcmp(top->type, "multipart/mixed") == 0 && top->end != NULL;
	if (mixed) {
		put_before(entity, top->end, out);
	} else {
		put_multipart(a, "mixed", PART_OUTER, whole, out);
		part_delimiter_write(a->plan->random, PART_OUTER, "\r\n", out);
		buf_add(out, entity->data, entity->len);
	}
	for (size_t i = 0; good && i < a->plan->file_count; i++) {
		if (mixed)
			buf_printf(out, "--%s\r\n", top->boundary);
		else
			part_delimiter_write(a->plan->random, PART_OUTER, "\r\n", out);
		good = part_file_write(&a->plan->files[i], out, a->why);
		if (mixed)
			buf_puts(out, "\r\n");
	}
	if (mixed)
		put_behind(entity, top->end, out);
	else
		part_delimiter_write(a->plan->random, PART_OUTER, "--\r\n", out);
	return good;
}

/* ---- the whole */

static void
take_entity(const struct amendment *a, struct buf *entity)
{
	for (size_t i = 0; i < a->fields.count; i++)
		if (is_content(&a->fields.items[i])) {
			buf_add(entity, a->fields.items[i].at, a->fields.items[i].len);
			buf_puts(entity, "\r\n");
		}
	buf_puts(entity, "\r\n");
	buf_add(entity, a->fields.body, a->fields.body_len);
}

/* The entity becomes one with that text; NULL: with the files. */
static bool
step(const struct amendment *a, const struct message_text *text, struct buf *entity)
{
	struct buf next;
	bool good;

	buf_init(&next, MESSAGE_MAX);
	good = text != NULL ? put_text(a, entity, text, &next) : put_files(a, entity, &next);
	good = good && !part_is_full(&next, a->why);
	buf_release(entity);
	*entity = next;
	return good;
}

static bool
put_entity(const struct amendment *a, struct buf *out)
{
	const struct message_plan *plan = a->plan;
	const struct message_text body = {"text/plain", plan->body, plan->body_len};
	struct buf entity;
	bool good = true;

	buf_init(&entity, MESSAGE_MAX);
	take_entity(a, &entity);
	if (plan->body != NULL)
		good = step(a, &body, &entity);
	for (size_t i = 0; good && i < plan->text_count; i++)
		good = step(a, &plan->texts[i], &entity);
	if (good && plan->file_count > 0)
		good = step(a, NULL, &entity);
	buf_puts(out, "MIME-Version: 1.0\r\n");
	buf_add(out, entity.data, entity.len);
	buf_release(&entity);
	return good;
}

bool
message_amend(struct slice message, const struct message_plan *plan, const bool *dropped,
    struct arena *arena, struct buf *out, const char **why)
{
	struct amendment a = {.plan = plan,
	    .dropped = dropped,
	    .entity = amend_touches_body(plan),
	    .arena = arena,
	    .why = why};

	if (!fields_read(message.at, message.len, arena, &a.fields, why) ||
	    !message_parts_check(plan, a.entity, why) || !put_header(&a, out))
		return false;
	if (a.entity) {
		if (!put_entity(&a, out))
			return false;
	} else {
		buf_puts(out, "\r\n");
		buf_add(out, a.fields.body, a.fields.body_len);
	}
	return !part_is_full(out, why);
}
