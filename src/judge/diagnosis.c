#include "judge/diagnosis.h"

#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "judge/findings.h"

struct desk { /* what is on it */
	const struct reading *reading;
	const struct sender *sender;
	enum stage stage;
	struct findings found;
	const struct listing **told; /* already in the evidence */
	size_t told_count;
	struct arena *arena;
	struct diagnosis *out;
};

/* ---- helpers of the rows */

static void
say(struct desk *desk, const char *sentence)
{
	const char **evidence = arena_push(
	    desk->arena, &desk->out->evidence, desk->out->evidence_count, sizeof *evidence);

	*evidence = sentence;
	desk->out->evidence_count++;
}

static void
say_listing(struct desk *desk, const char *before, const struct listing *listing)
{
	const struct listing **told =
	    arena_push(desk->arena, &desk->told, desk->told_count, sizeof *told);

	*told = listing;
	desk->told_count++;
	say(desk,
	    arena_printf(desk->arena, "%s%s", before, listing_describe(listing, desk->arena)));
}

static bool
is_told(const struct desk *desk, const struct listing *listing)
{
	for (size_t i = 0; i < desk->told_count; i++)
		if (desk->told[i] == listing)
			return true;
	return false;
}

static void
add_also(struct desk *desk, enum cause cause, const char *rule)
{
	struct also *also;

	if (cause == desk->out->cause)
		return;
	for (size_t i = 0; i < desk->out->also_count; i++)
		if (desk->out->also[i].cause == cause)
			return;
	also = arena_push(desk->arena, &desk->out->also, desk->out->also_count, sizeof *also);
	*also = (struct also){.cause = cause, .rule = rule};
	desk->out->also_count++;
}

static const char *
our_ip(const struct desk *desk)
{
	char text[IP_TEXT];

	return arena_string(desk->arena, ip_text(&desk->sender->ip, text));
}

static const char *
other_ip(const struct desk *desk)
{
	char text[IP_TEXT];

	return arena_string(desk->arena, ip_text(&desk->found.client, text));
}

static void
act(struct desk *desk, enum who who, const char *advice)
{
	desk->out->who = who;
	desk->out->advice = advice;
}

/* What the list itself says about getting off, of the sublist that has us. */
static void
act_on_listing(struct desk *desk, const struct listing *listing)
{
	const struct list_value *value = listing->value;
	const char *advice =
	    value != NULL && value->advice != NULL ? value->advice : listing->list->advice;

	if (value != NULL && value->who != NULL)
		who_parse(value->who, &desk->out->who);
	if (desk->out->who == WHO_NOBODY)
		desk->out->who = WHO_SENDER;
	if (advice != NULL)
		desk->out->advice = advice;
	if (desk->out->advice == NULL)
		desk->out->advice = "Find out on the list's page what was seen, end it, then ask "
		                    "for removal there.";
	if (listing->url != NULL)
		desk->out->url = listing->url;
}

static void
blame_listing(struct desk *desk, const struct listing *listing)
{
	say_listing(desk, "", listing);
	if (desk->out->list == NULL)
		desk->out->list = listing->list->zone;
	if (desk->out->listed == NULL)
		desk->out->listed = listing->item;
	act_on_listing(desk, listing);
}

/* ---- the rows' words: each finds the diagnosis filled from the reading, and adds what the finding
 * tells */

static void
tell_nothing(struct desk *desk)
{
	(void)desk;
}

static void
tell_dead(struct desk *desk)
{
	say(desk, arena_printf(desk->arena, "The reply goes by %s, a list that is no more: %s.",
	              desk->found.named->name, desk->found.named->dead));
	act(desk, WHO_RECEIVER,
	    "Nothing is wrong on your side as far as this reply goes, and there is nobody to ask "
	    "for removal. Write to the receiver's postmaster by another way: their server still "
	    "asks a list that is gone, and refuses good mail for it.");
	desk->out->url = NULL;
}

static void
tell_wrong_kind(struct desk *desk)
{
	say(desk,
	    arena_printf(desk->arena,
	        "The reply says that %s lists the address %s, but that is a list of domains: asked "
	        "about an address it returns an error code, which the receiver took for a listing.",
	        desk->found.named->name, desk->reading->listed));
	act(desk, WHO_RECEIVER,
	    "There is nobody to ask for removal. Write to the receiver's postmaster by another "
	    "way: their server asks a list of domains about addresses, and so refuses everybody.");
	desk->out->url = NULL;
}

static void
tell_refused_receiver(struct desk *desk)
{
	say(desk, "The list declined the receiver's own query (public resolver, too many queries, "
	          "or no key), and the receiver took that for a listing.");
	if (desk->found.listing != NULL)
		say_listing(desk, "", desk->found.listing);
	act(desk, WHO_RECEIVER,
	    "There is nobody to ask for removal. Write to the receiver's postmaster by another "
	    "way: their mail server has to ask the list through a resolver of its own or with a "
	    "key, and must not take its error codes for listings.");
	desk->out->url = NULL;
}

