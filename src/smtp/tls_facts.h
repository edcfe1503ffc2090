/* tls_facts: what a handshake showed, as a value. Reported, never enforced unless asked. */
#ifndef SMTP_TLS_FACTS_H
#define SMTP_TLS_FACTS_H

#include <stdbool.h>
#include <stddef.h>

struct tls_facts { /* strings are in the walk's arena; NULL: not known */
	bool done; /* the handshake was finished */
	const char *version; /* "TLSv1.3" */
	const char *cipher;
	/* "ok", "unknown" (this host has nobody to trust), or the word of RFC 8460 section 4.3:
	 * certificate-expired, certificate-host-mismatch, certificate-not-trusted,
	 * validation-failure. A certificate with several faults has the first of trust, date, name
	 * in `verify` and all of them in `problem`. */
	const char *verify;
	const char *problem;
	const char *subject, *issuer; /* RFC 2253 */
	/* Of its subjectAltName, DNS names and addresses, the first 32. What belongs in no name is
	 * \DDD. */
	const char **names;
	size_t name_count;
	const char *not_before, *not_after; /* "2026-11-24T10:00:00Z" */
	const char *sha256; /* of the DER certificate, hex */
	const char *error; /* why the handshake failed */
};

#endif
