/* SPDX-License-Identifier: MIT */
#ifndef LAB_SESSION_H
#define LAB_SESSION_H

#include "net.h"

/*
 * Runs the command in this process's network namespace with the wire between the two
 * ends, until it ends; then ends all that it left. Returns its exit status, 128 + the
 * signal that ended it, or 126 or 127 when it could not be started.
 */
int session_run(char **command, const struct net *client, const struct net *server);

#endif
