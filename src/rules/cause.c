#include "rules/cause.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name, *words;
} causes[CAUSE_COUNT] = {
    [CAUSE_UNKNOWN] = {"unknown", "no reason that can be told"},
    [CAUSE_IP_BLOCKLIST] = {"ip-blocklist", "the client's address is on a blocklist"},
    [CAUSE_IP_REPUTATION] = {"ip-reputation", "the client's address has a poor reputation"},
    [CAUSE_REVERSE_DNS] = {"reverse-dns", "the client's address has no good reverse name"},
    [CAUSE_NO_SERVICE] = {"no-service", "the host takes no mail"},
    [CAUSE_ACCESS_DENIED] = {"access-denied", "this client is not let in"},
    [CAUSE_AUTH_REQUIRED] = {"auth-required", "the server wants a login first"},
    [CAUSE_RELAY_DENIED] = {"relay-denied",
        "the server does not take mail for this domain from this client"},
    [CAUSE_DMARC] = {"dmarc", "the message failed DMARC"},
    [CAUSE_SPF] = {"spf", "the client is not allowed by the sender domain's SPF record"},
    [CAUSE_DKIM] = {"dkim", "the message has no good DKIM signature"},
    [CAUSE_CONTENT_SPAM] = {"content-spam", "the message was taken for spam"},
    [CAUSE_CONTENT_MALWARE] = {"content-malware", "the message was taken for malware"},
    [CAUSE_CONTENT_URL] = {"content-url", "a link in the message is on a blocklist"},
    [CAUSE_CONTENT_HEADER] = {"content-header", "the message's header or form is refused"},
    [CAUSE_CONTENT_ATTACHMENT] = {"content-attachment", "an attachment is refused"},
    [CAUSE_MESSAGE_SIZE] = {"message-size", "the message is too large"},
    [CAUSE_SENDER_DOMAIN] = {"sender-domain",
        "the sender's domain does not resolve or takes no mail"},
    [CAUSE_SENDER_BLOCKED] = {"sender-blocked", "the sender's address or domain is refused"},
    [CAUSE_HELO] = {"helo", "the HELO name is refused"},
    [CAUSE_TLS_REQUIRED] = {"tls-required", "the server wants TLS"},
    [CAUSE_RATE_LIMIT] = {"rate-limit", "too much at once: a rate, count or quota was passed"},
    [CAUSE_GREYLIST] = {"greylist", "greylisting: the server wants a second try later"},
    [CAUSE_RECIPIENT_UNKNOWN] = {"recipient-unknown", "the recipient does not exist there"},
    [CAUSE_RECIPIENT_DISABLED] = {"recipient-disabled",
        "the recipient is disabled or does not want this mail"},
    [CAUSE_MAILBOX_FULL] = {"mailbox-full", "the recipient's mailbox is full"},
    [CAUSE_RECIPIENT_DOMAIN] = {"recipient-domain",
        "the recipient's domain does not exist or takes no mail"},
    [CAUSE_UNREACHABLE] = {"unreachable", "the recipient's servers could not be reached in time"},
    [CAUSE_PROTOCOL] = {"protocol", "a command was not what the server expects"},
    [CAUSE_ROUTING_LOOP] = {"routing-loop", "the mail goes round in a loop"},
    [CAUSE_SYSTEM_ERROR] = {"system-error", "a fault at the server, or on the way to it"},
    [CAUSE_RECEIVER_MISCONFIGURED] = {"receiver-misconfigured",
        "the receiver's set-up is at fault, not the sender"},
    [CAUSE_POLICY] = {"policy", "refused by a policy that the server does not explain"},
};

static const char *const bases[BASIS_COUNT] = {
    [BASIS_UNKNOWN] = "unknown",
    [BASIS_STATED] = "stated",
    [BASIS_CONFIRMED] = "confirmed",
    [BASIS_CONTRADICTED] = "contradicted",
    [BASIS_INFERRED] = "inferred",
};

static const char *const whos[WHO_COUNT] = {
    [WHO_NOBODY] = NULL,
    [WHO_SENDER] = "sender",
    [WHO_HOST] = "host",
    [WHO_RECEIVER] = "receiver",
    [WHO_LIST] = "list",
};

const char *
cause_name(enum cause cause)
{
	return causes[cause].name;
}

bool
cause_parse(const char *name, enum cause *cause)
{
	for (unsigned i = 0; i < CAUSE_COUNT; i++)
		if (strcmp(causes[i].name, name) == 0) {
			*cause = (enum cause)i;
			return true;
		}
	return false;
}

const char *
cause_words(enum cause cause)
{
	return causes[cause].words;
}

const char *
basis_name(enum basis basis)
{
	return bases[basis];
}

const char *
who_name(enum who who)
{
	return whos[who];
}

bool
who_parse(const char *name, enum who *who)
{
	for (unsigned i = 0; i < WHO_COUNT; i++)
		if (whos[i] != NULL && strcmp(whos[i], name) == 0) {
			*who = (enum who)i;
			return true;
		}
	return false;
}
