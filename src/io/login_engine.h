/* login_engine: who computes what a client answers in AUTH: libgsasl, loaded when the first login
 * is asked for. Linked, it would be loaded at each start of the program. */
#ifndef IO_LOGIN_ENGINE_H
#define IO_LOGIN_ENGINE_H

#include "smtp/login.h"

/* NULL with `*why`, valid as long as the process: this build has none, or it cannot be loaded. */
const struct login_engine *login_engine(const char **why);

#endif
