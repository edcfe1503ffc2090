/* How long a reply asks us to wait: src/campaign/delay.c. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "campaign/delay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size > 0 ? size : 1); /* no octet behind it may be read */
	int64_t ms;

	if (text == NULL)
		return 0;
	memcpy(text, data, size);
	ms = delay_named(text, size);
	if (ms < 0 || ms != delay_named(text, size))
		abort();
	free(text);
	return 0;
}
