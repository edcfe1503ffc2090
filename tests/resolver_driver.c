/* Drives the resolver and the book's driver from a script on standard input, for tests/resolver.py
 * and bench/dns. Answers and results go to standard output, one JSON object a line.
 *
 * usage: resolver_driver [-l SERVER] [-r BOOK] [SERVER...]      -l: whom to ask for names below
 * "list.test"; -r: a book to replay
 *
 *   ask NAME TYPE                       asks; the answer is written when it comes
 *   many N SUFFIX TYPE                  asks for n0.SUFFIX … n(N-1).SUFFIX; they are counted by
 * rcode wait                                until everything asked is answered sleep MS runs the
 * loop for so long forget                              nothing asked so far is waited for any more
 *   then forget|free|ask NAME TYPE      done within the next callback
 *   free                                at once, with what is open
 *   counts
 *   servers                             as the resolver names them
 *   consult MS seq|par NAME/TYPE…       an evaluation that asks one after the other, or all at once
 *   consult MS stuck|endless            … that waits without asking; that always asks one more
 *   cancel MS NAME/TYPE…                a consultation that is cancelled after so long
 *   bench N ATONCE SUFFIX TYPE          N different questions, so many open at a time
 */
#include <event2/event.h>
#include <event2/event_struct.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json.h"
#include "dns/book.h"
#include "dns/name.h"
#include "io/consult.h"
#include "io/loop.h"
#include "io/resolver.h"

enum { WORDS = 32, RCODES = 300 };

struct asked { /* a question under way */
	LIST_ENTRY(asked) link;
	struct driver *driver;
	struct lookup *lookup;
};

struct driver {
	struct event_base *base;
	LIST_HEAD(, asked) asked;
	struct resolver *resolver, *lists;
	bool asking; /* within resolver_ask or consult_start: a callback now is a fault */
	unsigned open;
	int64_t since; /* when the first of those was asked */
	char then[256]; /* to be done within the next callback */
	unsigned long rcodes[RCODES];
};

static void run_line(struct driver *driver, char *line);

static void
end_line(struct buf *line)
{
	puts(line->data);
	buf_release(line);
	fflush(stdout);
}

static void
check_outside(const struct driver *driver)
{
	if (driver->asking)
		puts("{\"fault\":\"called back from within\"}");
}

static void
do_then(struct driver *driver)
{
	char line[sizeof driver->then];

	memcpy(line, driver->then, sizeof line);
	driver->then[0] = '\0';
	if (line[0] != '\0')
		run_line(driver, line);
}

static void
write_data(struct json *json, const struct answer *answer)
{
	char text[IP_TEXT];

	for (size_t i = 0; i < answer->count; i++) {
		const struct dns_record *record = &answer->records[i];

		if (answer->type == DNS_A || answer->type == DNS_AAAA)
			json_cstring(json, NULL, ip_text(&record->u.address, text));
		else if (answer->type == DNS_MX)
			json_cstring(json, NULL, record->u.mx.host);
		else if (answer->type == DNS_TXT)
			json_number(json, NULL, (long long)record->u.txt.joined.len);
		else
			json_cstring(json, NULL, record->u.name);
	}
}

static void
write_answer(const struct answer *answer, int64_t ms, const char *kind)
{
	struct buf line;
	struct json json;

	buf_init(&line, 1 << 20);
	json_start(&json, &line);
	json_object_begin(&json, NULL);
	json_cstring(&json, "kind", kind);
	json_cstring(&json, "name", answer->name);
	json_cstring(&json, "type", dns_type_name(answer->type));
	json_cstring(&json, "rcode", dns_rcode_name(answer->rcode));
	json_bool(&json, "ad", answer->authentic);
	json_number(&json, "ttl", answer->ttl);
	json_cstring(&json, "server", answer->server);
	json_cstring(&json, "canonical", answer->canonical);
	json_array_begin(&json, "data");
	write_data(&json, answer);
	json_array_end(&json);
	json_number(&json, "ms", ms);
	json_object_end(&json);
	end_line(&line);
}

static struct driver *
end_asked(struct asked *asked)
{
	struct driver *driver = asked->driver;

	LIST_REMOVE(asked, link);
	free(asked);
	return driver;
}

