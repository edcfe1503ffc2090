/* The names of the practice internet: senders, their reverse zones, and the blocklists under their
 * real names and with their real manners. To add a name, add a line. */
#include "lab/names.h"

#define FILLER                                                                                     \
	"some text that makes it long enough, and then some more, so that the eight of them are "  \
	"too large for a datagram of 1232 octets: "                                                \
	"and as that is not enough, the same again, and again"

/* The public half of the key that tests sign with. */
#define SIGNED_RSA                                                                                 \
	"MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA3Reci3EiuSfGw5QLrSwU5YHWeIYan3oktYwTnu6jrkAT" \
	"3QtXGQzERUP0"                                                                             \
	"zJvlKSG04k3EN+"                                                                           \
	"HcpXut5iBeynduvNQuoIaIUHdJtoyvcp6XKvAQJOPp27RAvpQbWEVBb6RAJZSVvLmtTaB0IDyOsoY/g7NmBqIf"   \
	"GNLo1VTx5nbcN5DheAal8KGd4wXJ4U4htdSyW55yT76LMD32Ng9KeFgiObJeJGTH84CldquLqfG1OY6mBOWyrID1" \
	"Wz9SZHxAdyMn"                                                                             \
	"VyrFIjlShlm2xxuSGfH0hEz3XE6/89MSK9mcDsj/"                                                 \
	"gE8WQghgeAH37kctpMoGGc89J4MGeblImINKOI2tZo533QIDAQAB"

