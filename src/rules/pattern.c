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
};

/* ---- reading a pattern: what it needs, and whether it could run away */

struct need { /* at least one of these words */
	struct word_choice {
		const char **words;
		size_t count;
	} choice;
	size_t shortest;
};

struct needs { /* … and of each of these; the better first */
	struct need need[CHOICES_MAX];
	size_t count;
};

struct pattern_scan {
	const char *p;
	struct arena *arena;
	const char *why;
	unsigned nesting;
};

struct literal_run { /* literal bytes that follow one another */
	char bytes[RUN_MAX];
	size_t len;
};

struct times { /* a quantifier */
	bool given;
	unsigned least, most; /* most 0: no end */
};

static bool read_alternatives(struct pattern_scan *scan, struct needs *needs, bool *loops);

/* Long words are rare, and so is a choice among few. */
static unsigned
worth(const struct need *need)
{
	size_t length = need->shortest < 12 ? need->shortest : 12;

	return need->choice.count == 0 || need->choice.count > WORDS_MAX ||
	               need->shortest < WORD_MIN
	           ? 0
	           : (unsigned)(length * 8 + WORDS_MAX - need->choice.count);
}

static void
add_need(struct needs *needs, const struct need *need)
{
	size_t at = needs->count;

	if (worth(need) == 0)
		return;
	while (at > 0 && worth(need) > worth(&needs->need[at - 1]))
		at--;
	if (at == CHOICES_MAX)
		return;
	if (needs->count < CHOICES_MAX)
		needs->count++;
	memmove(&needs->need[at + 1], &needs->need[at], (needs->count - at - 1) * sizeof *need);
	needs->need[at] = *need;
}

static void
end_run(struct pattern_scan *scan, struct literal_run *run, struct needs *needs)
{
	struct need need = {{NULL, 0}, run->len};

	if (run->len >= WORD_MIN) {
		need.choice.words = arena_alloc(scan->arena, sizeof *need.choice.words);
		need.choice.words[need.choice.count++] =
		    arena_copy(scan->arena, run->bytes, run->len);
		add_need(needs, &need);
	}
	run->len = 0;
}

