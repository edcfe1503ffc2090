#include "io/tls_resume.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/table.h"
#include "evidence/dane.h"
#include "io/loop.h"
#include "io/tls.h"
#include "smtp/tls_facts.h"

struct tls_kept { /* in its own arena */
	struct arena *arena;
	const char *way;
	SSL_SESSION *session; /* NULL: none is to be kept there */
	STACK_OF(X509) * chain; /* as it was sent */
	struct tls_facts facts;
	time_t seen;
	int64_t until; /* of loop_ms */
	unsigned holders;
	struct tls_kept *older, *newer;
};

struct tls_sessions {
	struct table by_way;
	uint64_t secret; /* base/table.h */
	struct tls_kept *oldest, *newest; /* by when they were last of use */
};

/* ---- what is kept */

static bool
is_way(const void *kept, const void *way)
{
	return strcmp(((const struct tls_kept *)kept)->way, way) == 0;
}

static uint64_t
hash_of(const struct tls_sessions *sessions, const char *way)
{
	return hash_secret(sessions->secret, way, strlen(way));
}

static void
let_go(struct tls_kept *kept)
{
	if (kept == NULL || --kept->holders > 0)
		return;
	SSL_SESSION_free(kept->session);
	sk_X509_pop_free(kept->chain, X509_free);
	arena_free(kept->arena);
}

static struct tls_kept *
new_kept(const char *way, long seconds)
{
	struct arena *arena = arena_new();
	struct tls_kept *kept = arena_alloc(arena, sizeof *kept);

	kept->arena = arena;
	kept->way = arena_string(arena, way);
	kept->seen = time(NULL);
	kept->until = loop_ms() + 1000 * (int64_t)seconds;
	kept->holders = 1;
	return kept;
}

static struct tls_kept *
find(const struct tls_sessions *sessions, const char *way)
{
	return table_find(&sessions->by_way, hash_of(sessions, way), is_way, way);
}

static void
unlink_kept(struct tls_sessions *sessions, struct tls_kept *kept)
{
	*(kept->older != NULL ? &kept->older->newer : &sessions->oldest) = kept->newer;
	*(kept->newer != NULL ? &kept->newer->older : &sessions->newest) = kept->older;
}

static void
link_newest(struct tls_sessions *sessions, struct tls_kept *kept)
{
	kept->newer = NULL;
	kept->older = sessions->newest;
	*(kept->older != NULL ? &kept->older->newer : &sessions->oldest) = kept;
	sessions->newest = kept;
}

static void
drop(struct tls_sessions *sessions, struct tls_kept *kept)
{
	table_take(&sessions->by_way, hash_of(sessions, kept->way), kept);
	unlink_kept(sessions, kept);
	let_go(kept);
}

/* In the place of what was there. */
static void
put(struct tls_sessions *sessions, struct tls_kept *kept)
{
	struct tls_kept *before = find(sessions, kept->way);

	if (before != NULL)
		drop(sessions, before);
	if (sessions->by_way.count == RESUME_MAX)
		drop(sessions, sessions->oldest);
	table_put(&sessions->by_way, hash_of(sessions, kept->way), kept);
	link_newest(sessions, kept);
}

struct tls_sessions *
tls_sessions_new(void)
{
	struct tls_sessions *sessions = must_alloc(sizeof *sessions);

	sessions->secret = loop_random();
	return sessions;
}

void
tls_sessions_free(struct tls_sessions *sessions)
{
	if (sessions == NULL)
		return;
	while (sessions->oldest != NULL)
		drop(sessions, sessions->oldest);
	table_release(&sessions->by_way);
	free(sessions);
}

/* ---- for how long */

static long
least(long seconds, long limit)
{
	return limit < seconds ? limit : seconds;
}

/* Certificates that have not expired yet do not do so meanwhile. */
static long
lasts(const SSL_SESSION *session, const STACK_OF(X509) * chain)
{
	unsigned long hint = SSL_SESSION_get_ticket_lifetime_hint(session);
	long seconds = least(RESUME_S, SSL_SESSION_get_timeout(session));

	if (hint > 0)
		seconds = least(seconds, hint < RESUME_S ? (long)hint : RESUME_S);
	for (int i = 0; i < sk_X509_num(chain); i++) {
		int days = 0, rest = 0;

		if (ASN1_TIME_diff(
		        &days, &rest, NULL, X509_get0_notAfter(sk_X509_value(chain, i))) == 1 &&
		    days >= 0 && rest >= 0 && days < 1)
			seconds = least(seconds, rest);
	}
	return seconds;
}