static void
tell_receiver(struct desk *desk)
{
	if (desk->out->who == WHO_NOBODY)
		desk->out->who = WHO_RECEIVER;
	desk->out->url = NULL;
}

static void
tell_refused_receiver_but_listed(struct desk *desk)
{
	tell_refused_receiver(desk);
	say(desk, "So both hold: the receiver is misconfigured, and the list has an entry that "
	          "others will go by.");
	add_also(desk, CAUSE_IP_BLOCKLIST, NULL);
}

static void
tell_other_address(struct desk *desk)
{
	say(desk,
	    arena_printf(desk->arena,
	        "The reply speaks of %s, but ours is %s: between here and the receiver the address "
	        "is changed, by NAT, a proxy or a relay (or the reply is an old one).",
	        other_ip(desk), our_ip(desk)));
	act(desk, WHO_SENDER,
	    arena_printf(desk->arena,
	        "Find out which way the mail leaves. If %s is yours, look into that address "
	        "(mxwalk check dnsbl %s; mxwalk check ptr %s); if it is not, your mail is relayed "
	        "by somebody else's host.",
	        other_ip(desk), other_ip(desk), other_ip(desk)));
}

static void
tell_hidden_address(struct desk *desk)
{
	say(desk, arena_printf(desk->arena,
	              "The reply speaks of %s. This host sends from %s, a private address that no "
	              "receiver sees: NAT changes it on the way, so nothing could be checked.",
	              other_ip(desk), our_ip(desk)));
	desk->out->advice = arena_printf(desk->arena,
	    "Look into the public address: mxwalk check dnsbl %s; mxwalk check ptr %s; or repeat "
	    "the walk with --public-ip %s.",
	    other_ip(desk), other_ip(desk), other_ip(desk));
}

static void
tell_listed(struct desk *desk)
{
	blame_listing(desk, desk->found.listing);
}

static void
tell_clean(struct desk *desk)
{
	const struct listing *listing = desk->found.listing;

	say_listing(desk, "", listing);
	say(desk, arena_printf(desk->arena,
	              "Usual reasons for such a difference: the receiver still has an old answer "
	              "in its cache, or asks another copy of the list; it saw another %s than "
	              "%s%s; or the entry was removed only lately.",
	              strcmp(listing->identity, "ip") == 0 ? "address" : "name", listing->item,
	              strcmp(listing->identity, "ip") == 0 ? " (NAT, proxy, relay)" : ""));
	act(desk, WHO_RECEIVER,
	    arena_printf(desk->arena,
	        "Do not ask the list for removal: there is nothing to remove. Make sure that %s is "
	        "what the receiver sees, try again after an hour, and if it stays so send the "
	        "receiver's postmaster this finding.",
	        listing->item));
	desk->out->url = listing->url;
}

static void
tell_clean_names(struct desk *desk)
{
	say_listing(desk, "", desk->found.listing);
	say(desk, "The message may hold links to other domains, which were not looked up.");
}

static void
tell_no_answer(struct desk *desk)
{
	say_listing(desk, "", desk->found.listing);
	say(desk, "So what the reply says is neither confirmed nor contradicted.");
}

static void
tell_not_asked(struct desk *desk)
{
	const struct named_list *named = desk->found.named;
	const char *listed = desk->out->listed;

	if (desk->out->url == NULL && named->list != NULL && listed != NULL)
		desk->out->url = blocklist_page(named->list, listed, desk->arena);
	if (desk->sender != NULL)
		say(desk,
		    arena_printf(desk->arena,
		        "%s was not asked%s%s%s, so what the reply says is neither confirmed nor "
		        "contradicted.",
		        named->name, listed != NULL ? " about " : "", listed != NULL ? listed : "",
		        named->list == NULL ? " (it is no public list that we know)" : ""));
}

static void
tell_unnamed(struct desk *desk)
{
	const char *advice = desk->out->advice, *url = desk->out->url;

	say_listing(desk,
	    "The reply names no list and may mean one of its own, but: ", desk->found.grave_ip);
	act_on_listing(desk, desk->found.grave_ip);
	if (advice != NULL)
		desk->out->advice = advice;
	if (url != NULL)
		desk->out->url = url;
}

static void
tell_ptr(struct desk *desk)
{
	say(desk, ptr_describe(&desk->sender->ptr, desk->arena));
}

/* What the reverse DNS does not show, a list may: "dynamic address" is as well said of a PBL entry.
 */
static void
or_else_listed(struct desk *desk)
{
	if (desk->found.grave_ip == NULL)
		return;
	say_listing(desk, "", desk->found.grave_ip);
	add_also(desk, CAUSE_IP_BLOCKLIST, NULL);
}

static void
tell_ptr_open(struct desk *desk)
{
	tell_ptr(desk);
	or_else_listed(desk);
}

