#include "options/take.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/slice.h"
#include "dns/name.h"
#include "mail/address.h"
#include "mail/message.h"
#include "options/target.h"
#include "smtp/login.h"

static bool
has_space(const char *value)
{
	return text_has_control(value) || strchr(value, ' ') != NULL;
}

static const char *
without_brackets(struct arena *arena, const char *value)
{
	size_t len = strlen(value);

	return len >= 2 && value[0] == '<' && value[len - 1] == '>'
	           ? arena_copy(arena, value + 1, len - 2)
	           : value;
}

/* As it goes on the wire: the domain in A-labels. */
static const char *
take_mailbox(struct arena *arena, const char *value, const char **mailbox)
{
	char name[NAME_TEXT];
	const char *why;
	size_t at;

	if (!address_valid(value, &at, &why))
		return arena_printf(arena, "not a mail address: %s", why);
	*mailbox = value;
	if (value[at + 1] == '[')
		return NULL;
	if (!name_normalise(value + at + 1, name, &why))
		return arena_printf(arena, "not a mail address: %s", why);
	*mailbox = arena_printf(arena, "%.*s@%s", (int)at, value, name);
	return NULL;
}

const char *
take_recipient(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *mailbox = NULL,
	           *problem = take_mailbox(arena, without_brackets(arena, value), &mailbox);

	(void)option;
	strings_add(at, arena, mailbox);
	return problem;
}

const char *
take_sender(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	value = without_brackets(arena, value);
	*(const char **)at = value;
	return *value == '\0' ? NULL : take_mailbox(arena, value, at);
}

/* What somebody else said, good or bad: it is judged, not sent. */
const char *
take_identity(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	*(const char **)at = without_brackets(arena, value);
	return text_has_control(value) ? "a control character" : NULL;
}

const char *
take_name(struct arena *arena, const struct option *option, const char *value, void *at)
{
	char name[NAME_TEXT];
	const char *why;

	(void)option;
	if (has_space(value))
		return "not a name: a space or a control character";
	if (!name_normalise(value, name, &why))
		return arena_printf(arena, "not a name: %s", why);
	*(const char **)at = arena_string(arena, name);
	return NULL;
}

/* A name or an address literal; in the case and with the dot that it was given with. */
const char *
take_helo(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *problem = *value == '[' ? NULL : take_name(arena, option, value, at);

	if (*value == '[' &&
	    (has_space(value) || value[strlen(value) - 1] != ']' || strlen(value) > 255))
		return "not an address literal";
	if (problem == NULL && text_is_ascii(value))
		*(const char **)at = value;
	return problem;
}

const char *
take_zone(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *name = NULL, *problem = take_name(arena, option, value, &name);

	strings_add(at, arena, name);
	return problem;
}

const char *
take_address(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)arena, (void)option;
	return ip_parse(at, value) ? NULL : "not an IP address";
}

const char *
take_addresses(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct addresses *list = at;
	struct ip *ip = arena_push(arena, &list->items, list->count, sizeof *ip);

	list->count++;
	return take_address(arena, option, value, ip);
}

static const char *
read_number(const char *value, long min, long max, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(value, &end, 10);
	return *value < '0' || *value > '9' || *end != '\0' || errno != 0 || *number < min ||
	               *number > max
	           ? "not in range"
	           : NULL;
}

const char *
take_port(struct arena *arena, const struct option *option, const char *value, void *at)
{
	long port;

	(void)arena, (void)option;
	if (read_number(value, 1, 65535, &port) != NULL)
		return "not a port (1 to 65535)";
	*(unsigned *)at = (unsigned)port;
	return NULL;
}

const char *
take_count(struct arena *arena, const struct option *option, const char *value, void *at)
{
	long count;

	if (read_number(value, option->min, option->max, &count) != NULL)
		return arena_printf(
		    arena, "not a number from %ld to %ld", option->min, option->max);
	*(unsigned *)at = (unsigned)count;
	return NULL;
}

