/* SPDX-License-Identifier: MIT */
/*
 * files: a policy file, or a directory of them, into a policy; and whether they have
 * changed since.  In a directory: *.policy, in the order of their names.
 */
#ifndef CORE_FILES_H
#define CORE_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "core/policy.h"

#define FILES_DEFAULT TFOSHIM_SYSCONFDIR "/tfoshim/policy.d"

/*
 * Every error is told, with line 0 where a file as a whole is meant.  A directory that
 * does not exist is an error only where must_exist.
 */
enum files_result {
	FILES_GOOD,
	FILES_BAD,
	FILES_LATER, /* no descriptor or no memory just now; told to nobody */
};
enum files_result files_load(struct policy *p, const char *path, bool must_exist,
			     const struct policy_reader *reader);
/*
 * A number that differs when a file there was changed, added or taken away; never 0.
 * *ret_young: one was changed so lately that the next change may not show.
 */
uint64_t files_stamp(const char *path, bool *ret_young);
/* The name of a user by /etc/passwd; false: there is none there. */
bool files_user_name(uint32_t uid, struct text *ret);

#endif
