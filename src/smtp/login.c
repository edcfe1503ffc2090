#include "smtp/login.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "smtp/reply.h"

enum { BLOT_LEAST = 3, WORDS_MAX = 400 }; /* octets: of what is blotted out; of a refusal shown */

struct exchange {
	const struct login *login;
	enum login_mechanism mechanism;
	void *state; /* of the engine; NULL: the mechanism is one of ours */
	char line[LOGIN_LINE_MAX + 64]; /* to be said, or said last */
	size_t len;
	char held[LOGIN_LINE_MAX]; /* a first response that waits for its challenge */
	size_t held_len;
	bool holds;
	bool command; /* the line is the AUTH command */
	unsigned challenges;
	bool done; /* we have said all that there is to say, and believe the server */
	bool cancelled;
};

/* ---- mechanisms */

enum secret_need { NEEDS_PASSWORD, NEEDS_TOKEN, NEEDS_NOTHING };

static const struct {
	const char *name;
	enum secret_need need;
	bool ours; /* no engine */
	bool first; /* the client speaks first */
	bool bound; /* to the TLS session */
	bool mutual; /* the server proves that it knows the password */
} mechanisms[MECHANISM_COUNT] = {
    [MECHANISM_SCRAM_SHA_256_PLUS] = {"SCRAM-SHA-256-PLUS", NEEDS_PASSWORD, false, true, true,
        true},
    [MECHANISM_SCRAM_SHA_1_PLUS] = {"SCRAM-SHA-1-PLUS", NEEDS_PASSWORD, false, true, true, true},
    [MECHANISM_SCRAM_SHA_256] = {"SCRAM-SHA-256", NEEDS_PASSWORD, false, true, false, true},
    [MECHANISM_SCRAM_SHA_1] = {"SCRAM-SHA-1", NEEDS_PASSWORD, false, true, false, true},
    [MECHANISM_OAUTHBEARER] = {"OAUTHBEARER", NEEDS_TOKEN, true, true, false, false},
    [MECHANISM_XOAUTH2] = {"XOAUTH2", NEEDS_TOKEN, true, true, false, false},
    [MECHANISM_CRAM_MD5] = {"CRAM-MD5", NEEDS_PASSWORD, false, false, false, false},
    [MECHANISM_PLAIN] = {"PLAIN", NEEDS_PASSWORD, false, true, false, false},
    [MECHANISM_LOGIN] = {"LOGIN", NEEDS_PASSWORD, false, false, false, false},
    [MECHANISM_EXTERNAL] = {"EXTERNAL", NEEDS_NOTHING, true, true, false, false},
};

const char *
mechanism_name(enum login_mechanism mechanism)
{
	return mechanisms[mechanism].name;
}

enum login_mechanism
mechanism_find(struct slice name)
{
	int i = 0;

	while (i < MECHANISM_COUNT && !slice_is(name, mechanisms[i].name))
		i++;
	return (enum login_mechanism)i;
}

/* EXTERNAL says nothing of who we are: never unasked. */
static bool
may_use(const struct login *login, enum login_mechanism m, struct slice binding)
{
	if (login->mechanisms != 0 ? (login->mechanisms & 1u << m) == 0 : m == MECHANISM_EXTERNAL)
		return false;
	if (!mechanisms[m].ours && (login->engine == NULL || !login->engine->has(m)))
		return false;
	if (mechanisms[m].bound && binding.len == 0)
		return false;
	return mechanisms[m].need == NEEDS_PASSWORD ? login->password.len > 0
	       : mechanisms[m].need == NEEDS_TOKEN  ? login->token.len > 0
	                                            : true;
}

static bool
is_offered(const char *offered, enum login_mechanism m)
{
	struct slice rest = slice_of(offered), word;

	while (slice_word(&rest, " \t", &word))
		if (slice_is(word, mechanisms[m].name))
			return true;
	return false;
}

enum login_mechanism
login_choose(const struct login *login, const char *offered, struct slice binding,
    struct arena *arena, const char **why)
{
	const char *asked = "";

