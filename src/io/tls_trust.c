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
