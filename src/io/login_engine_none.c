/* Where libgsasl was not there when this was built. */
#include <stddef.h>

#include "io/login_engine.h"

const struct login_engine *
login_engine(const char **why)
{
	*why = "this mxwalk was built without libgsasl, and does not log in";
	return NULL;
}
