/* DMARC by RFC 9989 and, beside it, by RFC 7489. Each row is one message. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "auth/dmarc.h"
#include "base/arena.h"
#include "book_of.h"
#include "dns/name.h"

static const char zone[] =
    "_dmarc.plain.com TXT v=DMARC1; p=reject; rua=mailto:d@plain.com\n"
    "www.plain.com A 192.0.2.1\n"
    "_dmarc.own.plain.com TXT v=DMARC1; p=quarantine; rua=mailto:d@plain.com\n"
    "_dmarc.tree.com TXT v=DMARC1; p=reject; sp=quarantine; np=none; rua=mailto:d@tree.com\n"
    "sub.tree.com A 192.0.2.1\n"
    "mx.tree.com MX 10 mail.tree.com\n"
    "_dmarc.np.com TXT v=DMARC1; p=none; np=reject; rua=mailto:d@np.com\n"
    "there.np.com A 192.0.2.1\n"
    "ill.np.com A !SERVFAIL\n"
    "_dmarc.strict.com TXT v=DMARC1; p=reject; aspf=s; adkim=s; rua=mailto:d@strict.com\n"
    "_dmarc.test.com TXT v=DMARC1; p=reject; t=y; rua=mailto:d@test.com\n"
    "_dmarc.testq.com TXT v=DMARC1; p=quarantine; t=y; rua=mailto:d@testq.com\n"
    "_dmarc.testn.com TXT v=DMARC1; p=none; t=y; rua=mailto:d@testn.com\n"
    "_dmarc.pct.com TXT v=DMARC1; p=reject; pct=20; rua=mailto:d@pct.com\n"
    "_dmarc.old.com TXT v=DMARC1; p=reject; pct=100; rf=afrf; ri=86400; rua=mailto:d@old.com!10m\n"
    /* psd=y and psd=n */
    "_dmarc.bank TXT v=DMARC1; p=reject; sp=quarantine; psd=y; rua=mailto:d@registry.bank\n"
    "_dmarc.safe.bank TXT v=DMARC1; p=none; rua=mailto:d@safe.bank\n"
    "mail.bare.bank A 192.0.2.1\n"
    "_dmarc.corp.com TXT v=DMARC1; p=reject; rua=mailto:d@corp.com\n"
    "_dmarc.unit.corp.com TXT v=DMARC1; p=none; psd=n; rua=mailto:d@corp.com\n"
    "x.unit.corp.com A 192.0.2.1\n"
    "_dmarc.host.com TXT v=DMARC1; p=reject; psd=y; rua=mailto:d@host.com\n"
    "a.host.com A 192.0.2.1\n"
    /* records at several levels: the highest is the organization's */
    "_dmarc.levels.com TXT v=DMARC1; p=none; rua=mailto:d@levels.com\n"
    "_dmarc.b.levels.com TXT v=DMARC1; p=reject; rua=mailto:d@levels.com\n"
    "a.b.levels.com A 192.0.2.1\n"
    /* a public suffix with a record that says nothing of psd: the tree knows no list */
    "_dmarc.co.test TXT v=DMARC1; p=none; rua=mailto:d@co.test\n"
    "_dmarc.shop.co.test TXT v=DMARC1; p=reject; rua=mailto:d@shop.co.test\n"
    /* eight labels and more */
    "_dmarc.deep.com TXT v=DMARC1; p=reject; rua=mailto:d@deep.com\n"
    "a.b.c.d.e.f.g.h.i.deep.com A 192.0.2.1\n"
    "_dmarc.c.d.e.f.g.deep.com TXT v=DMARC1; p=quarantine; rua=mailto:d@deep.com\n"
    "b.c.d.e.f.g.deep.com A 192.0.2.1\n"
    "_dmarc.p.q.r.s.t.u.v.far.com TXT v=DMARC1; p=reject; rua=mailto:d@far.com\n"
    "o.p.q.r.s.t.u.v.far.com A 192.0.2.1\n"
    "_dmarc.s2.s3.s4.s5.s6.s7.nine.com TXT v=DMARC1; p=reject; psd=n; rua=mailto:d@nine.com\n"
    "_dmarc.s3.s4.s5.s6.s7.nine.com TXT v=DMARC1; p=reject; rua=mailto:d@nine.com\n"
    "_dmarc.nine.com TXT v=DMARC1; p=quarantine; rua=mailto:d@nine.com\n"
    "s1.s2.s3.s4.s5.s6.s7.nine.com A 192.0.2.1\n"
    /* broken */
    "_dmarc.nop.com TXT v=DMARC1; rua=mailto:d@nop.com\n"
    "_dmarc.nopr.com TXT v=DMARC1; adkim=s\n"
    "_dmarc.badp.com TXT v=DMARC1; p=rejct; rua=mailto:d@badp.com\n"
    "_dmarc.badpr.com TXT v=DMARC1; p=rejct\n"
    "_dmarc.badpu.com TXT v=DMARC1; p=rejct; rua=d@badpu.com\n"
    "_dmarc.badsp.com TXT v=DMARC1; p=reject; sp=all; rua=mailto:d@badsp.com\n"
    "_dmarc.badspr.com TXT v=DMARC1; p=reject; sp=all\n"
    "_dmarc.badnpr.com TXT v=DMARC1; p=reject; np=all\n"
    "_dmarc.badnp.com TXT v=DMARC1; p=reject; sp=quarantine; np=all; rua=mailto:d@badnp.com\n"
    "sub.badnp.com A 192.0.2.1\n"
    "_dmarc.badtag.com TXT v=DMARC1; p=reject; adkim=maybe; colour=blue; nonsense; "
    "rua=mailto:d@badtag.com; p=none\n"
    "_dmarc.case.com TXT v = DMARC1 ;P=Reject ; ASPF=S;; rua = mailto:d@case.com ;\n"
    "_dmarc.lower.com TXT v=dmarc1; p=reject\n"
    "_dmarc.second.com TXT p=reject; v=DMARC1\n"
    "_dmarc.nosemi.com TXT v=DMARC1 p=reject\n"
    "_dmarc.two.com TXT v=DMARC1; p=reject; rua=mailto:d@two.com\n"
    "_dmarc.two.com TXT v=DMARC1; p=none\n"
    "_dmarc.dup.above.com TXT v=DMARC1; p=reject\n"
    "_dmarc.dup.above.com TXT v=DMARC1; p=none\n"
    "_dmarc.above.com TXT v=DMARC1; p=quarantine; rua=mailto:d@above.com\n"
    "dup.above.com A 192.0.2.1\n"
    "_dmarc.dupn.above.com TXT v=DMARC1; p=reject; psd=n\n"
    "_dmarc.dupn.above.com TXT v=DMARC1; p=none; psd=n\n"
    "dupn.above.com A 192.0.2.1\n"
    "_dmarc.pair.net TXT v=DMARC1; p=reject\n"
    "_dmarc.pair.net TXT v=DMARC1; p=none\n"
    "_dmarc.a.pair.net TXT v=DMARC1; p=reject; rua=mailto:d@pair.net\n"
    "_dmarc.mixed.com TXT v=spf1 -all\n"
    "_dmarc.mixed.com TXT v=DMARC1; p=reject; rua=mailto:d@mixed.com\n"
    /* failures */
    "_dmarc.fail.com TXT !SERVFAIL\n"
    "_dmarc.half.com TXT v=DMARC1; p=reject; rua=mailto:d@half.com\n"
    "_dmarc.mid.half.com TXT !TIMEOUT\n"
    "a.mid.half.com A 192.0.2.1\n"
    "_dmarc.top TXT !SERVFAIL\n"
    "_dmarc.own.top TXT v=DMARC1; p=reject; rua=mailto:d@own.top\n"
    /* reports */
    "_dmarc.away.com TXT v=DMARC1; p=none; "
    "rua=mailto:d@taker.com,mailto:d@other.com,mailto:d@in.away.com,mailto:d@sick.com\n"
    "away.com._report._dmarc.taker.com TXT v=DMARC1\n"
    "away.com._report._dmarc.sick.com TXT !SERVFAIL\n"
    "_dmarc.x.ill.com TXT v=DMARC1; p=reject; rua=mailto:d@ill.com\n" /* whether that is its own
                                                                         house cannot be told */
    "_dmarc.ill.com TXT !SERVFAIL\n"
    "_dmarc.registry.test TXT v=DMARC1; p=reject; psd=y; rua=mailto:d@registry.test\n";

