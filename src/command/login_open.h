/* login_open: what --auth-… say, as a login of the run: the secrets are read, and wiped at the end.
 */
#ifndef COMMAND_LOGIN_OPEN_H
#define COMMAND_LOGIN_OPEN_H

#include "options/options.h"
#include "smtp/login.h"

struct open_login {
	struct login login;
	char *password, *token; /* NULL: none */
	bool wanted;
};

/* EXIT_OK, or the exit status after saying why. Either way login_close is to be called. */
int login_open(struct open_login *open, const struct options *options);
void login_close(struct open_login *open);

#endif
