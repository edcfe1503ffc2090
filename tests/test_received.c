/* Trace fields: each form that servers write, what is no address of a client however it looks, the
 * limits; and which hop of a message is the one that strangers saw. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "judge/seen.h"
#include "mail/received.h"

#define DATE "; Fri, 27 Nov 2026 10:00:00 +0000"

static const struct form {
	const char *what, *value, *client, *helo, *ptr, *by; /* NULL: none */
	bool submitted;
} forms[] = {
    {"RFC 5321",
        "from mail.example.com (mail.example.com [192.0.2.1]) by mx.example.net with ESMTP id 1 "
        "for <a@example.net>" DATE,
        "192.0.2.1", "mail.example.com", "mail.example.com", "mx.example.net"},
    {"RFC 5321, an IPv6 literal",
        "from mail.example.com (mail.example.com [IPv6:2001:db8::25]) by mx.example.net with "
        "ESMTPS id 1" DATE,
        "2001:db8::25", "mail.example.com", "mail.example.com", "mx.example.net"},
    {"Postfix",
        "from helo.example.com (ptr.example.com [192.0.2.1])\r\n\t(using TLSv1.3 with cipher "
        "TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n\t key-exchange X25519 server-signature RSA-PSS "
        "(2048 bits))\r\n\t(No client certificate requested)\r\n\tby mx.example.net (Postfix) with "
        "ESMTPS id 4Xyz" DATE,
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"Postfix, no name",
        "from mail.example.com (unknown [192.0.2.1]) by mx.example.net (Postfix) with ESMTP id "
        "1" DATE,
        "192.0.2.1", "mail.example.com", NULL, "mx.example.net"},
    {"Postfix, a literal for HELO",
        "from [192.168.1.5] (ptr.example.com [192.0.2.1]) by mx.example.net (Postfix) with ESMTPSA "
        "id 1" DATE,
        "192.0.2.1", "[192.168.1.5]", "ptr.example.com", "mx.example.net", true},
    {"Postfix, from a program", "by mail.example.com (Postfix, from userid 0) id 1" DATE, NULL,
        NULL, NULL, "mail.example.com"},
    {"Exim",
        "from ptr.example.com ([192.0.2.1] helo=helo.example.com) by mx.example.net with esmtps "
        "(TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.96) (envelope-from <a@example.com>) id 1" DATE,
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"Exim, the same name twice",
        "from mail.example.com ([192.0.2.1]) by mx.example.net with esmtp (Exim 4.96) id 1" DATE,
        "192.0.2.1", "mail.example.com", NULL, "mx.example.net"},
    {"Exim, no name",
        "from [192.0.2.1] (helo=helo.example.com) by mx.example.net with esmtp (Exim 4.96) id "
        "1" DATE,
        "192.0.2.1", "helo.example.com", NULL, "mx.example.net"},
    {"Exim, with a port",
        "from [192.0.2.1] (port=4025 helo=helo.example.com) by mx.example.net with esmtpsa id "
        "1" DATE,
        "192.0.2.1", "helo.example.com", NULL, "mx.example.net", true},
    {"Exim, a port behind the address",
        "from ptr.example.com ([192.0.2.1]:4025 helo=helo.example.com) by mx.example.net" DATE,
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"Exim, HELO is a literal, and not the client",
        "from [192.0.2.1] (helo=[192.0.2.99]) by mx.example.net" DATE, "192.0.2.1", "[192.0.2.99]",
        NULL, "mx.example.net"},
    {"Exim, IPv6",
        "from ptr.example.com ([2001:db8::25] helo=helo.example.com) by mx.example.net with "
        "esmtps" DATE,
        "2001:db8::25", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"Sendmail, forged",
        "from helo.example.com (ptr.example.com [192.0.2.1] (may be forged)) by mx.example.net "
        "(8.17.1/8.17.1) with ESMTP id 1" DATE,
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"Sendmail, no name",
        "from helo.example.com ([192.0.2.1]) by mx.example.net (8.17.1/8.17.1) with ESMTP id "
        "1" DATE,
        "192.0.2.1", "helo.example.com", NULL, "mx.example.net"},
    {"Sendmail, ident",
        "from helo.example.com (root@ptr.example.com [192.0.2.1]) by mx.example.net" DATE,
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"Gmail",
        "from helo.example.com (ptr.example.com. [192.0.2.1])\r\n        by mx.google.com with "
        "ESMTPS id 4fb4d7f45d1cf-1\r\n        for <a@gmail.com>\r\n        (version=TLS1_3 "
        "cipher=TLS_AES_256_GCM_SHA384 bits=256/256);\r\n        Fri, 27 Nov 2026 02:00:00 -0800 "
        "(PST)",
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.google.com"},
    {"Gmail, within", "by 2002:a05:6402:350d:b0:5d0 with SMTP id 4fb4d7f45d1cf" DATE, NULL, NULL,
        NULL, "2002:a05:6402:350d:b0:5d0"},
    {"Exchange",
        "from mail.example.com (192.0.2.1) by AM7EUR.mail.protection.outlook.com (10.13.1.2) with "
        "Microsoft SMTP Server (version=TLS1_3, cipher=TLS_AES_256_GCM_SHA384) id 15.20.1" DATE,
        "192.0.2.1", "mail.example.com", NULL, "AM7EUR.mail.protection.outlook.com"},
    {"Exchange, IPv6",
        "from AS8.eurprd.prod.outlook.com (2603:10a6:20b:34d::10) by DB9.eurprd.prod.outlook.com "
        "(2603:10a6:10:2c6::19) with HTTPS" DATE,
        "2603:10a6:20b:34d::10", "AS8.eurprd.prod.outlook.com", NULL, "DB9.eurprd.prod.outlook.com",
        true},
    {"qmail",
        "from unknown (HELO helo.example.com) (192.0.2.1)\n  by mx.example.net with SMTP" DATE,
        "192.0.2.1", "helo.example.com", NULL, "mx.example.net"},
    {"qmail, with a name",
        "from ptr.example.com (HELO helo.example.com) (192.0.2.1) by mx.example.net with "
        "ESMTPS" DATE,
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"qmail, ident",
        "from unknown (HELO helo.example.com) (user@192.0.2.1) by mx.example.net with SMTP" DATE,
        "192.0.2.1", "helo.example.com", NULL, "mx.example.net"},
    {"qmail, HELO is a literal",
        "from unknown (HELO [192.0.2.99]) (192.0.2.1) by mx.example.net with SMTP" DATE,
        "192.0.2.1", "[192.0.2.99]", NULL, "mx.example.net"},
    {"qmail, within", "(qmail 12345 invoked from network); 27 Nov 2026 10:00:00 -0000", NULL, NULL,
        NULL, NULL},
    {"Yahoo",
        "from 192.0.2.1 (EHLO helo.example.com) by 10.217.150.74 with SMTPs (version=TLS1_3 "
        "cipher=TLS_AES_256_GCM_SHA384)" DATE,
        "192.0.2.1", "helo.example.com", NULL, "10.217.150.74"},
    {"Yahoo, of old",
        "from 127.0.0.1  (EHLO helo.example.com) (192.0.2.1)\r\n  by mta1.mail.yahoo.com with "
        "SMTP" DATE,
        "192.0.2.1", "helo.example.com", NULL, "mta1.mail.yahoo.com"},
    {"Courier",
        "from helo.example.com (ptr.example.com [::ffff:192.0.2.1]) (TLS: TLSv1.3,256bits) by "
        "mx.example.net with ESMTPS id 1" DATE,
        "192.0.2.1", "helo.example.com", "ptr.example.com", "mx.example.net"},
    {"an address in no comment",
        "from unknown [192.0.2.1] (EHLO helo.example.com) by p01.example.net with ESMTP" DATE,
        "192.0.2.1", "helo.example.com", NULL, "p01.example.net"},
    {"the address alone", "from [192.0.2.1] by mx.example.net with SMTP" DATE, "192.0.2.1",
        "[192.0.2.1]", NULL, "mx.example.net"},
    {"LMTP",
        "from mx.example.net ([127.0.0.1]) by localhost (imap.example.net [127.0.0.1]) with LMTP "
        "id 1" DATE,
        "127.0.0.1", "mx.example.net", NULL, "localhost"},
    {"any case", "FROM Mail.Example.COM (x [192.0.2.1]) BY mx.example.net WITH esmtpsa" DATE,
        "192.0.2.1", "Mail.Example.COM", "x", "mx.example.net", true},

    /* what is no client's address */
    {"the server's own", "from mail.example.com by mx.example.net ([192.0.2.9])" DATE, NULL,
        "mail.example.com", NULL, "mx.example.net"},
    {"a reverse-path in front",
        "from mail.example.com (envelope-sender <a@192.0.2.9>) by mx.example.net" DATE, NULL,
        "mail.example.com", NULL, "mx.example.net"},
    {"a login", "from mail.example.com (Authenticated sender: a@192.0.2.9) by mx.example.net" DATE,
        NULL, "mail.example.com", NULL, "mx.example.net"},
    {"no address at all", "from mail.example.com ([192.0.2.256]) by mx.example.net" DATE, NULL,
        "mail.example.com", NULL, "mx.example.net"},
    {"behind the date", "from mail.example.com" DATE " ([192.0.2.9]) by mx.example.net", NULL,
        "mail.example.com", NULL, NULL},
    {"not of a name with control bytes", "from a\033[31mb (ptr\001 [192.0.2.1]) by mx\033c" DATE,
        "192.0.2.1", NULL, NULL, NULL},

    /* broken */
    {"empty", "", NULL, NULL, NULL, NULL},
    {"from nobody", "from", NULL, NULL, NULL, NULL},
    {"never closed", "from a.example (b.example [192.0.2.1]", "192.0.2.1", "a.example", "b.example",
        NULL},
    {"never closed, escaped", "from a.example (b\\", NULL, "a.example", NULL, NULL},
    {"a literal never closed", "from a.example ([192.0.2.1) by b.example", NULL, "a.example", NULL,
        "b.example"},
    {"closed too often", "from a.example )) (b [192.0.2.1])) by c.example", "192.0.2.1",
        "a.example", "b", "c.example"},
    {"by nobody", "from a.example ([192.0.2.1]) by" DATE, "192.0.2.1", "a.example", NULL, NULL},
    {"with nothing", "from a.example ([192.0.2.1]) by b.example with", "192.0.2.1", "a.example",
        NULL, "b.example"},
};

static void
expect_text(const struct form *form, const char *what, const char *got, const char *want)
{
	cr_expect((got == NULL) == (want == NULL) && (got == NULL || strcmp(got, want) == 0),
	    "%s: %s: %s", form->what, what, got != NULL ? got : "none");
}

Test(received, each_form)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct arena *arena = arena_new();
		struct received hop;
		char ip[IP_TEXT];

		received_read(forms[i].value, strlen(forms[i].value), arena, &hop);
		expect_text(&forms[i], "client",
		    hop.client.family != 0 ? ip_text(&hop.client, ip) : NULL, forms[i].client);
		expect_text(&forms[i], "helo", hop.helo, forms[i].helo);
		expect_text(&forms[i], "ptr", hop.ptr, forms[i].ptr);
		expect_text(&forms[i], "by", hop.by, forms[i].by);
		cr_expect_eq(hop.submitted, forms[i].submitted, "%s", forms[i].what);
		arena_free(arena);
	}
}

