#include "command/sources.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "command/output.h"
#include "dns/book.h"
#include "dns/name.h"
#include "dns/public.h"
#include "evidence/blocklist.h"
#include "io/loop.h"
#include "io/nameserver.h"
#include "io/resolver.h"
#include "judge/remedies.h"
#include "rules/builtin.h"
#include "rules/rules.h"

enum {
	DATA_FILE_MAX = 8 * 1024 * 1024,
	BOOK_LINE_MAX = 1024 * 1024,
	ANSWER_LINE_MAX = 2 * NAME_TEXT
};

char *
file_read(const char *name, size_t max, size_t *len)
{
	bool standard = strcmp(name, "-") == 0;
	FILE *file = standard ? stdin : fopen(name, "re");
	struct buf bytes;
	char piece[65536], *copy;
	size_t n;

	if (standard)
		name = "standard input";
	if (file == NULL) {
		log_error("%s: %s", name, strerror(errno));
		return NULL;
	}
	buf_init(&bytes, max);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0 && !bytes.full)
		buf_add(&bytes, piece, n);
	if (ferror(file))
		log_error("%s: %s", name, strerror(errno));
	else if (bytes.full)
		log_error("%s: over %zu octets", name, max);
	n = (size_t)(ferror(file) || bytes.full);
	if (!standard)
		fclose(file);
	copy = must_alloc(bytes.len + 1);
	memcpy(copy, bytes.data, bytes.len);
	*len = bytes.len;
	buf_release(&bytes);
	if (n == 0)
		return copy;
	free(copy);
	return NULL;
}

char *
file_unpack(const char *name, enum input_want want, size_t max, size_t *len)
{
	struct input *input = input_open(name, want);
	enum input_state state = INPUT_BROKEN;
	struct slice piece;
	struct buf bytes;
	char *copy = NULL;

	if (input == NULL) {
		log_error("%s: %s", name, strerror(errno));
		return NULL;
	}
	buf_init(&bytes, max);
	while (!bytes.full && (state = input_piece(input, &piece)) <= INPUT_WAIT)
		state == INPUT_SOME ? buf_add(&bytes, piece.at, piece.len) : input_wait(input);
	if (bytes.full)
		log_error("%s: over %zu octets", input_name(input), max);
	else if (state == INPUT_BROKEN)
		log_error("%s: %s", input_name(input), input_why(input));
	else {
		copy = must_alloc(bytes.len + 1);
		memcpy(copy, bytes.data, bytes.len);
		*len = bytes.len;
	}
	buf_release(&bytes);
	input_close(input);
	return copy;
}

static bool
add_list_file(struct lists *lists, const char *name)
{
	struct stanza_error error;
	size_t len;
	char *text = file_read(name, DATA_FILE_MAX, &len);
	bool good;

	if (text == NULL)
		return false;
	good = lists_add(lists, text, len, &error);
	if (!good)
		log_error("%s:%u: %s", name, error.line, error.reason);
	free(text);
	return good;
}

/* ZONE=KEY, one a line, # comments. The key is never shown, not even in an error. */
static bool
add_key_file(struct lists *lists, const char *name)
{
	size_t len;
	char *text = file_read(name, DATA_FILE_MAX, &len), *line, *next;
	unsigned number = 0;
	bool good = true;

	if (text == NULL)
		return false;
	for (line = text; good && line != NULL && *line != '\0'; line = next) {
		char *equals;

		number++;
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		line[strcspn(line, "\r")] = '\0';
		if (*line == '#' || line[strspn(line, " \t")] == '\0')
			continue;
		equals = strchr(line, '=');
		if (equals == NULL || equals == line || equals[1] == '\0') {
			log_error("%s:%u: expected ZONE=KEY", name, number);
			good = false;
			continue;
		}
		*equals = '\0';
		good = lists_key(lists, line, equals + 1);
		if (!good)
			log_error(
			    "%s:%u: %s: no list of that name takes a key", name, number, line);
	}
	free(text);
	return good;
}

static int
fill_lists(struct lists *lists, const struct options *options)
{
	struct stanza_error error;

	if (!lists_add(lists, data_lists, data_lists_size, &error)) {
		log_error("built-in lists, line %u: %s", error.line, error.reason);
		return EXIT_INTERNAL;
	}
	for (size_t i = 0; i < options->lists.count; i++)
		if (!add_list_file(lists, options->lists.items[i]))
			return EXIT_DATA;
	for (size_t i = 0; i < options->no_lists.count; i++)
		if (!lists_drop(lists, options->no_lists.items[i])) {
			log_error("--no-list %s: no list of that name", options->no_lists.items[i]);
			return EXIT_USAGE;
		}
	for (size_t i = 0; i < options->list_keys.count; i++)
		if (!lists_key(lists, options->list_keys.items[i].name,
		        options->list_keys.items[i].value)) {
			log_error("--dnsbl-key %s=…: no list of that name takes a key",
			    options->list_keys.items[i].name);
			return EXIT_USAGE;
		}
	if (options->list_key_file != NULL && !add_key_file(lists, options->list_key_file))
		return EXIT_DATA;
	if (options->dns_replay != NULL)
		lists_replay(lists);
	return EXIT_OK;
}