static const struct test_case {
	const char *from, *spf,
	    *dkim; /* spf: "DOMAIN" that passed, or "DOMAIN=fail", "DOMAIN=temperror"; dkim:
	              several, with spaces; NULL: none */
	enum dmarc_result now, old;
	enum dmarc_policy policy, old_policy;
	const char *at, *org, *old_org; /* NULL: none */
	const char *tag;
	unsigned queries;
	const char *says; /* part of a warning or of the problem; NULL: there must be no warning */
} cases[] = {
#define N DMARC_RESULT_NONE
#define P DMARC_PASS
#define F DMARC_FAIL
#define T DMARC_TEMPERROR
    /* alignment, relaxed and strict */
    {"plain.com", "plain.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "plain.com", "plain.com",
        "plain.com", "p", 2, NULL},
    {"plain.com", "bounce.plain.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "plain.com",
        "plain.com", "plain.com", "p", 2, NULL},
    {"plain.com", NULL, "news.plain.com", P, P, DMARC_REJECT, DMARC_REJECT, "plain.com",
        "plain.com", "plain.com", "p", 2, NULL},
    {"plain.com", "other.com", "mailer.net other.com", F, F, DMARC_REJECT, DMARC_REJECT,
        "plain.com", "plain.com", "plain.com", "p", 2, NULL},
    {"plain.com", "plain.com=fail", "plain.com=fail", F, F, DMARC_REJECT, DMARC_REJECT, "plain.com",
        "plain.com", "plain.com", "p", 2, NULL},
    {"plain.com", "plain.com=fail", "other.com plain.com", P, P, DMARC_REJECT, DMARC_REJECT,
        "plain.com", "plain.com", "plain.com", "p", 2, NULL},
    {"plain.com", "plain.com=fail", "plain.com other.com", P, P, DMARC_REJECT, DMARC_REJECT,
        "plain.com", "plain.com", "plain.com", "p", 2, NULL},
    {"plain.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "plain.com", "plain.com",
        "plain.com", "p", 2, NULL},
    {"plain.com", "notplain.com", NULL, F, F, DMARC_REJECT, DMARC_REJECT, "plain.com", "plain.com",
        "plain.com", "p", 2, NULL},
    {"PLAIN.com.", "Plain.COM", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "plain.com", "plain.com",
        "plain.com", "p", 2, NULL},
    {"www.plain.com", "plain.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "plain.com", "plain.com",
        "plain.com", "p", 3, NULL},
    {"own.plain.com", "plain.com", NULL, P, P, DMARC_QUARANTINE, DMARC_QUARANTINE, "own.plain.com",
        "plain.com", "plain.com", "p", 3, NULL},
    {"strict.com", "strict.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "strict.com", "strict.com",
        "strict.com", "p", 2, NULL},
    {"strict.com", "x.strict.com", "x.strict.com", F, F, DMARC_REJECT, DMARC_REJECT, "strict.com",
        "strict.com", "strict.com", "p", 2, NULL},

    /* p, sp, np */
    {"tree.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "tree.com", "tree.com", "tree.com",
        "p", 2, NULL},
    {"sub.tree.com", NULL, NULL, F, F, DMARC_QUARANTINE, DMARC_QUARANTINE, "tree.com", "tree.com",
        "tree.com", "sp", 3, NULL},
    {"mx.tree.com", NULL, NULL, F, F, DMARC_QUARANTINE, DMARC_QUARANTINE, "tree.com", "tree.com",
        "tree.com", "sp", 3, NULL},
    {"gone.tree.com", NULL, NULL, F, F, DMARC_NONE, DMARC_QUARANTINE, "tree.com", "tree.com",
        "tree.com", "np", 3, "receivers do not agree"},
    {"gone.np.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_NONE, "np.com", "np.com", "np.com", "np",
        3, "receivers do not agree"},
    {"there.np.com", NULL, NULL, F, F, DMARC_NONE, DMARC_NONE, "np.com", "np.com", "np.com", "p", 3,
        NULL},
    {"ill.np.com", "np.com", NULL, T, P, DMARC_UNSET, DMARC_NONE, NULL, "np.com", "np.com", NULL, 3,
        "whether ill.np.com exists is not known"},

    /* t=y */
    {"test.com", NULL, NULL, F, F, DMARC_QUARANTINE, DMARC_REJECT, "test.com", "test.com",
        "test.com", "p", 2, "receivers do not agree"},
    {"testq.com", NULL, NULL, F, F, DMARC_NONE, DMARC_QUARANTINE, "testq.com", "testq.com",
        "testq.com", "p", 2, "receivers do not agree"},
    {"testn.com", NULL, NULL, F, F, DMARC_NONE, DMARC_NONE, "testn.com", "testn.com", "testn.com",
        "p", 2, NULL},

    /* what RFC 9989 took away */
    {"pct.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "pct.com", "pct.com", "pct.com", "p",
        2, "\"pct=20\" is gone"},
    {"old.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "old.com", "old.com", "old.com", "p",
        2, "\"pct=100\" is gone"},
    {"old.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "old.com", "old.com", "old.com", "p",
        2, "\"ri=86400\" is gone"},
    {"old.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "old.com", "old.com", "old.com", "p",
        2, "\"rf=afrf\" is gone"},
    {"old.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "old.com", "old.com", "old.com", "p",
        2, "\"!10m\" in rua"},

    /* psd=y: the organizational domain is right below; its own record, else the suffix's with sp */
    {"safe.bank", "mail.safe.bank", NULL, P, P, DMARC_NONE, DMARC_NONE, "safe.bank", "safe.bank",
        "safe.bank", "p", 2, NULL},
    {"mail.bare.bank", "bare.bank", NULL, P, N, DMARC_QUARANTINE, DMARC_UNSET, "bank", "bare.bank",
        "bare.bank", "sp", 3, "receivers do not agree"},
    {"mail.bare.bank", "safe.bank", NULL, F, N, DMARC_QUARANTINE, DMARC_UNSET, "bank", "bare.bank",
        "bare.bank", "sp", 3, "receivers do not agree"},
    {"bank", "bank", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "bank", "bank", "bank", "p", 1, NULL},
    {"a.host.com", "b.host.com", NULL, F, P, DMARC_REJECT, DMARC_REJECT, "host.com", "a.host.com",
        "host.com", "p", 2, "receivers do not agree"},
    {"a.host.com", "x.a.host.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "host.com", "a.host.com",
        "host.com", "p", 2,
        "organizational domain of a.host.com is a.host.com by RFC 9989, but host.com"},
    /* psd=n: the walk ends there */
    {"unit.corp.com", "corp.com", NULL, F, P, DMARC_NONE, DMARC_NONE, "unit.corp.com",
        "unit.corp.com", "corp.com", "p", 1, "receivers do not agree"},
    {"x.unit.corp.com", "y.unit.corp.com", NULL, P, P, DMARC_NONE, DMARC_REJECT, "unit.corp.com",
        "unit.corp.com", "corp.com", "p", 2, "receivers do not agree"},
    {"corp.com", "unit.corp.com", NULL, F, P, DMARC_REJECT, DMARC_REJECT, "corp.com", "corp.com",
        "corp.com", "p", 2, "receivers do not agree"},

    /* several records on the way */
    {"a.b.levels.com", "levels.com", NULL, P, P, DMARC_NONE, DMARC_NONE, "levels.com", "levels.com",
        "levels.com", "p", 4, NULL},
    {"b.levels.com", "a.levels.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "b.levels.com",
        "levels.com", "levels.com", "p", 3, NULL},
    {"shop.co.test", "rival.co.test", NULL, P, F, DMARC_REJECT, DMARC_REJECT, "shop.co.test",
        "co.test", "shop.co.test", "p", 3, "receivers do not agree"},

    /* eight labels and more: straight to seven, at most eight look-ups */
    {"a.b.c.d.e.f.g.h.i.deep.com", "deep.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "deep.com",
        "deep.com", "deep.com", "p", 8, NULL},
    {"b.c.d.e.f.g.deep.com", "deep.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "deep.com",
        "deep.com", "deep.com", "p", 8, NULL},
    {"o.p.q.r.s.t.u.v.far.com", NULL, NULL, N, N, DMARC_UNSET, DMARC_UNSET, NULL,
        "o.p.q.r.s.t.u.v.far.com", "far.com", NULL, 8, "nor has a domain above it"},
    {"p.q.r.s.t.u.v.far.com", "far.com", NULL, F, P, DMARC_REJECT, DMARC_REJECT,
        "p.q.r.s.t.u.v.far.com", "p.q.r.s.t.u.v.far.com", "far.com", "p", 8,
        "receivers do not agree"},
    {"s1.s2.s3.s4.s5.s6.s7.nine.com", "nine.com", NULL, P, P, DMARC_QUARANTINE, DMARC_QUARANTINE,
        "nine.com", "nine.com", "nine.com", "p", 8, NULL},

    /* no record; records that are broken, doubled, or none */
    {"nothing.com", "nothing.com", NULL, N, N, DMARC_UNSET, DMARC_UNSET, NULL, "nothing.com",
        "nothing.com", NULL, 2, "nothing.com has no DMARC record"},
    {"nop.com", "nop.com", NULL, P, P, DMARC_NONE, DMARC_NONE, "nop.com", "nop.com", "nop.com", "p",
        2, "the tag p is missing"},
    {"nopr.com", "nopr.com", NULL, N, N, DMARC_UNSET, DMARC_UNSET, "nopr.com", "nopr.com",
        "nopr.com", NULL, 2, "no policy that is valid"},
    {"badp.com", NULL, NULL, F, F, DMARC_NONE, DMARC_NONE, "badp.com", "badp.com", "badp.com", "p",
        2, "\"p=rejct\": none, quarantine or reject is needed"},
    {"badpr.com", NULL, NULL, N, N, DMARC_UNSET, DMARC_UNSET, "badpr.com", "badpr.com", "badpr.com",
        NULL, 2, "no policy that is valid"},
    {"badpu.com", NULL, NULL, N, N, DMARC_UNSET, DMARC_UNSET, "badpu.com", "badpu.com", "badpu.com",
        NULL, 2, "\"d@badpu.com\" in rua is no URI"},
    {"badsp.com", NULL, NULL, F, F, DMARC_NONE, DMARC_NONE, "badsp.com", "badsp.com", "badsp.com",
        "p", 2, "\"sp=all\": none, quarantine"},
    {"badspr.com", NULL, NULL, N, N, DMARC_UNSET, DMARC_UNSET, "badspr.com", "badspr.com",
        "badspr.com", NULL, 2, "no rua"},
    {"badnpr.com", NULL, NULL, N, F, DMARC_UNSET, DMARC_REJECT, "badnpr.com", "badnpr.com",
        "badnpr.com", NULL, 2, "receivers do not agree"},
    {"sub.badnp.com", NULL, NULL, F, F, DMARC_NONE, DMARC_QUARANTINE, "badnp.com", "badnp.com",
        "badnp.com", "p", 3, "receivers do not agree"},
    {"badtag.com", NULL, "x.badtag.com", P, P, DMARC_REJECT, DMARC_REJECT, "badtag.com",
        "badtag.com", "badtag.com", "p", 2, "\"adkim=maybe\": r or s is needed"},
    {"badtag.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "badtag.com", "badtag.com",
        "badtag.com", "p", 2, "the tag \"colour\" is unknown"},
    {"badtag.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "badtag.com", "badtag.com",
        "badtag.com", "p", 2, "\"nonsense\" is no tag"},
    {"badtag.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "badtag.com", "badtag.com",
        "badtag.com", "p", 2, "the tag p stands more than once"},
    {"case.com", "x.case.com", NULL, F, F, DMARC_REJECT, DMARC_REJECT, "case.com", "case.com",
        "case.com", "p", 2, NULL},
    {"lower.com", NULL, NULL, N, N, DMARC_UNSET, DMARC_UNSET, NULL, "lower.com", "lower.com", NULL,
        2, "\"v=dmarc1; p=reject\" at _dmarc.lower.com is no DMARC record"},
    {"nosemi.com", NULL, NULL, N, N, DMARC_UNSET, DMARC_UNSET, NULL, "nosemi.com", "nosemi.com",
        NULL, 2, "is no DMARC record"},
    {"second.com", NULL, NULL, N, N, DMARC_UNSET, DMARC_UNSET, NULL, "second.com", "second.com",
        NULL, 2, "second.com has no DMARC record"},
    {"two.com", "two.com", NULL, N, N, DMARC_UNSET, DMARC_UNSET, NULL, "two.com", "two.com", NULL,
        2, "_dmarc.two.com has 2 DMARC records"},
    {"dup.above.com", NULL, NULL, F, N, DMARC_QUARANTINE, DMARC_UNSET, "above.com", "above.com",
        "above.com", "p", 3, "receivers do not agree"},
    {"dupn.above.com", NULL, NULL, F, N, DMARC_QUARANTINE, DMARC_UNSET, "above.com", "above.com",
        "above.com", "p", 3, "receivers do not agree"},
    {"a.pair.net", "pair.net", NULL, F, P, DMARC_REJECT, DMARC_REJECT, "a.pair.net", "a.pair.net",
        "pair.net", "p", 3, "_dmarc.pair.net has 2 DMARC records"},
    {"mixed.com", NULL, NULL, F, F, DMARC_REJECT, DMARC_REJECT, "mixed.com", "mixed.com",
        "mixed.com", "p", 2, NULL},

    /* failures: at the From domain, on the way, above it; only where it matters */
    {"fail.com", "fail.com", NULL, T, T, DMARC_UNSET, DMARC_UNSET, NULL, NULL, "fail.com", NULL, 1,
        "_dmarc.fail.com failed: SERVFAIL"},
    {"mail.fail.com", "fail.com", NULL, T, T, DMARC_UNSET, DMARC_UNSET, NULL, NULL, "fail.com",
        NULL, 2, "_dmarc.fail.com failed: SERVFAIL"},
    {"a.mid.half.com", "half.com", NULL, T, P, DMARC_UNSET, DMARC_REJECT, NULL, NULL, "half.com",
        NULL, 2, "_dmarc.mid.half.com failed: TIMEOUT"},
    {"own.top", "own.top", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "own.top", NULL, "own.top", "p",
        2, NULL},
    {"own.top", "x.own.top", NULL, T, P, DMARC_REJECT, DMARC_REJECT, "own.top", NULL, "own.top",
        "p", 2, "_dmarc.top failed: SERVFAIL"},
    {"half.com", "mid.half.com", NULL, T, P, DMARC_REJECT, DMARC_REJECT, "half.com", "half.com",
        "half.com", "p", 2, "is not known"},
    {"half.com", "mid.half.com", "half.com", P, P, DMARC_REJECT, DMARC_REJECT, "half.com",
        "half.com", "half.com", "p", 2, NULL},
    {"plain.com", "plain.com=temperror", "other.com", T, T, DMARC_REJECT, DMARC_REJECT, "plain.com",
        "plain.com", "plain.com", "p", 2, "is not known"},
    {"plain.com", "other.com=temperror", "other.com", F, F, DMARC_REJECT, DMARC_REJECT, "plain.com",
        "plain.com", "plain.com", "p", 2, NULL},
    {"", "x.com", NULL, DMARC_PERMERROR, DMARC_PERMERROR, DMARC_UNSET, DMARC_UNSET, NULL, NULL,
        NULL, NULL, 0, "no domain name"},
    {"a..com", "x.com", NULL, DMARC_PERMERROR, DMARC_PERMERROR, DMARC_UNSET, DMARC_UNSET, NULL,
        NULL, NULL, NULL, 0, "no domain name"},

    /* reports */
    {"away.com", NULL, NULL, F, F, DMARC_NONE, DMARC_NONE, "away.com", "away.com", "away.com", "p",
        2, "reports to mailto:d@other.com will not be sent"},
    {"x.ill.com", "x.ill.com", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "x.ill.com", NULL, "ill.com",
        "p", 2, NULL},
    {"registry.test", "registry.test", NULL, P, P, DMARC_REJECT, DMARC_REJECT, "registry.test",
        "registry.test", "registry.test", "p", 1, NULL},
#undef N
#undef P
#undef F
#undef T
};

