/* veil: what is shown to others without the addresses that are ours (--redact). Pure. */
#ifndef BASE_VEIL_H
#define BASE_VEIL_H

#include "base/ip.h"
#include "base/slice.h"

struct buf;

enum { VEIL_MAX = 1024 };

struct veil {
	struct ip
	    own[VEIL_MAX]; /* those beyond are not told apart: all addresses are hidden then */
	size_t count;
};

void veil_add(struct veil *veil, const struct ip *ip); /* family 0: none */
void veil_add_text(struct veil *veil, struct slice ip);
/* With "own-address" wherever one of them stands, in whatever spelling, or back to front as in
 * names below a list's zone. */
void veil_text(const struct veil *veil, struct buf *out, struct slice text);

#endif
