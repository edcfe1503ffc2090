#include "auth/spf_record.h"

#include <string.h>
#include <strings.h>

#include "base/arena.h"

enum argument { NO_ARGUMENT, MAY_NAME, MUST_NAME, NETWORK4, NETWORK6 };

static const struct mechanism {
	const char *name;
	enum spf_kind kind;
	enum argument argument;
	bool dual_cidr; /* may end in "/24//64" */
	bool asks;
} mechanisms[] = {
    {"all", SPF_ALL, NO_ARGUMENT, false, false},
    {"include", SPF_INCLUDE, MUST_NAME, false, true},
    {"a", SPF_A, MAY_NAME, true, true},
    {"mx", SPF_MX, MAY_NAME, true, true},
    {"ptr", SPF_PTR, MAY_NAME, false, true},
    {"ip4", SPF_IP4, NETWORK4, false, false},
    {"ip6", SPF_IP6, NETWORK6, false, false},
    {"exists", SPF_EXISTS, MUST_NAME, false, true},
};

/* What people write instead of a mechanism, and what they meant. */
static const struct slip {
	const char *name, *advice;
} slips[] = {
    {"ip", "an address is written ip4:ADDRESS or ip6:ADDRESS"},
    {"ipv4", "it is written ip4"},
    {"ipv6", "it is written ip6"},
    {"host", "it is written a:NAME"},
    {"includes", "it is written include"},
    {"redirect", "redirect is a modifier: redirect=NAME, without a qualifier"},
    {"exp", "exp is a modifier: exp=NAME, without a qualifier"},
};

/* toplabel: letters, digits, hyphens; a hyphen at neither end; not digits alone. */
static const char *
check_toplabel(struct slice label)
{
	bool name = false;

	if (label.len == 0)
		return "the name ends in an empty label";
	for (size_t i = 0; i < label.len; i++) {
		if (!is_alpha(label.at[i]) && !is_digit(label.at[i]) && label.at[i] != '-')
			return "the name's last label may have letters, digits and hyphens only";
		name |= !is_digit(label.at[i]);
	}
	if (label.at[0] == '-' || label.at[label.len - 1] == '-')
		return "the name's last label begins or ends with a hyphen";
	return name ? NULL : "the name's last label is a number";
}

/* domain-end: a macro, or a dot and a toplabel; `tail` is what follows the last macro. */
static const char *
check_domain_end(struct slice tail)
{
	size_t dot;

	if (tail.len == 0)
		return NULL;
	if (tail.at[tail.len - 1] == '.')
		tail.len--;
	for (dot = tail.len; dot > 0 && tail.at[dot - 1] != '.'; dot--)
		;
	if (dot == 0)
		return "the name has one label only";
	return check_toplabel(slice_from(tail, dot));
}

/* NULL when it is a domain-spec (or, without `name`, a macro-string), else why not. */
static const char *
check_macro_string(struct slice text, bool name)
{
	struct spf_element element;
	size_t at = 0, tail = 0;
	const char *why;

	while (spf_macro_next(text, &at, false, &element, &why))
		if (element.expands)
			tail = at;
	if (why != NULL || !name)
		return why;
	return text.len == 0 ? "a name is missing" : check_domain_end(slice_from(text, tail));
}

static bool
fault_set(struct spf_fault *fault, const char *why)
{
	fault->why = why;
	return false;
}

/* Cuts "/DIGITS" off the end of `text`. Returns false when there is none; `*bits` is then
 * untouched. A number that is none in this grammar (leading zero, too many digits) becomes 999. */
static bool
cut_prefix_length(struct slice *text, unsigned *bits)
{
	size_t start = text->len;
	unsigned value = 0;

	while (start > 0 && is_digit(text->at[start - 1]))
		start--;
	if (start == text->len || start == 0 || text->at[start - 1] != '/')
		return false;
	if ((text->at[start] == '0' && text->len - start > 1) || text->len - start > 3)
		value = 999;
	else
		for (size_t i = start; i < text->len; i++)
			value = value * 10 + (unsigned)(text->at[i] - '0');
	*bits = value;
	text->len = start - 1;
	return true;
}