/* Of a whole handshake. */
static struct tls_kept *
keep_new(const struct tls_check *check, SSL_SESSION *session)
{
	struct tls_kept *kept = new_kept(check->way, lasts(session, check->chain));

	kept->session = session;
	kept->chain = X509_chain_up_ref(check->chain);
	kept->facts = tls_facts_copy(check->wish.facts, kept->arena);
	return kept;
}

static void
keep(struct tls_check *check, SSL_SESSION *session)
{
	struct tls_sessions *sessions = check->sessions;
	struct tls_kept *kept = find(sessions, check->way);

	if (kept != NULL && kept == check->seen_here) {
		SSL_SESSION_free(kept->session); /* a newer one, which shows nothing new */
		kept->session = session;
	} else if (check->resumed || check->seen_here != NULL || check->chain == NULL ||
	           (kept != NULL && kept->session == NULL)) {
		SSL_SESSION_free(session);
	} else {
		check->seen_here = keep_new(check, session);
		check->seen_here->holders++;
		put(sessions, check->seen_here);
	}
}

void
tls_resume_take(struct tls_check *check, SSL_SESSION *session)
{
	if (check->known) {
		keep(check, session);
		return;
	}
	SSL_SESSION_free(check->session);
	check->session = session;
}

void
tls_resume_known(struct tls_check *check)
{
	SSL_SESSION *session = check->session;

	check->session = NULL;
	check->known = true;
	if (!check->resumed) { /* what was offered was not taken */
		let_go(check->seen_here);
		check->seen_here = NULL;
	}
	if (session != NULL)
		keep(check, session);
}

/* ---- to be offered */

/* From where to where, as whom, and what is looked at on the way. */
static char *
way_of(const struct tls_wish *wish, const char *sni)
{
	return must_string(arena_printf(wish->arena, "%s %s %s %d%d%d", wish->way, wish->name, sni,
	    wish->must_verify, wish->must_match, wish->small));
}

void
tls_resume_offer(struct tls_sessions *sessions, SSL *ssl, struct tls_check *check)
{
	const struct tls_wish *wish = &check->wish;
	const char *sni = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct tls_kept *kept;

	if (wish->way == NULL)
		return;
	check->sessions = sessions;
	check->way = way_of(wish, sni != NULL ? sni : "");
	if (wish->anew)
		put(sessions, new_kept(check->way, RESUME_S));
	kept = find(sessions, check->way);
	if (kept != NULL && kept->until <= loop_ms()) {
		drop(sessions, kept);
		return;
	}
	if (kept == NULL || kept->session == NULL || !SSL_SESSION_is_resumable(kept->session))
		return;
	if ((check->by_dane && !tls_check_known(ssl, check, kept->chain)) ||
	    SSL_set_session(ssl, kept->session) != 1) {
		ERR_clear_error();
		return;
	}
	unlink_kept(sessions, kept);
	link_newest(sessions, kept);
	kept->holders++;
	check->seen_here = kept;
	wish->facts->offered = true;
}

/* What the handshake itself showed stays. */
void
tls_resume_read(struct tls_check *check)
{
	struct tls_facts *facts = check->wish.facts, now = *facts;
	const struct tls_kept *kept = check->seen_here;

	check->resumed = true;
	check->chain = X509_chain_up_ref(kept->chain);
	*facts = tls_facts_copy(&kept->facts, check->wish.arena);
	facts->offered = facts->resumed = true;
	facts->version = now.version;
	facts->cipher = now.cipher;
	if (now.group != NULL) {
		facts->group = now.group;
		facts->hybrid = now.hybrid;
	}
	facts->hello = now.hello;
	facts->heard = now.heard;
	facts->done = false;
	facts->remaining -= (long)(time(NULL) - kept->seen);
}

/* What was offered and came to no handshake is not offered again. What the wish points to may be
 * gone by now. */
void
tls_resume_release(struct tls_check *check)
{
	if (check->seen_here != NULL && !check->known)
		put(check->sessions, new_kept(check->way, RESUME_S));
	SSL_SESSION_free(check->session);
	check->session = NULL;
	let_go(check->seen_here);
	check->seen_here = NULL;
	free(check->way);
	check->way = NULL;
}
