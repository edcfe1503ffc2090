/* The table of options comes first, then what a value may be is checked by a small function a type,
 * then the two readers: of arguments and of a file. */
#include "options/options.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "dns/name.h"
#include "mail/message.h"
#include "options/target.h"

enum { CONFIG_MAX = 1024 * 1024, SHOWN_MAX = 80 }; /* octets */

static option_take take_recipient, take_sender, take_identity, take_helo, take_address,
    take_addresses, take_server, take_nameserver, take_port, take_count, take_time, take_timeout,
    take_word, take_file, take_files, take_content, take_attachment, take_header, take_zone,
    take_key, take_result, take_dkim_file, take_dkim_selector, take_dkim_domain, take_name;

const struct command_row commands[COMMAND_COUNT] = {
    [COMMAND_PROBE] = {"probe", "[OPTION...] TARGET...",
        "walk the mail exchangers of each target and say why mail is refused", 0, SIZE_MAX, false},
    [COMMAND_SELF] = {"self", "[OPTION...]",
        "judge the sender alone, by DNS: blocklists, PTR, HELO, SPF, DKIM, DMARC", 0, 0, false},
    [COMMAND_EXPLAIN] = {"explain", "[OPTION...] [TEXT...]",
        "say what a refusal means: texts, or replies and logs on standard input", 0, SIZE_MAX,
        false},
    [COMMAND_CHECK] = {"check", "spf|dkim|dmarc|ptr|dnsbl|mx [OPTION...] [ARGUMENT...]",
        "run one of the evaluators by itself", 1, SIZE_MAX, false},
    [COMMAND_LAB] = {"lab", "[OPTION...] [-- COMMAND [ARGUMENT...]]",
        "run a practice internet on loopback, with a command in it", 0, SIZE_MAX, true},
    [COMMAND_HELP] = {"help", "[COMMAND]", "show the commands, or the options of one", 0, 1, false},
    [COMMAND_VERSION] = {"version", "", "show the versions of mxwalk and of its libraries", 0, 0,
        false},
};

const char *const section_titles[SECTION_COUNT] = {
    [SECTION_TASK] = "Task",
    [SECTION_SENDER] = "Who is sending",
    [SECTION_TLS] = "TLS",
    [SECTION_MESSAGE] = "Test message",
    [SECTION_TIME] = "Time limits",
    [SECTION_DNS] = "DNS and blocklists",
    [SECTION_JUDGE] = "Judging",
    [SECTION_OUTPUT] = "Output",
    [SECTION_OTHER] = "Other",
};

static const struct option_word depths[] = {
    {"connect", STAGE_CONNECT, false},
    {"greeting", STAGE_GREETING, false},
    {"ehlo", STAGE_EHLO, false},
    {"starttls", STAGE_STARTTLS, false},
    {"mail", STAGE_MAIL, false},
    {"rcpt", STAGE_RCPT, false},
    {"data", STAGE_DATA, false},
    {"message", STAGE_MESSAGE, false},
    {"banner", STAGE_GREETING, true},
    {"helo", STAGE_EHLO, true},
    {"tls", STAGE_STARTTLS, true},
    {NULL, 0, false},
};

static const struct option_word stage_words[] = {
    /* those of the records */
    {"connect", STAGE_CONNECT, false},
    {"greeting", STAGE_GREETING, false},
    {"ehlo", STAGE_EHLO, false},
    {"starttls", STAGE_STARTTLS, false},
    {"handshake", STAGE_HANDSHAKE, false},
    {"ehlo-tls", STAGE_EHLO_TLS, false},
    {"mail", STAGE_MAIL, false},
    {"rcpt", STAGE_RCPT, false},
    {"data", STAGE_DATA, false},
    {"message", STAGE_MESSAGE, false},
    {"quit", STAGE_QUIT, false},
    {"banner", STAGE_GREETING, true},
    {"helo", STAGE_EHLO, true},
    {NULL, 0, false},
};

static const struct option_word all_formats[] = {
    {"text", FORMAT_TEXT, false},
    {"ndjson", FORMAT_NDJSON, false},
    {"nagios", FORMAT_NAGIOS, false},
    {"json", FORMAT_NDJSON, true},
    {NULL, 0, false},
};

static const struct option_word formats[] = {
    {"text", FORMAT_TEXT, false},
    {"ndjson", FORMAT_NDJSON, false},
    {"json", FORMAT_NDJSON, true},
    {NULL, 0, false},
};

static const struct option_word colors[] = {
    {"auto", COLOR_AUTO, false},
    {"always", COLOR_ALWAYS, false},
    {"never", COLOR_NEVER, false},
    {NULL, 0, false},
};

static const struct option_word shells[] = {
    {"bash", SHELL_BASH, false},
    {"zsh", SHELL_ZSH, false},
    {NULL, 0, false},
};

enum {
	P = 1 << COMMAND_PROBE,
	S = 1 << COMMAND_SELF,
	E = 1 << COMMAND_EXPLAIN,
	C = 1 << COMMAND_CHECK,
	L = 1 << COMMAND_LAB,
	H = 1 << COMMAND_HELP,
	V = 1 << COMMAND_VERSION,
	DNS = P | S | E | C, /* those that ask the DNS */
	ALL = DNS | L | H | V,
};

#define AT(field)                                                                                  \
	.at = offsetof(struct options, field), .size = sizeof(((struct options *)NULL)->field)
#define FLAG .on = 1
#define SETS(yes, no) .on = (yes), .off = (no)
#define TIME .min = 10, .max = 24 * 60 * 60 * 1000
#define NUMBERS(least, most) .min = (least), .max = (most)

