/* Whom to trust: a file of certificates, a folder of such, or what the system has. */
#include <dirent.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/tls.h"

/* One file, not a folder of hashes: the folder costs a file look-up for every unknown issuer (half
 * of all mail servers). */
static const char *const bundles[] = {
    "/etc/ssl/certs/ca-certificates.crt", /* Debian, Ubuntu, Alpine, Arch */
    "/etc/pki/tls/certs/ca-bundle.crt", /* Fedora, RHEL */
    "/etc/ssl/ca-bundle.pem", /* SUSE */
    "/etc/ssl/cert.pem", /* OpenBSD, macOS, Alpine */
    "/usr/local/share/certs/ca-root-nss.crt", /* FreeBSD */
};

enum { PATH_MAX_HERE = 4096 };

static bool
trust_file(SSL_CTX *ctx, const char *path)
{
	bool good = SSL_CTX_load_verify_file(ctx, path) == 1;

	ERR_clear_error();
	return good;
}

/* Every file in it that has certificates: whether somebody ran c_rehash there is not asked. */
static bool
trust_folder(SSL_CTX *ctx, const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char file[PATH_MAX_HERE];
	struct stat status;
	bool any = false;

	if (folder == NULL)
		return false;
	while ((entry = readdir(folder)) != NULL) {
		int len = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);

		if (len < (int)sizeof file && stat(file, &status) == 0 && S_ISREG(status.st_mode))
			any |= trust_file(ctx, file);
	}
	closedir(folder);
	return any;
}

bool
tls_trust(SSL_CTX *ctx, const char *path)
{
	struct stat status;

	if (stat(path, &status) != 0)
		return false;
	return S_ISDIR(status.st_mode) ? trust_folder(ctx, path) : trust_file(ctx, path);
}

/* A list of folders, as OpenSSL takes it. */
static bool
trust_folders(SSL_CTX *ctx, const char *list)
{
	char path[PATH_MAX_HERE];
	bool any = false;

	for (size_t len; *list != '\0'; list += len + (list[len] == ':')) {
		len = strcspn(list, ":");
		if (len == 0 || len >= sizeof path)
			continue;
		memcpy(path, list, len);
		path[len] = '\0';
		any |= tls_trust(ctx, path);
	}
	return any;
}

/* "4a6481c9.0": a link to a certificate, by the hash of its subject. */
static bool
is_link(const char *name)
{
	size_t digits = strspn(name, "0123456789abcdef");

	return digits == 8 && name[8] == '.' && name[9] != '\0' &&
	       name[9 + strspn(name + 9, "0123456789")] == '\0';
}

static size_t
count_links(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	char file[PATH_MAX_HERE];
	size_t count = 0;

	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL) {
		int len = snprintf(file, sizeof file, "%s/%s", path, entry->d_name);

		count +=
		    is_link(entry->d_name) && len < (int)sizeof file && access(file, R_OK) == 0;
	}
	closedir(folder);
	return count;
}

static size_t
count_certificates(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[128]; /* those of PEM have 64 octets */
	size_t count = 0;

	if (file == NULL)
		return 0;
	while (fgets(line, sizeof line, file) != NULL)
		count += strncmp(line, "-----BEGIN ", 11) == 0;
	fclose(file);
	return count;
}

/* The file of the system's authorities, or that which the user names; NULL: there is none. */
static const char *
bundle_of_all(void)
{
	const char *named = getenv(X509_get_default_cert_file_env());

	if (named != NULL)
		return named;
	for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++)
		if (access(bundles[i], R_OK) == 0)
			return bundles[i];
	return NULL;
}

/* Where the file lies, if all that it has lies there by name, too; whoever names a folder of his
 * own means that one. */
bool
tls_trust_by_name(SSL_CTX *ctx)
{
	const char *file = bundle_of_all(), *named = getenv(X509_get_default_cert_dir_env()),
	           *slash = file != NULL ? strrchr(file, '/') : NULL;
	char folder[PATH_MAX_HERE];
	size_t count;

	if (slash == NULL || (size_t)(slash - file) >= sizeof folder)
		return false;
	snprintf(folder, sizeof folder, "%.*s", (int)(slash - file), file);
	if (named != NULL && strcmp(named, folder) != 0)
		return false;
	count = count_certificates(file);
	return count > 0 && count_links(folder) >= count &&
	       SSL_CTX_load_verify_dir(ctx, folder) == 1;
}

bool
tls_trust_system(SSL_CTX *ctx)
{
	const char *file = getenv(X509_get_default_cert_file_env()),
	           *folders = getenv(X509_get_default_cert_dir_env());
	bool any = false;

	if (file != NULL)
		any |= tls_trust(ctx, file);
	if (folders != NULL)
		any |= trust_folders(ctx, folders);
	if (file != NULL || folders != NULL) /* whoever names some means these */
		return any;
	for (size_t i = 0; i < sizeof bundles / sizeof *bundles; i++)
		if (access(bundles[i], R_OK) == 0 && trust_file(ctx, bundles[i]))
			return true;
	return tls_trust(ctx, X509_get_default_cert_file()) ||
	       trust_folders(ctx, X509_get_default_cert_dir());
}
