/* SPDX-License-Identifier: MIT */
/*
 * frames: what the fragments share. A fragment exercises one hooked call and says what
 * it saw, in words that are the same in every run: no numbers of processes,
 * descriptors, ports, addresses or times. The world is where it finds something to act
 * on.
 */
#ifndef FRAMES_H
#define FRAMES_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

#define UNTOUCHED 4242
#define ROUNDS_WARM 4

/* Connections are repeated, and every fragment runs while one of this thread's is held
 * back. */
extern bool warm;
/* What no call may read or write. */
extern void *volatile nowhere;
/* Counts and times that a compiler need not see coming. */
extern const volatile int minus_one, too_many;
extern const struct timespec *volatile for_ever;

/* All fragments, one per row of hooks.def, then those that no row names; `only` may be
 * NULL. */
void fragments_run(const char *only);

/* One line of the trace. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* What a call returned, and errno behind it (UNTOUCHED before it). */
void step(const char *what, long r, int e);
void say_bytes(const void *bytes, long n);

#define STEP(call) \
	do { \
		long r_; \
		errno = UNTOUCHED; \
		r_ = (long)(call); \
		step(#call, r_, errno); \
	} while (0)

/* The same for a call that returns a descriptor or a pointer: only whether it did. */
#define OPENS(into, call) \
	do { \
		errno = UNTOUCHED; \
		into = (call); \
		step(#call, (long)into == -1 || !into ? -1 : 0, errno); \
	} while (0)

/* The same while a connection of this thread waits for its first write (warm only). */
#define OWING(call) \
	do { \
		world_owe(); \
		STEP(call); \
	} while (0)

/* The body of a fragment; prototyped, since the table is in another file. */
#define FRAGMENT(name) \
	void hook_##name(void); \
	void hook_##name(void)

/* Runs a block in a forked child, which ends with 99 unless the block ends it. */
#define IN_CHILD(block) \
	do { \
		pid_t child_ = child_begin(); \
		if (!child_) { \
			block; \
			_exit(99); \
		} \
		child_end(child_); \
	} while (0)

pid_t child_begin(void);
void child_end(pid_t child);
/* What a wait status says. */
void say_status(int status);

/* SIGALRM comes to this thread in so many milliseconds, to a handler that does nothing.
 */
void alarm_in(int ms);
void alarm_off(void);
/* Another thread writes one byte to fd in five milliseconds; and its end. */
void write_later(int fd);
void written(void);

/* What reads a little of a stream, of every kind of descriptor; and of stdin. */
typedef void taker(FILE *f);
void streams(taker *take);
void stdin_streams(void (*take)(void));

/* --- world ----------------------------------------------------------------- */

void world_begin(void);
void world_end(void);
/* Between these two a connection of this thread waits for its first write (warm only).
 */
void world_hold(void);
void world_let_go(void);
/* Lets go and holds anew: the last call may have let the SYN out. */
void world_owe(void);

enum kind {
	KIND_TCP,
	KIND_TCP6,
	KIND_UNIX,
	KIND_DATAGRAM,
	KIND_UDP,
	KIND_PIPE,
	KIND_FILE,
	KINDS
};

/* near is acted on, far is the other side: of a pipe the end that can talk to near. */
struct ends {
	enum kind kind;
	int near, far;
};

bool ends_open(enum kind kind, bool near_reads, struct ends *ret);
void ends_close(struct ends *e);
const char *kind_name(enum kind kind);

/* A listener on loopback with Fast Open, as the program itself asks for it. */
int listener_new(struct sockaddr_storage *ret, socklen_t *ret_len);
/* A port of loopback where nobody listens. */
void nobody_there(struct sockaddr_storage *ret, socklen_t *ret_len);
int rounds(void);
void nonblocking(int fd);
/* Waits until fd can be read, so that what the peer did has arrived. */
void await(int fd);
int file_new(void);
/* SO_ERROR, or -1 when it cannot be asked. */
int error_of(int fd);
struct timespec in_ms(clockid_t clock, int ms);

#endif