const struct option option_table[] = {
    {"to", 't', "ADDRESS", take_recipient, AT(to), P, SECTION_TASK,
        "recipient, for targets that name none; alone, it is the target", .many = true},
    {"input", 'i', "FILE", take_file, AT(input), P, SECTION_TASK,
        "read targets from FILE, one a line; - is standard input"},
    {"skip-file", 0, "FILE", take_file, AT(skip_file), P, SECTION_TASK,
        "domains and addresses that have opted out, one a line: never walked"},
    {"quit-after", 0, "STAGE", take_word, AT(quit_after), P, SECTION_TASK,
        "how far to go: connect, greeting, ehlo, starttls, mail, rcpt, data or message",
        .words = depths},
    {"server", 's', "HOST[:PORT]", take_server, AT(server), P, SECTION_TASK,
        "walk this server, whatever the MX records say"},
    {"port", 'p', "PORT", take_port, AT(port), P, SECTION_TASK, "port of the servers (25)"},
    {"ipv4", '4', NULL, NULL, AT(family), P | S, SECTION_TASK, "IPv4 only",
        SETS(ROUTE_V4, ROUTE_BOTH)},
    {"ipv6", '6', NULL, NULL, AT(family), P | S, SECTION_TASK, "IPv6 only",
        SETS(ROUTE_V6, ROUTE_BOTH)},
    {"all", 0, NULL, NULL, AT(all), P, SECTION_TASK,
        "walk every address of every MX, not only the first that answers", FLAG},
    {"concurrency", 0, "N", take_count, AT(concurrency), P, SECTION_TASK,
        "targets walked at the same time (50)", NUMBERS(1, 20000)},
    {"allow-private", 0, NULL, NULL, AT(allow_private), P | S, SECTION_TASK,
        "do not pass over private, loopback and reserved addresses", FLAG},

    {"from", 'f', "ADDRESS", take_sender, AT(from), P | S, SECTION_SENDER,
        "reverse-path (postmaster at the HELO name); <> is the null one"},
    {"from", 'f', "ADDRESS", take_identity, AT(from), C, SECTION_SENDER,
        "reverse-path (spf) or From address (dmarc); <> is the null one"},
    {"ehlo helo", 'H', "NAME", take_helo, AT(ehlo), P | S, SECTION_SENDER,
        "name to say in EHLO (the confirmed PTR name of the source address)"},
    {"helo ehlo", 'H', "NAME", take_identity, AT(ehlo), C, SECTION_SENDER,
        "name that was said in EHLO"},
    {"source local-interface", 0, "ADDR", take_addresses, AT(sources), P | S, SECTION_SENDER,
        "source address; given several times, each is tried", .many = true},
    {"source ip", 0, "ADDR", take_address, AT(ip), E, SECTION_SENDER,
        "the address that was refused: ask the DNS whether the reply is right", .line_only = true},
    {"ip source", 0, "ADDR", take_address, AT(ip), C, SECTION_SENDER, "client address",
        .line_only = true},
    {"public-ip", 0, "ADDR", take_address, AT(public_ip), P | S, SECTION_SENDER,
        "the address that others see, behind NAT"},
    {"dkim-key", 0, "FILE", take_dkim_file, AT(signers), P | S | C, SECTION_SENDER,
        "private key (PEM) that signs, or is compared with the published key", .many = true},
    {"dkim-selector", 0, "NAME", take_dkim_selector, AT(signers), P | S, SECTION_SENDER,
        "selector of that key", .many = true},
    {"dkim-domain", 0, "DOMAIN", take_dkim_domain, AT(signers), P | S, SECTION_SENDER,
        "signing domain of that key (the domain of --from)", .many = true},
    {"selector dkim-selector", 0, "NAME", take_dkim_selector, AT(signers), C, SECTION_SENDER,
        "DKIM selector"},
    {"domain dkim-domain", 0, "DOMAIN", take_dkim_domain, AT(signers), C, SECTION_SENDER,
        "DKIM signing domain"},

    {"tls", 0, NULL, NULL, AT(tls), P, SECTION_TLS, "insist on STARTTLS",
        SETS(TLS_MUST, TLS_NEVER)},
    {"no-tls", 0, NULL, NULL, AT(tls), P, SECTION_TLS, "do not use STARTTLS",
        SETS(TLS_NEVER, TLS_MUST)},
    {"tls-optional tls-optional-strict", 0, NULL, NULL, AT(tls), P, SECTION_TLS,
        "use STARTTLS where it is offered (this is the default)", SETS(TLS_MAY, TLS_NEVER)},
    {"tls-verify", 0, NULL, NULL, AT(tls_verify), P, SECTION_TLS,
        "go on only when the certificate is valid for the host", FLAG},
    {"tls-ca tls-ca-path", 0, "FILE", take_file, AT(tls_ca), P, SECTION_TLS,
        "certificates of trusted authorities: a PEM file or a hashed directory"},

    {"header", 0, "LINE", take_header, AT(headers), P, SECTION_MESSAGE,
        "\"Name: value\": added, or in the place of ours", .many = true},
    {"body", 0, "TEXT|@FILE", take_content, AT(body), P, SECTION_MESSAGE, "text of the message"},
    {"attach", 0, "FILE", take_attachment, AT(attach), P, SECTION_MESSAGE, "attach FILE",
        .many = true},
    {"data", 0, "TEXT|@FILE", take_content, AT(data), P | S, SECTION_MESSAGE,
        "the whole message, headers and all, in the place of the test message"},

    {"timeout", 0, "TIME|rfc", take_timeout, AT(timeout), P, SECTION_TIME,
        "limit of every stage; \"rfc\" is RFC 5321 section 4.5.3.2", TIME},
    {"timeout-connect", 0, "TIME", take_time, AT(timeout_connect), P, SECTION_TIME,
        "limit of a connection attempt", TIME},
    {"timeout-greeting", 0, "TIME", take_time, AT(timeout_greeting), P, SECTION_TIME,
        "limit of the wait for the greeting", TIME},
    {"timeout-command", 0, "TIME", take_time, AT(timeout_command), P, SECTION_TIME,
        "limit of each command from EHLO to RCPT, and of the handshake", TIME},
    {"timeout-data", 0, "TIME", take_time, AT(timeout_data), P, SECTION_TIME, "limit of DATA",
        TIME},
    {"timeout-message", 0, "TIME", take_time, AT(timeout_message), P, SECTION_TIME,
        "limit of the message and the reply to it", TIME},
    {"timeout-dns", 0, "TIME", take_time, AT(timeout_dns), P, SECTION_TIME,
        "limit of the look-ups of a target, and of those about the sender (10s)", TIME},
    {"timeout timeout-dns", 0, "TIME", take_time, AT(timeout_dns), S | E, SECTION_TIME,
        "limit of all look-ups (10s)", TIME},
    {"timeout timeout-dns", 0, "TIME", take_time, AT(timeout_dns), C, SECTION_TIME,
        "limit of all look-ups (20s)", TIME},

    {"nameserver", 0, "ADDR[:PORT]", take_nameserver, AT(nameservers), DNS, SECTION_DNS,
        "ask this resolver, not those of /etc/resolv.conf", .many = true},
    {"dnsbl-nameserver", 0, "ADDR[:PORT]", take_nameserver, AT(list_nameservers), DNS, SECTION_DNS,
        "ask this resolver about blocklists", .many = true},
    {"no-dnsbl", 0, NULL, NULL, AT(dnsbl), DNS, SECTION_DNS, "ask no blocklists", SETS(0, 1)},
    {"dnsbl-key", 0, "ZONE=KEY", take_key, AT(list_keys), DNS, SECTION_DNS,
        "your key for a blocklist; others see it in ps(1)", .secret = true, .many = true},
    {"dnsbl-key-file", 0, "FILE", take_file, AT(list_key_file), DNS, SECTION_DNS,
        "lines of ZONE=KEY"},
    {"lists", 0, "FILE", take_files, AT(lists), DNS, SECTION_DNS, "more blocklists", .many = true},
    {"no-list", 0, "ZONE", take_zone, AT(no_lists), DNS, SECTION_DNS, "do not ask this blocklist",
        .many = true},
    {"dns-record", 0, "FILE", take_file, AT(dns_record), DNS, SECTION_DNS,
        "write every answer that was used to FILE"},
    {"dns-replay", 0, "FILE", take_file, AT(dns_replay), DNS, SECTION_DNS,
        "take all answers from FILE, ask nobody"},

    {"spf", 0, "DOMAIN=RESULT", take_result, AT(spf_results), C, SECTION_SENDER,
        "dmarc: an SPF result", .many = true},
    {"dkim", 0, "DOMAIN=RESULT", take_result, AT(dkim_results), C, SECTION_SENDER,
        "dmarc: a DKIM result", .many = true},
    {"rules", 0, "FILE", take_files, AT(rules), P, SECTION_JUDGE,
        "more rules, in the place of ours where the id is the same", .many = true},
    {"rules", 0, "FILE", take_files, AT(rules), E, SECTION_JUDGE,
        "more rules, in the place of ours where the id is the same", .alone = "list-rules",
        .many = true},
    {"list-rules", 0, NULL, NULL, AT(list_rules), E, SECTION_JUDGE,
        "show the rules; a bare --rules at the end does the same", FLAG},
    {"stage", 0, "STAGE", take_word, AT(stage), E, SECTION_TASK,
        "where in the dialogue the texts were said", .words = stage_words},
    {"mx", 0, "HOST", take_name, AT(mx), E, SECTION_TASK, "who said them"},
    {"input", 'i', "FILE", take_file, AT(input), E, SECTION_TASK,
        "read replies, a log, a bounce or NDJSON from FILE; - is standard input"},
    {"summary", 0, NULL, NULL, AT(summary), E, SECTION_TASK,
        "count causes, lists, providers and domains", FLAG},

    {"output", 'o', "FILE", take_file, AT(output), DNS, SECTION_OUTPUT, "write results to FILE"},
    {"format", 0, "FORMAT", take_word, AT(format), P | S, SECTION_OUTPUT, "text, ndjson or nagios",
        .words = all_formats},
    {"format", 0, "FORMAT", take_word, AT(format), E | C, SECTION_OUTPUT, "text or ndjson",
        .words = formats},
    {"json", 0, NULL, NULL, AT(format), DNS | L, SECTION_OUTPUT, "the same as --format ndjson",
        SETS(FORMAT_NDJSON, FORMAT_TEXT)},
    {"color", 0, "WHEN", take_word, AT(color), DNS, SECTION_OUTPUT, "auto, always or never",
        .words = colors},
    {"verbose", 'v', NULL, NULL, AT(verbose), DNS | L, SECTION_OUTPUT,
        "show the dialogue and every look-up", FLAG},
    {"quiet", 'q', NULL, NULL, AT(quiet), DNS | L, SECTION_OUTPUT,
        "no warnings, no notes, no progress", FLAG},

    {"list", 0, NULL, NULL, AT(lab_list), L, SECTION_TASK,
        "name the lab's domains and what each does", FLAG},
    {"port", 'p', "PORT", take_port, AT(lab_port), L, SECTION_TASK,
        "port of the lab's mail servers"},
    {"dns-port", 0, "PORT", take_port, AT(lab_dns_port), L, SECTION_TASK,
        "port of the lab's DNS server"},
    {"log", 0, "FILE", take_file, AT(lab_log), L, SECTION_TASK,
        "write what the lab's servers heard and said to FILE"},
    {"options", 0, NULL, NULL, AT(table), H, SECTION_TASK, "the table of options, for programs",
        FLAG, .not_in_file = true},
    {"completion", 0, "SHELL", take_word, AT(completion), H, SECTION_TASK,
        "the completion for bash or zsh", .words = shells, .not_in_file = true},
    {"config", 0, "FILE", take_file, .at = 0, .size = 0, DNS, SECTION_OTHER,
        "read options from FILE, after those of $MXWALK_CONFIG", .not_in_file = true},
    {"help", 'h', NULL, NULL, AT(help), ALL, SECTION_OTHER, "show this", FLAG, .not_in_file = true},
    {"version", 0, NULL, NULL, AT(version), ALL, SECTION_OTHER, "show the version", FLAG,
        .not_in_file = true},
};

