#include "io/head.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/slice.h"
#include "io/conn.h"
#include "io/tls.h"
#include "smtp/tls_facts.h"

struct head {
	struct head_plan plan;
	struct conn *conn;
	struct arena *arena; /* of the handshake's facts */
	struct tls_facts facts;
	struct buf question, answer;
};

static void
finish(struct head *head, const struct head_answer *answer)
{
	struct head_plan plan = head->plan;

	plan.done(answer, plan.arg);
	conn_close(head->conn);
	buf_release(&head->question);
	buf_release(&head->answer);
	arena_free(head->arena);
	free(head);
}

static void
fail(struct head *head, enum head_outcome outcome, const char *words)
{
	struct head_answer answer = {.outcome = outcome, .words = words};

	finish(head, &answer);
}

/* "HTTP/1.1 200 OK", once its line is there. */
static void
take(struct head *head, const char *bytes, size_t len)
{
	struct slice text, line;
	unsigned long status;

	buf_add(&head->answer, bytes, len);
	text = (struct slice){head->answer.data, head->answer.len};
	if (!head->answer.full && memchr(text.at, '\n', text.len) == NULL)
		return;
	slice_line(&text, &line);
	if (!slice_begins(line, "HTTP/1.") || line.len < 12 ||
	    !slice_number((struct slice){line.at + 9, 3}, 999, &status) || status < 100) {
		fail(head, HEAD_NO_HTTP, "what it answers is no HTTP");
		return;
	}
	finish(head, &(struct head_answer){.outcome = HEAD_ANSWERED, .status = (unsigned)status});
}

/* That this host has nobody to trust is no fault of the certificate. */
static void
lose(struct head *head, const struct conn_news *news)
{
	bool blind = head->facts.verify != NULL && strcmp(head->facts.verify, "unknown") == 0;
	const char *words = head->facts.problem != NULL ? head->facts.problem : news->words;

	if (news->lost == LOST_TLS && !blind)
		fail(head, HEAD_BAD_TLS, words != NULL ? words : "its TLS is none");
	else
		fail(head, HEAD_UNREACHED, news->words != NULL ? news->words : "no connection");
}

static void
heard(const struct conn_news *news, void *arg)
{
	struct head *head = arg;
	struct tls_wish wish = {.name = head->plan.host,
	    .must_verify = true,
	    .facts = &head->facts,
	    .arena = head->arena};

	switch (news->event) {
	case CONN_CONNECTED:
		conn_secure(head->conn, head->plan.tls, &wish);
		break;
	case CONN_SECURED:
		conn_send(head->conn, head->question.data, head->question.len);
		break;
	case CONN_DATA:
		take(head, news->data, news->len);
		break;
	case CONN_SENT:
		break;
	case CONN_LOST:
		lose(head, news);
		break;
	case CONN_DEADLINE:
		fail(head, HEAD_UNREACHED, "it did not answer in time");
		break;
	}
}

struct head *
head_ask(const struct head_plan *plan)
{
	struct head *head = must_alloc(sizeof *head);
	struct ip any = {0};

	head->plan = *plan;
	head->arena = arena_new();
	buf_init(&head->answer, HEAD_ANSWER_MAX);
	buf_init(&head->question, 16384);
	buf_printf(&head->question,
	    "HEAD %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: %s\r\nConnection: close\r\n\r\n",
	    plan->path, plan->host, plan->agent);
	head->conn = conn_open(plan->base, &any, &plan->address, plan->port, heard, head);
	conn_deadline(head->conn, HEAD_MS);
	return head;
}