static void
on_answer(const struct answer *answer, void *arg)
{
	struct driver *driver = end_asked(arg);

	check_outside(driver);
	driver->open--;
	write_answer(answer, loop_ms() - driver->since, "answer");
	do_then(driver);
}

static void
on_observed(const struct answer *answer, void *arg)
{
	(void)arg;
	write_answer(answer, 0, "observed");
}

static void
ask(struct driver *driver, const char *name, const char *type_name, resolver_done *done)
{
	struct asked *asked = must_alloc(sizeof *asked);
	enum dns_type type;

	if (!dns_type_parse(type_name, &type))
		exit(64);
	asked->driver = driver;
	LIST_INSERT_HEAD(&driver->asked, asked, link);
	if (driver->open++ == 0)
		driver->since = loop_ms();
	driver->asking = true;
	asked->lookup = resolver_ask(driver->resolver, name, type, done, NULL, asked);
	driver->asking = false;
}

static void
on_counted(const struct answer *answer, void *arg)
{
	struct driver *driver = end_asked(arg);

	check_outside(driver);
	driver->open--;
	driver->rcodes[answer->rcode]++;
}

static void
many(struct driver *driver, unsigned long count, const char *suffix, const char *type)
{
	char name[NAME_TEXT];

	for (unsigned long i = 0; i < count; i++) {
		snprintf(name, sizeof name, "n%lu.%s", i, suffix);
		ask(driver, name, type, on_counted);
	}
}

static void
wait_all(struct driver *driver)
{
	int64_t since = loop_ms();
	struct buf line;
	struct json json;

	while (driver->open > 0 && driver->resolver != NULL &&
	       event_base_loop(driver->base, EVLOOP_ONCE) == 0)
		continue;
	buf_init(&line, 1 << 16);
	json_start(&json, &line);
	json_object_begin(&json, NULL);
	json_cstring(&json, "kind", "waited");
	json_number(&json, "ms", loop_ms() - since);
	json_number(&json, "open", driver->open);
	for (unsigned i = 0; i < RCODES; i++)
		if (driver->rcodes[i] > 0)
			json_number(
			    &json, dns_rcode_name((enum dns_rcode)i), (long long)driver->rcodes[i]);
	memset(driver->rcodes, 0, sizeof driver->rcodes);
	json_object_end(&json);
	end_line(&line);
}

static void
sleep_for(struct driver *driver, long ms)
{
	struct timeval time = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	event_base_loopexit(driver->base, &time);
	event_base_loop(driver->base, EVLOOP_NO_EXIT_ON_EMPTY);
}

static void
free_resolver(struct driver *driver)
{
	resolver_free(driver->resolver);
	driver->resolver = NULL;
	driver->open = 0;
	while (!LIST_EMPTY(&driver->asked)) /* dropped without a word */
		end_asked(LIST_FIRST(&driver->asked));
}

static void
write_counts(const struct driver *driver)
{
	struct resolver_counts counts = resolver_counts(driver->resolver);

	printf("{\"kind\":\"counts\",\"asked\":%lu,\"cached\":%lu,\"joined\":%lu,\"failed\":%lu}\n",
	    counts.asked, counts.cached, counts.joined, counts.failed);
}

static void
write_servers(const struct driver *driver)
{
	for (size_t i = 0; i < resolver_servers(driver->resolver); i++)
		printf("{\"kind\":\"server\",\"server\":\"%s\"}\n",
		    resolver_server(driver->resolver, i));
}

/* ---- consultations */

struct evaluation {
	struct driver *driver;
	const char *way;
	char **questions; /* NAME/TYPE */
	size_t count, steps;
	struct book *book;
	bool done;
};

static const struct answer *
ask_book(struct book *book, const char *question)
{
	char name[NAME_TEXT];
	const char *slash = strchr(question, '/');
	enum dns_type type;

	if (slash == NULL || !dns_type_parse(slash + 1, &type))
		exit(64);
	snprintf(name, sizeof name, "%.*s", (int)(slash - question), question);
	return book_ask(book, name, type);
}

static bool
step(struct book *book, void *arg)
{
	struct evaluation *evaluation = arg;
	bool pending = false;
	char name[NAME_TEXT];

	check_outside(evaluation->driver);
	evaluation->steps++;
	if (strcmp(evaluation->way, "stuck") == 0)
		return false;
	for (size_t i = 0; strcmp(evaluation->way, "endless") == 0; i++) {
		snprintf(name, sizeof name, "n%zu.test", i);
		if (book_ask(book, name, DNS_A) == NULL)
			return false;
	}
	for (size_t i = 0;
	     i < evaluation->count && !(pending && strcmp(evaluation->way, "seq") == 0); i++)
		pending |= ask_book(book, evaluation->questions[i]) == NULL;
	return !pending;
}

