/* SPDX-License-Identifier: MIT */
/*
 * descriptors: which sockets the descriptors of a process are: the inodes that the
 * links in /proc/PID/fd tell. A million of them are read by several processes at once.
 */
#ifndef CLI_DESCRIPTORS_H
#define CLI_DESCRIPTORS_H

#include "cli/process.h"

struct descriptors {
	uint64_t *inode;  /* by number; 0: it is no socket, not open, or was not asked
			     for */
	unsigned int top; /* no number above it is asked for */
	unsigned int all; /* how many are open, of all kinds */
	unsigned int strangers; /* sockets that were not asked for */
};

/*
 * Those that is_known says, and how many sockets there are besides. false: they are not
 * for us to see, or there is no memory.
 */
bool descriptors_read(const struct process *p, unsigned int top,
		      bool (*is_known)(const void *with, unsigned int fd),
		      const void *with, struct descriptors *ret);
void descriptors_drop(struct descriptors *d);

#endif