/* One more, for 0 is "not given". */
const char *
take_retries(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *problem = take_count(arena, option, value, at);

	if (problem == NULL)
		++*(unsigned *)at;
	return problem;
}

const char *
take_server(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct server *server = at;
	const char *why;
	uint16_t port;

	(void)option;
	if (!target_server(value, arena, &server->host, &port, &why))
		return arena_printf(arena, "not HOST, HOST:PORT or [ADDRESS]:PORT: %s", why);
	server->port = port;
	return NULL;
}

const char *
take_servers(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct server server;
	const char *fault = take_server(arena, option, value, &server);

	if (fault == NULL)
		strings_add(at, arena, value);
	return fault;
}

/* An address of this host or another; names would have to be looked up first. */
const char *
take_filter(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct server server;
	struct ip ip;

	if (strcmp(value, "auto") != 0 &&
	    (take_server(arena, option, value, &server) != NULL || !ip_parse(&ip, server.host)))
		return "not ADDR, ADDR:PORT, [ADDR6]:PORT or auto";
	strings_add(at, arena, value);
	return NULL;
}

const char *
take_nameserver(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct server server;
	struct ip ip;

	if (take_server(arena, option, value, &server) != NULL || !ip_parse(&ip, server.host))
		return "not ADDR, ADDR:PORT or [ADDR]:PORT";
	strings_add(at, arena, value);
	return NULL;
}

const char *
take_time(struct arena *arena, const struct option *option, const char *value, void *at)
{
	static const struct {
		const char *unit;
		long ms;
	} units[] = {{"", 1000}, {"s", 1000}, {"ms", 1}, {"m", 60 * 1000}, {"h", 60 * 60 * 1000}};
	size_t digits = strspn(value, "0123456789");

	(void)arena;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		long number = digits > 0 && digits < 10 ? strtol(value, NULL, 10) : 0;

		if (strcmp(value + digits, units[i].unit) != 0 ||
		    number > option->max / units[i].ms || number * units[i].ms < option->min)
			continue;
		*(long *)at = number * units[i].ms;
		return NULL;
	}
	return "not a time from 10ms to 24h (500ms, 30s, 5m, 2h)";
}

const char *
take_pause(struct arena *arena, const struct option *option, const char *value, void *at)
{
	if (strcmp(value, "none") != 0)
		return take_time(arena, option, value, at);
	*(long *)at = 0;
	return NULL;
}

