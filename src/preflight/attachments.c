/* What hangs on a message: by its name, by its first octets, and by what an archive holds. The
 * signatures are few, well known and old, so they stand here; libmagic would bring a file of 8 MB
 * and a parser of its own for what eleven rows say. */
#include <string.h>

#include "base/arena.h"
#include "base/utf8.h"
#include "mail/header.h"
#include "preflight/facts.h"
#include "preflight/requirements.h"

enum { NAME_SHOWN = 120, ZIP_ENTRIES_MAX = 2000 };

enum file_kind { KIND_OTHER, KIND_PROGRAM, KIND_ARCHIVE, KIND_ZIP, KIND_OLE };

static const struct {
	const char *magic;
	size_t len, at;
	enum file_kind kind;
	const char *name;
} signatures[] = {
    {"MZ", 2, 0, KIND_PROGRAM, "a Windows program"},
    {"\177ELF", 4, 0, KIND_PROGRAM, "a Unix program"},
    {"\312\376\272\276", 4, 0, KIND_PROGRAM, "a Java or macOS program"},
    {"PK\003\004", 4, 0, KIND_ZIP, "a zip archive"},
    {"PK\005\006", 4, 0, KIND_ZIP, "a zip archive"},
    {"\037\213", 2, 0, KIND_ARCHIVE, "gzip"},
    {"7z\274\257\047\034", 6, 0, KIND_ARCHIVE, "a 7z archive"},
    {"Rar!\032\007", 6, 0, KIND_ARCHIVE, "a RAR archive"},
    {"BZh", 3, 0, KIND_ARCHIVE, "bzip2"},
    {"\3757zXZ", 6, 0, KIND_ARCHIVE, "xz"},
    {"ustar", 5, 257, KIND_ARCHIVE, "a tar archive"},
    {"\320\317\021\340\241\261\032\341", 8, 0, KIND_OLE, "an old Office document"},
};

/* The first of them that fits; NULL: none does. */
static const char *
kind_of(struct slice bytes, enum file_kind *kind)
{
	*kind = KIND_OTHER;
	for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
		if (bytes.len < signatures[i].at + signatures[i].len ||
		    memcmp(bytes.at + signatures[i].at, signatures[i].magic, signatures[i].len) !=
		        0)
			continue;
		*kind = signatures[i].kind;
		return signatures[i].name;
	}
	return NULL;
}

/* ---- names */

static struct slice
extension(struct slice name)
{
	for (size_t i = name.len; i-- > 0 && name.at[i] != '/' && name.at[i] != '\\';)
		if (name.at[i] == '.')
			return slice_from(name, i + 1);
	return (struct slice){name.at + name.len, 0};
}

/* Windows drops what it cannot have at the end of a name. */
static struct slice
as_windows_has_it(const char *name)
{
	struct slice slice = slice_of(name);

	while (slice.len > 0 && (slice.at[slice.len - 1] == ' ' || slice.at[slice.len - 1] == '.'))
		slice.len--;
	return slice;
}

static bool
has_extension(const struct message_facts *facts, enum preflight_words list, const char *name)
{
	struct slice last = extension(as_windows_has_it(name));

	return last.len > 0 && requirements_has(facts->requirements, list, last.at, last.len);
}

/* "invoice.pdf.exe" */
static bool
is_double(const struct message_facts *facts, const char *name)
{
	struct slice whole = as_windows_has_it(name), last = extension(whole), before;

	if (last.len == 0 ||
	    !requirements_has(facts->requirements, WORDS_EXTENSIONS, last.at, last.len))
		return false;
	whole.len = (size_t)(last.at - whole.at) - 1;
	before = extension(whole);
	return before.len > 0 &&
	       requirements_has(facts->requirements, WORDS_DOUBLE, before.at, before.len);
}

/* Characters that turn the order of what is seen (U+202A-202E, U+2066-2069). */
static bool
turns_order(const char *name)
{
	for (size_t left = strlen(name), n; left > 0; name += n, left -= n) {
		uint32_t code;

		n = utf8_len(name, left);
		code = n > 0 ? utf8_code(name, n) : 0;
		n = n > 0 ? n : 1;
		if ((code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069))
			return true;
	}
	return false;
}