/* A public suffix list of our own: every top label, and co.test. */
static const char *
org_domain(const char *name, const void *arg)
{
	size_t suffix = name_within(name, "co.test") ? 2 : 1;

	cr_assert_str_eq(arg, "list");
	return name_labels(name) > suffix ? name_last_labels(name, suffix + 1) : NULL;
}

static struct dmarc_identifier
identifier_of(struct arena *arena, const char *text, size_t len)
{
	char *domain = arena_copy(arena, text, len), *equals = strchr(domain, '=');
	struct dmarc_identifier identifier = {domain, DMARC_AUTH_PASS};

	if (equals != NULL) {
		*equals = '\0';
		identifier.result =
		    strcmp(equals + 1, "fail") == 0 ? DMARC_AUTH_FAIL : DMARC_AUTH_TEMPERROR;
	}
	return identifier;
}

static void
query_of(const struct test_case *c, struct arena *arena, struct dmarc_query *query)
{
	struct dmarc_identifier *dkim = NULL, *spf = NULL;

	*query = (struct dmarc_query){
	    .from = c->from, .org_domain = org_domain, .org_domain_arg = "list", .survey = true};
	if (c->spf != NULL) {
		spf = arena_alloc(arena, sizeof *spf);
		*spf = identifier_of(arena, c->spf, strlen(c->spf));
	}
	for (const char *p = c->dkim != NULL ? c->dkim : ""; *p != '\0'; p += strspn(p, " ")) {
		struct dmarc_identifier *one =
		    arena_push(arena, &dkim, query->dkim_count++, sizeof *one);

		*one = identifier_of(arena, p, strcspn(p, " "));
		p += strcspn(p, " ");
	}
	query->spf = spf;
	query->dkim = dkim;
}

