/* SPDX-License-Identifier: MIT */
/*
 * clock: what time it is, without a system call where the kernel's vDSO can be read
 * (vdso(7)), with one elsewhere.  libc's clock_gettime is not asked: another interposer
 * may stand in front of it.  async-signal-safe.
 */
#ifndef CORE_CLOCK_H
#define CORE_CLOCK_H

#include <stdint.h>

/* vdso is the image's address (AT_SYSINFO_EHDR), or 0 for none; set once, at start. */
void clock_setup(uintptr_t vdso);
/* Microseconds of CLOCK_MONOTONIC. */
uint64_t clock_now_us(void);
/* The same to a few milliseconds, at a third of the cost (CLOCK_MONOTONIC_COARSE). */
uint64_t clock_coarse_us(void);
/* Seconds of CLOCK_REALTIME: comparable between processes, namespaces and reboots. */
uint32_t clock_today_s(void);
/* ... in hundredths. */
uint64_t clock_today_cs(void);

#endif