#undef AT
#undef FLAG
#undef SETS
#undef TIME
#undef NUMBERS

enum { ROWS = sizeof option_table / sizeof *option_table };
const size_t option_count = ROWS;

_Static_assert(sizeof(enum stage) == sizeof(int) && sizeof(enum tls_want) == sizeof(int) &&
                   sizeof(enum route_family) == sizeof(int),
    "flags and words are stored as int");

/* ---- what a value may be */

static bool
has_control(const char *value)
{
	for (; *value != '\0'; value++)
		if ((unsigned char)*value < 0x20 || *value == 0x7f)
			return true;
	return false;
}

static bool
has_space(const char *value)
{
	return has_control(value) || strchr(value, ' ') != NULL;
}

static bool
is_ascii(const char *value)
{
	for (; *value != '\0'; value++)
		if ((unsigned char)*value >= 0x80)
			return false;
	return true;
}

static void
add_string(struct arena *arena, struct strings *strings, const char *value)
{
	*(const char **)arena_push(arena, &strings->items, strings->count, sizeof *strings->items) =
	    value;
	strings->count++;
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

	if (!message_address(value, &at, &why))
		return arena_printf(arena, "not a mail address: %s", why);
	*mailbox = value;
	if (value[at + 1] == '[')
		return NULL;
	if (!name_normalise(value + at + 1, name, &why))
		return arena_printf(arena, "not a mail address: %s", why);
	*mailbox = arena_printf(arena, "%.*s@%s", (int)at, value, name);
	return NULL;
}

