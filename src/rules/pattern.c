#include "rules/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "rules/words.h"

enum {
	NESTING_MAX = 16, /* groups in groups */
	RUN_MAX = 40, /* octets of a word */
	REPEATS_MAX = 8, /* of a group that repeats something itself, "(?:\\w+ ){0,3}" */
	WORDS_MAX = 64, /* alternatives that one pattern may ask to be looked for */
	STEPS_MAX =
	    20000, /* pcre2 match limit: a good pattern takes some hundreds on a long reply */
	DEPTH_MAX = 500,
	GROUPS_MAX = 15,
	SOURCE_MAX = 65536,
	BRANCHES_MAX = 160, /* of a choice that is sorted */
	THREES = 2048, /* bits that tell the threes of bytes apart */
	STARTS_MAX = 600, /* threes that one pattern may begin with */
	LOOKS_MAX = 10000,
};

/* ---- reading a pattern: what it needs, and whether it could run away */

struct need { /* at least one of these words */
	struct clause clause;
	size_t shortest;
};

struct needs { /* … and of each of these; the better first */
	struct need need[CLAUSES_MAX];
	size_t count;
};

struct parse {
	const char *p;
	struct arena *arena;
	const char *why;
	unsigned nesting;
};

struct run { /* literal bytes that follow one another */
	char bytes[RUN_MAX];
	size_t len;
};

struct times { /* a quantifier */
	bool given;
	unsigned least, most; /* most 0: no end */
};

static bool read_alternatives(struct parse *parse, struct needs *needs, bool *loops);

/* Long words are rare, and so is a choice among few. */
static unsigned
worth(const struct need *need)
{
	size_t length = need->shortest < 12 ? need->shortest : 12;

	return need->clause.count == 0 || need->clause.count > WORDS_MAX ||
	               need->shortest < WORD_MIN
	           ? 0
	           : (unsigned)(length * 8 + WORDS_MAX - need->clause.count);
}

static void
add_need(struct needs *needs, const struct need *need)
{
	size_t at = needs->count;

	if (worth(need) == 0)
		return;
	while (at > 0 && worth(need) > worth(&needs->need[at - 1]))
		at--;
	if (at == CLAUSES_MAX)
		return;
	if (needs->count < CLAUSES_MAX)
		needs->count++;
	memmove(&needs->need[at + 1], &needs->need[at], (needs->count - at - 1) * sizeof *need);
	needs->need[at] = *need;
}

static void
end_run(struct parse *parse, struct run *run, struct needs *needs)
{
	struct need need = {{NULL, 0}, run->len};

	if (run->len >= WORD_MIN) {
		need.clause.words = arena_alloc(parse->arena, sizeof *need.clause.words);
		need.clause.words[need.clause.count++] =
		    arena_copy(parse->arena, run->bytes, run->len);
		add_need(needs, &need);
	}
	run->len = 0;
}