static bool
says(const struct dmarc *dmarc, const char *part)
{
	if (dmarc->now.problem != NULL && strstr(dmarc->now.problem, part) != NULL)
		return true;
	for (size_t i = 0; i < dmarc->warnings.count; i++)
		if (strstr(dmarc->warnings.items[i].words, part) != NULL)
			return true;
	return false;
}

static bool
same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static void
check_case(const struct test_case *c, const struct dmarc *dmarc)
{
	const struct dmarc_view *now = &dmarc->now, *old = &dmarc->old;
	const char *from = c->from;

	cr_expect(now->result == c->now, "%s, %s, %s: %s", from, c->spf, c->dkim,
	    dmarc_result_name(now->result));
	cr_expect(old->result == c->old, "%s, %s, %s: by RFC 7489 %s", from, c->spf, c->dkim,
	    dmarc_result_name(old->result));
	cr_expect(now->policy == c->policy, "%s: policy %s", from, dmarc_policy_name(now->policy));
	cr_expect(old->policy == c->old_policy, "%s: by RFC 7489 policy %s", from,
	    dmarc_policy_name(old->policy));
	cr_expect(same(now->at, c->at), "%s: record at %s", from, now->at);
	cr_expect((now->record != NULL) == (c->at != NULL), "%s: record %s", from, now->record);
	cr_expect(
	    same(now->org_domain, c->org), "%s: organizational domain %s", from, now->org_domain);
	cr_expect(same(old->org_domain, c->old_org), "%s: by RFC 7489 organizational domain %s",
	    from, old->org_domain);
	cr_expect(same(now->tag, c->tag), "%s: tag %s", from, now->tag);
	cr_expect(now->queries == c->queries && now->queries <= DMARC_WALK_MAX, "%s: %u queries",
	    from, now->queries);
	cr_expect(
	    (now->problem == NULL) == (now->result == DMARC_PASS || now->result == DMARC_FAIL),
	    "%s: %s", from, now->problem);
	if (c->says == NULL)
		cr_expect(dmarc->warnings.count == 0, "%s, %s, %s: %s", from, c->spf, c->dkim,
		    dmarc->warnings.count > 0 ? dmarc->warnings.items[0].words : "");
	else
		cr_expect(says(dmarc, c->says), "%s, %s: no \"%s\"; \"%s\"", from, c->spf, c->says,
		    dmarc->warnings.count > 0 ? dmarc->warnings.items[0].words : now->problem);
}

