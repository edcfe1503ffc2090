/* page_parts: the style and the script of a page, as they were when the program was built
 * (data/page_style.css, data/page_script.js; data/embed.awk). */
#ifndef REPORT_PAGE_PARTS_H
#define REPORT_PAGE_PARTS_H

#include <stddef.h>

extern const char data_page_style[], data_page_script[];
extern const size_t data_page_style_size, data_page_script_size;

#endif
