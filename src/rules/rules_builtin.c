/* The rule bases that the program carries. Apart from rules.c, for data/mktables.c, which makes
 * them, cannot have them. */
#include "rules/rulebase.h"

struct rules *
rules_builtin(const struct lists *lists)
{
	return rules_from(&builtin_rules, lists);
}

struct rules *
rules_verdicts(const struct lists *lists)
{
	return rules_from(&builtin_verdicts, lists);
}
