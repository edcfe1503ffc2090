#include "lab/script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

enum { PAD = 700, LONG = 15000 };

static const char all_offers[] =
    "PIPELINING\nSIZE 10485760\n8BITMIME\nENHANCEDSTATUSCODES\nSTARTTLS";

/* What a good server says. */
static const char *const usual[STAGE_COUNT] = {
    [STAGE_GREETING] = "220 {host} ESMTP mxwalk lab",
    [STAGE_HELO] = "250 {host}",
    [STAGE_STARTTLS] = "220 2.0.0 Ready to start TLS",
    [STAGE_AUTH] = "535 5.7.8 Authentication credentials invalid",
    [STAGE_MAIL] = "250 2.1.0 Ok",
    [STAGE_RCPT] = "250 2.1.5 Ok",
    [STAGE_DATA] = "354 End data with <CR><LF>.<CR><LF>",
    [STAGE_MESSAGE] = "250 2.0.0 Ok: queued as LAB{domain}",
    [STAGE_QUIT] = "221 2.0.0 Bye",
};

/* ---- saying */

static void
put_padding(struct buf *out, size_t len)
{
	static const char words[] = "and so on and so forth, ";

	for (size_t i = 0; i < len; i++)
		buf_putc(out, words[i % (sizeof words - 1)]);
}

/* One {word}: false if there is no such word. */
static bool
put_word(const struct play *play, const char *word, size_t len, struct buf *out)
{
	const struct {
		const char *word, *value, *tail;
	} words[] = {
	    {"ip", play->ip, ""},
	    {"host", play->domain->name, ".mx." LAB_ZONE},
	    {"domain", play->domain->name, "." LAB_ZONE},
	    {"helo", play->helo, ""},
	    {"from", play->from, ""},
	    {"rcpt", play->rcpt, ""},
	};

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strlen(words[i].word) == len && memcmp(words[i].word, word, len) == 0) {
			buf_puts(out, words[i].value);
			buf_puts(out, words[i].tail);
			return true;
		}
	if (len == 3 && memcmp(word, "pad", 3) == 0)
		put_padding(out, PAD);
	else if (len == 4 && memcmp(word, "long", 4) == 0)
		put_padding(out, LONG);
	else
		return false;
	return true;
}

/* The text with its words filled in. Lines end in \n; each gets its CRLF unless the text is raw. */
static void
put_text(const struct play *play, const char *text, unsigned how, struct buf *out)
{
	while (*text != '\0') {
		size_t len = *text == '{' ? strcspn(text, "}") : 0;

		if (len > 0 && text[len] == '}' && put_word(play, text + 1, len - 1, out)) {
			text += len + 1;
			continue;
		}
		if (*text == '\n' && (how & RAW) == 0)
			buf_putc(out, '\r');
		buf_putc(out, *text++);
	}
	if ((how & RAW) == 0 && out->len > 0 && out->data[out->len - 1] != '\n')
		buf_puts(out, "\r\n");
}

static void
put_ehlo(const struct play *play, struct buf *out)
{
	const char *offers = play->domain->offers != NULL ? play->domain->offers : all_offers;
	struct buf lines;

	buf_init(&lines, 4096);
	buf_puts(&lines, "250-{host} greets {helo} [{ip}]\n");
	while (*offers != '\0') {
		size_t len = strcspn(offers, "\n");

		if (!play->tls || strncmp(offers, "STARTTLS", 8) != 0)
			buf_printf(&lines, "250-%.*s\n", (int)len, offers);
		offers += len + (offers[len] == '\n');
	}
	/* The last line is told by its space. */
	for (size_t at = lines.len - 1; at-- > 0;)
		if (at == 0 || lines.data[at - 1] == '\n') {
			lines.data[at + 3] = ' ';
			break;
		}
	put_text(play, lines.data, 0, out);
	buf_release(&lines);
}

