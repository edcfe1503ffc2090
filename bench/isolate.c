/* What each way of looking for the part that earns a refusal costs in messages, and how often it is
 * right: leaving parts out by hand, ddmin (Zeller and Hildebrandt 2002), and isolate/.
 *
 * 26 parts with the weights that a message's parts have; the truth is one part (78 %), either of
 * two (10 %), two together (8 %) or all by their sum (4 %). Usage: isolate [MESSAGES] */
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "isolate/course.h"

enum { PARTS = 26, HIST = 256 };

static uint64_t state = 88172645463325252u;

static double
chance(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (double)(state >> 11) / 9007199254740992.0;
}

/* Links and attachments earn more refusals than paragraphs do. */
static const double weights[PARTS] = {
    2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 6, 6, 6, 6, 6, 6, 3, 3, 2, 2, 8, 8, 1, 1};

struct truth {
	enum suspicion kind;
	unsigned first, second;
	double noise;
	unsigned asked;
};

static unsigned
draw_part(void)
{
	double sum = 0, at;

	for (unsigned i = 0; i < PARTS; i++)
		sum += weights[i];
	at = chance() * sum;
	for (unsigned i = 0; i < PARTS; i++)
		if ((at -= weights[i]) < 0)
			return i;
	return PARTS - 1;
}

static struct truth
draw_truth(double noise)
{
	double kind = chance();
	struct truth truth = {.noise = noise};

	truth.kind = kind < .78   ? SUSPICION_ONE
	             : kind < .88 ? SUSPICION_EITHER
	             : kind < .96 ? SUSPICION_BOTH
	                          : SUSPICION_SUM;
	truth.first = truth.second = draw_part();
	while (truth.kind != SUSPICION_ONE && truth.second == truth.first)
		truth.second = draw_part();
	return truth;
}

static bool
refuses(struct truth *truth, part_set sent)
{
	part_set first = (part_set)1 << truth->first, second = (part_set)1 << truth->second;
	bool refused = truth->kind == SUSPICION_BOTH  ? (sent & first) && (sent & second)
	               : truth->kind == SUSPICION_SUM ? sent != 0
	                                              : (sent & (first | second)) != 0;

	truth->asked++;
	return chance() < truth->noise ? !refused : refused;
}

/* What a way says at its end. */
struct answer {
	bool given; /* else: not known */
	part_set parts; /* 0: the sum */
	unsigned more; /* messages beside those that the truth counted */
};

static bool
is_right(const struct truth *truth, const struct answer *answer)
{
	part_set parts = ((part_set)1 << truth->first) | ((part_set)1 << truth->second);

	return answer->parts == (truth->kind == SUSPICION_SUM ? 0 : parts);
}

/* ---- by hand: one part left out at a time, the most suspected first, until it is taken */

static struct answer
by_hand(struct truth *truth, unsigned budget)
{
	part_set all = ((part_set)1 << PARTS) - 1;

	for (double weight = 8; weight > 0; weight--)
		for (unsigned i = 0; i < PARTS; i++)
			if (weights[i] == weight && truth->asked < budget &&
			    !refuses(truth, all & ~((part_set)1 << i)))
				return (struct answer){true, (part_set)1 << i, 0};
	return (struct answer){.given = truth->asked < budget};
}

/* ---- ddmin */

static part_set
chunk_of(part_set from, unsigned count, unsigned n, unsigned i)
{
	part_set chunk = 0;
	unsigned at = 0;

	for (unsigned bit = 0; bit < PARTS; bit++)
		if (from >> bit & 1) {
			if (at * n / count == i)
				chunk |= (part_set)1 << bit;
			at++;
		}
	return chunk;
}