/* Cut anywhere, and every byte: nothing is read that is not there (the sanitizers look). */
Test(received, cut_anywhere)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		for (size_t len = 0; len < strlen(forms[i].value); len++) {
			struct arena *arena = arena_new();
			struct received hop;

			received_read(arena_copy(arena, forms[i].value, len), len, arena, &hop);
			arena_free(arena);
		}
}

Test(received, limits)
{
	struct arena *arena = arena_new();
	struct received hop, *trace;
	struct buf text;

	buf_init(&text, 100000);
	buf_puts(&text, "from ");
	for (size_t i = 0; i < RECEIVED_NAME_MAX; i++)
		buf_putc(&text, 'a');
	buf_puts(&text, " ([192.0.2.1])");
	received_read(text.data, text.len, arena, &hop);
	cr_expect(hop.helo != NULL && strlen(hop.helo) == RECEIVED_NAME_MAX);
	buf_clear(&text);
	buf_puts(&text, "from ");
	for (size_t i = 0; i <= RECEIVED_NAME_MAX; i++)
		buf_putc(&text, 'a');
	buf_puts(&text, " ([192.0.2.1])");
	received_read(text.data, text.len, arena, &hop);
	cr_expect(hop.helo == NULL && hop.client.family == 4, "a name too long is none");
	buf_clear(&text);
	buf_puts(&text, "from a.example ");
	while (text.len < RECEIVED_OCTETS_MAX)
		buf_puts(&text, "(x) ");
	buf_puts(&text, "([192.0.2.1])");
	received_read(text.data, text.len, arena, &hop);
	cr_expect_eq(hop.client.family, 0, "behind the limit nothing is read");
	buf_clear(&text);
	for (size_t i = 0; i < RECEIVED_FIELDS_MAX + 10; i++)
		buf_puts(&text, "Received: from a.example ([192.0.2.1])\r\n");
	cr_expect_eq(received_trace(text.data, text.len, arena, &trace), RECEIVED_FIELDS_MAX);
	buf_release(&text);
	arena_free(arena);
}

