/* tls_audit: what one host takes beyond what it did in a usual walk: a handshake shows what was
 * agreed on, not what there is. Each question cost a connection. Pure. */
#ifndef JUDGE_TLS_AUDIT_H
#define JUDGE_TLS_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"

enum audit_question {
	AUDIT_TLS10,
	AUDIT_TLS11,
	AUDIT_CERTIFICATE, /* one with a key of another kind */
	AUDIT_CIPHERS, /* without forward secrecy, or none at all */
	AUDIT_DH, /* Diffie-Hellman in finite fields, with its own group */
	AUDIT_CLEAR, /* MAIL without STARTTLS */
	AUDIT_QUESTIONS
};
const char *audit_question_name(enum audit_question question); /* "tls1.0" … */

enum audit_answer { AUDIT_UNKNOWN, AUDIT_YES, AUDIT_NO };
const char *audit_answer_name(enum audit_answer answer); /* "unknown" "yes" "no" */

struct audit_item { /* strings as long as the audit; NULL: not known */
	enum audit_answer answer;
	const char *version, *cipher; /* of the handshake */
	int dh_bits;
	const char *key, *verify; /* of the certificate */
	const char *unmatched; /* TLSA records are there, none matches this one: what would */
	const char *detail; /* how a handshake failed, what the server said */
};

struct tls_audit {
	const char *host;
	struct ip ip;
	uint16_t port;
	const char *key; /* of the certificate of a usual handshake; NULL: there was none */
	bool usual; /* a usual handshake comes about: else no other does, either */
	bool renegotiates; /* in a handshake of TLS 1.2 or less, without RFC 5746 */
	struct audit_item items[AUDIT_QUESTIONS];
};

#endif