Test(dmarc, table)
{
	struct book *book = book_of(zone);
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct dmarc_query query;
		struct dmarc dmarc;

		query_of(&cases[i], arena, &query);
		cr_assert(dmarc_check(book, arena, &query, &dmarc));
		check_case(&cases[i], &dmarc);
		arena_reset(arena);
	}
	arena_free(arena);
	book_free(book);
}

struct run {
	struct arena *arena;
	struct dmarc_query query;
	struct dmarc dmarc;
};

static bool
run_step(struct book *book, void *arg)
{
	struct run *run = arg;

	return dmarc_check(book, run->arena, &run->query, &run->dmarc);
}

/* The same when the answers have to be waited for, in few rounds. */
Test(dmarc, waiting)
{
	struct book *book = book_of(zone);
	struct arena *arena = arena_new();
	size_t questions;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct book *live = book_new();
		struct run run = {.arena = arena};
		unsigned rounds;

		query_of(&cases[i], arena, &run.query);
		rounds = book_of_feed(live, book, run_step, &run, &questions);
		check_case(&cases[i], &run.dmarc);
		cr_expect(rounds <= 4, "%s: %u rounds", cases[i].from, rounds);
		book_free(live);
		arena_reset(arena);
	}
	arena_free(arena);
	book_free(book);
}

