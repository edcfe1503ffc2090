/* One curl easy handle a policy, all in one multi handle that is driven by our loop. What the
 * certificate is worth is ours to say: libcurl takes a name from the subject, too, which RFC 8461
 * section 3.3 does not. */
#include <errno.h>
#include <event2/event.h>
#include <event2/event_struct.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/curl_load.h"
#include "io/loop.h"
#include "io/policy_fetch.h"
#include "io/tls.h"
#include "io/tls_words.h"

enum {
	HEADER_MAX = 64 * 1024, /* octets of all header lines */
	GRACE_MS = 1000, /* behind libcurl's own deadline */
	DETAIL_MAX = 1024,
	MS = 1000,
};

struct fetch {
	TAILQ_ENTRY(fetch) link;
	struct fetcher *fetcher;
	char *host;
	struct ip *addresses;
	size_t count;
	fetch_done *done;
	void *arg;
	/* once it is under way: */
	bool running;
	const struct curl *curl;
	CURL *easy; /* NULL: libcurl cannot be loaded */
	struct curl_slist *resolve, *connect_to;
	struct event deadline;
	struct buf body;
	size_t header, got; /* octets */
	long status, os_error;
	bool too_large, flooded;
	bool broken; /* it could not even begin; `error` says why */
	int fault; /* X509_V_ERR_… */
	char error[CURL_ERROR_SIZE];
	int64_t began;
};

TAILQ_HEAD(fetches, fetch);

struct fetcher {
	struct fetch_plan plan;
	struct curl curl;
	CURLM *multi; /* NULL: libcurl is not loaded yet */
	X509_STORE *trust; /* NULL: not loaded yet */
	bool blind; /* there is nobody to trust */
	struct event timer;
	struct fetches waiting, running;
	unsigned count; /* of those that run */
};

static void start_next(struct fetcher *fetcher);
static bool load_curl(struct fetcher *fetcher, const char **why);

const char *
fetch_library(void)
{
	return LIBCURL_VERSION;
}

/* ---- certificates */

/* Made once: loading the system's takes some 20 ms. */
static bool
load_trust(struct fetcher *fetcher)
{
	SSL_CTX *ctx;
	bool trusts;

	if (fetcher->trust != NULL)
		return true;
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL)
		return false;
	trusts =
	    fetcher->plan.ca != NULL ? tls_trust(ctx, fetcher->plan.ca) : tls_trust_system(ctx);
	fetcher->blind = !trusts;
	fetcher->trust = SSL_CTX_get_cert_store(ctx);
	X509_STORE_up_ref(fetcher->trust);
	SSL_CTX_free(ctx);
	return trusts || fetcher->plan.ca == NULL;
}

static bool
is_named(X509 *certificate, const char *host)
{
	return X509_check_host(certificate, host, 0,
	           X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS,
	           NULL) == 1;
}

static int
on_certificates(X509_STORE_CTX *chain, void *arg)
{
	struct fetch *fetch = arg;

	if (X509_verify_cert(chain) == 1) {
		if (is_named(X509_STORE_CTX_get0_cert(chain), fetch->host))
			return 1;
		X509_STORE_CTX_set_error(chain, X509_V_ERR_HOSTNAME_MISMATCH);
	}
	fetch->fault = X509_STORE_CTX_get_error(chain);
	return 0;
}

static CURLcode
on_context(CURL *easy, void *ctx, void *arg)
{
	struct fetch *fetch = arg;

	(void)easy;
	SSL_CTX_set1_cert_store(ctx, fetch->fetcher->trust);
	SSL_CTX_set_cert_verify_callback(ctx, on_certificates, fetch);
	return CURLE_OK;
}

static const char *
fault_word(int fault)
{
	switch (fault) {
	case X509_V_ERR_CERT_HAS_EXPIRED:
		return "certificate-expired";
	case X509_V_ERR_HOSTNAME_MISMATCH:
		return "certificate-host-mismatch";
	case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
	case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
	case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
	case X509_V_ERR_CERT_UNTRUSTED:
		return "certificate-not-trusted";
	default:
		return "validation-failure";
	}
}

static void
put_fault(int fault, char text[DETAIL_MAX])
{
	char words[TLS_WORDS];

	tls_fault_words(fault, words);
	snprintf(text, DETAIL_MAX, "%s",
	    fault == X509_V_ERR_HOSTNAME_MISMATCH
	        ? "it is of another name (of those in subjectAltName, which alone count)"
	        : words);
}

