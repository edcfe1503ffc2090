#include "dns/public.h"

#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/stanza.h"

/* "ADDRESS" or "ADDRESS/BITS" */
static bool
read_net(const char *text, struct ip *net, unsigned *bits)
{
	struct slice rest = slice_of(text), address, digits;
	char copy[IP_TEXT];
	unsigned long number;

	if (!slice_part(&rest, '/', &address) || address.len >= sizeof copy)
		return false;
	memcpy(copy, address.at, address.len);
	copy[address.len] = '\0';
	if (!ip_parse(net, copy))
		return false;
	*bits = ip_bits(net);
	if (!slice_part(&rest, '/', &digits))
		return true;
	if (!slice_number(digits, *bits, &number))
		return false;
	*bits = (unsigned)number;
	return true;
}

static bool
holds(const struct stanza *stanza, const struct ip *ip, unsigned *line)
{
	for (size_t i = 0; i < stanza->count; i++) {
		const struct stanza_field *field = &stanza->fields[i];
		struct ip net;
		unsigned bits;

		if (strcmp(field->key, "net") != 0 || !read_net(field->value, &net, &bits)) {
			*line = field->line;
			return false;
		}
		if (ip_within(ip, &net, bits))
			return true;
	}
	return false;
}

bool
public_resolver(const char *text, size_t len, const struct ip *ip, unsigned *line)
{
	struct arena *arena = arena_new();
	struct stanza *stanzas;
	struct stanza_error error = {.line = 0};
	size_t count;
	bool found = false;

	*line = 0;
	if (!stanza_read(text, len, arena, &stanzas, &count, &error)) {
		*line = error.line;
		count = 0;
	}
	for (size_t i = 0; i < count && !found && *line == 0; i++)
		found = holds(&stanzas[i], ip, line);
	arena_free(arena);
	return found;
}
