#include <gsasl.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/library.h"
#include "io/login_engine.h"

enum {
	ROUNDS_MAX = 1000000, /* of a password's hash, that a server may ask for: a second's work */
	BINDING_MAX = 64,
};

static const char *const files[] = {"libgsasl.so.18", NULL}; /* its ABI since 1.10 */

struct gsasl { /* the functions that are used, under their names without "gsasl_" */
	int (*init)(Gsasl **context);
	int (*client_support_p)(Gsasl *context, const char *name);
	int (*client_start)(Gsasl *context, const char *mechanism, Gsasl_session **session);
	int (*property_set_raw)(
	    Gsasl_session *session, Gsasl_property property, const char *bytes, size_t len);
	int (*step)(Gsasl_session *session, const char *input, size_t input_len, char **output,
	    size_t *output_len);
	void (*finish)(Gsasl_session *session);
	void (*free)(void *bytes);
	Gsasl *context; /* for what it supports */
};

static const struct library_function functions[] = {
    {"gsasl_init", offsetof(struct gsasl, init)},
    {"gsasl_client_support_p", offsetof(struct gsasl, client_support_p)},
    {"gsasl_client_start", offsetof(struct gsasl, client_start)},
    {"gsasl_property_set_raw", offsetof(struct gsasl, property_set_raw)},
    {"gsasl_step", offsetof(struct gsasl, step)},
    {"gsasl_finish", offsetof(struct gsasl, finish)},
    {"gsasl_free", offsetof(struct gsasl, free)},
    {NULL, 0},
};

struct engine_state {
	Gsasl_session *session;
	bool scram;
};

/* Once; what it has registered then stays. */
static const struct gsasl *
loaded(const char **why)
{
	static struct gsasl gsasl;

	if (gsasl.context != NULL)
		return &gsasl;
	if (!library_load(files, functions, &gsasl, why))
		return NULL;
	if (gsasl.init(&gsasl.context) == GSASL_OK)
		return &gsasl;
	gsasl.context = NULL;
	*why = "libgsasl cannot be used";
	return NULL;
}

static bool
engine_has(enum login_mechanism mechanism)
{
	const char *why;
	const struct gsasl *gsasl = loaded(&why);

	return gsasl != NULL &&
	       gsasl->client_support_p(gsasl->context, mechanism_name(mechanism)) != 0;
}

static const char *
words_of(int error)
{
	switch (error) {
	case GSASL_MECHANISM_PARSE_ERROR:
		return "its challenge is not one of this mechanism";
	case GSASL_AUTHENTICATION_ERROR:
	case GSASL_INTEGRITY_ERROR:
		return "its proof or its nonce is wrong: it does not know the password, or is "
		       "another server than it says";
	case GSASL_MECHANISM_CALLED_TOO_MANY_TIMES:
		return "it asks for more than the mechanism has to say";
	case GSASL_SASLPREP_ERROR:
		return "the name or the password has characters that may not be in one (RFC 4013)";
	default:
		return "its challenge makes no sense to libgsasl";
	}
}

/* As base64, which is how libgsasl wants it. */
static int
bind_session(const struct gsasl *gsasl, Gsasl_session *session, struct slice binding)
{
	char text[BINDING_MAX / 3 * 4 + 8];

	if (binding.len == 0 || binding.len > BINDING_MAX)
		return GSASL_OK;
	EVP_EncodeBlock((unsigned char *)text, (const unsigned char *)binding.at, (int)binding.len);
	return gsasl->property_set_raw(session, GSASL_CB_TLS_EXPORTER, text, strlen(text));
}

static bool
is_scram(enum login_mechanism mechanism)
{
	return mechanism <= MECHANISM_SCRAM_SHA_1;
}

static void *
engine_begin(const struct login *login, enum login_mechanism mechanism, struct slice binding,
    const char **why)
{
	const struct gsasl *gsasl = loaded(why);
	struct engine_state *state;
	Gsasl_session *session;
	int error;

	if (gsasl == NULL)
		return NULL;
	if (gsasl->client_start(gsasl->context, mechanism_name(mechanism), &session) != GSASL_OK) {
		*why = "libgsasl does not have this mechanism";
		return NULL;
	}
	error = gsasl->property_set_raw(session, GSASL_AUTHID, login->user, strlen(login->user));
	if (error == GSASL_OK)
		error = gsasl->property_set_raw(
		    session, GSASL_PASSWORD, login->password.at, login->password.len);
	/* Without a mechanism that is bound it would say that the server has none. */
	if (error == GSASL_OK && mechanism <= MECHANISM_SCRAM_SHA_1_PLUS)
		error = bind_session(gsasl, session, binding);
	if (error != GSASL_OK) {
		*why = words_of(error);
		gsasl->finish(session);
		return NULL;
	}
	state = must_alloc(sizeof *state);
	*state = (struct engine_state){.session = session, .scram = is_scram(mechanism)};
	return state;
}

/* "r=…,s=…,i=4096": a server may not keep us busy for hours. */
static bool
asks_too_much(struct slice challenge)
{
	struct slice part;
	unsigned long rounds;

	while (slice_part(&challenge, ',', &part))
		if (slice_begins(part, "i=") &&
		    !slice_number(slice_from(part, 2), ROUNDS_MAX, &rounds))
			return true;
	return false;
}

static enum login_step
engine_step(void *arg, struct slice challenge, struct buf *out, const char **why)
{
	struct engine_state *state = arg;
	const struct gsasl *gsasl = loaded(why);
	char *answer = NULL;
	size_t len = 0;
	int error;

	if (state->scram && asks_too_much(challenge)) {
		*why = "it asks for over a million rounds of the password's hash, or for none";
		return LOGIN_FAILED;
	}
	error = gsasl->step(state->session, challenge.at, challenge.len, &answer, &len);
	if (error != GSASL_OK && error != GSASL_NEEDS_MORE) {
		*why = words_of(error);
		return LOGIN_FAILED;
	}
	buf_add(out, answer, len);
	if (answer != NULL)
		OPENSSL_cleanse(answer, len);
	gsasl->free(answer);
	return error == GSASL_OK ? LOGIN_DONE : LOGIN_MORE;
}

static void
engine_end(void *arg)
{
	struct engine_state *state = arg;
	const char *why;

	loaded(&why)->finish(state->session);
	free(state);
}

const struct login_engine *
login_engine(const char **why)
{
	static const struct login_engine engine = {
	    .has = engine_has, .begin = engine_begin, .step = engine_step, .end = engine_end};

	return loaded(why) != NULL ? &engine : NULL;
}
