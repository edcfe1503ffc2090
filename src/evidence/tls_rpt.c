#include "evidence/tls_rpt.h"

#include <string.h>

#include "auth/alias.h"
#include "auth/near_miss.h"
#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"
#include "evidence/txt_fields.h"

enum { QUOTE_MAX = 120 };

static const char version[] = "v=TLSRPTv1";

const char *
tls_rpt_state_name(enum tls_rpt_state state)
{
	static const char *const names[] = {[TLS_RPT_ABSENT] = "none",
	    [TLS_RPT_UNKNOWN] = "unknown",
	    [TLS_RPT_BAD] = "invalid",
	    [TLS_RPT_GOOD] = "valid"};

	return names[state];
}

bool
tls_rpt_is(struct slice text)
{
	size_t len = strlen(version);

	return text.len > len && memcmp(text.at, version, len) == 0 && text.at[len] == ';';
}

static const char *
quoted(struct slice text, struct arena *arena)
{
	return near_quote(text, QUOTE_MAX, arena);
}

/* ---- the addresses */

/* scheme ":" and something behind it, of the characters of RFC 3986 (a "%" with two digits). */
static bool
is_uri(struct slice uri)
{
	size_t scheme = slice_until(uri, ":");

	if (scheme == 0 || scheme + 1 >= uri.len || !is_alpha(uri.at[0]))
		return false;
	for (size_t i = 0; i < uri.len; i++) {
		char c = uri.at[i];
		bool mark = c != '\0' && strchr("-._~:/?#[]@$&'()*+=%", c) != NULL;

		if (!is_alnum(c) && !mark)
			return false;
		if (c == '%' &&
		    (uri.len - i < 3 || !strchr("0123456789abcdefABCDEF", uri.at[i + 1]) ||
		        !strchr("0123456789abcdefABCDEF", uri.at[i + 2])))
			return false;
		if (i < scheme && !is_alnum(c) && c != '+' && c != '-' && c != '.')
			return false;
	}
	return true;
}

/* The host of an https URI, or the domain of a mailto, is a name that can be. */
static bool
leads_somewhere(struct slice uri, struct arena *arena)
{
	bool mail = slice_begins(uri, "mailto:");
	struct slice rest = slice_from(uri, mail ? strlen("mailto:") : strlen("https://"));
	char name[NAME_TEXT];
	const char *why;

	rest.len = slice_until(rest, mail ? "?" : "/?#");
	if (mail) {
		size_t at = slice_until(rest, "@");

		if (at == 0 || at == rest.len)
			return false;
		rest = slice_from(rest, at + 1);
	} else {
		rest.len = slice_until(rest, ":");
	}
	return name_normalise(slice_copy(rest, arena), name, &why) && name_is_host(name);
}

static void
take_uri(struct slice uri, struct arena *arena, struct tls_rpt *out)
{
	const char *text = quoted(uri, arena);

	if (!slice_begins(uri, "mailto:") && !slice_begins(uri, "https://"))
		notes_add(&out->findings, arena, "tlsrpt-uri-scheme", "rua",
		    "\"%s\": reports are sent to mailto: and https: only", text);
	else if (!leads_somewhere(uri, arena))
		notes_add(&out->findings, arena, "tlsrpt-uri-nowhere", "rua",
		    "\"%s\" holds no address that a report could be sent to", text);
	else if (out->rua_count < TLS_RPT_URIS_MAX)
		out->rua[out->rua_count++] = slice_copy(uri, arena);
	else
		notes_add(&out->findings, arena, "tlsrpt-uri-many", "rua",
		    "there are more than %d addresses", TLS_RPT_URIS_MAX);
}

/* URIs with commas between, and blanks around those. */
static const char *
read_rua(struct slice value, struct arena *arena, struct tls_rpt *out)
{
	bool more = true;

	while (more) {
		struct slice uri = {value.at, slice_until(value, ",")};

		more = uri.len < value.len;
		value = slice_from(value, uri.len + more);
		if (more)
			while (uri.len > 0 && is_blank(uri.at[uri.len - 1]))
				uri.len--;
		if (uri.len == 0)
			return "an address is missing beside a comma";
		if (memchr(uri.at, '!', uri.len) != NULL)
			return arena_printf(arena,
			    "\"%s\" in rua: a \"!\" is to be written %%21, and no size stands "
			    "there as in DMARC",
			    quoted(uri, arena));
		if (!is_uri(uri))
			return arena_printf(arena, "\"%s\" in rua is no URI%s", quoted(uri, arena),
			    memchr(uri.at, '@', uri.len) != NULL &&
			            memchr(uri.at, ':', uri.len) == NULL
			        ? ": \"mailto:\" is missing"
			        : "");
		take_uri(uri, arena, out);
		value = slice_from(value, slice_span(value, " \t"));
	}
	return NULL;
}

