/* SPDX-License-Identifier: MIT */
/*
 * exposition: all metrics, a row of metrics.def each, as Prometheus reads them. What
 * they are made of is measured by others.
 */
#ifndef CLI_EXPOSITION_H
#define CLI_EXPOSITION_H

#include <stdio.h>

#include "cli/measured.h"

#define EXPOSITION_TYPE "text/plain; version=0.0.4; charset=utf-8"

void exposition_write(FILE *to, const struct measured *m);

#endif
