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

enum { NIBBLES = 63 }; /* octets of "1.0.…8.b.d.0.1.0.0.2": 32 digits and the dots between */

/* As it stands in a name below a list's zone or ip6.arpa. */
static bool
parse_nibbles(struct ip *ip, const char *at)
{
	*ip = (struct ip){.family = 6};
	for (int i = 0; i < 32; i++) {
		char c = to_lower(at[2 * i]);
		int digit = is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;

		if (digit < 0 || (i < 31 && at[2 * i + 1] != '.'))
			return false;
		ip->bytes[15 - i / 2] |= (unsigned char)(digit << (i % 2 == 0 ? 0 : 4));
	}
	return true;
}

static bool
hides(const struct veil *veil, const char *at, size_t len)
{
	char copy[IP_TEXT];
	struct ip ip, back;

	if (len == NIBBLES && parse_nibbles(&ip, at))
		return is_own(veil, &ip);
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