struct lists *
lists_open(const struct options *options, int *status)
{
	struct lists *lists = lists_new();

	*status = fill_lists(lists, options);
	if (*status == EXIT_OK)
		return lists;
	lists_free(lists);
	return NULL;
}

/* A file of --rules has both. */
static bool
add_rules(struct rulebook *rulebook, const char *name)
{
	struct stanza_error error;
	size_t len;
	char *text = file_read(name, DATA_FILE_MAX, &len);
	bool good = text != NULL;

	if (good && !(rules_add(rulebook->rules, text, len, &error) &&
	                remedies_add(rulebook->remedies, text, len, &error))) {
		log_error("%s:%u: %s", name, error.line, error.reason);
		good = false;
	}
	free(text);
	return good;
}

int
rulebook_open(struct rulebook *rulebook, const struct options *options, const struct lists *lists)
{
	struct stanza_error error;

	*rulebook = (struct rulebook){.rules = rules_builtin(lists), .remedies = remedies_new()};
	if (options->command == COMMAND_EXPLAIN)
		rulebook->verdicts = rules_verdicts(lists);
	if (!remedies_add_builtin(rulebook->remedies, &error)) {
		log_error("built-in remedies, line %u: %s", error.line, error.reason);
		return EXIT_INTERNAL;
	}
	for (size_t i = 0; i < options->rules.count; i++)
		if (!add_rules(rulebook, options->rules.items[i]))
			return EXIT_DATA;
	return EXIT_OK;
}

void
rulebook_close(struct rulebook *rulebook)
{
	rules_free(rulebook->rules);
	rules_free(rulebook->verdicts);
	remedies_free(rulebook->remedies);
}

static struct book *
read_book(const char *name)
{
	size_t len;
	char *text = file_read(name, DATA_FILE_MAX * 32, &len), *end, *line, *newline;
	struct book *book;
	unsigned number = 0;
	char reason[200];

	if (text == NULL)
		return NULL;
	book = book_new();
	book_close(book);
	end = text + len;
	for (line = text; line < end; line = newline + 1) {
		number++;
		newline = memchr(line, '\n', (size_t)(end - line));
		if (newline == NULL)
			newline = end;
		if (line[strspn(line, " \t\r")] == '\n' || newline == line)
			continue;
		if (book_read_line(book, line, (size_t)(newline - line), reason, sizeof reason))
			continue;
		log_error("%s:%u: %s", name, number, reason);
		book_free(book);
		book = NULL;
		break;
	}
	free(text);
	return book;
}

/* The name asked with a key, as it would be without: a book may be shown around, and replays
 * without any key. */
static const char *
without_key(const struct dns_access *dns, const char *name, char hidden[NAME_TEXT])
{
	const struct list *list = lists_asked(dns->lists, name);
	size_t len = strlen(name), tail;

	if (list == NULL || list->key == NULL)
		return name;
	tail = strlen(list->key_asked);
	snprintf(hidden, NAME_TEXT, "%.*s%s", (int)(len > tail ? len - tail : 0), name, list->zone);
	return hidden;
}

/* Whatever an answer quotes: a list may repeat the question in its text, or send on to a name that
 * has the key. Keys are labels, so a line of JSON stays one. */
static void
hide_keys(const struct dns_access *dns, struct buf *line)
{
	for (size_t i = 0; i < lists_count(dns->lists); i++) {
		const char *key = lists_at(dns->lists, i)->key;
		size_t len = key != NULL ? strlen(key) : 0;

		for (char *at = line->data; len > 0 && *at != '\0'; at++)
			if (strncasecmp(at, key, len) == 0)
				memset(at, '*', len);
	}
}

static void
write_answer(const struct answer *answer, void *arg)
{
	struct dns_access *dns = arg;
	char name[NAME_TEXT], canonical[NAME_TEXT];
	struct answer shown = *answer;
	struct buf line;

	if (*answer->name == '\0' && answer->type == DNS_NS) /* the control question */
		return;
	shown.name = without_key(dns, answer->name, name);
	if (answer->canonical != NULL)
		shown.canonical = without_key(dns, answer->canonical, canonical);
	buf_init(&line, BOOK_LINE_MAX);
	book_write_line(&shown, &line);
	hide_keys(dns, &line);
	fwrite(line.data, 1, line.len, dns->record);
	buf_release(&line);
}

