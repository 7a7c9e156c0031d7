/* SPDX-License-Identifier: MIT */
/*
 * keyring: the keys of listeners whose rule names a key-file (TCP_FASTOPEN_KEY, Linux
 * 5.1 for the backup).  A changed file is taken up at the next accept; where it holds
 * one key only, the one before it stays as the backup, so that nobody's cookie is lost.
 */
#ifndef PRELOAD_KEYRING_H
#define PRELOAD_KEYRING_H

#include <stdint.h>

/* The listener makes its cookies with the keys in this file. */
void keyring_use(int fd, uint64_t cookie, const char *path);
/* Before an accept: have they changed? */
void keyring_look(int fd);

#endif