static void
tell_ptr_bad(struct desk *desk)
{
	const struct ptr *ptr = &desk->sender->ptr;
	const char *type = ptr->ip.family == 6 ? "AAAA" : "A";

	tell_ptr(desk);
	if (ptr->found == ABSENT)
		act(desk, WHO_HOST,
		    arena_printf(desk->arena,
		        "Have the owner of the network (your provider) set a PTR record for %s to "
		        "the name of your mail server, and give that name an %s record with this "
		        "address. Use the same name in EHLO.",
		        our_ip(desk), type));
	else
		act(desk, WHO_SENDER,
		    arena_printf(desk->arena,
		        "Give %s an %s record with %s, or, if the name is not yours, have the "
		        "owner of the network set the PTR record to a name that is. Use the same "
		        "name in EHLO.",
		        ptr->names[0].name, type, our_ip(desk)));
}

static void
tell_ptr_good(struct desk *desk)
{
	tell_ptr(desk);
	say(desk, arena_printf(desk->arena,
	              "Usual reasons for such a difference: the receiver's own look-up failed, or "
	              "its cache holds an old answer; it saw another address than %s; or the "
	              "records were set only lately.",
	              our_ip(desk)));
	act(desk, WHO_RECEIVER,
	    "The reverse DNS is in order as seen from here. Try again after a day, when old "
	    "answers have run out; if it stays so, send the receiver's postmaster this finding.");
	or_else_listed(desk);
}

static void
tell_ptr_generic(struct desk *desk)
{
	tell_ptr(desk);
	act(desk, WHO_HOST,
	    arena_printf(desk->arena,
	        "Have the owner of the network (your provider) set the PTR record of %s to a name "
	        "of your own domain (mail.example.com), with an address record that leads back; "
	        "many receivers refuse names that look like a dial-up or cloud pool.",
	        our_ip(desk)));
}

static void
tell_spf(struct desk *desk)
{
	const struct spf *spf = &desk->sender->spf;
	const char *matched =
	    spf->matched != NULL
	        ? arena_printf(desk->arena, ", by \"%s\" in the record of %s", spf->matched,
	              spf->matched_in != NULL ? spf->matched_in : "?")
	        : "";
	const char *problem =
	    spf->problem != NULL ? arena_printf(desk->arena, " (%s)", spf->problem) : "";

	say(desk, arena_printf(desk->arena, "SPF of %s for %s is %s%s%s.",
	              spf->domain != NULL ? spf->domain : "?", our_ip(desk),
	              spf_result_name(spf->result), matched, problem));
}

static void
tell_spf_good(struct desk *desk)
{
	tell_spf(desk);
	say(desk, "Usual reasons for such a difference: the mail that was refused came by another "
	          "host (forwarding, a relay, another source address); the receiver's cache holds "
	          "an old record; or its own look-up failed.");
	act(desk, WHO_SENDER,
	    "SPF passes from this address as seen from here. Find out by which host the refused "
	    "mail went, and put that host into the record, or sign with DKIM, which survives "
	    "forwarding.");
}

static const char *
helo_answer(struct desk *desk)
{
	const struct sender_helo *helo = &desk->sender->helo_facts;

	return arena_printf(desk->arena, "%s%s%s", dns_rcode_name(helo->rcode),
	    helo->server != NULL ? ", resolver " : "", helo->server != NULL ? helo->server : "");
}

static void
tell_helo_bad(struct desk *desk)
{
	if (desk->sender->helo_facts.valid)
		say(desk, arena_printf(desk->arena, "The HELO name %s has no address (%s).",
		              desk->sender->helo, helo_answer(desk)));
	else
		say(desk, arena_printf(desk->arena,
		              "The HELO name was \"%s\", which is no fully-qualified host name.",
		              desk->sender->helo));
	act(desk, WHO_SENDER,
	    "Use the full name of the mail server in EHLO (--ehlo mail.example.com), the same that "
	    "the address's PTR record has.");
}

static void
tell_helo_good(struct desk *desk)
{
	say(desk, arena_printf(desk->arena,
	              "The HELO name %s is a full name and leads to %s (%s). Usual reasons for "
	              "such a difference: the receiver's own look-up failed, or its cache holds an "
	              "old answer; or the mail that was refused came with another name.",
	              desk->sender->helo, our_ip(desk), helo_answer(desk)));
	act(desk, WHO_RECEIVER,
	    "The HELO name is in order as seen from here. Try again after a day, when old answers "
	    "have run out; if it stays so, send the receiver's postmaster this finding.");
}

static void
tell_helo_astray(struct desk *desk)
{
	say(desk, arena_printf(desk->arena,
	              "The HELO name %s leads to other addresses than %s; whether that is what the "
	              "receiver minds cannot be told.",
	              desk->sender->helo, our_ip(desk)));
}

/* ---- DMARC, DKIM, and the domains of the sender */

