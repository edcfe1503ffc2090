/* What to do about a walk that ended by no reply: each status and ending has its remedy, and the
 * words of the system or of OpenSSL choose the variant. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "campaign/verdict.h"

static const struct end {
	enum walk_status status;
	enum ending ending;
	enum route_kind route;
	const char *words; /* on the ending, or the note */
	const char *id; /* NULL: none */
} ends[] = {
    {.status = WALK_ACCEPTED, .id = NULL},
    {.status = WALK_UNREACHABLE, .ending = END_UNREACHABLE, .words = NULL, .id = "unreachable"},
    {.status = WALK_UNREACHABLE,
        .ending = END_UNREACHABLE,
        .words = "no connection within 30 s",
        .id = "unreachable.silent"},
    {.status = WALK_UNREACHABLE,
        .ending = END_UNREACHABLE,
        .words = "Connection refused",
        .id = "unreachable.refused"},
    {.status = WALK_UNREACHABLE,
        .ending = END_UNREACHABLE,
        .words = "No route to host",
        .id = "unreachable.no-route"},
    {.status = WALK_UNREACHABLE,
        .words = "this host has no IPv6 route to it",
        .id = "unreachable.no-route"},
    {.status = WALK_UNDELIVERABLE, .route = ROUTE_NULL_MX, .id = "null-mx"},
    {.status = WALK_UNDELIVERABLE, .route = ROUTE_NO_DOMAIN, .id = "no-domain"},
    {.status = WALK_UNDELIVERABLE, .route = ROUTE_NO_ADDRESS, .id = "no-address"},
    {.status = WALK_DNS_ERROR, .route = ROUTE_DNS_ERROR, .id = "dns-error"},
    {.status = WALK_SKIPPED, .words = "it is on a list of opt-outs", .id = "skipped"},
    {.status = WALK_SKIPPED,
        .words = "10.0.0.1 is a private address, and those are left alone without --allow-private",
        .id = "skipped.private"},
    {.status = WALK_SKIPPED, .ending = END_NOT_SENDABLE, .id = "not-sendable"},
    {.status = WALK_LOCAL, .ending = END_THIS_HOST, .words = "?", .id = "local"},
    {.status = WALK_LOCAL,
        .ending = END_THIS_HOST,
        .words = "Permission denied",
        .id = "local.permission"},
    {.status = WALK_LOCAL,
        .ending = END_THIS_HOST,
        .words = "Cannot assign requested address",
        .id = "local.address"},
    {.status = WALK_LOCAL,
        .route = ROUTE_OTHER_FAMILY,
        .words = "the mail exchangers of a.example have IPv6 addresses only, and only IPv4 was to "
                 "be asked",
        .id = "local.left-out"},
    {.status = WALK_LOCAL,
        .ending = END_THIS_HOST,
        .words = "Too many open files",
        .id = "local.descriptors"},
    {.status = WALK_LOCAL,
        .ending = END_THIS_HOST,
        .words = "no certificate can be verified: this host has no CA certificates",
        .id = "local.certificates"},
    {.status = WALK_BROKEN, .ending = END_NOT_SMTP, .id = "not-smtp"},
    {.status = WALK_BROKEN, .ending = END_TOO_LONG, .id = "reply-too-long"},
    {.status = WALK_BROKEN, .ending = END_FLOOD, .id = "flood"},
    {.status = WALK_BROKEN, .ending = END_INJECTED, .id = "starttls-injection"},
    {.status = WALK_BROKEN, .ending = END_TLS_MISSING, .id = "tls-missing"},
    {.status = WALK_BROKEN, .ending = END_AUTH_FAILED, .id = "auth-failed"},
    {.status = WALK_BROKEN, .ending = END_UNEXPECTED, .id = "unexpected-reply"},
    {.status = WALK_BROKEN, .ending = END_TLS_FAILED, .words = "who knows", .id = "tls-failed"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the server sends the alert protocol_version: it has no version of TLS in common "
                 "with us",
        .id = "tls-failed.version"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the two sides have no version of TLS in common",
        .id = "tls-failed.version"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the server sends the alert handshake_failure: nothing that is offered suits it",
        .id = "tls-failed.cipher"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the two sides have no cipher in common",
        .id = "tls-failed.cipher"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "what came is no TLS",
        .id = "tls-failed.no-tls"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the Diffie-Hellman group is too small",
        .id = "tls-failed.key"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "it wants a Diffie-Hellman group of 10000 bits, and over 8192 take too long here",
        .id = "tls-failed.key"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the certificate is not good: expired",
        .id = "tls-failed.certificate"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the server sends the alert bad_certificate: it does not like the client's "
                 "certificate, or wants one",
        .id = "tls-failed.client-certificate"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words =
            "the server sends the alert certificate_required: it wants a certificate of the client",
        .id = "tls-failed.client-certificate"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the server sends the alert internal_error: it is out of order itself",
        .id = "tls-failed.internal"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the server sends the alert unrecognized_name: it does not know the name that it "
                 "was called by",
        .id = "tls-failed.name"},
    {.status = WALK_BROKEN,
        .ending = END_TLS_FAILED,
        .words = "the server closed the connection",
        .id = "tls-failed.closed"},
};

