/* builtin: the data files as they were when the program was built (data/embed.awk). */
#ifndef RULES_BUILTIN_H
#define RULES_BUILTIN_H

#include <stddef.h>

extern const char data_words[], data_rules[], data_providers[], data_advice[], data_lists[];
extern const size_t data_words_size, data_rules_size, data_providers_size, data_advice_size,
    data_lists_size;

#endif
