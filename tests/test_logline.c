/* What holds replies: each form of log, reply and bounce → what was said, at which stage, to whom,
 * by whom. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/counter.h"
#include "logs/maillog.h"

static void
write_down(const struct refusal *refusal, void *arg)
{
	struct buf *out = arg;
	struct arena *arena = arena_new();
	const char *domain = logline_domain(refusal->recipient, arena);

	buf_printf(out, "%.*s|%s|%s|%s;", (int)refusal->len, refusal->text,
	    refusal->stage != STAGE_NONE ? stage_name(refusal->stage) : "",
	    domain != NULL ? domain : "", refusal->relay != NULL ? refusal->relay : "");
	arena_free(arena);
}

static struct maillog_counts
read_all(const char *text, struct buf *out)
{
	struct maillog *log = maillog_new(write_down, out);
	struct maillog_counts counts;
	const char *end = text + strlen(text);

	buf_init(out, 100000);
	for (const char *line = text; line < end;) {
		size_t len = strcspn(line, "\n");

		maillog_line(log, line, len);
		line += len + 1;
	}
	maillog_end(log);
	counts = maillog_counts(log);
	maillog_free(log);
	return counts;
}

#define POSTFIX                                                                                    \
	"Nov 24 10:00:00 mail postfix/smtp[12]: 4A: to=<Joe@Example.COM>, orig_to=<x@y>, "         \
	"relay=mx.example.com[198.51.100.7]:25, delay=1, dsn=5.7.1, status="
#define MX "host mx.example.com[198.51.100.7]"
#define SENDMAIL                                                                                   \
	"Nov 24 10:00:00 mail sm-mta[1]: 1AO: to=<joe@example.com>, delay=00:00:01, "              \
	"mailer=esmtp, pri=1, relay=mx.example.com. [198.51.100.7], dsn=5.1.1, "
#define OPENSMTPD                                                                                  \
	"Nov 24 10:00:00 mail smtpd[1]: 01 mta delivery evpid=1 from=<a@example.net> "             \
	"to=<joe@example.com> rcpt=<-> source=\"192.0.2.1\" relay=\"198.51.100.7 "                 \
	"(mx.example.com)\" delay=1s "
#define EXIM "2026-11-24 10:00:00 1abcDE-000001-AB ** joe@example.com R=dnslookup T=remote_smtp "
#define QMAIL "@400000005f000000000000 delivery 4: "

static const struct {
	const char *input, *expected; /* text|stage|domain|relay; of each reply */
} cases[] = {
    /* Postfix */
    {POSTFIX "bounced (" MX " said: 554 5.7.1 no (in reply to RCPT TO command))",
        "554 5.7.1 no|rcpt|example.com|mx.example.com;"},
    {POSTFIX "bounced (" MX " said: 550 5.7.1 (x) no (in reply to end of DATA command))",
        "550 5.7.1 (x) no|message|example.com|mx.example.com;"},
    {POSTFIX "deferred (" MX " said: 451 no (in reply to MAIL FROM command))",
        "451 no|mail|example.com|mx.example.com;"},
    {POSTFIX "deferred (" MX " said: 451 no (in reply to DATA command))",
        "451 no|data|example.com|mx.example.com;"},
    {POSTFIX "deferred (" MX " refused to talk to me: 554 go away)",
        "554 go away|greeting|example.com|mx.example.com;"},
    {POSTFIX "deferred (delivery temporarily suspended: " MX " refused to talk to me: 554 go away)",
        "554 go away|greeting|example.com|mx.example.com;"},
    {POSTFIX "deferred (connect to mx.example.com[198.51.100.7]:25: Connection refused)",
        "connect to mx.example.com[198.51.100.7]:25: Connection "
        "refused||example.com|mx.example.com;"},
    {POSTFIX "deferred (lost connection with mx.example.com[198.51.100.7] while receiving the "
             "initial server greeting)",
        "lost connection with mx.example.com[198.51.100.7] while receiving the initial server "
        "greeting||example.com|mx.example.com;"},
    {POSTFIX "bounced (Host or domain name not found. Name service error for name=x type=A: Host "
             "not found)",
        "Host or domain name not found. Name service error for name=x type=A: Host not "
        "found||example.com|mx.example.com;"},
    {POSTFIX "sent (250 2.0.0 Ok: queued as 554 5.7.1 X)", ""},
    {"Nov 24 10:00:00 mail postfix/lmtp[1]: 4A: to=<joe@example.com>, relay=mail[private/lmtp], "
     "delay=1, dsn=5.1.1, status=bounced (host mail[private/lmtp] said: 550 5.1.1 no (in reply to "
     "RCPT TO command))",
        "550 5.1.1 no|rcpt|example.com|mail;"},
    {"Nov 24 10:00:00 mail postfix/smtp[1]: 4A: " MX
     " said: 450 4.7.1 later (in reply to RCPT TO command)",
        "450 4.7.1 later|rcpt||mx.example.com;"},
    {"Nov 24 10:00:00 mail postfix/smtpd[1]: NOQUEUE: reject: RCPT from unknown[192.0.2.1]: 554 "
     "5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example; see: x; "
     "from=<a@example.net> to=<joe@example.com> proto=ESMTP helo=<h>",
        "554 5.7.1 Service unavailable; Client host [192.0.2.1] blocked using bl.example; see: "
        "x|rcpt|example.com|;"},
    {"Nov 24 10:00:00 mail postfix/postscreen[1]: NOQUEUE: reject: CONNECT from [192.0.2.1]:52010: "
     "554 5.3.2 no",
        "554 5.3.2 no|greeting||;"},
    {"Nov 24 10:00:00 mail postfix/cleanup[1]: 4A: milter-reject: END-OF-MESSAGE from "
     "mail[192.0.2.1]: 5.7.1 spam; from=<a@example.net> to=<joe@example.com> proto=ESMTP helo=<h>",
        "5.7.1 spam|message|example.com|;"},
    {"Nov 24 10:00:00 mail postfix/cleanup[1]: 4A: reject: header Subject: x from mail[192.0.2.1]; "
     "from=<a@example.net> to=<joe@example.com> proto=ESMTP helo=<h>: 5.7.1 no",
        "5.7.1 no|message|example.com|;"},
    /* Exim */
    {EXIM "H=mx.example.com [198.51.100.7] X=TLS1.3:A:256 CV=yes: SMTP error from remote mail "
          "server after RCPT TO:<joe@example.com>: 550-No\\n550 such user",
        "550-No\n550 such user|rcpt|example.com|mx.example.com;"},
    {EXIM ": SMTP error from remote mail server after end of data: host mx.example.com "
          "[198.51.100.7]: 554 no",
        "554 no|message|example.com|mx.example.com;"},
    {EXIM "H=mx.example.com [198.51.100.7]: SMTP error from remote mail server after pipelined "
          "MAIL FROM:<a@b> SIZE=1: 550 no",
        "550 no|mail|example.com|mx.example.com;"},
    {EXIM "H=mx.example.com [198.51.100.7]: SMTP error from remote mail server after pipelined end "
          "of data: 550 no",
        "550 no|message|example.com|mx.example.com;"},
    {"2026-11-24 10:00:00 1abcDE-000001-AB == joe@example.com R=dnslookup T=remote_smtp defer "
     "(-46) H=mx.example.com [198.51.100.7]: SMTP error from remote mail server after initial "
     "connection: 421 no",
        "421 no|greeting|example.com|mx.example.com;"},
    {"2026-11-24 10:00:00 1abcDE-000001-AB == joe@example.com R=dnslookup T=remote_smtp defer "
     "(110): Connection timed out",
        "Connection timed out||example.com|;"},
    {EXIM ": Unrouteable address", "Unrouteable address||example.com|;"},
    {"2026-11-24 10:00:00 H=(x) [192.0.2.1] F=<a@example.net> rejected RCPT <joe@example.com>: "
     "relay not permitted",
        "relay not permitted|rcpt|example.com|;"},
    /* Sendmail */
    {SENDMAIL "reply=550 5.1.1 no such user, stat=User unknown",
        "550 5.1.1 no such user||example.com|mx.example.com;"},
    {SENDMAIL "stat=Service unavailable", "Service unavailable||example.com|mx.example.com;"},
    {SENDMAIL "stat=Deferred: 451 4.7.1 later", "451 4.7.1 later||example.com|mx.example.com;"},
    {SENDMAIL "stat=Deferred: Connection timed out with mx.example.com.",
        "Connection timed out with mx.example.com.||example.com|mx.example.com;"},
    {SENDMAIL "stat=reply: read error from mx.example.com.",
        "reply: read error from mx.example.com.||example.com|mx.example.com;"},
    {SENDMAIL "stat=Sent (554 5.7.1 ok)", ""},
    {"Nov 24 10:00:00 mail sm-mta[1]: ruleset=check_rcpt, arg1=<joe@example.com>, relay=x "
     "[192.0.2.1], reject=550 5.7.1 <joe@example.com>... Relaying denied",
        "550 5.7.1 <joe@example.com>... Relaying denied|rcpt|example.com|;"},
    /* OpenSMTPD */
    {OPENSMTPD "result=\"PermFail\" stat=\"554 5.7.1 said \"no\"\"",
        "554 5.7.1 said \"no\"||example.com|mx.example.com;"},
    {OPENSMTPD "result=\"TempFail\" stat=\"Network error on destination MXs\"",
        "Network error on destination MXs||example.com|mx.example.com;"},
    {OPENSMTPD "result=\"Ok\" stat=\"250 2.0.0 ok\"", ""},
    {"Nov 24 10:00:00 mail smtpd[1]: 01 smtp failed-command command=\"RCPT TO:<joe@example.com> \" "
     "result=\"550 Invalid recipient: <joe@example.com>\"",
        "550 Invalid recipient: <joe@example.com>|rcpt|example.com|;"},
    /* qmail */
    {QMAIL "failure: "
           "198.51.100.7_does_not_like_recipient./Remote_host_said:_550-5.1.1_see_http://x/y/"
           "550_5.1.1_no/Giving_up_on_198.51.100.7./",
        "550-5.1.1 see http://x/y\n550 5.1.1 no|rcpt||198.51.100.7;"},
    {"@400000005f000000000000 starting delivery 4: msg 12 to remote joe@example.com\n" QMAIL
     "deferral: Connected_to_198.51.100.7_but_greeting_failed./Remote_host_said:_421_busy/",
        "421 busy|greeting|example.com|198.51.100.7;"},
    {QMAIL "deferral: Sorry,_I_wasn't_able_to_establish_an_SMTP_connection._(#4.4.1)/",
        "Sorry, I wasn't able to establish an SMTP connection. (#4.4.1)|||;"},
    {QMAIL "success: 198.51.100.7_accepted_message./Remote_host_said:_250_ok/", ""},
    /* Exchange */
    {"x,[{LED=550 5.7.1 no};{MSG=};{FQDN=mx.example.com};{IP=198.51.100.7};{LRT=}]",
        "550 5.7.1 no|||mx.example.com;"},
    {"Remote Server returned '550 5.7.1 it's not allowed'", "550 5.7.1 it's not allowed|||;"},
    {"#Fields: "
     "date-time,event-id,recipient-address,recipient-status\n2026,FAIL,joe@example.com;b@c,[{LED="
     "550 5.1.1 no};{FQDN=mx.example.com}]\n2026,SEND,joe@example.com,250 ok",
        "550 5.1.1 no||example.com|mx.example.com;"},
    /* PowerMTA */
    {"type,timeLogged,rcpt,dsnStatus,dsnDiag,dsnMta\nb,1,joe@example.com,5.1.1 (bad),\"smtp;550 "
     "5.1.1 \"\"joe\"\", no\",mx.example.com (198.51.100.7)\nd,1,joe@example.com,2.0.0,smtp;250 "
     "ok,mx.example.com",
        "550 5.1.1 \"joe\", no||example.com|mx.example.com;"},
    /* NDJSON */
    {"{\"text\":\"554-a\\n554 "
     "b\",\"stage\":\"rcpt\",\"mx\":\"mx.example.com\",\"recipient\":\"joe@example.com\"}",
        "554-a\n554 b|rcpt|example.com|mx.example.com;"},
    {"{\"text\":\"no\",\"stage\":\"lunch\"}", "no|||;"},
    {"{\"type\":\"Bounce\",\"recipient\":\"joe@example.com\",\"response\":{\"code\":550,\"enhanced_"
     "code\":{\"class\":5,\"subject\":1,\"detail\":1},\"content\":\"no\",\"command\":\".\"},\"peer_"
     "address\":{\"name\":\"mx.example.com\"}}",
        "no|message|example.com|mx.example.com;"},
    {"{\"type\":\"Delivery\",\"recipient\":\"joe@example.com\",\"response\":{\"code\":250,"
     "\"content\":\"ok\"}}",
        ""},
    {"{\"type\":\"result\",\"domain\":\"example.com\",\"rcpt\":null,\"stage\":\"greeting\","
     "\"reply\":{\"code\":554,\"enhanced\":\"\",\"text\":\"no\"},\"attempts\":[{\"mx\":\"mx."
     "example.com\"}]}",
        "no|greeting|example.com|mx.example.com;"},
    {"{\"type\":\"result\",\"domain\":\"example.com\",\"reply\":null}", ""},
    {"{\"MESSAGE\":\"4A: to=<joe@example.com>, relay=mx.example.com[1.2.3.4]:25, status=bounced "
     "(" MX " said: 554 no)\"}",
        "554 no||example.com|mx.example.com;"},
    {"{\"text\":", ""},
    {"[1,2]", ""},
    /* replies as they are */
    {"554 no", "554 no|||;"},
    {"554-a\n554-b\n554 c\n550 d", "554-a\n554-b\n554 c|||;550 d|||;"},
    {"554-a\n\n554 b", "554-a|||;554 b|||;"},
    {"554-a\n550 b", "554-a|||;550 b|||;"},
    {"554-a", "554-a|||;"},
    {"<** 554-a\n<** 554 b\n -> QUIT\n<-  221 bye", "554-a\n554 b|||;"},
    {"5.7.1 no", "5.7.1 no|||;"},
    {"250 ok\n354 go\n220 hello", ""},
    {"5540 no\nhello\n5.9.10.11 an address", ""},
    /* bounces */
    {"Return-Path: <>\nContent-Type: multipart/report; report-type=delivery-status;\n "
     "boundary=\"b/1\"\n\n--b/1\n\n<joe@example.com>: " MX
     " said: 550\n    no (in reply to RCPT TO command)\n\n--b/1\nContent-Type: "
     "message/delivery-status\n\n"
     "Reporting-MTA: dns; m\n\nFinal-Recipient: rfc822; joe@example.com\nStatus: "
     "5.1.1\nRemote-MTA: dns; mx.example.com\nDiagnostic-Code: smtp; 550 no\n such "
     "user\n\nFinal-Recipient: rfc822;ann@example.org\nDiagnostic-Code: X-Postfix; connect to x: "
     "Connection refused\n\n"
     "Final-Recipient: rfc822;bob@example.org\nStatus: 5.7.1\nDiagnostic-Code: smtp;554 5.7.1 "
     "b\n\n--b/1--\n\n550 after",
        "550 no such user|rcpt|example.com|mx.example.com;connect to x: Connection "
        "refused||example.org|;554 5.7.1 b||example.org|;550 after|||;"},
    {"From: x\n\n<joe@example.com>: " MX " said: 550 5.1.1\n    no such user (in reply to RCPT TO "
     "command)\n\n<ann@example.org>: connect to x: no\n",
        "550 5.1.1 no such user|rcpt|example.com|mx.example.com;"},
    {"From: x\n\n  joe@example.com\n    host mx.example.com [198.51.100.7]\n    SMTP error from "
     "remote mail server after RCPT TO:<joe@example.com>:\n    550 no\n",
        "550 no|rcpt|example.com|mx.example.com;"},
    {"From: x\n\n<joe@example.com>:\nConnected to 198.51.100.7 but sender was rejected.\nRemote "
     "host said: 553-a\n553 b\nGiving up on 198.51.100.7.\n",
        "553-a\n553 b|mail|example.com|198.51.100.7;"},
    {"From: x\n\n... while talking to mx.example.com.:\n>>> RCPT To:<joe@example.com>\n<<< "
     "550-a\n<<< 550 b\n550 5.1.1 <joe@example.com>... User unknown\n",
        "550-a\n550 b|rcpt|example.com|mx.example.com;"},
    {"From: x\n\nAll is well.\n", ""},
    {"From: x\n\n<joe@example.com>: " MX " said: 550 5.1.1 no\n\nNov 24 10:00:00 mail x: " MX
     " said: 554 5.7.1 log\n",
        "550 5.1.1 no||example.com|mx.example.com;554 5.7.1 log|||mx.example.com;"},
    {"From a@b Tue Nov 24 10:00:00 2026\nFrom: x\n\nDiagnostic-Code: smtp; 550 one\n\nFrom a@b Tue "
     "Nov 24 10:00:00 2026\nFrom: "
     "x\n\nDiagnostic-Code: smtp; 550 two\n",
        "550 one|||;550 two|||;"},
};

