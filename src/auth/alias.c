#include "auth/alias.h"

#include <libpsl.h>
#include <string.h>

#include "base/arena.h"
#include "dns/answer.h"

const char *
alias_gone(const struct answer *answer, struct arena *arena)
{
	const char *target = answer->canonical, *holder;

	if (answer_truth(answer) != ABSENT || target == NULL || strcmp(target, answer->name) == 0)
		return NULL;
	holder = psl_builtin() != NULL ? psl_registrable_domain(psl_builtin(), target) : NULL;
	return arena_printf(arena,
	    "it is an alias (CNAME) of %s, which %s: whoever holds %s has to put a record there, "
	    "or "
	    "the alias has to go",
	    target,
	    answer->rcode == DNS_NXDOMAIN
	        ? "does not exist"
	        : arena_printf(arena, "has no %s record", dns_type_name(answer->type)),
	    holder != NULL ? holder : target);
}