static bool
read_network(struct slice text, bool six, struct spf_term *term, struct spf_fault *fault)
{
	unsigned *bits = six ? &term->bits6 : &term->bits4;
	char address[IP_TEXT];
	bool valid;

	cut_prefix_length(&text, bits);
	if (*bits > (six ? 128 : 32))
		return fault_set(
		    fault, six ? "the prefix length must be 0 to 128, without leading zeros"
		               : "the prefix length must be 0 to 32, without leading zeros");
	valid = text.len > 0 && text.len < sizeof address &&
	        memchr(text.at, '\0', text.len) == NULL &&
	        (memchr(text.at, ':', text.len) != NULL) == six;
	if (valid) {
		memcpy(address, text.at, text.len);
		address[text.len] = '\0';
		valid = ip_parse(&term->net, address);
	}
	if (!valid)
		return fault_set(
		    fault, six ? "an IPv6 address is needed, perhaps with /LENGTH"
		               : "an IPv4 address of four numbers is needed, perhaps with /LENGTH");
	if (six && term->net.family == 4) { /* base/ip.h makes a mapped address IPv4 */
		memmove(term->net.bytes + 12, term->net.bytes, 4);
		memset(term->net.bytes, 0, 10);
		memset(term->net.bytes + 10, 0xff, 2);
		term->net.family = 6;
	}
	return true;
}

static bool
read_dual_cidr(struct slice *text, struct spf_term *term, struct spf_fault *fault)
{
	unsigned bits;
	struct slice before = *text;

	if (!cut_prefix_length(text, &bits))
		return true;
	if (text->len > 0 && text->at[text->len - 1] == '/') { /* "//64" */
		text->len--;
		term->bits6 = bits;
		before = *text;
		if (!cut_prefix_length(text, &bits))
			bits = 32;
	}
	if (text->len > 0 && text->at[text->len - 1] == '/') {
		*text = before; /* "a:x//24//64": let the name's grammar refuse it */
		bits = 32;
	}
	term->bits4 = bits;
	if (term->bits4 > 32)
		return fault_set(
		    fault, "the IPv4 prefix length must be 0 to 32, without leading zeros");
	if (term->bits6 > 128)
		return fault_set(
		    fault, "the IPv6 prefix length must be 0 to 128, without leading zeros");
	return true;
}

static bool
looks_like_ip4(struct slice text)
{
	size_t dots = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (!is_digit(text.at[i]) && text.at[i] != '.')
			return false;
		dots += text.at[i] == '.';
	}
	return dots == 3;
}

/* `rest` is what follows the mechanism's name. */
static bool
read_argument(const struct mechanism *mechanism, struct slice rest, struct spf_term *term,
    struct spf_fault *fault)
{
	const char *why;

	if (mechanism->dual_cidr && !read_dual_cidr(&rest, term, fault))
		return false;
	if (rest.len == 0 &&
	    (mechanism->argument == NO_ARGUMENT || mechanism->argument == MAY_NAME))
		return true;
	if (rest.len == 0)
		return fault_set(fault, mechanism->argument == MUST_NAME
		                            ? "a name is missing: \":NAME\""
		                            : "an address is missing: \":ADDRESS\"");
	if (mechanism->argument == NO_ARGUMENT)
		return fault_set(fault, "\"all\" takes nothing behind it");
	if (rest.at[0] != ':')
		return fault_set(
		    fault, mechanism->dual_cidr
		               ? "\":NAME\", \"/LENGTH\" or \"//LENGTH\" should follow here"
		               : "\":\" should follow here");
	rest = slice_from(rest, 1);
	if (mechanism->argument == NETWORK4 || mechanism->argument == NETWORK6)
		return read_network(rest, mechanism->argument == NETWORK6, term, fault);
	why = check_macro_string(rest, true);
	if (why != NULL)
		return fault_set(
		    fault, looks_like_ip4(rest) ? "an address belongs into ip4:ADDRESS" : why);
	term->target = rest;
	return true;
}

static const struct mechanism *
mechanism_find(struct slice name)
{
	for (size_t i = 0; i < sizeof mechanisms / sizeof *mechanisms; i++)
		if (slice_is(name, mechanisms[i].name))
			return &mechanisms[i];
	return NULL;
}