Test(received, of_a_message)
{
	static const struct {
		const char *message;
		size_t count;
		const char *first;
	} messages[] = {
	    {"Received: from a ([192.0.2.1])\r\nFrom: x\r\nreceived:\r\n from "
	     "b\r\n\t([192.0.2.2])\r\n\r\nReceived: from c ([192.0.2.3])\r\n",
	        2, "192.0.2.1"},
	    {"Received : from a ([192.0.2.1])\r\nReceived: from b ([192.0.2.2])\r\n\r\nx\r\n", 2,
	        "192.0.2.1"},
	    {"X-Received: from a ([192.0.2.1])\r\nReceived-SPF: pass client-ip=192.0.2.2\r\n\r\n",
	        0, NULL},
	    {"Received: from a ([192.0.2.1])", 1, "192.0.2.1"},
	    {"\r\nReceived: from a ([192.0.2.1])\r\n", 0, NULL},
	    {"Received", 0, NULL},
	    {"", 0, NULL},
	};

	for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
		struct arena *arena = arena_new();
		struct received *trace;
		char ip[IP_TEXT];

		cr_expect_eq(
		    received_trace(messages[i].message, strlen(messages[i].message), arena, &trace),
		    messages[i].count, "%zu", i);
		if (messages[i].first != NULL)
			cr_expect_str_eq(ip_text(&trace[0].client, ip), messages[i].first);
		arena_free(arena);
	}
}

