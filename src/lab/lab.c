#include "lab/lab.h"

#include <errno.h>
#include <event2/event.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "io/loop.h"
#include "lab/certs.h"
#include "lab/dnsd.h"
#include "lab/domains.h"
#include "lab/maild.h"
#include "lab/policyd.h"
#include "lab/zone.h"

enum { NOT_EXECUTABLE = 126, NOT_FOUND = 127, SIGNALLED = 128 }; /* as a shell has them */
enum { SIGNALS = 4, PROGRAM_MAX = 4096, PATHS_MAX = 1 << 16 };

struct lab {
	const struct lab_plan *plan;
	struct arena *arena; /* paths */
	struct event_base *base;
	struct certs *certs;
	struct zone *zone;
	struct dnsd *dnsd;
	struct maild *maild;
	struct policyd *policyd;
	FILE *log;
	char *directory, *config, *ca; /* NULL until made */
	struct event *caught[SIGNALS]; /* NULL: ignored */
	pid_t child; /* 0: none */
	int status; /* of the child, as waitpid gives it */
};

/* ---- signals */

static const int signals[SIGNALS] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP};

/* A command under way has the say: what a terminal sends (SIGINT, SIGQUIT) it gets from there, as
 * with system(3), the rest from us; when it ends, so do we. */
static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	const struct lab *lab = arg;

	(void)what;
	if (lab->child == 0)
		event_base_loopbreak(lab->base);
	else if (number == SIGTERM || number == SIGHUP)
		kill(lab->child, (int)number);
}

/* Those that are ignored stay so: nohup means it. */
static void
catch_signals(struct lab *lab)
{
	struct sigaction before;

	for (int i = 0; i < SIGNALS; i++)
		if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
			lab->caught[i] = evsignal_new(lab->base, signals[i], on_signal, lab);
			event_add(lab->caught[i], NULL);
		}
}

/* ---- files */

static bool
write_ca(struct lab *lab)
{
	FILE *out;
	bool good;

	lab->ca = arena_printf(lab->arena, "%s/ca.pem", lab->directory);
	out = fopen(lab->ca, "wxe");
	if (out == NULL)
		return false;
	good = certs_write_ca(lab->certs, out);
	return fclose(out) == 0 && good;
}

static bool
write_config(struct lab *lab)
{
	FILE *out;

	lab->config = arena_printf(lab->arena, "%s/config", lab->directory);
	out = fopen(lab->config, "wxe");
	if (out == NULL)
		return false;
	fprintf(out, "# the practice internet of mxwalk lab, as long as it runs\n");
	fprintf(out, "nameserver 127.0.0.1:%u\n", dnsd_port(lab->dnsd));
	fprintf(out, "port %u\n", maild_port(lab->maild));
	fprintf(out, "allow-private\n");
	/* All its servers are of one domain, and nobody is disturbed. */
	fprintf(out, "site-concurrency 50\nsite-rate none\nsite-pause none\nretries 0\n");
	fprintf(out, "source %s\n", LAB_LISTED);
	fprintf(out, "from probe@clean.sender.example\n");
	fprintf(out, "tls-ca %s\n", lab->ca);
	fprintf(out, "sts-ca %s\n", lab->ca);
	fprintf(out, "sts-port %u\n", policyd_port(lab->policyd));
	return fclose(out) == 0;
}

static enum lab_fault
make_directory(struct lab *lab, char *why, size_t size)
{
	const char *parent = getenv("TMPDIR");
	char *path = arena_printf(lab->arena, "%s/mxwalk-lab.XXXXXX",
	    parent != NULL && *parent != '\0' ? parent : "/tmp");

	if (mkdtemp(path) == NULL) {
		snprintf(why, size, "%s: no directory can be made: %s", path, strerror(errno));
		return LAB_NO_FILE;
	}
	lab->directory = path;
	if (write_ca(lab) && write_config(lab))
		return LAB_FINE;
	snprintf(why, size, "%s: %s", path, strerror(errno));
	return LAB_NO_FILE;
}

static void
remove_directory(struct lab *lab)
{
	if (lab->config != NULL)
		unlink(lab->config);
	if (lab->ca != NULL)
		unlink(lab->ca);
	if (lab->directory != NULL && rmdir(lab->directory) != 0)
		log_warn("%s: not removed: %s", lab->directory, strerror(errno));
}

/* ---- new and free */

static void
make_zone(struct lab *lab)
{
	struct zone_values values = {.port = maild_port(lab->maild)};

	certs_digests(lab->certs, lab->arena, &values);
	lab->zone = zone_new(&values);
}

static enum lab_fault
open_all(struct lab *lab, char *why, size_t size)
{
	if (lab->plan->log != NULL && (lab->log = fopen(lab->plan->log, "we")) == NULL) {
		snprintf(why, size, "%s: %s", lab->plan->log, strerror(errno));
		return LAB_NO_FILE;
	}
	lab->base = loop_new();
	catch_signals(lab); /* before there is a directory to be left behind */
	lab->certs = certs_new(why, size);
	if (lab->certs == NULL)
		return LAB_NO_NETWORK;
	lab->maild = maild_new(lab->base, lab->certs, lab->log, lab->plan->port, why, size);
	if (lab->maild == NULL)
		return LAB_NO_NETWORK;
	lab->policyd = policyd_new(lab->base, lab->certs, why, size);
	if (lab->policyd == NULL)
		return LAB_NO_NETWORK;
	make_zone(lab);
	lab->dnsd = dnsd_new(lab->base, lab->zone, lab->plan->dns_port, why, size);
	if (lab->dnsd == NULL)
		return LAB_NO_NETWORK;
	return make_directory(lab, why, size);
}

