#include "evidence/txt_fields.h"

static const char blanks[] = " \t";

bool
txt_name_is(struct slice name)
{
	if (name.len == 0 || name.len > TXT_FIELD_NAME_MAX || !is_alnum(name.at[0]))
		return false;
	for (size_t i = 1; i < name.len; i++)
		if (!is_alnum(name.at[i]) && name.at[i] != '_' && name.at[i] != '-' &&
		    name.at[i] != '.')
			return false;
	return true;
}

bool
txt_value_is(struct slice value)
{
	for (size_t i = 0; i < value.len; i++)
		if (value.at[i] < '!' || value.at[i] > '~' || value.at[i] == '=' ||
		    value.at[i] == ';')
			return false;
	return value.len > 0;
}

/* *WSP ";" *WSP */
static bool
skip_delimiter(struct slice *rest, const char **why)
{
	*rest = slice_from(*rest, slice_span(*rest, blanks));
	if (rest->len == 0 || rest->at[0] != ';') {
		*why = "a semicolon is missing";
		return false;
	}
	*rest = slice_from(*rest, 1);
	*rest = slice_from(*rest, slice_span(*rest, blanks));
	return true;
}

/* The blanks before a delimiter are the delimiter's; there are none at the end. */
static void
drop_blanks(struct slice *value)
{
	while (value->len > 0 && is_blank(value->at[value->len - 1]))
		value->len--;
}

bool
txt_field(struct slice *rest, struct slice *name, struct slice *value, const char **why)
{
	struct slice field;

	*why = NULL;
	if (rest->len == 0 || !skip_delimiter(rest, why) || rest->len == 0)
		return false;
	field = (struct slice){rest->at, slice_until(*rest, ";")};
	*rest = slice_from(*rest, field.len);
	*name = (struct slice){field.at, slice_until(field, "=")};
	*value = slice_from(field, name->len + (name->len < field.len));
	if (rest->len > 0)
		drop_blanks(value);
	if (field.len == 0)
		*why = "there are two semicolons with nothing between them";
	else if (name->len == field.len)
		*why = "something stands there that is no NAME=VALUE";
	else if (!txt_name_is(*name))
		*why = "the name of a field is none: letters, digits, \"_\", \"-\" and \".\", 32 "
		       "of them at most";
	else if (value->len == 0)
		*why = "a field has no value";
	return *why == NULL;
}
