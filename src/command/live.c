#include "command/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/slice.h"
#include "dns/book.h"
#include "io/head.h"
#include "io/loop.h"
#include "io/tls.h"

struct live_round { /* all that are asked together */
	const struct options *options;
	struct event_base *base;
	struct book *book;
	struct arena *arena;
	struct tls_context *tls;
	size_t open;
};

struct live_question {
	struct live_round *round;
	struct live_answer *answer;
};

/* What a page that is there may say to a HEAD: it may want a login, or not know HEAD. */
static bool
is_there(unsigned status)
{
	return status < 400 || status == 401 || status == 403 || status == 405 || status == 429 ||
	       status == 501;
}

static void
take_answer(const struct head_answer *head, void *arg)
{
	struct live_question *question = arg;
	struct live_round *round = question->round;
	struct live_answer *answer = question->answer;

	answer->good = head->outcome == HEAD_ANSWERED && is_there(head->status);
	answer->bad = (head->outcome == HEAD_ANSWERED && !answer->good && head->status < 500) ||
	              head->outcome == HEAD_BAD_TLS || head->outcome == HEAD_NO_HTTP;
	answer->words = head->outcome == HEAD_ANSWERED
	                    ? arena_printf(round->arena, "it answers %u", head->status)
	                    : arena_string(round->arena, head->words);
	if (--round->open == 0)
		loop_stop(round->base);
}

/* Of one that mail may be full of, no private address is asked unless that is allowed. */
static bool
address_of(struct live_round *round, const char *host, struct ip *out)
{
	static const enum dns_type types[] = {DNS_A, DNS_AAAA};

	for (size_t t = 0; t < 2; t++) {
		const struct answer *answer = book_ask(round->book, host, types[t]);

		for (size_t i = 0; answer != NULL && i < answer->count; i++) {
			*out = answer->records[i].u.address;
			if (ip_special(out) == NULL || round->options->allow_private)
				return true;
		}
	}
	return false;
}

/* What is behind the host, fit to stand in a request line; and the port. */
static const char *
path_of(struct live_round *round, const char *url, uint16_t *port)
{
	const char *at = strstr(url, "://") + 3, *end = at + strcspn(at, "/?#\\"), *colon = end;
	char *path = arena_alloc(round->arena, 3 * strlen(url) + 2), *out = path;
	unsigned long number;

	while (colon > at && is_digit(colon[-1]))
		colon--;
	*port = 443;
	if (colon > at && colon[-1] == ':' &&
	    slice_number((struct slice){colon, (size_t)(end - colon)}, 65535, &number) &&
	    number > 0)
		*port = (uint16_t)number;
	if (*end != '/')
		*out++ = '/';
	for (; *end != '\0' && *end != '#'; end++)
		if (*end > ' ' && *end < 0x7f)
			*out++ = *end;
		else
			out += sprintf(out, "%%%02X", (unsigned char)*end);
	return path;
}

static void
ask(struct live_round *round, const struct message_link *link, struct live_answer *answer)
{
	struct live_question *question = arena_alloc(round->arena, sizeof *question);
	struct head_plan plan = {.base = round->base,
	    .tls = round->tls,
	    .host = link->host,
	    .agent = PACKAGE_NAME " " PACKAGE_VERSION,
	    .done = take_answer,
	    .arg = question};

	*answer = (struct live_answer){.url = link->url,
	    .unsubscribe = link->kind == LINK_UNSUBSCRIBE,
	    .line = link->line,
	    .words = "it has no address that may be asked"};
	question->round = round;
	question->answer = answer;
	if (!address_of(round, link->host, &plan.address))
		return;
	plan.path = path_of(round, link->url, &plan.port);
	round->open++;
	head_ask(&plan);
}

static bool
is_new(const struct message_facts *facts, size_t number)
{
	const struct message_link *link = &facts->links[number];

	if ((link->kind != LINK_UNSUBSCRIBE && link->kind != LINK_IMAGE) || link->host == NULL ||
	    strcmp(link->scheme, "https") != 0)
		return false;
	for (size_t i = 0; i < number; i++)
		if (facts->links[i].kind == link->kind && facts->links[i].host != NULL &&
		    strcmp(facts->links[i].host, link->host) == 0)
			return false;
	return true;
}

size_t
live_ask(const struct options *options, struct event_base *base, struct book *book,
    const struct message_facts *facts, struct arena *arena, const struct live_answer **out)
{
	struct live_round round = {.options = options, .base = base, .book = book, .arena = arena};
	struct live_answer *answers = arena_alloc(arena, LIVE_MAX * sizeof *answers);
	const char *why;
	size_t count = 0;

	*out = answers;
	round.tls = tls_context_new(NULL, true, &why);
	if (round.tls == NULL) {
		log_warn("--live: %s", why);
		return 0;
	}
	for (size_t i = 0; i < facts->link_count && count < LIVE_MAX; i++)
		if (is_new(facts, i))
			ask(&round, &facts->links[i], &answers[count++]);
	while (round.open > 0)
		loop_run(base);
	tls_context_free(round.tls);
	return count;
}
