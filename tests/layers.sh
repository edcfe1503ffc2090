#!/bin/sh
# The rules of HACKING.md on who may include whom, checked.
cd "${TOP:-$(dirname "$0")/..}" || exit 1
n=0
report() { # report NAME OFFENDERS
	n=$((n + 1))
	if [ -z "$2" ]; then
		echo "ok $n - $1"
	else
		echo "not ok $n - $1"
		echo "$2" | sed 's/^/# /'
		bad=1
	fi
}
bad=0
includes() { grep -nE "^# *include *[<\"]($1)" $2 2>/dev/null; }
pure="src/base/*.[ch] src/smtp/*.[ch] src/dns/*.[ch] src/judge/*.[ch] src/record.[ch] src/text.[ch] src/text_explain.[ch] src/explained.[ch] src/journey.[ch] src/target.[ch]"
report "<ares.h> is in io/resolver.c, nameserver.c and command/version.c only" "$(includes 'ares' "src/*.[ch] src/*/*.[ch]" | grep -vE '^src/(io/(resolver|nameserver)\.c|command/version\.c)')"
report "<openssl/ssl.h> is in io/ and lab/ only" "$(includes 'openssl/ssl' "src/*.[ch] src/*/*.[ch]" | grep -vE '^src/(io|lab)/')"
report "<event2/…> is in io/, lab/, campaign.c and command/version.c only" "$(includes 'event2/' "src/*.[ch] src/*/*.[ch]" | grep -vE '^src/(io/|lab/|campaign\.c|command/version\.c)')"
report "base/ includes base/ only" "$(grep -nE '^# *include *"' src/base/*.[ch] | grep -vE '"base/')"
report "smtp/ includes smtp/ and base/ only" "$(grep -nE '^# *include *"' src/smtp/*.[ch] | grep -vE '"(smtp|base)/')"
report "dns/ includes dns/ and base/ only" "$(grep -nE '^# *include *"' src/dns/*.[ch] | grep -vE '"(dns|base)/')"
report "judge/ includes judge/, smtp/, dns/ and base/ only" "$(grep -nE '^# *include *"' src/judge/*.[ch] | grep -vE '"(judge|smtp|dns|base)/')"
report "io/ includes io/, smtp/, dns/ and base/ only" "$(grep -nE '^# *include *"' src/io/*.[ch] | grep -vE '"(io|smtp|dns|base)/')"
report "the pure part knows no socket, clock or process" "$(includes '(sys/socket|unistd|time\.h|signal|poll|netdb|sys/time|fcntl|pthread|event2)' "$pure" | grep -vE '^src/record\.c:.*time\.h')"
report "the pure part writes to no FILE, but log and a failed malloc" "$(grep -nE '\b(printf|fprintf|fopen|fwrite|fputs|getenv|puts|time|clock_gettime|gettimeofday|rand|random) *\(' $pure | grep -vE '^src/base/(log|arena)\.c|printf\)|[a-z]_printf *\(|snprintf' | grep -vE '^\S+: *(/?\*|//)')"
report "no private.h, common.h or util.c" "$(ls src/*.[ch] src/*/*.[ch] | grep -E '(private|common|util)s?\.[ch]$')"
echo "1..$n"
exit $bad
