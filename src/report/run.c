#include "report/run.h"

const char *
run_stop_name(enum run_stop stop)
{
	static const char *const names[RUN_STOP_COUNT] = {[RUN_NOBODY_ANSWERS] = "nobody-answers",
	    [RUN_OTHER_LIST] = "other-list",
	    [RUN_LISTED] = "listed",
	    [RUN_THIS_HOST] = "this-host"};

	return names[stop];
}
