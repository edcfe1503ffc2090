/* loop: the one libevent loop, its clock, and randomness. */
#ifndef IO_LOOP_H
#define IO_LOOP_H

#include <stdint.h>

struct event;
struct event_base;

/* What libevent has to say about itself goes to base/log.h. Ends the program with status 70 when
 * there is no loop to be had. */
struct event_base *loop_new(void);
/* Until loop_stop, or nothing is left to wait for. Ends the program with status 70 when the kernel
 * will not wait for us. */
void loop_run(struct event_base *base);
void loop_stop(struct event_base *base); /* within a callback: once that has returned */
void loop_free(struct event_base *base); /* NULL is allowed */
/* event_new; ends the program with status 70 when there is no memory. */
struct event *loop_event(struct event_base *base, int fd, short what,
    void (*happened)(int fd, short what, void *arg), void *arg);
int64_t loop_ms(void); /* monotonic, milliseconds */
int64_t loop_wall_ms(void); /* milliseconds since the epoch */
uint64_t loop_random(
    void); /* from the kernel; ends the program with status 70 when that has none */

#endif
