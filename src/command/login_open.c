#include "command/login_open.h"

#include <string.h>

#include "base/log.h"
#include "command/command.h"
#include "command/secret.h"
#include "io/login_engine.h"

/* One line, whose end is not part of it. NULL after saying why. */
static char *
read_line(const char *option, const char *file, int fd, const char *what, struct slice *out)
{
	size_t len = 0;
	char *text = file != NULL ? secret_read(file, what, LOGIN_SECRET_MAX, &len)
	                          : secret_read_descriptor(fd, LOGIN_SECRET_MAX, &len);

	if (text == NULL)
		return NULL;
	if (len > 0 && text[len - 1] == '\n')
		len--;
	if (len > 0 && text[len - 1] == '\r')
		len--;
	*out = (struct slice){text, len};
	if (len > 0 && slice_until(*out, "\r\n") == len && memchr(text, '\0', len) == NULL)
		return text;
	log_error("%s: not one line with the %s in it", option, what);
	secret_forget(text, LOGIN_SECRET_MAX);
	return NULL;
}

static bool
read_secrets(struct open_login *open, const struct options *o)
{
	struct login *login = &open->login;

	if (o->auth_password_file != NULL || o->auth_password_fd > 0) {
		open->password = read_line(
		    o->auth_password_file != NULL ? "--auth-password-file" : "--auth-password-fd",
		    o->auth_password_file, (int)o->auth_password_fd - 1, "password",
		    &login->password);
		if (open->password == NULL)
			return false;
	}
	if (o->auth_token_file != NULL || o->auth_token_fd > 0) {
		open->token =
		    read_line(o->auth_token_file != NULL ? "--auth-token-file" : "--auth-token-fd",
		        o->auth_token_file, (int)o->auth_token_fd - 1, "token", &login->token);
		if (open->token == NULL)
			return false;
	}
	return true;
}

int
login_open(struct open_login *open, const struct options *o)
{
	const char *why;

	*open = (struct open_login){.wanted = options_log_in(o)};
	if (!open->wanted)
		return EXIT_OK;
	open->login = (struct login){.want = o->auth_want,
	    .user = o->auth_user != NULL ? o->auth_user : "",
	    .mechanisms = o->auth,
	    .in_clear = o->auth_insecure || o->socket != NULL,
	    .host = o->server.host,
	    .port = o->server.port != 0 ? o->server.port : o->port,
	    .engine = login_engine(&why)};
	if (open->login.engine == NULL) {
		log_error("--auth: %s", why);
		return EXIT_USAGE;
	}
	return read_secrets(open, o) ? EXIT_OK : EXIT_DATA;
}

void
login_close(struct open_login *open)
{
	secret_forget(open->password, LOGIN_SECRET_MAX);
	secret_forget(open->token, LOGIN_SECRET_MAX);
	open->password = open->token = NULL;
}
