/* skip: those who do not want to be walked: domains with all below them, addresses, mail servers by
 * name, IP addresses and networks. Pure: the lines come from elsewhere.
 *
 * What is asked for is compared as one who opted out would mean it: letters without case, the local
 * part without its quotes, an address literal as the address that it is. The answers are the entry
 * and its line, "skip.txt:3: *.example.com", or NULL; they live as long as the list. */
#ifndef OPTIONS_SKIP_H
#define OPTIONS_SKIP_H

#include <stdbool.h>

#include "base/ip.h"
#include "base/slice.h"

struct skip_list;

struct skip_list *skip_new(const char *file); /* the name is for the answers, and borrowed */
void skip_free(struct skip_list *list);

/* A line: an entry, a comment or nothing. False: it is none of them, `*why` says what is expected.
 */
bool skip_add(struct skip_list *list, struct slice line, unsigned long number, const char **why);

const char *skip_domain(const struct skip_list *list, const char *domain);
/* local@domain, by its own entry; or by that of the mailbox, or of the domain, that a relay would
 * make of it (mail/address.h) */
const char *skip_address(const struct skip_list *list, const char *address);
const char *skip_host(const struct skip_list *list, const char *host); /* a name, or an address */
const char *skip_ip(const struct skip_list *list, const struct ip *ip);

#endif
