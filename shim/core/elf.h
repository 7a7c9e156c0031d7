/* SPDX-License-Identifier: MIT */
/*
 * elf: knows what the head of a program's file tells: our kind of machine or not,
 * started by a loader or not, written in Go or not. Finding the file, and what follows
 * from the answer, is left to target.
 */
#ifndef CORE_ELF_H
#define CORE_ELF_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elf_kind {
	ELF_DYNAMIC,
	ELF_NO_LIBC, /* has a loader, needs no library */
	ELF_STATIC,
	ELF_GO,		 /* with a loader or without */
	ELF_OTHER_CLASS, /* another word size, byte order or machine than ours */
	ELF_BROKEN,
};

/* Up to len bytes; less at the end of the file; 0 for an offset that no file has. */
size_t elf_bytes(int fd, uint64_t offset, void *ret_bytes, size_t len);

/* By the magic number alone. */
bool elf_is(const char *bytes, size_t len);

/*
 * Sets the loader's path for ELF_DYNAMIC and ELF_NO_LIBC only. Takes 130 KB of stack.
 */
enum elf_kind elf_read(int fd, char ret_loader[PATH_MAX]);

/*
 * Does a dynamic program ask by itself for a library whose name begins so? Of our own
 * kind only. Takes 130 KB of stack.
 */
bool elf_needs(int fd, const char *prefix);

/* Can the loader of a program of our own kind load this file? */
bool elf_is_object(int fd);

#endif
