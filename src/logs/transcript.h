/* transcript: the dialogue as Sendmail, Courier and Postfix write it into their notices (">>> RCPT
 * To:<…>" and "<<< 550 …"; "In:" and "Out:") → whom each reply concerns. */
#ifndef LOGS_TRANSCRIPT_H
#define LOGS_TRANSCRIPT_H

#include <stdbool.h>

#include "logs/notice.h"

/* Adds an entry for each recipient. False: the text has no dialogue in it. */
bool transcript_read(struct slice text, struct arena *arena, struct notice *out);

#endif
