/* checks: what preflight looks at, each with an id that is public (mxwalk-ndjson(5)); a row of that
 * id in data/preflight.conf says who refuses on it, with which code, and what is to be done.
 *
 * Findings are three-valued: what a look-up that failed would have shown is UNKNOWN, never FAIL. */
#ifndef PREFLIGHT_CHECKS_H
#define PREFLIGHT_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* clang-format off */
#define PREFLIGHT_CHECKS(X) \
	/* by the DNS: who sends, and in whose name */ \
	X(AUTH_SPF, "auth.spf") \
	X(AUTH_SPF_FORBIDS, "auth.spf.forbids") \
	X(AUTH_DKIM, "auth.dkim") \
	X(AUTH_EITHER, "auth.either") \
	X(AUTH_BOTH, "auth.both") \
	X(AUTH_ALIGN, "auth.align") \
	X(AUTH_ALIGN_DKIM, "auth.align.dkim") \
	X(AUTH_DMARC, "auth.dmarc") \
	X(AUTH_DMARC_RUA, "auth.dmarc.rua") \
	X(AUTH_DMARC_PASS, "auth.dmarc.pass") \
	X(AUTH_DMARC_REJECT, "auth.dmarc.reject") \
	X(AUTH_KEYSIZE, "auth.keysize") \
	X(AUTH_KEYSIZE_SHORT, "auth.keysize.short") \
	X(AUTH_LENGTH, "auth.length") \
	X(AUTH_TESTING, "auth.testing") \
	X(AUTH_EXPIRES, "auth.expires") \
	X(AUTH_SIGNED_FIELDS, "auth.signed-fields") \
	X(AUTH_ARC, "auth.arc") \
	X(IP_PTR, "ip.ptr") \
	X(IP_PTR_GENERIC, "ip.ptr.generic") \
	X(IP_HELO, "ip.helo") \
	X(IP_LISTS, "ip.lists") \
	X(IP_LISTS_MINOR, "ip.lists.minor") \
	X(DOM_SOA, "dom.soa") \
	X(DOM_RECEIVES, "dom.receives") \
	X(DOM_LISTS, "dom.lists") \
	X(DOM_LISTS_MINOR, "dom.lists.minor") \
	X(DOM_NEW, "dom.new") \
	X(BIMI, "bimi") \
	/* the header */ \
	X(HDR_SYNTAX, "hdr.syntax") \
	X(HDR_FROM, "hdr.from") \
	X(HDR_FROM_DISPLAY, "hdr.from.display") \
	X(HDR_FROM_FREEMAIL, "hdr.from.freemail") \
	X(HDR_SINGLE, "hdr.single") \
	X(HDR_MSGID, "hdr.msgid") \
	X(HDR_MSGID_REPEATED, "hdr.msgid.repeated") \
	X(HDR_DATE, "hdr.date") \
	X(HDR_TO, "hdr.to") \
	X(HDR_REPLY_TO, "hdr.reply-to") \
	X(HDR_SUBJECT, "hdr.subject") \
	X(HDR_ENCODED, "hdr.encoded") \
	X(HDR_8BIT, "hdr.8bit") \
	X(HDR_FORGED, "hdr.forged") \
	X(HDR_SIZE, "hdr.size") \
	X(HDR_SIZE_HUGE, "hdr.size.huge") \
	X(HDR_LISTUNSUB, "hdr.listunsub") \
	X(HDR_LISTUNSUB_SIGNED, "hdr.listunsub.signed") \
	X(HDR_LISTUNSUB_OPAQUE, "hdr.listunsub.opaque") \
	X(HDR_LISTUNSUB_LIVE, "hdr.listunsub.live") \
	X(HDR_FEEDBACK, "hdr.feedback") \
	X(HDR_CSA, "hdr.csa") \
	X(HDR_PRECEDENCE, "hdr.precedence") \
	/* how it is put together */ \
	X(MIME_PARSE, "mime.parse") \
	X(MIME_DEEP, "mime.deep") \
	X(MIME_TYPE, "mime.type") \
	X(MIME_CHARSET, "mime.charset") \
	X(MIME_ENCODING, "mime.encoding") \
	X(MIME_VERSION, "mime.version") \
	X(MIME_LINE, "mime.line") \
	X(MIME_BARE, "mime.bare") \
	X(MIME_NUL, "mime.nul") \
	X(MIME_CTE, "mime.cte") \
	X(MIME_ALT, "mime.alt") \
	X(MIME_ALT_DIFFERS, "mime.alt.differs") \
	X(MIME_SIZE, "mime.size") \
	X(MIME_CLIP, "mime.clip") \
	/* what hangs on it */ \
	X(ATT_TYPE, "att.type") \
	X(ATT_TYPE_OUTLOOK, "att.type.outlook") \
	X(ATT_MACRO, "att.macro") \
	X(ATT_ENCRYPTED, "att.encrypted") \
	X(ATT_ENCRYPTED_ARCHIVE, "att.encrypted.archive") \
	X(ATT_ARCHIVE, "att.archive") \
	X(ATT_NAME, "att.name") \
	/* where it leads */ \
	X(URL_LISTS, "url.lists") \
	X(URL_LISTS_MINOR, "url.lists.minor") \
	X(URL_FORM_IP, "url.form.ip") \
	X(URL_FORM_USER, "url.form.user") \
	X(URL_FORM_SCRIPT, "url.form.script") \
	X(URL_FORM_HOST, "url.form.host") \
	X(URL_FORM_TEXT, "url.form.text") \
	X(URL_FORM_SHORT, "url.form.short") \
	X(URL_FORM_HTTP, "url.form.http") \
	X(URL_FORM_DEAD, "url.form.dead") \
	X(URL_LIVE, "url.live") \
	X(URL_PLACEHOLDER, "url.placeholder") \
	X(HTML_ACTIVE, "html.active") \
	X(HTML_REDIRECT, "html.redirect") \
	X(HTML_STYLE, "html.style") \
	X(HTML_HIDDEN, "html.hidden") \
	X(HTML_IMAGES, "html.images") \
	X(HTML_UNREAD, "html.unread") \
	X(BODY_EMPTY, "body.empty") \
	X(BODY_UNSUB, "body.unsub") \
	X(BODY_IMPRINT, "body.imprint") \
	X(TLS, "tls")
/* clang-format on */

enum check_id {
#define X(id, name) CHECK_##id,
	PREFLIGHT_CHECKS(X)
#undef X
	    CHECK_COUNT
};

const char *check_name(enum check_id id); /* "auth.spf" */
enum check_id check_named(const char *name, size_t len); /* CHECK_COUNT: there is no such check */

enum finding_result {
	FINDING_NONE, /* nothing to look at: the message has no such thing, or it was not asked for
	               */
	FINDING_PASS,
	FINDING_FAIL,
	FINDING_UNKNOWN
};
const char *finding_result_name(enum finding_result result); /* "none" "pass" "fail" "unknown" */

struct finding {
	enum check_id id;
	enum finding_result result;
	const char *words; /* what was found, a sentence; NULL: nothing to say */
	unsigned line; /* of the message, from 1; 0: about no line */
	size_t octet; /* of that line, from 1; 0: about no octet */
	size_t count; /* how many there are of the kind, of which this is the first; 0: one, or not
	                 a matter of counting */
};

#endif
