/* SPDX-License-Identifier: MIT */
/*
 * book: this process's ledger.  Begun at the first socket, in the state directory or,
 * where that cannot be used, in memory of its own; ended with the process.  A fork
 * child begins its own: what it inherits is nobody's fault of its.  It knows the policy
 * of the ledger, and for each number whether we saw a socket come, and go.
 *
 * No system call at a birth or a death but now and then; async-signal-safe; errno is
 * left alone.
 */
#ifndef PRELOAD_BOOK_H
#define PRELOAD_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "core/ledger.h"
#include "preload/bookrule.h"
#include "preload/known.h"
#include "preload/stack.h"

/* TFOSHIM_LEAKS, or NULL; after state_setup(). */
void book_setup(const char *setting);
/* The process is about to lose the right to begin it. */
void book_begin(void);
/* Not kept any more: the program filters its own system calls; or: it is again. */
void book_switch(bool to);

/*
 * A socket has come; here is the hook's STACK_HERE, family that of socket(2) or
 * AF_UNSPEC.  true: of all descriptors so many are used that somebody should be told.
 */
bool book_born(int fd, enum ledger_kind kind, int family, const void *here);
/* `to` is a duplicate of `from`: a birth, if that is a socket. */
bool book_copied(int from, int to, const void *here);
/* Came in a message: a birth, if it is a socket. */
bool book_received(int fd, const void *here);
/* It has a peer, or will have. */
void book_connected(int fd);
/* Sockets may come and go unseen (io_uring(7)): all of them are named at their birth.
 */
void book_careful(void);
/* About to be closed: what was known of it; and all from first to last. */
unsigned int book_died(int fd, const void *here);
void book_died_range(unsigned int first, unsigned int last, const void *here);
/*
 * The kernel's answer, 0 or an errno, about a number that we saw closed.  EBADF is a
 * finding; else something unseen has the number now.
 */
void book_heard(int fd, int e, enum ledger_fault fault, const void *here);
/* close() of a socket of ours said so, after it was dead by our books. */
void book_close_failed(int e);

/* The child of fork(). */
void book_after_fork(void);
/* Around exec: the file is another's if it succeeds. */
void book_before_exec(void);
void book_after_exec(void);
/* The process ends: the file goes too, unless it is to be read. */
void book_end(bool keep);

/* Is there one? */
bool book_is_kept(void);
/* The ledger, or NULL: none was begun, or the caller is a fork child that has none. */
struct ledger *book_ledger(void);
/* The same, after a look whether its file is still all there: for who reads in it. */
struct ledger *book_look(void);
/* The file's name, empty: there is none. */
void book_name(struct text *t);

#endif