static void
on_consulted(bool complete, void *arg)
{
	struct evaluation *evaluation = arg;

	check_outside(evaluation->driver);
	evaluation->done = true;
	for (size_t i = 0; i < book_used(evaluation->book) && i < WORDS; i++)
		write_answer(book_use(evaluation->book, i), 0, "used");
	printf("{\"kind\":\"consulted\",\"complete\":%s,\"used\":%zu,\"steps\":%zu}\n",
	    complete ? "true" : "false", book_used(evaluation->book), evaluation->steps);
	fflush(stdout);
}

static bool
is_list(const char *name, void *arg)
{
	return name_within(name, arg);
}

/* `cancel_ms` < 0: never. */
static void
consult(struct driver *driver, long deadline_ms, long cancel_ms, const char *way, char **questions,
    size_t count)
{
	char zone[] = "list.test";
	struct consult_who who = {
	    .resolver = driver->resolver, .lists = driver->lists, .is_list = is_list, .arg = zone};
	struct evaluation evaluation = {.driver = driver,
	    .way = way,
	    .questions = questions,
	    .count = count,
	    .book = book_new()};
	int64_t since = loop_ms();
	struct consult *started;

	driver->asking = true;
	started = consult_start(
	    driver->base, &who, evaluation.book, step, on_consulted, &evaluation, deadline_ms);
	driver->asking = false;
	if (cancel_ms >= 0) {
		sleep_for(driver, cancel_ms);
		if (!evaluation.done)
			consult_cancel(started);
		sleep_for(driver, cancel_ms);
	} else {
		while (!evaluation.done && event_base_loop(driver->base, EVLOOP_ONCE) == 0)
			continue;
	}
	printf("{\"kind\":\"waited\",\"ms\":%lld,\"done\":%s}\n", (long long)(loop_ms() - since),
	    evaluation.done ? "true" : "false");
	book_free(evaluation.book);
}

/* ---- measuring */

struct bench {
	struct driver *driver;
	unsigned long count, next;
	const char *suffix;
	enum dns_type type;
};

static void ask_next(struct bench *bench);

static void
on_bench(const struct answer *answer, void *arg)
{
	struct bench *bench = arg;

	bench->driver->open--;
	bench->driver->rcodes[answer->rcode]++;
	if (bench->next < bench->count)
		ask_next(bench);
}

static void
ask_next(struct bench *bench)
{
	char name[NAME_TEXT];

	snprintf(name, sizeof name, "n%lu.%s", bench->next++, bench->suffix);
	bench->driver->open++;
	resolver_ask(bench->driver->resolver, name, bench->type, on_bench, NULL, bench);
}

static double
cpu_seconds(const struct rusage *usage)
{
	return (double)(usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) +
	       (double)(usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) / 1e6;
}

static void
run_bench(struct driver *driver, unsigned long count, unsigned long at_once, const char *suffix,
    const char *type)
{
	struct bench bench = {.driver = driver, .count = count, .suffix = suffix};
	struct rusage before, after;
	int64_t since = loop_ms();
	double cpu;

	if (!dns_type_parse(type, &bench.type))
		exit(64);
	getrusage(RUSAGE_SELF, &before);
	for (unsigned long i = 0; i < at_once && bench.next < count; i++)
		ask_next(&bench);
	while (driver->open > 0 && event_base_loop(driver->base, EVLOOP_ONCE) == 0)
		continue;
	getrusage(RUSAGE_SELF, &after);
	cpu = cpu_seconds(&after) - cpu_seconds(&before);
	printf("{\"kind\":\"bench\",\"questions\":%lu,\"ms\":%lld,\"cpu_us\":%.2f,\"rss_kb\":%ld,"
	       "\"answered\":%lu,\"failed\":%lu}\n",
	    count, (long long)(loop_ms() - since), cpu * 1e6 / (double)count, after.ru_maxrss,
	    driver->rcodes[DNS_NOERROR] + driver->rcodes[DNS_NXDOMAIN],
	    resolver_counts(driver->resolver).failed);
	memset(driver->rcodes, 0, sizeof driver->rcodes);
}