static void
add_to_run(struct pattern_scan *scan, struct literal_run *run, struct needs *needs, char c)
{
	if (run->len == RUN_MAX)
		end_run(scan, run, needs);
	run->bytes[run->len++] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool
refuse(struct pattern_scan *scan, const char *why)
{
	scan->why = why;
	return false;
}

static bool
read_braces(struct pattern_scan *scan, struct times *times)
{
	char *end;

	times->least = (unsigned)strtoul(scan->p + 1, &end, 10);
	times->most = times->least;
	if (*end == ',') {
		times->most = end[1] == '}' ? 0 : (unsigned)strtoul(end + 1, &end, 10);
		if (times->most == 0)
			end += *end == ',';
	}
	if (*end != '}' || times->least > 1000 || times->most > 1000)
		return refuse(scan, "a repetition in braces is not {m}, {m,} or {m,n} below 1000");
	scan->p = end + 1;
	return true;
}

static bool
read_times(struct pattern_scan *scan, struct times *times)
{
	*times = (struct times){false, 1, 1};
	switch (*scan->p) {
	case '*':
		*times = (struct times){true, 0, 0};
		scan->p++;
		break;
	case '+':
		*times = (struct times){true, 1, 0};
		scan->p++;
		break;
	case '?':
		*times = (struct times){true, 0, 1};
		scan->p++;
		break;
	case '{':
		times->given = true;
		if (!read_braces(scan, times))
			return false;
		break;
	default:
		return true;
	}
	if (*scan->p == '?' || *scan->p == '+') /* lazy, possessive */
		scan->p++;
	return true;
}

static bool
read_class(struct pattern_scan *scan)
{
	const char *p = scan->p + 1;

	p += *p == '^';
	p += *p == ']';
	for (; *p != ']'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		if (*p == '\0')
			return refuse(scan, "a [class] is not closed");
	}
	scan->p = p + 1;
	return true;
}

/* What stands behind "(": how far the group's own text begins, and whether it is one that looks
 * without taking. */
static bool
read_group_head(struct pattern_scan *scan, bool *looks)
{
	static const struct {
		const char *head;
		bool looks;
	} heads[] = {{"(?:", false}, {"(?>", false}, {"(?=", true}, {"(?!", true}, {"(?<=", true},
	    {"(?<!", true}, {"(?<", false}};

	*looks = false;
	if (scan->p[1] != '?') {
		if (scan->p[1] == '*')
			return refuse(scan, "verbs are not taken");
		scan->p++;
		return true;
	}
	for (size_t i = 0; i < sizeof heads / sizeof heads[0]; i++)
		if (strncmp(scan->p, heads[i].head, strlen(heads[i].head)) == 0) {
			scan->p += strlen(heads[i].head);
			*looks = heads[i].looks;
			if (i + 1 == sizeof heads / sizeof heads[0]) {
				size_t name = strspn(scan->p, "abcdefghijklmnopqrstuvwxyz");

				if (name == 0 || scan->p[name] != '>')
					return refuse(
					    scan, "a group's name is small letters up to >");
				scan->p += name + 1;
			}
			return true;
		}
	return refuse(scan, "a (?…) that is not taken here");
}

static bool
read_group(struct pattern_scan *scan, struct literal_run *run, struct needs *needs, bool *loops)
{
	struct needs own = {.count = 0};
	struct times times;
	bool looks, inner = false;

	if (++scan->nesting > NESTING_MAX)
		return refuse(scan, "groups are nested too deeply");
	if (!read_group_head(scan, &looks) || !read_alternatives(scan, &own, &inner))
		return false;
	if (*scan->p != ')')
		return refuse(scan, "a group is not closed");
	scan->p++;
	scan->nesting--;
	if (!read_times(scan, &times))
		return false;
	if (inner && times.given && (times.most == 0 || times.most > REPEATS_MAX))
		return refuse(scan, "a repetition holds another repetition: it could run away");
	*loops |= inner || (times.given && times.most != 1);
	if (looks)
		return true; /* takes nothing: the run of letters goes on behind it */
	end_run(scan, run, needs);
	for (size_t i = 0; i < own.count && times.least > 0; i++)
		add_need(needs, &own.need[i]);
	return true;
}

/* One thing that takes text, and how often. `literal` is the byte that it is, or 0 when it may be
 * several. */
static bool
read_atom(struct pattern_scan *scan, struct literal_run *run, struct needs *needs, bool *loops)
{
	struct times times;
	char literal = 0;

	if (*scan->p == '[') {
		if (!read_class(scan))
			return false;
	} else if (*scan->p == '.') {
		scan->p++;
	} else if (*scan->p == '\\') {
		char c = scan->p[1];

		if (c == '\0' || (c >= '0' && c <= '9') || strchr("kgRKXCGQEpPuUxcoN", c) != NULL)
			return refuse(scan, "a backslash before something that is not taken here");
		scan->p += 2;
		if (strchr("bBAzZ", c) != NULL)
			return true;
		if (strchr("dDsSwWhHvV", c) == NULL)
			literal = c;
	} else {
		literal = *scan->p++;
	}
	if (!read_times(scan, &times))
		return false;
	*loops |= times.given && times.most != 1;
	if (literal != 0 && times.least > 0)
		add_to_run(scan, run, needs, literal);
	if (literal == 0 || times.given)
		end_run(scan, run, needs);
	return true;
}

static bool
read_branch(struct pattern_scan *scan, struct needs *needs, bool *loops)
{
	struct literal_run run = {.len = 0};

	while (*scan->p != '\0' && *scan->p != '|' && *scan->p != ')') {
		if (*scan->p == '^' || *scan->p == '$') {
			scan->p++;
		} else if (*scan->p == '(') {
			if (!read_group(scan, &run, needs, loops))
				return false;
		} else if (strchr("*+?{", *scan->p) != NULL) {
			return refuse(scan, "a repetition of nothing");
		} else if (!read_atom(scan, &run, needs, loops)) {
			return false;
		}
	}
	end_run(scan, &run, needs);
	return true;
}

static void
join(struct pattern_scan *scan, struct need *all, const struct need *branch)
{
	for (size_t i = 0; i < branch->choice.count; i++) {
		*(const char **)arena_push(scan->arena, &all->choice.words, all->choice.count,
		    sizeof *all->choice.words) = branch->choice.words[i];
		all->choice.count++;
	}
	if (all->shortest == 0 || branch->shortest < all->shortest)
		all->shortest = branch->shortest;
}

/* One branch needs all that it needs; of several, only one choice is left: a word of this or a word
 * of that. */
static bool
read_alternatives(struct pattern_scan *scan, struct needs *needs, bool *loops)
{
	struct need any = {{NULL, 0}, 0};
	bool sure = true;

	if (!read_branch(scan, needs, loops))
		return false;
	if (*scan->p != '|')
		return true;
	for (;;) {
		sure = sure && needs->count > 0 &&
		       any.choice.count + needs->need[0].choice.count <= WORDS_MAX;
		if (sure)
			join(scan, &any, &needs->need[0]);
		needs->count = 0;
		if (*scan->p != '|')
			break;
		scan->p++;
		if (!read_branch(scan, needs, loops))
			return false;
	}
	if (sure)
		add_need(needs, &any);
	return true;
}

/* As `struct pattern` has them. */
static const char *
write_words(const struct needs *needs, struct arena *arena)
{
	struct buf words;
	const char *copy;

	buf_init(&words, SIZE_MAX);
	for (size_t i = 0; i < needs->count; i++) {
		const struct word_choice *choice = &needs->need[i].choice;

		for (size_t k = 0; k < choice->count; k++)
			buf_add(&words, choice->words[k], strlen(choice->words[k]) + 1);
		buf_putc(&words, '\0');
	}
	copy = arena_copy(arena, words.data, words.len);
	buf_release(&words);
	return copy;
}

bool
pattern_read(struct pattern *pattern, const char *source, struct arena *arena, const char **why)
{
	struct pattern_scan scan = {source, arena, NULL, 0};
	struct needs needs = {.count = 0};
	bool loops = false;

	*pattern = (struct pattern){.source = source};
	if (!read_alternatives(&scan, &needs, &loops) || *scan.p != '\0') {
		*why = scan.why != NULL ? scan.why : "a ) too many";
		return false;
	}
	pattern->choice_count = (uint32_t)needs.count;
	pattern->words = write_words(&needs, arena);
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
			struct pattern_scan scan = {p, arena, NULL, 0};

			read_class(&scan);
			p = scan.p - 1;
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

/* A user's --rules on a machine that forbids code made at run time, and the first texts of a run,
 * go by PCRE2's interpreter: a pattern earns its machine code by being asked often. */
enum { ASKED_OFTEN = 16 };

static const char *
past_class(const char *p)
{
	struct pattern_scan scan = {p, NULL, NULL, 0};

	read_class(&scan);
	return scan.p;
}

/* "[.-]" takes the dot within a name, too, and "[^;]{0,40}" as little as it can: what goes together
 * stands together. */
static const char *
write_class(const char *p, struct buf *out)
{
	const char *close = past_class(p);
	bool negated = p[1] == '^', dot = !negated && memchr(p, '.', (size_t)(close - p)) != NULL;
	size_t braces = negated && *close == '{' ? strcspn(close, "}") + 1 : 0;

	buf_putc(out, *p++);
	if (*p == ']')
		buf_putc(out, *p++);
	if (dot)
		buf_puts(out, "\\x01"); /* not at the end: "[.-]" must not become a range */
	buf_add(out, p, (size_t)(close - p) + braces);
	close += braces;
	if (braces > 0 && *close != '?' && *close != '+')
		buf_putc(out, '?');
	return close;
}

/* What PCRE2 gets is the pattern in which each literal dot is also PATTERN_DOT, but one that a
 * class excludes. */
static void
write_pattern(const char *p, struct buf *out)
{
	while (*p != '\0') {
		if (*p == '[') {
			p = write_class(p, out);
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

/* PCRE2 asks here for what it needs: when there is none left the program ends and says so, where a
 * match that failed for want of memory would be read as none. */
static void *
take_memory(PCRE2_SIZE size, void *unused)
{
	(void)unused;
	return must_alloc(size);
}

static void
give_memory(void *memory, void *unused)
{
	(void)unused;
	free(memory);
}

static pcre2_code *
compile(const char *source)
{
	pcre2_general_context *memory =
	    pcre2_general_context_create(take_memory, give_memory, NULL);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	pcre2_code *code = NULL;
	struct buf written;
	PCRE2_SIZE where;
	int error;

	buf_init(&written, SOURCE_MAX);
	write_pattern(source, &written);
	if (!written.full)
		code = pcre2_compile((PCRE2_SPTR)written.data, written.len,
		    PCRE2_CASELESS | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP | PCRE2_DOTALL |
		        PCRE2_NEVER_BACKSLASH_C,
		    &error, &where, context);
	buf_release(&written);
	pcre2_compile_context_free(context);
	pcre2_general_context_free(memory);
	return code;
}

struct compiled {
	pcre2_code *code;
	unsigned asked; /* how often, up to where it is worth machine code */
	bool machine; /* it has that */
	int group[GROUP_COUNT]; /* number of the named group, 0 if there is none */
};

struct matcher {
	pcre2_general_context *memory;
	pcre2_match_data *data;
	pcre2_match_context *limits;
	struct compiled **compiled; /* by the pattern's number; NULL: not yet */
	size_t room;
};

struct matcher *
matcher_new(void)
{
	struct matcher *matcher = must_alloc(sizeof *matcher);

	matcher->memory = pcre2_general_context_create(take_memory, give_memory, NULL);
	matcher->data = pcre2_match_data_create(GROUPS_MAX + 1, matcher->memory);
	matcher->limits = pcre2_match_context_create(matcher->memory);
	pcre2_set_match_limit(matcher->limits, STEPS_MAX);
	pcre2_set_depth_limit(matcher->limits, DEPTH_MAX);
	return matcher;
}

void
matcher_free(struct matcher *matcher)
{
	if (matcher == NULL)
		return;
	for (size_t i = 0; i < matcher->room; i++)
		if (matcher->compiled[i] != NULL) {
			pcre2_code_free(matcher->compiled[i]->code);
			free(matcher->compiled[i]);
		}
	free(matcher->compiled);
	pcre2_match_data_free(matcher->data);
	pcre2_match_context_free(matcher->limits);
	pcre2_general_context_free(matcher->memory);
	free(matcher);
}

static struct compiled *
compiled_of(const struct matcher *matcher, const struct pattern *pattern)
{
	return pattern->number < matcher->room ? matcher->compiled[pattern->number] : NULL;
}

static void
keep_compiled(struct matcher *matcher, const struct pattern *pattern, struct compiled *compiled)
{
	size_t room = matcher->room > 0 ? matcher->room : 64;

	while (room <= pattern->number)
		room *= 2;
	if (room > matcher->room) {
		matcher->compiled =
		    must_realloc(matcher->compiled, room * sizeof *matcher->compiled);
		memset(matcher->compiled + matcher->room, 0,
		    (room - matcher->room) * sizeof *matcher->compiled);
		matcher->room = room;
	}
	matcher->compiled[pattern->number] = compiled;
}

bool
pattern_compile(const struct pattern *pattern, struct matcher *matcher, const char **why)
{
	static const char *const names[GROUP_COUNT] = {
	    [GROUP_LIST] = "list", [GROUP_ITEM] = "item", [GROUP_REF] = "ref"};
	struct compiled *compiled;
	uint32_t groups = 0;
	pcre2_code *code;

	if (compiled_of(matcher, pattern) != NULL)
		return true;
	code = compile(pattern->source);
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
	compiled = must_alloc(sizeof *compiled);
	compiled->code = code;
	for (unsigned i = 0; i < GROUP_COUNT; i++) {
		int number = pcre2_substring_number_from_name(code, (PCRE2_SPTR)names[i]);

		compiled->group[i] = number > 0 ? number : 0;
	}
	keep_compiled(matcher, pattern, compiled);
	return true;
}

static int
run(struct compiled *compiled, struct matcher *matcher, const char *text, size_t len)
{
	int count = PCRE2_ERROR_JIT_STACKLIMIT;

	if (compiled->asked < ASKED_OFTEN && ++compiled->asked == ASKED_OFTEN)
		compiled->machine = pcre2_jit_compile(compiled->code, PCRE2_JIT_COMPLETE) == 0;
	if (compiled->machine)
		count = pcre2_jit_match(
		    compiled->code, (PCRE2_SPTR)text, len, 0, 0, matcher->data, matcher->limits);
	if (count == PCRE2_ERROR_JIT_STACKLIMIT) /* or there is none */
		count = pcre2_match(compiled->code, (PCRE2_SPTR)text, len, 0, PCRE2_NO_JIT,
		    matcher->data, matcher->limits);
	return count;
}

bool
pattern_match(const struct pattern *pattern, struct matcher *matcher, const char *text, size_t len,
    struct match *match)
{
	struct compiled *compiled;
	const char *why;
	PCRE2_SIZE *ends;
	int count;

	if (!pattern_compile(pattern, matcher, &why))
		return false;
	compiled = compiled_of(matcher, pattern);
	count = run(compiled, matcher, text, len);
	if (count <= 0)
		return false;
	ends = pcre2_get_ovector_pointer(matcher->data);
	*match = (struct match){.all = {ends[0], ends[1]}};
	for (unsigned i = 0; i < GROUP_COUNT; i++) {
		int g = compiled->group[i];

		if (g > 0 && g < count && ends[2 * g] != PCRE2_UNSET)
			match->group[i] = (struct text_span){ends[2 * g], ends[2 * g + 1]};
	}
	return true;
}
