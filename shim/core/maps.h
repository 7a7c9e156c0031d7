/* SPDX-License-Identifier: MIT */
/*
 * maps: what lies where in this process: the lines of /proc/self/maps, read anew for
 * each question with a descriptor that is closed again.  async-signal-safe.
 */
#ifndef CORE_MAPS_H
#define CORE_MAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct maps_line {
	uintptr_t start, end;
	uint64_t offset, inode;
	bool executable, readable;
	const char *path; /* terminated; empty: memory of no file */
};

/* Reads one line of n characters; its end is overwritten.  false: it is no such line.
 */
bool maps_parse(char *line, size_t n, struct maps_line *ret);
/* Calls f for each line until it says false.  false: they could not all be read. */
bool maps_each(bool (*f)(const struct maps_line *m, void *with), void *with);

#define MAPS_BUILD_ID 20
/*
 * The build ID in the notes of the ELF file whose first `bytes` are mapped at `head`:
 * how many bytes it has, 0: none.
 */
unsigned int maps_build_id(uintptr_t head, size_t bytes, uint8_t *ret);

#endif