/* The code of the last line said: 0 if that is no reply. */
static int
last_code(const struct buf *out)
{
	size_t at = out->len;

	while (at > 0 && out->data[at - 1] == '\n')
		at -= at > 1 && out->data[at - 2] == '\r' ? 2 : 1;
	while (at > 0 && out->data[at - 1] != '\n')
		at--;
	for (size_t i = at; i < at + 3; i++)
		if (i >= out->len || out->data[i] < '0' || out->data[i] > '9')
			return 0;
	return (out->data[at] - '0') * 100 + (out->data[at + 1] - '0') * 10 +
	       (out->data[at + 2] - '0');
}

/* ---- turns */

static bool
contains(const char *bytes, size_t len, const char *words)
{
	size_t size = strlen(words);

	for (size_t i = 0; i + size <= len; i++)
		if (strncasecmp(bytes + i, words, size) == 0)
			return true;
	return false;
}

static const struct lab_turn *
find_turn(const struct play *play, enum stage at, const char *heard, size_t len)
{
	unsigned standing =
	    play->standing | (play->tls ? 0 : IN_CLEAR) | (play->known ? 0 : STRANGER);

	for (size_t i = 0; i < LAB_TURNS; i++) {
		const struct lab_turn *turn = &play->domain->turns[i];

		if (turn->at == at && (turn->to == 0 || (turn->to & standing) != 0) &&
		    (turn->heard == NULL || contains(heard, len, turn->heard)))
			return turn;
	}
	return NULL;
}

/* Says what belongs to the stage: the turn's words, or none where it only departs, or the usual
 * ones. */
static struct move
say(const struct play *play, enum stage at, const char *heard, size_t len, struct buf *out)
{
	static const struct lab_turn good;
	const struct lab_turn *turn = find_turn(play, at, heard, len);
	struct move move = {.then = THEN_LISTEN};
	int code;

	if (turn == NULL)
		turn = &good;
	move.how = turn->how;
	move.ms = turn->ms;
	if (turn->says != NULL)
		put_text(play, turn->says, turn->how, out);
	else if ((turn->how & (FIN | RESET | MUTE)) != 0)
		move.then = THEN_LISTEN;
	else if (at == STAGE_EHLO || at == STAGE_EHLO_TLS)
		put_ehlo(play, out);
	else if (usual[at] != NULL)
		put_text(play, usual[at], 0, out);
	code = last_code(out);
	if (code == 421 || (turn->how & (FIN | RESET)) != 0)
		move.then = THEN_CLOSE;
	return move;
}

static struct move
answer(struct buf *out, const char *line)
{
	buf_puts(out, line);
	buf_puts(out, "\r\n");
	return (struct move){.then = THEN_LISTEN};
}

static bool
said_yes(const struct buf *out)
{
	int code = last_code(out);

	return code >= 200 && code < 300;
}

/* ---- commands */

static struct move
on_ehlo(struct play *play, const char *argument, struct buf *out)
{
	struct move move;

	snprintf(play->helo, sizeof play->helo, "%s", argument);
	if (*argument == '\0')
		return answer(out, "501 5.5.4 Syntax: EHLO hostname");
	move = say(play, play->tls ? STAGE_EHLO_TLS : STAGE_EHLO, argument, strlen(argument), out);
	play->greeted = said_yes(out);
	play->mail = false;
	play->recipients = 0;
	return move;
}

static struct move
on_helo(struct play *play, const char *argument, struct buf *out)
{
	struct move move;

	snprintf(play->helo, sizeof play->helo, "%s", argument);
	if (*argument == '\0')
		return answer(out, "501 5.5.4 Syntax: HELO hostname");
	move = say(play, STAGE_HELO, argument, strlen(argument), out);
	play->greeted = said_yes(out);
	play->mail = false;
	play->recipients = 0;
	return move;
}

static bool
offers(const struct play *play, const char *keyword)
{
	const char *list = play->domain->offers != NULL ? play->domain->offers : all_offers;

	return strstr(list, keyword) != NULL;
}

static struct move
on_starttls(struct play *play, const char *argument, struct buf *out)
{
	struct move move;

	if (*argument != '\0')
		return answer(out, "501 5.5.4 Syntax: STARTTLS");
	if (play->tls)
		return answer(out, "503 5.5.1 TLS is on already");
	if (!offers(play, "STARTTLS"))
		return answer(out, "502 5.5.1 STARTTLS is not offered");
	if (!play->greeted)
		return answer(out, "503 5.5.1 Send EHLO first");
	move = say(play, STAGE_STARTTLS, "", 0, out);
	if (move.then == THEN_LISTEN && said_yes(out))
		move.then = THEN_SHAKE_HANDS;
	return move;
}

