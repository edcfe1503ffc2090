/* Files as people have them: compressed, in UTF-16, with marks, with endless lines, and none at
 * all. */
#include <archive.h>
#include <archive_entry.h>
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "input/input.h"
#include "input/sniff.h"
#include "input/unicode.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))
#define BYTES(string)                                                                              \
	{                                                                                          \
		string, sizeof(string) - 1                                                         \
	}

/* ---- what kind of file */

static const struct {
	struct slice head;
	bool whole;
	enum sniff_kind kind;
} kinds[] = {
    {BYTES(""), true, SNIFF_PLAIN},
    {BYTES("example.com\n"), false, SNIFF_PLAIN},
    {BYTES("a"), false, SNIFF_PLAIN},
    {BYTES("\x1f\x8b\x08\x00"), false, SNIFF_PACKED},
    {BYTES("\x1f"), false, SNIFF_MORE},
    {BYTES("\x1f"), true, SNIFF_PLAIN},
    {BYTES("\x1f\x9d\x90"), false, SNIFF_PACKED},
    {BYTES("\xfd"
           "7zXZ\0"),
        false, SNIFF_PACKED},
    {BYTES("\x28\xb5\x2f\xfd"), false, SNIFF_PACKED},
    {BYTES("BZh91AY&SY"), false, SNIFF_PACKED},
    {BYTES("BZh9\x17rE8P\x90"), false, SNIFF_PACKED},
    {BYTES("BZh"), false, SNIFF_MORE},
    {BYTES("BZh"), true, SNIFF_PLAIN},
    {BYTES("BZhappy.example\n"), false, SNIFF_PLAIN},
    {BYTES("BZh9.example.org"), false, SNIFF_PLAIN},
    {BYTES("P"), false, SNIFF_MORE},
    {BYTES("PK\x03\x04rest"), false, SNIFF_OTHER},
    {BYTES("pk.example"), false, SNIFF_PLAIN},
    {BYTES("\xff\xfe"
           "a\0"),
        false, SNIFF_PLAIN},
    {BYTES("\xff\xfe\0\0"), false, SNIFF_OTHER},
    {BYTES("%PDF-1.7"), false, SNIFF_OTHER},
};

Test(input, kinds)
{
	const char *what;

	for (size_t i = 0; i < COUNT(kinds); i++)
		cr_expect_eq(
		    sniff(kinds[i].head, kinds[i].whole, &what), kinds[i].kind, "row %zu", i);
}

/* ---- text */

static const struct {
	struct slice in;
	const char *out;
} texts[] = {
    {BYTES(""), ""}, {BYTES("a"), "a"}, {BYTES("a.example\n"), "a.example\n"},
    {BYTES("\xef\xbb\xbf"
           "a\n"),
        "a\n"},
    {BYTES("\xef\xbb\xbf"), ""},
    {BYTES("\xff\xfe"
           "a\0\xfc\0\n\0"),
        "a\xc3\xbc\n"},
    {BYTES("\xfe\xff\0a\0\xfc\0\n"), "a\xc3\xbc\n"}, {BYTES("a\0b\0c\0"), "abc"},
    {BYTES("\0a\0b\0c"), "abc"}, {BYTES("\xff\xfe\x3d\xd8\x00\xde!\0"), "\xf0\x9f\x98\x80!"},
    {BYTES("\xff\xfe\x3d\xd8!\0"), "\xef\xbf\xbd!"},
    {BYTES("\xff\xfe"
           "a\0b"),
        "a\xef\xbf\xbd"},
    {BYTES("\xe4\xf6\xfc"), "\xe4\xf6\xfc"}, /* of no known kind */
};

Test(input, unicode_however_it_is_cut)
{
	for (size_t i = 0; i < COUNT(texts); i++)
		for (size_t step = 1; step <= 8; step++) {
			struct unicode unicode = {0};
			struct slice rest = texts[i].in;
			struct buf out;

			buf_init(&out, 100);
			do {
				size_t n = rest.len < step ? rest.len : step;

				unicode_add(
				    &unicode, (struct slice){rest.at, n}, n == rest.len, &out);
				rest = slice_from(rest, n);
			} while (rest.len > 0);
			cr_expect_str_eq(
			    out.data, texts[i].out, "row %zu, step %zu: %s", i, step, out.data);
			buf_release(&out);
		}
}

/* ---- files */

static const struct {
	const char *name;
	int (*add)(struct archive *);
} filters[] = {
    {"gzip", archive_write_add_filter_gzip},
    {"bzip2", archive_write_add_filter_bzip2},
    {"xz", archive_write_add_filter_xz},
    {"zstd", archive_write_add_filter_zstd},
    {"plain", archive_write_add_filter_none},
};