	for (int m = 0; m < MECHANISM_COUNT; m++) {
		if ((login->mechanisms & 1u << m) != 0)
			asked = arena_printf(
			    arena, "%s%s%s", asked, *asked != '\0' ? ", " : "", mechanisms[m].name);
		if (offered != NULL && may_use(login, (enum login_mechanism)m, binding) &&
		    is_offered(offered, (enum login_mechanism)m))
			return (enum login_mechanism)m;
	}
	if (offered == NULL)
		*why = "the server does not offer AUTH, and a login is asked for (--auth)";
	else if (*asked != '\0')
		*why = arena_printf(arena,
		    "a login by %s is asked for (--auth), and the server offers %s", asked,
		    *offered != '\0' ? offered : "no mechanism");
	else
		*why = arena_printf(arena,
		    "the server offers no mechanism that goes with what is given for the login: %s",
		    *offered != '\0' ? offered : "none");
	return MECHANISM_NONE;
}

/* ---- base64, strict (RFC 4648 section 4) */

static size_t
encode(const char *bytes, size_t len, char *out)
{
	return (size_t)EVP_EncodeBlock(
	    (unsigned char *)out, (const unsigned char *)bytes, (int)len);
}

/* False: it is none. `out` has room for 3 octets in 4. */
static bool
decode(struct slice text, char *out, size_t *len)
{
	static const char letters[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	size_t data = slice_span(text, letters), padding = text.len - data;

	*len = 0;
	if (text.len % 4 != 0 || padding > 2 || slice_span(slice_from(text, data), "=") != padding)
		return false;
	if (text.len > 0 && EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)text.at,
	                        (int)text.len) < 0)
		return false;
	*len = text.len / 4 * 3 - padding;
	return true;
}

/* ---- what we compute ourselves */

/* RFC 7628 section 3.1: "," and "=" in a name. */
static void
add_name(const char *user, struct buf *out)
{
	for (; *user != '\0'; user++)
		if (*user == ',')
			buf_puts(out, "=2C");
		else if (*user == '=')
			buf_puts(out, "=3D");
		else
			buf_putc(out, *user);
}

static void
answer_first(const struct login *login, enum login_mechanism m, struct buf *out)
{
	if (m == MECHANISM_XOAUTH2) {
		buf_printf(out, "user=%s\001auth=Bearer ", login->user);
	} else if (m == MECHANISM_OAUTHBEARER) {
		buf_puts(out, "n,a=");
		add_name(login->user, out);
		buf_puts(out, ",\001");
		if (login->host != NULL)
			buf_printf(out, "host=%s\001port=%u\001", login->host, login->port);
		buf_puts(out, "auth=Bearer ");
	} else { /* EXTERNAL (RFC 4422 appendix A) */
		buf_puts(out, login->user);
		return;
	}
	buf_add(out, login->token.at, login->token.len);
	buf_puts(out, "\001\001");
}

/* A challenge behind a token is its refusal, and wants an answer that says nothing. */
static enum login_step
answer_own(struct exchange *x, struct buf *out, const char **why)
{
	if (x->challenges == 0) {
		answer_first(x->login, x->mechanism, out);
		return LOGIN_DONE;
	}
	if (x->challenges == 1 && mechanisms[x->mechanism].need == NEEDS_TOKEN) {
		if (x->mechanism == MECHANISM_OAUTHBEARER)
			buf_putc(out, '\001');
		return LOGIN_DONE;
	}
	*why = "it asks for more than the mechanism has to say";
	return LOGIN_FAILED;
}

static enum login_step
answer(struct exchange *x, struct slice challenge, struct buf *out, const char **why)
{
	if (x->state == NULL)
		return answer_own(x, out, why);
	if (x->done) {
		*why = "it asks for more than the mechanism has to say";
		return LOGIN_FAILED;
	}
	return x->login->engine->step(x->state, challenge, out, why);
}

/* ---- the exchange */

static void
wipe(struct buf *buf)
{
	OPENSSL_cleanse(buf->data, buf->size);
	buf_release(buf);
}

/* Secrets are not to be left behind by a buffer that moves. */
static void
buf_whole(struct buf *buf)
{
	buf_init(buf, LOGIN_LINE_MAX / 4 * 3);
	buf_grow(buf, LOGIN_LINE_MAX / 4 * 3);
	buf_clear(buf);
}

