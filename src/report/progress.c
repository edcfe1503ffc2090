#include "report/progress.h"

#include "base/buf.h"
#include "base/json.h"
#include "report/ndjson_fields.h"
#include "report/text.h"

enum { COLUMNS = 100, LATER = 20, HELD = 17 }; /* what the words of these take */
enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

/* "999", "12.3k", "412k", "3.1M": four columns, or five. */
static void
say_count(struct buf *out, unsigned long count)
{
	static const char units[] = {'k', 'M', 'G'};
	double value = (double)count;
	size_t unit = 0;

	if (count < 1000) {
		buf_printf(out, "%lu", count);
		return;
	}
	for (value /= 1000; value >= 999.5 && unit + 1 < sizeof units; unit++)
		value /= 1000;
	buf_printf(out, "%.*f%c", value < 99.95 ? 1 : 0, value, units[unit]);
}

static void
say_status(struct buf *out, const char *word, unsigned long count)
{
	if (count == 0)
		return;
	buf_puts(out, ", ");
	say_count(out, count);
	buf_printf(out, " %s", word);
}

void
progress_time(struct buf *out, int64_t ms)
{
	if (ms < MINUTE)
		buf_printf(out, "%llds", (long long)((ms + SECOND - 1) / SECOND));
	else if (ms < HOUR)
		buf_printf(out, "%lldm", (long long)((ms + MINUTE / 2) / MINUTE));
	else if (ms < 24LL * HOUR)
		buf_printf(
		    out, "%lldh%02lldm", (long long)(ms / HOUR), (long long)(ms % HOUR / MINUTE));
	else
		buf_printf(out, "%lldd%lldh", (long long)(ms / (24LL * HOUR)),
		    (long long)(ms / HOUR % 24));
}

static void
say_site(struct buf *out, const struct run_site *site)
{
	text_cstring(out, site->name);
	buf_putc(out, ' ');
	progress_time(out, site->ms);
}

/* As many names as the line has room for. */
static void
say_held(struct buf *out, const struct run_progress *progress)
{
	if (progress->held_count == 0)
		return;
	buf_printf(out, ", %zu backed off", progress->held_count);
	for (size_t i = 0; i < progress->held_count && i < RUN_HELD; i++) {
		size_t before = out->len;

		buf_puts(out, i > 0 ? ", " : " (");
		say_site(out, &progress->held[i]);
		if (out->len + 1 <= COLUMNS)
			continue;
		buf_cut(out, before);
		if (i > 0)
			buf_putc(out, ')');
		return;
	}
	buf_putc(out, ')');
}

static void
say_later(struct buf *out, const struct run_progress *progress)
{
	if (progress->later_count == 0)
		return;
	buf_printf(out, ", %zu again in ", progress->later_count);
	progress_time(out, progress->later_ms);
}

/* The slowest site is named where it is what keeps the run waiting. */
static void
say_left(struct buf *out, const struct run_progress *progress)
{
	size_t before;

	if (progress->left_ms < 0)
		return;
	buf_puts(out, ", ");
	progress_time(out, progress->left_ms);
	buf_puts(out, " left");
	before = out->len;
	if (progress->slowest.name == NULL || progress->slowest.ms < progress->left_ms)
		return;
	buf_puts(out, " for ");
	text_cstring(out, progress->slowest.name);
	if (out->len + (progress->later_count > 0 ? LATER : 0) +
	        (progress->held_count > 0 ? HELD : 0) >
	    COLUMNS)
		buf_cut(out, before);
}

static unsigned long
undetermined(const struct tally *tally)
{
	return tally->targets - tally->status[WALK_ACCEPTED] - tally->status[WALK_REFUSED] -
	       tally->status[WALK_DEFERRED];
}

static void
say_many(struct buf *out, const struct run_progress *progress, const struct tally *tally)
{
	unsigned long done = tally->targets;

	buf_printf(out, "%lu", done);
	if (progress->total > 0)
		buf_printf(out, "/%lu %lu%%", progress->total,
		    done < progress->total ? done * 100 / progress->total : 100);
	say_status(out, "accepted", tally->status[WALK_ACCEPTED]);
	say_status(out, "refused", tally->status[WALK_REFUSED]);
	say_status(out, "deferred", tally->status[WALK_DEFERRED]);
	say_status(out, "undetermined", undetermined(tally));
	buf_printf(out, ", %u under way, %.*f/s", progress->running, progress->rate < 10 ? 1 : 0,
	    progress->rate);
	say_left(out, progress);
	say_later(out, progress);
	say_held(out, progress);
	if (out->len > COLUMNS)
		buf_cut(out, COLUMNS);
}

/* One walk: what is waited for, and for how long. */
static void
say_one(struct buf *out, const struct run_progress *progress)
{
	char ip[IP_TEXT];

	text_cstring(out, progress->target);
	if (progress->mx == NULL) {
		buf_puts(out, ": asking the DNS");
	} else {
		buf_puts(out, ": ");
		text_cstring(out, progress->mx);
		buf_printf(out, " [%s]:%u, %s", ip_text(&progress->ip, ip), progress->port,
		    stage_name(progress->stage));
	}
	buf_printf(out, ", %lld s", (long long)(progress->walk_ms / 1000));
}

void
progress_line(struct buf *out, const struct run_progress *progress, const struct tally *tally)
{
	if (progress->target != NULL && progress->total <= 1 && tally->targets == 0)
		say_one(out, progress);
	else
		say_many(out, progress, tally);
}

/* ---- as a record */

static void
write_site(struct json *json, const char *key, const struct run_site *site)
{
	json_object_begin(json, key);
	json_cstring(json, "site", site->name);
	json_number(json, "seconds", (site->ms + SECOND - 1) / SECOND);
	json_object_end(json);
}

void
record_progress(struct buf *out, const struct run_progress *progress, const struct tally *tally,
    int64_t now, const int *exit)
{
	struct json json;

	record_begin(&json, out, "progress");
	record_time(&json, "time", now);
	json_number(&json, "ms", progress->ms);
	json_number(&json, "done", (long long)tally->targets);
	if (progress->total > 0)
		json_number(&json, "total", (long long)progress->total);
	json_object_begin(&json, "status");
	for (enum walk_status s = 0; s < WALK_COUNT; s++)
		json_number(&json, walk_status_name(s), (long long)tally->status[s]);
	json_object_end(&json);
	json_number(&json, "under_way", progress->running);
	json_number(&json, "per_minute", (long long)(progress->rate * 60 + 0.5));
	if (progress->left_ms >= 0)
		json_number(&json, "seconds_left", (progress->left_ms + SECOND - 1) / SECOND);
	if (progress->slowest.name != NULL)
		write_site(&json, "slowest", &progress->slowest);
	if (progress->later_count > 0) {
		json_object_begin(&json, "later");
		json_number(&json, "targets", (long long)progress->later_count);
		json_number(&json, "seconds", (progress->later_ms + SECOND - 1) / SECOND);
		json_object_end(&json);
	}
	json_number(&json, "held_sites", (long long)progress->held_count);
	json_array_begin(&json, "held");
	for (size_t i = 0; i < progress->held_count && i < RUN_HELD; i++)
		write_site(&json, NULL, &progress->held[i]);
	json_array_end(&json);
	if (exit != NULL)
		json_number(&json, "exit", *exit);
	record_end(&json, "progress");
}
