/* SPDX-License-Identifier: MIT */
/* life: the constructor, the environment, fork and the end of the process. */
#ifndef PRELOAD_LIFE_H
#define PRELOAD_LIFE_H

#include <sys/types.h>

/* Around fork(): what is held back is let go first; the child drops what is not its
 * own. */
void life_before_fork(void);
void life_after_fork(pid_t r);
/* Before posix_spawn, system, popen: descriptors leave our sight. */
void life_before_spawn(void);
/* Before a message that may carry descriptors to another process. */
void life_before_passing(void);
void life_before_exec(void);
/* Before the handlers that run at the end of a process; after them. */
void life_before_exit(void);
void life_at_end(void);
/* ... where nothing comes after them. */
void life_before_sudden_end(void);
/* A child that is about to run on our memory, in this thread's place. */
void life_on_our_memory(void);
/* The real vfork, for the jump to it; what hooks.c's vfork calls first. */
void *life_vfork(void);

#endif