static void
check(const struct remedies *remedies, const struct end *end)
{
	struct arena *arena = arena_new();
	struct attempt attempt = {
	    .mx = "mx.example.org", .ending = end->ending, .detail = end->words};
	bool routed = end->status != WALK_UNDELIVERABLE && end->status != WALK_DNS_ERROR;
	struct journey journey = {.target = {.domain = "example.org"},
	    .status = end->status,
	    .route = {.kind = end->route},
	    .decisive = routed ? &attempt : NULL,
	    .note = end->words};
	const char *id;

	verdict_remedy(&journey, remedies, arena);
	id = journey.remedy.id;
	cr_expect((id == NULL) == (end->id == NULL) && (id == NULL || strcmp(id, end->id) == 0),
	    "%s, %s: %s, not %s", walk_status_name(end->status),
	    end->words != NULL ? end->words : "-", id != NULL ? id : "none",
	    end->id != NULL ? end->id : "none");
	if (id != NULL) {
		cr_expect_not_null(journey.remedy.what, "%s", id);
		cr_expect_not_null(journey.remedy.advice, "%s", id);
		cr_expect_null(strchr(journey.remedy.advice, '{'), "%s", id);
	}
	arena_free(arena);
}

Test(endings, each_has_its_remedy)
{
	struct remedies *remedies = remedies_new();
	struct stanza_error error;

	cr_assert(remedies_add_builtin(remedies, &error), "%u: %s", error.line, error.reason);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		check(remedies, &ends[i]);
	remedies_free(remedies);
}

/* Whatever status and ending there are, or will be, something is said. */
Test(endings, none_is_left_without)
{
	struct remedies *remedies = remedies_new();
	struct stanza_error error;
	struct arena *arena = arena_new();

	cr_assert(remedies_add_builtin(remedies, &error), "%u: %s", error.line, error.reason);
	for (unsigned s = WALK_BROKEN; s < WALK_COUNT; s++)
		for (unsigned e = END_NONE; e < END_COUNT; e++) {
			struct attempt attempt = {.mx = "mx.example.org", .ending = (enum ending)e};
			struct journey journey = {
			    .status = (enum walk_status)s, .decisive = &attempt};
			bool of_no_end = s == WALK_BROKEN &&
			                 (e == END_NONE || e == END_CLOSED || e == END_RESET ||
			                     e == END_TIMEOUT || e == END_STOPPED);

			verdict_remedy(&journey, remedies, arena);
			cr_expect(of_no_end || journey.remedy.advice != NULL, "%s, %u",
			    walk_status_name((enum walk_status)s), e);
		}
	arena_free(arena);
	remedies_free(remedies);
}
