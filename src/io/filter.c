#include "io/filter.h"

#include <event2/event.h>
#include <event2/event_struct.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "io/conn.h"
#include "io/loop.h"

struct filter {
	struct filter_plan plan;
	struct conn *conn;
	struct buf answer;
	int64_t end; /* of it all */
};

static void
finish(struct filter *filter, const char *why)
{
	struct filter_plan plan = filter->plan;
	struct buf answer = filter->answer;

	plan.done((struct slice){answer.data, answer.len}, why, plan.arg);
	conn_close(filter->conn);
	buf_release(&answer);
	free(filter);
}

static void
take(struct filter *filter, const char *bytes, size_t len)
{
	int64_t left = filter->end - loop_ms();

	buf_add(&filter->answer, bytes, len);
	if (filter->answer.full)
		finish(filter, "its answer is too long");
	else if (filter->plan.complete((struct slice){filter->answer.data, filter->answer.len},
	             false, filter->plan.arg))
		finish(filter, NULL);
	else
		conn_deadline(filter->conn, left > 0 ? (long)left : 0);
}

static void
lose(struct filter *filter, const struct conn_news *news)
{
	if (news->lost == LOST_CLOSED && filter->answer.len > 0)
		finish(filter, NULL);
	else if (news->lost == LOST_REFUSED)
		finish(filter, news->words != NULL ? news->words : "no connection");
	else
		finish(filter, news->words != NULL ? news->words : "the connection was lost");
}

static void
heard(const struct conn_news *news, void *arg)
{
	struct filter *filter = arg;

	switch (news->event) {
	case CONN_CONNECTED:
		conn_deadline(filter->conn, FILTER_MS);
		conn_send(filter->conn, filter->plan.question.at, filter->plan.question.len);
		break;
	case CONN_DATA:
		take(filter, news->data, news->len);
		break;
	case CONN_SENT:
	case CONN_SECURED:
		break;
	case CONN_LOST:
		lose(filter, news);
		break;
	case CONN_DEADLINE:
		finish(filter, "it did not answer in time");
		break;
	}
}

struct filter *
filter_ask(const struct filter_plan *plan)
{
	struct filter *filter = must_alloc(sizeof *filter);
	struct ip any = {0};

	filter->plan = *plan;
	filter->end = loop_ms() + FILTER_MS;
	buf_init(&filter->answer, FILTER_ANSWER_MAX);
	filter->conn = conn_open(plan->base, &any, &plan->address, plan->port, heard, filter);
	conn_deadline(filter->conn, FILTER_CONNECT_MS);
	return filter;
}