static void
say_dmarc(struct desk *desk)
{
	const struct sender *sender = desk->sender;
	const struct dmarc_view *view = &sender->dmarc.now;
	const char *policy = dmarc_policy_name(view->policy);
	const char *signature = sender_dkim(sender) == PRESENT  ? "DKIM has a good signature"
	                        : sender_dkim(sender) == ABSENT ? "there is no good DKIM signature"
	                                                        : "of DKIM nothing is known";

	if (view->record == NULL)
		say(desk,
		    arena_printf(desk->arena, "%s has no DMARC record that counts: %s.",
		        sender->author, view->problem != NULL ? view->problem : "none was found"));
	else
		say(desk,
		    arena_printf(desk->arena,
		        "The DMARC record of %s (at _dmarc.%s, policy %s): \"%s\".", sender->author,
		        view->at, policy != NULL ? policy : "none", view->record));
	say(desk, arena_printf(desk->arena, "For this mail from %s SPF of %s is %s, and %s.",
	              our_ip(desk), sender->spf.domain != NULL ? sender->spf.domain : "?",
	              spf_result_name(sender->spf.result), signature));
}

static void
tell_dmarc(struct desk *desk)
{
	const struct dmarc *dmarc = &desk->sender->dmarc;

	say_dmarc(desk);
	if (dmarc->old_known && dmarc->old.result != dmarc->now.result)
		say(desk, arena_printf(desk->arena,
		              "By RFC 9989 that is %s, by RFC 7489, which many receivers still "
		              "follow, %s.",
		              dmarc_result_name(dmarc->now.result),
		              dmarc_result_name(dmarc->old.result)));
}

static void
tell_dmarc_bad(struct desk *desk)
{
	const struct sender *sender = desk->sender;

	say_dmarc(desk);
	say(desk, arena_printf(desk->arena,
	              "Neither is good for %s: the mail fails DMARC as seen from here, too.",
	              sender->author));
	act(desk, WHO_SENDER,
	    arena_printf(desk->arena,
	        "Send with a reverse-path in %s whose SPF record names %s, or sign with DKIM as "
	        "d=%s, better both; mxwalk self shows the records.",
	        sender->author, our_ip(desk), sender->author));
}

static void
tell_dmarc_good(struct desk *desk)
{
	say_dmarc(desk);
	say(desk, "This mail passes DMARC as seen from here. Usual reasons for such a difference: "
	          "the mail that was refused was forwarded (SPF then fails) or changed on the way "
	          "(the signature then breaks); it had another From domain; or the receiver's "
	          "cache holds an old record.");
	act(desk, WHO_SENDER,
	    "Find out by which way and with which From field the refused mail went. A DKIM "
	    "signature of the From domain, which nothing behind it breaks, survives forwarding.");
}

static void
tell_dkim_bad(struct desk *desk)
{
	const struct sender *sender = desk->sender;

	if (sender->key_count == 0 && (!sender->dkim_known || sender->dkim.total == 0))
		say(desk, "This mail carries no DKIM signature.");
	for (size_t i = 0; i < sender->key_count; i++)
		say(desk, arena_printf(desk->arena, "The DKIM key %s of %s is no good: %s.",
		              sender->keys[i].selector, sender->keys[i].domain,
		              sender->keys[i].matches == ABSENT
		                  ? "what is published is not the other half of the private key"
		              : sender->keys[i].key.problem != NULL
		                  ? sender->keys[i].key.problem
		                  : dkim_key_state_name(sender->keys[i].key.state)));
	for (size_t i = 0; sender->dkim_known && i < sender->dkim.count; i++)
		say(desk, arena_printf(desk->arena,
		              "The DKIM signature of %s does not verify here, either: %s.",
		              sender->dkim.signatures[i].signature.domain != NULL
		                  ? sender->dkim.signatures[i].signature.domain
		                  : "nobody",
		              sender->dkim.signatures[i].reason != NULL
		                  ? sender->dkim.signatures[i].reason
		                  : "?"));
	act(desk, WHO_SENDER,
	    "Sign with a DKIM key that is published; mxwalk self shows the record.");
}

static void
tell_dkim_good(struct desk *desk)
{
	say(desk, "The DKIM signature of this mail is good as seen from here. Usual reasons for "
	          "such a difference: something on the way changes the message (a footer, a "
	          "filter, a change of encoding); the receiver's cache holds an old key; or it "
	          "wants a signature of another domain, that of the From field.");
	act(desk, WHO_SENDER,
	    "Let the last server that touches the message sign it, with d= the domain of the From "
	    "field; then have the receiver's postmaster look at its own verdict.");
}

