/* take: what the value of an option may be: a function for each kind, named in the option's row. */
#ifndef OPTIONS_TAKE_H
#define OPTIONS_TAKE_H

#include "options/option_table.h"

extern option_take take_recipient, take_sender, take_identity, take_name, take_helo, take_zone,
    take_address, take_addresses, take_port, take_count, take_retries, take_server, take_servers,
    take_nameserver, take_time, take_rate, take_pause, take_timeout, take_word, take_depth,
    take_words, take_range, take_days, take_percent, take_file, take_files, take_attachment,
    take_content, take_message, take_header, take_key, take_result, take_dkim_file,
    take_dkim_selector, take_dkim_domain, take_filter, take_dsn_notify, take_dsn_ret,
    take_dsn_envid;

extern option_take take_mechanisms, take_descriptor, take_user, take_socket, take_attach_name,
    take_attach_type, take_attach_body, take_versions, take_protocol, take_dsn_orcpt;
extern option_take take_ranges; /* addresses: see addresses_add */

#endif
