#include "io/curl_load.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

static const char library[] = "libcurl.so.4"; /* its ABI since 2006 */

static const struct {
	const char *name;
	size_t at;
} functions[] = {
    {"curl_global_init", offsetof(struct curl, global_init)},
    {"curl_easy_init", offsetof(struct curl, easy_init)},
    {"curl_easy_cleanup", offsetof(struct curl, easy_cleanup)},
    {"curl_easy_setopt", offsetof(struct curl, easy_setopt)},
    {"curl_easy_getinfo", offsetof(struct curl, easy_getinfo)},
    {"curl_slist_append", offsetof(struct curl, slist_append)},
    {"curl_slist_free_all", offsetof(struct curl, slist_free_all)},
    {"curl_multi_init", offsetof(struct curl, multi_init)},
    {"curl_multi_cleanup", offsetof(struct curl, multi_cleanup)},
    {"curl_multi_setopt", offsetof(struct curl, multi_setopt)},
    {"curl_multi_add_handle", offsetof(struct curl, multi_add_handle)},
    {"curl_multi_remove_handle", offsetof(struct curl, multi_remove_handle)},
    {"curl_multi_assign", offsetof(struct curl, multi_assign)},
    {"curl_multi_socket_action", offsetof(struct curl, multi_socket_action)},
    {"curl_multi_info_read", offsetof(struct curl, multi_info_read)},
};

bool
curl_load(struct curl *curl, const char **why)
{
	void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);

	for (size_t i = 0; i < sizeof functions / sizeof *functions && handle != NULL; i++) {
		void *function = dlsym(handle, functions[i].name);

		if (function == NULL)
			handle = NULL;
		else
			memcpy((char *)curl + functions[i].at, &function, sizeof function);
	}
	if (handle == NULL) {
		*why = dlerror();
		return false;
	}
	return curl->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}
