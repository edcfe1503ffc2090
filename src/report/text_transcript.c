#include "report/text_transcript.h"

#include <string.h>

#include "base/buf.h"
#include "base/shown.h"
#include "report/text.h"
#include "report/text_words.h"

static void
say_tls(struct buf *out, const struct tls_facts *tls)
{
	buf_printf(out, "=== TLS started with cipher %s:%s\n=== TLS peer DN=\"", tls->version,
	    tls->cipher);
	if (tls->subject != NULL)
		text_cstring(out, tls->subject);
	buf_printf(out, "\", verification: %s\n", tls->verify != NULL ? tls->verify : "none");
}

/* swaks's prefixes: <- and -> in the clear, <~ and ~> under TLS, ** where the server refuses, ===
 * and *** for what we have to say. */
void
text_transcript(struct buf *out, const struct attempt *attempt)
{
	buf_puts(out, "=== Trying ");
	text_server(out, attempt);
	buf_puts(out, "...\n");
	for (size_t i = 0; i < attempt->transcript.count; i++) {
		const struct transcript_entry *entry = &attempt->transcript.entries[i];
		bool bad = entry->reply.code >= 400;

		if (entry->stage == STAGE_CONNECT && entry->reply.count == 0 &&
		    attempt->ending != END_UNREACHABLE) {
			buf_puts(out, "=== Connected to ");
			text_cstring(out, attempt->mx);
			buf_puts(out, ".\n");
		}
		if (entry->stage == STAGE_HANDSHAKE && attempt->tls_done)
			say_tls(out, attempt_tls(attempt));
		if (entry->sent != NULL) {
			buf_puts(out, entry->tls ? " ~> " : " -> ");
			text_cstring(out, entry->sent);
			buf_putc(out, '\n');
		}
		for (size_t k = 0; k < entry->reply.count; k++) {
			buf_puts(out,
			    bad ? (entry->tls ? "<~* " : "<** ") : (entry->tls ? "<~  " : "<-  "));
			shown_add(out, entry->reply.lines[k].bytes, entry->reply.lines[k].len);
			buf_putc(out, '\n');
		}
	}
	if (attempt->ending != END_NONE) {
		buf_printf(
		    out, "*** %s at %s", ending_name(attempt->ending), stage_name(attempt->stage));
		if (attempt->detail != NULL) {
			buf_puts(out, ": ");
			text_cstring(out, attempt->detail);
		}
		buf_putc(out, '\n');
	}
	if (attempt->transcript.count > 0 && attempt->ending != END_UNREACHABLE)
		buf_puts(out, "=== Connection closed.\n");
}
