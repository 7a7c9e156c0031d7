/* SPDX-License-Identifier: MIT */
/*
 * keyfile: the keys that Fast Open cookies are made with, from a file: the primary one
 * and, where there is a second, the backup, whose cookies are accepted as well.  Each
 * is 32 hexadecimal digits (the bytes in their order), or four groups of eight with '-'
 * between, as in net.ipv4.tcp_fastopen_key (words in little-endian order); separated by
 * blanks, commas or lines; '#' begins a comment.
 */
#ifndef CORE_KEYFILE_H
#define CORE_KEYFILE_H

#include <stddef.h>
#include <stdint.h>

#define KEYFILE_KEY 16 /* bytes */

struct keyfile {
	uint8_t key[2][KEYFILE_KEY];
	unsigned int n; /* keys */
};

/* NULL, or what is wrong with these n bytes. */
const char *keyfile_parse(const char *bytes, size_t n, struct keyfile *ret);
/*
 * Reads the file, which only its owner may read: this user or root.  NULL, or what is
 * wrong.
 */
const char *keyfile_read(const char *path, struct keyfile *ret);

#endif