static void
check_file_name(struct message_facts *facts, const struct body_part *part)
{
	const char *disposition = header_get(part->header, "Content-Disposition", facts->arena);

	if (turns_order(part->name))
		fault_on_line(facts, CHECK_ATT_NAME, part->line,
		    "The name of a file turns the order in which it is read.");
	if (is_double(facts, part->name))
		fault_on_line(facts, CHECK_ATT_NAME, part->line,
		    "The name of a file hides what it is: %.*s.", NAME_SHOWN, part->name);
	if ((disposition != NULL && strstr(disposition, "=?") != NULL) ||
	    strstr(part->content_type, "=?") != NULL)
		fault_on_line(facts, CHECK_ATT_NAME, part->line,
		    "The name of a file is an encoded word within a parameter, which RFC 2047 "
		    "section 5 forbids: %.*s.",
		    NAME_SHOWN, part->name);
}

/* ---- a zip says its names twice */

static unsigned
number16(const char *at)
{
	return (unsigned char)at[0] | (unsigned)(unsigned char)at[1] << 8;
}

static unsigned long
number32(const char *at)
{
	return number16(at) | (unsigned long)number16(at + 2) << 16;
}

/* One entry of the directory, and what its local header calls it. */
static const char *
zip_difference(struct slice zip, const char *entry, struct arena *arena)
{
	size_t len = number16(entry + 28);
	unsigned long at = number32(entry + 42);
	size_t local;

	if (at + 30 > zip.len || memcmp(zip.at + at, "PK\003\004", 4) != 0)
		return "its directory names a file that is not where it says";
	local = number16(zip.at + at + 26);
	if (local > zip.len - at - 30 || local != len ||
	    memcmp(zip.at + at + 30, entry + 46, len) != 0)
		return arena_printf(arena, "its directory says %.*s, and the file itself %.*s",
		    (int)(len < NAME_SHOWN ? len : NAME_SHOWN), entry + 46,
		    (int)(local > zip.len - at - 30 ? 0
		          : local < NAME_SHOWN      ? local
		                                    : NAME_SHOWN),
		    zip.at + at + 30);
	return NULL;
}

/* Readers differ in which of the two they believe. */
static const char *
zip_fault(struct slice zip, struct arena *arena)
{
	size_t end = zip.len >= 22 ? zip.len - 22 : 0, low = end > 65535 ? end - 65535 : 0;
	unsigned long at;
	unsigned count;

	while (end > low && memcmp(zip.at + end, "PK\005\006", 4) != 0)
		end--;
	if (zip.len < 22 || memcmp(zip.at + end, "PK\005\006", 4) != 0)
		return "its directory is missing";
	at = number32(zip.at + end + 16);
	count = number16(zip.at + end + 10);
	for (unsigned i = 0; i < count && i < ZIP_ENTRIES_MAX; i++) {
		const char *why;
		size_t len;

		if (at + 46 > end || memcmp(zip.at + at, "PK\001\002", 4) != 0)
			return "its directory is damaged";
		len = number16(zip.at + at + 28);
		if (at + 46 + len > end)
			return "its directory is damaged";
		why = zip_difference(zip, zip.at + at, arena);
		if (why != NULL)
			return why;
		at += 46 + len + number16(zip.at + at + 30) + number16(zip.at + at + 32);
	}
	return NULL;
}

/* ---- archives */

/* What archive_list wrote: a digit for how deep it lies, a letter, and the name of each entry
 * (input/archive.h). */
static void
check_entry(struct message_facts *facts, const struct body_part *part, const char *item)
{
	const char *name = item + 2;

	if (has_extension(facts, WORDS_EXTENSIONS, name))
		fault_on_line(facts, CHECK_ATT_TYPE, part->line,
		    "An archive holds a file that is refused by its type: %.*s.", NAME_SHOWN, name);
	else if (item[1] == 'p')
		fault_on_line(facts, CHECK_ATT_TYPE, part->line,
		    "An archive holds a program: %.*s.", NAME_SHOWN, name);
	if (slice_ends(slice_of(name), "vbaproject.bin") ||
	    has_extension(facts, WORDS_MACRO_EXTENSIONS, name))
		fault_on_line(facts, CHECK_ATT_MACRO, part->line,
		    "There are macros in an attachment: %.*s.", NAME_SHOWN, name);
	if (is_double(facts, name) || turns_order(name))
		fault_on_line(facts, CHECK_ATT_NAME, part->line,
		    "The name of a file in an archive hides what it is: %.*s.", NAME_SHOWN, name);
	if (item[1] != 'e')
		return;
	fault_on_line(facts, CHECK_ATT_ENCRYPTED, part->line, "An archive has a password%s%.*s.",
	    *name != '\0' ? ": " : "", NAME_SHOWN, name);
	if (has_extension(facts, WORDS_ARCHIVES, name))
		fault_on_line(facts, CHECK_ATT_ENCRYPTED_ARCHIVE, part->line,
		    "An archive with a password holds another one: %.*s.", NAME_SHOWN, name);
}

