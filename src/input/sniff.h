/* sniff: what kind of file this is, by its first octets. Pure. */
#ifndef INPUT_SNIFF_H
#define INPUT_SNIFF_H

#include "base/slice.h"

enum sniff_kind {
	SNIFF_PLAIN,
	SNIFF_PACKED, /* compressed: it can be unpacked */
	SNIFF_OTHER, /* no text at all: `*what` names it */
	SNIFF_MORE, /* too little has come to tell */
};

enum { SNIFF_MAX = 512 }; /* octets that are ever looked at */

/* `whole`: there is no more of it. */
enum sniff_kind sniff(struct slice head, bool whole, const char **what);

#endif
