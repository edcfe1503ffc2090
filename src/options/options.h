/* options: everything that a user can ask, as a value. What may be written, and how it comes here,
 * is the table of options/option_table.h.
 *
 * All strings live in the arena given to options_parse; times are milliseconds; a number that was
 * not given is 0, a string NULL, unless its row has a preset. */
#ifndef OPTIONS_OPTIONS_H
#define OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/ip.h"
#include "base/range.h"
#include "evidence/route.h"
#include "evidence/tls_level.h"
#include "smtp/dialogue.h"
#include "smtp/stage.h"
#include "smtp/tls_facts.h"

struct arena;

enum command_id {
	COMMAND_PROBE,
	COMMAND_SELF,
	COMMAND_EXPLAIN,
	COMMAND_CHECK,
	COMMAND_REPORT,
	COMMAND_DIFF,
	COMMAND_PREFLIGHT,
	COMMAND_ISOLATE,
	COMMAND_LAB,
	COMMAND_HELP,
	COMMAND_VERSION,
	COMMAND_COUNT
};
enum format {
	FORMAT_TEXT,
	FORMAT_NDJSON,
	FORMAT_NAGIOS,
	/* of report */
	FORMAT_HTML,
	FORMAT_CSV,
	FORMAT_DOMAINS,
	FORMAT_MARKDOWN,
	FORMAT_PROMETHEUS,
	FORMAT_JUNIT,
	FORMAT_TLSRPT,
	FORMAT_COUNT
};
enum isolate_what { ISOLATE_MESSAGE, ISOLATE_ENVELOPE };
enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };
enum shell { SHELL_NONE, SHELL_BASH, SHELL_ZSH };

enum { RATE_NONE = 1000001 }; /* --site-rate none: as many as there are */
enum { TIMEOUT_RFC = -1 }; /* --timeout rfc: the limits of RFC 5321 section 4.5.3.2 */
enum { OPTIONS_ERROR = 512 };

struct strings {
	const char **items;
	size_t count;
};

void strings_add(struct strings *strings, struct arena *arena, const char *string);

struct addresses {
	struct ip *items;
	size_t count;
};

/* An address, a network of at most 256 ("192.0.2.0/24"), or as many from one to another
 * ("192.0.2.1-192.0.2.9"). NULL, or what is wrong with it. */
const char *addresses_add(struct addresses *addresses, const char *text, struct arena *arena);

struct pairs { /* NAME=VALUE, the name not empty */
	struct pair {
		const char *name, *value;
	} * items;
	size_t count;
};

struct signers { /* --dkim-key, --dkim-selector, --dkim-domain: a triple each */
	struct signer {
		const char *file, *selector,
		    *domain; /* probe: file and selector are always there; self: the selector is;
		                domain NULL: that of --from. check: any may be NULL */
	} * items;
	size_t count;
};

struct content { /* TEXT or @FILE; at most one is set */
	const char *text; /* may be "" */
	const char *file; /* "-": standard input */
};

struct attachments {
	struct attachment {
		const char *file, *name, *type; /* name, type NULL: by the file, octets */
	} * items;
	size_t count;
	struct attached_body {
		struct content content;
		const char *type; /* "text/plain" if it was not said */
	} * bodies;
	size_t body_count;
	const char *name, *type; /* for the next, for all that follow; NULL: not said */
};

struct server {
	const char *host; /* a name (dns/name.h) or an address without brackets; NULL: not given */
	unsigned port; /* 0: not given */
};

struct options {
	enum command_id command;
	bool help, version; /* asked for: nothing else is to be done */
	struct strings operands; /* probe: targets, all of them good for target_parse (with neither
	                            operands nor --input, the addresses of --to are the targets);
	                            explain: texts; check: evaluator and its operands; lab: the
	                            command and its arguments; help: a command */

	struct strings given; /* "port=2525", "all": what was asked for and is in force; of a secret
	                         only the name */

	/* what to walk, and how far */
	struct strings to; /* addresses; only with targets that have no '@' */
	const char *input; /* "-": standard input */
	const char *skip_file;
	struct server server;
	const char *socket; /* of a server on this host: its path; NULL: not given */
	unsigned port; /* 25 */
	enum route_family family;
	bool all;
	bool allow_private;
	unsigned concurrency; /* 50 */
	unsigned site_concurrency; /* 0: not given */
	unsigned net_concurrency; /* 20 */
	unsigned rate, site_rate; /* in a minute; 0: not given */
	long site_pause; /* 60 s; 0: none */
	unsigned retries; /* and 1; 0: not given */
	bool retry_greylisted;
	long watch_lists; /* 15 min; 0: never */
	bool keep_going;
	enum stage quit_after; /* STAGE_NONE: not given; STAGE_STARTTLS takes the handshake and the
	                          EHLO behind it along */

	/* who is sending */
	const char *from; /* NULL: postmaster@ the HELO name; "": null reverse-path */
	const char *ehlo; /* NULL: found out (DESIGN.md section 3) */
	struct addresses sources;
	struct ip public_ip; /* family 0: not given */
	bool neighbours;
	struct strings egress; /* HOST[:PORT], each good for target_server */
	struct signers signers;