enum lab_fault
lab_new(struct lab **out, const struct lab_plan *plan, char *why, size_t size)
{
	struct lab *lab = must_alloc(sizeof *lab);
	enum lab_fault fault;

	signal(SIGPIPE, SIG_IGN); /* OpenSSL writes to sockets that a client may have left */
	*lab = (struct lab){.plan = plan, .arena = arena_new()};
	fault = open_all(lab, why, size);
	*out = fault == LAB_FINE ? lab : NULL;
	if (fault != LAB_FINE)
		lab_free(lab);
	return fault;
}

void
lab_free(struct lab *lab)
{
	if (lab == NULL)
		return;
	remove_directory(lab);
	policyd_free(lab->policyd);
	maild_free(lab->maild);
	dnsd_free(lab->dnsd);
	certs_free(lab->certs);
	zone_free(lab->zone);
	for (int i = 0; i < SIGNALS; i++)
		if (lab->caught[i] != NULL)
			event_free(lab->caught[i]);
	if (lab->base != NULL)
		event_base_free(lab->base);
	if (lab->log != NULL && fclose(lab->log) != 0)
		log_warn("%s: %s", lab->plan->log, strerror(errno));
	arena_free(lab->arena);
	free(lab);
}

/* Where this program lies, into PROGRAM_MAX octets; false where the system does not tell. */
static bool
own_path(char *program)
{
	ssize_t len = readlink("/proc/self/exe", program, PROGRAM_MAX - 1);

	if (len <= 0)
		return false;
	program[len] = '\0';
	return true;
}

static void
describe(const struct lab *lab, FILE *out)
{
	char first[16], last[16], program[PROGRAM_MAX];

	if (!own_path(program))
		snprintf(program, sizeof program, "mxwalk");

	lab_domain_address(&lab_domains[0], first);
	lab_domain_address(&lab_domains[lab_domain_count - 1], last);
	fprintf(out, "The practice internet is up, on loopback only:\n");
	fprintf(out, "  nameserver    127.0.0.1:%u, UDP and TCP\n", dnsd_port(lab->dnsd));
	fprintf(out, "  mail servers  %s to %s%s, port %u\n", first, last,
	    maild_has_ip6(lab->maild) ? " and ::1" : " (this machine has no ::1)",
	    maild_port(lab->maild));
	fprintf(out, "  policy host   " LAB_POLICY_HOST ", port %u\n", policyd_port(lab->policyd));
	fprintf(out, "  configuration %s\n", lab->config);
	if (lab->plan->log != NULL)
		fprintf(out, "  log           %s\n", lab->plan->log);
	fprintf(out, "\nSource addresses (--source) and how they stand:\n");
	for (size_t i = 0; i < lab_source_count; i++)
		fprintf(out, "  %-13s %s%s\n", lab_sources[i].address, lab_sources[i].does,
		    strcmp(lab_sources[i].address, LAB_LISTED) == 0
		        ? " (the configuration's choice)"
		        : "");
	fprintf(out, "\nIn another terminal:\n");
	fprintf(out, "  export MXWALK_CONFIG=%s\n", lab->config);
	fprintf(out, "  %s lab --list\n", program);
	fprintf(out, "  %s probe greeting-554." LAB_ZONE "\n", program);
	fprintf(out, "\nIt runs until it is interrupted.\n");
}

/* ---- serving */

bool
lab_serve(struct lab *lab, FILE *out)
{
	if (out != NULL) {
		describe(lab, out);
		if (fflush(out) != 0)
			return false;
	}
	loop_run(lab->base);
	return true;
}

static void
on_child(evutil_socket_t number, short what, void *arg)
{
	struct lab *lab = arg;

	(void)number;
	(void)what;
	if (waitpid(lab->child, &lab->status, WNOHANG) == lab->child) {
		lab->child = 0;
		event_base_loopbreak(lab->base);
	}
}

/* The command finds the mxwalk that runs the lab, installed or not. */
static void
be_found(void)
{
	const char *path = getenv("PATH");
	char program[PROGRAM_MAX];
	struct buf paths;

	if (!own_path(program))
		return;
	*strrchr(program, '/') = '\0';
	buf_init(&paths, PATHS_MAX);
	buf_printf(&paths, "%s%s%s", program, path != NULL ? ":" : "", path != NULL ? path : "");
	if (!paths.full)
		setenv("PATH", paths.data, 1);
	buf_release(&paths);
}

static void
be_command(const struct lab *lab, char *const *command)
{
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	setenv("MXWALK_CONFIG", lab->config, 1);
	be_found();
	if (lab->plan->log != NULL)
		setenv("MXWALK_LAB_LOG", lab->plan->log, 1);
	execvp(command[0], command);
	log_error("%s: %s", command[0], strerror(errno));
	_exit(errno == ENOENT ? NOT_FOUND : NOT_EXECUTABLE);
}

int
lab_serve_command(struct lab *lab, char *const *command)
{
	struct event *ended = loop_event(lab->base, SIGCHLD, EV_SIGNAL | EV_PERSIST, on_child, lab);

	event_add(ended, NULL); /* before there is a child that could end */
	fflush(NULL);
	lab->child = fork();
	if (lab->child == 0)
		be_command(lab, command);
	if (lab->child > 0) {
		loop_run(lab->base);
	} else {
		log_error("%s: %s", command[0], strerror(errno));
		lab->status = NOT_EXECUTABLE << 8;
	}
	event_free(ended);
	return WIFSIGNALED(lab->status) ? SIGNALLED + WTERMSIG(lab->status)
	                                : WEXITSTATUS(lab->status);
}
