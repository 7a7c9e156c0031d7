/* SPDX-License-Identifier: MIT */
/*
 * container: which kind of container this is, if it is one, and how a sysctl of its
 * network namespace is set: there, by those who start it, or from the host. A new
 * namespace has the kernel's default, whatever the host's is.
 */
#ifndef CLI_CONTAINER_H
#define CLI_CONTAINER_H

#include "cli/findings.h"

enum container {
	CONTAINER_NONE,
	CONTAINER_PODMAN,
	CONTAINER_DOCKER,
	CONTAINER_KUBERNETES,
	CONTAINER_LXC,
	CONTAINER_NSPAWN,
	CONTAINER_OTHER,
};

/* ret_sign: what betrays it; NULL: nothing. */
enum container container_find(const char **ret_sign);
const char *container_name(enum container c);

/*
 * The ways to set this sysctl (net.ipv4.tcp_fastopen) that work here, as commands that
 * mend what was told last.
 */
void container_mend(struct findings *findings, enum container c, const char *sysctl,
		    long value);

#endif