static void
tell_domain_bad(struct desk *desk)
{
	const struct sender_domain *domain = findings_bad_domain(desk->sender);

	say(desk,
	    arena_printf(desk->arena, "%s can take no mail (%s)%s%s", domain->name,
	        route_kind_name(domain->route.kind), domain->route.problem != NULL ? ": " : ".",
	        domain->route.problem != NULL ? domain->route.problem : ""));
	act(desk, WHO_SENDER,
	    arena_printf(desk->arena,
	        "Give %s an MX record to a host that takes its mail, or send in the name of "
	        "another domain.",
	        domain->name));
}

static void
tell_domain_good(struct desk *desk)
{
	say(desk,
	    arena_printf(desk->arena,
	        "%s can take mail as seen from here (%s). Usual reasons for such a difference: the "
	        "receiver's own look-up failed, or its cache holds an old answer; it asked the "
	        "domain's own mail server about the mailbox (a callout), and that would not have "
	        "it; or it means another address than the reverse-path.",
	        desk->sender->from_domain.name,
	        route_kind_name(desk->sender->from_domain.route.kind)));
	act(desk, WHO_RECEIVER,
	    arena_printf(desk->arena,
	        "The domain is in order as seen from here. Make sure that <%s> takes bounces; try "
	        "again after a day, when old answers have run out; if it stays so, send the "
	        "receiver's postmaster this finding.",
	        desk->sender->from));
}

/* Not a word: what can be told is only what to try. No stage makes a cause. */
static void
tell_silence(struct desk *desk)
{
	static const char *const advice[STAGE_COUNT] = {
	    [STAGE_NONE] =
	        "Nothing follows from a server that is slow: it may hold strangers up on purpose, "
	        "be overloaded, or be cut off. Try again later with a longer --timeout.",
	    [STAGE_GREETING] =
	        "A server that hangs up before it greets may be overloaded, count connections, or "
	        "drop addresses that it does not want. Try again later and from another source "
	        "address (--source): if that one is greeted, the address is the reason.",
	    [STAGE_STARTTLS] = "Try again with --no-tls: if that gets further, the trouble is in "
	                       "TLS, on one of the two sides.",
	    [STAGE_HANDSHAKE] = "The handshake was broken off without a word, so the trouble is "
	                        "likely in TLS (versions, ciphers, a client certificate that is "
	                        "wanted). --no-tls shows whether the server is otherwise well.",
	};
	static const char elsewhere[] =
	    "The server hung up instead of answering, as overloaded servers, filters and firewalls "
	    "do. Try again later; if it always ends at this stage, walk from another source "
	    "address (--source) and see whether it gets further.";

	desk->out->advice = advice[desk->stage] != NULL ? advice[desk->stage] : elsewhere;
}

/* The reply has not said why: what it may have been goes into also[]. A greeting has not heard the
 * HELO name yet, nor EHLO the sender. */
static void
tell_suspect(struct desk *desk)
{
	static const char but[] = "The reply names no list, but: ";
	const struct findings *found = &desk->found;

	if ((found->set & FOUND_LISTED) != 0)
		say_listing(desk, "", found->listing);
	if (found->grave_ip != NULL && found->grave_ip != found->listing)
		say_listing(desk, but, found->grave_ip);
	if (found->grave_ip != NULL ||
	    ((found->set & FOUND_LISTED) != 0 && strcmp(found->listing->identity, "ip") == 0))
		add_also(desk, CAUSE_IP_BLOCKLIST, NULL);
	if (found->grave_sender != NULL && desk->stage >= STAGE_MAIL) {
		say_listing(desk, but, found->grave_sender);
		add_also(desk, CAUSE_SENDER_BLOCKED, NULL);
	}
	if (found->grave_helo != NULL && desk->stage >= STAGE_EHLO) {
		say_listing(desk, but, found->grave_helo);
		add_also(desk, CAUSE_HELO, NULL);
	}
	if ((found->set & FOUND_PTR_BAD) != 0 && desk->stage <= STAGE_RCPT) {
		say(desk, ptr_describe(&desk->sender->ptr, desk->arena));
		add_also(desk, CAUSE_REVERSE_DNS, NULL);
	}
}

static const char *
inferred_from(const struct desk *desk)
{
	return desk->reading == NULL ? "The connection was dropped without a word at the greeting"
	                             : "The reply gives no reason";
}

static void
infer_listing(struct desk *desk, const struct listing *listing)
{
	say(desk, arena_printf(desk->arena,
	              "%s. Large receivers refuse on what follows, so it is the likeliest cause.",
	              inferred_from(desk)));
	blame_listing(desk, listing);
	if (desk->reading != NULL && (desk->found.set & FOUND_PTR_BAD) != 0) {
		tell_ptr(desk);
		add_also(desk, CAUSE_REVERSE_DNS, NULL);
	}
}

static void
infer_ip(struct desk *desk)
{
	infer_listing(desk, desk->found.grave_ip);
}

static void
infer_sender(struct desk *desk)
{
	infer_listing(desk, desk->found.grave_sender);
}

static void
infer_helo(struct desk *desk)
{
	infer_listing(desk, desk->found.grave_helo);
}