Test(maillog, each_form)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct buf out;

		read_all(cases[i].input, &out);
		cr_expect_str_eq(out.data, cases[i].expected, "%s\n  expected %s\n  got      %s",
		    cases[i].input, cases[i].expected, out.data);
		buf_release(&out);
	}
}

Test(maillog, counts)
{
	struct buf out;
	struct maillog_counts counts =
	    read_all("554 a\n\nhello\n" POSTFIX "sent (250 ok)\nFrom: x\n\nno bounce\n", &out);

	cr_expect_eq(counts.told, 1);
	cr_expect_eq(counts.unknown, 1); /* hello */
	cr_expect_eq(counts.silent_mails, 1);
	buf_release(&out);
}

Test(maillog, limits)
{
	struct buf out;
	struct maillog *log = maillog_new(write_down, &out);
	char *line = must_alloc(MAILLOG_LINE_MAX + 2);

	buf_init(&out, 1 << 20);
	memset(line, 'x', MAILLOG_LINE_MAX + 1);
	memcpy(line, "554 ", 4);
	maillog_line(log, line, MAILLOG_LINE_MAX + 1);
	cr_expect_eq(maillog_counts(log).too_long, 1);
	cr_expect_eq(maillog_counts(log).told, 0);
	maillog_line(log, line, MAILLOG_LINE_MAX);
	maillog_end(log);
	cr_expect_eq(maillog_counts(log).told, 1);
	for (int i = 0; i < 128 * 3; i++) /* a reply without an end is told in pieces */
		maillog_line(log, "554-a", 5);
	maillog_end(log);
	cr_expect_eq(maillog_counts(log).told, 4);
	maillog_line(log, "554 a\0b", 7);
	maillog_flush(log);
	cr_expect_eq(maillog_counts(log).told, 5);
	cr_expect_not_null(strstr(out.data, "554 a b|"));
	buf_release(&out);
	maillog_free(log);
	free(line);
}

