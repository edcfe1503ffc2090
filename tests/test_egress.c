/* When it is us whom nobody answers. Each letter is a connection to the site of that name: a small
 * one was not made, a capital one was. */
#include <criterion/criterion.h>
#include <ctype.h>

#include "campaign/egress.h"

Test(egress, many_that_do_not_answer_are_no_accident)
{
	static const struct {
		const char *connections;
		bool closed, at_end;
	} rows[] = {
	    {"", false, false},
	    {"a", false, false},
	    {"ab", false, true},
	    {"abcdefghi", false, true},
	    {"aabbccddeeffgghhii", false, true},
	    {"aaaaaaaaaaaaaaaaaaaa", false, false},
	    {"abcdefghij", true, true},
	    {"abcdefghijklmnopqrstuvwxyz", true, true},
	    {"Abcdefghijk", false, false},
	    {"abcdeFghijklmnop", false, false},
	    {"abcdefghijK", false, false},
	    {"abcdefghijklmA", false, false},
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct egress egress = {0};

		for (const char *at = rows[i].connections; *at != '\0'; at++)
			egress_note(&egress, isupper((unsigned char)*at) != 0,
			    (char[]){(char)tolower((unsigned char)*at), '\0'});
		cr_expect_eq(
		    egress_is_closed(&egress, false), rows[i].closed, "%s", rows[i].connections);
		cr_expect_eq(egress_is_closed(&egress, true), rows[i].at_end, "%s, at the end",
		    rows[i].connections);
		egress_release(&egress);
	}
}