static void
add_to_run(struct parse *parse, struct run *run, struct needs *needs, char c)
{
	if (run->len == RUN_MAX)
		end_run(parse, run, needs);
	run->bytes[run->len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
refuse(struct parse *parse, const char *why)
{
	parse->why = why;
	return false;
}

static bool
read_braces(struct parse *parse, struct times *times)
{
	char *end;

	times->least = (unsigned)strtoul(parse->p + 1, &end, 10);
	times->most = times->least;
	if (*end == ',') {
		times->most = end[1] == '}' ? 0 : (unsigned)strtoul(end + 1, &end, 10);
		if (times->most == 0)
			end += *end == ',';
	}
	if (*end != '}' || times->least > 1000 || times->most > 1000)
		return refuse(parse, "a repetition in braces is not {m}, {m,} or {m,n} below 1000");
	parse->p = end + 1;
	return true;
}

static bool
read_times(struct parse *parse, struct times *times)
{
	*times = (struct times){false, 1, 1};
	switch (*parse->p) {
	case '*':
		*times = (struct times){true, 0, 0};
		parse->p++;
		break;
	case '+':
		*times = (struct times){true, 1, 0};
		parse->p++;
		break;
	case '?':
		*times = (struct times){true, 0, 1};
		parse->p++;
		break;
	case '{':
		times->given = true;
		if (!read_braces(parse, times))
			return false;
		break;
	default:
		return true;
	}
	if (*parse->p == '?' || *parse->p == '+') /* lazy, possessive */
		parse->p++;
	return true;
}

static bool
read_class(struct parse *parse)
{
	const char *p = parse->p + 1;

	p += *p == '^';
	p += *p == ']';
	for (; *p != ']'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		if (*p == '\0')
			return refuse(parse, "a [class] is not closed");
	}
	parse->p = p + 1;
	return true;
}

/* What stands behind "(": how far the group's own text begins, and whether it is one that looks
 * without taking. */
static bool
read_group_head(struct parse *parse, bool *looks)
{
	static const struct {
		const char *head;
		bool looks;
	} heads[] = {{"(?:", false}, {"(?>", false}, {"(?=", true}, {"(?!", true}, {"(?<=", true},
	    {"(?<!", true}, {"(?<", false}};

	*looks = false;
	if (parse->p[1] != '?') {
		if (parse->p[1] == '*')
			return refuse(parse, "verbs are not taken");
		parse->p++;
		return true;
	}
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (strncmp(parse->p, heads[i].head, strlen(heads[i].head)) == 0) {
			parse->p += strlen(heads[i].head);
			*looks = heads[i].looks;
			if (i + 1 == sizeof heads / sizeof heads[0]) {
				size_t name = strspn(parse->p, "abcdefghijklmnopqrstuvwxyz");

				if (name == 0 || parse->p[name] != '>')
					return refuse(
					    parse, "a group's name is small letters up to >");
				parse->p += name + 1;
			}
			return true;
		}
	return refuse(parse, "a (?…) that is not taken here");
}

static bool
read_group(struct parse *parse, struct run *run, struct needs *needs, bool *loops)
{
	struct needs own = {.count = 0};
	struct times times;
	bool looks, inner = false;

	if (++parse->nesting > NESTING_MAX)
		return refuse(parse, "groups are nested too deeply");
	if (!read_group_head(parse, &looks) || !read_alternatives(parse, &own, &inner))
		return false;
	if (*parse->p != ')')
		return refuse(parse, "a group is not closed");
	parse->p++;
	parse->nesting--;
	if (!read_times(parse, &times))
		return false;
	if (inner && times.given && (times.most == 0 || times.most > REPEATS_MAX))
		return refuse(parse, "a repetition holds another repetition: it could run away");
	*loops |= inner || (times.given && times.most != 1);
	if (looks)
		return true; /* takes nothing: the run of letters goes on behind it */
	end_run(parse, run, needs);
	for (size_t i = 0; i < own.count && times.least > 0; i++)
		add_need(needs, &own.need[i]);
	return true;
}

/* One thing that takes text, and how often. `literal` is the byte that it is, or 0 when it may be
 * several. */
static bool
read_atom(struct parse *parse, struct run *run, struct needs *needs, bool *loops)
{
	struct times times;
	char literal = 0;

	if (*parse->p == '[') {
		if (!read_class(parse))
			return false;
	} else if (*parse->p == '.') {
		parse->p++;
	} else if (*parse->p == '\\') {
		char c = parse->p[1];

		if (c == '\0' || (c >= '0' && c <= '9') || strchr("kgRKXCGQEpPuUxcoN", c) != NULL)
			return refuse(parse, "a backslash before something that is not taken here");
		parse->p += 2;
		if (strchr("bBAzZ", c) != NULL)
			return true;
		if (strchr("dDsSwWhHvV", c) == NULL)
			literal = c;
	} else {
		literal = *parse->p++;
	}
	if (!read_times(parse, &times))
		return false;
	*loops |= times.given && times.most != 1;
	if (literal != 0 && times.least > 0)
		add_to_run(parse, run, needs, literal);
	if (literal == 0 || times.given)
		end_run(parse, run, needs);
	return true;
}

static bool
read_branch(struct parse *parse, struct needs *needs, bool *loops)
{
	struct run run = {.len = 0};

	while (*parse->p != '\0' && *parse->p != '|' && *parse->p != ')') {
		if (*parse->p == '^' || *parse->p == '$') {
			parse->p++;
		} else if (*parse->p == '(') {
			if (!read_group(parse, &run, needs, loops))
				return false;
		} else if (strchr("*+?{", *parse->p) != NULL) {
			return refuse(parse, "a repetition of nothing");
		} else if (!read_atom(parse, &run, needs, loops)) {
			return false;
		}
	}
	end_run(parse, &run, needs);
	return true;
}

static void
join(struct parse *parse, struct need *all, const struct need *branch)
{
	for (size_t i = 0; i < branch->clause.count; i++) {
		*(const char **)arena_push(parse->arena, &all->clause.words, all->clause.count,
		    sizeof *all->clause.words) = branch->clause.words[i];
		all->clause.count++;
	}
	if (all->shortest == 0 || branch->shortest < all->shortest)
		all->shortest = branch->shortest;
}

/* One branch needs all that it needs; of several, only one clause is left: a word of this or a word
 * of that. */
static bool
read_alternatives(struct parse *parse, struct needs *needs, bool *loops)
{
	struct need any = {{NULL, 0}, 0};
	bool sure = true;

	if (!read_branch(parse, needs, loops))
		return false;
	if (*parse->p != '|')
		return true;
	for (;;) {
		sure = sure && needs->count > 0 &&
		       any.clause.count + needs->need[0].clause.count <= WORDS_MAX;
		if (sure)
			join(parse, &any, &needs->need[0]);
		needs->count = 0;
		if (*parse->p != '|')
			break;
		parse->p++;
		if (!read_branch(parse, needs, loops))
			return false;
	}
	if (sure)
		add_need(needs, &any);
	return true;
}

bool
pattern_read(struct pattern *pattern, const char *source, struct arena *arena, const char **why)
{
	struct parse parse = {source, arena, NULL, 0};
	struct needs needs = {.count = 0};
	bool loops = false;

	*pattern = (struct pattern){.source = source};
	if (!read_alternatives(&parse, &needs, &loops) || *parse.p != '\0') {
		*why = parse.why != NULL ? parse.why : "a ) too many";
		return false;
	}
	for (size_t i = 0; i < needs.count; i++)
		pattern->clauses[pattern->clause_count++] = needs.need[i].clause;
	return true;
}

size_t
pattern_split(const char *source, struct arena *arena, const char ***parts)
{
	const char *start = source, *p = source;
	unsigned depth = 0;
	size_t count = 0;

	*parts = NULL;
	for (;; p++) {
		if (*p == '\\' && p[1] != '\0') {
			p++;
		} else if (*p == '[') {
			struct parse parse = {p, arena, NULL, 0};

			read_class(&parse);
			p = parse.p - 1;
		} else if (*p == '(') {
			depth++;
		} else if (*p == ')') {
			depth--;
		} else if (*p == '\0' || (*p == '|' && depth == 0)) {
			*(const char **)arena_push(arena, parts, count, sizeof **parts) =
			    arena_copy(arena, start, (size_t)(p - start));
			count++;
			start = p + 1;
		}
		if (*p == '\0')
			return count;
	}
}

/* ---- compiling and matching */

/* What PCRE2 gets is the pattern with two changes. Each literal dot is also PATTERN_DOT, but one
 * that a class excludes. And a choice among several words first looks whether the next byte begins
 * any of them: PCRE2 without its compiler tries every branch at every place, and most places begin
 * none. */

struct firsts { /* bytes that a branch may begin with */
	bool byte[256];
	bool any; /* not known, or nothing at all */
};

static const char *
past_class(const char *p)
{
	struct parse parse = {p, NULL, NULL, 0};

	read_class(&parse);
	return parse.p;
}

/* Where the group that opens at `p` closes. The pattern was read before: it does. */
static const char *
group_end(const char *p)
{
	for (unsigned depth = 0;; p++) {
		if (*p == '\\')
			p++;
		else if (*p == '[')
			p = past_class(p) - 1;
		else if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p;
	}
}

static bool
may_be_left_out(const char *quantifier)
{
	return *quantifier == '?' || *quantifier == '*' ||
	       (*quantifier == '{' && quantifier[1] == '0');
}

static void branch_firsts(const char *p, const char *end, struct firsts *firsts);

static unsigned
group_firsts(const char *p, const char *end, struct firsts *firsts)
{
	unsigned count = 1;

	branch_firsts(p, end, firsts);
	for (; p < end; p++) {
		if (*p == '\\') {
			p++;
		} else if (*p == '[') {
			p = past_class(p) - 1;
		} else if (*p == '(') {
			p = group_end(p);
		} else if (*p == '|') {
			branch_firsts(p + 1, end, firsts);
			count++;
		}
	}
	return count;
}

static void
branch_firsts(const char *p, const char *end, struct firsts *firsts)
{
	while (p < end && *p != '|') {
		char literal = *p;
		bool looks;

		if (*p == '(') {
			struct parse parse = {p, NULL, NULL, 0};
			const char *close = group_end(p);

			read_group_head(&parse, &looks);
			p = close + 1;
			if (looks)
				continue;
			group_firsts(parse.p, close, firsts);
			if (!may_be_left_out(p))
				return;
			break; /* what stands behind it could come first */
		}
		if (*p == '\\' && (p[1] == 'b' || p[1] == 'B')) {
			p += 2;
			continue;
		}
		if (*p == '\\')
			literal = *++p;
		else if (strchr(".[^$", *p) != NULL)
			break;
		if (p[-1] == '\\' && strchr("dDsSwWhHvVAzZ", literal) != NULL)
			break;
		firsts->byte[(unsigned char)literal] = true;
		if (literal == '.')
			firsts->byte[PATTERN_DOT] = true;
		if (!may_be_left_out(++p))
			return;
		p += *p == '{' ? strcspn(p, "}") + 1 : 1;
		p += *p == '?' || *p == '+';
	}
	firsts->any = true;
}

/* "(?=[abc])" for a group worth it. */
static bool
write_firsts(const char *inner, const char *end, struct buf *out)
{
	struct firsts firsts = {.any = false};

	if (group_firsts(inner, end, &firsts) < 4 || firsts.any)
		return false;
	buf_puts(out, "(?=[");
	for (unsigned i = 0; i < 256; i++)
		if (firsts.byte[i])
			buf_printf(out, "\\x%02x", i);
	buf_puts(out, "])(?:");
	return true;
}

/* How many octets a branch begins with that are themselves, each once. */
static size_t
plain_start(const char *p, const char *end)
{
	size_t n = 0;

	while (p + n < end && strchr("\\[](){}|.^$*+?", p[n]) == NULL &&
	       (p + n + 1 == end || strchr("*+?{", p[n + 1]) == NULL))
		n++;
	return n;
}

static char
small(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

struct branch {
	const char *p, *end;
	size_t plain;
};

static void write_pattern(const char *p, const char *end, struct buf *out);
static void write_branches(struct branch *branches, size_t count, struct buf *out);

/* The branches that begin as the first does, moved to the front. */
static size_t
gather(struct branch *branches, size_t count)
{
	size_t gathered = 1;

	for (size_t i = 1; i < count && branches[0].plain > 0; i++)
		if (branches[i].plain > 0 && small(*branches[i].p) == small(*branches[0].p)) {
			struct branch found = branches[i];

			memmove(&branches[gathered + 1], &branches[gathered],
			    (i - gathered) * sizeof *branches);
			branches[gathered++] = found;
		}
	return gathered;
}

static size_t
common_start(const struct branch *branches, size_t count)
{
	size_t common = branches[0].plain;

	for (size_t i = 1; i < count; i++) {
		size_t n = 0;

		while (n < common && n < branches[i].plain &&
		       small(branches[i].p[n]) == small(branches[0].p[n]))
			n++;
		common = n;
	}
	return common;
}

/* "abc|def|abd" as "ab(?:c|d)|def": what begins alike is tried once. What may match stays the same,
 * only which of two is preferred may change. */
static void
write_branches(struct branch *branches, size_t count, struct buf *out)
{
	while (count > 0) {
		size_t alike = gather(branches, count),
		       common = alike > 1 ? common_start(branches, alike) : 0;

		if (common > 0) {
			buf_add(out, branches[0].p, common);
			buf_puts(out, "(?:");
			for (size_t i = 0; i < alike; i++) {
				branches[i].p += common;
				branches[i].plain -= common;
			}
			write_branches(branches, alike, out);
			buf_putc(out, ')');
		} else {
			write_pattern(branches[0].p, branches[0].end, out);
		}
		branches += alike;
		count -= alike;
		if (count > 0)
			buf_putc(out, '|');
	}
}

static void
write_choice(const char *p, const char *end, struct buf *out)
{
	struct branch branches[BRANCHES_MAX];
	const char *start = p;
	size_t count = 0;

	for (const char *from = p;; p++) {
		if (p < end && *p == '\\') {
			p++;
		} else if (p < end && *p == '[') {
			p = past_class(p) - 1;
		} else if (p < end && *p == '(') {
			p = group_end(p);
		} else if (p == end || *p == '|') {
			if (count == BRANCHES_MAX) {
				write_pattern(start, end, out);
				return;
			}
			branches[count++] = (struct branch){from, p, plain_start(from, p)};
			from = p + 1;
		}
		if (p == end)
			break;
	}
	write_branches(branches, count, out);
}

static void
write_pattern(const char *p, const char *end, struct buf *out)
{
	while (p < end) {
		if (*p == '(') {
			struct parse parse = {p, NULL, NULL, 0};
			const char *close = group_end(p);
			bool looks, guarded;

			read_group_head(&parse, &looks);
			buf_add(out, p, (size_t)(parse.p - p));
			guarded = !looks && write_firsts(parse.p, close, out);
			write_choice(parse.p, close, out);
			buf_puts(out, guarded ? "))" : ")");
			p = close + 1;
		} else if (*p == '[') {
			const char *close = past_class(p);
			bool negated = p[1] == '^',
			     dot = !negated && memchr(p, '.', (size_t)(close - p)) != NULL;

			buf_putc(out, *p++);
			if (*p == ']')
				buf_putc(out, *p++);
			if (dot)
				buf_puts(out,
				    "\\x01"); /* not at the end: "[.-]" must not become a range */
			buf_add(out, p, (size_t)(close - p));
			p = close;
			if (negated && *p == '{') { /* "not …, up to so many": the nearest first,
				                       for what goes together stands together */
				size_t n = strcspn(p, "}") + 1;

				buf_add(out, p, n);
				p += n;
				if (*p != '?' && *p != '+')
					buf_putc(out, '?');
			}
		} else if (*p == '\\') {
			if (p[1] == '.')
				buf_puts(out, "[.\\x01]");
			else
				buf_add(out, p, 2);
			p += 2;
		} else {
			buf_putc(out, *p++);
		}
	}
}

/* A choice among words that a pattern begins with begins at the start of a word: "known" is not
 * looked for in "unknown", and five places of six are passed over. */
static void
write_start(const char *source, struct buf *out)
{
	struct parse parse = {source, NULL, NULL, 0};
	struct firsts firsts = {.any = false};
	bool looks;

	if (*source != '(' || !read_group_head(&parse, &looks) || looks ||
	    may_be_left_out(group_end(source) + 1))
		return;
	if (group_firsts(parse.p, group_end(source), &firsts) < 4 || firsts.any)
		return;
	for (unsigned i = 0; i < 256; i++)
		if (firsts.byte[i] && !(i >= 'a' && i <= 'z') && !(i >= '0' && i <= '9') &&
		    !(i >= 'A' && i <= 'Z'))
			return;
	buf_puts(out, "\\b");
}

/* ---- where a match may begin */

/* PCRE2 tries a pattern at every place whose one byte could begin it. Three bytes tell more: a set
 * of all the threes that a match may begin with, by their hash, leaves a place or two of a hundred.
 */

struct starts {
	uint64_t set[THREES / 64];
	unsigned count, looked; /* how many are in it; how often was looked for more */
	bool two; /* two bytes may do: the last two of a text are a place, too */
};

struct rest { /* what of a pattern is still to be read: the rest of a branch, and what follows the
	         group that it is in */
	const char *p, *end;
	const struct rest *next; /* NULL: nothing follows */
	bool open; /* it may come again: what follows is not known */
};

/* One byte more: what was three bytes ago has been shifted out. */
static unsigned
hash_on(unsigned hash, unsigned byte)
{
	return ((hash << 4) ^ byte) & (THREES - 1);
}

static unsigned
hash_of_three(unsigned a, unsigned b, unsigned c)
{
	return hash_on(hash_on(hash_on(0, a), b), c);
}

/* Letters without case, and both dots, are one. What is not a letter may fall together with what is
 * not one, either: there is no harm in it. */
static unsigned
folded(char c)
{
	return c == PATTERN_DOT ? '.' | 0x20 : (unsigned char)c | 0x20;
}

static bool find_starts(const struct rest *rest, char *start, unsigned n, struct starts *starts);

static bool
go_on(const struct rest *rest, const char *p, bool open, char *start, unsigned n,
    struct starts *starts)
{
	struct rest after = {p, rest->end, rest->next, open || rest->open};

	return find_starts(&after, start, n, starts);
}

/* Two bytes are known: any third will do. */
static bool
start_with_any(char *start, unsigned n, struct starts *starts)
{
	for (unsigned c = ' '; c < 256 && n == 2; c += c % 64 == 63 ? 33 : 1) {
		unsigned hash = hash_of_three(folded(start[0]), folded(start[1]), folded((char)c));

		starts->set[hash / 64] |= UINT64_C(1) << (hash % 64);
	}
	starts->count += STARTS_MAX / 8;
	starts->two = true;
	return n == 2 && starts->count <= STARTS_MAX;
}

static bool
start_with(
    const struct rest *rest, const char *p, char c, char *start, unsigned n, struct starts *starts)
{
	bool optional = may_be_left_out(p), open = *p == '*' || *p == '+' || *p == '{';
	const char *behind = p;

	if (optional || open) {
		behind += *p == '{' ? strcspn(p, "}") + 1 : 1;
		behind += *behind == '?' || *behind == '+';
	}
	start[n] = c;
	if (!go_on(rest, behind, open, start, n + 1, starts))
		return false;
	return !optional || go_on(rest, behind, false, start, n, starts);
}

static bool
start_with_group(const struct rest *rest, char *start, unsigned n, struct starts *starts)
{
	struct parse parse = {rest->p, NULL, NULL, 0};
	const char *close = group_end(rest->p), *behind = close + 1;
	struct rest after = *rest, branch;
	bool looks;

	read_group_head(&parse, &looks);
	if (looks)
		return go_on(rest, behind, false, start, n, starts);
	if (strchr("*+?{", *behind) != NULL && *behind != '\0') {
		after.open |= *behind != '?';
		behind += *behind == '{' ? strcspn(behind, "}") + 1 : 1;
		behind += *behind == '?' || *behind == '+';
		if (may_be_left_out(close + 1) && !go_on(rest, behind, false, start, n, starts))
			return false;
	}
	after.p = behind;
	branch = (struct rest){parse.p, parse.p, &after, false};
	for (const char *p = parse.p;; p++) {
		if (p < close && *p == '\\') {
			p++;
		} else if (p < close && *p == '[') {
			p = past_class(p) - 1;
		} else if (p < close && *p == '(') {
			p = group_end(p);
		} else if (p == close || *p == '|') {
			branch.end = p;
			if (!find_starts(&branch, start, n, starts))
				return false;
			branch.p = p + 1;
		}
		if (p == close)
			return true;
	}
}

static bool
start_with_class(const struct rest *rest, char *start, unsigned n, struct starts *starts)
{
	const char *close = past_class(rest->p);

	if (rest->p[1] == '^' || close - rest->p > 8 ||
	    strcspn(rest->p + 1, "\\-") + 3 < (size_t)(close - rest->p))
		return start_with_any(start, n, starts);
	for (const char *p = rest->p + 1; p + 1 < close; p++)
		if (!start_with(rest, close, *p, start, n, starts))
			return false;
	return true;
}

/* Adds all the threes that `start`, n bytes so far, may grow to; false when they cannot be told. */
static bool
find_starts(const struct rest *rest, char *start, unsigned n, struct starts *starts)
{
	const char *p = rest->p;

	if (++starts->looked > LOOKS_MAX)
		return false;
	if (n == 3) {
		unsigned hash = hash_of_three(folded(start[0]), folded(start[1]), folded(start[2]));

		starts->set[hash / 64] |= UINT64_C(1) << (hash % 64);
		return ++starts->count <= STARTS_MAX;
	}
	if (rest->open || (p == rest->end && rest->next == NULL))
		return start_with_any(start, n, starts);
	if (p == rest->end)
		return find_starts(rest->next, start, n, starts);
	if (*p == '(')
		return start_with_group(rest, start, n, starts);
	if (*p == '[')
		return start_with_class(rest, start, n, starts);
	if (*p == '\\' && (p[1] == 'b' || p[1] == 'B'))
		return go_on(rest, p + 2, false, start, n, starts);
	if (*p == '\\')
		return strchr("dDsSwWhHvVAzZ", p[1]) == NULL
		           ? start_with(rest, p + 2, p[1], start, n, starts)
		           : start_with_any(start, n, starts);
	return strchr(".^$", *p) == NULL ? start_with(rest, p + 1, *p, start, n, starts)
	                                 : start_with_any(start, n, starts);
}

static void
learn_starts(struct pattern *pattern)
{
	struct rest whole = {
	    pattern->source, pattern->source + strlen(pattern->source), NULL, false};
	struct starts *starts = must_alloc(sizeof *starts);
	char start[3];

	if (find_starts(&whole, start, 0, starts))
		pattern->starts = starts;
	else
		free(starts);
}

/* The next place from `at` on where a match may begin; `len` if there is none. */
static size_t
next_start(const struct starts *starts, const char *text, size_t at, size_t len)
{
	unsigned hash = at + 3 <= len ? hash_on(folded(text[at]), folded(text[at + 1])) : 0;

	for (; at + 3 <= len; at++) {
		hash = hash_on(hash, folded(text[at + 2]));
		if (starts->set[hash / 64] >> (hash % 64) & 1)
			return at;
	}
	return starts->two && at + 2 == len ? at : len;
}

bool
pattern_compile(struct pattern *pattern, const char **why)
{
	static const char *const names[GROUP_COUNT] = {
	    [GROUP_LIST] = "list", [GROUP_ITEM] = "item", [GROUP_REF] = "ref"};
	uint32_t groups = 0;
	PCRE2_SIZE where;
	pcre2_code *code;
	struct buf source;
	int error;

	if (pattern->code != NULL)
		return true;
	buf_init(&source, SOURCE_MAX);
	write_start(pattern->source, &source);
	write_pattern(pattern->source, pattern->source + strlen(pattern->source), &source);
	code = source.full ? NULL
	                   : pcre2_compile((PCRE2_SPTR)source.data, source.len,
	                         PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_DOTALL |
	                             PCRE2_NEVER_BACKSLASH_C,
	                         &error, &where, NULL);
	buf_release(&source);
	if (code == NULL) {
		*why = "not a regular expression";
		return false;
	}
	pcre2_pattern_info(code, PCRE2_INFO_CAPTURECOUNT, &groups);
	if (groups > GROUPS_MAX) {
		pcre2_code_free(code);
		*why = "too many capturing groups";
		return false;
	}
	for (unsigned i = 0; i < GROUP_COUNT; i++) {
		int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)names[i]);

		pattern->group[i] = number > 0 ? number : 0;
	}
	pattern->code = code;
	learn_starts(pattern);
	return true;
}

void
pattern_release(struct pattern *pattern)
{
	pcre2_code_free(pattern->code);
	free(pattern->starts);
	pattern->code = NULL;
	pattern->starts = NULL;
}

struct matcher {
	pcre2_match_data *data;
	pcre2_match_context *limits;
};

struct matcher *
matcher_new(void)
{
	struct matcher *matcher = must_alloc(sizeof *matcher);

	matcher->data = pcre2_match_data_create(GROUPS_MAX + 1, NULL);
	matcher->limits = pcre2_match_context_create(NULL);
	if (matcher->limits != NULL) {
		pcre2_set_match_limit(matcher->limits, STEPS_MAX);
		pcre2_set_depth_limit(matcher->limits, DEPTH_MAX);
	}
	return matcher;
}

void
matcher_free(struct matcher *matcher)
{
	if (matcher == NULL)
		return;
	pcre2_match_data_free(matcher->data);
	pcre2_match_context_free(matcher->limits);
	free(matcher);
}

static int
match_at_starts(
    const struct pattern *pattern, struct matcher *matcher, const char *text, size_t len)
{
	int count = PCRE2_ERROR_NOMATCH;

	for (size_t at = next_start(pattern->starts, text, 0, len);
	     at < len && count == PCRE2_ERROR_NOMATCH;
	     at = next_start(pattern->starts, text, at + 1, len))
		count = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, at, PCRE2_ANCHORED,
		    matcher->data, matcher->limits);
	return count;
}

bool
pattern_match(struct pattern *pattern, struct matcher *matcher, const char *text, size_t len,
    struct match *match)
{
	const char *why;
	PCRE2_SIZE *ends;
	int count;

	if (matcher->data == NULL || matcher->limits == NULL || !pattern_compile(pattern, &why))
		return false;
	count = pattern->starts != NULL ? match_at_starts(pattern, matcher, text, len)
	                                : pcre2_match(pattern->code, (PCRE2_SPTR)text, len, 0, 0,
	                                      matcher->data, matcher->limits);
	if (count <= 0)
		return false;
	ends = pcre2_get_ovector_pointer(matcher->data);
	*match = (struct match){.all = {ends[0], ends[1]}};
	for (unsigned i = 0; i < GROUP_COUNT; i++) {
		int g = pattern->group[i];

		if (g > 0 && g < count && ends[2 * g] != PCRE2_UNSET)
			match->group[i] = (struct span){ends[2 * g], ends[2 * g + 1]};
	}
	return true;
}
