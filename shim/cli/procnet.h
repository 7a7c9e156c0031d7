/* SPDX-License-Identifier: MIT */
/*
 * procnet: the sockets of a network namespace as the files in /proc/PID/net tell of
 * them, for where diag may not ask: less, and slower.
 */
#ifndef CLI_PROCNET_H
#define CLI_PROCNET_H

#include "cli/process.h"
#include "cli/sockets.h"

/* Adds those of the namespace that p is in; families as diag_read(). */
bool procnet_read(struct sockets *s, const struct process *p, unsigned int families);

#endif
