/* SPDX-License-Identifier: MIT */
/*
 * source: which policy is in force, and reading one with its errors told on stderr, all
 * of them, as file:line:column: sentence.
 */
#ifndef CLI_SOURCE_H
#define CLI_SOURCE_H

#include "core/policy.h"

/* What a program started from here would have; is it an error if it is not there? */
const char *source_in_force(bool *ret_must_exist);

/* Appends what is in this file or directory; the number of errors. */
unsigned int source_read(struct policy *p, const char *path, bool must_exist);

/* The same, and nobody is told. */
unsigned int source_count(struct policy *p, const char *path, bool must_exist);

#endif
