# The table of causes in mxwalk-causes(7), made of what the program says: awk -f causes.awk
# src/rules/cause.c data/remedies.conf man/mxwalk-causes.7 prints the page with a table that is
# current. The names and words are cause.c's; who acts, and whether an address is taken off a list
# for it, is remedies.conf's.
FILENAME ~ /cause\.c$/ {
	source = source $0
	next
}
FILENAME ~ /remedies\.conf$/ {
	if ($0 ~ /^\[/)
		cause = ""
	if ($0 ~ /^\[remedy:cause\/[^@]*\]$/)
		cause = substr($0, 15, length($0) - 15)
	if (cause != "" && $1 == "who")
		who[cause] = $3
	if (cause != "" && $1 == "suppress")
		off[cause] = $3
	next
}
/^\.\\" the table of causes/ {
	print
	table()
	skip = 1
	next
}
/^\.\\" end of the table/ { skip = 0 }
!skip { print }
function table(  rows, n, i, parts) {
	print ".Bl -column receiver-misconfigured receiver retry"
	print ".It Sy cause Ta Sy who acts Ta Sy off Ta Sy meaning"
	n = split(source, rows, /\[CAUSE_[A-Z_]*\] = \{/)
	for (i = 4; i <= n; i++) # 1 and 2 are what stands before; "unknown", which is first, comes last
		row(rows[i])
	row(rows[3])
	print ".El"
}
function row(text,  parts) {
	split(text, parts, "\"")
	printf ".It Cm %s Ta %s Ta %s Ta %s\n", parts[2], who[parts[2]],
	    parts[2] in off ? off[parts[2]] : "no", parts[4]
}