void
dns_tell_answers(const struct dns_access *dns, const struct book *book,
    const struct text_style *style, struct buf *out)
{
	struct buf line;

	buf_init(&line, ANSWER_LINE_MAX);
	for (size_t i = 0; i < book_used(book); i++) {
		const struct answer *answer = book_use(book, i);
		char name[NAME_TEXT];

		buf_clear(&line);
		buf_printf(&line, "%s %s: %s, %zu record%s, for %u s, said %s",
		    dns_type_name(answer->type), without_key(dns, answer->name, name),
		    dns_rcode_name(answer->rcode), answer->count, answer->count == 1 ? "" : "s",
		    answer->ttl, answer->server != NULL ? answer->server : "nobody");
		text_field(out, style, "look-up", line.data);
	}
	buf_release(&line);
}

static bool
below_a_list(const char *name, void *arg)
{
	return lists_asked(arg, name) != NULL;
}

static int
open_resolvers(struct dns_access *dns, const struct options *options)
{
	const char *why;
	struct book *book;

	if (options->dns_replay != NULL) {
		book = read_book(options->dns_replay);
		if (book == NULL)
			return EXIT_DATA;
		dns->resolver = resolver_replay(dns->base, book);
		resolver_limit(dns->resolver, 0, options->cache_size);
		return EXIT_OK;
	}
	dns->resolver =
	    resolver_new(dns->base, options->nameservers.items, options->nameservers.count, &why);
	if (dns->resolver == NULL) {
		log_error("%s: %s",
		    options->nameservers.count > 0 ? "--nameserver" : "/etc/resolv.conf", why);
		return EXIT_USAGE;
	}
	resolver_limit(dns->resolver, options->dns_concurrency, options->cache_size);
	if (options->list_nameservers.count == 0)
		return EXIT_OK;
	dns->list_resolver = resolver_new(
	    dns->base, options->list_nameservers.items, options->list_nameservers.count, &why);
	if (dns->list_resolver == NULL) {
		log_error("--dnsbl-nameserver: %s", why);
		return EXIT_USAGE;
	}
	resolver_limit(dns->list_resolver, options->dns_concurrency, options->cache_size);
	return EXIT_OK;
}

static int
open_record(struct dns_access *dns, const struct options *options)
{
	int fd;

	if (options->dns_record == NULL)
		return EXIT_OK;
	dns->record_name = options->dns_record;
	fd = output_create(dns->record_name, options->force);
	dns->record = fd >= 0 ? fdopen(fd, "w") : NULL;
	if (dns->record == NULL)
		return EXIT_CREATE;
	resolver_on_answer(dns->resolver, write_answer, dns);
	if (dns->list_resolver != NULL)
		resolver_on_answer(dns->list_resolver, write_answer, dns);
	return EXIT_OK;
}

int
dns_open(struct dns_access *dns, const struct options *options)
{
	int status;

	*dns = (struct dns_access){.base = loop_new(), .options = options};
	dns->lists = lists_open(options, &status);
	if (status == EXIT_OK)
		status = open_resolvers(dns, options);
	if (status == EXIT_OK)
		status = open_record(dns, options);
	dns->who = (struct consult_who){.resolver = dns->resolver,
	    .lists = dns->list_resolver,
	    .is_list = below_a_list,
	    .arg = dns->lists};
	return status;
}

int
dns_status(const struct dns_access *dns, int status)
{
	return status == EXIT_UNDETERMINED && resolver_error(dns->resolver) != 0 ? EXIT_LOCAL
	                                                                         : status;
}

int
dns_close(struct dns_access *dns)
{
	int status = EXIT_OK;

	resolver_free(dns->resolver);
	resolver_free(dns->list_resolver);
	lists_free(dns->lists);
	loop_free(dns->base);
	if (dns->record != NULL && (ferror(dns->record) | fclose(dns->record)) != 0) {
		log_error("%s: %s", dns->record_name, strerror(errno));
		status = EXIT_WRITE;
	}
	return status;
}

static bool
is_public(const char *server)
{
	struct nameserver_address address;
	unsigned line;

	return nameserver_parse(server, &address) &&
	       public_resolver(data_resolvers, data_resolvers_size, &address.ip, &line);
}

const char *
dns_public_resolver(const struct dns_access *dns)
{
	const struct resolver *resolver =
	    dns->list_resolver != NULL ? dns->list_resolver : dns->resolver;

	for (size_t i = 0; i < resolver_servers(resolver); i++)
		if (is_public(resolver_server(resolver, i)))
			return resolver_server(resolver, i);
	return NULL;
}

/* ---- whose resolver */

/* Without any there the library asks this machine. */
static bool
names_nameserver(void)
{
	FILE *file = fopen("/etc/resolv.conf", "re");
	char line[1024];
	bool any = false;

	while (file != NULL && !any && fgets(line, sizeof line, file) != NULL)
		any = strncmp(line + strspn(line, " \t"), "nameserver", strlen("nameserver")) == 0;
	if (file != NULL)
		fclose(file);
	return any;
}

