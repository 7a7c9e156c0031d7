/* SPDX-License-Identifier: MIT */
/*
 * patient: a program as doctor sees it: which road reaches it, what becomes of its
 * environment on the way, and what is known to clash. It is not started.
 */
#ifndef CLI_PATIENT_H
#define CLI_PATIENT_H

#include "cli/findings.h"

/* The command and its arguments, as they would be run. */
void patient_check(struct findings *findings, char **command);

/* The objects in LD_PRELOAD. */
void patient_check_preload(struct findings *findings);

#endif
