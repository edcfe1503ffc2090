/* loop: the one libevent loop, its clock, and randomness. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdint.h>

struct event_base;

struct event_base *loop_new(void); /* ends the program with status 70 when there is none to be had */
int64_t loop_ms(void); /* monotonic, milliseconds */
uint64_t loop_random(void); /* from the kernel */

#endif
