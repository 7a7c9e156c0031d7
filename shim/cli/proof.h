/* SPDX-License-Identifier: MIT */
/*
 * proof: does the kernel do Fast Open here, whatever its sysctls say? Shown over
 * loopback; and what may stand in the way: a pause of the kernel's own.
 */
#ifndef CLI_PROOF_H
#define CLI_PROOF_H

#include "cli/findings.h"

void proof_check(struct findings *findings);

#endif