/* Who is warned about, and who is not: the one who has agreed, the own domain, the one that cannot
 * be told. */
Test(dmarc, reports)
{
	struct book *book = book_of(zone);
	struct arena *arena = arena_new();
	struct dmarc_query query = {.from = "away.com", .survey = true};
	struct dmarc dmarc;

	cr_assert(dmarc_check(book, arena, &query, &dmarc));
	cr_expect(dmarc.warnings.count == 1 && says(&dmarc, "away.com._report._dmarc.other.com"));
	cr_expect(!dmarc.old_known);
	query.survey = false;
	cr_assert(dmarc_check(book, arena, &query, &dmarc));
	cr_expect(dmarc.warnings.count == 0);
	arena_free(arena);
	book_free(book);
}

/* An identifier that cannot share the organizational domain costs no look-up. */
Test(dmarc, no_needless_questions)
{
	struct book *book = book_of(zone), *live = book_new();
	struct arena *arena = arena_new();
	struct dmarc_identifier spf = {"a.b.c.mailer.net", DMARC_AUTH_PASS};
	struct run run = {.arena = arena, .query = {.from = "plain.com", .spf = &spf}};
	size_t questions;

	book_of_feed(live, book, run_step, &run, &questions);
	cr_expect(questions == 2 && run.dmarc.now.result == DMARC_FAIL, "%zu questions", questions);
	arena_free(arena);
	book_free(live);
	book_free(book);
}

