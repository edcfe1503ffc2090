/* run: what a run of walks says of itself when it begins, while it goes on, and at its end. */
#ifndef REPORT_RUN_H
#define REPORT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/ip.h"
#include "smtp/stage.h"

struct run_facts { /* borrowed */
	const char *version;
	int64_t started; /* milliseconds since the epoch */
	const char *const *options; /* "port=2525": those in force that are not the default */
	size_t option_count;
	const char *const *nameservers;
	size_t nameserver_count;
	uint64_t given; /* a number that tells the targets, operands and list, from others … */
	bool given_known; /* … if they could be read for it */
	bool resumed; /* it goes on with the run before it */
};

enum { RUN_HELD = 8 }; /* sites that are left alone, of which names are told: the longest */

struct run_progress {
	unsigned long total; /* walks in all; 0: not known */
	unsigned running;
	int64_t ms; /* since the run began */
	double rate; /* results in a second, of the last minute at most */
	int64_t left_ms; /* until the end, by the rate or by the slowest site; -1: not known */
	struct run_site {
		const char *name; /* NULL: none */
		int64_t ms;
	} slowest; /* that which the end will wait for, and for how long */
	size_t held_count; /* sites that are left alone */
	struct run_site held[RUN_HELD]; /* the longest first */
	size_t later_count; /* targets that were greylisted, and are asked again … */
	int64_t later_ms; /* … the first of them in */
	/* One of those that are under way: what is said while there is one only. */
	const char *target; /* NULL: none is */
	const char *mx; /* NULL: no connection yet, the DNS is asked */
	struct ip ip;
	uint16_t port;
	enum stage stage;
	int64_t walk_ms; /* since this walk began */
};

enum run_stop { /* why a run was given up before its end */
	RUN_WENT_ON, /* it was not */
	RUN_NOBODY_ANSWERS, /* not one of the first connections could be made */
	RUN_OTHER_LIST, /* it was to go on with another one, whose list was not the same */
	RUN_LISTED, /* a source came onto a blocklist */
	RUN_THIS_HOST, /* this machine could not, and could not have for anybody else */
	RUN_STOP_COUNT
};
const char *run_stop_name(
    enum run_stop stop); /* "nobody-answers" "other-list" "listed" "this-host"; NULL: it was not */

struct run_listed { /* a source came onto a blocklist while the run went on */
	struct ip source;
	const char *list; /* its zone; NULL: none did */
	int64_t at; /* milliseconds since the epoch */
	unsigned long results; /* that were there by then */
};

struct run_end {
	int64_t ms;
	struct run_listed listed; /* the first */
	bool interrupted;
	bool failed; /* the loop broke down: an error of ours */
	enum run_stop stop;
	bool nobody_answered; /* connections were tried, and none was made … */
	unsigned port; /* … to this port */
	bool input_failed; /* a list could not be read to its end */
	unsigned long bad_input; /* lines of the input that are no target */
	unsigned long under_way; /* walks that were broken off, and are not among the results */
	unsigned long not_begun; /* targets that were known, and not asked any more */
};

#endif
