#include "command/policy_access.h"
#include "command/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "base/slice.h"
#include "command/output.h"
#include "io/policy_fetch.h"

enum {
	BOOK_MAX = 256 * 1024 * 1024,
	LINE_MAX_OCTETS = 8 * STS_POLICY_MAX, /* with all that JSON escapes */
	AT_ONCE = 10, /* policies that are fetched at the same time */
};

static int
read_book(struct policy_access *access, const char *name, struct sts_book *book)
{
	size_t len;
	char *text = file_unpack(name, INPUT_TEXT, BOOK_MAX, &len), reason[200];
	struct slice rest = {text, len}, line;
	unsigned number = 0;
	int status = EXIT_OK;

	if (text == NULL)
		return EXIT_DATA;
	while (status == EXIT_OK && slice_line(&rest, &line)) {
		number++;
		if (slice_trim(line).len == 0 ||
		    sts_book_read_line(book, access->arena, line, reason, sizeof reason))
			continue;
		log_error("%s:%u: %s", name, number, reason);
		status = EXIT_DATA;
	}
	sts_book_close(book);
	free(text);
	return status;
}

static void
write_policy(const char *domain, const struct sts_fetched *fetched, void *arg)
{
	struct policy_access *access = arg;
	struct buf line;

	buf_init(&line, LINE_MAX_OCTETS);
	sts_book_write_line(domain, fetched, &line);
	fwrite(line.data, 1, line.len, access->record);
	buf_release(&line);
}

static int
open_record(struct policy_access *access, const struct options *options)
{
	int fd = output_create(options->sts_record, options->force);

	access->record_name = options->sts_record;
	access->record = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (access->record == NULL)
		return EXIT_CREATE;
	access->plan.record = write_policy;
	access->plan.record_arg = access;
	return EXIT_OK;
}

static int
open_fetcher(struct policy_access *access, const struct options *o)
{
	const struct fetch_plan plan = {.base = access->plan.base,
	    .ca = o->sts_ca,
	    .port = o->sts_port,
	    .ms = o->timeout_sts,
	    .at_once = AT_ONCE};
	const char *why;

	access->plan.fetcher = fetcher_new(&plan, &why);
	if (access->plan.fetcher != NULL)
		return EXIT_OK;
	log_error("--sts-ca %s: %s", o->sts_ca, why);
	return EXIT_DATA;
}

int
policy_access_open(
    struct policy_access *access, const struct dns_access *dns, const struct options *options)
{
	int status = EXIT_OK;

	*access = (struct policy_access){.arena = arena_new()};
	access->plan = (struct policies_plan){.base = dns->base,
	    .who = dns->who,
	    .dns_ms = options->timeout_dns,
	    .allow_private = options->allow_private};
	if (options->sts_replay != NULL)
		status = read_book(access, options->sts_replay, &access->book);
	if (status == EXIT_OK && options->sts_before != NULL)
		status = read_book(access, options->sts_before, &access->before);
	access->plan.replay = options->sts_replay != NULL ? &access->book : NULL;
	access->plan.before = options->sts_before != NULL ? &access->before : NULL;
	if (status == EXIT_OK)
		status = open_fetcher(access, options);
	if (status == EXIT_OK && options->sts_record != NULL)
		status = open_record(access, options);
	if (status == EXIT_OK)
		access->policies = policies_new(&access->plan);
	return status;
}

int
policy_access_close(struct policy_access *access)
{
	int status = EXIT_OK;

	policies_free(access->policies);
	fetcher_free(access->plan.fetcher);
	arena_free(access->arena);
	if (access->record != NULL && (ferror(access->record) | fclose(access->record)) != 0) {
		log_error("%s: %s", access->record_name, strerror(errno));
		status = EXIT_WRITE;
	}
	*access = (struct policy_access){0};
	return status;
}
