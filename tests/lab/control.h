/* SPDX-License-Identifier: MIT */
#ifndef LAB_CONTROL_H
#define LAB_CONTROL_H

#include <poll.h>
#include <stdbool.h>

#define CONTROL_CLIENTS 32
#define CONTROL_POLLED (CONTROL_CLIENTS + 1)

/* Makes the socket; complains and returns false on failure. */
bool control_open(const char *path, int client_namespace, int server_namespace);
/* Fills in CONTROL_POLLED entries. */
void control_watch(struct pollfd *polled);
bool control_has_work(const struct pollfd *polled);
/* Answers the requests; what was on the wire before them must have been taken in. */
void control_serve(const struct pollfd *polled);

#endif