static void
infer_ptr(struct desk *desk)
{
	say(desk, arena_printf(desk->arena,
	              "%s. Many receivers refuse on what follows before they look at anything "
	              "else, so it is the likeliest cause.",
	              inferred_from(desk)));
	tell_ptr_bad(desk);
	if (desk->found.minor_ip != NULL)
		add_also(desk, CAUSE_IP_BLOCKLIST, NULL);
}

static void
tell_minor(struct desk *desk)
{
	say_listing(desk,
	    "Some smaller receivers refuse on this, which is not enough to call it the cause: ",
	    desk->found.minor_ip);
	add_also(desk, CAUSE_IP_BLOCKLIST, NULL);
}

static void
tell_later(struct desk *desk)
{
	say(desk, "A deferral at RCPT without a reason is most often greylisting, which passes "
	          "when one comes again; nothing is concluded from it.");
	add_also(desk, CAUSE_GREYLIST, NULL);
}

/* ---- the table */

#define CAUSE(name) (UINT64_C(1) << CAUSE_##name)
#define STAGE(name) (1u << STAGE_##name)

enum { NOT_CHANGED = CAUSE_COUNT }; /* the cause of the row: the one that was stated */

enum words { SPOKE = 1, SILENT = 2 }; /* was there a reply? */

/* Groups of causes. */
#define ANY_CAUSE ((UINT64_C(1) << CAUSE_COUNT) - 1)
#define BY_LIST (CAUSE(IP_BLOCKLIST) | CAUSE(SENDER_BLOCKED) | CAUSE(HELO))
#define ON_A_LIST_PERHAPS                                                                          \
	(BY_LIST | CAUSE(IP_REPUTATION) | CAUSE(REVERSE_DNS) | CAUSE(ACCESS_DENIED) |              \
	    CAUSE(CONTENT_URL) | CAUSE(POLICY) | CAUSE(UNKNOWN) | CAUSE(RECEIVER_MISCONFIGURED))
#define OF_THE_ADDRESS                                                                             \
	(CAUSE(IP_BLOCKLIST) | CAUSE(IP_REPUTATION) | CAUSE(REVERSE_DNS) | CAUSE(ACCESS_DENIED))
#define WITHOUT_A_REASON (CAUSE(IP_REPUTATION) | CAUSE(ACCESS_DENIED) | CAUSE(POLICY))
/* Groups of stages. */
#define ANY_STAGE ((1u << STAGE_COUNT) - 1)
#define EARLY                                                                                      \
	(STAGE(GREETING) | STAGE(EHLO) | STAGE(HELO) | STAGE(EHLO_TLS) | STAGE(MAIL) |             \
	    STAGE(RCPT)) /* where receivers judge the address */
#define WITH_HELO (EARLY & ~STAGE(GREETING))
#define WITH_SENDER (STAGE(MAIL) | STAGE(RCPT))

