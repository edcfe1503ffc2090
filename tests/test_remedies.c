/* The remedies: each id that the program can make has its row and no row is of anything else;
 * faults of a file are told with their line; what is filled in; and nobody is told to pay. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "judge/counsel.h"
#include "rules/builtin.h"

static struct remedies *
builtin(void)
{
	struct remedies *remedies = remedies_new();
	struct stanza_error error;

	cr_assert(remedies_add_builtin(remedies, &error), "%u: %s", error.line, error.reason);
	return remedies;
}

/* That no row is of anything else, or twice, is an error of loading. */
Test(remedies, each_fact_and_cause_has_a_row)
{
	struct remedies *remedies = builtin();

	for (unsigned i = FACT_NONE + 1; i < FACT_COUNT; i++) {
		const struct remedy *remedy = remedies_of(remedies, (enum fact_id)i);

		cr_assert_not_null(remedy, "%s", fact_name((enum fact_id)i));
		cr_expect_str_eq(remedy->id, fact_name((enum fact_id)i));
		if (remedy->severity < SEVERITY_UNKNOWN)
			cr_expect_neq(remedy->who, WHO_NOBODY, "%s: who acts?", remedy->id);
	}
	for (unsigned i = 0; i < CAUSE_COUNT; i++) {
		const struct remedy *remedy =
		    remedies_of_cause(remedies, (enum cause)i, "nobody's provider");

		cr_assert_not_null(remedy, "%s", cause_name((enum cause)i));
		cr_expect_not_null(remedy->advice, "%s", remedy->id);
		cr_expect_neq(remedy->who, WHO_NOBODY, "%s", remedy->id);
		cr_expect_null(remedy->provider, "%s", remedy->id);
	}
	remedies_free(remedies);
}

Test(remedies, nobody_is_told_to_pay)
{
	static const char *const words[] = {" pay ", "paid", "express", " fee ", " buy "};
	struct stanza_error error;
	struct stanza *stanzas;
	struct arena *arena = arena_new();
	size_t count;

	cr_assert(stanza_read(data_remedies, data_remedies_size, arena, &stanzas, &count, &error));
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < stanzas[i].count; k++)
			for (size_t w = 0; w < sizeof words / sizeof *words; w++)
				cr_expect_null(strstr(stanzas[i].fields[k].value, words[w]),
				    "%s: %s", stanzas[i].id, words[w]);
	arena_free(arena);
}

Test(remedies, a_provider_has_its_own)
{
	struct remedies *remedies = builtin();
	const struct remedy *google = remedies_of_cause(remedies, CAUSE_RATE_LIMIT, "Google");

	cr_expect_str_eq(google->provider, "Google");
	cr_expect_neq(google, remedies_of_cause(remedies, CAUSE_RATE_LIMIT, NULL));
	remedies_free(remedies);
}

Test(remedies, faults_are_told_with_their_line)
{
	static const struct {
		const char *text;
		unsigned line; /* 0: it is good */
		const char *reason;
	} files[] = {
	    {.text = "[remedy:cause/luck]\nwho = sender\nadvice = x\n",
	        .line = 1,
	        .reason = "no cause or fact has this id"},
	    {.text = "[remedy:ptr-lost]\nwho = sender\nadvice = x\n",
	        .line = 1,
	        .reason = "no cause or fact has this id"},
	    {.text = "[remedy:ptr-missing]\n\nwho = nobody\nadvice = x\n",
	        .line = 3,
	        .reason = "not sender, host"},
	    {.text = "[remedy:ptr-missing]\nwho = host\nadvice = ask {them}\n",
	        .line = 3,
	        .reason = "a placeholder that nothing fills"},
	    {.text = "[remedy:ptr-missing]\nwho = host\nadvise = x\n",
	        .line = 3,
	        .reason = "no such key"},
	    {.text = "[remedy:ptr-missing]\nadvice = x\n", .line = 1, .reason = "nobody who acts"},
	    {.text = "[remedy:ptr-missing]\nwho = host\n", .line = 1, .reason = "neither advice"},
	    {.text = "[remedy:ptr-missing]\nwho = host\nadvice = x\nseverity = fatal\n",
	        .line = 4,
	        .reason = "not refuses, warns"},
	    {.text = "[remedy:ptr-missing]\nwho = host\nadvice = x\nseverity = warns\n",
	        .line = 1,
	        .reason = "severity and topic"},
	    {.text = "[remedy:cause/dmarc@Acme]\nwho = host\nadvice = x\n",
	        .line = 1,
	        .reason = "@ and a provider"},
	    {.text = "advice = x\n", .line = 1, .reason = "before the first"},
	    {.text = "[a-rule]\nanything = goes, it is not ours\n", .line = 0, .reason = ""},
	    {.text = "[remedy:cause/dmarc@Acme]\nprovider = Acme\nwho = host\nadvice = {ip} "
	             "{provider}\n",
	        .line = 0,
	        .reason = ""},
	};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		struct remedies *remedies = builtin();
		struct stanza_error error = {0};
		bool good = remedies_add(remedies, files[i].text, strlen(files[i].text), &error);

		cr_expect_eq(good, files[i].line == 0, "%s: %s", files[i].text, error.reason);
		cr_expect_eq(error.line, files[i].line, "%s: line %u", files[i].text, error.line);
		cr_expect_not_null(
		    strstr(error.reason, files[i].reason), "%s: %s", files[i].text, error.reason);
		remedies_free(remedies);
	}
}