static const char *
take_recipient(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *mailbox = NULL,
	           *problem = take_mailbox(arena, without_brackets(arena, value), &mailbox);

	(void)option;
	add_string(arena, at, mailbox);
	return problem;
}

static const char *
take_sender(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	value = without_brackets(arena, value);
	*(const char **)at = value;
	return *value == '\0' ? NULL : take_mailbox(arena, value, at);
}

/* What somebody else said, good or bad: it is judged, not sent. */
static const char *
take_identity(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	*(const char **)at = without_brackets(arena, value);
	return has_control(value) ? "a control character" : NULL;
}

static const char *
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
static const char *
take_helo(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *problem = *value == '[' ? NULL : take_name(arena, option, value, at);

	if (*value == '[' &&
	    (has_space(value) || value[strlen(value) - 1] != ']' || strlen(value) > 255))
		return "not an address literal";
	if (problem == NULL && is_ascii(value))
		*(const char **)at = value;
	return problem;
}

static const char *
take_zone(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *name = NULL, *problem = take_name(arena, option, value, &name);

	add_string(arena, at, name);
	return problem;
}

static const char *
take_address(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)arena, (void)option;
	return ip_parse(at, value) ? NULL : "not an IP address";
}

static const char *
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

static const char *
take_port(struct arena *arena, const struct option *option, const char *value, void *at)
{
	long port;

	(void)arena, (void)option;
	if (read_number(value, 1, 65535, &port) != NULL)
		return "not a port (1 to 65535)";
	*(unsigned *)at = (unsigned)port;
	return NULL;
}

static const char *
take_count(struct arena *arena, const struct option *option, const char *value, void *at)
{
	long count;

	if (read_number(value, option->min, option->max, &count) != NULL)
		return arena_printf(
		    arena, "not a number from %ld to %ld", option->min, option->max);
	*(unsigned *)at = (unsigned)count;
	return NULL;
}

static const char *
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

static const char *
take_nameserver(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct server server;
	struct ip ip;

	if (take_server(arena, option, value, &server) != NULL || !ip_parse(&ip, server.host))
		return "not ADDR, ADDR:PORT or [ADDR]:PORT";
	add_string(arena, at, value);
	return NULL;
}

static const char *
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

static const char *
take_timeout(struct arena *arena, const struct option *option, const char *value, void *at)
{
	if (strcmp(value, "rfc") != 0)
		return take_time(arena, option, value, at);
	*(long *)at = TIMEOUT_RFC;
	return NULL;
}