static void
set_line(struct exchange *x, const char *words)
{
	x->len = strlen(words);
	memcpy(x->line, words, x->len);
}

/* The AUTH command, with the first response where there is one and it fits. */
static bool
set_command(struct exchange *x, const char **why)
{
	const char *name = mechanisms[x->mechanism].name;
	struct buf out;
	bool good = true;

	x->command = true;
	set_line(x, "AUTH ");
	memcpy(x->line + x->len, name, strlen(name));
	x->len += strlen(name);
	if (!mechanisms[x->mechanism].first)
		return true;
	buf_whole(&out);
	switch (answer(x, (struct slice){NULL, 0}, &out, why)) {
	case LOGIN_FAILED:
		good = false;
		break;
	case LOGIN_DONE:
		x->done = true;
		break;
	case LOGIN_MORE:
		break;
	}
	if (good && out.full) {
		*why = "the name or the secret is too long";
		good = false;
	}
	if (good && x->len + 1 + (out.len + 2) / 3 * 4 <= LOGIN_COMMAND_MAX) {
		x->line[x->len++] = ' ';
		if (out.len == 0)
			x->line[x->len++] = '='; /* RFC 4954 section 4 */
		x->len += encode(out.data, out.len, x->line + x->len);
	} else if (good) {
		memcpy(x->held, out.data, out.len);
		x->held_len = out.len;
		x->holds = true;
	}
	wipe(&out);
	return good;
}

struct exchange *
exchange_begin(const struct login *login, enum login_mechanism mechanism, struct slice binding,
    const char **why)
{
	struct exchange *x = must_alloc(sizeof *x);

	x->login = login;
	x->mechanism = mechanism;
	if (!mechanisms[mechanism].ours) {
		x->state = login->engine->begin(login, mechanism, binding, why);
		if (x->state == NULL) {
			exchange_end(x);
			return NULL;
		}
	}
	if (set_command(x, why))
		return x;
	exchange_end(x);
	return NULL;
}

void
exchange_end(struct exchange *x)
{
	if (x == NULL)
		return;
	if (x->state != NULL)
		x->login->engine->end(x->state);
	OPENSSL_cleanse(x, sizeof *x);
	free(x);
}

enum login_mechanism
exchange_mechanism(const struct exchange *x)
{
	return x->mechanism;
}

void
exchange_say(const struct exchange *x, struct buf *out)
{
	char line[sizeof x->line + 2];

	memcpy(line, x->line, x->len);
	memcpy(line + x->len, "\r\n", 2);
	buf_add(out, line, x->len + 2); /* in one piece: a buffer that grows leaves copies */
	OPENSSL_cleanse(line, sizeof line);
}

const char *
exchange_shown(const struct exchange *x, struct arena *arena)
{
	const char *name = mechanisms[x->mechanism].name;

	if (x->cancelled || x->len == 0)
		return arena_copy(arena, x->line, x->len);
	if (!x->command)
		return "(hidden)";
	return x->len > strlen("AUTH ") + strlen(name)
	           ? arena_printf(arena, "AUTH %s (hidden)", name)
	           : arena_printf(arena, "AUTH %s", name);
}

static bool
cancel(struct exchange *x)
{
	x->cancelled = true;
	x->command = false;
	set_line(x, "*");
	return false;
}

/* The first line's text: a challenge has one line (RFC 4954 section 4). */
static struct slice
challenge_of(const struct reply *reply)
{
	const struct reply_line *line = &reply->lines[reply->count - 1];
	struct slice text = {line->bytes, line->len};

	return slice_trim(slice_from(text, text.len < 4 ? text.len : 4));
}

static enum login_step
next_answer(struct exchange *x, struct slice challenge, struct buf *out, const char **why)
{
	enum login_step step;

	if (x->holds) { /* that challenge was only the way to say it */
		x->holds = false;
		buf_add(out, x->held, x->held_len);
		OPENSSL_cleanse(x->held, sizeof x->held);
		return x->done ? LOGIN_DONE : LOGIN_MORE;
	}
	x->challenges++;
	step = answer(x, challenge, out, why);
	if (step == LOGIN_DONE)
		x->done = true;
	return step;
}