/* curl quotes OpenSSL's queue: "…error:0A00010B:SSL routines::wrong version number". */
static void
put_error(const char *error, char text[DETAIL_MAX])
{
	const char *code = strstr(error, "error:");
	unsigned long queued = code != NULL ? strtoul(code + strlen("error:"), NULL, 16) : 0;
	char words[TLS_WORDS];

	tls_error_words(queued, words);
	snprintf(text, DETAIL_MAX, "%s", queued != 0 ? words : error);
}

/* ---- one fetch */

static void
release(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;

	if (fetch->easy != NULL) {
		fetch->curl->multi_remove_handle(fetcher->multi, fetch->easy);
		fetch->curl->easy_cleanup(fetch->easy);
		fetch->curl->slist_free_all(fetch->resolve);
		fetch->curl->slist_free_all(fetch->connect_to);
	}
	if (fetch->running) {
		event_del(&fetch->deadline);
		buf_release(&fetch->body);
		fetcher->count--;
	}
	TAILQ_REMOVE(fetch->running ? &fetcher->running : &fetcher->waiting, fetch, link);
	free(fetch->host);
	free(fetch->addresses);
	free(fetch);
}

void
fetch_cancel(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;

	release(fetch);
	start_next(fetcher);
}

static size_t
on_header(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch *fetch = arg;

	(void)bytes;
	fetch->header += size * n;
	fetch->flooded = fetch->header > HEADER_MAX;
	return fetch->flooded ? 0 : size * n;
}

/* What is no policy is counted, too, and not kept. */
static size_t
on_body(char *bytes, size_t size, size_t n, void *arg)
{
	struct fetch *fetch = arg;

	fetch->curl->easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &fetch->status);
	fetch->got += size * n;
	fetch->too_large = fetch->got > STS_POLICY_MAX;
	if (fetch->too_large)
		return 0;
	if (fetch->status == 200)
		buf_add(&fetch->body, bytes, size * n);
	return size * n;
}

/* Our own machine: no route, no permission, no descriptors. */
static bool
is_local(CURLcode code, long error)
{
	switch ((int)code) {
	case CURLE_OUT_OF_MEMORY:
	case CURLE_FAILED_INIT:
	case CURLE_INTERFACE_FAILED:
	case CURLE_NOT_BUILT_IN:
	case CURLE_UNKNOWN_OPTION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ENGINE_INITFAILED:
		return true;
	case CURLE_COULDNT_CONNECT:
		return error == ENETUNREACH || error == EACCES || error == EPERM ||
		       error == EMFILE || error == ENFILE || error == EADDRNOTAVAIL ||
		       error == EAFNOSUPPORT || error == ENOBUFS;
	default:
		return false;
	}
}

static enum sts_fetch
ending_of(CURLcode code)
{
	switch ((int)code) {
	case CURLE_OK:
		return STS_FETCHED;
	case CURLE_COULDNT_CONNECT:
		return STS_FETCH_CONNECT;
	case CURLE_OPERATION_TIMEDOUT:
		return STS_FETCH_TIMEOUT;
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CIPHER:
		return STS_FETCH_TLS;
	case CURLE_PEER_FAILED_VERIFICATION:
		return STS_FETCH_CERTIFICATE;
	case CURLE_FILESIZE_EXCEEDED:
		return STS_FETCH_TOO_LARGE;
	case CURLE_PARTIAL_FILE:
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
		return STS_FETCH_CUT;
	default:
		return STS_FETCH_PROTOCOL;
	}
}

static enum sts_fetch
how_it_ended(const struct fetch *fetch, CURLcode code)
{
	if (fetch->fault != 0)
		return fetch->fetcher->blind ? STS_FETCH_LOCAL : STS_FETCH_CERTIFICATE;
	if (fetch->status >= 300 && fetch->status < 400)
		return STS_FETCH_REDIRECT;
	if (fetch->status > 200)
		return STS_FETCH_STATUS;
	if (fetch->too_large)
		return STS_FETCH_TOO_LARGE;
	return is_local(code, fetch->os_error) ? STS_FETCH_LOCAL : ending_of(code);
}

