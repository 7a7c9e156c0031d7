/* SPDX-License-Identifier: MIT */
/*
 * pause: nothing sleeps while a SYN is owed.  Before a call that may block, what this
 * thread deferred is materialized.  A wait of an event loop is first tried without
 * sleeping, so that a writer finds its deferred connection writable and keeps its gain;
 * while closed connections linger, it is cut into slices so that their FIN is not late;
 * and while what rode in a SYN may have to be sent again.
 */
#ifndef PRELOAD_PAUSE_H
#define PRELOAD_PAUSE_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/select.h>
#include <sys/time.h>
#include <time.h>

/*
 * Around a call that sleeps on anything but descriptors; what lingers is waited for
 * before it, for patience_ms at most.  Negative: signals came before it, see
 * kernel_release().
 */
int pause_before(int patience_ms);
void pause_after(void);
/* Before a call that may block on fd for POLLIN, or for POLLOUT of n bytes; false: a
 * signal came before it, its answer is EINTR. */
bool pause_on(int fd, short events, size_t n);

enum pause_step { PAUSE_PROBE, PAUSE_FULL, PAUSE_SLICE };

struct pause {
	enum pause_step step;
	bool zero, for_ever; /* the program's timeout */
	int cut;	     /* a signal came before it: its answer is EINTR */
	bool held;	     /* between slices no signal comes in */
	sigset_t mask;	     /* ... the program's */
	uint64_t start_us, end_us;
	int ms; /* the program's, in its own shape ... */
	const struct timespec *timespec;
	struct timeval *timeval;
	struct timespec next_ts; /* ... and ours */
	struct timeval next_tv;
};

/*
 * pause_*(&p, timeout); do r = wait(..., pause_next_*(&p)); while (pause_again(&p, r));
 *
 * A slice (PAUSE_SLICE) has to be the form of the wait that takes a mask of signals,
 * with pause_mask(): between two slices they are blocked, so that each ends the wait.
 */
void pause_ms(struct pause *p, int timeout_ms);
void pause_timespec(struct pause *p, const struct timespec *timeout);
int pause_next_ms(struct pause *p);
const struct timespec *pause_next_timespec(struct pause *p);
const sigset_t *pause_mask(struct pause *p, const sigset_t *asked);
bool pause_again(struct pause *p, int r);
/* May a result be emptied?  Then the wait goes on. */
bool pause_may_go_on(const struct pause *p);

/* select() writes its result over its question: the sets are kept and laid anew. */
struct pause_sets {
	fd_set *at[3];
	fd_set kept[3];
	size_t bytes; /* 0: nothing kept, select() is called once */
};

void pause_timeval(struct pause *p, struct timeval *timeout);
void pause_keep(struct pause *p, struct pause_sets *s, int n, fd_set *r, fd_set *w,
		fd_set *e);
/* What was asked is not known: only where the answer is. */
void pause_keep_none(struct pause_sets *s, fd_set *r, fd_set *w, fd_set *e);
void pause_lay(const struct pause_sets *s);
struct timeval *pause_next_timeval(struct pause *p);
/* Linux's select() leaves the rest of the time in its timeout. */
void pause_left(struct pause *p);

#endif