static const char *
take_word(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *words = "";

	for (const struct option_word *word = option->words; word->word != NULL; word++) {
		if (strcmp(word->word, value) == 0) {
			memcpy(at, &word->value, sizeof word->value);
			return NULL;
		}
		if (!word->alias)
			words = arena_printf(
			    arena, "%s%s%s", words, *words != '\0' ? ", " : "", word->word);
	}
	return arena_printf(arena, "not one of %s", words);
}

static const char *
take_file(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)arena, (void)option;
	*(const char **)at = value;
	return NULL;
}

static const char *
take_files(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	add_string(arena, at, value);
	return NULL;
}

/* swaks wants an '@' before the file, we do not: both are taken. */
static const char *
take_attachment(struct arena *arena, const struct option *option, const char *value, void *at)
{
	if (*value == '@')
		value++;
	return *value == '\0' ? "no file is named" : take_files(arena, option, value, at);
}

/* "@FILE" and "-" are read, "@@text" is "@text" (as in swaks). */
static const char *
take_content(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct content *content = at;

	(void)arena, (void)option;
	*content = (struct content){0};
	if (strcmp(value, "-") == 0)
		content->file = value;
	else if (value[0] != '@')
		content->text = value;
	else if (value[1] == '@')
		content->text = value + 1;
	else if (value[1] == '\0')
		return "no file is named";
	else
		content->file = value + 1;
	return NULL;
}