	/* TLS */
	const char *nameserver_file; /* that names them; NULL: the command line does, or nobody */
	enum tls_want tls; /* TLS_MAY */
	bool tls_verify;
	bool require_tls;
	bool tls_on_connect;
	const char *tls_cert, *tls_key; /* files; key NULL: that of tls_cert */
	enum tls_level tls_level; /* LEVEL_NONE: not given */
	struct tls_choice tls_choice;
	const char *tls_name; /* that the host is to have; NULL: its own */
	const char *tls_ca; /* file or directory; NULL: the system's */

	/* the login */
	unsigned auth; /* bits of enum login_mechanism; 0: --auth is not given */
	enum login_want auth_want; /* LOGIN_MUST */
	const char *auth_user; /* NULL: not given */
	const char *auth_password_file, *auth_token_file; /* "-": standard input */
	unsigned auth_password_fd, auth_token_fd; /* and 1; 0: not given */
	bool auth_insecure; /* without TLS, or without a good certificate, too */

	/* MTA-STS */
	bool mta_sts; /* true: look for policies */
	const char *sts_ca; /* file or directory; NULL: the system's */
	unsigned sts_port; /* 443 */
	const char *sts_record, *sts_replay, *sts_before;
	bool tls_audit;
	long audit_interval; /* 5 s */

	/* time, in milliseconds; see options_deadlines */
	long timeout, timeout_connect, timeout_greeting, timeout_command, timeout_data,
	    timeout_message;
	long timeout_plugin;
	long timeout_dns; /* never 0 */
	long timeout_sts; /* of the fetch of one policy; never 0 */
	long timeout_target; /* for all walks of one target; never 0 */

	/* how it is said */
	enum protocol protocol; /* PROTOCOL_ESMTP */
	bool chunking;
	bool pipeline;
	enum raw_eol raw_eol;
	const char *dsn_notify, *dsn_ret, *dsn_envid,
	    *dsn_orcpt; /* as they go out; NULL: not given */

	/* the test message */
	struct strings headers, added_headers; /* "Name: value" */
	struct content body, html, data;
	bool data_as_is; /* nothing in it is a token */
	bool dump_mail; /* to standard output, and no more */
	struct attachments attach;

	/* DNS */
	bool trust_ad; /* whatever resolver says what is authentic */
	struct strings nameservers, list_nameservers; /* "ADDR", "ADDR:PORT", "[ADDR6]:PORT" */
	unsigned dns_concurrency; /* 500 */
	unsigned cache_size; /* 50000 */
	const char *dns_record, *dns_replay;
	struct pairs list_keys; /* zone, key: never to be shown */
	const char *list_key_file;
	struct strings lists, no_lists; /* files; zones */
	bool dnsbl; /* true */

	/* judging */
	struct strings rules; /* files */
	bool list_rules, contested, summary, inbound, redact;
	enum stage stage; /* explain --stage; STAGE_NONE: not known */
	const char *mx; /* explain --mx */
	struct ip ip; /* check --ip, explain --source */
	struct pairs spf_results,
	    dkim_results; /* check --spf, --dkim: domain, result (lower case, not checked) */

	/* preflight */
	const char *recipients; /* --list; "-": standard input */
	unsigned volume; /* messages a day; 0: not given */
	bool strict, live;
	struct strings rspamd, spamd, clamd; /* "auto", or HOST[:PORT], each good for
	                                        target_server */

	/* output */
	const char *output; /* NULL or "-": standard output */
	enum format format;
	enum color color;
	bool resume; /* --output is read, and added to */
	const char *status_file;
	bool ordered; /* results in the order of the targets */
	bool force; /* --output may write over what is there */
	struct strings only; /* statuses, as they are written */
	struct thresholds thresholds; /* --warn-…, --crit-… */
	unsigned warn_lifetime; /* check: percent of a certificate's life */
	bool verbose, quiet;

	/* isolate */
	enum isolate_what isolate_what;
	bool own_mailbox;
	long isolate_interval; /* milliseconds; 60 s */
	unsigned isolate_max; /* messages; 20 */
	const char *save_culprit, *save_clean; /* files; NULL: not saved */

	/* lab */
	bool lab_list;
	unsigned lab_port, lab_dns_port; /* 0: the lab's own choice */
	const char *lab_log;

	/* help */
	bool table;
	enum shell completion;
};

/* Reads `argc` arguments (behind the command's name), and before them the files named by
 * `environment` (the value of $MXWALK_CONFIG, may be NULL) and by --config. What the command line
 * says replaces what a file says of the same option, lists as a whole. On false, `error` is one
 * line that names the thing and its place: "--port 70000: not a port (1 to 65535)", "FILE:3:
 * frobnicate: no such option"; the exit status is then 64. */
bool options_parse(struct options *options, enum command_id command, int argc, char **argv,
    const char *environment, struct arena *arena, char error[OPTIONS_ERROR]);

/* The limit of each stage in milliseconds: ours (smtp/stage.h), or --timeout, or what one of
 * --timeout-… says of it. */
void options_deadlines(const struct options *options, long ms[STAGE_COUNT]);

/* Is there to be a login? */
bool options_log_in(const struct options *options);

bool options_color(
    const struct options *options, int fd); /* should what goes to `fd` be coloured? (--color,
                                               NO_COLOR, TERM, a terminal or not) */

#endif
