#include "input/pack.h"

#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "input/libarchive.h"

enum pack
pack_of(const char *file)
{
	size_t len = strlen(file);

	if (len > 3 && strcmp(file + len - 3, ".gz") == 0)
		return PACK_GZIP;
	return len > 4 && strcmp(file + len - 4, ".zst") == 0 ? PACK_ZSTD : PACK_NONE;
}

static la_ssize_t
keep(struct archive *archive, void *arg, const void *octets, size_t len)
{
	(void)archive;
	buf_add(arg, octets, len);
	return (la_ssize_t)len;
}

/* Only filters that are compiled in: ARCHIVE_WARN says that a program would be started. */
static bool
begin(const struct libarchive *la, struct archive *archive, enum pack pack, struct buf *out)
{
	struct archive_entry *entry = la->archive_entry_new();
	bool good;

	la->archive_entry_set_filetype(entry, S_IFREG);
	good = (pack == PACK_GZIP ? la->archive_write_add_filter_gzip(archive)
	                          : la->archive_write_add_filter_zstd(archive)) == ARCHIVE_OK &&
	       la->archive_write_set_format_raw(archive) == ARCHIVE_OK &&
	       la->archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
	       la->archive_write_open(archive, out, NULL, keep, NULL) == ARCHIVE_OK &&
	       la->archive_write_header(archive, entry) == ARCHIVE_OK;
	la->archive_entry_free(entry);
	return good;
}

bool
pack_ready(const char **why)
{
	return libarchive(why) != NULL;
}

bool
pack_member(enum pack pack, struct slice octets, struct buf *out, const char **why)
{
	const struct libarchive *la = libarchive(why);
	struct archive *archive = la != NULL ? la->archive_write_new() : NULL;
	size_t before = out->len;
	bool good;

	if (archive == NULL)
		return false;
	good = begin(la, archive, pack, out) &&
	       la->archive_write_data(archive, octets.at, octets.len) == (la_ssize_t)octets.len &&
	       la->archive_write_close(archive) == ARCHIVE_OK && !out->full;
	la->archive_write_free(archive);
	if (good)
		return true;
	buf_cut(out, before);
	*why =
	    pack == PACK_GZIP ? "it could not be packed by gzip" : "it could not be packed by zstd";
	return false;
}
