/* SPDX-License-Identifier: MIT */
#ifndef LAB_QUEUE_H
#define LAB_QUEUE_H

#include "packet.h"

/* An unused packet, its contents undefined; NULL when the wire holds too many. */
struct packet *queue_new(void);
void queue_free(struct packet *packet);

/* Takes a packet with its due time set. */
void queue_push(struct packet *packet);
/* The packet due first, among equals the one pushed first; NULL when empty. */
struct packet *queue_first(void);
struct packet *queue_pop(void);

#endif