static const struct row {
	uint64_t causes; /* stated */
	unsigned findings; /* one of these must hold; 0: none needed */
	unsigned stages;
	unsigned words;
	unsigned cause; /* enum cause, or NOT_CHANGED */
	enum basis basis;
	void (*tell)(struct desk *desk);
} table[] = {
    /* The receiver is at fault: never send anybody to a list because of it. */
    {ON_A_LIST_PERHAPS, FOUND_DEAD, ANY_STAGE, SPOKE, CAUSE_RECEIVER_MISCONFIGURED, BASIS_STATED,
        tell_dead},
    {ON_A_LIST_PERHAPS, FOUND_WRONG_KIND, ANY_STAGE, SPOKE, CAUSE_RECEIVER_MISCONFIGURED,
        BASIS_STATED, tell_wrong_kind},
    {CAUSE(RECEIVER_MISCONFIGURED), FOUND_LISTED, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_refused_receiver_but_listed},
    {CAUSE(RECEIVER_MISCONFIGURED), FOUND_CLEAN, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED,
        tell_refused_receiver},
    {CAUSE(RECEIVER_MISCONFIGURED), FOUND_NO_ANSWER | FOUND_NOT_ASKED | FOUND_RECEIVER_REFUSED,
        ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED, tell_refused_receiver},
    {CAUSE(RECEIVER_MISCONFIGURED), 0, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED, tell_receiver},

    /* What is held against the address is held against another one. */
    {OF_THE_ADDRESS, FOUND_OTHER_ADDRESS, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED,
        tell_other_address},
    {OF_THE_ADDRESS, FOUND_HIDDEN_ADDRESS, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_hidden_address},

    /* A list is named: it has us, has us not, or would not tell us. */
    {BY_LIST | CAUSE(CONTENT_URL) | CAUSE(IP_REPUTATION), FOUND_LISTED, ANY_STAGE, SPOKE,
        NOT_CHANGED, BASIS_CONFIRMED, tell_listed},
    {BY_LIST, FOUND_CLEAN, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED, tell_clean},
    {CAUSE(CONTENT_URL), FOUND_CLEAN, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_clean_names},
    {BY_LIST | CAUSE(CONTENT_URL), FOUND_NO_ANSWER, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_no_answer},
    {BY_LIST | CAUSE(CONTENT_URL), FOUND_NOT_ASKED, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_not_asked},
    {CAUSE(IP_BLOCKLIST), FOUND_GRAVE_IP, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_unnamed},

    /* Reverse DNS, HELO, SPF, DKIM, DMARC, the sender's domain: we see what they see, or we do not.
     */
    {CAUSE(REVERSE_DNS), FOUND_PTR_BAD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED,
        tell_ptr_bad},
    {CAUSE(REVERSE_DNS), FOUND_LOOKS_AGREE, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED,
        tell_ptr_generic},
    {CAUSE(REVERSE_DNS), FOUND_LOOKS_OPEN, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_ptr_open},
    {CAUSE(REVERSE_DNS), FOUND_PTR_GENERIC, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED,
        tell_ptr_generic},
    {CAUSE(REVERSE_DNS), FOUND_PTR_GOOD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED,
        tell_ptr_good},
    {CAUSE(HELO), FOUND_HELO_BAD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED, tell_helo_bad},
    {CAUSE(SPF), FOUND_SPF_BAD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED, tell_spf},
    {CAUSE(SPF), FOUND_SPF_GOOD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED, tell_spf_good},
    {CAUSE(HELO), FOUND_HELO_GOOD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED,
        tell_helo_good},
    {CAUSE(HELO), FOUND_HELO_ASTRAY, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED, tell_helo_astray},
    {CAUSE(DMARC), FOUND_DMARC_BAD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED, tell_dmarc_bad},
    {CAUSE(DMARC), FOUND_DMARC_GOOD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED,
        tell_dmarc_good},
    {CAUSE(DMARC), FOUND_DMARC_OPEN, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED, tell_dmarc},
    {CAUSE(DKIM), FOUND_DKIM_BAD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED, tell_dkim_bad},
    {CAUSE(DKIM), FOUND_DKIM_GOOD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED,
        tell_dkim_good},
    {CAUSE(SENDER_DOMAIN), FOUND_DOMAIN_BAD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONFIRMED,
        tell_domain_bad},
    {CAUSE(SENDER_DOMAIN), FOUND_DOMAIN_GOOD, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_CONTRADICTED,
        tell_domain_good},

    /* Refused, and little said: what was said stands, what we found is shown beside it. */
    {WITHOUT_A_REASON,
        FOUND_LISTED | FOUND_GRAVE_IP | FOUND_GRAVE_SENDER | FOUND_GRAVE_HELO | FOUND_PTR_BAD,
        ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED, tell_suspect},
    {CAUSE(NO_SERVICE), FOUND_GRAVE_IP | FOUND_PTR_BAD, STAGE(GREETING), SPOKE, NOT_CHANGED,
        BASIS_STATED, tell_suspect},

    /* Nothing said. Only what receivers are known to refuse on, only where they do, and only what
       the DNS really says (never a look-up that failed). */
    {CAUSE(UNKNOWN), FOUND_LATER, STAGE(RCPT), SPOKE, NOT_CHANGED, BASIS_UNKNOWN, tell_later},
    {CAUSE(UNKNOWN), FOUND_GRAVE_IP, EARLY, SPOKE, CAUSE_IP_BLOCKLIST, BASIS_INFERRED, infer_ip},
    {CAUSE(UNKNOWN), FOUND_GRAVE_IP, STAGE(GREETING), SILENT, CAUSE_IP_BLOCKLIST, BASIS_INFERRED,
        infer_ip},
    {CAUSE(UNKNOWN), FOUND_GRAVE_SENDER, WITH_SENDER, SPOKE, CAUSE_SENDER_BLOCKED, BASIS_INFERRED,
        infer_sender},
    {CAUSE(UNKNOWN), FOUND_GRAVE_HELO, WITH_HELO, SPOKE, CAUSE_HELO, BASIS_INFERRED, infer_helo},
    {CAUSE(UNKNOWN), FOUND_PTR_BAD, EARLY, SPOKE, CAUSE_REVERSE_DNS, BASIS_INFERRED, infer_ptr},
    {CAUSE(UNKNOWN), FOUND_MINOR_IP, EARLY, SPOKE, NOT_CHANGED, BASIS_UNKNOWN, tell_minor},
    {CAUSE(UNKNOWN), 0, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_UNKNOWN, tell_nothing},
    {CAUSE(UNKNOWN), 0, ANY_STAGE, SILENT, NOT_CHANGED, BASIS_UNKNOWN, tell_silence},

    /* All else is as the server says: content, recipients, sizes, systems have nothing to do with
       our look-ups. */
    {ANY_CAUSE, 0, ANY_STAGE, SPOKE, NOT_CHANGED, BASIS_STATED, tell_nothing},
};