static const char *
detail_of(const struct fetch *fetch, const struct sts_fetched *fetched, char text[DETAIL_MAX])
{
	char *to = NULL;

	if (fetch->fault != 0 && fetch->fetcher->blind)
		return "this host has no CA certificates to check it with";
	if (fetch->fault != 0) {
		put_fault(fetch->fault, text);
		return text;
	}
	if (fetch->flooded)
		return "its header is longer than 64 KiB";
	switch ((int)fetched->how) {
	case STS_FETCHED:
	case STS_FETCH_TOO_LARGE:
		return NULL;
	case STS_FETCH_CONNECT:
		return fetch->os_error != 0 ? strerror((int)fetch->os_error) : fetch->error;
	case STS_FETCH_REDIRECT:
		fetch->curl->easy_getinfo(fetch->easy, CURLINFO_REDIRECT_URL, &to);
		snprintf(text, DETAIL_MAX, "%ld%s%s", fetch->status, to != NULL ? " to " : "",
		    to != NULL ? to : "");
		return text;
	case STS_FETCH_STATUS:
		snprintf(text, DETAIL_MAX, "%ld", fetch->status);
		return text;
	default:
		put_error(fetch->error, text);
		return *text != '\0' ? text : NULL;
	}
}

static void
take_facts(struct fetch *fetch, struct arena *arena, struct sts_fetched *fetched)
{
	const char *word = NULL;

	fetch->curl->easy_getinfo(fetch->easy, CURLINFO_CONTENT_TYPE, &word);
	fetched->type = arena_string(arena, word);
	word = NULL;
	fetch->curl->easy_getinfo(fetch->easy, CURLINFO_PRIMARY_IP, &word);
	if (word != NULL)
		ip_parse(&fetched->ip, word);
	fetched->status = fetch->status;
	if (fetched->how == STS_FETCH_CERTIFICATE)
		fetched->fault = fault_word(fetch->fault);
	if (fetched->how == STS_FETCHED) {
		fetched->body = arena_copy(arena, fetch->body.data, fetch->body.len);
		fetched->len = fetch->body.len;
	}
}

/* The fetch is gone when `done` is called, and what it found is in an arena. */
static void
finish(struct fetch *fetch, CURLcode code, bool late)
{
	struct fetcher *fetcher = fetch->fetcher;
	fetch_done *done = fetch->done;
	void *arg = fetch->arg;
	struct arena *arena = arena_new();
	struct sts_fetched fetched = {
	    .how = STS_FETCH_LOCAL, .ms = (long)(loop_ms() - fetch->began)};
	char text[DETAIL_MAX];

	if (!fetch->broken) {
		fetch->curl->easy_getinfo(fetch->easy, CURLINFO_RESPONSE_CODE, &fetch->status);
		fetch->curl->easy_getinfo(fetch->easy, CURLINFO_OS_ERRNO, &fetch->os_error);
		fetched.how = late ? STS_FETCH_TIMEOUT : how_it_ended(fetch, code);
		take_facts(fetch, arena, &fetched);
	}
	fetched.detail = arena_string(arena, detail_of(fetch, &fetched, text));
	release(fetch);
	done(&fetched, arg);
	arena_free(arena);
	start_next(fetcher);
}

static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	finish(arg, CURLE_OPERATION_TIMEDOUT, true);
}

/* "host:port:address,[address]": nobody else is asked for them. */
static struct curl_slist *
resolve_entry(const struct fetch *fetch)
{
	struct curl_slist *list;
	struct buf entry;
	char text[IP_TEXT];

	buf_init(&entry, 4096);
	buf_printf(&entry, "%s:%u:", fetch->host, fetch->fetcher->plan.port);
	for (size_t i = 0; i < fetch->count; i++)
		buf_printf(&entry, fetch->addresses[i].family == 6 ? "%s[%s]" : "%s%s",
		    i > 0 ? "," : "", ip_text(&fetch->addresses[i], text));
	list = fetch->curl->slist_append(NULL, entry.data);
	buf_release(&entry);
	return list;
}

static struct curl_slist *
port_entry(const struct fetch *fetch)
{
	char entry[4096];

	snprintf(entry, sizeof entry, "%s:443:%s:%u", fetch->host, fetch->host,
	    fetch->fetcher->plan.port);
	return fetch->curl->slist_append(NULL, entry);
}

