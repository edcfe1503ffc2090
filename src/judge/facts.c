#include "judge/facts.h"

const char *
fact_name(enum fact_id id)
{
	static const char *const names[FACT_COUNT] = {
#define X(id, name) [FACT_##id] = (name),
	    FACTS(X)
#undef X
	};

	return names[id];
}
