#include "options/swaks.h"

#include <string.h>

#include "base/slice.h"

static const char no_password[] =
    "others see what is in arguments: --auth-password-file FILE, or --auth-password-fd N";
static const char no_extra[] = "DIGEST-MD5 and NTLM are not spoken";
static const char one_recipient[] = "a message has one recipient: --to ADDRESS";
static const char other_checks[] = "--tls-verify checks the chain and the name";
static const char no_xclient[] = "mxwalk speaks for itself: no XCLIENT";
static const char no_proxy[] = "mxwalk speaks for itself: no PROXY";
static const char no_hints[] = "the signs before the lines of -v are always there";
static const char no_hiding[] = "the dialogue is shown with -v only, and then whole";

const struct swaks_option swaks_table[] = {
    {"config", SWAKS_MAY, "--config FILE", NULL},
    {"from f", SWAKS_MUST, "--from ADDRESS", NULL},
    {"to t", SWAKS_MUST, "--to ADDRESS", NULL},
    {"cc", SWAKS_MUST, NULL, one_recipient},
    {"bcc", SWAKS_MUST, NULL, one_recipient},
    {"helo ehlo lhlo h", SWAKS_MUST, "-H NAME or --ehlo NAME", NULL},
    {"server s", SWAKS_MUST, "--server HOST", NULL},
    {"4", SWAKS_NONE, "-4", NULL},
    {"6", SWAKS_NONE, "-6", NULL},
    {"copy-routing", SWAKS_MUST, NULL, "name the server: --server HOST"},
    {"port p", SWAKS_MUST, "--port PORT", NULL},
    {"protocol", SWAKS_MUST, "--protocol PROTOCOL", NULL},
    {"data d", SWAKS_MUST, "--data TEXT or --data @FILE", NULL},
    {"dump-as-body dab", SWAKS_MAY, NULL, "the message says who sent it anyway"},
    {"dump-as-body-shows-password dabsp", SWAKS_NONE, NULL, "passwords are never shown"},
    {"timeout", SWAKS_MUST, "--timeout TIME", NULL},
    {"quit-after quit q", SWAKS_MUST, "--quit-after STAGE", NULL},
    {"drop-after drop da", SWAKS_MUST, NULL,
        "every walk ends with QUIT: --quit-after STAGE says where"},
    {"drop-after-send das", SWAKS_MUST, NULL,
        "every walk ends with QUIT: --quit-after STAGE says where"},
    {"suppress-data n", SWAKS_NONE, NULL, "the text of the message is never shown"},
    {"auth a", SWAKS_MAY, "--auth MECHANISM", NULL},
    {"auth-user au", SWAKS_MAY, "--auth-user NAME", NULL},
    {"auth-password ap", SWAKS_MAY, NULL, no_password},
    {"auth-map am", SWAKS_MUST, NULL, "a mechanism has the name that the server gives it"},
    {"auth-extra ae", SWAKS_MUST, NULL, no_extra},
    {"auth-hide-password ahp", SWAKS_MAY, NULL, "passwords are never shown"},
    {"auth-plaintext apt", SWAKS_NONE, NULL, "what AUTH says is never shown"},
    {"auth-optional ao", SWAKS_MAY, "--auth-optional", NULL},
    {"auth-optional-strict aos", SWAKS_MAY, "--auth-optional-strict", NULL},
    {"support", SWAKS_NONE, NULL, "\"mxwalk version\" names the libraries"},
    {"local-interface li", SWAKS_MUST, "--source ADDR", NULL},
    {"local-port lport lp", SWAKS_MUST, NULL, "the system chooses the port"},
    {"tls", SWAKS_NONE, "--tls", NULL},
    {"tls-optional tlso", SWAKS_NONE, "--tls-optional", NULL},
    {"tls-optional-strict tlsos", SWAKS_NONE, "--tls-optional", NULL},
    {"tls-on-connect tlsc", SWAKS_NONE, "--tls-on-connect", NULL},
    {"tls-cert", SWAKS_MUST, "--tls-cert FILE", NULL},
    {"tls-key", SWAKS_MUST, "--tls-key FILE", NULL},
    {"tls-chain", SWAKS_MUST, NULL, "the file of --tls-cert holds the chain, too"},
    {"tls-protocol tlsp", SWAKS_MUST, "--tls-protocol VERSIONS", NULL},
    {"tls-cipher", SWAKS_MUST, "--tls-cipher CIPHERS", NULL},
    {"tls-get-peer-cert", SWAKS_MAY, NULL, "what the certificate says is in the records: --json"},
    {"tls-get-peer-chain", SWAKS_MAY, NULL, "what the certificate says is in the records: --json"},
    {"tls-sni", SWAKS_MUST, "--tls-sni NAME", NULL},
    {"tls-verify", SWAKS_NONE, "--tls-verify", NULL},
    {"tls-verify-ca", SWAKS_NONE, NULL, other_checks},
    {"tls-verify-host", SWAKS_NONE, NULL, other_checks},
    {"tls-verify-target", SWAKS_MUST, "--tls-verify-target NAME", NULL},
    {"tls-ca-path", SWAKS_MUST, "--tls-ca FILE", NULL},
    {"silent S", SWAKS_MAY, "-q or --quiet", NULL},
    {"no-strip-from nsf", SWAKS_NONE, NULL, "a From_ line is never sent"},
    {"no-hints nth", SWAKS_NONE, NULL, no_hints},
    {"no-send-hints nsh", SWAKS_NONE, NULL, no_hints},
    {"no-receive-hints nrh", SWAKS_NONE, NULL, no_hints},
    {"no-info-hints nih", SWAKS_NONE, NULL, no_hints},
    {"hide-receive hr", SWAKS_NONE, NULL, no_hiding},
    {"hide-send hs", SWAKS_NONE, NULL, no_hiding},
    {"protect-prompt pp", SWAKS_NONE, NULL, "nothing is asked for on the terminal"},
    {"hide-informational hi", SWAKS_NONE, NULL, no_hiding},
    {"hide-all ha", SWAKS_NONE, NULL, no_hiding},
    {"show-time-lapse stl", SWAKS_MAY, NULL, "the records have the time of each reply: --json"},
    {"version", SWAKS_NONE, "--version", NULL},
    {"help", SWAKS_NONE, "--help", NULL},
    {"no-data-fixup ndf", SWAKS_NONE, "--no-data-fixup", NULL},
    {"show-raw-text raw", SWAKS_NONE, NULL, "the records have every octet: --json"},
    {"output output-file", SWAKS_MUST, "--output FILE", NULL},
    {"output-file-stdout", SWAKS_MUST, "--output FILE", NULL},
    {"output-file-stderr", SWAKS_MUST, NULL, "the shell does it: 2>FILE"},
    {"pipe", SWAKS_MUST, NULL, "no program is run: --server HOST or --socket PATH"},
    {"socket", SWAKS_MUST, "--socket PATH", NULL},
    {"body", SWAKS_MUST, "--body TEXT or --body @FILE", NULL},
    {"attach-name", SWAKS_MAY, "--attach-name NAME", NULL},
    {"attach-type", SWAKS_MUST, "--attach-type TYPE", NULL},
    {"attach", SWAKS_MUST, "--attach FILE", NULL},
    {"attach-body", SWAKS_MUST, "--attach-body TEXT or --attach-body @FILE", NULL},
    {"add-header ah", SWAKS_MUST, "--add-header LINE", NULL},
    {"header", SWAKS_MUST, "--header LINE", NULL},
    {"dump", SWAKS_MAY, NULL, "the record of the run lists the options in force: --json"},
    {"dump-mail", SWAKS_NONE, "--dump-mail", NULL},
    {"pipeline", SWAKS_NONE, "--pipeline", NULL},
    {"prdr", SWAKS_NONE, NULL, "a walk has one recipient"},
    {"force-getpwuid", SWAKS_NONE, NULL, "name the sender: --from ADDRESS"},
    {"xclient", SWAKS_MUST, NULL, no_xclient},
    {"xclient-name", SWAKS_MUST, NULL, no_xclient},
    {"xclient-addr", SWAKS_MUST, NULL, no_xclient},
    {"xclient-port", SWAKS_MUST, NULL, no_xclient},
    {"xclient-proto", SWAKS_MUST, NULL, no_xclient},
    {"xclient-destaddr", SWAKS_MUST, NULL, no_xclient},
    {"xclient-destport", SWAKS_MUST, NULL, no_xclient},
    {"xclient-helo", SWAKS_MUST, NULL, no_xclient},
    {"xclient-login", SWAKS_MUST, NULL, no_xclient},
    {"xclient-reverse-name", SWAKS_MUST, NULL, no_xclient},
    {"xclient-delim", SWAKS_NONE, NULL, no_xclient},
    {"xclient-optional", SWAKS_NONE, NULL, no_xclient},
    {"xclient-optional-strict", SWAKS_NONE, NULL, no_xclient},
    {"xclient-before-starttls", SWAKS_NONE, NULL, no_xclient},
    {"xclient-no-verify", SWAKS_NONE, NULL, no_xclient},
    {"proxy", SWAKS_MUST, NULL, no_proxy},
    {"proxy-version", SWAKS_MUST, NULL, no_proxy},
    {"proxy-family", SWAKS_MUST, NULL, no_proxy},
    {"proxy-command", SWAKS_MUST, NULL, no_proxy},
    {"proxy-protocol", SWAKS_MUST, NULL, no_proxy},
    {"proxy-source", SWAKS_MUST, NULL, no_proxy},
    {"proxy-source-port", SWAKS_MUST, NULL, no_proxy},
    {"proxy-dest", SWAKS_MUST, NULL, no_proxy},
    {"proxy-dest-port", SWAKS_MUST, NULL, no_proxy},
    {"trigger-deprecation", SWAKS_MUST, NULL, "it does nothing in swaks"},
    {"g", SWAKS_NONE, "--data -", NULL},
};

