/* What is walked, how far, and what is left out: operands, --to and a list in, targets out. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "exit_status.h"
#include "options/intake.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* `text` in a file of its own, whose name goes to `name`. */
static void
write_file(char name[64], const char *text)
{
	FILE *file;

	snprintf(name, 64, "/tmp/mxwalk-test-intake.XXXXXX");
	file = fdopen(mkstemp(name), "w");
	cr_assert_not_null(file);
	fputs(text, file);
	fclose(file);
}

static size_t
split(char *line, const char **words, size_t max)
{
	size_t count = 0;

	for (char *word = strtok(line, " "); word != NULL && count < max; word = strtok(NULL, " "))
		words[count++] = word;
	return count;
}

static bool
is_shuffled(size_t count, bool shuffled)
{
	struct intake_plan plan = {.shuffled = shuffled};
	static bool seen[5001];
	char name[64], text[60000] = "";
	size_t len = 0, moved = 0, found = 0;
	struct intake *intake;
	struct target target;
	const char *why;
	int status;

	memset(seen, 0, sizeof seen);
	for (size_t i = 1; i <= count; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "d%zu.com\n", i);
	write_file(name, text);
	plan.file = name;
	intake = intake_open(&plan, &status);
	cr_assert_not_null(intake);
	for (; intake_next(intake, &target, &why) == INTAKE_TARGET; found++) {
		size_t number = strtoul(target.domain + 1, NULL, 10);

		cr_assert(number >= 1 && number <= count && !seen[number]);
		seen[number] = true;
		cr_assert_eq(target.place, number);
		moved += number != found + 1;
	}
	cr_assert_eq(found, count);
	intake_close(intake);
	remove(name);
	return moved > count / 2;
}

/* Each once, whatever the order, and each knows where it stood. */
Test(intake, a_list_is_shuffled)
{
	cr_expect(is_shuffled(5000, true));
	cr_expect(is_shuffled(INTAKE_FEW, true));
	cr_expect_not(is_shuffled(INTAKE_FEW - 1, true));
	cr_expect_not(is_shuffled(5000, false));
}

/* "domain/depth", "domain/depth:recipient", "domain/depth@host:port", "-text" when it is left out,
 * "=text" when another walk does for it; "!N" at the end: so many bad lines. */
static void
describe(struct intake *intake, struct buf *out)
{
	enum intake_state state;
	struct target target;
	const char *why;
	unsigned long last = 0;

	while ((state = intake_next(intake, &target, &why)) != INTAKE_END) {
		buf_puts(out, out->len > 0 ? " " : "");
		cr_assert_neq(state, INTAKE_WAIT);
		if (state != INTAKE_TARGET) {
			buf_printf(out, "%c%s", state == INTAKE_SERVED ? '=' : '-', target.text);
			cr_expect_eq(state == INTAKE_SERVED, target.walk != 0);
			cr_expect_lt(target.walk, target.place);
			continue;
		}
		cr_expect_eq(target.walk, target.place);
		cr_expect_gt(target.place, last);
		last = target.place;
		buf_printf(out, "%s/%s", target.domain, stages[target.depth].name);
		if (target.rcpt != NULL)
			buf_printf(out, ":%s", target.rcpt);
		if (target.host != NULL)
			buf_printf(out, "@%s:%u", target.host, (unsigned)target.port);
	}
	if (intake_bad_lines(intake) > 0)
		buf_printf(out, " !%lu", intake_bad_lines(intake));
}

