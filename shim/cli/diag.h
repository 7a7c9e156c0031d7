/* SPDX-License-Identifier: MIT */
/*
 * diag: the sockets of a network namespace as sock_diag(7) tells of them: one question
 * for all of a kind, and the name by which SO_COOKIE knows each.
 */
#ifndef CLI_DIAG_H
#define CLI_DIAG_H

#include "cli/process.h"
#include "cli/sockets.h"

/*
 * Adds those of the namespace that p is in; families: 1 << AF_INET, ... false: it
 * cannot be asked, or not about all of them.
 */
bool diag_read(struct sockets *s, const struct process *p, unsigned int families);

#endif
