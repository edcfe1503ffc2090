/* OpenSSL reads and writes through a BIO of ours, so that its input is rationed, and so that how
 * the socket ended is known from the socket and not from OpenSSL's words. */
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "io/tls.h"
#include "io/tls_resume.h"
#include "io/wire.h"
#include "smtp/tls_facts.h"

enum {
	WORDS_MAX = 256,
	RECORD_MAX = 16384,
	MESSAGES_MAX =
	    64, /* tickets and key updates, without data between: each costs some 100 us */
};

struct tls_wire {
	struct wire wire; /* first: a wire is cast to it */
	SSL *ssl;
	struct tls_check check;
	bool closed; /* the peer did */
	int error; /* of the socket */
	bool sound; /* a close-notify makes sense */
	unsigned messages; /* of the handshake protocol since data came; a handshake has some ten */
	char words[WORDS_MAX];
};

static int
bio_read(BIO *bio, char *bytes, int size)
{
	struct tls_wire *tls = BIO_get_data(bio);
	long n = wire_receive(&tls->wire, bytes, (size_t)size);

	BIO_clear_retry_flags(bio);
	if (n > 0)
		tls->check.wish.facts->heard += (size_t)n;
	if (n == 0)
		tls->closed = true;
	else if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_read(bio);
	else if (n < 0)
		tls->error = errno;
	return (int)n;
}

static int
bio_write(BIO *bio, const char *bytes, int len)
{
	struct tls_wire *tls = BIO_get_data(bio);
	long n = wire_send(&tls->wire, bytes, (size_t)len);

	BIO_clear_retry_flags(bio);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		BIO_set_retry_write(bio);
	else if (n < 0)
		tls->error = errno;
	return (int)n;
}

static long
bio_control(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH; /* nothing is kept here */
}

BIO_METHOD *
tls_bio_method(void)
{
	BIO_METHOD *method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "wire");

	if (method == NULL || BIO_meth_set_read(method, bio_read) != 1 ||
	    BIO_meth_set_write(method, bio_write) != 1 ||
	    BIO_meth_set_ctrl(method, bio_control) != 1) {
		BIO_meth_free(method);
		return NULL;
	}
	return method;
}

static void
on_message(int ours, int version, int type, const void *bytes, size_t len, SSL *ssl, void *arg)
{
	struct tls_wire *tls = arg;
	struct tls_facts *facts = tls->check.wish.facts;

	(void)version;
	(void)bytes;
	(void)ssl;
	if (ours && type == SSL3_RT_HANDSHAKE && facts->hello == 0)
		facts->hello = len; /* it is the first of all */
	if (!ours && type == SSL3_RT_HANDSHAKE)
		tls->messages++;
}

/* What a call of OpenSSL came to. */
static struct wire_outcome
outcome_of(struct tls_wire *tls, int n)
{
	int error;

	if (n > 0)
		return (struct wire_outcome){.state = WIRE_DONE, .len = (size_t)n};
	error = SSL_get_error(tls->ssl, n);
	if (tls->messages > MESSAGES_MAX)
		return (struct wire_outcome){.state = WIRE_FLOOD};
	if (error == SSL_ERROR_WANT_READ)
		return (struct wire_outcome){.state = WIRE_READ};
	if (error == SSL_ERROR_WANT_WRITE)
		return (struct wire_outcome){.state = WIRE_WRITE};
	tls->sound = false;
	tls_check_words(&tls->check, tls->words, sizeof tls->words);
	if (tls->error != 0)
		return (struct wire_outcome){.state = WIRE_FAILED, .error = tls->error};
	/* Most mail servers close without a close-notify: that is the same to us. */
	if (tls->closed || error == SSL_ERROR_ZERO_RETURN)
		return (struct wire_outcome){.state = WIRE_CLOSED};
	return (struct wire_outcome){.state = WIRE_BROKEN, .words = tls->words};
}

/* SSL_get_error takes what others left in OpenSSL's queue for ours. */
static void
begin(struct tls_wire *tls)
{
	ERR_clear_error();
	tls->error = 0;
}

static void
read_facts(struct tls_wire *tls, const struct wire_outcome *outcome)
{
	struct tls_facts *facts = tls->check.wish.facts;

	tls_facts_read(tls->ssl, &tls->check);
	if (outcome->state == WIRE_DONE) {
		facts->done = true;
		tls_resume_known(&tls->check);
		return;
	}
	if (outcome->state == WIRE_CLOSED)
		facts->error = "the peer closed the connection";
	else
		facts->error = arena_string(tls->check.wish.arena,
		    outcome->state == WIRE_FAILED ? strerror(outcome->error) : outcome->words);
}

static struct wire_outcome
tls_open(struct wire *wire)
{
	struct tls_wire *tls = (struct tls_wire *)wire;
	struct wire_outcome outcome;

	begin(tls);
	outcome = outcome_of(tls, SSL_connect(tls->ssl));
	tls->sound = outcome.state == WIRE_DONE;
	if (outcome.state != WIRE_READ && outcome.state != WIRE_WRITE)
		read_facts(tls, &outcome);
	return outcome;
}

static struct wire_outcome
tls_read(struct wire *wire, char *bytes, size_t size)
{
	struct tls_wire *tls = (struct tls_wire *)wire;

	struct wire_outcome outcome;

	begin(tls);
	outcome =
	    outcome_of(tls, SSL_read(tls->ssl, bytes, size > RECORD_MAX ? RECORD_MAX : (int)size));
	if (outcome.state == WIRE_DONE)
		tls->messages = 0;
	return outcome;
}

static struct wire_outcome
tls_write(struct wire *wire, const char *bytes, size_t len)
{
	struct tls_wire *tls = (struct tls_wire *)wire;

	begin(tls);
	return outcome_of(
	    tls, SSL_write(tls->ssl, bytes, len > RECORD_MAX ? RECORD_MAX : (int)len));
}

static bool
tls_holds(const struct wire *wire)
{
	return SSL_has_pending(((const struct tls_wire *)wire)->ssl);
}

static void
tls_free(struct wire *wire)
{
	struct tls_wire *tls = (struct tls_wire *)wire;

	if (tls->sound)
		SSL_shutdown(tls->ssl); /* one try: the peer's answer is not worth waiting for */
	SSL_free(tls->ssl);
	tls_resume_release(&tls->check);
	tls_check_release(&tls->check);
	free(tls);
}

struct wire *
wire_tls(const struct wire *plain, struct tls_context *context, const struct tls_wish *wish)
{
	static const struct wire_ops ops = {
	    .open = tls_open,
	    .read = tls_read,
	    .write = tls_write,
	    .holds = tls_holds,
	    .free = tls_free,
	};
	struct tls_wire *tls = must_alloc(sizeof *tls);

	tls->wire = *plain;
	tls->wire.ops = &ops;
	tls->check.wish = *wish;
	tls->ssl = tls_client(context, &tls->check, tls);
	SSL_set_msg_callback(tls->ssl, on_message);
	SSL_set_msg_callback_arg(tls->ssl, tls);
	return &tls->wire;
}
