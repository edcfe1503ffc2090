#include "io/tls_words.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static const struct tls_words *
find(const struct tls_words *row, int number)
{
	while (row->number != number && row->number != -1)
		row++;
	return row;
}

static void
put_alert(int number, char words[TLS_WORDS])
{
	const struct tls_words *row = find(tls_alerts, number);

	if (row->words != NULL)
		snprintf(
		    words, TLS_WORDS, "the server sends the alert %s: %s", row->name, row->words);
	else
		snprintf(words, TLS_WORDS, "the server sends an alert of the number %d", number);
}

void
tls_error_words(unsigned long error, char words[TLS_WORDS])
{
	const char *theirs = error != 0 ? ERR_reason_error_string(error) : NULL;
	int reason = ERR_GET_REASON(error);
	bool ssl = error != 0 && ERR_GET_LIB(error) == ERR_LIB_SSL;
	const struct tls_words *row = ssl ? find(tls_reasons, reason) : NULL;

	if (ssl && reason >= SSL_AD_REASON_OFFSET && reason <= SSL_AD_REASON_OFFSET + 255)
		put_alert(reason - SSL_AD_REASON_OFFSET, words);
	else if (row != NULL && row->words != NULL)
		snprintf(words, TLS_WORDS, "%s", row->words);
	else if (theirs != NULL)
		snprintf(words, TLS_WORDS, "OpenSSL says \"%s\"", theirs);
	else
		snprintf(words, TLS_WORDS, "%s",
		    error != 0 ? "for a reason that OpenSSL has no words for" : "no reason given");
}

void
tls_fault_words(int error, char words[TLS_WORDS])
{
	const struct tls_words *row = find(tls_faults, error);

	if (row->words != NULL)
		snprintf(words, TLS_WORDS, "%s", row->words);
	else
		snprintf(
		    words, TLS_WORDS, "OpenSSL says \"%s\"", X509_verify_cert_error_string(error));
}

const char *
tls_digest_words(const char *name)
{
	for (const struct tls_words *row = tls_digests; row->number != -1; row++)
		if (strcmp(row->name, name) == 0)
			return row->words;
	return name;
}
