#include "command/apart.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "exit_status.h"
#include "options/options.h"

struct named {
	const char *option, *file; /* file NULL: not given */
	bool written;
};

/* The folder of one that is to be made, and its name there: two spellings of it come to the same.
 */
static bool
place_of(const char *file, char folder[PATH_MAX], const char **base)
{
	const char *slash = strrchr(file, '/');
	char above[PATH_MAX];
	size_t len = slash != NULL ? (size_t)(slash - file) + 1 : 0;

	*base = slash != NULL ? slash + 1 : file;
	if (len >= sizeof above)
		return false;
	memcpy(above, file, len);
	above[len] = '\0';
	return realpath(len > 0 ? above : ".", folder) != NULL;
}

/* Devices and pipes take from many. */
static bool
is_same(const char *a, const char *b)
{
	char folder_a[PATH_MAX], folder_b[PATH_MAX];
	const char *base_a, *base_b;
	struct stat st_a, st_b;
	bool there_a = stat(a, &st_a) == 0, there_b = stat(b, &st_b) == 0;

	if (there_a || there_b)
		return there_a && there_b && S_ISREG(st_a.st_mode) && st_a.st_dev == st_b.st_dev &&
		       st_a.st_ino == st_b.st_ino;
	return place_of(a, folder_a, &base_a) && place_of(b, folder_b, &base_b) &&
	       strcmp(base_a, base_b) == 0 && strcmp(folder_a, folder_b) == 0;
}

static bool
is_file(const char *name)
{
	return name != NULL && strcmp(name, "-") != 0;
}

int
files_apart(const struct options *o)
{
	const struct named all[] = {{"output", o->output, true},
	    {"dns-record", o->dns_record, true}, {"sts-record", o->sts_record, true},
	    {"status-file", o->status_file, true}, {"save-culprit", o->save_culprit, true},
	    {"save-clean", o->save_clean, true}, {"log", o->lab_log, true},
	    {"input", o->input, false}, {"skip-file", o->skip_file, false},
	    {"dns-replay", o->dns_replay, false}, {"sts-replay", o->sts_replay, false}};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		for (size_t k = 0; k < i; k++) {
			if (!all[k].written || !is_file(all[k].file) || !is_file(all[i].file) ||
			    !is_same(all[k].file, all[i].file))
				continue;
			log_error("--%s %s and --%s %s are one file", all[k].option, all[k].file,
			    all[i].option, all[i].file);
			return EXIT_USAGE;
		}
	return EXIT_OK;
}
