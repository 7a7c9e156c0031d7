/* SPDX-License-Identifier: MIT */
#ifndef LAB_SYNS_H
#define LAB_SYNS_H

#include "faults.h"
#include "packet.h"
#include "text.h"

struct syn;

/* Notes a SYN as its sender sent it; NULL when the packet is none. */
struct syn *syns_note(const struct packet *packet);
/* Tells what became of it. */
void syns_judge(struct syn *syn, const struct fate *fate);

/* One line for each, oldest first. */
void syns_print(struct text *text);
/* Hex of the last payload a client put into a SYN, "-" when there is none. */
void syns_print_last_payload(struct text *text);
void syns_reset(void);

#endif
