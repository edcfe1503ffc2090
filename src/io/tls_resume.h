/* tls_resume: sessions that servers gave, to be offered to them again (RFC 8446 section 2.2, RFC
 * 5077): a handshake without certificates. What was seen of those in the first is kept with the
 * session, and holds for those that resume it, for an hour at most and not beyond the certificates'
 * own end.
 *
 * A session belongs to one way: our address, the server's, its name, and what the handshake was to
 * see to. The records of a domain's DANE are tried anew each time, against the chain that was seen:
 * where it matches none, nothing is resumed. */
#ifndef IO_TLS_RESUME_H
#define IO_TLS_RESUME_H

#include <stdbool.h>

struct ssl_session_st;
struct ssl_st;
struct tls_check;
struct tls_kept;
struct tls_sessions;

enum {
	RESUME_MAX = 1000, /* sessions: some 10 kB each. Of more, those that were not used for the
	                      longest time are forgotten */
	RESUME_S = 3600,
};

struct tls_sessions *tls_sessions_new(void);
void tls_sessions_free(struct tls_sessions *sessions); /* NULL is allowed */

/* Before the handshake: offers what there is. Where the wish is for a handshake anew, or what was
 * offered came to none, nothing is offered on that way for the same time. */
void tls_resume_offer(struct tls_sessions *sessions, struct ssl_st *ssl, struct tls_check *check);
/* The server has given a session, which is ours now. It is kept when the facts are known, that is
 * at once or at tls_resume_known. */
void tls_resume_take(struct tls_check *check, struct ssl_session_st *session);
void tls_resume_known(struct tls_check *check);
/* After a handshake that took it: what was seen in the first, into the wish's facts. */
void tls_resume_read(struct tls_check *check);
void tls_resume_release(struct tls_check *check);

#endif
