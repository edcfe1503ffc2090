#include "lab/policyd.h"

#include <errno.h>
#include <event2/event.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/loop.h"
#include "lab/certs.h"
#include "lab/domains.h"
#include "lab/socket.h"

enum { REQUEST_MAX = 8192, ANSWER_MAX = 70000, LIFE_SECONDS = 60, BACKLOG = 100 };

struct visit { /* a connection */
	LIST_ENTRY(visit) link;
	int fd;
	SSL *ssl;
	struct event *ready, *life;
	const struct lab_domain *domain; /* whose policy is asked for; NULL: not known */
	struct buf request, answer;
	size_t sent;
};

struct policyd {
	struct event_base *base;
	struct certs *certs;
	SSL_CTX *context;
	int fd;
	struct event *event;
	unsigned port;
	LIST_HEAD(, visit) visits;
};

static void
leave(struct visit *visit)
{
	LIST_REMOVE(visit, link);
	event_free(visit->ready);
	event_free(visit->life);
	SSL_free(visit->ssl);
	close(visit->fd);
	buf_release(&visit->request);
	buf_release(&visit->answer);
	free(visit);
}

static void on_ready(evutil_socket_t fd, short what, void *arg);

/* Until the socket can go on with what OpenSSL could not; false: it is over. */
static bool
wait_for(struct visit *visit, int result)
{
	int error = SSL_get_error(visit->ssl, result);

	ERR_clear_error();
	if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE)
		return false;
	event_assign(visit->ready, event_get_base(visit->ready), visit->fd,
	    error == SSL_ERROR_WANT_READ ? EV_READ : EV_WRITE, on_ready, visit);
	event_add(visit->ready, NULL);
	return true;
}

static void
make_answer(struct visit *visit)
{
	static const char whole[] = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n";
	const struct lab_policy *policy = &visit->domain->policy;
	bool raw = strncmp(policy->says, "HTTP/", 5) == 0;

	if (raw)
		buf_puts(&visit->answer, policy->says);
	else
		buf_printf(&visit->answer, "%sContent-Length: %zu\r\nConnection: close\r\n\r\n%s",
		    whole, strlen(policy->says), policy->says);
	if (policy->endless != NULL)
		while (!visit->answer.full)
			buf_puts(&visit->answer, policy->endless);
}

/* False: the visit is over. */
static bool
go_on(struct visit *visit)
{
	int n;

	if (!SSL_is_init_finished(visit->ssl) && (n = SSL_accept(visit->ssl)) <= 0)
		return wait_for(visit, n);
	while (strstr(visit->request.data, "\r\n\r\n") == NULL) {
		char bytes[1024];

		n = SSL_read(visit->ssl, bytes, sizeof bytes);
		if (n <= 0)
			return wait_for(visit, n);
		buf_add(&visit->request, bytes, (size_t)n);
		if (visit->request.full)
			return false;
	}
	if (visit->domain == NULL)
		return false;
	if (visit->domain->policy.says == NULL) /* until the client leaves */
		return wait_for(visit, SSL_read(visit->ssl, &(char){0}, 1));
	if (visit->answer.len == 0)
		make_answer(visit);
	while (visit->sent < visit->answer.len) {
		n = SSL_write(visit->ssl, visit->answer.data + visit->sent,
		    (int)(visit->answer.len - visit->sent));
		if (n <= 0)
			return wait_for(visit, n);
		visit->sent += (size_t)n;
	}
	SSL_shutdown(visit->ssl);
	return false;
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	if (!go_on(arg))
		leave(arg);
}

static void
on_old(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	leave(arg);
}

/* "mta-sts.NAME.lab.example" */
static const struct lab_domain *
domain_of(const char *name)
{
	static const char before[] = "mta-sts.";

	if (name == NULL || strncmp(name, before, strlen(before)) != 0)
		return NULL;
	name += strlen(before);
	for (size_t i = 0; i < lab_domain_count; i++) {
		size_t len = strlen(lab_domains[i].name);

		if (strncmp(name, lab_domains[i].name, len) == 0 &&
		    strcmp(name + len, "." LAB_ZONE) == 0)
			return &lab_domains[i];
	}
	return NULL;
}

static int
on_name(SSL *ssl, int *alert, void *arg)
{
	struct policyd *policyd = arg;
	struct visit *visit = SSL_get_app_data(ssl);

	(void)alert;
	visit->domain = domain_of(SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name));
	if (visit->domain != NULL)
		SSL_set_SSL_CTX(ssl, certs_context(policyd->certs, visit->domain->policy.cert));
	return SSL_TLSEXT_ERR_OK;
}

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	static const struct timeval life = {LIFE_SECONDS, 0};
	struct policyd *policyd = arg;
	struct visit *visit;
	int fd = socket_accept(listener);

	(void)what;
	if (fd < 0)
		return;
	visit = must_alloc(sizeof *visit);
	visit->fd = fd;
	visit->ssl = SSL_new(policyd->context);
	SSL_set_fd(visit->ssl, fd);
	SSL_set_app_data(visit->ssl, visit);
	buf_init(&visit->request, REQUEST_MAX);
	buf_init(&visit->answer, ANSWER_MAX);
	visit->ready = loop_event(policyd->base, fd, EV_READ, on_ready, visit);
	visit->life = loop_event(policyd->base, -1, 0, on_old, visit);
	event_add(visit->ready, NULL);
	event_add(visit->life, &life);
	LIST_INSERT_HEAD(&policyd->visits, visit, link);
}

struct policyd *
policyd_new(struct event_base *base, struct certs *certs, char *why, size_t size)
{
	struct policyd *policyd = must_alloc(sizeof *policyd);
	struct ip ip;

	policyd->base = base;
	policyd->certs = certs;
	LIST_INIT(&policyd->visits);
	ip_parse(&ip, LAB_POLICY_HOST);
	policyd->fd = socket_bound(&ip, 0, SOCK_STREAM);
	if (policyd->fd < 0 || listen(policyd->fd, BACKLOG) != 0) {
		snprintf(why, size, "no policy host on " LAB_POLICY_HOST ": %s", strerror(errno));
		policyd_free(policyd);
		return NULL;
	}
	policyd->port = socket_port(policyd->fd);
	policyd->context = certs_context(certs, CERT_POLICY);
	SSL_CTX_set_tlsext_servername_callback(policyd->context, on_name);
	SSL_CTX_set_tlsext_servername_arg(policyd->context, policyd);
	policyd->event =
	    loop_event(base, policyd->fd, EV_READ | EV_PERSIST, on_connection, policyd);
	event_add(policyd->event, NULL);
	return policyd;
}

unsigned
policyd_port(const struct policyd *policyd)
{
	return policyd->port;
}

void
policyd_free(struct policyd *policyd)
{
	if (policyd == NULL)
		return;
	while (!LIST_EMPTY(&policyd->visits))
		leave(LIST_FIRST(&policyd->visits));
	if (policyd->event != NULL)
		event_free(policyd->event);
	if (policyd->fd >= 0)
		close(policyd->fd);
	free(policyd);
}