static const char *
take_header(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *colon = strchr(value, ':');

	(void)option;
	if (has_control(value))
		return "a control character";
	if (colon == NULL || colon == value)
		return "not a header line (\"Name: value\")";
	for (const char *s = value; s < colon; s++)
		if ((unsigned char)*s <= ' ' || (unsigned char)*s >= 0x7f)
			return "not a header name before the colon";
	add_string(arena, at, value);
	return NULL;
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

static const char *
take_key(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct pair *pair = add_pair(arena, at, value);

	return pair == NULL || take_name(arena, option, pair->name, &pair->name) != NULL
	           ? "not ZONE=KEY"
	           : NULL;
}

static const char *
take_result(struct arena *arena, const struct option *option, const char *value, void *at)
{
	struct pair *pair = add_pair(arena, at, value);
	char *lower;

	(void)option;
	if (pair == NULL)
		return "not DOMAIN=RESULT";
	pair->value = lower = arena_string(arena, pair->value);
	for (; *lower != '\0'; lower++)
		if (*lower >= 'A' && *lower <= 'Z')
			*lower = (char)(*lower - 'A' + 'a');
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

static const char *
take_dkim_file(struct arena *arena, const struct option *option, const char *value, void *at)
{
	(void)option;
	add_signer_part(arena, at, offsetof(struct signer, file), value);
	return NULL;
}

static const char *
take_dkim_selector(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *name = NULL, *problem = take_name(arena, option, value, &name);

	add_signer_part(arena, at, offsetof(struct signer, selector), name);
	return problem;
}

static const char *
take_dkim_domain(struct arena *arena, const struct option *option, const char *value, void *at)
{
	const char *name = NULL, *problem = take_name(arena, option, value, &name);

	add_signer_part(arena, at, offsetof(struct signer, domain), name);
	return problem;
}

/* ---- finding an option */

static bool
has_name(const struct option *option, const char *name, size_t len)
{
	for (const char *s = option->names; *s != '\0'; s += *s == ' ') {
		size_t n = strcspn(s, " ");

		if (n == len && memcmp(s, name, n) == 0)
			return true;
		s += n;
	}
	return false;
}

static const struct option *
find_name(const char *name, size_t len, enum command_id command)
{
	for (const struct option *option = option_table; option < option_table + ROWS; option++)
		if ((option->commands & 1u << command) != 0 && has_name(option, name, len))
			return option;
	return NULL;
}

/* "no-all" undoes "all", and "dnsbl" undoes "no-dnsbl". */
const struct option *
option_find(const char *name, size_t len, enum command_id command, bool *negated)
{
	const struct option *option = find_name(name, len, command);
	char other[64];

	*negated = false;
	if (option != NULL || len + 3 >= sizeof other)
		return option;
	*negated = true;
	if (len > 3 && memcmp(name, "no-", 3) == 0) {
		option = find_name(name + 3, len - 3, command);
	} else {
		memcpy(other, "no-", 3);
		memcpy(other + 3, name, len);
		option = find_name(other, len + 3, command);
	}
	return option != NULL && option->value == NULL && !option->not_in_file ? option : NULL;
}

static const struct option *
find_letter(char letter, enum command_id command)
{
	for (const struct option *option = option_table; option < option_table + ROWS; option++)
		if ((option->commands & 1u << command) != 0 && option->letter == letter)
			return option;
	return NULL;
}

/* Which other command has it, COMMAND_COUNT if none. */
static enum command_id
find_owner(const char *name, size_t len)
{
	bool negated;
	int command = 0;

	while (command < COMMAND_COUNT &&
	       option_find(name, len, (enum command_id)command, &negated) == NULL)
		command++;
	return (enum command_id)command;
}

/* ---- reading */

struct parse {
	struct options *options;
	struct arena *arena;
	char *error;
	const char *file; /* being read; NULL: the arguments */
	unsigned line;
	unsigned rank; /* of what is being read: the arguments above every file, a later file above
	                  an earlier one */
	unsigned ranks[ROWS]; /* who set an option last */
	unsigned files;
	struct setting { /* all that was set, in this order */
		const struct option *option;
		unsigned rank;
		const char *words; /* "port=2525" */
	} * settings;
	size_t setting_count;
};

static bool __attribute__((format(printf, 2, 3))) fail(struct parse *parse, const char *format, ...)
{
	va_list ap;
	size_t len = 0;

	if (parse->file != NULL)
		len = (size_t)snprintf(
		    parse->error, OPTIONS_ERROR / 2, "%s:%u: ", parse->file, parse->line);
	if (len >= OPTIONS_ERROR / 2)
		len = OPTIONS_ERROR / 2 - 1;
	va_start(ap, format);
	vsnprintf(parse->error + len, OPTIONS_ERROR - len, format, ap);
	va_end(ap);
	return false;
}

/* May this option be set from here? What was set from below is wiped, a list as a whole. */
static bool
claim(struct parse *parse, const struct option *option)
{
	bool fresh = false;

	if (parse->ranks[option - option_table] > parse->rank)
		return false;
	for (size_t i = 0; i < ROWS; i++) {
		if (option_table[i].at != option->at)
			continue;
		fresh |= parse->ranks[i] < parse->rank;
		parse->ranks[i] = parse->rank;
	}
	if (fresh)
		memset((char *)parse->options + option->at, 0, option->size);
	return true;
}

static void
note(struct parse *parse, const struct option *option, const char *words)
{
	struct setting *setting =
	    arena_push(parse->arena, &parse->settings, parse->setting_count, sizeof *setting);

	parse->setting_count++;
	*setting = (struct setting){option, parse->rank, words};
}

/* For the record of the run: what is in force. What was set and then set again, or from a higher
 * place, is not. */
static void
list_given(struct parse *parse)
{
	for (size_t i = 0; i < parse->setting_count; i++) {
		const struct setting *setting = &parse->settings[i];
		bool replaced = setting->rank < parse->ranks[setting->option - option_table];

		for (size_t k = i + 1; k < parse->setting_count && !setting->option->many; k++)
			replaced |= parse->settings[k].rank == setting->rank &&
			            parse->settings[k].option->at == setting->option->at;
		if (!replaced)
			add_string(parse->arena, &parse->options->given, setting->words);
	}
}

static bool
set_flag(struct parse *parse, const struct option *option, bool negated)
{
	int value = negated ? option->off : option->on;
	bool truth = value != 0, is_no = strncmp(option->names, "no-", 3) == 0;
	int len = (int)strcspn(option->names, " ");

	if (!claim(parse, option))
		return true;
	memcpy((char *)parse->options + option->at,
	    option->size == sizeof truth ? (void *)&truth : (void *)&value, option->size);
	note(parse, option,
	    arena_printf(parse->arena, "%s%.*s", negated && !is_no ? "no-" : "",
	        negated && is_no ? len - 3 : len, option->names + (negated && is_no ? 3 : 0)));
	return true;
}

static bool read_file(struct parse *parse, const char *file);

/* `given`: the option as it was written, for the error. */
static bool
set_value(struct parse *parse, const struct option *option, const char *given, const char *value)
{
	struct options unused;
	const char *problem =
	    *value == '\0' && option->take != take_content ? "the value is empty" : NULL;
	char *at = (char *)parse->options;

	if (problem == NULL && option->size == 0)
		return read_file(parse, value);
	if (problem == NULL) {
		if (claim(parse, option)) {
			note(parse, option,
			    arena_printf(parse->arena, "%.*s=%.*s",
			        (int)strcspn(option->names, " "), option->names, SHOWN_MAX,
			        option->secret ? "..." : value));
		} else { /* it is checked all the same */
			memset(&unused, 0, sizeof unused);
			at = (char *)&unused;
		}
		problem = option->take(parse->arena, option, value, at + option->at);
	}
	if (problem == NULL)
		return true;
	if (option->secret || *value == '\0')
		return fail(parse, "%s: %s", given, problem);
	return fail(parse, "%s %.*s%s: %s", given, SHOWN_MAX, value,
	    strlen(value) > SHOWN_MAX ? "..." : "", problem);
}

static bool
unknown(struct parse *parse, const char *given, const char *name, size_t len)
{
	enum command_id command = parse->options->command, owner = find_owner(name, len);

	if (owner != COMMAND_COUNT)
		return fail(parse, "%s: an option of \"%s\", not of \"%s\"", given,
		    commands[owner].name, commands[command].name);
	return fail(parse, "%s: no such option", given);
}

/* Sets what stands alone: a flag, or an option whose value is missing. */
static bool
set_alone(struct parse *parse, const struct option *option, bool negated, const char *given)
{
	const char *alone = option->alone;

	if (option->value == NULL)
		return set_flag(parse, option, negated);
	if (alone != NULL)
		return set_flag(
		    parse, find_name(alone, strlen(alone), parse->options->command), false);
	return fail(parse, "%s: needs a value (%s)", given, option->value);
}

/* Each reader of one argument returns how many more it used, or -1. */
static int
read_long(struct parse *parse, const char *argument, const char *next)
{
	size_t len = strcspn(argument + 2, "=");
	const char *given = arena_copy(parse->arena, argument, len + 2);
	bool negated, joined = argument[2 + len] == '=';
	const struct option *option =
	    option_find(argument + 2, len, parse->options->command, &negated);

	if (option == NULL)
		return unknown(parse, given, argument + 2, len) ? 0 : -1;
	if (option->value == NULL && joined)
		return fail(parse, "%s: takes no value", given) ? 0 : -1;
	if (joined)
		return set_value(parse, option, given, argument + 2 + len + 1) ? 0 : -1;
	if (option->value == NULL || next == NULL)
		return set_alone(parse, option, negated, given) ? 0 : -1;
	return set_value(parse, option, given, next) ? 1 : -1;
}

static int
read_letters(struct parse *parse, const char *argument, const char *next)
{
	for (const char *s = argument + 1; *s != '\0'; s++) {
		const struct option *option = find_letter(*s, parse->options->command);
		const char given[3] = {'-', *s, '\0'};

		if (option == NULL)
			return fail(parse, "%s: no such option of \"%s\"", given,
			           commands[parse->options->command].name)
			           ? 0
			           : -1;
		if (option->value != NULL && s[1] != '\0')
			return set_value(parse, option, given, s + 1) ? 0 : -1;
		if (option->value != NULL && next != NULL)
			return set_value(parse, option, given, next) ? 1 : -1;
		if (!set_alone(parse, option, false, given))
			return -1;
	}
	return 0;
}

static bool
read_arguments(struct parse *parse, int argc, char **argv)
{
	struct options *options = parse->options;
	bool ended = false;

	for (int i = 0; i < argc && !options->help && !options->version; i++) {
		const char *argument = argv[i], *next = i + 1 < argc ? argv[i + 1] : NULL;
		int used = 0;

		if (ended || argument[0] != '-' || argument[1] == '\0') {
			add_string(parse->arena, &options->operands, argument);
			ended |= commands[options->command].operands_end_options;
		} else if (strcmp(argument, "--") == 0) {
			ended = true;
		} else {
			used = argument[1] == '-' ? read_long(parse, argument, next)
			                          : read_letters(parse, argument, next);
		}
		if (used < 0)
			return false;
		i += used;
	}
	return true;
}

/* One line of a file: "name", "name value", "name = value"; dashes before the name are allowed. */
static bool
read_line(struct parse *parse, char *line)
{
	enum command_id command = parse->options->command;
	const char *name, *value = NULL;
	const struct option *option;
	bool negated;
	size_t len;
	char *end;

	line += strspn(line, " \t");
	for (end = line + strlen(line); end > line && strchr(" \t\r", end[-1]) != NULL; end--)
		end[-1] = '\0';
	if (*line == '\0' || *line == '#')
		return true;
	line += strncmp(line, "--", 2) == 0 ? 2 : 0;
	len = strcspn(line, " \t=");
	name = arena_copy(parse->arena, line, len);
	line += len + strspn(line + len, " \t");
	if (*line == '=')
		value = line + 1 + strspn(line + 1, " \t");
	else if (*line != '\0')
		value = line;

	option = option_find(name, len, command, &negated);
	if ((option == NULL && find_owner(name, len) != COMMAND_COUNT) ||
	    (option != NULL && option->line_only))
		return true; /* another command's */
	if (option == NULL)
		return unknown(parse, name, name, len);
	if (option->not_in_file)
		return fail(parse, "%s: has no place in a file", name);
	if (option->value == NULL && value != NULL)
		return fail(parse, "%s: takes no value", name);
	if (option->value != NULL && value == NULL)
		return fail(parse, "%s: needs a value (%s)", name, option->value);
	return value == NULL ? set_flag(parse, option, negated)
	                     : set_value(parse, option, name, value);
}

static char *
read_whole(struct parse *parse, const char *file)
{
	FILE *in = fopen(file, "re");
	char *text = NULL;
	size_t len = 0;

	if (in != NULL) {
		errno = 0;
		text = arena_alloc(parse->arena, CONFIG_MAX + 2);
		len = fread(text, 1, CONFIG_MAX + 1, in);
	}
	if (in == NULL || ferror(in)) {
		fail(parse, "%s: cannot be read: %s", file, strerror(errno));
		text = NULL;
	} else if (len > CONFIG_MAX) {
		fail(parse, "%s: larger than %d octets", file, CONFIG_MAX);
		text = NULL;
	} else if (memchr(text, '\0', len) != NULL) {
		fail(parse, "%s: holds a NUL byte: not a configuration file", file);
		text = NULL;
	}
	if (in != NULL)
		fclose(in);
	return text;
}

static bool
read_file(struct parse *parse, const char *file)
{
	unsigned rank = parse->rank;
	char *text = read_whole(parse, file), *next;
	bool good = text != NULL;

	parse->file = file;
	parse->rank = ++parse->files;
	for (parse->line = 1; good && text != NULL; parse->line++, text = next) {
		next = strchr(text, '\n');
		if (next != NULL)
			*next++ = '\0';
		good = read_line(parse, text);
	}
	parse->file = NULL;
	parse->rank = rank;
	return good;
}

/* ---- what does not go together */

/* self looks at the published key alone when the private one is not at hand. */
static bool
check_signers(struct parse *parse)
{
	const struct signers *signers = &parse->options->signers;
	bool file_needed = parse->options->command == COMMAND_PROBE;

	for (size_t i = 0; i < signers->count; i++)
		if ((file_needed && signers->items[i].file == NULL) ||
		    signers->items[i].selector == NULL)
			return fail(parse, "a signature needs both --dkim-key and --dkim-selector");
	return true;
}

static bool
check_sources(struct parse *parse)
{
	const struct options *options = parse->options;
	unsigned char family = options->family == ROUTE_V4 ? 4 : 6;
	char text[IP_TEXT];

	for (size_t i = 0; i < options->sources.count && options->family != ROUTE_BOTH; i++)
		if (options->sources.items[i].family != family)
			return fail(parse,
			    "--source %s: not an IPv%d address, and -%d asks for these only",
			    ip_text(&options->sources.items[i], text), family, family);
	if (options->command == COMMAND_SELF && options->family != ROUTE_BOTH &&
	    options->public_ip.family != 0 && options->public_ip.family != family)
		return fail(parse,
		    "--public-ip %s: not an IPv%d address, and -%d asks for these only",
		    ip_text(&options->public_ip, text), family, family);
	return true;
}

static bool
check_message(struct parse *parse)
{
	const struct options *options = parse->options;
	const char *files[] = {options->data.file, options->body.file, options->input};
	unsigned readers = 0;

	if (options->data.text != NULL || options->data.file != NULL) {
		const char *other = options->headers.count > 0  ? "--header"
		                    : options->attach.count > 0 ? "--attach"
		                    : options->body.text != NULL || options->body.file != NULL
		                        ? "--body"
		                        : NULL;

		if (other != NULL)
			return fail(parse,
			    "%s: --data is the whole message, nothing can be added to it", other);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		readers += files[i] != NULL && strcmp(files[i], "-") == 0;
	return readers < 2 ||
	       fail(parse, "standard input can be read only once (--input, --data, --body)");
}

static bool
check_targets(struct parse *parse)
{
	const struct options *options = parse->options;
	struct target read;
	const char *why;

	if (options->operands.count == 0 && options->input == NULL && options->to.count == 0)
		return fail(parse, "no target (try \"mxwalk help probe\")");
	if (options->to.count > 0 && options->input != NULL)
		return fail(parse, "--to: not with --input: a list is walked without recipients");
	for (size_t i = 0; i < options->operands.count; i++) {
		const char *target = options->operands.items[i];

		if (strcmp(target, "-") == 0)
			return fail(
			    parse, "-: not a target (--input - reads targets from standard input)");
		if (!target_parse(target, parse->arena, &read, &why))
			return fail(parse, "\"%.*s%s\": not a target: %s", SHOWN_MAX, target,
			    strlen(target) > SHOWN_MAX ? "..." : "", why);
		if (options->to.count > 0 && read.rcpt != NULL)
			return fail(parse,
			    "%.*s: has a recipient of its own: --to has no place here", SHOWN_MAX,
			    target);
	}
	return true;
}

static bool
check_operands(struct parse *parse)
{
	const struct strings *operands = &parse->options->operands;
	const struct command_row *command = &commands[parse->options->command];

	if (operands->count > command->max_operands)
		return fail(parse, "%.*s: \"%s\" takes no such argument", SHOWN_MAX,
		    operands->items[command->max_operands], command->name);
	if (operands->count < command->min_operands)
		return fail(parse, "%s: needs an argument: %s", command->name, command->operands);
	return true;
}

static bool
check(struct parse *parse)
{
	enum command_id command = parse->options->command;

	if (!check_operands(parse))
		return false;
	if (command == COMMAND_PROBE && !check_targets(parse))
		return false;
	if (command != COMMAND_PROBE && command != COMMAND_SELF)
		return true;
	return check_message(parse) && check_sources(parse) && check_signers(parse);
}

bool
options_parse(struct options *options, enum command_id command, int argc, char **argv,
    const char *environment, struct arena *arena, char error[OPTIONS_ERROR])
{
	struct parse parse = {.options = options,
	    .arena = arena,
	    .error = error,
	    .rank = (unsigned)argc + 2,
	    .files = 1};
	bool negated;

	*options = (struct options){.command = command,
	    .port = 25,
	    .concurrency = 50,
	    .tls = TLS_MAY,
	    .dnsbl = true,
	    .timeout_dns = command == COMMAND_CHECK ? TIMEOUT_CHECK_MS : TIMEOUT_DNS_MS};
	if (!read_arguments(&parse, argc, argv))
		return false;
	if (options->help || options->version)
		return true;
	parse.files = 0; /* below those of --config */
	if (environment != NULL && *environment != '\0' &&
	    option_find("config", 6, command, &negated) != NULL && !read_file(&parse, environment))
		return false;
	list_given(&parse);
	return check(&parse);
}

bool
command_find(const char *word, enum command_id *command)
{
	for (int i = 0; i < COMMAND_COUNT; i++) {
		if (strcmp(commands[i].name, word) != 0)
			continue;
		*command = (enum command_id)i;
		return true;
	}
	return false;
}

/* Which of the --timeout-… options a stage obeys. */
static long
stage_timeout(const struct options *options, enum stage stage)
{
	switch ((int)stage) {
	case STAGE_CONNECT:
		return options->timeout_connect;
	case STAGE_GREETING:
		return options->timeout_greeting;
	case STAGE_DATA:
		return options->timeout_data;
	case STAGE_MESSAGE:
		return options->timeout_message;
	default:
		return options->timeout_command;
	}
}

void
options_deadlines(const struct options *options, long ms[STAGE_COUNT])
{
	for (int stage = 0; stage < STAGE_COUNT; stage++) {
		long usual = 1000L * stages[stage].seconds,
		     given = stage_timeout(options, (enum stage)stage);

		ms[stage] = usual;
		if (options->timeout == TIMEOUT_RFC)
			ms[stage] = 1000L * stages[stage].rfc_seconds;
		else if (options->timeout > 0)
			ms[stage] = options->timeout;
		if (given > 0)
			ms[stage] = given;
		if (stage == STAGE_QUIT &&
		    ms[stage] > usual) /* what is said to QUIT changes nothing */
			ms[stage] = usual;
	}
}

bool
options_color(const struct options *options, int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (options->color != COLOR_AUTO)
		return options->color == COLOR_ALWAYS;
	return (no_color == NULL || *no_color == '\0') &&
	       (term == NULL || strcmp(term, "dumb") != 0) && isatty(fd);
}
