/* lab: the practice internet as a whole: nameserver, mail servers, certificates, and the
 * configuration that points mxwalk at them. Loopback only, no privileges, nothing left behind.
 *
 * The signals that end it are caught from lab_new() to lab_free(). */
#ifndef LAB_LAB_H
#define LAB_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct lab;

struct lab_plan {
	const char *log; /* file for what the mail servers say and hear; NULL: none */
	unsigned port, dns_port; /* 0: free ones */
};

enum lab_fault {
	LAB_FINE,
	LAB_NO_NETWORK,
	LAB_NO_FILE
}; /* what could not be had: sockets or certificates; a file */

/* Opens the ports and makes a private directory with the configuration. On a fault `*lab` is NULL
 * and `why` says what. The plan is borrowed. */
enum lab_fault lab_new(struct lab **lab, const struct lab_plan *plan, char *why, size_t size);
void lab_free(struct lab *lab); /* the directory goes too */

/* Serves until SIGINT, SIGQUIT, SIGTERM or SIGHUP; before that, tells `out` (may be NULL) where it
 * listens and how to use it. False: that could not be written.
 */
bool lab_serve(struct lab *lab, FILE *out);
/* Runs a command (NULL-terminated) with $MXWALK_CONFIG, and $MXWALK_LAB_LOG if there is a log, and
 * serves until it ends. Its exit status as a shell gives it: 128 + n for a signal n, 126 and 127
 * where it cannot be run. */
int lab_serve_command(struct lab *lab, char *const *command);

#endif
