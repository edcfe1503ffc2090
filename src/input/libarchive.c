#include "input/libarchive.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const char *const names[] = {"libarchive.so.13", "libarchive.13.dylib"};

#define LIBARCHIVE_SYMBOL(name) {#name, offsetof(struct libarchive, name)},
static const struct {
	const char *name;
	size_t place;
} symbols[] = {LIBARCHIVE_FUNCTIONS(LIBARCHIVE_SYMBOL)};

static bool
load(struct libarchive *library)
{
	void *handle = NULL;

	for (size_t i = 0; i < sizeof names / sizeof *names && handle == NULL; i++)
		handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; i < sizeof symbols / sizeof *symbols && handle != NULL; i++) {
		void *symbol = dlsym(handle, symbols[i].name);

		if (symbol == NULL)
			return false;
		memcpy((char *)library + symbols[i].place, &symbol, sizeof symbol);
	}
	return handle != NULL;
}

const struct libarchive *
libarchive(const char **why)
{
	static struct libarchive library;
	static bool tried, there;

	if (!tried)
		there = load(&library);
	tried = true;
	if (!there)
		*why = "the library that packs and unpacks, libarchive, could not be loaded";
	return there ? &library : NULL;
}