Test(remedies, a_later_row_replaces_one_of_its_id_and_provider)
{
	static const char own[] =
	    "[remedy:cause/dmarc]\nwho = host\nadvice = mine\n"
	    "[remedy:cause/dmarc@G]\nprovider = Google\nwho = list\nadvice = theirs\n";
	struct remedies *remedies = builtin();
	struct stanza_error error;

	cr_assert(remedies_add(remedies, own, sizeof own - 1, &error), "%s", error.reason);
	cr_expect_str_eq(remedies_of_cause(remedies, CAUSE_DMARC, NULL)->advice, "mine");
	cr_expect_str_eq(remedies_of_cause(remedies, CAUSE_DMARC, "Google")->advice, "theirs");
	cr_expect_str_neq(remedies_of_cause(remedies, CAUSE_DMARC, "Microsoft")->advice, "mine");
	remedies_free(remedies);
}

Test(remedies, placeholders_are_filled)
{
	static const struct {
		const char *text, *filled;
	} texts[] = {
	    {.text = "nothing to fill", .filled = "nothing to fill"},
	    {.text = "{ip}", .filled = "192.0.2.1"},
	    {.text = "of {ip} and {domain}.", .filled = "of 192.0.2.1 and DOMAIN."},
	    {.text = "{list} {provider}", .filled = "the list the receiver"},
	    {.text = "{x} {} { {ip}}", .filled = "{x} {} { 192.0.2.1}"},
	    {.text = "{ip", .filled = "{ip"},
	};
	const struct values values = {.of = {[VALUE_IP] = "192.0.2.1", [VALUE_LIST] = ""}};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		cr_expect_str_eq(remedy_fill(texts[i].text, &values, arena), texts[i].filled);
	cr_expect_null(remedy_fill(NULL, &values, arena));
	arena_free(arena);
}

Test(counsel, the_rule_then_the_provider_then_the_cause)
{
	struct remedies *remedies = builtin();
	struct arena *arena = arena_new();
	struct named_list dead = {.name = "dnsbl.sorbs.net", .dead = "gone"};
	struct reading reading = {.cause = CAUSE_IP_BLOCKLIST};
	const struct circumstances setting = {.domain = "example.org"};
	struct counsel counsel;

	ip_parse(&reading.client, "192.0.2.7");
	counsel_make(remedies, &reading, &setting, arena, &counsel);
	cr_expect_eq(counsel.who, WHO_SENDER);
	cr_expect_not_null(strstr(counsel.advice, "mxwalk check dnsbl 192.0.2.7"));
	cr_expect_null(counsel.url);

	reading.provider = "Microsoft";
	counsel_make(remedies, &reading, &setting, arena, &counsel);
	cr_expect_not_null(strstr(counsel.advice, "Microsoft 365 has banned 192.0.2.7"));
	cr_expect_str_eq(counsel.url, "https://sender.office.com/");

	reading.advice = "ask {domain}";
	reading.url = "https://example.org/";
	reading.who = WHO_RECEIVER;
	counsel_make(remedies, &reading, &setting, arena, &counsel);
	cr_expect_str_eq(counsel.advice, "ask example.org");
	cr_expect_str_eq(counsel.url, "https://example.org/");
	cr_expect_eq(counsel.who, WHO_RECEIVER);

	reading.lists = &dead;
	reading.list_count = 1;
	reading.who = WHO_SENDER;
	counsel_make(remedies, &reading, &setting, arena, &counsel);
	cr_expect_eq(counsel.who, WHO_RECEIVER, "nobody can be delisted from a list that is gone");
	cr_expect_not_null(strstr(counsel.advice, "no listing of yours"));
	arena_free(arena);
	remedies_free(remedies);
}
