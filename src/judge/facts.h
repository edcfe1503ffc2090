/* facts: what can be found out about a sender, a reply or the end of a walk: each kind has an id,
 * and a row of that id in data/remedies.conf says what is to be done about it. facts_gather: those
 * that speak to one reply, without judgement. Pure.
 *
 * The ids of what `self` reports are public (mxwalk-ndjson(5)). */
#ifndef JUDGE_FACTS_H
#define JUDGE_FACTS_H

#include "evidence/sender.h"
#include "rules/rules.h"

struct arena;

/* clang-format off */
#define FACTS(X) \
	/* of a sender, in the order in which a receiver comes to see it: the connection */ \
	X(TIME_OUT, "time-out") \
	X(SEEN_ELSEWHERE, "seen-elsewhere") \
	X(SEEN_OTHER_FAMILY, "seen-other-family") \
	X(SEEN_HERE, "seen") \
	X(EGRESS_CLOSED, "egress-closed") \
	X(EGRESS_UNKNOWN, "egress-unknown") \
	X(EGRESS_OPEN, "egress") \
	X(NEIGHBOURS_LISTED, "neighbours-listed") \
	X(NEIGHBOURS_CLEAN, "neighbours-clean") \
	X(RESOLVER_SILENT, "resolver-silent") \
	X(RESOLVER_LIES, "resolver-lies") \
	X(PUBLIC_RESOLVER, "public-resolver") \
	X(LISTED_GRAVE, "listed") \
	X(LISTED_OFTEN, "listed-often") \
	X(LISTED_MINOR, "listed-minor") \
	X(LIST_SILENT, "list-unknown") \
	X(LISTS_SILENT, "lists-unknown") \
	X(LISTS_CLEAN, "lists-clean") \
	X(LISTED_WHITE, "allowlisted") \
	X(PTR_MISSING, "ptr-missing") \
	X(PTR_STRAY, "ptr-unconfirmed") \
	X(PTR_GENERIC, "ptr-generic") \
	X(PTR_MANY, "ptr-many") \
	X(PTR_UNKNOWN, "ptr-unknown") \
	X(PTR_GOOD, "ptr") \
	/* EHLO */ \
	X(HELO_ASSUMED, "helo-assumed") \
	X(HELO_INVALID, "helo-invalid") \
	X(HELO_LITERAL, "helo-literal") \
	X(HELO_NOWHERE, "helo-unresolved") \
	X(HELO_ASTRAY, "helo-elsewhere") \
	X(HELO_ASTRAY_NAMELESS, "helo-elsewhere.nameless") \
	X(HELO_NOT_PTR, "helo-not-ptr") \
	X(HELO_UNKNOWN, "helo-unknown") \
	X(HELO_GOOD, "helo") \
	X(HELO_SPF_BAD, "spf-helo") \
	X(HELO_SPF_NONE, "spf-helo-missing") \
	X(HELO_SPF_GOOD, "spf-helo-pass") \
	/* MAIL */ \
	X(FROM_ASSUMED, "from-assumed") \
	X(DOMAIN_NOT_FULL, "domain-invalid") \
	X(DOMAIN_LITERAL, "domain-literal") \
	X(DOMAIN_MISSING, "domain-missing") \
	X(DOMAIN_MUTE, "domain-no-mail") \
	X(DOMAIN_NULL_MX, "domain-null-mx") \
	X(DOMAIN_NO_ZONE, "domain-no-soa") \
	X(DOMAIN_UNKNOWN, "domain-unknown") \
	X(DOMAIN_ODD, "domain-odd") \
	X(DOMAIN_GOOD, "domain") \
	X(SPF_FAIL, "spf-fail") \
	X(SPF_BROKEN, "spf-permerror") \
	X(SPF_SEVERAL, "spf-permerror.several") \
	X(SPF_WEAK, "spf-weak") \
	X(SPF_MISSING, "spf-missing") \
	X(SPF_UNKNOWN, "spf-unknown") \
	X(SPF_FRAGILE, "spf-fragile") \
	X(SPF_GOOD, "spf") \
	/* the message */ \
	X(AUTHOR_BAD, "author") \
	X(AUTH_NOTHING, "unauthenticated") \
	X(DKIM_KEY_MISSING, "dkim-key-missing") \
	X(DKIM_KEY_BAD, "dkim-key-bad") \
	X(DKIM_KEY_REVOKED, "dkim-key-bad.revoked") \
	X(DKIM_KEY_WEAK, "dkim-key-bad.weak") \
	X(DKIM_KEY_MISMATCH, "dkim-key-mismatch") \
	X(DKIM_KEY_TESTING, "dkim-key-testing") \
	X(DKIM_KEY_UNKNOWN, "dkim-key-unknown") \
	X(DKIM_KEY_FRAGILE, "dkim-key-fragile") \
	X(DKIM_KEY_GOOD, "dkim-key") \
	X(DKIM_UNSIGNED, "dkim-unsigned") \
	X(DKIM_BROKEN, "dkim-fail") \
	X(DKIM_NO_KEY, "dkim-fail.key") \
	X(DKIM_BODY_CHANGED, "dkim-fail.body-hash") \
	X(DKIM_HEADER_CHANGED, "dkim-fail.signature") \
	X(DKIM_SYNTAX, "dkim-fail.syntax") \
	X(DKIM_BROKEN_TOO, "dkim-fail-one") \
	X(DKIM_EXPIRED, "dkim-expired") \
	X(DKIM_UNKNOWN, "dkim-unknown") \
	X(DKIM_FRAGILE, "dkim-fragile") \
	X(DKIM_GOOD, "dkim") \
	X(DKIM_ASTRAY, "dkim-unaligned") \
	X(DKIM_NOT_TOLD, "dkim-not-told") \
	X(DMARC_MISSING, "dmarc-missing") \
	X(DMARC_BROKEN, "dmarc-broken") \
	X(DMARC_REJECT, "dmarc-reject") \
	X(DMARC_QUARANTINE, "dmarc-quarantine") \
	X(DMARC_FAIL, "dmarc-fail") \
	X(DMARC_BY_DKIM_ALONE, "dmarc-by-dkim-alone") \
	X(DMARC_UNKNOWN, "dmarc-unknown") \
	X(DMARC_ODD, "dmarc-odd") \
	X(DMARC_GOOD, "dmarc") \
	X(DMARC_DIFFERS, "dmarc.differs") \
	X(SPF_ASTRAY, "spf-unaligned") \
	/* of a reply, beside what the DNS shows */ \
	X(SAYS_DEAD_LIST, "says-dead-list") \
	X(SAYS_WRONG_LIST, "says-list-of-domains") \
	X(SAYS_LIST_DECLINED, "says-list-declined") \
	X(SAYS_LIST_DECLINED_TOO, "says-list-declined.listed") \
	X(SAYS_OTHER_ADDRESS, "says-other-address") \
	X(SAYS_HIDDEN_ADDRESS, "says-public-address") \
	X(SAYS_LISTED, "says-listed") \
	X(SAYS_LISTED_CLEAN, "says-listed.clean") \
	X(SAYS_LISTED_LINK, "says-listed.link") \
	X(SAYS_LISTED_UNKNOWN, "says-listed.unknown") \
	X(SAYS_LISTED_UNASKED, "says-listed.unasked") \
	X(SAYS_PTR_GOOD, "says-ptr.good") \
	X(SAYS_HELO_GOOD, "says-helo.good") \
	X(SAYS_SPF_GOOD, "says-spf.good") \
	X(SAYS_DKIM_BAD, "says-dkim") \
	X(SAYS_DKIM_GOOD, "says-dkim.good") \
	X(SAYS_DMARC_BAD, "says-dmarc") \
	X(SAYS_DMARC_GOOD, "says-dmarc.good") \
	X(SAYS_DOMAIN_GOOD, "says-domain.good") \
	X(SAYS_LATER, "says-later") \
	X(SAYS_POSTMASTER, "says-no-postmaster") \
	X(SAYS_NOTHING_OWN, "says-nothing.own") \
	X(SAYS_NOTHING_OPEN, "says-nothing.open") \
	X(SAYS_NOTHING_UNASKED, "says-nothing.unasked") \
	X(SAYS_LITTLE_GRAVE, "says-nothing.listed") \
	X(SAYS_LITTLE_PTR, "says-nothing.ptr") \
	/* of a connection that ended without a reply that decides */ \
	X(SILENT_SLOW, "silent-slow") \
	X(SILENT_LEFT, "silent-left") \
	X(SILENT_HALF, "silent-half") \
	X(SILENT_GREETING, "silent-greeting") \
	X(SILENT_STARTTLS, "silent-starttls") \
	X(SILENT_HANDSHAKE, "silent-handshake") \
	X(SILENT_MESSAGE, "silent-message") \
	X(SILENT, "silent") \
	X(OWN_HASTE, "own-haste") \
	/* of a login */ \
	X(LOGIN_REFUSED, "login-refused") \
	X(LOGIN_LATER, "login-later") \
	X(LOGIN_UNKNOWN, "login-unknown") \
	/* of a walk that ended by no reply: the names of statuses and endings */ \
	X(UNREACHABLE, "unreachable") \
	X(UNREACHABLE_SILENT, "unreachable.silent") \
	X(UNREACHABLE_REFUSED, "unreachable.refused") \
	X(UNREACHABLE_NO_ROUTE, "unreachable.no-route") \
	X(UNDELIVERABLE, "undeliverable") \
	X(NO_DOMAIN, "no-domain") \
	X(NULL_MX, "null-mx") \
	X(NO_ADDRESS, "no-address") \
	X(DNS_ERROR, "dns-error") \
	X(DNS_ERROR_REFUSED, "dns-error.refused") \
	X(DNS_ERROR_RESOLVER, "dns-error.resolver") \
	X(SKIPPED, "skipped") \
	X(SKIPPED_PRIVATE, "skipped.private") \
	X(NOT_SENDABLE, "not-sendable") \
	X(LOCAL, "local") \
	X(LOCAL_NAMESERVER, "local.nameserver") \
	X(LOCAL_PERMISSION, "local.permission") \
	X(LOCAL_ADDRESS, "local.address") \
	X(LOCAL_FAMILY, "local.family") \
	X(LOCAL_LEFT_OUT, "local.left-out") \
	X(LOCAL_DESCRIPTORS, "local.descriptors") \
	X(LOCAL_CERTIFICATES, "local.certificates") \
	X(NOT_SMTP, "not-smtp") \
	X(REPLY_TOO_LONG, "reply-too-long") \
	X(FLOOD, "flood") \
	X(STARTTLS_INJECTION, "starttls-injection") \
	X(TLS_MISSING, "tls-missing") \
	X(AUTH_FAILED, "auth-failed") \
	X(UNEXPECTED_REPLY, "unexpected-reply") \
	X(TLS_FAILED, "tls-failed") \
	X(TLS_FAILED_VERSION, "tls-failed.version") \
	X(TLS_FAILED_CIPHER, "tls-failed.cipher") \
	X(TLS_FAILED_CERTIFICATE, "tls-failed.certificate") \
	X(TLS_FAILED_CLIENT_CERTIFICATE, "tls-failed.client-certificate") \
	X(TLS_FAILED_NO_TLS, "tls-failed.no-tls") \
	X(TLS_FAILED_KEY, "tls-failed.key") \
	X(TLS_FAILED_CLOSED, "tls-failed.closed") \
	X(TLS_FAILED_INTERNAL, "tls-failed.internal") \
	X(TLS_FAILED_NAME, "tls-failed.name") \
	X(WITHHELD, "withheld") \
	X(WITHHELD_CERTIFICATE, "withheld.certificate") \
	X(WITHHELD_POLICY, "withheld.policy") \
	X(WITHHELD_MATCH, "withheld.match") \
	X(WITHHELD_STARTTLS, "withheld.starttls") \
	X(WITHHELD_LOOKUP, "withheld.lookup") \
	X(WITHHELD_UNANSWERED, "withheld.unanswered") \
	X(WITHHELD_UNSIGNED, "withheld.unsigned") \
	X(WITHHELD_NONE, "withheld.none") \
	X(WITHHELD_REQUIRETLS, "withheld.requiretls") \
	X(NOT_SENDABLE_REQUIRETLS, "not-sendable.requiretls") \
	/* of a mail exchanger: what it publishes for DANE */ \
	X(DANE_GOOD, "dane") \
	X(DANE_NONE, "dane-none") \
	X(DANE_UNSIGNED, "dane-unsigned") \
	X(DANE_INSECURE_MX, "dane-insecure-mx") \
	X(DANE_NOT_EVALUABLE, "dane-not-evaluable") \
	X(DANE_NOT_APPLICABLE, "dane-not-applicable") \
	X(DANE_DNS_ERROR, "dane-dns-error") \
	X(DANE_LOOKUP_FAILED, "dane-lookup-failed") \
	X(DANE_UNANSWERED, "dane-unanswered") \
	X(DANE_UNUSABLE, "dane-unusable") \
	X(DANE_UNTRIED, "dane-untried") \
	X(DANE_UNSEEN, "dane-unseen") \
	X(DANE_MISMATCH, "dane-mismatch") \
	X(DANE_CHAIN, "dane-chain") \
	X(DANE_NO_STARTTLS, "dane-no-starttls") \
	X(DANE_HANDSHAKE, "dane-handshake") \
	X(DANE_PARTIAL, "dane-partial") \
	X(DANE_RECORD_UNUSABLE, "dane-record-unusable") \
	X(DANE_OUTRANKED, "dane-outranked") \
	X(DANE_SPARE, "dane-spare") \
	X(DANE_STALE, "dane-stale") \
	X(DANE_WRONG_USAGE, "dane-wrong-usage") \
	X(DANE_WRONG_SELECTOR, "dane-wrong-selector") \
	X(DANE_WRONG_MATCHING, "dane-wrong-matching-type") \
	X(DANE_NOT_SENT, "dane-not-sent") \
	X(DANE_CUT, "dane-cut-short") \
	X(DANE_PEM, "dane-of-pem-text") \
	X(DANE_BITS, "dane-of-bare-key") \
	X(DANE_EMPTY, "dane-of-nothing") \
	X(DANE_PLACEHOLDER, "dane-placeholder") \
	X(DANE_CERTIFICATE, "dane-certificate-digest") \
	X(DANE_AUTHORITY, "dane-authority-digest") \
	X(DANE_WHOLE, "dane-whole") \
	X(DANE_MANY, "dane-many") \
	X(DANE_RESOLVER_LAX, "dane-resolver-lax") \
	/* … and how it speaks TLS */ \
	X(TLS_GOOD, "tls") \
	X(TLS_NONE, "tls-none") \
	X(TLS_REFUSED, "tls-refused") \
	X(TLS_HANDSHAKE, "tls-handshake") \
	X(TLS_EXPIRED, "tls-expired") \
	X(TLS_EARLY, "tls-not-yet-valid") \
	X(TLS_NAME, "tls-other-name") \
	X(TLS_ADDRESS, "tls-no-name") \
	X(TLS_SELF_SIGNED, "tls-self-signed") \
	X(TLS_BLIND, "tls-no-authorities") \
	X(TLS_UNTRUSTED, "tls-untrusted") \
	X(TLS_NO_ISSUER, "tls-issuer-missing") \
	X(TLS_WEAK, "tls-weak") \
	X(TLS_PURPOSE, "tls-purpose") \
	X(TLS_OTHER, "tls-chain") \
	X(TLS_ENDS_SOON, "tls-ends-soon") \
	X(TLS_NEAR_END, "tls-near-end") \
	X(TLS_OLD, "tls-old-version") \
	X(TLS_HANDSHAKE_SIZE, "tls-handshake-size") \
	X(TLS_HYBRID, "tls-hybrid") \
	X(TLS_DISORDERED, "tls-disordered") \
	X(TLS_ROOT_SENT, "tls-root-sent") \
	X(TLS_OLD_OFFERED, "tls-old-offered") \
	X(TLS_SECOND, "tls-second-certificate") \
	X(TLS_SECOND_BAD, "tls-second-certificate-bad") \
	X(DANE_SECOND, "dane-second-certificate") \
	X(TLS_WEAK_CIPHER, "tls-weak-cipher") \
	X(TLS_WEAK_GROUP, "tls-weak-group") \
	X(TLS_RENEGOTIATION, "tls-renegotiation") \
	X(TLS_ENFORCED, "tls-enforced") \
	X(TLS_NOT_ENFORCED, "tls-not-enforced") \
	X(TLS_AUDIT_OPEN, "tls-audit-open") \
	/* what others report of TLS to our servers, by the words of RFC 8460 */ \
	X(TLSRPT_STARTTLS, "tlsrpt-starttls-not-supported") \
	X(TLSRPT_MISMATCH, "tlsrpt-certificate-host-mismatch") \
	X(TLSRPT_EXPIRED, "tlsrpt-certificate-expired") \
	X(TLSRPT_UNTRUSTED, "tlsrpt-certificate-not-trusted") \
	X(TLSRPT_VALIDATION, "tlsrpt-validation-failure") \
	X(TLSRPT_TLSA, "tlsrpt-tlsa-invalid") \
	X(TLSRPT_DNSSEC, "tlsrpt-dnssec-invalid") \
	X(TLSRPT_DANE_REQUIRED, "tlsrpt-dane-required") \
	X(TLSRPT_STS_FETCH, "tlsrpt-sts-policy-fetch-error") \
	X(TLSRPT_STS_INVALID, "tlsrpt-sts-policy-invalid") \
	X(TLSRPT_STS_WEBPKI, "tlsrpt-sts-webpki-invalid") \
	X(TLSRPT_UNKNOWN, "tlsrpt-unknown")
