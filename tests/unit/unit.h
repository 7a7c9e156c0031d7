/* SPDX-License-Identifier: MIT */
/*
 * unit: what the unit tests share: a folder of their own, dice that fall alike in every
 * run, and how the cases of one module are run.
 */
#ifndef UNIT_H
#define UNIT_H

#include <check.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NOBODY 65534
#define UNTOUCHED 4242
#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define UNIT_SANITIZED true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define UNIT_SANITIZED true
#endif
#endif
#ifndef UNIT_SANITIZED
#define UNIT_SANITIZED false
#endif

/* A name in the folder that is gone at the end; good for the next seven calls. */
const char *unit_path(const char *name);
/* A folder of mode 0700 in there; its name is good until the next one is made. */
const char *unit_folder(const char *name);
uint64_t unit_dice(void);
int unit_descriptors(void);
/* Nanoseconds that this thread has computed. */
uint64_t unit_cpu_ns(void);
/* The status of main(). */
int unit_run(const char *module, void (*add)(TCase *c));

#endif