/* `count` lines "line N\n", packed into a file of its own. */
static void
write_packed(char name[64], int (*add)(struct archive *), unsigned count)
{
	struct archive *archive = archive_write_new();
	struct archive_entry *entry = archive_entry_new();
	int fd;

	snprintf(name, 64, "/tmp/mxwalk-test-input.XXXXXX");
	fd = mkstemp(name);
	add(archive);
	archive_write_set_format_raw(archive);
	archive_write_set_bytes_in_last_block(archive, 1);
	archive_write_open_fd(archive, fd);
	archive_entry_set_filetype(entry, AE_IFREG);
	archive_write_header(archive, entry);
	for (unsigned i = 0; i < count; i++) {
		char line[32];

		archive_write_data(
		    archive, line, (size_t)snprintf(line, sizeof line, "line %u\n", i));
	}
	archive_entry_free(entry);
	archive_write_free(archive);
	close(fd);
}

static enum input_state
next_line(struct input *input, struct slice *line)
{
	enum input_state state;

	while ((state = input_line(input, 100, line)) == INPUT_WAIT)
		input_wait(input);
	return state;
}

/* Lines that are as they were written; the state at the end. */
static unsigned
count_lines(struct input *input, enum input_state *state)
{
	struct slice line;
	unsigned count = 0;
	char wanted[32];

	while ((*state = next_line(input, &line)) == INPUT_SOME) {
		snprintf(wanted, sizeof wanted, "line %u", count);
		if (!slice_same(line, wanted))
			break;
		count++;
	}
	return count;
}

Test(input, packed_files)
{
	static const unsigned counts[] = {0, 1, 100000};

	for (size_t i = 0; i < COUNT(filters); i++)
		for (size_t k = 0; k < COUNT(counts); k++) {
			enum input_state state;
			struct input *input;
			char name[64];

			write_packed(name, filters[i].add, counts[k]);
			input = input_open(name, INPUT_TEXT);
			cr_assert_not_null(input);
			cr_expect_eq(count_lines(input, &state), counts[k], "%s", filters[i].name);
			cr_expect_eq(state, INPUT_END, "%s, %u lines: %s", filters[i].name,
			    counts[k], input_why(input));
			input_close(input);
			remove(name);
		}
}

/* Cut in the middle: what was there is given, and the end is told. */
Test(input, truncated_files)
{
	for (size_t i = 0; i + 1 < COUNT(filters); i++) {
		enum input_state state;
		struct input *input;
		char name[64];

		write_packed(name, filters[i].add, 100000);
		cr_assert_eq(truncate(name, 2000), 0);
		input = input_open(name, INPUT_TEXT);
		count_lines(input, &state);
		cr_expect_eq(state, INPUT_BROKEN, "%s", filters[i].name);
		cr_expect_gt(strlen(input_why(input)), 5, "%s", filters[i].name);
		input_close(input);
		remove(name);
	}
}

/* Nobody waits for the end of what nobody reads. */
Test(input, closed_early)
{
	struct input *input;
	struct slice line;
	char name[64];

	write_packed(name, archive_write_add_filter_gzip, 1000000);
	input = input_open(name, INPUT_TEXT);
	cr_expect_eq(next_line(input, &line), INPUT_SOME);
	cr_expect(slice_same(line, "line 0"));
	input_close(input);
	remove(name);
}

static const struct {
	struct slice bytes;
	const char *lines; /* with "|" behind each; "?": too long */
} line_cases[] = {
    {BYTES(""), ""},
    {BYTES("a\nb"), "a|b|"},
    {BYTES("a\r\n\r\nb\r\n"), "a||b|"},
    {BYTES("\n"), "|"},
    {BYTES("12345678901\nb\n"), "?|b|"},
    {BYTES("1234567890\nb\n"), "1234567890|b|"},
    {BYTES("1234567890\r\nb\n"), "1234567890|b|"},
    {BYTES("a\n1234567890123456789012345678901234567890"), "a|?|"},
};

Test(input, lines)
{
	for (size_t i = 0; i < COUNT(line_cases); i++) {
		char name[64] = "/tmp/mxwalk-test-input.XXXXXX";
		int fd = mkstemp(name);
		struct input *input;
		struct slice line;
		struct buf out;

		cr_assert_eq(write(fd, line_cases[i].bytes.at, line_cases[i].bytes.len),
		    (ssize_t)line_cases[i].bytes.len);
		close(fd);
		buf_init(&out, 1000);
		input = input_open(name, INPUT_TEXT);
		while (input_line(input, 10, &line) == INPUT_SOME) {
			line.at == NULL ? buf_puts(&out, "?") : buf_add(&out, line.at, line.len);
			buf_putc(&out, '|');
		}
		cr_expect_str_eq(out.data, line_cases[i].lines, "row %zu: %s", i, out.data);
		input_close(input);
		buf_release(&out);
		remove(name);
	}
}

Test(input, what_cannot_be_opened)
{
	cr_expect_null(input_open("/nonexistent", INPUT_TEXT));
	cr_expect_eq(errno, ENOENT);
	cr_expect_null(input_open("/tmp", INPUT_TEXT));
	cr_expect_eq(errno, EISDIR);
}
