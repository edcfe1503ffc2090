# Turns text files into C arrays: data/rules.conf becomes data_rules[] and data_rules_size. Bytes are written as octal, so that no
# compiler has to agree on what a character is (run with LC_ALL=C).
BEGIN {
	for (i = 0; i < 256; i++)
		code[sprintf("%c", i)] = i
	print "/* Made by data/embed.awk; do not edit. */"
	print "#include \"rules/builtin.h\"\n"
}
FNR == 1 {
	finish()
	name = FILENAME
	sub(/^.*\//, "", name)
	sub(/\.[a-z]*$/, "", name)
	printf "const char data_%s[] =\n", name
}
{
	out = ""
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		if (c == "\\" || c == "\"")
			out = out "\\" c
		else if (c == "?" || c < " " || c > "~")
			out = out sprintf("\\%03o", code[c])
		else
			out = out c
	}
	printf "\t\"%s\\n\"\n", out
}
function finish() {
	if (name != "")
		printf "\t;\nconst size_t data_%s_size = sizeof data_%s - 1;\n\n", name, name
}
END { finish() }