/* clang-format off */
const struct lab_name lab_names[] = {
	{"", "@ SOA 1\n@ SIGNED yes\n"},
	{"lab.example",
		"@ SOA 1\n"
		"@ NS ns\n"
		"ns A 127.0.0.1\n"
		"@ TXT v=spf1 -all\n"},

	/* ---- senders: an address each (domains.c), and policies for what SPF and DMARC can say */
	{"sender.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ MX 10 clean\n"
		"@ A 127.0.1.1\n"
		"@ TXT v=spf1 ip4:127.0.1.0/24 ip6:::1 -all\n"
		"_dmarc TXT v=DMARC1; p=reject; rua=mailto:dmarc@sender.example\n"
		"clean A 127.0.1.1\n"
		"clean MX 10 clean\n"
		"clean TXT v=spf1 ip4:127.0.1.0/24 ip6:::1 -all\n"
		"listed A 127.0.1.2\n"
		"listed MX 10 listed\n"
		"listed TXT v=spf1 a -all\n"
		"unconfirmed A 127.0.1.99\n"
		"unconfirmed MX 10 unconfirmed\n"
		"unconfirmed TXT v=spf1 ip4:127.0.1.4 -all\n"
		"policy A 127.0.1.7\n"
		"policy MX 10 policy\n"
		"policy TXT v=spf1 a -all\n"
		"traps A 127.0.1.8\n"
		"traps MX 10 traps\n"
		"traps TXT v=spf1 a -all\n"
		"white A 127.0.1.9\n"
		"white MX 10 white\n"
		"white TXT v=spf1 a -all\n"
		"many A 127.0.1.11\n"
		"many MX 10 many\n"
		"many TXT v=spf1 a -all\n"
		"six AAAA ::1\n"
		"six MX 10 six\n"
		"six TXT v=spf1 a -all\n"
		"spf-none A 127.0.1.1\n"
		"spf-fail A 127.0.1.1\n"
		"spf-fail TXT v=spf1 ip4:192.0.2.0/24 -all\n"
		"spf-softfail A 127.0.1.1\n"
		"spf-softfail TXT v=spf1 ip4:192.0.2.0/24 ~all\n"
		"spf-neutral A 127.0.1.1\n"
		"spf-neutral TXT v=spf1 ?all\n"
		"spf-broken A 127.0.1.1\n"
		"spf-broken TXT v=spf1 ip4:127.0.1.0/33 -all\n"
		"spf-double A 127.0.1.1\n"
		"spf-double TXT v=spf1 a -all\n"
		"spf-double TXT v=spf1 mx -all\n"
		"spf-loop A 127.0.1.1\n"
		"spf-loop TXT v=spf1 include:spf-loop.sender.example -all\n"
		"spf-temp A 127.0.1.1\n"
		"spf-temp TXT v=spf1 include:servfail.sender.example -all\n"
		"servfail FATE SERVFAIL\n"
		"silent FATE SILENT\n"
		"no-mail A 127.0.1.1\n"
		"no-mail MX 0 .\n"
		"no-address TXT it has no address\n"
		"big TXT one of many: " FILLER "\n"
		"big TXT two of many: " FILLER "\n"
		"big TXT three of many: " FILLER "\n"
		"big TXT four of many: " FILLER "\n"
		"big TXT five of many: " FILLER "\n"
		"big TXT six of many: " FILLER "\n"
		"big TXT seven of many: " FILLER "\n"
		"big TXT v=spf1 a -all\n"
		"big A 127.0.1.1\n"},
	{"dmarc-none.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ MX 10 clean.sender.example.\n"
		"@ A 127.0.1.1\n"
		"@ TXT v=spf1 ip4:127.0.1.0/24 -all\n"
		"_dmarc TXT v=DMARC1; p=none; rua=mailto:dmarc@dmarc-none.example\n"},
	{"dmarc-broken.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ MX 10 clean.sender.example.\n"
		"@ A 127.0.1.1\n"
		"@ TXT v=spf1 ip4:127.0.1.0/24 -all\n"
		"_dmarc TXT v=DMARC1; p=rejekt\n"},
	{"signed.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ MX 10 mail\n"
		"@ TXT v=spf1 a:mail.signed.example -all\n"
		"_dmarc TXT v=DMARC1; p=reject; rua=mailto:dmarc@signed.example\n"
		"lab._domainkey TXT v=DKIM1; k=rsa; p=" SIGNED_RSA "\n"
		"ed._domainkey TXT v=DKIM1; k=ed25519; p=LvWw44V/AIi6fqwVkcFCL7V97JxfAJTl5LQ9TYBzCuY=\n"
		"test._domainkey TXT v=DKIM1; t=y; p=" SIGNED_RSA "\n"
		"old._domainkey TXT v=DKIM1; p=\n"
		"temp._domainkey FATE SERVFAIL\n"
		"mail A 127.0.1.13\n"
		"mail MX 10 mail\n"
		"mail TXT v=spf1 a -all\n"},
	{"strict.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ MX 10 clean.sender.example.\n"
		"@ TXT v=spf1 ip4:192.0.2.0/24 -all\n"
		"_dmarc TXT v=DMARC1; p=reject; aspf=s; adkim=s; rua=mailto:dmarc@strict.example\n"
		"spam A 127.0.1.1\n"
		"_dmarc.spam TXT v=DMARC1; p=quarantine; rua=mailto:dmarc@strict.example\n"},
	{"slow.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ MX 10 clean.sender.example.\n"
		"@ TXT v=spf1 include:silent.sender.example ip4:127.0.1.0/24 -all\n"
		"_dmarc FATE SILENT\n"},
	{"bare.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ MX 10 mail\n"
		"mail A 127.0.1.12\n"},
	{"isp.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"host-127-0-1-5.dyn A 127.0.1.5\n"},
	{"elsewhere.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"},
	{"listed-domain.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"@ A 127.0.1.1\n"
		"@ MX 10 clean.sender.example.\n"
		"shop A 127.0.1.1\n"},

	/* ---- reverse zones */
	{"127.in-addr.arpa",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"1.0.0 PTR localhost.\n"
		"1.1.0 PTR clean.sender.example.\n"
		"2.1.0 PTR listed.sender.example.\n"
		"4.1.0 PTR unconfirmed.sender.example.\n"
		"5.1.0 PTR host-127-0-1-5.dyn.isp.example.\n"
		"6.1.0 FATE SERVFAIL\n"
		"7.1.0 PTR policy.sender.example.\n"
		"8.1.0 PTR traps.sender.example.\n"
		"9.1.0 PTR white.sender.example.\n"
		"10.1.0 FATE SILENT\n"
		"11.1.0 PTR one.many.sender.example.\n"
		"11.1.0 PTR two.many.sender.example.\n"
		"11.1.0 PTR three.many.sender.example.\n"
		"11.1.0 PTR four.many.sender.example.\n"
		"11.1.0 PTR five.many.sender.example.\n"
		"11.1.0 PTR six.many.sender.example.\n"
		"11.1.0 PTR many.sender.example.\n"
		"11.1.0 PTR eight.many.sender.example.\n"
		"11.1.0 PTR nine.many.sender.example.\n"
		"11.1.0 PTR ten.many.sender.example.\n"
		"11.1.0 PTR eleven.many.sender.example.\n"
		"11.1.0 PTR twelve.many.sender.example.\n"
		"12.1.0 PTR mail.bare.example.\n"
		"13.1.0 PTR mail.signed.example.\n"},
	{"ip6.arpa",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR six.sender.example.\n"},

	/* ---- blocklists: test points first (RFC 5782 section 5) */
	{"zen.spamhaus.org",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127 A 127.0.0.2\n"
		"2.0.0.127 A 127.0.0.4\n"
		"2.0.0.127 A 127.0.0.10\n"
		"2.0.0.127 TXT https://check.spamhaus.org/query/ip/127.0.0.2\n"
		"2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 A 127.0.0.2\n"
		"2.0.0.0.0.0.f.7.f.f.f.f.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 TXT "
		"https://check.spamhaus.org/query/ip/::FFFF:7F00:2\n"
		"2.1.0.127 A 127.0.0.4\n"
		"2.1.0.127 TXT https://check.spamhaus.org/query/ip/127.0.1.2\n"
		"7.1.0.127 A 127.0.0.11\n"
		"7.1.0.127 TXT https://check.spamhaus.org/query/ip/127.0.1.7\n"},
	{"bl.spamcop.net",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127 A 127.0.0.2\n"
		"2.0.0.127 TXT Blocked - see https://www.spamcop.net/bl.shtml?127.0.0.2\n"
		"8.1.0.127 A 127.0.0.2\n"
		"8.1.0.127 TXT Blocked - see https://www.spamcop.net/bl.shtml?127.0.1.8\n"},
	{"b.barracudacentral.org",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127 A 127.0.0.2\n"
		"2.0.0.127 TXT http://www.barracudanetworks.com/reputation/?pr=1&ip=127.0.0.2\n"
		"8.1.0.127 A 127.0.0.2\n"
		"8.1.0.127 TXT http://www.barracudanetworks.com/reputation/?pr=1&ip=127.0.1.8\n"},
	{"psbl.surriel.com",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127 A 127.0.0.2\n"
		"2.0.0.127 TXT Listed in PSBL, see https://psbl.org/listing?ip=127.0.0.2\n"
		"8.1.0.127 A 127.0.0.2\n"
		"8.1.0.127 TXT Listed in PSBL, see https://psbl.org/listing?ip=127.0.1.8\n"},
	{"mailspike.net",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127.bl A 127.0.0.2\n"
		"2.0.0.127.bl TXT listed in Mailspike\n"
		"2.0.0.127.rep A 127.0.0.10\n"
		"2.0.0.127.wl A 127.0.0.20\n"
		"9.1.0.127.rep A 127.0.0.18\n"
		"9.1.0.127.wl A 127.0.0.18\n"},
	{"uceprotect.net",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127.dnsbl-1 A 127.0.0.2\n"
		"2.0.0.127.dnsbl-1 TXT IP 127.0.0.2 is UCEPROTECT-Level 1 listed\n"
		"2.0.0.127.dnsbl-2 A 127.0.0.2\n"
		"2.0.0.127.dnsbl-3 A 127.0.0.2\n"},
	{"list.dnswl.org",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127 A 127.0.10.0\n"
		"2.0.0.127 TXT test.example https://dnswl.org/s/?s=0\n"
		"9.1.0.127 A 127.0.5.2\n"
		"9.1.0.127 TXT sender.example https://dnswl.org/s/?s=1\n"},
	{"dbl.spamhaus.org",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"dbltest.com A 127.0.1.2\n"
		"dbltest.com TXT https://check.spamhaus.org/query/domain/dbltest.com\n"
		"listed-domain.example A 127.0.1.2\n"
		"listed-domain.example TXT https://check.spamhaus.org/query/domain/listed-domain.example\n"
		"*.listed-domain.example A 127.0.1.2\n"
		"*.127 A 127.0.1.255\n"
		"*.127 TXT No IP queries allowed\n"},
	{"multi.surbl.org",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127 A 127.0.0.252\n"
		"test.surbl.org A 127.0.0.252\n"
		"surbl-org-permanent-test-point.com A 127.0.0.252\n"
		"listed-domain.example A 127.0.0.64\n"
		"listed-domain.example TXT on list [abuse], see "
		"https://surbl.org/surbl-analysis?d=listed-domain.example\n"},
	{"multi.uribl.com",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127 A 127.0.0.14\n"
		"test.uribl.com A 127.0.0.14\n"
		"listed-domain.example A 127.0.0.2\n"
		"listed-domain.example TXT http://lookup.uribl.com/?domain=listed-domain.example\n"},

	/* ---- lists that cannot be believed, under made-up names (--lists makes them known) */
	{"dnsbl.example",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"
		"2.0.0.127.good A 127.0.0.2\n"
		"2.0.0.127.good TXT a test entry\n"
		"2.1.0.127.good A 127.0.0.2\n"
		"2.1.0.127.good TXT seen sending mail to a trap\n"
		"*.refuses A 127.255.255.254\n"
		"*.refuses TXT open resolver; see https://dnsbl.example/returnc/pub/\n"
		"*.busy A 127.255.255.255\n"
		"*.wild A 127.0.0.2\n"
		"*.wild TXT this zone lists the whole internet\n"
		"*.parked A 192.0.2.80\n"
		"2.0.0.127.strange A 127.0.0.2\n"
		"2.1.0.127.strange A 127.0.0.77\n"
		"dead FATE SILENT\n"
		"broken FATE SERVFAIL\n"
		"no FATE REFUSED\n"
		"empty TXT closed\n"},
	{"dnsbl.sorbs.net",
		"@ SOA 1\n"
		"@ NS ns.lab.example.\n"},
};
const size_t lab_name_count = sizeof lab_names / sizeof lab_names[0];
/* clang-format on */
