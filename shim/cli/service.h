/* SPDX-License-Identifier: MIT */
/*
 * service: the object in front of a service of systemd: by a drop-in, never by an
 * edited unit, and out again.
 */
#ifndef CLI_SERVICE_H
#define CLI_SERVICE_H

#include <stdbool.h>

/* dry: only say what would be done. These give exit statuses. */
int service_install(const char *name, bool dry);
int service_uninstall(const char *name, bool dry);

#endif