/* A record with any bytes. */
Test(dmarc, bytes)
{
	static const char text[] = "v=DMARC1; p=reject; x\0y=\x01\xff; "
	                           "rua=mailto:d@plain.com,mailto:\x80@plain.com; =; ;;=x";
	struct arena *arena = arena_new();
	struct dmarc_record record;

	cr_assert(dmarc_record_is((struct dns_text){text, sizeof text - 1}));
	dmarc_record_parse((struct dns_text){text, sizeof text - 1}, arena, &record);
	cr_expect(record.p == DMARC_REJECT && record.rua_count == 2);
	for (size_t i = 0; i < record.warnings.count; i++)
		for (const char *p = record.warnings.items[i].words; *p != '\0'; p++)
			cr_expect(*p >= ' ' && *p <= '~', "%s", record.warnings.items[i].words);
	dmarc_record_parse((struct dns_text){"v=DMARC1; rua = mailto:d@plain.com!10m , "
	                                     "https://plain.com/d ; rua=mailto:x@plain.com",
	                       85},
	    arena, &record);
	cr_expect(record.rua_count == 2 && strcmp(record.rua[0], "mailto:d@plain.com") == 0 &&
	          strcmp(record.rua[1], "https://plain.com/d") == 0);
	cr_expect(!dmarc_record_is((struct dns_text){" v=DMARC1", 9}));
	cr_expect(!dmarc_record_is((struct dns_text){"", 0}));
	cr_expect(!dmarc_record_is((struct dns_text){"v=DMARC1\0", 9}));
	cr_expect(!dmarc_record_is((struct dns_text){"v=DMARC11", 9}));
	arena_free(arena);
}
