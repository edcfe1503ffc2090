/* builtin: the data files as they were when the program was built (data/embed.awk), but those of
 * the rules, which are built in as tables (rules/rules.h). */
#ifndef RULES_BUILTIN_H
#define RULES_BUILTIN_H

#include <stddef.h>

extern const char data_remedies[], data_lists[], data_resolvers[], data_sites[], data_preflight[],
    data_isolate[];
extern const size_t data_remedies_size, data_lists_size, data_resolvers_size, data_sites_size,
    data_preflight_size, data_isolate_size;

#endif
