/* cause: the closed sets of the diagnosis (DESIGN.md section 2). */
#ifndef RULES_CAUSE_H
#define RULES_CAUSE_H

#include <stdbool.h>

enum cause {
	CAUSE_UNKNOWN,
	CAUSE_IP_BLOCKLIST,
	CAUSE_IP_REPUTATION,
	CAUSE_REVERSE_DNS,
	CAUSE_NO_SERVICE,
	CAUSE_ACCESS_DENIED,
	CAUSE_AUTH_REQUIRED,
	CAUSE_RELAY_DENIED,
	CAUSE_DMARC,
	CAUSE_SPF,
	CAUSE_DKIM,
	CAUSE_CONTENT_SPAM,
	CAUSE_CONTENT_MALWARE,
	CAUSE_CONTENT_URL,
	CAUSE_CONTENT_HEADER,
	CAUSE_CONTENT_ATTACHMENT,
	CAUSE_MESSAGE_SIZE,
	CAUSE_SENDER_DOMAIN,
	CAUSE_SENDER_BLOCKED,
	CAUSE_HELO,
	CAUSE_TLS_REQUIRED,
	CAUSE_RATE_LIMIT,
	CAUSE_GREYLIST,
	CAUSE_RECIPIENT_UNKNOWN,
	CAUSE_RECIPIENT_DISABLED,
	CAUSE_MAILBOX_FULL,
	CAUSE_RECIPIENT_DOMAIN,
	CAUSE_UNREACHABLE,
	CAUSE_PROTOCOL,
	CAUSE_ROUTING_LOOP,
	CAUSE_SYSTEM_ERROR,
	CAUSE_RECEIVER_MISCONFIGURED,
	CAUSE_POLICY,
	CAUSE_COUNT
};

enum basis {
	BASIS_UNKNOWN,
	BASIS_STATED,
	BASIS_CONFIRMED,
	BASIS_CONTRADICTED,
	BASIS_INFERRED,
	BASIS_COUNT
};
enum who { WHO_NOBODY, WHO_SENDER, WHO_HOST, WHO_RECEIVER, WHO_LIST, WHO_COUNT };

const char *cause_name(enum cause cause); /* "ip-blocklist" */
bool cause_parse(const char *name, enum cause *cause);
const char *cause_words(
    enum cause cause); /* for a verdict line: "the client's address is on a blocklist" */
const char *basis_name(enum basis basis);
const char *who_name(enum who who); /* NULL for nobody */
bool who_parse(const char *name, enum who *who);

#endif
