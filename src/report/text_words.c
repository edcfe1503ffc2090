#include "report/text_words.h"

#include "base/buf.h"
#include "report/text.h"

const char *
text_origin(enum helo_origin origin)
{
	static const char *const words[] = {"as you asked", "the confirmed name of the address",
	    "this host's own name, for the address has no confirmed one",
	    "an address literal, for nothing better is known"};

	return words[origin];
}

void
text_server(struct buf *out, const struct attempt *attempt)
{
	char ip[IP_TEXT];

	text_cstring(out, attempt->mx);
	if (strchr(attempt->mx, '/') == NULL) /* else it is a socket */
		buf_printf(out, " [%s]:%u", ip_text(&attempt->ip, ip), attempt->port);
}

void
text_code(struct buf *out, const struct reply *reply)
{
	buf_printf(
	    out, "%d%s%s", reply->code, *reply->enhanced != '\0' ? " " : "", reply->enhanced);
}

void
text_cause(struct buf *out, enum cause cause, enum basis basis, const char *list)
{
	buf_printf(out, ": %s%s",
	    basis == BASIS_INFERRED       ? "inferred, not said: "
	    : basis == BASIS_CONTRADICTED ? "said, but not so as seen from here: "
	                                  : "",
	    cause_words(cause));
	if (list == NULL)
		return;
	buf_puts(out, " (");
	text_cstring(out, list);
	buf_putc(out, ')');
}

bool
text_reply_counts(const struct attempt *attempt)
{
	if (attempt->ending == END_TLS_MISSING)
		return attempt->starttls.count > 0;
	return attempt->reply.count > 0 && attempt->ending != END_TLS_FAILED &&
	       attempt->ending != END_NOT_SENDABLE;
}

enum stage
text_depth(const struct journey *journey)
{
	bool secured = journey->decisive != NULL && journey->decisive->tls_done;

	if (journey->asked == STAGE_STARTTLS && !secured)
		return STAGE_EHLO;
	return journey->asked;
}

const char *
text_asked(enum stage asked)
{
	static const char *const words[STAGE_COUNT] = {[STAGE_NONE] = "nothing",
	    [STAGE_CONNECT] = "the connection",
	    [STAGE_GREETING] = "the greeting",
	    [STAGE_EHLO] = "EHLO",
	    [STAGE_HELO] = "HELO",
	    [STAGE_STARTTLS] = "EHLO (STARTTLS refused)",
	    [STAGE_HANDSHAKE] = "the TLS handshake",
	    [STAGE_EHLO_TLS] = "EHLO under TLS",
	    [STAGE_AUTH] = "AUTH",
	    [STAGE_READY] = "EHLO",
	    [STAGE_RSET] = "EHLO",
	    [STAGE_MAIL] = "MAIL",
	    [STAGE_RCPT] = "RCPT",
	    [STAGE_DATA] = "DATA",
	    [STAGE_MESSAGE] = "the end of the message",
	    [STAGE_QUIT] = "QUIT",
	    [STAGE_CLOSED] = "QUIT"};

	return words[asked];
}

void
text_not_asked(struct buf *out, enum stage asked)
{
	const struct journey journey = {.asked = asked};
	enum stage left[STAGE_COUNT];
	size_t count = journey_not_asked(&journey, left);

	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s%s", i > 0 ? ", " : "",
		    left[i] == STAGE_MESSAGE ? "the message" : text_asked(left[i]));
}

const char *
text_left_open(enum stage asked)
{
	static const char
	    at_rcpt[] = "most servers refuse listed clients only at RCPT: --quit-after rcpt asks, "
	                "once a domain, for postmaster",
	    at_the_end[] =
	        "what is judged by the message (its content, DKIM, DMARC) is said only at "
	        "its end: user@domain on the command line sends one";

	return asked < STAGE_RCPT ? at_rcpt : asked < STAGE_MESSAGE ? at_the_end : NULL;
}