/* clang-format on */

enum fact_id {
	FACT_NONE,
#define X(id, name) FACT_##id,
	FACTS(X)
#undef X
	    FACT_COUNT
};

const char *fact_name(enum fact_id id); /* "ptr-missing"; NULL for none */
enum fact_id fact_named(const char *name, size_t len); /* NONE: there is no such fact */

struct fact {
	enum fact_id id;
	const char *about; /* which identity: "ip" "helo" "mail-from" "from" "dkim" "ptr"; NULL:
	                      it is not about one */
	const char *subject; /* the address, name, domain or list that it is about; NULL: none */
	enum truth state; /* PRESENT: all is well; ABSENT: it is not; UNKNOWN: cannot be told */
	const char **evidence; /* sentences, each naming the fact and where it is from */
	size_t evidence_count;
	const struct listing *listing; /* that shows it; NULL: none */
};

struct facts {
	struct fact *items; /* in the arena */
	size_t count;
	struct ip client; /* the address that the reply speaks of; family 0: none */
};

/* What our look-ups show about a reply. `reading` or `sender` may be NULL. */
void facts_gather(const struct reading *reading, const struct sender *sender, struct arena *arena,
    struct facts *out);
/* `about` NULL: about whatever identity. NULL: there is no such fact. */
const struct fact *facts_find(const struct facts *facts, enum fact_id id, const char *about);

/* Sentences: the fact, where it is from, and who gave it. */
const char *listing_describe(const struct listing *listing, struct arena *arena);
const char *ptr_describe(const struct ptr *ptr, struct arena *arena);

#endif
