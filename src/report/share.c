#include "report/share.h"

#include "base/buf.h"

enum { STEPS = 40 }; /* of halving: far finer than a per cent */

/* How probable at most `k` of `n` are at the share `p`, of few. */
static double
at_most(unsigned long k, unsigned long n, double p)
{
	double term = 1, sum;

	for (unsigned long i = 0; i < n; i++)
		term *= 1 - p;
	sum = term;
	for (unsigned long i = 1; i <= k; i++) {
		term *= (double)(n - i + 1) / (double)i * (p / (1 - p));
		sum += term;
	}
	return sum;
}

/* The share at which at most `k` of `n` have the probability `wanted`. */
static double
share_at(unsigned long k, unsigned long n, double wanted)
{
	double low = 0, high = 1;

	for (int i = 0; i < STEPS; i++) {
		double middle = (low + high) / 2;

		if (at_most(k, n, middle) > wanted)
			low = middle;
		else
			high = middle;
	}
	return (low + high) / 2;
}

void
share_interval(unsigned long part, unsigned long whole, double *low, double *high)
{
	*low = part == 0 ? 0 : 100 * share_at(part - 1, whole, 0.975);
	*high = part == whole ? 100 : 100 * share_at(part, whole, 0.025);
}

void
share_words(struct buf *out, unsigned long part, unsigned long whole)
{
	double low, high;

	if (whole == 0)
		return;
	if (part > 0 && part * 200 < whole)
		buf_puts(out, "less than 1 %");
	else
		buf_printf(out, "%.0f %%", 100 * (double)part / (double)whole);
	if (whole >= SHARE_FEW)
		return;
	share_interval(part, whole, &low, &high);
	buf_printf(out, " (%.0f-%.0f %%)", low, high);
}
