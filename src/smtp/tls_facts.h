/* tls_facts: what a handshake showed, as a value. Reported, never enforced unless asked. */
#ifndef SMTP_TLS_FACTS_H
#define SMTP_TLS_FACTS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

enum { TLS_NAMES_MAX = 32, TLS_CHAIN_MAX = 10, TLS_FAULTS_MAX = 8 };

/* A handshake with a part only of what we have, to see whether a server takes that. */
enum tls_trial {
	TRIAL_NONE,
	TRIAL_TLS10, /* that version alone */
	TRIAL_TLS11,
	TRIAL_RSA, /* certificates with such keys alone */
	TRIAL_ECDSA,
	TRIAL_CIPHERS, /* those without secrecy, now or when the key becomes known */
	TRIAL_DH, /* key exchange by Diffie-Hellman in finite fields */
};

/* What a user wants a handshake to be tried with. */
enum tls_version {
	VERSION_TLS10 = 1,
	VERSION_TLS11 = 2,
	VERSION_TLS12 = 4,
	VERSION_TLS13 = 8,
	VERSION_ALL = 15
};
struct tls_choice {
	const char *sni; /* NULL: the host's name */
	unsigned versions; /* bits of those that may be spoken; 0: all */
	const char *ciphers; /* OpenSSL's list, with TLS_… for those of 1.3; NULL: its default */
};

struct tls_certificate { /* of the chain as it was sent, or as much as was sent in order */
	const char *subject, *issuer; /* RFC 2253 */
	const char *serial; /* hex */
	const char *not_before, *not_after; /* "2026-11-24T10:00:00Z" */
	const char *key; /* "RSA 2048", "EC P-256", "ED25519" */
	const char *signature; /* the hash that it is signed with: "SHA256"; NULL: the key's own */
	const char *sha256, *spki_sha256; /* of the DER, hex */
	bool ca, self_signed;
};

struct tls_fault { /* of a chain */
	const char *word; /* of RFC 8460 section 4.3 */
	const char *reason; /* "X509_V_ERR_CERT_HAS_EXPIRED" */
	const char *words;
	int depth;
};

struct tls_facts { /* strings are in the walk's arena; NULL: not known */
	bool done; /* the handshake was finished */
	const char *version; /* "TLSv1.3" */
	const char *cipher;
	const char *group; /* of the key exchange: "x25519", "X25519MLKEM768" */
	bool hybrid; /* … that has a post-quantum half */
	int dh_bits; /* … in a finite field; 0: it is of another kind */
	bool renegotiates; /* in the way that can be attacked: without RFC 5746 */
	const char *sigalg; /* of the server's signature: "ecdsa/SHA256" */
	bool offered; /* a session of an earlier connection was, … */
	bool resumed; /* and taken: what follows of certificates is what was seen then */
	bool small; /* it came about only with a ClientHello that fits into one packet */
	size_t hello; /* octets of our ClientHello */
	size_t heard; /* octets that came, of the handshake and later */
	/* "ok", "unknown" (this host has nobody to trust), or the word of RFC 8460 section 4.3:
	 * certificate-expired, certificate-host-mismatch, certificate-not-trusted,
	 * validation-failure. A certificate with several faults has the first of trust, date, name
	 * in `verify` and all of them in `problem`. */
	const char *verify;
	const char *problem;
	bool blind; /* this host has nobody to trust: whom others would is not known */
	const char *subject, *issuer; /* RFC 2253 */
	/* Of its subjectAltName, DNS names and addresses, the first 32. What belongs in no name is
	 * \DDD. */
	const char **names;
	size_t name_count;
	size_t name_total; /* how many there are */
	bool wildcard; /* among all of them */
	const char
	    *usages; /* of the key (EKU): "serverAuth clientAuth"; NULL: it has no such list */
	const char *not_before, *not_after; /* "2026-11-24T10:00:00Z" */
	long lifetime, remaining; /* seconds; remaining is below 0 when it has expired */
	const char *sha256; /* of the DER certificate, hex */
	struct tls_certificate *chain; /* the server's own first */
	size_t chain_count; /* that are kept */
	size_t chain_sent;
	bool disordered; /* they do not follow each other */
	bool root_sent; /* a certificate that is signed by itself, behind another */
	bool issuer_missing; /* the server does not send what leads to an authority */
	struct tls_fault faults[TLS_FAULTS_MAX];
	size_t fault_count;
	const char *error; /* why the handshake failed */
	unsigned char binding[32]; /* of the session, for AUTH (RFC 9266) */
	bool bound; /* … it was asked for, and is there */
};

struct tls_facts tls_facts_copy(const struct tls_facts *facts, struct arena *arena);

#endif
