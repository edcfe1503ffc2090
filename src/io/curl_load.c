#include "io/curl_load.h"

#include <stddef.h>

#include "base/library.h"

static const char *const files[] = {"libcurl.so.4", NULL}; /* its ABI since 2006 */

static const struct library_function functions[] = {
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
    {NULL, 0},
};

bool
curl_load(struct curl *curl, const char **why)
{
	return library_load(files, functions, curl, why) &&
	       curl->global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK;
}