enum { ROWS = sizeof table / sizeof *table };

static enum cause
stated_cause(const struct reading *reading, const struct findings *found)
{
	if (reading == NULL)
		return CAUSE_UNKNOWN;
	/* A list of domains has no addresses: what it has of ours is what was refused. */
	if (reading->cause == CAUSE_IP_BLOCKLIST && (found->set & FOUND_LISTED) != 0 &&
	    strcmp(found->listing->identity, "ip") != 0)
		return strcmp(found->listing->identity, "helo") == 0 ||
		               strcmp(found->listing->identity, "ptr") == 0
		           ? CAUSE_HELO
		           : CAUSE_SENDER_BLOCKED;
	if ((found->set & FOUND_RECEIVER_REFUSED) != 0 &&
	    (ON_A_LIST_PERHAPS >> reading->cause & 1) != 0)
		return CAUSE_RECEIVER_MISCONFIGURED;
	return reading->cause;
}

static const struct row *
find_row(enum cause cause, const struct findings *found, enum stage stage, unsigned words)
{
	const struct row *row = table;

	while ((row->causes >> cause & 1) == 0 ||
	       (row->findings != 0 && (row->findings & found->set) == 0) ||
	       (row->stages >> stage & 1) == 0 || (row->words & words) == 0)
		row++;
	return row; /* the last rows take all */
}

size_t
diagnosis_rows(void)
{
	return ROWS;
}

size_t
diagnosis_row(const struct reading *reading, const struct sender *sender, enum stage stage)
{
	struct findings found;

	findings_make(reading, sender, &found);
	return (size_t)(find_row(stated_cause(reading, &found), &found, stage,
	                    reading != NULL ? SPOKE : SILENT) -
	                table);
}

/* ---- what is added as information: never a cause */

static bool
is_minor(const struct listing *listing)
{
	return listing->state == LIST_LISTED && listing->list->kind != LIST_WHITE &&
	       (listing->list->kind == LIST_INFO || listing->list->weight > 'B');
}

/* Listings that nothing was said about yet. Where the cause has nothing to do with who sends, only
 * a grave one is worth a line. */
static void
inform(struct desk *desk)
{
	const struct listing *grave[] = {
	    desk->found.grave_ip, desk->found.grave_sender, desk->found.grave_helo};
	bool about_sender =
	    ((BY_LIST | OF_THE_ADDRESS | WITHOUT_A_REASON | CAUSE(UNKNOWN)) >> desk->out->cause &
	        1) != 0;
	const char *minor = NULL;

	for (size_t i = 0; i < (about_sender ? 3 : 1); i++)
		if (grave[i] != NULL && !is_told(desk, grave[i]))
			say_listing(desk, "For information: ", grave[i]);
	for (size_t i = 0; about_sender && i < desk->sender->listing_count; i++) {
		const struct listing *listing = &desk->sender->listings[i];

		if (is_minor(listing) && !is_told(desk, listing))
			minor = arena_printf(desk->arena, "%s%s%s (%s)", minor != NULL ? minor : "",
			    minor != NULL ? ", " : "", listing->list->zone, listing->item);
	}
	if (minor != NULL)
		say(desk,
		    arena_printf(desk->arena,
		        "For information: also on lists that few receivers refuse on: %s.", minor));
}

static void
copy_reading(const struct diagnosis_query *query, struct arena *arena, struct diagnosis *out)
{
	const struct reading *reading = query->reading;
	struct counsel counsel;

	counsel_make(query->remedies, reading, &query->setting, arena, &counsel);
	out->rule = reading->rule;
	out->list = reading->list;
	out->listed = reading->listed;
	out->provider = reading->provider;
	out->who = counsel.who;
	out->advice = counsel.advice;
	out->url = counsel.url;
}

void
diagnose(const struct diagnosis_query *query, struct arena *arena, struct diagnosis *out)
{
	const struct reading *reading = query->reading;
	const struct sender *sender = query->sender;
	enum stage stage = query->stage;
	struct desk desk = {
	    .reading = reading, .sender = sender, .stage = stage, .arena = arena, .out = out};
	enum cause cause;
	const struct row *row;

	*out = (struct diagnosis){0};
	findings_make(reading, sender, &desk.found);
	cause = stated_cause(reading, &desk.found);
	row = find_row(cause, &desk.found, stage, reading != NULL ? SPOKE : SILENT);
	if (reading != NULL)
		copy_reading(query, arena, out);
	out->cause = row->cause == NOT_CHANGED ? cause : (enum cause)row->cause;
	out->basis = row->basis;
	row->tell(&desk);
	for (size_t i = 0; reading != NULL && i < reading->also_count; i++)
		add_also(&desk, reading->also[i].cause, reading->also[i].rule);
	if (sender != NULL)
		inform(&desk);
}
