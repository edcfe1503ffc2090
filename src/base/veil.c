#include "base/veil.h"

#include <string.h>

#include "base/buf.h"

static const char hidden[] = "own-address";

void
veil_add(struct veil *veil, const struct ip *ip)
{
	if (ip->family == 0 || veil->count > VEIL_MAX)
		return;
	for (size_t i = 0; i < veil->count && i < VEIL_MAX; i++)
		if (ip_equal(&veil->own[i], ip))
			return;
	if (veil->count < VEIL_MAX)
		veil->own[veil->count] = *ip;
	veil->count++;
}

void
veil_add_text(struct veil *veil, struct slice text)
{
	char copy[IP_TEXT];
	struct ip ip;

	if (text.len == 0 || text.len >= sizeof copy)
		return;
	memcpy(copy, text.at, text.len);
	copy[text.len] = '\0';
	if (ip_parse(&ip, copy))
		veil_add(veil, &ip);
}

static bool
is_own(const struct veil *veil, const struct ip *ip)
{
	if (veil->count > VEIL_MAX)
		return true;
	for (size_t i = 0; i < veil->count; i++)
		if (ip_equal(&veil->own[i], ip))
			return true;
	return false;
}

/* Octets that an address may be made of. */
static size_t
run_of(struct slice text)
{
	size_t n = 0;

	while (n < text.len && (is_digit(text.at[n]) || text.at[n] == '.' || text.at[n] == ':' ||
	                           (to_lower(text.at[n]) >= 'a' && to_lower(text.at[n]) <= 'f')))
		n++;
	return n;
}

static bool
hides(const struct veil *veil, const char *at, size_t len)
{
	char copy[IP_TEXT];
	struct ip ip, back;

	if (len < 2 || len >= sizeof copy)
		return false;
	memcpy(copy, at, len);
	copy[len] = '\0';
	if (!ip_parse(&ip, copy))
		return false;
	back = ip;
	for (size_t i = 0; ip.family == 4 && i < 4; i++)
		back.bytes[i] = ip.bytes[3 - i];
	return is_own(veil, &ip) || (ip.family == 4 && is_own(veil, &back));
}

/* The longest part of the run, from its beginning, that is one: what ends a sentence, and a port,
 * may stand behind. */
static size_t
own_part(const struct veil *veil, struct slice run)
{
	for (size_t n = run.len; n > 1; n--)
		if ((n == run.len || !is_alnum(run.at[n])) && hides(veil, run.at, n))
			return n;
	return 0;
}

void
veil_text(const struct veil *veil, struct buf *out, struct slice text)
{
	bool begins = true; /* no word goes before */

	while (text.len > 0) {
		size_t run = begins ? run_of(text) : 0,
		       own = run > 1 ? own_part(veil, (struct slice){text.at, run}) : 0;
		size_t step = own > 0 ? own : 1;

		if (own > 0)
			buf_puts(out, hidden);
		else
			buf_add(out, text.at, 1);
		begins = !is_alnum(text.at[step - 1]) || own > 0;
		text = slice_from(text, step);
	}
}