/* ---- whose word counts */

#define GMAIL_WITHIN "Received: by 2002:a05:6402:350d with SMTP id 1\r\n"
#define GMAIL                                                                                      \
	"Received: from mail.example.org (mail.example.org. [192.0.2.1]) by mx.google.com with "   \
	"ESMTPS id 1\r\n"
#define OWN                                                                                        \
	"Received: from desk.example.org (unknown [198.51.100.5]) by mail.example.org (Postfix) "  \
	"with ESMTP id 1\r\n"
#define OWN_LOGIN                                                                                  \
	"Received: from [10.0.0.5] (dsl.example.net [203.0.113.50]) by mail.example.org "          \
	"(Postfix) with ESMTPSA id 1\r\n"
#define SMART_LOGIN                                                                                \
	"Received: from mail.example.org (mail.example.org [192.0.2.1]) by out.relay.example "     \
	"with ESMTPSA id 1\r\n"
#define SMART                                                                                      \
	"Received: from out.relay.example (out.relay.example [203.0.113.9]) by mx.google.com "     \
	"with ESMTPS id 1\r\n"
#define OUTLOOK_WITHIN                                                                             \
	"Received: from AM0.eurprd.prod.outlook.com (2603:10a6::1) by "                            \
	"DB8.eurprd.prod.outlook.com (2603:10a6::2) with Microsoft SMTP Server id 1\r\n"
