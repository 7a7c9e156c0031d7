/* SPDX-License-Identifier: MIT */
/*
 * regular: opens regular files of others, and nothing else: to open a device might do
 * something, to open a pipe might wait.
 */
#ifndef CLI_REGULAR_H
#define CLI_REGULAR_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

/*
 * For reading: the file `name` in the directory `at` (or AT_FDCWD), or negative errno;
 * -ELOOP: it is a symbolic link, -EINVAL: it is no regular file.
 */
int regular_open(int at, const char *name, struct stat *ret);
/* The same of what a descriptor of O_PATH (or a negative errno) is of; closes it. */
int regular_reopen(int path, struct stat *ret);
/* How many of these bytes there are. */
size_t regular_read(int fd, void *to, size_t bytes, uint64_t at);

#endif