/* ---- the record */

const char *
tls_rpt_parse(struct slice text, struct arena *arena, struct tls_rpt *out)
{
	struct slice rest = slice_from(text, strlen(version)), name, value;
	bool rua = false;
	const char *why;

	while (txt_field(&rest, &name, &value, &why)) {
		if (slice_same(name, "rua") && !rua) {
			why = read_rua(value, arena, out);
			rua = true;
		} else if (slice_same(name, "rua")) {
			notes_add(&out->findings, arena, "tlsrpt-rua-repeated", "rua",
			    "\"rua\" stands more than once; the first counts");
		} else if (!txt_value_is(value)) {
			why = arena_printf(arena,
			    "the value of its field \"%s\" holds a blank or another character "
			    "that may not stand there",
			    quoted(name, arena));
		}
		if (why != NULL)
			return why;
	}
	if (why == NULL && !rua)
		why = "it has no \"rua\"";
	if (why == NULL && out->rua_count == 0)
		why = "it names no address that a report could be sent to";
	return why;
}

static struct slice
text_of(const struct dns_record *record)
{
	return (struct slice){record->u.txt.joined.bytes, record->u.txt.joined.len};
}

static const char *
why_absent(const struct answer *txt, struct arena *arena)
{
	const char *why = alias_gone(txt, arena);

	for (size_t i = 0; i < txt->count && why == NULL; i++) {
		struct slice text = text_of(&txt->records[i]);
		const char *near = near_miss(text, NEAR_TLS_RPT);

		if (near != NULL)
			why = arena_printf(arena,
			    "\"%s\" is no TLS-RPT record: %s; it must begin with \"v=TLSRPTv1;\"",
			    quoted(text, arena), near);
	}
	return why;
}

static void
read_record(const struct answer *txt, struct arena *arena, struct tls_rpt *out)
{
	const struct dns_record *only = NULL;
	size_t found = 0;
	const char *why;

	for (size_t i = 0; i < txt->count; i++)
		if (tls_rpt_is(text_of(&txt->records[i])) && found++ == 0)
			only = &txt->records[i];
	if (found == 0) {
		out->state = TLS_RPT_ABSENT;
		out->problem = why_absent(txt, arena);
		return;
	}
	out->record_len = only->u.txt.joined.len;
	out->record = arena_copy(arena, only->u.txt.joined.bytes, out->record_len);
	out->state = TLS_RPT_BAD;
	if (found > 1) {
		out->problem = arena_printf(arena,
		    "there are %zu records that begin with \"v=TLSRPTv1;\", and that counts as "
		    "none",
		    found);
		return;
	}
	why = tls_rpt_parse(text_of(only), arena, out);
	out->state = why == NULL ? TLS_RPT_GOOD : TLS_RPT_BAD;
	if (why != NULL)
		out->problem = arena_printf(
		    arena, "the record \"%s\" is not valid: %s", quoted(text_of(only), arena), why);
}

bool
tls_rpt_look_up(struct book *book, struct arena *arena, const char *domain, struct tls_rpt *out)
{
	const struct answer *txt =
	    book_ask(book, arena_printf(arena, "_smtp._tls.%s", domain), DNS_TXT);

	*out = (struct tls_rpt){.domain = arena_string(arena, domain)};
	if (txt == NULL)
		return false;
	out->server = arena_string(arena, txt->server);
	out->ttl = txt->ttl;
	if (answer_truth(txt) == UNKNOWN) {
		out->state = TLS_RPT_UNKNOWN;
		out->problem = arena_printf(arena, "the record is not known: %s%s%s",
		    dns_rcode_name(txt->rcode), txt->server != NULL ? " from " : "",
		    txt->server != NULL ? txt->server : "");
		return true;
	}
	read_record(txt, arena, out);
	return true;
}