#define OUTLOOK                                                                                    \
	"Received: from mail.example.org (192.0.2.1) by AM0.mail.protection.outlook.com "          \
	"(10.1.1.1) with Microsoft SMTP Server id 1\r\n"
#define SCANNED                                                                                    \
	"Received: from localhost (localhost [127.0.0.1]) by mx.example.net (Postfix) with ESMTP " \
	"id 1\r\n"
#define NAT                                                                                        \
	"Received: from mail.example.org (host7.isp.example [203.0.113.7]) by mx.example.net "     \
	"(Postfix) with ESMTP id 1\r\n"

Test(seen, by_the_first_stranger)
{
	static const struct {
		const char *what, *trace, *source, *client, *by; /* client NULL: nothing is told */
	} cases[] = {
	    {"received once", GMAIL, "192.0.2.1", "192.0.2.1", "mx.google.com"},
	    {"handed on within, at both ends", GMAIL_WITHIN GMAIL OWN_LOGIN, "192.0.2.1",
	        "192.0.2.1", "mx.google.com"},
	    {"scanned behind the border", SCANNED NAT OWN, "192.0.2.1", "203.0.113.7",
	        "mx.example.net"},
	    {"behind NAT, and the source not known", NAT, NULL, "203.0.113.7", "mx.example.net"},
	    {"the sender's own hops do not count", GMAIL OWN, NULL, "192.0.2.1", "mx.google.com"},
	    {"nor do the receiver's", OUTLOOK_WITHIN OUTLOOK, NULL, "192.0.2.1",
	        "AM0.mail.protection.outlook.com"},
	    {"nor a mail program's", GMAIL OWN_LOGIN, NULL, "192.0.2.1", "mx.google.com"},
	    {"a smart host, and ours was seen before it", SMART SMART_LOGIN, "192.0.2.1",
	        "192.0.2.1", "out.relay.example"},
	    {"a smart host, and another source is asked about", SMART SMART_LOGIN, "192.0.2.77",
	        "203.0.113.9", "mx.google.com"},
	    {"only our own", OWN, NULL, NULL, NULL},
	    {"only private", SCANNED, NULL, NULL, NULL},
	    {"none", "Subject: x\r\n", "192.0.2.1", NULL, NULL},
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena *arena = arena_new();
		struct seen_query query = {.own = {"example.org", NULL, "mail.example.org"}};
		struct received *trace;
		const struct received *hop;
		char ip[IP_TEXT];

		query.count = received_trace(cases[i].trace, strlen(cases[i].trace), arena, &trace);
		query.trace = trace;
		if (cases[i].source != NULL)
			cr_assert(ip_parse(&query.source, cases[i].source));
		hop = seen_by_others(&query);
		cr_expect_eq(hop != NULL, cases[i].client != NULL, "%s", cases[i].what);
		if (hop != NULL && cases[i].client != NULL) {
			cr_expect_str_eq(ip_text(&hop->client, ip), cases[i].client, "%s: %s",
			    cases[i].what, ip);
			cr_expect_str_eq(hop->by, cases[i].by, "%s: %s", cases[i].what, hop->by);
		}
		arena_free(arena);
	}
}
