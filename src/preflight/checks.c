#include "preflight/checks.h"

#include <string.h>

static const char *const names[CHECK_COUNT] = {
#define X(id, name) [CHECK_##id] = (name),
    PREFLIGHT_CHECKS(X)
#undef X
};

const char *
check_name(enum check_id id)
{
	return id < CHECK_COUNT ? names[id] : NULL;
}

enum check_id
check_named(const char *name, size_t len)
{
	unsigned id = 0;

	while (id < CHECK_COUNT && (strlen(names[id]) != len || memcmp(names[id], name, len) != 0))
		id++;
	return (enum check_id)id;
}

const char *
finding_result_name(enum finding_result result)
{
	static const char *const words[] = {"none", "pass", "fail", "unknown"};

	return words[result];
}
