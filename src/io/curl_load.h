/* curl_load: libcurl, loaded when the first policy is to be fetched. Linked, it would cost every
 * start of the program some 10 ms: it brings 36 libraries along. */
#ifndef IO_CURL_LOAD_H
#define IO_CURL_LOAD_H

#include <curl/curl.h>
#include <stdbool.h>

struct curl { /* the functions that are used, under their names without "curl_" */
	CURLcode (*global_init)(long flags);
	CURL *(*easy_init)(void);
	void (*easy_cleanup)(CURL *easy);
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	struct curl_slist *(*slist_append)(struct curl_slist *list, const char *string);
	void (*slist_free_all)(struct curl_slist *list);
	CURLM *(*multi_init)(void);
	CURLMcode (*multi_cleanup)(CURLM *multi);
	CURLMcode (*multi_setopt)(CURLM *multi, CURLMoption option, ...);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_assign)(CURLM *multi, curl_socket_t fd, void *arg);
	CURLMcode (*multi_socket_action)(CURLM *multi, curl_socket_t fd, int bits, int *running);
	CURLMsg *(*multi_info_read)(CURLM *multi, int *left);
};

/* False with `*why`, valid as long as the process, when it cannot be loaded. It stays. */
bool curl_load(struct curl *curl, const char **why);

#endif