/* "30", "30/m": in a minute; "5/s": in a second. */
const char *
take_rate(struct arena *arena, const struct option *option, const char *value, void *at)
{
	static const struct {
		const char *unit;
		unsigned minute;
	} units[] = {{"", 1}, {"/m", 1}, {"/min", 1}, {"/s", 60}};
	size_t digits = strspn(value, "0123456789");
	long number = digits > 0 && digits < 10 ? strtol(value, NULL, 10) : 0;

	(void)arena;
	if (strcmp(value, "none") == 0) {
		*(unsigned *)at = RATE_NONE;
		return NULL;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (strcmp(value + digits, units[i].unit) == 0 && number >= 1 &&
		    number <= option->max / (long)units[i].minute) {
			*(unsigned *)at = (unsigned)number * units[i].minute;
			return NULL;
		}
	return "not a number in a minute from 1 to 1000000 (30), nor in a second (5/s), nor none";
}

const char *
take_timeout(struct arena *arena, const struct option *option, const char *value, void *at)
{
	if (strcmp(value, "rfc") != 0)
		return take_time(arena, option, value, at);
	*(long *)at = TIMEOUT_RFC;
	return NULL;
}

const char *
take_word(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *words = "";

	for (const struct option_word *word = option->words; word->word != NULL; word++) {
		if (slice_is(slice_of(value), word->word)) {
			memcpy(at, &word->value, sizeof word->value);
			return NULL;
		}
		if (!word->alias)
			words = arena_printf(
			    arena, "%s%s%s", words, *words != '\0' ? ", " : "", word->word);
	}
	return arena_printf(arena, "not one of %s", words);
}

/* swaks's words for a protocol and what goes with it (RFC 3848) say several things at once. */
const char *
take_protocol(struct arena *arena, const struct option *option, const char *value, void *at)
{
	static const struct {
		const char *word, *instead;
	} others[] = {{"ssmtp", "--tls-on-connect"}, {"smtps", "--tls-on-connect"},
	    {"ssmtpa", "--tls-on-connect and --auth any"}, {"esmtpa", "--auth any"},
	    {"esmtps", "--tls"}, {"esmtpsa", "--tls and --auth any"},
	    {"lmtpa", "--protocol lmtp and --auth any"}, {"lmtps", "--protocol lmtp and --tls"},
	    {"lmtpsa", "--protocol lmtp, --tls and --auth any"}};

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (slice_is(slice_of(value), others[i].word))
			return arena_printf(arena, "write %s", others[i].instead);
	return take_word(arena, option, value, at);
}

/* swaks's words are in upper case, where CONNECT is behind the banner. */
const char *
take_depth(struct arena *arena, const struct option *option, const char *value, void *at)
{
	if (strcmp(value, "CONNECT") == 0)
		value = "greeting";
	if (slice_is(slice_of(value), "xclient"))
		return "mxwalk speaks for itself: no XCLIENT";
	if (slice_is(slice_of(value), "dot"))
		return "to the end of the message: message";
	return take_word(arena, option, value, at);
}

const char *
take_file(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)arena, (void)option;
	*(const char **)at = value;
	return NULL;
}

const char *
take_files(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	strings_add(at, arena, value);
	return NULL;
}

/* "accepted,refused" */
const char *
take_words(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct slice rest = slice_of(value), word;

	(void)option;
	while (slice_part(&rest, ',', &word)) {
		if (slice_trim(word).len == 0)
			return "a word is missing";
		strings_add(at, arena, slice_copy(slice_trim(word), arena));
	}
	return NULL;
}

/* swaks wants an '@' before the file, we do not: both are taken. */
const char *
take_attachment(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct attachments *all = at;

	if (*value == '@')
		value++;
	(void)option;
	if (*value == '\0')
		return "no file is named";
	*(struct attachment *)arena_push(arena, &all->items, all->count++, sizeof *all->items) =
	    (struct attachment){.file = value, .name = all->name, .type = all->type};
	all->name = NULL;
	return NULL;
}

/* As in swaks: a type is that of one such text, and a name that of none. */
const char *
take_attach_body(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct attachments *all = at;
	struct attached_body body = {.type = all->type != NULL ? all->type : "text/plain"};
	const char *problem = take_content(arena, option, value, &body.content);

	if (problem == NULL && !slice_begins(slice_of(body.type), "text/"))
		problem = "the type before it (--attach-type) is that of no text";
	*(struct attached_body *)arena_push(
	    arena, &all->bodies, all->body_count++, sizeof *all->bodies) = body;
	all->name = all->type = NULL;
	return problem;
}

/* As in swaks: of the next attachment … */
const char *
take_attach_name(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)arena, (void)option;
	((struct attachments *)at)->name = value;
	return text_has_control(value) ? "a control character" : NULL;
}

/* … and of all that follow. */
const char *
take_attach_type(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *slash = strchr(value, '/');

	(void)arena, (void)option;
	((struct attachments *)at)->type = value;
	return slash == NULL || slash == value || slash[1] == '\0' || text_has_control(value)
	           ? "not a type such as text/plain"
	           : NULL;
}

/* A literal "\n" is a line end, as in swaks. */
static const char *
with_line_ends(struct arena *arena, const char *value)
{
	char *copy = arena_string(arena, value), *to = copy;

	for (const char *from = value; *from != '\0'; from++)
		if (from[0] == '\\' && from[1] == 'n') {
			*to++ = '\n';
			from++;
		} else {
			*to++ = *from;
		}
	*to = '\0';
	return copy;
}

