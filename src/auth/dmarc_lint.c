#include "auth/dmarc_lint.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "dns/book.h"
#include "dns/name.h"

enum { QUOTE_MAX = 60, RUA_COMMON = 2 /* addresses that all serve (RFC 7489 section 6.2) */ };

/* What is written as it may be, and still is not what its author will want. */
void
dmarc_lint_record(const struct dmarc_lint *lint, const char *at, const struct dmarc_record *record)
{
	enum dmarc_policy below = record->sp != DMARC_UNSET ? record->sp : record->p;
	size_t mail = 0;

	if (record->sp != DMARC_UNSET && record->sp < record->p)
		notes_add(lint->notes, lint->arena, "dmarc-sp-weaker", "sp",
		    "DMARC record of %s: \"sp=%s\" is weaker than \"p=%s\": who cannot use the "
		    "domain's name uses one "
		    "below it",
		    at, dmarc_policy_name(record->sp), dmarc_policy_name(record->p));
	if (record->np != DMARC_UNSET && record->np < below)
		notes_add(lint->notes, lint->arena, "dmarc-np-weaker", "np",
		    "DMARC record of %s: \"np=%s\" is weaker than what names below get that exist, "
		    "%s: anybody can "
		    "make "
		    "one up",
		    at, dmarc_policy_name(record->np), dmarc_policy_name(below));
	for (size_t i = 0; i < record->rua_count; i++) {
		bool is_mail = strncasecmp(record->rua[i], "mailto:", 7) == 0;

		mail += is_mail;
		if (!is_mail)
			notes_add(lint->notes, lint->arena, "dmarc-rua-scheme", "rua",
			    "DMARC record of %s: \"%.*s\" in rua gets no reports: they are sent to "
			    "mailto addresses "
			    "(RFC 9990)",
			    at, QUOTE_MAX, record->rua[i]);
	}
	if (mail > RUA_COMMON)
		notes_add(lint->notes, lint->arena, "dmarc-rua-many", "rua",
		    "DMARC record of %s: rua has %zu addresses: receivers may send reports to the "
		    "first %d only",
		    at, mail, RUA_COMMON);
}

/* Is it the house of the record at `at`, by the organizational domain? A public suffix has a house
 * of its own, of one name. UNKNOWN: that domain could not be found out. */
static enum truth
is_at_home(const char *org_domain, const char *at, const char *name)
{
	if (name_equal(name, at))
		return PRESENT;
	if (org_domain == NULL)
		return name_within(name, at) ? PRESENT : UNKNOWN;
	return name_within(at, org_domain) && name_within(name, org_domain) ? PRESENT : ABSENT;
}

/* RFC 9990 section 4: who gets reports about other domains has to agree to it in the DNS. False:
 * pending. */
static bool
check_consent(
    const struct dmarc_lint *lint, const char *at, const char *uri, const char *host, bool whole)
{
	const char *where = arena_printf(lint->arena, "%s._report._dmarc.%s", at, host);
	const struct answer *answer = book_ask(lint->book, where, DNS_TXT);
	bool agreed = false;

	if (answer == NULL)
		return false;
	for (size_t i = 0; i < answer->count; i++)
		agreed |= dmarc_record_is(answer->records[i].u.txt.joined);
	if (answer_truth(answer) == UNKNOWN && whole)
		notes_add(lint->notes, lint->arena, "dmarc-rua-unknown", uri,
		    "DMARC record of %s: whether %s has agreed to take reports is not known: the "
		    "look-up of TXT %s failed: %s",
		    at, host, where, dns_rcode_name(answer->rcode));
	else if (!agreed && answer_truth(answer) != UNKNOWN)
		notes_add(lint->notes, lint->arena, "dmarc-rua-external", uri,
		    "DMARC record of %s: reports to %s will not be sent: %s has not agreed "
		    "to take them; it needs a TXT record \"v=DMARC1\" at %s",
		    at, uri, host, where);
	return true;
}

static bool
is_null_mx(const struct answer *mx)
{
	for (size_t i = 0; i < mx->count; i++)
		if (mx->records[i].u.mx.host[0] != '\0')
			return false;
	return mx->count > 0;
}

/* False: pending. */
static bool
check_mail(const struct dmarc_lint *lint, const char *at, const char *uri, const char *host)
{
	const struct answer *mx = book_ask(lint->book, host, DNS_MX);

	if (mx == NULL)
		return false;
	if (answer_truth(mx) == UNKNOWN)
		notes_add(lint->notes, lint->arena, "dmarc-rua-unknown", uri,
		    "DMARC record of %s: whether %s takes mail is not known: the look-up of MX %s "
		    "failed: %s",
		    at, host, host, dns_rcode_name(mx->rcode));
	else if (mx->rcode == DNS_NXDOMAIN || is_null_mx(mx))
		notes_add(lint->notes, lint->arena, "dmarc-rua-no-mail", uri,
		    "DMARC record of %s: reports to %s cannot be sent: %s %s", at, uri, host,
		    mx->rcode == DNS_NXDOMAIN ? "does not exist" : "takes no mail (null MX)");
	return true;
}

bool
dmarc_lint_reports(const struct dmarc_lint *lint, const char *at, const char *org_domain,
    const struct dmarc_record *record, bool whole)
{
	bool known = true;

	for (size_t i = 0; i < record->rua_count; i++) {
		const char *host = strrchr(record->rua[i], '@'), *why;
		char name[NAME_TEXT];

		if (strncasecmp(record->rua[i], "mailto:", 7) != 0 || host == NULL)
			continue;
		host = arena_copy(lint->arena, host + 1, strcspn(host + 1, "?"));
		if (!name_normalise(host, name, &why))
			continue;
		host = arena_string(lint->arena, name);
		if (is_at_home(org_domain, at, host) == ABSENT)
			known &= check_consent(lint, at, record->rua[i], host, whole);
		if (whole)
			known &= check_mail(lint, at, record->rua[i], host);
	}
	return known;
}

/* Before the domain, in names that look like the right one. */
static const char *const elsewhere[] = {
    "", "_dmarc._dmarc.", "dmarc.", "_dmarc.www.", "_dmarc.mail."};

static bool
look_at(const struct dmarc_lint *lint, const char *name, const char *domain)
{
	const struct answer *answer = book_ask(lint->book, name, DNS_TXT);

	for (size_t i = 0; answer != NULL && i < answer->count; i++)
		if (dmarc_record_is(answer->records[i].u.txt.joined))
			notes_add(lint->notes, lint->arena, "dmarc-elsewhere", name,
			    "there is a DMARC record at %s, where nobody looks for that of %s: it "
			    "belongs at _dmarc.%s",
			    name, domain, domain);
	return answer != NULL;
}

bool
dmarc_lint_elsewhere(const struct dmarc_lint *lint, const char *domain)
{
	/* What a zone editor makes of a name that was given in full. */
	bool known =
	    look_at(lint, arena_printf(lint->arena, "_dmarc.%s.%s", domain, domain), domain);

	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		known &=
		    look_at(lint, arena_printf(lint->arena, "%s%s", elsewhere[i], domain), domain);
	return known;
}
