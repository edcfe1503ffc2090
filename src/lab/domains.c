#include "lab/domains.h"

#include <stdio.h>
#include <string.h>

/* What a row leaves out is zero, and means so. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

#define CHECK "https://check.spamhaus.org/query/ip/{ip}"

/* clang-format off */
const struct lab_source lab_sources[] = {
	{LAB_CLEAN, "clean.sender.example", CLEAN, "clean: confirmed PTR, on no list"},
	{LAB_LISTED, "listed.sender.example", ON_ZEN, "confirmed PTR, listed in zen.spamhaus.org (XBL)"},
	{"127.0.1.3", "", NO_PTR, "no PTR"},
	{"127.0.1.4", "unconfirmed.sender.example", UNCONFIRMED, "its PTR name leads to another address"},
	{"127.0.1.5", "host-127-0-1-5.dyn.isp.example", GENERIC, "a confirmed PTR, but a dial-up customer's"},
	{"127.0.1.6", "", PTR_FAILS, "its PTR look-up ends in SERVFAIL"},
	{"127.0.1.7", "policy.sender.example", ON_ZEN, "confirmed PTR, listed in zen.spamhaus.org (PBL)"},
	{"127.0.1.8", "traps.sender.example", ON_SPAMCOP | ON_BARRACUDA,
	    "listed in bl.spamcop.net, b.barracudacentral.org and psbl.surriel.com"},
	{"127.0.1.9", "white.sender.example", CLEAN, "confirmed PTR, known as good to list.dnswl.org"},
	{"127.0.1.10", "", PTR_FAILS, "its PTR look-up is never answered"},
	{"127.0.1.11", "many.sender.example", CLEAN, "twelve PTR names, one of them confirmed"},
	{"127.0.1.12", "mail.bare.example", CLEAN, "confirmed PTR; its domain has no SPF, no DMARC"},
	{"127.0.1.13", "mail.signed.example", CLEAN, "confirmed PTR; its domain has SPF, DKIM keys and DMARC"},
	{"::1", "six.sender.example", CLEAN, "IPv6: clean, confirmed PTR"},
};
const size_t lab_source_count = sizeof lab_sources / sizeof lab_sources[0];

#define SIGNED_MX "@ SIGNED yes\n@ MX 10 self\nself SIGNED yes\nself A self\n"
#define STS "_mta-sts TXT v=STSv1; id=20261130\nmta-sts A " LAB_POLICY_HOST "\n"
#define STS_MX "@ MX 10 self\nself A self\n" STS
#define ENFORCE(mx) "version: STSv1\nmode: enforce\nmx: " mx "\nmax_age: 1209600\n"
#define LOGIN_OFFERS "PIPELINING\nSIZE 10485760\nSTARTTLS\n8BITMIME\nENHANCEDSTATUSCODES\n"
#define NO_DIGEST "6e6f2073756368206b65792c206f72206f6620736f6d6520656c646572206461"

