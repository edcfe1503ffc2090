/* libarchive: the library, loaded by who packs or unpacks. Linked in, its own libraries (libxml2,
 * ICU, libstdc++ …) would cost each start of the program more than all the others together. */
#ifndef INPUT_LIBARCHIVE_H
#define INPUT_LIBARCHIVE_H

#include <archive.h>
#include <archive_entry.h>

/* What is used of it: add what you call, and call it through libarchive(). */
#define LIBARCHIVE_FUNCTIONS(USE)                                                                  \
	USE(archive_entry_filetype)                                                                \
	USE(archive_entry_free)                                                                    \
	USE(archive_entry_is_encrypted)                                                            \
	USE(archive_entry_new)                                                                     \
	USE(archive_entry_pathname)                                                                \
	USE(archive_entry_set_filetype)                                                            \
	USE(archive_errno)                                                                         \
	USE(archive_error_string)                                                                  \
	USE(archive_read_data)                                                                     \
	USE(archive_read_free)                                                                     \
	USE(archive_read_has_encrypted_entries)                                                    \
	USE(archive_read_new)                                                                      \
	USE(archive_read_next_header)                                                              \
	USE(archive_read_open)                                                                     \
	USE(archive_read_open_memory)                                                              \
	USE(archive_read_support_filter_bzip2)                                                     \
	USE(archive_read_support_filter_compress)                                                  \
	USE(archive_read_support_filter_gzip)                                                      \
	USE(archive_read_support_filter_lz4)                                                       \
	USE(archive_read_support_filter_lzip)                                                      \
	USE(archive_read_support_filter_lzma)                                                      \
	USE(archive_read_support_filter_xz)                                                        \
	USE(archive_read_support_filter_zstd)                                                      \
	USE(archive_read_support_format_7zip)                                                      \
	USE(archive_read_support_format_empty)                                                     \
	USE(archive_read_support_format_rar)                                                       \
	USE(archive_read_support_format_rar5)                                                      \
	USE(archive_read_support_format_raw)                                                       \
	USE(archive_read_support_format_tar)                                                       \
	USE(archive_read_support_format_zip)                                                       \
	USE(archive_set_error)                                                                     \
	USE(archive_write_add_filter_gzip)                                                         \
	USE(archive_write_add_filter_zstd)                                                         \
	USE(archive_write_close)                                                                   \
	USE(archive_write_data)                                                                    \
	USE(archive_write_free)                                                                    \
	USE(archive_write_header)                                                                  \
	USE(archive_write_new)                                                                     \
	USE(archive_write_open)                                                                    \
	USE(archive_write_set_bytes_per_block)                                                     \
	USE(archive_write_set_format_raw)

#define LIBARCHIVE_MEMBER(name) __typeof__(name) *name;
struct libarchive {
	LIBARCHIVE_FUNCTIONS(LIBARCHIVE_MEMBER)
};
#undef LIBARCHIVE_MEMBER

/* NULL: it is not there, and `*why` says it. */
const struct libarchive *libarchive(const char **why);

#endif