/* ---- the script */

static void
forget(struct driver *driver)
{
	while (!LIST_EMPTY(&driver->asked)) {
		lookup_forget(LIST_FIRST(&driver->asked)->lookup);
		end_asked(LIST_FIRST(&driver->asked));
	}
	driver->open = 0;
}

static void
run_words(struct driver *driver, char **words, size_t count)
{
	const char *verb = words[0];

	if (strcmp(verb, "ask") == 0 && count == 3)
		ask(driver, words[1], words[2], on_answer);
	else if (strcmp(verb, "many") == 0 && count == 4)
		many(driver, strtoul(words[1], NULL, 10), words[2], words[3]);
	else if (strcmp(verb, "wait") == 0)
		wait_all(driver);
	else if (strcmp(verb, "sleep") == 0 && count == 2)
		sleep_for(driver, strtol(words[1], NULL, 10));
	else if (strcmp(verb, "forget") == 0)
		forget(driver);
	else if (strcmp(verb, "free") == 0)
		free_resolver(driver);
	else if (strcmp(verb, "counts") == 0)
		write_counts(driver);
	else if (strcmp(verb, "servers") == 0)
		write_servers(driver);
	else if (strcmp(verb, "consult") == 0 && count >= 3)
		consult(driver, strtol(words[1], NULL, 10), -1, words[2], words + 3, count - 3);
	else if (strcmp(verb, "cancel") == 0 && count >= 3)
		consult(driver, 60000, strtol(words[1], NULL, 10), "par", words + 2, count - 2);
	else if (strcmp(verb, "bench") == 0 && count == 5)
		run_bench(driver, strtoul(words[1], NULL, 10), strtoul(words[2], NULL, 10),
		    words[3], words[4]);
	else
		exit(64);
}

static void
run_line(struct driver *driver, char *line)
{
	char *words[WORDS], *rest;
	size_t count = 0;

	if (strncmp(line, "then ", 5) == 0) {
		snprintf(driver->then, sizeof driver->then, "%s", line + 5);
		return;
	}
	for (char *word = strtok_r(line, " \n", &rest); word != NULL && count < WORDS;
	     word = strtok_r(NULL, " \n", &rest))
		words[count++] = word;
	if (count > 0)
		run_words(driver, words, count);
	fflush(stdout);
}

static struct book *
read_book(const char *path)
{
	struct book *book = book_new();
	FILE *file = fopen(path, "r");
	char line[4096], reason[200];

	if (file == NULL)
		exit(65);
	while (fgets(line, sizeof line, file) != NULL)
		if (!book_read_line(book, line, strcspn(line, "\n"), reason, sizeof reason))
			exit(65);
	fclose(file);
	book_close(book);
	return book;
}

static struct resolver *
open_resolver(struct event_base *base, const char *const *servers, size_t count)
{
	const char *why;
	struct resolver *resolver = resolver_new(base, servers, count, &why);

	if (resolver == NULL)
		printf("{\"kind\":\"no resolver\",\"why\":\"%s\"}\n", why);
	return resolver;
}

int
main(int argc, char **argv)
{
	struct driver driver = {.base = loop_new()};
	char line[1024];

	signal(SIGPIPE, SIG_IGN); /* as main does */
	for (int option; (option = getopt(argc, argv, "l:r:")) != -1;)
		if (option == 'l')
			driver.lists = open_resolver(driver.base, (const char *const *)&optarg, 1);
		else if (option == 'r')
			driver.resolver = resolver_replay(driver.base, read_book(optarg));
		else
			return 64;
	if (driver.resolver == NULL)
		driver.resolver = open_resolver(
		    driver.base, (const char *const *)argv + optind, (size_t)(argc - optind));
	if (driver.resolver != NULL && getenv("OBSERVE") != NULL)
		resolver_on_answer(driver.resolver, on_observed, NULL);
	if (driver.resolver != NULL)
		while (fgets(line, sizeof line, stdin) != NULL)
			run_line(&driver, line);
	free_resolver(&driver);
	resolver_free(driver.lists);
	while (!LIST_EMPTY(&driver.asked)) /* dropped with their resolver, without a word */
		end_asked(LIST_FIRST(&driver.asked));
	event_base_free(driver.base);
	return 0;
}