static void
set_limits(struct fetch *fetch, CURL *easy)
{
	fetch->curl->easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	fetch->curl->easy_setopt(easy, CURLOPT_TIMEOUT_MS, fetch->fetcher->plan.ms);
	fetch->curl->easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, fetch->fetcher->plan.ms);
	fetch->curl->easy_setopt(easy, CURLOPT_MAXFILESIZE, (long)STS_POLICY_MAX);
	fetch->curl->easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "https");
	fetch->curl->easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	fetch->curl->easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	fetch->curl->easy_setopt(easy, CURLOPT_PROXY, "");
	fetch->curl->easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	fetch->curl->easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
	fetch->curl->easy_setopt(easy, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	fetch->curl->easy_setopt(easy, CURLOPT_USERAGENT, PACKAGE_NAME "/" PACKAGE_VERSION);
}

/* False: this libcurl is built over another TLS library than ours. */
static bool
set_trust(struct fetch *fetch, CURL *easy)
{
	fetch->curl->easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	fetch->curl->easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	fetch->curl->easy_setopt(easy, CURLOPT_CAINFO, NULL);
	fetch->curl->easy_setopt(easy, CURLOPT_CAPATH, NULL);
	fetch->curl->easy_setopt(easy, CURLOPT_SSL_CTX_DATA, fetch);
	return fetch->curl->easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK;
}

static bool
set_up(struct fetch *fetch)
{
	CURL *easy = fetch->easy;
	char url[2048];

	snprintf(url, sizeof url, "https://%s/.well-known/mta-sts.txt", fetch->host);
	fetch->resolve = resolve_entry(fetch);
	fetch->connect_to = port_entry(fetch);
	set_limits(fetch, easy);
	fetch->curl->easy_setopt(easy, CURLOPT_URL, url);
	fetch->curl->easy_setopt(easy, CURLOPT_RESOLVE, fetch->resolve);
	fetch->curl->easy_setopt(easy, CURLOPT_CONNECT_TO, fetch->connect_to);
	fetch->curl->easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	fetch->curl->easy_setopt(easy, CURLOPT_WRITEDATA, fetch);
	fetch->curl->easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	fetch->curl->easy_setopt(easy, CURLOPT_HEADERDATA, fetch);
	fetch->curl->easy_setopt(easy, CURLOPT_ERRORBUFFER, fetch->error);
	fetch->curl->easy_setopt(easy, CURLOPT_PRIVATE, fetch);
	if (set_trust(fetch, easy))
		return true;
	snprintf(fetch->error, sizeof fetch->error, "libcurl is not built over OpenSSL");
	return false;
}

static bool
begin(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	const char *why = "libcurl cannot be used";

	if (!load_curl(fetcher, &why)) {
		snprintf(fetch->error, sizeof fetch->error, "%s", why);
		return false;
	}
	fetch->curl = &fetcher->curl;
	fetch->easy = fetch->curl->easy_init();
	return fetch->easy != NULL && load_trust(fetcher) && set_up(fetch) &&
	       fetch->curl->multi_add_handle(fetcher->multi, fetch->easy) == CURLM_OK;
}

static void
start(struct fetch *fetch)
{
	struct fetcher *fetcher = fetch->fetcher;
	long ms = fetcher->plan.ms + GRACE_MS;
	struct timeval wait = {.tv_sec = ms / MS, .tv_usec = ms % MS * MS}, at_once = {0};

	TAILQ_REMOVE(&fetcher->waiting, fetch, link);
	TAILQ_INSERT_TAIL(&fetcher->running, fetch, link);
	fetcher->count++;
	fetch->running = true;
	fetch->began = loop_ms();
	buf_init(&fetch->body, STS_POLICY_MAX);
	evtimer_assign(&fetch->deadline, fetcher->plan.base, on_deadline, fetch);
	fetch->broken = !begin(fetch);
	evtimer_add(&fetch->deadline, fetch->broken ? &at_once : &wait);
}

static void
start_next(struct fetcher *fetcher)
{
	struct fetch *next;

	while (fetcher->count < fetcher->plan.at_once &&
	       (next = TAILQ_FIRST(&fetcher->waiting)) != NULL)
		start(next);
}

struct fetch *
fetcher_ask(struct fetcher *fetcher, const char *host, const struct ip *addresses, size_t count,
    fetch_done *done, void *arg)
{
	struct fetch *fetch = must_alloc(sizeof *fetch);

	fetch->fetcher = fetcher;
	fetch->host = must_string(host);
	fetch->addresses = must_alloc(count * sizeof *addresses);
	memcpy(fetch->addresses, addresses, count * sizeof *addresses);
	fetch->count = count;
	fetch->done = done;
	fetch->arg = arg;
	TAILQ_INSERT_TAIL(&fetcher->waiting, fetch, link);
	start_next(fetcher);
	return fetch;
}

