/* SPDX-License-Identifier: MIT */
/*
 * process: another process as /proc shows it: who it is here and to itself, what is
 * mapped in it, files as it sees them. Nothing is sent to it and it is not stopped, so
 * a hung one answers too. What it has mapped, and which sockets, is for others to
 * judge.
 */
#ifndef CLI_PROCESS_H
#define CLI_PROCESS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "core/maps.h"

struct process {
	int pid;	/* here */
	char below[32]; /* /proc: its pid, or that of a thread if the first has ended */
	unsigned int own_pid; /* to itself, in its innermost namespace */
	uint64_t start;	      /* field 22 of its stat, by our clock */
	uint64_t pid_space;   /* inode of its ns/pid; 0: not to be had */
	char name[64];
	char program[PATH_MAX]; /* its file, as it sees it; empty: not to be had */
};

/* false: there is none, or it waits to be buried. */
bool process_look(int pid, struct process *ret);
/* All there are, in the order of their pids; f says whether it goes on. */
void process_each(bool (*f)(const struct process *p, void *with), void *with);
/* The lines of its maps; false: they may not be read. */
bool process_maps(const struct process *p,
		  bool (*f)(const struct maps_line *line, void *with), void *with);

/* How many descriptors it may have (RLIMIT_NOFILE); 0: not to be had. */
uint64_t process_limit(const struct process *p);

/* The path of what is called so in /proc/PID. */
#define PROCESS_PATH 128
void process_path(const struct process *p, const char *name, char ret[PROCESS_PATH]);
/* What its environment was when it began; false: not to be had, or there is none. */
bool process_setting(const struct process *p, const char *name, char *ret, size_t room);
/* A descriptor of /proc/PID/NAME, or negative errno. */
int process_open(const struct process *p, const char *name, int flags);
/* Do both have the same namespace of this kind ("net", "time"), as far as one sees? */
bool process_shares(const struct process *p, const char *space);
/*
 * A regular file, for reading, by the path that the process has for it; p NULL: by
 * ours. Anything else is never opened: a device might do something. Negative errno;
 * -ELOOP: it is a symbolic link, -EINVAL: it is no regular file.
 */
int process_file(const struct process *p, const char *path, struct stat *ret);
/* The same of the file behind this mapping, which may have been deleted since. */
int process_mapped(const struct process *p, const struct maps_line *line,
		   struct stat *ret);

#endif
