/* SPDX-License-Identifier: MIT */
/*
 * machine: what doctor asks of the kernel and of this network namespace. Files,
 * programs and the environment are left to doctor.
 */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "cli/findings.h"

void machine_check(struct findings *findings);

#endif
