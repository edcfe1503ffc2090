/* dns: the DNS that the options ask for, and the data files: opened for probe, self, check and
 * explain alike. */
#ifndef COMMAND_SOURCES_H
#define COMMAND_SOURCES_H

#include <stdbool.h>
#include <stdio.h>

#include "command/command.h"
#include "input/input.h"
#include "io/consult.h"
#include "report/text.h"

struct arena;
struct book;
struct buf;
struct event_base;
struct lists;
struct resolver;
struct rules;

struct dns_access {
	struct event_base *base;
	struct resolver *resolver; /* --nameserver, or /etc/resolv.conf, or --dns-replay */
	struct resolver *list_resolver; /* --dnsbl-nameserver; NULL: the same */
	const struct options *options;
	struct lists *lists; /* built in, --lists, --no-list, --dnsbl-key */
	struct consult_who who; /* for consult_start */
	FILE *record; /* --dns-record, NULL */
	const char *record_name;
	bool controlled; /* the control question was asked: see dns_is_dead */
};

/* EXIT_OK, or the exit status after saying why with log_error. Either way dns_close is to be
 * called. */
int dns_open(struct dns_access *dns, const struct options *options);
/* `status`, but EXIT_LOCAL for what is undetermined because this machine cannot ask a nameserver.
 */
int dns_status(const struct dns_access *dns, int status);
/* EXIT_OK, or EXIT_WRITE when the --dns-record file could not be written (said). */
int dns_close(struct dns_access *dns);

/* Runs the loop until `step` has all it needs, or `ms` milliseconds are over: then false (see
 * consult_done). For commands that do one thing at a time. */
bool dns_consult(struct dns_access *dns, struct book *book, consult_step *step, void *arg, long ms);
struct dns_case { /* one of several evaluations that run side by side, each with its own `ms` */
	struct book *book;
	void *arg; /* of the step */
	bool complete; /* what dns_consult would return */
};
void dns_consult_all(
    struct dns_access *dns, struct dns_case *cases, size_t count, consult_step *step, long ms);

const char *dns_origin(const struct dns_access *dns, struct arena *arena); /* "--nameserver" */
/* "192.0.2.1, 192.0.2.2: Connection refused (this host's own, by /etc/resolv.conf)": whom it asks,
 * what systems say in their place, and why these. */
const char *dns_whose(const struct dns_access *dns, struct arena *arena);
/* After look-ups: has no name server answered anything, nor the control question that is asked
 * then, once a run? It is ours that is dead, and nothing follows about anybody's domain. */
bool dns_is_dead(struct dns_access *dns);
void dns_warn_if_dead(struct dns_access *dns);

const char *dns_public_resolver(const struct dns_access
        *dns); /* the well-known open resolver that lists are asked through; NULL: none */

/* -v: every answer that was used, a line each, without any key. */
void dns_tell_answers(const struct dns_access *dns, const struct book *book,
    const struct text_style *style, struct buf *out);

/* The lists that the options ask for, without any network (explain). NULL after saying why;
 * `*status` is the exit status. */
struct lists *lists_open(const struct options *options, int *status);

struct rulebook { /* how replies are read, and what is to be done about what is found */
	struct rules *rules;
	struct rules *verdicts; /* of sending systems; only explain has them, else NULL */
	struct remedies *remedies;
};
/* What is built in, and what --rules adds. EXIT_OK, or the exit status after saying why; either way
 * rulebook_close is to be called. {0} may be closed, too. */
int rulebook_open(
    struct rulebook *rulebook, const struct options *options, const struct lists *lists);
void rulebook_close(struct rulebook *rulebook);

/* A whole file, at most `max` octets; "-" is standard input. NULL after saying why. Owned by the
 * caller, NUL-terminated behind `*len`. */
char *file_read(const char *name, size_t max, size_t *len);
/* The same, unpacked if it is compressed, and of what is text as UTF-8 (input/input.h). */
char *file_unpack(const char *name, enum input_want want, size_t max, size_t *len);

#endif
