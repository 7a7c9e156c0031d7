/* SPDX-License-Identifier: MIT */
/* seen: one connection that has ended, as a row of a table and as a line of JSON. */
#ifndef CLI_SEEN_H
#define CLI_SEEN_H

#include "cli/table.h"
#include "core/traffic.h"

extern const struct table_column seen_columns[];

void seen_row(struct table *t, const struct traffic_event *e);
/* On stdout. */
void seen_json(const struct traffic_event *e);
/* ... that so many were not shown. */
void seen_json_missed(uint64_t n);

#endif
