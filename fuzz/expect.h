/* expect(holds): what a fuzz target says of what it got; a crash where it does not hold. */
#ifndef FUZZ_EXPECT_H
#define FUZZ_EXPECT_H

#include <stdlib.h>

static inline void
expect(int holds)
{
	if (!holds)
		abort();
}

#endif
