# Turns data/tls_words.conf into the tables that src/io/tls_words.h declares. A name that this OpenSSL does not have yet is left out.
BEGIN {
	print "/* Made by data/tls_words.awk; do not edit. */"
	print "#include <openssl/sslerr.h>\n#include <openssl/x509_vfy.h>\n\n#include \"io/tls_words.h\"\n"
}
/^#/ || NF == 0 {
	next
}
NF < 3 {
	print FILENAME ":" FNR ": not a name and words" > "/dev/stderr"
	failed = 1
	exit 1
}
{
	words = $0
	sub(/^[^ ]+ /, "", words)
	gsub(/["\\]/, "\\\\&", words)
}
$1 ~ /^[0-9]+$/ {
	sub(/^[^ ]+ /, "", words)
	alerts = alerts "\t{" $1 ", \"" $2 "\", \"" words "\"},\n"
	next
}
$1 ~ /^SSL_R_/ {
	reasons = reasons "#ifdef " $1 "\n\t{" $1 ", NULL, \"" words "\"},\n#endif\n"
	next
}
$1 ~ /^X509_V_ERR_/ {
	faults = faults "#ifdef " $1 "\n\t{" $1 ", NULL, \"" words "\"},\n#endif\n"
	next
}
{
	digests = digests "\t{0, \"" $1 "\", \"" words "\"},\n"
}
END {
	if (failed)
		exit 1
	printf "const struct tls_words tls_alerts[] = {\n%s\t{-1, NULL, NULL},\n};\n", alerts
	printf "const struct tls_words tls_reasons[] = {\n%s\t{-1, NULL, NULL},\n};\n", reasons
	printf "const struct tls_words tls_faults[] = {\n%s\t{-1, NULL, NULL},\n};\n", faults
	printf "const struct tls_words tls_digests[] = {\n%s\t{-1, NULL, NULL},\n};\n", digests
}
