#include "input/pack.h"

#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"

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
begin(struct archive *archive, enum pack pack, struct buf *out)
{
	struct archive_entry *entry = archive_entry_new();
	bool good;

	archive_entry_set_filetype(entry, S_IFREG);
	good = (pack == PACK_GZIP ? archive_write_add_filter_gzip(archive)
	                          : archive_write_add_filter_zstd(archive)) == ARCHIVE_OK &&
	       archive_write_set_format_raw(archive) == ARCHIVE_OK &&
	       archive_write_set_bytes_per_block(archive, 0) == ARCHIVE_OK &&
	       archive_write_open(archive, out, NULL, keep, NULL) == ARCHIVE_OK &&
	       archive_write_header(archive, entry) == ARCHIVE_OK;
	archive_entry_free(entry);
	return good;
}

bool
pack_member(enum pack pack, struct slice octets, struct buf *out, const char **why)
{
	struct archive *archive = archive_write_new();
	size_t before = out->len;
	bool good = archive != NULL && begin(archive, pack, out) &&
	            archive_write_data(archive, octets.at, octets.len) == (la_ssize_t)octets.len &&
	            archive_write_close(archive) == ARCHIVE_OK && !out->full;

	archive_write_free(archive);
	if (good)
		return true;
	buf_cut(out, before);
	*why =
	    pack == PACK_GZIP ? "it could not be packed by gzip" : "it could not be packed by zstd";
	return false;
}
