# Turns data/ptr_words.conf into the table that src/evidence/ptr_words.h declares.
BEGIN {
	print "/* Made by data/ptr_words.awk; do not edit. */"
	print "#include \"evidence/ptr_words.h\"\n\nconst struct ptr_word ptr_words[] = {"
	kind["alone"] = "PTR_WORD_ALONE"
	kind["with-digits"] = "PTR_WORD_WITH_DIGITS"
	kind["with-octets"] = "PTR_WORD_WITH_OCTETS"
	kind["mail"] = "PTR_WORD_MAIL"
}
/^#/ || NF == 0 {
	next
}
NF != 2 || !($1 in kind) || $2 !~ /^[a-z]+$/ {
	print FILENAME ":" FNR ": not a kind and a word" > "/dev/stderr"
	failed = 1
	exit 1
}
{
	printf "\t{\"%s\", %s},\n", $2, kind[$1]
}
END {
	if (!failed)
		print "\t{NULL, PTR_WORD_NONE},\n};"
}
