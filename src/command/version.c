/* The libraries as they are at run time, which is what a bug report needs. */
#include "command/command.h"
#include "io/policy_fetch.h"

#define PCRE2_CODE_UNIT_WIDTH 8

#include <ares.h>
#include <event2/event.h>
#include <idn2.h>
#include <jansson.h>
#include <libpsl.h>
#include <openssl/crypto.h>
#include <pcre2.h>

int
command_version(const struct options *options)
{
	char pcre2[64] = "";

	(void)options;
	pcre2_config(PCRE2_CONFIG_VERSION, pcre2);
	printf("mxwalk %s\n", PACKAGE_VERSION);
	printf("libevent %s, c-ares %s, OpenSSL %s, jansson %s, PCRE2 %s, libidn2 %s, libpsl %s, "
	       "libcurl %s\n",
	    event_get_version(), ares_version(NULL), OpenSSL_version(OPENSSL_VERSION_STRING),
	    jansson_version_str(), pcre2, idn2_check_version(NULL), psl_get_version(),
	    fetch_library() != NULL ? fetch_library() : "(none)");
	return EXIT_OK;
}
