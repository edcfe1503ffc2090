/* One line with performance data, the findings below it, the plugins' own exit statuses. */
#include "base/arena.h"
#include "base/buf.h"
#include "exit_status.h"
#include "report/check_tls.h"
#include "report/nagios.h"
#include "report/text.h"

enum { DAY = 86400 };

static void
keep_finding(struct sink *sink, const char *whose, const struct advice *advice)
{
	if (advice->severity > SEVERITY_UNKNOWN)
		return;
	text_cstring(&sink->kept, whose);
	buf_puts(&sink->kept, ": ");
	text_cstring(&sink->kept, advice->what);
	buf_putc(&sink->kept, '\n');
}

static void
nagios_review(struct sink *sink, const struct journey *journey)
{
	size_t before = sink->kept.len;
	struct arena *arena = arena_new();
	struct domain_review review;

	tls_review_journey(sink, journey, arena, &review);
	for (size_t i = 0; i < review.host_count; i++)
		for (size_t k = 0; k < review.hosts[i].count; k++)
			keep_finding(sink, review.hosts[i].attempt->mx, &review.hosts[i].found[k]);
	for (size_t i = 0; i < review.count; i++)
		keep_finding(sink, journey->target.text, &review.found[i]);
	if (sink->kept.len == before) {
		text_cstring(&sink->kept, journey->target.text);
		buf_printf(
		    &sink->kept, ": %s %s\n", tls_review_name(sink->plan->review), review.result);
	}
	if (sink->kept.full) /* the first line counts it all the same */
		buf_cut(&sink->kept, before);
	arena_free(arena);
}

static void
nagios_finish(struct sink *sink, const struct run_end *end)
{
	const struct tls_review *review = sink->plan->review;
	struct buf *out = &sink->out;
	size_t head = 0;

	while (
	    head < sink->kept.len && sink->kept.data[head] != '\n' && sink->kept.data[head] != '|')
		head++;
	buf_printf(out, "MXWALK %s - %.*s | time=%.3fs",
	    nagios_word(nagios_of_exit(review->status)), (int)head, sink->kept.data,
	    (double)end->ms / 1000);
	if (review->any_certificate)
		buf_printf(out, " days=%ld", review->least_left / DAY);
	buf_putc(out, '\n');
	nagios_text(out, sink->kept.data, sink->kept.len);
}

static int
nagios_exit(const struct sink *sink, const struct run_end *end)
{
	int status = tls_review_exit(sink, end);

	return status > EXIT_UNDETERMINED ? status : (int)nagios_of_exit(status);
}

const struct sink_format check_tls_nagios = {
    .result = nagios_review, .finish = nagios_finish, .exit = nagios_exit};
