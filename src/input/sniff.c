#include "input/sniff.h"

#include <string.h>

static const struct {
	enum sniff_kind kind;
	size_t at, len;
	const char *octets, *what;
} table[] = {
    {SNIFF_PACKED, 0, 3, "\x1f\x8b\x08", "gzip"},
    {SNIFF_PACKED, 0, 2, "\x1f\x9d", "compress"},
    {SNIFF_PACKED, 0, 6,
        "\xfd"
        "7zXZ\0",
        "xz"},
    {SNIFF_PACKED, 0, 4, "\x28\xb5\x2f\xfd", "zstd"},
    {SNIFF_PACKED, 0, 4, "\x04\x22\x4d\x18", "lz4"},
    {SNIFF_PACKED, 0, 5, "LZIP\x01", "lzip"},
    {SNIFF_PACKED, 0, 6, "\x5d\0\0\x80\0\xff", "lzma"},
    /* "BZh", a digit, and the octets of pi: that of a block or of the end, see below */
    {SNIFF_OTHER, 0, 4, "PK\x03\x04",
        "a zip archive (or .xlsx, .docx): take the text out of it first"},
    {SNIFF_OTHER, 0, 4, "PK\x05\x06", "an empty zip archive"},
    {SNIFF_OTHER, 0, 6, "7z\xbc\xaf\x27\x1c", "a 7z archive: unpack it first"},
    {SNIFF_OTHER, 0, 6, "Rar!\x1a\x07", "a rar archive: unpack it first"},
    {SNIFF_OTHER, 257, 5, "ustar", "a tar archive: unpack it first"},
    {SNIFF_OTHER, 0, 8, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
        "an Office document (.xls, .doc, .msg): save it as text first"},
    {SNIFF_OTHER, 0, 5, "%PDF-", "a PDF document: save it as text first"},
    {SNIFF_OTHER, 0, 4,
        "\x7f"
        "ELF",
        "a program, no text"},
    {SNIFF_OTHER, 0, 8, "\x89PNG\r\n\x1a\n", "a picture, no text"},
    {SNIFF_OTHER, 0, 3, "\xff\xd8\xff", "a picture, no text"},
    {SNIFF_OTHER, 0, 16, "SQLite format 3\0", "a database, no text"},
    {SNIFF_OTHER, 0, 4, "\xff\xfe\0\0", "text in UTF-32: save it as UTF-8 first"},
    {SNIFF_OTHER, 0, 4, "\0\0\xfe\xff", "text in UTF-32: save it as UTF-8 first"},
};

enum { BZIP2_MAGIC = 10 };

static bool
begins_bzip2(struct slice head)
{
	static const char data[] = "1AY&SY", end[] = "\x17rE8P\x90";
	size_t len = head.len < BZIP2_MAGIC ? head.len : BZIP2_MAGIC;

	if (memcmp(head.at, "BZh", len < 3 ? len : 3) != 0)
		return false;
	if (len > 3 && (head.at[3] < '1' || head.at[3] > '9'))
		return false;
	return len <= 4 || memcmp(head.at + 4, data, len - 4) == 0 ||
	       memcmp(head.at + 4, end, len - 4) == 0;
}

enum sniff_kind
sniff(struct slice head, bool whole, const char **what)
{
	*what = "bzip2";
	if (head.len > 0 && begins_bzip2(head)) {
		if (head.len >= BZIP2_MAGIC)
			return SNIFF_PACKED;
		if (!whole)
			return SNIFF_MORE;
	}
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		size_t end = table[i].at + table[i].len;

		if (head.len >= end) {
			*what = table[i].what;
			if (memcmp(head.at + table[i].at, table[i].octets, table[i].len) == 0)
				return table[i].kind;
		} else if (!whole && table[i].at == 0 &&
		           memcmp(head.at, table[i].octets, head.len) == 0) {
			return SNIFF_MORE;
		}
	}
	return SNIFF_PLAIN;
}