/* A mechanism that is said in one line. */
static struct move
on_auth(struct play *play, const char *argument, struct buf *out)
{
	struct move move;

	if (!offers(play, "AUTH "))
		return answer(out, "502 5.5.1 AUTH is not offered");
	if (!play->greeted || play->known || play->mail)
		return answer(out, "503 5.5.1 Not now");
	move = say(play, STAGE_AUTH, argument, strlen(argument), out);
	play->known = said_yes(out);
	return move;
}

/* "FROM:<a@b> SIZE=1 …": the address into `address`, the parameters' place, or NULL where it is no
 * path (RFC 5321 section 4.1.2: no space behind the colon). */
static const char *
take_path(const char *argument, const char *keyword, char *address, size_t size)
{
	size_t len = strlen(keyword);
	const char *end;

	if (strncasecmp(argument, keyword, len) != 0 || argument[len] != '<')
		return NULL;
	argument += len + 1;
	end = strchr(argument, '>');
	if (end == NULL || (end[1] != '\0' && end[1] != ' '))
		return NULL;
	snprintf(address, size, "%.*s", (int)(end - argument), argument);
	return end + 1;
}

/* What SIZE offers (RFC 1870), else all that we can hold. */
static size_t
size_limit(const struct play *play)
{
	const char *list = play->domain->offers != NULL ? play->domain->offers : all_offers,
	           *size = strstr(list, "SIZE ");

	return size != NULL ? strtoul(size + 5, NULL, 10) : SCRIPT_MESSAGE_MAX;
}

/* MAIL parameters that were not offered are refused (RFC 5321 section 4.1.1.11). NULL: all are
 * fine. */
static const char *
check_parameters(struct play *play, const char *parameters)
{
	char word[128];
	int used;

	for (; sscanf(parameters, " %127s%n", word, &used) == 1; parameters += used) {
		unsigned long long size;

		if (sscanf(word, "SIZE=%llu", &size) == 1 && offers(play, "SIZE")) {
			if (size > size_limit(play))
				return "552 5.3.4 Message size exceeds fixed limit";
		} else if (strcasecmp(word, "BODY=8BITMIME") == 0 && offers(play, "8BITMIME")) {
			play->mime8bit = true;
		} else if (strcasecmp(word, "REQUIRETLS") == 0 && offers(play, "REQUIRETLS")) {
			continue;
		} else if (strcasecmp(word, "BODY=7BIT") != 0 || !offers(play, "8BITMIME")) {
			return "555 5.5.4 Unsupported option";
		}
	}
	return NULL;
}

static struct move
on_mail(struct play *play, const char *argument, struct buf *out)
{
	const char *parameters = take_path(argument, "FROM:", play->from, sizeof play->from),
	           *fault;
	struct move move;

	if (!play->greeted)
		return answer(out, "503 5.5.1 Send EHLO or HELO first");
	if (play->mail)
		return answer(out, "503 5.5.1 Nested MAIL command");
	if (parameters == NULL)
		return answer(out, "501 5.1.7 Syntax: MAIL FROM:<address>");
	play->mime8bit = false;
	fault = check_parameters(play, parameters);
	if (fault != NULL)
		return answer(out, fault);
	move = say(play, STAGE_MAIL, argument, strlen(argument), out);
	play->mail = said_yes(out);
	play->recipients = 0;
	return move;
}

static struct move
on_rcpt(struct play *play, const char *argument, struct buf *out)
{
	const char *parameters = take_path(argument, "TO:", play->rcpt, sizeof play->rcpt);
	struct move move;

	if (!play->mail)
		return answer(out, "503 5.5.1 Need MAIL command");
	if (parameters == NULL || *play->rcpt == '\0')
		return answer(out, "501 5.1.3 Syntax: RCPT TO:<address>");
	if (*parameters != '\0')
		return answer(out, "555 5.5.4 Unsupported option");
	move = say(play, STAGE_RCPT, argument, strlen(argument), out);
	play->recipients += said_yes(out);
	return move;
}