static struct answer
ddmin(struct truth *truth, unsigned budget)
{
	part_set left = ((part_set)1 << PARTS) - 1;
	unsigned n = 2;

	for (;;) {
		unsigned count = (unsigned)__builtin_popcountll(left), found = 0;

		if (count < 2)
			break;
		for (unsigned i = 0; i < 2 * n && !found; i++) {
			part_set chunk = chunk_of(left, count, n, i % n);
			part_set sent = i < n ? chunk : left & ~chunk;

			if (sent == 0 || sent == left)
				continue;
			if (truth->asked >= budget)
				return (struct answer){0};
			if (refuses(truth, sent)) {
				left = sent;
				n = i < n ? 2 : n > 2 ? n - 1 : 2;
				found = 1;
			}
		}
		if (!found && n >= count)
			break;
		if (!found)
			n = 2 * n < count ? 2 * n : count;
	}
	return (struct answer){true, left, 0};
}

/* ---- isolate/ */

static struct answer
by_course(struct truth *truth, unsigned budget)
{
	struct arena *arena = arena_new();
	struct suspects *suspects = suspects_new(weights, PARTS, 1, arena);
	struct course course;
	struct answer answer = {0};

	/* beside the whole message, the control, and the control at the end */
	course_begin(&course, suspects, 0, budget + 3);
	for (;;) {
		struct course_step step = course_next(&course);
		enum course_outcome outcome;

		if (step.end != COURSE_GOES_ON) {
			struct suspect best = suspects_best(suspects);

			answer.given = step.end == COURSE_FOUND || step.end == COURSE_NO_PART;
			answer.parts = step.end == COURSE_NO_PART ? 0 : suspect_parts(&best);
			break;
		}
		outcome = step.say == COURSE_WHOLE     ? COURSE_REFUSED
		          : step.say == COURSE_CONTROL ? COURSE_ACCEPTED
		          : refuses(truth, step.sent)  ? COURSE_REFUSED
		                                       : COURSE_ACCEPTED;
		course_note(&course, &step, outcome, 0);
	}
	arena_free(arena);
	return answer;
}

static int
by_number(const void *a, const void *b)
{
	unsigned one = *(const unsigned *)a, other = *(const unsigned *)b;

	return (one > other) - (one < other);
}

static void
measure(const char *name, struct answer (*way)(struct truth *, unsigned), unsigned messages,
    unsigned budget, double noise)
{
	unsigned right = 0, wrong = 0, sum = 0, *asked = malloc(messages * sizeof *asked);

	for (unsigned i = 0; i < messages; i++) {
		struct truth truth = draw_truth(noise);
		struct answer answer = way(&truth, budget);

		right += answer.given && is_right(&truth, &answer);
		wrong += answer.given && !is_right(&truth, &answer);
		asked[i] = truth.asked;
		sum += truth.asked;
	}
	qsort(asked, messages, sizeof *asked, by_number);
	printf("%-10s %6u %5.0f %% %8.3f %8.3f %8.1f %6u %6u\n", name, budget, noise * 100,
	    right / (double)messages, wrong / (double)messages, sum / (double)messages,
	    asked[messages / 2], asked[messages * 9 / 10]);
	free(asked);
}

int
main(int argc, char **argv)
{
	static const struct {
		const char *name;
		struct answer (*way)(struct truth *, unsigned);
	} ways[] = {{"by hand", by_hand}, {"ddmin", ddmin}, {"isolate", by_course}};
	static const struct {
		unsigned budget;
		double noise;
	} runs[] = {{8, 0}, {12, 0}, {20, 0}, {20, .03}, {20, .10}};
	unsigned messages = argc > 1 ? (unsigned)atoi(argv[1]) : 4000;

	printf("%-10s %6s %7s %8s %8s %8s %6s %6s\n", "", "budget", "noise", "right", "wrong",
	    "mean", "median", "p90");
	for (size_t r = 0; r < sizeof runs / sizeof *runs; r++)
		for (size_t w = 0; w < sizeof ways / sizeof *ways; w++)
			measure(ways[w].name, ways[w].way, messages, runs[r].budget, runs[r].noise);
	return 0;
}