/* "@FILE" and "-" are read, "@@text" is "@text" (as in swaks). */
static const char *
read_content(struct arena *arena, const char *value, struct content *content)
{
	*content = (struct content){0};
	if (strcmp(value, "-") == 0)
		content->file = value;
	else if (value[0] != '@')
		content->text = with_line_ends(arena, value);
	else if (value[1] == '@')
		content->text = with_line_ends(arena, value + 1);
	else if (value[1] == '\0')
		return "no file is named";
	else
		content->file = value + 1;
	return NULL;
}

static bool
looks_like_path(const char *value)
{
	struct slice path = slice_of(value);

	return path.len > 2 && (*value == '/' || slice_begins(path, "./") ||
	                           slice_begins(path, "../") || slice_begins(path, "~/"));
}

/* swaks reads a file that is named without an '@', too: nobody is to send its name instead. */
const char *
take_content(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct content *content = at;
	struct stat st;
	const char *problem = read_content(arena, value, content), *unread;

	(void)option;
	if (problem != NULL || content->text == NULL ||
	    content->text[strcspn(value, " \t\n")] != '\0')
		return problem;
	if (*value == '@' || *value == '-')
		return NULL;
	if (stat(value, &st) != 0)
		return looks_like_path(value) ? arena_printf(arena,
		                                    "it looks like a file (%s): @%s sends what is "
		                                    "in it, %s\\n the name",
		                                    strerror(errno), value, value)
		                              : NULL;
	if (!S_ISREG(st.st_mode))
		return NULL;
	unread = access(value, R_OK) != 0 ? arena_printf(arena, " (%s)", strerror(errno)) : "";
	return arena_printf(arena,
	    "there is a file of that name: @%s sends what is in it%s, %s\\n the name", value,
	    unread, value);
}

const char *
take_message(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct content *content = at;
	const char *problem = read_content(arena, value, content);

	(void)option;
	if (problem == NULL && content->text != NULL && strpbrk(content->text, ":\n") == NULL)
		return "no message: it has no header field (a file is named with an @: @FILE)";
	return problem;
}

