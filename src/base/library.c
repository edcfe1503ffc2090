#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

bool
library_load(const char *const *files, const struct library_function *functions, void *into,
    const char **why)
{
	void *handle = NULL;

	for (; *files != NULL && handle == NULL; files++)
		handle = dlopen(*files, RTLD_NOW | RTLD_LOCAL);
	for (; functions->name != NULL && handle != NULL; functions++) {
		void *function = dlsym(handle, functions->name);

		if (function == NULL)
			handle = NULL;
		else
			memcpy((char *)into + functions->at, &function, sizeof function);
	}
	if (handle == NULL)
		*why = dlerror();
	return handle != NULL;
}
