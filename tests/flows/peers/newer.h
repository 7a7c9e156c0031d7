/* SPDX-License-Identifier: MIT */
/*
 * newer: calls that not every glibc has: with an older one these programs build, and
 * only the cases that make them are of no use.
 */
#ifndef NEWER_H
#define NEWER_H

#include <spawn.h>
#include <sys/epoll.h>
#include <unistd.h>

#define NEWER __attribute__((weak))

void closefrom(int first) NEWER;
int close_range(unsigned int first, unsigned int last, int flags) NEWER;
int epoll_pwait2(int set, struct epoll_event *e, int n, const struct timespec *timeout,
		 const sigset_t *mask) NEWER;
int posix_spawn_file_actions_addclosefrom_np(posix_spawn_file_actions_t *a,
					     int first) NEWER;

#endif