const struct lab_domain lab_domains[] = {
	/* ---- they take mail */
	{"accept", "takes mail, with STARTTLS"},
	{"accept-plain", "takes mail, without STARTTLS",
		.offers = "PIPELINING\nSIZE 10485760\n8BITMIME\nENHANCEDSTATUSCODES"},
	{"accept-7bit", "takes mail, offers nothing but STARTTLS", .offers = "STARTTLS"},
	{"accept-bare", "takes mail, its EHLO reply is one line", .offers = ""},
	{"accept-helo", "502 to EHLO, takes HELO",
		{{STAGE_EHLO, 0, "502 5.5.1 Command not implemented"}}},
	{"accept-ipv6", "its mail exchanger has only an IPv6 address",
		.zone = "@ MX 10 self\nself AAAA ::1",
		.ip6 = true},
	{"accept-both", "its mail exchanger has an IPv6 and an IPv4 address",
		.zone = "@ MX 10 self\nself A self\nself AAAA ::1"},
	{"accept-late", "greets after 400 ms", {{STAGE_GREETING, 0, NULL, LATE, 400}}},
	{"accept-drip", "greets an octet at a time, every 5 ms",
		{{STAGE_GREETING, 0, NULL, DRIP, 5}}},
	{"accept-drip-ehlo", "answers EHLO an octet at a time, every 2 ms",
		{{STAGE_EHLO, 0, NULL, DRIP, 2}}},
	{"accept-lines", "a greeting of five lines",
		{{STAGE_GREETING, 0, "220-{host} ESMTP\n220-This system is for practice.\n220-\n220-Talk "
			 "slowly.\n220 Begin."}}},
	{"accept-long-line", "a greeting line of 700 octets, over the 512 of RFC 5321",
		{{STAGE_GREETING, 0, "220 {host} ESMTP {pad}"}}},
	{"accept-bare-lf", "ends its lines with LF alone",
		{{STAGE_GREETING, 0, "220 {host} ESMTP\n", RAW},
		 {STAGE_EHLO, 0, "250-{host}\n250 8BITMIME\n", RAW}}},
	{"accept-mixed-codes", "the lines of its EHLO reply have different codes",
		{{STAGE_EHLO, 0, "220-{host}\n251-PIPELINING\n250 8BITMIME"}}},
	{"accept-no-text", "says codes and no words",
		{{STAGE_GREETING, 0, "220"},
		 {STAGE_EHLO, 0, "250"}}},
	{"accept-8bit-text", "octets that are no UTF-8, and control octets, in its greeting",
		{{STAGE_GREETING, 0, "220 {host} gr\xfc\xdf Gott \x1b[31m\x07 ESMTP"}}},
	{"accept-no-quit", "closes at QUIT without a word", {{STAGE_QUIT, 0, NULL, FIN}}},

	/* ---- the greeting refuses */
	{"greeting-554", "554 to an address that is listed in zen.spamhaus.org, 220 to others",
		{{STAGE_GREETING, ON_ZEN, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "zen.spamhaus.org; " CHECK}}},
	{"greeting-554-anyone", "554 to everybody: no mail service here",
		{{STAGE_GREETING, 0, "554 {host} ESMTP not accepting connections"}}},
	{"greeting-521", "521: this host takes no mail (RFC 7504)",
		{{STAGE_GREETING, 0, "521 {host} Host does not accept mail"}}},
	{"greeting-421", "421, then closes: too many connections",
		{{STAGE_GREETING, 0, "421 4.7.0 {host} Too many connections from {ip}, try again later"}}},
	{"greeting-450", "450: not now",
		{{STAGE_GREETING, 0, "450 4.3.2 {host} System temporarily unavailable, please try again later"}}},
	{"greeting-220-421", "220, and at once 421 behind it",
		{{STAGE_GREETING, 0, "220 {host} ESMTP\n421 4.3.2 {host} Service shutting down, closing channel"}}},
	{"greeting-554-no-ptr", "554 in four lines to an address without PTR",
		{{STAGE_GREETING, UNTRUE, "554-{host} (mxlab001) Nemesis ESMTP Service not available\n554-No "
			 "SMTP service\n" "554-Bad DNS PTR resource record.\n554 For explanation visit "
			 "https://postmaster.{domain}/en/case?c=r0101&i=ip&v={ip}&r=lab"}}},
	{"greeting-554-ptr-claim", "554 to everybody for a missing PTR, whether it is missing or not",
		{{STAGE_GREETING, 0, "554 5.7.1 Client host rejected: cannot find your reverse hostname, [{ip}]"}}},
	{"greeting-554-dynamic", "554 to a dial-up customer's address",
		{{STAGE_GREETING, GENERIC, "554 5.7.1 {host} Your host name looks dynamic or generic; set a "
			 "proper reverse DNS name for {ip}"}}},
	{"greeting-554-reputation", "554 in two lines for poor reputation, no list named",
		{{STAGE_GREETING, 0, "554-{host}\n554 Your access to this mail system has been rejected due to "
			 "the sending MTA's poor reputation. " "If you think that this is wrong, please reach "
			 "the intended recipient by other means."}}},
	{"greeting-554-vendor", "554 by a vendor's own list",
		{{STAGE_GREETING, 0, "554 Blocked - see https://ipcheck.proofpoint.com/?ip={ip}"}}},
	{"greeting-554-access", "554: not on the list of those who may connect",
		{{STAGE_GREETING, 0, "554 5.7.1 {host} You are not allowed to connect"}}},
	{"greeting-554-unknown", "554 without a reason", {{STAGE_GREETING, 0, "554 Rejected"}}},
	{"greeting-554-spamcop", "554 to an address that is listed in bl.spamcop.net",
		{{STAGE_GREETING, ON_SPAMCOP, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "bl.spamcop.net; Blocked - see " "https://www.spamcop.net/bl.shtml?{ip}"}}},
	{"greeting-554-barracuda", "554 by Barracuda's list, named by product",
		{{STAGE_GREETING, ON_BARRACUDA, "554 Service unavailable; Client host [{ip}] blocked using "
			 "Barracuda Reputation; " "https://www.barracudanetworks.com/reputation/?pr=1&ip={ip}"}}},
	{"greeting-554-dead-list", "554 by a list that was closed years ago",
		{{STAGE_GREETING, 0, "554 5.7.1 Rejected: {ip} found in dnsbl.sorbs.net"}}},

	/* ---- EHLO refused */
	{"ehlo-554", "554 to EHLO and HELO from a listed address",
		{{STAGE_EHLO, ON_ZEN, "554 5.7.1 {ip} is listed at zen.spamhaus.org, see " CHECK},
		 {STAGE_HELO, ON_ZEN, "554 5.7.1 {ip} is listed at zen.spamhaus.org, see " CHECK}}},
	{"ehlo-550-helo", "550 to EHLO and HELO: the name given is refused",
		{{STAGE_EHLO, 0, "550-Bad HELO: {helo} is not a name that we believe\n550 Please see RFC 5321 "
			 "section 4.1.1.1"},
		 {STAGE_HELO, 0, "550 5.7.1 <{helo}>: Helo command rejected: Invalid name"}}},
	{"ehlo-421", "421 to EHLO",
		{{STAGE_EHLO, 0, "421 4.7.0 {host} Rate limit reached. Please try again later"}}},
	{"ehlo-tls-554", "554 to the EHLO under TLS",
		{{STAGE_EHLO_TLS, ON_ZEN, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "zen.spamhaus.org"}}},

	/* ---- MAIL refused */
	{"mail-550-blocklist", "550 by a large receiver's own list of networks",
		{{STAGE_MAIL, 0, "550 5.7.1 Unfortunately, messages from [{ip}] weren't sent. Part of its "
			 "network is on our block list (S3150)."}}},
	{"mail-421-reputation", "421: deferred for complaints",
		{{STAGE_MAIL, 0, "421 4.7.0 [TSS04] Messages from {ip} temporarily deferred due to unexpected "
			 "volume or user complaints - 4.16.55.1"}}},
	{"mail-553-sender-blocked", "553: the sender's address is refused by rule",
		{{STAGE_MAIL, 0, "553 5.7.1 <{from}>: Sender address rejected: this sender is blocked here"}}},
	{"mail-554-dbl", "554: the sender's domain is listed in dbl.spamhaus.org",
		{{STAGE_MAIL, 0, "554 5.7.1 Service unavailable; Sender address [{from}] blocked using "
			 "dbl.spamhaus.org"}}},
	{"mail-550-sender-domain", "550: the sender's domain is not found",
		{{STAGE_MAIL, 0, "550 5.1.8 <{from}>: Sender address rejected: Domain not found"}}},
	{"mail-550-spf", "550: SPF does not allow the address",
		{{STAGE_MAIL, 0, "550 5.7.23 SPF check failed: the domain of <{from}> does not allow mail from "
			 "{ip}"}}},
	{"mail-530-tls", "530 to MAIL without TLS",
		{{STAGE_MAIL, IN_CLEAR, "530 5.7.0 Must issue a STARTTLS command first"}}},
	{"login", "wants a login: name lab, password practice; AUTH PLAIN",
		{{STAGE_AUTH, 0, "235 2.7.0 Authentication successful", .heard = "PLAIN AGxhYgBwcmFjdGljZQ=="},
		 {STAGE_MAIL, STRANGER, "530 5.7.0 Authentication required"}},
		.offers = LOGIN_OFFERS "AUTH PLAIN"},
	{"login-liar", "takes any login, and cannot prove that it knows the password; AUTH SCRAM-SHA-256",
		{{STAGE_AUTH, 0, "235 2.7.0 Authentication successful"}},
		.offers = LOGIN_OFFERS "AUTH SCRAM-SHA-256"},
	{"smuggle", "a bare LF around a dot ends a message, too: a second one can be hidden in it",
		.offers = "PIPELINING\nSIZE 10485760\n8BITMIME\nENHANCEDSTATUSCODES",
		.loose = true},
	{"mail-530-auth", "530: authentication required",
		{{STAGE_MAIL, 0, "530 5.7.0 Authentication required"}}},
	{"mail-554-helo", "554: the HELO name is refused, said at MAIL",
		{{STAGE_MAIL, 0, "554 5.7.1 <{helo}>: Helo command rejected: Host not found"}}},
	{"mail-552-size", "552: the message is larger than this server takes",
		{{STAGE_MAIL, 0, "552 5.3.4 Message size exceeds fixed limit"}}},
	{"mail-552-small", "offers a SIZE of 200 and keeps to it", .offers = "SIZE 200\nSTARTTLS"},
	{"mail-451-rate", "451: too much, too fast",
		{{STAGE_MAIL, 0, "451 4.7.1 Too many messages from {ip} in the last hour, slow down"}}},
	{"mail-250-421", "takes MAIL and sends 421 right behind the reply",
		{{STAGE_MAIL, 0, "250 2.1.0 Ok\n421 4.3.2 {host} Service shutting down, closing channel"}}},

	/* ---- RCPT refused */
	{"rcpt-554-dnsbl", "554 at RCPT to an address that is listed in zen.spamhaus.org",
		{{STAGE_RCPT, ON_ZEN, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "zen.spamhaus.org; " CHECK}}},
	{"rcpt-554-dnsbl-claim", "554 at RCPT to everybody: listed in zen.spamhaus.org, true or not",
		{{STAGE_RCPT, 0, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "zen.spamhaus.org; " CHECK}}},
	{"rcpt-554-open-resolver", "554: it takes a list's refusal of its own query for a listing",
		{{STAGE_RCPT, 0, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "zen.spamhaus.org; Error: open resolver; " "https://check.spamhaus.org/returnc/pub/{ip}/"}}},
	{"rcpt-554-uribl-refused", "554: another list refused the receiver's query",
		{{STAGE_RCPT, 0, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "multi.uribl.com; 127.0.0.1 -> Query Refused. See " "http://uribl.com/refused.shtml"}}},
	{"rcpt-450-no-ptr", "450 to an address without PTR",
		{{STAGE_RCPT, UNTRUE, "450 4.7.25 Client host rejected: cannot find your hostname, [{ip}]"}}},
	{"rcpt-554-relay", "554: no relaying",
		{{STAGE_RCPT, 0, "554 5.7.1 <{rcpt}>: Relay access denied"}}},
	{"rcpt-554-access", "554: refused by the admin's rule",
		{{STAGE_RCPT, 0, "554 5.7.1 <{helo}[{ip}]>: Client host rejected: Access denied"}}},
	{"rcpt-550-unknown", "550: no such user",
		{{STAGE_RCPT, 0, "550 5.1.1 <{rcpt}>: Recipient address rejected: User unknown in virtual "
			 "mailbox table"}}},
	{"rcpt-554-unknown-user", "554 for an unknown user, in old words",
		{{STAGE_RCPT, 0, "554 delivery error: dd This user doesn't have a {domain} account ({rcpt}) "
			 "[-5] - {host}"}}},
	{"rcpt-550-disabled", "550: the account is disabled",
		{{STAGE_RCPT, 0, "550 5.2.1 The account <{rcpt}> is disabled"}}},
	{"rcpt-552-full", "552: the mailbox is full",
		{{STAGE_RCPT, 0, "552 5.2.2 <{rcpt}>: mailbox full, over quota"}}},
	{"rcpt-452-full", "452: the mailbox is full for now",
		{{STAGE_RCPT, 0, "452 4.2.2 <{rcpt}>: mailbox is over quota"}}},
	{"rcpt-450-greylist", "450: greylisted",
		{{STAGE_RCPT, 0, "450 4.2.0 <{rcpt}>: Recipient address rejected: Greylisted, come back in 300 "
			 "seconds"}}},
	{"rcpt-450-rate", "450: the user gets mail too quickly",
		{{STAGE_RCPT, 0, "450 4.2.1 <{rcpt}> is receiving mail too quickly, try again later"}}},
	{"rcpt-554-policy", "554: policy, and no more said",
		{{STAGE_RCPT, 0, "554 5.7.1 <{rcpt}>: Recipient address rejected: Rejected for policy reasons"}}},
	{"rcpt-554-spf", "554: SPF, said through a policy service",
		{{STAGE_RCPT, 0, "554 5.7.1 <{rcpt}>: Recipient address rejected: Message rejected due to: SPF "
			 "fail - not authorized"}}},
	{"rcpt-451-system", "451: the server has a problem of its own",
		{{STAGE_RCPT, 0, "451 4.3.0 <{rcpt}>: Temporary lookup failure"}}},
	{"rcpt-users", "several mailboxes: user@ takes mail, full@ is full, gone@ is unknown, all others are "
		 "disabled",
		{{STAGE_RCPT, 0, "552 5.2.2 <{rcpt}>: mailbox full", 0, 0, "<full@"},
		 {STAGE_RCPT, 0, "550 5.1.1 <{rcpt}>: user unknown", 0, 0, "<gone@"},
		 {STAGE_RCPT, 0, NULL, 0, 0, "<user@"},
		 {STAGE_RCPT, 0, "550 5.2.1 <{rcpt}>: mailbox disabled"}}},
	{"rcpt-354", "354 to RCPT, where it has no business", {{STAGE_RCPT, 0, "354 Go ahead"}}},

	/* ---- DATA refused */
	{"data-554-no-recipients", "554 at DATA: no valid recipients",
		{{STAGE_DATA, 0, "554 5.5.1 Error: no valid recipients"}}},
	{"data-554-dnsbl", "554 at DATA to a listed address",
		{{STAGE_DATA, ON_ZEN, "554 5.7.1 Service unavailable; Client host [{ip}] blocked using "
			 "zen.spamhaus.org"}}},
	{"data-451-system", "451 at DATA",
		{{STAGE_DATA, 0, "451 4.3.0 Error: queue file write error"}}},
	{"data-250", "250 to DATA, where 354 belongs", {{STAGE_DATA, 0, "250 2.0.0 Ok"}}},

	/* ---- the message refused, after the dot */
	{"message-554-spam", "554 after the dot: spam",
		{{STAGE_MESSAGE, 0, "554 5.7.0 Reject, id=22222-22 - SPAM"}}},
	{"message-554-gtube", "554 after the dot only for the GTUBE test text",
		{{STAGE_MESSAGE, 0, "554 5.7.1 Message scored high on the spam " "scale", 0, 0,
			"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"}}},
	{"message-554-malware", "554 after the dot: a virus",
		{{STAGE_MESSAGE, 0, "554 5.7.1 Mail appears infected with 'Eicar-Test-Signature'"}}},
	{"message-554-url", "554 after the dot: a link is listed",
		{{STAGE_MESSAGE, 0, "554 5.7.1 Message contains a URL listed in multi.surbl.org "
			 "(shop.listed-domain.example)"}}},
	{"message-554-header", "554 after the dot: headers",
		{{STAGE_MESSAGE, 0, "554 5.6.0 Message has a malformed or missing From header"}}},
	{"message-552-attachment", "552 after the dot: an attachment",
		{{STAGE_MESSAGE, 0, "552 5.7.0 Message refused: its attachment has a forbidden file type"}}},
	{"message-554-size", "554 after the dot: too large",
		{{STAGE_MESSAGE, 0, "554 5.3.4 Maximum email size exceeded"}}},
	{"message-554-dmarc", "554 after the dot: the sender's DMARC policy",
		{{STAGE_MESSAGE, 0, "554 5.7.1 Your message was rejected due to the DMARC policy of the From "
			 "domain"}}},
	{"message-550-dkim", "550 after the dot: DKIM",
		{{STAGE_MESSAGE, 0, "550 5.7.20 No passing DKIM signature found"}}},
	{"message-550-spf", "550 after the dot: SPF",
		{{STAGE_MESSAGE, 0, "550 5.7.24 SPF validation error: {ip} may not send for <{from}>"}}},
	{"message-554-loop", "554 after the dot: a loop",
		{{STAGE_MESSAGE, 0, "554 5.4.6 Hop count exceeded - possible mail loop"}}},
	{"message-554-policy", "554 after the dot: policy, and no more said",
		{{STAGE_MESSAGE, 0, "554 5.7.7 Email policy violation detected"}}},
	{"message-554-unknown", "554 after the dot: no reason given",
		{{STAGE_MESSAGE, 0, "554 Transaction failed"}}},
	{"message-554-full", "554 after the dot: the mailbox is full",
		{{STAGE_MESSAGE, 0, "554 5.2.2 <{rcpt}>: mailbox full"}}},
	{"content-word", "554 after the dot where \"cheap pills\" stands in the message",
		{{STAGE_MESSAGE, 0, "554 5.7.1 Message rejected", 0, 0, "cheap pills"}}},
	{"content-link", "554 after the dot where a link to shop.example stands in it",
		{{STAGE_MESSAGE, 0, "554 5.7.1 Message rejected: a link in it is listed", 0, 0,
			"//shop.example"}}},
	{"content-attachment", "552 after the dot where a file's name ends in .exe",
		{{STAGE_MESSAGE, 0, "552 5.7.0 Attachments of this type are not taken here", 0, 0, ".exe"}}},
	{"message-451-system", "451 after the dot",
		{{STAGE_MESSAGE, 0, "451 4.3.0 Internal error, message not stored"}}},
	{"message-450-rate", "450 after the dot: too fast",
		{{STAGE_MESSAGE, 0, "450 4.7.0 Rate limit exceeded, slow down"}}},

	/* ---- STARTTLS and certificates */
	{"starttls-454", "offers STARTTLS and then says 454",
		{{STAGE_STARTTLS, 0, "454 4.7.0 TLS not available due to local problem"}}},
	{"starttls-554", "offers STARTTLS and then says 554",
		{{STAGE_STARTTLS, 0, "554 5.7.1 TLS is not for you"}}},
	{"starttls-injected", "sends an EHLO reply of its own behind the reply to STARTTLS, in one packet",
		{{STAGE_STARTTLS, 0, "220 2.0.0 Ready to start TLS\n250-{host}\n250 AUTH PLAIN"}}},
	{"handshake-alert", "the handshake ends in an alert", .cert = CERT_NONE},
	{"handshake-garbage", "says 220 to STARTTLS and then talks in the clear",
		{{STAGE_HANDSHAKE, 0, "550 5.3.0 this is no TLS\n"}}},
	{"handshake-narrow", "something in front of it resets at a ClientHello of over a thousand octets",
		.narrow = true},
	{"cert-expired", "its certificate expired a year ago", .cert = CERT_EXPIRED},
	{"cert-wrong-name", "its certificate is another host's", .cert = CERT_ELSEWHERE},
	{"cert-self-signed", "its certificate is signed by itself", .cert = CERT_SELF_SIGNED},
	{"cert-sha1", "its certificate is signed with SHA-1", .cert = CERT_SHA1},
	{"cert-common-name", "its certificate has a common name alone", .cert = CERT_NAMELESS},
	{"cert-good", "its certificate is good and signed by the lab's CA"},
	{"cert-soon", "its certificate ends in five days", .cert = CERT_SOON},
	{"cert-early", "its certificate is not valid yet", .cert = CERT_EARLY},
	{"cert-small", "its certificate has an RSA key of 1024 bits", .cert = CERT_SMALL},
	{"cert-client", "its certificate is for clients", .cert = CERT_CLIENT},

	/* ---- what only --tls-audit shows */
	{"audit-old", "it takes TLS 1.0 and 1.1, too", .cert = CERT_OLD},
	{"audit-two", "it has a certificate of an RSA key, too", .cert = CERT_TWO},
	{"audit-two-expired", "it has a certificate of an RSA key, too, that has expired",
		.cert = CERT_TWO_EXPIRED},
	{"audit-two-dane", "it has a certificate of an RSA key, too, and a TLSA record for the other alone",
		.zone = SIGNED_MX "self TLSA 3 1 1 key",
		.cert = CERT_TWO},
	{"audit-weak", "it takes ciphers without forward secrecy", .cert = CERT_WEAK},
	{"audit-dh", "it exchanges keys in a group of 1536 bits", .cert = CERT_DH},
	{"audit-enforced", "530 to MAIL without STARTTLS",
		{{STAGE_MAIL, 0, "530 5.7.0 Must issue a STARTTLS command first"}}},

	/* ---- DANE: what senders that go by TLSA records make of it */
	{"dane-good", "a TLSA record matches its key", .zone = SIGNED_MX "self TLSA 3 1 1 key"},
	{"dane-issuer", "a TLSA record matches its authority, which it sends",
		.zone = SIGNED_MX "self TLSA 2 1 1 ca-key",
		.cert = CERT_CHAINED},
	{"dane-self-signed", "a TLSA record matches a certificate that nobody signed",
		.zone = SIGNED_MX "self TLSA 3 1 1 key",
		.cert = CERT_SELF_SIGNED},
	{"dane-expired", "a TLSA record matches a certificate that has expired",
		.zone = SIGNED_MX "self TLSA 3 1 1 key",
		.cert = CERT_EXPIRED},
	{"dane-rollover", "two TLSA records, one for a key to come",
		.zone = SIGNED_MX "self TLSA 3 1 1 key\nself TLSA 3 1 1 " NO_DIGEST},
	{"dane-mismatch", "its TLSA record matches nothing",
		.zone = SIGNED_MX "self TLSA 3 1 1 " NO_DIGEST},
	{"dane-selector", "its TLSA record is the digest of the key, published as that of the certificate",
		.zone = SIGNED_MX "self TLSA 3 0 1 key"},
	{"dane-usage", "its TLSA record is the authority's, published as its own",
		.zone = SIGNED_MX "self TLSA 3 1 1 ca-key",
		.cert = CERT_CHAINED},
	{"dane-root", "its TLSA record is of the authority's key, and it does not send that",
		.zone = SIGNED_MX "self TLSA 2 1 1 ca-key"},
	{"dane-name", "a TLSA record matches its authority, and its certificate is another host's",
		.zone = SIGNED_MX "self TLSA 2 1 1 ca-key",
		.cert = CERT_ELSEWHERE_CHAINED},
	{"dane-agility", "a TLSA record that matches stands beside one of a stronger digest that does not",
		.zone = SIGNED_MX "self TLSA 3 1 1 key\nself TLSA 3 1 2 " NO_DIGEST NO_DIGEST},
	{"dane-pem", "its TLSA record is the digest of a PEM text",
		.zone = SIGNED_MX "self TLSA 3 1 1 pem"},
	{"dane-pkix", "its TLSA record has a usage that is not for mail",
		.zone = SIGNED_MX "self TLSA 1 1 1 key"},
	{"dane-short", "its TLSA record has half a digest",
		.zone = SIGNED_MX "self TLSA 3 1 1 0123456789abcdef"},
	{"dane-no-starttls", "it has a TLSA record and no STARTTLS",
		.zone = SIGNED_MX "self TLSA 3 1 1 key",
		.offers = "PIPELINING\n8BITMIME"},
	{"dane-starttls-454", "it has a TLSA record and says 454 to STARTTLS",
		{{STAGE_STARTTLS, 0, "454 4.7.0 TLS not available due to local problem"}},
		.zone = SIGNED_MX "self TLSA 3 1 1 key"},
	{"dane-none", "its zone is signed and it has no TLSA record", .zone = SIGNED_MX},
	{"dane-lookup-failed", "the look-up of its TLSA records ends in SERVFAIL",
		.zone = SIGNED_MX "_tcp.self FATE SERVFAIL"},
	{"dane-insecure-mx", "its MX record is not signed; its host is, and has a TLSA record",
		.zone = "@ MX 10 self\nself SIGNED yes\nself A self\nself TLSA 3 1 1 key"},
	{"dane-insecure-host", "its MX record is signed; its host is not, and has a TLSA record",
		.zone = "@ SIGNED yes\n@ MX 10 self\nself A self\nself TLSA 3 1 1 key"},
	{"dane-alias", "its MX is an alias, all signed, with a TLSA record at its end",
		.zone = "@ SIGNED yes\n@ MX 10 alias\nalias CNAME self\nself SIGNED yes\nself A self\nself "
			"TLSA 3 1 1 key"},
	{"dane-requiretls", "a TLSA record matches its key, and it offers REQUIRETLS under TLS",
		.zone = SIGNED_MX "self TLSA 3 1 1 key",
		.offers = "STARTTLS\nREQUIRETLS\n8BITMIME\nSMTPUTF8\nSIZE 10485760"},
	{"dane-requiretls-mismatch", "it offers REQUIRETLS under TLS, and its TLSA record matches nothing",
		.zone = SIGNED_MX "self TLSA 3 1 1 " NO_DIGEST,
		.offers = "STARTTLS\nREQUIRETLS\n8BITMIME\nSMTPUTF8\nSIZE 10485760"},
	{"dane-partial", "one of its two hosts has a TLSA record",
		.zone = "@ SIGNED yes\n@ MX 10 self\n@ MX 20 accept.mx.lab.example.\nself SIGNED yes\nself A "
			"self\nself TLSA 3 1 1 key"},
	{"dane-first-wrong", "the TLSA record of its first host matches nothing, that of its second does",
		.zone = "@ SIGNED yes\n@ MX 10 self\n@ MX 20 dane-good.mx.lab.example.\nself SIGNED yes\nself "
			"A self\nself TLSA 3 1 1 " NO_DIGEST},

	/* ---- MTA-STS: what senders that go by the domain's policy make of it */
	{"sts-good", "its MTA-STS policy covers its host, whose certificate is good",
		.zone = STS_MX, .policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_POLICY}},
	{"sts-testing", "its MTA-STS policy is tried out, and its host has no STARTTLS",
		.zone = STS_MX, .offers = "8BITMIME",
		.policy = {"version: STSv1\nmode: testing\nmx: *.mx." LAB_ZONE "\nmax_age: 86400\n",
			.cert = CERT_POLICY}},
	{"sts-none", "its MTA-STS policy has mode none",
		.zone = STS_MX,
		.policy = {"version: STSv1\nmode: none\nmax_age: 86400\n", .cert = CERT_POLICY}},
	{"sts-uncovered", "its MTA-STS policy covers none of its hosts",
		.zone = STS_MX, .policy = {ENFORCE("mail.elsewhere.example"), .cert = CERT_POLICY}},
	{"sts-no-starttls", "its MTA-STS policy makes TLS a must, and its host has none",
		.zone = STS_MX, .offers = "8BITMIME",
		.policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_POLICY}},
	{"sts-expired", "its MTA-STS policy asks for a good certificate, and its host's has expired",
		.zone = STS_MX, .cert = CERT_EXPIRED,
		.policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_POLICY}},
	{"sts-other-name", "its MTA-STS policy asks for a good certificate, and its host's is of another name",
		.zone = STS_MX, .cert = CERT_ELSEWHERE,
		.policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_POLICY}},
	{"sts-syntax", "its MTA-STS policy has a line that is wrong",
		.zone = STS_MX, .policy = {ENFORCE("*.*." LAB_ZONE), .cert = CERT_POLICY}},
	{"sts-html", "its policy host answers with a web page",
		.zone = STS_MX, .policy = {"<!DOCTYPE html>\n<title>Welcome</title>\n", .cert = CERT_POLICY}},
	{"sts-404", "its policy host has no policy",
		.zone = STS_MX,
		.policy = {"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", .cert = CERT_POLICY}},
	{"sts-redirect", "its policy host redirects",
		.zone = STS_MX,
		.policy = {"HTTP/1.1 301 Moved Permanently\r\nLocation: https://www." LAB_ZONE
			   "/\r\nContent-Length: 0\r\n\r\n", .cert = CERT_POLICY}},
	{"sts-silent", "its policy host never answers", .zone = STS_MX, .policy = {.cert = CERT_POLICY}},
	{"sts-endless", "its policy does not end",
		.zone = STS_MX,
		.policy = {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
			"10\r\nversion: STSv1\r\n\r\n", CERT_POLICY}},
	{"sts-host-expired", "the certificate of its policy host has expired",
		.zone = STS_MX, .policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_EXPIRED}},
	{"sts-host-other-name", "the certificate of its policy host is of another name",
		.zone = STS_MX, .policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_ELSEWHERE}},
	{"sts-host-self-signed", "the certificate of its policy host is signed by itself",
		.zone = STS_MX, .policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_SELF_SIGNED}},
	{"sts-no-host", "it has an MTA-STS record, and no policy host",
		.zone = "@ MX 10 self\nself A self\n_mta-sts TXT v=STSv1; id=20261130"},
	{"sts-two-records", "it has two MTA-STS records",
		.zone = STS_MX "_mta-sts TXT v=STSv1; id=20261129",
		.policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_POLICY}},
	{"sts-dane", "its MTA-STS policy does not cover its host, and a TLSA record matches that",
		.zone = SIGNED_MX STS "self TLSA 3 1 1 key",
		.policy = {ENFORCE("mail.elsewhere.example"), .cert = CERT_POLICY}},
	{"sts-requiretls", "its MTA-STS policy covers its host, which offers REQUIRETLS under TLS",
		.zone = STS_MX, .policy = {ENFORCE("*.mx." LAB_ZONE), .cert = CERT_POLICY},
		.offers = "STARTTLS\nREQUIRETLS\n8BITMIME\nSMTPUTF8\nSIZE 10485760"},
	{"sts-requiretls-testing", "it offers REQUIRETLS under TLS, and its MTA-STS policy is only tried out",
		.zone = STS_MX, .offers = "STARTTLS\nREQUIRETLS\n8BITMIME\nSMTPUTF8\nSIZE 10485760",
		.policy = {"version: STSv1\nmode: testing\nmx: *.mx." LAB_ZONE "\nmax_age: 86400\n",
			.cert = CERT_POLICY}},

	/* ---- it says nothing, or goes away */
	{"connect-silent", "the connection is made, and nobody is there",
		{{STAGE_CONNECT, 0, NULL, UNHEARD}}},
	{"connect-timeout", "no SYN is answered", {{STAGE_CONNECT, 0, NULL, FULL}}},
	{"silent-greeting", "never greets", {{STAGE_GREETING, 0, NULL, MUTE}}},
	{"silent-ehlo", "never answers EHLO", {{STAGE_EHLO, 0, NULL, MUTE}}},
	{"silent-starttls", "never answers STARTTLS", {{STAGE_STARTTLS, 0, NULL, MUTE}}},
	{"silent-handshake", "says 220 to STARTTLS and then nothing",
		{{STAGE_HANDSHAKE, 0, NULL, MUTE}}},
	{"silent-mail", "never answers MAIL", {{STAGE_MAIL, 0, NULL, MUTE}}},
	{"silent-rcpt", "never answers RCPT", {{STAGE_RCPT, 0, NULL, MUTE}}},
	{"silent-data", "never answers DATA", {{STAGE_DATA, 0, NULL, MUTE}}},
	{"silent-message", "never answers the message", {{STAGE_MESSAGE, 0, NULL, MUTE}}},
	{"silent-quit", "never answers QUIT", {{STAGE_QUIT, 0, NULL, MUTE}}},
	{"tarpit", "greets an octet a second", {{STAGE_GREETING, 0, NULL, DRIP, 1000}}},
	{"drop-greeting", "closes instead of greeting", {{STAGE_GREETING, 0, NULL, FIN}}},
	{"drop-mid-greeting", "closes in the middle of its greeting",
		{{STAGE_GREETING, 0, "220-{host} ESMTP\r\n220-and n", RAW | FIN}}},
	{"drop-ehlo", "closes at EHLO", {{STAGE_EHLO, 0, NULL, FIN}}},
	{"drop-starttls", "closes at STARTTLS", {{STAGE_STARTTLS, 0, NULL, FIN}}},
	{"drop-handshake", "closes in the handshake", {{STAGE_HANDSHAKE, 0, NULL, FIN}}},
	{"drop-ehlo-tls", "closes at the EHLO under TLS", {{STAGE_EHLO_TLS, 0, NULL, FIN}}},
	{"drop-mail", "closes at MAIL", {{STAGE_MAIL, 0, NULL, FIN}}},
	{"drop-rcpt", "closes at RCPT", {{STAGE_RCPT, 0, NULL, FIN}}},
	{"drop-data", "closes at DATA", {{STAGE_DATA, 0, NULL, FIN}}},
	{"drop-message", "closes after the dot", {{STAGE_MESSAGE, 0, NULL, FIN}}},
	{"reset-greeting", "resets instead of greeting",
		{{STAGE_GREETING, 0, NULL, RESET | LATE, 100}}},
	{"reset-ehlo", "resets at EHLO", {{STAGE_EHLO, 0, NULL, RESET}}},
	{"reset-starttls", "resets at STARTTLS", {{STAGE_STARTTLS, 0, NULL, RESET}}},
	{"reset-handshake", "resets in the handshake", {{STAGE_HANDSHAKE, 0, NULL, RESET}}},
	{"reset-ehlo-tls", "resets at the EHLO under TLS", {{STAGE_EHLO_TLS, 0, NULL, RESET}}},
	{"reset-mail", "resets at MAIL", {{STAGE_MAIL, 0, NULL, RESET}}},
	{"reset-rcpt", "resets at RCPT", {{STAGE_RCPT, 0, NULL, RESET}}},
	{"reset-data", "resets at DATA", {{STAGE_DATA, 0, NULL, RESET}}},
	{"reset-message", "resets after the dot", {{STAGE_MESSAGE, 0, NULL, RESET}}},
	{"reset-quit", "resets at QUIT", {{STAGE_QUIT, 0, NULL, RESET}}},

	/* ---- it does not speak SMTP */
	{"talk-http", "talks HTTP",
		{{STAGE_GREETING, 0, "HTTP/1.1 400 Bad Request\nContent-Length: 0\n", FIN}}},
	{"talk-ssh", "talks SSH", {{STAGE_GREETING, 0, "SSH-2.0-OpenSSH_9.2"}}},
	{"talk-binary", "sends octets that are no text",
		{{STAGE_GREETING, 0, "\x15\x03\x03\x02\x02\x28\r\n", RAW}}},
	{"talk-too-long", "a greeting line of 15000 octets",
		{{STAGE_GREETING, 0, "220 {host} {long}"}}},
	{"talk-endless-line", "a greeting line without end",
		{{STAGE_GREETING, 0, "{pad}", RAW | ENDLESS}}},
	{"talk-endless-greeting", "a greeting of ever more lines",
		{{STAGE_GREETING, 0, "220-{host} and more", ENDLESS}}},
	{"talk-endless-ehlo", "an EHLO reply of ever more lines",
		{{STAGE_EHLO, 0, "250-X-MORE", ENDLESS}}},

	/* ---- routes */
	{"mx-null", "null MX: it takes no mail (RFC 7505)", .zone = "@ MX 0 ."},
	{"mx-implicit", "no MX, but an address", .zone = "@ A self"},
	{"mx-nxdomain", "the domain does not exist", .zone = ""},
	{"mx-no-address", "the domain exists and has neither MX nor address",
		.zone = "@ TXT v=spf1 -all"},
	{"mx-servfail", "its MX look-up ends in SERVFAIL", .zone = "@ FATE SERVFAIL"},
	{"mx-refused", "its nameserver refuses", .zone = "@ FATE REFUSED"},
	{"mx-silent", "its nameserver never answers", .zone = "@ FATE SILENT"},
	{"mx-garbled", "its nameserver answers with rubbish", .zone = "@ FATE GARBLED"},
	{"mx-missing", "its MX is a name that does not exist",
		.zone = "@ MX 10 nowhere.lab.example."},
	{"mx-addressless", "its MX has no address",
		.zone = "@ MX 10 host\nhost TXT no address here"},
	{"mx-host-servfail", "the address look-up of its MX ends in SERVFAIL",
		.zone = "@ MX 10 host\nhost FATE SERVFAIL"},
	{"mx-cname", "its MX is an alias, against the standard",
		.zone = "@ MX 10 alias\nalias CNAME self\nself A self"},
	{"mx-alias", "the domain is an alias of accept.lab.example",
		.zone = "@ CNAME accept.lab.example."},
	{"mx-dead", "its only MX refuses connections", .zone = "@ MX 10 dead\ndead A 127.0.3.1"},
	{"mx-dead-first", "its first MX refuses connections, the second takes mail",
		.zone = "@ MX 10 dead\n@ MX 20 self\ndead A 127.0.3.1\nself A self"},
	{"mx-dead-address", "its MX has two addresses, one of them dead",
		.zone = "@ MX 10 self\nself A 127.0.3.1\nself A self"},
	{"mx-missing-first", "its first MX does not exist, the second takes mail",
		.zone = "@ MX 10 nowhere.lab.example.\n@ MX 20 self\nself A self"},
	{"mx-421-first", "its first MX greets with 421, the second takes mail",
		.zone = "@ MX 10 greeting-421.mx.lab.example.\n@ MX 20 self\nself A self"},
	{"mx-450-first", "its first MX greets with 450, the second takes mail",
		.zone = "@ MX 10 greeting-450.mx.lab.example.\n@ MX 20 self\nself A self"},
	{"mx-554-first", "its first MX greets with 554, the second takes mail",
		.zone = "@ MX 10 greeting-554-anyone.mx.lab.example.\n@ MX 20 self\nself A self"},
	{"mx-equal", "two MXes of equal preference, both take mail",
		.zone = "@ MX 10 self\n@ MX 10 accept.mx.lab.example.\nself A self"},
	{"mx-many", "sixty MXes: its answer does not fit into UDP",
		.zone = "@ MANY 60 MX 10 exchanger-with-a-long-name\n@ MX 5 self\nself A self"},
};
/* clang-format on */
const size_t lab_domain_count = sizeof lab_domains / sizeof lab_domains[0];

unsigned
lab_standing(const char *address)
{
	for (size_t i = 0; i < lab_source_count; i++)
		if (strcmp(lab_sources[i].address, address) == 0)
			return lab_sources[i].standing;
	return CLEAN;
}

bool
lab_domain_serves(const struct lab_domain *domain)
{
	return domain->zone == NULL || strstr(domain->zone, "self") != NULL;
}

const char *
lab_domain_address(const struct lab_domain *domain, char text[16])
{
	unsigned i = (unsigned)(domain - lab_domains);

	if (domain->ip6)
		snprintf(text, 16, "::1");
	else
		snprintf(text, 16, "127.10.%u.%u", i / 250 & 255, i % 250 + 1);
	return text;
}
