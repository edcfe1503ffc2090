#include "command/deadline.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include "exit_status.h"
#include "options/options.h"

/* Nothing of the result was written yet: that is done at once, at the end. */
static void
give_up(int number)
{
	static const char words[] =
	    "MXWALK UNKNOWN - there was no result in time (--timeout-plugin)\n";
	ssize_t n = write(STDOUT_FILENO, words, sizeof words - 1);

	(void)number;
	(void)n;
	_exit(NAGIOS_UNKNOWN);
}

void
deadline_begin(const struct options *options)
{
	const struct itimerval timer = {.it_value = {.tv_sec = options->timeout_plugin / 1000,
	                                    .tv_usec = options->timeout_plugin % 1000 * 1000}};
	const struct sigaction action = {.sa_handler = give_up};

	if (options->format != FORMAT_NAGIOS || options->timeout_plugin == 0 ||
	    (options->output != NULL && strcmp(options->output, "-") != 0))
		return;
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
}