static void
check_listing(struct message_facts *facts, const struct body_part *part)
{
	struct slice rest = part->listing;
	bool ended = false;

	if (rest.at == NULL)
		return;
	while (rest.len > 2) {
		const char *item = rest.at, *end = memchr(item, '\0', rest.len);

		if (end == NULL || end < item + 2)
			break;
		if (item[1] == '!')
			fault_on_line(facts, CHECK_ATT_ARCHIVE, part->line,
			    "An archive could not be read to its end: %.*s.", NAME_SHOWN, item + 2);
		if (item[1] == '.' || item[1] == '!')
			ended = true;
		else
			check_entry(facts, part, item);
		rest = slice_from(rest, (size_t)(end - item) + 1);
	}
	if (!ended)
		fault_on_line(facts, CHECK_ATT_ARCHIVE, part->line,
		    "An archive could not be read to its end within the limits of time and "
		    "memory.");
}

/* ---- one attachment */

static bool
holds(struct slice bytes, const char *what, size_t len)
{
	const char *at = bytes.at, *end = bytes.at + bytes.len;

	while ((size_t)(end - at) >= len &&
	       (at = memchr(at, what[0], (size_t)(end - at) - len + 1)) != NULL) {
		if (memcmp(at, what, len) == 0)
			return true;
		at++;
	}
	return false;
}

static const char *
shown_name(const struct body_part *part)
{
	return part->name != NULL ? part->name : part->type;
}

static void
check_part(struct message_facts *facts, const struct body_part *part)
{
	static const char vba[] = "V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T";
	enum file_kind kind;
	const char *words = kind_of(part->decoded, &kind), *why;

	if (part->name != NULL)
		check_file_name(facts, part);
	if (part->name != NULL && has_extension(facts, WORDS_EXTENSIONS, part->name))
		fault_on_line(facts, CHECK_ATT_TYPE, part->line,
		    "A file is refused by its type: %.*s.", NAME_SHOWN, part->name);
	else if (kind == KIND_PROGRAM)
		fault_on_line(facts, CHECK_ATT_TYPE, part->line, "A file is %s: %.*s.", words,
		    NAME_SHOWN, shown_name(part));
	else if (part->name != NULL && has_extension(facts, WORDS_EXTENSIONS_OUTLOOK, part->name))
		fault_on_line(facts, CHECK_ATT_TYPE_OUTLOOK, part->line,
		    "Outlook lets nobody open a file of this type: %.*s.", NAME_SHOWN, part->name);
	if ((kind == KIND_OLE && holds(part->decoded, vba, sizeof vba - 1)) ||
	    (part->name != NULL && has_extension(facts, WORDS_MACRO_EXTENSIONS, part->name)))
		fault_on_line(facts, CHECK_ATT_MACRO, part->line,
		    "There are macros in an attachment: %.*s.", NAME_SHOWN, shown_name(part));
	if (kind == KIND_ZIP && (why = zip_fault(part->decoded, facts->arena)) != NULL)
		fault_on_line(facts, CHECK_ATT_ARCHIVE, part->line,
		    "A zip archive is not what it seems: %s: %.*s.", why, NAME_SHOWN,
		    shown_name(part));
	check_listing(facts, part);
}

void
facts_read_attachments(struct message_facts *facts)
{
	for (size_t i = 0; i < facts->part_count; i++) {
		const struct body_part *part = &facts->parts[i];

		if (!part->multipart && !part->message)
			check_part(facts, part);
	}
}

bool
part_is_archive(const struct body_part *part)
{
	enum file_kind kind;

	kind_of(part->decoded, &kind);
	return kind == KIND_ZIP || kind == KIND_ARCHIVE;
}