static const char *
take_field(struct arena *arena, const char *value, struct strings *fields)
{
	const char *colon = strchr(value, ':');

	if (text_has_control(value))
		return "a control character";
	if (colon == NULL || colon == value)
		return "not a header line (\"Name: value\")";
	for (const char *s = value; s < colon; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return "not a header name before the colon";
	strings_add(fields, arena, value);
	return NULL;
}

/* One field, or several with a literal "\n" between. */
const char *
take_header(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *problem = NULL, *cut;

	(void)option;
	while (problem == NULL && (cut = strstr(value, "\\n")) != NULL) {
		problem = take_field(arena, arena_copy(arena, value, (size_t)(cut - value)), at);
		value = cut + 2;
	}
	return problem != NULL ? problem : take_field(arena, value, at);
}

/* "tlsv1_2,tlsv1_3", or "no_tlsv1"; as in swaks not both. SSL is never spoken. */
const char *
take_versions(struct arena *arena, const struct option *option, const char *value, void *at)
{
	static const struct {
		const char *name;
		unsigned bit;
	} versions[] = {{"sslv2", 0}, {"sslv3", 0}, {"tlsv1", VERSION_TLS10},
	    {"tlsv1_1", VERSION_TLS11}, {"tlsv1_2", VERSION_TLS12}, {"tlsv1_3", VERSION_TLS13}};
	struct slice rest = slice_of(value), word;
	unsigned bits = 0, without = 0, count = 0;

	(void)arena, (void)option;
	while (slice_part(&rest, ',', &word)) {
		bool no = slice_begins(word, "no_");
		size_t i = 0;

		word = slice_from(word, no ? 3 : 0);
		while (i < sizeof versions / sizeof *versions && !slice_is(word, versions[i].name))
			i++;
		if (i == sizeof versions / sizeof *versions || (!no && versions[i].bit == 0))
			return "not of tlsv1, tlsv1_1, tlsv1_2, tlsv1_3, nor of these with no_ "
			       "before them";
		count++;
		without += no;
		bits |= versions[i].bit;
	}
	if (without > 0 && without < count)
		return "either what may be spoken, or what may not (no_...)";
	if (without > 0)
		bits = VERSION_ALL & ~bits;
	*(unsigned *)at = bits;
	if (bits == 0)
		return "that leaves none";
	/* One run of bits: a ClientHello cannot say otherwise. */
	return ((bits | (bits - 1)) & ((bits | (bits - 1)) + 1)) == 0
	           ? NULL
	           : "a version in the middle cannot be left out";
}

/* "any", or "plain,login"; 0: it is neither. EXTERNAL only by its name. */
static unsigned
mechanisms_of(struct slice names)
{
	unsigned mechanisms = 0;
	struct slice one;

	if (slice_is(names, "any"))
		return (1u << MECHANISM_EXTERNAL) - 1;
	while (slice_part(&names, ',', &one)) {
		enum login_mechanism m = mechanism_find(slice_trim(one));

		if (m == MECHANISM_NONE)
			return 0;
		mechanisms |= 1u << m;
	}
	return mechanisms;
}

const char *
take_mechanisms(struct arena *arena, const struct option *option, const char *value, void *at)
{
	unsigned mechanisms = mechanisms_of(slice_of(value));
	const char *names = "any";

	(void)option;
	*(unsigned *)at = mechanisms;
	for (int m = 0; m < MECHANISM_COUNT && mechanisms == 0; m++)
		names =
		    arena_printf(arena, "%s, %s", names, mechanism_name((enum login_mechanism)m));
	return mechanisms != 0
	           ? NULL
	           : arena_printf(arena, "not one of %s, nor some with commas between", names);
}

/* Kept with 1 added. */
const char *
take_descriptor(struct arena *arena, const struct option *option, const char *value, void *at)
{
	unsigned long number;

	(void)arena, (void)option;
	if (!slice_number(slice_of(value), 65535, &number) || number == 1 || number == 2)
		return "not a descriptor that is open for reading (0, or 3 and above)";
	*(unsigned *)at = (unsigned)number + 1;
	return NULL;
}

/* A path may have as many octets as fit into an address (unix(7)). */
const char *
take_socket(struct arena *arena, const struct option *option, const char *value, void *at)
{
	enum { PATH_OCTETS = 107 };

	(void)option;
	*(const char **)at =
	    strchr(value, '/') != NULL ? value : arena_printf(arena, "./%s", value);
	return strlen(*(const char **)at) <= PATH_OCTETS
	           ? NULL
	           : "the path of a socket has at most 107 octets";
}

/* swaks's "<>" is the empty name. */
const char *
take_user(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)arena, (void)option;
	if (text_has_control(value) || strlen(value) > LOGIN_SECRET_MAX / 8)
		return "not a name: it has a control character, or over 1024 octets";
	*(const char **)at = strcmp(value, "<>") == 0 ? "" : value;
	return NULL;
}

/* "success,failure": each once; "never" alone (RFC 3461 section 4.1). */
const char *
take_dsn_notify(struct arena *arena, const struct option *option, const char *value, void *at)
{
	static const char *const words[] = {"NEVER", "SUCCESS", "FAILURE", "DELAY"};
	static const char expected[] = "not \"never\", nor a list of success, failure and delay";
	struct slice rest = slice_of(value), one;
	unsigned seen = 0;
	const char *out = "";

	(void)option;
	while (slice_part(&rest, ',', &one)) {
		unsigned i = 0;

		while (i < 4 && !slice_is(one, words[i]))
			i++;
		if (i == 4 || (seen & 1u << i) != 0)
			return expected;
		seen |= 1u << i;
		out = arena_printf(arena, "%s%s%s", out, *out != '\0' ? "," : "", words[i]);
	}
	if (seen == 0 || (seen & 1) != 0 ? seen != 1 : value[strlen(value) - 1] == ',')
		return expected;
	*(const char **)at = out;
	return NULL;
}