bool
exchange_challenged(
    struct exchange *x, const struct reply *reply, struct arena *arena, const char **why)
{
	struct slice text = challenge_of(reply);
	enum login_step step = LOGIN_FAILED;
	struct buf out;
	char *bytes;
	size_t len;

	if (x->challenges >= LOGIN_CHALLENGES_MAX) {
		*why = "it sends challenge after challenge";
		return cancel(x);
	}
	bytes = arena_alloc(arena, text.len + 4);
	if (text.len > LOGIN_LINE_MAX || !decode(text, bytes, &len)) {
		*why = "its challenge is not base64";
		return cancel(x);
	}
	buf_whole(&out);
	step = next_answer(x, (struct slice){bytes, len}, &out, why);
	if (step != LOGIN_FAILED && out.full) {
		*why = "the answer would be longer than a line may be";
		step = LOGIN_FAILED;
	}
	if (step != LOGIN_FAILED) {
		x->command = false;
		x->len = encode(out.data, out.len, x->line);
	}
	wipe(&out);
	return step != LOGIN_FAILED || cancel(x);
}

bool
exchange_proven(const struct exchange *x, const char **why)
{
	if (!mechanisms[x->mechanism].mutual || x->done)
		return true;
	*why = "it takes the login without proof that it knows the password itself: it may be "
	       "another server";
	return false;
}

/* ---- what may be kept of replies */

/* Every occurrence, whatever the case of its letters, becomes stars. */
static void
blot(char *bytes, size_t len, struct slice secret)
{
	for (size_t i = 0; secret.len >= BLOT_LEAST && i + secret.len <= len; i++) {
		size_t k = 0;

		while (k < secret.len && to_lower(bytes[i + k]) == to_lower(secret.at[k]))
			k++;
		if (k == secret.len)
			memset(bytes + i, '*', k);
	}
}

static void
blot_line(const struct login *login, const struct exchange *x, char *bytes, size_t len)
{
	blot(bytes, len, login->password);
	blot(bytes, len, login->token);
	if (x == NULL || x->cancelled)
		return;
	if (x->command) {
		struct slice line = {x->line, x->len}, word;

		slice_word(&line, " ", &word);
		slice_word(&line, " ", &word);
		blot(bytes, len, slice_trim(line));
	} else {
		blot(bytes, len, (struct slice){x->line, x->len});
	}
}

/* The server's words on a token that it refuses (RFC 7628 section 3.2.2), on one line; NULL: they
 * are none. */
static const char *
refusal_words(const struct exchange *x, const struct reply *reply, struct arena *arena)
{
	struct slice text = challenge_of(reply);
	char *bytes = arena_alloc(arena, text.len + 4);
	size_t len;

	if (mechanisms[x->mechanism].need != NEEDS_TOKEN || x->holds || text.len == 0 ||
	    !decode(text, bytes, &len))
		return NULL;
	len = len > WORDS_MAX ? WORDS_MAX : len;
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)bytes[i] < ' ' || (unsigned char)bytes[i] >= 0x7f)
			bytes[i] = ' ';
	bytes[len] = '\0';
	return bytes;
}

static void
hide_challenge(const struct exchange *x, struct reply *reply, struct arena *arena)
{
	const char *words = challenge_of(reply).len == 0 ? "" : refusal_words(x, reply, arena);
	char *line = arena_printf(arena, "334 %s", words != NULL ? words : "(hidden)");

	reply->lines = arena_alloc(arena, sizeof *reply->lines);
	reply->lines[0] = (struct reply_line){line, strlen(line)};
	reply->count = 1;
}

void
login_blot(
    const struct login *login, const struct exchange *x, struct reply *reply, struct arena *arena)
{
	struct reply_line *lines;

	if (reply->count == 0)
		return;
	if (x != NULL && reply->code == 334)
		hide_challenge(x, reply, arena);
	lines = arena_alloc(arena, reply->count * sizeof *lines);
	for (size_t i = 0; i < reply->count; i++) {
		char *bytes = arena_copy(arena, reply->lines[i].bytes, reply->lines[i].len);

		blot_line(login, x, bytes, reply->lines[i].len);
		lines[i] = (struct reply_line){bytes, reply->lines[i].len};
	}
	reply->lines = lines;
	reply->text = reply_join(lines, reply->count, arena);
}