Test(logline, domain)
{
	static const char *const table[][2] = {{"Joe@Example.COM", "example.com"},
	    {"\"a@b\"@example.com.", "example.com"}, {"<a@b.c>", "b.c"}, {"joe", NULL},
	    {"a@", NULL}, {"a@b\x01", NULL}, {NULL, NULL}};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		const char *domain = logline_domain(table[i][0], arena);

		cr_expect(domain == NULL ? table[i][1] == NULL
		                         : table[i][1] != NULL && strcmp(domain, table[i][1]) == 0,
		    "%s: %s", table[i][0], domain);
	}
	arena_free(arena);
}

Test(counter, most_first_and_bounded)
{
	struct counter *counter = counter_new(3);
	const struct count *list;
	static const char names[] = "abbcccabdde";

	for (const char *p = names; *p != '\0'; p++) {
		char name[2] = {*p, '\0'};

		counter_add(counter, name);
	}
	cr_assert_eq(counter_list(counter, &list), 4);
	cr_expect_str_eq(list[0].name, "b"); /* as many as c, but earlier by name */
	cr_expect_eq(list[0].count, 3);
	cr_expect_str_eq(list[1].name, "c");
	cr_expect_str_eq(list[2].name, "a");
	cr_expect_str_eq(list[3].name, COUNTER_OTHERS);
	cr_expect_eq(list[3].count, 3);
	counter_free(counter);
}

Test(counter, lists_the_largest_whenever_they_came)
{
	struct counter *counter = counter_new(1000);
	const struct count *list;
	char name[16];

	for (unsigned i = 0; i < 500; i++) {
		snprintf(name, sizeof name, "small%u", i);
		counter_add(counter, name);
	}
	for (unsigned i = 0; i < 70; i++)
		counter_add(counter, i % 7 == 0 ? "large" : "larger");
	counter_show(counter, 3);
	cr_assert_eq(counter_list(counter, &list), 4);
	cr_expect_str_eq(list[0].name, "larger");
	cr_expect_eq(list[0].count, 60);
	cr_expect_str_eq(list[1].name, "large");
	cr_expect_str_eq(list[3].name, COUNTER_OTHERS);
	cr_expect_eq(list[3].count, 499);
	counter_free(counter);
}