const char *
take_dsn_ret(struct arena *arena, const struct option *option, const char *value, void *at)
{
	bool full = slice_is(slice_of(value), "full");

	(void)arena, (void)option;
	if (!full && !slice_is(slice_of(value), "hdrs"))
		return "not one of full, hdrs";
	*(const char **)at = full ? "FULL" : "HDRS";
	return NULL;
}

/* As xtext (RFC 3461 section 4): "+", "=" and blanks are +XX. NULL: it cannot be written so. */
static const char *
xtext(struct arena *arena, const char *value)
{
	const char *out = "";

	for (const char *p = value; *p != '\0'; p++) {
		if (*p < ' ' || *p > '~')
			return NULL;
		out = arena_printf(arena, *p == '+' || *p == '=' || *p == ' ' ? "%s+%02X" : "%s%c",
		    out, (unsigned)(unsigned char)*p);
	}
	return out;
}

const char *
take_dsn_envid(struct arena *arena, const struct option *option, const char *value, void *at)
{
	enum { ENVID_MAX = 100 }; /* section 4.4 */
	const char *out = xtext(arena, value);

	(void)option;
	if (out == NULL)
		return "something other than printable ASCII stands in it";
	if (strlen(out) > ENVID_MAX)
		return "longer than 100 characters, as it goes out";
	*(const char **)at = out;
	return NULL;
}

/* An address of mail, to be repeated as it is: nobody sends to it. */
const char *
take_dsn_orcpt(struct arena *arena, const struct option *option, const char *value, void *at)
{
	enum { ORCPT_MAX = 500 }; /* section 4.2 */
	const char *out = xtext(arena, value), *why;
	size_t place;

	(void)option;
	if (!address_valid(value, &place, &why))
		return arena_printf(arena, "not an address: %s", why);
	if (out == NULL)
		return "something other than printable ASCII stands in it";
	*(const char **)at = arena_printf(arena, "rfc822;%s", out);
	return strlen(*(const char **)at) > ORCPT_MAX ? "longer than 500 characters" : NULL;
}

static struct pair *
add_pair(struct arena *arena, struct pairs *pairs, const char *value)
{
	const char *equals = strchr(value, '=');
	struct pair *pair;

	if (equals == NULL || equals == value || equals[1] == '\0' || has_space(value))
		return NULL;
	pair = arena_push(arena, &pairs->items, pairs->count, sizeof *pair);
	pairs->count++;
	pair->name = arena_copy(arena, value, (size_t)(equals - value));
	pair->value = equals + 1;
	return pair;
}

const char *
take_key(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct pair *pair = add_pair(arena, at, value);

	return pair == NULL || take_name(arena, option, pair->name, &pair->name) != NULL
	           ? "not ZONE=KEY"
	           : NULL;
}

const char *
take_result(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct pair *pair = add_pair(arena, at, value);
	char *lower;

	(void)option;
	if (pair == NULL)
		return "not DOMAIN=RESULT";
	pair->value = lower = arena_string(arena, pair->value);
	for (; *lower != '\0'; lower++)
		*lower = to_lower(*lower);
	return NULL;
}

/* The three parts of a triple come in any order; one that the last triple has already begins the
 * next. */
static void
add_signer_part(struct arena *arena, struct signers *signers, size_t part, const char *value)
{
	char *last = signers->count > 0 ? (char *)&signers->items[signers->count - 1] : NULL;

	if (last == NULL || *(const char **)(void *)(last + part) != NULL) {
		last = arena_push(arena, &signers->items, signers->count, sizeof *signers->items);
		signers->count++;
	}
	*(const char **)(void *)(last + part) = value;
}

const char *
take_dkim_file(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	add_signer_part(arena, at, offsetof(struct signer, file), value);
	return NULL;
}

