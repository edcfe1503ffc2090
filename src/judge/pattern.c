#include "judge/pattern.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum {
	NESTING_MAX = 16, /* groups in groups */
	RUN_MAX = 40, /* octets of a word */
	REPEATS_MAX = 8, /* of a group that repeats something itself, "(?:\\w+ ){0,3}" */
	WORDS_MAX = 64, /* alternatives that one pattern may ask to be looked for */
	WORD_MIN = 3, /* shorter words stand in every other reply */
	STEPS_MAX = 20000, /* pcre2 match limit: a good pattern takes some hundreds on a long reply */
	DEPTH_MAX = 500,
	GROUPS_MAX = 15,
};

/* ---- reading a pattern: what it needs, and whether it could run away */

struct need { /* at least one of these words */
	const char **words;
	size_t count, shortest;
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

static bool read_alternatives(struct parse *parse, struct need *need, bool *loops);

static unsigned
worth(const struct need *need)
{
	size_t length = need->shortest < 12 ? need->shortest : 12;

	return need->count == 0 || need->count > WORDS_MAX || need->shortest < WORD_MIN ? 0 : (unsigned)(length * 4 + WORDS_MAX - need->count);
}

static void
keep_better(struct need *best, const struct need *other)
{
	if (worth(other) > worth(best))
		*best = *other;
}

static void
end_run(struct parse *parse, struct run *run, struct need *best)
{
	struct need need = { NULL, 0, run->len };

	if (run->len >= WORD_MIN) {
		need.words = arena_alloc(parse->arena, sizeof *need.words);
		need.words[need.count++] = arena_copy(parse->arena, run->bytes, run->len);
		keep_better(best, &need);
	}
	run->len = 0;
}

static void
add_to_run(struct parse *parse, struct run *run, struct need *best, char c)
{
	if (run->len == RUN_MAX)
		end_run(parse, run, best);
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
	*times = (struct times){ false, 1, 1 };
	switch (*parse->p) {
	case '*':
		*times = (struct times){ true, 0, 0 };
		parse->p++;
		break;
	case '+':
		*times = (struct times){ true, 1, 0 };
		parse->p++;
		break;
	case '?':
		*times = (struct times){ true, 0, 1 };
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

/* What stands behind "(": how far the group's own text begins, and whether it is one that looks without taking. */
static bool
read_group_head(struct parse *parse, bool *looks)
{
	static const struct {
		const char *head;
		bool looks;
	} heads[] = { { "(?:", false }, { "(?>", false }, { "(?=", true }, { "(?!", true }, { "(?<=", true }, { "(?<!", true }, { "(?<", false } };

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
				const char *end = strchr(parse->p, '>');

				if (end == NULL)
					return refuse(parse, "a group's name is not closed");
				parse->p = end + 1;
			}
			return true;
		}
	return refuse(parse, "a (?…) that is not taken here");
}

static bool
read_group(struct parse *parse, struct run *run, struct need *best, bool *loops)
{
	struct need need = { NULL, 0, 0 };
	struct times times;
	bool looks, inner = false;

	if (++parse->nesting > NESTING_MAX)
		return refuse(parse, "groups are nested too deeply");
	if (!read_group_head(parse, &looks) || !read_alternatives(parse, &need, &inner))
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
	end_run(parse, run, best);
	if (times.least > 0)
		keep_better(best, &need);
	return true;
}

/* One thing that takes text, and how often. `literal` is the byte that it is, or 0 when it may be several. */
static bool
read_atom(struct parse *parse, struct run *run, struct need *best, bool *loops)
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
		add_to_run(parse, run, best, literal);
	if (literal == 0 || times.given)
		end_run(parse, run, best);
	return true;
}

static bool
read_branch(struct parse *parse, struct need *best, bool *loops)
{
	struct run run = { .len = 0 };

	while (*parse->p != '\0' && *parse->p != '|' && *parse->p != ')') {
		if (*parse->p == '^' || *parse->p == '$') {
			parse->p++;
		} else if (*parse->p == '(') {
			if (!read_group(parse, &run, best, loops))
				return false;
		} else if (strchr("*+?{", *parse->p) != NULL) {
			return refuse(parse, "a repetition of nothing");
		} else if (!read_atom(parse, &run, best, loops)) {
			return false;
		}
	}
	end_run(parse, &run, best);
	return true;
}

static void
join(struct parse *parse, struct need *all, const struct need *branch)
{
	for (size_t i = 0; i < branch->count; i++) {
		*(const char **)arena_push(parse->arena, &all->words, all->count, sizeof *all->words) = branch->words[i];
		all->count++;
	}
	if (all->shortest == 0 || branch->shortest < all->shortest)
		all->shortest = branch->shortest;
}

static bool
read_alternatives(struct parse *parse, struct need *need, bool *loops)
{
	bool sure = true;

	for (;;) {
		struct need branch = { NULL, 0, 0 };

		if (!read_branch(parse, &branch, loops))
			return false;
		sure = sure && worth(&branch) > 0 && need->count + branch.count <= WORDS_MAX;
		if (sure)
			join(parse, need, &branch);
		if (*parse->p != '|')
			break;
		parse->p++;
	}
	if (!sure)
		*need = (struct need){ NULL, 0, 0 };
	return true;
}

/* ---- compiling and matching */

bool
pattern_compile(struct pattern *pattern, const char *source, struct arena *arena, const char **why)
{
	static const char *const names[GROUP_COUNT] = { [GROUP_LIST] = "list", [GROUP_ITEM] = "item", [GROUP_REF] = "ref" };
	struct parse parse = { source, arena, NULL, 0 };
	struct need need = { NULL, 0, 0 };
	bool loops = false;
	uint32_t groups = 0;
	PCRE2_SIZE where;
	int error;
	pcre2_code *code;

	memset(pattern, 0, sizeof *pattern);
	if (!read_alternatives(&parse, &need, &loops) || *parse.p != '\0') {
		*why = parse.why != NULL ? parse.why : "a ) too many";
		return false;
	}
	code = pcre2_compile((PCRE2_SPTR)source, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_DOTALL | PCRE2_NEVER_BACKSLASH_C, &error, &where, NULL);
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
	pattern->source = source;
	pattern->code = code;
	pattern->words = need.words;
	pattern->word_count = need.count;
	return true;
}

void
pattern_release(void *code)
{
	pcre2_code_free(code);
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

bool
pattern_match(const struct pattern *pattern, struct matcher *matcher, const char *text, size_t len, struct match *match)
{
	PCRE2_SIZE *ends;
	int count;

	if (matcher->data == NULL || matcher->limits == NULL)
		return false;
	count = pcre2_match(pattern->code, (PCRE2_SPTR)text, len, 0, 0, matcher->data, matcher->limits);
	if (count <= 0)
		return false;
	ends = pcre2_get_ovector_pointer(matcher->data);
	*match = (struct match){ .all = { ends[0], ends[1] } };
	for (unsigned i = 0; i < GROUP_COUNT; i++) {
		int g = pattern->group[i];

		if (g > 0 && g < count && ends[2 * g] != PCRE2_UNSET)
			match->group[i] = (struct span){ ends[2 * g], ends[2 * g + 1] };
	}
	return true;
}