/* ---- the loop */

static void
take_finished(struct fetcher *fetcher)
{
	CURLMsg *message;
	int left;

	while ((message = fetcher->curl.multi_info_read(fetcher->multi, &left)) != NULL) {
		struct fetch *fetch = NULL;
		CURLcode code = message->data.result;

		if (message->msg != CURLMSG_DONE)
			continue;
		fetcher->curl.easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &fetch);
		finish(fetch, code, false);
	}
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *fetcher = arg;
	int still, bits = (what & EV_READ ? CURL_CSELECT_IN : 0) |
	                  (what & EV_WRITE ? CURL_CSELECT_OUT : 0);

	fetcher->curl.multi_socket_action(fetcher->multi, fd, bits, &still);
	take_finished(fetcher);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct fetcher *fetcher = arg;
	int still;

	(void)fd;
	(void)what;
	fetcher->curl.multi_socket_action(fetcher->multi, CURL_SOCKET_TIMEOUT, 0, &still);
	take_finished(fetcher);
}

static int
on_timeout_wanted(CURLM *multi, long ms, void *arg)
{
	struct fetcher *fetcher = arg;
	struct timeval wait = {.tv_sec = ms / MS, .tv_usec = ms % MS * MS};

	(void)multi;
	if (ms < 0)
		event_del(&fetcher->timer);
	else
		evtimer_add(&fetcher->timer, &wait);
	return 0;
}

static int
on_socket_wanted(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct fetcher *fetcher = arg;
	struct event *event = known;
	short events = EV_PERSIST;

	(void)easy;
	if (event != NULL)
		event_free(event);
	if (what == CURL_POLL_REMOVE) {
		fetcher->curl.multi_assign(fetcher->multi, fd, NULL);
		return 0;
	}
	events |= what != CURL_POLL_OUT ? EV_READ : 0;
	events |= what != CURL_POLL_IN ? EV_WRITE : 0;
	event = loop_event(fetcher->plan.base, fd, events, on_ready, fetcher);
	event_add(event, NULL);
	fetcher->curl.multi_assign(fetcher->multi, fd, event);
	return 0;
}

static bool
load_curl(struct fetcher *fetcher, const char **why)
{
	if (fetcher->multi != NULL)
		return true;
	if (!curl_load(&fetcher->curl, why))
		return false;
	fetcher->multi = fetcher->curl.multi_init();
	if (fetcher->multi == NULL)
		return false;
	fetcher->curl.multi_setopt(fetcher->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wanted);
	fetcher->curl.multi_setopt(fetcher->multi, CURLMOPT_SOCKETDATA, fetcher);
	fetcher->curl.multi_setopt(fetcher->multi, CURLMOPT_TIMERFUNCTION, on_timeout_wanted);
	fetcher->curl.multi_setopt(fetcher->multi, CURLMOPT_TIMERDATA, fetcher);
	return true;
}

struct fetcher *
fetcher_new(const struct fetch_plan *plan, const char **why)
{
	struct fetcher *fetcher = must_alloc(sizeof *fetcher);

	fetcher->plan = *plan;
	TAILQ_INIT(&fetcher->waiting);
	TAILQ_INIT(&fetcher->running);
	if (plan->ca != NULL && !load_trust(fetcher)) {
		*why = "no CA certificate can be read from it";
		X509_STORE_free(fetcher->trust);
		free(fetcher);
		return NULL;
	}
	evtimer_assign(&fetcher->timer, plan->base, on_timer, fetcher);
	return fetcher;
}

void
fetcher_free(struct fetcher *fetcher)
{
	struct fetch *fetch;

	if (fetcher == NULL)
		return;
	while ((fetch = TAILQ_FIRST(&fetcher->waiting)) != NULL)
		release(fetch);
	while ((fetch = TAILQ_FIRST(&fetcher->running)) != NULL)
		release(fetch);
	if (fetcher->multi != NULL)
		fetcher->curl.multi_cleanup(fetcher->multi);
	event_del(&fetcher->timer);
	X509_STORE_free(fetcher->trust);
	free(fetcher);
}
