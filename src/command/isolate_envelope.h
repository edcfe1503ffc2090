/* isolate_envelope: see its .c. Returns the exit status. */
#ifndef COMMAND_ISOLATE_ENVELOPE_H
#define COMMAND_ISOLATE_ENVELOPE_H

struct output;
struct pinned;
struct text_style;

int isolate_envelope(struct pinned *pinned, struct output *output, const struct text_style *style);

#endif