const size_t swaks_count = sizeof swaks_table / sizeof *swaks_table;

/* "--h-Subject TEXT" and "--header-Subject TEXT" are a family. */
static const struct swaks_option header_family = {
    "h- header-", SWAKS_MUST, "--header \"Name: value\"", NULL};

static bool
begins(const char *name, size_t len, const char *prefix)
{
	return len > strlen(prefix) && memcmp(name, prefix, strlen(prefix)) == 0;
}

const struct swaks_option *
swaks_find(const char *name, size_t len)
{
	for (size_t i = 0; i < swaks_count; i++) {
		struct slice names = slice_of(swaks_table[i].names), one;

		while (slice_word(&names, " ", &one))
			if (one.len == len && memcmp(one.at, name, len) == 0)
				return &swaks_table[i];
	}
	return swaks_header(name, len) != NULL ? &header_family : NULL;
}

const char *
swaks_header(const char *name, size_t len)
{
	return begins(name, len, "h-")        ? name + strlen("h-")
	       : begins(name, len, "header-") ? name + strlen("header-")
	                                      : NULL;
}

bool
swaks_stage(const char *word)
{
	static const char *const words[] = {"CONNECT", "BANNER", "FIRST-HELO", "FIRST-EHLO",
	    "FIRST-LHLO", "XCLIENT", "STARTTLS", "TLS", "HELO", "EHLO", "LHLO", "AUTH", "MAIL",
	    "FROM", "RCPT", "TO", "PROXY", "DATA", "DOT"};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (slice_is(slice_of(word), words[i]))
			return true;
	return false;
}