const char *
dns_origin(const struct dns_access *dns, struct arena *arena)
{
	const struct options *options = dns->options;

	if (options->nameservers.count > 0)
		return options->nameserver_file != NULL
		           ? arena_printf(arena, "nameserver, in %s", options->nameserver_file)
		           : "--nameserver";
	return names_nameserver() ? "this host's own, by /etc/resolv.conf"
	                          : "this host's own: /etc/resolv.conf names no other";
}

const char *
dns_whose(const struct dns_access *dns, struct arena *arena)
{
	return arena_printf(
	    arena, "%s (%s)", resolver_names(dns->resolver, arena), dns_origin(dns, arena));
}

bool
dns_is_dead(struct dns_access *dns)
{
	struct book *book;

	if (resolver_servers(dns->resolver) == 0 || resolver_counts(dns->resolver).answered > 0 ||
	    resolver_counts(dns->resolver).asked == 0)
		return false;
	if (!dns->controlled) {
		book = book_new();
		dns_consult(dns, book, consult_control, NULL, CONSULT_CONTROL_MS);
		book_free(book);
		dns->controlled = true;
	}
	return resolver_counts(dns->resolver).answered == 0;
}

void
dns_warn_if_dead(struct dns_access *dns)
{
	struct arena *arena;

	if (!dns_is_dead(dns))
		return;
	arena = arena_new();
	log_warn("no name server has answered anything: %s; what is not known is no fault of the "
	         "domain",
	    dns_whose(dns, arena));
	arena_free(arena);
}

/* ---- waiting */

enum { LIFE_MS = 1000 }; /* of blank terminal at most */

struct sitting { /* who waits */
	struct dns_access *dns;
	struct arena *arena; /* NULL: nobody watches */
	struct event *life;
	int64_t end; /* loop_ms */
	size_t open; /* cases */
};

struct seat {
	struct sitting *sitting;
	struct dns_case *about;
	consult_step *step;
};

/* Nobody is to sit before a terminal that says nothing. */
static void
show_life(int fd, short what, void *arg)
{
	const struct sitting *sitting = arg;
	const struct resolver *resolver = sitting->dns->resolver;
	struct resolver_counts counts = resolver_counts(resolver);
	long long left = (sitting->end - loop_ms() + 999) / 1000;
	char line[200];

	(void)fd, (void)what;
	snprintf(line, sizeof line,
	    "waiting for the DNS: %lu of %lu questions answered by %s; %lld s left",
	    counts.answered, counts.asked, dns_whose(sitting->dns, sitting->arena),
	    left > 0 ? left : 0);
	log_progress(line);
	arena_reset(sitting->arena);
}

static void
watch(struct sitting *sitting)
{
	static const struct timeval interval = {.tv_sec = LIFE_MS / 1000};

	if (sitting->dns->options->quiet || !isatty(STDERR_FILENO) ||
	    resolver_servers(sitting->dns->resolver) == 0)
		return;
	sitting->arena = arena_new();
	sitting->life = loop_event(sitting->dns->base, -1, EV_PERSIST, show_life, sitting);
	event_add(sitting->life, &interval);
}

static void
end_watch(struct sitting *sitting)
{
	if (sitting->life == NULL)
		return;
	event_free(sitting->life);
	arena_free(sitting->arena);
	log_progress(NULL);
}

static bool
seat_step(struct book *book, void *arg)
{
	struct seat *seat = arg;

	return seat->step(book, seat->about->arg);
}

static void
seat_over(bool complete, void *arg)
{
	struct seat *seat = arg;

	seat->about->complete = complete;
	if (--seat->sitting->open == 0)
		loop_stop(seat->sitting->dns->base);
}

void
dns_consult_all(
    struct dns_access *dns, struct dns_case *cases, size_t count, consult_step *step, long ms)
{
	struct sitting sitting = {.dns = dns, .end = loop_ms() + ms, .open = count};
	struct seat *seats = must_alloc(count * sizeof *seats);

	watch(&sitting);
	for (size_t i = 0; i < count; i++) {
		seats[i] = (struct seat){&sitting, &cases[i], step};
		consult_start(
		    dns->base, &dns->who, cases[i].book, seat_step, seat_over, &seats[i], ms);
	}
	while (sitting.open > 0)
		loop_run(dns->base);
	end_watch(&sitting);
	free(seats);
}

bool
dns_consult(struct dns_access *dns, struct book *book, consult_step *step, void *arg, long ms)
{
	struct dns_case one = {.book = book, .arg = arg};

	dns_consult_all(dns, &one, 1, step, ms);
	return one.complete;
}