static bool
unknown_mechanism(struct slice name, struct arena *arena, struct spf_fault *fault)
{
	for (size_t i = 0; i < sizeof slips / sizeof *slips; i++)
		if (slice_is(name, slips[i].name))
			return fault_set(
			    fault, arena_printf(arena, "no such mechanism; %s", slips[i].advice));
	return fault_set(fault, "no such mechanism");
}

static bool
read_directive(
    struct slice text, struct arena *arena, struct spf_record *record, struct spf_fault *fault)
{
	static const struct {
		char sign;
		enum spf_result result;
	} qualifiers[] = {
	    {'+', SPF_PASS}, {'-', SPF_FAIL}, {'~', SPF_SOFTFAIL}, {'?', SPF_NEUTRAL}};
	struct spf_term *term = arena_push(arena, &record->terms, record->count, sizeof *term);
	const struct mechanism *mechanism;
	struct slice name = text;

	record->count++;
	*term = (struct spf_term){.text = text, .qualifier = SPF_PASS, .bits4 = 32, .bits6 = 128};
	for (size_t i = 0; i < sizeof qualifiers / sizeof *qualifiers; i++)
		if (text.at[0] == qualifiers[i].sign) {
			term->qualifier = qualifiers[i].result;
			name = slice_from(text, 1);
			break;
		}
	text = name;
	name.len = 0;
	while (name.len < text.len && text.at[name.len] != ':' && text.at[name.len] != '/' &&
	       text.at[name.len] != '=')
		name.len++;
	mechanism = mechanism_find(name);
	if (mechanism == NULL)
		return unknown_mechanism(name, arena, fault);
	term->kind = mechanism->kind;
	term->asks = mechanism->asks;
	return read_argument(mechanism, slice_from(text, name.len), term, fault);
}

static bool
read_modifier(struct slice text, size_t equals, struct spf_record *record, struct spf_fault *fault)
{
	struct slice name = {text.at, equals}, value = slice_from(text, equals + 1);
	struct spf_modifier *known = slice_is(name, "redirect") ? &record->redirect
	                             : slice_is(name, "exp")    ? &record->exp
	                                                        : NULL;
	const char *why = check_macro_string(value, known != NULL);

	if (why != NULL)
		return fault_set(fault, why);
	if (known == NULL) { /* section 6: what is not known is passed over, if only its macros are
		                well formed */
		if (record->misread.len == 0 &&
		    (mechanism_find(name) != NULL || slice_is(name, "v")))
			record->misread = text;
		return true;
	}
	if (known->text.len > 0)
		return fault_set(fault, "it may stand once only");
	known->text = text;
	known->target = value;
	return true;
}

/* The place of "=" when `text` begins as a modifier does: a letter, then letters, digits, "-", "_",
 * "."; else 0. */
static size_t
modifier_equals(struct slice text)
{
	size_t i = 0;

	if (!is_alpha(text.at[0]))
		return 0;
	while (i < text.len && (is_alpha(text.at[i]) || is_digit(text.at[i]) || text.at[i] == '-' ||
	                           text.at[i] == '_' || text.at[i] == '.'))
		i++;
	return i < text.len && text.at[i] == '=' ? i : 0;
}

bool
spf_record_is(struct slice text)
{
	return text.len >= 6 && strncasecmp(text.at, "v=spf1", 6) == 0 &&
	       (text.len == 6 || text.at[6] == ' ');
}

bool
spf_record_parse(
    struct slice text, struct arena *arena, struct spf_record *out, struct spf_fault *fault)
{
	size_t at = 6, equals;

	memset(out, 0, sizeof *out);
	memset(fault, 0, sizeof *fault);
	if (text.len > SPF_RECORD_MAX)
		return fault_set(fault, "the record is longer than 65535 octets");
	while (at < text.len) {
		struct slice term = {text.at + at, 0};

		while (at + term.len < text.len && term.at[term.len] != ' ')
			term.len++;
		at += term.len + 1;
		if (term.len == 0)
			continue;
		fault->term = term;
		equals = modifier_equals(term);
		if (!(equals > 0 ? read_modifier(term, equals, out, fault)
		                 : read_directive(term, arena, out, fault)))
			return false;
	}
	return true;
}
