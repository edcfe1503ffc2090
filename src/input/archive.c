#include "input/archive.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "input/libarchive.h"

enum { HEAD = 512 };

struct archive_walk {
	const struct libarchive *la;
	struct buf *out;
	size_t entries, octets;
	const char *why; /* it ends here; NULL: it goes on */
	char words[200];
};

static void
put(struct archive_walk *walk, unsigned depth, char letter, const char *name)
{
	size_t len = strlen(name);

	buf_printf(walk->out, "%u%c", depth, letter);
	buf_add(walk->out, name, len < ARCHIVE_NAME_MAX ? len : ARCHIVE_NAME_MAX);
	buf_add(walk->out, "", 1);
}

static void
give_up(struct archive_walk *walk, const char *why)
{
	if (walk->why != NULL)
		return;
	strncpy(walk->words, why != NULL ? why : "it is damaged", sizeof walk->words - 1);
	walk->why = walk->words;
}

static bool
is_program(const char *bytes, size_t len)
{
	return (len > 2 && memcmp(bytes, "MZ", 2) == 0) ||
	       (len > 4 && memcmp(bytes, "\177ELF", 4) == 0);
}

static bool
is_archive(const char *bytes, size_t len)
{
	static const struct {
		const char *magic;
		size_t len, at;
	} known[] = {{"PK\003\004", 4, 0}, {"\037\213", 2, 0}, {"7z\274\257\047\034", 6, 0},
	    {"Rar!\032\007", 6, 0}, {"BZh", 3, 0}, {"\3757zXZ", 6, 0}, {"ustar", 5, 257}};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (len >= known[i].at + known[i].len &&
		    memcmp(bytes + known[i].at, known[i].magic, known[i].len) == 0)
			return true;
	return false;
}

static void list(struct archive_walk *walk, struct slice bytes, unsigned depth);

/* The rest of an entry that is an archive itself. */
static void
look_into(struct archive_walk *walk, struct archive *archive, const char *head, size_t len,
    unsigned depth)
{
	struct buf inner;
	char piece[16384];
	la_ssize_t n = 0;

	buf_init(&inner, ARCHIVE_OCTETS_MAX - walk->octets);
	buf_add(&inner, head, len);
	while (!inner.full && (n = walk->la->archive_read_data(archive, piece, sizeof piece)) > 0)
		buf_add(&inner, piece, (size_t)n);
	walk->octets += inner.len;
	if (inner.full)
		give_up(walk, "what it holds is too large");
	else if (n < 0)
		give_up(walk, walk->la->archive_error_string(archive));
	else
		list(walk, (struct slice){inner.data, inner.len}, depth);
	buf_release(&inner);
}

static void
take_entry(
    struct archive_walk *walk, struct archive *archive, struct archive_entry *entry, unsigned depth)
{
	const char *name = walk->la->archive_entry_pathname(entry);
	char head[HEAD];
	la_ssize_t n;

	name = name != NULL ? name : "";
	if (++walk->entries > ARCHIVE_ENTRIES_MAX) {
		give_up(walk, "it holds too many files");
		return;
	}
	if (walk->la->archive_entry_is_encrypted(entry) > 0) {
		put(walk, depth, 'e', name);
		return;
	}
	n = walk->la->archive_entry_filetype(entry) == AE_IFREG ||
	            walk->la->archive_entry_filetype(entry) == 0
	        ? walk->la->archive_read_data(archive, head, sizeof head)
	        : 0;
	put(walk, depth, n > 0 && is_program(head, (size_t)n) ? 'p' : 'f', name);
	if (n > 0 && is_archive(head, (size_t)n) && depth + 1 < ARCHIVE_DEPTH_MAX)
		look_into(walk, archive, head, (size_t)n, depth + 1);
}

/* What is no archive may be one file, packed. */
static bool
is_compressed(struct slice bytes)
{
	return bytes.len > 6 &&
	       (memcmp(bytes.at, "\037\213", 2) == 0 || memcmp(bytes.at, "BZh", 3) == 0 ||
	           memcmp(bytes.at, "\3757zXZ", 6) == 0);
}

/* Only filters and formats that are compiled in: none may start a program. */
static struct archive *
open_archive(const struct archive_walk *walk, struct slice bytes)
{
	struct archive *archive = walk->la->archive_read_new();

	if (archive == NULL)
		return NULL;
	walk->la->archive_read_support_format_zip(archive);
	walk->la->archive_read_support_format_tar(archive);
	walk->la->archive_read_support_format_7zip(archive);
	walk->la->archive_read_support_format_rar(archive);
	walk->la->archive_read_support_format_rar5(archive);
	if (is_compressed(bytes))
		walk->la->archive_read_support_format_raw(archive);
	walk->la->archive_read_support_filter_gzip(archive);
	walk->la->archive_read_support_filter_bzip2(archive);
	walk->la->archive_read_support_filter_xz(archive);
	walk->la->archive_read_support_filter_lzma(archive);
	walk->la->archive_read_support_filter_zstd(archive);
	walk->la->archive_read_support_filter_compress(archive);
	walk->la->archive_read_open_memory(archive, bytes.at, bytes.len);
	return archive;
}

static void
list(struct archive_walk *walk, struct slice bytes, unsigned depth)
{
	struct archive *archive = open_archive(walk, bytes);
	struct archive_entry *entry;
	int state = ARCHIVE_FATAL;

	if (archive == NULL)
		return;
	while (walk->why == NULL) {
		state = walk->la->archive_read_next_header(archive, &entry);
		if (state != ARCHIVE_OK && state != ARCHIVE_WARN)
			break;
		take_entry(walk, archive, entry, depth);
	}
	if (state != ARCHIVE_EOF && walk->la->archive_read_has_encrypted_entries(archive) > 0)
		put(walk, depth, 'e', "");
	else if (state != ARCHIVE_EOF)
		give_up(walk, walk->la->archive_error_string(archive));
	walk->la->archive_read_free(archive);
}

void
archive_list(struct slice bytes, struct buf *out)
{
	struct archive_walk walk = {.out = out};
	const char *why = NULL;

	walk.la = libarchive(&why);
	if (walk.la == NULL)
		give_up(&walk, why);
	else
		list(&walk, bytes, 0);
	put(&walk, 0, walk.why != NULL ? '!' : '.', walk.why != NULL ? walk.why : "");
}
