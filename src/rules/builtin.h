/* builtin: the data files as they were when the program was built (data/embed.awk). */
#ifndef RULES_BUILTIN_H
#define RULES_BUILTIN_H

#include <stddef.h>

extern const char data_words[], data_rules[], data_providers[], data_remedies[], data_lists[],
    data_verdicts[], data_resolvers[], data_sites[];
extern const size_t data_words_size, data_rules_size, data_providers_size, data_remedies_size,
    data_lists_size, data_verdicts_size, data_resolvers_size, data_sites_size;

#endif
