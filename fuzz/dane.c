/* Exercises the reading of TLSA records off the wire (dns/wire.c) and evidence/dane*.c: the input
 * is a DNS message that answers for a host's TLSA records, and what a server shows as certificates.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "dns/book.h"
#include "dns/wire.h"
#include "evidence/dane.h"
#include "evidence/route.h"

#define OWNER "_25._tcp.mx.example.com"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static struct book *
zone_of(const struct answer *tlsa)
{
	static const char *const lines[] = {
	    "{\"name\":\"example.com\",\"type\":\"MX\",\"rcode\":\"NOERROR\",\"ad\":true,\"data\":["
	    "\"10 mx.example.com\"]}",
	    "{\"name\":\"mx.example.com\",\"type\":\"A\",\"rcode\":\"NOERROR\",\"ad\":true,"
	    "\"data\":["
	    "\"192.0.2.1\"]}"};
	struct book *book = book_new();
	char reason[200];

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		must(book_read_line(book, lines[i], strlen(lines[i]), reason, sizeof reason));
	book_put(book, tlsa);
	book_close(book);
	return book;
}

static void
check_records(const struct dane *dane, const uint8_t *data, size_t size, struct arena *arena)
{
	const struct dns_text whole = {(const char *)data, size},
	                      key = {(const char *)data + size / 2, size - size / 2};
	const struct dane_certificate chain[] = {
	    {whole, key, "CN=a", true}, {key, whole, "CN=b", false}};
	struct dane_published *published =
	    arena_alloc(arena, (dane->record_count + 1) * sizeof *published);
	size_t usable = 0;

	must(dane->record_count + dane->unseen == dane->record_total);
	for (size_t i = 0; i < dane->record_count; i++) {
		usable += dane->records[i].fault == NULL;
		must(*dane_record_text(&dane->records[i], arena) != '\0');
		must(dane->records[i].fault == NULL || !dane->records[i].outranked);
	}
	must(usable == dane->usable);
	dane_publishes(dane->records, dane->record_count, chain, 2, true, published);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *arena = arena_new();
	struct answer tlsa;
	struct route route;
	struct dane dane;
	struct book *book;
	const char *why;
	bool truncated;

	if (!wire_response(data, size, OWNER, DNS_TLSA, arena, &tlsa, &truncated, &why)) {
		arena_free(arena);
		return 0;
	}
	book = zone_of(&tlsa);
	if (route_find(book, arena, "example.com", ROUTE_BOTH, 1, &route) && route.host_count > 0 &&
	    dane_find(book, arena, &route, &route.hosts[0], 25, false, &dane)) {
		must(dane.state != DANE_UNASKED && dane.why != NULL);
		must((dane.host == DANE_USABLE) == (dane.usable > 0));
		must(tlsa.rcode == DNS_NOERROR || dane.record_total == 0);
		check_records(&dane, data, size, arena);
	}
	book_free(book);
	arena_free(arena);
	return 0;
}