static const struct {
	const char *operands, *to, *list, *skip;
	enum stage quit_after;
	const char *walked;
} cases[] = {
    {.operands = "a.example", .walked = "a.example/starttls"},
    {.operands = "A.Example.", .walked = "a.example/starttls"},
    {.operands = "u@a.example", .walked = "a.example/message:u@a.example"},
    {.operands = "a.example", .to = "u@b.example", .walked = "a.example/message:u@b.example"},
    {.to = "u@b.example", .walked = "b.example/message:u@b.example"},
    {.operands = "[192.0.2.1]:26", .walked = "192.0.2.1/starttls@192.0.2.1:26"},
    {.operands = "a.example", .quit_after = STAGE_RCPT, .walked = "a.example/rcpt"},
    {.list = "a.example\nu@b.example\n",
        .walked = "a.example/starttls b.example/starttls:u@b.example"},
    {.list = "# all\n\n  a.example \r\nb.example",
        .walked = "a.example/starttls b.example/starttls"},
    {.list = "a.example\na b\nb.example\n", .walked = "a.example/starttls b.example/starttls !1"},
    {.list = "u@a.example\nv@a.example\n",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u@a.example -v@a.example"},
    {.list = "a.example\nsub.a.example\nb.example\n",
        .skip = "a.example\n",
        .walked = "-a.example -sub.a.example b.example/starttls"},
    {.operands = "a.example", .skip = "A.EXAMPLE.\n", .walked = "-a.example"},
    /* nothing of a list goes past RCPT, whatever is asked */
    {.list = "u@a.example\n", .quit_after = STAGE_MESSAGE, .walked = "a.example/rcpt:u@a.example"},
    {.list = "u@a.example\n", .quit_after = STAGE_DATA, .walked = "a.example/rcpt:u@a.example"},
    {.list = "u@a.example@[192.0.2.1]:25\n",
        .quit_after = STAGE_MESSAGE,
        .walked = "a.example/rcpt:u@a.example@192.0.2.1:25"},
    {.operands = "u@b.example",
        .list = "u@a.example\n",
        .quit_after = STAGE_MESSAGE,
        .walked = "b.example/message:u@b.example a.example/rcpt:u@a.example"},
    /* a domain is walked once, whatever its spelling */
    {.list = "a.example\nA.EXAMPLE\na.example.\n\"a.example\"\nb.example\n",
        .walked = "a.example/starttls =A.EXAMPLE =a.example. =a.example b.example/starttls"},
    {.list = "b\xc3\xbc"
             "cher.example\nxn--bcher-kva.example\n",
        .walked = "xn--bcher-kva.example/starttls =xn--bcher-kva.example"},
    {.list = "u@a.example\nv@a.example\na.example\n",
        .walked = "a.example/starttls:u@a.example =v@a.example =a.example"},
    {.operands = "a.example a.example", .walked = "a.example/starttls =a.example"},
    {.operands = "a.example", .list = "a.example\n", .walked = "a.example/starttls =a.example"},
    {.operands = "[192.0.2.1] [192.0.2.1]:26 [192.0.2.1]",
        .walked = "192.0.2.1/starttls@192.0.2.1:0 192.0.2.1/starttls@192.0.2.1:26 =[192.0.2.1]"},
    {.operands = "a.example u@a.example",
        .walked = "a.example/starttls a.example/message:u@a.example"},
    /* a domain gets one recipient, wherever they come from, and whoever is asked */
    {.operands = "u@a.example v@a.example w@A.EXAMPLE",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u@a.example -v@a.example -w@A.EXAMPLE"},
    {.operands = "u@a.example v@a.example v@a.example u@a.example",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u@a.example -v@a.example -v@a.example =u@a.example"},
    {.operands = "u@a.example v@a.example",
        .quit_after = STAGE_DATA,
        .walked = "a.example/data:u@a.example -v@a.example"},
    {.operands = "a.example",
        .to = "u@a.example v@a.example",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u@a.example -a.example"},
    {.operands = "u@a.example a.example",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u@a.example -a.example"},
    {.operands = "u@a.example v@a.example u@a.example",
        .walked = "a.example/message:u@a.example -v@a.example =u@a.example"},
    {.operands = "u@a.example v@a.example@[192.0.2.1] u@a.example@[192.0.2.1]",
        .walked = "a.example/message:u@a.example -v@a.example@[192.0.2.1] "
                  "a.example/message:u@a.example@192.0.2.1:0"},
    {.operands = "u@[192.0.2.1] v@[IPv6:::ffff:192.0.2.1]",
        .quit_after = STAGE_RCPT,
        .walked = "[192.0.2.1]/rcpt:u@[192.0.2.1]@192.0.2.1:0 -v@[IPv6:::ffff:192.0.2.1]"},
    {.operands = "u%c.example@a.example c.example!v@b.example",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u%c.example@a.example -c.example!v@b.example"},
    {.operands = "u@a.example",
        .list = "v@a.example\n",
        .quit_after = STAGE_MESSAGE,
        .walked = "a.example/message:u@a.example -v@a.example"},
    {.list = "u@a.example@[192.0.2.1]\nv@x.a.example@[192.0.2.1]\nw@[192.0.2.1]\nx@[192.0.2.1]\n",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u@a.example@192.0.2.1:0 -v@x.a.example@[192.0.2.1] "
                  "[192.0.2.1]/rcpt:w@[192.0.2.1]@192.0.2.1:0 -x@[192.0.2.1]"},
    {.list = "u@a.example\nu@b.example\n",
        .quit_after = STAGE_RCPT,
        .walked = "a.example/rcpt:u@a.example b.example/rcpt:u@b.example"},
    /* opt-outs, in every way to say them */
    {.operands = "John@one.example \"john\"@one.example jane@one.example one.example",
        .skip = "john@one.example",
        .walked = "-John@one.example -\"john\"@one.example one.example/message:jane@one.example "
                  "one.example/starttls"},
    {.operands = "one.example",
        .skip = "Postmaster@one.example",
        .quit_after = STAGE_RCPT,
        .walked = "-one.example"},
    {.operands = "one.example", .skip = "postmaster@one.example", .walked = "one.example/starttls"},
    {.operands = "[192.0.2.1]:25 x@[192.0.2.1] x@[IPv6:::ffff:192.0.2.1] x@b.example@[192.0.2.1] "
                 "[192.0.2.2]",
        .skip = "192.0.2.1/32",
        .walked = "-[192.0.2.1]:25 -x@[192.0.2.1] -x@[IPv6:::ffff:192.0.2.1] "
                  "-x@b.example@[192.0.2.1] 192.0.2.2/starttls@192.0.2.2:0"},
    {.operands = "[mx.a.example] u@b.example@[MX.a.example]:25",
        .skip = "*.a.example",
        .walked = "-[mx.a.example] -u@b.example@[MX.a.example]:25"},
    /* what stands around a target */
    {.list = "\xef\xbb\xbf"
             "a.example # why\n\xe2\x80\x9c"
             "b.example\xe2\x80\x9d\nc.example\xc2\xa0\n<u@d.example>\na#b@e.example\n",
        .walked = "a.example/starttls b.example/starttls c.example/starttls "
                  "d.example/starttls:u@d.example e.example/starttls:a#b@e.example"},
};

Test(intake, cases)
{
	log_quiet(true);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct arena *arena = arena_new();
		const char *operands[16], *to[16];
		char list[64], skip[64];
		struct intake_plan plan = {.operands = operands,
		    .to = to,
		    .quit_after = cases[i].quit_after != 0 ? cases[i].quit_after : STAGE_NONE};
		struct intake *intake;
		struct buf out;
		int status;

		if (cases[i].operands != NULL)
			plan.operand_count =
			    split(arena_string(arena, cases[i].operands), operands, 16);
		if (cases[i].to != NULL)
			plan.to_count = split(arena_string(arena, cases[i].to), to, 16);
		if (cases[i].list != NULL) {
			write_file(list, cases[i].list);
			plan.file = list;
		}
		if (cases[i].skip != NULL) {
			write_file(skip, cases[i].skip);
			plan.skip_file = skip;
		}
		buf_init(&out, 4096);
		intake = intake_open(&plan, &status);
		cr_assert_not_null(intake, "case %zu", i);
		describe(intake, &out);
		buf_putc(&out, '\0');
		cr_expect_str_eq(out.data, cases[i].walked, "case %zu: %s", i, out.data);
		intake_close(intake);
		buf_release(&out);
		if (plan.file != NULL)
			remove(list);
		if (plan.skip_file != NULL)
			remove(skip);
		arena_free(arena);
	}
}

/* A skip file that cannot be used to its end lets nobody start. */
Test(intake, bad_skip_files)
{
	static const char *const files[] = {"a.example\n..\n", "a.example b.example\n",
	    "192.0.2.0/33", "http://a.example/", "nodot", "PK\x03\x04 zip"};

	log_quiet(true);
	for (size_t i = 0; i <= COUNT(files); i++) {
		char name[64], longer[5001];
		struct intake_plan plan = {.quit_after = STAGE_NONE, .skip_file = name};
		int status;

		memset(longer, 'a', sizeof longer - 1);
		longer[sizeof longer - 1] = '\0';
		write_file(name, i < COUNT(files) ? files[i] : longer);
		cr_expect_null(intake_open(&plan, &status), "file %zu", i);
		cr_expect_eq(status, EXIT_DATA);
		remove(name);
	}
}