const char *
take_dkim_selector(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *name = NULL, *problem = take_name(arena, option, value, &name);

	add_signer_part(arena, at, offsetof(struct signer, selector), name);
	return problem;
}

const char *
take_dkim_domain(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *name = NULL, *problem = take_name(arena, option, value, &name);

	add_signer_part(arena, at, offsetof(struct signer, domain), name);
	return problem;
}

const char *
take_range(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)arena;
	(void)option;
	return range_parse(at, value) ? NULL : "not a range (10, 10:, ~:10, 10:20, @10:20, 5%)";
}

/* "14" means that fewer are an alarm. */
const char *
take_days(struct arena *arena, const struct option *option, const char *value, void *at)
{
	bool alone = value[strspn(value, "0123456789")] == '\0';

	return take_range(arena, option, alone ? arena_printf(arena, "%s:", value) : value, at);
}

/* "25%", "25" */
const char *
take_percent(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct slice text = slice_of(value);
	unsigned long number;

	(void)arena;
	(void)option;
	if (slice_ends(text, "%"))
		text.len--;
	if (!slice_number(text, 100, &number))
		return "not a share (0% to 100%)";
	*(unsigned *)at = (unsigned)number;
	return NULL;
}

/* ---- addresses by the range */

enum { RANGE_MAX = 256 }; /* addresses: a /24 */

static bool
next_ip(struct ip *ip)
{
	for (size_t i = ip->family == 6 ? 16 : 4; i-- > 0;)
		if (++ip->bytes[i] != 0)
			return true;
	return false;
}

static const char *
add_from_to(struct addresses *addresses, struct ip ip, const struct ip *last, struct arena *arena)
{
	for (size_t n = 0; n < RANGE_MAX; n++) {
		*(struct ip *)arena_push(arena, &addresses->items, addresses->count++, sizeof ip) =
		    ip;
		if (ip_equal(&ip, last))
			return NULL;
		if (!next_ip(&ip))
			break;
	}
	return "not a range of at most 256 addresses, from the lower to the higher";
}

/* The last address of a network; false: it has more than 256, or is none. */
static bool
end_of_net(const struct ip *ip, const char *length, struct ip *last)
{
	unsigned bits = ip->family == 6 ? 128 : 32;
	unsigned long prefix;

	*last = *ip;
	if (!slice_number(slice_of(length), bits, &prefix) || bits - prefix > 8)
		return false;
	for (unsigned i = (unsigned)prefix; i < bits; i++) {
		unsigned char bit = (unsigned char)(0x80 >> i % 8);

		if ((ip->bytes[i / 8] & bit) != 0)
			return false;
		last->bytes[i / 8] |= bit;
	}
	return true;
}

/* The last address of a range: whole, or, of IPv4, its last number alone ("192.0.2.1-9"). */
static bool
end_of_range(const struct ip *ip, const char *words, struct ip *last)
{
	unsigned long number;

	if (ip->family == 4 && slice_number(slice_of(words), 255, &number)) {
		*last = *ip;
		last->bytes[3] = (unsigned char)number;
		return true;
	}
	return ip_parse(last, words) && last->family == ip->family;
}

const char *
addresses_add(struct addresses *addresses, const char *text, struct arena *arena)
{
	const char *mark = text + strcspn(text, "/-");
	char *first = arena_copy(arena, text, (size_t)(mark - text));
	struct ip ip, last;

	if (!ip_parse(&ip, first))
		return "not an IP address";
	if (*mark == '\0')
		return add_from_to(addresses, ip, &ip, arena);
	if (*mark == '/')
		return end_of_net(&ip, mark + 1, &last) ? add_from_to(addresses, ip, &last, arena)
		                                        : "not a network of at most 256 addresses";
	if (!end_of_range(&ip, mark + 1, &last))
		return "not a range of addresses (192.0.2.1-192.0.2.9, 192.0.2.1-9)";
	return add_from_to(addresses, ip, &last, arena);
}

const char *
take_ranges(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	return addresses_add(at, value, arena);
}
