/* exit_status: what the program's end says (DESIGN.md section 2, man/mxwalk.1 EXIT STATUS). */
#ifndef EXIT_STATUS_H
#define EXIT_STATUS_H

enum exit_status {
	EXIT_OK =
	    0, /* every target reached the depth asked for; nothing found against the sender */
	EXIT_REFUSED = 1, /* some were refused (5yz); self: something that refuses mail */
	EXIT_DEFERRED = 2, /* some were deferred, none refused; self: warnings only */
	EXIT_UNDETERMINED = 3, /* neither, but something could not be told */
	EXIT_USAGE = 64,
	EXIT_DATA = 65, /* input that cannot be read or used */
	EXIT_INTERNAL = 70,
	EXIT_LOCAL = 71, /* this machine could not: of a target nothing is known by that */
	EXIT_CREATE = 73, /* an output file cannot be made */
	EXIT_WRITE = 74, /* output cannot be written */
	EXIT_INTERRUPTED = 130,
};

/* Of two things that were looked at, each OK to UNDETERMINED, the one that counts for both. */
int exit_graver(int a, int b);

/* --format nagios has the plugins' own numbers. */
enum nagios_status { NAGIOS_OK = 0, NAGIOS_WARNING = 1, NAGIOS_CRITICAL = 2, NAGIOS_UNKNOWN = 3 };

#endif
