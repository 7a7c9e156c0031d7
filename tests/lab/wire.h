/* SPDX-License-Identifier: MIT */
#ifndef LAB_WIRE_H
#define LAB_WIRE_H

#include <stdint.h>

/* The two ends, non-blocking: what is read from one is written to the other. */
void wire_open(int client, int server);
void wire_set_delay(double round_trip_ms);

/* Takes in what the ends have sent so far; bounded. */
void wire_take_in(void);
/* Delivers what is due. */
void wire_deliver(void);
/* Nanoseconds until something is due, -1 when nothing is under way. */
int64_t wire_wait(void);

#endif
