#include "auth/spf_find.h"

#include <string.h>

#include "auth/alias.h"
#include "auth/near_miss.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

const char *
spf_quote(struct slice text, struct arena *arena)
{
	return near_quote(text, SPF_QUOTE_MAX, arena);
}

/* Section 4.3. */
static bool
is_checkable(const char *domain)
{
	char name[NAME_TEXT];
	const char *why;

	return domain[0] != '[' && name_normalise(domain, name, &why) && name_labels(name) > 1;
}

static struct slice
text_of(const struct dns_record *record)
{
	return (struct slice){record->u.txt.joined.bytes, record->u.txt.joined.len};
}

/* Why there is none, as far as that can be seen: an alias that leads nowhere, or a TXT record that
 * was meant as one. */
static const char *
why_absent(const struct answer *answer, struct arena *arena)
{
	const char *alias = alias_gone(answer, arena), *why;

	if (alias != NULL)
		return arena_printf(arena, ": %s", alias);
	for (size_t i = 0; i < answer->count; i++) {
		struct slice text = text_of(&answer->records[i]);

		why = near_miss(text, NEAR_SPF);
		if (why != NULL)
			return arena_printf(arena,
			    " (\"%s\" is none: %s; it must begin with \"v=spf1\" and a space)",
			    spf_quote(text, arena), why);
	}
	return "";
}

/* The only record; NULL: there is none, or there are several. */
static const struct dns_record *
choose(const struct answer *answer, struct arena *arena, const char *domain, struct spf_found *out)
{
	const struct dns_record *only = NULL;
	size_t found = 0;

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (!spf_record_is(text_of(record)))
			out->other_octets += record->u.txt.joined.len;
		else if (++found == 1)
			only = record;
	}
	if (found == 1)
		return only;
	out->result = found > 1 ? SPF_PERMERROR : SPF_NONE;
	out->problem =
	    found > 1
	        ? arena_printf(arena,
	              "%s has %zu SPF records, there may be one (RFC 7208 section 4.5)", domain,
	              found)
	        : arena_printf(arena, "%s has no SPF record%s", domain, why_absent(answer, arena));
	return NULL;
}

/* Strings are joined without a space between (3.3): a term that runs over such a seam was meant as
 * two. */
static const char *
seam(const struct dns_record *record, struct slice term)
{
	size_t start = (size_t)(term.at - record->u.txt.joined.bytes), at = 0;

	for (size_t i = 0; i < record->u.txt.count; i++) {
		if (at > start && at < start + term.len)
			return " (two strings of the record meet within it, and nothing stands "
			       "between them: one lacks its space)";
		at += record->u.txt.strings[i].len;
	}
	return "";
}

bool
spf_find(struct book *book, struct arena *arena, const char *domain, struct spf_found *out)
{
	const struct dns_record *chosen;
	const struct answer *answer;
	struct spf_fault fault;

	*out = (struct spf_found){.result = SPF_NONE};
	if (!is_checkable(domain)) {
		out->problem = arena_printf(arena, "\"%s\" is no domain name of two labels or more",
		    spf_quote(slice_of(domain), arena));
		return true;
	}
	answer = book_ask(book, domain, DNS_TXT);
	if (answer == NULL)
		return false;
	out->server = answer->server;
	out->ttl = answer->ttl;
	if (answer_truth(answer) == UNKNOWN) {
		out->result = SPF_TEMPERROR;
		out->problem = arena_printf(arena, "the look-up of TXT %s failed: %s", domain,
		    dns_rcode_name(answer->rcode));
		return true;
	}
	chosen = choose(answer, arena, domain, out);
	if (chosen == NULL)
		return true;
	out->text = text_of(chosen);
	out->record = arena_alloc(arena, sizeof *out->record);
	if (spf_record_parse(out->text, arena, out->record, &fault))
		return true;
	out->record = NULL;
	out->result = SPF_PERMERROR;
	out->problem =
	    fault.term.len == 0
	        ? fault.why
	        : arena_printf(arena, "\"%s\" in the SPF record of %s: %s%s",
	              spf_quote(fault.term, arena), domain, fault.why, seam(chosen, fault.term));
	return true;
}
