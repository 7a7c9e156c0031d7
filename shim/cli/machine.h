/* SPDX-License-Identifier: MIT */
/*
 * machine: what is asked of the kernel and of this network namespace. Files,
 * programs and the environment are left to doctor.
 */
#ifndef CLI_MACHINE_H
#define CLI_MACHINE_H

#include "cli/findings.h"

/* Documentation/networking/ip-sysctl.rst, tcp_fastopen. */
enum {
	MACHINE_CLIENT = 0x1,
	MACHINE_SERVER = 0x2,
	MACHINE_CLIENT_NO_COOKIE = 0x4,
	MACHINE_SERVER_NO_COOKIE = 0x200,
	MACHINE_EVERY_LISTENER = 0x400,
};

/* The bits of net.ipv4.tcp_fastopen here; -1: they cannot be read. */
long machine_fastopen(void);
/*
 * What a remedy sets them to: with what the remedies before it do, so that who pastes
 * one after the other loses none.
 */
long machine_mended(long set, long clear);

void machine_check(struct findings *findings);

#endif