static struct move
on_data(struct play *play, const char *argument, struct buf *out)
{
	struct move move;

	if (*argument != '\0')
		return answer(out, "501 5.5.4 Syntax: DATA");
	if (play->recipients == 0)
		return answer(out,
		    play->mail ? "554 5.5.1 No valid recipients" : "503 5.5.1 Need RCPT command");
	move = say(play, STAGE_DATA, "", 0, out);
	if (move.then == THEN_LISTEN && last_code(out) == 354)
		move.then = THEN_MESSAGE;
	return move;
}

static struct move
on_rset(struct play *play, const char *argument, struct buf *out)
{
	(void)argument;
	play->mail = false;
	play->recipients = 0;
	return answer(out, "250 2.0.0 Ok");
}

static struct move
on_noop(struct play *play, const char *argument, struct buf *out)
{
	(void)play;
	(void)argument;
	return answer(out, "250 2.0.0 Ok");
}

static struct move
on_quit(struct play *play, const char *argument, struct buf *out)
{
	struct move move = say(play, STAGE_QUIT, "", 0, out);

	(void)argument;
	if ((move.how & MUTE) == 0)
		move.then = THEN_CLOSE;
	return move;
}

static const struct {
	const char *word;
	struct move (*on)(struct play *play, const char *argument, struct buf *out);
} verbs[] = {
    {"EHLO", on_ehlo},
    {"HELO", on_helo},
    {"STARTTLS", on_starttls},
    {"AUTH", on_auth},
    {"MAIL", on_mail},
    {"RCPT", on_rcpt},
    {"DATA", on_data},
    {"RSET", on_rset},
    {"NOOP", on_noop},
    {"QUIT", on_quit},
};

struct move
play_command(struct play *play, const char *line, struct buf *out)
{
	size_t len = strcspn(line, " ");
	const char *argument = line + len + (line[len] == ' ');

	for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
		if (strlen(verbs[i].word) == len && strncasecmp(verbs[i].word, line, len) == 0) {
			if (play->refused && verbs[i].on != on_quit)
				return answer(
				    out, "503 5.5.1 This server takes no command but QUIT");
			return verbs[i].on(play, argument, out);
		}
	return answer(out, "500 5.5.2 Command not recognized");
}

/* ---- the rest */

void
play_start(struct play *play, const struct lab_domain *domain, const struct ip *client)
{
	*play = (struct play){.domain = domain};
	ip_text(client, play->ip);
	play->standing = lab_standing(play->ip);
}

struct move
play_connect(struct play *play)
{
	const struct lab_turn *turn = find_turn(play, STAGE_CONNECT, "", 0);

	return (struct move){.how = turn != NULL ? turn->how : 0};
}

struct move
play_greet(struct play *play, struct buf *out)
{
	struct move move = say(play, STAGE_GREETING, "", 0, out);

	play->refused = last_code(out) >= 400;
	return move;
}

struct move
play_handshake(struct play *play, struct buf *out)
{
	return say(play, STAGE_HANDSHAKE, "", 0, out);
}

void
play_secured(struct play *play)
{
	play->tls = true;
	play->greeted = play->mail = play->known = false;
	play->recipients = 0;
	play->helo[0] = play->from[0] = play->rcpt[0] = '\0';
}

/* The lab is stricter than most: what no client may send is refused here, so that a test sees it.
 */
struct move
play_message(struct play *play, const struct heard *message, struct buf *out)
{
	play->mail = false;
	play->recipients = 0;
	if (message->too_big || message->len > size_limit(play))
		return answer(out, "552 5.3.4 Message size exceeds fixed limit");
	if (message->bare && !play->domain->loose)
		return answer(out, "554 5.6.11 The message has a bare CR or LF");
	if (message->eight_bit && !play->mime8bit)
		return answer(out,
		    "554 5.6.3 The message has 8-bit data, and BODY=8BITMIME was not declared");
	return say(play, STAGE_MESSAGE, message->bytes, message->len, out);
}
