#include "input/libarchive.h"

#include <stdbool.h>
#include <stddef.h>

#include "base/library.h"

static const char *const files[] = {"libarchive.so.13", "libarchive.13.dylib", NULL};

#define LIBARCHIVE_FUNCTION(name) {#name, offsetof(struct libarchive, name)},
static const struct library_function functions[] = {
    LIBARCHIVE_FUNCTIONS(LIBARCHIVE_FUNCTION){NULL, 0}};
#undef LIBARCHIVE_FUNCTION

const struct libarchive *
libarchive(const char **why)
{
	static struct libarchive library;
	static bool tried, there;

	if (!tried)
		there = library_load(files, functions, &library, why);
	tried = true;
	if (!there)
		*why = "the library that packs and unpacks, libarchive, could not be loaded";
	return there ? &library : NULL;
}
