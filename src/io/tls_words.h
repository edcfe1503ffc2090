/* tls_words: what OpenSSL finds wrong, in words of our own (data/tls_words.conf). What has none is
 * quoted as OpenSSL's. */
#ifndef IO_TLS_WORDS_H
#define IO_TLS_WORDS_H

enum { TLS_WORDS = 200 };

struct tls_words { /* a row; the last has the number -1 */
	int number;
	const char *name, *words;
};

extern const struct tls_words tls_alerts[], tls_reasons[], tls_faults[], tls_digests[];

/* Of an error of OpenSSL's queue: 0 is "no reason given". */
void tls_error_words(unsigned long error, char words[TLS_WORDS]);
/* "it is not made for servers": X509_V_ERR_…, of a certificate. */
void tls_fault_words(int error, char words[TLS_WORDS]);
/* "ECDSA and SHA-1", by OpenSSL's short name; itself where it has no row. */
const char *tls_digest_words(const char *name);

#endif
